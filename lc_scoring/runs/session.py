"""Session: one process's work on a run, from the first row to why it ended."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lc_scoring.data.columns import Columns
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError
from lc_scoring.models.prices import check_own_table
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
from lc_scoring.runs.scoring import Judging, RowScorer
from lc_scoring.runs.store import Store
from lc_scoring.runs.target import PREDICTION, Target
from lc_scoring.runs.writer import Writer

INTERRUPTED = "stopped from the keyboard"
"""Why a run stopped that was told to with Ctrl-C."""

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
        # What failed is in the run file, rows and all.
        only_failed = request.retry_failures and not (request.resume or request.join)
        self._source = None if only_failed else open_source(request.data)
        if self._source is None:
            check_run_file(self.path)
        else:
            needed = {field for evaluator in self._evaluators for field in evaluator.input_keys}
            made = set() if request.target is None else {PREDICTION}
            check_source(self._source, columns_of(request, self._source.columns), needed - made)
        limits = Limits(
            max_concurrency=request.max_concurrency,
            requests_per_minute=request.requests_per_minute,
            tokens_per_minute=request.tokens_per_minute,
        )
        self._calls = Calls(limits, Patience(retries=request.max_retries))
        self._watch = Watch(request.row_timeout)
        self._stopped: str | None = None
        self._cancel: Callable[[], object] = lambda: None

    def interrupt(self) -> None:
        """Stop: what is in flight is finished; told again, not even that."""
        if self._stopped == INTERRUPTED:
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
            columns = columns_of(self._request, source["columns"])
            judgings = self._begin(store, source, columns)
            scorer = self._scorer(judgings, source, columns)
            progress = self._progress(store, judgings)
            writer = Writer(store, spent=self._calls.spent, written=progress.count)
            try:
                with progress:
                    try:
                        await self._work(store, judgings, scorer, writer)
                    finally:
                        await writer.close()
            except Exception as error:
                self._stop(f"{type(error).__name__}: {error}")
                raise
            finally:
                await self._calls.close()
                store.end(self._stopped)
        return Run(self.path)

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why

    def _begin(self, store: Store, source: Mapping[str, Any], columns: Columns) -> list[Judging]:
        """Begin the session, and make sure that the run is of the same rows."""
        request = self._request
        told = {"source": source, "columns": columns.described(), "id_column": request.id_column}
        for name, now in told.items():
            before = store.about(name)
            if before is not None and before != now:
                raise ConfigError(
                    f"{self.path} was made with {name}={before!r}, now it is {now!r}: go on with the same, or make "
                    "another run."
                )
        store.begin(_settings(request), joins=request.join)
        store.tell(**told)
        return [_judging(store, evaluator) for evaluator in self._evaluators]

    def _scorer(self, judgings: Sequence[Judging], source: Mapping[str, Any], columns: Columns) -> RowScorer:
        target = None
        if self._request.target is not None:
            hidden = frozenset({"reference", "reference_outputs", *columns.names("reference")})
            inputs = "inputs" if source["columns"].get("input") == "inputs" else None  # LangSmith's
            target = Target(self._request.target, hidden=hidden, inputs=inputs)
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
            if self._stopped != INTERRUPTED:
                working.cancel()
                raise
        finally:
            watching.cancel()

    async def _rows(self, store: Store, evaluators: Sequence[int], writer: Writer) -> AsyncGenerator[TakenUp]:
        """Yield the rows to work on: those that were left, then those of the source."""
        if self._request.goes_on:
            async for row in self._left(store, evaluators, writer):
                yield row
        if self._source is None or self._is_read(store, self._source):
            return
        async for chunk in chunks(self._source, id_column=self._request.id_column, limit=self._request.limit):
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
        found, next_ = await writer.call(
            partial(store.left, evaluators, missing=missing, failed=failed, after=0, most=_BATCH)
        )
        while next_ != after and self._stopped is None:
            for row in found:
                yield row
            after = next_
            found, next_ = await writer.call(
                partial(store.left, evaluators, missing=missing, failed=failed, after=after, most=_BATCH)
            )

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


def _judging(store: Store, evaluator: Any) -> Judging:
    rubric = getattr(evaluator, "rubric", None)
    scale = getattr(evaluator, "scale", None)
    about = {
        "scale": None if scale is None else {"low": scale.low, "high": scale.high, "step": scale.step},
        "lower_is_better": getattr(rubric, "lower_is_better", None),
        "aggregations": list(getattr(evaluator, "aggregations", ())),
    }
    signature = str(evaluator.signature)
    told = {name: value for name, value in about.items() if value not in (None, [])}
    return Judging(
        entry=store.enter(str(evaluator.evaluation_name), signature, told),
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
