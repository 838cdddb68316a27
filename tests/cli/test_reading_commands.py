"""`lc-scoring compare` and `lc-scoring agree`, as their users call and read them."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from loopback.command_line import run_each, write

from lc_scoring import Score, StringEvaluator, score_dataset

NASTY = "[red]x[/] :smile: \x1b[31mred\x1b[0m [/nothing] a\nb"
SHOWN = "[red]x[/] :smile:  [31mred [0m [/nothing] a b"
PLAIN = {"COLUMNS": "200", "TERM": "dumb"}


class Rated(StringEvaluator):
    """Rates a prediction by what it says, under any name."""

    def __init__(self, name: str = "rated") -> None:
        self._name = name

    @property
    def evaluation_name(self) -> str:
        return self._name

    async def ascore(self, fields: Any, config: Any = None) -> Score:
        number, _, label = fields["prediction"].partition(" ")
        return Score(
            name=self._name,
            value=float(number) / 10,
            rating=float(number),
            label=label or None,
            signature=self.signature,
        )

    def _evaluate_strings(self, **_: Any) -> Any:
        raise NotImplementedError


def scored(folder: Path, name: str, predictions: list[str], evaluators: Any = "exact_match", **columns: Any) -> str:
    """Make a run whose right answer is always "10", and return its name."""
    rows = [
        {"id": f"r{n}", "prediction": one, "reference": "10", **{column: each[n] for column, each in columns.items()}}
        for n, one in enumerate(predictions)
    ]
    score_dataset(rows, evaluators, run=folder / f"{name}.run.db", progress=False)
    return f"{name}.run.db"


def called(folder: Path, *calls: tuple[object, ...]) -> list[CompletedProcess[str]]:
    return run_each(calls, cwd=folder, **PLAIN)


def cells(done: CompletedProcess[str]) -> dict[str, str]:
    """The lines of a comparison's table by their titles."""
    split = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    return {line[0]: line[1] for line in split if len(line) == 2}


def measures(done: CompletedProcess[str]) -> dict[str, list[str]]:
    """The lines of an agreement's table by their titles."""
    split = [re.split(r"\s{2,}", line.strip()) for line in done.stdout.splitlines()]
    return {line[0]: line[1:] for line in split if len(line) > 1}


def test_what_compare_prints_and_its_exit_codes(tmp_path: Path) -> None:
    doc = [f"d{n // 3}" for n in range(24)]
    old = scored(tmp_path, "old", ["10"] * 3 + ["0"] * 21, doc=doc)
    new = scored(tmp_path, "new", ["10"] * 15 + ["0"] * 9)
    few = scored(tmp_path, "few", ["10"] * 3)
    one = scored(tmp_path, "one", ["10"])
    better, worse, strict, fine, two, alike, clusters, short, alone = called(
        tmp_path,
        ("compare", old, new),
        ("compare", new, old),
        ("compare", new, old, "--fail-if-worse"),
        ("compare", old, new, "--fail-if-worse"),
        ("compare", new, old, new, "--fail-if-worse"),
        ("compare", old, old, "--fail-if-worse", "-e", "exact_match"),
        ("compare", old, new, "--cluster", "doc"),
        ("compare", old, few, "--fail-if-worse"),
        ("compare", old, one, "--fail-if-worse"),
    )
    codes = [one.returncode for one in (better, worse, strict, fine, two, alike, clusters, short)]
    assert codes == [0, 0, 1, 0, 1, 0, 0, 0]
    assert (alone.returncode, alone.stderr) == (0, "")
    assert cells(alone).keys() == {"evaluation", "verdict", "mean", "rows", "note"}
    assert (cells(alone)["verdict"], cells(alone)["rows"]) == ("too few pairs", "0 better, 1 equal, 0 worse")
    assert cells(alone)["note"] == "One pair, or rows of one source, prove nothing."
    assert {one.stderr for one in (better, worse, strict, fine, two, alike, clusters, short)} == {""}
    assert better.stdout.splitlines()[0].strip() == "new.run.db beside old.run.db"
    assert cells(better) == {
        "evaluation": "exact_match",
        "verdict": "better",
        "mean": "0.12 before, 0.62 now, over 24 rows scored in both",
        "difference": "+0.50 [+0.24, +0.68] (95 % interval)",
        "rows": "12 better, 12 equal, 0 worse",
        "p": "below 0.001 (McNemar)",
        "effect": "0.50 (Cohen's g)",
        "power": "with 24 pairs a difference of 0.29 is found 4 times out of 5",
    }
    assert cells(worse)["verdict"] == "worse"
    assert cells(worse)["rows"] == "0 better, 12 equal, 12 worse"
    assert worse.stdout == strict.stdout
    assert better.stdout == fine.stdout
    assert two.stdout.count("allowing for 2 comparisons") == 2
    assert [line.strip() for line in two.stdout.splitlines() if "beside" in line] == [
        *("old.run.db beside new.run.db", "new.run.db beside new.run.db")
    ]
    assert (cells(alike)["verdict"], cells(alike)["p"]) == ("no difference found", "1.000 (McNemar)")
    assert "effect" not in cells(alike)
    assert cells(clusters)["p"] == "0.125 (paired permutation)"
    assert cells(clusters)["verdict"] == "no difference found"
    assert (cells(short)["verdict"], "power" in cells(short)) == ("too few pairs", False)
    assert cells(short)["note"] == "However 3 pairs or sources fall, they prove nothing at 5 %: 6 can."
    assert "21 rows are in the base run alone and 0 in the other alone." in short.stdout


