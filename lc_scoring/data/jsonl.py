"""JSON lines: rows read one at a time, a bad one in its place among the good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lc_scoring.data.row import Row
from lc_scoring.data.text_file import BYTE_ORDER_MARK, check_start, open_bytes


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file of JSON objects, one a line; blank lines are passed over.

    Raises:
        ConfigError: the file cannot be opened, is UTF-16, or is compressed and damaged.
    """
    with open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                check_start(path, line)
                line = line.removeprefix(BYTE_ORDER_MARK)  # noqa: PLW2901 - the mark is no part of the row
            if line.strip():
                yield _row(path, number, line)


def count_lines(path: Path) -> int:
    """Count the lines that `read_rows` will yield a row for.

    Raises:
        ConfigError: the file cannot be read.
    """
    with open_bytes(path) as file:
        first = next(file, b"").removeprefix(BYTE_ORDER_MARK)
        return bool(first.strip()) + sum(1 for line in file if line.strip())


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        # Decoded here, since json.loads takes bytes for UTF-16 where they look like it.
        values = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        cut_off = "" if line.endswith(b"\n") else " The file ends inside of this line: it was cut off."
        return Row.unread(number, f"{path}, line {number}: no valid JSON ({reason}).{cut_off}")
    if not isinstance(values, dict):
        return Row.unread(number, f"{path}, line {number}: a row is a JSON object, got {type(values).__name__}.")
    return Row(line=number, values=values)
