"""Prints how near scoring a dataset over HTTP comes to ideal list scheduling, what it costs in CPU and in memory.

A loopback OpenAI-compatible server (a process of its own) answers with lognormal latency, median 300 ms and 99th
percentile 3 s, that the request's text decides; so the ideal, each row going to the worker that is free first, can be
computed. Ours keeps every outcome in its run file; beside it stand bare ChatOpenAI calls from as many workers, and
langchain_classic's `abatch`, which keep nothing. CPU is this process's own.

    python tests/benchmarks/throughput.py [--rows 2000] [--in-flight 64] [--runs 1]
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import math
import os
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, NamedTuple

os.environ["LANGSMITH_TRACING"] = "false"
sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from loopback.latency_server import latency_of, running, told

from lc_scoring import ascore_dataset, load_evaluator
from lc_scoring.runs.schedule import in_flight

SERVER = {"median": 0.3, "sigma": math.log(10) / 2.3263, "seed": 7}  # 2.3263 is the normal's 99th percentile
BARS = {"of ideal": 0.97, "CPU s per 1,000": 2.0, "CPU beside the bare calls": 0.69}

Row = dict[str, str]
Work = Callable[[list[Row], int], Coroutine[Any, Any, int]]
Way = Callable[[str], Work]  # is told the server's URL


class Measured(NamedTuple):
    """One run: of the ideal, CPU seconds per 1,000 rows, seconds, rows scored, questions the server had."""

    of_ideal: float
    cpu: float
    wall: float
    scored: int
    asked: int


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--runs", type=int, default=1, help="how often each way is measured")
    options = parser.parse_args()
    rows, width = rows_of(options.rows), options.in_flight
    imported = _rss()
    ideal = _ideal((messages_of(row)[1] for row in rows), width)
    print(f"{len(rows)} rows, {width} in flight, ideal list schedule {ideal:.2f} s, median latency 0.3 s, p99 3 s\n")
    print(
        f"{'':18} {'of ideal':>9} {'best':>6} {'CPU s per 1,000':>16} {'least':>6} {'wall':>8} {'rows':>6} {'asked':>6}"
    )
    own = _print("lc_scoring, stored", [measured(ours, rows, width, ideal) for _ in range(options.runs)])
    peak = _rss()
    bares = _print("bare ChatOpenAI", [measured(bare, rows, width, ideal) for _ in range(options.runs)])
    warnings.simplefilter("ignore")
    from langchain_classic.evaluation import load_evaluator as load_classic  # noqa: PLC0415 - not in ours' memory

    classic = Classic(load_classic)
    ideal = _ideal(map(classic.question, rows), width)  # its words are others, so the server's latencies are
    _print("classic abatch", [measured(classic, rows, width, ideal) for _ in range(options.runs)])
    print(f"\nbars: of ideal {BARS['of ideal']}, CPU {BARS['CPU s per 1,000']} s; the columns are medians but for two")
    print(f"CPU beside the bare calls: {own / bares:.2f} x (bar {BARS['CPU beside the bare calls']})")
    print(f"peak RSS of lc_scoring's runs {peak:.0f} MB, {imported:.0f} MB of it after imports")


def rows_of(count: int) -> list[Row]:
    """Make rows of about 0.4 kB."""
    return [
        {
            "id": str(n),
            "input": f"What is {n} plus {n}?",
            "prediction": f"It is {2 * n}. " * 30,
            "reference": f"{2 * n}",
        }
        for n in range(count)
    ]


def evaluator_of(url: str) -> Any:
    """Make the evaluator that is measured."""
    return load_evaluator("labeled_score_string", llm=chat(url), criteria="correctness")


def chat(url: str) -> ChatOpenAI:
    """Make the judge, with all its defaults."""
    return ChatOpenAI(model="judge", base_url=url, api_key="test-key")


_WORDING = evaluator_of("http://127.0.0.1:9/v1")


def messages_of(row: Row) -> tuple[str, str]:
    """Return the system's and the user's message that a row is asked with."""
    system, user = next(_WORDING._flow(row))[0].messages
    return str(system.text), str(user.text)


def ours(url: str) -> Work:
    """Score rows into a run file."""
    evaluator = evaluator_of(url)

    async def score(rows: list[Row], width: int) -> int:
        with tempfile.TemporaryDirectory() as folder:
            run = await ascore_dataset(rows, evaluator, run=f"{folder}/rows.run.db", max_concurrency=width)
            return len(run.scores())

    return score


def bare(url: str) -> Work:
    """Ask the same questions in the same schedule, and read nothing."""
    model = chat(url)

    async def ask(question: tuple[str, str]) -> bool:
        system, user = question
        try:
            await model.ainvoke([SystemMessage(system), HumanMessage(user)])
        except Exception:  # noqa: BLE001 - a lost row, whatever the reason
            return False
        return True

    async def ask_all(rows: list[Row], width: int) -> int:
        questions = map(messages_of, rows)
        return sum([answered async for _, answered in in_flight(questions, ask, max_concurrency=width)])

    return ask_all


class Classic:
    """langchain_classic's evaluator of the same name, through `abatch`."""

    def __init__(self, load: Callable[..., Any]) -> None:
        self._load = load
        self._prompt = self._evaluator("http://127.0.0.1:9/v1").prompt

    def __call__(self, url: str) -> Work:
        """Score rows, and keep nothing."""
        evaluator = self._evaluator(url)

        async def score(rows: list[Row], width: int) -> int:
            inputs = [{name: row[name] for name in ("input", "prediction", "reference")} for row in rows]
            found = await evaluator.abatch(inputs, {"max_concurrency": width}, return_exceptions=True)
            return sum(isinstance(one, dict) for one in found)

        return score

    def question(self, row: Row) -> str:
        """Return the text of the user's message."""
        return str(self._prompt.format_messages(**row)[-1].content)

    def _evaluator(self, url: str) -> Any:
        return self._load("labeled_score_string", llm=chat(url), criteria="correctness")


def measured(way: Way, rows: list[Row], width: int, ideal: float) -> Measured:
    """Measure one run of a way, with a server and an event loop of its own."""
    with running(**SERVER) as url:
        work = way(url)
        start, cpu = time.perf_counter(), time.process_time()
        scored = asyncio.run(work(rows, width))
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        return Measured(ideal / wall, cpu / len(rows) * 1000, wall, scored, told(url, "/stats")["count"])


def _print(name: str, runs: list[Measured]) -> float:
    """Print a line; return the least CPU."""
    shares, cpus, walls, scored, asked = (list(column) for column in zip(*runs, strict=True))
    print(f"{name:18} {statistics.median(shares):9.3f} {max(shares):6.3f}", end="")
    print(f" {statistics.median(cpus):16.2f} {min(cpus):6.2f}", end="")
    print(f" {statistics.median(walls):6.2f} s {min(scored):6} {max(asked):6}", flush=True)
    return min(cpus)


def _ideal(questions: Iterable[str], width: int) -> float:
    free = [0.0] * width
    for question in questions:
        heapq.heappush(free, heapq.heappop(free) + latency_of(question, **SERVER))
    return max(free)


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
