"""The summary of a run: each number against one worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.errors import ConfigError, ModelError, NotApplicable, ReplyError
from lc_scoring.judges.pairwise import BOTH_ORDERS
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import as_json, stored
from lc_scoring.runs.run import Run
from lc_scoring.runs.store import Done, Store
from lc_scoring.stats.intervals import share_interval
from lc_scoring.stats.mean_interval import mean_interval


class Maker:
    """Makes run files of given outcomes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(
        self,
        outcomes: Sequence[Score | Failure],
        *,
        rows: Sequence[dict[str, Any]] | None = None,
        ids: Sequence[str | None] | None = None,
        seconds: Sequence[float | None] | None = None,
        numbers: Sequence[float] | None = None,
        **about: Any,
    ) -> Run:
        with Store.open(self._path, goes_on=False) as store:
            store.begin({})
            number = store.enter("one", "s", about).number
            given = rows or [{"n": n} for n in range(len(outcomes))]
            new = [
                NewRow(ids[n] if ids else f"r{n}", n.to_bytes(8), n + 1, as_json(row), None)
                for n, row in enumerate(given)
            ]
            taken = store.take_up(new, [number])
            done = []
            for n, (row, one) in enumerate(zip(taken, outcomes, strict=True)):
                score = (numbers[n] if numbers else one.value) if isinstance(one, Score) else None
                took = seconds[n] if seconds else None
                done.append(Done(number, row.number, stored(one, score=score, signature="s"), took))
            if done:
                store.write([], done, {})
        return Run(self._path)


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "a.run.db")


def score(value: float, **more: Any) -> Score:
    return Score(name="one", value=value, signature="s", **more)


def failure(kind: type[Exception] = ModelError, message: str = "busy") -> Failure:
    error: Any = ReplyError(message, reply="Hm.") if kind is ReplyError else kind(message)
    return Failure(name="one", error=error)


def test_numbers_worked_out_by_hand(made: Maker) -> None:
    values = [0.1, 0.2, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9, 1.0, 0.3]
    usages = [Usage(calls=1, input_tokens=10, output_tokens=1, cost=0.01)] * 10
    outcomes = [score(value, usage=usage, spread=value / 10) for value, usage in zip(values, usages, strict=True)]
    (summary,) = made(outcomes, seconds=[float(n) for n in range(10)]).summary()
    assert (summary.name, summary.signature, summary.slice, summary.slices) == ("one", "s", None, ())
    assert (summary.rows, summary.scored, summary.failed, summary.not_applicable) == (10, 10, 0, 0)
    assert summary.mean == pytest.approx(0.5)
    assert summary.deviation == pytest.approx(math.sqrt(0.9 / 9))
    assert (summary.low, summary.high) == (0.1, 1.0)
    assert summary.median == pytest.approx(0.45)
    assert summary.p10 == pytest.approx(0.19)
    assert summary.p90 == pytest.approx(0.91)
    assert summary.interval == mean_interval(values)
    assert summary.disagreement == pytest.approx(0.05)
    assert summary.seconds == 4.5
    assert summary.usage.calls == 10
    assert summary.usage.cost == pytest.approx(0.1)
    assert sum(one.count for one in summary.histogram) == 10
    assert (summary.histogram[0].low, summary.histogram[-1].high) == (0.0, 1.0)
    assert summary.warning is None


def test_a_run_without_outcomes(made: Maker) -> None:
    run = made([])
    (summary,) = run.summary(by="topic")
    assert (summary.rows, summary.mean, summary.interval, summary.median, summary.histogram) == (
        0,
        None,
        None,
        None,
        (),
    )
    assert (summary.deviation, summary.low, summary.high, summary.seconds, summary.disagreement) == (None,) * 5
    assert (summary.aggregations, summary.warning, summary.usage) == ({}, None, Usage())
    assert run.scores() == []
    assert list(run.results()) == []
    assert "0 rows, one" in repr(run)


def test_one_score(made: Maker) -> None:
    (summary,) = made([score(0.5)], aggregations=["mean", "variance"]).summary()
    assert (summary.mean, summary.interval, summary.deviation, summary.median) == (0.5, None, None, 0.5)
    assert summary.aggregations == {"mean": 0.5, "variance": 0.0}


def test_equal_scores_are_one_bin(made: Maker) -> None:
    (summary,) = made([score(0.5)] * 3, numbers=[7.0] * 3).summary()
    ((low, high, count),) = [(one.low, one.high, one.count) for one in summary.histogram]
    assert (low, high, count) == (7.0, 7.0, 3)


def test_zeros_and_ones_have_wilson_s_interval(made: Maker) -> None:
    (summary,) = made([score(float(n < 3)) for n in range(10)]).summary()
    assert summary.mean == pytest.approx(0.3)
    assert summary.interval == share_interval(3, 10)
    assert summary.interval is not None
    assert (summary.interval.low, summary.interval.high) == (
        pytest.approx(0.1078, abs=1e-4),
        pytest.approx(0.6032, abs=1e-4),
    )


@pytest.mark.parametrize(
    ("numbers", "scale", "span"),
    [
        ([1.0, 10.0, 5.0], {"low": 1, "high": 10}, (1, 10)),
        ([0.1, 0.5, 0.2], {"low": 1, "high": 10}, (0, 1)),  # the values, not the ratings, are reported
        ([0.1, 0.5, 0.2], None, (0, 1)),
        ([-2.0, 3.0, 0.0], None, (-2, 3)),
    ],
)
def test_a_histogram_spans_what_the_scores_are_on(made: Maker, numbers: list[float], scale: Any, span: Any) -> None:
    about = {"scale": scale} if scale else {}
    (summary,) = made([score(0.5)] * 3, numbers=numbers, **about).summary()
    assert (summary.histogram[0].low, summary.histogram[-1].high) == span
    assert sum(one.count for one in summary.histogram) == 3


