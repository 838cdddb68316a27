"""`lc-scoring plan-samples`, `probe`, and the juries, samples and rubrics of `score`, as their users run them."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from loopback.command_line import read, run, write
from loopback.openai_api import OpenAIServer

MINI, NANO = "openai:gpt-4.1-mini", "openai:gpt-4.1-nano"
ROWS = [{"id": f"r{n}", "input": "How?", "prediction": "word " * (5 * n)} for n in range(1, 9)]
Reply = Callable[[Mapping[str, Any]], Any]


def over_the_wire(server: OpenAIServer, *arguments: object) -> CompletedProcess[str]:
    return run(*arguments, OPENAI_API_KEY="test-key", OPENAI_BASE_URL=server.url)


def text_of(body: Mapping[str, Any]) -> str:
    return str(body["messages"][1]["content"]).partition("<sample_prediction>\n")[2].partition("\n</sample_pred")[0]


def words(body: Mapping[str, Any]) -> int:
    return len(text_of(body).split())


def in_turn(*offsets: float) -> Reply:
    """A judge that rates by words, and is off by these in turn when it is asked the same again."""
    asked, lock = Counter[str](), threading.Lock()

    def reply(body: Mapping[str, Any]) -> str:
        with lock:
            text = text_of(body)
            offset = offsets[asked[text] % len(offsets)]
            asked[text] += 1
        return f"So it is. Rating: [[{words(body) / 5 + offset}]]"

    return reply


def table(done: CompletedProcess[str]) -> list[list[str]]:
    """The cells of a printed table's rows, its heading first."""
    lines = [re.split("[│┃]", line)[1:-1] for line in done.stdout.splitlines() if line[:1] in "│┃" and line]
    return [[cell.strip() for cell in line] for line in lines]


# plan-samples


def test_a_plan_says_what_each_number_of_samples_brings(tmp_path: Path) -> None:
    """Ratings n - 1, n, n + 1 of rows 2 to 7: MSB = 3 * 17.5 / 5, MSW = 1, so the ICC is 9.5 / 12.5."""
    file = write(tmp_path / "rows.jsonl", ROWS[1:7])
    with OpenAIServer(reply=in_turn(-1, 0, 1)) as server:
        done = over_the_wire(server, "plan-samples", file, "-e", "score_string", "--llm", MINI)
        asked = [call.body for call in server.requests]
    assert (done.returncode, done.stderr) == (0, "")
    assert len(asked) == 18
    assert "temperature" not in asked[0], "samples are asked for at the model's own temperature"
    heading, *rows = table(done)
    assert heading == ["samples", "reliability", "agreement with people, times", "each sample more adds"]
    assert [row[0] for row in rows] == ["1", "2", "3", "5", "8", "10", "15", "20"]
    assert rows[0] == ["1", "0.76", "1", ""]
    assert rows[2][1] == "0.90"  # 3 * .76 / (1 + 2 * .76)
    assert re.fullmatch(r"1\.09 \(1\.\d\d to 1\.\d\d\)", rows[2][2])
    assert re.fullmatch(r"\+\d\.\d%", rows[2][3])
    assert "From 18 repeats of 6 rows" in " ".join(done.stdout.split())
    assert "ICC 0.76 [" in " ".join(done.stdout.split())


def test_a_plan_names_its_failures_and_tells_of_the_rest(tmp_path: Path) -> None:
    steady = in_turn(0, 0.5)

    def reply(body: Mapping[str, Any]) -> Any:
        return "Hm." if words(body) == 15 else steady(body)

    file = write(tmp_path / "rows.jsonl", [*ROWS, b"{broken\n", {"id": "none", "input": "?", "prediction": None}])
    with OpenAIServer(reply=reply) as server:
        done = over_the_wire(
            server, "plan-samples", file, "-e", "score_string", "--llm", MINI, "--repeats", 2, "--set", "repair=0"
        )
    assert done.returncode == 1
    assert [line.partition(",")[0] for line in done.stderr.splitlines()] == ["r3", "line 9", "none"]
    assert "From 14 repeats of 7 rows" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("plan-samples", ("-e", "exact_match"), "takes no 'samples'"),
        ("plan-samples", ("--repeats", "1"), "--repeats"),
        ("plan-samples", ("--limit", "1"), "--limit"),
        ("probe", ("-e", "exact_match"), "asks no judge"),
        ("probe", ("--repeats", "1"), "--repeats"),
        ("probe", ("-e", "pairwise_string", "--llm", "offline"), "no column 'prediction_b'"),
    ],
)
def test_a_wrong_call_is_one_message_and_exit_code_2(
    tmp_path: Path, command: str, arguments: tuple[str, ...], said: str
) -> None:
    file = write(tmp_path / "rows.jsonl", [{**row, "reference": "x"} for row in ROWS])
    done = run(command, file, *(("--llm", "offline", "-c", "correctness") if "-e" not in arguments else ()), *arguments)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert said in " ".join(done.stderr.split())


