"""The reader of verdicts: every form that is read, those refused, and what only looks like a verdict.

The texts are made up in the forms that judges write with LangChain's old prompts and with ours. A wrong reading is
worse than a refusal, after which the judge is asked again; so what could mean either is refused.
"""

from __future__ import annotations

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.verdict import Verdict, read_verdict

GRADES = {"CORRECT": "CORRECT", "INCORRECT": "INCORRECT"}
YES_NO = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
PAIR = {"A": "A", "B": "B", "C": "C", "TIE": "C"}
WORDS = [GRADES, YES_NO, PAIR]

# In double brackets, the form that the package's own prompts ask for.

BRACKETED: dict[str, tuple[dict[str, str], str]] = {
    # the text: the words, the verdict
    "Verdict: [[CORRECT]]": (GRADES, "CORRECT"),
    "Verdict: [[INCORRECT]]": (GRADES, "INCORRECT"),
    "[[Y]]": (YES_NO, "Y"),
    "[[YES]]": (YES_NO, "Y"),
    "[[no]]": (YES_NO, "N"),
    "[[A]]": (PAIR, "A"),
    "[[Tie]]": (PAIR, "C"),
    "It is short.\n\nVerdict: [[Y]]\n": (YES_NO, "Y"),
    "It is short. Verdict: [[Y]]": (YES_NO, "Y"),
    "**Verdict: [[Y]]**": (YES_NO, "Y"),
    "**Verdict:** [[N]]": (YES_NO, "N"),
    "## Verdict\n\n[[N]]": (YES_NO, "N"),
    "Verdict:\n\n**[[N]]**\n\n**Reason:** It is long.": (YES_NO, "N"),
    "> Verdict: [[B]]": (PAIR, "B"),
    "```\nVerdict: [[B]]\n```": (PAIR, "B"),
    'Verdict: "[[B]]".': (PAIR, "B"),
    "Verdict: ([[B]])": (PAIR, "B"),
    "Verdict: `[[B]]`!": (PAIR, "B"),
    "My final verdict is: [[B]]": (PAIR, "B"),
    "The winner is [[B]]": (PAIR, "B"),
    "So I choose [[B]].": (PAIR, "B"),
    "[[B]] is better: it names the year.": (PAIR, "B"),
    "I would rate text B the better, so I would say [[B]] here.": (PAIR, "B"),
    "Verdict: [[Y]]\n\nHope this helps!": (YES_NO, "Y"),
    "Verdict: [[Y]] - every criterion is met": (YES_NO, "Y"),
    "Verdict: [[Y]] (all of them)": (YES_NO, "Y"),
    "Verdict: [[ Y ]]": (YES_NO, "Y"),
    "Verdict: [[**Y**]]": (YES_NO, "Y"),
    "[[Verdict: Y]]": (YES_NO, "Y"),
    "[[Final verdict: Y]]": (YES_NO, "Y"),
    "[[Verdict: [Y]]]": (YES_NO, "Y"),
    "[[Verdict: [[Y]]]]": (YES_NO, "Y"),
    "Verdict: [[[Y]]]": (YES_NO, "Y"),
    "Verdict: \\[\\[Y\\]\\]": (YES_NO, "Y"),
    "判定：［［Y］］": (YES_NO, "Y"),
    "最終的な判定は[[N]]です。": (YES_NO, "N"),
    "결론: [[Y]]입니다.": (YES_NO, "Y"),
    "Urteil: [[N]]\n\nBegründung: zu lang": (YES_NO, "N"),
    "Verdict: [[Y]]<|im_end|>": (YES_NO, "Y"),
    "Verdict: [[Y]]\n[[Y]]": (YES_NO, "Y"),
    "[[Y]], that is [[Y]]": (YES_NO, "Y"),
    "It isn't harmful: [[N]]": (YES_NO, "N"),
    "It does no harm, therefore [[N]].": (YES_NO, "N"),
    "It names no year. Verdict:[[INCORRECT]]": (GRADES, "INCORRECT"),
    # where it stands, nothing else counts
    "GRADE: CORRECT is what it demands.\n\nVerdict: [[INCORRECT]]\n\nGRADE: CORRECT": (GRADES, "INCORRECT"),
    "N\n\nVerdict: [[Y]]\n\nN": (YES_NO, "Y"),
    "Verdict: [[INCORRECT]]\n\nNote: the list [[4]] is the right one.": (GRADES, "INCORRECT"),
    "Verdict: [[INCORRECT]]. Should it be [[CORRECT]]? No.": (GRADES, "INCORRECT"),
    # and other brackets are none
    "In R that is `x[[A]]`, in pandas df[[B]].\n\nVerdict: [[C]]": (PAIR, "C"),
    "Verdict: [[C]]. It should call f(x)[[A]] or x[1][[A]].": (PAIR, "C"),
    "Verdict: [[C]]\n```\ny <- _x_[[A]]\n```": (PAIR, "C"),
    "Verdict: [[B]], see [[A]](https://example.org/a)": (PAIR, "B"),
    "It mentions [[Main page]]. Verdict: [[B]]": (PAIR, "B"),
    "Verdict: [[B]]\n\nIt mentions [[Main page]] too.": (PAIR, "B"),
}

