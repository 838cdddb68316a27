"""The manners that all judged evaluators share: Runnable, LangChain's string evaluator, LangSmith's run evaluator."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar, cast

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.outputs import RunInfo
from langchain_core.runnables import RunnableConfig, RunnableSerializable, ensure_config
from langchain_core.runnables.config import merge_configs, patch_config
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs
from langsmith.evaluation.evaluator import EvaluationResult, RunEvaluator
from langsmith.schemas import Example, Run
from pydantic import BeforeValidator, ConfigDict, Field, SkipValidation

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.experiment import Key, PrepareData, RowFields
from lc_scoring.evaluators.schema import RUN_KEY, as_sample
from lc_scoring.evaluators.tracing import local_stays_local, nobody_listens
from lc_scoring.flow import Flow
from lc_scoring.models.chat_model import Judge, aanswer, answer
from lc_scoring.models.resolve import resolve_llm
from lc_scoring.notices import notice
from lc_scoring.records import Sample

Manager = TypeVar("Manager", CallbackManager, AsyncCallbackManager)

_RUN_ARGUMENTS = ("callbacks", "tags", "metadata", "run_name")


class JudgedEvaluator(RunnableSerializable[Any, Any], RunEvaluator):
    """An evaluator whose judgement is a Flow answered by a model.

    Subclasses say what they need (`requires_input`, `requires_reference`), what they are called
    (`evaluation_name`), what is asked (`_flow`) and what people get to see of the outcome (`_result`).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", frozen=True)

    llm: Annotated[SkipValidation[Judge], BeforeValidator(resolve_llm)]
    """The judge; see `load_evaluator` for what may stand here."""
    callbacks: Any = Field(default=None, exclude=True, repr=False)
    """Handlers that see this evaluator's run, not the model's."""
    tags: list[str] | None = None
    """Tags of this evaluator's run."""
    metadata: dict[str, Any] | None = None
    """Metadata of this evaluator's run."""
    verbose: bool = False
    """Whether LangChain prints this evaluator's run to standard output."""
    output_key: str = "results"
    """The key of the result in the outputs of a traced run."""
    input_key: Key = Field(default=None, exclude=True)
    """In LangSmith experiments: where the example's inputs hold the input; None for their only value."""
    prediction_key: Key = Field(default=None, exclude=True)
    """In LangSmith experiments: where the run's outputs hold the prediction; None for their only value."""
    reference_key: Key = Field(default=None, exclude=True)
    """In LangSmith experiments: where the reference outputs hold the reference; None for their only value."""
    prepare_data: PrepareData | None = Field(default=None, exclude=True)
    """In LangSmith experiments: makes the fields of a run and its example; stands above the keys."""

    # What a subclass says of itself.

    @property
    @abstractmethod
    def evaluation_name(self) -> str:
        """The name of the score: LangSmith's feedback key."""

    requires_input: ClassVar[bool] = True
    """Whether `input` must be given."""
    requires_reference: ClassVar[bool] = False
    """Whether `reference` must be given; where it must not, it is not used."""

    @abstractmethod
    def _flow(self, sample: Sample) -> Flow[Any]: ...

    @abstractmethod
    def _result(self, outcome: Any) -> Any: ...

    def _feedback(self, result: Any) -> dict[str, Any]:
        return {"score": result["score"], "comment": result.get("reasoning")}

    # LangChain's string evaluator.

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        needed = {
            "prediction",
            "input" if self.requires_input else "",
            "reference" if self.requires_reference else "",
        }
        return sorted(needed - {""})

    @property
    def output_keys(self) -> list[str]:
        """The keys of a traced run's outputs."""
        return [self.output_key]

    def evaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        config: RunnableConfig | None = None,
        include_run_info: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Judge one text.

        Args:
            prediction: the text to rate.
            reference: a known good answer, for evaluators that compare with one.
            input: what the text responds to.
            config: LangChain's run configuration.
            include_run_info: add the run's id under `__run`.
            **kwargs: `callbacks`, `tags`, `metadata`, `run_name` as in `config`.

        Returns:
            A mapping with `reasoning` and `score`.

        Raises:
            ConfigError: a field is missing or unusable; no model was called.
            ModelError: the model gave no answer.
            ReplyError: its answer holds no rating.
        """
        sample = self._checked(prediction, reference, input)
        return self._run(sample, _merged(config, kwargs), include_run_info=include_run_info)

    async def aevaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        config: RunnableConfig | None = None,
        include_run_info: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Judge one text, asynchronously; see `evaluate_strings`."""
        sample = self._checked(prediction, reference, input)
        return await self._arun(sample, _merged(config, kwargs), include_run_info=include_run_info)

    def _checked(self, prediction: object, reference: object, question: object) -> Sample:
        name, needs_input, needs_reference = type(self).__name__, self.requires_input, self.requires_reference
        if reference is not None and not needs_reference:
            notice(
                f"Ignoring reference in {name}, as it is not expected. "
                "To compare with a reference, use an evaluator that is labeled."
            )
        if question is not None and not needs_input:
            notice(f"Ignoring input in {name}, as it is not expected.")
        return as_sample(
            name, prediction, question, reference, needs_input=needs_input, needs_reference=needs_reference
        )

    def _sample(self, fields: object) -> Sample:
        if isinstance(fields, Sample):
            fields = {"prediction": fields.prediction, "input": fields.input, "reference": fields.reference}
        name = type(self).__name__
        if not isinstance(fields, Mapping):
            raise ConfigError(
                f"{name} is invoked with a mapping of {', '.join(self.input_keys)}; got {type(fields).__name__}."
            )
        missing = [key for key in self.input_keys if fields.get(key) is None]
        if missing:
            raise ConfigError(f"{name} requires {', '.join(missing)}; got {', '.join(map(str, fields)) or 'nothing'}.")
        return as_sample(
            name,
            fields["prediction"],
            fields.get("input"),
            fields.get("reference"),
            needs_input=self.requires_input,
            needs_reference=self.requires_reference,
        )

    # LangChain's Runnable.

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Judge a mapping of `prediction`, `input`, `reference`; see `evaluate_strings`."""
        return self._run(self._sample(input), config, include_run_info=kwargs.get("include_run_info", False))

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Judge a mapping of `prediction`, `input`, `reference`, asynchronously; see `evaluate_strings`."""
        return await self._arun(self._sample(input), config, include_run_info=kwargs.get("include_run_info", False))

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What can be configured at run time: the judge's own fields."""
        return get_unique_config_specs(self.llm.config_specs)

    def _run(self, sample: Sample, config: RunnableConfig | None, *, include_run_info: bool) -> Any:
        outcome, run_id = self._outcome(sample, config, always_run=include_run_info)
        result = self._result(outcome)
        return _with_run_id(result, run_id) if include_run_info else result

    async def _arun(self, sample: Sample, config: RunnableConfig | None, *, include_run_info: bool) -> Any:
        outcome, run_id = await self._aoutcome(sample, config, always_run=include_run_info)
        result = self._result(outcome)
        return _with_run_id(result, run_id) if include_run_info else result

    def _outcome(self, sample: Sample, config: RunnableConfig | None, *, always_run: bool = False) -> tuple[Any, Any]:
        """Answer the flow; open a run only where somebody listens, for a run costs as much as half a model call."""
        full = ensure_config(config)
        if self._unheard(full) and not always_run:
            return answer(self._flow(sample), self.llm, _model_config(full)), None
        manager = self._manager(CallbackManager, full)
        run = manager.on_chain_start(None, self._inputs(sample), **self._identity(full))
        try:
            outcome = answer(self._flow(sample), self.llm, patch_config(full, callbacks=run.get_child()))
            traced = {self.output_key: self._result(outcome)}
        except BaseException as error:
            run.on_chain_error(error)
            raise
        run.on_chain_end(traced)
        return outcome, run.run_id

    async def _aoutcome(
        self, sample: Sample, config: RunnableConfig | None, *, always_run: bool = False
    ) -> tuple[Any, Any]:
        full = ensure_config(config)
        if self._unheard(full) and not always_run:
            return await aanswer(self._flow(sample), self.llm, _model_config(full)), None
        manager = self._manager(AsyncCallbackManager, full)
        run = await manager.on_chain_start(None, self._inputs(sample), **self._identity(full))
        try:
            outcome = await aanswer(self._flow(sample), self.llm, patch_config(full, callbacks=run.get_child()))
            traced = {self.output_key: self._result(outcome)}
        except BaseException as error:
            await run.on_chain_error(error)
            raise
        await run.on_chain_end(traced)
        return outcome, run.run_id

    def _unheard(self, config: RunnableConfig) -> bool:
        return not self.callbacks and not self.verbose and nobody_listens(config)

    def _manager(self, kind: type[Manager], config: RunnableConfig) -> Manager:
        return kind.configure(
            config.get("callbacks"),
            self.callbacks,
            self.verbose,
            config.get("tags"),
            self.tags,
            config.get("metadata"),
            self.metadata,
        )

    def _identity(self, config: RunnableConfig) -> dict[str, Any]:
        return {"name": config.get("run_name") or self.get_name(), "run_id": config.get("run_id")}

    def _inputs(self, sample: Sample) -> dict[str, str | None]:
        return {key: getattr(sample, key) for key in ("prediction", *self.input_keys)}

    # LangSmith's run evaluator.

    @property
    def feedback_keys(self) -> list[str]:
        """The keys under which LangSmith records this evaluator's failures."""
        return [self.evaluation_name]

    def evaluate_run(
        self, run: Run, example: Example | None = None, evaluator_run_id: uuid.UUID | None = None
    ) -> EvaluationResult:
        """Judge a row of a LangSmith experiment.

        A row whose target failed costs no model call and comes back without a score, its comment saying why.

        Raises:
            ScoringError: as `evaluate_strings` does; LangSmith records it as the row's error.
        """
        if run.error:
            return self._failed_target(run)
        with local_stays_local():  # the row's functions may call Runnables too
            sample = self._sample(self._row(run, example))
            outcome, run_id = self._outcome(sample, self._experiment_config(evaluator_run_id))
        return self._evaluation(outcome, run_id)

    async def aevaluate_run(
        self, run: Run, example: Example | None = None, evaluator_run_id: uuid.UUID | None = None
    ) -> EvaluationResult:
        """Judge a row of a LangSmith experiment, asynchronously; see `evaluate_run`."""
        if run.error:
            return self._failed_target(run)
        with local_stays_local():
            sample = self._sample(self._row(run, example))
            outcome, run_id = await self._aoutcome(sample, self._experiment_config(evaluator_run_id))
        return self._evaluation(outcome, run_id)

    def _row(self, run: Run, example: Example | None) -> Mapping[str, Any]:
        if self.prepare_data is not None:
            return self.prepare_data(run, example)
        return RowFields(
            input_key=self.input_key,
            prediction_key=self.prediction_key,
            reference_key=self.reference_key,
            needs_input=self.requires_input,
            needs_reference=self.requires_reference,
        ).of(run, example)

    def _experiment_config(self, run_id: uuid.UUID | None) -> RunnableConfig:
        named = RunnableConfig(run_name=self.evaluation_name)
        return named if run_id is None else {**named, "run_id": run_id}

    def _evaluation(self, outcome: Any, run_id: uuid.UUID | None) -> EvaluationResult:
        return EvaluationResult(key=self.evaluation_name, source_run_id=run_id, **self._feedback(self._result(outcome)))

    def _failed_target(self, run: Run) -> EvaluationResult:
        reason = str(run.error).strip().splitlines()
        return EvaluationResult(
            key=self.evaluation_name,
            comment=f"Not scored: the target failed with {reason[0] if reason else 'no message'}",
            extra={"error": True},
        )


def _merged(config: RunnableConfig | None, given: dict[str, Any]) -> RunnableConfig | None:
    if not given:
        return config
    known = cast("RunnableConfig", {key: given[key] for key in _RUN_ARGUMENTS if given.get(key) is not None})
    for name in given.keys() - set(_RUN_ARGUMENTS):
        notice(f"Ignoring unknown argument {name!r}.")
    return merge_configs(config, known)


def _model_config(config: RunnableConfig) -> RunnableConfig:
    """Take out of a config (our own copy) what names this evaluator's run, for it must not name the model's."""
    config.pop("run_id", None)
    config.pop("run_name", None)
    return config


def _with_run_id(result: Any, run_id: uuid.UUID) -> Any:
    return {**result, RUN_KEY: RunInfo(run_id=run_id)} if isinstance(result, Mapping) else result
