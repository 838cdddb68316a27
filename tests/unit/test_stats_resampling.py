"""Intervals of statistics drawn many at once: beside scipy's, and what they promise."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import scipy.stats

from lc_scoring.stats import resampling
from lc_scoring.stats.agreement import AGREEMENT, mean_absolute_error, pearson, quadratic_kappa
from lc_scoring.stats.intervals import Interval, bca_percents, normal_quantile
from lc_scoring.stats.mean_interval import mean_interval
from lc_scoring.stats.resampling import Drawn, drawn_interval, drawn_intervals

RATINGS = np.array([10.0] * 20 + [9] * 13 + [8] * 8 + [7] * 4 + [5] * 2 + [3] + [1] * 2)


def narrower(level: float, groups: int) -> float:
    """The level at which our interval, widened for few groups, is as wide as the plain one at this level."""
    quantile = scipy.stats.norm.ppf((1 + level) / 2) / math.sqrt(groups / (groups - 1))
    return float(2 * scipy.stats.t.cdf(quantile, groups - 1) - 1)


def known(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def mean_of(values: Any) -> Drawn:
    return lambda counts: counts @ np.asarray(values, float) / counts.sum(-1)


def raters(size: int = 60, seed: int = 5) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    person = np.minimum(10, np.round(8 + 2 * draw.standard_normal(size)))
    return person, np.clip(np.round(person + 1.5 * draw.standard_normal(size)), 1, 10)


def rows_pearson(a: Any, b: Any, axis: int = -1) -> Any:
    a, b = a - a.mean(axis, keepdims=True), b - b.mean(axis, keepdims=True)
    return (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))


def rows_error(a: Any, b: Any, axis: int = -1) -> Any:
    return np.abs(a - b).mean(axis)


def rows_quadratic(a: Any, b: Any, axis: int = -1) -> Any:
    expected = (a * a).mean(axis) + (b * b).mean(axis) - 2 * a.mean(axis) * b.mean(axis)
    return 1 - ((a - b) ** 2).mean(axis) / expected


@pytest.mark.parametrize(
    ("statistic", "theirs"),
    [(pearson, rows_pearson), (mean_absolute_error, rows_error), (quadratic_kappa, rows_quadratic)],
)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_is_that_of_scipy(statistic: Any, theirs: Callable[..., Any], level: float) -> None:
    a, b = raters()
    options = {"paired": True, "n_resamples": 6_000, "method": "BCa", "rng": 1, "vectorized": True}
    expected = scipy.stats.bootstrap((a, b), theirs, confidence_level=level, **options).confidence_interval
    found = known(
        drawn_interval(lambda counts: statistic(a, b, counts), range(60), level=narrower(level, 60), rounds=6_000)
    )
    error = max(0.05 * (expected.high - expected.low), 1.01 / 60)  # distances are whole, so errors go by sixtieths
    assert (found.low, found.high) == (pytest.approx(expected.low, abs=error), pytest.approx(expected.high, abs=error))
    assert found.value == pytest.approx(float(theirs(a, b)), abs=1e-12)
    assert found.count == 60


def test_the_interval_of_a_mean_is_that_of_the_mean() -> None:
    found, other = (
        known(drawn_interval(mean_of(RATINGS), range(50), level=narrower(0.95, 50), rounds=6_000)),
        known(mean_interval(RATINGS)),
    )
    error = 0.04 * (other.high - other.low)
    assert (found.low, found.high) == (pytest.approx(other.low, abs=error), pytest.approx(other.high, abs=error))


def test_clusters_of_unequal_sizes_are_drawn_as_a_whole() -> None:
    draw = np.random.default_rng(4)
    clusters = draw.integers(0, 25, 120)
    values = draw.standard_normal(25)[clusters] + 0.3 * draw.standard_normal(120)
    level = narrower(0.95, len(set(clusters.tolist())))
    found = known(drawn_interval(mean_of(values), clusters.tolist(), level=level, rounds=6_000))
    other = known(mean_interval(values.tolist(), clusters.tolist()))
    error = 0.05 * (other.high - other.low)
    assert (found.low, found.high) == (pytest.approx(other.low, abs=error), pytest.approx(other.high, abs=error))
    apart = known(drawn_interval(mean_of(values), range(120)))
    assert found.high - found.low > 1.5 * (apart.high - apart.low)
    assert (found.value, found.count) == (pytest.approx(values.mean()), 120)


def test_copies_in_one_cluster_tell_nothing_new() -> None:
    alone = known(drawn_interval(mean_of(RATINGS), range(50)))
    copied = known(drawn_interval(mean_of(np.repeat(RATINGS, 3)), np.repeat(range(50), 3).tolist()))
    assert (copied.low, copied.high) == (pytest.approx(alone.low), pytest.approx(alone.high))
    assert (alone.count, copied.count) == (50, 150)


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    statistic = mean_of(RATINGS)
    assert drawn_interval(statistic, range(50)) == drawn_interval(statistic, range(50))
    assert drawn_interval(statistic, range(50)) != drawn_interval(statistic, range(50), seed=1)


def test_statistics_of_the_same_items_are_drawn_alike() -> None:
    seen: list[Any] = []

    def watched(counts: Any) -> Any:
        seen.append(counts)
        return counts @ np.arange(6.0) / counts.sum(-1)

    drawn_interval(watched, "aabbcd", rounds=7)
    first, seen = seen, []
    drawn_interval(watched, "xxyyzw", rounds=7)
    for one, other in zip(first, seen, strict=True):
        assert one.tolist() == other.tolist()
    ones, drawn, left = first
    assert (ones.tolist(), drawn.shape) == ([[1] * 6], (7, 6))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, [0, 2, 4, 5]].sum(axis=1) == 4).all()
    assert left.tolist() == [[0, 0, 1, 1, 1, 1], [1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 0, 1], [1, 1, 1, 1, 1, 0]]


def test_several_statistics_have_each_the_interval_they_have_alone() -> None:
    a, b = raters(30)
    constant = np.ones(30)
    clusters = [place // 3 for place in range(30)]
    statistics: list[Drawn] = [lambda counts, one=one: one(a, b, counts) for one in AGREEMENT.values()]
    statistics.insert(1, lambda counts: pearson(constant, b, counts))
    together = drawn_intervals(statistics, clusters, level=0.9, rounds=80, seed=3)
    alone = [drawn_interval(one, clusters, level=0.9, rounds=80, seed=3) for one in statistics]
    assert together == alone
    assert [one is None for one in together] == [place == 1 for place in range(len(statistics))]
    assert drawn_intervals(statistics[:2], [0] * 30) == [None, None]
    assert drawn_intervals([], clusters) == []


def test_a_difference_of_statistics_is_drawn_like_a_statistic() -> None:
    a, b = raters()
    other = np.roll(b, 1)
    found = known(drawn_interval(lambda counts: pearson(a, b, counts) - pearson(a, other, counts), range(60)))
    assert 0 < found.low <= found.value <= found.high < 2


def test_a_small_memory_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = raters()

    def found() -> Interval | None:
        return drawn_interval(lambda counts: quadratic_kappa(a, b, counts), range(60), rounds=101)

    whole = known(found())
    for chunk in (1, 60 * 7):
        monkeypatch.setattr(resampling, "_AT_ONCE", chunk)
        chunked = known(found())
        assert (chunked.low, chunked.high) == (pytest.approx(whole.low), pytest.approx(whole.high))


def test_the_interval_leans_to_the_side_of_the_tail() -> None:
    found = known(drawn_interval(mean_of(RATINGS), range(50), rounds=4_000))
    assert found.value - found.low > 1.1 * (found.high - found.value)


def test_above_a_thousand_clusters_the_acceleration_no_longer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.resize(RATINGS, 1_001)
    without = known(drawn_interval(mean_of(values), range(1_001)))
    monkeypatch.setattr(resampling, "_MOST_LEFT_OUT", 2_000)
    accelerated = known(drawn_interval(mean_of(values), range(1_001)))
    assert without != accelerated
    width = accelerated.high - accelerated.low
    assert (without.low, without.high) == (
        pytest.approx(accelerated.low, abs=0.05 * width),
        pytest.approx(accelerated.high, abs=0.05 * width),
    )


@pytest.mark.parametrize("clusters", [[], [1], ["a", "a", "a"]])
def test_fewer_than_two_clusters_have_no_interval(clusters: list[Any]) -> None:
    assert drawn_interval(mean_of(np.arange(len(clusters))), clusters) is None


def test_a_statistic_without_a_value_has_no_interval() -> None:
    assert drawn_interval(lambda counts: np.full(len(counts), math.nan), range(5)) is None
    assert drawn_interval(lambda counts: pearson([1, 1, 1], [1, 2, 3], counts), range(3)) is None


def first_of(*undefined: int) -> Drawn:
    """Return a statistic that has no value in these places of the draws."""
    calls: list[int] = []

    def statistic(counts: Any) -> Any:
        calls.append(len(counts))
        values = counts @ np.arange(counts.shape[1]) / counts.sum(-1)
        if len(calls) == 2:
            values[list(undefined)] = math.nan
        return values

    return statistic


def test_more_than_half_of_the_draws_must_have_a_value() -> None:
    assert drawn_interval(first_of(*range(6)), range(5), rounds=10) is None
    assert drawn_interval(first_of(*range(10)), range(5), rounds=10) is None
    assert drawn_interval(first_of(0), range(5), rounds=1) is None
    found = known(drawn_interval(first_of(*range(4)), range(5), rounds=10))
    assert found.low <= found.value == 2 <= found.high


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_groups_whose_absence_leaves_no_value_do_not_accelerate(kept: int) -> None:
    calls: list[int] = []

    def statistic(counts: Any) -> Any:
        calls.append(len(counts))
        values = counts @ np.array([1.0, 5, 2]) / counts.sum(-1)
        if len(calls) == 3:
            values[kept:] = math.nan
        return values

    found = known(drawn_interval(statistic, range(3), rounds=50))
    assert found.low <= found.value <= found.high


def test_a_constant_has_an_interval_of_no_width() -> None:
    assert drawn_interval(lambda counts: np.full(len(counts), 4.0), range(3)) == Interval(4, 4, 4, 3)
    found = known(drawn_interval(mean_of([0.1] * 7), range(7)))
    assert (found.low, found.high) == (pytest.approx(0.1, abs=1e-15), pytest.approx(0.1, abs=1e-15))


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_few_rounds_are_enough_for_an_interval(rounds: int) -> None:
    found = known(drawn_interval(mean_of(RATINGS), range(50), rounds=rounds))
    assert 1 <= found.low <= found.value <= found.high <= 10


@pytest.mark.parametrize("level", [0.001, 0.01, 0.1])
def test_at_a_low_level_the_interval_still_holds_the_estimate(level: float) -> None:
    values = [1.0] * 9 + [10.0]
    found = known(drawn_interval(mean_of(values), range(10), level=level))
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_a_wider_level_is_a_wider_interval(statistic: Any) -> None:
    a, b = raters()
    found = [
        known(drawn_interval(lambda counts: statistic(a, b, counts), range(60), level=level, rounds=200))
        for level in (0.1, 0.5, 0.9, 0.99)
    ]
    assert sorted(one.low for one in found) == [one.low for one in reversed(found)]
    assert sorted(one.high for one in found) == [one.high for one in found]


def test_the_order_of_items_plays_no_part_in_the_estimate_and_hardly_one_in_the_ends() -> None:
    a, b = raters()
    order = np.random.default_rng(0).permutation(60)
    found = known(drawn_interval(lambda counts: quadratic_kappa(a, b, counts), range(60), rounds=4_000))
    mixed = known(drawn_interval(lambda counts: quadratic_kappa(a[order], b[order], counts), range(60), rounds=4_000))
    assert mixed.value == pytest.approx(found.value, abs=1e-12)
    assert (mixed.low, mixed.high) == (pytest.approx(found.low, abs=0.03), pytest.approx(found.high, abs=0.03))


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie in"):
        drawn_interval(mean_of([1, 2]), range(2), level=level)


def test_of_several_level_and_rounds_are_checked_too() -> None:
    with pytest.raises(ValueError, match="level must lie in"):
        drawn_intervals([], range(2), level=1)
    with pytest.raises(ValueError, match="rounds must be 1 or more"):
        drawn_intervals([mean_of([1, 2])], range(2), rounds=0)


@pytest.mark.parametrize("rounds", [0, -1])
def test_rounds_are_one_or_more(rounds: int) -> None:
    with pytest.raises(ValueError, match="rounds must be 1 or more"):
        drawn_interval(mean_of([1, 2]), range(2), rounds=rounds)


@pytest.mark.parametrize(
    ("below", "acceleration"), [(0.5, 0), (0.4, 0), (0.6, 0.05), (0.3, -0.1), (0.5, 0.02), (0.55, 0.2)]
)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_the_percents_are_those_of_the_textbook(below: float, acceleration: float, level: float) -> None:
    """Efron and Tibshirani 1993, equation 14.10."""
    normal = NormalDist()
    lean = normal.inv_cdf(below)
    ends = []
    for side in (1 - level, 1 + level):
        w = lean + normal.inv_cdf(side / 2)
        ends.append(100 * normal.cdf(lean + w / (1 - acceleration * w)))
    assert bca_percents(below, acceleration, normal_quantile(level), 10_000) == pytest.approx(ends, abs=1e-9)


def test_draws_on_one_side_alone_are_half_a_draw_on_the_other() -> None:
    assert bca_percents(0, 0, 1.96, 1_000) == bca_percents(0.0005, 0, 1.96, 1_000)
    assert bca_percents(1, 0, 1.96, 1_000) == bca_percents(0.9995, 0, 1.96, 1_000)
    assert bca_percents(0, 0, 1.96, 1) == bca_percents(0.5, 0, 1.96, 1)


def test_an_acceleration_without_end_reaches_the_last_draw() -> None:
    assert bca_percents(0.5, 0.5, 3, 100)[1] == 100
    assert bca_percents(0.5, -0.5, 3, 100)[0] == 0
