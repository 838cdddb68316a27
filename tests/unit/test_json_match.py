"""json_validity, json_equality, json_edit_distance and json_schema_validation."""

from __future__ import annotations

import json
import math
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langsmith.schemas import Example, Run

from lc_scoring.errors import ConfigError, MissingExtra
from lc_scoring.evaluators import json_match
from lc_scoring.evaluators.json_match import (
    JsonEditDistanceEvaluator,
    JsonEqualityEvaluator,
    JsonSchemaEvaluator,
    JsonValidityEvaluator,
)

pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")

DEEP = "[" * 100_000 + "]" * 100_000
DIGITS = "1" * 5000
LOOP: list[Any] = []
LOOP.append(LOOP)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


WRONG_TEXT = [
    ("", "Expecting value"),
    ("Paris", "Expecting value"),
    ('{"a": 1', "delimiter"),
    ('{"a": 1,}', "double quotes"),
    ('{"a": 1} as asked', "Extra data"),
    ("{'a': 1}", "double quotes"),
    ('{"a": "x\ny"}', "control character"),
    ("NaN", "NaN is not a JSON number"),
    ('{"a": -Infinity}', "-Infinity is not"),
    ('```json\n{"a": 1\n```', "delimiter"),
    ('```json\n{"a": 1} as asked\n```', "Extra data"),
    ("```python\nx\n```", "Expecting value"),
    ("```", "Expecting value"),
    (DEEP, "nested deeper"),
    (DIGITS, "digits"),
    (r'"\ud800"', "surrogate pair"),
    ('"\ud800"', "surrogate pair"),
    (r'{"\uDFFF": 1}', "surrogate pair"),
]
WRONG_VALUES = [
    ({"a": math.nan}, "not JSON compliant"),
    ([math.inf], "not JSON compliant"),
    ({"a": {1, 2}}, "set is not JSON serializable"),
    ({(1, 2): 3}, "keys must be"),
    (["\ud800"], "surrogate pair"),
    ([10**5000], "digits"),
    (LOOP, "Circular"),
    (nested(5000), "nested deeper"),
]


@pytest.mark.parametrize(("text", "said"), [*WRONG_TEXT, *WRONG_VALUES])
def test_a_prediction_that_is_no_json_is_a_wrong_answer(text: Any, said: str) -> None:
    valid = JsonValidityEvaluator().evaluate_strings(prediction=text)
    assert valid["score"] == 0
    assert said in valid["reasoning"]
    for evaluator in (
        JsonEqualityEvaluator(),
        JsonEqualityEvaluator(operator=lambda parsed, label: True),
        JsonSchemaEvaluator(),
    ):
        result = evaluator.evaluate_strings(prediction=text, reference="{}")
        assert result["score"] is False
        assert said in result["reasoning"]
        result["reasoning"].encode()


@pytest.mark.parametrize(("text", "said"), [*WRONG_TEXT, *WRONG_VALUES])
@pytest.mark.parametrize("evaluator", [JsonEqualityEvaluator(), JsonEditDistanceEvaluator(), JsonSchemaEvaluator()])
def test_a_reference_that_is_no_json_is_a_mistake(evaluator: Any, text: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=r"The reference is no JSON") as caught:
        evaluator.evaluate_strings(prediction="{}", reference=text)
    assert said in str(caught.value)


