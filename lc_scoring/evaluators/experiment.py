"""Experiment rows: where a LangSmith run and its example keep the texts of a sample."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage
from langsmith.schemas import Example, Run

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.schema import is_missing

Key: TypeAlias = str | Callable[[dict[str, Any]], Any] | None
"""Where a field is: a key, a dotted path such as `answer.text` or `messages.0.content`, a function, or None."""

PrepareData: TypeAlias = Callable[[Run, Example | None], Mapping[str, Any]]
"""Makes `prediction`, `input` and `reference` of a run and its example, as LangChainStringEvaluator's did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFields:
    """Which parts of a row an evaluator needs, and where they are.

    Attributes:
        input_key: the place in the example's inputs.
        prediction_key: the place in the run's outputs.
        reference_key: the place in the example's reference outputs, or None where no reference is needed.
        needs_input: whether the input is looked up.
        needs_reference: whether the reference is looked up.
    """

    input_key: Key
    prediction_key: Key
    reference_key: Key
    needs_input: bool
    needs_reference: bool

    def of(self, run: Run, example: Example | None) -> dict[str, Any]:
        """Take the fields out of a row.

        Raises:
            ConfigError: a field is not where the key says, or several might be meant and no key says which.
        """
        fields = {"prediction": _pick(run.outputs, self.prediction_key, "prediction", "the run's outputs")}
        if self.needs_input:
            inputs = example.inputs if example is not None else run.inputs
            fields["input"] = _pick(inputs, self.input_key, "input", "the example's inputs")
        if self.needs_reference:
            outputs = example.outputs if example is not None else None
            fields["reference"] = _pick(outputs, self.reference_key, "reference", "the example's reference outputs")
        return fields


def _pick(values: dict[str, Any] | None, key: Key, field: str, place: str) -> str:
    if not values:
        raise ConfigError(f"There is no {field} to score: {place} are empty.")
    if callable(key):
        return _text(key(values), field, place)
    if key is None:
        if len(values) > 1 and not _is_message(values):
            raise ConfigError(
                f"{place[0].upper()}{place[1:]} hold several values, {', '.join(values)}: name the one to use as "
                f"{field}_key=, or pass prepare_data=."
            )
        return _text(values if len(values) > 1 else next(iter(values.values())), field, place)
    return _text(_follow(values, key, field, place), field, place)


def _follow(values: dict[str, Any], key: str, field: str, place: str) -> Any:
    if key in values:
        return values[key]
    found: Any = values
    for step in key.split("."):
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, BaseMessage) and step in {"content", "text"}:
            found = str(found.text)
        elif isinstance(found, list) and step.lstrip("-").isdigit() and -len(found) <= int(step) < len(found):
            found = found[int(step)]
        else:
            present = ", ".join(map(str, found)) if isinstance(found, Mapping) else type(found).__name__
            raise ConfigError(f"{field}_key={key!r}: {place} have no {step!r} there, only {present}.")
    return found


def _text(value: Any, field: str, place: str) -> str:
    """Return a value as text; a message that went over the wire as its mapping counts as its content."""
    if isinstance(value, str):
        return value
    if is_missing(value):
        raise ConfigError(f"There is no {field} to score: {place} hold {value!r} for it.")
    if _is_message(value):
        content = value["content"]
        if isinstance(content, list):
            return "".join(block.get("text", "") if isinstance(block, dict) else str(block) for block in content)
        return str(content)
    if isinstance(value, BaseMessage):
        return str(value.text)
    return json.dumps(value, ensure_ascii=False, default=str)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "content" in value and ("type" in value or "role" in value)
