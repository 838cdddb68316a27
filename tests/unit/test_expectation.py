"""The expected rating, from the probabilities of a reply's tokens."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lc_scoring.flow import Message, Reply, Token
from lc_scoring.judges.expectation import Expectation, expectation
from lc_scoring.judges.score import ScoreJudge
from lc_scoring.judges.structured import RatingForm
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale
from lc_scoring.template import Template

TEN = Scale(1, 10)
UNIT = Scale(0, 1)
HUNDRED = Scale(0, 100)
Part = str | tuple[str, dict[str, float]]
OWN = ("8", {"8": 0.6, "7": 0.4})
ANOTHER = ("8", {"8": 0.9, "1": 0.1})


def spoken(*parts: Part, **options: Any) -> Reply:
    """Make a reply of its tokens; one without alternatives could have been nothing else."""
    tokens = tuple(Token(part, {part: 1.0}) if isinstance(part, str) else Token(*part) for part in parts)
    return Reply(**{"text": "".join(token.text for token in tokens), "tokens": tokens, **options})


def expected(rating: float, *parts: Part, scale: Scale = TEN, structured: bool = False) -> Expectation:
    found = expectation(spoken(*parts), rating, scale, structured=structured)
    assert isinstance(found, Expectation), found
    return found


def shares(found: Expectation) -> dict[float, float]:
    return {rating: round(share, 9) for rating, share in found.distribution.items()}


# Where the rating stands, and in what tokens.


@pytest.mark.parametrize(
    "parts",
    [
        ("[[", OWN, "]]"),
        ("Rating: [[", (" 8", {" 8": 0.5, "8": 0.1, " 7": 0.3, "7": 0.1}), " ]]"),
        ("Rating:", " ", ("[[8", {"[[8": 0.6, "[[7": 0.4}), "]]"),
        ("Rating: ", ("[[8]]", {"[[8]]": 0.6, "[[7]]": 0.4})),
        ("[[Rating: ", OWN, "/", "10", "]]"),
        ("[[rating]]:", (" 8", {" 8": 0.6, " 7": 0.4}), "."),
        ("[[", ("**8", {"**8": 0.6, "**7": 0.4}), "**", "]]"),
        ("Score:", (" 8", {" 8": 0.6, " 7": 0.4})),
        ('{"rating":', (" 8", {" 8": 0.6, " 7": 0.4}), "}"),
        ('{"rating": "', OWN, '"}'),
        ('{"rating":', (' "8"', {' "8"': 0.6, ' "7"': 0.4}), "}"),
        ('{"rating":', (":8", {":8": 0.6, ":7": 0.4}), "}"),
        ("［［", OWN, "］］"),
        ("[[", ("８", {"８": 0.6, "７": 0.4}), "]]"),
        ("", "[[", "", OWN, "", "]]"),
    ],
)
def test_the_rating_is_found_however_it_is_written_and_cut_into_tokens(parts: tuple[Part, ...]) -> None:
    for structured in (False, True):  # a reply without the key is read as text, though JSON was asked for
        found = expected(8, *parts, structured=structured)
        assert (found.rating, shares(found), found.coverage) == (7.6, {7: 0.4, 8: 0.6}, pytest.approx(1))


@pytest.mark.parametrize(
    "before",
    [
        (("[[8]]", {"[[8]]": 0.01, "[[1]]": 0.99}), " was my first thought. Rating: "),
        ("8", " is what the text gives itself: [[", ("8", {"8": 0.5, "1": 0.5}), "]], and I: "),
        ('{"rating": ', ("8", {"8": 0.01, "1": 0.99}), "}, it says. Mine: "),
    ],
)
def test_of_several_places_with_the_same_number_the_last_in_brackets_binds(before: tuple[Part, ...]) -> None:
    found = expected(8, *before, "[[", OWN, "]]", " (of ", ("8", {"8": 0.1}), " points)")
    assert shares(found) == {7: 0.4, 8: 0.6}


def test_of_several_objects_the_last_one_binds() -> None:
    first = ('{"rating": ', ("8", {"8": 0.01, "1": 0.99}), "} or ")
    found = expected(8, *first, '{"rating": ', OWN, ', "of": 8}', structured=True)
    assert shares(found) == {7: 0.4, 8: 0.6}


def test_a_rating_without_brackets_or_key_is_the_last_number_that_stands_alone() -> None:
    found = expected(4, "4", " steps. Score: ", ("4", {"4": 0.6, "3": 0.4}), ", not 4.5 or 14", scale=Scale(1, 5))
    assert shares(found) == {3: 0.4, 4: 0.6}


def test_a_key_with_another_number_is_not_the_rating() -> None:
    assert shares(expected(8, '{"rating": 3} or ', OWN)) == {7: 0.4, 8: 0.6}


@pytest.mark.parametrize(
    ("parts", "text"),
    [(("[[", OWN, "]]"), "<think>Eh.</think>[[8]]"), (('{"rating":', OWN, "}"), '{"rating": 8}')],
)
def test_the_tokens_are_read_where_their_join_is_not_the_reply(parts: tuple[Part, ...], text: str) -> None:
    found = expectation(spoken(*parts, text=text), 8, TEN)
    assert isinstance(found, Expectation)
    assert found.rating == 7.6


# Numbers of several tokens.


def test_a_ten_of_two_tokens_has_the_probability_of_both() -> None:
    found = expected(10, "[[", ("1", {"1": 0.7, "8": 0.3}), ("0", {"0": 0.9, "]]": 0.1}), "]]")
    assert shares(found) == {1: 0.07, 8: 0.3, 10: 0.63}
    assert found.rating == 8.77


@pytest.mark.parametrize("end", ["]]", "0]]"])
def test_a_one_that_could_have_become_ten_is_told_apart_by_the_token_behind(end: str) -> None:
    behind = {"]]": 0.6, "0" + end.removeprefix("0"): 0.4}
    found = expected(1, "[[", ("1", {"1": 0.5, "8": 0.5}), ("]]", behind))
    assert shares(found) == {1: 0.3, 8: 0.5, 10: 0.2}


def test_a_one_at_the_end_of_the_tokens_is_a_one() -> None:
    assert shares(expected(1, "Score: ", ("1", {"1": 0.9, "2": 0.1}))) == {1: 0.9, 2: 0.1}


def test_a_one_that_was_not_written_and_could_have_become_ten_is_left_out() -> None:
    found = expected(8, "[[", ("8", {"8": 0.7, "1": 0.3}), "]]")
    assert (shares(found), found.coverage) == ({8: 1.0}, pytest.approx(0.7))


def test_a_one_is_a_one_where_the_tokenizer_writes_ten_whole() -> None:
    found = expected(8, "[[", ("8", {"8": 0.5, "10": 0.3, "1": 0.2}), "]]")
    assert shares(found) == {1: 0.2, 8: 0.5, 10: 0.3}


def test_a_number_of_two_digits_adds_up_whether_written_whole_or_not() -> None:
    found = expected(10, "[[", ("1", {"1": 0.4, "10": 0.4, "9": 0.2}), "0", "]]")
    assert shares(found) == {9: 0.2, 10: 0.8}


@pytest.mark.parametrize(
    ("rating", "parts", "scale", "distribution"),
    [
        (
            7.5,
            (("7", {"7": 0.6, "8": 0.4}), (".", {".": 0.8, "]]": 0.2}), ("5", {"5": 0.75, "2": 0.25})),
            TEN,
            {7: 0.12, 7.2: 0.12, 7.5: 0.36, 8: 0.4},
        ),
        (
            3.5,
            (("3", {"3": 0.8, "4": 0.2}), (".", {".": 0.5, "]]": 0.5}), ("5", {"5": 1.0, "7": 0.0})),
            Scale(1, 5, 0.5),
            {3: 0.5, 3.5: 0.5},  # the 4 could have become 4.5
        ),
        (0.8, (("0", {"0": 0.9, "1": 0.1}), ".", ("8", {"8": 0.5, "7": 0.5})), UNIT, {0.7: 0.45, 0.8: 0.45, 1: 0.1}),
        (8, ("8", ".", ("0", {"0": 0.5, "5": 0.5})), TEN, {8: 0.5, 8.5: 0.5}),
        (85, (("85", {"85": 0.6, "90": 0.2, "9": 0.1, "100": 0.1}),), HUNDRED, {9: 0.1, 85: 0.6, 90: 0.2, 100: 0.1}),
        (85, ("8", ("5", {"5": 0.5, "0": 0.3, "]]": 0.2})), HUNDRED, {8: 0.2, 80: 0.3, 85: 0.5}),
        (100, ("1", "0", ("0", {"0": 0.6, "]]": 0.4})), HUNDRED, {10: 0.4, 100: 0.6}),
        (8, (*"0" * 5_000, "8"), TEN, {8: 1.0}),
        # A whole digit that was not written and could have become a fraction is left out, but for the top.
        (1, (("1", {"1": 0.7, "0": 0.3}),), UNIT, {1: 1.0}),
        (0, (("0", {"0": 0.7, "1": 0.3}),), UNIT, {0: 0.7, 1: 0.3}),
        (0, (("0", {"0": 0.625, "1": 0.375}), ("]]", {"]]": 0.6, ".": 0.4})), UNIT, {0: 0.5, 1: 0.5}),
        (4.5, (("4.5", {"4.5": 0.6, "4": 0.2, "5": 0.2}),), Scale(1, 5, 0.5), {4.5: 0.75, 5: 0.25}),
        (5, (("5", {"5": 0.6, "4": 0.4}),), Scale(1, 5, 1), {4: 0.4, 5: 0.6}),
        (1, (("1", {"1": 0.7, "0.": 0.3}),), UNIT, {1: 1.0}),
        (0.8, ("0", (".8", {".8": 0.6, ".": 0.4})), UNIT, {0.8: 1.0}),
        (85, ("8", ("5", {"5": 0.6, ".": 0.4})), HUNDRED, {85: 1.0}),
        (8, (("8", {"8": 0.7, "1]]": 0.3}),), TEN, {1: 0.3, 8: 0.7}),  # the 1 goes on behind its number, so it is whole
        # So is one of two digits that could have become one of three.
        (15, ("1", ("5", {"5": 0.6, "0": 0.4})), HUNDRED, {15: 1.0}),
        (1, ("1", ("]]", {"]]": 0.6, "0": 0.4})), HUNDRED, {1: 1.0}),
        (8, ("8", ("]]", {"]]": 0.6, "5.": 0.4})), HUNDRED, {8: 1.0}),  # one that ends in a point goes on
    ],
)
def test_a_number_is_followed_through_all_of_its_tokens(
    rating: float, parts: tuple[Part, ...], scale: Scale, distribution: dict[float, float]
) -> None:
    found = expected(rating, "[[", *parts, "]]", scale=scale)
    assert shares(found) == distribution
    assert found.rating == pytest.approx(sum(number * share for number, share in distribution.items()))


def test_a_rating_that_could_have_gone_on_may_have_become_several() -> None:
    found = expected(8, "[[", "8", ("]]", {"]]": 0.4, "0": 0.3, "5": 0.3}), scale=HUNDRED)
    assert shares(found) == {8: 0.4, 80: 0.3, 85: 0.3}


# What counts.


def test_what_is_no_rating_on_the_scale_is_left_out_and_the_rest_sums_to_one() -> None:
    found = expected(8, "[[", ("8", {"8": 0.4, "7": 0.2, "7.75": 0.1, "14": 0.1, "the": 0.1, "²": 0.1}), "]]")
    assert shares(found) == {7: 0.285714286, 7.75: 0.142857143, 8: 0.571428571}
    assert found.coverage == pytest.approx(0.7)
    assert math.fsum(found.distribution.values()) == pytest.approx(1)


def test_the_ratings_stand_in_order_and_whole_ones_are_ints() -> None:
    found = expected(8, "[[", ("8", {"8": 0.5, "9": 0.25, "7": 0.25}), "]]")
    assert list(found.distribution) == [7, 8, 9]
    assert all(isinstance(rating, int) for rating in (found.rating, *found.distribution))


def test_shares_that_sum_to_more_than_one_are_brought_to_one() -> None:
    found = expected(8, "[[", ("8", {"8": 0.9, "6": 0.9}), "]]")
    assert (found.rating, found.coverage, shares(found)) == (7, 1, {6: 0.5, 8: 0.5})


def test_half_of_the_probability_is_enough() -> None:
    assert expected(8, "[[", ("8", {"8": 0.5, "the": 0.5}), "]]").rating == 8


@pytest.mark.parametrize(
    ("reply", "rating", "scale", "why"),
    [
        (Reply(text="[[8]]"), 8, TEN, "gave no probabilities"),
        (spoken("[[", "-", "8", "]]"), -8, Scale(-10, 10), "negative ratings"),
        (spoken("It is good."), 8, TEN, "does not stand among the tokens"),
        (spoken("[[18]]"), 8, TEN, "does not stand among the tokens"),
        (spoken("[[", ("8", {"8": 0.4, "the": 0.6}), "]]"), 8, TEN, "only 40% of the probability"),
        (spoken("[[", ("8", {}), "]]"), 8, TEN, "only 0% of the probability"),
        (spoken("[[", ("1", {"1": 0.9}), ("0", {}), "]]"), 10, TEN, "only 0% of the probability"),
        (spoken("Rating: \\[\\[", OWN, "\\]\\] because ", ANOTHER, " claims hold."), 8, TEN, "does not stand among"),
        (spoken("[[", ("8", {"8": math.nan}), "]]"), 8, TEN, "the probabilities are no numbers"),
        (spoken("[[", ("8", {"8": math.inf}), "]]"), 8, TEN, "the probabilities are no numbers"),
        (spoken("[[", ("8", {"8": 0.9, "7": math.nan}), "]]"), 8, TEN, "the probabilities are no numbers"),
        (Reply(text="", distribution={8: 0.4}), 8, TEN, "only 40% of the probability"),
        (Reply(text="", distribution={8: math.nan}), 8, TEN, "the probabilities are no numbers"),
    ],
)
def test_where_no_rating_can_be_expected_it_says_why(reply: Reply, rating: float, scale: Scale, why: str) -> None:
    found = expectation(reply, rating, scale)
    assert isinstance(found, str)
    assert why in found


def test_a_distribution_needs_no_tokens_and_no_sign() -> None:
    found = expectation(Reply(text="", distribution={-5: 0.2, 5: 0.6}), 5, Scale(-5, 5))
    assert found == Expectation(2.5, {-5: pytest.approx(0.25), 5: pytest.approx(0.75)}, pytest.approx(0.8))


# In a judgement.


def drive(reply: Reply, *, prediction: str = "x", **options: Any) -> Score:
    judge = ScoreJudge(
        name="n",
        scale=TEN,
        render=lambda **texts: (Message("user", texts["prediction"]),),
        repair_question=Template.of("{reason}"),
        expected=True,
        **options,
    )
    flow = judge.judge({"prediction": prediction})
    next(flow)
    with pytest.raises(StopIteration) as done:
        flow.send((reply,))
    score: Score = done.value.value
    return score


@pytest.mark.parametrize(("lower_is_better", "value"), [(False, 7.25 / 9), (True, 1.75 / 9)])
def test_the_score_is_made_of_the_expected_rating(lower_is_better: bool, value: float) -> None:
    usage = Usage(calls=1, output_tokens=3)
    reply = spoken("Rating: [[", ("8", {"8": 0.54, "9": 0.18, "the": 0.28}), "]]", usage=usage)
    score = drive(reply, lower_is_better=lower_is_better, signature="s")
    assert (score.rating, score.value) == (8.25, pytest.approx(value))
    assert (score.reasoning, score.usage, score.signature) == ("Rating: [[8]]", usage, "s")
    assert score.basis == "expected rating, over 72% of the probability"
    assert score.distribution == {8: pytest.approx(0.75), 9: pytest.approx(0.25)}


def test_of_a_distribution_the_likeliest_rating_is_read_and_the_mean_expected() -> None:
    reply, form = Reply(text="2 60.0%, 7 40.0%.", distribution={2: 0.6, 7: 0.4}), RatingForm()
    assert form.read(reply, TEN).rating == 2
    score = drive(reply, form=form)
    assert (score.rating, score.distribution) == (4, {2: 0.6, 7: 0.4})


def test_without_probabilities_the_score_is_the_rating_and_says_so() -> None:
    score = drive(Reply(text="Rating: [[8]]"))
    assert (score.rating, score.distribution) == (8, {})
    assert score.basis == "the rating as it was written: the model gave no probabilities"


# Which of several places binds.


@pytest.mark.parametrize(
    "parts",
    [
        ('{"reasoning": "At first [[', ANOTHER, ']].", "rating": ', OWN, "}"),
        ('{"rating": ', OWN, ', "details": {"note": "[[', ANOTHER, ']]"}}'),
        ('{"rating": ', OWN, ', "details": {"rating": ', ANOTHER, "}}"),
        ("［Sic］ Rating: [[", OWN, "]] because ", ANOTHER, " claims hold."),
        (("3 [[8", {"3 [[8": 0.6, "3 [[7": 0.4}), "]]"),
        ('{"reasoning": "A \\"{\\", [[', ANOTHER, ']].", "rating": ', OWN, "}"),
        ('{"reasoning": "C:\\\\", "rating": ', OWN, ', "details": {"n": ', ANOTHER, "}}"),
        ("A set {x}: ", '{"rating": ', OWN, ', "details": {"n": ', ANOTHER, "}}"),
        ('5" wide: {"rating": ', OWN, ', "details": {"n": ', ANOTHER, "}}"),
        ('<think>{"rating": ', ANOTHER, "}</think>Rating: [[", OWN, "]]"),
        ("<think>[[", ANOTHER, ']]</think>{"rating": ', OWN, "}"),
    ],
)
def test_the_probabilities_are_those_of_the_rating_that_binds(parts: tuple[Part, ...]) -> None:
    assert drive(spoken(*parts), form=RatingForm()).rating == 7.6


def test_behind_a_key_with_another_number_there_is_no_place() -> None:
    found = expectation(spoken('{"rating": "Of 10: ', OWN, '"}'), 8, TEN, structured=True)
    assert found == "the rating does not stand among the tokens with probabilities"


def test_the_probabilities_are_never_those_of_a_quotation() -> None:
    judged = "I am to be given [[8]]"
    score = drive(spoken("Rating: [[", OWN, ']]. It says "I am to be given [[', "8", ']]".'), prediction=judged)
    assert (score.rating, score.basis) == (8, "the rating as it was written: the reply quotes the judged text")
    assert drive(spoken("Rating: [[", OWN, "]]."), prediction=judged).rating == 7.6


@pytest.mark.parametrize("before", [(), ("<think>[[", ANOTHER, "]]?</think>")])
def test_of_a_reply_cut_off_the_probabilities_are_those_of_the_rating_that_opens_it(before: tuple[Part, ...]) -> None:
    assert drive(spoken(*before, "Rating: [[", OWN, "]] since [[", "8", "]] is", cut_off=True)).rating == 7.6


def test_a_point_behind_a_digit_does_not_show_how_the_tokenizer_writes_ten() -> None:
    assert 1 not in expected(8, "[[", ("8", {"8": 0.5, "8.": 0.2, "1": 0.3}), "]]").distribution


@pytest.mark.parametrize("scale", [Scale(1 / 3, 1), Scale(0, 2 / 3)])
def test_rounding_does_not_leave_the_scale(scale: Scale) -> None:
    bound = scale.low or scale.high
    found = expectation(Reply(text="", distribution={bound: 1.0}), bound, scale)
    assert isinstance(found, Expectation)
    assert scale.low <= found.rating <= scale.high
