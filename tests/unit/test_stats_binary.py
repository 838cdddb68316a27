"""Scores beside yes and no: hand-worked values, sklearn's, what is undefined and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sklearn.metrics

from lc_scoring.stats.binary import BINARY, THRESHOLD, auc, calibration_error, precision, recall


@pytest.mark.parametrize(
    ("statistic", "truth", "scores", "expected"),
    [
        (auc, [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75),
        (auc, [0, 1], [0.5, 0.5], 0.5),
        (auc, [0, 1, 1], [3, 2, 1], 0),
        (auc, [0, 0, 1, 1], [1e6, 1e6 + 1, 1e6 + 1, 1e6 + 2], (1 + 1 + 1 + 0.5) / 4),
        (precision, [0, 1, 1], [0.5, 0.5, 0.4], 0.5),
        (precision, [1], [0.5], 1),
        (recall, [1, 1, 1, 0], [0.5, 0.499, 0.2, 1], 1 / 3),
        (calibration_error, [0, 1, 1, 1], [0.25, 0.25, 0.95, 0.95], 0.15),
        (calibration_error, [0, 1], [0, 1], 0),
        (calibration_error, [1, 0], [0, 1], 1),
        # 0.1 begins the second bin, so the two are not weighed against each other.
        (calibration_error, [1, 0], [0.05, 0.1], (0.95 + 0.1) / 2),
        # Nearly 0.3 lies below 0.3.
        (calibration_error, [1, 0], [math.nextafter(0.3, 0), 0.3], (0.7 + 0.3) / 2),
    ],
)
def test_hand_worked_values(statistic: Any, truth: list[int], scores: list[float], expected: float) -> None:
    assert statistic(truth, scores) == pytest.approx(expected, abs=1e-12)


def test_many_scores_are_what_sklearn_says() -> None:
    draw = np.random.default_rng(3)
    truth = draw.integers(0, 2, 2_000)
    scores = np.round(np.clip(0.3 * truth + draw.random(2_000) * 0.7, 0, 1), 2)
    called = scores >= THRESHOLD
    assert auc(truth, scores) == pytest.approx(sklearn.metrics.roc_auc_score(truth, scores), abs=1e-9)
    assert precision(truth, scores) == pytest.approx(sklearn.metrics.precision_score(truth, called), abs=1e-9)
    assert recall(truth, scores) == pytest.approx(sklearn.metrics.recall_score(truth, called), abs=1e-9)


@pytest.mark.parametrize("statistic", BINARY.values())
def test_of_nothing_there_is_no_value(statistic: Any) -> None:
    assert np.isnan(statistic([], [], None))
    assert np.isnan(statistic([0, 1], [0.2, 0.8], [0, 0]))
    assert statistic([], [], np.ones((3, 0))).shape == (3,)
    assert np.isnan(statistic([0, 1], [0.2, 0.8], [[1, 1], [0, 0]])).tolist() == [False, True]


def test_what_needs_a_yes_or_a_no_is_undefined_without() -> None:
    assert np.isnan(auc([1, 1], [0.2, 0.9]))
    assert np.isnan(auc([0, 0], [0.2, 0.9]))
    assert np.isnan(precision([0, 1], [0.2, 0.4]))
    assert np.isnan(recall([0, 0], [0.2, 0.9]))


def test_truths_may_be_booleans() -> None:
    assert auc([False, True], [0.2, 0.9]) == 1


@pytest.mark.parametrize("statistic", BINARY.values())
def test_what_is_neither_is_refused(statistic: Any) -> None:
    for truth in ([0, 2], [0.5, 1], [-1, 1]):
        with pytest.raises(ValueError, match="each of 2 scores needs a truth of 0 or 1, got "):
            statistic(truth, [0.1, 0.2], None)
    with pytest.raises(ValueError, match="each of 1 scores needs a truth"):
        statistic([0, 1], [0.1], None)
    with pytest.raises(ValueError, match="needs a truth"):
        statistic([[0, 1]], [[0.1, 0.2]], None)
    with pytest.raises(ValueError, match="truths must be finite, got nan"):
        statistic([0, math.nan], [0.1, 0.2], None)
    with pytest.raises(ValueError, match="scores must be finite, got inf"):
        statistic([0, 1], [0.1, math.inf], None)
    with pytest.raises(ValueError, match="counts must be finite, got nan"):
        statistic([0, 1], [0.1, 0.2], [1, math.nan])
    for counts in ([1], [1, -1], [[1, 1], [0, -2]], 1):
        with pytest.raises(ValueError, match="a count of 0 or more for each of 2 items"):
            statistic([0, 1], [0.1, 0.2], counts)


@pytest.mark.parametrize("score", [-0.01, 1.01, 7])
def test_only_probabilities_are_calibrated(score: float) -> None:
    with pytest.raises(ValueError, match=r"a calibration error needs scores in \[0, 1\]"):
        calibration_error([0, 1], [0.5, score])
