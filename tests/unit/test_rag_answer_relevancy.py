"""Answer relevancy by hand: the mean cosine of the input and the questions that the prediction answers."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, Vectors, by_hand, listed, metric_of, paid

from lc_scoring import ConfigError, ModelError, ReplyError, Sample, load_evaluator

ASKED = "When did it open?"
ROW: dict[str, Any] = {"input": ASKED, "prediction": "It opened in 1903."}
VECTORS = {
    ASKED: [3.0, 4.0],  # of length 5
    "Same?": [6.0, 8.0],  # (18 + 32) / (5 * 10) = 1
    "Near?": [4.0, 3.0],  # (12 + 12) / (5 * 5) = 24/25
    "Close?": [5.0, 12.0],  # (15 + 48) / (5 * 13) = 63/65
    "East?": [1.0, 0.0],  # 3/5
    "North?": [0.0, 1.0],  # 4/5
    "Across?": [4.0, -3.0],  # (12 - 12) / 25 = 0
    "Away?": [-4.0, -3.0],  # -24/25
    "Against?": [-3.0, -4.0],  # -25/25
}

# The questions that the judge writes; the mean of their cosines, at least 0.
CASES = [
    pytest.param(["Same?", "Same?", "Same?"], (1 + 1 + 1) / 3, id="the question itself"),
    pytest.param(["Across?", "Across?", "Across?"], 0.0, id="other questions"),
    pytest.param(["Near?", "Near?", "Near?"], 24 / 25, id="three alike"),
    pytest.param(["Same?", "Near?", "Across?"], (1 + 24 / 25 + 0) / 3, id="three different ones"),
    pytest.param(["Near?", "Close?", "East?"], (24 / 25 + 63 / 65 + 3 / 5) / 3, id="three near ones"),
    pytest.param(["East?", "North?", "Same?"], (3 / 5 + 4 / 5 + 1) / 3, id="four fifths"),  # 12/15
    pytest.param(["Same?", "Against?", "East?"], (1 - 1 + 3 / 5) / 3, id="one against, the mean above 0"),
    pytest.param(["Against?", "Against?", "Same?"], 0.0, id="the mean below 0"),  # (-1 - 1 + 1) / 3
    pytest.param(["Against?", "Against?", "Against?"], 0.0, id="all against"),
    pytest.param(["Same?"], 1 / 1, id="one question, the same"),
    pytest.param(["Near?"], 24 / 25, id="one question, near"),
    pytest.param(["Away?"], 0.0, id="one question, away"),
    pytest.param(["Same?", "Near?", "East?", "North?", "Across?"], (1 + 0.96 + 0.6 + 0.8 + 0) / 5, id="five questions"),
    pytest.param(["Same?"] * 4 + ["Away?"], (4 - 24 / 25) / 5, id="five questions, one away"),
    pytest.param(["Same?"] * 10 + ["Across?"] * 10, 10 / 20, id="twenty questions"),
]


def made(judge: Judge, questions: int = 3, vectors: Any = VECTORS) -> Any:
    return load_evaluator("answer_relevancy", llm=judge.answer, questions=questions, embeddings=Vectors(**vectors))


@pytest.mark.parametrize(("questions", "value"), CASES)
def test_it_is_the_mean_cosine_of_input_and_questions(questions: list[str], value: float) -> None:
    judge = Judge(questions=listed(questions))
    score = made(judge, len(questions)).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("answer_relevancy", None, None)
    assert [part.name for part in score.parts] == [f"question {n}" for n in range(1, len(questions) + 1)]
    assert [part.text for part in score.parts] == questions
    assert score.basis == f"mean similarity of {len(questions)} questions to the input"
    assert (judge.asked, score.usage) == (["questions"], paid("questions"))


def test_a_part_holds_the_question_and_how_near_it_is() -> None:
    score = made(Judge(questions=listed(["Near?", "Away?", "East?"]))).score(ROW)
    assert score.value == pytest.approx((24 / 25 - 24 / 25 + 3 / 5) / 3, abs=1e-9)
    assert [part.value for part in score.parts] == pytest.approx([24 / 25, 0, 3 / 5], abs=1e-9)
    assert [part.reasoning for part in score.parts] == [
        "Its similarity to the input is 0.9600.",
        "Its similarity to the input is -0.9600.",
        "Its similarity to the input is 0.6000.",
    ]
    assert {(part.label, part.sources) for part in score.parts} == {(None, ())}
    assert score.reasoning == (
        "The prediction would answer these questions:\n"
        "- question 1, 0.9600: Near?\n"
        "- question 2, -0.9600: Away?\n"
        "- question 3, 0.6000: East?"
    )


def test_the_judge_is_asked_for_that_many_questions_and_does_not_see_the_input() -> None:
    judge = Judge(questions=listed(["Same?"] * 5))
    evaluator = made(judge, 5)
    evaluator.score(ROW)
    shown = "\n".join(judge.conversations[0])
    assert "Write 5 questions" in shown
    assert ROW["prediction"] in shown
    assert ASKED not in shown
    assert "|questions=5|embeddings=Vectors|" in evaluator.signature


def test_all_texts_are_embedded_at_once() -> None:
    vectors = Vectors(**VECTORS)
    judge = Judge(questions=listed(["Same?", "Near?", "East?"]))
    load_evaluator("answer_relevancy", llm=judge.answer, embeddings=vectors).score(ROW)
    assert vectors.asked == [[ASKED, "Same?", "Near?", "East?"]]


def test_a_noncommittal_prediction_is_0_and_nothing_is_embedded() -> None:
    judge = Judge(questions="It evades.\n[[NONCOMMITTAL]]")
    evaluator = made(judge, vectors={})
    score = evaluator.score({"input": ASKED, "prediction": "I do not know."})
    assert (score.value, score.label, score.parts, score.basis) == (0.0, "noncommittal", (), "")
    assert score.reasoning == "The prediction does not commit itself to an answer."
    assert (score.usage, score.signature) == (paid("questions"), evaluator.signature)
    result = evaluator.invoke({"input": ASKED, "prediction": "I do not know."})
    assert (result["score"], result["value"]) == (0.0, "noncommittal")


@pytest.mark.parametrize("prediction", ["", " \n\t"], ids=["empty", "white space"])
def test_a_blank_prediction_is_noncommittal_and_nobody_is_asked(prediction: str) -> None:
    judge = Judge()
    score = made(judge, vectors={}).score({"input": ASKED, "prediction": prediction})
    assert (score.value, score.label, judge.asked, score.usage) == (0.0, "noncommittal", [], paid())


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("When did it open?", id="no list"),
        pytest.param(listed(["Same?", "Near?"]), id="one too few"),
        pytest.param(listed(["Same?"] * 4), id="one too many"),
        pytest.param(f"[[NONCOMMITTAL]]\n{listed(['Same?'] * 3)}", id="noncommittal and a list"),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(first: str) -> None:
    judge = Judge(questions=[first, listed(["Same?", "East?", "Near?"])])
    score = made(judge).score(ROW)
    assert score.value == pytest.approx((1 + 3 / 5 + 24 / 25) / 3, abs=1e-9)
    assert score.usage == paid("questions", "questions")
    assert "Write 3 questions" in judge.conversations[1][-1]


def test_two_lists_that_cannot_be_read_raise() -> None:
    judge = Judge(questions=listed(["Same?", "Near?"]))
    with pytest.raises(ReplyError, match="2 of 3 lines: it lacks line 3") as caught:
        made(judge).score(ROW)
    assert caught.value.usage == paid("questions", "questions")


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        pytest.param([0.0, 0.0], "needs a direction", id="no direction"),
        pytest.param([1.0, 2.0, 3.0], "of 2 and 3 numbers", id="another size"),
        pytest.param([float("nan"), 1.0], "NaN", id="not a number"),
        pytest.param([float("inf"), 1.0], "infinite", id="infinite"),
    ],
)
def test_vectors_that_cannot_be_compared_raise_and_the_judge_was_paid(vector: list[float], said: str) -> None:
    judge = Judge(questions="1. Same?")
    with pytest.raises(ModelError, match=said) as caught:
        made(judge, 1, {**VECTORS, "Same?": vector}).score(ROW)
    assert caught.value.usage == paid("questions")


@pytest.mark.parametrize("questions", [0, 21, -1])
def test_only_1_to_20_questions_can_be_asked_for(questions: int) -> None:
    with pytest.raises(ConfigError, match="questions"):
        made(Judge(), questions)


def test_driven_by_hand_it_asks_for_questions_and_then_for_vectors() -> None:
    metric = metric_of("answer_relevancy", questions=1, embeddings=Vectors())
    score, asked = by_hand(metric.judge(Sample(**ROW)), ["1. Near?"], [[[3.0, 4.0], [4.0, 3.0]]])
    assert asked == [["questions that the prediction answers"], [f"{ASKED} | Near?"]]
    assert score.value == pytest.approx(24 / 25, abs=1e-9)


def test_lexical_embeddings_say_that_they_compare_letters() -> None:
    judge = Judge(questions="1. when did it OPEN")
    score = load_evaluator("answer_relevancy", llm=judge.answer, questions=1, embeddings="lexical").score(ROW)
    assert score.value == pytest.approx(1.0, abs=1e-9)  # the same words in other letters
    assert score.basis == "mean lexical similarity of 1 questions to the input"
    assert score.parts[0].reasoning == "Its lexical similarity to the input is 1.0000."
