"""NumPy, for the statistics that need it: the one place that imports it."""

from __future__ import annotations

from typing import TypeAlias

from lc_scoring.errors import MissingExtra

try:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray
except ImportError as error:
    raise MissingExtra('NumPy is needed for this: pip install "lc-scoring[stats]".') from error

__all__ = [
    "ArrayLike",
    "Floats",
    "Indices",
    "NDArray",
    "codes_of",
    "counts_of",
    "floats",
    "grouped_sums",
    "np",
    "over",
]

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]


def floats(numbers: ArrayLike, name: str) -> Floats:
    """Return numbers as an array.

    Args:
        numbers: finite numbers.
        name: what an error calls them.

    Raises:
        ValueError: one is NaN or infinite.

    Examples:
        >>> floats([1, 2], "ratings")
        array([1., 2.])
    """
    array = np.asarray(numbers, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}.")
    return array


def codes_of(values: Floats) -> tuple[Floats, Indices]:
    """Return the distinct values in rising order, and for each value the place of its own among them.

    Examples:
        >>> codes_of(floats([5, 3, 5], "ratings"))
        (array([3., 5.]), array([1, 0, 1]))
    """
    distinct, codes = np.unique(values, return_inverse=True)
    return distinct, codes.astype(np.intp).reshape(-1)


def grouped_sums(counts: Floats, codes: Indices, size: int) -> Floats:
    """Return the sums of counts with equal codes.

    Args:
        counts: shape (..., n).
        codes: shape (n,), each in [0, size).
        size: how many codes there are.

    Returns:
        Shape (..., size); 0 for a code that does not occur.

    Examples:
        >>> grouped_sums(floats([1, 2, 4], "counts"), np.array([1, 0, 1]), 3)
        array([2., 5., 0.])
    """
    sums = np.zeros((*counts.shape[:-1], size))
    if codes.size:
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        sums[..., present] = np.add.reduceat(counts[..., order], starts, axis=-1)
    return sums


def counts_of(counts: ArrayLike | None, n: int) -> Floats:
    """Return how often each of n items is counted: once, unless it is said.

    Args:
        counts: shape (..., n), 0 or more, or None.
        n: how many items there are.

    Raises:
        ValueError: there is not one for each item, or one is below 0 or not finite.

    Examples:
        >>> counts_of(None, 2)
        array([1., 1.])
    """
    weights = np.ones(n) if counts is None else floats(counts, "counts")
    if weights.shape[-1:] != (n,) or (weights < 0).any():
        raise ValueError(f"there must be a count of 0 or more for each of {n} items.")
    return weights


def over(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where the divisor is 0 or below.

    Examples:
        >>> over(floats([1, 1], "top"), floats([2, 0], "bottom"))
        array([0.5, nan])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)
