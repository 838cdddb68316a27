"""`lc-scoring score`: rows in, a run out, a summary at the end."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from lc_scoring.cli.explain import explain_run
from lc_scoring.cli.rows import EvaluatorRequest
from lc_scoring.cli.summary import check_export, console, export, plain_text, print_summary
from lc_scoring.errors import ConfigError
from lc_scoring.runs.center import center_run
from lc_scoring.runs.estimate import REPLY_TOKENS, Estimate, estimate
from lc_scoring.runs.outcomes import FAILURE
from lc_scoring.runs.request import Request
from lc_scoring.runs.run import Run
from lc_scoring.runs.score_dataset import run_request
from lc_scoring.runs.session import INTERRUPTED

_STOPPED = 130  # what shells call a program that was stopped from the keyboard
_ENDINGS = (".gz", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".feather", ".ipc")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What was asked of `score`: the run, what it is scored by, and what becomes of it."""

    run: Request
    evaluators: EvaluatorRequest
    output: Path | None
    by: str | None
    cluster: str | None
    center: bool
    dry_run: bool
    explain: bool


def score_data(request: ScoreRequest) -> int:
    """Score as asked, and print the summary.

    Returns:
        0 when every row has a score, 1 when some have none, 130 when it was stopped from the keyboard.

    Raises:
        ConfigError: the call is wrong; nothing was scored.
        RunFileError: the run file cannot be written.
    """
    evaluators = request.evaluators.load()
    asked = replace(request.run, evaluators=evaluators, run=request.run.run or run_file(str(request.run.data)))
    if request.center and not getattr(evaluators[0], "jury", ()):
        raise ConfigError("--center takes off the offsets of a jury's members: name several judges with --llm.")
    _check_output(request, Path(asked.run or ""))
    if request.dry_run:
        _print_estimates(estimate(asked))
        return 0
    run, stopped = run_request(asked)
    if stopped == INTERRUPTED:  # a key held down goes on interrupting
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    names = [str(evaluator.evaluation_name) for evaluator in evaluators]
    if request.center:
        names = [_centered(run, evaluators[0])]
        run = Run(run.path)
    if request.output:
        export(run, request.output, names[0] if len(names) == 1 else None)
    print_summary(
        run,
        title=str(request.run.data),
        evaluators=names,
        output=request.output,
        by=request.by,
        cluster=request.cluster,
    )
    if request.explain:
        explain_run(run, names)
    return _exit_code(run, stopped, names)


def summarize_run(path: Path, *, output: Path | None, by: str | None, cluster: str | None, explain: bool) -> int:
    """Print the summary of a run, and its rows' reasons and their export where these are asked for.

    Returns:
        0.

    Raises:
        ConfigError: it is no run, or no row has a column.
    """
    run = Run(path)
    if output:
        check_export(output)
        export(run, output)
    print_summary(run, title=str(path), output=output, by=by, cluster=cluster)
    if explain:
        explain_run(run)
    return 0


def run_file(data: str) -> Path:
    """Return where the run of some data goes if nobody says: a file in the working directory, named as the data is.

    Examples:
        >>> run_file("rows/answers.jsonl.gz").name, run_file("langsmith:my dataset").name
        ('answers.run.db', 'langsmith-my-dataset.run.db')
    """
    name = data.replace("\\", "/") if data.startswith("langsmith") else Path(data).name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name)
    return Path(f"{kept or 'rows'}.run.db")


def _check_output(request: ScoreRequest, run: Path) -> None:
    output = request.output
    if output is None:
        return
    check_export(output)
    for other in (Path(str(request.run.data)), run):
        if output.resolve() == other.resolve() or (output.exists() and other.exists() and output.samefile(other)):
            raise ConfigError(f"The scores would overwrite {other}: give -o another name.")


def _centered(run: Run, evaluator: object) -> str:
    """Center a run's scores; where that cannot be done, say so and keep to what was scored."""
    name = str(getattr(evaluator, "evaluation_name", ""))
    try:
        return center_run(run.path, evaluator)
    except ConfigError as error:
        console(stderr=True).print(f"Not centered: {plain_text(str(error))}", soft_wrap=True)
        return name


def _exit_code(run: Run, stopped: str | None, names: list[str]) -> int:
    if stopped == INTERRUPTED:
        path = shlex.quote(str(run.path))
        console(stderr=True).print(
            plain_text(f"Stopped. What was scored till then is stored; go on with --resume --run {path}"),
            soft_wrap=True,
        )
        return _STOPPED
    if stopped is not None:
        console(stderr=True).print(plain_text(f"Stopped: {stopped}. Go on with --resume."), soft_wrap=True)
        return 1
    return int(any(run.counts(name)[FAILURE] for name in names))


def _print_estimates(estimates: tuple[Estimate, ...]) -> None:
    out = console()
    for one in estimates:
        usage = one.usage
        rows = "an unknown number of" if one.rows is None else f"{one.rows:,}"
        cost = "" if usage.cost is None else f", about ${usage.cost:,.2f} by the price table"
        over = "" if one.rows is not None else f" for the first {one.sampled} rows"
        out.print(plain_text(f"{one.name}: {rows} rows, {one.calls:g} calls a row"), soft_wrap=True)
        if usage.calls:
            out.print(
                plain_text(
                    f"    about {usage.calls:,} calls, {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
                    f"{cost}{over}"
                ),
                soft_wrap=True,
            )
            out.print(
                f"    (from the questions about {one.sampled} rows, 4 characters a token and {REPLY_TOKENS} tokens a "
                "reply; questions asked again are not counted)",
                soft_wrap=True,
            )
        if one.prompt:
            out.print(plain_lines(one.prompt), soft_wrap=True)


def plain_lines(text: str) -> str:
    """Keep a prompt's lines, and its words from being taken for markup or control characters."""
    return "\n".join(f"    | {plain_text(line)}" for line in text.splitlines())
