"""Listing: a judge's numbered list, read strictly: every line that was asked for, and no other.

A list that lacks a line, has one too many or numbers one twice is refused with what is wrong, so that the judge can be
asked again; it is never read as a shorter one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judged_text import without_echoes
from lc_scoring.judges.asking import QUOTATION, check_finished
from lc_scoring.judges.structured import find_object
from lc_scoring.rag.lines import (
    BEHIND,
    BRACKET,
    FINDINGS,
    NO,
    YES,
    Finding,
    answer_in,
    bare,
    check_alone,
    check_numbers,
    closed_object,
    entries_of,
    is_word,
    mentions,
    miscounted,
    neither,
    numbered_lines,
    numbers_in,
    says,
)
from lc_scoring.rating import plain

_PARTED = "||"
_ALIKE = 12  # letters before a verdict that are the same in a judged text, where it is quoted
_NO_LETTERS = re.compile(r"[^\w\[\]]+|_")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListForm:
    """What a list is to look like.

    Attributes:
        states: whether each line states something of its own, such as a claim.
        verdicts: whether each line ends in a verdict, `[[YES]]` or `[[NO]]`.
        sourced: whether a YES names the contexts that it rests on, `[[YES: 1, 3]]`.
        more: the verdict of lines that follow those asked about, each of which states something; empty for none.
        empty: the word that stands for a list without lines, `[[NONE]]`; empty where there must be some.
        once: whether what a line states may stand there twice only with the same verdict.
        structured: whether JSON was asked for.
    """

    states: bool = False
    verdicts: bool = False
    sourced: bool = False
    more: str = ""
    empty: str = ""
    once: bool = False
    structured: bool = False

    def read(
        self, reply: Reply, *, count: int | None = None, contexts: int = 0, marked: Sequence[str] = ()
    ) -> tuple[Finding, ...]:
        """Read the list in a reply.

        Args:
            reply: the reply.
            count: how many lines were asked for; None where the judge decides. Lines of `more` follow them.
            contexts: how many contexts there are to be named.
            marked: judged texts that held marks such as `[[YES]]`, as they were: the judge may quote them.

        Raises:
            ReplyError: a line is missing, one is too many, one is numbered twice, has no verdict or several, or names
                a context that does not exist; or the judge declined, was held back or cut off.
        """
        check_finished(reply)
        found = find_object(reply, FINDINGS) if self.structured else None
        if found is not None:
            check_alone(reply)
            findings = self._from_json(found[FINDINGS], reply, contexts)
        else:
            text = answer_in(without_echoes(reply.text, marked), reply)
            findings = self._from_text(text, reply, contexts, count)
            self._check_own(text, marked, reply)
        self._check_count(findings, count, reply)
        if self.once:
            _check_once(findings, reply)
        return tuple(findings)

    def _from_text(self, text: str, reply: Reply, contexts: int, count: int | None) -> list[Finding]:
        before, said = numbered_lines(text, reply, whole=count is None)
        if not said and self.empty and says(before, self.empty):
            return []
        if not said or (self.empty and mentions(before, self.empty)):
            raise ReplyError(neither(self.empty, listed=bool(said)), reply=reply.text)
        if self.verdicts and mentions(before, *self._words):
            raise ReplyError("A verdict stands before the numbered list: which one is meant?", reply=reply.text)
        check_numbers([number for number, _ in said], None if self.more else count, reply)
        asked = len(said) if count is None else count
        return [
            self._line(number, words, contexts, reply, beyond=bool(self.more) and number > asked)
            for number, words in said
        ]

    def _line(self, number: int, said: str, contexts: int, reply: Reply, *, beyond: bool) -> Finding:
        if not self.verdicts:
            return self._claimed(number, said, reply)
        said = plain(said)
        brackets = list(BRACKET.finditer(said))
        if not brackets or not BEHIND.match(said, brackets[-1].end()):
            raise ReplyError(f"Line {number} does not end in a verdict in double square brackets.", reply=reply.text)
        if len({one[1].strip().upper() for one in brackets}) > 1:
            raise ReplyError(f"Line {number} holds several verdicts: which one is meant?", reply=reply.text)
        verdict, named = self._verdict(number, brackets[-1][1], reply, beyond=beyond)
        sources = self._sources(number, verdict, named, contexts, reply)
        marks = said[brackets[-1].end() :].strip(" .。")  # those around the verdict
        before = bare(said[: brackets[0].start()].rstrip().removesuffix(marks))
        if beyond:
            return self._stated(number, Finding(text=before, verdict=verdict), reply)
        if not self.states:
            return Finding(reason=before, verdict=verdict, sources=sources)
        text, _, reason = before.partition(_PARTED)
        if _PARTED in reason:
            raise ReplyError(f"Line {number} holds {_PARTED} twice: where does the reason begin?", reply=reply.text)
        return self._stated(
            number, Finding(text=bare(text), reason=bare(reason), verdict=verdict, sources=sources), reply
        )

    def _claimed(self, number: int, said: str, reply: Reply) -> Finding:
        """Return what a line without a verdict states."""
        text = bare(said)
        if not text:
            raise ReplyError(f"Line {number} is empty.", reply=reply.text)
        if self.empty and (is_word(text, self.empty) or says([text], self.empty)):
            raise ReplyError(neither(self.empty, listed=True), reply=reply.text)
        return Finding(text=text)

    def _stated(self, number: int, finding: Finding, reply: Reply) -> Finding:
        if not finding.text:
            raise ReplyError(f"Line {number} states nothing before its verdict.", reply=reply.text)
        return finding

    def _verdict(self, number: int, inside: str, reply: Reply, *, beyond: bool) -> tuple[str, list[int]]:
        """Read what stands in a verdict's brackets: the word, and the contexts that it names."""
        words = (self.more,) if beyond else (YES, NO)
        found = re.match(r"\s*([^\W\d_]+)(.*)$", inside, re.DOTALL)
        word = found[1].upper() if found else ""
        if found is None or word not in words:
            wanted = " or ".join(words)
            raise ReplyError(f"The verdict of line {number} must be {wanted}, got {inside[:40]!r}.", reply=reply.text)
        named = numbers_in(found[2])
        if named is None or (named and not self.sourced):
            raise ReplyError(f"The verdict of line {number} cannot be read: {inside[:60]!r}.", reply=reply.text)
        return word, named

    def _sources(self, number: int, word: str, named: Iterable[int], contexts: int, reply: Reply) -> tuple[int, ...]:
        sources = tuple(sorted(set(named)))
        strange = [one for one in sources if not 1 <= one <= contexts]
        if strange:
            raise ReplyError(
                f"Line {number} names context {strange[0]}; there are {contexts}, numbered from 1.", reply=reply.text
            )
        if self.sourced and word == YES and not sources:
            if contexts != 1:
                raise ReplyError(f"Line {number} does not say which contexts it rests on.", reply=reply.text)
            return (1,)
        return sources

    def _check_own(self, text: str, marked: Sequence[str], reply: Reply) -> None:
        """Make sure that no line's verdict stands in a judged text behind the same words."""
        if not (marked and self.verdicts):
            return
        judged = [_letters(each) for each in marked]
        for line in text.splitlines():
            words = plain(line)
            last = next(reversed(list(BRACKET.finditer(words))), None)
            before = _letters(words[: last.start()])[-_ALIKE:] if last else ""
            if last and len(before) == _ALIKE and any(f"{before}{_letters(last[0])}" in each for each in judged):
                raise ReplyError(QUOTATION.format(what="verdict"), reply=reply.text)

    def _from_json(self, entries: object, reply: Reply, contexts: int) -> list[Finding]:
        listed = entries_of(entries, reply)
        check_numbers([entry["number"] for entry in listed], None, reply)
        return [self._entry(number, entry, contexts, reply) for number, entry in enumerate(listed, 1)]

    def _entry(self, number: int, entry: Mapping[str, Any], contexts: int, reply: Reply) -> Finding:
        text, reason, verdict = (entry.get(key, "") for key in ("text", "reason", "verdict"))
        if not all(isinstance(one, str) for one in (text, reason, verdict)):
            raise ReplyError(f"Entry {number} holds something else where text is wanted.", reply=reply.text)
        beyond = bool(self.more) and verdict.strip().upper() == self.more
        if not self.verdicts:
            return self._claimed(number, text, reply)
        if self.states or beyond:
            self._stated(number, Finding(text=text.strip()), reply)
        word, named = self._verdict(number, verdict, reply, beyond=beyond)
        also = entry.get("contexts", [])
        if not isinstance(also, list) or not all(type(one) is int for one in also):
            raise ReplyError(f"The contexts of entry {number} must be a list of numbers.", reply=reply.text)
        sources = self._sources(number, word, (*named, *also) if self.sourced else (), contexts, reply)
        return Finding(text=text.strip(), reason=reason.strip(), verdict=word, sources=sources)

    def _check_count(self, findings: Sequence[Finding], count: int | None, reply: Reply) -> None:
        if count is None:
            if not findings and not self.empty:
                raise ReplyError("The list is empty.", reply=reply.text)
            return
        asked = [one for one in findings if not self.more or one.verdict != self.more]
        if self.empty and not findings and not (self.verdicts and count):
            return
        if len(asked) != count:
            raise ReplyError(miscounted(len(asked), count), reply=reply.text)
        if self.more and any(one.verdict == self.more for one in findings[:count]):
            raise ReplyError(
                f"The lines with {self.more} come after the {count} that were asked about.", reply=reply.text
            )

    @property
    def shape(self) -> str:
        """One entry of the list as JSON, for the prompt."""
        fields = ['"number": 1']
        if self.states or self.more:
            fields.append('"text": "what the line states"')
        if self.verdicts:
            fields += ['"reason": "why"', f'"verdict": "{" or ".join(self._words)}"']
        if self.sourced:
            fields.append('"contexts": [the numbers of the contexts]')
        return f"{{{', '.join(fields)}}}"

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of the list."""
        entry: dict[str, Any] = {"number": {"type": "integer"}}
        if self.states or self.more:
            entry["text"] = {"type": "string"}
        if self.verdicts:
            entry |= {"reason": {"type": "string"}, "verdict": {"enum": list(self._words)}}
        if self.sourced:
            entry["contexts"] = {"type": "array", "items": {"type": "integer"}}
        return closed_object({FINDINGS: {"type": "array", "items": closed_object(entry)}})

    @property
    def _words(self) -> tuple[str, ...]:
        return (YES, NO, self.more) if self.more else (YES, NO)


def _check_once(findings: Iterable[Finding], reply: Reply) -> None:
    """Make sure that nothing is judged in two ways."""
    verdicts: dict[str, str] = {}
    for finding in findings:
        if verdicts.setdefault(" ".join(finding.text.casefold().split()), finding.verdict) != finding.verdict:
            raise ReplyError(f"{finding.text[:60]!r} is judged in two ways: which one is meant?", reply=reply.text)


def _letters(text: str) -> str:
    """Return the letters, digits and brackets of a text, in one case and width."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()
