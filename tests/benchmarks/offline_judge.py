"""Measure the offline judge: bars, baselines, calibration, speed, and what it does on hand-written pairs.

    python tests/benchmarks/offline_judge.py --data qa_eval_evouna.jsonl.gz

Every figure of docs/offline-judge.md is printed here. Without --data only the behaviour table is.
"""

from __future__ import annotations

import argparse
import json
import re
import string
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fit_offline_judge import (
    HELD_OUT_PERCENT,
    MODEL,
    Row,
    bucket,
    directions,
    fit,
    in_scope,
    read_rows,
)

from lc_scoring.trained.correctness import assess, split_aliases

PAIRS = Path(__file__).with_name("behaviour_pairs.jsonl")
Baseline = Callable[[str, str], float]


class Split(NamedTuple):
    """Rows with their features; `held` marks the questions that no fit has seen."""

    rows: list[Row]
    features: np.ndarray
    labels: np.ndarray
    held: np.ndarray
    natural: np.ndarray  # Natural Questions, else TriviaQA
    signs: np.ndarray


def plain_words(text: str) -> list[str]:
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def best_alias(measure: Callable[[list[str], list[str]], float]) -> Baseline:
    """A measure on words, taken with the alias that it likes best; every "/" separates aliases."""

    def score(prediction: str, reference: str) -> float:
        answer = plain_words(prediction)
        return max((measure(answer, plain_words(alias)) for alias in reference.split("/")), default=0.0)

    return score


def contained(answer: list[str], alias: list[str]) -> float:
    return float(bool(alias) and f" {' '.join(alias)} " in f" {' '.join(answer)} ")


def token_f1(answer: list[str], alias: list[str]) -> float:
    shared = (Counter(answer) & Counter(alias)).total()
    return 2 * shared / max(1, len(answer) + len(alias))


