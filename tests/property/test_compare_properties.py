"""Properties of compare and agree: what the order of runs, rows and raters can change, and what it cannot."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lc_scoring import Run
from lc_scoring.runs.agree import Agreement, agree_rows
from lc_scoring.runs.compare import Comparison, compare
from lc_scoring.runs.store import Store

MIRRORED = {"better": "worse", "worse": "better"}

few = settings(max_examples=40, deadline=None)

Scores = dict[str, float]


@cache
def empty() -> bytes:
    """A run file without anything in it."""
    with TemporaryDirectory() as folder:
        Store.open(Path(folder, "a.run.db"), goes_on=False).close()
        return Path(folder, "a.run.db").read_bytes()


def made(path: Path, scores: Mapping[str, float | None], *, falls: bool, sources: int) -> Run:
    """Make a run; a row without a score failed."""
    path.write_bytes(empty())
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("INSERT INTO evaluator VALUES (1, 'one', 's', '{}')")
        for number, (row, score) in enumerate(scores.items()):
            values = json.dumps({"source": int(row) % sources})
            value = None if score is None else 1 - score / 10 if falls else score / 10
            database.execute("INSERT INTO row VALUES (?, ?, '', 0, 1, NULL)", (number, row))
            database.execute("INSERT INTO row_text VALUES (?, ?)", (number, values))
            database.execute(
                "INSERT INTO outcome (evaluator, row, state, score, value, calls, input_tokens, output_tokens, "
                "attempts, detailed, at) VALUES (1, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0)",
                (number, "failure" if score is None else "score", score, value),
            )
    return Run(path)


class Both:
    """Two runs in a folder, compared."""

    def __init__(self, folder: str, *, falls: bool, clustered: bool) -> None:
        self._folder = Path(folder)
        self._how: dict[str, Any] = {"falls": falls, "sources": 7 if clustered else 1}
        self._cluster = "source" if clustered else None
        self._made = 0

    def __call__(self, old: Mapping[str, float | None], new: Mapping[str, float | None]) -> Comparison:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        runs = [made(folder / f"{n}.run.db", scores, **self._how) for n, scores in enumerate((old, new))]
        (found,) = compare(*runs, cluster=self._cluster)
        return replace(found, base="old", other="new")


@st.composite
def two_runs(draw: st.DrawFn) -> tuple[Scores, Scores]:
    """The scores of the same rows: ratings, or yes and no."""
    # In eighths, whose differences are exact.
    score = draw(st.sampled_from([st.integers(0, 1), st.integers(0, 10), st.integers(0, 80).map(lambda one: one / 8)]))
    rows = draw(st.lists(st.tuples(score, score), min_size=1, max_size=24))
    old, new = ({str(n): float(row[place]) for n, row in enumerate(rows)} for place in (0, 1))
    return old, new


@few
@given(two_runs(), st.booleans(), st.booleans())
def test_two_runs_compared_the_other_way_are_each_other_s_mirror_image(
    runs: tuple[Scores, Scores], falls: bool, clustered: bool
) -> None:
    with TemporaryDirectory() as folder:
        both = Both(folder, falls=falls, clustered=clustered)
        found, back = both(*runs), both(*runs[::-1])
    assert back.verdict == MIRRORED.get(found.verdict, found.verdict)
    assert (back.wins, back.ties, back.losses) == (found.losses, found.ties, found.wins)
    assert (back.base_mean, back.other_mean, back.pairs) == (found.other_mean, found.base_mean, found.pairs)
    assert (back.p, back.adjusted_p, back.test) == (pytest.approx(found.p), pytest.approx(found.adjusted_p), found.test)
    assert back.detectable == pytest.approx(found.detectable)
    assert back.notes == found.notes
    assert (back.effect is None) == (found.effect is None)
    if found.effect is not None and back.effect is not None:
        assert back.effect == pytest.approx(-found.effect, rel=1e-6)
    assert (back.difference is None) == (found.difference is None)
    if found.difference is not None and back.difference is not None:
        assert back.difference.value == pytest.approx(-found.difference.value, abs=1e-9)
        # The draws are of the mirrored groups in another order, so the ends scatter as 2,000 draws do.
        width = found.difference.high - found.difference.low
        near = 1e-9 if found.test == "McNemar" else 0.35 * width + 1e-9
        assert back.difference.low == pytest.approx(-found.difference.high, abs=near)
        assert back.difference.high == pytest.approx(-found.difference.low, abs=near)


@few
@given(two_runs(), st.booleans(), st.booleans(), st.data())
def test_the_order_of_rows_plays_no_part(
    runs: tuple[Scores, Scores], falls: bool, clustered: bool, data: st.DataObject
) -> None:
    shuffled = [{row: scores[row] for row in data.draw(st.permutations(list(scores)))} for scores in runs]
    with TemporaryDirectory() as folder:
        both = Both(folder, falls=falls, clustered=clustered)
        found, other = both(*runs), both(*shuffled)
    alike(found, other)


@few
@given(two_runs(), st.booleans(), st.sampled_from(["base", "other"]), st.sampled_from(["alone", "failed in the other"]))
def test_a_row_that_one_run_alone_scored_changes_but_the_notes(
    runs: tuple[Scores, Scores], clustered: bool, where: str, how: str
) -> None:
    old, new = ({**scores} for scores in runs)
    more: list[dict[str, Any]] = [{**old}, {**new}]
    place = 0 if where == "base" else 1
    more[place]["99"] = 10.0
    if how != "alone":
        more[1 - place]["99"] = None
    with TemporaryDirectory() as folder:
        both = Both(folder, falls=False, clustered=clustered)
        found, other = both(old, new), both(*more)
    (note,) = (one for one in other.notes if one not in found.notes)
    counted = (1, 0) if (place == 0) == (how == "alone") else (0, 1)
    said = "rows are in the base run alone" if how == "alone" else "rows have no score in the base run alone"
    assert note.startswith(f"{counted[0]} {said} and {counted[1]} in the other alone")
    alike(found, replace(other, notes=found.notes))


def alike(found: Comparison, other: Comparison) -> None:
    """Assert that two comparisons say the same but for rounding."""
    for name, value in asdict(found).items():
        told = asdict(other)[name]
        exact = value is None or isinstance(value, (str, tuple))
        assert told == (value if exact else pytest.approx(value, rel=1e-6, abs=1e-9)), name


@st.composite
def rated(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Rows with ratings by a judge and two people, some missing: numbers, yes and no, or labels."""
    rating: Any = draw(st.sampled_from([st.integers(1, 5), st.integers(0, 1), st.sampled_from(["a", "b", "c"])]))
    maybe = st.one_of(rating, rating, rating, st.none())
    rows = draw(st.lists(st.tuples(maybe, maybe, maybe), min_size=2, max_size=14))
    assume(all(any(row[place] is not None for row in rows) for place in range(3)))
    return [(str(n), {"judge": a, "people": {"x": b, "y": c}}) for n, (a, b, c) in enumerate(rows)]


