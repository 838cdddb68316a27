"""Intervals: how far a share or a mean may be from the truth, given how few were counted."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

from lc_scoring.stats.aggregations import percentiles

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and where the truth may lie.

    Attributes:
        value: the estimate.
        low: the lower end.
        high: the upper end.
        count: how many it rests on.
    """

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        """Write it as `0.25 [0.10, 0.49]`."""
        value, low, high = (round(end, 2) + 0.0 for end in (self.value, self.low, self.high))  # no -0.00
        return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def share_interval(hits: int, count: int, *, level: float = 0.95) -> Interval | None:
    """Return a share and its interval.

    Wilson 1927, "Probable inference": the shares from which the one seen does not differ at the level; it stays
    within [0, 1] and is honest for shares near 0 and 1 too.

    Args:
        hits: how many of them.
        count: of how many.
        level: how often such intervals hold the truth, in (0, 1).

    Returns:
        Share and interval in [0, 1]; None where `count` is 0.

    Raises:
        ValueError: `hits` is not in [0, count], or the level not in (0, 1).

    Examples:
        >>> str(share_interval(2, 20))
        '0.10 [0.03, 0.30]'
    """
    z = normal_quantile(level)
    if not 0 <= hits <= count:
        raise ValueError(f"hits must lie in [0, {count}], got {hits}.")
    if count == 0:
        return None
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)), count)


def bootstrap_interval(
    groups: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    *,
    level: float = 0.95,
    rounds: int = 1_000,
    seed: int = 0,
) -> Interval | None:
    """Return a statistic and the interval in which it falls when the groups are drawn anew.

    Efron 1979, "Bootstrap methods": groups are drawn with replacement, as many as there are, and the quantiles of the
    statistic over the draws are the ends. What belongs together, such as all ratings of one row, must stand in one
    group.

    Args:
        groups: what is drawn.
        statistic: what is reckoned of a draw; None where a draw has none, which is then passed over.
        level: how often such intervals should hold the truth, in (0, 1).
        rounds: how many draws.
        seed: which draws; the same seed gives the same interval.

    Returns:
        None where there are fewer than two groups, or the statistic has no value for them.

    Raises:
        ValueError: the level is not in (0, 1), or `rounds` is below 1.

    Examples:
        >>> str(bootstrap_interval([1, 2, 3, 4, 5], lambda drawn: sum(drawn) / len(drawn)))
        '3.00 [1.80, 4.40]'
    """
    normal_quantile(level)  # for its check alone
    check_rounds(rounds)
    value = statistic(groups)
    if len(groups) < 2 or value is None:  # noqa: PLR2004 - one group is drawn alike each time
        return None
    draw = random.Random(seed)  # noqa: S311 - statistics, no secret
    drawn = (statistic(draw.choices(groups, k=len(groups))) for _ in range(rounds))
    values = sorted(one for one in drawn if one is not None)
    if not values:
        return None
    low, high = percentiles(values, (50 * (1 - level), 50 * (1 + level)))
    return Interval(value, low, high, len(groups))


def bca_percents(below: float, acceleration: float, z: float, rounds: int) -> tuple[float, float]:
    """Return at which percentiles of the draws the ends of a BCa interval lie.

    Efron 1987, "Better bootstrap confidence intervals" (Efron and Tibshirani 1993, "An introduction to the bootstrap",
    equations 14.10 and 14.14).

    Args:
        below: the share of draws below the estimate, ties halved, in [0, 1].
        acceleration: how fast the estimate's scatter changes with the truth (14.15).
        z: the level's normal quantile, see `normal_quantile`.
        rounds: how many draws there were.

    Returns:
        In [0, 100], in rising order.

    Examples:
        >>> [round(end, 1) for end in bca_percents(0.5, 0, 1.96, 1000)]
        [2.5, 97.5]
    """
    normal = NormalDist()
    # All draws on one side tell that the share is beyond what so few can show, not that it is 0 or 1.
    lean = normal.inv_cdf(min(max(below, 0.5 / rounds), 1 - 0.5 / rounds))

    def percent(z: float) -> float:
        w = lean + z
        bottom = 1 - acceleration * w
        return 100 * normal.cdf(lean + w / bottom if bottom > 0 else math.copysign(math.inf, w))

    return percent(-z), percent(z)


def normal_quantile(level: float) -> float:
    """Return how many standard deviations to either side of its mean a normal variable stays in with this probability.

    Args:
        level: a probability, in (0, 1).

    Returns:
        0 or more.

    Raises:
        ValueError: the level is not in (0, 1).

    Examples:
        >>> round(normal_quantile(0.95), 2)
        1.96
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}.")
    # From below: near 1 the upper probability, (1 + level) / 2, rounds to 1, whose quantile is infinite.
    return -NormalDist().inv_cdf((1 - level) / 2)


def check_rounds(rounds: int) -> None:
    """Refuse fewer than one round of draws.

    Raises:
        ValueError: `rounds` is below 1.

    Examples:
        >>> check_rounds(1)
    """
    if rounds < 1:
        raise ValueError(f"rounds must be 1 or more, got {rounds}.")
