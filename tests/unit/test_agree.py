"""Agree: a judge beside people, people beside each other, and what is refused."""

from __future__ import annotations

import csv
import itertools
import json
import math
import random
import re
import sqlite3
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from lc_scoring import ConfigError, Run, load_evaluator, score_dataset
from lc_scoring.data.source import open_source
from lc_scoring.runs.agree import MOST_POINTS, Agreement, Statistic, agree, agree_rows
from lc_scoring.runs.panel_agreement import Panel
from lc_scoring.runs.ratings import Kind, ratings_of_rows
from lc_scoring.runs.store import Store
from lc_scoring.stats.agreement import AGREEMENT
from lc_scoring.stats.alternative_annotator import alternative_annotator_test
from lc_scoring.stats.binary import BINARY
from lc_scoring.stats.raters import fleiss_kappa, krippendorff_alpha

ON_TEN = {"scale": {"low": 1, "high": 10, "step": 1}}
FEW, FLAT = "fewer than two rows or sources in common", "ratings do not vary enough"
GRADED = ("quadratic kappa", "linear kappa", "Pearson", "Spearman", "Kendall tau-b", "ICC(2,1)")

Make = Callable[..., Run]


@cache
def empty() -> bytes:
    """A run file without anything in it."""
    with TemporaryDirectory() as folder:
        Store.open(Path(folder, "a.run.db"), goes_on=False).close()
        return Path(folder, "a.run.db").read_bytes()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a run of one evaluator: its ratings, and the other columns of the rows r0, r1, ..."""

    def made(
        ratings: Sequence[float | str | None],
        columns: Iterable[Mapping[str, Any]] = (),
        *,
        labels: Sequence[str | None] | None = None,
        rated: Sequence[tuple[int, str, Any]] = (),
        **about: Any,
    ) -> Run:
        path, scale = tmp_path / "a.run.db", about.get("scale")
        path.write_bytes(empty())
        low, span = (0, 1) if scale is None else (scale["low"], scale["high"] - scale["low"])
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("INSERT INTO evaluator VALUES (1, 'judge', 's', ?)", (json.dumps(about),))
            for n, (rating, more) in enumerate(itertools.zip_longest(ratings, columns)):
                database.execute("INSERT INTO row VALUES (?, ?, '', 0, 1, NULL)", (n, f"r{n}"))
                database.execute("INSERT INTO row_text VALUES (?, ?)", (n, json.dumps({"id": f"r{n}", **(more or {})})))
                found: tuple[Any, ...] = ("failure", None, None, None, None)
                if isinstance(rating, (int, float)):
                    said = labels[n] if labels else None
                    found = (
                        *("score", rating / about.get("normalize_by", 1), (rating - low) / span),
                        *(None if scale is None else rating, said),
                    )
                if rating is not None:
                    database.execute(
                        "INSERT INTO outcome (evaluator, row, state, score, value, rating, label, calls, input_tokens, "
                        "output_tokens, attempts, detailed, at) VALUES (1, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, 0, 0)",
                        (n, *found),
                    )
            human_ratings(database, rated)
        return Run(path)

    return made


def human_ratings(database: sqlite3.Connection, rated: Iterable[tuple[int, str, Any]], name: str = "judge") -> None:
    """Have people rate rows in the run file: a number, a label, or None to take it back."""
    for row, rater, given in rated:
        number, label = (None, given) if isinstance(given, str) else (given, None)
        database.execute(
            "INSERT INTO human_rating (row, name, rater, rating, label, at) VALUES (?, ?, ?, ?, ?, 0)",
            (row, name, rater, number, label),
        )


def only(*arguments: Any, **options: Any) -> Agreement:
    call = agree if isinstance(arguments[0], Run) else agree_rows
    (found,) = call(*arguments, **options)  # type: ignore[operator]
    return found


def said(found: Agreement, name: str) -> Statistic:
    (one,) = (one for one in found.statistics if one.name == name)
    return one


def beside(found: Agreement, name: str) -> float | None:
    interval = said(found, name).beside_person
    return None if interval is None else interval.value


def rows(columns: Mapping[str, Sequence[Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Rows of columns; what is `...` is absent."""
    size = max(map(len, columns.values()))
    each = [{name: values[n] for name, values in columns.items() if values[n] is not ...} for n in range(size)]
    return [(f"r{n}", one) for n, one in enumerate(each)]


def drawn(seed: int, size: int, *, low: int = 1, high: int = 10) -> list[int]:
    chance = random.Random(seed)  # noqa: S311 - test data
    truth = [random.Random(n).randint(low, high) for n in range(size)]  # noqa: S311 - which raters see alike
    return [min(high, max(low, one + chance.choice([-2, -1, 0, 0, 0, 1, 2]))) for one in truth]


JUDGE, ANNA, BEN, CARA = (drawn(seed, 40) for seed in (1, 2, 3, 4))


# Numbers, beside other packages'.


