"""assert_matches: a test fails where what was extracted is not of the form, or its facts are not those expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.extraction import FormError, read_as
from lc_scoring.evaluators.field_match import FieldMatch, Match, match_fields, shown_value
from lc_scoring.evaluators.field_rules import Comparer, Weighed, Within
from lc_scoring.integrations.bounds import Bounds, shown
from lc_scoring.integrations.shown_text import indented, one_line

__all__ = ["Comparer", "Match", "Weighed", "Within", "assert_matches"]

_FIELDS = 20  # in a message
_FIELD = 500  # characters of one
_PATH = 100
_TEXT = 1_000
_SAME = 1e-12  # two ways of adding up the same shares

M = TypeVar("M", bound=BaseModel)


def assert_matches(
    expected: type[M] | M,
    prediction: Any,
    *,
    at_least: float = 1.0,
    compare: Mapping[str, Comparer] | None = None,
) -> Match[M]:
    """Read a model of a prediction, compare its fields with those expected, and fail where too few match.

    What can be told exactly needs no judge: numbers, dates, names and choices are compared here, and the text that is
    left is judged with `assert_score`; the model that was read is `match.got`.

    It works in any test and outside of tests, calls no model, and is noted in no table: it passes or fails.

    Args:
        expected: a pydantic model to compare with, or its class, where only the form is checked.
        prediction: text that holds JSON, also in a Markdown fence; a message, a mapping or a model.
        at_least: the least value that will do, in [0, 1]: what share of the whole has to match.
        compare: how fields are compared, by dotted paths such as `items.*.price`; see `match_fields`.

    Returns:
        The match: its value, each field's credit, and the model that was read.

    Raises:
        AssertionError: no JSON was found, or it is not of the form, or too few fields match.
        ConfigError: `expected` is no model, `prediction` nothing that is read, `at_least` off [0, 1]; or as
            `match_fields` does.

    Examples:
        >>> class City(BaseModel):
        ...     name: str
        ...     people: int
        >>> assert_matches(City(name="Paris", people=2_100_000), '{"name": "Paris", "people": 2100000}').value
        1.0
        >>> assert_matches(City, {"name": "Paris", "people": 2_000_000}).got.people
        2000000
        >>> assert_matches(City(name="Paris", people=2_100_000), {"name": "Paris", "people": 2_000_000})
        Traceback (most recent call last):
        AssertionError: City: 0.5, wanted at least 1. 1 of 2 fields differs: ...
    """
    __tracebackhide__ = True
    bounds = Bounds(at_least=at_least)
    if bounds.are_open:
        raise ConfigError("assert_matches takes at_least= as a number in [0, 1]; got None.")
    bounds.check("assert_matches", (0, 1))
    model = _model_of(expected, compare)
    try:
        got = read_as(model, prediction)
    except FormError as error:
        raise AssertionError(_misfit(model, error, prediction)) from None
    if isinstance(expected, type):
        return Match(value=1.0, fields=(), got=got)
    match = match_fields(expected, got, compare)
    wanted = bounds.missed(match.value)
    if wanted is not None and (at_least == 1 or not math.isclose(match.value, at_least, rel_tol=_SAME)):
        raise AssertionError(_message(model, match, wanted))
    return match


def _model_of(expected: type[M] | M, compare: Mapping[str, Comparer] | None) -> type[M]:
    if isinstance(expected, BaseModel):
        return type(expected)
    if not isinstance(expected, type) or not issubclass(expected, BaseModel) or expected is BaseModel:
        raise ConfigError(f"assert_matches takes a pydantic model, or the class of one; got {expected!r}.")
    if compare is not None:
        raise ConfigError(
            f"compare says how fields are compared, and of the class {expected.__name__} only the form is checked: "
            "give a model with the values that are expected."
        )
    return expected


def _misfit(model: type[BaseModel], error: FormError, prediction: Any) -> str:
    if not error.faults:
        lines = [f"{model.__name__}: the prediction cannot be read, {one_line(str(error), _FIELD)}."]
    else:
        lines = [f"{model.__name__}: the prediction is not of this form."]
        lines += _first(f"  {one_line(fault, _FIELD)}" for fault in error.faults)
    given = prediction.text if isinstance(prediction, BaseMessage) else prediction
    text = given if isinstance(given, str) else shown_value(given, _TEXT)
    several = len(text.splitlines()) > 1
    lines.append(f"  prediction:\n{indented(text, _TEXT)}" if several else f"  prediction: {one_line(text, _TEXT)}")
    return "\n".join(lines)


def _message(model: type[BaseModel], match: Match[Any], wanted: str) -> str:
    differences = match.differences
    differ = "differs" if len(differences) == 1 else "differ"
    counted = f"{len(differences):,} of {len(match.fields):,} fields {differ}"
    first = f"{model.__name__}: {shown(match.value)}, wanted {wanted}. {counted}:"
    return "\n".join([first, *_first(map(_told, differences))])


def _told(field: FieldMatch) -> str:
    path = one_line(field.path, _PATH) or "the whole"
    return f"  {path}: {one_line(field.in_words, _FIELD)} (credit {shown(field.credit)})"


def _first(lines: Iterable[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    all_ = list(lines)
    return all_ if len(all_) <= _FIELDS else [*all_[:_FIELDS], f"  ... and {len(all_) - _FIELDS:,} more"]
