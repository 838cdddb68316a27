"""Measures of ranked ids: hand-worked values, scikit-learn's nDCG, what holds for all lists, what is refused."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from lc_scoring.stats.ranking import (
    found_ranks,
    hit_at,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank,
    relevant_gains,
)

Measure = Callable[..., float]

ALL: tuple[Measure, ...] = (precision_at, recall_at, reciprocal_rank, ndcg_at, hit_at)

# 1 / log2(1 + rank), from a table of logarithms.
D2, D3, D4, D5 = 0.6309297535714574, 0.5, 0.43067655807339306, 0.38685280723454163

# retrieved, relevant, k: precision, recall, reciprocal rank, hit, nDCG
CASES: list[tuple[str, str, int | None, float | Fraction, float | Fraction, float | Fraction, int, float]] = [
    ("abc", "abc", None, 1, 1, 1, 1, 1),
    ("axb", "ab", None, Fraction(2, 3), 1, 1, 1, (1 + D3) / (1 + D2)),
    ("axb", "ab", 2, 0.5, 0.5, 1, 1, 1 / (1 + D2)),
    ("xab", "ab", None, Fraction(2, 3), 1, 0.5, 1, (D2 + D3) / (1 + D2)),
    ("xya", "a", 2, 0, 0, 0, 0, 0),
    ("xya", "a", 3, Fraction(1, 3), 1, Fraction(1, 3), 1, 0.5),
    ("", "a", None, 0, 0, 0, 0, 0),
    ("", "ab", 5, 0, 0, 0, 0, 0),
    ("a", "abc", 5, 0.2, Fraction(1, 3), 1, 1, 1 / (1 + D2 + D3)),
    ("aab", "ab", None, Fraction(2, 3), 1, 1, 1, (1 + D3) / (1 + D2)),
    ("aaa", "ab", 3, Fraction(1, 3), 0.5, 1, 1, 1 / (1 + D2)),
    ("xxa", "ab", None, Fraction(1, 3), 0.5, Fraction(1, 3), 1, D3 / (1 + D2)),
    ("uvwxa", "ab", None, 0.2, 0.5, 0.2, 1, D5 / (1 + D2)),
    ("uvwxa", "a", 10, 0.1, 1, 0.2, 1, D5),
    ("xyz", "a", None, 0, 0, 0, 0, 0),
    ("abcde", "bd", 4, 0.5, 1, 0.5, 1, (D2 + D4) / (1 + D2)),
    ("ab", "abcd", 1, 1, 0.25, 1, 1, 1),
]

ids = st.sampled_from("abcdefgh")
lists = st.lists(ids, max_size=12)
relevants = st.sets(ids, min_size=1)
gains_by_id = st.dictionaries(ids, st.integers(0, 4) | st.floats(0, 1e308), min_size=1).filter(
    lambda gains: any(gains.values())
)
cutoffs = st.none() | st.integers(1, 15)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} of {case[1]} at {case[2]}")
@pytest.mark.parametrize(
    ("measure", "column"), [(precision_at, 3), (recall_at, 4), (reciprocal_rank, 5), (hit_at, 6), (ndcg_at, 7)]
)
def test_it_is_what_a_hand_works_out(measure: Measure, column: int, case: Any) -> None:
    retrieved, relevant, k = case[:3]
    expected = pytest.approx(float(case[column]), abs=1e-9)
    assert measure(list(retrieved), set(relevant), k) == expected
    assert measure(tuple(retrieved), dict.fromkeys(relevant, 1), k) == expected
    assert isinstance(measure(list(retrieved), list(relevant) * 2, k), float)


@pytest.mark.parametrize(
    ("retrieved", "gains", "k", "expected"),
    [
        ("ab", {"a": 3, "b": 1}, None, 1),
        ("ba", {"a": 3, "b": 1}, None, (1 + 3 * D2) / (3 + D2)),
        ("bxa", {"a": 3, "b": 1}, 3, (1 + 3 * D3) / (3 + D2)),
        ("bxa", {"a": 3, "b": 1}, 1, 1 / 3),
        ("bxa", {"a": 3, "b": 1, "x": 0}, 2, 1 / (3 + D2)),
        ("xa", {"a": 0.5}, None, D2),
        ("cab", {"a": 3, "b": 2, "c": 1}, None, (1 + 3 * D2 + 2 * D3) / (3 + 2 * D2 + D3)),
        ("cab", {"a": 3, "b": 2, "c": 1}, 2, (1 + 3 * D2) / (3 + 2 * D2)),
        ("bba", {"a": 3, "b": 1}, None, (1 + 3 * D3) / (3 + D2)),
        ("a", {"a": 1, "b": 4, "c": 4}, 2, 1 / (4 + 4 * D2)),
        ("ab", {"a": 2**1 - 1, "b": 2**3 - 1}, None, (1 + 7 * D2) / (7 + D2)),
        ("ab", {"a": True, "b": False}, None, 1),
        # Järvelin and Kekäläinen's example of gains, 3 2 3 0 0 1 2 2 3 0, with the discount of this measure.
        (
            "abcxydefgz",
            {"a": 3, "b": 2, "c": 3, "d": 1, "e": 2, "f": 2, "g": 3},
            5,
            (3 + 2 * D2 + 3 * D3) / (3 + 3 * D2 + 3 * D3 + 2 * D4 + 2 * D5),
        ),
    ],
)
def test_ndcg_weighs_gains(retrieved: str, gains: dict[str, float], k: int | None, expected: float) -> None:
    assert ndcg_at(list(retrieved), gains, k) == pytest.approx(expected, abs=1e-9)


@given(gains=gains_by_id, retrieved=st.permutations("abcdefgh"), length=st.integers(1, 8), k=cutoffs)
def test_ndcg_is_that_of_scikit_learn(
    gains: dict[str, float], retrieved: list[str], length: int, k: int | None
) -> None:
    """What was not retrieved stands behind k there, so that it counts for nothing but the ideal."""
    length = 8 if k is None else max(length, min(k, 8))
    kept, top = retrieved[:length], max(gains.values())
    order = [*kept, *retrieved[length:]]
    truth = [gains.get(one, 0) / top for one in order]
    expected = sklearn.metrics.ndcg_score([truth], [[-rank for rank in range(8)]], k=k)
    assert ndcg_at(kept, gains, k) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measure", ALL)
@given(retrieved=lists, gains=gains_by_id, k=cutoffs)
def test_it_lies_between_0_and_1(
    measure: Measure, retrieved: list[str], gains: dict[str, float], k: int | None
) -> None:
    assert 0 <= measure(retrieved, gains, k) <= 1


@pytest.mark.parametrize("measure", ALL)
@given(gains=gains_by_id)
def test_the_best_order_gets_1(measure: Measure, gains: dict[str, float]) -> None:
    relevant = [one for one in sorted(gains, key=lambda one: -gains[one]) if gains[one]]
    assert measure(relevant, gains) == 1
    assert measure(relevant, gains, len(relevant)) == 1


@pytest.mark.parametrize("measure", [precision_at, reciprocal_rank, ndcg_at, hit_at])
@given(gains=gains_by_id, k=cutoffs)
def test_the_best_of_all_in_front_gets_1_at_any_k_up_to_their_number(
    measure: Measure, gains: dict[str, float], k: int | None
) -> None:
    relevant = [one for one in sorted(gains, key=lambda one: -gains[one]) if gains[one]]
    assert measure([*relevant, "x"], gains, min(k or 1, len(relevant))) == 1


@given(retrieved=lists, relevant=relevants, tail=st.lists(st.sampled_from("xyz"), min_size=1))
def test_an_irrelevant_tail_helps_nothing(retrieved: list[str], relevant: set[str], tail: list[str]) -> None:
    assert precision_at([*retrieved, *tail], relevant) <= precision_at(retrieved, relevant)
    for measure in (recall_at, reciprocal_rank, ndcg_at, hit_at):
        assert measure([*retrieved, *tail], relevant) == measure(retrieved, relevant)


@pytest.mark.parametrize("measure", ALL)
@given(retrieved=lists, gains=gains_by_id, k=st.integers(1, 15))
def test_what_stands_behind_k_makes_no_difference(
    measure: Measure, retrieved: list[str], gains: dict[str, float], k: int
) -> None:
    assert measure(retrieved, gains, k) == measure(retrieved[:k], gains, k)


@pytest.mark.parametrize("measure", [recall_at, reciprocal_rank, ndcg_at, hit_at])
@given(retrieved=lists, relevant=relevants)
def test_a_repeated_id_is_as_good_as_one_that_is_not_relevant(
    measure: Measure, retrieved: list[str], relevant: set[str]
) -> None:
    once = [one if one not in retrieved[:place] else "x" for place, one in enumerate(retrieved)]
    assert measure(retrieved, relevant) == measure(once, relevant)
    assert precision_at(retrieved, relevant, 3) == precision_at(once, relevant, 3)


@given(retrieved=lists, relevant=relevants, k=st.integers(1, 11))
def test_recall_and_hits_never_fall_with_k(retrieved: list[str], relevant: set[str], k: int) -> None:
    for measure in (recall_at, hit_at, reciprocal_rank):
        assert measure(retrieved, relevant, k) <= measure(retrieved, relevant, k + 1)


@given(retrieved=lists, gains=st.dictionaries(ids, st.integers(1, 9), min_size=1), unit=st.floats(1e-300, 1e300))
def test_ndcg_does_not_hang_on_the_unit_of_gains(retrieved: list[str], gains: dict[str, float], unit: float) -> None:
    others = {one: gain * unit for one, gain in gains.items()}
    assert ndcg_at(retrieved, others) == pytest.approx(ndcg_at(retrieved, gains), abs=1e-9)


@pytest.mark.parametrize("measure", ALL)
def test_ids_are_compared_as_text(measure: Measure) -> None:
    assert measure([1, "2"], {"1", 2}) == 1
    assert measure(["1"], {1: 2.0}) == 1
    assert measure(["a "], {"a"}) == 0


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("relevant", [[], set(), {}, {"a": 0}, {"a": 0.0, "b": False}])
def test_without_a_relevant_id_it_is_undefined(measure: Measure, relevant: Any) -> None:
    for retrieved in ([], ["a"]):
        with pytest.raises(ValueError, match="no id is relevant"):
            measure(retrieved, relevant, 3)


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("gain", [-1, -0.5, math.nan, math.inf, 10**400, "2", None, [1]])
def test_a_gain_is_a_finite_number(measure: Measure, gain: Any) -> None:
    with pytest.raises(ValueError, match=r"a gain is a finite number of 0 or more, got .* for the id 'b'"):
        measure(["a"], {"a": 1, "b": gain})


@pytest.mark.parametrize("measure", ALL)
@pytest.mark.parametrize("k", [0, -1, 2.0, True, "3", math.nan])
def test_k_is_a_whole_number(measure: Measure, k: Any) -> None:
    with pytest.raises(ValueError, match="k is a whole number of 1 or more, got"):
        measure(["a"], {"a"}, k)


@pytest.mark.parametrize("measure", ALL)
def test_a_text_is_no_list_of_ids(measure: Measure) -> None:
    with pytest.raises(ValueError, match="retrieved takes several ids, got the text 'abc'"):
        measure("abc", {"a"})
    with pytest.raises(ValueError, match="relevant takes several ids, got the text 'abc'"):
        measure(["a"], "abc")
    with pytest.raises(ValueError, match="the same text"):
        measure(["1"], {1: 1, "1": 2})


def test_the_parts_are_ids_with_gains_and_their_ranks() -> None:
    assert relevant_gains({1: 2, "b": 0, "c": 0.5}) == {"1": 2.0, "c": 0.5}
    assert found_ranks(["x", "b", "a", "b"], ["a", "b", "c"]) == {"b": 2, "a": 3}
    assert list(found_ranks(["x", "b", "a"], ["a", "b"])) == ["b", "a"]
    assert found_ranks(["x", "b", "a"], ["a", "b"], 2) == {"b": 2}


def test_it_needs_no_numpy() -> None:
    code = "import sys, lc_scoring.stats.ranking; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"
