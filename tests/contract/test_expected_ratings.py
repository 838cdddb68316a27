"""Expected ratings behind the real OpenAI client: the mean of what a judge could have written, by its tokens."""

from __future__ import annotations

import math
from typing import Any

import pytest
from loopback.openai_api import OpenAIServer
from loopback.ways import GOOD, Way, both_ways, chat

from lc_scoring import ConfigError, ModelError, load_evaluator

SHARES = {"8": 0.6, "7": 0.3, "9": 0.1}
PLAIN = "the rating as it was written: the model gave no probabilities"


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    judge_server._alternatives = SHARES
    return judge_server


def made(llm: Any, name: str = "labeled_score_string", **options: Any) -> Any:
    return load_evaluator(name, llm=llm, **{"criteria": "correctness", "expected": True, **options})


def asked(server: OpenAIServer) -> list[tuple[Any, Any]]:
    return [(request.body.get("logprobs"), request.body.get("top_logprobs")) for request in server.requests]


@both_ways
@pytest.mark.parametrize("name", ["score_string", "labeled_score_string"])
async def test_the_expected_rating(server: OpenAIServer, way: Way, name: str) -> None:
    evaluator = made(chat(server), name)
    result = await way.result(evaluator)
    assert result["score"] == pytest.approx(7.8)
    assert result["distribution"] == pytest.approx({7: 0.3, 8: 0.6, 9: 0.1})
    assert result["basis"] == "expected rating, over 100% of the probability"
    assert result["reasoning"] == GOOD
    score = await way.score(evaluator)
    assert (score.rating, score.value) == (pytest.approx(7.8), pytest.approx(6.8 / 9))
    assert math.fsum(score.distribution.values()) == pytest.approx(1)
    assert asked(server) == [(True, 20)] * 2
    assert "|expected=True|" in score.signature == evaluator.signature
    assert evaluator.signature != made(chat(server), name, expected=False).signature


@both_ways
async def test_it_is_not_asked_for_unasked(server: OpenAIServer, way: Way) -> None:
    assert await way.result(made(chat(server), expected=False)) == {"reasoning": GOOD, "score": 8}
    assert asked(server) == [(None, None)]


SHARED: dict[str, tuple[str, dict[str, float], tuple[Any, Any], float]] = {
    # the reply, the probabilities, the scale, the expected rating
    "a ten of one token": ("Rating: [[10]]", {"10": 0.5, "9": 0.5}, (1, 10), 9.5),
    "words beside the ratings": ("Rating: [[8]]", {"8": 0.6, "6": 0.2, "great": 0.2}, (1, 10), 7.5),
    "ratings off the scale": ("Rating: [[4]]", {"4": 0.5, "5": 0.25, "9": 0.25}, (1, 5), 4 + 1 / 3),
    "another number before it": ("8 of its claims. Rating: [[2]]", {"2": 0.8, "3": 0.2}, (1, 10), 2.2),
}


@both_ways
@pytest.mark.parametrize(("said", "shares", "scale", "expected"), list(SHARED.values()), ids=list(SHARED))
async def test_what_enters_it(
    server: OpenAIServer, way: Way, said: str, shares: dict[str, float], scale: Any, expected: float
) -> None:
    server.reply, server._alternatives = said, shares
    score = await way.score(made(chat(server), scale=scale))
    assert score.rating == pytest.approx(expected)
    assert math.fsum(score.distribution.values()) == pytest.approx(1)
    assert set(score.distribution) <= {float(text) for text in shares if text.isdigit()}


@both_ways
async def test_it_needs_most_of_the_probability(server: OpenAIServer, way: Way) -> None:
    server._alternatives = {"8": 0.3, "great": 0.7}
    result = await way.result(made(chat(server)))
    assert (result["score"], "distribution" in result) == (8, False)
    assert result["basis"] == (
        "the rating as it was written: only 30% of the probability at the rating's place is of ratings"
    )


