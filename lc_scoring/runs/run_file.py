"""The run file: one SQLite file, made, checked, opened and locked.

What is written to it survives the process that wrote it, killed at any moment, and a power cut: each commit is on the
disk (write-ahead log, synchronous FULL) before anybody counts it as done. The schema stands in `schema/`.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from filelock import FileLock, Timeout

from lc_scoring.errors import ConfigError, RunFileError

APPLICATION = 0x6C635F73  # "lc_s", in the header of the file: SQLite's application_id
SCHEMA = 1
"""The version of the schema that this package writes; SQLite's user_version."""

_HEADER = 100  # bytes
_BUSY = 60.0  # seconds to wait for another process's commit
_CACHE = -16_000  # kB of pages in memory
_PRIMARY = 0xFF  # the part of an error code that tells its kind
_OLDEST = (3, 32)  # takes the values of fifty rows in one statement; May 2020


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


def is_run_file(path: Path) -> bool:
    """Whether a file is a run, of whatever version."""
    try:
        with path.open("rb") as file:
            return _is_run(file.read(_HEADER))
    except OSError:
        return False


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
            header = file.read(_HEADER)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    # SQLite's header, with the schema's version at 60. Read without opening the database, which
    # would make files beside one that is none of ours.
    if not _is_run(header):
        raise ConfigError(f"{path} is no run file: `lc-scoring score` and score_dataset() make those.")
    version = int.from_bytes(header[60:64])
    if version > SCHEMA:
        raise ConfigError(
            f"{path} was written by a newer lc_scoring (schema {version}; this one knows {SCHEMA}): "
            "pip install -U lc-scoring."
        )


def _is_run(header: bytes) -> bool:
    """Whether SQLite's header holds the application's id, which stands at 68."""
    return header.startswith(b"SQLite format 3\x00") and int.from_bytes(header[68:72]) == APPLICATION


def connected(path: Path) -> sqlite3.Connection:
    """Open a run file to write to it, made where there is none.

    Raises:
        ConfigError: Python's SQLite is too old.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ConfigError(f"Run files need SQLite {'.'.join(map(str, _OLDEST))}; Python has {sqlite3.sqlite_version}.")
    if not path.exists() or path.stat().st_size == 0:
        _make(path)
    database = _opened(path)
    try:
        _bring_up(database)
        database.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        database.close()
        raise
    return database


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA cache_size = {_CACHE}")
    return database


def opened_to_read(path: Path) -> sqlite3.Connection:
    """Open a run file to read it, also while another process writes to it.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY)
    try:
        database.execute("SELECT 1 FROM about").fetchone()
    except sqlite3.Error as error:
        database.close()
        # A process that was killed left a log that has to be taken up first, which is writing.
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY != sqlite3.SQLITE_READONLY:
            raise
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY)
    return database


def _make(path: Path) -> None:
    """Make an empty run under another name, and give it its own when it is whole: a process may be killed at it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with closing(_opened(unfinished)) as database:
            _bring_up(database)
        try:
            os.link(unfinished, path)  # which replaces none that another process has made meanwhile
        except FileExistsError:
            if path.stat().st_size == 0:
                unfinished.replace(path)
        except OSError:  # a file system without links
            unfinished.replace(path)
    finally:
        for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
            left.unlink(missing_ok=True)


def clear_unfinished(path: Path) -> None:
    """Take away what a process left that was killed while it made the run."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part*"):
        with suppress(OSError):
            left.unlink()


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
def file_errors(path: Path) -> Generator[None]:
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


def lock_path(path: Path, session: int) -> str:
    """Return the file whose lock a session holds while its process lives."""
    return f"{path.resolve()}-lock-{session}"  # a link has the locks of what it points to


def is_held(lock_path: str) -> bool:
    """Whether a living process holds a lock; that of a dead one is cleared away."""
    if not Path(lock_path).exists():
        return False
    lock = FileLock(lock_path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    give_up(lock)
    return False


def give_up(lock: FileLock) -> None:
    """Give a lock back, and take its file away."""
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()


def marks(values: Iterable[object]) -> str:
    """Return a question mark for each value, for a statement."""
    return ",".join("?" for _ in values)
