"""Lines: what numbered lists have in common, as judges write them and as they are written for judges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judges.structured import stands_twice
from lc_scoring.rating import plain, without_residue

YES, NO = "YES", "NO"
"""The verdicts on what was asked about."""

NONE = "NONE"
"""What stands for a list without lines."""

FINDINGS = "findings"
"""The key of a structured list."""

_NAMED = r"(?:claim|statement|sentence|citation|entity|question|line)"
_LINE = re.compile(
    r"\s*(?:(?:[-*>+•]|#{1,6})\s+){0,3}(?P<mark>\*\*|__)?"
    rf"(?:{_NAMED}\s+)?[(（]?(?P<number>\d{{1,6}})(?P<behind>(?:\\?[.):：、．）]|\*\*|__)++)"
    r"(?!(?<=[.:：．])\d)(?P<words>.*)$",  # 1.5 and 10:30 number no line
    re.IGNORECASE,
)
_ITEM = re.compile(
    rf"\s*(?:[-*•+|>]\s+(?!\**\[\[)|\W{{0,3}}(?:{_NAMED}s?\W{{1,3}})?\d++(?!\s+{_NAMED}s?\b))", re.IGNORECASE
)
_FENCE = re.compile(r"\s*(?:[`~]{3,}\w*|([-*_=])\1{2,})\s*$")
_NUMBERS = re.compile(
    r"(?:[\s:;,&()＋+#：，、；（）]|\.(?![.\d])|and\b|(?:contexts?|sources?|sentences?|numbers?|nos?\.)(?=[\s:#]*\d))*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,7}+(?!\d|[\w.]\d)")
_SPAN = re.compile(r"(\d{1,7}+)\s*(?:[-~\u2010-\u2015\u301c]|to\b)\s*(\d{1,7}+)(?!\d)", re.IGNORECASE)
_SHOWN = 8  # numbers in a message
BRACKET = re.compile(r"\[\[([^\[\]]*)\]\]")
_WORDED = re.compile(r"\[\[[^\w\[\]]*([^\W\d_]+)[^\[\]]*\]\]")
BEHIND = re.compile(r"[\s.。*_`\"')]*$")
_AROUND = " \t.。*_`\"'()[]"
_MOST = 1_000  # numbers that a text may list


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


def answer_in(text: str, reply: Reply) -> str:
    """Return a reply's text without what was thought aloud before its list.

    Raises:
        ReplyError: a thought that does not end stands behind it; it may have begun within the list.
    """
    answer = without_residue(text)
    if not text.endswith(answer):
        raise ReplyError("The reply thinks aloud behind its list and does not end it.", reply=reply.text)
    return answer


def numbered_lines(text: str, reply: Reply, *, whole: bool = False) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the lines before a text's numbered list, and the list's numbers and words, which may be none.

    Args:
        text: the reply's, as far as it is the answer.
        reply: the reply.
        whole: whether the list's length is the judge's own, so that nothing before it may belong to it.

    Raises:
        ReplyError: a line without a number stands in the list or behind it: half a line, or words beside it; or one
            that looks like an item of another list before it.
    """
    lines = [line for line in text.splitlines() if line.strip() and not _FENCE.match(line)]
    found = [_LINE.match(line) for line in lines]
    first = next((place for place, one in enumerate(found) if one), len(lines))
    said: list[tuple[int, str]] = []
    for line, one in zip(lines[first:], found[first:], strict=True):
        if one is None:
            raise ReplyError(f"A line of the list has no number: {line.strip()[:60]!r}.", reply=reply.text)
        said.append((int(one["number"]), _words(one)))
    item = next((line for line in lines[:first] if whole and _ITEM.match(line)), None)
    if item is not None:
        raise ReplyError(f"Is {item.strip()[:60]!r} a line of the list, or not?", reply=reply.text)
    return lines[:first], said


def _words(line: re.Match[str]) -> str:
    """Return what a numbered line says, without the end of a mark that began before the number."""
    mark, words = line["mark"], line["words"].strip()
    return words.replace(mark, "", 1) if mark and mark not in line["behind"] else words


def check_alone(reply: Reply) -> None:
    """Make sure that no numbered list stands beside a JSON object.

    Raises:
        ReplyError: one does.
    """
    text = without_residue(reply.text)
    outside = f"{text.partition('{')[0]}\n{text.rpartition('}')[2]}"
    if any(_LINE.match(line) for line in outside.splitlines()):
        raise ReplyError("A numbered list stands beside the JSON object: which one is meant?", reply=reply.text)


def entries_of(entries: object, reply: Reply) -> list[Mapping[str, Any]]:
    """Return the entries of a list that came as JSON.

    Raises:
        ReplyError: it is no list, or an entry is no object with a number, or one with a key twice.
    """
    if not isinstance(entries, list):
        raise ReplyError(f"{FINDINGS!r} must be a list.", reply=reply.text)
    if any(not isinstance(entry, Mapping) or type(entry.get("number")) is not int for entry in entries):
        raise ReplyError("Each entry of the list is an object with its number.", reply=reply.text)
    if any(stands_twice(entry, key) for entry in entries for key in entry):
        raise ReplyError("An entry of the list has a key twice: which one is meant?", reply=reply.text)
    return entries


def numbers_in(text: str) -> list[int] | None:
    """Return the whole numbers that a text lists, spans such as 2-4 written out.

    None where it says anything else, or its spans stand for more than a thousand.

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
            if not first <= last < first + _MOST - len(numbers):
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


def says(lines: Sequence[str], word: str) -> bool:
    """Whether one of the lines is nothing but a word in double brackets, or the last ends in it."""
    for place, line in enumerate(map(plain, lines), 1):
        last = next(reversed(list(BRACKET.finditer(line))), None)
        is_said = last is not None and last[1].strip().upper() == word and BEHIND.match(line, last.end())
        if is_said and (place == len(lines) or is_word(line, word)):
            return True
    return False


def mentions(lines: Iterable[str], *words: str) -> bool:
    """Whether one of the lines holds double brackets with one of some words, or with more behind it."""
    return any(word.upper() in words for line in lines for word in _WORDED.findall(plain(line)))


def is_word(text: str, word: str) -> bool:
    """Whether a text is nothing but a word, with brackets and marks around it or without."""
    return plain(text).strip(_AROUND).upper() == word


def check_numbers(numbers: Sequence[int], count: int | None, reply: Reply) -> None:
    """Make sure that lines are numbered 1, 2, 3 and so on, up to the last that was asked for."""
    if list(numbers) == list(range(1, len(numbers) + 1)):
        return
    twice = [one for one, times in Counter(numbers).items() if times > 1]
    if twice:
        raise ReplyError(f"Line {min(twice)} stands there twice: which one is meant?", reply=reply.text)
    there = set(numbers)
    lacking = (one for one in range(1, (count or max(numbers)) + 1) if one not in there)
    if missing := list(islice(lacking, _SHOWN + 1)):
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
        inside = text[len(mark) : -len(mark)]
        if text == f"{mark}{inside}{mark}" and inside and mark not in inside:
            text = inside.strip()
    return text


def closed_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
