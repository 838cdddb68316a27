"""Compare: two runs side by side, what is said of them, and what is refused."""

from __future__ import annotations

import json
import math
import random
import shutil
import sqlite3
import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import scipy.stats

from lc_scoring import ConfigError, Run, score_dataset
from lc_scoring.runs.compare import Comparison, compare
from lc_scoring.runs.intake import NewRow
from lc_scoring.runs.outcomes import Stored
from lc_scoring.runs.pairing import clusters_of, paired
from lc_scoring.runs.store import Done, Store
from lc_scoring.stats.mean_interval import mean_interval
from lc_scoring.stats.paired import detectable_difference, paired_share_interval

ON_TEN = {"scale": {"low": 1, "high": 10, "step": 1}}
NO_SCORE = {"failure": "failure", "not_applicable": "not_applicable"}

Outcome = float | str | None
"""A score, the name of a state without one, or None for no outcome."""
Make = Callable[..., Run]


Row = tuple[str, float | None, float | None, float | None]
"""A state, and of a score the score, the value and the rating."""


def outcome(given: float | str, about: Mapping[str, Any], *, falls: bool) -> Row:
    """What is stored of a score: of a rating on a scale, of a distance, or of a value."""
    if isinstance(given, str):
        return given, None, None, None
    scale = about.get("scale")
    if scale is None:
        return "score", given, 1 - given if falls else given, None
    rating = given * about.get("normalize_by", 1)
    value = (rating - scale["low"]) / (scale["high"] - scale["low"])
    return "score", given, 1 - value if about.get("lower_is_better") else value, rating


