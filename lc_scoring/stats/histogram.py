"""Histograms: how ratings are spread over their scale, as counts and as a line of bars."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

_BLOCKS = " ▁▂▃▄▅▆▇█"
_NAMED = 5
"""How many of the values that are off the scale an error names."""


@dataclass(frozen=True, slots=True)
class Bin:
    """How many values lie in one stretch of the scale.

    Attributes:
        low: where it begins, in scale units; it belongs to the bin.
        high: where it ends, in scale units; it belongs to the bin in the last one, and where it equals `low`.
        count: how many values lie in it; 0 or more.
    """

    low: float
    high: float
    count: int


def histogram(values: Sequence[float], low: float, high: float, *, most: int = 20) -> tuple[Bin, ...]:
    """Return how many values lie in each stretch of a scale.

    Where every value is a whole number and the scale holds `most` of them at most, there is one bin for each whole
    number on it, from `low` up, whose `low` and `high` are that number. Elsewhere there are `most` bins of equal width:
    [low, low + width), and so on, the last closed at the top. Bins stand in order and cover the scale, those without
    values too, so that equal scales and kinds of values give bins that can be compared.

    Args:
        values: numbers in [low, high], scale units.
        low: the scale's lower end; finite.
        high: the scale's upper end; finite and above `low`.
        most: how many bins there may be; 1 or more.

    Returns:
        The bins in rising order; their counts sum to the number of values. With no values all counts are 0.

    Raises:
        ValueError: a value is off the scale or NaN, the ends are not finite and in order, or `most` is below 1.

    Examples:
        >>> [bin.count for bin in histogram([1, 5, 5, 4], 1, 5)]
        [1, 0, 0, 1, 2]
        >>> histogram([0.1, 0.5, 1], 0, 1, most=2)
        (Bin(low=0.0, high=0.5, count=1), Bin(low=0.5, high=1.0, count=2))
        >>> bars([bin.count for bin in histogram([7, 9, 9, 10], 1, 10)])
        '      ▄ █▄'
    """
    if not (-math.inf < low < high < math.inf and most >= 1):
        raise ValueError(f"a histogram needs finite low < high and most of 1 or more, got {low}, {high} and {most}.")
    counts = Counter(map(float, values))
    if off := [value for value in counts if not low <= value <= high]:
        more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
        raise ValueError(f"values must lie in [{low}, {high}], got {', '.join(map(str, off[:_NAMED]))}{more}.")
    whole = range(math.ceil(low), math.floor(high) + 1)
    if whole and whole[-1] - whole[0] < most and all(value.is_integer() for value in counts):
        return tuple(Bin(float(number), float(number), counts[float(number)]) for number in whole)
    return _equal_bins(counts, low, high, most)


def _equal_bins(counts: Counter[float], low: float, high: float, most: int) -> tuple[Bin, ...]:
    # Fractions give each edge as the float nearest to it: 0.3, not 0.30000000000000004, and no overflow between.
    width = (Fraction(high) - Fraction(low)) / most
    edges = [float(Fraction(low) + width * step) for step in range(most + 1)]
    heights = [0] * most
    for value, count in counts.items():
        heights[bisect_right(edges, value, hi=most) - 1] += count
    return tuple(map(Bin, edges, edges[1:], heights))


def bars(counts: Sequence[int]) -> str:
    """Return counts as a line of bars, one character each, the largest count as a full block.

    A count c of at most m is ceil(8 c / m) eighths of a block high, so that a blank means 0 and nothing else.

    Args:
        counts: whole numbers, 0 or more.

    Returns:
        As many characters of " ▁▂▃▄▅▆▇█" as there are counts; nothing for no counts, blanks where all are 0.

    Raises:
        ValueError: a count is below 0.

    Examples:
        >>> bars([0, 1, 250, 500, 1000])
        ' ▁▂▄█'
    """
    if any(count < 0 for count in counts):
        raise ValueError(f"counts must be 0 or more, got {min(counts)}.")
    largest = max(counts, default=0) or 1
    return "".join(_BLOCKS[-(-8 * count // largest)] for count in counts)
