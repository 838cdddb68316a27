"""Several RAG metrics at once: each as it is alone, what they share asked once, and what becomes of those that fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback.openai_api import OpenAIServer
from loopback.rag_replies import Judge, Vectors, by_hand, listed, metric_of, paid, question_of
from loopback.ways import chat

from lc_scoring import ConfigError, ModelError, NotApplicable, ReplyError, Sample, Score, Usage, load_evaluator
from lc_scoring.models.tape import Tape

DEFAULT = ("faithfulness", "answer_relevancy", "context_precision", "context_recall", "answer_correctness")
ALL = (
    *DEFAULT,
    "answer_similarity",
    "context_relevancy",
    "context_entity_recall",
    "noise_sensitivity",
    "citation_support",
)
INPUT, PREDICTION = "When did it open?", "It opened in 1903 [1]. Entry is free [2]."
REFERENCE = "It opened in 1903; entry is two pounds."
ROW: dict[str, Any] = {
    "input": INPUT,
    "prediction": PREDICTION,
    "reference": REFERENCE,
    "contexts": ("The mill opened in 1903. It is old.", "It stands in Rye.", "Ada Moor built it.", "Moo.", "Baa."),
}
VECTORS = {INPUT: [3.0, 4.0], PREDICTION: [3.0, 4.0], REFERENCE: [4.0, 3.0], "Near?": [4.0, 3.0], "Same?": [6.0, 8.0]}
TEXT = {
    "claims": listed(["The mill opened in 1903.", "The mill is old.", "Entry is free."]),
    "support": listed(["said [[YES: 1]]", "said [[YES: 1, 2]]", "nowhere [[NO]]"]),
    "check": listed(["said [[YES]]", "nowhere [[NO]]", "it is not [[NO]]", "Entry is two pounds. [[MISSING]]"]),
    "attribution": listed(
        ["It opened in 1903. || said [[YES: 1]]", "Entry is dear. || no [[NO]]", "It is old. || said [[YES: 2, 1]]"]
    ),
    "entities": listed(["1903 || named [[YES: 1]]", "two pounds || nowhere [[NO]]"]),
    "usefulness": listed(["year [[YES]]", "place [[NO]]", "builder [[YES]]", "cow [[NO]]", "sheep [[NO]]"]),
    "sentences": "1. gives the year\n4. says who",
    "questions": listed(["Near?", "Same?", "Near?"]),
    "citations": listed(["says so [[YES]]", "says nothing [[NO]]"]),
}
JSON: Mapping[str, list[dict[str, Any]]] = {
    "claims": [
        {"number": 1, "text": "The mill opened in 1903."},
        {"number": 2, "text": "The mill is old."},
        {"number": 3, "text": "Entry is free."},
    ],
    "support": [
        {"number": 1, "reason": "said", "verdict": "YES", "contexts": [1]},
        {"number": 2, "reason": "said", "verdict": "YES", "contexts": [1, 2]},
        {"number": 3, "reason": "nowhere", "verdict": "NO", "contexts": []},
    ],
    "check": [
        {"number": 1, "text": "", "reason": "said", "verdict": "YES"},
        {"number": 2, "text": "", "reason": "nowhere", "verdict": "NO"},
        {"number": 3, "text": "", "reason": "it is not", "verdict": "NO"},
        {"number": 4, "text": "Entry is two pounds.", "reason": "", "verdict": "MISSING"},
    ],
    "attribution": [
        {"number": 1, "text": "It opened in 1903.", "reason": "said", "verdict": "YES", "contexts": [1]},
        {"number": 2, "text": "Entry is dear.", "reason": "no", "verdict": "NO", "contexts": []},
        {"number": 3, "text": "It is old.", "reason": "said", "verdict": "YES", "contexts": [2, 1]},
    ],
    "entities": [
        {"number": 1, "text": "1903", "reason": "named", "verdict": "YES", "contexts": [1]},
        {"number": 2, "text": "two pounds", "reason": "nowhere", "verdict": "NO", "contexts": []},
    ],
    "usefulness": [
        {"number": 1, "reason": "year", "verdict": "YES"},
        {"number": 2, "reason": "place", "verdict": "NO"},
        {"number": 3, "reason": "builder", "verdict": "YES"},
        {"number": 4, "reason": "cow", "verdict": "NO"},
        {"number": 5, "reason": "sheep", "verdict": "NO"},
    ],
    "sentences": [{"number": 1, "reason": "gives the year"}, {"number": 4, "reason": "says who"}],
    "questions": [
        {"number": 1, "text": "Near?"},
        {"number": 2, "text": "Same?"},
        {"number": 3, "text": "Near?"},
    ],
    "citations": [
        {"number": 1, "reason": "says so", "verdict": "YES"},
        {"number": 2, "reason": "says nothing", "verdict": "NO"},
    ],
}
VALUES = {
    "faithfulness": 2 / 3,
    "answer_relevancy": (24 / 25 + 1 + 24 / 25) / 3,
    "context_precision": (1 / 1 + 2 / 3) / 2,
    "context_recall": 2 / 3,
    "answer_correctness": 0.75 * 2 / (2 + 2 + 1) + 0.25 * 24 / 25,  # one right, two wrong, one missing
    "answer_similarity": 24 / 25,
    "context_relevancy": 2 / 6,
    "context_entity_recall": 1 / 2,
    "noise_sensitivity": 1 - 1 / 3,  # the second claim is wrong, and from contexts 1 and 2, which are relevant
    "citation_support": 1 / 2,
}
PAID = {
    "faithfulness": ("claims", "support"),
    "answer_relevancy": ("questions",),
    "context_precision": ("usefulness",),
    "context_recall": ("attribution",),
    "answer_correctness": ("claims", "check"),
    "answer_similarity": (),
    "context_relevancy": ("sentences",),
    "context_entity_recall": ("entities",),
    "noise_sensitivity": ("claims", "attribution", "support", "check"),
    "citation_support": ("citations",),
}
"""What each asks alone."""

EMBEDDED = {"answer_relevancy", "answer_correctness", "answer_similarity"}


def options(*names: str) -> dict[str, Any]:
    return {"embeddings": Vectors(**VECTORS)} if EMBEDDED.intersection(names) else {}


def alone(name: str, judge: Judge, **given: Any) -> Any:
    return load_evaluator(name, llm=judge.answer, **options(name), **given)


def several(judge: Judge, metrics: tuple[str, ...] = DEFAULT, **given: Any) -> Any:
    return load_evaluator("rag", llm=judge.answer, metrics=metrics, **{**options(*metrics), **given})


def unbilled(score: Score) -> Score:
    return replace(score, usage=Usage())


# Each as it is alone, and the mean of all.


@pytest.mark.parametrize("name", ALL)
def test_a_metric_gives_together_what_it_gives_alone(name: str) -> None:
    one = alone(name, Judge(**TEXT)).score(ROW)
    assert one.value == pytest.approx(VALUES[name], abs=1e-9)
    assert one.usage == paid(*PAID[name])
    together = several(Judge(**TEXT), ALL).score(ROW)
    (same,) = (part for part in together.parts if part.name == name)
    assert unbilled(same) == unbilled(one)
    assert same.signature == alone(name, Judge(**TEXT)).signature


@pytest.mark.parametrize(
    "metrics",
    [
        DEFAULT,
        ALL,
        ("faithfulness",),
        ("answer_similarity",),
        ("citation_support", "faithfulness"),
        ("answer_correctness", "noise_sensitivity", "faithfulness"),
    ],
    ids=["default", "all", "one", "one without a judge", "two", "three that share"],
)
def test_the_overall_score_is_the_mean_of_the_metrics(metrics: tuple[str, ...]) -> None:
    judge = Judge(**TEXT)
    evaluator = several(judge, metrics)
    score = evaluator.score(ROW)
    assert score.value == pytest.approx(sum(VALUES[name] for name in metrics) / len(metrics), abs=1e-9)
    assert [part.name for part in score.parts] == list(metrics)
    assert (score.name, score.basis, score.failures) == ("rag", f"mean of {len(metrics)} metrics", ())
    assert (score.rating, score.label, score.signature) == (None, None, evaluator.signature)
    assert Counter(judge.asked) == Counter({question for name in metrics for question in PAID[name]})
    assert score.usage == paid(*judge.asked) == sum((part.usage for part in score.parts), Usage())


def test_by_default_there_are_five_metrics_and_six_calls() -> None:
    judge = Judge(**TEXT)
    evaluator = load_evaluator("rag", llm=judge.answer, embeddings=Vectors(**VECTORS))
    score = evaluator.score(ROW)
    assert tuple(part.name for part in score.parts) == DEFAULT
    assert sorted(judge.asked) == ["attribution", "check", "claims", "questions", "support", "usefulness"]
    assert (score.usage.calls, evaluator.signature) == (6, several(judge).signature)


def test_the_reasoning_tells_every_metrics_value_and_reasoning() -> None:
    score = several(Judge(**TEXT), ("context_recall", "citation_support")).score(ROW)
    recall, support = score.parts
    assert score.reasoning == (
        f"context_recall: 0.6667\n{recall.reasoning}\n\ncitation_support: 0.5000\n{support.reasoning}"
    )


@pytest.mark.parametrize(
    ("metrics", "bills"),
    [
        pytest.param(DEFAULT, {"faithfulness": ["claims", "support"], "answer_correctness": ["check"]}, id="default"),
        pytest.param(
            DEFAULT[::-1], {"faithfulness": ["support"], "answer_correctness": ["claims", "check"]}, id="turned round"
        ),
        pytest.param(
            ("noise_sensitivity", *DEFAULT),
            {
                "noise_sensitivity": ["claims", "attribution", "support", "check"],
                "faithfulness": [],
                "context_recall": [],
                "answer_correctness": [],
            },
            id="all of it asked by the first",
        ),
    ],
)
def test_what_is_shared_is_billed_to_the_first_that_asks_it(
    metrics: tuple[str, ...], bills: dict[str, list[str]]
) -> None:
    score = several(Judge(**TEXT), metrics).score(ROW)
    usage = {part.name: part.usage for part in score.parts}
    assert {name: usage[name] for name in bills} == {name: paid(*asked) for name, asked in bills.items()}


def test_a_repair_of_what_is_shared_is_asked_and_billed_once() -> None:
    judge = Judge(**{**TEXT, "claims": ["I found three.", TEXT["claims"]]})
    score = several(judge).score(ROW)
    asked = ("claims", "claims", "support", "questions", "usefulness", "attribution", "check")
    assert sorted(judge.asked) == sorted(asked)
    assert score.usage == paid(*asked)
    assert score.parts[0].usage == paid("claims", "claims", "support")
    assert score.parts[4].usage == paid("check")
    assert score.value == pytest.approx(sum(VALUES[name] for name in DEFAULT) / 5, abs=1e-9)


# What fails, and what does not apply.


@pytest.mark.parametrize(
    ("question", "failing"),
    [
        ("support", "faithfulness"),
        ("questions", "answer_relevancy"),
        ("usefulness", "context_precision"),
        ("attribution", "context_recall"),
        ("check", "answer_correctness"),
    ],
)
def test_a_metric_that_fails_is_told_and_the_rest_are_averaged(question: str, failing: str) -> None:
    judge = Judge(**{**TEXT, question: "I cannot tell."})
    evaluator = several(judge)
    score = evaluator.score(ROW)
    rest = [name for name in DEFAULT if name != failing]
    assert score.value == pytest.approx(sum(VALUES[name] for name in rest) / 4, abs=1e-9)
    assert score.basis == "mean of 4 of 5 metrics"
    assert [part.name for part in score.parts] == rest
    (failure,) = score.failures
    assert failure.name == failing
    assert isinstance(failure.error, ReplyError)
    assert failure.error.reply == "I cannot tell."
    assert score.usage == paid(*judge.asked)
    assert sorted(judge.asked) == sorted([*(each for each in TEXT if each in judge.asked), question])
    result = evaluator.invoke(ROW)
    assert list(result["failed"]) == [failing]
    assert "no numbered list" in result["failed"][failing]


def test_a_failure_holds_the_rows_id() -> None:
    judge = Judge(**{**TEXT, "usefulness": "I cannot tell."})
    (failure,) = several(judge).score(Sample(**ROW, id="row 7")).failures
    assert failure.sample_id == "row 7"


def test_driven_by_hand_a_failure_holds_the_rows_id() -> None:
    metric = metric_of("rag", metrics=["context_recall", "context_entity_recall"])
    lines = listed(["Rye || [[YES: 1]]", "Moor || [[NO]]"])
    score, asked = by_hand(metric.judge(Sample(**ROW, id="row 7")), [lines, "What?"], ["What?"])
    assert asked == [
        ["claims of the reference in the contexts", "entities of the reference in the contexts"],
        ["repair"],
    ]
    assert (score.value, score.basis) == (1 / 2, "mean of 1 of 2 metrics")
    assert [(one.name, one.sample_id) for one in score.failures] == [("context_entity_recall", "row 7")]


def test_where_what_is_shared_fails_all_that_share_it_fail_and_it_is_paid_once() -> None:
    judge = Judge(**{**TEXT, "claims": "I cannot tell."})
    score = several(judge).score(ROW)
    assert score.value == pytest.approx((VALUES["answer_relevancy"] + 5 / 6 + 2 / 3) / 3, abs=1e-9)
    assert score.basis == "mean of 3 of 5 metrics"
    assert [failure.name for failure in score.failures] == ["faithfulness", "answer_correctness"]
    assert [failure.error.usage for failure in score.failures] == [paid("claims", "claims"), None]
    asked = ("claims", "claims", "questions", "usefulness", "attribution")
    assert sorted(judge.asked) == sorted(asked)
    assert score.usage == paid(*asked)


def test_a_metric_that_does_not_apply_enters_no_mean() -> None:
    score = several(Judge(**TEXT), ("faithfulness", "citation_support")).score({**ROW, "prediction": "It is old."})
    assert (score.value, score.basis) == (pytest.approx(2 / 3, abs=1e-9), "mean of 1 of 2 metrics")
    (failure,) = score.failures
    assert isinstance(failure.error, NotApplicable)
    assert (failure.name, failure.error.state) == ("citation_support", "no citations")


def test_where_all_fail_the_first_error_is_raised() -> None:
    judge = Judge(support="-", usefulness="What?", claims="1. It is old.")
    with pytest.raises(ReplyError, match="no numbered list") as caught:
        several(judge, ("context_precision", "faithfulness")).score(ROW)
    assert caught.value.reply == "What?"
    assert caught.value.usage == paid("usefulness", "usefulness", "claims", "support", "support")


def test_where_one_fails_and_the_rest_do_not_apply_the_failure_is_raised() -> None:
    judge = Judge(claims="[[NONE]]", usefulness="What?")
    with pytest.raises(ReplyError) as caught:
        several(judge, ("faithfulness", "context_precision")).score(ROW)
    assert (caught.value.reply, caught.value.usage) == ("What?", paid("claims", "usefulness", "usefulness"))


def test_where_the_model_gives_no_answer_it_is_raised() -> None:
    judge = Judge()  # knows no answer, and raises
    with pytest.raises(ModelError) as caught:
        several(judge).score(ROW)
    assert caught.value.usage is None
    assert sorted(judge.asked) == ["attribution", "claims", "questions", "usefulness"]


def test_where_none_applies_it_does_not_apply_and_every_state_is_told() -> None:
    judge = Judge(claims="[[NONE]]")
    evaluator = several(judge, ("faithfulness", "context_recall", "citation_support"))
    fields = {"prediction": "Hello!", "reference": "", "contexts": ["It is old."]}
    with pytest.raises(NotApplicable) as caught:
        evaluator.score(fields)
    assert caught.value.state == "no citations, no claims, no reference"
    assert caught.value.reasoning == (
        "faithfulness: The prediction makes no claim that could be checked.\n"
        "context_recall: The reference is blank.\n"
        "citation_support: The prediction cites no context, such as [1]."
    )
    assert caught.value.usage == paid("claims")
    result = evaluator.invoke(fields)
    assert (result["score"], result["value"]) == (None, "no citations, no claims, no reference")


# How it is made, and what it tells of itself.


def test_the_plan_tells_what_every_row_is_asked() -> None:
    assert several(Judge()).plan == (
        "claims of the prediction",
        "questions that the prediction answers",
        "usefulness of the contexts",
        "claims of the reference in the contexts",
        "embeddings of 2 texts",
        "support of the claims by the contexts",
        "embeddings of 4 texts",
        "claims beside the reference",
    )
    assert several(Judge(), questions=1).plan[6] == "embeddings of 2 texts"
    assert several(Judge(), weights=(1, 0)).plan.count("embeddings of 2 texts") == 0


PLANS = {
    "faithfulness": ("claims of the prediction", "support of the claims by the contexts"),
    "answer_relevancy": ("questions that the prediction answers", "embeddings of 4 texts"),
    "context_precision": ("usefulness of the contexts",),
    "context_recall": ("claims of the reference in the contexts",),
    "answer_correctness": ("claims of the prediction", "embeddings of 2 texts", "claims beside the reference"),
    "answer_similarity": ("embeddings of 2 texts",),
    "context_relevancy": ("sentences that are needed",),
    "context_entity_recall": ("entities of the reference in the contexts",),
    "noise_sensitivity": (
        "claims of the prediction",
        "claims of the reference in the contexts",
        "support of the claims by the contexts",
        "claims beside the reference",
    ),
    "citation_support": ("support of sentences by what they cite",),
}


@pytest.mark.parametrize("name", ALL)
def test_the_plan_of_one_metric_is_what_it_asks_and_asking_for_it_asks_nobody(name: str) -> None:
    judge = Judge()
    assert alone(name, judge).plan == PLANS[name]
    assert judge.asked == []


@pytest.mark.parametrize("name", [*ALL, "rag"])
def test_what_is_told_beforehand_is_what_is_asked(name: str) -> None:
    judge = Judge(**TEXT)
    evaluator = several(judge, ALL) if name == "rag" else alone(name, judge)
    asks = [ask for ask in evaluator.first_asks(ROW) if hasattr(ask, "messages")]
    told = [question_of("\n".join(message.text for message in ask.messages)) for ask in asks]
    evaluator.score(ROW)
    assert sorted(told) == sorted(judge.asked)


def test_arguments_reach_the_metrics_that_take_them() -> None:
    judge = Judge(**{**TEXT, "questions": "1. Near?"})
    evaluator = several(judge, ("answer_relevancy", "answer_correctness"), questions=1, weights=(1, 0), beta=2)
    relevancy, correctness = evaluator.score(ROW).parts
    assert relevancy.value == pytest.approx(24 / 25, abs=1e-9)
    assert correctness.value == pytest.approx(5 / (5 + 4 * 1 + 2), abs=1e-9)  # one right, two wrong, one missing
    assert "|questions=1|" in relevancy.signature
    assert "|weights=1,0|beta=2|" in correctness.signature


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"metrics": ["faithfullness"]}, "Did you mean 'faithfulness'", id="an unknown metric"),
        pytest.param({"metrics": []}, "at least one", id="none"),
        pytest.param({"metrics": ["faithfulness", "faithfulness"]}, "different names", id="one twice"),
        pytest.param({"metrics": "faithfulness"}, "list of names", id="a text"),
        pytest.param({"metrics": 3}, "list of names", id="a number"),
        pytest.param(
            {"metrics": ["faithfulness"], "beta": 2}, "None of faithfulness takes beta", id="an argument of none"
        ),
        pytest.param({"bet": 2}, "Did you mean 'beta'", id="an unknown argument"),
        pytest.param({"weights": (0, 0)}, "weights takes two numbers", id="weights of 0"),
    ],
)
def test_what_cannot_be_made_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_evaluator("rag", llm=Judge().answer, **given)


@pytest.mark.parametrize(
    ("metrics", "needs"),
    [
        (DEFAULT, ["contexts", "input", "prediction", "reference"]),
        (("faithfulness",), ["contexts", "prediction"]),
        (("answer_relevancy", "answer_similarity"), ["input", "prediction", "reference"]),
        (("context_recall",), ["contexts", "reference"]),
    ],
)
def test_it_needs_what_its_metrics_need(metrics: tuple[str, ...], needs: list[str]) -> None:
    evaluator = several(Judge(), metrics)
    assert evaluator.input_keys == needs
    assert (evaluator.requires_input, evaluator.requires_reference) == ("input" in needs, "reference" in needs)
    with pytest.raises(ConfigError, match=needs[0]):
        evaluator.score({key: ROW[key] for key in needs[1:]})


# Sync and async, text and JSON, at once and from a tape.


@pytest.mark.parametrize("name", [*ALL, "rag"])
async def test_sync_and_async_give_the_same(name: str) -> None:
    def made() -> Any:
        return several(Judge(**TEXT), ALL) if name == "rag" else alone(name, Judge(**TEXT))

    assert await made().ascore(ROW) == made().score(ROW)
    assert await made().ainvoke(ROW) == made().invoke(ROW)
    broken = {**ROW, "prediction": "", "reference": "", "contexts": []}
    assert await made().ainvoke(broken) == made().invoke(broken)


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def judge_in_json(server: OpenAIServer, findings: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Have a server answer in JSON; return the list of what it is asked."""
    asked: list[str] = []

    def reply(body: Mapping[str, Any]) -> str:
        asked.append(question_of("\n".join(message["content"] for message in body["messages"])))
        assert body["response_format"]["type"] == "json_schema"
        return json.dumps({"findings": findings[asked[-1]]})

    server.reply = reply
    return asked


