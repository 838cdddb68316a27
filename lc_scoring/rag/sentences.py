"""Sentences: where one ends and the next begins, without a model and in any language that ends them with marks."""

from __future__ import annotations

import re

_BREAK = re.compile(
    r"(?<![.!?…])(?P<end>[.!?…]++[\"'”’)\]]*+)(?:\s++(?=\S)|(?=[\[［]\^?\d|【\d))"  # an end, then space or citation
    r"|(?<=[。！？｡])(?![”’」』）。！？])\s*+(?=\S)"  # scripts that part sentences without space
    r"|\n\s*+"
)
_NO_END = re.compile(
    r"(?:^|[\s(\"'“‘])(?:[^\W\d_]|e\.g|i\.e|etc|vs|cf|al|approx|ca|no|nos|vol|fig|eq|pp|st|mr|mrs|ms|dr|prof|sr|jr|z\.b|d\.h|bzw|usw|nr)\.$",
    re.IGNORECASE,
)
_MARKED = re.compile(  # citations that stand behind a mark, on its line
    r"[^\S\n]*(?:[\[［]\^?\d[\d,;^、， –-]*[\]］]|【\d[\d,;、， –-]*】)+[.!?…]?"
)
_SHORT = 12  # characters; more than a shortened word, or the number of a list's item, takes


def sentences_of(text: str) -> list[str]:
    """Cut a text into sentences; together they hold all of it but the space between them.

    A citation mark behind a sentence's end belongs to the sentence: `It opened in 1903. [2]`.

    Args:
        text: in any language; nothing that is blank gives nothing.

    Examples:
        >>> sentences_of("Dr. Moor left at 9.30 a.m. by boat. Who knew? [2] Nobody did.")
        ['Dr. Moor left at 9.30 a.m. by boat.', 'Who knew? [2]', 'Nobody did.']
        >>> sentences_of("塔は1889年に完成した。設計者は誰か？")
        ['塔は1889年に完成した。', '設計者は誰か？']
    """
    sentences: list[str] = []
    begin = 0
    for found in _BREAK.finditer(text):
        end = found.end("end") if found["end"] else found.start()
        if found.start() < begin:
            continue  # within citation marks that were taken already
        if found["end"] and (cited := _MARKED.match(text, end)):
            end = cited.end()
            if end < len(text) and not text[end].isspace():
                continue
        elif found["end"] and _goes_on(text, begin, end, found.end()):
            continue
        if sentence := text[begin:end].strip():
            sentences.append(sentence)
        begin = max(end, found.end()) if end <= found.end() else end
    if rest := text[begin:].strip():
        sentences.append(rest)
    return sentences


def _goes_on(text: str, begin: int, end: int, following: int) -> bool:
    """Whether a full stop ends a shortened word or a number, and no sentence."""
    if text[end - 1] != ".":
        return False
    if end - begin <= _SHORT and text[begin : end - 1].strip().isdecimal():
        return True  # the number of a list's item
    return text[following].islower() or _NO_END.search(text[max(begin, end - _SHORT) : end]) is not None
