"""Runs where two things meet: a limit and Ctrl-C, a link and a lock, an example and a target, words and markup."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from langsmith.schemas import Example
from rich.console import Console

from lc_scoring import ConfigError, Run, Score, StringEvaluator, load_evaluator, score_dataset
from lc_scoring.cli.summary import plain_text
from lc_scoring.runs.request import Request
from lc_scoring.runs.session import INTERRUPTED, Session
from lc_scoring.runs.store import Store

ROWS = [{"id": str(number), "prediction": "Paris", "reference": "Paris"} for number in range(6)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.run.db"


class Rated(StringEvaluator):
    """An evaluator of another package, with a Score of its own."""

    def __init__(self, **given: Any) -> None:
        self.given = given

    def _evaluate_strings(self, *, prediction: Any, reference: Any = None, input: Any = None, **kwargs: Any) -> Any:  # noqa: A002
        return {"score": 1}

    def _as_score(self, result: Any) -> Score:
        return Score(name="Rated", value=1.0, **self.given)


async def test_ctrl_c_stops_a_run_that_a_limit_has_stopped_already(path: Path) -> None:
    begun = asyncio.Event()

    async def app(row: Mapping[str, Any]) -> str:
        begun.set()
        await asyncio.sleep(60)
        return str(row)

    session = Session(Request(data=ROWS, evaluators="exact_match", run=path, target=app, max_concurrency=1))
    running = asyncio.create_task(session.score())
    await begun.wait()
    session._stop("max_time is over")
    session.interrupt()
    session.interrupt()
    await asyncio.wait_for(running, 10)
    assert (session.stopped, Run(path).stopped) == (INTERRUPTED, INTERRUPTED)


@pytest.mark.parametrize("text", [r"\[/b]", "[bold]x", r"\\[link=http://example.com]here", "a:100:b :x:", "plain"])
def test_no_text_is_markup(text: str) -> None:
    out = StringIO()
    Console(file=out, emoji=False, width=200).print(plain_text(text))
    assert out.getvalue() == f"{text}\n"


def test_ratings_of_one_on_a_longer_scale_are_no_share(path: Path) -> None:
    judge = load_evaluator("score_string", llm=lambda _: "Bad. Rating: [[1]]", criteria="depth")
    run = score_dataset([{"input": f"{n}?", "prediction": "x"} for n in range(20)], judge, run=path)
    (summary,) = run.summary()
    assert summary.interval is not None
    assert (summary.interval.low, summary.interval.high) == (1.0, pytest.approx(2.45, abs=0.01))
    assert summary.histogram[0].count == 20


def test_scores_that_were_divided_stand_on_the_divided_scale(path: Path) -> None:
    judge = load_evaluator("score_string", llm=lambda _: "Good. Rating: [[7]]", criteria="depth", normalize_by=10)
    run = score_dataset([{"input": f"{n}?", "prediction": "x"} for n in range(3)], judge, run=path)
    bins = run.summary()[0].histogram
    assert (bins[0].low, bins[-1].high) == (0.1, 1.0)
    assert [one.low for one in bins if one.count] == [pytest.approx(0.685, abs=0.02)]


def test_a_limit_holds_for_rows_that_are_there_already(path: Path) -> None:
    score_dataset(ROWS, "exact_match", run=path)
    run = score_dataset(ROWS, load_evaluator("string_distance"), run=path, resume=True, limit=2)
    assert [summary.scored for summary in run.summary()] == [6, 2]


def test_the_target_of_langsmith_examples_sees_the_inputs_alone(path: Path) -> None:
    example = Example(id="00000000-0000-4000-8000-000000000001", inputs={"q": "France?"}, outputs={"a": "Paris"})
    seen: list[Any] = []

    def app(row: Any) -> str:
        seen.append(row)
        return "Paris"

    run = score_dataset([example], "exact_match", target=app, run=path)
    assert (seen, run.scores()) == ([{"q": "France?"}], [1.0])


def test_a_target_with_a_function_for_the_reference_is_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="name the column"):
        score_dataset(ROWS, "exact_match", target=str, columns={"reference": lambda row: row["gold"]}, run=path)


@pytest.mark.parametrize("given", [{"reasoning": None}, {"parsed": {(1, 2): 3}}])
def test_a_score_that_cannot_be_kept_is_that_row_s_failure(path: Path, given: dict[str, Any]) -> None:
    run = score_dataset([{"prediction": "x"}], Rated(**given), run=path)
    assert list(run.summary()[0].failures) == ["ScoringError"]


def test_a_link_to_a_run_has_its_lock(tmp_path: Path, path: Path) -> None:
    with Store.open(path, goes_on=False) as first:
        first.begin({})
        (tmp_path / "link.db").symlink_to(path)
        with (
            Store.open(tmp_path / "link.db", goes_on=True) as second,
            pytest.raises(ConfigError, match="Another process"),
        ):
            second.begin({})


def test_predictions_that_are_there_are_judged_by_a_later_evaluator(path: Path) -> None:
    rows = [{"id": row["id"], "reference": "Paris"} for row in ROWS]
    score_dataset(rows, "exact_match", target=lambda _: {"answer": "Paris"}, run=path)
    run = score_dataset(rows, load_evaluator("string_distance"), run=path, resume=True)
    assert run.scores("jaro_winkler_distance") == [0.0] * 6
    with pytest.raises(ConfigError, match="was made with target='<lambda>', now it is 'str'"):
        score_dataset(rows, "exact_match", target=str, run=path, resume=True)


def test_a_second_array_is_not_passed_over(tmp_path: Path, path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(ROWS[:1]) + "\n" + json.dumps(ROWS[1:]))
    with pytest.raises(ConfigError, match="goes on after its array"):
        score_dataset(file, "exact_match", run=path)
    assert Run(path).stopped is not None
