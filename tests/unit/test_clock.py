"""The clock: a row's time is over when it is over, and does not run while the row waits its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from unit.test_lane import IdleLoop, run

from lc_scoring.runs.clock import Clock, Watch


@pytest.fixture(autouse=True)
def _loop_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def now() -> float:
        return asyncio.get_running_loop().time()

    monkeypatch.setattr("lc_scoring.runs.clock.time", SimpleNamespace(monotonic=now, perf_counter=now))


def elapsed() -> float:
    return asyncio.get_running_loop().time() - IdleLoop.now


async def watched(seconds: float | None, work: Callable[[Clock], object]) -> tuple[Clock, BaseException | None, float]:
    """Do something by the clock; return the clock, what was raised, and when."""
    watch = Watch(seconds)
    keeping = asyncio.create_task(watch.keep())
    clock, error = watch.clock(), None
    try:
        with clock:
            await work(clock)  # type: ignore[misc]
    except BaseException as raised:  # noqa: BLE001 - it is looked at
        error = raised
    keeping.cancel()
    assert not watch.running
    return clock, error, elapsed()


async def wait_for_a_turn(clock: Clock, seconds: float) -> None:
    clock.wait()
    try:
        await asyncio.sleep(seconds)
    finally:
        clock.go_on()


async def call(clock: Clock, seconds: float) -> None:
    clock.begin_call()
    try:
        await asyncio.sleep(seconds)
    finally:
        clock.end_call()


def test_what_takes_too_long_ends_in_a_timeout() -> None:
    async def hang(_clock: Clock) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        clock, error, at = await watched(10.0, hang)
        assert isinstance(error, TimeoutError)
        assert isinstance(error.__cause__, asyncio.CancelledError)
        assert clock.over
        assert 10 <= at <= 10.5  # a look around each twentieth
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    run(main())


def test_looks_are_never_more_than_a_second_apart() -> None:
    async def hang(_clock: Clock) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        _, _, at = await watched(600.0, hang)
        assert 600 <= at <= 601

    run(main())


def test_what_is_done_in_time_is_not_disturbed() -> None:
    async def main() -> None:
        clock, error, at = await watched(10.0, lambda clock: call(clock, 9.9))
        assert (error, clock.over, at) == (None, False, pytest.approx(9.9))

    run(main())


def test_without_a_time_there_is_no_end() -> None:
    async def main() -> None:
        watch = Watch(None)
        await watch.keep()  # has nothing to look for
        clock, error, at = await watched(None, lambda clock: call(clock, 1e6))
        assert (error, clock.over, at) == (None, False, 1e6)
        clock.check()
        assert not clock.over

    run(main())


def test_it_stands_still_while_a_turn_is_waited_for() -> None:
    async def work(clock: Clock) -> None:
        await wait_for_a_turn(clock, 1_000)
        await call(clock, 6)
        await wait_for_a_turn(clock, 1_000)
        await call(clock, 6)

    async def main() -> None:
        clock, error, at = await watched(10.0, work)
        assert isinstance(error, TimeoutError)
        assert 2_010 <= at <= 2_010.5
        assert clock.began == IdleLoop.now + 1_000

    run(main())


def test_it_runs_while_one_of_several_calls_is_on_its_way() -> None:
    async def work(clock: Clock) -> None:
        await asyncio.gather(call(clock, 8), wait_for_a_turn(clock, 1_000))
        await call(clock, 1)
        await call(clock, 5)

    async def main() -> None:
        _, error, at = await watched(10.0, work)
        assert isinstance(error, TimeoutError)
        assert 1_002 <= at <= 1_002.5  # 8 of the first, 1 of the second, 1 of the third

    run(main())


def test_it_runs_while_a_retry_is_waited_for() -> None:
    async def work(clock: Clock) -> None:
        await call(clock, 1)
        await asyncio.sleep(100)

    async def main() -> None:
        _, error, at = await watched(10.0, work)
        assert isinstance(error, TimeoutError)
        assert 10 <= at <= 10.5

    run(main())


def test_it_knows_when_the_first_call_went_out() -> None:
    async def work(clock: Clock) -> None:
        assert clock.began is None
        await asyncio.sleep(2)
        await call(clock, 1)
        await call(clock, 1)

    async def main() -> None:
        clock, error, _ = await watched(None, work)
        assert (error, clock.began) == (None, IdleLoop.now + 2)

    run(main())


def test_a_cancellation_from_outside_is_no_timeout() -> None:
    async def main() -> None:
        watch = Watch(10.0)

        async def work() -> None:
            with watch.clock():
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main())


def test_a_cancellation_from_outside_counts_though_the_time_is_over_too() -> None:
    async def main() -> None:
        watch = Watch(10.0)

        async def work() -> None:
            with watch.clock():
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.sleep(11)
        for clock in list(watch.running):
            clock.check()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main())


def test_it_is_ended_once() -> None:
    async def main() -> None:
        watch = Watch(1.0)

        async def work() -> None:
            with watch.clock():
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.sleep(2)
        (clock,) = watch.running
        clock.check()
        clock.check()
        assert task.cancelling() == 1
        with pytest.raises(TimeoutError):
            await task

    run(main())


def test_an_error_of_what_is_done_is_raised_as_it_is() -> None:
    async def main() -> None:
        async def fail(_clock: Clock) -> None:
            raise KeyError("x")

        _, error, _ = await watched(10.0, fail)
        assert isinstance(error, KeyError)

    run(main())


def test_a_timeout_of_what_is_done_is_not_the_clock_s() -> None:
    async def main() -> None:
        async def fail(_clock: Clock) -> None:
            raise TimeoutError("mine")

        clock, error, _ = await watched(10.0, fail)
        assert str(error) == "mine"
        assert not clock.over

    run(main())


@pytest.mark.parametrize("ends", ["returns", "raises"])
def test_a_timeout_that_the_work_swallows_leaves_nothing_behind(ends: str) -> None:
    async def swallow(_clock: Clock) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if ends == "raises":
                raise KeyError("x") from None

    async def hang(_clock: Clock) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await watched(1.0, swallow)
        _, error, _ = await watched(1.0, hang)
        assert isinstance(error, TimeoutError)

    run(main())
