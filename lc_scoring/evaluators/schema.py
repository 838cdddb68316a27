"""Schema: LangChain's three kinds of evaluators, as Runnables that LangSmith takes as they are.

Your own evaluators of `langchain.evaluation` move over by a change of import: a subclass that has
`_evaluate_strings` alone works sync and async, in LCEL and in `langsmith.evaluate`.
"""

from __future__ import annotations

import math
import uuid
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from langchain_core.runnables.config import run_in_executor
from langsmith.evaluation.evaluator import ComparisonEvaluationResult
from langsmith.schemas import Example, Run

from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.evaluators.evaluator import Evaluator, RowEvaluator, experiment_config
from lc_scoring.evaluators.experiment import pair_fields
from lc_scoring.evaluators.tracing import local_stays_local


class StringEvaluator(RowEvaluator):
    """An evaluator of one text.

    A subclass has `_evaluate_strings`, and says with `requires_input` and `requires_reference` what it needs.

    Examples:
        >>> class Shouting(StringEvaluator):
        ...     def _evaluate_strings(self, *, prediction, reference=None, input=None, **kwargs):
        ...         return {"score": int(prediction.isupper())}
        >>> Shouting().evaluate_strings(prediction="HELLO")
        {'score': 1}
        >>> Shouting().batch([{"prediction": "HELLO"}, {"prediction": "hello"}])
        [{'score': 1}, {'score': 0}]
    """

    def evaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        """Judge one text.

        Args:
            prediction: the text to judge.
            reference: a known good answer, for evaluators that compare with one.
            input: what the text responds to.
            **kwargs: `config`, LangChain's run configuration, or its `callbacks`, `tags`, `metadata`, `run_name`;
                `include_run_info=True` adds the run's id under `__run`.

        Returns:
            A mapping with `score`, and with `reasoning` and `value` where the evaluator has them.

        Raises:
            ConfigError: a field is missing or unusable; no model was called.
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
        """
        if (input is None) is bool(self.requires_input) or (reference is None) is bool(self.requires_reference):
            self._check_evaluation_args(reference, input)
        return self._evaluate_strings(prediction=prediction, reference=reference, input=input, **kwargs)

    async def aevaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        """Judge one text, asynchronously; see `evaluate_strings`."""
        if (input is None) is bool(self.requires_input) or (reference is None) is bool(self.requires_reference):
            self._check_evaluation_args(reference, input)
        return await self._aevaluate_strings(prediction=prediction, reference=reference, input=input, **kwargs)

    @abstractmethod
    def _evaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any: ...

    async def _aevaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        fields = {"prediction": prediction, "reference": reference, "input": input}
        return await run_in_executor(None, self._evaluate_strings, **fields, **kwargs)

    def _evaluate(self, fields: dict[str, Any]) -> Any:
        return self._evaluate_strings(**{"reference": None, "input": None, **fields})

    async def _aevaluate(self, fields: dict[str, Any]) -> Any:
        return await self._aevaluate_strings(**{"reference": None, "input": None, **fields})


class PairwiseStringEvaluator(Evaluator):
    """An evaluator of two texts.

    A subclass has `_evaluate_string_pairs`. It goes into `langsmith.evaluate((first, second), evaluators=[...])`
    as it is.

    Examples:
        >>> class Shorter(PairwiseStringEvaluator):
        ...     def _evaluate_string_pairs(self, *, prediction, prediction_b, **kwargs):
        ...         return {"score": int(len(prediction) < len(prediction_b))}
        >>> Shorter().evaluate_string_pairs(prediction="Paris", prediction_b="It is Paris.")
        {'score': 1}
    """

    _judged: ClassVar[tuple[str, ...]] = ("prediction", "prediction_b")

    def evaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        """Compare two texts.

        Args:
            prediction: the first text, A.
            prediction_b: the second text, B.
            reference: a known good answer, for evaluators that compare with one.
            input: what both texts respond to.
            **kwargs: as `StringEvaluator.evaluate_strings` takes them.

        Returns:
            A mapping with `score`, and with `reasoning` and `value` where the evaluator has them.

        Raises:
            ConfigError: a field is missing or unusable; no model was called.
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
        """
        if (input is None) is bool(self.requires_input) or (reference is None) is bool(self.requires_reference):
            self._check_evaluation_args(reference, input)
        return self._evaluate_string_pairs(
            prediction=prediction, prediction_b=prediction_b, reference=reference, input=input, **kwargs
        )

    async def aevaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        """Compare two texts, asynchronously; see `evaluate_string_pairs`."""
        if (input is None) is bool(self.requires_input) or (reference is None) is bool(self.requires_reference):
            self._check_evaluation_args(reference, input)
        return await self._aevaluate_string_pairs(
            prediction=prediction, prediction_b=prediction_b, reference=reference, input=input, **kwargs
        )

    @abstractmethod
    def _evaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any: ...

    async def _aevaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002 - LangChain's word
        **kwargs: Any,
    ) -> Any:
        fields = {"prediction": prediction, "prediction_b": prediction_b, "reference": reference, "input": input}
        return await run_in_executor(None, self._evaluate_string_pairs, **fields, **kwargs)

    def _evaluate(self, fields: dict[str, Any]) -> Any:
        return self._evaluate_string_pairs(**{"reference": None, "input": None, **fields})

    async def _aevaluate(self, fields: dict[str, Any]) -> Any:
        return await self._aevaluate_string_pairs(**{"reference": None, "input": None, **fields})

    def __call__(self, runs: Sequence[Run], example: Example | None = None) -> ComparisonEvaluationResult:
        """Compare the two runs of an example in a comparative LangSmith experiment.

        A pair that cannot be compared, because a target or the judge failed, comes back without scores, its comment
        saying why: an exception would end the whole experiment.

        Raises:
            ConfigError: there are not two runs.
        """
        if len(runs) != 2:  # noqa: PLR2004 - a pair
            raise ConfigError(
                f"{type(self).__name__} compares two experiments with one run of each example; got {len(runs)} runs."
            )
        ids, name = [run.id for run in runs], self.evaluation_name
        with local_stays_local():
            try:
                told = self._feedback(self.invoke(pair_fields(self, runs, example), experiment_config(name, None)))
                scores = self._shares(ids, self._number(told.get("score")))
                return ComparisonEvaluationResult(key=name, scores=scores, comment=_each_told(ids, told.get("comment")))
            except Exception as error:  # noqa: BLE001 - LangSmith stops at the first pair that raises anything
                said = str(error) if isinstance(error, ScoringError) else f"{type(error).__name__}: {error}"
                return ComparisonEvaluationResult(key=name, scores=dict.fromkeys(ids), comment=f"Not compared: {said}")

    def _shares(self, ids: Sequence[uuid.UUID], score: float) -> dict[uuid.UUID | str, float | None]:
        """Return each run's score, of one in which 1 is for the first text and 0 for the second."""
        if not 0 <= score <= 1:
            raise ConfigError(f"{type(self).__name__} gave {score!r} as its score; a preference is in [0, 1].")
        return {ids[0]: score, ids[1]: 1 - score}

    def _number(self, score: object) -> float:
        if not isinstance(score, (bool, int, float)) or not math.isfinite(score):
            raise ConfigError(f"{type(self).__name__} gave {score!r} as its score; a comparison needs a number.")
        return float(score)


