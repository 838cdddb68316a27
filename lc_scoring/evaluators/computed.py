"""The computed evaluator: one whose score needs no judge, and which costs no more than its arithmetic.

It is made of keyword arguments that become its attributes, computes at once where nobody listens, and opens a run
where somebody does.
"""

from __future__ import annotations

import math
import uuid
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from inspect import get_annotations
from typing import Any, ClassVar, dataclass_transform

from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig, ensure_config

from lc_scoring import __version__
from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.arguments import refuse_unknown, run_config, with_run_id
from lc_scoring.evaluators.evaluator import Evaluator
from lc_scoring.evaluators.experiment import Key, PrepareData
from lc_scoring.evaluators.schema import PairwiseStringEvaluator, StringEvaluator
from lc_scoring.evaluators.tracing import nobody_listens
from lc_scoring.records import Score

_SHOWN = 60  # characters of a value in a message


@dataclass_transform(kw_only_default=True)
class _Declared(Evaluator):
    """An evaluator made of what it declares: an annotated public attribute is a keyword argument, its value the default.

    A class and not a dataclass, since a dataclass answers an unknown argument with a bare TypeError.
    """  # noqa: E501 - the one line says it

    def __init__(self, **given: Any) -> None:
        refuse_unknown(type(self).__name__, given, self.arguments())
        for name, value in given.items():
            if isinstance(getattr(type(self), name), bool) and not isinstance(value, bool):
                raise ConfigError(f"{name} takes True or False; got {_shown(value)}.")
            setattr(self, name, value)
        self._check_arguments()

    @classmethod
    def arguments(cls) -> set[str]:
        """Return the names of what the evaluator can be made with."""
        declared = (name for base in cls.__mro__ if issubclass(base, _Declared) for name in get_annotations(base))
        return {name for name in declared if not name.startswith("_")}

    def _check_arguments(self) -> None:
        """Raise a ConfigError where an argument cannot be used, a MissingExtra where a package for it is missing."""


class ComputedEvaluator(_Declared):
    """An evaluator whose score is computed of two values: a prediction, and the reference or the other prediction."""

    input_key: Key = None
    """In LangSmith experiments: where the example's inputs hold the input; None for their only value."""
    prediction_key: Key = None
    """In LangSmith experiments: where the run's outputs hold the prediction; None for their only value."""
    reference_key: Key = None
    """In LangSmith experiments: where the reference outputs hold the reference; None for their only value."""
    prepare_data: PrepareData | None = None
    """In LangSmith experiments: makes the fields of a run and its example; stands above the keys."""

    # Plain values, since properties would double what an exact match costs.
    requires_input = False  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]
    requires_reference = True  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    _settings: ClassVar[tuple[str, ...]] = ()
    """The arguments that make a difference to the score."""

    @abstractmethod
    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]: ...

    async def _acompute(self, prediction: Any, other: Any) -> dict[str, Any]:
        return self._compute(prediction, other)

    @property
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        parts = {**{name: _told(getattr(self, name)) for name in self._settings}, "lc_scoring": __version__}
        return "|".join([self.evaluation_name, *(f"{name}={value}" for name, value in parts.items())])

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Evaluate a mapping of the fields in `input_keys`."""
        return self._run(self._given(input), config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Evaluate a mapping of the fields in `input_keys`, asynchronously."""
        return await self._arun(self._given(input), config, **kwargs)

    def _evaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        return self._outcome(self._given(fields), config)

    async def _aevaluate_row(self, fields: Mapping[str, Any], config: RunnableConfig) -> tuple[Any, uuid.UUID | None]:
        return await self._aoutcome(self._given(fields), config)

    def _run(
        self,
        fields: dict[str, Any],
        config: RunnableConfig | None = None,
        *,
        include_run_info: bool = False,
        **run_arguments: Any,
    ) -> Any:
        result, run_id = self._outcome(fields, run_config(config, run_arguments), always_run=include_run_info)
        return with_run_id(result, run_id) if include_run_info else result

    async def _arun(
        self,
        fields: dict[str, Any],
        config: RunnableConfig | None = None,
        *,
        include_run_info: bool = False,
        **run_arguments: Any,
    ) -> Any:
        config = run_config(config, run_arguments)
        result, run_id = await self._aoutcome(fields, config, always_run=include_run_info)
        return with_run_id(result, run_id) if include_run_info else result

    def _outcome(
        self, fields: dict[str, Any], config: RunnableConfig | None, *, always_run: bool = False
    ) -> tuple[Any, uuid.UUID | None]:
        """Compute the result; open a run only where somebody listens, for it costs far more than the arithmetic."""
        full = ensure_config(config)
        if not always_run and nobody_listens(full):
            return self._evaluate(fields), None
        run_ids: list[uuid.UUID] = []

        def work(fields: dict[str, Any], run_manager: CallbackManagerForChainRun) -> Any:
            run_ids.append(run_manager.run_id)
            return self._evaluate(fields)

        return self._call_with_config(work, fields, full), run_ids[0]

    async def _aoutcome(
        self, fields: dict[str, Any], config: RunnableConfig | None, *, always_run: bool = False
    ) -> tuple[Any, uuid.UUID | None]:
        full = ensure_config(config)
        if not always_run and nobody_listens(full):
            return await self._aevaluate(fields), None
        run_ids: list[uuid.UUID] = []

        async def work(fields: dict[str, Any], run_manager: AsyncCallbackManagerForChainRun) -> Any:
            run_ids.append(run_manager.run_id)
            return await self._aevaluate(fields)

        return await self._acall_with_config(work, fields, full), run_ids[0]

    def _feedback(self, result: Any) -> dict[str, Any]:
        return {**super()._feedback(result), "evaluator_info": {"signature": self.signature}}


