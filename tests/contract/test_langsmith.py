"""Evaluators in LangSmith experiments: the real client, and a server on 127.0.0.1 that keeps what it is sent."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import langchain_core.tracers.langchain as langchain_tracer
import pytest
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langsmith import Client, traceable, tracing_context
from langsmith.schemas import Run
from langsmith.utils import get_env_var
from loopback.experiments import (
    ANSWERS,
    QUESTIONS,
    REPLIES,
    Experiment,
    Judge,
    Row,
    app,
    both_ways,
    dataset,
    evaluator_runs,
    feedback_of,
    flush_all,
    one,
    only_feedback,
    run_sync,
    uploads,
)
from loopback.langsmith_api import LangSmithServer

from lc_scoring import ConfigError, load_evaluator

KEY = "score_string:correctness"


def made(judge: Any, **options: Any) -> Any:
    return load_evaluator("labeled_score_string", llm=judge, criteria="correctness", **options)


@pytest.fixture
def judge() -> Judge:
    return Judge()


# A whole experiment.


@both_ways
@pytest.mark.parametrize("tracing", [None, "true"])
@pytest.mark.parametrize("width", [0, 3])
def test_experiment(
    experiment: Experiment,
    server: LangSmithServer,
    judge: Judge,
    tracing: str | None,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in server.env().items():
        if tracing or name != "LANGSMITH_TRACING":
            monkeypatch.setenv(name, value)
    client = server.client()
    rows = experiment(client, app, made(judge), data=dataset(client), max_concurrency=width)

    returned = {row["example"].inputs["question"]: row["evaluation_results"]["results"][0] for row in rows}
    sent = feedback_of(server)
    assert set(returned) == set(sent) == set(QUESTIONS)
    assert len(server.store["feedback"]) == len(judge.shown) == len(QUESTIONS)
    for question, feedback in sent.items():
        reply = REPLIES[ANSWERS[question]]
        assert feedback["key"] == returned[question].key == KEY
        assert f"[[{feedback['score']}]]" in reply
        assert feedback["comment"] == returned[question].comment == reply
        assert feedback["feedback_config"] == {"type": "continuous", "min": 1, "max": 10}
        assert not feedback.get("error")

        source = server.store["runs"][feedback["feedback_source"]["metadata"]["__run"]["run_id"]]
        assert (source["session_name"], source["name"], source["run_type"]) == ("evaluators", KEY, "chain")
        assert source["inputs"] == {
            "input": question,
            "prediction": ANSWERS[question],
            "reference": QUESTIONS[question],
        }
        assert source["outputs"] == {"results": {"reasoning": reply, "score": feedback["score"]}}
        (child,) = (run for run in evaluator_runs(server) if run.get("parent_run_id") == source["id"])
        assert (child["run_type"], child["name"]) == ("llm", "Judge")
    assert len(evaluator_runs(server)) == 2 * len(QUESTIONS)
    sessions = [each for each in server.store["sessions"].values() if each["reference_dataset_id"]]
    assert len(sessions) == 1


@both_ways
@pytest.mark.parametrize(
    ("options", "score", "low", "high"),
    [
        ({}, 8, 1, 10),
        ({"normalize_by": 10}, 0.8, 0.1, 1.0),
        ({"scale": (0, 100)}, 8, 0, 100),
        ({"scale": (0, 16), "normalize_by": 16}, 0.5, 0.0, 1.0),
    ],
)
def test_score_and_its_bounds(
    experiment: Experiment,
    client: Client,
    server: LangSmithServer,
    judge: Judge,
    options: Row,
    score: float,
    low: float,
    high: float,
) -> None:
    experiment(client, lambda _: "Some text.", made(judge, **options), data=dataset(client, one()))
    sent = only_feedback(server)
    assert sent["score"] == pytest.approx(score)
    assert sent["feedback_config"] == {"type": "continuous", "min": low, "max": high}


@both_ways
def test_two_evaluators_and_repetitions(
    experiment: Experiment, client: Client, server: LangSmithServer, judge: Judge
) -> None:
    other = load_evaluator("score_string", llm=judge, criteria={"wit": "Is it funny?"})
    experiment(client, app, made(judge), other, data=dataset(client), num_repetitions=2, max_concurrency=2)
    keys = [sent["key"] for sent in server.store["feedback"]]
    assert sorted(set(keys)) == [KEY, "score_string:wit"]
    assert keys.count(KEY) == keys.count("score_string:wit") == 2 * len(QUESTIONS)
    assert sum("reference" in shown for shown in judge.shown) == 2 * len(QUESTIONS)


def test_experiment_that_was_run_before(client: Client, server: LangSmithServer, judge: Judge) -> None:
    results = client.evaluate(app, data=dataset(client), max_concurrency=0)
    first = {row["run"].id for row in results}
    client.flush()
    assert server.store["feedback"] == []
    again = list(client.evaluate(results.experiment_name, evaluators=[made(judge)], max_concurrency=0))
    client.flush()
    assert {row["run"].id for row in again} == first
    assert {question: sent["score"] for question, sent in feedback_of(server).items()} == {
        "France?": 10,
        "Japan?": 2,
        "Peru?": 9,
        "Kenya?": 1,
    }


@both_ways
def test_without_evaluator_tracing(
    experiment: Experiment, client: Client, server: LangSmithServer, judge: Judge
) -> None:
    experiment(client, app, made(judge), data=dataset(client), disable_evaluator_tracing=True)
    assert evaluator_runs(server) == []
    assert {sent["score"] for sent in server.store["feedback"]} == {10, 2, 9, 1}
    for sent in server.store["feedback"]:
        assert "__run" not in ((sent["feedback_source"] or {}).get("metadata") or {})


@both_ways
def test_a_parser_of_the_users_own(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    class Verdict(StrOutputParser):
        def parse(self, text: str) -> str:
            return text.partition(".")[0]

    evaluator = made(Judge(), output_parser=Verdict())
    experiment(client, app, evaluator, data=dataset(client))
    assert {question: sent["value"] for question, sent in feedback_of(server).items()} == {
        "France?": "Right",
        "Japan?": "Wrong",
        "Peru?": "Right",
        "Kenya?": "Unclear",
    }
    assert {sent.get("score") for sent in server.store["feedback"]} == {None}


@both_ways
def test_a_parser_without_a_score(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    class Verdict(StrOutputParser):
        def parse(self, text: str) -> Any:
            return {"verdict": text.partition(".")[0]}

    experiment(client, app, made(Judge(), output_parser=Verdict()), data=dataset(client, one()))
    sent = only_feedback(server)
    assert sent.get("score") is None
    assert "KeyError" not in sent["comment"]


# Outside of an experiment.


def by_name(server: LangSmithServer) -> dict[str, Row]:
    langchain_tracer.wait_for_all_tracers()
    runs = {run["name"]: run for run in server.store["runs"].values()}
    assert len(runs) == len(server.store["runs"])
    return runs


CAPITAL = {"input": "France?", "prediction": "Paris.", "reference": "Paris"}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_trace_of_its_own(tracing: LangSmithServer, judge: Judge, asynchronous: bool) -> None:
    evaluator = made(judge)
    result = asyncio.run(evaluator.ainvoke(CAPITAL)) if asynchronous else evaluator.invoke(CAPITAL)
    runs = by_name(tracing)
    assert set(runs) == {"LabeledScoreStringEvalChain", "Judge"}
    root = runs["LabeledScoreStringEvalChain"]
    assert (root["inputs"], root["outputs"]) == (CAPITAL, {"results": result})
    assert runs["Judge"]["parent_run_id"] == root["id"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_under_a_traceable_function(tracing: LangSmithServer, judge: Judge, asynchronous: bool) -> None:
    evaluator = made(judge)

    @traceable
    def app_run() -> Any:
        return evaluator.invoke(CAPITAL)

    @traceable(name="app_run")
    async def app_run_async() -> Any:
        return await evaluator.ainvoke(CAPITAL)

    result = asyncio.run(app_run_async()) if asynchronous else app_run()
    assert result == {"reasoning": REPLIES["Paris."], "score": 10}
    runs = by_name(tracing)
    assert set(runs) == {"app_run", "LabeledScoreStringEvalChain", "Judge"}
    assert runs["LabeledScoreStringEvalChain"]["parent_run_id"] == runs["app_run"]["id"]
    assert runs["Judge"]["parent_run_id"] == runs["LabeledScoreStringEvalChain"]["id"]


def test_tracing_switched_off(tracing: LangSmithServer, judge: Judge) -> None:
    with tracing_context(enabled=False):
        assert made(judge).invoke(CAPITAL)["score"] == 10
    assert by_name(tracing) == {}


def test_a_run_without_an_example(judge: Judge) -> None:
    fields: Row = {"name": "app", "run_type": "chain", "trace_id": uuid.uuid4(), "start_time": datetime.now(UTC)}
    run = Run(id=fields["trace_id"], **fields, inputs={"question": "France?"}, outputs={"answer": "Paris."})
    result = load_evaluator("score_string", llm=judge, criteria="correctness").evaluate_run(run)
    assert (result.key, result.score, result.comment) == (KEY, 10, REPLIES["Paris."])
    assert judge.shown == [{"input": "France?", "prediction": "Paris."}]
    with pytest.raises(ConfigError, match="no reference"):
        made(judge).evaluate_run(run)


# Where the fields are.

MESSAGES = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Paris."}]

MAPPINGS: dict[str, tuple[Row, Any, list[Any]]] = {
    # what the target returns, the evaluator's options, the dataset
    "only values": ({"any": "Paris."}, {}, one()),
    "a key": ({"answer": "Paris.", "seconds": 1}, {"prediction_key": "answer"}, one()),
    "a dotted path": ({"a": {"b": {"c": "Paris."}}, "n": 1}, {"prediction_key": "a.b.c"}, one()),
    "a key with a dot": ({"a.b": "Paris.", "a": {"b": "no"}}, {"prediction_key": "a.b"}, one()),
    "a list index": ({"all": ["no", "Paris."], "n": 1}, {"prediction_key": "all.1"}, one()),
    "a negative list index": ({"messages": MESSAGES, "n": 1}, {"prediction_key": "messages.-1.content"}, one()),
    "a message as a mapping": ({"messages": MESSAGES, "n": 1}, {"prediction_key": "messages.1"}, one()),
    "a function": ({"a": ["Paris"], "n": 1}, {"prediction_key": lambda outputs: outputs["a"][0] + "."}, one()),
    "keys of example": (
        {"answer": "Paris."},
        {"input_key": "q.text", "reference_key": "gold.0"},
        one({"q": {"text": "France?"}, "k": 4}, {"gold": ["Paris", "Lutetia"], "source": "atlas"}),
    ),
    "functions of example": (
        {"answer": "Paris."},
        {"input_key": lambda inputs: inputs["q"].title(), "reference_key": lambda outputs: outputs["gold"].strip()},
        one({"q": "france?", "k": 4}, {"gold": " Paris ", "source": "atlas"}),
    ),
    "prepare_data": (
        {"a": "Paris", "b": "."},
        {
            "prepare_data": lambda run, example: {
                "prediction": run.outputs["a"] + run.outputs["b"],
                "input": example.inputs["q"],
                "reference": example.outputs["gold"],
            },
            "prediction_key": "not looked at",
        },
        one({"q": "France?", "k": 4}, {"gold": "Paris", "source": "atlas"}),
    ),
}


@both_ways
@pytest.mark.parametrize(("returned", "options", "examples"), list(MAPPINGS.values()), ids=list(MAPPINGS))
def test_fields(
    experiment: Experiment,
    client: Client,
    server: LangSmithServer,
    judge: Judge,
    returned: Row,
    options: Row,
    examples: list[Any],
) -> None:
    experiment(client, lambda _: returned, made(judge, **options), data=dataset(client, examples))
    assert judge.shown == [{"input": "France?", "reference": "Paris", "prediction": "Paris."}]
    assert only_feedback(server)["score"] == 10


BLOCKS = [{"type": "text", "text": "Par"}, {"type": "text", "text": "is."}]


@both_ways
@pytest.mark.parametrize(
    "returned",
    [
        "Paris.",
        {"answer": "Paris."},
        {"answer": AIMessage("Paris.")},
        {"answer": AIMessage(BLOCKS)},
        AIMessage("Paris."),
        AIMessage(BLOCKS),
    ],
    ids=["str", "dict", "dict of message", "dict of blocks", "message", "message of blocks"],
)
def test_what_a_target_may_return(
    experiment: Experiment,
    client: Client,
    server: LangSmithServer,
    judge: Judge,
    returned: Any,
) -> None:
    experiment(client, lambda _: returned, made(judge), data=dataset(client, one()))
    assert [shown["prediction"] for shown in judge.shown] == ["Paris."]
    assert only_feedback(server)["score"] == 10


def test_a_runnable_as_target(client: Client, server: LangSmithServer, judge: Judge) -> None:
    target = RunnableLambda(app) | RunnableLambda(lambda outputs: {"said": outputs["answer"]})
    list(client.evaluate(target, data=dataset(client), evaluators=[made(judge)], max_concurrency=0))
    client.flush()
    assert {question: sent["score"] for question, sent in feedback_of(server).items()}["France?"] == 10


# Rows that cannot be scored.


@both_ways
@pytest.mark.parametrize(
    ("returned", "options", "examples", "said"),
    [
        ({"a": "Paris.", "b": 1}, {}, one(), ["hold several values", "a, b", "prediction_key"]),
        ("Paris.", {}, one({"question": "France?", "k": 4}), ["question", "k", "input_key"]),
        ("Paris.", {}, one(None, {"gold": "Paris", "source": "atlas"}), ["gold", "source", "reference_key"]),
        ({"a": "Paris."}, {"prediction_key": "answer"}, one(), ["prediction_key='answer'", "only a"]),
        ({"a": ["x"]}, {"prediction_key": "a.4"}, one(), ["prediction_key='a.4'", "'4'"]),
        ({"a": 1}, {"prediction_key": lambda outputs: outputs["b"]}, one(), ["KeyError"]),
        ({"a": 1}, {"prepare_data": lambda _run, _example: {"prediction": "x"}}, one(), ["input, reference"]),
        ({}, {}, one(), ["no prediction"]),
    ],
    ids=["outputs", "inputs", "references", "no such key", "no such index", "function", "prepare_data", "nothing"],
)
def test_a_row_whose_fields_are_not_found(
    experiment: Experiment,
    client: Client,
    server: LangSmithServer,
    judge: Judge,
    returned: Any,
    options: Row,
    examples: list[Any],
    said: list[str],
) -> None:
    experiment(client, lambda _: returned, made(judge, **options), data=dataset(client, examples))
    sent = only_feedback(server)
    assert (sent["key"], sent.get("score"), sent["error"]) == (KEY, None, True)
    for words in said:
        assert words in sent["comment"]
    assert judge.shown == []


@both_ways
@pytest.mark.parametrize("error_handling", ["log", "ignore"])
def test_a_failed_target(
    experiment: Experiment, client: Client, server: LangSmithServer, judge: Judge, error_handling: str
) -> None:
    def failing(_inputs: Row) -> Any:
        raise RuntimeError("out of paper")

    rows = experiment(client, failing, made(judge), data=dataset(client, one()), error_handling=error_handling)
    sent = only_feedback(server)
    assert (sent["key"], sent.get("score"), sent["error"]) == (KEY, None, True)
    assert "the target failed with RuntimeError('out of paper')" in sent["comment"]
    assert rows[0]["evaluation_results"]["results"][0].score is None
    assert judge.shown == []
    assert evaluator_runs(server) == []


@both_ways
def test_one_failed_target_among_others(
    experiment: Experiment, client: Client, server: LangSmithServer, judge: Judge
) -> None:
    def failing_once(inputs: Row) -> Any:
        if inputs["question"] == "Japan?":
            raise RuntimeError("out of paper")
        return app(inputs)

    experiment(client, failing_once, made(judge), data=dataset(client), max_concurrency=2)
    assert {question: sent.get("score") for question, sent in feedback_of(server).items()} == {
        "France?": 10,
        "Japan?": None,
        "Peru?": 9,
        "Kenya?": 1,
    }
    assert len(judge.shown) == len(QUESTIONS) - 1


@both_ways
@pytest.mark.parametrize("width", [0, 2])
def test_an_unreadable_reply(experiment: Experiment, client: Client, server: LangSmithServer, width: int) -> None:
    judge = Judge(replies={**REPLIES, "Kyoto.": "I would rather not say."})
    experiment(client, app, made(judge), data=dataset(client), max_concurrency=width)
    sent = feedback_of(server)
    assert {question: each.get("score") for question, each in sent.items()} == {
        "France?": 10,
        "Japan?": None,
        "Peru?": 9,
        "Kenya?": 1,
    }
    failed = sent["Japan?"]
    assert (failed["key"], failed["error"]) == (KEY, True)
    assert "ReplyError" in failed["comment"]
    assert "I would rather not say." in failed["comment"]
    source = server.store["runs"][failed["feedback_source"]["metadata"]["__run"]["run_id"]]
    assert (source["session_name"], source["name"]) == ("evaluators", KEY)
    assert "ReplyError" in source["error"]
    assert len(judge.shown) == len(QUESTIONS) + 1  # asked once more


@both_ways
def test_a_model_that_gives_no_answer(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    def down(_messages: Any) -> str:
        raise ConnectionError("no route")

    experiment(client, app, made(down), data=dataset(client, one()))
    sent = only_feedback(server)
    assert (sent.get("score"), sent["error"]) == (None, True)
    assert "ModelError" in sent["comment"]
    assert "no route" in sent["comment"]


# upload_results=False.


@pytest.fixture(params=[None, "true", "false"])
def local(
    request: pytest.FixtureRequest, server: LangSmithServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> Client:
    """A client of a workspace that holds a dataset; traces would go there too."""
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    if request.param is None:
        monkeypatch.delenv("LANGSMITH_TRACING")
    else:
        monkeypatch.setenv("LANGSMITH_TRACING", request.param)
    get_env_var.cache_clear()
    dataset(client)
    server.requests.clear()
    return client


@both_ways
@pytest.mark.parametrize("width", [0, 2])
@pytest.mark.filterwarnings("ignore:.upload_results. parameter is in beta")
def test_local_stays_local(
    experiment: Experiment, local: Client, server: LangSmithServer, judge: Judge, width: int
) -> None:
    rows = experiment(local, app, made(judge), data="capitals", upload_results=False, max_concurrency=width)
    flush_all(local)
    assert {row["example"].inputs["question"]: row["evaluation_results"]["results"][0].score for row in rows} == {
        "France?": 10,
        "Japan?": 2,
        "Peru?": 9,
        "Kenya?": 1,
    }
    assert len(judge.shown) == len(QUESTIONS)
    assert uploads(server) == []
    if experiment is run_sync:
        assert [each for each in server.requests if each.method != "GET"] == []


@both_ways
@pytest.mark.filterwarnings("ignore:.upload_results. parameter is in beta")
def test_local_stays_local_when_a_row_fails(experiment: Experiment, local: Client, server: LangSmithServer) -> None:
    judge = Judge(replies={"Kyoto.": "I would rather not say."})
    rows = experiment(local, app, made(judge), data="capitals", upload_results=False)
    flush_all(local)
    errors = [row["evaluation_results"]["results"][0].extra for row in rows]
    assert (len(errors), errors.count({"error": True})) == (4, 1)
    assert uploads(server) == []


@both_ways
@pytest.mark.filterwarnings("ignore:.upload_results. parameter is in beta")
@pytest.mark.parametrize("where", ["prepare_data", "prediction_key"])
def test_local_stays_local_in_what_prepares_a_row(
    experiment: Experiment, local: Client, server: LangSmithServer, judge: Judge, where: str
) -> None:
    tidy = RunnableLambda(lambda text: text.strip())
    options = {
        "prediction_key": {"prediction_key": lambda outputs: tidy.invoke(outputs["answer"])},
        "prepare_data": {
            "prepare_data": lambda run, example: {
                "prediction": tidy.invoke(run.outputs["answer"]),
                "input": example.inputs["question"],
                "reference": example.outputs["answer"],
            }
        },
    }[where]
    experiment(local, app, made(judge, **options), data="capitals", upload_results=False)
    flush_all(local)
    assert len(judge.shown) == len(QUESTIONS)
    assert uploads(server) == []


@both_ways
def test_uploads_are_seen_at_all(experiment: Experiment, local: Client, server: LangSmithServer, judge: Judge) -> None:
    # The tests above would pass if nothing could be seen.
    experiment(local, app, made(judge), data="capitals")
    flush_all(local)
    assert {KEY, "Judge"} <= set(uploads(server))
