"""Structured replies: JSON behind the real OpenAI client, tools elsewhere, and servers that hold replies to a form."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from loopback.judged_names import CASES
from loopback.openai_api import OpenAIServer
from loopback.ways import GOOD, Way, both_ways, chat
from pydantic import BaseModel, Field

from lc_scoring import ConfigError, ReplyError, load_evaluator

JSON = '{"reasoning": "Clear and right.", "rating": 8}'
READ = {"reasoning": "Clear and right.", "score": 8}


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    return judge_server


def made(llm: Any, **options: Any) -> Any:
    return load_evaluator("labeled_score_string", llm=llm, **{"criteria": "correctness", "output": "json", **options})


class ToolModel(BaseChatModel):
    """A chat model of another provider: it takes tools, keeps what it was called with, and hands in `args`."""

    args: list[dict[str, Any]]
    called: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "tools"

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **kwargs: Any) -> Any:
        return self.bind(tools=tools, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = {"name": "judgement", "args": self.args[len(self.called)], "id": "call_1"}
        self.called.append({**kwargs, "messages": messages})
        return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=[call]))])


# What is asked for, by what the model can do.


@both_ways
@pytest.mark.parametrize("output", ["json", "auto"])
async def test_openai_is_held_to_the_schema(server: OpenAIServer, way: Way, output: str) -> None:
    server.reply = JSON
    evaluator = made(chat(server), output=output)
    assert await way.result(evaluator) == READ
    schema = evaluator.reply_schema
    (request,) = server.requests
    assert request.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "judgement", "schema": schema, "strict": True},
    }
    assert schema["properties"] == {"reasoning": {"type": "string"}, "rating": {"enum": list(range(1, 11))}}
    assert (schema["required"], schema["additionalProperties"]) == (["reasoning", "rating"], False)
    question = request.body["messages"][1]["content"]
    assert '{"reasoning": "your reasons", "rating": n}' in question
    assert "[[n]]" not in question


@both_ways
async def test_the_responses_api_is_held_to_the_schema(server: OpenAIServer, way: Way) -> None:
    server.reply = JSON
    evaluator = made(chat(server, use_responses_api=True))
    assert await way.result(evaluator) == READ
    held = server.requests[0].body["text"]["format"]
    assert (held["type"], held["schema"], held["strict"]) == ("json_schema", evaluator.reply_schema, True)


@both_ways
async def test_an_openai_model_without_schemas_gets_a_tool(server: OpenAIServer, way: Way) -> None:
    server._structured = json.loads(JSON)
    assert await way.result(made(chat(server, "gpt-4"))) == READ
    (request,) = server.requests
    assert "response_format" not in request.body
    assert request.body["tools"][0]["function"]["name"] == "judgement"


@both_ways
@pytest.mark.parametrize("output", ["json", "auto"])
async def test_other_models_get_a_tool(way: Way, output: str) -> None:
    judge = ToolModel(args=[json.loads(JSON)])
    evaluator = made(judge, output=output)
    assert await way.result(evaluator) == READ
    (called,) = judge.called
    (tool,) = called["tools"]
    assert (tool["type"], tool["function"]["name"]) == ("function", "judgement")
    assert tool["function"]["parameters"] == evaluator.reply_schema
    assert called["tool_choice"] == "judgement"


@both_ways
async def test_a_tools_arguments_are_checked_too(way: Way) -> None:
    judge = ToolModel(args=[{"reasoning": "Good.", "rating": 42}, {"reasoning": "Good.", "rating": 4}])
    assert await way.result(made(judge)) == {"reasoning": "Good.", "score": 4}
    assert len(judge.called) == 2
    assert "off the scale 1..10" in str(judge.called[1]["messages"][-1].text)


@both_ways
async def test_models_without_tools_are_asked_for_text(way: Way) -> None:
    judge = FakeListChatModel(responses=[GOOD])
    with pytest.warns(UserWarning, match="FakeListChatModel can be held to no JSON schema"):
        evaluator = made(judge)
    assert await way.result(evaluator) == {"reasoning": GOOD, "score": 8}
    silent = made(judge, output="auto")
    assert await way.result(silent) == {"reasoning": GOOD, "score": 8}
    assert silent.signature == made(judge, output="text").signature


def test_an_unknown_output_is_refused(server: OpenAIServer) -> None:
    with pytest.raises(ConfigError, match=r"output.*'text', 'json' or 'auto'"):
        made(chat(server), output="yaml")


def test_signatures_tell_json_from_text(server: OpenAIServer) -> None:
    text, as_json, auto = (made(chat(server), output=output).signature for output in ("text", "json", "auto"))
    assert text != as_json == auto
    assert "|form=rating_json@" in as_json


@both_ways
async def test_a_server_that_refuses_the_schema_is_asked_without(server: OpenAIServer, way: Way) -> None:
    server.reply = lambda body: {"status": 400} if "response_format" in body else JSON
    assert await way.result(made(chat(server))) == READ
    assert ["response_format" in request.body for request in server.requests] == [True, False]


# What comes back.

READABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "text where JSON was asked for": (GOOD, {"reasoning": GOOD, "score": 8}),
    "a fence": (f"```json\n{JSON}\n```", READ),
    "words around it": (f"Here it is: {JSON} Done.", READ),
    "thoughts before it": (f'<think>{{"rating": 3}}</think>{JSON}', READ),
    "a number as text": ('{"reasoning": "Clear and right.", "rating": "8"}', READ),
    "a float": ('{"reasoning": "Clear and right.", "rating": 8.0}', READ),
}


@both_ways
@pytest.mark.parametrize(("said", "result"), list(READABLE.values()), ids=list(READABLE))
async def test_readable(server: OpenAIServer, way: Way, said: str, result: dict[str, Any]) -> None:
    server.reply = said
    assert await way.result(made(chat(server))) == result
    assert len(server.requests) == 1


UNREADABLE: dict[str, tuple[Any, str]] = {
    "off the scale": ('{"reasoning": "Good.", "rating": 42}', r"The rating 42 is off the scale 1\.\.10"),
    "broken": ('{"reasoning": "Good.", "rati', "no rating|cannot be read"),
    "no number": ('{"reasoning": "Good.", "rating": true}', "must be a number, got true"),
    "nothing": ('{"reasoning": "Good.", "rating": null}', "must be a number, got null"),
    "two ratings": ('{"reasoning": "Good.", "rating": 3, "rating": 8}', "several times"),
}


@both_ways
@pytest.mark.parametrize(("said", "why"), list(UNREADABLE.values()), ids=list(UNREADABLE))
async def test_what_cannot_be_read_is_asked_for_again(server: OpenAIServer, way: Way, said: Any, why: str) -> None:
    server.script([said, JSON, said, said])
    assert (await way.result(made(chat(server))))["score"] == 8
    first, second = (request.body["messages"] for request in server.requests)
    assert second[: len(first)] == first
    assert re.search(why, second[-1]["content"])
    assert '{"reasoning": "your reasons", "rating": n}' in second[-1]["content"]
    assert "response_format" in server.requests[1].body
    with pytest.raises(ReplyError, match=why):
        await way.result(made(chat(server)))
    assert len(server.requests) == 4


@both_ways
async def test_a_refusal(server: OpenAIServer, way: Way) -> None:
    server.script(["refusal"])
    with pytest.raises(ReplyError, match="declined"):
        await way.result(made(chat(server)))
    assert len(server.requests) == 1


@both_ways
@pytest.mark.parametrize("responses", [pytest.param(False, id="chat"), pytest.param(True, id="responses")])
@pytest.mark.parametrize(("stopped", "why"), [("length", "cut off"), ("content_filter", "content filter")])
async def test_half_an_object_is_asked_for_again(
    server: OpenAIServer, way: Way, responses: bool, stopped: str, why: str
) -> None:
    half = {"content": '{"reasoning": "Good', "finish_reason": stopped}
    server.script([half, JSON, half, half])
    evaluator = made(chat(server, use_responses_api=responses))
    assert (await way.score(evaluator)).usage.calls == 2
    with pytest.raises(ReplyError, match=why) as raised:
        await way.score(evaluator)
    assert raised.value.usage.calls == 2


# Details of the user's own.


class Finding(BaseModel):
    quote: str
    severity: int = Field(ge=1, le=3)


class Findings(BaseModel):
    findings: list[Finding]
    verdict: str | None = None


def detailed(severity: int) -> str:
    details = {"findings": [{"quote": "It is", "severity": severity}], "verdict": None}
    return json.dumps({"reasoning": "Good.", "rating": 8, "details": details})


@both_ways
@pytest.mark.parametrize("output", ["text", "json", "auto"])
async def test_a_model_of_ones_own_comes_back_filled_in(server: OpenAIServer, way: Way, output: str) -> None:
    server.reply = detailed(2)
    evaluator = made(chat(server), output=output, schema=Findings)
    result = await way.result(evaluator)
    assert result == {
        "reasoning": "Good.",
        "score": 8,
        "parsed": Findings(findings=[Finding(quote="It is", severity=2)]),
    }
    score = await way.score(evaluator)
    assert isinstance(score.parsed, Findings)
    schema = server.requests[0].body["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["reasoning", "rating", "details"]
    details = schema["properties"]["details"]
    assert (details["required"], details["additionalProperties"]) == (["findings", "verdict"], False)
    assert details["properties"]["findings"]["items"]["required"] == ["quote", "severity"]
    assert "|schema=" in evaluator.signature


@both_ways
async def test_details_that_do_not_fit_are_asked_for_again(server: OpenAIServer, way: Way) -> None:
    server.script([detailed(7), detailed(3), detailed(7), JSON])
    evaluator = made(chat(server), schema=Findings)
    assert (await way.result(evaluator))["parsed"].findings[0].severity == 3
    assert "findings.0.severity" in server.requests[1].body["messages"][-1]["content"]
    with pytest.raises(ReplyError, match="'details' are not as asked for"):
        await way.result(evaluator)


@both_ways
async def test_samples_give_all_their_details(server: OpenAIServer, way: Way) -> None:
    server.reply = detailed(2)
    result = await way.result(made(chat(server), schema=Findings, samples=2))
    assert result["parsed"] == [Findings(findings=[Finding(quote="It is", severity=2)])] * 2


@pytest.mark.parametrize("schema", [{"type": "object"}, Findings(findings=[]), int])
def test_what_is_no_schema(server: OpenAIServer, schema: Any) -> None:
    with pytest.raises(ConfigError, match="schema takes a pydantic model"):
        made(chat(server), schema=schema)


# Verdicts.


@both_ways
@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("qa", "CORRECT", ["CORRECT", "INCORRECT"]),
        ("cot_qa", "INCORRECT", ["CORRECT", "INCORRECT"]),
        ("criteria", "Y", ["Y", "N"]),
        ("labeled_criteria", "N", ["Y", "N"]),
    ],
)
async def test_verdicts(server: OpenAIServer, way: Way, name: str, verdict: str, words: list[str]) -> None:
    case, good = CASES[name], words[0]
    server.script([f'{{"reasoning": "So it is.", "verdict": "{said}"}}' for said in ("PERHAPS", verdict)])
    evaluator = case.made(chat(server), output="json")
    result = await way.result(evaluator, case.fields)
    assert result == {"reasoning": "So it is.", "value": verdict, "score": int(verdict == good)}
    assert evaluator.reply_schema["properties"]["verdict"] == {"enum": words}
    assert "PERHAPS" in server.requests[1].body["messages"][-2]["content"]


@both_ways
async def test_a_verdict_on_two_texts(server: OpenAIServer, way: Way) -> None:
    case = CASES["pairwise_string"]
    server.reply = '{"reasoning": "The first.", "verdict": "A"}'
    result = await way.result(case.made(chat(server), output="json"), case.fields)
    assert (result["value"], result["score"], result["swayed_by_position"]) == (None, 0.5, True)


# Servers that hold replies to a form.


def test_the_form_of_a_legal_reply(server: OpenAIServer) -> None:
    rating, verdict = made(chat(server)).reply_regex, CASES["qa"].made(chat(server)).reply_regex
    assert re.fullmatch(rating, "Clear and right.\nRating: [[10]]")
    assert not re.fullmatch(rating, "Clear and right.\nRating: [[11]]")
    assert re.fullmatch(verdict, "They agree.\nVerdict: [[CORRECT]]")
    assert "(?" not in rating + verdict


def sent(evaluator: Any, backend: str, output: str) -> dict[str, Any]:
    regex, schema = evaluator.reply_regex, evaluator.reply_schema
    as_openai = {"type": "json_schema", "json_schema": {"name": "judgement", "schema": schema, "strict": True}}
    as_text = {
        "vllm": {"structured_outputs": {"regex": regex}},
        "vllm<0.12": {"guided_regex": regex},
        "sglang": {"regex": regex},
        "llama.cpp": {"grammar": evaluator._reply_wish().constraint.grammar},
    }
    as_json = {
        "vllm": {"structured_outputs": {"json": schema}},
        "vllm<0.12": {"guided_json": schema},
        "sglang": {"response_format": as_openai},
        "llama.cpp": {"response_format": as_openai},
    }
    return (as_json if output == "json" else as_text)[backend]


@both_ways
@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("backend", ["vllm", "vllm<0.12", "sglang", "llama.cpp"])
@pytest.mark.parametrize("bound", [False, True])
async def test_backends(server: OpenAIServer, way: Way, backend: Any, output: str, bound: bool) -> None:
    server.reply = JSON if output == "json" else GOOD
    own = {"extra_body": {"top_k": 5}}
    judge = chat(server).bind(**own) if bound else chat(server, **own)
    evaluator = made(judge, backend=backend, output=output)
    assert (await way.result(evaluator))["score"] == 8
    ((_, body, _),) = server.requests
    extra = {key: body[key] for key in body.keys() - {"model", "messages", "stream"}}
    assert extra == {"top_k": 5, **sent(evaluator, backend, output)}


def test_an_unknown_backend_is_refused(server: OpenAIServer) -> None:
    with pytest.raises(ConfigError, match=r"backend.*'vllm'.*Got 'tgi'"):
        made(chat(server), backend="tgi")
