"""Judges behind the real OpenAI client, against a server on 127.0.0.1, and everything else that `llm=` takes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import openai
import pytest
from langchain.chat_models import init_chat_model
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import FakeListLLM
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from loopback.openai_api import OpenAIServer

from lc_scoring import (
    ConfigError,
    MissingExtra,
    ModelError,
    ReplyError,
    Sample,
    Score,
    ScoringError,
    Usage,
    load_evaluator,
)

SAMPLE = Sample(prediction="It is Paris.", input="What is the capital of France?", reference="Paris")
FIELDS = {"prediction": SAMPLE.prediction, "input": SAMPLE.input, "reference": SAMPLE.reference}
GOOD = "Clear and right. Rating: [[8]]"

Call: TypeAlias = Callable[[Any], Awaitable[Score]]


async def _sync(evaluator: Any) -> Score:
    return evaluator.score(SAMPLE)


async def _async(evaluator: Any) -> Score:
    return await evaluator.ascore(SAMPLE)


def both_ways(test: Any) -> Any:
    """Run a test sync and async, in one event loop: langchain_openai keeps its clients, and they keep their loop."""
    return pytest.mark.asyncio(loop_scope="module")(
        pytest.mark.parametrize("call", [_sync, _async], ids=["sync", "async"])(test)
    )


both_apis = pytest.mark.parametrize("responses", [False, True], ids=["chat", "responses"])


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what a developer's own environment says unheard."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LC_SCORING_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def _running() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply=GOOD) as running:
        yield running


@pytest.fixture
def server(_running: OpenAIServer) -> OpenAIServer:
    """The module's one server, as new."""
    _running.reply = GOOD
    _running.requests.clear()
    _running._script.clear()
    return _running