def test_beside_one_person_each_measure_is_that_of_the_pair(make: Make) -> None:
    found = only(make(JUDGE, [{"anna": one} for one in ANNA], **ON_TEN), human=["anna"])
    assert (found.judge, found.people, found.rows, found.kind) == ("judge", ("anna",), 40, "ratings")
    assert found.notes == ()
    theirs = {
        "Pearson": scipy.stats.pearsonr(ANNA, JUDGE).statistic,
        "Spearman": scipy.stats.spearmanr(ANNA, JUDGE).statistic,
        "Kendall tau-b": scipy.stats.kendalltau(ANNA, JUDGE).statistic,
        "Cohen's kappa": sklearn.metrics.cohen_kappa_score(ANNA, JUDGE),
        "quadratic kappa": sklearn.metrics.cohen_kappa_score(ANNA, JUDGE, weights="quadratic", labels=range(1, 11)),
        "linear kappa": sklearn.metrics.cohen_kappa_score(ANNA, JUDGE, weights="linear", labels=range(1, 11)),
        "exact agreement": statistics.mean(a == b for a, b in zip(ANNA, JUDGE, strict=True)),
        "within one": statistics.mean(abs(a - b) <= 1 for a, b in zip(ANNA, JUDGE, strict=True)),
        "bias": statistics.mean(JUDGE) - statistics.mean(ANNA),
    }
    for name, value in theirs.items():
        assert beside(found, name) == pytest.approx(value), name
    assert set(AGREEMENT) == {one.name for one in found.statistics} - {"alpha, interval", "alpha, ordinal"}
    for name, statistic in AGREEMENT.items():
        assert beside(found, name) == pytest.approx(float(statistic(ANNA, JUDGE, None)))
        assert (said(found, name).beside_mean, said(found, name).ceiling, said(found, name).state) == (None, None, "")
    for one in found.statistics:
        assert one.beside_person is not None
        assert one.beside_person.low <= one.beside_person.value <= one.beside_person.high
    both = np.array([ANNA, JUDGE], float).T
    for level in ("interval", "ordinal"):
        assert beside(found, f"alpha, {level}") == pytest.approx(float(krippendorff_alpha(both, level)))
    assert found.alt_test is None


@pytest.mark.parametrize("missing", [False, True])
def test_beside_several_people_it_is_the_mean_over_them_and_they_are_the_ceiling(make: Make, missing: bool) -> None:
    people = [[float(one) for one in each] for each in (ANNA, BEN, CARA)]
    if missing:
        for place, each in enumerate(people):
            each[place::7] = [math.nan] * len(each[place::7])
    columns = [{"said": {name: each[n] for name, each in zip("abc", people, strict=True)}} for n in range(40)]
    found = only(make(JUDGE, columns, **ON_TEN), human=["said"])
    matrix, judge = np.array(people).T, np.array(JUDGE, float)
    means = np.nanmean(matrix, axis=1)
    assert (found.people, found.rows) == (("said.a", "said.b", "said.c"), 40)

    def of(name: str, a: Any, b: Any) -> float:
        both = ~np.isnan(a) & ~np.isnan(b)
        return float(AGREEMENT[name](a[both], b[both], None))

    for name in AGREEMENT:
        one = said(found, name)
        assert one.beside_person is not None
        assert one.beside_person.value == pytest.approx(np.mean([of(name, each, judge) for each in matrix.T]))
        if name in ("Cohen's kappa", "exact agreement", "within one"):
            assert one.beside_mean is None
        else:
            assert one.beside_mean is not None
            assert one.beside_mean.value == pytest.approx(of(name, means, judge))
        pairs = [of(name, a, b) for a, b in itertools.combinations(matrix.T, 2)]
        assert (one.ceiling is None) == (name == "bias")
        assert one.ceiling is None or one.ceiling.value == pytest.approx(np.mean(pairs))
    for level in ("interval", "ordinal"):
        alpha = said(found, f"alpha, {level}")
        assert alpha.beside_mean is None
        assert alpha.ceiling is not None
        assert alpha.ceiling.value == pytest.approx(float(krippendorff_alpha(matrix, level)))
        everybody = np.column_stack([matrix, judge])
        assert beside(found, alpha.name) == pytest.approx(float(krippendorff_alpha(everybody, level)))
    assert found.alt_test == alternative_annotator_test(judge, matrix, epsilon=0.2)
    assert found.alt_test is not None
    labels = sorted({*ANNA, *BEN, *CARA, *JUDGE})
    confusion = sum(
        sklearn.metrics.confusion_matrix(each[~np.isnan(each)], judge[~np.isnan(each)], labels=labels)
        for each in matrix.T
    )
    assert (found.categories, found.confusion) == (tuple(map(str, labels)), tuple(map(tuple, confusion.tolist())))
    points = Counter((round(a, 9), b) for a, b in zip(means.tolist(), JUDGE, strict=True))
    assert {(round(a, 9), b): count for a, b, count in found.points} == points


