"""Parquet and Arrow IPC files: the rows of a table, in small batches, and what is said of a file that is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.data.source import open_source
from lc_scoring.errors import ConfigError, MissingExtra

pyarrow = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")

N = 2500
ROWS = [{"text": f"q {n}", "n": n, "deep": {"tags": ["a", None], "x": n / 2}} for n in range(N)]


def ipc(made: Callable[..., Any], table: Any, path: Path) -> None:
    with made(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=700)


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "rows.parquet": lambda table, path: parquet.write_table(table, path, row_group_size=900),
    "rows.PARQUET": parquet.write_table,
    "rows.feather": lambda table, path: feather.write_feather(table, str(path)),
    "rows.arrow": lambda table, path: ipc(pyarrow.ipc.new_file, table, path),
    "rows.ipc": lambda table, path: ipc(pyarrow.ipc.new_stream, table, path),
}


@pytest.fixture(params=WRITERS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def write(path: Path, table: Any) -> None:
    WRITERS[path.name](table, path)


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        open_source(path)
    return str(caught.value)


def test_a_file_is_read_as_often_as_is_asked(path: Path) -> None:
    write(path, pyarrow.Table.from_pylist(ROWS))
    source = open_source(path)
    assert (source.name, source.place, source.once, source.count()) == (str(path), "row", False, N)
    assert source.fingerprint
    for _ in range(2):
        rows = source.open()
        assert isinstance(rows, Iterator)
        found = list(rows)
        assert [row.values for row in found] == ROWS
        assert [row.line for row in found] == list(range(1, N + 1))


def test_a_file_without_rows_has_none(path: Path) -> None:
    write(path, pyarrow.table({"a": pyarrow.array([], pyarrow.string())}))
    source = open_source(path)
    rows = source.open()
    assert isinstance(rows, Iterator)
    assert (list(rows), source.count()) == ([], 0)


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "rows.feather"])  # it cannot be written so
def test_two_columns_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"]))
    assert refused(path) == f"{path}: several columns are called 'a': rename all but one."


@pytest.mark.parametrize("content", [b"", b"PAR1", b"ARROW1", b'{"a": 1}\n' * 100])
def test_a_file_of_another_kind_is_refused_up_front(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    form = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow IPC"
    assert refused(path).startswith(f"{path} cannot be read as {form}: ")


def test_a_file_that_was_cut_off_is_no_shorter_file(path: Path) -> None:
    write(path, pyarrow.Table.from_pylist(ROWS))
    path.write_bytes(path.read_bytes()[:-2000])
    if path.name != "rows.ipc":  # these tell at their end what they hold
        assert "cannot be read as" in refused(path)
        return
    rows = open_source(path).open()
    assert isinstance(rows, Iterator)
    assert next(rows).values == ROWS[0]
    with pytest.raises(ConfigError, match="cannot be read as Arrow IPC"):
        list(rows)


def test_without_pyarrow_the_line_that_installs_it_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, pyarrow.Table.from_pylist(ROWS[:1]))
    for module in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r'pip install "lc-scoring\[parquet\]"'):
        open_source(path)
