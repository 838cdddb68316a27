"""The head of a report: what the run is, what must be known first, and how each evaluator rated it on the whole."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.records import Usage
from lc_scoring.runs.report.drawings import section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.markup import Html, element, together
from lc_scoring.runs.report.safe_text import clipped, shortened
from lc_scoring.runs.report.wording import (
    NONE,
    NOTICED,
    big,
    dollars,
    duration,
    number,
    plural,
    share,
    short_number,
    when,
)
from lc_scoring.runs.summary import Summary

_CLASSES = ("first", "second")
_SOURCE, _NAME, _MESSAGE = 200, 120, 500  # characters


def head(facts: Sequence[Facts], title: str) -> Html:
    """Return the page's heading, what the runs are of, and warnings."""
    return element("header", element("h1", title), _origin(facts), *_warnings(facts))


def overview(facts: Sequence[Facts]) -> Html:
    """Return totals, and a card for each evaluator with its mean on the scale."""
    cards = [_card(name, facts) for name in evaluator_names(facts)]
    nothing = element("p", "The run has no evaluator yet.", class_="note")
    return section("overview", "Overview", _totals(facts), element("div", *(cards or [nothing]), class_="cards"))


def _origin(facts: Sequence[Facts]) -> Html:
    lines: list[Html] = []
    for one, mark in zip(facts, _CLASSES, strict=False):
        parts = [plural(one.rows, "row")]
        if one.source:
            parts.append(f"read from {shortened(one.source, _SOURCE)}")
        if one.target:
            parts.append(f"answered by {shortened(one.target, _NAME)}")
        if one.began is not None:
            parts.append(f"scored {when(one.began)}")
        named = [element("b", one.label, class_=f"run {mark}"), " "] if len(facts) > 1 else []
        lines.append(element("p", *named, " · ".join(parts), class_="origin"))
    if len(facts) > 1:
        lines.append(element("p", "The second run is compared with the first.", class_="origin"))
    return together(lines)


def _warnings(facts: Sequence[Facts]) -> list[Html]:
    found: list[Html] = []
    for one in facts:
        where = [element("b", one.label), ": "] if len(facts) > 1 else []
        if one.stopped:
            text = f"The run stopped before all was done: {clipped(one.stopped, _MESSAGE)}"
            found.append(element("p", *where, text, class_="warning", role="alert"))
        for summary in one.summaries.values():
            if summary.warning:
                named = element("b", shortened(summary.name, _NAME))
                found.append(element("p", *where, named, ": ", summary.warning, class_="warning", role="alert"))
    return found


def _totals(facts: Sequence[Facts]) -> Html:
    tiles = [
        _tile("Rows", [f"{one.rows:,}" for one in facts]),
        _tile("Scores", [f"{_count(one, 'scored'):,}" for one in facts]),
        _tile("Failed", [_with_share(_count(one, "failed"), _count(one, "rows")) for one in facts]),
        _tile("Not applicable", [f"{_count(one, 'not_applicable'):,}" for one in facts]),
    ]
    usages = [sum(one.usage.values(), Usage()) for one in facts]
    if any(usage.calls for usage in usages):
        tiles += [
            _tile("Model calls", [big(one.calls) for one in usages]),
            _tile("Tokens in / out", [f"{big(one.input_tokens)} / {big(one.output_tokens)}" for one in usages]),
            _tile("Cost", [dollars(one) for one in usages]),
        ]
    tiles.append(_tile("Time taken", [duration(_took(one)) for one in facts]))
    return element("dl", *tiles, class_="tiles")


def _tile(name: str, values: Sequence[str]) -> Html:
    marks = _CLASSES if len(values) > 1 else ("",)
    told = [element("dd", value, class_=mark or None) for value, mark in zip(values, marks, strict=True)]
    return element("div", element("dt", name), *told)


def _count(facts: Facts, what: str) -> int:
    return sum(int(getattr(one, what)) for one in facts.summaries.values())


def _with_share(part: int, whole: int) -> str:
    return f"{part:,} ({share(part, whole)})" if part else "0"


def _took(facts: Facts) -> float | None:
    return None if facts.began is None or facts.ended is None else facts.ended - facts.began


def _card(name: str, facts: Sequence[Facts]) -> Html:
    held = [
        (one, mark, one.summaries[name]) for one, mark in zip(facts, _CLASSES, strict=False) if name in one.summaries
    ]
    ends = _ends([summary for _, _, summary in held])
    readings = [
        _reading(summary, ends, label=one.label if len(facts) > 1 else None, mark=mark) for one, mark, summary in held
    ]
    return element("article", element("h3", shortened(name, _NAME)), *readings, class_="card")


def _ends(summaries: Sequence[Summary]) -> tuple[float, float]:
    """Return the ends of the scale that the scores are shown on."""
    bins = [one for summary in summaries for one in summary.histogram]
    if not bins:
        return 0.0, 1.0
    return min(one.low for one in bins), max(one.high for one in bins)


def _reading(summary: Summary, ends: tuple[float, float], *, label: str | None, mark: str) -> Html:
    interval = summary.interval
    sure = "" if interval is None else f"95 % interval {number(interval.low)} to {number(interval.high)}"
    if summary.mean is None:
        sure = "no row was scored"
    return element(
        "div",
        *([element("b", label, class_=f"run {mark}")] if label else []),
        element(
            "p",
            element("strong", number(summary.mean)),
            element("span", sure or f"mean of {plural(summary.scored, 'score')}"),
            class_="mean",
        ),
        _gauge(summary, ends),
        element("p", _how_many(summary), class_="note"),
        class_=f"reading {mark}",
    )


def _how_many(summary: Summary) -> str:
    parts = [f"{summary.scored:,} scored", f"{summary.failed:,} failed"]
    if summary.not_applicable:
        parts.append(f"{summary.not_applicable:,} not applicable")
    if summary.usage.calls:
        tokens = summary.usage.input_tokens + summary.usage.output_tokens
        parts += [
            f"{big(tokens)} tokens",
            dollars(summary.usage) if summary.usage.cost is not None else "cost not known",
        ]
    if summary.seconds is not None and summary.seconds >= NOTICED:
        parts.append(f"{duration(summary.seconds)} a row (median)")
    return " · ".join(parts)


def _gauge(summary: Summary, ends: tuple[float, float]) -> Html:
    """Return the scale with the interval and the mean on it."""
    low, high = ends
    marks: list[Html] = []
    if summary.interval is not None:
        left, right = _percent(summary.interval.low, ends), _percent(summary.interval.high, ends)
        marks.append(element("span", class_="sure", style=f"left:{left:.2f}%;width:{max(0.0, right - left):.2f}%"))
    if summary.mean is not None:
        marks.append(element("span", class_="at", style=f"left:{_percent(summary.mean, ends):.2f}%"))
    told = f"mean {number(summary.mean)} on a scale from {short_number(low)} to {short_number(high)}"
    track = element("span", *marks, class_="track", role="img", aria_label=told if summary.mean is not None else NONE)
    return element(
        "div", element("span", short_number(low)), track, element("span", short_number(high)), class_="gauge"
    )


def _percent(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return 50.0 if high <= low else 100 * min(1.0, max(0.0, (value - low) / (high - low)))