def test_people_who_rated_other_rows_have_no_pair(make: Make) -> None:
    """A pair of people without a value is left out of the mean over pairs."""
    columns = [{"a": one} if n < 20 else {"b": one} for n, one in enumerate(ANNA)]
    found = only(make(JUDGE, columns, **ON_TEN), human=["a", "b"])
    for name in AGREEMENT:
        halves = [AGREEMENT[name](ANNA[part], JUDGE[part], None) for part in (slice(20), slice(20, 40))]
        assert beside(found, name) == pytest.approx(np.mean(halves))
        assert said(found, name).ceiling is None
    assert found.alt_test is None
    assert found.notes == ("The alternative annotator test needs two people with 30 rows that others rated.",)


def test_yes_and_no_beside_a_graded_judge(make: Make) -> None:
    """The judge's value is what it means; from 0.5 on it is a yes."""
    yes = [int(one > 5) for one in ANNA]
    found = only(make(JUDGE, [{"anna": bool(one)} for one in yes], **ON_TEN), human=["anna"])
    values = [(one - 1) / 9 for one in JUDGE]
    called = [int(one >= 0.5) for one in values]
    assert (found.kind, found.categories) == ("binary", ("0", "1"))
    assert found.confusion == tuple(map(tuple, sklearn.metrics.confusion_matrix(yes, called).tolist()))
    theirs = {
        "Cohen's kappa": sklearn.metrics.cohen_kappa_score(yes, called),
        "exact agreement": sklearn.metrics.accuracy_score(yes, called),
        "AUC": sklearn.metrics.roc_auc_score(yes, values),
        "precision at 0.5": sklearn.metrics.precision_score(yes, called),
        "recall at 0.5": sklearn.metrics.recall_score(yes, called),
        "alpha, nominal": float(krippendorff_alpha(np.array([yes, called]).T, "nominal")),
    }
    for name, value in theirs.items():
        assert beside(found, name) == pytest.approx(value), name
    assert {one.name for one in found.statistics} == {*theirs, "calibration error"}


def test_what_most_people_said_stands_where_they_are_several(make: Make) -> None:
    people = [[int(one > 5) for one in each] for each in (ANNA, BEN, CARA)]
    columns = [{"said": list(each)} for each in zip(*people, strict=True)]
    found = only(make(JUDGE, columns, **ON_TEN), human=["said"])
    most = [int(sum(each) > 1) for each in zip(*people, strict=True)]
    values = [(one - 1) / 9 for one in JUDGE]
    called = [int(one >= 0.5) for one in values]
    kappa, area, fleiss = (said(found, name) for name in ("Cohen's kappa", "AUC", "Fleiss' kappa"))
    assert kappa.beside_mean is not None
    assert kappa.beside_mean.value == pytest.approx(sklearn.metrics.cohen_kappa_score(most, called))
    assert area.beside_mean is not None
    assert area.beside_mean.value == pytest.approx(sklearn.metrics.roc_auc_score(most, values))
    assert area.ceiling is None
    assert fleiss.ceiling is not None
    assert fleiss.ceiling.value == pytest.approx(float(fleiss_kappa(np.array(people).T)))
    assert beside(found, "Fleiss' kappa") == pytest.approx(float(fleiss_kappa(np.array([*people, called]).T)))
    nominal = alternative_annotator_test(called, np.array(people, float).T, nominal=True)
    assert found.alt_test == nominal


def test_where_most_people_tie_nobody_said_it(make: Make) -> None:
    found = only(
        make([0.0, 1.0, 1.0, 0.0], [{"p": [0, 0]}, {"p": [1, 0]}, {"p": [1, 1]}, {"p": [1, None]}]), human=["p"]
    )
    assert found.kind == "binary"
    middle = said(found, "exact agreement").beside_mean
    assert middle is not None
    assert middle.value == pytest.approx(2 / 3)  # of r0, r2 and r3
    assert "Fleiss' kappa" not in {one.name for one in found.statistics}  # which needs everybody's rating of each


def test_labels_meet_the_judge_s_labels(make: Make) -> None:
    judged = ["good", "bad", "so-so", "good", None, "bad"]
    people = [["good", "good"], ["bad", "bad"], [" so-so ", "bad"], ["good", "good"], ["bad", "bad"], ["good", None]]
    found = only(make([1.0, 0.0, 0.5, 1.0, 0.5, 0.0], [{"p": one} for one in people], labels=judged), human=["p"])
    assert (found.kind, found.categories, found.rows) == ("labels", ("bad", "good", "so-so"), 5)
    assert found.confusion == ((2, 0, 1), (1, 4, 0), (0, 0, 1))
    assert beside(found, "exact agreement") == pytest.approx((4 / 5 + 3 / 4) / 2)
    most = said(found, "exact agreement").beside_mean
    assert most is not None
    assert most.value == pytest.approx(3 / 4)  # r2 is a tie
    assert found.points == ()
    assert [one.name for one in found.statistics] == ["Cohen's kappa", "exact agreement", "alpha, nominal"]


