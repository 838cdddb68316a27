"""The charts of a report as Vega-Lite specifications: how numbers are spread, means, shares, points, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lc_scoring.runs.report.chart_style import RUN_COLORS, Spec, chart, distinct
from lc_scoring.stats.histogram import Bin

_DASHED = {"type": "rule", "color": "var(--muted)", "strokeDash": [4, 4]}
_BAR_HEIGHT, _LINE_HEIGHT = 30, 34  # pixels
_ROOM = 0.06  # of the span of points, around them
_HALF = 0.4  # of the distance between whole numbers: where their bars end


def distribution(series: Sequence[tuple[str, Sequence[Bin]]], *, axis: str) -> Spec:
    """Return bars that show how numbers are spread, those of several runs beside each other, as shares of each run.

    Args:
        series: the label of each run and its bins, at least one of them with a count.
        axis: what the numbers are.
    """
    whole = all(one.low == one.high for _, bins in series for one in bins)
    ticks = {"values": sorted({one.low for _, bins in series for one in bins}), "format": "d"}
    encoding: dict[str, Any] = {
        "x": {"field": "low", "type": "quantitative", "title": axis, "scale": {"zero": False}},
        "x2": {"field": "high"},
        "y": {"field": "share", "type": "quantitative", "title": "share of rows"},
        "y2": {"datum": 0},
        "tooltip": [
            *([{"field": "run", "title": "run"}] if len(series) > 1 else []),
            {"field": "stretch", "title": axis},
            {"field": "count", "title": "rows", "type": "quantitative", "format": ","},
            {"field": "share", "title": "share", "type": "quantitative", "format": ".1%"},
        ],
        **_by_run([label for label, _ in series]),
    }
    encoding["x"] |= {"axis": ticks if whole else {"tickCount": 8}}
    encoding["y"] |= {"axis": {"format": "~%", "tickCount": 5}}
    mark = {"type": "bar", "binSpacing": 1, "cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
    return chart(_stretches(series), 190, mark=mark, encoding=encoding)


def means(values: Sequence[tuple[str, str, float, int]], *, runs: Sequence[str], axis: str) -> Spec:
    """Return a bar for each name, and each run, from 0 to 1.

    Args:
        values: name, run's label, mean in [0, 1] and how many it rests on, of each bar.
        runs: the labels of all runs.
        axis: what the numbers are.
    """
    names = distinct(name for name, *_ in values)
    data = [{"name": names[name], "run": run, "mean": mean, "count": count} for name, run, mean, count in values]
    return _bars(data, "mean", axis=axis, number=".2f", runs=runs, scale={"domain": [0, 1]})


def shares(values: Sequence[tuple[str, str, int, int]], *, runs: Sequence[str], axis: str) -> Spec:
    """Return a bar for each name, and each run: how often it was met.

    Args:
        values: name, run's label, count, and of how many, of each bar.
        runs: the labels of all runs.
        axis: what the shares are of.
    """
    names = distinct(name for name, *_ in values)
    data = [
        {"name": names[name], "run": run, "share": count / whole, "count": count} for name, run, count, whole in values
    ]
    return _bars(data, "share", axis=axis, number=".0%", runs=runs, scale={"domain": [0, 1]})


def scatter(points: Sequence[tuple[float, float, int]], *, across: str, up: str) -> Spec:
    """Return points, the larger the more rows they stand for, and the line on which both numbers are the same.

    Args:
        points: the number across, the number up, and how many rows, of each.
        across: what the numbers across are.
        up: what the numbers up are.
    """
    data = [{"across": x, "up": y, "count": count} for x, y, count in points]
    ends = [end for x, y, _ in points for end in (x, y)]
    low, high = min(ends), max(ends)
    room = (high - low or 1) * _ROOM
    place = {"type": "quantitative", "scale": {"domain": [low - room, high + room], "nice": False, "zero": False}}
    line = {
        "x": {"field": "low", "title": across, **place},
        "y": {"field": "low", "title": up, **place},
        "x2": {"field": "high"},
        "y2": {"field": "high"},
    }
    size = {"field": "count", "type": "quantitative", "scale": {"range": [24, 320], "domainMin": 0}, "legend": None}
    numbers = (("across", across, ".2f"), ("up", up, ".2f"), ("count", "rows", ","))
    dots = {
        "x": {"field": "across", "title": across, **place},
        "y": {"field": "up", "title": up, **place},
        "size": size,
        "tooltip": [
            {"field": field, "title": title, "type": "quantitative", "format": form} for field, title, form in numbers
        ],
    }
    circle = {"type": "circle", "color": RUN_COLORS[0], "opacity": 0.55}
    return chart(
        [],
        300,
        layer=[
            {"data": {"values": [{"low": low, "high": high}]}, "mark": dict(_DASHED), "encoding": line},
            {"data": {"values": data}, "mark": circle, "encoding": dots},
        ],
    )


def differences(values: Sequence[tuple[str, float, float, float]], *, axis: str) -> Spec:
    """Return a difference and its interval for each name, beside a line at zero.

    Args:
        values: name, difference, lower and upper end, of each.
        axis: what the differences are of.
    """
    names = distinct(name for name, *_ in values)
    data = [
        {"name": names[name], "difference": value, "low": low, "high": high, "zero": 0}
        for name, value, low, high in values
    ]
    low = {"field": "low", "type": "quantitative", "title": axis, "axis": {"tickCount": 6}}
    name = {"field": "name", "type": "nominal", "sort": None, "title": None}
    told = [
        {"field": "name", "title": "evaluator"},
        *({"field": one, "type": "quantitative", "format": "+.3f"} for one in ("difference", "low", "high")),
    ]
    point = {"type": "point", "filled": True, "size": 70, "color": RUN_COLORS[1], "opacity": 1}
    return chart(
        data,
        max(70, len(data) * _LINE_HEIGHT),
        layer=[
            {
                "mark": dict(_DASHED),
                "encoding": {"x": {"field": "zero", "type": "quantitative", "title": axis}},
            },
            {
                "mark": {"type": "rule", "color": RUN_COLORS[1], "strokeWidth": 2},
                "encoding": {"x": low, "x2": {"field": "high"}, "y": name, "tooltip": told},
            },
            {
                "mark": point,
                "encoding": {"x": {**low, "field": "difference"}, "y": name, "tooltip": told},
            },
        ],
    )


def _stretches(series: Sequence[tuple[str, Sequence[Bin]]]) -> list[dict[str, Any]]:
    """Return the bars of a distribution: each run's stands in its own part of the bin."""
    data: list[dict[str, Any]] = []
    for place, (label, bins) in enumerate(series):
        total = sum(one.count for one in bins)
        for one in bins:
            low, high = (one.low - _HALF, one.high + _HALF) if one.low == one.high else (one.low, one.high)
            width = (high - low) / len(series)
            data.append(
                {
                    "low": low + place * width,
                    "high": low + (place + 1) * width,
                    "share": one.count / total if total else 0,
                    "count": one.count,
                    "stretch": f"{one.low:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}",
                    "run": label,
                }
            )
    return data


