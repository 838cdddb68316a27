"""Significance: textbook values, exact against drawn and normal, what is undefined and what is refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

from lc_scoring.stats import significance
from lc_scoring.stats.significance import (
    EXACT_BELOW,
    benjamini_yekutieli,
    holm,
    mcnemar_test,
    sign_flip_test,
    student_below,
)

# Fisher 1935, "The design of experiments", section 17: Darwin's fifteen pairs of plants, in eighths of an inch.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def test_darwins_plants_have_fishers_probability() -> None:
    """Section 21: of 32,768 sums, 863 are as great and 863 as small."""
    assert sign_flip_test(DARWIN) == 1_726 / 32_768


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1] * 6, 2 / 64),
        ([1, -1], 1),
        ([0, 0, 0], 1),
        ([5], 1),
        ([-5], 1),
        ([1, 2, 0, 0], 0.5),
        # |sum| of 1 2 4 with all signs: 7 5 3 1 twice each; seen 5.
        ([-1, 2, 4], 0.5),
        # Sums that are equal but for rounding: 0.1 + 0.2 beside 0.3.
        ([0.1, 0.2, -0.3], 1),
        ([0.1, 0.2, 0.3], 0.25),
        ([1e-300, 2e-300, 4e-300], 0.25),
        ([1e300, 2e300, 4e300], 0.25),
    ],
)
def test_hand_worked_sign_flips(differences: list[float], expected: float) -> None:
    assert sign_flip_test(differences) == pytest.approx(expected, abs=1e-15)


def test_of_no_differences_there_is_no_probability() -> None:
    assert sign_flip_test([]) is None
    assert sign_flip_test([], []) is None


def test_a_cluster_counts_once() -> None:
    assert sign_flip_test([1] * 6, ["a", "a", "b", "b", "c", "c"]) == 2 / 8
    assert sign_flip_test([1] * 6, ["a"] * 6) == 1
    assert sign_flip_test([1, -1, 2, -2], [0, 0, 1, 1]) == 1
    assert sign_flip_test(DARWIN, range(15)) == sign_flip_test(DARWIN)


def test_clusters_that_cancel_but_for_rounding_are_no_differences() -> None:
    assert sign_flip_test([0.1, 0.2, -0.3] * 6, [place // 3 for place in range(18)]) == 1


def test_sixteen_differences_are_all_tried_and_zeros_do_not_count() -> None:
    sixteen = [float(place) for place in range(1, 17)]
    assert sign_flip_test([*sixteen, *[0.0] * 40]) == 2 / 2**16
    theirs = scipy.stats.wilcoxon(sixteen[:10], [2.0 * one for one in sixteen[:10]], method="exact").pvalue
    assert sign_flip_test(sixteen[:10]) == pytest.approx(theirs)  # whole ranks are their own ranks


def test_random_flips_are_near_all_flips() -> None:
    draw = np.random.default_rng(2)
    for shift in (0, 0.3, 0.6):
        values = np.round(draw.standard_normal(18) + shift, 1)
        codes = np.arange(2**18)[:, None] >> np.arange(18) & 1
        exact = float(np.mean(np.abs((codes * 2 - 1) @ values) >= abs(values.sum()) - 1e-9))
        found = sign_flip_test(values, rounds=10_000)
        assert found == pytest.approx(exact, abs=4 * math.sqrt(exact / 10_000) + 1e-4)


def test_random_flips_of_equal_differences_are_a_binomial_test() -> None:
    for wins, losses in ((12, 6), (60, 40), (30, 29), (500, 430)):
        found = sign_flip_test([1] * wins + [-1] * losses, rounds=20_000)
        assert found == pytest.approx(scipy.stats.binomtest(wins, wins + losses).pvalue, abs=0.015)


def test_the_normal_approximation_goes_on_where_flips_end(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(6)
    for shift in (0, 0.03, 0.06):
        values = draw.standard_normal(1_000) + shift
        drawn = sign_flip_test(values, rounds=10_000)
        with monkeypatch.context() as patch:
            patch.setattr(significance, "_MOST_FLIPPED", 1)
            normal = sign_flip_test(values, rounds=10_000)
        z = values.sum() / math.sqrt((values**2).sum())
        assert normal == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), abs=1e-12)
        assert drawn == pytest.approx(normal, abs=0.02)


def test_very_many_differences_are_not_drawn() -> None:
    values = np.random.default_rng(1).standard_normal(5_001)
    z = values.sum() / math.sqrt((values**2).sum())
    assert sign_flip_test(values) == pytest.approx(2 * scipy.stats.norm.sf(abs(z)), abs=1e-12)


def test_a_small_memory_flips_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sign_flip_test(range(1, 21), rounds=500)
    monkeypatch.setattr(significance, "_AT_ONCE", 60)
    assert sign_flip_test(range(1, 21), rounds=500) == pytest.approx(whole, abs=0.01)
    assert sign_flip_test([1] * 40, rounds=500) == 1 / 501


def test_the_same_seed_flips_the_same_signs() -> None:
    values = [*DARWIN, 3, -20, 11]
    assert sign_flip_test(values, rounds=300) == sign_flip_test(values, rounds=300)
    assert len({sign_flip_test(values, rounds=300, seed=seed) for seed in range(5)}) > 1


def test_under_no_difference_it_is_as_rare_as_it_says() -> None:
    draw = np.random.default_rng(9)
    found = [sign_flip_test(draw.standard_normal(12)) for _ in range(400)]
    assert sum(one <= 0.05 for one in found if one is not None) / 400 == pytest.approx(0.05, abs=0.035)


@pytest.mark.parametrize(
    "found",
    [lambda: sign_flip_test(np.linspace(1, 2, 6_000)), lambda: mcnemar_test(10_000, 0)],
    ids=["flips", "mcnemar"],
)
def test_no_probability_is_0(found: Any) -> None:
    assert found() > 0


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_differences_are_finite(wrong: float) -> None:
    with pytest.raises(ValueError, match=f"differences must be finite, got {wrong}"):
        sign_flip_test([1, wrong])


@pytest.mark.parametrize("clusters", [[], ["a"], ["a", "b", "c"]])
def test_every_difference_has_a_label(clusters: list[str]) -> None:
    with pytest.raises(ValueError, match=f"a label for each of 2 differences, got {len(clusters)}"):
        sign_flip_test([1, 2], clusters)


def test_flips_are_one_or_more() -> None:
    with pytest.raises(ValueError, match="rounds must be 1 or more, got 0"):
        sign_flip_test(range(1, 30), rounds=0)


@pytest.mark.parametrize(
    ("wins", "losses", "expected"),
    [
        (0, 0, 1),
        (5, 5, 1),
        (50, 50, 1),
        (9, 1, 22 / 1_024),
        (0, 1, 1),
        (0, 24, 2 / 2**24),
        (0, 6, 2 / 64),
        # (|121 - 59| - 1)^2 / 180 = 20.672.
        (121, 59, math.erfc(math.sqrt(61**2 / 180 / 2))),
        (13, 12, math.erfc(0)),
    ],
)
def test_hand_worked_mcnemars(wins: int, losses: int, expected: float) -> None:
    assert mcnemar_test(wins, losses) == pytest.approx(expected, abs=1e-15)
    assert mcnemar_test(losses, wins) == mcnemar_test(wins, losses)


def test_mcnemar_counts_cases_below_25() -> None:
    for wins, losses in itertools.product(range(14), range(11)):
        if wins + losses:
            theirs = scipy.stats.binomtest(wins, wins + losses).pvalue
            assert mcnemar_test(wins, losses) == pytest.approx(theirs, abs=1e-12)
    theirs = scipy.stats.chi2.sf((abs(20 - 5) - 1) ** 2 / 25, 1)
    assert EXACT_BELOW == 25
    assert mcnemar_test(20, 5) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(("wins", "losses"), [(-1, 3), (3, -1)])
def test_counts_are_0_or_more(wins: int, losses: int) -> None:
    with pytest.raises(ValueError, match=f"counts must be 0 or more, got {wins} and {losses}"):
        mcnemar_test(wins, losses)


@pytest.mark.parametrize("adjust", [holm, benjamini_yekutieli])
def test_adjusting_keeps_order_and_what_stands_alone(adjust: Any) -> None:
    assert adjust([]) == []
    assert adjust([0.03]) == [0.03]
    assert adjust([0.5, 0.0, 1.0])[1:] == [0.0, 1.0]
    assert adjust([0.2, 0.2]) == [adjust([0.2, 0.2])[0]] * 2
    given = [0.04, 0.01, 0.03]
    assert adjust(given) == [adjust(sorted(given))[place] for place in (2, 0, 1)]
    assert given == [0.04, 0.01, 0.03]


def test_hand_worked_adjustments() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.4]) == pytest.approx([0.8, 0.8])
    third = 1 + 1 / 2 + 1 / 3
    expected = [third * 0.03, third * 0.04, third * 0.04]
    assert benjamini_yekutieli([0.01, 0.04, 0.03]) == pytest.approx(expected)


@pytest.mark.parametrize("freedom", [1e-3, 0.1, 0.5, 1, 2, 2.5, 5, 30, 100, 300, 1_000])
@pytest.mark.parametrize("t", [-1e300, -1e160, -1e20, -1e3, -40, -5, -2, -1, -0.1, -1e-3, 0, 0.3, 1.7, 3, 38, 1e160])
def test_student_is_that_of_scipy(t: float, freedom: float) -> None:
    assert student_below(t, freedom) == pytest.approx(float(scipy.stats.t.cdf(t, freedom)), abs=1e-12)
    assert student_below(t, freedom) + student_below(-t, freedom) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("freedom", [1e-3, 0.5, 1, 2, 30, 1_000])
@pytest.mark.parametrize("t", [1e-3, 1e-6, 1e-8, 1e-100])
def test_student_near_0_is_scipys_beta(t: float, freedom: float) -> None:
    """Of scipy 1.17's own t with one degree of freedom, near 0, eight digits are right."""
    share = float(scipy.special.betainc(0.5, freedom / 2, t * t / (freedom + t * t)))
    assert student_below(t, freedom) == pytest.approx(0.5 + share / 2, abs=1e-12)


