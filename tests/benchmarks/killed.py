"""Prints what is lost, and what is asked twice, where a run is killed with SIGKILL again and again.

A process of its own scores some hundred rows over a loopback server that remembers what it was asked. It is killed at
20 random moments, gone on with each time, and left to finish in the end. After each kill the run file is read: what was
stored then must not be asked again.

    python tests/benchmarks/killed.py [--rows 1500] [--kills 20] [--seed 7] [--in-flight 16] [--each]

With --each a line tells of each kill. Where the run is finished before all kills, more rows are wanted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

os.environ["LANGSMITH_TRACING"] = "false"

from throughput import ascore_dataset, evaluator_of, rows_of, running, told

from lc_scoring.errors import ConfigError
from lc_scoring.runs.run import Run

SERVER: dict[str, Any] = {"median": 0.02, "sigma": 0.4, "seed": 7}
LONGEST = 1.0  # seconds that a process has before it is killed, at most; the store commits every 0.25 s
BARS = {"rows lost": 0, "stored and asked again": 0}


class Session(NamedTuple):
    """One process's work: what was stored before it, and what it asked."""

    stored: frozenset[str]
    asked: Counter[str]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--each", action="store_true", help="print a line for each kill")
    parser.add_argument("--score", nargs=3, metavar=("DATA", "RUN", "URL"), help="what the killed process does")
    options = parser.parse_args()
    if options.score:
        _score(*options.score, width=options.in_flight)
        return
    with tempfile.TemporaryDirectory() as folder, running(**SERVER) as url:
        data, run = Path(folder, "rows.jsonl"), Path(folder, "rows.run.db")
        rows = rows_of(options.rows)
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [sys.executable, __file__, "--in-flight", str(options.in_flight), "--score", str(data), str(run), url]
        draw = random.Random(options.seed)
        moments = [draw.uniform(0, LONGEST) for _ in range(options.kills)]
        sessions = [_session(command, run, url, moment, each=options.each) for moment in [*moments, None]]
        _report({row["id"] for row in rows}, sessions, run, options.kills)


def _session(command: list[str], run: Path, url: str, moment: float | None, *, each: bool) -> Session:
    """Go on with the run; kill it `moment` seconds after it has begun to score."""
    stored, before = _stored(run), len(told(url, "/asked"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it is about to begin
        if moment is not None:
            time.sleep(moment)
            process.kill()
        code = process.wait()
    asked = Counter(re.findall(r"What is (\d+) plus", " ".join(told(url, "/asked")[before:])))
    if each:
        when = "not killed" if moment is None else f"killed after {moment * 1000:3.0f} ms"
        print(f"{when}, exit code {code}: {len(stored):5} rows stored before, {len(asked):5} asked", flush=True)
    return Session(stored, asked)


def _stored(run: Path) -> frozenset[str]:
    """Return the ids of the rows whose outcome is in the run file."""
    try:
        return frozenset(result.id for result in Run(run).results())
    except ConfigError:  # killed before the file was a run
        return frozenset()


def _report(ids: set[str], sessions: list[Session], run: Path, kills: int) -> None:
    known: set[str] = set()
    stored_again = unstored_again = most = twice = 0
    for session in sessions:
        again = known & session.asked.keys()
        wrong = session.stored & session.asked.keys()
        stored_again += len(wrong)
        unstored_again += len(again - wrong)
        most = max(most, len(again - wrong))
        twice += sum(count - 1 for count in session.asked.values())
        known |= session.asked.keys()
    forgotten = sum(len(one.stored - later.stored) for one, later in pairwise(sessions))
    scored = {result.id for result in Run(run).results() if result.score is not None}
    print(
        f"{len(ids)} rows, killed {kills} times, {sum(one.asked.total() for one in sessions)} questions asked, ", end=""
    )
    print(f"{len(ids - sessions[-1].stored)} rows left for the last process")
    print(f"rows lost                                    {len(ids - scored):5}  (bar {BARS['rows lost']})")
    print(f"asked again though their outcome was stored  {stored_again:5}  (bar {BARS['stored and asked again']})")
    print(f"stored once and gone after a later kill      {forgotten:5}  (bar 0)")
    print(f"asked twice by one process                   {twice:5}  (bar 0)")
    print(f"asked again: in flight or not yet stored     {unstored_again:5}  ({most} after one kill at most)")


def _score(data: str, run: str, url: str, *, width: int) -> None:
    evaluator = evaluator_of(url)
    print("about to begin", flush=True)
    asyncio.run(ascore_dataset(data, evaluator, run=run, resume=True, max_concurrency=width, progress=False))


if __name__ == "__main__":
    main()
