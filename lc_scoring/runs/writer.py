"""The writer: puts outcomes into the run file in batches, and counts them as done when they are on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from lc_scoring.records import Usage
from lc_scoring.runs.store import Done, Made, Store

Result = TypeVar("Result")

_MOST = 50  # outcomes in one commit
_SOON = 0.25  # seconds after which what there is is committed
_ROOM = 1_000  # outcomes that may wait to be committed; workers wait for the disk then


class Writer:
    """Writes to a store from a thread of its own.

    Args:
        store: the run file.
        spent: tells what each model cost in this session so far, and how many calls it refused.
        written: is told of outcomes that are on the disk.
    """

    def __init__(
        self,
        store: Store,
        *,
        spent: Callable[[], Mapping[str, tuple[Usage, int]]],
        written: Callable[[Sequence[Done]], None],
    ) -> None:
        self._store = store
        self._spent = spent
        self._written = written
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lc_scoring store")
        self._made: list[Made] = []
        self._done: list[Done] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False
        self._task = asyncio.create_task(self._write_on())

    async def add(self, *, made: Made | None = None, done: Done | None = None) -> None:
        """Take over what has come about; wait where the disk is far behind.

        Raises:
            RunFileError: the file cannot be written any more.
        """
        if self._task.done():
            self._task.result()
        if made is not None:
            self._made.append(made)
        if done is not None:
            self._done.append(done)
        self._some.set()
        if len(self._done) >= _MOST:
            self._enough.set()
        if len(self._done) >= _ROOM:
            self._room.clear()
            await self._room.wait()

    async def call(self, work: Callable[[], Result]) -> Result:
        """Work on the store, from its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Write what is left.

        Raises:
            RunFileError: it cannot be written.
        """
        self._closing = True
        self._some.set()
        self._enough.set()
        cancelled: asyncio.CancelledError | None = None
        try:
            while not self._task.done():
                try:
                    await asyncio.shield(self._task)
                except asyncio.CancelledError as error:  # what was answered is written first
                    cancelled = error
            self._task.result()
            spent = self._spent()  # calls that led to no outcome were paid for too
            await self.call(lambda: self._store.write([], [], spent))
        finally:
            self._thread.shutdown(wait=True)
        if cancelled is not None:
            raise cancelled

    async def _write_on(self) -> None:
        try:
            while True:
                await self._some.wait()
                if not self._closing and len(self._done) < _MOST:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._enough.wait(), _SOON)
                if not self._made and not self._done:
                    return  # it is closing
                await self._write()
        finally:
            self._room.set()  # nobody waits for a disk that is lost

    async def _write(self) -> None:
        made, self._made = self._made, []  # before the outcomes that rest on them
        done, self._done = self._done[:_MOST], self._done[_MOST:]
        spent = self._spent()
        await self.call(lambda: self._store.write(made, done, spent))
        self._written(done)
        if len(self._done) < _ROOM:
            self._room.set()
        if len(self._done) < _MOST and not self._closing:
            self._enough.clear()
        if not self._made and not self._done and not self._closing:
            self._some.clear()
