"""Structured replies: a judge's answer as a JSON object, read with our own check of type and range.

A provider's promise to keep to a schema is no proof: some leave ranges out, some cut the object off, some models write
text all the same. So the object is looked for in whatever came, and a reply without one is read as text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judges.asking import check_given
from lc_scoring.rating import read_rating, without_residue
from lc_scoring.scale import Scale, number_text, plain_number
from lc_scoring.verdict import Verdict, read_verdict

REASONING, RATING, VERDICT, DETAILS = "reasoning", "rating", "verdict", "details"
"""The keys of a structured reply."""

_MOST_TRIES = 200  # braces that are tried for the beginning of an object; hostile text may hold any number
_MOST_RATINGS = 101  # ratings that a schema lists one by one


class Reading(NamedTuple):
    """What was read in a reply.

    Attributes:
        rating: the rating, in scale units.
        reasoning: the judge's reasons where they stand apart from the rating, else None: the whole text is.
        parsed: what else was asked for.
    """

    rating: float
    reasoning: str | None = None
    parsed: Any = None


@dataclass(frozen=True, slots=True)
class RatingForm:
    """How a rating is read that was asked for as JSON.

    Attributes:
        read_text: reads a reply that holds no object.
        validate: makes what the user asked for of `details`; raises ValueError where it cannot. None where nothing is.
    """

    read_text: Callable[[Reply, Scale, Sequence[str]], float]
    validate: Callable[[Any], Any] | None = None

    def read(self, reply: Reply, scale: Scale, marked: Sequence[str] = ()) -> Reading:
        """Read the rating in a reply.

        Raises:
            ReplyError: it holds none on the scale, or its `details` are not what was asked for.
        """
        check_given(reply)
        if reply.distribution:
            return Reading(max(reply.distribution, key=lambda rating: reply.distribution[rating]))
        found = find_object(reply, RATING)
        if found is None and self.validate is None:
            return Reading(self.read_text(reply, scale, marked))
        if found is None:
            raise ReplyError(f"The reply holds no JSON object with {RATING!r}.", reply=reply.text)
        rating = rating_of(found[RATING], scale, reply)
        return Reading(rating, _reasoning(found), self._details(found, reply))

    def _details(self, found: Mapping[str, Any], reply: Reply) -> Any:
        if self.validate is None:
            return None
        try:
            return self.validate(found.get(DETAILS))
        except ValueError as error:
            said = " ".join(str(error).split())
            raise ReplyError(f"The reply's {DETAILS!r} are not as asked for: {said}.", reply=reply.text) from error


def verdict_of(found: Mapping[str, Any], words: Mapping[str, str], reply: Reply) -> Verdict:
    """Return the verdict of an object found in a reply, and its reasons.

    Raises:
        ReplyError: it is none of the words.
    """
    value = found[VERDICT]
    if not isinstance(value, str):
        raise ReplyError(f"The verdict must be one of {', '.join(words)}, got {_shown(value)}.", reply=reply.text)
    try:
        verdict = read_verdict(f"[[{value}]]", words)
    except ReplyError as error:
        raise ReplyError(error.reason, reply=reply.text) from None
    return replace(verdict, reasoning=_reasoning(found) or "")


def rating_of(value: object, scale: Scale, reply: Reply) -> float:
    """Return a rating given as a JSON value, in scale units.

    Raises:
        ReplyError: it is no number, or off the scale.

    Examples:
        >>> rating_of("8/10", Scale(1, 10), Reply(text=""))
        8
        >>> rating_of(True, Scale(0, 1), Reply(text="true"))
        Traceback (most recent call last):
        lc_scoring.errors.ReplyError: The rating must be a number, got true. The judge wrote: 'true'
    """
    if isinstance(value, str):
        try:
            return read_rating(f"[[{value}]]", scale)
        except ReplyError as error:
            raise ReplyError(error.reason, reply=reply.text) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise ReplyError(f"The rating must be a number, got {_shown(value)}.", reply=reply.text)
    rating = plain_number(value)
    if not scale.contains(rating):
        raise ReplyError(f"The rating {_shown(rating)} is off the scale {scale}.", reply=reply.text)
    return rating


def find_object(reply: Reply, key: str) -> Mapping[str, Any] | None:
    """Return the last JSON object in a reply that has a key, or None.

    Raises:
        ReplyError: the object has the key twice, with different values.

    Examples:
        >>> find_object(Reply(text='First {"a": 1}, then {"rating": 8} and that is it.'), "rating")
        {'rating': 8}
    """
    text = without_residue(reply.text)
    if f'"{key}"' not in text:
        return None
    found: Mapping[str, Any] | None = None
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _MOST_TRIES:
        tries += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found = value if key in value else found
        at = text.find("{", end)
    if isinstance(found, _Repeated) and key in found.repeated:
        raise ReplyError(f"The reply gives {key!r} twice: which one is meant?", reply=reply.text)
    return found


def object_schema(properties: Mapping[str, Any]) -> Any:
    """Return the JSON schema of an object of reasons and what follows from them; nothing may be missing or added."""
    properties = {REASONING: {"type": "string"}, **properties}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed_ratings(scale: Scale) -> list[float]:
    """Return the ratings a scale has, lowest first, where they are few; else nothing.

    They are its steps, or the whole numbers of a scale without steps whose bounds are whole.

    Examples:
        >>> listed_ratings(Scale(1, 5)), listed_ratings(Scale(0, 1)), listed_ratings(Scale(0, 1, 0.25))
        ([1, 2, 3, 4, 5], [], [0, 0.25, 0.5, 0.75, 1])
    """
    step = scale.step
    if step is None:
        if not (float(scale.low).is_integer() and float(scale.high).is_integer()) or scale.high - scale.low <= 1:
            return []
        step = 1
    count = round((scale.high - scale.low) / step) + 1
    return [plain_number(round(scale.low + n * step, 9)) for n in range(count)] if count <= _MOST_RATINGS else []


class _Repeated(dict[str, Any]):
    """An object some of whose keys stood twice, with different values."""

    repeated: frozenset[str] = frozenset()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = _Repeated(pairs)
    if len(made) < len(pairs):
        made.repeated = frozenset(key for key, value in pairs if made[key] != value)
        return made
    return dict(pairs)


_DECODER = json.JSONDecoder(object_pairs_hook=_once, strict=False)  # engines let raw line breaks into strings


def _reasoning(found: Mapping[str, Any]) -> str | None:
    said = found.get(REASONING)
    return said.strip() if isinstance(said, str) and said.strip() else None


def _finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an int that no float can hold
        return False


def _shown(value: object) -> str:
    return number_text(value) if type(value) in {int, float} and _finite(value) else json.dumps(value)[:40]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
