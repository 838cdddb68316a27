"""The registry: evaluators by name, LangChain's, yours and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.evaluator_types import BUILT_IN, EvaluatorType

if TYPE_CHECKING:
    from lc_scoring.evaluators.criteria import CriteriaEvalChain, LabeledCriteriaEvalChain
    from lc_scoring.evaluators.embedding_distance import EmbeddingDistanceEvalChain, PairwiseEmbeddingDistanceEvalChain
    from lc_scoring.evaluators.json_match import (
        JsonEditDistanceEvaluator,
        JsonEqualityEvaluator,
        JsonSchemaEvaluator,
        JsonValidityEvaluator,
    )
    from lc_scoring.evaluators.matching import ExactMatchStringEvaluator, RegexMatchStringEvaluator
    from lc_scoring.evaluators.pairwise_string import LabeledPairwiseStringEvalChain, PairwiseStringEvalChain
    from lc_scoring.evaluators.qa import ContextQAEvalChain, CotQAEvalChain, QAEvalChain
    from lc_scoring.evaluators.score_string import LabeledScoreStringEvalChain, ScoreStringEvalChain
    from lc_scoring.evaluators.string_distance import PairwiseStringDistanceEvalChain, StringDistanceEvalChain
    from lc_scoring.evaluators.trajectory import TrajectoryEvalChain

ENTRY_POINTS = "lc_scoring.evaluators"
"""The entry-point group through which other packages add evaluators: name = "package.module:Class"."""


_registered: dict[str, Callable[..., Any]] = {}


@overload
def load_evaluator(evaluator: Literal["qa", EvaluatorType.QA], *, llm: object = None, **kwargs: Any) -> QAEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["cot_qa", EvaluatorType.COT_QA], *, llm: object = None, **kwargs: Any
) -> CotQAEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["context_qa", EvaluatorType.CONTEXT_QA], *, llm: object = None, **kwargs: Any
) -> ContextQAEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["score_string", EvaluatorType.SCORE_STRING], *, llm: object = None, **kwargs: Any
) -> ScoreStringEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["labeled_score_string", EvaluatorType.LABELED_SCORE_STRING], *, llm: object = None, **kwargs: Any
) -> LabeledScoreStringEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["criteria", EvaluatorType.CRITERIA], *, llm: object = None, **kwargs: Any
) -> CriteriaEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["labeled_criteria", EvaluatorType.LABELED_CRITERIA], *, llm: object = None, **kwargs: Any
) -> LabeledCriteriaEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["pairwise_string", EvaluatorType.PAIRWISE_STRING], *, llm: object = None, **kwargs: Any
) -> PairwiseStringEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["labeled_pairwise_string", EvaluatorType.LABELED_PAIRWISE_STRING],
    *,
    llm: object = None,
    **kwargs: Any,
) -> LabeledPairwiseStringEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["trajectory", EvaluatorType.AGENT_TRAJECTORY], *, llm: object = None, **kwargs: Any
) -> TrajectoryEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["string_distance", EvaluatorType.STRING_DISTANCE], *, llm: object = None, **kwargs: Any
) -> StringDistanceEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["pairwise_string_distance", EvaluatorType.PAIRWISE_STRING_DISTANCE],
    *,
    llm: object = None,
    **kwargs: Any,
) -> PairwiseStringDistanceEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["embedding_distance", EvaluatorType.EMBEDDING_DISTANCE], *, llm: object = None, **kwargs: Any
) -> EmbeddingDistanceEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["pairwise_embedding_distance", EvaluatorType.PAIRWISE_EMBEDDING_DISTANCE],
    *,
    llm: object = None,
    **kwargs: Any,
) -> PairwiseEmbeddingDistanceEvalChain: ...
@overload
def load_evaluator(
    evaluator: Literal["exact_match", EvaluatorType.EXACT_MATCH], *, llm: object = None, **kwargs: Any
) -> ExactMatchStringEvaluator: ...
@overload
def load_evaluator(
    evaluator: Literal["regex_match", EvaluatorType.REGEX_MATCH], *, llm: object = None, **kwargs: Any
) -> RegexMatchStringEvaluator: ...
@overload
def load_evaluator(
    evaluator: Literal["json_validity", EvaluatorType.JSON_VALIDITY], *, llm: object = None, **kwargs: Any
) -> JsonValidityEvaluator: ...
@overload
def load_evaluator(
    evaluator: Literal["json_equality", EvaluatorType.JSON_EQUALITY], *, llm: object = None, **kwargs: Any
) -> JsonEqualityEvaluator: ...
@overload
def load_evaluator(
    evaluator: Literal["json_edit_distance", EvaluatorType.JSON_EDIT_DISTANCE], *, llm: object = None, **kwargs: Any
) -> JsonEditDistanceEvaluator: ...
@overload
def load_evaluator(
    evaluator: Literal["json_schema_validation", EvaluatorType.JSON_SCHEMA_VALIDATION],
    *,
    llm: object = None,
    **kwargs: Any,
) -> JsonSchemaEvaluator: ...
@overload
def load_evaluator(evaluator: str, *, llm: object = None, **kwargs: Any) -> Any: ...
def load_evaluator(evaluator: str, *, llm: object = None, **kwargs: Any) -> Any:
    """Make an evaluator by its name.

    Args:
        evaluator: a name such as `"labeled_score_string"`, or an `EvaluatorType`.
        llm: the judge, for evaluators that need one: a chat model or any Runnable that ends in a message or text
            (`.bind`, `.with_retry`, `.with_fallbacks`, a lambda), a model string such as `"openai:gpt-5-mini"`, or
            `"offline"`. None takes the environment's `LC_SCORING_LLM`, else `"openai:gpt-5-mini"`.
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
        if evaluator not in BUILT_IN:  # these resolve it themselves: a jury is several judges, and samples vary
            from lc_scoring.models.resolve import resolve_llm  # noqa: PLC0415 - models are heavy, and half need none

            llm = resolve_llm(llm)
        return made_by.from_llm(llm, **kwargs)
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
        **kwargs: arguments of all; one that only some evaluators take is given to those.

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
    given = [(name, {"llm": llm, **_meant_for(name, kwargs), **own.get(str(name), {})}) for name in evaluators]
    return [load_evaluator(name, **arguments) for name, arguments in given]  # pyright: ignore[reportArgumentType]


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
    if not name or name in BUILT_IN or entry_points(group=ENTRY_POINTS, name=name):
        raise ConfigError(f"The evaluator name {name!r} is taken or empty: choose another.")
    _registered[name] = made_by