@both_ways
async def test_an_answer_without_them(server: OpenAIServer, way: Way) -> None:
    message = {"role": "assistant", "content": GOOD}
    server.reply = {"choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]}
    assert await way.result(made(chat(server))) == {"reasoning": GOOD, "score": 8, "basis": PLAIN}
    assert asked(server) == [(True, 20)]


MODELS: dict[str, dict[str, Any]] = {
    "Responses API": {"use_responses_api": True},
    "Responses API by what it needs": {"reasoning": {"effort": "low"}},
    "Responses API by its version of output": {"output_version": "responses/v1"},
    "reasoning model": {"model": "o3"},
    "reasoning model without a temperature": {"model": "gpt-5-mini"},
}


@both_ways
@pytest.mark.parametrize("options", list(MODELS.values()), ids=list(MODELS))
async def test_models_that_give_none(server: OpenAIServer, way: Way, options: dict[str, Any]) -> None:
    assert await way.result(made(chat(server, **options))) == {"reasoning": GOOD, "score": 8, "basis": PLAIN}
    assert asked(server) == [(None, None)]


@both_ways
async def test_a_model_that_is_no_openai_model(way: Way) -> None:
    assert await way.result(made(lambda _: GOOD)) == {"reasoning": GOOD, "score": 8, "basis": PLAIN}


@both_ways
@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_them_is_asked_without(server: OpenAIServer, way: Way, status: int) -> None:
    server.reply = lambda body: {"status": status} if "logprobs" in body else GOOD
    assert await way.result(made(chat(server))) == {"reasoning": GOOD, "score": 8, "basis": PLAIN}
    assert asked(server) == [(True, 20), (None, None)]


@both_ways
@pytest.mark.parametrize(("status", "times"), [(400, 2), (401, 1), (429, 1), (500, 1)])
async def test_a_server_that_refuses_anyway(server: OpenAIServer, way: Way, status: int, times: int) -> None:
    server.reply = {"status": status}
    with pytest.raises(ModelError, match=str(status)):
        await way.result(made(chat(server)))
    assert len(server.requests) == times


@both_ways
@pytest.mark.parametrize("bound", [False, True])
async def test_what_the_model_asks_for_is_kept(server: OpenAIServer, way: Way, bound: bool) -> None:
    own = {"logprobs": True, "top_logprobs": 5}
    judge = chat(server).bind(**own) if bound else chat(server, **own)
    assert (await way.score(made(judge))).rating == pytest.approx(7.8)
    assert asked(server) == [(True, 5)]


@both_ways
async def test_the_rating_of_a_repair(server: OpenAIServer, way: Way) -> None:
    server.script(["I would rather not say.", "Rating: [[8]]"])
    assert (await way.score(made(chat(server)))).rating == pytest.approx(7.8)
    assert asked(server) == [(True, 20)] * 2


@both_ways
async def test_a_json_reply(server: OpenAIServer, way: Way) -> None:
    server.reply = '{"reasoning": "8 of 9 claims hold.", "rating": 8}'
    result = await way.result(made(chat(server), output="json"))
    assert result["score"] == pytest.approx(7.8)
    assert (result["reasoning"], result["basis"]) == (
        "8 of 9 claims hold.",
        "expected rating, over 100% of the probability",
    )
    (request,) = server.requests
    assert (request.body["logprobs"], request.body["response_format"]["type"]) == (True, "json_schema")


@both_ways
async def test_samples(server: OpenAIServer, way: Way) -> None:
    server.script(["Rating: [[8]]", "Rating: [[8]]", "Rating: [[2]]"])
    score = await way.score(made(chat(server), samples=3))
    assert score.rating == pytest.approx((7.8 + 7.8 + 2) / 3)
    assert score.basis == "mean of 3 samples"
    assert score.distribution == pytest.approx({2: 1 / 3, 7: 0.2, 8: 0.4, 9: 0.2 / 3})
    assert {part.basis for part in score.parts} >= {"expected rating, over 100% of the probability"}


@both_ways
async def test_a_member_without_them(server: OpenAIServer, way: Way) -> None:
    server.reply = lambda body: {"status": 400} if "logprobs" in body and body["model"] == "local" else GOOD
    result = await way.result(made([chat(server), chat(server, "local")]))
    assert (result["score"], result["basis"]) == (pytest.approx(7.9), "mean of 2 members")
    assert "distribution" not in result


def test_verdicts_have_none(server: OpenAIServer) -> None:
    with pytest.raises(ConfigError, match="expected"):
        load_evaluator("qa", llm=chat(server), expected=True)
