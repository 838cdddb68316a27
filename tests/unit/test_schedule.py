"""The schedule: never too much at once, nothing lost, nothing left running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from itertools import count

import pytest

from lc_scoring.errors import ConfigError
from lc_scoring.runs.schedule import in_flight, together, work_through


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


async def let_others_run() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def as_pairs(*pairs: tuple[int, str]) -> AsyncIterator[tuple[int, str]]:
    for pair in pairs:
        yield pair


@pytest.mark.parametrize("max_concurrency", [1, 2, 7, 100])
@pytest.mark.parametrize("items", [0, 1, 20])
async def test_every_item_is_worked_on_once_and_keeps_its_place(items: int, max_concurrency: int) -> None:
    pairs = [pair async for pair in in_flight(range(items), double, max_concurrency=max_concurrency)]
    assert sorted(pairs) == [(place, 2 * place) for place in range(items)]


@pytest.mark.parametrize("max_concurrency", [1, 3])
async def test_all_workers_work_and_no_more(max_concurrency: int) -> None:
    at_work, most = 0, 0

    async def work(_item: int) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await let_others_run()
        at_work -= 1

    async for _ in in_flight(range(12), work, max_concurrency=max_concurrency):
        pass
    assert most == max_concurrency


async def test_results_come_in_the_order_they_are_done() -> None:
    second_is_done = asyncio.Event()

    async def work(item: str) -> str:
        if item == "slow":
            await second_is_done.wait()
        else:
            second_is_done.set()
        return item

    pairs = [pair async for pair in in_flight(["slow", "fast"], work, max_concurrency=2)]
    assert pairs == [(1, "fast"), (0, "slow")]


async def test_items_are_taken_no_faster_than_results_are_used() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            yield taken
            taken += 1

    results = in_flight(endless(), double, max_concurrency=3)
    assert await anext(results) == (0, 0)
    await let_others_run()
    assert taken < 1 + 3 + 3  # the one used, and for each worker one in hand and one that waits


async def test_what_work_raises_ends_the_whole() -> None:
    started: list[int] = []

    async def work(item: int) -> int:
        started.append(item)
        if item == 3:
            raise KeyError(item)
        return await double(item)

    with pytest.raises(KeyError, match="3"):
        async for _ in in_flight(count(), work, max_concurrency=2):
            pass
    await let_others_run()
    assert max(started) <= 5


async def test_what_the_stream_of_items_raises_ends_the_whole() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("The disk is gone.")

    results = in_flight(broken(), double, max_concurrency=1)
    assert await anext(results) == (0, 2)
    with pytest.raises(OSError, match="The disk is gone"):
        await anext(results)


async def test_work_under_way_is_dropped_when_nobody_wants_its_result() -> None:
    dropped = asyncio.Event()

    async def work(item: int) -> int:
        if item:
            try:
                await asyncio.Event().wait()
            finally:
                dropped.set()
        return item

    results = in_flight(range(2), work, max_concurrency=2)
    assert await anext(results) == (0, 0)
    await results.aclose()  # type: ignore[attr-defined]
    await let_others_run()
    assert dropped.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_nothing_runs_on_when_results_wait_that_nobody_wants() -> None:
    results = in_flight(count(), double, max_concurrency=2)
    await anext(results)
    await let_others_run()
    await results.aclose()  # type: ignore[attr-defined]
    await let_others_run()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_at_least_one_worker_is_needed() -> None:
    with pytest.raises(ConfigError, match="at least 1, got 0"):
        await anext(in_flight([1], double, max_concurrency=0))


# A stream that is worked through.


async def stream(number: int, taken: list[int] | None = None) -> AsyncGenerator[int]:
    for item in range(number):
        if taken is not None:
            taken.append(item)
        yield item


@pytest.mark.parametrize("max_concurrency", [1, 2, 7])
@pytest.mark.parametrize("items", [0, 1, 20])
async def test_a_stream_is_worked_through_by_all_workers(items: int, max_concurrency: int) -> None:
    done: list[int] = []
    at_work, most = 0, 0

    async def work(item: int) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await let_others_run()
        at_work -= 1
        done.append(item)

    await work_through(stream(items), work, max_concurrency=max_concurrency)
    assert sorted(done) == list(range(items))
    assert most == min(max_concurrency, items)


async def test_a_stream_is_read_ahead_by_as_many_as_are_worked_on() -> None:
    taken: list[int] = []
    go_on = asyncio.Event()

    async def work(_item: int) -> None:
        await go_on.wait()

    working = asyncio.create_task(work_through(stream(100, taken), work, max_concurrency=3))
    await let_others_run()
    assert len(taken) <= 3 + 3 + 1
    go_on.set()
    await working
    assert len(taken) == 100


async def test_what_work_on_a_stream_raises_ends_it_and_closes_the_stream() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[int]:
        try:
            for item in count():
                yield item
        finally:
            closed.set()

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        if item == 3:
            raise KeyError(item)

    with pytest.raises(KeyError, match="3"):
        await work_through(endless(), work, max_concurrency=2)
    assert closed.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_a_stream_raises_is_raised_when_all_that_came_is_done() -> None:
    done: list[int] = []

    async def broken() -> AsyncGenerator[int]:
        yield 1
        yield 2
        raise OSError("The line is dead.")

    async def work(item: int) -> None:
        await let_others_run()
        done.append(item)

    with pytest.raises(OSError, match="The line is dead"):
        await work_through(broken(), work, max_concurrency=1)
    assert done == [1, 2]


async def test_a_stream_that_is_dropped_is_closed() -> None:
    closed = asyncio.Event()

    async def waits() -> AsyncGenerator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def work(_item: int) -> None:
        await asyncio.Event().wait()

    working = asyncio.create_task(work_through(waits(), work, max_concurrency=2))
    await let_others_run()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert closed.is_set()


async def test_of_several_that_run_together_the_first_error_is_raised() -> None:
    dropped = asyncio.Event()

    async def fail() -> None:
        raise KeyError("first")

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            dropped.set()

    with pytest.raises(KeyError, match="first"):
        await together([hang(), fail(), hang()])
    assert dropped.is_set()
    await together([])
