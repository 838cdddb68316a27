"""The judged evaluator: one whose judgement is a Flow answered by a model, in a run of its own where anybody looks."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManager, CallbackManager
from langchain_core.runnables import RunnableConfig, RunnableSerializable, ensure_config
from langchain_core.runnables.config import patch_config
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs
from pydantic import BeforeValidator, ConfigDict, Field, SkipValidation

from lc_scoring.evaluators.arguments import run_config, with_run_id
from lc_scoring.evaluators.evaluator import Evaluator
from lc_scoring.evaluators.experiment import Key, PrepareData
from lc_scoring.evaluators.fields import as_texts
from lc_scoring.evaluators.tracing import nobody_listens
from lc_scoring.flow import Asked, Flow
from lc_scoring.models.chat_model import aanswer, answer
from lc_scoring.models.judge import Judge, Judges
from lc_scoring.models.resolve import resolve_llm
from lc_scoring.models.workers import Workers

Manager = TypeVar("Manager", CallbackManager, AsyncCallbackManager)
Texts = Mapping[str, str | None]
"""What is judged: texts by the names they have in the prompt."""


class JudgedEvaluator(RunnableSerializable[Any, Any], Evaluator):
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

    @cached_property
    def _workers(self) -> Workers:
        return Workers()

    @property
    def _models(self) -> Judges:
        """The model that is asked, or the several of a jury."""
        return self.llm

    @property
    def _field_names(self) -> tuple[str, ...]:
        """The names under which fields are handed over one by one; everything else is an argument of the run."""
        return ("prediction", "prediction_b", "agent_trajectory", "input", "reference")

    @abstractmethod
    def _flow(self, texts: Texts) -> Flow[Any]: ...

    @abstractmethod
    def _result(self, outcome: Any) -> Any: ...

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        """Make the texts that are judged of the fields given."""
        needed = (*(["input"] if self.requires_input else []), *(["reference"] if self.requires_reference else []))
        texts = as_texts(type(self).__name__, fields, (*needed, *self._judged))
        return texts if self.requires_input else {**texts, "input": None}

    def first_asks(self, fields: Mapping[str, Any]) -> Asked:
        """Return what would be asked first about fields, without asking it: for tests, and to tell what a run costs.

        Raises:
            ConfigError: a field is missing or unusable.
        """
        flow = self._flow(self._texts(self._given(fields)))
        try:
            return next(flow)
        except StopIteration:
            return ()  # it can be told without asking
        finally:
            flow.close()

    @property
    def output_keys(self) -> list[str]:
        """The keys of a traced run's outputs."""
        return [self.output_key]

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What can be configured at run time: the judge's own fields."""
        return get_unique_config_specs(self.llm.config_specs)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Judge a mapping of the fields in `input_keys`."""
        texts = self._texts(self._given(input))
        return self._run(texts, config, include_run_info=kwargs.get("include_run_info", False))

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Judge a mapping of the fields in `input_keys`, asynchronously."""
        texts = self._texts(self._given(input))
        return await self._arun(texts, config, include_run_info=kwargs.get("include_run_info", False))

    def _judge_fields(
        self, *, config: RunnableConfig | None = None, include_run_info: bool = False, **given: Any
    ) -> Any:
        """Judge fields handed over one by one beside arguments of the run, as LangChain's evaluators took them."""
        fields = {name: given.pop(name) for name in self._field_names if name in given}
        return self._run(self._texts(fields), run_config(config, given), include_run_info=include_run_info)

    async def _ajudge_fields(
        self, *, config: RunnableConfig | None = None, include_run_info: bool = False, **given: Any
    ) -> Any:
        fields = {name: given.pop(name) for name in self._field_names if name in given}
        return await self._arun(self._texts(fields), run_config(config, given), include_run_info=include_run_info)

    def _evaluate(self, fields: dict[str, Any]) -> Any:
        return self._judge_fields(**fields)

    async def _aevaluate(self, fields: dict[str, Any]) -> Any:
        return await self._ajudge_fields(**fields)

    def _evaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        outcome, run_id = self._outcome(self._texts(self._given(fields)), config)
        return self._result(outcome), run_id

    async def _aevaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        outcome, run_id = await self._aoutcome(self._texts(self._given(fields)), config)
        return self._result(outcome), run_id

    def _run(self, texts: Texts, config: RunnableConfig | None, *, include_run_info: bool) -> Any:
        outcome, run_id = self._outcome(texts, config, always_run=include_run_info)
        result = self._result(outcome)
        return with_run_id(result, run_id) if include_run_info else result

    async def _arun(self, texts: Texts, config: RunnableConfig | None, *, include_run_info: bool) -> Any:
        outcome, run_id = await self._aoutcome(texts, config, always_run=include_run_info)
        result = self._result(outcome)
        return with_run_id(result, run_id) if include_run_info else result

    def _outcome(self, texts: Texts, config: RunnableConfig | None, *, always_run: bool = False) -> tuple[Any, Any]:
        """Answer the flow; open a run only where somebody listens, for a run costs as much as half a model call."""
        full = ensure_config(config)
        if self._unheard(full) and not always_run:
            return answer(self._flow(texts), self._models, _model_config(full), self._workers), None
        manager = self._manager(CallbackManager, full)
        run = manager.on_chain_start(None, _shown(texts), **self._identity(full))
        try:
            config = patch_config(full, callbacks=run.get_child())
            outcome = answer(self._flow(texts), self._models, config, self._workers)
            traced = {self.output_key: self._result(outcome)}
        except BaseException as error:
            run.on_chain_error(error)
            raise
        run.on_chain_end(traced)
        return outcome, run.run_id

    async def _aoutcome(
        self, texts: Texts, config: RunnableConfig | None, *, always_run: bool = False
    ) -> tuple[Any, Any]:
        full = ensure_config(config)
        if self._unheard(full) and not always_run:
            return await aanswer(self._flow(texts), self._models, _model_config(full)), None
        manager = self._manager(AsyncCallbackManager, full)
        run = await manager.on_chain_start(None, _shown(texts), **self._identity(full))
        try:
            outcome = await aanswer(self._flow(texts), self._models, patch_config(full, callbacks=run.get_child()))
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


def _shown(texts: Texts) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


def _model_config(config: RunnableConfig) -> RunnableConfig:
    """Take out of a config (our own copy) what names this evaluator's run, for it must not name the model's."""
    config.pop("run_id", None)
    config.pop("run_name", None)
    return config
