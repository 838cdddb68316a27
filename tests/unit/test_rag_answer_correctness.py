"""Answer correctness by hand: the F of claims that are right, wrong and missing, mixed with similarity."""

from __future__ import annotations

import math
from typing import Any

import pytest
from loopback.rag_replies import Judge, Vectors, by_hand, listed, metric_of, paid

from lc_scoring import ConfigError, ModelError, NotApplicable, ReplyError, Sample, load_evaluator
from lc_scoring.rag.answer_correctness import f_beta

PREDICTION, REFERENCE = "In 1903, and it is free.", "It opened in 1903; entry is two pounds."
ROW: dict[str, Any] = {"prediction": PREDICTION, "reference": REFERENCE}
SAME, NEAR, AGAINST = [6.0, 8.0], [4.0, 3.0], [-3.0, -4.0]  # beside [3, 4]: 1, 24/25 and -1


def replies(right: int, wrong: int, missing: int) -> dict[str, str]:
    """What the judge writes of a prediction with that many claims, the wrong ones first."""
    claims = listed(f"The mill has door {n}." for n in range(right + wrong)) or "[[NONE]]"
    lines = ["Not in the reference. [[NO]]"] * wrong + ["It says so. [[YES]]"] * right
    lines += [f"The mill has window {n}. [[MISSING]]" for n in range(missing)]
    return {"claims": claims, "check": listed(lines) or "[[NONE]]"}


def made(judge: Judge, vector: list[float] = NEAR, **options: Any) -> Any:
    vectors = Vectors(**{PREDICTION: [3.0, 4.0], REFERENCE: vector})
    return load_evaluator("answer_correctness", llm=judge.answer, embeddings=vectors, **options)


# Claims right, wrong and missing; F1 = 2 TP / (2 TP + FP + FN).
CLAIMS = [
    pytest.param(3, 0, 0, 1.0, id="all right"),
    pytest.param(0, 3, 0, 0.0, id="all wrong"),
    pytest.param(0, 3, 2, 0.0, id="all wrong, and two missing"),
    pytest.param(1, 0, 0, 1.0, id="one claim, right"),
    pytest.param(0, 1, 0, 0.0, id="one claim, wrong"),
    pytest.param(1, 1, 1, 2 / (2 + 1 + 1), id="one of each"),
    pytest.param(2, 1, 1, 4 / (4 + 1 + 1), id="two right"),
    pytest.param(2, 0, 3, 4 / (4 + 0 + 3), id="three missing"),
    pytest.param(2, 3, 0, 4 / (4 + 3 + 0), id="three wrong"),
    pytest.param(5, 2, 4, 10 / (10 + 2 + 4), id="five, two and four"),
    pytest.param(0, 0, 2, 0.0, id="nothing said, two missing"),
    pytest.param(30, 0, 0, 1.0, id="thirty, all right"),
    pytest.param(0, 30, 30, 0.0, id="thirty, all wrong"),
    pytest.param(20, 10, 30, 40 / (40 + 10 + 30), id="thirty, and thirty missing"),
    pytest.param(29, 1, 0, 58 / (58 + 1 + 0), id="thirty, one wrong"),
]


@pytest.mark.parametrize(("right", "wrong", "missing", "value"), CLAIMS)
def test_by_claims_alone_it_is_f1(right: int, wrong: int, missing: int, value: float) -> None:
    judge = Judge(**replies(right, wrong, missing))
    score = made(judge, weights=(1, 0)).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("answer_correctness", None, None)
    assert score.basis == f"F {value:.4f} of claims: {right} right, {wrong} wrong, {missing} missing"
    names = [f"claim {n}" for n in range(1, right + wrong + 1)] + [f"missing {n}" for n in range(1, missing + 1)]
    assert [part.name for part in score.parts] == names
    assert [part.value for part in score.parts] == [0.0] * wrong + [1.0] * right + [0.0] * missing
    assert [part.label for part in score.parts] == ["wrong"] * wrong + ["right"] * right + ["missing"] * missing
    assert (judge.asked, score.usage) == (["claims", "check"], paid("claims", "check"))