def test_more_categories_than_can_be_read_are_no_confusion_matrix(make: Make) -> None:
    about = {"scale": {"low": 0, "high": 100, "step": 1}}
    found = only(make(list(range(26)), [{"p": n} for n in range(26)], **about), human=["p"])
    assert (found.categories, found.confusion) == ((), ())
    few = only(rows({"judge": range(25), "p": range(25)}), judges=["judge"], human=["p"])
    assert len(few.categories) == len(few.confusion) == 25


def test_only_the_most_frequent_points_are_kept(make: Make) -> None:
    size = MOST_POINTS + 100
    judge = [n / size for n in range(size)] + [0.5] * 3
    found = only(rows({"judge": judge, "p": judge}), judges=["judge"], human=["p"])
    assert len(found.points) == MOST_POINTS
    assert found.points[0] == (0.5, 0.5, 4)


# Evaluators as they are.


def test_the_qa_judge_beside_peoples_verdicts(tmp_path: Path) -> None:
    judge = load_evaluator("qa", llm=lambda messages: f"Verdict: [[{'IN' * ('Madrid' in str(messages))}CORRECT]]")
    given = [("Rome", "CORRECT"), ("Madrid", "INCORRECT"), ("Rome", "INCORRECT"), ("Madrid", "INCORRECT")]
    data = [
        {"id": n, "input": "?", "prediction": text, "reference": "r", "label": label, "bool": label == "CORRECT"}
        for n, (text, label) in enumerate(given)
    ]
    run = score_dataset(data, judge, run=tmp_path / "a.run.db", progress=False)
    labels, flags = only(run, human=["label"]), only(run, human=["bool"])
    assert (labels.kind, labels.categories, labels.confusion) == (
        *("labels", ("CORRECT", "INCORRECT")),
        ((1, 0), (1, 2)),
    )
    assert (flags.kind, flags.confusion) == ("binary", ((2, 1), (0, 1)))
    assert beside(labels, "Cohen's kappa") == beside(flags, "Cohen's kappa") == pytest.approx(0.5)


def test_ratings_of_criteria_are_compared_in_scale_units(tmp_path: Path) -> None:
    """Whatever the score is divided by, and whatever it means."""

    def reply(messages: Any) -> str:
        number = re.search(r"number-(\d+)", str(messages))
        return f"Rating: [[{number and number[1]}]]"

    data = [{"id": n, "input": "?", "prediction": f"number-{n} ", "p": min(10, n + 1)} for n in range(1, 11)]
    for divisor in (None, 10):
        judge = load_evaluator("score_string", llm=reply, normalize_by=divisor)
        run = score_dataset(data, judge, run=tmp_path / f"{divisor}.run.db", progress=False)
        found = only(run, human=["p"])
        assert beside(found, "bias") == pytest.approx(-0.9)
        assert (found.kind, found.rows) == ("ratings", 10)
        assert found.categories == tuple(map(str, range(1, 11)))


def test_scores_without_a_scale_are_as_they_are(make: Make) -> None:
    found = only(make([0.25, 0.5, 0.75], [{"p": 0.25}, {"p": 0.25}, {"p": 0.5}]), human=["p"])
    assert (found.kind, beside(found, "bias")) == ("ratings", pytest.approx(0.5 / 3))


def test_on_a_scale_from_no_to_yes_ratings_are_compared(make: Make) -> None:
    about = {"scale": {"low": 0, "high": 1, "step": 1}}
    found = only(make([0, 1, 1, 0], [{"p": one} for one in (0, 1, 0, 0)], **about), human=["p"])
    assert (found.kind, found.confusion) == ("binary", ((2, 1), (0, 1)))


# How ratings are given.


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([3, 4, 9], {"p": [3, 4, 9]}),
        ([3.5, 4, 9.0], {"p": [3.5, 4, 9]}),
        (["3", " 4 ", "9e0"], {"p": [3, 4, 9]}),
        ([3, None, 9], {"p": [3, None, 9]}),
        ([3, "", 9], {"p": [3, None, 9]}),
        ([3, "  ", 9], {"p": [3, None, 9]}),
        ([3, "nan", 9], {"p": [3, None, 9]}),
        ([3, math.nan, 9], {"p": [3, None, 9]}),
        ([3, ..., 9], {"p": [3, None, 9]}),
        ([[3, 4], [5, 6], [7, 8]], {"p 1": [3, 5, 7], "p 2": [4, 6, 8]}),
        ([(3,), [5, None], [7, 8]], {"p 1": [3, 5, 7], "p 2": [None, None, 8]}),
        ([[], [5, "6"], ...], {"p 1": [None, 5, None], "p 2": [None, 6, None]}),
        ([{"a": 3, "b": 4}, {"b": "6"}, {}], {"p.a": [3, None, None], "p.b": [4, 6, None]}),
        ([{"a": 3}, [5], 7], {"p.a": [3, None, None], "p 1": [None, 5, None], "p": [None, None, 7]}),
        (["good", " bad ", None], {"p": ["good", "bad", None]}),
        ([True, False, True], {"p": [1, 0, 1]}),
    ],
)
def test_a_column_holds_a_rating_or_several_people_s(given: list[Any], expected: dict[str, list[Any]]) -> None:
    found = ratings_of_rows(rows({"p": given, "n": [1, 2, 3]}), judges=["n"], human=["p"], cluster=None)
    known = {name: {f"r{n}": one for n, one in enumerate(each) if one is not None} for name, each in expected.items()}
    assert found.people == known
    assert found.judges == {"n": {"r0": 1, "r1": 2, "r2": 3}}
    assert (found.ids, found.clusters, found.notes) == (["r0", "r1", "r2"], ["r0", "r1", "r2"], ())


