"""Prints what it takes to compare two runs of 100,000 rows, and to tell how well a judge agrees with three people.

The runs are written as `score_dataset` writes them, with a rating of 1 to 10 and a yes or no for each row; rows of ten
share a document. Each job reads them in a process of its own, whose seconds are those after its imports.

    python tests/benchmarks/compare_runs.py [--rows 100000] [--rated 10000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from lc_scoring.records import Score
from lc_scoring.runs.agree import agree
from lc_scoring.runs.compare import compare
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import as_json, stored
from lc_scoring.runs.store import Done, Store

BARS = {"seconds": 10, "MB": 500}
BATCH = 1_000  # rows in a commit
JOBS: Mapping[str, Callable[[Path], Sequence[Any]]] = {
    "compare": lambda folder: compare(folder / "old.run.db", folder / "new.run.db"),
    "compare, clusters": lambda folder: compare(folder / "old.run.db", folder / "new.run.db", cluster="document"),
    "agree": lambda folder: agree(folder / "rated.run.db", human=["people"], evaluators=["rating"]),
    "agree, clusters": lambda folder: agree(
        folder / "rated.run.db", human=["people"], evaluators=["rating"], cluster="document"
    ),
}


def main() -> int:
    """Measure and print the table; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000, help="of the two runs that are compared")
    parser.add_argument("--rated", type=int, default=10_000, help="rows of the run that people rated")
    parser.add_argument("--job", nargs=2, help=argparse.SUPPRESS, metavar=("NAME", "FOLDER"))
    options = parser.parse_args()
    if options.job:
        name, folder = options.job
        print(json.dumps(done(name, Path(folder))))
        return 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, seed, rows in (("old", 1, options.rows), ("new", 2, options.rows), ("rated", 3, options.rated)):
            write(folder / f"{name}.run.db", seed, rows)
        found = {name: measured(name, folder) for name in JOBS}
    print(f"{options.rows:,} rows compared, {options.rated:,} rated; bars {BARS['seconds']} s and {BARS['MB']} MB")
    for name, (seconds, megabytes, told) in found.items():
        print(f"{name:20} {seconds:6.2f} s {megabytes:6.0f} MB   {told}")
    return int(any(seconds > BARS["seconds"] or size > BARS["MB"] for seconds, size, _ in found.values()))


def measured(name: str, folder: Path) -> tuple[float, float, str]:
    """Return the seconds, the peak memory in MB and the outcome of a job in a fresh process."""
    command = [sys.executable, __file__, "--job", name, str(folder)]
    seconds, megabytes, told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return seconds, megabytes, told


def done(name: str, folder: Path) -> tuple[float, float, str]:
    """Do a job in this process; see `measured`."""
    start = time.perf_counter()
    found = JOBS[name](folder)
    seconds = time.perf_counter() - start
    told = [one.verdict if hasattr(one, "verdict") else f"{one.rows} rows, {one.kind}" for one in found]
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "; ".join(told)


def write(path: Path, seed: int, count: int) -> None:
    """Write a run. Runs of other seeds have the same rows and other scores."""
    chance, rows = random.Random(seed), _rows(count)
    with Store.open(path, goes_on=False) as store:
        store.begin({})
        about = {"scale": {"low": 1, "high": 10, "step": 1}}
        rating, passed = store.enter("rating", "a judge", about).number, store.enter("passed", "a judge", {}).number
        while batch := list(islice(rows, BATCH)):
            outcomes: list[Done] = []
            for row in store.take_up(batch, [rating, passed]):
                rated = min(10, max(1, round(chance.gauss(6 + 0.02 * seed, 2))))
                whole = Score(name="rating", value=(rated - 1) / 9, rating=rated, signature="a judge")
                share = Score(name="passed", value=float(chance.random() < 0.6 + 0.005 * seed), signature="a judge")
                outcomes += [
                    Done(rating, row.number, stored(whole, score=rated, signature="a judge"), 0.5),
                    Done(passed, row.number, stored(share, score=share.value, signature="a judge"), 0.5),
                ]
            store.write([], outcomes, {})
        store.end(None)


def _rows(count: int) -> Iterator[NewRow]:
    chance = random.Random(0)
    for number in range(count):
        people = [min(10, max(1, round(chance.gauss(6, 2)))) for _ in range(3)]
        values = {"id": f"row-{number:06}", "document": f"d{number // 10}", "people": people, "prediction": "A. " * 50}
        yield NewRow(f"row-{number:06}", number.to_bytes(8), number + 1, as_json(values), None)


if __name__ == "__main__":
    sys.exit(main())
