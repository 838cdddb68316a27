"""Transport: the run's own copies of models, with the real OpenAI client on one end and a server on the other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langchain_openai import AzureChatOpenAI, ChatOpenAI, OpenAIEmbeddings
from loopback.openai_api import OpenAIServer
from loopback.ways import GOOD, chat

from lc_scoring import Run, ascore_dataset, load_evaluator, score_dataset
from lc_scoring.models.judge import base_model
from lc_scoring.models.transport import Transport

pytestmark = pytest.mark.usefixtures("no_settings")

ROWS = [{"id": str(n), "prediction": f"answer {n}", "input": "What?"} for n in range(3)]


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    return judge_server


def judge(model: Any) -> Any:
    return load_evaluator("score_string", llm=model, criteria="helpfulness")


async def scored(model: Any, path: Path, **options: Any) -> Run:
    return await ascore_dataset(ROWS, judge(model), run=path / "a.run.db", **options)


@pytest.mark.parametrize("outcome", [500, 503, 408, 409, "cut"], ids=str)
async def test_the_client_s_own_retries_are_off(server: OpenAIServer, tmp_path: Path, outcome: Any) -> None:
    server.script([outcome])
    run = await scored(chat(server, max_retries=5), tmp_path, max_retries=0, limit=1)
    assert (len(server.requests), run.summary()[0].failures) == (1, {"ModelError": 1})


async def test_a_retry_after_is_not_slept_in_a_worker_s_slot(server: OpenAIServer, tmp_path: Path) -> None:
    server.script([{"status": 500, "headers": {"Retry-After": "60"}}])
    run = await asyncio.wait_for(scored(chat(server, max_retries=2), tmp_path, max_retries=0, limit=1), 20)
    assert run.summary()[0].failures == {"ModelError": 1}


async def test_the_user_s_model_is_left_as_it_was(server: OpenAIServer, tmp_path: Path) -> None:
    model = chat(server, max_retries=5)
    before = dict(vars(model))
    run = await scored(model, tmp_path)
    assert run.scores() == [8, 8, 8]
    assert vars(model) == before
    assert model.max_retries == 5
    assert model.root_async_client.max_retries == 5
    assert (await model.ainvoke("Rate this.")).text == GOOD


async def test_a_client_that_was_given_is_kept_and_not_closed(server: OpenAIServer, tmp_path: Path) -> None:
    sent: list[str] = []

    async def note(request: Any) -> None:
        sent.append(str(request.url))

    http = openai.DefaultAsyncHttpxClient(event_hooks={"request": [note]})
    run = await scored(chat(server, http_async_client=http), tmp_path, max_retries=0)
    assert (len(sent), run.scores()) == (3, [8, 8, 8])
    assert not http.is_closed
    await http.aclose()


async def test_what_is_bound_is_sent(server: OpenAIServer, tmp_path: Path) -> None:
    bound = chat(server, max_retries=5).bind(temperature=0.5, user="me").with_config(tags=["judge"])
    server.script([500])
    run = await scored(bound, tmp_path, max_retries=0)
    assert run.summary()[0].failed == 1
    assert len(server.requests) == 3
    assert {(call.body["temperature"], call.body["user"]) for call in server.requests} == {(0.5, "me")}
    assert base_model(bound).max_retries == 5


async def test_the_responses_endpoint_is_asked_by_the_copy_too(server: OpenAIServer, tmp_path: Path) -> None:
    server.script([500])
    run = await scored(chat(server, use_responses_api=True, max_retries=5), tmp_path, max_retries=0)
    assert {call.path for call in server.requests} == {"/v1/responses"}
    assert (len(server.requests), run.summary()[0].failed) == (3, 1)


@pytest.mark.parametrize("kind", ["chain", "fallbacks"])
async def test_a_model_within_another_runnable_has_no_retries_of_its_own(
    server: OpenAIServer, tmp_path: Path, kind: str
) -> None:
    async with openai.DefaultAsyncHttpxClient() as http:  # langchain_openai's own may be another loop's
        model = chat(server, "first", max_retries=1, http_async_client=http)
        other = chat(server, "second", http_async_client=http)
        server.script([500])
        whole = model | StrOutputParser() if kind == "chain" else model.with_fallbacks([other])
        await scored(whole, tmp_path, max_retries=0, limit=1)
    assert [call.body["model"] for call in server.requests] == ["first", "second"][: 1 + (kind == "fallbacks")]


CHAINED = """
import sys
from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI
from lc_scoring import load_evaluator, score_dataset
model = ChatOpenAI(model="judge", base_url=sys.argv[1], api_key="test-key")
rows = [{"id": str(n), "prediction": str(n), "input": "What?"} for n in range(4)]
evaluator = load_evaluator("score_string", llm=model | StrOutputParser(), criteria="helpfulness")
for name in ("one", "two"):
    run = score_dataset(rows, evaluator, run=f"{sys.argv[2]}/{name}.run.db", max_retries=0)
    assert run.scores() == [8] * 4, run.summary()[0].examples
