"""Several metrics of one sample: what they would ask twice is asked once, and one score holds them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lc_scoring.errors import NotApplicable, ScoringError
from lc_scoring.flow import Flow, asked_once, together
from lc_scoring.rag.metric import Metric, billed
from lc_scoring.records import Failure, Sample, Score, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Judges a sample by several metrics.

    Each is asked exactly as it is alone, so that its scores compare with those it gives alone; where two ask the same
    question, as for the claims of the prediction, it is asked once, and the first of them is billed for it.

    Attributes:
        name: what the overall score is called.
        metrics: the metrics, in their order.
        signature: what made the overall score.
    """

    name: str
    metrics: tuple[Metric, ...]
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The overall score, the mean of those that there are; its parts are the metrics', and its failures say which
            do not apply or failed, and why.

        Raises:
            ScoringError: no metric gave a score: what the first failed of.
            NotApplicable: none of them applies.
        """
        outcomes = yield from asked_once(together(billed(metric.judge(sample)) for metric in self.metrics))
        scores = tuple(one for one in outcomes if isinstance(one, Score))
        if not scores:
            raise self._nothing([one for one in outcomes if isinstance(one, ScoringError)])
        share = f"{len(scores)} of {len(outcomes)}" if len(scores) < len(outcomes) else f"{len(scores)}"
        return Score(
            name=self.name,
            value=min(math.fsum(one.value for one in scores) / len(scores), 1.0),
            reasoning="\n\n".join(f"{one.name}: {one.value:.4f}\n{one.reasoning}" for one in scores),
            parts=scores,
            basis=f"mean of {share} metrics",
            failures=tuple(
                Failure(name=metric.name, error=one, sample_id=sample.id)
                for metric, one in zip(self.metrics, outcomes, strict=True)
                if isinstance(one, ScoringError)
            ),
            usage=sum((_usage(one) for one in outcomes), Usage()),
            signature=self.signature,
        )

    def _nothing(self, errors: Sequence[ScoringError]) -> ScoringError:
        """Return the error of a sample that no metric gave a score."""
        failed = next((one for one in errors if not isinstance(one, NotApplicable)), None)
        states = [one for one in errors if isinstance(one, NotApplicable)]
        said = [f"{metric.name}: {state.reasoning}" for metric, state in zip(self.metrics, states, strict=False)]
        raised = failed or NotApplicable("\n".join(said), ", ".join(sorted({state.state for state in states})))
        raised.usage = sum((_usage(one) for one in errors), Usage())
        return raised


def _usage(outcome: Score | ScoringError) -> Usage:
    return outcome.usage if isinstance(outcome.usage, Usage) else Usage()
