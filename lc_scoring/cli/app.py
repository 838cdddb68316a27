"""The command line's commands, and its errors as people read them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lc_scoring import __version__
from lc_scoring.cli.score import ScoreRequest, given, score_file, settings_of
from lc_scoring.errors import ScoringError
from lc_scoring.registry import describe_evaluators

app = typer.Typer(
    name="lc-scoring",
    help="Score text with an LLM judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

CriteriaOption = Annotated[
    list[str] | None, typer.Option("--criteria", "-c", help="A criterion's name or a rubric file; may be repeated.")
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Another argument of the evaluator, such as distance=levenshtein; may be repeated."),
]
JudgeOption = Annotated[
    str | None, typer.Option(help="The judge: 'provider:model' or 'offline'. Else LC_SCORING_LLM is asked.")
]
EvaluatorOption = Annotated[str, typer.Option("--evaluator", "-e", help="See `lc-scoring evaluators`.")]
InputColumn = Annotated[str, typer.Option(help="Column of the input; a dotted path reaches inside.")]
PredictionColumn = Annotated[str, typer.Option(help="Column of the text to rate.")]
PredictionBColumn = Annotated[str, typer.Option(help="Column of the second text, to compare.")]
TrajectoryColumn = Annotated[str, typer.Option(help="Column of an agent's steps or messages.")]
ReferenceColumn = Annotated[str, typer.Option(help="Column of the reference.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="Rows as JSON lines.")],
    evaluator: EvaluatorOption = "labeled_score_string",
    criteria: CriteriaOption = None,
    llm: JudgeOption = None,
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
    max_concurrency: Annotated[int, typer.Option(min=1, help="How many rows are in flight at once.")] = 16,
    limit: Annotated[int | None, typer.Option(min=1, help="Score only the first rows.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Score every row of a file.

    Exit code: 0 when every row has a score, 1 when some have none, 2 when the call itself is wrong,
    130 when it was stopped from the keyboard.
    """
    arguments = given(criteria=criteria, scale=scale, normalize_by=normalize_by, repair=repair)
    request = ScoreRequest(
        file=file,
        evaluator=evaluator,
        llm=llm,
        arguments={**settings_of(settings or []), **arguments},
        output=output,
        keys={
            "input": input_key,
            "prediction": prediction_key,
            "prediction_b": prediction_b_key,
            "agent_trajectory": trajectory_key,
            "reference": reference_key,
        },
        id_key=id_key,
        max_concurrency=max_concurrency,
        limit=limit,
        quiet=quiet,
    )
    raise typer.Exit(score_file(request))


@app.command()
def evaluators() -> None:
    """List the evaluators that can be loaded: what each is for, what it needs, what it returns."""
    for name, needs, returns, purpose in describe_evaluators():
        typer.echo(f"{name}\n    {purpose}\n    needs:   {needs}\n    returns: {returns}")


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
