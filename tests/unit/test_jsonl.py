"""JSON lines: a bad row stands in its place among the good, and columns are checked before anything is paid for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from lc_scoring.data.jsonl import count_lines, read_rows
from lc_scoring.errors import ConfigError

BAD_LINES = [
    pytest.param(b"{", "no valid JSON (Expecting property name", id="cut off"),
    pytest.param(b"plain words", "no valid JSON (Expecting value)", id="no JSON"),
    pytest.param(b'{"a": "\xff"}', "no valid JSON ('utf-8' codec can't decode", id="no UTF-8"),
    pytest.param(b"[" * 100_000, "no valid JSON (maximum recursion depth", id="nested without end"),
    pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "no valid JSON (Exceeds the limit", id="a number without end"),
    pytest.param(b"[1, 2]", "a row is a JSON object, got list", id="a list"),
    pytest.param(b"null", "a row is a JSON object, got NoneType", id="null"),
    pytest.param(b'"text"', "a row is a JSON object, got str", id="a text"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def test_rows_come_with_their_line_numbers_and_blank_lines_are_passed_over(path: Path) -> None:
    path.write_bytes(b'\n{"a": 1}\r\n  \t\r\n\n{"a": "\xec\xa2\x8b\xec\x95\x84"}')
    assert [(row.line, row.values, row.error) for row in read_rows(path)] == [
        (2, {"a": 1}, None),
        (5, {"a": "좋아"}, None),
    ]
    assert count_lines(path) == 2


def test_a_byte_order_mark_before_the_first_row_is_no_part_of_it(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')
    assert [row.values for row in read_rows(path)] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(("line", "why"), BAD_LINES)
def test_a_bad_line_is_an_error_in_its_place_and_the_next_is_read(path: Path, line: bytes, why: str) -> None:
    path.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    first, bad, last = read_rows(path)
    assert (first.values, last.values) == ({"a": 1}, {"a": 3})
    assert (bad.line, bad.values) == (2, {})
    assert str(bad.error).startswith(f"{path}, line 2: {why}")


@pytest.mark.parametrize("line", [b'{"a": 1, "b": "x', b'{"a": tr', b"{", b'{"a": "\xec\xa2', b'{"a": 1}, {'], ids=repr)
def test_a_last_line_that_was_cut_off_says_so(path: Path, line: bytes) -> None:
    path.write_bytes(b'{"a": 1}\n' + line)
    first, bad = read_rows(path)
    assert (first.values, bad.line, bad.values) == ({"a": 1}, 2, {})
    assert str(bad.error).startswith(f"{path}, line 2: no valid JSON (")
    assert str(bad.error).endswith(" The file ends inside of this line: it was cut off.")


def test_a_last_line_without_a_line_end_is_a_row_where_it_is_whole(path: Path) -> None:
    path.write_bytes(b'{"a": 1}\n{"a": 2}')
    assert [row.values for row in read_rows(path)] == [{"a": 1}, {"a": 2}]
    path.write_bytes(b"{\n")
    (bad,) = read_rows(path)
    assert "cut off" not in str(bad.error)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_that_is_no_utf_8_is_refused_as_a_whole(path: Path, encoding: str) -> None:
    path.write_text('{"a": 1}\n{"a": 2}\n', encoding=encoding)
    with pytest.raises(ConfigError, match=f"^{path} is .*onvert it to UTF-8"):
        next(read_rows(path))


def test_a_line_that_looks_like_utf_16_is_no_row(path: Path) -> None:
    path.write_bytes(b'{"a": 1}\n' + '{"a": 2}'.encode("utf-16-be") + b"\n")
    assert [row.error is None for row in read_rows(path)] == [True, False]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xef\xbb\xbf \n\n", b'\xef\xbb\xbf\n{"a": 1}\n'])
def test_what_is_counted_is_what_is_read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert count_lines(path) == len(list(read_rows(path)))


def test_a_compressed_file_is_read_and_one_that_was_cut_off_is_no_shorter_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    content = b"".join(b'{"a": %d}\n' % (number * 7919) for number in range(50_000))
    path.write_bytes(gzip.compress(content))
    assert sum(row.error is None for row in read_rows(path)) == count_lines(path) == 50_000
    path.write_bytes(gzip.compress(content)[:-5000])
    rows = read_rows(path)
    assert next(rows).values == {"a": 0}
    with pytest.raises(ConfigError, match="cannot be read to its end"):
        list(rows)


def test_an_empty_file_has_no_rows(path: Path) -> None:
    path.touch()
    assert list(read_rows(path)) == []
    assert count_lines(path) == 0


def test_a_file_that_is_not_there_cannot_be_read(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        next(read_rows(path))
    assert str(caught.value) == f"{path} cannot be read: No such file or directory."


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        next(read_rows(tmp_path))


def test_a_file_is_closed_when_its_reader_stops_early(path: Path) -> None:
    path.write_text('{"a": 1}\n{"a": 2}\n')
    rows = read_rows(path)
    assert next(rows).line == 1
    rows.close()  # type: ignore[attr-defined]  # an open file left behind would warn, and warnings are errors
    assert list(rows) == []
