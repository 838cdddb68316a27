"""Scale: which numbers make one, which ratings are on it, how people write it."""

from __future__ import annotations

import math
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from lc_scoring.errors import ConfigError
from lc_scoring.scale import Scale, number_text, plain_number

NO_SCALE = [
    (("1", 10), "low must be a finite number, got '1'"),
    ((None, 10), "low must be a finite number, got None"),
    ((True, 10), "low must be a finite number, got True"),
    ((math.nan, 10), "low must be a finite number, got nan"),
    ((-math.inf, 10), "low must be a finite number, got -inf"),
    ((1, False), "high must be a finite number, got False"),
    ((1, math.inf), "high must be a finite number, got inf"),
    ((1, Fraction(5)), "high must be a finite number, got Fraction"),
    ((5, 5), "low=5, high=5"),
    ((10, 1), "low=10, high=1"),
    ((1, 10, 0), "above 0 and at most high - low = 9, got 0"),
    ((1, 10, -1), "got -1"),
    ((1, 10, 9.5), "got 9.5"),
    ((1, 10, True), "got True"),
    ((1, 10, "1"), "got '1'"),
    ((1, 10, math.nan), "got nan"),
    ((1, 10, math.inf), "got inf"),
    ((1, 10, 2), "Steps of 2 from 1 do not reach 10"),
    ((0, 1, 0.3), "Steps of 0.3 from 0 do not reach 1"),
]
ON = [
    (Scale(1, 10), (1, 1.0, 5.5, 10, 9.999)),
    (Scale(1, 5, step=0.5), (1, 1.5, 4.5, 5)),
    (Scale(0, 1, step=0.1), (0, 0.1, 0.1 + 0.2, 0.7, 1)),
    (Scale(-5, 5, step=5), (-5, 0, 5)),
]
OFF = [
    (Scale(1, 10), (0, 0.999, 10.001, 14, -1, math.nan, math.inf, -math.inf)),
    (Scale(1, 5, step=0.5), (1.25, 5.5)),
    (Scale(0, 1, step=0.1), (0.15, 0.101)),
    (Scale(-5, 5, step=5), (-4, 1)),
]
WRITTEN = [
    ("1-5", Scale(1, 5)),
    ("0..1", Scale(0, 1)),
    ("1 to 100", Scale(1, 100)),
    ("0:10", Scale(0, 10)),
    ("  1 - 5\n", Scale(1, 5)),
    ("-1..1", Scale(-1, 1)),
    ("-5--1", Scale(-5, -1)),
    ("+1-+5", Scale(1, 5)),
    ("0.5-2.5", Scale(0.5, 2.5)),
    (".5-1", Scale(0.5, 1)),
    (Scale(2, 3), Scale(2, 3)),
    ((1, 5), Scale(1, 5)),
    ([0, 1, 0.25], Scale(0, 1, 0.25)),
    ({"low": 1, "high": 7}, Scale(1, 7)),
    (MappingProxyType({"high": 7, "low": 1, "step": 2}), Scale(1, 7, 2)),
]
UNREADABLE: list[tuple[Any, str]] = [
    ("", "reads like '1-5' or '0..1', got ''"),
    ("5", "got '5'"),
    ("one to five", "got 'one to five'"),
    ("1-5-9", "got '1-5-9'"),
    ("1-5 points", "got '1-5 points'"),
    ("\u0661-\u0665", "got"),
    ("5-1", "low=5, high=1"),
    ("1-" + "9" * 400, "high must be a finite number"),
    ((1,), "A scale is (low, high)"),
    ((1, 2, 3, 4), "A scale is (low, high)"),
    (10, "got 10"),
    (None, "got None"),
    ({1, 5}, "A scale is (low, high)"),
    (("a", "b"), "low must be a finite number, got 'a'"),
    ({}, "needs low and high, got {}"),
    ({"low": 1}, "needs low and high, got {'low': 1}"),
    ({"high": 1}, "needs low and high"),
    ({"low": 1, "high": 5, "top": 5, 3: 4}, "got also 3, top"),
]


@pytest.mark.parametrize(("numbers", "why"), NO_SCALE)
def test_numbers_that_make_no_scale_are_refused(numbers: tuple[Any, ...], why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Scale(*numbers)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param((1, 10**400), id="a bound no float can hold"),
        pytest.param((1, 10, 1e-320), id="more steps than a float can count"),
        pytest.param((-1e308, 1e308), id="a width no float can hold"),
        pytest.param((-1e308, 1e308, 1.0), id="a width no float can hold, in steps"),
    ],
)
def test_numbers_too_large_to_reckon_with_make_no_scale(numbers: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError):
        Scale(*numbers)


