"""Evaluators hold a real engine to the form of their replies: a random model that knows nothing gives legal ratings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_openai import ChatOpenAI

from lc_scoring import load_evaluator

for package in ("torch", "transformers", "tokenizers", "llguidance"):
    pytest.importorskip(package)

from live.local_engine import LocalEngine  # noqa: E402 - it imports torch

FIELDS = {"input": "What is 2 + 2?", "prediction": "It is 4.", "reference": "4"}


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine() as engine:
        yield engine


def judge(engine: LocalEngine) -> ChatOpenAI:
    return ChatOpenAI(model="tiny", base_url=engine.url, api_key="test-key", max_tokens=4_000, temperature=1)


@pytest.mark.parametrize("backend", ["vllm", "vllm<0.12", "sglang"])
@pytest.mark.parametrize("name", ["score_string", "labeled_score_string", "qa", "criteria"])
def test_a_reply_in_text_is_legal_and_read(engine: LocalEngine, backend: str, name: str) -> None:
    options: dict[str, Any] = {} if name == "qa" else {"criteria": "depth"}
    evaluator = load_evaluator(name, llm=judge(engine), backend=backend, repair=0, **options)
    result = evaluator.invoke(FIELDS)
    number = isinstance(result["score"], (int, float))
    assert number, result
    if name.endswith("score_string"):
        assert re.fullmatch(evaluator.reply_regex, result["reasoning"])
        assert 1 <= result["score"] <= 10


@pytest.mark.parametrize("backend", ["vllm", "vllm<0.12", "sglang", "llama.cpp"])
def test_a_reply_in_json_is_legal_and_read(engine: LocalEngine, backend: str) -> None:
    evaluator = load_evaluator(
        "score_string", llm=judge(engine), backend=backend, output="json", repair=0, scale=(1, 5), samples=3
    )
    score = evaluator.score(FIELDS)
    assert len(score.parts) == 3
    assert all(part.rating in {1, 2, 3, 4, 5} for part in score.parts)


def test_without_a_constraint_the_same_engine_gives_no_rating(engine: LocalEngine) -> None:
    model = judge(engine).model_copy(update={"max_tokens": 100})
    with pytest.raises(ValueError, match=r"no rating|cut off"):
        load_evaluator("score_string", llm=model, repair=0).invoke(FIELDS)
