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
from lc_scoring.judges.structured import RatingForm, Reading, find_object, key_place, rating_of
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale
from lc_scoring.template import Template

TEN = Scale(1, 10)
YES_NO = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
FORM = RatingForm()


def read(text: str, scale: Scale = TEN, **options: Any) -> Reading:  # one without an object is read as text
    reply = Reply(text=text, **options)
    return FORM.read(reply, scale) or Reading(read_reply(reply, scale))


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
        '{"reasoning": "Fat.", "rating": 8}, or rather {"reasoning": "Thin.", "rating": 8}',
        '[{"reasoning": "Fat.", "rating": 8}, {"reasoning": "Thin.", "rating": 8}]',
        '{"reasoning": "Thin.", "rating": 8, "details": {"rating": 3}}',
        '{"reasoning": "Thin.", "rating": 8, "rating": 8}',
        '<think>{"rating": 3}</think>{"reasoning": "Thin.", "rating": 8}',
        'f(x) = {x} and { {} } {"reasoning": "Thin.", "rating": "8/10"}}',
        "{" * 10_000 + '{"reasoning": "Thin.", "rating": 8}',
    ],
)
def test_the_last_object_with_a_rating_is_read_whatever_stands_around_it(text: str) -> None:
    assert read(text) == Reading(8, "Thin.")


@pytest.mark.parametrize(
    ("said", "reasoning"),
    [
        (r'"It says {\"rating\": 10} and [[10]]."', 'It says {"rating": 10} and [[10]].'),
        ('"It says </think> [[3]]."', "It says </think> [[3]]."),
        ('"It says <think>"', "It says <think>"),
        ('"One line\nand another."', "One line\nand another."),
        *[(said, None) for said in ('" "', "5", "null", '["a"]')],
    ],
)
def test_the_reasons_are_the_text_in_the_object(said: str, reasoning: str | None) -> None:
    assert read(f'{{"reasoning": {said}, "rating": 8}}') == Reading(8, reasoning)


@pytest.mark.parametrize("text", ["Rating: [[8]]", "f(x) = {x}: [[8]]", 'The "rating" is [[8]].'])
def test_a_reply_without_any_object_is_read_as_text(text: str) -> None:
    assert find_object(Reply(text=text), "rating") is None
    assert FORM.read(Reply(text=text), TEN) is None
    assert read(text) == Reading(8)


def test_a_key_has_no_place_where_no_object_has_it_or_one_is_broken() -> None:
    for text in ("rating: 8", '{"rate": 8}', '{"a": {"rating": 8}}', '{"rating": 8} {"rating": 8'):
        assert key_place(text, "rating") is None


UNREADABLE = ['{"rating": 8', '{"rating": 8,}', '{"a"} {"rating": 8}', '{"a": "rating"} [[8]] { \n"rating": 8']
UNREADABLE += ["{'rating': 8}", "{rating: 8}", "{“rating”: 8}", 'A set {x: {"rating": 8}', "[[8]] {rating : 8}"]
UNREADABLE += ['<think>{a: 3, so</think>{"rating": 8}', '{"a": 3, <think>so</think>{"rating": 8}']
TWICE = ['{"rating": 8, "rating": 7}', '{"rating": 8, "rating": "8"}', '{"rating": true, "rating": 1}']
LACKING = ['{"Rating": 8}', '{"score": {"rating": 8}}', '{"note": "none"}\nRating: [[8]]', "{} [[8]]"]
BESIDE = ['[[3]] {"rating": 8}', '{"rating": 8} [[8]]', '{"rating": 8} [[N/A]] {"a": 1}', '[[{"rating": 8}]]']
BESIDE += ['{"rating": 3} ［［8］］', '［[8]］ {"rating": 3}', '{"rating": 3} \\[\\[8\\]\\]']
BESIDE += ['{"rating": 3} "rating": 8', '"score": 8, or {"rating": 3}', 'The rating: 8. {"rating": 3}']
UNENDED = ['{"rating": 3}\n<think>No: "rating" 8', '{"rating": 3} <think>Hm.', '{"rating": 3} <think>[[8]]']
SEVERAL = [*TWICE, '{"rating": 3}, or rather {"rating": 8}', '[{"rating": true}, {"rating": 1}]']


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        *[(text, "JSON object cannot be read") for text in UNREADABLE],
        *[(text, "holds no JSON object with 'rating'") for text in LACKING],
        *[(text, "Another outcome stands beside the reply's JSON object") for text in BESIDE],
        ('<think>{"rating": 8}', "no answer after it"),
        *[(text, "thinks aloud behind its JSON object") for text in UNENDED],
        *[(text, "gives 'rating' several times") for text in SEVERAL],
    ],
)
def test_what_holds_no_rating_for_certain_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason) as caught:
        read(text)
    assert caught.value.reply == text


@pytest.mark.parametrize(("name", "reason"), [("refusal", "declined"), ("filtered", "content filter")])
def test_a_reply_that_was_not_given_is_an_error(name: str, reason: str) -> None:
    options: dict[str, Any] = {name: True if name == "filtered" else "No."}
    with pytest.raises(ReplyError, match=reason):
        read('{"rating": 8}', **options)
    with pytest.raises(ReplyError, match=reason):
        drive(decider(), *[Reply(text='{"verdict": "Y"}', **options)] * 2)


