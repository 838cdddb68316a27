"""The store: a run file, one SQLite file that holds the rows, every outcome and what it cost.

What is written here survives the process that wrote it, killed at any moment, and a power cut: each commit is on the
disk (write-ahead log, synchronous FULL) before anybody counts it as done. The schema stands in `schema/`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, Self

from filelock import FileLock, Timeout

from lc_scoring import __version__
from lc_scoring.errors import ConfigError, RunFileError
from lc_scoring.records import Usage
from lc_scoring.runs.outcomes import FAILURE, Stored, as_json

APPLICATION = 0x6C635F73  # "lc_s", in the header of the file: SQLite's application_id
SCHEMA = 1
"""The version of the schema that this package writes; SQLite's user_version."""

_BUSY = 60.0  # seconds to wait for another process's commit
_CACHE = -16_000  # kB of pages in memory
_OLDEST = (3, 32)  # takes the values of fifty rows in one statement; May 2020


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
        self._seen = bytearray()
        self._stand_ins: dict[str, int] | None = None

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
        with _file_errors(path):
            return cls(path, _connected(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last to do so leaves one plain file behind."""
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA busy_timeout = 0")
            self._database.execute("PRAGMA journal_mode = DELETE")  # refused while another process has it open
        self._database.close()
        if self._lock is not None:
            _give_up(self._lock)

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
            self._lock = FileLock(_lock_path(self.path, number), thread_local=False)
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
        found = self._database.execute("SELECT number, signature FROM evaluator WHERE name = ?", (name,)).fetchone()
        if found is not None and anew:
            with self._commit():
                for table in ("outcome", "outcome_text"):
                    self._database.execute(f"DELETE FROM {table} WHERE evaluator = ?", (found[0],))  # noqa: S608
                self._database.execute("UPDATE evaluator SET signature = ? WHERE number = ?", (signature, found[0]))
        elif found is not None and found[1] != signature:
            raise ConfigError(
                f"{self.path} holds scores of {name!r} that were made differently: {found[1]}, now {signature}. "
                "Scores of unlike making do not stand under one name: make another run."
            )
        if found is None:
            with self._commit():
                cursor = self._database.execute(
                    "INSERT INTO evaluator (name, signature, about) VALUES (?, ?, ?)", (name, signature, as_json(about))
                )
            return EvaluatorEntry(number=cursor.lastrowid or 0, name=name, signature=signature, about=about)
        return EvaluatorEntry(number=found[0], name=name, signature=signature, about=about)

    def settled(self, evaluators: Sequence[int]) -> tuple[int, int, int, int]:
        """Return how many rows are stored, and how many outcomes of some evaluators: scores, failures, others."""
        (rows,) = self._database.execute("SELECT count(*) FROM row").fetchone()
        counted = dict(
            self._database.execute(
                f"SELECT state, count(*) FROM outcome WHERE evaluator IN ({_marks(evaluators)}) GROUP BY state",  # noqa: S608
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
            self._forget_stand_ins(row.stand_in for row in rows if row.error is None)
            new = self._new(rows)
            _insert(
                self._database,
                "INSERT INTO row (number, id, content, line, session, error) VALUES",
                [(one.number, one.id, content, one.line, self.session, one.error) for one, content in new],
            )
            _insert(self._database, "INSERT INTO row_text VALUES", [(one.number, one.text) for one, _ in new])
        return [one._replace(missing=missing) for one, _ in new]

    def left(
        self, evaluators: Sequence[int], *, missing: bool, failed: bool, after: int, most: int
    ) -> tuple[list[TakenUp], int]:
        """Take up stored rows that nobody works on and that some evaluators are to be asked about.

        Args:
            evaluators: their numbers.
            missing: whether to ask those that have no outcome yet.
            failed: whether to ask those that failed.
            after: the number of the row to go on after.
            most: how many rows to take up.

        Returns:
            The rows, and the number to go on after; rows are empty where there are no more.
        """
        others = [self.session, *self._living()]
        ways = [
            *(["o.evaluator IS NULL"] if missing else []),
            *(["(o.state = 'failure' AND r.error IS NULL)"] if failed else []),  # what cannot be read stays so
        ]
        open_ = " OR ".join(ways)
        found = self._database.execute(
            f"SELECT r.number, group_concat(e.number) FROM row r CROSS JOIN evaluator e "  # noqa: S608 - numbers of ours
            f"LEFT JOIN outcome o ON o.evaluator = e.number AND o.row = r.number "
            f"WHERE r.number > ? AND e.number IN ({_marks(evaluators)}) AND r.session NOT IN ({_marks(others)}) "
            f"AND ({open_}) GROUP BY r.number ORDER BY r.number LIMIT ?",
            (after, *evaluators, *others, most),
        ).fetchall()
        if not found:
            return [], after
        with self._commit():
            self._database.executemany(
                f"UPDATE row SET session = ? WHERE number = ? AND session NOT IN ({_marks(others)})",  # noqa: S608
                [(self.session, number, *others) for number, _ in found],
            )
        asked = {number: tuple(sorted(map(int, which.split(",")))) for number, which in found}
        rows = self._database.execute(
            'SELECT r.number, r.id, r.line, t."values", r.error, p.output FROM row r '  # noqa: S608 - question marks
            "JOIN row_text t ON t.row = r.number LEFT JOIN prediction p ON p.row = r.number "
            f"WHERE r.session = ? AND r.number IN ({_marks(asked)}) ORDER BY r.number",
            (self.session, *asked),
        )
        taken = [
            TakenUp(number, row_id, line, text, error, asked[number], output)
            for number, row_id, line, text, error, output in rows
        ]
        return taken, found[-1][0]

    def numbers(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the numbers of rows by their ids."""
        find = "SELECT number FROM row WHERE id = ?"
        return {row_id: self._database.execute(find, (row_id,)).fetchone()[0] for row_id in ids}

    def others(self) -> list[int]:
        """Return the process ids of others that work on the run."""
        marks = self._living()
        found = self._database.execute(f"SELECT pid FROM session WHERE number IN ({_marks(marks)})", marks)  # noqa: S608
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
                [(self.session, model, *_numbers(usage), refused) for model, (usage, refused) in spent.items()],
            )

    def _forget_stand_ins(self, places: Iterable[str]) -> None:
        """Take out the rows that stand for lines which could not be read and now can: the data was mended."""
        if self._stand_ins is None:
            found = self._database.execute("SELECT id, number FROM row WHERE error IS NOT NULL")
            self._stand_ins = dict(found.fetchall())
        for number in [self._stand_ins.pop(place) for place in places if place in self._stand_ins]:
            for table, column in (("row", "number"), ("row_text", "row"), ("outcome", "row"), ("outcome_text", "row")):
                self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))  # noqa: S608 - names of ours

    def _new(self, rows: Sequence[NewRow]) -> list[tuple[TakenUp, bytes]]:
        """Return the rows that are not stored yet, under their ids and numbers, with the digests of their content."""
        ids = [row.id if row.id is not None else row.content.hex() for row in rows]
        found = self._database.execute(
            f"SELECT id, number, content, line FROM row WHERE id IN ({_marks(ids)})",  # noqa: S608
            ids,
        )
        known: dict[str, tuple[int, bytes, int]] = {row_id: tuple(told) for row_id, *told in found}
        (last,) = self._database.execute("SELECT coalesce(max(number), 0) FROM row").fetchone()
        new: list[tuple[TakenUp, bytes]] = []
        for row, row_id in zip(rows, ids, strict=True):
            named = self._named(row, row_id, known)
            if named is not None:
                last += 1
                free, error = named
                known[free] = (last, row.content, row.line)
                self._see(last)
                new.append((TakenUp(last, free, row.line, row.text, error, ()), row.content))
        return new

    def _named(
        self, row: NewRow, row_id: str, known: dict[str, tuple[int, bytes, int]]
    ) -> tuple[str, str | None] | None:
        """Return the id under which a row is stored, and its error; None where it is stored already."""
        first, error, copy = row_id, row.error, 1
        while (there := known.get(row_id) or (self._find(row_id) if row_id != first or copy > 1 else None)) is not None:
            number, content, line = there
            if content == row.content and not self._is_seen(number):
                self._see(number)
                return None
            if content == row.content or copy > 1:
                copy += 1  # the same once more is another row, so that none is lost
                row_id = f"{first}-{copy}"
                continue
            # An id that a row with other content has: this one is stored under its line, as one that cannot be judged.
            error = (
                f"The id {row.id!r} is that of line {line} too, with other content: give each row an id of its own, "
                "or make another run where the data changed."
            )
            row_id = f"{row.id} (line {row.line})"
            first, copy = row_id, 2
        return row_id, error

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

    def _living(self) -> list[int]:
        """Return the sessions of other processes that are alive."""
        open_ = self._database.execute(
            "SELECT number FROM session WHERE ended IS NULL AND number <> ?", (self.session,)
        )
        return [number for (number,) in open_.fetchall() if _is_held(_lock_path(self.path, number))]

    @contextmanager
    def _commit(self) -> Generator[None]:
        """Write in one transaction, and only all of it.

        Raises:
            RunFileError: the disk is full or gone.
        """
        with _file_errors(self.path):
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


