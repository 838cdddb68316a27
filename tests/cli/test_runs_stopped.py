"""`lc-scoring score` stopped at any moment: by hand, killed, by a full disk; and several processes at one run."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from loopback.command_line import (
    Judge,
    held_judge,
    outcomes,
    read,
    rows_file,
    run_each,
    run_limited,
    started,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals of this kind")


# Ctrl-C.


def test_stopped_once_it_finishes_what_is_in_flight(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with held_judge(after=5) as (judge, go_on):
        call = judge.call(file, "--max-concurrency", 4, "-o", "s.jsonl")
        with started(*call, cwd=tmp_path, **judge.where) as running:
            wait_until(lambda: len(judge.requests) == 9)
            running.send_signal(signal.SIGINT)
            go_on.set()
            output, errors = running.communicate(timeout=30)
        in_flight = judge.asked()
        assert (running.returncode, sum(in_flight.values())) == (130, 9), errors
        assert outcomes(tmp_path / "rows.run.db") == dict.fromkeys(in_flight, "score")
        assert "9, 9 scored, 0 failed" in output
        assert len(read(tmp_path / "s.jsonl")) == 9
        (line,) = errors.splitlines()
        assert line.startswith("Stopped.")
        assert "--resume" in line

        done = judge.score(file, "--resume", "-o", "s.jsonl")
        rest = judge.asked(after=9)
    assert (done.returncode, done.stderr) == (0, "")
    assert rest == {f"row {n}": 1 for n in range(20) if f"row {n}" not in in_flight}
    assert [row["id"] for row in read(tmp_path / "s.jsonl")] == [f"r{n}" for n in range(20)]


def test_stopped_twice_it_is_over_at_once(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with held_judge(after=5) as (judge, go_on):
        with started(*judge.call(file, "--max-concurrency", 4), cwd=tmp_path, **judge.where) as running:
            wait_until(lambda: len(judge.requests) == 9)
            running.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):  # it finishes what is in flight
                running.wait(0.5)
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=20)
        assert running.returncode == 130, errors
        assert errors.startswith("Stopped.")
        assert len(errors.splitlines()) == 1
        stored = outcomes(tmp_path / "rows.run.db")
        assert list(stored.values()) == ["score"] * 5
        go_on.set()

        done = judge.score(file, "--resume")
        rest = judge.asked(after=9)
    assert (done.returncode, done.stderr) == (0, "")
    assert rest == {f"row {n}": 1 for n in range(20) if f"row {n}" not in stored}
    assert list(outcomes(tmp_path / "rows.run.db").values()) == ["score"] * 20


def test_stopped_again_and_again_it_loses_nothing(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with held_judge(after=5) as (judge, _):
        with started(*judge.call(file, "--max-concurrency", 4), cwd=tmp_path, **judge.where) as running:
            wait_until(lambda: len(judge.requests) == 9)
            while running.poll() is None:
                running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=20)
        assert running.returncode not in (0, None), errors
        assert list(outcomes(tmp_path / "rows.run.db").values()) == ["score"] * 5


# Killed.


def test_killed_at_any_moment_it_asks_nothing_again_that_was_stored(tmp_path: Path) -> None:
    file, run_file, chance = rows_file(tmp_path, 600), tmp_path / "rows.run.db", random.Random()  # noqa: S311
    whole = {f"row {n}" for n in range(600)}
    with Judge("So it is. Rating: [[7]]") as judge:
        stored: dict[str, str] = {}
        for kill in range(6):
            before = len(judge.requests)
            more = chance.randint(1, 40) if kill else 0  # at first as soon as there is a file
            with started(*judge.call(file, "--resume"), cwd=tmp_path, **judge.where) as running:
                wait_until(run_file.exists)
                wait_until(lambda: len(judge.requests) >= before + more or running.poll() is not None)  # noqa: B023
                running.kill()
                _, errors = running.communicate(timeout=20)
            if running.returncode == 0:  # on a busy machine it was through before it was killed
                break
            assert (running.returncode, errors) == (-signal.SIGKILL, "")
            assert not judge.asked(after=before).keys() & stored.keys(), "a stored row was asked again"
            now = outcomes(run_file)
            assert now.items() >= stored.items(), "an outcome is lost"
            stored = now
        before = len(judge.requests)
        done = judge.score(file, "--resume", "-o", "s.jsonl")
        assert judge.asked(after=before) == dict.fromkeys(whole - stored.keys(), 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert outcomes(run_file) == dict.fromkeys(whole, "score")
    assert [row["id"] for row in read(tmp_path / "s.jsonl")] == [f"r{n}" for n in range(600)]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["rows.jsonl", "rows.run.db", "s.jsonl"], "no lock and no log is left"


# A full disk.


@pytest.mark.parametrize("most", [20_000, 500_000])
def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path, most: int) -> None:
    """The operating system refuses to let any file grow over so many bytes."""
    file, run_file = rows_file(tmp_path, 300), tmp_path / "rows.run.db"
    whole = {f"row {n}" for n in range(300)}
    with Judge(f"{'So it is. ' * 200}Rating: [[7]]") as judge:
        failed = run_limited(most, *judge.call(file), cwd=tmp_path, **judge.where)
        assert failed.returncode == 2, failed.stderr
        (line,) = failed.stderr.splitlines()
        assert line.startswith("Error: The run file rows.run.db cannot be written: ")
        assert "--resume" in line
        stored = outcomes(run_file)
        assert len(stored) < 300
        assert bool(stored) == (most > 100_000)

        before = len(judge.requests)
        done = judge.score(file, "--resume")
        assert judge.asked(after=before) == dict.fromkeys(whole - stored.keys(), 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert outcomes(run_file) == dict.fromkeys(whole, "score")


def test_an_export_that_does_not_fit_is_one_line_and_leaves_what_stood_there(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 100)
    (done,) = run_each([("score", file, "-e", "exact_match", "--column", "reference=topic")], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("s.jsonl", "s.parquet"):
        (tmp_path / name).write_text("what stood there")
        failed = run_limited(2_000, "summary", "rows.run.db", "-o", name, cwd=tmp_path)
        assert (failed.returncode, len(failed.stderr.splitlines())) == (2, 1), failed.stderr
        assert name in failed.stderr
        assert (tmp_path / name).read_text() == "what stood there"
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["rows.jsonl", "rows.run.db", "s.jsonl", "s.parquet"]


# Several processes.


def test_two_processes_work_on_one_run_only_when_told_to(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 600)
    with held_judge(after=5) as (judge, go_on):
        call = judge.call(file, "--max-concurrency", 4)
        with started(*call, cwd=tmp_path, **judge.where) as first:
            wait_until(lambda: len(judge.requests) == 9)
            plain, resumed = run_each([call, (*call, "--resume")], cwd=tmp_path, **judge.where)
            for one in (plain, resumed):
                assert (one.returncode, one.stdout, len(one.stderr.splitlines())) == (2, "", 1)
            assert "--resume" in plain.stderr
            assert f"Another process, {first.pid}, works on rows.run.db" in resumed.stderr
            assert "--join" in resumed.stderr
            with started(*call, "--join", cwd=tmp_path, **judge.where) as second:
                wait_until(lambda: len(judge.requests) == 13)
                go_on.set()
                told = [one.communicate(timeout=60) for one in (first, second)]
        assert [one.returncode for one in (first, second)] == [0, 0], told
        assert [errors for _, errors in told] == ["", ""]
        assert judge.asked() == {f"row {n}": 1 for n in range(600)}
    assert outcomes(tmp_path / "rows.run.db") == {f"row {n}": "score" for n in range(600)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "rows.run.db"]
