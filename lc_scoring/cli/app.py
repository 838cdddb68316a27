"""The command line's commands, and its errors as people read them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lc_scoring import __version__
from lc_scoring.cli.judge import plan_file, probe_file
from lc_scoring.cli.rows import RowsRequest, given, settings_of
from lc_scoring.cli.rubrics import rubrics
from lc_scoring.cli.score import ScoreRequest, score_file
from lc_scoring.errors import ScoringError
from lc_scoring.registry import describe_evaluators

app = typer.Typer(
    name="lc-scoring",
    help="Score text with an LLM judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(rubrics, name="rubric")

CriteriaOption = Annotated[
    list[str] | None, typer.Option("--criteria", "-c", help="A criterion's name or a rubric file; may be repeated.")
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another argument of the evaluator, such as distance=levenshtein; may be repeated."),
]
RubricOption = Annotated[str | None, typer.Option(help="A rubric file, or the name of one: `lc-scoring rubric list`.")]
JudgeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--llm", help="The judge: 'provider:model' or 'offline'; repeated, a jury. Else LC_SCORING_LLM is asked."
    ),
]
SamplesOption = Annotated[int | None, typer.Option(min=1, help="How often each judge is asked about a row; once.")]
RowsOption = Annotated[int, typer.Option("--limit", min=2, help="How many of the first rows are asked about.")]
FileArgument = Annotated[Path, typer.Argument(help="Rows as JSON lines.")]
CenterOption = Annotated[bool, typer.Option("--center", help="Take each jury member's offset off, over all rows.")]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="How many rows are in flight at once.")]
EvaluatorOption = Annotated[str, typer.Option("--evaluator", "-e", help="See `lc-scoring evaluators`.")]
InputColumn = Annotated[str, typer.Option(help="Column of the input; a dotted path reaches inside.")]
PredictionColumn = Annotated[str, typer.Option(help="Column of the text to rate.")]
PredictionBColumn = Annotated[str, typer.Option(help="Column of the second text, to compare.")]
TrajectoryColumn = Annotated[str, typer.Option(help="Column of an agent's steps or messages.")]
ReferenceColumn = Annotated[str, typer.Option(help="Column of the reference.")]


_FIELDS = ("input", "prediction", "prediction_b", "agent_trajectory", "reference")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def score(
    file: FileArgument,
    evaluator: EvaluatorOption = "labeled_score_string",
    criteria: CriteriaOption = None,
    rubric: RubricOption = None,
    llm: JudgeOption = None,
    samples: SamplesOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the scores go, as JSON lines.")] = None,
    scale: Annotated[str | None, typer.Option(help="The ratings to give, such as 1-5.")] = None,
    normalize_by: Annotated[float | None, typer.Option(help="Divide each rating by this to make the score.")] = None,
    repair: Annotated[int | None, typer.Option(help="How often to ask again after an unreadable reply; once.")] = None,
    settings: SettingsOption = None,
    input_key: InputColumn = "input",
    prediction_key: PredictionColumn = "prediction",
    prediction_b_key: PredictionBColumn = "prediction_b",
    trajectory_key: TrajectoryColumn = "agent_trajectory",
    reference_key: ReferenceColumn = "reference",
    id_key: Annotated[str, typer.Option(help="Column of the row's id, kept in the output.")] = "id",
    max_concurrency: ConcurrencyOption = 16,
    limit: Annotated[int | None, typer.Option(min=1, help="Score only the first rows.")] = None,
    center: CenterOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Score every row of a file.

    Exit code: 0 when every row has a score or is not applicable, 1 when some have none, 2 when the call itself is
    wrong, 130 when it was stopped from the keyboard.
    """
    named = given(
        criteria=criteria, rubric=rubric, scale=scale, normalize_by=normalize_by, repair=repair, samples=samples
    )
    columns = (input_key, prediction_key, prediction_b_key, trajectory_key, reference_key)
    request = ScoreRequest(
        file=file,
        evaluator=evaluator,
        llm=_judges(llm),
        arguments={**settings_of(settings or []), **named},
        output=output,
        keys=dict(zip(_FIELDS, columns, strict=True)),
        id_key=id_key,
        max_concurrency=max_concurrency,
        limit=limit,
        center=center,
        quiet=quiet,
    )
    raise typer.Exit(score_file(request))


@app.command("plan-samples")
def plan(
    file: FileArgument,
    evaluator: EvaluatorOption = "labeled_score_string",
    criteria: CriteriaOption = None,
    rubric: RubricOption = None,
    llm: JudgeOption = None,
    repeats: Annotated[int, typer.Option(min=2, help="How often each row is asked about.")] = 3,
    limit: RowsOption = 30,
    settings: SettingsOption = None,
    max_concurrency: ConcurrencyOption = 16,
) -> None:
    """Tell from a few repeats of some rows what more samples would bring.

    The columns are named as `score` expects them: input, prediction, reference.
    """
    arguments = given(criteria=criteria, rubric=rubric, samples=repeats)
    raise typer.Exit(plan_file(_request(file, evaluator, llm, settings, limit, max_concurrency, arguments)))


@app.command("probe")
def probe_judge(
    file: FileArgument,
    evaluator: EvaluatorOption = "labeled_score_string",
    criteria: CriteriaOption = None,
    rubric: RubricOption = None,
    llm: JudgeOption = None,
    repeats: Annotated[int, typer.Option(min=2, help="How often each row is asked about as it is.")] = 3,
    limit: RowsOption = 50,
    settings: SettingsOption = None,
    max_concurrency: ConcurrencyOption = 16,
) -> None:
    """Find out whether a judge changes its mind with what should not matter.

    Rows are asked about again, with the criteria in another order, in other words, with padding added; pairs in both
    orders. The columns are named as `score` expects them.
    """
    request = _request(file, evaluator, llm, settings, limit, max_concurrency, given(criteria=criteria, rubric=rubric))
    raise typer.Exit(probe_file(request, repeats=repeats))


@app.command()
def evaluators() -> None:
    """List the evaluators that can be loaded: what each is for, what it needs, what it returns."""
    for name, needs, returns, purpose in describe_evaluators():
        typer.echo(f"{name}\n    {purpose}\n    needs:   {needs}\n    returns: {returns}")


def _request(
    file: Path,
    evaluator: str,
    llm: list[str] | None,
    settings: list[str] | None,
    limit: int,
    max_concurrency: int,
    arguments: dict[str, object],
) -> RowsRequest:
    return RowsRequest(
        file=file,
        evaluator=evaluator,
        llm=_judges(llm),
        arguments={**settings_of(settings or []), **arguments},
        keys={},
        id_key="id",
        max_concurrency=max_concurrency,
        limit=limit,
        quiet=True,
    )


def _judges(llm: list[str] | None) -> str | list[str] | None:
    """Return the one judge that was named, or all of a jury."""
    return llm[0] if llm and len(llm) == 1 else llm or None


def main() -> None:
    """Run the command line; an error of ours or the system's is one line, not a traceback."""
    try:
        app()
    except ScoringError as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'Output'}: {error.strerror or error}")


def _stop(message: str) -> None:
    typer.echo(f"Error: {message}", err=True)
    sys.exit(2)
