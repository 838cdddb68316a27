"""Session: one process's work on a run, from the first row to why it ended."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lc_scoring.data.columns import Columns
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError
from lc_scoring.models.prices import check_own_table
from lc_scoring.models.provider_errors import masked
from lc_scoring.runs.budget import Budget
from lc_scoring.runs.calls import Calls, Patience
from lc_scoring.runs.clock import Watch
from lc_scoring.runs.intake import TakenUp
from lc_scoring.runs.lane import Limits
from lc_scoring.runs.progress import Progress
from lc_scoring.runs.request import Request, columns_of
from lc_scoring.runs.rows import check_source, chunks
from lc_scoring.runs.run import Run
from lc_scoring.runs.run_file import check_place, check_run_file
from lc_scoring.runs.schedule import work_through
from lc_scoring.runs.scoring import Judging, RowScorer, about
from lc_scoring.runs.store import Store
from lc_scoring.runs.target import MADE, Target, target_name
from lc_scoring.runs.writer import Writer

INTERRUPTED = "stopped from the keyboard"
"""Why a run stopped that was told to with Ctrl-C."""

_KNOWN_RIGHT = ("reference", "relevant_ids")  # fields that a target is not shown, whoever judges it
_BATCH = 256  # stored rows that are taken up at once


class Session:
    """One process's work on a run.

    Raises:
        ConfigError: the request is wrong, the data or an evaluator cannot be used.
    """

    def __init__(self, request: Request) -> None:
        check_own_table()
        self._request = request
        self._evaluators = request.loaded()
        self.path = Path(request.run) if request.run is not None else _named_by_time()
        check_place(self.path, goes_on=request.goes_on)
        # Predictions come of the target, also of an earlier session's.
        self._is_made = request.target is not None or _had_target(self.path)
        # What failed is in the run file, rows and all.
        only_failed = request.retry_failures and not (request.resume or request.join)
        self._source = None if only_failed else open_source(request.data)
        if self._source is None:
            check_run_file(self.path)
        else:
            columns = columns_of(request, self._source.columns, made=self._is_made)
            needed = {field for evaluator in self._evaluators for field in evaluator.input_keys}
            made = {field for field in needed if self._is_made and columns.names(field) & MADE}
            check_source(self._source, columns, needed - made)
        limits = Limits(
            max_concurrency=request.max_concurrency,
            requests_per_minute=request.requests_per_minute,
            tokens_per_minute=request.tokens_per_minute,
        )
        self._calls = Calls(limits, Patience(retries=request.max_retries))
        self._watch = Watch(request.row_timeout)
        self._stopped: str | None = None
        self._interrupts = 0
        self._cancel: Callable[[], object] = lambda: None

    @property
    def stopped(self) -> str | None:
        """Why it ended before all was done, or None."""
        return INTERRUPTED if self._interrupts else self._stopped

    def interrupt(self) -> None:
        """Stop: what is in flight is finished; told again, not even that."""
        self._interrupts += 1
        if self._interrupts > 1:
            self._cancel()
        self._stop(INTERRUPTED)

    async def score(self) -> Run:
        """Score what is to be scored.

        Raises:
            ConfigError: the run file is another run's, or another process works on it.
            RunFileError: it cannot be written.
        """
        with Store.open(self.path, goes_on=self._request.goes_on) as store, _few_collections():
            source = store.about("source") if self._source is None else _told(self._source)
            if source is None:
                raise ConfigError(f"{self.path} holds no rows yet: go on with resume=True (--resume).")
            columns = columns_of(self._request, source["columns"], made=self._is_made)
            facts = self._same_data(store, source, columns)
            store.begin(_settings(self._request), joins=self._request.join)
            try:
                store.tell(**facts)
                await self._score_into(store, source, columns)
            except BaseException as error:
                self._stop(masked(f"{type(error).__name__}: {error}"))
                raise
            finally:
                store.end(self.stopped)
        return Run(self.path)

    async def _score_into(self, store: Store, source: Mapping[str, Any], columns: Columns) -> None:
        judgings = [_judging(store, evaluator) for evaluator in self._evaluators]
        scorer = self._scorer(judgings, source, columns)
        progress = self._progress(store, judgings)
        writer = Writer(store, spent=self._calls.spent, written=progress.count)
        try:
            with progress:
                try:
                    await self._work(store, judgings, scorer, writer)
                finally:
                    await writer.close()
        finally:
            await self._calls.close()

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why

    def _same_data(self, store: Store, source: Mapping[str, Any], columns: Columns) -> Mapping[str, Any]:
        """Make sure that a run that is gone on with is of the same rows, and return what it is of.

        Raises:
            ConfigError: it is not; the message says in what.
        """
        target = self._request.target
        told = {"source": source, "columns": columns.described(), "id_column": self._request.id_column}
        if target is not None:
            told["target"] = target_name(target)
        for name, now in told.items():
            before = store.about(name)
            if before is not None and before != now:
                raise ConfigError(
                    f"{self.path} was made with {name}={before!r}, now it is {now!r}: go on with the same, or make "
                    "another run."
                )
        return told

    def _scorer(self, judgings: Sequence[Judging], source: Mapping[str, Any], columns: Columns) -> RowScorer:
        target = None
        if self._request.target is not None:
            for field in _KNOWN_RIGHT:
                if callable(columns.given.get(field)):
                    raise ConfigError(
                        f"A function for {field} does not say which columns a target must not see: name the column."
                    )
            hidden = {"reference_outputs", *_KNOWN_RIGHT}.union(*map(columns.names, _KNOWN_RIGHT))
            target = Target(self._request.target, hidden=frozenset(hidden))
        return RowScorer(
            judgings,
            columns=columns,
            place=lambda line: f"{source['name']}, {source['place']} {line}",
            calls=self._calls,
            watch=self._watch,
            target=target,
            stop=self._stop,
        )

    def _progress(self, store: Store, judgings: Sequence[Judging]) -> Progress:
        progress = Progress(self._calls, shown=self._request.progress, evaluators=len(judgings))
        rows, scored, failed, others = store.settled([judging.entry.number for judging in judgings])
        retried = failed if self._request.retry_failures else 0
        progress.begin(scored=scored, failed=failed - retried, others=others, rows=partial(self._row_count, rows))
        return progress

    def _row_count(self, stored: int) -> int | None:
        """Return how many rows there will be, where that can be told."""
        if self._source is None:
            return stored
        count, limit = self._source.count(), self._request.limit
        if count is None:
            return limit
        return max(stored, count if limit is None else min(count, limit))

    async def _work(self, store: Store, judgings: Sequence[Judging], scorer: RowScorer, writer: Writer) -> None:
        budget = Budget(self._request, before=store.spent(), began=time.monotonic())

        async def work(row: TakenUp) -> None:
            if (over := budget.over(self._calls)) is not None:
                self._stop(over)
            if self._stopped is None:
                await scorer.score(row, writer)

        rows = self._rows(store, [judging.entry.number for judging in judgings], writer)
        working = asyncio.create_task(work_through(rows, work, max_concurrency=self._request.max_concurrency))
        watching = asyncio.create_task(self._watch.keep())
        self._cancel = working.cancel
        try:
            await working
        except asyncio.CancelledError:
            if self._interrupts < 2:  # noqa: PLR2004 - the first lets finish what is in flight
                working.cancel()
                raise
        finally:
            watching.cancel()

    async def _rows(self, store: Store, evaluators: Sequence[int], writer: Writer) -> AsyncGenerator[TakenUp]:
        """Yield the rows to work on: those that were left, then those of the source."""
        if self._request.goes_on:
            async for row in self._left(store, evaluators, writer):
                yield row
        if self._source is None or await writer.call(partial(self._is_read, store, self._source)):
            return
        read_rows = chunks(self._source, id_column=self._request.id_column, limit=self._request.limit)
        async with aclosing(read_rows):
            async for chunk in read_rows:
                for row in await writer.call(partial(store.take_up, chunk, evaluators)):
                    yield row
                if self._stopped is not None:
                    return
        read = {"fingerprint": self._source.fingerprint, "limit": self._request.limit}
        await writer.call(partial(store.tell, read=read))
        if self._request.join:  # what others took up and died over
            async for row in self._left(store, evaluators, writer):
                yield row

    async def _left(self, store: Store, evaluators: Sequence[int], writer: Writer) -> AsyncGenerator[TakenUp]:
        missing, failed = self._source is not None, self._request.retry_failures
        after = -1
        left = partial(store.left, evaluators, missing=missing, failed=failed, limit=self._request.limit, most=_BATCH)
        found, next_ = await writer.call(partial(left, after=0))
        while next_ != after and self._stopped is None:
            for row in found:
                yield row
            after = next_
            found, next_ = await writer.call(partial(left, after=after))

    def _is_read(self, store: Store, source: Source) -> bool:
        """Whether all rows of the source are in the run file, as far as can be told without reading it."""
        read = store.about("read")
        return (
            read is not None
            and source.fingerprint is not None
            and read["fingerprint"] == source.fingerprint
            and (read["limit"] is None or read["limit"] == self._request.limit)
        )


@contextmanager
def _few_collections() -> Generator[None]:
    """Keep the garbage collector from looking again and again through all that was there before the run.

    LangChain and its providers load half a million objects; with them out of its sight a row takes a sixth less time.
    """
    if gc.get_freeze_count():  # somebody else's matter
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _had_target(path: Path) -> bool:
    """Whether there is a run whose predictions a target made."""
    return path.exists() and path.stat().st_size > 0 and Run(path).about("target") is not None


def _judging(store: Store, evaluator: Any) -> Judging:
    return Judging(
        entry=store.enter(str(evaluator.evaluation_name), str(evaluator.signature), about(evaluator)),
        evaluator=evaluator,
        needed=tuple(evaluator.input_keys),
        optional=tuple(getattr(evaluator, "optional_keys", ())),
    )


def _told(source: Source) -> dict[str, Any]:
    """Return what a run file keeps of a source; a file by its name alone, since data moves."""
    return {"name": Path(source.name).name, "place": source.place, "columns": dict(source.columns)}


def _settings(request: Request) -> Mapping[str, Any]:
    names = (
        "resume",
        "retry_failures",
        "join",
        "limit",
        "max_concurrency",
        "requests_per_minute",
        "tokens_per_minute",
        "max_retries",
        "row_timeout",
        "max_cost",
        "max_tokens",
        "max_time",
    )
    return {name: getattr(request, name) for name in names if getattr(request, name) not in (None, False)}


def _named_by_time() -> Path:
    name, number = time.strftime("run-%Y%m%d-%H%M%S"), 1
    path = Path(f"{name}.run.db")
    while path.exists():
        number += 1
        path = Path(f"{name}-{number}.run.db")
    return path