def test_an_object_that_is_whole_counts_though_the_reply_is_cut_off() -> None:
    assert read('{"rating": 8}\nThat is to s', cut_off=True).rating == 8
    with pytest.raises(ReplyError, match="object cannot be read: it was cut off at the token limit"):
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
        '{"a": ' * 10_000 + '{"rating": 8}',
    ],
)
def test_hostile_text_is_an_error_and_takes_no_time(text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(ReplyError):
        read(text)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": "It says {"rating": 10}, a trick.", "rating": 2}',
        '{"reasoning": "Depth is [[3]] "at best".", "rating": 8}',
        '{"rating": 8, "details": {"rating": 3}',
        '{"rating": 3}\nOn reflection: {"rating": 8',
        '{"rating": 3}\nOn reflection: {"reasoning": "It is',
        '{"rating": 10}' + "{" * 199 + '{"rating": 2}',
        '{"reasoning": "At first [[3]], but it is deep.", "Rating": 8}',
        '{"rating": 3}\n<think>No: {"rating": 8}',
        "{'reasoning': 'At first [[3]].', 'rating': 8}",
    ],
)
def test_no_other_number_stands_in_for_a_rating_that_cannot_be_read(text: str) -> None:
    for cut_off in (False, True):
        with pytest.raises(ReplyError):
            read(text, cut_off=cut_off)


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
        ("８", TEN, 8),
        ("8/10", TEN, 8),
        ("8 out of 10", TEN, 8),
        ("Rating: 8", TEN, 8),
        ("80%", Scale(0, 100), 80),
        ("-3", Scale(-5, 5), -3),
        ("[[8]]", TEN, 8),
        ("First [[3]], then Rating: [[8]]", TEN, 8),
    ],
)
def test_a_rating_is_read_from_a_number_or_a_text_that_is_one(value: object, scale: Scale, rating: float) -> None:
    got = rating_of(value, scale, Reply(text=""))
    assert (got, type(got)) == (rating, type(rating))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "must be a number, got true"),
        ("null", "must be a number, got null"),
        ('{"n": 8}', 'must be a number, got {"n": 8}'),
        ("NaN", "must be a number, got NaN"),
        ("-Infinity", "must be a number, got -Infinity"),
        ("1e999", "must be a number, got Infinity"),
        ("9" * 400, "must be a number, got 9{40}[.]"),
        ("14", "14 is off the scale 1..10"),
        ("10.000001", "10.000001 is off the scale 1..10"),
        ('"14"', "14 is off the scale 1..10"),
        ('"8/5"', "out of 5"),
        ('"80%"', "percentage"),
        ('"N/A"', "no rating"),
        ('""', "no rating"),
        ('"7-8"', "no single number"),
        ('"8]] [[9"', "no rating"),
        ('"[[8]] [[9]]"', "side by side"),
        ('"[[N/A]]"', "no rating"),
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
    judge = rater(form=RatingForm(details_of))
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
    judge = rater(form=RatingForm(details_of))
    score, asks = drive(judge, text, '{"rating": 8, "details": {"severity": 0}}')
    assert (score.rating, score.parsed) == (8, 0)
    assert asks[1].messages[-1] == Message("user", f"{reason} From 1 to 10.")


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


@pytest.mark.parametrize("text", [f'It says: {JUDGED} {{"rating": 2}}', f'{{"rating": 2}} I pass over: {JUDGED}'])
def test_a_quotation_of_judged_text_beside_the_judges_own_object_is_asked_about(text: str) -> None:
    score, asks = drive(rater(), text, '{"rating": 2}', prediction=JUDGED)
    assert (score.rating, len(asks)) == (2, 2)


@pytest.mark.parametrize(
    ("judge", "judged", "own", "value"),
    [(rater(), JUDGED, "Rating: [[1]]", '{"rating": 1}'), (decider(), '{"verdict": "Y"}', "[[N]]", '{"verdict": "N"}')],
)
def test_a_quotation_is_not_the_outcome_of_a_reply_in_text(judge: Any, judged: str, own: str, value: str) -> None:
    assert drive(judge, f"It says: {judged} {own}", value, prediction=judged)[0].value == 0


# Verdicts.


@pytest.mark.parametrize("value", ["Y", "yes", " y ", "Verdict: Y", "**Y**", "[[Y]]"])
def test_a_verdict_is_one_of_the_words_and_its_reasons_stand_apart(value: str) -> None:
    score, _ = drive(decider(), json.dumps({"reasoning": " Short. ", "verdict": value}))
    assert (score.label, score.value, score.reasoning) == ("Y", 1.0, "Short.")


@pytest.mark.parametrize("text", ['{"verdict": "N"}', "Long.\nVerdict: [[N]]"])
def test_without_reasons_of_its_own_the_whole_reply_is_the_verdicts(text: str) -> None:
    score, _ = drive(decider(), text)
    assert (score.label, score.reasoning) == ("N", text)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "must be one of Y, YES, N, NO, got true"),
        ('["Y"]', r'got \["Y"\]'),
        ('""', "no verdict"),
        ('"Y or N"', "no verdict"),
        ('"Y]] [[N"', "side by side"),
        ('"Y", "verdict": "N"', "'verdict' several times"),
    ],
)
def test_what_is_no_verdict_is_an_error_that_keeps_the_reply(value: str, reason: str) -> None:
    text = f'{{"verdict": {value}}}'
    with pytest.raises(ReplyError, match=reason) as caught:
        drive(decider(), "?", text)
    assert caught.value.reply == text


def test_no_other_word_stands_in_for_a_verdict_that_cannot_be_read() -> None:
    score, _ = drive(decider(), '{"reasoning": "It says {"verdict": "Y"}.", "verdict": "N"}', '{"verdict": "N"}')
    assert score.label == "N"
