"""Ratings: what judges and people said of the same rows, as tables of numbers."""

from __future__ import annotations

import math
from collections import Counter
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
"""A rating as it was given: a number, yes or no as a bool, or a label."""

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
        ConfigError: no row has a column, or two rows have one id.
    """
    kept = _kept(rows, [*judges, *human], cluster)
    if len({row.id for row in kept}) < len(kept):
        (twice, _), *_ = Counter(row.id for row in kept).most_common(1)
        raise ConfigError(f"Two rows have the id {twice!r}: give each row an id of its own.")
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


def listed(names: Sequence[str]) -> list[str]:
    """Return names, each once; a single name is a list of one."""
    return [names] if isinstance(names, str) else list(dict.fromkeys(names))


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
        if twice := raters.keys() & several.keys():
            raise ConfigError(f"Two raters are called {min(twice)!r}: give their columns other names.")
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
    if isinstance(rating, bool):
        return rating
    try:
        number = float(rating) if isinstance(rating, (int, float, str)) else math.nan
    except ValueError:  # a word
        return str(rating).strip()
    except OverflowError:
        number = math.inf
    if isinstance(rating, str) and math.isnan(number):  # as tables write what is missing
        return None
    if not math.isfinite(number):
        raise ConfigError(f"Row {row_id}: {name} gave {rating!r}; a rating is a finite number or a label.")
    return number


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
    if people and kind is Kind.BINARY and (scale is None or _say_yes_or_no(people, scale)):
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


def _say_yes_or_no(people: Mapping[str, Rater], scale: Mapping[str, float]) -> bool:
    """Whether people who gave nothing but 0 and 1 meant no and yes: where all gave 1, it may be the lowest rating."""
    given = [rating for rater in people.values() for rating in rater.values()]
    certain = set(given) == {0.0, 1.0} or any(isinstance(rating, bool) for rating in given)
    return (certain or (0.0 in given and scale["low"] > 0)) and (scale["low"], scale["high"]) != (0, 1)


def _kind(raters: Sequence[Rater]) -> Kind:
    given = {rating for rater in raters for rating in rater.values()}
    if any(isinstance(rating, str) for rating in given):
        return Kind.LABELS
    return Kind.BINARY if given <= {0.0, 1.0} else Kind.RATINGS


def _clusters(rows: Sequence[_Row], cluster: str | None) -> list[Hashable]:
    if cluster is not None and all(row.label == MISSING for row in rows):
        raise ConfigError(f"No row has the column {cluster!r} to be told apart by.")
    return [(row.id,) if row.label == MISSING else row.label for row in rows]
