r"""Rating: the one reader of a judge's words, from `[[n]]` and its relatives to a number on the scale.

A rating is read, never guessed. The grammar, on the reply without reasoning residue:

    rating   :=  "[[" [label sep] number [unit | denominator] "]]"     the last one binds
              |  "[[" label "]]" sep number                            the placeholder echoed, the number behind it
    label    :=  rating, score, grade ... in several languages
    sep      :=  ":" or "="
    number   :=  [+-] digits [. digits], also in full-width characters
    denominator := "/ n" or "out of n", n the top of the scale
    unit     :=  points, stars, 점, 分 ..., and % on a scale up to 100

White space, asterisks, backticks and underscores around the parts do not matter; `\[\[8\]\]` and `［［8］］` are
brackets too. Arrays (`[[1, 2]]`), code (`df[[3]]`) and words (`[[True]]`) are no ratings and are passed over.
A last bracket that starts like a rating and is none (`[[7-8]]`, `[[Rating: none]]`), or one off the scale, is an
error: an earlier number must not stand in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lc_scoring.errors import ReplyError
from lc_scoring.scale import Scale, number_text, plain_number

_THOUGHT = r"(?:\w{1,20}:)?(?:think(?:ing)?|thought)"
_RESIDUE_END = re.compile(
    rf"</{_THOUGHT}\s*>|◁/think▷|\[/THINK\]|<channel\|>|<\|channel\|>\s*final\s*<\|message\|>", re.IGNORECASE
)
_RESIDUE_START = re.compile(
    rf"<{_THOUGHT}(?:\s[^<>]{{0,80}})?>|◁think▷|\[THINK\]|<\|channel\|>\s*analysis\b", re.IGNORECASE
)

_PERCENT_TOP = 100
_NEAR = 60  # characters behind an echoed placeholder in which its number must stand
_TAIL = 400  # characters at a reply's end in which a number without brackets is looked for, to name it in the error
_WIDE = str.maketrans("［］．／：＝％－−＋", "[]./:=%--+", "\u200b\u200c\u200d\u2060\ufeff")
_ESCAPED = re.compile(r"\\([\[\]])\\\1")

# What judges call a rating; those without a space between words are found by their ending.
_CERTAIN_LABELS = (
    "rating|score|grade|bewertung|punktzahl|gesamtbewertung|calificación|calificacion|puntuación|puntuacion|valoración"
    "|valoracion|pontuação|pontuacao|punteggio|оценка|рейтинг|評価|評点|評分|评分|评级|得分|分数|總分|总分|スコア|평가|평점"
    "|점수|등급|총점"
)
_LABELS = f"{_CERTAIN_LABELS}|overall|verdict|mark|note|nota|voto"
_FINAL = r"(?:(?:final|overall|total|my|the|your)\s+){0,2}"
_LABEL = rf"(?:{_FINAL}(?:{_LABELS})(?:\s+(?:rating|score|value|number|n|점수))?)"
_NUMBER = r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})"
_UNIT = r"(?:points?|pts?\.?|stars?|punkte?|sterne?|puntos?|分|点|點|점|★)"
_MARKUP = r"[\s*_`]*+"
_SEPARATOR = rf"{_MARKUP}[:=]{_MARKUP}"
_VALUE = rf"(?P<number>(?>{_NUMBER})){_MARKUP}(?:(?:/|out\s+of|von)\s*(?P<top>{_NUMBER}))?{_MARKUP}(?P<unit>%|{_UNIT})?"

_USUAL = re.compile(r"(?<=[\s:*\"'])\[\[(\d{1,9})\]\][\s*.`\"']*\Z")
_UNUSUAL = ("<", "\\", "◁", "［")
_BRACKETS = re.compile(r"\[\[(?<!\[\[\[)(?!\[)((?:[^\[\]]|\[[^\[\]]{1,40}\](?=\]\])){1,80}+)\]\]")
_INSIDE = re.compile(rf"{_MARKUP}(?:(?P<label>{_LABEL}){_SEPARATOR})?\[?{_VALUE}{_MARKUP}\]?", re.IGNORECASE)
_STARTS_LIKE_ONE = re.compile(rf"{_MARKUP}(?:{_LABEL}{_SEPARATOR}|{_NUMBER})", re.IGNORECASE)
_PLACEHOLDER = re.compile(rf"{_MARKUP}(?:{_LABEL}|n|number){_MARKUP}", re.IGNORECASE)
_BEHIND = re.compile(
    rf"{_SEPARATOR}(?P<bracket>\[)?{_VALUE}(?(bracket)\s*\])(?!\[|[.,]?\d|\s*(?:[-–~]|to\b|or\b)\s*\d)", re.IGNORECASE
)
_BEGINS_BEHIND = re.compile(rf"{_SEPARATOR}\[?[+-]?\.?\d")
_AFTER = re.compile(rf"\s*+(?:/|out\s+of|von)\s*(?P<top>{_NUMBER})|(?P<unit>%)|(?P<digit>\.?\d)", re.IGNORECASE)
_SCORE_LINE = re.compile(
    rf"^[ \t#*_`-]{{0,12}}+{_FINAL}(?:{_CERTAIN_LABELS})(?=[*_`]*[:=：])", re.IGNORECASE | re.MULTILINE
)
_RATING_LINE = re.compile(
    rf"(?:(?:^|(?<=[.!?])[ \t])[ \t>#*_`-]*+{_FINAL}(?:{_CERTAIN_LABELS})[*_`]*[:=：]|^)[\s*_`]*+"
    rf"(?:\[\[[^\[\]]{{1,30}}\]\]|{_NUMBER})(?:\s*(?:/|out\s+of)\s*\d+)?[\s*_`.]*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(r"[:：][ \t*_]*\n\s*\Z")
# A label with something like a rating behind it that was not read; "[ [" is a mark of judged text, broken.
_UNREAD = re.compile(
    rf"\b{_FINAL}(?:{_CERTAIN_LABELS}){_MARKUP}[:=]{_MARKUP}(?:\\?\[(?! \[|\[n\])|{_NUMBER}|n/?a\b|none\b)",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(rf"{_MARKUP}(?:{_LABEL}{_SEPARATOR})?\d+,\d{{1,2}}{_MARKUP}", re.IGNORECASE)
_CLOSING = frozenset(")]")
_LABEL_ENDINGS = tuple(_LABELS.split("|"))
_SIDE_BY_SIDE = re.compile(r"[ \t,;/&|–—-]*+(?:(?:and|or|to)[ \t]++)?", re.IGNORECASE)
# What stands before or behind a bracket that is no second thought about the rating: the scale's top, another
# quantity with a name of its own, a link.
_NO_SECOND_THOUGHT = re.compile(
    r"(?:\b(?:out\s+of|scale(?:\s+of)?|where|maximum|max|top)|\w[ \t]*:)[\s*_`(]*$", re.IGNORECASE
)
_SECOND_THOUGHT = re.compile(
    r"\b(?:final|overall|revised|corrected|new|answer|conclusion)\b[^\n:]{0,20}:[\s*_`(]*$", re.IGNORECASE
)
_OPENING = re.compile(rf"[\W_]*+(?:{_LABEL}[\W_]*+)?", re.IGNORECASE)
_UNBRACKETED = re.compile(rf"{_LABEL}{_MARKUP}[:=]?{_MARKUP}\[?{_NUMBER}|{_NUMBER}\s*/\s*\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """A place in the reply that claims to be a rating; `number` is None where it starts like one and is none."""

    start: int
    end: int
    number: str | None
    top: str | None = None
    unit: str | None = None
    labeled: bool = False


def read_rating(text: str, scale: Scale, *, cut_off: bool = False) -> float:
    """Read the one rating that a judge's reply settles on.

    Args:
        text: the reply, reasoning residue and all.
        scale: which numbers are possible.
        cut_off: the reply ended at the token limit. Then only a rating that opens the reply is read: any other
            may belong to a part of an answer whose whole was never written.

    Returns:
        The rating in scale units, an int where it is whole.

    Raises:
        ReplyError: there is none, it is off the scale, or it cannot be told which number is meant.

    Examples:
        >>> read_rating("First [[3]], on reflection: Rating: [[7.5]]", Scale(1, 10))
        7.5
        >>> read_rating("Rating: [[14]]", Scale(1, 10))
        Traceback (most recent call last):
        ...
        lc_scoring.errors.ReplyError: The rating 14 is off the scale 1..10. The judge wrote: 'Rating: [[14]]'
    """
    if not cut_off and (usual := _usual(text)) is not None and scale.contains(usual):
        return usual
    answer = plain(without_residue(text))
    found = list(_ratings(answer))
    if not found:
        raise ReplyError(_why_none(text, answer, cut_off=cut_off), reply=text)
    if cut_off and not _OPENING.fullmatch(answer, 0, found[0].start):
        raise ReplyError("The reply was cut off at the token limit before its rating was final.", reply=text)
    chain = _side_by_side(found if cut_off else found[::-1], answer)
    ratings = [_number(one, answer, scale, text) for one in chain]
    if len(set(ratings)) > 1:
        sides = answer[min(one.start for one in chain) : max(one.end for one in chain)]
        raise ReplyError(f"Different ratings stand side by side, {sides}: which one is meant?", reply=text)
    if not cut_off:
        _check_final(found, answer, text)
    return ratings[0]


def read_labeled_rating(text: str, scale: Scale, *, cut_off: bool = False) -> float:
    r"""Read a rating in brackets or, where no brackets hold a number, the last line that begins `Score: 4`.

    LangChain's trajectory evaluator asked for that line, and prompts written for it still do.

    Raises:
        ReplyError: as `read_rating` does; or that line holds no number on the scale, or stands behind a line that ends
            in a colon, where it may be quoted.

    Examples:
        >>> read_labeled_rating("It took a detour.\nScore: 4", Scale(1, 5, 1))
        4
        >>> read_labeled_rating("Score: 4\nScore: [[2]]", Scale(1, 5, 1))
        2
    """
    answer = plain(without_residue(text)).strip()
    lines = [] if cut_off or any(True for _ in _ratings(answer)) else list(_SCORE_LINE.finditer(answer))
    if not lines:
        return read_rating(text, scale, cut_off=cut_off)
    last = lines[-1]
    value = next(_behind_placeholder(answer, *last.span()), None)
    if value is None:
        said = answer[last.start() :].partition("\n")[0].strip()[:_NEAR]
        raise ReplyError(f"The reply's last rating, {said!r}, is unreadable.", reply=text)
    if _NAMED.search(answer, max(0, last.start() - _NEAR), last.start()):
        raise ReplyError("The line with the rating follows a colon: is it quoted?", reply=text)
    return _number(value, answer, scale, text)


def _usual(text: str) -> int | None:
    """Return the number of the most common reply, which needs no weighing: its only bracket, at its end."""
    start = text.find("[[")
    if start < 0 or text.find("[") != start or text.rfind("[") != start + 1:
        return None
    for sign in _UNUSUAL:
        if sign in text:
            return None
    usual = _USUAL.match(text, start)
    return int(usual[1]) if usual else None


def bracketed_numbers(text: str) -> list[tuple[int, float]]:
    """Return the place and the number of each thing in `text` that reads like a rating.

    Examples:
        >>> bracketed_numbers("First [[3]], then [[Rating: 8]].")
        [(6, 3.0), (18, 8.0)]
    """
    return [(found.start, float(found.number)) for found in _ratings(plain(text)) if found.number is not None]


def without_rating_line(text: str) -> str:
    r"""Drop a last line that is the rating and nothing else.

    Examples:
        >>> without_rating_line("It took a detour.\nScore: 4")
        'It took a detour.'
        >>> without_rating_line("One call, well used. Rating: [[5]]")
        'One call, well used.'
    """
    text = text.strip()
    line = _RATING_LINE.search(text, max(0, len(text) - _TAIL))
    return text[: line.start()].rstrip() if line else text


def without_residue(text: str) -> str:
    """Drop what a reasoning model thought aloud, also where the opening or the closing tag is missing.

    Examples:
        >>> without_residue("maybe [[2]]</think> Rating: [[8]]")
        ' Rating: [[8]]'
        >>> without_residue("<think>maybe [[2]]")
        ''
    """
    if not ("<" in text or "◁" in text or "THINK]" in text or "think]" in text):
        return text
    begin = max((end.end() for end in _RESIDUE_END.finditer(text)), default=0)
    again = _RESIDUE_START.search(text, begin)
    return text[begin : again.start() if again else None]


def plain(text: str) -> str:
    """Write full-width and escaped brackets as plain ones."""
    if "\\[\\[" in text:
        text = _ESCAPED.sub(r"\1\1", text)
    return text.translate(_WIDE) if "［" in text else text


def _check_final(found: list[_Found], answer: str, text: str) -> None:
    """Make sure that the last rating found is the one the reply settles on."""
    last = found[-1]
    if not last.labeled and (unread := _UNREAD.search(answer, last.end)):
        raise ReplyError(
            f"The reply's last rating, {answer[unread.start() : unread.end() + 8]!r}, is unreadable.", reply=text
        )
    if again := _RESIDUE_START.search(text):
        behind = _RESIDUE_END.search(text, again.end())
        if behind is None and any(True for _ in _ratings(plain(text[again.end() :]))):
            raise ReplyError("The reply thinks aloud and does not end it, with a rating on either side.", reply=text)
    labeled = [one for one in found if one.labeled]
    if labeled and not last.labeled and labeled[-1].number != last.number and _is_something_else(last, answer):
        rating, other = (answer[one.start : one.end] for one in (labeled[-1], last))
        raise ReplyError(f"{rating} is called the rating, and {other} comes after it: which one is meant?", reply=text)


def _is_something_else(found: _Found, answer: str) -> bool:
    """Whether a bracket that comes after the rating looks like the scale's top, another quantity, a link or code."""
    before = answer[max(0, found.start - _NEAR) : found.start]
    if answer.startswith("(", found.end) or answer.count("```", 0, found.start) % 2:
        return True
    return _NO_SECOND_THOUGHT.search(before) is not None and _SECOND_THOUGHT.search(before) is None


