"""The schedule: a fixed number of workers over one stream of items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

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


async def work_through(
    items: AsyncGenerator[Item], work: Callable[[Item], Awaitable[None]], *, max_concurrency: int
) -> None:
    """Work on all items of a stream, at most `max_concurrency` at once; as many are read ahead.

    Args:
        items: what to work on; is closed at the end. What it raises is raised here, when all that came is done.
        work: what to do with one; what it raises ends the whole and is raised here.
        max_concurrency: at least 1.

    Examples:
        >>> async def words():
        ...     for word in ("one", "two"): yield word
        >>> async def main():
        ...     async def shout(word): print(word.upper())
        ...     await work_through(words(), shout, max_concurrency=1)
        >>> asyncio.run(main())
        ONE
        TWO
    """
    queue = asyncio.Queue[Item | None](max_concurrency)

    broken: list[Exception] = []

    async def feed() -> None:
        try:
            async with aclosing(items):
                async for item in items:
                    await queue.put(item)
        except Exception as error:  # noqa: BLE001 - raised below: what is begun is finished first
            broken.append(error)
        for _ in range(max_concurrency):
            await queue.put(None)

    async def worker() -> None:
        while (item := await queue.get()) is not None:
            await work(item)

    await together([feed(), *(worker() for _ in range(max_concurrency))])
    if broken:
        raise broken[0]


async def together(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines at once; where one raises, the others are cancelled, and its own exception is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


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
