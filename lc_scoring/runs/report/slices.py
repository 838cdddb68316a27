"""Slices: the mean of each evaluator for each value of a column, as a heat map and a table."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.runs.report.drawings import Drawings, section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.heat_map import Cell, heat_map
from lc_scoring.runs.report.markup import Html, element, folded, table
from lc_scoring.runs.report.safe_text import shortened
from lc_scoring.runs.report.wording import number, plural, span
from lc_scoring.runs.summary import Summary

_NAME = 80  # characters
_CHART, _TABLE = 30, 200  # slices that are shown, the largest
_COLUMN = 190  # pixels
_LEAST_STRETCH = 0.25  # of the scale


def slices(facts: Sequence[Facts], by: str, drawings: Drawings) -> Html:
    """Return the section of the slices by a column."""
    columns = [
        (name if len(facts) == 1 else f"{one.label}: {name}", one.summaries[name])
        for name in evaluator_names(facts)
        for one in facts
        if name in one.summaries
    ]
    sizes: dict[str, int] = {}
    for _, summary in columns:
        for part in summary.slices:
            sizes[str(part.slice)] = max(sizes.get(str(part.slice), 0), part.rows)
    ranked = sorted(sizes, key=lambda name: -sizes[name])
    title = f"By {shortened(by, _NAME)}"
    if not ranked:
        return section("slices", title, element("p", "There are no rows to tell apart.", class_="note"))
    return section("slices", title, _map(columns, ranked, by, drawings), _numbers(columns, ranked, by))


def _map(columns: Sequence[tuple[str, Summary]], ranked: Sequence[str], by: str, drawings: Drawings) -> Html:
    held = [(name, summary, {str(part.slice): part for part in summary.slices}) for name, summary in columns]
    cells = [
        (name, row, _place(part.mean, summary), number(part.mean), _rests_on(part))
        for row in ranked[:_CHART]
        for name, summary, parts in held
        if (part := parts.get(row)) is not None and part.mean is not None
    ]
    if not cells:
        return element("p", "No row was scored.", class_="note")
    more = f" The {_CHART} largest of {len(ranked):,} are shown." if len(ranked) > _CHART else ""
    return drawings.figure(
        heat_map(_stretched(cells), across=None, down=shortened(by, _NAME)),
        label=f"Heat map of the mean score by {shortened(by, _NAME)}. Its numbers stand in the table below.",
        caption=f"Mean score; the stronger the color, the higher it is on its scale.{more}",
        width=220 + _COLUMN * len(columns),
    )


def _place(mean: float, summary: Summary) -> float:
    """Return where a mean lies on the scale of its evaluator, in [0, 1]."""
    low, high = summary.histogram[0].low, summary.histogram[-1].high
    return 0.5 if high <= low else (mean - low) / (high - low)


def _stretched(cells: Sequence[Cell]) -> list[Cell]:
    """Let the cells' places fill [0, 1], but make no strong contrast of a small part of the scale."""
    places = [place for _, _, place, _, _ in cells]
    middle, half = (min(places) + max(places)) / 2, max(max(places) - min(places), _LEAST_STRETCH) / 2
    return [(column, row, (place - middle + half) / (2 * half), text, more) for column, row, place, text, more in cells]


def _rests_on(part: Summary) -> str:
    sure = "" if part.interval is None else f", 95 % interval {span(part.interval)}"
    failed = f", {part.failed:,} failed" if part.failed else ""
    return f"{plural(part.scored, 'score')}{failed}{sure}"


def _numbers(columns: Sequence[tuple[str, Summary]], ranked: Sequence[str], by: str) -> Html:
    places = {name: place for place, name in enumerate(ranked[:_TABLE])}
    rows = [
        (
            places[str(part.slice)],
            [
                shortened(str(part.slice), _NAME),
                shortened(name, _NAME),
                number(part.mean),
                span(part.interval),
                number(part.median),
                f"{part.scored:,}",
                f"{part.failed:,}",
            ],
        )
        for name, summary in columns
        for part in summary.slices
        if str(part.slice) in places
    ]
    rows.sort(key=lambda one: one[0])
    head = [shortened(by, _NAME), "evaluator", "mean", "95 % interval", "median", "scored", "failed"]
    more = "" if len(ranked) <= _TABLE else f"And {len(ranked) - _TABLE:,} smaller ones."
    made = table(head, [cells for _, cells in rows], label=f"Scores by {head[0]}", words=[1], foot=more)
    return folded("Numbers of the chart", made)
