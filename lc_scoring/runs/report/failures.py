"""Failures: how many of each class, an example of each, and the rows that failed."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.records import Failure
from lc_scoring.runs.report.drawings import section
from lc_scoring.runs.report.facts import Facts
from lc_scoring.runs.report.findings import Found
from lc_scoring.runs.report.markup import Html, element, folded, table
from lc_scoring.runs.report.safe_text import clipped, shortened
from lc_scoring.runs.report.wording import share
from lc_scoring.runs.summary import Summary

_NAME, _MESSAGE, _LISTED = 120, 600, 300  # characters


def failures(facts: Sequence[Facts]) -> Html:
    """Return the section of what failed."""
    parts: list[Html] = []
    for one in facts:
        for summary in one.summaries.values():
            if summary.failed:
                where = "" if len(facts) == 1 else f", {one.label}"
                heading = element("h3", f"{shortened(summary.name, _NAME)}{where}")
                listed = _rows(summary, one.findings[summary.name].failed)
                parts.append(element("div", heading, _classes(summary), listed, class_="evaluator"))
    return section("failures", "Failures", *(parts or [element("p", "No row failed.", class_="note")]))


def _classes(summary: Summary) -> Html:
    rows = [
        [
            shortened(kind, _NAME),
            f"{count:,}",
            share(count, summary.rows),
            clipped(summary.examples.get(kind, ""), _MESSAGE),
        ]
        for kind, count in summary.failures.items()
    ]
    return table(["error", "rows", "share", "the first of them"], rows, label="Failures by class", words=[3])


def _rows(summary: Summary, found: Sequence[Found]) -> Html:
    rows = [
        [shortened(one.result.id, _NAME), f"{one.result.line:,}", _message(outcome)]
        for one in found
        if isinstance(outcome := one.result.outcome, Failure)
    ]
    more = "" if summary.failed <= len(rows) else f"And {summary.failed - len(rows):,} more, which the run file holds."
    made = table(["row", "line", "message"], rows, label="Rows that failed", words=[2], foot=more)
    return folded(f"All rows that failed: {summary.failed:,}", made)


def _message(failure: Failure) -> str:
    return shortened(f"{type(failure.error).__name__}: {failure.error}", _LISTED)
