"""Field rules: how the fields of two structured values are compared, by their dotted paths."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Context, Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from lc_scoring.errors import ConfigError, did_you_mean

ANY: Final = "*"
"""The step of a path that stands for every element, key or field."""
NAMED = ("exact", "ignore", "text", "unordered")
"""What a field may be compared by, beside `Within`, `Weighed` and a function."""

_SAME_FLOAT = 1e-9  # relative: far above the rounding of one calculation, far below what anyone writes
_EXACT = Context(prec=50, traps=[])  # hostile exponents give an infinity in it, not an error
_HEAVIEST = 1_000_000  # beyond it the fields beside it count for nothing, and sums may overflow
_PLAIN = (str, bytes, int, float, Decimal, date, time, timedelta, Enum, UUID, NoneType)


@dataclass(frozen=True, slots=True)
class Within:
    """Compares numbers with a tolerance: the greater of the two holds. What is no number is compared exactly.

    Numbers are taken as the decimals they are written as: 3.3 is within 0.3 of 3, though not in binary.

    Attributes:
        absolute: how far apart the numbers may be, in their own units.
        relative: how far apart, as a share of the expected number.

    Raises:
        ConfigError: one is no finite number of at least 0.

    Examples:
        >>> Within(0.3).agree(3, 3.3), Within(0.3).agree(3, 3.31), Within(relative=0.05).agree(200, 191)
        (True, False, True)
    """

    absolute: float | Decimal = 0.0
    relative: float | Decimal = 0.0

    def __post_init__(self) -> None:
        for name, given in (("absolute", self.absolute), ("relative", self.relative)):
            if not _is_number(given) or not _decimal(given).is_finite() or given < 0:
                raise ConfigError(f"Within takes {name}= as a finite number of at least 0; got {given!r}.")

    def agree(self, expected: object, got: object) -> bool:
        """Tell whether two values are near enough."""
        if equal(expected, got) or not (_is_number(expected) and _is_number(got)):
            return equal(expected, got)
        wanted, found = _decimal(expected), _decimal(got)
        if not (wanted.is_finite() and found.is_finite()):
            return False
        share = _EXACT.multiply(_decimal(self.relative), wanted.copy_abs())  # abs() is done in a context that raises
        return _EXACT.subtract(found, wanted).copy_abs() <= max(_decimal(self.absolute), share)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Has a field count for more or less than the fields beside it, which weigh 1 each.

    Attributes:
        weight: above 0, at most 1,000,000.
        by: what it is compared by; None for what holds without it.

    Raises:
        ConfigError: the weight is another one, or `by` is weighed itself.

    Examples:
        >>> Weighed(3, Within(0.01)).weight
        3
    """

    weight: float
    by: Comparer | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.weight) or isinstance(self.weight, Decimal) or not 0 < self.weight <= _HEAVIEST:
            raise ConfigError(
                f"Weighed takes a number above 0, at most {_HEAVIEST:,}; got {self.weight!r}. "
                'A field is left out by "ignore".'
            )
        if isinstance(self.by, Weighed):
            raise ConfigError(f"Weighed takes what a field is compared by, got {self.by!r}: it has a weight already.")


Comparer: TypeAlias = str | Within | Weighed | Callable[[Any, Any], bool | float]
"""What a field is compared by: a name of `NAMED`, `Within`, `Weighed`, a function of (expected, got)."""


@dataclass(slots=True)
class Rule:
    """What holds for a field, and for what is in it.

    Attributes:
        by: what it is compared by; None for what holds around it.
        weight: among the fields beside it; None where nobody said.
        inside: the rules of what is in it, by the next step of their paths.
    """

    by: str | Within | Callable[[Any, Any], bool | float] | None = None
    weight: float | None = None
    inside: dict[str, Rule] = field(default_factory=dict[str, "Rule"])


