"""The offline judge: the probability that a prediction is a correct answer, given a short reference.

A logistic regression over the evidence of `evidence.py`, fitted on answers that people marked right or wrong.
It sees words, not meaning: docs/offline-judge.md says what it was measured to do and what it cannot do.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import regex

from lc_scoring.errors import ScopeError
from lc_scoring.trained.evidence import Evidence, Word, collect, read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_REFERENCE_WORDS = 40
"""Words of the longest alias of a reference, counted at white space."""

MAX_CHARACTERS = 6000
"""Characters read of a text; of a longer one, two thirds from its beginning and one third from its end."""


_MAX_ALIASES = 200
_CURE = 'Pass a real judge for this, e.g. llm="openai:gpt-5-mini".'
_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"\p{Latin}")
# The slash of a fraction, date, unit or pair of words, which does not separate two aliases.
_KEPT_SLASH = r"""
    (?<=[0-9])(?<![0-9]{3})/(?=[0-9]) | (?<=[0-9])/(?=[0-9]{1,2}(?!,?[0-9]))
  | (?<=[0-9]\ ?\p{L}{1,9} | \b(?:km|mi|miles|m|cm|ft|feet|kg|g|mg|beats|cycles))
    /(?=(?:h|hr|hour|s|sec|second|min|minute|day|week|month|year|kg|l|ml|m2|m3)\b)
  | (?<=\band)/(?=or\b) | (?<=\bs?he)/(?=s?he\b) | (?<=\b\p{L})/(?=\p{L}\b) | (?<=/)/ | /(?=/)
"""
_SLASH = regex.compile(rf"(?:{_KEPT_SLASH})(*SKIP)(*FAIL) | /", regex.VERBOSE | regex.IGNORECASE)
_QUOTED_WORDS = 6
_QUOTED_CHARACTERS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the offline judge makes of one prediction.

    Attributes:
        probability: that the prediction is correct, in (0, 1).
        confidence: distance from a coin toss, `abs(2 * probability - 1)`, in [0, 1].
        reasons: short English sentences naming the evidence, the most telling first.
    """

    probability: float
    confidence: float
    reasons: tuple[str, ...]


def assess(*, prediction: str, reference: str, input: str | None) -> Assessment:  # noqa: A002 - its name
    """Tell how likely a prediction is a correct answer.

    Args:
        prediction: the answer to judge; may be empty. Of a long one the beginning and the end are read.
        reference: the correct answer in at most 40 words, or several accepted ones separated by "/".
        input: the question, where there is one. Words it already holds prove little in an answer.

    Returns:
        The probability, the confidence and the evidence in words.

    Raises:
        ScopeError: the reference is blank or longer than 40 words, or one of the two texts is mostly in a
            script other than Latin. The model was not fitted on such texts.

    Examples:
        >>> right = assess(prediction="It was Neil Armstrong.", reference="Neil Armstrong", input="Who?")
        >>> right.probability > 0.9
        True
        >>> wrong = assess(prediction="In 1967.", reference="1969", input="When did people land on the Moon?")
        >>> wrong.probability < 0.5, wrong.reasons[0]
        (True, 'The numbers differ: the reference has 1969, the answer has 1967.')
    """
    evidence = read_evidence(prediction=prediction, reference=reference, input=input)
    probability = _model().probability(evidence.values)
    return Assessment(
        probability=probability,
        confidence=abs(2 * probability - 1),
        reasons=tuple(_reasons(evidence)),
    )


def read_evidence(*, prediction: str, reference: str, input: str | None) -> Evidence:  # noqa: A002
    """Check the scope and collect what `assess` judges by; arguments and errors are those of `assess`.

    Examples:
        >>> read_evidence(prediction="In 1967.", reference="1969", input=None).values["number_conflict"]
        1.0
    """
    _check_scope(prediction, reference)
    return collect(
        prediction=clip(prediction),
        aliases=split_aliases(clip(reference)),
        question=clip(input or ""),
    )


