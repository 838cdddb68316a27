"""Questions asked once: the same answers for all who ask, and one bill."""

from __future__ import annotations

from typing import Any

import pytest

from lc_scoring.errors import ModelError, ScopeError, ScoringError
from lc_scoring.flow import Answers, Ask, Asked, Embed, Flow, Message, Reply, ask, asked_once, embed, together
from lc_scoring.records import Usage

PAID = Usage(calls=1, input_tokens=7)


def question(word: str, **options: Any) -> Flow[Reply]:
    return ask((Message("user", word),), purpose="rate", options=options or None)


def twice(word: str) -> Flow[list[Reply]]:
    first = yield from question(word)
    return [first, (yield from question(word))]


def drive(flow: Flow[Any], answer: Any) -> tuple[Any, list[Asked]]:
    """Answer all that a flow asks; return what it returns, and what it asked."""
    rounds: list[Asked] = []
    answers: Answers | None = None
    while True:
        try:
            asked = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            return done.value, rounds
        rounds.append(asked)
        answers = tuple(answer(one) for one in asked)


def paid(one: Ask | Embed) -> Reply | list[list[float]]:
    return [[1.0]] * len(one.texts) if isinstance(one, Embed) else Reply(text=str(one.messages[0].text), usage=PAID)


def test_what_was_asked_in_an_earlier_round_is_not_asked_again() -> None:
    replies, rounds = drive(asked_once(twice("a")), paid)
    assert [len(one) for one in rounds] == [1]
    assert [(one.text, one.usage) for one in replies] == [("a", PAID), ("a", Usage())]


def test_who_asks_twice_in_one_round_is_answered_in_the_order_asked() -> None:
    flow = together([question("b"), question("a"), question("b"), question("c"), question("a")])
    replies, rounds = drive(asked_once(flow), paid)
    assert [[one.messages[0].text for one in each if isinstance(one, Ask)] for each in rounds] == [["b", "a", "c"]]
    assert [one.text for one in replies] == ["b", "a", "b", "c", "a"]
    assert [one.usage.calls for one in replies] == [1, 1, 0, 1, 0]


def test_questions_with_other_options_or_of_other_jurors_are_others() -> None:
    _, rounds = drive(asked_once(together([question("a"), question("a", format="json")])), paid)
    assert [len(one) for one in rounds] == [2]


def test_texts_embedded_by_one_model_are_embedded_once() -> None:
    first, second = object(), object()
    flow = together([embed(["a"], first), embed(["a"], first), embed(["a"], second), embed(["a", "b"], first)])
    vectors, rounds = drive(asked_once(flow), paid)
    assert [len(one) for one in rounds] == [3]
    assert vectors == [[[1.0]], [[1.0]], [[1.0]], [[1.0], [1.0]]]


def test_a_flow_that_asks_nothing_in_a_round_is_not_kept_waiting() -> None:
    def silent() -> Flow[str]:
        answers = yield ()
        assert answers == ()
        return "done"

    assert drive(asked_once(silent()), paid) == ("done", [])
    assert drive(asked_once(together(())), paid) == ([], [])


@pytest.mark.parametrize("kind", [ModelError, ScopeError])
def test_an_error_is_given_to_all_who_asked_each_with_one_of_its_own(kind: type[ModelError]) -> None:
    cause = TimeoutError("slow")
    error = kind("no answer")
    error.retryable = False
    error.__cause__ = cause
    error.usage = PAID
    outcomes, rounds = drive(asked_once(together([question("a"), question("a")])), lambda _: error)
    assert len(rounds) == 1
    assert outcomes[0] is error
    other = outcomes[1]
    assert isinstance(other, kind)
    assert other is not error
    assert (str(other), other.retryable, other.__cause__, other.usage) == ("no answer", False, cause, None)
    assert error.usage == PAID


def test_an_error_of_the_flow_comes_through() -> None:
    def fails() -> Flow[None]:
        yield from question("a")
        raise ScoringError("mine")

    with pytest.raises(ScoringError, match="mine"):
        drive(asked_once(fails()), paid)


def test_too_few_answers_are_noticed() -> None:
    flow = asked_once(together([question("a"), question("b")]))
    next(flow)
    with pytest.raises(ValueError, match="shorter"):
        flow.send((Reply(text="a"),))
