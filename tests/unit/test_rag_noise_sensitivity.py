"""Noise sensitivity by hand: claims that are wrong and come from the contexts / claims."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, listed, metric_of, paid

from lc_scoring import ConfigError, NotApplicable, ReplyError, Sample, load_evaluator

FIVE = tuple(f"Context number {n}." for n in range(1, 6))
ROW: dict[str, Any] = {
    "prediction": "It opened in 1905 and is free.",
    "reference": "It opened in 1903.",
    "contexts": FIVE,
}
ALL = ("claims", "attribution", "support", "check")


def replies(support: list[str], check: list[str], attribution: list[str]) -> dict[str, str]:
    """What the judge writes of claims: what supports each, whether it is right; and which contexts are relevant."""
    return {
        "claims": listed(f"The mill has door {n}." for n in range(1, len(support) + 1)),
        "support": listed(f"[[{verdict}]]" for verdict in support),
        "check": listed(f"[[{verdict}]]" for verdict in check),
        "attribution": listed(f"It has window {n}. || [[{verdict}]]" for n, verdict in enumerate(attribution, 1)),
    }


def made(judge: Judge, **options: Any) -> Any:
    return load_evaluator("noise_sensitivity", llm=judge.answer, **options)


# Of each claim what supports it, and whether it is right; of each of the reference's claims what holds it.
# Then the share of claims that are wrong and supported by a relevant context, and of those that are wrong and supported
# by irrelevant ones alone.
CASES = [
    pytest.param(["YES: 1", "YES: 2"], ["YES", "YES"], ["YES: 1, 2"], 0 / 2, 0 / 2, id="all right"),
    pytest.param(["YES: 1", "YES: 2"], ["NO", "NO"], ["YES: 1, 2"], 2 / 2, 0 / 2, id="all wrong, from relevant ones"),
    pytest.param(["YES: 3", "YES: 4"], ["NO", "NO"], ["YES: 1, 2"], 0 / 2, 2 / 2, id="all wrong, from irrelevant ones"),
    pytest.param(["NO", "NO"], ["NO", "NO"], ["YES: 1"], 0 / 2, 0 / 2, id="all wrong, from nowhere"),
    pytest.param(["YES: 1", "YES: 3"], ["NO", "NO"], ["YES: 1"], 1 / 2, 1 / 2, id="one from each"),
    pytest.param(["YES: 1, 3"], ["NO"], ["YES: 1"], 1 / 1, 0 / 1, id="one claim, from both"),
    pytest.param(["YES: 3"], ["NO"], ["YES: 1"], 0 / 1, 1 / 1, id="one claim, from an irrelevant one"),
    pytest.param(["YES: 1"], ["YES"], ["YES: 1"], 0 / 1, 0 / 1, id="one claim, right"),
    # 1 right; 2 wrong from 2; 3 wrong from 5, which is irrelevant; 4 wrong from nowhere.
    pytest.param(
        ["YES: 1", "YES: 2", "YES: 5", "NO"], ["YES", "NO", "NO", "NO"], ["YES: 1", "YES: 2"], 1 / 4, 1 / 4, id="mixed"
    ),
    pytest.param(["YES: 1-5"] * 3, ["NO", "NO", "YES"], ["YES: 4"], 2 / 3, 0 / 3, id="every context supports"),
    # No context holds anything of the reference: each is irrelevant.
    pytest.param(["YES: 1", "NO", "YES: 2"], ["NO", "NO", "YES"], ["NO", "NO"], 0 / 3, 1 / 3, id="all irrelevant"),
    # A NO that names a context, as one that contradicts, rests on none.
    pytest.param(["YES: 2", "NO: 1"], ["NO", "NO"], ["NO: 2", "YES: 1"], 0 / 2, 1 / 2, id="contexts that contradict"),
    pytest.param(["YES: 1"] * 30, ["NO"] * 30, ["YES: 1"], 30 / 30, 0 / 30, id="thirty, all wrong"),
    # Of thirty every third is wrong, by turns from 1, which is relevant, and from 2.
    pytest.param(
        ["YES: 1", "YES: 1", "YES: 1", "YES: 2", "YES: 2", "YES: 2"] * 5,
        ["NO", "YES", "YES"] * 10,
        ["YES: 1"],
        5 / 30,
        5 / 30,
        id="thirty, every third wrong",
    ),
    pytest.param(["YES: 2"] * 29 + ["YES: 1"], ["NO"] * 30, ["YES: 1"] * 30, 1 / 30, 29 / 30, id="thirty, the last"),
]


@pytest.mark.parametrize(("support", "check", "attribution", "relevant", "irrelevant"), CASES)
def test_it_is_the_share_of_claims_that_are_wrong_and_come_from_the_contexts(
    support: list[str], check: list[str], attribution: list[str], relevant: float, irrelevant: float
) -> None:
    for noise, rating in (("relevant", relevant), ("irrelevant", irrelevant)):
        judge = Judge(**replies(support, check, attribution))
        score = made(judge, noise=noise).score(ROW)
        assert score.rating == pytest.approx(rating, abs=1e-9)
        assert score.value == pytest.approx(1 - rating, abs=1e-9)
        assert (score.name, score.label) == ("noise_sensitivity", None)
        assert score.basis == f"{round(rating * len(support))} of {len(support)} claims wrong and from {noise} contexts"
        assert [part.name for part in score.parts] == [f"claim {n}" for n in range(1, len(support) + 1)]
        assert sum(1 - part.value for part in score.parts) / len(support) == pytest.approx(rating, abs=1e-9)
        assert (sorted(judge.asked), score.usage) == (sorted(ALL), paid(*ALL))


@pytest.mark.parametrize(
    ("noise", "values"), [("relevant", [1.0, 0.0, 1.0, 1.0, 0.0]), ("irrelevant", [1.0, 1.0, 0.0, 1.0, 1.0])]
)
def test_a_part_holds_the_claim_both_verdicts_and_both_reasons(noise: str, values: list[float]) -> None:
    judge = Judge(
        claims=listed(["It is old.", "It is new.", "It is red.", "It is free.", "It is far."]),
        support=listed(["a [[YES: 1]]", "b [[YES: 2, 1]]", "c [[YES: 4]]", "d [[NO]]", "[[YES: 1-5]]"]),
        check=listed(["A [[YES]]", "B [[NO]]", "[[NO]]", "D [[NO]]", "E [[NO]]", "It is big. [[MISSING]]"]),
        attribution=listed(["It is old. || said [[YES: 1]]", "It is big. || nowhere [[NO]]"]),
    )
    score = made(judge, noise=noise).score(ROW)
    assert [(part.text, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("It is old.", "right, in the contexts", (1,), "A a"),
        ("It is new.", "wrong, in the contexts", (1, 2), "B b"),
        ("It is red.", "wrong, in the contexts", (4,), "c"),
        ("It is free.", "wrong, not in the contexts", (), "D d"),
        ("It is far.", "wrong, in the contexts", (1, 2, 3, 4, 5), "E"),
    ]
    assert [part.value for part in score.parts] == values
    first = {
        "relevant": "2 of 5 claims wrong and from relevant",
        "irrelevant": "1 of 5 claims wrong and from irrelevant",
    }
    against = {
        "relevant": [
            "- claim 2, wrong, in the contexts: It is new. (B b)",
            "- claim 5, wrong, in the contexts: It is far. (E)",
        ],
        "irrelevant": ["- claim 3, wrong, in the contexts: It is red. (c)"],
    }
    assert score.reasoning == "\n".join([f"{first[noise]} contexts.", *against[noise]])


def test_a_right_claim_that_no_context_holds_is_labeled_so() -> None:
    (part,) = made(Judge(**replies(["NO"], ["YES"], ["YES: 1"]))).score(ROW).parts
    assert (part.value, part.label, part.sources) == (1.0, "right, not in the contexts", ())


def test_its_result_is_the_share_itself_since_less_is_better() -> None:
    judge = Judge(**replies(["YES: 1", "NO", "NO", "NO"], ["NO"] * 4, ["YES: 1"]))
    result = made(judge).invoke(ROW)
    assert result["score"] == pytest.approx(1 / 4, abs=1e-9)


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        pytest.param({"contexts": ()}, "no contexts", "no contexts that could mislead", id="no contexts"),
        pytest.param({"contexts": (), "reference": ""}, "no contexts", "no contexts", id="neither"),
        pytest.param({"reference": ""}, "no reference", "reference is blank", id="an empty reference"),
        pytest.param({"reference": " \n"}, "no reference", "reference is blank", id="a blank reference"),
    ],
)
def test_what_cannot_be_judged_is_not_applicable_and_nobody_is_asked(
    fields: dict[str, Any], state: str, said: str
) -> None:
    judge = Judge()
    with pytest.raises(NotApplicable, match=said) as caught:
        made(judge).score({**ROW, **fields})
    assert (caught.value.state, caught.value.usage, judge.asked) == (state, None, [])


def test_a_prediction_that_claims_nothing_is_not_applicable() -> None:
    judge = Judge(claims="[[NONE]]", attribution="1. It is old. || [[YES: 1]]")
    evaluator = made(judge)
    with pytest.raises(NotApplicable, match="prediction makes no claim") as caught:
        evaluator.score(ROW)
    assert (caught.value.state, caught.value.usage) == ("no claims", paid("claims", "attribution"))
    result = evaluator.invoke(ROW)
    assert (result["score"], result["value"]) == (None, "no claims")


def test_a_blank_prediction_is_not_applicable() -> None:
    judge = Judge(attribution="1. It is old. || [[YES: 1]]")
    with pytest.raises(NotApplicable) as caught:
        made(judge).score({**ROW, "prediction": " "})
    assert caught.value.state == "no claims"


@pytest.mark.parametrize("noise", ["relevant", "irrelevant"])
def test_a_reference_that_claims_nothing_is_not_applicable(noise: str) -> None:
    judge = Judge(**{**replies(["YES: 1"], ["NO"], []), "attribution": "[[NONE]]"})
    with pytest.raises(NotApplicable) as caught:
        made(judge, noise=noise).score(ROW)
    assert caught.value.state == "no claims"


@pytest.mark.parametrize("question", ALL)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(question: str) -> None:
    whole = replies(["YES: 1", "NO"], ["NO", "NO"], ["YES: 1"])
    judge = Judge(**{**whole, question: ["I cannot tell.", whole[question]]})
    score = made(judge).score(ROW)
    assert score.rating == pytest.approx(1 / 2, abs=1e-9)
    assert score.usage == paid(*ALL, question)


@pytest.mark.parametrize("question", ALL)
def test_a_list_that_cannot_be_read_twice_raises_and_all_answers_are_paid_for(question: str) -> None:
    judge = Judge(**{**replies(["YES: 1", "NO"], ["NO", "NO"], ["YES: 1"]), question: "I cannot tell."})
    with pytest.raises(ReplyError, match="no numbered list") as caught:
        made(judge).score(ROW)
    asked = ("claims", "attribution", "claims") if question == "claims" else (*ALL, question)
    assert caught.value.usage == paid(*asked)


def test_noise_is_of_relevant_contexts_or_of_irrelevant_ones() -> None:
    assert "|noise=relevant|" in made(Judge()).signature
    assert "|noise=irrelevant|" in made(Judge(), noise="irrelevant").signature
    with pytest.raises(ConfigError, match="noise"):
        made(Judge(), noise="all")


def test_driven_by_hand_it_asks_in_two_rounds() -> None:
    metric = metric_of("noise_sensitivity")
    said = replies(["YES: 1", "YES: 2", "NO"], ["NO", "YES", "NO"], ["YES: 1"])
    score, asked = by_hand(
        metric.judge(Sample(**ROW)), [said["claims"], said["attribution"]], [said["support"], said["check"]]
    )
    assert asked == [
        ["claims of the prediction", "claims of the reference in the contexts"],
        ["support of the claims by the contexts", "claims beside the reference"],
    ]
    assert (score.rating, score.signature) == (pytest.approx(1 / 3, abs=1e-9), metric.signature)
