"""The interval of a mean: BCa against scipy, the formula for many groups against the textbook's own procedure."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
from array import array
from collections.abc import Sequence

import pytest

from lc_scoring.stats.intervals import Interval
from lc_scoring.stats.mean_interval import mean_interval

TEN = [10, 9, 10, 8, 10, 9, 3, 10, 9, 10]
LAW = [576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594]  # Efron and Tibshirani, table 3.1
SKEWED = [10] * 20 + [9] * 13 + [8] * 8 + [7] * 4 + [5] * 2 + [3] + [1] * 2
SHARES = [0.1, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5, 0.5, 0.6, 0.9]
ROWS = [[9, 8, 10], [3], [7, 7], [10, 10, 9, 10], [5, 2], [8], [9, 9, 9], [6, 8], [10], [4, 4, 1, 2, 5], [10, 9], [7]]


def known(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def flat(rows: Sequence[Sequence[float]]) -> tuple[list[float], list[int]]:
    return [rating for row in rows for rating in row], [place for place, row in enumerate(rows) for _ in row]


def skewed_ratings(count: int, seed: int = 7) -> list[float]:
    weights = [0.02, 0.01, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.25, 0.38]
    return [float(rating) for rating in random.Random(seed).choices(range(1, 11), weights, k=count)]  # noqa: S311 - no secret


def skewed_rows(count: int) -> list[list[float]]:
    """Rows of one to six ratings; bad ones have more, so that sizes and ratings hang together."""
    draw = random.Random(3)  # noqa: S311 - no secret
    return [[rating] * draw.choice([1, 2] if rating > 7 else [1, 4, 6]) for rating in skewed_ratings(count)]


def textbook_abc(rows: Sequence[Sequence[float]], level: float = 0.95) -> tuple[float, float]:
    """`abcnon` of Efron and Tibshirani 1993, appendix: every derivative by differences of the weighted mean."""
    n, step, normal = len(rows), 1e-4, statistics.NormalDist()
    sums, sizes = [math.fsum(row) for row in rows], [len(row) for row in rows]
    top, below = math.fsum(sums) / n, sum(sizes) / n
    value = top / below

    def toward(one: tuple[float, float], far: float) -> float:
        return ((1 - far) * top + far * one[0]) / ((1 - far) * below + far * one[1])

    ups = [toward(row, step) for row in zip(sums, sizes, strict=True)]
    downs = [toward(row, -step) for row in zip(sums, sizes, strict=True)]
    firsts = [(up - down) / (2 * step) for up, down in zip(ups, downs, strict=True)]
    seconds = [(up - 2 * value + down) / step**2 for up, down in zip(ups, downs, strict=True)]
    sigma = math.sqrt(math.fsum(first**2 for first in firsts)) / n
    a = math.fsum(first**3 for first in firsts) / (6 * n**3 * sigma**3)
    steps = [first / (n * n * sigma) for first in firsts]

    def along(far: float) -> float:
        weights = [1 / n + far * one for one in steps]
        weighted = math.fsum(w * s for w, s in zip(weights, sums, strict=True))
        return weighted / math.fsum(w * s for w, s in zip(weights, sizes, strict=True))

    cq = (along(0.01) - 2 * value + along(-0.01)) / (2 * sigma * 0.01**2)
    gamma = math.fsum(seconds) / (2 * n * n) / sigma - cq
    z0 = normal.inv_cdf(2 * normal.cdf(a) * normal.cdf(-gamma))
    z = normal.inv_cdf((1 + level) / 2)
    low, high = (along((z0 + side) / (1 - a * (z0 + side)) ** 2) for side in (-z, z))
    return low, high


# From 200,000 draws of scipy 1.17.1: bootstrap((values,), mean, method="BCa", rng=1).
@pytest.mark.parametrize(
    ("values", "level", "low", "high"),
    [
        (TEN, 0.95, 6.6, 9.6),
        (LAW, 0.95, 581.4666666666667, 622.4666666666667),
        (LAW, 0.8, 587.6666666666666, 614.6),
        (SKEWED, 0.95, 7.72, 8.96),
        (SKEWED, 0.8, 8.02, 8.8),
        (SHARES, 0.95, 0.34, 0.59),
        (SHARES, 0.8, 0.38, 0.54),
    ],
)
def test_the_interval_is_the_one_scipy_once_found(values: list[float], level: float, low: float, high: float) -> None:
    found = known(mean_interval(values, level=level, rounds=10_000))
    error = 0.04 * (high - low) + 0.011 * (max(values) - min(values)) / len(values) ** 0.5
    assert (found.low, found.high) == (pytest.approx(low, abs=error), pytest.approx(high, abs=error))
    assert (found.value, found.count) == (pytest.approx(statistics.fmean(values)), len(values))


@pytest.mark.parametrize("values", [LAW, SKEWED, skewed_ratings(300), [math.exp(one / 7) for one in range(25)]])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_is_that_of_scipy(values: list[float], level: float) -> None:
    numpy, stats = pytest.importorskip("numpy"), pytest.importorskip("scipy.stats")
    options = {"confidence_level": level, "n_resamples": 20_000, "method": "BCa", "rng": 5}
    theirs = stats.bootstrap((numpy.array(values, float),), numpy.mean, **options).confidence_interval
    found = known(mean_interval(values, level=level, rounds=10_000 if len(values) < 100 else 4_000))
    error = 0.05 * (theirs.high - theirs.low)
    assert (found.low, found.high) == (pytest.approx(theirs.low, abs=error), pytest.approx(theirs.high, abs=error))


def test_the_interval_of_clusters_is_that_of_scipy() -> None:
    """200,000 draws of pairs (sum, size) by scipy 1.17.1, paired=True, of their ratio."""
    values, clusters = flat(ROWS)
    found = known(mean_interval(values, clusters, rounds=20_000))
    assert (found.value, found.count) == (statistics.fmean(values), len(values))
    assert (found.low, found.high) == (pytest.approx(4.8846, abs=0.1), pytest.approx(8.5556, abs=0.1))


def test_many_values_have_the_interval_of_the_textbook() -> None:
    values = skewed_ratings(2_500)
    found = known(mean_interval(values))
    low, high = textbook_abc([[value] for value in values])
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_many_clusters_have_the_interval_of_the_textbook(level: float) -> None:
    rows = skewed_rows(2_500)
    found = known(mean_interval(*flat(rows), level=level))
    low, high = textbook_abc(rows, level)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@pytest.mark.parametrize("rows", [[[value] for value in skewed_ratings(2_000)], skewed_rows(2_000)])
def test_where_drawing_ends_the_formula_goes_on_at_the_same_place(rows: list[list[float]]) -> None:
    """Of 4,000 draws the 2.5th percentile scatters by 1.1 % of the interval's width."""
    drawn = known(mean_interval(*flat(rows), rounds=4_000))
    reckoned = known(mean_interval(*flat([*rows, [drawn.value]])))
    width = drawn.high - drawn.low
    assert (reckoned.low, reckoned.high) == (
        pytest.approx(drawn.low, abs=0.03 * width),
        pytest.approx(drawn.high, abs=0.03 * width),
    )
    low, high = textbook_abc(rows)
    assert (drawn.low, drawn.high) == (pytest.approx(low, abs=0.03 * width), pytest.approx(high, abs=0.03 * width))