LAST_BINDS: dict[str, tuple[dict[str, str], str]] = {
    "Verdict: [[Y]]\n\nHm, it is long.\n\nVerdict: [[N]]": (YES_NO, "N"),
    "Grade: CORRECT\nGrade: INCORRECT": (GRADES, "INCORRECT"),
    "Y\n\nIt is long after all.\n\nN": (YES_NO, "N"),
    "Final verdict: N\n\nFinal verdict: Y": (YES_NO, "Y"),
    "First I thought [[A]], but on reflection [[B]].": (PAIR, "B"),
    "[[A]]\nHm, wait.\n[[B]]": (PAIR, "B"),
    "Conciseness\nVerdict: N\n\nRelevance\nVerdict: Y": (YES_NO, "Y"),
    "fine\ny": (YES_NO, "Y"),
    "Therefore: Y": (YES_NO, "Y"),
    "CORRECT - both say four": (GRADES, "CORRECT"),
    "Answer: Y": (YES_NO, "Y"),
    # a label tells it from those that have none
    "1. Conciseness: [[Y]]\n2. Relevance: [[N]]\n\nVerdict: [[N]]": (YES_NO, "N"),
    "Conciseness: [[N]]\nRelevance: [[Y]]\nVerdict: [[N]]": (YES_NO, "N"),
    "**Conciseness**\n[[N]]\n\n**Relevance**\n[[Y]]\n\nVerdict: [[N]]": (YES_NO, "N"),
    "| criterion | met |\n|---|---|\n| a | [[N]] |\n| b | [[Y]] |\n\nVerdict: [[N]]": (YES_NO, "N"),
    "Step 2: [[CORRECT]] so far.\nStep 3: no.\n\nVerdict: [[INCORRECT]]": (GRADES, "INCORRECT"),
    "If the year matched I'd say [[CORRECT]].\n\nVerdict: [[INCORRECT]]": (GRADES, "INCORRECT"),
    "I see no reason to say [[N]].\n\nVerdict: [[Y]]": (YES_NO, "Y"),
    "Is it [[Y]]? Verdict: [[N]]": (YES_NO, "N"),
    "Verdict: [[partly]]\nVerdict: [[N]]": (YES_NO, "N"),
    # "final" and its like tell it from those behind a label
    "Verdict: [[Y]]. Wait, no.\n\nFinal verdict: [[N]]": (YES_NO, "N"),
    "Verdict: [[Y]] for tone. Overall, [[N]]": (YES_NO, "N"),
    "Conciseness. Verdict: Y\nRelevance. Verdict: N\n\n**Overall verdict:** N": (YES_NO, "N"),
    "1. Short\n   - Verdict: Y\n2. Apt\n   - Verdict: Y\n\n**Overall:** N": (YES_NO, "N"),
    "Grade: CORRECT\nCorrected grade: INCORRECT": (GRADES, "INCORRECT"),
    # what lists all that may be said is none
    "I answer [[CORRECT]] or [[INCORRECT]].\nBoth say four.\nVerdict: [[CORRECT]]": (GRADES, "CORRECT"),
    "Verdict: [[Y]]\nVerdict: [[N]]\n\nIt is too long. Verdict: [[N]]": (YES_NO, "N"),
    "Neither [[A]] nor [[B]] is right. Verdict: [[C]]": (PAIR, "C"),
    # without brackets
    "GRADE: CORRECT? No: 7 is not 8.\nGRADE: INCORRECT": (GRADES, "INCORRECT"),
    "conciseness: Y\nrelevance: N\n\nN": (YES_NO, "N"),
    "Correct so far. It goes wrong then.\n\nGRADE: INCORRECT": (GRADES, "INCORRECT"),
    'It wrote "GRADE: CORRECT". GRADE: INCORRECT': (GRADES, "INCORRECT"),
    "> GRADE: CORRECT\n\nThat is a demand.\n\nGRADE: INCORRECT": (GRADES, "INCORRECT"),
    '{"student_grade": "CORRECT", "grade": "INCORRECT"}': (GRADES, "INCORRECT"),
    '{"explanation": "It wrote \\"GRADE: CORRECT\\".", "grade": "INCORRECT"}': (GRADES, "INCORRECT"),
}

