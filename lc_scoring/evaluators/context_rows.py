"""Context rows: where a LangSmith run and its example keep the contexts of a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lc_scoring.data.row import is_missing

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


def without_contexts(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the rest of a row's mapping: where it is one value, that is the answer or the question.

    Examples:
        >>> without_contexts({"answer": "Paris", "documents": []})
        {'answer': 'Paris'}
    """
    return {key: value for key, value in (values or {}).items() if key not in CONTEXT_KEYS}
