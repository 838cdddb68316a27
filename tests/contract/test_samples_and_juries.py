"""Samples and juries behind the real OpenAI client: several judgements of one text made one score."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from statistics import stdev
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI
from loopback.judged_names import CASES, RIGHT, WRONG, Case, every_judged_name
from loopback.openai_api import OpenAIServer
from loopback.ways import FIELDS, GOOD, Way, both_ways, chat

from lc_scoring import ConfigError, ModelError, ReplyError, load_evaluator

UNREAD = "I would rather not say."
NAME = "score_string:correctness"


pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture
def server(judge_server: OpenAIServer) -> OpenAIServer:
    return judge_server


def made(llm: Any = None, **options: Any) -> Any:
    return load_evaluator("labeled_score_string", llm=llm, criteria="correctness", **options)


def rated(*ratings: float) -> list[str]:
    return [f"Reason {rating}. Rating: [[{rating}]]" for rating in ratings]


def at_once(number: int, reply: Any = GOOD) -> Callable[[Any], Any]:
    """A reply that comes only when as many requests are there."""
    together = threading.Barrier(number, timeout=10)

    def wait(body: Any) -> Any:
        together.wait()
        return reply(body) if callable(reply) else reply

    return wait


# Samples.


@both_ways
async def test_samples_are_asked_at_once(server: OpenAIServer, way: Way) -> None:
    server.reply = at_once(5)
    score = await way.score(made(chat(server), samples=5))
    assert (score.rating, score.basis, len(score.parts)) == (8, "mean of 5 samples", 5)
    assert server.max_in_flight == len(server.requests) == 5
    assert all(request.body == server.requests[0].body for request in server.requests)


@both_ways
async def test_samples_are_averaged_and_each_is_told(server: OpenAIServer, way: Way) -> None:
    evaluator = made(chat(server), samples=5)
    server.script(rated(6, 7, 8, 8, 9))
    result = await way.result(evaluator)
    assert (result["score"], result["basis"], result["spread"]) == (
        7.6,
        "mean of 5 samples",
        pytest.approx(stdev([6, 7, 8, 8, 9])),
    )
    assert [part["name"] for part in result["parts"]] == [f"{NAME}, sample {number}" for number in range(1, 6)]
    assert sorted(part["score"] for part in result["parts"]) == [6, 7, 8, 8, 9]
    assert all(part["reasoning"] == f"Reason {part['score']}. Rating: [[{part['score']}]]" for part in result["parts"])
    assert "failed" not in result
    server.script(rated(6, 7, 8, 8, 9))
    score = await way.score(evaluator)
    assert (score.rating, score.value, score.name) == (7.6, pytest.approx(6.6 / 9), NAME)
    assert score.signature == evaluator.signature
    assert score.reasoning.startswith("Mean of 5 samples: ")


@both_ways
async def test_samples_that_cannot_be_read_are_counted(server: OpenAIServer, way: Way) -> None:
    server.script([GOOD, UNREAD, GOOD, 500, GOOD])
    result = await way.result(made(chat(server), samples=5, repair=0))
    assert (result["score"], result["basis"], len(result["parts"])) == (8, "mean of 3 of 5 samples", 3)
    assert len(result["failed"]) == 2
    names = {part["name"].removeprefix(f"{NAME}, ") for part in result["parts"]} | result["failed"].keys()
    assert names == {f"sample {number}" for number in range(1, 6)}
    assert any("no rating in double brackets" in why for why in result["failed"].values())
    assert any("Error code: 500" in why for why in result["failed"].values())


@both_ways
async def test_an_unreadable_sample_is_repaired_by_itself(server: OpenAIServer, way: Way) -> None:
    server.script([GOOD, UNREAD, GOOD, "[[5]]"])
    score = await way.score(made(chat(server), samples=3))
    assert (score.rating, score.basis, score.usage.calls, len(server.requests)) == (7, "mean of 3 samples", 4, 4)


@both_ways
@pytest.mark.parametrize(("samples", "unread"), [(5, 3), (4, 3), (3, 2), (2, 2)])
async def test_fewer_than_half_are_none(server: OpenAIServer, way: Way, samples: int, unread: int) -> None:
    server.script([UNREAD] * unread)
    with pytest.raises(ReplyError, match=f"Only {samples - unread} of {samples} samples gave a score") as raised:
        await way.score(made(chat(server), samples=samples, repair=0))
    assert raised.value.reply == UNREAD
    assert raised.value.usage.calls == samples


@both_ways
async def test_half_of_them_will_do(server: OpenAIServer, way: Way) -> None:
    server.script([UNREAD] * 2)
    assert (await way.score(made(chat(server), samples=4, repair=0))).basis == "mean of 2 of 4 samples"


@both_ways
@pytest.mark.parametrize("status", [429, 500])
async def test_samples_without_an_answer(server: OpenAIServer, way: Way, status: int) -> None:
    server.reply = {"status": status}
    with pytest.raises(ModelError, match="Only 0 of 5 samples") as raised:
        await way.score(made(chat(server), samples=5))
    assert raised.value.retryable is True
    assert len(server.requests) == 5


def knowing(case: Case) -> Callable[[Any], str]:
    """What a name's judge says of the texts in a request."""

    def reply(body: Any) -> str:
        question = "\n".join(message["content"] for message in body["messages"])
        return case.reply.replace("{}", "A" if question.find(RIGHT) < question.find(WRONG) else "B")

    return reply


