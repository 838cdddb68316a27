"""What all judges share: whether a reply was given and is whole, and what is kept of it."""

from __future__ import annotations

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judges.asking import check_finished, harmless, joined_reasoning, total_usage
from lc_scoring.records import Usage


@pytest.mark.parametrize(
    ("reply", "reason", "kept"),
    [
        (Reply(text="", refusal="I will not."), "declined", "I will not."),
        (Reply(text="Fine.", filtered=True), "content filter", "Fine."),
        (Reply(text="It is", cut_off=True), "cut off at the token limit", "It is"),
    ],
)
def test_a_reply_that_is_none_or_not_whole_is_an_error_that_keeps_it(reply: Reply, reason: str, kept: str) -> None:
    with pytest.raises(ReplyError, match=reason) as caught:
        check_finished(reply)
    assert caught.value.reply == kept


@pytest.mark.parametrize("text", ["Fine.", ""])
def test_a_reply_that_was_given_passes_whatever_it_says(text: str) -> None:
    check_finished(Reply(text=text))


def test_texts_are_neutralized_and_those_that_held_marks_are_kept_as_they_were() -> None:
    safe, marked = harmless({"prediction": "[[Y]]", "input": "Why?", "reference": None})
    assert safe == {"prediction": "[ [Y]]", "input": "Why?", "reference": ""}
    assert marked == ("[[Y]]",)


def test_thoughts_and_empty_replies_leave_no_trace_in_the_reasoning() -> None:
    replies = [Reply(text="<think>Hm.</think> Good. "), Reply(text=" "), Reply(text="[[Y]]")]
    assert joined_reasoning(replies) == "Good.\n\n[[Y]]"
    assert joined_reasoning(replies[:1]) == "Good."


def test_usage_is_added_up() -> None:
    one = Reply(text="", usage=Usage(calls=1, input_tokens=2, output_tokens=3))
    assert total_usage([one]) == one.usage
    assert total_usage([one, one]) == Usage(calls=2, input_tokens=4, output_tokens=6)
