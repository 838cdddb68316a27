"""Agreement, resampling and significance: beside their reference implementations on any ratings."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
import pytest
import scipy.special
import scipy.stats
import sklearn.metrics
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
from lc_scoring.stats.alternative_annotator import alternative_annotator_test
from lc_scoring.stats.arrays import codes_of, grouped_sums
from lc_scoring.stats.binary import BINARY, auc, calibration_error, precision, recall
from lc_scoring.stats.intervals import bca_percents
from lc_scoring.stats.raters import Level, fleiss_kappa, krippendorff_alpha
from lc_scoring.stats.reliability import icc2, icc3
from lc_scoring.stats.resampling import drawn_interval
from lc_scoring.stats.significance import (
    benjamini_yekutieli,
    holm,
    mcnemar_test,
    sign_flip_test,
    student_below,
)

NEAR = 1e-9
SCALES = [(0, 1), (1, 0.1), (1e6, 1), (-1e6, 0.125), (5, 2**-20), (0, 1e-9), (-3, 0.5), (0, 1e6)]
"""Where ratings begin and how far they lie apart: whole ones, decimals, far from 0, next to each other."""
TOP = 9

ALIKE = st.integers(0, TOP).map(st.just)
STEPS = st.sampled_from([st.integers(0, TOP), st.integers(0, 1), st.sampled_from([TOP, TOP, TOP, 8, 0])]) | ALIKE
COUNTS = st.integers(0, 3)
Pairs = tuple[list[int], list[int]]
Matrix = np.ndarray[Any, Any]
fast = settings(max_examples=60, deadline=None)


@st.composite
def pairs(draw: st.DrawFn, least: int = 0, most: int = 12) -> Pairs:
    """Two raters' steps on a scale: all sorts, of two kinds, skewed, all equal."""
    size = draw(st.integers(least, most))
    one, other = (draw(st.lists(draw(STEPS), min_size=size, max_size=size)) for _ in range(2))
    return one, draw(st.sampled_from([one, other, other]))


@st.composite
def matrices(draw: st.DrawFn, *, missing: bool = True) -> Matrix:
    """Ratings of up to seven items by up to four raters."""
    items, raters = draw(st.integers(0, 7)), draw(st.integers(1, 4))
    rating = draw(STEPS).map(float)
    cell = st.one_of(rating, rating, st.just(math.nan)) if missing else rating
    row = st.lists(cell, min_size=raters, max_size=raters)
    return np.array(draw(st.lists(row, min_size=items, max_size=items)), float).reshape(items, raters)