# Right, wrong, missing, beta; with b = beta², F = (1 + b) TP / ((1 + b) TP + b FN + FP).
BETAS = [
    pytest.param(2, 1, 1, 1, 4 / 6, id="as precise as complete"),
    pytest.param(2, 1, 3, 2, 10 / (10 + 4 * 3 + 1), id="what is missing counts more"),
    pytest.param(2, 3, 1, 2, 10 / (10 + 4 * 1 + 3), id="what is wrong counts less"),
    pytest.param(2, 1, 3, 0.5, 2.5 / (2.5 + 0.25 * 3 + 1), id="what is missing counts less"),
    pytest.param(2, 3, 1, 0.5, 2.5 / (2.5 + 0.25 * 1 + 3), id="what is wrong counts more"),
    pytest.param(3, 0, 0, 7, 1.0, id="all right at any beta"),
    pytest.param(0, 2, 2, 7, 0.0, id="nothing right at any beta"),
    pytest.param(1, 3, 1, 1e6, 1 / 2, id="recall alone"),  # TP / (TP + FN), but for 1e-12
    pytest.param(1, 3, 1, 1e-6, 1 / 4, id="precision alone"),  # TP / (TP + FP), but for 1e-12
]


@pytest.mark.parametrize(("right", "wrong", "missing", "beta", "value"), BETAS)
def test_beta_is_how_much_what_is_missing_counts(
    right: int, wrong: int, missing: int, beta: float, value: float
) -> None:
    evaluator = made(Judge(**replies(right, wrong, missing)), weights=(1, 0), beta=beta)
    assert evaluator.score(ROW).value == pytest.approx(value, abs=1e-9)
    assert f"|beta={beta:g}|" in evaluator.signature
    assert f_beta(right, wrong, missing, beta=beta) == pytest.approx(value, abs=1e-9)
    if right:  # the definition, by way of precision and recall
        precision, recall = right / (right + wrong), right / (right + missing)
        f = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
        assert f == pytest.approx(value, abs=1e-9)


# The weights of claims and similarity, the reference's vector; two right, one wrong, one missing: F is 2/3.
WEIGHTS = [
    pytest.param({}, NEAR, 0.75 * 2 / 3 + 0.25 * 24 / 25, id="as ragas weighs"),  # 0.74
    pytest.param({}, SAME, 0.75 * 2 / 3 + 0.25 * 1, id="as ragas weighs, the same vector"),  # 0.75
    pytest.param({}, AGAINST, 0.75 * 2 / 3 + 0.25 * 0, id="a cosine below 0 counts as 0"),  # 0.5
    pytest.param({"weights": (3, 1)}, NEAR, 0.75 * 2 / 3 + 0.25 * 24 / 25, id="weights of another sum"),
    pytest.param({"weights": (1, 1)}, NEAR, (2 / 3 + 24 / 25) / 2, id="even weights"),
    pytest.param({"weights": [2, 6]}, NEAR, (2 * 2 / 3 + 6 * 24 / 25) / 8, id="a list of weights"),
    pytest.param({"weights": (0, 1)}, NEAR, 24 / 25, id="similarity alone"),
    pytest.param({"weights": (0.5, 0)}, NEAR, 2 / 3, id="claims alone"),
    pytest.param({"weights": (1, 1), "beta": 2}, NEAR, (10 / 15 + 24 / 25) / 2, id="weights and beta"),
]


@pytest.mark.parametrize(("options", "vector", "value"), WEIGHTS)
def test_claims_and_similarity_are_weighed(options: dict[str, Any], vector: list[float], value: float) -> None:
    score = made(Judge(**replies(2, 1, 1)), vector, **options).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    compared = options.get("weights", (3, 1))[1] > 0
    assert [part.name for part in score.parts][4:] == (["similarity"] if compared else [])


