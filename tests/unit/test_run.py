"""Run: a run file as it is read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lc_scoring import ConfigError, Failure, Run, RunFileError, Score, load_evaluator, score_dataset

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


# What comparisons and agreement read.


@pytest.fixture
def judged(tmp_path: Path) -> Run:
    """A run of two evaluators: a rating that fails, or does not apply, and a verdict."""

    def rate(messages: Any) -> str:
        text = str(messages)
        if "Madrid" in text:
            return "It is none of that. Rating: [[N/A]]"
        return "Rating: [[7]]" if "Lisbon" in text else "Hm."

    rating = load_evaluator("score_string", llm=rate, normalize_by=10, not_applicable=True, repair=0)
    verdict = load_evaluator("qa", llm=lambda _: "Verdict: [[CORRECT]]")
    rows = [
        {"id": row_id, "input": "?", "prediction": text, "reference": "r", "deep": {"n": [row_id]}}
        for row_id, text in (("c", "Lisbon"), ("a", "Madrid"), ("b", "Oslo"))
    ]
    return score_dataset(rows, [rating, verdict], run=tmp_path / "judged.run.db", progress=False)


def test_what_evaluators_made_in_numbers_alone(judged: Run) -> None:
    rating, verdict = (one.name for one in judged.evaluators)
    found = list(judged.reported(rating))
    assert [tuple(one) for one in found] == [
        ("c", "score", 0.7, pytest.approx(6 / 9), 7, None),
        ("a", "not_applicable", None, None, None, None),
        ("b", "failure", None, None, None, None),
    ]
    assert [(one.id, one.score, one.label) for one in judged.reported(verdict)] == [
        ("c", 1, "CORRECT"),
        ("a", 1, "CORRECT"),
        ("b", 1, "CORRECT"),
    ]
    assert judged.counts(rating) == {"score": 1, "not_applicable": 1, "failure": 1}
    assert judged.counts(verdict) == {"score": 3, "not_applicable": 0, "failure": 0}


def test_of_several_evaluators_one_is_named(judged: Run, run: Run) -> None:
    for call in (judged.counts, lambda name=None: list(judged.reported(name))):
        with pytest.raises(ConfigError, match="Say which"):
            call()
        with pytest.raises(ConfigError, match="Did you mean 'correctness'"):
            call("corectness")
    assert run.counts() == run.counts("exact_match") == {"score": 2, "not_applicable": 0, "failure": 1}
    assert [one.state for one in run.reported()] == ["score", "failure", "score"]


def test_rows_are_read_with_their_columns_in_order(judged: Run, run: Run) -> None:
    assert [(row_id, values["deep"]) for row_id, values in judged.row_values()] == [
        (row_id, {"n": [row_id]}) for row_id in "cab"
    ]
    assert [row_id for row_id, _ in run.row_values()] == ["a", "row 2", "c"]
    assert dict(run.row_values())["c"] == ROWS[2]


def test_facts_about_a_run(run: Run) -> None:
    assert run.about("id_column") == "id" == run.id_column
    assert run.about("target") is None
    assert run.about("nothing that is there") is None


def test_of_several_ratings_by_a_person_the_last_counts(run: Run) -> None:
    rated = [
        (1, "exact_match", "anna", 1, None),
        (1, "exact_match", "ben", 0, None),
        (1, "exact_match", "anna", 0.5, None),
        (3, "exact_match", "anna", 1, None),
        (3, "exact_match", "anna", None, None),
        (3, "exact_match", "ben", None, "good"),
        (2, "exact_match", "anna", None, None),
        (2, "exact_match", "anna", 0, None),
        (1, "clarity", "anna", 4, None),
        (1, "exact_match", "cara", 0.25, "good"),
    ]
    with closing(sqlite3.connect(run.path)) as database, database:
        database.executemany(
            "INSERT INTO human_rating (row, name, rater, rating, label, at) VALUES (?, ?, ?, ?, ?, 0)", rated
        )
    assert list(run.human_ratings("exact_match")) == [
        *(("a", "anna", 0.5), ("a", "ben", 0), ("a", "cara", 0.25)),
        *(("row 2", "anna", 0), ("c", "ben", "good")),
    ]
    assert list(run.human_ratings("clarity")) == [("a", "anna", 4)]
    assert list(run.human_ratings("nobody's")) == []


def test_reading_ends_where_its_reader_ends(judged: Run) -> None:
    name = judged.evaluators[0].name
    for reader in (judged.reported(name), judged.row_values(), judged.human_ratings(name)):
        next(reader, None)
        reader.close()  # type: ignore[attr-defined]
    judged.path.unlink()
    for call in (judged.reported, judged.human_ratings):
        with pytest.raises(RunFileError, match="cannot be read"):
            next(call(name))
    with pytest.raises(RunFileError, match="cannot be read"):
        next(judged.row_values())
    with pytest.raises(RunFileError, match="cannot be read"):
        judged.about("source")
