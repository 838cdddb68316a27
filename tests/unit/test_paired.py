"""Paired differences: published formulas written out anew, simulated power, and what has no value."""

from __future__ import annotations

import math
import statistics
from statistics import NormalDist

import numpy as np
import pytest

from lc_scoring.stats.intervals import Interval
from lc_scoring.stats.paired import detectable_difference, paired_share_interval, standardized_difference

# The share of two columns of 0 and 1.


def bonett_price(wins: int, losses: int, pairs: int, level: float) -> tuple[float, float]:
    """Bonett and Price 2012: p12 = (f12 + 1) / (n + 2), p21 = (f21 + 1) / (n + 2), variance by n + 2."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p12, p21 = (wins + 1) / (pairs + 2), (losses + 1) / (pairs + 2)
    error = math.sqrt((p12 + p21 - (p12 - p21) ** 2) / (pairs + 2))
    return p12 - p21 - z * error, p12 - p21 + z * error


@pytest.mark.parametrize(("wins", "losses", "pairs"), [(9, 1, 40), (0, 0, 1), (3, 3, 6), (25, 60, 400), (1, 0, 30)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_interval_is_that_of_bonett_and_price(wins: int, losses: int, pairs: int, level: float) -> None:
    found = paired_share_interval(wins, losses, pairs, level=level)
    low, high = bonett_price(wins, losses, pairs, level)
    assert found is not None
    assert (found.value, found.count) == (pytest.approx((wins - losses) / pairs), pairs)
    assert found.low == pytest.approx(max(-1.0, min(low, found.value)))
    assert found.high == pytest.approx(min(1.0, max(high, found.value)))


def test_every_interval_of_few_pairs_holds_its_value_within_minus_1_and_1() -> None:
    for pairs in range(1, 9):
        for wins in range(pairs + 1):
            for losses in range(pairs + 1 - wins):
                found, mirrored = (paired_share_interval(*two, pairs) for two in ((wins, losses), (losses, wins)))
                assert found is not None
                assert mirrored is not None
                assert -1 <= found.low <= found.value <= found.high <= 1
                assert found.low < found.high
                assert (mirrored.low, mirrored.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


def test_equal_columns_do_not_prove_equal_shares() -> None:
    found = paired_share_interval(0, 0, 10)
    assert found is not None
    assert found.low == -found.high < -0.1


def test_without_pairs_there_is_no_interval() -> None:
    assert paired_share_interval(0, 0, 0) is None


@pytest.mark.parametrize(("wins", "losses", "pairs"), [(-1, 0, 3), (0, -1, 3), (2, 2, 3), (1, 0, 0)])
def test_counts_that_cannot_be_are_refused(wins: int, losses: int, pairs: int) -> None:
    with pytest.raises(ValueError, match=f"0 or more and {pairs} at most in sum, got {wins} and {losses}"):
        paired_share_interval(wins, losses, pairs)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, math.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        paired_share_interval(1, 1, 3, level=level)
    with pytest.raises(ValueError, match="level"):
        detectable_difference([1, 2], level=level)


# The difference in standard deviations.


@pytest.mark.parametrize("differences", [[1, 2, 3], [0.5, -0.25, 0.75, 0], [1e8, 1e8 + 1, 1e8 + 2], [-3, 1e-3]])
def test_the_standardized_difference_is_mean_over_deviation(differences: list[float]) -> None:
    found = standardized_difference(differences)
    assert found == pytest.approx(statistics.mean(differences) / statistics.stdev(differences))


@pytest.mark.parametrize("differences", [[], [1], [2, 2, 2], [0, 0]])
def test_of_differences_that_do_not_scatter_there_is_no_standardized_one(differences: list[float]) -> None:
    assert standardized_difference(differences) is None


def test_rounding_is_no_scatter() -> None:
    before, after = [0.6, 0.3, 0.4, 0.1, 0.2], [0.7, 0.4, 0.5, 0.2, 0.3]
    differences = [new - old for old, new in zip(before, after, strict=True)]
    assert detectable_difference(differences) is None
    assert standardized_difference(differences) is None


# The difference that would have been found.


def by_hand(differences: list[float], power: float = 0.8, level: float = 0.95) -> float:
    z = NormalDist().inv_cdf(0.5 + level / 2) + NormalDist().inv_cdf(power)
    return z * statistics.stdev(differences) / math.sqrt(len(differences))


@pytest.mark.parametrize(("power", "level"), [(0.8, 0.95), (0.5, 0.99), (0.9, 0.9)])
def test_the_detectable_difference_is_so_many_standard_errors(power: float, level: float) -> None:
    differences = [0.3, -0.1, 0.0, 0.7, 0.2, -0.4]
    found = detectable_difference(differences, power=power, level=level)
    assert found == pytest.approx(by_hand(differences, power, level))
    assert detectable_difference(differences, range(6), power=power, level=level) == pytest.approx(found)
    assert detectable_difference([one + 5 for one in differences], power=power, level=level) == pytest.approx(found)


def test_of_clusters_the_sums_scatter() -> None:
    """Equal rows within a source tell no more than one of them."""
    alone = [0.3, -0.1, 0.0, 0.7, 0.2, -0.4]
    twice, sources = [one for one in alone for _ in range(2)], [place for place in range(6) for _ in range(2)]
    assert detectable_difference(twice, sources) == pytest.approx(by_hand(alone))
    assert detectable_difference(twice[::-1], sources[::-1]) == pytest.approx(by_hand(alone))
    assert detectable_difference(twice) == pytest.approx(by_hand(twice))


@pytest.mark.parametrize(
    ("differences", "clusters"),
    [
        ([], None),
        ([], []),
        ([1], None),
        ([2, 2, 2], None),
        ([0, 0], None),
        ([1, 2, 3], ["a", "a", "a"]),
        ([1, -1, 1, -1], ["a", "a", "b", "b"]),
        ([0.7 - 0.6, 0.4 - 0.3, 0.5 - 0.4], None),
    ],
)
def test_where_nothing_scatters_nothing_is_detectable(differences: list[float], clusters: list[str] | None) -> None:
    assert detectable_difference(differences, clusters) is None


@pytest.mark.parametrize("power", [0, 1, -0.5, 80, math.nan])
def test_a_power_that_is_none_is_refused(power: float) -> None:
    with pytest.raises(ValueError, match=r"power must lie in \(0, 1\), got"):
        detectable_difference([1, 2], power=power)


def test_each_difference_needs_its_label() -> None:
    with pytest.raises(ValueError, match="a label for each of 3 differences, got 2"):
        detectable_difference([1, 2, 3], ["a", "b"])


@pytest.mark.parametrize("of_a_source", [1, 4])
def test_so_large_a_difference_is_found_four_times_out_of_five(of_a_source: int) -> None:
    """Simulated: differences of 200 rows with the detectable mean, tested by their mean over its standard error."""
    draw, sources, rounds = np.random.default_rng(11), 200 // of_a_source, 4_000
    labels = np.repeat(np.arange(sources), of_a_source)

    def drawn() -> np.ndarray:
        return draw.normal(size=(rounds, sources))[:, labels] * 0.7 + draw.normal(size=(rounds, len(labels)))

    sample = drawn()
    detectable = statistics.median(
        found for row in sample[:400] if (found := detectable_difference(row.tolist(), labels.tolist())) is not None
    )
    sums = (drawn() + detectable).reshape(rounds, sources, of_a_source).sum(axis=2)
    found = np.abs(sums.mean(axis=1)) > 1.96 * sums.std(axis=1, ddof=1) / math.sqrt(sources)
    assert found.mean() == pytest.approx(0.8, abs=0.05)


def test_the_interval_reads_as_all_do() -> None:
    assert str(paired_share_interval(2, 2, 4)) == str(Interval(0.0, *bonett_price(2, 2, 4, 0.95), 4))
