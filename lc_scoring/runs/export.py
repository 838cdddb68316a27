"""Export: what came of a run's rows as JSON lines, CSV, Parquet or a DataFrame: a row for each row and evaluator."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lc_scoring.errors import ConfigError, MissingExtra, NotApplicable
from lc_scoring.evaluators.told import told_of
from lc_scoring.records import Score, Usage
from lc_scoring.runs.outcomes import as_json, storable
from lc_scoring.runs.whole_file import written_whole
from lc_scoring.scale import number_text, plain_number

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from lc_scoring.runs.run import Result, Run

_FLAT: Mapping[str, type] = {
    "id": str,
    "line": int,
    "evaluator": str,
    "score": float,
    "value": float,
    "rating": float,
    "label": str,
    "reasoning": str,
    "state": str,
    "error": str,
    "message": str,
    "prediction_made": str,
    "spread": float,
    "calls": int,
    "input_tokens": int,
    "output_tokens": int,
    "cost": float,
    "seconds": float,
    "signature": str,
}
"""The columns of a table that are ours, with their types; the row's own come after them."""

_OwnColumns: TypeAlias = Mapping[str, tuple[str, type]]
"""The rows' own columns: by the name in the table, the name in the row and the type."""

_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BATCH = 5_000  # rows of a table that are in memory at once


def to_jsonl(run: Run, path: Path, evaluator: str | None) -> None:
    """Write JSON lines, with all that is known of each outcome."""
    several = evaluator is None and len(run.evaluators) > 1
    with written_whole(path) as file:
        for result in run.results(evaluator):
            told = record(result)
            # A judge or a row may hold half a surrogate pair, which no file can.
            line = storable(json.dumps({"id": told.pop("id"), **_named(result, several), **told}, ensure_ascii=False))
            file.write(f"{line}\n")


def to_csv(run: Run, path: Path, evaluator: str | None) -> None:
    """Write CSV that a spreadsheet opens without running anything in it."""
    rows = _own_columns(run)
    with written_whole(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([harmless(name) for name in (*_FLAT, *rows)])
        for result in run.results(evaluator):
            table.writerow([harmless(value) for value in _flat(result, rows).values()])


def to_parquet(run: Run, path: Path, evaluator: str | None) -> None:
    """Write Parquet, some thousand rows at a time."""
    arrow, parquet = _imported("pyarrow", "parquet"), _imported("pyarrow.parquet", "parquet")
    rows = _own_columns(run)
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in _types(rows).items()])
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with parquet.ParquetWriter(unfinished, schema) as table:
            for batch in _batches(run, evaluator, rows):
                table.write_batch(arrow.RecordBatch.from_pylist(batch, schema=schema))
        unfinished.replace(path)
    except (OSError, arrow.ArrowException) as error:
        raise ConfigError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def to_pandas(run: Run, evaluator: str | None) -> pd.DataFrame:
    """Return a DataFrame of pandas."""
    pandas = _imported("pandas", "pandas")
    rows = _own_columns(run)
    frame: pd.DataFrame = pandas.DataFrame(
        [_flat(result, rows) for result in run.results(evaluator)], columns=[*_FLAT, *rows]
    )
    return frame


def to_polars(run: Run, evaluator: str | None) -> pl.DataFrame:
    """Return a DataFrame of polars."""
    polars = _imported("polars", "polars")
    rows = _own_columns(run)
    kinds = {str: polars.String, int: polars.Int64, float: polars.Float64, bool: polars.Boolean}
    schema = {name: kinds[kind] for name, kind in _types(rows).items()}
    frame: pl.DataFrame = polars.DataFrame([_flat(result, rows) for result in run.results(evaluator)], schema=schema)
    return frame


