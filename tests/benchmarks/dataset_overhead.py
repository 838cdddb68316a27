"""Prints what a dataset's row costs beside the bare model call and beside langchain_classic, in one run.

CPU time of this process, a fake chat model without latency; ours puts every outcome into its run file. Rounds are
interleaved, and the least round of each way counts.

    python tests/benchmarks/dataset_overhead.py [--rounds 10]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from overhead import REPLY, load_classic

from lc_scoring import ascore_dataset, load_evaluator

ROWS, GATHERED, WIDTH = 3000, 1000, 64
BARS = {"row beside the bare call": 1.0}
BARE, CLASSIC, OURS = "bare ainvoke and a regex, gathered", "langchain_classic, gathered", "lc_scoring, stored"

Row = dict[str, str]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    os.environ.setdefault("OPENAI_API_KEY", "test-key")  # classic builds its default model even when given one
    rows: list[Row] = [
        {
            "id": str(n),
            "input": f"What is {n} plus {n}?",
            "prediction": f"It is {2 * n}. " * 30,
            "reference": f"{2 * n}",
        }
        for n in range(ROWS)
    ]
    model = FakeListChatModel(responses=[REPLY])
    ways = {BARE: bare(model, rows), CLASSIC: classic(model, rows), OURS: ours(model, rows)}
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            least[name] = min(least[name], asyncio.run(_cpu(way)))
    for name, cost in least.items():
        print(f"{name:36} {cost:6.0f} us a row  {cost / least[BARE]:.2f} x the bare call")
    print(f"bar: {OURS} at most {BARS['row beside the bare call']} x")


def bare(model: Any, rows: list[Row]) -> Callable[[], Awaitable[int]]:
    """Ask all at once, and search the replies."""
    number = re.compile(r"\[\[(\d+)\]\]")

    async def ask(row: Row) -> object:
        messages = [SystemMessage(content="s"), HumanMessage(content=row["prediction"])]
        return number.search(str((await model.ainvoke(messages)).text))

    return lambda: _gathered(ask, rows)


def classic(model: Any, rows: list[Row]) -> Callable[[], Awaitable[int]]:
    """Evaluate all at once with langchain_classic."""
    evaluator = load_classic("labeled_score_string", llm=model, criteria="correctness")

    def ask(row: Row) -> Awaitable[object]:
        return evaluator.aevaluate_strings(**{name: row[name] for name in ("prediction", "input", "reference")})

    return lambda: _gathered(ask, rows)


def ours(model: Any, rows: list[Row]) -> Callable[[], Awaitable[int]]:
    """Score all into a run file."""
    evaluator = load_evaluator("labeled_score_string", llm=model, criteria="correctness")

    async def score() -> int:
        with tempfile.TemporaryDirectory() as folder:
            run = await ascore_dataset(rows, evaluator, run=f"{folder}/rows.run.db", max_concurrency=WIDTH)
        return len(rows) if run else 0

    return score


async def _gathered(ask: Callable[[Row], Awaitable[object]], rows: list[Row]) -> int:
    return len(await asyncio.gather(*(ask(row) for row in rows[:GATHERED])))


async def _cpu(way: Callable[[], Awaitable[int]]) -> float:
    """Return the microseconds of CPU time that a row takes."""
    start = time.process_time()
    rows = await way()
    return (time.process_time() - start) / rows * 1e6


if __name__ == "__main__":
    main()
