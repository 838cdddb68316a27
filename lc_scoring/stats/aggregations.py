"""Aggregations: a column of numbers made one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence


def variance(numbers: Sequence[float]) -> float:
    """Return the mean squared distance from the mean, over all numbers (n in the denominator)."""
    return statistics.pvariance(numbers)


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the number below which `percent` of the numbers lie, between neighbors in proportion.

    Hyndman and Fan 1996, "Sample quantiles", definition 7, which NumPy uses too.

    Raises:
        ValueError: there are no numbers, or `percent` is not in [0, 100].

    Examples:
        >>> percentile([1, 2, 3, 4, 5], 90)
        4.6
    """
    if not numbers or not 0 <= percent <= 100:  # noqa: PLR2004 - a hundred percent
        raise ValueError(f"a percentile needs numbers and a percent in [0, 100], got {len(numbers)} and {percent}.")
    ordered = sorted(numbers)
    place = percent / 100 * (len(ordered) - 1)
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
