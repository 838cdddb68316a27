"""`lc-scoring score` and `summary` with a run file: each option as its users give it."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow.parquet as pq
import pytest
from loopback.command_line import Judge, judged, outcomes, read, rows_file, run, run_each, started, write

NAME = "score_string:helpfulness-relevance-correctness-depth"
ONCE = Counter({f"row {n}": 1 for n in range(20)})


def by_number(body: Mapping[str, Any]) -> str:
    """Rate a row by its number."""
    return f"So it is. Rating: [[{int(judged(body).split()[1]) % 10 + 1}]]"


def first_line(done: CompletedProcess[str]) -> list[str]:
    """The cells of a summary's first line."""
    return [cell.strip() for cell in done.stdout.splitlines()[2].split("│")[1:-1]]


# The run file, its exports and its summary.


def test_a_run_holds_all_and_its_exports_are_in_the_rows_order(tmp_path: Path) -> None:
    file, last_came = rows_file(tmp_path, 20), threading.Event()

    def reply(body: Mapping[str, Any]) -> str:
        """The first row is answered last."""
        if judged(body) == "row 0":
            last_came.wait(30)
        if judged(body) == "row 19":
            last_came.set()
        return by_number(body)

    with Judge(reply) as judge:
        done = judge.score(file, "-o", "s.jsonl", "--max-concurrency", 4)
        assert judge.asked() == ONCE
        assert judge.max_in_flight <= 4
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "rows.run.db", "s.jsonl"]
    exported = read(tmp_path / "s.jsonl")
    assert [(row["id"], row["line"]) for row in exported] == [(f"r{n}", n + 1) for n in range(20)]
    assert [row["score"] for row in exported] == [n % 10 + 1 for n in range(20)]
    assert outcomes(tmp_path / "rows.run.db") == dict.fromkeys(ONCE, "score")
    told = " ".join(done.stdout.split())
    for said in ("20, 20 scored, 0 failed", "mean │ 5.50 [", "(n = 20, 95 % interval)", "20 calls", "cost │ about $"):
        assert said in told

    again, table, parquet, slices, clusters = run_each(
        [
            ("summary", "rows.run.db"),
            ("summary", "rows.run.db", "-o", "s.csv"),
            ("summary", "rows.run.db", "-o", "s.parquet"),
            ("summary", "rows.run.db", "--by", "topic"),
            ("summary", "rows.run.db", "--cluster", "topic"),
        ],
        cwd=tmp_path,
    )
    assert {(one.returncode, one.stderr) for one in (again, table, parquet, slices, clusters)} == {(0, "")}

    def mean(text: str) -> str:
        (line,) = (line for line in text.splitlines() if line.startswith("│ mean"))
        return line.rstrip(" │")

    assert mean(again.stdout).split() == mean(done.stdout).split()
    assert mean(clusters.stdout).split() != mean(done.stdout).split(), "rows of one source are alike"
    assert f"{NAME} by topic" in " ".join(slices.stdout.split())
    shown = [[cell.strip() for cell in line.split("│")[1:-1]] for line in slices.stdout.splitlines()]
    assert [cells[:3] for cells in shown if cells[:1] in (["a"], ["b"])] == [["a", "10", "0"], ["b", "10", "0"]]
    with (tmp_path / "s.csv").open(newline="", encoding="utf-8") as opened:
        assert [row["id"] for row in csv.DictReader(opened)] == [f"r{n}" for n in range(20)]
    columns = pq.read_table(tmp_path / "s.parquet").to_pydict()
    assert columns["score"] == [n % 10 + 1 for n in range(20)]
    assert columns["topic"] == ["a", "b"] * 10


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-2+3", "'-2+3"),
        ("-5", "-5"),
        ("fine", "fine"),
        ("+1", "'+1"),
    ],
)
def test_no_cell_is_a_formula(tables: list[dict[str, str]], text: str, cell: str) -> None:
    assert [row["row.prediction" if "row.prediction" in row else "prediction"] for row in tables].count(cell) == 1
    assert all(row["q"] in ("?", "'=q()") for row in tables), text


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    folder = tmp_path_factory.mktemp("cells")
    texts = ("=1+1", "+1", "@x", "-2+3", "-5", "fine")
    file = write(folder / "rows.jsonl", [{"prediction": text, "reference": "fine", "q": "=q()"} for text in texts])
    done = run("score", file, "-e", "exact_match", "-o", "s.csv", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    with (folder / "s.csv").open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_several_evaluators_in_one_run(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [{"prediction": text, "reference": "yes"} for text in ("yes", "no")])
    arguments = ("score", file, "-e", "exact_match", "-e", "string_distance", "-o", "s.jsonl")
    done, less = run_each([arguments, ("score", file, "-e", "exact_match", "--resume")], cwd=tmp_path)
    assert (done.returncode, done.stderr, less.returncode) == (0, "", 0)
    exported = read(tmp_path / "s.jsonl")
    names = [row["evaluator"] for row in exported]
    assert len(names) == 4
    assert (names[0], names[:2]) == ("exact_match", names[2:])
    assert [row["score"] for row in exported if row["evaluator"] == "exact_match"] == [1, 0]
    assert done.stdout.count("2, 2 scored, 0 failed") == 2
    assert less.stdout.count("2, 2 scored, 0 failed") == 1, "of those that were not asked for nothing is told"


def test_fields_are_taken_by_path_and_template_and_ids_by_column(tmp_path: Path) -> None:
    rows = [{"key": f"k{n}", "title": "T", "body": f"b{n}", "out": {"text": ["no", f"row {n}"]}} for n in range(2)]
    file = write(tmp_path / "rows.jsonl", rows)
    columns = ("--column", "prediction=out.text.-1", "--column", "input={title}: {body}", "--id-column", "key")
    with Judge(by_number) as judge:
        done = judge.score(file, *columns, "--run", "other.db", "-o", "s.jsonl")
        assert sorted(judge.asked()) == ["row 0", "row 1"]
        assert "T: b" in judge.requests[0].body["messages"][1]["content"]
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["id"] for row in read(tmp_path / "s.jsonl")] == ["k0", "k1"]
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "rows.run.db").exists()