@pytest.mark.parametrize("wrong", [None, math.nan, b"{}", {1}, object(), JsonValidityEvaluator])
def test_what_json_cannot_be_read_of_is_a_mistake(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="prediction must be"):
        JsonValidityEvaluator().evaluate_strings(prediction=wrong)
    with pytest.raises(ConfigError, match="prediction must be"):
        JsonEqualityEvaluator().evaluate_strings(prediction=wrong, reference="1")
    if wrong is not None:
        with pytest.raises(ConfigError, match="reference must be"):
            JsonEqualityEvaluator().evaluate_strings(prediction="1", reference=wrong)


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "```json\n[1]\n```", '{"a": 1', '{"a": 1,}', "", "x", "1", '"x"', "[1] x", "```json\n[1\n```"]
)
def test_validity_is_langchains(text: str) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation.parsing.base")
    expected = classic.JsonValidityEvaluator().evaluate_strings(prediction=text)
    assert JsonValidityEvaluator().evaluate_strings(prediction=text) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True),
        ('{"a": 1}', '{"a": 2}', False),
        ("1", "1.0", True),
        ("100", "1e2", True),
        ("0", "-0.0", True),
        ("true", "1", False),
        ("[false]", "[0]", False),
        ('{"a": [true]}', '{"a": [1.0]}', False),
        ("[1, 2.0, 3]", "[3.0, 1.0, 2]", True),
        ("[1, 1, 2]", "[1, 2, 2]", False),
        ("[1, 1]", "[1]", False),
        ('[{"a":1,"b":2},{"c":3}]', '[{"c":3},{"b":2,"a":1}]', True),
        ('[{"a": [1, 2]}]', '[{"a": [2, 1]}]', False),
        ("[[1, 2]]", "[[2, 1]]", False),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', False),
        ("[]", "{}", False),
        ("{}", "[]", False),
        ("null", "null", True),
        ('["1"]', "[1]", False),
        (r'["\u00e9"]', '["é"]', True),
        ('[null, 1, "a", {}]', '[{}, "a", 1, null]', True),
        ("9223372036854775808", "9.223372036854775808e18", True),
        ("9007199254740993", "9007199254740992.0", False),
    ],
)
def test_equality_is_that_of_json(one: str, other: str, same: bool) -> None:
    evaluator = JsonEqualityEvaluator()
    for prediction, reference in [(one, other), (other, one), (json.loads(one), other), (one, json.loads(other))]:
        if reference is not None and prediction is not None:
            assert evaluator.evaluate_strings(prediction=prediction, reference=reference) == {"score": same}


@pytest.mark.parametrize(
    ("one", "other"), [('{"a": [1]}', '{"a":[1]}'), ("[1, 2]", "[2, 1]"), ("[1]", "1"), ("1", "2")]
)
def test_equality_is_langchains_where_langchain_is_right(one: str, other: str) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation.parsing.base")
    expected = classic.JsonEqualityEvaluator().evaluate_strings(prediction=one, reference=other)
    assert JsonEqualityEvaluator().evaluate_strings(prediction=one, reference=other) == expected


def test_python_values_are_compared_as_the_json_they_make() -> None:
    evaluator = JsonEqualityEvaluator()
    assert evaluator.evaluate_strings(prediction={1: (2, 3)}, reference='{"1": [2, 3]}') == {"score": True}
    assert evaluator.evaluate_strings(prediction={1: "a", "b": 2}, reference={"1": "a", "b": 2}) == {"score": True}


def test_an_operator_gets_the_parsed_values_and_sorted_lists() -> None:
    seen: list[Any] = []

    def operator(parsed: Any, label: Any) -> bool:
        seen.append((parsed, label))
        return bool(parsed == label)

    evaluator = JsonEqualityEvaluator(operator=operator)
    assert evaluator.evaluate_strings(prediction="[3, 1.0]", reference="[1, 3]") == {"score": True}
    assert evaluator.evaluate_strings(prediction='{"a": 1.5}', reference={"a": (1,)}) == {"score": False}
    assert evaluator.evaluate_strings(prediction="1", reference="[1]") == {"score": False}
    assert seen == [([1.0, 3], [1, 3]), ({"a": 1.5}, {"a": [1]})]
    assert type(seen[0][0][0]) is float


