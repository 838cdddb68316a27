"""Agreement of two raters: how alike, how far apart, and how much of it chance would bring.

Every function takes the ratings of the same items by two raters, `a` and `b`, and how often each pair of ratings is
counted. `counts` may have leading axes: one row of counts for each draw of a bootstrap, all reckoned at once. What is
undefined, such as a correlation where one rater gave all items the same rating, is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lc_scoring.stats.arrays import ArrayLike, Floats, Indices, codes_of, counts_of, floats, grouped_sums, np, over

PairStatistic: TypeAlias = Callable[[ArrayLike, ArrayLike, ArrayLike | None], Floats]

_NOTHING = 1e-13
"""A variance this small beside the largest squared deviation is rounding."""


def pearson(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return Pearson's correlation (Pearson 1895).

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n), 0 or more; each once by default.

    Returns:
        In [-1, 1], shape (...); NaN with fewer than two pairs, or where a rater's ratings are all equal.

    Raises:
        ValueError: lengths differ, a rating is not finite, or a count below 0; for the other functions too.

    Examples:
        >>> round(float(pearson([1, 2, 3, 4], [1, 3, 2, 4])), 2)
        0.8
    """
    a, b, counts = _checked(a, b, counts)
    return _correlation(_spread_out(a), _spread_out(b), counts)


