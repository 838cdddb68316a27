"""assert_mean: a test fails unless a dataset shows, with the confidence wanted, that the mean is within bounds."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_scoring.errors import ConfigError
from lc_scoring.integrations.bounds import Bounds, shown
from lc_scoring.integrations.pytest_notes import Scored, open_notes
from lc_scoring.integrations.shown_text import one_line
from lc_scoring.records import Failure
from lc_scoring.registry import load_evaluator
from lc_scoring.runs.outcomes import FAILURE, NOT_APPLICABLE, SCORE, as_json, storable, stored
from lc_scoring.runs.pairing import clusters_of
from lc_scoring.runs.request import check_evaluator
from lc_scoring.runs.run import Run
from lc_scoring.runs.score_dataset import score_dataset
from lc_scoring.runs.score_interval import Span, score_interval, span_of
from lc_scoring.runs.scoring import about
from lc_scoring.stats.intervals import Interval

_EXAMPLE = 500  # characters of a failure in a message
_NONE = 1e-9  # a distance that is rounding alone


def assert_mean(
    data: Any,
    evaluator: Any = None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    confidence: float = 0.95,
    max_failed: float = 0.0,
    cluster: str | None = None,
    **options: Any,
) -> Interval:
    """Score a dataset, and fail unless its mean is within bounds with the confidence wanted.

    It is not the mean of these rows that is held against a bound, but what they tell about the mean of all such rows:
    with `at_least=7` the lower end of the one-sided interval at `confidence` has to be 7 or more. Too few rows
    therefore fail, and the message says how many would be enough.

    Rows that are scored for the assertion alone are noted for the session's table and run file. With `run=` they are
    kept in that run instead, as are those of a finished run.

    Args:
        data: rows, as `score_dataset` takes them, or a finished `Run`.
        evaluator: the evaluator that scores the rows, or its name; of a run, the one whose scores are meant, which
            may be left out where it has but one.
        at_least: the least mean that will do, in the units of the number that the evaluator reports.
        at_most: the greatest mean that will do.
        confidence: how often the mean of all such rows may be taken to be within the bound, in (0.5, 1).
        max_failed: the share of the rows that may fail, in [0, 1). Those the judge calls not applicable do not fail,
            and are in no mean.
        cluster: a column that rows of one source share, such as the document several questions are about.
        **options: what else `score_dataset` takes, such as `columns`, `target`, `max_cost`, `run` and `resume`.

    Returns:
        The mean, and both ends of the interval whose one end was held against the bound.

    Raises:
        AssertionError: the mean misses the bound, or too few rows were scored to tell; too many rows failed; or the
            run stopped before all was done.
        ConfigError: there is no bound, or one has no sense; or as `score_dataset` does.
        RunFileError: the run file cannot be written.

    Examples:
        >>> rows = [{"prediction": "Paris", "reference": city} for city in ["Paris"] * 28 + ["Rome"] * 2]
        >>> str(assert_mean(rows, "exact_match", at_least=0.8))
        '0.93 [0.82, 0.98]'
        >>> assert_mean(rows, "exact_match", at_least=0.9)
        Traceback (most recent call last):
        AssertionError: exact_match: the mean is 0.933333, but 30 rows are too few to be 95 % sure ...
    """
    __tracebackhide__ = True
    bounds = Bounds(at_least=at_least, at_most=at_most)
    _check(bounds, confidence, max_failed)
    if isinstance(data, Run):
        if options:
            raise ConfigError(f"{', '.join(sorted(options))}: a finished run is not scored, so it takes none of these.")
        name = evaluator if evaluator is None or isinstance(evaluator, str) else evaluator.evaluation_name
        rows = _rows_of(data, name, cluster)
    else:
        rows = _scored_rows(data, evaluator, bounds, cluster, options)
    bounds.check(rows.name, rows.span)
    interval, complaint = _judged(rows, bounds, confidence, max_failed)
    if complaint is not None or interval is None:
        raise AssertionError(f"{one_line(rows.name)}: {complaint}")
    return interval


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What is known of the rows.

    Attributes:
        name: the evaluator's.
        span: the ends of its scale, or None.
        scores: the numbers that it reported.
        clusters: for each what it belongs to; None where nobody asked.
        failed: how many rows have no score though they should.
        not_applicable: how many have none by right.
        example: the first failure.
        stopped: why not all was done, or None.
    """

    name: str
    span: Span | None
    scores: list[float]
    clusters: list[Hashable] | None
    failed: int
    not_applicable: int
    example: str
    stopped: str | None


def _check(bounds: Bounds, confidence: float, max_failed: float) -> None:
    if bounds.are_open:
        raise ConfigError("assert_mean needs at_least= or at_most=: without one nothing can fail.")
    if not isinstance(confidence, (int, float)) or not 0.5 < confidence < 1:  # noqa: PLR2004 - a toss of a coin
        raise ConfigError(f"confidence lies between 0.5 and 1, such as 0.95; got {confidence!r}.")
    if not isinstance(max_failed, (int, float)) or not 0 <= max_failed < 1:
        raise ConfigError(f"max_failed is a share of the rows, from 0 to below 1; got {max_failed!r}.")