def check_place(path: Path, *, goes_on: bool) -> None:
    """Make sure that a run can be written to a file, or gone on with, before anything is asked.

    Raises:
        ConfigError: there is a run and it is not gone on with, or what is there is none; or the folder is missing.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"The run file {path} cannot be made: there is no folder {path.parent}.")
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    check_run_file(path)
    if not goes_on:
        raise ConfigError(
            f"{path} holds a run already. Go on with it (resume=True, --resume), ask its failures again "
            "(retry_failures=True, --retry-failures), or name another file (run=, --run)."
        )


def check_run_file(path: Path) -> None:
    """Make sure that a file is a run that this package can read.

    Raises:
        ConfigError: it is not there, is none, or a newer version of the package made it.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path} is a directory, and no run file." if path.is_dir() else f"There is no run file {path}."
        )
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    # SQLite's header: the application's id at 68, the schema's version at 60. Read without opening the database, which
    # would make files beside one that is none of ours.
    if not header.startswith(b"SQLite format 3\x00") or int.from_bytes(header[68:72]) != APPLICATION:
        raise ConfigError(f"{path} is no run file: `lc-scoring score` and score_dataset() make those.")
    version = int.from_bytes(header[60:64])
    if version > SCHEMA:
        raise ConfigError(
            f"{path} was written by a newer lc_scoring (schema {version}; this one knows {SCHEMA}): "
            "pip install -U lc-scoring."
        )


