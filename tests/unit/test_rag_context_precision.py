"""Context precision by hand: the mean of the precisions at the ranks of the useful contexts."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, listed, metric_of, paid

from lc_scoring import ConfigError, NotApplicable, ReplyError, Sample, load_evaluator
from lc_scoring.rag.context_precision import average_precision

Y, N = "It gives the year. [[YES]]", "It is about something else. [[NO]]"


def row(count: int, **fields: Any) -> dict[str, Any]:
    contexts = tuple(f"Context number {n}." for n in range(1, count + 1))
    return {"input": "When did the mill open?", "reference": "In 1903.", "contexts": contexts, **fields}


# Which contexts are useful, in their order; the precision at the rank of each useful one, summed / how many they are.
CASES = [
    pytest.param([Y, Y, Y, Y], (1 / 1 + 2 / 2 + 3 / 3 + 4 / 4) / 4, id="all useful"),
    pytest.param([N, N, N, N], 0.0, id="none useful"),
    pytest.param([Y], 1 / 1, id="one context, useful"),
    pytest.param([N], 0.0, id="one context, useless"),
    pytest.param([Y, N], 1 / 1, id="the first of two"),
    pytest.param([N, Y], 1 / 2, id="the second of two"),
    pytest.param([N, N, Y], 1 / 3, id="the last of three"),
    pytest.param([Y, N, Y], (1 / 1 + 2 / 3) / 2, id="first and last of three"),  # 5/6
    pytest.param([N, Y, Y], (1 / 2 + 2 / 3) / 2, id="the last two of three"),  # 7/12
    pytest.param([Y, Y, N, N], (1 / 1 + 2 / 2) / 2, id="the useful ones first"),
    pytest.param([N, N, Y, Y], (1 / 3 + 2 / 4) / 2, id="the useful ones last"),  # 5/12
    pytest.param([Y, N, N, Y], (1 / 1 + 2 / 4) / 2, id="first and last of four"),  # 3/4
    pytest.param([Y, N, Y, N, Y], (1 / 1 + 2 / 3 + 3 / 5) / 3, id="every other of five"),  # 34/45
    pytest.param([Y] * 30, 30 / 30, id="thirty, all useful"),
    pytest.param([N] * 29 + [Y], 1 / 30, id="thirty, the last alone"),
    # Each k-th useful one stands at rank 2k: every precision is k/2k.
    pytest.param([N, Y] * 15, 1 / 2, id="thirty, every second"),
    # Each k-th useful one stands at rank 3k - 2: the sum of k/(3k - 2).
    pytest.param([Y, N, N] * 10, sum(k / (3 * k - 2) for k in range(1, 11)) / 10, id="thirty, every third"),
    pytest.param([N] * 15 + [Y] * 15, sum(k / (15 + k) for k in range(1, 16)) / 15, id="thirty, the second half"),
]


@pytest.mark.parametrize(("lines", "value"), CASES)
def test_it_is_the_average_precision_of_the_ranking(lines: list[str], value: float) -> None:
    judge = Judge(usefulness=listed(lines))
    score = load_evaluator("context_precision", llm=judge.answer).score(row(len(lines)))
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.rating) == ("context_precision", None)
    assert score.label == (None if Y in lines else "nothing useful")
    assert [part.value for part in score.parts] == [float(line == Y) for line in lines]
    assert [part.name for part in score.parts] == [f"context {n}" for n in range(1, len(lines) + 1)]
    assert [part.sources for part in score.parts] == [(n,) for n in range(1, len(lines) + 1)]
    assert (judge.asked, score.usage) == (["usefulness"], paid("usefulness"))


@pytest.mark.parametrize(
    ("relevant", "value"), [([], 0.0), ([0], 0.0), ([1], 1.0), ([0, 1, 0, 1], (1 / 2 + 2 / 4) / 2)]
)
def test_average_precision_of_nothing_is_nothing(relevant: list[int], value: float) -> None:
    assert average_precision(relevant) == pytest.approx(value, abs=1e-9)


def test_a_part_holds_the_context_the_verdict_and_the_reason() -> None:
    fields = row(3, contexts=["The  mill\nopened in 1903.", "x" * 200, "y" * 201])
    score = load_evaluator("context_precision", llm=Judge(usefulness=listed([Y, "[[NO]]", N])).answer).score(fields)
    assert [(part.text, part.label, part.reasoning) for part in score.parts] == [
        ("The mill opened in 1903.", "useful", "It gives the year."),
        ("x" * 200, "not useful", ""),
        (f"{'y' * 200} ...", "not useful", "It is about something else."),
    ]
    assert score.basis == "average precision of 3 contexts, useful: 1"
    assert score.reasoning == (
        "Useful contexts: 1, of 3.\n"
        "- context 1, useful: It gives the year.\n"
        "- context 3, not useful: It is about something else."
    )


def test_where_nothing_is_useful_it_says_so() -> None:
    score = load_evaluator("context_precision", llm=Judge(usefulness=listed([N, N])).answer).score(row(2))
    assert (score.value, score.label) == (0.0, "nothing useful")
    assert score.basis == "average precision of 2 contexts, useful: none"
    assert score.reasoning.startswith("Useful contexts: none, of 2.\n")
    result = load_evaluator("context_precision", llm=Judge(usefulness=listed([N, N])).answer).invoke(row(2))
    assert (result["score"], result["value"]) == (0.0, "nothing useful")


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        pytest.param(row(0), "no contexts", "no contexts to judge", id="no contexts"),
        pytest.param(row(0, reference=""), "no contexts", "no contexts to judge", id="neither contexts nor reference"),
        pytest.param(row(2, reference=""), "no reference", "reference is blank", id="an empty reference"),
        pytest.param(row(2, reference=" \n"), "no reference", "reference is blank", id="a blank reference"),
    ],
)
def test_what_cannot_be_judged_is_not_applicable_and_nobody_is_asked(
    fields: dict[str, Any], state: str, said: str
) -> None:
    judge = Judge()
    with pytest.raises(NotApplicable, match=said) as caught:
        load_evaluator("context_precision", llm=judge.answer).score(fields)
    assert (caught.value.state, caught.value.usage, judge.asked) == (state, None, [])


def test_contexts_are_judged_by_their_use_for_the_reference_or_for_the_prediction() -> None:
    fields = row(2, prediction="It was in 1905.")
    by_reference, by_prediction = Judge(usefulness=listed([Y, N])), Judge(usefulness=listed([N, Y]))
    first = load_evaluator("context_precision", llm=by_reference.answer)
    second = load_evaluator("context_precision", llm=by_prediction.answer, against="prediction")
    assert (first.score(fields).value, second.score(fields).value) == (1 / 1, 1 / 2)
    assert "<sample_answer>\nIn 1903.\n</sample_answer>" in by_reference.conversations[0][-1]
    assert "<sample_answer>\nIt was in 1905.\n</sample_answer>" in by_prediction.conversations[0][-1]
    assert "1905" not in by_reference.conversations[0][-1]
    assert (first.input_keys, second.input_keys) == (
        ["contexts", "input", "reference"],
        ["contexts", "input", "prediction"],
    )
    assert (first.requires_reference, second.requires_reference) == (True, False)
    assert "|against=reference|" in first.signature
    assert "|against=prediction|" in second.signature


def test_against_the_prediction_no_reference_is_wanted() -> None:
    judge = Judge(usefulness=listed([N, Y, Y]))
    evaluator = load_evaluator("context_precision", llm=judge.answer, against="prediction")
    fields = {"input": "When?", "prediction": "In 1903.", "contexts": ["A.", "B.", "C."]}
    assert evaluator.score(fields).value == pytest.approx((1 / 2 + 2 / 3) / 2, abs=1e-9)


def test_against_a_blank_prediction_it_is_not_applicable() -> None:
    evaluator = load_evaluator("context_precision", llm=Judge().answer, against="prediction")
    with pytest.raises(NotApplicable, match="The prediction is blank"):
        evaluator.score(row(2, prediction=" "))


def test_against_a_blank_prediction_the_state_is_no_answer() -> None:
    evaluator = load_evaluator("context_precision", llm=Judge().answer, against="prediction")
    assert evaluator.invoke(row(2, prediction=""))["value"] == "no answer"


def test_against_anything_else_is_refused() -> None:
    with pytest.raises(ConfigError, match="against"):
        load_evaluator("context_precision", llm=Judge().answer, against="input")


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("All of them are useful.", id="no list"),
        pytest.param(listed([Y]), id="a context is left out"),
        pytest.param(listed([Y, N, N]), id="a context too many"),
        pytest.param(f"1. {Y}\n1. {N}", id="a context twice"),
        pytest.param("1. It gives the year. [[YES: 1]]\n2. It does not. [[NO]]", id="a context is named"),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(first: str) -> None:
    judge = Judge(usefulness=[first, listed([N, Y])])
    score = load_evaluator("context_precision", llm=judge.answer).score(row(2))
    assert score.value == 1 / 2
    assert score.usage == paid("usefulness", "usefulness")


def test_two_lists_that_cannot_be_read_raise() -> None:
    judge = Judge(usefulness=listed([Y]))
    with pytest.raises(ReplyError, match="lacks line 2") as caught:
        load_evaluator("context_precision", llm=judge.answer).score(row(2))
    assert caught.value.usage == paid("usefulness", "usefulness")


def test_driven_by_hand_it_asks_once_about_all_contexts() -> None:
    metric = metric_of("context_precision")
    score, asked = by_hand(metric.judge(Sample(prediction="", **row(3))), [listed([N, Y, N])])
    assert asked == [["usefulness of the contexts"]]
    assert (score.value, score.signature) == (1 / 2, metric.signature)
