"""Rows: whatever is written to a file is what is read from it, and templates never expand what they are filled with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lc_scoring.data import json_array
from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row
from lc_scoring.data.source import open_source
from lc_scoring.errors import ConfigError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.lists(
    st.sampled_from(['"', ",", ";", "\t", "\n", "\r", "\r\n", "\\", "a", "\u2028", "\x00", "{a}", "좋"]), max_size=8
).map("".join)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
# The folder is the same for all examples of a test; each writes the file anew.
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path) -> list[Row]:
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    return list(rows)


@same_folder
@given(
    table=st.lists(NAMES, min_size=2, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(st.just(names), st.lists(st.tuples(*[TEXTS for _ in names]), max_size=5))
    ),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["utf-8", "utf-8-sig"]),
    tabs=st.booleans(),
)
def test_what_is_written_as_csv_is_read_back(
    tmp_path: Path, table: tuple[list[str], list[tuple[str, ...]]], line_end: str, mark: str, tabs: bool
) -> None:
    names, records = table
    path = tmp_path / ("rows.tsv" if tabs else "rows.csv")
    with path.open("w", encoding=mark, newline="") as file:
        writer = csv.writer(file, delimiter="\t" if tabs else ",", lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        writer.writerows(records)
    rows = read(path)
    assert [row.error for row in rows] == [None] * len(records)
    assert [row.values for row in rows] == [dict(zip(names, record, strict=True)) for record in records]
    assert [row.line for row in rows] == sorted({row.line for row in rows})


@same_folder
@given(rows=st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=5), ascii_only=st.booleans())
def test_what_is_written_as_json_lines_is_read_back(tmp_path: Path, rows: list[Any], ascii_only: bool) -> None:
    path = tmp_path / "rows.jsonl"
    text = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    path.write_text(text, encoding="utf-8", newline="")
    assert [(row.line, row.values) for row in read(path)] == list(enumerate(rows, 1))


@same_folder
@given(
    rows=st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=5),
    indent=st.sampled_from([None, 0, 3]),
    piece=st.integers(1, 40),
)
def test_what_is_written_as_a_json_array_is_read_back(
    tmp_path: Path, rows: list[Any], indent: int | None, piece: int
) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows, indent=indent), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_PIECE", piece)
        assert [(row.line, row.values) for row in read(path)] == list(enumerate(rows, 1))


@same_folder
@given(content=st.binary(max_size=60), name=st.sampled_from(["rows.csv", "rows.tsv", "rows.jsonl", "rows.json"]))
def test_bytes_of_any_kind_are_rows_or_a_config_error(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    told: list[str] = []
    try:
        told += [str(row.error) for row in read(path) if row.error is not None]
    except ConfigError as error:
        told.append(str(error))
    assert all(message.startswith(str(path)) for message in told)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), TEXTS, min_size=3), st.lists(TEXTS, min_size=2, max_size=2))
def test_a_template_holds_the_values_as_they_are(row: dict[str, str], literals: list[str]) -> None:
    plain = [text.replace("{", "").replace("}", "") for text in literals]
    columns = Columns.parse({"input": "{a}" + plain[0] + "{b}" + plain[1] + "{c}"})
    assert columns.take(row, "input") == row["a"] + plain[0] + row["b"] + plain[1] + row["c"]
