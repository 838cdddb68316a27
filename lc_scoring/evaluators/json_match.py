"""json_validity, json_equality, json_edit_distance and json_schema_validation: a prediction looked at as JSON.

A prediction that is no JSON is a wrong answer and gets the score of one; a reference that is none is a mistake of
whoever wrote it, and raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from langchain_core.messages import BaseMessage

from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.computed import (
    ComputedStringEvaluator,
    DistanceEvaluator,
    bounded_nearness,
    call_own,
    check_function,
    checked_distance,
    plain_text,
    unbounded_nearness,
)
from lc_scoring.evaluators.json_schema import require_jsonschema, schema_errors
from lc_scoring.evaluators.json_text import NotJsonError, compact_json, equal_json, json_source, read_json
from lc_scoring.evaluators.string_distance import StringDistance, string_metric

_CLOSER_LOOK = re.compile(r"true|false|\d[eE]|\d{300}")


class JsonValidityEvaluator(ComputedStringEvaluator):
    """Tells whether a text is JSON, alone or in a Markdown fence: score 1 or 0.

    Examples:
        >>> JsonValidityEvaluator().evaluate_strings(prediction='{"name": "John", "age": 30}')
        {'score': 1}
        >>> JsonValidityEvaluator().evaluate_strings(prediction='{"name": "John"')
        {'score': 0, 'reasoning': "Expecting ',' delimiter: line 1 column 16 (char 15)"}
    """

    returns = "score 1 or 0, reasoning for 0"

    requires_reference = False

    @property
    def evaluation_name(self) -> str:
        """`json_validity`: the key of the feedback in LangSmith."""
        return "json_validity"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:  # noqa: ARG002 - there is no other
        prediction = _json_or_text("prediction", prediction)
        try:
            read_json(prediction)
        except NotJsonError as error:
            return {"score": 0, "reasoning": str(error)}
        return {"score": 1}


class JsonEqualityEvaluator(ComputedStringEvaluator):
    """Tells whether a text and the reference hold the same JSON: score True or False.

    Order counts in lists, except in one that is the whole of the JSON. 1 is 1.0, and true is not 1.

    Examples:
        >>> JsonEqualityEvaluator().evaluate_strings(prediction='{"a": 1, "b": [2]}', reference={"b": [2], "a": 1.0})
        {'score': True}
        >>> same_name = JsonEqualityEvaluator(operator=lambda parsed, label: parsed["name"] == label["name"])
        >>> same_name.evaluate_strings(prediction='{"name": "John"}', reference='{"name": "John", "age": 30}')
        {'score': True}
    """

    returns = "score True or False"

    operator: Callable[[Any, Any], bool] | None = None
    """Tells whether the prediction's JSON is as good as the reference's; lists that are the whole of it come sorted."""

    _settings: ClassVar[tuple[str, ...]] = ("operator",)

    def _check_arguments(self) -> None:
        check_function("operator", self.operator)

    @property
    def evaluation_name(self) -> str:
        """`json_equality`: the key of the feedback in LangSmith."""
        return "json_equality"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        label, given = (
            _of_reference(self._parse_json, _json_or_text("reference", other)),
            _json_or_text("prediction", prediction),
        )
        try:
            parsed = self._parse_json(given)
            if self._are_plainly_equal(parsed, label) and not any(map(_needs_a_closer_look, (given, other))):
                return {"score": True}
            if isinstance(label, list):
                if not isinstance(parsed, list):
                    return {"score": False}
                if self.operator is not None or (len(parsed) == len(label) and _differ(parsed, label)):
                    label, parsed = _of_reference(_in_order, label), _in_order(parsed)
            return {"score": self._agree(parsed, label)}
        except NotJsonError as error:
            return {"score": False, "reasoning": _no_json(error)}

    def _parse_json(self, given: Any) -> Any:
        return read_json(given)

    def _are_plainly_equal(self, parsed: Any, label: Any) -> bool:
        return self.operator is None and not _differ(parsed, label)

    def _agree(self, parsed: Any, label: Any) -> bool:
        if self.operator is not None:
            return bool(call_own("operator", _true_or_false, self.operator, parsed, label))
        return not _differ(parsed, label) and _of_reference(equal_json, label) == equal_json(parsed)


class JsonEditDistanceEvaluator(DistanceEvaluator, ComputedStringEvaluator):
    """Measures the edits between a text's JSON and the reference's, both with sorted keys and no spaces.

    The distance is Damerau and Levenshtein's, divided by the longer text's length: in [0, 1]. A Score of it is
    1 - distance; with a `string_distance` of your own, 1 / (1 + distance). A prediction that is no JSON is measured as
    the text it is.

    Examples:
        >>> evaluator = JsonEditDistanceEvaluator()
        >>> evaluator.evaluate_strings(prediction='{"b": 2, "a": 1}', reference='{"a": 1, "b": 3}')["score"]
        0.07692307692307693
        >>> evaluator.evaluate_strings(prediction='{"a": 1', reference='{"a":1}')["score"]
        0.2857142857142857
    """

    returns = "score, 0 for equal"
    needs = ("lc-scoring[distance]",)

    string_distance: Callable[[str, str], float] | None = None
    """Measures two texts; Damerau and Levenshtein's normalized distance without one."""
    canonicalize: Callable[[Any], Any] | None = None
    """Makes what is measured of JSON values; compact text with sorted keys without one."""

    _settings: ClassVar[tuple[str, ...]] = ("string_distance", "canonicalize")

    def _check_arguments(self) -> None:
        check_function("string_distance", self.string_distance)
        check_function("canonicalize", self.canonicalize)
        if self.string_distance is None:
            string_metric(StringDistance.DAMERAU_LEVENSHTEIN, normalized=True)

    @property
    def evaluation_name(self) -> str:
        """`json_edit_distance`: the key of the feedback in LangSmith."""
        return "json_edit_distance"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        label, given = (
            _of_reference(self._canonical, _json_or_text("reference", other)),
            _json_or_text("prediction", prediction),
        )
        try:
            return {"score": self._distance(self._canonical(given), label)}
        except NotJsonError as error:
            reasoning = f"{_no_json(error)} It was measured as the text it is."
            return {"score": self._distance(str(given), label), "reasoning": reasoning}

    def _parse_json(self, given: Any) -> Any:
        return read_json(given)

    def _canonical(self, given: Any) -> Any:
        parsed = self._parse_json(given)
        return (
            compact_json(parsed) if self.canonicalize is None else call_own("canonicalize", self.canonicalize, parsed)
        )

    def _distance(self, prediction: Any, reference: Any) -> float:
        if self.string_distance is not None:
            distance = call_own("string_distance", self.string_distance, prediction, reference)
            return checked_distance("string_distance", distance)
        measure = string_metric(StringDistance.DAMERAU_LEVENSHTEIN, normalized=True)
        return measure(plain_text("canonicalize=", prediction), plain_text("canonicalize=", reference))

    def _nearness(self, distance: float) -> float:
        return bounded_nearness(distance) if self.string_distance is None else unbounded_nearness(distance)