"""


def test_a_chain_works_twice_in_a_row(server: OpenAIServer, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHAINED, server.url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")


def test_it_works_twice_in_a_row_in_loops_of_their_own(server: OpenAIServer, tmp_path: Path) -> None:
    evaluator = judge(chat(server))
    for number in range(3):
        run = score_dataset(ROWS, evaluator, run=tmp_path / f"{number}.run.db")
        assert run.scores() == [8, 8, 8]


async def test_a_model_has_one_copy_and_connections_are_closed(server: OpenAIServer) -> None:
    transport, model = Transport(), chat(server)
    copy = transport.of(model)
    assert transport.of(model) is copy is not model
    assert copy.max_retries == copy.root_async_client.max_retries == 0
    assert copy.async_client._client is copy.root_async_client
    assert (await copy.ainvoke("Rate this.")).text == GOOD
    (client,) = transport._clients
    assert not client.is_closed
    await transport.close()
    assert client.is_closed
    await transport.close()


async def test_azure_s_client_is_copied_too(server: OpenAIServer) -> None:
    azure = AzureChatOpenAI(
        azure_endpoint="http://127.0.0.1:9", api_key="test-key", api_version="2024-10-21", azure_deployment="judge"
    )
    transport = Transport()
    copy = transport.of(azure)
    assert copy.root_async_client.max_retries == 0
    assert type(copy.root_async_client) is type(azure.root_async_client)
    await transport.close()


async def test_what_is_no_model_of_openai_s_is_left_as_it_is(server: OpenAIServer) -> None:
    transport = Transport()
    for model in (
        OpenAIEmbeddings(base_url=server.url, api_key="test-key"),
        DeterministicFakeEmbedding(size=3),
        FakeListChatModel(responses=["a"]),
        FakeListChatModel(responses=["a"]).bind(stop=["x"]),
        RunnableLambda(lambda _: "a"),
        RunnableLambda(lambda _: "a").with_retry(),
    ):
        assert transport.of(model) is model
    assert transport._clients == []
    await transport.close()


CODE = """
import asyncio, sys, warnings
warnings.simplefilter("error")
if sys.argv[2] == "without":
    sys.modules["aiohttp"] = None
from langchain_openai import ChatOpenAI
from lc_scoring import load_evaluator, score_dataset
model = ChatOpenAI(model="judge", base_url=sys.argv[1], api_key="test-key")
rows = [{"id": str(n), "prediction": str(n), "input": "What?"} for n in range(8)]
for name in ("one", "two"):
    evaluator = load_evaluator("score_string", llm=model, criteria="helpfulness")
    assert score_dataset(rows, evaluator, run=f"{sys.argv[3]}/{name}.run.db").scores() == [8] * 8
import gc
gc.collect()
print(bool(sys.modules.get("aiohttp")))
"""


@pytest.mark.parametrize("aiohttp", ["with", "without"])
def test_connections_are_closed_with_and_without_aiohttp(server: OpenAIServer, tmp_path: Path, aiohttp: str) -> None:
    command = [sys.executable, "-W", "error", "-c", CODE, server.url, aiohttp, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{aiohttp == 'with'}\n"
    assert len(server.requests) == 16


async def test_an_openai_without_aiohttp_s_client(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(openai, "DefaultAioHttpClient")
    transport = Transport()
    assert (await transport.of(chat(server)).ainvoke("Rate this.")).text == GOOD
    assert isinstance(transport._clients[0], openai.DefaultAsyncHttpxClient)
    await transport.close()


async def test_what_goes_over_the_wire_is_what_the_model_would_have_sent() -> None:
    with OpenAIServer(reply=GOOD) as server:
        model = ChatOpenAI(model="judge", base_url=server.url, api_key="test-key", extra_body={"top_k": 3}, seed=4)
        conversation = [("system", "Rate."), ("human", [{"type": "text", "text": "One."}]), ("ai", "[[3]]")]
        transport = Transport()
        try:
            answers = [await model.ainvoke(conversation), await transport.of(model).ainvoke(conversation)]
        finally:
            await transport.close()
        plain, ours = (request.body for request in server.requests)
    assert plain == ours
    assert plain["messages"][1]["content"] == [{"type": "text", "text": "One."}]
    assert answers[0].content == answers[1].content == GOOD
