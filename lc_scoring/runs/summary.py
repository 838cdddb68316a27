"""Summary: what an evaluator made of a run's rows, in numbers: how many, the mean and how sure it is, what failed."""

from __future__ import annotations

import json
import math
import sqlite3
import statistics
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError
from lc_scoring.judges.pairwise import BOTH_ORDERS, swayed_by_position
from lc_scoring.records import Score, Usage
from lc_scoring.runs.outcomes import FAILURE, SCORE, Stored, as_json, error_of, restored
from lc_scoring.runs.score_interval import score_interval, span_of
from lc_scoring.runs.store import EvaluatorEntry
from lc_scoring.stats.aggregations import AGGREGATIONS, percentiles
from lc_scoring.stats.histogram import Bin, histogram
from lc_scoring.stats.intervals import Interval

MANY_FAILURES = 0.05
"""The share of failures above which a summary says so first."""

MISSING = "(missing)"
"""The label of rows that have none."""

PIECES = "(pieces)"
"""What the parts that are pieces of a row, such as its claims, are counted under together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSummary:
    """What a part that judges something of its own, such as a metric or a criterion, came to over the rows.

    Attributes:
        mean: of its ratings (scale units), or of its values where it has no ratings.
        interval: its 95 % interval, see `score_interval`; None with fewer than two.
        rows: how many rows it rests on.
    """

    mean: float
    interval: Interval | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an evaluator made of rows.

    Attributes:
        name: the evaluator's.
        signature: what made the scores.
        slice: which rows, by the value of a column; None for all.
        rows: how many outcomes there are.
        scored: how many of them are scores.
        not_applicable: how many the judge called not applicable.
        failures: how many failed, by the error's class, the most frequent first.
        examples: for each class of failure, the first one's row and message.
        mean: of the reported scores; None where there are none.
        interval: its 95 % interval, see `score_interval`; None with fewer than two.
        deviation: their standard deviation (n - 1); None with fewer than two.
        low: the least score, or None.
        high: the greatest score, or None.
        median: of the scores, or None.
        p10: below which a tenth of them lies, or None.
        p90: above which a tenth of them lies, or None.
        histogram: how they are spread.
        aggregations: those of `make_metric`.
        labels: how often each verdict was given.
        swayed: how many verdicts changed with the order of the texts.
        missing_parts: how often each sample or member of a jury gave no score where the others did; pieces of rows,
            such as claims, count together as `PIECES`.
        parts: what each metric or criterion came to that the scores are made of, in their order; pieces of rows,
            samples and members of a jury are none of these.
        disagreement: mean standard deviation within a row, over rows with parts; or None.
        usage: what it cost, with all attempts.
        seconds: median time of a row, from its first call on; or None.
        slices: the same for each slice, the largest first.
    """

    name: str
    signature: str
    slice: str | None
    rows: int
    scored: int
    not_applicable: int
    failures: Mapping[str, int]
    examples: Mapping[str, str]
    mean: float | None
    interval: Interval | None
    deviation: float | None
    low: float | None
    high: float | None
    median: float | None
    p10: float | None
    p90: float | None
    histogram: tuple[Bin, ...]
    aggregations: Mapping[str, float]
    labels: Mapping[str, int]
    swayed: int
    missing_parts: Mapping[str, int]
    parts: Mapping[str, PartSummary]
    disagreement: float | None
    usage: Usage
    seconds: float | None
    slices: tuple[Summary, ...] = ()

    @property
    def failed(self) -> int:
        """How many rows failed."""
        return sum(self.failures.values())

    @property
    def warning(self) -> str | None:
        """What must be said first: that so many rows failed that the mean may not stand for all; or None."""
        if self.failed <= MANY_FAILURES * self.rows:
            return None
        return f"{self.failed} of {self.rows} rows failed ({self.failed / self.rows:.0%}): the mean is over the others."


