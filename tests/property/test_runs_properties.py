"""Runs: no outcome, no row and no turn is lost, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.test_lane import run

from lc_scoring.data.row import Row
from lc_scoring.errors import ConfigError, ModelError, NotApplicable, ReplyError, RunFileError, ScopeError, ScoringError
from lc_scoring.models.setbacks import Setback
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.lane import Lane, Limits, Window
from lc_scoring.runs.outcomes import Stored, as_json, restored, storable, stored
from lc_scoring.runs.rows import new_row
from lc_scoring.runs.store import Store

TEXTS = st.text(st.characters(), max_size=20)  # halves of surrogate pairs and NUL included
NAMES = st.text(st.characters(), min_size=1, max_size=8)
SHARES = st.floats(0, 1)
RATINGS = st.none() | st.floats(-1e6, 1e6)
USAGES = st.builds(
    Usage,
    calls=st.integers(1, 9),
    input_tokens=st.integers(0, 10**9),
    output_tokens=st.integers(0, 10**9),
    cost=st.none() | st.floats(0, 1e3),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ERRORS = (
    st.sampled_from([ScoringError, ConfigError, ScopeError, RunFileError, NotApplicable]).flatmap(TEXTS.map)
    | st.builds(ModelError, TEXTS, retryable=st.none() | st.booleans())
    | st.builds(ReplyError, TEXTS, reply=TEXTS)
)
FAILURES = st.builds(Failure, name=TEXTS, error=ERRORS)


def scores(
    parts: st.SearchStrategy[Score] | None,
) -> st.SearchStrategy[Score]:  # what is empty in a part is lost: see test_outcomes
    return st.builds(
        Score,
        name=NAMES,
        value=SHARES,
        rating=RATINGS,
        label=st.none() | NAMES,
        reasoning=TEXTS,
        parts=st.just(()) if parts is None else st.lists(parts, max_size=2).map(tuple),
        basis=TEXTS,
        spread=st.none() | SHARES,
        failures=st.lists(FAILURES, max_size=2).map(tuple),
        distribution=st.dictionaries(st.floats(-10, 10), SHARES, max_size=3),
        parsed=JSON.filter(lambda value: value != ""),
        usage=st.just(Usage()) | USAGES,
        signature=TEXTS,
    )


TREES = scores(scores(scores(None)))


def as_values(outcome: Score | Failure, *, whole: bool) -> Any:
    """Return an outcome as values that can be compared; of a whole one, texts as a file can hold them."""
    mend = storable if whole else str
    if isinstance(outcome, Failure):
        error = outcome.error
        told = [getattr(error, name, None) for name in ("retryable", "reply")]
        message = getattr(error, "reason", getattr(error, "reasoning", str(error)))
        return outcome.name, type(error), mend(message), told
    return (
        (outcome.name, outcome.value, outcome.rating, outcome.spread, outcome.basis, outcome.signature),
        None if outcome.label is None else mend(outcome.label),
        mend(outcome.reasoning),
        [as_values(part, whole=False) for part in outcome.parts],
        [as_values(failure, whole=False) for failure in outcome.failures],
        dict(outcome.distribution),
        outcome.parsed,
        outcome.usage,
    )


def there_and_back(outcome: Score | Failure) -> Score | Failure:
    held = stored(outcome, score=None, signature="s")
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE TABLE held ({', '.join(Stored._fields)})")
        database.execute(f"INSERT INTO held VALUES ({','.join('?' * len(held))})", held)  # noqa: S608
        (row,) = database.execute("SELECT * FROM held").fetchall()
    finally:
        database.close()
    return restored(outcome.name, "s", Stored(*row), None)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_every_score_comes_back_as_it_was(score: Score) -> None:
    back = there_and_back(score)
    assert as_values(back, whole=True) == as_values(score, whole=True)


@given(FAILURES, st.none() | USAGES)
def test_every_failure_comes_back_as_it_was(failure: Failure, usage: Usage | None) -> None:
    failure.error.usage = usage
    back = there_and_back(failure)
    assert isinstance(back, Failure)
    assert as_values(back, whole=True) == as_values(failure, whole=True)
    assert back.error.usage == usage


@given(JSON)
def test_json_can_always_be_written(value: Any) -> None:
    assert as_json(value).encode()


@given(st.dictionaries(TEXTS, JSON, max_size=5), st.randoms(use_true_random=False))
def test_a_row_has_one_name_in_whatever_order_its_columns_stand(values: dict[str, Any], random: Any) -> None:
    names = list(values)
    random.shuffle(names)
    one, other = (
        new_row(Row(line=line, values=row), id_column="id", place="row")
        for line, row in enumerate((values, {name: values[name] for name in names}), 1)
    )
    assert (one.content, one.id) == (other.content, other.id)
    one.text.encode()


# Rows.

IDS = st.sampled_from([None, "a", "b"])
ROWS = st.lists(st.tuples(IDS, st.sampled_from([b"one", b"two"])), max_size=8)


def taken(store: Store, rows: Sequence[tuple[str | None, bytes]]) -> int:
    new = [NewRow(row_id, content, line, "{}", None) for line, (row_id, content) in enumerate(rows, 1)]
    return len(store.take_up(new, []))


@settings(max_examples=25, deadline=None)
@given(ROWS, st.integers(0, 8))
def test_each_row_is_taken_up_once_however_often_the_run_is_broken_off(rows: Any, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.run.db"
        found = 0
        for given_rows in (rows[:at], rows, rows):
            with Store.open(path, goes_on=True) as store:
                store.begin({})
                found += taken(store, given_rows)
                store.end(None)
        assert found == len(rows)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(IDS, st.just(b"one")), max_size=8).flatmap(
        lambda rows: st.tuples(st.just(rows), st.permutations(rows))
    )
)
def test_rows_whose_ids_are_their_own_are_taken_up_once_in_any_order(pair: Any) -> None:
    rows, shuffled = pair
    with tempfile.TemporaryDirectory() as folder:
        for number, order in enumerate((rows, shuffled)):
            with Store.open(Path(folder) / "a.run.db", goes_on=True) as store:
                store.begin({})
                assert taken(store, order) == (len(rows) if number == 0 else 0)


# Turns.

SETBACKS = st.builds(
    Setback, st.sampled_from(["rate", "overload", "passing"]), st.none() | st.sampled_from([0.0, 0.5, 7.0, 400.0])
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.sampled_from([0.0, 1.0, 50.0])),
        st.tuples(st.just("again"), st.just(0.0)),
        st.tuples(st.just("answered"), st.integers(0, 5)),
        st.tuples(st.just("refused"), SETBACKS),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("time"), st.sampled_from([0.0, 0.1, 3.0, 60.0])),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(
    STEPS,
    st.integers(1, 4),
    st.none() | st.sampled_from([60.0, 600.0]),
    st.none() | st.sampled_from([600.0]),
)
def test_no_turn_is_lost_or_given_twice(  # noqa: C901 - each step is its own case
    steps: Sequence[tuple[str, Any]], most: int, requests: float | None, tokens: float | None
) -> None:
    async def main() -> None:  # noqa: C901
        lane = Lane(Limits(max_concurrency=most, requests_per_minute=requests, tokens_per_minute=tokens))
        waiting: list[asyncio.Task[float]] = []
        flying: list[float] = []

        def settle() -> None:
            for task in list(waiting):
                if task.done():
                    waiting.remove(task)
                    if not task.cancelled():
                        flying.append(task.result())
            assert lane.in_flight == len(flying) <= most
            assert 1 <= lane.window.size <= most

        async def turns() -> None:
            for _ in range(4):
                await asyncio.sleep(0)
            settle()

        for step, given_ in steps:
            if step == "call":
                at_once = lane.enter(given_)
                if at_once is None:
                    waiting.append(asyncio.create_task(lane.turn(given_)))
                else:
                    flying.append(at_once)
            elif step == "again":
                waiting.append(asyncio.create_task(lane.turn(again=True)))
            elif step == "answered" and flying:
                flying.pop(given_ % len(flying))
                lane.window.answered()
                lane.leave()
            elif step == "refused" and flying:
                lane.refused(given_, sent=flying.pop(0))
                lane.leave()
            elif step == "cancel" and waiting:
                waiting[given_ % len(waiting)].cancel()
            elif step == "time":
                await asyncio.sleep(given_)
            await turns()
        for _ in range(len(waiting) + len(flying) + 1):  # all calls are answered: nobody waits for ever
            while flying:
                flying.pop()
                lane.leave()
            if waiting:
                done, _rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=10_000)
                assert done
            settle()
        assert not waiting
        assert lane.in_flight == len(flying)

    run(main())


@given(st.integers(1, 50), st.lists(st.booleans(), max_size=100))
def test_the_window_stays_between_one_and_the_most(most: int, answers: list[bool]) -> None:
    window = Window(most)
    for now, answered in enumerate(answers):
        before = window.size
        if answered:
            window.answered()
            assert before <= window.size <= before + 1
        else:
            window.overloaded(sent=float(now), now=float(now))
            assert window.size == max(1.0, before / 2)
        assert 1 <= window.size <= most
