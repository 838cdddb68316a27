"""Aggregations: a column of numbers made one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence


def variance(numbers: Sequence[float]) -> float:
    """Return the mean squared distance from the mean, over all numbers (n in the denominator).

    Returns:
        In squared units of the numbers, 0 or more; 0 for one number and where all are equal.

    Raises:
        ValueError: there are no numbers.

    Examples:
        >>> variance([1, 2, 3, 4])
        1.25
    """
    return statistics.pvariance(numbers)


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the number below which `percent` of the numbers lie, between neighbors in proportion.

    Hyndman and Fan 1996, "Sample quantiles", definition 7, which NumPy uses too.

    Returns:
        In units of the numbers, from the smallest to the largest; of one number, that number.

    Raises:
        ValueError: there are no numbers, or `percent` is not in [0, 100].

    Examples:
        >>> percentile([1, 2, 3, 4, 5], 90)
        4.6
    """
    return percentiles(numbers, (percent,))[0]


def percentiles(numbers: Sequence[float], percents: Sequence[float]) -> tuple[float, ...]:
    """Return several percentiles of the same numbers, which are sorted once.

    Returns:
        For each percent, in their order, what `percentile` returns.

    Raises:
        ValueError: there are no numbers, or a percent is not in [0, 100].

    Examples:
        >>> percentiles([1, 2, 3, 4, 5], (0, 50, 90))
        (1.0, 3.0, 4.6)
    """
    for percent in percents:
        if not len(numbers) or not 0 <= percent <= 100:  # noqa: PLR2004 - a hundred percent
            raise ValueError(f"a percentile needs numbers and a percent in [0, 100], got {len(numbers)} and {percent}.")
    ordered = sorted(numbers)
    return tuple(_at(ordered, percent / 100 * (len(ordered) - 1)) for percent in percents)


def _at(ordered: Sequence[float], place: float) -> float:
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "variance": variance,
    "min": min,
    "max": max,
    "p90": lambda numbers: percentile(numbers, 90),
}
"""What a dataset's scores are summed up by, by name; each takes one number at least."""
