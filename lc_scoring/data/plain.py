"""Plain values: what tables of numpy and pandas hold, as Python's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = frozenset({str, int, float, bool, type(None), list, tuple, dict})


def plain(value: Any) -> Any:
    """Return a numpy scalar or array, or a missing value of pandas, as Python's own; any other as it is.

    Neither package is imported: their values are told by the name of their module.

    Examples:
        >>> plain("Paris")
        'Paris'
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    package = kind.__module__.partition(".")[0]
    if package == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    if package == "pandas" and kind.__name__ in {"NAType", "NaTType"}:
        return None
    return value


def plain_values(names: Iterable[Any], values: Iterable[Any]) -> dict[str, Any]:
    """Return a row's columns by name, each value as Python's own."""
    return {str(name): plain(value) for name, value in zip(names, values, strict=True)}


def plain_row(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping with text for its keys, each value as Python's own."""
    return plain_values(values.keys(), values.values())
