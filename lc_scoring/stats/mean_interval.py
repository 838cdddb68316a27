"""The interval of a mean: skewed ratings, few or a million of them, alone or in clusters."""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import repeat

from lc_scoring.stats.aggregations import percentiles
from lc_scoring.stats.intervals import Interval, bca_percents, check_rounds, normal_quantile

_MOST_DRAWN = 2_000
"""With more groups than this, drawing takes seconds, and the formula is nearer than the draws' own scatter."""

_TIE = 1e-9
"""Sums of deviations this near to 0, where the largest is 1, are 0 but for rounding."""


def mean_interval(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    level: float = 0.95,
    rounds: int = 2_000,
    seed: int = 0,
) -> Interval | None:
    """Return the mean and its BCa interval, which leans to the side to which the values are skewed.

    Efron 1987, "Better bootstrap confidence intervals" (Efron and Tibshirani 1993, "An introduction to the bootstrap",
    equations 14.9 and 14.10): the ends are quantiles of the means of draws, at the shares
    Phi(z0 + (z0 + z) / (1 - a (z0 + z))); z0 from the share of draws below the mean, ties halved (14.14), a from the
    jackknife (14.15). Values without clusters are drawn one by one; with clusters, whole clusters are drawn, and
    the mean of a draw is the ratio of its sum to its size.

    Above 2,000 groups nothing is drawn: the ends are those of DiCiccio and Efron 1992, "More accurate confidence
    intervals in exponential families" (ABC; Efron and Tibshirani 1993, section 22.6), which differ from BCa's by terms
    of order 1 / (n sqrt n) alone; `rounds` and `seed` then play no part.

    A BCa interval need not hold its own estimate: at low levels, such as 0.1, both ends can lie to one side of it. Here
    such an end is moved to the estimate, so low <= value <= high always.

    Args:
        values: finite numbers in any unit; the interval is in the same unit. Their order plays no part.
        clusters: for each value the label of what it belongs to, such as its row where a row has several ratings;
            without it every value is a group of its own.
        level: how often such intervals should hold the truth, in (0, 1). From few groups they hold it less often: at
            0.95, in simulations with strongly skewed ratings, 0.91 of those from 20 values and 0.94 to 0.95 from 100;
            with clusters of unequal sizes that hang together with the ratings, 0.86 from 20 and 0.93 from 100.
        rounds: how many draws, 1 or more.
        seed: which draws; the same seed gives the same interval.

    Returns:
        Mean and interval, within the smallest and the largest value; its `count` is the number of values. None with
        fewer than two groups. Where no group differs from the mean (no variance), low = high = value: such values tell
        nothing about their scatter, which is not the same as there being none.

    Raises:
        ValueError: a value is NaN or infinite, there is not one label for each value, the level is not in (0, 1), or
            `rounds` is below 1.

    Examples:
        >>> ratings = [10, 9, 10, 8, 10, 9, 3, 10, 9, 10]
        >>> str(mean_interval(ratings))
        '8.80 [6.60, 9.60]'
        >>> str(mean_interval(ratings, clusters=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5]))
        '8.80 [7.10, 9.40]'
        >>> str(mean_interval([7, 7, 7])), mean_interval([7])
        ('7.00 [7.00, 7.00]', None)
    """
    z = normal_quantile(level)
    check_rounds(rounds)
    _check_values(values, clusters)
    if not len(values):  # an array may refuse to be true or false
        return None
    # By powers of two, which lose nothing: the largest numbers then cannot overflow, nor the smallest vanish.
    exponent = math.frexp(max(map(abs, values)))[1]
    numbers = list(map(math.ldexp, values, repeat(-exponent)))
    least, most = min(numbers), max(numbers)
    mean = _within(math.fsum(numbers) / len(numbers), least, most)
    deviations, sizes = _grouped([number - mean for number in numbers], clusters)
    if len(sizes) < 2:  # noqa: PLR2004 - one group is drawn alike each time
        return None
    ends = mean, mean
    if spread := max(map(abs, deviations)):
        scaled = [deviation / spread for deviation in deviations]
        few = len(sizes) <= _MOST_DRAWN
        below, above = _drawn(scaled, sizes, z, rounds, seed) if few else _approximated(scaled, sizes, z)
        ends = max(least, mean + spread * min(below, 0.0)), min(most, mean + spread * max(above, 0.0))
    # Within the values once more: beside 1e308 even 0.1 has lost digits.
    within = min(values), max(values)
    value, low, high = (_within(math.ldexp(number, exponent), *within) + 0.0 for number in (mean, *ends))  # no -0.0
    return Interval(value, low, high, len(values))


