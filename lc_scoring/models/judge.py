"""Judge: a model or several, and the model inside of what LangChain wraps around it."""

from __future__ import annotations

from typing import Any, TypeAlias

from langchain_core.runnables import Runnable
from langchain_core.runnables.base import RunnableBindingBase

Judge: TypeAlias = Runnable[Any, Any]
"""Anything that takes messages and ends in a message or text; or OpenAI's Decisions endpoint."""

Judges: TypeAlias = "Judge | tuple[Judge, ...]"
"""A model, or the several models of a jury."""


def base_model(judge: Judge) -> Any:
    """Return the model inside of bindings (`.bind`, `.with_retry`, `.with_config`)."""
    inner: Any = judge
    while isinstance(inner, RunnableBindingBase):
        inner = inner.bound
    return inner


def is_decisions(judge: Judge) -> bool:
    """Whether a judge is OpenAI's Decisions endpoint, which answers with probabilities and no text."""
    return any(kind.__name__ == "OpenAIDecisions" for kind in type(base_model(judge)).__mro__)


def setting_of(judge: Judge, name: str) -> Any:
    """Return a setting of a model, such as its temperature: as it was bound, else as it was made, else None."""
    inner: Any = judge
    while isinstance(inner, RunnableBindingBase):
        if inner.kwargs.get(name) is not None:
            return inner.kwargs[name]
        inner = inner.bound
    return getattr(inner, name, None)