def _side_by_side(found: list[_Found], answer: str) -> list[_Found]:
    """Return the first and those that stand next to it, one after another, with nothing but a comma between."""
    chain = found[:1]
    for one in found[1:]:
        left, right = sorted((chain[-1], one), key=lambda each: each.start)
        if not _SIDE_BY_SIDE.fullmatch(answer, left.end, right.start):
            break
        chain.append(one)
    return chain


def _ratings(answer: str) -> Iterator[_Found]:
    end_of_code = -1
    for brackets in _BRACKETS.finditer(answer):
        start, end, inside = brackets.start(), brackets.end(), brackets[1].translate(_WIDE)
        if start == end_of_code or _is_code(answer, start):
            end_of_code = end
        elif value := _INSIDE.fullmatch(inside):
            yield _with_after(answer, start, end, value)
        elif _PLACEHOLDER.fullmatch(inside):
            yield from _behind_placeholder(answer, start, end)
        elif _DECIMAL_COMMA.fullmatch(inside) or ("," not in inside and _STARTS_LIKE_ONE.match(inside)):
            yield _Found(start, end, None)


def _with_after(answer: str, start: int, end: int, value: re.Match[str]) -> _Found:
    """Take in what stands right behind the brackets and belongs to the number: a top, a %, or more digits."""
    number, top, unit, label = value.group("number", "top", "unit", "label")
    after = _AFTER.match(answer, end)
    if after and after["digit"]:
        return _Found(start, after.end(), None)
    if after:
        top, unit = top or after["top"], unit or after["unit"]
    return _Found(start, end, number, top, unit, labeled=bool(label) or _label_before(answer, start))


