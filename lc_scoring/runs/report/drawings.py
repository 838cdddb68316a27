"""Drawings: the charts of a page, each with its place in it and words for those who cannot see it."""

from __future__ import annotations

from typing import Any

from lc_scoring.runs.report.chart_style import CONFIG, Spec
from lc_scoring.runs.report.markup import Html, element, together
from lc_scoring.runs.report.safe_text import embedded

_AXES = 60  # pixels that axes and titles take beside the height of what is drawn


class Drawings:
    """Takes in the charts of a page as its sections are written.

    Attributes:
        specs: the specifications, by the id of the element they are drawn in.
    """

    def __init__(self) -> None:
        self.specs: dict[str, Spec] = {}

    def figure(self, spec: Spec, *, label: str, caption: str = "", width: int | None = None) -> Html:
        """Return the place of a chart.

        Args:
            spec: what is drawn.
            label: what it shows, in words.
            caption: what stands below it.
            width: the most pixels it takes; None for all there are.
        """
        name = f"chart-{len(self.specs) + 1}"
        self.specs[name] = spec
        height = f"min-height:{spec['height'] + _AXES}px"
        plot = element("div", id=name, class_="plot", role="img", aria_label=label, style=height)
        words = element("figcaption", caption) if caption else Html()
        return element("figure", plot, words, style=None if width is None else f"max-width:{width}px")

    def json(self) -> str:
        """Return all charts as JSON that may stand in a script element."""
        charts: list[dict[str, Any]] = [{"id": name, "spec": spec} for name, spec in self.specs.items()]
        return embedded({"config": dict(CONFIG), "charts": charts})


def section(name: str, title: str, *content: str) -> Html:
    """Return a section of the page under its heading."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, together(content), id=name, aria_labelledby=f"{name}-title")
