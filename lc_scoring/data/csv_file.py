"""CSV and TSV: rows by the names in the first line, a bad one in its place among the good."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lc_scoring.data.names import check_names
from lc_scoring.data.row import Row
from lc_scoring.data.text_file import START, check_start, open_bytes
from lc_scoring.errors import ConfigError

_LONGEST_CELL = 1 << 27  # characters; a quote that is never closed takes no more of the file than this


def check_csv(path: Path) -> None:
    """Make sure that a file can be opened and has a header with a name for each column.

    Raises:
        ConfigError: it cannot be opened, is empty, is no UTF-8, or its header has empty or equal names.
    """
    with _opened(path):
        pass


def read_csv(path: Path) -> Iterator[Row]:
    """Read a file of separated values whose first line names the columns; blank lines are passed over.

    The separator is a tab in .tsv files and a comma in others, or a semicolon where the first line holds
    semicolons and no comma. Each value is text, as it stands in the file.

    Raises:
        ConfigError: as `check_csv` does, or the file is compressed and damaged.
    """
    with _opened(path) as (reader, header):
        while True:
            line = reader.line_num + 1  # a record may go over several lines: this is the one it begins on
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row.unread(line, f"{path}, line {line}: no valid CSV ({error}): look at its quotation marks.")
                continue
            if cells is None:
                return
            if cells:
                yield _row(f"{path}, line {line}", line, header, cells)


def count_records(path: Path) -> int:
    """Count the rows that `read_csv` will yield.

    Raises:
        ConfigError: as `read_csv` does.
    """
    return sum(1 for _ in read_csv(path))


@contextmanager
def _opened(path: Path) -> Generator[tuple[Any, list[str]]]:
    """Give a reader that stands behind the header, and the header."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    with open_bytes(path) as file, _text(file) as text:
        check_start(path, file.read(START))
        text.seek(0)
        delimiter = _delimiter(path, next((line for line in text if line.strip()), ""))
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        yield reader, _header(path, reader)


def _text(file: BinaryIO) -> io.TextIOWrapper:
    # A byte that is no UTF-8 must not end the reading: it is kept apart here and found in its row.
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _delimiter(path: Path, first: str) -> str:
    if ".tsv" in (suffix.lower() for suffix in path.suffixes[-2:]):
        return "\t"
    return ";" if ";" in first and "," not in first else ","


def _header(path: Path, reader: Any) -> list[str]:
    try:
        cells = next((cells for cells in reader if cells), None)
    except csv.Error as error:
        raise ConfigError(f"{path}: its first line, the names of the columns, is no valid CSV ({error}).") from error
    if cells is None:
        raise ConfigError(f"{path} holds no rows.")
    names = [cell.strip() for cell in cells]
    if (bad := _undecoded(names)) is not None:
        raise ConfigError(f"{path}: the name of column {bad + 1} is no valid UTF-8. Convert the file to UTF-8.")
    if any("\x00" in name for name in names):
        raise ConfigError(f"{path} is no UTF-8 text: its first line holds NUL characters. Convert it to UTF-8.")
    check_names(str(path), names)
    return names


def _row(place: str, line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        several = "cell" if len(cells) == 1 else "cells"
        return Row.unread(line, f"{place}: {len(cells)} {several}, and the first line names {len(header)} columns.")
    if (bad := _undecoded(cells)) is not None:
        return Row.unread(line, f"{place}: {header[bad]!r} is no valid UTF-8. Convert the file to UTF-8.")
    return Row(line=line, values=dict(zip(header, cells, strict=True)))


def _undecoded(cells: list[str]) -> int | None:
    """Return which cell, from 0, holds bytes that are no UTF-8, or None."""
    for at, cell in enumerate(cells):
        if not cell.isascii():
            try:
                cell.encode()
            except UnicodeEncodeError:
                return at
    return None
