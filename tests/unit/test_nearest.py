"""The nearest examples as a flow, driven by hand: which are shown, in which order, and vectors of no use."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lc_scoring.errors import ModelError
from lc_scoring.example import Example
from lc_scoring.flow import Ask, Embed, Flow, Message, Reply, ask, embed, seated, together
from lc_scoring.judges.asking import PromptRenderer
from lc_scoring.judges.nearest import NearestExamples
from lc_scoring.judges.score import ScoreJudge, scale_words
from lc_scoring.records import Score
from lc_scoring.scale import Scale
from lc_scoring.template import load_prompt

TEXTS: dict[str, str | None] = {"prediction": "It is Paris.", "input": "What is the capital of France?"}
QUERY = "What is the capital of France?\n\nIt is Paris."
POOL = (
    Example(prediction="It is Rome.", score=2, input="What is the capital of Italy?"),
    Example(prediction="It is five.", score=3),
    Example(prediction="It is Oslo.", score=4, reasoning="Oslo it is."),
)
TEXTS_OF_POOL = ("What is the capital of Italy?\n\nIt is Rome.", "It is five.", "It is Oslo.")
VECTORS = [[300.0, 400.0], [0.0, 2.0], [0.1, 0.0]]
MODEL = "the embedding model"
BAD_VECTORS = [[0.0, 0.0], [-0.0], [], [math.nan, 1.0], [math.inf, 1.0], [math.inf, -math.inf], [1.0, -math.inf]]


def nearest(*pool: Example, count: int = 2, inner: Any = None) -> NearestExamples:
    return NearestExamples(inner=inner or judge(), examples=pool or POOL, count=count, model=MODEL)


def judge() -> ScoreJudge:
    scale, prompt = Scale(1, 10), load_prompt("score_string")
    system = Message("system", prompt.system)
    render = PromptRenderer.of(prompt, system=system, rubric="depth", **scale_words(scale))
    return ScoreJudge(
        name="score_string:depth", scale=scale, render=render, repair_question=prompt.repair, signature="s"
    )


def started(judge: NearestExamples, texts: Any = None) -> tuple[Flow[Score], Embed]:
    flow = judge.judge(texts or TEXTS)
    (wanted,) = next(flow)
    assert isinstance(wanted, Embed)
    return flow, wanted


def shown(flow: Flow[Score], vectors: list[list[float]]) -> list[str]:
    """Return the predictions of the examples shown, from the first to the last."""
    (rate,) = flow.send((vectors,))
    assert isinstance(rate, Ask)
    message = rate.messages[1]
    assert isinstance(message, Message)
    predictions = [block.split("\n")[1] for block in message.text.split("<sample_prediction>")[1:]]
    assert predictions.pop() == "It is Paris."
    return predictions


def test_pool_and_row_are_embedded_by_their_input_and_prediction() -> None:
    _, wanted = started(nearest())
    assert wanted == Embed(texts=(*TEXTS_OF_POOL, QUERY), model=MODEL)


@pytest.mark.parametrize("missing", [None, ""])
def test_a_row_without_an_input_is_compared_by_its_prediction(missing: str | None) -> None:
    _, wanted = started(nearest(), {"prediction": "It is Paris.", "input": missing})
    assert wanted.texts[-1] == "It is Paris."
    assert started(nearest(), {"prediction": None})[1].texts[-1] == ""


@pytest.mark.parametrize(
    ("row", "count", "order"),
    [
        ([5.0, 0.0], 3, ["It is five.", "It is Rome.", "It is Oslo."]),  # cosines .6, 0, 1
        ([5.0, 0.0], 2, ["It is Rome.", "It is Oslo."]),
        ([5.0, 0.0], 1, ["It is Oslo."]),
        ([-1.0, 0.0], 2, ["It is Rome.", "It is five."]),  # -.6, 0, -1
        ([1.0, 2.0], 2, ["It is five.", "It is Rome."]),  # .984, .894, .447
        ([3.0, 4.0], 9, ["It is Oslo.", "It is five.", "It is Rome."]),  # 1, .8, .6
    ],
)
def test_the_examples_whose_direction_is_the_rows_stand_next_to_it(
    row: list[float], count: int, order: list[str]
) -> None:
    flow, _ = started(nearest(count=count))
    assert shown(flow, [*VECTORS, row]) == order


def test_what_comes_of_it_is_what_the_judge_says() -> None:
    flow, _ = started(nearest())
    (rate,) = flow.send(([*VECTORS, [1.0, 0.0]],))
    assert isinstance(rate, Ask)
    with pytest.raises(StopIteration) as done:
        flow.send((Reply(text="Right. Rating: [[9]]"),))
    assert (done.value.value.rating, done.value.value.signature) == (9, "s")
    assert (nearest().signature, nearest(inner=object()).signature) == ("s", "")


def test_a_row_is_never_shown_its_own_rating() -> None:
    own = Example(prediction="It is Paris.", input="What is the capital of France?", score=10)
    flow, _ = started(nearest(*POOL, own))
    assert shown(flow, [*VECTORS, [1.0, 0.0], [1.0, 0.0]]) == ["It is Rome.", "It is Oslo."]
    flow, _ = started(nearest(own))
    assert shown(flow, [[1.0, 0.0], [1.0, 0.0]]) == [], "none is left"


def test_the_pool_is_embedded_once() -> None:
    judge = nearest(count=1)
    flow, _ = started(judge)
    assert shown(flow, [*VECTORS, [1.0, 0.0]]) == ["It is Oslo."]
    flow, wanted = started(judge)
    assert wanted.texts == (QUERY,)
    assert shown(flow, [[0.0, 1.0]]) == ["It is five."]


def test_rows_that_begin_together_ask_for_the_pool_each_and_go_on_alike() -> None:
    judge = nearest(count=1)
    (first, _), (second, wanted) = started(judge), started(judge)
    assert wanted.texts == (*TEXTS_OF_POOL, QUERY)
    assert shown(first, [*VECTORS, [1.0, 0.0]]) == shown(second, [*VECTORS, [1.0, 0.0]]) == ["It is Oslo."]
    assert started(judge)[1].texts == (QUERY,)


@pytest.mark.parametrize("bad", BAD_VECTORS, ids=str)
@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_vector_without_a_direction_is_an_error_and_the_pool_is_asked_for_again(bad: list[float], place: int) -> None:
    judge, vectors = nearest(), [*VECTORS, [1.0, 0.0]]
    flow, _ = started(judge)
    vectors[place] = bad
    with pytest.raises(ModelError, match="without a direction") as caught:
        flow.send((vectors,))
    assert caught.value.retryable is False
    assert len(started(judge)[1].texts) == 4


@pytest.mark.parametrize(
    "row", [[1e200, 0.0], [1e154, 1e154], [1e-200, 0.0], [1.7e308, 1.7e308], [5e-324, 0.0]], ids=str
)
def test_a_vector_of_any_length_has_a_direction(row: list[float]) -> None:
    flow, _ = started(nearest(count=1))
    assert shown(flow, [*VECTORS, row]) == ["It is Rome." if row[1] else "It is Oslo."]


@pytest.mark.parametrize("place", [0, 2, 3])
def test_vectors_of_different_lengths_are_an_error(place: int) -> None:
    flow, _ = started(nearest())
    vectors = [*VECTORS, [1.0, 0.0]]
    vectors[place] = [1.0, 0.0, 0.0]
    with pytest.raises(ModelError, match="vectors of different lengths") as caught:
        flow.send((vectors,))
    assert caught.value.retryable is False


def test_a_row_whose_vector_has_another_length_than_the_pools_is_an_error() -> None:
    judge = nearest()
    shown(started(judge)[0], [*VECTORS, [1.0, 0.0]])
    flow, _ = started(judge)
    with pytest.raises(ModelError, match="vectors of different lengths"):
        flow.send(([[1.0]],))


def test_a_pool_of_different_lengths_is_asked_for_again() -> None:
    judge = nearest()
    flow, _ = started(judge)
    with pytest.raises(ModelError, match="vectors of different lengths"):
        flow.send(([[1.0], *VECTORS[1:], [1.0, 0.0]],))
    assert len(started(judge)[1].texts) == 4


def test_where_the_embedding_model_gives_nothing_its_error_is_raised_and_the_next_row_asks_anew() -> None:
    judge, error = nearest(), ModelError("gone", retryable=True)
    flow, _ = started(judge)
    with pytest.raises(ModelError) as caught:
        flow.send((error,))
    assert caught.value is error
    assert len(started(judge)[1].texts) == 4


# Embedding from within a flow, and flows that are put to one of several models.


def test_texts_are_embedded_by_the_model_that_is_named() -> None:
    flow = embed(iter(["a", "b"]), MODEL)
    assert next(flow) == (Embed(texts=("a", "b"), model=MODEL),)
    with pytest.raises(StopIteration) as done:
        flow.send(([[1.0], [2.0]],))
    assert done.value.value == [[1.0], [2.0]]


def test_texts_are_not_answered_by_words_nor_questions_by_vectors() -> None:
    texts, words = embed(["a"], MODEL), ask((Message("user", "One?"),), purpose="rate")
    next(texts)
    next(words)
    with pytest.raises(TypeError, match="texts were embedded as"):
        texts.send((Reply(text="[1.0]"),))
    with pytest.raises(TypeError, match="a question was answered by"):
        words.send(([[1.0]],))


def test_a_seated_flow_puts_its_questions_to_its_juror_and_no_texts_to_embed() -> None:
    def several() -> Flow[str]:
        yield from together([ask((Message("user", "One?"),), purpose="rate"), embed(["a"], MODEL)])
        last = yield from ask((Message("user", "Two?"),), purpose="repair")
        return last.text

    flow = seated(several(), 2)
    question = Ask(messages=(Message("user", "One?"),), purpose="rate", juror=2)
    assert next(flow) == (question, Embed(texts=("a",), model=MODEL))
    (second,) = flow.send((Reply(text="1"), [[1.0]]))
    assert isinstance(second, Ask)
    assert (second.purpose, second.juror) == ("repair", 2)
    with pytest.raises(StopIteration) as done:
        flow.send((Reply(text="2"),))
    assert done.value.value == "2"


def test_a_flow_seated_twice_is_answered_by_the_outer_juror() -> None:
    flow = seated(seated(ask((Message("user", "One?"),), purpose="rate"), 1), 3)
    (question,) = next(flow)
    assert isinstance(question, Ask)
    assert question.juror == 3
    error = ModelError("gone")
    with pytest.raises(ModelError) as caught:
        flow.send((error,))
    assert caught.value is error