class _Tally:
    """The outcomes of one slice, as they are counted."""

    def __init__(self) -> None:
        self.rows = self.not_applicable = 0
        self.scores, self.seconds, self.spreads = array("d"), array("d"), array("d")
        self.clusters: list[str] = []
        self.failures, self.labels = Counter[str](), Counter[str]()
        self.usage = Usage()

    def add(self, outcome: Sequence[Any], cluster: str | None) -> None:
        state, kind, score, label, spread, calls, read, written, cost, seconds = outcome
        self.rows += 1
        if calls:
            self.usage += Usage(calls=calls, input_tokens=read, output_tokens=written, cost=cost)
        if seconds is not None:
            self.seconds.append(seconds)
        if state != SCORE:
            self.failures.update([kind] if state == FAILURE else [])
            self.not_applicable += state != FAILURE
            return
        self.scores.append(score)
        if cluster is not None:
            self.clusters.append(cluster)
        if label is not None:
            self.labels[label] += 1
        if spread is not None:
            self.spreads.append(spread)


class _Details(NamedTuple):
    """What is told of all rows together, and of no slice."""

    examples: Mapping[str, str]
    swayed: int
    missing_parts: Mapping[str, int]
    parts: Mapping[str, PartSummary]


def summarize(database: sqlite3.Connection, entry: EvaluatorEntry, *, by: str | None, cluster: str | None) -> Summary:
    """Sum up what an evaluator made of a run's rows; see `Run.summary`."""
    whole, tallies = _counted(database, entry, by=by, cluster=cluster)
    swayed, missing = _parts(database, entry)
    details = _Details(_examples(database, entry), swayed, missing, _part_means(database, entry))
    slices = [_summary(entry, tally, _Details({}, 0, {}, {}), slice_=name) for name, tally in tallies.items()]
    slices.sort(key=lambda one: (-one.rows, str(one.slice)))
    return _summary(entry, whole, details, slices=tuple(slices))


def _counted(
    database: sqlite3.Connection, entry: EvaluatorEntry, *, by: str | None, cluster: str | None
) -> tuple[_Tally, dict[str, _Tally]]:
    columns = {name: column for name, column in (("by", by), ("cluster", cluster)) if column is not None}
    taken = Columns.parse(columns)
    text, table = ('t."values"', "JOIN row_text t ON t.row = o.row") if columns else ("NULL", "")
    found = database.execute(
        f"SELECT {text}, o.state, o.kind, o.score, o.label, o.spread, o.calls, o.input_tokens, o.output_tokens, "  # noqa: S608
        f"o.cost, o.seconds FROM outcome o {table} WHERE o.evaluator = ? ORDER BY o.row",
        (entry.number,),
    )
    whole, tallies, seen = _Tally(), dict[str, _Tally](), set[str]()
    for values, *outcome in found:
        labels: dict[str, str] = {}
        if columns:
            row = json.loads(values)
            labels = {name: label_of(taken, row, name) for name in columns}
            seen.update(name for name, label in labels.items() if label != MISSING)
        if labels.get("cluster") == MISSING:
            labels["cluster"] = f"{MISSING} {whole.rows}"  # of which nothing is known stands by itself
        whole.add(outcome, labels.get("cluster"))
        if by is not None:
            tallies.setdefault(labels["by"], _Tally()).add(outcome, labels.get("cluster"))
    for name, column in columns.items():
        if whole.rows and name not in seen:
            raise ConfigError(f"No row has the column {column!r} to be told apart by.")
    return whole, tallies


def label_of(columns: Columns, row: Mapping[str, Any], name: str) -> str:
    """Return the label by which a row is told apart, or `MISSING`."""
    try:
        value = columns.take(row, name)
    except ConfigError:
        return MISSING
    return MISSING if is_missing(value) else value if isinstance(value, str) else as_json(value)


def _examples(database: sqlite3.Connection, entry: EvaluatorEntry) -> dict[str, str]:
    """Return for each class of failure the first one's row and message."""
    found = database.execute(
        "SELECT o.kind, r.id, r.line, hex(r.content), x.reasoning, x.details, min(o.row) FROM outcome o "
        "JOIN row r ON r.number = o.row JOIN outcome_text x ON x.evaluator = o.evaluator AND x.row = o.row "
        "WHERE o.evaluator = ? AND o.state = 'failure' GROUP BY o.kind",
        (entry.number,),
    )
    examples: dict[str, str] = {}
    for kind, row_id, line, content, message, details, _ in found:
        place = f"line {line}" if row_id.startswith(content.lower()) else row_id
        error = error_of({"kind": kind, "message": message, **(json.loads(details) if details else {})})
        examples[kind] = f"{place}: {error}"
    return examples


