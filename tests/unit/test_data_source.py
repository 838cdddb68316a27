"""Sources: what can be opened, by what it is, and what is said of anything else."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langsmith.schemas import Example

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import is_missing
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError
from lc_scoring.records import Sample

ROWS = [{"input": "France?", "prediction": "Paris"}, {"input": "Japan?", "prediction": "東京\n{x}"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
TABLE = 'input{0}prediction\nFrance?{0}Paris\nJapan?{0}"東京\n{{x}}"\n'
FILES = {
    "rows.jsonl": (LINES, "line"),
    "rows.ndjson": (LINES, "line"),
    "ROWS.JSONL": (LINES, "line"),
    "rows.jsonl.gz": (gzip.compress(LINES), "line"),
    "rows.json": (json.dumps(ROWS, indent=1).encode(), "row"),
    "rows.json.gz": (gzip.compress(json.dumps(ROWS).encode()), "row"),
    "rows.v2.csv": (TABLE.format(",").encode(), "line"),
    "rows.csv.gz": (gzip.compress(TABLE.format(";").encode()), "line"),
    "rows.tsv": (TABLE.format("\t").encode(), "line"),
}


def values(source: Source) -> list[Any]:
    rows = source.open()
    assert isinstance(rows, Iterator)
    return [dict(row.values) if row.error is None else str(row.error) for row in rows]


async def avalues(source: Source) -> list[Any]:
    rows = source.open()
    assert isinstance(rows, AsyncIterator)
    return [dict(row.values) if row.error is None else str(row.error) async for row in rows]


def refused(data: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        open_source(data)
    return str(caught.value)


# Files.


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("given", [str, Path])
def test_a_file_is_read_by_its_ending_as_often_as_is_asked(
    tmp_path: Path, name: str, given: Callable[[Path], Any]
) -> None:
    path = tmp_path / name
    content, place = FILES[name]
    path.write_bytes(content)
    source = open_source(given(path))
    assert (source.name, source.place, source.columns, source.once) == (str(path), place, {}, False)
    assert source.count() == (None if ".json" in path.suffixes else 2)
    assert values(source) == values(source) == ROWS


def test_a_relative_path_is_called_what_it_was_given_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_bytes(LINES)
    relative, absolute = open_source("rows.jsonl"), open_source(tmp_path / "rows.jsonl")
    assert relative.name == "rows.jsonl"
    assert relative.fingerprint == absolute.fingerprint


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(LINES)
    os.utime(path, ns=(1, 1))
    first = open_source(path).fingerprint
    assert first
    assert open_source(path).fingerprint == first
    os.utime(path, ns=(1, 2))
    touched = open_source(path).fingerprint
    path.write_bytes(LINES + LINES)
    os.utime(path, ns=(1, 2))
    longer = open_source(path).fingerprint
    other = tmp_path / "other.jsonl"
    other.write_bytes(LINES)
    os.utime(other, ns=(1, 1))
    assert len({first, touched, longer, open_source(other).fingerprint}) == 4


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == f"{tmp_path}/none.csv cannot be read: No such file or directory."
    assert refused("none.jsonl") == "none.jsonl cannot be read: No such file or directory."


@pytest.mark.parametrize("text", ["my dataset", "", "langsmit:x", "Paris is\nin France.", "a\x00b.jsonl", "x" * 5000])
def test_a_text_that_names_nothing_is_told_what_is_taken(text: str) -> None:
    message = refused(text)
    assert "Rows are read from a file (.jsonl," in message
    assert "'langsmith:<dataset>'" in message
    assert len(message) < 600


def test_a_file_of_another_ending_and_a_folder_are_told_what_is_taken(tmp_path: Path) -> None:
    (tmp_path / "rows.xlsx").touch()
    (tmp_path / "rows.csv").mkdir()
    assert refused(tmp_path / "rows.xlsx").startswith(f"{tmp_path}/rows.xlsx: its ending tells no format. Rows are")
    assert refused(tmp_path / "rows.csv").startswith(f"{tmp_path}/rows.csv is no file of rows. Rows are")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.csv", "rows.tsv"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_that_is_no_utf_8_is_refused_up_front(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES.get(name, FILES["rows.v2.csv"])[0].decode().encode(encoding))
    message = refused(path)
    assert message.startswith(f"{path} is")
    assert "onvert it to UTF-8" in message


def test_a_file_that_is_not_compressed_as_it_says_is_refused_up_front(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(LINES)
    assert refused(path) == f"{path} cannot be read to its end: Not a gzipped file (b'{{\"')."


# Iterables.


def pages() -> Iterator[Any]:
    yield from ROWS


async def async_pages() -> AsyncIterator[Any]:
    for row in ROWS:
        yield row


class Rows:
    """An iterable that can be read again and does not know its length."""

    def __iter__(self) -> Iterator[Any]:
        return pages()


class AsyncRows:
    def __aiter__(self) -> AsyncIterator[Any]:
        return async_pages()


@pytest.mark.parametrize(
    ("data", "count"), [(ROWS, 2), (tuple(ROWS), 2), (dict(enumerate(ROWS)).values(), 2), (Rows(), None)]
)
def test_what_can_be_read_again_is_read_from_the_start(data: Any, count: int | None) -> None:
    source = open_source(data)
    assert (source.name, source.place, source.once, source.fingerprint) == ("rows", "row", False, None)
    assert source.count() == count
    assert values(source) == values(source) == ROWS


async def test_async_rows_that_can_be_read_again_are_read_from_the_start() -> None:
    source = open_source(AsyncRows())
    assert (source.once, source.count()) == (False, None)
    assert await avalues(source) == await avalues(source) == ROWS


@pytest.mark.parametrize("made", [pages, lambda: iter(ROWS), lambda: map(dict, ROWS)])
def test_an_iterator_is_read_once_and_a_second_time_is_a_mistake(made: Callable[[], Any]) -> None:
    source = open_source(made())
    assert source.once
    assert source.count() is None
    assert values(source) == ROWS
    with pytest.raises(ConfigError, match="can be read only once"):
        source.open()


async def test_an_async_iterator_is_read_once() -> None:
    source = open_source(async_pages())
    assert source.once
    assert await avalues(source) == ROWS
    with pytest.raises(ConfigError, match="can be read only once"):
        source.open()


def test_an_iterator_is_read_row_by_row() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Any]:
        while True:
            taken.append(len(taken))
            yield {"n": taken[-1]}

    rows = open_source(endless()).open()
    assert isinstance(rows, Iterator)
    assert taken == []
    assert [next(rows).values["n"] for _ in range(3)] == taken == [0, 1, 2]


async def test_an_async_iterator_is_read_row_by_row() -> None:
    taken: list[int] = []

    async def endless() -> AsyncIterator[Any]:
        while True:
            taken.append(len(taken))
            yield {"n": taken[-1]}

    rows = open_source(endless()).open()
    assert isinstance(rows, AsyncIterator)
    assert taken == []
    assert (await anext(rows)).values["n"] == 0
    assert taken == [0]


def test_an_item_that_is_no_row_is_an_error_in_its_place() -> None:
    rows = list(open_source([ROWS[0], "Paris", None, ["Paris"], ROWS[1]]).open())  # type: ignore[arg-type]
    assert [(row.line, row.values, row.error is None) for row in rows] == [
        (1, ROWS[0], True),
        (2, {}, False),
        (3, {}, False),
        (4, {}, False),
        (5, ROWS[1], True),
    ]
    assert str(rows[1].error) == "row 2: a row is a mapping, a Sample or a LangSmith example, got str."


def test_what_an_iterator_raises_is_not_taken_for_its_end() -> None:
    def broken() -> Iterator[Any]:
        yield ROWS[0]
        raise ConnectionError("gone")

    rows = open_source(broken()).open()
    assert isinstance(rows, Iterator)
    assert next(rows).values == ROWS[0]
    with pytest.raises(ConnectionError, match="gone"):
        next(rows)


def test_samples_are_rows() -> None:
    samples = [Sample(prediction="Paris", input="France?", contexts=("a", "b"), id="7", metadata={"k": 1})]
    source = open_source(samples)
    (row,) = values(source)
    assert row == {
        "prediction": "Paris",
        "input": "France?",
        "reference": None,
        "contexts": ("a", "b"),
        "id": "7",
        "metadata": {"k": 1},
    }
    assert Columns.parse(None).fields(row, ["prediction", "input"], ["reference", "contexts"]) == {
        "prediction": "Paris",
        "input": "France?",
        "contexts": ["a", "b"],
    }


def example(**fields: Any) -> Example:
    return Example(id=uuid.UUID(int=7), dataset_id=uuid.UUID(int=8), **fields)


def test_examples_are_rows_that_hold_the_usual_fields() -> None:
    given = example(inputs={"question": "France?"}, outputs={"answer": "Paris"}, metadata={"k": 1})
    (row,) = values(open_source(iter([given])))
    assert Columns.parse(None).fields(row, ["input", "reference"]) == {"input": "France?", "reference": "Paris"}
    assert Columns.parse({"input": "inputs.question"}).take(row, "input") == "France?"
    assert (row["id"], row["metadata"]) == (str(uuid.UUID(int=7)), {"k": 1})


def test_numpy_values_become_pythons_own() -> None:
    numpy = pytest.importorskip("numpy")
    given = {
        "a": numpy.float64(0.5),
        "b": numpy.int64(3),
        "c": numpy.array(["x", "y"]),
        "d": numpy.str_("z"),
        "e": numpy.bool_(True),
        "f": numpy.float32("nan"),
    }
    (row,) = values(open_source([given]))
    assert is_missing(row.pop("f"))
    assert row == {"a": 0.5, "b": 3, "c": ["x", "y"], "d": "z", "e": True}
    assert {type(value) for value in row.values()} == {float, int, list, str, bool}
    deep = {"deep": {"a": numpy.float64(0.5), "b": [numpy.int64(3), numpy.array([1])]}}
    assert Columns.parse(None).fields(deep, ["deep"]) == {"deep": '{"a": 0.5, "b": [3, [1]]}'}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"prediction": "Paris"}, "dict is one row: put it in a list. Rows are read from"),
        ({"prediction": ["Paris"]}, "dict is one row"),
        (Sample(prediction="Paris"), "Sample is one row"),
        (example(inputs={}), "Example is one row"),
        (b"rows.jsonl", "Got bytes: pass the file's path."),
        (bytearray(b"x"), "Got bytearray: pass the file's path."),
        (None, "Got NoneType, which has no rows. Rows are read from"),
        (3, "Got int, which has no rows."),
        (pages, "Got function, which has no rows. Call it, and pass what it returns."),
    ],
)
def test_anything_else_is_told_what_is_taken(data: Any, why: str) -> None:
    assert refused(data).startswith(why)


def test_an_open_file_is_told_to_be_passed_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(LINES)
    with path.open() as file:
        assert refused(file).startswith("Got TextIOWrapper: pass the file's path.")


def test_no_vendor_is_imported_before_it_is_needed() -> None:
    vendors = {"pandas", "polars", "pyarrow", "datasets", "numpy"}
    code = (
        "import sys; from lc_scoring.data.source import open_source; list(open_source([{}]).open()); "
        f"print(sorted({vendors} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
