"""Scale: the numbers a judge may give, and their place in [0, 1]."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lc_scoring.errors import ConfigError

_RANGE = re.compile(r"\s*([+-]?\d*\.?\d+)\s*(?:-|\.\.|:|to)\s*([+-]?\d*\.?\d+)\s*", re.ASCII)
_FIELDS = ("low", "high", "step")
_MOST_STEPS = 1_000_000
_TOLERANCE = 1e-9  # of a step: 0.1 + 0.2 must count as 0.3


@dataclass(frozen=True, slots=True)
class Scale:
    """The ratings a judge may give: every number from `low` to `high`, or only each `step` from `low`.

    Attributes:
        low: the lowest rating, in scale units.
        high: the highest rating, in scale units; above `low`.
        step: the distance between neighboring ratings; None admits decimals such as 7.5.

    Raises:
        ConfigError: `low` is not below `high`, a bound is not a finite number, or `step` does not fit.

    Examples:
        >>> Scale(1, 5).normalize(4)
        0.75
        >>> Scale(1, 10).contains(14)
        False
    """

    low: float = 1
    high: float = 10
    step: float | None = None

    def __post_init__(self) -> None:
        for name, bound in (("low", self.low), ("high", self.high)):
            if not _is_finite(bound):
                raise ConfigError(f"A scale's {name} must be a finite number, got {bound!r}.")
        if self.low >= self.high:
            raise ConfigError(
                f"A scale runs from low to high: got low={self.low!r}, high={self.high!r}. Swap or widen them."
            )
        if not _is_finite(self.high - self.low):
            raise ConfigError(f"A scale from {self.low!r} to {self.high!r} is too wide to reckon with.")
        if self.step is not None:
            self._check_step(self.step)

    def _check_step(self, step: float) -> None:
        width = self.high - self.low
        if not _is_finite(step) or not 0 < step <= width * (1 + _TOLERANCE):
            raise ConfigError(f"A scale's step must be above 0 and at most high - low = {width!r}, got {step!r}.")
        if step < width / _MOST_STEPS:
            raise ConfigError(f"Steps of {step!r} are too small: a scale has at most {_MOST_STEPS:,} of them.")
        if not _whole(width / step):
            raise ConfigError(f"Steps of {step!r} from {self.low!r} do not reach {self.high!r}: change one of them.")

    def __str__(self) -> str:
        """Return the bounds, as `1..10` or, with a step, `1..10/0.5`."""
        steps = "" if self.step is None else f"/{number_text(self.step)}"
        return f"{number_text(self.low)}..{number_text(self.high)}{steps}"

    def contains(self, rating: float) -> bool:
        """Tell whether `rating` (scale units) may be given: between the bounds, and on a step if there are steps.

        Examples:
            >>> Scale(1, 5, step=0.5).contains(3.5), Scale(1, 5, step=1).contains(3.5)
            (True, False)
        """
        if not self.low <= rating <= self.high:
            return False
        return self.step is None or _whole((rating - self.low) / self.step)

    def normalize(self, rating: float) -> float:
        """Map `rating` (scale units) to [0, 1]: `(rating - low) / (high - low)`.

        Raises:
            ConfigError: the rating is off the scale; it is never clamped.

        Examples:
            >>> Scale(0, 100).normalize(25)
            0.25
        """
        if not self.contains(rating):
            raise ConfigError(f"{rating!r} is not on the scale {self}.")
        return (rating - self.low) / (self.high - self.low)

    def denormalize(self, value: float) -> float:
        """Map `value` in [0, 1] back to the nearest rating, in scale units.

        Raises:
            ConfigError: the value is outside [0, 1].

        Examples:
            >>> Scale(1, 10, step=1).denormalize(0.5)
            5
        """
        if not 0 <= value <= 1:
            raise ConfigError(f"A normalized score lies in [0, 1], got {value!r}.")
        if value == 1:
            return plain_number(self.high)  # the sum below may miss it by a last digit
        rating = self.low + value * (self.high - self.low)
        if self.step is not None:
            rating = self.low + round((rating - self.low) / self.step) * self.step
        return plain_number(min(max(rating, self.low), self.high))

    @classmethod
    def parse(cls, value: object) -> Scale:
        """Read a scale as people write it.

        Args:
            value: a Scale, `(low, high)`, `(low, high, step)`, a mapping of `low`, `high`, `step`,
                or text such as `"1-5"`, `"0..1"`, `"1 to 100"`.

        Raises:
            ConfigError: it is none of these, or its numbers make no scale.

        Examples:
            >>> Scale.parse("1-5") == Scale.parse((1, 5)) == Scale(1, 5)
            True
        """
        match value:
            case Scale():
                return value
            case str():
                return cls(*_bounds(value))
            case Mapping():
                return cls._from_mapping(value)
            case Sequence() if len(value) in {2, 3} and not isinstance(value, (bytes, bytearray)):
                return cls(*value)
            case _:
                raise ConfigError(f"A scale is (low, high), (low, high, step) or text such as '1-5', got {value!r}.")

    @classmethod
    def _from_mapping(cls, value: Mapping[str, float]) -> Scale:
        unknown = sorted(map(str, set(value) - set(_FIELDS)))
        if unknown:
            raise ConfigError(f"A scale has low, high and step; got also {', '.join(unknown)}.")
        if "low" not in value or "high" not in value:
            raise ConfigError(f"A scale needs low and high, got {dict(value)!r}.")
        return cls(**value)


def plain_number(number: float) -> float:
    """Return whole numbers as int, so that a rating of 7 shows as 7 and not as 7.0.

    Examples:
        >>> plain_number(7.0), plain_number(7.5)
        (7, 7.5)
    """
    return int(number) if float(number).is_integer() else number


def number_text(number: float) -> str:
    """Write a number as a person would: 7 and 7.5, not 7.0."""
    return str(plain_number(number))


def _bounds(text: str) -> tuple[float, float]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ConfigError(f"A scale reads like '1-5' or '0..1', got {text!r}.")
    low, high = (plain_number(float(part)) for part in match.groups())
    return low, high


def _is_finite(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # an int that no float can hold
        return False


def _whole(number: float) -> bool:
    return abs(number - round(number)) < _TOLERANCE * max(1.0, abs(number))
