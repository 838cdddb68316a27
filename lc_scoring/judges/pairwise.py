"""The comparison: two texts, one preferred, asked in both orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lc_scoring.errors import ScoringError
from lc_scoring.flow import Flow, together
from lc_scoring.judges.asking import total_usage_of
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.records import Score

PAIR_WORDS = {"A": "A", "B": "B", "C": "C", "TIE": "C"}
"""What a judge may write of two texts: the first, the second, neither."""

PAIR_VALUES = {"A": 1.0, "B": 0.0, "C": 0.5}
"""What that is worth, in [0, 1]: 1 where the first text is preferred."""

BOTH_ORDERS = "both orders"
"""The basis of a score that was asked for in both orders."""

SPLIT = "C"
"""The verdict where neither text is preferred, by one judge or by several."""

_TURNED = {"A": "B", "B": "A", "C": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairJudge:
    """How two texts are compared.

    Judges prefer a place: a strong one gave the same verdict in 65 % of pairs whose texts changed places (Zheng et
    al. 2023, "Judging LLM-as-a-Judge", table 2). So both orders are asked, and only a preference that survives the
    change counts.

    Attributes:
        choice: decides about one order; its texts are `prediction` and `prediction_b`, in the order shown.
        both_orders: whether the second order is asked too.
    """

    choice: ChoiceJudge
    both_orders: bool = True

    @property
    def signature(self) -> str:
        """What made the score."""
        return self.choice.signature

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Compare two texts.

        Args:
            texts: `prediction`, `prediction_b` and what else the prompt shows.

        Returns:
            A score whose label is A, B or C and whose value is in [0, 1], 1 where `prediction` is preferred. Where
            both orders were asked its `parts` are the two verdicts, labels as of the first order; where they
            differ it is a tie.

        Raises:
            ModelError: the model gave no answer in one of the orders.
            ReplyError: one of its answers holds no verdict.
        """
        if not self.both_orders:
            return (yield from self.choice.judge(texts))
        swapped = {**texts, "prediction": texts["prediction_b"], "prediction_b": texts["prediction"]}
        outcomes = yield from together([self.choice.judge(texts), self.choice.judge(swapped)])
        scores: list[Score] = []
        for outcome in outcomes:
            if isinstance(outcome, ScoringError):
                outcome.usage = total_usage_of(outcomes)
                raise outcome
            scores.append(outcome)
        first, second = scores[0], self._turned(scores[1])
        label = first.label if first.label == second.label else SPLIT
        return replace(
            first,
            label=label,
            value=self.choice.value_of(str(label)),
            reasoning=_both(first, second),
            parts=(first, second),
            basis=BOTH_ORDERS,
            usage=first.usage + second.usage,
        )

    def _turned(self, score: Score) -> Score:
        label = _TURNED[str(score.label)]
        return replace(score, label=label, value=self.choice.value_of(label))


def _both(first: Score, second: Score) -> str:
    agreed = "In both orders the same verdict." if first.label == second.label else "The two orders disagree: a tie."
    return (
        f"{agreed}\n\nWith prediction as A, prediction_b as B:\n{first.reasoning}"
        f"\n\nWith prediction_b as A, prediction as B:\n{second.reasoning}"
    )


def swayed_by_position(score: Score) -> bool | None:
    """Tell whether a verdict changed with the order of the texts; of several judgements, whether most did.

    Returns:
        None where one order was asked.
    """
    if score.basis == BOTH_ORDERS:
        first, second = score.parts
        return first.label != second.label
    each = [swayed for part in score.parts if (swayed := swayed_by_position(part)) is not None]
    return sum(each) * 2 > len(each) if each else None