def test_paths_lead_to_ratings() -> None:
    each = [{"review": {"by": [{"name": "anna", "stars": n}]}, "a.b": n + 1} for n in range(3)]
    found = ratings_of_rows(
        [(f"r{n}", one) for n, one in enumerate(each)], judges=["a.b"], human=["review.by.0.stars"], cluster=None
    )
    assert found.people == {"review.by.0.stars": {"r0": 0, "r1": 1, "r2": 2}}
    assert found.judges == {"a.b": {"r0": 1, "r1": 2, "r2": 3}}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([0, 1, 1], Kind.BINARY),
        (["0", "1", None], Kind.BINARY),
        ([False, True, ...], Kind.BINARY),
        ([0, 1, 2], Kind.RATINGS),
        ([0, 0.5, 1], Kind.RATINGS),
        (["yes", "no", "yes"], Kind.LABELS),
    ],
)
def test_what_ratings_are(given: list[Any], kind: Kind) -> None:
    assert ratings_of_rows(rows({"p": given}), judges=[], human=["p"], cluster=None).kind is kind


def test_ratings_in_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["judge", "anna"], ["3", "4"], ["5", ""], ["2", "2"], ["4", "5"]])
    found = only(
        [(str(row.line), row.values) for row in open_source(str(path)).open()], judges=["judge"], human=["anna"]
    )
    assert (found.rows, found.kind, beside(found, "bias")) == (3, "ratings", pytest.approx(-2 / 3))


@pytest.mark.parametrize("given", [math.inf, -math.inf, [[3]], [{"rating": 3}], {"a": {"b": 3}}, {"a": [3]}])
def test_a_rating_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Row r1: p.* gave .*; a rating is a finite number or a label\.$"):
        agree_rows(rows({"p": [3, given, 4], "j": [1, 2, 3]}), judges=["j"], human=["p"])


def test_a_rating_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(ConfigError, match="a rating is a finite number or a label"):
        agree_rows(rows({"p": [3, 10**400, 4], "j": [1, 2, 3]}), judges=["j"], human=["p"])


def test_an_infinite_rating_in_a_csv_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="a rating is a finite number or a label"):
        agree_rows(rows({"p": ["3", "inf", "4"], "j": [1, 2, 3]}), judges=["j"], human=["p"])


@pytest.mark.parametrize("numbers", [[1, 0, 1, 0], [7, 0, 1, 0]])
def test_numbers_beside_labels_are_labels_of_their_own(numbers: list[int]) -> None:
    found = only(rows({"j": ["yes", "no", "yes", "no"], "p": numbers}), judges=["j"], human=["p"])
    assert set(found.categories) == {"yes", "no", *map(str, numbers)}


@pytest.mark.parametrize("given", [0, 11, 0.5, "12", [3, -1]])
def test_a_rating_off_the_scale_is_refused(make: Make, given: Any) -> None:
    run = make([3, 4, 5], [{"p": 4}, {"p": given}, {}], **ON_TEN)
    with pytest.raises(ConfigError, match=r"^Row r1: p.* gave [-\d.]+, which is off the scale 1\.\.10 of judge\.$"):
        agree(run, human=["p"])


def test_people_may_rate_between_the_steps_of_a_scale(make: Make) -> None:
    found = only(make([3, 4, 5], [{"p": 3.5}, {"p": 1}, {"p": 10}], **ON_TEN), human=["p"])
    assert found.categories == ("1", "3", "3.5", "4", "5", "10")


def test_the_lowest_rating_is_no_yes(make: Make) -> None:
    found = only(make([10, 9, 10], [{"p": 1}, {"p": 1}, {"p": 1}], **ON_TEN), human=["p"])
    assert (found.kind, beside(found, "exact agreement")) == ("ratings", 0)


