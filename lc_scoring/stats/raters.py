"""Agreement of any number of raters, who need not have rated everything.

`counts` may have leading axes, as in `agreement`: one row for each draw of a bootstrap. What is undefined is NaN.
"""

from __future__ import annotations

from enum import StrEnum

from lc_scoring.stats.arrays import ArrayLike, Floats, Indices, counts_of, grouped_sums, np


class Level(StrEnum):
    """What the distance of two ratings means: nothing but unequal, their order, or their difference."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


def fleiss_kappa(ratings: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return Fleiss' kappa: the share of equal ratings within items beyond what chance would bring.

    Fleiss 1971, "Measuring nominal scale agreement among many raters"; the raters of one item need not be those of
    another, but each item has as many.

    Args:
        ratings: numbers that stand for ratings or labels, shape (items, raters); NaN where there is none.
        counts: how often each item is counted, shape (..., items), 0 or more; each once by default.

    Returns:
        At most 1, 0 at chance, shape (...). NaN without two ratings an item, or where all ratings are equal.

    Raises:
        ValueError: items have different numbers of ratings, for which Krippendorff's alpha is made; a rating is
            infinite, or a count below 0.

    Examples:
        >>> round(float(fleiss_kappa([[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 1]])), 2)
        0.33
    """
    items, codes, sizes, weights = _entries(ratings, counts)
    if len(set(sizes.tolist())) > 1:
        raise ValueError("Fleiss' kappa needs equally many ratings for each item: use Krippendorff's alpha.")
    if not len(sizes) or sizes[0] < 2:  # noqa: PLR2004 - two ratings can agree
        return np.full(weights.shape[:-1], np.nan)
    totals = grouped_sums(weights[..., items], codes, int(codes.max()) + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = ((totals / totals.sum(-1, keepdims=True)) ** 2).sum(-1)
        equal = 1 - _unequal(items, codes, sizes) / (sizes * (sizes - 1))
        observed = (weights * equal).sum(-1) / weights.sum(-1)
        return np.where((totals > 0).sum(-1) > 1, (observed - expected) / (1 - expected), np.nan)


def krippendorff_alpha(
    ratings: ArrayLike, level: Level | str = Level.INTERVAL, counts: ArrayLike | None = None
) -> Floats:
    """Return Krippendorff's alpha: 1 less the observed disagreement over what chance would bring.

    Krippendorff 2011, "Computing Krippendorff's alpha-reliability": of all pairs of ratings within items, each item
    weighing by its ratings, beside all pairs whatever. Items with one rating alone take no part.

    Args:
        ratings: numbers, shape (items, raters); NaN where a rater did not rate. For nominal labels any numbers that
            stand for them.
        level: what distances mean.
        counts: how often each item is counted, shape (..., items), 0 or more; each once by default.

    Returns:
        At most 1, 0 at chance, shape (...). NaN where no item has two ratings, or all ratings that count are equal.

    Raises:
        ValueError: the level is none of the three, a rating is infinite, or a count below 0.

    Examples:
        >>> nan = float("nan")
        >>> round(float(krippendorff_alpha([[1, 1, nan], [2, 2, 3], [3, 3, 3], [nan, 1, 2]], "nominal")), 2)
        0.45
    """
    level = Level(level)
    items, codes, sizes, weights = _entries(ratings, counts)
    pairable = sizes[items] > 1
    items, codes = items[pairable], codes[pairable]
    weights = np.where(sizes > 1, weights, 0)
    values = np.unique(_matrix(ratings)[~np.isnan(_matrix(ratings))])
    totals = grouped_sums(weights[..., items], codes, len(values))
    n = totals.sum(-1)
    others = np.maximum(sizes - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if level is Level.NOMINAL:
            within = (weights * _unequal(items, codes, sizes) / others).sum(-1)
            expected = (n**2 - (totals**2).sum(-1)) / (n - 1)
        else:
            places = _places(values, totals, level)
            each = places[..., codes]
            sums = grouped_sums(each, items, len(sizes))
            apart = grouped_sums((each - (sums / np.maximum(sizes, 1))[..., items]) ** 2, items, len(sizes))
            within = 2 * (weights * sizes * apart / others).sum(-1)
            middle = ((totals * places).sum(-1) / n)[..., None]
            expected = 2 * n * (totals * (places - middle) ** 2).sum(-1) / (n - 1)
        return np.where((totals > 0).sum(-1) > 1, 1 - within / expected, np.nan)


def _matrix(ratings: ArrayLike) -> Floats:
    matrix = np.asarray(ratings, dtype=np.float64)
    if matrix.ndim != 2 or np.isinf(matrix).any():  # noqa: PLR2004 - items and raters
        raise ValueError(f"ratings are finite numbers or NaN by item and rater, got shape {matrix.shape}.")
    return matrix


def _entries(ratings: ArrayLike, counts: ArrayLike | None) -> tuple[Indices, Indices, Floats, Floats]:
    """Return each rating's item and the place of its value among all, how many each item has, and its count."""
    matrix = _matrix(ratings)
    items, raters = np.nonzero(~np.isnan(matrix))
    _, codes = np.unique(matrix[items, raters], return_inverse=True)
    sizes = np.bincount(items, minlength=len(matrix)).astype(np.float64)
    return items, codes.astype(np.intp).reshape(-1), sizes, counts_of(counts, len(matrix))


def _unequal(items: Indices, codes: Indices, sizes: Floats) -> Floats:
    """Return for each item how many ordered pairs of its ratings are unequal."""
    width = int(codes.max(initial=0)) + 1
    cells, counts = np.unique(items * width + codes, return_counts=True)
    return sizes**2 - np.bincount(cells // width, weights=counts.astype(np.float64) ** 2, minlength=len(sizes))


def _places(values: Floats, totals: Floats, level: Level) -> Floats:
    """Return where the values lie: as they are, or, by order alone, at the mean of their ranks in each draw."""
    if level is Level.ORDINAL:
        return np.asarray((totals.cumsum(-1) - totals / 2) / np.maximum(totals.sum(-1, keepdims=True), 1))
    low, span = (float(values.min()), float(np.ptp(values))) if values.size else (0.0, 0.0)
    return (values - low) / (span or 1.0)