def _behind_placeholder(answer: str, start: int, end: int) -> Iterator[_Found]:
    behind = answer[end : end + _NEAR].translate(_WIDE)
    value = _BEHIND.match(behind)
    if value and (value.end() < _NEAR or len(behind) < _NEAR):
        yield _Found(start, end + value.end(), value["number"], value["top"], value["unit"], labeled=True)
    elif _BEGINS_BEHIND.match(behind):
        yield _Found(start, end + _NEAR, None)


def _label_before(answer: str, start: int) -> bool:
    before = answer[max(0, start - _NEAR) : start].rstrip(" \n\t*_`#:：=('\"")
    return before.removesuffix(" is").removesuffix(" of").lower().endswith(_LABEL_ENDINGS)


def _is_code(answer: str, start: int) -> bool:
    """Whether the brackets at `start` follow a name or a call, `x[[1]]` or `f([[1]])`, that is no rating's label."""
    before = answer[max(0, start - _NEAR) : start].removesuffix("(")
    last = before[-1:] if before[-1:] != "_" else before[-2:-1]
    if not last.isascii() or not (last.isalnum() or last in _CLOSING) or before.endswith("]]"):
        return False
    return not before.lower().endswith(_LABEL_ENDINGS)


def _number(found: _Found, answer: str, scale: Scale, text: str) -> float:
    if found.number is None:
        raise ReplyError(f"{answer[found.start : found.end].strip()} is no single number.", reply=text)
    rating = plain_number(float(found.number))
    if found.top is not None and float(found.top) != scale.high:
        raise ReplyError(f"The rating is out of {found.top}, but the scale is {scale}.", reply=text)
    if found.unit == "%" and scale.high != _PERCENT_TOP:
        raise ReplyError(f"The rating is a percentage, but the scale is {scale}.", reply=text)
    if not scale.contains(rating):
        raise ReplyError(f"The rating {number_text(rating)} is off the scale {scale}.", reply=text)
    return rating


def _why_none(text: str, answer: str, *, cut_off: bool) -> str:
    if not text.strip():
        return "The reply is empty."
    if cut_off:
        return "The reply was cut off at the token limit before a rating was written."
    if not answer.strip():
        return "The reply holds reasoning and no answer after it."
    if bare := _UNBRACKETED.search(answer[-_TAIL:]):
        return f"The reply holds no rating in double brackets ([[n]]); it says {bare[0]!r}."
    return "The reply holds no rating in double brackets ([[n]])."
