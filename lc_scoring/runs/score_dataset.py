"""score_dataset: rows in, a run out."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lc_scoring.data.columns import Column
from lc_scoring.runs.request import Request
from lc_scoring.runs.run import Run
from lc_scoring.runs.session import INTERRUPTED, Session


def score_dataset(
    data: Any,
    evaluators: Any,
    *,
    run: str | Path | None = None,
    target: Any = None,
    columns: Mapping[str, Column] | None = None,
    id_column: str = "id",
    limit: int | None = None,
    resume: bool = False,
    retry_failures: bool = False,
    join: bool = False,
    max_concurrency: int = 16,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    max_retries: int = 5,
    row_timeout: float | None = 600.0,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    max_time: float | None = None,
    progress: bool | None = None,
) -> Run:
    """Score the rows of a dataset, and keep every outcome in a run file.

    Each outcome is on the disk before it counts as done: killed at any moment, the run goes on with `resume=True` and
    asks nothing that was answered. A row that cannot be scored is a failure of that row, and the others go on.

    Args:
        data: a file (JSON lines, CSV, Parquet, Arrow), `langsmith:<dataset>`, `langsmith-experiment:<project>`, a
            DataFrame, a Hugging Face dataset, or any iterable or async iterable of mappings or Samples. It is streamed.
        evaluators: an evaluator or its name, or a list of them.
        run: the run file; None for one named by the time, in the working directory.
        target: an application that makes the predictions in the same run: a Runnable or a function of a row, sync or
            async. It is not handed the reference.
        columns: where the fields stand in a row, by field: a column, a dotted path such as `outputs.answer`, a template
            such as `{title}: {body}`, or a function of the row's values. A field that is not named stands in the
            column of its own name.
        id_column: the column of the rows' ids; rows without one are named by a digest of their content.
        limit: how many of the first rows are scored; None for all.
        resume: go on with a run: ask what has no outcome yet.
        retry_failures: go on with a run: ask what failed.
        join: work on a run beside the process that does already.
        max_concurrency: calls in flight at once, to each model; it is also how many rows are worked on at once. Where
            the service is too busy there are fewer.
        requests_per_minute: calls to each model in a minute; None for as many as the service takes, which is learned
            where it refuses.
        tokens_per_minute: tokens to and from each model in a minute; None for no limit.
        max_retries: how often a call is asked again that broke off or met a busy service. A service that says that
            it was too much, and when to come back, is waited for, whatever this says.
        row_timeout: seconds that each evaluator, and the target, may take for a row, retries included and waiting for
            a turn not; None for as long as it takes.
        max_cost: US dollars that the run may cost in all; then it stops, and can be gone on with.
        max_tokens: tokens that the run may take in all; as `max_cost`.
        max_time: seconds after which it stops; as `max_cost`.
        progress: whether a line on standard error tells how far it is; None for in a terminal and in notebooks only.

    Returns:
        The run: its results, summary and exports.

    Raises:
        ConfigError: the call is wrong: nothing was asked.
        RunFileError: the run file cannot be written; what was stored is safe.
        KeyboardInterrupt: it was stopped with Ctrl-C: once, and what was in flight is finished; twice, and it is not.

    Examples:
        >>> import tempfile
        >>> rows = [{"prediction": "Paris", "reference": "Paris"}, {"prediction": "Rome", "reference": "Paris"}]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = score_dataset(rows, "exact_match", run=f"{folder}/cities.run.db")
        ...     [result.score for result in run.results()]
        [1.0, 0.0]
    """
    request = Request(**locals())
    scored, stopped = run_request(request)
    if stopped == INTERRUPTED:
        raise KeyboardInterrupt(f"{INTERRUPTED}; what was scored is in {scored.path}")
    return scored


async def ascore_dataset(data: Any, evaluators: Any, **options: Any) -> Run:
    """Score the rows of a dataset from within an event loop; see `score_dataset` for what it takes and raises.

    Ctrl-C is left to the loop's owner: a cancelled run is stored as far as it came.
    """
    return await Session(Request(data=data, evaluators=evaluators, **options)).score()


def run_request(request: Request) -> tuple[Run, str | None]:
    """Score as asked, in a loop of its own; return the run, and why this session ended before all was done."""
    session = Session(request)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_interruptible(session)), session.stopped
    return _in_thread(session), session.stopped  # a notebook's cell: its loop is taken


async def _interruptible(session: Session) -> Run:
    with _on_interrupt(session.interrupt):
        return await session.score()


@contextmanager
def _on_interrupt(interrupt: Callable[[], None]) -> Generator[None]:
    """Call `interrupt` on Ctrl-C, where this is the thread that gets it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(interrupt))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _in_thread(session: Session) -> Run:
    outcome: list[Any] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def score() -> Run:
        loops.append(asyncio.get_running_loop())
        return await session.score()

    def work() -> None:
        try:
            outcome.append((asyncio.run(score()), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.append((None, error))

    thread = threading.Thread(target=work, name="lc_scoring run", daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join(0.1)
        except KeyboardInterrupt:
            with suppress(RuntimeError, IndexError):  # it has not begun, or is over
                loops[0].call_soon_threadsafe(session.interrupt)
    run, error = outcome[0]
    if error is not None:
        raise error
    return run  # type: ignore[no-any-return]
