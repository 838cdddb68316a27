"""How well lexical similarity tells right answers from wrong ones, beside other measures that need no download.

    python tests/benchmarks/lexical_similarity.py --data qa_eval.jsonl.gz

The data are rows of `prediction`, `reference` (alternatives parted by "/") and `human_score`, 0 or 1, such as EVOUNA
(Wang et al., 2023). It prints the area under the ROC curve of each measure, over all rows and within `dataset`, and
the time of a pair.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from lc_scoring.models.lexical import LexicalEmbeddings
from lc_scoring.vectors import cosine_similarity

ROWS = 2_000
LEXICAL = LexicalEmbeddings()


def lexical(first: str, second: str) -> float:
    """Return the cosine of the embeddings that come along."""
    return cosine_similarity(LEXICAL.embed_query(first), LEXICAL.embed_query(second))


def token_f1(first: str, second: str) -> float:
    """Return the F1 of the two texts' words, as SQuAD scores answers (Rajpurkar et al., 2016)."""
    one, other = Counter(first.lower().split()), Counter(second.lower().split())
    shared = sum((one & other).values())
    return 2 * shared / (sum(one.values()) + sum(other.values())) if shared else 0.0


def edits(first: str, second: str) -> float:
    """Return the share of letters that the two texts have in common, in order."""
    return SequenceMatcher(None, first.lower(), second.lower(), autojunk=False).ratio()


MEASURES: dict[str, Callable[[str, str], float]] = {"lexical": lexical, "token F1": token_f1, "edits": edits}


def area(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Return the area under the ROC curve: how often a right answer has the greater score; ties count half."""
    order = sorted(zip(scores, right, strict=True))
    positives = sum(right)
    ranks, place = 0.0, 0
    while place < len(order):
        end = place
        while end < len(order) and order[end][0] == order[place][0]:
            end += 1
        ranks += (place + end + 1) / 2 * sum(is_right for _, is_right in order[place:end])
        place = end
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(order) - positives))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    file = parser.parse_args().data
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["human_score"] is not None and row["prediction"]]
    random.Random(7).shuffle(rows)
    print(f"{'measure':12}{'data':6}{'rows':>7}{'AUC':>8}{'ms a row':>10}")
    for name, measure in MEASURES.items():
        for data in sorted({row.get("dataset", "all") for row in rows}):
            chosen = [row for row in rows if row.get("dataset", "all") == data][:ROWS]
            began = time.perf_counter()
            scores = [max(measure(row["prediction"], one) for one in row["reference"].split("/")) for row in chosen]
            each = (time.perf_counter() - began) / len(chosen) * 1000
            right = [bool(row["human_score"]) for row in chosen]
            print(f"{name:12}{data:6}{len(chosen):>7}{area(scores, right):>8.3f}{each:>10.2f}")


if __name__ == "__main__":
    main()
