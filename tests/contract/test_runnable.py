"""An evaluator is a Runnable like any other: calling, composing, configuring, tracing."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Self, TypeAlias

import pytest
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.globals import set_debug
from langchain_core.language_models import FakeListChatModel, FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import RunInfo
from langchain_core.runnables import ConfigurableField, Runnable, RunnableLambda, RunnableParallel
from langchain_core.tracers.context import collect_runs
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler

from lc_scoring import (
    ConfigError,
    LabeledScoreStringEvalChain,
    ModelError,
    ReplyError,
    Sample,
    ScoreStringEvalChain,
    load_evaluator,
)

GOOD = "Good. Rating: [[7]]"
RESULT = {"reasoning": GOOD, "score": 7}
FIELDS = {"prediction": "It is Paris.", "input": "What is the capital of France?", "reference": "Paris"}

Call: TypeAlias = Callable[..., Awaitable[Any]]


async def _sync(evaluator: Runnable[Any, Any], *args: Any, **kwargs: Any) -> Any:
    return evaluator.invoke(*args, **kwargs)


async def _async(evaluator: Runnable[Any, Any], *args: Any, **kwargs: Any) -> Any:
    return await evaluator.ainvoke(*args, **kwargs)


both_ways = pytest.mark.parametrize("call", [_sync, _async], ids=["sync", "async"])


def made(llm: Any = None, **options: Any) -> LabeledScoreStringEvalChain:
    llm = FakeListChatModel(responses=[GOOD]) if llm is None else llm
    evaluator = load_evaluator("labeled_score_string", llm=llm, criteria="correctness", **options)
    assert isinstance(evaluator, LabeledScoreStringEvalChain)
    return evaluator


def rows(*predictions: str) -> list[dict[str, str]]:
    return [{**FIELDS, "prediction": prediction} for prediction in predictions]


def by_prediction(replies: dict[str, str]) -> Callable[[list[Any]], str]:
    """A judge whose reply hangs on the text it is shown, so that order of arrival does not matter."""

    def judge(messages: list[Any]) -> str:
        return next(reply for mark, reply in replies.items() if mark in messages[1].text)

    return judge


def traced(collector: RunCollectorCallbackHandler) -> tuple[Any, list[Any]]:
    (root,) = collector.traced_runs
    return root, root.child_runs


class Events(BaseCallbackHandler):
    """Writes down every event, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, uuid.UUID, uuid.UUID | None]] = []
        self.names: dict[uuid.UUID, str | None] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _start(self, event: str, run_id: uuid.UUID, parent_run_id: uuid.UUID | None, **kwargs: Any) -> None:
        self.seen.append((event, run_id, parent_run_id))
        self.names[run_id] = kwargs.get("name")

    def on_chain_start(self, *_: Any, **kwargs: Any) -> None:
        self._start("chain start", **kwargs)

    def on_chat_model_start(self, *_: Any, **kwargs: Any) -> None:
        self._start("model start", **kwargs)

    def on_llm_end(self, _response: Any, *, run_id: uuid.UUID, parent_run_id: uuid.UUID | None, **_: Any) -> None:
        self.seen.append(("model end", run_id, parent_run_id))

    def on_chain_end(self, _outputs: Any, *, run_id: uuid.UUID, parent_run_id: uuid.UUID | None, **_: Any) -> None:
        self.seen.append(("chain end", run_id, parent_run_id))


# Calling.


@both_ways
async def test_invoke(call: Call) -> None:
    assert await call(made(), FIELDS) == RESULT
    assert await call(made(), Sample(**FIELDS)) == RESULT
    assert list(await call(made(), FIELDS)) == ["reasoning", "score"]


