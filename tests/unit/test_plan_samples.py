"""Planning samples: what a few repeats tell of more, for judges whose noise is known."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lc_scoring import ConfigError, Score, load_evaluator
from lc_scoring.runs.plan_samples import SIZES, plan_samples

BASIS = "mean of 3 samples"


def score(*ratings: float) -> Score:
    parts = tuple(Score(name="s", value=0, rating=rating) for rating in ratings)
    return Score(name="s", value=0, parts=parts, basis=BASIS)


def noisy(spread: float, *, seed: int = 3) -> Callable[[Any], str]:
    """A judge that knows the truth, the number that a text is, and misses it by as much as it is told."""
    draw, lock = random.Random(seed), threading.Lock()  # noqa: S311 - statistics, no secret

    def judge(messages: Any) -> str:
        truth = float(str(messages[-1].text).partition("<sample_prediction>\n")[2].partition("\n")[0])
        with lock:
            rating = truth + draw.gauss(0, spread)
        return f"Rating: [[{min(max(rating, 0), 100):.3f}]]"

    return judge


def rows(count: int, spread: float) -> list[dict[str, str]]:
    draw = random.Random(9)  # noqa: S311 - statistics, no secret
    return [{"input": "?", "prediction": f"{50 + draw.gauss(0, spread):.3f}"} for _ in range(count)]


def test_it_finds_the_reliability_that_a_judge_was_made_with() -> None:
    evaluator = load_evaluator("score_string", llm=noisy(6), scale=(0, 100), samples=4)
    plan = plan_samples([evaluator.score(row) for row in rows(120, spread=8)])
    assert (plan.rows, plan.repeats, plan.icc.count) == (120, 480, 120)
    assert plan.icc.value == pytest.approx(64 / 100, abs=0.08)
    assert plan.icc.low < 0.64 < plan.icc.high
    five = next(step for step in plan.steps if step.samples == 5)
    assert five.reliability == pytest.approx(5 * 0.64 / (1 + 4 * 0.64), abs=0.05)
    assert five.gain == pytest.approx(math.sqrt(five.reliability / plan.icc.value))


def test_a_judge_that_never_wavers_gains_nothing() -> None:
    plan = plan_samples([score(1, 1, 1), score(5, 5, 5), score(3, 3, 3)])
    assert plan.icc.value == 1
    assert all((step.reliability, step.gain, step.gain_low, step.gain_high) == (1, 1, 1, 1) for step in plan.steps)


def test_a_judge_that_guesses_gains_by_the_root_of_the_number_of_samples() -> None:
    plan = plan_samples([score(1, 9), score(9, 1), score(1, 9), score(9, 1)])
    assert plan.icc.value == pytest.approx(-1)
    for step in plan.steps:
        assert (step.reliability, step.gain) == (0, pytest.approx(math.sqrt(step.samples)))


def test_the_steps_go_up_and_their_intervals_hold_them() -> None:
    plan = plan_samples([score(7, 8, 7), score(3, 5, 4), score(9, 9, 8), score(6, 4, 5), score(2, 6, 3)])
    assert tuple(step.samples for step in plan.steps) == SIZES
    assert (plan.steps[0].gain, plan.steps[0].reliability) == (1, pytest.approx(plan.icc.value))
    for before, after in zip(plan.steps, plan.steps[1:], strict=False):
        assert before.reliability < after.reliability < 1
        assert before.gain < after.gain
        assert after.gain_low <= after.gain <= after.gain_high


def test_rows_with_one_readable_repeat_are_left_out() -> None:
    whole = plan_samples([score(7, 8, 7), score(3, 5), score(9, 9, 8)])
    assert plan_samples(iter([score(7, 8, 7), score(1), score(3, 5), score(), score(9, 9, 8)])) == whole
    assert (whole.rows, whole.repeats) == (3, 8)


def test_verdicts_count_by_their_values() -> None:
    def verdict(*values: float) -> Score:
        parts = tuple(Score(name="v", value=value, label="Y") for value in values)
        return Score(name="v", value=0, parts=parts, basis=BASIS)

    plan = plan_samples([verdict(1, 1, 1), verdict(0, 0, 0), verdict(1, 0, 1), verdict(0, 0, 1)])
    assert plan == plan_samples([score(1, 1, 1), score(0, 0, 0), score(1, 0, 1), score(0, 0, 1)])


@pytest.mark.parametrize(
    ("scores", "rows"),
    [
        pytest.param([], 0, id="no rows"),
        pytest.param([score(1, 2)], 1, id="one row"),
        pytest.param([score(1), score(2), score(3)], 0, id="no repeats"),
        pytest.param([Score(name="s", value=1, basis=BASIS)] * 9, 0, id="no parts"),
        pytest.param([score(4, 4)] * 9, 9, id="all equal"),
    ],
)
def test_where_nothing_can_be_told_it_says_so(scores: list[Score], rows: int) -> None:
    with pytest.raises(ConfigError, match=f"Nothing can be told of {rows} rows with repeats"):
        plan_samples(scores)


def by_criterion(messages: Any) -> str:
    """Never waver: depth is the number the text is, detail its opposite."""
    text = str(messages[-1].text)
    number = int(text.partition("<sample_prediction>\n")[2].partition("\n")[0])
    return f"Rating: [[{number if 'depth' in text else 11 - number}]]"


def refused(scores: list[Score]) -> None:
    with pytest.raises(ConfigError, match="Scores of samples are needed"):
        plan_samples(scores)


def test_criteria_are_no_repeats() -> None:
    given: dict[str, Any] = {"criteria": ["depth", "detail"], "per_criterion": True, "samples": 3}
    evaluator = load_evaluator("score_string", llm=by_criterion, **given)
    refused([evaluator.score({"input": "?", "prediction": str(n)}) for n in (1, 4, 6, 9)])


def test_members_of_a_jury_are_no_repeats() -> None:
    def strict(messages: Any) -> str:
        return "[[1]]" if "\n1\n" in str(messages[-1].text) else "[[3]]"

    def mild(messages: Any) -> str:
        return "[[8]]" if "\n1\n" in str(messages[-1].text) else "[[10]]"

    evaluator = load_evaluator("score_string", llm=[strict, mild], samples=3)
    refused([evaluator.score({"input": "?", "prediction": text}) for text in ("1", "2", "1", "2")])


def test_the_orders_of_a_comparison_are_no_repeats() -> None:
    evaluator = load_evaluator("pairwise_string", llm=lambda _: "Verdict: [[A]]")
    scores = [evaluator.score({"input": "?", "prediction": "a", "prediction_b": "b"}) for _ in range(5)]
    refused(scores)


@pytest.mark.parametrize("basis", ["", "rating", "mean of 3 criteria"])
def test_one_score_of_something_else_among_the_others_is_refused(basis: str) -> None:
    refused([score(1, 2), score(3, 4), replace(score(5, 6), basis=basis)])
