"""Verdict forms: the ways in which a judge writes its verdict, as patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MARKS = r"[*_`\"'“”‘’]*+"
_MARKUP = r"[\s*_`\"'“”‘’]*+"
_CERTAIN = r"(?:final\s+|overall\s+)?(?:grade|verdict)"
_LABEL = (
    r"(?:(?:grade|verdict|judge?ment|decision|winner|preference|overall|therefore|thus|hence)"
    r"|(?:so|thus|hence|therefore),?\s+the\s+answer"
    r"|(?:my|final|overall)\s+(?:answer|assessment|evaluation|result|choice|rating|score))"
)
_LEAD = r"(?:(?:so|thus|hence|therefore|the|my|our|final|overall|corrected|revised),?\s+){0,3}"
_SEPARATOR = rf"(?:\s+(?:is|would\s+be))?{_MARKUP}[:=：＝]{_MARKUP}"
_END = (
    rf"(?={MARKS}\]?(?:[ \t\r]*(?:\n|\Z)|[.;!)}}](?=[\s\"')}}\]]|\Z)(?!\s+(?:\d|of\b))|,|\s+[-–—]\s"
    rf"|\s*\((?!part|most)))"
)
ANY_BRACKETS = re.compile(r"\[\[(?<![A-Za-z0-9_)]\[\[)(?<![^\]]\]\[\[)([^\[\]]{1,80})\]\]")
BEFORE = re.compile(rf"(?:(?<=\n)|\A|(?<=\s))[\s>#*_`\"'-]*(?:{_LEAD}{_LABEL}{_SEPARATOR})?\Z", re.IGNORECASE)
ON_ITS_LINE = re.compile(
    rf"(?:\A|(?<=\n)|(?<=[.!?])[ \t])[ \t>#*_`\"'(-]*(?P<label>{_LEAD}{_LABEL}{_SEPARATOR})?[*_`\"'(]*\Z", re.IGNORECASE
)
SENTENCE_ENDS = re.compile(rf"{MARKS}(?:[ \t\r]*(?:\n|\Z)|[.,;:!)]|\s+[-–—]\s)")
AFTER = re.compile(r"[\s*_`\"'.!)}\]]*\Z")
UNREAD = re.compile(rf"(?:^|[\s*_`\"'])(?:{_CERTAIN}){_MARKUP}[:=]{_MARKUP}(?=\S)", re.IGNORECASE)
DOUBT = re.compile(
    r"\b(?:not|never|neither|nor|cannot|without|hardly|barely|than|if|whether|unless|either|versus|vs"
    r"|would\s+(?:be|have|need)|should|to\s+be"
    r"|no\s+reason|far\s+from|partially|partly|mostly|largely|half|almost|nearly|somewhat)\b|n['’]t\b",
    re.IGNORECASE,
)
REPORTED = re.compile(
    r"\b(?:says?|said|claims?|claimed|states?|stated|thinks?|believes?|argues?|suggests?|according|unclear)\b",
    re.IGNORECASE,
)
LISTED = re.compile(r"[ \t*_`\"'”,)]*+(?:if|when|where|for\s+(?:a|the))\b", re.IGNORECASE)  # what each would stand for
COMPARED = re.compile(r"\b(?:over|to|than|with|against)\s+(?:\w+\s+)?[*_`\"'(]*\Z", re.IGNORECASE)
SETTLES = re.compile(r"\b(?:overall|final(?:ly)?|reflection|all\s+in\s+all)\b", re.IGNORECASE)
NAMED = re.compile(r"[:：][\s*_`\"'>-]*\Z")
CONNECTED = re.compile(
    rf"[\s,;/&|–—*_`\"'-]*+(?:(?:and|or|to)[ \t]++)?[*_`\"']*+(?:{_LEAD}{_LABEL}{_SEPARATOR})?", re.IGNORECASE
)
TURNS = re.compile(r"\b(?:but|however|although|though|except|unless|yet|wait)\b", re.IGNORECASE)
ONE_SENTENCE = re.compile(r"[^.!?\n]{1,200}[.!]?\s*")
NEAR = 60  # characters before a verdict in which its label or a "not" stands
AROUND = " \n\t\r>#*_`\"'“”‘’().,;:!-–—[]"


@dataclass(frozen=True, slots=True)
class Forms:
    """The grammar for one set of words."""

    bracketed: re.Pattern[str]
    labeled: re.Pattern[str]
    alone: re.Pattern[str]
    first: re.Pattern[str]
    last: re.Pattern[str]
    sentence: re.Pattern[str]
    usual: re.Pattern[str]

    @classmethod
    @cache
    def of(cls, words: tuple[str, ...]) -> Forms:
        """Return the patterns for a set of words, in capitals."""
        # ASCII letters only: to re.IGNORECASE a dotless i is an "i" too.
        by_length = sorted(map(re.escape, words), key=len, reverse=True)
        any_word, long_words, letters = (
            f"(?a:{'|'.join(chosen) or '(?!)'})"
            for chosen in (by_length, [w for w in by_length if len(w) > 1], [w for w in by_length if len(w) == 1])
        )
        labeled = rf"{_LABEL}[\"']?{_SEPARATOR}\(?\[?({any_word})"
        starts = r"(?:^|(?<=[.!?])[ \t]++|(?<=[{,])\s*+(?=[\"']))[ \t*_`\"'#(\[-]*+(?:\d{1,2}[.)][ \t]+)?"
        says = (
            r"(?:it|this|(?:the|this)\s+(?:(?:student|submitted|given|predicted|final)(?:['’]?s?['’]?)\s+)*"
            r"(?:answer|response|submission|prediction|verdict|grade))\s+is\s+(?:therefore\s+|thus\s+|clearly\s+)?"
        )
        return cls(
            bracketed=re.compile(
                rf"\[\[(?<![A-Za-z0-9_)]\[\[)(?<![^\]]\]\[\[){_MARKUP}(?:{_LEAD}{_LABEL}{_SEPARATOR})?\[?({any_word}){_MARKUP}\]?\]\]"
                rf"(?!\(|{MARKS}\s*\?)",
                re.IGNORECASE,
            ),
            labeled=re.compile(
                rf"{starts}{_LEAD}({labeled}){_END}(?!{MARKS},\s*(?:(?:and|or)\s+)?{any_word}\b)",
                re.IGNORECASE | re.MULTILINE,
            ),
            alone=re.compile(
                rf"(?!.*(?:\[\[|\]\]))[ \t>#*_`\"'(\[-]*({any_word})[ \t\r*_`\"').\]!]*(?=\n|\Z)",
                re.IGNORECASE,
            ),
            first=re.compile(
                rf"\A{MARKS}({long_words}){MARKS}(?:([.,!]){MARKS}(?=\s)(?!\s+(?:\d|of\b))|\s+[-–—]\s)",
                re.IGNORECASE,
            ),
            last=re.compile(
                rf"(?:\A|[.!?\n,]\s*|\b(?i:so|that|thus|hence|therefore),?\s+)((?i:{says}){MARKS}({long_words})"
                rf"|(?i:(?:the|my)\s+(?:final\s+)?(?:answer|verdict)\s+is\s+){MARKS}({letters}))[\s*_`\"').!]*\Z"
            ),
            sentence=re.compile(rf"(?<=[a-z]{{3}}[.!])\s+{MARKS}\(?({any_word})[\s*_`\"').!]*\Z"),
            usual=re.compile(
                rf"[\s#*_`]*{_LEAD}((?:{_LABEL}|answer|conclusion|assessment|evaluation){_SEPARATOR}({any_word}))[\s*_`.]*",
                re.IGNORECASE,
            ),
        )
