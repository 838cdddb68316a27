"""`lc-scoring rubric list`, `show` and `check`: rubrics that come along and files of one's own."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from loopback.command_line import run

GOOD = """\
name = "support"
version = 3
scale = { low = 1, high = 5 }

[[criteria]]
name = "accuracy"
description = "Is it true?"
levels = { 1 = "Made up.", 5 = "True [in] every detail." }
weight = 2

[[criteria]]
name = "kindness"

[[examples]]
input = "My order came broken."
prediction = "Then you opened it the wrong way."
score = 1
"""


@pytest.fixture(scope="module")
def listed() -> CompletedProcess[str]:
    return run("rubric", "list")


def test_the_rubrics_that_come_along_are_listed_with_what_each_asks(listed: CompletedProcess[str]) -> None:
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = listed.stdout.splitlines()
    names = [line.split()[0] for line in lines]
    assert len(names) == 15
    assert names == sorted(names)
    assert {"tone", "correctness", "groundedness"} <= set(names)
    assert all(len(line.split()) > 1 for line in lines)


def test_a_rubric_is_shown_as_a_judge_reads_it() -> None:
    done = run("rubric", "show", "tone")
    assert (done.returncode, done.stderr) == (0, "")
    head, blank, *words = done.stdout.splitlines()
    assert head.startswith("# tone, version 1, scale 1..5")
    assert blank == ""
    assert words[0].startswith("tone: Do the formality")
    assert [line[:10] for line in words[1:6]] == [f"  Score {n}:" for n in range(1, 6)]


def test_a_file_of_ones_own_is_checked_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "support.toml"
    file.write_text(GOOD)
    checked, shown = run("rubric", "check", file), run("rubric", "show", file)
    assert (checked.returncode, checked.stderr, shown.returncode, shown.stderr) == (0, "", 0, "")
    head, *criteria = checked.stdout.splitlines()
    assert head == f"{file}: good. support, version 3, scale 1..5, higher is better, 2 criteria"
    assert criteria == [
        "  accuracy: 2 described levels",
        "  kindness: no described levels, which steady a judge",
    ]
    for said in ("True [in] every detail.", "# accuracy counts 2", "# rated 1: Then you opened it the wrong way."):
        assert said in shown.stdout


def replaced(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param(replaced("version = 3", "version = "), "line 2", "no valid TOML", id="no TOML"),
        pytest.param(replaced("weight = 2", "wieght = 2"), "line 9", "'wieght'", id="an unknown key"),
        pytest.param(replaced('"kindness"', '"accuracy"'), "line 12", "2 times", id="a criterion twice"),
        pytest.param(
            replaced("5 = ", "9 = "), "line 6", "describes level 9, off the scale", id="a level off the scale"
        ),
        pytest.param(replaced("score = 1\n", "score = 8\n"), "line 14", "Example 1", id="an example off the scale"),
        pytest.param(
            replaced("score = 1\n", "scores = 1\n"), "line 14", "Did you mean 'score'?", id="an unknown score"
        ),
        pytest.param(replaced("3", '"three"'), "line 2", "whole number", id="a version in words"),
        pytest.param(replaced("weight = 2", "weight = -2"), "line 6", "weight -2", id="a weight below 0"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_exit_code_2(tmp_path: Path, text: str, line: str, said: str) -> None:
    file = tmp_path / "support.toml"
    file.write_text(text)
    done = run("rubric", "check", file)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
    assert done.stderr.startswith(f"Error: {file}")
    assert said in done.stderr
    assert line in done.stderr


@pytest.mark.xfail(strict=True, reason="a mistake in the scale is told without its line, which could be told")
def test_a_mistake_in_the_scale_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "support.toml"
    file.write_text(replaced("low = 1", "low = 9"))
    assert ", line 3: A scale runs from low to high" in run("rubric", "check", file).stderr


def test_a_rubric_that_there_is_not_is_told_with_the_nearest(tmp_path: Path) -> None:
    for name, said in (("tones", "Did you mean 'tone'?"), (tmp_path / "none.toml", "cannot be read")):
        done = run("rubric", "check", name)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)
        assert said in done.stderr


def test_a_mistake_in_yaml_is_told_with_its_line_too(tmp_path: Path) -> None:
    file = tmp_path / "kind.yaml"
    file.write_text("criteria:\n  - name: kindness\n    levels:\n      1: Unkind.\n      1: Kind.\n")
    done = run("rubric", "check", file)
    assert done.returncode == 2
    assert "line 5" in done.stderr
