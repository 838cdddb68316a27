r"""Verdict: the one reader of a judge's word where it decides between a few, such as Y and N or CORRECT and INCORRECT.

A verdict is read, never guessed. On the reply without reasoning residue:

    verdict  :=  "[[" [label sep] word "]]"           in double brackets; where one stands, nothing else counts
              |  start label sep word end             `GRADE: CORRECT`, `**Verdict:** Y`, `{"verdict": "N"}`
              |  the first or last line, alone        `Y`, `**INCORRECT**`
              |  the first or last sentence, alone    `Yes. It is.`, `It is short. Y`
              |  the last sentence, "the answer is"   `So the student's answer is CORRECT.`; in capitals
    label    :=  grade, verdict, judgment, decision, final answer ...
    sep      :=  ":" or "="
    start    :=  the start of a line or of a sentence

The last one binds, if it is told from those before it: one behind a label from one that is none, one called final
or overall from all others. Where two differ and nothing tells which is meant (a list of criteria with a verdict each
is written so), that is an error; so are words side by side (`[[Y]] or [[N]]`), a word denied ("not [[Y]]"), and a
later `Verdict:` that names no word. A word in a sentence ("this is not correct", "I like the honesty") is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lc_scoring.errors import ReplyError
from lc_scoring.rating import plain, without_residue
from lc_scoring.verdict_forms import (
    ANY_BRACKETS,
    DOUBT,
    LABEL,
    MARKUP,
    NEAR,
    SEPARATOR,
    WITHIN,
    Forms,
    Found,
    follows_colon,
    forms_of,
    in_brackets,
    in_sentences,
    mentioned,
    on_their_own,
    stands,
)

_SHOWN = 40  # characters of an unreadable verdict in the error
_AROUND = " \n\t\r*_`\"'“”‘’.,;:!()[]{}#>-–—"
_ENDS = re.compile(r"[\s*_`\"'”.!)\]}]*+\Z")
_CLAUSE = re.compile(rf"[^,;:.!?\n]*(?:\b{LABEL}{SEPARATOR}|[*_`\"'“(]*)\Z", re.IGNORECASE)
_CLAUSES = re.compile(r"\b(?:and|thus|hence|therefore)\b", re.IGNORECASE)
_UNREAD = re.compile(
    rf"(?:^|[\s*_`\"'])(?:final\s+|overall\s+)?(?:grade|verdict){MARKUP}[:=：＝]{MARKUP}(?=\S)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided.

    Attributes:
        word: the verdict, one of those asked for.
        reasoning: the answer without it, where it stands at the answer's end or start; else the whole answer.
        labeled: where it was not in brackets, the words it was read from, with their label or what stands beside
            them: anybody's text might hold them, and a judge quote them.
        closes: it ends the answer, behind a label or on a line or in a sentence of its own.
    """

    word: str
    reasoning: str
    labeled: str | None = None
    closes: bool = False


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
        >>> read_verdict("GRADE: CORRECT? No: 7 is not 8.\nGRADE: INCORRECT", grades).word
        'INCORRECT'
        >>> read_verdict("I like the honesty", {"Y": "Y", "N": "N"})
        Traceback (most recent call last):
        ...
        lc_scoring.errors.ReplyError: The reply holds no verdict, Y or N. The judge wrote: 'I like the honesty'
    """
    answered = without_residue(text)
    answer, forms = plain(answered).strip(), forms_of(words)
    try:
        found = _in_brackets(answer, forms) or _in_words(answer, forms)
    except ReplyError as error:
        raise ReplyError(error.reason, reply=text) from None
    if found is None:
        raise ReplyError(_why_none(text, answer, forms, cut_off=cut_off), reply=text)
    _check_thoughts(text, answered, forms)
    verdict = _verdict(found, answer, forms)
    if cut_off and (verdict.reasoning or verdict.labeled):
        raise ReplyError("The reply was cut off at the token limit before its verdict was final.", reply=text)
    return verdict


def _in_brackets(answer: str, forms: Forms) -> Found | None:
    runs = in_brackets(answer, forms)
    if not runs:
        return None
    first, last = runs[-1][0], runs[-1][-1]
    if any(one.word != last.word for one in runs[-1]):
        raise ReplyError(f"{answer[first.start : last.end]} stand side by side: which one is meant?", reply=answer)
    for other in ANY_BRACKETS.finditer(answer, last.end):
        if stands(answer, *other.span())[0] or (last.rank == WITHIN and _ENDS.match(answer, other.end())):
            raise ReplyError(f"The last word in brackets, {other[0]}, is none of {_listed(forms)}.", reply=answer)
    # Of the runs before, one of different words is a list of what may be said.
    rivals = [one for run in runs if len({one.word for one in run}) == 1 for one in run]
    if first.rank > WITHIN:
        _check_rivals(first, rivals, answer)
    else:  # of one that does not stand as a verdict, what is said about it and behind it counts
        behind = list(on_their_own(answer, forms, last.end))
        _check_rivals(first, [*rivals, *behind], answer)
        _check_read(answer, max((one.end for one in behind), default=last.end), forms)
        _check_denied(first, answer)
    return Found(first.start, last.end, last.word, first.rank, first.cut)


def _in_words(answer: str, forms: Forms) -> Found | None:
    own = list(on_their_own(answer, forms))
    found = sorted([*own, *in_sentences(answer, forms)], key=lambda one: (one.end, one.rank))
    last = next((one for one in reversed(found) if not one.listed), None)
    if last is not None:
        _check_read(answer, max((one.end for one in own if not one.listed), default=0), forms)
        _check_rivals(last, [*found, *mentioned(answer, forms, last)], answer)
    return last


def _check_rivals(last: Found, found: Iterable[Found], answer: str) -> None:
    """Make sure that no other word is as plainly the verdict."""
    for one in found:
        if one.word != last.word and one.rank >= last.rank:
            rival, meant = (answer[each.start : each.end].strip() for each in (one, last))
            raise ReplyError(f"The reply holds {rival!r} and {meant!r}: which one is meant?", reply=answer)


def _check_denied(found: Found, answer: str) -> None:
    clause = _CLAUSE.search(answer, max(0, found.start - NEAR), found.start)
    said = _CLAUSES.split(clause[0])[-1] if clause else ""
    if DOUBT.search(said):
        said = f"{said}{answer[found.start : found.end]}".strip()
        raise ReplyError(f"{said!r} names a verdict and may not mean it.", reply=answer)


def _check_read(answer: str, start: int, forms: Forms) -> None:
    """Make sure that no verdict comes later that is none of the words."""
    if unread := _UNREAD.search(answer, start):
        said = answer[unread.start() :].strip()[:_SHOWN]
        raise ReplyError(f"The reply's last verdict, {said!r}, is none of {_listed(forms)}.", reply=answer)


def _check_thoughts(text: str, answered: str, forms: Forms) -> None:
    """Make sure that no verdict stands in a thought that goes on to the reply's end."""
    if text.endswith(answered):
        return
    behind = plain(text[text.find(answered) + len(answered) :])
    if ANY_BRACKETS.search(behind) or forms.labeled.search(behind):
        raise ReplyError("The reply thinks aloud and does not end it, with a verdict on either side.", reply=text)


def _verdict(found: Found, answer: str, forms: Forms) -> Verdict:
    ends, begins = _ENDS.match(answer, found.end) is not None, found.start if found.cut is None else found.cut
    reasoning, labeled = answer, None
    if found.cut is not None and ends:
        reasoning = answer[: found.cut].rstrip()
    elif found.cut is not None and not answer[: found.cut].strip(_AROUND):
        reasoning = answer[found.end :].lstrip(_AROUND).strip()
    if found.words is not None:
        said = answer[slice(*found.words)].strip(_AROUND)
        labeled = None if said.upper() in forms.words else said
    return Verdict(
        found.word, reasoning, labeled, closes=ends and found.rank > WITHIN and not follows_colon(answer, begins)
    )


def _why_none(text: str, answer: str, forms: Forms, *, cut_off: bool) -> str:
    if not text.strip():
        return "The reply is empty."
    if cut_off:
        return "The reply was cut off at the token limit before a verdict was written."
    if not answer:
        return "The reply holds reasoning and no answer after it."
    return f"The reply holds no verdict, {_listed(forms)}."


def _listed(forms: Forms) -> str:
    return " or ".join(dict.fromkeys(forms.words.values()))