class AgentTrajectoryEvaluator(RowEvaluator):
    """An evaluator of the steps an agent took. A subclass has `_evaluate_agent_trajectory`.

    Examples:
        >>> class Steps(AgentTrajectoryEvaluator):
        ...     def _evaluate_agent_trajectory(self, *, prediction, agent_trajectory, input, **kwargs):
        ...         return {"score": 1 / max(1, len(agent_trajectory))}
        >>> Steps().evaluate_agent_trajectory(prediction="4", agent_trajectory=[("add", "4")], input="2 + 2?")
        {'score': 1.0}
    """

    _judged: ClassVar[tuple[str, ...]] = ("prediction", "agent_trajectory")
    _optional: ClassVar[tuple[str, ...]] = ("reference",)

    @property
    def requires_input(self) -> bool:
        """Whether `input` must be given."""
        return True

    def evaluate_agent_trajectory(
        self,
        *,
        prediction: Any,
        agent_trajectory: Any,
        input: Any,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Judge the steps of an agent.

        Args:
            prediction: the agent's final answer.
            agent_trajectory: its steps: LangChain messages, or pairs of an action and what came of it.
            input: what the agent was asked.
            reference: a known good answer.
            **kwargs: as `StringEvaluator.evaluate_strings` takes them.

        Returns:
            A mapping with `score`, and with `reasoning` where the evaluator has it.

        Raises:
            ConfigError: a field is missing or unusable; no model was called.
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
        """
        self._check_evaluation_args(reference, input)
        return self._evaluate_agent_trajectory(
            prediction=prediction, agent_trajectory=agent_trajectory, input=input, reference=reference, **kwargs
        )

    async def aevaluate_agent_trajectory(
        self,
        *,
        prediction: Any,
        agent_trajectory: Any,
        input: Any,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Judge the steps of an agent, asynchronously; see `evaluate_agent_trajectory`."""
        self._check_evaluation_args(reference, input)
        return await self._aevaluate_agent_trajectory(
            prediction=prediction, agent_trajectory=agent_trajectory, input=input, reference=reference, **kwargs
        )

    @abstractmethod
    def _evaluate_agent_trajectory(
        self,
        *,
        prediction: Any,
        agent_trajectory: Any,
        input: Any,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **kwargs: Any,
    ) -> Any: ...

    async def _aevaluate_agent_trajectory(
        self,
        *,
        prediction: Any,
        agent_trajectory: Any,
        input: Any,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **kwargs: Any,
    ) -> Any:
        fields = {"prediction": prediction, "agent_trajectory": agent_trajectory, "input": input}
        return await run_in_executor(None, self._evaluate_agent_trajectory, **fields, reference=reference, **kwargs)

    def _evaluate(self, fields: dict[str, Any]) -> Any:
        return self._evaluate_agent_trajectory(**{"reference": None, **fields})

    async def _aevaluate(self, fields: dict[str, Any]) -> Any:
        return await self._aevaluate_agent_trajectory(**{"reference": None, **fields})


def _each_told(ids: Sequence[uuid.UUID], comment: object) -> dict[uuid.UUID | str, str] | None:
    """Return the comment for each run, which says what the run is called in it: LangSmith may shuffle the runs."""
    if not comment:
        return None
    if not isinstance(comment, str):
        raise ConfigError(f"The evaluator gave {comment!r} as its reasoning; a comment is text.")
    return {str(run_id): f"This run is {letter}.\n\n{comment}" for run_id, letter in zip(ids, "AB", strict=True)}
