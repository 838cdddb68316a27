"""Tracing: whether anybody listens to a run, and experiments that must stay on this machine."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

import langchain_core.tracers.context as tracers
from langchain_core.globals import get_debug
from langchain_core.runnables import RunnableConfig
from langsmith.run_helpers import get_tracing_context, tracing_context
from langsmith.utils import tracing_is_enabled


def nobody_listens(config: RunnableConfig) -> bool:
    """Tell whether it is certain that no handler would see a run under `config`.

    `CallbackManager.configure` answers the same by building a manager, for a tenth of a model call's own cost;
    this looks at what would make it add a handler. Where LangChain keeps its hooks elsewhere than today the answer
    is "not certain", and a manager is built.
    """
    if config.get("callbacks") or tracers.tracing_v2_callback_var.get() is not None:
        return False
    if tracing_is_enabled() or get_debug():
        return False
    for variable, _, _, environment in getattr(tracers, "_configure_hooks", [(None, None, None, None)]):
        if variable is None or variable.get() is not None or (environment is not None and environment in os.environ):
            return False
    return True


def local_stays_local() -> AbstractContextManager[None]:
    """Keep LangChain from uploading runs of an experiment that asked for `upload_results=False`.

    LangSmith marks such an experiment with `enabled="local"`; LangChain takes any true value for "trace and
    upload" (langchain-core 1.7).
    """
    local = get_tracing_context()["enabled"] == "local"
    return tracing_context(enabled=False) if local else nullcontext()
