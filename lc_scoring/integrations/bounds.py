"""Bounds: what an assertion wants of a number, checked for sense before anything is paid for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lc_scoring.errors import ConfigError
from lc_scoring.runs.score_interval import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a number must not be below or above, in the units of that number.

    Attributes:
        at_least: the least that will do, or None.
        at_most: the most that will do, or None.

    Raises:
        ConfigError: one is no finite number, or nothing lies between them.

    Examples:
        >>> Bounds(at_least=7).missed(6.5), Bounds(at_least=7).missed(7)
        ('at least 7', None)
    """

    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        for name, bound in self._given():
            if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not math.isfinite(bound):
                raise ConfigError(f"{name} takes a number, got {bound!r}.")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ConfigError(f"at_least={self.at_least} is above at_most={self.at_most}: nothing lies between them.")

    @property
    def are_open(self) -> bool:
        """Whether they leave every number be."""
        return self.at_least is None and self.at_most is None

    def check(self, name: str, span: Span | None) -> None:
        """Make sure that the bounds lie on a scale: off it they are in other units, and hold for all scores or none.

        Args:
            name: the evaluator's.
            span: the least and the greatest number it reports; None where that is not known.

        Raises:
            ConfigError: one does not.
        """
        for bound_name, bound in self._given():
            if span is not None and not span[0] <= bound <= span[1]:
                raise ConfigError(
                    f"{bound_name}={shown(bound)} is off the scale of {name}, which reports {shown(span[0])} to "
                    f"{shown(span[1])}: a bound is in the units of the number that the evaluator reports."
                )

    def missed(self, number: float) -> str | None:
        """Return the bound that a number misses, in words; None where it misses none."""
        if self.at_least is not None and number < self.at_least:
            return f"at least {shown(self.at_least)}"
        if self.at_most is not None and number > self.at_most:
            return f"at most {shown(self.at_most)}"
        return None

    def _given(self) -> list[tuple[str, float]]:
        both = (("at_least", self.at_least), ("at_most", self.at_most))
        return [(name, bound) for name, bound in both if bound is not None]


def shown(number: float) -> str:
    """Return a number with as many digits as tell it from a bound nearby.

    Examples:
        >>> shown(7.0), shown(6.9999), shown(2 / 3)
        ('7', '6.9999', '0.666667')
    """
    return f"{number:.6g}"
