"""Why the rows of a run have their scores: each row's parts as a list, the lowest rows first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from lc_scoring.cli.summary import console, printable
from lc_scoring.data.columns import Columns
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.records import Failure, Score
from lc_scoring.runs.outcomes import FAILURE, NOT_APPLICABLE, SCORE
from lc_scoring.runs.pieces import lowest_parts, part_number, pieces, summed_up, verdict
from lc_scoring.runs.run import Result, Run
from lc_scoring.runs.target import with_output
from lc_scoring.scale import number_text

_ROWS, _OTHERS = 10, 5  # scored rows of an evaluator; rows that failed, and as many that it does not apply to
_PARTS, _CONTEXTS, _SOURCES = 12, 5, 20  # of a score, and of each of its parts; of a row; of a part
_NAME, _TEXT, _REASON, _GLIMPSE = 120, 300, 500, 140  # characters
_STEP = 2  # columns that each level stands further in
_NARROWEST = 20


class _Entry(NamedTuple):
    """A line of the list, which goes on below itself where it is too long."""

    level: int
    mark: str
    text: str
    style: str = ""


_MARKS = {"✓": "green", "✗": "red", "~": "yellow", "!": "red", "·": "dim"}


def explain_run(run: Run, evaluators: Sequence[str] | None = None) -> None:
    """Print why rows have their scores: of each evaluator the lowest rows, then some that have none.

    The run is read row by row, and no more rows are held than are shown.

    Args:
        run: any run.
        evaluators: the names of those to tell of; None for all.
    """
    out = console()
    contexts = _contexts_of(run)
    for name in evaluators or [entry.name for entry in run.evaluators]:
        for entry in _evaluator(run, name, contexts):
            _print(out, entry)


def _evaluator(run: Run, name: str, contexts: Columns) -> Iterator[_Entry]:
    counts = run.counts(name)
    yield _Entry(0, "", "")
    yield _Entry(0, "", f"{_line(name, _NAME)}: {_chosen(counts[SCORE])}", "bold underline")
    for result in nsmallest(_ROWS, _scored(run, name), key=_value):
        yield from _row(result, contexts)
    if counts[FAILURE]:
        yield from _others(run.results(name, failed=True), counts[FAILURE], "failed")
    if counts[NOT_APPLICABLE]:
        skipped = (one for one in run.results(name, failed=False) if not isinstance(one.outcome, Score))
        yield from _others(skipped, counts[NOT_APPLICABLE], "not applicable")


def _chosen(scored: int) -> str:
    if scored > _ROWS:
        return f"the {_ROWS} lowest of {scored:,} scored rows"
    return f"{scored} scored rows, the lowest first" if scored > 1 else f"{scored or 'no'} scored row"


def _scored(run: Run, name: str) -> Iterator[Result]:
    return (result for result in run.results(name, failed=False) if isinstance(result.outcome, Score))


def _value(result: Result) -> float:
    return result.outcome.value if isinstance(result.outcome, Score) else 0.0


def _row(result: Result, contexts: Columns) -> Iterator[_Entry]:
    score = result.outcome
    if not isinstance(score, Score):
        return
    reported = result.score if result.score is not None else part_number(score)
    yield _Entry(0, "", "")
    yield _Entry(0, "", f"{_place(result)}: {_found(score, reported)}", "bold")
    if why := _line(summed_up(score), _REASON):
        yield _Entry(1, "", why)
    yield from _parts(score, 1)
    values = result.values
    if result.prediction is not None:
        values = with_output(values, result.prediction, contexts)
    yield from _cited(score, values, contexts)


def _parts(score: Score, level: int) -> Iterator[_Entry]:
    shown = lowest_parts(score.parts, _PARTS)
    for part in shown:
        yield from _part(part, level)
    if len(score.parts) > len(shown):
        yield _Entry(level, "", f"and {len(score.parts) - len(shown):,} more, none of them lower", "dim")
    for failure in score.failures[:_PARTS]:
        state = "not applicable" if isinstance(failure.error, NotApplicable) else "no score"
        yield _Entry(level, "!", f"{_line(failure.name, _NAME)}: {state}")
        yield _Entry(level + 1, "", _error(failure), "dim")
    if len(score.failures) > _PARTS:
        yield _Entry(level, "", f"and {len(score.failures) - _PARTS:,} more without a score", "dim")


def _part(part: Score, level: int) -> Iterator[_Entry]:
    name, found = _line(part.name, _NAME), _found(part, part_number(part))
    reason = _line(summed_up(part), _REASON)
    mark = "" if part.parts and not part.text else _mark(part.value)
    if part.text:
        yield _Entry(level, mark, f"{name}: {_line(part.text, _TEXT)}")
        yield _Entry(level + 1, "", f"{found}: {reason}" if reason else found, "dim")
    else:
        yield _Entry(level, mark, f"{name}: {found}")
        if reason:
            yield _Entry(level + 1, "", reason, "dim")
    yield from _parts(part, level + 1)


def _cited(score: Score, values: Mapping[str, Any], contexts: Columns) -> Iterator[_Entry]:
    """Yield the beginnings of the contexts that the parts rest on, as far as the row has them."""
    numbers = sorted({number for one in (score, *(piece for _, piece in pieces(score))) for number in one.sources})
    try:
        texts = contexts.fields(values, (), ("contexts",)).get("contexts", ()) if numbers else ()
    except ConfigError:  # the judge was given something that this row's columns alone do not tell
        return
    for number in [number for number in numbers if 0 < number <= len(texts)][:_CONTEXTS]:
        yield _Entry(1, "·", f"context {number}: {_line(texts[number - 1], _GLIMPSE)}", "dim")


def _others(results: Iterator[Result], count: int, what: str) -> Iterator[_Entry]:
    for result in islice(results, min(count, _OTHERS)):
        yield _Entry(0, "", "")
        yield _Entry(0, "", f"{_place(result)}: {what}", "bold")
        if isinstance(result.outcome, Failure):
            yield _Entry(1, "", _error(result.outcome))
    if count > _OTHERS:
        yield _Entry(0, "", "")
        yield _Entry(0, "", f"and {count - _OTHERS:,} more: {what}", "dim")


def _error(failure: Failure) -> str:
    error = failure.error
    if isinstance(error, NotApplicable):
        return _line(f"{error.state}: {error.reasoning}" if error.state else error.reasoning, _REASON)
    return _line(f"{type(error).__name__}: {error}", _REASON)


def _place(result: Result) -> str:
    """Name a row by its id and its line, for an id that nobody gave is a digest that nobody knows."""
    return f"{_line(result.id, _NAME)} (line {result.line})"


def _mark(value: float) -> str:
    return "✓" if value >= 1 else "✗" if value <= 0 else "~"


def _found(score: Score, number: float) -> str:
    """Return the verdict in a line; only the label is cut, which may be as long as it likes."""
    return verdict(_line(score.label or "", _NAME), number_text(round(number, 2)), score.sources[:_SOURCES])


def _line(text: str, most: int) -> str:
    """Return the beginning of a text without breaks and gaps: with them it could look like a line of ours."""
    kept = " ".join(printable(text[:most]).split())
    return kept if len(text) <= most else f"{kept}…"


def _contexts_of(run: Run) -> Columns:
    told = run.about("columns")
    columns = {str(field): str(column) for field, column in told.items()} if isinstance(told, dict) else {}
    return Columns.parse({}, columns)


def _print(out: Console, entry: _Entry) -> None:
    """Print a line with what it goes on with below it further in, so that no text stands where ours begin."""
    before = entry.level * _STEP
    further = before + (_STEP if entry.mark or not entry.level else 0)
    text = Text(entry.text, style=entry.style, overflow="fold")
    lines = list(text.wrap(out, max(_NARROWEST, out.width - further)))
    for number, line in enumerate(lines or [Text()]):
        line.rstrip()
        begin = Text(" " * (further if number else before))
        if entry.mark and not number:
            begin.append(f"{entry.mark} ", style=_MARKS[entry.mark])
        out.print(begin + line, overflow="ignore", crop=False, no_wrap=True)
