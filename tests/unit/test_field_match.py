"""match_fields: structured values compared field by field, with credits worked out by hand."""

from __future__ import annotations

import itertools
import math
import random
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from pydantic import BaseModel, ConfigDict, RootModel

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.extraction import FieldMatchEvaluator
from lc_scoring.evaluators.field_match import ABSENT, Match, match_fields, shown_value
from lc_scoring.evaluators.field_pairs import best_pairs
from lc_scoring.evaluators.field_rules import Weighed, Within, check_paths, equal, folded


class Item(BaseModel):
    name: str
    price: float


class Invoice(BaseModel):
    number: str
    items: list[Item] = []
    note: str | None = None


TEA, CUP, JAR = Item(name="tea", price=3), Item(name="cup", price=8), Item(name="jar", price=5)


def credits_of(match: Match[Any]) -> dict[str, float]:
    return {field.path: field.credit for field in match.fields}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_a_value_counts_as_the_mean_of_what_is_in_it() -> None:
    expected = Invoice(number="A-1", items=[TEA, CUP])
    match = match_fields(expected, Invoice(number="A-1", items=[TEA, Item(name="cup", price=9)], note="!"))
    assert credits_of(match) == {
        "number": 1, "items.0.name": 1, "items.0.price": 1, "items.1.name": 1, "items.1.price": 0, "note": 0,
    }  # fmt: skip
    assert match.value == pytest.approx((1 + (1 + 1 / 2) / 2 + 0) / 3)
    assert [field.share for field in match.fields] == pytest.approx([1 / 3, *[1 / 12] * 4, 1 / 3])
    assert [(one.path, one.in_words) for one in match.differences] == [
        ("items.1.price", "wanted 8.0, got 9.0"),
        ("note", "wanted None, got '!'"),
    ]


@pytest.mark.parametrize(
    ("expected", "got", "value"),
    [
        ([1, 2, 3], [1, 2], 2 / 3),
        ([1, 2], [1, 2, 3, 4], 1 / 2),
        ([1, 2], [2, 1], 0),
        ([], [], 1),
        ([], [1], 0),
        ([1], [], 0),
        ([1], None, 0),
        ([[1, 2], [3]], [[1, 0], [3]], 3 / 4),
        ((1, 2), [1, 2], 1),
        ({}, {}, 1),
        ({"a": 1}, {"a": 1, "b": 2}, 1 / 2),
        ({"a": 1, "b": None}, {"a": 1}, 1 / 2),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, 1 / 2),
        ({"a": 1}, [1], 0),
        ({1, 2, 3}, {2, 3, 4, 5}, 2 / 4),
        (set(), frozenset(), 1),
        ({1}, [1], 0),
    ],
)
def test_lists_mappings_and_sets_have_partial_credit(expected: Any, got: Any, value: float) -> None:
    match = match_fields({"x": expected}, {"x": got})
    assert match.value == pytest.approx(value)
    assert match.got == {"x": got}
    assert math.fsum(one.share for one in match.fields) == pytest.approx(1)


def test_missing_and_surplus_elements_are_told_apart_from_none() -> None:
    match = match_fields({"x": [None, 1]}, {"x": [None], "y": None})
    assert [(one.path, one.expected, one.got) for one in match.differences] == [("x.1", 1, ABSENT), ("y", ABSENT, None)]
    assert match.differences[1].in_words == "wanted nothing, got None"


class Color(Enum):
    RED = "red"
    BLUE = "blue"


