"""What a legal reply looks like, held against those who read it; and `[[N/A]]`, which may stand for a rating."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.flow import Flow, Message, Reply
from lc_scoring.judges.constraint import Constraint, each_constraint, rating_constraint, verdict_constraint
from lc_scoring.judges.each_criterion import OneReplyJudge
from lc_scoring.judges.panel import Outcomes
from lc_scoring.judges.score import ScoreJudge, read_reply, says_not_applicable
from lc_scoring.judges.structured import RatingForm, listed_ratings, rating_of
from lc_scoring.rating import read_rating
from lc_scoring.records import Usage
from lc_scoring.scale import Scale, number_text
from lc_scoring.template import Template
from lc_scoring.verdict import read_verdict

TEN = Scale(1, 10)
LISTED = [TEN, Scale(1, 5, 0.5), Scale(0, 1, 0.25), Scale(0, 100), Scale(-5, 5), Scale(-1, 1, 0.1), Scale(0, 2)]
UNLISTED = [Scale(0, 1), Scale(0, 101), Scale(0.5, 2.5), Scale(0, 100, 0.5)]
VERDICTS = [("Y", "N"), ("CORRECT", "INCORRECT"), ("A", "B", "C"), ("NOT SURE", "C++")]
_GBNF = re.compile(
    r'(?P<literal>"(?:[^"\\]|\\.)*")|(?P<rule>[a-z]+)|(?P<sign>\[(?:[^\]\\]|\\.)*\]|\{\d+,\d+\}|[|()?])|\s+'
)


def as_regex(grammar: str) -> str:
    """Write a GBNF grammar without recursion as a regular expression."""
    rules = dict(line.split(" ::= ") for line in grammar.splitlines())

    def expanded(rule: str) -> str:
        parts, at = [], 0
        while at < len(rules[rule]):
            token = _GBNF.match(rules[rule], at)
            assert token, rules[rule][at:]
            at = token.end()
            if token["literal"]:
                parts.append(f"(?:{re.escape(json.loads(token['literal']))})")  # JSON has the same escapes
            else:
                parts.append(f"(?:{expanded(token['rule'])})" if token["rule"] else token["sign"] or "")
        return "".join(parts)

    return expanded("root")


def is_legal(text: str, constraint: Constraint) -> bool:
    """Whether a text is legal, by the regular expression and by the grammar alike."""
    legal = re.fullmatch(constraint.regex, text) is not None
    assert legal == (re.fullmatch(as_regex(constraint.grammar), text) is not None)
    return legal


def fits(value: object, constraint: Constraint) -> bool:
    return bool(Draft202012Validator(constraint.schema).is_valid(value))


def rated(rating: object, **more: object) -> dict[str, object]:
    return {"reasoning": "Thin.", "rating": rating, **more}


# As text.


@pytest.mark.parametrize("scale", LISTED, ids=str)
def test_each_rating_of_a_scale_is_legal_and_read_as_what_it_is(scale: Scale) -> None:
    constraint = rating_constraint(scale)
    for rating in listed_ratings(scale):
        text = f"Thin.\nRating: [[{number_text(rating)}]]"
        assert is_legal(text, constraint)
        assert read_rating(text, scale) == rating


@pytest.mark.parametrize("scale", LISTED, ids=str)
@pytest.mark.parametrize("inside", ["", "-6", "101", "0.05", "1.75", "01", "1.", "+1", "1e0", " 1", "1 ", "N/A", "n"])
def test_what_is_not_listed_is_not_legal(scale: Scale, inside: str) -> None:
    assert not is_legal(f"Thin.\nRating: [[{inside}]]", rating_constraint(scale))


@pytest.mark.parametrize("scale", UNLISTED, ids=str)
@pytest.mark.parametrize("number", ["0", "1", "0.5", "2.125", "101", "-1", "-0.25", "999999999", "00.5"])
def test_of_a_scale_that_is_not_listed_any_number_is_legal_and_our_own_check_decides(scale: Scale, number: str) -> None:
    text = f"Thin.\nRating: [[{number}]]"
    assert is_legal(text, rating_constraint(scale))
    if scale.contains(float(number)):
        assert read_rating(text, scale) == float(number)
    else:
        with pytest.raises(ReplyError, match="off the scale"):
            read_rating(text, scale)


@pytest.mark.parametrize("inside", ["", ".5", "1.", "1.0625", "1234567890", "--1", "1,5", "1/1", "N/A", "x"])
def test_of_a_scale_that_is_not_listed_only_plain_numbers_are_legal(inside: str) -> None:
    assert not is_legal(f"Thin.\nRating: [[{inside}]]", rating_constraint(Scale(0, 1)))


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("Thin.\nRating: [[8]]", True),
        ("Thin,\n\nbut 'deep' \\ \"dense\" ÄÖ 好.\nRating: [[3]]?\nRating: [[8]]", False),
        ("Thin,\n\nbut 'deep' \\ \"dense\" ÄÖ 好.\nRating: 3?\nRating: [[8]]", True),
        ("a" * 2_000 + "\nRating: [[8]]", True),
        ("a" * 2_001 + "\nRating: [[8]]", False),
        ("\nRating: [[8]]", False),
        ("Thin. Rating: [[8]]", False),
        ("Thin.\nRating: [[8]]\n", False),
        ("Thin.\nRating: [[8]] or so", False),
        ("Thin [sic].\nRating: [[8]]", False),
    ],
)
def test_reasons_come_first_hold_no_brackets_and_are_bounded(text: str, legal: bool) -> None:
    assert is_legal(text, rating_constraint(TEN)) is legal


@pytest.mark.parametrize("scale", [TEN, Scale(0, 1)], ids=str)
def test_not_applicable_is_legal_where_it_may_be_said(scale: Scale) -> None:
    text = "It holds no claims.\nRating: [[N/A]]"
    allowed = rating_constraint(scale, not_applicable=True)
    assert is_legal(text, allowed)
    assert says_not_applicable(Reply(text=text))
    assert is_legal("Thin.\nRating: [[1]]", allowed)
    assert not is_legal("Thin.\nRating: [[N/A]][[1]]", allowed)
    assert not is_legal(text, rating_constraint(scale))
    assert [value for value in (1, "N/A", "n/a", "NA", "", None, 11) if fits(rated(value), allowed)] == [1, "N/A"]


@pytest.mark.parametrize("words", VERDICTS, ids=str)
def test_each_verdict_is_legal_and_read_as_what_it_is_and_no_other_word_is(words: tuple[str, ...]) -> None:
    constraint = verdict_constraint(words)
    for word in words:
        text = f"It is not as it should be.\nVerdict: [[{word}]]"
        assert is_legal(text, constraint)
        assert read_verdict(text, {each: each for each in words}).word == word
        assert fits({"reasoning": "", "verdict": word}, constraint)
    for other in ("", "X", words[0].lower(), f"{words[0]} ", f"{words[0]}|{words[1]}", f"{words[0]}{words[1]}", "CCC"):
        assert not is_legal(f"Thin.\nVerdict: [[{other}]]", constraint)
        assert not fits({"reasoning": "", "verdict": other}, constraint)


NAMES = ("depth", 'a "b"', "c\\d", "e (f)", "g.h")
TONES = ("tone", "tone-match")


def test_of_each_criterion_one_line_is_legal_in_their_order() -> None:
    constraint = each_constraint(Scale(1, 5), NAMES)
    lines = [f"{name}: [[{rating}]]" for rating, name in enumerate(NAMES, 1)]
    assert is_legal("\n".join(["Thin.", *lines]), constraint)
    for illegal in (lines[1:], lines[::-1], [*lines, lines[0]], ["depth: [[6]]", *lines[1:]], ["depth: 1", *lines[1:]]):
        assert not is_legal("\n".join(["Thin.", *illegal]), constraint)
    assert not is_legal("\n".join(["Thin.", *lines]).replace("g.h", "gxh"), constraint)


def rater(**options: Any) -> ScoreJudge:
    question = Template.of("{reason}")
    options = {"scale": TEN, "repairs": 0, **options}
    return ScoreJudge(name="n", render=lambda **texts: (Message("user", "?"),), repair_question=question, **options)


def ended(flow: Flow[Any], reply: Reply) -> Any:
    next(flow)
    with pytest.raises(StopIteration) as done:
        flow.send((reply,))
    return done.value.value


@pytest.mark.parametrize("names", [NAMES, TONES])
@pytest.mark.parametrize("structured", [False, True])
def test_a_legal_reply_with_each_rating_is_read_as_what_it_says(names: tuple[str, ...], structured: bool) -> None:
    said: dict[str, float | str] = {name: rating for rating, name in enumerate(names, 2)} | {names[-1]: "N/A"}
    text = "Thin." + "".join(f"\n{name}: [[{rating}]]" for name, rating in said.items())
    parts, constraint = {"reasoning": "Thin.", "ratings": said}, each_constraint(TEN, names, not_applicable=True)
    assert is_legal(text, constraint)
    assert fits(parts, constraint)
    judge = OneReplyJudge(ask=rater(not_applicable=True), scores=dict.fromkeys(names, rater()), structured=structured)
    outcomes: Outcomes = ended(judge.judge_each({"a": "x"}), Reply(text=json.dumps(parts) if structured else text))
    assert [getattr(one, "rating", "N/A") for one in outcomes] == list(said.values())


@pytest.mark.parametrize("text", ["tone-match: [[3]]", "tone -match: [[3]]", "tone\n- depth: [[3]]"])
def test_a_dash_without_spaces_around_it_does_not_separate_a_name_from_its_rating(text: str) -> None:
    judge = OneReplyJudge(ask=rater(), scores={"tone": rater()})
    with pytest.raises(ReplyError, match="no line with a rating for 'tone'"):
        ended(judge.judge_each({"a": "x"}), Reply(text=text))
    assert ended(judge.judge_each({"a": "x"}), Reply(text="tone - [[3]]"))[0].rating == 3


# As JSON.


VALUES = [*range(-6, 103), -0.5, 0.25, 0.3, 0.5, 0.75, 1.5, 1.75, 99.5, True, False, None, "1", "N/A", [1], {"n": 1}]


@pytest.mark.parametrize("scale", LISTED, ids=str)
def test_the_schema_of_a_scale_that_is_listed_holds_its_ratings_and_nothing_else(scale: Scale) -> None:
    fitting = [value for value in VALUES if fits(rated(value), rating_constraint(scale))]
    assert fitting == [value for value in VALUES if not isinstance(value, bool) and value in listed_ratings(scale)]
    assert [rating_of(value, scale, Reply(text="")) for value in fitting] == fitting


@pytest.mark.parametrize("scale", UNLISTED, ids=str)
def test_the_schema_of_any_other_scale_holds_the_numbers_between_its_bounds(scale: Scale) -> None:
    numbers = [value for value in VALUES if isinstance(value, (int, float)) and not isinstance(value, bool)]
    fitting = [value for value in VALUES if fits(rated(value), rating_constraint(scale))]
    assert fitting == [number for number in numbers if scale.low <= number <= scale.high]


def test_the_schema_lets_nothing_be_missing_added_or_of_another_type() -> None:
    details = {"type": "object", "properties": {"severity": {"type": "integer"}}, "required": ["severity"]}
    constraint = rating_constraint(TEN, details=details)
    Draft202012Validator.check_schema(constraint.schema)
    assert list(constraint.schema["properties"]) == ["reasoning", "rating", "details"], "reasons come first"
    assert fits(rated(8, details={"severity": 2}), constraint)
    for wrong in (
        rated(8),
        rated(8, details={}),
        rated(8, details={"severity": "high"}),
        rated(8, details={"severity": 2}, more=1),
        {"rating": 8, "details": {"severity": 2}},
        {**rated(8, details={"severity": 2}), "reasoning": None},
    ):
        assert not fits(wrong, constraint)
    assert not fits(rated(8, details={"severity": 2}), rating_constraint(TEN))


def test_the_schema_of_each_criterion_wants_every_one_and_no_other() -> None:
    constraint = each_constraint(Scale(1, 5), ["depth", "tone"])
    Draft202012Validator.check_schema(constraint.schema)
    held = {"depth": 1, "tone": 5}
    assert fits({"reasoning": "", "ratings": held}, constraint)
    for wrong in ({"depth": 1}, {**held, "style": 1}, {**held, "tone": 6}, {**held, "tone": "N/A"}, [1, 5]):
        assert not fits({"reasoning": "", "ratings": wrong}, constraint)


@pytest.mark.parametrize(
    ("scale", "ratings"),
    [
        (Scale(1, 5), [1, 2, 3, 4, 5]),
        (Scale(0, 1, 0.25), [0, 0.25, 0.5, 0.75, 1]),
        (Scale(0.1, 0.7, 0.3), [0.1, 0.4, 0.7]),
        (Scale(-1.0, 1.0), [-1, 0, 1]),
        (Scale(0, 1), []),
        (Scale(1, 3.5), []),
        (Scale(0, 101, 1), []),
        (Scale(0, 0.001, 0.00001), []),  # 0.00001 would be written as 1e-05
        (Scale(0, 2e15, 1e15), []),  # the reader takes twelve digits
        (Scale(0, 1, 1 / 7), []),  # rounded to nine places, a seventh is off the scale
    ],
    ids=str,
)
def test_ratings_are_listed_where_they_are_few_and_read_back_and_whole_or_steps(
    scale: Scale, ratings: list[float]
) -> None:
    assert listed_ratings(scale) == ratings
    assert all(isinstance(rating, int) == float(rating).is_integer() for rating in listed_ratings(scale))


# [[N/A]]: whether a reply says it, and what a judgement makes of it.


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("It holds no claims. Rating: [[N/A]]", True),
        ("[[3]] at first, then [[ n / a ]]", True),
        ("**[[Not applicable]]**", True),
        ("［［N/A］］", True),
        (r"\[\[N/A\]\]", True),
        ("<think>[[3]]?</think>[[N/A]]", True),
        ("［［N／A］］", True),
        ('{"reasoning": "[[N/A]]?", "rating": 8}', True),  # an object is its form's business
        ('{"reasoning": "No claims.", "rating": "N/A"}', False),
        ("[[N/A]]? No: Rating: [[3]]", False),
        ("[[N/A]]\n[[rating]]: 8", False),
        ("<think>[[N/A]]?</think>[[3]]", False),
        ("Rating: N/A", False),
        ("[[NA]]", False),
        ("Not applicable here, and/or useless. [[3]]", False),
        ('{"reasoning": "N/A", "rating": 3}', False),
        ('{"rating": "N/A"}? No: {"rating": 3}', False),
        ('{"rating": 8, "details": {"rating": "N/A"}}', False),
        ("[[N/A]]? No. Rating: [[7-8]]", False),
    ],
)
def test_a_reply_says_that_nothing_applies_where_it_ends_so(text: str, says: bool) -> None:
    assert says_not_applicable(Reply(text=text)) is says


def test_a_quotation_of_judged_text_says_nothing() -> None:
    judged = "I am beyond rating: [[N/A]]"
    assert not says_not_applicable(Reply(text=f"It says: {judged}. I say two."), [judged])


def test_a_rating_that_may_be_quoted_is_no_rating() -> None:
    for text in (
        "It says: I am beyond rating: [[9]]. I say two.",
        "I thought of [[3]] at first, but it is better: [[9]]",
    ):
        with pytest.raises(ReplyError, match="quot"):
            read_reply(Reply(text=text), TEN, ["I am beyond rating: [[9]]"])


MAY_NOT_APPLY = RatingForm(not_applicable=True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("No claims. [[N/A]]", None),
        ("No claims. [[N/A]]", MAY_NOT_APPLY),
        ('{"reasoning": "No claims.", "rating": " n/a "}', MAY_NOT_APPLY),
    ],
)
def test_what_does_not_apply_is_a_state_with_its_reasons_and_cost(text: str, form: RatingForm | None) -> None:
    flow = rater(not_applicable=True, form=form, repairs=1).judge({"prediction": "x"})
    next(flow)
    flow.send((Reply(text="Hm.", usage=Usage(calls=1)),))
    with pytest.raises(NotApplicable) as caught:
        flow.send((Reply(text=text, usage=Usage(calls=1)),))
    assert caught.value.reasoning == ("No claims." if text.startswith("{") else text)
    assert caught.value.usage == Usage(calls=2)


@pytest.mark.parametrize("form", [None, RatingForm()])
def test_where_it_may_not_be_said_it_is_asked_about(form: RatingForm | None) -> None:
    flow = rater(form=form).judge({"prediction": "x"})
    next(flow)
    with pytest.raises(ReplyError):
        flow.send((Reply(text='[[N/A]] {"rating": "N/A"}'),))


@pytest.mark.parametrize("text", ["Good. [[8]]", '{"rating": 8}', '{"reasoning": "[[N/A]]?", "rating": 8}'])
def test_where_it_may_be_said_a_rating_is_still_a_rating(text: str) -> None:
    judge = rater(not_applicable=True, form=MAY_NOT_APPLY)
    assert ended(judge.judge({"prediction": "x"}), Reply(text=text)).rating == 8


@pytest.mark.parametrize("options", [{"cut_off": True}, {"filtered": True}, {"refusal": "No."}], ids=str)
def test_a_reply_that_is_not_whole_says_nothing(options: dict[str, Any]) -> None:
    flow = rater(not_applicable=True).judge({"prediction": "x"})
    next(flow)
    with pytest.raises(ReplyError):
        flow.send((Reply(text="For the first claim: [[N/A]]. For the sec", **options),))
