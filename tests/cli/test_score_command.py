"""`lc-scoring score` as its users run it, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from loopback.command_line import read, run, run_each, score, write
from loopback.openai_api import OpenAIServer

from lc_scoring import EvaluatorType

RIGHT = {"id": "a", "input": "What is the largest planet?", "prediction": "It is Jupiter.", "reference": "Jupiter"}
WRONG = {**RIGHT, "id": "b", "prediction": "Saturn."}
ANSWERS = Path(__file__).parents[2] / "cookbook" / "data" / "answers.jsonl"


def test_every_row_has_its_score_in_the_rows_order(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [RIGHT, WRONG] * 40)
    done = score(file, "-o", tmp_path / "scores.jsonl", "--max-concurrency", 7)
    assert (done.returncode, done.stderr) == (0, "")
    scores = read(tmp_path / "scores.jsonl")
    twins = [f"{name}{copy}" for copy in ("", *(f"-{n}" for n in range(2, 41))) for name in "ab"]
    assert [row["id"] for row in scores] == twins, "a row that stands there twice is two rows"
    assert [row["line"] for row in scores] == list(range(1, 81))
    assert all((row["score"] > 8) == row["id"].startswith("a") for row in scores)
    assert scores[0]["reasoning"].endswith("Rating: [[10]]")
    assert scores[0]["signature"].startswith("score_string:correctness|")
    assert scores[0]["usage"]["calls"] == 1
    assert "80, 80 scored, 0 failed" in done.stdout
    assert "(n = 80, 95 % interval)" in done.stdout


def test_bad_rows_fail_in_their_place_and_the_others_go_on(tmp_path: Path) -> None:
    file = write(
        tmp_path / "rows.jsonl",
        [
            RIGHT,
            b"{broken\n",
            b"\n",
            b"[1, 2]\n",
            {**RIGHT, "id": 5, "reference": ""},
            {"id": 6, "input": "?", "reference": "x"},
            {**RIGHT, "id": 7, "prediction": None},
            {**RIGHT, "id": 8, "prediction": "a\x00b"},
            b'{"input": "?", "prediction": "\\ud800", "reference": "x"}\n',
            b'{"input": "\xff", "prediction": "x", "reference": "x"}\n',
            {**RIGHT, "id": 11, "prediction": 5, "reference": 5},
        ],
    )
    done = score(file, "-o", tmp_path / "scores.jsonl")
    assert done.returncode == 1
    rows = read(tmp_path / "scores.jsonl")
    assert [row["line"] for row in rows] == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    errors = {row["line"]: row["error"] for row in rows if "error" in row}
    assert {line: error["kind"] for line, error in errors.items()} == {
        **dict.fromkeys([2, 4, 6, 7, 8, 9, 10], "ConfigError"),
        5: "ScopeError",
    }
    assert "line 2: no valid JSON" in errors[2]["message"]
    assert "line 6: no column 'prediction'. Present: id, input, reference." in errors[6]["message"]
    assert all("score" not in row for row in rows if "error" in row)
    assert "10, 2 scored, 8 failed" in done.stdout
    assert "ConfigError: 7" in done.stdout


WRONG_CALLS: list[tuple[list[Any] | None, tuple[str, ...], str]] = [
    (None, (), "cannot be read: No such file"),
    ([], (), "holds no rows"),
    ([b"{broken\n"], (), "line 1: no valid JSON"),
    ([{"input": "?", "answer": "x", "reference": "x"}], (), "no column 'prediction'. Present: input, answer"),
    ([RIGHT], ("--column", "prediction=outputs.answer"), "no column 'outputs.answer'"),
    ([RIGHT], ("--evaluator", "labeled_score"), "Did you mean 'labeled_score_string'?"),
    ([RIGHT], ("--scale", "5-1"), "low to high"),
    ([RIGHT], ("--normalize-by", "0"), "above 0"),
    ([RIGHT], ("--llm", "openai:gpt-5-mini"), "OPENAI_API_KEY"),
    ([RIGHT], ("--llm", "nobody:nothing"), "Unknown judge 'nobody:nothing'"),
    ([RIGHT], ("--criteria", "no/such.toml"), "such.toml cannot be read"),
    ([RIGHT], ("-o", "no/such/folder/scores.jsonl"), "there is no folder"),
    ([RIGHT], ("--max-concurrency", "0"), "max-concurrency"),
    ([RIGHT], ("--nonsense",), "No such option"),
]


@pytest.fixture(scope="module")
def wrong_calls(tmp_path_factory: pytest.TempPathFactory) -> list[CompletedProcess[str]]:
    folder, calls = tmp_path_factory.mktemp("wrong"), []
    for at, (rows, arguments, _) in enumerate(WRONG_CALLS):
        file = folder / f"rows-{at}.jsonl"
        if rows is not None:
            write(file, rows)
        calls.append(("score", file, "--criteria", "correctness", "--llm", "offline", *arguments))
    return run_each(calls, cwd=folder)


@pytest.mark.parametrize("at", range(len(WRONG_CALLS)), ids=[one[2] for one in WRONG_CALLS])
def test_a_wrong_call_is_one_message_and_exit_code_2(at: int, wrong_calls: list[CompletedProcess[str]]) -> None:
    done = wrong_calls[at]
    assert done.returncode == 2
    assert WRONG_CALLS[at][2] in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_scores_never_overwrite_the_rows(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [RIGHT])
    done = score(file, "-o", file)
    assert done.returncode == 2
    assert read(file) == [RIGHT]


def test_columns_are_taken_by_name_and_path_and_rows_by_limit(tmp_path: Path) -> None:
    row = {"row": 7, "q": RIGHT["input"], "outputs": {"answer": "Jupiter"}, "gold.answer": "Jupiter"}
    file = write(tmp_path / "rows.jsonl", [row] * 5)
    columns = ("input=q", "prediction=outputs.answer", "reference=gold.answer")
    keys = (*(word for column in columns for word in ("--column", column)), "--id-column", "row")
    done = score(file, *keys, "-o", tmp_path / "s.jsonl", "--limit", 2, "--normalize-by", 10, "--quiet")
    assert done.returncode == 0, done.stderr
    assert [(one["id"], one["score"]) for one in read(tmp_path / "s.jsonl")] == [("7", 1.0), ("7-2", 1.0)]


@pytest.mark.skipif(sys.platform == "win32", reason="no hard links to speak of")
def test_the_rows_are_safe_under_another_name_too(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [RIGHT])
    os.link(file, tmp_path / "same.jsonl")
    assert score(file, "-o", tmp_path / "same.jsonl").returncode == 2
    assert read(file) == [RIGHT]


def test_an_id_that_no_file_can_hold_loses_no_row(tmp_path: Path) -> None:
    rows = [b'{"id": "\\ud800", "input": "?", "prediction": "Jupiter", "reference": "Jupiter"}\n', RIGHT]
    assert score(write(tmp_path / "rows.jsonl", rows), "-o", tmp_path / "s.jsonl").returncode == 0
    assert [row["id"] for row in read(tmp_path / "s.jsonl")] == ["?", "a"]


def test_a_missing_number_is_missing(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [RIGHT, {**RIGHT, "id": "b", "prediction": float("nan")}])
    assert score(file, "-o", tmp_path / "s.jsonl").returncode == 1
    assert "missing, nan" in read(tmp_path / "s.jsonl")[1]["error"]["message"]


def test_a_judge_over_the_wire_with_its_failures_and_its_tokens(tmp_path: Path) -> None:
    rubric = tmp_path / "kind.toml"
    rubric.write_text('scale = {low = 1, high = 5}\n[[criteria]]\nname = "kindness"\n')
    file = write(tmp_path / "rows.jsonl", [{"input": "?", "prediction": text} for text in ("good", "bad", "odd")])

    def reply(body: dict[str, Any]) -> Any:
        text = body["messages"][1]["content"]
        if "\nbad\n" in text:
            return {"status": 400, "raw_body": '{"error": {"message": "no sk-verysecret123456 here"}}'}
        return "Hm." if "\nodd\n" in text else "<think>[[1]]</think>Kind. Rating: [[4.5]]"

    with OpenAIServer(reply=reply) as server:
        done = run(
            "score", file, "-e", "score_string", "-c", rubric, "--llm=openai:gpt-4.1-mini", "-o", tmp_path / "s.jsonl",
            OPENAI_API_KEY="test-key", OPENAI_BASE_URL=server.url,
        )  # fmt: skip
    good, bad, odd = read(tmp_path / "s.jsonl")
    assert done.returncode == 1
    assert (good["score"], good["value"]) == (4.5, 0.875)
    assert good["signature"].endswith("judge=ChatOpenAI:gpt-4.1-mini@0|repair=1|parser=rating|lc_scoring=0.1.0")
    assert bad["error"]["kind"] == "ModelError"
    assert odd["error"]["kind"] == "ReplyError"
    assert "'Hm.'" in odd["error"]["message"]
    assert "verysecret" not in done.stdout + done.stderr + (tmp_path / "s.jsonl").read_text()
    assert "tokens" in done.stdout


def test_hostile_text_moves_neither_the_terminal_nor_its_markup(tmp_path: Path) -> None:
    hostile = {**RIGHT, "id": "[red]\x1b[2J", "reference": ""}
    done = score(write(tmp_path / "rows.jsonl", [RIGHT, hostile]), "-o", tmp_path / "s.jsonl")
    assert "\x1b" not in done.stdout
    assert "[red]" in done.stdout


def test_the_sample_file_shows_scores_and_failures(tmp_path: Path) -> None:
    rows = read(ANSWERS)
    assert len(rows) >= 60
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["kind"] for row in rows} >= {"right", "wrong", "partial", "verbose", "refused"}
    assert len({row["domain"] for row in rows}) >= 5
    done = score(ANSWERS, "-o", tmp_path / "s.jsonl")
    assert done.returncode == 1
    kinds = {row["id"]: row["kind"] for row in rows}
    failed = {kinds[one["id"]] for one in read(tmp_path / "s.jsonl") if "error" in one}
    assert failed == {"out_of_scope"}


def test_the_evaluators_are_listed_with_their_needs() -> None:
    done = run("evaluators")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    listed = {lines[at]: [line.strip() for line in lines[at + 1 : at + 4]] for at in range(0, len(lines), 4)}
    assert listed.keys() >= set(EvaluatorType)
    assert listed["labeled_score_string"] == [
        "Rates a text by criteria, beside a reference known to be right.",
        "needs:   prediction, input, reference, a judge",
        "returns: score 1 to 10, reasoning",
    ]
    assert listed["score_string"][1] == "needs:   prediction, input, a judge"
    assert listed["trajectory"][1].startswith("needs:   prediction, agent_trajectory, input, a judge")
    for purpose, needs, returns in listed.values():
        assert purpose.endswith(".")
        assert needs.removeprefix("needs:").strip()
        assert returns.startswith("returns: score")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("class Odd:\n    pass\n", "cannot be made from the command line"),
        ("class Odd:\n    def __init__(self, **options): pass\n", "has no ascore, input_keys"),
    ],
)
def test_an_evaluator_of_another_package_that_cannot_score_files_says_so(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "odd_for_tests.py").write_text(code)
    info = tmp_path / "odd_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lc_scoring.evaluators]\nodd = odd_for_tests:Odd\n")
    done = score(write(tmp_path / "rows.jsonl", [RIGHT]), "-e", "odd", PYTHONPATH=str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in done.stderr


def test_version_and_help() -> None:
    assert run("--version").stdout.strip() == "0.1.0"
    assert "--max-concurrency" in run("score", "--help").stdout
    assert run().returncode == 2