def test_parts_hold_claims_what_is_missing_and_the_similarity() -> None:
    judge = Judge(
        claims="1. The mill opened in 1903.\n2. Entry is free.",
        check="1. It gives the year. [[YES]]\n2. It names a price. [[NO]]\n3. Entry costs two pounds. [[MISSING]]",
    )
    score = made(judge).score(ROW)
    assert score.value == pytest.approx(0.75 * 1 / 2 + 0.25 * 24 / 25, abs=1e-9)
    *parts, alike = score.parts
    assert [(part.name, part.text, part.value, part.label, part.reasoning) for part in parts] == [
        ("claim 1", "The mill opened in 1903.", 1.0, "right", "It gives the year."),
        ("claim 2", "Entry is free.", 0.0, "wrong", "It names a price."),
        ("missing 1", "Entry costs two pounds.", 0.0, "missing", ""),
    ]
    assert (alike.name, alike.label, alike.text) == ("similarity", None, "")
    assert alike.value == pytest.approx(24 / 25, abs=1e-9)
    assert score.basis == "F 0.5000 of claims: 1 right, 1 wrong, 1 missing; similarity 0.9600"
    assert score.reasoning == (
        "F 0.5000 of claims: 1 right, 1 wrong, 1 missing; similarity 0.9600.\n"
        "- claim 2, wrong: Entry is free. (It names a price.)\n"
        "- missing 1, missing: Entry costs two pounds."
    )


@pytest.mark.parametrize("reference", ["", " \n"], ids=["empty", "white space"])
def test_a_blank_reference_is_not_applicable_and_nobody_is_asked(reference: str) -> None:
    judge = Judge()
    with pytest.raises(NotApplicable, match="reference is blank") as caught:
        made(judge).score({"prediction": PREDICTION, "reference": reference})
    assert (caught.value.state, caught.value.usage, judge.asked) == ("no reference", None, [])


@pytest.mark.parametrize("options", [{}, {"weights": (1, 0)}], ids=["with similarity", "without"])
def test_two_texts_that_claim_nothing_are_not_applicable(options: dict[str, Any]) -> None:
    judge = Judge(claims="[[NONE]]", check="[[NONE]]")
    evaluator = made(judge, **options)
    with pytest.raises(NotApplicable, match="Neither the prediction nor the reference") as caught:
        evaluator.score(ROW)
    assert (caught.value.state, caught.value.usage) == ("no claims", paid("claims", "check"))
    assert evaluator.invoke(ROW)["value"] == "no claims"


@pytest.mark.parametrize("prediction", ["", " \n"], ids=["empty", "white space"])
def test_a_blank_prediction_leaves_all_of_the_reference_out(prediction: str) -> None:
    judge = Judge(check="1. It opened in 1903. [[MISSING]]\n2. Entry is two pounds. [[MISSING]]")
    score = made(judge).score({"prediction": prediction, "reference": REFERENCE})
    assert (score.value, judge.asked, score.usage) == (0.0, ["check"], paid("check"))
    assert [(part.name, part.value, part.label) for part in score.parts] == [
        ("missing 1", 0.0, "missing"),
        ("missing 2", 0.0, "missing"),
        ("similarity", 0.0, "no answer"),
    ]
    assert score.basis == "F 0.0000 of claims: 0 right, 0 wrong, 2 missing; similarity 0.0000"


