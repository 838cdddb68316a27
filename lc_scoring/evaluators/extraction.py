"""Extraction: a model read of text, and field_match, which scores what was extracted field by field.

A prediction that is no JSON, or not of the form, is a wrong answer and gets the score of one; a reference that is none
is a mistake of whoever wrote it, and raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, ValidationError

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.computed import ComputedStringEvaluator
from lc_scoring.evaluators.field_match import Match, match_fields, shown_value
from lc_scoring.evaluators.field_rules import Comparer, Weighed, check_paths, rules_of
from lc_scoring.evaluators.json_text import NotJsonError, json_source, read_json
from lc_scoring.records import Score

_TOLD = 20  # fields in a reason
_SAID_FIRST = ("Input ", "Value error, ", "Assertion failed, ")  # by pydantic, of what follows

M = TypeVar("M", bound=BaseModel)


class FormError(ValueError):
    """What was to be read of a text is not in it, or not of the form.

    Attributes:
        faults: field by field what is wrong; empty where it is no JSON at all.
    """

    def __init__(self, message: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


def read_as(model: type[M], given: object) -> M:
    """Read a model of text that holds JSON, of a mapping or list, or of a model.

    Text is read as `read_json` reads it. A model of another class is read as the JSON that it would be sent as.

    Raises:
        FormError: it is no JSON, or not of the model's form.
        ConfigError: it is nothing of the kind.

    Examples:
        >>> class City(BaseModel):
        ...     name: str
        ...     people: int
        >>> read_as(City, 'Here: ```json {"name": "Paris", "people": "2100000"} ```')
        City(name='Paris', people=2100000)
        >>> read_as(City, {"people": "many"})
        Traceback (most recent call last):
        lc_scoring.evaluators.extraction.FormError: it is no City: name: is missing; people: should be a valid ...
    """
    given = given.text if isinstance(given, BaseMessage) else given
    if isinstance(given, model):
        return given
    try:
        if isinstance(given, str):
            return model.model_validate_json(json_source(read_json(str(given))))
        if isinstance(given, BaseModel):
            return model.model_validate_json(given.model_dump_json(by_alias=True))
        if isinstance(given, (Mapping, list, tuple)):
            return model.model_validate(given)
    except NotJsonError as error:
        raise FormError(f"it is no JSON: {error}") from error
    except ValidationError as error:
        faults = tuple(_fault(one) for one in error.errors(include_url=False, include_context=False))
        raise FormError(f"it is no {model.__name__}: {_some(faults)}", faults) from error
    raise ConfigError(
        f"{model.__name__} is read of text that holds JSON, of a mapping or of a model; got {type(given).__name__}."
    )


class FieldMatchEvaluator(ComputedStringEvaluator):
    """Tells how much of what a text's JSON holds is as in the reference's, field by field: score in [0, 1].

    See `match_fields` for what counts, and for `compare`.

    Examples:
        >>> evaluator = FieldMatchEvaluator(compare={"city": "text"})
        >>> result = evaluator.evaluate_strings(
        ...     prediction='{"city": "paris", "people": 2}', reference={"city": "Paris", "people": 3}
        ... )
        >>> result["score"], result["reasoning"]
        (0.5, 'people: wanted 3, got 2')
    """

    returns = "score in [0, 1], reasoning, parts per field"

    schema: type[BaseModel] | None = None
    """The form of prediction and reference, and which fields there are; without one, JSON as it stands."""
    compare: Mapping[str, Comparer] | None = None
    """How fields are compared, by dotted paths; equality without it."""

    _settings: ClassVar[tuple[str, ...]] = ("schema", "comparers")

    def _check_arguments(self) -> None:
        if self.schema is not None and not (isinstance(self.schema, type) and issubclass(self.schema, BaseModel)):
            raise ConfigError(f"schema takes a pydantic model, a class; got {self.schema!r}.")
        rules_of(self.compare)
        if self.schema is not None:
            check_paths(self.schema, self.compare or ())

    @property
    def evaluation_name(self) -> str:
        """`field_match`: the key of the feedback in LangSmith."""
        return "field_match"

    @property
    def comparers(self) -> str:
        """How fields are compared, in words that are the same in every process."""
        return ",".join(f"{path}:{_told(by)}" for path, by in sorted((self.compare or {}).items()))

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        try:
            expected = self._read(other)
        except FormError as error:
            raise ConfigError(f"The reference cannot be compared with: {error}.") from error
        try:
            match = match_fields(expected, self._read(prediction), self.compare)
        except FormError as error:
            return {"score": 0.0, "reasoning": f"The prediction cannot be compared: {error}.", "parts": []}
        return {"score": match.value, "reasoning": _reasoning(match), "parts": _parts(match)}

    def _read(self, given: Any) -> Any:
        if self.schema is not None:
            return read_as(self.schema, given)
        try:
            return read_json(given.text if isinstance(given, BaseMessage) else given)
        except NotJsonError as error:
            raise FormError(f"it is no JSON: {error}") from error

    def _as_score(self, result: Any) -> Score:
        parts = tuple(
            Score(name=one["name"], value=one["score"], reasoning=one["reasoning"]) for one in result["parts"]
        )
        return replace(super()._as_score(result), parts=parts)


def _fault(error: Mapping[str, Any]) -> str:
    """Return one of pydantic's errors in words: where, what, and what stands there."""
    place = ".".join(map(str, error["loc"])) or "the whole"
    if error["type"] == "missing":
        return f"{place}: is missing"
    said = str(error["msg"])
    for first in _SAID_FIRST:
        said = said.removeprefix(first)
    return f"{place}: {said}, got {shown_value(error['input'])}"


def _some(told: tuple[str, ...]) -> str:
    more = f"; and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
    return "; ".join(told[:_TOLD]) + more


def _reasoning(match: Match[Any]) -> str:
    differences = match.differences
    told = tuple(f"{one.path or 'the whole'}: {one.in_words}" for one in differences[: _TOLD + 1])
    return _some(told) if len(differences) <= _TOLD else f"{_some(told[:_TOLD])}; and {len(differences) - _TOLD:,} more"


def _parts(match: Match[Any]) -> list[dict[str, Any]]:
    return [
        {"name": f"field {one.path}".strip(), "text": one.path, "score": one.credit, "reasoning": one.in_words}
        for one in match.fields
    ]


def _told(by: Any) -> str:
    if isinstance(by, Weighed):
        return f"{_told(by.by)}*{by.weight}"
    return f"{by.__module__}.{getattr(by, '__qualname__', type(by).__qualname__)}" if callable(by) else str(by)
