"""The command line's commands, and its errors as people read them."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from lc_scoring import __version__
from lc_scoring.cli.agree import agree_on
from lc_scoring.cli.compare import compare_runs
from lc_scoring.cli.judge import plan_file, probe_file
from lc_scoring.cli.rows import EvaluatorRequest, RowsRequest, columns_given, given, settings_of
from lc_scoring.cli.rubrics import rubrics
from lc_scoring.cli.score import ScoreRequest, score_data, summarize_run
from lc_scoring.errors import ScoringError
from lc_scoring.registry import describe_evaluators
from lc_scoring.runs.report.write_report import write_report
from lc_scoring.runs.request import Request
from lc_scoring.runs.run import Run

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
FileArgument = Annotated[Path, typer.Argument(help="Rows: .jsonl, .csv, .parquet or .arrow.")]
CenterOption = Annotated[bool, typer.Option("--center", help="Take each jury member's offset off, over all rows.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where the scores go too: .jsonl, .csv or .parquet.")
]
ByOption = Annotated[str | None, typer.Option(help="A column: each of its values is summed up too.")]
ClusterOption = Annotated[
    str | None, typer.Option(help="A column that rows of one source share; intervals allow for their likeness.")
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Tell why: the lowest rows with all their parts.")]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="Where a field stands: field=column, a dotted path or a template, such as prediction=outputs.answer "
        "or input='{title}: {body}'; may be repeated.",
    ),
]
ConcurrencyOption = Annotated[int, typer.Option(min=1, help="How many rows are in flight at once.")]
NamesOption = Annotated[
    list[str] | None, typer.Option("--evaluator", "-e", help="The name of scores; may be repeated. All by default.")
]
HumanOption = Annotated[
    list[str] | None,
    typer.Option("--human", help="A column of the rows with people's ratings, or lists of them; may be repeated."),
]
EvaluatorOption = Annotated[str, typer.Option("--evaluator", "-e", help="See `lc-scoring evaluators`.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def score(
    data: Annotated[
        str, typer.Argument(help="Rows: .jsonl, .csv, .parquet, .arrow, or langsmith:<dataset>.", metavar="DATA")
    ],
    evaluator: Annotated[
        list[str] | None, typer.Option("--evaluator", "-e", help="See `lc-scoring evaluators`; may be repeated.")
    ] = None,
    criteria: CriteriaOption = None,
    rubric: RubricOption = None,
    llm: JudgeOption = None,
    samples: SamplesOption = None,
    run: Annotated[
        Path | None, typer.Option(help="The run file that keeps all outcomes; else named as the data is.")
    ] = None,
    output: OutputOption = None,
    scale: Annotated[str | None, typer.Option(help="The ratings to give, such as 1-5.")] = None,
    normalize_by: Annotated[float | None, typer.Option(help="Divide each rating by this to make the score.")] = None,
    repair: Annotated[int | None, typer.Option(help="How often to ask again after an unreadable reply; once.")] = None,
    settings: SettingsOption = None,
    column: ColumnsOption = None,
    id_column: Annotated[str, typer.Option(help="Column of the row's id, kept in the output.")] = "id",
    limit: Annotated[int | None, typer.Option(min=1, help="Score only the first rows.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run: ask what has no outcome yet.")] = False,
    retry_failures: Annotated[
        bool, typer.Option("--retry-failures", help="Go on with a run: ask what failed.")
    ] = False,
    join: Annotated[bool, typer.Option("--join", help="Work on a run beside the process that does already.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing: tell the calls, tokens and cost, and show a prompt.")
    ] = False,
    max_cost: Annotated[float | None, typer.Option(help="US dollars after which the run stops, resumably.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Tokens after which it stops.")] = None,
    max_time: Annotated[float | None, typer.Option(help="Seconds after which it stops.")] = None,
    max_concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight at once, to each model.")] = 16,
    requests_per_minute: Annotated[float | None, typer.Option(help="Calls to each model in a minute.")] = None,
    tokens_per_minute: Annotated[float | None, typer.Option(help="Tokens of each model in a minute.")] = None,
    max_retries: Annotated[int, typer.Option(min=0, help="How often a call that broke off is made again.")] = 5,
    row_timeout: Annotated[float, typer.Option(help="Seconds that a row may take, retries included.")] = 600.0,
    by: ByOption = None,
    cluster: ClusterOption = None,
    center: CenterOption = False,
    explain: ExplainOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress line.")] = False,
) -> None:
    """Score every row of a dataset, and keep every outcome in a run file.

    Exit code: 0 when every row has a score or is not applicable, 1 when some have none, 2 when the call itself is
    wrong or the run file cannot be written, 130 when it was stopped from the keyboard.
    """
    named = given(
        criteria=criteria, rubric=rubric, scale=scale, normalize_by=normalize_by, repair=repair, samples=samples
    )
    names = evaluator or ["labeled_score_string"]
    request = Request(
        data=data,
        evaluators=names,
        run=run,
        columns=columns_given(column or []),
        id_column=id_column,
        limit=limit,
        resume=resume,
        retry_failures=retry_failures,
        join=join,
        max_concurrency=max_concurrency,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        max_retries=max_retries,
        row_timeout=row_timeout,
        max_cost=max_cost,
        max_tokens=max_tokens,
        max_time=max_time,
        progress=False if quiet else None,
    )
    arguments = {**settings_of(settings or []), **named}
    raise typer.Exit(
        score_data(
            ScoreRequest(
                run=request,
                evaluators=EvaluatorRequest(names=names, llm=_judges(llm), arguments=arguments),
                output=output,
                by=by,
                cluster=cluster,
                center=center,
                dry_run=dry_run,
                explain=explain,
            )
        )
    )


@app.command()
def summary(
    run: Annotated[Path, typer.Argument(help="A run file.")],
    output: OutputOption = None,
    by: ByOption = None,
    cluster: ClusterOption = None,
    explain: ExplainOption = False,
) -> None:
    """Sum up a run, and write its outcomes as a table where that is asked for."""
    raise typer.Exit(summarize_run(run, output=output, by=by, cluster=cluster, explain=explain))


@app.command("compare")
def compare(
    runs: Annotated[list[Path], typer.Argument(help="The run to compare with, then one or more others.")],
    evaluator: NamesOption = None,
    cluster: ClusterOption = None,
    any_signature: Annotated[
        bool, typer.Option("--any-signature", help="Compare scores that were made differently, such as two judges'.")
    ] = False,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="Exit with 1 where a run is worse than the first.")
    ] = False,
) -> None:
    """Tell whether runs are better or worse than the first one, over the rows they share, and how sure that is.

    Exit code: 0, or 1 with --fail-if-worse where one is worse at 5 %, allowing for all comparisons.
    """
    raise typer.Exit(
        compare_runs(
            runs,
            evaluators=evaluator,
            cluster=cluster,
            any_signature=any_signature,
            fail_if_worse=fail_if_worse,
        )
    )


@app.command("agree")
def agree(
    data: Annotated[Path, typer.Argument(help="A run file, or rows with ratings: .jsonl, .csv, .parquet or .arrow.")],
    human: HumanOption = None,
    judge: Annotated[
        list[str] | None, typer.Option("--judge", help="A column of the rows with a judge's ratings; may be repeated.")
    ] = None,
    evaluator: NamesOption = None,
    cluster: ClusterOption = None,
    epsilon: Annotated[
        float, typer.Option(min=0, max=1, help="Of the alternative annotator test: 0.2 experts, 0.1 a crowd.")
    ] = 0.2,
) -> None:
    """Tell how well a judge agrees with people, beside how well people agree with each other.

    Without people's ratings judges are compared with each other; without a judge, people.
    """
    raise typer.Exit(
        agree_on(data, human=human or [], judges=judge or [], evaluators=evaluator, cluster=cluster, epsilon=epsilon)
    )


@app.command("report")
def report(
    runs: Annotated[list[Path], typer.Argument(help="A run file, or two to show beside each other.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    by: ByOption = None,
    cluster: ClusterOption = None,
    human: HumanOption = None,
) -> None:
    """Write a page about a run that any browser opens, offline: scores, slices, agreement, costs, the worst rows."""
    write_report([Run(run) for run in runs], output, by=by, cluster=cluster, human=human or [])
    typer.echo(f"Written: {output}")


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
    column: ColumnsOption = None,
    max_concurrency: ConcurrencyOption = 16,
) -> None:
    """Tell from a few repeats of some rows what more samples would bring.

    Fields stand in the columns of their names, input, prediction and reference, or where --column says.
    """
    arguments = given(criteria=criteria, rubric=rubric, samples=repeats)
    raise typer.Exit(plan_file(_request(file, evaluator, llm, settings, column, limit, max_concurrency, arguments)))


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
    column: ColumnsOption = None,
    max_concurrency: ConcurrencyOption = 16,
) -> None:
    """Find out whether a judge changes its mind with what should not matter.

    Rows are asked about again, with the criteria in another order, in other words, with padding added; pairs in both
    orders.
    """
    request = _request(
        file, evaluator, llm, settings, column, limit, max_concurrency, given(criteria=criteria, rubric=rubric)
    )
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
    column: list[str] | None,
    limit: int,
    max_concurrency: int,
    arguments: dict[str, object],
) -> RowsRequest:
    return RowsRequest(
        file=file,
        evaluator=EvaluatorRequest(
            names=[evaluator], llm=_judges(llm), arguments={**settings_of(settings or []), **arguments}
        ),
        columns=columns_given(column or []),
        max_concurrency=max_concurrency,
        limit=limit,
    )


def _judges(llm: list[str] | None) -> str | list[str] | None:
    """Return the one judge that was named, or all of a jury."""
    return llm[0] if llm and len(llm) == 1 else llm or None


def main() -> None:
    """Run the command line; an error of ours or the system's is one line, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a pipe may take fewer letters than a table has
            stream.reconfigure(errors="replace")
    try:
        app()
    except ScoringError as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'Output'}: {error.strerror or error}")


def _stop(message: str) -> None:
    shown = "".join(letter if letter.isprintable() else " " for letter in message)  # rows name columns as they like
    typer.echo(f"Error: {shown}", err=True)
    sys.exit(2)
