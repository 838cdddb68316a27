"""Shapes: rows as other tools and LangChain's chains write them are mapped whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.load import dumpd

from lc_scoring import ConfigError, Failure, Score, load_evaluator, score_dataset
from lc_scoring.data.columns import Columns
from lc_scoring.data.shapes import FIELDS, SHAPES, fields_of_shape
from lc_scoring.data.source import open_source
from lc_scoring.data.text import printed_texts
from lc_scoring.runs.estimate import estimate
from lc_scoring.runs.report.examples import row_texts
from lc_scoring.runs.report.findings import Found
from lc_scoring.runs.request import Request
from lc_scoring.runs.rows import check_source

TEXTS = ["Paris is France's capital.", 'He said "hi", [twice].\nThen\tleft: 좋아 \U0001f600']
DOCUMENTS = [Document(text, metadata={"page": 1}) for text in TEXTS]
WANTED = {"input": "France?", "prediction": "Paris", "reference": "Paris.", "contexts": TEXTS}
ROWS: dict[str, dict[str, Any]] = {
    "own": WANTED,
    "ragas": {"user_input": "France?", "response": "Paris", "retrieved_contexts": TEXTS, "reference": "Paris."},
    "ragas 0.1": {"question": "France?", "answer": "Paris", "contexts": TEXTS, "ground_truth": "Paris."},
    "ragas 0.0": {"question": "France?", "answer": "Paris", "contexts": TEXTS, "ground_truths": ["Paris."]},
    "azure": {"query": "France?", "response": "Paris", "context": TEXTS, "ground_truth": "Paris."},
    "chain by input": {"input": "France?", "context": DOCUMENTS, "answer": "Paris", "reference": "Paris."},
    "chain by question": {"question": "France?", "context": DOCUMENTS, "answer": "Paris", "ground_truth": "Paris."},
    "chain by query": {"query": "France?", "context": DOCUMENTS, "answer": "Paris", "ground_truth": "Paris."},
    "RetrievalQA": {"query": "France?", "result": "Paris", "source_documents": DOCUMENTS, "reference": "Paris."},
}
each_shape = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def fields(row: Mapping[str, Any], *needed: str, **columns: Any) -> dict[str, Any]:
    return Columns.parse(columns).fields(row, needed or FIELDS)


def error(row: Mapping[str, Any], *needed: str, **columns: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        fields(row, *needed, **columns)
    return str(caught.value)


class Seen:
    """An evaluator that keeps what it was scored with."""

    evaluation_name = "seen"
    signature = "seen"
    optional_keys: tuple[str, ...] = ()

    def __init__(self, *needed: str, optional: tuple[str, ...] = ()) -> None:
        self.input_keys = list(needed or FIELDS)
        self.optional_keys = optional

    async def ascore(self, given: Mapping[str, Any]) -> Score:
        return Score(name="seen", value=1.0, reasoning=json.dumps(given))


def seen(data: Any, folder: Path, evaluator: Seen | None = None, **options: Any) -> list[Any]:
    """Return what a run scored each row with, or why it did not."""
    run = score_dataset(data, evaluator or Seen(), run=folder / "a.run.db", **options)
    return [
        str(result.outcome.error) if isinstance(result.outcome, Failure) else json.loads(result.outcome.reasoning)
        for result in run.results()
        if result.outcome is not None
    ]


# Each shape, from wherever rows come.


@each_shape
def test_a_known_shape_needs_no_columns(row: dict[str, Any]) -> None:
    assert fields(row) == WANTED
    assert fields(MappingProxyType(row)) == WANTED
    assert Columns.parse(None).fields(row, [], FIELDS) == WANTED
    assert Columns.parse(None).check(row, FIELDS) == []
    assert fields_of_shape({**row, "run_id": 7, "chat_history": []}) == WANTED


def as_list(rows: list[dict[str, Any]], folder: Path) -> Any:
    return rows


def as_json_lines(rows: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, default=Document.model_dump) for row in rows))
    return path


def as_dumped(rows: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row, default=dumpd) for row in rows))
    return path


def as_frame(rows: list[dict[str, Any]], folder: Path) -> Any:
    return pytest.importorskip("pandas").DataFrame(rows)


def as_csv(rows: list[dict[str, Any]], folder: Path) -> Path:
    as_frame([texts_alone(row) for row in rows], folder).to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def as_json_in_csv(rows: list[dict[str, Any]], folder: Path) -> Path:
    cells = [{name: cell(value) for name, value in row.items()} for row in rows]
    as_frame(cells, folder).to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def as_parquet_through_csv(rows: list[dict[str, Any]], folder: Path) -> Path:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    as_frame([texts_alone(row) for row in rows], folder).to_parquet(folder / "rows.parquet")
    pandas.read_parquet(folder / "rows.parquet").to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def texts_alone(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: TEXTS if value is DOCUMENTS else value for name, value in row.items()}


def cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=Document.model_dump)


WRITTEN = [as_list, as_json_lines, as_dumped, as_frame, as_csv, as_json_in_csv, as_parquet_through_csv]


@pytest.mark.parametrize("written", WRITTEN)
@each_shape
def test_a_run_of_each_shape_from_each_source(
    row: dict[str, Any], written: Callable[[list[dict[str, Any]], Path], Any], tmp_path: Path
) -> None:
    data = written([row, {**row}], tmp_path)
    opened = open_source(data).open()
    assert isinstance(opened, Iterator)
    assert fields(next(opened).values) == WANTED
    assert seen(data, tmp_path) == [WANTED, WANTED]


@pytest.mark.parametrize("written", [as_list, as_json_lines])
def test_each_row_is_mapped_by_itself(written: Any, tmp_path: Path) -> None:
    assert seen(written(list(ROWS.values()), tmp_path), tmp_path) == [WANTED] * len(ROWS)


def test_a_table_of_several_shapes_has_empty_cells(tmp_path: Path) -> None:
    several = [ROWS[name] for name in ("ragas", "ragas 0.1", "ragas 0.0", "azure", "RetrievalQA")]
    assert seen(as_frame(several, tmp_path), tmp_path) == [WANTED] * len(several)


def test_a_run_tells_of_shapes_what_it_knew_and_goes_on(tmp_path: Path) -> None:
    rows = [ROWS["ragas"], {**ROWS["azure"], "response": None}]
    run = score_dataset(rows, Seen(), run=tmp_path / "a.run.db")
    assert run.about("columns") == {}
    first = next(iter(run.results()))
    shown = dict(row_texts(Found(0, first, (first,)), Columns.parse(run.about("columns"))))
    assert (shown["input"], shown["prediction"], shown["reference"]) == ("France?", "Paris", "Paris.")
    again = score_dataset(rows, Seen(), run=tmp_path / "a.run.db", retry_failures=True)
    assert [str(one.outcome.error) for one in again.results(failed=True) if isinstance(one.outcome, Failure)] == [
        "rows, row 2: 'response' is missing, None."
    ]


def test_a_dry_run_knows_shapes(tmp_path: Path) -> None:
    file = as_json_lines([ROWS["ragas 0.1"]] * 3, tmp_path)
    judge = load_evaluator("labeled_score_string", llm="offline", criteria="correctness")
    (found,) = estimate(Request(data=file, evaluators=judge))
    assert (found.rows, found.sampled) == (3, 3)
    assert "France?" in found.prompt


def test_a_target_sees_no_reference_of_any_shape(tmp_path: Path) -> None:
    handed: list[set[str]] = []

    def answer(row: Mapping[str, Any]) -> str:
        handed.append(set(row))
        return "Rome"

    found = seen([ROWS["ragas 0.0"], ROWS["ragas 0.1"], ROWS["ragas"]], tmp_path, target=answer)
    assert found == [{**WANTED, "prediction": "Rome"}] * 3
    told = {"question", "answer", "contexts"}
    assert handed == [told, told, {"user_input", "response", "retrieved_contexts"}]


def test_what_a_target_did_not_give_is_not_taken_from_elsewhere(tmp_path: Path) -> None:
    (found,) = seen([ROWS["ragas"]], tmp_path, target=lambda row: None)
    assert found == "rows, row 1: 'prediction' is missing, None."


# Precedence.


def test_what_is_said_comes_first_then_the_field_s_own_column() -> None:
    row = {**ROWS["ragas"], "prediction": "own", "other": "said"}
    assert fields(row, "input", "prediction") == {"input": "France?", "prediction": "own"}
    assert fields(row, "input", "prediction", prediction="other") == {"input": "France?", "prediction": "said"}
    assert fields(row, "input", input=lambda values: values["other"]) == {"input": "said"}
    assert "no column 'gone'" in error(row, "input", input="gone")


def test_a_column_of_its_own_name_may_stand_empty_save_the_prediction_s() -> None:
    row = {**ROWS["ragas 0.1"], "reference": None, "input": float("nan"), "prediction": None}
    assert fields(row, "input", "reference") == {"input": "France?", "reference": "Paris."}
    assert error(row, "prediction") == "'prediction' is missing, None."
    assert fields({**row, "reference": ""}, "reference") == {"reference": ""}
    nothing = {**row, "reference": None, "ground_truth": None}
    assert error(nothing, "reference") == "'ground_truth' is missing, None."
    assert error({**ROWS["azure"], "context": None, "contexts": None}, "contexts").endswith("is missing, None.")
    assert error({"reference": None, "prediction": "a"}, "reference") == "'reference' is missing, None."


def test_who_says_that_a_column_is_another_field_has_no_row_of_that_shape() -> None:
    row = {"question": "France?", "answer": "Paris", "contexts": TEXTS, "output": "Rome"}
    assert "no column 'prediction'" in error(row, "prediction", reference="answer")
    assert "no column 'input'" in error(row, "input", reference="answer.text")
    assert fields(row, "input", input="question") == {"input": "France?"}
    assert fields(row, "prediction", input="{question} {answer}") == {"prediction": "Paris"}
    said = {"input": "question", "prediction": "output", "reference": "answer"}
    assert fields(row, **said) == {"input": "France?", "prediction": "Rome", "reference": "Paris", "contexts": TEXTS}


# Whole or not at all.


@pytest.mark.parametrize(
    "row",
    [
        {"question": "France?", "answer": "Paris"},
        {"question": "France?", "context": "a text"},
        {"question": "France?", "contexts": TEXTS},
        {"query": "France?", "answer": "Paris"},
        {"query": "France?", "context": "a text"},
        {"context": "a text", "answer": "Paris"},
        {"user_input": "France?"},
        {"response": "Paris", "context": "a text"},
        {"result": "Paris", "source_documents": []},
        {"Query": "France?", "Response": "Paris"},
        {},
    ],
)
def test_a_part_of_a_shape_is_none(row: dict[str, Any]) -> None:
    for field in ("input", "prediction"):
        assert error(row, field).startswith(f"no column {field!r}.")
        assert Columns.parse(None).check(row, [field]) == [field]
    assert Columns.parse(None).fields(row, [], ["input", "prediction"]) == {}
    assert fields_of_shape(row).keys() <= {"contexts", "reference"}


@pytest.mark.parametrize(
    ("row", "field", "columns"),
    [
        ({"user_input": "a", "query": "b", "response": "c"}, "input", "'user_input' or 'query'"),
        ({"query": "a", "response": "b", "result": "c"}, "prediction", "'response' or 'result'"),
        ({"query": "a", "response": "b", "answer": "c", "context": "d"}, "prediction", "'response' or 'answer'"),
        ({"question": "a", "query": "b", "answer": "c", "context": "d"}, "input", "'question' or 'query'"),
    ],
)
def test_a_row_of_several_shapes_is_asked_about(row: dict[str, Any], field: str, columns: str) -> None:
    first = columns.split("'")[1]
    for told in (error(row, field), error_of(lambda: Columns.parse(None).fields(row, [], [field]))):
        assert told.startswith("the row is like those of ")
        assert told.endswith(f"so {field!r} may be {columns}: say which, such as --column {field}={first} (columns=).")
    with pytest.raises(ConfigError, match=r"^rows, row 1: the row is like those of"):
        check_source(open_source([row]), Columns.parse(None), [field])
    assert fields(row, field, **{field: first}) == {field: row[first]}
    assert error_of(lambda: fields_of_shape(row)) == error(row, field)


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    return str(caught.value)


def test_several_shapes_that_agree_are_one() -> None:
    row = {**ROWS["ragas 0.1"], "context": DOCUMENTS[:1]}
    assert fields(row) == WANTED
    both = {**ROWS["chain by input"], "question": "Rephrased?"}
    assert fields(both) == WANTED


def test_every_shape_has_a_way_to_be_told_and_hides_no_other() -> None:
    for shape in SHAPES:
        assert shape.columns.keys() <= set(FIELDS)
        row = dict.fromkeys(shape.told_by, "x")
        assert [other for other in SHAPES if other.fits(row)] == [shape]
        asked = ["input", *(["prediction"] if "prediction" in shape.columns else [])]
        assert Columns.parse(None).check(row, asked) == []


def test_a_ragas_set_for_retrieval_alone_is_one_too() -> None:
    row = {"user_input": "France?", "retrieved_contexts": TEXTS, "reference": "Paris"}
    assert fields_of_shape(row) == {"input": "France?", "contexts": TEXTS, "reference": "Paris"}
    assert Columns.parse(None).check(row, ["input", "contexts", "reference"]) == []


# Values.


@pytest.mark.parametrize("value", [["Paris."], ("Paris.",), "Paris.", "['Paris.']", '["Paris."]'])
def test_a_list_of_one_reference_is_that_text(value: Any) -> None:
    assert fields({**ROWS["ragas 0.0"], "ground_truths": value}, "reference") == {"reference": "Paris."}


@pytest.mark.parametrize("value", [[], None, [None], "[]"])
def test_an_empty_list_of_references_is_none(value: Any) -> None:
    row = {**ROWS["ragas 0.0"], "ground_truths": value}
    assert error(row, "reference") == "'ground_truths' is missing, None."
    assert Columns.parse(None).fields(row, [], ["reference"]) == {}


def test_several_references_are_not_made_one(tmp_path: Path) -> None:
    row = {**ROWS["ragas 0.0"], "ground_truths": ["Paris.", "Lutetia."]}
    wanted = "'ground_truths' holds 2 texts, and a reference is one: name it, such as columns={'reference': "
    assert error(row, "reference") == wanted + "'ground_truths.0'}."
    assert error({**row, "ground_truths": "['a', 'b']"}, "reference") == wanted + "a function of the row}."
    assert fields(row, "reference", reference="ground_truths.1") == {"reference": "Lutetia."}
    found = seen([row, ROWS["ragas 0.0"]], tmp_path, Seen("prediction", optional=("reference",)))
    assert found == [f"rows, row 1: {wanted}'ground_truths.0'}}.", {"prediction": "Paris", "reference": "Paris."}]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("one text", ["one text"]),
        ("", [""]),
        ([], []),
        ("[]", []),
        (" [ ] ", []),
        (Document("a"), ["a"]),
        (dumpd(Document("a")), ["a"]),
        ({"page_content": "a", "metadata": {}}, ["a"]),
        ([Document("a"), dumpd(Document("b")), {"page_content": "c"}, "d", {"text": "e"}], ["a", "b", "c", "d", "e"]),
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'b']", ["a", "b"]),
        ("['a','b' , \"c's\"]", ["a", "b", "c's"]),
        ("['a' 'b'\n 'c']", ["a", "b", "c"]),
        (json.dumps([{"page_content": "a", "metadata": {}}, "b"]), ["a", "b"]),
        (json.dumps(["\U0001f600"]), ["\U0001f600"]),
    ],
)
def test_contexts_are_a_list_of_texts(value: object, texts: list[str]) -> None:
    for row in ({"contexts": value}, {"query": "a", "response": "b", "context": value}):
        assert fields(row, "contexts") == {"contexts": texts}
        assert Columns.parse(None).fields(row, [], ["contexts"]) == {"contexts": texts}
        assert fields_of_shape(row)["contexts"] == texts


@pytest.mark.parametrize(
    "text",
    [
        "[1] The Nile. [2]",
        "[1]",
        "[1, 2]",
        '["a", 1]',
        '["a", null]',
        "['a', None]",
        "['a', nan]",
        "['a' 'b', 'c']",
        "['a''b']",
        "['a' + 'b']",
        "['a'",
        "[a, b]",
        "[b'a']",
        "[f'{1}']",
        "['''a''']",
        "['\\d']",
        "['\\N{BULLET}']",
        "['\\Uffffffff']",
        "['a\nb']",
        "['a\x00b']",
        "['a\ud800']",
        "[Document(page_content='a')]",
        "[__import__('os').system('true')]",
        '{"a": ["b"]}',
        '[["a"]]',
        "[" * 100_000 + "]" * 100_000,
        '["' + "a" * 10_000_000 + '"]',
        "['" + "\\\\" * 400_000 + "]",
        "[" + "'a' " * 200_000 + ", 'b']",
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_what_is_no_list_of_texts_is_one_text(text: str) -> None:
    assert printed_texts(text) is None
    assert fields({"contexts": text}, "contexts") == {"contexts": [text]}


def test_only_contexts_are_read_as_lists() -> None:
    row = {"user_input": "['a']", "response": '["b"]', "reference": "['c']"}
    assert fields(row, "input", "prediction", "reference") == {
        "input": "['a']",
        "prediction": '["b"]',
        "reference": "['c']",
    }


@pytest.mark.parametrize("value", [[None], ["a", float("nan")], [b"a"], b"a", [[b"a"]]])
def test_contexts_that_cannot_be_read_are_told(value: Any) -> None:
    row = {**ROWS["azure"], "context": value}
    assert "'contexts[" in error(row, "contexts")
    assert "'contexts[" in error_of(lambda: fields_of_shape(row))


def test_a_field_of_a_chain_s_output_that_is_missing_is_left_out() -> None:
    assert fields_of_shape({"input": None, "context": [], "answer": "Paris"}) == {"prediction": "Paris", "contexts": []}
    assert fields_of_shape({"prediction": 3, "other": 4}) == {"prediction": 3}
    assert fields_of_shape({}) == {}


# What a missing field is told with.


def test_a_message_names_the_shapes_that_were_looked_for() -> None:
    near = error({"question": "France?", "answer": "Paris"}, "input")
    assert near == (
        "no column 'input'. Present: question, answer. It comes near a known shape, but lacks a column: ragas before "
        "0.2 (question, answer, contexts); a retrieval chain (question, context, answer)."
    )
    assert error({"question": "France?", "text": "Paris"}, "input").endswith("Present: question, text.")
    assert error({"prediction": "a", "contexts": []}, "input").endswith("Present: prediction, contexts.")
    row = {"query": "France?", "response": "Paris"}
    assert error(row, "contexts").endswith("Present: query, response. Rows of Azure's evaluation have it in 'context'.")
    assert "have it" not in error(row, "agent_trajectory")
    assert Columns.parse({"input": "gone"}).looked_for(row, "input") == ""


def test_a_check_before_a_run_names_them_too() -> None:
    def check(row: dict[str, Any], *needed: str, **columns: str) -> str:
        return error_of(lambda: check_source(open_source([row]), Columns.parse(columns), needed))

    told = check({"user_input": "France?"}, "prediction", "input")
    assert told == (
        "rows, row 1: no column 'input', 'prediction'. Present: user_input. It comes near a known shape, but lacks a "
        "column: ragas (user_input, response). Say where the fields are, such as --column input=answer (columns=)."
    )
    assert "known shape" not in check({"a": 1}, "input")
    assert "known shape" not in check({"user_input": "France?"}, "input", input="gone")
    check_source(open_source([ROWS["chain by query"]]), Columns.parse(None), FIELDS)


def test_the_columns_of_a_field_are_those_of_every_shape() -> None:
    assert Columns.parse(None).names("reference") == {"reference", "ground_truth", "ground_truths"}
    assert Columns.parse({"reference": "gold.text"}).names("reference") == {"gold", "gold.text"}
    assert Columns.parse({"reference": str}).names("reference") == set()


def test_ids_taken_from_a_shapes_column_leave_the_shape_as_it_is() -> None:
    row = {"question": "France?", "context": TEXTS, "answer": "Paris"}
    columns = Columns.parse({"retrieved_ids": "context"})
    assert columns.fields(row, ["input", "prediction"]) == {"input": "France?", "prediction": "Paris"}
