"""OpenAI's Decisions endpoint as a judge, through the real client: typed questions, answered with probabilities."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import openai
import pytest
import pytest_asyncio
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from loopback.judged_names import CASES
from loopback.openai_api import OpenAIServer
from loopback.ways import FIELDS, GOOD, Way, both_ways, chat
from pydantic import BaseModel

from lc_scoring import ConfigError, ModelError, ReplyError, Usage, load_evaluator

decisions_api = pytest.importorskip("langchain_openai.decisions")

SHARES = {"8": 0.6, "7": 0.3, "9": 0.1}
Deciding: TypeAlias = Callable[..., Any]
LEVELS = [{"label": str(level)} for level in range(1, 11)]


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    judge_server._alternatives = SHARES
    return judge_server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _clients() -> AsyncIterator[dict[str, Any]]:
    """Connections for all models of the module: OpenAIDecisions never closes those that it opens itself."""
    with openai.DefaultHttpxClient() as client:
        async with openai.DefaultAsyncHttpxClient() as async_client:
            yield {"http_client": client, "http_async_client": async_client}


@pytest.fixture
def deciding(server: OpenAIServer, _clients: dict[str, Any]) -> Callable[..., Any]:
    """Make a model of the Decisions endpoint."""

    def make(model: str = "decider") -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*OpenAIDecisions.*beta")
            return decisions_api.OpenAIDecisions(
                model=model, base_url=server.url, api_key="test-key", max_retries=0, **_clients
            )

    return make


def made(llm: Any, name: str = "labeled_score_string", **options: Any) -> Any:
    return load_evaluator(name, llm=llm, criteria="correctness", **options)


def question(server: OpenAIServer, number: int = -1) -> Any:
    """The one question of a request."""
    call = server.requests[number]
    assert call.path == "/v1/decisions"
    (asked,) = call.body["questions"]
    return asked


# Ratings.


@both_ways
@pytest.mark.parametrize("name", ["score_string", "labeled_score_string"])
async def test_a_rating_is_the_expected_one(server: OpenAIServer, way: Way, deciding: Deciding, name: str) -> None:
    evaluator = made(deciding(), name)
    result = await way.result(evaluator)
    assert result["score"] == pytest.approx(7.8)
    assert result["distribution"] == pytest.approx({7: 0.3, 8: 0.6, 9: 0.1})
    assert result["basis"] == "expected rating, over 100% of the probability"
    assert result["reasoning"] == "Probabilities: 8 60.0%, 7 30.0%, 9 10.0%."
    asked, body = question(server), server.requests[0].body
    assert (asked["type"], asked["levels"], body["model"]) == ("score", LEVELS, "decider")
    assert "on the scale from 1 to 10" in asked["instructions"]
    for field in ("prediction", "input", *(["reference"] if name.startswith("labeled") else [])):
        assert f"<sample_{field}>\n{FIELDS[field]}\n</sample_{field}>" in body["input"]
    assert "[[n]]" not in body["input"]
    assert "give your reasons" not in body["input"]
    score = await way.score(evaluator)
    assert (score.value, score.usage.calls) == (pytest.approx(6.8 / 9), 1)
    assert "judge=OpenAIDecisions:decider|" in evaluator.signature
    assert evaluator.signature == score.signature


@both_ways
@pytest.mark.parametrize(
    ("scale", "levels"),
    [((1, 5), ["1", "2", "3", "4", "5"]), ((0, 1, 0.5), ["0", "0.5", "1"]), ((0, 1), ["0", "1"])],
)
async def test_the_levels_are_those_of_the_scale(
    server: OpenAIServer, way: Way, deciding: Deciding, scale: Any, levels: list[str]
) -> None:
    server.reply, server._alternatives = "Rating: 1", {"1": 0.7, "0": 0.3}
    if scale == (1, 5):
        server._alternatives = {"1": 0.7, "3": 0.3}
    score = await way.score(made(deciding(), scale=scale))
    assert [level["label"] for level in question(server)["levels"]] == levels
    assert score.rating == pytest.approx(1.6 if scale == (1, 5) else 0.7)


# Verdicts.


@both_ways
@pytest.mark.parametrize(
    ("name", "said", "words", "score"),
    [
        ("qa", "INCORRECT", ["CORRECT", "INCORRECT"], 0),
        ("context_qa", "CORRECT", ["CORRECT", "INCORRECT"], 1),
        ("criteria", "Y", ["Y", "N"], 1),
        ("labeled_criteria", "N", ["Y", "N"], 0),
    ],
)
async def test_verdicts(
    server: OpenAIServer, way: Way, deciding: Deciding, name: str, said: str, words: list[str], score: int
) -> None:
    case, other = CASES[name], next(word for word in words if word != said)
    server.reply, server._alternatives = f"Verdict: {said}", {said: 0.75, other: 0.25}
    result = await way.result(case.made(deciding()), case.fields)
    assert (result["value"], result["score"]) == (said, score)
    assert f"{said} 75.0%, {other} 25.0%" in result["reasoning"]
    asked = question(server)
    assert (asked["type"], [choice["value"] for choice in asked["choices"]]) == ("choice", words)
    assert "?" in asked["instructions"]
    assert case.fields["prediction"] in server.requests[0].body["input"]


@both_ways
async def test_a_verdict_on_two_texts(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    case = CASES["pairwise_string"]

    def reply(body: Any) -> str:
        return (
            "Verdict: A" if body["input"].index("It is Paris.") < body["input"].index("It is Lyon.") else "Verdict: B"
        )

    server.reply = reply
    result = await way.result(case.made(deciding()), case.fields)
    assert (result["value"], result["score"], result["swayed_by_position"]) == ("A", 1, False)
    assert [question(server, n)["type"] for n in (0, 1)] == ["choice", "choice"]
    assert [choice["value"] for choice in question(server)["choices"]] == ["A", "B", "C"]


@both_ways
async def test_it_is_told_what_a_tie_is(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    await way.result(CASES["pairwise_string"].made(deciding()), CASES["pairwise_string"].fields)
    assert "neither" in str(server.requests[0].body)


@both_ways
async def test_a_trajectory(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    case = CASES["trajectory"]
    server.reply, server._alternatives = "Rating: 4", {"4": 0.5, "5": 0.5}
    result = await way.result(case.made(deciding()), case.fields)
    assert result["score"] == pytest.approx(0.875)


# No verdict.


@both_ways
@pytest.mark.parametrize("name", ["labeled_score_string", "qa", "labeled_criteria"])
async def test_a_refusal(server: OpenAIServer, way: Way, deciding: Deciding, name: str) -> None:
    server.script(["refusal"])
    with pytest.raises(ReplyError, match="declined"):
        await way.result(CASES[name].made(deciding()))
    assert len(server.requests) == 1


NO_ANSWERS: dict[str, Any] = {
    "none": {"choices": []},
    "of another name": {"choices": [{"name": "other", "type": "refusal"}]},
    "of an unknown type": {"choices": [{"name": "decision", "type": "essay"}]},
    "of another type": {"choices": [{"name": "decision", "type": "predicate", "probability": 0.5}]},
    "null": {"choices": None},
    "truncated": "truncated",
    "HTML": "html",
    "cut": "cut",
    "busy": 429,
    "down": 500,
    "no such route": 404,
    "refused": 400,
}


@both_ways
@pytest.mark.parametrize("outcome", list(NO_ANSWERS.values()), ids=list(NO_ANSWERS))
@pytest.mark.parametrize("name", ["labeled_score_string", "qa"])
async def test_no_answer(server: OpenAIServer, way: Way, deciding: Deciding, name: str, outcome: Any) -> None:
    server.script([outcome])
    with pytest.raises(ModelError) as raised:
        await way.result(CASES[name].made(deciding()))
    assert "test-key" not in str(raised.value)
    assert len(server.requests) == 1


class Finding(BaseModel):
    quote: str


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"output_parser": StrOutputParser()}, id="output_parser"),
        pytest.param({"prompt": PromptTemplate.from_template("{input}{prediction}{reference}{criteria}")}, id="prompt"),
        pytest.param({"schema": Finding}, id="schema"),
        pytest.param({"not_applicable": True}, id="not_applicable"),
        pytest.param({"per_criterion": True, "calls": "one"}, id="calls='one'"),
    ],
)
@both_ways
async def test_what_it_cannot_do_is_refused(
    server: OpenAIServer, way: Way, deciding: Deciding, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="OpenAIDecisions"):
        await way.result(made(deciding(), **options))
    assert server.requests == []


# With others, and again.


@both_ways
async def test_a_jury_beside_a_chat_model(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    server.reply = lambda body: GOOD if "questions" in body else "Weak. Rating: [[4]]"
    result = await way.result(made([deciding(), chat(server)]))
    assert (result["score"], result["basis"]) == (pytest.approx((7.8 + 4) / 2), "mean of 2 members")
    names = [part["name"].rpartition(", ")[2] for part in result["parts"]]
    assert names == ["OpenAIDecisions:decider", "ChatOpenAI:judge"]
    assert {request.path for request in server.requests} == {"/v1/decisions", "/v1/chat/completions"}
    assert "[[n]]" in next(call for call in server.requests if "messages" in call.body).body["messages"][1]["content"]


@both_ways
async def test_a_jury_on_a_verdict(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    server.reply = "They agree. Verdict: [[CORRECT]]"
    result = await way.result(load_evaluator("qa", llm=[deciding(), chat(server), chat(server, "other")]))
    assert (result["value"], result["score"], result["basis"]) == ("CORRECT", 1, "majority of 3 members")


@both_ways
async def test_the_other_ways_of_asking_change_nothing_for_it(
    server: OpenAIServer, way: Way, deciding: Deciding
) -> None:
    for options in ({"output": "json"}, {"output": "auto"}, {"expected": True}):
        assert (await way.score(made(deciding(), **options))).rating == pytest.approx(7.8)
        assert server.requests[-1].body.keys() == {"model", "input", "questions"}


@both_ways
async def test_each_criterion(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    evaluator = load_evaluator("score_string", llm=deciding(), criteria=["depth", "coherence"], per_criterion=True)
    result = await way.result(evaluator)
    assert [part["score"] for part in result["parts"]] == [pytest.approx(7.8)] * 2
    inputs = [request.body["input"] for request in server.requests]
    assert len(set(inputs)) == 2


@both_ways
async def test_a_bound_one(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    judge = deciding().with_config(tags=["t"]).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    server.script([500])
    assert (await way.score(made(judge))).rating == pytest.approx(7.8)
    assert len(server.requests) == 2


@both_ways
async def test_what_it_costs(server: OpenAIServer, way: Way, deciding: Deciding) -> None:
    server.script([{"content": GOOD, "usage": {"input_tokens": 1000, "output_tokens": 10}}] * 2)
    score = await way.score(made(deciding("gpt-4o-mini")))
    assert score.usage == Usage(calls=1, input_tokens=1000, output_tokens=10, cost=pytest.approx(156e-6))
    assert (await way.score(made(deciding()))).usage == Usage(calls=1, input_tokens=1000, output_tokens=10)
