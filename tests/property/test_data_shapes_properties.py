"""Shapes: a printed list of texts is that list again, no text breaks the reading, and no value is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import is_missing
from lc_scoring.data.shapes import FIELDS, SHAPES, fields_of_shape
from lc_scoring.data.text import printed_texts
from lc_scoring.errors import ConfigError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.lists(
    st.sampled_from(["'", '"', "\\", "\n", "[", "]", ",", " ", "a", "\x00", "\x85", "\u2028", "\xa0", "u0041", "좋"]),
    max_size=8,
).map("".join)
PLACES = [names for shape in SHAPES for names in (shape.told_by, *shape.columns.values())]
NAMES = st.sampled_from(sorted({"id", *FIELDS, *(name for names in PLACES for name in names)}))
VALUES = st.none() | st.just(float("nan")) | TEXTS | st.lists(TEXTS, max_size=3) | st.integers()


@given(st.lists(TEXTS, max_size=4), st.booleans())
def test_a_list_printed_by_python_or_json_is_that_list(texts: list[str], ascii_only: bool) -> None:
    assert printed_texts(repr(texts)) == texts
    assert printed_texts(json.dumps(texts, ensure_ascii=ascii_only)) == texts
    assert printed_texts(json.dumps(texts, ensure_ascii=ascii_only, indent=1)) == texts


@given(st.lists(TEXTS, max_size=4))
def test_an_array_printed_by_numpy_is_its_texts(texts: list[str]) -> None:
    numpy = pytest.importorskip("numpy")
    assert printed_texts(str(numpy.array(texts, dtype=object))) == texts


@given(st.lists(st.sampled_from(["[", "]", "'", '"', "\\", ",", " ", "a", "\n", "x41", "1", "None"])).map("".join))
def test_any_text_is_a_list_of_texts_or_none(text: str) -> None:
    found = printed_texts(f"[{text}]")
    assert found is None or all(isinstance(one, str) for one in found)
    assert Columns.parse(None).fields({"contexts": text}, ["contexts"])["contexts"] == (
        [text] if printed_texts(text) is None else printed_texts(text)
    )


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_a_field_is_what_stands_in_some_column_and_one_of_its_own_comes_first(row: dict[str, Any]) -> None:
    columns = Columns.parse(None)
    for field in FIELDS:
        try:
            found = columns.take(row, field)
        except ConfigError:
            assert is_missing(row.get(field))
            continue
        own = row.get(field)
        if not is_missing(own):
            assert found is own
        else:
            assert any(found is value or value == [found] or found is None for value in row.values())


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_a_mapping_gives_what_its_row_would(row: dict[str, Any]) -> None:
    try:
        found = fields_of_shape(row)
    except ConfigError:
        with pytest.raises(ConfigError):
            Columns.parse(None).fields(row, [], FIELDS)
        return
    assert Columns.parse(None).fields(found, [], FIELDS) == Columns.parse(None).fields(row, [], FIELDS)
