"""Noise sensitivity: how often retrieved contexts lead the prediction to wrong claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lc_scoring.flow import Flow
from lc_scoring.rag.context_recall import attributed
from lc_scoring.rag.faithfulness import claims_of, supported
from lc_scoring.rag.lines import YES, Finding
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import (
    NO_CLAIMS,
    NO_CONTEXTS,
    NO_REFERENCE,
    blank,
    no_contexts,
    side_by_side,
    told,
    undefined,
)
from lc_scoring.records import Sample, Score

Noise: TypeAlias = Literal["relevant", "irrelevant"]
"""Which contexts' errors count: those that hold something of the reference, or the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSensitivity:
    """Tells which share of the prediction's claims is wrong and comes from the contexts.

    With S the prediction's claims; W those that the reference does not bear out; a context relevant where it holds
    one of the reference's claims; and F those claims that a relevant context supports:

        noise sensitivity = |W ∩ F| / |S|, in [0, 1]

    or, for irrelevant contexts, with F the claims that an irrelevant context supports and no relevant one. Less is
    better: it is the score's rating, and the score's value is 1 minus it.

    Source: the documentation of ragas, "Noise Sensitivity"; Ru et al., "RAGChecker", 2024 (arXiv 2408.08067).

    Without contexts it is not applicable, "no contexts"; nor for a blank reference, "no reference", or a prediction
    that claims nothing, "no claims".

    Attributes:
        name: what is judged.
        claims: finds the prediction's claims.
        support: tells which contexts support them.
        check: tells which of them the reference bears out.
        attribution: finds the reference's claims, and the contexts that hold them.
        noise: which contexts' errors count.
        signature: what made the score.
    """

    name: str
    claims: ListQuestion
    support: ListQuestion
    check: ListQuestion
    attribution: ListQuestion
    noise: Noise = "relevant"
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score, less being better in its rating; its parts are the prediction's claims, 0 for each that is
            wrong and comes from the contexts.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: there are no contexts, or the prediction or the reference holds nothing to judge by.
        """
        if no_contexts(sample):
            raise undefined(NO_CONTEXTS, "There are no contexts that could mislead.")
        if blank(sample.reference):
            raise undefined(NO_REFERENCE, "The reference is blank.")
        if blank(sample.prediction):
            raise undefined(NO_CLAIMS, "The prediction makes no claim that could be checked.")
        (claims, support, check), attributions = yield from side_by_side(
            self._claims(sample), attributed(self.attribution, sample)
        )
        if not attributions:
            raise undefined(NO_CLAIMS, "The reference makes no claim that contexts could hold.")
        relevant = {place for finding in attributions if finding.verdict == YES for place in finding.sources}
        return self._score(claims, support, check, relevant)

    def _claims(self, sample: Sample) -> Flow[Any]:
        """Return the prediction's claims, what supports each, and whether the reference bears it out."""
        claims = yield from claims_of(self.claims, sample)
        if not claims:
            raise undefined(NO_CLAIMS, "The prediction makes no claim that could be checked.")
        support, check = yield from side_by_side(
            supported(self.support, sample, claims),
            self.check.ask(sample, count=len(claims), lists={"claims": claims}),
        )
        return claims, support, check

    def _score(
        self, claims: Sequence[str], support: Sequence[Finding], check: Sequence[Finding], relevant: set[int]
    ) -> Score:
        parts = tuple(
            self._part(number, claim, held, right, relevant)
            for number, (claim, held, right) in enumerate(zip(claims, support, check, strict=False), 1)
        )
        misled = sum(one.value == 0 for one in parts)
        rating = misled / len(parts)
        basis = f"{misled} of {len(parts)} claims wrong and from {self.noise} contexts"
        return Score(
            name=self.name,
            value=1 - rating,
            rating=rating,
            reasoning=told(parts, f"{basis}."),
            parts=parts,
            basis=basis,
            signature=self.signature,
        )

    def _part(self, number: int, claim: str, held: Finding, right: Finding, relevant: set[int]) -> Score:
        """Return the score of a claim: 0 where it is wrong and comes from the contexts that count."""
        sources = held.sources if held.verdict == YES else ()
        from_relevant = bool(relevant.intersection(sources))
        from_counted = from_relevant if self.noise == "relevant" else bool(sources) and not from_relevant
        is_right = right.verdict == YES
        found = "in the contexts" if sources else "not in the contexts"
        return Score(
            name=f"claim {number}",
            value=float(is_right or not from_counted),
            label=f"{'right' if is_right else 'wrong'}, {found}",
            text=claim,
            sources=sources,
            reasoning=" ".join(filter(None, (right.reason, held.reason))),
        )
