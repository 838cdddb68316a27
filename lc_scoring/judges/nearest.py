"""Nearest examples: the rated examples most like the row at hand, found by their embeddings, shown to the judge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lc_scoring.errors import ModelError
from lc_scoring.example import Example, render_examples, retrieval_text
from lc_scoring.flow import Flow, Vectors, embed
from lc_scoring.judges.asking import EXAMPLES
from lc_scoring.judges.panel import JudgeOfTexts
from lc_scoring.records import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestExamples:
    """A judge that is shown, with each row, the examples most like it.

    Attributes:
        inner: what judges; its prompt has a slot for the examples.
        examples: those there are.
        count: how many are shown.
        model: the embedding model.
    """

    inner: JudgeOfTexts
    examples: tuple[Example, ...]
    count: int
    model: object
    _units: Vectors = field(default_factory=list[list[float]], repr=False, compare=False)

    @property
    def signature(self) -> str:
        """What made the score."""
        return str(getattr(self.inner, "signature", ""))

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Judge a sample.

        Raises:
            ModelError: the model gave no answer, or the embedding model no usable vectors.
            ReplyError: it answered, and no rating could be read in the end.
        """
        nearest = yield from self._nearest(texts)
        return (yield from self.inner.judge({**texts, EXAMPLES: render_examples(nearest)}))

    def _nearest(self, texts: Mapping[str, str | None]) -> Flow[list[Example]]:
        """Find the nearest examples, the most like last, next to the row; a row is never shown its own rating."""
        query = retrieval_text(texts.get("input"), texts.get("prediction") or "")
        known = list(self._units)
        vectors = yield from embed([*([] if known else map(Example.retrieval_text, self.examples)), query], self.model)
        *units, row = map(_unit, vectors)
        pool = known or units
        if len({*map(len, pool), len(row)}) > 1:
            raise ModelError("The embedding model gave vectors of different lengths.", retryable=False)
        self._units[:] = pool  # the same whichever of several rows comes first
        others = [
            (math.fsum(a * b for a, b in zip(unit, row, strict=True)), example)
            for unit, example in zip(pool, self.examples, strict=True)
            if example.retrieval_text() != query
        ]
        likest = sorted(others, key=lambda pair: pair[0], reverse=True)[: self.count]
        return [example for _, example in reversed(likest)]


def _unit(vector: Sequence[float]) -> list[float]:
    largest = max(map(abs, vector), default=0.0)
    if not 0 < largest < math.inf or any(map(math.isnan, vector)):
        raise ModelError("The embedding model gave a vector without a direction, all 0 or not finite.", retryable=False)
    scaled = [number / largest for number in vector]
    length = math.hypot(*scaled)
    return [number / length for number in scaled]
