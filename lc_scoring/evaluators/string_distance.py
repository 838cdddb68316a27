"""string_distance and pairwise_string_distance: how many edits lie between two texts."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar

from lc_scoring.errors import ConfigError, MissingExtra
from lc_scoring.evaluators.computed import (
    ComputedPairEvaluator,
    ComputedStringEvaluator,
    DistanceEvaluator,
    bounded_nearness,
    plain_text,
    unbounded_nearness,
)


class StringDistance(StrEnum):
    """Which edits count between two texts."""

    DAMERAU_LEVENSHTEIN = "damerau_levenshtein"
    """Insertions, deletions, substitutions, and transpositions of neighbors."""
    LEVENSHTEIN = "levenshtein"
    """Insertions, deletions and substitutions."""
    JARO = "jaro"
    """1 - Jaro's similarity: shared characters, and their order."""
    JARO_WINKLER = "jaro_winkler"
    """The same, smaller where the texts begin alike."""
    HAMMING = "hamming"
    """Places with another character; the longer text's rest counts too."""
    INDEL = "indel"
    """Insertions and deletions."""


_RAPIDFUZZ = {
    "damerau_levenshtein": "DamerauLevenshtein",
    "levenshtein": "Levenshtein",
    "jaro": "Jaro",
    "jaro_winkler": "JaroWinkler",
    "hamming": "Hamming",
    "indel": "Indel",
}
_NEVER_ABOVE_1 = {"jaro", "jaro_winkler"}


class _StringDistances(DistanceEvaluator):
    """What the evaluators of one text and of two share."""

    returns = "score, 0 for equal"
    needs = ("lc-scoring[distance]",)

    distance: StringDistance | str = StringDistance.JARO_WINKLER
    """Which edits count: a `StringDistance` or its name."""
    normalize_score: bool = True
    """Whether the distance is divided by the greatest that texts this long can have, which makes it [0, 1]."""

    _settings: ClassVar[tuple[str, ...]] = ("distance", "normalize_score")

    def _check_arguments(self) -> None:
        string_metric(self.distance, self.normalize_score)
        self.distance = StringDistance(self.distance)

    def _nearness(self, distance: float) -> float:
        bounded = self.normalize_score or self.distance in _NEVER_ABOVE_1
        return bounded_nearness(distance) if bounded else unbounded_nearness(distance)


class StringDistanceEvalChain(_StringDistances, ComputedStringEvaluator):
    """Measures the edits between a text and the reference: 0 for the same text, more for less alike.

    A Score of it is higher for what is more alike: 1 - distance where the distance is in [0, 1], else
    1 / (1 + distance); its rating is the distance.

    Examples:
        >>> evaluator = StringDistanceEvalChain(distance="levenshtein", normalize_score=False)
        >>> evaluator.evaluate_strings(prediction="Mindy is the CTO", reference="Mindy is the CEO")
        {'score': 1}
        >>> evaluator.score({"prediction": "Mindy is the CTO", "reference": "Mindy is the CEO"}).value
        0.5
    """

    @property
    def evaluation_name(self) -> str:
        """The distance's name and `_distance`: the key of the feedback in LangSmith."""
        return f"{self.distance}_distance"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        metric = string_metric(self.distance, self.normalize_score)
        return {"score": metric(plain_text("reference", other), plain_text("prediction", prediction))}


class PairwiseStringDistanceEvalChain(_StringDistances, ComputedPairEvaluator):
    """Measures the edits between two texts: 0 for the same text, more for less alike.

    Examples:
        >>> evaluator = PairwiseStringDistanceEvalChain(distance="levenshtein")
        >>> evaluator.evaluate_string_pairs(prediction="four", prediction_b="five")
        {'score': 0.75}
    """

    @property
    def evaluation_name(self) -> str:
        """`pairwise_`, the distance's name and `_distance`: the key of the feedback in LangSmith."""
        return f"pairwise_{self.distance}_distance"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        metric = string_metric(self.distance, self.normalize_score)
        return {"score": metric(plain_text("prediction", prediction), plain_text("prediction_b", other))}


@lru_cache
def string_metric(distance: str, normalized: bool) -> Callable[[str, str], float]:
    """Return the function that measures a distance between two texts.

    Args:
        distance: a `StringDistance` or its name.
        normalized: whether the distance is divided by the greatest that texts this long can have.

    Raises:
        ConfigError: there is no such distance.
        MissingExtra: rapidfuzz is not installed.
    """
    name = _RAPIDFUZZ.get(distance)
    if name is None:
        raise ConfigError(f"distance takes one of {', '.join(StringDistance)}; got {distance!r}.")
    try:
        from rapidfuzz import distance as distances  # noqa: PLC0415 - an extra: only who measures needs it
    except ImportError as error:
        raise MissingExtra(
            'String distances need the package rapidfuzz: pip install "lc-scoring[distance]".'
        ) from error
    module = getattr(distances, name)
    measure: Callable[[str, str], float] = module.normalized_distance if normalized else module.distance
    return measure
