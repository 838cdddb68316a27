"""embedding_distance and pairwise_embedding_distance."""

from __future__ import annotations

import asyncio
import math
import sys
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from pydantic import SecretStr

from lc_scoring.errors import ConfigError, MissingExtra, ModelError
from lc_scoring.evaluators.embedding_distance import (
    EmbeddingDistance,
    EmbeddingDistanceEvalChain,
    PairwiseEmbeddingDistanceEvalChain,
)
from lc_scoring.models.embeddings import embeddings_name, resolve_embeddings

ROW = {"prediction": "a", "reference": "b"}
PAIR = {"prediction": "a", "prediction_b": "b"}


class Given(Embeddings):
    """Gives the vectors it was made with."""

    model = "given"
    dimensions = 2

    def __init__(self, *vectors: Any) -> None:
        self.vectors: Any = list(vectors)
        self.asked: list[list[str]] = []
        self.api_key = SecretStr("my0secret0value")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        if isinstance(self.vectors[0], Exception):
            raise self.vectors[0]
        return self.vectors

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError("One call embeds both.")


def distance(metric: str, *vectors: Any) -> float:
    return EmbeddingDistanceEvalChain(embeddings=Given(*vectors), distance_metric=metric).evaluate_strings(**ROW)[
        "score"
    ]


@pytest.mark.parametrize("metric", list(EmbeddingDistance))
@pytest.mark.parametrize("size", [1, 2, 300])
def test_distances_are_langchains(metric: EmbeddingDistance, size: int) -> None:
    np = pytest.importorskip("numpy")
    classic = pytest.importorskip("langchain_classic.evaluation")
    embeddings = DeterministicFakeEmbedding(size=size)
    theirs = classic.EmbeddingDistanceEvalChain(
        embeddings=embeddings, distance_metric=classic.EmbeddingDistance(metric.value)
    )
    pair = PairwiseEmbeddingDistanceEvalChain(embeddings=embeddings, distance_metric=metric.value)
    ours = EmbeddingDistanceEvalChain(embeddings=embeddings, distance_metric=metric)
    for prediction, reference in [("a", "b"), ("Paris", "Lyon"), ("same", "same")]:
        first, second = np.array(embeddings.embed_documents([prediction, reference]))
        # Called at the metric, since LangChain's chain fails on most where scipy is installed.
        expected = float(
            np.squeeze(theirs._get_metric(theirs.distance_metric)(first.reshape(1, -1), second.reshape(1, -1)))
        )
        row, texts = (
            {"prediction": prediction, "reference": reference},
            {"prediction": prediction, "prediction_b": reference},
        )
        assert ours.evaluate_strings(**row)["score"] == pytest.approx(expected, abs=1e-12)
        assert pair.evaluate_string_pairs(**texts) == ours.invoke(row)
    assert ours.evaluation_name == theirs.evaluation_name
    assert pair.evaluation_name == f"pairwise_{ours.evaluation_name}"
    assert (ours.input_keys, pair.input_keys) == (["prediction", "reference"], ["prediction", "prediction_b"])


@pytest.mark.parametrize(
    ("metric", "expected", "value"),
    [("cosine", 0.04, 0.98), ("euclidean", math.sqrt(2), 1 / (1 + math.sqrt(2))), ("manhattan", 2, 1 / 3),
     ("chebyshev", 1, 0.5), ("hamming", 1, 0)],
)  # fmt: skip
def test_distances_and_values_are_as_defined(metric: str, expected: float, value: float) -> None:
    evaluator = EmbeddingDistanceEvalChain(embeddings=Given([3, 4], [4, 3]), distance_metric=metric)
    score = evaluator.score(ROW)
    assert score.rating == pytest.approx(expected)
    assert score.value == pytest.approx(value)
    assert score.name == f"embedding_{metric}_distance"


