"""Criteria rated apart, criteria that do not apply, and what all these calls cost, behind the real OpenAI client."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langsmith.evaluation.evaluator import EvaluationResult, EvaluationResults
from langsmith.schemas import Example, Run
from loopback.openai_api import OpenAIServer
from loopback.ways import FIELDS, GOOD, SYNC, Way, both_ways, chat

from lc_scoring import ConfigError, ModelError, NotApplicable, ReplyError, Usage, load_evaluator

UNREAD, NOT = "I would rather not say.", "It makes no claims. Rating: [[N/A]]"
CRITERIA = {"depth": "Does it go deep?", "tone": "Is it friendly?", "wit": "Is it funny?"}


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    return judge_server


def made(llm: Any, **options: Any) -> Any:
    return load_evaluator("labeled_score_string", llm=llm, **{"criteria": CRITERIA, "per_criterion": True, **options})


def by_criterion(**said: Any) -> Callable[[Any], Any]:
    """A reply by the criterion that is asked about, given once all are there."""
    together = threading.Barrier(len(said), timeout=10)

    def reply(body: Any) -> Any:
        together.wait()
        question = body["messages"][1]["content"]
        (outcome,) = (outcome for name, outcome in said.items() if CRITERIA[name] in question)
        return outcome if not isinstance(outcome, (int, float)) else f"Of {name_in(question)}. Rating: [[{outcome}]]"

    return reply


def name_in(question: str) -> str:
    return next(name for name, words in CRITERIA.items() if words in question)


# A call each.


@both_ways
async def test_each_criterion_is_asked_about_by_itself(server: OpenAIServer, way: Way) -> None:
    server.reply = by_criterion(depth=4, tone=8, wit=6)
    evaluator = made(chat(server))
    result = await way.result(evaluator)
    assert (result["score"], result["basis"]) == (6, "mean of 3 criteria")
    assert result["parts"] == [
        {"name": f"score_string:{name}", "score": rating, "reasoning": f"Of {name}. Rating: [[{rating}]]"}
        for name, rating in (("depth", 4), ("tone", 8), ("wit", 6))
    ]
    assert "spread" not in result
    assert server.max_in_flight == len(server.requests) == 3
    score = await way.score(evaluator)
    assert (score.name, score.value) == ("score_string:depth-tone-wit", pytest.approx(5 / 9))
    assert evaluator.feedback_keys == [score.name, *(part.name for part in score.parts)]
    assert score.signature == evaluator.signature != made(chat(server), per_criterion=False).signature


@both_ways
async def test_weights(server: OpenAIServer, way: Way) -> None:
    server.reply = by_criterion(depth=4, tone=8, wit=6)
    evaluator = made(chat(server), weights={"depth": 3, "wit": 0})
    result = await way.result(evaluator)
    assert (result["score"], result["basis"]) == (5, "weighted mean of 3 criteria")
    assert "score_string:depth: 4 (weight 3)" in result["reasoning"]
    assert evaluator.signature != made(chat(server)).signature


@both_ways
async def test_criteria_of_two_directions(server: OpenAIServer, way: Way) -> None:
    server.reply = lambda body: "[[10]]" if "harmfulness" in body["messages"][1]["content"] else "[[7]]"
    result = await way.result(made(chat(server), criteria=["depth", "harmfulness"]))
    assert [part["score"] for part in result["parts"]] == [7, 10]
    assert result["score"] == 4
    assert result["basis"] == "mean of 2 criteria, each turned so that higher is better"


@both_ways
@pytest.mark.parametrize(("outcome", "error"), [(UNREAD, ReplyError), ({"status": 500}, ModelError)])
async def test_an_overall_without_one_is_none(server: OpenAIServer, way: Way, outcome: Any, error: Any) -> None:
    server.reply = by_criterion(depth=4, tone=outcome, wit=6)
    with pytest.raises(error) as raised:
        await way.score(made(chat(server), repair=0))
    assert raised.value.usage.calls == (3 if error is ReplyError else 2)


@both_ways
async def test_each_is_sampled_and_put_to_the_jury(server: OpenAIServer, way: Way) -> None:
    together = threading.Barrier(12, timeout=10)
    server.reply = lambda _body: GOOD if together.wait() >= 0 else UNREAD
    evaluator = made([chat(server, "a"), chat(server, "b")], samples=2)
    score = await way.score(evaluator)
    assert (score.rating, score.usage.calls, server.max_in_flight) == (8, 12, 12)
    assert [part.basis for part in score.parts] == ["mean of 2 members"] * 3
    assert [part.parts[0].basis for part in score.parts] == ["mean of 2 samples"] * 3


# One reply.

LINES = "All in all it is fine.\ndepth: [[4]]\ntone: [[8]]\nwit: [[6]]"
OBJECT = '{"reasoning": "All in all it is fine.", "ratings": {"depth": 4, "tone": 8, "wit": 6}}'


@both_ways
@pytest.mark.parametrize("output", ["text", "json"])
async def test_all_in_one_reply(server: OpenAIServer, way: Way, output: str) -> None:
    server.reply = LINES if output == "text" else OBJECT
    evaluator = made(chat(server), calls="one", output=output, weights={"depth": 2})
    score = await way.score(evaluator)
    assert (score.rating, score.basis) == (5.5, "weighted mean of 3 criteria")
    assert {part.name: part.rating for part in score.parts} == {
        "score_string:depth": 4,
        "score_string:tone": 8,
        "score_string:wit": 6,
    }
    assert (score.usage.calls, score.usage.input_tokens > 0, len(server.requests)) == (1, True, 1)
    question = server.requests[0].body["messages"][1]["content"]
    assert all(words in question for words in CRITERIA.values())
    assert score.reasoning.count("All in all it is fine.") == 1
    if output == "json":
        ratings = evaluator.reply_schema["properties"]["ratings"]
        assert (ratings["required"], ratings["additionalProperties"]) == (list(CRITERIA), False)
        assert server.requests[0].body["response_format"]["json_schema"]["schema"] == evaluator.reply_schema


@both_ways
@pytest.mark.parametrize("bad", ["depth: [[4]]\ntone: [[8]]", LINES.replace("6", "42"), UNREAD])
async def test_one_that_is_missing_is_asked_for_again(server: OpenAIServer, way: Way, bad: str) -> None:
    server.script([bad, "depth: [[4]]\ntone: [[8]]\nwit: [[6]]", bad, bad])
    evaluator = made(chat(server), calls="one")
    score = await way.score(evaluator)
    assert (score.rating, score.usage.calls) == (6, 2)
    assert "wit: [[n]]" in server.requests[1].body["messages"][-1]["content"]
    with pytest.raises(ReplyError, match=r"wit|depth") as raised:
        await way.score(evaluator)
    assert raised.value.usage.calls == 2


@both_ways
async def test_samples_of_one_reply(server: OpenAIServer, way: Way) -> None:
    server.script([LINES, LINES.replace("6", "9"), UNREAD])
    score = await way.score(made(chat(server), calls="one", samples=3, repair=0))
    assert {part.name.rpartition(":")[2]: part.rating for part in score.parts} == {"depth": 4, "tone": 8, "wit": 7.5}
    assert [part.basis for part in score.parts] == ["mean of 2 of 3 samples"] * 3
    assert score.usage.calls == 3


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one call for one rating": ({"calls": "one", "per_criterion": False}, "per_criterion=True"),
    "expected in one reply": ({"calls": "one", "expected": True}, "calls='each'"),
    "a weight of a stranger": ({"weights": {"with": 2}}, "weights names with"),
    "no weight at all": ({"weights": dict.fromkeys(CRITERIA, 0)}, "All weights"),
    "a negative weight": ({"weights": {"wit": -1}}, "weight"),
    "no such calls": ({"calls": "all"}, "calls"),
}


@pytest.mark.parametrize(("options", "said"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(lambda _: GOOD, **options)


# Criteria that do not apply.


@both_ways
@pytest.mark.parametrize("output", ["text", "json"])
async def test_not_applicable(server: OpenAIServer, way: Way, output: str) -> None:
    server.reply = NOT if output == "text" else '{"reasoning": "It makes no claims.", "rating": "N/A"}'
    evaluator = made(chat(server), per_criterion=False, not_applicable=True, output=output)
    result = await way.result(evaluator)
    assert (result["score"], result["value"]) == (None, "not applicable")
    assert "It makes no claims." in result["reasoning"]
    assert evaluator.evaluate_strings(**FIELDS) == result
    with pytest.raises(NotApplicable) as raised:
        await way.score(evaluator)
    assert raised.value.usage.calls == 1
    assert "N/A" in server.requests[0].body["messages"][1]["content"]


@both_ways
async def test_unasked_it_is_no_answer(server: OpenAIServer, way: Way) -> None:
    server.reply = NOT
    with pytest.raises(ReplyError):
        await way.score(made(chat(server), per_criterion=False))
    assert "N/A" not in server.requests[0].body["messages"][1]["content"]


@both_ways
@pytest.mark.parametrize("calls", ["each", "one"])
async def test_a_criterion_that_does_not_apply_is_left_out(server: OpenAIServer, way: Way, calls: str) -> None:
    server.reply = by_criterion(depth=4, tone=NOT, wit=6) if calls == "each" else LINES.replace("[[8]]", "[[N/A]]")
    result = await way.result(made(chat(server), calls=calls, not_applicable=True))
    assert (result["score"], result["basis"], list(result["failed"])) == (5, "mean of 2 of 3 criteria", ["tone"])
    assert [part["name"] for part in result["parts"]] == ["score_string:depth", "score_string:wit"]


@both_ways
async def test_where_none_applies_the_whole_does_not(server: OpenAIServer, way: Way) -> None:
    server.reply = NOT
    result = await way.result(made(chat(server), not_applicable=True))
    assert (result["score"], result["value"]) == (None, "not applicable")


@both_ways
async def test_most_samples_decide_whether_it_applies(server: OpenAIServer, way: Way) -> None:
    evaluator = made(chat(server), per_criterion=False, not_applicable=True, samples=3)
    server.script([NOT, GOOD, GOOD])
    assert (await way.result(evaluator))["basis"] == "mean of 2 of 3 samples"
    server.script([NOT, NOT, GOOD])
    assert (await way.result(evaluator))["value"] == "not applicable"


# LangSmith.


async def reported(way: Way, evaluator: Any) -> EvaluationResult | EvaluationResults:
    """The feedback on a row of an experiment."""
    run = Run(
        id=uuid.uuid4(), name="app", run_type="chain", start_time=datetime.now(UTC), trace_id=uuid.uuid4(),
        inputs={"question": FIELDS["input"]}, outputs={"answer": FIELDS["prediction"]},
    )  # fmt: skip
    outputs = {"answer": FIELDS["reference"]}
    example = Example(id=uuid.uuid4(), dataset_id=uuid.uuid4(), inputs=run.inputs, outputs=outputs)
    return evaluator.evaluate_run(run, example) if way is SYNC else await evaluator.aevaluate_run(run, example)


@both_ways
@pytest.mark.parametrize("calls", ["each", "one"])
async def test_langsmith_gets_a_key_for_each_criterion(server: OpenAIServer, way: Way, calls: str) -> None:
    server.reply = by_criterion(depth=4, tone=NOT, wit=6) if calls == "each" else LINES.replace("[[8]]", "[[N/A]]")
    evaluator = made(chat(server), calls=calls, not_applicable=True, normalize_by=10)
    feedback = await reported(way, evaluator)
    assert {each.key: (each.score, each.value) for each in feedback["results"]} == {
        "score_string:depth-tone-wit": (0.5, None),
        "score_string:depth": (0.4, None),
        "score_string:tone": (None, "not applicable"),
        "score_string:wit": (0.6, None),
    }
    assert feedback["results"][0].key == evaluator.evaluation_name
    assert {each.key for each in feedback["results"]} == set(evaluator.feedback_keys)
    assert all(each.comment for each in feedback["results"])
    assert feedback["results"][0].evaluator_info["basis"] == "mean of 2 of 3 criteria"


@both_ways
@pytest.mark.parametrize("per_criterion", [False, True])
async def test_langsmith_gets_no_score_where_nothing_applies(
    server: OpenAIServer, way: Way, per_criterion: bool
) -> None:
    server.reply = NOT
    feedback = await reported(way, made(chat(server), not_applicable=True, per_criterion=per_criterion))
    results = feedback["results"] if isinstance(feedback, dict) else [feedback]
    assert {(each.score, each.value) for each in results} == {(None, "not applicable")}


# What they cost.


def spent(content: str, read: int, written: int) -> Any:
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"content": content, "usage": usage}


@both_ways
async def test_all_samples_are_paid_for(
    server: OpenAIServer, way: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = [spent(GOOD, 100, 10), spent(UNREAD, 200, 20), spent(GOOD, 400, 40)]
    for model, cost in (("gpt-4o-mini", (700 * 0.15 + 70 * 0.6) / 1e6), ("judge", None)):
        server.script(script)
        score = await way.score(made(chat(server, model), samples=3, repair=0, per_criterion=False))
        assert score.usage == Usage(calls=3, input_tokens=700, output_tokens=70, cost=pytest.approx(cost))
    own = tmp_path / "prices.toml"
    own.write_text("[models]\njudge = { input = 1.0, output = 10.0 }\n")
    monkeypatch.setenv("LC_SCORING_PRICES", str(own))
    server.script(script)
    assert (await way.score(made(chat(server), samples=3, repair=0, per_criterion=False))).usage.cost == pytest.approx(
        1400 / 1e6
    )