@pytest.mark.parametrize("numbers", [(0.1, 0.3, 0.2), (0.01, 2.01, 2)])
def test_a_single_step_may_be_as_wide_as_the_scale(numbers: tuple[float, ...]) -> None:
    assert Scale(*numbers).contains(numbers[1])


@pytest.mark.parametrize(("scale", "rating"), [(scale, rating) for scale, ratings in ON for rating in ratings])
def test_a_rating_within_the_bounds_and_on_a_step_is_on_the_scale(scale: Scale, rating: float) -> None:
    assert scale.contains(rating)
    assert 0 <= scale.normalize(rating) <= 1


@pytest.mark.parametrize(("scale", "rating"), [(scale, rating) for scale, ratings in OFF for rating in ratings])
def test_any_other_number_is_off_the_scale_and_never_clamped(scale: Scale, rating: float) -> None:
    assert not scale.contains(rating)
    with pytest.raises(ConfigError) as caught:
        scale.normalize(rating)
    assert str(caught.value) == f"{rating!r} is not on the scale {scale}."


@pytest.mark.parametrize(
    ("scale", "rating", "value"),
    [
        (Scale(1, 10), 1, 0),
        (Scale(1, 10), 10, 1),
        (Scale(1, 5), 4, 0.75),
        (Scale(0, 100), 25, 0.25),
        (Scale(-1, 1), 0, 0.5),
    ],
)
def test_a_rating_and_its_value_are_two_names_of_one_place(scale: Scale, rating: float, value: float) -> None:
    assert scale.normalize(rating) == value
    assert scale.denormalize(value) == rating


@pytest.mark.parametrize("scale", [Scale(-1, 0.2), Scale(-0.9, -0.2), Scale(-0.01, 0.02)])
def test_the_best_value_is_the_highest_rating_exactly(scale: Scale) -> None:
    assert scale.denormalize(1) == scale.high


@pytest.mark.parametrize(
    ("scale", "value", "rating"),
    [
        (Scale(1, 5, step=1), 0.74, 4),
        (Scale(1, 5, step=0.5), 0.2, 2),
        (Scale(0, 1, step=0.1), 0.30000001, 0.3),
        (Scale(1, 10), 0.5, 5.5),
    ],
)
def test_a_value_between_two_steps_becomes_the_nearer_one(scale: Scale, value: float, rating: float) -> None:
    assert scale.denormalize(value) == pytest.approx(rating, abs=1e-12)


def test_a_whole_rating_comes_back_as_an_int() -> None:
    assert repr(Scale(1.0, 5.0).denormalize(0.25)) == "2"


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf])
def test_a_value_outside_zero_to_one_is_no_place_on_a_scale(value: float) -> None:
    with pytest.raises(ConfigError, match=r"^A normalized score lies in \[0, 1\], got "):
        Scale(1, 10).denormalize(value)


@pytest.mark.parametrize(("written", "scale"), WRITTEN)
def test_a_scale_is_read_as_people_write_it(written: object, scale: Scale) -> None:
    assert Scale.parse(written) == scale


def test_whole_bounds_in_a_text_become_ints() -> None:
    assert repr(Scale.parse("1-5")) == "Scale(low=1, high=5, step=None)"


@pytest.mark.parametrize(("written", "why"), UNREADABLE)
def test_what_is_no_scale_is_refused_with_what_was_got(written: object, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Scale.parse(written)
    assert why in str(caught.value)


def test_bytes_are_no_scale() -> None:
    with pytest.raises(ConfigError):
        Scale.parse(b"15")


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (Scale(), "1..10"),
        (Scale(0.0, 1.0), "0..1"),
        (Scale(1, 5, step=0.5), "1..5/0.5"),
        (Scale(-2.5, 2.5, step=2.5), "-2.5..2.5/2.5"),
    ],
)
def test_a_scale_is_written_short(scale: Scale, text: str) -> None:
    assert str(scale) == text


@pytest.mark.parametrize(
    ("number", "text"), [(7.0, "7"), (7, "7"), (7.5, "7.5"), (-0.0, "0"), (math.inf, "inf"), (1e15, "1" + "0" * 15)]
)
def test_a_number_is_written_as_a_person_would(number: float, text: str) -> None:
    assert number_text(number) == text


def test_only_a_whole_number_becomes_an_int() -> None:
    assert [type(plain_number(number)) for number in (7.0, 7, 7.5, math.nan)] == [int, int, float, float]
