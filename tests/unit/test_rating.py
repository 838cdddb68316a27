"""The reader of ratings: every form that judges were seen to write, those they may write yet, and what only looks so.

The texts are made up; the forms of `SEEN` and `SEEN_UNREADABLE` are those of a corpus of 44,384 judge texts, the
forms of `NOT_SEEN` came up in none of them.
"""

from __future__ import annotations

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.rating import read_labeled_rating, read_rating, without_rating_line, without_residue
from lc_scoring.scale import Scale

TEN = Scale(1, 10)
NONE = "The reply holds no rating in double brackets ([[n]])."

SEEN: dict[str, tuple[str, float]] = {
    "one, last": ("The dates are right and the tone is warm.\n\nRating: [[10]]", 10),
    "one, alone": ("[[4]]", 4),
    "Japanese label": ("首都の名前は正しい。\n\n評価: [[9]]", 9),
    "Japanese label, full-width colon": ("首都の名前が違う。\n評価：[[1]]", 1),
    "Korean label": ("설명이 짧지만 정확합니다.\n\n점수: [[10]]", 10),
    "German label": ("Die Antwort nennt beide Ursachen.\n\nBewertung: [[7]]", 7),
    "Chinese label": ("这个回答漏掉了第二步。\n\n评分: [[6]]", 6),
    "a comment after it": ("Rating: [[7]] (sound method, but one sum is off.)", 7),
    "first, then why": ("점수: [[10]] \n\n이 답변은 기준을 모두 만족합니다.", 10),
    "out of ten behind it": ("I would give this a [[9]] out of 10. It answers what was asked.", 9),
    "a slash and ten behind it": ("Rating: [[9]]/10", 9),
    "bold": ("The steps are in order.\n\n**Rating: [[6]]**", 6),
    "bold label": ("**Rating**: [[3]]", 3),
    "bold number": ("Overall, **[[7]]**", 7),
    "heading": ("### Rating: [[5]]\n", 5),
    "quoted": ('My rating is "[[8]]".', 8),
    "in code marks": ("**최종 평가:** `[[5]]`", 5),
    "several, equal": ("[[4]]\n\nThe sources are missing.\n\nRating: [[4]]", 4),
    "by criterion, then overall": ("- 유용성: [[8]]\n- 정확성: [[7]]\n- 깊이: [[6]]\n종합하면: [[7]]", 7),
    "for two halves, then overall": ("Rating: [[8]] for the first half and [[6]] for the second.\n\nRating: [[7]]", 7),
    "second thoughts": ("Rating: [[1]]\n\nRead more kindly it deserves better.\n\nRating: [[3]]", 3),
    "decimal": ("Rating: [[8.5]]", 8.5),
    "decimal on the scale's edge": ("Rating: [[9.9]], nearly flawless", 9.9),
    "placeholder, then the rating": ("[[rating]] 評価: [[9]]", 9),
    "placeholder in a sentence": ("따라서 [[rating]]은 [[2]]가 되어야 합니다.", 2),
    "placeholder as the label": ("It is well put.\n\n[[Rating]]: [[8]]", 8),
    "placeholder, decimal behind": ("명확한 답변입니다.\n\n[[rating]]: 8.5", 8.5),
    "placeholder, number behind": ("Half of it is made up. [[Rating]]: 2", 2),
    "placeholder, single brackets behind": ("[[Rating]]: [3]", 3),
    "label inside": ("[[Rating: 8]]", 8),
    "label inside, brackets in it": ("[[Rating: [[9]]]]", 9),
    "label inside, single brackets in it": ("[[Rating: [7]]]", 7),
    "list of scores, then the rating": ("The text lists [[5, 1, 3]] itself.\n\nRating: [[5]]", 5),
    "single brackets, then the rating": ("As [1] says, nums[0] holds it.\n\nRating: [[6]]", 6),
    "pandas before it": ("It calls df.groupby('day')[['open']].mean(), which is right.\n\nRating: [[8]]", 8),
    "numpy before it": ("np.array([[1, 2, 3], [4, 5, 6]]) has two rows.\n\nRating: [[9]]", 9),
    "slot of a template before it": ('It left "dear [[name]], a [[number]]-year guest" in.\n\nRating: [[6]]', 6),
    "channel residue": ("thought\n<channel|>The logic holds up to line 3.\n\nRating: [[3]]", 3),
    "channel residue, rated twice": ("It is fine. Rating: [[9]]<channel|>It is fine.\n\nRating: [[9]]", 9),
    "channel residue, drafted otherwise": ("Rating: [[2]]<channel|>On the whole it is right.\n\nRating: [[9]]", 9),
}
SEEN_UNREADABLE: dict[str, tuple[str, str]] = {
    "two side by side": (
        "Rating: [[9]], [[5]]",
        "Different ratings stand side by side, [[9]], [[5]]: which one is meant?",
    ),
    "placeholder only": ("2점으로 평가하겠습니다. [[rating]]", NONE),
    "malformed label": ("[[Rating]: 3]", NONE),
    "above the scale": ("Rating: [[80]]", "The rating 80 is off the scale 1..10."),
    "zero": ("この回答は空です。\n\n評価: [[0]]", "The rating 0 is off the scale 1..10."),
    "a truth value": ("Rating: [[True:]]", NONE),
    "the other truth value": ("[[False]]", NONE),
    "an array": ("Rating: [[5, 1, 3]]", NONE),
    "an array of rows": ("**Rating: [[8.5], [8.2], [7.8]]**", NONE),
    "no brackets": ("The story is moving.\n\nRating: 7", "([[n]]); it says 'Rating: 7'."),
    "no brackets, in Korean": ("점수: 7.5", "it says '점수: 7.5'."),
    "a label and a slash": ("**평균 점수**: 7.3/10", "it says '점수**: 7.3'."),
    "a fraction in a sentence": ("The answer earns 8/10.", "it says '8/10'."),
    "prose": ("Therefore the response is rated as a ten.", NONE),
    "somebody else's rating": ("The user gave five stars, which shows content.", NONE),
    "a number with a unit": ("이 답변은 6점으로 평가됩니다.", NONE),
    "another number": ("Confidence: 95%", NONE),
    "cut off in the brackets": ("Rating: [[1", NONE),
    "cut off at the label": ("평점:", NONE),
    "cut off in the reasoning": ("It forgot the factor of 2 in the $2\\sqrt{5}$ term of the", NONE),
    "cut off within a character": ("세부 \ufffd", NONE),
    "a harness's mark": ("$ERROR$", NONE),
    "a harness's other mark": ("No answer", NONE),
    "rated in thought alone": ("Rating: [[9]]<channel|>The answer gives", NONE),
}
NOT_SEEN: dict[str, tuple[str, float | str]] = {
    "thought, then the rating": ("<think>Maybe [[2]]? No.</think>Rating: [[8]]", 8),
    "thought without its opening": ("Maybe [[2]]? No.\n</think>\n\nRating: [[8]]", 8),
    "thought without its end": ("<think>Surely [[8]]", "The reply holds reasoning and no answer after it."),
    "thought and nothing more": ("<think>Surely [[8]]</think>\n", "reasoning and no answer after it"),
    "thought again behind the rating": ("Rating: [[8]]\n<think>Or [[2]]?", "thinks aloud"),
    "tags that are no thought": ("<b>It is fine.</b> Rating: [[8]]", 8),
    "thought twice": ("<think>[[1]]</think>So [[2]]<think>[[3]]</think>Rating: [[4]]", 4),
    "thinking": ("<Thinking>[[2]]</THINKING >Rating: [[8]]", 8),
    "thought in brackets": ("[THINK]Maybe [[2]][/THINK]Rating: [[8]]", 8),
    "thought in brackets, without its end": ("[THINK]Maybe [[2]]", "reasoning and no answer"),
    "thought in triangles": ("◁think▷Maybe [[2]]◁/think▷Rating: [[8]]", 8),
    "thought in triangles, without its end": ("◁think▷Maybe [[2]]", "reasoning and no answer"),
    "channels": ("<|channel|>analysis<|message|>[[2]]<|end|><|channel|>final<|message|>Rating: [[8]]<|return|>", 8),
    "a channel without the final one": ("<|channel|>analysis<|message|>Maybe [[2]]", "reasoning and no answer"),
    "fraction of the scale": ("[[7/10]]", 7),
    "fraction, spaced": ("[[ 7 / 10 ]]", 7),
    "fraction in words": ("[[7 out of 10]]", 7),
    "fraction in German words": ("[[7 von 10]]", 7),
    "fraction with a decimal top": ("[[7/10.0]]", 7),
    "fraction of another scale": ("[[4/5]]", "The rating is out of 5, but the scale is 1..10."),
    "a range": ("[[7-8]]", "[[7-8]] is no single number."),
    "a choice": ("[[7 or 8]]", "[[7 or 8]] is no single number."),
    "a range after a rating": ("First [[5]], now rather [[7-8]]", "[[7-8]] is no single number."),
    "a label and a word": ("[[5]] at first. [[Rating: none]]", "[[Rating: none]] is no single number."),
    "a label and nothing": ("[[Rating:]]", "[[Rating:]] is no single number."),
    "spaces": ("[[ 8 ]]", 8),
    "line ends": ("[[\n8\n]]", 8),
    "trailing zero": ("[[8.0]]", 8),
    "no digit before the point": ("[[.5]]", "The rating 0.5 is off the scale"),
    "no digit after the point": ("[[8.]]", 8),
    "leading zeros": ("[[008]]", 8),
    "plus": ("[[+8]]", 8),
    "minus": ("[[-1]]", "The rating -1 is off the scale 1..10."),
    "a true minus sign": ("[[\u22128]]", "The rating -8 is off the scale"),
    "minus a decimal": ("[[-0.5]]", "The rating -0.5 is off the scale"),
    "eleven": ("[[11]]", "The rating 11 is off the scale 1..10."),
    "fourteen after a good one": ("First [[4]], rather [[14]]", "The rating 14 is off the scale 1..10."),
    "a hair above": ("[[10.01]]", "The rating 10.01 is off the scale"),
    "more digits than a number has": ("[[" + "9" * 70 + "]]", "is no single number"),
    "more digits than brackets hold": ("[[" + "9" * 500 + "]]", NONE),
    "full-width": ("评分：［［８］］", 8),
    "full-width digits": ("[[８]]", 8),
    "full-width decimal": ("[[８．５]]", 8.5),
    "full-width fraction": ("[[７／１０]]", 7),
    "full-width label inside": ("[[評価：９]]", 9),
    "full-width behind a placeholder": ("[[评分]]：８．５", 8.5),
    "Arabic digits": ("[[\u0668]]", 8),
    "lenticular brackets": ("【8】", NONE),
    "single brackets": ("Rating: [8]", "it says 'Rating: [8'."),
    "triple brackets": ("[[[8]]]", NONE),
    "escaped": (r"Rating: \[\[8\]\]", 8),
    "escaped in front": (r"Rating: \[\[8]]", 8),
    "escaped with a label": (r"\[\[Rating: 8.5\]\]", 8.5),
    "unit": ("[[8점]]", 8),
    "unit behind": ("[[8]]점", 8),
    "unit and label": ("[[점수: 8점]]", 8),
    "points": ("[[8 points]]", 8),
    "stars": ("[[★]] no, [[8 stars]]", 8),
    "Chinese unit": ("[[得分：8分]]", 8),
    "percent where ten is the top": ("[[80%]]", "The rating is a percentage, but the scale is 1..10."),
    "percent of a number on the scale": ("[[8%]]", "The rating is a percentage, but the scale is 1..10."),
    "markup inside": ("[[**8**]]", 8),
    "markup round a label inside": ("[[**Rating:** `8`]]", 8),
    "equals sign": ("[[score = 8]]", 8),
    "long label": ("[[My final overall... ]] [[Final overall score: 8]]", 8),
    "Spanish label": ("[[Calificación: 6]]", 6),
    "Portuguese label": ("[[Pontuação: 6]]", 6),
    "French label": ("[[Note : 6/10]]", 6),
    "Italian label": ("[[Punteggio: 6]]", 6),
    "Russian label": ("[[Оценка: 6]]", 6),
    "label right before": ("Rating[[6]]", 6),
    "label and round bracket right before": ("Score([[6]])", 6),
    "round brackets": ("A good text ([[6]]).", 6),
    "label of another script right before": ("점수[[6]]", 6),
    "placeholder n": ("[[n]] = 7", 7),
    "placeholder and fraction": ("[[number]]: 7/10", 7),
    "placeholder and another fraction": ("[[rating]]: 4/5", "The rating is out of 5"),
    "placeholder, off the scale": ("[[2]] at first. [[rating]]: 12", "The rating 12 is off the scale"),
    "placeholder in bold": ("**[[rating]]**: **7**", 7),
    "placeholder, number too far away": ("[[rating]]:" + " " * 60 + "7", NONE),
    "placeholder, word behind": ("[[rating]]: seven", NONE),
    "placeholder, number without a colon": ("[[rating]] 7", NONE),
    "placeholder, brackets left open": ("[[rating]]: [7", "is no single number"),
    "placeholder, digits without end": ("[[rating]]: " + "7" * 13, "is no single number"),
    "placeholder after the rating": ("Rating: [[7]]. I was asked for [[rating]].", 7),
    "equal side by side": ("[[7]] [[7.0]]", 7),
    "different, joined by a word": ("[[7]] or [[8]]", "side by side, [[7]] or [[8]]: which one"),
    "different, on two lines": ("[[7]]\n[[8]]", 8),
    "different, side by side, one off the scale": ("[[70]], [[8]]", "The rating 70 is off the scale"),
    "different, told apart": ("Style [[7]], content [[8]]", 8),
    "nothing": ("", "The reply is empty."),
    "white space": (" \n\t", "The reply is empty."),
    "no end": ("[[8", NONE),
    "one bracket at the end": ("[[8]", NONE),
    "nothing inside": ("[[]]", NONE),
    "white space inside": ("[[ ]]", NONE),
    "a word inside": ("[[eight]]", NONE),
    "a far number": ("Rating: 7. " + "But " * 200, NONE),
}
CODE: dict[str, str] = {
    "R list": "first <- x[[1]]",
    "R list by name, then place": 'fit[["coef"]][[2]]',
    "R list of a call": "strsplit(s, ',')[[1]]",
    "pandas": 'df[["close"]]',
    "pandas places": "df.iloc[[0, 2]]",
    "pandas place": "df.iloc[[3]]",
    "numpy": "np.array([[1, 2], [3, 4]])",
    "numpy, one number": "np.array([[7]])",
    "fancy index": "a[[0]]",
    "array": "[[1, 2, 3]]",
    "array of arrays": "[[1], [2]]",
    "nested array": "[[[1]]]",
    "array of decimals": "[[0.5, 0.25]]",
    "truth value": "[[True]]",
    "wiki link": "see [[Main page]]",
    "shell test": "if [[ -f file ]]; then",
    "slot": "Dear [[customer]]",
    "slot with a number": "[[step_2]]",
    "C attribute": "[[nodiscard]] int f();",
    "regular expression": "[[:alpha:]]",
}
OTHER_SCALES: list[tuple[Scale, str, float | str]] = [
    (Scale(0, 1), "[[0.8]]", 0.8),
    (Scale(0, 1), "[[.25]]", 0.25),
    (Scale(0, 1), "[[1]]", 1),
    (Scale(0, 1), "Rating: [[0]]", 0),
    (Scale(0, 1), "[[0.7/1]]", 0.7),
    (Scale(0, 1), "[[-0]]", 0),
    (Scale(0, 1), "[[80%]]", "The rating is a percentage, but the scale is 0..1."),
    (Scale(0, 1), "[[7]]", "The rating 7 is off the scale 0..1."),
    (Scale(1, 5), "Rating: [[5]]", 5),
    (Scale(1, 5), "[[4/5]]", 4),
    (Scale(1, 5), "[[7/10]]", "The rating is out of 10, but the scale is 1..5."),
    (Scale(1, 5), "[[3 stars]]", 3),
    (Scale(1, 5), "Rating: [[6]]", "The rating 6 is off the scale 1..5."),
    (Scale(1, 5, step=1), "[[3]]", 3),
    (Scale(1, 5, step=1), "Rating: [[3.5]]", "The rating 3.5 is off the scale 1..5/1."),
    (Scale(1, 5, step=0.5), "[[3.5]]", 3.5),
    (Scale(1, 5, step=0.5), "[[3.25]]", "off the scale 1..5/0.5"),
    (Scale(0, 100, step=5), "Rating: [[85]]", 85),
    (Scale(0, 100, step=5), "Rating: [[87]]", "The rating 87 is off the scale 0..100/5."),
    (Scale(1, 100), "[[80%]]", 80),
    (Scale(1, 100), "[[80 ％]]", 80),
    (Scale(1, 100), "Rating: [[100]]", 100),
    (Scale(1, 100), "[[80/100]]", 80),
    (Scale(1, 100), "[[8/10]]", "The rating is out of 10"),
    (Scale(1, 100), "[[1000]]", "off the scale"),
    (Scale(-5, 5), "[[-3]]", -3),
    (Scale(-5, 5), "[[\u22122.5]]", -2.5),
    (Scale(-5, 5), "[[rating]]: -3", -3),
    (Scale(0.5, 2.5), "[[1.5]]", 1.5),
]
CUT_OFF: dict[str, tuple[str, float | str]] = {
    "the rating opened it": ("[[8]] because the dates are", 8),
    "label and rating opened it": ("**Final rating: [[8]]**\n\nThe dates are", 8),
    "several, and the first opened it": ("평점: [[8]] 유용성: [[9]] 정확성은", 8),
    "thought before it": ("<think>Hm [[2]]</think>\nRating: [[8]] because", 8),
    "the rating came last": (
        "The dates are right.\n\nRating: [[8]]",
        "cut off at the token limit before its rating was",
    ),
    "a part was rated": ("Style: [[8]]\nContent", "cut off at the token limit before its rating was final."),
    "nothing was rated": ("The dates are right and the", "was cut off at the token limit before a rating was written."),
    "still in thought": ("<think>The dates", "was cut off at the token limit before a rating was written."),
    "nothing was written": ("", "The reply is empty."),
    "the rating that opened it is off the scale": ("[[14]] because", "The rating 14 is off the scale 1..10."),
}
# Each would be a number nobody wrote.
GUESSES = [
    pytest.param("[[rating]]: 7-8", id="a range behind a placeholder"),
    pytest.param("[[rating]]: 8,5", id="a decimal comma behind a placeholder"),
    pytest.param("[[rating]]: 8.5[1]", id="a decimal and a footnote behind a placeholder"),
    pytest.param("[[rating]]: 8.1234567890123", id="more decimals than a number has, behind a placeholder"),
    pytest.param("[[rating]]:" + " " * 58 + "10", id="a number cut in two by the end of the search"),
    pytest.param("[[5]][[7]]", id="two without a space"),
    pytest.param("[[8]], [[7]], [[7]]", id="three side by side, the last two equal"),
]
HOSTILE: dict[str, str] = {
    "opening brackets": "[[" * 50_000,
    "opening brackets and a rating": "[[" * 50_000 + "8]]",
    "opening brackets and digits": "[[1" * 50_000,
    "opening brackets and labels": "[[Rating: " * 20_000,
    "closing brackets": "]]" * 50_000,
    "escaped brackets": r"\[\[" * 50_000,
    "full-width brackets": "［［" * 50_000,
    "nested brackets": "[[a]" * 50_000,
    "arrays": "[[1, 2]] " * 20_000,
    "placeholders": "[[rating]]: " * 5_000,
    "thoughts begun": "<think>" * 50_000,
    "thoughts ended": "</think>" * 50_000,
    "tags left open": "<think" * 50_000,
    "tags and white space": "</think" + " " * 100_000,
    "channels": "<|channel|> " * 30_000,
    "triangles": "◁" * 100_000,
    "labels": "final " * 30_000,
    "a label and white space": "Rating" + " " * 100_000,
    "white space and a rating": " " * 100_000 + "x [[",
    "digits": "1" * 100_000,
    "digits within": "[[" + "1" * 100_000 + "]]",
    "fractions": "1/" * 50_000,
    "markup": "[[" + "*_` " * 30_000 + "8]]",
    "ratings of many parts": "Part: [[8]] " * 5_000,
    "white space between two ratings": "[[5]]" + " " * 4_000 + "x [[6]]",
    "white space before a rating": " " * 4_000 + "x [[6]]",
}


