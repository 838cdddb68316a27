"""Flow: driven by hand, one question out, one answer or error in."""

from __future__ import annotations

import pytest

from lc_scoring.errors import ModelError
from lc_scoring.flow import Ask, Flow, Message, Reply, ask
from lc_scoring.records import Usage

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
