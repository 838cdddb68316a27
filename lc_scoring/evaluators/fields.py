"""Fields: what goes into an evaluator and what comes out, as mappings, and how loose values become text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired

from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError
from lc_scoring.records import check_text

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


class VerdictResult(TypedDict):
    """What an evaluator returns that decides between a few verdicts."""

    reasoning: str
    """The judge's answer."""
    value: str
    """The verdict, such as `CORRECT` or `Y`."""
    score: int
    """1 for the good verdict, 0 for the other."""


class PairInput(TypedDict):
    """What an evaluator of two texts is invoked with."""

    prediction: str
    """The first text."""
    prediction_b: str
    """The second text."""
    input: str
    """What both respond to."""


class LabeledPairInput(PairInput):
    """What an evaluator of two texts and a reference is invoked with."""

    reference: str
    """A known good answer."""


class PairResult(TypedDict):
    """What an evaluator of two texts returns."""

    reasoning: str
    """The judge's answer; both answers where both orders were asked."""
    value: str | None
    """`A` where `prediction` is preferred, `B` where `prediction_b` is, None for a tie."""
    score: float
    """1 for A, 0 for B, 0.5 for a tie."""
    swayed_by_position: NotRequired[bool]
    """Whether the verdict changed with the order; only where both orders were asked."""


class RowInput(TypedDict):
    """What an evaluator of answers and contexts is invoked with; which of these it needs, its class says."""

    prediction: NotRequired[str]
    """The text to judge."""
    input: NotRequired[str]
    """What the text responds to."""
    reference: NotRequired[str]
    """A known good answer."""
    contexts: NotRequired[list[str]]
    """What the text should rest on: texts, or documents."""


class PiecesResult(TypedDict):
    """What an evaluator returns whose score is counted from pieces, such as claims."""

    reasoning: str
    """What took from the score."""
    score: float | None
    """In [0, 1]; None where the metric is not defined for the row."""
    value: NotRequired[str]
    """The state of a row that is out of the ordinary, such as `no claims`."""
    basis: NotRequired[str]
    """What was counted."""
    parts: NotRequired[list[dict[str, Any]]]
    """The pieces, each with its `text`, `score`, `value`, `sources` and `reasoning`."""
    failed: NotRequired[dict[str, str]]
    """Of several metrics, those that failed, and why."""
    not_applicable: NotRequired[dict[str, str]]
    """Of several metrics, those that are not defined for the row, and why."""


class TrajectoryInput(TypedDict):
    """What the evaluator of agents' trajectories is invoked with."""

    prediction: NotRequired[str]
    """The final answer; the last message where the trajectory is messages."""
    agent_trajectory: Any
    """LangChain messages, or pairs of an action and what came of it."""
    input: str
    """What the agent was asked."""
    reference: NotRequired[str]
    """A known good answer."""


class TrajectoryResult(TypedDict):
    """What the evaluator of agents' trajectories returns."""

    score: float
    """In [0, 1]: the rating of 1 to 5, minus 1, divided by 4."""
    reasoning: str
    """The judge's answer."""


def as_texts(evaluator: str, given: Mapping[str, object], needed: Iterable[str]) -> dict[str, str | None]:
    """Make texts that can be shown to a judge of the loose values that LangChain's evaluators took.

    Args:
        evaluator: the evaluator's class, for the message.
        given: the values by name.
        needed: the names that must be there.

    Returns:
        The needed texts by name.

    Raises:
        ConfigError: a needed value is None, or it is no text and cannot become one.
    """
    texts: dict[str, str | None] = {}
    for name in needed:
        value = given.get(name)
        if value is None:
            raise ConfigError(f"{evaluator} requires {'an' if name[0] in 'aei' else 'a'} {name} string.")
        text = value if type(value) is str else as_text(name, value)
        check_text(name, text)
        texts[name] = text
    return texts


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
