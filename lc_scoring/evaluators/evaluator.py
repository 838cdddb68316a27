"""The evaluator: what every one of them is, a Runnable that says what it needs and gives a score."""

from __future__ import annotations

import math
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from langchain_core.runnables import Runnable, RunnableConfig
from langsmith.evaluation.evaluator import EvaluationResult, EvaluationResults, RunEvaluator
from langsmith.schemas import Example, Run

from lc_scoring import __version__
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.experiment import failed_target, row_fields
from lc_scoring.evaluators.tracing import local_stays_local
from lc_scoring.notices import notice
from lc_scoring.records import Sample, Score


class Evaluator(Runnable[Any, Any], ABC):
    """What all evaluators share: what they need, a score, a signature."""

    returns: ClassVar[str] = "score"
    """The keys of the result, for people."""
    needs: ClassVar[tuple[str, ...]] = ()
    """What it needs besides the fields, for people."""
    _judged: ClassVar[tuple[str, ...]] = ("prediction",)
    _optional: ClassVar[tuple[str, ...]] = ()

    @property
    def requires_input(self) -> bool:
        """Whether `input` must be given; where it must not, it is not used."""
        return False

    @property
    def requires_reference(self) -> bool:
        """Whether `reference` must be given; where it must not, it is not used."""
        return False

    @property
    def evaluation_name(self) -> str:
        """The name of the score: LangSmith's feedback key."""
        return type(self).__name__

    @property
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        return f"{self.evaluation_name}|by={type(self).__module__}.{type(self).__qualname__}|lc_scoring={__version__}"

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        return sorted(
            [
                *self._judged,
                *(["input"] if self.requires_input else []),
                *(["reference"] if self.requires_reference else []),
            ]
        )

    @property
    def feedback_keys(self) -> list[str]:
        """The keys under which LangSmith records this evaluator's failures."""
        return [self.evaluation_name]

    @property
    def optional_keys(self) -> list[str]:
        """The fields that `invoke` uses where they are given."""
        return list(self._optional)

    def reported(self, score: Score) -> float:
        """Return the number that this evaluator's result has under `score`, of a Score it gave."""
        return score.value if score.rating is None else score.rating

    def score(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping; where the evaluator's result is LangChain's mapping, this is the whole Score.

        Raises:
            ConfigError: it lacks what the evaluator needs, or the result is no number in [0, 1].
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
        """
        return self._as_score(self.invoke(sample, config))

    async def ascore(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping, asynchronously; see `score`."""
        return self._as_score(await self.ainvoke(sample, config))

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Evaluate a mapping of the fields in `input_keys`."""
        return self._call_with_config(self._evaluate, self._given(input), config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Evaluate a mapping of the fields in `input_keys`, asynchronously."""
        return await self._acall_with_config(self._aevaluate, self._given(input), config, **kwargs)

    @abstractmethod
    def _evaluate(self, fields: dict[str, Any]) -> Any: ...

    @abstractmethod
    async def _aevaluate(self, fields: dict[str, Any]) -> Any: ...

    def _given(self, fields: object) -> dict[str, Any]:
        """Return the fields this evaluator uses out of those it is invoked with.

        Raises:
            ConfigError: it is no mapping, or one is missing.
        """
        if isinstance(fields, Sample):
            fields = {name: getattr(fields, name) for name in ("prediction", "input", "reference", "contexts")}
        name, needed = type(self).__name__, self.input_keys
        if not isinstance(fields, Mapping):
            raise ConfigError(f"{name} is invoked with a mapping of {', '.join(needed)}; got {type(fields).__name__}.")
        missing = [key for key in needed if fields.get(key) is None]
        if missing:
            raise ConfigError(f"{name} requires {', '.join(missing)}; got {', '.join(map(str, fields)) or 'nothing'}.")
        return {key: fields[key] for key in (*needed, *self.optional_keys) if fields.get(key) is not None}

    def _as_score(self, result: Any) -> Score:
        number = result.get("score") if isinstance(result, Mapping) else result
        if not isinstance(number, (bool, int, float)) or not math.isfinite(number) or not 0 <= number <= 1:
            raise ConfigError(
                f"{type(self).__name__} gave {number!r} as its score; a Score's value is a number in [0, 1]."
            )
        told: Mapping[str, Any] = result if isinstance(result, Mapping) else {}
        return Score(
            name=self.evaluation_name,
            value=float(number),
            label=None if told.get("value") is None else str(told["value"]),
            reasoning=str(told.get("reasoning") or ""),
            signature=self.signature,
        )

    def _feedback(self, result: Any) -> dict[str, Any]:
        if isinstance(result, (bool, int, float)):
            return {"score": result}
        if not isinstance(result, Mapping) or not {"score", "value"} & result.keys():
            shown = sorted(map(str, result)) if isinstance(result, Mapping) else repr(result)
            raise ConfigError(f"{type(self).__name__} gave {shown}: there is no score to report.")
        return {"score": result.get("score"), "value": result.get("value"), "comment": result.get("reasoning")}

    # LangChain's checks of what an evaluator is given.

    @property
    def _skip_input_warning(self) -> str:
        return f"Ignoring input in {type(self).__name__}, as it is not expected."

    @property
    def _skip_reference_warning(self) -> str:
        return f"Ignoring reference in {type(self).__name__}, as it is not expected."

    def _check_evaluation_args(self, reference: object = None, input_: object = None) -> None:
        if self.requires_input and input_ is None:
            raise ConfigError(f"{type(self).__name__} requires an input string.")
        if input_ is not None and not self.requires_input and "input" not in self._optional:
            notice(self._skip_input_warning)
        if self.requires_reference and reference is None:
            raise ConfigError(f"{type(self).__name__} requires a reference string.")
        if reference is not None and not self.requires_reference and "reference" not in self._optional:
            notice(self._skip_reference_warning)


class RowEvaluator(Evaluator, RunEvaluator):
    """An evaluator of one run: it goes into `langsmith.evaluate(..., evaluators=[...])` as it is."""

    def evaluate_run(
        self, run: Run, example: Example | None = None, evaluator_run_id: uuid.UUID | None = None
    ) -> EvaluationResult | EvaluationResults:
        """Judge a row of a LangSmith experiment.

        A row whose target failed costs no model call and comes back without a score, its comment saying why.

        Raises:
            ScoringError: as the evaluator itself does; LangSmith records it as the row's error.
        """
        if run.error:
            return failed_target(self.evaluation_name, run)
        with local_stays_local():  # the row's functions may call Runnables too
            config = experiment_config(self.evaluation_name, evaluator_run_id)
            result, run_id = self._evaluate_row(self._row(run, example), config)
        return self._report(result, run_id)

    async def aevaluate_run(
        self, run: Run, example: Example | None = None, evaluator_run_id: uuid.UUID | None = None
    ) -> EvaluationResult | EvaluationResults:
        """Judge a row of a LangSmith experiment, asynchronously; see `evaluate_run`."""
        if run.error:
            return failed_target(self.evaluation_name, run)
        with local_stays_local():
            config = experiment_config(self.evaluation_name, evaluator_run_id)
            result, run_id = await self._aevaluate_row(self._row(run, example), config)
        return self._report(result, run_id)

    def _report(self, result: Any, run_id: uuid.UUID | None) -> EvaluationResult | EvaluationResults:
        """Make LangSmith's feedback of a result."""
        return EvaluationResult(key=self.evaluation_name, source_run_id=run_id, **self._feedback(result))

    def _row(self, run: Run, example: Example | None) -> Mapping[str, Any]:
        return row_fields(self, run, example)

    def _evaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        return self.invoke(fields, config), config.get("run_id")

    async def _aevaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        return await self.ainvoke(fields, config), config.get("run_id")


def experiment_config(name: str, run_id: uuid.UUID | None) -> RunnableConfig:
    """Return the configuration of an evaluator's run in a LangSmith experiment."""
    named = RunnableConfig(run_name=name)
    return named if run_id is None else {**named, "run_id": run_id}
