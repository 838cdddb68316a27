"""Rows on the command line: which file, which evaluator, and the fields it takes out of each row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.records import Failure, Score
from lc_scoring.registry import load_evaluator, load_evaluators
from lc_scoring.runs.request import check_evaluator
from lc_scoring.runs.rows import check_source


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorRequest:
    """What a command line says of its evaluators: their names, the judge, and what they are made with."""

    names: Sequence[str]
    llm: str | list[str] | None
    arguments: Mapping[str, Any]

    def load(self) -> list[Any]:
        """Make the evaluators.

        Raises:
            ConfigError: one cannot be made, or cannot score rows.
        """
        try:
            if len(self.names) == 1:
                evaluators = [load_evaluator(self.names[0], llm=self.llm, **self.arguments)]
            else:
                evaluators = load_evaluators(self.names, llm=self.llm, **self.arguments)
        except TypeError as error:  # an evaluator of another package need not take these
            raise ConfigError(f"{', '.join(self.names)} cannot be made from the command line: {error}.") from error
        for evaluator in evaluators:
            check_evaluator(evaluator)
        return evaluators


@dataclass(frozen=True, kw_only=True)
class RowsRequest:
    """What a command line that looks at some rows says of them."""

    file: Path
    evaluator: EvaluatorRequest
    columns: Mapping[str, str]
    max_concurrency: int
    limit: int

    def load(self) -> Any:
        """Make the evaluator, and make sure that the file has the columns it needs.

        Raises:
            ConfigError: it cannot be made, or cannot score a file; or a column is missing.
        """
        (evaluator,) = self.evaluator.load()
        check_source(self._source, self._taken, evaluator.input_keys)
        return evaluator

    def rows(self) -> Iterator[Row]:
        """Yield the file's rows, up to the limit."""
        return islice(cast("Iterator[Row]", self._source.open()), self.limit)

    def id_of(self, row: Row) -> str:
        """Return a row's id, or its place."""
        value = row.values.get("id")
        return f"{self._source.place} {row.line}" if value is None else str(value)

    async def outcome(self, row: Row, evaluator: Any) -> Score | Failure:
        """Score a row; what goes wrong is its failure."""
        failed = partial(Failure, name=evaluator.evaluation_name, sample_id=self.id_of(row))
        try:
            score: Score = await evaluator.ascore(self.fields_of(row, evaluator))
        except ScoringError as error:
            return failed(error=error)
        except Exception as error:  # noqa: BLE001 - an evaluator of another package may raise anything
            return failed(error=ScoringError(f"The evaluator failed: {type(error).__name__}: {error}"))
        return score

    def fields_of(self, row: Row, evaluator: Any) -> dict[str, Any]:
        """Take the evaluator's fields out of a row.

        Raises:
            ConfigError: the row could not be read, or lacks one.
        """
        if row.error is not None:
            raise row.error
        try:
            return self._taken.fields(row.values, evaluator.input_keys, getattr(evaluator, "optional_keys", ()))
        except ConfigError as error:
            raise ConfigError(f"{self._source.name}, {self._source.place} {row.line}: {error}") from error

    @cached_property
    def _source(self) -> Source:
        return open_source(self.file)

    @cached_property
    def _taken(self) -> Columns:
        return Columns.parse(self.columns)


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; several criteria are a list, one is itself."""
    arguments = {name: value for name, value in options.items() if value not in (None, [])}
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in arguments.items()
    }


def columns_given(texts: Sequence[str]) -> dict[str, str]:
    """Read where fields stand, `field=column`.

    Raises:
        ConfigError: there is no field, no `=` or no column.

    Examples:
        >>> columns_given(["prediction=outputs.answer", "input={title}: {body}"])
        {'prediction': 'outputs.answer', 'input': '{title}: {body}'}
    """
    columns: dict[str, str] = {}
    for text in texts:
        field, equals, column = text.partition("=")
        if not field.strip() or not equals or not column.strip():
            raise ConfigError(f"--column takes field=column, such as prediction=outputs.answer; got {text!r}.")
        columns[field.strip()] = column.strip()
    return columns


def settings_of(texts: list[str]) -> dict[str, Any]:
    """Read `name=value` settings; a value that is JSON, such as true or 3, is what it says, any other is text.

    Raises:
        ConfigError: there is no name or no `=`.

    Examples:
        >>> settings_of(["distance=levenshtein", "normalize_score=false"])
        {'distance': 'levenshtein', 'normalize_score': False}
    """
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise ConfigError(f"--set takes name=value, got {text!r}.")
        try:
            settings[name.strip()] = json.loads(value)
        except ValueError:
            settings[name.strip()] = value
    return settings
