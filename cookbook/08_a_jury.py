"""A jury of three judges with samples, its members' levels, and what more samples would bring. Runs without a key."""

import itertools
import threading

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableLambda

from lc_scoring import load_evaluator
from lc_scoring.runs.plan_samples import plan_samples

QUESTION = "How do I get coffee stains out of a cotton shirt?"
ANSWERS = {
    "Rinse it with cold water at once, then soak it in water with a spoonful of white vinegar and wash it.": 9,
    "Rinse with cold water, then wash it.": 7,
    "Wash it.": 4,
    "Bleach takes out anything.": 3,
    "Coffee comes from Ethiopia.": 1,
}


def member(name: str, level: float, noise: tuple[int, ...]) -> RunnableLambda:
    """Make a judge that rates a level above or below what an answer deserves, and not always the same."""
    drawn, lock = itertools.cycle(noise), threading.Lock()

    def judge(messages: list[BaseMessage]) -> str:
        answer = messages[-1].text.partition("<sample_prediction>\n")[2].partition("\n</sample_prediction>")[0]
        with lock:
            rating = ANSWERS[answer] + level + next(drawn)
        return f"As I see it. Rating: [[{min(max(rating, 1), 10)}]]"

    return RunnableLambda(judge, name=name)


# Real ones would be jury=["openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "google_genai:gemini-2.5-flash"].
jury = [member("strict", -1, (0, 1, 0, -1)), member("fair", 0, (0, 0, 1)), member("kind", 1, (-1, 0, 0, 0, 1))]
evaluator = load_evaluator("score_string", jury=jury, samples=3, criteria="helpfulness")
rows = [{"input": QUESTION, "prediction": answer} for answer in ANSWERS]
scores = [evaluator.score(row) for row in rows]

for row, score in zip(rows, scores, strict=True):
    print(f"{score.rating:4.1f}  spread {score.spread:.1f}  {row['prediction'][:60]}")
print(scores[0].basis, "of", scores[0].parts[0].basis, "each,", scores[0].usage.calls, "calls")

centered = evaluator.centered(scores)
print("levels taken off:", centered[0].signature.rpartition("center=")[2])

single = load_evaluator("score_string", llm=jury[0], samples=3, criteria="helpfulness")
plan = plan_samples([single.score(row) for row in rows])
for step in plan.steps[:4]:
    print(f"{step.samples} of {jury[0].name}: agreement with people x {step.gain:.2f}")
