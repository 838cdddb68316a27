"""The reader of ratings, for any text at all."""

from __future__ import annotations

import math
import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from lc_scoring.errors import ReplyError
from lc_scoring.rating import read_rating, without_residue
from lc_scoring.scale import Scale

# What replies are made of, and what trips readers of them.
BRACKET_MARKS = [
    "[[",
    "]]",
    "[",
    "]",
    "\\[",
    "\\]",
    "［",
    "］",
    "[[8]]",
    "[[7.5]]",
    "[[rating]]:",
    "[[Rating: ",
    "[[7/10]]",
    "x[[",
]
NUMBERS = ["0", "1", "5", "7", "8", "10", "14", ".", ",", "-", "+", "/", "８", "\u2212", "\u0668", "²", "①"]
WORDS = [
    "Rating",
    "score",
    "rating",
    "n",
    "評価",
    "점",
    "stars",
    "and",
    "or",
    ":",
    "=",
    "%",
    "*",
    "`",
    "_",
    "(",
    ")",
    " ",
    "\n",
]
THOUGHTS = ["<think>", "</think>", "<think", "[/THINK]", "[THINK]", "<channel|>", "<|channel|>", "analysis", "final"]
THOUGHTS += ["<|message|>", "◁think▷", "◁/think▷", "<", ">", "|", "\u200b", "\ud800"]
TOKENS = st.sampled_from(BRACKET_MARKS) | st.sampled_from(NUMBERS + WORDS) | st.sampled_from(THOUGHTS)
REPLIES = st.text(max_size=60) | st.lists(TOKENS, max_size=20).map("".join)
SCALES = st.sampled_from(
    [Scale(1, 10), Scale(0, 1), Scale(1, 5, step=1), Scale(1, 5, step=0.5), Scale(1, 100), Scale(-5, 5)]
)
RESIDUE = re.compile(r"(?:think(?:ing)?|thought)\s*(?:\s[^<>]*)?>|channel|think▷|THINK\]", re.IGNORECASE)
BRACKETS = re.compile(r"[\[［]\\?[\[［]")


def outcome(text: str, scale: Scale, *, cut_off: bool = False) -> float | ReplyError:
    """Return the rating, or else the error that says why there is none."""
    try:
        return read_rating(text, scale, cut_off=cut_off)
    except ReplyError as error:
        return error


@given(text=REPLIES, scale=SCALES, cut_off=st.booleans())
@example(text="[[" + "9" * 400 + "]]", scale=Scale(1, 10), cut_off=False)
@example(text="[[rating]]: ²", scale=Scale(1, 10), cut_off=False)
@example(text="[[①]]", scale=Scale(1, 10), cut_off=False)
def test_any_reply_is_a_rating_on_the_scale_or_a_reply_error(text: str, scale: Scale, cut_off: bool) -> None:
    got = outcome(text, scale, cut_off=cut_off)
    if isinstance(got, ReplyError):
        assert got.reply == text
        assert got.reason
    else:
        assert math.isfinite(got)
        assert scale.contains(got)
        assert isinstance(got, int) or not got.is_integer()


@given(REPLIES, st.integers(1, 10))
def test_whatever_reasons_come_first_the_closing_rating_is_read(reasons: str, rating: int) -> None:
    assume(not BRACKETS.search(reasons) and not RESIDUE.search(reasons))
    assert read_rating(f"{reasons}Rating: [[{rating}]]", Scale(1, 10)) == rating


@given(REPLIES, st.integers(100, 1000).map(lambda hundredths: hundredths / 100))
def test_whatever_was_rated_before_the_last_line_decides(before: str, rating: float) -> None:
    assume(not RESIDUE.search(before))
    assert read_rating(f"{before}\nAll in all:\n\nRating: [[{rating}]]", Scale(1, 10)) == rating


@given(REPLIES, SCALES)
def test_the_short_way_for_usual_replies_agrees_with_the_long_way(text: str, scale: Scale) -> None:
    # A "<" that begins no tag sends any reply the long way and means nothing there.
    assume("think]" not in text.casefold())
    short, long = outcome(text, scale), outcome(f"< {text}", scale)
    assert long == short or (isinstance(long, ReplyError) and isinstance(short, ReplyError))


@given(REPLIES, SCALES)
def test_a_reply_cut_off_has_no_other_rating_than_one_that_opens_it(text: str, scale: Scale) -> None:
    rating = outcome(f"It is so: {text}", scale, cut_off=True)
    ended = [at.end() for at in re.finditer(r"(?i)think(?:ing)?\s*>|channel\|>|message\|>|think▷|THINK\]", text)]
    assert ended or isinstance(rating, ReplyError), f"read {rating!r} from the middle of an unfinished reply"


@given(st.decimals(-1000, 1000, places=3), st.sampled_from(["[[{}]]", "[[ {} ]]", "Rating: **[[{}]]**", "［［{}］］"]))
def test_a_number_on_the_scale_is_read_exactly_and_any_other_refused(number: object, form: str) -> None:
    value = float(str(number))
    got = outcome(form.format(number), Scale(-100, 100))
    if -100 <= value <= 100:
        assert got == value
    else:
        assert isinstance(got, ReplyError)
        assert "is off the scale -100..100." in got.reason


@given(REPLIES)
def test_what_is_left_of_a_reply_holds_no_more_thoughts(text: str) -> None:
    left = without_residue(text)
    assert left in text
    assert without_residue(left) == left


@given(REPLIES, REPLIES)
def test_what_stands_before_the_end_of_a_thought_changes_nothing(thought: str, answer: str) -> None:
    assume(not RESIDUE.search(answer))
    assert without_residue(f"{thought}</think>{answer}") == without_residue(f"</think>{answer}") == answer
