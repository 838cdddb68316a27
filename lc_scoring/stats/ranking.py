"""Ranking: how well one ranked list of ids brings the relevant ones; a dataset's figure is the mean over its queries.

Ids are compared as text: 1 and "1" are the same. An id that is retrieved again counts as not relevant, and keeps its
rank: who reads the list gains nothing from it, and the place is spent. Where no id is relevant every list is as good as
any other, so all five measures are undefined and raise; trec_eval leaves such queries out too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsFloat, TypeAlias

Relevant: TypeAlias = Iterable[object] | Mapping[object, float]
"""The relevant ids, each with gain 1, or gains of 0 and more by id; an id is relevant where its gain is above 0."""


def precision_at(retrieved: Sequence[object], relevant: Relevant, k: int | None = None) -> float:
    """Return the share of what was retrieved that is relevant: hits among the first k / k.

    With `k` the divisor is k even where fewer were retrieved, as trec_eval's `P_k` has it (Buckley 2008: places that
    were not filled count as not relevant); without, it is the number retrieved, as its `set_P` has it.

    Args:
        retrieved: ids in rank order, the best first.
        relevant: the relevant ids, or gains by id.
        k: how many of the first are looked at, 1 or more; None for all.

    Returns:
        In [0, 1]; 0 with nothing retrieved. Below 1 wherever k is above the number of relevant ids.

    Raises:
        ValueError: no id is relevant, a gain is below 0 or not finite, or k is no whole number of 1 or more.

    Examples:
        >>> precision_at(["a", "x", "b"], {"a", "b", "c"}), precision_at(["a", "x", "b"], {"a", "b", "c"}, k=4)
        (0.6666666666666666, 0.5)
    """
    found = found_ranks(retrieved, relevant_gains(relevant), k)
    return len(found) / (k or len(retrieved) or 1)


def recall_at(retrieved: Sequence[object], relevant: Relevant, k: int | None = None) -> float:
    """Return the share of the relevant ids that was retrieved: hits among the first k / number of relevant ids.

    Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", equation 8.2, cut off at k.

    Args:
        retrieved: ids in rank order, the best first.
        relevant: the relevant ids, or gains by id.
        k: how many of the first are looked at, 1 or more; None for all.

    Returns:
        In [0, 1]; 0 with nothing retrieved. Below 1 wherever k is below the number of relevant ids.

    Raises:
        ValueError: as `precision_at` does.

    Examples:
        >>> recall_at(["a", "x", "b"], {"a", "b"}), recall_at(["a", "x", "b"], {"a", "b"}, k=2)
        (1.0, 0.5)
    """
    gains = relevant_gains(relevant)
    return len(found_ranks(retrieved, gains, k)) / len(gains)


def reciprocal_rank(retrieved: Sequence[object], relevant: Relevant, k: int | None = None) -> float:
    """Return 1 / the rank of the first relevant id; the mean over queries is the MRR.

    Voorhees 1999, "The TREC-8 Question Answering Track Report", where k is 5.

    Args:
        retrieved: ids in rank order, the best first.
        relevant: the relevant ids, or gains by id.
        k: how many of the first are looked at, 1 or more; None for all.

    Returns:
        In [0, 1]: 1, 1/2, 1/3, ...; 0 where none of the first k is relevant, or nothing was retrieved.

    Raises:
        ValueError: as `precision_at` does.

    Examples:
        >>> reciprocal_rank(["x", "a", "b"], {"a", "b"}), reciprocal_rank(["x", "a"], {"a"}, k=1)
        (0.5, 0.0)
    """
    ranks = found_ranks(retrieved, relevant_gains(relevant), k).values()
    return 1 / min(ranks) if ranks else 0.0


def ndcg_at(retrieved: Sequence[object], relevant: Relevant, k: int | None = None) -> float:
    """Return the discounted gain of what was retrieved, as a share of the best there could be.

    DCG = sum of gain(rank) / log2(1 + rank) over the first k ranks; nDCG = DCG / the DCG of all relevant ids, those of
    the largest gains first. Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques",
    equation 2, with linear gains as there. They discount by log_b(rank), and only from rank b on; log2(1 + rank) is the
    discount of Burges et al. 2005, "Learning to rank using gradient descent", and of today's trec_eval and
    scikit-learn. For the exponential gains of Burges et al. give 2**gain - 1.

    Args:
        retrieved: ids in rank order, the best first.
        relevant: gains by id, or the relevant ids, each with gain 1.
        k: how many of the first are looked at, in the ideal order too, 1 or more; None for all.

    Returns:
        In [0, 1]; 1 for the ideal order, 0 where none of the first k is relevant, or nothing was retrieved.

    Raises:
        ValueError: as `precision_at` does.

    Examples:
        >>> round(ndcg_at(["b", "x", "a"], {"a": 3, "b": 1}), 4), ndcg_at(["a", "b", "x"], {"a": 3, "b": 1})
        (0.6885, 1.0)
    """
    gains = relevant_gains(relevant)
    best = sorted(gains.values(), reverse=True)
    found = found_ranks(retrieved, gains, k)
    # In units of the largest gain, so that no sum leaves the range of a float.
    ideal = math.fsum(gain / best[0] / math.log2(1 + rank) for rank, gain in enumerate(best[:k], 1))
    reached = math.fsum(gains[one] / best[0] / math.log2(1 + rank) for one, rank in found.items())
    return min(reached / ideal, 1.0)


def hit_at(retrieved: Sequence[object], relevant: Relevant, k: int | None = None) -> float:
    """Return whether any of the first k is relevant; the mean over queries is the hit rate, trec_eval's `success_k`.

    Args:
        retrieved: ids in rank order, the best first.
        relevant: the relevant ids, or gains by id.
        k: how many of the first are looked at, 1 or more; None for all.

    Returns:
        1 or 0; 0 with nothing retrieved.

    Raises:
        ValueError: as `precision_at` does.

    Examples:
        >>> hit_at(["x", "a"], {"a"}), hit_at(["x", "a"], {"a"}, k=1)
        (1.0, 0.0)
    """
    return 1.0 if found_ranks(retrieved, relevant_gains(relevant), k) else 0.0


def relevant_gains(relevant: Relevant) -> dict[str, float]:
    """Return the relevant ids as text with their gains, those of gain 0 left out.

    Raises:
        ValueError: no id is relevant, a gain is below 0 or not finite, or one id has two gains.

    Examples:
        >>> relevant_gains({1: 2, "b": 0}), relevant_gains(["a", "a"])
        ({'1': 2.0}, {'a': 1.0})
    """
    if isinstance(relevant, str):
        raise ValueError(f"relevant takes several ids, got the text {relevant!r}.")  # noqa: TRY004 - one kind for all
    given = relevant if isinstance(relevant, Mapping) else dict.fromkeys(map(str, relevant), 1.0)
    gains = {str(one): _checked(one, gain) for one, gain in given.items()}
    if len(gains) < len(given):
        raise ValueError("ids are compared as text, and two of those with gains are the same text.")
    relevant_ones = {one: gain for one, gain in gains.items() if gain}
    if not relevant_ones:
        raise ValueError("no id is relevant, so there is nothing to find: the measure is undefined.")
    return relevant_ones


def found_ranks(retrieved: Sequence[object], wanted: Iterable[str], k: int | None = None) -> dict[str, int]:
    """Return the rank, from 1, at which each wanted id stands first among the first k, in rising order.

    Raises:
        ValueError: `retrieved` is a text, or k is no whole number of 1 or more.

    Examples:
        >>> found_ranks(["x", 7, "7", "a"], {"7", "a", "b"})
        {'7': 2, 'a': 4}
    """
    if isinstance(retrieved, str):
        raise ValueError(f"retrieved takes several ids, got the text {retrieved!r}.")  # noqa: TRY004 - one kind for all
    if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
        raise ValueError(f"k is a whole number of 1 or more, got {k!r}.")
    known, ranks = frozenset(wanted), dict[str, int]()
    for rank, one in enumerate(map(str, retrieved[:k]), 1):
        if one in known:
            ranks.setdefault(one, rank)
    return ranks


def _checked(one: object, gain: Any) -> float:
    try:
        number = float(gain) if isinstance(gain, SupportsFloat) else math.nan
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise ValueError(f"a gain is a finite number of 0 or more, got {gain!r} for the id {one!r}.")
    return number
