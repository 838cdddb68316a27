"""Intake: which rows of a source are new to a run, and under which ids they are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from lc_scoring.runs.run_file import marks

_SHOWN = 8  # digits of a digest that tell rows of one id apart


class TakenUp(NamedTuple):
    """A row that is to be worked on.

    Attributes:
        number: its place in the run, from 1.
        id: its id.
        line: where it stood in the source, from 1.
        text: its values as JSON.
        error: why it could not be read, or None.
        missing: the numbers of the evaluators that are to be asked.
        output: what the target made of it, as JSON, where that is stored.
    """

    number: int
    id: str
    line: int
    text: str
    error: str | None
    missing: tuple[int, ...]
    output: str | None = None


class NewRow(NamedTuple):
    """A row as it comes out of the source.

    Attributes:
        id: as given, or None.
        content: a digest of the values.
        line: where it stands in the source, from 1.
        text: its values as JSON.
        error: why it could not be read, or None.
        stand_in: the id that it has where it cannot be read: its place.
    """

    id: str | None
    content: bytes
    line: int
    text: str
    error: str | None
    stand_in: str = ""


class Intake:
    """Tells the rows of a source that a run does not hold yet from those that it does.

    It remembers, in a bit for each row, which ones the source has given since this process began: the same row once
    more is another row, so that none is lost.

    Args:
        database: the run file.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._seen = bytearray()
        self._stand_ins: dict[str, int] | None = None

    def new(self, rows: Sequence[NewRow]) -> list[tuple[TakenUp, bytes]]:
        """Return the rows that are new, under their ids and numbers, with the digests of their content.

        To be called, and what it returns stored, in one transaction.
        """
        freed = self._without_stand_ins(rows)
        ids = [row.id if row.id is not None else row.content.hex() for row in rows]
        found = self._database.execute(
            f"SELECT id, number, content, line FROM row WHERE id IN ({marks(ids)})",  # noqa: S608 - question marks
            ids,
        )
        known: dict[str, tuple[int, bytes, int]] = {row_id: tuple(told) for row_id, *told in found}
        (last,) = self._database.execute("SELECT coalesce(max(number), 0) FROM row").fetchone()
        last = max(last, *freed.values(), 0)
        new: list[tuple[TakenUp, bytes]] = []
        for row, row_id in zip(rows, ids, strict=True):
            named = self._named(row, row_id, known)
            if named is not None:
                number = freed[row.stand_in] if row.stand_in in freed else int(last) + 1
                last = max(last, number)
                free, error = named
                known[free] = (number, row.content, row.line)
                self._see(number)
                new.append((TakenUp(number, free, row.line, row.text, error, ()), row.content))
        return new

    def left(
        self,
        evaluators: Sequence[int],
        condition: str,
        *,
        session: int,
        others: Sequence[int],
        span: tuple[int, int],
        most: int,
    ) -> list[TakenUp]:
        """Take up stored rows for a session, in one transaction.

        Args:
            evaluators: the numbers of those that are to be asked.
            condition: which of their outcomes, in SQL: `o`, or its lack, and `r`, its row.
            session: the session that takes them up; rows that it has already are left out.
            others: sessions whose rows are left to them.
            span: the numbers of the rows: above the first, up to the second.
            most: how many rows to take up.
        """
        busy = [session, *others]
        found = self._database.execute(
            f"SELECT r.number, group_concat(e.number) FROM row r CROSS JOIN evaluator e "  # noqa: S608 - ours
            f"LEFT JOIN outcome o ON o.evaluator = e.number AND o.row = r.number "
            f"WHERE r.number > ? AND r.number <= ? AND e.number IN ({marks(evaluators)}) "
            f"AND r.session NOT IN ({marks(busy)}) AND ({condition}) "
            "GROUP BY r.number ORDER BY r.number LIMIT ?",
            (*span, *evaluators, *busy, most),
        ).fetchall()
        asked = {number: tuple(sorted(map(int, which.split(",")))) for number, which in found}
        taken = tuple(asked)
        self._database.execute(
            f"UPDATE row SET session = ? WHERE number IN ({marks(taken)})",  # noqa: S608 - question marks
            (session, *taken),
        )
        rows = self._database.execute(
            'SELECT r.number, r.id, r.line, t."values", r.error, p.output FROM row r '  # noqa: S608 - question marks
            "JOIN row_text t ON t.row = r.number LEFT JOIN prediction p ON p.row = r.number "
            f"WHERE r.number IN ({marks(taken)}) ORDER BY r.number",
            taken,
        )
        return [
            TakenUp(number, row_id, line, text, error, asked[number], output)
            for number, row_id, line, text, error, output in rows
        ]

    def _without_stand_ins(self, rows: Sequence[NewRow]) -> dict[str, int]:
        """Take out the rows that stood for lines which could not be read and now can: the data was mended.

        Returns:
            The numbers that are free now, by the places of the rows, which get them.
        """
        if self._stand_ins is None:
            found = self._database.execute("SELECT id, number FROM row WHERE error IS NOT NULL")
            self._stand_ins = dict(found.fetchall())
        mended = [row.stand_in for row in rows if row.error is None and row.stand_in in self._stand_ins]
        freed: dict[str, int] = {}
        for place in mended:
            number = self._stand_ins.pop(place)
            unread = "DELETE FROM row WHERE number = ? AND id = ? AND error IS NOT NULL"
            if self._database.execute(unread, (number, place)).rowcount == 1:  # else another process mended it
                freed[place] = number
                for table in ("row_text", "outcome", "outcome_text"):
                    self._database.execute(f"DELETE FROM {table} WHERE row = ?", (number,))  # noqa: S608 - our names
        return freed

    def _named(
        self, row: NewRow, row_id: str, known: dict[str, tuple[int, bytes, int]]
    ) -> tuple[str, str | None] | None:
        """Return the id under which a row is stored, and its error; None where it is stored already."""
        first, error, copy, named_anew = row_id, row.error, 1, False
        while (there := known.get(row_id) or (self._find(row_id) if named_anew or copy > 1 else None)) is not None:
            number, content, line = there
            if content == row.content and not self._is_seen(number):
                self._see(number)
                return None
            if content == row.content or named_anew or copy > 1:
                copy += 1  # the same once more is another row, so that none is lost
                row_id = f"{first}-{copy}"
                continue
            # An id that a row with other content has. Where that is no copy's, this one cannot be judged; it is stored
            # under its id and its content, so that it is known again on whatever line it stands.
            if not self._is_copy(row_id, content, known):
                error = (
                    f"The id {row.id!r} is that of line {line} too, with other content: give each row an id of its "
                    "own, or make another run where the data changed."
                )
            row_id = f"{row.id} ({row.content.hex()[:_SHOWN]})"
            first, named_anew = row_id, True
        return row_id, error

    def _is_copy(self, row_id: str, content: bytes, known: dict[str, tuple[int, bytes, int]]) -> bool:
        """Whether an id was made for a row that stood there twice, and is no row's own."""
        original, _, number = row_id.rpartition("-")
        there = known.get(original) or self._find(original) if number.isdecimal() else None
        return there is not None and there[1] == content

    def _find(self, row_id: str) -> tuple[int, bytes, int] | None:
        found = self._database.execute("SELECT number, content, line FROM row WHERE id = ?", (row_id,)).fetchone()
        return None if found is None else tuple(found)

    def _is_seen(self, number: int) -> bool:
        return number >> 3 < len(self._seen) and bool(self._seen[number >> 3] >> (number & 7) & 1)

    def _see(self, number: int) -> None:
        """Remember, in a bit, that the source held a row: of two rows with the same content the second is another."""
        if number >> 3 >= len(self._seen):
            self._seen.extend(bytes((number >> 3) + 4096 - len(self._seen)))
        self._seen[number >> 3] |= 1 << (number & 7)
