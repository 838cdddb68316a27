"""Evaluators of retrieved ids: their numbers by hand, what they are given and tell, in runs and in experiments."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage
from langsmith.schemas import Example, Run

from lc_scoring import ConfigError, Failure, NotApplicable, Sample, Score, load_evaluator, score_dataset
from lc_scoring.evaluators.retrieval import NDCG, HitRate, PrecisionAtK, RecallAtK, ReciprocalRank
from lc_scoring.registry import describe_evaluators
from lc_scoring.runs.estimate import estimate
from lc_scoring.runs.request import Request

ALL: tuple[Any, ...] = (PrecisionAtK, RecallAtK, ReciprocalRank, NDCG, HitRate)
D2, D3, D4, D5 = 0.6309297535714574, 0.5, 0.43067655807339306, 0.38685280723454163  # 1 / log2(1 + rank)
MANY = (
    "6 of 7 retrieved are relevant: 0 (rank 1), 1 (rank 2), 2 (rank 3), 3 (rank 4), 4 (rank 5) and 1 more; "
    "missed: 6, 7, 8, 9, 10 and 9 more"
)

# retrieved, relevant, k: precision, recall, reciprocal rank, nDCG, hit
CASES: list[tuple[Any, ...]] = [
    (["a", "x", "c", "y", "z"], ["a", "c", "d"], 5, (0.4, 2 / 3, 1, (1 + D3) / (1 + D2 + D3), 1)),
    (["a", "x", "c", "y", "z"], ["a", "c", "d"], 2, (0.5, 1 / 3, 1, 1 / (1 + D2), 1)),
    (["a", "x", "c"], ["a", "c", "d"], None, (2 / 3, 2 / 3, 1, (1 + D3) / (1 + D2 + D3), 1)),
    (["a", "x", "c"], ["a", "c", "d"], 10, (0.2, 2 / 3, 1, (1 + D3) / (1 + D2 + D3), 1)),
    (["x", "a"], ["a"], None, (0.5, 1, 0.5, D2, 1)),
    (["x", "a"], ["a"], 1, (0, 0, 0, 0, 0)),
    (["x", "y", "z", "a"], ("a",), 4, (0.25, 1, 0.25, D4, 1)),
    (["x", "y", "z", "w", "a"], {"a"}, 5, (0.2, 1, 0.2, D5, 1)),
    ([], ["a"], None, (0, 0, 0, 0, 0)),
    ([], ["a"], 3, (0, 0, 0, 0, 0)),
    (["a", "a", "b"], ["a", "b"], 3, (2 / 3, 1, 1, (1 + D3) / (1 + D2), 1)),
    ([1, 2, 3], ["3", "1"], None, (2 / 3, 1, 1, (1 + D3) / (1 + D2), 1)),
    (["b", "x", "a"], {"a": 3, "b": 1}, 3, (2 / 3, 1, 1, (1 + 3 * D3) / (3 + D2), 1)),
    (["b", "x", "a"], {"a": 3, "b": 1, "x": 0}, 2, (0.5, 0.5, 1, 1 / (3 + D2), 1)),
    (["x", "b"], {"a": 2.5, "b": 0.5}, None, (0.5, 0.5, 0.5, 0.5 * D2 / (2.5 + 0.5 * D2), 1)),
]


@pytest.mark.parametrize(("retrieved", "relevant", "k", "expected"), CASES)
@pytest.mark.parametrize("column", range(5))
async def test_it_is_what_a_hand_works_out(retrieved: Any, relevant: Any, k: Any, expected: Any, column: int) -> None:
    evaluator = ALL[column](k=k)
    number = pytest.approx(expected[column], abs=1e-9)
    written = json.dumps(sorted(relevant) if isinstance(relevant, set) else relevant)
    texts = {"prediction": json.dumps(retrieved), "reference": written}
    for fields in ({"prediction": retrieved, "reference": relevant}, texts):
        result = evaluator.evaluate_strings(**fields)
        assert result["score"] == number
        assert await evaluator.aevaluate_strings(**fields) == result
        for row in (fields, {"retrieved_ids": fields["prediction"], "relevant_ids": fields["reference"]}):
            assert evaluator.invoke(row) == await evaluator.ainvoke(row) == result
            score = await evaluator.ascore(row)
            assert score == evaluator.score(row)
            assert (score.value, evaluator.reported(score), score.rating) == (number, number, None)
    assert evaluator.score(Sample(**texts)).value == number


@pytest.mark.parametrize(
    ("kind", "name"),
    list(zip(ALL, ["precision", "recall", "reciprocal_rank", "ndcg", "hit_rate"], strict=True)),
)
def test_the_name_and_the_signature_hold_k(kind: Any, name: str) -> None:
    assert (kind().evaluation_name, kind(k=5).evaluation_name) == (name, f"{name}@5")
    fields = {"retrieved_ids": ["a"], "relevant_ids": ["a"]}
    score = kind(k=5).score(fields)
    assert score.name == f"{name}@5"
    assert score.signature.startswith(f"{name}@5|k=5|lc_scoring=")
    assert kind().score(fields).signature.startswith(f"{name}|k=None|lc_scoring=")
    assert kind.arguments() == {"input_key", "prediction_key", "reference_key", "prepare_data", "k"}
    assert (kind().requires_input, kind().requires_reference) == (False, True)  # of evaluate_strings
    assert (kind().input_keys, kind().optional_keys) == (["relevant_ids", "retrieved_ids"], [])


def test_the_list_of_evaluators_tells_the_fields_of_rows() -> None:
    needs = {described.name: described.needs for described in describe_evaluators()}
    names = ("precision_at_k", "recall_at_k", "reciprocal_rank", "ndcg", "hit_rate")
    assert {needs[name] for name in names} == {"retrieved_ids, relevant_ids"}


def test_its_own_fields_come_before_those_of_an_answer() -> None:
    row = {"retrieved_ids": ["a"], "relevant_ids": ["a", "b"], "prediction": "It is a.", "reference": "a", "input": "?"}
    assert RecallAtK().invoke(row)["score"] == 0.5
    mixed = {"retrieved_ids": ["a"], "reference": ["a", "b"], "prediction": "It is a."}
    assert RecallAtK().invoke(mixed)["score"] == 0.5
    with pytest.raises(ConfigError, match="RecallAtK requires relevant_ids; got"):
        RecallAtK().invoke({**row, "relevant_ids": None})


def test_a_run_that_somebody_listens_to_has_the_names_that_were_given() -> None:
    seen: list[Any] = []

    class Listener(BaseCallbackHandler):
        def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
            seen.append(inputs)

    config = {"callbacks": [Listener()]}
    own, langchains = {"retrieved_ids": ["a"], "relevant_ids": ["a"]}, {"prediction": ["a"], "reference": ["a"]}
    assert HitRate().invoke(own, config)["score"] == HitRate().evaluate_strings(**langchains, config=config)["score"]
    assert seen == [own, langchains]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("k", [0, -3, 2.0, 1.5, True, False, "5", math.nan, [5]])
def test_k_is_a_whole_number(kind: Any, k: Any) -> None:
    with pytest.raises(ConfigError, match=r"k is a whole number of 1 or more, or None for all .*; got"):
        kind(k=k)


@pytest.mark.parametrize(
    ("retrieved", "relevant", "k", "told"),
    [
        (["a", "x", "c"], ["a", "c"], 3, "2 of the first 3 are relevant: a (rank 1), c (rank 3)"),
        (["a", "x", "c"], ["c", "a", "d"], 2, "1 of the first 2 is relevant: a (rank 1); missed: c, d"),
        (["a", "x"], {"a", "b", "c"}, 5, "1 of only 2 retrieved is relevant: a (rank 1); missed: b, c"),
        (["x"], set("hgfedcba"), None, "none of 1 retrieved is relevant; missed: a, b, c, d, e and 3 more"),
        (["x", "y"], ["a"], None, "none of 2 retrieved is relevant; missed: a"),
        ([], ["a"], 3, "nothing was retrieved; missed: a"),
        (["a", "a", "x", "x", "a"], ["a"], None, "1 of 5 retrieved is relevant: a (rank 1); retrieved again: a"),
        (["a", "x", "a"], ["a"], 2, "1 of the first 2 is relevant: a (rank 1)"),
        (
            ["b", "a"],
            {"c": 1, "b": 0.5, "d": 2, "a": 3},
            None,
            "2 of 2 retrieved are relevant: b (rank 1, gain 0.5), a (rank 2, gain 3); missed: d, c",
        ),
        (
            ["0", "1", "2", "3", "4", "5", "x"],
            [*range(20)],
            None,
            MANY,
        ),
        (["l" * 900], ["l" * 900], None, f"1 of 1 retrieved is relevant: {'l' * 40}... (rank 1)"),
    ],
)
def test_the_reasoning_tells_what_was_found_and_missed(retrieved: Any, relevant: Any, k: Any, told: str) -> None:
    for kind in ALL:
        assert kind(k=k).evaluate_strings(prediction=retrieved, reference=relevant)["reasoning"] == told
        assert kind(k=k).score({"retrieved_ids": retrieved, "relevant_ids": relevant}).reasoning == told


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("relevant", [[], (), set(), {}, "[]", "{}", {"a": 0}, '{"a": 0, "b": 0.0}'])
async def test_without_a_relevant_id_it_does_not_apply(kind: Any, relevant: Any) -> None:
    evaluator, fields = kind(k=3), {"retrieved_ids": ["a"], "relevant_ids": relevant}
    expected = {"score": None, "value": "no relevant ids", "reasoning": "No id is known to be relevant."}
    assert evaluator.evaluate_strings(prediction=["a"], reference=relevant) == evaluator.invoke(fields) == expected
    with pytest.raises(NotApplicable) as caught:
        evaluator.score(fields)
    assert caught.value.state == "no relevant ids"
    with pytest.raises(NotApplicable):
        await evaluator.ascore(fields)


def test_a_document_stands_for_its_id() -> None:
    kept = uuid.UUID(int=7)
    documents = [
        Document(page_content="one", id="a", metadata={"id": "z"}),
        Document(page_content="two", metadata={"id": 2}),
        {"page_content": "three", "id": None, "metadata": {"id": "c"}, "type": "Document"},
        {"id": 0, "metadata": {"id": "z"}},
        kept,
    ]
    relevant = ["a", 2, "c", Document(page_content="four", id="0"), str(kept)]
    result = PrecisionAtK().evaluate_strings(prediction=documents, reference=relevant)
    told = f"5 of 5 retrieved are relevant: a (rank 1), 2 (rank 2), c (rank 3), 0 (rank 4), {kept} (rank 5)"
    assert result == {"score": 1.0, "reasoning": told}


@pytest.mark.parametrize("write", [dumpd, Document.model_dump, Document.to_json])
def test_a_document_written_as_json_stands_for_its_id(write: Any) -> None:
    documents = [Document(page_content="one", id="a"), Document(page_content="two", metadata={"id": "b"})]
    row = {"retrieved_ids": json.dumps([write(document) for document in documents]), "relevant_ids": ["b"]}
    assert PrecisionAtK().invoke(row)["reasoning"] == "1 of 2 retrieved is relevant: b (rank 2)"


def test_arrays_and_messages_are_read() -> None:
    numpy = pytest.importorskip("numpy")
    fields = {"prediction": numpy.array([3, 1]), "reference": {numpy.int64(1): numpy.float64(2), "7": numpy.int64(1)}}
    assert NDCG().evaluate_strings(**fields)["score"] == pytest.approx(2 * D2 / (2 + D2), abs=1e-9)
    said = AIMessage('```json\n["a", "b"]\n```')
    assert PrecisionAtK().evaluate_strings(prediction=said, reference=["a"])["score"] == 0.5


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            "a, b, c",
            r"retrieved_ids must be a list of ids in rank order, or JSON of one; got the text 'a, b, c', no JSON",
        ),
        ('["a", NaN]', "retrieved_ids must be .* no JSON: NaN is not a JSON number"),
        ("", "got the text '', no JSON"),
        ('"a"', "retrieved_ids must be a list of ids .*; got str: 'a'"),
        ("3", "got int: 3"),
        ('{"a": 1}', "got dict: "),
        ({"a", "b"}, "got set: "),
        (b"[]", "got bytes: "),
        (4.0, "got float: 4.0"),
        (["a", None], r"retrieved_ids\[1\] must be an id: text, a whole number or a document with one; got None"),
        (["a", math.nan], r"retrieved_ids\[1\] must be an id.*; got nan"),
        ('["a", null]', r"retrieved_ids\[1\] must be an id.*; got None"),
        ([True], r"retrieved_ids\[0\] must be an id.*; got True"),
        ([""], r"retrieved_ids\[0\] must be an id.*; got ''"),
        ([1.0], r"retrieved_ids\[0\] must be an id.*; got 1\.0"),
        ([["a"]], r"retrieved_ids\[0\] must be an id.*; got \['a'\]"),
        (
            [Document(page_content="text")],
            r"retrieved_ids\[0\] has neither an id nor an id in its metadata; got Document",
        ),
        ([{"name": "a"}], r"retrieved_ids\[0\] has neither an id nor an id in its metadata"),
        ([{"id": True}], r"retrieved_ids\[0\] must be an id"),
        ([{"lc": 1, "kwargs": "a"}], r"retrieved_ids\[0\] has neither an id nor an id in its metadata"),
    ],
)
def test_what_is_no_ranking_is_refused(kind: Any, wrong: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        kind().evaluate_strings(prediction=wrong, reference=["a"])
    with pytest.raises(ConfigError, match=told):
        kind().invoke({"retrieved_ids": wrong, "relevant_ids": []})


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            "a",
            "relevant_ids must be a list or a set of ids, a mapping of ids to gains, or JSON of one; got the text 'a'",
        ),
        ('"a"', "relevant_ids must be a list or a set .*; got str: 'a'"),
        (7, "got int: 7"),
        (True, "got bool: True"),
        (math.nan, "got float: nan"),
        (["a", None], r"relevant_ids\[1\] must be an id"),
        ({True}, r"relevant_ids\[0\] must be an id"),
        ({None: 1}, "an id of relevant_ids must be an id.*; got None"),
        ({"a": math.nan}, "The gain of 'a' must be a finite number of 0 or more; got nan"),
        ({"a": -1}, "The gain of 'a' must be .*; got -1"),
        ('{"a": -0.5}', "got -0.5"),
        ({"a": math.inf}, "got inf"),
        ({"a": 10**400}, "The gain of 'a' must be"),
        ({"a": "2"}, "got '2'"),
        ({"a": None}, "got None"),
        ({"a": 1, "b": -1}, "The gain of 'b'"),
        ({1: 2, "1": 3}, "relevant_ids has two gains for the id '1'"),
    ],
)
def test_what_names_no_relevant_ids_is_refused(kind: Any, wrong: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        kind().evaluate_strings(prediction=["a"], reference=wrong)


def test_a_long_wrong_value_is_shown_in_short() -> None:
    for wrong in ("x" * 10_000, {"x" * 10_000}, [["x" * 10_000]]):
        with pytest.raises(ConfigError) as caught:
            HitRate().evaluate_strings(prediction=wrong, reference=["a"])
        assert len(str(caught.value)) < 300


def test_what_is_missing_is_told() -> None:
    with pytest.raises(ConfigError, match="requires a reference"):
        RecallAtK().evaluate_strings(prediction=["a"])
    for row in ({"prediction": ["a"]}, {"retrieved_ids": ["a"]}, Sample(prediction='["a"]')):
        with pytest.raises(ConfigError, match="RecallAtK requires relevant_ids; got retrieved_ids"):
            RecallAtK().invoke(row)
    with pytest.raises(ConfigError, match="RecallAtK requires relevant_ids, retrieved_ids; got question"):
        RecallAtK().invoke({"question": "?"})
    with pytest.raises(ConfigError, match="RecallAtK is invoked with a mapping of relevant_ids, retrieved_ids; got"):
        RecallAtK().invoke(["a"])
    with pytest.raises(ConfigError, match=r"takes no 'top_k'; it takes .*, k,"):
        RecallAtK(top_k=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@given(
    retrieved=st.lists(st.integers(0, 9) | st.sampled_from("0123456789"), max_size=8),
    gains=st.dictionaries(st.sampled_from("0123456789"), st.floats(0, 1e300), min_size=1),
    k=st.none() | st.integers(1, 9),
)
def test_values_in_python_and_in_json_have_the_same_score(
    retrieved: list[Any], gains: dict[str, float], k: int | None
) -> None:
    for kind in ALL:
        evaluator = kind(k=k)
        result = evaluator.evaluate_strings(prediction=retrieved, reference=gains)
        texts = {"prediction": json.dumps(retrieved), "reference": json.dumps(gains)}
        assert evaluator.evaluate_strings(**texts) == result
        assert result["score"] is None if not any(gains.values()) else 0 <= result["score"] <= 1


async def test_it_is_a_runnable_that_batches() -> None:
    rows: list[Any] = [
        {"retrieved_ids": ["a", "x"], "relevant_ids": ["a"]},
        {"prediction": ["x"], "reference": ["a"]},
    ]
    evaluator = ReciprocalRank()
    assert [result["score"] for result in evaluator.batch(rows)] == [1.0, 0.0]
    assert await evaluator.abatch(rows) == evaluator.batch(rows)
    assert (evaluator | (lambda result: result["score"])).invoke(rows[0]) == 1.0


def experiment_run(**outputs: Any) -> Run:
    return Run(
        id=uuid.uuid4(), name="t", start_time="2026-01-01T00:00:00Z", run_type="chain", trace_id=uuid.uuid4(),
        inputs={"q": "?"}, outputs=outputs,
    )  # fmt: skip


def experiment_example(**outputs: Any) -> Example:
    return Example(id=uuid.uuid4(), inputs={"q": "?"}, outputs=outputs, dataset_id=uuid.uuid4())


async def test_it_scores_the_rows_of_an_experiment() -> None:
    run, example = experiment_run(ids=["x", "a"], seconds=2), experiment_example(gold={"a": 2})
    evaluator = PrecisionAtK(k=2, prediction_key="ids")
    for result in (evaluator.evaluate_run(run, example), await evaluator.aevaluate_run(run, example)):
        assert (result.key, result.score) == ("precision@2", 0.5)
        assert result.comment == "1 of the first 2 is relevant: a (rank 2)"
        assert result.evaluator_info == {"signature": evaluator.signature}
    result = evaluator.evaluate_run(run, experiment_example(gold=[]))
    assert (result.score, result.value, result.comment) == (None, "no relevant ids", "No id is known to be relevant.")


@pytest.mark.parametrize(
    ("outputs", "options"),
    [
        ({"retrieved_ids": ["x", "a"], "documents": ["text"], "answer": "It is a."}, {}),
        ({"answer": "It is a.", "context": [Document("x", id="x"), Document("a", id="a")]}, {}),
        ({"answer": "It is a.", "retrieved_ids": None, "documents": [{"id": "x"}, {"id": "a"}]}, {}),
        ({"output": ["x", "a"]}, {}),
        ({"output": [Document("x", id="x"), Document("a", id="a")]}, {}),
        ({"content": '["x", "a"]', "type": "ai"}, {}),
        ({"output": {"content": '["x", "a"]', "type": "ai"}}, {}),
        ({"retrieved_ids": ["z"], "found": {"ids": ["x", "a"]}}, {"prediction_key": "found.ids"}),
        (
            {"found": [Document("x", id="x"), Document("a", id="a")], "n": 2},
            {"prediction_key": lambda out: out["found"]},
        ),
        (
            {"n": 2},
            {
                "prepare_data": lambda run, example: {
                    "prediction": ["x", "a"],
                    "reference": example.outputs["relevant_ids"],
                }
            },
        ),
    ],
)
@pytest.mark.parametrize("known", [{"relevant_ids": ["a"]}, {"answer": "It is a.", "relevant_ids": ["a"]}])
def test_where_an_experiment_keeps_ids(outputs: Any, options: Any, known: Any) -> None:
    result = ReciprocalRank(**options).evaluate_run(experiment_run(**outputs), experiment_example(**known))
    assert (result.score, result.comment) == (0.5, "1 of 2 retrieved is relevant: a (rank 2)")


@pytest.mark.parametrize(
    ("outputs", "known", "told"),
    [
        ({}, {"relevant_ids": []}, "There is no prediction to score: the run's outputs are empty"),
        ({"output": None}, {"relevant_ids": []}, "There is no prediction to score: the run's outputs hold None"),
        (
            {"answer": "a", "seconds": 2},
            {"relevant_ids": []},
            "answer, seconds: name the one to use as prediction_key=",
        ),
        ({"output": ["a"]}, {}, "There is no reference to score: the example's reference outputs are empty"),
        ({"output": ["a"]}, {"one": [], "two": []}, "one, two: name the one to use as reference_key="),
    ],
)
def test_where_an_experiment_keeps_no_ids(outputs: Any, known: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        HitRate().evaluate_run(experiment_run(**outputs), experiment_example(**known))
    with pytest.raises(ConfigError, match="reference_key='gold': the example's reference outputs have no 'gold' there"):
        HitRate(reference_key="gold").evaluate_run(experiment_run(output=["a"]), experiment_example(relevant_ids=["a"]))
    for key in (None, "gold", lambda outputs: outputs["gold"]):
        with pytest.raises(ConfigError, match="the example's reference outputs are empty"):
            HitRate(reference_key=key).evaluate_run(experiment_run(output=["a"]))
    with pytest.raises(ConfigError, match="There is no prediction to score: the run's outputs hold None for it"):
        HitRate(prediction_key="ids").evaluate_run(experiment_run(ids=None), experiment_example(relevant_ids=["a"]))


def test_it_scores_a_file(tmp_path: Path) -> None:
    rows = [
        {"retrieved_ids": ["a", "x", "c"], "relevant_ids": ["a", "c"]},
        {"retrieved_ids": [1, 2], "relevant_ids": {"2": 3, "5": 1}},
        {"retrieved_ids": '["x"]', "relevant_ids": '["a"]'},
        {"retrieved_ids": ["x"], "relevant_ids": []},
        {"retrieved_ids": "doc-1 doc-2", "relevant_ids": ["doc-1"]},
        {"retrieved_ids": ["x"], "relevant_ids": None},
    ]
    path = tmp_path / "retrieved.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    evaluators = [PrecisionAtK(k=2), ReciprocalRank(), NDCG()]
    run = score_dataset(path, evaluators, run=tmp_path / "run.db")
    assert run.scores("precision@2") == [0.5, 0.5, 0.0]
    assert run.scores("reciprocal_rank") == [1.0, 0.5, 0.0]
    expected = [(1 + D3) / (1 + D2), 3 * D2 / (3 + D2), 0.0]
    assert run.scores("ndcg") == [pytest.approx(number, abs=1e-9) for number in expected]
    outcomes = [result.outcome for result in run.results("ndcg")]
    assert [type(outcome) for outcome in outcomes] == [Score] * 3 + [Failure] * 3
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Failure)]
    assert [type(error) for error in errors] == [NotApplicable, ConfigError, ConfigError]
    assert isinstance(errors[0], NotApplicable)
    assert errors[0].state == "no relevant ids"


def test_a_retriever_can_be_the_target_of_a_run(tmp_path: Path) -> None:
    def retrieve(row: dict[str, Any]) -> list[Document]:
        return [Document(page_content=word, metadata={"id": word.lower()}) for word in row["question"].split()]

    rows = [{"question": "The Nile", "relevant_ids": ["nile"]}, {"question": "Rome", "relevant_ids": ["tiber"]}]
    columns = {"retrieved_ids": "prediction"}
    run = score_dataset(rows, ReciprocalRank(), target=retrieve, columns=columns, run=tmp_path / "run.db")
    assert run.scores() == [0.5, 0.0]


ASKED = [
    {"question": "Nile?", "reference": "Cairo", "relevant": ["nile", "delta"]},
    {"question": "Tiber?", "reference": "Rome", "relevant": ["tiber"]},
]
BESIDE = {"retrieved_ids": "contexts", "relevant_ids": "relevant"}


def answer(row: dict[str, Any]) -> dict[str, Any]:
    """Answer in the shape of a retrieval chain, of a row that tells no answer."""
    assert row.keys() == {"question"}
    return {"answer": "Cairo", "context": [Document(page_content="Of Cairo.", id="nile"), Document("?", id="x")]}


def test_one_run_judges_the_answer_and_what_was_retrieved(tmp_path: Path) -> None:
    evaluators = [load_evaluator("exact_match"), RecallAtK(k=3)]
    path = tmp_path / "run.db"
    run = score_dataset(ASKED, evaluators, target=answer, columns=BESIDE, run=path)
    assert (run.scores("exact_match"), run.scores("recall@3")) == ([1.0, 0.0], [0.5, 0.0])
    # The documents as the run file holds them.
    also = score_dataset(ASKED, [HitRate()], target=refuse, columns=BESIDE, run=path, resume=True)
    assert also.scores("hit_rate") == [1.0, 0.0]


def refuse(row: dict[str, Any]) -> Any:
    raise AssertionError(f"asked again for {row}")


refuse.__name__ = answer.__name__  # a run goes on with the same application


def test_ids_inside_of_what_a_target_returns(tmp_path: Path) -> None:
    def find(row: dict[str, Any]) -> dict[str, Any]:
        return {"text": row["question"].rstrip("?"), "found": {"documents": [Document("...", id="nile")]}}

    columns = {
        "prediction": "prediction.text",
        "retrieved_ids": "prediction.found.documents",
        "relevant_ids": "relevant",
    }
    evaluators = [load_evaluator("exact_match"), RecallAtK()]
    run = score_dataset(ASKED, evaluators, target=find, columns=columns, run=tmp_path / "run.db")
    assert (run.scores("exact_match"), run.scores("recall")) == ([0.0, 0.0], [0.5, 0.0])
    estimates = estimate(Request(data=ASKED, evaluators=evaluators, target=find, columns=columns))
    assert [(one.name, one.rows, one.sampled, one.calls) for one in estimates] == [
        ("exact_match", 2, 2, 0),
        ("recall", 2, 2, 0),
    ]


def test_what_no_target_makes_must_be_there_before_a_run_begins(tmp_path: Path) -> None:
    (told,) = estimate(Request(data=ASKED, evaluators=[RecallAtK()], target=answer, columns=BESIDE))
    assert (told.rows, told.sampled, told.calls) == (2, 2, 0)
    given: dict[str, Any] = {"target": refuse, "run": tmp_path / "run.db"}
    with pytest.raises(ConfigError, match=r"no column 'relevant_ids', 'retrieved_ids'\. Present: question"):
        score_dataset(ASKED, RecallAtK(), **given)
    with pytest.raises(ConfigError, match="no column 'gold'"):
        score_dataset(ASKED, RecallAtK(), columns={**BESIDE, "relevant_ids": "gold"}, **given)
    with pytest.raises(ConfigError, match="no column 'contexts'"):
        score_dataset(ASKED, RecallAtK(), columns=BESIDE, run=tmp_path / "run.db")
    with pytest.raises(ConfigError, match="A function for relevant_ids does not say which columns a target must not"):
        score_dataset(ASKED, RecallAtK(), columns={**BESIDE, "relevant_ids": lambda row: row["relevant"]}, **given)


def test_it_loads_no_model_package_and_no_numpy() -> None:
    code = (
        "import sys; from lc_scoring.evaluators.retrieval import NDCG;"
        "NDCG(k=3).evaluate_strings(prediction=['a'], reference=['a']);"
        "print([m for m in ('numpy', 'lc_scoring.models', 'langchain', 'langchain_openai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
