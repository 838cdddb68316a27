"""`lc-scoring plan-samples` and `probe`: what a judge's repeats say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from lc_scoring.cli.rows import RowsRequest
from lc_scoring.cli.summary import console, plain_text
from lc_scoring.data.row import Row
from lc_scoring.errors import NotApplicable, ScoringError
from lc_scoring.records import Failure, Score
from lc_scoring.runs.plan_samples import SamplePlan, plan_samples
from lc_scoring.runs.probe import ProbeReport, probe
from lc_scoring.runs.schedule import in_flight

_SHOWN = 3  # failures; the first ones tell enough


def plan_file(request: RowsRequest) -> int:
    """Score some rows with repeats, and print what more samples would bring.

    Returns:
        0, or 1 when some rows have no score.

    Raises:
        ConfigError: the call is wrong, or too few rows tell anything.
    """
    evaluator = request.load()
    outcomes = asyncio.run(_outcomes(request, evaluator))
    code = _print_failures([outcome for outcome in outcomes if isinstance(outcome, Failure)])
    plan = plan_samples(outcome for outcome in outcomes if isinstance(outcome, Score))
    console().print(_plan_table(plan, title=f"{request.file}: {evaluator.evaluation_name}"))
    return code


def probe_file(request: RowsRequest, *, repeats: int) -> int:
    """Ask about a file's rows in ways that should make no difference, and print what it made.

    Returns:
        0, or 1 when some questions have no answer.

    Raises:
        ConfigError: the call is wrong.
    """
    evaluator = request.load()
    rows, failures = _usable(request, evaluator)
    report = asyncio.run(probe(evaluator, rows, repeats=repeats, max_concurrency=request.max_concurrency))
    console().print(_probe_table(report, title=f"{request.file}: {evaluator.evaluation_name}"))
    failures += [failure for each in report.failures.values() for failure in each]
    return _print_failures(failures)


def _usable(request: RowsRequest, evaluator: Any) -> tuple[list[Mapping[str, Any]], list[Failure]]:
    """Return the fields of the rows that have them, and the failures of those that have not."""
    rows: list[Mapping[str, Any]] = []
    failures: list[Failure] = []
    for row in request.rows():
        try:
            if row.error is not None:
                raise row.error
            rows.append(request.fields_of(row, evaluator))
        except ScoringError as error:
            failures.append(Failure(name="not asked", error=error, sample_id=request.id_of(row)))
    return rows, failures


async def _outcomes(request: RowsRequest, evaluator: Any) -> list[Score | Failure]:
    async def work(row: Row) -> Score | Failure:
        return await request.outcome(row, evaluator)

    done: Mapping[int, Score | Failure] = {
        place: outcome
        async for place, outcome in in_flight(request.rows(), work, max_concurrency=request.max_concurrency)
    }
    return [done[place] for place in sorted(done)]


def _plan_table(plan: SamplePlan, *, title: str) -> Table:
    table = Table(title=plain_text(title), title_justify="left")
    for name in ("samples", "reliability", "agreement with people, times", "each sample more adds"):
        table.add_column(name, justify="right")
    for before, step in zip((None, *plan.steps), plan.steps, strict=False):
        more = "" if before is None else f"+{(step.gain - before.gain) / (step.samples - before.samples):.1%}"
        gain = f"{step.gain:.2f} ({step.gain_low:.2f} to {step.gain_high:.2f})" if step.samples > 1 else "1"
        table.add_row(str(step.samples), f"{step.reliability:.2f}", gain, more)
    table.caption = (
        f"From {plan.repeats} repeats of {plan.rows} rows: one sample agrees with the next at ICC {plan.icc}, 95 % "
        "interval. The rest is Spearman and Brown's formula."
    ).replace("[", "\\[")
    return table


def _probe_table(report: ProbeReport, *, title: str) -> Table:
    table = Table(title=plain_text(title), title_justify="left")
    table.add_column("measure", style="bold")
    table.add_column("value \\[95 % interval]", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("what it is")
    for measure in report.measures:
        found, rows = (
            ("too few rows", "") if measure.interval is None else (str(measure.interval), str(measure.interval.count))
        )
        table.add_row(measure.name, plain_text(found), rows, measure.meaning)
    return table


def _print_failures(failures: list[Failure]) -> int:
    """Print the first failures; return the exit code, 1 where there are any. What does not apply is none."""
    failures = [failure for failure in failures if not isinstance(failure.error, NotApplicable)]
    for failure in failures[:_SHOWN]:
        console(stderr=True).print(plain_text(f"{failure.sample_id}, {failure.name}: {failure.error}"), soft_wrap=True)
    if len(failures) > _SHOWN:
        console(stderr=True).print(f"... and {len(failures) - _SHOWN} more without a score.")
    return int(bool(failures))
