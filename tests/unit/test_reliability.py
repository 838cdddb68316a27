"""Reliability: the intraclass correlation and what follows of it, against published tables and hand-worked values."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from lc_scoring.stats.reliability import correlation_gain, icc1, icc2, icc3, spearman_brown

# Shrout and Fleiss 1979, table 2: four judges' ratings of six targets; table 4 has ICC(1,1) = .17, ICC(1,4) = .44.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_published_table_gives_its_published_correlations() -> None:
    single = icc1(SHROUT_FLEISS)
    assert single is not None
    assert single == pytest.approx(0.1657, abs=5e-5)
    assert round(spearman_brown(single, 4), 2) == 0.44


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Means 2 and 5, grand mean 3.5: MSB = 2 * (1.5^2 + 1.5^2) / 1 = 9, MSW = (2 + 2) / 2 = 2, k = 2.
        ([[1, 3], [4, 6]], (9 - 2) / (9 + 2)),
        # Means 2, 4, 6: MSB = 2 * (4 + 0 + 4) / 2 = 8, MSW = (2 + 0 + 2) / 3 = 4/3.
        ([[1, 3], [4, 4], [5, 7]], (8 - 4 / 3) / (8 + 4 / 3)),
        # Rows that agree in themselves and differ from each other.
        ([[1, 1], [5, 5], [9, 9, 9]], 1.0),
        # Means that do not differ: MSB = 0, so it is -1 / (k - 1).
        ([[1, 3], [3, 1]], -1.0),
        ([[1, 2, 3], [3, 2, 1], [2, 1, 3]], -0.5),
    ],
)
def test_hand_worked_values(rows: Sequence[Sequence[float]], expected: float) -> None:
    assert icc1(rows) == pytest.approx(expected)


def test_rows_may_have_different_numbers_of_repeats() -> None:
    """Sizes 2, 3, 4: k = (9 - 29/9) / 2 = 26/9; sums 3, 12, 28 of 9, so the grand mean is 43/9."""
    rows = [[1, 2], [3, 4, 5], [6, 6, 8, 8]]
    between = (2 * (1.5 - 43 / 9) ** 2 + 3 * (4 - 43 / 9) ** 2 + 4 * (7 - 43 / 9) ** 2) / 2
    within = (0.5 + 2 + 4) / 6
    assert icc1(rows) == pytest.approx((between - within) / (between + (26 / 9 - 1) * within))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no rows"),
        pytest.param([[1, 2, 3]], id="one row"),
        pytest.param([[1], [2], [3]], id="no repeats"),
        pytest.param([[1, 2], [3], []], id="one row with repeats"),
        pytest.param([[4, 4], [4, 4, 4]], id="no variance at all"),
    ],
)
def test_where_there_is_nothing_to_tell_apart_there_is_none(rows: Sequence[Sequence[float]]) -> None:
    assert icc1(rows) is None


def test_where_all_decimals_are_equal_there_is_nothing_to_tell_apart_either() -> None:
    assert icc1([[1.4, 1.4]] * 3) is None
    assert [icc1([[tenths / 10] * 3] * 30) for tenths in range(10, 101)] == [None] * 91


def test_rows_without_repeats_are_left_out() -> None:
    assert icc1([*SHROUT_FLEISS, [100], []]) == icc1(SHROUT_FLEISS)


def test_neither_the_level_nor_the_unit_of_the_scale_changes_it() -> None:
    moved = [[100 + 7 * rating for rating in row] for row in SHROUT_FLEISS]
    assert icc1(moved) == pytest.approx(icc1(SHROUT_FLEISS))


@pytest.mark.parametrize("rows", [SHROUT_FLEISS, [[1, 3], [4, 6]], [[1, 2], [3, 4, 5], [6, 6, 8, 8]]])
def test_it_is_what_the_f_test_of_scipy_says(rows: Sequence[Sequence[float]]) -> None:
    """ICC(1) is (F - 1) / (F + k - 1), with F of a one-way analysis of variance."""
    stats = pytest.importorskip("scipy.stats")
    sizes = [len(row) for row in rows]
    size = (sum(sizes) - sum(one**2 for one in sizes) / sum(sizes)) / (len(rows) - 1)
    f = stats.f_oneway(*rows).statistic
    assert icc1(rows) == pytest.approx((f - 1) / (f + size - 1))


def test_it_finds_the_reliability_that_ratings_were_made_with() -> None:
    draw = random.Random(7)  # noqa: S311 - statistics, no secret
    rows = []
    for _ in range(4_000):
        truth = draw.gauss(0, math.sqrt(0.35))
        rows.append([truth + draw.gauss(0, math.sqrt(0.65)) for _ in range(4)])
    assert icc1(rows) == pytest.approx(0.35, abs=0.02)


@pytest.mark.parametrize(
    ("reliability", "samples", "expected"),
    [
        (0.5, 2, 2 / 3),
        (0.5, 3, 0.75),
        (0.35, 5, 1.75 / 2.4),
        (0.35, 1, 0.35),
        (0, 20, 0),
        (1, 20, 1),
        (-0.2, 3, -1.0),
    ],
)
def test_the_mean_of_several_is_as_reliable_as_the_formula_says(
    reliability: float, samples: int, expected: float
) -> None:
    assert spearman_brown(reliability, samples) == pytest.approx(expected)


@pytest.mark.parametrize(("reliability", "samples"), [(0.5, 0), (0.5, -1), (1.1, 2), (-0.5, 3), (-1, 2), (-1, 5)])
def test_where_the_formula_has_no_value_it_is_refused(reliability: float, samples: int) -> None:
    with pytest.raises(ValueError, match=r"samples must be 1 or more|No mean of"):
        spearman_brown(reliability, samples)


def test_a_nan_is_no_reliability() -> None:
    with pytest.raises(ValueError, match="reliability"):
        correlation_gain(math.nan, 2)


@pytest.mark.parametrize(
    ("reliability", "samples", "expected"),
    [(0.35, 5, math.sqrt(5 / 2.4)), (1, 20, 1), (0, 9, 3), (0.7, 1, 1), (0.5, 3, math.sqrt(1.5))],
)
def test_the_gain_in_correlation(reliability: float, samples: int, expected: float) -> None:
    assert correlation_gain(reliability, samples) == pytest.approx(expected)


@pytest.mark.parametrize(("reliability", "samples"), [(0.3, 2), (0.6, 7), (0.05, 20)])
def test_the_gain_is_the_root_of_the_ratio_of_reliabilities(reliability: float, samples: int) -> None:
    ratio = spearman_brown(reliability, samples) / reliability
    assert correlation_gain(reliability, samples) == pytest.approx(math.sqrt(ratio))


@pytest.mark.parametrize(
    ("reliability", "samples", "why"), [(-0.1, 2, "reliability"), (1.1, 2, "reliability"), (0.5, 0, "samples")]
)
def test_a_gain_of_what_cannot_be_is_refused(reliability: float, samples: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        correlation_gain(reliability, samples)


def test_the_published_table_gives_its_two_way_correlations_too() -> None:
    """Shrout and Fleiss 1979, table 4: ICC(1,1) .17, ICC(2,1) .29, ICC(3,1) .71, and ICC(2,4) .62, ICC(3,4) .91."""
    agreement, consistency = icc2(SHROUT_FLEISS), icc3(SHROUT_FLEISS)
    assert agreement is not None
    assert consistency is not None
    assert (agreement, consistency) == (pytest.approx(0.2898, abs=5e-5), pytest.approx(0.7148, abs=5e-5))
    assert (round(spearman_brown(agreement, 4), 2), round(spearman_brown(consistency, 4), 2)) == (0.62, 0.91)


@pytest.mark.parametrize(
    ("rows", "agreement", "consistency"),
    [
        # BMS = 2, JMS = 1.5, EMS = 0: 2 / (2 + 2 * 1.5 / 3); the second rater is higher by 1 throughout.
        ([[1, 2], [2, 3], [3, 4]], 2 / 3, 1.0),
        # Raters who agree.
        ([[1, 1, 1], [4, 4, 4]], 1.0, 1.0),
        # BMS = 0, JMS = 0, EMS = 1: -1 / (1 - 2 / 3) and -1 / (k - 1).
        ([[1, 3], [3, 1], [2, 2]], -3.0, -1.0),
        # Nothing but the raters' levels.
        ([[1, 2], [1, 2], [1, 2]], 0.0, None),
        ([[1.1, 2.7], [1.1, 2.7], [1.1, 2.7]], 0.0, None),
        # The opposite of each other: nothing to divide by for agreement.
        ([[1, 2], [2, 1]], None, -1.0),
    ],
)
def test_hand_worked_two_way_values(
    rows: Sequence[Sequence[float]], agreement: float | None, consistency: float | None
) -> None:
    assert icc2(rows) == (None if agreement is None else pytest.approx(agreement, abs=1e-12))
    assert icc3(rows) == (None if consistency is None else pytest.approx(consistency, abs=1e-12))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no items"),
        pytest.param([[]], id="an item of nothing"),
        pytest.param([[], []], id="no raters"),
        pytest.param([[1, 2, 3]], id="one item"),
        pytest.param([[1], [2], [3]], id="one rater"),
        pytest.param([[4, 4], [4, 4]], id="no variance at all"),
        pytest.param([[0.1, 0.1]] * 30, id="no variance of decimals"),
    ],
)
def test_where_two_ways_have_nothing_to_tell_apart_there_is_none(rows: Sequence[Sequence[float]]) -> None:
    assert icc2(rows) is None
    assert icc3(rows) is None


@pytest.mark.parametrize("rows", [[[1, 2], [1]], [[1, 2], []], [[1, 2, 3], [1, 2], [1, 2, 3]]])
@pytest.mark.parametrize("correlation", [icc2, icc3])
def test_two_ways_need_a_rating_of_each_rater(correlation: object, rows: Sequence[Sequence[float]]) -> None:
    with pytest.raises(ValueError, match="each item needs a rating of each rater"):
        correlation(rows)  # type: ignore[operator]


@pytest.mark.parametrize(("offset", "unit"), [(100, 7), (1e6, 1), (1e9, 0.5), (5, 2**-20), (0, 1e-9), (0, 1e300)])
def test_neither_the_level_nor_the_unit_of_the_scale_changes_the_two_way_ones(offset: float, unit: float) -> None:
    moved = [[offset + unit * rating for rating in row] for row in SHROUT_FLEISS]
    assert icc2(moved) == pytest.approx(icc2(SHROUT_FLEISS), abs=1e-9)
    assert icc3(moved) == pytest.approx(icc3(SHROUT_FLEISS), abs=1e-9)


def test_levels_of_raters_count_for_agreement_alone() -> None:
    moved = [[rating + level for rating, level in zip(row, (0, 5, -2, 30), strict=True)] for row in SHROUT_FLEISS]
    assert icc3(moved) == pytest.approx(icc3(SHROUT_FLEISS), abs=1e-12)
    agreement = icc2(moved)
    assert agreement is not None
    assert 0 < agreement < 0.05


def test_the_two_way_correlations_find_what_ratings_were_made_with() -> None:
    draw = random.Random(8)  # noqa: S311 - statistics, no secret
    levels = [-0.5, -0.25, 0.25, 0.5]
    rows = []
    for _ in range(4_000):
        truth = draw.gauss(0, 1)
        rows.append([truth + level + draw.gauss(0, 1) for level in levels])
    of_levels = sum(level * level for level in levels) / 3
    assert icc2(rows) == pytest.approx(1 / (2 + of_levels), abs=0.02)
    assert icc3(rows) == pytest.approx(0.5, abs=0.02)