NAN = math.nan


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (0.1 + 0.2, 0.3, True), (1.0, 1.0 + 1e-6, False), (1, 1.0, True), (10**400, 1.0, False), (True, 1, False),
        (False, 0.0, False), (True, True, True), (NAN, NAN, True), (NAN, 1.0, False), (1, NAN, False),
        (Decimal("NaN"), NAN, True), (math.inf, math.inf, True), (math.inf, -math.inf, False),
        (Decimal("1.10"), Decimal("1.1"), True), (Decimal("0.1"), Decimal("0.1000000001"), False),
        (date(2026, 1, 2), date(2026, 1, 2), True), (date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), False),
        (Color.RED, Color.RED, True), (Color.RED, Color.BLUE, False), (timedelta(1), timedelta(hours=24), True),
        ("a", "A", False), ("é", "e\u0301", False), ("1", 1, False), (None, None, True), (None, 0, False),
        (None, "", False), (b"x", b"x", True),
    ],
)  # fmt: skip
def test_values_are_equal_as_written(expected: Any, got: Any, same: bool) -> None:
    assert equal(expected, got) is same
    assert match_fields({"x": expected}, {"x": got}).value == same


@pytest.mark.parametrize(
    ("within", "expected", "got", "near"),
    [
        (Within(0.3), 3, 3.3, True), (Within(0.3), Decimal(3), Decimal("3.3"), True), (Within(0.3), 3.0, 3.3001, False),
        (Within(0.01), 0, -0.01, True), (Within(relative=0.1), -100, -110, True),
        (Within(relative=0.1), 100, 111, False),
        (Within(1, relative=0.1), 5, 6, True), (Within(Decimal("0.1")), 1.0, Decimal("1.1"), True),
        (Within(1), Decimal("1e1000000000"), Decimal(1), False), (Within(1), Decimal(1), Decimal("1e999999999"), False),
        (Within(1e9), math.inf, 1, False), (Within(1), NAN, NAN, True), (Within(1), 10**400, 10**400 + 1, True),
        (Within(9), True, False, False), (Within(9), "5", "6", False), (Within(9), "5", "5", True),
        (Within(9), None, 1, False),
    ],
)  # fmt: skip
def test_a_tolerance_holds_for_the_decimals_that_were_written(
    within: Within, expected: Any, got: Any, near: bool
) -> None:
    assert within.agree(expected, got) is near
    assert match_fields({"x": expected}, {"x": got}, {"x": within}).value == near


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("  Straße\n1", "STRASSE 1", True), ("\ufb01ne", "FINE", True), ("é", "E\u0301", True), ("１２", "12", True),
        ("İ", "i\u0307", True), ("a b", "ab", False), ("e", "é", False),
    ],
)  # fmt: skip
def test_text_is_compared_without_case_space_and_forms(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) is same
    assert match_fields({"x": one}, {"x": other}, {"x": "text"}).value == same
    assert match_fields({"x": {one}}, {"x": {other, 3}}, {"x": "text"}).value == same / 2


def test_a_comparer_holds_for_what_is_in_a_field_and_the_nearer_one_wins() -> None:
    expected = {"a": {"b": "X", "c": ["Y", "Z"]}, "d": "W"}
    got = {"a": {"b": "x", "c": ["y", "z"]}, "d": "w"}
    assert match_fields(expected, got).value == 0
    assert match_fields(expected, got, {"a": "text"}).value == 1 / 2
    assert match_fields(expected, got, {"*": "text"}).value == 1
    assert match_fields(expected, got, {"*": "text", "d": "exact"}).value == 1 / 2
    assert match_fields(expected, got, {"a": "text", "a.c.*": "exact", "a.c.1": "text"}).value == pytest.approx(3 / 8)


def test_ignored_fields_count_for_nothing() -> None:
    expected = Invoice(number="A-1", items=[TEA, CUP], note="as asked")
    got = Invoice(number="A-1", items=[JAR])
    assert match_fields(expected, got, {"items": "ignore", "note": "ignore"}).value == 1
    only = match_fields(expected, got, {"*": "ignore", "items": "exact", "items.*.*": "ignore"})
    assert (only.value, credits_of(only)) == (0.5, {"items.0": 1, "items.1": 0})
    assert match_fields(expected, got, {"*": "ignore"}).value == 1


