"""assert_matches: what passes, what fails and what the message says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from pydantic import BaseModel, ConfigDict, Field, field_validator

from lc_scoring.errors import ConfigError
from lc_scoring.integrations.pytest_matches import Comparer, Weighed, Within, assert_matches


class Currency(Enum):
    EUR = "EUR"
    USD = "USD"


class Item(BaseModel):
    name: str
    price: Decimal


class Invoice(BaseModel):
    number: str
    day: date
    currency: Currency = Currency.EUR
    items: list[Item] = []
    summary: str = ""

    @field_validator("number")
    @classmethod
    def _has_a_dash(cls, number: str) -> str:
        if "-" not in number:
            raise ValueError(f"{number} has no dash")
        return number


EXPECTED = Invoice(
    number="A-1",
    day=date(2026, 3, 1),
    items=[Item(name="tea", price=Decimal("3.10")), Item(name="cup", price=Decimal(8))],
)
RIGHT = {
    "number": "A-1",
    "day": "2026-03-01",
    "currency": "EUR",
    "items": [{"name": "tea", "price": 3.1}, {"name": "cup", "price": "8.00"}],
}
TEXT = (
    'As asked:\n```json\n{"number": "A-1", "day": "2026-03-01", "summary": "Tea and a cup.",\n'
    '"items": [{"name": "Tea", "price": 3.1}, {"name": "cup", "price": 9}, {"name": "jar", "price": 1}]}\n```\nDone.'
)


def said(expected: Any, prediction: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_matches(expected, prediction, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "prediction",
    [RIGHT, EXPECTED, EXPECTED.model_dump(), EXPECTED.model_dump_json(), AIMessage(EXPECTED.model_dump_json())],
)
def test_what_matches_passes_in_any_form(prediction: Any) -> None:
    match = assert_matches(EXPECTED, prediction)
    assert (match.value, match.got) == (1, EXPECTED)
    assert len(match.fields) == 8


def test_a_model_of_another_class_is_read_as_the_json_it_is_sent_as() -> None:
    class Reply(BaseModel):
        id: str = Field(serialization_alias="number")
        day: str
        more: int = 3

    assert assert_matches(Invoice, Reply(id="A-1", day="2026-03-01")).got.day == date(2026, 3, 1)


def test_the_message_lists_the_fields_that_differ() -> None:
    assert said(EXPECTED, TEXT) == (
        "Invoice: 0.666667, wanted at least 1. 4 of 9 fields differ:\n"
        "  items.0.name: wanted 'tea', got 'Tea' (credit 0)\n"
        "  items.1.price: wanted Decimal('8'), got Decimal('9') (credit 0)\n"
        "  items.2: wanted nothing, got Item(name='jar', price=Decimal('1')) (credit 0)\n"
        "  summary: wanted '', got 'Tea and a cup.' (credit 0)"
    )


def test_what_is_judged_elsewhere_is_left_out_and_handed_on() -> None:
    compare: dict[str, Comparer] = {
        "summary": "ignore",
        "items.*.name": "text",
        "items.*.price": Within(1),
        "items": Weighed(2),
    }
    match = assert_matches(EXPECTED, TEXT, compare=compare, at_least=(3 + 2 * 2 / 3) / 5)
    assert match.value == pytest.approx(13 / 15)
    assert match.got.summary == "Tea and a cup."
    assert "0.866667, wanted at least 0.87. 1 of 8 fields differs:" in said(
        EXPECTED, TEXT, compare=compare, at_least=0.87
    )


def test_partial_credit_is_told() -> None:
    class Trip(BaseModel):
        cities: set[str]
        note: str

    message = said(Trip(cities={"Rome"}, note="x"), {"cities": ["Rome", "Oslo"], "note": "x"})
    assert "cities: wanted {'Rome'}, got {" in message
    assert message.endswith("(credit 0.5)")


def test_of_a_class_only_the_form_is_checked() -> None:
    match = assert_matches(Invoice, TEXT)
    assert (match.value, match.fields, match.got.number) == (1, (), "A-1")


def test_what_is_not_of_the_form_is_told_field_by_field() -> None:
    wrong = '{"number": "A1", "currency": "DM", "items": [{"name": "tea", "price": "much"}]}'
    for expected in (Invoice, EXPECTED):
        assert said(expected, wrong, at_least=0) == (
            "Invoice: the prediction is not of this form.\n"
            "  number: A1 has no dash, got 'A1'\n"
            "  day: is missing\n"
            "  currency: should be 'EUR' or 'USD', got 'DM'\n"
            "  items.0.price: should be a valid decimal, got 'much'\n"
            f"  prediction: {wrong}"
        )


@pytest.mark.parametrize(
    ("prediction", "why"),
    [
        ("I found nothing.", "Expecting value"),
        ("", "Expecting value"),
        ('{"number": "A-1"', "delimiter"),
        ('{"number": NaN}', "NaN is not a JSON number"),
        ('{"number": 1e400}', "not JSON compliant"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_json_is_told_with_the_text(prediction: str, why: str) -> None:
    message = said(Invoice, prediction)
    assert message.startswith("Invoice: the prediction cannot be read, it is no JSON: ")
    assert why in message
    assert len(message) < 2_000


def test_hostile_text_forges_no_line_and_no_message_is_long() -> None:
    class Loose(BaseModel):
        model_config = ConfigDict(extra="allow")
        a: str
        b: dict[str, int] = {}

    evil = "x\n  a: wanted 'x', got 'x' (credit 1)\x1b[2J\u202e\u2028"
    message = said(Loose(a="x"), {"a": evil, "b": {evil: 1}, evil: evil})
    assert [line[:6] for line in message.splitlines()] == ["Loose:", "  a: w", "  b.x ", "  x   "]
    assert message.replace("\n", "").isprintable()
    faults = said(Loose, {"a": 1, "b": {evil: evil}})
    assert len(faults.splitlines()) == 4
    assert faults.replace("\n", "").isprintable()
    many = said(Loose(a="x"), {"a": evil * 10_000, "b": {f"{evil * 50}{n}": n for n in range(1000)}})
    assert "\n  ... and 981 more" in many
    assert len(many) < 15_000
    wrong = said(Loose, {"a": "x" * 100_000, "b": dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "x" * 100_000)})
    assert "\n  ... and 6 more\n  prediction: {'a': 'xxx" in wrong
    assert len(wrong) < 15_000


@pytest.mark.parametrize("expected", [None, {}, "Invoice", int, BaseModel])
def test_what_is_expected_is_a_model(expected: Any) -> None:
    with pytest.raises(ConfigError, match="takes a pydantic model"):
        assert_matches(expected, "{}")


@pytest.mark.parametrize("prediction", [None, 3, b"{}", object()])
def test_what_nothing_is_read_of_is_refused(prediction: Any) -> None:
    with pytest.raises(ConfigError, match="of a mapping or of a model; got"):
        assert_matches(Invoice, prediction)


@pytest.mark.parametrize("at_least", [-0.1, 1.5, 70, float("nan"), True, "1", None])
def test_the_bound_is_a_number_in_0_to_1(at_least: Any) -> None:
    with pytest.raises(ConfigError, match="at_least"):
        assert_matches(EXPECTED, RIGHT, at_least=at_least)


def test_how_fields_are_compared_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"names 'items\.\*\.cost', which Invoice has not"):
        assert_matches(EXPECTED, RIGHT, compare={"items.*.cost": "text"})
    with pytest.raises(ConfigError, match="only the form is checked"):
        assert_matches(Invoice, RIGHT, compare={"number": "text"})


def test_what_is_strict_is_read_as_json_is() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        day: date
        count: int

    assert assert_matches(Strict(day=date(2026, 3, 1), count=2), '{"day": "2026-03-01", "count": 2}').value == 1
    assert "count: should be a valid integer, got '2'" in said(Strict, '{"day": "2026-03-01", "count": "2"}')


@given(
    st.builds(
        Invoice,
        number=st.text(st.characters(exclude_categories=["Cs"])).map("-".__add__),
        day=st.dates(),
        items=st.lists(
            st.builds(
                Item,
                name=st.text(st.characters(exclude_categories=["Cs"])),
                price=st.decimals(allow_nan=False, allow_infinity=False),
            )
        ),
    )
)
def test_a_model_matches_its_own_dump(invoice: Invoice) -> None:
    for dump in (invoice.model_dump(), invoice.model_dump_json(), f"```json\n{invoice.model_dump_json()}\n```"):
        assert assert_matches(invoice, dump).value == 1
    said(invoice, {**invoice.model_dump(), "number": f"{invoice.number}-"})
