"""Agreement of scores with yes and no: ranking, hits at a threshold, and whether a score means its probability.

`truth` holds 0 or 1 for each item, `scores` numbers. `counts` may have leading axes, as in `agreement`. What is
undefined is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

from lc_scoring.stats.agreement import PairStatistic
from lc_scoring.stats.arrays import ArrayLike, Floats, codes_of, counts_of, floats, grouped_sums, np, over

THRESHOLD = 0.5
"""A score from here on is a yes."""

_BINS = 10


def auc(truth: ArrayLike, scores: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the area under the ROC curve: how often a yes scores above a no, ties counting half.

    Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve".

    Args:
        truth: 0 or 1 for each item, shape (n,).
        scores: any finite numbers, shape (n,).
        counts: how often each item is counted, shape (..., n), 0 or more; each once by default.

    Returns:
        In [0, 1], shape (...); NaN unless there are both a yes and a no.

    Raises:
        ValueError: lengths differ, a truth is neither 0 nor 1, a score is not finite, or a count below 0; for the other
            functions too.

    Examples:
        >>> float(auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
        0.75
    """
    truth, scores, counts = _checked(truth, scores, counts)
    distinct, codes = codes_of(scores)
    yes = grouped_sums(counts * truth, codes, len(distinct))
    no = grouped_sums(counts * (1 - truth), codes, len(distinct))
    above = (yes * (no.cumsum(-1) - no / 2)).sum(-1)
    return over(above, yes.sum(-1) * no.sum(-1))


def precision(truth: ArrayLike, scores: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return how many of those that score 0.5 or more are a yes.

    Returns:
        In [0, 1], shape (...); NaN where none scores so much.

    Examples:
        >>> float(precision([0, 0, 1, 1], [0.1, 0.6, 0.35, 0.8]))
        0.5
    """
    truth, scores, counts = _checked(truth, scores, counts)
    called = counts * (scores >= THRESHOLD)
    return over((called * truth).sum(-1), called.sum(-1))


def recall(truth: ArrayLike, scores: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return how many of those that are a yes score 0.5 or more.

    Returns:
        In [0, 1], shape (...); NaN where there is no yes.

    Examples:
        >>> float(recall([0, 1, 1, 1], [0.1, 0.6, 0.35, 0.8])) == 2 / 3
        True
    """
    truth, scores, counts = _checked(truth, scores, counts)
    return over((counts * truth * (scores >= THRESHOLD)).sum(-1), (counts * truth).sum(-1))


def calibration_error(truth: ArrayLike, scores: ArrayLike, counts: ArrayLike | None = None) -> Floats:
    """Return the expected calibration error: how far scores are from the share of yes among their like.

    Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning": over ten bins
    of equal width, [0, 0.1), ..., [0.9, 1], the distance of mean score and share of yes, weighed by the bins' counts.

    Args:
        truth: 0 or 1 for each item, shape (n,).
        scores: in [0, 1], shape (n,).
        counts: how often each item is counted, shape (..., n).

    Returns:
        In [0, 1], shape (...), 0 at best; NaN without items.

    Raises:
        ValueError: a score is outside [0, 1], beside what `auc` raises.

    Examples:
        >>> round(float(calibration_error([0, 1, 1, 1], [0.25, 0.25, 0.95, 0.95])), 3)
        0.15
    """
    truth, scores, counts = _checked(truth, scores, counts)
    if ((scores < 0) | (scores > 1)).any():
        raise ValueError("a calibration error needs scores in [0, 1].")
    bins = np.searchsorted(np.arange(1, _BINS) / _BINS, scores, side="right")
    apart = np.abs(grouped_sums(counts * (truth - scores), bins, _BINS))
    return over(apart.sum(-1), counts.sum(-1))


BINARY: Mapping[str, PairStatistic] = {
    "AUC": auc,
    "precision at 0.5": precision,
    "recall at 0.5": recall,
    "calibration error": calibration_error,
}
"""The statistics of scores beside yes and no, by name."""


def _checked(truth: ArrayLike, scores: ArrayLike, counts: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    truth, scores = floats(truth, "truths"), floats(scores, "scores")
    if truth.ndim != 1 or truth.shape != scores.shape or not np.isin(truth, (0, 1)).all():
        raise ValueError(f"each of {scores.size} scores needs a truth of 0 or 1, got {np.unique(truth)[:5].tolist()}.")
    return truth, scores, counts_of(counts, len(truth))
