"""Experiment rows: where a LangSmith run and its example keep the texts of a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from langsmith.evaluation.evaluator import EvaluationResult
from langsmith.schemas import Example, Run

from lc_scoring.data.row import is_missing
from lc_scoring.data.text import follow as lead
from lc_scoring.data.text import is_message, text_of
from lc_scoring.errors import ConfigError

Key: TypeAlias = str | Callable[[dict[str, Any]], Any] | None
"""Where a field is: a key, a dotted path such as `answer.text` or `messages.0.content`, a function, or None."""

PrepareData: TypeAlias = Callable[[Run, Example | None], Mapping[str, Any]]
"""Makes `prediction`, `input` and `reference` of a run and its example, as LangChainStringEvaluator's did."""


def row_fields(evaluator: Any, run: Run, example: Example | None) -> Mapping[str, Any]:
    """Take what an evaluator needs out of a row.

    Args:
        evaluator: its `prepare_data` makes the fields; without one its `input_key`, `prediction_key` and
            `reference_key` say where they are. An evaluator need not have these.
        run: the target's run.
        example: the example it ran on.

    Raises:
        ConfigError: a field is not where the key says, or several might be meant and no key says which.
    """
    if (prepare := getattr(evaluator, "prepare_data", None)) is not None:
        return cast("Mapping[str, Any]", prepare(run, example))
    prediction_key = getattr(evaluator, "prediction_key", None)
    prediction = pick(run.outputs, prediction_key, "prediction", "the run's outputs")
    return {"prediction": prediction, **example_fields(evaluator, run, example)}


def pair_fields(evaluator: Any, runs: Sequence[Run], example: Example | None) -> Mapping[str, Any]:
    """Take what an evaluator of two texts needs out of two runs of one example; see `row_fields`.

    Raises:
        ConfigError: a target failed, or as `row_fields` does.
    """
    for number, run in enumerate(runs, 1):
        if run.error:
            raise ConfigError(f"target {number} failed with {_first_line(run.error)}")
    first, second = (row_fields(evaluator, run, example) for run in runs)
    return {**first, "prediction_b": second["prediction"]}


def example_fields(evaluator: Any, run: Run, example: Example | None) -> dict[str, Any]:
    """Take the input and the reference that an evaluator needs out of a row's example."""
    fields: dict[str, Any] = {}
    if evaluator.requires_input:
        inputs = example.inputs if example is not None else run.inputs
        fields["input"] = pick(inputs, getattr(evaluator, "input_key", None), "input", "the example's inputs")
    if evaluator.requires_reference:
        outputs = example.outputs if example is not None else None
        key = getattr(evaluator, "reference_key", None)
        fields["reference"] = pick(outputs, key, "reference", "the example's reference outputs")
    return fields


def failed_target(name: str, run: Run) -> EvaluationResult:
    """Return the result of a row whose target failed: no score, and why."""
    return EvaluationResult(
        key=name,
        comment=f"Not scored: the target failed with {_first_line(run.error)}",
        extra={"error": True},
    )


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), "no message")


def pick(values: dict[str, Any] | None, key: Key, field: str, place: str) -> str:
    """Take one text out of a row's mapping.

    Args:
        values: the mapping.
        key: where in it the text is; None for its only value.
        field: what the text is for, in messages.
        place: what the mapping is, in messages.

    Raises:
        ConfigError: it is not there, or several might be meant.
    """
    if not values:
        raise ConfigError(f"There is no {field} to score: {place} are empty.")
    if callable(key):
        return _text(key(values), field, place)
    if key is None:
        if len(values) > 1 and not is_message(values):
            raise ConfigError(
                f"{place[0].upper()}{place[1:]} hold several values, {', '.join(values)}: name the one to use as "
                f"{field}_key=, or pass prepare_data=."
            )
        return _text(values if len(values) > 1 else next(iter(values.values())), field, place)
    return _text(follow(values, key, field, place), field, place)


def follow(values: dict[str, Any], key: str, field: str, place: str) -> Any:
    """Return what stands at a key or a dotted path.

    Raises:
        ConfigError: nothing does.
    """
    try:
        return lead(values, key)
    except KeyError as error:
        step, found = error.args
        present = ", ".join(map(str, found)) if isinstance(found, Mapping) else type(found).__name__
        raise ConfigError(f"{field}_key={key!r}: {place} have no {step!r} there, only {present}.") from None


def _text(value: Any, field: str, place: str) -> str:
    if is_missing(value):
        raise ConfigError(f"There is no {field} to score: {place} hold {value!r} for it.")
    return text_of(field, value)
