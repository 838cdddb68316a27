"""The ways an evaluator is called, sync and async, and the judge it asks, for tests that hold for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from langchain_openai import ChatOpenAI

from loopback.openai_api import OpenAIServer

GOOD = "Clear and right. Rating: [[8]]"
FIELDS = {"prediction": "It is Paris.", "input": "What is the capital of France?", "reference": "Paris"}


class Way(NamedTuple):
    """How an evaluator is called."""

    score: Callable[..., Awaitable[Any]]
    result: Callable[..., Awaitable[Any]]


async def _score(evaluator: Any, fields: Any = FIELDS) -> Any:
    return evaluator.score(fields)


async def _ascore(evaluator: Any, fields: Any = FIELDS) -> Any:
    return await evaluator.ascore(fields)


async def _result(evaluator: Any, fields: Any = FIELDS, config: Any = None) -> Any:
    return evaluator.invoke(fields, config)


async def _aresult(evaluator: Any, fields: Any = FIELDS, config: Any = None) -> Any:
    return await evaluator.ainvoke(fields, config)


SYNC, ASYNC = Way(_score, _result), Way(_ascore, _aresult)


def both_ways(test: Any) -> Any:
    """Run a test sync and async, in one event loop: langchain_openai keeps its clients, and they keep their loop."""
    ways = pytest.mark.parametrize("way", [SYNC, ASYNC], ids=["sync", "async"])
    return pytest.mark.asyncio(loop_scope="module")(ways(test))


def chat(server: OpenAIServer, model: str = "judge", **options: Any) -> ChatOpenAI:
    """Make a judge that is asked over the wire."""
    return ChatOpenAI(**{"model": model, "base_url": server.url, "api_key": "test-key", "max_retries": 0, **options})
