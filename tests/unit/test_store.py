"""The store: what is in a run file is whole, whoever wrote it and however they ended."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.errors import ConfigError, ModelError, RunFileError
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.intake import NewRow, TakenUp
from lc_scoring.runs.outcomes import Stored, stored
from lc_scoring.runs.run import Run
from lc_scoring.runs.run_file import APPLICATION, SCHEMA, check_run_file, is_run_file, opened_to_read
from lc_scoring.runs.store import Done, Made, Store

SIGNATURE = "made by a test"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a b#?%.run.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
        yield opened


def new(row_id: str | None, content: str | None = None, line: int = 1, error: str | None = None) -> NewRow:
    text = content if content is not None else str(row_id)
    return NewRow(row_id, text.encode().ljust(8)[:8], line, json.dumps({"text": text}), error)


def scored(value: float = 0.5, usage: Usage = Usage(calls=1, input_tokens=10, output_tokens=2, cost=0.5)) -> Stored:
    score = Score(name="a", value=value, reasoning="So it is.", usage=usage, signature=SIGNATURE)
    return stored(score, score=value, signature=SIGNATURE)


def failed(message: str = "busy", usage: Usage | None = None) -> Stored:
    error = ModelError(message, retryable=True)
    error.usage = usage
    return stored(Failure(name="a", error=error), score=None, signature=SIGNATURE)


def enter(store: Store, *names: str) -> list[int]:
    return [store.enter(name, SIGNATURE, {}).number for name in names]


def left(store: Store, evaluators: list[int], *, missing: bool = True, failed: bool = False, **more: Any) -> list[Any]:
    options = {"after": 0, "most": 100, **more}
    return store.left(evaluators, missing=missing, failed=failed, **options)[0]


def told(rows: Iterable[TakenUp]) -> list[tuple[int, str, bool]]:
    return [(row.number, row.id, row.error is not None) for row in rows]


def query(path: Path, text: str) -> list[Any]:
    database = sqlite3.connect(path)
    try:
        return database.execute(text).fetchall()
    finally:
        database.close()


def beside(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir() if one != path)


# The file.


def test_the_schema_is_made_once_and_the_file_says_what_it_is(path: Path) -> None:
    for goes_on in (False, True, True):
        with Store.open(path, goes_on=goes_on) as opened:
            opened.tell(rows=3)
    assert query(path, "PRAGMA application_id") == [(APPLICATION,)]
    assert query(path, "PRAGMA user_version") == [(SCHEMA,)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA journal_mode") == [("delete",)]
    assert beside(path) == []
    with Store.open(path, goes_on=True) as opened:
        assert opened.about("rows") == 3
        assert opened.about("columns") is None


def test_facts_are_told_anew(store: Store) -> None:
    store.tell(source={"name": "a"}, limit=None)
    store.tell(source={"name": "b\ud800"})
    assert store.about("source") == {"name": "b\ud800"}
    assert store.about("limit") is None


def test_commits_are_on_the_disk_before_they_count(store: Store) -> None:
    assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_run_that_is_there_is_left_alone_unless_told(path: Path) -> None:
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
        opened.take_up([new("a")], [])
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"holds a run already.*resume=True.*name another file"):
        Store.open(path, goes_on=False)
    assert path.read_bytes() == before
    assert beside(path) == []


def test_an_empty_file_is_room_for_a_run(path: Path) -> None:
    path.touch()
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
    check_run_file(path)


@pytest.mark.parametrize("content", [b"x" * 4096, b"SQLite format 3\x00", b"{}"])
def test_a_foreign_file_is_refused_and_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for goes_on in (False, True):
        with pytest.raises(ConfigError):
            Store.open(path, goes_on=goes_on)
    with pytest.raises(ConfigError, match="is no run file"):
        check_run_file(path)
    assert path.read_bytes() == content
    assert beside(path) == []


def test_a_foreign_file_is_not_called_a_run(path: Path) -> None:
    path.write_text("my notes")
    with pytest.raises(ConfigError, match="is no run file"):
        Store.open(path, goes_on=False)


def test_a_folder_is_not_called_a_run(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(ConfigError) as raised:
        Store.open(tmp_path, goes_on=False)
    assert "holds a run" not in str(raised.value)


def test_another_program_s_database_is_refused(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE row (number)")
    database.commit()
    database.close()
    with pytest.raises(ConfigError, match="is no run file"):
        Store.open(path, goes_on=True)


def test_a_newer_schema_is_refused_with_the_way_out(path: Path) -> None:
    Store.open(path, goes_on=False).close()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    database.close()
    with pytest.raises(ConfigError, match=rf"newer lc_scoring \(schema {SCHEMA + 1}; .*pip install -U lc-scoring"):
        Store.open(path, goes_on=True)
    with pytest.raises(ConfigError, match="newer"):
        Run(path)


def test_a_file_in_no_folder_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be made: there is no folder"):
        Store.open(tmp_path / "no" / "such.run.db", goes_on=False)


def test_a_run_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no run file"):
        check_run_file(path)
    with pytest.raises(ConfigError, match="is a directory, and no run file"):
        check_run_file(path.parent)


def test_a_run_file_that_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, goes_on=False).close()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(ConfigError, match=r"cannot be read: Permission denied\."):
        check_run_file(path)


def test_a_schema_that_fails_leaves_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lc_scoring.runs.run_file._statements", lambda script: iter(["CREATE TABLE about (a)", "NONSENSE"])
    )
    with pytest.raises(RunFileError, match="syntax error"):
        Store.open(path, goes_on=False)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == []
    with Store.open(path, goes_on=False) as opened:
        assert opened.about("anything") is None


def test_closing_leaves_one_plain_file(path: Path) -> None:
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
        opened.take_up([new("a")], [])
        assert beside(path) == [f"{path.name}-lock-1", f"{path.name}-shm", f"{path.name}-wal"]
        opened.end(None)
    assert beside(path) == []
    assert Run(path).rows == 1


def test_the_last_to_close_leaves_one_plain_file(path: Path) -> None:
    first, second = Store.open(path, goes_on=False), Store.open(path, goes_on=True)
    first.begin({})
    second.begin({}, joins=True)
    first.close()
    assert f"{path.name}-wal" in beside(path)
    second.take_up([new("a")], [])
    second.close()
    assert beside(path) == []
    assert Run(path).rows == 1


# Sessions.


def test_a_session_is_recorded(path: Path) -> None:
    with Store.open(path, goes_on=False) as opened:
        opened.begin({"max_concurrency": 4})
        opened.end("max_time of 1 seconds is over")
    ((number, pid, started, ended, stopped, settings),) = query(path, "SELECT * FROM session")
    assert (number, pid, stopped) == (1, os.getpid(), "max_time of 1 seconds is over")
    assert started <= ended
    assert json.loads(settings).keys() == {"max_concurrency", "lc_scoring"}
    assert Run(path).stopped == "max_time of 1 seconds is over"


def test_a_second_process_is_refused_with_the_first_s_pid(path: Path, store: Store) -> None:
    with Store.open(path, goes_on=True) as second:
        assert second.others() == [os.getpid()]
        with pytest.raises(ConfigError, match=rf"Another process, {os.getpid()}, works on .*join=True"):
            second.begin({})
    assert query(path, "SELECT count(*) FROM session") == [(1,)]
    assert store.others() == []


def test_a_second_process_joins_and_takes_up_what_the_first_has_not(path: Path, store: Store) -> None:
    (one,) = enter(store, "one")
    assert len(store.take_up([new("a"), new("b")], [one])) == 2
    with Store.open(path, goes_on=True) as second:
        second.begin({}, joins=True)
        assert (second.session, second.others(), store.others()) == (2, [os.getpid()], [os.getpid()])
        assert enter(second, "one") == [one]
        assert left(second, [one]) == []  # the first works on them
        assert told(second.take_up([new("a"), new("b"), new("c")], [one])) == [(3, "c", False)]
        second.end(None)
    assert store.others() == []
    assert told(left(store, [one])) == [(3, "c", False)]  # the second left it


def test_what_two_processes_met_twice_is_taken_up_once(path: Path, store: Store) -> None:
    (one,) = enter(store, "one")
    rows = [new("a"), new("a", line=2), new("b", line=3)]
    with Store.open(path, goes_on=True) as second:
        second.begin({}, joins=True)
        taken = [store.take_up(rows[:1], [one]), second.take_up(rows, [one]), store.take_up(rows[1:], [one])]
    assert [told(each) for each in taken] == [[(1, "a", False)], [(2, "a-2", False), (3, "b", False)], []]


def test_an_evaluator_that_another_process_enters_at_the_same_time_is_found(path: Path, store: Store) -> None:
    with Store.open(path, goes_on=True) as second:
        second.begin({}, joins=True)
        met: list[str] = []

        def meanwhile(statement: str) -> None:
            if statement.startswith("SELECT number, signature") and not met:
                met.append(statement)

        second._database.set_trace_callback(meanwhile)
        assert enter(store, "one") == enter(second, "one")
        assert met


def test_two_processes_enter_one_evaluator_at_once(path: Path, store: Store) -> None:
    with Store.open(path, goes_on=True) as second:
        second.begin({}, joins=True)
        first: list[int] = []

        def meanwhile(statement: str) -> None:
            if statement.startswith("BEGIN") and not first:  # it has looked, and found none
                first.extend([0, *enter(store, "one")])

        second._database.set_trace_callback(meanwhile)
        assert enter(second, "one") == first[1:]


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from lc_scoring.runs.intake import *
from lc_scoring.runs.store import *
from test_store import new, scored, enter
store = Store.open(Path(sys.argv[1]), goes_on=False)
store.begin({})
(one,) = enter(store, "one")
"""