def _within(number: float, least: float, most: float) -> float:
    return min(max(number, least), most)


def _check_values(values: Sequence[float], clusters: Sequence[Hashable] | None) -> None:
    if not all(map(math.isfinite, values)):
        place = next(place for place, value in enumerate(values) if not math.isfinite(value))
        raise ValueError(f"values must be finite, got {values[place]} at place {place}.")
    if clusters is not None and len(clusters) != len(values):
        raise ValueError(f"clusters must have one label for each of {len(values)} values, got {len(clusters)}.")


def _grouped(deviations: Sequence[float], clusters: Sequence[Hashable] | None) -> tuple[Sequence[float], Sequence[int]]:
    """Return the sum of deviations and the size of each group."""
    if clusters is None:
        return deviations, [1] * len(deviations)
    groups: defaultdict[Hashable, list[float]] = defaultdict(list)
    for deviation, cluster in zip(deviations, clusters, strict=True):
        groups[cluster].append(deviation)
    return list(map(math.fsum, groups.values())), list(map(len, groups.values()))


def _drawn(deviations: Sequence[float], sizes: Sequence[int], z: float, rounds: int, seed: int) -> tuple[float, float]:
    """Return the ends of BCa, as distances from the mean."""
    # Sorted, so that the order of rows plays no part; complex, so that one sum adds up deviations and sizes.
    groups = [complex(*group) for group in sorted(zip(deviations, sizes, strict=True))]
    draw = random.Random(seed)  # noqa: S311 - statistics, no secret
    sums = (sum(draw.choices(groups, k=len(groups)), 0j) for _ in range(rounds))
    means = sorted(one.real / one.imag for one in sums)
    tie = _TIE / sum(sizes)
    share = (bisect_left(means, -tie) + bisect_right(means, tie)) / (2 * rounds)
    low, high = percentiles(means, bca_percents(share, _acceleration(deviations, sizes), z, rounds))
    return low, high


def _acceleration(deviations: Sequence[float], sizes: Sequence[int]) -> float:
    """Return Efron and Tibshirani's 14.15: without a group, the mean moves by -deviation / (size of the others)."""
    total = sum(sizes)
    left = [-deviation / (total - size) for deviation, size in zip(deviations, sizes, strict=True)]
    middle = math.fsum(left) / len(left)
    moves = [middle - one for one in left]
    squares = math.fsum(move * move for move in moves)
    # Groups that are alike differ from the mean by rounding alone, and all by the same.
    return math.fsum(move**3 for move in moves) / (6 * squares**1.5) if squares else 0.0


def _approximated(deviations: Sequence[float], sizes: Sequence[int], z: float) -> tuple[float, float]:
    """Return the ends of ABC, as distances from the mean.

    With D a group's sum of deviations, N its size and n groups, the mean under weights P is m + sum(P D) / sum(P N).
    Its empirical influence values are L = n D / sum(N), which gives

        se = sqrt(sum(L^2)) / n                           = sqrt(sum(D^2)) / sum(N)
        a  = sum(L^3) / (6 sum(L^2)^1.5)                  (skewness / (6 sqrt n) where all sizes are 1)
        b  = -sum(D N) / sum(N)^2, the bias to order 1/n, and the curvature along L, c = b / se.

    Then z0 = a + c - b / se = a, and the end is the mean under the weights P = 1/n + l L / (n^2 se), where
    l = w / (1 - a w)^2 and w = z0 + z: m + se l / (1 - c l), which is m + se l where all sizes are equal.
    """
    total = sum(sizes)
    squares = math.fsum(deviation * deviation for deviation in deviations)
    root = math.sqrt(squares)
    acceleration = math.fsum(deviation**3 for deviation in deviations) / (6 * squares * root)
    curvature = -math.fsum(map(float.__mul__, deviations, map(float, sizes))) / (total * root)

    def end(z: float) -> float:
        w = acceleration + z
        bottom = 1 - acceleration * w
        if bottom <= 0:  # a level so near 1 that no weights reach it
            return math.copysign(math.inf, w)
        length = w / bottom**2
        tilted = 1 - curvature * length
        return root / total * length / tilted if tilted > 0 else math.copysign(math.inf, w)

    return end(-z), end(z)
