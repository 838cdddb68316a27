"""Request: what is asked of a run, checked before anything is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_scoring.data.columns import Column, Columns
from lc_scoring.errors import ConfigError
from lc_scoring.registry import load_evaluator
from lc_scoring.runs.target import PREDICTION

_NEEDED = ("ascore", "input_keys", "evaluation_name", "signature")  # of an evaluator, to score rows with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a run; see `score_dataset`."""

    data: Any
    evaluators: Any
    run: str | Path | None = None
    target: Any = None
    columns: Mapping[str, Column] | None = None
    id_column: str = "id"
    limit: int | None = None
    resume: bool = False
    retry_failures: bool = False
    join: bool = False
    max_concurrency: int = 16
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_retries: int = 5
    row_timeout: float | None = 600.0
    max_cost: float | None = None
    max_tokens: int | None = None
    max_time: float | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name in ("max_concurrency", "limit"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ConfigError(f"{name} takes a whole number of at least 1, got {value!r}.")
        for name in (
            "requests_per_minute",
            "tokens_per_minute",
            "row_timeout",
            "max_cost",
            "max_tokens",
            "max_time",
        ):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0):
                raise ConfigError(f"{name} takes a number above 0, or None for no limit; got {value!r}.")
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise ConfigError(f"max_retries takes a whole number of at least 0, got {self.max_retries!r}.")

    def loaded(self) -> list[Any]:
        """Return the evaluators.

        Raises:
            ConfigError: there are none, one cannot score rows, or two have one name.
        """
        given = self.evaluators
        several = list(given) if isinstance(given, (list, tuple)) else [given]
        evaluators = [load_evaluator(one) if isinstance(one, str) else one for one in several]
        if not evaluators:
            raise ConfigError("There are no evaluators to score with.")
        for evaluator in evaluators:
            check_evaluator(evaluator)
        names = [evaluator.evaluation_name for evaluator in evaluators]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ConfigError(f"Several evaluators have the name {', '.join(sorted(twice))}: give each its own.")
        return evaluators

    @property
    def goes_on(self) -> bool:
        """Whether a run that is there is worked on."""
        return self.resume or self.retry_failures or self.join


def columns_of(request: Request, defaults: Mapping[str, str], *, made: bool) -> Columns:
    """Return where the fields stand in the rows of a source that keeps some in places of its own.

    Args:
        request: says where they are.
        defaults: where the source keeps those of which nothing is said.
        made: whether a target makes the predictions.

    Raises:
        ConfigError: what is said of one has no meaning.
    """
    return Columns.parse(request.columns, defaults, wrapped=(PREDICTION,) if made else ())


def check_evaluator(evaluator: object) -> None:
    """Make sure that an evaluator, which may be another package's, can score rows.

    Raises:
        ConfigError: it lacks what is needed for that.
    """
    missing = [name for name in _NEEDED if not hasattr(evaluator, name)]
    if missing:
        raise ConfigError(f"{type(evaluator).__name__} cannot score rows: it has no {', '.join(missing)}.")