def _bars(
    data: list[dict[str, Any]], field: str, *, axis: str, number: str, runs: Sequence[str], scale: Mapping[str, Any]
) -> Spec:
    several = len(runs) > 1
    offset = {"yOffset": {"field": "run", "sort": list(runs)}} if several else {}
    position = {"field": field, "type": "quantitative", "title": axis, "scale": scale}
    encoding = {
        "y": {"field": "name", "type": "nominal", "sort": None, "title": None, "scale": {"paddingInner": 0.25}},
        "x": {**position, "axis": {"format": number.replace(".2f", "~g"), "tickCount": 5, "grid": True}},
        "tooltip": [
            {"field": "name", "title": "name"},
            *([{"field": "run", "title": "run"}] if several else []),
            {"field": field, "title": field, "type": "quantitative", "format": number},
            {"field": "count", "title": "rows", "type": "quantitative", "format": ","},
        ],
        **offset,
    }
    rows = len({one["name"] for one in data})
    labels = {"type": "text", "align": "left", "dx": 5}
    return chart(
        data,
        max(40, rows * (_BAR_HEIGHT + 14 * several)),
        encoding=encoding,
        layer=[
            {"mark": {"type": "bar", "cornerRadiusEnd": 2}, "encoding": _by_run(runs)},
            {"mark": labels, "encoding": {"text": {"field": field, "type": "quantitative", "format": number}}},
        ],
    )


def _by_run(labels: Sequence[str]) -> dict[str, Any]:
    """Return the color of each run, where there are several."""
    if len(labels) < 2:  # noqa: PLR2004 - one run needs no color of its own
        return {}
    scale = {"domain": list(labels), "range": list(RUN_COLORS)}
    return {"color": {"field": "run", "type": "nominal", "scale": scale}}