def outcome(text: str, scale: Scale, *, cut_off: bool = False) -> float | ReplyError:
    """Return the rating, or else the error that says why there is none."""
    try:
        return read_rating(text, scale, cut_off=cut_off)
    except ReplyError as error:
        return error


def check(text: str, expected: float | str, scale: Scale, *, cut_off: bool = False) -> None:
    """Hold the rating against a number, or the reason why there is none against a part of it."""
    got = outcome(text, scale, cut_off=cut_off)
    if isinstance(expected, str):
        assert isinstance(got, ReplyError), f"read {got!r}"
        assert expected in got.reason
        assert got.reply == text
    else:
        assert (got, type(got)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "expected"), SEEN.values(), ids=SEEN)
def test_a_form_that_judges_write_is_read(text: str, expected: float) -> None:
    check(text, expected, TEN)


@pytest.mark.parametrize(("text", "reason"), SEEN_UNREADABLE.values(), ids=SEEN_UNREADABLE)
def test_a_form_that_holds_no_certain_rating_is_an_error(text: str, reason: str) -> None:
    check(text, reason, TEN)


@pytest.mark.parametrize(("text", "expected"), NOT_SEEN.values(), ids=NOT_SEEN)
def test_a_form_that_no_judge_was_seen_to_write_is_read_or_refused_alike(text: str, expected: float | str) -> None:
    check(text, expected, TEN)


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_code_and_words_in_brackets_are_no_rating(code: str) -> None:
    check(f"The answer is `{code}`.", NONE, Scale(0, 10))


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_code_and_words_hide_no_rating_on_either_side(code: str) -> None:
    check(f"It writes `{code}`, which runs.\n\nRating: [[6]]", 6, TEN)
    check(f"Rating: [[6]]\n\nIt writes `{code}`, which runs.", 6, TEN)


