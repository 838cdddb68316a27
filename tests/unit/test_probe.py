"""The probe: for judges with one built-in flaw each, the report finds that one and no other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_core.prompts import PromptTemplate

from lc_scoring import ConfigError, StringEvaluator, load_evaluator, make_metric
from lc_scoring.runs.probe import ProbeReport, probe
from lc_scoring.stats.intervals import Interval
from lc_scoring.template import load_form, load_prompt

PADDING = len("\n\n" + load_form("probe")[1]["padding"])
ROWS = [{"input": "?", "prediction": "x" * (10 * n)} for n in range(1, 13)]
PAIRS = [{**row, "prediction_b": "y" * 55} for row in ROWS]
NOISE = ("flip rate", "spread", "change between repeats")
CHANGES = ("criteria reordered", "other wording", "padded text", "length bias")

Judge = Callable[[Any], str]


def section(messages: Any, tag: str = "sample_prediction") -> str:
    return str(messages[-1].text).partition(f"<{tag}>\n")[2].partition(f"\n</{tag}>")[0]


def found(report: ProbeReport) -> Mapping[str, float]:
    """What was measured, by its name."""
    assert len({measure.name for measure in report.measures}) == len(report.measures)
    assert all(measure.meaning for measure in report.measures)
    return {measure.name: measure.interval.value for measure in report.measures if measure.interval is not None}


def interval(report: ProbeReport, name: str) -> Interval | None:
    return next(measure.interval for measure in report.measures if measure.name == name)


def rater(judge: Judge | list[Judge], **given: Any) -> Any:
    return load_evaluator("score_string", llm=judge, **{"criteria": ["depth", "detail"], "scale": (0, 100), **given})


# Judges.


def steady(messages: Any) -> str:
    """Rate the text by its first letters alone, which nothing that a probe does will change."""
    return f"Rating: [[{len(section(messages)[:60].strip().partition(chr(10))[0])}]]"


def by_length(messages: Any) -> str:
    return f"Rating: [[{len(section(messages)) / 10}]]"


def against_length(messages: Any) -> str:
    return f"Rating: [[{max(0, 100 - len(section(messages)) / 10)}]]"


def by_order_of_criteria(messages: Any) -> str:
    return f"Rating: [[{70 if section(messages, 'rubric').startswith('depth') else 40}]]"


def by_wording(messages: Any) -> str:
    first = load_prompt("score_string").reasons
    return f"Rating: [[{50 if first in str(messages[-1].text) else 58}]]"


def noisy(spread: float) -> Judge:
    draw, lock = random.Random(5), threading.Lock()  # noqa: S311 - statistics, no secret

    def judge(messages: Any) -> str:
        with lock:
            return f"Rating: [[{min(max(draw.gauss(50, spread), 0), 100):.4f}]]"

    return judge


# What is found.


async def test_of_a_steady_judge_nothing_is_found() -> None:
    report = await probe(rater(steady), ROWS)
    assert found(report) == dict.fromkeys([*NOISE, *CHANGES], 0)
    assert (report.rows, report.failures) == (12, {})
    assert interval(report, "spread") == Interval(0, 0, 0, 12)
    assert [measure.name for measure in report.measures][:3] == list(NOISE), "the noise stands first"


@pytest.mark.parametrize(
    ("judge", "expected"),
    [
        (by_length, {"padded text": PADDING / 10, "length bias": PADDING / 10}),
        (against_length, {"padded text": PADDING / 10, "length bias": -PADDING / 10}),
        (by_order_of_criteria, {"criteria reordered": 30}),
        (by_wording, {"other wording": 8}),
    ],
)
async def test_a_flaw_is_found_and_no_other(judge: Judge, expected: dict[str, float]) -> None:
    report = await probe(rater(judge), ROWS)
    none = dict.fromkeys([*NOISE, *CHANGES], 0)
    assert found(report) == pytest.approx({**none, **expected})
    for name, value in expected.items():
        assert interval(report, name) == Interval(*[pytest.approx(value)] * 3, 12)  # type: ignore[list-item]


async def test_noise_is_measured_and_is_no_flaw_of_another_kind() -> None:
    """The mean size of the difference of two is 2 / sqrt(pi) standard deviations."""
    report = await probe(rater(noisy(5)), ROWS * 12, repeats=4)
    measured = found(report)
    assert measured["flip rate"] == 1
    assert measured["spread"] == pytest.approx(5, rel=0.15)
    assert measured["change between repeats"] == pytest.approx(5 * 1.1284, rel=0.2)
    for name in ("criteria reordered", "other wording", "padded text"):
        assert measured[name] == pytest.approx(measured["change between repeats"], rel=0.35)
    bias = interval(report, "length bias")
    assert bias is not None
    assert bias.low < 0 < bias.high


async def test_flips_are_counted_by_row() -> None:
    """Texts of up to 30 letters get ratings in turn: 3 rows of 12."""
    seen: dict[str, int] = {}

    def judge(messages: Any) -> str:
        text = section(messages)
        seen[text] = seen.get(text, 0) + 1
        return f"Rating: [[{10 * seen[text] if len(text) <= 30 else 10}]]"

    report = await probe(rater(judge, criteria="depth"), ROWS, repeats=2, max_concurrency=1)
    flips = interval(report, "flip rate")
    assert flips is not None
    assert (flips.value, flips.count) == (0.25, 12)
    assert found(report)["change between repeats"] == pytest.approx(10 * 3 / 12)
    assert found(report)["spread"] == pytest.approx(10 / 2**0.5 * 3 / 12)


async def test_every_row_is_asked_about_in_every_way_and_as_often_as_told() -> None:
    lock, asked = threading.Lock(), list[str]()

    def judge(messages: Any) -> str:
        with lock:
            asked.append(str(messages[-1].text))
        return "[[7]]"

    await probe(rater(judge), ROWS[:2], repeats=5)
    assert len(asked) == 2 * (5 + 3)
    padding = load_form("probe")[1]["padding"].strip()
    assert sum(padding in text for text in asked) == 2
    assert len(set(asked)) == 2 * 4
    asked.clear()
    await probe(rater(judge, criteria="depth"), ROWS[:2], repeats=2)
    assert len(asked) == 2 * (2 + 2), "one criterion has no other order"


async def test_the_evaluator_and_the_rows_are_left_as_they_were() -> None:
    evaluator, rows = rater(steady), [dict(row) for row in ROWS]
    before = evaluator.signature
    await probe(evaluator, iter(rows))
    assert (evaluator.signature, rows) == (before, ROWS)


async def test_failures_are_counted_by_the_way_of_asking_and_have_no_number() -> None:
    def judge(messages: Any) -> str:
        text = section(messages)
        if text.startswith("dead"):
            raise OSError("no network")
        return "Hm." if len(text) > PADDING else "[[7]]"

    rows = [*ROWS[:3], {"input": "?", "prediction": "dead"}]
    report = await probe(rater(judge, repair=0, criteria="depth"), rows)
    counted = {way: [failure.sample_id for failure in each] for way, each in report.failures.items()}
    assert {way: sorted(str(one) for one in each) for way, each in counted.items()} == {
        "again": ["row 4"] * 3,
        "paraphrased": ["row 4"],
        "padded": ["row 1", "row 2", "row 3", "row 4"],
    }
    assert report.rows == 4
    assert (flips := interval(report, "flip rate")) is not None
    assert flips.count == 3
    assert interval(report, "length bias") is None
    assert "padded text" not in {measure.name for measure in report.measures}


async def test_where_all_fail_there_are_failures_and_no_numbers() -> None:
    def judge(messages: Any) -> str:
        raise OSError("no network")

    report = await probe(rater(judge), ROWS[:2])
    assert found(report) == {}
    assert sum(map(len, report.failures.values())) == 2 * (3 + 3)


async def test_a_row_that_lacks_a_field_is_a_failure_of_its_own() -> None:
    report = await probe(rater(steady), [*ROWS[:3], {"input": "?"}])
    assert report.rows == 4
    assert {failure.sample_id for each in report.failures.values() for failure in each} <= {"row 4"}
    assert (flips := interval(report, "flip rate")) is not None
    assert flips.count == 3


async def test_one_row_tells_too_little_for_a_mean() -> None:
    report = await probe(rater(steady), ROWS[:1])
    assert interval(report, "spread") is None
    assert interval(report, "flip rate") == Interval(0, 0, pytest.approx(0.7935, abs=1e-4), 1)  # type: ignore[arg-type]


# Pairs, verdicts and metrics.


def pairs(judge: Judge, **given: Any) -> Any:
    return load_evaluator("pairwise_string", llm=judge, criteria="depth", **given)


def longer(messages: Any) -> str:
    a, b = len(section(messages)), len(section(messages, "sample_prediction_b"))
    return f"Verdict: [[{'A' if a > b else 'B'}]]"


@pytest.mark.parametrize(("place", "bias"), [("A", 1), ("B", -1), ("C", 0)])
async def test_a_judge_that_prefers_a_place_is_found(place: str, bias: int) -> None:
    measured = found(await probe(pairs(lambda _: f"Verdict: [[{place}]]"), PAIRS))
    assert measured["position bias"] == bias
    assert measured["position flips"] == abs(bias)
    assert [measured[name] for name in (*NOISE, "padded text", "length bias")] == [0] * 5


async def test_a_judge_that_prefers_the_longer_text_prefers_no_place() -> None:
    measured = found(await probe(pairs(longer), PAIRS))
    assert (measured["position bias"], measured["position flips"]) == (0, 0)
    assert measured["length bias"] == measured["padded text"] == pytest.approx(5 / 12)


async def test_pairs_asked_in_one_order_tell_nothing_of_places() -> None:
    measured = found(await probe(pairs(longer, both_orders=False), PAIRS))
    assert "position bias" not in measured
    assert "position flips" not in measured


async def test_verdicts_are_measured_in_0_to_1() -> None:
    def judge(messages: Any) -> str:
        return f"Verdict: [[{'Y' if len(section(messages)) > 100 else 'N'}]]"

    measured = found(await probe(load_evaluator("criteria", llm=judge, criteria="depth"), ROWS))
    assert measured["length bias"] == pytest.approx(10 / 12)
    assert measured["flip rate"] == 0


async def test_a_metric_of_ones_own_is_probed_with_its_columns() -> None:
    metric = make_metric("clarity", "Is it clear?", llm=by_length, scale=(0, 100), grading_columns=["source"])
    measured = found(await probe(metric, [{**row, "source": "a book"} for row in ROWS]))
    assert measured["length bias"] == pytest.approx(PADDING / 10)
    assert "other wording" not in measured


async def test_a_prompt_of_ones_own_has_no_other_wording() -> None:
    own = PromptTemplate.from_template("{criteria} {input}\n<sample_prediction>\n{prediction}\n</sample_prediction>")
    assert "other wording" not in found(await probe(rater(by_length, prompt=own), ROWS[:3]))


async def test_a_jury_and_samples_are_probed_as_one_judge() -> None:
    measured = found(await probe(rater([by_length, steady], samples=2), ROWS))
    assert measured["length bias"] == pytest.approx(PADDING / 20)


async def test_ratings_of_each_criterion_are_probed_by_their_mean() -> None:
    measured = found(await probe(rater(by_length, per_criterion=True), ROWS))
    assert measured["length bias"] == pytest.approx(PADDING / 10)
    assert measured["criteria reordered"] == 0


# What is refused.


class Own(StringEvaluator):
    def _evaluate_strings(self, *, prediction: str, **kwargs: Any) -> dict[str, float]:
        return {"score": 1.0}


@pytest.mark.parametrize("make", [lambda: load_evaluator("exact_match"), lambda: load_evaluator("json_validity"), Own])
async def test_an_evaluator_that_asks_no_judge_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigError, match="asks no judge"):
        await probe(make(), ROWS)


@pytest.mark.parametrize("repeats", [1, 0, -1])
async def test_one_answer_cannot_differ_from_itself(repeats: int) -> None:
    with pytest.raises(ConfigError, match="repeats must be 2 or more"):
        await probe(rater(steady), ROWS, repeats=repeats)


async def test_without_rows_or_workers_there_is_nothing_to_probe_with() -> None:
    with pytest.raises(ConfigError, match="no rows"):
        await probe(rater(steady), [])
    with pytest.raises(ConfigError, match="max_concurrency"):
        await probe(rater(steady), ROWS, max_concurrency=0)
