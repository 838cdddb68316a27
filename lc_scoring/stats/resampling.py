"""Resampling: intervals of statistics that are reckoned for many draws at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeAlias

from lc_scoring.stats.arrays import Floats, Indices, np
from lc_scoring.stats.intervals import Interval, bca_percents, check_rounds, normal_quantile
from lc_scoring.stats.significance import student_quantile

Drawn: TypeAlias = Callable[[Floats], Floats]
"""A statistic of items counted so often, shape (draws, items): its value in each draw, NaN where it has none."""

_MOST_LEFT_OUT = 1_000  # groups; with more of them the acceleration is next to nothing
_AT_ONCE = 1_000_000  # numbers in memory
_FEWEST = 0.5  # of the draws that must have a value


def drawn_interval(
    statistic: Drawn,
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    rounds: int = 1_000,
    seed: int = 0,
) -> Interval | None:
    """Return a statistic and its BCa interval when clusters of items are drawn anew.

    Efron 1987, "Better bootstrap confidence intervals", with Student's quantile and the factor sqrt(n / (n - 1)) in the
    place of the normal one, so that few clusters do not give too narrow an interval (Hesterberg 2015, "What teachers
    should know about the bootstrap", section 5). Above 1,000 clusters the acceleration is left out (BC), which then
    changes nothing that can be seen.

    Args:
        statistic: reckons all draws of a chunk at once.
        clusters: for each item the label of what it belongs to, such as its source document; items of one cluster are
            drawn together. Equal labels, or one label for each item, are fine.
        level: how often such intervals should hold the truth, in (0, 1). In simulations with skewed ratings they did
            in 93 to 95 % of cases from 100 items; with 25 clusters of four in 92 %, with 5 in 84 %.
        rounds: how many draws, 1 or more.
        seed: which draws; statistics of the same items are drawn alike, so that their differences can be taken.

    Returns:
        The estimate and its interval, which holds it; its `count` is the number of items. None with fewer than two
        clusters, or where the statistic has no value for the items or for more than half of the draws.

    Raises:
        ValueError: the level is not in (0, 1), or `rounds` is below 1.

    Examples:
        >>> ratings = np.array([1.0, 2, 3, 4, 5])
        >>> str(drawn_interval(lambda counts: counts @ ratings / counts.sum(-1), range(5)))
        '3.00 [1.20, 4.62]'
    """
    return drawn_intervals([statistic], clusters, level=level, rounds=rounds, seed=seed)[0]


def drawn_intervals(
    statistics: Sequence[Drawn],
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    rounds: int = 1_000,
    seed: int = 0,
) -> list[Interval | None]:
    """Return the intervals of several statistics of the same items, which are drawn once for all; see `drawn_interval`.

    Raises:
        ValueError: the level is not in (0, 1), or `rounds` is below 1.

    Examples:
        >>> ratings = np.array([1.0, 2, 3, 4, 5])
        >>> mean = lambda counts: counts @ ratings / counts.sum(-1)
        >>> [str(one) for one in drawn_intervals([mean, lambda counts: -mean(counts)], range(5))]
        ['3.00 [1.20, 4.62]', '-3.00 [-4.62, -1.20]']
    """
    normal_quantile(level)  # for its check alone
    check_rounds(rounds)
    codes = _codes(clusters)
    groups = int(codes.max(initial=-1)) + 1
    if groups < 2:  # noqa: PLR2004 - one cluster is drawn alike each time
        return [None] * len(statistics)
    z = student_quantile(level, groups - 1) * math.sqrt(groups / (groups - 1))
    values = [float(statistic(np.ones((1, len(codes))))[0]) for statistic in statistics]
    drawn = _each(statistics, (counts[:, codes] for counts in _draws(groups, len(codes), rounds, seed)))
    left = _each(statistics, _left_out(codes, groups)) if groups <= _MOST_LEFT_OUT else None
    return [
        _interval(value, drawn[place], None if left is None else left[place], z, len(codes))
        for place, value in enumerate(values)
    ]


def _each(statistics: Sequence[Drawn], chunks: Iterable[Floats]) -> list[Floats]:
    found = [[statistic(counts) for statistic in statistics] for counts in chunks]
    return [np.concatenate(column) for column in zip(*found, strict=True)]


def _interval(value: float, drawn: Floats, left: Floats | None, z: float, count: int) -> Interval | None:
    values = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(values) < max(1, _FEWEST * len(drawn)):
        return None
    tie = 1e-12 * max(1.0, abs(value))
    below = float(np.mean(values < value - tie) + np.mean(np.abs(values - value) <= tie) / 2)
    acceleration = 0.0 if left is None else _acceleration(left[~np.isnan(left)])
    low, high = np.percentile(values, bca_percents(below, acceleration, z, len(values)))
    return Interval(value, min(float(low), value), max(float(high), value), count)


def _codes(clusters: Sequence[Hashable]) -> Indices:
    """Return a number for each cluster, in the order they are met."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(cluster, len(known)) for cluster in clusters], dtype=np.intp)


def _draws(groups: int, items: int, rounds: int, seed: int) -> Iterator[Floats]:
    """Yield how often each group is drawn, shape (draws, groups), a chunk at a time."""
    draw = np.random.default_rng(seed)
    chunk = max(1, _AT_ONCE // items)
    for first in range(0, rounds, chunk):
        some = min(chunk, rounds - first)
        picked = draw.integers(groups, size=(some, groups)) + groups * np.arange(some)[:, None]
        yield np.bincount(picked.ravel(), minlength=some * groups).reshape(some, groups).astype(np.float64)


def _left_out(codes: Indices, groups: int) -> Iterator[Floats]:
    """Yield the items without each group in turn, shape (groups, items), a chunk at a time."""
    chunk = max(1, _AT_ONCE // len(codes))
    for first in range(0, groups, chunk):
        some = np.arange(first, min(first + chunk, groups))
        yield (some[:, None] != codes[None, :]).astype(np.float64)


def _acceleration(left: Floats) -> float:
    """Return Efron and Tibshirani's 14.15, from the values without each group."""
    moves = left.mean() - left if left.size else left
    squares = float((moves**2).sum())
    # Values that differ by rounding alone tell nothing.
    return float((moves**3).sum()) / (6 * squares**1.5) if squares > 1e-24 * left.size else 0.0
