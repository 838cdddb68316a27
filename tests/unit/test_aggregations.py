"""Aggregations: a column of numbers made one, against hand-worked values and the published definition."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Sequence

import pytest

from lc_scoring.stats.aggregations import AGGREGATIONS, percentile, percentiles, variance


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mean", 4.4), ("median", 4), ("variance", 7.44), ("min", 1), ("max", 8), ("p90", 7.6)],
)
def test_each_sums_up_in_its_way(name: str, expected: float) -> None:
    assert AGGREGATIONS[name]([7, 1, 4, 2, 8]) == pytest.approx(expected)


def test_these_are_all() -> None:
    assert list(AGGREGATIONS) == ["mean", "median", "variance", "min", "max", "p90"]


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_of_one_number_all_are_that_number_and_its_variance_is_0(name: str) -> None:
    assert AGGREGATIONS[name]([3.5]) == (0 if name == "variance" else 3.5)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_of_none_there_is_no_number(name: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        AGGREGATIONS[name]([])


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_equal_numbers_are_summed_up_exactly(name: str) -> None:
    assert AGGREGATIONS[name]([0.1] * 7) == (0 if name == "variance" else 0.1)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_an_array_is_as_good_as_a_list(name: str) -> None:
    assert AGGREGATIONS[name](array("d", [2, 1, 4])) == AGGREGATIONS[name]([2.0, 1.0, 4.0])


def test_the_variance_is_that_of_all_numbers_there_are() -> None:
    assert variance([1, 2, 3, 4]) == 1.25
    assert variance([1, 3]) == statistics.variance([1, 3]) / 2


@pytest.mark.parametrize(("percent", "expected"), [(0, 15), (5, 16), (30, 23), (40, 29), (50, 35), (95, 48), (100, 50)])
def test_percentiles_lie_between_neighbors_in_proportion(percent: float, expected: float) -> None:
    """Of 15, 20, 35, 40, 50 the place of p percent is 4 p / 100 behind the first."""
    assert percentile([35, 20, 15, 50, 40], percent) == pytest.approx(expected)


@pytest.mark.parametrize(("numbers", "percent"), [([], 50), ([1, 2], -1), ([1, 2], 100.5), ([1, 2], float("nan"))])
def test_percentiles_of_nothing_or_beyond_all_are_refused(numbers: Sequence[float], percent: float) -> None:
    with pytest.raises(ValueError, match="a percentile needs numbers"):
        percentile(numbers, percent)


def test_several_percentiles_are_each_what_one_is() -> None:
    numbers, percents = [35, 20, 15, 50, 40], (95, 0, 40, 100, 40)
    assert percentiles(numbers, percents) == tuple(percentile(numbers, percent) for percent in percents)
    assert percentiles(array("d", numbers), percents) == percentiles(numbers, percents)


def test_no_percents_are_no_percentiles() -> None:
    assert percentiles([1, 2], ()) == ()


def test_one_wrong_percent_among_several_is_refused() -> None:
    with pytest.raises(ValueError, match="a percent in \\[0, 100\\], got 2 and 101"):
        percentiles([1, 2], (50, 101))
