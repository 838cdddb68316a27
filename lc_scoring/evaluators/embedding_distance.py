"""embedding_distance and pairwise_embedding_distance: how far apart the meanings of two texts are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from operator import ne, sub
from typing import Any

from langchain_core.embeddings import Embeddings

from lc_scoring import __version__
from lc_scoring.errors import ConfigError, ModelError
from lc_scoring.evaluators.computed import (
    ComputedPairEvaluator,
    ComputedStringEvaluator,
    DistanceEvaluator,
    bounded_nearness,
    plain_text,
    unbounded_nearness,
)
from lc_scoring.flow import Asked, Embed
from lc_scoring.models.embeddings import aembed, embed, embeddings_name, resolve_embeddings
from lc_scoring.models.scheduler import scheduled
from lc_scoring.records import check_text
from lc_scoring.vectors import check_vectors, cosine_similarity

Vector = list[float]


class EmbeddingDistance(StrEnum):
    """How the distance between two vectors a and b is measured."""

    COSINE = "cosine"
    """1 - the cosine of the angle between them: in [0, 2]."""
    EUCLIDEAN = "euclidean"
    """The square root of the sum of (a - b)²."""
    MANHATTAN = "manhattan"
    """The sum of |a - b|."""
    CHEBYSHEV = "chebyshev"
    """The greatest |a - b|."""
    HAMMING = "hamming"
    """The share of places where a and b differ: in [0, 1]."""


class _EmbeddingDistances(DistanceEvaluator):
    """What the evaluators of one text and of two share."""

    returns = "score, 0 for equal"
    needs = ("embeddings",)

    embeddings: Embeddings | str | None = None
    """The embedding model: a LangChain `Embeddings` or a model string such as `"openai:text-embedding-3-small"`; None
    takes the environment's `LC_SCORING_EMBEDDINGS`, else `"openai:text-embedding-3-small"`."""
    distance_metric: EmbeddingDistance | str = EmbeddingDistance.COSINE
    """How the distance is measured: an `EmbeddingDistance` or its name."""

    def _check_arguments(self) -> None:
        _metric(self.distance_metric)
        self.distance_metric = EmbeddingDistance(self.distance_metric)
        self.embeddings = resolve_embeddings(self.embeddings)

    @property
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        made_by = embeddings_name(resolve_embeddings(self.embeddings))
        return f"{self.evaluation_name}|embeddings={made_by}|lc_scoring={__version__}"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        texts = self._texts(prediction, other)
        return {"score": self._compute_score(embed(resolve_embeddings(self.embeddings), texts))}

    async def _acompute(self, prediction: Any, other: Any) -> dict[str, Any]:
        texts = self._texts(prediction, other)
        ask = Embed(texts=tuple(texts), model=resolve_embeddings(self.embeddings))
        return {"score": self._compute_score(await scheduled(ask.model, ask, partial(aembed, texts=texts)))}

    def first_asks(self, fields: Mapping[str, Any]) -> Asked:
        """Return what would be asked about fields, without asking it: the vectors of two texts."""
        given = self._given(fields)
        texts = self._texts(*(given[name] for name in (*self._judged, "reference")[:2]))
        return (Embed(texts=tuple(texts), model=resolve_embeddings(self.embeddings)),)

    def _texts(self, prediction: Any, other: Any) -> list[str]:
        name = self._judged[1] if len(self._judged) > 1 else "reference"
        texts = [plain_text("prediction", prediction), plain_text(name, other)]
        check_text("prediction", texts[0])
        check_text(name, texts[1])
        return texts

    def _compute_score(self, vectors: Sequence[Any]) -> float:
        first, second = (vector if isinstance(vector, list) else list(vector) for vector in vectors)
        metric = _metric(self.distance_metric)
        check_vectors(first, second)
        distance = metric(first, second)
        if not math.isfinite(distance):
            raise ModelError(
                "The embedding model gave a vector with NaN, infinite or far too large numbers.", retryable=False
            )
        return float(distance)

    def _nearness(self, distance: float) -> float:
        if self.distance_metric == EmbeddingDistance.COSINE:
            return bounded_nearness(distance, furthest=2.0)
        if self.distance_metric == EmbeddingDistance.HAMMING:
            return bounded_nearness(distance)
        return unbounded_nearness(distance)


class EmbeddingDistanceEvalChain(_EmbeddingDistances, ComputedStringEvaluator):
    """Measures how far a text's meaning is from the reference's: 0 for the same, more for less alike.

    A Score of it is higher for what is more alike: 1 - distance / 2 for the cosine distance, 1 - distance for Hamming's,
    else 1 / (1 + distance); its rating is the distance.

    Examples:
        >>> from langchain_core.embeddings import Embeddings
        >>> class Lengths(Embeddings):
        ...     def embed_documents(self, texts):
        ...         return [[float(len(text)), 1.0] for text in texts]
        ...
        ...     def embed_query(self, text):
        ...         return self.embed_documents([text])[0]
        >>> evaluator = EmbeddingDistanceEvalChain(embeddings=Lengths())
        >>> evaluator.evaluate_strings(prediction="Paris", reference="Paris")
        {'score': 0.0}
    """  # noqa: E501 - the three values in one line

    @property
    def evaluation_name(self) -> str:
        """`embedding_`, the metric's name and `_distance`: the key of the feedback in LangSmith."""
        return f"embedding_{self.distance_metric}_distance"


class PairwiseEmbeddingDistanceEvalChain(_EmbeddingDistances, ComputedPairEvaluator):
    """Measures how far apart two texts' meanings are: 0 for the same, more for less alike.

    Examples:
        >>> from langchain_core.embeddings import Embeddings
        >>> class Lengths(Embeddings):
        ...     def embed_documents(self, texts):
        ...         return [[float(len(text)), 1.0] for text in texts]
        ...
        ...     def embed_query(self, text):
        ...         return self.embed_documents([text])[0]
        >>> evaluator = PairwiseEmbeddingDistanceEvalChain(embeddings=Lengths(), distance_metric="hamming")
        >>> evaluator.evaluate_string_pairs(prediction="Paris", prediction_b="Lyon")
        {'score': 0.5}
    """

    @property
    def evaluation_name(self) -> str:
        """`pairwise_embedding_`, the metric's name and `_distance`: the key of the feedback in LangSmith."""
        return f"pairwise_embedding_{self.distance_metric}_distance"


def _cosine(first: Vector, second: Vector) -> float:
    return 0.0 if first == second else 1.0 - cosine_similarity(first, second)


def _manhattan(first: Vector, second: Vector) -> float:
    return float(sum(map(abs, map(sub, first, second))))


def _chebyshev(first: Vector, second: Vector) -> float:
    return float(max(map(abs, map(sub, first, second))))


def _hamming(first: Vector, second: Vector) -> float:
    return float(sum(map(ne, first, second)) / len(first))


# Plain Python: turning lists into numpy's arrays takes as long as these take in all.
_METRICS: dict[str, Callable[[Vector, Vector], float]] = {
    "cosine": _cosine,
    "euclidean": math.dist,
    "manhattan": _manhattan,
    "chebyshev": _chebyshev,
    "hamming": _hamming,
}


def _metric(name: str) -> Callable[[Vector, Vector], float]:
    metric = _METRICS.get(name)
    if metric is None:
        raise ConfigError(f"distance_metric takes one of {', '.join(EmbeddingDistance)}; got {name!r}.")
    return metric
