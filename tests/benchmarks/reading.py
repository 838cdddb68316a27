"""Prints how long reading a rating takes, and how recorded replies of real judges are read.

    python tests/benchmarks/reading.py [--replies judge_replies.jsonl.gz] [--show]

The recordings are no part of this package. A recorded score is another program's reading, not a person's: look at
each difference (`--show` prints their ends).
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lc_scoring.errors import ReplyError
from lc_scoring.rating import read_rating
from lc_scoring.scale import Scale

ROUNDS = 7
TEXTS = {
    "2 kB reply": ("The answer names the right city, and says no more. " * 40 + "\nRating: [[8]]", 2_000, "20 us"),
    "2 kB reply, harder": ("It says df[['a']] and [[1, 2]]. " * 62 + "\n[[Rating: 8/10]]", 500, ""),
    "100 kB of [[": ("[[" * 50_000, 3, "5 ms"),
    "1 MB of [[": ("[[" * 500_000, 3, "ten times that: linear"),
    "100 kB of <think>": ("<think>" * 14_000, 3, ""),
    "100 kB of backslashes": ("[\\" * 50_000, 3, ""),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replies", type=Path, help="recorded replies, as gzipped JSON lines")
    parser.add_argument("--show", action="store_true", help="print the end of each reply that is read differently")
    options = parser.parse_args()
    for name, (text, calls, bar) in TEXTS.items():
        print(f"{name:24} {_least(text, calls):10.1f} us  {f'(bar {bar})' if bar else ''}")
    if options.replies is None:
        print("no recorded replies given: --replies reads them")
        return
    counts = Counter[str]()
    for outcome, text in _readings(options.replies):
        counts[outcome] += 1
        if options.show and not outcome.startswith(("same", "both")):
            print(f"--- {outcome}\n{text[-300:]}")
    for outcome, count in counts.most_common():
        print(f"{count:5} {outcome}")


def _least(text: str, calls: int) -> float:
    return min(_round(text, calls) for _ in range(ROUNDS))


def _round(text: str, calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        with suppress(ReplyError):
            read_rating(text, Scale())
    return (time.process_time() - start) / calls * 1e6


def _readings(path: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            recorded = None if row["recorded_score"] in {None, -1} else row["recorded_score"]
            text = row["judge_text"]
            try:
                read = read_rating(text, Scale(1, row["scale_max"]))
            except ReplyError as error:
                yield ("both read none" if recorded is None else f"not read: {error.reason}"), text
                continue
            if recorded is None:
                yield "read where the recording has none", text
            else:
                yield ("same number" if read == recorded else f"read {read}, recorded {recorded}"), text


if __name__ == "__main__":
    main()
