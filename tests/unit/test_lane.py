"""The lane: how many calls are in flight, how fast they go out, and who waits for whom. Its time is a loop's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from lc_scoring.models.setbacks import Setback
from lc_scoring.runs.lane import LONGEST_PAUSE, Lane, Limits, Pace, Window

Result = TypeVar("Result")

LATE = 0.05  # seconds that a call may go out earlier than the pace, to make up for a busy loop
MARGIN = 0.97  # of what a service took, for a learned pace
RATE, BUSY, BROKEN = Setback("rate"), Setback("overload"), Setback("passing")


class IdleLoop(asyncio.SelectorEventLoop):
    """An event loop in which time passes only while nothing can be done, and then at once."""

    now = 1_000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        due = [handle.when() for handle in self._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        if due and not self._ready:  # type: ignore[attr-defined]
            self.now = max(self.now, min(due))
        super()._run_once()  # type: ignore[misc]


def run(main: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=IdleLoop) as runner:
        return runner.run(main)


def clock() -> float:
    return asyncio.get_running_loop().time() - IdleLoop.now


class Log:
    """Calls through a lane, and when each went out, in seconds from the start."""

    def __init__(self, most: int = 1, **limits: float) -> None:
        self.lane = Lane(Limits(max_concurrency=most, **limits))
        self.sent: list[tuple[str, float]] = []
        self.most = 0

    async def call(self, name: str, seconds: float = 1.0, *, tokens: float = 0.0, again: bool = False) -> float:
        sent = None if again else self.lane.enter(tokens)
        if sent is None:
            sent = await self.lane.turn(tokens, again=again)
        self.sent.append((name, sent - IdleLoop.now))
        self.most = max(self.most, self.lane.in_flight)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.lane.leave()
        return sent

    async def refused(self, setback: Setback, seconds: float = 1.0) -> None:
        sent = self.lane.enter()
        if sent is None:
            sent = await self.lane.turn()
        self.sent.append(("refused", sent - IdleLoop.now))
        await asyncio.sleep(seconds)
        self.lane.refused(setback, sent=sent)
        self.lane.leave()

    @property
    def times(self) -> list[float]:
        return [round(time, 6) for _, time in self.sent]

    @property
    def names(self) -> str:
        return "".join(name for name, _ in self.sent)


# Turns.


def test_calls_go_out_in_the_order_they_came() -> None:
    log = Log(1)

    async def main() -> None:
        await asyncio.gather(*(log.call(name) for name in "abcdef"))

    run(main())
    assert log.names == "abcdef"
    assert log.times == [0, 1, 2, 3, 4, 5]
    assert log.lane.in_flight == 0


@pytest.mark.parametrize("most", [1, 3, 8])
def test_as_many_are_in_flight_as_may_be_and_no_more(most: int) -> None:
    log = Log(most)

    async def main() -> None:
        await asyncio.gather(*(log.call("a", 1.0 + number % 3) for number in range(40)))

    run(main())
    assert log.most == most
    assert len(log.sent) == 40


def test_nobody_passes_those_who_wait() -> None:
    log = Log(1)

    async def main() -> None:
        first = asyncio.create_task(log.call("a"))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(log.call("b"))
        await asyncio.sleep(0)
        log.lane.window.size = 2.0  # there is room now, and b was here before
        assert log.lane.enter() is None
        await asyncio.gather(first, second)

    run(main())
    assert log.names == "ab"


def test_what_was_refused_stands_first() -> None:
    log = Log(1)

    async def main() -> None:
        calls = [asyncio.create_task(log.call(name)) for name in "ab"]
        await asyncio.sleep(0.5)
        await asyncio.gather(*calls, log.call("c", again=True))

    run(main())
    assert log.names == "acb"


def test_a_turn_is_taken_at_once_where_nobody_waits() -> None:
    async def main() -> None:
        lane = Lane(Limits(max_concurrency=2))
        assert (lane.enter(), lane.enter(), lane.enter()) == (IdleLoop.now, IdleLoop.now, None)
        assert lane.in_flight == 2
        lane.leave()
        assert await lane.turn() == IdleLoop.now

    run(main())


def test_one_who_gives_up_waiting_leaves_his_turn_to_the_next() -> None:
    log = Log(1)

    async def main() -> None:
        first, second, third = [asyncio.create_task(log.call(name)) for name in "abc"]
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.gather(first, third)
        assert second.cancelled()
        await log.call("d")

    run(main())
    assert (log.names, log.times) == ("acd", [0, 1, 2])
    assert log.lane.in_flight == 0


def test_one_who_gives_up_as_his_turn_comes_gives_it_back() -> None:
    log = Log(1)

    async def main() -> None:
        lane = log.lane
        assert lane.enter() is not None
        waiting = asyncio.create_task(lane.turn())
        next_ = asyncio.create_task(log.call("b"))
        await asyncio.sleep(0)
        lane.leave()  # the turn is given, and not yet taken
        assert lane.in_flight == 1
        waiting.cancel()
        await asyncio.gather(waiting, next_, return_exceptions=True)
        assert waiting.cancelled()

    run(main())
    assert log.names == "b"
    assert log.lane.in_flight == 0


def test_all_who_wait_may_give_up() -> None:
    log = Log(1, requests_per_minute=60)

    async def main() -> None:
        await log.call("a", 0.0)
        tasks = [asyncio.create_task(log.call(name)) for name in "bcd"]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await log.call("e")

    run(main())
    assert log.names == "ae"
    assert log.times == pytest.approx([0, 1], abs=1.01 * LATE)


# The window.


def test_the_window_halves_once_for_all_that_was_sent_before() -> None:
    window = Window(16)
    for number in range(16):
        window.overloaded(sent=10.0, now=11.0 + number / 100)
    assert window.size == 8
    window.overloaded(sent=10.9, now=12.0)
    assert window.size == 8
    window.overloaded(sent=11.5, now=12.0)
    assert window.size == 4
    for now in range(20, 30):
        window.overloaded(sent=now - 1.0 + 0.5, now=now)
    assert window.size == 1


def test_the_window_grows_by_one_with_each_window_of_answers() -> None:
    window = Window(6)
    window.size = 2.0
    sizes = []
    for _ in range(40):
        window.answered()
        sizes.append(window.size)
    assert sizes[1] == pytest.approx(2.9)
    assert sizes == sorted(sizes)
    assert sizes[-1] == 6
    assert 8 < sum(size < 6 for size in sizes) < 20  # 2 + 3 + 4 + 5 answers, and a little


def test_a_busy_service_is_asked_less_at_once_and_then_more_again() -> None:
    log = Log(8)

    async def main() -> None:
        await asyncio.gather(*(log.refused(BUSY) for _ in range(8)))
        assert log.lane.window.size == 4
        log.most = 0
        await asyncio.gather(*(log.call("a") for _ in range(8)))
        assert log.most == 4
        for _ in range(100):
            log.lane.window.answered()
        await asyncio.gather(*(log.call("a") for _ in range(20)))
        assert log.most == 8

    run(main())


@pytest.mark.parametrize(
    ("setback", "size"), [(RATE, 4), (BUSY, 4), (BROKEN, 8), (Setback("overload", 1.0), 4), (Setback("rate", 1.0), 8)]
)
def test_what_halves_the_window(setback: Setback, size: float) -> None:
    log = Log(8)
    run(log.refused(setback))
    assert log.lane.window.size == size


# Pauses.


@pytest.mark.parametrize("kind", ["rate", "overload", "passing"])
def test_a_pause_holds_for_all(kind: Any) -> None:
    log = Log(3)

    async def main() -> None:
        await asyncio.gather(log.refused(Setback(kind, 10.0)), *(log.call("a", 2.0) for _ in range(2)))
        assert clock() == 2.0
        assert log.lane.enter() is None
        await asyncio.gather(*(log.call("b", 0.0) for _ in range(3)))

    run(main())
    assert log.times == [0, 0, 0, 11, 11, 11]  # told at 1, to come back in 10


def test_those_sent_before_a_pause_do_not_make_it_longer() -> None:
    log = Log(3)

    async def main() -> None:
        pause = Setback("rate", 10.0)
        await asyncio.gather(log.refused(pause, 1.0), log.refused(pause, 3.0), log.refused(pause, 5.0))
        await log.refused(pause, 1.0)
        await log.call("b")

    run(main())
    assert log.times == [0, 0, 0, 11, 22]


def test_a_service_that_wants_a_day_is_asked_again_in_minutes() -> None:
    for kind in ("rate", "overload"):
        log = Log(1)

        async def main(log: Log = log, kind: Any = kind) -> None:
            await log.refused(Setback(kind, 86_400.0))
            await log.call("b")

        run(main())
        assert log.times == [0, 1 + LONGEST_PAUSE]


def test_a_longer_pause_that_comes_meanwhile_counts() -> None:
    log = Log(3)

    async def main() -> None:
        refusals = [log.refused(Setback("overload", 5.0), 1.0), log.refused(Setback("overload", 20.0), 2.0)]
        await asyncio.gather(*refusals, log.call("a", 3.0), log.call("b"))

    run(main())
    assert log.times == [0, 0, 0, 22]


def test_a_pause_of_no_time_is_none() -> None:
    log = Log(1)

    async def main() -> None:
        await log.refused(Setback("rate", 0.0))
        await log.call("b")

    run(main())
    assert log.times == [0, 1]


# The pace.


def test_calls_go_out_evenly_where_a_minute_has_so_many() -> None:
    log = Log(50, requests_per_minute=120)

    async def main() -> None:
        await asyncio.gather(*(log.call("a", 7.0) for _ in range(8)))
        await asyncio.sleep(10)
        await asyncio.gather(*(log.call("a", 7.0) for _ in range(2)))  # what was not used is not saved up

    run(main())
    assert log.times == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 20.5, 21], abs=2.1 * LATE)


def test_a_busy_loop_makes_up_for_what_it_was_late_and_for_no_more() -> None:
    pace = Pace(10.0)
    pace.take(100.0)
    assert pace.opens == pytest.approx(100.1 - LATE)
    pace.take(100.07)  # a little late
    assert pace.opens == pytest.approx(100.2 - LATE)
    pace.take(130.0)  # much too late: nothing is saved up
    assert pace.opens == pytest.approx(130.1 - LATE)


def test_tokens_go_out_evenly_where_a_minute_has_so_many() -> None:
    log = Log(50, tokens_per_minute=600)

    async def main() -> None:
        await asyncio.gather(*(log.call("a", 1.0, tokens=tokens) for tokens in (20, 50, 10, 0, 5)))

    run(main())
    assert log.times == pytest.approx([0, 2, 7, 8, 8], abs=1.01 * LATE)


def test_tokens_are_corrected_by_what_a_call_took() -> None:
    log = Log(50, tokens_per_minute=600)

    async def main() -> None:
        await log.call("a", 1.0, tokens=20)
        log.lane.tokens.correct(30)  # it took 50
        await log.call("b", 1.0, tokens=100)
        log.lane.tokens.correct(-80)  # it took 20
        await log.call("c", 1.0)

    run(main())
    assert log.times == pytest.approx([0, 5, 7], abs=2 * LATE)


def test_without_a_limit_of_tokens_there_is_nothing_to_correct() -> None:
    pace = Pace(None)
    pace.take(1.0, 50)
    pace.correct(100)
    assert (pace.opens, pace.rate) == (0.0, None)


def test_the_pace_is_learned_of_a_service_that_says_when_to_come_back() -> None:
    log = Log(100)

    async def main() -> None:
        for _ in range(20):
            await log.call("a", 0.5)
        assert clock() == 10
        await log.refused(Setback("rate", 4.0), 0.0)
        await asyncio.gather(*(log.call("b") for _ in range(5)))

    run(main())
    assert log.lane.pace.rate == pytest.approx(2 * MARGIN)  # 20 calls in 10 seconds; the refused one is none
    assert log.times[-5:] == pytest.approx([14, 14.5, 15, 15.5, 16], abs=0.1)


def test_a_few_calls_tell_nothing_of_the_pace() -> None:
    log = Log(100)

    async def main() -> None:
        for _ in range(9):
            await log.call("a", 0.5)
        await log.refused(Setback("rate", 4.0), 0.0)
        await asyncio.gather(*(log.call("b") for _ in range(5)))

    run(main())
    assert log.lane.pace.rate is None
    assert log.times[-5:] == [8.5] * 5


def test_a_pace_that_was_too_fast_is_lowered_and_raised_slowly_up_to_what_is_allowed() -> None:
    pace = Pace(10.0)
    for number in range(100):
        pace.take(number / 10)
    pace.learn(until=10.0, now=15.0)
    assert pace.rate == pytest.approx(9.5)
    assert pace.opens == 15.0
    pace.take(44.0)
    assert pace.rate == pytest.approx(9.5)
    pace.take(45.5)
    assert pace.rate == pytest.approx(9.5 * 1.05)
    pace.take(46.0)
    assert pace.rate == pytest.approx(9.5 * 1.05)
    pace.take(47.5)
    assert pace.rate == 10.0


def test_a_learned_pace_grows_without_end_where_none_is_set() -> None:
    pace = Pace(None)
    for number in range(50):
        pace.take(number / 10)
    pace.learn(until=5.0, now=6.0)
    assert pace.rate == pytest.approx(10 * MARGIN)
    for step in range(100):
        pace.take(37 + 1.01 * step)  # once more each second
    assert pace.rate == pytest.approx(10 * MARGIN * 1.05**100)


def test_the_user_s_limit_holds_though_the_service_took_more() -> None:
    pace = Pace(1.0)
    for number in range(30):
        pace.take(float(number))
    pace.learn(until=10.0, now=40.0)  # it took 3 a second, of which the user allows 1
    assert pace.rate == pytest.approx(0.95)


def test_refusals_that_come_late_leave_the_learned_pace_right() -> None:
    log = Log(100)

    async def main() -> None:
        burst = [log.refused(Setback("rate", 5.0), 1.0 + number / 10) for number in range(20)]
        await asyncio.gather(*(log.call("a", 0.1) for _ in range(40)), *burst)
        await asyncio.gather(*(log.call("b") for _ in range(3)))

    run(main())
    assert log.lane.pace.rate == pytest.approx(40 * MARGIN)  # of 60 in the first second, 40 were taken
    assert log.times[-3:] == pytest.approx([6, 6.025, 6.05], abs=LATE)