@contextmanager
def quiet() -> Iterator[None]:
    """For the references alone: ours must not warn."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def on_scale(steps: Sequence[int], scale: tuple[float, float]) -> list[float]:
    begin, step = scale
    return [begin + step * one for one in steps]


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=NEAR, equal_nan=True)


def counted(values: Sequence[Any], counts: Sequence[int]) -> list[Any]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def optional(name: str) -> Any:
    """Return a module that only some installations have."""
    with quiet():
        return pytest.importorskip(name)


@pytest.fixture(scope="module")
def inter_rater() -> Any:
    return optional("statsmodels.stats.inter_rater")


@pytest.fixture(scope="module")
def contingency_tables() -> Any:
    return optional("statsmodels.stats.contingency_tables")


@pytest.fixture(scope="module")
def multitest() -> Any:
    return optional("statsmodels.stats.multitest")


@pytest.fixture(scope="module")
def krippendorff() -> Any:
    return optional("krippendorff")


@fast
@given(pairs(least=2), st.sampled_from(SCALES), st.sampled_from(SCALES))
def test_correlations_are_those_of_scipy(
    both: Pairs, scale: tuple[float, float], other_scale: tuple[float, float]
) -> None:
    a, b = on_scale(both[0], scale), on_scale(both[1], other_scale)
    with quiet():
        product, ranks, tau = scipy.stats.pearsonr(a, b), scipy.stats.spearmanr(a, b), scipy.stats.kendalltau(a, b)
    same(pearson(a, b), product.statistic)
    same(spearman(a, b), ranks.statistic)
    same(kendall(a, b), tau.statistic)


@fast
@given(pairs(least=1), st.sampled_from(SCALES))
@pytest.mark.parametrize(
    ("kappa", "weights"), [(cohen_kappa, None), (linear_kappa, "linear"), (quadratic_kappa, "quadratic")]
)
def test_kappas_are_those_of_sklearn(kappa: Any, weights: str | None, both: Pairs, scale: tuple[float, float]) -> None:
    with quiet():
        theirs = sklearn.metrics.cohen_kappa_score(*both, labels=range(TOP + 1), weights=weights)
    same(kappa(on_scale(both[0], scale), on_scale(both[1], scale)), theirs)


@fast
@given(pairs(), st.sampled_from(SCALES))
def test_the_intraclass_correlation_of_two_raters_is_that_of_any_number(
    both: Pairs, scale: tuple[float, float]
) -> None:
    a, b = on_scale(both[0], scale), on_scale(both[1], scale)
    expected = icc2(list(zip(a, b, strict=True)))
    same(icc(a, b), math.nan if expected is None else expected)


@fast
@given(pairs(), st.sampled_from(SCALES))
def test_plain_statistics_are_what_they_say(both: Pairs, scale: tuple[float, float]) -> None:
    a, b = np.array(on_scale(both[0], scale)), np.array(on_scale(both[1], scale))
    with quiet():
        same(mean_absolute_error(a, b), np.abs(a - b).mean())
        same(bias(a, b), b.mean() - a.mean())
        same(exact_agreement(a, b), np.mean(a == b))
        same(within_one(a, b), np.mean(np.abs(a - b) < 1 + 1e-7))


@fast
@given(st.data(), st.sampled_from(SCALES))
@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_to_count_a_pair_is_to_repeat_it(statistic: Any, data: st.DataObject, scale: tuple[float, float]) -> None:
    a, b = (on_scale(steps, scale) for steps in data.draw(pairs()))
    times = st.lists(COUNTS, min_size=len(a), max_size=len(a))
    rows = data.draw(st.lists(times, min_size=1, max_size=4))
    batch = statistic(a, b, rows)
    assert batch.shape == (len(rows),)
    for found, counts in zip(batch, rows, strict=True):
        same(found, statistic(a, b, counts))
        same(found, statistic(counted(a, counts), counted(b, counts), None))
    same(statistic(a, b, [rows, rows]), [batch, batch])


@fast
@given(st.data())
@pytest.mark.parametrize("statistic", BINARY.values())
def test_to_count_an_item_is_to_repeat_it(statistic: Any, data: st.DataObject) -> None:
    truth, scores = data.draw(labelled())
    rows = data.draw(st.lists(st.lists(COUNTS, min_size=len(truth), max_size=len(truth)), min_size=1, max_size=4))
    batch = statistic(truth, scores, rows)
    assert batch.shape == (len(rows),)
    for found, counts in zip(batch, rows, strict=True):
        same(found, statistic(truth, scores, counts))
        same(found, statistic(counted(truth, counts), counted(scores, counts), None))
    same(statistic(truth, scores, [rows, rows]), [batch, batch])


@fast
@given(st.data())
@pytest.mark.parametrize("level", ["fleiss", *Level])
def test_to_count_an_item_of_several_raters_is_to_repeat_it(level: str, data: st.DataObject) -> None:
    matrix = data.draw(matrices(missing=level != "fleiss"))
    statistic: Callable[..., Any] = (
        fleiss_kappa if level == "fleiss" else lambda ratings, counts: krippendorff_alpha(ratings, level, counts)
    )
    rows = data.draw(st.lists(st.lists(COUNTS, min_size=len(matrix), max_size=len(matrix)), min_size=1, max_size=4))
    batch = statistic(matrix, rows)
    assert batch.shape == (len(rows),)
    for found, counts in zip(batch, rows, strict=True):
        same(found, statistic(matrix, counts))
        same(found, statistic(np.repeat(matrix, counts, axis=0), None))
    same(statistic(matrix, [rows, rows]), [batch, batch])


@fast
@given(pairs(), st.sampled_from(SCALES))
@pytest.mark.parametrize("statistic", AGREEMENT.values())
def test_neither_the_order_of_raters_nor_that_of_items_plays_a_part(
    statistic: Any, both: Pairs, scale: tuple[float, float]
) -> None:
    a, b = on_scale(both[0], scale), on_scale(both[1], scale)
    found = statistic(a, b, None)
    same(statistic(b, a, None), -found if statistic is bias else found)
    same(statistic(a[::-1], b[::-1], None), found)


@fast
@given(pairs(), st.sampled_from(SCALES))
@pytest.mark.parametrize("statistic", [pearson, spearman])
def test_correlations_stay_within_minus_1_and_1(statistic: Any, both: Pairs, scale: tuple[float, float]) -> None:
    found = float(statistic(on_scale(both[0], scale), on_scale(both[1], scale), None))
    assert math.isnan(found) or -1 <= found <= 1


@fast
@given(pairs())
@pytest.mark.parametrize("statistic", [cohen_kappa, linear_kappa, quadratic_kappa, icc])
def test_no_agreement_is_above_1_and_raters_who_agree_have_it(statistic: Any, both: Pairs) -> None:
    a, b = both
    found = float(statistic(a, b, None))
    assert math.isnan(found) or found <= 1
    assert math.isnan(found) == (len(set(a + b)) < 2 or (statistic is icc and undefined(a, b)))
    assert found != 1 or a == b
    if len(set(a)) > 1:
        assert statistic(a, a, None) == 1


def undefined(a: list[int], b: list[int]) -> bool:
    """Whether there are too few items, or the two raters just say the opposite of each other."""
    return len(a) < 2 or (len(a) == 2 and a == b[::-1])


@fast
@given(pairs(least=1))
def test_the_confusion_matrix_is_that_of_sklearn(both: Pairs) -> None:
    categories, counts = confusion_matrix(*both)
    assert categories.tolist() == sorted(set(both[0] + both[1]))
    with quiet():
        assert counts.tolist() == sklearn.metrics.confusion_matrix(*both, labels=categories).tolist()
        whole = sklearn.metrics.confusion_matrix(*both, labels=range(TOP + 1))
    assert confusion_matrix(*both, categories=range(TOP + 1))[1].tolist() == whole.tolist()


@st.composite
def labelled(draw: st.DrawFn, least: int = 0) -> tuple[list[int], list[float]]:
    """Truths and scores, many at the edges of bins."""
    score = draw(st.sampled_from([st.floats(0, 1), st.integers(0, 10).map(lambda one: one / 10), st.just(0.5)]))
    items = draw(st.lists(st.tuples(st.integers(0, draw(st.integers(0, 1))), score), min_size=least, max_size=12))
    return [truth for truth, _ in items], [score for _, score in items]


@fast
@given(labelled(least=1))
def test_binary_statistics_are_those_of_sklearn(items: tuple[list[int], list[float]]) -> None:
    truth, scores = items
    called = [score >= 0.5 for score in scores]
    with quiet():
        area = sklearn.metrics.roc_auc_score(truth, scores) if len(set(truth)) > 1 else math.nan
        of_called = sklearn.metrics.precision_score(truth, called, zero_division=math.nan)
        of_true = sklearn.metrics.recall_score(truth, called, zero_division=math.nan)
    same(auc(truth, scores), area)
    same(precision(truth, scores), of_called)
    same(recall(truth, scores), of_true)


@fast
@given(labelled(), st.sampled_from(SCALES))
def test_ranking_does_not_depend_on_the_scale_of_scores(
    items: tuple[list[int], list[float]], scale: tuple[float, float]
) -> None:
    truth, scores = items
    moved = on_scale([round(score * 10) for score in scores], scale)
    same(auc(truth, moved), auc(truth, [round(score * 10) for score in scores]))


@fast
@given(labelled())
def test_the_calibration_error_is_that_of_the_definition(items: tuple[list[int], list[float]]) -> None:
    bins: dict[int, list[tuple[int, float]]] = {}
    for truth, score in zip(*items, strict=True):
        bins.setdefault(sum(score >= edge / 10 for edge in range(1, 10)), []).append((truth, score))
    error = sum(
        len(one) * abs(sum(truth for truth, _ in one) / len(one) - sum(score for _, score in one) / len(one))
        for one in bins.values()
    )
    same(calibration_error(*items), error / len(items[0]) if items[0] else math.nan)


@settings(max_examples=40, deadline=None)
@given(matrices(missing=False), st.sampled_from(SCALES))
def test_fleiss_kappa_is_that_of_statsmodels(inter_rater: Any, matrix: Matrix, scale: tuple[float, float]) -> None:
    found = fleiss_kappa(scale[0] + scale[1] * matrix)
    if matrix.shape[1] < 2 or len(np.unique(matrix)) < 2:
        assert np.isnan(found)
    else:
        with quiet():
            same(found, inter_rater.fleiss_kappa(inter_rater.aggregate_raters(matrix)[0]))


@fast
@given(matrices(), st.sampled_from(SCALES))
@pytest.mark.parametrize("level", list(Level))
def test_alpha_is_that_of_the_package_of_that_name(
    krippendorff: Any, level: Level, matrix: Matrix, scale: tuple[float, float]
) -> None:
    found = krippendorff_alpha(scale[0] + scale[1] * matrix, level)
    pairable = matrix[(~np.isnan(matrix)).sum(axis=1) > 1]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert np.isnan(found)
    else:
        with quiet():
            same(found, krippendorff.alpha(matrix.T, level_of_measurement=str(level)))


@fast
@given(matrices(), st.sampled_from(SCALES))
@pytest.mark.parametrize("level", list(Level))
def test_alpha_is_that_of_its_definition(level: Level, matrix: Matrix, scale: tuple[float, float]) -> None:
    same(krippendorff_alpha(scale[0] + scale[1] * matrix, level), defined_alpha(matrix, level))


def defined_alpha(matrix: Matrix, level: Level) -> float:
    """Return Krippendorff's alpha by its sums over pairs of ratings."""
    units = [[rating for rating in row if not math.isnan(rating)] for row in matrix.tolist()]
    units = [unit for unit in units if len(unit) > 1]
    ratings = [rating for unit in units for rating in unit]

    def apart(one: float, other: float) -> float:
        if level is Level.NOMINAL:
            return float(one != other)
        if level is Level.INTERVAL:
            return (one - other) ** 2
        low, high = min(one, other), max(one, other)
        return (sum(low <= rating <= high for rating in ratings) - (ratings.count(one) + ratings.count(other)) / 2) ** 2

    expected = sum(itertools.starmap(apart, itertools.product(ratings, repeat=2)))
    observed = sum(apart(*two) / (len(unit) - 1) for unit in units for two in itertools.product(unit, repeat=2))
    return 1 - (len(ratings) - 1) * observed / expected if expected else math.nan