@pytest.mark.parametrize(
    ("operator", "said"),
    [(lambda parsed, label: parsed["x"], "KeyError: 'x'"), (lambda parsed, label: 0.7, "neither True nor False")],
)
def test_an_operator_that_fails_is_named(operator: Callable[[Any, Any], bool], said: str) -> None:
    with pytest.raises(ConfigError, match=f"operator= failed with .*{said}") as caught:
        JsonEqualityEvaluator(operator=operator).evaluate_strings(prediction="{}", reference="{}")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "made",
    [
        lambda: JsonEqualityEvaluator(operator="=="),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        lambda: JsonEditDistanceEvaluator(string_distance=3),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        lambda: JsonEditDistanceEvaluator(canonicalize={}),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ],
)
def test_a_function_is_one(made: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match="takes a function; got"):
        made()


def test_numbers_beyond_a_float_equal_nothing() -> None:
    evaluator = JsonEqualityEvaluator()
    result = evaluator.evaluate_strings(prediction="[1e400, 1]", reference="[1, 2]")
    assert result["score"] is False
    assert "not JSON compliant" in result["reasoning"]
    assert evaluator.evaluate_strings(prediction="1e400", reference="1") == {"score": False}
    with pytest.raises(ConfigError, match="not JSON compliant"):
        evaluator.evaluate_strings(prediction="1e400", reference="1e500")


@pytest.mark.parametrize("depth", [100, 500, 900, 980, 990, 995])
def test_values_as_deep_as_python_reads_are_compared_or_told(depth: int) -> None:
    deep = "[" * depth + "]" * depth
    for evaluator, reference in [
        (JsonEqualityEvaluator(), deep),
        (JsonEditDistanceEvaluator(), deep),
        (JsonSchemaEvaluator(), "{}"),
    ]:
        try:
            result = evaluator.evaluate_strings(prediction=deep, reference=reference)
        except ConfigError as error:  # either is right: how deep Python reads depends on the stack below
            assert "nested" in str(error)  # noqa: PT017
        else:
            assert result in ({"score": True}, {"score": 0.0}) or "nested" in result["reasoning"]


def test_values_too_deep_to_compare_are_not_found_different() -> None:
    assert not json_match._differ(nested(5000), nested(5000))


@pytest.mark.parametrize(
    ("prediction", "reference"),
    [
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}'),
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1}', "[1]"),
        ("1.0", "1"),
        ('"é"', '"e"'),
        ("```json\n[1]\n```", "[1, 2]"),
    ],
)
def test_the_edit_distance_is_langchains(prediction: str, reference: str) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation.parsing.json_distance")
    expected = classic.JsonEditDistanceEvaluator().evaluate_strings(prediction=prediction, reference=reference)
    assert JsonEditDistanceEvaluator().evaluate_strings(prediction=prediction, reference=reference) == expected
    own = {"string_distance": lambda one, other: abs(len(one) - len(other)), "canonicalize": repr}
    expected = classic.JsonEditDistanceEvaluator(**own).evaluate_strings(prediction=prediction, reference=reference)
    assert JsonEditDistanceEvaluator(**own).evaluate_strings(prediction=prediction, reference=reference) == expected


@pytest.mark.parametrize("prediction", ['{"a": 1', "Paris", DEEP, DIGITS, "\ud800", {"a": math.nan}, "1e400"])
def test_what_is_no_json_is_measured_as_the_text_it_is(prediction: Any) -> None:
    evaluator = JsonEditDistanceEvaluator(string_distance=lambda one, other: len(one))
    result = evaluator.evaluate_strings(prediction=prediction, reference="[1]")
    assert result["score"] == len(str(prediction))
    assert "measured as the text it is" in result["reasoning"]
    result["reasoning"].encode()


def test_rapidfuzz_measures_what_is_no_json() -> None:
    result = JsonEditDistanceEvaluator().evaluate_strings(prediction="\ud800[1]", reference="[1]")
    assert result["score"] == 0.25


@pytest.mark.parametrize("distance", [math.nan, math.inf, -1, "far", None, True])
def test_a_distance_of_ones_own_is_a_number(distance: Any) -> None:
    evaluator = JsonEditDistanceEvaluator(string_distance=lambda one, other: distance)
    with pytest.raises(ConfigError, match="string_distance= gave"):
        evaluator.evaluate_strings(prediction="1", reference="1")


