"""JSON arrays: read piece by piece, so that where a piece ends must not matter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.data import json_array
from lc_scoring.data.json_array import check_array, read_array
from lc_scoring.errors import ConfigError

ROWS: list[Any] = [{"a": 1, "b": 'x"],[\\'}, {"a": "좋아 😀"}, {}, {"a": [[], {"b": -12.5e3}]}, {"a": "y" * 50}]


@pytest.fixture(params=[1, 2, 7, 1 << 20], ids=lambda size: f"{size} bytes at a time")
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(json_array, "_PIECE", request.param)
    return tmp_path / "rows.json"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_items_of_an_array_are_rows(path: Path, indent: int | None, mark: str) -> None:
    path.write_text(f"{mark} \n{json.dumps(ROWS, indent=indent, ensure_ascii=False)} \n", encoding="utf-8")
    check_array(path)
    rows = list(read_array(path))
    assert [row.line for row in rows] == [1, 2, 3, 4, 5]
    assert [row.values for row in rows] == ROWS


@pytest.mark.parametrize("text", ["[]", " [ \n ] "])
def test_an_empty_array_has_no_rows(path: Path, text: str) -> None:
    path.write_text(text)
    assert list(read_array(path)) == []


def test_an_item_that_is_no_object_is_an_error_in_its_place(path: Path) -> None:
    path.write_text('[{"a": 1}, 12345, "x", null, [1], {"a": 2}]')
    rows = list(read_array(path))
    assert [row.values for row in rows] == [{"a": 1}, {}, {}, {}, {}, {"a": 2}]
    assert [str(row.error).removeprefix(f"{path}, ") for row in rows[1:5]] == [
        f"row {number}: a row is an object, got {kind}."
        for number, kind in [(2, "int"), (3, "str"), (4, "NoneType"), (5, "list")]
    ]


@pytest.mark.parametrize(
    ("text", "rows", "why"),
    [
        ('[{"a": 1}, {"a": ', 1, ", row 2: no valid JSON (Expecting value); the rows after it cannot be told."),
        ('[{"a": 1}, {"a": "x', 1, ", row 2: no valid JSON (Unterminated string"),
        ('[{"a": 1}, ', 1, ", row 2: no valid JSON (Expecting value)"),
        ('[{"a": 1},]', 1, ", row 2: no valid JSON (Expecting value)"),
        ('[{"a": 1}', 1, " is no array of JSON objects: ',' was wanted, got the end of the file."),
        ('[{"a": 1} {"a": 2}]', 1, " is no array of JSON objects: ',' was wanted, got '{"),
        ("[" + "[" * 100_000, 0, ", row 1: no valid JSON (maximum recursion"),
    ],
)
def test_a_broken_array_is_read_up_to_there(path: Path, text: str, rows: int, why: str) -> None:
    path.write_text(text)
    reader = read_array(path)
    assert [next(reader).values["a"] for _ in range(rows)] == [1] * rows
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{path}{why}')}"):
        next(reader)


def test_bytes_that_are_no_utf_8_end_the_reading(path: Path) -> None:
    path.write_bytes(b'[{"a": 1}, ' + b" " * 2_000_000 + b'{"a": "\xff"}]')
    if json_array._PIECE < 1000:
        return  # two million pieces
    reader = read_array(path)
    assert next(reader).values == {"a": 1}
    with pytest.raises(ConfigError, match="is no valid UTF-8"):
        next(reader)


@pytest.mark.parametrize(
    ("text", "got"),
    [('{"a": 1}\n{"a": 2}\n', "'{"), ("", "the end of the file"), ("null", "'n"), ('{"data": []}', "'{")],
)
def test_a_file_that_is_no_array_is_refused_up_front(path: Path, text: str, got: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        check_array(path)
    assert str(caught.value).startswith(f"{path} is no array of JSON objects: '[' was wanted, got {got}")
    assert str(caught.value).endswith("One object a line is read from .jsonl.")
