r"""Verdict: the one reader of a judge's word where it decides between a few, such as Y and N or CORRECT and INCORRECT.

A verdict is read, never guessed. On the reply without reasoning residue, the last of these binds:

    verdict  :=  "[[" [label sep] word "]]"          in double brackets; where one stands, no other form binds
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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lc_scoring.errors import ReplyError
from lc_scoring.rating import plain, without_residue
from lc_scoring.verdict_forms import (
    AFTER,
    ANY_BRACKETS,
    AROUND,
    BEFORE,
    COMPARED,
    CONNECTED,
    DOUBT,
    LISTED,
    MARKS,
    NAMED,
    NEAR,
    ON_ITS_LINE,
    ONE_SENTENCE,
    REPORTED,
    SENTENCE_ENDS,
    SETTLES,
    TURNS,
    UNREAD,
    Forms,
)

_USUAL_LENGTH = 160  # characters of a last line or sentence that is a verdict and little else
_QUOTATION = 12  # characters from which on a text is quoted; a shorter one may be the judge's own word
_BLANK = "…"
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided.

    Attributes:
        word: the verdict, one of those asked for.
        reasoning: the answer without it, where it stands at the answer's end or start; else the whole answer.
        said: the words it was read from.
        bracketed: these stand in double brackets; anybody's text might hold others.
    """

    word: str
    reasoning: str
    said: str
    bracketed: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    word: str
    labeled: bool = False
    in_sentence: bool = False
    doubtful: bool = False
    bracketed: bool = False


