"""RAG metrics over datasets and LangSmith rows: states, failures and pieces, kept, resumed and reported."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langsmith import RunTree
from langsmith.schemas import Example

from lc_scoring import ConfigError, Failure, ReplyError, Run, Score, load_evaluator, score_dataset
from lc_scoring.errors import NotApplicable

pytestmark = pytest.mark.usefixtures("no_settings")


class Judge:
    """Finds one claim in a text, none in a greeting; and supports it by the first context."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_broken = False
        self._lock = threading.Lock()

    def __call__(self, messages: Any) -> str:
        with self._lock:
            self.calls += 1
        text = messages[1].text
        if "take apart" in text:
            return "[[NONE]]" if "Hello" in text else "1. The mill opened."
        if "odd" in text and self.is_broken:
            return "1. first [[YES: 7]]"
        if "Which claims does the reference make" in text:
            return "1. The mill opened. || it says so [[YES: 1]]"
        return "1. it says so [[YES: 1]]"


ROWS = [
    {"id": "good", "prediction": "It opened.", "reference": "It opened.", "contexts": ["The mill opened."]},
    {"id": "state", "prediction": "Hello!", "reference": "It opened.", "contexts": ["The mill opened."]},
    {"id": "empty", "prediction": "It opened.", "reference": " ", "contexts": []},
    {"id": "odd", "prediction": "It is odd.", "reference": "odd", "contexts": ["The odd mill."]},
]


def outcomes(run: Run, name: str) -> dict[str, object]:
    said: dict[str, object] = {}
    for result in run.results(name):
        one = result.outcome
        said[result.id] = one.value if isinstance(one, Score) else getattr(one.error, "state", None)
    return said


def test_states_and_failures_are_kept_apart_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    judge, path = Judge(), tmp_path / "a.run.db"
    judge.is_broken = True
    both = [load_evaluator(name, llm=judge) for name in ("faithfulness", "context_recall")]
    run = score_dataset(ROWS, both, run=path)
    assert outcomes(run, "faithfulness") == {"good": 1.0, "state": "no claims", "empty": 0.0, "odd": None}
    assert outcomes(run, "context_recall") == {"good": 1.0, "state": 1.0, "empty": "no reference", "odd": None}
    calls = judge.calls
    again = score_dataset(ROWS, both, run=path, resume=True)
    assert judge.calls == calls
    assert outcomes(again, "faithfulness") == outcomes(run, "faithfulness")


def test_the_pieces_and_states_of_a_score_come_back_from_the_file(tmp_path: Path) -> None:
    judge = Judge()
    evaluator = load_evaluator("rag", llm=judge, metrics=["faithfulness", "context_recall"])
    direct = {str(row["id"]): evaluator.score(row) for row in ROWS[:2]}
    calls = judge.calls
    run = score_dataset(ROWS, evaluator, run=tmp_path / "a.run.db")
    assert judge.calls > calls
    stored = {result.id: result.outcome for result in Run(run.path).results()}
    for key, score in direct.items():
        back = stored[key]
        assert isinstance(back, Score)
        assert [(one.text, one.sources) for one in back.parts[0].parts] == [
            (one.text, one.sources) for one in score.parts[0].parts
        ]
        assert (back.value, back.basis, back.signature) == (score.value, score.basis, score.signature)
    state = stored["state"]
    assert isinstance(state, Score)
    assert [(one.name, getattr(one.error, "state", "")) for one in state.failures] == [("faithfulness", "no claims")]
    assert state.basis == "mean of 1 of 2 metrics"


def test_a_list_that_nobody_can_read_is_that_row_s_failure(tmp_path: Path) -> None:
    judge = Judge()
    judge.is_broken = True
    run = score_dataset(ROWS, load_evaluator("faithfulness", llm=judge), run=tmp_path / "a.run.db")
    (failed,) = (one.outcome for one in run.results() if one.id == "odd")
    assert isinstance(failed, Failure)
    assert isinstance(failed.error, ReplyError)
    assert failed.error.reply == "1. first [[YES: 7]]"
    assert "names context 7; there are 1" in failed.error.reason
    (state,) = (one.outcome for one in run.results() if one.id == "state")
    assert isinstance(state, Failure)
    assert isinstance(state.error, NotApplicable)


def test_a_row_without_contexts_is_that_row_s_failure(tmp_path: Path) -> None:
    judge = Judge()
    rows = [ROWS[0], {"id": "bare", "prediction": "It opened.", "contexts": None}]
    run = score_dataset(rows, load_evaluator("faithfulness", llm=judge), run=tmp_path / "a.run.db")
    (bare,) = (one.outcome for one in run.results() if one.id == "bare")
    assert isinstance(bare, Failure)
    assert isinstance(bare.error, ConfigError)
    assert "contexts" in str(bare.error)


# LangSmith rows.

NOW = datetime.now(UTC)


def row(outputs: dict[str, Any], **reference: Any) -> tuple[RunTree, Example]:
    run = RunTree(name="app", run_type="chain", inputs={"question": "When?"}, outputs=outputs)
    example = Example(
        id=uuid.uuid4(),
        dataset_id=uuid.uuid4(),
        inputs={"question": "When?"},
        outputs={"answer": "It opened.", **reference},
        created_at=NOW,
    )
    return run, example


@pytest.mark.parametrize(
    "outputs",
    [
        {"answer": "It opened.", "contexts": ["The mill opened."]},
        {"answer": "It opened.", "context": [Document(page_content="The mill opened.")]},
        {"answer": "It opened.", "documents": [{"page_content": "The mill opened."}]},
        {"input": "When?", "context": [Document(page_content="The mill opened.")], "answer": "It opened."},
        {"query": "When?", "result": "It opened.", "source_documents": [Document(page_content="The mill opened.")]},
    ],
)
def test_a_langsmith_row_s_contexts_are_found(outputs: dict[str, Any], server: Any) -> None:
    del server  # nothing is sent elsewhere
    run, example = row(outputs)
    for name in ("faithfulness", "context_recall"):
        result: Any = load_evaluator(name, llm=Judge()).evaluate_run(run, example)
        assert (result.key, result.score) == (name, 1.0)


def test_the_metrics_of_a_langsmith_row_are_reported_under_their_names(server: Any) -> None:
    del server
    run, example = row({"answer": "Hello!", "contexts": ["The mill opened."]})
    evaluator = load_evaluator("rag", llm=Judge(), metrics=["faithfulness", "context_recall"])
    report: Any = evaluator.evaluate_run(run, example)
    found = {one.key: one for one in report["results"]}
    assert list(found) == ["rag", "context_recall", "faithfulness"]
    assert (found["rag"].score, found["context_recall"].score, found["faithfulness"].score) == (1.0, 1.0, None)
    assert (found["faithfulness"].value, found["faithfulness"].extra) == ("no claims", None)
    assert "no claim" in found["faithfulness"].comment


def test_a_state_of_a_langsmith_row_has_no_score(server: Any) -> None:
    del server
    run, example = row({"answer": "Hello!", "contexts": ["The mill opened."]})
    result: Any = load_evaluator("faithfulness", llm=Judge()).evaluate_run(run, example)
    assert (result.score, result.value) == (None, "no claims")


def test_a_langsmith_row_without_contexts_says_what_is_missing(server: Any) -> None:
    del server
    judge = Judge()
    run, example = row({"answer": "It opened."})
    for name in ("faithfulness", "context_recall", "rag"):
        with pytest.raises(ConfigError, match="contexts"):
            load_evaluator(name, llm=judge).evaluate_run(run, example)
    assert judge.calls == 0