def test_what_compare_refuses_in_one_line(tmp_path: Path) -> None:
    old = scored(tmp_path, "old", ["10", "0"])
    other = scored(tmp_path, "other", ["10", "0"], Rated())
    renamed = scored(tmp_path, "renamed", ["10", "0"], Rated("exact_match"))
    (tmp_path / "text.db").write_text("no run", "utf-8")
    calls: list[tuple[tuple[object, ...], str]] = [
        ((old,), "Compare a run with another one: name two at least."),
        ((old, "none.run.db"), "There is no run file none.run.db."),
        ((old, "text.db"), "text.db is no run file: `lc-scoring score` and score_dataset() make those."),
        (
            (old, other),
            "old.run.db has scores of exact_match and other.run.db has scores of rated: there is nothing to compare.",
        ),
        (
            (old, old, "-e", "exact_mach"),
            "old.run.db and old.run.db do not both have scores of 'exact_mach'. Did you mean 'exact_match'?",
        ),
        ((old, old, "--cluster", NASTY), "No row has the column "),
        ((old, renamed), "Scores of 'exact_match' were made differently: "),
    ]
    done = called(
        tmp_path, *(("compare", *arguments) for arguments, _ in calls), ("compare", old, renamed, "--any-signature")
    )
    for one, (_, message) in zip(done[:-1], calls, strict=True):
        assert (one.returncode, one.stdout) == (2, "")
        assert one.stderr.startswith(f"Error: {message}")
        assert one.stderr.count("\n") == 1
        assert "\x1b" not in one.stderr
    assert (done[-1].returncode, done[-1].stderr) == (0, "")
    assert "│ note       │ Made differently: " in done[-1].stdout


