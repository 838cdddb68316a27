"""Scoring: what becomes of one row: the target's prediction, and each evaluator's outcome."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lc_scoring.data.columns import Columns
from lc_scoring.errors import ConfigError, ModelError, NotApplicable, ReplyError, ScoringError
from lc_scoring.models.provider_errors import masked
from lc_scoring.models.scheduler import SCHEDULER
from lc_scoring.models.setbacks import refuses_everything
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.calls import Calls, RowCalls
from lc_scoring.runs.clock import Clock, Watch
from lc_scoring.runs.intake import TakenUp
from lc_scoring.runs.outcomes import Stored, as_json, finite, stored
from lc_scoring.runs.schedule import together
from lc_scoring.runs.store import Done, EvaluatorEntry, Made
from lc_scoring.runs.target import Target, with_output
from lc_scoring.runs.writer import Writer

Result = TypeVar("Result")

_HOPELESS = 20  # rows that a provider refuses for a reason that holds for all, before the run is stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """An evaluator of a run.

    Attributes:
        entry: as the run file knows it.
        evaluator: the evaluator.
        needed: the fields it cannot do without.
        optional: those it uses where they are there.
    """

    entry: EvaluatorEntry
    evaluator: Any
    needed: tuple[str, ...]
    optional: tuple[str, ...]


class RowScorer:
    """Scores rows, one at a call; what goes wrong is stored as the row's failure.

    Args:
        judgings: the evaluators.
        columns: where their fields stand in a row.
        place: tells a row's place by its line, for messages.
        calls: the schedule of model calls.
        watch: ends what takes too long.
        target: makes the predictions, or None where rows hold them.
        stop: is told why to stop the run, where all rows will fail.
    """

    def __init__(
        self,
        judgings: Sequence[Judging],
        *,
        columns: Columns,
        place: Callable[[int], str],
        calls: Calls,
        watch: Watch,
        target: Target | None,
        stop: Callable[[str], None],
    ) -> None:
        self._judgings = {judging.entry.number: judging for judging in judgings}
        self._columns = columns
        self._place = place
        self._calls = calls
        self._watch = watch
        self._target = target
        self._stop = stop
        self._asked: dict[Any, asyncio.Future[Stored]] = {}
        self._refused: dict[int, int] = {}

    async def score(self, row: TakenUp, writer: Writer) -> None:
        """Make what a row lacks, and have it written.

        Raises:
            RunFileError: it cannot be written.
        """
        values = json.loads(row.text)
        error: ScoringError | None = None if row.error is None else ConfigError(row.error)
        if error is None and row.output is not None:
            values = with_output(values, json.loads(row.output), self._columns)
        elif error is None and self._target is not None:
            values, error = await self._predicted(row, values, writer)
        if len(row.missing) == 1:
            await self._judge(row, values, error, row.missing[0], writer)
            return
        await together(self._judge(row, values, error, number, writer) for number in row.missing)

    async def _predicted(
        self, row: TakenUp, values: Mapping[str, Any], writer: Writer
    ) -> tuple[Mapping[str, Any], ScoringError | None]:
        """Return a row with its prediction."""
        assert self._target is not None  # noqa: S101 - asked by the caller
        target, clock, began = self._target, self._watch.clock(), time.perf_counter()
        try:
            with clock:
                output = await self._calls.attempt(clock, self._calls.target, lambda: _own(target(values)))
            kept = as_json(output)
        except Exception as error:  # noqa: BLE001 - an application may raise anything
            failed = _target_error(error, clock, self._watch.seconds)
            seconds = time.perf_counter() - (clock.began or began)
            await writer.add(made=Made(row.number, None, type(error).__name__, str(failed), seconds))
            return values, failed
        seconds = time.perf_counter() - (clock.began or began)
        await writer.add(made=Made(row.number, kept, None, None, seconds))
        return with_output(values, json.loads(kept), self._columns), None

    async def _judge(
        self, row: TakenUp, values: Mapping[str, Any], error: ScoringError | None, number: int, writer: Writer
    ) -> None:
        judging = self._judgings[number]
        began = time.perf_counter()
        clock = self._watch.clock()
        outcome = await self._outcome(row, values, error, judging, clock)
        seconds = time.perf_counter() - (clock.began or began)
        await writer.add(done=Done(number, row.number, outcome, seconds))

    async def _outcome(
        self, row: TakenUp, values: Mapping[str, Any], error: ScoringError | None, judging: Judging, clock: Clock
    ) -> Stored:
        if error is not None:
            return self._failed(error, row, judging)
        try:
            fields = self._columns.fields(values, judging.needed, judging.optional)
            key = _key(judging.entry.number, fields)
        except Exception as wrong:  # noqa: BLE001 - a column may be a function of the user's own
            said = str(wrong) if isinstance(wrong, ConfigError) else f"{type(wrong).__name__}: {wrong}"
            return self._failed(ConfigError(f"{self._place(row.line)}: {said}"), row, judging)
        if (twin := self._asked.get(key)) is not None:
            return (await asyncio.shield(twin)).unpaid()  # the same question is on its way: it is asked once
        future = self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            outcome = await self._evaluated(fields, row, judging, clock)
        except BaseException:
            future.cancel()
            raise
        finally:
            del self._asked[key]
        if not future.done():
            future.set_result(outcome)
        return outcome

    async def _evaluated(self, fields: dict[str, Any], row: TakenUp, judging: Judging, clock: Clock) -> Stored:
        token = SCHEDULER.set(RowCalls(self._calls, clock))
        try:
            with clock:
                score: Score = await _own(judging.evaluator.ascore(fields))
            number = finite(reported(judging.evaluator, score))
            outcome = stored(score, score=number, signature=judging.entry.signature)
        except ScoringError as error:
            self._count_refusal(error, judging.entry.number)
            return self._failed(error, row, judging)
        except Exception as error:  # noqa: BLE001 - an evaluator of another package may raise anything
            if clock.over and isinstance(error, TimeoutError):
                return self._failed(_late(clock, self._watch.seconds, error), row, judging)
            wrong = ScoringError(masked(f"The evaluator failed: {type(error).__name__}: {error}"))
            wrong.__cause__, wrong.usage = error, _paid(clock)
            return self._failed(wrong, row, judging)
        finally:
            SCHEDULER.reset(token)
        self._refused[judging.entry.number] = -1  # it has answered, so its key is good
        return outcome

    def _count_refusal(self, error: ScoringError, number: int) -> None:
        """Stop the run where nothing but refusals came that hold for every row."""
        refused = self._refused.get(number, 0)
        if isinstance(error, (ReplyError, NotApplicable)):
            self._refused[number] = -1  # it has answered, so its key is good
        elif refused >= 0 and refuses_everything(error):
            self._refused[number] = refused + 1
            if refused + 1 == _HOPELESS:
                self._stop(f"the first {_HOPELESS} rows were refused for a reason that holds for all: {error}")

    def _failed(self, error: ScoringError, row: TakenUp, judging: Judging) -> Stored:
        failure = Failure(name=judging.entry.name, error=error, sample_id=row.id)
        return stored(failure, score=None, signature=judging.entry.signature)


async def _own(work: Awaitable[Result]) -> Result:
    """Await what belongs to others; a cancellation that is its own is an error like any other.

    Raises:
        RuntimeError: it was cancelled from within, and would end the worker.
    """
    try:
        return await work
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise RuntimeError("it was cancelled from within") from error


def reported(evaluator: Any, score: Score) -> float:
    """Return the number under `score` in the evaluator's own result; one of another package need not say."""
    told = getattr(evaluator, "reported", None)
    if told is not None:
        return float(told(score))
    return score.value if score.rating is None else score.rating


