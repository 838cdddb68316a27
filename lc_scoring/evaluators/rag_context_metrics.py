"""The RAG metrics of contexts: how good what was retrieved is, beside the reference or the input."""

from __future__ import annotations

from typing import ClassVar, Literal

from lc_scoring.evaluators.list_questions import ListQuestions
from lc_scoring.evaluators.rag_evaluator import RAGEvaluator
from lc_scoring.rag.context_precision import ContextPrecision
from lc_scoring.rag.context_recall import ContextEntityRecall, ContextRecall
from lc_scoring.rag.context_relevancy import ContextRelevancy
from lc_scoring.rag.metric import Metric


class ContextPrecisionEvaluator(RAGEvaluator):
    r"""Tells whether useful contexts stand before useless ones.

    Formula, source and edges: `lc_scoring.rag.context_precision.ContextPrecision`.

    Examples:
        >>> evaluator = ContextPrecisionEvaluator.from_llm(lambda messages: "1. no year [[NO]]\n2. the year [[YES]]")
        >>> evaluator.invoke(
        ...     {
        ...         "input": "When did the mill open?",
        ...         "reference": "In 1903.",
        ...         "contexts": ["Entry is free.", "The mill opened in 1903."],
        ...     }
        ... )["score"]
        0.5
    """

    against: Literal["reference", "prediction"] = "reference"
    """Which answer contexts should be useful for: the reference, or the prediction where there is no reference."""

    metric_name: ClassVar[str] = "context_precision"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_usefulness",)
    needs: ClassVar[tuple[str, ...]] = ("the reference or the prediction",)
    requires_input: ClassVar[bool] = True
    _judged: ClassVar[tuple[str, ...]] = ("contexts",)

    @property
    def requires_reference(self) -> bool:  # type: ignore[override]
        """Whether contexts are judged by their use for the reference."""
        return self.against == "reference"

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        return sorted(["input", "contexts", self.against])

    def _signature_parts(self) -> dict[str, object]:
        return {"against": self.against}

    def _metric(self, questions: ListQuestions) -> Metric:
        return ContextPrecision(
            name=self.metric_name,
            usefulness=questions.of("rag_usefulness"),
            against=self.against,
            signature=self.signature,
        )


class ContextRecallEvaluator(RAGEvaluator):
    """Tells which share of the reference's claims the contexts hold.

    Formula, source and edges: `lc_scoring.rag.context_recall.ContextRecall`.

    Examples:
        >>> evaluator = ContextRecallEvaluator.from_llm(
        ...     lambda messages: "1. The mill opened in 1903. || context 1 says so [[YES: 1]]"
        ... )
        >>> evaluator.invoke({"reference": "In 1903.", "contexts": ["The mill opened in 1903."]})["score"]
        1.0
    """

    metric_name: ClassVar[str] = "context_recall"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_attribution",)
    requires_reference: ClassVar[bool] = True
    _judged: ClassVar[tuple[str, ...]] = ("contexts",)
    _optional: ClassVar[tuple[str, ...]] = ("input",)

    def _metric(self, questions: ListQuestions) -> Metric:
        return ContextRecall(
            name=self.metric_name, attribution=questions.of("rag_attribution"), signature=self.signature
        )


class ContextEntityRecallEvaluator(RAGEvaluator):
    r"""Tells which share of the reference's entities the contexts name.

    Formula, source and edges: `lc_scoring.rag.context_recall.ContextEntityRecall`.

    Examples:
        >>> evaluator = ContextEntityRecallEvaluator.from_llm(
        ...     lambda messages: "1. 1903 || context 1 [[YES: 1]]\n2. Ada Moor || nowhere [[NO]]"
        ... )
        >>> evaluator.invoke({"reference": "In 1903, by Ada Moor.", "contexts": ["It opened in 1903."]})["score"]
        0.5
    """

    metric_name: ClassVar[str] = "context_entity_recall"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_entities",)
    requires_reference: ClassVar[bool] = True
    _judged: ClassVar[tuple[str, ...]] = ("contexts",)

    def _metric(self, questions: ListQuestions) -> Metric:
        return ContextEntityRecall(
            name=self.metric_name, entities=questions.of("rag_entities"), signature=self.signature
        )


class ContextRelevancyEvaluator(RAGEvaluator):
    """Tells which share of the contexts' sentences the input needs.

    Formula, source and edges: `lc_scoring.rag.context_relevancy.ContextRelevancy`.

    Examples:
        >>> evaluator = ContextRelevancyEvaluator.from_llm(lambda messages: "1. gives the year")
        >>> evaluator.invoke(
        ...     {"input": "When did it open?", "contexts": ["The mill opened in 1903. Entry is free."]}
        ... )["score"]
        0.5
    """

    metric_name: ClassVar[str] = "context_relevancy"
    prompt_names: ClassVar[tuple[str, ...]] = ("rag_sentences",)
    requires_input: ClassVar[bool] = True
    _judged: ClassVar[tuple[str, ...]] = ("contexts",)

    def _metric(self, questions: ListQuestions) -> Metric:
        return ContextRelevancy(name=self.metric_name, needed=questions.of("rag_sentences"), signature=self.signature)