@cache
def empty() -> bytes:
    """A run file without anything in it."""
    with TemporaryDirectory() as folder:
        Store.open(Path(folder, "a.run.db"), goes_on=False).close()
        return Path(folder, "a.run.db").read_bytes()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a run of outcomes by evaluator and row; a list of them is of the rows r0, r1, ..."""

    def made(
        name: str,
        scores: Any,
        *,
        signature: str = "s",
        columns: Callable[[str], Mapping[str, Any]] = lambda _: {},
        falls: bool = False,
        **about: Any,
    ) -> Run:
        several = isinstance(scores, Mapping) and all(isinstance(one, (Mapping, list)) for one in scores.values())
        given: dict[str, dict[str, Outcome]] = {
            name: dict(each) if isinstance(each, Mapping) else {f"r{n}": one for n, one in enumerate(each)}
            for name, each in (scores if several else {"one": scores}).items()
        }
        ids = {row: number for number, row in enumerate(dict.fromkeys(row for each in given.values() for row in each))}
        path = tmp_path / f"{name}.run.db"
        path.write_bytes(empty())
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.executemany("INSERT INTO row VALUES (?, ?, '', 0, 1, NULL)", [(n, row) for row, n in ids.items()])
            database.executemany(
                "INSERT INTO row_text VALUES (?, ?)",
                [(n, json.dumps({"id": row, **columns(row)})) for row, n in ids.items()],
            )
            for number, (evaluator, each) in enumerate(given.items()):
                database.execute(
                    "INSERT INTO evaluator VALUES (?, ?, ?, ?)", (number, evaluator, signature, json.dumps(about))
                )
                done = [
                    (number, ids[row], *outcome(one, about, falls=falls))
                    for row, one in each.items()
                    if one is not None
                ]
                database.executemany(
                    "INSERT INTO outcome (evaluator, row, state, score, value, rating, calls, input_tokens, "
                    "output_tokens, attempts, detailed, at) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0)",
                    done,
                )
        return Run(path)

    return made


def only(*arguments: Any, **options: Any) -> Comparison:
    (found,) = compare(*arguments, **options)
    return found


def drawn(seed: int, size: int, *, low: int = 1, high: int = 10) -> list[float]:
    chance = random.Random(seed)  # noqa: S311 - test data
    return [float(chance.randint(low, high)) for _ in range(size)]


# Numbers.


def test_ratings_are_tested_by_flipping_signs(make: Make) -> None:
    old, new = drawn(1, 40), [min(10.0, one + n % 3) for n, one in enumerate(drawn(1, 40))]
    base, other = make("old", old, **ON_TEN), make("new", new, **ON_TEN)
    differences = [b - a for a, b in zip(old, new, strict=True)]
    found = only(base, other)
    assert (found.name, found.base, found.other, found.pairs) == ("one", str(base.path), str(other.path), 40)
    assert (found.base_mean, found.other_mean) == (
        pytest.approx(statistics.mean(old)),
        pytest.approx(statistics.mean(new)),
    )
    assert found.difference == mean_interval(differences)
    theirs = scipy.stats.permutation_test(
        (np.array(differences),), np.mean, permutation_type="samples", n_resamples=9_999, rng=1
    )
    assert found.p == pytest.approx(theirs.pvalue, abs=0.002)
    assert found.adjusted_p == found.p
    assert (found.test, found.effect_name) == ("paired permutation", "Cohen's d_z")
    assert found.effect == pytest.approx(statistics.mean(differences) / statistics.stdev(differences))
    assert (found.wins, found.ties, found.losses) == (
        sum(one > 0 for one in differences),
        sum(one == 0 for one in differences),
        0,
    )
    assert found.detectable == pytest.approx(detectable_difference(differences))
    assert (found.verdict, found.notes) == ("better", ())


def test_yes_and_no_are_tested_by_mcnemar(make: Make) -> None:
    old, new = [0] * 9 + [1] + [0, 1] * 15, [1] * 9 + [0] + [0, 1] * 15
    found = only(make("old", old), make("new", new))
    assert (found.wins, found.ties, found.losses) == (9, 30, 1)
    assert found.p == pytest.approx(scipy.stats.binomtest(1, 10).pvalue)
    assert (found.test, found.effect_name, found.effect) == ("McNemar", "Cohen's g", pytest.approx(0.4))
    assert found.difference == paired_share_interval(9, 1, 40)
    assert (found.verdict, found.notes) == ("better", ())
    back = only(Run(found.other), Run(found.base))
    assert (back.verdict, back.wins, back.losses, back.p) == ("worse", 1, 9, found.p)


def test_a_difference_that_is_none_is_not_found(make: Make) -> None:
    scores = drawn(3, 60)
    new = [one + (-1) ** n for n, one in enumerate(scores)]
    found = only(make("old", scores, **ON_TEN), make("new", new, **ON_TEN))
    assert (found.verdict, found.p, found.wins, found.losses) == ("no difference found", 1.0, 30, 30)
    assert found.detectable == pytest.approx(2.8 / math.sqrt(60), rel=0.02)


@pytest.mark.parametrize("scores", [[0, 1, 1], [3.0, 7.0, 7.0, 1.0], [5.0], [0.25] * 30, [1.0] * 8])
def test_a_run_beside_itself_is_no_different(make: Make, scores: list[float]) -> None:
    run = make("a", scores)
    found = only(run, run)
    assert (found.wins, found.ties, found.losses) == (0, len(scores), 0)
    assert (found.effect, found.detectable) == (None, None)
    assert found.difference is None or found.difference.value == 0
    assert found.p in (None, 1.0)
    assert found.verdict == ("too few pairs" if len(scores) < 6 else "no difference found")
    assert only(run.path, str(run.path)) == found


def test_a_lower_distance_is_better(tmp_path: Path) -> None:
    near, far = [f"Lisbon {n}" for n in range(12)], [f"Lisbon, so {n}" for n in range(12)]

    def scored(name: str, predictions: Sequence[str]) -> Run:
        rows = [{"id": n, "prediction": one, "reference": f"Lisbon {n}"} for n, one in enumerate(predictions)]
        return score_dataset(rows, "string_distance", run=tmp_path / f"{name}.run.db", progress=False)

    base, other = scored("far", far), scored("near", near)
    found, back = only(base, other), only(other, base)
    assert found.other_mean == 0 < found.base_mean
    assert found.difference is not None
    assert found.difference.value < 0
    assert (found.verdict, found.wins, found.losses) == ("better", 12, 0)
    assert (back.verdict, back.wins, back.losses) == ("worse", 0, 12)


def test_constant_distances_are_told_apart_too(make: Make) -> None:
    base, other = make("far", [0.5] * 8, falls=True), make("near", [0.25] * 8, falls=True)
    found = only(base, other)
    assert (found.verdict, found.wins, found.losses) == ("better", 8, 0)
    assert paired(base, other, "one", by_value=False).falls
    assert not paired(base, other, "one", by_value=True).falls


def test_shares_that_fall_short_in_an_evaluator_where_lower_is_better(make: Make) -> None:
    found = only(make("far", [1.0] * 8, falls=True), make("near", [0.0] * 8, falls=True))
    assert (found.test, found.verdict, found.wins, found.losses) == ("McNemar", "better", 8, 0)
    assert found.effect == -0.5  # of the scores, as the difference is


def test_equal_differences_tell_nothing_of_their_scatter(make: Make) -> None:
    found = only(make("old", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], **ON_TEN), make("new", [3.0, 4, 5, 6, 7, 8], **ON_TEN))
    assert found.difference is not None
    assert (found.difference.value, found.difference.low, found.difference.high) == (2, 2, 2)
    assert (found.effect, found.detectable, found.p, found.verdict) == (None, None, 2 / 64, "better")
    assert found.notes == ("All differences are equal, so nothing tells how they scatter.",)


@pytest.mark.parametrize(
    ("size", "p", "verdict"), [(2, 0.5, "too few pairs"), (5, 2 / 32, "too few pairs"), (6, 2 / 64, "better")]
)
@pytest.mark.parametrize("step", [1, 2])
def test_so_few_pairs_cannot_differ(make: Make, size: int, p: float, verdict: str, step: int) -> None:
    old, new = [0.0] * size, [float(step)] * size
    about = {} if step == 1 else ON_TEN
    found = only(make("old", old, **about), make("new", new, **about))
    assert (found.p, found.adjusted_p, found.verdict) == (pytest.approx(p), pytest.approx(p), verdict)
    assert found.difference is not None
    told = f"However {size} pairs or sources fall, they prove nothing at 5 %: 6 can."
    assert (told in found.notes) == (size < 6)


@pytest.mark.parametrize("step", [1, 2])
def test_one_pair_proves_nothing(make: Make, step: int) -> None:
    found = only(make("old", [0.0]), make("new", [float(step)]))
    assert (found.pairs, found.difference, found.p, found.adjusted_p, found.effect) == (1, None, None, None, None)
    assert (found.detectable, found.verdict, found.wins) == (None, "too few pairs", 1)
    assert found.notes == ("One pair, or rows of one source, prove nothing.",)


def test_scores_of_one_value_alone_do_not_differ(make: Make) -> None:
    found = only(make("old", [7.0] * 20, **ON_TEN), make("new", [7.0] * 20, **ON_TEN))
    assert (found.verdict, found.p, found.effect, found.detectable, found.notes) == (
        *("no difference found", 1.0, None, None),
        (),
    )


def test_ratings_of_one_are_no_shares(make: Make) -> None:
    found = only(make("old", [1.0] * 7, **ON_TEN), make("new", [1.0] * 7, **ON_TEN))
    assert found.test == "paired permutation"


def test_differences_that_are_equal_but_for_rounding(make: Make) -> None:
    found = only(make("old", [0.6, 0.3, 0.4, 0.1, 0.2, 0.8, 0.05]), make("new", [0.7, 0.4, 0.5, 0.2, 0.3, 0.9, 0.15]))
    assert found.effect is None
    assert found.notes == ("All differences are equal, so nothing tells how they scatter.",)


# Several comparisons.


def test_p_is_adjusted_for_all_evaluators_and_runs(make: Make) -> None:
    size = 30
    base = make("base", {"a": drawn(1, size), "b": drawn(2, size), "c": [0.0] * size}, **ON_TEN)
    others = [
        make(
            f"other{seed}", {"c": [float(n < 7 + seed) for n in range(size)], "b": drawn(seed, size), "a": up}, **about
        )
        for seed, about in ((5, ON_TEN), (6, ON_TEN))
        for up in [[one + (n % 4 == 0) for n, one in enumerate(drawn(1, size))]]
    ]
    found = compare(base, *others)
    assert [(one.name, one.other) for one in found] == [(name, str(run.path)) for run in others for name in "abc"]
    ps = [one.p for one in found if one.p is not None]
    order, largest, expected = sorted(range(6), key=ps.__getitem__), 0.0, [0.0] * 6
    for rank, place in enumerate(order):
        expected[place] = largest = max(largest, min(1.0, (6 - rank) * ps[place]))
    assert [one.adjusted_p for one in found] == pytest.approx(expected)
    assert [one.verdict == "no difference found" for one in found] == [p >= 0.05 for p in expected]
    chosen = compare(base, *others, evaluators=["c"])
    assert [(one.name, one.p) for one in chosen] == [(one.name, one.p) for one in found if one.name == "c"]
    assert min(one.adjusted_p or 0 for one in chosen) == pytest.approx(2 * min(one.p or 0 for one in chosen))


def test_what_cannot_be_tested_counts_for_no_adjustment(make: Make) -> None:
    base = make("old", {"a": [0.0] * 8, "b": [0.0]})
    found = {one.name: one for one in compare(base, make("new", {"a": [1.0] * 8, "b": [1.0]}))}
    assert found["a"].adjusted_p == found["a"].p == 2 / 256
    assert (found["b"].adjusted_p, found["b"].verdict) == (None, "too few pairs")


def test_several_comparisons_need_more_pairs(make: Make) -> None:
    scores = {name: [0.0] * 6 for name in "ab"}
    for one in compare(make("old", scores), make("new", {name: [1.0] * 6 for name in "ab"})):
        assert (one.p, one.adjusted_p, one.verdict) == (2 / 64, 4 / 64, "too few pairs")
        assert one.notes[-1] == "However 6 pairs or sources fall, they prove nothing at 5 %: 7 can."


def test_few_pairs_beside_a_surer_comparison_are_enough(make: Make) -> None:
    base, other = make("old", {"a": [0.0] * 20, "b": [0.0] * 6}), make("new", {"a": [1.0] * 20, "b": [1.0] * 6})
    found = compare(base, other)
    assert [one.verdict for one in found if one.adjusted_p is not None and one.adjusted_p < 0.05] == ["better"] * 2


def test_a_name_that_is_given_twice_counts_once(make: Make) -> None:
    base, other = make("old", [0.0] * 8), make("new", [1.0] * 8)
    assert compare(base, other, evaluators=["one", "one"]) == compare(base, other)


# Which way is better.


@pytest.mark.parametrize(("step", "verdict"), [(-2, "better"), (2, "worse")])
def test_a_lower_rating_is_better_where_the_rubric_says_so(make: Make, step: int, verdict: str) -> None:
    old, about = [5.0, 6.0, 4.0, 5.0, 7.0, 3.0, 8.0], {**ON_TEN, "lower_is_better": True}
    found = only(make("old", old, **about), make("new", [one + step for one in old], **about))
    assert (found.verdict, found.wins + found.losses) == (verdict, 7)
    assert found.difference is not None
    assert found.difference.value == step


def test_ratings_that_mean_opposite_things_are_compared_by_value(make: Make) -> None:
    base = make("old", [2.0] * 8, signature="a", **ON_TEN, lower_is_better=True)
    found = only(base, make("new", [9.0] * 8, signature="b", **ON_TEN), any_signature=True)
    assert (found.ties, found.verdict) == (8, "no difference found")


def test_rounding_is_no_difference(make: Make) -> None:
    found = only(make("old", [0.1 + 0.2] * 8), make("new", [0.3] * 8))
    assert (found.verdict, found.ties) == ("no difference found", 8)


# Rows.


def test_rows_are_paired_by_id_whatever_their_order(make: Make) -> None:
    old, new = {f"r{n}": n / 10 for n in range(10)}, {f"r{n}": n * n / 81 for n in reversed(range(10))}
    base, other = make("old", old), make("new", new)
    found = paired(base, other, "one", by_value=False)
    assert (found.ids, found.base) == ([f"r{n}" for n in range(10)], [n / 10 for n in range(10)])
    assert found.other == [n * n / 81 for n in range(10)]
    shuffled = make("shuffled", {row: old[row] for row in sorted(old, key=lambda row: int(row[1:]) * 7 % 10)})
    assert replace(only(shuffled, other), base=str(base.path)) == only(base, other)


def test_what_has_no_score_in_both_is_in_no_number(make: Make) -> None:
    """Of each kind another number, so that none is taken for another."""
    scored = {f"s{n}": 0.5 for n in range(100)}
    old = {**scored, "x": "failure", "y": 0.5, "z": 0.5, "u": "failure", "v": "not_applicable", "only": 0.1}
    new = {**scored, "x": 0.5, "y": "failure", "z": "not_applicable", "u": "failure", "v": "failure", "p": 1, "q": 1}
    base, other = make("old", old), make("new", new)
    found = paired(base, other, "one", by_value=False)
    assert len(found.ids) == 100
    assert (found.only_base, found.only_other, found.unscored_base, found.unscored_other) == (1, 2, 1, 2)
    assert only(base, other).notes == (
        "1 rows are in the base run alone and 2 in the other alone.",
        "1 rows have no score in the base run alone and 2 in the other alone; they are in no number.",
    )
    assert (only(base, other).base_mean, only(base, other).pairs) == (pytest.approx(0.5), 100)


@pytest.mark.parametrize(("failures", "grave"), [(5, False), (6, True)])
@pytest.mark.parametrize("state", NO_SCORE)
def test_many_failures_are_told_gravely(make: Make, failures: int, grave: bool, state: str) -> None:
    scores: list[Outcome] = [0.5] * 100
    found = only(make("old", scores), make("new", [state] * failures + scores[failures:]))
    (note,) = found.notes
    assert note.startswith(f"0 rows have no score in the base run alone and {failures} in the other alone")
    assert ("may not stand for all" in note) == grave


def test_a_row_that_was_not_reached_is_in_one_run_alone(make: Make) -> None:
    found = only(make("old", [0.5] * 4), make("new", [0.5, 0.5, None, None]))
    assert (found.pairs, found.notes[0]) == (2, "2 rows are in the base run alone and 0 in the other alone.")


# What is refused.


def test_one_run_alone(make: Make) -> None:
    with pytest.raises(ConfigError, match="Compare a run with another one: name two at least"):
        compare(make("a", [1.0]))


def test_runs_without_a_row_in_common(make: Make) -> None:
    base, other = make("old", {"a": 1.0}), make("new", {"b": 1.0})
    with pytest.raises(ConfigError, match=r"old.run.db and .*new.run.db share no row id: give rows the same ids"):
        compare(base, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [([1.0, "failure"], ["failure", 1.0]), (["not_applicable"], [1.0]), (["failure"], ["failure"])],
)
def test_runs_without_a_row_that_both_scored(make: Make, old: list[Outcome], new: list[Outcome]) -> None:
    with pytest.raises(ConfigError, match=r"have no row that both scored \(one\)\.$"):
        compare(make("old", old), make("new", new))


def test_runs_without_an_evaluator_in_common(make: Make, tmp_path: Path) -> None:
    base, other = make("old", {"a": [1.0], "b": [1.0]}), make("new", {"c": [1.0]})
    message = r"old.run.db has scores of a, b and .*new.run.db has scores of c: there is nothing to compare\."
    with pytest.raises(ConfigError, match=message):
        compare(base, other)
    Store.open(tmp_path / "empty.run.db", goes_on=False).close()
    with pytest.raises(ConfigError, match=r"empty.run.db has scores of nothing: there is nothing to compare"):
        compare(base, tmp_path / "empty.run.db")


def test_a_name_that_one_run_has_not(make: Make) -> None:
    base, other = make("old", {"helpful": [1.0], "mine": [1.0]}), make("new", {"helpful": [1.0]})
    with pytest.raises(ConfigError, match=r"do not both have scores of 'helpfull'\. Did you mean 'helpful'\?"):
        compare(base, other, evaluators=["helpfull"])
    with pytest.raises(ConfigError, match=r"do not both have scores of 'mine'\.$"):
        compare(base, other, evaluators=["helpful", "mine"])


def test_scores_of_unlike_making(make: Make) -> None:
    base, other = make("old", drawn(1, 9), signature="judge a", **ON_TEN), make("new", drawn(2, 9), **ON_TEN)
    message = r"'one' were made differently: judge a in .*old.run.db, s in .*new.run.db\. .*any_signature=True"
    with pytest.raises(ConfigError, match=message):
        compare(base, other)
    found = only(base, other, any_signature=True)
    assert found.notes[0] == "Made differently: judge a in the base run, s in the other."
    assert found.base_mean == pytest.approx(statistics.mean(drawn(1, 9)))  # on one scale, the ratings are compared


@pytest.mark.parametrize(
    "about",
    [
        {"scale": {"low": 1, "high": 5, "step": 1}},
        {"scale": {"low": 0, "high": 10, "step": 1}},
        {**ON_TEN, "normalize_by": 10},
        {},
    ],
)
def test_on_unlike_scales_values_are_compared(make: Make, about: Mapping[str, Any]) -> None:
    shown = [one / 10 if not about or "normalize_by" in about else one for one in drawn(2, 9, high=5)]
    base, other = make("old", drawn(1, 9), **ON_TEN), make("new", shown, signature="t", **about)
    found = only(base, other, any_signature=True)
    values = [[one.value or 0.0 for one in run.reported()] for run in (base, other)]
    assert found.notes[1] == "The scales, or which end is the better, differ: compared are the values in [0, 1]."
    assert (found.base_mean, found.other_mean) == tuple(pytest.approx(statistics.mean(each)) for each in values)
    with pytest.raises(ConfigError, match="made differently"):
        compare(base, other)


def test_files_that_are_no_runs(make: Make, tmp_path: Path) -> None:
    run, text = make("a", [1.0]), tmp_path / "a.txt"
    text.write_text("no run", "utf-8")
    newer = tmp_path / "newer.run.db"
    shutil.copy(run.path, newer)
    with closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 99")
    for path, message in (
        (text, "is no run file"),
        (tmp_path, "is a directory, and no run file"),
        (tmp_path / "none.run.db", "There is no run file"),
        (newer, r"was written by a newer lc_scoring \(schema 99; this one knows 1\)"),
    ):
        for runs in ((run, path), (path, run)):
            with pytest.raises(ConfigError, match=message):
                compare(*runs)


def test_a_run_that_is_still_written_to_is_compared_as_far_as_it_is(make: Make, tmp_path: Path) -> None:
    base = make("old", [0.0] * 8)
    with Store.open(tmp_path / "new.run.db", goes_on=False) as store:
        store.begin({})
        number = store.enter("one", "s", {}).number
        for n in range(8):
            (row,) = store.take_up([NewRow(f"r{n}", f"r{n}".encode().ljust(8), n + 1, "{}", None)], [number])
            one = Stored("score", None, 1.0, 1.0, None, None, None, 0, 0, 0, None, "", None)
            store.write([], [Done(number, row.number, one, None)], {})
            if n in (0, 6):
                found = only(base, tmp_path / "new.run.db")
                assert (found.pairs, found.wins) == (n + 1, n + 1)
    assert only(base, tmp_path / "new.run.db").verdict == "better"


# Rows that belong together.


def by_document(row: str) -> Mapping[str, Any]:
    return {"doc": {"name": int(row[1:]) // 3}}


def test_rows_of_one_source_are_tested_together(make: Make) -> None:
    """Signs are flipped by source, of which all 2**8 ways are tried here."""
    old, new = drawn(1, 24), [one + [2, -1, 1, 0][n % 4] for n, one in enumerate(drawn(1, 24))]
    base, other = make("old", old, columns=by_document, **ON_TEN), make("new", new, **ON_TEN)
    differences = np.array(new) - np.array(old)
    sums = differences.reshape(8, 3).sum(axis=1)
    signs = (np.arange(256)[:, None] >> np.arange(8) & 1) * 2 - 1
    found = only(base, other, cluster="doc.name")
    assert found.p == pytest.approx(np.mean(np.abs(signs @ sums) >= abs(sums.sum())))
    labels = [n // 3 for n in range(24)]
    assert found.difference == mean_interval(differences.tolist(), labels)
    assert found.detectable == pytest.approx(detectable_difference(differences.tolist(), labels))
    assert (found.wins, found.losses, found.pairs) == (12, 6, 24)
    assert only(base, other).p != found.p


def test_shares_in_sources_are_tested_by_flipping_signs_too(make: Make) -> None:
    base = make("old", [0.0] * 24, columns=by_document)
    found = only(base, make("new", [1.0] * 24), cluster="doc.name")
    assert (found.test, found.p) == ("paired permutation", 2 / 256)


def test_few_sources_prove_nothing_however_many_rows_they_have(make: Make) -> None:
    base, other = make("old", [0.0] * 15, columns=by_document), make("new", [1.0] * 15)
    found = only(base, other, cluster="doc.name")
    assert (found.p, found.verdict, found.pairs) == (2 / 32, "too few pairs", 15)
    assert found.notes[-1] == "However 5 pairs or sources fall, they prove nothing at 5 %: 6 can."


def test_rows_of_one_source_are_one(make: Make) -> None:
    base = make("old", [0.0] * 15, columns=lambda _: {"doc": "a"})
    found = only(base, make("new", [1.0, 0.0, 0.0] * 5), cluster="doc")
    assert (found.p, found.difference, found.effect, found.detectable) == (None, None, None, None)
    assert (found.verdict, found.notes) == ("too few pairs", ("One pair, or rows of one source, prove nothing.",))


def test_rows_without_a_label_stand_by_themselves(make: Make) -> None:
    labels = {"r0": {"doc": "a"}, "r1": {"doc": None}, "r2": {}, "r3": {"doc": "a"}, "r4": {"doc": math.nan}}
    base = make("old", [0.0] * 5, columns=lambda row: labels[row])
    assert clusters_of(base, "doc", ["r4", "r3", "r2", "r1", "r0"]) == [("r4",), "a", ("r2",), ("r1",), "a"]
    assert only(base, make("new", [1.0] * 5), cluster="doc").p == 2 / 16


@pytest.mark.parametrize("columns", [lambda _: {}, lambda _: {"doc": None}])
def test_a_column_that_no_row_has(make: Make, columns: Any) -> None:
    base, other = make("old", [0.0] * 5, columns=columns), make("new", [1.0] * 5, columns=lambda _: {"doc": "a"})
    with pytest.raises(ConfigError, match="No row has the column 'doc' to be told apart by"):
        compare(base, other, cluster="doc")


def test_differences_that_cancel_within_sources_are_none(make: Make) -> None:
    def pairs(row: str) -> Mapping[str, Any]:
        return {"doc": int(row[1:]) // 2}

    base, other = make("old", [0.7, 0.3] * 7, columns=pairs), make("new", [0.8, 0.2] * 7)
    assert only(base, other, cluster="doc").verdict == "no difference found"
