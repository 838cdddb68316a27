"""`lc-scoring score`: rows in, scores out, a summary at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lc_scoring.cli.summary import Tally
from lc_scoring.data.jsonl import Row, check_columns, count_lines, read_rows, take
from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.records import Failure, Sample, Score
from lc_scoring.registry import load_evaluator
from lc_scoring.runs.schedule import in_flight, in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What was asked for on the command line; each field is an option of `lc-scoring score`."""

    file: Path
    evaluator: str
    criteria: tuple[str, ...]
    llm: str | None
    output: Path | None
    scale: str | None
    normalize_by: float | None
    repair: int
    keys: Mapping[str, str]
    id_key: str
    max_concurrency: int
    limit: int | None
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    row: Row
    result: Score | Failure


def score_file(request: ScoreRequest) -> int:
    """Score a file.

    Returns:
        0 when every row has a score, 1 when some have none.

    Raises:
        ConfigError: the call is wrong; nothing was scored.
    """
    evaluator = _evaluator(request)
    columns = [request.keys[field] for field in evaluator.input_keys]
    check_columns(request.file, columns)
    if request.output and request.output.resolve() == request.file.resolve():
        raise ConfigError(f"The scores would overwrite {request.file}: give -o another name.")
    tally = Tally(evaluator=evaluator, normalize_by=request.normalize_by)
    with ExitStack() as stack:
        output = stack.enter_context(request.output.open("w", encoding="utf-8")) if request.output else None
        progress = stack.enter_context(_progress(request))
        asyncio.run(_score_rows(request, evaluator, tally, output, progress))
    Console().print(tally.table(title=str(request.file), output=request.output))
    return 1 if tally.failed else 0


def _evaluator(request: ScoreRequest) -> Any:
    criteria: Any = request.criteria[0] if len(request.criteria) == 1 else list(request.criteria) or None
    evaluator = load_evaluator(
        request.evaluator,
        llm=request.llm,
        criteria=criteria,
        scale=request.scale,
        normalize_by=request.normalize_by,
        repair=request.repair,
    )
    if not hasattr(evaluator, "ascore"):
        raise ConfigError(f"{request.evaluator} cannot score a file: it has no ascore(sample).")
    return evaluator


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


async def _score_rows(
    request: ScoreRequest, evaluator: Any, tally: Tally, output: TextIO | None, progress: Progress
) -> None:
    total = count_lines(request.file)
    task = progress.add_task("", total=min(total, request.limit or total), rate="", failed=0)

    async def work(row: Row) -> _Outcome:
        return _Outcome(row=row, result=await _outcome(row, request, evaluator))

    pairs = in_flight(_rows(request), work, max_concurrency=request.max_concurrency)
    async for outcome in in_order(pairs):
        tally.add(outcome.result)
        if output:
            output.write(json.dumps(_record(outcome, request), ensure_ascii=False) + "\n")
            output.flush()
        speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
        progress.update(task, advance=1, rate=f"{speed:.1f} rows/s" if speed else "", failed=tally.failed)


def _rows(request: ScoreRequest) -> Iterator[Row]:
    return islice(read_rows(request.file), request.limit)


async def _outcome(row: Row, request: ScoreRequest, evaluator: Any) -> Score | Failure:
    try:
        if row.error is not None:
            raise row.error
        score: Score = await evaluator.ascore(_sample(row, request, evaluator.input_keys))
    except ScoringError as error:
        return Failure(name=evaluator.evaluation_name, error=error, sample_id=_id(row, request) or f"line {row.line}")
    return score


def _sample(row: Row, request: ScoreRequest, fields: list[str]) -> Sample:
    texts: dict[str, Any] = {}
    for field in fields:
        try:
            value = take(row.values, request.keys[field])
        except KeyError:
            raise ConfigError(
                f"{request.file}, line {row.line}: no column {request.keys[field]!r}. Present: {', '.join(row.values)}."
            ) from None
        if value is None:
            raise ConfigError(f"{request.file}, line {row.line}: {request.keys[field]!r} is null.")
        texts[field] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        return Sample(**texts)
    except ConfigError as error:
        raise ConfigError(f"{request.file}, line {row.line}: {error}") from error


def _id(row: Row, request: ScoreRequest) -> str | None:
    value = row.values.get(request.id_key)
    return None if value is None else str(value)


def _record(outcome: _Outcome, request: ScoreRequest) -> dict[str, Any]:
    place = {"id": _id(outcome.row, request), "line": outcome.row.line}
    result = outcome.result
    if isinstance(result, Failure):
        return {**place, "error": {"kind": type(result.error).__name__, "message": _encodable(str(result.error))}}
    rating = result.rating if result.rating is not None else result.value
    return {
        **place,
        "score": rating / request.normalize_by if request.normalize_by else rating,
        "value": result.value,
        "reasoning": _encodable(result.reasoning),
        "usage": {
            "calls": result.usage.calls,
            "input_tokens": result.usage.input_tokens,
            "output_tokens": result.usage.output_tokens,
        },
        "signature": result.signature,
    }


def _encodable(text: str) -> str:
    """Replace half surrogate pairs, which a judge may write and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