REPLIES = [
    GOOD,
    "[[1]]",
    "Rating: [[7.5]]",
    "First [[3]], on reflection [[9]]",
    "<think>maybe [[2]]</think>Rating: [[8]]",
    "Rating: [[8/10]]",
    "Rating: [[8]] or [[4]]",
    "Rating: [[14]]",
    "Rating: 8",
    "",
    "It quotes [[10]] and earns Rating: [[2]]",
]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("options", [{}, {"repair": 0}, {"normalize_by": 10}, {"scale": (1, 5)}], ids=str)
async def test_one_result_however_it_is_called(reply: str, options: dict[str, Any]) -> None:
    evaluator = made(FakeListChatModel(responses=[reply]), **options)

    async def outcome(call: Callable[[], Any]) -> Any:
        try:
            value = call()
            return await value if isinstance(value, Awaitable) else value
        except ReplyError as error:
            return (str(error), error.reply)

    heard = {"callbacks": [RunCollectorCallbackHandler()]}
    outcomes = [
        await outcome(lambda: evaluator.invoke(FIELDS)),
        await outcome(lambda: evaluator.ainvoke(FIELDS)),
        await outcome(lambda: evaluator.invoke(FIELDS, heard)),
        await outcome(lambda: evaluator.ainvoke(FIELDS, heard)),
        await outcome(lambda: evaluator.evaluate_strings(**FIELDS)),
        await outcome(lambda: evaluator.aevaluate_strings(**FIELDS)),
        await outcome(lambda: evaluator.batch([FIELDS])[0]),
        await outcome(lambda: next(evaluator.stream(FIELDS))),
    ]
    assert outcomes == outcomes[:1] * len(outcomes)


def test_batch_keeps_order_and_failures_in_their_rows() -> None:
    judge = by_prediction({"good": "Rating: [[9]]", "bad": "Rating: [[2]]", "odd": "none"})
    results = made(judge).batch(rows("good", "odd", "bad"), return_exceptions=True)
    assert [results[0]["score"], results[2]["score"]] == [9, 2]
    assert isinstance(results[1], ReplyError)
    with pytest.raises(ReplyError):
        made(judge).batch(rows("good", "odd", "bad"))


async def test_abatch_keeps_order_and_failures_in_their_rows() -> None:
    judge = by_prediction({"good": "Rating: [[9]]", "bad": "Rating: [[2]]", "odd": "none"})
    results = await made(judge).abatch(rows("good", "odd", "bad"), return_exceptions=True)
    assert [results[0]["score"], results[2]["score"]] == [9, 2]
    assert isinstance(results[1], ReplyError)
    with pytest.raises(ReplyError):
        await made(judge).abatch(rows("good", "odd", "bad"))


def test_batch_with_an_unusable_row() -> None:
    results = made().batch([FIELDS, {"prediction": "alone"}], return_exceptions=True)
    assert results[0] == RESULT
    assert isinstance(results[1], ConfigError)