@pytest.mark.parametrize("given", [True, False, 0])
def test_where_all_say_the_same_it_is_yes_or_no_still(make: Make, given: Any) -> None:
    found = only(make([10, 9, 10], [{"p": given}] * 3, **ON_TEN), human=["p"])
    assert (found.kind, beside(found, "exact agreement")) == ("binary", float(given))


# Ratings in the run file.


def test_what_people_said_in_the_run_file_is_taken(make: Make) -> None:
    rated = [(n, who, one) for who, each in (("anna", ANNA), ("ben", BEN)) for n, one in enumerate(each)]
    rated += [(0, "anna", 10), (1, "ben", 3), (1, "ben", None), (2, "cara", 4), (2, "cara", None), (0, "ben", BEN[0])]
    run = make(JUDGE, rated=[*rated, (0, "anna", 1)], **ON_TEN)
    with closing(sqlite3.connect(run.path)) as database, database:
        human_ratings(database, [(3, "anna", 9), (4, "dan", 9)], name="another")
    kept = list(run.human_ratings("judge"))
    anna = {row: rating for row, who, rating in kept if who == "anna"}
    ben = {row: rating for row, who, rating in kept if who == "ben"}
    assert anna == {f"r{n}": one for n, one in enumerate([1, *ANNA[1:]])}
    assert ben == {f"r{n}": one for n, one in enumerate(BEN) if n != 1}
    assert len(kept) == len(anna) + len(ben) == 79
    assert list(run.human_ratings("another")) == [("r3", "anna", 9), ("r4", "dan", 9)]
    assert list(run.human_ratings("nobody")) == []
    found = only(run)
    assert (found.people, found.rows) == (("anna", "ben"), 40)
    given = [np.array(list(each.values())) - [JUDGE[int(row[1:])] for row in each] for each in (anna, ben)]
    assert beside(found, "bias") == pytest.approx(-np.mean([each.mean() for each in given]))


def test_people_of_the_file_and_of_columns_stand_beside_each_other(make: Make) -> None:
    rated: list[tuple[int, str, Any]] = [(n, "anna", one) for n, one in enumerate(ANNA)]
    found = only(make(JUDGE, [{"ben": one} for one in BEN], rated=rated, **ON_TEN), human=["ben"])
    assert found.people == ("ben", "anna")
    halves = [AGREEMENT["Spearman"](each, JUDGE, None) for each in (ANNA, BEN)]
    assert beside(found, "Spearman") == pytest.approx(np.mean(halves))


def test_labels_in_the_run_file(make: Make) -> None:
    rated = [(0, "anna", "Y"), (1, "anna", "N"), (2, "anna", "N"), (2, "anna", "Y")]
    run = make([1.0, 0.0, 1.0], labels=["Y", "N", "Y"], rated=rated)
    found = only(run)
    assert (found.kind, found.confusion) == ("labels", ((1, 0), (0, 2)))


def test_where_nobody_rated_there_is_nothing(make: Make) -> None:
    run = make([3, 4, 5], [{"p": None}, {"p": ""}, {}], rated=[(0, "anna", 3), (0, "anna", None)], **ON_TEN)
    assert agree(run) == agree(run, human=["p"]) == ()


def test_a_column_that_no_row_has(make: Make) -> None:
    with pytest.raises(ConfigError, match=r"^No row has the column 'q' with ratings\.$"):
        agree(make([3, 4], [{"p": 3}, {"p": 4}], **ON_TEN), human=["p", "q"])
    for rater in ({"judges": ["q"], "human": ["p"]}, {"judges": ["p"], "human": ["q"]}):
        with pytest.raises(ConfigError, match="No row has the column 'q' with ratings"):
            agree_rows(rows({"p": [1, 2]}), **rater)  # type: ignore[arg-type]


def test_evaluators_are_chosen_by_name(make: Make) -> None:
    run = make([3, 4], [{"p": 3}, {"p": 4}], **ON_TEN)
    assert [one.judge for one in agree(run.path, human=["p"], evaluators=["judge"])] == ["judge"]
    assert agree(run, human=["p"], evaluators=[]) == ()
    with pytest.raises(ConfigError, match=r"a.run.db has no scores of 'juge'\. Did you mean 'judge'\?"):
        agree(run, human=["p"], evaluators=["juge"])


def test_a_judge_whose_rows_failed(make: Make) -> None:
    found = only(make(["failure", 4, None, 6], [{"p": one} for one in (3, 4, 5, 7)], **ON_TEN), human=["p"])
    assert (found.rows, beside(found, "bias")) == (2, -0.5)


# Too little.


def test_with_no_row_in_common_there_is_a_state_for_each_number(make: Make) -> None:
    found = only(make([3, 4, None, None], [{}, {}, {"p": 3}, {"p": 4}], **ON_TEN), human=["p"])
    assert (found.rows, found.categories, found.confusion, found.points) == (0, (), (), ())
    assert {(one.beside_person, one.state) for one in found.statistics} == {(None, FEW)}


