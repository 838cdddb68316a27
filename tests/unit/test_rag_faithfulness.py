"""Faithfulness by hand: claims supported / claims made, with the judge's lists written down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, listed, metric_of, paid

from lc_scoring import NotApplicable, ReplyError, Sample, load_evaluator

FIVE = tuple(f"Context number {n}." for n in range(1, 6))
ROW: dict[str, Any] = {"prediction": "The mill opened in 1903 and entry is free.", "contexts": FIVE}
YES, NO = "It is said. [[YES: 1]]", "Nothing says so. [[NO]]"
ONE = "1. The mill opened in 1903."
TWO = "1. The mill opened in 1903.\n2. Entry is free."
THREE = "1. The mill opened in 1903.\n2. Entry is free.\n3. Ada Moor built it."
THIRTY = listed(f"The mill has door {n}." for n in range(1, 31))

# What the judge writes of the claims, of their support; supported / claims.
CASES = [
    pytest.param(TWO, listed([YES, YES]), 2 / 2, id="all supported"),
    pytest.param(TWO, listed([NO, NO]), 0 / 2, id="none supported"),
    pytest.param(TWO, listed([YES, NO]), 1 / 2, id="the first of two"),
    pytest.param(TWO, listed([NO, YES]), 1 / 2, id="the second of two"),
    pytest.param(THREE, listed([YES, YES, NO]), 2 / 3, id="two of three"),
    pytest.param(THREE, listed([NO, YES, NO]), 1 / 3, id="one of three"),
    pytest.param(ONE, listed([YES]), 1 / 1, id="one claim, supported"),
    pytest.param(ONE, listed([NO]), 0 / 1, id="one claim, unsupported"),
    pytest.param(THIRTY, listed([YES] * 30), 30 / 30, id="thirty, all supported"),
    pytest.param(THIRTY, listed([YES] * 29 + [NO]), 29 / 30, id="thirty, all but the last"),
    pytest.param(THIRTY, listed([YES, NO, NO] * 10), 10 / 30, id="thirty, every third"),
    pytest.param(THIRTY, listed([NO] * 30), 0 / 30, id="thirty, none"),
    # The same claim twice counts twice: 2 of 3.
    pytest.param("1. It is old.\n2. It is old.\n3. It is free.", listed([YES, YES, NO]), 2 / 3, id="a claim twice"),
    # Verdicts in small letters and bold, as judges write them: 1 of 2.
    pytest.param(TWO, "1. **It is said.** [[yes: 5]]\n2. No. [[No]]", 1 / 2, id="verdicts in other letters"),
    # Words before the list and a fence around it are no lines of it: 1 of 1.
    pytest.param(f"Here they are:\n```\n{ONE}\n```", f"My verdicts:\n{listed([YES])}", 1 / 1, id="words before lists"),
]


@pytest.mark.parametrize(("claims", "support", "value"), CASES)
def test_it_is_the_share_of_claims_that_are_supported(claims: str, support: str, value: float) -> None:
    judge = Judge(claims=claims, support=support)
    score = load_evaluator("faithfulness", llm=judge.answer).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.rating, score.label) == ("faithfulness", None, None)
    assert judge.asked == ["claims", "support"]
    assert score.usage == paid("claims", "support")
    count = support.count("\n") + 1 - support.startswith("My")
    assert [part.name for part in score.parts] == [f"claim {n}" for n in range(1, count + 1)]
    assert sum(part.value for part in score.parts) / count == pytest.approx(value, abs=1e-9)


def test_a_part_holds_the_claim_the_verdict_the_reason_and_the_contexts() -> None:
    support = (
        "1. The first and the third give the year. [[YES: 3, 1]]\n2. No context speaks of it. [[NO]]\n3. [[YES: 2-4]]"
    )
    score = load_evaluator("faithfulness", llm=Judge(claims=THREE, support=support).answer).score(ROW)
    assert [(part.text, part.value, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("The mill opened in 1903.", 1.0, "supported", (1, 3), "The first and the third give the year."),
        ("Entry is free.", 0.0, "unsupported", (), "No context speaks of it."),
        ("Ada Moor built it.", 1.0, "supported", (2, 3, 4), ""),
    ]
    assert score.basis == "2 of 3 claims supported by the contexts"
    assert score.reasoning == (
        "2 of 3 claims supported by the contexts.\n- claim 2, unsupported: Entry is free. (No context speaks of it.)"
    )


def test_an_only_context_need_not_be_named() -> None:
    judge = Judge(claims=TWO, support="1. It says so. [[YES]]\n2. It does not. [[NO]]")
    score = load_evaluator("faithfulness", llm=judge.answer).score({**ROW, "contexts": ["The mill opened in 1903."]})
    assert score.value == 1 / 2
    assert [part.sources for part in score.parts] == [(1,), ()]


def test_without_contexts_no_claim_is_supported_and_the_contexts_are_not_asked_about() -> None:
    judge = Judge(claims=TWO)
    score = load_evaluator("faithfulness", llm=judge.answer).score({**ROW, "contexts": []})
    assert (score.value, score.label) == (0.0, "no contexts")
    assert [(part.text, part.value, part.label) for part in score.parts] == [
        ("The mill opened in 1903.", 0.0, "unsupported"),
        ("Entry is free.", 0.0, "unsupported"),
    ]
    assert {part.reasoning for part in score.parts} == {"There are no contexts."}
    assert (judge.asked, score.usage) == (["claims"], paid("claims"))


@pytest.mark.parametrize("contexts", [FIVE, ()], ids=["contexts", "no contexts"])
def test_a_prediction_that_claims_nothing_is_not_applicable(contexts: tuple[str, ...]) -> None:
    judge = Judge(claims="It only greets.\n[[NONE]]")
    evaluator = load_evaluator("faithfulness", llm=judge.answer)
    with pytest.raises(NotApplicable, match="makes no claim") as caught:
        evaluator.score({"prediction": "Hello!", "contexts": contexts})
    assert (caught.value.state, caught.value.usage) == ("no claims", paid("claims"))
    result = evaluator.invoke({"prediction": "Hello!", "contexts": contexts})
    assert (result["score"], result["value"]) == (None, "no claims")


@pytest.mark.parametrize("prediction", ["", " \n\t", "\u3000"], ids=["empty", "white space", "a wide space"])
def test_a_blank_prediction_claims_nothing_and_nobody_is_asked(prediction: str) -> None:
    judge = Judge()
    with pytest.raises(NotApplicable) as caught:
        load_evaluator("faithfulness", llm=judge.answer).score({**ROW, "prediction": prediction})
    assert (caught.value.state, caught.value.usage, judge.asked) == ("no claims", None, [])


REPAIRS = [
    pytest.param({"claims": ["I found two.", TWO]}, ["claims", "claims", "support"], id="no list of claims"),
    pytest.param({"support": [YES, listed([YES, NO])]}, ["claims", "support", "support"], id="no numbers"),
    pytest.param(
        {"support": [listed([YES]), listed([YES, NO])]}, ["claims", "support", "support"], id="a verdict is missing"
    ),
    pytest.param(
        {"support": ["1. Yes. [[YES: 6]]\n2. No. [[NO]]", listed([YES, NO])]},
        ["claims", "support", "support"],
        id="a context that does not exist",
    ),
    pytest.param(
        {"claims": ["-", TWO], "support": [listed([YES] * 3), listed([YES, NO])]},
        ["claims", "claims", "support", "support"],
        id="both lists",
    ),
]


@pytest.mark.parametrize(("replies", "asked"), REPAIRS)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(replies: dict[str, Any], asked: list[str]) -> None:
    judge = Judge(**{"claims": TWO, "support": listed([YES, NO]), **replies})
    score = load_evaluator("faithfulness", llm=judge.answer).score(ROW)
    assert score.value == 1 / 2
    assert judge.asked == asked
    assert score.usage == paid(*asked)


def test_two_lists_that_cannot_be_read_raise_and_the_error_says_what_they_cost() -> None:
    judge = Judge(claims=TWO, support=listed([YES]))
    with pytest.raises(ReplyError, match=r"lacks line 2") as caught:
        load_evaluator("faithfulness", llm=judge.answer).score(ROW)
    assert caught.value.usage == paid("claims", "support", "support")
    assert caught.value.reply == listed([YES])
    once = Judge(claims=TWO, support=listed([YES]))
    with pytest.raises(ReplyError):
        load_evaluator("faithfulness", llm=once.answer, repair=0).score(ROW)
    assert once.asked == ["claims", "support"]


def test_driven_by_hand_it_asks_for_claims_and_then_for_their_support() -> None:
    metric = metric_of("faithfulness")
    score, asked = by_hand(metric.judge(Sample(**ROW)), [TWO], [listed([YES, NO])])
    assert asked == [["claims of the prediction"], ["support of the claims by the contexts"]]
    assert (score.value, score.signature) == (1 / 2, metric.signature)
    assert re.match(r"faithfulness\|prompt=rag_claims@\d+\+rag_support@\d+\|judge=", score.signature)


def test_the_judge_is_shown_the_claims_numbered_and_every_context() -> None:
    judge = Judge(claims=TWO, support=listed([YES, NO]))
    load_evaluator("faithfulness", llm=judge.answer).score({**ROW, "input": "When did it open?"})
    about_claims, about_support = ("\n".join(texts) for texts in judge.conversations)
    assert "When did it open?" in about_claims
    assert ROW["prediction"] in about_claims
    assert f"<sample_claims>\n{TWO}\n</sample_claims>" in about_support
    assert all(f"<sample_context_{n}>\nContext number {n}.\n" in about_support for n in range(1, 6))
