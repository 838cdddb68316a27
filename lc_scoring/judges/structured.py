"""Structured replies: a judge's answer as a JSON object, read with our own check of type and range.

A provider's promise to keep to a schema is no proof: some leave ranges out, some cut the object off, some models write
text all the same. So the object is looked for in whatever came, and a reply without one is read as text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judges.asking import check_given
from lc_scoring.rating import plain, read_rating, without_residue
from lc_scoring.scale import Scale, number_text, plain_number
from lc_scoring.verdict import Verdict, read_verdict

REASONING, RATING, RATINGS, VERDICT, DETAILS = "reasoning", "rating", "ratings", "verdict", "details"
"""The keys of a structured reply."""

_OUTCOME = re.compile(r"\[\[|\b(?:rating|score)\b\W{0,12}\d", re.IGNORECASE)
NOT_APPLICABLE = "N/A"
"""What a judge writes in the place of a rating that cannot be given."""

_OBJECT = re.compile(r"""\{\s*(?=["'\u201c\u2018}]|\w+\s*:)""")  # also as other languages write them, to be refused
_MOST_RATINGS = 101  # ratings that a schema lists one by one


_JSON_TOKENS = re.compile(r'"(?P<key>(?:[^"\\]|\\.)*+)"\s*:\s*|"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)


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
        validate: makes what the user asked for of `details`; raises ValueError where it cannot. None where nothing is.
        not_applicable: whether "N/A" may stand for the rating.
    """

    validate: Callable[[Any], Any] | None = None
    not_applicable: bool = False

    def read(self, reply: Reply, scale: Scale) -> Reading | None:
        """Read the rating in a reply; None where it holds no object, and is to be read as text.

        Raises:
            ReplyError: there is none on the scale, or its `details` are not what was asked for.
            NotApplicable: it says that its question does not apply, where it may.
        """
        check_given(reply)
        if reply.distribution:
            return Reading(max(reply.distribution, key=lambda rating: reply.distribution[rating]))
        found = find_object(reply, RATING)
        if found is None and self.validate is None:
            return None
        if found is None:
            raise ReplyError(f"The reply holds no JSON object with {RATING!r}.", reply=reply.text)
        if self.not_applicable and is_not_applicable(found[RATING]):
            raise NotApplicable(_reasoning(found) or reply.text)
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


def is_not_applicable(value: object) -> bool:
    """Whether a JSON value stands for a rating that cannot be given."""
    return isinstance(value, str) and value.strip().upper() == NOT_APPLICABLE


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
            return read_rating(value if "[[" in value else f"[[{value}]]", scale)
        except ReplyError as error:
            raise ReplyError(error.reason, reply=reply.text) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
        raise ReplyError(f"The rating must be a number, got {_shown(value)}.", reply=reply.text)
    rating = plain_number(value)
    if not scale.contains(rating):
        raise ReplyError(f"The rating {_shown(rating)} is off the scale {scale}.", reply=reply.text)
    return rating


def find_object(reply: Reply, key: str) -> Mapping[str, Any] | None:
    """Return the JSON object in a reply that has a key; None where the reply holds no object at all.

    Raises:
        ReplyError: there is an object and none with the key; one is broken, and what stands inside a broken one may
            be a quotation; the key stands twice in it, or in several objects, with different values; or double
            brackets stand beside it, in which another outcome may stand.

    Examples:
        >>> find_object(Reply(text='Here it is: ```json {"reasoning": "Short.", "rating": 8} ```'), "rating")
        {'reasoning': 'Short.', 'rating': 8}
    """
    text, thought = _answer(reply)
    places = list(_objects(text, reply))
    if not places:
        return None
    if thought.strip():
        raise ReplyError("The reply thinks aloud behind its JSON object and does not end it.", reply=reply.text)
    found = [value for value, _, _ in places if key in value]
    if not found:
        raise ReplyError(f"The reply holds no JSON object with {key!r}.", reply=reply.text)
    last = found[-1]
    if len({json.dumps(one[key]) for one in found}) > 1 or stands_twice(last, key):
        raise ReplyError(f"The reply gives {key!r} several times: which one is meant?", reply=reply.text)
    ends = [0, *(end for _, _, end in places)]
    begins = [*(begin for _, begin, _ in places), len(text)]
    if any(_OUTCOME.search(plain(text[end:begin])) for end, begin in zip(ends, begins, strict=True)):
        raise ReplyError("Another outcome stands beside the reply's JSON object: which one is meant?", reply=reply.text)
    return last


def stands_twice(found: Mapping[str, Any], key: str) -> bool:
    """Whether an object that was read had a key twice, with different values."""
    return isinstance(found, _Repeated) and key in found.repeated


def _answer(reply: Reply) -> tuple[str, str]:
    """Return a reply without its reasoning residue, and what of an unfinished thought stands behind it.

    Tags of reasoning that stand inside an object are words of its own.
    """
    text = reply.text
    answer = without_residue(text)
    if answer == text or not answer:
        return answer, ""
    begin = text.find(answer)
    end = begin + len(answer)
    try:
        inside = any(first < begin < last or first < end < last for _, first, last in _objects(text, reply))
    except ReplyError:
        inside = True  # the tag may stand in the broken one, and what is behind it be a quotation
    return (text, "") if inside else (answer, text[end:])


def _objects(text: str, reply: Reply) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yield the objects in a text, outermost only, each with where it begins and ends.

    A brace that begins no object, as in code, is passed over.
    """
    begun = _OBJECT.search(text)
    while begun:
        try:
            value, end = _DECODER.raw_decode(text, begun.start())
        except (ValueError, RecursionError) as error:
            why = "it was cut off at the token limit" if reply.cut_off else str(error)
            raise ReplyError(f"The reply's JSON object cannot be read: {why}.", reply=reply.text) from None
        yield value, begun.start(), end
        begun = _OBJECT.search(text, end)


def key_place(text: str, key: str) -> int | None:
    """Return where the value of a key begins in the last object of a text that has it at its top, or None.

    Examples:
        >>> text = '{"details": {"rating": 3}, "rating": 8}'
        >>> text[key_place(text, "rating"):]
        '8}'
    """
    place = None
    try:
        objects = list(_objects(text, Reply(text=text)))
    except ReplyError:
        return None
    for value, begin, end in objects:
        depth = 0
        for found in _JSON_TOKENS.finditer(text, begin, end) if key in value else ():
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if depth == 1 and found["key"] == key:
                place = found.end()
    return place


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
    if count > _MOST_RATINGS:
        return []
    ratings = [plain_number(round(scale.low + n * step, 9)) for n in range(count)]
    return ratings if all(_reads_back(rating, scale) for rating in ratings) else []


def _reads_back(rating: float, scale: Scale) -> bool:
    try:
        return read_rating(f"[[{number_text(rating)}]]", scale) == rating
    except ReplyError:
        return False


class _Repeated(dict[str, Any]):
    """An object some of whose keys stood twice, with different values."""

    repeated: frozenset[str] = frozenset()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = _Repeated(pairs)
    if len(made) < len(pairs):
        made.repeated = frozenset(key for key, value in pairs if json.dumps(made[key]) != json.dumps(value))
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