@pytest.mark.parametrize("rating", [0, 4])
def test_one_row_tells_nothing(make: Make, rating: int) -> None:
    found = only(rows({"j": [rating], "p": [rating]}), judges=["j"], human=["p"])
    assert (found.rows, found.confusion) == (1, ((1,),))
    assert {(one.beside_person, one.state) for one in found.statistics} == {(None, FEW)}


def test_one_row_in_common_among_others_tells_nothing() -> None:
    found = only(rows({"j": [3, 3, ...], "p": [3, ..., 4]}), judges=["j"], human=["p"])
    assert found.rows == 1
    assert {(one.beside_person, one.state) for one in found.statistics} == {(None, FEW)}


def test_constant_ratings_have_states_instead_of_correlations() -> None:
    found = only(rows({"j": [4] * 5, "p": [4] * 5}), judges=["j"], human=["p"])
    for name in (*GRADED, "Cohen's kappa", "alpha, interval", "alpha, ordinal"):
        assert (said(found, name).beside_person, said(found, name).state) == (None, FLAT)
    assert [beside(found, name) for name in ("bias", "exact agreement", "within one")] == [0, 1, 1]
    found = only(rows({"j": [4] * 5, "p": [1, 2, 3, 4, 5]}), judges=["j"], human=["p"])
    for name in ("Pearson", "Spearman", "Kendall tau-b"):
        assert (said(found, name).beside_person, said(found, name).state) == (None, FLAT)
    assert beside(found, "quadratic kappa") == 0


def test_without_a_no_there_is_no_ranking(make: Make) -> None:
    found = only(make([0.2, 0.7, 0.9], [{"p": 1}] * 3), human=["p"])
    assert (said(found, "AUC").state, said(found, "recall at 0.5").state) == (FLAT, "")


def test_rows_of_one_source_are_too_few() -> None:
    found = only(rows({"j": [1, 2, 3], "p": [2, 1, 3], "doc": "aaa"}), judges=["j"], human=["p"], cluster="doc")
    assert {(one.beside_person, one.state) for one in found.statistics} == {(None, FEW)}


# Sources.


def test_whole_sources_are_drawn() -> None:
    """Rows that are all there five times say no more than once."""
    once, often = [each[:20] for each in (JUDGE, ANNA)], [each[:20] * 5 for each in (JUDGE, ANNA)]
    source = [f"d{n % 20}" for n in range(100)]
    alone, repeated, known = (
        only(rows(dict(zip(("j", "p", "doc"), each, strict=False))), judges=["j"], human=["p"], cluster=cluster)
        for each, cluster in ((once, None), (often, None), ([*often, source], "doc"))
    )
    for name in ("Spearman", "bias", "exact agreement"):
        widths = []
        for found in (alone, repeated, known):
            interval = said(found, name).beside_person
            assert interval is not None
            widths.append(interval.high - interval.low)
        assert widths[1] < 0.6 * widths[0]
        assert widths[2] == pytest.approx(widths[0], rel=0.25)
        assert beside(alone, name) == pytest.approx(beside(known, name))


def test_rows_without_a_source_stand_by_themselves(make: Make) -> None:
    each = rows({"p": [1, 2, 3, 4], "j": [1, 2, 3, 4], "doc": ["a", ..., None, "a"]})
    found = ratings_of_rows(each, judges=["j"], human=["p"], cluster="doc")
    assert found.clusters == ["a", ("r1",), ("r2",), "a"]
    columns = [values for _, values in each]
    assert only(make([1, 2, 3, 4], columns, **ON_TEN), human=["p"], cluster="doc").rows == 4
    for call in (
        lambda: agree(make([1, 2], columns[:2], **ON_TEN), human=["p"], cluster="dok"),
        lambda: agree_rows(each, judges=["j"], human=["p"], cluster="dok"),
    ):
        with pytest.raises(ConfigError, match="No row has the column 'dok' to be told apart by"):
            call()


# Without a judge, without people.


def test_judges_alone_are_compared_two_by_two() -> None:
    found = agree_rows(rows({"a": JUDGE, "b": [[x, y] for x, y in zip(ANNA, BEN, strict=True)]}), judges=["a", "b"])
    assert [(one.people, one.judge) for one in found] == [(("a",), "b 1"), (("a",), "b 2"), (("b 1",), "b 2")]
    for one, (a, b) in zip(found, itertools.combinations((JUDGE, ANNA, BEN), 2), strict=True):
        assert one.rows == 40
        assert beside(one, "bias") == pytest.approx(statistics.mean(b) - statistics.mean(a))
        assert beside(one, "Spearman") == pytest.approx(scipy.stats.spearmanr(a, b).statistic)
        assert (one.alt_test, one.notes) == (None, ())