def _scored_rows(data: Any, evaluator: Any, bounds: Bounds, cluster: str | None, options: dict[str, Any]) -> _Rows:
    """Score rows, in a run of their own where none is named."""
    if evaluator is None or isinstance(evaluator, (list, tuple)):
        raise ConfigError("assert_mean takes rows and one evaluator, or the name of one.")
    evaluator = load_evaluator(evaluator) if isinstance(evaluator, str) else evaluator
    check_evaluator(evaluator)
    name = str(evaluator.evaluation_name)
    bounds.check(name, span_of(about(evaluator)))  # before it is paid for
    if options.get("run") is not None:
        return _rows_of(score_dataset(data, evaluator, **options), name, cluster)
    with tempfile.TemporaryDirectory(prefix="lc_scoring-", ignore_cleanup_errors=True) as folder:
        options["run"] = Path(folder, "rows.run.db")
        run = score_dataset(data, evaluator, **options)
        _note(run)
        return _rows_of(run, name, cluster)


def _note(run: Run) -> None:
    """Note what came of the rows, where a session is there to show it."""
    opened = open_notes()
    if opened is None:
        return
    notes, test = opened
    (entry,) = run.evaluators
    for result in run.results():
        made = {} if result.prediction is None else {"prediction": result.prediction}
        notes.add(
            Scored(
                id=storable(notes.place(test, result.id)),
                test=storable(test),
                name=entry.name,
                signature=entry.signature,
                about=entry.about,
                values=as_json({**result.values, **made, "test": test}),
                outcome=stored(result.outcome, score=result.score, signature=entry.signature),
                seconds=result.seconds,
            )
        )


def _rows_of(run: Run, name: str | None, cluster: str | None) -> _Rows:
    counts = run.counts(name)
    entry = next(one for one in run.evaluators if name in (None, one.name))
    lacking = run.rows - sum(counts.values())
    failure = next(run.results(entry.name, failed=True), None)
    example = f"{lacking} have no outcome" if lacking else ""
    if failure is not None and isinstance(failure.outcome, Failure):
        error = failure.outcome.error
        example = one_line(f"{failure.id}: {type(error).__name__}: {error}", _EXAMPLE)
    clusters = None
    if cluster is not None:
        scored = [one.id for one in run.reported(entry.name) if one.state == SCORE]
        clusters = clusters_of(run, cluster, scored)
    return _Rows(
        name=entry.name,
        span=span_of(entry.about),
        scores=run.scores(entry.name),
        clusters=clusters,
        failed=counts[FAILURE] + lacking,
        not_applicable=counts[NOT_APPLICABLE],
        example=example,
        stopped=run.stopped,
    )


def _judged(rows: _Rows, bounds: Bounds, confidence: float, max_failed: float) -> tuple[Interval | None, str | None]:
    """Return the mean with its interval, and what is wrong with it or None."""
    count = len(rows.scores)
    if rows.stopped is not None:
        return None, f"the run stopped before all was done: {one_line(rows.stopped, _EXAMPLE)}."
    total = count + rows.failed + rows.not_applicable
    apart = f", and {rows.not_applicable} more were not applicable" if rows.not_applicable else ""
    if rows.failed > max_failed * total:
        share = f"{rows.failed} of {total} rows ({rows.failed / total:.0%}) failed"
        allowed = f"max_failed={shown(max_failed)} allows for fewer"
        return None, f"{share}; {allowed}. The mean of the other {count} would not stand for them. {rows.example}"
    interval = score_interval(rows.scores, rows.clusters, span=rows.span, level=2 * confidence - 1)
    if interval is None:
        groups = "" if rows.clusters is None or count < 2 else ", all of one source"  # noqa: PLR2004 - a mean
        were = "row was" if count == 1 else "rows were"
        return None, f"{count} {were} scored{groups}{apart}: fewer than two tell nothing about the mean of others."
    return interval, _missed(interval, bounds, confidence, apart)


def _missed(interval: Interval, bounds: Bounds, confidence: float, apart: str) -> str | None:
    """Return which bound the mean misses, or is not shown to keep; None where all is well."""
    mean, count = shown(interval.value), interval.count
    sure = f"{100 * confidence:.6g} % sure"
    far = bounds.missed(interval.value)
    if far is not None:
        ends = f"{shown(interval.low)} to {shown(interval.high)}"
        return f"the mean is {mean}, wanted {far} (n = {count}{apart}; {sure} of either end of {ends})."
    for end, word in ((interval.low, "low"), (interval.high, "high")):
        bound = bounds.at_least if word == "low" else bounds.at_most
        missed = bounds.missed(end)
        if bound is None or missed is None:
            continue
        return (
            f"the mean is {mean}, but {count} rows are too few to be {sure} that it is {missed}: it may be as {word} "
            f"as {shown(end)}{apart}. {_enough(interval, bound, end)}"
        )
    return None


def _enough(interval: Interval, bound: float, end: float) -> str:
    """Tell how many rows would do: the interval shrinks with the root of their number."""
    distance = abs(interval.value - bound)
    if distance <= _NONE * max(1.0, abs(bound)):
        return "No number of rows shows it while the mean stands at the bound itself."
    rows = max(interval.count + 1, math.ceil(interval.count * ((interval.value - end) / distance) ** 2))
    return f"About {rows:,} rows of the kind would be enough."
