"""precision_at_k, recall_at_k, reciprocal_rank, ndcg and hit_rate: retrieved ids beside those known to be relevant.

`retrieved_ids` is what was retrieved, the best first: a list of ids or of documents, or JSON of one. `relevant_ids` is
a list or a set of ids, a mapping of ids to gains, or JSON of one. LangChain's `evaluate_strings` calls them prediction
and reference; in rows these are an answer and a known good one, and one run may judge both. What the measures are, and
what they do with ids that come twice, stands in `lc_scoring.stats.ranking`.
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
from langsmith.schemas import Example, Run

from lc_scoring.data.plain import plain
from lc_scoring.data.row import is_missing
from lc_scoring.data.text import is_message, text_of
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.computed import ComputedStringEvaluator
from lc_scoring.evaluators.context_rows import CONTEXT_KEYS
from lc_scoring.evaluators.experiment import Key, follow, pick, row_fields
from lc_scoring.evaluators.json_text import NotJsonError, read_json
from lc_scoring.records import Sample, Score
from lc_scoring.stats.ranking import (
    found_ranks,
    hit_at,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank,
)

_RETRIEVED_IDS, _RELEVANT_IDS = "retrieved_ids", "relevant_ids"
_LANGCHAINS = {_RETRIEVED_IDS: "prediction", _RELEVANT_IDS: "reference"}
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
    _judged: ClassVar[tuple[str, ...]] = (_RETRIEVED_IDS, _RELEVANT_IDS)
    _name: ClassVar[str]

    @property  # and no plain value, for the class itself needs no such field: it is evaluate_strings that does
    def requires_reference(self) -> bool:  # type: ignore[override]
        """Whether `evaluate_strings` must be given a reference: the relevant ids."""
        return True

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        return sorted(self._judged)

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

    def _given(self, fields: object) -> dict[str, Any]:
        """Return both fields; one that is not there stands under LangChain's name."""
        if isinstance(fields, Sample):
            fields = {"prediction": fields.prediction, "reference": fields.reference}
        if isinstance(fields, Mapping):
            named = {own: fields[name] for own, name in _LANGCHAINS.items() if fields.get(name) is not None}
            fields = {**named, **fields}
        return super()._given(fields)

    def _evaluate(self, fields: dict[str, Any]) -> dict[str, Any]:
        given = self._given(fields)  # evaluate_strings opens its runs under LangChain's names
        return self._compute(given[_RETRIEVED_IDS], given[_RELEVANT_IDS])

    async def _aevaluate(self, fields: dict[str, Any]) -> dict[str, Any]:
        return self._evaluate(fields)

    def _row(self, run: Run, example: Example | None) -> Mapping[str, Any]:
        if self.prepare_data is not None:
            return row_fields(self, run, example)
        outputs, known = run.outputs or {}, (example.outputs if example is not None else None) or {}
        usual = (_RETRIEVED_IDS, *CONTEXT_KEYS)
        return {
            _RETRIEVED_IDS: _picked(outputs, self.prediction_key, usual, "prediction", "the run's outputs"),
            _RELEVANT_IDS: _picked(
                known, self.reference_key, [_RELEVANT_IDS], "reference", "the example's reference outputs"
            ),
        }

    @abstractmethod
    def _measure(self, retrieved: Sequence[str], gains: Mapping[str, float]) -> float: ...

    def _as_score(self, result: Any) -> Score:
        if result["score"] is None:
            raise NotApplicable(result["reasoning"], _NO_RELEVANT_IDS)
        return super()._as_score(result)


class PrecisionAtK(_RankedEvaluator):
    """Tells which share of the first k retrieved ids is relevant.

    Examples:
        >>> row = {"retrieved_ids": ["a", "x", "c", "y", "z"], "relevant_ids": ["a", "c", "d"]}
        >>> PrecisionAtK(k=5).invoke(row)
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


def _picked(values: dict[str, Any], key: Key, usual: Iterable[str], field: str, place: str) -> Any:
    """Take ids out of a LangSmith row's mapping: at the key, else under a usual name, else its only value.

    They are taken as they are: of documents made text no id would be left.

    Raises:
        ConfigError: they are not there, or several values might be meant.
    """
    key = key or next((name for name in usual if not is_missing(values.get(name))), None)
    if values and key is not None:
        found = key(values) if callable(key) else follow(values, key, field, place)
    elif len(values) == 1:
        (found,) = values.values()
    else:
        found = pick(values, None, field, place)  # a message's text, or an error
    if is_missing(found):
        raise ConfigError(f"There is no {field} to score: {place} hold {found!r} for it.")
    return found


def _retrieved(given: Any) -> list[str]:
    value = _read(_RETRIEVED_IDS, given, _RANKED)
    if not isinstance(value, (list, tuple)):
        raise _wrong(_RETRIEVED_IDS, value, _RANKED)
    return [_id(f"{_RETRIEVED_IDS}[{at}]", one) for at, one in enumerate(value)]


def _gains(given: Any) -> dict[str, float]:
    """Return the ids whose gain is above 0, those of the largest gains first."""
    value = _read(_RELEVANT_IDS, given, _RELEVANT)
    if not isinstance(value, Mapping):
        if not isinstance(value, (list, tuple, AbstractSet)):
            raise _wrong(_RELEVANT_IDS, value, _RELEVANT)
        # A set has another order in each process, and a reasoning is to be the same.
        ids = sorted(value, key=str) if isinstance(value, AbstractSet) else value
        return {_id(f"{_RELEVANT_IDS}[{at}]", one): 1.0 for at, one in enumerate(ids)}
    gains: dict[str, float] = {}
    for one, gain in value.items():
        name = _id(f"an id of {_RELEVANT_IDS}", one)
        if name in gains:
            raise ConfigError(f"{_RELEVANT_IDS} has two gains for the id {_shown(name)}: ids are compared as text.")
        gains[name] = _gain(name, plain(gain))
    best_first = sorted(gains.items(), key=lambda item: -item[1])
    return {name: gain for name, gain in best_first if gain}


def _read(name: str, value: Any, wanted: str) -> Any:
    """Return a value as it is; what a text holds as JSON."""
    value = plain(value)
    if not isinstance(value, (str, BaseMessage)) and not is_message(value):
        return value
    text = text_of(name, value)
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
        one = _document_id(one)
        if one is None:
            raise ConfigError(f"{name} has neither an id nor an id in its metadata; got {_shown(given)}.")
    if isinstance(one, bool) or not isinstance(one, (str, int, UUID)) or one == "":
        raise ConfigError(f"{name} must be an id: text, a whole number or a document with one; got {_shown(given)}.")
    return str(one)


def _document_id(document: Mapping[str, Any]) -> Any:
    held = document.get("kwargs") if document.get("lc") == 1 else document  # the former is how LangChain's dumpd has it
    if not isinstance(held, Mapping):
        return None
    own, metadata = held.get("id"), held.get("metadata")
    return plain(metadata.get("id") if own is None and isinstance(metadata, Mapping) else own)


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