def rules_of(compare: Mapping[str, Comparer] | None) -> Rule:
    """Return the rules as a tree, by the steps of their paths.

    Raises:
        ConfigError: a path has an empty step, or there is no such comparer.

    Examples:
        >>> rules_of({"items.*.name": "text"}).inside["items"].inside["*"].inside["name"].by
        'text'
    """
    top = Rule()
    if compare is not None and not isinstance(compare, Mapping):
        raise ConfigError(f"compare takes a mapping of dotted paths to comparers; got {compare!r}.")
    for path, given in (compare or {}).items():
        if not isinstance(path, str) or not all(path.split(".")):
            raise ConfigError(f'compare takes dotted paths such as "items.*.price"; got {path!r}.')
        weight, by = (given.weight, given.by) if isinstance(given, Weighed) else (None, given)
        if isinstance(by, str) and by not in NAMED:
            raise ConfigError(f"compare[{path!r}] takes {', '.join(NAMED)}; got {by!r}.{did_you_mean(by, NAMED)}")
        if not (isinstance(by, (str, Within)) or callable(by) or (by is None and isinstance(given, Weighed))):
            raise ConfigError(f"compare[{path!r}] takes {', '.join(NAMED)}, Within or a function; got {by!r}.")
        rule = top
        for step in path.split("."):
            rule = rule.inside.setdefault(step, Rule())
        rule.by, rule.weight = by, weight
    return top


def inner_rules(rules: Iterable[Rule], step: str) -> tuple[Rule, ...]:
    """Return the rules that hold one step further in, those that name it before those for any."""
    return tuple(rule.inside[name] for name in (step, ANY) for rule in rules if name in rule.inside)


def check_paths(model: type[BaseModel], paths: Iterable[str]) -> None:
    """Make sure that paths lead to fields of a model; what is under a field of no known form may be anything.

    Raises:
        ConfigError: one does not; the message names the nearest.

    Examples:
        >>> class Invoice(BaseModel):
        ...     total: float
        >>> check_paths(Invoice, ["totals"])
        Traceback (most recent call last):
        lc_scoring.errors.ConfigError: compare names 'totals', which Invoice has not. Did you mean 'total'?
    """
    for path in paths:
        reached: list[Any] = [model]
        for step in path.split("."):
            names = {name for kind in reached if _is_model(kind) for name in kind.model_fields}
            reached = [inner for kind in reached for inner in _inside(kind, step)]
            if not reached:
                raise ConfigError(f"compare names {path!r}, which {model.__name__} has not.{did_you_mean(step, names)}")


def folded(text: str) -> str:
    r"""Return a text without what writers vary: case, runs of space, forms of one character (NFKC).

    Examples:
        >>> folded("  STRASSE\n\uff11 ") == folded("Straße 1")
        True
    """
    folded_once = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded_once).split())


def equal(expected: Any, got: Any) -> bool:
    """Tell whether two values are the same: NaN is NaN, true is not 1, floats may differ by rounding.

    Examples:
        >>> equal(0.1 + 0.2, 0.3), equal(True, 1), equal(1, 1.0)
        (True, False, True)
    """
    if isinstance(expected, bool) is not isinstance(got, bool):
        return False
    if _is_number(expected) and _is_number(got):
        if _is_nan(expected) or _is_nan(got):
            return _is_nan(expected) and _is_nan(got)
        if isinstance(expected, float) or isinstance(got, float):
            try:
                return math.isclose(expected, got, rel_tol=_SAME_FLOAT)
            except OverflowError:  # a whole number beyond all floats
                return False
    return bool(expected == got)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _is_nan(number: float | Decimal) -> bool:
    return number.is_nan() if isinstance(number, Decimal) else isinstance(number, float) and math.isnan(number)


def _decimal(number: Any) -> Decimal:
    return Decimal(float.__repr__(number)) if isinstance(number, float) else Decimal(number)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(kind: Any, step: str) -> list[Any]:
    """Return the types that a step leads to from a type that is no union; none where it leads nowhere."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is not None:
        if origin is Literal or not isinstance(origin, type) or issubclass(origin, AbstractSet):
            return []
        if issubclass(origin, Mapping):
            return list(_alternatives(arguments[-1]))
        if issubclass(origin, Collection) and step != ANY and not step.isdecimal():
            return []
        return [one for argument in arguments if argument is not ... for one in _alternatives(argument)]
    if _is_model(kind):
        fields = kind.model_fields
        found = list(fields.values()) if step == ANY else [fields[step]] if step in fields else []
        extra = [Any] if kind.model_config.get("extra") == "allow" and not found else []
        return [one for info in found for one in _alternatives(info.annotation)] + extra
    return [] if isinstance(kind, type) and issubclass(kind, _PLAIN) else [Any]


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types that a type stands for: those of a union, and what is annotated."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif origin in (Union, UnionType):
        for one in get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind
