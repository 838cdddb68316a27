"""A dataset scored into a run file: a target, a judge that fails once, going on, a summary by topic. No key."""

import tempfile
from pathlib import Path

from langchain_core.messages import BaseMessage

from lc_scoring import Failure, load_evaluator, score_dataset

QUESTIONS = {
    "What is 7 times 8?": ("arithmetic", "56", "It is 56."),
    "What is 12 squared?": ("arithmetic", "144", "124, I think."),
    "Which planet is nearest to the sun?": ("astronomy", "Mercury", "Mercury is."),
    "Which planet has the Great Red Spot?": ("astronomy", "Jupiter", "Jupiter has it."),
    "What is the square root of 81?": ("arithmetic", "9", "9"),
    "How many moons does Earth have?": ("astronomy", "one", "Two."),
}
ROWS = [{"question": question, "topic": topic, "answer": answer} for question, (topic, answer, _) in QUESTIONS.items()]


def app(row: dict[str, str]) -> str:
    """Answer a question; in place of your application. It is not handed the column of the reference."""
    return QUESTIONS[row["question"]][2]


class Moody:
    """A judge that refuses the first time it is asked about astronomy."""

    def __init__(self) -> None:
        self.asked = 0
        self.refused = False

    def __call__(self, messages: list[BaseMessage]) -> str:
        """Rate by whether the reference stands in the prediction."""
        self.asked += 1
        text = messages[-1].text
        prediction = text.partition("<sample_prediction>\n")[2].partition("\n</sample_prediction>")[0]
        reference = text.partition("<sample_reference>\n")[2].partition("\n</sample_reference>")[0]
        if "planet" in text and not self.refused:
            self.refused = True
            return "I would rather not talk about planets."
        return f"Beside the reference. Rating: [[{9 if reference.lower() in prediction.lower() else 2}]]"


judge = Moody()
evaluator = load_evaluator("labeled_score_string", llm=judge, criteria="correctness", repair=0)
options = {
    "target": app,
    "columns": {"input": "question", "reference": "answer"},
    "run": Path(tempfile.mkdtemp()) / "quiz.run.db",
}

run = score_dataset(ROWS, evaluator, **options)
for result in run.results(failed=True):
    if isinstance(result.outcome, Failure):
        print("failed:", result.values["question"], "-", result.outcome.error)

run = score_dataset(ROWS, evaluator, **options, retry_failures=True)
print(judge.asked, "questions for", run.rows, "rows, one of them asked again")

(summary,) = run.summary(by="topic")
print(f"mean {summary.mean:.2f}, 95 % interval {summary.interval.low:.2f} to {summary.interval.high:.2f}")
for part in summary.slices:
    print(f"  {part.slice}: {part.mean:.2f} over {part.scored}")

for result in run.results():
    print(result.score, result.values["question"], "->", result.prediction)
