"""`lc-scoring score` given bad data, bad run files and wrong calls: one clear line, or a failure in the row."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest
from loopback.command_line import Judge, read, rows_file, run, run_each, write

ROWS = [{"id": f"r{n}", "prediction": "yes", "reference": "yes"} for n in range(1, 4)]
MATCH = ("-e", "exact_match")


class Refused(NamedTuple):
    """A call that ends with exit code 2."""

    name: str
    arguments: tuple[object, ...]
    said: tuple[str, ...]


def refused_calls(folder: Path) -> Iterator[Refused]:
    """Make the files, and the calls that each go wrong."""

    def call(name: str, data: Path, *arguments: object, said: tuple[str, ...]) -> Refused:
        return Refused(name, ("score", data, *MATCH, "--run", folder / f"{name}.db", *arguments), said)

    good = write(folder / "good.jsonl", ROWS)
    utf_16, empty, broken = folder / "utf16.jsonl", folder / "empty.jsonl", folder / "broken.jsonl"
    utf_16.write_text('{"prediction": "a", "reference": "a"}\n', encoding="utf-16")
    empty.write_bytes(b"")
    broken.write_bytes(b'{"prediction": "a", "refer')
    yield call("utf-16", utf_16, said=("utf16.jsonl is UTF-16", "iconv"))
    yield call("empty", empty, said=("empty.jsonl holds no rows",))
    yield call("nothing-whole", broken, said=("broken.jsonl, line 1: no valid JSON", "cut off"))
    yield call("no-file", folder / "none.jsonl", said=("none.jsonl cannot be read: No such file",))
    yield call("a-folder-as-data", folder, said=(f"{folder}",))
    yield call("no-format", write(folder / "rows.txt", ROWS), said=("rows.txt: its ending tells no format",))
    for at, text in enumerate(("nonsense", "=answer", "prediction=", "  =x")):
        said = ("--column takes field=column", repr(text))
        yield call(f"column-{at}", good, "--column", text, said=said)
    yield call(
        "no-column", good, "--column", "prediction=out.text", said=("line 1: no column 'out.text'. Present: id",)
    )
    yield call("column-hint", good, "--column", "prediction=out.text", said=("--column prediction=",))
    for option in ("cost", "tokens", "time"):
        yield call(f"max-{option}", good, f"--max-{option}", 0, said=(f"max_{option} takes a number above 0", "0"))
    yield call("export-ending", good, "-o", folder / "s.xlsx", said=(".jsonl, .ndjson, .csv, .parquet", "s.xlsx"))
    yield call("export-nowhere", good, "-o", folder / "no" / "s.jsonl", said=("s.jsonl", "there is no folder"))
    yield call("export-parquet", good, "-o", folder / "no" / "s.parquet", said=("s.parquet", "there is no folder"))
    (folder / "s.csv").mkdir()
    yield call("export-folder", good, "-o", folder / "s.csv", said=("s.csv", "directory"))
    yield call("by-nothing", good, "--by", "topic", said=("No row has the column 'topic'",))
    yield call("cluster-nothing", good, "--cluster", "source", said=("No row has the column 'source'",))

    foreign, text = folder / "foreign.db", folder / "notes.db"
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE mine (x)")
        database.commit()
    text.write_text("my notes")
    (folder / "place.db").mkdir()
    for path in (foreign, text):
        said = (f"{path} is no run file",)
        yield call(f"{path.stem}-resumed", good, "--run", path, "--resume", said=said)
        yield Refused(f"{path.stem}-summed-up", ("summary", path), said)
    yield call("foreign-begun", good, "--run", foreign, said=(f"{foreign} is no run file",))
    yield call("folder-as-run", good, "--run", folder / "place.db", said=("place.db", "directory"))
    yield call("folder-resumed", good, "--run", folder / "place.db", "--resume", said=("place.db", "directory"))
    yield Refused("folder-summed-up", ("summary", folder / "place.db"), ("place.db",))
    yield Refused("no-run", ("summary", folder / "none.db"), ("There is no run file", "none.db"))
    is_root = getattr(os, "geteuid", int)() == 0
    below = text / "rows.run.db" if is_root else folder / "read-only" / "rows.run.db"
    if not is_root:
        below.parent.mkdir(mode=0o500)
    yield call("nowhere-to-write", good, "--run", below, said=(f"The run file {below} cannot be made",))
    yield call("no-folder", good, "--run", folder / "no" / "x.db", said=("x.db cannot be made",))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Refused, CompletedProcess[str]]]:
    folder = tmp_path_factory.mktemp("refused")
    calls = list(refused_calls(folder))
    done = run_each([call.arguments for call in calls], cwd=folder)
    assert (folder / "notes.db").read_text() == "my notes"
    with closing(sqlite3.connect(folder / "foreign.db")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not list(folder.glob("*.db-*")), "nothing is left beside"
    return {call.name: (call, one) for call, one in zip(calls, done, strict=True)}


def names() -> list[str]:
    """The names of the calls, which are the same wherever the files stand."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        return [call.name for call in refused_calls(Path(folder))]


