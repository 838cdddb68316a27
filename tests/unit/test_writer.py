"""The writer: batches of what came about, on the disk before they count."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lc_scoring.errors import RunFileError
from lc_scoring.records import Score, Usage
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import stored
from lc_scoring.runs.store import Done, Made, Store
from lc_scoring.runs.writer import Writer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "a.run.db", goes_on=False) as opened:
        opened.begin({})
        opened.enter("one", "s", {})
        opened.take_up([NewRow(f"{n}", b"%8d" % n, n, "{}", None) for n in range(1, 3001)], [1])
        yield opened


def done(row: int) -> Done:
    return Done(1, row, stored(Score(name="one", value=0.5, signature="s"), score=0.5, signature="s"), 0.1)


class Written:
    """What was told of as written, and whether it was there."""

    def __init__(self, store: Store) -> None:
        self.batches: list[int] = []
        self.rows: list[int] = []
        self._path = store.path
        self.there = True

    def __call__(self, batch: Sequence[Done]) -> None:
        self.batches.append(len(batch))
        self.rows.extend(one.row for one in batch)
        database = sqlite3.connect(self._path)
        try:
            (count,) = database.execute("SELECT count(*) FROM outcome").fetchone()
        finally:
            database.close()
        self.there = self.there and count >= len(self.rows)


def made(store: Store, written: Written) -> Writer:
    return Writer(store, spent=lambda: {"judge": (Usage(calls=len(written.rows)), 0)}, written=written)


async def test_what_there_is_is_written_at_the_end(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    for row in range(1, 8):
        await writer.add(done=done(row))
    await writer.close()
    assert written.rows == list(range(1, 8))
    assert written.there
    assert store.settled([1])[1] == 7


async def test_batches_are_of_fifty_at_most_and_in_order(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    for row in range(1, 2_501):
        await writer.add(done=done(row))
    await writer.close()
    assert written.rows == list(range(1, 2_501))
    assert max(written.batches) == 50
    assert len(written.batches) <= 60
    assert written.there
    assert store.spent().calls == 2_500


async def test_workers_wait_for_a_disk_that_is_far_behind(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    for row in range(1, 1_000):
        await writer.add(done=done(row))
        assert written.rows == []  # nothing was waited for
    await writer.add(done=done(1_000))
    assert len(written.rows) >= 50
    await writer.close()


async def test_a_little_is_written_soon(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    await writer.add(made=Made(1, '"a"', None, None, 0.1), done=done(1))
    began = asyncio.get_running_loop().time()
    while not written.rows:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    assert 0.1 < asyncio.get_running_loop().time() - began < 3
    await writer.add(done=done(2))  # and again
    while len(written.rows) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await writer.close()
    assert written.batches == [1, 1]


async def test_predictions_alone_are_written_too(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    for row in range(120):
        await writer.add(made=Made(row, None, "ValueError", "no", 0.1))
    await writer.close()
    assert written.rows == []
    assert store._database.execute("SELECT count(*) FROM prediction").fetchone() == (120,)


async def test_nothing_to_write_is_nothing(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    assert await writer.call(lambda: 7) == 7
    await writer.close()
    assert written.batches == []


async def test_a_disk_that_is_lost_is_told_to_all_and_to_the_last(store: Store) -> None:
    written = Written(store)
    writer = made(store, written)
    store._database.execute("DROP TABLE outcome_text")
    waiting = [asyncio.create_task(writer.add(done=done(row))) for row in range(1, 1_003)]
    await asyncio.wait_for(asyncio.wait(waiting), 10)  # nobody waits for it
    with pytest.raises(RunFileError, match="no such table"):
        await writer.add(done=done(2_000))
    with pytest.raises(RunFileError, match="no such table"):
        await writer.close()
    assert written.rows == []
    assert store._database.execute("SELECT count(*) FROM outcome").fetchone() == (0,)
