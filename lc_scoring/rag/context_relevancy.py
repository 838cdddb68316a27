"""Context relevancy: the share of the contexts' sentences that the question needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lc_scoring.flow import Flow
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_CONTEXTS, part, share, undefined
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.records import Sample, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRelevancy:
    """Tells which share of the contexts' sentences is needed for answering the input.

    With s the sentences of all contexts, and e those of them that the judge picks out as needed:

        context relevancy = |e| / |s|, in [0, 1]

    Source: Es, James, Espinosa-Anke and Schockaert, "RAGAS: Automated Evaluation of Retrieval Augmented Generation",
    2023 (arXiv 2309.15217), section 3, "Context relevance". The judge picks sentences by their numbers, so that
    none can be made up.

    Contexts without a sentence, or none at all, are not applicable: "no contexts".

    Attributes:
        name: what is judged.
        needed: picks out the sentences.
        signature: what made the score.
    """

    name: str
    needed: ListQuestion
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the sentences, each with its context.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: there are no contexts, or nothing stands in them.
        """
        placed = [(place, each) for place, text in enumerate(sample.contexts, 1) for each in sentences_of(text)]
        if not placed:
            raise undefined(NO_CONTEXTS, "There are no contexts to judge, or nothing stands in them.")
        sentences = [sentence for _, sentence in placed]
        findings = yield from self.needed.ask(sample, count=len(placed), lists={"sentences": sentences})
        judged = enumerate(zip(placed, findings, strict=True), 1)
        parts = tuple(
            replace(part(f"sentence {number}", sentence, finding, yes="needed", no="not needed"), sources=(place,))
            for number, ((place, sentence), finding) in judged
        )
        value = share(parts)
        basis = f"{round(value * len(parts))} of {len(parts)} sentences needed"
        lines = [f"- {one.name}, needed: {one.text} ({one.reasoning})" for one in parts if one.value]
        return Score(
            name=self.name,
            value=value,
            reasoning="\n".join([f"{basis}.", *lines]),
            parts=parts,
            basis=basis,
            signature=self.signature,
        )
