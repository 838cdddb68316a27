"""Rows on the command line: which file, which evaluator, and the fields it takes out of each row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from lc_scoring.data.jsonl import Row, check_columns, read_rows, take
from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.evaluators.fields import is_missing
from lc_scoring.records import Failure, Score
from lc_scoring.registry import load_evaluator

_NEEDED = ("ascore", "input_keys", "evaluation_name", "signature")  # of an evaluator, to score a file with it


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRequest:
    """What a command line says of its rows and its evaluator; `arguments` are what the evaluator is made with."""

    file: Path
    evaluator: str
    llm: str | list[str] | None
    arguments: Mapping[str, Any]
    keys: Mapping[str, str]
    id_key: str
    max_concurrency: int
    limit: int | None
    quiet: bool

    def load(self) -> Any:
        """Make the evaluator, and make sure that the file has the columns it needs.

        Raises:
            ConfigError: it cannot be made, or cannot score a file; or a column is missing.
        """
        try:
            evaluator = load_evaluator(self.evaluator, llm=self.llm, **self.arguments)
        except TypeError as error:  # an evaluator of another package need not take these
            raise ConfigError(f"{self.evaluator} cannot be made from the command line: {error}.") from error
        missing = [name for name in _NEEDED if not hasattr(evaluator, name)]
        if missing:
            raise ConfigError(f"{self.evaluator} cannot score a file: it has no {', '.join(missing)}.")
        check_columns(self.file, [self.keys.get(field, field) for field in evaluator.input_keys])
        return evaluator

    def rows(self) -> Iterator[Row]:
        """Yield the file's rows, up to the limit."""
        return islice(read_rows(self.file), self.limit)

    def id_of(self, row: Row) -> str:
        """Return a row's id, or its line."""
        value = row.values.get(self.id_key)
        return f"line {row.line}" if value is None else str(value)

    async def outcome(self, row: Row, evaluator: Any) -> Score | Failure:
        """Score a row; what goes wrong is its failure."""
        failed = partial(Failure, name=evaluator.evaluation_name, sample_id=self.id_of(row))
        if row.error is not None:
            return failed(error=row.error)
        try:
            score: Score = await evaluator.ascore(self.fields_of(row, evaluator))
        except ScoringError as error:
            return failed(error=error)
        except Exception as error:  # noqa: BLE001 - an evaluator of another package may raise anything
            return failed(error=ScoringError(f"The evaluator failed: {type(error).__name__}: {error}"))
        return score

    def fields_of(self, row: Row, evaluator: Any) -> dict[str, Any]:
        """Take the evaluator's fields out of a row: texts, and an agent's steps as they are.

        Raises:
            ConfigError: a column is not there, or has no value.
        """
        fields: dict[str, Any] = {}
        optional = getattr(evaluator, "optional_keys", [])
        for field in (*evaluator.input_keys, *optional):
            column = self.keys.get(field, field)
            try:
                value = take(row.values, column)
            except KeyError:
                if field in optional:
                    continue
                raise ConfigError(
                    f"{self.file}, line {row.line}: no column {column!r}. Present: {', '.join(row.values)}."
                ) from None
            if is_missing(value):
                if field in optional:
                    continue
                raise ConfigError(f"{self.file}, line {row.line}: {column!r} is missing, {value!r}.")
            as_it_is = isinstance(value, str) or field == "agent_trajectory"
            fields[field] = value if as_it_is else json.dumps(value, ensure_ascii=False)
        return fields


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; several criteria are a list, one is itself."""
    arguments = {name: value for name, value in options.items() if value not in (None, [])}
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in arguments.items()
    }


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
