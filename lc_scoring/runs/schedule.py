"""The schedule: a fixed number of workers over one stream of items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_flight(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], *, max_concurrency: int
) -> AsyncIterator[tuple[int, Result]]:
    """Work on items, at most `max_concurrency` at once, taking each from the stream when a worker is free.

    Never more than `max_concurrency` items are held (a task per item costs 2.4 kB each before it starts).

    Args:
        items: what to work on; may be endless.
        work: what to do with one; an exception ends the whole.
        max_concurrency: at least 1.

    Yields:
        Each item's place in the stream, from 0, and its result, in the order they are done.

    Example:
        >>> async def double(n): return 2 * n
        >>> async def main(): return sorted([pair async for pair in in_flight([1, 2], double, max_concurrency=2)])
        >>> asyncio.run(main())
        [(0, 2), (1, 4)]
    """
    source = enumerate(items)
    done = asyncio.Queue[tuple[int, Result] | None](maxsize=max_concurrency)

    async def worker() -> None:
        for place, item in source:
            await done.put((place, await work(item)))

    async def pool() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(max_concurrency):
                    group.create_task(worker())
        finally:
            await done.put(None)

    running = asyncio.create_task(pool())
    try:
        while (pair := await done.get()) is not None:
            yield pair
        await running
    finally:
        running.cancel()


async def in_order(pairs: AsyncIterator[tuple[int, Result]]) -> AsyncIterator[Result]:
    """Put results back into their items' order, holding only those whose turn has not come.

    Example:
        >>> async def pairs():
        ...     for pair in ((1, "b"), (0, "a")): yield pair
        >>> async def main(): return [result async for result in in_order(pairs())]
        >>> asyncio.run(main())
        ['a', 'b']
    """
    early: dict[int, Result] = {}
    turn = 0
    async for place, result in pairs:
        early[place] = result
        while turn in early:
            yield early.pop(turn)
            turn += 1
