"""What an exact match misses: the same answers graded, compared and matched. Runs without a key."""

import json
from pathlib import Path

from lc_scoring import load_evaluators

rows = [json.loads(line) for line in (Path(__file__).parent / "data" / "answers.jsonl").read_text().splitlines()]
rows = [row for row in rows if row["kind"] in {"right", "wrong", "verbose"}][:12]

# The offline judge grades short answers without a key; llm="openai:gpt-5-mini" is a real judge.
grade, same = load_evaluators(["qa", "exact_match"], llm="offline", config={"exact_match": {"ignore_case": True}})
graded, matched = grade.batch(rows), same.batch(rows)

for row, verdict, match in zip(rows, graded, matched, strict=True):
    print(f"{verdict['value']:9}  match {match['score']}  {row['kind']:7}  {row['prediction'][:60]}")
print(f"graded correct: {sum(v['score'] for v in graded)} of {len(rows)}; equal: {sum(m['score'] for m in matched)}")
