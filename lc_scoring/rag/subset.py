"""Subset: those lines of a numbered list that a judge picks out, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judged_text import without_echoes
from lc_scoring.judges.asking import check_finished
from lc_scoring.judges.structured import find_object
from lc_scoring.rag.lines import (
    FINDINGS,
    NO,
    NONE,
    YES,
    Finding,
    answer_in,
    bare,
    check_alone,
    closed_object,
    entries_of,
    mentions,
    neither,
    numbered_lines,
    numbers_in,
    says,
)

_DENIED = re.compile(
    r"\W*(?:not (?:needed|necessary|relevant|required)|irrelevant|unnecessary|none|no)\W*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetForm:
    """A list of those lines alone that are meant, each under its own number and with the reason.

    Attributes:
        structured: whether JSON was asked for.
    """

    structured: bool = False

    @property
    def shape(self) -> str:
        """One entry of the list as JSON, for the prompt."""
        return '{"number": 1, "reason": "why"}'

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of the list."""
        entry = closed_object({"number": {"type": "integer"}, "reason": {"type": "string"}})
        return closed_object({FINDINGS: {"type": "array", "items": entry}})

    def read(
        self, reply: Reply, *, count: int | None = None, contexts: int = 0, marked: Sequence[str] = ()
    ) -> tuple[Finding, ...]:
        """Read which lines are meant: one finding for each of all `count`, YES for those that are.

        Raises:
            ReplyError: a number is not among them, or stands there twice; or the judge declined, was held back or cut
                off.
        """
        del contexts  # a list of lines names none
        check_finished(reply)
        found = find_object(reply, FINDINGS) if self.structured else None
        if found is not None:
            check_alone(reply)
            said = [_entry(entry, reply) for entry in entries_of(found[FINDINGS], reply)]
        else:
            text = answer_in(without_echoes(reply.text, marked), reply)
            before, said = numbered_lines(text, reply, whole=True)
            if mentions(before, NONE) if said else not says(before, NONE):
                raise ReplyError(neither(NONE, listed=bool(said)), reply=reply.text)
        reasons: dict[int, str] = {}
        for number, reason in said:
            if number in reasons or not 1 <= number <= (count or 0):
                twice = "stands there twice" if number in reasons else f"does not exist: there are {count}"
                raise ReplyError(f"Line {number} {twice}.", reply=reply.text)
            if _is_denied(reason, count or 0):
                shown = f"Line {number} does not say what the sentence gives, but {reason[:40]!r}: is it meant?"
                raise ReplyError(shown, reply=reply.text)
            reasons[number] = bare(reason)
        return tuple(
            Finding(verdict=YES if number in reasons else NO, reason=reasons.get(number, ""))
            for number in range(1, (count or 0) + 1)
        )


def _entry(entry: Mapping[str, Any], reply: Reply) -> tuple[int, str]:
    reason = entry.get("reason", "")
    if not isinstance(reason, str):
        raise ReplyError(f"Entry {entry['number']} holds something else where text is wanted.", reply=reply.text)
    return entry["number"], reason


def _is_denied(reason: str, count: int) -> bool:
    """Whether a reason says that its line is not meant after all, gives a verdict, or is other lines' numbers."""
    numbers = numbers_in(reason) or []
    return bool(
        _DENIED.match(reason)
        or mentions([reason], YES, NO, NONE)
        or (numbers and all(1 <= number <= count for number in numbers))
    )
