"""Calls: turns, what is asked again and how often, and what it cost by model; the judge is asked over the wire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from loopback.openai_api import OpenAIServer
from loopback.ways import FIELDS, GOOD, chat

from lc_scoring import ModelError, Score, Usage, load_evaluator
from lc_scoring.flow import Ask, Embed, Message, Reply
from lc_scoring.models.embeddings import aembed
from lc_scoring.models.resolve import judge_name
from lc_scoring.models.scheduler import SCHEDULER, scheduled
from lc_scoring.runs.calls import Calls, Patience, RowCalls
from lc_scoring.runs.clock import Watch
from lc_scoring.runs.lane import Limits

QUICK = Patience(retries=3, first=0.001, longest=0.002)
ASK = Ask(messages=(Message("user", "Rate this."),), purpose="rate")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(retry_after=0.02) as running:
        yield running


def calls(patience: Patience = QUICK, most: int = 8, **limits: float) -> Calls:
    return Calls(Limits(max_concurrency=most, **limits), patience)


async def judged(evaluator: Any, schedule: Calls, fields: Any = FIELDS) -> Any:
    """Judge as a run does, and return the score or what was raised."""
    token = SCHEDULER.set(RowCalls(schedule, Watch(None).clock()))
    try:
        return await evaluator.ascore(fields)
    except Exception as error:  # noqa: BLE001 - it is looked at
        return error
    finally:
        SCHEDULER.reset(token)


async def one(server: OpenAIServer, schedule: Calls, **options: Any) -> Any:
    model = chat(server, **options)
    try:
        return await judged(load_evaluator("score_string", llm=model, criteria="helpfulness"), schedule, FIELDS)
    finally:
        await schedule.close()


# What is asked again.


@pytest.mark.parametrize(
    "outcome",
    [429, 503, 500, 502, 408, "truncated", "html", "no_choices", "cut", "cut_body"],
    ids=str,
)
async def test_what_passes_is_asked_again(server: OpenAIServer, outcome: Any) -> None:
    server.script([outcome, outcome])
    schedule = calls()
    score = await one(server, schedule)
    assert isinstance(score, Score)
    assert score.rating == 8
    assert len(server.requests) == 3
    ((usage, refused),) = schedule.spent().values()
    assert (usage.calls, refused) == (1, 2)
    assert usage == score.usage
    assert schedule.in_flight == 0


@pytest.mark.parametrize(
    "outcome",
    [
        {"status": 429, "code": "insufficient_quota", "headers": {"Retry-After": "60"}},
        {"status": 400, "code": "context_length_exceeded"},
        *(400, 401, 403, 404),
    ],
    ids=str,
)
async def test_what_no_waiting_mends_is_asked_once(server: OpenAIServer, outcome: Any) -> None:
    server.script([outcome])
    schedule = calls()
    error = await one(server, schedule)
    assert isinstance(error, ModelError)
    assert len(server.requests) == 1
    ((usage, refused),) = schedule.spent().values()
    assert (usage, refused) == (Usage(), 1)


@pytest.mark.parametrize("outcome", [500, 503, "cut", "html"], ids=str)
@pytest.mark.parametrize("retries", [0, 2])
async def test_retries_end(server: OpenAIServer, outcome: Any, retries: int) -> None:
    server.script([outcome] * 10)
    schedule = calls(Patience(retries=retries, first=0.001))
    error = await one(server, schedule)
    assert isinstance(error, ModelError)
    assert len(server.requests) == retries + 1
    assert next(iter(schedule.spent().values())) == (Usage(), retries + 1)
    assert schedule.in_flight == 0


async def test_a_service_that_says_when_to_come_back_is_waited_for_however_often(server: OpenAIServer) -> None:
    server.script([429] * 12)
    began = time.monotonic()
    score = await one(server, calls(Patience(retries=0)))
    assert isinstance(score, Score)
    assert len(server.requests) == 13
    assert time.monotonic() - began >= 12 * 0.02


async def test_a_judge_that_cannot_be_reached_is_a_model_error() -> None:
    with OpenAIServer() as gone:
        pass
    schedule = calls()
    assert isinstance(await one(gone, schedule), ModelError)
    assert next(iter(schedule.spent().values())) == (Usage(), 4)


async def test_a_refused_connection_is_not_told_as_a_timeout() -> None:
    with OpenAIServer() as gone:
        pass
    said = str(await one(gone, calls()))
    assert ("timed out" in said, "Connection refused" in said) == (False, True)


async def test_an_answer_that_does_not_come_in_time_is_asked_for_again(server: OpenAIServer) -> None:
    def slow_once(_body: object) -> str:
        if len(server.requests) == 1:
            time.sleep(0.4)
        return GOOD

    server.reply = slow_once
    schedule = calls()
    assert isinstance(await one(server, schedule, timeout=0.1), Score)
    assert next(iter(schedule.spent().values()))[1] == 1


async def test_an_answer_that_nobody_can_read_is_not_the_schedule_s_matter(server: OpenAIServer) -> None:
    server.reply = "I would rather not say."
    schedule = calls()
    error = await one(server, schedule)
    assert type(error).__name__ == "ReplyError"
    ((usage, refused),) = schedule.spent().values()
    assert (usage.calls, refused) == (len(server.requests), 0)
    assert len(server.requests) == 2  # once more for the rating alone


# Turns.


async def test_no_more_are_in_flight_than_may_be(server: OpenAIServer) -> None:
    schedule = calls(most=3)
    evaluator = load_evaluator("score_string", llm=chat(server), criteria="helpfulness", samples=9)
    score = await judged(evaluator, schedule)
    await schedule.close()
    assert (len(score.parts), len(server.requests)) == (9, 9)
    assert server.max_in_flight <= 3


async def test_a_jury_s_cost_is_told_by_model(server: OpenAIServer) -> None:
    jury = [chat(server, "first"), chat(server, "second"), chat(server, "gpt-4o-mini")]
    schedule = calls()
    server.script([500])
    score = await judged(load_evaluator("score_string", llm=jury, criteria="helpfulness"), schedule)
    await schedule.close()
    spent = schedule.spent()
    assert list(spent) == [judge_name(model) for model in jury]
    assert [usage.calls for usage, _ in spent.values()] == [1, 1, 1]
    assert sorted(refused for _, refused in spent.values()) == [0, 0, 1]
    assert schedule.usage() == sum((usage for usage, _ in spent.values()), Usage()) == score.usage
    assert spent[judge_name(jury[2])][0].cost is not None
    assert spent[judge_name(jury[0])][0].cost is None


async def test_models_of_one_name_share_their_turns(server: OpenAIServer) -> None:
    schedule = calls(most=1)
    evaluators = [load_evaluator("score_string", llm=chat(server), criteria="helpfulness") for _ in range(4)]
    await asyncio.gather(*(judged(evaluator, schedule) for evaluator in evaluators))
    await schedule.close()
    assert server.max_in_flight == 1
    assert [usage.calls for usage, _ in schedule.spent().values()] == [4]


async def test_tokens_per_minute_are_kept_by_what_answers_took(server: OpenAIServer) -> None:
    schedule = calls(tokens_per_minute=60_000)  # 1,000 a second
    model = chat(server)
    server.reply = {"content": GOOD, "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100}}
    evaluator = load_evaluator("score_string", llm=model, criteria="helpfulness")
    began = time.monotonic()
    for _ in range(4):
        assert isinstance(await judged(evaluator, schedule), Score)
    await schedule.close()
    assert time.monotonic() - began >= 0.3 - 2 * 0.05  # a busy loop makes up for what it was late
    assert schedule.usage().input_tokens == 360


async def test_requests_per_minute_are_kept(server: OpenAIServer) -> None:
    schedule = calls(requests_per_minute=1200)
    evaluator = load_evaluator("score_string", llm=chat(server), criteria="helpfulness", samples=5)
    began = time.monotonic()
    await judged(evaluator, schedule)
    await schedule.close()
    assert time.monotonic() - began >= 4 * 0.05 - 0.05  # a busy loop makes up for what it was late


async def test_a_wait_gives_its_turn_to_others() -> None:
    schedule = calls(Patience(retries=5, first=60.0), most=1)
    clock = Watch(None).clock()
    asked: list[str] = []

    async def broken() -> str:
        asked.append("broken")
        raise ConnectionResetError

    async def good() -> str:
        asked.append("good")
        return "yes"

    waiting = asyncio.create_task(schedule.attempt(clock, schedule.target, broken))
    while not asked:  # noqa: ASYNC110 - two steps of the loop
        await asyncio.sleep(0)
    assert await schedule.attempt(clock, schedule.target, good) == "yes"
    assert schedule.in_flight == 0
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asked == ["broken", "good"]


async def test_a_call_that_is_cancelled_gives_its_turn_back() -> None:
    schedule = calls(most=1)
    clock = Watch(None).clock()

    async def hang() -> str:
        await asyncio.Event().wait()
        return "never"

    tasks = [asyncio.create_task(schedule.attempt(clock, schedule.target, hang)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert schedule.in_flight == 1
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert schedule.in_flight == 0
    assert (schedule.target.refused, clock.last_error) == (0, None)


async def test_the_clock_keeps_the_last_error() -> None:
    schedule, clock = calls(), Watch(None).clock()
    raised = [ConnectionResetError("first"), ConnectionResetError("second")]

    async def send() -> str:
        if raised:
            raise raised.pop(0)
        return "yes"

    assert await schedule.attempt(clock, schedule.target, send) == "yes"
    assert str(clock.last_error) == "second"
    assert schedule.target.refused == 2
    assert schedule.spent() == {}  # the target is no model


# Other models.


async def test_a_function_s_own_mistake_is_not_asked_again() -> None:
    asked: list[object] = []

    def judge(prompt: object) -> str:
        asked.append(prompt)
        raise ValueError("a slip")

    schedule = calls()
    error = await judged(
        load_evaluator("score_string", llm=RunnableLambda(judge), criteria="helpfulness"), schedule, FIELDS
    )
    assert isinstance(error, ModelError)
    assert len(asked) == 1


class Vectors(Embeddings):
    """Embeddings that fail for a while."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.texts: list[list[str]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.texts.append(texts)
        if self.errors:
            raise self.errors.pop(0)
        return [[1.0, 0.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


async def test_embeddings_are_asked_again_and_cost_nothing() -> None:
    schedule = calls(tokens_per_minute=1_000_000)
    vectors = Vectors(ConnectionResetError(), ConnectionResetError())
    embed = Embed(model=vectors, texts=("Paris",))
    found = await schedule.call(Watch(None).clock(), vectors, embed, partial(aembed, texts=["Paris"]))
    assert found == [[1.0, 0.0]]
    assert len(vectors.texts) == 3
    assert next(iter(schedule.spent().values())) == (Usage(), 2)


async def test_the_embeddings_of_embedding_distance_are_scheduled() -> None:
    schedule = calls()
    vectors = Vectors(ConnectionResetError(), ConnectionResetError())
    evaluator = load_evaluator("embedding_distance", embeddings=vectors)
    score = await judged(evaluator, schedule, {"prediction": "Paris", "reference": "Rome"})
    assert isinstance(score, Score)
    assert len(vectors.texts) == 3
    assert next(iter(schedule.spent().values())) == (Usage(), 2)


async def test_embeddings_that_are_wrong_are_asked_once() -> None:
    vectors = Vectors(ValueError("no such model"))
    evaluator = load_evaluator("embedding_distance", embeddings=vectors)
    assert isinstance(await judged(evaluator, calls(), {"prediction": "Paris", "reference": "Rome"}), ModelError)
    assert len(vectors.texts) == 1


# The pieces.


def test_waits_double_up_to_the_longest_and_differ() -> None:
    patience = Patience(first=1.0, longest=5.0)
    most = [max(patience.wait(attempt) for _ in range(300)) for attempt in (1, 2, 3, 4, 1_000)]
    for found, limit in zip(most, (1, 2, 4, 5, 5), strict=True):
        assert 0.8 * limit < found <= limit
    assert min(patience.wait(1) for _ in range(300)) < 0.2


def test_waits_of_many_attempts_are_the_longest_too() -> None:
    assert 0 <= Patience().wait(2_000) <= 30


async def sent(model: Any) -> Reply:
    return Reply(text=str(model), usage=Usage(calls=1, input_tokens=400, output_tokens=100))


async def test_without_a_schedule_calls_go_out_at_once() -> None:
    assert (await scheduled("judge", ASK, sent)).text == "judge"


async def test_a_schedule_says_when_calls_go_out() -> None:
    asked: list[Any] = []

    class Schedule:
        def call(self, model: Any, ask: Any, send: Callable[[Any], Awaitable[Any]]) -> Awaitable[Any]:
            asked.append(ask)
            return send(f"{model}, in turn")

    token = SCHEDULER.set(Schedule())
    try:
        assert (await scheduled("judge", ASK, sent)).text == "judge, in turn"
    finally:
        SCHEDULER.reset(token)
    assert asked == [ASK]


@pytest.mark.parametrize("ask", [ASK, Embed(model=Vectors(), texts=("Rate this.",))], ids=["ask", "embed"])
async def test_what_a_call_will_take_is_guessed_by_its_characters_then_by_what_others_took(ask: Any) -> None:
    schedule = calls(tokens_per_minute=60.0)  # one a second
    model = RunnableLambda(lambda _: "")
    await schedule.call(Watch(None).clock(), model, ask, sent)
    lane = next(iter(schedule._models.values())).lane
    ahead = lane.tokens.opens - asyncio.get_running_loop().time()
    assert ahead == pytest.approx(500, abs=1)  # what it took, not the 2.5 of its characters
