"""Prints how long samples and juries take beside one question, over a loopback server, sync and async.

The server waits half a second before each answer, so questions asked one after another would take n times as long.

    python tests/benchmarks/samples.py
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"
sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_openai import ChatOpenAI
from loopback.latency_server import running

from lc_scoring import load_evaluator

LATENCY, ROUNDS = 0.5, 5
FIELDS = {"input": "What is the capital of France?", "prediction": "The capital of France is Paris."}


def main() -> None:
    """Measure and print the table."""
    with running(median=LATENCY, sigma=0, seed=7) as url:

        def model(name: str) -> ChatOpenAI:
            return ChatOpenAI(model=name, base_url=url, api_key="test-key", max_retries=0)

        ways: dict[str, dict[str, Any]] = {
            "one question": {"llm": model("judge")},
            "5 samples": {"llm": model("judge"), "samples": 5},
            "5 samples in 5 wordings": {"llm": model("judge"), "samples": 5, "variants": True},
            "jury of 3": {"llm": [model("a"), model("b"), model("c")]},
            "jury of 3, 3 samples each": {"llm": [model("a"), model("b"), model("c")], "samples": 3},
            "4 criteria, a call each": {"llm": model("judge"), "per_criterion": True},
        }
        evaluators = {name: load_evaluator("score_string", **way) for name, way in ways.items()}
        sync = {name: wall(lambda one=one: one.invoke(FIELDS)) for name, one in evaluators.items()}
        gathered = asyncio.run(awaited(evaluators))
    print(f"wall time of one row, the server waits {LATENCY} s (bar: about 1 x one question)\n")
    print(f"{'':28}{'sync':>9}{'ratio':>8}{'async':>9}{'ratio':>8}")
    for name in ways:
        first, second = sync[name], gathered[name]
        ratios = first / sync["one question"], second / gathered["one question"]
        print(f"{name:28}{first:8.3f}s{ratios[0]:8.2f}{second:8.3f}s{ratios[1]:8.2f}")


def wall(call: Callable[[], object]) -> float:
    """Return the median wall time of a call, after one that opens the connections."""
    call()
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


async def awaited(evaluators: dict[str, Any]) -> dict[str, float]:
    """Return the median wall time of each evaluator's awaited call."""
    medians: dict[str, float] = {}
    for name, evaluator in evaluators.items():
        await evaluator.ainvoke(FIELDS)
        times: list[float] = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            await evaluator.ainvoke(FIELDS)
            times.append(time.perf_counter() - start)
        medians[name] = statistics.median(times)
    return medians


if __name__ == "__main__":
    main()