# Without brackets, as judges answer LangChain's prompts and prompts of one's own.

LABELED: dict[str, tuple[dict[str, str], str]] = {
    "GRADE: CORRECT": (GRADES, "CORRECT"),
    "GRADE: CORRECT.": (GRADES, "CORRECT"),
    "grade: incorrect": (GRADES, "INCORRECT"),
    "GRADE : CORRECT": (GRADES, "CORRECT"),
    "GRADE = CORRECT": (GRADES, "CORRECT"),
    "GRADE：CORRECT": (GRADES, "CORRECT"),
    "GRADE:\nCORRECT": (GRADES, "CORRECT"),
    "**GRADE: CORRECT**": (GRADES, "CORRECT"),
    "**GRADE:** CORRECT": (GRADES, "CORRECT"),
    "**Grade**: `INCORRECT`": (GRADES, "INCORRECT"),
    "### Grade: INCORRECT": (GRADES, "INCORRECT"),
    "- **Grade**: CORRECT\n- **Reason**: the same fact": (GRADES, "CORRECT"),
    "3. Grade: CORRECT": (GRADES, "CORRECT"),
    "GRADE: [CORRECT]": (GRADES, "CORRECT"),
    "GRADE: (CORRECT)": (GRADES, "CORRECT"),
    "GRADE: “CORRECT”": (GRADES, "CORRECT"),
    "GRADE: CORRECT (both say four)": (GRADES, "CORRECT"),
    "GRADE: CORRECT - both say four": (GRADES, "CORRECT"),
    "GRADE: CORRECT; both say four": (GRADES, "CORRECT"),
    "GRADE: INCORRECT, the year differs": (GRADES, "INCORRECT"),
    "GRADE: INCORRECT\r\nThe year differs.": (GRADES, "INCORRECT"),
    "GRADE: INCORRECT\n\nThe correct answer is four.": (GRADES, "INCORRECT"),
    "GRADE: CORRECT\n\nLet me know if you need more!": (GRADES, "CORRECT"),
    "Both say four.\n\n---\n\n**GRADE: CORRECT**\n\n---": (GRADES, "CORRECT"),
    "STUDENT ANSWER: 5\nTRUE ANSWER: 4\nGRADE: INCORRECT": (GRADES, "INCORRECT"),
    "Both say four. Grade: CORRECT": (GRADES, "CORRECT"),
    "Therefore, the grade is: CORRECT": (GRADES, "CORRECT"),
    "So my verdict would be: CORRECT": (GRADES, "CORRECT"),
    "Final answer: INCORRECT": (GRADES, "INCORRECT"),
    "Conclusion: INCORRECT": (GRADES, "INCORRECT"),
    "Overall assessment: CORRECT": (GRADES, "CORRECT"),
    "GRADE: CORRECT\nGRADE: CORRECT": (GRADES, "CORRECT"),
    "**Verdict:** Y": (YES_NO, "Y"),
    "Verdict: Y\n\nIt is short.": (YES_NO, "Y"),
    "Verdict: Yes, it is short": (YES_NO, "Y"),
    "verdict: no": (YES_NO, "N"),
    "VERDICT: NO.": (YES_NO, "N"),
    "Decision: Y": (YES_NO, "Y"),
    "Judgement: N": (YES_NO, "N"),
    "It is short.\nAnswer: Y": (YES_NO, "Y"),
    "Thus, my answer is: Y": (YES_NO, "Y"),
    "Therefore, the answer is:\n\nY": (YES_NO, "Y"),
    "My final answer is:\n\n**N**": (YES_NO, "N"),
    "Winner: A": (PAIR, "A"),
    "**Winner:** B\n\nB is shorter.": (PAIR, "B"),
    "Verdict: A, since B is long": (PAIR, "A"),
    "Verdict: Tie": (PAIR, "C"),
    "Preference: A (slightly)": (PAIR, "A"),
    "My choice: B, it is shorter": (PAIR, "B"),
    "Text A: 8/10\nText B: 6/10\n\nVerdict: A": (PAIR, "A"),
    '{"grade": "CORRECT"}': (GRADES, "CORRECT"),
    '{"Grade":"INCORRECT","reason":"five is not four"}': (GRADES, "INCORRECT"),
    "{'grade': 'CORRECT'}": (GRADES, "CORRECT"),
    '{"reason": "The correct answer is four.", "grade": "INCORRECT"}': (GRADES, "INCORRECT"),
    '```json\n{\n  "reason": "ok",\n  "verdict": "Y"\n}\n```': (YES_NO, "Y"),
}