def rouge_l_recall(answer: list[str], alias: list[str]) -> float:
    row = [0] * (len(alias) + 1)
    for word in answer:
        diagonal = 0
        for j, wanted in enumerate(alias, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if word == wanted else max(row[j], row[j - 1])
    return row[-1] / max(1, len(alias))


BASELINES: dict[str, Baseline] = {
    "contained": best_alias(contained),
    "token F1": best_alias(token_f1),
    "ROUGE-L recall": best_alias(rouge_l_recall),
}


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Chance that a correct answer scores above a wrong one, ties counted half (Mann-Whitney)."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    right = labels == 1
    return float((rank[right].sum() - right.sum() * (right.sum() + 1) / 2) / (right.sum() * (~right).sum()))


def kappa(said: np.ndarray, labels: np.ndarray) -> float:
    """Cohen's kappa of two verdicts."""
    chance = said.mean() * labels.mean() + (1 - said.mean()) * (1 - labels.mean())
    return float(((said == labels).mean() - chance) / (1 - chance))


def calibration_error(chance: np.ndarray, labels: np.ndarray, *, equal_mass: bool) -> float:
    """Mean distance of stated and observed share correct over 10 bins, weighted by rows."""
    inner = np.arange(1, 10) / 10
    place = np.searchsorted(np.quantile(chance, inner) if equal_mass else inner, chance, side="right")
    bins = [place == k for k in np.unique(place)]
    return float(sum(abs(chance[b].mean() - labels[b].mean()) * b.mean() for b in bins))


def auc_interval(scores: np.ndarray, labels: np.ndarray, questions: list[str]) -> tuple[float, float]:
    """95 % percentile interval over 500 draws of whole questions."""
    groups: dict[str, list[int]] = {}
    for at, question in enumerate(questions):
        groups.setdefault(question, []).append(at)
    members = [np.array(group) for group in groups.values()]
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(500):
        chosen = np.concatenate([members[i] for i in generator.integers(len(members), size=len(members))])
        draws.append(auc(scores[chosen], labels[chosen]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """The cut with the most right verdicts among 101, so that a baseline is not held to .5."""
    cuts = np.unique(np.quantile(scores, np.linspace(0, 1, 101)))
    return float(max(cuts, key=lambda cut: ((scores >= cut) == labels).mean()))


def load(path: Path) -> Split:
    rows, left_out = read_rows(path)
    print(f"{len(rows) + left_out.total()} rows; left out: " + ", ".join(f"{n} {why}" for why, n in left_out.items()))
    rows, evidence, refused = in_scope(rows)
    names = list(evidence[0])
    split = Split(
        rows,
        np.array([[found[name] for name in names] for found in evidence]),
        np.array([float(row.correct) for row in rows]),
        np.array([bucket(row.question) < HELD_OUT_PERCENT for row in rows]),
        np.array([row.dataset == "NQ" for row in rows]),
        directions(names),
    )
    print(f"{refused} rows refused as out of scope; {len(rows)} judged, {split.held.sum()} of them held out")
    return split


def shipped(split: Split, where: np.ndarray) -> np.ndarray:
    """The probabilities of `assess`, 0 elsewhere."""
    chance = np.zeros(len(split.rows))
    for at in np.flatnonzero(where):
        row = split.rows[at]
        chance[at] = assess(prediction=row.prediction, reference=row.reference, input=row.question).probability
    return chance


def print_quality(split: Split, chance: np.ndarray) -> None:
    print("\nheld-out questions          AUC     accuracy kappa  (baselines: best cut on the fitted questions)")
    for name, here in (("NQ", split.natural), ("TriviaQA", ~split.natural)):
        test, train = split.held & here, ~split.held & here
        labels = split.labels[test]
        low, high = auc_interval(chance[test], labels, [split.rows[i].question for i in np.flatnonzero(test)])
        print(f"{name}: {len(labels)} rows, {labels.mean():.3f} correct; judge's AUC {low:.4f} to {high:.4f}")
        _print_line("offline judge", chance[test], labels, 0.5)
        for baseline, measure in BASELINES.items():
            scores = np.array([measure(row.prediction, row.reference) for row in split.rows])
            _print_line(baseline, scores[test], labels, best_threshold(scores[train], split.labels[train]))


def _print_line(name: str, scores: np.ndarray, labels: np.ndarray, cut: float) -> None:
    said = scores >= cut
    print(f"  {name:26} {auc(scores, labels):.4f}  {(said == labels).mean():.4f}   {kappa(said, labels):.3f}")


def print_transfer(split: Split, strength: float) -> dict[str, float]:
    print("\nfitted on one data set, tested on the other (all its rows)")
    found = {}
    for name, source in (("NQ -> TriviaQA", split.natural), ("TriviaQA -> NQ", ~split.natural)):
        fitted = fit(split.features[source], split.labels[source], split.signs, strength)
        chance, labels = fitted.predict(split.features[~source]), split.labels[~source]
        found[name] = auc(chance, labels)
        _print_line(name, chance, labels, 0.5)
        error = calibration_error(chance, labels, equal_mass=False)
        print(f"  {'':26} calibration error, equal width: {error:.4f}")
    return found


def print_calibration(split: Split, chance: np.ndarray) -> float:
    print("\ncalibration on held-out rows     equal width  equal mass  Brier")
    worst = 0.0
    groups = {"both": split.held, "NQ": split.held & split.natural, "TriviaQA": split.held & ~split.natural}
    for name, here in groups.items():
        width, mass = (calibration_error(chance[here], split.labels[here], equal_mass=m) for m in (False, True))
        brier = np.mean((chance[here] - split.labels[here]) ** 2)
        print(f"  {name:30} {width:.4f}       {mass:.4f}      {brier:.4f}")
        worst = max(worst, width, mass)
    print("\nconfidence on held-out rows      share of rows  accuracy above  accuracy below")
    for name, here in list(groups.items())[1:]:
        sure = np.abs(2 * chance[here] - 1)
        right = (chance[here] >= 0.5) == split.labels[here]
        for floor in (0.8, 0.9, 0.95):
            above = sure >= floor
            print(
                f"  {name:9} confidence >= {floor:<12} {above.mean():.3f}         {right[above].mean():.4f}"
                f"          {right[~above].mean():.4f}"
            )
    return worst


def print_slashes(split: Split) -> None:
    """The rule for "/" against cutting at every slash and at none, on held-out rows with a slash."""
    places = [at for at in np.flatnonzero(split.held) if "/" in split.rows[at].reference]
    kept = [at for at in places if _keeps_a_slash(split.rows[at].reference)]
    print(f"\nreference with a slash: {len(places)} held-out rows; {len(kept)} with one that the rule keeps")
    for name, here in (("all", places), ("kept", kept)):
        labels = split.labels[here]
        rules = {"the rule": _by_rule, "cut at every slash": _by_every_slash, "cut at none": _by_no_slash}
        for rule, judge in rules.items():
            chance = np.array([judge(split.rows[at]) for at in here])
            _print_line(f"{name}, {rule}", chance, labels, 0.5)


def _keeps_a_slash(reference: str) -> bool:
    return len(split_aliases(reference)) < sum(bool(piece.strip()) for piece in reference.split("/"))


def _by_rule(row: Row) -> float:
    return assess(prediction=row.prediction, reference=row.reference, input=row.question).probability


def _by_every_slash(row: Row) -> float:
    pieces = [piece for piece in row.reference.split("/") if re.search("[A-Za-z0-9]", piece)]
    return max(_by_rule(row._replace(reference=piece)) for piece in pieces)


def _by_no_slash(row: Row) -> float:
    return _by_rule(row._replace(reference=" ".join(row.reference.replace("/", " ").split()[:40])))


def milliseconds(split: Split) -> tuple[float, float]:
    """CPU time of one `assess`: the mean over every fifth row, and the longest."""
    times = []
    for row in split.rows[::5]:
        start = time.process_time_ns()
        assess(prediction=row.prediction, reference=row.reference, input=row.question)
        times.append((time.process_time_ns() - start) / 1e6)
    return float(np.mean(times)), max(times)


def load_milliseconds() -> float:
    """Import and first assessment in a fresh interpreter, less the interpreter's own start."""
    code = (
        "import time; t = time.perf_counter(); from lc_scoring.trained.correctness import assess; "
        "assess(prediction='a', reference='b', input=None); print((time.perf_counter() - t) * 1e3)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True) for _ in range(5)]
    return float(np.median([float(run.stdout) for run in runs]))


def print_behaviour() -> None:
    judges: dict[str, Callable[[dict[str, str], str], float]] = {
        "judge": lambda pair, answer: (
            assess(prediction=answer, reference=pair["reference"], input=pair["input"]).probability
        ),
        "ROUGE-L": lambda pair, answer: BASELINES["ROUGE-L recall"](answer, pair["reference"]),
        "contained": lambda pair, answer: BASELINES["contained"](answer, pair["reference"]),
    }
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    print("\nbehaviour on hand-written pairs: share with good > bad | share with good >= .5 > bad")
    print(f"{'kind':20} pairs  " + "  ".join(f"{name:>11}" for name in judges))
    for kind in [*dict.fromkeys(pair["kind"] for pair in pairs), "all"]:
        chosen = [pair for pair in pairs if kind in (pair["kind"], "all")]
        cells = []
        for judge in judges.values():
            marks = [(judge(pair, pair["good"]), judge(pair, pair["bad"])) for pair in chosen]
            ordered = np.mean([good > bad for good, bad in marks])
            sided = np.mean([good >= 0.5 > bad for good, bad in marks])
            cells.append(f"{ordered:.2f} | {sided:.2f}")
        print(f"{kind:20} {len(chosen):5}  " + "  ".join(cells))


def print_bars(bars: list[tuple[str, float, float, bool]]) -> None:
    print("\nbar                                              wanted      measured")
    for name, wanted, measured, at_least in bars:
        met = measured >= wanted if at_least else measured <= wanted
        sign = ">=" if at_least else "<="
        print(f"{name:48} {sign} {wanted:<8} {measured:<9.4f} {'met' if met else 'MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    path = parser.parse_args().data
    if path is None:
        print_behaviour()
        return
    split = load(path)
    chance = shipped(split, split.held)
    print_quality(split, chance)
    transfer = print_transfer(split, json.loads(MODEL.read_text("utf-8"))["l2_strength"])
    error = print_calibration(split, chance)
    print_slashes(split)
    print_behaviour()
    mean, longest = milliseconds(split)
    print(f"\none row: mean {mean:.3f} ms CPU, longest {longest:.2f}")
    print(f"import and first row in a fresh interpreter: {load_milliseconds():.0f} ms")
    natural = split.held & split.natural
    size = sum(file.stat().st_size for file in MODEL.parent.iterdir() if file.suffix in {".py", ".json"})
    print_bars(
        [
            ("AUC, held-out NQ", 0.955, auc(chance[natural], split.labels[natural]), True),
            ("AUC, TriviaQA, fitted on NQ alone", 0.95, transfer["NQ -> TriviaQA"], True),
            ("AUC, NQ, fitted on TriviaQA alone", 0.95, transfer["TriviaQA -> NQ"], True),
            ("calibration error, worst of six", 0.04, error, False),
            ("milliseconds a row, CPU", 1.0, mean, False),
            ("kilobytes, coefficients and code", 50.0, size / 1000, False),
        ]
    )


if __name__ == "__main__":
    main()
