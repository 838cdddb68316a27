"""Rows of a run: how one of the source is named and stored, read ahead in chunks by a thread of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from lc_scoring.data.columns import Columns
from lc_scoring.data.names import listed
from lc_scoring.data.row import Row, is_missing
from lc_scoring.data.source import Source
from lc_scoring.errors import ConfigError
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import as_json, jsonable, storable
from lc_scoring.runs.threads import in_thread

_CHUNK = 256  # rows that are stored in one commit
_SOON = 0.05  # seconds after which what a slow source gave is handed on
_THREAD = "lc_scoring rows"
_DIGEST = 8  # bytes


def new_row(row: Row, *, id_column: str, place: str) -> NewRow:
    """Return a row of the source as it is stored.

    Its id is what stands in `id_column`, else a digest of its values: the same values have the same id, in whatever
    order the columns stand. A row that could not be read is named by its place.

    Examples:
        >>> first = new_row(Row(line=1, values={"a": 1, "b": 2}), id_column="id", place="line")
        >>> other = new_row(Row(line=9, values={"b": 2, "a": 1}), id_column="id", place="line")
        >>> first.content == other.content, first.id
        (True, None)
        >>> new_row(Row(line=1, values={"id": 7}), id_column="id", place="line").id
        '7'
    """
    name = f"{place} {row.line}"
    if row.error is not None:
        return NewRow(name, _digest(name), row.line, "{}", storable(str(row.error)), name)
    given = row.values.get(id_column)
    row_id = None if is_missing(given) or given == "" else storable(str(given))
    try:
        return NewRow(row_id, _digest(_sorted(row.values)), row.line, as_json(row.values), None, name)
    except (TypeError, ValueError, RecursionError) as error:
        told = f"{name}: its values cannot be kept as JSON: {error}."
        return NewRow(name, _digest(name), row.line, "{}", told, name)


def check_source(source: Source, columns: Columns, needed: Iterable[str]) -> None:
    """Make sure, before anything is paid for, that the first readable row has the columns, where that can be seen.

    Raises:
        ConfigError: there is no row, none can be read, or a column is missing; the message names those present.
    """
    opened = None if source.once else source.open()
    if not isinstance(opened, Iterator):
        return
    first_error: ConfigError | None = None
    for row in opened:
        if row.error is None:
            place = f"{source.name}, {source.place} {row.line}"
            try:
                lacking = {each: lacks for each in sorted(needed) if (lacks := columns.check(row.values, [each]))}
            except ConfigError as error:
                raise ConfigError(f"{place}: {error}") from error
            if lacking:
                missing = [column for each in lacking.values() for column in each]
                shapes = dict.fromkeys(columns.looked_for(row.values, field) for field in lacking)
                known = "".join(f"{each} " for each in shapes if each)
                raise ConfigError(
                    f"{place}: no column {', '.join(map(repr, missing))}. "
                    f"Present: {listed(row.values)}. {known}Say where the fields are, such as "
                    f"--column {next(iter(lacking))}=answer (columns=)."
                )
            return
        first_error = first_error or row.error
    raise first_error or ConfigError(f"{source.name} holds no rows.")


async def chunks(source: Source, *, id_column: str, limit: int | None) -> AsyncGenerator[list[NewRow]]:
    """Yield the rows of a source, many at a time; a slow source's rows as they come.

    A source that blocks, such as a file or a generator, is read in a thread, and ahead by one chunk.
    """
    opened = source.open()
    if isinstance(opened, AsyncIterator):
        async for chunk in _awaited(opened, source, id_column, limit):
            yield chunk
        return
    rows = islice(opened, limit)
    ahead = asyncio.create_task(in_thread(partial(_chunk, rows, source, id_column), name=_THREAD))
    try:
        while chunk := await ahead:
            ahead = asyncio.create_task(in_thread(partial(_chunk, rows, source, id_column), name=_THREAD))
            yield chunk
    finally:
        ahead.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody asks for it any more
        ahead.cancel()


def _chunk(rows: Iterator[Row], source: Source, id_column: str) -> list[NewRow]:
    chunk: list[NewRow] = []
    until = time.monotonic() + _SOON
    for row in rows:
        chunk.append(new_row(row, id_column=id_column, place=source.place))
        if len(chunk) >= _CHUNK or time.monotonic() > until:
            break
    return chunk


async def _awaited(
    rows: AsyncIterator[Row], source: Source, id_column: str, limit: int | None
) -> AsyncGenerator[list[NewRow]]:
    count = 0
    async for row in rows:
        count += 1
        yield [new_row(row, id_column=id_column, place=source.place)]
        if count == limit:  # a row more may never come
            return


def _sorted(values: Any) -> str:
    """Return values as JSON in which the order of columns makes no difference."""
    try:
        return json.dumps(values, sort_keys=True, separators=(",", ":"), default=jsonable)
    except TypeError:  # keys of several kinds have no order
        return as_json(values)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()
