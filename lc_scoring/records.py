"""Records: what goes into a judgement (Sample) and what comes out of it (Score or Failure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from lc_scoring.errors import ConfigError, ScoringError

MAX_CHARACTERS = 500_000
"""The longest text one field of a Sample may hold: about the context window of common judges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One text to be judged, and what it is judged beside.

    Attributes:
        prediction: the text to rate; may be empty, since an empty answer is an answer.
        input: what the text responds to (a question, an instruction), or None.
        reference: a known good answer, or None.
        contexts: texts the prediction should rest on; may be empty.
        id: the row's own name, or None.
        metadata: anything else about the row; never shown to a judge.

    Raises:
        ConfigError: a text is no str, is longer than `MAX_CHARACTERS`, or holds a NUL character or half of a
            surrogate pair (neither survives the way to a model).

    Examples:
        >>> Sample(prediction="Paris", input="What is the capital of France?").reference is None
        True
    """

    prediction: str
    input: str | None = None
    reference: str | None = None
    contexts: tuple[str, ...] = ()
    id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        check_text("prediction", self.prediction)
        if self.input is not None:
            check_text("input", self.input)
        if self.reference is not None:
            check_text("reference", self.reference)
        if self.contexts:
            if isinstance(self.contexts, str):
                raise ConfigError("contexts takes several texts, got one: put it in a tuple.")
            for number, context in enumerate(self.contexts):
                check_text(f"contexts[{number}]", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and calls that a score cost. Tokens of a model that reports none count as 0.

    Attributes:
        calls: answers received from models, repair questions included.
        input_tokens: tokens read by the model, as it reports them.
        output_tokens: tokens written by the model, its reasoning included.
        cost: US dollars by the price table; None where the price of one of the calls is not known.

    Examples:
        >>> Usage(calls=1, input_tokens=90, output_tokens=20) + Usage(calls=1, input_tokens=9, output_tokens=2)
        Usage(calls=2, input_tokens=99, output_tokens=22, cost=None)
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = [one.cost for one in (self, other) if one.calls and one.cost is not None]
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=sum(known) if known and len(known) == bool(self.calls) + bool(other.calls) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A judgement.

    Attributes:
        name: what was judged, for example `score_string:correctness`.
        value: in [0, 1]; higher is better.
        rating: the judge's own number in scale units, or None where the judge gives none.
        label: a verdict in words, or None.
        reasoning: why, in the judge's words; holds the rating as the judge wrote it.
        text: what of the sample was judged, where that is a piece of it: a claim, a sentence, a question made of it.
        sources: the numbers, from 1, of the contexts that the judgement rests on.
        parts: the scores this one was made of: per criterion, per judge, per sample, per order, per claim.
        basis: how it was made where it was not simply read, for example `mean of 5 samples`.
        spread: how far the parts disagree: the standard deviation of their ratings (scale units), or of their values
            where they have no ratings; None with fewer than two parts, or with parts that judge different things.
        failures: the parts that did not come about.
        distribution: probability of each rating (scale units), summing to 1; empty where the model gave none.
        parsed: what the judge gave beside its rating, as the `schema` that was asked for, or None.
        usage: what it cost, the parts and what failed of them included.
        signature: what made it: evaluator, rubric, prompt, scale, model, package. Equal signatures are comparable.
    """

    name: str
    value: float
    rating: float | None = None
    label: str | None = None
    reasoning: str = ""
    text: str = ""
    sources: tuple[int, ...] = ()
    parts: tuple[Score, ...] = ()
    basis: str = ""
    spread: float | None = None
    failures: tuple[Failure, ...] = ()
    distribution: Mapping[float, float] = field(default_factory=dict)
    parsed: Any = None
    usage: Usage = Usage()
    signature: str = ""

    def named(self, name: str) -> Score:
        """Return the same score under another name.

        Examples:
            >>> Score(name="depth", value=0.5).named("depth, sample 1").value
            0.5
        """
        other = object.__new__(Score)  # dataclasses.replace takes five times as long, and juries have many members
        for slot in _SCORE_SLOTS:
            object.__setattr__(other, slot, getattr(self, slot))
        object.__setattr__(other, "name", name)
        return other


_SCORE_SLOTS = tuple(field.name for field in fields(Score))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A judgement that did not come about. It has no value, so it can enter no mean.

    Attributes:
        name: what should have been judged.
        error: why not.
        sample_id: the row's id, or None.
    """

    name: str
    error: ScoringError
    sample_id: str | None = None


def check_text(name: str, text: object) -> None:
    """Make sure that a text can be shown to a judge.

    Args:
        name: what the text is called in the message.
        text: the text.

    Raises:
        ConfigError: it is no str, is longer than `MAX_CHARACTERS`, or holds a NUL character or half of a surrogate
            pair.
    """
    if type(text) is str and text.isascii() and len(text) <= MAX_CHARACTERS and "\x00" not in text:
        return
    if not isinstance(text, str):
        raise ConfigError(f"{name} must be text (str), got {type(text).__name__}: convert it before scoring.")
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            f"{name} holds {len(text):,} characters; {MAX_CHARACTERS:,} fit. Shorten it or score it in pieces."
        )
    if "\x00" in text:
        raise ConfigError(f"{name} holds a NUL character at {text.index(chr(0))}: remove it, services reject it.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{name} holds half of a surrogate pair at {error.start}: decode the text again, or replace it."
        ) from error