class InFlight:
    """Counts the calls that are being answered; each waits until `width` are."""

    def __init__(self, width: int) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(width, timeout=10)
        self._together_async = asyncio.Barrier(width)

    def _enter(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def judge(self, _messages: Any) -> str:
        self._enter()
        self._together.wait()
        with self._lock:
            self.now -= 1
        return GOOD

    async def ajudge(self, _messages: Any) -> str:
        self._enter()
        async with asyncio.timeout(10):
            await self._together_async.wait()
        self.now -= 1
        return GOOD


@pytest.mark.parametrize("width", [1, 2, 3])
async def test_max_concurrency(width: int) -> None:
    inputs, config = [FIELDS] * (2 * width), {"max_concurrency": width}
    sync = InFlight(width)
    assert made(sync.judge).batch(inputs, config) == [RESULT] * len(inputs)
    assert sync.most <= width
    asynchronous = InFlight(width)
    assert await made(asynchronous.ajudge).abatch(inputs, config) == [RESULT] * len(inputs)
    assert asynchronous.most == width


async def test_batch_as_completed() -> None:
    judge = by_prediction({"good": "Rating: [[9]]", "bad": "Rating: [[2]]"})
    done = made(judge).batch_as_completed(rows("good", "bad"))
    assert {at: result["score"] for at, result in done} == {0: 9, 1: 2}
    done_async = made(judge).abatch_as_completed(rows("good", "bad"))
    assert {at: result["score"] async for at, result in done_async} == {0: 9, 1: 2}


def test_batch_with_a_config_for_each() -> None:
    collectors = [RunCollectorCallbackHandler(), RunCollectorCallbackHandler()]
    configs = [{"callbacks": [each], "run_name": f"row {at}"} for at, each in enumerate(collectors)]
    made().batch([FIELDS, FIELDS], configs)
    assert [traced(each)[0].name for each in collectors] == ["row 0", "row 1"]


async def test_stream_gives_the_whole_result_at_once() -> None:
    assert list(made().stream(FIELDS)) == [RESULT]
    assert [chunk async for chunk in made().astream(FIELDS)] == [RESULT]

    def given() -> Iterator[Any]:
        yield FIELDS

    async def agiven() -> AsyncIterator[Any]:
        yield FIELDS

    assert list(made().transform(given())) == [RESULT]
    assert [chunk async for chunk in made().atransform(agiven())] == [RESULT]


async def test_astream_events() -> None:
    events = [event async for event in made().astream_events(FIELDS, {"tags": ["t"], "metadata": {"row": 1}})]
    kinds = [(event["event"], event["name"]) for event in events if event["event"] != "on_chat_model_stream"]
    assert kinds == [
        ("on_chain_start", "LabeledScoreStringEvalChain"),
        ("on_chat_model_start", "FakeListChatModel"),
        ("on_chat_model_end", "FakeListChatModel"),
        ("on_chain_end", "LabeledScoreStringEvalChain"),
    ]
    start, end = events[0], events[-1]
    assert start["data"]["input"] == FIELDS
    assert (start["tags"], start["metadata"]["row"]) == (["t"], 1)
    assert end["data"]["output"] == {"results": RESULT}
    assert {event["run_id"] for event in (start, end)} == {start["run_id"]}
    assert events[1]["parent_ids"] == [start["run_id"]]


# Composing.


@both_ways
async def test_sequence(call: Call) -> None:
    before = RunnableLambda(lambda text: {**FIELDS, "prediction": text})
    after = RunnableLambda(lambda result: result["score"] >= 7)
    assert await call(before | made() | after, "It is Paris.") is True
    assert list((before | made() | after).stream("It is Paris.")) == [True]


@both_ways
async def test_side_by_side(call: Call) -> None:
    other = load_evaluator("score_string", llm=lambda _messages: "Rating: [[3]]")
    assert await call(RunnableParallel(a=made(), b=other), FIELDS) == {
        "a": RESULT,
        "b": {"reasoning": "Rating: [[3]]", "score": 3},
    }


@both_ways
async def test_pick_assign_map_bind(call: Call) -> None:
    assert await call(made().pick("score"), FIELDS) == 7
    assert await call(made().assign(passed=lambda result: result["score"] > 5), FIELDS) == {**RESULT, "passed": True}
    assert await call(made().map(), [FIELDS, FIELDS]) == [RESULT, RESULT]
    assert "__run" in await call(made().bind(include_run_info=True), FIELDS)


class Flaky:
    """A judge that fails so many times, then answers."""

    def __init__(self, failures: int) -> None:
        self.calls = 0
        self.failures = failures

    def __call__(self, _messages: Any) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError("gone")
        return GOOD


@both_ways
async def test_with_retry(call: Call) -> None:
    def retried(evaluator: Any) -> Any:
        return evaluator.with_retry(
            retry_if_exception_type=(ModelError,), stop_after_attempt=3, wait_exponential_jitter=False
        )

    judge = Flaky(2)
    assert await call(retried(made(judge)), FIELDS) == RESULT
    assert judge.calls == 3
    with pytest.raises(ModelError, match="gone"):
        await call(retried(made(Flaky(3))), FIELDS)
    with pytest.raises(ReplyError):  # another kind of error is not tried again
        await call(retried(made(lambda _messages: "none", repair=0)), FIELDS)


@both_ways
async def test_with_fallbacks(call: Call) -> None:
    unreadable = made(lambda _messages: "none", repair=0)
    assert await call(unreadable.with_fallbacks([made()]), FIELDS) == RESULT
    assert await call(unreadable.with_fallbacks([made()], exceptions_to_handle=(ReplyError,)), FIELDS) == RESULT
    with pytest.raises(ReplyError):
        await call(unreadable.with_fallbacks([made()], exceptions_to_handle=(ModelError,)), FIELDS)


@both_ways
@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")  # given once in a process
async def test_as_tool(call: Call) -> None:
    tool = made().as_tool(name="rate", description="Rate a text.")
    assert (tool.name, tool.description, set(tool.args)) == ("rate", "Rate a text.", set(FIELDS))
    assert {argument["type"] for argument in tool.args.values()} == {"string"}
    assert await call(tool, FIELDS) == RESULT


@both_ways
async def test_with_listeners(call: Call) -> None:
    seen: list[tuple[Any, Any]] = []
    listened = made().with_listeners(on_end=lambda run: seen.append((run.inputs, run.outputs)))
    assert await call(listened, FIELDS) == RESULT
    assert seen == [(FIELDS, {"results": RESULT})]


# Configuring.


@both_ways
async def test_configurable_fields(call: Call) -> None:
    evaluator = made().configurable_fields(
        normalize_by=ConfigurableField(id="divisor"), llm=ConfigurableField(id="judge")
    )
    assert {spec.id for spec in evaluator.config_specs} == {"divisor", "judge"}
    assert await call(evaluator, FIELDS) == RESULT
    assert await call(evaluator, FIELDS, {"configurable": {"divisor": 10}}) == {**RESULT, "score": 0.7}
    other = FakeListChatModel(responses=["Rating: [[2]]"])
    assert (await call(evaluator.with_config(configurable={"judge": other}), FIELDS))["score"] == 2


@both_ways
async def test_configurable_alternatives(call: Call) -> None:
    evaluator = made().configurable_alternatives(
        ConfigurableField(id="strictness"), default_key="lenient", strict=made(lambda _messages: "Rating: [[2]]")
    )
    assert (await call(evaluator, FIELDS))["score"] == 7
    assert (await call(evaluator, FIELDS, {"configurable": {"strictness": "strict"}}))["score"] == 2


@both_ways
async def test_configurable_model_inside(call: Call) -> None:
    judge = FakeListChatModel(responses=[GOOD]).configurable_alternatives(
        ConfigurableField(id="judge"), other=FakeListChatModel(responses=["Rating: [[2]]"])
    )
    evaluator = made(judge)
    assert [spec.id for spec in evaluator.config_specs] == ["judge"]
    assert "judge" in evaluator.config_schema().model_json_schema()["$defs"]["Configurable"]["properties"]
    assert await call(evaluator, FIELDS) == RESULT
    assert (await call(evaluator, FIELDS, {"configurable": {"judge": "other"}}))["score"] == 2
    collector = RunCollectorCallbackHandler()
    heard = await call(evaluator, FIELDS, {"configurable": {"judge": "other"}, "callbacks": [collector]})
    assert heard["score"] == 2


def test_plain_evaluator_has_nothing_to_configure() -> None:
    assert made().config_specs == []


def test_pickle_and_deepcopy() -> None:
    evaluator = made(normalize_by=10, scale=(1, 10), tags=["t"], prediction_key="answer")
    for twin in (pickle.loads(pickle.dumps(evaluator)), copy.deepcopy(evaluator)):  # noqa: S301 - our own bytes
        assert twin is not evaluator
        assert twin.invoke(FIELDS) == evaluator.invoke(FIELDS) == {"reasoning": GOOD, "score": 0.7}
        assert (twin.signature, twin.tags, twin.prediction_key) == (evaluator.signature, ["t"], "answer")


def test_frozen() -> None:
    evaluator = made()
    with pytest.raises(ValueError, match="frozen"):
        evaluator.normalize_by = 10


@pytest.mark.parametrize("kind", [ScoreStringEvalChain, LabeledScoreStringEvalChain])
def test_typed_schemas(kind: type[ScoreStringEvalChain]) -> None:
    evaluator = kind.from_llm(lambda _messages: GOOD)
    fields = {key: FIELDS[key] for key in evaluator.input_keys}
    assert set(evaluator.InputType.__annotations__) <= set(fields)
    assert evaluator.input_schema.model_validate(fields).model_dump() == fields
    assert evaluator.output_schema.model_validate(evaluator.invoke(fields)).model_dump() == RESULT
    with pytest.raises(ValueError, match="prediction"):
        evaluator.input_schema.model_validate({"input": "a"})
    assert len(evaluator.get_graph().nodes) == 3


# Tracing.


@both_ways
async def test_trace_is_two_runs(call: Call) -> None:
    events = Events()
    await call(made(), FIELDS, {"callbacks": [events]})
    (_, chain, _), (_, judge, _), *_ = events.seen
    assert events.seen == [
        ("chain start", chain, None),
        ("model start", judge, chain),
        ("model end", judge, chain),
        ("chain end", chain, None),
    ]
    assert events.names[chain] == "LabeledScoreStringEvalChain"


@both_ways
async def test_trace_of_a_repair_is_one_more_run(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    await call(made(FakeListChatModel(responses=["none", "[[7]]"])), FIELDS, {"callbacks": [collector]})
    root, children = traced(collector)
    assert [child.run_type for child in children] == ["llm", "llm"]
    assert root.outputs == {"results": {"reasoning": "none\n\n[[7]]", "score": 7}}


@both_ways
async def test_trace_of_a_failed_model(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    with pytest.raises(ModelError):
        await call(made(Flaky(1)), FIELDS, {"callbacks": [collector]})
    root, (child,) = traced(collector)
    assert "ModelError" in root.error
    assert "ConnectionError" in child.error


async def test_a_cancelled_judgement_closes_its_run() -> None:
    asked = asyncio.Event()

    async def judge(_messages: Any) -> str:
        asked.set()
        await asyncio.Event().wait()
        return GOOD

    collector = RunCollectorCallbackHandler()
    task = asyncio.create_task(made(judge).ainvoke(FIELDS, {"callbacks": [collector]}))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    root, _ = traced(collector)
    assert "CancelledError" in root.error


def test_an_interrupt_is_not_swallowed() -> None:
    def judge(_messages: Any) -> str:
        raise KeyboardInterrupt

    collector = RunCollectorCallbackHandler()
    with pytest.raises(KeyboardInterrupt):
        made(judge).invoke(FIELDS, {"callbacks": [collector]})
    assert "KeyboardInterrupt" in traced(collector)[0].error


@both_ways
async def test_nests_under_a_parent_without_config(call: Call) -> None:
    evaluator, collector = made(), RunCollectorCallbackHandler()

    async def inside(fields: Any) -> Any:
        return await call(evaluator, fields)

    config = {"callbacks": [collector], "tags": ["t"], "metadata": {"row": 1}}
    assert await RunnableLambda(inside).ainvoke(FIELDS, config) == RESULT
    root, (judgement,) = traced(collector)
    (judge,) = judgement.child_runs
    assert (root.name, judgement.name, judge.name) == ("inside", "LabeledScoreStringEvalChain", "FakeListChatModel")
    assert judgement.parent_run_id == root.id
    assert (judgement.tags, judge.tags) == (["t"], ["t"])
    assert (judgement.metadata["row"], judge.metadata["row"]) == (1, 1)


@both_ways
async def test_tags_metadata_and_names(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    evaluator = made(name="named", tags=["own"], metadata={"own": 1})
    run_id = uuid.uuid4()
    config = {"callbacks": [collector], "tags": ["call"], "metadata": {"call": 2}, "run_id": run_id}
    await call(evaluator, FIELDS, config)
    root, (judge,) = traced(collector)
    assert (root.name, root.id, set(root.tags)) == ("named", run_id, {"own", "call"})
    assert root.metadata.items() >= {"own": 1, "call": 2}.items()
    assert (judge.tags, judge.metadata["call"]) == (["call"], 2)
    assert "own" not in judge.metadata
    assert judge.id != run_id


@both_ways
async def test_run_name(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    await call(made(name="named"), FIELDS, {"callbacks": [collector], "run_name": "of this call"})
    root, (judge,) = traced(collector)
    assert (root.name, judge.name) == ("of this call", "FakeListChatModel")
    assert await call(made().with_config(run_name="x", tags=["y"]), FIELDS) == RESULT


@both_ways
@pytest.mark.parametrize("bound", [False, True])
async def test_an_unheard_run_leaves_its_name_and_id_to_nobody(call: Call, bound: bool) -> None:
    of_model, run_id = RunCollectorCallbackHandler(), uuid.uuid4()
    config = {"run_name": "mine", "run_id": run_id, "tags": ["t"], "metadata": {"row": 1}}
    given = copy.deepcopy(config)
    model = FakeListChatModel(responses=[GOOD], callbacks=[of_model], tags=["model's"])
    await call(made(model.bind(stop=["x"]) if bound else model), FIELDS, config)
    judge, _ = traced(of_model)
    assert judge.name == "FakeListChatModel"
    assert judge.id != run_id
    assert set(judge.tags) == {"t", "model's"}
    assert judge.metadata["row"] == 1
    assert config == given


@both_ways
async def test_include_run_info(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    result = await call(made(), FIELDS, {"callbacks": [collector]}, include_run_info=True)
    root, _ = traced(collector)
    assert result == {**RESULT, "__run": RunInfo(run_id=root.id)}
    assert root.outputs == {"results": RESULT}
    unheard = await call(made(), FIELDS, include_run_info=True)
    assert isinstance(unheard["__run"].run_id, uuid.UUID)


@both_ways
async def test_traced_output_is_not_the_returned_mapping(call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    result = await call(made(normalize_by=10), FIELDS, {"callbacks": [collector]})
    root, _ = traced(collector)
    assert root.outputs["results"] is not result
    result["score"] = result["added"] = "by the caller"
    assert root.outputs == {"results": {"reasoning": GOOD, "score": 0.7}}
    assert root.inputs is not FIELDS


@both_ways
async def test_a_parser_may_return_the_same_mapping_each_time(call: Call) -> None:
    class Constant(StrOutputParser):
        def parse(self, text: str) -> Any:
            return shared

    shared = {"score": 8}
    collector = RunCollectorCallbackHandler()
    evaluator = made(output_parser=Constant(), normalize_by=10)
    for _ in range(2):
        result = await call(evaluator, FIELDS, {"callbacks": [collector]}, include_run_info=True)
        assert result["score"] == 0.8
        result.clear()
    assert shared == {"score": 8}
    assert [run.outputs for run in collector.traced_runs] == [{"results": {"score": 0.8}}] * 2


@both_ways
async def test_usage_callback(call: Call) -> None:
    counted = {"input_tokens": 90, "output_tokens": 20, "total_tokens": 110}
    replies = [
        AIMessage(text, usage_metadata=counted, response_metadata={"model_name": "judge"}) for text in ("none", "[[7]]")
    ]
    with get_usage_metadata_callback() as usage:
        await call(made(FakeMessagesListChatModel(responses=replies)), FIELDS)
    assert {key: usage.usage_metadata["judge"][key] for key in counted} == {
        "input_tokens": 180,
        "output_tokens": 40,
        "total_tokens": 220,
    }


@both_ways
async def test_collect_runs(call: Call) -> None:
    with collect_runs() as collector:
        await call(made(), FIELDS)
    assert [run.name for run in collector.traced_runs] == ["LabeledScoreStringEvalChain"]
    assert collector.traced_runs[0].outputs == {"results": RESULT}


@both_ways
@pytest.mark.parametrize("how", ["callbacks", "verbose", "debug"])
async def test_every_way_of_listening_is_heard(call: Call, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    events = Events()
    evaluator = made(callbacks=[events] if how == "callbacks" else None, verbose=how == "verbose")
    set_debug(how == "debug")
    try:
        assert await call(evaluator, FIELDS) == RESULT
    finally:
        set_debug(False)
    if how == "callbacks":
        assert [event for event, *_ in events.seen] == ["chain start", "chain end"]
    else:
        assert "LabeledScoreStringEvalChain" in capsys.readouterr().out


async def test_score_and_ascore_are_traced_like_invoke() -> None:
    evaluator, collector = made(), RunCollectorCallbackHandler()
    first = evaluator.score(Sample(**FIELDS), {"callbacks": [collector]})
    second = await evaluator.ascore(Sample(**FIELDS), {"callbacks": [collector]})
    assert first == second
    assert (first.rating, first.value) == (7, pytest.approx(6 / 9))
    assert [run.outputs for run in collector.traced_runs] == [{"results": RESULT}] * 2
