"""Agreement: how near the judge's ratings come to people's, beside how near people come to each other."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.errors import ConfigError
from lc_scoring.runs.agree import Agreement, Statistic, agree
from lc_scoring.runs.report.charts import scatter
from lc_scoring.runs.report.drawings import Drawings, section
from lc_scoring.runs.report.facts import Facts
from lc_scoring.runs.report.heat_map import heat_map
from lc_scoring.runs.report.markup import Html, element, folded, table
from lc_scoring.runs.report.safe_text import clipped, shortened
from lc_scoring.runs.report.wording import NONE, plural, share
from lc_scoring.stats.intervals import Interval

_NAME, _SENTENCE = 120, 1_000  # characters
_CATEGORIES = 12  # more make a matrix that nobody reads
_CELL, _MARGIN, _LINE, _LEAST_HEIGHT = 90, 160, 36, 120  # pixels


def agreement(facts: Sequence[Facts], *, human: Sequence[str], cluster: str | None, drawings: Drawings) -> Html:
    """Return the section of the agreement with people; nothing where no person has rated anything.

    Raises:
        ConfigError: columns of people's ratings are named, and no evaluator can be compared with them.
    """
    parts: list[Html] = []
    refused: list[ConfigError] = []
    for one in facts:
        for name in one.summaries:
            if not human and next(iter(one.run.human_ratings(name)), None) is None:
                continue  # agreement would read all rows to find that out
            try:
                found = agree(one.run, human=human, evaluators=[name], cluster=cluster)
            except ConfigError as error:
                refused.append(error)
            else:
                parts += [agreed(each, one.label if len(facts) > 1 else None, drawings) for each in found]
    if refused and not parts and human:
        raise refused[0]
    warnings = [element("p", clipped(str(error), _SENTENCE), class_="warning") for error in refused]
    return section("agreement", "Agreement with people", *warnings, *parts) if warnings or parts else Html()


def agreed(one: Agreement, label: str | None, drawings: Drawings) -> Html:
    """Return how a judge agrees with people.

    Args:
        one: the judge beside the people.
        label: the run's, where there are two.
        drawings: takes in the charts.
    """
    return element(
        "div",
        element("h3", shortened(one.judge, _NAME) + (f", {label}" if label else "")),
        element("p", f"{plural(one.rows, 'row')} rated by {_people(one.people)} and by the judge.", class_="note"),
        _statistics(one.statistics),
        _alternative(one),
        element("div", _matrix(one, drawings), _points(one, drawings), class_="pair"),
        *(element("p", clipped(note, _SENTENCE), class_="note") for note in one.notes),
        class_="evaluator",
    )


def _people(names: Sequence[str]) -> str:
    if len(names) > 3:  # noqa: PLR2004 - a sentence holds three names
        return plural(len(names), "person").replace("persons", "people")
    return " and ".join(shortened(name, _NAME) for name in names) or "people"


def _statistics(found: Sequence[Statistic]) -> Html:
    columns: dict[str, list[str]] = {
        "judge beside a person": [_interval(one.beside_person) for one in found],
        "judge beside people's mean": [_interval(one.beside_mean) for one in found],
        "person beside a person": [_interval(one.ceiling) for one in found],
        "note": [shortened(one.state, _SENTENCE) for one in found],
    }
    shown = {name: cells for name, cells in columns.items() if set(cells) - {NONE, ""}}
    rows = [
        [shortened(one.name, _NAME), *(cells[place] for cells in shown.values())] for place, one in enumerate(found)
    ]
    words = [len(shown)] if "note" in shown else []
    return table(["statistic", *shown], rows, label="Agreement", words=words)


def _interval(interval: Interval | None) -> str:
    return NONE if interval is None else str(interval)


def _alternative(one: Agreement) -> Html:
    return Html() if one.alt_test is None else element("p", clipped(str(one.alt_test), _SENTENCE), class_="verdict")


def _matrix(one: Agreement, drawings: Drawings) -> Html:
    names = [shortened(name, _NAME) for name in one.categories]
    if not one.confusion or not names:
        return Html()
    totals = [sum(row) for row in one.confusion]
    rows = [[name, *(f"{count:,}" for count in row)] for name, row in zip(names, one.confusion, strict=True)]
    numbers = table(["people \\ judge", *names], rows, label="People's answers by row, the judge's by column")
    if len(names) > _CATEGORIES:
        return numbers
    cells = [
        (across, down, count / (total or 1), f"{count:,}", f"{share(count, total)} of the row")
        for down, row, total in zip(names, one.confusion, totals, strict=True)
        for across, count in zip(names, row, strict=True)
    ]
    figure = drawings.figure(
        heat_map(cells, across="judge", down="people", height=max(_LEAST_HEIGHT, _LINE * len(names))),
        label="Confusion matrix: people's answers by row, the judge's by column. Its numbers stand in the table below.",
        caption="Rows of the data by what people said and what the judge said.",
        width=_MARGIN + _CELL * len(names),
    )
    return element("div", figure, folded("Numbers of the chart", numbers))


def _points(one: Agreement, drawings: Drawings) -> Html:
    if not one.points:
        return Html()
    return drawings.figure(
        scatter(one.points, across="people's mean", up="judge"),
        label=f"Scatter chart of the judge's ratings beside people's mean, {plural(len(one.points), 'point')}.",
        caption="On the dashed line both say the same.",
        width=460,
    )
