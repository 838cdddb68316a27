"""The driver: answers a flow's questions with a LangChain model, sync and async side by side here alone."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from math import exp
from typing import Any, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import LLMResult
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.utils import gather_with_concurrency

from lc_scoring.errors import ConfigError, ModelError, ScoringError
from lc_scoring.flow import Answers, Ask, Asked, Embed, Flow, Message, Reply, Token, Vectors
from lc_scoring.models import decisions
from lc_scoring.models.embeddings import aembed, embed
from lc_scoring.models.judge import Judge, Judges, is_decisions
from lc_scoring.models.prices import cost_of
from lc_scoring.models.provider_errors import no_answer
from lc_scoring.models.scheduler import scheduled
from lc_scoring.models.workers import Workers
from lc_scoring.records import Usage

T = TypeVar("T")

_MESSAGES: dict[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}
_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"})
_FILTERED = frozenset(
    {
        "content_filter",
        "content_filtered",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
        "guardrail_intervened",
    }
)
_REFUSED = frozenset({400, 422})  # what a server answers to fields it does not know
_FINISH_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
_ONE_CALL = Usage(calls=1)


def answer(flow: Flow[T], model: Judges, config: RunnableConfig, workers: Workers | None = None) -> T:
    """Run a flow to its end, asking `model`, or the one of several that a question names.

    Several questions of one round are asked at once, with the help of `workers`.

    Raises:
        ModelError: the model raised; its exception is the cause.
        ConfigError: the model returned neither a message nor text.
    """
    try:
        asks = next(flow)
        while True:
            asks = flow.send(_replies(asks, model, config, workers))
    except StopIteration as done:
        return cast("T", done.value)


async def aanswer(flow: Flow[T], model: Judges, config: RunnableConfig) -> T:
    """Run a flow to its end, awaiting `model`; see `answer`."""
    try:
        asks = next(flow)
        while True:
            asks = flow.send(await _areplies(asks, model, config))
    except StopIteration as done:
        return cast("T", done.value)


def _replies(asks: Asked, model: Judges, config: RunnableConfig, workers: Workers | None) -> Answers:
    if len(asks) == 1:
        return (_reply(asks[0], model, config),)
    limit = config.get("max_concurrency") or len(asks)
    return tuple((workers or Workers()).map(lambda ask: _reply(ask, model, config), asks, limit=limit))


async def _areplies(asks: Asked, model: Judges, config: RunnableConfig) -> Answers:
    if len(asks) == 1:
        return (await _areply(asks[0], model, config),)
    limit = config.get("max_concurrency")
    return tuple(await gather_with_concurrency(limit, *(_areply(ask, model, config) for ask in asks)))


def _reply(ask: Ask | Embed, models: Judges, config: RunnableConfig) -> Reply | Vectors | ModelError:
    if isinstance(ask, Embed):
        return _vectors(ask)
    model = models[ask.juror] if isinstance(models, tuple) else models
    while True:
        try:
            return _read_output(_call(model, ask, config), ask)
        except ScoringError as error:
            return _known(error)
        except Exception as error:  # noqa: BLE001 - the outside world: a provider may raise anything
            if not _refuses_options(ask, error):
                return no_answer(error, model)
            ask = replace(ask, options={})


async def _areply(ask: Ask | Embed, models: Judges, config: RunnableConfig) -> Reply | Vectors | ModelError:
    if isinstance(ask, Embed):
        return await _avectors(ask)
    model = models[ask.juror] if isinstance(models, tuple) else models
    while True:
        try:
            return await scheduled(model, ask, partial(_asked, ask=ask, config=config))
        except ScoringError as error:
            return _known(error)
        except Exception as error:  # noqa: BLE001 - the outside world: a provider may raise anything
            if not _refuses_options(ask, error):
                return no_answer(error, model)
            ask = replace(ask, options={})


def _refuses_options(ask: Ask, error: Exception) -> bool:
    """Whether a model may have failed over the options of a question, so that it is asked once more without them."""
    if not ask.options or decisions.QUESTION in ask.options:
        return False
    return isinstance(error, (TypeError, NotImplementedError)) or getattr(error, "status_code", None) in _REFUSED


def _vectors(ask: Embed) -> Vectors | ModelError:
    try:
        return embed(ask.model, list(ask.texts))
    except ScoringError as error:
        return _known(error)


async def _avectors(ask: Embed) -> Vectors | ModelError:
    try:
        return await scheduled(ask.model, ask, partial(aembed, texts=list(ask.texts)))
    except ScoringError as error:
        return _known(error)


# BaseChatModel's own `invoke` makes a prompt of the messages and messages of the prompt, and hands them to
# `generate`; the step costs a tenth of the call. A model with an `invoke` of its own is called by that.


def _call(model: Judge, ask: Ask, config: RunnableConfig) -> object:
    if not isinstance(model, BaseChatModel) or type(model).invoke is not BaseChatModel.invoke:
        if decisions.QUESTION in ask.options or is_decisions(model):
            return model.invoke(decisions.request_of(ask), config)
        return model.invoke(_conversation(ask), config, **ask.options)
    callbacks, tags, metadata = config.get("callbacks"), config.get("tags"), config.get("metadata")
    return _message(
        model.generate([_conversation(ask)], callbacks=callbacks, tags=tags, metadata=metadata, **ask.options)
    )


async def _asked(model: Judge, *, ask: Ask, config: RunnableConfig) -> Reply:
    return _read_output(await _acall(model, ask, config), ask)


async def _acall(model: Judge, ask: Ask, config: RunnableConfig) -> object:
    if not isinstance(model, BaseChatModel) or type(model).ainvoke is not BaseChatModel.ainvoke:
        if decisions.QUESTION in ask.options or is_decisions(model):
            return await model.ainvoke(decisions.request_of(ask), config)
        return await model.ainvoke(_conversation(ask), config, **ask.options)
    callbacks, tags, metadata = config.get("callbacks"), config.get("tags"), config.get("metadata")
    return _message(
        await model.agenerate([_conversation(ask)], callbacks=callbacks, tags=tags, metadata=metadata, **ask.options)
    )


def _message(result: LLMResult) -> object:
    return getattr(result.generations[0][0], "message", None)


def _conversation(ask: Ask) -> list[BaseMessage]:
    return [
        _MESSAGES[message.role](content=message.text) if isinstance(message, Message) else message
        for message in ask.messages
    ]


def _known(error: ScoringError) -> ModelError:
    if isinstance(error, ModelError):
        return error
    raise error


def _read_output(output: object, ask: Ask) -> Reply:
    if isinstance(output, str):
        return Reply(text=output, usage=_ONE_CALL)
    if decisions.QUESTION in ask.options:
        return decisions.reply_of(output, ask)
    if not isinstance(output, BaseMessage):
        raise ConfigError(
            f"A judge must end in a message or text; this one returned {type(output).__name__}. "
            "Add a step that takes the text out of it."
        )
    content, metadata = output.content, output.response_metadata
    finish = _finish(metadata) if metadata else ""
    text = content if type(content) is str else str(output.text)
    return Reply(
        text=_handed_in(output) or text if ask.options else text,
        refusal=_refusal(output),
        cut_off=finish in _CUT_OFF,
        filtered=finish in _FILTERED,
        usage=_usage(output),
        tokens=_tokens(metadata) if "logprobs" in metadata else (),
    )


def _handed_in(message: BaseMessage) -> str:
    """Return the arguments of a tool that the judge handed its judgement in with, as JSON."""
    calls = getattr(message, "tool_calls", None)
    return json.dumps(calls[-1]["args"]) if calls else ""


def _tokens(metadata: dict[str, Any]) -> tuple[Token, ...]:
    """Return the tokens of an answer with their probabilities, as far as the provider gave them."""
    logprobs = metadata["logprobs"]
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    tokens: list[Token] = []
    for entry in content or ():
        try:
            alternatives = {one["token"]: exp(one["logprob"]) for one in (*entry["top_logprobs"], entry)}
            tokens.append(Token(entry["token"], alternatives))
        except (KeyError, TypeError, OverflowError):
            return ()  # half a row of probabilities is none
    return tuple(tokens)


def _finish(metadata: dict[str, Any]) -> str:
    """Return why the model stopped: each provider has its own key for it."""
    reason = next((metadata[key] for key in _FINISH_KEYS if metadata.get(key)), None)
    if not reason and (incomplete := metadata.get("incomplete_details")):
        reason = incomplete.get("reason") if isinstance(incomplete, dict) else None
    return str(reason).lower() if reason else ""


def _refusal(message: BaseMessage) -> str | None:
    if refusal := message.additional_kwargs.get("refusal"):
        return str(refusal)
    if isinstance(message.content, list):
        for block in message.content:
            if isinstance(block, dict) and block.get("type") == "refusal":
                return str(block.get("refusal") or "The provider gave no reason.")
            inner = block.get("value") if isinstance(block, dict) else None
            if isinstance(inner, dict) and inner.get("type") == "refusal":
                return str(inner.get("refusal") or "The provider gave no reason.")
    if message.response_metadata.get("stop_reason") == "refusal":
        return str(message.text) or "The provider gave no reason."
    return None


def _usage(message: BaseMessage) -> Usage:
    counted = getattr(message, "usage_metadata", None)
    if not counted:
        return _ONE_CALL
    read, written = counted.get("input_tokens", 0), counted.get("output_tokens", 0)
    model = message.response_metadata.get("model_name") or message.response_metadata.get("model")
    cached = (counted.get("input_token_details") or {}).get("cache_read") or 0
    cost = cost_of(model, input_tokens=read, output_tokens=written, cached_tokens=cached) if model else None
    if counted.get("total_cost") == 0:  # LangChain's mark of an answer out of its cache
        cost = 0.0
    return Usage(calls=1, input_tokens=read, output_tokens=written, cost=cost)