@pytest.mark.parametrize("name", [one for one in ALL if PAID[one]])
def test_json_gives_the_same_as_text(server: OpenAIServer, name: str) -> None:
    asked = judge_in_json(server, JSON)
    evaluator = load_evaluator(name, llm=chat(server), output="json", **options(name))
    score = evaluator.score(ROW)
    assert score.value == pytest.approx(VALUES[name], abs=1e-9)
    text = alone(name, Judge(**TEXT)).score(ROW)
    assert replace(unbilled(score), signature="") == replace(unbilled(text), signature="")
    assert sorted(asked) == sorted(PAID[name])
    assert score.usage.calls == len(PAID[name])
    assert "+list_json@" in evaluator.signature


def test_json_gives_the_same_as_text_for_several_at_once(server: OpenAIServer) -> None:
    asked = judge_in_json(server, JSON)
    score = load_evaluator("rag", llm=chat(server), output="json", metrics=ALL, **options(*ALL)).score(ROW)
    assert score.value == pytest.approx(sum(VALUES.values()) / 10, abs=1e-9)
    assert (sorted(asked), score.usage.calls) == (sorted(TEXT), 9)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("faithfulness", "no claims"),
        ("context_recall", "no claims"),
        ("context_entity_recall", "no entities"),
        ("answer_relevancy", "noncommittal"),
        ("answer_correctness", "no claims"),
        ("context_relevancy", None),
    ],
)
def test_an_empty_list_in_json_is_the_same_state_as_in_text(server: OpenAIServer, name: str, outcome: Any) -> None:
    judge_in_json(server, {name: [] for name in JSON})
    in_json = load_evaluator(name, llm=chat(server), output="json", **options(name)).invoke(ROW)
    none = {**dict.fromkeys(TEXT, "[[NONE]]"), "questions": "[[NONCOMMITTAL]]"}
    assert in_json == alone(name, Judge(**none)).invoke(ROW)
    assert in_json.get("value") == outcome
    assert in_json["score"] == (0.0 if name in {"answer_relevancy", "context_relevancy"} else None)


