"""The target: the application whose predictions are judged, called in the same run."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda

from lc_scoring.errors import ConfigError

PREDICTION = "prediction"
"""The column that a target's output becomes."""


class Target:
    """A Runnable or a function, sync or async, that makes a prediction of a row.

    It is handed the row's values, without the column that holds the reference, for an application is not shown the
    answer.

    Args:
        app: the application.
        hidden: columns that it is not handed.
        inputs: the column that it is handed in place of the row, where LangSmith keeps its inputs.

    Raises:
        ConfigError: it is neither.
    """

    def __init__(self, app: Any, *, hidden: frozenset[str], inputs: str | None = None) -> None:
        if not isinstance(app, Runnable) and not callable(app):
            raise ConfigError(f"target takes a Runnable or a function of a row, got {type(app).__name__}.")
        self._hidden = hidden
        self._inputs = inputs
        self._call = _awaitable(app)
        self.name = app.get_name() if isinstance(app, Runnable) else getattr(app, "__name__", type(app).__name__)

    async def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return what the application makes of a row; a message as its text. Whatever it raises is raised."""
        given = {name: value for name, value in values.items() if name not in self._hidden}
        output = await self._call(given if self._inputs is None else given[self._inputs])
        return str(output.text) if isinstance(output, BaseMessage) else output


def _awaitable(app: Any) -> Callable[[Any], Any]:
    """Return the application as something to await; one that blocks runs in a thread that nobody waits for.

    A pool's threads are waited for when the program ends, so that one application that hangs would hang it.
    """
    if isinstance(app, Runnable):
        if _blocks(app):
            return lambda row: _in_thread(app.invoke, row)
        return app.ainvoke
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return app  # type: ignore[no-any-return]

    async def call(row: Any) -> Any:
        made = await _in_thread(app, row)
        return await made if inspect.isawaitable(made) else made

    return call


def _blocks(app: Runnable[Any, Any]) -> bool:
    if isinstance(app, RunnableLambda):
        return not hasattr(app, "afunc")
    return type(app).ainvoke is Runnable.ainvoke


async def _in_thread(function: Callable[[Any], Any], row: Any) -> Any:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result, failed = None, None
        try:
            result = context.run(function, row)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits
            failed = error
        with suppress(RuntimeError):  # the run is over, and nobody waits any more
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=work, name="lc_scoring target", daemon=True).start()
    return await future
