"""The expected rating: the mean of the ratings a judge could have written, by the probabilities of its tokens.

Liu et al. 2023, "G-Eval", equation 1: the sum over the ratings of probability times rating. It breaks the ties that
whole numbers make. The probabilities stand at the token that begins the rating, and at those that go on with it: a
tokenizer may write 10 as `1` and `0`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lc_scoring.flow import Reply, Token
from lc_scoring.rating import bracketed_numbers, plain
from lc_scoring.scale import Scale, plain_number

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ALONE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?!\.?\d)")
_JSON_KEY = re.compile(r'"rating"\s*:\s*"?(?=\d)')
_BEGINNING = re.compile(r"[\s\[\"'*_`:=]*(\d+(?:\.\d*)?)")
_GOES_ON = re.compile(r"\.?\d*")
_TWO_DIGITS = 2
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


def expectation(reply: Reply, rating: float, scale: Scale) -> Expectation | str:
    """Return the expected rating of a reply, or why there is none.

    Args:
        reply: the reply, with its tokens.
        rating: the rating read in it, in scale units.
        scale: the ratings that count.

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
    span = _place("".join(token.text for token in reply.tokens), rating)
    if span is None:
        return "the rating does not stand among the tokens with probabilities"
    weights: dict[float, float] = {}
    for text, probability in _numbers(reply.tokens, *span, scale):
        if _NUMBER.fullmatch(text) and scale.contains(number := plain_number(float(text))):
            weights[number] = weights.get(number, 0.0) + probability
    return _of(weights, scale)


def _of(weights: Mapping[float, float], scale: Scale) -> Expectation | str:
    coverage = math.fsum(weights.values())
    if not coverage >= _LEAST_COVERAGE:
        return f"only {coverage:.0%} of the probability at the rating's place is of ratings"
    distribution = {rating: weights[rating] / coverage for rating in sorted(weights)}
    mean = math.fsum(rating * probability for rating, probability in distribution.items())
    rounded = round(min(max(mean, scale.low), scale.high), 6)  # a sum of floats may miss the bound by a last digit
    return Expectation(plain_number(rounded), distribution, min(coverage, 1.0))


def _place(text: str, rating: float) -> tuple[int, int] | None:
    """Return where the rating's number stands in the text: in brackets, else behind its key, else by itself."""
    starts = [place for place, number in bracketed_numbers(text) if number == rating] if plain(text) == text else []
    starts = starts[-1:] or [key.end() for key in _JSON_KEY.finditer(text)][-1:]
    for start in starts:
        number = _NUMBER.search(text, start)
        if number and float(number[0]) == rating:
            return number.span()
    alone = [number.span() for number in _ALONE.finditer(text) if float(number[0]) == rating]
    return alone[-1] if alone else None


def _numbers(tokens: tuple[Token, ...], start: int, end: int, scale: Scale) -> Iterator[tuple[str, float]]:
    """Yield the numbers that could have stood between `start` and `end` of the text, each with its probability.

    Another first digit that could be the first of two (a 1 that could become 10) is told apart only where the
    tokenizer is seen to write numbers whole; elsewhere its probability is left out of the distribution.
    """
    at = place = 0
    while place + len(tokens[at].text) <= start:
        place += len(tokens[at].text)
        at += 1
    whole = any(len(_continued("", text) or "") >= _TWO_DIGITS for text in tokens[at].alternatives)
    written, probability = "", 1.0
    while True:
        token = tokens[at]
        for text, share in token.alternatives.items():
            number = None if text == token.text else _continued(written, text)
            if number is not None and (written or whole or not _could_go_on(number, scale)):
                yield number.rstrip("."), probability * share
        written = _continued(written, token.text) or written
        probability *= token.alternatives.get(token.text, 0.0)
        place += len(token.text)
        at += 1
        if place >= end:
            break
    if place == end and not whole and at < len(tokens) and _could_go_on(written, scale):
        yield from _gone_on(tokens[at], written, probability)
    else:
        yield written, probability


def _gone_on(token: Token, written: str, probability: float) -> Iterator[tuple[str, float]]:
    """Yield a number that was written, and those that the token behind it could have made of it."""
    longer = {text: share for text, share in token.alternatives.items() if text[:1].isdigit()}
    for text, share in longer.items():
        yield f"{_continued(written, text)}".rstrip("."), probability * share
    yield written, probability * max(0.0, 1 - math.fsum(longer.values()))


def _continued(written: str, text: str) -> str | None:
    """Return the number that a token makes of what was written of it; None where it begins none."""
    if written:
        more = _GOES_ON.match(text)
        return written + (more[0] if more else "")
    begun = _BEGINNING.match(text)
    return begun[1] if begun else None


def _could_go_on(number: str, scale: Scale) -> bool:
    """Whether another digit could make another rating of a number."""
    return number.isdigit() and 0 < int(number) * 10 <= scale.high
