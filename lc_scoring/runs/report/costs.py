"""What a run cost: calls, tokens and dollars by model, and how long its rows took."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.records import Usage
from lc_scoring.runs.report.charts import distribution
from lc_scoring.runs.report.drawings import Drawings, section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.markup import Html, element, folded, table
from lc_scoring.runs.report.safe_text import shortened
from lc_scoring.runs.report.wording import NOTICED, dollars, duration, plural
from lc_scoring.stats.aggregations import percentiles
from lc_scoring.stats.histogram import Bin, histogram

_NAME = 120  # characters
_BINS = 24
_SHOWN = 99  # percent of the rows; a few slow ones would press all others into one bar


def costs(facts: Sequence[Facts], drawings: Drawings) -> Html:
    """Return the section of cost and time."""
    times = [_times(name, facts, drawings) for name in evaluator_names(facts)]
    return section("costs", "Cost and time", _models(facts), element("div", *times, class_="pair"))


def _models(facts: Sequence[Facts]) -> Html:
    several = len(facts) > 1
    rows = [
        [shortened(name, _NAME), *([one.label] if several else []), *_cells(usage)]
        for name in sorted({name for one in facts for name in one.usage})
        for one in facts
        if (usage := one.usage.get(name)) is not None
    ]
    if not rows:
        return element("p", "No model was asked.", class_="note")
    if not several and len(rows) > 1:
        rows.append(["all models", *_cells(sum(facts[0].usage.values(), Usage()))])
    head = ["model", *(["run"] if several else []), "calls", "tokens in", "tokens out", "cost"]
    note = "Cost by the price table of the package; all sessions and failed attempts are in it."
    return table(head, rows, label="Cost by model", words=[1] if several else [], foot=note)


def _cells(usage: Usage) -> list[str]:
    return [f"{usage.calls:,}", f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", dollars(usage)]


def _times(name: str, facts: Sequence[Facts], drawings: Drawings) -> Html:
    held = [
        (one.label, one.findings[name].seconds) for one in facts if name in one.findings and one.findings[name].seconds
    ]
    longest = max((max(seconds) for _, seconds in held), default=0.0)
    if longest < NOTICED:
        return Html()
    top = max(percentiles(seconds, (_SHOWN,))[0] for _, seconds in held) or longest
    rows: list[list[str]] = []
    series: list[tuple[str, Sequence[Bin]]] = []
    for label, seconds in held:
        p50, p90, p99 = percentiles(seconds, (50, 90, 99))
        rows.append([label, *map(duration, (p50, p90, p99, max(seconds)))])
        shown = [one for one in seconds if one <= top]
        series.append((label, histogram(shown, 0, top, most=_BINS)))
    beyond = sum(one > top for _, seconds in held for one in seconds)
    caption = f"No bar holds the {plural(beyond, 'row')} that took longer." if beyond else ""
    figure = drawings.figure(
        distribution(series, axis="seconds a row"),
        label=f"Bar chart of how long a row took with {shortened(name, _NAME)}. Its numbers stand in the table below.",
        caption=caption,
    )
    head = ["run", "median", "p90", "p99", "longest"]
    numbers = table(head, rows, label="Time of a row")
    return element("div", element("h3", f"{shortened(name, _NAME)}: time of a row"), figure, folded("Numbers", numbers))
