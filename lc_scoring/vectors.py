"""Vectors: how alike two are, and what no embedding model should have given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from lc_scoring.errors import ModelError

_NO_DIRECTION = 1e-100  # a length below which, or above whose inverse, products of numbers vanish or overflow


def check_vectors(first: Sequence[float], second: Sequence[float]) -> None:
    """Make sure that two vectors can be compared.

    Raises:
        ModelError: they have different sizes, or none; or they hold something else than finite numbers.
    """
    if len(first) != len(second) or not first:
        raise ModelError(
            f"The embedding model gave vectors of {len(first)} and {len(second)} numbers; they have one size.",
            retryable=False,
        )
    try:
        finite = math.isfinite(math.hypot(*first)) and math.isfinite(math.hypot(*second))
    except TypeError as error:
        raise ModelError(f"The embedding model gave no vector of numbers: {error}.", retryable=False) from error
    if not finite:
        raise ModelError(
            "The embedding model gave a vector with NaN, infinite or far too large numbers.", retryable=False
        )


def cosine_similarity(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the cosine of the angle between two vectors, in [-1, 1]: 1 for the same direction.

    Args:
        first: finite numbers, one for each dimension; see `check_vectors`.
        second: as many.

    Raises:
        ModelError: one has no direction, since all its numbers are 0.

    Examples:
        >>> cosine_similarity([1.0, 0.0], [1.0, 1.0])
        0.7071067811865475
    """
    if first == second and _length(first):
        return 1.0  # rounding would leave a trace of a distance
    similarity = float(sum(map(mul, first, second))) / _length(first) / _length(second)
    return max(-1.0, min(similarity, 1.0))


def _length(vector: Sequence[float]) -> float:
    length = math.hypot(*vector)
    if not _NO_DIRECTION < length < 1 / _NO_DIRECTION:
        raise ModelError(
            f"The embedding model gave a vector of length {length:g}: the cosine needs a direction.",
            retryable=False,
        )
    return length
