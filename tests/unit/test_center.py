"""Centering a run: a jury's scores without its members' offsets, beside those they were made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from lc_scoring import ConfigError, Run, Score, Usage, load_evaluator, score_dataset
from lc_scoring.runs.center import center_run

NAME = "score_string:helpfulness"
ROWS = [{"id": f"r{n}", "prediction": f"answer <{n}>", "input": "What?"} for n in range(60)]


def member(name: str, offset: int, *, fails_on: str = "none") -> Any:
    def say(prompt: Any) -> str:
        number = int(str(prompt).partition("answer <")[2].partition(">")[0])
        if f"{number}" == fails_on:
            raise RuntimeError("busy")
        return f"So. Rating: [[{3 + number % 3 + offset}]]"

    return RunnableLambda(say, name=name)


def jury(**options: Any) -> Any:
    return load_evaluator(
        "score_string",
        llm=[member("mild", 2), member("even", 1), member("harsh", 0, **options)],
        criteria="helpfulness",
    )


def test_each_member_s_offset_is_taken_off(tmp_path: Path) -> None:
    evaluator = jury(fails_on="0")
    run = score_dataset(ROWS, evaluator, run=tmp_path / "a.run.db")
    before = dict(zip((one.id for one in run.results()), run.scores(), strict=True))
    assert (before["r0"], before["r3"]) == (4.5, 4)  # without the harsh one, the row is rated higher
    name = center_run(run.path, evaluator)
    assert name == f"{NAME}, centered"
    again = Run(run.path)
    assert again.scores(NAME) == list(before.values())
    centered = {one.id: one for one in again.results(name)}
    assert len(centered) == 60
    assert centered["r0"].score == pytest.approx(centered["r3"].score)
    assert all(isinstance(one.outcome, Score) and one.outcome.usage == Usage() for one in centered.values())
    summary = again.summary()[1]
    assert (summary.scored, summary.usage) == (60, Usage())
    assert [path.name for path in tmp_path.iterdir()] == ["a.run.db"]
    assert center_run(run.path, evaluator) == name  # once more is the same
    assert len(Run(run.path).scores(name)) == 60


def test_what_is_no_jury_or_not_there(tmp_path: Path) -> None:
    alone = load_evaluator("score_string", llm=member("one", 0), criteria="helpfulness")
    run = score_dataset(ROWS[:2], alone, run=tmp_path / "a.run.db")
    with pytest.raises(ConfigError, match="Only a jury's members have offsets"):
        center_run(run.path, alone)
    with pytest.raises(ConfigError, match="not of exact_match"):
        center_run(run.path, load_evaluator("exact_match"))


def test_a_run_without_scores(tmp_path: Path) -> None:
    evaluator = jury()
    run = score_dataset([{"prediction": "none", "input": "What?"}], evaluator, run=tmp_path / "a.run.db")
    with pytest.raises(ConfigError, match="has no scores of score_string:helpfulness to center"):
        center_run(run.path, evaluator)


def test_why_a_run_stopped_is_still_known(tmp_path: Path) -> None:
    evaluator = jury()
    run = score_dataset(ROWS, evaluator, run=tmp_path / "a.run.db", max_cost=1.0, max_concurrency=1)
    stopped = run.stopped
    assert stopped is not None
    center_run(run.path, evaluator)
    assert Run(run.path).stopped == stopped
