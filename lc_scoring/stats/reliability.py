"""Reliability: how well repeats of a rating agree, and what averaging more of them would bring."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUNDING = 1e-24  # of ratings between 0 and 1, a mean square that is none


def icc1(rows: Sequence[Sequence[float]]) -> float | None:
    """Return the intraclass correlation of single ratings, from repeats of the same rows.

    Shrout and Fleiss 1979, "Intraclass correlations", ICC(1,1): (MSB - MSW) / (MSB + (k - 1) MSW), the mean squares
    between and within rows of a one-way analysis of variance. Rows may have different numbers of repeats; k is then
    Snedecor's (n - sum of squared sizes / n) / (rows - 1).

    Args:
        rows: for each row its repeated ratings; rows with fewer than two are left out.

    Returns:
        At most 1; 0 or below where repeats of a row agree no better than ratings of different rows. None with fewer
        than two rows, or where all ratings are equal, so that there is nothing to tell apart.

    Examples:
        >>> round(icc1([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]), 2)
        0.17
    """
    repeated = [list(map(float, row)) for row in rows if len(row) > 1]
    count = sum(map(len, repeated))
    if len(repeated) < 2 or len({rating for row in repeated for rating in row}) == 1:  # noqa: PLR2004 - rows to compare
        return None
    means = [math.fsum(row) / len(row) for row in repeated]
    grand = math.fsum(map(math.fsum, repeated)) / count
    between = math.fsum(len(row) * (mean - grand) ** 2 for row, mean in zip(repeated, means, strict=True))
    within = math.fsum((rating - mean) ** 2 for row, mean in zip(repeated, means, strict=True) for rating in row)
    between /= len(repeated) - 1
    within /= count - len(repeated)
    size = (count - math.fsum(len(row) ** 2 for row in repeated) / count) / (len(repeated) - 1)
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else None


def spearman_brown(reliability: float, samples: int) -> float:
    """Return the reliability of the mean of several ratings, from that of one.

    Spearman 1910 and Brown 1910: n r / (1 + (n - 1) r).

    Args:
        reliability: of a single rating, for example its ICC; in (-1 / (n - 1), 1].
        samples: how many are averaged, n; at least 1.

    Raises:
        ValueError: `samples` is below 1, or the formula has no value there.

    Examples:
        >>> round(spearman_brown(0.5, 3), 2)
        0.75
    """
    if samples < 1:
        raise ValueError(f"samples must be 1 or more, got {samples}.")
    bottom = 1 + (samples - 1) * reliability
    if bottom <= 0 or reliability > 1:
        raise ValueError(f"No mean of {samples} has a reliability from {reliability} of one.")
    return samples * reliability / bottom


def correlation_gain(reliability: float, samples: int) -> float:
    """Return by what factor the correlation with anything else grows when several ratings are averaged.

    The square root of the ratio of reliabilities (the correction for attenuation, Spearman 1904). On 28 recorded
    cases of a judge and a criterion it foretold the measured correlations within .013.

    Args:
        reliability: of a single rating, in [0, 1].
        samples: how many are averaged; at least 1.

    Returns:
        At least 1; where nothing is reliable the gain of averaging noise, the square root of `samples`.

    Raises:
        ValueError: `samples` is below 1, or `reliability` outside [0, 1].

    Examples:
        >>> round(correlation_gain(0.35, 5), 2), correlation_gain(1, 20)
        (1.44, 1.0)
    """
    if not 0 <= reliability <= 1:
        raise ValueError(f"reliability must lie in [0, 1], got {reliability}.")
    if samples < 1:
        raise ValueError(f"samples must be 1 or more, got {samples}.")
    return math.sqrt(samples / (1 + (samples - 1) * reliability))


def icc2(rows: Sequence[Sequence[float]]) -> float | None:
    """Return the intraclass correlation of single ratings by raters drawn from many: absolute agreement.

    Shrout and Fleiss 1979, "Intraclass correlations", ICC(2,1): (BMS - EMS) / (BMS + (k - 1) EMS + k (JMS - EMS) / n).

    Args:
        rows: for each item the ratings of the same k raters, in the same order.

    Returns:
        At most 1. None with fewer than two items or raters, or where all ratings are equal.

    Raises:
        ValueError: items have different numbers of ratings.

    Examples:
        >>> round(icc2([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]), 2)
        0.29
    """
    squares = _two_way(rows)
    if squares is None:
        return None
    items, raters, error, (n, k) = squares
    total = items + (k - 1) * error + k * (raters - error) / n
    return (items - error) / total if total > 0 else None


def icc3(rows: Sequence[Sequence[float]]) -> float | None:
    """Return the intraclass correlation of single ratings by these very raters: consistency, whatever their levels.

    Shrout and Fleiss 1979, "Intraclass correlations", ICC(3,1): (BMS - EMS) / (BMS + (k - 1) EMS).

    Args:
        rows: for each item the ratings of the same k raters, in the same order.

    Returns:
        At most 1. None with fewer than two items or raters, or where nothing varies but the raters' levels.

    Raises:
        ValueError: items have different numbers of ratings.

    Examples:
        >>> round(icc3([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]), 2)
        0.71
    """
    squares = _two_way(rows)
    if squares is None:
        return None
    items, _, error, (_, k) = squares
    total = items + (k - 1) * error
    return (items - error) / total if total > 0 else None


def _two_way(rows: Sequence[Sequence[float]]) -> tuple[float, float, float, tuple[int, int]] | None:
    """Return the mean squares of items, raters and error, and how many items and raters there are."""
    if len({len(row) for row in rows}) > 1:
        raise ValueError("each item needs a rating of each rater.")
    n, k = len(rows), len(rows[0]) if rows else 0
    low = min((min(row) for row in rows if row), default=0.0)
    span = max((max(row) for row in rows if row), default=0.0) - low
    if n < 2 or k < 2 or span == 0:  # noqa: PLR2004 - to be told apart
        return None
    # Between 0 and 1, where squares lose no digits and rounding can be told from scatter.
    scaled = [[(rating - low) / span for rating in row] for row in rows]
    items = [math.fsum(row) / k for row in scaled]
    raters = [math.fsum(column) / n for column in zip(*scaled, strict=True)]
    grand = math.fsum(items) / n
    between = k * math.fsum((mean - grand) ** 2 for mean in items) / (n - 1)
    levels = n * math.fsum((mean - grand) ** 2 for mean in raters) / (k - 1)
    residues = (
        rating - item - rater + grand
        for row, item in zip(scaled, items, strict=True)
        for rating, rater in zip(row, raters, strict=True)
    )
    error = math.fsum(residue * residue for residue in residues) / ((n - 1) * (k - 1))
    between, levels, error = (square if square > _ROUNDING else 0.0 for square in (between, levels, error))
    return between, levels, error, (n, k)
