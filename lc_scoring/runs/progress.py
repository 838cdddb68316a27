"""Progress: a line that tells how far a run is: rows, rate, time left, calls in flight, failures, cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Line

from lc_scoring.runs.calls import Calls
from lc_scoring.runs.outcomes import FAILURE
from lc_scoring.runs.store import Done


class Progress:
    """Counts what is on the disk, and shows it on standard error while it is entered as a context.

    Args:
        calls: tells what is in flight and what it cost.
        shown: whether to show it; None for in a terminal and in notebooks, and not in continuous integration.
        evaluators: how many outcomes a row has.
    """

    def __init__(self, calls: Calls, *, shown: bool | None, evaluators: int) -> None:
        console = Console(stderr=True)
        if shown is None:
            shown = console.is_jupyter or (console.is_terminal and not os.environ.get("CI"))
        self._shown = shown
        self._calls = calls
        self._evaluators = evaluators
        self._done = self._failed = 0
        self._line = Line(
            TextColumn("scoring"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not shown,
            transient=False,
        )
        self._task = self._line.add_task("", total=None, told="")

    def begin(self, *, scored: int, failed: int, others: int, rows: Callable[[], int | None]) -> None:
        """Tell what is there from earlier, and how many rows there will be; they are counted only to be shown."""
        self._done, self._failed = scored + failed + others, failed
        if self._shown:
            total = rows()
            done = self._done // self._evaluators
            self._line.reset(self._task, total=total, completed=done, told="")

    def __enter__(self) -> Self:
        self._line.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._tell()
        self._line.__exit__(None, None, None)

    def count(self, done: Sequence[Done]) -> None:
        """Count outcomes that are on the disk."""
        self._done += len(done)
        self._failed += sum(one.outcome.state == FAILURE for one in done)
        self._tell()

    def _tell(self) -> None:
        if not self._shown:
            return
        task = self._line.tasks[0]
        speed = task.finished_speed or task.speed
        usage = self._calls.usage()
        told = [
            *([f"{speed:.1f} rows/s"] if speed else []),
            f"{self._calls.in_flight} in flight",
            *([f"{self._failed} failed"] if self._failed else []),
            *([f"${usage.cost:.4f}"] if usage.cost else []),
        ]
        self._line.update(self._task, completed=self._done // self._evaluators, told=", ".join(told))
