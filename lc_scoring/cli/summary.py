"""The summary of a scored file: what was read, how it is spread, what failed."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from lc_scoring.records import Failure, Score, Usage
from lc_scoring.scale import number_text


class Tally:
    """Counts the outcomes of a file; a failure enters no mean."""

    def __init__(self, *, evaluator: Any, reported: Callable[[Score], float]) -> None:
        self._evaluator = evaluator
        self._reported = reported
        self._scores = array("d")
        self._failures = Counter[str]()
        self._examples: dict[str, str] = {}
        self._usage = Usage()
        self._labels = Counter[str]()
        self._swayed = 0

    @property
    def failed(self) -> int:
        """How many rows have no score."""
        return self._failures.total()

    def add(self, result: Score | Failure) -> None:
        """Count one outcome."""
        if isinstance(result, Failure):
            kind = type(result.error).__name__
            self._failures[kind] += 1
            self._examples.setdefault(kind, f"{result.sample_id}: {result.error}")
            return
        self._scores.append(self._reported(result))
        if result.label is not None:
            self._labels[result.label] += 1
        self._swayed += len({part.label for part in result.parts}) > 1
        self._usage += result.usage

    def table(self, *, title: str, output: Path | None) -> Table:
        """Return the summary as a table of two columns."""
        table = Table(title=title, show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        rows = [
            ("evaluation", self._evaluator.evaluation_name),
            ("rows", f"{len(self._scores) + self.failed}, {len(self._scores)} scored, {self.failed} failed"),
            *self._spread(),
            *self._verdicts(),
            *((f"{kind}: {count}", self._examples[kind]) for kind, count in self._failures.most_common()),
            *self._tokens(),
            ("signature", self._evaluator.signature),
            *([("scores", str(output))] if output else []),
        ]
        for name, text in rows:
            table.add_row(name, _plain(text))
        return table

    def _spread(self) -> list[tuple[str, str]]:
        n = len(self._scores)
        if n == 0:
            return [("mean", "none: no row was scored")]
        mean = math.fsum(self._scores) / n
        low, high = number_text(min(self._scores)), number_text(max(self._scores))
        if n == 1:
            return [("mean", f"{mean:.2f} (n = 1)"), ("spread", f"{low} to {high}")]
        deviation = math.sqrt(math.fsum((score - mean) ** 2 for score in self._scores) / (n - 1))
        return [("mean", f"{mean:.2f} (n = {n})"), ("spread", f"{low} to {high}, standard deviation {deviation:.2f}")]

    def _verdicts(self) -> list[tuple[str, str]]:
        if not self._labels:
            return []
        counts = ", ".join(f"{label} {count}" for label, count in sorted(self._labels.items()))
        if not self._swayed:
            return [("verdicts", counts)]
        return [("verdicts", counts), ("position", f"{self._swayed} of {len(self._scores)} changed with the order")]

    def _tokens(self) -> list[tuple[str, str]]:
        usage = self._usage
        if not usage.input_tokens + usage.output_tokens:
            return []
        return [("tokens", f"{usage.input_tokens:,} in, {usage.output_tokens:,} out, {usage.calls:,} calls")]


def _plain(text: str) -> str:
    """Keep a judge's words from being taken for markup of the terminal's table or for control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.replace("[", "\\[")
