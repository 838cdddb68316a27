"""Tests of significance: how probable what was seen would be if there were no difference."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Sequence

from lc_scoring.stats.arrays import ArrayLike, Floats, NDArray, floats, grouped_sums, np
from lc_scoring.stats.intervals import check_rounds

EXACT_BELOW = 25
"""Discordant pairs below which McNemar's test counts the cases instead of approximating."""

_ENUMERATED = 16  # differences whose signs are all tried, in 65,536 ways
_AT_ONCE = 4_000_000  # numbers in memory
_MOST_FLIPPED = 50_000_000  # signs; with more the sum of so many is normal
_STEPS = 400  # of a continued fraction, which settles within a few dozen
_ROUNDING = 1e-12  # of what is added up: a sum this small is 0
_LEAST = sys.float_info.min  # of a probability: none is 0
_MANY = 2_000  # degrees of freedom from which a series loses fewer digits than the beta function
_HALVINGS = 60  # of a stretch, to its last digit
_FAR = 40  # standard deviations beyond which no probability is left


def sign_flip_test(
    differences: ArrayLike, clusters: Sequence[Hashable] | None = None, *, rounds: int = 10_000, seed: int = 0
) -> float | None:
    """Return how probable a mean at least so far from 0 is, were every difference as likely to have the other sign.

    Fisher 1935, "The design of experiments", section 21: the paired permutation test. All signs are tried for up to 16
    differences other than 0, else `rounds` random ones, counted with Davison and Hinkley's (1997) 1 in both parts of
    the fraction; above 50 million signs in all the sum is as good as normal and taken for it.

    Args:
        differences: finite numbers, shape (n,).
        clusters: for each one the label of what it belongs to; the signs of a cluster are flipped together.
        rounds: how many random flips.
        seed: which ones.

    Returns:
        Two-sided, in (0, 1]; 1 where all differences are 0; None without any.

    Raises:
        ValueError: a difference is not finite, there is not one label for each, or `rounds` is below 1.

    Examples:
        >>> sign_flip_test([1, 1, 1, 1, 1, 1])
        0.03125
    """
    check_rounds(rounds)
    sums = _by_cluster(floats(differences, "differences"), clusters)
    if not sums.size:
        return None
    sums = sums[sums != 0]
    if not sums.size:
        return 1.0
    sums = sums / np.abs(sums).max()
    seen, sizes = abs(float(sums.sum())), np.abs(sums)
    least = seen - 1e-9 * float(sizes.sum())  # sums that differ by rounding are equal
    if len(sizes) <= _ENUMERATED:
        signs = (np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1) * 2 - 1
        return float(np.mean(np.abs(signs @ sizes) >= least))
    values, counts = np.unique(sizes, return_counts=True)
    if len(values) * rounds > _MOST_FLIPPED:
        return max(_LEAST, math.erfc(seen / math.sqrt(2 * float((sizes**2).sum()))))
    drawn = np.concatenate(_flipped(values, counts.astype(np.int64), rounds, seed))
    hits = int((np.abs(drawn) >= least).sum())
    return (hits + 1) / (rounds + 1)


def mcnemar_test(wins: int, losses: int) -> float:
    """Return how probable so uneven a split of discordant pairs is, were either way equally likely.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions": the binomial test for
    fewer than 25 discordant pairs, else chi-squared with Edwards' (1948) continuity correction.

    Args:
        wins: pairs that only the one got right.
        losses: pairs that only the other did.

    Returns:
        Two-sided, in (0, 1]; 1 where there are none.

    Raises:
        ValueError: a count is below 0.

    Examples:
        >>> mcnemar_test(9, 1)
        0.021484375
    """
    if wins < 0 or losses < 0:
        raise ValueError(f"counts must be 0 or more, got {wins} and {losses}.")
    n, fewer = wins + losses, min(wins, losses)
    if n < EXACT_BELOW:
        ways = sum(math.comb(n, k) for k in range(fewer + 1))
        return min(1.0, 2 * ways / float(2**n))
    return max(_LEAST, math.erfc(math.sqrt(max(0, abs(wins - losses) - 1) ** 2 / n / 2)))


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return p-values that may be read each by itself though several were looked at.

    Holm 1979, "A simple sequentially rejective multiple test procedure".

    Args:
        probabilities: p-values, in [0, 1].

    Returns:
        Adjusted ones, in [0, 1], in the same order.

    Examples:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    adjusted, largest = [0.0] * len(order), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * probabilities[place]))
        adjusted[place] = largest
    return adjusted


