"""The summary of a run as a table: what was read, how it is spread, what failed, what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lc_scoring.errors import ConfigError
from lc_scoring.records import Usage
from lc_scoring.runs.run import Run
from lc_scoring.runs.summary import Summary
from lc_scoring.scale import number_text
from lc_scoring.stats.histogram import bars

_SLICES = 20  # shown; the largest come first
_EXPORTS = {".jsonl": Run.to_jsonl, ".ndjson": Run.to_jsonl, ".csv": Run.to_csv, ".parquet": Run.to_parquet}


def print_summary(
    run: Run,
    *,
    title: str,
    evaluators: list[str] | None = None,
    output: Path | None = None,
    by: str | None = None,
    cluster: str | None = None,
) -> None:
    """Print what each evaluator made of a run's rows; a warning that many failed stands before all."""
    out = console()
    unsaid: ConfigError | None = None
    try:
        summaries = run.summary(by=by, cluster=cluster)
    except ConfigError as error:  # what there is, is told all the same
        summaries, by, unsaid = run.summary(), None, error
    for summary in summaries:
        if evaluators is not None and summary.name not in evaluators:
            continue
        table = Table(title=plain_text(title), show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, text in _lines(summary):
            table.add_row(name, plain_text(text))
        table.add_row("run", plain_text(str(run.path)))
        if output:
            table.add_row("scores", plain_text(str(output)))
        out.print(table)
        if by is not None:
            out.print(_slices(summary, by))
    models = run.usage()
    if len(models) > 1:
        out.print(_models(models))
    if unsaid is not None:
        raise unsaid


def check_export(output: Path) -> None:
    """Make sure that a file's ending names a form that scores can be written in.

    Raises:
        ConfigError: it does not.
    """
    if output.suffix.lower() not in _EXPORTS:
        raise ConfigError(f"Scores are written as {', '.join(_EXPORTS)}; {output} ends in none of these.")
    if not output.parent.is_dir():
        raise ConfigError(f"{output} cannot be written: there is no folder {output.parent}.")


def export(run: Run, output: Path, evaluator: str | None = None) -> None:
    """Write what came of the rows in the form that the file's ending names."""
    _EXPORTS[output.suffix.lower()](run, output, evaluator)


def plain_text(text: str) -> str:
    """Keep a judge's words from being taken for markup of the terminal's table or for control characters."""
    return escape(printable(text))


def printable(text: str) -> str:
    """Return a text with a space for each character that a terminal may obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def console(*, stderr: bool = False) -> Console:
    """Return a console that makes no pictures of words such as `:x:`."""
    return Console(stderr=stderr, emoji=False)


def _lines(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.warning:
        yield "beware", summary.warning
    yield "evaluation", summary.name
    apart = f", {summary.not_applicable} not applicable" if summary.not_applicable else ""
    yield "rows", f"{summary.rows}, {summary.scored} scored{apart}, {summary.failed} failed"
    yield from _spread(summary)
    for name, part in summary.parts.items():
        ends = f" [{part.interval.low:.2f}, {part.interval.high:.2f}]" if part.interval else ""
        yield f"  {name}", f"{part.mean:.2f}{ends} (n = {part.rows})"
    yield from ((name, f"{number:.2f}") for name, number in summary.aggregations.items() if name not in _SHOWN_ANYWAY)
    if summary.disagreement is not None:
        yield "disagreement", f"standard deviation within a row {summary.disagreement:.2f} on average"
    if summary.missing_parts:
        missing = sorted(summary.missing_parts.items(), key=lambda one: -one[1])
        yield "without a score", ", ".join(f"{name}: {count}" for name, count in missing)
    if summary.labels:
        yield "verdicts", ", ".join(f"{label} {count}" for label, count in summary.labels.items())
    if summary.swayed:
        yield "position", f"{summary.swayed} of {summary.scored} changed with the order"
    for kind, count in summary.failures.items():
        yield f"{kind}: {count}", summary.examples[kind]
    yield from _cost(summary.usage)
    if summary.seconds is not None and summary.usage.input_tokens:
        yield "time of a row", f"{summary.seconds:.2f} s (median)"
    yield "signature", summary.signature


_SHOWN_ANYWAY = frozenset({"mean", "median", "p90", "min", "max"})


def _spread(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.mean is None or summary.low is None or summary.high is None:
        yield "mean", "none: no row was scored"
        return
    if summary.interval is None or summary.deviation is None:
        yield "mean", f"{summary.mean:.2f} (n = {summary.scored})"
        yield "spread", f"{number_text(round(summary.low, 2))} to {number_text(round(summary.high, 2))}"
        return
    interval = summary.interval
    yield "mean", f"{summary.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}] (n = {summary.scored}, 95 % interval)"
    ends = f"{number_text(round(summary.low, 2))} to {number_text(round(summary.high, 2))}"
    yield "spread", f"{ends}, standard deviation {summary.deviation:.2f}"
    yield "median", f"{summary.median:.2f}, a tenth below {summary.p10:.2f}, a tenth above {summary.p90:.2f}"
    bins = summary.histogram
    if len(bins) > 1:
        bar = bars([one.count for one in bins])
        yield "histogram", f"{number_text(bins[0].low)} |{bar}| {number_text(bins[-1].high)}"


def _cost(usage: Usage) -> Iterator[tuple[str, str]]:
    if usage.input_tokens + usage.output_tokens:
        yield "tokens", f"{usage.input_tokens:,} in, {usage.output_tokens:,} out, {usage.calls:,} calls"
        if usage.cost is not None:
            yield "cost", f"about ${usage.cost:,.4f}, by the price table"


def _slices(summary: Summary, by: str) -> Table:
    table = Table(title=plain_text(f"{summary.name} by {by}"), title_justify="left")
    table.add_column(plain_text(by), overflow="fold")
    for name in ("scored", "failed", "mean \\[95 % interval]", "median"):
        table.add_column(name, justify="right")
    for one in summary.slices[:_SLICES]:
        mean = "" if one.mean is None else f"{one.mean:.2f}" if one.interval is None else str(one.interval)
        median = "" if one.median is None else f"{one.median:.2f}"
        table.add_row(plain_text(str(one.slice)), str(one.scored), str(one.failed), plain_text(mean), median)
    if len(summary.slices) > _SLICES:
        table.caption = f"and {len(summary.slices) - _SLICES} smaller ones"
    return table


def _models(models: dict[str, Usage]) -> Table:
    table = Table(title="by model", title_justify="left")
    for name in ("model", "calls", "tokens in", "tokens out", "cost"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for name, usage in models.items():
        cost = "" if usage.cost is None else f"${usage.cost:,.4f}"
        table.add_row(plain_text(name), f"{usage.calls:,}", f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", cost)
    return table
