"""score_dataset: rows in, a run out; the judge is asked over the wire, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langsmith import Client
from langsmith.utils import get_env_var
from loopback.langsmith_api import LangSmithServer
from loopback.openai_api import OpenAIServer
from loopback.ways import GOOD, chat

from lc_scoring import (
    ConfigError,
    Failure,
    ModelError,
    NotApplicable,
    Run,
    RunFileError,
    Sample,
    Score,
    StringEvaluator,
    ascore_dataset,
    load_evaluator,
    score_dataset,
)
from lc_scoring.models.scheduler import SCHEDULER

pytestmark = pytest.mark.usefixtures("no_settings")

NAME = "score_string:helpfulness"


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    return judge_server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.run.db"


def rows(number: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"r{n}", "prediction": f"answer <{n}>", "input": "What?"} for n in range(first, first + number)]


def questions(number: int) -> list[dict[str, Any]]:
    return [{"id": f"q{n}", "question": f"What is {n}?", "reference": f"answer {n}"} for n in range(number)]


def judge(server: OpenAIServer, **options: Any) -> Any:
    return load_evaluator("score_string", llm=chat(server), **{"criteria": "helpfulness", **options})


def asked(server: OpenAIServer) -> Counter[str]:
    """Return how often each answer was asked about."""
    found: Counter[str] = Counter()
    for call in server.requests:
        text = str(call.body["messages"])
        found.update(f"r{part.partition('>')[0]}" for part in text.split("answer <")[1:2])
    return found


def told(run: Run) -> list[tuple[str, float | None]]:
    return [(result.id, result.score) for result in run.results()]


def errors(run: Run) -> list[str]:
    return [str(result.outcome.error) for result in run.results(failed=True) if isinstance(result.outcome, Failure)]


async def in_time(*given: Any, seconds: float = 10.0, **options: Any) -> Run:
    return await asyncio.wait_for(ascore_dataset(*given, **options), seconds)


class Length(StringEvaluator):
    """Scores a text by its length; what it says of some texts is something else."""

    def _evaluate_strings(self, *, prediction: str, **_: Any) -> dict[str, Any]:
        if prediction.startswith("late"):
            raise TimeoutError("my own")
        if prediction.startswith("odd"):
            raise KeyError("my own")
        if prediction.startswith("neither"):
            raise NotApplicable("Not for such a text.")
        return {"score": len(prediction) % 2, "value": "Y", "reasoning": "by its length"}


# Rows in.


async def as_stream(items: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for item in items:
        yield item


@pytest.mark.parametrize("kind", ["list", "generator", "async", "samples"])
async def test_rows_of_any_kind(server: OpenAIServer, path: Path, kind: str) -> None:
    given: Any = {
        "list": lambda: rows(5),
        "generator": lambda: (row for row in rows(5)),
        "async": lambda: as_stream(rows(5)),
        "samples": lambda: [Sample(**row) for row in rows(5)],
    }[kind]()
    run = await ascore_dataset(given, judge(server), run=path)
    assert sorted(told(run)) == [(f"r{n}", 8) for n in range(5)]
    assert asked(server) == {f"r{n}": 1 for n in range(5)}
    assert run.path == path
    assert run.stopped is None
    assert [usage.calls for usage in run.usage().values()] == [5]


def test_columns_are_mapped(server: OpenAIServer, path: Path) -> None:
    data = [{"q": "Who?", "out": {"answer": "answer <1>"}, "n": 1}]
    columns = {"prediction": "out.answer", "input": lambda row: f"{row['q']} ({row['n']})"}
    run = score_dataset(data, judge(server), run=path, columns=columns)
    (result,) = run.results()
    assert (result.score, result.values, result.line) == (8, data[0], 1)
    assert "Who? (1)" in str(server.requests[0].body)


def test_a_missing_column_is_found_before_anything_is_asked(server: OpenAIServer, path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rows, row 1: no column 'input'\. Present: id, prediction"):
        score_dataset([{"id": 1, "prediction": "a"}], judge(server), run=path)
    assert not path.exists()
    assert server.requests == []


def test_a_value_that_is_missing_later_is_that_row_s_failure(server: OpenAIServer, path: Path) -> None:
    data = [*rows(2), {"id": "bad", "prediction": "answer <9>"}, "no row", *rows(2, 2)]
    run = score_dataset(data, judge(server), run=path)
    assert dict(told(run)) == {"r0": 8, "r1": 8, "r2": 8, "r3": 8, "bad": None, "row 4": None}
    assert errors(run)[0].startswith("rows, row 3: no column 'input'.")
    assert errors(run)[1].startswith("row 4: a row is a mapping")
    assert run.summary()[0].failures == {"ConfigError": 2}
    assert len(server.requests) == 4


def test_a_limit_holds_and_can_be_raised(server: OpenAIServer, path: Path) -> None:
    assert score_dataset(rows(9), judge(server), run=path, limit=4).rows == 4
    assert score_dataset(rows(9), judge(server), run=path, limit=7, resume=True).rows == 7
    assert score_dataset(rows(9), judge(server), run=path, resume=True).scores() == [8] * 9
    assert set(asked(server).values()) == {1}


@pytest.mark.parametrize("limit", [1, 3])
async def test_a_limit_of_an_async_stream(server: OpenAIServer, path: Path, limit: int) -> None:
    run = await ascore_dataset(as_stream(rows(9)), judge(server), run=path, limit=limit)
    assert run.rows == limit


async def test_a_limit_asks_an_async_stream_for_no_row_more(path: Path) -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        for row in rows(3):
            yield row
        await asyncio.Event().wait()

    run = await in_time(stream(), Length(), run=path, limit=3, seconds=1)
    assert run.rows == 3


async def test_a_source_that_breaks_off_loses_nothing(server: OpenAIServer, path: Path) -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        for row in rows(3):
            yield row
        raise OSError("The line is dead.")

    with pytest.raises(OSError, match="The line is dead"):
        await ascore_dataset(stream(), judge(server), run=path)
    assert Run(path).scores() == [8, 8, 8]
    run = await ascore_dataset(as_stream(rows(5)), judge(server), run=path, resume=True)
    assert run.scores() == [8] * 5
    assert set(asked(server).values()) == {1}


def test_a_row_that_cannot_be_stored_is_that_row_s_failure(path: Path) -> None:
    data = [{"prediction": "a"}, {"prediction": "b", "counts": {("x", "y"): 1}}, {"prediction": "c"}]
    assert len(list(score_dataset(data, Length(), run=path).results())) == 3


def test_duplicates_in_flight_are_asked_once_and_cost_once(server: OpenAIServer, path: Path) -> None:
    arrived, let_go = threading.Semaphore(0), threading.Event()

    def reply(_body: object) -> str:
        arrived.release()
        let_go.wait(10)
        return GOOD

    server.reply = reply
    data = [{**row, "id": None} for row in rows(2)] * 3
    scoring = threading.Thread(target=score_dataset, args=(data, judge(server)), kwargs={"run": path})
    scoring.start()
    assert arrived.acquire(timeout=10)
    assert arrived.acquire(timeout=10)
    assert not arrived.acquire(timeout=0.3)  # the twins wait
    let_go.set()
    scoring.join()
    run = Run(path)
    assert len(server.requests) == 2
    assert run.scores() == [8] * 6
    assert sorted(result.outcome.usage.calls for result in run.results() if isinstance(result.outcome, Score)) == [
        *(0, 0, 0, 0, 1, 1),
    ]
    assert len({result.id for result in run.results()}) == 6
    assert run.summary()[0].usage.calls == 2


# Evaluators.


def test_several_evaluators(server: OpenAIServer, path: Path) -> None:
    data = [{**row, "reference": "answer <1>"} for row in rows(3)]
    run = score_dataset(data, [judge(server), "exact_match", Length()], run=path)
    assert [one.name for one in run.evaluators] == [NAME, "exact_match", "Length"]
    assert run.scores("exact_match") == [0, 1, 0]
    assert run.scores(NAME) == [8, 8, 8]
    assert len(list(run.results())) == 9
    assert [result.name for result in run.results()][:3] == [NAME, "exact_match", "Length"]
    with pytest.raises(ConfigError, match=r"not of exact-match\. Did you mean 'exact_match'\?"):
        run.scores("exact-match")
    with pytest.raises(ConfigError, match=r"Say which\."):
        run.scores()
    later = score_dataset(data, [judge(server, criteria="depth"), "exact_match"], run=path, resume=True)
    assert len(later.scores("score_string:depth")) == 3
    assert len(server.requests) == 6


def test_one_evaluator_s_failure_is_not_another_s(server: OpenAIServer, path: Path) -> None:
    server.reply = lambda body: "Hm." if "answer <1>" in str(body) else GOOD
    run = score_dataset(rows(3), [judge(server), Length()], run=path)
    assert [result.id for result in run.results(NAME, failed=True)] == ["r1"]
    assert "Hm." in errors(run)[0]
    assert len(run.scores("Length")) == 3


def test_errors_of_another_s_evaluator_are_failures(path: Path) -> None:
    data = [{"id": text, "prediction": text} for text in ("odd", "neither", "late", "fine")]
    run = score_dataset(data, Length(), run=path)
    found = {result.id: result for result in run.results()}
    assert found["fine"].score == 0
    assert str(found["odd"].outcome.error) == "The evaluator failed: KeyError: 'my own'"  # type: ignore[union-attr]
    assert isinstance(found["neither"].outcome.error, NotApplicable)  # type: ignore[union-attr]
    (summary,) = run.summary()
    assert (summary.scored, summary.not_applicable, summary.failed) == (1, 1, 2)


def test_an_evaluator_s_own_timeout_is_told_as_its_own(path: Path) -> None:
    run = score_dataset([{"id": "late", "prediction": "late"}], Length(), run=path)
    assert "my own" in errors(run)[0]


def test_an_evaluator_s_own_timeout_without_a_row_timeout(path: Path) -> None:
    run = score_dataset([{"id": "late", "prediction": "late"}], Length(), run=path, row_timeout=None)
    assert len(errors(run)) == 1


def test_an_evaluator_that_reports_no_number(path: Path) -> None:
    class Endless(Length):
        def reported(self, score: Score) -> float:
            return float("inf")

    run = score_dataset([{"prediction": "a"}], Endless(), run=path)
    assert errors(run) == ["The evaluator reported inf as its score; a score is a finite number."]


def test_an_evaluator_that_only_has_what_is_needed(path: Path) -> None:
    class Plain:
        input_keys = ("prediction",)
        evaluation_name = "plain"
        signature = "plain|1"

        async def ascore(self, fields: dict[str, Any]) -> Score:
            return Score(
                name="plain", value=0.5, rating=3.0 if fields["prediction"] == "a" else None, signature="other"
            )

    run = score_dataset([{"prediction": "a"}, {"prediction": "b"}], Plain(), run=path)
    assert run.scores() == [3.0, 0.5]
    assert {result.outcome.signature for result in run.results() if isinstance(result.outcome, Score)} == {"other"}


def test_steps_of_an_agent_are_duplicates_too(path: Path) -> None:
    class Steps:
        input_keys = ("agent_trajectory",)
        evaluation_name, signature = "steps", "steps|1"
        asked = 0

        async def ascore(self, _fields: dict[str, Any]) -> Score:
            self.asked += 1
            await asyncio.sleep(0.1)
            return Score(name="steps", value=1.0, signature=self.signature)

    steps = Steps()
    data = [{"agent_trajectory": [["add", "4"], {"a": 1}]}] * 3
    assert score_dataset(data, steps, run=path).scores() == [1, 1, 1]
    assert steps.asked == 1


# Failures, resumed and retried.


def test_a_run_goes_on_and_asks_nothing_twice(server: OpenAIServer, path: Path) -> None:
    score_dataset(rows(4), judge(server), run=path)
    with pytest.raises(ConfigError, match="holds a run already"):
        score_dataset(rows(4), judge(server), run=path)
    shuffled = [rows(8)[n] for n in (5, 0, 7, 3, 1, 2, 6, 4)]
    run = score_dataset(shuffled, judge(server), run=path, resume=True)
    assert run.scores() == [8] * 8
    assert asked(server) == {f"r{n}": 1 for n in range(8)}
    score_dataset(shuffled, judge(server), run=path, resume=True)
    assert len(server.requests) == 8


def test_a_finished_file_is_not_read_again(server: OpenAIServer, tmp_path: Path, path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,prediction,input\na,answer <1>,What?\nb,answer <2>,What?\n")
    score_dataset(file, judge(server), run=path)
    score_dataset(file, judge(server), run=path, resume=True)
    file.write_text(file.read_text() + "c,answer <3>,What?\na,another,What?\n")
    run = score_dataset(file, judge(server), run=path, resume=True)
    assert [(result.id, result.score) for result in run.results()] == [
        *(("a", 8), ("b", 8), ("c", 8), ("a (63ae1b74)", None)),
    ]
    assert "is that of line 2 too, with other content" in errors(run)[0]


@pytest.mark.parametrize(
    "changed", [{"columns": {"prediction": "input"}}, {"id_column": "key"}, {"evaluators": "depth"}, {"data": "file"}]
)
def test_a_run_goes_on_with_the_same_alone(server: OpenAIServer, tmp_path: Path, path: Path, changed: Any) -> None:
    score_dataset(rows(2), judge(server), run=path)
    if changed.get("data"):
        file = tmp_path / "rows.csv"
        file.write_text("id,prediction,input\na,b,c\n")
        changed = {"data": file}
    if changed.get("evaluators"):
        other = load_evaluator("score_string", llm=chat(server, "other"), criteria="helpfulness")
        changed = {"evaluators": other}
    with pytest.raises(ConfigError, match=r"was made with|were made differently"):
        score_dataset(**{"data": rows(2), "evaluators": judge(server), "run": path, "resume": True, **changed})
    assert len(server.requests) == 2
    assert score_dataset(rows(3), judge(server), run=path, resume=True).scores() == [8] * 3


def test_failures_alone_are_asked_again(server: OpenAIServer, path: Path) -> None:
    server.reply = lambda body: {"status": 400} if "answer <1>" in str(body) else GOOD
    run = score_dataset(rows(3), judge(server), run=path)
    assert dict(told(run)) == {"r0": 8, "r1": None, "r2": 8}
    assert score_dataset(rows(3), judge(server), run=path, resume=True).scores() == [8, 8]  # a failure is an outcome
    assert len(server.requests) == 3
    server.reply = GOOD
    run = score_dataset(rows(4), judge(server), run=path, retry_failures=True)
    assert run.scores() == [8, 8, 8]
    assert asked(server) == {"r0": 1, "r1": 2, "r2": 1}
    run = score_dataset(rows(4), judge(server), run=path, retry_failures=True, resume=True)
    assert run.scores() == [8] * 4


def test_what_cannot_be_read_is_not_asked_again(server: OpenAIServer, path: Path) -> None:
    data = [*rows(1), "no row"]
    score_dataset(data, judge(server), run=path)
    run = score_dataset(data, judge(server), run=path, retry_failures=True, resume=True)
    assert [run.rows, len(run.scores()), len(server.requests)] == [2, 1, 1]


def test_failures_of_no_run(server: OpenAIServer, path: Path) -> None:
    with pytest.raises(ConfigError):
        score_dataset(rows(1), judge(server), run=path, retry_failures=True)
    assert not path.exists()


def test_a_last_error_is_told(server: OpenAIServer, path: Path) -> None:
    server.reply = {"status": 503}
    run = score_dataset(rows(1), judge(server), run=path, max_retries=1, max_concurrency=1)
    assert "503" in errors(run)[0]
    assert len(server.requests) == 2


def test_a_row_s_time_is_over(server: OpenAIServer, path: Path) -> None:
    server.reply = {"status": 429, "headers": {"Retry-After": "0.05"}}
    run = score_dataset(rows(2), judge(server), run=path, row_timeout=0.4)
    assert all(text.startswith("The judge gave no answer within 0.4 seconds. The last error:") for text in errors(run))
    assert len(errors(run)) == 2
    assert all(isinstance(result.outcome.error, ModelError) for result in run.results())  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [401, 404])
def test_a_run_that_is_hopeless_is_stopped(server: OpenAIServer, path: Path, status: int) -> None:
    server.reply = {"status": status}
    run = score_dataset(rows(200), judge(server), run=path, max_concurrency=4)
    assert run.stopped is not None
    assert run.stopped.startswith("the first 20 rows were refused for a reason that holds for all: ")
    assert 20 <= len(server.requests) <= 24
    server.reply = GOOD
    run = score_dataset(rows(200), judge(server), run=path, resume=True, retry_failures=True)
    assert (run.stopped, run.scores()) == (None, [8] * 200)


def test_a_run_that_was_answered_once_is_not_hopeless(server: OpenAIServer, path: Path) -> None:
    server.reply = lambda body: GOOD if "answer <0>" in str(body) else {"status": 403}
    run = score_dataset(rows(40), judge(server), run=path, max_concurrency=1)
    assert (run.stopped, run.summary()[0].failed) == (None, 39)


# Money and time.


def test_the_budget_of_tokens_stops_the_run_and_it_goes_on(server: OpenAIServer, path: Path) -> None:
    server.reply = {"content": GOOD, "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}}
    run = score_dataset(rows(20), judge(server), run=path, max_tokens=450, max_concurrency=1)
    assert run.stopped == "max_tokens of 450 is reached: 500 and what is in flight"
    assert len(run.scores()) == len(server.requests) == 5
    run = score_dataset(rows(20), judge(server), run=path, resume=True, max_tokens=450)
    assert len(server.requests) == 5  # what was spent before counts
    assert score_dataset(rows(20), judge(server), run=path, resume=True).scores() == [8] * 20
    assert len(server.requests) == 20


def test_the_budget_of_money_stops_the_run(server: OpenAIServer, path: Path) -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    server.reply = {"content": GOOD, "usage": usage}  # 0.15 dollars
    evaluator = load_evaluator("score_string", llm=chat(server, "gpt-4o-mini"), criteria="helpfulness")
    run = score_dataset(rows(9), evaluator, run=path, max_cost=0.4, max_concurrency=1)
    assert run.stopped == "max_cost of $0.4 is reached: $0.4500 and what is in flight"
    assert len(server.requests) == 3
    assert run.summary()[0].usage.cost == pytest.approx(0.45)


def test_a_budget_of_money_needs_a_price(server: OpenAIServer, path: Path) -> None:
    run = score_dataset(rows(9), judge(server), run=path, max_cost=1.0, max_concurrency=1)
    assert run.stopped is not None
    assert run.stopped.startswith("max_cost cannot be kept")
    assert len(server.requests) == 1


def test_the_budget_of_time_stops_the_run(server: OpenAIServer, path: Path) -> None:
    run = score_dataset(rows(500), judge(server), run=path, max_time=0.15, requests_per_minute=1_200)
    assert run.stopped == "max_time of 0.15 seconds is over"
    assert len(run.scores()) == len(server.requests) < 500


# Targets.


def by_function(row: dict[str, Any]) -> str:
    return row["question"].replace("What is ", "answer ").rstrip("?")


async def by_coroutine(row: dict[str, Any]) -> str:
    await asyncio.sleep(0)
    return by_function(row)


class ByObject:
    async def __call__(self, row: dict[str, Any]) -> str:
        return by_function(row)


TARGETS: dict[str, Any] = {
    "function": by_function,
    "coroutine": by_coroutine,
    "object": ByObject(),
    "runnable": RunnableLambda(by_function),
    "async runnable": RunnableLambda(by_coroutine),
    "chain": RunnableLambda(by_function) | RunnableLambda(AIMessage),
    "message": lambda row: AIMessage(by_function(row)),
    "mapping": lambda row: {"output": by_function(row)},
    "awaitable": lambda row: by_coroutine({**row}),
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_target_makes_the_predictions(path: Path, target: Any) -> None:
    run = score_dataset(questions(5), "exact_match", run=path, target=target)
    assert sorted(told(run)) == [(f"q{n}", 1) for n in range(5)]
    made = [result.prediction for result in run.results()]
    assert {one["output"] if isinstance(one, dict) else one for one in made} == {f"answer {n}" for n in range(5)}


def test_a_target_is_not_shown_the_reference(path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def app(row: dict[str, Any]) -> str:
        seen.append(row)
        return "a"

    data = [{"id": 1, "gold": {"answer": "a"}, "reference": "b", "reference_outputs": "c", "q": "Q"}]
    run = score_dataset(data, "exact_match", run=path, target=app, columns={"reference": "gold.answer"})
    assert run.scores() == [1]
    assert seen == [{"id": 1, "q": "Q"}]


def test_a_target_that_fails_is_that_row_s_failure_and_can_be_asked_again(path: Path) -> None:
    broken, calls = [True], []

    def app(row: dict[str, Any]) -> str:
        calls.append(row["id"])
        if row["id"] == "q1" and broken[0]:
            raise RuntimeError("no sk-abcdef123456 for you")
        return by_function(row)

    run = score_dataset(questions(3), "exact_match", run=path, target=app)
    assert dict(told(run)) == {"q0": 1, "q1": None, "q2": 1}
    assert errors(run)[0].startswith("The target failed: RuntimeError: no ")
    assert "sk-abcdef123456" not in errors(run)[0]
    broken.clear()
    broken.append(False)
    run = score_dataset(questions(3), "exact_match", run=path, target=app, retry_failures=True)
    assert run.scores() == [1, 1, 1]
    assert Counter(calls) == {"q0": 1, "q1": 2, "q2": 1}
    later = score_dataset(questions(3), ["exact_match", Length()], run=path, target=app, resume=True)
    assert len(later.scores("Length")) == 3
    assert len(calls) == 4  # what was made is judged again, and not made again


def test_a_target_that_is_busy_is_asked_again(path: Path) -> None:
    calls: list[str] = []

    async def app(row: dict[str, Any]) -> str:
        calls.append(row["id"])
        if len(calls) == 1:
            raise ConnectionResetError
        return by_function(row)

    run = score_dataset(questions(1), "exact_match", run=path, target=app, max_concurrency=1)
    assert (run.scores(), len(calls)) == ([1], 2)


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_target_that_hangs_is_left(path: Path, kind: str) -> None:
    let_go = threading.Event()

    async def hang(row: dict[str, Any]) -> str:
        if row["id"] == "q0":
            await asyncio.Event().wait()
        return by_function(row)

    def block(row: dict[str, Any]) -> str:
        if row["id"] == "q0":
            let_go.wait(30)
        return by_function(row)

    target = hang if kind == "async" else block
    run = score_dataset(questions(3), "exact_match", run=path, target=target, row_timeout=0.3, max_concurrency=2)
    let_go.set()
    assert errors(run) == ["The target failed: it gave no prediction within 0.3 seconds"]
    assert run.scores() == [1, 1]


def test_a_target_that_is_none(path: Path) -> None:
    with pytest.raises(ConfigError, match="target takes a Runnable or a function of a row, got str"):
        score_dataset(questions(1), "exact_match", run=path, target="my app")


def test_a_target_that_gives_nothing(path: Path) -> None:
    run = score_dataset(questions(1), "exact_match", run=path, target=lambda _: None)
    assert "'prediction' is missing" in errors(run)[0]


@pytest.mark.parametrize("kind", ["keys", "circle"])
def test_a_target_s_output_that_cannot_be_stored_is_that_row_s_failure(path: Path, kind: str) -> None:
    circle: list[Any] = []
    circle.append(circle)
    output: Any = {("a", "b"): 1} if kind == "keys" else circle
    run = score_dataset(
        questions(2), "exact_match", run=path, target=lambda row: output if row["id"] == "q0" else by_function(row)
    )
    assert (len(errors(run)), run.scores()) == (1, [1])


@pytest.mark.filterwarnings("ignore")
def test_a_target_s_stop_iteration_is_its_failure(path: Path) -> None:
    run = score_dataset(questions(1), "exact_match", run=path, target=lambda _: next(iter(())), row_timeout=0.5)
    assert "StopIteration" in errors(run)[0]


async def test_a_target_s_cancelled_error_is_its_failure(path: Path) -> None:
    async def app(row: dict[str, Any]) -> str:
        if row["id"] == "q0":
            raise asyncio.CancelledError
        return by_function(row)

    run = await in_time(questions(5), "exact_match", run=path, target=app, max_concurrency=1, seconds=1)
    assert (len(errors(run)), len(run.scores())) == (1, 4)


async def test_an_evaluator_s_cancelled_error_is_its_failure(path: Path) -> None:
    class Cancelled(Length):
        async def ascore(self, *given: Any, **more: Any) -> Score:
            raise asyncio.CancelledError

    run = await in_time(rows(3), Cancelled(), run=path, max_concurrency=1, seconds=1)
    assert len(errors(run)) == 3


async def test_a_target_that_swallows_its_timeout_does_not_stop_the_others(path: Path) -> None:
    async def app(row: dict[str, Any]) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if row["id"] != "q0":
                raise
        return by_function(row)

    run = await in_time(
        questions(3), "exact_match", run=path, target=app, max_concurrency=1, row_timeout=0.1, seconds=1
    )
    assert len(list(run.results())) == 3


def test_a_target_is_called_outside_of_the_schedule(path: Path) -> None:
    seen: list[Any] = []

    async def app(row: dict[str, Any]) -> str:
        seen.append(SCHEDULER.get())
        return by_function(row)

    score_dataset(questions(3), "exact_match", run=path, target=app, max_concurrency=1)
    assert seen == [None, None, None]


# Loops, processes, the disk.


async def test_it_is_called_in_a_notebook_whose_loop_runs(server: OpenAIServer, path: Path) -> None:
    run = score_dataset(rows(3), judge(server), run=path)
    assert run.scores() == [8, 8, 8]
    with pytest.raises(ConfigError, match="holds a run already"):
        score_dataset(rows(3), judge(server), run=path)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lc_scoring run")]


async def test_a_cancelled_run_is_stored_as_far_as_it_came(server: OpenAIServer, path: Path) -> None:
    answered, let_go = threading.Semaphore(0), threading.Event()

    def reply(body: Any) -> str:
        if any(f"answer <{n}>" in str(body) for n in (0, 1, 2)):
            answered.release()
        else:
            let_go.wait(20)
        return GOOD

    server.reply = reply
    task = asyncio.create_task(ascore_dataset(rows(9), judge(server), run=path, max_concurrency=4))
    while _scored(path) < 3:  # noqa: ASYNC110 - a file has no event
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    let_go.set()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert Run(path).scores() == [8] * 3
    assert asyncio.all_tasks() == {asyncio.current_task()}
    server.requests.clear()
    run = await ascore_dataset(rows(9), judge(server), run=path, resume=True)
    assert run.scores() == [8] * 9
    assert asked(server) == {f"r{n}": 1 for n in range(3, 9)}


def _scored(path: Path) -> int:
    try:
        return len(Run(path).scores())
    except (ConfigError, RunFileError):
        return 0  # it is being made


def test_a_run_is_read_and_refused_to_others_while_it_is_written(server: OpenAIServer, path: Path) -> None:
    let_go = threading.Event()

    def reply(body: Any) -> str:
        if "answer <5>" in str(body):
            let_go.wait(20)
        return GOOD

    server.reply = reply
    scoring = threading.Thread(target=score_dataset, args=(rows(6), judge(server)), kwargs={"run": path})
    scoring.start()
    try:
        while _scored(path) < 5:
            let_go.wait(0.02)
        run = Run(path)
        assert (run.scores(), run.rows, run.stopped) == ([8] * 5, 6, None)
        assert run.summary()[0].scored == 5
        with pytest.raises(ConfigError, match=r"Another process, .* works on .*join=True"):
            score_dataset(rows(6), judge(server), run=path, resume=True)
        joined = score_dataset(rows(8), judge(server), run=path, join=True)
        assert ("r7", 8) in told(joined)
        assert _scored(path) == 7
    finally:
        let_go.set()
        scoring.join()
    assert Run(path).scores() == [8] * 8
    assert asked(server) == {f"r{n}": 1 for n in range(8)}
    assert [one.name for one in path.parent.iterdir()] == [path.name]


FULL = """
import resource, sys
from lc_scoring import RunFileError, Run, score_dataset
soft = (300_000, resource.RLIM_INFINITY)
rows = ({"id": str(n), "prediction": "a" * 2_000, "reference": "b"} for n in range(1_500))
resource.setrlimit(resource.RLIMIT_FSIZE, soft)
try:
    score_dataset(rows, "exact_match", run=sys.argv[1])
