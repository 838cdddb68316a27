"""Ways of asking: expected ratings, JSON replies and legal replies, for any text, tokens and scale."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply, Token
from lc_scoring.judges.constraint import rating_constraint, verdict_constraint
from lc_scoring.judges.expectation import Expectation, expectation
from lc_scoring.judges.score import says_not_applicable
from lc_scoring.judges.structured import (
    RatingForm,
    Reading,
    find_object,
    key_place,
    listed_ratings,
    rating_of,
    verdict_of,
)
from lc_scoring.rating import plain, read_rating
from lc_scoring.scale import Scale, number_text
from lc_scoring.verdict import read_verdict

SCALES = st.sampled_from(
    [Scale(1, 10), Scale(0, 1), Scale(1, 5, 0.5), Scale(1, 5), Scale(0, 100), Scale(0, 1, 0.25), Scale(-5, 5)]
)
YES_NO = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
OUTCOME = re.compile(r"\[\[|\b(rating|score)\b\W{0,12}\d", re.IGNORECASE)
RESIDUE = re.compile(r"think|thought|channel|message", re.IGNORECASE)

# What replies are made of, as text and as JSON.
NUMBERS = ["0", "1", "5", "7", "8", "10", "14", "3.5", "0.25", ".", "-", "/10", "８", "²", "\u0668", "1e1", "9" * 20]
MARKS = [
    "[[",
    "]]",
    "[[8]]",
    "［［",
    "］］",
    "\\[\\[",
    "\\]\\]",
    "[[Rating: ",
    "[[rating]]: ",
    "[[N/A]]",
    "N/A",
    "Score: ",
]
JSON = ["{", "}", "[", "]", '"', ":", ",", '"rating"', '"rating": ', '{"rating": 8}', '"reasoning": ', "\\", "null"]
MORE = ["true", "NaN", "Infinity", '"verdict": ', '"Y"', "```json\n", "<think>", "</think>", " ", "\n", "x", "\ud800"]
PIECES = st.sampled_from(NUMBERS + MARKS) | st.sampled_from(JSON + MORE)
REPLIES = st.text(max_size=60) | st.lists(PIECES, max_size=20).map("".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | REPLIES | st.integers(-20, 120).map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rating", "a", "b"]), inner),
    max_leaves=5,
)
SHARES = st.floats(0, 1) | st.just(math.nan)
# Tokens as tokenizers make them: words with the space before them, up to three digits, runs of marks.
LIKE_TOKENS = re.compile(r" ?[^\W\d]+|\d{1,3}|\s+|[^\w\s]+|.", re.DOTALL)


@st.composite
def tokens_of(draw: st.DrawFn, text: str) -> tuple[Token, ...]:
    """Cut a text anywhere; each piece could have been something else."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
    pieces = [text[start:end] for start, end in pairwise(cuts)]
    alternatives = st.dictionaries(PIECES | st.just(""), SHARES, max_size=3)
    return tuple(Token(piece, draw(alternatives) | draw(st.just({}) | st.just({piece: 0.9}))) for piece in pieces)


@st.composite
def rated_replies(draw: st.DrawFn) -> tuple[Reply, float, Scale]:
    scale, text = draw(SCALES), draw(REPLIES)
    rating = draw(st.sampled_from([scale.low, scale.high, 1, 5, 8, 3.5, 0.25]))
    assume(scale.contains(rating))
    text += draw(st.sampled_from(["", "Rating: [[{}]]", '{{"rating": {}}}', "{}", " {} "])).format(number_text(rating))
    return Reply(text=text, tokens=draw(tokens_of(text))), rating, scale


@st.composite
def stepped_scales(draw: st.DrawFn) -> Scale:
    low, step = draw(st.decimals(-1_000, 1_000, places=2)), draw(st.decimals("0.01", 50, places=2))
    return Scale(float(low), float(low + draw(st.integers(1, 150)) * step), step=float(step))


WHOLE = st.tuples(st.integers(-1_000, 1_000), st.integers(1, 150)).map(lambda pair: Scale(pair[0], sum(pair)))
ANY_SCALE = stepped_scales() | WHOLE


def outcome(read: Callable[[], Any]) -> Any:
    """Return what was read, or else the error that says why nothing was."""
    try:
        return read()
    except ReplyError as error:
        return error


# The expected rating.


def check(found: Expectation | str, scale: Scale) -> None:
    if isinstance(found, str):
        assert found
        return
    assert scale.low <= found.rating <= scale.high
    assert all(map(scale.contains, found.distribution))
    assert math.fsum(found.distribution.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found.distribution.values())
    assert 0.5 <= found.coverage <= 1
    mean = math.fsum(rating * share for rating, share in found.distribution.items())
    assert found.rating == pytest.approx(mean, abs=1e-6)