def test_rows_without_ids_have_the_same_ones_every_time(tmp_path: Path) -> None:
    rows = [{"prediction": "a", "reference": "a"}, {"reference": "b", "prediction": "b"}]
    turned = [dict(reversed(row.items())) for row in reversed(rows)]
    first, second = write(tmp_path / "one.jsonl", rows), write(tmp_path / "two.jsonl", turned)
    run_each([("score", file, "-e", "exact_match", "-o", f"{file}.jsonl") for file in (first, second)], cwd=tmp_path)
    ids = [[row["id"] for row in read(Path(f"{file}.jsonl"))] for file in (first, second)]
    assert ids[0] == ids[1][::-1]
    assert len(set(ids[0])) == 2


# Going on with a run.


def test_resume_asks_what_is_missing_and_only_when_told_to(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with Judge(by_number) as judge:
        assert judge.score(file, "--limit", 5).returncode == 0
        again = judge.score(file)
        assert (again.returncode, again.stdout, len(again.stderr.splitlines())) == (2, "", 1)
        assert "--resume" in again.stderr
        assert "rows.run.db" in again.stderr
        assert len(judge.requests) == 5
        whole, finished = run_each([judge.call(file, "--resume")] * 2, cwd=tmp_path, **judge.where)
        assert judge.asked() == ONCE
    assert [(one.returncode, one.stderr) for one in (whole, finished)] == [(0, "")] * 2
    assert "20, 20 scored, 0 failed" in finished.stdout


def test_retry_failures_asks_what_failed_and_nothing_else(tmp_path: Path) -> None:
    file, odd = rows_file(tmp_path, 20), {"row 3", "row 11"}
    with Judge(lambda body: "Hm." if judged(body) in odd else by_number(body)) as judge:
        call = judge.call(file, "--set", "repair=0")
        failed, left = run_each([call, (*call, "--resume")], cwd=tmp_path, **judge.where)
        assert len(judge.requests) == 20, "what failed was asked"
        odd = {"row 11"}
        some, rest = run_each([(*call, "--retry-failures")] * 2, cwd=tmp_path, **judge.where)
        assert judge.asked(after=20) == {"row 3": 1, "row 11": 2}
    assert [one.returncode for one in (failed, left, some, rest)] == [1] * 4
    assert {one.stderr for one in (failed, left, some, rest)} == {""}
    assert first_line(failed) == ["beware", "2 of 20 rows failed (10%): the mean is over the others."]
    assert first_line(some) == ["evaluation", NAME], "one in twenty is no more than 5 %"
    assert "20, 19 scored, 1 failed" in some.stdout
    states = outcomes(tmp_path / "rows.run.db")
    assert {text for text, state in states.items() if state == "failure"} == {"row 11"}
    with closing(sqlite3.connect(tmp_path / "rows.run.db")) as database:
        assert database.execute("SELECT max(attempts), max(calls) FROM outcome").fetchone() == (3, 3)


# What it will cost, and what it may.


def test_a_dry_run_asks_nothing_and_tells_the_cost_and_the_prompt(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 200)
    with Judge() as judge:
        calls = [
            judge.call(file, "--dry-run"),
            judge.call(file, "--dry-run", "--limit", 10),
            judge.call(file, "--dry-run", "--llm", "openai:my-own-model"),
            judge.call(file, "--dry-run", "-e", "exact_match", "--column", "reference=topic"),
        ]
        whole, ten, jury, both = run_each(calls, cwd=tmp_path, **judge.where)
        assert judge.requests == []
    assert {(one.returncode, one.stderr) for one in (whole, ten, jury, both)} == {(0, "")}
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert f"{NAME}: 200 rows, 1 calls a row" in whole.stdout
    assert "about 200 calls, " in whole.stdout
    assert ", 50,000 out, about $0.04 by the price table" in whole.stdout
    assert "    | row 0\n" in whole.stdout
    assert "    | <sample_prediction>\n" in whole.stdout
    assert "about 10 calls, " in ten.stdout
    assert "200 rows, 2 calls a row" in jury.stdout
    assert "$" not in jury.stdout, "the price of one of the two is not known"
    assert "exact_match: 200 rows, 0 calls a row" in both.stdout


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (("--max-tokens", "2500"), "max_tokens of 2,500 is reached: "),
        (("--max-cost", "0.0004"), "max_cost of $0.0004 is reached: $0.000"),
        (("--max-time", "0.000001"), "max_time of 1e-06 seconds is over"),
    ],
)
def test_a_limit_stops_it_and_resume_finishes(tmp_path: Path, limit: tuple[str, str], said: str) -> None:
    file = rows_file(tmp_path, 20)
    with Judge(by_number) as judge:
        call = judge.call(file, "--max-concurrency", 2)
        calls = [(*call, *limit), (*call, *limit, "--resume"), (*call, "--resume")]
        stopped, still, whole = run_each(calls, cwd=tmp_path, **judge.where)
        assert judge.asked() == ONCE
    for one in (stopped, still):
        assert one.returncode == 1
        (line,) = one.stderr.splitlines()
        assert said in line
        assert "--resume" in line
    scored = 0 if "--max-time" in limit else int(stopped.stdout.partition("│ rows")[2].split()[1].rstrip(","))
    assert scored == 0 or 3 <= scored < 10
    assert (whole.returncode, whole.stderr) == (0, "")


