"""Arrow: rows of Parquet and Arrow IPC files, and of pyarrow tables, a small batch at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from lc_scoring.data.names import check_names
from lc_scoring.data.row import Row
from lc_scoring.errors import ConfigError, MissingExtra

_BATCH = 1000  # rows turned into Python values at a time
_FILE_MAGIC = b"ARROW1"  # what an IPC file begins with; the stream format begins with its first message


def check_parquet(path: Path) -> None:
    """Make sure that a Parquet file can be read and has a name for each column.

    Raises:
        ConfigError: it cannot, or two columns have the same name.
        MissingExtra: pyarrow is not installed.
    """
    with _parquet(path) as file:
        check_names(str(path), file.schema_arrow.names)


def read_parquet(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file.

    Raises:
        ConfigError: it cannot be read, or not to its end.
        MissingExtra: pyarrow is not installed.
    """
    with _parquet(path) as file:
        yield from read_batches(file.iter_batches(batch_size=_BATCH))


def count_parquet(path: Path) -> int:
    """Return the number of rows, which a Parquet file says of itself."""
    with _parquet(path) as file:
        return int(file.metadata.num_rows)


def check_ipc(path: Path) -> None:
    """Make sure that an Arrow IPC file can be read and has a name for each column.

    Raises:
        ConfigError: it cannot, or two columns have the same name.
        MissingExtra: pyarrow is not installed.
    """
    with _ipc(path) as (schema, _):
        check_names(str(path), schema.names)


def read_ipc(path: Path) -> Iterator[Row]:
    """Yield the rows of an Arrow IPC file, of the file format or of the stream format.

    Raises:
        ConfigError: it cannot be read, or not to its end.
        MissingExtra: pyarrow is not installed.
    """
    with _ipc(path) as (_, batches):
        yield from read_batches(batches)


def count_ipc(path: Path) -> int:
    """Count the rows of an Arrow IPC file, batch by batch, without making values of them."""
    with _ipc(path) as (_, batches):
        return sum(int(batch.num_rows) for batch in batches)


def check_reader(reader: Any) -> None:
    """Make sure that each column of a RecordBatchReader has a name of its own.

    Raises:
        ConfigError: two have the same, or one has none.
    """
    check_names("The table", reader.schema.names)


def read_table(table: Any) -> Iterator[Row]:
    """Yield the rows of a pyarrow Table."""
    return read_batches(table.to_batches(max_chunksize=_BATCH))


def read_batches(batches: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of record batches, such as those of a RecordBatchReader."""
    number = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _BATCH):
            for values in batch.slice(start, _BATCH).to_pylist():
                number += 1
                yield Row(line=number, values=values)


@contextmanager
def _parquet(path: Path) -> Generator[Any]:
    module = _pyarrow(path, "pyarrow.parquet")
    with _readable(path, "Parquet"), module.ParquetFile(path) as file:
        yield file


@contextmanager
def _ipc(path: Path) -> Generator[tuple[Any, Iterator[Any]]]:
    module = _pyarrow(path, "pyarrow.ipc")
    with _readable(path, "Arrow IPC"), path.open("rb") as file:
        in_file_format = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
        file.seek(0)
        if in_file_format:
            reader = module.open_file(file)
            yield reader.schema, map(reader.get_batch, range(reader.num_record_batches))
        else:
            reader = module.open_stream(file)
            yield reader.schema, iter(reader)


@contextmanager
def _readable(path: Path, form: str) -> Generator[None]:
    lib = import_module("pyarrow.lib")
    try:
        yield
    except (lib.ArrowException, OSError) as error:  # what pyarrow finds wrong is an OSError in places
        raise ConfigError(f"{path} cannot be read as {form}: {error}.") from error


def _pyarrow(path: Path, module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f'Reading {path.name} needs the package pyarrow: pip install "lc-scoring[parquet]".'
        ) from error
