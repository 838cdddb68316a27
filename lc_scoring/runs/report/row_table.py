"""The table of rows, which a script of the page fills, sorts and filters."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.runs.report.drawings import section
from lc_scoring.runs.report.facts import Facts
from lc_scoring.runs.report.markup import Html, element
from lc_scoring.runs.report.table_rows import TableData
from lc_scoring.runs.report.wording import plural


def row_table(facts: Sequence[Facts], data: TableData) -> Html:
    """Return the section of the table; the script puts what can be chosen and the rows into it."""
    whole = sum(one.rows for one in facts)
    return section(
        "rows",
        "All rows" if data.rows >= whole else "Rows",
        element("p", _told(facts, data, whole), class_="note"),
        element("noscript", element("p", "The table needs scripts; the other sections do not.", class_="note")),
        element("div", id="table"),
    )


def _told(facts: Sequence[Facts], data: TableData, whole: int) -> str:
    told = [f"Texts are cut after {data.clip} characters; the run file holds all of them."]
    if data.rows < whole:
        chosen = "the first ones, the lowest, the most contested and the failed"
        if data.rows < sum(len(one.table) for one in facts):
            chosen = "so that the page stays small, for they have many columns"
        told.insert(
            0, f"{data.rows:,} of {plural(whole, 'row')} are here: {chosen}. The numbers above are over all rows."
        )
    if data.columns_left_out:
        told.append(f"{plural(data.columns_left_out, 'column')} more are not shown.")
    return " ".join(told)
