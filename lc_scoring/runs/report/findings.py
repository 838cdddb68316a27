"""What a report picks out of a run in one pass: extremes, failures, parts, times, the rows of its table."""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple, TypeAlias

from lc_scoring.errors import NotApplicable
from lc_scoring.records import Score
from lc_scoring.runs.report.table_rows import TableRow, tabled
from lc_scoring.runs.run import Result, Run

_SHOWN = 10  # worst rows of an evaluator, and as many contested ones
_FAILED = 200  # failures of an evaluator that are listed, and that are in the table wherever they stand
_PARTS = 40  # names of parts; where each row names its parts anew, their means say nothing


Scores: TypeAlias = Mapping[str, dict[str, float]]
"""What evaluators reported: by the evaluator's name and the row's id."""


@dataclass(slots=True)
class PartMean:
    """The values of one part over the rows, such as of a criterion or of a member of a jury.

    Attributes:
        count: how many there are.
        total: their sum.
        squares: the sum of their squares.

    Examples:
        >>> part = PartMean()
        >>> part.add(0.25), part.add(0.75)
        (None, None)
        >>> part.mean, round(part.deviation or 0, 3)
        (0.5, 0.354)
    """

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Count one more value."""
        self.count += 1
        self.total += value
        self.squares += value * value

    @property
    def mean(self) -> float:
        """Their mean; 0 without any."""
        return self.total / self.count if self.count else 0.0

    @property
    def deviation(self) -> float | None:
        """Their standard deviation (n - 1); None with fewer than two."""
        if self.count < 2:  # noqa: PLR2004 - one value has no spread
            return None
        return math.sqrt(max(0.0, self.squares - self.total * self.mean) / (self.count - 1))


class Found(NamedTuple):
    """A result that is shown, with its row's place in the run, from 0, and all results of that row.

    In a run that is compared with another, `before` is what the other reported for the row.
    """

    place: int
    result: Result
    row: tuple[Result, ...]
    before: float | None = None


@dataclass(slots=True)
class Findings:
    """What is picked out of the results of one evaluator.

    Attributes:
        worst: those of the least value, the least first; a perfect value is never among them.
        contested: those whose parts disagree most, the most disputed first.
        changed: those whose scores differ most from the ones of an earlier run.
        failed: the first failures.
        parts: by their names, in the order they were met, without pieces of rows such as claims; empty where there are
            too many names.
        seconds: what each row took.
    """

    worst: Sequence[Found] = ()
    contested: Sequence[Found] = ()
    changed: Sequence[Found] = ()
    failed: list[Found] = field(default_factory=list[Found])
    parts: dict[str, PartMean] = field(default_factory=dict[str, PartMean])
    seconds: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is picked out of a run.

    Attributes:
        findings: by the evaluator's name.
        rows: those of the table, in the run's order.
        scores: what each evaluator reported, by the row's id, where that was asked for.
    """

    findings: Mapping[str, Findings]
    rows: Sequence[TableRow]
    scores: Scores


def gather(run: Run, *, rows: int, before: Scores | None = None, keep_scores: bool = False) -> Gathered:
    """Read a run once and pick out what a report shows of single rows.

    Args:
        run: any run.
        rows: how many rows the table takes, from the first; rows that are shown elsewhere are added.
        before: the scores of the run that this one is compared with.
        keep_scores: whether to return the scores, for a run to be compared with this one.

    Returns:
        As much as a page can hold, whatever the size of the run.
    """
    earlier = before or {}
    picking = {entry.name: _Picking(earlier.get(entry.name, {})) for entry in run.evaluators}
    scores: dict[str, dict[str, float]] = {name: {} for name in picking}
    kept: dict[int, TableRow] = {}
    for place, (_, group) in enumerate(groupby(run.results(), key=lambda result: result.id)):
        results = tuple(group)
        if place < rows:
            kept[place] = tabled(place, results)
        for result in results:
            picking[result.name].see(Found(place, result, results))
            if keep_scores and result.score is not None:
                scores[result.name][result.id] = result.score
    findings = {name: one.done() for name, one in picking.items()}
    for one in findings.values():
        for found in (*one.worst, *one.contested, *one.changed, *one.failed):
            if found.place not in kept:
                kept[found.place] = tabled(found.place, found.row)
    return Gathered(findings=findings, rows=[kept[place] for place in sorted(kept)], scores=scores)


class _Extremes:
    """The few results of the greatest key; of equal ones the first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Found]] = []

    def offer(self, key: float, found: Found) -> None:
        entry = (key, -found.place, found)  # a place comes once, so that no two results are ever compared
        if len(self._heap) < _SHOWN:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def ranked(self) -> list[Found]:
        return [found for _, _, found in sorted(self._heap, key=lambda one: one[:2], reverse=True)]


class _Picking:
    """The findings of one evaluator while the rows pass by."""

    def __init__(self, before: Mapping[str, float]) -> None:
        self._before = before
        self._found = Findings()
        self._worst, self._contested, self._changed = _Extremes(), _Extremes(), _Extremes()

    def see(self, found: Found) -> None:
        outcome, seconds = found.result.outcome, found.result.seconds
        if seconds is not None:
            self._found.seconds.append(seconds)
        if isinstance(outcome, Score):
            if outcome.value < 1:
                self._worst.offer(-outcome.value, found)
            if outcome.spread:
                self._contested.offer(outcome.spread, found)
            self._see_change(found)
            self._see_parts(outcome)
        elif not isinstance(outcome.error, NotApplicable) and len(self._found.failed) < _FAILED:
            self._found.failed.append(found)

    def _see_change(self, found: Found) -> None:
        before, now = self._before.get(found.result.id), found.result.score
        if before is not None and now is not None and before != now:
            self._changed.offer(abs(now - before), found._replace(before=before))

    def _see_parts(self, score: Score) -> None:
        parts = self._found.parts
        for part in score.parts:
            if part.text:  # a piece of this row: "claim 1" of the next is another one, and their mean says nothing
                continue
            if part.name in parts or len(parts) <= _PARTS:  # one too many shows that there are
                parts.setdefault(part.name, PartMean()).add(part.value)

    def done(self) -> Findings:
        self._found.worst, self._found.contested = self._worst.ranked(), self._contested.ranked()
        self._found.changed = self._changed.ranked()
        if len(self._found.parts) > _PARTS:
            self._found.parts.clear()
        return self._found
