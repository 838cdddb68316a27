"""The store: what is written to a run file, and what a run that goes on has to know of it."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from filelock import FileLock

from lc_scoring import __version__
from lc_scoring.errors import ConfigError
from lc_scoring.records import Usage
from lc_scoring.runs.intake import Intake, NewRow, TakenUp
from lc_scoring.runs.outcomes import FAILURE, Stored, as_json, usage_numbers
from lc_scoring.runs.run_file import (
    check_place,
    clear_unfinished,
    connected,
    file_errors,
    give_up,
    is_held,
    lock_path,
    marks,
)

_ALL = 2**62  # rows
_TRIES, _PAUSE = 5, (0.01, 0.05)  # to close the file as its last user, and the seconds in between


class Made(NamedTuple):
    """What the target made of a row."""

    row: int
    output: str | None
    kind: str | None
    error: str | None
    seconds: float


class Done(NamedTuple):
    """What an evaluator made of a row."""

    evaluator: int
    row: int
    outcome: Stored
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorEntry:
    """An evaluator as the run file knows it.

    Attributes:
        number: its number in the file.
        name: the name of its scores.
        signature: what makes them.
        about: its scale as text, `lower_is_better`, `aggregations`: what there is.
    """

    number: int
    name: str
    signature: str
    about: Mapping[str, Any] = field(default_factory=dict)


class Store:
    """A run file that is written to, by one thread at a time. Use it in a `with` block.

    Attributes:
        path: the file.
        session: the number of this process's session.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self.session = 0
        self._database = database
        self._lock: FileLock | None = None
        self._intake = Intake(database)

    @classmethod
    def open(cls, path: Path, *, goes_on: bool) -> Self:
        """Open a run file to write to it.

        Args:
            path: the file; it is made where there is none.
            goes_on: whether a run that is there is gone on with; without it, one that is there is left alone.

        Raises:
            ConfigError: there is one and `goes_on` is False; or it is no run file, or of a newer version.
            RunFileError: it cannot be opened or written.
        """
        check_place(path, goes_on=goes_on)
        with file_errors(path):
            return cls(path, connected(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last to do so leaves one plain file behind."""
        with suppress(sqlite3.Error):
            self._leave_one_file()
        self._database.close()
        if self._lock is not None:
            give_up(self._lock)
        clear_unfinished(self.path)

    def _leave_one_file(self) -> None:
        """Take the log into the file, unless another process goes on with it."""
        self._database.execute("PRAGMA busy_timeout = 0")
        for _ in range(_TRIES):
            if self._living():
                return
            with suppress(sqlite3.OperationalError):  # refused while another has it open, who may be closing it too
                self._database.execute("PRAGMA journal_mode = DELETE")
                return
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - two that close at once must not do so in step

    # What the run is.

    def begin(self, settings: Mapping[str, Any], *, joins: bool = False) -> None:
        """Begin this process's session.

        Args:
            settings: how it works, for the record.
            joins: whether it works beside other processes.

        Raises:
            ConfigError: another process works on the run, and this one was not told to join.
        """
        with self._commit():
            living = self.others()
            if living and not joins:
                raise ConfigError(
                    f"Another process, {living[0]}, works on {self.path}. Wait for it, or work beside it (join=True, "
                    "--join)."
                )
            (number,) = self._database.execute("SELECT coalesce(max(number), 0) + 1 FROM session").fetchone()
            self._lock = FileLock(lock_path(self.path, number), thread_local=False)
            self._lock.acquire(blocking=False)
            self.session = number
            told = as_json({**settings, "lc_scoring": __version__})
            self._database.execute(
                "INSERT INTO session (number, pid, started, settings) VALUES (?, ?, ?, ?)",
                (number, os.getpid(), time.time(), told),
            )

    def end(self, stopped: str | None) -> None:
        """End this process's session, with why it stopped before all was done."""
        with self._commit():
            self._database.execute(
                "UPDATE session SET ended = ?, stopped = ? WHERE number = ?", (time.time(), stopped, self.session)
            )

    def about(self, name: str) -> Any:
        """Return a fact about the run, or None."""
        found = self._database.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def tell(self, **facts: Any) -> None:
        """Keep facts about the run."""
        with self._commit():
            self._database.executemany(
                "INSERT INTO about VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                [(name, as_json(value)) for name, value in facts.items()],
            )

    def enter(self, name: str, signature: str, about: Mapping[str, Any], *, anew: bool = False) -> EvaluatorEntry:
        """Enter an evaluator, or find it.

        Args:
            name: the name of its scores.
            signature: what makes them.
            about: see `EvaluatorEntry`.
            anew: whether what is there under the name is thrown away.

        Raises:
            ConfigError: the run has one of the same name with another signature.
        """
        with self._commit():
            database = self._database
            found = database.execute("SELECT number, signature FROM evaluator WHERE name = ?", (name,)).fetchone()
            if found is None:
                cursor = database.execute(
                    "INSERT INTO evaluator (name, signature, about) VALUES (?, ?, ?)", (name, signature, as_json(about))
                )
                number = cursor.lastrowid or 0
            elif anew:
                (number, _) = found
                for table in ("outcome", "outcome_text"):
                    database.execute(f"DELETE FROM {table} WHERE evaluator = ?", (number,))  # noqa: S608 - our names
                database.execute("UPDATE evaluator SET signature = ? WHERE number = ?", (signature, number))
            elif found[1] != signature:
                raise ConfigError(
                    f"{self.path} holds scores of {name!r} that were made differently: {found[1]}, now {signature}. "
                    "Scores of unlike making do not stand under one name: make another run."
                )
            else:
                (number, _) = found
        return EvaluatorEntry(number=number, name=name, signature=signature, about=about)

    def settled(self, evaluators: Sequence[int]) -> tuple[int, int, int, int]:
        """Return how many rows are stored, and how many outcomes of some evaluators: scores, failures, others."""
        (rows,) = self._database.execute("SELECT count(*) FROM row").fetchone()
        counted = dict(
            self._database.execute(
                f"SELECT state, count(*) FROM outcome WHERE evaluator IN ({marks(evaluators)}) GROUP BY state",  # noqa: S608
                tuple(evaluators),
            ).fetchall()
        )
        failures = counted.pop(FAILURE, 0)
        scores = counted.pop("score", 0)
        return rows, scores, failures, sum(counted.values())

    def spent(self) -> Usage:
        """Return what the run cost so far, over all sessions."""
        calls, read, written, unknown, cost = self._database.execute(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
            "count(*) FILTER (WHERE calls > 0 AND cost IS NULL), sum(cost) FROM model_usage"
        ).fetchone()
        return Usage(calls=calls, input_tokens=read, output_tokens=written, cost=None if unknown else cost)

    # Rows.

    def take_up(self, rows: Iterable[NewRow], evaluators: Sequence[int]) -> list[TakenUp]:
        """Store rows of the source, and return those that this process is to work on: the new ones."""
        missing = tuple(evaluators)
        rows = list(rows)
        with self._commit():
            new = self._intake.new(rows)
            _insert(
                self._database,
                "INSERT INTO row (number, id, content, line, session, error) VALUES",
                [(one.number, one.id, content, one.line, self.session, one.error) for one, content in new],
            )
            _insert(self._database, "INSERT INTO row_text VALUES", [(one.number, one.text) for one, _ in new])
        return [one._replace(missing=missing) for one, _ in new]

    def left(
        self, evaluators: Sequence[int], *, missing: bool, failed: bool, after: int, most: int, limit: int | None = None
    ) -> tuple[list[TakenUp], int]:
        """Take up stored rows that nobody works on and that some evaluators are to be asked about.

        Args:
            evaluators: their numbers.
            missing: whether to ask those that have no outcome yet.
            failed: whether to ask those that failed.
            after: the number of the row to go on after.
            most: how many rows to take up.
            limit: only the first rows of the run, so many; None for all.

        Returns:
            The rows, and the number to go on after; rows are empty where there are no more.
        """
        ways = [
            *(["o.evaluator IS NULL"] if missing else []),
            *(["(o.state = 'failure' AND r.error IS NULL)"] if failed else []),  # what cannot be read stays so
        ]
        with self._commit():  # or another process could begin, and take rows up, in between
            taken = self._intake.left(
                evaluators,
                " OR ".join(ways),
                session=self.session,
                others=self._living(),
                span=(after, _ALL if limit is None else limit),
                most=most,
            )
        return taken, taken[-1].number if taken else after

    def numbers(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the numbers of rows by their ids."""
        find = "SELECT number FROM row WHERE id = ?"
        return {row_id: self._database.execute(find, (row_id,)).fetchone()[0] for row_id in ids}

    def others(self) -> list[int]:
        """Return the process ids of others that work on the run."""
        living = self._living()
        found = self._database.execute(f"SELECT pid FROM session WHERE number IN ({marks(living)})", living)  # noqa: S608
        return [pid for (pid,) in found]

    # Outcomes.

    def write(self, made: Sequence[Made], done: Sequence[Done], spent: Mapping[str, tuple[Usage, int]]) -> None:
        """Write what has come about, in one commit.

        Args:
            made: what the target made.
            done: what evaluators made. Of a pair that has an outcome the new one counts, and the cost of both.
            spent: what each model cost in this session so far, and how many calls it refused.
        """
        now = time.time()
        with self._commit():
            database = self._database
            _insert(database, "INSERT OR REPLACE INTO prediction VALUES", [(*one, now) for one in made])
            _insert(
                database,
                _OUTCOME,
                [
                    (one.evaluator, one.row, *one.outcome[:11], one.seconds, 1, one.outcome.details is not None, now)
                    for one in done
                ],
                then=_ONCE_MORE,
            )
            _insert(
                database,
                "INSERT OR REPLACE INTO outcome_text VALUES",
                [(one.evaluator, one.row, one.outcome.reasoning, one.outcome.details) for one in done],
            )
            _insert(
                database,
                "INSERT OR REPLACE INTO model_usage VALUES",
                [(self.session, model, *usage_numbers(usage), refused) for model, (usage, refused) in spent.items()],
            )

    def _living(self) -> list[int]:
        """Return the sessions of other processes that are alive."""
        open_ = self._database.execute(
            "SELECT number FROM session WHERE ended IS NULL AND number <> ?", (self.session,)
        )
        return [number for (number,) in open_.fetchall() if is_held(lock_path(self.path, number))]

    @contextmanager
    def _commit(self) -> Generator[None]:
        """Write in one transaction, and only all of it.

        Raises:
            RunFileError: the disk is full or gone.
        """
        with file_errors(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise


_OUTCOME = (
    "INSERT INTO outcome (evaluator, row, state, kind, score, value, rating, label, spread, calls, input_tokens, "
    "output_tokens, cost, seconds, attempts, detailed, at) VALUES"
)
_ONCE_MORE = """
ON CONFLICT DO UPDATE SET
  state = excluded.state, kind = excluded.kind, score = excluded.score, value = excluded.value,
  rating = excluded.rating, label = excluded.label, spread = excluded.spread, seconds = excluded.seconds,
  at = excluded.at, detailed = excluded.detailed, attempts = attempts + 1, calls = calls + excluded.calls,
  input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
  cost = CASE WHEN calls = 0 THEN excluded.cost WHEN excluded.calls = 0 THEN cost ELSE cost + excluded.cost END
"""


def _insert(
    database: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]], *, then: str = ""
) -> None:
    """Insert rows in one statement.

    `executemany` gives the interpreter's lock back and takes it again for each row; between two threads that both have
    work, that costs several times what SQLite does.
    """
    if rows:
        one = f"({marks(rows[0])})"
        values = [value for row in rows for value in row]
        database.execute(f"{statement} {', '.join([one] * len(rows))} {then}", values)
