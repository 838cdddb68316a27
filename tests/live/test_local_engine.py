"""The engine in local_engine.py keeps to the constraints that ChatOpenAI sends it, and to nothing without them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI

for needed in ("torch", "transformers", "tokenizers", "llguidance"):
    pytest.importorskip(needed)

from live.local_engine import LocalEngine  # noqa: E402 - it imports what may be missing

QUESTION = "How good is 'Paris' as the capital of France, from 1 to 10?"
REGEX = r"[^\[\]]{1,60} Rating: \[\[(10|[1-9])\]\]"
RATINGS = list(range(1, 11))
SCHEMA = {
    "title": "Verdict",
    "type": "object",
    "properties": {"reasoning": {"type": "string", "maxLength": 40}, "rating": {"enum": RATINGS}},
    "required": ["reasoning", "rating"],
    "additionalProperties": False,
}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "Verdict", "schema": SCHEMA, "strict": True}}


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine() as running:
        yield running


def ask(engine: LocalEngine, extra_body: dict[str, Any], **options: Any) -> AIMessage:
    options = {"seed": 1, "temperature": 1.0, "max_retries": 0, **options}
    model = ChatOpenAI(base_url=engine.url, api_key="test-key", model="tiny", extra_body=extra_body, **options)
    return model.invoke(QUESTION)


def content_logprobs(reply: AIMessage) -> list[dict[str, Any]]:
    return reply.response_metadata["logprobs"]["content"]


@pytest.mark.parametrize(
    "extra_body",
    [{"structured_outputs": {"regex": REGEX}}, {"guided_regex": REGEX}, {"regex": REGEX}],
    ids=["vllm", "vllm-before-0.12", "sglang"],
)
def test_a_regex_is_kept_whatever_is_sampled(engine: LocalEngine, extra_body: dict[str, Any]) -> None:
    replies = [ask(engine, extra_body, seed=seed) for seed in range(5)]
    assert [reply.text for reply in replies if not re.fullmatch(REGEX, reply.text)] == []
    assert {reply.response_metadata["finish_reason"] for reply in replies} == {"stop"}
    assert len({reply.text for reply in replies}) == 5
    assert engine.requests[-1].items() >= extra_body.items()


@pytest.mark.parametrize(
    "extra_body",
    [
        {"structured_outputs": {"json": SCHEMA}},
        {"guided_json": SCHEMA},
        {"json_schema": SCHEMA},
        {"json_schema": json.dumps(SCHEMA)},
        {"response_format": JSON_SCHEMA},
    ],
    ids=["vllm", "vllm-before-0.12", "llama.cpp", "sglang", "response_format"],
)
def test_a_json_schema_is_kept_whatever_is_sampled(engine: LocalEngine, extra_body: dict[str, Any]) -> None:
    verdicts = [json.loads(ask(engine, extra_body, seed=seed).text) for seed in range(5)]
    assert all(verdict.keys() == {"reasoning", "rating"} for verdict in verdicts)
    assert all(verdict["rating"] in RATINGS and len(verdict["reasoning"]) <= 40 for verdict in verdicts)
    assert len({verdict["rating"] for verdict in verdicts}) > 1


def test_langchains_own_structured_output_is_kept(engine: LocalEngine) -> None:
    model = ChatOpenAI(base_url=engine.url, api_key="test-key", model="tiny", seed=1, max_retries=0)
    verdict = model.with_structured_output(SCHEMA, method="json_schema").invoke(QUESTION)
    assert verdict["rating"] in RATINGS


def test_without_a_constraint_it_says_anything(engine: LocalEngine) -> None:
    for seed in range(5):
        assert not re.search(REGEX, ask(engine, {}, seed=seed).text)


def test_a_seed_repeats_its_reply_and_no_seed_does_not(engine: LocalEngine) -> None:
    assert ask(engine, {}).text == ask(engine, {}).text
    assert ask(engine, {}, seed=None).text != ask(engine, {}, seed=None).text


@pytest.mark.parametrize(
    ("extra_body", "options", "tokens"),
    [({}, {"max_tokens": 7}, 7), ({"max_tokens": 9}, {}, 9), ({"regex": "a{400}"}, {}, 300)],
)
def test_the_limit_cuts_the_reply(
    engine: LocalEngine, extra_body: dict[str, Any], options: dict[str, Any], tokens: int
) -> None:
    reply = ask(engine, extra_body, **options)
    assert reply.response_metadata["finish_reason"] == "length"
    assert reply.usage_metadata
    assert reply.usage_metadata["output_tokens"] == tokens


def test_logprobs_are_of_what_the_constraint_allows(engine: LocalEngine) -> None:
    reply = ask(engine, {"regex": r"Rating:[1-9]"}, logprobs=True, top_logprobs=20)
    tokens = content_logprobs(reply)
    assert b"".join(bytes(token["bytes"]) for token in tokens).decode() == reply.text
    digit = tokens[-1]["top_logprobs"]
    assert sorted(entry["token"] for entry in digit) == list("123456789")
    assert math.fsum(math.exp(entry["logprob"]) for entry in digit) == pytest.approx(1, abs=1e-5)
    assert digit[0]["logprob"] > digit[-1]["logprob"]


def test_without_temperature_the_likeliest_token_is_taken(engine: LocalEngine) -> None:
    reply = ask(engine, {"regex": r"[a-z]{30}"}, temperature=0.0, logprobs=True, top_logprobs=1)
    assert [token["token"] for token in content_logprobs(reply)] == [
        token["top_logprobs"][0]["token"] for token in content_logprobs(reply)
    ]


@pytest.mark.parametrize(
    "extra_body",
    [
        {"regex": "["},
        {"structured_outputs": {"json": {"type": "no such type"}}},
        {"regex": "a", "guided_json": SCHEMA},
    ],
)
def test_what_it_cannot_keep_is_refused(engine: LocalEngine, extra_body: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError):
        ask(engine, extra_body)


def test_one_constraint_in_the_fields_of_two_versions_is_one(engine: LocalEngine) -> None:
    both = {"structured_outputs": {"regex": "yes|no"}, "guided_regex": "yes|no"}
    assert ask(engine, both).text in {"yes", "no"}