@pytest.mark.parametrize(("scale", "text", "expected"), OTHER_SCALES)
def test_the_scale_decides_what_is_a_rating(scale: Scale, text: str, expected: float | str) -> None:
    check(text, expected, scale)


@pytest.mark.parametrize(("text", "expected"), CUT_OFF.values(), ids=CUT_OFF)
def test_of_a_reply_cut_off_only_a_rating_that_opens_it_counts(text: str, expected: float | str) -> None:
    check(text, expected, TEN, cut_off=True)


def test_the_error_keeps_the_whole_reply_and_a_reason_without_it() -> None:
    text = "<think>It is fine.</think>I cannot put a number to it."
    with pytest.raises(ReplyError) as caught:
        read_rating(text, TEN)
    assert caught.value.reply == text
    assert caught.value.reason == NONE


@pytest.mark.parametrize("text", GUESSES)
def test_a_rating_is_never_guessed(text: str) -> None:
    with pytest.raises(ReplyError):
        read_rating(text, TEN)


def test_two_ratings_that_open_a_reply_cut_off_are_one_too_many() -> None:
    with pytest.raises(ReplyError):
        read_rating("Rating: [[9]], [[5]] because the", TEN, cut_off=True)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("cut_off", [False, True])
def test_a_hostile_reply_is_read_or_refused_as_any_other(text: str, cut_off: bool) -> None:
    rating = outcome(text, TEN, cut_off=cut_off)
    assert isinstance(rating, ReplyError) or rating in {5, 6, 8}