def chat(server: OpenAIServer, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(**{"model": "judge", "base_url": server.url, "api_key": "test-key", "max_retries": 0, **options})


def made(llm: Any, **options: Any) -> Any:
    return load_evaluator("labeled_score_string", llm=llm, criteria="correctness", **options)


def conversation(server: OpenAIServer, number: int) -> list[dict[str, Any]]:
    """The messages of a request, of either API."""
    body = server.requests[number].body
    return body["messages"] if "messages" in body else body["input"]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, of either API."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


# Answers that hold a rating.

READABLE: dict[str, tuple[Any, float]] = {
    "plain": (GOOD, 8),
    "decimal": ("Rating: [[7.5]]", 7.5),
    "reasoning apart": ({"content": "Rating: [[8]]", "reasoning_content": "maybe [[3]]"}, 8),
    "reasoning apart, later higher": ({"content": "[[8]]", "reasoning_content": "[[3]] or [[9]]"}, 8),
    "think": ("<think>maybe [[2]]</think>\nRating: [[8]]", 8),
    "think without its opening": ("maybe [[2]]\n</think>\nRating: [[8]]", 8),
    "cut off after a rating that opens it": ({"content": "[[8]]\nThe answer is", "finish_reason": "length"}, 8),
    "cut off, labeled": ({"content": "Rating: [[8]]. The answer", "finish_reason": "length"}, 8),
}


@both_ways
@both_apis
@pytest.mark.parametrize(("outcome", "rating"), list(READABLE.values()), ids=list(READABLE))
async def test_readable(server: OpenAIServer, call: Call, responses: bool, outcome: Any, rating: float) -> None:
    server.script([outcome])
    score = await call(made(chat(server, use_responses_api=responses)))
    assert score.rating == rating
    assert score.value == pytest.approx((rating - 1) / 9)
    assert "maybe" not in score.reasoning
    assert [request.path for request in server.requests] == ["/v1/responses" if responses else "/v1/chat/completions"]


@both_ways
@both_apis
async def test_the_question(server: OpenAIServer, call: Call, responses: bool) -> None:
    server.reply = "Rating: [[4]]"
    await call(made(chat(server, use_responses_api=responses), scale=(1, 5)))
    system, user = conversation(server, 0)
    assert (system["role"], user["role"]) == ("system", "user")
    for field, text in FIELDS.items():
        assert f"<sample_{field}>\n{text}\n</sample_{field}>" in text_of(user)
    assert "from 1 to 5" in text_of(user)
    assert SAMPLE.prediction not in text_of(system)


# Answers that hold none.

UNREADABLE: dict[str, tuple[Any, str, str]] = {
    # the outcome, what the error says, the reply that it keeps
    "refusal": ("refusal", "declined to answer", "I can't help with rating this."),
    "content filter": ("content_filter", "content filter", ""),
    "cut off before the rating": ("length", "cut off at the token limit", "The answer is mostly"),
    "cut off after a rating in its middle": (
        {"content": "Style [[3]], and then", "finish_reason": "length"},
        "cut off at the token limit",
        "Style [[3]], and then",
    ),
    "empty": ({"content": ""}, "empty", ""),
    "blank": ({"content": " \n"}, "empty", " \n"),
    "reasoning and nothing after it": (
        "<think>maybe [[2]]",
        "reasoning and no answer",
        "<think>maybe [[2]]",
    ),
    "no brackets": ("It deserves 8/10 I think.", "no rating in double brackets", "It deserves 8/10 I think."),
    "off the scale": ("Rating: [[14]]", "off the scale 1..10", "Rating: [[14]]"),
}


@both_ways
@both_apis
@pytest.mark.parametrize(("outcome", "said", "kept"), list(UNREADABLE.values()), ids=list(UNREADABLE))
async def test_unreadable(
    server: OpenAIServer, call: Call, responses: bool, outcome: Any, said: str, kept: str
) -> None:
    server.script([outcome])
    with pytest.raises(ReplyError, match=said) as raised:
        await call(made(chat(server, use_responses_api=responses), repair=0))
    assert raised.value.reply == kept
    assert said in raised.value.reason
    assert (repr(kept) if kept else "(nothing)") in str(raised.value)
    assert len(server.requests) == 1


@both_ways
@both_apis
async def test_content_in_langchains_version_one(server: OpenAIServer, call: Call, responses: bool) -> None:
    evaluator = made(chat(server, use_responses_api=responses, output_version="v1"), repair=0)
    server.script([{"content": "Rating: [[8]]", "reasoning_content": "maybe [[3]]"}, "refusal"])
    score = await call(evaluator)
    assert (score.rating, score.reasoning) == (8, "Rating: [[8]]")
    with pytest.raises(ReplyError, match="declined to answer") as raised:
        await call(evaluator)
    assert raised.value.reply == "I can't help with rating this."


# No answer at all.

FAILING: dict[str, tuple[Any, type[Exception], bool | None]] = {
    # the outcome, the cause, whether the provider says that the same request may succeed later
    "wrong key": (401, openai.AuthenticationError, False),
    "forbidden": (403, openai.PermissionDeniedError, False),
    "no such model": (404, openai.NotFoundError, False),
    "busy": (429, openai.RateLimitError, True),
    "broken": (500, openai.InternalServerError, True),
    "away": (503, openai.InternalServerError, True),
    "bad request": (400, openai.BadRequestError, False),
    "too long": ({"status": 400, "code": "context_length_exceeded"}, openai.BadRequestError, False),
    "truncated JSON": ("truncated", json.JSONDecodeError, None),
    "cut connection": ("cut", openai.APIConnectionError, True),
    "cut body": ("cut_body", openai.APIConnectionError, True),
    "HTML": ("html", Exception, None),
}
CHAT_ONLY: dict[str, tuple[Any, type[Exception], bool | None]] = {
    "no choices": ("no_choices", IndexError, None),
    "null choices": ("null_choices", Exception, None),
}


async def _assert_fails(
    server: OpenAIServer, call: Call, model: Any, outcome: Any, cause: type[Exception], retryable: bool | None
) -> None:
    server.script([outcome])
    with pytest.raises(ModelError) as raised:
        await call(made(model))
    error = raised.value
    assert isinstance(error.__cause__, cause)
    assert error.retryable is retryable
    message = str(error)
    assert message.startswith(f"The judge gave no answer: {type(error.__cause__).__name__}: ")
    assert message.isprintable()
    assert "test-key" not in message
    assert len(server.requests) == 1


@both_ways
@both_apis
@pytest.mark.parametrize(("outcome", "cause", "retryable"), list(FAILING.values()), ids=list(FAILING))
async def test_no_answer(
    server: OpenAIServer,
    call: Call,
    responses: bool,
    outcome: Any,
    cause: type[Exception],
    retryable: bool | None,
) -> None:
    await _assert_fails(server, call, chat(server, use_responses_api=responses), outcome, cause, retryable)


@both_ways
@pytest.mark.parametrize(("outcome", "cause", "retryable"), list(CHAT_ONLY.values()), ids=list(CHAT_ONLY))
async def test_no_choices(
    server: OpenAIServer, call: Call, outcome: Any, cause: type[Exception], retryable: bool | None
) -> None:
    await _assert_fails(server, call, chat(server), outcome, cause, retryable)


@both_ways
async def test_no_output_items(server: OpenAIServer, call: Call) -> None:
    server.script(["no_choices"])
    with pytest.raises(ReplyError, match="empty"):
        await call(made(chat(server, use_responses_api=True), repair=0))


@both_ways
async def test_context_length_is_named(server: OpenAIServer, call: Call) -> None:
    server.script([{"status": 400, "code": "context_length_exceeded"}])
    with pytest.raises(ModelError, match="context_length_exceeded"):
        await call(made(chat(server)))


@both_ways
async def test_the_clients_own_retries_are_its_own(server: OpenAIServer, call: Call) -> None:
    server.script([429, 503, "ok"])
    assert (await call(made(chat(server, max_retries=2)))).rating == 8
    assert len(server.requests) == 3


def error(status: int, message: str) -> Any:
    return {"status": status, "raw_body": json.dumps({"error": {"message": message}})}


@both_ways
async def test_an_error_of_many_lines_is_told_in_one(server: OpenAIServer, call: Call) -> None:
    server.script([error(400, "Bad request:\n  too many\r\n\tmessages")])
    with pytest.raises(ModelError, match="Bad request: too many messages"):
        await call(made(chat(server)))


@both_ways
async def test_a_long_error_is_shortened(server: OpenAIServer, call: Call) -> None:
    server.script([error(400, f"Bad request: {'x' * 100_000}")])
    with pytest.raises(ModelError, match="Bad request") as raised:
        await call(made(chat(server)))
    assert len(str(raised.value)) < 5_000


# Keys stay where they are.


@both_ways
@pytest.mark.parametrize(
    "key",
    [
        "test-key-0123456789",
        "sk-proj-test_0123456789abcdef",
        "gsk_test0123456789",
        "0123456789abcdef0123456789abcdef",
        "acme-0123456789",
    ],
)
async def test_a_key_that_the_provider_repeats(server: OpenAIServer, call: Call, key: str) -> None:
    server.script([error(401, f"Incorrect API key provided: {key}. You can find yours in your account.")])
    with pytest.raises(ModelError, match="Incorrect API key") as raised:
        await call(made(chat(server, api_key=key)))
    assert key not in str(raised.value)
    assert key not in repr(raised.value)
    assert server.requests[0].headers["authorization"] == f"Bearer {key}"


def test_an_evaluator_does_not_show_its_key(server: OpenAIServer) -> None:
    key = "0123456789abcdef0123456789abcdef"
    evaluator = made(chat(server, api_key=key))
    for shown in (repr(evaluator), str(evaluator), evaluator.signature, str(evaluator.get_graph())):
        assert key not in shown
    assert server.url not in evaluator.signature


@pytest.mark.parametrize(
    "said", ["Incorrect API key provided.", "missing a keyword-only argument", "skepticism is not supported"]
)
def test_words_are_no_keys(said: str) -> None:
    def fail(_messages: Any) -> str:
        raise TypeError(said)

    with pytest.raises(ModelError) as raised:
        made(fail).score(SAMPLE)
    assert said in str(raised.value)


# Asking once more.

UNREAD = "The answer is correct and I would give it eight."


@pytest.fixture(params=[False, True], ids=["no cache", "cache"])
def cached(request: pytest.FixtureRequest) -> Iterator[bool]:
    set_llm_cache(InMemoryCache() if request.param else None)
    yield request.param
    set_llm_cache(None)


@both_ways
@both_apis
async def test_repair(server: OpenAIServer, call: Call, responses: bool, cached: bool) -> None:
    evaluator = made(chat(server, use_responses_api=responses))
    server.script([UNREAD, "[[8]]"])
    score = await call(evaluator)
    assert (score.rating, score.reasoning) == (8, f"{UNREAD}\n\n[[8]]")

    first, second = conversation(server, 0), conversation(server, 1)
    assert len(server.requests) == 2
    assert second[: len(first)] == first
    said, asked = second[len(first) :]
    assert (said["role"], text_of(said)) == ("assistant", UNREAD)
    assert asked["role"] == "user"
    for words in ("only the rating", "1 (lowest) to 10 (highest)", "[[n]]", "no rating in double brackets"):
        assert words in text_of(asked)

    server.script([UNREAD, "[[3]]"])  # a cache holds both answers and asks neither again
    again = await call(evaluator)
    assert (again.rating, len(server.requests)) == ((8, 2) if cached else (3, 4))


@both_ways
@both_apis
@pytest.mark.parametrize("first", ["length", "content_filter", {"content": ""}, "<think>maybe [[2]]", "[[14]]"])
async def test_repair_of_every_kind(server: OpenAIServer, call: Call, responses: bool, first: Any) -> None:
    server.script([first, "[[8]]"])
    assert (await call(made(chat(server, use_responses_api=responses)))).rating == 8
    assert conversation(server, 0) != conversation(server, 1)
    assert all(text_of(message) for message in conversation(server, 1))


@both_ways
@both_apis
async def test_a_refusal_is_not_argued_with(server: OpenAIServer, call: Call, responses: bool) -> None:
    server.script(["refusal"])
    with pytest.raises(ReplyError, match="declined"):
        await call(made(chat(server, use_responses_api=responses), repair=3))
    assert len(server.requests) == 1


@both_ways
@pytest.mark.parametrize("repair", [0, 1, 3])
async def test_repair_ends(server: OpenAIServer, call: Call, repair: int) -> None:
    server.reply = UNREAD
    with pytest.raises(ReplyError) as raised:
        await call(made(chat(server), repair=repair))
    assert raised.value.reply == UNREAD
    bodies = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert len(bodies) == len(set(bodies)) == 1 + repair


@both_ways
async def test_repair_that_gets_no_answer(server: OpenAIServer, call: Call) -> None:
    server.script([UNREAD, 500])
    with pytest.raises(ModelError) as raised:
        await call(made(chat(server)))
    assert raised.value.retryable is True


@both_ways
async def test_repair_of_a_long_reply_shows_its_end(server: OpenAIServer, call: Call) -> None:
    server.script(["x" * 100_000 + " and so it ends", "[[8]]"])
    assert (await call(made(chat(server)))).rating == 8
    shown = text_of(conversation(server, 1)[2])
    assert len(shown) < 5_000
    assert shown.endswith(" and so it ends")


# What it cost.


def counted(responses: bool, read: int, written: int) -> dict[str, Any]:
    words = ("input_tokens", "output_tokens") if responses else ("prompt_tokens", "completion_tokens")
    details = {f"{words[0]}_details": {"cached_tokens": 0}, f"{words[1]}_details": {"reasoning_tokens": 0}}
    return {words[0]: read, words[1]: written, "total_tokens": read + written, **details}


@both_ways
@both_apis
async def test_usage(server: OpenAIServer, call: Call, responses: bool) -> None:
    evaluator = made(chat(server, use_responses_api=responses))
    server.script(
        [
            {"content": UNREAD, "usage": counted(responses, 90, 20)},
            {"content": "[[8]]", "usage": counted(responses, 110, 2)},
            {"content": GOOD, "usage": counted(responses, 91, 7)},
        ]
    )
    with get_usage_metadata_callback() as seen:
        assert (await call(evaluator)).usage == Usage(calls=2, input_tokens=200, output_tokens=22)
    assert seen.usage_metadata["judge"]["total_tokens"] == 222
    assert (await call(evaluator)).usage == Usage(calls=1, input_tokens=91, output_tokens=7)


@both_ways
async def test_usage_that_is_not_reported(server: OpenAIServer, call: Call) -> None:
    server.script([{"content": GOOD, "usage": None}])
    assert (await call(made(chat(server)))).usage == Usage(calls=1)


# What llm= takes.


@both_ways
async def test_bind(server: OpenAIServer, call: Call) -> None:
    assert (await call(made(chat(server).bind(temperature=0.5, seed=7)))).rating == 8
    assert (server.requests[0].body["temperature"], server.requests[0].body["seed"]) == (0.5, 7)


@both_ways
async def test_with_retry(server: OpenAIServer, call: Call) -> None:
    server.script([500, "ok"])
    judge = chat(server).with_retry(
        retry_if_exception_type=(openai.InternalServerError,), stop_after_attempt=2, wait_exponential_jitter=False
    )
    assert (await call(made(judge))).rating == 8
    assert len(server.requests) == 2


@both_ways
async def test_with_fallbacks(server: OpenAIServer, call: Call) -> None:
    server.script([401, "ok"])
    judge = chat(server, model="first").with_fallbacks([chat(server, model="second")])
    assert (await call(made(judge))).rating == 8
    assert [request.body["model"] for request in server.requests] == ["first", "second"]


@both_ways
async def test_configurable_model(server: OpenAIServer, call: Call) -> None:
    judge = init_chat_model(
        "openai:judge", configurable_fields=("temperature",), base_url=server.url, api_key="test-key", max_retries=0
    )
    evaluator = made(judge)
    assert (await call(evaluator)).rating == 8
    config = {"configurable": {"temperature": 0.5}}
    evaluator.invoke(FIELDS, config)
    await evaluator.ainvoke(FIELDS, config)
    assert [request.body.get("temperature") for request in server.requests] == [None, 0.5, 0.5]


async def said_later(_messages: Any) -> str:
    return GOOD


JUDGES: dict[str, Callable[[OpenAIServer], Any]] = {
    "function": lambda _server: lambda _messages: GOOD,
    "lambda of text": lambda _server: RunnableLambda(lambda _messages: GOOD),
    "lambda of a message": lambda _server: RunnableLambda(lambda _messages: AIMessage(GOOD)),
    "lambda of a model": lambda server: RunnableLambda(lambda _messages: chat(server)),
    "lambda of both kinds": lambda _server: RunnableLambda(lambda _messages: GOOD, afunc=said_later),
    "sequence": lambda server: chat(server) | StrOutputParser(),
    "text model": lambda _server: FakeListLLM(responses=[GOOD]),
}


@both_ways
@pytest.mark.parametrize("judge", list(JUDGES.values()), ids=list(JUDGES))
async def test_judges(server: OpenAIServer, call: Call, judge: Callable[[OpenAIServer], Any]) -> None:
    score = await call(made(judge(server)))
    assert (score.rating, score.reasoning, score.usage.calls) == (8, GOOD, 1)


@pytest.mark.parametrize("judge", [said_later, RunnableLambda(said_later)], ids=["function", "lambda"])
async def test_an_asynchronous_function(judge: Any) -> None:
    assert (await made(judge).ascore(SAMPLE)).rating == 8
    with pytest.raises(ScoringError, match=r"(?i)coroutine"):
        made(judge).score(SAMPLE)


@both_ways
@pytest.mark.parametrize(
    ("name", "model", "temperature"),
    [
        ("openai:judge", "judge", None),
        ("openai:gpt-4.1-mini", "gpt-4.1-mini", 0),
        ("gpt-4.1-mini", "gpt-4.1-mini", 0),
        ("openai:gpt-5-mini", "gpt-5-mini", None),
    ],
)
@pytest.mark.parametrize("given", ["llm", "setting"])
async def test_model_strings(
    server: OpenAIServer,
    call: Call,
    name: str,
    model: str,
    temperature: float | None,
    given: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    if given == "setting":
        monkeypatch.setenv("LC_SCORING_LLM", name)
    evaluator = made(name if given == "llm" else None)
    assert (await call(evaluator)).rating == 8
    (request,) = server.requests
    assert request.body["model"] == model
    assert request.body.get("temperature") == temperature
    assert request.headers["authorization"] == "Bearer test-key"
    assert f"judge=ChatOpenAI:{model}" in evaluator.signature


@both_ways
@pytest.mark.parametrize("given", ["llm", "setting"])
async def test_offline(call: Call, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if given == "setting":
        monkeypatch.setenv("LC_SCORING_LLM", "offline")
    score = await call(made("offline" if given == "llm" else None))
    assert score.rating is not None
    assert score.rating >= 8
    assert "OfflineJudge" in score.signature


@both_ways
async def test_offline_knows_its_limits(call: Call) -> None:
    evaluator = load_evaluator("labeled_score_string", llm="offline", criteria="depth")
    with pytest.raises(ModelError, match="correctness") as raised:
        await call(evaluator)
    assert raised.value.retryable is False


# What llm= does not take.


@pytest.mark.parametrize("name", [None, "openai:gpt-5-mini", "openai:judge"])
def test_missing_key(name: str | None) -> None:
    with pytest.raises(ConfigError, match=r"OPENAI_API_KEY.*llm=\"offline\""):
        made(name)


@pytest.mark.parametrize("name", ["nope:judge", "judge-model", ":", "openai", "off-line"])
def test_unknown_model_string(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    with pytest.raises(ConfigError, match=rf"Unknown judge '{name}'.*'provider:model'.*offline") as raised:
        made(name)
    assert raised.value.__cause__ is not None


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_anthropic", None)
    with pytest.raises(MissingExtra, match=r"'anthropic:judge'.*langchain-anthropic") as raised:
        made("anthropic:judge")
    assert isinstance(raised.value, ImportError)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize("llm", [5, 0.5, object(), b"openai:judge", {"model": "judge"}, ChatOpenAI])
def test_wrong_type(llm: Any) -> None:
    with pytest.raises(ConfigError, match="llm takes a chat model"):
        made(llm)


@both_ways
@pytest.mark.parametrize("returned", [8, 8.0, None, {"score": 8}, ["[[8]]"], b"[[8]]"], ids=repr)
async def test_wrong_return_type(call: Call, returned: Any) -> None:
    with pytest.raises(
        ConfigError, match=f"must end in a message or text; this one returned {type(returned).__name__}"
    ):
        await call(made(lambda _messages: returned))


@both_ways
async def test_structured_output_is_no_text(call: Call) -> None:
    schema = {"title": "Rating", "type": "object", "properties": {"score": {"type": "integer"}}}
    with OpenAIServer(structured={"score": 8}) as server:
        with pytest.raises(ConfigError, match="this one returned dict"):
            await call(made(chat(server).with_structured_output(schema)))
        assert len(server.requests) == 1


# Scores of equal signatures are comparable, so other judges have other signatures.


PAIRS: dict[str, Callable[[OpenAIServer], tuple[Any, Any]]] = {
    "model": lambda server: (chat(server), chat(server, model="other")),
    "temperature": lambda server: (chat(server), chat(server, temperature=0.5)),
    "bound model": lambda server: (chat(server).bind(seed=1), chat(server, model="other").bind(seed=1)),
    "retried model": lambda server: (chat(server).with_retry(), chat(server, model="other").with_retry()),
    "bound temperature": lambda server: (chat(server).bind(temperature=0), chat(server).bind(temperature=1)),
    "model with a fallback": lambda server: (
        chat(server).with_fallbacks([chat(server)]),
        chat(server, model="other").with_fallbacks([chat(server)]),
    ),
    "fallback": lambda server: (
        chat(server).with_fallbacks([chat(server)]),
        chat(server).with_fallbacks([chat(server, model="other")]),
    ),
    "model in a sequence": lambda server: (
        chat(server) | StrOutputParser(),
        chat(server, model="other") | StrOutputParser(),
    ),
    "reasoning effort": lambda server: (
        chat(server, reasoning_effort="low"),
        chat(server, reasoning_effort="high"),
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_other_judges_have_other_signatures(
    server: OpenAIServer, pair: Callable[[OpenAIServer], tuple[Any, Any]]
) -> None:
    first, second = (made(judge).signature for judge in pair(server))
    assert first != second
