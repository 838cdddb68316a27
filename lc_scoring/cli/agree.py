"""`lc-scoring agree`: how well a judge agrees with people, beside how well people agree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from lc_scoring.cli.summary import console, plain_text
from lc_scoring.data.source import open_source
from lc_scoring.errors import ConfigError
from lc_scoring.runs.agree import Agreement, agree, agree_rows
from lc_scoring.runs.run_file import is_run_file
from lc_scoring.stats.intervals import Interval

_WIDEST = 12  # categories of a confusion matrix that fit a terminal


def agree_on(
    data: Path,
    *,
    human: list[str],
    judges: list[str],
    evaluators: list[str] | None,
    cluster: str | None,
    epsilon: float,
) -> int:
    """Print how well judges agree with people, in a run or in columns of a file of rows.

    Returns:
        0.

    Raises:
        ConfigError: nobody rated, or what was named is not there.
        MissingExtra: NumPy is not installed.
    """
    if is_run_file(data):
        if judges:
            raise ConfigError("--judge names columns of a file of rows; the judges of a run are its evaluators (-e).")
        found = agree(data, human=human, evaluators=evaluators, cluster=cluster, epsilon=epsilon)
        if not found:
            raise ConfigError(f"{data} holds no ratings by people: name a column of its rows that does with --human.")
    else:
        if not judges and not human:
            raise ConfigError("Name the columns with ratings: --judge, --human.")
        found = agree_rows(_rows(data), judges=judges, human=human, cluster=cluster, epsilon=epsilon)
    out = console()
    for one in found:
        out.print(_measures(one))
        if one.confusion and len(one.categories) <= _WIDEST:
            out.print(_confusion(one))
        if one.alt_test is not None:
            out.print(plain_text(f"Alternative annotator test: {one.judge} {one.alt_test}."), soft_wrap=True)
        for note in one.notes:
            out.print(plain_text(note), soft_wrap=True)
    return 0


def _rows(data: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    opened = open_source(str(data)).open()
    assert isinstance(opened, Iterator)  # noqa: S101 - no file gives rows in any other way
    for row in opened:
        if row.error is not None:
            raise row.error
        yield f"{row.line}", row.values


def _measures(one: Agreement) -> Table:
    people = f"{len(one.people)} people" if len(one.people) != 1 else one.people[0]
    title = f"{one.judge or 'people'} beside {people if one.judge else 'each other'}: {one.rows} rows, {one.kind}"
    table = Table(title=plain_text(title), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("95 % intervals", no_wrap=True)
    columns = {
        "beside a person": [each.beside_person for each in one.statistics],
        "their mean" if one.kind == "ratings" else "most of them": [each.beside_mean for each in one.statistics],
        "two people": [each.ceiling for each in one.statistics],
    }
    shown = {name: cells for name, cells in columns.items() if any(cell is not None for cell in cells)}
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for place, each in enumerate(one.statistics):
        cells = [_cell(column[place]) for column in shown.values()]
        if each.state and cells:
            cells[0] = each.state
        table.add_row(plain_text(each.name), *map(plain_text, cells))
    return table


def _cell(interval: Interval | None) -> str:
    return "" if interval is None else str(interval)


def _confusion(one: Agreement) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("person \\ judge")
    for name in one.categories:
        table.add_column(plain_text(name), justify="right")
    for name, counts in zip(one.categories, one.confusion, strict=True):
        table.add_row(plain_text(name), *(str(count) if count else "." for count in counts))
    return table