def test_fields_weigh_what_is_said() -> None:
    expected, got = {"a": 1, "b": 2, "c": [1, 2]}, {"a": 1, "b": 3, "c": [1, 3]}
    assert match_fields(expected, got, {"a": Weighed(2)}).value == pytest.approx((2 + 0 + 1 / 2) / 4)
    assert match_fields(expected, got, {"b": Weighed(3, Within(1))}).value == pytest.approx((1 + 3 + 1 / 2) / 5)
    weighed = {"c": Weighed(2), "c.0": Weighed(3), "c.*": Weighed(1)}
    assert match_fields(expected, got, weighed).value == pytest.approx((1 + 0 + 2 * 3 / 4) / 4)


def test_a_wrong_field_of_hardly_any_weight_is_still_wrong() -> None:
    heavy = {"a": Weighed(1_000_000), "a.a": Weighed(1_000_000), "a.a.a": Weighed(1_000_000)}
    expected = {"a": {"a": {"a": 1, "b": 1}}}
    match = match_fields(expected, {"a": {"a": {"a": 1, "b": 2}}}, {**heavy, "a.a.b": Weighed(1e-300)})
    assert 1 - 1e-15 < match.value < 1


def test_a_function_gives_a_credit_for_the_whole_value() -> None:
    def overlap(expected: list[int], got: list[int]) -> float:
        return len({*expected} & {*got}) / 4

    match = match_fields({"x": [1, 2], "y": 1}, {"x": [2, 1, 3], "y": 1}, {"x": overlap})
    assert credits_of(match) == {"x": 0.5, "y": 1}
    assert match_fields({"x": 1}, {"x": 2}, {"x": lambda expected, got: got > expected}).value == 1
    assert match_fields({"x": [1, 5]}, {"x": [2, 2]}, {"x.*": lambda expected, got: got > expected}).value == 0.5


def test_a_function_is_not_asked_about_none_and_what_is_missing() -> None:
    fails: Any = len  # it takes one argument
    assert match_fields({"a": None, "b": [1]}, {"a": 1, "b": []}, {"a": fails, "b.*": fails}).value == 0
    assert match_fields({"a": None}, {"a": None}, {"*": fails}).value == 1


@pytest.mark.parametrize("credit", [1.1, -0.1, NAN, None, "yes", 2])
def test_a_function_that_gives_no_credit_is_named(credit: Any) -> None:
    with pytest.raises(ConfigError, match=r"compare\['x'\]= gave .*a number in \[0, 1\]"):
        match_fields({"x": 1}, {"x": 1}, {"x": lambda expected, got: credit})


def test_what_fails_is_named() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("ambiguous")

        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(ConfigError, match=r"compare\['x.0'\]= failed with ZeroDivisionError"):
        match_fields({"x": [1]}, {"x": [1]}, {"x.*": lambda expected, got: 1 / 0})
    with pytest.raises(ConfigError, match=r"'y'.*ambiguous"):
        match_fields({"y": Odd()}, {"y": Odd()})


@pytest.mark.parametrize(
    ("expected", "got", "value"),
    [
        ([1, 2, 3], [3, 1, 2], 1),
        ([1, 2, 3], [3, 9], 1 / 3),
        ([1, 1], [1, 2, 1], 2 / 3),
        ([1], [0] * 12 + [1], 0),  # beyond twice as many and ten it is not looked for
        ([], [1], 0),
        ([1], [], 0),
        ([{"a": 1, "b": 2}, {"a": 1, "b": 3}], [{"a": 1, "b": 3}, {"a": 1, "b": 9}], 3 / 4),
        ({1}, {1}, 1),
        ([1], None, 0),
    ],
)
def test_elements_without_an_order_are_paired_off(expected: Any, got: Any, value: float) -> None:
    assert match_fields({"x": expected}, {"x": got}, {"x": "unordered"}).value == pytest.approx(value)


