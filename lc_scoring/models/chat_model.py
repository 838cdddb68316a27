"""The driver: answers a flow's questions with a LangChain model, sync and async side by side here alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import LLMResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ContextThreadPoolExecutor
from langchain_core.runnables.utils import gather_with_concurrency
from pydantic import SecretStr

from lc_scoring.errors import ConfigError, ModelError, ScoringError
from lc_scoring.flow import Ask, Flow, Message, Reply
from lc_scoring.records import Usage

T = TypeVar("T")
Judge = Runnable[Any, Any]

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
_FINISH_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|lsv2|gsk|xai|key|hf|r8|nvapi)[-_](?=[\w\-*.]*\d)[\w\-*.]{6,}|\bAKIA\w{8,}|\bBearer\s+\S+"
    r"|(?<=key=)[^\s&]+|(?<=token=)[^\s&]+"
)
_SECRET_LENGTH = 8  # characters; a shorter "key" is a placeholder such as "none", and words hold it
_SHOWN = 600  # characters of a provider's message in ours; the whole is on the cause
_ONE_CALL = Usage(calls=1)


def answer(flow: Flow[T], model: Judge, config: RunnableConfig) -> T:
    """Run a flow to its end, asking `model`.

    Raises:
        ModelError: the model raised; its exception is the cause.
        ConfigError: the model returned neither a message nor text.
    """
    try:
        asks = next(flow)
        while True:
            asks = flow.send(_replies(asks, model, config))
    except StopIteration as done:
        return cast("T", done.value)


async def aanswer(flow: Flow[T], model: Judge, config: RunnableConfig) -> T:
    """Run a flow to its end, awaiting `model`; see `answer`."""
    try:
        asks = next(flow)
        while True:
            asks = flow.send(await _areplies(asks, model, config))
    except StopIteration as done:
        return cast("T", done.value)


def _replies(asks: tuple[Ask, ...], model: Judge, config: RunnableConfig) -> tuple[Reply | ModelError, ...]:
    """Ask one question here, and the others of its round at the same time in threads, as many as the config allows."""
    limit = config.get("max_concurrency")
    if len(asks) == 1 or limit == 1:
        return tuple([_reply(ask, model, config) for ask in asks])
    with ContextThreadPoolExecutor(max_workers=min(limit or len(asks), len(asks)) - 1) as executor:
        others = executor.map(lambda ask: _reply(ask, model, config), asks[1:])
        return (_reply(asks[0], model, config), *others)


async def _areplies(asks: tuple[Ask, ...], model: Judge, config: RunnableConfig) -> tuple[Reply | ModelError, ...]:
    if len(asks) == 1:
        return (await _areply(asks[0], model, config),)
    limit = config.get("max_concurrency")
    return tuple(await gather_with_concurrency(limit, *(_areply(ask, model, config) for ask in asks)))


def _reply(ask: Ask, model: Judge, config: RunnableConfig) -> Reply | ModelError:
    try:
        output = _call(model, _conversation(ask), config)
    except ScoringError as error:
        return _known(error)
    except Exception as error:  # noqa: BLE001 - the outside world: a provider may raise anything
        return no_answer(error, model)
    return _read_output(output)


async def _areply(ask: Ask, model: Judge, config: RunnableConfig) -> Reply | ModelError:
    try:
        output = await _acall(model, _conversation(ask), config)
    except ScoringError as error:
        return _known(error)
    except Exception as error:  # noqa: BLE001 - the outside world: a provider may raise anything
        return no_answer(error, model)
    return _read_output(output)


# BaseChatModel's own `invoke` makes a prompt of the messages and messages of the prompt, and hands them to
# `generate`; the step costs a tenth of the call. A model with an `invoke` of its own is called by that.


def _call(model: Judge, messages: list[BaseMessage], config: RunnableConfig) -> object:
    if not isinstance(model, BaseChatModel) or type(model).invoke is not BaseChatModel.invoke:
        return model.invoke(messages, config)
    callbacks, tags, metadata = config.get("callbacks"), config.get("tags"), config.get("metadata")
    return _message(model.generate([messages], callbacks=callbacks, tags=tags, metadata=metadata))


async def _acall(model: Judge, messages: list[BaseMessage], config: RunnableConfig) -> object:
    if not isinstance(model, BaseChatModel) or type(model).ainvoke is not BaseChatModel.ainvoke:
        return await model.ainvoke(messages, config)
    callbacks, tags, metadata = config.get("callbacks"), config.get("tags"), config.get("metadata")
    return _message(await model.agenerate([messages], callbacks=callbacks, tags=tags, metadata=metadata))


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


def no_answer(error: Exception, model: object, said: str = "The judge gave no answer") -> ModelError:
    """Return the error for a model that raised: what it said, without keys, and its exception as the cause."""
    message = _masked(" ".join(str(error).split()), model)
    message = message if len(message) <= _SHOWN else f"{message[:_SHOWN]} [... {len(message) - _SHOWN} characters]"
    failure = ModelError(
        f"{said}: {type(error).__name__}: {message or 'no message'}",
        retryable=getattr(error, "is_retryable", None),
    )
    failure.__cause__ = error
    return failure


def _masked(text: str, model: object) -> str:
    """Mask the judge's own keys in a provider's message, and what looks like one."""
    for secret in _secrets(model):
        if len(secret) >= _SECRET_LENGTH:
            text = text.replace(secret, "***")
    return _KEY_LIKE.sub("***", text)


def _secrets(model: Any) -> Iterator[str]:
    """Yield the keys of a model, and of all that a binding, a chain or fallbacks hold."""
    inside = (*getattr(model, "steps", ()), *getattr(model, "runnables", ()), getattr(model, "bound", None))
    for one in inside:
        if isinstance(one, Runnable):
            yield from _secrets(one)
    for value in getattr(model, "__dict__", {}).values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()


def _read_output(output: object) -> Reply:
    if isinstance(output, str):
        return Reply(text=output, usage=_ONE_CALL)
    if not isinstance(output, BaseMessage):
        raise ConfigError(
            f"A judge must end in a message or text; this one returned {type(output).__name__}. "
            "Add a step that takes the text out of it."
        )
    content, metadata = output.content, output.response_metadata
    finish = _finish(metadata) if metadata else ""
    return Reply(
        text=content if type(content) is str else str(output.text),
        refusal=_refusal(output),
        cut_off=finish in _CUT_OFF,
        filtered=finish in _FILTERED,
        usage=_usage(output),
    )


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
    return Usage(calls=1, input_tokens=counted.get("input_tokens", 0), output_tokens=counted.get("output_tokens", 0))