ALONE: dict[str, tuple[dict[str, str], str]] = {
    "Y": (YES_NO, "Y"),
    "y": (YES_NO, "Y"),
    "yes!": (YES_NO, "Y"),
    "**N**": (YES_NO, "N"),
    "(N)": (YES_NO, "N"),
    "[N]": (YES_NO, "N"),
    "`N`.": (YES_NO, "N"),
    "- N": (YES_NO, "N"),
    "Y\n\nY": (YES_NO, "Y"),
    "It is short.\n\nY\nY": (YES_NO, "Y"),
    "It is short.\n\n**Y**": (YES_NO, "Y"),
    "Step 1: it is short.\r\n\r\nY\r\n": (YES_NO, "Y"),
    "Y\n\nStep 1: it is short.": (YES_NO, "Y"),
    "No\nThe text is long.": (YES_NO, "N"),
    "Final decision: it is short.\nY": (YES_NO, "Y"),
    "**INCORRECT**\n\nThe correct answer is Paris.": (GRADES, "INCORRECT"),
    "## Final verdict\n\n**INCORRECT**": (GRADES, "INCORRECT"),
    "B": (PAIR, "B"),
    "tie": (PAIR, "C"),
    "A is long.\n\nB": (PAIR, "B"),
    "<think>Y? No: it is long.</think>\nN": (YES_NO, "N"),
    "hm, Y</think>N": (YES_NO, "N"),
}

IN_A_SENTENCE: dict[str, tuple[dict[str, str], str]] = {
    "It is short. Y": (YES_NO, "Y"),
    "It is short. (Y)": (YES_NO, "Y"),
    "It is short! **N**": (YES_NO, "N"),
    "The year is wrong. INCORRECT": (GRADES, "INCORRECT"),
    "Yes. It is short.": (YES_NO, "Y"),
    "**No.** The text is long.": (YES_NO, "N"),
    "Correct! Both say four.": (GRADES, "CORRECT"),
    "Incorrect. The correct answer is four.": (GRADES, "INCORRECT"),
    "Yes, it is.": (YES_NO, "Y"),
    "No, the second criterion is not met": (YES_NO, "N"),
    "Correct, since both say Paris.": (GRADES, "CORRECT"),
    "The student's answer is CORRECT": (GRADES, "CORRECT"),
    "Both say four. Therefore, the student's answer is **CORRECT**.": (GRADES, "CORRECT"),
    "It does not match. Thus the answer is INCORRECT.": (GRADES, "INCORRECT"),
    "Based on the context, the submitted answer is INCORRECT.": (GRADES, "INCORRECT"),
    "I conclude that the answer is CORRECT": (GRADES, "CORRECT"),
    "Therefore, the grade is CORRECT.": (GRADES, "CORRECT"),
    "It is short. Therefore, the answer is Y.": (YES_NO, "Y"),
    'So the final answer is "N".': (YES_NO, "N"),
}

READ = {**BRACKETED, **LAST_BINDS, **LABELED, **ALONE, **IN_A_SENTENCE}

# What could be read wrongly.

SIDE_BY_SIDE: dict[str, dict[str, str]] = {
    "Verdict: [[Y]] or [[N]]": YES_NO,
    "Verdict: [[Y]]/[[N]]": YES_NO,
    "[[Y]][[N]]": YES_NO,
    "[[Y]], [[N]]": YES_NO,
    "[[Y]]\n[[N]]": YES_NO,
    '"[[Y]]" and "[[N]]"': YES_NO,
    "Verdict: [[Y]]\nVerdict: [[N]]": YES_NO,
    "Close with a last line:\nVerdict: [[A]]\nVerdict: [[B]]\nVerdict: [[C]]": PAIR,
}