def test_student_with_one_and_two_degrees_of_freedom_is_the_formula() -> None:
    for t in (-1e9, -3.5, -1e-8, 0.25, 7):
        assert student_below(t, 1) == pytest.approx(0.5 + math.atan(t) / math.pi, abs=1e-14)
        assert student_below(t, 2) == pytest.approx(0.5 + t / (2 * math.sqrt(2 + t * t)), abs=1e-14)


def test_tails_have_their_digits_too() -> None:
    for t, freedom in ((-20, 30), (-10, 100), (-8, 1_000), (-1e5, 3)):
        assert student_below(t, freedom) == pytest.approx(float(scipy.stats.t.cdf(t, freedom)), rel=1e-10, abs=0)


def test_beyond_all_numbers_lies_all_or_nothing() -> None:
    assert (student_below(-math.inf, 3), student_below(math.inf, 3)) == (0, 1)


@pytest.mark.parametrize("freedom", [1e4, 1e5, 1e6])
@pytest.mark.parametrize("t", [-3, 0.5, 1.7])
def test_student_with_many_degrees_of_freedom_is_still_nearly_so(t: float, freedom: float) -> None:
    assert student_below(t, freedom) == pytest.approx(float(scipy.stats.t.cdf(t, freedom)), abs=1e-8)


@pytest.mark.parametrize("freedom", [1e5, 1e6, 1e8, 1e10, 1e15, 1e300, math.inf])
def test_student_with_very_many_degrees_of_freedom_is_normal(freedom: float) -> None:
    for t in (-3, 0.5, 1.7):
        assert student_below(t, freedom) == pytest.approx(float(scipy.stats.t.cdf(t, freedom)), abs=1e-12)


@pytest.mark.parametrize("freedom", [0, -1, math.nan])
def test_there_are_degrees_of_freedom(freedom: float) -> None:
    with pytest.raises(ValueError, match=f"degrees of freedom must be above 0, got {freedom}"):
        student_below(1, freedom)
