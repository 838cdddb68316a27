"""Two versions of an application: is the new one better, does the judge agree with people, a page to show. No key."""

import tempfile
from pathlib import Path

from lc_scoring import agree, compare, load_evaluator, score_dataset, write_report

NAMES = """hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium aluminium
silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium chromium manganese iron cobalt
nickel copper zinc"""
ELEMENTS = NAMES.split()
MIXED_UP = {3, 4, 8, 9, 14, 16, 20, 21, 22, 24, 27}  # by the old version
LET_PASS = {27}  # by the second of two people


def old(row: dict[str, int]) -> str:
    """Name an element; in place of your application as it was."""
    number = row["number"]
    return f"That is {ELEMENTS[number % len(ELEMENTS) if number in MIXED_UP else number - 1]}."


def new(row: dict[str, int]) -> str:
    """Name an element; in place of your application as it is now."""
    number = row["number"]
    return f"That is {ELEMENTS[number % len(ELEMENTS) if number in {9, 26} else number - 1]}."


ROWS = [
    {
        "id": f"element-{number}",
        "number": number,
        "question": f"Which element has the atomic number {number}?",
        "element": element,
        # What two people said of the old version's answer.
        "people": [int(number not in MIXED_UP), int(number not in MIXED_UP - LET_PASS)],
    }
    for number, element in enumerate(ELEMENTS, 1)
]
folder = Path(tempfile.mkdtemp())
evaluator = load_evaluator("labeled_score_string", llm="offline", criteria="correctness")
columns = {"input": "question", "reference": "element"}
before = score_dataset(ROWS, evaluator, target=old, columns=columns, run=folder / "old.run.db")
after = score_dataset(ROWS, evaluator, target=new, columns=columns, run=folder / "new.run.db")

(change,) = compare(before, after)
print(f"{change.verdict}: {change.base_mean:.2f} before, {change.other_mean:.2f} now")
print(f"  difference {change.difference}, p = {change.p:.3f}, {change.wins} better and {change.losses} worse")
print(f"  with {change.pairs} rows a difference of {change.detectable:.1f} would have been found 4 times out of 5")

(agreement,) = agree(before, human=["people"])
print(f"{agreement.rows} rows, {len(agreement.people)} people")
for one in agreement.statistics:
    if one.name in {"Cohen's kappa", "AUC"}:
        print(f"  {one.name}: {one.beside_person} beside a person, two people {one.ceiling}")

page = folder / "elements.html"
write_report([before, after], page, title="Elements")
print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, which any browser opens without a network")
