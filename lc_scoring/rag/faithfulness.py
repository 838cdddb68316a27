"""Faithfulness: the share of the prediction's claims that the contexts support."""

from __future__ import annotations

from dataclasses import dataclass

from lc_scoring.flow import Flow
from lc_scoring.rag.lines import NO, Finding
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_CLAIMS, NO_CONTEXTS, blank, no_contexts, part, share, told, undefined
from lc_scoring.records import Sample, Score

_UNSUPPORTED = Finding(verdict=NO, reason="There are no contexts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """Tells which share of the prediction's claims the contexts support.

    With S the claims that the judge finds in the prediction, and V those of them that follow from the contexts:

        faithfulness = |V| / |S|, in [0, 1]

    Source: Es, James, Espinosa-Anke and Schockaert, "RAGAS: Automated Evaluation of Retrieval Augmented Generation",
    2023 (arXiv 2309.15217), section 3, "Faithfulness".

    Without contexts no claim is supported: 0, labeled "no contexts". A prediction that claims nothing, such as a
    refusal, is not applicable: "no claims".

    Attributes:
        name: what is judged.
        claims: finds the claims.
        support: tells for all of them at once which contexts support them.
        signature: what made the score.
    """

    name: str
    claims: ListQuestion
    support: ListQuestion
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the claims, each with the contexts that support it.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the prediction makes no claim.
        """
        claims = yield from claims_of(self.claims, sample)
        if not claims:
            raise undefined(NO_CLAIMS, "The prediction makes no claim that could be checked.")
        findings = yield from supported(self.support, sample, claims)
        parts = tuple(
            part(f"claim {number}", claim, finding, yes="supported", no="unsupported")
            for number, (claim, finding) in enumerate(zip(claims, findings, strict=True), 1)
        )
        value = share(parts)
        basis = f"{round(value * len(parts))} of {len(parts)} claims supported by the contexts"
        return Score(
            name=self.name,
            value=value,
            label=NO_CONTEXTS if no_contexts(sample) else None,
            reasoning=told(parts, f"{basis}."),
            parts=parts,
            basis=basis,
            signature=self.signature,
        )


def claims_of(question: ListQuestion, sample: Sample) -> Flow[tuple[str, ...]]:
    """Return the claims of a sample's prediction; none without asking where it is blank."""
    if blank(sample.prediction):
        return ()
    findings = yield from question.ask(sample)
    return tuple(finding.text for finding in findings)


def supported(question: ListQuestion, sample: Sample, claims: tuple[str, ...]) -> Flow[tuple[Finding, ...]]:
    """Return for each claim whether the contexts support it, and which; without contexts none is, without asking."""
    if no_contexts(sample):
        return (_UNSUPPORTED,) * len(claims)
    return (yield from question.ask(sample, count=len(claims), lists={"claims": claims}))
