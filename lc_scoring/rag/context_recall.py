"""Context recall: the share of what the reference says, or of the entities it names, that the contexts hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lc_scoring.flow import Flow
from lc_scoring.rag.lines import Finding
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import (
    NO_CLAIMS,
    NO_CONTEXTS,
    NO_ENTITIES,
    NO_REFERENCE,
    blank,
    no_contexts,
    part,
    share,
    told,
    undefined,
)
from lc_scoring.records import Sample, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRecall:
    """Tells which share of the reference's claims can be attributed to the contexts.

    With R the claims that the judge finds in the reference, and A those of them that the contexts hold:

        context recall = |A| / |R|, in [0, 1]

    Source: the documentation of ragas, "Context Recall" (LLM based).

    Without contexts it is 0, labeled "no contexts", and nothing is asked. A blank reference is not applicable, "no
    reference", and so is one that claims nothing, "no claims".

    Attributes:
        name: what is judged.
        attribution: finds the claims, and tells which contexts hold them, at once.
        signature: what made the score.
    """

    name: str
    attribution: ListQuestion
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the reference's claims, each with the contexts that hold it.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the reference is blank, or makes no claim.
        """
        findings = yield from attributed(self.attribution, sample)
        if not findings and not no_contexts(sample):
            raise undefined(NO_CLAIMS, "The reference makes no claim that could be looked for.")
        parts = tuple(
            part(f"claim {number}", finding.text, finding, yes="attributed", no="not in the contexts")
            for number, finding in enumerate(findings, 1)
        )
        return _recalled(self.name, parts, "claims of the reference", self.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextEntityRecall:
    """Tells which share of the entities that the reference names the contexts name too.

    With E(reference) the set of entities in the reference, and E(contexts) those in the contexts:

        context entity recall = |E(reference) ∩ E(contexts)| / |E(reference)|, in [0, 1]

    Source: the documentation of ragas, "Context Entities Recall". There both sets are found apart and compared letter
    by letter; here the judge tells of each entity whether the contexts name it, so that another spelling counts.

    Without contexts it is 0, labeled "no contexts", and nothing is asked. A blank reference is not applicable, "no
    reference", and so is one that names none, "no entities".

    Attributes:
        name: what is judged.
        entities: finds the entities, and tells which contexts name them, at once.
        signature: what made the score.
    """

    name: str
    entities: ListQuestion
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the entities, each with the contexts that name it.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the reference is blank, or names no entity.
        """
        findings = yield from attributed(self.entities, sample)
        if not findings and not no_contexts(sample):
            raise undefined(NO_ENTITIES, "The reference names no entity.")
        parts = tuple(
            part(f"entity {number}", finding.text, finding, yes="named", no="not in the contexts")
            for number, finding in enumerate(_as_set(findings), 1)
        )
        return _recalled(self.name, parts, "entities of the reference", self.signature)


def attributed(question: ListQuestion, sample: Sample) -> Flow[tuple[Finding, ...]]:
    """Return what the judge finds in a sample's reference, and which contexts hold it; nothing without contexts.

    Raises:
        NotApplicable: the reference is blank.
    """
    if blank(sample.reference):
        raise undefined(NO_REFERENCE, "The reference is blank.")
    if no_contexts(sample):
        return ()
    return (yield from question.ask(sample))


def _recalled(name: str, parts: tuple[Score, ...], what: str, signature: str) -> Score:
    if not parts:
        said = "There are no contexts, so nothing of the reference can be found in them."
        return Score(name=name, value=0.0, label=NO_CONTEXTS, reasoning=said, basis=NO_CONTEXTS, signature=signature)
    value = share(parts)
    basis = f"{round(value * len(parts))} of {len(parts)} {what} in the contexts"
    return Score(
        name=name, value=value, reasoning=told(parts, f"{basis}."), parts=parts, basis=basis, signature=signature
    )


def _as_set(findings: Sequence[Finding]) -> list[Finding]:
    """Return each entity once, with the contexts of all lines that name it."""
    once: dict[str, Finding] = {}
    for finding in findings:
        key = " ".join(finding.text.casefold().split())
        first = once.get(key, finding)
        once[key] = replace(first, sources=tuple(sorted({*first.sources, *finding.sources})))
    return list(once.values())
