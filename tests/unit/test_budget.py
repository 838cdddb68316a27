"""The budget: when a run has cost or taken what it may."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lc_scoring.errors import ConfigError
from lc_scoring.records import Usage
from lc_scoring.runs.budget import Budget
from lc_scoring.runs.calls import Calls, Patience, Route
from lc_scoring.runs.lane import Limits
from lc_scoring.runs.request import Request


def spent(*usages: Usage, in_flight: int = 0) -> Calls:
    limits = Limits(max_concurrency=8)
    calls = Calls(limits, Patience())
    for number, usage in enumerate(usages):
        route = calls._models[f"model {number}"] = Route(limits)
        route.usage = usage
    calls.target.lane.in_flight = in_flight
    return calls


def over(calls: Calls, before: Usage = Usage(), began: float | None = None, **limits: Any) -> str | None:
    request = Request(data=[], evaluators="exact_match", **limits)
    return Budget(request, before=before, began=time.monotonic() if began is None else began).over(calls)


DEAR = Usage(calls=10, input_tokens=900, output_tokens=100, cost=1.0)


@pytest.mark.parametrize(
    ("limits", "usages", "in_flight", "expected"),
    [
        ({}, [DEAR], 0, None),
        ({"max_tokens": 1_001}, [DEAR], 0, None),
        ({"max_tokens": 1_000}, [DEAR], 0, "max_tokens of 1,000 is reached: 1,000 and what is in flight"),
        ({"max_tokens": 1_500}, [DEAR], 5, "max_tokens of 1,500 is reached: 1,000 and what is in flight"),
        ({"max_tokens": 1_501}, [DEAR], 5, None),
        ({"max_tokens": 2_000}, [DEAR, DEAR], 0, "max_tokens of 2,000 is reached: 2,000 and what is in flight"),
        ({"max_cost": 1.01}, [DEAR], 0, None),
        ({"max_cost": 1.0}, [DEAR], 0, "max_cost of $1 is reached: $1.0000 and what is in flight"),
        ({"max_cost": 1.5}, [DEAR], 5, "max_cost of $1.5 is reached: $1.0000 and what is in flight"),
        ({"max_cost": 0.001, "max_tokens": 1}, [], 5, None),  # nothing was answered yet
        (
            {"max_cost": 1.0, "max_tokens": 1_000},
            [DEAR],
            0,
            "max_tokens of 1,000 is reached: 1,000 and what is in flight",
        ),
    ],
)
def test_what_it_says(limits: Any, usages: Any, in_flight: int, expected: str | None) -> None:
    assert over(spent(*usages, in_flight=in_flight), **limits) == expected


def test_what_earlier_sessions_cost_counts() -> None:
    assert over(spent(), DEAR, max_tokens=1_000) is not None
    assert over(spent(), Usage(), max_tokens=1_000) is None
    assert over(spent(DEAR), DEAR, max_cost=1.9) is not None
    assert over(spent(DEAR), DEAR, max_cost=2.1) is None


def test_a_price_that_is_not_known_cannot_be_kept() -> None:
    said = over(spent(DEAR, Usage(calls=1)), max_cost=100.0)
    assert said is not None
    assert "the price of a model is not known" in said
    assert "LC_SCORING_PRICES" in said


def test_time() -> None:
    assert over(spent(), began=time.monotonic() - 5, max_time=4.5) == "max_time of 4.5 seconds is over"
    assert over(spent(), began=time.monotonic() - 5, max_time=60) is None


# The request, which holds the limits.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_concurrency", value) for value in (0, -1, 1.5, True, "8")),
        *(("limit", value) for value in (0, 2.0, True)),
        *(("max_cost", value) for value in (0, -1, float("nan"), True, "1")),
        *(("row_timeout", value) for value in (0, "1", False)),
        *((name, 0) for name in ("requests_per_minute", "tokens_per_minute", "max_tokens", "max_time")),
        *(("max_retries", value) for value in (-1, 1.5, True, None)),
    ],
)
def test_limits_that_are_none(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name} takes "):
        Request(data=[], evaluators="exact_match", **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evaluators", "message"),
    [
        ([], "There are no evaluators to score with"),
        (["exact_match", "exact_match"], "Several evaluators have the name exact_match: give each its own"),
        (7, "int cannot score rows: it has no ascore, input_keys, evaluation_name, signature"),
    ],
)
def test_evaluators_that_cannot_be_used(evaluators: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Request(data=[], evaluators=evaluators).loaded()
