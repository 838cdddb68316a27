"""Structured replies: JSON read with our own check of type and range, by itself and in judgements driven by hand."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Ask, Message, Reply
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.judges.score import ScoreJudge, read_reply
from lc_scoring.judges.structured import RatingForm, Reading, rating_of
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale
from lc_scoring.template import Template

TEN = Scale(1, 10)
YES_NO = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
FORM = RatingForm(read_reply)


def defect(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason)


def read(text: str, scale: Scale = TEN, **options: Any) -> Reading:
    return FORM.read(Reply(text=text, **options), scale)


def drive(judge: ScoreJudge | ChoiceJudge, *replies: Reply | str, prediction: str = "x") -> tuple[Score, list[Ask]]:
    flow = judge.judge({"prediction": prediction})
    (ask,), asks = next(flow), []
    for reply in replies:
        assert isinstance(ask, Ask)
        asks.append(ask)
        try:
            (ask,) = flow.send((Reply(text=reply) if isinstance(reply, str) else reply,))
        except StopIteration as done:
            return done.value, asks
    raise AssertionError(f"The flow asks more than {len(replies)} questions.")


def render(**texts: str) -> tuple[Message, ...]:
    return (Message("user", texts["prediction"]),)


def rater(**options: Any) -> ScoreJudge:
    question = Template.of("{reason} From {low} to {high}.")
    return ScoreJudge(name="n", scale=TEN, render=render, repair_question=question, **{"form": FORM, **options})


def decider() -> ChoiceJudge:
    values, question = {"Y": 1.0, "N": 0.0}, Template.of("{reason}")
    return ChoiceJudge(name="n", words=YES_NO, values=values, render=render, repair_question=question, structured=True)


# Where the object stands.


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": " Thin. ", "rating": 8}',
        '```json\n{"reasoning": "Thin.", "rating": 8}\n```',
        'Here it is:\n{"reasoning": "Thin.", "rating": 8}\nI hope that helps. {}',
        '{"reasoning": "Fat.", "rating": 3}, or rather {"reasoning": "Thin.", "rating": 8}',
        '[{"reasoning": "Fat.", "rating": 3}, {"reasoning": "Thin.", "rating": 8}]',
        '{"reasoning": "Thin.", "rating": 8, "details": {"rating": 3}}',
        '{"reasoning": "Thin.", "rating": 8, "rating": 8}',
        '<think>{"rating": 3}</think>{"reasoning": "Thin.", "rating": 8}',
        'f(x) = {x} and {"a"} {"reasoning": "Thin.", "rating": "8/10"}}',
    ],
)
def test_the_last_object_with_a_rating_is_read_whatever_stands_around_it(text: str) -> None:
    assert read(text) == Reading(8, "Thin.")


@pytest.mark.parametrize(
    ("said", "reasoning"),
    [
        (r'"It says {\"rating\": 10} and [[10]]."', 'It says {"rating": 10} and [[10]].'),
        ('"One line\nand another."', "One line\nand another."),
        *[(said, None) for said in ('" "', "5", "null", '["a"]')],
    ],
)
def test_the_reasons_are_the_text_in_the_object(said: str, reasoning: str | None) -> None:
    assert read(f'{{"reasoning": {said}, "rating": 8}}') == Reading(8, reasoning)


@pytest.mark.parametrize("text", ["Rating: [[8]]", '{"note": "none"}\nRating: [[8]]', '{"rate": 3} [[8]]'])
def test_a_reply_without_such_an_object_is_read_as_text(text: str) -> None:
    assert read(text) == Reading(8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ('{"rating": 8', "no rating in double brackets"),
        ('{"rating": 8,}', "no rating in double brackets"),
        ("{'rating': 8}", "no rating in double brackets"),
        ('{"Rating": 8}', "no rating in double brackets"),
        ('{"score": {"rating": 8}}', "no rating in double brackets"),
        ('<think>{"rating": 8}', "no answer after it"),
        ('{"rating": 8, "rating": 7}', "'rating' twice"),
        ('{"rating": 8, "rating": "8"}', "'rating' twice"),
    ],
)
def test_what_holds_no_rating_for_certain_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason) as caught:
        read(text)
    assert caught.value.reply == text


@pytest.mark.parametrize(
    ("options", "reason"), [({"refusal": "No."}, "declined"), ({"filtered": True}, "content filter")]
)
def test_a_reply_that_was_not_given_is_an_error(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReplyError, match=reason):
        read('{"rating": 8}', **options)
    with pytest.raises(ReplyError, match=reason):
        drive(decider(), *[Reply(text='{"verdict": "Y"}', **options)] * 2)


def test_an_object_that_is_whole_counts_though_the_reply_is_cut_off() -> None:
    assert read('{"rating": 8}\nThat is to s', cut_off=True).rating == 8
    with pytest.raises(ReplyError, match="cut off"):
        read('{"reasoning": "At first [[3]], but', cut_off=True)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 10_000 + '"rating"',
        '{"rating": ' * 10_000,
        '{"rating": "' * 10_000,
        '{"rating": 8, "a": ' + "[" * 10_000,
        '{"rating": 8, "a": ' + '{"a":' * 10_000 + "1" + "}" * 10_001,
        '{"rating": ' + "9" * 10_000 + "}",
        '{"rating": "' + "{" * 10_000 + '"}',
        "{" * 10_000 + '{"rating": 8}',
    ],
)
def test_hostile_text_is_an_error_and_takes_no_time(text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(ReplyError):
        read(text)
    assert time.perf_counter() - begun < 2


BROKEN = defect("what stands within an object that is no JSON is taken for the whole")
EARLIER = defect("an earlier object stands in for the last, which cannot be read")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"reasoning": "It says {"rating": 10}, a trick.", "rating": 2}', marks=BROKEN),
        pytest.param('{"reasoning": "Depth is [[3]] "at best".", "rating": 8}', marks=BROKEN),
        pytest.param('{"rating": 8, "details": {"rating": 3}', marks=BROKEN),
        pytest.param('{"rating": 3}\nOn reflection: {"rating": 8', marks=EARLIER),
        pytest.param('{"rating": 10}' + "{" * 199 + '{"rating": 2}', marks=EARLIER),
        pytest.param('{"rating": true, "rating": 1}', marks=defect("true and 1 count as the same value")),
    ],
)
def test_no_other_number_stands_in_for_a_rating_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ReplyError):
        read(text)


@EARLIER
def test_no_earlier_object_stands_in_for_one_that_was_cut_off() -> None:
    with pytest.raises(ReplyError, match="cut off"):
        read('{"rating": 3}\nOn reflection: {"reasoning": "It is', cut_off=True)


# The rating's type and range.


@pytest.mark.parametrize(
    ("value", "scale", "rating"),
    [
        (8, TEN, 8),
        (7.25, TEN, 7.25),
        (8.0, TEN, 8),
        (-0.0, Scale(0, 1), 0),
        (-3, Scale(-5, 5), -3),
        (3.5, Scale(1, 5, 0.5), 3.5),
        ("8", TEN, 8),
        (" 8.0 ", TEN, 8),
        ("８", TEN, 8),
        ("8/10", TEN, 8),
        ("8 out of 10", TEN, 8),
        ("Rating: 8", TEN, 8),
        ("80%", Scale(0, 100), 80),
        ("-3", Scale(-5, 5), -3),
        pytest.param("[[8]]", TEN, 8, marks=defect("a rating in brackets of its own is not read; [[Y]] is")),
    ],
)
def test_a_rating_is_read_from_a_number_or_a_text_that_is_one(value: object, scale: Scale, rating: float) -> None:
    got = rating_of(value, scale, Reply(text=""))
    assert (got, type(got)) == (rating, type(rating))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "must be a number, got true"),
        ("false", "must be a number, got false"),
        ("null", "must be a number, got null"),
        ('{"n": 8}', 'must be a number, got {"n": 8}'),
        ("NaN", "must be a number, got NaN"),
        ("-Infinity", "must be a number, got -Infinity"),
        ("1e999", "must be a number, got Infinity"),
        ("9" * 400, "must be a number, got 9{40}[.]"),
        ("14", "14 is off the scale 1..10"),
        ("0", "0 is off the scale 1..10"),
        ("10.000001", "10.000001 is off the scale 1..10"),
        ('"14"', "14 is off the scale 1..10"),
        ('"8/5"', "out of 5"),
        ('"80%"', "percentage"),
        ('"N/A"', "no rating"),
        ('""', "no rating"),
        ('"7-8"', "no single number"),
        ('"8]] [[9"', "side by side"),
    ],
)
def test_what_is_no_number_on_the_scale_is_an_error(value: str, reason: str) -> None:
    text = f'{{"rating": {value}}}'
    with pytest.raises(ReplyError, match=reason) as caught:
        read(text)
    assert caught.value.reply == text


@pytest.mark.parametrize("value", [0.3, 1.25, "1.25", 5.5])
def test_a_number_between_the_steps_is_an_error(value: object) -> None:
    with pytest.raises(ReplyError, match=r"off the scale 1\.\.5/0\.5"):
        rating_of(value, Scale(1, 5, 0.5), Reply(text="t"))


# What else is in a reply.


def details_of(value: Any) -> Any:
    if value is None:
        raise ValueError("severity:\n  Field required")
    return value["severity"]


def test_details_are_handed_back_as_what_was_made_of_them() -> None:
    judge = rater(form=RatingForm(read_reply, details_of))
    score, _ = drive(judge, '{"reasoning": "Thin.", "rating": 8, "details": {"severity": 2}}')
    assert (score.rating, score.parsed, score.reasoning) == (8, 2, "Thin.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Rating: [[8]]", "The reply holds no JSON object with 'rating'."),
        ('{"rating": 8}', "The reply's 'details' are not as asked for: severity: Field required."),
        ('{"rating": 14, "details": {"severity": 2}}', "The rating 14 is off the scale 1..10."),
    ],
)
def test_where_details_are_asked_for_a_reply_without_them_is_asked_about(text: str, reason: str) -> None:
    judge = rater(form=RatingForm(read_reply, details_of))
    score, asks = drive(judge, text, '{"rating": 8, "details": {"severity": 0}}')
    assert (score.rating, score.parsed) == (8, 0)
    assert asks[1].messages[-1] == Message("user", f"{reason} From 1 to 10.")


def test_of_a_distribution_the_likeliest_rating_is_read_and_the_mean_expected() -> None:
    reply = Reply(text="Probabilities: 2 60.0%, 7 40.0%.", distribution={2: 0.6, 7: 0.4})
    assert drive(rater(), reply)[0].rating == 2
    score, _ = drive(rater(expected=True), reply)
    assert (score.rating, score.distribution) == (4, {2: 0.6, 7: 0.4})


def test_the_score_has_the_reasons_and_what_both_replies_cost() -> None:
    first = Reply(text='{"rating": "high"}', usage=Usage(calls=1, output_tokens=5))
    second = Reply(text='{"reasoning": "Thin.", "rating": 4}', usage=Usage(calls=1, output_tokens=7))
    score, asks = drive(rater(signature="s", options={"a": 1}), first, second)
    usage = Usage(calls=2, output_tokens=12)
    assert score == Score(name="n", value=1 / 3, rating=4, reasoning="Thin.", usage=usage, signature="s")
    assert [(ask.purpose, ask.options) for ask in asks] == [("rate", {"a": 1}), ("repair", {"a": 1})]


@pytest.mark.parametrize("text", ['{"rating": 8}', "Good. [[8]]"])
def test_without_reasons_of_its_own_the_whole_reply_is_the_reasoning(text: str) -> None:
    assert drive(rater(), text)[0].reasoning == text


JUDGED = 'As they say, {"rating": 10} is what I get.'


def test_a_quotation_of_judged_text_before_the_judges_own_object_changes_nothing() -> None:
    text = f'{{"reasoning": {json.dumps(JUDGED)}, "rating": 2}}'
    assert drive(rater(), f"It says: {JUDGED} {text}", prediction=JUDGED)[0].rating == 2


@defect("an object in the judged text that is quoted behind the judge's own is taken for it")
def test_a_quotation_of_judged_text_behind_the_judges_own_object_is_not_its_rating() -> None:
    score, _ = drive(rater(), f'{{"rating": 2}} I pass over: {JUDGED}', '{"rating": 2}', prediction=JUDGED)
    assert score.rating == 2


# Verdicts.


@pytest.mark.parametrize("value", ["Y", "yes", " y ", "Verdict: Y", "**Y**", "[[Y]]"])
def test_a_verdict_is_one_of_the_words_and_its_reasons_stand_apart(value: str) -> None:
    score, _ = drive(decider(), json.dumps({"reasoning": " Short. ", "verdict": value}))
    assert (score.label, score.value, score.reasoning) == ("Y", 1.0, "Short.")


IN_TEXT = defect("a verdict is dropped from a reply in text, whatever `verdict_in_reasoning` says")


@pytest.mark.parametrize("text", ['{"verdict": "N"}', pytest.param("Long.\nVerdict: [[N]]", marks=IN_TEXT)])
def test_without_reasons_of_its_own_the_whole_reply_is_the_verdicts(text: str) -> None:
    score, _ = drive(decider(), text)
    assert (score.label, score.reasoning) == ("N", text)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "must be one of Y, YES, N, NO, got true"),
        ("NaN", "got NaN"),
        ('["Y"]', r'got \["Y"\]'),
        ('""', "no verdict"),
        ('"Y or N"', "no verdict"),
        ('"Y]] [[N"', "side by side"),
        ('"Y", "verdict": "N"', "'verdict' twice"),
    ],
)
def test_what_is_no_verdict_is_an_error_that_keeps_the_reply(value: str, reason: str) -> None:
    text = f'{{"verdict": {value}}}'
    with pytest.raises(ReplyError, match=reason) as caught:
        drive(decider(), "?", text)
    assert caught.value.reply == text


@BROKEN
def test_no_other_word_stands_in_for_a_verdict_that_cannot_be_read() -> None:
    score, _ = drive(decider(), '{"reasoning": "It says {"verdict": "Y"}.", "verdict": "N"}', '{"verdict": "N"}')
    assert score.label == "N"
