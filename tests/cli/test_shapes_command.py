"""Rows in the shapes of other tools, scored from the command line without a word about columns."""

from __future__ import annotations

from pathlib import Path

from loopback.command_line import run, write

ROWS = [{"user_input": "France?", "response": "Paris", "retrieved_contexts": ["It is Paris."], "reference": "Paris"}]


def test_rows_of_ragas_are_scored_and_rehearsed(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", ROWS)
    asked = run("score", file, "-e", "exact_match", "--run", tmp_path / "a.run.db", "--dry-run")
    assert (asked.returncode, asked.stderr) == (0, "")
    scored = run("score", file, "-e", "exact_match", "--run", tmp_path / "a.run.db", "-q")
    assert (scored.returncode, "1, 1 scored, 0 failed" in scored.stdout) == (0, True)


def test_a_judge_without_lists_is_refused_before_the_run(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", ROWS)
    done = run("score", file, "-e", "faithfulness", "--llm", "offline", "--run", tmp_path / "a.run.db")
    assert done.returncode == 2
    assert "OfflineJudge answers no question with a list" in done.stderr
    assert not (tmp_path / "a.run.db").exists()