def read_verdict(text: str, words: Mapping[str, str], *, cut_off: bool = False, quoted: Iterable[str] = ()) -> Verdict:
    r"""Read the verdict in a judge's reply.

    Args:
        text: the judge's text.
        words: what the judge may write, in capitals, and the verdict each stands for; for example
            `{"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}`.
        cut_off: the reply ended at the token limit. Then it is read only where it is the verdict and nothing else.
        quoted: texts that are not the judge's: where it quotes one word for word, no verdict is looked for.

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
    answered, texts = without_residue(text), tuple(quoted)
    answer, forms = plain(answered).strip(), Forms.of(tuple(words))
    own = _without_quotations(answer, texts)
    found = _usual(own, forms, words) or _bracketed(own, forms, words, text)
    if found is None:
        found = _plain_form(own, forms, words, text)
        if found is not None:
            _check_own(found, own, forms, words, {each.strip(AROUND).upper() for each in texts}, text)
    if found is None:
        raise ReplyError(_why_none(text, own, words, cut_off=cut_off), reply=text)
    if not text.endswith(answered) and _says_more(text, answered, forms):
        raise ReplyError("The reply thinks aloud and does not end it, with a verdict on either side.", reply=text)
    reasoning = _without(found, answer)
    if cut_off and (reasoning or found.labeled):
        raise ReplyError("The reply was cut off at the token limit before its verdict was final.", reply=text)
    return Verdict(found.word, reasoning, answer[found.start : found.end].strip(), found.bracketed)


def _without_quotations(answer: str, quoted: Iterable[str]) -> str:
    """Blank out what is quoted word for word; what is left stays where it is."""
    for text in quoted:
        said = text.strip()
        if len(said) >= _QUOTATION and said in answer:
            answer = answer.replace(said, _BLANK * len(said))
    return answer


def _usual(answer: str, forms: Forms, words: Mapping[str, str]) -> _Found | None:
    """Return the verdict of the most common reply without brackets, which needs no weighing: its last line."""
    start = answer.rfind("\n") + 1
    if len(answer) - start > _USUAL_LENGTH or "[[" in answer:
        return None
    line = forms.usual.fullmatch(answer, start)
    if line is None or line[2] == "a":  # an article
        return None
    return _Found(line.start(1), line.end(2), words[line[2].upper()], labeled=True)


def _bracketed(answer: str, forms: Forms, words: Mapping[str, str], text: str) -> _Found | None:
    found = [
        _Found(one.start(), one.end(), words[one[1].upper()], bracketed=True)
        for one in forms.bracketed.finditer(answer)
    ]
    if not found:
        return None
    last = found[-1]
    for other in ANY_BRACKETS.finditer(answer, last.end):
        if AFTER.match(answer, other.end()):
            raise ReplyError(f"The last word in brackets, {other[0]}, is none of {_listed(words)}.", reply=text)
    last = _run(found, answer, text)
    if _standing(answer, last):
        return last
    rivals = [one for one in found if one.end < last.start and one.word != last.word]
    if rivals and _is_one_of_several(answer, last, rivals):
        rival, meant = (answer[one.start : one.end] for one in (rivals[-1], last))
        raise ReplyError(f"The reply names {rival} and {meant}: which one is meant?", reply=text)
    if DOUBT.search(_clause(answer, last.start, ".!?;:,\n")):
        said = answer[max(0, last.start - _SHOWN) : last.end].strip()
        raise ReplyError(f"{said!r} names a verdict and may not mean it.", reply=text)
    later = [one for one in _plain_forms(answer, forms, words) if one.start > last.end and one.word != last.word]
    if later or UNREAD.search(answer, last.end):
        raise ReplyError(
            f"{answer[last.start : last.end]} is followed by another verdict: which one is meant?", reply=text
        )
    return last


def _is_one_of_several(answer: str, last: _Found, rivals: list[_Found]) -> bool:
    """Tell whether the last word in brackets is one of several that are named, listed or compared."""
    return bool(
        _is_named(answer, last.start)
        or LISTED.match(answer, last.end)
        or COMPARED.search(answer, max(0, last.start - NEAR), last.start)
        or (
            any(_standing(answer, one) > 1 for one in rivals)
            and not SETTLES.search(_clause(answer, last.start, ".!?\n"))
        )
    )


def _run(found: list[_Found], answer: str, text: str) -> _Found:
    """Return the last with all that stand next to it, with nothing but a comma, an "or" or a label between."""
    last = found[-1]
    for one in reversed(found[:-1]):
        between = CONNECTED.fullmatch(answer, one.end, last.start)
        if not between or ("\n" in between[0] and _standing(answer, one) != _standing(answer, last)):
            break
        if one.word != last.word:
            raise ReplyError(f"{answer[one.start : last.end]} stand side by side: which one is meant?", reply=text)
        last = _Found(one.start, last.end, last.word, bracketed=True)
    return last


def _standing(answer: str, one: _Found) -> int:
    """Tell how a word stands: 2 behind a verdict's label, 1 with a line or sentence to itself, 0 within one."""
    before = ON_ITS_LINE.search(answer, max(0, one.start - NEAR), one.start)
    if before is None:
        return 0
    return 2 if before["label"] else int(SENTENCE_ENDS.match(answer, one.end) is not None)


def _clause(answer: str, start: int, ends: str) -> str:
    """Return what stands before a word in its clause or sentence."""
    first = max(0, start - 2 * NEAR)
    return answer[max(first, *(answer.rfind(end, first, start) + 1 for end in ends)) : start]


def _plain_form(answer: str, forms: Forms, words: Mapping[str, str], text: str) -> _Found | None:
    found = sorted(_plain_forms(answer, forms, words), key=lambda one: (one.end, not one.in_sentence, one.labeled))
    last = next((one for one in reversed(found) if not one.doubtful), None)
    if last is None:
        return None
    for one in found:
        # A bare word behind one with a label, or behind "It reads:", may be what the judge read.
        if one.word != last.word and ((one.labeled and not last.labeled) or (one.doubtful and one.end > last.end)):
            rival, meant = (answer[each.start : each.end].strip() for each in (one, last))
            raise ReplyError(f"The reply holds {rival!r} and {meant!r}: which one is meant?", reply=text)
    for word, verdict in words.items() if last.end < len(answer) else ():
        if verdict != last.word and len(word) > 1 and re.search(rf"\b{re.escape(word)}\b", answer[last.end :]):
            raise ReplyError(f"{word!r} stands behind the verdict {last.word!r}: which one is meant?", reply=text)
    read_to = max((one.end for one in found if not one.in_sentence), default=0)
    if _may_hold_label(answer) and (unread := UNREAD.search(answer, read_to)):
        said = answer[unread.start() :].strip()[:_SHOWN]
        raise ReplyError(f"The reply's last verdict, {said!r}, is none of {_listed(words)}.", reply=text)
    return last


