"""Notes of what a pytest session scores: taken where tests run, and brought together where they are shown and stored.

Under pytest-xdist these are two processes. What crosses over is one ASCII text on a test's report, since the reports of
workers may hold neither objects nor halves of surrogate pairs.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_CARRIED = "lc_scoring"  # the attribute of a report
_open: list[Notes] = []  # those of the sessions of this process, the innermost last: a session may run in a test


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score or a failure, as plain data.

    Attributes:
        id: of its row in a run file: the test's id, and what tells several scores of one test apart.
        test: the test's id.
        name: the evaluator's.
        signature: what makes its scores.
        about: its scale and direction; see `EvaluatorEntry`.
        values: the row's columns, as JSON.
        outcome: the fields of a `Stored`.
        seconds: how long it took; None where that is not known.
    """

    id: str
    test: str
    name: str
    signature: str
    about: Mapping[str, Any]
    values: str
    outcome: tuple[Any, ...]
    seconds: float | None


class Notes:
    """What tests have scored and no report carries yet, and the evaluators that were loaded for them.

    Attributes:
        used: whether anything was ever scored.
        loaded: evaluators, with the names and arguments that they were loaded by.
    """

    def __init__(self) -> None:
        self.used = False
        self.loaded: list[tuple[str, Mapping[str, Any], Any]] = []
        self._waiting: list[Scored] = []
        self._taken: dict[str, set[str]] = {}
        self._lock = threading.Lock()  # a test may score in threads

    def place(self, test: str, row: str | None = None) -> str:
        """Return the id of the next row of a test.

        Args:
            test: the test's id.
            row: the row's own id, where it has one.

        Examples:
            >>> notes = Notes()
            >>> notes.place("test_a"), notes.place("test_a"), notes.place("test_a", "rivers-1")
            ('test_a', 'test_a#2', 'test_a#rivers-1')
        """
        first = test if row is None else f"{test}#{row}"
        with self._lock:
            taken = self._taken.setdefault(test, set())
            found, number = first, 1
            while found in taken:
                number += 1
                found = f"{first}#{number}"
            taken.add(found)
        return found

    def add(self, scored: Scored) -> None:
        """Note a score or a failure."""
        with self._lock:  # or what a report takes meanwhile would be lost
            self.used = True
            self._waiting.append(scored)

    def left(self) -> list[Scored]:
        """Return what no report carries yet, and keep it no longer."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        return waiting

    def hand_over(self, report: object) -> None:
        """Have a report carry what was noted since the last one."""
        if left := self.left():
            setattr(report, _CARRIED, json.dumps([asdict(one) for one in left]))

    def forget(self, test: str) -> None:
        """Forget which rows a test has had: what runs it once more scores the same ones."""
        self._taken.pop(test, None)


class Scores:
    """What a session has scored, in all its workers; a plugin that takes it from reports.

    Attributes:
        earlier: what a test scored that was run once more since: it was paid for, and counts no longer.
    """

    def __init__(self) -> None:
        self.earlier: list[Scored] = []
        self._by_test: dict[str, list[Scored]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take what a report carries. A test that is set up once more begins anew."""
        if report.when == "setup" and report.nodeid in self._by_test:
            self.earlier += self._by_test.pop(report.nodeid)
        carried = getattr(report, _CARRIED, None)
        if carried is not None:
            self.add(Scored(**one) for one in json.loads(carried))

    def add(self, scored: Iterable[Scored]) -> None:
        """Add scores and failures."""
        for one in scored:
            self._by_test.setdefault(one.test, []).append(one)

    def outcomes(self) -> list[Scored]:
        """Return what counts; of several outcomes of an evaluator for one row it is the last."""
        all_ = (one for scored in self._by_test.values() for one in scored)
        return list({(one.name, one.signature, one.id): one for one in all_}.values())


def take_out(notes: Notes) -> None:
    """Let what is scored without the fixture be noted here."""
    _open.append(notes)


def put_away(notes: Notes) -> None:
    """End what `take_out` began."""
    _open.remove(notes)


def open_notes() -> tuple[Notes, str] | None:
    """Return the notes of the session that runs, and the id of the test that does; None outside of tests.

    pytest names the test in the environment, so that no hook has to follow each test, and threads find it too.
    """
    named = os.environ.get("PYTEST_CURRENT_TEST")
    if not _open or not named:
        return None
    return _open[-1], named.rpartition(" (")[0]