def spearman(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return Spearman's rank correlation, ties at the mean of their ranks (Spearman 1904).

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        In [-1, 1], shape (...); NaN with fewer than two pairs, or where a rater's ratings are all equal.

    Examples:
        >>> round(float(spearman([1, 2, 3, 40], [1, 3, 2, 4])), 2)
        0.8
    """
    a, b, counts = _checked(a, b, counts)
    return _correlation(_ranks(a, counts), _ranks(b, counts), counts)


def kendall(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return Kendall's tau-b: pairs of items ordered alike less those ordered otherwise, allowing for ties.

    Kendall 1945, "The treatment of ties in ranking problems": (C - D) / sqrt((n0 - n1) (n0 - n2)).

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        In [-1, 1], shape (...); NaN with fewer than two pairs, or where a rater's ratings are all equal.

    Examples:
        >>> round(float(kendall([1, 2, 3, 4], [1, 3, 2, 4])), 2)
        0.67
    """
    a, b, counts = _checked(a, b, counts)
    of_a, codes_a = codes_of(a)
    of_b, codes_b = codes_of(b)
    _, codes_both = np.unique(codes_a * len(of_b) + codes_b, return_inverse=True)
    total = _choose_two(counts.sum(-1))
    ties_a = _choose_two(grouped_sums(counts, codes_a, len(of_a))).sum(-1)
    ties_b = _choose_two(grouped_sums(counts, codes_b, len(of_b))).sum(-1)
    both = grouped_sums(counts, codes_both.reshape(-1), int(codes_both.max(initial=-1)) + 1)
    ordered = total - ties_a - ties_b + _choose_two(both).sum(-1)
    discordant = _inversions(codes_a, codes_b, counts)
    root = np.sqrt(np.maximum(total - ties_a, 0)) * np.sqrt(np.maximum(total - ties_b, 0))
    return np.clip(over(ordered - 2 * discordant, root), -1, 1)


def cohen_kappa(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return Cohen's kappa: the share of equal ratings beyond what chance would bring.

    Cohen 1960, "A coefficient of agreement for nominal scales": (po - pe) / (1 - pe).

    Args:
        a: one rater's ratings, or numbers that stand for labels, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        At most 1, 0 at chance, shape (...); NaN where both raters gave one and the same rating to all.

    Examples:
        >>> round(float(cohen_kappa([1, 1, 0, 0], [1, 0, 0, 0])), 2)
        0.5
    """
    a, b, counts = _checked(a, b, counts)
    shares_a, shares_b, _ = _shares(a, b, counts)
    expected = (shares_a * shares_b).sum(-1)
    observed = over((counts * (a == b)).sum(-1), counts.sum(-1))
    return 1 - over(1 - observed, np.where(expected < 1 - _NOTHING, 1 - expected, 0))


def linear_kappa(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return kappa with the distance of the ratings as disagreement (Cohen 1968, "Weighted kappa").

    Distances are those of the ratings themselves, not of their places among the ratings that occur; over ratings one
    apart that is the same.

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        At most 1, 0 at chance, shape (...); NaN where both raters gave one and the same rating to all.

    Examples:
        >>> round(float(linear_kappa([1, 2, 3, 4], [1, 2, 4, 3])), 2)
        0.6
    """
    a, b, counts = _checked(a, b, counts)
    shares_a, shares_b, ratings = _shares(a, b, counts)
    below_a, below_b = shares_a.cumsum(-1)[..., :-1], shares_b.cumsum(-1)[..., :-1]
    # Two ratings lie on either side of a gap with this probability, if nothing but chance pairs them.
    apart = below_a * (1 - below_b) + below_b * (1 - below_a)
    expected = (apart * np.diff(ratings)).sum(-1)
    observed = over((counts * np.abs(a - b)).sum(-1), counts.sum(-1))
    return 1 - over(observed, _unless_rounding(expected, np.ptp(ratings) if ratings.size else 0.0))


def quadratic_kappa(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return kappa with the squared distance of the ratings as disagreement (Cohen 1968, "Weighted kappa").

    Distances are those of the ratings themselves, as in `linear_kappa`.

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        At most 1, 0 at chance, shape (...); NaN where both raters gave one and the same rating to all.

    Examples:
        >>> round(float(quadratic_kappa([1, 2, 3, 4], [1, 2, 4, 3])), 2)
        0.8
    """
    a, b, counts = _checked(a, b, counts)
    middle, span = _frame(a, b)
    a, b = (a - middle) / span, (b - middle) / span
    n = counts.sum(-1)
    mean_a, mean_b = over(counts @ a, n), over(counts @ b, n)
    expected = over(counts @ a**2, n) + over(counts @ b**2, n) - 2 * mean_a * mean_b
    return 1 - over(over(counts @ (a - b) ** 2, n), _unless_rounding(expected, 1.0))


def icc(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the intraclass correlation of single ratings by these two raters, absolute agreement.

    Shrout and Fleiss 1979, "Intraclass correlations", ICC(2,1), for two raters.

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        counts: how often each pair is counted, shape (..., n).

    Returns:
        At most 1, shape (...); NaN with fewer than two pairs, where all ratings are equal, or items do not
            differ and raters cancel out.

    Examples:
        >>> round(float(icc([9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2])), 2)
        0.13
    """
    a, b, counts = _checked(a, b, counts)
    middle, span = _frame(a, b)
    a, b = (a - middle) / span, (b - middle) / span
    n = counts.sum(-1)
    between = 2 * _squares((a + b) / 2, counts)
    apart = _squares(a - b, counts) / 2
    raters = n * over(counts @ (a - b), n) ** 2 / 2
    rows, error = over(between, n - 1), over(apart, n - 1)
    total = rows + error + 2 * over(raters - error, n)
    return over(rows - error, _unless_rounding(total, 1.0))


def mean_absolute_error(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the mean distance of the ratings.

    Returns:
        Scale units, 0 or more, shape (...); NaN without pairs.

    Examples:
        >>> float(mean_absolute_error([1, 2, 3, 4], [1, 2, 4, 3]))
        0.5
    """
    a, b, counts = _checked(a, b, counts)
    return over(counts @ np.abs(a - b), counts.sum(-1))


def bias(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return by how much `b` rates higher than `a` on average.

    Returns:
        Scale units, shape (...); NaN without pairs.

    Examples:
        >>> float(bias([1, 2, 3], [2, 3, 4]))
        1.0
    """
    a, b, counts = _checked(a, b, counts)
    return over(counts @ (b - a), counts.sum(-1))


def exact_agreement(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the share of equal ratings.

    Returns:
        In [0, 1], shape (...); NaN without pairs.

    Examples:
        >>> float(exact_agreement([1, 2, 3, 4], [1, 2, 4, 3]))
        0.5
    """
    a, b, counts = _checked(a, b, counts)
    return over(counts @ (a == b).astype(np.float64), counts.sum(-1))


def within_one(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the share of ratings at most 1 apart.

    Returns:
        In [0, 1], shape (...); NaN without pairs.

    Examples:
        >>> float(within_one([1, 2, 3, 4], [1, 2, 4, 1]))
        0.75
    """
    a, b, counts = _checked(a, b, counts)
    return over(counts @ (np.abs(a - b) <= 1 + 1e-9).astype(np.float64), counts.sum(-1))


def confusion_matrix(a: ArrayLike, b: ArrayLike, categories: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return how often each rating of `a` met each rating of `b`.

    Args:
        a: one rater's ratings, shape (n,).
        b: the other's, shape (n,).
        categories: the ratings there can be, in rising order; by default those that occur.

    Returns:
        The k categories, and the counts, shape (k, k): rows are those of `a`, columns those of `b`.

    Raises:
        ValueError: a rating is not among the categories, or these do not rise.

    Examples:
        >>> confusion_matrix([1, 2, 2], [1, 1, 2])[1].tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    a, b, _ = _checked(a, b, None)
    known = np.unique(np.concatenate([a, b])) if categories is None else floats(categories, "categories")
    if (np.diff(known) <= 0).any():
        raise ValueError(f"categories must rise, got {known.tolist()}.")
    if (missing := np.setdiff1d(np.concatenate([a, b]), known)).size:
        raise ValueError(f"{missing[0]} is none of the categories {known.tolist()}.")
    places = np.searchsorted(known, a) * len(known) + np.searchsorted(known, b)
    counts = np.bincount(places, minlength=len(known) ** 2).astype(np.float64)
    return known, counts.reshape(len(known), len(known))


AGREEMENT: Mapping[str, PairStatistic] = {
    "quadratic kappa": quadratic_kappa,
    "linear kappa": linear_kappa,
    "Cohen's kappa": cohen_kappa,
    "Pearson": pearson,
    "Spearman": spearman,
    "Kendall tau-b": kendall,
    "ICC(2,1)": icc,
    "MAE": mean_absolute_error,
    "bias": bias,
    "exact agreement": exact_agreement,
    "within one": within_one,
}
"""The statistics of two raters by name."""


def _checked(a: ArrayLike, b: ArrayLike, counts: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    first, second = floats(a, "ratings"), floats(b, "ratings")
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"two raters rate the same items, got ratings of shape {first.shape} and {second.shape}.")
    return first, second, counts_of(counts, len(first))


def _unless_rounding(number: Floats, scale: float) -> Floats:
    return np.where(number > _NOTHING * scale, number, 0.0)


def _choose_two(counts: Floats) -> Floats:
    return counts * (counts - 1) / 2


def _frame(a: Floats, b: Floats) -> tuple[float, float]:
    """Return the middle and the span of all ratings, in which squares lose no digits."""
    both = np.concatenate([a, b])
    span = float(np.ptp(both)) if both.size else 0.0
    return (float(both.min()) + span / 2 if both.size else 0.0), span or 1.0


def _spread_out(values: Floats) -> Floats:
    """Return values between -1 and 1, about 0."""
    middle, span = _frame(values, values)
    return 2 * (values - middle) / span


def _squares(values: Floats, counts: Floats) -> Floats:
    """Return the sum of squared deviations from the mean."""
    n = counts.sum(-1)
    means = over(counts @ values, n)
    deviations = values - means[..., None]
    squares: Floats = (counts * deviations**2).sum(-1)
    return squares


def _correlation(a: Floats, b: Floats, counts: Floats) -> Floats:
    """Return the correlation of numbers within [-1, 1], shape (n,) or (..., n)."""
    n = counts.sum(-1)
    a = a - over((counts * a).sum(-1), n)[..., None]
    b = b - over((counts * b).sum(-1), n)[..., None]
    squares_a, squares_b = (counts * a * a).sum(-1), (counts * b * b).sum(-1)
    least = _NOTHING * n
    root = np.where((squares_a > least) & (squares_b > least), np.sqrt(squares_a) * np.sqrt(squares_b), 0.0)
    return np.clip(over((counts * a * b).sum(-1), root), -1, 1)


def _ranks(values: Floats, counts: Floats) -> Floats:
    """Return ranks with ties at their mean, between -1 and 1, shape (..., n)."""
    distinct, codes = codes_of(values)
    each = grouped_sums(counts, codes, len(distinct))
    n = counts.sum(-1)[..., None]
    ranks: Floats = (2 * each.cumsum(-1) - each - n) / np.maximum(n, 1)
    return ranks[..., codes]


def _shares(a: Floats, b: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how often each rater gave each rating, as shares, and the ratings."""
    ratings, codes = codes_of(np.concatenate([a, b]))
    n = counts.sum(-1)[..., None]
    first = over(grouped_sums(counts, codes[: len(a)], len(ratings)), n)
    second = over(grouped_sums(counts, codes[len(a) :], len(ratings)), n)
    return first, second, ratings


def _inversions(codes_a: Indices, codes_b: Indices, counts: Floats) -> Floats:
    """Return how many pairs of items are ordered by `b` the other way than by `a`.

    Items stand in the order of `a`, equal ones in that of `b`. For each bit of b's codes, from the highest, items that
    share the higher bits are met in that order: a 0 behind a 1 is an inversion that this bit decides.
    """
    order = np.lexsort((codes_b, codes_a))
    codes, weights = codes_b[order], counts[..., order]
    found = np.zeros(counts.shape[:-1])
    for bit in reversed(range(int(codes.max(initial=0)).bit_length())):
        together = np.argsort(codes >> (bit + 1), kind="stable")
        prefix, ones = codes[together] >> (bit + 1), (codes[together] >> bit) & 1
        weight = weights[..., together]
        before = np.cumsum(weight * ones, axis=-1)
        starts = np.flatnonzero(np.r_[True, prefix[1:] != prefix[:-1]])
        earlier = np.concatenate([np.zeros((*before.shape[:-1], 1)), before], axis=-1)[..., starts]
        group = np.cumsum(np.r_[False, prefix[1:] != prefix[:-1]])
        found += (weight * (1 - ones) * (before - earlier[..., group])).sum(-1)
    return found