def agreement(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Agreement:
    (found,) = agree_rows(rows, judges=["judge"], human=["people"])
    return found


@settings(max_examples=25, deadline=None)
@given(rated(), st.data())
def test_agreement_does_not_depend_on_the_order_of_rows(
    rows: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    found, other = agreement(rows), agreement(data.draw(st.permutations(rows)))
    for name in ("judge", "people", "rows", "kind", "categories", "confusion", "alt_test", "notes"):
        assert getattr(found, name) == getattr(other, name)
    assert sorted(found.points) == sorted(other.points)
    same_values(found, other)


@settings(max_examples=25, deadline=None)
@given(rated(), st.lists(st.sampled_from([{}, {"judge": None}, {"people": {"x": None}}]), min_size=1, max_size=5))
def test_rows_that_nobody_rated_change_nothing(
    rows: list[tuple[str, dict[str, Any]]], more: list[dict[str, Any]]
) -> None:
    assert agreement([*rows, *((f"more {n}", one) for n, one in enumerate(more))]) == agreement(rows)


@settings(max_examples=25, deadline=None)
@given(rated())
def test_people_may_change_places(rows: list[tuple[str, dict[str, Any]]]) -> None:
    swapped = [
        (row, {"judge": one["judge"], "people": {"y": one["people"]["x"], "x": one["people"]["y"]}})
        for row, one in rows
    ]
    found, other = agreement(rows), agreement(swapped)
    assert (found.rows, found.categories, found.confusion) == (other.rows, other.categories, other.confusion)
    same_values(found, other)


def same_values(found: Agreement, other: Agreement) -> None:
    """Assert that measures have the same values; draws are of other rows, so a rare one may lack its interval."""
    for one, two in zip(found.statistics, other.statistics, strict=True):
        assert one.name == two.name
        for column in ("beside_person", "beside_mean", "ceiling"):
            a, b = getattr(one, column), getattr(two, column)
            if a is not None and b is not None:
                assert a.value == pytest.approx(b.value, abs=1e-9)
                assert not math.isnan(a.low)
                assert a.low <= a.value <= a.high
