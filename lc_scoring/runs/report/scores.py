"""The scores of each evaluator: how they are spread, in numbers and as a chart, verdicts, and parts."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.runs.report.charts import distribution, means, shares
from lc_scoring.runs.report.drawings import Drawings, section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.markup import Html, element, folded, table, together
from lc_scoring.runs.report.safe_text import shortened
from lc_scoring.runs.report.wording import number, plural, share, span
from lc_scoring.runs.summary import Summary
from lc_scoring.stats.histogram import Bin

_NAME = 120  # characters
_LABELS = 20  # verdicts in a chart, the most frequent; all are in its table
_ALL_LABELS = 200


def scores(facts: Sequence[Facts], drawings: Drawings) -> Html:
    """Return the section of all evaluators' scores."""
    return section("scores", "Scores", *(_evaluator(name, facts, drawings) for name in evaluator_names(facts)))


def _evaluator(name: str, facts: Sequence[Facts], drawings: Drawings) -> Html:
    held = [one for one in facts if name in one.summaries]
    summaries = [one.summaries[name] for one in held]
    labels = [one.label for one in facts]
    return element(
        "div",
        element("h3", shortened(name, _NAME)),
        _spread(summaries, labels=[one.label for one in held], drawings=drawings),
        _numbers(summaries, labels=[one.label for one in held], name=name),
        _verdicts(name, held, labels, drawings),
        _parts(name, held, labels, drawings),
        class_="evaluator",
    )


def _spread(summaries: Sequence[Summary], *, labels: Sequence[str], drawings: Drawings) -> Html:
    series = [(label, one.histogram) for label, one in zip(labels, summaries, strict=True) if one.histogram]
    if not series:
        return element("p", "No row was scored.", class_="note")
    told = [f"{label}: {plural(sum(one.count for one in bins), 'score')}" for label, bins in series]
    figure = drawings.figure(
        distribution(series, axis="score"),
        label=f"Bar chart of how the scores are spread. {'; '.join(told)}. Its numbers stand in the table below.",
    )
    return together([figure, folded("Numbers of the chart", _bin_table(series))])


def _bin_table(series: Sequence[tuple[str, Sequence[Bin]]]) -> Html:
    stretches = dict.fromkeys((one.low, one.high) for _, bins in series for one in bins)
    counts = [{(one.low, one.high): one.count for one in bins} for _, bins in series]
    rows = [
        [f"{low:g}" if low == high else f"{low:g} to {high:g}", *(f"{of.get((low, high), 0):,}" for of in counts)]
        for low, high in sorted(stretches)
    ]
    head = ["score", *(label for label, _ in series)] if len(series) > 1 else ["score", "rows"]
    return table(head, rows, label="Scores by stretch of the scale")


def _numbers(summaries: Sequence[Summary], *, labels: Sequence[str], name: str) -> Html:
    lines: dict[str, list[str]] = {
        "scored": [f"{one.scored:,}" for one in summaries],
        "mean": [number(one.mean) for one in summaries],
        "95 % interval": [span(one.interval) for one in summaries],
        "std. deviation": [number(one.deviation) for one in summaries],
        "lowest": [number(one.low) for one in summaries],
        "p10": [number(one.p10) for one in summaries],
        "median": [number(one.median) for one in summaries],
        "p90": [number(one.p90) for one in summaries],
        "highest": [number(one.high) for one in summaries],
    }
    for more in dict.fromkeys(key for one in summaries for key in one.aggregations):
        if more not in {*lines, "min", "max"}:
            lines[more] = [number(one.aggregations.get(more)) for one in summaries]
    if any(one.disagreement is not None for one in summaries):
        lines["spread in a row"] = [number(one.disagreement) for one in summaries]
    if any(one.swayed for one in summaries):
        lines["changed with the order"] = [f"{one.swayed:,}" for one in summaries]
    several = len(labels) > 1
    head = [*(["run"] if several else []), *lines]
    rows = [
        [*([label] if several else []), *(values[place] for values in lines.values())]
        for place, label in enumerate(labels)
    ]
    return table(head, rows, label=f"Scores of {shortened(name, _NAME)} in numbers") if several else _tiles(lines)


def _tiles(lines: dict[str, list[str]]) -> Html:
    told = [element("div", element("dt", name), element("dd", values[0])) for name, values in lines.items()]
    return element("dl", *told, class_="numbers")


def _verdicts(name: str, held: Sequence[Facts], labels: Sequence[str], drawings: Drawings) -> Html:
    counts = [one.summaries[name].labels for one in held]
    totals: dict[str, int] = {}
    for of in counts:
        for label, count in of.items():
            totals[label] = totals.get(label, 0) + count
    if not totals:
        return Html()
    ranked = sorted(totals, key=lambda label: -totals[label])
    values = [
        (label, one.label, of.get(label, 0), sum(of.values()))
        for label in ranked[:_LABELS]
        for one, of in zip(held, counts, strict=True)
        if of
    ]
    figure = drawings.figure(
        shares(values, runs=labels, axis="share of verdicts"),
        label=f"Bar chart of the verdicts of {shortened(name, _NAME)}: {plural(len(totals), 'different verdict')}.",
    )
    rows = [
        [
            shortened(label, _NAME),
            *(f"{of.get(label, 0):,} ({share(of.get(label, 0), sum(of.values()))})" for of in counts),
        ]
        for label in ranked[:_ALL_LABELS]
    ]
    head = ["verdict", *(one.label for one in held)] if len(held) > 1 else ["verdict", "rows"]
    more = "" if len(ranked) <= _ALL_LABELS else f"And {len(ranked) - _ALL_LABELS:,} rarer ones."
    numbers = folded("Numbers of the chart", table(head, rows, label="Verdicts", foot=more))
    return together([element("h4", "Verdicts"), figure, numbers])


def _parts(name: str, held: Sequence[Facts], labels: Sequence[str], drawings: Drawings) -> Html:
    parts = [one.findings[name].parts for one in held]
    names = list(dict.fromkeys(part for of in parts for part in of))
    if not names:
        return Html()
    values = [
        (part, one.label, of[part].mean, of[part].count)
        for part in names
        for one, of in zip(held, parts, strict=True)
        if part in of
    ]
    figure = drawings.figure(
        means(values, runs=labels, axis="mean value; higher is better"),
        label=f"Bar chart of the mean of each part of {shortened(name, _NAME)}. Its numbers stand in the table below.",
    )
    several, missing = len(held) > 1, any(one.summaries[name].missing_parts for one in held)
    rows = [
        [
            shortened(part, _NAME),
            *([one.label] if several else []),
            number(of[part].mean),
            number(of[part].deviation),
            f"{of[part].count:,}",
            *([f"{one.summaries[name].missing_parts.get(part, 0):,}"] if missing else []),
        ]
        for part in names
        for one, of in zip(held, parts, strict=True)
        if part in of
    ]
    head = [
        "part",
        *(["run"] if several else []),
        "mean",
        "std. deviation",
        "scored",
        *(["without a score"] if missing else []),
    ]
    numbers = folded("Numbers of the chart", table(head, rows, label="Parts", words=[1] if several else []))
    return together([element("h4", "Parts: metrics, criteria, judges or samples"), figure, numbers])
