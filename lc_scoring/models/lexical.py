"""Lexical embeddings: vectors of a text's words and letters, in this process and without a download.

They tell how alike the wording of two texts is, not their meaning: "It opened in 1903" and "It was opened in 1903" are
close, and so are "It is open" and "It is not open". What they are good for: docs/decisions/0012-rag.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from zlib import crc32

from langchain_core.embeddings import Embeddings

_WORD = re.compile(r"\w+")
_DIMENSIONS = 2048
_WORD_WEIGHT = 1.5  # of a whole word beside each of its letter groups
_GROUP = 3  # letters
_SHORT = 2  # letters of scripts that part words without spaces
_CACHED = 20_000  # words whose places are remembered


class LexicalEmbeddings(Embeddings):
    """Embeddings of wording: the words of a text and their groups of three letters, counted into 2,048 places.

    Counts are damped by their square root; vectors have the length 1, and only numbers of at least 0, so that the
    cosine of two is in [0, 1]. They depend on nothing but the text: the same on every machine.

    Examples:
        >>> vectors = LexicalEmbeddings().embed_documents(["The mill opened in 1903.", "In 1903 the mill opened."])
        >>> round(sum(a * b for a, b in zip(*vectors)), 6)
        1.0
    """

    model = "lexical-1"
    """The name shown in signatures; goes up whenever a vector would change."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text."""
        return [self.embed_query(text) for text in texts]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text; at once, for a thread would cost more than it frees."""
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text; one without a word is represented by its characters."""
        folded = unicodedata.normalize("NFKC", text).casefold()
        words = Counter(_WORD.findall(folded)) or Counter({folded.strip() or " ": 1})
        counts: Counter[int] = Counter()
        weights: dict[int, float] = {}
        for word, times in words.items():
            for place, weight in _places(word):
                counts[place] += times
                weights[place] = max(weight, weights.get(place, 0.0))
        vector = [0.0] * _DIMENSIONS
        for place, count in counts.items():
            vector[place] = weights[place] * math.sqrt(count)
        length = math.hypot(*vector)
        return [number / length for number in vector]

    async def aembed_query(self, text: str) -> list[float]:
        """Return the vector of a text; see `aembed_documents`."""
        return self.embed_query(text)


@lru_cache(_CACHED)
def _places(word: str) -> tuple[tuple[int, float], ...]:
    """Return the places that a word counts into, with their weights: its own, and those of its letter groups."""
    size = _GROUP if word.isascii() or not _is_ideographic(word) else _SHORT
    padded = f"^{word}$" if size == _GROUP else word
    groups = {padded[at : at + size] for at in range(max(1, len(padded) - size + 1))}
    return (
        (crc32(f"w:{word}".encode(errors="surrogatepass")) % _DIMENSIONS, _WORD_WEIGHT),
        *((crc32(f"g:{group}".encode(errors="surrogatepass")) % _DIMENSIONS, 1.0) for group in sorted(groups)),
    )


def _is_ideographic(word: str) -> bool:
    return any("\u2e80" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in word)
