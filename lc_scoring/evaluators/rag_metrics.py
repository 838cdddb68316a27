"""The RAG metrics of answers, and all RAG metrics by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import Field, SkipValidation

from lc_scoring.evaluators.list_questions import ListQuestions
from lc_scoring.evaluators.rag_context_metrics import (
    ContextEntityRecallEvaluator,
    ContextPrecisionEvaluator,
    ContextRecallEvaluator,
    ContextRelevancyEvaluator,
)
from lc_scoring.evaluators.rag_evaluator import EmbeddingRAGEvaluator, RAGEvaluator
from lc_scoring.rag.answer_correctness import AnswerCorrectness, check_weights
from lc_scoring.rag.answer_relevancy import AnswerRelevancy
from lc_scoring.rag.citations import CitationSupport
from lc_scoring.rag.faithfulness import Faithfulness
from lc_scoring.rag.metric import Metric
from lc_scoring.rag.noise_sensitivity import Noise, NoiseSensitivity
from lc_scoring.rag.similarity import AnswerSimilarity


class FaithfulnessEvaluator(RAGEvaluator):
    r"""Tells which share of the prediction's claims the contexts support.

    Formula, source and edges: `lc_scoring.rag.faithfulness.Faithfulness`.

    Examples:
        >>> def judge(messages):
        ...     if "take apart" in messages[-1].text:
        ...         return "1. The mill opened in 1903.\n2. Entry is free."
        ...     return "1. Context 1 gives the year. [[YES: 1]]\n2. No context speaks of it. [[NO]]"
        >>> evaluator = FaithfulnessEvaluator.from_llm(judge)
        >>> result = evaluator.invoke(
        ...     {"prediction": "It opened in 1903 and is free.", "contexts": ["The mill opened in 1903."]}
        ... )
        >>> result["score"], result["basis"]
        (0.5, '1 of 2 claims supported by the contexts')
        >>> result["parts"][1]["text"], result["parts"][1]["value"]
        ('Entry is free.', 'unsupported')
    """

    metric_name: ClassVar[str] = "faithfulness"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_claims", "rag_support")
    _judged: ClassVar[tuple[str, ...]] = ("prediction", "contexts")
    _optional: ClassVar[tuple[str, ...]] = ("input",)

    def _metric(self, questions: ListQuestions) -> Metric:
        return Faithfulness(
            name=self.metric_name,
            claims=questions.of("rag_claims"),
            support=questions.of("rag_support"),
            signature=self.signature,
        )


class AnswerRelevancyEvaluator(EmbeddingRAGEvaluator):
    """Tells how much of the input a prediction speaks to.

    Formula, source and edges: `lc_scoring.rag.answer_relevancy.AnswerRelevancy`.

    Examples:
        >>> evaluator = AnswerRelevancyEvaluator.from_llm(lambda messages: "1. When did the mill open?", questions=1)
        >>> evaluator.invoke({"input": "When did the mill open?", "prediction": "In 1903."})["score"]
        1.0
    """

    questions: int = Field(default=3, ge=1, le=20)
    """How many questions the judge writes, in one call."""

    metric_name: ClassVar[str] = "answer_relevancy"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_questions",)
    requires_input: ClassVar[bool] = True

    def _words(self) -> dict[str, str]:
        return {"count": str(self.questions)}

    def _signature_parts(self) -> dict[str, object]:
        return {"questions": self.questions, **super()._signature_parts()}

    def _metric(self, questions: ListQuestions) -> Metric:
        return AnswerRelevancy(
            name=self.metric_name,
            questions=questions.of("rag_questions", **self._words()),
            embeddings=self._embeddings,
            measure=self._measure,
            count=self.questions,
            signature=self.signature,
        )


class AnswerSimilarityEvaluator(EmbeddingRAGEvaluator):
    """Tells how alike prediction and reference are, without a judge.

    Formula, source and edges: `lc_scoring.rag.similarity.AnswerSimilarity`.

    Examples:
        >>> evaluator = AnswerSimilarityEvaluator.from_llm()
        >>> evaluator.invoke({"prediction": "It opened in 1903.", "reference": "In 1903 it opened."})
        {'reasoning': 'The lexical similarity of prediction and reference is 1.0000.', 'score': 1.0, 'basis': 'lexical similarity'}
    """  # noqa: E501 - the result is one line

    llm: SkipValidation[Any] = None
    """Not asked: texts are compared by their embeddings alone."""

    metric_name: ClassVar[str] = "answer_similarity"
    asks_judge: ClassVar[bool] = False
    requires_reference: ClassVar[bool] = True

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What can be configured at run time: nothing."""
        return []

    def _metric(self, questions: ListQuestions) -> Metric:
        del questions  # there is nothing to ask
        return self._similarity(self.metric_name)

    def _similarity(self, name: str) -> AnswerSimilarity:
        return AnswerSimilarity(name=name, embeddings=self._embeddings, measure=self._measure, signature=self.signature)


