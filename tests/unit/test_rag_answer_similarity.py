"""Answer similarity by hand: the cosine of the embeddings of prediction and reference, at least 0."""

from __future__ import annotations

import math
from typing import Any

import pytest
from loopback.rag_replies import Vectors, by_hand, metric_of, paid

from lc_scoring import ModelError, NotApplicable, Sample, load_evaluator

ROW: dict[str, Any] = {"prediction": "It opened in 1903.", "reference": "In 1903."}

# The vectors of prediction and reference; their cosine, or 0 where that is below 0.
CASES = [
    pytest.param([3, 4], [3, 4], 1.0, id="the same vector"),
    pytest.param([3, 4], [6, 8], (18 + 32) / (5 * 10), id="the same direction"),
    pytest.param([3, 4], [4, 3], 24 / 25, id="near"),
    pytest.param([3, 4], [5, 12], 63 / 65, id="nearer"),
    pytest.param([5, 12], [8, 15], (40 + 180) / (13 * 17), id="two other triangles"),
    pytest.param([3, 4], [1, 0], 3 / 5, id="three fifths"),
    pytest.param([0, 2], [3, 4], 8 / (2 * 5), id="four fifths"),
    pytest.param([3, 4], [4, -3], 0.0, id="across"),
    pytest.param([3, 4], [-4, -3], 0.0, id="away"),  # the cosine is -24/25
    pytest.param([3, 4], [-3, -4], 0.0, id="against"),  # the cosine is -1
    pytest.param([7], [2], 1.0, id="one number"),
    pytest.param([7], [-2], 0.0, id="one number, against"),
    pytest.param([1, 2, 2], [2, 1, 2], (2 + 2 + 4) / (3 * 3), id="three numbers"),
    pytest.param([1, 1, 1, 1], [1, 1, 0, 0], 2 / (2 * math.sqrt(2)), id="four numbers"),
    pytest.param([1] * 30, [1] * 15 + [0] * 15, 15 / math.sqrt(30 * 15), id="thirty numbers"),
    pytest.param([3e-60, 4e-60], [4e60, 3e60], 24 / 25, id="very short and very long"),
]


def made(first: list[float], second: list[float], **fields: Any) -> Any:
    return load_evaluator(
        "answer_similarity", embeddings=Vectors(**{"It opened in 1903.": first, "In 1903.": second}), **fields
    )


@pytest.mark.parametrize(("first", "second", "value"), CASES)
def test_it_is_the_cosine_of_prediction_and_reference(first: list[float], second: list[float], value: float) -> None:
    evaluator = made(first, second)
    score = evaluator.score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert made(second, first).score(ROW).value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating, score.parts) == ("answer_similarity", None, None, ())
    assert (score.usage, score.basis, score.signature) == (paid(), "similarity", evaluator.signature)


def test_the_reasoning_holds_the_cosine_below_0_too() -> None:
    assert made([3, 4], [4, 3]).score(ROW).reasoning == "The similarity of prediction and reference is 0.9600."
    assert made([3, 4], [-4, -3]).score(ROW).reasoning == "The similarity of prediction and reference is -0.9600."


def test_it_asks_no_judge_and_says_so_in_its_signature() -> None:
    evaluator = made([3, 4], [4, 3])
    assert evaluator.asks_judge is False
    assert evaluator.plan == ("embeddings of 2 texts",)
    assert evaluator.signature.startswith("answer_similarity|embeddings=Vectors|lc_scoring=")
    assert (evaluator.requires_input, evaluator.requires_reference) == (False, True)


@pytest.mark.parametrize("prediction", ["", " \n\t"], ids=["empty", "white space"])
def test_a_blank_prediction_is_0_and_nothing_is_embedded(prediction: str) -> None:
    vectors = Vectors()
    evaluator = load_evaluator("answer_similarity", embeddings=vectors)
    score = evaluator.score({"prediction": prediction, "reference": "In 1903."})
    assert (score.value, score.label, score.reasoning) == (0.0, "no answer", "The prediction is blank.")
    assert (vectors.asked, score.signature) == ([], evaluator.signature)
    result = evaluator.invoke({"prediction": prediction, "reference": "In 1903."})
    assert (result["score"], result["value"]) == (0.0, "no answer")


@pytest.mark.parametrize("prediction", ["", "It opened in 1903."], ids=["no prediction", "a prediction"])
@pytest.mark.parametrize("reference", ["", " \n\t"], ids=["empty", "white space"])
def test_a_blank_reference_is_not_applicable(prediction: str, reference: str) -> None:
    evaluator = load_evaluator("answer_similarity", embeddings=Vectors())
    with pytest.raises(NotApplicable, match="reference is blank") as caught:
        evaluator.score({"prediction": prediction, "reference": reference})
    assert (caught.value.state, caught.value.usage) == ("no reference", None)
    result = evaluator.invoke({"prediction": prediction, "reference": reference})
    assert (result["score"], result["value"]) == (None, "no reference")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        pytest.param([0, 0], [3, 4], "needs a direction", id="the first has no direction"),
        pytest.param([3, 4], [0, 0], "needs a direction", id="the second has no direction"),
        pytest.param([0, 0], [0, 0], "needs a direction", id="neither has a direction"),
        pytest.param([3, 4], [1, 2, 3], "of 2 and 3 numbers", id="different sizes"),
        pytest.param([], [], "of 0 and 0 numbers", id="empty ones"),
        pytest.param([math.nan, 1], [3, 4], "NaN", id="not a number"),
        pytest.param([3, 4], [math.inf, 1], "infinite", id="infinite"),
        pytest.param([3, "4"], [3, 4], "no vector of numbers", id="text"),
    ],
)
def test_vectors_that_cannot_be_compared_raise(first: list[Any], second: list[Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        made(first, second).score(ROW)


def test_driven_by_hand_it_asks_for_two_vectors() -> None:
    metric = metric_of("answer_similarity", embeddings=Vectors())
    score, asked = by_hand(metric.judge(Sample(**ROW)), [[[3.0, 4.0], [4.0, 3.0]]])
    assert asked == [["It opened in 1903. | In 1903."]]
    assert score.value == pytest.approx(24 / 25, abs=1e-9)


@pytest.mark.parametrize(
    ("prediction", "value"),
    [
        pytest.param("In 1903.", 1.0, id="the same"),
        pytest.param("1903: IN", 1.0, id="the same words"),
        pytest.param("Zulu!", 0.0, id="no letter group of it"),
    ],
)
def test_lexical_embeddings_say_that_they_compare_letters(prediction: str, value: float) -> None:
    score = load_evaluator("answer_similarity", embeddings="lexical").score({**ROW, "prediction": prediction})
    assert score.value == pytest.approx(value, abs=1e-9)
    assert score.basis == "lexical similarity"
    assert score.reasoning.startswith("The lexical similarity of prediction and reference is ")
