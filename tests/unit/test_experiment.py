"""Where a LangSmith row keeps the texts of a sample."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langsmith.schemas import Example, Run

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.experiment import row_fields

NOW = datetime.now(UTC)


def row(outputs: Any, **keys: Any) -> dict[str, Any]:
    run = Run(
        id=uuid.uuid4(),
        name="app",
        start_time=NOW,
        run_type="chain",
        inputs={"asked": "of the run"},
        outputs=outputs,
        trace_id=uuid.uuid4(),
    )
    evaluator = SimpleNamespace(requires_input=True, requires_reference=False, **keys)
    example = Example(id=uuid.uuid4(), dataset_id=uuid.uuid4(), inputs={"question": "?"}, created_at=NOW)
    return dict(row_fields(evaluator, run, example))


@pytest.mark.parametrize(
    ("outputs", "key", "text"),
    [
        ({"answer": "Paris"}, None, "Paris"),
        ({"answer": 5, "other": 1}, "answer", "5"),
        ({"a.b": "dotted name", "a": {"b": "path"}}, "a.b", "dotted name"),
        ({"a": {"b": ["x", {"c": "deep"}]}}, "a.b.-1.c", "deep"),
        ({"messages": [AIMessage("of a message")]}, "messages.-1.content", "of a message"),
        ({"messages": [AIMessage("alone")]}, None, "alone"),
        ({"messages": [{"role": "user", "content": "alone too"}]}, None, "alone too"),
        ({"messages": [AIMessage("of a message")]}, "messages.0", "of a message"),
        ({"content": "of a mapping", "type": "ai", "id": None}, None, "of a mapping"),
        ({"m": {"content": [{"type": "text", "text": "in "}, "blocks"], "role": "ai"}}, "m", "in blocks"),
        ({"rows": [1, 2]}, None, "[1, 2]"),
        ({"x": 1, "y": 2}, lambda outputs: outputs["x"] + outputs["y"], "3"),
    ],
)
def test_a_prediction_is_found(outputs: Any, key: Any, text: str) -> None:
    assert row(outputs, prediction_key=key) == {"prediction": text, "input": "?"}


@pytest.mark.parametrize(
    ("outputs", "key", "said"),
    [
        (None, None, "the run's outputs are empty"),
        ({}, None, "the run's outputs are empty"),
        ({"a": 1, "b": 2}, None, "several values, a, b: name the one to use as prediction_key="),
        ({"a": None}, None, "no prediction to score: the run's outputs hold None"),
        ({"a": float("nan")}, "a", "hold nan"),
        ({"a": 1}, lambda outputs: outputs.get("b"), "hold None"),
        ({"a": {"b": 1}}, "a.c", "no 'c' there, only b"),
        ({"a": [1]}, "a.5", "no '5' there, only list"),
    ],
)
def test_what_is_not_there_is_no_text(outputs: Any, key: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        row(outputs, prediction_key=key)
