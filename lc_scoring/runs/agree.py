"""Agree: how well a judge agrees with people, beside how well people agree with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.runs.ratings import Ratings, listed, ratings_of_rows, ratings_of_run
from lc_scoring.runs.run import Run
from lc_scoring.stats.intervals import Interval

if TYPE_CHECKING:
    from lc_scoring.runs.panel_agreement import Panel
    from lc_scoring.stats.alternative_annotator import AlternativeAnnotator

MOST_POINTS = 2_000
"""Points of a scatter plot that are kept; the most frequent ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One measure of agreement, with 95 % intervals; None where it does not apply or has no value.

    Attributes:
        name: what it is called.
        beside_person: the judge beside one person, on average over people; for an alpha, judge and people together.
        beside_mean: the judge beside the mean of people's ratings, or what most of them said.
        ceiling: a person beside another, on average; for an alpha, people alone. A judge can hardly agree better.
        state: why there is no number; empty where there is one.
    """

    name: str
    beside_person: Interval | None
    beside_mean: Interval | None
    ceiling: Interval | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How a judge agrees with people.

    Attributes:
        judge: the judge; empty where people are compared with each other alone.
        people: the people. Where there are none and several judges, the judge that this one is compared with.
        rows: how many rows the judge and a person rated.
        kind: `ratings`, `binary` or `labels`.
        statistics: the measures.
        categories: the ratings or labels of the confusion matrix, in order; empty where there are too many.
        confusion: how often a person's rating (rows) met the judge's (columns), over all people.
        points: for numbers: the mean of people's, the judge's, and how many rows have both; the most frequent ones.
        alt_test: the alternative annotator test; None where it says nothing, see `notes`.
        notes: what else has to be known.
    """

    judge: str
    people: tuple[str, ...]
    rows: int
    kind: str
    statistics: tuple[Statistic, ...]
    categories: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    points: tuple[tuple[float, float, int], ...]
    alt_test: AlternativeAnnotator | None
    notes: tuple[str, ...]


def agree(
    run: Run | str | Path,
    *,
    human: Sequence[str] = (),
    evaluators: Sequence[str] | None = None,
    cluster: str | None = None,
    epsilon: float = 0.2,
) -> tuple[Agreement, ...]:
    """Tell how well the judges of a run agree with people.

    People's ratings stand in the run file, where they were given by review, or in columns of the rows. A column holds a
    rating of one person, or a list or mapping of several people's; numbers, or labels.

    Args:
        run: the run.
        human: columns with people's ratings, or dotted paths.
        evaluators: the names; all by default.
        cluster: a column that rows of one source share; whole sources are drawn for the intervals.
        epsilon: for the alternative annotator test: 0.2 beside experts, 0.15 beside skilled people, 0.1 beside a crowd.

    Returns:
        For each evaluator that people rated beside; nothing where nobody rated.

    Raises:
        ConfigError: no row has a column, a rating is no number or label or off the scale, or there is no such
            evaluator.
        MissingExtra: NumPy is not installed.

    Examples:
        >>> from tempfile import mkdtemp
        >>> from lc_scoring import score_dataset
        >>> rows = [{"id": f"r{n}", "prediction": text, "reference": "Rome", "said": said}
        ...         for n, (text, said) in enumerate([("Rome", 1), ("Oslo", 0), ("Roma", 1), ("Rome", 1)])]
        >>> run = score_dataset(rows, "exact_match", run=Path(mkdtemp()) / "a.run.db", progress=False)
        >>> (found,) = agree(run, human=["said"])
        >>> str(found.kind), {one.name: round(one.beside_person.value, 2) for one in found.statistics[:2]}
        ('binary', {"Cohen's kappa": 0.5, 'exact agreement': 0.75})
    """
    opened = run if isinstance(run, Run) else Run(run)
    names = [entry.name for entry in opened.evaluators]
    asked = names if evaluators is None else listed(evaluators)
    for name in asked:
        if name not in names:
            raise ConfigError(f"{opened.path} has no scores of {name!r}.{did_you_mean(name, names)}")
    wanted = [entry for entry in opened.evaluators if entry.name in asked]
    found = [ratings_of_run(opened, entry, human=listed(human), cluster=cluster) for entry in wanted]
    return tuple(one for ratings in found if ratings.people for one in agreements(ratings, epsilon=epsilon))


def agree_rows(
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    judges: Sequence[str] = (),
    human: Sequence[str] = (),
    cluster: str | None = None,
    epsilon: float = 0.2,
) -> tuple[Agreement, ...]:
    """Tell how well ratings agree that stand in columns of rows: judges beside people, or either among themselves.

    Args:
        rows: each row's id and its columns.
        judges: columns with judges' ratings; a column of lists or mappings holds several.
        human: columns with people's.
        cluster: a column that rows of one source share.
        epsilon: see `agree`.

    Returns:
        For each judge beside people; without people, for each two judges; without judges, for people alone.

    Raises:
        ConfigError: fewer than two raters rated, no row has a column, a rating is no number or label, or two rows or
            raters have one name.
        MissingExtra: NumPy is not installed.

    Examples:
        >>> rows = [("a", {"judge": 4, "people": [5, 4]}), ("b", {"judge": 2, "people": [1, 2]}),
        ...         ("c", {"judge": 3, "people": [3, 3]})]
        >>> (found,) = agree_rows(rows, judges=["judge"], human=["people"])
        >>> found.people, [str(one.beside_mean) for one in found.statistics if one.name == "Spearman"]
        (('people 1', 'people 2'), ['1.00 [1.00, 1.00]'])
    """
    ratings = ratings_of_rows(rows, judges=listed(judges), human=listed(human), cluster=cluster)
    if len(ratings.judges) + len(ratings.people) < 2:  # noqa: PLR2004 - to agree
        raise ConfigError(f"Agreement needs two raters: {' '.join(ratings.notes) or 'name their columns.'}")
    return agreements(ratings, epsilon=epsilon)


def agreements(ratings: Ratings, *, epsilon: float) -> tuple[Agreement, ...]:
    """Return how well raters agree; see `agree_rows`."""
    from lc_scoring.runs.panel_agreement import Panel  # noqa: PLC0415 - loads NumPy

    if not 0 <= epsilon <= 1:
        raise ConfigError(f"epsilon lies in [0, 1], such as 0.2 beside experts; got {epsilon}.")

    if ratings.people or len(ratings.judges) < 2:  # noqa: PLR2004 - to be compared with each other
        sides = [(judge, tuple(ratings.people)) for judge in ratings.judges or [""]]
    else:
        sides = [(judge, (other,)) for other, judge in combinations(ratings.judges, 2)]
    return tuple(_agreement(Panel.of(ratings, judge, people), ratings, epsilon) for judge, people in sides)


def _agreement(panel: Panel, ratings: Ratings, epsilon: float) -> Agreement:
    alt_test, why = panel.alternative_annotator(epsilon)
    categories, confusion = panel.confusion()
    return Agreement(
        judge=panel.judge_name,
        people=panel.people_names,
        rows=panel.rows,
        kind=str(ratings.kind),
        statistics=tuple(Statistic(**told) for told in panel.statistics()),
        categories=categories,
        confusion=confusion,
        points=_points(panel.points()),
        alt_test=alt_test,
        notes=(*ratings.notes, *why),
    )


def _points(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, float, int], ...]:
    return tuple((person, judge, count) for (person, judge), count in Counter(pairs).most_common(MOST_POINTS))
