"""Schema: what goes into an evaluator and what comes out, as mappings, and how loose values become text."""

from __future__ import annotations

import math

from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from lc_scoring.errors import ConfigError
from lc_scoring.records import Sample

RUN_KEY = "__run"
"""The key under which `include_run_info=True` puts the run's id, as in LangChain."""


class ScoreInput(TypedDict):
    """What an evaluator without a reference is invoked with."""

    prediction: str
    """The text to rate."""
    input: str
    """What the text responds to."""


class LabeledScoreInput(ScoreInput):
    """What an evaluator with a reference is invoked with."""

    reference: str
    """A known good answer."""


class ScoreResult(TypedDict):
    """What a score evaluator returns."""

    reasoning: str
    """The judge's whole answer, its rating included."""
    score: float
    """The rating in scale units, divided by `normalize_by` where that is given."""


def as_sample(
    evaluator: str,
    prediction: object,
    input: object,  # noqa: A002 - LangChain's word
    reference: object,
    *,
    needs_input: bool,
    needs_reference: bool,
) -> Sample:
    """Make a Sample of the loose values that LangChain's evaluators took.

    Args:
        evaluator: the evaluator's class, for the message.
        prediction: the text to rate.
        input: what it responds to.
        reference: a known good answer; left out where it is not needed.
        needs_input: whether an input is required.
        needs_reference: whether a reference is required.

    Raises:
        ConfigError: a required value is None, or a value is no text and cannot become one.
    """
    if needs_input and input is None:
        raise ConfigError(f"{evaluator} requires an input string.")
    if needs_reference and reference is None:
        raise ConfigError(f"{evaluator} requires a reference string.")
    if prediction is None:
        raise ConfigError(f"{evaluator} requires a prediction string.")
    return Sample(
        prediction=prediction if type(prediction) is str else as_text("prediction", prediction),
        input=input if input is None or type(input) is str else as_text("input", input),
        reference=(reference if type(reference) is str else as_text("reference", reference))
        if needs_reference
        else None,
    )


def as_text(name: str, value: object) -> str:
    """Return a value as text: text as it is, a message's text, anything printable as `str()` prints it.

    Raises:
        ConfigError: the value is NaN, or bytes, which have no one reading as text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, BaseMessage):
        return str(value.text)
    if is_missing(value):
        raise ConfigError(f"{name} is {value!r}, which stands for a missing value: leave the row out, or fill it.")
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise ConfigError(f"{name} must be text, got {type(value).__name__}: decode it first.")
    return str(value)


def is_missing(value: object) -> bool:
    """Tell whether a value stands for none: None, or NaN as tables have it."""
    return value is None or (isinstance(value, float) and math.isnan(value))
