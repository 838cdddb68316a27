"""Pairing: the rows that two runs scored by one evaluator, side by side."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from lc_scoring.data.columns import Columns
from lc_scoring.errors import ConfigError
from lc_scoring.runs.outcomes import SCORE
from lc_scoring.runs.run import Reported, Run
from lc_scoring.runs.summary import MANY_FAILURES, MISSING, label_of

_ROUNDING = 1e-12  # of a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The rows that both runs scored, in the base run's order.

    Attributes:
        ids: the rows'.
        base: the base run's scores.
        other: the other run's.
        differences: the other run's less the base run's; what is but rounding is 0.
        gains: how much better the other run is, in values of [0, 1].
        falls: whether a lower score is the better one.
        only_base: rows that are in the base run alone.
        only_other: rows that are in the other run alone.
        unscored_base: rows of both runs that have a score in the other alone.
        unscored_other: rows of both runs that have a score in the base run alone.
    """

    ids: Sequence[str]
    base: Sequence[float]
    other: Sequence[float]
    differences: Sequence[float]
    gains: Sequence[float]
    falls: bool
    only_base: int
    only_other: int
    unscored_base: int
    unscored_other: int

    def notes(self) -> list[str]:
        """Return what a reader of the numbers has to know of the rows that are in none."""
        notes: list[str] = []
        if self.only_base or self.only_other:
            notes.append(f"{self.only_base} rows are in the base run alone and {self.only_other} in the other alone.")
        missing = self.unscored_base + self.unscored_other
        if missing:
            grave = missing > MANY_FAILURES * (len(self.ids) + missing)
            notes.append(
                f"{self.unscored_base} rows have no score in the base run alone and {self.unscored_other} in the other "
                f"alone; they are in no number{', and so many that these may not stand for all' if grave else ''}."
            )
        return notes


def paired(base: Run, other: Run, name: str, *, by_value: bool) -> Pairing:
    """Pair two runs' scores by their rows' ids.

    Args:
        base: the run to compare with.
        other: the run that is compared.
        name: the evaluator's.
        by_value: whether scores are the values in [0, 1] instead of the reported numbers.

    Raises:
        ConfigError: no row was scored in both.
    """
    theirs = {one.id: one for one in other.reported(name)}
    ids: list[str] = []
    sides: list[tuple[Reported, Reported]] = []
    shared = count = unscored_base = unscored_other = 0
    for one in base.reported(name):
        count += 1
        if (twin := theirs.get(one.id)) is None:
            continue
        shared += 1
        if one.state == twin.state == SCORE:
            ids.append(one.id)
            sides.append((one, twin))
        else:
            unscored_base += twin.state == SCORE
            unscored_other += one.state == SCORE
    if not ids:
        why = (
            "share no row id: give rows the same ids in both"
            if not shared
            else f"have no row that both scored ({name})"
        )
        raise ConfigError(f"{base.path} and {other.path} {why}.")
    before, after = ([_number(side[place], by_value) for side in sides] for place in (0, 1))
    values = [[_value(side[place]) for side in sides] for place in (0, 1)]
    return Pairing(
        ids=ids,
        base=before,
        other=after,
        differences=list(map(_difference, before, after)),
        gains=list(map(_difference, *values)),
        falls=_falls([*before, *after], [*values[0], *values[1]]),
        only_base=count - shared,
        only_other=len(theirs) - shared,
        unscored_base=unscored_base,
        unscored_other=unscored_other,
    )


def clusters_of(run: Run, column: str, ids: Sequence[str]) -> list[Hashable]:
    """Return for each row the label of what it belongs to; a row without one belongs to nothing else.

    Raises:
        ConfigError: no row has the column.
    """
    columns = Columns.parse({"cluster": column})
    labels = {row_id: label_of(columns, values, "cluster") for row_id, values in run.row_values()}
    if all(label == MISSING for label in labels.values()):
        raise ConfigError(f"No row has the column {column!r} to be told apart by.")
    return [(row_id,) if labels[row_id] == MISSING else labels[row_id] for row_id in ids]


def _difference(old: float, new: float) -> float:
    """Return new less old; 0 where they differ by rounding alone."""
    return 0.0 if math.isclose(old, new, rel_tol=_ROUNDING, abs_tol=0.0) else new - old


def _value(one: Reported) -> float:
    assert one.value is not None  # noqa: S101 - its state is `score`
    return one.value


def _number(one: Reported, by_value: bool) -> float:
    return _value(one) if by_value or one.score is None else one.score


def _falls(scores: Sequence[float], values: Sequence[float]) -> bool:
    """Whether scores fall as values rise, as distances do."""
    mean_score, mean_value = math.fsum(scores) / len(scores), math.fsum(values) / len(values)
    products = ((x - mean_score) * (v - mean_value) for x, v in zip(scores, values, strict=True))
    return math.fsum(products) < 0
