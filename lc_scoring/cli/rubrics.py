"""`lc-scoring rubric`: the rubrics that come along, and files of your own checked and shown."""

from __future__ import annotations

from typing import Annotated

import typer

from lc_scoring.rubric import Rubric
from lc_scoring.rubric_file import find_rubric, library_rubrics
from lc_scoring.scale import number_text

rubrics = typer.Typer(help="Check, show and list rubrics.", no_args_is_help=True)

RubricArgument = Annotated[str, typer.Argument(help="A .toml or .yaml file, or the name of a rubric that comes along.")]


@rubrics.command("list")
def list_rubrics() -> None:
    """List the rubrics that come along."""
    for name in library_rubrics():
        asks, _, _ = find_rubric(name).criteria[0].description.partition("? ")
        typer.echo(f"{name:24}{asks.rstrip('?')}?")


@rubrics.command()
def check(rubric: RubricArgument) -> None:
    """Check a rubric; exit code 2 and the line of the mistake where there is one."""
    found = find_rubric(rubric)
    typer.echo(f"{rubric}: good. {found.name}, {_about(found)}")
    for criterion in found.criteria:
        levels = (
            f"{len(criterion.levels)} described levels"
            if criterion.levels
            else "no described levels, which steady a judge"
        )
        typer.echo(f"  {criterion.name}: {levels}")


@rubrics.command()
def show(rubric: RubricArgument) -> None:
    """Show a rubric as a judge reads it."""
    found = find_rubric(rubric)
    typer.echo(f"# {found.name}, {_about(found)}\n")
    typer.echo(found.render())
    for criterion in found.criteria:
        if criterion.weight != 1:
            typer.echo(f"# {criterion.name} counts {number_text(criterion.weight)}")
    for example in found.examples:
        typer.echo(f"\n# rated {number_text(example.score)}: {example.prediction}")


def _about(rubric: Rubric) -> str:
    scale = f"scale {rubric.scale}" if rubric.scale else "no scale of its own"
    direction = "lower is better" if rubric.lower_is_better else "higher is better"
    criteria = len(rubric.criteria)
    return f"version {rubric.version}, {scale}, {direction}, {criteria} {'criterion' if criteria == 1 else 'criteria'}"
