"""Agreement of two raters: published and hand-worked values, what is undefined, what is refused, and NumPy itself."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from lc_scoring.stats.agreement import (
    AGREEMENT,
    bias,
    cohen_kappa,
    confusion_matrix,
    exact_agreement,
    icc,
    kendall,
    linear_kappa,
    mean_absolute_error,
    pearson,
    quadratic_kappa,
    spearman,
    within_one,
)
from lc_scoring.stats.arrays import codes_of, floats, grouped_sums
from lc_scoring.stats.reliability import icc2

KAPPAS = {quadratic_kappa: "quadratic", linear_kappa: "linear", cohen_kappa: None}
CORRELATIONS = {pearson: scipy.stats.pearsonr, spearman: scipy.stats.spearmanr, kendall: scipy.stats.kendalltau}


def table(counts: list[list[int]]) -> tuple[list[int], list[int], list[int]]:
    """Return a table as ratings and counts of them."""
    cells = [(row, column, count) for row, line in enumerate(counts) for column, count in enumerate(line)]
    rows, columns, times = map(list, zip(*cells, strict=True))
    return rows, columns, times


def test_cohens_own_table_has_its_published_kappa() -> None:
    """Cohen 1968, "Weighted kappa": 200 cases, three diagnoses."""
    published = table([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    assert cohen_kappa(*published) == pytest.approx((0.70 - 0.41) / (1 - 0.41), abs=1e-12)
    assert round(float(cohen_kappa(*published)), 2) == 0.49


def test_the_table_of_landis_and_koch_has_its_kappa() -> None:
    """Agresti, "Categorical data analysis": two pathologists, 118 slides."""
    slides = table([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]])
    assert round(float(cohen_kappa(*slides)), 3) == 0.493


def test_anscombes_quartet_has_one_correlation() -> None:
    x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    assert round(float(pearson(x, y)), 3) == 0.816


@pytest.mark.parametrize(
    ("statistic", "a", "b", "expected"),
    [
        # Deviations -1.5, -.5, .5, 1.5 against -1.5, .5, -.5, 1.5: (2.25 - .25 - .25 + 2.25) / 5.
        (pearson, [1, 2, 3, 4], [1, 3, 2, 4], 0.8),
        (spearman, [1, 2, 3, 4], [10, 30, 20, 40], 0.8),
        # Ranks 1.5 1.5 3 4 against 1 2 3 4: 4.5 / sqrt(4.5 * 5).
        (spearman, [1, 1, 2, 3], [1, 2, 3, 4], 4.5 / math.sqrt(22.5)),
        # Five pairs alike, one tied by a: 5 / sqrt(5 * 6).
        (kendall, [1, 1, 2, 3], [1, 2, 3, 4], 5 / math.sqrt(30)),
        (kendall, [1, 2, 3, 4], [4, 3, 2, 1], -1),
        # po = 3/4, pe = 1/2 * 1/4 + 1/2 * 3/4 = 1/2.
        (cohen_kappa, [1, 1, 0, 0], [1, 0, 0, 0], 0.5),
        # Raters who each give but one rating, and not the same: what chance would bring, too.
        (cohen_kappa, [1, 1], [2, 2], 0),
        (linear_kappa, [1, 1], [2, 2], 0),
        (quadratic_kappa, [1, 1], [2, 2], 0),
        (icc, [1, 1], [2, 2], 0),
        # Mean distance 1/4; of all pairs (1 1 3 3 + 0 0 2 2 + 2 2 0 0 + 2 2 0 0) / 16.
        (linear_kappa, [1, 2, 4, 4], [2, 2, 4, 4], 1 - (1 / 4) / (20 / 16)),
        (quadratic_kappa, [1, 2], [2, 1], -1),
        (icc, [1, 2, 3], [2, 3, 4], 2 / 3),
        (mean_absolute_error, [1, 5], [4, 4], 2),
        (bias, [1, 5], [4, 4], 1),
        (exact_agreement, [1, 2, 3], [1, 2, 4], 2 / 3),
        (within_one, [1, 2, 3, 4], [2, 2, 5, 1], 0.5),
        (within_one, [0.1, 0.2], [1.1, 1.2], 1),
    ],
)
def test_hand_worked_values(statistic: Any, a: list[float], b: list[float], expected: float) -> None:
    assert statistic(a, b) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("statistic", AGREEMENT.values())
@pytest.mark.parametrize("value", [7, 0, 0.1, 1e6 + 0.3, -1e300])
@pytest.mark.parametrize("size", [1, 2, 30])
def test_of_equal_ratings_only_distances_and_shares_can_be_told(statistic: Any, value: float, size: int) -> None:
    found = float(statistic([value] * size, [value] * size, None))
    if statistic in {mean_absolute_error, bias}:
        assert found == 0
    elif statistic in {exact_agreement, within_one}:
        assert found == 1
    else:
        assert math.isnan(found)


@pytest.mark.parametrize("statistic", CORRELATIONS)
@pytest.mark.parametrize("other", [[1, 2, 3], [3, 3, 3]])
def test_one_who_rates_all_alike_correlates_with_nobody(statistic: Any, other: list[float]) -> None:
    assert math.isnan(float(statistic([0.1, 0.1, 0.1], other, None)))
    assert math.isnan(float(statistic(other, [0.1, 0.1, 0.1], None)))


@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_of_nothing_there_is_no_agreement(statistic: Any) -> None:
    assert np.isnan(statistic([], [], None))
    assert np.isnan(statistic([1, 2, 3], [2, 1, 3], [0, 0, 0]))
    assert statistic([], [], np.ones((3, 0))).shape == (3,)
    draws = statistic([1, 2, 3, 4], [1, 2, 4, 3], [[1, 1, 1, 1], [0, 0, 0, 0]])
    assert np.isnan(draws).tolist() == [False, True]


@pytest.mark.parametrize("statistic", [*CORRELATIONS, icc])
def test_one_pair_is_too_few(statistic: Any) -> None:
    assert np.isnan(statistic([1], [2], None))
    assert np.isnan(statistic([1, 2], [2, 1], [1, 0]))


@pytest.mark.parametrize("statistic", [*KAPPAS, *CORRELATIONS, icc])
def test_a_draw_that_holds_but_one_rating_has_no_agreement_either(statistic: Any) -> None:
    """What is left over is rounding, and must not be divided by."""
    a, b = [1.1, 1.1, 1.1, 2.7, 9.9], [1.1, 1.1, 1.1, 3.3, 9.8]
    found = statistic(a, b, [[5, 0, 0, 0, 0], [3, 3, 1, 0, 0], [1, 1, 1, 1, 1]])
    assert np.isnan(found).tolist() == [True, True, False]


def test_the_intraclass_correlation_of_the_published_table_is_that_of_the_two_raters() -> None:
    a, b = [9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2]
    assert icc(a, b) == pytest.approx(icc2(list(zip(a, b, strict=True))), abs=1e-12)


def test_two_raters_who_say_the_opposite_on_two_items_have_no_intraclass_correlation() -> None:
    """Its divisor is 0: nothing between items, nothing between raters, and error weighs (k - 1) - k / n = 0."""
    assert np.isnan(icc([1, 2], [2, 1]))


def test_weighted_kappas_go_by_the_ratings_themselves() -> None:
    """Over 1, 2 and 10 it is not the places 0, 1 and 2 that lie apart, as for those who count in categories."""
    a, b = [1, 2, 10, 10, 1, 2, 1], [1, 2, 10, 10, 2, 1, 2]
    whole = range(1, 11)
    for kappa, weights in ((linear_kappa, "linear"), (quadratic_kappa, "quadratic")):
        theirs = sklearn.metrics.cohen_kappa_score(a, b, labels=whole, weights=weights)
        by_place = sklearn.metrics.cohen_kappa_score(a, b, weights=weights)
        assert kappa(a, b) == pytest.approx(theirs, abs=1e-12)
        assert abs(float(kappa(a, b)) - by_place) > 0.01


@pytest.mark.parametrize("size", [50, 2_000])
@pytest.mark.parametrize("offset", [0, 1e6])
def test_many_ratings_agree_as_the_references_say(size: int, offset: float) -> None:
    draw = np.random.default_rng(size)
    a = np.minimum(10, np.round(9 + 2 * draw.standard_normal(size))).clip(1)
    b = np.round(a + 2 * draw.standard_normal(size)).clip(1, 10)
    expected = {statistic: theirs(a, b).statistic for statistic, theirs in CORRELATIONS.items()}
    for kappa, weights in KAPPAS.items():
        expected[kappa] = sklearn.metrics.cohen_kappa_score(a, b, labels=range(1, 11), weights=weights)
    for statistic, value in expected.items():
        assert statistic(a + offset, b + offset) == pytest.approx(value, abs=1e-9)


def test_many_different_numbers_are_ordered_as_scipy_says() -> None:
    draw = np.random.default_rng(1)
    a = draw.standard_normal(3_000)
    b = a + draw.standard_normal(3_000)
    assert kendall(a, b) == pytest.approx(scipy.stats.kendalltau(a, b).statistic, abs=1e-9)
    assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic, abs=1e-9)
    assert pearson(a, b) == pytest.approx(scipy.stats.pearsonr(a, b).statistic, abs=1e-9)


def test_one_other_rating_among_very_many_still_counts() -> None:
    a = np.zeros(100_000)
    a[0] = 1
    for statistic in (pearson, spearman, cohen_kappa, linear_kappa, quadratic_kappa, icc, kendall):
        assert float(statistic(a, a)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_every_name_is_a_statistic_without_a_warning(statistic: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for a, b in (([], []), ([1], [1]), ([1, 1], [1, 2]), ([5e-324, 0], [0, 5e-324]), ([1e150, 0], [0, 1e150])):
            assert statistic(a, b, None).shape == ()


@pytest.mark.parametrize(
    "statistic", [pearson, linear_kappa, quadratic_kappa, icc, mean_absolute_error, bias, within_one]
)
@pytest.mark.xfail(strict=True, raises=RuntimeWarning, reason="distances of numbers at both ends of what there is")
def test_numbers_at_both_ends_of_what_there_is_do_not_warn(statistic: Any) -> None:
    statistic([-1.5e308, 1.5e308, 1], [1.5e308, 1, 2])


def test_no_order_at_all_is_beyond_1() -> None:
    for size in range(2, 60):
        assert -1 - 1e-12 <= float(kendall(range(size), range(size, 0, -1))) <= 1
        assert float(kendall(range(size), range(size))) == pytest.approx(1, abs=1e-12)


def test_kendalls_tau_is_at_most_1() -> None:
    assert max(float(kendall(range(size), range(size))) for size in range(2, 12)) <= 1


def test_the_confusion_matrix_has_the_first_raters_in_rows() -> None:
    categories, counts = confusion_matrix([1, 2, 2, 5], [1, 1, 2, 5])
    assert (categories.tolist(), counts.tolist()) == ([1, 2, 5], [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    categories, counts = confusion_matrix([0.5], [1], categories=[0, 0.5, 1])
    assert (categories.tolist(), counts.tolist()) == ([0, 0.5, 1], [[0, 0, 0], [0, 0, 1], [0, 0, 0]])
    categories, counts = confusion_matrix([], [])
    assert (categories.shape, counts.shape) == ((0,), (0, 0))


def test_a_rating_is_one_of_the_categories() -> None:
    with pytest.raises(ValueError, match=r"7\.0 is none of the categories \[1\.0, 2\.0\]\."):
        confusion_matrix([1, 2], [2, 7], categories=[1, 2])


@pytest.mark.parametrize("categories", [[3, 2, 1], [1, 1, 2, 3]])
def test_categories_rise(categories: list[int]) -> None:
    with pytest.raises(ValueError, match="categories must rise"):
        confusion_matrix([3, 3], [3, 3], categories)


@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_what_is_not_two_raters_is_refused(statistic: Any) -> None:
    with pytest.raises(ValueError, match=r"rate the same items, got ratings of shape \(1,\) and \(2,\)"):
        statistic([1], [1, 2], None)
    with pytest.raises(ValueError, match="rate the same items"):
        statistic([[1, 2]], [[1, 2]], None)
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match=f"ratings must be finite, got {wrong}"):
            statistic([1, wrong], [1, 2], None)
        with pytest.raises(ValueError, match=f"ratings must be finite, got {wrong}"):
            statistic([1, 2], [1, wrong], None)
        with pytest.raises(ValueError, match=f"counts must be finite, got {wrong}"):
            statistic([1, 2], [1, 2], [1, wrong])
    for counts in ([1], [1, 2, 3], [1, -1], [[1, 1], [0, -2]], 1):
        with pytest.raises(ValueError, match="a count of 0 or more for each of 2 items"):
            statistic([1, 2], [1, 2], counts)
    with pytest.raises(ValueError, match="ratings of shape"):
        confusion_matrix([1], [1, 2])


def test_lists_arrays_and_whole_numbers_are_all_fine() -> None:
    for kind in (list, tuple, np.array, lambda one: np.array(one, np.int8)):
        assert pearson(kind([1, 2, 4]), kind([1, 3, 4]), kind([1, 2, 1])) == pearson([1, 2, 4], [1, 3, 4], [1, 2, 1])


def test_ratings_as_they_are_given_stay_as_they_are() -> None:
    a, b, counts = np.array([1.0, 2, 4]), np.array([1.0, 3, 4]), np.ones((2, 3))
    for statistic in AGREEMENT.values():
        statistic(a, b, counts)
    assert (a.tolist(), b.tolist(), counts.tolist()) == ([1, 2, 4], [1, 3, 4], [[1] * 3] * 2)


def test_codes_and_sums_of_nothing_are_nothing() -> None:
    distinct, codes = codes_of(floats([], "ratings"))
    assert (distinct.tolist(), codes.tolist(), codes.dtype) == ([], [], np.intp)
    assert grouped_sums(floats([], "counts"), codes, 2).tolist() == [0, 0]


def test_without_numpy_it_says_what_to_install() -> None:
    program = """
import sys
sys.modules["numpy"] = None
from lc_scoring.errors import MissingExtra
try:
    import lc_scoring.stats.arrays
except MissingExtra as error:
    assert 'pip install "lc-scoring[stats]"' in str(error)
else:
    raise SystemExit("it was imported")
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own words