def clip(text: str) -> str:
    """The text, or its beginning and end when it is longer than `MAX_CHARACTERS`.

    Examples:
        >>> clip("short"), len(clip("long " * 10_000))
        ('short', 6001)
    """
    if len(text) <= MAX_CHARACTERS:
        return text
    third = MAX_CHARACTERS // 3
    return f"{text[: 2 * third]} {text[-third:]}"


def split_aliases(reference: str) -> list[str]:
    """The accepted answers of a reference, cut at "/" but not inside fractions, dates and units.

    Examples:
        >>> split_aliases("UK / United Kingdom"), split_aliases("100 km/h"), split_aliases("3/4")
        (['UK ', ' United Kingdom'], ['100 km/h'], ['3/4'])
    """
    return [piece for piece in _SLASH.split(reference, maxsplit=_MAX_ALIASES) if piece.strip()]


def _check_scope(prediction: str, reference: str) -> None:
    if not read_words(clip(reference)):
        got = "a reference without a word or number" if reference.strip() else "a blank reference"
        raise ScopeError(
            f"The offline judge got {got}; it can only compare an answer with a short correct one. {_CURE}"
        )
    for name, text in (("reference", reference), ("prediction", prediction)):
        read = clip(text)
        if 2 * len(_LATIN.findall(read)) < len(_LETTER.findall(read)):
            raise ScopeError(
                f"The offline judge got a {name} that is mostly not in Latin letters; it was fitted on "
                f"English texts only. {_CURE}"
            )
    words = max(len(alias.split()) for alias in split_aliases(reference))
    if words > MAX_REFERENCE_WORDS:
        raise ScopeError(
            f"The offline judge got a reference of {words} words; it can compare with at most "
            f"{MAX_REFERENCE_WORDS}. Shorten the reference to the bare answer. {_CURE}"
        )


class _Model(NamedTuple):
    """A logistic regression on standardized evidence."""

    intercept: float
    terms: dict[str, tuple[float, float, float]]  # name -> mean, scale, weight

    def probability(self, values: Mapping[str, float]) -> float:
        logit = self.intercept + sum(
            weight * (values[name] - mean) / scale for name, (mean, scale, weight) in self.terms.items()
        )
        # Past 30 a float is 1 to within rounding; the promise is an open interval.
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@cache
def _model() -> _Model:
    card = json.loads(files("lc_scoring.trained").joinpath("correctness.json").read_text("utf-8"))
    return _Model(card["intercept"], {t["name"]: (t["mean"], t["scale"], t["weight"]) for t in card["terms"]})


def _reasons(evidence: Evidence) -> Iterator[str]:
    values = evidence.values
    if values["empty"]:
        yield "The answer is empty."
        return
    if values["refusal"]:
        yield "The answer reads like a refusal or says that it does not know."
    if values["yes_no_conflict"]:
        yield "The reference and the answer are opposite verdicts, such as yes and no."
    wanted = [w for w in evidence.missing if w.is_number]
    if wanted and evidence.other_numbers:
        numbers = _quote(evidence.other_numbers)
        yield f"The numbers differ: the reference has {_quote(wanted)}, the answer has {numbers}."
    yield _overlap(evidence)
    if values["name_conflict"]:
        yield f"Other names in the answer: {_quote(evidence.other_names)}."
    if values["negation_differs"]:
        yield "Only one of the two, reference or answer, holds a negation."
    if values["nothing_new"]:
        yield "The answer adds no word to the question."


def _overlap(evidence: Evidence) -> str:
    """Which words of the reference the answer holds."""
    if evidence.values["equal"]:
        return "The answer is the reference, word for word."
    if not evidence.missing:
        return f"The answer holds what the reference asks for: {_quote(evidence.found)}."
    if not evidence.found:
        return f"Not found in the answer: {_quote(evidence.missing)}."
    return f"Found in the answer: {_quote(evidence.found)}; not found: {_quote(evidence.missing)}."


def _quote(words: Iterable[Word]) -> str:
    """A few words as they stand in the text: letters, digits, and points and commas inside numbers."""
    shown = list(dict.fromkeys(w.text[:_QUOTED_CHARACTERS] for w in words))
    more = len(shown) - _QUOTED_WORDS
    return ", ".join(shown[:_QUOTED_WORDS]) + (f" and {more} more" if more > 0 else "")
