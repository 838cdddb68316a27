"""Notices: warnings that point at the caller's own line, however deep in the package they arise."""

from __future__ import annotations

import inspect
import warnings

_NOT_THE_CALLER = ("lc_scoring", "asyncio", "langchain_core", "pydantic", "concurrent")


def notice(message: str) -> None:
    """Warn with the first line outside this package and the machinery that calls it."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _NOT_THE_CALLER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)
