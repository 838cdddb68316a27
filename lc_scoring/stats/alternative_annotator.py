"""The alternative annotator test: may a judge stand in for one of the people?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lc_scoring.stats.arrays import ArrayLike, Floats, np
from lc_scoring.stats.significance import benjamini_yekutieli, student_below

FEWEST_ITEMS = 30
"""Items that a person must share with others for the test to say anything."""

_RATE = 0.5  # of the people the judge must be as good as
_FALSE = 0.05  # discoveries


@dataclass(frozen=True, slots=True)
class AlternativeAnnotator:
    """What the test says.

    Attributes:
        winning_rate: the share of people the judge may stand in for, in [0, 1].
        advantage: how often, on average over people, the judge is as near to the others as the person, in [0, 1].
        constant_advantage: the same for a rater that gives every item the most usual rating (the median, for numbers):
            a judge that is no better has learned nothing.
        people: how many were tested.
        epsilon: by how much the judge may be nearer less often than the person, for being cheaper.
    """

    winning_rate: float
    advantage: float
    constant_advantage: float
    people: int
    epsilon: float

    @property
    def passed(self) -> bool:
        """Whether the judge may stand in for people: it wins against half of them or more."""
        return self.winning_rate >= _RATE

    def __str__(self) -> str:
        """Say it in a line."""
        may = "may" if self.passed else "may not"
        return (
            f"{may} stand in for a person: wins against {self.winning_rate:.0%} of {self.people} people, as near to "
            f"the others as they are on {self.advantage:.0%} of items (a constant: {self.constant_advantage:.0%})"
        )


def alternative_annotator_test(
    judge: ArrayLike, people: ArrayLike, *, nominal: bool = False, epsilon: float = 0.2
) -> AlternativeAnnotator | None:
    """Test whether a judge agrees with the other people as well as each person does.

    Calderon, Reichart and Dror 2025, "The alternative annotator test for LLM-as-a-judge" (arXiv 2501.10970). For each
    person in turn, on the items that others rated too, judge and person are compared by their distance from the others:
    root mean squared difference, or for labels the share that is unequal. The judge wins against the person where a
    t-test rejects that it is nearer less often by `epsilon` or more, at a false discovery rate of 5 % over people
    (Benjamini and Yekutieli 2001).

    Args:
        judge: the judge's ratings, shape (items,); NaN where it gave none.
        people: people's ratings, shape (items, people); NaN where one did not rate.
        nominal: whether numbers stand for labels, which are equal or not.
        epsilon: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd, as the authors advise.

    Returns:
        None unless two people or more each rated 30 items that others rated too: fewer tell nothing.

    Raises:
        ValueError: shapes do not fit, a rating is infinite, or `epsilon` is not in [0, 1].

    Examples:
        >>> truth = np.arange(60) % 5 + 1.0
        >>> people = np.stack([truth, np.roll(truth, 1), truth], axis=1)
        >>> alternative_annotator_test(truth, people).passed
        True
    """
    ratings, others = np.asarray(judge, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if ratings.ndim != 1 or others.ndim != 2 or len(ratings) != len(others) or not 0 <= epsilon <= 1:  # noqa: PLR2004
        raise ValueError(
            f"a test needs ratings of shape (items,) and (items, people) and an epsilon in [0, 1], got "
            f"{ratings.shape}, {others.shape} and {epsilon}."
        )
    if np.isinf(ratings).any() or np.isinf(others).any():
        raise ValueError("ratings are finite numbers or NaN, got an infinite one.")
    tested = [_against(ratings, others, person, nominal) for person in range(others.shape[1])]
    tested = [one for one in tested if len(one) >= FEWEST_ITEMS]
    if len(tested) < 2:  # noqa: PLR2004 - people
        return None
    constant = np.full(len(ratings), _constant(others, nominal))
    constant[np.isnan(ratings)] = np.nan
    of_constant = [_against(constant, others, person, nominal) for person in range(others.shape[1])]
    adjusted = benjamini_yekutieli([_probability(one, epsilon) for one in tested])
    return AlternativeAnnotator(
        winning_rate=sum(p < _FALSE for p in adjusted) / len(adjusted),
        advantage=float(np.mean([(one[:, 0]).mean() for one in tested])),
        constant_advantage=float(np.mean([one[:, 0].mean() for one in of_constant if len(one) >= FEWEST_ITEMS])),
        people=len(tested),
        epsilon=epsilon,
    )


def _against(judge: Floats, people: Floats, person: int, nominal: bool) -> Floats:
    """Return for each item that person, judge and others rated whether the judge, and the person, is as near."""
    others = np.delete(people, person, axis=1)
    shared = ~np.isnan(judge) & ~np.isnan(people[:, person]) & ~np.isnan(others).all(axis=1)
    distances = [_distance(one[shared], others[shared], nominal) for one in (judge, people[:, person])]
    tie = 1e-12 * max(1.0, *(float(one.max(initial=0.0)) for one in distances))
    nearer = [distances[0] <= distances[1] + tie, distances[1] <= distances[0] + tie]
    return np.stack(nearer, axis=1).astype(np.float64)


def _distance(one: Floats, others: Floats, nominal: bool) -> Floats:
    apart = (one[:, None] != others) * 1.0 if nominal else (one[:, None] - others) ** 2
    mean: Floats = np.where(np.isnan(others), 0, apart).sum(1) / (~np.isnan(others)).sum(1)
    return np.sqrt(mean)


def _probability(nearer: Floats, epsilon: float) -> float:
    """Return the p-value of the judge being nearer less often than the person, by epsilon or more."""
    differences = nearer[:, 1] - nearer[:, 0]
    scatter = float(differences.std(ddof=1))
    apart = float(differences.mean()) - epsilon
    if scatter == 0:
        return 1.0 if apart >= 0 else 0.0
    return student_below(apart / (scatter / math.sqrt(len(differences))), len(differences) - 1)


def _constant(people: Floats, nominal: bool) -> float:
    given = people[~np.isnan(people)]
    if not nominal:
        return float(np.median(given))
    values, counts = np.unique(given, return_counts=True)
    return float(values[counts.argmax()])
