"""Formats: how a file is checked, read and counted, by its ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lc_scoring.data import arrow, csv_file, json_array, jsonl, text_file
from lc_scoring.data.row import Row


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        place: how the place of a row is told in messages: `line` for text files, else `row`.
        check: raises what shows, before anything is paid for, that a file cannot be read.
        read: yields the rows.
        count: counts them, where that is cheap; else returns None.
    """

    place: str
    check: Callable[[Path], None]
    read: Callable[[Path], Iterator[Row]]
    count: Callable[[Path], int | None]


_JSON_LINES = Format("line", text_file.check_utf8, jsonl.read_rows, jsonl.count_lines)
_SEPARATED = Format("line", csv_file.check_csv, csv_file.read_csv, csv_file.count_records)
_ARROW = Format("row", arrow.check_ipc, arrow.read_ipc, arrow.count_ipc)
_TEXT = {
    ".jsonl": _JSON_LINES,
    ".ndjson": _JSON_LINES,
    ".json": Format("row", json_array.check_array, json_array.read_array, lambda _path: None),
    ".csv": _SEPARATED,
    ".tsv": _SEPARATED,
}
_FORMATS = {
    **_TEXT,
    **{f"{suffix}.gz": kind for suffix, kind in _TEXT.items()},
    ".parquet": Format("row", arrow.check_parquet, arrow.read_parquet, arrow.count_parquet),
    ".arrow": _ARROW,
    ".feather": _ARROW,
    ".ipc": _ARROW,
}


def format_of(path: Path) -> Format | None:
    """Return the format that the ending of a file's name tells, in small letters or large; None for others.

    Examples:
        >>> format_of(Path("answers.v2.CSV")).place, format_of(Path("answers.xlsx"))
        ('line', None)
    """
    return next((kind for suffix, kind in _FORMATS.items() if path.name.lower().endswith(suffix)), None)
