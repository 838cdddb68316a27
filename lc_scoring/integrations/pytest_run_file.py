"""The run file of a pytest session: opened before the first test, written after the last."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lc_scoring.errors import ConfigError
from lc_scoring.integrations.pytest_notes import Scored, Scores
from lc_scoring.integrations.pytest_table import names_apart
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import Stored
from lc_scoring.runs.run import Run
from lc_scoring.runs.store import Done, Store

_BATCH = 200  # rows in one commit
_SOURCE = {"name": "pytest", "place": "row", "columns": {}}


class SessionFile:
    """The file that a session's scores go to.

    It is opened, and held against other sessions, before anything is paid for. A run that holds rows is refused: a
    session is one measurement of one state of the code, and of two in one file the second would replace, for the tests
    that both ran, what the first found. One without rows, of a session that never came to write, is taken over.

    Args:
        path: the file.

    Raises:
        ConfigError: it holds a run, or is something else; another session has it; there is no such folder.
        RunFileError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        is_empty = path.is_file() and path.stat().st_size > 0 and Run(path).rows == 0
        if path.is_file() and path.stat().st_size > 0 and not is_empty:
            raise ConfigError(
                f"{path} holds the scores of an earlier session, which this one would mix with its own. Name a new "
                "file for each session; two are compared by the ids of their rows."
            )
        self._store = Store.open(path, goes_on=is_empty)
        self._open = True
        try:
            self._store.begin({"pytest": True})
            self._store.tell(source=_SOURCE, id_column="id")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; once more does nothing."""
        if self._open:
            self._open = False
            self._store.close()

    def write(self, scores: Scores, *, stopped: str | None) -> None:
        """Write what a session scored, and close the file.

        Args:
            scores: what it scored.
            stopped: why it ended before all tests were run, or None.

        Raises:
            RunFileError: the disk is full or gone.
        """
        outcomes = scores.outcomes()
        kept = {(one.name, one.signature, one.id) for one in outcomes}
        earlier = [one for one in scores.earlier if (one.name, one.signature, one.id) in kept]
        try:
            numbers = self._rows(outcomes)
            # Of two outcomes of one row the store has the later one count, and the cost of both.
            self._outcomes([*earlier, *outcomes], numbers)
            self._store.end(stopped)
        finally:
            self.close()

    def _rows(self, outcomes: Sequence[Scored]) -> dict[str, int]:
        """Store a row for each id, and return their numbers."""
        rows = list({one.id: one for one in outcomes}.values())
        new = [
            NewRow(one.id, hashlib.blake2b(one.values.encode(), digest_size=8).digest(), line, one.values, None)
            for line, one in enumerate(rows, start=1)
        ]
        for first in range(0, len(new), _BATCH):
            self._store.take_up(new[first : first + _BATCH], [])
        return self._store.numbers(one.id for one in rows)

    def _outcomes(self, scored: Sequence[Scored], numbers: dict[str, int]) -> None:
        evaluators: dict[tuple[str, str], int] = {}
        about = {(one.name, one.signature): one.about for one in scored}
        for key, name in sorted(names_apart(scored).items(), key=lambda one: one[1]):
            evaluators[key] = self._store.enter(name, key[1], about[key]).number
        done = [
            Done(evaluators[one.name, one.signature], numbers[one.id], Stored(*one.outcome), one.seconds)
            for one in scored
        ]
        for first in range(0, len(done), _BATCH):
            self._store.write([], done[first : first + _BATCH], {})
