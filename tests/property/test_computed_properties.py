"""What holds for the computed evaluators whatever they are given."""

from __future__ import annotations

import json
import math
import re
import time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.embedding_distance import EmbeddingDistance, EmbeddingDistanceEvalChain
from lc_scoring.evaluators.json_match import (
    JsonEditDistanceEvaluator,
    JsonEqualityEvaluator,
    JsonSchemaEvaluator,
    JsonValidityEvaluator,
)
from lc_scoring.evaluators.json_text import NotJsonError, equal_json, read_json
from lc_scoring.evaluators.matching import ExactMatchStringEvaluator, RegexMatchStringEvaluator, _compiled
from lc_scoring.evaluators.string_distance import StringDistance, StringDistanceEvalChain

anything = st.text(st.characters(), max_size=40)  # half surrogate pairs too
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | st.text(max_size=8)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
# Written so that matches and near misses are common.
tokens = st.sampled_from(
    ["a", "b", ".", r"\w", "[ab]", "[^b]", r"\b", "$", "^", "|", "a*", "b+?", ".*", ".?", "a*+", r"\d"]
)
free_patterns = st.lists(tokens, max_size=10).map("".join)
near_texts = st.text("ab1 ", max_size=60)


def same(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is no 1; the whole's list in any order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return (type(one) in (int, float) and type(other) in (int, float) and one == other) or (
        type(one) is type(other) and one == other
    )


def same_whole(one: Any, other: Any) -> bool:
    if not (isinstance(one, list) and isinstance(other, list)):
        return same(one, other)
    left = list(other)
    for item in one:
        found = next((index for index, candidate in enumerate(left) if same(item, candidate)), None)
        if found is None:
            return False
        del left[found]
    return not left


@given(anything, anything, st.booleans(), st.booleans(), st.booleans())
def test_exact_match_is_1_or_0_and_symmetric(one: str, other: str, case: bool, punctuation: bool, digits: bool) -> None:
    evaluator = ExactMatchStringEvaluator(ignore_case=case, ignore_punctuation=punctuation, ignore_numbers=digits)
    score = evaluator.evaluate_strings(prediction=one, reference=other)
    assert score == evaluator.evaluate_strings(prediction=other, reference=one)
    assert evaluator.evaluate_strings(prediction=one, reference=one) == {"score": 1}
    if one == other or not (case or punctuation or digits):
        assert score == {"score": int(one == other)}


@settings(max_examples=400)
@given(free_patterns, near_texts, st.sampled_from([0, re.IGNORECASE, re.DOTALL, re.MULTILINE, re.ASCII]))
def test_a_match_without_a_limit_is_the_match_with_one_and_res(pattern: str, text: str, flags: int) -> None:
    try:
        compiled, harmless = _compiled(pattern, flags)
        expected = re.match(pattern, text, flags) is not None
    except (ConfigError, re.error):
        assume(False)
    result = RegexMatchStringEvaluator(flags=flags).evaluate_strings(prediction=text, reference=pattern)
    assert result["score"] == bool(compiled.match(text, timeout=5)) == expected
    if len(text) <= harmless:
        assert result["score"] == bool(compiled.match(text))


@settings(max_examples=100, deadline=None)
@given(free_patterns.filter(lambda pattern: any(mark in pattern for mark in "*+?")), st.sampled_from("ab1"))
def test_the_longest_text_without_a_limit_takes_no_time(pattern: str, letter: str) -> None:
    try:
        compiled, harmless = _compiled(pattern, 0)
    except ConfigError:
        assume(False)
    text = letter * int(min(harmless, 300_000))
    start = time.thread_time()
    compiled.match(text)
    assert time.thread_time() - start < 0.5  # measured: 0.05 at most


@settings(max_examples=200)
@given(st.text("ab(){}[]*+?|\\^$.<>=!:#P0189,-", max_size=20) | anything, near_texts)
def test_any_text_is_a_pattern_or_a_mistake(pattern: str, text: str) -> None:
    try:
        score = RegexMatchStringEvaluator(timeout=0.2).evaluate_strings(prediction=text, reference=pattern)
    except ConfigError as error:
        assert "attern" in str(error)  # noqa: PT017 - no other way out
    else:
        assert score in ({"score": 0}, {"score": 1})


@given(values)
def test_what_json_writes_is_read_back_alone_and_in_a_fence(value: Any) -> None:
    text = json.dumps(value)
    for written in (
        text,
        f"```json\n{text}\n```",
        f"So:\n```\n{text}\n```\nDone.",
        json.dumps(value, ensure_ascii=False),
    ):
        assert same(read_json(written), value), written
        assert JsonValidityEvaluator().evaluate_strings(prediction=written) == {"score": 1}