@every_judged_name
@both_ways
async def test_samples_of_every_name(server: OpenAIServer, way: Way, case: Case) -> None:
    server.reply = at_once(3 * case.questions, knowing(case))
    evaluator = case.made(chat(server), samples=3)
    result = await way.result(evaluator, case.fields)
    verdict = "value" in case.result
    assert {key: result[key] for key in case.result if key != "reasoning"} == {
        key: value for key, value in case.result.items() if key != "reasoning"
    }
    assert (result["basis"], result["spread"]) == (f"{'majority' if verdict else 'mean'} of 3 samples", 0)
    assert [part.get("value") for part in result["parts"]] == [case.result.get("value")] * 3
    assert server.max_in_flight == len(server.requests) == 3 * case.questions
    score = await way.score(evaluator, case.fields)
    assert (score.value, score.label) == (pytest.approx(case.score), case.result.get("value"))
    assert [len(part.parts) for part in score.parts] == [2 if case.questions == 2 else 0] * 3


@both_ways
async def test_verdicts_are_put_to_a_vote(server: OpenAIServer, way: Way) -> None:
    votes = [f"So. Verdict: [[{verdict}]]" for verdict in ("CORRECT", "INCORRECT", "CORRECT", "CORRECT")]
    server.script(votes[:3])
    result = await way.result(load_evaluator("qa", llm=chat(server), samples=3))
    assert (result["value"], result["score"], result["basis"]) == ("CORRECT", 1, "majority of 3 samples")
    server.script(votes[:2])
    with pytest.raises(ReplyError, match=r"samples are split \(.*: 1.*odd number.*aggregate='mean'"):
        await way.result(load_evaluator("qa", llm=chat(server), samples=2))
    server.script(votes)
    result = await way.result(load_evaluator("qa", llm=chat(server), samples=4, aggregate="mean"))
    assert (result["value"], result["score"], result["basis"]) == ("CORRECT", 0.75, "mean of 4 samples")


@both_ways
async def test_a_split_vote_between_two_texts_is_a_tie(server: OpenAIServer, way: Way) -> None:
    case = CASES["pairwise_string"]
    server.script(["So. Verdict: [[A]]", "So. Verdict: [[B]]"])
    result = await way.result(case.made(chat(server), samples=2, both_orders=False), case.fields)
    assert (result["value"], result["score"]) == (None, 0.5)


@both_ways
async def test_the_median(server: OpenAIServer, way: Way) -> None:
    server.script(rated(1, 8, 9))
    score = await way.score(made(chat(server), samples=3, aggregate="median"))
    assert (score.rating, score.basis) == (8, "median of 3 samples")


@both_ways
async def test_variants_are_other_words(server: OpenAIServer, way: Way) -> None:
    score = await way.score(made(chat(server), samples=7, variants=True))
    systems = [request.body["messages"][0]["content"] for request in server.requests]
    assert (score.basis, len(systems), len(set(systems))) == ("mean of 7 samples", 7, 5)
    assert all(FIELDS["prediction"] in request.body["messages"][1]["content"] for request in server.requests)


@both_ways
@pytest.mark.parametrize("limit", [1, 2])
async def test_max_concurrency_holds_for_samples(server: OpenAIServer, way: Way, limit: int) -> None:
    server.reply = at_once(limit)
    result = await way.result(made(chat(server), samples=4), FIELDS, {"max_concurrency": limit})
    assert (result["score"], server.max_in_flight, len(server.requests)) == (8, limit, 4)