def _check_own(found: _Found, answer: str, forms: Forms, words: Mapping[str, str], quoted: set[str], text: str) -> None:
    """Make sure that a bare word is not a judged text that is nothing but this word."""
    said = answer[found.start : found.end].strip(AROUND).upper()
    if found.labeled or said not in quoted or answer.strip(AROUND).upper() == said:
        return
    alone = answer[found.start :].strip(AROUND).upper() == said and answer[: found.start].rstrip(
        " \t>#*_`\"'"
    ).endswith("\n")
    if not alone or any(one.word != found.word for one in _plain_forms(answer, forms, words)):
        raise ReplyError(f"The judge may be quoting {said!r}.", reply=text)


def _plain_forms(answer: str, forms: Forms, words: Mapping[str, str]) -> Iterator[_Found]:
    if _may_hold_label(answer):
        for one in forms.labeled.finditer(answer):
            if one[2] != "a":  # an article
                yield _Found(one.start(1), one.end(2), words[one[2].upper()], labeled=True)
    first = forms.first.match(answer)
    if first and _settles(first, answer[first.end() :].strip(), words):
        yield _Found(first.start(), first.end(), words[first[1].upper()], in_sentence=first[2] == ",")
    last_line = answer.rfind("\n") + 1
    for start in sorted({0, last_line}):
        line = forms.alone.match(answer, start)
        if line and line[1] != "a":
            yield _Found(start, line.end(), words[line[1].upper()], doubtful=_is_named(answer, start))
            if start == last_line:
                return
    yield from _at_the_end(answer, forms, words)


def _at_the_end(answer: str, forms: Forms, words: Mapping[str, str]) -> Iterator[_Found]:
    tail = max(0, len(answer) - _USUAL_LENGTH)
    if not answer[tail:].rstrip(AROUND).endswith(tuple(words)):
        return
    if sentence := forms.sentence.search(answer, tail):
        yield _Found(sentence.start(), sentence.end(), words[sentence[1].upper()])
    if last := forms.last.search(answer, tail):
        said = _clause(answer, last.start(1), ".!?\n")
        if not (DOUBT.search(said) or REPORTED.search(said)):
            yield _Found(last.start(1), last.end(), words[(last[2] or last[3]).upper()], in_sentence=True)


def _may_hold_label(answer: str) -> bool:
    return ":" in answer or "=" in answer or not answer.isascii()


def _settles(first: re.Match[str], rest: str, words: Mapping[str, str]) -> bool:
    """Tell whether the first word is what the whole answer comes to."""
    verdict = words[first[1].upper()]
    others = "|".join(re.escape(one) for one in words if len(one) > 1 and words[one] != verdict)
    ends_so = rf"\b(?:{others})(?={MARKS}(?:[.,;:!?\n]|\Z))"
    if TURNS.search(rest) or (others and re.search(ends_so, rest, re.IGNORECASE)):
        return False
    return first[2] != "," or ONE_SENTENCE.fullmatch(rest) is not None


def _is_named(answer: str, start: int) -> bool:
    """Tell whether a colon stands before, so that what follows may be the value of what it names."""
    return NAMED.search(answer, max(0, start - NEAR), start) is not None


def _says_more(text: str, answered: str, forms: Forms) -> bool:
    """Tell whether a verdict stands in a thought that goes on to the reply's end."""
    behind = plain(text[text.find(answered) + len(answered) :])
    return ANY_BRACKETS.search(behind) is not None or forms.labeled.search(behind) is not None


def _without(found: _Found, answer: str) -> str:
    """Return the answer without a verdict that ends or opens it."""
    before = answer[: found.start]
    if found.in_sentence or (found.labeled and before.endswith(('"', "'"))):  # a key of JSON is no label to cut off
        return answer
    if label := BEFORE.search(before[-NEAR:]):
        before = before[: len(before) - len(label[0])]
    if AFTER.match(answer, found.end):
        return before.rstrip()
    return answer if before.strip(AROUND) else answer[found.end :].lstrip(AROUND).strip()


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