def test_the_interval_leans_to_the_side_of_the_tail() -> None:
    found = known(mean_interval(SKEWED))
    assert found.value - found.low > 1.1 * (found.high - found.value)


def test_ratings_of_one_row_tell_less_than_as_many_rows() -> None:
    rows = [[float(rating)] * 5 for rating in SKEWED]
    values, clusters = flat(rows)
    apart, together = known(mean_interval(values)), known(mean_interval(values, clusters))
    assert together.high - together.low > 2 * (apart.high - apart.low)
    alone = known(mean_interval(SKEWED))
    assert (together.low, together.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


@pytest.mark.parametrize(
    ("values", "clusters"),
    [([], None), ([], []), ([5], None), ([5], ["a"]), ([1, 2, 3], ["a"] * 3), (array("d"), None)],
)
def test_fewer_than_two_groups_have_no_interval(values: Sequence[float], clusters: Sequence[str] | None) -> None:
    assert mean_interval(values, clusters) is None


@pytest.mark.parametrize("value", [0.1, 7, -3.3, 5e-324, 1.7e308, -1.7e308])
@pytest.mark.parametrize("count", [2, 7, 2_500])
def test_equal_values_have_an_interval_of_no_width(value: float, count: int) -> None:
    assert mean_interval([value] * count) == Interval(value, value, value, count)


def test_rows_of_one_mean_have_an_interval_of_no_width() -> None:
    assert mean_interval([1, 3, 2, 2], ["a", "a", "b", "b"]) == Interval(2, 2, 2, 4)


def test_rows_that_are_alike_differ_by_rounding_at_most() -> None:
    found = known(mean_interval([0.8, 0.8, 0.4] * 3, [0, 0, 0, 1, 1, 1, 2, 2, 2]))
    assert found.low <= found.value <= found.high == pytest.approx(found.low, abs=1e-15)


def test_zeros_have_no_sign() -> None:
    found = known(mean_interval([-0.0, -0.0]))
    assert [math.copysign(1, number) for number in (found.value, found.low, found.high)] == [1, 1, 1]


def test_two_values_have_an_interval_from_one_to_the_other() -> None:
    assert mean_interval([1, 3]) == Interval(2, 1, 3, 2)


@pytest.mark.parametrize("factor", [1e-300, 2.0**-1074, 1.0, 1.7e307])
def test_the_smallest_and_the_largest_numbers_have_one_too(factor: float) -> None:
    found = known(mean_interval([rating * factor for rating in TEN]))
    assert found.low == pytest.approx(6.6 * factor, rel=0.1)
    assert found.high == pytest.approx(9.6 * factor, rel=0.1)


def test_numbers_at_both_ends_of_what_there_is_have_one_too() -> None:
    largest = sys.float_info.max
    assert mean_interval([-largest, largest]) == Interval(0, -largest, largest, 2)


def test_a_small_number_beside_the_largest_is_still_the_lower_end() -> None:
    found = known(mean_interval([0.1, sys.float_info.max]))
    assert (found.low, found.high) == (0.1, sys.float_info.max)


def test_a_level_near_1_reaches_to_the_largest_draw_or_value_at_most() -> None:
    few, many = ([0.0] * count + [1.0] for count in (30, 2_500))
    found = known(mean_interval(few, level=1 - 1e-12))
    assert found.value < found.high == known(mean_interval(few, level=1 - 1e-6)).high
    found = known(mean_interval(many, level=1 - 1e-12))
    assert 0 <= found.low < found.value < found.high == 1


def test_one_row_of_most_values_leaves_one_end_to_the_values() -> None:
    values = [0.0] * 10_000 + [1.0] * 2_000
    found = known(mean_interval(values, [0] * 10_000 + list(range(1, 2_001)), level=0.99))
    assert found.low < 0.1
    assert found.high == 1


@pytest.mark.parametrize("rounds", [1, 2])
def test_few_rounds_are_enough_for_an_interval(rounds: int) -> None:
    found = known(mean_interval(TEN, rounds=rounds))
    assert 3 <= found.low <= found.value <= found.high <= 10


def test_at_a_low_level_the_interval_still_holds_the_mean() -> None:
    values = [1.0] * 9 + [10.0]
    for count in (1, 300):
        found = known(mean_interval(values * count, level=0.01))
        assert found.low <= found.value <= found.high


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    assert mean_interval(SHARES) == mean_interval(SHARES)
    assert mean_interval(LAW, rounds=50) != mean_interval(LAW, rounds=50, seed=1)


def test_an_array_is_as_good_as_a_list() -> None:
    assert mean_interval(array("d", TEN), array("l", range(10))) == mean_interval(TEN)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_values_are_finite(wrong: float) -> None:
    with pytest.raises(ValueError, match=rf"values must be finite, got {wrong} at place 2"):
        mean_interval([1, 2, wrong, 4])


@pytest.mark.parametrize("clusters", [[], ["a"], ["a", "b", "c"]])
def test_every_value_has_a_label(clusters: list[str]) -> None:
    with pytest.raises(ValueError, match=f"one label for each of 2 values, got {len(clusters)}"):
        mean_interval([1, 2], clusters)


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie in"):
        mean_interval([1, 2], level=level)


def test_rounds_are_one_or_more() -> None:
    with pytest.raises(ValueError, match="rounds must be 1 or more"):
        mean_interval([1, 2], rounds=0)


def test_it_needs_no_numpy() -> None:
    program = (
        "import sys, lc_scoring.stats.mean_interval, lc_scoring.stats.histogram; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own words
