"""Lines: what numbered lists have in common, as judges write them and as they are written for judges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.rating import plain

YES, NO = "YES", "NO"
"""The verdicts on what was asked about."""

NONE = "NONE"
"""What stands for a list without lines."""

FINDINGS = "findings"
"""The key of a structured list."""

_LINE = re.compile(r"\s*(?:[-*>#•]\s+)?(?:\*\*|__)?\(?([0-9０-９]{1,6})(?:[.):：、．]|\*\*|__)+\s*(.*?)\s*$")
_FENCE = re.compile(r"\s*(?:`{3,}\w*|-{3,}|\*{3,})\s*$")
_NUMBERS = re.compile(
    r"(?:[\s:;,.&()＋+#]|and\b|to\b|contexts?\b|sources?\b|sentences?\b|nos?\b|numbers?\b)*", re.IGNORECASE
)
_NUMBER = re.compile(r"\d{1,7}(?![\w.]\d)")
_SPAN = re.compile(r"(\d{1,7})\s*[-–]\s*(\d{1,7})")
_SHOWN = 8  # numbers in a message
BRACKET = re.compile(r"\[\[([^\[\]]*)\]\]")
_MOST = 100_000  # numbers that a span may stand for


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a judge's list.

    Attributes:
        text: what the line states; empty where it is about something that was asked.
        reason: why the verdict; may be empty.
        verdict: one of the form's, or empty where it has none.
        sources: the numbers, from 1, of the contexts that it names.
    """

    text: str = ""
    reason: str = ""
    verdict: str = ""
    sources: tuple[int, ...] = ()


def numbered_lines(text: str, reply: Reply) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the lines before a text's numbered list, and the list's numbers and words, which may be none.

    Raises:
        ReplyError: a line without a number stands in the list or behind it: half a line, or words beside it.
    """
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    found = [_LINE.match(line) for line in lines]
    first = next((place for place, one in enumerate(found) if one), len(lines))
    said: list[tuple[int, str]] = []
    for line, one in zip(lines[first:], found[first:], strict=True):
        if one is None:
            raise ReplyError(f"A line of the list has no number: {line.strip()[:60]!r}.", reply=reply.text)
        said.append((int(one[1]), one[2]))
    return lines[:first], said


def entries_of(entries: object, reply: Reply) -> list[Mapping[str, Any]]:
    """Return the entries of a list that came as JSON.

    Raises:
        ReplyError: it is no list, or an entry is no object with a number.
    """
    if not isinstance(entries, list):
        raise ReplyError(f"{FINDINGS!r} must be a list.", reply=reply.text)
    if any(not isinstance(entry, Mapping) or type(entry.get("number")) is not int for entry in entries):
        raise ReplyError("Each entry of the list is an object with its number.", reply=reply.text)
    return entries


def numbers_in(text: str) -> list[int] | None:
    """Return the whole numbers that a text lists, spans such as 2-4 written out; None where it says anything else.

    Examples:
        >>> numbers_in("1, 3-5 and 9"), numbers_in(": context 2"), numbers_in(""), numbers_in("all")
        ([1, 3, 4, 5, 9], [2], [], None)
    """
    numbers: list[int] = []
    place = 0
    while True:
        found = _NUMBERS.match(text, place)
        place = found.end() if found else place
        if place == len(text):
            return numbers
        if span := _SPAN.match(text, place):
            first, last = int(span[1]), int(span[2])
            if not first <= last <= first + _MOST:
                return None
            numbers += range(first, last + 1)
            place = span.end()
        elif one := _NUMBER.match(text, place):
            numbers.append(int(one[0]))
            place = one.end()
        else:
            return None


def numbered(texts: Iterable[str]) -> str:
    r"""Write texts for a judge as a numbered list, a line each; "(none)" where there are none.

    Examples:
        >>> print(numbered(["The mill opens\nat nine.", "Entry is free."]))
        1. The mill opens at nine.
        2. Entry is free.
    """
    return "\n".join(f"{number}. {' '.join(text.split())}" for number, text in enumerate(texts, 1)) or "(none)"


def says(lines: Iterable[str], word: str) -> bool:
    """Whether one of the lines holds nothing but, or ends in, a word in double brackets."""
    said = [BRACKET.findall(plain(line)) for line in lines]
    return any(inside.strip().upper() == word for each in said for inside in each)


def check_numbers(numbers: Sequence[int], count: int | None, reply: Reply) -> None:
    """Make sure that lines are numbered 1, 2, 3 and so on, up to the last that was asked for."""
    if list(numbers) == list(range(1, len(numbers) + 1)):
        return
    twice = sorted({one for one in numbers if numbers.count(one) > 1}) if len(numbers) < _MOST else []
    if twice:
        raise ReplyError(f"Line {twice[0]} stands there twice: which one is meant?", reply=reply.text)
    missing = sorted(set(range(1, (count or max(numbers)) + 1)) - set(numbers))
    if missing:
        raise ReplyError(f"The list lacks {lines_named(missing)}.", reply=reply.text)
    raise ReplyError("The list is not numbered 1, 2, 3 and so on.", reply=reply.text)


def neither(empty: str, *, listed: bool) -> str:
    """Say that there is neither a list nor the word for an empty one, or both."""
    if listed:
        return f"There is a list, and [[{empty}]] beside it: which one is meant?"
    return f"There is no numbered list{f', nor [[{empty}]]' if empty else ''}."


def miscounted(got: int, wanted: int) -> str:
    """Say which lines a list lacks, or which is one too many."""
    if got < wanted:
        return f"The list has {got} of {wanted} lines: it lacks {lines_named(list(range(got + 1, wanted + 1)))}."
    return f"The list has {got} lines where {wanted} were asked for: nobody asked about line {wanted + 1}."


def lines_named(numbers: Sequence[int]) -> str:
    """Name lines by their numbers, the first few of many."""
    shown = ", ".join(map(str, numbers[:_SHOWN])) + (" and more" if len(numbers) > _SHOWN else "")
    return f"line{'s' * (len(numbers) > 1)} {shown}"


def bare(text: str) -> str:
    """Return a text without the marks that Markdown puts around it."""
    text = text.strip()
    for mark in ("**", "__"):
        if text.startswith(mark) and text.endswith(mark) and len(text) > 2 * len(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text.removesuffix("**").rstrip() if text.count("**") % 2 else text


def closed_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
