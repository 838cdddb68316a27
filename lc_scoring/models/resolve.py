"""Resolve: turns what people pass as `llm=` into a judge, a Runnable that ends in a message or text."""

from __future__ import annotations

import os
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError, MissingExtra
from lc_scoring.models.judge import Judge
from lc_scoring.scale import number_text

SETTING = "LC_SCORING_LLM"
"""The environment variable that names the judge used where no `llm` is given."""

DEFAULT_LLM = "openai:gpt-5-mini"
"""The judge used where neither `llm` nor the setting names one."""

_OFFLINE = 'For a first try without a key, llm="offline" judges correctness against a short reference.'


def resolve_llm(llm: object = None, *, sampled: bool = False) -> Judge:
    """Turn `llm` into a judge.

    Args:
        llm: a chat model or any Runnable that ends in a message or text; a function of messages; a model string
            such as `"openai:gpt-5-mini"`; `"offline"`; or None for the setting `LC_SCORING_LLM`, else
            `"openai:gpt-5-mini"`. A model made from a string gets temperature 0 where it takes one.
        sampled: whether it is asked the same several times; then it is left at its own temperature.

    Raises:
        ConfigError: it is none of these, the model is unknown, or its key is missing.
        MissingExtra: the model's provider package is not installed.
    """
    if isinstance(llm, Runnable):
        return llm
    if llm is None:
        llm = os.environ.get(SETTING) or DEFAULT_LLM
    if isinstance(llm, str) and llm.strip():
        return _from_name(llm.strip(), sampled=sampled)
    if callable(llm) and not isinstance(llm, type):
        return RunnableLambda(llm)
    got = f"the class {llm.__name__}: make one of it" if isinstance(llm, type) else type(llm).__name__
    raise ConfigError(
        f"llm takes a chat model, a Runnable, a function, a model string such as {DEFAULT_LLM!r}, or 'offline'; "
        f"got {'a blank text' if isinstance(llm, str) else got}."
    )


def judge_name(judge: Judge) -> str:
    """Return what tells one judge from another in signatures and reports; it holds no key and no address.

    A model is named by its class, its name and how it samples; a chain or fallbacks by all that stand in them;
    arguments bound to it by a digest.

    Examples:
        >>> def strict(messages): return "[[1]]"
        >>> judge_name(RunnableLambda(strict))
        'RunnableLambda:strict'
        >>> judge_name(RunnableLambda(strict).with_fallbacks([RunnableLambda(strict)]))
        'RunnableLambda:strict,RunnableLambda:strict'
    """
    inner: Any = judge
    if isinstance(inner, RunnableWithFallbacks):
        return ",".join(judge_name(one) for one in inner.runnables)
    if isinstance(inner, RunnableSequence):
        return "+".join(judge_name(step) for step in inner.steps)
    if isinstance(inner, RunnableBindingBase):
        bound = repr(sorted(inner.kwargs.items()))
        return judge_name(inner.bound) + (f"#{digest(bound)}" if inner.kwargs else "")
    return _model_name(inner)


def _model_name(model: Any) -> str:
    kind = type(model).__name__
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    if isinstance(model, RunnableLambda):
        name = model.get_name()
    label = f"{kind}:{name}" if isinstance(name, str) and name else kind
    for setting in ("temperature", "reasoning_effort"):
        value = getattr(model, setting, None)
        if isinstance(value, (str, int, float)):
            label += f"@{value if isinstance(value, str) else number_text(value)}"
    return label


def _from_name(name: str, *, sampled: bool) -> Judge:
    if name == "offline":
        from lc_scoring.models.offline import OfflineJudge  # noqa: PLC0415 - only who asks for it pays for it

        return OfflineJudge()
    try:
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - half a second, only for model strings

        model = init_chat_model(name)
    except ImportError as error:
        raise MissingExtra(f"The judge {name!r} needs a package that is not installed: {error}. {_OFFLINE}") from error
    except ValueError as error:
        raise ConfigError(
            f"Unknown judge {name!r}: {_first_line(error)} Write it as 'provider:model'. {_OFFLINE}"
        ) from error
    except Exception as error:
        # Each provider has its own exception for a missing key; what they share is that the model was not made.
        raise ConfigError(f"The judge {name!r} cannot be made: {_first_line(error)} {_OFFLINE}") from error
    if sampled:
        return model
    if (getattr(model, "profile", None) or {}).get("temperature") and getattr(model, "temperature", 0) is None:
        return model.model_copy(update={"temperature": 0})
    return model


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
