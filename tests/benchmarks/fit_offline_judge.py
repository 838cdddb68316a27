"""Fit the offline judge's coefficients on answers that people marked right or wrong.

    python tests/benchmarks/fit_offline_judge.py --data qa_eval_evouna.jsonl.gz

Reads the human labels of QA-Eval (github.com/wangcunxiang/QA-Eval, Apache-2.0) as gzipped JSON lines with the
fields input, prediction, reference, human_score, improper and dataset, and writes correctness.json.
Only questions outside the held-out third are fitted; a question is never on both sides.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lc_scoring.errors import ScopeError
from lc_scoring.trained.correctness import read_evidence

MODEL = Path(__file__).parents[2] / "lc_scoring" / "trained" / "correctness.json"
HELD_OUT_PERCENT = 35
FOLDS = 5
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
AGAINST = "number_conflict number_absent name_conflict negation_differs refusal yes_no_conflict nothing_new empty"
"""Evidence that may only lower the probability; all other evidence may only raise it."""


class Row(NamedTuple):
    question: str
    prediction: str
    reference: str
    correct: bool
    dataset: str


class Fitted(NamedTuple):
    mean: np.ndarray
    scale: np.ndarray
    intercept: float
    weights: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        logit = self.intercept + (features - self.mean) / self.scale @ self.weights
        return 1 / (1 + np.exp(-np.clip(logit, -30, 30)))


def read_rows(path: Path) -> tuple[list[Row], Counter[str]]:
    """The usable rows, and how many were left out for which reason."""
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            if raw["improper"]:
                left_out["question marked improper"] += 1
            elif raw["human_score"] is None:
                left_out["no human label"] += 1
            elif not raw["reference"] or raw["prediction"] is None:
                left_out["no reference or no prediction"] += 1
            else:
                label = raw["human_score"] == 1
                rows.append(Row(raw["input"], raw["prediction"], raw["reference"], label, raw["dataset"]))
    return rows, left_out


def in_scope(rows: list[Row]) -> tuple[list[Row], list[dict[str, float]], int]:
    """The rows the judge accepts, their evidence, and how many it refuses."""
    kept: list[Row] = []
    evidence: list[dict[str, float]] = []
    for row in rows:
        try:
            found = read_evidence(prediction=row.prediction, reference=row.reference, input=row.question)
        except ScopeError:
            continue
        kept.append(row)
        evidence.append(dict(found.values))
    return kept, evidence, len(rows) - len(kept)


def bucket(question: str) -> int:
    """A number in [0, 100) that depends on the question alone."""
    return int(hashlib.sha256(question.encode()).hexdigest()[:8], 16) % 100


def directions(names: list[str]) -> np.ndarray:
    against = set(AGAINST.split())
    return np.array([-1.0 if name in against else 1.0 for name in names])


def fit(features: np.ndarray, labels: np.ndarray, signs: np.ndarray, strength: float) -> Fitted:
    """Logistic regression with an L2 penalty whose weights may not point against their direction.

    Newton's method; each step's quadratic is minimized one weight at a time, stopping at zero where a
    weight would change its sign.
    """
    mean, scale = features.mean(0), features.std(0)
    scale = np.where(scale < 1e-9, 1.0, scale)  # a feature that never varies
    design = np.column_stack([np.ones(len(features)), (features - mean) / scale])
    penalty = np.diag([1e-9] + [strength] * len(signs))
    allowed = np.concatenate([[0.0], signs])
    weights = np.zeros(len(allowed))
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        target = curvature @ weights - design.T @ (chance - labels) - penalty @ weights
        before = weights.copy()
        for _ in range(300):
            for j in range(len(weights)):
                free = weights[j] + (target[j] - curvature[j] @ weights) / curvature[j, j]
                weights[j] = 0.0 if free * allowed[j] < 0 else free
        if np.abs(weights - before).max() < 1e-8:
            break
    return Fitted(mean, scale, float(weights[0]), weights[1:])


def log_loss(chance: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.mean(np.where(labels == 1, np.log(chance), np.log1p(-chance))))


def out_of_fold(
    features: np.ndarray, labels: np.ndarray, folds: np.ndarray, signs: np.ndarray, strength: float
) -> np.ndarray:
    """Each row's probability from a fit on the other folds."""
    chance = np.zeros(len(labels))
    for fold in range(FOLDS):
        here = folds == fold
        chance[here] = fit(features[~here], labels[~here], signs, strength).predict(features[here])
    return chance


def best_strength(features: np.ndarray, labels: np.ndarray, folds: np.ndarray, signs: np.ndarray) -> float:
    losses = {
        strength: log_loss(out_of_fold(features, labels, folds, signs, strength), labels) for strength in STRENGTHS
    }
    for strength, loss in losses.items():
        print(f"  strength {strength:6.1f}: log loss {loss:.5f} over {FOLDS} folds of questions")
    return min(losses, key=losses.__getitem__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODEL)
    arguments = parser.parse_args()
    rows, _ = read_rows(arguments.data)
    rows, evidence, _ = in_scope([row for row in rows if bucket(row.question) >= HELD_OUT_PERCENT])
    names = list(evidence[0])
    features = np.array([[found[name] for name in names] for found in evidence])
    labels = np.array([float(row.correct) for row in rows])
    folds = np.array([bucket(row.question) % FOLDS for row in rows])
    signs = directions(names)
    strength = best_strength(features, labels, folds, signs)
    fitted = fit(features, labels, signs, strength)
    card = {
        "name": "correctness-1",
        "task": "is the prediction a correct answer, given a short reference",
        "data": "QA-Eval (EVOUNA), github.com/wangcunxiang/QA-Eval, Apache-2.0; some of the answers were "
        "written by OpenAI models, the labels by people",
        "fitted_on": {
            "rows": len(rows),
            "questions": dict(Counter(name for name, _ in sorted({(row.dataset, row.question) for row in rows}))),
            "share_correct": round(float(labels.mean()), 4),
        },
        "l2_strength": strength,
        "intercept": round(fitted.intercept, 5),
        "terms": [
            {
                "name": name,
                "mean": round(float(m), 6),
                "scale": round(float(s), 6),
                "weight": round(float(w), 5),
            }
            for name, m, s, w in zip(names, fitted.mean, fitted.scale, fitted.weights, strict=True)
        ],
    }
    arguments.out.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    for term in sorted(card["terms"], key=lambda t: -abs(t["weight"])):
        print(f"  {term['name']:18} {term['weight']:+.3f}")
    print(f"wrote {arguments.out.name}: {len(rows)} rows, strength {strength}")


if __name__ == "__main__":
    main()
