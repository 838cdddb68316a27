"""The clock: the time that one evaluation of a row has, and the watch that ends those whose time is over.

`asyncio.timeout` would hang a timer on the loop for each row, and take it off again, for what a look around from time
to time does for all.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from lc_scoring.records import Usage

_LOOKS = 20  # around, in the time that a row has
_LONGEST = 1.0  # second between two looks


class Watch:
    """Ends evaluations whose time is over, while its `keep` runs.

    Args:
        seconds: how much time each has; None for as much as it takes.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.running: set[Clock] = set()

    def clock(self) -> Clock:
        """Return the clock of an evaluation, to be entered as a context."""
        return Clock(self)

    async def keep(self) -> None:
        """Look around, until cancelled."""
        if self.seconds is None:
            return
        while True:
            await asyncio.sleep(min(self.seconds / _LOOKS, _LONGEST))
            for clock in list(self.running):
                clock.check()


class Clock:
    """The time that one evaluation has. It stands still while all that is done is wait for a turn.

    What stands in its context ends in a TimeoutError when the time is over.

    Attributes:
        began: when its first call went out, as `time.perf_counter` tells it, or None.
        over: whether its time is over.
        last_error: what went wrong last, or None.
        usage: what its answers cost so far.
    """

    __slots__ = ("_calls", "_left", "_since", "_task", "_waiting", "_watch", "began", "last_error", "over", "usage")

    def __init__(self, watch: Watch) -> None:
        self.began: float | None = None
        self.over = False
        self.last_error: BaseException | None = None
        self.usage = Usage()
        self._watch = watch
        self._left = watch.seconds
        self._since: float | None = None
        self._task: asyncio.Task[object] | None = None
        self._calls = self._waiting = 0

    def __enter__(self) -> Self:
        """Let it run."""
        if self._left is not None:
            self._task = asyncio.current_task()
            self._watch.running.add(self)
            self._since = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take it off the watch.

        Raises:
            TimeoutError: its time is over.
        """
        self._watch.running.discard(self)
        task = self._task
        if not self.over or task is None:
            return
        left = task.uncancel()  # also where the work swallowed it, or the next timeout would count as the second
        if kind is asyncio.CancelledError and not left:
            raise TimeoutError from error

    def check(self) -> None:
        """End the evaluation where its time is over."""
        if self._since is None or self._left is None or self._task is None or self.over:
            return
        if time.monotonic() - self._since >= self._left:
            self.over = True
            self._task.cancel()

    def wait(self) -> None:
        """Note that a call waits for its turn."""
        self._waiting += 1
        self._stand()

    def go_on(self) -> None:
        """Note that it has it."""
        self._waiting -= 1

    def begin_call(self) -> None:
        """Note that a call goes out."""
        self._calls += 1
        if self.began is None:
            self.began = time.perf_counter()
        if self._since is None:
            self._since = time.monotonic()

    def end_call(self) -> None:
        """Note that it is over."""
        self._calls -= 1
        if self._waiting:
            self._stand()

    def _stand(self) -> None:
        if not self._calls and self._left is not None and self._since is not None:
            self._left -= time.monotonic() - self._since
            self._since = None
