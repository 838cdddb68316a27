"""Answer correctness: claims that are right, wrong and missing, mixed with similarity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lc_scoring.errors import ConfigError
from lc_scoring.flow import Flow
from lc_scoring.rag.faithfulness import claims_of
from lc_scoring.rag.lines import YES, Finding
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_CLAIMS, NO_REFERENCE, blank, part, side_by_side, told, undefined
from lc_scoring.rag.similarity import AnswerSimilarity
from lc_scoring.records import Sample, Score

MISSING = "MISSING"
"""The verdict on what the reference says and the prediction does not."""

_MOST = 1_000_000

Checked = tuple[tuple[str, ...], tuple[Finding, ...]]
"""The claims of a prediction; and a finding for each, followed by what it leaves out of the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCorrectness:
    """Tells how far the prediction says what the reference says, no less and nothing wrong.

    With TP the prediction's claims that the reference bears out, FP its other claims, and FN what the reference says
    and the prediction does not, and s the similarity of the two texts:

        precision = TP / (TP + FP), recall = TP / (TP + FN)
        F = (1 + beta²) * precision * recall / (beta² * precision + recall), 0 where TP is 0
        answer correctness = (w_1 * F + w_2 * s) / (w_1 + w_2), in [0, 1]

    Source: the documentation of ragas, "Answer Correctness"; F is that of van Rijsbergen, "Information Retrieval",
    1979, chapter 7. Their weights are 0.75 and 0.25.

    A blank reference is not applicable, "no reference"; nor are two texts that both claim nothing, "no claims".

    Attributes:
        name: what is judged.
        claims: finds the prediction's claims.
        check: tells for all of them at once whether the reference bears them out, and what they leave out.
        similarity: gives s; None where its weight is 0.
        weights: w_1 and w_2.
        beta: how much more recall counts than precision.
        signature: what made the score.
    """

    name: str
    claims: ListQuestion
    check: ListQuestion
    similarity: AnswerSimilarity | None
    weights: tuple[float, float] = (0.75, 0.25)
    beta: float = 1.0
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the prediction's claims, what it leaves out, and the similarity.

        Raises:
            ModelError: a model gave no answer, or the embedding model no vectors that can be compared.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the reference is blank, or neither text claims anything.
        """
        if blank(sample.reference):
            raise undefined(NO_REFERENCE, "The reference is blank.")
        (claims, findings), alike = yield from self._both(sample)
        if not findings:
            raise undefined(NO_CLAIMS, "Neither the prediction nor the reference makes a claim.")
        return self._score(claims, findings, alike)

    def _both(self, sample: Sample) -> Flow[tuple[Checked, Score | None]]:
        """Check the claims and compare the texts, side by side."""
        if self.similarity is None:
            return (yield from checked(self.claims, self.check, sample)), None
        found, alike = yield from side_by_side(checked(self.claims, self.check, sample), self.similarity.judge(sample))
        return found, alike

    def _score(self, claims: Sequence[str], findings: Sequence[Finding], alike: Score | None) -> Score:
        parts = correctness_parts(claims, findings)
        right = sum(one.verdict == YES for one in findings)
        wrong, missing = len(claims) - right, len(findings) - len(claims)
        value = f_beta(right, wrong, missing, beta=self.beta)
        basis = f"F {value:.4f} of claims: {right} right, {wrong} wrong, {missing} missing"
        if alike is not None:
            value = math.fsum(w * v for w, v in zip(self.weights, (value, alike.value), strict=True))
            value /= math.fsum(self.weights)
            basis += f"; {alike.basis or 'similarity'} {alike.value:.4f}"
        return Score(
            name=self.name,
            value=min(value, 1.0),
            reasoning=told(parts, f"{basis[0].upper()}{basis[1:]}."),
            parts=(*parts, *([alike] if alike else [])),
            basis=basis,
            signature=self.signature,
        )


def checked(claims: ListQuestion, check: ListQuestion, sample: Sample) -> Flow[Checked]:
    """Find a prediction's claims, and check them beside the reference."""
    found = yield from claims_of(claims, sample)
    findings = yield from check.ask(sample, count=len(found), lists={"claims": found})
    return found, findings


def correctness_parts(claims: Sequence[str], findings: Sequence[Finding]) -> tuple[Score, ...]:
    """Return the scores of a prediction's claims, and of what it leaves out."""
    own = [
        part(f"claim {number}", claim, finding, yes="right", no="wrong")
        for number, (claim, finding) in enumerate(zip(claims, findings, strict=False), 1)
    ]
    left_out = [
        part(f"missing {number}", finding.text, finding, yes="", no="missing")
        for number, finding in enumerate(findings[len(claims) :], 1)
    ]
    return (*own, *left_out)


def f_beta(right: int, wrong: int, missing: int, *, beta: float = 1.0) -> float:
    """Return the F of true positives, false positives and false negatives, in [0, 1]; 0 where nothing is right.

    Source: van Rijsbergen, "Information Retrieval", 1979, chapter 7, of counts: (1 + beta²) TP / ((1 + beta²) TP +
    beta² FN + FP).

    Examples:
        >>> f_beta(2, 1, 1)
        0.6666666666666666
    """
    weight = 1 + beta * beta
    whole = weight * right + beta * beta * missing + wrong
    return weight * right / whole if right else 0.0


def check_weights(weights: object, beta: object) -> tuple[float, float]:
    """Return the weights of claims and similarity.

    Raises:
        ConfigError: they are not two numbers of at least 0 with some above it, or beta is none above 0; or one is
            beyond a million, where nothing is left of the other.
    """
    given = list(weights) if isinstance(weights, (list, tuple)) else []
    numbers = [w for w in given if not isinstance(w, bool) and isinstance(w, (int, float)) and 0 <= w <= _MOST]
    if len(numbers) != 2 or len(given) != 2 or not sum(numbers):  # noqa: PLR2004 - claims and similarity
        raise ConfigError(
            f"weights takes two numbers of at least 0, at most {_MOST:,}, for claims and similarity; got {weights!r}."
        )
    if isinstance(beta, bool) or not isinstance(beta, (int, float)) or not 1 / _MOST <= beta <= _MOST:
        raise ConfigError(f"beta takes a finite number above 0 and at most {_MOST:,}, got {beta!r}.")
    return float(numbers[0]), float(numbers[1])