def about(evaluator: Any) -> dict[str, Any]:
    """Return what a run file keeps about an evaluator, as far as there is anything; see `EvaluatorEntry`."""
    scale = getattr(evaluator, "scale", None)
    told = {
        "scale": None if scale is None else {"low": scale.low, "high": scale.high, "step": scale.step},
        "lower_is_better": getattr(getattr(evaluator, "rubric", None), "lower_is_better", None),
        "normalize_by": getattr(evaluator, "normalize_by", None),
        "aggregations": list(getattr(evaluator, "aggregations", ())),
    }
    return {name: value for name, value in told.items() if value not in (None, [])}


def _key(number: int, fields: Mapping[str, Any]) -> object:
    """Return what two questions of one evaluator have in common where they are the same."""
    key = (number, *fields.items())
    try:
        hash(key)
    except TypeError:  # an agent's steps are lists
        return number, as_json(fields)
    return key


def _late(clock: Clock, seconds: float | None, error: Exception) -> ModelError:
    last = f" The last error: {masked(repr(clock.last_error))}." if clock.last_error is not None else ""
    late = ModelError(f"The judge gave no answer within {seconds:g} seconds.{last}", retryable=True)
    late.__cause__, late.usage = clock.last_error or error, _paid(clock)
    return late


def _paid(clock: Clock) -> Usage | None:
    """Return what an evaluation that came to nothing cost."""
    return clock.usage if clock.usage.calls else None


def _target_error(error: Exception, clock: Clock, seconds: float | None) -> ScoringError:
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, TimeoutError) and clock.over:
        said = f"it gave no prediction within {seconds:g} seconds"
    failed = ScoringError(masked(f"The target failed: {said}"))
    failed.__cause__ = error
    return failed
