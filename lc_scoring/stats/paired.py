"""Paired differences: how large, how sure, and how small a one would have been found."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import NormalDist

from lc_scoring.stats.intervals import Interval, normal_quantile


def paired_share_interval(wins: int, losses: int, pairs: int, *, level: float = 0.95) -> Interval | None:
    """Return the difference of two shares of the same items, and its interval.

    Bonett and Price 2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data": one more discordant pair of either kind, so that equal columns do not prove equal shares.

    Args:
        wins: items that are 1 in the second column alone.
        losses: items that are 1 in the first alone.
        pairs: how many items there are.
        level: how often such intervals hold the truth, in (0, 1).

    Returns:
        Second share less first, in [-1, 1]; None without pairs.

    Raises:
        ValueError: a count is below 0, there are more discordant pairs than pairs, or the level is not in (0, 1).

    Examples:
        >>> str(paired_share_interval(9, 1, 40))
        '0.20 [0.04, 0.34]'
    """
    z = normal_quantile(level)
    if min(wins, losses) < 0 or wins + losses > pairs:
        raise ValueError(f"wins and losses must be 0 or more and {pairs} at most in sum, got {wins} and {losses}.")
    if pairs == 0:
        return None
    won, lost = (wins + 1) / (pairs + 2), (losses + 1) / (pairs + 2)
    value = (wins - losses) / pairs
    half = z * math.sqrt((won + lost - (won - lost) ** 2) / (pairs + 2))
    return Interval(value, max(-1.0, min(won - lost - half, value)), min(1.0, max(won - lost + half, value)), pairs)


def standardized_difference(differences: Sequence[float]) -> float | None:
    """Return the mean difference in standard deviations of the differences: Cohen's d_z (Cohen 1988, section 2.3.5).

    Args:
        differences: finite numbers.

    Returns:
        None with fewer than two, or where they are all equal.

    Examples:
        >>> round(standardized_difference([1, 2, 3]), 2)
        2.0
    """
    if not scatter(differences):
        return None
    mean = math.fsum(differences) / len(differences)
    squares = math.fsum((one - mean) ** 2 for one in differences)
    return mean / math.sqrt(squares / (len(differences) - 1))


def scatter(differences: Sequence[float]) -> bool:
    """Whether differences differ from each other by more than rounding.

    Examples:
        >>> scatter([0.1 + 0.2, 0.3]), scatter([1, 2])
        (False, True)
    """
    if not differences:
        return False
    low, high = min(differences), max(differences)
    return high - low > 1e-12 * max(abs(low), abs(high))


def detectable_difference(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> float | None:
    """Return how large a mean difference must be to be found with this probability, given how differences scatter.

    The normal approximation, (z_level + z_power) times the standard error (Cohen 1988, section 2.4); with clusters the
    standard error is that of their sums.

    Args:
        differences: finite numbers.
        clusters: for each one the label of what it belongs to.
        power: how probable it is to be found, in (0, 1).
        level: one less the significance level of the two-sided test, in (0, 1).

    Returns:
        In units of the differences, above 0; None with fewer than two clusters, or where nothing scatters.

    Raises:
        ValueError: there is not one label for each difference; power or level is not in (0, 1).

    Examples:
        >>> round(detectable_difference([1, -1] * 50), 2)
        0.28
    """
    if not 0 < power < 1:
        raise ValueError(f"power must lie in (0, 1), got {power}.")
    z = normal_quantile(level) + NormalDist().inv_cdf(power)
    labels: Sequence[Hashable] = range(len(differences)) if clusters is None else clusters
    if len(labels) != len(differences):
        raise ValueError(f"there must be a label for each of {len(differences)} differences, got {len(labels)}.")
    if not scatter(differences):
        return None
    mean = math.fsum(differences) / len(differences)
    groups: defaultdict[Hashable, list[float]] = defaultdict(list)
    for difference, label in zip(differences, labels, strict=True):
        groups[label].append(difference - mean)
    squares = math.fsum(math.fsum(group) ** 2 for group in groups.values())
    if len(groups) < 2 or squares <= 1e-24 * max(map(abs, differences)) ** 2:  # noqa: PLR2004 - clusters; rounding
        return None
    return abs(z) * math.sqrt(squares * len(groups) / (len(groups) - 1)) / len(differences)
