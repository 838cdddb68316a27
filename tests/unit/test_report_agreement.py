"""The report's section on agreement with people: statistics, the confusion matrix, points, and what cannot be told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from unit.test_report import data_of, make_run, page_of, score

from lc_scoring import ConfigError, Run
from lc_scoring.runs.agree import Agreement, Statistic
from lc_scoring.runs.report.agreement import agreed
from lc_scoring.runs.report.drawings import Drawings
from lc_scoring.stats.intervals import Interval

SCALE = {"scale": {"low": 1, "high": 5}}


def rated_run(path: Path, people: list[int]) -> Run:
    outcomes = [score((n % 5) / 4, rating=n % 5 + 1) for n in range(len(people))]
    rows = [{"prediction": f"answer {n}", "human": rating} for n, rating in enumerate(people)]
    return make_run(path, {"judge": outcomes}, rows=rows, about=SCALE)


def judged(categories: int, *, points: bool = True) -> Agreement:
    names = tuple(f"<{n}>" for n in range(categories))
    return Agreement(
        judge="<judge>",
        people=("<anna>", "ben"),
        rows=1_200,
        kind="ratings",
        statistics=(
            Statistic(
                name="alpha",
                beside_person=Interval(0.61, 0.5, 0.7, 9),
                beside_mean=None,
                ceiling=Interval(0.7, 0.6, 0.8, 9),
                state="",
            ),
            Statistic(name="rho", beside_person=None, beside_mean=None, ceiling=None, state="nothing <varies>"),
        ),
        categories=names,
        confusion=tuple(tuple(n * k for k in range(categories)) for n in range(categories)),
        points=((1.0, 2.0, 3), (2.0, 2.0, 1)) if points else (),
        alt_test=None,
        notes=("A note <b>.",),
    )


def test_what_is_told_of_a_judge() -> None:
    drawings = Drawings()
    page = agreed(judged(3), "a", drawings)
    for told in (
        "<h3>&lt;judge&gt;, a</h3>",
        "1,200 rows rated by &lt;anna&gt; and ben and by the judge.",
        "0.61 [0.50, 0.70]",
        "nothing &lt;varies&gt;",
        "A note &lt;b&gt;.",
    ):
        assert told in page, told
    matrix, points = drawings.specs.values()
    assert [cell["strength"] for cell in matrix["data"]["values"]] == [0, 0, 0, 0, 1 / 3, 2 / 3, 0, 1 / 3, 2 / 3]
    assert points["layer"][1]["data"]["values"][0] == {"across": 1.0, "up": 2.0, "count": 3}


@pytest.mark.parametrize(("categories", "charts"), [(0, 0), (12, 1), (13, 0)])
def test_a_matrix_that_nobody_could_read_is_a_table(categories: int, charts: int) -> None:
    drawings = Drawings()
    page = agreed(judged(categories, points=False), None, drawings)
    assert len(drawings.specs) == charts
    assert ("people \\ judge" in page) == bool(categories)


def test_many_people_are_counted() -> None:
    assert "rated by 4 people and by" in agreed(replace(judged(2), people=("a", "b", "c", "d")), None, Drawings())


def test_ratings_in_a_column(tmp_path: Path) -> None:
    run = rated_run(tmp_path / "a.run.db", [1, 2, 3, 5, 5, 1, 2, 4, 4, 5] * 3)
    page = page_of([run], tmp_path / "a.html", human=["human"])
    assert ">Agreement with people</h2>" in page
    assert "30 rows rated by human and by the judge." in page
    assert len(data_of(page, "chart-data")["charts"]) == 4  # scores, matrix, points, time


def test_ratings_in_the_run_file(tmp_path: Path) -> None:
    run = rated_run(tmp_path / "a.run.db", [1] * 20)
    assert "Agreement with people" not in page_of([run], tmp_path / "a.html")
    with closing(sqlite3.connect(run.path)) as database, database:
        database.executemany(
            "INSERT INTO human_rating (row, name, rater, rating, at) VALUES (?, 'judge', 'anna', ?, 0)",
            [(number, number % 5 + 1) for number in range(1, 21)],
        )
    assert "20 rows rated by anna and by the judge." in page_of([run], tmp_path / "a.html")


def test_columns_that_are_not_there_are_refused_where_nothing_has_them(tmp_path: Path) -> None:
    first = rated_run(tmp_path / "a.run.db", [1, 2, 3, 4, 5])
    with pytest.raises(ConfigError, match="nobody"):
        page_of([first], tmp_path / "a.html", human=["nobody"])
    second = make_run(tmp_path / "b.run.db", {"judge": [score(0.5, rating=3)] * 5}, about=SCALE)
    page = page_of([first, second], tmp_path / "a.html", human=["human"])
    assert "judge, a</h3>" in page
    assert page.count('class="warning"') == 1