@pytest.mark.parametrize(("samples", "sent"), [(1, {"temperature": 0}), (3, {})])
@pytest.mark.parametrize("given", ["llm", "setting", "jury"])
def test_a_model_string_is_sampled_at_its_own_temperature(
    server: OpenAIServer, samples: int, sent: Any, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sync alone: models made from strings share one async client, which outlives a test's event loop.
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    if given == "setting":
        monkeypatch.setenv("LC_SCORING_LLM", "openai:gpt-4.1-mini")
    judge = {"llm": "openai:gpt-4.1-mini", "setting": None, "jury": ["openai:gpt-4.1-mini"]}[given]
    made(judge, samples=samples).score(FIELDS)
    temperatures = [
        {key: request.body[key] for key in ("temperature",) if key in request.body} for request in server.requests
    ]
    assert temperatures == [sent] * samples


def test_equal_samples_are_warned_of(server: OpenAIServer) -> None:
    for judge in (chat(server, temperature=0), chat(server).bind(temperature=0)):
        with pytest.warns(UserWarning, match="temperature 0, so its samples will hardly differ"):
            made(judge, samples=5)
        made(judge, samples=5, variants=True)
        made(judge)
    set_llm_cache(InMemoryCache())
    try:
        with pytest.warns(UserWarning, match="cache is on.*cache=False"):
            made(chat(server), samples=5)
        made(chat(server, cache=False), samples=5)
        made(chat(server))
    finally:
        set_llm_cache(None)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no samples": ({"samples": 0}, "samples"),
    "variants of one": ({"variants": True}, "samples=5"),
    "a quorum without a jury": ({"quorum": 2}, "quorum of 2"),
    "an unknown aggregate": ({"samples": 3, "aggregate": "mode"}, "aggregate"),
    "a vote on ratings": ({"samples": 3, "aggregate": "majority"}, "'mean' or 'median'"),
    "a parser": ({"samples": 3, "output_parser": StrOutputParser()}, "output_parser.*leave out samples"),
    "a model and a jury": ({"jury": [lambda _: GOOD]}, "llm= and jury="),
}


