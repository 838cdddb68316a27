"""Columns: names, paths, templates and functions, and what the values they lead to read as."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage

from lc_scoring.data.columns import Columns
from lc_scoring.errors import ConfigError

NESTED: dict[str, Any] = {
    "outputs": {"answer": "Paris", "choices": [{"text": "Rome"}, {"text": "Lyon"}]},
    "messages": [{"role": "user", "content": "Where?"}, AIMessage("In France.")],
    "a.b": "whole name",
    "a": {"b": "path"},
    "{x}": "a name with braces",
    "x": "not this",
    "nothing": None,
    "Customer question": "How?",
}


def shout(values: Mapping[str, Any]) -> str:
    return str(values["x"]).upper()


class Joiner:
    def __call__(self, values: Mapping[str, Any]) -> str:
        return "-".join(values)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("x", "not this"),
        ("outputs", NESTED["outputs"]),
        ("outputs.answer", "Paris"),
        ("outputs.choices.0.text", "Rome"),
        ("outputs.choices.-1.text", "Lyon"),
        ("messages.-1.content", "In France."),
        ("messages.-1.text", "In France."),
        ("a.b", "whole name"),
        ("{x}", "a name with braces"),
        ("nothing", None),
        ("<{x}>", "<not this>"),
        ("{outputs.answer}, {outputs.choices.0.text}", "Paris, Rome"),
        ("{x}{x}", "not thisnot this"),
        ("Q: {Customer question}", "Q: How?"),
        ("{{x}} {}", None),  # filled in below
        (shout, "NOT THIS"),
    ],
)
def test_a_field_is_taken_from_where_it_stands(column: Any, value: object) -> None:
    expected = "{not this} {}" if column == "{{x}} {}" else value
    assert Columns.parse({"field": column}).take(NESTED, "field") == expected


def test_a_field_that_is_not_given_stands_under_its_own_name() -> None:
    assert Columns.parse(None).take({"prediction": 3}, "prediction") == 3


def test_what_is_given_comes_before_what_the_source_says() -> None:
    columns = Columns.parse({"input": "q"}, {"input": "inputs", "reference": "outputs"})
    assert columns.described() == {"input": "q", "reference": "outputs"}
    assert columns.take({"q": 1, "inputs": 2, "outputs": 3}, "input") == 1
    assert columns.take({"q": 1, "inputs": 2, "outputs": 3}, "reference") == 3


@pytest.mark.parametrize(
    "hostile", ["{prediction}", "{input}", "{", "}", "{{input}}", r"\g<0>", r"\1", "%s", "%(input)s", "{0}", "$x"]
)
def test_a_template_is_filled_in_one_pass(hostile: str) -> None:
    columns = Columns.parse({"prediction": "{input}|{reference}|{input}"})
    row = {"input": hostile, "reference": "gold", "prediction": "not to be seen"}
    assert columns.take(row, "prediction") == f"{hostile}|gold|{hostile}"


NOWHERE = """z outputs.none outputs.choices.2 outputs.choices.-3 outputs.choices.one outputs.choices.²
    outputs.choices.9999999999 x.0 nothing.a a..b"""


@pytest.mark.parametrize("path", NOWHERE.split())
def test_a_column_that_is_not_there_is_named_with_those_present(path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Columns.parse({"field": path}).take(NESTED, "field")
    assert str(caught.value).startswith(f"no column {path!r}. Present: outputs, messages, a.b")


def test_of_many_columns_a_few_are_named() -> None:
    with pytest.raises(ConfigError, match=r"Present: 0, 1, .*, 29 and 1970 more\.$"):
        Columns.parse(None).take({str(number): 0 for number in range(2000)}, "x")
    with pytest.raises(ConfigError, match=r"Present: none\.$"):
        Columns.parse(None).take({}, "x")


def test_a_slot_without_a_column_or_a_value_is_named() -> None:
    columns = Columns.parse({"input": "{title} {body}"})
    with pytest.raises(ConfigError, match=r"^no column 'body'\. Present: title\.$"):
        columns.take({"title": "T"}, "input")
    with pytest.raises(ConfigError, match=r"^'body' is missing, nan\.$"):
        columns.take({"title": "T", "body": math.nan}, "input")
    assert columns.fields({"title": "T", "body": None}, [], ["input"]) == {}


def test_a_function_that_fails_is_the_columns_fault_also_for_an_optional_field() -> None:
    columns = Columns.parse({"input": shout})
    with pytest.raises(ConfigError) as caught:
        columns.fields({}, [], ["input"])
    assert str(caught.value) == f"The function {__name__}.shout for 'input' failed: KeyError: 'x'."
    assert isinstance(caught.value.__cause__, KeyError)


async def later(values: Mapping[str, Any]) -> str:
    return str(values)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"input": ""}, "columns['input'] is ''"),
        ({"input": "  "}, "columns['input'] is '  '"),
        ({"input": 3}, "columns['input'] is 3"),
        ({"input": None}, "columns['input'] is None"),
        ({"input": ["a"]}, "columns['input'] is ['a']"),
        ({"input": later}, "columns['input'] is an async function"),
        ({3: "a"}, "columns takes fields by name, got 3"),
        ({" ": "a"}, "columns takes fields by name, got ' '"),
        ("input=question", "columns takes a mapping"),
        ([("input", "question")], "columns takes a mapping"),
    ],
)
def test_a_bad_form_is_refused_before_any_row(given: Any, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Columns.parse(given)
    assert str(caught.value).startswith(why)


def test_an_unknown_field_may_have_a_column() -> None:
    assert Columns.parse({"my_own": "x"}).fields({"x": "y"}, ["my_own"]) == {"my_own": "y"}


# What values read as.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("[1, 2]", "[1, 2]"),
        (3, "3"),
        (True, "true"),
        ("좋아", "좋아"),
        (["좋아", 1], '["좋아", 1]'),
        ({}, "{}"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.50"), "1.50"),
        ({"when": dt.date(2026, 1, 2), "n": Decimal("1.50")}, '{"when": "2026-01-02", "n": "1.50"}'),
        ({"question": "France?"}, '{"question": "France?"}'),
        ({"answer": 42}, '{"answer": 42}'),
        ({"a": {"b": "c"}}, '{"a": {"b": "c"}}'),
        ({"a": "b", "c": "d"}, '{"a": "b", "c": "d"}'),
        ({"role": "user", "content": "Hi"}, "Hi"),
        ({"type": "ai", "content": [{"type": "text", "text": "H"}, "i", {"type": "image"}]}, "Hi"),
        (AIMessage([{"type": "text", "text": "Hi"}]), "Hi"),
        ([AIMessage("Hi")], "Hi"),
        ([{"role": "user", "content": "Hi"}, {"role": "ai", "content": "Ho"}],
         '[{"role": "user", "content": "Hi"}, {"role": "ai", "content": "Ho"}]'),
        ([AIMessage("Hi"), AIMessage("Ho")], '[{"type": "ai", "content": "Hi"}, {"type": "ai", "content": "Ho"}]'),
        (MappingProxyType({"a": 1, "b": MappingProxyType({"c": 2})}), '{"a": 1, "b": {"c": 2}}'),
    ],
)  # fmt: skip
def test_a_value_becomes_text(value: object, text: str) -> None:
    assert Columns.parse(None).fields({"prediction": value}, ["prediction"]) == {"prediction": text}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"question": "France?"}, "France?"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "Hi"),
        ({"output": AIMessage("Hi")}, "Hi"),
        ({"answer": 42}, '{"answer": 42}'),
        ({"a": "b", "c": "d"}, '{"a": "b", "c": "d"}'),
    ],
)
def test_a_value_that_may_be_wrapped_is_taken_out(value: object, text: str) -> None:
    rows: dict[str, Any] = {"inputs": value, "prediction": value}
    by_default = Columns.parse(None, {"input": "inputs"}, wrapped=["prediction"])
    assert by_default.fields(rows, ["input", "prediction"]) == {"input": text, "prediction": text}
    said = Columns.parse({"input": "inputs"}, {"input": "inputs"})  # who says where it is says what it is
    assert said.fields(rows, ["input"]) == Columns.parse(None).fields({"input": value}, ["input"])


def test_what_is_wrapped_may_be_missing() -> None:
    with pytest.raises(ConfigError, match="is missing, None"):
        Columns.parse(None, {"input": "inputs"}).fields({"inputs": {"question": None}}, ["input"])


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_missing_value_is_an_error_where_it_is_needed_and_left_out_where_it_is_not(value: object) -> None:
    columns = Columns.parse({"reference": "gold"})
    with pytest.raises(ConfigError, match=r"^'gold' is missing, (None|nan)\.$"):
        columns.fields({"gold": value}, ["reference"])
    assert columns.fields({"gold": value, "prediction": "x"}, ["prediction"], ["reference", "input"]) == {
        "prediction": "x"
    }


@pytest.mark.parametrize("value", [b"Paris", bytearray(b"x"), [b"x"], {"a": 1, "b": b"x"}])
def test_bytes_have_no_one_reading(value: object) -> None:
    with pytest.raises(ConfigError, match=r"'prediction' .*decode"):
        Columns.parse(None).fields({"prediction": value}, ["prediction"], ["prediction"])


def test_what_holds_itself_is_no_text() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    with pytest.raises(ConfigError, match=r"^'prediction' cannot be made text: Circular"):
        Columns.parse(None).fields({"prediction": loop}, ["prediction"])


@pytest.mark.parametrize(
    "steps", ["a text", [("search", "found")], [AIMessage("x")], {"messages": [AIMessage("x")]}, {"a": "text"}, []]
)
def test_an_agents_steps_stay_as_they_are(steps: object) -> None:
    assert Columns.parse(None).fields({"agent_trajectory": steps}, ["agent_trajectory"])["agent_trajectory"] is steps


@pytest.mark.parametrize(
    ("contexts", "texts"),
    [
        ("one", ["one"]),
        ('["a", "b"]', ["a", "b"]),
        ([], []),
        (["a", "b"], ["a", "b"]),
        (("a", 1), ["a", "1"]),
        ([Document("a"), {"page_content": "b", "metadata": {"n": 1}}, {"text": "c"}], ["a", "b", "c"]),
        ({"documents": ["a", "b"]}, ["a", "b"]),
        ({"document": "a"}, ["a"]),
        ({"a": 1, "b": 2}, ['{"a": 1, "b": 2}']),
    ],
)
def test_contexts_stay_a_list_of_texts(contexts: object, texts: list[str]) -> None:
    assert Columns.parse(None).fields({"contexts": contexts}, [], ["contexts"]) == {"contexts": texts}


def test_a_missing_one_of_several_contexts_is_told() -> None:
    with pytest.raises(ConfigError, match=r"^'contexts\[1\]' is missing, None\.$"):
        Columns.parse(None).fields({"contexts": ["a", None]}, ["contexts"])


# Up front, and for the record.


def test_the_columns_that_a_row_lacks_are_told_once_each() -> None:
    columns = Columns.parse({"input": "{x} {y.z} {y.z}", "reference": "y.z", "prediction": shout, "other": "a.b"})
    assert columns.check(NESTED, ["input", "reference", "prediction", "other", "contexts"]) == ["y.z", "contexts"]
    assert columns.check({**NESTED, "y": {"z": None}, "contexts": []}, ["input", "reference", "contexts"]) == []


def test_a_record_of_columns_says_the_same_in_every_process() -> None:
    given = {"a": "x", "b": shout, "c": lambda values: values, "d": functools.partial(shout), "e": Joiner()}
    assert Columns.parse(given).described() == {
        "a": "x",
        "b": f"{__name__}.shout",
        "c": f"{__name__}.test_a_record_of_columns_says_the_same_in_every_process.<locals>.<lambda>",
        "d": "functools.partial",
        "e": f"{__name__}.Joiner",
    }