@pytest.mark.parametrize("name", names())
def test_what_cannot_be_is_one_line(calls: dict[str, tuple[Refused, CompletedProcess[str]]], name: str) -> None:
    call, done = calls[name]
    told = name.endswith("-nothing")  # what was scored is summed up before
    assert (done.returncode, bool(done.stdout)) == (2, told)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("Error: ")
    assert [said for said in call.said if said not in done.stderr] == [], done.stderr


def test_an_export_that_fails_costs_nothing_but_itself(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", ROWS)
    (tmp_path / "folder.jsonl").mkdir()
    calls = [("score", "rows.jsonl", *MATCH, "-o", "folder.jsonl"), ("summary", "rows.run.db", "-o", "s.jsonl")]
    failed, done = run_each(calls, cwd=tmp_path)
    assert (failed.returncode, done.returncode, done.stderr) == (2, 0, "")
    assert [row["score"] for row in read(tmp_path / "s.jsonl")] == [1, 1, 1]


def test_an_export_that_cannot_be_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    file = rows_file(tmp_path, 3)
    with Judge() as judge:
        done = judge.score(file, "-o", "no/s.jsonl")
        assert (done.returncode, judge.requests) == (2, [])


def test_an_export_never_overwrites_the_run(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", ROWS)
    calls = [
        ("score", "rows.jsonl", *MATCH, "--run", "all.jsonl"),
        ("summary", "all.jsonl", "-o", "all.jsonl"),
        ("score", "rows.jsonl", *MATCH, "--run", "new.jsonl", "-o", "new.jsonl"),
        ("summary", "all.jsonl"),
    ]
    made, summed_up, scored, again = run_each(calls, cwd=tmp_path)
    assert (made.returncode, again.returncode) == (0, 0), again.stderr
    assert (summed_up.returncode, scored.returncode) == (2, 2)


def test_a_run_of_another_making_is_not_gone_on_with(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", [{**row, "key": row["id"], "text": "yes"} for row in ROWS])
    resumed = ("score", "rows.jsonl", *MATCH, "--resume")
    calls = [
        ("score", "rows.jsonl", *MATCH),
        (*resumed, "--column", "prediction=text"),
        (*resumed, "--id-column", "key"),
        (*resumed, "--set", "ignore_case=true"),
    ]
    done, *others = run_each(calls, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for one, said in zip(others, ("columns={}", "id_column='id'", "were made differently"), strict=True):
        assert (one.returncode, one.stdout, len(one.stderr.splitlines())) == (2, "", 1)
        assert said in one.stderr
        assert "another run" in one.stderr


def test_a_run_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", ROWS)
    (done,) = run_each([("score", "rows.jsonl", *MATCH)], cwd=tmp_path)
    assert done.returncode == 0
    run_file = tmp_path / "rows.run.db"
    with closing(sqlite3.connect(run_file)) as database:
        database.execute("PRAGMA user_version = 99")
    before = run_file.read_bytes()
    calls = [("score", "rows.jsonl", *MATCH, "--resume"), ("summary", "rows.run.db")]
    for one in run_each(calls, cwd=tmp_path):
        assert (one.returncode, one.stdout) == (2, "")
        assert "newer lc_scoring (schema 99" in one.stderr
        assert len(one.stderr.splitlines()) == 1
    assert run_file.read_bytes() == before


# Rows that are bad among good ones.


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, list[dict[str, Any]]]]:
    """The exit code and what came of each row, by file."""
    folder = tmp_path_factory.mktemp("mixed")
    long = "x" * 20_000_000
    files: dict[str, list[Any]] = {
        "cut-off": [*ROWS, b'{"id": "r4", "prediction": "ye'],
        "latin-1": [ROWS[0], '{"id": "r2", "prediction": "né", "reference": "yes"}\n'.encode("latin-1"), ROWS[2]],
        "bom": [b"\xef\xbb\xbf", *ROWS],
        "long": [ROWS[0], {"id": "long", "prediction": long, "reference": long}, ROWS[1]],
        "one-id": [ROWS[0], {**ROWS[0], "prediction": "no"}, ROWS[0], {**ROWS[0], "prediction": "never"}, ROWS[1]],
        "no-column": [
            {"id": n, "reference": "yes", **({"prediction": "yes"} if n != 400 else {})} for n in range(1, 501)
        ],
    }
    calls = [
        ("score", write(folder / f"{name}.jsonl", rows), *MATCH, "-o", f"{name}.out.jsonl")
        for name, rows in files.items()
    ]
    done = run_each(calls, cwd=folder)
    assert {one.stderr for one in done} == {""}
    return {name: (one.returncode, read(folder / f"{name}.out.jsonl")) for name, one in zip(files, done, strict=True)}


Mixed = dict[str, tuple[int, list[dict[str, Any]]]]


def failures(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["id"]: row["error"]["message"] for row in rows if "error" in row}


def test_a_file_that_was_cut_off_fails_in_its_last_row(mixed: Mixed) -> None:
    code, rows = mixed["cut-off"]
    assert (code, [row.get("score") for row in rows]) == (1, [1, 1, 1, None])
    (said,) = failures(rows).values()
    assert "cut-off.jsonl, line 4: no valid JSON" in said
    assert "The file ends inside of this line: it was cut off." in said


def test_a_row_in_another_encoding_fails_by_itself(mixed: Mixed) -> None:
    code, rows = mixed["latin-1"]
    assert (code, [row.get("score") for row in rows]) == (1, [1, None, 1])
    (said,) = failures(rows).values()
    assert "latin-1.jsonl, line 2" in said
    assert "utf-8" in said


@pytest.mark.parametrize("name", ["bom", "long"])
def test_what_is_unusual_is_read(mixed: Mixed, name: str) -> None:
    code, rows = mixed[name]
    assert (code, [row.get("score") for row in rows]) == (0, [1, 1, 1])
    assert rows[0]["id"] == "r1"


def test_an_id_of_several_rows_fails_where_they_differ(mixed: Mixed) -> None:
    code, rows = mixed["one-id"]
    assert (code, [row["line"] for row in rows]) == (1, [1, 2, 3, 4, 5])
    assert [row.get("score") for row in rows] == [1, None, 1, None, 1]
    assert [row["id"] for row in rows if "score" in row] == ["r1", "r1-2", "r2"]
    for said in failures(rows).values():
        assert said.startswith("The id 'r1' is that of line 1 too, with other content")


def test_a_row_without_a_column_fails_under_its_line(mixed: Mixed) -> None:
    code, rows = mixed["no-column"]
    assert (code, len(rows), sum("score" in row for row in rows)) == (1, 500, 499)
    (said,) = failures(rows).values()
    assert "no-column.jsonl, line 400: no column 'prediction'. Present: id, reference." in said


def test_a_file_that_was_cut_off_and_is_whole_again_can_be_gone_on_with(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [*ROWS[:2], b'{"id": "r3", "prediction": "ye'])
    assert run("score", file, *MATCH, cwd=tmp_path).returncode == 1
    write(file, ROWS)
    done = run("score", file, *MATCH, "--resume", "-o", "s.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["id"] for row in read(tmp_path / "s.jsonl")] == ["r1", "r2", "r3"]
