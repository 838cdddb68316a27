"""Prints how often intervals hold the truth, in simulation with strongly skewed ratings.

A person gives 70 % tens and spreads the rest over 1 to 9, a judge 45 % tens; what they rate by is normal and hangs
together by 0.7. In clusters of four, half of it is the cluster's. The truth is that of two million pairs of the same
model, of shares the exact one.

    python tests/benchmarks/coverage.py --repetitions 2000
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each process has a core of its own

import numpy as np

from lc_scoring.stats.agreement import bias, mean_absolute_error, pearson, quadratic_kappa, spearman
from lc_scoring.stats.arrays import Floats
from lc_scoring.stats.intervals import Interval, share_interval
from lc_scoring.stats.mean_interval import mean_interval
from lc_scoring.stats.resampling import drawn_interval

PERSON = [0.02, 0.02, 0.02, 0.03, 0.03, 0.04, 0.04, 0.05, 0.05, 0.70]  # of 1 to 10
JUDGE = [0.01, 0.01, 0.02, 0.04, 0.05, 0.06, 0.08, 0.13, 0.15, 0.45]
TOGETHER, CLUSTERED = 0.7, 0.5
SIZES = (20, 100, 1_000)
MANY = 2_000_000
WANTED = (93.0, 97.0)
DRAWN = {
    "quadratic kappa": quadratic_kappa,
    "Pearson": pearson,
    "Spearman": spearman,
    "MAE": mean_absolute_error,
    "bias": bias,
}
IN_CLUSTERS = "in clusters of 4: "

Found = dict[str, Interval | None]


def main() -> None:
    """Simulate and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=500, help="draws for an interval")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many ratings")
    arguments = parser.parse_args()
    started = time.perf_counter()
    truths = true_values()
    print(f"{arguments.repetitions} repetitions, {arguments.rounds} draws for an interval, level 95 %\n")
    print(f"{'statistic':38}{'truth':>8}{'n':>7}{'coverage':>11}{'mean width':>12}{'none':>7}")
    rows = [row for size in arguments.sizes for row in simulated(size, truths, arguments.repetitions, arguments.rounds)]
    for name, truth in truths.items():
        for size, coverage, width, none in (row[1:] for row in rows if row[0] == name):
            outside = size >= 100 and not WANTED[0] <= coverage <= WANTED[1]
            mark = f"  <- outside {WANTED[0]:.0f}..{WANTED[1]:.0f} %" if outside else ""
            print(f"{name:38}{truth:8.3f}{size:7}{coverage:9.1f} %{width:12.3f}{none:7}{mark}")
    print(
        f"\n{time.perf_counter() - started:.0f} s; coverage is of those that have an interval, 'none' counts the rest"
    )


def pairs(size: int, draw: np.random.Generator, clusters: Sequence[int] | None = None) -> tuple[Floats, Floats]:
    """Return a person's and a judge's ratings of the same items."""
    shared = common(size, draw)
    if clusters is not None:
        of_cluster = common(max(clusters) + 1, draw)[:, list(clusters)]
        shared = CLUSTERED**0.5 * of_cluster + (1 - CLUSTERED) ** 0.5 * shared
    person, judge = (rated(one, shares) for one, shares in zip(shared, (PERSON, JUDGE), strict=True))
    return person, judge


def common(size: int, draw: np.random.Generator) -> Floats:
    """Return two rows of normal numbers that hang together."""
    one, other = draw.standard_normal((2, size))
    return np.stack([one, TOGETHER * one + (1 - TOGETHER**2) ** 0.5 * other])


def rated(numbers: Floats, shares: Sequence[float]) -> Floats:
    """Return normal numbers as ratings that occur in these shares."""
    cuts = list(map(statistics.NormalDist().inv_cdf, np.cumsum(shares)[:-1].tolist()))
    return np.searchsorted(cuts, numbers) + 1.0


def true_values() -> dict[str, float]:
    """Return what the intervals should hold."""
    person, judge = pairs(MANY, np.random.default_rng(2))
    alone = {name: float(statistic(person, judge)) for name, statistic in DRAWN.items()}
    mean = float(np.dot(np.arange(1, 11), PERSON))
    of_means = {"mean": mean, "mean of paired differences": float(np.dot(np.arange(1, 11), JUDGE)) - mean}
    shares = {"share of tens": PERSON[-1], "share of 3 and below": sum(PERSON[:3])}
    clustered = {f"{IN_CLUSTERS}mean": mean, f"{IN_CLUSTERS}quadratic kappa": alone["quadratic kappa"]}
    return of_means | shares | alone | clustered


def simulated(
    size: int, truths: dict[str, float], repetitions: int, rounds: int
) -> list[tuple[str, int, float, float, int]]:
    """Return for each statistic its name, the size, coverage in %, mean width, and how many had no interval."""
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(one_repetition, repeat(size), range(repetitions), repeat(rounds), chunksize=10))
    rows = []
    for name, truth in truths.items():
        known = [interval for one in found if (interval := one[name]) is not None]
        slack = 1e-9
        held = sum(interval.low - slack <= truth <= interval.high + slack for interval in known)
        width = statistics.fmean(interval.high - interval.low for interval in known)
        rows.append((name, size, 100 * held / len(known), width, repetitions - len(known)))
    return rows


def one_repetition(size: int, repetition: int, rounds: int) -> Found:
    """Return the intervals of one simulated data set."""
    draw = np.random.default_rng([size, repetition])
    person, judge = pairs(size, draw)
    ways = {"rounds": rounds, "seed": repetition}
    found: Found = {
        "mean": mean_interval(person.tolist(), **ways),
        "mean of paired differences": mean_interval((judge - person).tolist(), **ways),
        "share of tens": share_interval(int((person == 10).sum()), size),
        "share of 3 and below": share_interval(int((person <= 3).sum()), size),
    }
    for name, statistic in DRAWN.items():
        found[name] = drawn_interval(
            lambda counts, statistic=statistic: statistic(person, judge, counts), range(size), **ways
        )
    clusters = [item // 4 for item in range(size)]
    first, second = pairs(size, draw, clusters)
    found[f"{IN_CLUSTERS}mean"] = mean_interval(first.tolist(), clusters, **ways)
    found[f"{IN_CLUSTERS}quadratic kappa"] = drawn_interval(
        lambda counts: quadratic_kappa(first, second, counts), clusters, **ways
    )
    return found


if __name__ == "__main__":
    main()