def _parts(database: sqlite3.Connection, entry: EvaluatorEntry) -> tuple[int, Counter[str]]:
    """Count verdicts that changed with the order, and parts that failed where the others did not."""
    found = database.execute(
        "SELECT o.state, o.kind, o.score, o.value, o.rating, o.label, o.spread, o.calls, o.input_tokens, "
        "o.output_tokens, o.cost, '', x.details FROM outcome o "
        "JOIN outcome_text x ON x.evaluator = o.evaluator AND x.row = o.row "
        "WHERE o.evaluator = ? AND o.state = 'score' AND o.detailed AND (instr(x.details, ?) OR instr(x.details, ?))",
        (entry.number, f'"basis":"{BOTH_ORDERS}"', '"failures":['),
    )
    swayed, missing = 0, Counter[str]()
    for held in found:
        score = restored(entry.name, entry.signature, Stored(*held), None)
        if isinstance(score, Score):
            swayed += swayed_by_position(score) is True
            of_pieces = any(part.text for part in score.parts)  # "claim 2" of another row is another claim
            missing.update(PIECES if of_pieces else failure.name for failure in score.failures)
    return swayed, missing


def _part_means(database: sqlite3.Connection, entry: EvaluatorEntry) -> dict[str, PartSummary]:
    """Sum up the parts that judge different things: a score of such parts has no spread."""
    found = database.execute(
        "SELECT json_extract(p.value, '$.name'), "
        "coalesce(json_extract(p.value, '$.rating'), json_extract(p.value, '$.value')) FROM outcome o "
        "JOIN outcome_text x ON x.evaluator = o.evaluator AND x.row = o.row, json_each(x.details, '$.parts') p "
        "WHERE o.evaluator = ? AND o.state = 'score' AND o.detailed AND o.spread IS NULL "
        "AND json_extract(p.value, '$.text') IS NULL ORDER BY o.row, p.key",
        (entry.number,),
    )
    numbers: dict[str, array[float]] = {}
    for name, number in found:
        numbers.setdefault(name, array("d")).append(number)
    return {
        name: PartSummary(mean=math.fsum(each) / len(each), interval=score_interval(each, span=None), rows=len(each))
        for name, each in numbers.items()
    }


def _summary(
    entry: EvaluatorEntry,
    tally: _Tally,
    details: _Details,
    *,
    slice_: str | None = None,
    slices: tuple[Summary, ...] = (),
) -> Summary:
    scores, span = tally.scores, span_of(entry.about)
    p10, median, p90 = percentiles(scores, (10, 50, 90)) if scores else (None, None, None)
    return Summary(
        name=entry.name,
        signature=entry.signature,
        slice=slice_,
        rows=tally.rows,
        scored=len(scores),
        not_applicable=tally.not_applicable,
        failures=dict(tally.failures.most_common()),
        examples=details.examples,
        mean=math.fsum(scores) / len(scores) if scores else None,
        interval=score_interval(scores, tally.clusters or None, span=span),
        deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        low=min(scores, default=None),
        high=max(scores, default=None),
        median=median,
        p10=p10,
        p90=p90,
        histogram=_histogram(scores, span),
        aggregations={name: AGGREGATIONS[name](scores) for name in entry.about.get("aggregations", ()) if scores},
        labels=dict(sorted(tally.labels.items())),
        swayed=details.swayed,
        missing_parts=details.missing_parts,
        parts=details.parts,
        disagreement=math.fsum(tally.spreads) / len(tally.spreads) if tally.spreads else None,
        usage=tally.usage,
        seconds=statistics.median(tally.seconds) if tally.seconds else None,
        slices=slices,
    )


def _histogram(scores: Sequence[float], span: tuple[float, float] | None) -> tuple[Bin, ...]:
    """Return the scores' histogram: over the scale where they are ratings on it, else over [0, 1] or what they span."""
    if not scores:
        return ()
    low, high = min(scores), max(scores)
    for bottom, top in (*([span] if span else []), (0.0, 1.0)):
        if bottom <= low and high <= top:
            return histogram(scores, bottom, top)
    return histogram(scores, low, high) if low < high else (Bin(low, high, len(scores)),)
