"""Streaming: a file of any size is read in little memory, and no further than is asked."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from lc_scoring.data.source import open_source

ROWS = 20_000
TEXT = "Paris is the capital of France. " * 32  # 1 kB
MEGABYTE = 1 << 20


def json_lines(path: Path) -> None:
    with path.open("w") as file:
        file.writelines(f'{{"n": {number}, "text": "{TEXT}"}}\n' for number in range(ROWS))


def json_array(path: Path) -> None:
    with path.open("w") as file:
        file.write("[")
        file.writelines(f'{"," if number else ""}\n{{"n": {number}, "text": "{TEXT}"}}' for number in range(ROWS))
        file.write("]")


def separated(path: Path) -> None:
    with path.open("w") as file:
        file.write("n,text\n")
        file.writelines(f'{number},"{TEXT}"\n' for number in range(ROWS))


WRITERS = {"rows.jsonl": json_lines, "rows.csv": separated, "rows.json": json_array}


def peak(work: Callable[[], object]) -> tuple[object, int]:
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def read(path: Path, limit: int | None = None) -> int:
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    return sum(row.error is None and len(row.values["text"]) == len(TEXT) for row in islice(rows, limit))


@pytest.mark.parametrize("name", WRITERS)
def test_a_large_file_is_read_and_counted_in_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    assert path.stat().st_size > 20_000_000
    read(path, 1)  # what is imported on the way is not counted
    rows, most = peak(lambda: read(path))
    assert rows == ROWS
    assert most < 6 * MEGABYTE if name == "rows.json" else most < MEGABYTE
    count, most = peak(lambda: open_source(path).count())
    assert count in {ROWS, None}
    assert most < 4 * MEGABYTE


def test_a_broken_row_of_an_array_does_not_bring_the_rest_of_the_file_in(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    json_array(path)
    path.write_bytes(path.read_bytes().replace(b'"n": 3,', b'"n": 3;', 1))
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    assert [next(rows).values["n"] for _ in range(3)] == [0, 1, 2]

    def fails() -> str:
        with pytest.raises(ValueError, match="row 4: no valid JSON") as caught:
            next(rows)
        return str(caught.value)

    _, most = peak(fails)
    assert most < 4 * MEGABYTE


@pytest.mark.parametrize("name", WRITERS)
def test_a_row_of_fifty_megabytes_is_read(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / name, "x" * (50 * MEGABYTE)
    content = {
        "rows.jsonl": f'{{"text": "{text}"}}\n{{"text": "y"}}\n',
        "rows.csv": f'text,n\n"{text}",1\ny,2\n',
        "rows.json": f'[{{"text": "{text}"}}, {{"text": "y"}}]',
    }[name]
    path.write_text(content)
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    assert [len(row.values["text"]) for row in rows] == [len(text), 1]


def test_a_large_parquet_file_is_read_in_batches(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        pyarrow.table({"n": list(range(ROWS)), "text": [f"{number} {TEXT}"[: len(TEXT)] for number in range(ROWS)]}),
        path,
    )
    read(path, 1)
    rows, most = peak(lambda: read(path))
    assert rows == ROWS
    assert most < 4 * MEGABYTE  # Python's own part: two batches of values


def test_a_frame_is_made_python_values_of_slice_by_slice() -> None:
    pandas = pytest.importorskip("pandas")
    source = open_source(pandas.DataFrame({"n": range(ROWS), "text": [f"{n} {TEXT}" for n in range(ROWS)]}))

    def last() -> int:
        number = 0
        rows = source.open()
        assert isinstance(rows, Iterator)
        for row in rows:
            number = row.line
        return number

    last()
    number, most = peak(last)
    assert number == ROWS
    assert most < 4 * MEGABYTE


def test_lines_are_read_no_further_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"n": 1}) + "\n" + json.dumps({"n": 2}) + "\n")
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    assert next(rows).values == {"n": 1}
    rows.close()  # type: ignore[attr-defined]  # an open file left behind would warn, and warnings are errors