class AnswerCorrectnessEvaluator(EmbeddingRAGEvaluator):
    r"""Tells how far a prediction says what the reference says.

    Formula, source and edges: `lc_scoring.rag.answer_correctness.AnswerCorrectness`.

    Examples:
        >>> def judge(messages):
        ...     if "take apart" in messages[-1].text:
        ...         return "1. The mill opened in 1903.\n2. Entry is free."
        ...     return "1. It says so. [[YES]]\n2. It names a price. [[NO]]\n3. Entry costs two pounds. [[MISSING]]"
        >>> evaluator = AnswerCorrectnessEvaluator.from_llm(judge, weights=(1, 0))
        >>> evaluator.invoke(
        ...     {"prediction": "In 1903, and it is free.", "reference": "It opened in 1903; entry is two pounds."}
        ... )["basis"]
        'F 0.5000 of claims: 1 right, 1 wrong, 1 missing'
    """

    weights: SkipValidation[tuple[float, float]] = (0.75, 0.25)
    """How much the F of claims and the similarity count."""
    beta: SkipValidation[float] = 1.0
    """How much more what is missing counts in F than what is wrong."""

    metric_name: ClassVar[str] = "answer_correctness"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_claims", "rag_correctness")
    requires_reference: ClassVar[bool] = True
    _optional: ClassVar[tuple[str, ...]] = ("input",)

    def _signature_parts(self) -> dict[str, object]:
        claims, alike = check_weights(self.weights, self.beta)
        embeddings = super()._signature_parts() if alike else {}
        return {"weights": f"{claims:g},{alike:g}", "beta": f"{self.beta:g}", **embeddings}

    def _metric(self, questions: ListQuestions) -> Metric:
        weights = check_weights(self.weights, self.beta)
        similarity = AnswerSimilarity(name="similarity", embeddings=self._embeddings, measure=self._measure)
        return AnswerCorrectness(
            name=self.metric_name,
            claims=questions.of("rag_claims"),
            check=questions.of("rag_correctness"),
            similarity=similarity if weights[1] else None,
            weights=weights,
            beta=self.beta,
            signature=self.signature,
        )


class NoiseSensitivityEvaluator(RAGEvaluator):
    """Tells which share of the prediction's claims is wrong and comes from the contexts.

    Formula, source and edges: `lc_scoring.rag.noise_sensitivity.NoiseSensitivity`.

    `score` is that share, 0 for the best; a Score's value is 1 minus it.
    """

    noise: Noise = "relevant"
    """Whose errors count: those of contexts that hold something of the reference, or of the others, "irrelevant"."""

    returns: ClassVar[str] = "score 0 to 1, 0 for the best, reasoning, parts"
    metric_name: ClassVar[str] = "noise_sensitivity"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_claims", "rag_support", "rag_correctness", "rag_attribution")
    requires_reference: ClassVar[bool] = True
    _judged: ClassVar[tuple[str, ...]] = ("prediction", "contexts")
    _optional: ClassVar[tuple[str, ...]] = ("input",)

    def _signature_parts(self) -> dict[str, object]:
        return {"noise": self.noise}

    def _metric(self, questions: ListQuestions) -> Metric:
        return NoiseSensitivity(
            name=self.metric_name,
            claims=questions.of("rag_claims"),
            support=questions.of("rag_support"),
            check=questions.of("rag_correctness"),
            attribution=questions.of("rag_attribution"),
            noise=self.noise,
            signature=self.signature,
        )


class CitationSupportEvaluator(RAGEvaluator):
    """Tells which share of a prediction's citations, such as [2], bears out its sentence.

    Formula, source and edges: `lc_scoring.rag.citations.CitationSupport`.

    Examples:
        >>> evaluator = CitationSupportEvaluator.from_llm(lambda messages: "1. It gives the year. [[YES]]")
        >>> evaluator.invoke(
        ...     {"prediction": "It opened in 1903 [1]. Entry is free [3].", "contexts": ["The mill opened in 1903."]}
        ... )["score"]
        0.5
    """

    metric_name: ClassVar[str] = "citation_support"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_citations",)
    _judged: ClassVar[tuple[str, ...]] = ("prediction", "contexts")

    def _metric(self, questions: ListQuestions) -> Metric:
        return CitationSupport(name=self.metric_name, borne_out=questions.of("rag_citations"), signature=self.signature)


METRICS: Mapping[str, type[RAGEvaluator]] = {
    each.metric_name: each
    for each in (
        FaithfulnessEvaluator,
        AnswerRelevancyEvaluator,
        ContextPrecisionEvaluator,
        ContextRecallEvaluator,
        AnswerCorrectnessEvaluator,
        AnswerSimilarityEvaluator,
        ContextRelevancyEvaluator,
        ContextEntityRecallEvaluator,
        NoiseSensitivityEvaluator,
        CitationSupportEvaluator,
    )
}
"""The metrics by name."""