@fast
@given(matrices(missing=False), st.sampled_from(SCALES))
def test_intraclass_correlations_are_those_of_an_analysis_of_variance(
    matrix: Matrix, scale: tuple[float, float]
) -> None:
    agreement, consistency = analysed(matrix)
    rows = (scale[0] + scale[1] * matrix).tolist()
    same(nan_for_none(icc2(rows)), agreement)
    same(nan_for_none(icc3(rows)), consistency)


def nan_for_none(number: float | None) -> float:
    return math.nan if number is None else number


def analysed(matrix: Matrix) -> tuple[float, float]:
    """Return ICC(2,1) and ICC(3,1), in fractions."""
    n, k = matrix.shape
    if n < 2 or k < 2:
        return math.nan, math.nan
    rows = [[Fraction(int(rating)) for rating in row] for row in matrix]
    grand = sum(map(sum, rows)) / Fraction(n * k)
    items = [sum(row) / k for row in rows]
    raters = [sum(column) / n for column in zip(*rows, strict=True)]
    total = sum((rating - grand) ** 2 for row in rows for rating in row)
    of_items, of_raters = k * sum((one - grand) ** 2 for one in items), n * sum((one - grand) ** 2 for one in raters)
    bms, jms = of_items / (n - 1), of_raters / (k - 1)
    ems = (total - of_items - of_raters) / ((n - 1) * (k - 1))
    bottoms = bms + (k - 1) * ems + k * (jms - ems) / n, bms + (k - 1) * ems
    agreement, consistency = (float((bms - ems) / bottom) if bottom else math.nan for bottom in bottoms)
    return agreement, consistency