@pytest.mark.parametrize(
    "text", ["", "plain", "a < b", "x > y [[8]]", "◁", "[THINK", "think></", "<thinker>", "<b>bold</b>"]
)
def test_a_reply_without_thoughts_stays_as_it_is(text: str) -> None:
    assert without_residue(text) == text


def test_a_thought_in_brackets_is_one_in_any_case() -> None:
    assert without_residue("[think]Maybe[/think]Rating: [[8]]") == "Rating: [[8]]"


# A line that begins `Score:`, as LangChain's trajectory evaluator asked for.

FIVE = Scale(1, 5, step=1)
LABELED: dict[str, tuple[str, float]] = {
    "last line": ("It took a detour.\n\nScore: 4", 4),
    "alone": ("Score: 4", 4),
    "first line": ("Score: 4\n\nIt took a detour.", 4),
    "bold": ("It took a detour.\n\n**Score: 4**", 4),
    "bold label": ("**Score:** 4", 4),
    "heading": ("### Score: 4", 4),
    "list item": ("- It took a detour.\n- Score: 4", 4),
    "called otherwise": ("It took a detour.\nFinal rating: 4.", 4),
    "in another language": ("遠回りをした。\n評価: 4", 4),
    "full-width": ("評価：４", 4),
    "out of the scale's top": ("Score: 4/5", 4),
    "out of the scale's top, in words": ("Score: 4 out of 5", 4),
    "single brackets": ("Score: [4]", 4),
    "a reason behind it": ("It took a detour.\nScore: 4 - one step too many", 4),
    "twice the same": ("Score: 4\nIt took a detour.\nScore: 4.0", 4),
    "by part, then final": ("Score: 2\nThe end is better.\nScore: 5\nOverall score: 4", 4),
    "by part, under other names": ("Tool score: 2\nAnswer score: 5\nScore: 4", 4),
    "thought before it": ("<think>Score: 2</think>It took a detour.\nScore: 4", 4),
    "a line that says more first": ("Rating: the agent did well.\nScore: 4", 4),
    "brackets": ("It took a detour. Rating: [[4]]", 4),
    "brackets bind": ("Score: 2\nRating: [[4]]\nScore: 3", 4),
    "a blank before it": ("Score:\n4", 4),
}
LABELED_UNREADABLE: dict[str, tuple[str, str]] = {
    "nothing": ("", "The reply is empty."),
    "no such line": ("I would give it a 4.", NONE),
    "within a line": ("It says Score: 5 somewhere.", "it says 'Score: 5'"),
    "a word": ("Score: four", "The reply's last rating, 'Score: four', is unreadable."),
    "a range": ("Score: 4-5", "Score: 4-5 is no single number."),
    "a decimal comma": ("Score: 4,5", "no single number"),
    "more digits than a number has": ("Score: " + "4" * 13, "no single number"),
    "off the scale": ("Score: 8", "The rating 8 is off the scale 1..5/1."),
    "between the steps": ("Score: 3.5", "The rating 3.5 is off the scale 1..5/1."),
    "out of another top": ("Score: 4/10", "The rating is out of 10"),
    "percent": ("Score: 4%", "The rating is a percentage"),
    "an earlier one does not stand in": ("Score: 4\nScore: none", "The reply's last rating, 'Score: none'"),
    "brackets that hold none": ("Score: 4\nRating: [[4-5]]", "[[4-5]] is no single number."),
    "behind a colon": ("It ends so:\n\nScore: 5", "follows a colon: is it quoted?"),
    "quoted": ("> Score: 5\n\nThat is a demand.", "it says 'Score: 5'"),
    "thought and nothing more": ("<think>Score: 4", "The reply holds reasoning and no answer after it."),
}


