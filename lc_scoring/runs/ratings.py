"""Ratings: what judges and people said of the same rows, as tables of numbers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError
from lc_scoring.runs.outcomes import SCORE
from lc_scoring.runs.run import Reported, Run
from lc_scoring.runs.store import EvaluatorEntry
from lc_scoring.runs.summary import MISSING, label_of

Given: TypeAlias = "float | str"
"""A rating as it was given: a number or a label."""

Rater: TypeAlias = dict[str, Given]
"""What somebody said of rows, by their ids."""


class Kind(StrEnum):
    """What ratings are: numbers on a scale, yes and no, or labels."""

    RATINGS = "ratings"
    BINARY = "binary"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Ratings:
    """What raters said of rows.

    Attributes:
        ids: the rows' ids, in their order.
        judges: what each judge said, by its name.
        people: what each person said, by theirs.
        clusters: for each row what it belongs to.
        kind: what the ratings are.
        notes: what has to be known of those that are not here.
    """

    ids: Sequence[str]
    judges: Mapping[str, Rater]
    people: Mapping[str, Rater]
    clusters: Sequence[Hashable]
    kind: Kind
    notes: tuple[str, ...] = field(default=())


def ratings_of_run(run: Run, entry: EvaluatorEntry, *, human: Sequence[str], cluster: str | None) -> Ratings:
    """Return an evaluator's scores beside what people said of the rows.

    Args:
        run: the run.
        entry: the evaluator.
        human: columns of the rows with people's ratings; those that are kept in the run file are taken too.
        cluster: a column that rows of one source share.

    Raises:
        ConfigError: no row has a column, or a rating is not on the scale.
    """
    rows = _kept(run.row_values(), human, cluster)
    people = _raters(rows, human)
    for row_id, rater, rating in run.human_ratings(entry.name):
        people.setdefault(rater, {})[row_id] = rating
    people, notes = _who_rated(people)
    reported = [one for one in run.reported(entry.name) if one.state == SCORE]
    kind, judge = _beside(people, reported, entry)
    return Ratings(
        ids=[row.id for row in rows],
        judges={entry.name: judge},
        people=people,
        clusters=_clusters(rows, cluster),
        kind=kind,
        notes=notes,
    )


def ratings_of_rows(
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    judges: Sequence[str],
    human: Sequence[str],
    cluster: str | None,
) -> Ratings:
    """Return what stands in columns of rows: the ratings of judges and of people.

    Raises:
        ConfigError: no row has a column.
    """
    kept = _kept(rows, [*judges, *human], cluster)
    judged, no_judge = _who_rated(_raters(kept, judges))
    people, nobody = _who_rated(_raters(kept, human))
    return Ratings(
        ids=[row.id for row in kept],
        judges=judged,
        people=people,
        clusters=_clusters(kept, cluster),
        kind=_kind([*people.values(), *judged.values()]),
        notes=(*no_judge, *nobody),
    )


class _Row(NamedTuple):
    """What is kept of a row: its id, the columns with ratings that it has, and what it belongs to."""

    id: str
    ratings: Mapping[str, Any]
    label: str


def _kept(rows: Iterable[tuple[str, Mapping[str, Any]]], columns: Sequence[str], cluster: str | None) -> list[_Row]:
    """Return of each row what is needed; the texts of a large dataset would not fit."""
    taken = Columns.parse({column: column for column in columns})
    told_apart = Columns.parse({} if cluster is None else {"cluster": cluster})
    kept: list[_Row] = []
    for row_id, values in rows:
        found: dict[str, Any] = {}
        for column in columns:
            with suppress(ConfigError):  # this row has none
                found[column] = taken.take(values, column)
        label = row_id if cluster is None else label_of(told_apart, values, "cluster")
        kept.append(_Row(row_id, found, label))
    return kept


def _raters(rows: Sequence[_Row], columns: Sequence[str]) -> dict[str, Rater]:
    """Return the raters of some columns: a column is one, unless it holds lists or mappings, which are several."""
    raters: dict[str, Rater] = {}
    for column in columns:
        if not any(column in row.ratings for row in rows):
            raise ConfigError(f"No row has the column {column!r} with ratings.")
        several: dict[str, Rater] = {}
        for row in rows:
            for name, rating in _each(column, row.ratings.get(column)):
                several.setdefault(name, {})
                if (given := _given(rating, row.id, name)) is not None:
                    several[name][row.id] = given
        raters |= several or {column: {}}
    return raters


def _each(column: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(f"{column}.{name}", one) for name, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [(f"{column} {place}", one) for place, one in enumerate(value, 1)]
    return [] if is_missing(value) else [(column, value)]


def _given(rating: Any, row_id: str, name: str) -> Given | None:
    if is_missing(rating) or (isinstance(rating, str) and not rating.strip()):
        return None
    if isinstance(rating, (bool, int, float)) and math.isfinite(rating):
        return float(rating)
    if not isinstance(rating, str):
        raise ConfigError(f"Row {row_id}: {name} gave {rating!r}; a rating is a number or a label.")
    try:  # of a CSV file
        number = float(rating)
    except ValueError:
        return rating.strip()
    return number if math.isfinite(number) else None


def _who_rated(raters: Mapping[str, Rater]) -> tuple[dict[str, Rater], tuple[str, ...]]:
    rated = {name: given for name, given in raters.items() if given}
    return rated, tuple(f"{name} rated nothing." for name in raters if name not in rated)


def _beside(people: Mapping[str, Rater], reported: Sequence[Reported], entry: EvaluatorEntry) -> tuple[Kind, Rater]:
    """Return what the ratings are, and the judge's in the units in which people gave theirs.

    Raises:
        ConfigError: a person's rating is not on the evaluator's scale.
    """
    kind, scale = _kind(list(people.values())), entry.about.get("scale")
    if kind is Kind.LABELS:
        return kind, {one.id: one.label for one in reported if one.label is not None}
    # Where all gave 1, that may be the lowest rating as well as a yes.
    both = {rating for rater in people.values() for rating in rater.values()} == {0.0, 1.0}
    if people and kind is Kind.BINARY and (scale is None or (both and (scale["low"], scale["high"]) != (0, 1))):
        return kind, {one.id: one.value for one in reported if one.value is not None}
    if scale is None:
        scores: Rater = {one.id: one.score for one in reported if one.score is not None}
        return _kind([*people.values(), scores]), scores
    for name, given in people.items():
        for row_id, rating in given.items():
            if isinstance(rating, float) and not scale["low"] <= rating <= scale["high"]:
                raise ConfigError(
                    f"Row {row_id}: {name} gave {rating:g}, which is off the scale {scale['low']:g}..{scale['high']:g} "
                    f"of {entry.name}."
                )
    ratings: Rater = {one.id: one.rating for one in reported if one.rating is not None}
    return _kind([*people.values(), ratings]), ratings


def _kind(raters: Sequence[Rater]) -> Kind:
    given = {rating for rater in raters for rating in rater.values()}
    if any(isinstance(rating, str) for rating in given):
        return Kind.LABELS
    return Kind.BINARY if given <= {0.0, 1.0} else Kind.RATINGS


def _clusters(rows: Sequence[_Row], cluster: str | None) -> list[Hashable]:
    if cluster is not None and all(row.label == MISSING for row in rows):
        raise ConfigError(f"No row has the column {cluster!r} to be told apart by.")
    return [(row.id,) if row.label == MISSING else row.label for row in rows]
