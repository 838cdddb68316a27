"""CSV: what spreadsheets write is read, and a bad record stands in its place among the good."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from lc_scoring.data.csv_file import check_csv, count_records, read_csv
from lc_scoring.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def values(path: Path) -> list[object]:
    return [row.values or str(row.error).removeprefix(str(path)) for row in read_csv(path)]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (b"a,b\r\n1,2", [{"a": "1", "b": "2"}]),
        (b"a,b\r1,2\r", [{"a": "1", "b": "2"}]),
        (b"\xef\xbb\xbfa,b\n1,2\n", [{"a": "1", "b": "2"}]),
        (b'\xef\xbb\xbf"a",b\n1,2\n', [{"a": "1", "b": "2"}]),
        (b"\n\r\na, b \n\n1, 2 \n\n", [{"a": "1", "b": " 2 "}]),
        (b'a,b\n"x\n,""y""",\n', [{"a": 'x\n,"y"', "b": ""}]),
        (b"a;b\n1,5;2\n", [{"a": "1,5", "b": "2"}]),
        (b"a;x,b\n1,2\n", [{"a;x": "1", "b": "2"}]),
        (b"a\n1\n\n2\n", [{"a": "1"}, {"a": "2"}]),
        (b"a,b\nx\x00y,2\n", [{"a": "x\x00y", "b": "2"}]),
        ("a,b\n좋아,é\u2028z\n".encode(), [{"a": "좋아", "b": "é\u2028z"}]),
        (b"a,b\n", []),
    ],
)
def test_records_are_read_by_the_names_in_the_first_line(path: Path, content: bytes, rows: list[object]) -> None:
    path.write_bytes(content)
    check_csv(path)
    assert values(path) == rows
    assert count_records(path) == len(rows)


@pytest.mark.parametrize("name", ["rows.tsv", "ROWS.TSV", "rows.tsv.gz"])
def test_tabs_stand_between_the_values_of_a_tsv(tmp_path: Path, name: str) -> None:
    content = b'a,x\tb;y\n1,5\t"2\t3"\n'
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert values(tmp_path / name) == [{"a,x": "1,5", "b;y": "2\t3"}]


def test_a_rows_line_is_the_one_its_record_begins_on(path: Path) -> None:
    path.write_bytes(b'\n"a\nx",b\n1,"2\n3\r\n4"\n\n5\n"6\r7",8\n9,0\n')
    assert [(row.line, len(row.values)) for row in read_csv(path)] == [(4, 2), (8, 0), (9, 2), (11, 2)]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        pytest.param(b"1", "1 cell, and the first line names 2 columns.", id="too few"),
        pytest.param(b"1,2,", "3 cells, and the first line names 2 columns.", id="too many"),
        pytest.param(b"1,\xff", "'b' is no valid UTF-8. Convert the file to UTF-8.", id="Latin-1"),
        pytest.param(b"\xed\xa0\x80,1", "'a' is no valid UTF-8. Convert the file to UTF-8.", id="half a pair"),
        pytest.param(b'"x"y,1', "no valid CSV (", id="text behind a quoted cell"),
    ],
)
def test_a_bad_record_is_an_error_in_its_place_and_the_next_is_read(path: Path, record: bytes, why: str) -> None:
    path.write_bytes(b"a,b\n1,2\n" + record + b"\n3,4\n")
    first, bad, last = read_csv(path)
    assert (first.values, last.values, bad.values) == ({"a": "1", "b": "2"}, {"a": "3", "b": "4"}, {})
    assert (bad.line, last.line) == (3, 4)
    assert str(bad.error).startswith(f"{path}, line 3: {why}")
    assert count_records(path) == 3


def test_a_quote_that_is_never_closed_is_one_bad_record_and_ends_the_file(path: Path) -> None:
    path.write_bytes(b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert values(path) == [
        {"a": "1", "b": "2"},
        ", line 3: no valid CSV (unexpected end of data): look at its quotation marks.",
    ]


def test_a_cell_may_be_longer_than_the_csv_module_takes_by_itself(path: Path) -> None:
    before = csv.field_size_limit()
    csv.field_size_limit(131_072)
    try:
        path.write_bytes(b'a,b\n1,"' + b"x" * 5_000_000 + b'"\n')
        (row,) = read_csv(path)
    finally:
        csv.field_size_limit(before)
    assert len(row.values["b"]) == 5_000_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", " holds no rows."),
        (b"\n\r\n", " holds no rows."),
        (b"\xef\xbb\xbf", " holds no rows."),
        (b",a\n0,1\n", ": column 1 has no name: give it one"),
        (b"a, ,b\n", ": column 2 has no name"),
        (b"a,b,a,b,c\n", ": several columns are called 'a', 'b': rename all but one."),
        (b"a,a \n", ": several columns are called 'a'"),
        (b"a,\xe9\n1,2\n", ": the name of column 2 is no valid UTF-8."),
        ("a,b\n".encode("utf-16"), " is UTF-16: convert it to UTF-8"),
        (b"\xfe\xff" + "a,b\n".encode("utf-16-be"), " is UTF-16: convert it to UTF-8"),
        ("a,b\n".encode("utf-16-le"), " is no UTF-8 text"),
        (b"question\x00,b\n", " is no UTF-8 text"),
        (b'"a"b,c\n', ": its first line, the names of the columns, is no valid CSV"),
    ],
)
def test_a_file_without_names_for_its_columns_is_refused_up_front(path: Path, content: bytes, why: str) -> None:
    path.write_bytes(content)
    for refused in (check_csv, count_records):
        with pytest.raises(ConfigError, match=f"^{re.escape(f'{path}{why}')}"):
            refused(path)


def test_a_compressed_file_that_was_cut_off_is_no_shorter_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    content = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7919) for number in range(50_000))
    path.write_bytes(gzip.compress(content)[:-5000])
    rows = read_csv(path)
    assert next(rows).values == {"a": "0", "b": "0"}
    with pytest.raises(ConfigError, match="cannot be read to its end"):
        list(rows)
