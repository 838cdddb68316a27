"""Scale: there and back again, for any scale."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lc_scoring.errors import ConfigError
from lc_scoring.scale import Scale, number_text, plain_number

BOUNDS = st.decimals(-10_000, 10_000, places=2)
VALUES = st.floats(0, 1)


@st.composite
def plain_scales(draw: st.DrawFn) -> Scale:
    low, high = sorted(draw(st.lists(BOUNDS, min_size=2, max_size=2, unique=True)))
    return Scale(float(low), float(high))


@st.composite
def stepped_scales(draw: st.DrawFn) -> tuple[Scale, Decimal, Decimal, int]:
    low, step = draw(BOUNDS), draw(st.decimals("0.01", 50, places=2))
    steps = draw(st.integers(2, 200))  # a single step as wide as the scale: see the unit tests
    return Scale(float(low), float(low + steps * step), step=float(step)), low, step, steps


@given(plain_scales(), VALUES)
def test_every_value_has_a_rating_on_the_scale_and_that_rating_the_value(scale: Scale, value: float) -> None:
    rating = scale.denormalize(value)
    assert scale.contains(rating)
    # A rating is a float beside its bounds: what is lost is its last digit, seen from the width of the scale.
    lost = 4 * math.ulp(max(abs(scale.low), abs(scale.high))) / (scale.high - scale.low)
    assert scale.normalize(rating) == pytest.approx(value, abs=lost + 1e-15)


@given(plain_scales(), VALUES, VALUES)
def test_a_higher_rating_never_has_a_lower_value(scale: Scale, one: float, other: float) -> None:
    low, high = sorted(scale.denormalize(value) for value in (one, other))
    assert 0 <= scale.normalize(low) <= scale.normalize(high) <= 1


@given(plain_scales())
def test_the_ends_of_a_scale_are_zero_and_one_exactly(scale: Scale) -> None:
    assert (scale.normalize(scale.low), scale.normalize(scale.high)) == (0, 1)
    assert scale.denormalize(0) == scale.low
    assert scale.denormalize(1) == pytest.approx(scale.high, abs=1e-9)


@given(stepped_scales(), st.data())
def test_every_step_is_on_the_scale_and_comes_back(
    made: tuple[Scale, Decimal, Decimal, int], data: st.DataObject
) -> None:
    scale, low, step, steps = made
    rating = float(low + data.draw(st.integers(0, steps)) * step)
    assert scale.contains(rating)
    assert scale.denormalize(scale.normalize(rating)) == pytest.approx(rating, abs=1e-9)


@given(stepped_scales(), st.data())
def test_between_two_steps_there_is_no_rating(made: tuple[Scale, Decimal, Decimal, int], data: st.DataObject) -> None:
    scale, low, step, steps = made
    part = data.draw(st.floats(0.01, 0.99))
    assert not scale.contains(float(low) + (data.draw(st.integers(0, steps - 1)) + part) * float(step))


@given(stepped_scales(), VALUES)
def test_every_value_comes_to_a_step_no_further_than_half_of_one(
    made: tuple[Scale, Decimal, Decimal, int], value: float
) -> None:
    scale, _, step, _ = made
    rating = scale.denormalize(value)
    assert scale.contains(rating)
    assert abs(scale.low + value * (scale.high - scale.low) - rating) <= float(step) / 2 + 1e-9


@given(plain_scales())
def test_a_scale_is_read_as_it_is_written(scale: Scale) -> None:
    assert Scale.parse(str(scale)) == scale


@given(st.text("0123456789.+-: to,", max_size=12) | st.text(max_size=12))
def test_any_text_is_a_scale_or_a_config_error(text: str) -> None:
    try:
        scale = Scale.parse(text)
    except ConfigError:
        return
    assert scale.low < scale.high


ANY_NUMBER = st.integers(-1000, 1000) | st.floats(allow_nan=True, allow_infinity=True, width=32) | st.booleans()


@given(st.lists(ANY_NUMBER, max_size=4))
def test_any_numbers_are_a_scale_or_a_config_error(numbers: list[float]) -> None:
    assume(len(numbers) < 3 or isinstance(numbers[2], bool) or not 0 < abs(numbers[2]) < 1e-30)
    try:
        scale = Scale.parse(numbers)
    except ConfigError:
        return
    assert scale.contains(scale.low)
    assert scale.contains(scale.high)


@given(st.floats(-1e15, 1e15))
def test_a_number_keeps_its_value_however_it_is_written(number: float) -> None:
    assert plain_number(number) == number
    assert float(number_text(number)) == number
    assert not number_text(number).endswith(".0")
