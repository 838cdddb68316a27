"""Schema: what goes into an evaluator and what comes out, as mappings, and how loose values become text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def sample_from(fields: Mapping[str, Any], *, evaluator: str, input: bool, reference: bool) -> Sample:  # noqa: A002 - LangChain's word
    """Make a Sample of the loose values that LangChain's evaluators took.

    Args:
        fields: `prediction`, `input`, `reference`; other keys do not matter.
        evaluator: the evaluator's class, for the message.
        input: whether an input is required.
        reference: whether a reference is required; where it is not, it is left out.

    Raises:
        ConfigError: a required value is missing or None, or a value is no text and cannot become one.
    """
    values = {name: fields.get(name) for name in ("prediction", "input", "reference")}
    required = ("input",) * input + ("reference",) * reference + ("prediction",)
    for name in required:
        if values[name] is None:
            given = ", ".join(key for key, value in fields.items() if value is not None) or "nothing"
            article = "an" if name == "input" else "a"
            raise ConfigError(f"{evaluator} requires {article} {name} string. Got {given}.")
    return Sample(
        prediction=as_text("prediction", values["prediction"]),
        input=None if values["input"] is None else as_text("input", values["input"]),
        reference=as_text("reference", values["reference"]) if reference else None,
    )


def as_text(name: str, value: object) -> str:
    """Return a value as text: text as it is, a message's text, anything printable as `str()` prints it.

    Raises:
        ConfigError: the value is bytes, which have no one reading as text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, BaseMessage):
        return str(value.text)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise ConfigError(f"{name} must be text, got {type(value).__name__}: decode it first.")
    return str(value)