@given(rated_replies(), st.booleans(), st.lists(REPLIES, max_size=1))
def test_of_any_tokens_the_expected_rating_is_on_the_scale_or_there_is_none(
    made: tuple[Reply, float, Scale], structured: bool, marked: list[str]
) -> None:
    reply, rating, scale = made
    check(expectation(reply, rating, scale, structured=structured, marked=marked), scale)


@settings(deadline=None)
@given(ANY_SCALE, st.data())
def test_of_any_distribution_the_expected_rating_is_on_the_scale(scale: Scale, data: st.DataObject) -> None:
    ratings = st.sampled_from(listed_ratings(scale) or [scale.low, scale.high])
    distribution = data.draw(st.dictionaries(ratings, st.floats(0, 1), min_size=1, max_size=5))
    assume(math.fsum(distribution.values()) > 1e-6)
    check(expectation(Reply(text="", distribution=distribution), scale.low, scale), scale)


@given(
    REPLIES,
    st.sampled_from(["\nRating: [[{}]]", '\n{{"rating": {}}}', '\n{{"rating": "{}"}}', "{}"]),
    SCALES,
    st.data(),
)
def test_a_model_that_is_sure_of_all_its_tokens_is_expected_to_rate_as_it_did(
    before: str, closing: str, scale: Scale, data: st.DataObject
) -> None:
    text = before + closing.format(data.draw(st.sampled_from([1, 5, 0.25, 3.5, 10, 85, 100])))
    reading = outcome(lambda: RatingForm().read(Reply(text=text), scale))
    rating = reading.rating if isinstance(reading, Reading) else 1
    for cut in (list(text), LIKE_TOKENS.findall(text)):
        assert "".join(cut) == text
        reply = Reply(text=text, tokens=tuple(Token(one, {one: 1.0}) for one in cut))
        found = expectation(reply, rating, scale, structured=True)
        assert isinstance(found, str) or (found.rating, dict(found.distribution)) == (rating, {rating: 1.0})


@given(st.integers(1, 10), st.dictionaries(st.integers(1, 10), st.floats(0.01, 1), min_size=1), REPLIES)
def test_a_rating_in_one_token_has_the_mean_of_what_could_have_stood_there(
    rating: int, weights: dict[int, float], before: str
) -> None:
    assume(len(plain(before)) == len(before))  # where brackets are escaped there is a reason instead
    assume(not RESIDUE.search(before))  # what was thought aloud is not looked at
    weights |= {rating: 1.0, 10: 0.5}  # with a ten in sight it is certain that numbers are written whole
    total = math.fsum(weights.values())
    alternatives = {str(number): weight / total for number, weight in weights.items()}
    parts = (Token(before, {before: 1.0}), Token("\nRating: [[", {}), Token(str(rating), alternatives), Token("]]", {}))
    found = expectation(Reply(text="", tokens=parts), rating, Scale(1, 10))
    assert isinstance(found, Expectation)
    mean = math.fsum(number * weight for number, weight in weights.items()) / total
    assert (found.rating, found.coverage) == (pytest.approx(mean, abs=1e-6), pytest.approx(1))


# Structured replies.


@given(REPLIES, st.sampled_from(["rating", "verdict", "a"]))
def test_any_text_holds_an_object_with_the_key_or_none_at_all_or_is_an_error(text: str, key: str) -> None:
    found = outcome(lambda: find_object(Reply(text=text), key))
    assert found.reply == text if isinstance(found, ReplyError) else found is None or key in found
    assert (place := key_place(text, key)) is None or 0 < place < len(text)


@given(VALUES, SCALES)
def test_any_value_is_a_rating_on_the_scale_or_an_error(value: object, scale: Scale) -> None:
    rating = outcome(lambda: rating_of(value, scale, Reply(text="t")))
    if isinstance(rating, ReplyError):
        assert rating.reply == "t"
        assert not (type(value) in {int, float} and scale.contains(value))
    else:
        assert scale.contains(rating)
        assert isinstance(rating, int) or not rating.is_integer()
        assert not isinstance(value, (bool, list, dict))
        assert isinstance(value, str) or value == rating