except RunFileError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(len(Run(sys.argv[1]).scores()))
rows = [{"id": str(n), "prediction": "a" * 2_000, "reference": "b"} for n in range(1_500)]
print(len(score_dataset(rows, "exact_match", run=sys.argv[1], resume=True).scores()))
"""


def test_a_full_disk_is_told_and_loses_nothing(path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert done.stderr == ""
    told_, stored, all_ = done.stdout.splitlines()
    assert "cannot be written: " in told_
    assert told_.endswith(
        "What was stored is safe; when there is room and leave to write, go on with resume=True (--resume)."
    )
    assert int(stored) >= 0
    assert all_ == "1500"


@pytest.fixture
def langsmith(monkeypatch: pytest.MonkeyPatch, server: OpenAIServer) -> Iterator[Client]:
    with LangSmithServer() as running:
        for name, value in running.env().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("LANGSMITH_TRACING")
        get_env_var.cache_clear()
        yield running.client()
    get_env_var.cache_clear()


def test_failures_of_a_langsmith_dataset_are_asked_again_alike(langsmith: Client, path: Path) -> None:
    dataset = langsmith.create_dataset("sums")
    examples = [{"inputs": {"question": f"{n}"}, "reference_outputs": {"answer": f"answer {n}"}} for n in range(3)]
    langsmith.create_examples(dataset_id=dataset.id, examples=examples)
    broken, seen = [True], []

    def app(inputs: dict[str, Any]) -> str:
        seen.append(inputs)
        if broken and inputs["question"] == "1":
            raise RuntimeError("busy")
        return f"answer {inputs['question']}"

    run = score_dataset("langsmith:sums", "exact_match", run=path, target=app)
    assert (len(errors(run)), run.scores()) == (1, [1, 1])
    broken.clear()
    run = score_dataset("langsmith:sums", "exact_match", run=path, target=app, retry_failures=True)
    assert run.scores() == [1, 1, 1]
    assert all(inputs.keys() == {"question"} for inputs in seen)


def test_runs_without_a_name_have_names_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda *_: "run-20300101-000000.run.db")  # both in one second
    first, second = (score_dataset(rows(1), Length()) for _ in range(2))
    assert first.path != second.path


@pytest.mark.parametrize("kind", ["list", "generator", "limited", "failures"])
def test_a_line_tells_how_far_it_is(server: OpenAIServer, path: Path, capsys: Any, kind: str) -> None:
    server.reply = lambda body: {"status": 400} if "answer <1>" in str(body) else GOOD
    given: Any = (row for row in rows(4)) if kind in {"generator", "limited"} else rows(4)
    limit = 3 if kind == "limited" else None
    score_dataset(given, judge(server), run=path, progress=True, limit=limit)
    if kind == "failures":
        capsys.readouterr()
        score_dataset(given, judge(server), run=path, progress=True, retry_failures=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert {"list": "4/4", "generator": "4/?", "limited": "3/3", "failures": "4/4"}[kind] in shown.err
    assert "1 failed" in shown.err
    assert "0 in flight" in shown.err


def test_a_pipe_is_told_nothing(server: OpenAIServer, path: Path, capsys: Any) -> None:
    score_dataset(rows(2), judge(server), run=path)
    assert capsys.readouterr() == ("", "")
