"""Exports: what came of the rows as files and tables, and nothing in them that a spreadsheet runs."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lc_scoring import ConfigError, MissingExtra, Run, Score, StringEvaluator, Usage, score_dataset
from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.runs.export import harmless


class Judge(StringEvaluator):
    """Judges as the prediction says."""

    async def ascore(self, fields: Any, config: Any = None) -> Score:
        said = fields["prediction"]
        if said == "fails":
            error = ReplyError("No rating.", reply="=HYPERLINK()")
            error.usage = Usage(calls=2, input_tokens=5)
            raise error
        if said == "neither":
            raise NotApplicable("Not so.")
        part = Score(name="part", value=0.5, rating=5.0, reasoning="why", label="half")
        return Score(
            name="Judge",
            value=0.75,
            rating=7.0,
            label=said,
            reasoning=f"{said}, \ud800 NUL \x00",
            parts=(part, Score(name="other", value=0.25)),
            spread=0.5,
            basis="mean of 2",
            distribution={7.0: 0.5, 7.5: 0.5},
            usage=Usage(calls=1, input_tokens=9, output_tokens=3, cost=0.5),
            signature=self.signature,
        )

    def _evaluate_strings(self, **_: Any) -> Any:
        raise NotImplementedError


ROWS: list[dict[str, Any]] = [
    {"id": "=1+1", "prediction": "good", "n": 1, "x": 1, "flag": True, "mixed": 1, "list": [1, "좋"]},
    {"id": "b", "prediction": "fails", "n": 2, "x": 0.5, "flag": None, "mixed": "two", "score": 99},
    {"id": "c", "prediction": "neither", "n": None, "x": 2, "flag": False, "mixed": None, "=cmd": "@x", "score": -5},
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return score_dataset(ROWS, Judge(), run=tmp_path / "a.run.db")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_lines_tell_all(run: Run, tmp_path: Path) -> None:
    run.to_jsonl(tmp_path / "a.jsonl")
    good, fails, neither = (json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines())
    assert good == {
        "id": "=1+1",
        "line": 1,
        "score": 7,
        "value": 0.75,
        "label": "good",
        "reasoning": "good, ? NUL \x00",
        "basis": "mean of 2",
        "parts": [
            {"name": "part", "score": 5, "value": 0.5, "label": "half", "reasoning": "why"},
            {"name": "other", "score": 0.25, "value": 0.25, "reasoning": ""},
        ],
        "spread": 0.5,
        "distribution": {"7": 0.5, "7.5": 0.5},
        "usage": {"calls": 1, "input_tokens": 9, "output_tokens": 3, "cost": 0.5},
        "signature": Judge().signature,
    }
    assert fails == {
        "id": "b",
        "line": 2,
        "error": {"kind": "ReplyError", "message": "No rating. The judge wrote: '=HYPERLINK()'"},
        "usage": {"calls": 2, "input_tokens": 5, "output_tokens": 0, "cost": None},
    }
    assert neither == {"id": "c", "line": 3, "not_applicable": True, "reasoning": "Not so."}


def test_json_lines_of_several_evaluators_and_a_target(tmp_path: Path) -> None:
    def app(row: dict[str, Any]) -> dict[str, str]:
        return {"output": row["q"]}

    data = [{"q": "half \ud800", "reference": "b"}]
    run = score_dataset(data, ["exact_match", Judge()], run=tmp_path / "a.run.db", target=app)
    run.to_jsonl(tmp_path / "a.jsonl")
    first, second = (json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines())
    assert (first["evaluator"], first["prediction"], second["evaluator"]) == (
        "exact_match",
        {"output": "half ?"},
        "Judge",
    )
    run.to_jsonl(tmp_path / "b.jsonl", "exact_match")
    assert "evaluator" not in json.loads((tmp_path / "b.jsonl").read_text("utf-8"))
    run.to_csv(tmp_path / "b.csv", "exact_match")
    assert read_csv(tmp_path / "b.csv")[0]["prediction_made"].startswith('{"output":"half ')


def test_csv_runs_nothing_and_its_columns_do_not_clash(run: Run, tmp_path: Path) -> None:
    run.to_csv(tmp_path / "a.csv")
    good, fails, neither = read_csv(tmp_path / "a.csv")
    assert (good["id"], good["score"], good["rating"], good["value"], good["calls"]) == (
        "'=1+1",
        "7.0",
        "7.0",
        "0.75",
        "1",
    )
    assert (good["list"], good["flag"], good["n"], good["x"], good["mixed"]) == ('[1,"좋"]', "True", "1", "1.0", "1")
    assert (fails["state"], fails["error"], fails["score"], fails["row.score"]) == ("failure", "ReplyError", "", "99")
    assert (neither["state"], neither["reasoning"], neither["'=cmd"], neither["row.score"]) == (
        *("not_applicable", "Not so.", "'@x", "-5"),
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *(
            (text, f"'{text}")
            for text in ("=1+1", "+1.5e3", "+x", "-x", "@x", " =1", "\t1", "\r=1", "\n=1", "＝1", "＋x", "－x", "＠x")
        ),
        *((text, text) for text in ("", "a=1", "-5", "-0.5", "5-3", "좋")),
        *((value, value) for value in (None, -5, -0.5, True)),
        ("-5\n=1", "'-5\n=1"),
        ("-1+2", "'-1+2"),
        ("−5", "−5"),
    ],
)
def test_harmless(value: Any, cell: Any) -> None:
    assert harmless(value) == cell


def test_pandas(run: Run) -> None:
    pytest.importorskip("pandas")
    frame = run.to_pandas()
    assert list(frame["id"]) == ["=1+1", "b", "c"]
    assert frame["score"].iloc[0] == 7
    assert frame["x"].tolist() == [1.0, 0.5, 2.0]
    assert frame["state"].tolist() == ["score", "failure", "not_applicable"]
    assert frame["mixed"].iloc[0] == "1"
    assert frame["row.score"].iloc[1] == 99


def test_polars(run: Run) -> None:
    polars = pytest.importorskip("polars")
    frame = run.to_polars()
    kinds = {name: frame.schema[name] for name in ("n", "x", "flag", "mixed", "score", "line", "reasoning")}
    assert kinds == {
        "n": polars.Int64,
        "x": polars.Float64,
        "flag": polars.Boolean,
        "mixed": polars.String,
        "score": polars.Float64,
        "line": polars.Int64,
        "reasoning": polars.String,
    }
    assert frame["flag"].to_list() == [True, None, False]


def test_parquet(run: Run, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run.to_parquet(tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [row["n"] for row in table] == [1, 2, None]
    assert [row["x"] for row in table] == [1.0, 0.5, 2.0]
    assert table[0]["list"] == '[1,"좋"]'
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.parquet", "a.run.db"]


def test_an_empty_run_has_its_columns(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    run = score_dataset((row for row in ()), Judge(), run=tmp_path / "a.run.db")
    assert run.to_polars().shape[0] == len(run.to_pandas()) == 0
    run.to_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().startswith("id,line,evaluator,score")


@pytest.mark.parametrize(
    ("module", "method", "extra"),
    [
        ("pandas", "to_pandas", "pandas"),
        ("polars", "to_polars", "polars"),
        ("pyarrow", "to_parquet", "parquet"),
    ],
)
def test_a_missing_package_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, method: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    given = (tmp_path / "x.parquet",) if method == "to_parquet" else ()
    with pytest.raises(MissingExtra, match=rf'{module} is needed for this: pip install "lc-scoring\[{extra}\]"'):
        getattr(run, method)(*given)


@pytest.mark.parametrize("method", ["to_jsonl", "to_csv", "to_parquet"])
def test_what_cannot_be_written_is_told(run: Run, tmp_path: Path, method: str) -> None:
    if method == "to_parquet":
        pytest.importorskip("pyarrow")
    with pytest.raises(ConfigError, match=r"cannot be written: .*No such file or directory"):
        getattr(run, method)(tmp_path / "no" / "a.out")


@pytest.mark.parametrize("method", ["to_jsonl", "to_csv"])
def test_an_export_that_breaks_off_leaves_what_stood_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    path = tmp_path / "a.out"
    path.write_text("as it was")
    with pytest.raises(ConfigError, match="not of nobody"):
        getattr(run, method)(path, "nobody")
    assert path.read_text() == "as it was"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.out", "a.run.db"]
    getattr(run, method)(path)
    assert "as it was" not in path.read_text("utf-8")
    monkeypatch.undo()


def test_a_file_is_readable_as_others_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    run.to_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_columns_that_clash_twice_are_all_there(tmp_path: Path) -> None:
    run = score_dataset([{"prediction": "good", "score": 33, "row.score": 44}], Judge(), run=tmp_path / "a.run.db")
    row = run.to_pandas().iloc[0].to_dict()
    assert {33, 44} <= {value for value in row.values() if isinstance(value, int)}


def test_a_column_id_that_is_not_the_id_is_there(tmp_path: Path) -> None:
    data = [{"prediction": "good", "key": "k", "id": "mine"}]
    run = score_dataset(data, Judge(), run=tmp_path / "a.run.db", id_column="key")
    assert "mine" in run.to_pandas().iloc[0].to_dict().values()


@pytest.mark.parametrize("method", ["to_parquet", "to_polars"])
def test_huge_numbers(tmp_path: Path, method: str) -> None:
    pytest.importorskip("pyarrow" if method == "to_parquet" else "polars")
    run = score_dataset([{"prediction": "good", "n": 10**20}], Judge(), run=tmp_path / "a.run.db")
    getattr(run, method)(*((tmp_path / "a.parquet",) if method == "to_parquet" else ()))