def record(result: Result) -> dict[str, Any]:
    """Return an outcome with all that is known of it, as JSON knows it; without the row's columns."""
    place = {"id": result.id, "line": result.line}
    made = {} if result.prediction is None else {"prediction": result.prediction}
    outcome = result.outcome
    if not isinstance(outcome, Score):
        usage = {"usage": asdict(outcome.error.usage)} if isinstance(outcome.error.usage, Usage) else {}
        if isinstance(outcome.error, NotApplicable):
            return {**place, **made, "not_applicable": True, "reasoning": outcome.error.reasoning, **usage}
        error = {"kind": type(outcome.error).__name__, "message": str(outcome.error)}
        return {**place, **made, "error": error, **usage}
    return {
        **place,
        **made,
        "score": plain_number(result.score if result.score is not None else outcome.value),
        "value": outcome.value,
        **({"label": outcome.label} if outcome.label is not None else {}),
        "reasoning": outcome.reasoning,
        **_how(outcome),
        "usage": asdict(outcome.usage),
        "signature": outcome.signature,
    }


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet runs: a text that begins like a formula gets an apostrophe before it.

    Examples:
        >>> harmless("=1+1"), harmless("-5"), harmless(-5), harmless("fine")
        ("'=1+1", '-5', -5, 'fine')
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _named(result: Result, several: bool) -> dict[str, str]:
    return {"evaluator": result.name} if several else {}


def _how(score: Score) -> dict[str, Any]:
    """Return how a score was made, as far as there is anything to tell."""
    told: dict[str, Any] = {
        "basis": score.basis,
        "parts": [_part(part) for part in score.parts],
        "spread": score.spread,
        "failed": {failure.name: str(failure.error) for failure in score.failures},
        "distribution": {number_text(rating): share for rating, share in score.distribution.items()},
        "parsed": score.parsed,
    }
    return {key: value for key, value in told.items() if value not in (None, "", [], {})}


def _part(part: Score) -> dict[str, Any]:
    told = {**told_of(part), "value": part.value}  # the number in [0, 1], as for the whole
    if part.label is not None:
        told["label"] = part.label
    if "parts" in told:  # pieces; what they call a value is one here too
        told["parts"] = [_part(one) for one in part.parts if one.text]
    return told


def _own_columns(run: Run) -> _OwnColumns:
    """Return the rows' own columns by names that do not clash with ours, with the type that holds their values."""
    own: dict[str, tuple[str, type]] = {}
    taken = set(_FLAT)
    for name, kinds in run.columns().items():
        if name == run.id_column == "id":
            continue  # it is the row's id, which stands there already
        free = storable(name)
        while free in taken:
            free = f"row.{free}"
        taken.add(free)
        own[free] = (name, _kind(kinds))
    return own


def _types(rows: _OwnColumns) -> dict[str, type]:
    return {**_FLAT, **{name: kind for name, (_, kind) in rows.items()}}


def _kind(kinds: set[type]) -> type:
    if len(kinds) == 1 and (kind := next(iter(kinds))) in (int, float, bool):
        return kind
    return float if kinds == {int, float} else str


def _flat(result: Result, rows: _OwnColumns) -> dict[str, Any]:
    outcome = result.outcome
    error = None if isinstance(outcome, Score) else outcome.error
    usage = outcome.usage if isinstance(outcome, Score) else error.usage if error and error.usage else Usage()
    skipped = isinstance(error, NotApplicable)
    ours: dict[str, Any] = dict.fromkeys(_FLAT)
    ours |= {
        "id": result.id,
        "line": result.line,
        "evaluator": result.name,
        "state": "score" if error is None else "not_applicable" if skipped else "failure",
        "prediction_made": None if result.prediction is None else _cell(result.prediction, str),
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost": usage.cost,
        "seconds": result.seconds,
    }
    if isinstance(outcome, Score):
        ours |= {"score": result.score, "value": outcome.value, "rating": outcome.rating, "label": outcome.label}
        ours |= {"reasoning": outcome.reasoning, "spread": outcome.spread, "signature": outcome.signature}
    elif isinstance(error, NotApplicable):
        ours |= {"label": error.state or None, "reasoning": error.reasoning}
    else:
        ours |= {"error": type(error).__name__, "message": str(error)}
    values = dict(result.values)
    return ours | {free: _cell(values.get(name), kind) for free, (name, kind) in rows.items()}


def _cell(value: Any, kind: type) -> Any:
    if value is None or kind is not str:
        return float(value) if kind is float and value is not None else value
    return storable(value) if isinstance(value, str) else as_json(value)


def _batches(run: Run, evaluator: str | None, rows: _OwnColumns) -> Iterator[list[dict[str, Any]]]:
    results = run.results(evaluator)
    while batch := [_flat(result, rows) for result in islice(results, _BATCH)]:
        yield batch


def _imported(name: str, extra: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(
            f'{name.partition(".")[0]} is needed for this: pip install "lc-scoring[{extra}]".'
        ) from error
