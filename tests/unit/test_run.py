"""Run: a run file as it is read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from lc_scoring import ConfigError, Failure, Run, RunFileError, Score, score_dataset

ROWS: list[Any] = [
    {"id": "a", "prediction": "x", "reference": "x", "n": 1},
    "no row",
    {"id": "c", "prediction": "y", "reference": "x", "n": "2"},
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return score_dataset(ROWS, "exact_match", run=tmp_path / "a #1?.run.db")


def test_what_it_holds(run: Run) -> None:
    assert repr(run) == f"Run({str(run.path)!r}: 3 rows, exact_match)"
    assert (run.rows, run.stopped, run.scores(), run.usage()) == (3, None, [1, 0], {})
    assert run.columns() == {"id": {str}, "prediction": {str}, "reference": {str}, "n": {int, str}}
    found = list(run.results())
    assert [(one.id, one.line, one.name, one.score) for one in found] == [
        *(("a", 1, "exact_match", 1), ("row 2", 2, "exact_match", None), ("c", 3, "exact_match", 0)),
    ]
    assert (found[0].values, found[0].prediction) == (ROWS[0], None)
    assert isinstance(found[1].outcome, Failure)
    assert found[1].outcome.sample_id == "row 2"


def test_failures_and_others_apart(run: Run) -> None:
    assert [one.id for one in run.results(failed=True)] == ["row 2"]
    assert [one.id for one in run.results("exact_match", failed=False)] == ["a", "c"]
    assert all(isinstance(one.outcome, Score) for one in run.results(failed=False))


def test_an_evaluator_that_is_not_there(run: Run) -> None:
    with pytest.raises(ConfigError, match=r"has scores of exact_match, not of exact\."):
        list(run.results("exact"))


def test_a_file_that_is_gone_or_broken(run: Run) -> None:
    content = run.path.read_bytes()
    run.path.unlink()
    with pytest.raises(RunFileError, match=r"cannot be read: unable to open database file"):
        _ = run.rows
    with pytest.raises(ConfigError, match="There is no run file"):
        Run(run.path)
    run.path.write_bytes(content[:200] + b"\xff" * (len(content) - 200))
    with pytest.raises(RunFileError, match=r"cannot be read: .*malformed"):
        _ = run.rows


def test_reading_changes_nothing(run: Run) -> None:
    before = run.path.read_bytes()
    run.summary()
    list(run.results())
    with run._reading() as database, pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.execute("DELETE FROM row")
    assert run.path.read_bytes() == before
    assert [one.name for one in run.path.parent.iterdir()] == [run.path.name]


def test_results_are_read_a_few_at_a_time(run: Run) -> None:
    results = run.results()
    assert next(results).id == "a"
    results.close()  # type: ignore[attr-defined]
    assert score_dataset(ROWS[:1], "exact_match", run=run.path, resume=True).rows == 3


def test_a_run_that_never_began(tmp_path: Path) -> None:
    from lc_scoring.runs.store import Store  # noqa: PLC0415

    Store.open(tmp_path / "a.run.db", goes_on=False).close()
    run = Run(tmp_path / "a.run.db")
    assert (run.stopped, run.rows, run.evaluators, run.summary()) == (None, 0, (), ())
    with pytest.raises(ConfigError, match="has scores of no evaluator, not of"):
        run.scores()


@pytest.mark.parametrize("form", ["to_jsonl", "to_csv", "to_parquet"])
def test_an_export_does_not_overwrite_its_run(run: Run, form: str) -> None:
    with pytest.raises(ConfigError, match="would overwrite the run"):
        getattr(run, form)(run.path)
    assert run.rows == 3