def test_functions_of_ones_own_that_fail_are_named() -> None:
    def fail(*values: Any) -> Any:
        raise RuntimeError("out of ink")

    for own in ({"string_distance": fail}, {"canonicalize": fail}):
        with pytest.raises(ConfigError, match=f"{next(iter(own))}= failed with RuntimeError: out of ink"):
            JsonEditDistanceEvaluator(**own).evaluate_strings(prediction="1", reference="1")
    with pytest.raises(ConfigError, match="canonicalize= must be text, got int"):
        JsonEditDistanceEvaluator(canonicalize=lambda value: 1).evaluate_strings(prediction="1", reference="1")


def test_scores_are_higher_for_what_is_more_alike() -> None:
    row = {"prediction": '{"a": 1}', "reference": '{"a": 2}'}
    score = JsonEditDistanceEvaluator().score(row)
    assert score.rating == pytest.approx(1 / 7)
    assert score.value == pytest.approx(6 / 7)
    own = JsonEditDistanceEvaluator(string_distance=lambda one, other: 3).score(row)
    assert (own.value, own.rating) == (0.25, 3.0)
    assert "string_distance=test_json_match.test_scores" in own.signature
    assert JsonEqualityEvaluator().score(row).value == 0.0
    unread = JsonEditDistanceEvaluator().score({**row, "prediction": "{"})
    assert "no JSON" in unread.reasoning


@pytest.mark.parametrize(
    ("made", "package", "extra"),
    [(JsonSchemaEvaluator, "jsonschema", "json"), (JsonEditDistanceEvaluator, "rapidfuzz", "distance")],
)
def test_a_missing_package_is_told_when_the_evaluator_is_made(
    made: Callable[[], object], package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    json_match.string_metric.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf'pip install "lc-scoring\[{extra}\]"'):
        made()


def test_a_distance_of_ones_own_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    json_match.string_metric.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    evaluator = JsonEditDistanceEvaluator(string_distance=lambda one, other: float(one != other))
    assert evaluator.evaluate_strings(prediction='{"b": 1, "a": 2}', reference='{"a":2,"b":1}') == {"score": 0.0}


def test_names_and_fields_are_langchains() -> None:
    for evaluator, name, fields in [
        (JsonValidityEvaluator(), "json_validity", ["prediction"]),
        (JsonEqualityEvaluator(), "json_equality", ["prediction", "reference"]),
        (JsonEditDistanceEvaluator(), "json_edit_distance", ["prediction", "reference"]),
        (JsonSchemaEvaluator(), "json_schema_validation", ["prediction", "reference"]),
    ]:
        assert (evaluator.evaluation_name, evaluator.input_keys) == (name, fields)
        assert evaluator.signature.startswith(f"{name}|")


async def test_validity_takes_no_reference() -> None:
    evaluator = JsonValidityEvaluator()
    with pytest.warns(UserWarning, match="Ignoring reference"):
        evaluator.evaluate_strings(prediction="1", reference="1")
    assert await evaluator.ainvoke({"prediction": AIMessage("[1]")}) == {"score": 1}
    assert "__run" in evaluator.evaluate_strings(prediction=0, include_run_info=True)
    assert evaluator.invoke({"prediction": False}) == {"score": 1}


def test_the_reason_is_the_comment_of_an_experiments_row() -> None:
    run = Run(
        id=uuid.uuid4(), name="t", start_time="2026-01-01T00:00:00Z", run_type="chain", trace_id=uuid.uuid4(),
        inputs={}, outputs={"answer": {"a": 1, "b": [True]}},
    )  # fmt: skip
    example = Example(id=uuid.uuid4(), inputs={}, outputs={"right": {"b": [True], "a": 1.0}}, dataset_id=uuid.uuid4())
    assert JsonEqualityEvaluator().evaluate_run(run, example).score is True
    run.outputs = {"answer": "{"}
    result = JsonEqualityEvaluator().evaluate_run(run, example)
    assert result.score is False
    assert "no JSON" in str(result.comment)