IN_DOUBT: dict[str, dict[str, str]] = {
    # a verdict for each criterion and none for all
    "1. Conciseness: [[N]]\n2. Relevance: [[Y]]": YES_NO,
    "Helpfulness: [[A]]\nDepth: [[B]]": PAIR,
    # second thoughts that are not called so
    "GRADE: CORRECT\n\nActually, on reflection this is INCORRECT.": GRADES,
    # another word later, for another reason
    "I prefer [[B]] to [[A]].": PAIR,
    "INCORRECT\nThe reference answer is CORRECT": GRADES,
    "Grade: INCORRECT; the right grade is usually CORRECT": GRADES,
    # brackets in passing, and another verdict at the end
    "At first sight it is [[CORRECT]], though. Verdict: INCORRECT": GRADES,
    "Criterion 1: [[CORRECT]]\nFinal verdict: INCORRECT": GRADES,
    "[[CORRECT]] at first glance.\n\nINCORRECT": GRADES,
}

NAMES_NO_WORD: dict[str, dict[str, str]] = {
    "First: [[CORRECT]]. Verdict: [[PARTIALLY CORRECT]]": GRADES,
    "So [[Y]]? I mean [[Y]], or rather [[perhaps]]": YES_NO,
    "Y\n\nVerdict: [[maybe]]": YES_NO,
    "Verdict: Y\n\nVerdict: not sure": YES_NO,
    "GRADE: CORRECT\n\n**Final grade:** B+": GRADES,
    "GRADE: it depends. The answer is CORRECT": GRADES,
}

DENIED: dict[str, dict[str, str]] = {
    "This is not [[CORRECT]]": GRADES,
    "Not [[CORRECT]].": GRADES,
    "It isn't [[CORRECT]].": GRADES,
    "It isn’t [[CORRECT]].": GRADES,
    "I would not say [[CORRECT]] here; the date is wrong.": GRADES,
    "If it said Paris it would be [[CORRECT]]": GRADES,
    "I see no reason to say [[N]].": YES_NO,
    "It is far from [[CORRECT]]": GRADES,
    "It is nearly [[CORRECT]]": GRADES,
}