class JsonSchemaEvaluator(ComputedStringEvaluator):
    """Tells whether a text's JSON is as the reference, a JSON schema, wants it: score True or False.

    The schema is a text, a dict, or a pydantic class. What it refers to stands in it: nothing is fetched.

    Examples:
        >>> schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
        >>> JsonSchemaEvaluator().evaluate_strings(prediction='{"age": 30}', reference=schema)
        {'score': True}
        >>> JsonSchemaEvaluator().evaluate_strings(prediction='{"age": "30"}', reference=schema)
        {'score': False, 'reasoning': "$.age: '30' is not of type 'integer'"}
    """

    returns = "score True or False, reasoning for False"
    needs = ("lc-scoring[json]",)

    def _check_arguments(self) -> None:
        require_jsonschema()

    @property
    def evaluation_name(self) -> str:
        """`json_schema_validation`: the key of the feedback in LangSmith."""
        return "json_schema_validation"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        for maker in ("model_json_schema", "schema"):  # of pydantic's classes, today's and version 1's
            if callable(make := getattr(other, maker, None)):
                other = call_own("reference", make)
                break
        schema, given = (
            _of_reference(json_source, _json_or_text("reference", other)),
            _json_or_text("prediction", prediction),
        )
        try:
            parsed = read_json(given)
        except NotJsonError as error:
            return {"score": False, "reasoning": _no_json(error)}
        wrong = schema_errors(schema, parsed)
        return {"score": False, "reasoning": wrong} if wrong else {"score": True}


def _json_or_text(name: str, value: Any) -> Any:
    """Return what JSON can be read of: text as it is, a message's text, JSON that is read already."""
    if isinstance(value, (str, dict, list, tuple, bool, int)) or (isinstance(value, float) and not is_missing(value)):
        return value
    if isinstance(value, BaseMessage) or is_missing(value):
        return plain_text(name, value)
    raise ConfigError(f"{name} must be JSON, as text or read already; got {type(value).__name__}.")


def _of_reference(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except NotJsonError as error:
        raise ConfigError(f"The reference is no JSON: {error}.") from error


def _no_json(error: NotJsonError) -> str:
    return f"The prediction is no JSON: {error}."


def _needs_a_closer_look(given: object) -> bool:
    """Tell whether JSON may hold what is equal to Python alone: true and 1, two numbers off its range."""
    return not isinstance(given, str) or _CLOSER_LOOK.search(given) is not None


def _differ(parsed: Any, label: Any) -> bool:
    """Tell whether Python finds two values different; where it finds them equal, JSON may not: 1 is no true."""
    try:
        return bool(parsed != label)
    except RecursionError:
        return False  # both are deep, and writing them tells which is too deep


def _in_order(values: list[Any]) -> list[Any]:
    return sorted(values, key=equal_json)


def _true_or_false(operator: Callable[[Any, Any], bool], parsed: Any, label: Any) -> bool:
    told = operator(parsed, label)
    if told not in (True, False):
        raise ValueError(f"it gave {told!r}, neither True nor False")
    return bool(told)
