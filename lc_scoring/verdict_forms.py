"""Verdict forms: the places in a judge's answer where a word stands as its verdict, and how plainly it does."""

# ruff: noqa: RUF001, RUF003 - judges write full-width characters and curly quotation marks

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

FINAL, LABELED, ALONE, WITHIN = 3, 2, 1, 0
"""How plainly a word is the verdict: called final, behind a label, on a line of its own, within a sentence."""

NEAR = 100  # characters around a word that tell how it is meant
_QUOTED = 40  # characters beside a word that tell whether both stand in a judged text
_LETTERS = frozenset("ABCDE")  # these are grades, and answers to a question, too

# Labels; some need more than to stand there.
_ALWAYS = "verdict|judgment|judgement|decision|winner|preference|overall"
_NOT_FOR_LETTERS = "grade|answer|result|rating|score"
_OF_ITS_OWN = "answer|result|rating|score|choice"  # "my", "final"
_ON_ITS_LINE = "answer|result|rating|score|conclusion|assessment|evaluation"
LABEL = rf"(?:{_ALWAYS}|grade|choice|{_ON_ITS_LINE})"

MARKUP = r"[\s*_`\"'“”‘’]*+"
_MARKS = r"[*_`\"'“”‘’]{0,9}+"
SEPARATOR = rf"(?:[ \t]{{1,4}}(?:is|would be))?{MARKUP}[:=：＝]{MARKUP}"
_SENTENCE = r"(?<=[.!?])[ \t]|(?<=[.!?][\"'”)*_])[ \t]"
_LINE_MARKS = r"[ \t#*_`\"'“({\[-]{0,12}+(?:\d{1,2}[.)][ \t]{1,4})?[*_`\"'“]{0,4}"
_LEAD = (
    r"(?P<lead>(?:so|thus|hence|therefore|accordingly|consequently|(?P<all>overall|finally|in (?:conclusion|summary)))"
    r"\b[,:]?[ \t]{1,4})?(?P<whose>(?:the|my|our)[ \t]{1,4})?"
    r"(?P<final>(?:final|overall|revised|corrected)[ \t]{1,4})?"
)
# What stands before a word and behind it.
_BEFORE = re.compile(
    rf"(?:\A|(?<=\n)|{_SENTENCE})[ \t>]{{0,4}}{_LINE_MARKS}{_LEAD}"
    rf"(?P<label>{LABEL}(?:{SEPARATOR}|[ \t]{{1,4}}is[ \t]{{1,4}}))?[\s*_`\"'“(\[]{{0,9}}\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"[\s,;/&|–—*_`\"'.-]{{0,12}}+(?:(?:and|or|to|nor|vs\.?)[ \t]++)?[*_`\"']{{0,4}}+(?:{LABEL}{SEPARATOR})?",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"[ \t*_`\"'”,)\]]{0,9}+(?:if|when|unless|where|or|at first|for (?:a|the))\b", re.IGNORECASE)
_ENDS = re.compile(r"[*_`\"'”)\]]{0,9}+(?:[ \t\r]*+(?:\n|\Z|\()|[.,;:!]|\s+[-–—]\s)")
_LINE_ENDS = re.compile(r"[ \t\r*_`\"'”).!\]}]{0,12}+(?=\n|\Z)")
_NAMED = re.compile(r"[:：][\s*_`\"'“>-]*\Z")
_DATA_KEY = re.compile(r"[\"']\s*:")
_TURNS = re.compile(
    r"\b(?:but|however|although|though|except|unless|nevertheless|still|yet|wait|actually|otherwise)\b", re.IGNORECASE
)
_ONE_CLAUSE = re.compile(r"[^.,;:!?\n]{1,120}[.!]?")
_SHORTENED = re.compile(
    r"(?<!\w)(?:[A-Z][a-z]?|Prof|Mrs|Inc|etc|al|vs|cf|pp|[Nn]o|[Ff]ig|[Ss]ec|[Vv]ol|[Ee]q|[Aa]pp)\.\Z"
)
DOUBT = re.compile(
    r"\b(?:not|never|neither|nor|cannot|without|hardly|barely|than|if|whether|unless|would (?:be|have|need)|instead of"
    r"|no reason|far from|fail(?:s|ed)? to|wrong to|partially|partly|mostly|largely|half|almost|nearly|somewhat)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:says?|said|claims?|claimed|states?|stated|thinks?|believes?|argues?|asserts?|suggests?|according)\b",
    re.IGNORECASE,
)

# The grammar; @any@ and its like stand for the words.
# No x[[1]], f(x)[[1]] or x[1][[2]], and no link. What stands before is looked at behind the brackets: a pattern that
# begins with letters is found fast.
_IN_BRACKETS = r"\[\[(?<![A-Za-z0-9)]\[\[)(?<![^\]]\]\[\[)(?<![A-Za-z0-9]_\[\[){}\]\](?!\((?:https?:|[#./]))"
ANY_BRACKETS = re.compile(_IN_BRACKETS.format(r"[^\[\]]{1,80}"))
_BRACKETED = _IN_BRACKETS.format(
    rf"{MARKUP}(?P<inside>(?:final |overall )?{LABEL}{SEPARATOR})?\[?(?P<word>@any@){MARKUP}\]?"
)
_LABELED = (
    rf"(?:^|{_SENTENCE}|(?<=[{{,])\s{{0,9}}+(?=[\"'])){_LINE_MARKS}{_LEAD}(?P<label>{LABEL})"
    rf"(?P<separator>[\"']?{SEPARATOR})\(?\[?(?P<word>@any@)\)?(?={_MARKS}\]?(?!\])"
    rf"(?:[ \t\r]*[}}\]]*(?:,|\n|\Z)|[.;!](?=[\s\"'”)}}\]]|\Z)|\s+[-–—]\s|\s*\((?!partial|partly|mostly)))"
    rf"(?!{_MARKS}(?:\.\s*(?:\d|of\b)|,\s*(?:(?:and|or)\s+)?@any@\b))"
)
_ON_A_LINE = r"^[ \t#*_`\"'“(-]{0,12}+(?P<open>\[)?(?P<word>@any@)(?(open)\])[ \t\r*_`\"'”).!]{0,12}(?=\n|\Z)"
_OPENING = rf"\A{_MARKS}(?P<word>@long@){_MARKS}(?P<mark>[.!,]){_MARKS}(?=\s)(?!\s+(?:\d|of\b))"
_CLOSING = rf"(?<=[.!])[\"'”)]?(?P<gap>\s{{1,9}}){_MARKS}\(?(?P<word>@any@)[\s*_`\"'”).!]{{0,12}}\Z"
_SAID = (
    r"(?:\A|[.!\n,]\s*|\b(?i:so|that|thus|hence|therefore),? )(?P<said>(?:(?i:it|this"
    r"|(?:(?:the|this|their) )?(?:student['’]?s?['’]? |submitted |given |provided |predicted |final )*"
    r"(?:answer|response|prediction|submission|grade|verdict)) is (?i:therefore |thus |hence |clearly )?"
    rf"{_MARKS}(?P<word>@telling@)|(?i:(?:the|my) (?:final )?(?:answer|verdict) is ){_MARKS}(?P<letter>@letter@)))"
    r"[\s*_`\"'”).!]{0,12}\Z"
)
_MENTIONED = r"\b(?P<long>@long@)\b|(?<=[.!?:] )(?P<any>@any@)(?=[.,;!]?(?:\n|\Z)|[.;!] )"


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a word stands as the verdict, or may be meant so.

    Attributes:
        start: where it begins.
        end: where it ends.
        word: the verdict.
        rank: how plainly it is one.
        cut: where the line, the sentence or the label begins that says it and nothing else; None where it says more.
        listed: it is none, but casts doubt on another.
        words: what a judged text might hold too; None for brackets.
    """

    start: int
    end: int
    word: str
    rank: int = WITHIN
    cut: int | None = None
    listed: bool = False
    words: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Forms:
    """The grammar for one set of words: what each stands for, and the ways in which one is written."""

    words: Mapping[str, str]
    bracketed: re.Pattern[str]
    labeled: re.Pattern[str]
    on_a_line: re.Pattern[str]
    opening: re.Pattern[str]
    closing: re.Pattern[str]
    said: re.Pattern[str]
    mentioned: re.Pattern[str]
    ending: re.Pattern[str]

    def verdict(self, word: str) -> str:
        """Return the verdict that a word stands for, as the judge wrote it."""
        return self.words[word.upper()]


def forms_of(words: Mapping[str, str]) -> Forms:
    """Return the grammar for words, in capitals, and the verdict each stands for."""
    return _forms_of(tuple(words.items()))


@cache
def _forms_of(words: tuple[tuple[str, str], ...]) -> Forms:
    by_length = sorted((word for word, _ in words), key=len, reverse=True)
    kinds = {
        "@any@": by_length,
        "@long@": [word for word in by_length if len(word) > 1],
        "@letter@": [word for word in by_length if len(word) == 1 and word not in _LETTERS],
        "@telling@": [word for word in by_length if len(word) > len("YES")],
    }

    def form(grammar: str, flags: int = 0) -> re.Pattern[str]:
        for kind, members in kinds.items():
            # ASCII letters only: to re.IGNORECASE "ı" and "İ" are an "i" too.
            grammar = grammar.replace(kind, f"(?a:{'|'.join(map(re.escape, members)) or '(?!)'})")
        return re.compile(grammar, flags)

    return Forms(
        words=dict(words),
        bracketed=form(rf"{_BRACKETED}(?!{_MARKS}[ \t]?\?)", re.IGNORECASE),
        labeled=form(_LABELED, re.IGNORECASE | re.MULTILINE),
        on_a_line=form(_ON_A_LINE, re.IGNORECASE | re.MULTILINE),
        opening=form(_OPENING, re.IGNORECASE),
        closing=form(_CLOSING),
        said=form(_SAID),
        mentioned=form(_MENTIONED),
        ending=form(rf"\b(?P<word>@long@)(?={_MARKS}(?:[.,;:!?\n]|\Z))", re.IGNORECASE),
    )


def in_brackets(answer: str, forms: Forms) -> list[list[Found]]:
    """Return words in brackets; those with nothing but a comma, an "or" or a label between stand together."""
    runs: list[list[Found]] = []
    for one in forms.bracketed.finditer(answer):
        rank, cut = stands(answer, *one.span())
        rank = LABELED if one["inside"] and rank == ALONE else rank
        found = Found(one.start(), one.end(), forms.verdict(one["word"]), rank, cut)
        if runs and _stand_together(answer, runs[-1][-1], found):
            runs[-1].append(found)
        else:
            runs.append([found])
    return runs


def _stand_together(answer: str, one: Found, other: Found) -> bool:
    between = _BETWEEN.fullmatch(answer, one.end, other.start)
    return between is not None and ("\n" not in between[0] or WITHIN < one.rank == other.rank)


def stands(answer: str, start: int, end: int) -> tuple[int, int]:
    """Return how plainly what stands there is a verdict, and where its line, sentence or label begins."""
    before = _BEFORE.search(answer, max(0, start - NEAR), start)
    if before is None or _CONDITION.match(answer, end):
        return WITHIN, start
    if before["final"] or before["all"] or (before["label"] or "").lower().startswith("overall"):
        return FINAL, before.start()
    if before["label"] or before["lead"]:
        return LABELED, before.start()
    return (ALONE if _ENDS.match(answer, end) else WITHIN), before.start()


def on_their_own(answer: str, forms: Forms, start: int = 0) -> Iterator[Found]:
    """Yield words without brackets behind a label, and words on a line of their own."""
    for one in forms.labeled.finditer(answer, start):
        if _is_labeled(one, answer):
            rank = FINAL if one["final"] or one["all"] or one["label"].lower() == "overall" else LABELED
            cut = None if _DATA_KEY.match(one["separator"]) else one.start()
            words = (one.start("label"), one.end("word"))
            yield Found(one.start(), one.end("word"), forms.verdict(one["word"]), rank, cut, words=words)
    for one in forms.on_a_line.finditer(answer, start):
        first, last = one.start() == 0, one.end() == len(answer)
        if not (_is_article(one["word"]) and not (first and last)):
            words = (one.start(), one.end() + _QUOTED) if first else (max(0, one.start() - _QUOTED), one.end())
            listed = not (first or last) or follows_colon(answer, one.start())
            yield Found(one.start(), one.end(), forms.verdict(one["word"]), ALONE, one.start(), listed, words)


def follows_colon(answer: str, start: int) -> bool:
    """Tell whether the line before ends in a colon, so that what follows is the value of what it names."""
    return _NAMED.search(answer, max(0, start - NEAR), start) is not None


def _is_labeled(one: re.Match[str], answer: str) -> bool:
    """Tell whether a word behind a label is a verdict: what else is called an answer or a score must be excluded."""
    word, label, separator = one["word"], one["label"].lower(), one["separator"]
    line = _LINE_ENDS.match(answer, one.end("word"))
    if _is_article(word) or (word in _LETTERS and label in _NOT_FOR_LETTERS.split("|")):
        return False
    if label in _OF_ITS_OWN.split("|"):
        so_it_is = label == "answer" and (len(word) == 1 or (one["whose"] and separator.lstrip().startswith("is")))
        if not (one["final"] or (one["whose"] or "").strip().lower() in {"my", "our"} or so_it_is):
            return False
    if label in _ON_ITS_LINE.split("|"):
        first = "\n" not in answer[: one.end("word")] if one.start() < NEAR else False
        return line is not None and (first or line.end() == len(answer))
    return line is not None or "\n" not in separator


def _is_article(word: str) -> bool:
    """Tell whether a word is a letter in lower case: "a" is an article."""
    return len(word) == 1 and word.islower()


def in_sentences(answer: str, forms: Forms) -> Iterator[Found]:
    """Yield a word that is the first or the last sentence, or what the last says that the answer is."""
    one = forms.opening.match(answer)
    if one and _settles(one, answer[one.end() :].strip(), forms):
        cut, words = (None if one["mark"] == "," else one.start()), (0, one.end() + _QUOTED)
        yield Found(one.start(), one.end(), forms.verdict(one["word"]), WITHIN, cut, words=words)
    tail = max(0, len(answer) - 2 * NEAR)
    one = forms.closing.search(answer, tail)
    if one and not _SHORTENED.search(answer, max(0, one.start() - NEAR), one.start()):
        words = (max(0, one.start() - _QUOTED), one.end())
        yield Found(one.start("word"), one.end(), forms.verdict(one["word"]), WITHIN, one.start("gap"), words=words)
    if one := forms.said.search(answer, tail):
        start, end = one.span("said")
        sentence = max(tail, *(answer.rfind(mark, tail, start) for mark in ".!?\n"))
        if not (DOUBT.search(answer, sentence, start) or _REPORTED.search(answer, sentence, start)):
            yield Found(start, end, forms.verdict(one["word"] or one["letter"]), words=(start, end))


def _settles(opening: re.Match[str], rest: str, forms: Forms) -> bool:
    """Tell whether the first word is what the whole answer comes to."""
    verdict = forms.verdict(opening["word"])
    if _TURNS.search(rest) or any(forms.verdict(one["word"]) != verdict for one in forms.ending.finditer(rest)):
        return False
    return opening["mark"] != "," or _ONE_CLAUSE.fullmatch(rest) is not None


def mentioned(answer: str, forms: Forms, last: Found) -> Iterator[Found]:
    """Yield words in capitals that cast doubt on the last found: all behind it, those before it if it is not plain."""
    for one in forms.mentioned.finditer(answer):
        if one.start() >= last.end and one["long"]:
            yield Found(one.start(), one.end(), forms.verdict(one["long"]), last.rank, listed=True)
        elif not last.start <= one.start() < last.end:
            yield Found(one.start(), one.end(), forms.verdict(one["long"] or one["any"]), WITHIN, listed=True)
