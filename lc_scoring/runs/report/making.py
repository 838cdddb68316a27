"""How the scores were made: the signature of each evaluator, and of what stands in the run file about the run."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.runs.report.drawings import section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.markup import Html, element, table
from lc_scoring.runs.report.safe_text import clipped, shortened

_NAME, _SIGNATURE = 120, 3_000  # characters


def making(facts: Sequence[Facts]) -> Html:
    """Return the section of the signatures."""
    several = len(facts) > 1
    rows = [
        [
            shortened(name, _NAME),
            *([one.label] if several else []),
            element("code", clipped(one.summaries[name].signature, _SIGNATURE)),
        ]
        for name in evaluator_names(facts)
        for one in facts
        if name in one.summaries
    ]
    note = element("p", "Scores may be compared where their signatures are the same.", class_="note")
    head = ["evaluator", *(["run"] if several else []), "signature"]
    return section("making", "Signatures", note, table(head, rows, label="Signatures", words=[1, 2][: len(head) - 1]))
