"""Answer relevancy: whether the questions that a prediction answers are the one that was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lc_scoring.flow import Flow, embed
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import blank
from lc_scoring.rag.similarity import similarity
from lc_scoring.records import Sample, Score

NONCOMMITTAL = "noncommittal"
"""The label of a prediction that evades the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRelevancy:
    """Tells how much of what was asked a prediction speaks to, whether it is right or not.

    The judge writes the n questions that the prediction would answer, without seeing the input. With q the embedding
    of the input and g_i those of the questions:

        answer relevancy = max(0, (cos(q, g_1) + ... + cos(q, g_n)) / n), in [0, 1]; 0 where it is noncommittal

    Source: Es, James, Espinosa-Anke and Schockaert, "RAGAS: Automated Evaluation of Retrieval Augmented Generation",
    2023 (arXiv 2309.15217), section 3, "Answer relevance"; noncommittal answers as in the documentation of ragas.

    A prediction that evades the question, says that it does not know or is blank is 0, labeled "noncommittal".

    Attributes:
        name: what is judged.
        questions: writes the questions.
        embeddings: the embedding model.
        measure: what its similarity is called, such as "lexical similarity".
        count: how many questions, n.
        signature: what made the score.
    """

    name: str
    questions: ListQuestion
    embeddings: object
    measure: str = "similarity"
    count: int = 3
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the questions, each with its similarity to the input.

        Raises:
            ModelError: a model gave no answer, or the embedding model no vectors that can be compared.
            ReplyError: an answer could not be read in the end.
        """
        questions: tuple[str, ...] = ()
        if not blank(sample.prediction):
            findings = yield from self.questions.ask(sample, count=self.count)
            questions = tuple(finding.text for finding in findings)
        if not questions:
            said = "The prediction does not commit itself to an answer."
            return Score(name=self.name, value=0.0, label=NONCOMMITTAL, reasoning=said, signature=self.signature)
        input_, *vectors = yield from embed([sample.input or "", *questions], self.embeddings)
        cosines = [similarity(input_, vector) for vector in vectors]
        return self._score(questions, cosines)

    def _score(self, questions: Sequence[str], cosines: Sequence[float]) -> Score:
        parts = tuple(
            Score(
                name=f"question {number}",
                value=max(0.0, cosine),
                text=question,
                reasoning=f"Its {self.measure} to the input is {cosine:.4f}.",
            )
            for number, (question, cosine) in enumerate(zip(questions, cosines, strict=True), 1)
        )
        lines = [f"- {one.name}, {cosine:.4f}: {one.text}" for one, cosine in zip(parts, cosines, strict=True)]
        return Score(
            name=self.name,
            value=max(0.0, sum(cosines) / len(cosines)),
            reasoning="\n".join(["The prediction would answer these questions:", *lines]),
            parts=parts,
            basis=f"mean {self.measure} of {len(parts)} questions to the input",
            signature=self.signature,
        )
