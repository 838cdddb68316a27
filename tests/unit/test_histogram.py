"""Histograms: what falls where on a scale, and how it looks as a line."""

from __future__ import annotations

import math
from array import array

import pytest

from lc_scoring.stats.histogram import Bin, bars, histogram


def counts(bins: tuple[Bin, ...]) -> list[int]:
    return [one.count for one in bins]


def test_whole_ratings_have_a_bin_for_each_step() -> None:
    bins = histogram([1, 5, 5, 3.0, 10], 1, 10)
    assert [(one.low, one.high) for one in bins] == [(rating, rating) for rating in range(1, 11)]
    assert counts(bins) == [1, 0, 1, 0, 2, 0, 0, 0, 0, 1]


def test_one_rating_between_the_steps_makes_bins_of_equal_width() -> None:
    bins = histogram([1, 1.5, 3, 5], 1, 5, most=4)
    assert bins == (Bin(1, 2, 2), Bin(2, 3, 0), Bin(3, 4, 1), Bin(4, 5, 1))


def test_a_scale_of_too_many_steps_has_bins_of_equal_width() -> None:
    bins = histogram(range(101), 0, 100)
    assert [one.low for one in bins] == list(range(0, 100, 5))
    assert counts(bins) == [5] * 19 + [6]


@pytest.mark.parametrize(("most", "bins"), [(10, 10), (11, 11), (12, 11)])
def test_steps_have_bins_of_their_own_up_to_the_most_there_may_be(most: int, bins: int) -> None:
    found = histogram([0, 10], 0, 10, most=most)
    assert len(found) == bins
    assert (found[0].low == found[0].high) == (most >= 11)


def test_the_whole_numbers_of_a_scale_with_other_ends_are_those_within() -> None:
    assert histogram([1, 2, 2], 0.5, 2.5) == (Bin(1, 1, 1), Bin(2, 2, 2))


def test_a_scale_without_a_whole_number_has_bins_of_equal_width() -> None:
    assert histogram([], 0.25, 0.75, most=2) == (Bin(0.25, 0.5, 0), Bin(0.5, 0.75, 0))


def test_the_last_bin_is_closed_at_the_top_and_the_others_open() -> None:
    assert histogram([0.0, 0.5, 1.0, 0.25], 0, 1, most=2) == (Bin(0, 0.5, 2), Bin(0.5, 1, 2))


def test_edges_are_the_nearest_numbers() -> None:
    bins = histogram([0.15, 0.3], 0, 1)
    assert [one.low for one in bins] == [place / 20 for place in range(20)]
    assert [bins[3].count, bins[6].count] == [1, 1]


@pytest.mark.parametrize("values", [[], [-0.0], [True, False], array("d", [1, 0, 1])])
def test_any_numbers_will_do(values: list[float]) -> None:
    assert sum(counts(histogram(values, 0, 1))) == len(values)


def test_the_widest_scale_there_is_has_bins_too() -> None:
    bins = histogram([-1.7e308, 0.5, 1.7e308], -1.7e308, 1.7e308, most=2)
    assert bins == (Bin(-1.7e308, 0, 1), Bin(0, 1.7e308, 2))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, 11, 5], r"got 11\.0\."),
        ([0.5, 3], r"got 0\.5\."),
        ([math.nan], r"got nan\."),
        ([math.inf], r"got inf\."),
        ([11, 12, 13, 14, 15, 16, 17], r"got 11\.0, 12\.0, 13\.0, 14\.0, 15\.0 and 2 more\."),
    ],
)
def test_values_off_the_scale_are_named(values: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=r"values must lie in \[1, 10\], " + said):
        histogram(values, 1, 10)


@pytest.mark.parametrize(
    ("low", "high", "most"),
    [(1, 1, 20), (2, 1, 20), (1, math.inf, 20), (-math.inf, 1, 20), (math.nan, 1, 20), (1, 2, 0)],
)
def test_scales_without_width_or_end_and_no_bins_are_refused(low: float, high: float, most: int) -> None:
    with pytest.raises(ValueError, match="a histogram needs"):
        histogram([], low, high, most=most)


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        ([], ""),
        ([0, 0], "  "),
        ([5], "█"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 0], "▁▂▃▄▅▆▇█ "),
        ([1, 10**30], "▁█"),
        ([125, 126, 1000], "▁▂█"),
    ],
)
def test_bars_are_as_high_as_their_counts(numbers: list[int], line: str) -> None:
    assert bars(numbers) == line


def test_counts_below_nought_have_no_bar() -> None:
    with pytest.raises(ValueError, match="counts must be 0 or more, got -2"):
        bars([3, -2])
