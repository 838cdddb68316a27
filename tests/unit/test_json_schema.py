"""json_schema_validation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.json_match import JsonSchemaEvaluator

pytest.importorskip("jsonschema")

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
}


class Person(BaseModel):
    name: str
    age: int = 0


@pytest.mark.parametrize("reference", [SCHEMA, json.dumps(SCHEMA), f"```json\n{json.dumps(SCHEMA)}\n```", Person])
def test_a_schema_is_a_dict_a_text_or_a_pydantic_class(reference: Any) -> None:
    evaluator = JsonSchemaEvaluator()
    assert evaluator.evaluate_strings(prediction='{"name": "John", "age": 3}', reference=reference) == {"score": True}
    assert evaluator.evaluate_strings(prediction={"name": "John"}, reference=reference) == {"score": True}
    wrong = evaluator.evaluate_strings(prediction='{"name": "John", "age": "3"}', reference=reference)
    assert wrong == {"score": False, "reasoning": "$.age: '3' is not of type 'integer'"}


def test_a_pydantic_class_of_version_1_is_a_schema() -> None:
    class Old:
        @staticmethod
        def schema() -> dict[str, Any]:
            return {"type": "string"}

    assert JsonSchemaEvaluator().evaluate_strings(prediction='"a"', reference=Old) == {"score": True}
    assert JsonSchemaEvaluator().evaluate_strings(prediction="1", reference=Old)["score"] is False


@pytest.mark.parametrize(
    ("prediction", "schema"),
    [
        ("1", True), ("1", False), ("1.0", {"type": "integer"}), ("true", {"type": "integer"}),
        ("[1, 2]", {"items": {"type": "string"}}), ('"2026"', {"format": "date"}),
        ("1.0", {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}),
        ('{"a": {"a": {}}}', {"properties": {"a": {"$ref": "#"}}, "maxProperties": 1}),
        ("3", {"anyOf": [{"type": "string"}, {"minimum": 5}]}), ("1", {"$ref": "#/$defs/x", "$defs": {"x": {}}}),
        ("1e308", {"multipleOf": 1e-308}),
    ],
)  # fmt: skip
def test_validation_is_langchains(prediction: str, schema: Any) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation.parsing.json_schema")
    expected = classic.JsonSchemaEvaluator().evaluate_strings(prediction=prediction, reference=schema)
    ours = JsonSchemaEvaluator().evaluate_strings(prediction=prediction, reference=schema)
    assert ours["score"] is expected["score"]
    assert ("reasoning" in ours) is ("reasoning" in expected)


def test_a_few_errors_are_told_the_most_telling_first_and_in_short() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"rows": {"items": {"type": "integer"}}}}
    result = JsonSchemaEvaluator().evaluate_strings(
        prediction=json.dumps({"rows": ["x" * 1000] * 1000}), reference=schema
    )
    lines = result["reasoning"].splitlines()
    assert lines[0] == "$: 'id' is a required property"
    assert lines[1].startswith("$.rows[")
    assert lines[1].endswith("x...")
    assert len(lines) == 3
    assert len(result["reasoning"]) < 1300


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, r"\$\.type: 'objekt' is not valid"),
        ({"properties": []}, "is not of type 'object'"),
        ({"pattern": "("}, "is not a 'regex'"),
        ("[]", "no JSON schema"),
        ("1", "no JSON schema"),
        ({"$schema": ["x"]}, "no JSON schema"),
        ({"$ref": "https://example.com/person.json"}, "'https://example.com/person.json', which is not in it"),
        ({"$ref": "#/$defs/none"}, r"'/\$defs/none', which is not in it|'#/\$defs/none', which is not in it"),
        ({"$ref": "#"}, "refers to itself without end"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "without end"),
        ('{"not": ' * 900 + "{}" + "}" * 900, "nested"),
    ],
)
def test_what_is_no_schema_is_a_mistake(schema: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        JsonSchemaEvaluator().evaluate_strings(prediction="{}", reference=schema)


def test_a_prediction_too_deep_for_its_schema_is_wrong() -> None:
    schema = {"items": {"$ref": "#"}}
    result = JsonSchemaEvaluator().evaluate_strings(prediction="[" * 400 + "]" * 400, reference=schema)
    assert result == {"score": False, "reasoning": "The prediction is nested too deep to be checked."}


def test_a_number_that_cannot_be_checked_is_wrong() -> None:
    result = JsonSchemaEvaluator().evaluate_strings(prediction=str(10**400), reference={"multipleOf": 0.5})
    assert result["score"] is False
    assert "cannot be checked" in result["reasoning"]
