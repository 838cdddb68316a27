"""The reader of verdicts, for any text at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Reply
from lc_scoring.judged_text import neutralize
from lc_scoring.judges.choice import read_choice
from lc_scoring.rating import plain, without_residue
from lc_scoring.verdict import Verdict, read_verdict
from lc_scoring.verdict_forms import Forms

GRADES = {"CORRECT": "CORRECT", "INCORRECT": "INCORRECT"}
YES_NO = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
PAIR = {"A": "A", "B": "B", "C": "C", "TIE": "C"}
WORDS = st.sampled_from([GRADES, YES_NO, PAIR])

# What replies are made of, and what trips readers of them.
NAMED = ["CORRECT", "INCORRECT", "correct", "Y", "N", "Yes", "no", "NO", "A", "B", "C", "a", "tie", "TİE", "YEſ"]
LABELS = ["Verdict", "GRADE", "final", "Overall", "answer", "my ", "the ", "so ", "Winner", "is ", "not ", "or ", "if "]
BRACKETS = ["[[", "]]", "[", "]", "\\[", "\\]", "［［", "］］", "[[Y]]", "[[N]]", "[[CORRECT]]", "[[Verdict: ", "x[["]
MARKS = [":", "=", "：", ".", ",", ";", "!", "?", "*", "**", "_", "`", '"', "'", "“", "’", "(", ")", "{", "}", "-", "–"]
SPACES = [" ", " ", "\n", "\n\n", "\t", "\r\n", "\u200b", "\u2028", "\x0b"]
THOUGHTS = ["<think>", "</think>", "[THINK]", "[/THINK]", "<channel|>", "◁think▷", "<", ">", "#", "1. ", "|", "\ud800"]
TOKENS = st.sampled_from([*NAMED, *LABELS]) | st.sampled_from([*BRACKETS, *MARKS]) | st.sampled_from(SPACES + THOUGHTS)
REPLIES = st.text(max_size=60) | st.lists(TOKENS, max_size=20).map("".join)
RESIDUE = re.compile(r"think|thought|channel|message", re.IGNORECASE)


def outcome(text: str, words: dict[str, str], *, cut_off: bool = False) -> Verdict | ReplyError:
    """Return the verdict, or else the error that says why there is none."""
    try:
        return read_verdict(text, words, cut_off=cut_off)
    except ReplyError as error:
        return error


@given(text=REPLIES, words=WORDS, cut_off=st.booleans())
@example(text="[[TİE]]", words=PAIR, cut_off=False)
@example(text="Verdict: TİE", words=PAIR, cut_off=False)
def test_any_reply_is_a_verdict_asked_for_or_a_reply_error(text: str, words: dict[str, str], cut_off: bool) -> None:
    got = outcome(text, words, cut_off=cut_off)
    if isinstance(got, ReplyError):
        assert got.reply == text
        assert got.reason
    else:
        assert got.word in words.values()
        assert re.search("|".join(words), text, re.IGNORECASE), "the verdict is a word of the reply"


@given(REPLIES, st.sampled_from(["Verdict: [[Y]]", "[[N]]", "GRADE: Y", "Verdict: Y", "\nY\n", "Y. "]), REPLIES)
def test_the_reasoning_is_a_piece_of_the_answer(before: str, verdict: str, after: str) -> None:
    text = f"{before}{verdict}{after}"
    got = outcome(text, YES_NO)
    if isinstance(got, Verdict):
        assert got.reasoning in plain(without_residue(text))
        assert got.reasoning == got.reasoning.strip()


@given(REPLIES, st.sampled_from([(words, word) for words in (GRADES, YES_NO, PAIR) for word in words]))
def test_whatever_reasons_come_first_the_closing_verdict_is_read(
    reasons: str, asked: tuple[dict[str, str], str]
) -> None:
    words, word = asked
    assume("[" not in reasons and "［" not in reasons and not RESIDUE.search(reasons))
    got = read_verdict(f"{reasons}\nVerdict: [[{word}]]", words)
    assert (got.word, got.bracketed) == (words[word], True)


@given(REPLIES, st.sampled_from(["Y", "N"]))
def test_whatever_reasons_follow_the_opening_verdict_is_read(reasons: str, word: str) -> None:
    assume("[" not in reasons and "［" not in reasons and not RESIDUE.search(reasons))
    assert read_verdict(f"Verdict: [[{word}]]\n\nBecause: {reasons}", YES_NO).word == word


@given(REPLIES, REPLIES, WORDS)
def test_of_two_verdicts_the_last_binds(reasons: str, between: str, words: dict[str, str]) -> None:
    assume("[" not in between and "［" not in between and not RESIDUE.search(reasons + between))
    first, *_, second = words
    got = outcome(f"{reasons}\nVerdict: [[{first}]]\nBut {between} so\nVerdict: [[{second}]]", words)
    assert isinstance(got, Verdict)
    assert got.word == words[second]


@given(REPLIES, WORDS)
def test_a_verdict_cut_off_is_the_one_that_was_read_before(text: str, words: dict[str, str]) -> None:
    got = outcome(text, words, cut_off=True)
    if isinstance(got, Verdict):
        assert got.reasoning == ""
        assert outcome(text, words) == got


@given(REPLIES, WORDS)
@example("［[Y]]", YES_NO)
@example("[\\[Y]]", YES_NO)
@example("[\u200b[Y]]", YES_NO)
def test_a_neutralized_text_holds_no_verdict_in_brackets(text: str, words: dict[str, str]) -> None:
    assert Forms.of(tuple(words)).bracketed.search(plain(neutralize(text))) is None


@given(REPLIES, WORDS)
def test_a_neutralized_text_quoted_behind_a_verdict_does_not_change_it(text: str, words: dict[str, str]) -> None:
    word, shown = next(iter(words)), neutralize(text)
    got = outcome(f"It is as it is.\nVerdict: [[{word}]]\nThe text was: {shown}", words)
    assert isinstance(got, Verdict)
    assert got.word == words[word]


UNITS = [
    *("[[Y]] ", "[[Y]]\n", "[[Y]] or [[N]] ", "[[", "]]", "[[ Y", "[[x]] ", "[[Verdict: ", "\\[\\[", "［［"),
    *("Verdict: ", "Verdict: Y\n", "Verdict: Y, ", "GRADE:\n", "final verdict: ", "so the final ", "the answer is Y. "),
    *("Y", "Y\n", "N\n", "Y ", "Y. ", "NO. ", "12) Y\n", "- ", '{"', '{"verdict": "Y", ', "student's ", "not "),
    *(" ", "\n", "\r\n", "\t", "*", "_", "`", '"', "'", "(", "[", "{", "—", ". ", "! ", "?", ": ", ", "),
    *("<think>", "</think>", f"{'verdict':<40}", f"{'[[Y]]':>90}", "\n" * 40 + "[[Y]]"),
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("ending", ["", "Verdict: [[Y]]", "\nVerdict: Y"])
def test_a_long_reply_is_read_or_refused_as_any_other(unit: str, ending: str) -> None:
    """A reader that takes the square of a reply's length would be at it for minutes, for each of them."""
    got = outcome(unit * (100_000 // len(unit)) + ending, YES_NO)
    assert isinstance(got, ReplyError) or got.word in {"Y", "N"}


@pytest.mark.parametrize("gap", [" ", "\t", "\n", "*", "_", "- "])
@pytest.mark.parametrize(
    "before", ["It is so.", "It is so!", "so", "the", "verdict", "Verdict:", "Verdict: Y", "Y", "{", ","]
)
def test_a_long_gap_in_a_reply_is_passed_once(before: str, gap: str) -> None:
    got = outcome(f"{before}{gap * 50_000}x", YES_NO)
    assert isinstance(got, ReplyError) or got.word == "Y"


def test_a_judged_text_of_many_such_words_is_passed_once() -> None:
    reply = Reply(text="It is better by far.\n\nA")
    assert read_choice(reply, PAIR, judged=["A x " * 100_000]).word == "A"
