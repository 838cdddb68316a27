"""Prints how near scoring 2,000 rows over HTTP comes to ideal list scheduling, and the memory it takes.

A loopback OpenAI-compatible server (a process of its own) answers with lognormal latency, median 300 ms, that
the request's text decides; so the ideal, each row going to the worker that is free first, can be computed.

    python tests/benchmarks/throughput.py [--rows 2000] [--in-flight 64]
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"
sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from loopback.latency_server import latency_of, running

from lc_scoring import Sample, load_evaluator
from lc_scoring.flow import Message
from lc_scoring.runs.schedule import in_flight

SERVER = {"median": 0.3, "sigma": 0.4, "seed": 7}
BARS = {"of ideal": 0.97, "peak RSS, MB": 130}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    options = parser.parse_args()
    samples = [
        Sample(input=f"What is {n} plus {n}?", prediction=f"It is {2 * n}. " * 20, reference=f"{2 * n}")
        for n in range(options.rows)
    ]
    imported = _rss()
    with running(**SERVER) as url:
        model = ChatOpenAI(model="judge", base_url=url, api_key="test-key", max_retries=0)
        evaluator = load_evaluator("labeled_score_string", llm=model, criteria="correctness")
        ideal = _ideal(samples, evaluator, options.in_flight)
        taken, scored, bare = asyncio.run(_both(samples, evaluator, model, options.in_flight))
    print(f"rows scored          {scored} of {len(samples)}")
    print(f"ideal list schedule  {ideal:.2f} s")
    print(f"taken                {taken:.2f} s")
    print(f"of ideal             {ideal / taken:.3f}  (bar {BARS['of ideal']})")
    print(f"bare ChatOpenAI      {ideal / bare:.3f}  (the same questions in the same schedule, nothing read)")
    print(f"peak RSS             {_rss():.0f} MB  (bar {BARS['peak RSS, MB']}; {imported:.0f} MB of it after imports)")


async def _both(samples: list[Sample], evaluator: Any, model: ChatOpenAI, width: int) -> tuple[float, int, float]:
    """Measure ours first, with its connections still to be opened, then the bare model's calls."""
    taken, scored = await _measure(samples, evaluator, width)
    return taken, scored, await _measure_bare(samples, evaluator, model, width)


async def _measure(samples: list[Sample], evaluator: Any, width: int) -> tuple[float, int]:
    start, scored = time.perf_counter(), 0
    async for _, score in in_flight(samples, evaluator.ascore, max_concurrency=width):
        scored += score.rating is not None
    return time.perf_counter() - start, scored


async def _measure_bare(samples: list[Sample], evaluator: Any, model: ChatOpenAI, width: int) -> float:
    async def ask(sample: Sample) -> object:
        system, user = next(evaluator._flow(sample))[0].messages
        return await model.ainvoke([system, HumanMessage(user.text)])

    start = time.perf_counter()
    async for _ in in_flight(samples, ask, max_concurrency=width):
        pass
    return time.perf_counter() - start


def _ideal(samples: list[Sample], evaluator: Any, width: int) -> float:
    free = [0.0] * width
    for sample in samples:
        user = next(evaluator._flow(sample))[0].messages[-1]
        assert isinstance(user, Message)
        heapq.heappush(free, heapq.heappop(free) + latency_of(user.text, **SERVER))
    return max(free)


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