@pytest.mark.parametrize(("text", "rating"), LABELED.values(), ids=LABELED)
def test_a_line_with_a_label_is_a_rating_where_there_are_no_brackets(text: str, rating: float) -> None:
    assert read_labeled_rating(text, FIVE) == rating


@pytest.mark.parametrize(("text", "reason"), LABELED_UNREADABLE.values(), ids=LABELED_UNREADABLE)
def test_a_line_with_a_label_is_not_guessed_at(text: str, reason: str) -> None:
    with pytest.raises(ReplyError) as caught:
        read_labeled_rating(text, FIVE)
    assert reason in caught.value.reason
    assert caught.value.reply == text


@pytest.mark.parametrize("text", ["Score: 4", "Score: 4\nIt took", "It took a detour.\nScore: 4"])
def test_a_line_with_a_label_may_go_on_where_the_reply_was_cut_off(text: str) -> None:
    with pytest.raises(ReplyError, match="cut off at the token limit"):
        read_labeled_rating(text, FIVE, cut_off=True)


def test_brackets_that_open_a_reply_cut_off_are_read() -> None:
    assert read_labeled_rating("Score: [[4]]\nIt took", FIVE, cut_off=True) == 4


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("It took a detour.\nScore: 4", "It took a detour."),
        ("It took a detour.\n\n**Score:** 4/5\n", "It took a detour."),
        ("It took a detour.\nFinal score: 4 out of 5.", "It took a detour."),
        ("It took a detour.\n\n### Rating: [[4]]", "It took a detour."),
        ("It took a detour. Rating: [[4]]", "It took a detour."),
        ("Did it take a detour? Rating: [[4]]/5", "Did it take a detour?"),
        ("It took a detour.\n\n[[4]]", "It took a detour."),
        ("It took a detour.\n4", "It took a detour."),
        ("遠回りをした。\n評価：4", "遠回りをした。"),
        ("Score: 4", ""),
        ("[[4]]", ""),
        ("", ""),
        (" \n", ""),
        ("Score: 4\n\nIt took a detour.", "Score: 4\n\nIt took a detour."),
        ("It took a detour, so [[4]]", "It took a detour, so [[4]]"),
        ("It took 4", "It took 4"),
        ("Score: 4, as it took a detour.", "Score: 4, as it took a detour."),
        ("The sum of its costs:\n- 4 calls", "The sum of its costs:\n- 4 calls"),
        ("Score: 2\nIt took a detour.\nScore: 4", "Score: 2\nIt took a detour."),
    ],
)
def test_a_last_line_that_is_the_rating_and_nothing_else_goes(text: str, reasons: str) -> None:
    assert without_rating_line(text) == reasons


@pytest.mark.parametrize(
    "unit", ["\n", " ", "*", "_\n", "Score: ", "Score: 4\n", "[[4]]", ". Rating: ", "4", "-", ">\n"]
)
@pytest.mark.parametrize("ending", ["", "x", "\nScore: 4"])
def test_a_long_text_loses_its_last_line_as_any_other(unit: str, ending: str) -> None:
    """It may take no more than one pass: a judge that repeats itself without end is no rarity."""
    text = unit * (100_000 // len(unit)) + ending
    assert without_rating_line(text) in text
    rating = outcome_of_line(text)
    assert isinstance(rating, ReplyError) or rating == 4


def outcome_of_line(text: str) -> float | ReplyError:
    try:
        return read_labeled_rating(text, FIVE)
    except ReplyError as error:
        return error
