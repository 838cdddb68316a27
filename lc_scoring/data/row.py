"""Row: one line of what is scored, as it was found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lc_scoring.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a source.

    Attributes:
        line: its number, from 1: the line it begins on in a text file, its ordinal elsewhere.
        values: its columns; empty where the row could not be read.
        error: why it could not be read or is not to be scored, with its place; else None.

    Examples:
        >>> Row(line=1, values={"prediction": "Paris"}).error is None
        True
    """

    line: int
    values: Mapping[str, Any]
    error: ConfigError | None = None

    @classmethod
    def unread(cls, line: int, message: str) -> Row:
        """Return the row that stands in the place of one that could not be read.

        Args:
            line: its number, from 1.
            message: where it is and why it could not be read.
        """
        return cls(line=line, values={}, error=ConfigError(message))


def is_missing(value: object) -> bool:
    """Tell whether a value stands for none: None, or NaN as tables have it.

    Examples:
        >>> is_missing(float("nan")), is_missing("")
        (True, False)
    """
    return value is None or (isinstance(value, float) and math.isnan(value))
