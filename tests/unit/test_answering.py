"""A flow's questions and a model: those of one round are asked at the same time, in threads or in one event loop.

No clock is asked: models wait for each other, and where they are not asked together the wait breaks.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeAlias

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from lc_scoring.errors import ConfigError, ModelError
from lc_scoring.flow import Ask, Flow, Message, Reply, together
from lc_scoring.models.chat_model import aanswer, answer

Answers: TypeAlias = tuple[Reply | ModelError, ...]
WORDS = ("one", "two", "three", "four")
PATIENCE = 30  # seconds until a wait that nobody ends breaks; a passing test waits for none


def questions(*words: str) -> Flow[Answers]:
    """Ask all words in one round, and return the answers as they came."""
    return (yield tuple(Ask(messages=(Message("user", word),), purpose="rate") for word in words))


def word_of(messages: list[BaseMessage]) -> str:
    return str(messages[-1].text)


class ChatModel(BaseChatModel):
    """A chat model whose answer is what a function makes of the question."""

    say: Callable[[str], Any] = str.upper
    asay: Callable[[str], Awaitable[Any]] | None = None

    @property
    def _llm_type(self) -> str:
        return "test"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.say(word_of(messages))))])

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        assert self.asay is not None
        return ChatResult(generations=[ChatGeneration(message=AIMessage(await self.asay(word_of(messages))))])


Say: TypeAlias = Callable[[str], Any]
ASay: TypeAlias = Callable[[str], Awaitable[Any]]


def chat_model(say: Say = str.upper, asay: ASay | None = None) -> Runnable[Any, Any]:
    return ChatModel(say=say, asay=asay)


def function(say: Say = str.upper, asay: ASay | None = None) -> Runnable[Any, Any]:
    """A judge that is a function: what it returns, and raises, goes through nobody else's hands."""
    if asay is None:
        return RunnableLambda(lambda messages: say(word_of(messages)))

    async def answered(messages: list[BaseMessage]) -> Any:
        return await asay(word_of(messages))

    return RunnableLambda(answered)


every_kind = pytest.mark.parametrize("made", [chat_model, function])


def texts(answers: Answers) -> list[str]:
    return [one.text if isinstance(one, Reply) else f"error: {one.__cause__}" for one in answers]


class Crowd:
    """Counts how many are in at the same time."""

    def __init__(self) -> None:
        self.lock, self.inside, self.most = threading.Lock(), 0, 0
        self.came: list[str] = []

    def enter(self, word: str) -> None:
        with self.lock:
            self.came.append(word)
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1


# In threads.


@every_kind
@pytest.mark.parametrize("config", [{}, {"max_concurrency": None}, {"max_concurrency": 4}, {"max_concurrency": 9}])
def test_the_questions_of_a_round_are_asked_at_the_same_time(made: Callable[..., Any], config: RunnableConfig) -> None:
    all_in = threading.Barrier(len(WORDS), timeout=PATIENCE)

    def say(word: str) -> str:
        all_in.wait()  # breaks where not all of them are asked before one is answered
        return word.upper()

    assert texts(answer(questions(*WORDS), made(say), config)) == ["ONE", "TWO", "THREE", "FOUR"]


@every_kind
def test_answers_keep_the_order_of_their_questions_whichever_comes_first(made: Callable[..., Any]) -> None:
    answered = {word: threading.Event() for word in WORDS}
    came: list[str] = []

    def say(word: str) -> str:
        for later in WORDS[WORDS.index(word) + 1 :]:
            assert answered[later].wait(PATIENCE)
        came.append(word)
        answered[word].set()
        return word.upper()

    assert texts(answer(questions(*WORDS), made(say), {})) == ["ONE", "TWO", "THREE", "FOUR"]
    assert came == ["four", "three", "two", "one"]


@every_kind
def test_one_at_a_time_is_asked_here_and_in_order(made: Callable[..., Any]) -> None:
    crowd, threads = Crowd(), set()

    def say(word: str) -> str:
        crowd.enter(word)
        threads.add(threading.current_thread())
        crowd.leave()
        return word.upper()

    answers = answer(questions(*WORDS), made(say), {"max_concurrency": 1})
    assert texts(answers) == ["ONE", "TWO", "THREE", "FOUR"]
    assert (crowd.came, crowd.most) == (list(WORDS), 1)
    assert threads == {threading.current_thread()}


def test_a_single_question_is_asked_here() -> None:
    assert texts(answer(questions("one"), function(lambda _word: threading.current_thread().name), {})) == [
        threading.current_thread().name
    ]


@pytest.mark.parametrize("limit", [2, 3])
def test_no_more_are_asked_at_the_same_time_than_the_config_allows(limit: int) -> None:
    crowd, some_in = Crowd(), threading.Barrier(limit, timeout=PATIENCE)

    def say(word: str) -> str:
        crowd.enter(word)
        if word in WORDS[:limit]:  # the first ones wait until as many are in as may be
            some_in.wait()
        crowd.leave()
        return word.upper()

    answers = answer(questions(*WORDS, "five", "six"), function(say), {"max_concurrency": limit})
    assert texts(answers) == ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX"]
    assert crowd.most == limit


