"""Source: rows from a file, a table, LangSmith or any iterable, opened by what they are."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lc_scoring.data import arrow, frames, iterables, langsmith
from lc_scoring.data.formats import format_of
from lc_scoring.data.row import Row
from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError
from lc_scoring.records import Sample

TAKES = (
    "a file (.jsonl, .ndjson, .json, .csv, .tsv, each also as .gz; .parquet, .arrow, .feather, .ipc), "
    "'langsmith:<dataset>' or 'langsmith-experiment:<project>', a DataFrame of pandas or polars, a pyarrow Table or "
    "RecordBatchReader, a Hugging Face Dataset, or an iterable of mappings, Samples or LangSmith examples"
)
"""What `open_source` takes, in words."""

_SHOWN = 80  # characters of a text that is no source


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows come from.

    Attributes:
        name: what people call it, such as `answers.jsonl`, `langsmith:my dataset` or `rows`.
        place: how the place of a row is told in messages: `line` for text files, else `row`.
        open: reads from the start; may be called again unless `once`. Rows come as they are asked for.
        count: the number of rows, where that is known or cheap to find; else None.
        fingerprint: changes when the data changes; None where nobody can tell.
        columns: where the rows keep the usual fields, such as `{"input": "inputs"}`; empty where by their own names.
        once: whether it can be read only once.
    """

    name: str
    place: str
    open: Callable[[], Iterator[Row] | AsyncIterator[Row]]
    count: Callable[[], int | None]
    fingerprint: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    once: bool = False


def open_source(data: Any) -> Source:
    """Open rows to be scored; none is read yet, save what shows that they can be.

    Args:
        data: a file by its ending, LangSmith by name, a table, or any iterable: see `TAKES`.

    Raises:
        ConfigError: it is none of these, cannot be opened, or names columns twice or not at all.
        MissingExtra: the file needs pyarrow, which is not installed.

    Examples:
        >>> source = open_source([{"prediction": "Paris"}, {"prediction": "Rome"}])
        >>> source.count(), [row.values["prediction"] for row in source.open()]
        (2, ['Paris', 'Rome'])
    """
    if isinstance(data, (str, os.PathLike)):
        return _named(data)
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(data).__mro__}
    for kind, opened in _TABLES.items():
        if kind in kinds:
            return opened(data)
    return _iterable(data)


def _named(data: str | os.PathLike[str]) -> Source:
    if isinstance(data, str):
        for prefix, opened in _SERVICES.items():
            if data.startswith(prefix):
                return opened(data)
    path = Path(data)
    kind = format_of(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        if kind is None or isinstance(error, ValueError):
            shown = str(data) if len(str(data)) <= _SHOWN else f"{str(data)[:_SHOWN]}..."
            raise ConfigError(f"{shown!r} is no file. Rows are read from {TAKES}.") from error
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not path.is_file():
        raise ConfigError(f"{path} is no file of rows. Rows are read from {TAKES}.")
    if kind is None:
        raise ConfigError(f"{path}: its ending tells no format. Rows are read from {TAKES}.")
    kind.check(path)
    return Source(
        name=str(path),
        place=kind.place,
        open=partial(kind.read, path),
        count=partial(kind.count, path),
        fingerprint=digest(f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}"),
    )


def _dataset(name: str) -> Source:
    dataset = langsmith.find_dataset(name.removeprefix("langsmith:"))
    return Source(
        name=name,
        place="row",
        open=dataset.rows,
        count=lambda: dataset.count,
        columns=langsmith.DATASET_COLUMNS,
    )


def _experiment(name: str) -> Source:
    experiment = langsmith.find_experiment(name.removeprefix("langsmith-experiment:"))
    return Source(
        name=name, place="row", open=experiment.rows, count=lambda: None, columns=langsmith.EXPERIMENT_COLUMNS
    )


_SERVICES: dict[str, Callable[[str], Source]] = {"langsmith:": _dataset, "langsmith-experiment:": _experiment}


def _table(read: Callable[[Any], Iterator[Row]], data: Any, *, fingerprint: str | None = None) -> Source:
    frames.check_table(data)
    return Source(name="rows", place="row", open=partial(read, data), count=partial(len, data), fingerprint=fingerprint)


def _batches(reader: Any) -> Source:
    arrow.check_reader(reader)
    opened = iterables.only_once(partial(arrow.read_batches, reader))
    return Source(name="rows", place="row", open=opened, count=lambda: None, once=True)


def _streamed(dataset: Any) -> Source:
    return Source(name="rows", place="row", open=partial(frames.read_datasets, dataset), count=lambda: None)


_TABLES: dict[tuple[str, str], Callable[[Any], Source]] = {
    ("pandas", "DataFrame"): partial(_table, frames.read_pandas),
    ("polars", "DataFrame"): partial(_table, frames.read_polars),
    ("polars", "LazyFrame"): frames.refuse_lazy,
    ("pyarrow", "Table"): partial(_table, arrow.read_table),
    ("pyarrow", "RecordBatchReader"): _batches,
    ("datasets", "Dataset"): lambda data: _table(
        frames.read_datasets, data, fingerprint=getattr(data, "_fingerprint", None)
    ),
    ("datasets", "IterableDataset"): _streamed,
    ("datasets", "DatasetDict"): frames.refuse_splits,
    ("datasets", "IterableDatasetDict"): frames.refuse_splits,
}


def _iterable(data: Any) -> Source:
    if isinstance(data, (Mapping, Sample)) or iterables.is_example(data):
        raise ConfigError(f"{type(data).__name__} is one row: put it in a list. Rows are read from {TAKES}.")
    if isinstance(data, (bytes, bytearray, io.IOBase)):
        raise ConfigError(f"Got {type(data).__name__}: pass the file's path. Rows are read from {TAKES}.")
    read: Callable[[], Iterator[Row] | AsyncIterator[Row]]
    if isinstance(data, AsyncIterable):
        read, once = partial(iterables.read_async_items, data), isinstance(data, AsyncIterator)
    elif isinstance(data, Iterable):
        read, once = partial(iterables.read_items, data), isinstance(data, Iterator)
    else:
        called = " Call it, and pass what it returns." if callable(data) else ""
        raise ConfigError(f"Got {type(data).__name__}, which has no rows.{called} Rows are read from {TAKES}.")
    return Source(
        name="rows",
        place="row",
        open=iterables.only_once(read) if once else read,
        count=lambda: len(data) if isinstance(data, Sized) else None,
        once=once,
    )
