"""The target: the application whose predictions are judged, called in the same run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda

from lc_scoring.data.columns import Columns
from lc_scoring.data.shapes import place_of
from lc_scoring.errors import ConfigError
from lc_scoring.runs.threads import in_thread

_THREAD = "lc_scoring target"

PREDICTION = "prediction"
"""The column that a target's output becomes."""

CONTEXTS = "contexts"
"""The column that the contexts become which a target's output holds beside its answer."""

MADE = frozenset({PREDICTION, CONTEXTS})
"""The columns that a target may make."""


class Target:
    """A Runnable or a function, sync or async, that makes a prediction of a row.

    It is handed the row's values, without the column that holds the reference, for an application is not shown the
    answer; of a LangSmith example, the inputs.

    Args:
        app: the application.
        hidden: columns that it is not handed.

    Raises:
        ConfigError: it is neither.
    """

    def __init__(self, app: Any, *, hidden: frozenset[str]) -> None:
        if not isinstance(app, Runnable) and not callable(app):
            raise ConfigError(f"target takes a Runnable or a function of a row, got {type(app).__name__}.")
        self._hidden = hidden
        self._call = _awaitable(app)

    async def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return what the application makes of a row; a message as its text. Whatever it raises is raised."""
        if (
            isinstance(values.get("inputs"), Mapping) and "outputs" in values
        ):  # LangSmith's, whose outputs are the answer
            given: Any = values["inputs"]
        else:
            given = {name: value for name, value in values.items() if name not in self._hidden}
        output = await self._call(given)
        return str(output.text) if isinstance(output, BaseMessage) else output


def with_output(values: Mapping[str, Any], output: Any, columns: Columns) -> Mapping[str, Any]:
    """Return a row's values with what the target made of it.

    The output is the prediction. One that holds an answer and its contexts, as a retrieval chain's does, is taken
    apart, unless something was said of where either stands.

    Examples:
        >>> with_output({"id": 7}, {"answer": "Paris", "context": ["Paris is in France."]}, Columns.parse(None))
        {'id': 7, 'prediction': 'Paris', 'contexts': ['Paris is in France.']}
    """
    if isinstance(output, Mapping) and not {PREDICTION, CONTEXTS} & columns.given.keys():
        chains = {"input": "", **output}
        places = place_of(chains, PREDICTION), place_of(chains, CONTEXTS)
        if places[0] is not None and places[1] is not None:
            return {**values, PREDICTION: output[places[0]], CONTEXTS: output[places[1]]}
    return {**values, PREDICTION: output}


def target_name(app: Any) -> str:
    """Return what an application is called."""
    return str(app.get_name() if isinstance(app, Runnable) else getattr(app, "__name__", type(app).__name__))


def _awaitable(app: Any) -> Callable[[Any], Any]:
    """Return the application as something to await; one that blocks runs in a thread."""
    if isinstance(app, Runnable):
        if _blocks(app):
            return lambda row: in_thread(partial(app.invoke, row), name=_THREAD)
        return app.ainvoke
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None)):  # noqa: B004
        return app  # type: ignore[no-any-return]

    async def call(row: Any) -> Any:
        made = await in_thread(partial(app, row), name=_THREAD)
        return await made if inspect.isawaitable(made) else made

    return call


def _blocks(app: Runnable[Any, Any]) -> bool:
    if isinstance(app, RunnableLambda):
        return not hasattr(app, "afunc")
    return type(app).ainvoke is Runnable.ainvoke
