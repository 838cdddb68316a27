"""Score intervals: how far the mean of ratings, of shares, or of scores that are all alike may be from the truth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from lc_scoring.stats.intervals import Interval, share_interval
from lc_scoring.stats.mean_interval import mean_interval

Span = tuple[float, float]
"""The least and the greatest score there can be."""


def span_of(about: Mapping[str, Any]) -> Span | None:
    """Return the ends of an evaluator's scale, in the units of the number that it reports; None where it has none.

    Args:
        about: what a run file holds about the evaluator; see `EvaluatorEntry`.

    Examples:
        >>> span_of({"scale": {"low": 1, "high": 10, "step": 1}, "normalize_by": 10}), span_of({})
        ((0.1, 1.0), None)
    """
    scale, divisor = about.get("scale"), about.get("normalize_by") or 1
    return None if scale is None else (scale["low"] / divisor, scale["high"] / divisor)


def score_interval(
    scores: Sequence[float], clusters: Sequence[Hashable] | None = None, *, span: Span | None, level: float = 0.95
) -> Interval | None:
    """Return the mean of scores and its interval.

    Wilson's (1927) where all scores are 0 or 1 and may be nothing else, else BCa (Efron 1987). Scores that are all
    alike tell nothing about their scatter, and BCa's interval of them has no width. Where it is known what else they
    might have been, theirs is Wilson's too: as many rows as he allows for may stand at the other end.

    Args:
        scores: the numbers that an evaluator reported.
        clusters: for each the label of what it belongs to, or None.
        span: the ends of the scale; None where the evaluator has none.
        level: how often such intervals should hold the truth, in (0, 1).

    Returns:
        None with fewer than two scores or groups.

    Examples:
        >>> str(score_interval([1, 1, 1, 0], span=None))
        '0.75 [0.30, 0.95]'
        >>> str(score_interval([10, 10, 10], span=(1, 10)))
        '10.00 [4.95, 10.00]'
    """
    groups = len(scores) if clusters is None else len(set(clusters))
    if groups < 2:  # noqa: PLR2004 - one tells nothing about others
        return None
    within_one = all(0 <= score <= 1 for score in scores)
    if clusters is None and span in (None, (0.0, 1.0)) and set(scores) <= {0, 1}:
        return share_interval(int(sum(scores)), len(scores), level=level)
    ends = span or ((0.0, 1.0) if within_one else None)
    if min(scores) == max(scores) and ends is not None:
        alike = share_interval(groups, groups, level=level)
        others = 0.0 if alike is None else 1 - alike.low
        value, (least, most) = scores[0], ends
        return Interval(value, value - others * (value - least), value + others * (most - value), len(scores))
    return mean_interval(scores, clusters, level=level)
