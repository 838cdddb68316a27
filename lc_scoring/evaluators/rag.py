"""rag: several RAG metrics of each row, with what they share asked once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

from langsmith.evaluation.evaluator import EvaluationResult, EvaluationResults
from pydantic import Field, SkipValidation

from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError, NotApplicable, did_you_mean
from lc_scoring.evaluators.arguments import made_of, refuse_unknown
from lc_scoring.evaluators.list_questions import ListQuestions
from lc_scoring.evaluators.rag_evaluator import RAGEvaluator
from lc_scoring.evaluators.rag_metrics import METRICS
from lc_scoring.models.embeddings import LEXICAL, resolve_embeddings
from lc_scoring.models.resolve import resolve_llm
from lc_scoring.rag.metric import Metric
from lc_scoring.rag.together import Metrics
from lc_scoring.records import Score

_DEFAULT = ("faithfulness", "answer_relevancy", "context_precision", "context_recall", "answer_correctness")
_SHARED = frozenset(RAGEvaluator.model_fields)


class RAGMetricsEvaluator(RAGEvaluator):
    """Judges by several RAG metrics; what two of them ask, such as the claims of the prediction, is asked once.

    Made with `load_evaluator("rag", metrics=[...])`. Its score is the mean of the metrics'; `parts` holds theirs, each
    the same as the metric gives alone. `plan` tells what each row is asked.

    Examples:
        >>> def judge(messages): ...
        >>> evaluator = RAGMetricsEvaluator.from_llm(judge, metrics=["faithfulness", "answer_correctness"])
        >>> for question in evaluator.plan:
        ...     print(question)
        claims of the prediction
        embeddings of 2 texts
        support of the claims by the contexts
        claims beside the reference
    """

    metrics: SkipValidation[tuple[RAGEvaluator, ...]] = Field(default=(), repr=False)
    """The metrics' evaluators, in their order."""

    metric_name: ClassVar[str] = "rag"
    returns: ClassVar[str] = "score 0 to 1 (the mean), reasoning, parts"
    needs: ClassVar[tuple[str, ...]] = ("what its metrics need",)
    _judged: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def arguments(cls) -> set[str]:
        """Return the names of what the evaluator can be made with: its own, and those of the metrics."""
        return {name for metric in METRICS.values() for name in metric.model_fields} | {"metrics"}

    @classmethod
    def from_llm(cls, llm: object = None, *, metrics: Iterable[str] = _DEFAULT, **kwargs: Any) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            metrics: the metrics' names; by default faithfulness, answer_relevancy, context_precision,
                context_recall and answer_correctness.
            **kwargs: the metrics' arguments, such as `embeddings` and `weights`, each for those that take it.

        Raises:
            ConfigError: a metric or an argument is unknown, or none of the metrics takes it.
            MissingExtra: the judge or the embeddings need a package that is not installed.
        """
        names = _checked_names(metrics)
        refuse_unknown(cls.__name__, kwargs, cls.arguments())
        kinds = [METRICS[name] for name in names]
        idle = [name for name in kwargs if not any(name in kind.model_fields for kind in kinds)]
        if idle:
            raise ConfigError(f"None of {', '.join(names)} takes {', '.join(idle)}.")
        shared = {name: value for name, value in kwargs.items() if name in _SHARED}
        judge = resolve_llm(llm)
        own = {name: value for name, value in kwargs.items() if name not in _OF_RUNS}
        if any("embeddings" in kind.model_fields for kind in kinds):  # one model, so that its texts are shared too
            own["embeddings"] = resolve_embeddings(own.get("embeddings"), LEXICAL)
        each = tuple(
            kind.from_llm(judge, **{name: value for name, value in own.items() if name in kind.model_fields})
            for kind in kinds
        )
        return made_of(cls, {"llm": judge, **shared, "metrics": each})

    @property
    def requires_input(self) -> bool:  # type: ignore[override]
        """Whether one of the metrics needs the input."""
        return any(one.requires_input for one in self.metrics)

    @property
    def requires_reference(self) -> bool:  # type: ignore[override]
        """Whether one of the metrics needs the reference."""
        return any(one.requires_reference for one in self.metrics)

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        return sorted({key for one in self.metrics for key in one.input_keys})

    @property
    def optional_keys(self) -> list[str]:
        """The fields that `invoke` uses where they are given."""
        return sorted({key for one in self.metrics for key in one.optional_keys} - set(self.input_keys))

    @property
    def feedback_keys(self) -> list[str]:
        """The keys under which LangSmith records the scores and failures."""
        return [self.evaluation_name, *(one.evaluation_name for one in self.metrics)]

    @property
    def signature(self) -> str:
        """What makes the overall score: the metrics, and a digest of their signatures."""
        names = ",".join(one.evaluation_name for one in self.metrics)
        return f"rag|metrics={names}|made={digest(repr([one.signature for one in self.metrics]))}"

    def _metric(self, questions: ListQuestions) -> Metric:
        each = tuple(one.metric(rehearsed=questions.rehearsed) for one in self.metrics)
        return Metrics(name=self.metric_name, metrics=each, signature=self.signature)

    def _result(self, outcome: Score | NotApplicable) -> dict[str, Any]:
        """Return the overall score, the metrics', and apart what failed and what does not apply."""
        result = super()._result(outcome)
        if not isinstance(outcome, Score) or not outcome.failures:
            return result
        errors = {one.name: one.error for one in outcome.failures}
        states = {name: error for name, error in errors.items() if isinstance(error, NotApplicable)}
        failed = {name: str(error) for name, error in errors.items() if name not in states}
        apart = {name: f"{state.state}: {state.reasoning}" for name, state in states.items()}
        told = {"failed": failed, "not_applicable": apart}
        return {
            **{key: value for key, value in result.items() if key != "failed"},
            **{key: value for key, value in told.items() if value},
        }

    def _report(self, result: Any, run_id: uuid.UUID | None) -> EvaluationResult | EvaluationResults:
        """Make LangSmith's feedback: the overall score's, and each metric's under its own name."""
        overall = cast("EvaluationResult", super()._report(result, run_id))
        parts: Sequence[Mapping[str, Any]] = result.get("parts", ())
        signatures = {one.evaluation_name: one.signature for one in self.metrics}
        each = [
            EvaluationResult(
                key=part["name"],
                score=part["score"],
                value=part.get("value"),
                comment=part["reasoning"],
                source_run_id=run_id,
                evaluator_info={"signature": signatures[part["name"]]},
            )
            for part in parts
        ]
        states: Mapping[str, str] = result.get("not_applicable", {})
        apart = [
            EvaluationResult(key=name, value=why.partition(":")[0], comment=why, source_run_id=run_id)
            for name, why in states.items()
        ]
        failed = [
            EvaluationResult(key=name, comment=why, source_run_id=run_id, extra={"error": True})
            for name, why in result.get("failed", {}).items()
        ]
        return EvaluationResults(results=[overall, *each, *apart, *failed])


_OF_RUNS = frozenset({"callbacks", "tags", "metadata", "verbose"})  # the overall run's alone


def _checked_names(metrics: object) -> list[str]:
    """Return the names of metrics.

    Raises:
        ConfigError: there are none, one is unknown, or one stands there twice.
    """
    if isinstance(metrics, (str, bytes)) or not isinstance(metrics, Iterable):
        raise ConfigError(f"metrics takes a list of names such as {list(_DEFAULT)[:2]}, got {metrics!r}.")
    names = [str(name) for name in metrics]
    for name in names:
        if name not in METRICS:
            raise ConfigError(
                f"{name!r} is no RAG metric; there are {', '.join(METRICS)}.{did_you_mean(name, METRICS)}"
            )
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"metrics takes different names of metrics, at least one; got {names}.")
    return names