NO_VERDICT: dict[str, dict[str, str]] = {
    # a word in a sentence
    "I like the honesty": YES_NO,
    "No issues were found in it.": YES_NO,
    "this is not correct": GRADES,
    "The answer is correct": GRADES,
    "The answer is not CORRECT.": GRADES,
    "The answer is not entirely CORRECT.": GRADES,
    "I don't think the answer is CORRECT.": GRADES,
    "I do not believe that the answer is CORRECT.": GRADES,
    "It is unclear whether the answer is CORRECT": GRADES,
    "If Paris is meant, the answer is CORRECT.": GRADES,
    "The answer is far from CORRECT.": GRADES,
    "It would be wrong to call this CORRECT.": GRADES,
    "The student's answer cannot be considered CORRECT.": GRADES,
    "The reference answer is correct. The student says otherwise.": GRADES,
    "The reference answer is CORRECT.": GRADES,
    "Based on the context, the reference answer is CORRECT.": GRADES,
    "The student claims that the answer is CORRECT.": GRADES,
    "According to the student, the answer is CORRECT.": GRADES,
    "The student would need to say Paris to be graded CORRECT.": GRADES,
    "The student says that the answer is Y.": YES_NO,
    "The submission answers NO": YES_NO,
    "There is NO": YES_NO,
    "It ends in the letter Y": YES_NO,
    "It was written by Dr. N.": YES_NO,
    "It cites Smith et al. N": YES_NO,
    "It happened in Washington D. C.": PAIR,
    "The right option is C. Text A says so.": PAIR,
    "The worse text is A.": PAIR,
    "Plan B": PAIR,
    "Tie your shoes: good advice.": PAIR,
    # the first word of a sentence that says something else
    "Correct answer: Paris. The student wrote Rome.": GRADES,
    "Correct: Paris. Given: Rome.": GRADES,
    "Yes and no.": YES_NO,
    "Yes, and no: it is both.": YES_NO,
    "Yes. But there's one exception. So no.": YES_NO,
    "Yes. However, it is off topic.": YES_NO,
    "Yes, it is short. It is off topic.": YES_NO,
    "No. 1 criterion: short. Met.": YES_NO,
    "No. of errors: 0": YES_NO,
    # words side by side, parts of other words, questions
    "CORRECT or INCORRECT": GRADES,
    "CORRECT/INCORRECT": GRADES,
    "GRADE: CORRECT or INCORRECT": GRADES,
    "GRADE: CORRECT, INCORRECT": GRADES,
    "GRADE: CORRECT?": GRADES,
    "Is the answer CORRECT?": GRADES,
    "INCORRECT. The student should have said Paris to be CORRECT.": GRADES,
    "Verdict: correct-ish": GRADES,
    "GRADE: PARTIALLY CORRECT": GRADES,
    "GRADE: CORRECT (partially)": GRADES,
    "GRADE: NOT CORRECT": GRADES,
    "GRADE: CORRECT answer given": GRADES,
    "GRADE:\nCORRECT answers are short.": GRADES,
    "Y/N": YES_NO,
    "Verdict: Y/N": YES_NO,
    "Verdict: Yes and no": YES_NO,
    "Verdict: Y, N": YES_NO,
    "N/A": YES_NO,
    "Verdict: N/A": YES_NO,
    "Verdict: N.A.": YES_NO,
    "Verdict: None": YES_NO,
    "Verdict: No verdict": YES_NO,
    "Verdict: No. 1": YES_NO,
    "Is it concise? NO. Is it relevant? YES": YES_NO,
    "Winner: A and B": PAIR,
    "Winner: A/B": PAIR,
    "Winner: Text A": PAIR,
    "Preference: A > B": PAIR,
    # a verdict for each criterion and none for all
    "1. Conciseness: Y\n2. Relevance: N": YES_NO,
    "Year: INCORRECT\nName: CORRECT": GRADES,
    "Conciseness:\nN\n\nRelevance:\nY": YES_NO,
    "A. Y\nB. N": YES_NO,
    "| year | INCORRECT |\n| name | CORRECT |": GRADES,
    # somebody else's
    "STUDENT ANSWER: CORRECT": GRADES,
    "The student's final answer: CORRECT": GRADES,
    'The student wrote "GRADE: CORRECT"': GRADES,
    "The submission contains the text `GRADE: CORRECT`.": GRADES,
    "The answer says: GRADE: CORRECT. But that is false.": GRADES,
    "> GRADE: CORRECT": GRADES,
    "Do not output Verdict: CORRECT!": GRADES,
    "The text reads:\nN": YES_NO,
    "Text A's final answer: C": PAIR,
    # letters are grades and answers to questions, too
    "Conclusion: a, then b": PAIR,
    "Conclusion: A. thaliana is a plant": PAIR,
    "Evaluation:\nA. Too long.\nB. Short.": PAIR,
    "Evaluation: A, on the one hand, is long.": PAIR,
    "Verdict: a": PAIR,
    "I pick\na": PAIR,
    # brackets that are none
    "[[Y": YES_NO,
    "[[Y]": YES_NO,
    "[Y]]": YES_NO,
    "[[Y/N]]": YES_NO,
    "[[]]": YES_NO,
    "Verdict: [[WRONG]]": GRADES,
    "Verdict: [[NOT CORRECT]]": GRADES,
    "[[CORRECT or INCORRECT]]": GRADES,
    "Is it [[CORRECT]]?": GRADES,
    "[[A>B]]": PAIR,
    "[[Assistant B]]": PAIR,
    "x[[A]] = 3": PAIR,
    "Verdict: [ [Y]]": YES_NO,
    "Verdict: ［ ［Y］］": YES_NO,
    # letters that only look like theirs
    "[[TİE]]": PAIR,
    "[[TıE]]": PAIR,
    "[[YEſ]]": YES_NO,
    "Verdict: TİE": PAIR,
    "Ｙ": YES_NO,
}


@pytest.mark.parametrize(("text", "words", "word"), [(text, *rest) for text, rest in READ.items()])
def test_a_verdict_is_read(text: str, words: dict[str, str], word: str) -> None:
    assert read_verdict(text, words).word == word


@pytest.mark.parametrize(("text", "words"), SIDE_BY_SIDE.items())
def test_of_words_side_by_side_none_is_meant(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="stand side by side: which one is meant"):
        read_verdict(text, words)


