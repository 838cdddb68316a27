"""Context precision: whether the useful contexts stand before the useless ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lc_scoring.flow import Flow
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_ANSWER, NO_CONTEXTS, NO_REFERENCE, blank, no_contexts, part, undefined
from lc_scoring.records import Sample, Score

NOTHING_USEFUL = "nothing useful"
"""The label where no context was useful."""

_SHOWN = 200  # characters of a context that stand in its part: the row holds the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPrecision:
    """Tells whether the contexts that are useful for the answer stand before those that are not.

    With v_k 1 where the k-th of K contexts is useful, else 0, it is the average precision of the ranking:

        precision@k = (v_1 + ... + v_k) / k
        context precision = sum over k of precision@k * v_k, divided by the sum of v_k; in [0, 1]

    Source: the documentation of ragas, "Context Precision"; average precision is that of Buckley and Voorhees, 2000,
    over the contexts that were retrieved. Where none is useful it is 0, labeled "nothing useful".

    Each context is judged by its use for the reference, or for the prediction where `against` says so. Without
    contexts it is not applicable, "no contexts"; nor is it beside a blank reference, "no reference", or prediction, "no
    answer".

    Attributes:
        name: what is judged.
        usefulness: tells for all contexts at once which are useful.
        against: "reference" or "prediction": which answer they should be useful for.
        signature: what made the score.
    """

    name: str
    usefulness: ListQuestion
    against: str = "reference"
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the contexts, in their order.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: there are no contexts, or nothing to judge them by.
        """
        answer = sample.prediction if self.against == "prediction" else sample.reference
        if no_contexts(sample):
            raise undefined(NO_CONTEXTS, "There are no contexts to judge.")
        if blank(answer):
            state = NO_ANSWER if self.against == "prediction" else NO_REFERENCE
            raise undefined(state, f"The {self.against} is blank: contexts are judged by their use for it.")
        findings = yield from self.usefulness.ask(sample, count=len(sample.contexts), answer=answer or "")
        parts = tuple(
            replace(
                part(f"context {number}", _beginning(context), finding, yes="useful", no="not useful"),
                sources=(number,),
            )
            for number, (context, finding) in enumerate(zip(sample.contexts, findings, strict=True), 1)
        )
        useful = [one.value for one in parts]
        places = ", ".join(str(number) for number, value in enumerate(useful, 1) if value) or "none"
        basis = f"average precision of {len(parts)} contexts, useful: {places}"
        lines = [f"- {one.name}, {one.label}: {one.reasoning}" for one in parts if one.reasoning]
        return Score(
            name=self.name,
            value=average_precision(useful),
            label=None if any(useful) else NOTHING_USEFUL,
            reasoning="\n".join([f"Useful contexts: {places}, of {len(parts)}.", *lines]),
            parts=parts,
            basis=basis,
            signature=self.signature,
        )


def average_precision(relevant: Sequence[float]) -> float:
    """Return the mean of the precisions at the ranks of what is relevant, in [0, 1]; 0 where nothing is.

    Args:
        relevant: 1 or 0 for each rank, from the first on.

    Examples:
        >>> average_precision([1, 0, 1])
        0.8333333333333333
    """
    hits, total = 0, 0.0
    for rank, value in enumerate(relevant, 1):
        if value:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def _beginning(text: str) -> str:
    line = " ".join(text[: 2 * _SHOWN].split())
    return line if len(text) <= _SHOWN else f"{line[:_SHOWN]} ..."