def evaluator_names() -> list[str]:
    """Return the names that `load_evaluator` answers to, sorted."""
    return sorted({*map(str, BUILT_IN), *_registered, *(point.name for point in entry_points(group=ENTRY_POINTS))})


class Description(NamedTuple):
    """What an evaluator says of itself."""

    name: str
    needs: str
    """The fields it is invoked with, and what else it needs: a judge, embeddings, an extra."""
    returns: str
    """The keys of its result."""
    purpose: str
    """What it is for, or why it cannot be loaded."""


def describe_evaluators() -> list[Description]:
    """Return what each evaluator needs, returns and is for, by name."""
    return [_describe(name) for name in evaluator_names()]


def _describe(name: str) -> Description:
    try:
        made_by = _find(name)
    except ConfigError as error:
        return Description(name, "", "", str(error))
    needed = [
        *getattr(made_by, "_judged", ("prediction",)),
        *(field for field in ("input", "reference") if _requires(made_by, field)),
        *(["a judge"] if hasattr(made_by, "from_llm") and getattr(made_by, "asks_judge", True) else []),
        *getattr(made_by, "needs", ()),
    ]
    purpose = (getattr(made_by, "__doc__", None) or "").strip().partition("\n")[0]
    return Description(name, ", ".join(needed), getattr(made_by, "returns", "score"), purpose)


def _requires(made_by: Any, field: str) -> bool:
    """Tell whether a class says that it needs a field; a property says so of instances only, and is none of ours."""
    return getattr(made_by, f"requires_{field}", False) is True


def _meant_for(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return those arguments of several evaluators that one of them takes.

    Raises:
        ConfigError: no evaluator takes one, so it is misspelled.
    """
    taken = _arguments(_find(name))
    others = {argument for argument in arguments if taken is not None and argument not in taken}
    if not others:
        return arguments
    known = {argument for other in BUILT_IN for argument in _arguments(_find(other)) or ()}
    for argument in sorted(others - known):
        takes = f"{name} takes {', '.join(sorted(taken or ()))}.{did_you_mean(argument, known)}"
        raise ConfigError(f"No evaluator takes {argument!r}; {takes}")
    return {argument: value for argument, value in arguments.items() if argument not in others}


def _arguments(made_by: Any) -> set[str] | None:
    """Return what a built-in evaluator can be made with; None for others, which are given everything."""
    return made_by.arguments() if callable(getattr(made_by, "arguments", None)) else None


def _find(name: str) -> Any:
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[EvaluatorType(name)].partition(":")
        return getattr(import_module(f"lc_scoring.evaluators.{module}"), attribute)
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=ENTRY_POINTS, name=str(name)):
        try:
            return point.load()
        except Exception as error:  # another package's code
            owner = point.dist.name if point.dist else point.value
            raise ConfigError(f"The evaluator {name!r} of {owner} cannot be loaded: {error!r}.") from error
    names = evaluator_names()
    hint = did_you_mean(str(name).lower(), names)
    raise ConfigError(f"Unknown evaluator type: {name}\nValid types are: {names}{hint}")