def test_the_cosine_distance_stays_in_0_to_2() -> None:
    ordinary = [0.1, 0.2, 0.3]
    assert distance("cosine", ordinary, ordinary) == 0.0
    assert 0 <= distance("cosine", ordinary, [0.2, 0.4, 0.6]) < 1e-15
    assert distance("cosine", [1e-60, 0], [1e60, 0]) == 0.0
    assert distance("cosine", ordinary, [-0.1, -0.2, -0.3]) == 2.0
    opposite = EmbeddingDistanceEvalChain(embeddings=Given([1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]))
    assert opposite.score(ROW).value == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (([1.0, 2.0], [1.0]), "vectors of 2 and 1 numbers"),
        (([], []), "vectors of 0 and 0 numbers"),
        (([math.nan, 1.0], [1.0, 1.0]), "NaN, infinite"),
        (([1.0, 1.0], [1.0, -math.inf]), "NaN, infinite"),
        (([math.inf], [math.inf]), "NaN, infinite"),
        (([1e308] * 9, [1.0] * 9), "NaN, infinite or far too large"),
        ((["a"], ["b"]), "no vector of numbers"),
        (([None], [None]), "no vector of numbers"),
        ((1.0, 2.0), "no vector of numbers"),
        (([1.0],), "1 vectors for 2 texts"),
        (([1.0], [1.0], [1.0]), "3 vectors for 2 texts"),
        ((RuntimeError("no ink"),), "gave no vectors: RuntimeError: no ink"),
        ((RuntimeError(),), "RuntimeError: no message"),
        ((RuntimeError("bad my0secret0value"),), r"bad \*\*\*$"),
        ((RuntimeError("x" * 5000),), r"\[\.\.\. 4400 characters\]"),
        ((ModelError("the known way"),), "^the known way"),
    ],
)
@pytest.mark.parametrize("metric", list(EmbeddingDistance))
async def test_the_models_fault_is_one(vectors: tuple[Any, ...], said: str, metric: EmbeddingDistance) -> None:
    made: dict[str, Any] = {"embeddings": Given(*vectors), "distance_metric": metric}
    with pytest.raises(ModelError, match=said):
        EmbeddingDistanceEvalChain(**made).evaluate_strings(**ROW)
    with pytest.raises(ModelError, match=said):
        await PairwiseEmbeddingDistanceEvalChain(**made).aevaluate_string_pairs(**PAIR)


@pytest.mark.parametrize("zero", [[0.0, 0.0], [-0.0, 0.0], [1e-200, 0.0], [1e150, 0.0]])
def test_a_vector_without_direction_has_no_cosine(zero: list[float]) -> None:
    for vectors in ((zero, [1.0, 0.0]), ([1.0, 0.0], zero)):
        with pytest.raises(ModelError, match=r"of length .* needs a direction"):
            distance("cosine", *vectors)
        assert distance("euclidean", *vectors) > 0


@pytest.mark.parametrize("vectors", [None, 3, {"a": 1}])
def test_a_model_gives_a_list(vectors: Any) -> None:
    embeddings = Given([1.0])
    embeddings.vectors = vectors
    embeddings.embed_documents = lambda texts: vectors  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=f"no list of vectors but {type(vectors).__name__}"):
        EmbeddingDistanceEvalChain(embeddings=embeddings).evaluate_strings(**ROW)


def test_arrays_are_vectors_too() -> None:
    np = pytest.importorskip("numpy")
    embeddings = Given([1.0])
    embeddings.embed_documents = lambda texts: np.array([[3.0, 4.0], [4.0, 3.0]])  # type: ignore[method-assign]
    for metric in EmbeddingDistance:
        result = EmbeddingDistanceEvalChain(embeddings=embeddings, distance_metric=metric).evaluate_strings(**ROW)
        assert result == {"score": distance(metric, [3.0, 4.0], [4.0, 3.0])}
        assert type(result["score"]) is float


