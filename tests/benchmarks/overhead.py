"""Prints what an evaluation costs beside the bare model call and beside langchain_classic, in one run.

CPU time of this process, a fake chat model without latency, rounds interleaved; the least round of each way counts.

    python tests/benchmarks/overhead.py
"""

from __future__ import annotations

import asyncio
import os
import re
import time
import warnings
from collections.abc import Callable

os.environ["LANGSMITH_TRACING"] = "false"
warnings.simplefilter("ignore")

from langchain_classic.evaluation import load_evaluator as load_classic
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from lc_scoring import load_evaluator

ROUNDS, CALLS = 25, 200
REPLY = "The answer names the right city and says no more than was asked for. " * 5 + "\nRating: [[8]]"
FIELDS = {
    "prediction": "The capital of France is Paris, on the Seine. " * 8,
    "input": "What is the capital of France?",
    "reference": "Paris",
}
BARS = {"evaluate_strings": 0.65, "aevaluate_strings": 0.85}


def main() -> None:
    """Measure and print the table."""
    os.environ.setdefault("OPENAI_API_KEY", "test-key")  # classic builds its default model even when given one
    model = FakeListChatModel(responses=[REPLY])
    ours = load_evaluator("labeled_score_string", llm=model, criteria="correctness")
    classic = load_classic("labeled_score_string", llm=model, criteria="correctness")
    number = re.compile(r"\[\[(\d+)\]\]")

    def bare() -> None:
        messages = [SystemMessage(content="s"), HumanMessage(content=FIELDS["prediction"])]
        number.search(str(model.invoke(messages).text))

    async def abare() -> None:
        messages = [SystemMessage(content="s"), HumanMessage(content=FIELDS["prediction"])]
        number.search(str((await model.ainvoke(messages)).text))

    sync = _least(
        {
            "bare model call and a regex": lambda: _times(bare),
            "langchain_classic": lambda: _times(lambda: classic.evaluate_strings(**FIELDS)),
            "lc_scoring": lambda: _times(lambda: ours.evaluate_strings(**FIELDS)),
        }
    )
    gathered = _least(
        {
            "bare model call and a regex": lambda: _gathered(abare),
            "langchain_classic": lambda: _gathered(lambda: classic.aevaluate_strings(**FIELDS)),
            "lc_scoring": lambda: _gathered(lambda: ours.aevaluate_strings(**FIELDS)),
        }
    )
    for title, costs in (("evaluate_strings", sync), ("aevaluate_strings", gathered)):
        ratio = costs["lc_scoring"] / costs["langchain_classic"]
        print(f"\n{title}: {ratio:.2f} x langchain_classic (bar {BARS[title]})")
        for way, cost in costs.items():
            print(f"  {way:30} {cost:7.1f} us  {cost / costs['bare model call and a regex']:.2f} x the bare call")


def _least(ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for way, run in ways.items():
            least[way] = min(least[way], run())
    return least


def _times(call: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - start) / CALLS * 1e6


def _gathered(call: Callable[[], object]) -> float:
    async def together() -> float:
        start = time.process_time()
        await asyncio.gather(*(call() for _ in range(CALLS)))
        return (time.process_time() - start) / CALLS * 1e6

    return asyncio.run(together())


if __name__ == "__main__":
    main()
