r"""Verdict: the one reader of a judge's word where it decides between a few, such as Y and N or CORRECT and INCORRECT.

A verdict is read, never guessed. On the reply without reasoning residue, the last of these binds:

    verdict  :=  "[[" [label sep] word "]]"          in double brackets; where one stands, nothing else counts
              |  label sep word end                  `GRADE: CORRECT`, `**Verdict:** Y`, `"verdict": "N"`
              |  the first or last line, alone       `Y`, `**INCORRECT**`
              |  the first word, set off by a mark   `Yes, it is.`; for words of two letters or more
              |  the last word, in capitals          `... so the answer is CORRECT.`; not behind "not"
    label    :=  grade, verdict, judgment, decision, final answer ...
    sep      :=  ":" or "="

A word that only holds the letter ("honesty"), a word in a sentence ("this is not correct"), both words side by side
("CORRECT or INCORRECT") are none. A later `Verdict:` that names no word is an error: an earlier one must not stand
in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from lc_scoring.errors import ReplyError
from lc_scoring.rating import plain, without_residue

_MARKS = r"[*_`\"'“”‘’]*+"
_MARKUP = r"[\s*_`\"'“”‘’]*+"
_CERTAIN = r"(?:final\s+|overall\s+)?(?:grade|verdict)"
_LABEL = (
    r"(?:(?:grade|verdict|judge?ment|decision|conclusion|assessment|evaluation|winner|preference)"
    r"|(?:my|final|overall)\s+(?:answer|result|choice|rating|score))"
)
_SEPARATOR = rf"{_MARKUP}[:=：＝]{_MARKUP}"
_END = rf"(?={_MARKS}(?:[ \t]*(?:\n|\Z)|[.,;!?)}}]|\s+[-–—]\s))"
_ANY_BRACKETS = re.compile(r"\[\[([^\[\]]{1,80})\]\]")
_BEFORE = re.compile(rf"(?:(?<=\n)|\A|(?<=\s))[\s>#*_`\"'-]*(?:{_LABEL}{_SEPARATOR})?\Z", re.IGNORECASE)
_AFTER = re.compile(r"[\s*_`\"'.!)]*\Z")
_UNREAD = re.compile(rf"(?:^|[\s*_`\"'])(?:{_CERTAIN}){_MARKUP}[:=]{_MARKUP}(?=\S)", re.IGNORECASE)
_NOT_SO = re.compile(
    r"(?:\b(?:not|never|neither|nor|or|than|versus|vs\.?|either|if|whether|partially|partly|mostly|largely|half|almost"
    r"|nearly|somewhat)|n't|/)\s*(?:\w+\s+)?[\"'*_`(]*\Z",
    re.IGNORECASE,
)
_CONNECTED = re.compile(r"[ \t,;/&|–—-]*+(?:(?:and|or|to)[ \t]++)?", re.IGNORECASE)
_BEFORE_LENGTH = 60  # characters before a verdict in which its label or a "not" stands


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided.

    Attributes:
        word: the verdict, one of those asked for.
        reasoning: the answer without it, where it stands at the answer's end or start; else the whole answer.
        labeled: the words it was read from where these are a label and a word, which anybody's text might hold.
    """

    word: str
    reasoning: str
    labeled: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    word: str
    labeled: bool = False
    in_sentence: bool = False


@dataclass(frozen=True, slots=True)
class _Forms:
    """The grammar for one set of words."""

    bracketed: re.Pattern[str]
    labeled: re.Pattern[str]
    alone: re.Pattern[str]
    first: re.Pattern[str]
    last: re.Pattern[str]
    sentence: re.Pattern[str]

    @classmethod
    @cache
    def of(cls, words: tuple[str, ...]) -> _Forms:
        by_length = sorted(map(re.escape, words), key=len, reverse=True)
        any_word, long_words = "|".join(by_length), "|".join(word for word in by_length if len(word) > 1) or "(?!)"
        return cls(
            bracketed=re.compile(
                rf"\[\[{_MARKUP}(?:{_LABEL}{_SEPARATOR})?\[?({any_word}){_MARKUP}\]?\]\]", re.IGNORECASE
            ),
            labeled=re.compile(rf"(?<!\w){_LABEL}{_SEPARATOR}({any_word}){_END}", re.IGNORECASE),
            alone=re.compile(rf"(?:\A|(?<=\n))[ \t>#*_`\"'(\[-]*({any_word})[ \t*_`\"').\]!]*(?=\n|\Z)", re.IGNORECASE),
            first=re.compile(rf"\A\s*{_MARKS}({long_words}){_MARKS}(?=[.,;:!]|\s+[-–—]\s)", re.IGNORECASE),
            last=re.compile(rf"(?<![\w/-])(?:({long_words})|(?<=\bis )({any_word}))[\s*_`\"').!]*\Z"),
            sentence=re.compile(rf"(?<=[.!?])\s+{_MARKS}\(?({any_word})[\s*_`\"').!]*\Z"),
        )


