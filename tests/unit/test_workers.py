"""Workers: several items at once, each done once and in its order, whatever becomes of them."""

from __future__ import annotations

import copy
import pickle
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from lc_scoring.models.workers import Workers

ASKED_BY: ContextVar[str] = ContextVar("ASKED_BY", default="nobody")
PATIENCE = 20  # seconds until a test that hangs fails


def helpers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("lc_scoring")}


def long_work() -> int:
    """Take much longer than a quick answer does: some ten milliseconds."""
    return sum(range(600_000))


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    if made._executor is not None:
        made._executor.shutdown()


def quick_round(workers: Workers) -> None:
    """Make the round that the next one takes its pace from."""
    workers.map(str, range(8), limit=8)
    workers.map(str, range(8), limit=8)
    assert workers._quick


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_every_item_is_done_once_and_results_keep_their_order(workers: Workers, count: int, limit: int) -> None:
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def square(item: int) -> int:
        with lock:
            seen[item] += 1
        return item * item

    assert workers.map(square, range(count), limit=limit) == [item * item for item in range(count)]
    assert seen == Counter(range(count))


def test_results_keep_their_order_whoever_is_done_first(workers: Workers) -> None:
    last_is_done = threading.Event()

    def first_waits_for_last(item: int) -> int:
        assert item != 0 or last_is_done.wait(PATIENCE)
        if item == 4:
            last_is_done.set()
        return item

    assert workers.map(first_waits_for_last, range(5), limit=5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("limit", [2, 3, 8])
def test_slow_items_are_worked_on_at_once(workers: Workers, limit: int) -> None:
    """None is done before as many as may be have begun."""
    together = threading.Barrier(limit)

    def work(item: int) -> int:
        together.wait(PATIENCE)
        return item

    assert workers.map(work, range(3 * limit), limit=limit) == list(range(3 * limit))


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_never_more_than_the_limit_are_worked_on_at_once(workers: Workers, limit: int) -> None:
    lock = threading.Lock()
    now, most = 0, 0

    def work(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        sum(range(20_000))
        with lock:
            now -= 1

    for _ in range(3):
        workers.map(work, range(60), limit=limit)
    assert 1 <= most <= limit


def test_a_limit_of_one_starts_no_thread(workers: Workers) -> None:
    before = helpers()
    threads = {workers.map(lambda _: threading.current_thread(), range(9), limit=1)[at] for at in range(9)}
    assert threads == {threading.current_thread()}
    assert helpers() == before


def test_after_a_quick_round_a_quick_one_starts_no_thread(workers: Workers) -> None:
    quick_round(workers)
    asked: list[object] = []
    submit = workers._submit
    workers._submit = lambda *given: asked.append(given) or submit(*given)  # type: ignore[method-assign]
    for _ in range(20):
        threads = workers.map(lambda _: threading.get_ident(), range(8), limit=8)
        if workers._quick:  # a machine under load may have made a round slow
            assert set(threads) == {threading.get_ident()}
            assert asked == []
        asked.clear()


def test_after_a_quick_round_a_slow_one_gets_help_and_ends(workers: Workers) -> None:
    """The first item shows that the round is not quick; the others can be done together only."""
    quick_round(workers)
    together = threading.Barrier(4)

    def work(item: int) -> int:
        if item == 0:
            return long_work() * 0
        together.wait(PATIENCE)
        return item

    assert workers.map(work, range(5), limit=4) == [0, 1, 2, 3, 4]
    assert not workers._quick


def test_threads_are_kept_for_the_next_round(workers: Workers) -> None:
    def round_() -> set[int]:
        together = threading.Barrier(3)

        def work(_: int) -> int:
            together.wait(PATIENCE)
            long_work()
            return threading.get_ident()

        return set(workers.map(work, range(3), limit=3))

    first = round_()
    assert len(first) == 3
    assert round_() == first


def test_context_variables_are_seen_by_helpers_and_theirs_by_nobody(workers: Workers) -> None:
    together = threading.Barrier(3)

    def work(item: int) -> str:
        together.wait(PATIENCE)
        seen = ASKED_BY.get()
        if threading.current_thread() is not threading.main_thread():
            ASKED_BY.set(f"helper {item}")
        return seen

    token = ASKED_BY.set("the caller")
    try:
        assert workers.map(work, range(3), limit=3) == ["the caller"] * 3
        assert ASKED_BY.get() == "the caller"
    finally:
        ASKED_BY.reset(token)


def raised_by(workers: Workers, role: str) -> threading.Event:
    """Let one of three threads raise while the last one works; return what is set when that is done."""
    raised, done = threading.Event(), threading.Event()
    together = threading.Barrier(3)

    def work(_: int) -> None:
        together.wait(PATIENCE)
        name = threading.current_thread().name
        mine = "caller" if not name.startswith("lc_scoring") else name.rpartition("_")[2]
        if mine == role:
            raised.set()
            raise LookupError(role)
        if mine == "1":
            assert raised.wait(PATIENCE)
            for _ in range(10):
                long_work()
            done.set()

    with pytest.raises(LookupError, match=role):
        workers.map(work, range(3), limit=3)
    return done


def test_what_the_caller_raises_is_raised_when_all_that_was_begun_is_done(workers: Workers) -> None:
    assert raised_by(workers, "caller").is_set()


def test_what_a_helper_raises_is_raised_when_all_that_was_begun_is_done(workers: Workers) -> None:
    done = raised_by(workers, "0")
    was_done = done.is_set()
    assert done.wait(PATIENCE)
    assert was_done


def test_what_was_not_begun_when_something_was_raised_is_left(workers: Workers) -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise LookupError(str(item))

    with pytest.raises(LookupError):
        workers.map(work, range(100), limit=1)
    assert begun == [0]


def test_after_a_round_that_failed_the_next_is_as_any_other(workers: Workers) -> None:
    for limit in (1, 4):
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda item: 1 / item, range(8), limit=limit)
    assert workers.map(str, range(8), limit=4) == [*"01234567"]


def test_many_callers_at_once_all_end(workers: Workers) -> None:
    """More helpers are wanted than there are threads: who gets none does the work alone."""
    together = threading.Barrier(40)

    def caller(number: int) -> list[int]:
        together.wait(PATIENCE)
        return workers.map(lambda item: long_work() * 0 + number + item, range(4), limit=4)

    with ThreadPoolExecutor(40) as callers:
        outcomes = list(callers.map(caller, range(40)))
    assert outcomes == [[number, number + 1, number + 2, number + 3] for number in range(40)]


def test_a_round_within_a_round_ends(workers: Workers) -> None:
    def inner(item: int) -> int:
        return sum(workers.map(lambda more: item * more, range(5), limit=5))

    assert workers.map(inner, range(100), limit=100) == [10 * item for item in range(100)]


def test_copies_and_pickles_come_without_threads(workers: Workers) -> None:
    together = threading.Barrier(2)
    workers.map(lambda _: together.wait(PATIENCE), range(2), limit=2)
    assert workers._executor is not None
    for twin in (copy.copy(workers), copy.deepcopy(workers), pickle.loads(pickle.dumps(workers))):  # noqa: S301 - our own
        assert twin is not workers
        assert twin._executor is None
        assert twin.map(str, [1, 2], limit=1) == ["1", "2"]