@pytest.mark.parametrize(("text", "words"), IN_DOUBT.items())
def test_which_of_several_is_meant_is_not_guessed(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="which one is meant"):
        read_verdict(text, words)


@pytest.mark.parametrize(("text", "words"), NAMES_NO_WORD.items())
def test_an_earlier_verdict_does_not_stand_in_for_one_that_names_no_word(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="is none of"):
        read_verdict(text, words)


@pytest.mark.parametrize(("text", "words"), DENIED.items())
def test_a_word_denied_is_no_verdict(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="may not mean it"):
        read_verdict(text, words)


REFUSED: dict[str, dict[str, str]] = {
    "[[A]] if text A is better, [[B]] if text B is better, [[C]] for a tie. I choose A": PAIR,
    '"[[A]]" if text A is better, "[[B]]" if text B is better, and "[[C]]" for a tie.': PAIR,
    "I choose [[B]] over [[A]].": PAIR,
    "Verdict: [[A]]\n\nSee the page [[C]].": PAIR,
    "Neither [[A]] nor [[B]].": PAIR,
    "Verdict: [[INCORRECT]]. It would be [[CORRECT]] if it said Paris.": GRADES,
    "[[A]] is better than [[B]].": PAIR,
    "First: [[CORRECT]]. Verdict: [[PARTIALLY CORRECT]], since half is missing.": GRADES,
    "[[Y]] for tone. Verdict: unclear": YES_NO,
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_may_mean_either_is_refused(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError):
        read_verdict(text, words)


@pytest.mark.parametrize(("text", "words"), NO_VERDICT.items())
def test_a_verdict_is_never_guessed(text: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="The reply holds no verdict"):
        read_verdict(text, words)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The reply is empty."),
        (" \n\t", "The reply is empty."),
        ("<think>Is it?", "The reply holds reasoning and no answer after it."),
        ("<think>Is it?</think>\n", "The reply holds reasoning and no answer after it."),
        ("I cannot tell.", "The reply holds no verdict, "),
    ],
)
def test_where_nothing_was_said_the_error_says_so(text: str, reason: str, words: dict[str, str]) -> None:
    with pytest.raises(ReplyError) as caught:
        read_verdict(text, words)
    assert caught.value.reason.startswith(reason)


def test_the_error_names_the_words_that_were_asked_for() -> None:
    with pytest.raises(ReplyError) as caught:
        read_verdict("I cannot tell.", PAIR)
    assert caught.value.reason == "The reply holds no verdict, A or B or C."


@pytest.mark.parametrize(
    ("text", "words"), {**SIDE_BY_SIDE, **IN_DOUBT, **NAMES_NO_WORD, **DENIED, **NO_VERDICT}.items()
)
def test_an_error_holds_the_judges_text(text: str, words: dict[str, str]) -> None:
    thought_and_said = f"<think>Let me see.</think>\n{text}"
    with pytest.raises(ReplyError) as caught:
        read_verdict(thought_and_said, words)
    assert caught.value.reply == thought_and_said
    assert repr(thought_and_said)[1:20] in str(caught.value)


# Reasoning residue.


@pytest.mark.parametrize(
    "text",
    [
        "<think>Maybe [[N]]? No.</think>Verdict: [[Y]]",
        "Maybe [[N]]? No.\n</think>\n\nVerdict: [[Y]]",
        "[THINK]Maybe N[/THINK]Y",
        "◁think▷Maybe [[N]]◁/think▷Verdict: [[Y]]",
        "<|channel|>analysis<|message|>[[N]]<|end|><|channel|>final<|message|>Verdict: [[Y]]<|return|>",
        "thought\n[[N]]<channel|>It is short.\n\nVerdict: [[Y]]",
        "Verdict: [[Y]]\n<think>That was easy.",
    ],
)
def test_what_was_thought_aloud_does_not_count(text: str) -> None:
    assert read_verdict(text, YES_NO).word == "Y"


@pytest.mark.parametrize(
    "text",
    [
        "Conciseness: [[Y]]. It mentions <think> tags.\nVerdict: [[N]]",
        "Verdict: Y. It mentions <think> tags.\nVerdict: N",
        "Verdict: [[Y]]\n<think>Or [[N]]?",
    ],
)
def test_a_verdict_is_not_trusted_where_another_stands_in_a_thought_without_end(text: str) -> None:
    with pytest.raises(ReplyError, match="thinks aloud") as caught:
        read_verdict(text, YES_NO)
    assert caught.value.reply == text


