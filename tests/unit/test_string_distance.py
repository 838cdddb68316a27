"""string_distance and pairwise_string_distance."""

from __future__ import annotations

import asyncio
import math
import sys
import uuid
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langsmith.schemas import Run

from lc_scoring.errors import ConfigError, MissingExtra
from lc_scoring.evaluators import string_distance
from lc_scoring.evaluators.string_distance import (
    PairwiseStringDistanceEvalChain,
    StringDistance,
    StringDistanceEvalChain,
)

pytest.importorskip("rapidfuzz")

TEXTS = ["", "a", "Mindy is the CTO", "Mindy is the CEO", "the CTO is Mindy", "CA", "ABC", "é", "😀😀", "x" * 300]


@pytest.mark.parametrize("distance", list(StringDistance))
@pytest.mark.parametrize("normalized", [True, False])
def test_distances_are_langchains(distance: StringDistance, normalized: bool) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation")
    made = {"distance": classic.StringDistance(distance.value), "normalize_score": normalized}
    one, two = classic.StringDistanceEvalChain(**made), classic.PairwiseStringDistanceEvalChain(**made)
    ours = StringDistanceEvalChain(distance=distance, normalize_score=normalized)
    pair = PairwiseStringDistanceEvalChain(distance=distance.value, normalize_score=normalized)
    assert (ours.evaluation_name, pair.evaluation_name) == (one.evaluation_name, two.evaluation_name)
    assert (sorted(ours.input_keys), pair.input_keys) == (sorted(one.input_keys), two.input_keys)
    for first in TEXTS:
        for second in TEXTS:
            fields, texts = {"prediction": first, "reference": second}, {"prediction": first, "prediction_b": second}
            assert ours.evaluate_strings(**fields) == ours.invoke(fields) == one.evaluate_strings(**fields)
            assert pair.evaluate_string_pairs(**texts) == pair.invoke(texts) == two.evaluate_string_pairs(**texts)


def test_the_names_are_langchains() -> None:
    classic = pytest.importorskip("langchain_classic.evaluation")
    assert {one.name: one.value for one in StringDistance} == {one.name: one.value for one in classic.StringDistance}


@pytest.mark.parametrize("distance", ["hamming_distance", "", None, 3])
def test_an_unknown_distance_is_refused(distance: Any) -> None:
    with pytest.raises(ConfigError, match=r"distance takes one of damerau_levenshtein, .*, indel; got"):
        StringDistanceEvalChain(distance=distance)


def test_a_distance_can_be_set_later() -> None:
    evaluator = StringDistanceEvalChain()
    fields = {"prediction": "four", "reference": "five"}
    evaluator.distance, evaluator.normalize_score = "levenshtein", False
    assert evaluator.evaluation_name == "levenshtein_distance"
    assert evaluator.evaluate_strings(**fields) == {"score": 3}
    evaluator.distance = "far"
    with pytest.raises(ConfigError, match="got 'far'"):
        evaluator.evaluate_strings(**fields)


@pytest.mark.parametrize("distance", list(StringDistance))
@pytest.mark.parametrize("normalized", [True, False])
def test_a_score_is_higher_for_what_is_more_alike(distance: StringDistance, normalized: bool) -> None:
    evaluator = StringDistanceEvalChain(distance=distance, normalize_score=normalized)
    values = []
    for prediction in ("Paris", "Pariz", "Lyon!"):
        score = evaluator.score({"prediction": prediction, "reference": "Paris"})
        assert score.rating == evaluator.evaluate_strings(prediction=prediction, reference="Paris")["score"]
        assert 0 <= score.value <= 1
        values.append(score.value)
    assert values[0] == 1
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 3


def test_a_counted_distance_is_a_value_too() -> None:
    counted = StringDistanceEvalChain(distance="levenshtein", normalize_score=False)
    assert counted.score({"prediction": "four", "reference": "five"}).value == 0.25
    share = StringDistanceEvalChain(distance="levenshtein")
    assert share.score({"prediction": "four", "reference": "five"}).value == 0.25
    assert share.signature.startswith("levenshtein_distance|distance=levenshtein|normalize_score=True|lc_scoring=")
    assert share.signature != counted.signature


@pytest.mark.parametrize("wrong", [4, None, math.nan, b"x", ["x"]])
def test_only_texts_are_measured(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="prediction_b must be text"):
        PairwiseStringDistanceEvalChain().evaluate_string_pairs(prediction="x", prediction_b=wrong)
    with pytest.raises(ConfigError, match="prediction must be text"):
        StringDistanceEvalChain().evaluate_strings(prediction=wrong, reference="x")
    message = AIMessage("x")
    assert StringDistanceEvalChain().evaluate_strings(prediction=message, reference="x") == {"score": 0.0}
    assert StringDistanceEvalChain().evaluate_strings(prediction="\ud800", reference="\ud800") == {"score": 0.0}


async def test_both_ways_of_both_evaluators_agree_and_open_a_run_when_told() -> None:
    pair, texts = PairwiseStringDistanceEvalChain(), {"prediction": "four", "prediction_b": "five"}
    expected = pair.evaluate_string_pairs(**texts)
    assert expected == await pair.aevaluate_string_pairs(**texts) == await pair.ainvoke(texts)
    told = {"tags": ["t"], "include_run_info": True}
    for result in (pair.evaluate_string_pairs(**texts, **told), await pair.aevaluate_string_pairs(**texts, **told)):
        assert result.pop("__run").run_id is not None
        assert result == expected
    row = {"prediction": "four", "reference": "five"}
    one = StringDistanceEvalChain()
    assert await asyncio.gather(one.aevaluate_strings(**row), one.ainvoke(row)) == [one.evaluate_strings(**row)] * 2


def test_a_pairs_distance_is_both_runs() -> None:
    runs = [
        Run(
            id=uuid.uuid4(), name="t", start_time="2026-01-01T00:00:00Z", run_type="chain", trace_id=uuid.uuid4(),
            inputs={}, outputs={"answer": answer},
        )
        for answer in ("four", "five")
    ]  # fmt: skip
    result = PairwiseStringDistanceEvalChain(distance="levenshtein")(runs)
    assert result.scores == {runs[0].id: 0.75, runs[1].id: 0.75}
    assert PairwiseStringDistanceEvalChain().score({"prediction": "a", "prediction_b": "a"}).value == 1


@pytest.mark.parametrize("made", [StringDistanceEvalChain, PairwiseStringDistanceEvalChain])
def test_a_missing_package_is_told_when_the_evaluator_is_made(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    string_distance.string_metric.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    with pytest.raises(MissingExtra, match=r'pip install "lc-scoring\[distance\]"'):
        made()
