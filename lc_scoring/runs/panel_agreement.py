"""A judge and a panel of people as arrays: the measures of their agreement, with intervals over the rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self, TypeAlias

from lc_scoring.runs.ratings import Given, Kind, Ratings
from lc_scoring.scale import number_text
from lc_scoring.stats.agreement import AGREEMENT, PairStatistic, confusion_matrix
from lc_scoring.stats.alternative_annotator import FEWEST_ITEMS, AlternativeAnnotator, alternative_annotator_test
from lc_scoring.stats.arrays import Floats, Indices, grouped_sums, np
from lc_scoring.stats.binary import BINARY, THRESHOLD
from lc_scoring.stats.raters import Level, fleiss_kappa, krippendorff_alpha
from lc_scoring.stats.resampling import Drawn, drawn_intervals

_MOST_CATEGORIES = 25  # of a confusion matrix that can be read
_NO_MEAN = frozenset({"Cohen's kappa", "exact agreement", "within one"})  # a mean of ratings is no rating
_ONE_WAY = frozenset({"bias", *BINARY})  # which say nothing of two people, of whom neither is the judge
_OF_LABELS = ("Cohen's kappa", "exact agreement")

_Told: TypeAlias = dict[str, Any]
_Columns: TypeAlias = "tuple[Drawn | None, Drawn | None, Drawn | None]"
"""A measure of the judge beside a person, beside the mean of people, and of people among themselves."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A judge's ratings and people's, of the rows that two of them or more rated.

    Attributes:
        judge_name: the judge's; empty without one.
        people_names: the people's.
        kind: what the ratings are.
        judge: the judge's, shape (rows,); NaN where there is none.
        people: the people's, shape (rows, people); NaN where there is none.
        labels: for labels: what the numbers stand for.
        clusters: for each row what it belongs to.
    """

    judge_name: str
    people_names: tuple[str, ...]
    kind: Kind
    judge: Floats
    people: Floats
    labels: tuple[str, ...]
    clusters: Sequence[Hashable]

    @classmethod
    def of(cls, ratings: Ratings, judge: str, people: tuple[str, ...]) -> Self:
        """Return a judge, or none, beside people, or beside another judge."""
        given = [ratings.people.get(name) or ratings.judges[name] for name in people]
        said = ratings.judges.get(judge, {})
        raters = (said, *given)
        are_labels = ratings.kind is Kind.LABELS
        labels = sorted({_word(one) for rater in raters for one in rater.values()}) if are_labels else []
        codes = {label: float(code) for code, label in enumerate(labels)}
        rows = [place for place, row in enumerate(ratings.ids) if sum(row in rater for rater in raters) > 1]

        def column(rater: Mapping[str, Given]) -> Floats:
            rated = (rater.get(ratings.ids[place]) for place in rows)
            numbers = (one if one is None or not are_labels else codes[_word(one)] for one in rated)
            return np.array([np.nan if one is None else one for one in numbers], dtype=np.float64)

        return cls(
            judge,
            people,
            ratings.kind,
            column(said),
            np.stack([column(rater) for rater in given], axis=1) if given else np.empty((len(rows), 0)),
            tuple(labels),
            [ratings.clusters[place] for place in rows],
        )

    @property
    def rows(self) -> int:
        """How many rows the judge and a person rated; without a judge, two people."""
        return len(self._shared())

    def statistics(self) -> list[_Told]:
        """Return the measures as `agree.Statistic` takes them."""
        measures = self._measures()
        sources = len({self.clusters[place] for place in self._shared()})
        drawn = [one for _, columns in measures for one in columns if one is not None]
        intervals = iter(drawn_intervals(drawn, self.clusters))
        told: list[_Told] = []
        for name, columns in measures:
            if not any(columns):
                continue  # it says nothing of such raters
            found = [None if one is None else next(intervals) for one in columns]
            first = 0 if columns[0] is not None else 2
            state = "ratings do not vary enough" if found[first] is None and columns[first] is not None else ""
            if sources < 2:  # noqa: PLR2004 - one tells nothing of others
                found[first:2], state = [None] * len(found[first:2]), "fewer than two rows or sources in common"
            told.append(
                dict(zip(("beside_person", "beside_mean", "ceiling"), found, strict=True))
                | {"name": name, "state": state}
            )
        return told

    def _shared(self) -> list[int]:
        """Return the places of the rows that the judge and a person rated; without a judge, two people."""
        rated = ~np.isnan(self.people)
        both = rated.any(1) & ~np.isnan(self.judge) if self.judge_name else rated.sum(1) > 1
        return [int(place) for place in np.flatnonzero(both)]

    def confusion(self) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
        """Return the ratings that occur, and how often a person's met the judge's; nothing where there are too many."""
        judge = np.repeat(self._called()[:, None], self.people.shape[1], axis=1)
        both = ~np.isnan(judge) & ~np.isnan(self.people)
        if not both.any() or len(np.unique([judge[both], self.people[both]])) > _MOST_CATEGORIES:
            return (), ()
        known, counts = confusion_matrix(self.people[both], judge[both])
        names = tuple(self.labels[int(one)] if self.labels else number_text(float(one)) for one in known)
        return names, tuple(tuple(int(count) for count in row) for row in counts)

    def points(self) -> list[tuple[float, float]]:
        """Return the mean of people's ratings and the judge's, for each row that has both; nothing for labels."""
        if self.kind is Kind.LABELS:
            return []
        middle = self._mean()
        both = ~np.isnan(middle) & ~np.isnan(self.judge)
        return [(float(a), float(b)) for a, b in zip(middle[both], self.judge[both], strict=True)]

    def alternative_annotator(self, epsilon: float) -> tuple[AlternativeAnnotator | None, tuple[str, ...]]:
        """Return the alternative annotator test, or why it says nothing."""
        if not self.judge_name or self.people.shape[1] < 2:  # noqa: PLR2004 - of whom one is replaced
            return None, ()
        called = self._called()
        tested = alternative_annotator_test(called, self.people, nominal=self.kind is not Kind.RATINGS, epsilon=epsilon)
        if tested is None:
            return None, (
                f"The alternative annotator test needs two people with {FEWEST_ITEMS} rows that others rated.",
            )
        return tested, ()

    def _measures(self) -> list[tuple[str, _Columns]]:
        """Return the measures by name: the judge beside a person, beside their mean, and people among themselves."""
        pairs = {**AGREEMENT} if self.kind is Kind.RATINGS else {name: AGREEMENT[name] for name in _OF_LABELS}
        people = [self.people[:, place] for place in range(self.people.shape[1])]
        called, mean = self._called(), self._mean()
        beside, among = [_Pair(one, called) for one in people], [_Pair(a, b) for a, b in combinations(people, 2)]
        middle = [_Pair(mean, called)]
        measures: list[tuple[str, _Columns]] = []
        for name, statistic in pairs.items():
            whole = [] if self.kind is Kind.RATINGS and name in _NO_MEAN else middle
            measures.append((name, self._columns(statistic, beside, whole, among if name not in _ONE_WAY else [])))
        if self.kind is Kind.BINARY and self.judge_name:
            beside, middle = [_Pair(one, self.judge) for one in people], [_Pair(mean, self.judge)]
            measures.extend((name, self._columns(one, beside, middle, [])) for name, one in BINARY.items())
        return [*measures, *self._of_all()]

    def _columns(
        self,
        statistic: PairStatistic,
        beside_person: Sequence[_Pair],
        beside_mean: Sequence[_Pair],
        ceiling: Sequence[_Pair],
    ) -> _Columns:
        several = len(beside_person) > 1
        return (
            _mean_over(statistic, beside_person) if self.judge_name else None,
            _mean_over(statistic, beside_mean) if self.judge_name and several else None,
            _mean_over(statistic, ceiling),
        )

    def _of_all(self) -> list[tuple[str, _Columns]]:
        """Return the measures of all raters at once."""
        everybody = np.column_stack([self.people, self._called()]) if self.judge_name else None
        alone = self.people if self.people.shape[1] > 1 else None
        levels = [Level.INTERVAL, Level.ORDINAL] if self.kind is Kind.RATINGS else [Level.NOMINAL]
        found: list[tuple[str, _Columns]] = [
            (f"alpha, {level}", (_alpha(everybody, level), None, _alpha(alone, level))) for level in levels
        ]
        whole = [one is None or not np.isnan(one).any() for one in (everybody, alone)]
        if self.kind is not Kind.RATINGS and self.people.shape[1] > 1 and all(whole):
            found.append(("Fleiss' kappa", (_fleiss(everybody), None, _fleiss(alone))))
        return found

    def _called(self) -> Floats:
        """Return the judge's ratings as people give theirs: of a score between no and yes, which it is nearer to."""
        if self.kind is not Kind.BINARY:
            return self.judge
        return np.where(np.isnan(self.judge), np.nan, (self.judge >= THRESHOLD) * 1.0)

    def _mean(self) -> Floats:
        """Return the mean of people's ratings, or for labels what most said; NaN where nobody did or there is a tie."""
        rated = ~np.isnan(self.people)
        if self.kind is Kind.RATINGS:
            sums = np.where(rated, self.people, 0).sum(1)
            return np.where(rated.any(1), sums / np.maximum(rated.sum(1), 1), np.nan)
        votes = np.stack([(self.people == one).sum(1) for one in range(max(2, len(self.labels)))], axis=1)
        first = votes.max(1)
        alone = (votes == first[:, None]).sum(1) == 1
        return np.where(rated.any(1) & alone, votes.argmax(1).astype(np.float64), np.nan)