@given(values, values, st.randoms())
def test_equality_is_by_meaning(one: Any, other: Any, random: Any) -> None:
    evaluator = JsonEqualityEvaluator()
    assert equal_json(one) == equal_json(json.loads(json.dumps(one)))
    for left, right in ((one, other), (one, one)):
        if isinstance(right, list):
            right = random.sample(right, len(right))  # noqa: PLW2901 - the order of the whole's list does not count
        result = evaluator.evaluate_strings(prediction=json.dumps(left), reference=json.dumps(right))
        assert result == {"score": same_whole(left, right)}


@given(anything | st.text('{}[]",:0123456789.eE+-truefalsn \\u`', max_size=30))
def test_any_text_is_json_or_told_why_not(text: str) -> None:
    try:
        read_json(text)
    except NotJsonError as error:
        assert JsonValidityEvaluator().evaluate_strings(prediction=text) == {"score": 0, "reasoning": str(error)}  # noqa: PT017
        str(error).encode()
    else:
        assert JsonEqualityEvaluator().evaluate_strings(prediction=text, reference=text)["score"] in (True, False)


@given(values, anything)
def test_the_edit_distance_is_in_0_to_1_and_0_for_the_same(value: Any, text: str) -> None:
    pytest.importorskip("rapidfuzz")
    evaluator, reference = JsonEditDistanceEvaluator(), json.dumps(value, indent=1)
    assert evaluator.evaluate_strings(prediction=json.dumps(value), reference=reference) == {"score": 0.0}
    assert 0 <= evaluator.evaluate_strings(prediction=text, reference=reference)["score"] <= 1


@given(values, values)
def test_any_value_is_a_schema_or_a_mistake(value: Any, schema: Any) -> None:
    pytest.importorskip("jsonschema")
    try:
        result = JsonSchemaEvaluator().evaluate_strings(prediction=json.dumps(value), reference=json.dumps(schema))
    except ConfigError:
        return
    assert result["score"] is True or result["reasoning"]


@given(anything, anything, st.sampled_from(StringDistance), st.booleans())
def test_a_string_distances_value_is_1_for_the_same_alone(one: str, other: str, kind: Any, normalized: bool) -> None:
    pytest.importorskip("rapidfuzz")
    evaluator = StringDistanceEvalChain(distance=kind, normalize_score=normalized)
    score = evaluator._as_score(evaluator.evaluate_strings(prediction=one, reference=other))
    assert 0 <= score.value <= 1
    assert (score.value == 1) is (score.rating == 0) is (one == other)


class Given(Embeddings):
    def __init__(self, *vectors: list[float]) -> None:
        self.vectors = list(vectors)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.vectors

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError


components = st.floats(-1e6, 1e6).map(lambda number: round(number, 6))
pairs = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*[st.lists(components, min_size=size, max_size=size).filter(any)] * 2)
)


@given(pairs, st.sampled_from(EmbeddingDistance))
def test_an_embedding_distance_is_numpys(vectors: tuple[list[float], list[float]], metric: Any) -> None:
    np = pytest.importorskip("numpy")
    one, other = map(np.array, vectors)
    evaluator = EmbeddingDistanceEvalChain(embeddings=Given(*vectors), distance_metric=metric)
    back = EmbeddingDistanceEvalChain(embeddings=Given(*vectors[::-1]), distance_metric=metric)
    expected = {
        "cosine": 1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other),
        "euclidean": np.linalg.norm(one - other),
        "manhattan": np.abs(one - other).sum(),
        "chebyshev": np.abs(one - other).max(),
        "hamming": (one != other).mean(),
    }[metric]
    row = {"prediction": "a", "reference": "b"}
    score = evaluator.score(row)
    assert score.rating == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
    assert score.rating == pytest.approx(back.score(row).rating, rel=1e-12, abs=1e-15)
    assert 0 <= score.value <= 1
    assert not math.isnan(score.value)


@given(anything, anything)
async def test_async_is_sync(one: str, other: str) -> None:
    row = {"prediction": one, "reference": other}
    for evaluator in (ExactMatchStringEvaluator(), JsonEqualityEvaluator()):
        try:
            expected = evaluator.evaluate_strings(**row)
        except ConfigError:
            continue
        assert await evaluator.aevaluate_strings(**row) == await evaluator.ainvoke(row) == expected
