r"""Verdict: the one reader of a judge's word where it decides between a few, such as Y and N or CORRECT and INCORRECT.

A verdict is read, never guessed. On the reply without reasoning residue:

    verdict  :=  "[[" [label sep] word "]]"           in double brackets; where one stands, nothing else counts
              |  start label sep word end             `GRADE: CORRECT`, `**Verdict:** Y`, `{"verdict": "N"}`
              |  the first or last line, alone        `Y`, `**INCORRECT**`
              |  the first or last sentence, alone    `Yes. It is.`, `It is short. Y`
              |  the last sentence, "the answer is"   `So the student's answer is CORRECT.`; in capitals
    label    :=  grade, verdict, judgment, decision, final answer ...
    sep      :=  ":" or "="
    start    :=  the start of a line or of a sentence

The last one binds, if it is told from those before it: one behind a label from one that is none, one called final
or overall from all others. Where two differ and nothing tells which is meant (a list of criteria with a verdict each
is written so), that is an error; so are words side by side (`[[Y]] or [[N]]`), a word denied ("not [[Y]]"), and a
later `Verdict:` that names no word. A word in a sentence ("this is not correct", "I like the honesty") is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from lc_scoring.errors import ReplyError
from lc_scoring.rating import plain, without_residue

_NEAR = 100  # characters around a verdict that tell how it is meant
_QUOTED = 40  # characters of a reply beside a word that tell whether both stand in a judged text

_MARKS = r"[*_`\"'“”‘’]{0,9}+"
_MARKUP = r"[\s*_`\"'“”‘’]*+"
_GRADES = r"grade|answer|result|choice|rating|score"  # A, B and C are grades, and answers to a question, too
_SUMS_UP = r"conclusion|assessment|evaluation"
_LABEL = rf"(?:verdict|judge?ment|decision|winner|preference|{_GRADES}|{_SUMS_UP})"
_SEPARATOR = rf"(?:[ \t]{{1,4}}(?:is|would be))?{_MARKUP}[:=：＝]{_MARKUP}"
_SENTENCE = r"(?<=[.!?])[ \t]|(?<=[.!?][\"'”)*_])[ \t]"
_LINE_MARKS = r"[ \t#*_`\"'“({\[-]{0,12}+(?:\d{1,2}[.)][ \t]{1,4})?[*_`\"'“]{0,4}"
_LEAD = (
    r"(?P<lead>(?:so|thus|hence|therefore|accordingly|consequently|(?P<last>overall|finally|in (?:conclusion|summary)))"
    r"\b[,:]?[ \t]{1,4})?(?P<whose>(?:the|my|our)[ \t]{1,4})?"
    r"(?P<final>(?:final|overall|revised|corrected)[ \t]{1,4})?"
)
_HEADING = (
    r"(?P<heading>[ \t#*_]{0,9}+(?:(?:final|overall)(?:[ \t]+\w{4,12})?|conclusion|summary)[ \t:*_]{0,9}\n\s{0,9})?"
)
# What stands before a verdict, up to it.
_STANDS = re.compile(
    rf"(?:\A|(?<=\n)|{_SENTENCE}){_HEADING}[ \t>]{{0,4}}{_LINE_MARKS}{_LEAD}"
    rf"(?P<label>{_LABEL}(?:{_SEPARATOR}|[ \t]{{1,4}}is[ \t]{{1,4}}))?[\s*_`\"'“(\[]{{0,9}}\Z",
    re.IGNORECASE,
)
_CLAUSE = re.compile(rf"[^,;:.!?\n]*(?:\b{_LABEL}{_SEPARATOR}|[*_`\"'“(]*)\Z", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:not|never|neither|nor|cannot|without|hardly|barely|than|if|whether|unless|would (?:be|have|need)|instead of"
    r"|far from|fail(?:s|ed)? to|wrong to|partially|partly|mostly|largely|half|almost|nearly|somewhat)\b|n['’]t\b",
    re.IGNORECASE,
)
_COLON_LINE = re.compile(r"[:：][ \t\r*_]*\n\s*\Z")
# What stands behind it.
_CONNECTED = re.compile(
    rf"[\s,;/&|–—*_`\"'.-]{{0,12}}+(?:(?:and|or|to|nor|vs\.?)[ \t]++)?[*_`\"']{{0,4}}+(?:{_LABEL}{_SEPARATOR})?",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"[\s*_`\"'”,)\]]{0,9}+(?:if|when|unless|where|or|at first|for (?:a|the))\b", re.IGNORECASE)
_ENDS = re.compile(r"[*_`\"'”)\]]{0,9}+(?:[ \t\r]*+(?:\n|\Z|\()|[.,;:!]|\s+[-–—]\s)")
_LINE_ENDS = re.compile(r"[ \t\r*_`\"'”).!\]}]{0,12}+(?=\n|\Z)")
_AFTER = re.compile(r"[\s*_`\"'”.!)\]}]*+\Z")
# What else may stand in an answer.
_IN_BRACKETS = r"(?<![A-Za-z0-9)\]])(?<![A-Za-z0-9]_)\[\[{}\]\](?!\((?:https?:|[#./]))"  # no x[[1]], no link
_ANY_BRACKETS = re.compile(_IN_BRACKETS.format(r"[^\[\]]{1,80}"))
_UNREAD = re.compile(
    rf"(?:^|[\s*_`\"'])(?:final\s+|overall\s+)?(?:grade|verdict){_MARKUP}[:=：＝]{_MARKUP}(?=\S)", re.IGNORECASE
)
_TURNS = re.compile(
    r"\b(?:but|however|although|though|except|unless|nevertheless|still|yet|wait|actually|otherwise)\b", re.IGNORECASE
)
_ONE_CLAUSE = re.compile(r"[^.,;:!?\n]{1,120}[.!]?")
_SHORTENED = re.compile(r"(?<!\w)(?:\w{1,2}|prof|mrs|fig|sec|vol|inc|etc|app)[.!]\Z", re.IGNORECASE)

# The grammar of words without brackets; @any@ and its like stand for the words.
_LABELED = (
    rf"(?:^|{_SENTENCE}|(?<=[{{,])\s{{0,9}}+(?=[\"'])){_LINE_MARKS}{_LEAD}(?P<label>{_LABEL})"
    rf"(?P<separator>[\"']?{_SEPARATOR})\(?\[?(?P<word>@any@)\)?(?={_MARKS}\]?(?!\])"
    rf"(?:[ \t\r]*[}}\]]*(?:\n|\Z)|[.;!](?=[\s\"'”)}}\]]|\Z)|,|\s+[-–—]\s|\s*\((?!partial|partly|mostly)))"
    rf"(?!{_MARKS}(?:\.\s*(?:\d|of\b)|,\s*(?:(?:and|or)\s+)?@any@\b))"
)
_ALONE = rf"^[ \t#*_`\"'“(\[-]{{0,12}}+(?P<word>@any@)[ \t\r*_`\"'”)\].!]{{0,12}}(?=\n|\Z)"
_OPENING = rf"\A{_MARKS}(?P<word>@long@){_MARKS}(?P<mark>[.!,]){_MARKS}(?=\s)(?!\s+(?:\d|of\b))"
_CLOSING = rf"(?<=[.!])[\"'”)]?\s{{1,9}}{_MARKS}\(?(?P<word>@any@)[\s*_`\"'”).!]{{0,12}}\Z"
_SAID = (
    r"(?:\A|[.!\n,]\s*|\b(?i:so|that|thus|hence|therefore),? )(?P<said>(?:"
    r"(?i:(?:(?:the|my) )?(?:final |overall )?(?:grade|verdict|decision|judge?ment|winner|(?:better|best) \w{3,12}))"
    rf" is (?i:therefore |thus |hence |clearly )?{_MARKS}(?P<any>@any@)"
    rf"|(?i:the (?:final )?answer) is (?i:therefore |thus |hence |clearly )?{_MARKS}(?P<answer>@answer@)"
    r"|(?i:it|this|(?:(?:the|this|their) )?(?:student['’]?s?['’]? |submitted |given |provided |predicted |final )*"
    rf"(?:answer|response|prediction|submission)) is (?i:therefore |thus |hence |clearly )?{_MARKS}(?P<telling>@telling@)"
    r"))[\s*_`\"'”).!]{0,12}\Z"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge decided.

    Attributes:
        word: the verdict, one of those asked for.
        reasoning: the answer without it, where it stands at the answer's end or start; else the whole answer.
        labeled: where it was not in brackets, the words it was read from, with their label or what stands beside
            them: anybody's text might hold them, and a judge quote them.
        closes: it ends the answer, on a line or in a sentence of its own or behind a label.
    """

    word: str
    reasoning: str
    labeled: str | None = None
    closes: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A place that may hold the verdict.

    `rank` says how plainly it does: 3 called final, 2 behind a label, 1 on a line or in a sentence of its own, 0 in a
    sentence. One that is `listed` is no verdict but casts doubt on another. The reasoning is what `cut` leaves of
    the answer. `words` spans what a judged text might hold too.
    """

    start: int
    end: int
    word: str
    rank: int = 0
    listed: bool = False
    cut: int | None = None
    words: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Forms:
    """The grammar for one set of words."""

    bracketed: re.Pattern[str]
    labeled: re.Pattern[str]
    alone: re.Pattern[str]
    opening: re.Pattern[str]
    closing: re.Pattern[str]
    said: re.Pattern[str]
    capitals: re.Pattern[str]
    ending: re.Pattern[str]

    @classmethod
    @cache
    def of(cls, words: tuple[str, ...]) -> _Forms:
        kinds = {
            "@any@": words,
            "@long@": [word for word in words if len(word) > 1],
            "@answer@": [word for word in words if word not in "ABCDE"],
            "@telling@": [word for word in words if len(word) > len("YES")],
        }

        def form(grammar: str, flags: int = 0) -> re.Pattern[str]:
            for kind, members in kinds.items():
                by_length = sorted(map(re.escape, members), key=len, reverse=True)
                # ASCII letters only: to re.IGNORECASE "ı" and "İ" are an "i" too.
                grammar = grammar.replace(kind, f"(?a:{'|'.join(by_length) or '(?!)'})")
            return re.compile(grammar, flags)

        bracketed = rf"{_MARKUP}(?P<inside>(?:final |overall )?{_LABEL}{_SEPARATOR})?\[?(?P<word>@any@){_MARKUP}\]?"
        return cls(
            bracketed=form(rf"{_IN_BRACKETS.format(bracketed)}(?!{_MARKS}\s?\?)", re.IGNORECASE),
            labeled=form(_LABELED, re.IGNORECASE | re.MULTILINE),
            alone=form(_ALONE, re.IGNORECASE | re.MULTILINE),
            opening=form(_OPENING, re.IGNORECASE),
            closing=form(_CLOSING),
            said=form(_SAID),
            capitals=form(r"\b(?P<word>@long@)\b"),
            ending=form(rf"\b(?P<word>@long@)(?={_MARKS}(?:[.,;:!?\n]|\Z))", re.IGNORECASE),
        )
