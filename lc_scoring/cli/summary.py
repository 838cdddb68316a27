"""The summary of a scored file: what was read, how it is spread, what failed."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from lc_scoring.errors import NotApplicable
from lc_scoring.judges.pairwise import swayed_by_position
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.scale import number_text
from lc_scoring.stats.aggregations import AGGREGATIONS


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
        self._signature = str(evaluator.signature)
        self._not_applicable = 0
        self._spreads: list[float] = []
        self._missing = Counter[str]()

    @property
    def failed(self) -> int:
        """How many rows have no score."""
        return self._failures.total()

    def add(self, result: Score | Failure) -> None:
        """Count one outcome."""
        if isinstance(result, Failure) and isinstance(result.error.usage, Usage):
            self._usage += result.error.usage  # it was paid for all the same
        if isinstance(result, Failure) and isinstance(result.error, NotApplicable):
            self._not_applicable += 1
            return
        if isinstance(result, Failure):
            kind = type(result.error).__name__
            self._failures[kind] += 1
            self._examples.setdefault(kind, f"{result.sample_id}: {result.error}")
            return
        self._scores.append(self._reported(result))
        if result.label is not None:
            self._labels[result.label] += 1
        self._swayed += swayed_by_position(result) is True
        self._missing.update(failure.name for failure in result.failures)
        if result.spread is not None:
            self._spreads.append(result.spread)
        self._usage += result.usage
        self._signature = result.signature or self._signature

    def table(self, *, title: str, output: Path | None) -> Table:
        """Return the summary as a table of two columns."""
        table = Table(title=title, show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        rows = [
            ("evaluation", self._evaluator.evaluation_name),
            ("rows", self._rows()),
            *self._spread(),
            *self._aggregated(),
            *self._disagreement(),
            *self._verdicts(),
            *((f"{kind}: {count}", self._examples[kind]) for kind, count in self._failures.most_common()),
            *self._tokens(),
            ("signature", self._signature),
            *([("scores", str(output))] if output else []),
        ]
        for name, text in rows:
            table.add_row(name, plain_text(text))
        return table

    def _rows(self) -> str:
        scored, passed = len(self._scores), self._not_applicable
        apart = f", {passed} not applicable" if passed else ""
        return f"{scored + self.failed + passed}, {scored} scored{apart}, {self.failed} failed"

    def _aggregated(self) -> list[tuple[str, str]]:
        names = getattr(self._evaluator, "aggregations", ()) if self._scores else ()
        return [(name, f"{AGGREGATIONS[name](self._scores):.2f}") for name in names if name != "mean"]

    def _disagreement(self) -> list[tuple[str, str]]:
        """Say how far the samples or members were apart, and which of them gave no score."""
        rows: list[tuple[str, str]] = []
        if self._spreads:
            mean = math.fsum(self._spreads) / len(self._spreads)
            rows.append(("disagreement", f"standard deviation within a row {mean:.2f} on average"))
        if self._missing:
            missing = ", ".join(f"{name}: {count}" for name, count in self._missing.most_common())
            rows.append(("without a score", missing))
        return rows

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
        tokens = ("tokens", f"{usage.input_tokens:,} in, {usage.output_tokens:,} out, {usage.calls:,} calls")
        return [
            tokens,
            *([("cost", f"about ${usage.cost:,.4f}, by the price table")] if usage.cost is not None else []),
        ]


def plain_text(text: str) -> str:
    """Keep a judge's words from being taken for markup of the terminal's table or for control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.replace("[", "\\[")