# probe


def test_a_probe_finds_that_length_pays_and_names_what_failed(tmp_path: Path) -> None:
    def reply(body: Mapping[str, Any]) -> Any:
        return "Hm." if words(body) == 15 else f"So. Rating: [[{min(words(body) / 10, 10)}]]"

    file = write(tmp_path / "rows.jsonl", ROWS[1:])
    with OpenAIServer(reply=reply) as server:
        done = over_the_wire(
            server, "probe", file, "-e", "score_string", "-c", "depth", "-c", "detail", "--llm", MINI, "--limit", 6
        )
    assert done.returncode == 1, done.stderr
    heading, *rows = table(done)
    assert heading == ["measure", "value [95 % interval]", "rows", "what it is"]
    shown = {row[0]: row[1:3] for row in rows if row[0]}
    assert list(shown) == [
        "flip rate",
        "spread",
        "change between repeats",
        "criteria reordered",
        "other wording",
        "padded text",
        "length bias",
    ]
    assert shown["flip rate"] == ["0.00 [0.00, 0.43]", "5"]
    assert all(shown[name] == ["0.00 [0.00, 0.00]", "5"] for name in list(shown)[1:5])
    assert shown["padded text"] == shown["length bias"]
    assert re.fullmatch(r"[45]\.\d\d \[[45]\.\d\d, [45]\.\d\d\]", shown["length bias"][0])
    assert "row 2, again" in done.stderr
    assert "... and 2 more without a score." in done.stderr


def test_a_probe_of_pairs_finds_the_place_that_a_judge_prefers(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [{**row, "prediction_b": "Other."} for row in ROWS])
    with OpenAIServer(reply="First come. Verdict: [[A]]") as server:
        done = over_the_wire(server, "probe", file, "-e", "pairwise_string", "-c", "depth", "--llm", MINI)
    assert done.returncode == 0, done.stderr
    shown = {row[0]: row[1] for row in table(done)}
    assert shown["position bias"] == "1.00 [1.00, 1.00]"
    assert shown["position flips"].startswith("1.00 [")


@pytest.mark.parametrize("row", [b"{broken\n", {"id": "none", "input": "?", "prediction": None, "reference": "x"}])
def test_a_probe_names_a_row_that_cannot_be_read_and_goes_on(tmp_path: Path, row: Any) -> None:
    jupiter = {"input": "The largest planet?", "prediction": "It is Jupiter.", "reference": "Jupiter"}
    file = write(tmp_path / "rows.jsonl", [jupiter, jupiter, row])
    done = run("probe", file, "-c", "correctness", "--llm", "offline")
    assert done.returncode == 1
    assert done.stderr
    assert {cells[2] for cells in table(done)[1:] if cells[2]} == {"2"}


# score: samples, juries, centering, rubrics


def test_a_jury_with_samples_is_centered_over_all_rows(tmp_path: Path) -> None:
    """One member rates 2 above the other, and is missing from a row: that row is put on the jury's level."""

    def reply(body: Mapping[str, Any]) -> Any:
        mild = body["model"] == "gpt-4.1-mini"
        if mild and words(body) == 20:
            return {"status": 400}
        return f"So. Rating: [[{words(body) / 5 + 2 * mild}]]"

    file = write(tmp_path / "rows.jsonl", ROWS[:5])
    with OpenAIServer(reply=reply) as server:
        done = over_the_wire(
            server, "score", file, "-e", "score_string", "--llm", NANO, "--llm", MINI, "--samples", 2, "--center",
            "--set", "quorum=1", "-o", tmp_path / "s.jsonl",
        )  # fmt: skip
        assert len(server.requests) == 5 * 2 * 2
    assert done.returncode == 0, done.stderr
    scores = read(tmp_path / "s.jsonl")
    assert [(row["id"], row["score"]) for row in scores] == [("r1", 2), ("r2", 3), ("r3", 4), ("r4", 5), ("r5", 6)]
    assert [row["basis"] for row in scores] == [
        *["mean of 2 members"] * 3, "mean of 1 of 2 members", "mean of 2 members",
    ]  # fmt: skip
    assert scores[0]["parts"][0]["score"] == 1
    assert "center=ChatOpenAI:gpt-4.1-mini+1,ChatOpenAI:gpt-4.1-nano-1" in scores[0]["signature"]
    said = " ".join(done.stdout.split())
    assert "5, 5 scored, 0 failed" in said
    assert "standard deviation within a row 1.41 on average" in said
    assert "ChatOpenAI:gpt-4.1-mini: 1" in said


