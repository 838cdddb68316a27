"""Threads for what blocks: nobody waits for them when the program ends.

A pool's threads are waited for, so that one application or generator that hangs would hang the program's end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result], *, name: str) -> Result:
    """Work in a thread of its own, in a copy of this context; what it raises is raised here.

    Args:
        work: what to do.
        name: the thread's, for who looks at a process.

    Examples:
        >>> asyncio.run(in_thread(lambda: 6 * 7, name="sums"))
        42
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()
    context = copy_context()

    def settle(settled: Callable[[], None]) -> None:
        if not future.done():
            settled()

    def run() -> None:
        try:
            result = context.run(work)
        except StopIteration as error:  # which no future can hold
            stopped = RuntimeError(f"StopIteration: {error}")
            stopped.__cause__ = error
            settled: Callable[[], None] = lambda: future.set_exception(stopped)  # noqa: E731 - one of three
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits
            raised = error
            settled = lambda: future.set_exception(raised)  # noqa: E731
        else:
            settled = lambda: future.set_result(result)  # noqa: E731
        with suppress(RuntimeError):  # the loop is gone, and nobody waits any more
            loop.call_soon_threadsafe(settle, settled)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
