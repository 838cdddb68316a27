"""precision_at_k, recall_at_k, reciprocal_rank, ndcg and hit_rate: retrieved ids beside those known to be relevant.

The prediction is what was retrieved, the best first: a list of ids or of documents, or JSON of one. The reference is
the relevant ids: a list or a set, a mapping of ids to gains, or JSON of one. What the measures are, and what they do
with ids that come twice, stands in `lc_scoring.stats.ranking`.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar
from uuid import UUID

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage

from lc_scoring.data.plain import plain
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.computed import ComputedStringEvaluator, plain_text
from lc_scoring.evaluators.json_text import NotJsonError, read_json
from lc_scoring.records import Score
from lc_scoring.stats.ranking import (
    found_ranks,
    hit_at,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank,
)

_NO_RELEVANT_IDS = "no relevant ids"
_NAMED = 5  # ids of a kind in a reasoning
_ID_SHOWN = 40  # characters of an id there
_SHOWN = 60  # characters of a value in a message
_RANKED = "a list of ids in rank order, or JSON of one"
_RELEVANT = "a list or a set of ids, a mapping of ids to gains, or JSON of one"


class _RankedEvaluator(ComputedStringEvaluator):
    """An evaluator of ids in rank order."""

    returns = "score in [0, 1], reasoning"

    k: int | None = None
    """How many of the first retrieved ids are looked at; None for all."""

    _settings: ClassVar[tuple[str, ...]] = ("k",)
    _name: ClassVar[str]

    def _check_arguments(self) -> None:
        k: Any = self.k
        if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
            raise ConfigError(f"k is a whole number of 1 or more, or None for all that was retrieved; got {k!r}.")

    @property
    def evaluation_name(self) -> str:
        """The measure, with `@` and k where that is given: the key of the feedback in LangSmith."""
        return self._name if self.k is None else f"{self._name}@{self.k}"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        retrieved, gains = _retrieved(prediction), _gains(other)
        if not gains:
            return {"score": None, "value": _NO_RELEVANT_IDS, "reasoning": "No id is known to be relevant."}
        return {"score": self._measure(retrieved, gains), "reasoning": _reasoning(retrieved, gains, self.k)}

    @abstractmethod
    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float: ...

    def _as_score(self, result: Any) -> Score:
        if result["score"] is None:
            raise NotApplicable(result["reasoning"], _NO_RELEVANT_IDS)
        return super()._as_score(result)


class PrecisionAtK(_RankedEvaluator):
    """Tells which share of the first k retrieved ids is relevant.

    Examples:
        >>> PrecisionAtK(k=5).evaluate_strings(prediction=["a", "x", "c", "y", "z"], reference=["a", "c", "d"])
        {'score': 0.4, 'reasoning': '2 of the first 5 are relevant: a (rank 1), c (rank 3); missed: d'}
    """

    _name = "precision"

    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float:
        return precision_at(retrieved, gains, self.k)


class RecallAtK(_RankedEvaluator):
    """Tells which share of the relevant ids is among the first k retrieved.

    Examples:
        >>> RecallAtK(k=2).evaluate_strings(prediction='["a", "x", "c"]', reference='["a", "c"]')
        {'score': 0.5, 'reasoning': '1 of the first 2 is relevant: a (rank 1); missed: c'}
    """

    _name = "recall"

    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float:
        return recall_at(retrieved, gains, self.k)


class ReciprocalRank(_RankedEvaluator):
    """Gives 1 / the rank of the first relevant id; the mean over a dataset is the MRR.

    Examples:
        >>> ReciprocalRank().evaluate_strings(prediction=["x", 7, "y"], reference={"7"})
        {'score': 0.5, 'reasoning': '1 of 3 retrieved is relevant: 7 (rank 2)'}
    """

    _name = "reciprocal_rank"

    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float:
        return reciprocal_rank(retrieved, gains, self.k)


class NDCG(_RankedEvaluator):
    """Gives the discounted gain of the first k retrieved ids, as a share of the best there could be.

    Examples:
        >>> result = NDCG(k=3).evaluate_strings(prediction=["b", "x", "a"], reference={"a": 3, "b": 1})
        >>> round(result["score"], 4), result["reasoning"]
        (0.6885, '2 of the first 3 are relevant: b (rank 1, gain 1), a (rank 3, gain 3)')
    """

    _name = "ndcg"

    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float:
        return ndcg_at(retrieved, gains, self.k)


class HitRate(_RankedEvaluator):
    """Tells whether any of the first k retrieved ids is relevant: score 1 or 0, whose mean is the hit rate.

    Examples:
        >>> HitRate(k=1).evaluate_strings(prediction=["x", "a"], reference=["a"])
        {'score': 0.0, 'reasoning': 'none of the first 1 is relevant; missed: a'}
    """

    _name = "hit_rate"

    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float:
        return hit_at(retrieved, gains, self.k)


def _retrieved(given: Any) -> list[str]:
    value = _read("prediction", given, _RANKED)
    if not isinstance(value, (list, tuple)):
        raise _wrong("prediction", value, _RANKED)
    return [_id(f"prediction[{at}]", one) for at, one in enumerate(value)]


def _gains(given: Any) -> dict[str, float]:
    """Return the ids whose gain is above 0, those of the largest gains first."""
    value = _read("reference", given, _RELEVANT)
    if not isinstance(value, Mapping):
        if not isinstance(value, (list, tuple, AbstractSet)):
            raise _wrong("reference", value, _RELEVANT)
        # A set has another order in each process, and a reasoning is to be the same.
        ids = sorted(value, key=str) if isinstance(value, AbstractSet) else value
        return {_id(f"reference[{at}]", one): 1.0 for at, one in enumerate(ids)}
    gains: dict[str, float] = {}
    for one, gain in value.items():
        name = _id("an id of the reference", one)
        if name in gains:
            raise ConfigError(f"The reference has two gains for the id {_shown(name)}: ids are compared as text.")
        gains[name] = _gain(name, plain(gain))
    best_first = sorted(gains.items(), key=lambda item: -item[1])
    return {name: gain for name, gain in best_first if gain}


def _read(name: str, value: Any, wanted: str) -> Any:
    """Return a value as it is; what a text holds as JSON."""
    value = plain(value)
    if not isinstance(value, (str, BaseMessage)):
        return value
    text = plain_text(name, value)
    try:
        return read_json(text)
    except NotJsonError as error:
        raise ConfigError(f"{name} must be {wanted}; got the text {_shown(text)}, no JSON: {error}.") from error


def _id(name: str, given: Any) -> str:
    """Return an id, or that of a document, as text."""
    one = plain(given)
    if isinstance(one, Document):
        one = {"id": one.id, "metadata": one.metadata}
    if isinstance(one, Mapping):  # a document as JSON has it
        own, metadata = one.get("id"), one.get("metadata")
        one = plain(metadata.get("id") if own is None and isinstance(metadata, Mapping) else own)
        if one is None:
            raise ConfigError(f"{name} has neither an id nor an id in its metadata; got {_shown(given)}.")
    if isinstance(one, bool) or not isinstance(one, (str, int, UUID)) or one == "":
        raise ConfigError(f"{name} must be an id: text, a whole number or a document with one; got {_shown(given)}.")
    return str(one)


def _gain(name: str, gain: Any) -> float:
    if not isinstance(gain, (int, float)) or not 0 <= gain <= sys.float_info.max:
        raise ConfigError(f"The gain of {_shown(name)} must be a finite number of 0 or more; got {_shown(gain)}.")
    return float(gain)


def _wrong(name: str, value: Any, wanted: str) -> ConfigError:
    return ConfigError(f"{name} must be {wanted}; got {type(value).__name__}: {_shown(value)}.")


def _reasoning(retrieved: Sequence[str], gains: Mapping[str, float], k: int | None) -> str:
    """Return which relevant ids were found, and where; which were not, and which were found again."""
    found = found_ranks(retrieved, gains, k)
    graded = len(set(gains.values())) > 1
    at = [
        f"{_short(one)} (rank {rank}, gain {gains[one]:g})" if graded else f"{_short(one)} (rank {rank})"
        for one, rank in found.items()
    ]
    seen = retrieved[:k]
    again = dict.fromkeys(one for place, one in enumerate(seen) if one in found and place + 1 > found[one])
    parts = [
        _count(len(found), len(retrieved), k) + (f": {_some(at)}" if at else ""),
        *([f"missed: {_some(missed)}"] if (missed := [_short(one) for one in gains if one not in found]) else []),
        *([f"retrieved again: {_some(map(_short, again))}"] if again else []),
    ]
    return "; ".join(parts)


def _count(found: int, retrieved: int, k: int | None) -> str:
    if not retrieved:
        return "nothing was retrieved"
    of = (
        f"{retrieved} retrieved" if k is None else f"the first {k}" if retrieved >= k else f"only {retrieved} retrieved"
    )
    return f"{found or 'none'} of {of} {'is' if found <= 1 else 'are'} relevant"


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(one: str) -> str:
    return one if len(one) <= _ID_SHOWN else f"{one[:_ID_SHOWN]}..."


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
