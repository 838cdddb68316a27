"""Constraints: the regular expression, the grammar and the JSON schema of a legal reply.

Servers for local models can hold a reply to these while it is written. Reasons may hold anything but square brackets,
so that the brackets of the outcome are the only ones; they are bounded, for a model that never ends never gets there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_scoring.judges.structured import (
    DETAILS,
    NOT_APPLICABLE,
    RATING,
    RATINGS,
    VERDICT,
    listed_ratings,
    object_schema,
)
from lc_scoring.scale import Scale, number_text

_REASONS = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a legal reply looks like.

    Attributes:
        regex: as text, for engines that take regular expressions without look-around.
        grammar: the same as a GBNF grammar.
        schema: as JSON.
    """

    regex: str
    grammar: str
    schema: Mapping[str, Any]


def rating_constraint(
    scale: Scale, *, not_applicable: bool = False, details: Mapping[str, Any] | None = None
) -> Constraint:
    r"""Return what a reply with one rating looks like.

    Args:
        scale: the ratings that count. A scale of few whole numbers or steps lists them, since some engines pass over
            `minimum` and `maximum`; of another any number is legal here, and our own check decides.
        not_applicable: whether "N/A" may stand for the rating.
        details: the JSON schema of what else is asked for.

    Examples:
        >>> rating_constraint(Scale(1, 3)).regex
        '[^\\[\\]]{1,2000}\\nRating: \\[\\[(1|2|3)\\]\\]'
        >>> rating_constraint(Scale(1, 3)).schema["properties"]["rating"]
        {'enum': [1, 2, 3]}
    """
    schema = {RATING: _rating_schema(scale, not_applicable), **({DETAILS: details} if details else {})}
    return _constraint([("Rating", *_rating_words(scale, not_applicable))], object_schema(schema))


def each_constraint(scale: Scale, names: Sequence[str], *, not_applicable: bool = False) -> Constraint:
    """Return what a reply with a rating for each criterion looks like."""
    rating, words = _rating_schema(scale, not_applicable), _rating_words(scale, not_applicable)
    ratings = {
        "type": "object",
        "properties": dict.fromkeys(names, rating),
        "required": list(names),
        "additionalProperties": False,
    }
    return _constraint([(name, *words) for name in names], object_schema({RATINGS: ratings}))


def verdict_constraint(words: Sequence[str]) -> Constraint:
    """Return what a reply with one of a few verdicts looks like."""
    regex, grammar = "|".join(map(re.escape, words)), " | ".join(f'"{word}"' for word in words)
    return _constraint([("Verdict", regex, grammar)], object_schema({VERDICT: {"enum": list(words)}}))


def _constraint(lines: Sequence[tuple[str, str, str]], schema: Mapping[str, Any]) -> Constraint:
    regex = "".join(rf"\n{re.escape(label)}: \[\[({inside})\]\]" for label, inside, _ in lines)
    rules = " ".join(f'"\\n{_quoted(label)}: [[" outcome "]]"' for label, _, _ in lines)
    grammar = f"root ::= [^\\[\\]]{{1,{_REASONS}}} {rules}\noutcome ::= {lines[0][2]}\n"
    return Constraint(rf"[^\[\]]{{1,{_REASONS}}}{regex}", grammar, schema)


def _rating_words(scale: Scale, not_applicable: bool) -> tuple[str, str]:
    """Return a rating as a regular expression and as the right side of a grammar's rule."""
    ratings = [number_text(rating) for rating in listed_ratings(scale)]
    regex = "|".join(map(re.escape, ratings)) or r"-?[0-9]{1,9}(\.[0-9]{1,3})?"
    grammar = " | ".join(f'"{rating}"' for rating in ratings) or '"-"? [0-9]{1,9} ("." [0-9]{1,3})?'
    if not_applicable:
        return f"{regex}|{NOT_APPLICABLE}", f'{grammar} | "{NOT_APPLICABLE}"'
    return regex, grammar


def _rating_schema(scale: Scale, not_applicable: bool) -> Mapping[str, Any]:
    if listed := listed_ratings(scale):
        return {"enum": [*listed, *([NOT_APPLICABLE] if not_applicable else [])]}
    number = {"type": "number", "minimum": scale.low, "maximum": scale.high}
    return {"anyOf": [number, {"enum": [NOT_APPLICABLE]}]} if not_applicable else number


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