def test_a_list_in_json_that_lacks_an_entry_is_asked_for_again(server: OpenAIServer) -> None:
    asked = judge_in_json(server, JSON)
    server.script([json.dumps({"findings": JSON["usefulness"][:4]})])
    score = load_evaluator("context_precision", llm=chat(server), output="json").score(ROW)
    assert score.value == pytest.approx(VALUES["context_precision"], abs=1e-9)
    assert (asked, score.usage.calls) == (["usefulness"], 2)
    again = server.requests[-1].body["messages"][-1]["content"]
    assert "it lacks line 5" in again
    assert '{"findings": [{"number": 1, ' in again


def test_a_tape_gives_again_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "mill.jsonl"
    judge = Judge(**TEXT)
    recorded = load_evaluator("rag", llm=Tape(path, judge.answer), metrics=ALL, **options(*ALL)).score(ROW)
    assert recorded.value == pytest.approx(sum(VALUES.values()) / 10, abs=1e-9)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["reply"] for line in lines) == sorted(TEXT.values())
    assert sorted(judge.asked) == sorted(TEXT)
    replayed = load_evaluator("rag", llm=Tape(path), metrics=ALL, **options(*ALL))
    assert replayed.score(ROW) == recorded
    assert replayed.score(ROW) == recorded
    assert sorted(judge.asked) == sorted(TEXT)
    for name in DEFAULT:  # what was asked together is what each asks alone
        one = load_evaluator(name, llm=Tape(path), **options(name)).score(ROW)
        assert unbilled(one) == unbilled(next(part for part in recorded.parts if part.name == name))
    with pytest.raises(ModelError, match="no reply to this question"):
        load_evaluator("faithfulness", llm=Tape(path)).score({**ROW, "prediction": "Another."})
