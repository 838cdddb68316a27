"""The sections of a report: numbers, verdicts, parts, slices, rows and costs, where there is more or less of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.test_report import failure, make_run, page_of, score, skipped

from lc_scoring import Failure, RunFileError, Score, Usage
from lc_scoring.errors import ModelError
from lc_scoring.judges.pairwise import BOTH_ORDERS
from lc_scoring.runs.report.facts import read_facts


def test_numbers_that_only_some_evaluators_have(tmp_path: Path) -> None:
    orders = tuple(Score(name=f"order {n}", value=float(n), label=label) for n, label in enumerate("AB"))
    swayed = score(0.5, parts=orders, basis=BOTH_ORDERS, spread=0.5)
    missing = score(
        0.5, parts=(Score(name="order 0", value=0.5),), failures=(Failure(name="order 1", error=ModelError("busy")),)
    )
    about = {"aggregations": ["mean", "variance", "max"]}
    run = make_run(tmp_path / "a.run.db", {"one": [swayed, missing]}, about=about)
    page = page_of([run], tmp_path / "a.html")
    for name in ("variance", "spread in a row", "changed with the order"):
        assert f"<dt>{name}</dt>" in page, name
    assert "<dt>max</dt>" not in page
    assert '<th scope="col" class="number">without a score</th>' in page


def test_many_verdicts_slices_and_parts_are_limited(tmp_path: Path) -> None:
    parts = tuple(Score(name=f"part {n}", value=0.5, reasoning="So.") for n in range(14))
    outcomes = [score(0.5, label=f"verdict {n}", parts=parts) for n in range(210)]
    rows = [{"prediction": "x", "topic": f"topic {n}"} for n in range(210)]
    page = page_of([make_run(tmp_path / "a.run.db", {"one": outcomes}, rows=rows)], tmp_path / "a.html", by="topic")
    assert "And 10 rarer ones." in page
    assert "And 10 smaller ones." in page
    assert "The 30 largest of 210 are shown." in page
    assert "<li>and 2 more</li>" in page


def test_slices_without_scores(tmp_path: Path) -> None:
    rows = [{"prediction": "x", "topic": "sea"}] * 2
    run = make_run(tmp_path / "a.run.db", {"one": [failure(), skipped()]}, rows=rows)
    page = page_of([run], tmp_path / "a.html", by="topic")
    assert page.count("No row was scored.") == 2
    assert "1 not applicable" in page


def test_many_failures_and_a_table_of_few_rows(tmp_path: Path) -> None:
    outcomes = [failure(f"busy {n}") for n in range(230)]
    page = page_of([make_run(tmp_path / "a.run.db", {"one": outcomes})], tmp_path / "a.html")
    assert "All rows that failed: 230" in page
    assert "And 30 more, which the run file holds." in page


def test_a_table_that_leaves_out_columns_and_rows(tmp_path: Path) -> None:
    wide = {f"column {n}": "<<<" * 40 for n in range(36)}
    run = make_run(tmp_path / "a.run.db", {"one": [score(1.0)] * 1_400}, rows=[wide] * 1_400)
    page = page_of([run], tmp_path / "a.html")
    assert "of 1,400 rows are here: so that the page stays small" in page
    assert "6 columns more are not shown." in page


def test_costs_of_several_models(tmp_path: Path) -> None:
    usage = {"a": Usage(calls=2, input_tokens=90, cost=0.25), "b": Usage(calls=1, output_tokens=9)}
    page = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5)]}, usage=usage)], tmp_path / "a.html")
    assert '<th scope="row" class="words">all models</th><td class="number">3</td>' in page
    assert page.count('<td class="number">not known</td>') == 2
    asked = score(0.5, usage=Usage(calls=1, input_tokens=10))
    page = page_of([make_run(tmp_path / "b.run.db", {"one": [asked]})], tmp_path / "b.html")
    assert "10 tokens · cost not known" in page


def test_times_too_short_to_tell_have_no_chart(tmp_path: Path) -> None:
    page = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5)]}, seconds=0.001)], tmp_path / "a.html")
    assert "time of a row" not in page
    assert "a row (median)" not in page


def test_a_run_file_that_is_gone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})
    run.path.unlink()
    with pytest.raises(RunFileError, match="cannot be read"):
        read_facts([run], by=None, cluster=None)