def test_what_agree_prints(tmp_path: Path) -> None:
    ratings = [n % 10 + 1 for n in range(40)]
    people = [[min(10, one + 1), one, max(1, one - n % 2)] for n, one in enumerate(ratings)]
    run = scored(
        tmp_path,
        "a",
        [str(one) for one in ratings],
        Rated(),
        anna=[each[0] for each in people],
        people=people,
        yes=[one > 5 for one in ratings],
        doc=[f"d{n // 4}" for n in range(40)],
    )
    one, three, yes, clusters, strict = called(
        tmp_path,
        ("agree", run, "--human", "anna"),
        ("agree", run, "--human", "people", "-e", "rated"),
        ("agree", run, "--human", "yes"),
        ("agree", run, "--human", "people", "--cluster", "doc"),
        ("agree", run, "--human", "people", "--epsilon", 0),
    )
    assert {(done.returncode, done.stderr) for done in (one, three, yes, clusters, strict)} == {(0, "")}
    assert one.stdout.splitlines()[0].strip() == "rated beside anna: 40 rows, ratings"
    assert three.stdout.splitlines()[0].strip() == "rated beside 3 people: 40 rows, ratings"
    assert yes.stdout.splitlines()[0].strip() == "rated beside yes: 40 rows, binary"
    assert measures(one)["95 % intervals"] == ["beside a person"]
    assert measures(three)["95 % intervals"] == ["beside a person", "their mean", "two people"]
    assert re.fullmatch(r"-?\d\.\d\d \[-?\d\.\d\d, -?\d\.\d\d\]", measures(one)["quadratic kappa"][0])
    assert len(measures(three)["Spearman"]) == 3
    assert measures(three)["quadratic kappa"] != measures(clusters)["quadratic kappa"]
    assert {"AUC", "precision at 0.5", "calibration error"} <= measures(yes).keys()
    assert measures(yes)["person \\ judge"] == ["0", "1"]
    assert (measures(yes)["0"], measures(yes)["1"]) == (["16", "4"], [".", "20"])
    assert "Alternative annotator test: rated may stand in for a person: wins against 100% of 3 people" in three.stdout
    assert "Alternative annotator test" not in one.stdout
    assert three.stdout.splitlines()[-1].endswith("%).")


def test_agreement_in_files_of_rows(tmp_path: Path) -> None:
    rows = [{"a": n, "b": n + n % 2, "said": {"x": n, "y": 3}, "none": None} for n in range(1, 6)]
    file = write(tmp_path / "rows.jsonl", rows).name
    (tmp_path / "rows.csv").write_text("judge,anna\n3,4\n5,\n2,2\n", "utf-8")
    table_of = pa.table({"judge": [3, 5, 2], "people": [[4, 3], [5, None], [2, 2]]})
    pq.write_table(table_of, tmp_path / "rows.parquet")
    judges, people, both, table, constant, parquet = called(
        tmp_path,
        ("agree", file, "--judge", "a", "--judge", "b"),
        ("agree", file, "--human", "said"),
        ("agree", file, "--judge", "a", "--human", "said", "--human", "none"),
        ("agree", "rows.csv", "--judge", "judge", "--human", "anna"),
        ("agree", file, "--judge", "a", "--human", "said.y"),
        ("agree", "rows.parquet", "--judge", "judge", "--human", "people"),
    )
    assert {(one.returncode, one.stderr) for one in (judges, people, both, table, constant, parquet)} == {(0, "")}
    titles = [one.stdout.splitlines()[0].strip() for one in (judges, people, both, table, parquet)]
    assert titles == [
        "b beside a: 5 rows, ratings",
        "people beside each other: 5 rows, ratings",
        "a beside 2 people: 5 rows, ratings",
        "judge beside anna: 2 rows, ratings",
        "judge beside 2 people: 3 rows, ratings",
    ]
    assert measures(people)["95 % intervals"] == ["two people"]
    assert "none rated nothing." in both.stdout
    assert "needs two people with 30 rows" in both.stdout
    assert measures(constant)["Spearman"] == ["ratings do not vary enough"]


