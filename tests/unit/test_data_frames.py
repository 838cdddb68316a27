"""Frames: tables of pandas, polars, pyarrow and Hugging Face give the same rows as a list would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row, is_missing
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError

N = 2500  # two slices and a half
ROWS = [{"input": f"question {n}", "n": n, "score": n / 2, "tags": ["a", str(n)]} for n in range(N)]


def rows(source: Source) -> list[Row]:
    found = source.open()
    assert isinstance(found, Iterator)
    return list(found)


def check(source: Source, *, count: int | None = N, once: bool = False) -> None:
    assert (source.name, source.place, source.once) == ("rows", "row", once)
    assert source.count() == count
    found = rows(source)
    assert [row.line for row in found] == list(range(1, N + 1))
    assert [row.values for row in found] == ROWS
    assert {type(value) for row in found for value in row.values.values()} == {str, int, float, list}
    if not once:
        assert rows(source) == found


def refused(data: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        open_source(data)
    return str(caught.value)


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    check(open_source(pandas.DataFrame(ROWS)))
    check(open_source(pandas.DataFrame(ROWS, index=[7] * N)))
    assert open_source(pandas.DataFrame(ROWS)).fingerprint is None


def test_missing_values_of_pandas_are_missing() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "text": pandas.Series(["x", None], dtype="string"),
            "object": pandas.Series(["x", None], dtype=object),
            "whole": pandas.Series([1, None], dtype="Int64"),
            "number": pandas.Series([1.5, None]),
            "time": pandas.to_datetime(pandas.Series(["2026-01-02", None])),
            "kind": pandas.Categorical(["x", None]),
        }
    )
    there, missing = rows(open_source(frame))
    assert not any(is_missing(value) for value in there.values.values())
    assert all(is_missing(value) for value in missing.values.values())
    fields = Columns.parse(None).fields(there.values, list(frame.columns))
    assert fields == {
        "text": "x",
        "object": "x",
        "whole": "1",
        "number": "1.5",
        "time": "2026-01-02 00:00:00",
        "kind": "x",
    }


def test_columns_of_pandas_that_are_numbers_are_found_by_their_text() -> None:
    pandas = pytest.importorskip("pandas")
    (row,) = rows(open_source(pandas.DataFrame([["x", "y"]])))
    assert row.values == {"0": "x", "1": "y"}


def test_a_frame_with_two_columns_of_one_name_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    assert refused(frame) == "The table: several columns are called 'a': rename all but one."


def test_empty_tables_have_no_rows() -> None:
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    for table in (pandas.DataFrame(), pandas.DataFrame({"a": []}), pyarrow.table({}), pyarrow.table({"a": []})):
        assert (open_source(table).count(), rows(open_source(table))) == (0, [])


def test_a_frame_of_a_subclass_is_a_frame() -> None:
    pandas = pytest.importorskip("pandas")

    class Own(pandas.DataFrame):  # type: ignore[misc,name-defined]
        pass

    assert [row.values for row in rows(open_source(Own([{"a": 1}])))] == [{"a": 1}]


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    check(open_source(polars.DataFrame(ROWS)))


def test_a_lazy_frame_is_told_to_be_collected() -> None:
    polars = pytest.importorskip("polars")
    assert "collect it" in refused(polars.DataFrame(ROWS[:1]).lazy())


def test_pyarrow_tables_and_readers() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pylist(ROWS)
    check(open_source(table))
    for size in (N, 7):
        reader = pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=size))
        source = open_source(reader)
        check(source, count=None, once=True)
        with pytest.raises(ConfigError, match="can be read only once"):
            source.open()


def test_a_reader_is_not_read_ahead() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    read: list[int] = []

    def batches() -> Iterator[Any]:
        for start in range(0, N, 500):
            read.append(start)
            yield pyarrow.RecordBatch.from_pylist(ROWS[start : start + 500])

    schema = pyarrow.RecordBatch.from_pylist(ROWS[:1]).schema
    found = open_source(pyarrow.RecordBatchReader.from_batches(schema, batches())).open()
    assert isinstance(found, Iterator)
    assert read == []
    assert next(found).values == ROWS[0]
    assert read == [0]


def test_a_table_of_arrow_with_two_columns_of_one_name_is_refused() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    assert "several columns are called 'a'" in refused(table)
    assert "several columns are called 'a'" in refused(table.to_reader())


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return pytest.importorskip("datasets")


def test_hugging_face_datasets(datasets: Any) -> None:
    dataset = datasets.Dataset.from_list(ROWS)
    check(open_source(dataset))
    check(open_source(dataset.with_format("numpy")))
    check(open_source(dataset.with_format("pandas")))
    assert open_source(dataset).fingerprint == open_source(dataset).fingerprint
    assert open_source(dataset).fingerprint != open_source(dataset.select(range(5))).fingerprint


def test_streamed_datasets_of_hugging_face(datasets: Any) -> None:
    read: list[int] = []

    def made() -> Iterator[Any]:
        for row in ROWS:
            read.append(row["n"])
            yield row

    source = open_source(datasets.IterableDataset.from_generator(made))
    found = source.open()
    assert isinstance(found, Iterator)
    assert next(found).values == ROWS[0]
    assert len(read) <= 1001
    check(source, count=None)


def test_several_datasets_at_once_are_told_by_their_splits(datasets: Any) -> None:
    one = datasets.Dataset.from_list(ROWS[:1])
    splits = datasets.DatasetDict({"train": one, "test": one})
    assert refused(splits) == "A DatasetDict holds several datasets (train, test): pass one, such as data['train']."
    streamed = datasets.IterableDatasetDict({"train": one.to_iterable_dataset()})
    assert refused(streamed).startswith("A IterableDatasetDict holds several datasets (train)")


def test_dates_become_text(datasets: Any) -> None:
    dataset = datasets.Dataset.from_list(
        [{"when": dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "what": {"a": 1, "b": None}}]
    )
    (row,) = rows(open_source(dataset))
    assert Columns.parse(None).fields(row.values, ["when", "what"]) == {
        "when": "2026-01-02 00:00:00+00:00",
        "what": '{"a": 1, "b": null}',
    }