@every_kind
@pytest.mark.parametrize("failing", WORDS)
@pytest.mark.parametrize("limit", [None, 1])
def test_an_exception_is_the_error_of_its_own_question(
    made: Callable[..., Any], failing: str, limit: int | None
) -> None:
    def say(word: str) -> str:
        if word == failing:
            raise ConnectionError(f"{word} is gone")
        return word.upper()

    answers = answer(questions(*WORDS), made(say), {"max_concurrency": limit})
    assert texts(answers) == [f"error: {word} is gone" if word == failing else word.upper() for word in WORDS]
    error = answers[WORDS.index(failing)]
    assert isinstance(error, ModelError)
    assert isinstance(error.__cause__, ConnectionError)


@pytest.mark.parametrize("failing", WORDS)
def test_a_judge_that_cannot_be_used_is_the_callers_mistake_in_whatever_question(failing: str) -> None:
    judge = function(lambda word: 5 if word == failing else word.upper())
    with pytest.raises(ConfigError, match="must end in a message or text; this one returned int"):
        answer(questions(*WORDS), judge, {})


def test_what_the_caller_set_in_its_context_is_there_in_every_question() -> None:
    user: ContextVar[str] = ContextVar("user", default="nobody")
    user.set("somebody")
    assert texts(answer(questions(*WORDS), function(lambda _word: user.get()), {})) == ["somebody"] * 4


class Listener(BaseCallbackHandler):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: list[list[BaseMessage]], **kwargs: Any) -> None:
        self.heard.append(f"{word_of(messages[0])} {kwargs['tags']}")


def test_every_question_is_asked_under_the_callers_config() -> None:
    listener = Listener()
    answer(questions(*WORDS), chat_model(), {"callbacks": [listener], "tags": ["judge"]})
    assert sorted(listener.heard) == sorted(f"{word} ['judge']" for word in WORDS)


def test_rounds_follow_each_other_until_the_flow_ends() -> None:
    def twice(word: str) -> Flow[list[str]]:
        (first,) = yield from questions(word)
        (second,) = yield from questions(f"{word} again")
        return texts((first, second))

    assert answer(together([twice("one"), twice("two")]), function(), {}) == [
        ["ONE", "ONE AGAIN"],
        ["TWO", "TWO AGAIN"],
    ]


# In one event loop.


@every_kind
@pytest.mark.parametrize("config", [{}, {"max_concurrency": None}, {"max_concurrency": 4}, {"max_concurrency": 9}])
async def test_the_questions_of_a_round_are_awaited_together(made: Callable[..., Any], config: RunnableConfig) -> None:
    waiting, all_in = Crowd(), asyncio.Event()

    async def asay(word: str) -> str:
        waiting.enter(word)
        if waiting.inside == len(WORDS):
            all_in.set()
        await asyncio.wait_for(all_in.wait(), PATIENCE)
        return word.upper()

    answers = await aanswer(questions(*WORDS), made(asay=asay), config)
    assert texts(answers) == ["ONE", "TWO", "THREE", "FOUR"]


@every_kind
async def test_answers_awaited_keep_the_order_of_their_questions(made: Callable[..., Any]) -> None:
    answered = {word: asyncio.Event() for word in WORDS}
    came: list[str] = []

    async def asay(word: str) -> str:
        for later in WORDS[WORDS.index(word) + 1 :]:
            await asyncio.wait_for(answered[later].wait(), PATIENCE)
        came.append(word)
        answered[word].set()
        return word.upper()

    assert texts(await aanswer(questions(*WORDS), made(asay=asay), {})) == ["ONE", "TWO", "THREE", "FOUR"]
    assert came == ["four", "three", "two", "one"]


@every_kind
@pytest.mark.parametrize("limit", [1, 2])
async def test_no_more_are_awaited_together_than_the_config_allows(made: Callable[..., Any], limit: int) -> None:
    crowd = Crowd()

    async def asay(word: str) -> str:
        crowd.enter(word)
        for _ in range(10):  # lets every other task that may begin do so
            await asyncio.sleep(0)
        crowd.leave()
        return word.upper()

    answers = await aanswer(questions(*WORDS), made(asay=asay), {"max_concurrency": limit})
    assert texts(answers) == ["ONE", "TWO", "THREE", "FOUR"]
    assert (crowd.came, crowd.most) == (list(WORDS), limit)


@every_kind
@pytest.mark.parametrize("failing", WORDS)
@pytest.mark.parametrize("limit", [None, 1])
async def test_an_exception_awaited_is_the_error_of_its_own_question(
    made: Callable[..., Any], failing: str, limit: int | None
) -> None:
    async def asay(word: str) -> str:
        if word == failing:
            raise ConnectionError(f"{word} is gone")
        return word.upper()

    answers = await aanswer(questions(*WORDS), made(asay=asay), {"max_concurrency": limit})
    assert texts(answers) == [f"error: {word} is gone" if word == failing else word.upper() for word in WORDS]
    assert isinstance(answers[WORDS.index(failing)], ModelError)


async def test_a_judge_that_cannot_be_used_is_the_callers_mistake_when_awaited() -> None:
    async def asay(word: str) -> Any:
        return 5 if word == "three" else word.upper()

    with pytest.raises(ConfigError, match="this one returned int"):
        await aanswer(questions(*WORDS), function(asay=asay), {})


async def test_rounds_awaited_follow_each_other_until_the_flow_ends() -> None:
    async def asay(word: str) -> str:
        return word.upper()

    def twice(word: str) -> Flow[list[str]]:
        (first,) = yield from questions(word)
        (second,) = yield from questions(f"{word} again")
        return texts((first, second))

    flow = together([twice("one"), twice("two")])
    assert await aanswer(flow, function(asay=asay), {}) == [["ONE", "ONE AGAIN"], ["TWO", "TWO AGAIN"]]
