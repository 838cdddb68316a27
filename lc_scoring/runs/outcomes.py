"""Outcomes in a run file: a Score or a Failure as numbers, text and JSON, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from lc_scoring import errors
from lc_scoring.data.plain import plain
from lc_scoring.errors import ModelError, NotApplicable, ReplyError, ScoringError
from lc_scoring.records import Failure, Score, Usage

SCORE, NOT_APPLICABLE, FAILURE = "score", "not_applicable", "failure"
"""The states of an outcome."""


class Stored(NamedTuple):
    """An outcome as a run file holds it; see schema/1.sql."""

    state: str
    kind: str | None
    score: float | None
    value: float | None
    rating: float | None
    label: str | None
    spread: float | None
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    reasoning: str
    details: str | None

    def unpaid(self) -> Stored:
        """Return it without its cost, where that is counted elsewhere."""
        return self._replace(calls=0, input_tokens=0, output_tokens=0, cost=None)


def usage_numbers(usage: Usage) -> tuple[int, int, int, float | None]:
    """Return a cost as the columns that hold it: calls, input tokens, output tokens, US dollars."""
    return usage.calls, usage.input_tokens, usage.output_tokens, usage.cost


def stored(outcome: Score | Failure, *, score: float | None, signature: str) -> Stored:
    """Return an outcome as it is stored.

    Args:
        outcome: what came of a row.
        score: the number that its evaluator reports; None for a failure.
        signature: the evaluator's; a score's own is kept where it is another.
    """
    if isinstance(outcome, Score):
        details = _details(outcome)
        if outcome.signature != signature:
            details["signature"] = outcome.signature
        return Stored(
            SCORE,
            None,
            score,
            outcome.value,
            outcome.rating,
            None if outcome.label is None else storable(outcome.label),
            outcome.spread,
            *usage_numbers(outcome.usage),
            storable(outcome.reasoning),
            as_json(details) if details else None,
        )
    error = outcome.error
    state = NOT_APPLICABLE if isinstance(error, NotApplicable) else FAILURE
    told = _failure(error)
    usage = error.usage if isinstance(error.usage, Usage) else Usage()
    kind, message = told.pop("kind"), told.pop("message")
    numbers = (None, None, None, None, None)
    return Stored(state, kind, *numbers, *usage_numbers(usage), storable(message), as_json(told) if told else None)


def restored(name: str, signature: str, held: Stored, sample_id: str | None) -> Score | Failure:
    """Return the outcome that was stored. What a user's own schema held comes back as a mapping."""
    details: dict[str, Any] = json.loads(held.details) if held.details else {}
    usage = Usage(calls=held.calls, input_tokens=held.input_tokens, output_tokens=held.output_tokens, cost=held.cost)
    if held.state == SCORE and held.value is not None:
        columns = {"name": name, "value": held.value, "rating": held.rating, "label": held.label, "spread": held.spread}
        told = {"signature": signature, **details, **columns, "reasoning": held.reasoning}
        return _score(told, usage)
    error = error_of({"kind": held.kind, "message": held.reasoning, **details})
    error.usage = usage if usage.calls else None
    return Failure(name=name, error=error, sample_id=sample_id)


def storable(text: str) -> str:
    """Return a text that a file can hold: half of a surrogate pair, which none can, becomes a question mark."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def as_json(value: object) -> str:
    """Return a value as JSON that any file can hold; what JSON does not know becomes what prints it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=jsonable)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":"), default=jsonable)
    return text


def jsonable(value: Any) -> Any:
    """Return what JSON does not know as something it does. Bytes are none: nobody can judge them."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if hasattr(value, "model_dump"):  # messages and a user's own schema
        return value.model_dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    made = plain(value)
    return str(value) if made is value else made


def _details(score: Score) -> dict[str, Any]:
    """Return what the columns do not hold, as far as there is anything."""
    details: dict[str, Any] = {}
    if score.basis:
        details["basis"] = score.basis
    if score.text:
        details["text"] = score.text
    if score.sources:
        details["sources"] = score.sources
    if score.parts:
        details["parts"] = [_part(part) for part in score.parts]
    if score.failures:
        details["failures"] = [{"name": one.name, **_failure(one.error)} for one in score.failures]
    if score.distribution:
        details["distribution"] = list(score.distribution.items())
    if score.parsed is not None:
        details["parsed"] = score.parsed
    return details


def _part(score: Score) -> dict[str, Any]:
    told = {
        "name": score.name,
        "value": score.value,
        "rating": score.rating,
        "label": score.label,
        "spread": score.spread,
        "reasoning": score.reasoning,
        "signature": score.signature,
        **_details(score),
    }
    usage = dict(zip(("calls", "input_tokens", "output_tokens", "cost"), usage_numbers(score.usage), strict=True))
    return {**{key: value for key, value in told.items() if value is not None}, "usage": usage}


def _score(told: Mapping[str, Any], usage: Usage) -> Score:
    return Score(
        name=told["name"],
        value=told["value"],
        rating=told.get("rating"),
        label=told.get("label"),
        reasoning=told.get("reasoning", ""),
        text=told.get("text", ""),
        sources=tuple(told.get("sources", ())),
        parts=tuple(_score(part, Usage(**part["usage"])) for part in told.get("parts", ())),
        basis=told.get("basis", ""),
        spread=told.get("spread"),
        failures=tuple(Failure(name=one["name"], error=error_of(one)) for one in told.get("failures", ())),
        distribution={float(rating): share for rating, share in told.get("distribution", ())},
        parsed=told.get("parsed"),
        usage=usage,
        signature=told.get("signature", ""),
    )


def _failure(error: ScoringError) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, ReplyError):
        told |= {"message": error.reason, "reply": error.reply}
    if isinstance(error, NotApplicable):
        told |= {"message": error.reasoning, **({"state": error.state} if error.state else {})}
    if isinstance(error, ModelError) and error.retryable is not None:
        told["retryable"] = error.retryable
    return told


def error_of(told: Mapping[str, Any]) -> ScoringError:
    """Make an error of its class, message and what else was kept; one of another package's class is a ScoringError."""
    message = told["message"]
    if told["kind"] == ReplyError.__name__:
        return ReplyError(message, reply=told.get("reply", ""))
    if told["kind"] == NotApplicable.__name__:
        return NotApplicable(message, told.get("state", ""))
    if told["kind"] == ModelError.__name__:
        return ModelError(message, retryable=told.get("retryable"))
    kind = getattr(errors, str(told["kind"]), ScoringError)
    if isinstance(kind, type) and issubclass(kind, ScoringError):
        made: ScoringError = kind(message)
        return made
    return ScoringError(message)


def finite(number: float) -> float:
    """Return a number that may be stored as a score.

    Raises:
        ScoringError: it is none that can be counted.
    """
    if not math.isfinite(number):
        raise ScoringError(f"The evaluator reported {number!r} as its score; a score is a finite number.")
    return number
