"""`lc-scoring compare`: whether a run is better or worse than another, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from lc_scoring.cli.summary import console, plain_text
from lc_scoring.runs.compare import TOO_FEW, WORSE, Comparison, compare


def compare_runs(
    runs: list[Path],
    *,
    evaluators: list[str] | None,
    cluster: str | None,
    any_signature: bool,
    fail_if_worse: bool,
) -> int:
    """Compare runs with the first one, and print what was found.

    Returns:
        1 where a run is worse and that was to fail, else 0.

    Raises:
        ConfigError: they cannot be compared.
        MissingExtra: NumPy is not installed.
    """
    found = compare(*runs, evaluators=evaluators, cluster=cluster, any_signature=any_signature)
    out = console()
    for one in found:
        table = Table(title=plain_text(f"{one.other} beside {one.base}"), show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, text in _lines(one, len(found)):
            table.add_row(name, plain_text(text))
        out.print(table)
    return int(fail_if_worse and any(one.verdict == WORSE for one in found))


def _lines(one: Comparison, count: int) -> Iterator[tuple[str, str]]:
    yield "evaluation", one.name
    yield "verdict", one.verdict
    yield "mean", f"{one.base_mean:.2f} before, {one.other_mean:.2f} now, over {one.pairs} rows scored in both"
    if one.difference is not None:
        low, high = (f"{end:+.2f}" for end in (one.difference.low, one.difference.high))
        yield "difference", f"{one.difference.value:+.2f} [{low}, {high}] (95 % interval)"
    yield "rows", f"{one.wins} better, {one.ties} equal, {one.losses} worse"
    if one.p is not None and one.adjusted_p is not None:
        adjusted = f", {_p(one.adjusted_p)} allowing for {count} comparisons" if count > 1 else ""
        yield "p", f"{_p(one.p)} ({one.test}{adjusted})"
    if one.effect is not None:
        yield "effect", f"{one.effect:.2f} ({one.effect_name})"
    if one.detectable is not None and one.verdict != TOO_FEW:
        yield "power", f"with {one.pairs} pairs a difference of {one.detectable:.2g} is found 4 times out of 5"
    for note in one.notes:
        yield "note", note


def _p(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004 - beyond, digits are noise
