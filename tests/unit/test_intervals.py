"""Intervals: Wilson's against textbook values and scipy, the bootstrap's against what it promises."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import pytest

from lc_scoring.stats.intervals import Interval, bootstrap_interval, check_rounds, normal_quantile, share_interval


def mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, "Two-sided confidence intervals", table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (0, 1, 0.0, 0.7935),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_textbook_values_of_shares(hits: int, count: int, low: float, high: float) -> None:
    interval = share_interval(hits, count)
    assert interval is not None
    assert (interval.value, interval.count) == (hits / count, count)
    assert (interval.low, interval.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(("hits", "count"), [(0, 1), (1, 1), (3, 17), (250, 1_000), (999, 1_000), (7, 7)])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_shares_have_the_interval_of_scipy(hits: int, count: int, level: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    theirs = stats.binomtest(hits, count).proportion_ci(confidence_level=level, method="wilson")
    interval = share_interval(hits, count, level=level)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high))


def test_of_nothing_there_is_no_share() -> None:
    assert share_interval(0, 0) is None


@pytest.mark.parametrize(("hits", "count"), [(-1, 5), (6, 5), (1, 0), (0, -1)])
def test_hits_that_cannot_be_are_refused(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match="hits must lie in"):
        share_interval(hits, count)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie in"):
        share_interval(1, 2, level=level)
    with pytest.raises(ValueError, match="level must lie in"):
        bootstrap_interval([1, 2], mean, level=level)


def test_an_interval_reads_as_people_write_it() -> None:
    assert str(Interval(0.25, 0.104, 0.489, 20)) == "0.25 [0.10, 0.49]"
    assert str(Interval(-1, -2.5, 0, 3)) == "-1.00 [-2.50, 0.00]"


def test_no_change_reads_as_nought_without_a_sign() -> None:
    assert "-0.00" not in str(Interval(-0.001, -0.002, 0.0, 9))


@pytest.mark.parametrize("groups", [[], [5]])
def test_fewer_than_two_groups_have_no_interval(groups: list[float]) -> None:
    assert bootstrap_interval(groups, lambda drawn: mean(drawn) if drawn else None) is None


def test_a_statistic_without_a_value_has_no_interval() -> None:
    assert bootstrap_interval([1, 2, 3], lambda drawn: None) is None


def test_draws_without_a_value_are_passed_over() -> None:
    """The spread of draws that hold one number alone is none."""

    def spread(drawn: Sequence[float]) -> float | None:
        return statistics.stdev(drawn) if len(set(drawn)) > 1 else None

    interval = bootstrap_interval([1, 2], spread)
    assert interval is not None
    assert interval.low == interval.high == interval.value == pytest.approx(math.sqrt(0.5))


def test_where_no_draw_has_a_value_there_is_no_interval() -> None:
    calls: list[object] = []

    def once(drawn: Sequence[float]) -> float | None:
        calls.append(drawn)
        return 1.0 if len(calls) == 1 else None

    assert bootstrap_interval([1, 2], once, rounds=5) is None
    assert len(calls) == 6


def test_equal_groups_have_an_interval_of_no_width() -> None:
    assert bootstrap_interval([4, 4, 4], mean) == Interval(4, 4, 4, 3)


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    numbers = [1.0, 2.5, 3.25, 9.0, 4.75]
    assert bootstrap_interval(numbers, mean) == bootstrap_interval(numbers, mean)
    assert bootstrap_interval(numbers, mean, rounds=50) != bootstrap_interval(numbers, mean, rounds=50, seed=1)


def test_a_wider_level_is_a_wider_interval() -> None:
    numbers = list(range(30))
    narrow, wide = bootstrap_interval(numbers, mean, level=0.5), bootstrap_interval(numbers, mean, level=0.99)
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


@pytest.mark.parametrize("rounds", [0, -1])
def test_rounds_are_one_or_more(rounds: int) -> None:
    with pytest.raises(ValueError, match="rounds must be 1 or more"):
        bootstrap_interval([1, 2], mean, rounds=rounds)


def test_the_bootstrap_of_a_mean_is_near_the_interval_of_theory() -> None:
    numbers = [float(n % 10) for n in range(200)]
    half = 1.96 * statistics.stdev(numbers) / math.sqrt(len(numbers))
    interval = bootstrap_interval(numbers, mean, rounds=4_000)
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(4.5 - half, abs=0.05), pytest.approx(4.5 + half, abs=0.05))


def test_what_belongs_together_is_drawn_together() -> None:
    """Two rows of a hundred equal ratings each are two groups, not two hundred."""
    rows = [[1.0] * 100, [5.0] * 100]
    interval = bootstrap_interval(rows, lambda drawn: mean([rating for row in drawn for rating in row]))
    assert interval == Interval(3.0, 1.0, 5.0, 2)


@pytest.mark.parametrize(("level", "expected"), [(0.5, 0.674490), (0.9, 1.644854), (0.95, 1.959964), (0.99, 2.575829)])
def test_quantiles_of_the_normal_distribution_are_those_of_tables(level: float, expected: float) -> None:
    assert normal_quantile(level) == pytest.approx(expected, abs=1e-6)


def test_levels_at_the_edge_of_what_there_is_have_a_quantile() -> None:
    assert normal_quantile(math.nextafter(1, 0)) == pytest.approx(8.2924, abs=1e-4)
    assert normal_quantile(5e-324) == 0


def test_one_round_is_enough_and_none_is_not() -> None:
    check_rounds(1)
    with pytest.raises(ValueError, match="rounds must be 1 or more, got 0"):
        check_rounds(0)