def _word(rating: Given) -> str:
    """Return a rating as a label: of people who say yes or 1, each is a label of its own."""
    return rating if isinstance(rating, str) else number_text(float(rating))


class _Pair:
    """Two raters' ratings of the rows that both rated: each pair of ratings once, however many rows have it."""

    def __init__(self, a: Floats, b: Floats) -> None:
        self._rows: Indices = np.flatnonzero(~np.isnan(a) & ~np.isnan(b))
        both = np.stack([a[self._rows], b[self._rows]], axis=1)
        cells, codes = np.unique(both, axis=0, return_inverse=True)
        self._a, self._b, self._codes = cells[:, 0], cells[:, 1], codes.astype(np.intp).reshape(-1)
        self._last: tuple[Floats, Floats] | None = None

    def value(self, statistic: PairStatistic, counts: Floats) -> Floats:
        """Return a statistic, given how often each row is counted."""
        if self._last is None or self._last[0] is not counts:  # the same for all statistics of a draw
            self._last = counts, grouped_sums(counts[:, self._rows], self._codes, len(self._a))
        return statistic(self._a, self._b, self._last[1])


def _mean_over(statistic: PairStatistic, pairs: Sequence[_Pair]) -> Drawn | None:
    """Return the mean of a statistic over pairs of raters, of those pairs that have a value."""
    if not pairs:
        return None

    def drawn(counts: Floats) -> Floats:
        values = np.stack([pair.value(statistic, counts) for pair in pairs])
        known = ~np.isnan(values)
        return np.where(known.any(0), np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)

    return drawn


def _alpha(ratings: Floats | None, level: Level) -> Drawn | None:
    return None if ratings is None else lambda counts: krippendorff_alpha(ratings, level, counts)


def _fleiss(ratings: Floats | None) -> Drawn | None:
    return None if ratings is None else lambda counts: fleiss_kappa(ratings, counts)
