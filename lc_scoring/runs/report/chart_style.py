"""How all charts of a report look, and what each is made of: plain dicts over fields of our own names.

Colors are the page's own CSS variables, which a drawing in SVG follows, so that no chart is drawn anew when the reader
turns to dark, or prints. Names that others chose are values in the data, never names of fields, in which dots and
brackets would have a meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from lc_scoring.runs.report.safe_text import shortened

Spec: TypeAlias = dict[str, Any]
"""A Vega-Lite specification."""

RUN_COLORS = ("var(--first)", "var(--second)")
"""The colors of the runs, in their order."""

CONFIG: Mapping[str, Any] = {
    "aria": False,  # the page gives each chart a label and a table in its place
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "bar": {"color": RUN_COLORS[0]},
    "text": {"color": "var(--ink)", "fontSize": 12},
    "axis": {
        "domainColor": "var(--line)",
        "gridColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelLimit": 150,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--muted)",
        "labelFontSize": 12,
        "orient": "top",
        "symbolType": "square",
        "title": None,
    },
}
"""How all charts look."""

_NAME = 80  # characters of a name in a chart


def chart(data: Sequence[Mapping[str, Any]], height: int, **what: Any) -> Spec:
    """Return a chart as wide as its place.

    Args:
        data: its rows; layers may have others.
        height: of what is drawn, in pixels.
        what: its mark and encoding, or its layers.
    """
    return {
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": list(data)},
        **what,
    }


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Return the names as a chart shows them; long ones that begin alike are told apart by a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        short = shortened(name, _NAME)
        found[name] = short if short not in taken else f"{len(found) + 1}: {short}"
        taken.add(short)
    return found