def test_rows_to_which_a_rubric_does_not_apply_are_counted_apart(tmp_path: Path) -> None:
    def reply(body: Mapping[str, Any]) -> str:
        return "There is no tone in it. Rating: [[N/A]]" if words(body) == 5 else "It fits. Rating: [[4]]"

    file = write(tmp_path / "rows.jsonl", ROWS[:3])
    with OpenAIServer(reply=reply) as server:
        done = over_the_wire(
            server, "score", file, "-e", "score_string", "--rubric", "tone", "--set", "not_applicable=true",
            "--llm", MINI, "-o", tmp_path / "s.jsonl",
        )  # fmt: skip
        prompt = server.requests[0].body["messages"][1]["content"]
    assert (done.returncode, done.stderr) == (0, "")
    assert "from 1 (lowest) to 5 (highest), in steps of 1." in prompt
    assert "  Score 5: Every word fits" in prompt
    passed, *rated = read(tmp_path / "s.jsonl")
    assert passed.items() >= {"id": "r1", "line": 1, "not_applicable": True}.items()
    assert passed["reasoning"] == "There is no tone in it. Rating: [[N/A]]"
    assert not passed.keys() & {"score", "value", "error"}
    assert [(row["score"], row["value"]) for row in rated] == [(4, 0.75)] * 2
    assert "3, 2 scored, 1 not applicable, 0 failed" in done.stdout
    assert "4.00 [2.03, 4.66] (n = 2, 95 % interval)" in done.stdout


@pytest.mark.parametrize("command", ["plan-samples", "probe"])
def test_what_does_not_apply_is_no_failure_of_a_judge(tmp_path: Path, command: str) -> None:
    def reply(body: Mapping[str, Any]) -> Any:
        return "No. Rating: [[N/A]]" if words(body) == 5 else f"Rating: [[{min(10, words(body) // 5)}]]"

    file = write(tmp_path / "rows.jsonl", ROWS)
    with OpenAIServer(reply=reply) as server:
        done = over_the_wire(server, command, file, "-e", "score_string", "--llm", MINI, "--set", "not_applicable=true")
    assert (done.returncode, done.stderr) == (0, "")


def test_one_judge_is_not_centered_and_costs_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", ROWS[:3])
    with OpenAIServer() as server:
        done = over_the_wire(server, "score", file, "-e", "score_string", "--llm", MINI, "--center")
        assert server.requests == []
    assert (done.returncode, done.stdout) == (2, "")
    assert "jury" in done.stderr


def test_an_evaluator_without_a_judge_is_not_centered(tmp_path: Path) -> None:
    done = run(
        "score", write(tmp_path / "rows.jsonl", [{**ROWS[0], "reference": "x"}]), "-e", "exact_match", "--center"
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_scores_that_cannot_be_centered_are_not_lost(tmp_path: Path) -> None:
    def reply(body: Mapping[str, Any]) -> Any:
        return {"status": 400} if body["model"] == "gpt-4.1-mini" else "So. Rating: [[7]]"

    file = write(tmp_path / "rows.jsonl", ROWS[:3])
    with OpenAIServer(reply=reply) as server:
        over_the_wire(
            server, "score", file, "-e", "score_string", "--llm", NANO, "--llm", MINI, "--llm", "openai:gpt-4o",
            "--center", "-o", tmp_path / "s.jsonl",
        )  # fmt: skip
    assert [row.get("score") for row in read(tmp_path / "s.jsonl")] == [7, 7, 7]
