"""Planning samples: what averaging more samples of a judge would bring, from a few repeats of a few rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lc_scoring.errors import ConfigError
from lc_scoring.records import Score
from lc_scoring.stats.intervals import Interval, bootstrap_interval
from lc_scoring.stats.reliability import correlation_gain, icc1, spearman_brown

SIZES = (1, 2, 3, 5, 8, 10, 15, 20)
"""Numbers of samples that a plan tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a number of samples brings.

    Attributes:
        samples: how many are averaged.
        reliability: the agreement of such a mean with another like it, in [0, 1].
        gain: by what factor its correlation with people grows over that of a single sample.
        gain_low: the same at the upper end of the ICC's interval, where samples agree most and averaging brings least.
        gain_high: the same at its lower end.
    """

    samples: int
    reliability: float
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """What repeats of some rows say about samples.

    Attributes:
        rows: how many rows had two readable repeats at least.
        repeats: how many repeats there were, over all rows.
        icc: the intraclass correlation ICC(1) of single samples, with a bootstrap interval over rows.
        steps: what each number of samples brings.
    """

    rows: int
    repeats: int
    icc: Interval
    steps: tuple[Step, ...]


def plan_samples(scores: Iterable[Score]) -> SamplePlan:
    """Tell what more samples would bring.

    Args:
        scores: of an evaluator with `samples=3` or so, on 30 rows or so; their parts are the repeats.

    Raises:
        ConfigError: there are fewer than two rows with repeats, or all ratings are equal: nothing can be told then.

    Examples:
        >>> def score(*ratings):
        ...     parts = tuple(Score(name="s", value=0, rating=one) for one in ratings)
        ...     return Score(name="s", value=0, parts=parts, basis="mean of 3 samples")
        >>> plan = plan_samples([score(7, 8, 7), score(3, 5, 4), score(9, 9, 8), score(6, 4, 5)])
        >>> [(step.samples, round(step.gain, 2)) for step in plan.steps[:3]]
        [(1, 1.0), (2, 1.04), (3, 1.05)]
    """
    scores = list(scores)
    if strangers := {score.basis for score in scores if not score.basis.endswith("samples")}:
        got = ", ".join(sorted(strangers)) or "others"
        raise ConfigError(f"Scores of samples are needed, whose parts are repeats of one judge; got {got}.")
    rows = [[part.value if part.rating is None else part.rating for part in score.parts] for score in scores]
    rows = [row for row in rows if len(row) > 1]
    icc = bootstrap_interval(rows, icc1)
    if icc is None:
        raise ConfigError(
            f"Nothing can be told of {len(rows)} rows with repeats: it takes two at least, and ratings that differ."
        )
    return SamplePlan(
        rows=len(rows), repeats=sum(map(len, rows)), icc=icc, steps=tuple(_step(size, icc) for size in SIZES)
    )


def _step(samples: int, icc: Interval) -> Step:
    one, low, high = (min(max(end, 0.0), 1.0) for end in (icc.value, icc.low, icc.high))
    return Step(
        samples=samples,
        reliability=spearman_brown(one, samples),
        gain=correlation_gain(one, samples),
        gain_low=correlation_gain(high, samples),
        gain_high=correlation_gain(low, samples),
    )
