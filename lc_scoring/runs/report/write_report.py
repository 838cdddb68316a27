"""Write the report of a run, or of two that are compared, as one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lc_scoring.errors import ConfigError
from lc_scoring.runs.report.agreement import agreement
from lc_scoring.runs.report.comparison import comparison
from lc_scoring.runs.report.costs import costs
from lc_scoring.runs.report.drawings import Drawings
from lc_scoring.runs.report.examples import examples
from lc_scoring.runs.report.facts import Facts, read_facts
from lc_scoring.runs.report.failures import failures
from lc_scoring.runs.report.making import making
from lc_scoring.runs.report.markup import Html
from lc_scoring.runs.report.overview import head, overview
from lc_scoring.runs.report.page import page
from lc_scoring.runs.report.row_table import row_table
from lc_scoring.runs.report.safe_text import shortened
from lc_scoring.runs.report.scores import scores
from lc_scoring.runs.report.slices import slices
from lc_scoring.runs.report.table_rows import TableData, table_data
from lc_scoring.runs.run import Run
from lc_scoring.runs.whole_file import written_whole

_MOST_RUNS = 2
_TITLE = 200  # characters


def write_report(
    runs: Sequence[Run],
    path: str | Path,
    *,
    by: str | None = None,
    cluster: str | None = None,
    human: Sequence[str] = (),
    title: str | None = None,
) -> None:
    """Write the report of a run, or of two: one HTML file, whole or not at all.

    Args:
        runs: one run, or two; the second is compared with the first.
        path: the file; one that is there is replaced, but for a run file.
        by: a column, or a dotted path, by which rows are told apart: each evaluator's mean for each of its values.
        cluster: a column that rows of one source share, such as the document several questions are about; intervals
            then allow for their likeness.
        human: columns that hold people's ratings.
        title: stands above all; the runs' names without it.

    Raises:
        ConfigError: there are none or more than two runs, no row has a column that is named, or the file cannot be
            written or is a run's own.
        MissingExtra: columns of people's ratings are named, and NumPy is not installed.
        RunFileError: a run file cannot be read.

    Examples:
        >>> import tempfile
        >>> from lc_scoring import score_dataset
        >>> folder = Path(tempfile.mkdtemp())
        >>> rows = [{"prediction": "Paris", "reference": "Paris"}, {"prediction": "Lyon", "reference": "Paris"}]
        >>> run = score_dataset(rows, "exact_match", run=folder / "cities.run.db")
        >>> write_report([run], folder / "cities.html", title="Cities")
        >>> "<h1>Cities</h1>" in (folder / "cities.html").read_text("utf-8")
        True
    """
    runs, path = _checked(runs), Path(path)
    for run in runs:
        if path.exists() and run.path.samefile(path):
            raise ConfigError(f"The report would overwrite the run {run.path}: give it another name.")
    facts = read_facts(runs, by=by, cluster=cluster)
    drawings = Drawings()
    data = table_data([(one.label, one.table) for one in facts], id_column=runs[0].id_column)
    parts = [
        ("overview", "Overview", overview(facts)),
        ("comparison", "Comparison", _comparison(facts, cluster, drawings)),
        ("scores", "Scores", scores(facts, drawings)),
        ("slices", "Slices", Html() if by is None else slices(facts, by, drawings)),
        ("agreement", "Agreement", agreement(facts, human=human, cluster=cluster, drawings=drawings)),
        *_rows(facts, data, drawings),
    ]
    name = shortened(title or " and ".join(one.label for one in facts), _TITLE)
    with written_whole(path) as file:
        shown = [part for part in parts if part[2]]
        file.writelines(page(name, head(facts, name), shown, charts=drawings.json(), rows=data.json))


def _rows(facts: Sequence[Facts], data: TableData, drawings: Drawings) -> list[tuple[str, str, Html]]:
    return [
        ("examples", "Rows worth a look", examples(facts)),
        ("failures", "Failures", failures(facts)),
        ("costs", "Cost and time", costs(facts, drawings)),
        ("rows", "All rows", row_table(facts, data)),
        ("making", "Signatures", making(facts)),
    ]


def _checked(runs: Sequence[Run]) -> list[Run]:
    if isinstance(runs, (Run, str, Path)):
        raise ConfigError("A report takes a list of runs: write_report([run], path).")
    runs = list(runs)
    if wrong := [run for run in runs if not isinstance(run, Run)]:
        raise ConfigError(f"A report takes runs, got {type(wrong[0]).__name__}: open the file with Run(path).")
    if not 1 <= len(runs) <= _MOST_RUNS:
        raise ConfigError(f"A report is of one run, or of two that are compared; got {len(runs)}.")
    return runs


def _comparison(facts: Sequence[Facts], cluster: str | None, drawings: Drawings) -> Html:
    if len(facts) < _MOST_RUNS:
        return Html()
    return comparison(facts, cluster=cluster, drawings=drawings)
