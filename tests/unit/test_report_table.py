"""The data of a report's table: what a row holds, and how all of them keep to a size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.test_report import data_of, failure, make_run, page_of, score, skipped

from lc_scoring.runs.report.table_rows import Outcome, TableRow, table_data


def rows_of(count: int, text: str, columns: int = 3) -> list[TableRow]:
    said = [Outcome("one", 0, 0.5, None, text)]
    return [
        TableRow(place=n, id=f"r{n}", outcomes=said, cells=dict.fromkeys(map(str, range(columns)), text))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "text"), [(10, "x"), (5_000, "word " * 80), (5_000, "좋" * 400), (5_000, "<&>" * 130)]
)
def test_the_rows_keep_to_their_budget(count: int, text: str) -> None:
    data = table_data([("a", rows_of(count, text))], id_column="id")
    assert (data.rows, len(data.json.encode()) <= 3_000_000) == (count, True)
    assert len(json.loads(data.json)["rows"]) == count
    assert not set("<>&\u2028\u2029") & set(data.json)


def test_rows_are_left_out_only_where_short_texts_do_not_suffice() -> None:
    data = table_data([("a", rows_of(5_000, "좋" * 400, columns=40))], id_column="id")
    assert (data.clip, data.rows < 5_000, data.rows > 500, data.columns_left_out) == (15, True, True, 10)


def test_what_a_row_of_the_table_holds(tmp_path: Path) -> None:
    rows = [{"id": "r0", "n": 3, "x": 0.5, "big": 2**60, "list": [1, "좋"], "none": None, "nan": float("nan")}]
    outcomes = {"one": [score(0.5, label="fine", reasoning="so\nit is")], "two": [failure()], "three": [skipped()]}
    run = make_run(tmp_path / "a.run.db", outcomes, rows=rows)
    data = data_of(page_of([run], tmp_path / "a.html"), "row-data")
    assert (data["runs"], data["evaluators"], data["columns"]) == (
        ["a"],
        ["one", "two", "three"],
        ["n", "x", "big", "list", "nan"],
    )
    assert data["rows"] == [
        [
            *(0, 1, "r0"),
            [
                [0, 0, 0.5, "fine", "so it is"],
                [1, 1, None, None, "ModelError: The service is busy."],
                [2, 2, None, None, "Not so."],
            ],
            [3, 0.5, str(2**60), '[1,"좋"]', "NaN"],
        ]
    ]