def benjamini_yekutieli(probabilities: Sequence[float]) -> list[float]:
    """Return p-values that keep the share of false discoveries, however the tests hang together.

    Benjamini and Yekutieli 2001, "The control of the false discovery rate in multiple testing under dependency".

    Args:
        probabilities: p-values, in [0, 1].

    Returns:
        Adjusted ones, in [0, 1], in the same order.

    Examples:
        >>> [round(p, 4) for p in benjamini_yekutieli([0.01, 0.04, 0.03])]
        [0.055, 0.0733, 0.0733]
    """
    count = len(probabilities)
    harmonic = math.fsum(1 / rank for rank in range(1, count + 1))
    order = sorted(range(count), key=probabilities.__getitem__, reverse=True)
    adjusted, least = [0.0] * count, 1.0
    for rank, place in zip(range(count, 0, -1), order, strict=True):
        least = min(least, probabilities[place] * harmonic * count / rank)
        adjusted[place] = least
    return adjusted


def student_below(t: float, freedom: float) -> float:
    """Return the probability that Student's t lies below a number (Student 1908).

    From the incomplete beta function; from 2,000 degrees of freedom on by Fisher's 1925 "Expansion of Student's
    integral in powers of 1/n".

    Args:
        t: any number, infinite ones too.
        freedom: degrees of freedom, above 0; infinitely many give the normal distribution.

    Returns:
        In [0, 1].

    Raises:
        ValueError: there are no degrees of freedom.

    Examples:
        >>> round(student_below(2.0, 10), 4)
        0.9633
    """
    if not freedom > 0:
        raise ValueError(f"degrees of freedom must be above 0, got {freedom}.")
    if math.isinf(t):
        return float(t > 0)
    if freedom >= _MANY:
        return _nearly_normal(t, 1 / freedom)
    tail = _beta_share(freedom / (freedom + t * t), t * t / (freedom + t * t), freedom / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


def student_quantile(level: float, freedom: float) -> float:
    """Return how far to either side of 0 Student's t stays with this probability.

    Args:
        level: a probability, in (0, 1).
        freedom: degrees of freedom, above 0.

    Returns:
        Above 0.

    Raises:
        ValueError: the level is not in (0, 1), or there are no degrees of freedom.

    Examples:
        >>> round(student_quantile(0.95, 10), 3)
        2.228
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}.")
    low, high = 0.0, 1.0
    while student_below(-high, freedom) > (1 - level) / 2:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if student_below(-middle, freedom) > (1 - level) / 2 else (low, middle)
    return (low + high) / 2


def _nearly_normal(t: float, u: float) -> float:
    """Return Fisher's expansion to the third power of u, one over the degrees of freedom."""
    below = math.erfc(-t / math.sqrt(2)) / 2
    if abs(t) > _FAR:
        return below
    s = t * t
    terms = (
        (s + 1) / 4,
        (3 * s**3 - 7 * s**2 - 5 * s - 3) / 96,
        (s**5 - 11 * s**4 + 14 * s**3 + 6 * s**2 - 3 * s - 15) / 384,
    )
    density = math.exp(-s / 2) / math.sqrt(2 * math.pi)
    return below - density * t * math.fsum(term * u**power for power, term in enumerate(terms, 1))


def _by_cluster(differences: Floats, clusters: Sequence[Hashable] | None) -> Floats:
    if clusters is None:
        return differences
    if len(clusters) != len(differences):
        raise ValueError(f"there must be a label for each of {len(differences)} differences, got {len(clusters)}.")
    known: dict[Hashable, int] = {}
    codes = [known.setdefault(cluster, len(known)) for cluster in clusters]
    places = np.array(codes, dtype=np.intp)
    sums, sizes = (grouped_sums(each, places, len(known)) for each in (differences, np.abs(differences)))
    return np.where(np.abs(sums) > _ROUNDING * sizes, sums, 0.0)


def _flipped(values: Floats, counts: NDArray[np.int64], rounds: int, seed: int) -> list[Floats]:
    """Return sums with random signs: of equal sizes only how many are positive matters."""
    draw = np.random.default_rng(seed)
    chunk = max(1, _AT_ONCE // len(values))
    return [
        (2.0 * draw.binomial(counts, 0.5, size=(min(chunk, rounds - first), len(values))) - counts) @ values
        for first in range(0, rounds, chunk)
    ]


def _beta_share(x: float, rest: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function of x, with rest = 1 - x.

    Lentz's evaluation of its continued fraction (Press et al. 1992, "Numerical recipes", section 6.4).
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(rest, x, b, a)
    if x == 0:
        return 0.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + (b * math.log(rest) if rest else 0.0)
    )
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / (1 + term * d), 1 + term / c
            fraction *= c * d
        if abs(c * d - 1) < 1e-16:  # noqa: PLR2004 - nothing changes any more
            break
    return front * fraction / a
