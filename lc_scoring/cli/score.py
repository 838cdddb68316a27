"""`lc-scoring score`: rows in, scores out, a summary at the end."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lc_scoring.cli.rows import RowsRequest
from lc_scoring.cli.summary import Tally, plain_text
from lc_scoring.data.jsonl import Row, count_lines
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.told import told_of
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.schedule import in_flight
from lc_scoring.scale import number_text, plain_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest(RowsRequest):
    """What was asked of `score`: where the scores go, and whether the members of a jury are centered."""

    output: Path | None
    center: bool = False


_STOPPED = 130  # what shells call a program that was stopped from the keyboard


class _Scores:
    """The file of scores, in the rows' order; of what came early, all that is left is written at the end."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._early: dict[int, dict[str, Any]] = {}
        self._turn = 0

    def add(self, place: int, record: dict[str, Any]) -> None:
        self._early[place] = record
        while self._turn in self._early:
            self._write(self._early.pop(self._turn))
            self._turn += 1

    def finish(self) -> None:
        for _, record in sorted(self._early.items()):
            self._write(record)

    def _write(self, record: dict[str, Any]) -> None:
        if self._file:
            # A judge or a row may hold half a surrogate pair, which no file can.
            line = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
            self._file.write(f"{line}\n")
            self._file.flush()


def score_file(request: ScoreRequest) -> int:
    """Score a file.

    Returns:
        0 when every row has a score, 1 when some have none, 130 when it was stopped from the keyboard: then what
        was scored till then is written.

    Raises:
        ConfigError: the call is wrong; nothing was scored.
    """
    evaluator = request.load()
    if request.center and not getattr(evaluator, "jury", ()):
        raise ConfigError("--center takes off the offsets of a jury's members: name several judges with --llm.")
    if request.output and request.output.exists() and request.output.samefile(request.file):
        raise ConfigError(f"The scores would overwrite {request.file}: give -o another name.")
    tally = Tally(evaluator=evaluator, reported=partial(_reported, evaluator))
    with ExitStack() as stack:
        output = stack.enter_context(request.output.open("w", encoding="utf-8")) if request.output else None
        stack.callback(lambda: Console().print(tally.table(title=str(request.file), output=request.output)))
        progress = stack.enter_context(_progress(request))
        try:
            asyncio.run(_score_rows(request, evaluator, tally, _Scores(output), progress))
        except KeyboardInterrupt:
            Console(stderr=True).print("Stopped. What was scored till then is written.")
            return _STOPPED
    return 1 if tally.failed else 0


def _progress(request: ScoreRequest) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("scoring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
        console=console,
        disable=request.quiet or not console.is_terminal,
    )


async def _score_rows(request: ScoreRequest, evaluator: Any, tally: Tally, scores: _Scores, progress: Progress) -> None:
    total = count_lines(request.file)
    task = progress.add_task("", total=min(total, request.limit or total), rate="", failed=0)
    held: list[tuple[int, Row, Score | Failure]] = []

    async def work(row: Row) -> tuple[Row, Score | Failure]:
        return row, await request.outcome(row, evaluator)

    def settle(place: int, row: Row, result: Score | Failure) -> None:
        tally.add(result)
        scores.add(place, _record(row, result, request, evaluator))

    try:
        async for place, (row, result) in in_flight(request.rows(), work, max_concurrency=request.max_concurrency):
            if request.center:
                held.append((place, row, result))
            else:
                settle(place, row, result)
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            progress.update(task, advance=1, rate=f"{speed:.1f} rows/s" if speed else "", failed=tally.failed)
    finally:
        for place, row, result in _centered(evaluator, held):
            settle(place, row, result)
        scores.finish()


def _centered(evaluator: Any, held: list[tuple[int, Row, Score | Failure]]) -> list[tuple[int, Row, Score | Failure]]:
    """Take each jury member's offset, over all rows, off the scores that were held back for it."""
    scored = [result for _, _, result in held if isinstance(result, Score)]
    try:
        centered = iter(evaluator.centered(scored) if scored else ())
    except ConfigError as error:  # what was paid for is written all the same
        Console(stderr=True).print(f"Not centered: {plain_text(str(error))}")
        return held
    return [(place, row, next(centered) if isinstance(result, Score) else result) for place, row, result in held]


def _reported(evaluator: Any, score: Score) -> float:
    """Return the number under `score` in the evaluator's own result; one of another package need not say."""
    reported = getattr(evaluator, "reported", None)
    if reported is not None:
        return float(reported(score))
    return score.value if score.rating is None else score.rating


def _record(row: Row, result: Score | Failure, request: ScoreRequest, evaluator: Any) -> dict[str, Any]:
    place = {"id": request.id_of(row), "line": row.line}
    if isinstance(result, Failure):
        usage = {"usage": asdict(result.error.usage)} if isinstance(result.error.usage, Usage) else {}
        if isinstance(result.error, NotApplicable):
            return {**place, "not_applicable": True, "reasoning": result.error.reasoning, **usage}
        return {**place, "error": {"kind": type(result.error).__name__, "message": str(result.error)}, **usage}
    return {
        **place,
        "score": plain_number(_reported(evaluator, result)),
        "value": result.value,
        **({"label": result.label} if result.label is not None else {}),
        "reasoning": result.reasoning,
        **_how(result),
        "usage": asdict(result.usage),
        "signature": result.signature,
    }


def _how(score: Score) -> dict[str, Any]:
    """Return how a score was made, as far as there is anything to tell."""
    told: dict[str, Any] = {
        "basis": score.basis,
        "parts": [{**told_of(part), "value": part.value, **_label(part)} for part in score.parts],
        "spread": score.spread,
        "failed": {failure.name: str(failure.error) for failure in score.failures},
        "distribution": {number_text(rating): share for rating, share in score.distribution.items()},
        "parsed": score.parsed.model_dump(mode="json") if hasattr(score.parsed, "model_dump") else None,
    }
    return {key: value for key, value in told.items() if value not in (None, "", [], {})}


def _label(part: Score) -> dict[str, str]:
    return {} if part.label is None else {"label": part.label}
