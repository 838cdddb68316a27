"""Frames: rows of pandas, polars and Hugging Face tables, a slice at a time; none of the three is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from lc_scoring.data.names import check_names
from lc_scoring.data.plain import plain, plain_values
from lc_scoring.data.row import Row
from lc_scoring.errors import ConfigError

_SLICE = 1000  # rows turned into Python values at a time


def read_pandas(frame: Any) -> Iterator[Row]:
    """Yield the rows of a pandas DataFrame; its index is no part of them."""
    names = list(frame.columns)
    for start in range(0, len(frame), _SLICE):
        part = frame.iloc[start : start + _SLICE]
        for number, cells in enumerate(part.itertuples(index=False, name=None), start + 1):
            yield Row(line=number, values=plain_values(names, cells))


def read_polars(frame: Any) -> Iterator[Row]:
    """Yield the rows of a polars DataFrame."""
    number = 0
    for part in frame.iter_slices(_SLICE):
        for values in part.to_dicts():
            number += 1
            yield Row(line=number, values=values)


def read_datasets(dataset: Any) -> Iterator[Row]:
    """Yield the rows of a Dataset or an IterableDataset of Hugging Face, as Python values whatever its format is."""
    number = 0
    for part in dataset.with_format(None).iter(batch_size=_SLICE):
        names = list(part)
        for cells in zip(*part.values(), strict=True):
            number += 1
            yield Row(line=number, values=plain_values(names, cells))


def check_table(table: Any) -> None:
    """Make sure that each column of a table has a name of its own.

    Raises:
        ConfigError: two have the same, or one has none.
    """
    names = table.column_names if hasattr(table, "column_names") else table.columns
    check_names("The table", map(plain, names))


def refuse_lazy(_frame: Any) -> NoReturn:
    """Say what to do with a LazyFrame of polars.

    Raises:
        ConfigError: always.
    """
    raise ConfigError("A polars LazyFrame has no rows yet: collect it, and pass frame.collect().")


def refuse_splits(splits: Any) -> NoReturn:
    """Say what to do with several datasets of Hugging Face at once.

    Raises:
        ConfigError: always; it names the splits.
    """
    names = list(splits)
    example = f", such as data[{names[0]!r}]" if names else ""
    raise ConfigError(f"A {type(splits).__name__} holds several datasets ({', '.join(names)}): pass one{example}.")
