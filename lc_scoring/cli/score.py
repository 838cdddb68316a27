"""`lc-scoring score`: rows in, scores out, a summary at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lc_scoring.cli.summary import Tally
from lc_scoring.data.jsonl import Row, check_columns, count_lines, read_rows, take
from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.evaluators.fields import is_missing
from lc_scoring.records import Failure, Score
from lc_scoring.registry import load_evaluator
from lc_scoring.runs.schedule import in_flight
from lc_scoring.scale import plain_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What was asked for on the command line; `arguments` are what the evaluator is made with."""

    file: Path
    evaluator: str
    llm: str | None
    arguments: Mapping[str, Any]
    output: Path | None
    keys: Mapping[str, str]
    id_key: str
    max_concurrency: int
    limit: int | None
    quiet: bool


_NEEDED = ("ascore", "input_keys", "evaluation_name", "signature")  # of an evaluator, to score a file with it
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
    evaluator = _evaluator(request)
    check_columns(request.file, [request.keys.get(field, field) for field in evaluator.input_keys])
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


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; several criteria are a list, one is itself."""
    arguments = {name: value for name, value in options.items() if value not in (None, [])}
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in arguments.items()
    }


def settings_of(texts: list[str]) -> dict[str, Any]:
    """Read `name=value` settings; a value that is JSON, such as true or 3, is what it says, any other is text.

    Raises:
        ConfigError: there is no name or no `=`.

    Examples:
        >>> settings_of(["distance=levenshtein", "normalize_score=false"])
        {'distance': 'levenshtein', 'normalize_score': False}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise ConfigError(f"--set takes name=value, got {text!r}.")
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            settings[name.strip()] = value
    return settings


def _evaluator(request: ScoreRequest) -> Any:
    try:
        evaluator = load_evaluator(request.evaluator, llm=request.llm, **request.arguments)
    except TypeError as error:  # an evaluator of another package need not take these
        raise ConfigError(f"{request.evaluator} cannot be made from the command line: {error}.") from error
    missing = [name for name in _NEEDED if not hasattr(evaluator, name)]
    if missing:
        raise ConfigError(f"{request.evaluator} cannot score a file: it has no {', '.join(missing)}.")
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


async def _score_rows(request: ScoreRequest, evaluator: Any, tally: Tally, scores: _Scores, progress: Progress) -> None:
    total = count_lines(request.file)
    task = progress.add_task("", total=min(total, request.limit or total), rate="", failed=0)

    async def work(row: Row) -> tuple[Row, Score | Failure]:
        return row, await _outcome(row, request, evaluator)

    try:
        async for place, (row, result) in in_flight(_rows(request), work, max_concurrency=request.max_concurrency):
            tally.add(result)
            scores.add(place, _record(row, result, request, evaluator))
            speed = progress.tasks[0].finished_speed or progress.tasks[0].speed
            progress.update(task, advance=1, rate=f"{speed:.1f} rows/s" if speed else "", failed=tally.failed)
    finally:
        scores.finish()


def _rows(request: ScoreRequest) -> Iterator[Row]:
    return islice(read_rows(request.file), request.limit)


async def _outcome(row: Row, request: ScoreRequest, evaluator: Any) -> Score | Failure:
    failed = partial(Failure, name=evaluator.evaluation_name, sample_id=_id(row, request))
    if row.error is not None:
        return failed(error=row.error)
    try:
        score: Score = await evaluator.ascore(_fields(row, request, evaluator))
    except ScoringError as error:
        return failed(error=error)
    except Exception as error:  # noqa: BLE001 - an evaluator of another package may raise anything
        return failed(error=ScoringError(f"The evaluator failed: {type(error).__name__}: {error}"))
    return score


def _fields(row: Row, request: ScoreRequest, evaluator: Any) -> dict[str, Any]:
    """Take the evaluator's fields out of a row: texts, and an agent's steps as they are."""
    fields: dict[str, Any] = {}
    optional = getattr(evaluator, "optional_keys", [])
    for field in (*evaluator.input_keys, *optional):
        column = request.keys.get(field, field)
        try:
            value = take(row.values, column)
        except KeyError:
            if field in optional:
                continue
            raise ConfigError(
                f"{request.file}, line {row.line}: no column {column!r}. Present: {', '.join(row.values)}."
            ) from None
        if is_missing(value):
            if field in optional:
                continue
            raise ConfigError(f"{request.file}, line {row.line}: {column!r} is missing, {value!r}.")
        as_it_is = isinstance(value, str) or field == "agent_trajectory"
        fields[field] = value if as_it_is else json.dumps(value, ensure_ascii=False)
    return fields


def _reported(evaluator: Any, score: Score) -> float:
    """Return the number under `score` in the evaluator's own result; one of another package need not say."""
    reported = getattr(evaluator, "reported", None)
    if reported is not None:
        return float(reported(score))
    return score.value if score.rating is None else score.rating


def _id(row: Row, request: ScoreRequest) -> str:
    value = row.values.get(request.id_key)
    return f"line {row.line}" if value is None else str(value)


def _record(row: Row, result: Score | Failure, request: ScoreRequest, evaluator: Any) -> dict[str, Any]:
    place = {"id": _id(row, request), "line": row.line}
    if isinstance(result, Failure):
        return {**place, "error": {"kind": type(result.error).__name__, "message": str(result.error)}}
    parts = [{"value": part.value, "label": part.label, "reasoning": part.reasoning} for part in result.parts]
    return {
        **place,
        "score": plain_number(_reported(evaluator, result)),
        "value": result.value,
        **({"label": result.label} if result.label is not None else {}),
        "reasoning": result.reasoning,
        **({"parts": parts} if parts else {}),
        "usage": asdict(result.usage),
        "signature": result.signature,
    }