def test_what_agree_refuses_in_one_line(tmp_path: Path) -> None:
    run = scored(tmp_path, "a", ["3", "4"], Rated(), anna=[3, 4], odd=[[3], [[4]]], empty=[None, ""])
    file = write(tmp_path / "rows.jsonl", [{"a": 1}, {"a": 2}]).name
    broken = write(tmp_path / "broken.jsonl", [{"a": 1, "b": 2}, b"{no"]).name
    (tmp_path / "a.txt").write_text("text", "utf-8")
    calls: list[tuple[tuple[object, ...], str]] = [
        ((run,), "a.run.db holds no ratings by people: name a column of its rows that does with --human."),
        ((run, "--human", "empty"), "a.run.db holds no ratings by people"),
        (
            (run, "--judge", "anna"),
            "--judge names columns of a file of rows; the judges of a run are its evaluators (-e).",
        ),
        ((run, "--human", "ana"), "No row has the column 'ana' with ratings."),
        ((run, "--human", NASTY), "No row has the column "),
        ((run, "--human", "odd"), "Row r1: odd 1 gave [4]; a rating is a finite number or a label."),
        ((run, "--human", "anna", "-e", "ratd"), "a.run.db has no scores of 'ratd'. Did you mean 'rated'?"),
        ((run, "--human", "anna", "--cluster", "doc"), "No row has the column 'doc' to be told apart by."),
        ((file,), "Name the columns with ratings: --judge, --human."),
        ((file, "--judge", "a"), "Agreement needs two raters: name their columns."),
        ((file, "--judge", "b", "--human", "a"), "No row has the column 'b' with ratings."),
        ((broken, "--judge", "a", "--human", "b"), "broken.jsonl"),
        (("none.jsonl", "--judge", "a"), ""),
        (("a.txt", "--judge", "a"), ""),
        ((".", "--judge", "a"), ""),
    ]
    done = called(tmp_path, *(("agree", *arguments) for arguments, _ in calls), ("agree", run, "--epsilon", 2))
    for one, (arguments, message) in zip(done[:-1], calls, strict=True):
        assert (one.returncode, one.stdout) == (2, ""), arguments
        assert one.stderr.startswith(f"Error: {message}"), one.stderr
        assert one.stderr.count("\n") == 1
        assert "\x1b" not in one.stderr
    assert done[-1].returncode == 2
    assert "--epsilon" in done[-1].stderr


def test_names_and_labels_are_shown_as_they_are_and_harmless(tmp_path: Path) -> None:
    predictions = [f"{n % 2} {('one' + NASTY) if n % 2 else 'other'}" for n in range(8)]
    labels = [("one" + NASTY) if n % 2 else "other" for n in range(8)]
    run = scored(tmp_path, "a", predictions, Rated(NASTY), **{f"by {NASTY}": labels})
    twin = scored(tmp_path, "[red]b[bold] :smile:", predictions, Rated(NASTY))
    rows = write(tmp_path / "rows.jsonl", [{NASTY: n, "b": n + n % 2} for n in range(5)]).name
    compared, agreed, columns, nothing = called(
        tmp_path,
        ("compare", run, twin, "-e", NASTY),
        ("agree", run, "--human", f"by {NASTY}"),
        ("agree", rows, "--judge", "b", "--human", NASTY),
        ("agree", rows, "--judge", "b", "--judge", NASTY),
    )
    assert [one.returncode for one in (compared, agreed, columns, nothing)] == [0, 0, 0, 0]
    for one in (compared, agreed, columns, nothing):
        assert "\x1b" not in one.stdout
        assert one.stderr == ""
    assert cells(compared)["evaluation"] == SHOWN
    assert "[red]b[bold] :smile:.run.db beside a.run.db" in compared.stdout
    flat = " ".join(agreed.stdout.split())
    shown = " ".join(SHOWN.split())
    assert f"{shown} beside by {shown}: 8 rows, labels" in flat
    assert f"one{shown}" in flat
    assert measures(agreed)["exact agreement"] == ["1.00 [1.00, 1.00]"]
    assert f"b beside {shown}: 5 rows, ratings" in " ".join(columns.stdout.split())
    assert f"{shown} beside b: 5 rows, ratings" in " ".join(nothing.stdout.split())


def test_help_mentions_all_options(tmp_path: Path) -> None:
    compare, agree, whole = called(tmp_path, ("compare", "--help"), ("agree", "--help"), ("--help",))
    assert {one.returncode for one in (compare, agree, whole)} == {0}
    for option in ("--evaluator", "-e", "--cluster", "--any-signature", "--fail-if-worse", "runs"):
        assert option in compare.stdout.replace("RUNS", "runs")
    for option in ("--human", "--judge", "--evaluator", "-e", "--cluster", "--epsilon", "data"):
        assert option in agree.stdout.replace("DATA", "data")
    assert "compare" in whole.stdout
    assert "agree" in whole.stdout