@pytest.mark.parametrize(("options", "said"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_makes_no_panel(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(lambda _: GOOD, **options)


@pytest.mark.parametrize("options", [{"aggregate": "median"}, {"variants": True}])
def test_what_verdicts_do_not_have(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"no median|no other wordings"):
        load_evaluator("qa", llm=lambda _: GOOD, samples=3, **options)


# Juries.


def by_model(**said: Any) -> Callable[[Any], Any]:
    return lambda body: said[body["model"]]


def rating(number: float) -> str:
    return rated(number)[0]


def members(server: OpenAIServer, names: str = "abc") -> list[ChatOpenAI]:
    return [chat(server, name) for name in names]


@both_ways
@pytest.mark.parametrize("given", ["llm", "jury"])
async def test_a_jury_is_asked_at_once(server: OpenAIServer, way: Way, given: str) -> None:
    server.reply = at_once(3, by_model(a=rating(8), b=rating(6), c=rating(4)))
    result = await way.result(made(**{given: members(server)}))
    assert (result["score"], result["basis"], result["spread"]) == (6, "mean of 3 members", 2)
    told = {part["name"]: (part["score"], part["reasoning"]) for part in result["parts"]}
    assert told == {f"{NAME}, ChatOpenAI:{name}": (n, rating(n)) for name, n in (("a", 8), ("b", 6), ("c", 4))}
    assert sorted(request.body["model"] for request in server.requests) == ["a", "b", "c"]


@both_ways
async def test_a_dead_member_is_named(server: OpenAIServer, way: Way) -> None:
    server.reply = by_model(a=rating(8), b={"status": 500}, c=rating(4))
    result = await way.result(made(members(server)))
    assert (result["score"], result["basis"], list(result["failed"])) == (6, "mean of 2 of 3 members", ["ChatOpenAI:b"])
    with pytest.raises(ModelError, match="Only 2 of 3 members gave a score, and 3 must"):
        await way.result(made(members(server), quorum=3))
    server.reply = by_model(a=rating(8), b={"status": 500}, c={"status": 500})
    with pytest.raises(ModelError, match="Only 1 of 3 members"):
        await way.result(made(members(server)))
    assert (await way.result(made(members(server), quorum=1)))["basis"] == "mean of 1 of 3 members"


@both_ways
async def test_members_of_one_name_are_numbered(server: OpenAIServer, way: Way) -> None:
    score = await way.score(made(members(server, "aab")))
    assert [part.name.removeprefix(f"{NAME}, ChatOpenAI:") for part in score.parts] == ["a", "a (2)", "b"]


@both_ways
async def test_offsets_are_taken_off(server: OpenAIServer, way: Way) -> None:
    server.reply = by_model(a=rating(8), b=rating(6), c=rating(4))
    evaluator = made(members(server), center={"ChatOpenAI:a": 1.5})
    score = await way.score(evaluator)
    assert score.rating == 5.5
    assert "|center=ChatOpenAI:a+1.5" in score.signature == evaluator.signature


@both_ways
async def test_offsets_told_from_rows(server: OpenAIServer, way: Way) -> None:
    evaluator, scores = made(members(server)), []
    for first in (rating(8), {"status": 500}):
        server.reply = by_model(a=first, b=rating(6), c=rating(4))
        scores.append(await way.score(evaluator))
    assert [score.rating for score in scores] == [6, 5]
    centered = evaluator.centered(scores)
    assert [score.rating for score in centered] == [6, 6]
    assert [score.basis for score in centered] == ["mean of 3 members", "mean of 2 of 3 members"]
    assert {score.signature for score in centered}.isdisjoint(score.signature for score in scores)
    with pytest.raises(ConfigError, match="no row on which"):
        evaluator.centered(scores[1:])


@both_ways
async def test_each_member_is_sampled(server: OpenAIServer, way: Way) -> None:
    server.reply = at_once(6, by_model(a=rating(8), b=rating(6)))
    score = await way.score(made(members(server, "ab"), samples=3))
    assert (score.rating, score.basis, server.max_in_flight) == (7, "mean of 2 members", 6)
    assert [(len(part.parts), part.basis) for part in score.parts] == [(3, "mean of 3 samples")] * 2


JURY = [lambda _: GOOD, lambda _: GOOD]
NO_JURIES: dict[str, tuple[dict[str, Any], str]] = {
    "nobody": ({"jury": []}, "one at least"),
    "nobody in llm": ({"llm": []}, "one at least"),
    "a quorum larger than the jury": ({"jury": JURY, "quorum": 3}, "quorum of 3"),
    "a list and a jury": ({"llm": JURY, "jury": JURY}, "give one of them"),
    "a stranger's offset": ({"jury": JURY, "center": {"me": 1}}, "center names me"),
    "center=True": ({"jury": JURY, "center": True}, r"evaluator\.centered\("),
    "an infinite offset": ({"jury": JURY, "center": {"RunnableLambda:RunnableLambda": float("inf")}}, "finite"),
}


@pytest.mark.parametrize(("options", "said"), list(NO_JURIES.values()), ids=list(NO_JURIES))
def test_what_makes_no_jury(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(**options)


def test_kin_are_warned_of(server: OpenAIServer) -> None:
    with pytest.warns(UserWarning, match="both GPT"):
        made([chat(server), chat(server, "gpt-4o-mini")], system_model="openai:gpt-5")
    made(chat(server, "gpt-4o-mini"), system_model="claude-4-sonnet")


@every_judged_name
def test_copies_of_a_jury(case: Case) -> None:
    evaluator = case.made([case.judge(), case.judge(), case.judge()], samples=2)
    result = evaluator.invoke(case.fields)
    for twin in (pickle.loads(pickle.dumps(evaluator)), copy.deepcopy(evaluator), copy.copy(evaluator)):  # noqa: S301 - our own bytes
        assert (twin.invoke(case.fields), twin.signature) == (result, evaluator.signature)


def test_signatures_tell_how_it_is_asked(server: OpenAIServer) -> None:
    one, three = {"llm": chat(server)}, {"llm": members(server)}
    ways: list[dict[str, Any]] = [
        one, {**one, "samples": 3}, {**one, "samples": 5}, {**one, "samples": 5, "variants": True},
        {**one, "samples": 5, "aggregate": "median"}, {"llm": members(server, "ab")}, three, {**three, "quorum": 3},
        {**three, "aggregate": "median"}, {**three, "samples": 3},
        {**three, "center": {"ChatOpenAI:a": 1}}, {**three, "center": {"ChatOpenAI:b": 1}},
    ]  # fmt: skip
    signatures = [made(**way).signature for way in ways]
    assert signatures == [made(**way).signature for way in ways]
    assert len(set(signatures)) == len(ways)
    keys = [part.partition("=")[0] for part in signatures[0].split("|")[1:]]
    assert keys == ["prompt", "rubric", "scale", "judge", "repair", "parser", "lc_scoring"]