@fast
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=20), st.integers(6, 8))
def test_sums_of_groups_are_sums_of_groups(items: list[tuple[int, int]], size: int) -> None:
    codes, counts = np.array([code for code, _ in items], int), np.array([count for _, count in items], float)
    expected = [sum(count for code, count in items if code == place) for place in range(size)]
    assert grouped_sums(counts, codes, size).tolist() == expected
    assert grouped_sums(np.stack([counts, 2 * counts]), codes, size).tolist()[1] == [2 * one for one in expected]


@fast
@given(st.lists(st.floats(-10, 10), max_size=20))
def test_codes_lead_back_to_the_values(values: list[float]) -> None:
    distinct, codes = codes_of(np.array(values, float))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[codes].tolist() == values


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-6, 6), min_size=2, max_size=9), st.sampled_from([1, 0.1, 1e6, 2**-20]))
def test_the_sign_flip_test_is_that_of_scipy(differences: list[int], step: float) -> None:
    with quiet():
        theirs = scipy.stats.permutation_test(
            (np.array(differences),), np.mean, permutation_type="samples", n_resamples=math.inf, vectorized=True
        )
    same(sign_flip_test([step * one for one in differences]), theirs.pvalue)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 5)), min_size=1, max_size=12), st.sampled_from([1, 0.125]))
