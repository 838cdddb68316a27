"""JSON lines: rows read one at a time, a bad one in its place among the good."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_scoring.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a file.

    Attributes:
        line: its number, from 1.
        values: its columns; empty where the line could not be read.
        error: why it could not be read, or None.
    """

    line: int
    values: Mapping[str, Any]
    error: ConfigError | None = None


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file of JSON objects, one a line; blank lines are passed over.

    Raises:
        ConfigError: the file cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    with file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _row(path, number, line)


def count_lines(path: Path) -> int:
    """Count the lines that `read_rows` will yield a row for."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def take(values: Mapping[str, Any], column: str) -> Any:
    """Return a column by its name, or by a dotted path into nested objects.

    Raises:
        KeyError: there is none.

    Examples:
        >>> take({"outputs": {"answer": "Paris"}}, "outputs.answer")
        'Paris'
    """
    if column in values:
        return values[column]
    found: Any = values
    for step in column.split("."):
        if not isinstance(found, Mapping) or step not in found:
            raise KeyError(column)
        found = found[step]
    return found


def check_columns(path: Path, columns: Sequence[str]) -> None:
    """Make sure, before anything is paid for, that the file's first readable row has the columns.

    Raises:
        ConfigError: no line is a JSON object, or a column is missing; the message names those present.
    """
    first_error: ConfigError | None = None
    for row in read_rows(path):
        if row.error is None:
            missing = [column for column in columns if not _has(row.values, column)]
            if missing:
                raise ConfigError(
                    f"{path}, line {row.line}: no column {', '.join(map(repr, missing))}. "
                    f"Present: {', '.join(row.values) or 'none'}. Name others with --prediction-key and its like."
                )
            return
        first_error = first_error or row.error
    raise first_error or ConfigError(f"{path} holds no rows.")


def _has(values: Mapping[str, Any], column: str) -> bool:
    try:
        take(values, column)
    except KeyError:
        return False
    return True


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        values = json.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return _bad(number, f"{path}, line {number}: no valid JSON ({reason}).")
    if not isinstance(values, dict):
        return _bad(number, f"{path}, line {number}: a row is a JSON object, got {type(values).__name__}.")
    return Row(line=number, values=values)


def _bad(number: int, message: str) -> Row:
    return Row(line=number, values={}, error=ConfigError(message))