def test_the_pairs_have_the_greatest_credit_and_the_surplus_comes_last() -> None:
    # The nearest first would pair 1.5 with 1.5 and leave 1.0 with 2.0.
    match = match_fields({"x": [1.5, 1.0]}, {"x": [1.5, 2.0, 7.0]}, {"x": "unordered", "x.*": Within(0.5)})
    assert [(one.path, one.expected, one.got) for one in match.fields] == [
        ("x.0", 1.5, 2.0), ("x.1", 1.0, 1.5), ("x.2", ABSENT, 7.0),
    ]  # fmt: skip
    inner = match_fields({"x": [[1, 2], [3, 4]]}, {"x": [[4, 3], [2, 1]]}, {"x": "unordered", "x.*": "unordered"})
    assert inner.value == 1
    assert match_fields({"x": [[1, 2]]}, {"x": [[2, 1]]}, {"x": "unordered"}).value == 0


@given(st.integers(0, 5).flatmap(lambda n: st.lists(st.lists(st.floats(0, 1), min_size=n, max_size=n), max_size=5)))
def test_the_assignment_is_the_best_of_all(table: list[list[float]]) -> None:
    pairs = best_pairs(table)
    rows, columns = len(table), len(table[0]) if table else 0
    assert len(pairs) == len(set(pairs.values())) == min(rows, columns)
    if rows <= columns:
        ways = (zip(range(rows), way, strict=True) for way in itertools.permutations(range(columns), rows))
    else:
        ways = (zip(way, range(columns), strict=True) for way in itertools.permutations(range(rows), columns))
    best = max((math.fsum(table[row][column] for row, column in way) for way in ways), default=0.0)
    assert math.fsum(table[row][column] for row, column in pairs.items()) == pytest.approx(best)


def test_the_assignment_is_scipys() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    draw = random.Random(7)  # noqa: S311 - a test's numbers
    for rows, columns in ((40, 40), (20, 50), (50, 20)):
        table = [[draw.random() for _ in range(columns)] for _ in range(rows)]
        best = optimize.linear_sum_assignment(table, maximize=True)
        assert best_pairs(table) == dict(zip(map(int, best[0]), map(int, best[1]), strict=True))


def test_long_lists_take_bounded_time() -> None:
    began = time.monotonic()
    items = [Item(name=str(n), price=n) for n in range(100)]
    compare: dict[str, Any] = {"items": "unordered"}
    assert match_fields(Invoice(number="1", items=items), Invoice(number="1", items=items[::-1]), compare).value == 1
    assert match_fields(Invoice(number="1", items=items), Invoice(number="1", items=items * 300), compare).value < 0.7
    assert match_fields({"x": [1]}, {"x": [1] * 50_000}).value == pytest.approx(1 / 50_000)
    with pytest.raises(ConfigError, match="at most 100 expected elements; this one has 101"):
        match_fields({"x": [0] * 101}, {"x": []}, {"x": "unordered"})
    grid = [[n + k for k in range(20)] for n in range(40)]
    with pytest.raises(ConfigError, match="at most 100,000 pairs"):
        match_fields({"x": grid}, {"x": grid}, {"x": "unordered", "x.*": "unordered"})
    assert time.monotonic() - began < 60  # a few seconds, on a machine with nothing else to do


def test_values_as_deep_as_python_holds_are_compared() -> None:
    assert match_fields({"x": nested(80)}, {"x": nested(80)}).value == 1
    assert match_fields({"x": nested(90)}, {"x": nested(80)}).value == 0
    assert match_fields({"x": nested(300)}, {"x": nested(300)}).value == 1
    assert match_fields({"x": nested(100_000)}, {"x": nested(100_000)}).value == 0
    assert shown_value(nested(100_000)) == "<list>"
    loop: list[Any] = []
    loop.append(loop)
    assert match_fields({"x": loop}, {"x": loop}).value == 1


def test_models_of_two_classes_and_of_none_are_different() -> None:
    class Cat(BaseModel):
        name: str

    class Dog(BaseModel):
        name: str

    assert match_fields({"x": Cat(name="Tom")}, {"x": Dog(name="Tom")}).value == 0
    assert match_fields({"x": Cat(name="Tom")}, {"x": {"name": "Tom"}}).value == 0
    assert match_fields({"x": Cat.model_construct()}, {"x": Cat(name="Tom")}).value == 0
    assert match_fields({"x": Cat.model_construct()}, {"x": Cat.model_construct()}).value == 1


