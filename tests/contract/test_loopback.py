"""The loopback servers answer the real SDKs as the services do."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import openai
import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_openai import ChatOpenAI
from loopback.langsmith_api import LangSmithServer
from loopback.latency_server import key_of, latency_of, reply_of, running
from loopback.openai_api import OpenAIServer

if TYPE_CHECKING:
    from collections.abc import Iterator

RATING = {
    "title": "Rating",
    "type": "object",
    "properties": {"score": {"type": "integer"}},
    "required": ["score"],
}


def chat(url: str, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(**{"model": "judge", "base_url": url, "api_key": "test-key", "max_retries": 0, **options})


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply="Right. Rating: [[8]]", alternatives={"8": 0.6, "7": 0.3, "9": 0.1}) as server:
        yield server


def exact(inputs: dict[str, Any], outputs: dict[str, Any], reference_outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": "exact",
        "score": float(outputs["answer"] == reference_outputs["answer"]),
        "comment": f"asked {inputs['question']}",
    }


@pytest.mark.parametrize(
    "options", [{}, {"multipart_examples": False, "zstd": False}, {"fail": {("POST", "/datasets"): [429]}}]
)
def test_langsmith_runs_a_whole_experiment(options: dict[str, Any]) -> None:
    with LangSmithServer(**options) as server:
        client = server.client()
        dataset = client.create_dataset("sums")
        client.create_examples(
            dataset_id=dataset.id,
            examples=[
                {"inputs": {"question": "2+2"}, "reference_outputs": {"answer": "4"}},
                {"inputs": {"question": "3+3"}, "reference_outputs": {"answer": "6"}, "split": "test"},
            ],
        )
        results = client.evaluate(lambda _inputs: {"answer": "4"}, data="sums", evaluators=[exact], max_concurrency=0)
        rows = list(results)
        first = rows[0]["run"]
        client.create_feedback(run_id=first.id, key="human", score=0.5, session_id=results.experiment_id)
        client.create_feedback(
            run_id=first.id, trace_id=first.id, key="queued", score=1, session_id=results.experiment_id
        )
        client.flush()

        scores = {row["example"].inputs["question"]: row["evaluation_results"]["results"][0].score for row in rows}
        assert scores == {"2+2": 1.0, "3+3": 0.0}
        assert sorted(sent["key"] for sent in server.store["feedback"]) == [
            "exact",
            "exact",
            "human",
            "queued",
        ]
        experiment = server.store["sessions"][str(results.experiment_id)]
        assert experiment["reference_dataset_id"] == str(dataset.id)
        again = list(client.evaluate(results.experiment_name, evaluators=[exact], max_concurrency=0))
        assert {row["run"].id for row in again} == {row["run"].id for row in rows}
        assert {each.key for each in client.list_feedback(run_ids=[first.id])} == {"exact", "human", "queued"}
        assert server.unhandled == []
        assert server.fail == {where: [] for where in options.get("fail", {})}


def test_openai_answers_with_usage_and_logprobs(openai_server: OpenAIServer) -> None:
    model = chat(openai_server.url, logprobs=True, top_logprobs=2)
    message = model.invoke("Rate it.")
    assert message.text == "Right. Rating: [[8]]"
    assert message.usage_metadata["total_tokens"] > message.usage_metadata["output_tokens"] > 0
    tokens = message.response_metadata["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == message.text
    top = {each["token"]: [near["token"] for near in each["top_logprobs"]] for each in tokens}
    assert (top["8"], top["Rating"]) == (["8", "7"], ["Rating"])
    call = openai_server.requests[0]
    assert call.path == "/v1/chat/completions"
    assert call.body["messages"][-1]["content"] == "Rate it."
    assert call.headers["authorization"] == "Bearer test-key"


def test_openai_is_busy_once_then_answers(openai_server: OpenAIServer) -> None:
    openai_server.script([429, "ok"])
    assert chat(openai_server.url, max_retries=1).invoke("Rate it.").text == "Right. Rating: [[8]]"
    openai_server.script([429])
    with pytest.raises(ModelRateLimitError):
        chat(openai_server.url).invoke("Rate it.")
    assert len(openai_server.requests) == 3


def test_openai_stops_short_and_refuses(openai_server: OpenAIServer) -> None:
    model = chat(openai_server.url)
    openai_server.script(["length", "content_filter", "refusal", "Rating: [[3]]"])
    assert model.invoke("1").response_metadata["finish_reason"] == "length"
    assert model.invoke("2").response_metadata["finish_reason"] == "content_filter"
    refused = model.invoke("3")
    assert refused.text == ""
    assert refused.additional_kwargs["refusal"] == "I can't help with rating this."
    assert model.invoke("4").text == "Rating: [[3]]"


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (400, openai.BadRequestError),
        (503, openai.InternalServerError),
        ("truncated", json.JSONDecodeError),
        ("html", ValueError),
        ("no_choices", IndexError),
        ("null_choices", (TypeError, ValueError)),
        ("cut", openai.APIConnectionError),
        ("cut_body", openai.APIConnectionError),
        ({"status": 400, "code": "context_length_exceeded"}, openai.BadRequestError),
    ],
)
def test_openai_fails_in_every_way(openai_server: OpenAIServer, fault: Any, raised: Any) -> None:
    openai_server.script([fault])
    with pytest.raises(raised):
        chat(openai_server.url).invoke("Rate it.")


def test_openai_rejects_a_misspelled_fault(openai_server: OpenAIServer) -> None:
    with pytest.raises(ValueError, match="no fault is named 'lenght'"):
        openai_server.script(["lenght"])


@pytest.mark.parametrize("responses", [False, True])
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_openai_gives_structured_output(responses: bool, method: Any) -> None:
    with OpenAIServer(structured={"score": 8}) as server:
        model = chat(server.url, use_responses_api=responses)
        assert model.with_structured_output(RATING, method=method).invoke("Rate it.") == {"score": 8}


def test_openai_responses() -> None:
    reply = {"content": "Rating: [[8]]", "reasoning_content": "maybe [[3]]"}
    with OpenAIServer(reply=lambda _body: reply) as server:
        model = chat(server.url, use_responses_api=True)
        assert model.invoke("Rate it.").text == "Rating: [[8]]"
        server.script(["length", "refusal"])
        assert model.invoke("1").response_metadata["incomplete_details"] == {"reason": "max_output_tokens"}
        refused = model.invoke("2")
        assert (refused.text, refused.content[0]["type"]) == ("", "refusal")
        assert [call.path for call in server.requests] == ["/v1/responses"] * 3


async def test_openai_counts_what_is_in_flight() -> None:
    together = threading.Barrier(4, timeout=10)

    def reply(body: Any) -> str:
        together.wait()
        return f"{body['messages'][-1]['content']}: [[5]]"

    with OpenAIServer(reply=reply) as server:
        messages = await chat(server.url).abatch(["a", "b", "c", "d"])
        assert [message.text for message in messages] == ["a: [[5]]", "b: [[5]]", "c: [[5]]", "d: [[5]]"]
        assert server.max_in_flight == 4


def test_a_failing_reply_function_fails_the_test() -> None:
    def reply(body: Any) -> str:
        assert body["temperature"] == 0
        return "never"

    def ask() -> None:
        with OpenAIServer(reply=reply) as server, pytest.raises(openai.APIConnectionError):
            chat(server.url, temperature=1).invoke("Rate it.")

    with pytest.raises(AssertionError, match="assert 1"):
        ask()


def test_latency_hangs_on_the_request_alone() -> None:
    draw = {"median": 0.002, "sigma": 0.4, "seed": 7}
    with running(**draw) as url:
        texts = ["first", "second", "first"]
        messages = chat(url).batch(texts)
        port = urlsplit(url).port
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/stats")
        stats = json.load(connection.getresponse())
        connection.close()
    assert [message.text for message in messages] == [reply_of(text, seed=7) for text in texts]
    assert stats["count"] == 3
    assert stats["in_flight"] == 0
    assert 1 <= stats["max_in_flight"] <= 3
    assert stats["latency_sum"] == pytest.approx(sum(latency_of(text, **draw) for text in texts))


def test_latency_is_lognormal() -> None:
    drawn = sorted(latency_of(str(n), median=0.3, sigma=0.4, seed=7) for n in range(2001))
    assert drawn[1000] == pytest.approx(0.3, rel=0.05)
    assert drawn[1683] == pytest.approx(0.3 * 2.718281828**0.4, rel=0.06)  # one sigma up
    assert latency_of("a", median=0.3, sigma=0.4, seed=8) != latency_of("a", median=0.3, sigma=0.4, seed=7)
    assert latency_of("a", median=0.0, sigma=0.4, seed=7) == 0.0


def test_latency_key_is_the_last_user_message() -> None:
    parts = [{"type": "text", "text": "the "}, {"type": "text", "text": "last"}]
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "a"},
    ]
    assert key_of(json.dumps({"messages": messages})) == "the last"
    assert key_of(json.dumps({"messages": messages[:1]})) == ""
