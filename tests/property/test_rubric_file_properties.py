"""Rubric files: whatever stands in one, it is a rubric or an error that names the file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lc_scoring.criterion import Criterion
from lc_scoring.errors import ConfigError
from lc_scoring.example import Example, render_examples
from lc_scoring.rating import bracketed_numbers
from lc_scoring.rubric import Rubric
from lc_scoring.rubric_file import load_rubric
from lc_scoring.scale import Scale

KEYS = ["name", "version", "scale", "criteria", "examples", "description", "levels", "lower_is_better", "weight"]
KEYS += ["low", "high", "step", "prediction", "score", "input", "reference", "reasoning", "depth", "harmfulness", "1"]
WORDS = ["", "depth", "1-5", "1..5", "0 to 1", "5", "1.0", "nan", "true", "null", "~", "[[5]]", "\x00", "x\ny", "\x7f"]
NUMBERS = st.integers() | st.floats() | st.integers(0, 6) | st.sampled_from([10**400, -(10**400), 1e308, 5e-324])
TEXTS = st.sampled_from(WORDS + KEYS) | st.text(max_size=8)
TIMES = st.datetimes() | st.dates() | st.times()
MORE = st.datetimes() | st.dates() | st.binary(max_size=4) | st.sets(st.sampled_from(KEYS), max_size=2)
LEAVES = TEXTS | NUMBERS | st.booleans() | st.none()
TOML_KEYS = st.sampled_from(KEYS) | st.text(max_size=4)
YAML_KEYS = TOML_KEYS | NUMBERS | st.booleans() | st.none() | st.dates() | st.binary(max_size=2)


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
    )


NAMES = st.text(min_size=1, max_size=8)
LEVELS = st.dictionaries(st.integers(1, 5), st.text(min_size=1, max_size=8).filter(str.strip), max_size=3)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    weights = st.floats(0.1, 9) | st.integers(1, 9)
    words = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12)
    criterion = st.builds(
        Criterion,
        name=NAMES.map("own {}".format),
        description=words,
        levels=LEVELS,
        lower_is_better=st.booleans(),
        weight=weights,
    )
    example = st.builds(
        Example, prediction=words, score=st.integers(1, 5), input=words, reference=words, reasoning=words
    )
    return Rubric(
        criteria=tuple(draw(st.lists(criterion, min_size=1, max_size=3, unique_by=lambda one: one.name))),
        name=draw(NAMES),
        version=draw(st.integers(0, 99)),
        scale=Scale(1, 5, 1),
        examples=tuple(draw(st.lists(example, max_size=2))),
    )


def data_of(rubric: Rubric) -> dict[str, Any]:
    def fields(one: Any, *names: str) -> dict[str, Any]:
        return {name: getattr(one, name) for name in names}

    return {
        **fields(rubric, "name", "version"),
        "scale": {"low": 1, "high": 5, "step": 1},
        "criteria": [
            {
                **fields(one, "name", "description", "lower_is_better", "weight"),
                "levels": {str(rating): text for rating, text in one.levels.items()},
            }
            for one in rubric.criteria
        ],
        "examples": [fields(one, "prediction", "score", "input", "reference", "reasoning") for one in rubric.examples],
    }


@st.composite
def damaged(draw: st.DrawFn, anything: st.SearchStrategy[Any]) -> Any:
    """Draw what a rubric's file holds, with anything in the place of up to three things in it."""
    data = data_of(draw(rubrics()))
    for _ in range(draw(st.integers(0, 3))):
        node: Any = data
        while True:
            key = draw(st.sampled_from([*node] if isinstance(node, dict) else range(len(node))))
            if not (isinstance(node[key], (dict, list)) and node[key] and draw(st.booleans())):
                break
            node = node[key]
        node[key] = draw(anything)
        if isinstance(node, dict) and draw(st.integers(0, 3)) == 0:
            node[draw(st.sampled_from(KEYS))] = node.pop(key)
    return data