def child(path: Path, code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD + code, str(path), str(Path(__file__).parent)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603


def killed_when(process: subprocess.Popen[str], number: int) -> int:
    """Kill a process when it has told of that many commits; return of how many it told in all."""
    with process:
        assert process.stdout is not None
        count = 0
        for line in process.stdout:
            count = int(line)
            if count >= number:
                break
        process.send_signal(signal.SIGKILL)
        count = max([count, *map(int, process.stdout.read().splitlines())])
    assert process.returncode == -signal.SIGKILL
    return count


def test_a_living_process_is_told_by_its_pid_and_a_killed_one_does_not_count(path: Path) -> None:
    process = child(path, "print(store.take_up([new('a')], [one])[0].number, flush=True); sys.stdin.read()")
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    with Store.open(path, goes_on=True) as opened:
        with pytest.raises(ConfigError, match=f"Another process, {process.pid}, works on"):
            opened.begin({})
        with process:
            process.kill()
        opened.begin({})
        assert opened.others() == []
        assert told(left(opened, enter(opened, "one"))) == [(1, "a", False)]
        opened.end(None)
    assert beside(path) == []


WRITING = """
for batch in range(10_000):
    rows = store.take_up([new(f"{batch}-{n}", line=10 * batch + n + 1) for n in range(10)], [one])
    spent = {"judge": (Usage(calls=10 * batch + 10), 0)}
    store.write([], [Done(one, row.number, scored(), 0.1) for row in rows], spent)
    print(batch + 1, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_kill_loses_nothing_that_was_committed(path: Path, after: int) -> None:
    committed = killed_when(child(path, WRITING), after)
    with Store.open(path, goes_on=True) as opened:
        opened.begin({})
        rows, scores, failures, others = opened.settled(enter(opened, "one"))
        assert scores >= 10 * committed
        assert scores % 10 == rows % 10 == failures == others == 0  # batches are whole
        assert rows - scores in (0, 10)
        assert len(left(opened, [1])) == rows - scores
        assert opened.spent().calls == scores
    assert query(path, "SELECT count(*) FROM outcome_text") == [(scores,)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert beside(path) == []


# Evaluators.


def test_an_evaluator_is_found_by_its_name(path: Path, store: Store) -> None:
    entry = store.enter("one", SIGNATURE, {"scale": {"low": 1}})
    assert (entry.number, entry.about) == (1, {"scale": {"low": 1}})
    assert store.enter("two", SIGNATURE, {}).number == 2
    assert store.enter("one", SIGNATURE, {}).number == 1
    assert Run(path).evaluators[0] == entry


def test_scores_of_another_making_do_not_stand_under_one_name(store: Store) -> None:
    enter(store, "one")
    with pytest.raises(ConfigError, match=f"made differently: {SIGNATURE}, now another"):
        store.enter("one", "another", {})


def test_an_evaluator_entered_anew_loses_its_outcomes_alone(path: Path, store: Store) -> None:
    one, two = enter(store, "one", "two")
    store.take_up([new("a")], [one, two])
    store.write([], [Done(one, 1, scored(), 1.0), Done(two, 1, scored(), 1.0)], {})
    assert store.enter("one", "another", {}, anew=True).number == one
    assert store.enter("three", "third", {}, anew=True).number == 3
    assert (store.settled([one]), store.settled([two])) == ((1, 0, 0, 0), (1, 1, 0, 0))
    assert query(path, "SELECT evaluator FROM outcome_text") == [(two,)]
    assert Run(path).evaluators[0].signature == "another"


# Rows.


def test_rows_are_numbered_and_named(path: Path, store: Store) -> None:
    rows = [new("x", line=4), new(None, "content", line=5), new("line 6", line=6, error="line 6 is no JSON")]
    taken = store.take_up(rows, [7, 8])
    assert told(taken) == [(1, "x", False), (2, b"content ".hex(), False), (3, "line 6", True)]
    assert [(row.line, row.text, row.missing, row.output) for row in taken][:2] == [
        (4, '{"text": "x"}', (7, 8), None),
        (5, '{"text": "content"}', (7, 8), None),
    ]
    assert query(path, "SELECT number, session, error FROM row") == [(1, 1, None), (2, 1, None), (3, 1, rows[2].error)]
    assert store.numbers(["line 6", "x"]) == {"line 6": 3, "x": 1}


def test_the_same_row_again_is_another_row(store: Store) -> None:
    first = store.take_up([new("a"), new("a"), new(None, "c"), new(None, "c")], [])
    assert [row.id for row in first] == ["a", "a-2", b"c       ".hex(), f"{b'c       '.hex()}-2"]
    assert [row.id for row in store.take_up([new("a"), new("a")], [])] == ["a-3", "a-4"]


def test_an_id_that_two_rows_share_is_an_error_of_the_second(store: Store) -> None:
    taken = store.take_up([new("a", "one", 1), new("a", "two", 2), new("a", "two", 3), new("a", "one", 4)], [])
    assert told(taken) == [(1, "a", False), (2, "a (74776f20)", True), (3, "a (74776f20)-2", True), (4, "a-2", False)]
    assert taken[1].error is not None
    assert "The id 'a' is that of line 1 too, with other content" in taken[1].error


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1), slice(3, None), slice(None, 3)])
def test_rows_that_are_there_are_not_taken_up_again_in_whatever_order(path: Path, order: slice) -> None:
    rows = [new("a"), new("b"), new("a"), new(None, "c"), new(None, "c"), new("line 6", line=6, error="broken")]
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
        opened.take_up(rows, [])
    with Store.open(path, goes_on=True) as opened:
        opened.begin({})
        assert opened.take_up(rows[order], []) == []
        assert [row.id for row in opened.take_up([new("d"), new("d")], [])] == ["d", "d-2"]
        assert opened.settled([])[0] == len(rows) + 2


def test_conflicting_ids_in_the_same_order_are_not_taken_up_again(path: Path) -> None:
    rows = [new("a", "one", 1), new("a", "two", 2), new("a", "two", 3), new("a", "one", 4)]
    for taken in (4, 0, 0):
        with Store.open(path, goes_on=True) as opened:
            opened.begin({})
            assert len(opened.take_up(rows, [])) == taken


def test_conflicting_ids_in_another_order_are_not_taken_up_again(path: Path) -> None:
    rows = [new("a", "one", 1), new("a", "two", 2)]
    with Store.open(path, goes_on=False) as opened:
        opened.begin({})
        opened.take_up(rows, [])
    with Store.open(path, goes_on=True) as opened:
        opened.begin({})
        assert opened.take_up([new("a", "two", 1), new("a", "one", 2)], []) == []


def test_the_name_of_a_copy_takes_no_row_s_own_id(store: Store) -> None:
    taken = store.take_up([new("x"), new("x", line=2), new("x-2", "another", 3)], [])
    assert [row.error for row in taken] == [None, None, None]


def test_a_row_that_could_not_be_read_gives_way_to_what_it_was_mended_to(path: Path) -> None:
    broken = [new("a"), new("line 2", line=2, error="line 2 is no JSON")._replace(stand_in="line 2")]
    mended = [new("a")._replace(stand_in="line 1"), new("b", line=2)._replace(stand_in="line 2")]
    for rows, taken in ((broken, 2), (broken, 0), (mended, 1), (mended, 0)):
        with Store.open(path, goes_on=True) as opened:
            opened.begin({})
            (one,) = enter(opened, "one")
            found = opened.take_up(rows, [one])
            assert len(found) == taken
            opened.write([], [Done(one, row.number, failed(), 1.0) for row in found], {})
            assert opened.settled([one])[0] == 2
    assert query(path, "SELECT id, error FROM row ORDER BY number") == [("a", None), ("b", None)]
    assert query(path, "SELECT count(*) FROM outcome") == query(path, "SELECT count(*) FROM outcome_text") == [(2,)]


def test_many_rows_and_their_copies_stay_apart(store: Store) -> None:
    number = 40_000  # more than one block of remembered bits
    for first in range(0, number, 4_000):
        assert len(store.take_up([new(f"{n}") for n in range(first, first + 4_000)], [])) == 4_000
    assert told(store.take_up([new("5"), new("39999")], [])) == [
        (number + 1, "5-2", False),
        (number + 2, "39999-2", False),
    ]


# What is left.


def test_what_is_left_is_told_by_evaluator(path: Path) -> None:
    with Store.open(path, goes_on=False) as first:
        first.begin({})
        one, two, three = enter(first, "one", "two", "three")
        first.take_up([*(new(f"{n}") for n in range(1, 6)), new("line 6", line=6, error="broken")], [one, two])
        done = [
            *[Done(one, 1, scored(), 1.0), Done(two, 1, scored(), 1.0)],  # row 1 is done but for the third
            *[Done(one, 2, scored(), 1.0), Done(two, 2, failed(), 1.0)],
            *[Done(one, 3, failed(), 1.0), Done(two, 3, failed(), 1.0)],
            *[Done(two, 4, scored(), 1.0)],
            *[Done(one, 6, failed(), 1.0), Done(two, 6, failed(), 1.0)],
        ]
        first.write([Made(4, '"made"', None, None, 1.0), Made(5, None, "ValueError", "no", 1.0)], done, {})

    def found(evaluators: list[int], **which: bool) -> list[tuple[int, tuple[int, ...]]]:
        with Store.open(path, goes_on=True) as opened:
            opened.begin({})
            rows = left(opened, evaluators, **which)
            assert left(opened, evaluators, **which) == []  # once in a session
            return [(row.number, row.missing) for row in rows]

    both = [one, two]
    assert found(both) == [(4, (one,)), (5, both_of(both))]
    assert found(both, missing=False, failed=True) == [(2, (two,)), (3, both_of(both))]
    assert found(both, failed=True) == [(2, (two,)), (3, both_of(both)), (4, (one,)), (5, both_of(both))]
    assert found([one]) == [(4, (one,)), (5, (one,))]
    assert found([one], missing=False, failed=True) == [(3, (one,))]
    assert [number for number, _ in found([three])] == [1, 2, 3, 4, 5, 6]
    assert found([three], missing=False, failed=True) == []


def both_of(evaluators: list[int]) -> tuple[int, ...]:
    return tuple(evaluators)


def test_what_is_left_comes_with_its_text_and_prediction(path: Path) -> None:
    with Store.open(path, goes_on=False) as first:
        first.begin({})
        enter(first, "one")
        first.take_up([new("a", "좋\x00", line=9), new("line 2", line=2, error="broken")], [1])
        first.write([Made(1, '{"answer": 1}', None, None, 1.0)], [], {})
    with Store.open(path, goes_on=True) as second:
        second.begin({})
        assert left(second, [1]) == [
            TakenUp(1, "a", 9, json.dumps({"text": "좋\x00"}), None, (1,), '{"answer": 1}'),
            TakenUp(2, "line 2", 2, '{"text": "line 2"}', "broken", (1,), None),
        ]


def test_what_is_left_is_taken_up_a_few_at_a_time(path: Path) -> None:
    with Store.open(path, goes_on=False) as first:
        first.begin({})
        enter(first, "one")
        first.take_up([new(f"{n}") for n in range(5)], [1])
    with Store.open(path, goes_on=True) as second:
        second.begin({})
        after, batches = 0, []
        while True:
            rows, next_ = second.left([1], missing=True, failed=False, after=after, most=2)
            batches.append([row.number for row in rows])
            if next_ == after:
                break
            after = next_
    assert batches == [[1, 2], [3, 4], [5], []]


def test_what_a_process_died_over_is_taken_up_by_one_that_lives(path: Path) -> None:
    first, second = Store.open(path, goes_on=False), Store.open(path, goes_on=True)
    with first, second:
        first.begin({})
        second.begin({}, joins=True)
        enter(first, "one")
        first.take_up([new("a")], [1])
        assert left(second, [1]) == []
        first.close()  # without an end, as one that was killed
        assert [row.number for row in left(second, [1])] == [1]


# Outcomes.


def outcome(path: Path) -> dict[str, Any]:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    try:
        joined = "SELECT o.*, x.reasoning, x.details FROM outcome o JOIN outcome_text x USING (evaluator, row)"
        (row,) = database.execute(joined).fetchall()
        return dict(row)
    finally:
        database.close()


def test_a_failure_is_replaced_and_its_cost_stays(path: Path, store: Store) -> None:
    enter(store, "one")
    store.take_up([new("a")], [1])
    spent = Usage(calls=2, input_tokens=20, output_tokens=4, cost=0.25)
    store.write([], [Done(1, 1, failed(usage=spent), 3.0)], {})
    first = outcome(path)
    assert (first["state"], first["kind"], first["attempts"], first["reasoning"]) == (
        *("failure", "ModelError", 1, "busy"),
    )
    assert json.loads(first["details"]) == {"retryable": True}
    store.write([], [Done(1, 1, scored(0.75), 1.0)], {})
    second = outcome(path)
    assert (second["state"], second["kind"], second["score"], second["value"]) == ("score", None, 0.75, 0.75)
    assert (second["calls"], second["input_tokens"], second["output_tokens"], second["cost"]) == (3, 30, 6, 0.75)
    assert (second["attempts"], second["seconds"], second["reasoning"], second["details"]) == (
        *(2, 1.0, "So it is.", None),
    )
    assert second["at"] >= first["at"]
    assert store.settled([1]) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "cost"),
    [
        (Usage(), Usage(calls=1, cost=0.5), 0.5),  # what never was asked cost nothing
        (Usage(calls=1, cost=0.5), Usage(), 0.5),
        (Usage(calls=1, cost=0.5), Usage(calls=1, cost=0.25), 0.75),
        (Usage(calls=1), Usage(calls=1, cost=0.25), None),  # half a price is none
        (Usage(calls=1, cost=0.5), Usage(calls=1), None),
        (Usage(), Usage(), None),
    ],
)
def test_costs_of_attempts_add_up_where_they_are_known(
    path: Path, store: Store, before: Usage, after: Usage, cost: float | None
) -> None:
    enter(store, "one")
    store.take_up([new("a")], [1])
    store.write([], [Done(1, 1, failed(usage=before), 1.0)], {})
    store.write([], [Done(1, 1, scored(usage=after), 1.0)], {})
    assert outcome(path)["cost"] == cost == (before + after).cost


def test_what_models_cost_is_kept_by_session_and_summed(path: Path) -> None:
    for number in (1, 2):
        with Store.open(path, goes_on=number > 1) as opened:
            opened.begin({})
            assert opened.spent().calls == (number - 1) * 3
            opened.write([], [], {"judge": (Usage(calls=1, cost=0.1), 0)})
            total = {"judge": (Usage(calls=2, input_tokens=5, output_tokens=1, cost=0.2), 4)}
            opened.write([], [], {**total, "other": (Usage(calls=1, cost=1.0), 0)})
    assert query(path, "SELECT session, model, calls, refused FROM model_usage") == [
        *((1, "judge", 2, 4), (1, "other", 1, 0)),
        *((2, "judge", 2, 4), (2, "other", 1, 0)),
    ]
    with Store.open(path, goes_on=True) as opened:
        assert opened.spent() == Usage(calls=6, input_tokens=10, output_tokens=2, cost=2.4)
        opened.begin({})
        opened.write([], [], {"unpriced": (Usage(calls=1), 0), "idle": (Usage(), 3)})
        assert opened.spent().cost is None
    assert Run(path).usage() == {
        "idle": Usage(cost=None),
        "judge": Usage(calls=4, input_tokens=10, output_tokens=2, cost=0.4),
        "other": Usage(calls=2, cost=2.0),
        "unpriced": Usage(calls=1),
    }


def test_predictions_are_kept_and_replaced(path: Path, store: Store) -> None:
    store.write([Made(1, None, "ValueError", "no", 0.5), Made(2, '"a"', None, None, 0.5)], [], {})
    store.write([Made(1, '"b"', None, None, 0.25)], [], {})
    assert query(path, "SELECT row, output, kind, error, seconds FROM prediction ORDER BY row") == [
        (1, '"b"', None, None, 0.25),
        (2, '"a"', None, None, 0.5),
    ]


def test_what_cannot_be_written_whole_is_not_written_at_all(path: Path, store: Store) -> None:
    enter(store, "one")
    store.take_up([new("a"), new("b")], [1])
    wrong = scored()._replace(state="nonsense")
    with pytest.raises(RunFileError, match=r"CHECK constraint failed.*What was stored is safe"):
        store.write([Made(1, '"a"', None, None, 1.0)], [Done(1, 1, scored(), 1.0), Done(1, 2, wrong, 1.0)], {})
    assert query(path, "SELECT (SELECT count(*) FROM outcome), (SELECT count(*) FROM prediction)") == [(0, 0)]
    store.write([], [Done(1, 1, scored(), 1.0)], {})  # and it goes on
    assert store.settled([1]) == (2, 1, 0, 0)


def test_a_session_that_cannot_be_begun_is_not_there(path: Path, store: Store) -> None:
    with Store.open(path, goes_on=True) as second:
        with pytest.raises(TypeError):
            second.begin({("a", "b"): 1}, joins=True)
        assert query(path, "SELECT count(*) FROM session") == [(1,)]
        assert store.others() == []
    assert beside(path) == [f"{path.name}-lock-1", f"{path.name}-shm", f"{path.name}-wal"]


def test_a_file_that_is_written_to_by_another_program_is_told_in_one_line(path: Path, store: Store) -> None:
    store._database.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(RunFileError, match=r"database is locked \(SQLITE_BUSY\)") as raised:
            store.tell(rows=1)
    finally:
        other.close()
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value.__cause__, sqlite3.OperationalError)


def test_an_sqlite_that_is_too_old_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    with pytest.raises(ConfigError, match=r"Run files need SQLite 3\.32"):
        Store.open(path, goes_on=False)
    assert not path.exists()


# Reading.


def test_what_is_committed_is_read_while_it_is_written_to(path: Path, store: Store) -> None:
    (one,) = enter(store, "one")
    with closing(opened_to_read(path)) as reader:
        for count in range(1, 4):
            (row,) = store.take_up([new(f"r{count}")], [one])
            store.write([], [Done(one, row.number, scored(), None)], {})
            assert reader.execute("SELECT count(*) FROM outcome").fetchone() == (count,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM outcome")
    assert Run(path).counts() == {"score": 3, "not_applicable": 0, "failure": 0}
    assert Run(path).stopped is None


@pytest.mark.parametrize("left_behind", [("-shm", "-wal"), ("-wal",)])
def test_what_a_killed_process_left_in_its_log_is_read(path: Path, left_behind: tuple[str, ...]) -> None:
    committed = killed_when(child(path, WRITING), 3)
    for suffix in {"-shm", "-wal"} - {*left_behind}:
        path.with_name(path.name + suffix).unlink()
    with closing(opened_to_read(path)) as reader:
        (count,) = reader.execute("SELECT count(*) FROM outcome").fetchone()
    assert count >= 10 * committed
    assert count % 10 == 0
    run = Run(path)
    assert run.counts("one")["score"] == count == len(list(run.reported()))
    assert run.stopped == "its process was killed, or the disk failed"


def test_a_file_that_is_gone_is_not_made_by_reading_it(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        opened_to_read(path)
    assert not path.exists()


def test_a_broken_file_is_not_left_open(path: Path) -> None:
    Store.open(path, goes_on=False).close()
    content = path.read_bytes()
    path.write_bytes(content[:200] + b"\xff" * (len(content) - 200))
    with pytest.raises(sqlite3.DatabaseError, match="malformed") as raised:
        opened_to_read(path)
    (database,) = (one.frame.f_locals["database"] for one in raised.traceback if "database" in one.frame.f_locals)
    try:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            database.execute("SELECT 1")
    finally:
        database.close()


def test_a_run_is_known_by_its_header_whatever_its_version(path: Path) -> None:
    assert not is_run_file(path)
    assert not is_run_file(path.parent)
    path.write_bytes(b"")
    assert not is_run_file(path)
    path.write_text('{"id": 1}\n' * 20, "utf-8")
    assert not is_run_file(path)
    path.unlink()
    Store.open(path, goes_on=False).close()
    header = path.read_bytes()
    assert is_run_file(path)
    for version, application, known in ((99, APPLICATION, True), (SCHEMA, 0, False)):
        query(path, f"PRAGMA user_version = {version}")
        query(path, f"PRAGMA application_id = {application}")
        assert is_run_file(path) is known
    path.write_bytes(header[:50])
    assert not is_run_file(path)


def test_telling_a_run_from_other_files_makes_none_beside_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE other (x)")
    before = path.read_bytes()
    assert not is_run_file(path)
    assert (path.read_bytes(), beside(path)) == (before, [])