def read_verdict(text: str, words: Mapping[str, str], *, cut_off: bool = False) -> Verdict:
    r"""Read the verdict in a judge's reply.

    Args:
        text: the judge's text.
        words: what the judge may write, in capitals, and the verdict each stands for; for example
            `{"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}`.
        cut_off: the reply ended at the token limit. Then it is read only where it is the verdict and nothing else.

    Raises:
        ReplyError: there is none, or it cannot be told which one is meant.

    Examples:
        >>> grades = {"CORRECT": "CORRECT", "INCORRECT": "INCORRECT"}
        >>> read_verdict("GRADE: CORRECT? No: 7 is not 8.\nGRADE: INCORRECT", grades)
        Verdict(word='INCORRECT', reasoning='GRADE: CORRECT? No: 7 is not 8.', labeled='GRADE: INCORRECT')
        >>> read_verdict("I like the honesty", {"Y": "Y", "N": "N"})
        Traceback (most recent call last):
        ...
        lc_scoring.errors.ReplyError: The reply holds no verdict, Y or N. The judge wrote: 'I like the honesty'
    """
    answer = plain(without_residue(text)).strip()
    forms = _Forms.of(tuple(words))
    found = _bracketed(answer, forms, words, text) or _plain_form(answer, forms, words, text)
    if found is None:
        raise ReplyError(_why_none(text, answer, words, cut_off=cut_off), reply=text)
    reasoning = _without(found, answer)
    if cut_off and reasoning:
        raise ReplyError("The reply was cut off at the token limit before its verdict was final.", reply=text)
    return Verdict(found.word, reasoning, answer[found.start : found.end] if found.labeled else None)


def _bracketed(answer: str, forms: _Forms, words: Mapping[str, str], text: str) -> _Found | None:
    found = [_Found(one.start(), one.end(), words[one[1].upper()]) for one in forms.bracketed.finditer(answer)]
    if not found:
        return None
    last = found[-1]
    for other in _ANY_BRACKETS.finditer(answer, last.end):
        if _AFTER.match(answer, other.end()):
            raise ReplyError(f"The last word in brackets, {other[0]}, is none of {_listed(words)}.", reply=text)
    for one in reversed(found[:-1]):
        if not _CONNECTED.fullmatch(answer, one.end, last.start):
            break
        if one.word != last.word:
            raise ReplyError(f"{answer[one.start : last.end]} stand side by side: which one is meant?", reply=text)
        last = _Found(one.start, last.end, last.word)
    return last


def _plain_form(answer: str, forms: _Forms, words: Mapping[str, str], text: str) -> _Found | None:
    found = sorted(_plain_forms(answer, forms, words), key=lambda one: (one.end, one.labeled))
    last = found[-1] if found else None
    read_to = max((one.end for one in found if not one.in_sentence), default=0)
    unread = _UNREAD.search(answer, read_to)
    if last is not None and unread:
        said = answer[unread.start() :].strip()[:40]
        raise ReplyError(f"The reply's last verdict, {said!r}, is none of {_listed(words)}.", reply=text)
    return last


def _plain_forms(answer: str, forms: _Forms, words: Mapping[str, str]) -> Iterator[_Found]:
    for one in forms.labeled.finditer(answer):
        yield _Found(one.start(), one.end(1), words[one[1].upper()], labeled=True)
    for one in forms.alone.finditer(answer):
        if one.start() == 0 or one.end() == len(answer):
            yield _Found(one.start(), one.end(), words[one[1].upper()])
    for opens_or_ends in (forms.first.match(answer), forms.sentence.search(answer)):
        if opens_or_ends:
            yield _Found(opens_or_ends.start(), opens_or_ends.end(), words[opens_or_ends[1].upper()])
    last = forms.last.search(answer)
    if last and not _NOT_SO.search(answer[: last.start()][-_BEFORE_LENGTH:]):
        yield _Found(last.start(), last.end(), words[(last[1] or last[2]).upper()], in_sentence=True)


def _without(found: _Found, answer: str) -> str:
    """Return the answer without a verdict that ends or opens it."""
    if found.in_sentence:
        return answer
    if _AFTER.match(answer, found.end):
        before = answer[: found.start]
        label = _BEFORE.search(before[-_BEFORE_LENGTH:])
        return (before[: len(before) - len(label[0])] if label else before).rstrip()
    if not answer[: found.start].strip(" \n\t>#*_`\"'-"):
        return answer[found.end :].lstrip(" \n\t*_`\"'.,;:!)-–—")
    return answer


def _why_none(text: str, answer: str, words: Mapping[str, str], *, cut_off: bool) -> str:
    if not text.strip():
        return "The reply is empty."
    if cut_off:
        return "The reply was cut off at the token limit before a verdict was written."
    if not answer:
        return "The reply holds reasoning and no answer after it."
    return f"The reply holds no verdict, {_listed(words)}."


def _listed(words: Mapping[str, str]) -> str:
    return " or ".join(dict.fromkeys(words.values()))
