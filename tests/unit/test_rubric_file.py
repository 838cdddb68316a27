"""Rubric files: TOML and YAML, read into the same rubric or refused with the place of the mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from lc_scoring.criterion import Criterion
from lc_scoring.errors import ConfigError
from lc_scoring.rubric import Rubric
from lc_scoring.rubric_file import is_rubric_file, load_rubric
from lc_scoring.scale import Scale

TOML = """\
name = "support"
version = 2
scale = { low = 1, high = 5, step = 1 }

[[criteria]]
name = "accuracy"
description = "Is what it says about the product true?"
levels = { 5 = "All of it.", 1 = "Made up." }

[[criteria]]
name = "kindness"
"""
YAML = """\
name: support
version: 2
scale: {low: 1, high: 5, step: 1}
criteria:
  - name: accuracy
    description: Is what it says about the product true?
    levels:
      5: All of it.
      1: Made up.
  - name: kindness
"""
YAML_BY_NAME = """\
name: support
version: 2
scale: {low: 1, high: 5, step: 1}
criteria:
  accuracy:
    description: Is what it says about the product true?
    levels: {1: Made up., 5: All of it.}
  kindness: ""
"""
SUPPORT = Rubric(
    criteria=(
        Criterion(
            name="accuracy",
            description="Is what it says about the product true?",
            levels={1: "Made up.", 5: "All of it."},
        ),
        Criterion(name="kindness"),
    ),
    name="support",
    version=2,
    scale=Scale(1, 5, step=1),
)
TWICE = "criteria:\n- name: a\n- name: b\n- name: a\n"
REFUSED: list[tuple[str, str, str]] = [
    ("broken.toml", "name = ", ": no valid TOML: Invalid value (at end of document)."),
    ("twice.toml", "version = 1\nversion = 2\n", ": no valid TOML: Cannot overwrite a value (at line 2, column 12)."),
    ("broken.yaml", "name: [a", ": no valid YAML: while parsing a flow sequence in"),
    ("broken.yml", "a: b: c", ": no valid YAML: mapping values are not allowed here in"),
    ("tag.yaml", "name: !!python/name:os.system", ": no valid YAML: could not determine a constructor"),
    ("twice.yaml", "version: 1\nname: a\nversion: 2\n", ": line 3: 'version' stands twice; keep one."),
    ("deep.yaml", "criteria:\n- name: a\n  levels:\n    1: x\n    1: y\n", ": line 5: '1' stands twice; keep one."),
    ("empty.yaml", "", ": A rubric file is a table of name, version, scale, criteria, examples; got NoneType."),
    ("text.yaml", "just words", ": A rubric file is a table of name, version, scale, criteria, examples; got str."),
    ("list.yaml", "- a\n- b\n", ": A rubric file is a table of name, version, scale, criteria, examples; got list."),
    ("key.toml", 'version = 1\ncriterai = ["a"]\n', ", line 2: A rubric file has no 'criterai'; it has name, version,"),
    ("number.yaml", "7: x\n", ", line 1: A rubric file has no 7; it has name"),
    ("none.toml", 'name = "a"\n', ": A rubric file needs criteria: a list of tables"),
    ("text.toml", 'criteria = "depth"\n', ": A rubric file needs criteria: a list of tables"),
    ("empty.toml", "criteria = []\n", ": A rubric file needs criteria: a list of tables"),
    ("no_names.yaml", "criteria: {}\n", ": A rubric file needs criteria: a list of tables"),
    (
        "names.yaml",
        "criteria: [depth]\n",
        ": A criterion is a table of name, description, levels, lower_is_better, weight; got str",
    ),
    ("same.yaml", TWICE, ", line 4: Criterion 'a' stands 2 times; keep one."),
    ("same.toml", '[[criteria]]\nname="a"\n[[criteria]]\nname="a"\n', ", line 4: Criterion 'a' stands 2 times"),
    ("version.toml", 'version = "1"\n[[criteria]]\nname = "a"\n', ", line 1: version must be a whole number, got '1'."),
    ("truth.toml", 'version = true\n[[criteria]]\nname = "a"\n', ", line 1: version must be a whole number, got True."),
    ("scale.toml", 'scale = "much"\n[[criteria]]\nname = "a"\n', ": A scale reads like '1-5' or '0..1', got 'much'."),
    ("null.yaml", "scale:\ncriteria:\n- name: a\n", ": A scale is (low, high), (low, high, step) or text"),
    ("extra.yaml", "criteria:\n- name: a\n  descripton: b\n", ", line 3: A criterion has no 'descripton'; it has"),
    ("unnamed.yaml", "criteria:\n- description: b\n", ": A criterion needs a name, got {'description': 'b'}."),
    ("blank.yaml", "criteria:\n- name: ''\n", ": A criterion needs a name, got {'name': ''}."),
    ("digit.yaml", "criteria:\n  1: b\n", ": A criterion needs a name, got {'name': 1, 'description': 'b'}."),
    ("levels.yaml", "criteria:\n- name: a\n  levels: [1, 2]\n", ", line 2: levels of 'a' must be a table of ratings"),
    ("null_levels.yaml", "criteria:\n- name: zeal\n  levels:\n", ", line 2: levels of 'zeal' must be a table"),
    ("level.toml", '[[criteria]]\nname = "zeal"\nlevels = {x = "y"}', ", line 2: Criterion 'zeal' has a level 'x';"),
    (
        "words.toml",
        '[[criteria]]\nname = "zeal"\ndescription = 7',
        ", line 2: A criterion has a name and a description",
    ),
    (
        "low.yaml",
        "criteria:\n- name: a\n  lower_is_better: 1\n",
        ", line 3: lower_is_better of 'a' must be true or false.",
    ),
    (
        "off.toml",
        'scale = "1-5"\n[[criteria]]\nname = "a"\nlevels = {9 = "y"}',
        ", line 3: Criterion 'a' describes level 9, off the",
    ),
]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [("r.toml", TOML), ("r.yaml", YAML), ("r.yml", YAML), ("by_name.yaml", YAML_BY_NAME)],
)
def test_a_rubric_is_the_same_in_either_language(tmp_path: Path, name: str, text: str) -> None:
    rubric = load_rubric(str(write(tmp_path, name, text)))
    assert rubric == SUPPORT
    assert rubric.digest() == SUPPORT.digest()


@pytest.mark.filterwarnings("ignore:In .* a high rating is good for one criterion")
def test_a_rubric_needs_no_more_than_criteria(tmp_path: Path) -> None:
    path = write(tmp_path, "r.toml", '[criteria]\nkindness = "Ist sie höflich?"\nmalice = { lower_is_better = true }\n')
    rubric = load_rubric(path)
    assert rubric.criteria == (
        Criterion(name="kindness", description="Ist sie höflich?"),
        Criterion(name="malice", lower_is_better=True),
    )
    assert (rubric.name, rubric.version, rubric.scale) == ("kindness-malice", 0, None)


def test_a_scale_may_be_written_short(tmp_path: Path) -> None:
    assert load_rubric(write(tmp_path, "r.yaml", "scale: 0..1\ncriteria: {a: Good}\n")).scale == Scale(0, 1)


@pytest.mark.parametrize(("name", "text", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_mistake_is_refused_with_its_file_and_place(tmp_path: Path, name: str, text: str, why: str) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(ConfigError) as caught:
        load_rubric(path)
    assert str(caught.value).startswith(f"{path}{why}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match="No such file") as caught:
        load_rubric(path)
    assert str(caught.value).startswith(f"The rubric file {path} cannot be read: ")


def test_a_folder_is_no_rubric_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rubric(tmp_path)


def test_a_file_in_another_encoding_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes("name = 'höflich'".encode("latin-1"))
    with pytest.raises(ConfigError, match="cannot be read: 'utf-8' codec can't decode"):
        load_rubric(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("r.yaml", "? [a, b]\n: c\n", id="a list for a key"),
        pytest.param("r.yaml", "name: 2024-13-01\ncriteria: {a: Good}\n", id="a date that is none"),
        pytest.param("r.yaml", "criteria: &here [*here]\n", id="a list that holds itself"),
        pytest.param("r.yaml", "criteria: " + "[" * 5_000 + "\n", id="lists without end"),
        pytest.param("r.toml", "criteria = " + "[" * 5_000 + "\n", id="arrays without end"),
    ],
)
def test_whatever_is_wrong_with_a_file_the_error_names_it(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=r"r\.(yaml|toml)"):
        load_rubric(write(tmp_path, name, text))


@pytest.mark.parametrize(
    ("name", "levels"), [("r.toml", '{ 1 = "None.", "1.0" = "All." }'), ("r.yaml", "{1: None., 1.0: All.}")]
)
def test_no_level_is_lost_to_another_spelling_of_it(tmp_path: Path, name: str, levels: str) -> None:
    text = f"[criteria]\na.levels = {levels}\n" if name == "r.toml" else f"criteria:\n  a:\n    levels: {levels}\n"
    with pytest.raises(ConfigError):
        load_rubric(write(tmp_path, name, text))


def test_a_name_left_blank_is_as_good_as_none(tmp_path: Path) -> None:
    assert load_rubric(write(tmp_path, "r.yaml", "name:\ncriteria: {a: Good}\n")).name == "a"


def test_the_line_told_is_that_of_the_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, "r.yaml", "version: one\ncriteria:\n- name: a\n  description: Does it name a version?\n")
    with pytest.raises(ConfigError, match="line 1: version must be a whole number"):
        load_rubric(path)


@pytest.mark.parametrize("criteria", ["a.toml", "folder/a.yaml", "a.yml", Path("a.toml"), Path("a.txt")])
def test_a_path_or_a_text_that_ends_like_one_names_a_file(criteria: object) -> None:
    assert is_rubric_file(criteria)


@pytest.mark.parametrize(
    "criteria", ["depth", "toml", "a.json", None, {"a.toml": "A?"}, ["a.toml"], Criterion(name="a")]
)
def test_anything_else_names_none(criteria: object) -> None:
    assert not is_rubric_file(criteria)


def test_a_file_whose_criteria_point_both_ways_is_warned_of_too(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, "r.yaml", "criteria:\n- name: harmfulness\n- name: depth\n"))
    with pytest.warns(UserWarning, match="one rating cannot say both"):
        rubric.check_one_rating()
