"""The facts of a run that a report tells: what it is of, when it was made, its summaries, and what stands out in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lc_scoring.data.columns import Columns
from lc_scoring.records import Usage
from lc_scoring.runs.report.findings import Findings, Gathered, Scores, gather
from lc_scoring.runs.report.safe_text import shortened
from lc_scoring.runs.report.table_rows import TABLE_ROWS, TableRow
from lc_scoring.runs.run import Run
from lc_scoring.runs.summary import Summary

_LABEL = 40  # characters of a run's label, which stands beside each of its numbers
_ENDINGS = (".db", ".run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report tells of a run.

    Attributes:
        run: the run.
        label: a short name for it, of visible characters.
        source: what its rows were read from.
        target: the application whose answers were judged, or None.
        columns: where the fields of a sample stand in its rows.
        began: when its first session began, seconds since 1970; None for one that never did.
        ended: when its last session ended, seconds since 1970; None where that is not known.
        rows: how many it holds.
        stopped: why it stopped before all was done, or None.
        summaries: by the evaluator's name.
        usage: by model.
        findings: what stands out, by the evaluator's name.
        table: the rows for the table.
    """

    run: Run
    label: str
    source: str
    target: str | None
    columns: Columns
    began: float | None
    ended: float | None
    rows: int
    stopped: str | None
    summaries: Mapping[str, Summary]
    usage: Mapping[str, Usage]
    findings: Mapping[str, Findings]
    table: Sequence[TableRow]


def read_facts(runs: Sequence[Run], *, by: str | None, cluster: str | None) -> tuple[Facts, ...]:
    """Read what a report tells of some runs.

    Raises:
        ConfigError: no row has the column of `by` or of `cluster`.
        RunFileError: a run file cannot be read.
    """
    found: list[Facts] = []
    before: Scores | None = None
    for run, label in zip(runs, _labels([run.path for run in runs]), strict=True):
        summaries = {one.name: one for one in run.summary(by=by, cluster=cluster)}
        gathered = gather(run, rows=TABLE_ROWS // len(runs), before=before, keep_scores=len(runs) > 1)
        found.append(_facts(run, label, summaries, gathered))
        before = gathered.scores
    return tuple(found)


def evaluator_names(facts: Sequence[Facts]) -> list[str]:
    """Return the names of the evaluators of all runs, each once."""
    return list(dict.fromkeys(name for one in facts for name in one.summaries))


def _labels(paths: Sequence[Path]) -> list[str]:
    """Return the files' names without their endings, or with their folders where they are the same."""
    names = [_stem(path) for path in paths]
    if len(set(names)) < len(names):
        names = [f"{path.resolve().parent.name}/{name}" for path, name in zip(paths, names, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{number}: {name}" for number, name in enumerate(names, start=1)]
    return [shortened(name, _LABEL) for name in names]


def _stem(path: Path) -> str:
    name = path.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name or path.name


def _facts(run: Run, label: str, summaries: Mapping[str, Summary], gathered: Gathered) -> Facts:
    source, target = run.about("source"), run.about("target")
    began, ended = run.times
    return Facts(
        run=run,
        label=label,
        source=str(source.get("name", "")) if isinstance(source, dict) else "",
        target=None if target is None else str(target),
        columns=_columns(run.about("columns"), target=target),
        began=began,
        ended=ended,
        rows=run.rows,
        stopped=run.stopped,
        summaries=summaries,
        usage=run.usage(),
        findings=gathered.findings,
        table=gathered.rows,
    )


def _columns(told: Any, *, target: object) -> Columns:
    given = {str(field): str(column) for field, column in told.items()} if isinstance(told, dict) else {}
    return Columns.parse({}, given, wrapped=("prediction",) if target is not None else ())
