"""Prints how well juries agree with people beside their members, on recorded ratings of summaries.

Six judges rated summaries by four criteria, 1 to 5; three experts did too. The recorded ratings are put on tapes, one
for each judge, and replayed through the evaluator, alone and as a jury. Pearson's correlation with the experts' mean.

    python tests/benchmarks/jury.py --data summeval_judged.jsonl.gz
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from langchain_core.runnables import RunnableLambda

from lc_scoring import load_evaluator
from lc_scoring.models.tape import Tape
from lc_scoring.records import Score
from lc_scoring.runs.schedule import in_flight

CRITERIA = ("coherence", "consistency", "fluency", "relevance")


def main() -> None:
    """Record, replay, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="rows with judge_scores and human_scores")
    path: Path = parser.parse_args().data
    if not path.exists():
        raise SystemExit(f"{path} is not here: this benchmark reads public recordings that are not shipped.")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    members = sorted(rows[0]["judge_scores"])
    with tempfile.TemporaryDirectory() as folder:
        tapes = {member: record(member, rows, Path(folder)) for member in members}
        table = {member: correlations(rows, tapes[member]) for member in members}
        jury = [tapes[member] for member in members]
        table[f"jury of {len(jury)}, mean"] = correlations(rows, jury)
        table[f"jury of {len(jury)}, median"] = correlations(rows, jury, aggregate="median")
        small = [tapes[member] for member in members if member in {"gpt-4o-mini", "gemini_flash", "llama-31"}]
        if len(small) > 1:
            table[f"jury of {len(small)} small ones, mean"] = correlations(rows, small)
    print(f"{len(rows)} ratings, Pearson with the mean of three experts\n")
    print(f"{'':28}" + "".join(f"{criterion:>13}" for criterion in CRITERIA) + f"{'mean of four':>14}")
    for name, values in table.items():
        print(f"{name:28}" + "".join(f"{value:13.3f}" for value in values) + f"{statistics.fmean(values):14.3f}")
    best = max(members, key=lambda member: statistics.fmean(table[member]))
    gain = statistics.fmean(table[f"jury of {len(jury)}, mean"]) - statistics.fmean(table[best])
    print(f"\njury's mean beside the best member, {best}: {gain:+.3f} (bar: above 0)")


def record(member: str, rows: list[dict[str, Any]], folder: Path) -> Tape:
    """Put a judge's recorded ratings on a tape, and return the tape without its model."""
    path = folder / f"{member}.jsonl"
    ratings = {(row["criterion"], row["prediction"].strip()): row["judge_scores"][member] for row in rows}

    def recorded(messages: Any) -> str:
        question = str(messages[-1].text)
        criterion = question.partition("<rubric>\n")[2].partition("\n")[0]
        prediction = question.partition("<sample_prediction>\n")[2].partition("\n</sample_prediction>")[0]
        return f"As recorded.\nRating: [[{ratings[criterion, prediction.strip()]}]]"

    asyncio.run(scored(rows, Tape(path, RunnableLambda(recorded))))
    return Tape(path)


def correlations(rows: list[dict[str, Any]], llm: Any, **ways: Any) -> list[float]:
    """Return the correlation with people for each criterion."""
    scores = asyncio.run(scored(rows, llm, **ways))
    pairs = {criterion: ([], []) for criterion in CRITERIA}
    for row, score in zip(rows, scores, strict=True):
        judged, people = pairs[row["criterion"]]
        judged.append(score.rating)
        people.append(statistics.fmean(row["human_scores"]))
    return [statistics.correlation(*pairs[criterion]) for criterion in CRITERIA]


async def scored(rows: list[dict[str, Any]], llm: Any, **ways: Any) -> list[Score]:
    """Score all rows, each by its own criterion."""
    evaluators = {
        criterion: load_evaluator("score_string", llm=llm, criteria={criterion: ""}, scale=(1, 5), **ways)
        for criterion in CRITERIA
    }

    async def work(row: dict[str, Any]) -> Score:
        return await evaluators[row["criterion"]].ascore({"input": row["input"], "prediction": row["prediction"]})

    done = {place: score async for place, score in in_flight(rows, work, max_concurrency=16)}
    return [done[place] for place in sorted(done)]


if __name__ == "__main__":
    main()
