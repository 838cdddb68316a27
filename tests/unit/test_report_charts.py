"""The charts of a report: each is a specification over its own data, whatever the names in it are."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lc_scoring.runs.report import charts
from lc_scoring.runs.report.chart_style import Spec, distinct
from lc_scoring.runs.report.heat_map import heat_map
from lc_scoring.stats.histogram import histogram

_SERIES = [("a", histogram([1, 5, 9], 1, 10)), ("b", histogram([1.5, 5, 9], 1, 10))]
_NAME = "a.b[c]\\ 'd'"
CHARTS: dict[str, Spec] = {
    "one run": charts.distribution(_SERIES[:1], axis="score"),
    "two runs": charts.distribution(_SERIES, axis="score"),
    "means": charts.means([(_NAME, "a", 0.5, 9)], runs=["a"], axis="mean"),
    "shares": charts.shares([(_NAME, "a", 5, 9), (_NAME, "b", 3, 9)], runs=["a", "b"], axis="share"),
    "heat map": heat_map([(_NAME, _NAME, 0.5, "7.00", "9 rows")], across="x", down=None),
    "wide heat map": heat_map([(_NAME * 4, _NAME, 0.5, "7.00", "9 rows")], across=None, down="y"),
    "scatter": charts.scatter([(1, 2, 3), (2, 2, 1)], across="people", up="judge"),
    "differences": charts.differences([(_NAME, 0.1, -0.2, 0.4)], axis="difference"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_field_of_a_chart_is_in_its_data(name: str) -> None:
    spec = CHARTS[name]
    json.dumps(spec, allow_nan=False)
    assert spec["width"] == "container"
    for part in (spec, *spec.get("layer", [])):
        data = part.get("data", spec["data"])["values"]
        encodings = [{**spec.get("encoding", {}), **part.get("encoding", {})}]
        for field in _fields(encodings):
            assert data or "layer" in part
            assert all(field in row for row in data), field


def _fields(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["field"]} if isinstance(value.get("field"), str) else set[str]()
        return own.union(*(_fields(one) for one in value.values()))
    return set[str]().union(*map(_fields, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", CHARTS)
def test_no_chart_has_a_field_or_a_color_of_its_own_choice(name: str) -> None:
    assert all(re.fullmatch(r"[a-z]+", field) for field in _fields(CHARTS[name]))
    assert not re.search(r"#[0-9a-f]{3}", json.dumps(CHARTS[name]))


def test_bars_of_two_runs_stand_beside_each_other() -> None:
    bars = charts.distribution([("a", histogram([1, 2, 2], 1, 2)), ("b", histogram([2], 1, 2))], axis="x")["data"][
        "values"
    ]
    places = [(one["run"], round(one["low"], 2), round(one["high"], 2), round(one["share"], 2)) for one in bars]
    assert places == [("a", 0.6, 1.0, 0.33), ("a", 1.6, 2.0, 0.67), ("b", 1.0, 1.4, 0.0), ("b", 2.0, 2.4, 1.0)]


def test_long_names_that_begin_alike_are_told_apart() -> None:
    first, second = "x" * 100, "x" * 99 + "y"
    names = distinct([first, second, first, "z"])
    assert len(set(names.values())) == 3
    assert names["z"] == "z"
    assert names[second].startswith("2: xxx")
