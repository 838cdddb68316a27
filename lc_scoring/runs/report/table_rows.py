"""The rows of a report's table as data: each text cut so that all of them together keep to a size."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lc_scoring.errors import NotApplicable
from lc_scoring.records import Score
from lc_scoring.runs.outcomes import as_json
from lc_scoring.runs.report.safe_text import embedded, shortened
from lc_scoring.runs.run import Result

TABLE_ROWS = 5_000
"""How many rows a table holds, of all runs together."""

_BUDGET = 3_000_000  # bytes of all rows; with the charts' library, a page below 5 MB
_CLIPS = (400, 280, 200, 140, 100, 70, 50, 30, 15)  # characters of a text, until the rows keep to the budget
_MARGIN = 0.9  # of the budget, where rows are left out: they are not all of one length
_NAME = 120  # characters of an id or a label
_COLUMNS = 30  # of the row's own
_EXACT = 2**53  # whole numbers beyond are not exact in a browser

_STATES = ("scored", "failed", "not applicable")


class Outcome(NamedTuple):
    """What an evaluator made of a row, as a table shows it."""

    name: str
    state: int
    score: float | None
    label: str | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row of a table.

    Attributes:
        place: where it stands in the run, from 0.
        id: the row's.
        outcomes: what the evaluators made of it.
        cells: the row's own columns, numbers or texts.
    """

    place: int
    id: str
    outcomes: Sequence[Outcome]
    cells: Mapping[str, float | str]


def tabled(place: int, results: Sequence[Result]) -> TableRow:
    """Return a row as a table shows it, with no text longer than a table may ever hold."""
    first = results[0]
    values = dict(first.values)
    if first.prediction is not None:
        values["prediction made"] = first.prediction
    cells = {shortened(name, _NAME): cell for name, value in values.items() if (cell := _cell(value)) is not None}
    return TableRow(
        place=place, id=shortened(first.id, _NAME), outcomes=[_outcome(result) for result in results], cells=cells
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableData:
    """The data of a table.

    Attributes:
        json: what a page holds, fit for a script element.
        rows: how many rows are in it.
        clip: after how many characters texts are cut.
        columns_left_out: how many of the rows' own columns are not in it.
    """

    json: str
    rows: int
    clip: int
    columns_left_out: int


def table_data(runs: Sequence[tuple[str, Sequence[TableRow]]], *, id_column: str) -> TableData:
    """Return the rows of some runs as the data of one table, within a byte budget.

    Texts are cut shorter until the rows keep to it; rows are left out, evenly, only where that does not suffice.

    Args:
        runs: the label and the rows of each.
        id_column: the column that is the row's id, which stands there already.
    """
    names = list(dict.fromkeys(name for _, rows in runs for row in rows for name in row.cells if name != id_column))
    evaluators = dict.fromkeys(one.name for _, rows in runs for row in rows for one in row.outcomes)
    told = {
        "runs": [shortened(label, _NAME) for label, _ in runs],
        "evaluators": [shortened(name, _NAME) for name in evaluators],
        "states": _STATES,
        "columns": names[:_COLUMNS],
    }
    rows = _Rows(runs, {name: number for number, name in enumerate(evaluators)}, names[:_COLUMNS])
    place = bisect_left(_CLIPS[:-1], True, key=lambda clip: rows.size(clip) <= _BUDGET)
    clip = _CLIPS[place]
    packed = rows.packed(clip)
    if place == len(_CLIPS) - 1:
        packed = _within(packed, _BUDGET)
    return TableData(
        json=embedded({**told, "rows": packed}),
        rows=len(packed),
        clip=clip,
        columns_left_out=max(0, len(names) - _COLUMNS),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of all runs, which can be packed with texts of any length."""

    runs: Sequence[tuple[str, Sequence[TableRow]]]
    evaluators: Mapping[str, int]
    columns: Sequence[str]

    def packed(self, clip: int) -> list[list[Any]]:
        return [
            [number, row.place + 1, row.id, self._outcomes(row, clip), self._cells(row, clip)]
            for number, (_, rows) in enumerate(self.runs)
            for row in rows
        ]

    def size(self, clip: int) -> int:
        return len(embedded(self.packed(clip)).encode())

    def _outcomes(self, row: TableRow, clip: int) -> list[list[Any]]:
        return [
            [self.evaluators[one.name], one.state, one.score, one.label, _cut(one.said, clip)] for one in row.outcomes
        ]

    def _cells(self, row: TableRow, clip: int) -> list[Any]:
        return [_cut(row.cells.get(name), clip) for name in self.columns]


def _within(rows: Sequence[list[Any]], budget: int) -> list[list[Any]]:
    """Return as many rows as keep to a budget, spread evenly where it does not suffice for all."""
    size = len(embedded(rows).encode())
    if size <= budget:
        return list(rows)
    kept = int(len(rows) * budget / size * _MARGIN)
    return [rows[place * len(rows) // kept] for place in range(kept)]


def _cut(value: float | str | None, clip: int) -> float | str | None:
    if not isinstance(value, str) or len(value) <= clip:
        return value
    return f"{value[:clip].rstrip()}…"


def _outcome(result: Result) -> Outcome:
    outcome = result.outcome
    if isinstance(outcome, Score):
        score = outcome.value if result.score is None else result.score
        label = None if outcome.label is None else shortened(outcome.label, _NAME)
        return Outcome(result.name, 0, round(score, 6), label, shortened(outcome.reasoning, _CLIPS[0]))
    if isinstance(outcome.error, NotApplicable):
        return Outcome(result.name, 2, None, None, shortened(outcome.error.reasoning, _CLIPS[0]))
    message = f"{type(outcome.error).__name__}: {outcome.error}"
    return Outcome(result.name, 1, None, None, shortened(message, _CLIPS[0]))


def _cell(value: Any) -> float | str | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < _EXACT:
        return value
    return shortened(value if isinstance(value, str) else as_json(value), _CLIPS[0])
