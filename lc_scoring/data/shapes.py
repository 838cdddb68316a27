"""Shapes: rows as other tools and LangChain's own chains write them, and where each field stands in one.

A shape is recognized whole, by the columns that tell it, and never field by field: `question` and `answer` alone are
as often a question and its known good answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lc_scoring.data.plain import plain
from lc_scoring.data.row import is_missing
from lc_scoring.data.text import printed_texts, texts_of
from lc_scoring.errors import ConfigError

FIELDS = ("input", "prediction", "reference", "contexts")
"""The fields that a shape has places for."""

SEVERAL_REFERENCES = "ground_truths"
"""A column that holds a list of known good answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A known shape of rows.

    Attributes:
        name: whose rows look so.
        told_by: the columns that tell it: a row that has all of them is one. The rarest stands last.
        columns: where each field stands, in this order; its own column, which comes before these, is not among them.
    """

    name: str
    told_by: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a row has the columns, whatever stands in them."""
        return all(name in values for name in self.told_by)

    def column(self, values: Mapping[str, Any], field: str) -> str | None:
        """Return the column of a row in which a field stands, one that holds something first; None where in none."""
        empty: str | None = None
        for name in self.columns.get(field, ()):
            if name in values:
                if not is_missing(plain(values[name])):
                    return name
                empty = empty or name
        return empty


def _shape(name: str, told_by: str, *, reference: str = "ground_truth", **columns: str) -> Shape:
    places = {field: tuple(column.split()) for field, column in {**columns, "reference": reference}.items()}
    return Shape(name=name, told_by=tuple(told_by.split()), columns=places)


_CHAIN = "a retrieval chain"

SHAPES = (
    _shape("ragas", "user_input response", input="user_input", prediction="response", contexts="retrieved_contexts"),
    _shape("ragas", "user_input retrieved_contexts", input="user_input", contexts="retrieved_contexts"),
    _shape(
        "ragas before 0.2",
        "question answer contexts",
        input="question",
        prediction="answer",
        reference=f"ground_truth {SEVERAL_REFERENCES}",
    ),
    _shape("Azure's evaluation", "query response", input="query", prediction="response", contexts="context"),
    _shape(_CHAIN, "input context answer", prediction="answer", contexts="context"),
    _shape(_CHAIN, "question context answer", input="question", prediction="answer", contexts="context"),
    _shape(_CHAIN, "query context answer", input="query", prediction="answer", contexts="context"),
    _shape("RetrievalQA", "query result", input="query", prediction="result", contexts="source_documents"),
)
"""The known shapes."""

_COMMON = frozenset({"input", "query", "question", "contexts"})  # stand in rows of any kind, and hint at no shape


def place_of(values: Mapping[str, Any], field: str, shapes: Sequence[Shape] = SHAPES) -> str | None:
    """Return the column in which a field stands that nothing was said of: its own, else that of the row's shape.

    Where a table holds rows of several shapes, those that a row is not of stand empty: so a missing value in the
    field's own column is none, and of several shapes the one is meant whose columns hold something. The prediction's
    own column always holds: what is judged is never exchanged for something else.

    Args:
        values: the row's.
        field: one of `FIELDS`.
        shapes: those that come into question.

    Returns:
        The column, or None where there is none.

    Raises:
        ConfigError: the row is of several shapes, in which the field stands in different columns.

    Examples:
        >>> place_of({"query": "France?", "response": "Paris"}, "prediction")
        'response'
        >>> place_of({"question": "France?", "answer": "Paris"}, "prediction") is None
        True
    """
    if field in values and (field == "prediction" or not is_missing(plain(values[field]))):
        return field
    own = field if field in values else None
    alike = [shape for shape in shapes if shape.told_by[-1] in values and shape.fits(values)]  # most fail the first
    if not alike:
        return own
    if len(alike) == 1:
        return alike[0].column(values, field) or own
    columns = _columns(alike, values, field)
    if len(columns) > 1:
        filled = [shape for shape in alike if not any(_is_empty(values[name]) for name in shape.told_by)]
        columns = _columns(filled, values, field) if filled else columns
    if len(columns) > 1 and not all(_is_empty(values[name]) for name in columns):
        raise ConfigError(
            f"the row is like those of {_joined(dict.fromkeys(shape.name for shape in alike))}, so {field!r} may be "
            f"{_joined(map(repr, columns))}: say which, such as --column {field}={columns[0]} (columns=)."
        )
    return columns[0] if columns else own