def test_extra_values_and_root_models_are_compared() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        a: int

    class Names(RootModel[list[str]]):
        pass

    assert match_fields(Open(a=1, b=2), Open(a=1, b=3), {"b": "exact"}).value == 0.5  # type: ignore[call-arg]
    assert match_fields(Open(a=1), Open(a=1, b=3)).value == 0.5  # type: ignore[call-arg]
    assert match_fields(Names(["a", "b"]), Names(["b", "a"]), {"root": "unordered"}).value == 1


def test_fields_that_were_not_given_are_compared_too() -> None:
    match = match_fields(Invoice(number="A-1"), Invoice(number="A-1", note="made up"))
    assert [one.path for one in match.differences] == ["note"]


class Many(BaseModel):
    number: int | None
    items: list[Item] | None = None
    by_name: dict[str, Item] = {}
    tags: set[str] = set()
    pair: tuple[int, Annotated[Item, "a note"]] | None = None
    kind: Literal["a"] = "a"
    loose: Any = None
    bare: list = []  # type: ignore[type-arg]


@pytest.mark.parametrize(
    "path",
    ["number", "items.0.price", "items.*.name", "items.*.*", "by_name.*.price", "by_name.tea.price", "pair.1.name",
     "loose.any.thing", "bare.0", "*", "*.*"],
)  # fmt: skip
def test_paths_lead_to_fields(path: str) -> None:
    check_paths(Many, [path])
    assert match_fields(Many(number=1), Many(number=1), {path: "exact"}).value == 1


@pytest.mark.parametrize(
    ("path", "near"),
    [("nummer", "'number'"), ("items.*.prise", "'price'"), ("items.name", ""), ("number.0", ""), ("tags.0", ""),
     ("by_name.tea.coast", ""), ("kind.a", ""), ("pair.x", "")],
)  # fmt: skip
def test_paths_that_lead_nowhere_are_refused(path: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"names {path!r}, which Many has not".replace("*", r"\*")) as caught:
        match_fields(Many(number=1), Many(number=1), {path: "exact"})
    assert near in str(caught.value)


