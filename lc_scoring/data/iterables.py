"""Iterables: rows from any iterable or async iterable, one at a time as they are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from lc_scoring.data.plain import plain_row
from lc_scoring.data.row import Row
from lc_scoring.data.text import only_value
from lc_scoring.errors import ConfigError
from lc_scoring.records import Sample

_SAMPLE = tuple(field.name for field in fields(Sample))


def read_items(items: Iterable[Any]) -> Iterator[Row]:
    """Yield a row for each item: a mapping, a Sample, or an example of LangSmith; any other is an error row.

    Examples:
        >>> [row.error is None for row in read_items([{"prediction": "Paris"}, "Paris"])]
        [True, False]
    """
    for number, item in enumerate(items, 1):
        yield _row(number, item)


async def read_async_items(items: AsyncIterable[Any]) -> AsyncIterator[Row]:
    """Yield a row for each item, as `read_items` does."""
    number = 0
    async for item in items:
        number += 1
        yield _row(number, item)


def only_once(opened: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that opens what can be read only once, and says so when it is called again."""
    unread = [opened]

    def open_first() -> Any:
        if not unread:
            raise ConfigError(
                "These rows come from an iterator, which can be read only once: pass a list, a file, or a new iterator."
            )
        return unread.pop()()

    return open_first


def is_example(value: object) -> bool:
    """Tell whether a value is an example of a LangSmith dataset, without importing langsmith."""
    return any(kind.__name__ == "Example" and kind.__module__ == "langsmith.schemas" for kind in type(value).__mro__)


def example_values(example: Any) -> dict[str, Any]:
    """Return an example of a LangSmith dataset as a row's values; its outputs are the reference."""
    return {
        "inputs": example.inputs,
        "outputs": example.outputs,
        "metadata": example.metadata,
        "id": str(example.id),
    }


def _row(number: int, item: Any) -> Row:
    if isinstance(item, Mapping):
        return Row(line=number, values=plain_row(item))
    if isinstance(item, Sample):
        return Row(line=number, values={name: getattr(item, name) for name in _SAMPLE})
    if is_example(item):
        # Among other rows nothing says where an example keeps the usual fields, so it holds them by their names too.
        usual = {"input": only_value(item.inputs), "reference": only_value(item.outputs)}
        return Row(line=number, values={**usual, **example_values(item)})
    return Row.unread(
        number, f"row {number}: a row is a mapping, a Sample or a LangSmith example, got {type(item).__name__}."
    )
