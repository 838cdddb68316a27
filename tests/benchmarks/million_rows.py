"""Prints what a run of a million rows takes: memory, time, disk, and what reading and resuming it take.

Rows are written to a JSONL file in a temporary directory, and each step is a process of its own: a tenth of the rows
is scored, all are, the finished run is resumed, its scores are read, it is summed up. The judge is a fake chat model
without latency; with --computed it is exact_match, which asks no model.

    python tests/benchmarks/million_rows.py [--rows 1000000] [--computed] [--folder /tmp]

A million rows take about ten minutes with the fake model, and 2 GB in the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from langchain_core.language_models.fake_chat_models import FakeListChatModel

from lc_scoring import load_evaluator, score_dataset
from lc_scoring.runs.run import Run

REPLY = "The answer names the right sum and says no more than was asked for. Rating: [[8]]"
BARS = {"peak RSS, MB": 250, "growth": 1.1, "resume, s": 10}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--computed", action="store_true", help="exact_match in place of the fake model")
    parser.add_argument("--folder", help="where the temporary directory is made")
    parser.add_argument("--step", nargs=3, metavar=("STEP", "DATA", "RUN"), help="what a process of its own does")
    options = parser.parse_args()
    if options.step:
        _do_step(*options.step, computed=options.computed)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        _measure(Path(folder), options.rows, computed=options.computed)


def _measure(folder: Path, count: int, *, computed: bool) -> None:
    tenth, whole = (_write(folder / f"{rows}.jsonl", rows) for rows in (count // 10, count))
    first, second = folder / "tenth.run.db", folder / "whole.run.db"
    short, long = (_in_process("score", *pair, computed) for pair in ((tenth, first), (whole, second)))
    _show(f"score {count // 10:,} rows", short)
    _show(f"score {count:,} rows", long, f"peak RSS bar {BARS['peak RSS, MB']} MB")
    growth, cpu_growth = (long[one] / short[one] / 10 for one in ("seconds", "cpu"))
    print(f"{'time / 10 x the tenth of it':32} {growth:9.3f}    CPU {cpu_growth:.3f} (bar {BARS['growth']})")
    size = second.stat().st_size
    print(
        f"{'run file':32} {size / 1e6:9.1f} MB {size / count:.0f} bytes a row, {whole.stat().st_size / count:.0f} read"
    )
    _show("resume the finished run", _in_process("resume", whole, second, computed), f"bar {BARS['resume, s']} s")
    _show("Run.scores()", _in_process("scores", whole, second, computed))
    _show("run.summary()", _in_process("summary", whole, second, computed))


def _write(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            row = {"id": f"row-{n}", "input": f"What is {n} plus {n}?", "prediction": f"It is {2 * n}."}
            file.write(json.dumps({**row, "reference": f"It is {2 * n - n % 2}."}) + "\n")
    return path


def _in_process(step: str, data: Path, run: Path, computed: bool) -> dict[str, Any]:
    command = [sys.executable, __file__, "--step", step, str(data), str(run), *(["--computed"] if computed else [])]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return dict(json.loads(told.splitlines()[-1]))


def _show(name: str, told: dict[str, Any], bar: str = "") -> None:
    memory = f"peak RSS {told['rss']:.0f} MB, {told['imported']:.0f} of it after imports"
    done = f"{told['done']:,} {told['unit']}"
    print(
        f"{name:32} {told['seconds']:9.2f} s  CPU {told['cpu']:.2f} s, {memory}; {done}; {bar}".rstrip("; "), flush=True
    )


def _do_step(step: str, data: str, run: str, *, computed: bool) -> None:
    steps: dict[str, tuple[Callable[[], int], str]] = {
        "score": (lambda: _score(data, run, computed=computed), "rows"),
        "resume": (lambda: _score(data, run, computed=computed, resume=True), "rows"),
        "scores": (lambda: len(Run(run).scores()), "scores"),
        "summary": (lambda: sum(one.scored for one in Run(run).summary()), "scores"),
    }
    work, unit = steps[step]
    imported, start, cpu = _rss(), time.perf_counter(), time.process_time()
    done = work()
    told = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps({**told, "imported": imported, "rss": _rss(), "done": done, "unit": unit}))


def _score(data: str, run: str, *, computed: bool, **options: Any) -> int:
    model = FakeListChatModel(responses=[REPLY])
    judge = load_evaluator("exact_match") if computed else load_evaluator("labeled_score_string", llm=model)
    return score_dataset(data, judge, run=run, max_concurrency=64, progress=False, **options).rows


def _rss() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