def toml(data: Mapping[str, Any]) -> str:
    return "".join(f"{_text(key)} = {_toml(value)}\n" for key, value in data.items() if value is not None)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_toml(one) for one in value if one is not None)}]"
        case dict():
            pairs = (f"{_text(str(key))} = {_toml(one)}" for key, one in value.items() if one is not None)
            return f"{{{', '.join(pairs)}}}"
        case float() if math.isfinite(value):
            return repr(value) if "." in repr(value) else f"{value:.1e}"
        case _:  # whole numbers, inf, nan, dates and times
            return str(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


FILES = settings(deadline=None)  # a disk may be slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rubrics")


def loaded(folder: Path, name: str, text: str) -> Rubric | None:
    """Return the rubric, or None where it is refused with an error that names the file."""
    path = folder / name
    path.write_bytes(text.encode())
    try:
        rubric = load_rubric(path)
    except ConfigError as error:
        told = str(error)
    else:
        assert any(criterion.weight for criterion in rubric.criteria)
        assert len(rubric.digest()) == 8
        assert rubric.render()
        return rubric
    assert told.startswith((f"{path}: ", f"{path}, line "))
    return None


@FILES
@given(st.dictionaries(TOML_KEYS, nested(LEAVES | TIMES, TOML_KEYS)) | damaged(nested(LEAVES | TIMES, TOML_KEYS)))
def test_any_toml_data_is_a_rubric_or_refused(folder: Path, data: Any) -> None:
    loaded(folder, "r.toml", toml(data))


@FILES
@given(nested(LEAVES | MORE, YAML_KEYS) | damaged(nested(LEAVES | MORE, YAML_KEYS)))
def test_any_yaml_data_is_a_rubric_or_refused(folder: Path, data: Any) -> None:
    loaded(folder, "r.yaml", yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


@FILES
@given(st.text(max_size=60) | st.lists(st.sampled_from([*KEYS, *"{}[]=:-,#'\"&*!|>?%\n\n  "]) | TEXTS).map("".join))
def test_any_text_is_a_rubric_or_refused(folder: Path, text: str) -> None:
    for name in ("r.toml", "r.yaml"):
        loaded(folder, name, text)


@FILES
@given(damaged(nested(TEXTS | st.integers() | st.floats(allow_nan=False) | st.booleans(), TOML_KEYS)))
def test_the_same_data_is_the_same_rubric_in_both_languages(folder: Path, data: Any) -> None:
    assert loaded(folder, "r.toml", toml(data)) == loaded(folder, "r.yaml", yaml.safe_dump(data, sort_keys=False))


@FILES
@given(rubrics())
def test_a_rubric_comes_back_from_its_file_as_it_was(folder: Path, rubric: Rubric) -> None:
    assert loaded(folder, "r.toml", toml(data_of(rubric))) == rubric
    assert loaded(folder, "r.yaml", yaml.safe_dump(data_of(rubric))) == rubric


@given(rubrics())
def test_the_only_ratings_among_examples_are_their_own(rubric: Rubric) -> None:
    shown = render_examples(rubric.examples)
    assert [number for _, number in bracketed_numbers(shown)] == [one.score for one in rubric.examples]


# What PyYAML raises beside its own errors, and what a path may hold.


@pytest.mark.parametrize("value", ["!!bool maybe", "!!int ''", "!!float ''", "!!timestamp soon"])
def test_a_value_that_is_not_of_its_tag_is_refused(folder: Path, value: str) -> None:
    assert loaded(folder, "r.yaml", f"name: {value}\ncriteria: {{a: Good}}\n") is None


@pytest.mark.parametrize("path", ["a\x00.toml", "a\ud800.toml"], ids=ascii)
def test_a_path_that_can_name_no_file_is_refused(path: str) -> None:
    with pytest.raises(ConfigError):
        load_rubric(path)
