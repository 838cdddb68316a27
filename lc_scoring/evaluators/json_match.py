"""json_validity, json_equality, json_edit_distance and json_schema_validation: a prediction looked at as JSON.

A prediction that is no JSON is a wrong answer and gets the score of one; a reference that is none is a mistake of
whoever wrote it, and raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from langchain_core.messages import BaseMessage

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
from lc_scoring.evaluators.json_text import compact_json, equal_json, read_json
from lc_scoring.evaluators.string_distance import StringDistance, string_metric


class JsonValidityEvaluator(ComputedStringEvaluator):
    """Tells whether a text is JSON, alone or in a Markdown fence: score 1 or 0.

    Examples:
        >>> JsonValidityEvaluator().evaluate_strings(prediction='{"name": "John", "age": 30}')
        {'score': 1}
        >>> JsonValidityEvaluator().evaluate_strings(prediction='{"name": "John"')
        {'score': 0, 'reasoning': "Expecting ',' delimiter: line 1 column 16 (char 15)"}
    """

    requires_reference = False

    @property
    def evaluation_name(self) -> str:
        """`json_validity`: the key of the feedback in LangSmith."""
        return "json_validity"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:  # noqa: ARG002 - there is no other
        prediction = _json_or_text("prediction", prediction)
        try:
            read_json(prediction)
        except ValueError as error:
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
        label, given = _reference_json(other), _json_or_text("prediction", prediction)
        try:
            parsed = read_json(given)
            if not isinstance(label, list):
                return {"score": self._agree(parsed, label)}
            return {"score": isinstance(parsed, list) and self._agree(*_in_one_order(parsed, label))}
        except ValueError as error:
            if isinstance(error, ConfigError):
                raise
            return {"score": False, "reasoning": _no_json(error)}

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
        0.25
    """

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
        label = self._canonical_reference(other)
        prediction = _json_or_text("prediction", prediction)
        try:
            parsed = self._canonical(read_json(prediction))
        except _NotJson as error:
            reasoning = f"{_no_json(error)} It was measured as the text it is."
            return {"score": self._distance(str(prediction), label), "reasoning": reasoning}
        return {"score": self._distance(parsed, label)}
