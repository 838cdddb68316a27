"""Flow: driven by hand, one question out, one answer or error in."""

from __future__ import annotations

from typing import TypeVar

import pytest

from lc_scoring.errors import ConfigError, ModelError, ReplyError, ScoringError
from lc_scoring.flow import Ask, Flow, Message, Reply, ask, together
from lc_scoring.records import Usage

T = TypeVar("T")

QUESTION = (Message("system", "Be brief."), Message("user", "Is water wet?"))


def test_a_flow_yields_the_one_question_it_wants_asked() -> None:
    assert next(ask(QUESTION, purpose="rate")) == (Ask(messages=QUESTION, purpose="rate"),)


def test_a_flow_returns_the_answer_it_was_sent() -> None:
    flow = ask(QUESTION, purpose="rate")
    next(flow)
    reply = Reply(text="Yes.", usage=Usage(calls=1))
    with pytest.raises(StopIteration) as done:
        flow.send((reply,))
    assert done.value.value is reply


def test_a_flow_raises_the_error_it_was_sent_and_nothing_else() -> None:
    flow = ask(QUESTION, purpose="rate")
    next(flow)
    error = ModelError("No answer came.", retryable=True)
    with pytest.raises(ModelError) as caught:
        flow.send((error,))
    assert caught.value is error


def test_one_question_takes_one_answer() -> None:
    flow = ask(QUESTION, purpose="rate")
    next(flow)
    with pytest.raises(ValueError, match="too many values"):
        flow.send((Reply(text="Yes."), Reply(text="No.")))


def test_questions_of_a_longer_flow_are_straight_line_code() -> None:
    def twice() -> Flow[str]:
        first = yield from ask(QUESTION, purpose="rate")
        try:
            second = yield from ask((*QUESTION, Message("assistant", first.text)), purpose="repair")
        except ModelError as error:
            return f"{first.text} {error}"
        return f"{first.text} {second.text}"

    flow = twice()
    assert next(flow)[0].purpose == "rate"
    (second,) = flow.send((Reply(text="Hm."),))
    assert second.purpose == "repair"
    assert second.messages[-1] == Message("assistant", "Hm.")
    with pytest.raises(StopIteration) as done:
        flow.send((ModelError("Gone."),))
    assert done.value.value == "Hm. Gone."


def test_a_plain_reply_was_neither_refused_nor_cut_off_nor_held_back() -> None:
    reply = Reply(text="Yes.")
    assert (reply.refusal, reply.cut_off, reply.filtered, reply.usage) == (None, False, False, Usage())


# Several flows side by side.


def said(*words: str) -> Flow[str]:
    """Ask for each word in turn, and return the answers."""
    answers: list[str] = []
    for word in words:
        reply = yield from ask((Message("user", word),), purpose="rate")
        answers.append(reply.text)
    return " ".join(answers)


def failing(*words: str, error: ScoringError) -> Flow[str]:
    yield from said(*words)
    raise error


def texts(asks: tuple[Ask, ...]) -> list[str]:
    return [message.text for each in asks for message in each.messages if isinstance(message, Message)]


def replies(*words: str) -> tuple[Reply, ...]:
    return tuple(Reply(text=word) for word in words)


def end_of(flow: Flow[T], answers: tuple[Reply | ModelError, ...]) -> T:
    with pytest.raises(StopIteration) as done:
        flow.send(answers)
    return done.value.value


def test_flows_side_by_side_ask_together_and_keep_their_order() -> None:
    flow = together([said("one"), said("two"), said("three")])
    assert texts(next(flow)) == ["one", "two", "three"]
    assert end_of(flow, replies("1", "2", "3")) == ["1", "2", "3"]


def test_one_flow_side_by_side_with_none_is_as_it_was() -> None:
    flow = together([said("one", "two")])
    assert texts(next(flow)) == ["one"]
    assert texts(flow.send(replies("1"))) == ["two"]
    assert end_of(flow, replies("2")) == ["1 2"]


def test_no_flows_ask_nothing() -> None:
    with pytest.raises(StopIteration) as done:
        next(together([]))
    assert done.value.value == []


def test_flows_may_come_one_by_one() -> None:
    flow = together(said(word) for word in ("one", "two"))
    assert texts(next(flow)) == ["one", "two"]


def test_a_flow_that_asks_less_waits_for_no_other() -> None:
    flow = together([said("a"), said("b", "c", "d"), said(), said("e", "f")])
    assert texts(next(flow)) == ["a", "b", "e"]
    assert texts(flow.send(replies("A", "B", "E"))) == ["c", "f"]
    assert texts(flow.send(replies("C", "F"))) == ["d"]
    assert end_of(flow, replies("D")) == ["A", "B C D", "", "E F"]


def test_a_flow_that_asks_several_questions_at_once_gets_its_own_answers() -> None:
    inner = together([said("a"), said("b")])
    flow = together([said("one"), inner, said("two")])
    assert texts(next(flow)) == ["one", "a", "b", "two"]
    assert end_of(flow, replies("1", "A", "B", "2")) == ["1", ["A", "B"], "2"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_error_in_one_flow_is_what_became_of_it(place: int) -> None:
    error = ModelError("No answer came.")
    flow = together([said("one"), said("two"), said("three")])
    next(flow)
    answers: list[Reply | ModelError] = [*replies("1", "2", "3")]
    answers[place] = error
    outcomes = end_of(flow, tuple(answers))
    assert outcomes[place] is error
    assert [outcome for outcome in outcomes if outcome is not error] == [
        answer.text for answer in answers if isinstance(answer, Reply)
    ]


@pytest.mark.parametrize("error", [ReplyError("Unread.", reply="?"), ConfigError("Wrong.")])
def test_an_error_ends_no_other_flow_whenever_it_comes(error: ScoringError) -> None:
    flow = together([failing(error=error), said("one", "two"), failing("three", error=error)])
    assert texts(next(flow)) == ["one", "three"]
    assert texts(flow.send(replies("1", "3"))) == ["two"]
    assert end_of(flow, replies("2")) == [error, "1 2", error]


def test_an_error_that_is_none_of_ours_is_not_hidden() -> None:
    def broken() -> Flow[str]:
        yield from said("one")
        raise ZeroDivisionError

    flow = together([said("one", "two"), broken()])
    next(flow)
    with pytest.raises(ZeroDivisionError):
        flow.send(replies("1", "1"))