@given(REPLIES, SCALES, st.booleans(), st.booleans())
def test_any_reply_is_a_rating_on_the_scale_or_an_error(text: str, scale: Scale, cut_off: bool, strict: bool) -> None:
    form = RatingForm((lambda details: details) if strict else None)
    reading = outcome(lambda: form.read(Reply(text=text, cut_off=cut_off), scale))
    if isinstance(reading, ReplyError):
        assert reading.reply == text
    elif reading is None:
        assert not strict
        assert find_object(Reply(text=text), "rating") is None
    else:
        assert scale.contains(reading.rating)
        assert reading.reasoning is None or reading.reasoning == reading.reasoning.strip() != ""


@given(REPLIES, REPLIES, st.integers(1, 10), st.booleans(), VALUES)
def test_an_object_is_read_as_it_was_written_whatever_it_says_and_stands_in(
    around: str, reasons: str, rating: int, ascii_only: bool, details: object
) -> None:
    assume("{" not in around and not RESIDUE.search(around + reasons + json.dumps(details)))
    said = {"reasoning": reasons, "rating": rating, "details": details}
    text = f"{around}{json.dumps(said, ensure_ascii=ascii_only)}{around}"
    form = RatingForm(lambda value: [value])
    reading = outcome(lambda: form.read(Reply(text=text), Scale(1, 10)))
    if OUTCOME.search(plain(around)):
        assert isinstance(reading, ReplyError)
        assert reading.reason.startswith("Another outcome stands beside")
        return
    assert (reading.rating, reading.reasoning) == (rating, reasons.strip() or None)
    assert json.dumps(reading.parsed) == json.dumps([details])


@given(VALUES)
def test_any_value_is_a_verdict_or_an_error(value: object) -> None:
    verdict = outcome(lambda: verdict_of({"verdict": value}, YES_NO, Reply(text="t")))
    if isinstance(verdict, ReplyError):
        assert verdict.reply == "t"
    else:
        assert isinstance(value, str)
        assert verdict.word in YES_NO.values()


@given(REPLIES)
def test_any_reply_says_that_nothing_applies_or_does_not(text: str) -> None:
    assert says_not_applicable(Reply(text=text)) in {True, False}


# Legal replies.


@given(ANY_SCALE)
def test_each_rating_listed_is_on_the_scale_legal_and_read_as_what_it_is(scale: Scale) -> None:
    constraint = rating_constraint(scale)
    listed = listed_ratings(scale)
    assert listed == sorted(set(listed))
    assert not listed or (listed[0], listed[-1]) == (scale.low, scale.high)
    for rating in listed:
        text = f"Thin.\nRating: [[{number_text(rating)}]]"
        assert re.fullmatch(constraint.regex, text)
        assert read_rating(text, scale) == rating
        assert scale.contains(rating)


@settings(deadline=None)
@given(ANY_SCALE, st.decimals(-2_000, 2_000, places=2).map(lambda number: number.normalize() + 0))
def test_of_a_scale_that_is_listed_no_other_number_is_legal(scale: Scale, number: Decimal) -> None:
    listed = listed_ratings(scale)
    assume(listed)
    constraint, rating = rating_constraint(scale), float(number)
    assert (re.fullmatch(constraint.regex, f"a\nRating: [[{number_text(rating)}]]") is not None) == (rating in listed)
    said = {"reasoning": "a", "rating": rating}
    assert Draft202012Validator(constraint.schema).is_valid(said) == (rating in listed)


@settings(deadline=None)
@given(st.data(), SCALES)
def test_any_legal_reply_is_read_as_what_it_says(data: st.DataObject, scale: Scale) -> None:
    regex = rating_constraint(scale, not_applicable=True).regex.replace("{1,2000}", "{1,40}")
    text = data.draw(st.from_regex(regex, fullmatch=True))
    assume(not RESIDUE.search(text))
    match = re.fullmatch(regex, text)
    assert match
    assert says_not_applicable(Reply(text=text)) == (match[1] == "N/A")
    if match[1] == "N/A" or not scale.contains(float(match[1])):
        with pytest.raises(ReplyError):
            read_rating(text, scale)
    else:
        assert read_rating(text, scale) == float(match[1])


@settings(deadline=None)
@given(st.data(), st.sampled_from([("Y", "N"), ("CORRECT", "INCORRECT"), ("A", "B", "C")]))
def test_any_legal_verdict_is_read_as_what_it_says(data: st.DataObject, words: tuple[str, ...]) -> None:
    regex = verdict_constraint(words).regex.replace("{1,2000}", "{1,40}")
    text = data.draw(st.from_regex(regex, fullmatch=True))
    assume(not RESIDUE.search(text))
    match = re.fullmatch(regex, text)
    assert match
    assert read_verdict(text, {word: word for word in words}).word == match[1]
