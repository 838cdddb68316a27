"""Context rows: where a LangSmith run and its example keep the contexts of a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lc_scoring.data.row import is_missing
from lc_scoring.data.shapes import place_of

CONTEXT_KEYS = ("contexts", "context", "retrieved_contexts", "documents", "source_documents")
"""The names under which applications and datasets keep contexts, in the order in which they are looked for."""


def find_contexts(places: Iterable[Mapping[str, Any] | None]) -> Any:
    """Return the contexts in the first of several mappings that has any, as they are; None where none has.

    Examples:
        >>> find_contexts([{"answer": "Paris"}, None, {"context": ["Paris is in France."]}])
        ['Paris is in France.']
    """
    values = [place[key] for place in places if place for key in CONTEXT_KEYS if not is_missing(place.get(key))]
    return values[0] if values else None


def answer_among(outputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what of a run's outputs may be the answer: a retrieval chain's own, else all but the contexts.

    Examples:
        >>> answer_among({"input": "France?", "context": ["Paris is in France."], "answer": "Paris"})
        {'answer': 'Paris'}
    """
    place = place_of({"input": "", **(outputs or {})}, "prediction")
    return {place: outputs[place]} if outputs and place is not None else without_contexts(outputs)


def without_contexts(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the rest of a row's mapping: where it is one value, that is the answer or the question.

    Examples:
        >>> without_contexts({"answer": "Paris", "documents": []})
        {'answer': 'Paris'}
    """
    return {key: value for key, value in (values or {}).items() if key not in CONTEXT_KEYS}
