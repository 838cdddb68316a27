"""Rows of a run: their names, the check of the first, and how they are read ahead."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row
from lc_scoring.data.source import open_source
from lc_scoring.errors import ConfigError
from lc_scoring.runs.rows import check_source, chunks, new_row


def row(values: dict[str, Any], line: int = 1, id_column: str = "id") -> Any:
    return new_row(Row(line=line, values=values), id_column=id_column, place="row")


@pytest.mark.parametrize(
    ("given", "row_id"),
    [("a", "a"), (7, "7"), (0, "0"), ("", None), (None, None), (float("nan"), None), ("\ud800", "?"), (True, "True")],
)
def test_an_id_is_what_stands_in_its_column(given: Any, row_id: str | None) -> None:
    assert row({"id": given}).id == row_id
    assert row({"key": given, "id": 1}, id_column="key").id == row_id


def test_the_digest_tells_contents_apart_and_not_the_order_of_columns() -> None:
    contents = [
        row(values).content
        for values in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": "2"}, {"a": 1}, {"a": 1, "b": None})
    ]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 4
    assert {len(content) for content in contents} == {8}
    assert row({"a": {1: 2, "b": 3}}).content == row({"a": {1: 2, "b": 3}}).content  # keys that have no order
    assert row({"a": "\ud800"}).content != row({"a": "\udfff"}).content


def test_a_row_that_cannot_be_read_is_named_by_its_place() -> None:
    made = new_row(Row.unread(7, "line 7 is no JSON: \ud800"), id_column="id", place="line")
    assert (made.id, made.line, made.text, made.error) == ("line 7", 7, "{}", "line 7 is no JSON: ?")


def test_a_row_that_cannot_be_stored_has_an_error() -> None:
    assert row({"a": {(1, 2): 3}}).error is not None


# The check.


def check(data: Any, *needed: str, **columns: str) -> None:
    check_source(open_source(data), Columns.parse(columns), needed)


def test_the_first_row_has_the_columns() -> None:
    check([{"a": 1, "b": 2}, {"c": 3}], "b", "a")
    check([{"x": {"y": 1}}], "a", a="x.y")
    check(["no row", {"a": 1}], "a")
    with pytest.raises(ConfigError, match=r"^rows, row 1: no column 'b', 'c'\. Present: a\. .*--column b=answer"):
        check([{"a": 1}], "c", "a", "b")
    with pytest.raises(ConfigError, match=r"no column 'x\.y'\. Present: none\. .*--column a=answer"):
        check([{}], "a", a="x.y")


def test_there_must_be_a_row_that_can_be_read() -> None:
    with pytest.raises(ConfigError, match="rows holds no rows"):
        check([], "a")
    with pytest.raises(ConfigError, match="row 1: a row is a mapping"):
        check(["no row", "nor this"], "a")


def test_what_can_be_read_once_is_not_read_to_be_checked() -> None:
    items = iter([{"b": 1}])
    check(items, "a")
    assert next(items) == {"b": 1}


# Reading ahead.


async def read(data: Any, limit: int | None = None) -> list[list[int]]:
    return [[one.line for one in chunk] async for chunk in chunks(open_source(data), id_column="id", limit=limit)]


@pytest.mark.parametrize(("number", "limit", "expected"), [(0, None, 0), (600, None, 600), (600, 300, 300), (5, 9, 5)])
async def test_rows_come_in_chunks(number: int, limit: int | None, expected: int) -> None:
    found = await read([{"a": n} for n in range(number)], limit)
    assert [line for chunk in found for line in chunk] == list(range(1, expected + 1))
    assert all(len(chunk) <= 256 for chunk in found)
    assert await read(({"a": n} for n in range(number)), limit) != [[0]]


async def test_a_slow_source_s_rows_come_as_they_are_there() -> None:
    go_on = threading.Semaphore(1)

    def slow() -> Iterator[dict[str, int]]:
        for n in range(3):
            assert go_on.acquire(timeout=10)
            threading.Event().wait(0.06)
            yield {"a": n}

    found = []
    async for chunk in chunks(open_source(slow()), id_column="id", limit=None):
        found.append([one.line for one in chunk])
        go_on.release()
    assert found == [[1], [2], [3]]


async def test_rows_of_an_async_source_come_one_at_a_time() -> None:
    async def stream() -> AsyncIterator[dict[str, int]]:
        for n in range(5):
            yield {"a": n}

    assert await read(stream()) == [[1], [2], [3], [4], [5]]
    assert await read(stream(), 2) == [[1], [2]]


async def test_a_source_is_read_by_a_thread_of_its_own_and_one_chunk_ahead() -> None:
    taken: list[str] = []

    def source() -> Iterator[dict[str, int]]:
        while True:
            taken.append(threading.current_thread().name)
            yield {"a": 1}

    stream = chunks(open_source(source()), id_column="id", limit=None)
    await anext(stream)
    await asyncio.sleep(0.2)
    assert len(taken) <= 2 * 256
    assert set(taken) == {"lc_scoring rows"}
    assert set(taken) == {"lc_scoring rows"}


async def test_what_a_source_raises_is_raised() -> None:
    def source() -> Iterator[dict[str, int]]:
        yield {"a": 1}
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await read(source())
