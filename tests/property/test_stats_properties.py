"""Statistics: what holds for any numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lc_scoring.records import Score
from lc_scoring.runs.plan_samples import plan_samples
from lc_scoring.stats.aggregations import AGGREGATIONS, percentile, percentiles
from lc_scoring.stats.histogram import bars, histogram
from lc_scoring.stats.intervals import bootstrap_interval, share_interval
from lc_scoring.stats.mean_interval import mean_interval
from lc_scoring.stats.reliability import correlation_gain, icc1, spearman_brown

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
RATINGS = st.integers(1, 10).map(float) | st.floats(1, 10).map(lambda one: round(one, 2))
ROWS = st.lists(st.lists(RATINGS, max_size=6), max_size=8)
LEVELS = st.floats(0.01, 0.999)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.lists(FINITE, max_size=25) | st.lists(RATINGS, max_size=25)
ANY_LEVEL = st.floats(0, 1, exclude_min=True, exclude_max=True)


def mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


@given(st.data(), LEVELS)
def test_an_interval_of_a_share_holds_it_and_stays_in_range(data: st.DataObject, level: float) -> None:
    count = data.draw(st.integers(1, 10_000))
    hits = data.draw(st.integers(0, count))
    interval = share_interval(hits, count, level=level)
    assert interval is not None
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


@given(st.integers(0, 50), st.integers(0, 50), LEVELS)
def test_hits_and_misses_are_mirror_images(hits: int, misses: int, level: float) -> None:
    assume(hits + misses)
    one = share_interval(hits, hits + misses, level=level)
    other = share_interval(misses, hits + misses, level=level)
    assert one is not None
    assert other is not None
    assert (one.low, one.high) == (pytest.approx(1 - other.high, abs=1e-9), pytest.approx(1 - other.low, abs=1e-9))


@given(st.integers(0, 20), st.integers(1, 20), LEVELS)
def test_ten_times_as_many_rows_make_no_wider_interval(hits: int, more: int, level: float) -> None:
    few, many = (share_interval(n * hits, n * (hits + more), level=level) for n in (1, 10))
    assert few is not None
    assert many is not None
    assert many.high - many.low <= few.high - few.low


@settings(max_examples=50)
@given(st.lists(NUMBERS, min_size=2, max_size=30), LEVELS, st.integers(0, 5))
def test_a_bootstrap_of_the_mean_stays_between_the_smallest_and_the_largest(
    numbers: list[float], level: float, seed: int
) -> None:
    interval = bootstrap_interval(numbers, mean, level=level, rounds=100, seed=seed)
    assert interval is not None
    slack = 1e-6
    assert min(numbers) - slack <= interval.low <= interval.high <= max(numbers) + slack
    assert interval.count == len(numbers)


@settings(max_examples=50)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=40))
def test_at_the_usual_level_it_holds_the_mean(numbers: list[int]) -> None:
    interval = bootstrap_interval(numbers, mean)
    assert interval is not None
    assert interval.low <= interval.value <= interval.high


@given(ROWS)
def test_no_agreement_is_above_1(rows: list[list[float]]) -> None:
    found = icc1(rows)
    sizes = [len(row) for row in rows if len(row) > 1]
    assert found is None or found <= 1 + 1e-9
    assert found is None or len(set(sizes)) > 1 or found >= -1 / (sizes[0] - 1) - 1e-9


@given(ROWS, st.randoms(use_true_random=False))
def test_no_order_changes_an_agreement(rows: list[list[float]], random: object) -> None:
    mixed = [sorted(row) for row in rows]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    found, other = icc1(rows), icc1(mixed)
    assert (found is None) == (other is None)
    assert found is None or other == pytest.approx(found, abs=1e-6)


@given(st.floats(0, 1), st.integers(1, 100))
def test_each_sample_more_makes_a_mean_more_reliable(reliability: float, samples: int) -> None:
    fewer, more = spearman_brown(reliability, samples), spearman_brown(reliability, samples + 1)
    assert 0 <= fewer <= more + 1e-12 <= 1 + 1e-9
    assert 1 - 1e-12 <= correlation_gain(reliability, samples) <= correlation_gain(reliability, samples + 1) + 1e-12


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 100))
def test_what_is_more_reliable_stays_so_and_gains_less(one: float, other: float, samples: int) -> None:
    low, high = sorted((one, other))
    assert spearman_brown(low, samples) <= spearman_brown(high, samples) + 1e-12
    assert correlation_gain(low, samples) >= correlation_gain(high, samples) - 1e-12


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.floats(0, 100))
def test_a_percentile_is_that_of_numpy(numbers: list[float], percent: float) -> None:
    numpy = pytest.importorskip("numpy")
    assert percentile(numbers, percent) == pytest.approx(float(numpy.percentile(numbers, percent)), rel=1e-9, abs=1e-6)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.floats(0, 100), st.floats(0, 100))
def test_percentiles_rise_from_the_smallest_to_the_largest(numbers: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    slack = 1e-6
    found = [percentile(numbers, percent) for percent in (0, low, high, 100)]
    assert (found[0], found[3]) == (min(numbers), max(numbers))
    assert found[0] - slack <= found[1] <= found[2] + slack <= found[3] + 2 * slack


@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_every_aggregation_lies_within_the_numbers_and_no_variance_is_below_0(numbers: list[float]) -> None:
    for name, aggregate in AGGREGATIONS.items():
        found, slack = aggregate(numbers), 1e-6
        assert found >= 0 if name == "variance" else min(numbers) - slack <= found <= max(numbers) + slack


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=3), min_size=3, max_size=12))
def test_in_a_plan_every_gain_lies_in_its_interval(rows: list[list[int]]) -> None:
    repeats = [tuple(Score(name="s", value=0, rating=rating) for rating in row) for row in rows]
    scores = [Score(name="s", value=0, parts=parts, basis="mean of 3 samples") for parts in repeats]
    assume(icc1(rows) is not None)
    for step in plan_samples(scores).steps:
        assert 0 <= step.reliability <= 1
        assert step.gain_low <= step.gain <= step.gain_high


@settings(deadline=None)
@given(VALUES, st.data(), ANY_LEVEL, st.integers(1, 40))
def test_an_interval_of_a_mean_holds_it_and_stays_within_the_values(
    values: list[float], data: st.DataObject, level: float, rounds: int
) -> None:
    labels = st.lists(st.integers(0, 8), min_size=len(values), max_size=len(values))
    clusters = data.draw(st.none() | labels)
    interval = mean_interval(values, clusters, level=level, rounds=rounds)
    groups = len(values) if clusters is None else len(set(clusters))
    assert (interval is None) == (groups < 2)
    if interval is not None:
        assert min(values) <= interval.low <= interval.value <= interval.high <= max(values)
        assert interval.count == len(values)


@settings(max_examples=40, deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=12), st.integers(2_001, 2_100), ANY_LEVEL, st.integers(0, 9))
def test_so_does_one_of_many_values(few: list[float], groups: int, level: float, more: int) -> None:
    values = [few[place % len(few)] for place in range(groups + more)]
    for clusters in (None, [place % groups for place in range(len(values))], [0] * more + list(range(groups))):
        interval = mean_interval(values, clusters, level=level)
        assert interval is not None
        assert min(values) <= interval.low <= interval.value <= interval.high <= max(values)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=30), st.integers(-1_000, 1_000), st.floats(1e-3, 1e3), LEVELS)
def test_the_interval_of_a_mean_moves_and_stretches_with_the_values(
    ratings: list[int], shift: int, factor: float, level: float
) -> None:
    for times in (1, 2_001):
        base = mean_interval(ratings * times, level=level, rounds=100)
        moved = mean_interval([shift + factor * one for one in ratings * times], level=level, rounds=100)
        assert base is not None
        assert moved is not None
        for one, other in ((base.value, moved.value), (base.low, moved.low), (base.high, moved.high)):
            assert other == pytest.approx(shift + factor * one, rel=1e-9, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(RATINGS, st.integers(0, 5)), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_neither_order_nor_the_names_of_clusters_change_the_interval_of_a_mean(
    pairs: list[tuple[float, int]], random: object
) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    values, clusters = zip(*pairs, strict=True)
    other_values, other_clusters = zip(*mixed, strict=True)
    assert mean_interval(values, rounds=50) == mean_interval(other_values, rounds=50)
    renamed = [f"row {9 - cluster}" for cluster in other_clusters]
    assert mean_interval(values, clusters, rounds=50) == mean_interval(other_values, renamed, rounds=50)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=30), st.integers(1, 5))
def test_copies_in_one_cluster_tell_nothing_new(ratings: list[int], copies: int) -> None:
    alone = mean_interval(ratings, rounds=50)
    copied = mean_interval(ratings * copies, list(range(len(ratings))) * copies, rounds=50)
    assert alone is not None
    assert copied is not None
    assert (copied.low, copied.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=30), LEVELS, LEVELS)
def test_a_higher_level_is_no_narrower_interval_of_a_mean(ratings: list[int], one: float, other: float) -> None:
    low, high = sorted((one, other))
    for times in (1, 2_001):
        narrow, wide = (mean_interval(ratings * times, level=level, rounds=100) for level in (low, high))
        assert narrow is not None
        assert wide is not None
        assert wide.low <= narrow.low + 1e-9
        assert narrow.high <= wide.high + 1e-9


@given(st.lists(FINITE, max_size=8), st.sampled_from([math.nan, math.inf, -math.inf]), st.lists(FINITE, max_size=8))
def test_no_mean_has_a_value_that_is_not_finite(before: list[float], wrong: float, after: list[float]) -> None:
    with pytest.raises(ValueError, match=f"at place {len(before)}"):
        mean_interval([*before, wrong, *after])


@given(st.data(), FINITE, FINITE, st.integers(1, 30), st.booleans())
def test_every_value_lies_in_one_bin(data: st.DataObject, one: float, other: float, most: int, whole: bool) -> None:
    low, high = sorted((float(round(one)), float(round(other))) if whole else (one, other))
    assume(low < high)
    within = st.floats(low, high).map(lambda value: float(round(value)) if whole else value)
    values = data.draw(st.lists(within, max_size=30))
    bins = histogram(values, low, high, most=most)
    assert len(bins) <= most
    for place, one_bin in enumerate(bins):
        closed = place == len(bins) - 1 or one_bin.low == one_bin.high
        inside = [
            value for value in values if one_bin.low <= value < one_bin.high or (closed and value == one_bin.high)
        ]
        assert len(inside) == one_bin.count
    assert sum(one_bin.count for one_bin in bins) == len(values)


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_bars_rise_with_their_counts_and_only_nought_is_blank(counts: list[int]) -> None:
    line = bars(counts)
    assert len(line) == len(counts)
    assert [block == " " for block in line] == [count == 0 for count in counts]
    by_count = [block for _, block in sorted(zip(counts, line, strict=True))]
    assert by_count == sorted(by_count)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.lists(st.floats(0, 100), max_size=5))
def test_several_percentiles_are_each_what_one_is(numbers: list[float], percents: list[float]) -> None:
    assert percentiles(numbers, percents) == tuple(percentile(numbers, percent) for percent in percents)