class ComputedStringEvaluator(ComputedEvaluator, StringEvaluator):
    """A computed evaluator of one text."""

    def _evaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002, ARG002 - LangChain's word; nothing computed looks at it
        **kwargs: Any,
    ) -> Any:
        if kwargs:
            return self._run(_present(prediction, reference), **kwargs)
        return self._compute(prediction, reference)

    async def _aevaluate_strings(
        self,
        *,
        prediction: Any,
        reference: Any = None,
        input: Any = None,  # noqa: A002, ARG002 - LangChain's word; nothing computed looks at it
        **kwargs: Any,
    ) -> Any:
        if kwargs:
            return await self._arun(_present(prediction, reference), **kwargs)
        return await self._acompute(prediction, reference)


class ComputedPairEvaluator(ComputedEvaluator, PairwiseStringEvaluator):
    """A computed evaluator of two texts."""

    requires_reference = False  # pyright: ignore[reportIncompatibleMethodOverride]

    def _evaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,  # noqa: ARG002 - LangChain's word; nothing computed of two texts looks at it
        input: Any = None,  # noqa: A002, ARG002 - the same
        **kwargs: Any,
    ) -> Any:
        if kwargs:
            return self._run({"prediction": prediction, "prediction_b": prediction_b}, **kwargs)
        return self._compute(prediction, prediction_b)

    async def _aevaluate_string_pairs(
        self,
        *,
        prediction: Any,
        prediction_b: Any,
        reference: Any = None,  # noqa: ARG002 - LangChain's word; nothing computed of two texts looks at it
        input: Any = None,  # noqa: A002, ARG002 - the same
        **kwargs: Any,
    ) -> Any:
        if kwargs:
            return await self._arun({"prediction": prediction, "prediction_b": prediction_b}, **kwargs)
        return await self._acompute(prediction, prediction_b)

    def _shares(self, ids: Sequence[uuid.UUID], score: float) -> dict[uuid.UUID | str, float | None]:
        """Return the distance for both runs: it is between them, and prefers neither."""
        return dict.fromkeys(ids, score)


class DistanceEvaluator(ComputedEvaluator):
    """A computed evaluator whose result is a distance: 0 for what is the same, more for what is further apart."""

    def _as_score(self, result: Any) -> Score:
        distance = float(result["score"])
        return Score(
            name=self.evaluation_name,
            value=self._nearness(distance),
            rating=distance,
            reasoning=result.get("reasoning", ""),
            signature=self.signature,
        )

    @abstractmethod
    def _nearness(self, distance: float) -> float:
        """Return a distance as a value in [0, 1], 1 for what is the same."""


def bounded_nearness(distance: float, furthest: float = 1.0) -> float:
    """Return a distance in [0, furthest] as a value in [0, 1], 1 for what is the same.

    Examples:
        >>> bounded_nearness(0.25), bounded_nearness(0.5, furthest=2.0)
        (0.75, 0.75)
    """
    return 1 - min(distance / furthest, 1.0)


def unbounded_nearness(distance: float) -> float:
    """Return a distance without an upper end as a value in (0, 1], 1 for what is the same.

    Examples:
        >>> unbounded_nearness(0), unbounded_nearness(3)
        (1.0, 0.25)
    """
    return 1 / (1 + distance)


def plain_text(name: str, value: object) -> str:
    """Return text as it is and a message as its text; what is computed of text takes nothing else.

    Raises:
        ConfigError: it is neither.

    Examples:
        >>> plain_text("reference", 4)
        Traceback (most recent call last):
        lc_scoring.errors.ConfigError: reference must be text, got int: 4.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, BaseMessage):
        return str(value.text)
    if is_missing(value):
        raise ConfigError(f"{name} must be text, got {value!r}, which stands for a missing value.")
    raise ConfigError(f"{name} must be text, got {type(value).__name__}: {_shown(value)}.")


def check_function(name: str, value: object) -> None:
    """Make sure that an argument is a function or None.

    Raises:
        ConfigError: it is neither.
    """
    if value is not None and not callable(value):
        raise ConfigError(f"{name} takes a function; got {_shown(value)}.")


def call_own(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the user's own.

    Raises:
        ConfigError: it raised; its exception is the cause.
    """
    try:
        return function(*arguments)
    except Exception as error:  # a function of the user's own may raise anything
        raise ConfigError(f"{name}= failed with {type(error).__name__}: {error}") from error


def checked_distance(name: str, distance: Any) -> float:
    """Return the distance that a function of the user's own measured.

    Raises:
        ConfigError: it is no finite number of at least 0.
    """
    if isinstance(distance, bool) or not isinstance(distance, (int, float)) or not 0 <= distance < math.inf:
        raise ConfigError(f"{name}= gave {_shown(distance)}; a distance is a finite number of at least 0.")
    return distance


def _present(prediction: Any, reference: Any) -> dict[str, Any]:
    return {"prediction": prediction} if reference is None else {"prediction": prediction, "reference": reference}


def _told(value: Any) -> str:
    """Return a setting for a signature: a function by its qualified name."""
    if callable(value):
        return f"{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    return str(value)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
