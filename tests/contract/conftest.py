"""A LangSmith workspace and a judge on 127.0.0.1, for every test that sends something there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import langchain_core.tracers.langchain as langchain_tracer
import pytest
from langsmith import Client, run_trees
from langsmith.utils import get_env_var
from loopback.langsmith_api import LangSmithServer
from loopback.openai_api import OpenAIServer
from loopback.ways import GOOD


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangSmithServer]:
    """A workspace, with an SDK that knows nothing of other tests nor of this machine's own settings."""
    for name in list(os.environ):
        if name.startswith(("LANGSMITH_", "LANGCHAIN_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(run_trees, "_CLIENT", None)
    monkeypatch.setattr(langchain_tracer, "_CLIENT", None, raising=False)
    get_env_var.cache_clear()
    with LangSmithServer() as running:
        yield running
        if run_trees._CLIENT is not None:
            run_trees._CLIENT.close(timeout=10.0)
        assert running.unhandled == []
    get_env_var.cache_clear()


@pytest.fixture
def client(server: LangSmithServer) -> Client:
    return server.client()


@pytest.fixture
def tracing(server: LangSmithServer, monkeypatch: pytest.MonkeyPatch) -> LangSmithServer:
    """The workspace, with tracing switched on for the whole process."""
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    get_env_var.cache_clear()
    return server


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what a developer's own environment says unheard."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LC_SCORING_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def _judge_running() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def judge_server(_judge_running: OpenAIServer) -> OpenAIServer:
    """The module's one server of a judge, as new."""
    running = _judge_running
    running.reply, running._alternatives, running._structured, running.max_in_flight = GOOD, {}, None, 0
    running.requests.clear()
    running._script.clear()
    return running
