"""Subset: those lines of a numbered list that a judge picks out, each with the reason."""

from __future__ import annotations

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
    bare,
    closed_object,
    entries_of,
    neither,
    numbered_lines,
    says,
)
from lc_scoring.rating import without_residue


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
            said = [(entry["number"], str(entry.get("reason", ""))) for entry in entries_of(found[FINDINGS], reply)]
        else:
            before, said = numbered_lines(without_residue(without_echoes(reply.text, marked)), reply)
            if bool(said) == says(before, NONE):
                raise ReplyError(neither(NONE, listed=bool(said)), reply=reply.text)
        reasons: dict[int, str] = {}
        for number, reason in said:
            if number in reasons or not 1 <= number <= (count or 0):
                twice = "stands there twice" if number in reasons else f"does not exist: there are {count}"
                raise ReplyError(f"Line {number} {twice}.", reply=reply.text)
            reasons[number] = bare(reason)
        return tuple(
            Finding(verdict=YES if number in reasons else NO, reason=reasons.get(number, ""))
            for number in range(1, (count or 0) + 1)
        )