def test_signs_of_clusters_are_flipped_together(items: list[tuple[int, int]], step: float) -> None:
    sums: dict[int, int] = {}
    for difference, cluster in items:
        sums[cluster] = sums.get(cluster, 0) + difference
    seen = abs(sum(sums.values()))
    flips = [
        abs(sum(sign * one for sign, one in zip(signs, sums.values(), strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    found = sign_flip_test([step * one for one, _ in items], [f"row {cluster}" for _, cluster in items])
    same(found, sum(flip >= seen for flip in flips) / len(flips))


@fast
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=24))
def test_neither_order_nor_direction_nor_zeros_change_a_sign_flip_test(differences: list[int]) -> None:
    found = sign_flip_test(differences, rounds=50)
    assert found is not None
    assert 0 < found <= 1
    for other in (differences[::-1], [-one for one in differences], [*differences, 0, 0]):
        assert sign_flip_test(other, rounds=50) == pytest.approx(found)
    assert sign_flip_test(differences, range(len(differences)), rounds=50) == pytest.approx(found)


@fast
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_that_of_statsmodels(contingency_tables: Any, wins: int, losses: int) -> None:
    found = mcnemar_test(wins, losses)
    assert found == mcnemar_test(losses, wins)
    if wins == losses:
        assert found == 1
    else:
        with quiet():
            theirs = contingency_tables.mcnemar([[1, wins], [losses, 1]], exact=wins + losses < 25, correction=True)
        same(found, min(1.0, theirs.pvalue))


@fast
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), min_size=1, max_size=12))
@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_yekutieli, "fdr_by")])
def test_adjusted_probabilities_are_those_of_statsmodels(
    multitest: Any, adjust: Any, method: str, probabilities: list[float]
) -> None:
    with quiet(), mock.patch("gc.collect"):  # which the reference does each time
        theirs = multitest.multipletests(probabilities, method=method)[1]
    found = adjust(probabilities)
    same(found, theirs)
    assert all(0 <= before <= after + 1e-15 <= 1 + 1e-15 for before, after in zip(probabilities, found, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.floats(-60, 60) | st.floats(allow_nan=False), st.integers(1, 300) | st.floats(0.01, 300))
def test_student_is_that_of_scipy(t: float, freedom: float) -> None:
    with quiet():
        share = float(scipy.special.betainc(0.5, freedom / 2, t * t / (freedom + t * t)))
        theirs = 0.5 + math.copysign(share / 2, t) if abs(t) < 1 else float(scipy.stats.t.cdf(t, freedom))
    assert student_below(t, freedom) == pytest.approx(theirs, abs=1e-12)


@fast
@given(st.floats(0, 1), st.floats(-2, 2), st.floats(0, 8), st.integers(1, 10_000))
def test_percents_of_a_bca_interval_rise_within_0_and_100(
    below: float, acceleration: float, z: float, rounds: int
) -> None:
    low, high = bca_percents(below, acceleration, z, rounds)
    assert 0 <= low <= high <= 100


@settings(max_examples=30, deadline=None)
@given(pairs(least=2), st.data())
@pytest.mark.parametrize("statistic", [quadratic_kappa, spearman, kendall, mean_absolute_error, bias])
def test_an_interval_holds_its_estimate_and_widens_with_the_level(
    statistic: Any, both: Pairs, data: st.DataObject
) -> None:
    clusters = data.draw(st.lists(st.integers(0, 4), min_size=len(both[0]), max_size=len(both[0])))
    value = float(statistic(*both, None))
    low, high = sorted(data.draw(st.tuples(st.floats(0.01, 0.999), st.floats(0.01, 0.999))))
    narrow, wide = (
        drawn_interval(lambda counts: statistic(*both, counts), clusters, level=level, rounds=60)
        for level in (low, high)
    )
    assert (narrow is None) == (wide is None)
    assert narrow is not None or math.isnan(value) or len(set(clusters)) < 2 or statistic is not bias
    assert math.isnan(value) <= (narrow is None)
    if narrow is not None and wide is not None:
        same([narrow.value, wide.value], value)
        assert narrow.count == len(both[0])
        assert narrow.low <= narrow.value <= narrow.high
        assert wide.low <= narrow.low <= narrow.high <= wide.high


@settings(max_examples=30, deadline=None)
@given(pairs(least=2), st.integers(0, 9))
def test_clusters_of_one_item_each_are_no_clusters(both: Pairs, seed: int) -> None:
    def found(clusters: Sequence[Any]) -> Any:
        return drawn_interval(lambda counts: bias(*both, counts), clusters, rounds=40, level=0.9, seed=seed)

    size = len(both[0])
    assert found(range(size)) == found([f"row {size - place}" for place in range(size)]) == found(list(range(size)))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_an_alternative_annotator_does_as_well_in_any_order(data: st.DataObject) -> None:
    draw = np.random.default_rng(data.draw(st.integers(0, 99)))
    people = draw.integers(1, 6, (40, 3)).astype(float)
    people[draw.random(people.shape) < 0.1] = np.nan
    judge, order = draw.integers(1, 6, 40).astype(float), draw.permutation(40)
    nominal = data.draw(st.booleans())
    found = alternative_annotator_test(judge, people, nominal=nominal)
    assume(found is not None)
    other = alternative_annotator_test(judge[order], people[order][:, ::-1], nominal=nominal)
    assert other is not None
    assert found is not None
    assert (other.winning_rate, other.people, other.epsilon) == (found.winning_rate, found.people, found.epsilon)
    same([other.advantage, other.constant_advantage], [found.advantage, found.constant_advantage])
