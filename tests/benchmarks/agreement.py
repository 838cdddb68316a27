"""Prints how well judges agree with experts on recorded ratings of summaries, beside sklearn and scipy.

Six judges rated summaries by four criteria, 1 to 5; three experts did too. Each statistic must be the one of its
reference on the same rows to nine digits, else this ends with an error.

    python tests/benchmarks/agreement.py --data summeval_judged.jsonl.gz

The path may stand in the variable LC_SCORING_SUMMEVAL too.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats
import sklearn.metrics

from lc_scoring.stats.agreement import AGREEMENT
from lc_scoring.stats.alternative_annotator import alternative_annotator_test
from lc_scoring.stats.arrays import Floats
from lc_scoring.stats.raters import fleiss_kappa, krippendorff_alpha
from lc_scoring.stats.resampling import drawn_interval

NEAR = 1e-9
WEIGHTS = {"quadratic kappa": "quadratic", "linear kappa": "linear", "Cohen's kappa": None}
CORRELATIONS = {
    "Pearson": scipy.stats.pearsonr,
    "Spearman": scipy.stats.spearmanr,
    "Kendall tau-b": scipy.stats.kendalltau,
}


def main() -> None:
    """Read, compare, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", default=os.environ.get("LC_SCORING_SUMMEVAL"), help="rows with judge_scores and human_scores"
    )
    parser.add_argument("--rounds", type=int, default=1_000, help="draws for an interval")
    arguments = parser.parse_args()
    if not arguments.data or not Path(arguments.data).exists():
        raise SystemExit(f"{arguments.data or 'no data'}: this benchmark reads public recordings that are not shipped.")
    with gzip.open(arguments.data, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    judges = {name: np.array([row["judge_scores"][name] for row in rows], float) for name in rows[0]["judge_scores"]}
    experts = np.array([row["human_scores"] for row in rows], float)
    labels = np.arange(int(rows[0]["scale_min"]), int(rows[0]["scale_max"]) + 1)
    print(f"{len(rows)} ratings of {len(judges)} judges and {experts.shape[1]} experts\n")
    print(f"{'':14}{'beside the first expert':>52}{'beside the mean of experts':>42}")
    print(f"{'':14}" + "".join(f"{name:>17}" for name in (*WEIGHTS, *CORRELATIONS)))
    for name, judge in judges.items():
        kappas = [kappa(judge, experts[:, 0], one, labels) for one in WEIGHTS]
        correlations = [correlation(judge, experts.mean(axis=1), one) for one in CORRELATIONS]
        print(f"{name:14}" + "".join(f"{value:17.3f}" for value in (*kappas, *correlations)))
    several(judges, experts)
    timed(judges, experts, rows, arguments.rounds)


def kappa(judge: Floats, expert: Floats, name: str, labels: Any) -> float:
    """Return a kappa, which must be that of sklearn over the whole scale."""
    theirs = sklearn.metrics.cohen_kappa_score(judge, expert, labels=labels, weights=WEIGHTS[name])
    return same(name, float(AGREEMENT[name](judge, expert, None)), theirs)


def correlation(judge: Floats, people: Floats, name: str) -> float:
    """Return a correlation, which must be that of scipy."""
    return same(name, float(AGREEMENT[name](judge, people, None)), float(CORRELATIONS[name](judge, people).statistic))


def several(judges: dict[str, Floats], experts: Floats) -> None:
    """Print the agreement of the experts, and of each judge and them."""
    print(f"\n{'':26}{'alpha nominal':>15}{'ordinal':>10}{'interval':>10}{'Fleiss':>10}   as the alternative annotator")
    for name, judge in {"experts alone": None, **judges}.items():
        ratings = experts if judge is None else np.column_stack([experts, judge])
        alphas = [alpha(ratings, level) for level in ("nominal", "ordinal", "interval")]
        fleiss = float(fleiss_kappa(ratings))
        if importlib.util.find_spec("statsmodels"):
            from statsmodels.stats import inter_rater  # noqa: PLC0415 - where it is there

            same("Fleiss' kappa", fleiss, inter_rater.fleiss_kappa(inter_rater.aggregate_raters(ratings)[0]))
        test = "" if judge is None else alternative_annotator_test(judge, experts)
        label = name if judge is None else f"experts and {name}"
        print(f"{label:26}{alphas[0]:15.3f}{alphas[1]:10.3f}{alphas[2]:10.3f}{fleiss:10.3f}   {test}")


def alpha(ratings: Floats, level: str) -> float:
    """Return Krippendorff's alpha, which must be that of the package of his name, where it is there."""
    found = float(krippendorff_alpha(ratings, level))
    if importlib.util.find_spec("krippendorff"):
        import krippendorff  # noqa: PLC0415 - where it is there

        same(f"{level} alpha", found, krippendorff.alpha(ratings.T, level_of_measurement=level))
    return found


def timed(judges: dict[str, Floats], experts: Floats, rows: list[dict[str, Any]], rounds: int) -> None:
    """Print an interval of each statistic, of rows drawn one by one and in clusters, and what it took."""
    name, judge = next(((name, judges[name]) for name in judges if name == "gpt-4o"), next(iter(judges.items())))
    people = experts.mean(axis=1)
    sources = [row["id"].partition("__")[0] for row in rows]
    print(f"\nintervals of {name} beside the mean of experts, {rounds} draws of {len(rows)} rows")
    print(f"{'':22}{'rows':>24}{'seconds':>9}{f'{len(set(sources))} sources':>26}{'seconds':>9}")
    for statistic, function in AGREEMENT.items():
        line = f"{statistic:22}"
        for clusters, width in ((range(len(rows)), 24), (sources, 26)):
            started = time.perf_counter()
            found = drawn_interval(
                lambda counts, function=function: function(judge, people, counts), clusters, rounds=rounds
            )
            line += f"{found!s:>{width}}{time.perf_counter() - started:9.2f}"
        print(line)


def same(name: str, found: float, expected: float) -> float:
    """Return a number that must be the reference's."""
    if not math.isclose(found, expected, rel_tol=0, abs_tol=NEAR):
        raise SystemExit(f"{name} is {found}, and {expected} by the reference.")
    return found


if __name__ == "__main__":
    main()