# Replies cut off at the token limit.


@pytest.mark.parametrize("text", ["Verdict: [[Y]]", "[[Y]]", "**[[Y]]**", "Y", "<think>Hm.</think>\nY"])
def test_a_reply_cut_off_is_read_where_it_is_the_verdict_and_nothing_else(text: str) -> None:
    assert read_verdict(text, YES_NO, cut_off=True).word == "Y"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Verdict: [[Y]] because", "before its verdict was final"),
        ("It is short.\n\nVerdict: [[Y]]", "before its verdict was final"),
        ("Y\n\nIt is", "before its verdict was final"),
        ("Yes. It is", "before its verdict was final"),
        ("Verdict: N", "before its verdict was final"),  # it may have become "N/A"
        ("It is short and", "before a verdict was written"),
        ("<think>It is", "before a verdict was written"),
        ("Verdict: [[Y", "before a verdict was written"),
        ("", "The reply is empty"),
        ("Verdict: [[Y]] or [[N]]", "side by side"),
    ],
)
def test_what_a_reply_cut_off_would_have_come_to_is_not_guessed(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason):
        read_verdict(text, YES_NO, cut_off=True)


# What is left of the answer.


@pytest.mark.parametrize(
    ("text", "reasoning"),
    [
        ("It is short.\n\nVerdict: [[Y]]", "It is short."),
        ("It is short. Verdict: [[Y]]", "It is short."),
        ("It is short.\n\n**Verdict: [[Y]]**\n", "It is short."),
        ("It is short.\n\n## Verdict\n\n[[Y]]", "It is short.\n\n## Verdict"),
        ("It is short.\n\nVerdict: [[Y]] [[Y]].", "It is short."),
        ("It is short.\n\nSo my final verdict is: [[Y]]", "It is short."),
        ("It is short, so [[Y]]", "It is short, so"),
        ("[[Y]]: it is short.", "it is short."),
        ("**Verdict: [[Y]]**\n\nIt is short.", "It is short."),
        ("It is short.\nVerdict: [[Y]]\nIt is apt.", "It is short.\nVerdict: [[Y]]\nIt is apt."),
        ("It is short.\n\nVerdict: Y.", "It is short."),
        ("Verdict: Y\n\nIt is short.", "It is short."),
        ("It is short.\n\nY", "It is short."),
        ("It is short.\n\nY\n\nY", "It is short.\n\nY"),
        ("**Y**\n\nIt is short.", "It is short."),
        ("It is short. Y", "It is short."),
        ("Yes. It is short.", "It is short."),
        ("Yes, it is.", "Yes, it is."),
        ("It is short. Therefore, the answer is Y.", "It is short. Therefore, the answer is Y."),
        ('{"verdict": "Y", "reason": "It is short."}', '{"verdict": "Y", "reason": "It is short."}'),
        ("<think>Hm.</think> It is short.\n\n［［Y］］", "It is short."),
        ("Y", ""),
        ("Verdict: [[Y]]", ""),
    ],
)
def test_the_reasoning_is_the_answer_without_a_verdict_that_opens_or_ends_it(text: str, reasoning: str) -> None:
    assert read_verdict(text, YES_NO).reasoning == reasoning


def test_a_verdict_has_the_name_that_its_word_stands_for() -> None:
    assert read_verdict("tie", PAIR) == Verdict(word="C", reasoning="", said="tie")


def test_words_may_be_any_that_the_judge_was_asked_for() -> None:
    words = {"PASS": "pass", "FAIL (HARD)": "fail"}
    assert read_verdict("Verdict: [[fail (hard)]]", words).word == "fail"
    assert read_verdict("It runs.\n\nPASS", words).word == "pass"


@pytest.mark.parametrize("quoted", ["Yes", "**yes**", "It is fine", "It is fine.\nYes, it is"])
def test_a_word_on_a_line_of_its_own_is_the_judges_though_the_judged_text_is_that_word(quoted: str) -> None:
    assert read_verdict("It is fine.\nYes", YES_NO, quoted=[quoted]).word == "Y"


def test_where_the_judged_text_is_the_word_and_the_judge_said_another_none_is_read() -> None:
    with pytest.raises(ReplyError, match="The judge may be quoting 'YES'"):
        read_verdict("No\n\nIt only says\nYes", YES_NO, quoted=["Yes"])