def test_failures_are_told_by_kind_the_most_frequent_first(made: Maker) -> None:
    outcomes = [
        *(score(0.5), failure(ReplyError, "No rating."), failure(), failure(ModelError, "later"), failure()),
        Failure(name="one", error=NotApplicable("Not so.")),
    ]
    ids = ["a", None, "c", "d", "e", "f"]
    (summary,) = made(outcomes, ids=ids).summary()
    assert list(summary.failures.items()) == [("ModelError", 3), ("ReplyError", 1)]
    assert (summary.scored, summary.not_applicable, summary.failed, summary.rows) == (1, 1, 4, 6)
    assert summary.examples == {
        "ModelError": "c: busy",
        "ReplyError": "line 2: No rating. The judge wrote: 'Hm.'",
    }
    assert summary.warning == "4 of 6 rows failed (67%): the mean is over the others."


@pytest.mark.parametrize(("failed", "rows", "warns"), [(1, 20, False), (2, 20, True), (1, 19, True), (0, 3, False)])
def test_more_than_five_percent_of_failures_are_warned_of(made: Maker, failed: int, rows: int, warns: bool) -> None:
    (summary,) = made([failure()] * failed + [score(0.5)] * (rows - failed)).summary()
    assert (summary.warning is not None) is warns


def test_slices_are_the_largest_first_and_without_a_value_one_too(made: Maker) -> None:
    topics: list[Any] = ["a", "b", "b", None, float("nan"), 3, "b", ["x"]]
    rows = [{"meta": {"topic": topic}} for topic in topics] + [{"meta": {}}]
    outcomes = [*(score(n / 10) for n in range(7)), failure(), score(0.9)]
    (summary,) = made(outcomes, rows=rows).summary(by="meta.topic")
    found = {one.slice: (one.rows, one.scored, one.mean) for one in summary.slices}
    assert [one.slice for one in summary.slices] == ["(missing)", "b", "3", '["x"]', "a"]
    assert found["b"] == (3, 3, pytest.approx((0.1 + 0.2 + 0.6) / 3))
    assert found["(missing)"] == (3, 3, pytest.approx((0.3 + 0.4 + 0.9) / 3))
    assert found['["x"]'] == (1, 0, None)
    assert summary.rows == 9
    with pytest.raises(ConfigError, match=r"No row has the column 'topics' to be told apart by"):
        Run(made._path).summary(by="topics")
    with pytest.raises(ConfigError, match="No row has the column 'documents'"):
        Run(made._path).summary(cluster="documents")


def test_clusters_widen_the_interval(made: Maker) -> None:
    values = [0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.5, 0.5]
    clusters = ["a", "a", "a", "b", "b", "b", "c", "c"]
    rows = [{"doc": cluster, "half": n % 2} for n, cluster in enumerate(clusters)]
    run = made([score(value) for value in values], rows=rows)
    (summary,) = run.summary(cluster="doc", by="half")
    assert summary.interval == mean_interval(values, clusters)
    assert summary.slices[0].interval == mean_interval(values[::2], clusters[::2])
    assert len(summary.slices) == 2


def test_zeros_and_ones_in_clusters_have_no_wilson_interval(made: Maker) -> None:
    values = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0]
    clusters = ["a", "a", "b", "b", "c", "c"]
    run = made([score(value) for value in values], rows=[{"doc": cluster} for cluster in clusters])
    assert run.summary(cluster="doc")[0].interval == mean_interval(values, clusters)


def test_labels_swayed_verdicts_and_missing_parts_are_counted(made: Maker) -> None:
    def both(first: str, second: str) -> Score:
        parts = tuple(score(0.5, label=label) for label in (first, second))
        return score(0.5, label=first, basis=BOTH_ORDERS, parts=parts)

    missing = Failure(name="gpt", error=ModelError("busy"))
    outcomes = [
        *(both("A", "B"), both("B", "B"), both("A", "B")),
        score(1.0, label="A", failures=(missing, missing)),
        score(1.0, parsed={"text": '"failures":['}),
    ]
    (summary,) = made(outcomes).summary()
    assert summary.labels == {"A": 3, "B": 1}
    assert summary.swayed == 2
    assert summary.missing_parts == {"gpt": 2}


def test_aggregations_are_those_of_the_metric(made: Maker) -> None:
    (summary,) = made([score(0.5)] * 4, numbers=[1, 2, 3, 4], aggregations=["variance", "p90", "mean"]).summary()
    assert summary.aggregations == {"variance": 1.25, "p90": pytest.approx(3.7), "mean": 2.5}


def test_costs_add_up_where_all_are_known(made: Maker) -> None:
    priced, free, unpriced = Usage(calls=1, cost=0.5), Usage(), Usage(calls=2, input_tokens=7)
    (summary,) = made([score(0.5, usage=priced), score(0.5, usage=free)]).summary()
    assert summary.usage == Usage(calls=1, cost=0.5)
    made._path.unlink()
    (summary,) = made([score(0.5, usage=priced), score(0.5, usage=unpriced)]).summary()
    assert summary.usage == Usage(calls=3, input_tokens=7, cost=None)
