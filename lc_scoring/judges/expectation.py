"""The expected rating: the mean of the ratings a judge could have written, by the probabilities of its tokens.

Liu et al. 2023, "G-Eval", equation 1: the sum over the ratings of probability times rating. It breaks the ties that
whole numbers make. The probabilities stand at the token that begins the rating, and at those that go on with it: a
tokenizer may write 10 as `1` and `0`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lc_scoring.flow import Reply, Token
from lc_scoring.judged_text import without_echoes
from lc_scoring.judges.structured import RATING, key_place
from lc_scoring.rating import bracketed_numbers, plain, without_residue
from lc_scoring.scale import Scale, plain_number

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ALONE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?!\.?\d)")
_BEGINNING = re.compile(r"[\s\[\"'*_`:=]*(\d+(?:\.\d*)?)")
_GOES_ON = re.compile(r"\.?\d*")
_TWO_DIGITS, _MOST_DIGITS = 2, 12
_LEAST_COVERAGE = 0.5  # of the probability; below it the ratings are not what the model was about to write


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a judge could have rated.

    Attributes:
        rating: the expected rating, in scale units.
        distribution: probability of each rating, summing to 1.
        coverage: the share of the probability, in [0, 1], that the ratings had among all that could have stood there.
    """

    rating: float
    distribution: Mapping[float, float]
    coverage: float


def expectation(
    reply: Reply, rating: float, scale: Scale, *, structured: bool = False, marked: Sequence[str] = ()
) -> Expectation | str:
    """Return the expected rating of a reply, or why there is none.

    Args:
        reply: the reply, with its tokens.
        rating: the rating read in it, in scale units.
        scale: the ratings that count.
        structured: whether it was read in a JSON object.
        marked: the judged texts that held marks such as `[[10]]`; a reply that quotes one is not reckoned with.

    Examples:
        >>> reply = Reply(text="[[8]]", tokens=(Token("[[", {}), Token("8", {"8": 0.6, "7": 0.4}), Token("]]", {})))
        >>> expectation(reply, 8, Scale(1, 10)).rating
        7.6
        >>> expectation(Reply(text="[[8]]"), 8, Scale(1, 10))
        'the model gave no probabilities'
    """
    if reply.distribution:
        return _of(reply.distribution, scale)
    if not reply.tokens:
        return "the model gave no probabilities"
    if scale.low < 0:
        return "on a scale with negative ratings a sign is a token of its own"
    text = "".join(token.text for token in reply.tokens)
    if marked and without_echoes(text, marked) != text:
        return "the reply quotes the judged text"
    span = _place(text, rating, structured=structured, first=reply.cut_off)
    if span is None:
        return "the rating does not stand among the tokens with probabilities"
    weights: dict[float, float] = {}
    for written, probability in _numbers(reply.tokens, *span, scale):
        if _NUMBER.fullmatch(written) and scale.contains(number := plain_number(float(written))):
            weights[number] = weights.get(number, 0.0) + probability
    return _of(weights, scale)


def _of(weights: Mapping[float, float], scale: Scale) -> Expectation | str:
    coverage = math.fsum(weights.values())
    if not math.isfinite(coverage):
        return "the probabilities are no numbers"
    if coverage < _LEAST_COVERAGE:
        return f"only {coverage:.0%} of the probability at the rating's place is of ratings"
    distribution = {rating: weights[rating] / coverage for rating in sorted(weights)}
    mean = math.fsum(rating * probability for rating, probability in distribution.items())
    held = min(max(round(mean, 6), scale.low), scale.high)  # a sum of floats may miss a bound by a last digit
    return Expectation(plain_number(held), distribution, min(coverage, 1.0))


def _place(text: str, rating: float, *, structured: bool, first: bool) -> tuple[int, int] | None:
    """Return where the rating's number stands in the text: behind its key, in brackets, else by itself."""
    answer = without_residue(text)
    if text.count(answer) != 1 or len(plain(answer)) != len(answer):
        return None  # what was read does not stand where it seems to
    offset = text.index(answer)
    start = key_place(answer, RATING) if structured else None
    if start is None:
        starts = [place for place, number in bracketed_numbers(answer) if number == rating]
        start = (starts[0] if first else starts[-1]) if starts else None
    if start is not None:
        number = _NUMBER.search(answer, start)
    else:
        *_, number = (None, *(one for one in _ALONE.finditer(answer) if float(one[0]) == rating))
    if number is None or float(number[0]) != rating:
        return None
    return offset + number.start(), offset + number.end()


def _numbers(tokens: tuple[Token, ...], start: int, end: int, scale: Scale) -> Iterator[tuple[str, float]]:
    """Yield the numbers that could have stood between `start` and `end` of the text, each with its probability.

    A number that could go on (a 1 that could become 10, a 0 that could become 0.5) is told apart only where the
    tokenizer is seen to write numbers whole, or where it was written; elsewhere its probability is left out.
    """
    at = place = 0
    while place + len(tokens[at].text) <= start:
        place += len(tokens[at].text)
        at += 1
    before = tokens[at].text[: start - place]
    whole = any(_digits(_begun(text, before)) >= _TWO_DIGITS for text in tokens[at].alternatives)
    written, probability = "", 1.0
    while True:
        token = tokens[at]
        for text, share in token.alternatives.items():
            number = _begun(text, before) if not written else _continued(written, text)
            if text == token.text or not number or text.endswith("."):
                continue
            if not (text[-1:].isdigit() and _could_go_on(number, scale, whole=whole)):
                yield number, probability * share
        own = token.text[len(before) :] if not written else token.text
        written = _continued(written, own) if written else _begun(own, "") or ""
        probability *= token.alternatives.get(token.text, 0.0)
        place += len(token.text)
        at += 1
        if place >= end:
            break
    if place == end and at < len(tokens) and _could_go_on(written, scale, whole=whole):
        yield from _gone_on(tokens[at], written, probability, scale)
    else:
        yield written, probability


def _gone_on(token: Token, written: str, probability: float, scale: Scale) -> Iterator[tuple[str, float]]:
    """Yield a number that was written, and those that the token behind it could have made of it."""
    more = {text: share for text, share in token.alternatives.items() if text[:1].isdigit() or text[:1] == "."}
    for text, share in more.items():
        number = _continued(written, text)
        ended = not text[-1:].isdigit() or not _could_go_on(number, scale, whole=False)
        if text[:1].isdigit() and ended and not text.endswith("."):
            yield number, probability * share
    yield written, probability * max(0.0, 1 - math.fsum(more.values()))


def _begun(text: str, before: str) -> str | None:
    """Return the number that a token begins, behind what stands before it in the token that was written."""
    begun = _BEGINNING.match(text.removeprefix(before))
    return begun[1] if begun else None


def _continued(written: str, text: str) -> str:
    """Return the number that a token makes of what was written of it."""
    more = _GOES_ON.match(text)
    return written + (more[0] if more else "")


def _digits(number: str | None) -> int:
    return len(number.partition(".")[0]) if number else 0


def _could_go_on(number: str, scale: Scale, *, whole: bool) -> bool:
    """Whether more digits could make another rating of a number."""
    if not number.isdigit() or len(number) > _MOST_DIGITS:
        return False
    fractions = scale.high - scale.low <= 1 if scale.step is None else scale.step % 1 != 0
    return (fractions and int(number) < scale.high) or (not whole and 0 < int(number) * 10 <= scale.high)
