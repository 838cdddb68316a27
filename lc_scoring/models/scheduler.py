"""Scheduler: whether a judge is called at once, or when whoever schedules a run says so.

A run over many rows limits how many calls are in flight, waits where a provider says to, and asks again what failed
in passing. It stands between the driver and the model, since one row may need many calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias, TypeVar

from lc_scoring.flow import Ask, Embed

Answer = TypeVar("Answer")

Send: TypeAlias = "Callable[[Any], Awaitable[Answer]]"
"""Sends one question to the model it is handed: the one that was named, or a copy of it with other settings."""


class Scheduler(Protocol):
    """Whoever says when a call goes out."""

    def call(self, model: Any, ask: Ask | Embed, send: Send[Answer]) -> Awaitable[Answer]:
        """Send a question when its turn has come, and again where that helps; what it raises last is raised."""
        ...


SCHEDULER: ContextVar[Scheduler | None] = ContextVar("lc_scoring_scheduler", default=None)
"""Who schedules the calls made from here on; None where they go out at once."""


async def scheduled(model: Any, ask: Ask | Embed, send: Send[Answer]) -> Answer:
    """Send a question, by the scheduler where there is one."""
    scheduler = SCHEDULER.get()
    return await (send(model) if scheduler is None else scheduler.call(model, ask, send))
