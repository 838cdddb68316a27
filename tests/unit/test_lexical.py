"""Lexical embeddings: a vector for any text, of length 1, the same every time."""

from __future__ import annotations

import math
import time

import pytest

from lc_scoring.models.lexical import LexicalEmbeddings
from lc_scoring.vectors import check_vectors, cosine_similarity

EMBEDDINGS = LexicalEmbeddings()


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "🙂", "\0", "...", "a\0b", "塔は", "ﬁ", "a" * 5_000, "\u200f", "a\ud800b"]
)
def test_any_text_has_a_direction(text: str) -> None:
    vector = EMBEDDINGS.embed_query(text)
    assert len(vector) == 2048
    assert min(vector) >= 0
    assert math.hypot(*vector) == pytest.approx(1)
    assert EMBEDDINGS.embed_documents([text]) == [vector]


@pytest.mark.parametrize("text", ["\ud800", "\ud800\udfff\ud800", "\udcff."])
def test_half_a_surrogate_pair_alone_has_a_direction_too(text: str) -> None:
    assert math.hypot(*EMBEDDINGS.embed_query(text)) == pytest.approx(1)


def test_texts_of_signs_alone_are_alike_where_they_are_the_same() -> None:
    smile, frown, nothing = EMBEDDINGS.embed_documents(["🙂", "☹", ""])
    check_vectors(smile, frown)
    assert cosine_similarity(smile, smile) == 1.0
    assert cosine_similarity(smile, frown) < 1.0
    assert cosine_similarity(smile, nothing) < 1.0


@pytest.mark.parametrize("text", ["mill " * 100_000, "m" * 500_000, "🙂" * 500_000, " ".join(map(str, range(80_000)))])
def test_half_a_million_characters_take_no_time(text: str) -> None:
    begun = time.perf_counter()
    EMBEDDINGS.embed_query(text)
    assert time.perf_counter() - begun < 10.0


async def test_a_thread_is_not_needed() -> None:
    assert await EMBEDDINGS.aembed_documents(["a"]) == [await EMBEDDINGS.aembed_query("a")]