@pytest.mark.parametrize(
    ("broken", "asked"),
    [
        pytest.param({"claims": ["-"]}, ["claims", "claims", "check"], id="no list of claims"),
        pytest.param({"check": ["1. So. [[YES]]"]}, ["claims", "check", "check"], id="a claim is left out"),
        pytest.param({"check": ["[[NONE]]"]}, ["claims", "check", "check"], id="none, though there are claims"),
        pytest.param(
            {"check": [listed(["It says so. [[YES]]", "A window. [[MISSING]]", "No. [[NO]]"])]},
            ["claims", "check", "check"],
            id="a missing statement among the claims",
        ),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(broken: dict[str, Any], asked: list[str]) -> None:
    whole = replies(1, 1, 1)
    judge = Judge(**{name: [*broken.get(name, ()), text] for name, text in whole.items()})
    score = made(judge, weights=(1, 0)).score(ROW)
    assert score.value == pytest.approx(2 / (2 + 1 + 1), abs=1e-9)
    assert (judge.asked, score.usage) == (asked, paid(*asked))


def test_two_lists_that_cannot_be_read_raise() -> None:
    judge = Judge(claims="1. It is free.", check="It says so. [[YES]]")
    with pytest.raises(ReplyError, match="no numbered list") as caught:
        made(judge).score(ROW)
    assert caught.value.usage == paid("claims", "check", "check")


def test_vectors_that_cannot_be_compared_raise_and_the_judge_was_paid() -> None:
    with pytest.raises(ModelError, match="needs a direction") as caught:
        made(Judge(**replies(1, 0, 0)), [0.0, 0.0]).score(ROW)
    assert caught.value.usage == paid("claims", "check")


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param((0, 0), id="both 0"),
        pytest.param((1, -1), id="one below 0"),
        pytest.param((1,), id="one"),
        pytest.param((1, 1, 1), id="three"),
        pytest.param((1, math.inf), id="infinite"),
        pytest.param((1, math.nan), id="not a number"),
        pytest.param((True, 1), id="a truth value"),
        pytest.param("11", id="text"),
        pytest.param(0.5, id="a number"),
        pytest.param(None, id="None"),
    ],
)
def test_weights_are_two_numbers_of_at_least_0(weights: Any) -> None:
    with pytest.raises(ConfigError, match="weights takes two numbers"):
        made(Judge(), weights=weights)


@pytest.mark.parametrize("beta", [0, -1, 1e200, math.inf, math.nan, True, "1", None])
def test_beta_is_a_number_above_0(beta: Any) -> None:
    with pytest.raises(ConfigError, match="beta takes a finite number above 0"):
        made(Judge(), beta=beta)


def test_the_largest_beta_that_is_taken_is_recall() -> None:
    score = made(Judge(**replies(1, 3, 1)), weights=(1, 0), beta=1_000_000).score(ROW)
    assert score.value == pytest.approx(1 / 2, abs=1e-9)


def test_the_largest_weights_that_are_taken_weigh_evenly() -> None:
    score = made(Judge(**replies(2, 1, 1)), weights=(1_000_000, 1_000_000)).score(ROW)
    assert score.value == pytest.approx((2 / 3 + 24 / 25) / 2, abs=1e-9)


def test_driven_by_hand_it_asks_for_claims_beside_vectors_and_then_checks_them() -> None:
    metric = metric_of("answer_correctness", embeddings=Vectors())
    answers = replies(2, 1, 1)
    score, asked = by_hand(
        metric.judge(Sample(**ROW)), [answers["claims"], [[3.0, 4.0], [4.0, 3.0]]], [answers["check"]]
    )
    assert asked == [["claims of the prediction", f"{PREDICTION} | {REFERENCE}"], ["claims beside the reference"]]
    assert score.value == pytest.approx(0.75 * 2 / 3 + 0.25 * 24 / 25, abs=1e-9)
    assert score.signature == metric.signature
    assert "|weights=0.75,0.25|beta=1|embeddings=Vectors|" in score.signature


def test_without_similarity_no_embeddings_are_in_the_signature() -> None:
    evaluator = made(Judge(), weights=(2, 0))
    assert "|weights=2,0|beta=1|judge=" in evaluator.signature
    assert evaluator.plan == ("claims of the prediction", "claims beside the reference")