def test_people_alone_are_compared_with_each_other() -> None:
    found = only(rows({"a": ANNA, "b": BEN, "c": CARA}), human=["a", "b", "c"])
    assert (found.judge, found.people, found.rows) == ("", ("a", "b", "c"), 40)
    assert (found.confusion, found.points, found.alt_test, found.notes) == ((), (), None, ())
    matrix = np.array([ANNA, BEN, CARA], float).T
    for one in found.statistics:
        assert one.beside_person is one.beside_mean is None
    pairs = [scipy.stats.spearmanr(*two).statistic for two in itertools.combinations((ANNA, BEN, CARA), 2)]
    spearman, alpha = said(found, "Spearman").ceiling, said(found, "alpha, interval").ceiling
    assert spearman is not None
    assert alpha is not None
    assert spearman.value == pytest.approx(np.mean(pairs))
    assert alpha.value == pytest.approx(float(krippendorff_alpha(matrix)))


def test_what_does_not_apply_is_not_blamed_on_the_ratings() -> None:
    found = only(rows({"a": ANNA, "b": BEN}), human=["a", "b"])
    assert [one.name for one in found.statistics if one.state == FLAT] == []


def test_people_alone_who_say_yes_or_no() -> None:
    yes = [[int(one > 5) for one in each] for each in (ANNA, BEN, CARA)]
    found = only(rows(dict(zip("abc", yes, strict=True))), human=["a", "b", "c"])
    assert [one.name for one in found.statistics] == [
        *("Cohen's kappa", "exact agreement", "alpha, nominal", "Fleiss' kappa")
    ]
    fleiss = said(found, "Fleiss' kappa").ceiling
    assert fleiss is not None
    assert fleiss.value == pytest.approx(float(fleiss_kappa(np.array(yes).T)))
    assert (found.kind, found.rows) == ("binary", 40)


def test_each_judge_stands_beside_the_people() -> None:
    found = agree_rows(rows({"a": JUDGE, "b": ANNA, "c": BEN}), judges=["a", "b"], human=["c"])
    assert [(one.judge, one.people) for one in found] == [("a", ("c",)), ("b", ("c",))]


@pytest.mark.parametrize(
    ("judges", "human", "why"),
    [
        (["a"], [], "name their columns"),
        ([], ["a"], "name their columns"),
        ([], [], "name their columns"),
        (["a"], ["none"], "none rated nothing"),
        (["none"], ["none", "empty"], r"none rated nothing\. none rated nothing\. empty rated nothing"),
    ],
)
def test_one_rater_agrees_with_nobody(judges: list[str], human: list[str], why: str) -> None:
    given = rows({"a": [1, 2, 3], "none": [None, "", math.nan], "empty": ["", "", ""]})
    with pytest.raises(ConfigError, match=f"^Agreement needs two raters: {why}"):
        agree_rows(given, judges=judges, human=human)


def test_who_rated_nothing_is_told_of() -> None:
    found = only(rows({"a": JUDGE, "p": [[one, None] for one in ANNA]}), judges=["a"], human=["p"])
    assert (found.people, found.notes) == (("p 1",), ("p 2 rated nothing.",))


def test_the_alternative_annotator_test_takes_its_epsilon() -> None:
    given = rows({"j": JUDGE, "p": [list(each) for each in zip(ANNA, BEN, CARA, strict=True)]})
    for epsilon in (0.1, 0.2):
        alt_test = only(given, judges=["j"], human=["p"], epsilon=epsilon).alt_test
        assert alt_test is not None
        assert alt_test == alternative_annotator_test(JUDGE, np.array([ANNA, BEN, CARA], float).T, epsilon=epsilon)


def test_an_epsilon_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="epsilon"):
        agree_rows(rows({"j": JUDGE, "p": [[1, 2]] * 40}), judges=["j"], human=["p"], epsilon=2)


def test_rows_with_one_id_are_not_mixed_up() -> None:
    with pytest.raises(ConfigError, match="Two rows have the id"):
        agree_rows([("a", {"j": 1, "p": 5}), ("a", {"j": 2, "p": 2})], judges=["j"], human=["p"])


def test_the_order_of_rows_plays_no_part() -> None:
    given = rows({"j": JUDGE, "p": [list(each) for each in zip(ANNA, BEN, strict=True)]})
    found, back = (only(each, judges=["j"], human=["p"]) for each in (given, given[::-1]))
    assert (found.rows, found.confusion, sorted(found.points)) == (back.rows, back.confusion, sorted(back.points))
    for one, other in zip(found.statistics, back.statistics, strict=True):
        assert one.beside_person is not None
        assert other.beside_person is not None
        assert one.beside_person.value == pytest.approx(other.beside_person.value)


def test_a_panel_without_people() -> None:
    ratings = ratings_of_rows(rows({"j": [1, 2]}), judges=["j"], human=[], cluster=None)
    panel = Panel.of(ratings, "j", ())
    assert (panel.people.shape, panel.rows, panel.confusion(), panel.points()) == ((0, 0), 0, ((), ()), [])
    assert BINARY.keys() & {one["name"] for one in panel.statistics()} == set()