def _connected(path: Path) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ConfigError(f"Run files need SQLite {'.'.join(map(str, _OLDEST))}; Python has {sqlite3.sqlite_version}.")
    database = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous = FULL")
        _bring_up(database)  # before the log begins, so that the file's own header says what it is
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA cache_size = {_CACHE}")
    except BaseException:
        database.close()
        raise
    return database


def _bring_up(database: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older version up to this one, in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    for step in range(version + 1, SCHEMA + 1):
        script = files("lc_scoring").joinpath("runs", "schema", f"{step}.sql").read_text(encoding="utf-8")
        for statement in _statements(script):
            database.execute(statement)
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute(f"PRAGMA user_version = {SCHEMA}")
    database.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; sqlite3's own `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _file_errors(path: Path) -> Generator[None]:
    """Tell what is wrong with a run file in one line.

    Raises:
        RunFileError: SQLite or the system refused.
    """
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        raise RunFileError(
            f"The run file {path} cannot be written: {error} ({name}). What was stored is safe; "
            "when there is room and leave to write, go on with resume=True (--resume)."
        ) from error


def _lock_path(path: Path, session: int) -> str:
    return f"{path}-lock-{session}"


def _is_held(lock_path: str) -> bool:
    """Whether a living process holds a lock; that of a dead one is cleared away."""
    if not Path(lock_path).exists():
        return False
    lock = FileLock(lock_path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    _give_up(lock)
    return False


def _give_up(lock: FileLock) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()


def _insert(
    database: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]], *, then: str = ""
) -> None:
    """Insert rows in one statement.

    `executemany` gives the interpreter's lock back and takes it again for each row; between two threads that both have
    work, that costs several times what SQLite does.
    """
    if rows:
        one = f"({_marks(rows[0])})"
        values = [value for row in rows for value in row]
        database.execute(f"{statement} {', '.join([one] * len(rows))} {then}", values)


def _marks(values: Iterable[object]) -> str:
    return ",".join("?" for _ in values)


def _numbers(usage: Usage) -> tuple[int, int, int, float | None]:
    return usage.calls, usage.input_tokens, usage.output_tokens, usage.cost
