"""Columns: where in a row each field stands, as a name, a path, a template or a function."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lc_scoring.data.names import listed
from lc_scoring.data.plain import plain
from lc_scoring.data.row import is_missing
from lc_scoring.data.shapes import FIELDS, Shape, columns_of_shapes, looked_for, place_of, unclaimed, value_at
from lc_scoring.data.text import follow, only_value, text_of, texts_of
from lc_scoring.errors import ConfigError

Column: TypeAlias = str | Callable[[Mapping[str, Any]], Any]
"""A column's name, a dotted path, a template with `{path}` slots, or a function of the row's values."""

_SLOT = re.compile(r"\{([^{}\s](?:[^{}\n]*[^{}\s])?)\}")


class _AbsentError(ConfigError):
    """A row has no such column, or no value in it: an optional field is then left out."""


@dataclass(frozen=True, slots=True)
class Columns:
    r"""Where the fields of an evaluator stand in a row.

    A field that is not given stands in the column of its own name, else where the row's shape has it, where that is
    one of `lc_scoring.data.shapes`; each row is looked at by itself. A given one is, in this order: the column of
    exactly that name; a template, where the text has slots such as `{title}`; a path into nested mappings and lists,
    such as `messages.-1.content`. A function is called with the row's values.

    Attributes:
        given: what was said of each field.
        wrapped: fields that may stand in a mapping of one value, which is then theirs, as LangSmith keeps inputs and
            outputs. Elsewhere a mapping is the value, for a prediction may be JSON.

    Examples:
        >>> columns = Columns.parse({"prediction": "outputs.answer", "input": "{title}: {body}"})
        >>> row = {"outputs": {"answer": "Paris"}, "title": "Capitals", "body": "France? {title}"}
        >>> columns.fields(row, ["input", "prediction"])
        {'input': 'Capitals: France? {title}', 'prediction': 'Paris'}
        >>> Columns.parse(None).fields({"query": "France?", "response": "Paris"}, ["input", "prediction"])
        {'input': 'France?', 'prediction': 'Paris'}
    """

    given: Mapping[str, Column]
    wrapped: frozenset[str] = frozenset()
    _shapes: tuple[Shape, ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = ((name, column) for name, column in self.given.items() if name in FIELDS and isinstance(column, str))
        claims = {part: name for name, column in said if not _SLOT.search(column) for part in _whole(column)}
        object.__setattr__(self, "_shapes", unclaimed(claims))

    @classmethod
    def parse(
        cls,
        given: Mapping[str, Column] | None,
        defaults: Mapping[str, str] | None = None,
        *,
        wrapped: Iterable[str] = (),
    ) -> Columns:
        """Read what a caller says of columns.

        Args:
            given: by field; None for nothing.
            defaults: where the source keeps fields that are not given, `Source.columns`; they may be wrapped there.
            wrapped: other fields that may be.

        Raises:
            ConfigError: it is no mapping of texts or functions; the message shows what it takes.
        """
        if given is not None and not isinstance(given, Mapping):
            raise ConfigError(f"columns takes a mapping such as {{'input': 'question'}}, got {type(given).__name__}.")
        merged: dict[str, Column] = {**(defaults or {}), **(given or {})}
        for field, column in merged.items():
            _check(field, column)
        return cls(merged, frozenset({*(defaults or {}), *wrapped} - (given or {}).keys()))

    def take(self, values: Mapping[str, Any], field: str) -> Any:
        """Return the value that stands for a field in a row; one that a template makes is text.

        Raises:
            ConfigError: there is none, a slot of a template has no value, or a function failed.
        """
        return self._take(values, field, self._column(values, field))

    def fields(self, values: Mapping[str, Any], needed: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
        """Take what an evaluator is scored with out of a row.

        Args:
            values: the row's.
            needed: the fields it cannot do without.
            optional: those that are left out where the row has no value for them.

        Returns:
            Texts by field, but a list of texts for `contexts`, and an agent's steps for `agent_trajectory` as they
            are. A message stands for its text; other values become JSON text.

        Raises:
            ConfigError: a needed field has no column or no value, a value has no reading as text, or a function
                failed. The message names the column, and not the row's place.
        """
        found: dict[str, Any] = {}
        for field in needed:
            found[field] = self._field(values, field)
        for field in optional:
            if field not in values and field in FIELDS and self._column(values, field) is field:
                continue  # at once: there may be a million such rows
            try:
                found[field] = self._field(values, field)
            except _AbsentError:
                continue
        return found

    def check(self, values: Mapping[str, Any], needed: Iterable[str]) -> list[str]:
        """Return the columns that a row lacks for these fields; what a function needs is not known before it runs.

        Raises:
            ConfigError: the row is of several shapes, in which a field stands in different columns.

        Examples:
            >>> Columns.parse({"input": "{title} {body}"}).check({"title": "Capitals"}, ["input", "prediction"])
            ['body', 'prediction']
        """
        missing = [
            path for field in needed for path in _paths(values, self._column(values, field)) if not _has(values, path)
        ]
        return list(dict.fromkeys(missing))

    def looked_for(self, values: Mapping[str, Any], field: str) -> str:
        """Return a sentence on the shapes that a row without a field comes near; empty where that helps nobody.

        Examples:
            >>> Columns.parse(None).looked_for({"user_input": "France?"}, "input")
            'It comes near a known shape, but lacks a column: ragas (user_input, response).'
        """
        is_shaped = field not in self.given and field not in self.wrapped
        return looked_for(values, field, self._shapes) if is_shaped else ""

    def names(self, field: str) -> set[str]:
        """Return the columns that a field may be taken from, in rows of any shape; of a function's nothing is known.

        Examples:
            >>> sorted(Columns.parse({"reference": "{gold.city}, {country}"}).names("reference"))
            ['country', 'gold']
        """
        column = self.given.get(field, field)
        if not isinstance(column, str):
            return set()
        slots = _SLOT.findall(column)
        found = {path.partition(".")[0] for path in slots} or _whole(column)
        return found if field in self.given else found | columns_of_shapes(field)

    def described(self) -> dict[str, str]:
        """Return what stands for each given field, for the record: a function by its qualified name.

        Of shapes it says nothing: each row tells its own, whenever it is read.

        Examples:
            >>> Columns.parse({"prediction": "outputs.answer", "input": str}).described()
            {'prediction': 'outputs.answer', 'input': 'builtins.str'}
        """
        return {field: _described(column) for field, column in self.given.items()}

    def _column(self, values: Mapping[str, Any], field: str) -> Column:
        column = self.given.get(field)
        if column is not None:
            return column
        kind = type(values.get(field))
        if kind is str or kind is list or field not in FIELDS or field in self.wrapped:  # nearly all are the first two
            return field
        return place_of(values, field, self._shapes) or field

    def _take(self, values: Mapping[str, Any], field: str, column: Column) -> Any:
        if not isinstance(column, str):
            return _called(column, values, field)
        if column in values:
            return values[column] if column is field or field in self.given else value_at(values, column)
        if _SLOT.search(column):
            return _SLOT.sub(lambda slot: _slot_text(values, slot[1]), column)
        return _at(values, column, self.looked_for(values, field))

    def _field(self, values: Mapping[str, Any], field: str) -> Any:
        own = values.get(field)
        if type(own) is str and field not in self.given and field != "contexts":  # nearly all are
            return own
        column = self._column(values, field)
        taken = self._take(values, field, column)
        if type(taken) is str and field != "contexts":
            return taken
        value = only_value(taken) if field in self.wrapped else plain(taken)
        if is_missing(value):
            raise _AbsentError(f"{_described(column)!r} is missing, {value!r}.")
        if field == "agent_trajectory":
            return taken
        return texts_of(field, value) if field == "contexts" else text_of(field, value)


def _check(field: object, column: object) -> None:
    if not isinstance(field, str) or not field.strip():
        raise ConfigError(f"columns takes fields by name, got {field!r} for one.")
    if inspect.iscoroutinefunction(column):
        raise ConfigError(f"columns[{field!r}] is an async function: a plain function of the row's values is wanted.")
    if not callable(column) and not (isinstance(column, str) and column.strip()):
        raise ConfigError(
            f"columns[{field!r}] is {column!r}: a column's name, a path such as 'outputs.answer', a template such as "
            "'{title} {body}', or a function of the row's values is wanted."
        )


def _called(column: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any], field: str) -> Any:
    try:
        return column(values)
    except Exception as error:
        raise ConfigError(
            f"The function {_described(column)} for {field!r} failed: {type(error).__name__}: {error}."
        ) from error


def _slot_text(values: Mapping[str, Any], path: str) -> str:
    value = only_value(_at(values, path))
    if is_missing(value):
        raise _AbsentError(f"{path!r} is missing, {value!r}.")
    return text_of(path, value)


def _at(values: Mapping[str, Any], path: str, more: str = "") -> Any:
    try:
        return follow(values, path)
    except KeyError:
        told = f"no column {path!r}. Present: {listed(values)}. {more}"
        raise _AbsentError(told.rstrip()) from None


def _whole(column: str) -> set[str]:
    return {column, column.partition(".")[0]}


def _paths(values: Mapping[str, Any], column: Column) -> list[str]:
    if not isinstance(column, str):
        return []
    return [column] if column in values else _SLOT.findall(column) or [column]


def _has(values: Mapping[str, Any], path: str) -> bool:
    try:
        follow(values, path)
    except KeyError:
        return False
    return True


def _described(column: Column) -> str:
    if isinstance(column, str):
        return column
    named = column if hasattr(column, "__qualname__") else type(column)  # a partial or an object with __call__
    return f"{named.__module__}.{named.__qualname__}"