async def test_one_call_embeds_both_texts_in_their_order() -> None:
    embeddings = Given([1.0], [2.0])
    EmbeddingDistanceEvalChain(embeddings=embeddings).evaluate_strings(**ROW)
    await PairwiseEmbeddingDistanceEvalChain(embeddings=embeddings).ainvoke(PAIR)
    assert embeddings.asked == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("wrong", [4, b"x", "a\x00b", "\ud800", "x" * 500_001])
def test_what_no_model_takes_is_refused_before_it_is_asked(wrong: Any) -> None:
    embeddings = Given([1.0], [2.0])
    with pytest.raises(ConfigError, match="reference"):
        EmbeddingDistanceEvalChain(embeddings=embeddings).evaluate_strings(prediction="a", reference=wrong)
    with pytest.raises(ConfigError, match="prediction_b"):
        PairwiseEmbeddingDistanceEvalChain(embeddings=embeddings).invoke({"prediction": "a", "prediction_b": wrong})
    with pytest.raises(ConfigError, match="prediction"):
        EmbeddingDistanceEvalChain(embeddings=embeddings).evaluate_strings(prediction=wrong, reference="a")
    assert embeddings.asked == []


def test_the_metric_and_the_model_can_be_set_later() -> None:
    evaluator = EmbeddingDistanceEvalChain(embeddings=Given([3.0, 4.0], [4.0, 3.0]))
    evaluator.distance_metric = EmbeddingDistance.MANHATTAN
    assert evaluator.evaluate_strings(**ROW) == {"score": 2.0}
    assert evaluator.evaluation_name == "embedding_manhattan_distance"
    evaluator.embeddings = Given([1.0], [5.0])
    assert evaluator.evaluate_strings(**ROW) == {"score": 4.0}
    evaluator.distance_metric = "taxi"
    with pytest.raises(ConfigError, match=r"distance_metric takes one of cosine, .*; got 'taxi'"):
        evaluator.evaluate_strings(**ROW)
    with pytest.raises(ConfigError, match="got 'taxi'"):
        EmbeddingDistanceEvalChain(embeddings=Given([1.0]), distance_metric="taxi")


@pytest.mark.parametrize(
    ("embeddings", "said"),
    [
        (5, "got 5"),
        (" ", "got ' '"),
        (Given, "got the class Given: make one of it"),
        ("nosuch:model", "Unknown embeddings 'nosuch:model'"),
        ("openai:text-embedding-3-small", "cannot be made: .*api_key"),
        (None, "'openai:text-embedding-3-small' cannot be made"),
    ],
)
def test_embeddings_that_cannot_be_used_are_refused(
    embeddings: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "LC_SCORING_EMBEDDINGS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match=said):
        EmbeddingDistanceEvalChain(embeddings=embeddings)


def test_the_model_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.delenv("LC_SCORING_EMBEDDINGS", raising=False)
    default = EmbeddingDistanceEvalChain()
    assert "|embeddings=OpenAIEmbeddings:text-embedding-3-small|" in default.signature
    monkeypatch.setenv("LC_SCORING_EMBEDDINGS", "openai:text-embedding-3-large")
    assert embeddings_name(resolve_embeddings()) == "OpenAIEmbeddings:text-embedding-3-large"
    assert embeddings_name(resolve_embeddings(" openai:x ")) == "OpenAIEmbeddings:x"
    assert embeddings_name(Given([1.0])) == "Given:given@2"


def test_a_missing_provider_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_cohere", None)
    with pytest.raises(MissingExtra, match="'cohere:embed' need a package"):
        EmbeddingDistanceEvalChain(embeddings="cohere:embed")


async def test_the_models_own_async_way_is_taken() -> None:
    class Async(Given):
        async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
            await asyncio.sleep(0)
            return [[0.0], [7.0]]

    evaluator = EmbeddingDistanceEvalChain(embeddings=Async([0.0], [1.0]), distance_metric="euclidean")
    assert await evaluator.aevaluate_strings(**ROW) == await evaluator.ainvoke(ROW) == {"score": 7.0}
    assert evaluator.evaluate_strings(**ROW) == {"score": 1.0}