def test_a_limit_is_told_of_a_centered_jury_too(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with Judge(by_number) as judge:
        jury = judge.call(file, "--llm", "openai:gpt-4.1-nano", "--center", "--max-concurrency", 2)
        done = run(*jury, "--max-tokens", 5_000, cwd=tmp_path, **judge.where)
        assert 4 <= len(judge.requests) < 40
    assert "max_tokens of 5,000 is reached" in done.stderr
    assert "--resume" in done.stderr
    assert done.returncode == 1


def test_a_dry_run_of_a_run_that_is_there_tells_of_the_rest(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with Judge(by_number) as judge:
        calls = [judge.call(file, "--limit", 15), judge.call(file, "--resume", "--dry-run")]
        _, dry = run_each(calls, cwd=tmp_path, **judge.where)
        assert len(judge.requests) == 15
    assert dry.returncode == 0
    assert "about 5 calls" in dry.stdout


def test_a_cost_that_cannot_be_told_is_no_cost_that_can_be_limited(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 20)
    with Judge(by_number) as judge:
        arguments = ("score", file, "-e", "score_string", "--llm", "openai:my-own-model", "--max-concurrency", 2)
        done = run(*arguments, "--max-cost", 1, cwd=tmp_path, **judge.where)
        assert len(judge.requests) <= 3
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "the price of a model is not known" in line
    assert "LC_SCORING_PRICES" in line
    assert "--resume" in line


# How fast, how often, how long.


def test_calls_are_paced(tmp_path: Path) -> None:
    """Two calls a second; and tokens for about two calls a second."""
    file, came = rows_file(tmp_path, 4), []

    def reply(body: Mapping[str, Any]) -> Any:
        came.append(time.monotonic())
        usage = {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500}
        return {"content": by_number(body), "usage": usage}

    with Judge(reply) as judge:
        calls = [
            judge.call(file, "--requests-per-minute", 120, "--run", "calls.db"),
            judge.call(file, "--tokens-per-minute", 60_000, "--run", "tokens.db", "--max-concurrency", 1),
        ]
        done = run_each(calls, cwd=tmp_path, **judge.where)
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 2
    assert came[3] - came[0] > 1, "three times half a second, less what the first took longer"
    assert came[7] - came[5] > 0.6, "twice half a second; what the first call takes is guessed"


def test_what_breaks_off_is_asked_again_as_often_as_told(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 1)
    with Judge(by_number) as judge:
        judge.script([500, 500])
        calls = [
            judge.call(file, "--max-retries", 0, "--run", "none.db"),
            judge.call(file, "--max-retries", 1, "--run", "one.db"),
        ]
        none, one = run_each(calls, cwd=tmp_path, **judge.where)
        assert len(judge.requests) == 3
    assert none.returncode == 1
    assert "ModelError: 1" in none.stdout
    assert first_line(none) == ["beware", "1 of 1 rows failed (100%): the mean is over the others."]
    assert (one.returncode, one.stderr) == (0, "")


def test_a_row_that_hangs_is_a_failure_and_the_others_go_on(tmp_path: Path) -> None:
    file, go_on = rows_file(tmp_path, 20), threading.Event()

    def reply(body: Mapping[str, Any]) -> str:
        if judged(body) == "row 3":
            go_on.wait(60)
        return by_number(body)

    with Judge(reply) as judge:
        try:
            done = judge.score(file, "--row-timeout", 3, "-o", "s.jsonl")
        finally:
            go_on.set()
    assert (done.returncode, done.stderr) == (1, "")
    (failed,) = (row for row in read(tmp_path / "s.jsonl") if "error" in row)
    assert failed["id"] == "r3"
    assert "within 3 seconds" in failed["error"]["message"]


# The line that tells how far it is.


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of this kind")
@pytest.mark.parametrize(
    ("arguments", "environment", "shown"),
    [((), {}, True), (("--quiet",), {}, False), ((), {"CI": "true"}, False)],
    ids=["terminal", "quiet", "CI"],
)
def test_progress_is_shown_in_a_terminal_alone(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], shown: bool
) -> None:
    file = write(tmp_path / "rows.jsonl", [{"prediction": "a", "reference": "a"}] * 3)
    ours, theirs = os.openpty()
    try:
        call = ("score", file, "-e", "exact_match", *arguments)
        with started(*call, cwd=tmp_path, errors=theirs, TERM="xterm", **environment) as running:
            os.close(theirs)
            told = b""
            with suppress(OSError):  # what a terminal says whose other end is closed
                while piece := os.read(ours, 4096):
                    told += piece
            assert running.wait(30) == 0
    finally:
        os.close(ours)
    assert (b"scoring" in told) == shown
    assert (b"3/3" in told) == shown
    if not shown:
        assert told == b""


def test_what_is_written_is_json(tmp_path: Path) -> None:
    """No NaN, and nothing that another reader would stumble over."""
    rows = [{"prediction": "a", "reference": "a", "noise": float("nan")}, {"prediction": "\u2028", "reference": "b"}]
    done = run("score", write(tmp_path / "rows.jsonl", rows), "-e", "exact_match", "-o", "s.ndjson", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    lines = (tmp_path / "s.ndjson").read_bytes().rstrip(b"\n").split(b"\n")
    assert [json.loads(line, parse_constant=refuse)["score"] for line in lines] == [1, 0]
