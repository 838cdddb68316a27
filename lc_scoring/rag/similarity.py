"""Answer similarity: how alike the prediction and the reference are, by their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

from lc_scoring.flow import Flow, embed
from lc_scoring.rag.metric import NO_ANSWER, NO_REFERENCE, blank, undefined
from lc_scoring.records import Sample, Score
from lc_scoring.vectors import check_vectors, cosine_similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSimilarity:
    """Tells how alike the prediction and the reference are.

    With p and r their embeddings:

        cosine = p · r / (|p| |r|), in [-1, 1]
        answer similarity = max(0, cosine), in [0, 1]

    Source: the documentation of ragas, "Semantic similarity". A blank prediction is 0, labeled "no answer"; a blank
    reference is not applicable, "no reference".

    Attributes:
        name: what is judged.
        embeddings: the embedding model.
        measure: what its similarity is called, such as "lexical similarity".
        signature: what made the score.
    """

    name: str
    embeddings: object
    measure: str = "similarity"
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Raises:
            ModelError: the embedding model gave no vectors that can be compared.
            NotApplicable: the reference is blank.
        """
        if blank(sample.reference):
            raise undefined(NO_REFERENCE, "The reference is blank.")
        if blank(sample.prediction):
            said = "The prediction is blank."
            return Score(name=self.name, value=0.0, label=NO_ANSWER, reasoning=said, signature=self.signature)
        vectors = yield from embed([sample.prediction, sample.reference or ""], self.embeddings)
        cosine = similarity(vectors[0], vectors[1])
        return Score(
            name=self.name,
            value=max(0.0, cosine),
            reasoning=f"The {self.measure} of prediction and reference is {cosine:.4f}.",
            basis=self.measure,
            signature=self.signature,
        )


def similarity(first: list[float], second: list[float]) -> float:
    """Return the cosine of two embeddings, in [-1, 1].

    Raises:
        ModelError: they cannot be compared.
    """
    check_vectors(first, second)
    return cosine_similarity(first, second)
