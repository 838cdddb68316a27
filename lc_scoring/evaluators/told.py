"""What a result tells of how its score was made, beside LangChain's keys; nothing where it was simply read."""

from __future__ import annotations

from typing import Any

from lc_scoring.records import Score
from lc_scoring.scale import plain_number


def how(score: Score) -> dict[str, Any]:
    """Return how a score was made, for a result: only what there is.

    Returns:
        `basis`, how it was made; `parts`, the judgements it was made of; `spread`, how far these disagree; `failed`,
        what did not come about and why; `distribution`, the probability of each rating; `parsed`, what else was asked
        for.
    """
    if not score.basis and score.parsed is None:
        return {}
    told: dict[str, Any] = {"basis": score.basis} if score.basis else {}
    if score.parts:
        told["parts"] = [told_of(part) for part in score.parts]
    if score.spread is not None:
        told["spread"] = score.spread
    if score.failures:
        told["failed"] = {failure.name: str(failure.error) for failure in score.failures}
    if score.distribution:
        told["distribution"] = dict(score.distribution)
    if score.parsed is not None:
        told["parsed"] = score.parsed
    return told


def told_of(part: Score) -> dict[str, Any]:
    """Return one of the judgements that a score was made of."""
    number = plain_number(part.value if part.rating is None else part.rating)
    label = {} if part.label is None else {"value": part.label}
    piece = {"text": part.text} if part.text else {}
    sources = {"sources": list(part.sources)} if part.sources else {}
    pieces = [told_of(one) for one in part.parts if one.text]
    parts = {"parts": pieces} if pieces else {}
    return {"name": part.name, **piece, "score": number, **label, **sources, "reasoning": part.reasoning, **parts}
