"""Workers: threads that help the caller's own thread with several questions of one round."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 64  # helpers of one evaluator at a time; callers beyond it do the work themselves
_QUICK = 0.001  # seconds; an answer that is at hand takes less, and a thread's help costs about a tenth of that


class Workers:
    """Threads that are started when they are needed and kept for the next round.

    The caller works too, and takes item after item until there are none. Helpers are called at once, each by the one
    before it; but where the last round's items were all quick, as answers out of a cache are, only when an item turns
    out not to be. Copies and pickles come without threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._quick = False

    def __reduce__(self) -> tuple[type[Workers], tuple[()]]:
        """Copy and pickle without threads."""
        return (Workers, ())

    def map(self, work: Callable[[Item], Result], items: Sequence[Item], *, limit: int) -> list[Result]:
        """Work on items, at most `limit` at once, and return the results in their order.

        What `work` raises is raised here, when all that was begun is done.
        """
        round_ = _Round(work, items, self._submit, helpers=min(limit, len(items)) - 1)
        results = round_.run(call_help_first=not self._quick)
        self._quick = round_.quick
        return results

    def _submit(self, work: Callable[[Context], None], context: Context) -> Future[None]:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_MOST, thread_name_prefix="lc_scoring")
            return self._executor.submit(work, context)


class _Round(Generic[Item, Result]):
    """Items that are worked on at once."""

    def __init__(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        submit: Callable[[Callable[[Context], None], Context], Future[None]],
        *,
        helpers: int,
    ) -> None:
        self.quick = True
        self._work = work
        self._left = deque(enumerate(items))
        self._results: list[Any] = [None] * len(items)
        self._submit = submit
        self._contexts = [copy_context() for _ in range(helpers)]
        self._called: deque[Future[None]] = deque()

    def run(self, *, call_help_first: bool) -> list[Result]:
        if call_help_first:
            self._call_help()
        try:
            self._take()
        finally:
            self._left.clear()
            self._await_help()
        return self._results

    def _await_help(self) -> None:
        """Wait for all that was begun, and raise what a helper's work raised only then."""
        raised: list[BaseException] = []
        while self._called:
            helper = self._called.popleft()
            if not helper.cancel() and (error := helper.exception()) is not None:
                raised.append(error)
        if raised:
            raise raised[0]

    def _call_help(self) -> None:
        if self._left and self._contexts:
            self._called.append(self._submit(self._help_out, self._contexts.pop()))

    def _help_out(self, context: Context) -> None:
        self._call_help()
        context.run(self._take)

    def _take(self) -> None:
        while self._left:
            try:
                place, item = self._left.popleft()
            except IndexError:  # somebody was faster
                return
            begun = time.perf_counter()
            try:
                self._results[place] = self._work(item)
            except BaseException:
                self._left.clear()  # nothing more is begun
                raise
            if self.quick and time.perf_counter() - begun > _QUICK:
                self.quick = False
                if not self._called:
                    self._call_help()