@pytest.mark.parametrize(
    ("compare", "said"),
    [
        ({"x": "txt"}, "Did you mean 'text'"), ({"x": 3}, "got 3"), ({"x": None}, "got None"),
        ({"": "text"}, "dotted paths"),
        ({"a..b": "text"}, "dotted paths"), ({3: "text"}, "dotted paths"), (["x"], "takes a mapping"),
        ({"x": {"y": "text"}}, "or a function; got"),
    ],
)  # fmt: skip
def test_comparers_that_are_none_are_refused(compare: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        match_fields({"x": 1}, {"x": 1}, compare)


@pytest.mark.parametrize("number", [-1, NAN, math.inf, True, "1", None, Decimal("sNaN")])
def test_tolerances_and_weights_are_numbers(number: Any) -> None:
    for given_ in ({"absolute": number}, {"relative": number}):
        with pytest.raises(ConfigError, match="a finite number of at least 0"):
            Within(**given_)
    with pytest.raises(ConfigError, match="a number above 0"):
        Weighed(number)


def test_a_weight_is_above_0_and_given_once() -> None:
    with pytest.raises(ConfigError, match="a number above 0"):
        Weighed(0)
    with pytest.raises(ConfigError, match="a weight already"):
        Weighed(1, Weighed(2))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_values_lie_between_0_and_1_and_are_the_same_both_ways(one: Any, other: Any) -> None:
    compares: tuple[Any, ...] = (None, {"*": "unordered", "*.*": Within(1)})
    for compare in compares:
        forth, back = match_fields(one, other, compare), match_fields(other, one, compare)
        assert 0 <= forth.value <= 1
        assert forth.value == pytest.approx(back.value)
        assert math.fsum(field.share for field in forth.fields) == pytest.approx(1)
        assert match_fields(one, one, compare).value == 1


MODELS = st.builds(
    Many,
    number=st.none() | st.integers(),
    items=st.none() | st.lists(st.builds(Item, name=st.text(), price=st.floats(allow_nan=False, allow_infinity=False))),
    by_name=st.dictionaries(st.text(), st.builds(Item, name=st.text(), price=st.just(1.0)), max_size=3),
    tags=st.sets(st.text(), max_size=3),
)


@given(MODELS)
def test_a_model_matches_itself_and_one_changed_leaf_lowers_it(model: Many) -> None:
    assert match_fields(model, Many.model_validate(model.model_dump())).value == 1
    for changed in (
        model.model_copy(update={"number": 1 if model.number is None else model.number + 1}),
        model.model_copy(update={"tags": model.tags | {"surely another"}}),
        model.model_copy(update={"items": [*(model.items or []), TEA]}),
    ):
        match = match_fields(model, changed)
        assert match.value < 1
        assert len(match.differences) == 1


def test_the_evaluator_scores_json_field_by_field() -> None:
    evaluator = FieldMatchEvaluator(schema=Invoice, compare={"number": "text", "items.*.price": Within(0.5)})
    row = {
        "prediction": '```json\n{"number": "a-1", "items": [{"name": "tea", "price": "3.4"}]}\n```',
        "reference": Invoice(number="A-1", items=[TEA, CUP]),
    }
    score = evaluator.score(row)
    assert score.value == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert [(one.name, one.value) for one in score.parts] == [
        ("field number", 1), ("field items.0.name", 1), ("field items.0.price", 1), ("field items.1", 0),
        ("field note", 1),
    ]  # fmt: skip
    assert not any(one.text for one in score.parts)  # a field is the same in every row, so its mean says something
    assert score.parts[3].reasoning == "wanted Item(name='cup', price=8.0), got nothing"
    assert score.reasoning == "items.1: wanted Item(name='cup', price=8.0), got nothing"
    assert evaluator.evaluation_name == "field_match"
    assert evaluator.input_keys == ["prediction", "reference"]
    compared = "items.*.price:Within(absolute=0.5, relative=0.0),number:text"
    assert evaluator.signature.startswith(f"field_match|schema=test_field_match.Invoice|comparers={compared}|")


def test_a_prediction_that_cannot_be_read_is_wrong_and_a_reference_raises() -> None:
    plain, strict = FieldMatchEvaluator(), FieldMatchEvaluator(schema=Item)
    right = {"name": "tea", "price": 3}
    for evaluator, prediction, said in (
        (plain, "tea", "it is no JSON"),
        (strict, "tea", "it is no JSON"),
        (strict, {"price": "much"}, "name: is missing; price: should be a valid number"),
    ):
        score = evaluator.score({"prediction": prediction, "reference": right})
        assert (score.value, score.parts) == (0, ())
        assert said in score.reasoning
        with pytest.raises(ConfigError, match="The reference cannot be compared with"):
            evaluator.score({"prediction": right, "reference": prediction})
    assert plain.score({"prediction": AIMessage("[1, 2]"), "reference": [1, 3]}).value == 0.5
    assert plain.score({"prediction": 3, "reference": "3"}).parts[0].name == "field"
    many = plain.evaluate_strings(prediction=[0] * 50, reference=[1] * 50)
    assert many["reasoning"].endswith("19: wanted 1, got 0; and 30 more")


def test_the_evaluator_checks_what_it_is_made_of() -> None:
    for given_, said in (({"schema": {}}, "a class; got"), ({"compare": {"x": "txt"}}, "Did you mean 'text'"),
                         ({"schema": Item, "compare": {"prize": "text"}}, "Did you mean 'price'")):  # fmt: skip
        with pytest.raises(ConfigError, match=said):
            FieldMatchEvaluator(**given_)
    own = FieldMatchEvaluator(compare={"a": Weighed(2, len), "b": Weighed(3)})  # type: ignore[arg-type]
    assert "|comparers=a:builtins.len*2,b:None*3|" in own.signature
