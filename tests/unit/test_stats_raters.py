"""Agreement of several raters: the published tables, what is undefined and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lc_scoring.stats.agreement import cohen_kappa, icc, quadratic_kappa
from lc_scoring.stats.raters import Level, fleiss_kappa, krippendorff_alpha

N = math.nan
# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", C: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]
UNITS = np.array(OBSERVERS).T
# The same, A: two observers, ten units, yes or no.
MEG = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
OWEN = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
# The same, B: two observers, twelve units, five labels.
BEN = "aabbdcccedda"
GERRY = "babbbccceddd"
# Fleiss 1971 as in many textbooks: fourteen raters, ten subjects, five categories.
SUBJECTS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_four_observers_have_their_published_alphas(level: str, published: float) -> None:
    assert round(float(krippendorff_alpha(UNITS, level)), 3) == published


def test_two_observers_have_their_published_alphas() -> None:
    binary = np.array([MEG, OWEN]).T
    assert round(float(krippendorff_alpha(binary, Level.NOMINAL)), 3) == 0.095
    assert krippendorff_alpha(binary, "nominal") == pytest.approx(1 - 19 * 4 / (14 * 6), abs=1e-12)
    for level in Level:  # of two ratings all distances are the same
        assert krippendorff_alpha(binary, level) == pytest.approx(1 - 19 * 4 / (14 * 6), abs=1e-12)
    labels = np.array([[ord(one) for one in row] for row in (BEN, GERRY)]).T
    assert round(float(krippendorff_alpha(labels, "nominal")), 3) == 0.692


def test_fourteen_raters_have_their_published_kappa() -> None:
    ratings = [[category for category, times in enumerate(row) for _ in range(times)] for row in SUBJECTS]
    assert round(float(fleiss_kappa(ratings)), 3) == 0.210


def test_distances_are_those_of_ratings_by_default() -> None:
    assert krippendorff_alpha(UNITS) == krippendorff_alpha(UNITS, Level.INTERVAL)


def test_neither_the_place_nor_the_unit_of_the_scale_plays_a_part() -> None:
    for level in Level:
        for offset, unit in ((1e6, 1), (0, 1e-9), (5, 2**-20), (-3, 1e200)):
            expected = krippendorff_alpha(UNITS, level)
            assert krippendorff_alpha(offset + unit * UNITS, level) == pytest.approx(expected, abs=1e-9)


def test_order_alone_is_kept_by_any_rising_scale() -> None:
    assert krippendorff_alpha(UNITS**5, "ordinal") == pytest.approx(krippendorff_alpha(UNITS, "ordinal"), abs=1e-12)
    assert abs(krippendorff_alpha(UNITS**5, "interval") - krippendorff_alpha(UNITS, "interval")) > 0.1


def test_items_with_one_rating_take_no_part() -> None:
    lone = [[N, 77, N, N], [N] * 4, [0, N, N, N]]
    for level in Level:
        assert krippendorff_alpha([*UNITS.tolist(), *lone], level) == krippendorff_alpha(UNITS, level)


def test_raters_may_stand_in_any_order() -> None:
    mixed = np.array([np.roll(row, place) for place, row in enumerate(UNITS)])
    for level in Level:
        assert krippendorff_alpha(mixed, level) == pytest.approx(krippendorff_alpha(UNITS, level), abs=1e-12)


def test_of_very_many_items_of_two_raters_alpha_is_nearly_kappa() -> None:
    """With like margins they differ by terms of order 1 / n alone."""
    draw = np.random.default_rng(0)
    a, b = draw.integers(1, 6, (2, 20_000))
    b = np.where(draw.random(20_000) < 0.5, a, b)
    for level, statistic in (("nominal", cohen_kappa), ("interval", quadratic_kappa), ("interval", icc)):
        found = float(krippendorff_alpha(np.stack([a, b], axis=1), level))
        assert found == pytest.approx(float(statistic(a, b)), abs=1e-3)


def test_raters_who_agree_have_1() -> None:
    ratings = [[1, 1, N], [4, 4, 4], [N, 2, 2]]
    for level in Level:
        assert krippendorff_alpha(ratings, level) == 1
    assert fleiss_kappa([[1, 1, 1], [4, 4, 4]]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "ratings",
    [
        pytest.param(np.empty((0, 3)), id="no items"),
        pytest.param(np.empty((3, 0)), id="no raters"),
        pytest.param([[1], [2], [3]], id="one rater"),
        pytest.param([[N, N], [N, N]], id="no ratings"),
        pytest.param([[1.1, 1.1, 1.1]] * 5, id="all equal"),
    ],
)
def test_where_chance_brings_no_disagreement_there_is_no_agreement(ratings: Any) -> None:
    items = len(ratings)
    assert np.isnan(fleiss_kappa(ratings))
    assert np.isnan(fleiss_kappa(ratings, np.ones((2, items)))).tolist() == [True, True]
    for level in Level:
        assert np.isnan(krippendorff_alpha(ratings, level))
        assert np.isnan(krippendorff_alpha(ratings, level, np.ones((2, items)))).tolist() == [True, True]


def test_draws_without_two_ratings_have_no_value() -> None:
    ratings = [[1.1, 1.1], [1.1, 2], [3, 3], [3, N]]
    rows = [[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 2], [4, 0, 0, 1], [1, 0, 0, 0]]
    for level in Level:
        assert np.isnan(krippendorff_alpha(ratings, level, rows)).tolist() == [False, True, True, True, True]
    found = fleiss_kappa(ratings[:3], [row[:3] for row in rows])
    assert np.isnan(found).tolist() == [False, True, True, True, True]


def test_fleiss_kappa_needs_as_many_ratings_of_each_item() -> None:
    with pytest.raises(ValueError, match="equally many ratings for each item: use Krippendorff's alpha"):
        fleiss_kappa([[1, 2, 3], [1, 2, N]])
    shifted = fleiss_kappa([[1, N, 2], [N, 2, 2], [1, 1, N]])
    assert shifted == pytest.approx(float(fleiss_kappa([[1, 2], [2, 2], [1, 1]])), abs=1e-12)


@pytest.mark.parametrize(
    "statistic", [fleiss_kappa, lambda ratings, counts: krippendorff_alpha(ratings, "ordinal", counts)]
)
def test_what_is_no_matrix_of_ratings_is_refused(statistic: Any) -> None:
    for ratings in ([], [1, 2], [[[1]]], [[1, math.inf]], [[-math.inf, 1]]):
        with pytest.raises(ValueError, match="ratings are finite numbers or NaN by item and rater, got shape"):
            statistic(ratings, None)
    for counts in ([1], [1, -1], [[1, 1], [0, -2]], 1):
        with pytest.raises(ValueError, match="a count of 0 or more for each of 2 items"):
            statistic([[1, 2], [2, 2]], counts)
    with pytest.raises(ValueError, match="counts must be finite, got nan"):
        statistic([[1, 2], [2, 2]], [1, N])


@pytest.mark.parametrize("level", ["ratio", "", "Nominal"])
def test_a_level_is_one_of_three(level: str) -> None:
    with pytest.raises(ValueError, match=f"'{level}' is not a valid Level"):
        krippendorff_alpha(UNITS, level)
