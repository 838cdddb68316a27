"""The heat map of a report as a Vega-Lite specification."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from lc_scoring.runs.report.chart_style import Spec, chart, distinct
from lc_scoring.runs.report.safe_text import shortened

Cell: TypeAlias = tuple[str, str, float, str, str]
"""A cell of a heat map: name across, name down, strength in [0, 1], the text in it, and what more there is to tell."""

_CELL_HEIGHT, _LEAST_HEIGHT = 34, 60  # pixels
_MORE = 80  # characters of what more there is to tell
_LEVEL = 28  # characters of all names above columns that fit beside each other on a telephone
_DARK = 0.66  # share of the strongest color from which a light text stands on a cell


def heat_map(cells: Sequence[Cell], *, across: str | None, down: str | None, height: int = 0) -> Spec:
    """Return a grid of cells, the stronger in color the greater their number.

    Args:
        cells: in the order in which they stand.
        across: what the names across are; None to leave it out.
        down: what the names down are; None to leave it out.
        height: of the grid, in pixels; 0 for as much as its rows need.
    """
    columns = distinct(column for column, *_ in cells)
    lines = distinct(row for _, row, *_ in cells)
    data = [
        {
            "across": columns[column],
            "down": lines[row],
            "strength": strength,
            "text": text,
            "more": shortened(more, _MORE),
        }
        for column, row, strength, text, more in cells
    ]
    axis = {"orient": "top", "domain": False, "ticks": False, **_turned(columns.values())}
    return chart(
        data,
        height or max(_LEAST_HEIGHT, len(lines) * _CELL_HEIGHT),
        encoding={
            "x": {"field": "across", "type": "nominal", "sort": None, "title": across, "axis": axis},
            "y": {"field": "down", "type": "nominal", "sort": None, "title": down},
            "tooltip": [
                {"field": "down", "title": down or "row"},
                {"field": "across", "title": across or "column"},
                {"field": "text", "title": "value"},
                {"field": "more", "title": "rests on"},
            ],
        },
        layer=_layers(),
    )


def _layers() -> list[dict[str, Any]]:
    """Return the cells, and the texts on them."""
    cell = {"type": "rect", "color": "var(--heat)", "cornerRadius": 3, "stroke": "var(--page)", "strokeWidth": 3}
    strength = {"field": "strength", "type": "quantitative", "scale": {"domain": [0, 1], "range": [0.07, 1]}}
    on_dark = {"test": f"datum.strength > {_DARK}", "value": "var(--on-strong)"}
    color = {"condition": on_dark, "value": "var(--ink)"}
    return [
        {"mark": cell, "encoding": {"opacity": {**strength, "legend": None}}},
        {"mark": {"type": "text"}, "encoding": {"text": {"field": "text"}, "color": color}},
    ]


def _turned(names: Collection[str]) -> dict[str, Any]:
    """Return how names stand above columns: level where they fit on a narrow window too, else rising."""
    if sum(map(len, names)) <= _LEVEL:
        return {"labelAngle": 0}
    return {"labelAngle": -35, "labelAlign": "left", "labelLimit": 170, "labelOffset": 4}
