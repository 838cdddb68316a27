"""The registry: evaluators by name, LangChain's, yours and those of installed packages."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, overload

from lc_scoring.errors import ConfigError
from lc_scoring.models.resolve import resolve_llm

if TYPE_CHECKING:
    from lc_scoring.evaluators.score_string import LabeledScoreStringEvalChain, ScoreStringEvalChain

ENTRY_POINTS = "lc_scoring.evaluators"
"""The entry-point group through which other packages add evaluators: name = "package.module:Class"."""


class EvaluatorType(StrEnum):
    """The built-in evaluators, by LangChain's names."""

    LABELED_SCORE_STRING = "labeled_score_string"
    SCORE_STRING = "score_string"


_BUILT_IN = {
    EvaluatorType.LABELED_SCORE_STRING: "lc_scoring.evaluators.score_string:LabeledScoreStringEvalChain",
    EvaluatorType.SCORE_STRING: "lc_scoring.evaluators.score_string:ScoreStringEvalChain",
}
_registered: dict[str, Callable[..., Any]] = {}


@overload
def load_evaluator(
    evaluator: Literal["score_string", EvaluatorType.SCORE_STRING], *, llm: object = None, **kwargs: Any
) -> ScoreStringEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["labeled_score_string", EvaluatorType.LABELED_SCORE_STRING], *, llm: object = None, **kwargs: Any
) -> LabeledScoreStringEvalChain: ...
@overload
def load_evaluator(evaluator: str, *, llm: object = None, **kwargs: Any) -> Any: ...
def load_evaluator(evaluator: str, *, llm: object = None, **kwargs: Any) -> Any:
    """Make an evaluator by its name.

    Args:
        evaluator: a name such as `"labeled_score_string"`, or an `EvaluatorType`.
        llm: the judge: a chat model or any Runnable that ends in a message or text (`.bind`, `.with_retry`,
            `.with_fallbacks`, a lambda), a model string such as `"openai:gpt-5-mini"`, or `"offline"`.
            None takes the environment's `LC_SCORING_LLM`, else `"openai:gpt-5-mini"`.
        **kwargs: what the evaluator is made with, such as `criteria`, `scale`, `normalize_by`.

    Returns:
        The evaluator: a Runnable, with `evaluate_strings`, that goes into `langsmith.evaluate` as it is.

    Raises:
        ConfigError: no evaluator has that name, or it cannot be made of the arguments.
        MissingExtra: the judge needs a package that is not installed.

    Examples:
        >>> evaluator = load_evaluator("labeled_score_string", llm="offline", criteria="correctness")
        >>> result = evaluator.evaluate_strings(
        ...     input="What is the capital of France?", prediction="It is Paris.", reference="Paris"
        ... )
        >>> result["score"]
        10
    """
    made_by = _find(evaluator)
    if hasattr(made_by, "from_llm"):
        return made_by.from_llm(resolve_llm(llm), **kwargs)
    return made_by(**kwargs)


def load_evaluators(
    evaluators: Sequence[str],
    *,
    llm: object = None,
    config: Mapping[str, Mapping[str, Any]] | None = None,
    **kwargs: Any,
) -> list[Any]:
    """Make several evaluators, in the order of their names.

    Args:
        evaluators: names or `EvaluatorType` members.
        llm: the judge of all that need one; see `load_evaluator`.
        config: arguments of single evaluators, by name; they stand above `kwargs`.
        **kwargs: arguments of all.

    Raises:
        ConfigError: as `load_evaluator` does, or `config` names an evaluator that is not asked for.

    Examples:
        >>> first, second = load_evaluators(
        ...     ["score_string", "labeled_score_string"], llm="offline", criteria="depth",
        ...     config={"labeled_score_string": {"criteria": "correctness"}},
        ... )
        >>> first.criterion_name, second.criterion_name
        ('depth', 'correctness')
    """
    own = {str(name): dict(arguments) for name, arguments in (config or {}).items()}
    stray = sorted(own.keys() - set(map(str, evaluators)))
    if stray:
        raise ConfigError(f"config names {', '.join(stray)}, which is not among the evaluators asked for.")
    return [
        load_evaluator(name, **{"llm": llm, **kwargs, **own.get(str(name), {})})  # pyright: ignore[reportArgumentType]
        for name in evaluators
    ]


def register_evaluator(name: str, made_by: Callable[..., Any]) -> None:
    """Add an evaluator of your own, for `load_evaluator` in this process.

    Args:
        name: how it is loaded. Your own name may be given again, as when a notebook's cell is run twice; a
            built-in one or an installed package's may not.
        made_by: a class with `from_llm(llm, **kwargs)`, or anything called with the keyword arguments alone.

    Raises:
        ConfigError: the name is empty or taken, or `made_by` cannot be called.

    Examples:
        >>> class Shouting:
        ...     def evaluate_strings(self, *, prediction, **kwargs):
        ...         return {"score": int(prediction.isupper())}
        >>> register_evaluator("shouting", Shouting)
        >>> load_evaluator("shouting").evaluate_strings(prediction="HELLO")
        {'score': 1}
    """
    if not callable(made_by):
        raise ConfigError(f"register_evaluator takes a class or function, got {type(made_by).__name__}.")
    if not name or name in _BUILT_IN or entry_points(group=ENTRY_POINTS, name=name):
        raise ConfigError(f"The evaluator name {name!r} is taken or empty: choose another.")
    _registered[name] = made_by


def evaluator_names() -> list[str]:
    """Return the names that `load_evaluator` answers to, sorted."""
    return sorted({*map(str, _BUILT_IN), *_registered, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def describe_evaluators() -> list[tuple[str, str, str]]:
    """Return each evaluator's name, the fields it needs, and the first line of what it says of itself."""
    return [(name, *_describe(name)) for name in evaluator_names()]


def _describe(name: str) -> tuple[str, str]:
    try:
        made_by = _find(name)
    except ConfigError as error:
        return "", str(error)
    needed = [
        "prediction",
        *(field for field in ("input", "reference") if getattr(made_by, f"requires_{field}", False)),
    ]
    return ", ".join(needed), (getattr(made_by, "__doc__", None) or "").strip().partition("\n")[0]


def _find(name: str) -> Any:
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[EvaluatorType(name)].partition(":")
        return getattr(import_module(module), attribute)
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=ENTRY_POINTS, name=str(name)):
        try:
            return point.load()
        except Exception as error:  # another package's code
            owner = point.dist.name if point.dist else point.value
            raise ConfigError(f"The evaluator {name!r} of {owner} cannot be loaded: {error!r}.") from error
    names = evaluator_names()
    near = difflib.get_close_matches(str(name).lower(), names, n=1)
    hint = f"\nDid you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"Unknown evaluator type: {name}\nValid types are: {names}{hint}")
