"""The schedule: a fixed number of workers over one stream of items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from lc_scoring.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_flight(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], *, max_concurrency: int
) -> AsyncIterator[tuple[int, Result]]:
    """Work on items, at most `max_concurrency` at once, taking each from the stream when a worker is free.

    Whatever the length of the stream, at most `2 * max_concurrency` items and results are held: a task per item
    would hold them all.

    Args:
        items: what to work on; may be endless.
        work: what to do with one; what it raises ends the whole and is raised here.
        max_concurrency: at least 1.

    Yields:
        Each item's place in the stream, from 0, and its result, in the order they are done.

    Raises:
        ConfigError: `max_concurrency` is below 1.

    Examples:
        >>> async def double(n): return 2 * n
        >>> async def main(): return sorted([pair async for pair in in_flight([1, 2], double, max_concurrency=2)])
        >>> asyncio.run(main())
        [(0, 2), (1, 4)]
    """
    if max_concurrency < 1:
        raise ConfigError(f"max_concurrency must be at least 1, got {max_concurrency!r}.")
    done = asyncio.Queue[tuple[int, Result] | None]()
    room = asyncio.Semaphore(2 * max_concurrency)  # results nobody has taken yet count too
    running = asyncio.create_task(_pool(enumerate(items), work, done, room, max_concurrency))
    running.add_done_callback(lambda _: done.put_nowait(None))
    try:
        while (pair := await done.get()) is not None:
            yield pair
            room.release()
    finally:
        running.cancel()
        await asyncio.wait([running])
    try:
        running.result()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _pool(
    source: Iterator[tuple[int, Item]],
    work: Callable[[Item], Awaitable[Result]],
    done: asyncio.Queue[tuple[int, Result] | None],
    room: asyncio.Semaphore,
    size: int,
) -> None:
    async def worker() -> None:
        while await room.acquire():
            for place, item in source:
                done.put_nowait((place, await work(item)))
                break
            else:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(size):
            group.create_task(worker())
