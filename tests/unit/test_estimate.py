"""The estimate: what a run would ask and cost, and nothing is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from lc_scoring import ConfigError, Score, load_evaluator, score_dataset
from lc_scoring.models.prices import cost_of
from lc_scoring.runs.estimate import REPLY_TOKENS, SAMPLE, Estimate, estimate
from lc_scoring.runs.request import Request

ROWS = [{"prediction": "a" * 400, "input": "What?"} for _ in range(250)]


def refuse(_prompt: object) -> str:
    raise AssertionError("a model was called")


def judge(llm: Any = None, **options: Any) -> Any:
    return load_evaluator("score_string", llm=llm or RunnableLambda(refuse), **{"criteria": "helpfulness", **options})


def priced() -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o-mini", api_key="test-key", base_url="http://127.0.0.1:9/v1")


def told(data: Any, evaluators: Any, **options: Any) -> Estimate:
    (one,) = estimate(Request(data=data, evaluators=evaluators, **options))
    return one


def test_rows_calls_tokens_and_cost() -> None:
    found = told(ROWS, judge(priced()))
    assert (found.name, found.rows, found.sampled, found.calls) == ("score_string:helpfulness", 250, SAMPLE, 1)
    assert (found.usage.calls, found.usage.output_tokens) == (250, 250 * REPLY_TOKENS)
    assert found.usage.input_tokens == 250 * (sum(len(part) for part in _texts(found.prompt)) // 4)
    assert found.usage.cost == pytest.approx(
        cost_of("gpt-4o-mini", input_tokens=found.usage.input_tokens, output_tokens=found.usage.output_tokens)
    )
    assert "a" * 400 in found.prompt
    assert found.prompt.startswith("[system]\n")


def _texts(prompt: str) -> list[str]:
    """Return the texts of a prompt as it is shown: its messages, without their roles."""
    system, _, user = prompt.partition("\n\n[user]\n")
    return [system.removeprefix("[system]\n"), user]


def test_a_limit_is_a_limit() -> None:
    found = told(ROWS, judge(), limit=10)
    assert (found.rows, found.sampled, found.usage.calls, found.usage.cost) == (10, 10, 10, None)
    assert told(ROWS[:5], judge(), limit=10).rows == 5


def test_where_nobody_knows_how_many_rows_there_are_the_sample_is_told() -> None:
    found = told(iter(ROWS), judge())
    assert (found.rows, found.sampled, found.usage.calls) == (None, SAMPLE, SAMPLE)
    assert told(iter(ROWS), judge(), limit=7).usage.calls == 7


def test_samples_and_juries_ask_more() -> None:
    assert told(ROWS, judge(samples=5)).calls == 5
    found = told(ROWS, judge([priced(), priced(), RunnableLambda(refuse)]))
    assert (found.calls, found.usage.calls, found.usage.cost) == (3, 750, None)


def test_rows_that_cannot_be_asked_about_are_left_out() -> None:
    found = told(["no row", {"other": 1}, *ROWS[:2]], judge())
    assert (found.sampled, found.calls) == (2, 1)
    with pytest.raises(ConfigError, match=r"None of the first 2 rows can be asked about: see --column"):
        told(["no row", {"other": 1}], judge())


def test_a_target_s_predictions_are_not_known_yet() -> None:
    found = told([{"input": "What?"}], judge(), target=refuse)
    assert (found.calls, "..." in found.prompt) == (1, True)


def test_evaluators_that_ask_nobody() -> None:
    class Plain:
        input_keys, evaluation_name, signature = ("prediction",), "plain", "plain|1"

        async def ascore(self, _fields: object) -> Score:
            raise AssertionError

    assert (told(ROWS, Plain()).calls, told(ROWS, Plain()).prompt) == (0, "")
    exact = told([{"prediction": "a", "reference": "b"}], "exact_match")
    assert (exact.usage.calls, exact.prompt) == (0, "")


def test_embeddings_are_calls_too() -> None:
    evaluator = load_evaluator("embedding_distance", embeddings=DeterministicFakeEmbedding(size=3))
    assert told([{"prediction": "a", "reference": "b"}], evaluator).calls >= 1


def test_several_evaluators_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("prediction,input,reference\na,b,c\nd,e,f\n")
    found = estimate(Request(data=file, evaluators=[judge(), "exact_match"]))
    assert [(one.name, one.rows, one.usage.calls) for one in found] == [
        *(("score_string:helpfulness", 2, 2), ("exact_match", 2, 0)),
    ]


def test_an_async_source_cannot_be_told_without_using_it_up() -> None:
    async def stream() -> AsyncIterator[dict[str, str]]:
        yield {"prediction": "a"}

    with pytest.raises(ConfigError, match="cannot be told without using it up"):
        told(stream(), judge())


def test_rows_that_cannot_be_asked_about_cost_nothing() -> None:
    data = [row for one in ROWS[:4] for row in (one, {"other": 1})]
    assert told(data, judge()).usage.calls == 4


def test_messages_of_a_pairwise_judge_are_shown() -> None:
    evaluator = load_evaluator("pairwise_string", llm=RunnableLambda(refuse))
    found = told([{"prediction": "first text", "prediction_b": "second text", "input": "What?"}], evaluator)
    assert "first text" in found.prompt
    assert "second text" in found.prompt
    assert found.calls >= 1


def test_what_a_run_has_already_is_not_asked_again(tmp_path: Path) -> None:
    data = [{"id": str(n), "prediction": "broken" if n == 1 else "fine", "input": "What?"} for n in range(6)]

    def say(prompt: object) -> str:
        if "broken" in str(prompt):
            raise RuntimeError("busy")
        return "So. Rating: [[7]]"

    evaluator, run = judge(RunnableLambda(say)), tmp_path / "a.run.db"
    assert told(data, evaluator, run=run).rows == 6
    score_dataset(data, evaluator, run=run, limit=4)
    assert told(data, evaluator, run=run, resume=True).rows == 2
    assert told(data, evaluator, run=run, retry_failures=True).rows == 1
    assert told(data, evaluator, run=run, retry_failures=True, resume=True).rows == 3
    assert told(data, judge(criteria="depth"), run=run, resume=True).rows == 6
    assert told(iter(data), evaluator, run=run, resume=True).rows is None
    with pytest.raises(ConfigError, match="holds a run already"):
        told(data, evaluator, run=run)
