"""The report of a run: what it picks out, what it tells, how large it gets, and what it refuses."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lc_scoring import ConfigError, Failure, Run, Score, Usage, score_dataset
from lc_scoring.errors import ModelError, NotApplicable, ReplyError
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import as_json, stored
from lc_scoring.runs.report.facts import read_facts
from lc_scoring.runs.report.findings import PartMean, gather
from lc_scoring.runs.report.write_report import write_report
from lc_scoring.runs.store import Done, Store

Outcomes = Mapping[str, Sequence[Score | Failure]]


def make_run(
    path: Path,
    outcomes: Outcomes,
    *,
    rows: Sequence[Mapping[str, Any]] | None = None,
    ids: Sequence[str] | None = None,
    seconds: float | None = 0.5,
    about: Mapping[str, Any] | None = None,
    usage: Mapping[str, Usage] | None = None,
    stopped: str | None = None,
    **facts: Any,
) -> Run:
    """Make a run file of given outcomes, a list for each evaluator, as long as there are rows."""
    count = max((len(one) for one in outcomes.values()), default=0)
    given = rows or [{"input": f"question {n}", "prediction": f"answer {n}"} for n in range(count)]
    with Store.open(path, goes_on=False) as store:
        store.begin({})
        store.tell(**facts)
        entries = [store.enter(name, f"signature of {name}", about or {}) for name in outcomes]
        taken = store.take_up(
            [
                NewRow(ids[n] if ids else f"r{n}", n.to_bytes(8), n + 1, as_json(row), None)
                for n, row in enumerate(given)
            ],
            [entry.number for entry in entries],
        )
        done = [
            Done(entry.number, row.number, stored(one, score=_number(one), signature=entry.signature), seconds)
            for entry in entries
            for row, one in zip(taken, outcomes[entry.name], strict=False)
        ]
        for start in range(0, len(done), 500):
            store.write([], done[start : start + 500], {})
        store.write([], [], {model: (one, 0) for model, one in (usage or {}).items()})
        store.end(stopped)
    return Run(path)


def _number(outcome: Score | Failure) -> float | None:
    if not isinstance(outcome, Score):
        return None
    return outcome.value if outcome.rating is None else outcome.rating


def score(value: float, **more: Any) -> Score:
    return Score(name="one", value=value, **{"reasoning": f"It is worth {value}.", **more})


def failure(message: str = "The service is busy.") -> Failure:
    return Failure(name="one", error=ModelError(message))


def skipped() -> Failure:
    return Failure(name="one", error=NotApplicable("Not so."))


def page_of(runs: Sequence[Run], path: Path, **options: Any) -> str:
    write_report(runs, path, **options)
    return path.read_text("utf-8")


def data_of(page: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


# What is picked out.


def test_the_worst_and_the_most_contested_rows(tmp_path: Path) -> None:
    values = [0.5, 0.0, 1.0, 0.25, 0.0, 0.75]
    spreads = [None, 0.5, 0.25, 2.0, 0.0, 0.5]
    outcomes = [score(value, spread=spread) for value, spread in zip(values, spreads, strict=True)]
    found = gather(make_run(tmp_path / "a.run.db", {"one": outcomes}), rows=2).findings["one"]
    assert [(one.result.id, one.place) for one in found.worst] == [
        *(("r1", 1), ("r4", 4), ("r3", 3), ("r0", 0), ("r5", 5)),  # equal ones in their order, the perfect one not
    ]
    assert [one.result.id for one in found.contested] == ["r3", "r1", "r5", "r2"]
    assert list(found.seconds) == [0.5] * 6


def test_ten_are_picked_of_many(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score((97 * n % 500) / 500, spread=n) for n in range(500)]})
    found = gather(run, rows=0)
    worst, contested = found.findings["one"].worst, found.findings["one"].contested
    assert [round(one.result.score * 500) for one in worst if one.result.score is not None] == list(range(10))
    assert [one.result.id for one in contested] == [f"r{n}" for n in range(499, 489, -1)]
    assert [row.place for row in found.rows] == sorted({one.place for one in (*worst, *contested)})


def test_rows_that_are_shown_are_in_the_table_wherever_they_stand(tmp_path: Path) -> None:
    outcomes = [*(score(1.0) for _ in range(8)), failure(), score(0.5)]
    found = gather(make_run(tmp_path / "a.run.db", {"one": outcomes, "two": [score(1.0)] * 10}), rows=3)
    assert [row.place for row in found.rows] == [0, 1, 2, 8, 9]
    assert [one.name for one in found.rows[3].outcomes] == ["one", "two"]
    assert [one.state for one in found.rows[3].outcomes] == [1, 0]


def test_means_of_parts(tmp_path: Path) -> None:
    def jury(first: float, second: float | None) -> Score:
        parts = [Score(name="depth", value=first), *([Score(name="tone", value=second)] if second is not None else [])]
        return score(first, parts=tuple(parts))

    run = make_run(tmp_path / "a.run.db", {"one": [jury(0.25, 0.5), jury(0.75, None), score(0.5)]})
    parts = gather(run, rows=9).findings["one"].parts
    assert {name: (part.mean, part.count) for name, part in parts.items()} == {"depth": (0.5, 2), "tone": (0.5, 1)}
    assert parts["depth"].deviation == pytest.approx(0.125**0.5)
    assert parts["tone"].deviation is None
    assert PartMean().mean == 0


def test_rows_that_changed_most(tmp_path: Path) -> None:
    first = make_run(
        tmp_path / "a.run.db", {"one": [score(0.5), score(1.0), failure(), score(0.25)], "old": [score(1.0)]}
    )
    second = make_run(
        tmp_path / "b.run.db", {"one": [score(0.75), score(0.0), score(0.5), score(0.25)], "new": [score(0.0)]}
    )
    page = page_of([first, second], tmp_path / "a.html")
    before = gather(first, rows=9, keep_scores=True).scores
    assert before == {"one": {"r0": 0.5, "r1": 1.0, "r3": 0.25}, "old": {"r0": 1.0}}
    found = gather(second, rows=9, before=before)
    changed = found.findings["one"].changed
    assert [(one.result.id, one.before, one.result.score) for one in changed] == [("r1", 1.0, 0.0), ("r0", 0.5, 0.75)]
    assert (found.findings["new"].changed, found.scores) == ([], {"one": {}, "new": {}})
    assert "<h3>one, b: changed most</h3>" in page
    assert ">1.00 → 0.00</span>" in page


def test_what_a_target_made_stands_for_the_prediction(tmp_path: Path) -> None:
    run = score_dataset(
        [{"input": "Where?", "reference": "Here"}],
        "exact_match",
        run=tmp_path / "a.run.db",
        target=lambda row: f"Not {row['input']}",
    )
    page = page_of([run], tmp_path / "a.html")
    assert "<dt>prediction</dt><dd>Not Where?</dd>" in page
    assert data_of(page, "row-data")["columns"] == ["input", "reference", "prediction made"]


def test_a_row_without_known_columns_shows_its_own(tmp_path: Path) -> None:
    rows = [{"text": "So", "n": 3, "none": None}]
    page = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5)]}, rows=rows)], tmp_path / "a.html")
    assert "<dt>text</dt><dd>So</dd><dt>n</dt><dd>3</dd><dt>score</dt>" in page


def test_parts_that_each_row_names_anew_have_no_means(tmp_path: Path) -> None:
    outcomes = [score(0.5, parts=(Score(name=f"claim {n}", value=0.5),)) for n in range(60)]
    assert gather(make_run(tmp_path / "a.run.db", {"one": outcomes}), rows=9).findings["one"].parts == {}


def test_labels_tell_runs_apart(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    paths = [tmp_path / "x" / "a.run.db", tmp_path / "a.run.db", tmp_path / "b.db"]
    first, second, third = (make_run(path, {"one": [score(0.5)]}) for path in paths)
    assert [one.label for one in read_facts([first, third], by=None, cluster=None)] == ["a", "b"]
    assert [one.label for one in read_facts([first, second], by=None, cluster=None)] == ["x/a", f"{tmp_path.name}/a"]
    assert [one.label for one in read_facts([first, first], by=None, cluster=None)] == ["1: x/a", "2: x/a"]


# The page.


def test_a_page_of_one_run(tmp_path: Path) -> None:
    jury = score(0.5, rating=7, parts=(Score(name="depth", value=0.5), Score(name="tone", value=0.25)), spread=0.2)
    run = make_run(
        tmp_path / "cities.run.db",
        {
            "judge": [score(0.25, rating=3, label="poor"), jury, skipped()],
            "exact": [score(1.0), failure(), score(0.0)],
        },
        rows=[{"q": "Where?", "prediction": "Here", "topic": topic} for topic in ("sea", "sea", "land")],
        about={"scale": {"low": 1, "high": 10}},
        usage={"openai:small": Usage(calls=3, input_tokens=900, output_tokens=60, cost=0.5)},
        source={"name": "cities.jsonl"},
        columns={"input": "q"},
        target="app.answer",
    )
    page = page_of([run], tmp_path / "a.html", by="topic")
    assert "<h1>cities</h1>" in page
    for words in ("cities.jsonl", "app.answer", "3 rows", "signature of judge", "openai:small", "$0.50", "By topic"):
        assert words in page, words
    assert "1 of 3 rows failed (33%)" in page
    assert page.index("of 3 rows failed") < page.index(">Overview</h2>")
    assert "<dt>input</dt><dd>Where?</dd>" in page
    assert "<dt>verdict</dt><dd>poor</dd>" in page
    assert "ModelError: The service is busy." in page
    assert len(data_of(page, "chart-data")["charts"]) == 7  # two distributions, verdicts, parts, slices, two times


def test_a_stopped_run_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]}, stopped="the budget of $1 is spent")
    assert "stopped before all was done: the budget of $1 is spent" in page_of([run], tmp_path / "a.html")


def test_a_run_without_rows_or_evaluators(tmp_path: Path) -> None:
    Store.open(tmp_path / "a.run.db", goes_on=False).close()
    page = page_of([Run(tmp_path / "a.run.db")], tmp_path / "a.html")
    assert "has no evaluator yet" in page
    assert data_of(page, "chart-data")["charts"] == []
    empty = page_of([make_run(tmp_path / "b.run.db", {"one": []})], tmp_path / "b.html", by="topic")
    assert "There are no rows to tell apart." in empty


def test_two_runs_with_unlike_evaluators(tmp_path: Path) -> None:
    first = make_run(tmp_path / "a.run.db", {"x": [score(0.5)], "y": [score(0.25, label="bad")]})
    second = make_run(tmp_path / "b.run.db", {"y": [score(0.75, label="good")], "z": [failure()]})
    page = page_of([first, second], tmp_path / "a.html", title="Both")
    assert "<h1>Both</h1>" in page
    assert "The second run is compared with the first." in page
    assert {row[0] for row in data_of(page, "row-data")["rows"]} == {0, 1}


def test_constant_scores_off_the_scale_and_failures_alone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5, rating=70)] * 3, "two": [failure()] * 3}, seconds=None)
    page = page_of([run], tmp_path / "a.html")
    assert "no row was scored" in page
    assert len(data_of(page, "chart-data")["charts"]) == 1


def test_long_texts_are_cut_and_say_so(tmp_path: Path) -> None:
    long = "x" * 400_000
    outcomes = [score(0.5, reasoning=long), Failure(name="one", error=ReplyError("No number.", reply=long))]
    run = make_run(tmp_path / "a.run.db", {"one": outcomes}, rows=[{"prediction": long, "more": long}] * 2)
    page = page_of([run], tmp_path / "a.html")
    assert "(398,000 more characters)" in page
    assert len(page) < 1_000_000


def test_a_report_is_as_large_as_a_page_may_be(tmp_path: Path) -> None:
    text = "A sentence of the usual length, of which there are many. " * 18
    rows = [{"id": f"r{n}", "prediction": text, "reference": text} for n in range(6_000)]
    outcomes = {"one": [score(n % 11 / 11, reasoning=text) for n in range(6_000)]}
    run = make_run(tmp_path / "a.run.db", outcomes, rows=rows)
    page = page_of([run], tmp_path / "a.html")
    assert len(page.encode()) < 5_000_000
    assert 5_000 <= len(data_of(page, "row-data")["rows"]) < 5_030
    assert "of 6,000 rows are here" in page


# What is refused.


@pytest.mark.parametrize(
    ("count", "message"),
    [(0, "of one run, or of two that are compared; got 0"), (3, "got 3")],
)
def test_how_many_runs(tmp_path: Path, count: int, message: str) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})
    with pytest.raises(ConfigError, match=message):
        write_report([run] * count, tmp_path / "a.html")


def test_what_is_no_list_of_runs(tmp_path: Path) -> None:
    run: Any = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})
    for given in (run, str(run.path)):
        with pytest.raises(ConfigError, match="takes a list of runs"):
            write_report(given, tmp_path / "a.html")
    wrong: Any = [run.path]
    with pytest.raises(ConfigError, match=r"open the file with Run\(path\)"):
        write_report(wrong, tmp_path / "a.html")


def test_a_run_file_is_not_overwritten(tmp_path: Path) -> None:
    first, second = (make_run(tmp_path / f"{name}.run.db", {"one": [score(0.5)]}) for name in "ab")
    for run in (first, second):
        with pytest.raises(ConfigError, match="would overwrite the run"):
            write_report([first, second], run.path)
    assert first.rows == second.rows == 1


def test_a_file_that_cannot_be_written_and_columns_that_are_not_there(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})
    with pytest.raises(ConfigError, match="cannot be written"):
        write_report([run], tmp_path / "no" / "a.html")
    for option in ("by", "cluster"):
        with pytest.raises(ConfigError, match="No row has the column 'nothing'"):
            write_report([run], tmp_path / "a.html", **{option: "nothing"})
    assert [one.name for one in tmp_path.iterdir()] == ["a.run.db"]


# Two runs.


def test_a_comparison_tells_what_changed(tmp_path: Path) -> None:
    first = make_run(tmp_path / "old.run.db", {"one": [score(n % 5 / 10) for n in range(40)]})
    second = make_run(tmp_path / "new.run.db", {"one": [score(n % 5 / 10 + (n % 3) / 10) for n in range(40)]})
    page = page_of([first, second], tmp_path / "a.html")
    assert '<b class="pill better">better</b> new 0.30, old 0.20, over 40 rows in both.' in page
    assert 'aria-label="Of 40 rows: better in 26 (65 %), same in 14 (35 %), worse in 0 (0 %)"' in page
    back = page_of([second, first], tmp_path / "b.html")
    assert '<b class="pill worse">worse</b> old 0.20, new 0.30' in back


def test_what_cannot_be_compared_says_why_and_the_rest_is(tmp_path: Path) -> None:
    same = [score(n / 10) for n in range(10)]
    first = make_run(tmp_path / "a.run.db", {"one": same, "two": same})
    second = make_run(tmp_path / "b.run.db", {"one": same, "two": same})
    for names, told in (({"two": "x"}, 1), ({"one": "x", "two": "x"}, 0)):
        _sign(first, {"one": "s", "two": "s"})
        _sign(second, {"one": "s", "two": "s"} | names)
        page = page_of([first, second], tmp_path / "a.html")
        assert page.count("were made differently") == len(names)
        assert page.count('class="pill"') == told
    alone = make_run(tmp_path / "c.run.db", {"three": same})
    assert "there is nothing to compare" in page_of([first, alone], tmp_path / "a.html")


def _sign(run: Run, signatures: Mapping[str, str]) -> None:
    with closing(sqlite3.connect(run.path)) as database, database:
        for name, signature in signatures.items():
            database.execute("UPDATE evaluator SET signature = ? WHERE name = ?", (signature, name))