def value_at(values: Mapping[str, Any], column: str) -> Any:
    """Return what stands in a column that a shape led to.

    A list of known good answers stands for the one that it holds, and for a missing value where it is empty.

    Raises:
        ConfigError: it holds several: all in one text would be another answer, and the first alone drops the others.

    Examples:
        >>> value_at({"ground_truths": ["Paris"]}, "ground_truths")
        'Paris'
    """
    value = plain(values[column])
    if column != SEVERAL_REFERENCES:
        return value
    texts = printed_texts(value) if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)):
        return value
    if len(texts) > 1:
        # No path leads into a text.
        one = "a function of the row" if isinstance(value, str) else repr(f"{column}.0")
        raise ConfigError(
            f"{column!r} holds {len(texts)} texts, and a reference is one: name it, such as "
            f"columns={{'reference': {one}}}."
        )
    return texts[0] if texts else None


def fields_of_shape(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usual fields of a row, such as a retrieval chain's output, as far as they are there.

    Args:
        values: the row; what is no field in it is left out, and so is a field whose value is missing.

    Returns:
        By field, each value as it is, but `contexts` as a list of texts.

    Raises:
        ConfigError: the row is of several shapes that differ in a field, has several references, or contexts that
            have no reading as text.

    Examples:
        >>> from langchain_core.documents import Document
        >>> fields_of_shape({"input": "France?", "context": [Document("Paris is its capital.")], "answer": "Paris"})
        {'input': 'France?', 'prediction': 'Paris', 'contexts': ['Paris is its capital.']}
    """
    found: dict[str, Any] = {}
    for field in FIELDS:
        column = place_of(values, field)
        value = None if column is None else value_at(values, column)
        if not is_missing(value):
            found[field] = texts_of(field, value) if field == "contexts" else value
    return found


def unclaimed(claims: Mapping[str, str]) -> tuple[Shape, ...]:
    """Return the shapes that agree with what was said: who calls `answer` the reference has rows of another shape.

    Args:
        claims: the field that is said to stand in a column, by the column.
    """
    return tuple(
        shape
        for shape in SHAPES
        if all(claims.get(name, field) == field for field, names in shape.columns.items() for name in names)
    )


def columns_of_shapes(field: str) -> frozenset[str]:
    """Return every column in which a field stands in one shape or another.

    Examples:
        >>> sorted(columns_of_shapes("reference"))
        ['ground_truth', 'ground_truths']
    """
    return frozenset(name for shape in SHAPES for name in shape.columns.get(field, ()))


def looked_for(values: Mapping[str, Any], field: str, shapes: Sequence[Shape] = SHAPES) -> str:
    """Return a sentence on the shapes that a row without a field comes near; empty where it comes near none.

    Examples:
        >>> looked_for({"question": "France?", "answer": "Paris", "contexts": []}, "reference")
        "Rows of ragas before 0.2 have it in 'ground_truth' or 'ground_truths'."
        >>> looked_for({"question": "France?", "result": "Paris"}, "prediction")
        'It comes near a known shape, but lacks a column: RetrievalQA (query, result).'
    """
    if field not in FIELDS:
        return ""
    if alike := [shape for shape in shapes if shape.fits(values) and field in shape.columns]:
        whose = _joined(dict.fromkeys(shape.name for shape in alike))
        names = dict.fromkeys(name for shape in alike for name in shape.columns[field])
        return f"Rows of {whose} have it in {_joined(map(repr, names))}."
    near = [shape for shape in shapes if (set(shape.told_by) - _COMMON) & values.keys()]
    near.sort(key=lambda shape: -len(values.keys() & set(shape.told_by)))
    known: dict[str, str] = {}  # of several shapes of one name the nearest
    for shape in near:
        known.setdefault(shape.name, f"{shape.name} ({', '.join(shape.told_by)})")
    return f"It comes near a known shape, but lacks a column: {'; '.join(known.values())}." if known else ""


def _columns(shapes: Iterable[Shape], values: Mapping[str, Any], field: str) -> list[str]:
    found = (shape.column(values, field) for shape in shapes)
    return list(dict.fromkeys(name for name in found if name is not None))


def _is_empty(value: object) -> bool:
    value = plain(value)
    return is_missing(value) or (isinstance(value, str) and not value)  # a CSV file has no other way to say it


def _joined(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
