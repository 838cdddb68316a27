"""Field match: two structured values compared field by field, with a credit for each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from lc_scoring.data.plain import plain
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.computed import call_own
from lc_scoring.evaluators.field_pairs import best_pairs
from lc_scoring.evaluators.field_rules import (
    Comparer,
    Rule,
    Within,
    check_paths,
    equal,
    folded,
    inner_rules,
    rules_of,
)

_BELOW_ONE = math.nextafter(1.0, 0.0)
_LEVELS = 100  # of values in each other; what is deeper is compared as a whole
_UNORDERED = 100  # expected elements of one list without an order
_PAIRS = 100_000  # elements compared to find which go together: a few seconds

T = TypeVar("T")


class Absent(Enum):
    """What stands for a value that is not there, which None is not."""

    ABSENT = "nothing"

    def __repr__(self) -> str:
        return self.value


ABSENT = Absent.ABSENT
"""The one `Absent`: on the one side of a field that only the other has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMatch:
    """What came of comparing one field.

    Attributes:
        path: the names and indices that lead to it, with dots; empty where the whole is one value.
        expected: its value in what is expected; `ABSENT` for a surplus one.
        got: its value in what was got; `ABSENT` for a missing one.
        credit: in [0, 1], 1 for a match.
        share: how much of the whole hangs on it, in (0, 1]; the shares of all fields sum to 1.
    """

    path: str
    expected: Any
    got: Any
    credit: float
    share: float

    @property
    def in_words(self) -> str:
        """What was wanted and got.

        Examples:
            >>> FieldMatch(path="items.1", expected="tea", got=ABSENT, credit=0, share=0.5).in_words
            "wanted 'tea', got nothing"
        """
        return f"wanted {shown_value(self.expected)}, got {shown_value(self.got)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Generic[T]):
    """What came of comparing two structured values.

    Attributes:
        value: the credits of the fields, weighed by their shares: in [0, 1], 1 where all match.
        fields: what came of each field that was compared, in the order of the expected value.
        got: what was compared: of a text, what was read of it.
    """

    value: float
    fields: tuple[FieldMatch, ...]
    got: T

    @property
    def differences(self) -> tuple[FieldMatch, ...]:
        """The fields that do not match in full."""
        return tuple(field for field in self.fields if field.credit < 1)


def match_fields(expected: Any, got: T, compare: Mapping[str, Comparer] | None = None) -> Match[T]:
    """Compare two structured values field by field: models, mappings, lists, and what is in them.

    A value counts as the mean of what is in it, so a long list counts no more than the field beside it, and what the
    prediction adds to a list changes the share of no other field. A list's elements are compared place by place; those
    that are missing or surplus have no credit. Sets count their common elements. Models of two classes differ.

    All fields of a model are compared, as `==` does, also those that the expected one was not given: where it is left
    at None, a prediction that invents a value is wrong. `"ignore"` leaves a field out, in writing.

    Args:
        expected: a model, or JSON's values.
        got: what is compared with it.
        compare: how fields are compared, by dotted paths in which `*` stands for every element, key or field. What
            names the path wins over `*`, and what is nearer over what is around it:

            - `"exact"` (without one): equality; floats may differ by rounding (1e-9, relative), NaN is NaN;
            - `"text"`: texts without their case, runs of space, and forms of one character (NFKC);
            - `Within(0.01)`, `Within(relative=0.05)`: numbers with a tolerance;
            - `"unordered"`: a list's elements are paired off so that the credit is greatest; at most 100;
            - `"ignore"`: left out;
            - a function of (expected, got): it gives a bool or a credit in [0, 1], and takes the value whole. It is
              not asked where one of them is None;
            - `Weighed(3)`, `Weighed(3, "text")`: the field weighs as much as three beside it.

    Returns:
        The match, with a credit for each field.

    Raises:
        ConfigError: `compare` names a field that the model has not, or no comparer; a function of it failed, or gave
            no credit; values cannot be compared by `==`; or an unordered list is too long.

    Examples:
        >>> match = match_fields({"name": "Ann", "tags": ["a", "b"]}, {"name": "ann", "tags": ["a"]}, {"name": "text"})
        >>> match.value
        0.75
        >>> [(field.path, field.credit, field.share) for field in match.fields]
        [('name', 1.0, 0.5), ('tags.0', 1.0, 0.25), ('tags.1', 0.0, 0.25)]
    """
    rules = rules_of(compare)
    if isinstance(expected, BaseModel):
        check_paths(type(expected), compare or ())
    place = _Place(path="", rules=(rules,), by="exact", share=1.0, level=0, pairs=_Pairs())
    fields = tuple(_compared(place, expected, got))
    return Match(value=_value(fields), fields=fields, got=got)


def shown_value(value: object, most: int = 200) -> str:
    """Return a value as Python writes it, clipped; its kind where it cannot be written.

    Examples:
        >>> shown_value(["tea"]), shown_value("a long text", most=6)
        ("['tea']", "'a lon...")
    """
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001 - it is nested too deep, or an object of the user's own
        return f"<{type(value).__name__}>"
    return shown if len(shown) <= most else f"{shown[:most]}..."


class _Pairs:
    """How many elements may still be compared to find which go together."""

    def __init__(self) -> None:
        self.left = _PAIRS

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ConfigError(
                f'"unordered" compares at most {_PAIRS:,} pairs of elements, and lists in lists take more: '
                "compare one of them in its order, or by a function."
            )


@dataclass(slots=True, kw_only=True)
class _Place:
    """A place in both values: how it is compared, and how much hangs on it."""

    path: str
    rules: tuple[Rule, ...]
    by: Any
    share: float
    level: int
    pairs: _Pairs

    def inner(self, step: str) -> _Place:
        """Return the place one step further in, with its weight for a share."""
        rules = inner_rules(self.rules, step)
        by = next((rule.by for rule in rules if rule.by is not None), None)
        return _Place(
            path=f"{self.path}.{step}" if self.path else step,
            rules=rules,
            by=(_inherited(self.by) if by is None else by),
            share=next((rule.weight for rule in rules if rule.weight is not None), 1.0),
            level=self.level + 1,
            pairs=self.pairs,
        )


def _inherited(by: Any) -> Any:
    """Return what the inner values of a field are compared by; an order is its own affair."""
    return "exact" if by == "unordered" else by


def _value(fields: Sequence[FieldMatch]) -> float:
    """Return the weighed mean of the credits; it is 1 where all are, and nowhere else, however sums are rounded."""
    if all(one.credit == 1 for one in fields):
        return 1.0
    mean = math.fsum(one.share * one.credit for one in fields) / math.fsum(one.share for one in fields)
    return min(mean, _BELOW_ONE)


def _compared(place: _Place, expected: Any, got: Any) -> Iterator[FieldMatch]:
    """Yield what came of each field at a place and in it."""
    inside = None if callable(place.by) or place.level >= _LEVELS else _inside(place, expected, got)
    if not inside:
        credit = _credit(place, expected, got)
        yield FieldMatch(path=place.path, expected=expected, got=got, credit=credit, share=place.share)
        return
    found = [(place.inner(step), one, other) for step, one, other in inside]
    kept = [one for one in found if one[0].by != "ignore"]
    if not kept:  # as far as it is compared, it is the same
        yield FieldMatch(path=place.path, expected=expected, got=got, credit=1.0, share=place.share)
        return
    total = math.fsum(inner.share for inner, _, _ in kept)
    for inner, one, other in kept:
        inner.share = place.share * (inner.share / total)
        yield from _compared(inner, one, other)


def _inside(place: _Place, expected: Any, got: Any) -> list[tuple[str, Any, Any]] | None:
    """Return what is in two values, by its step; None where they are no two of a kind that holds others."""
    if isinstance(expected, BaseModel):
        return _by_name(_fields(expected), _fields(got)) if type(got) is type(expected) else None
    if isinstance(expected, Mapping):
        return _by_name(expected, got) if isinstance(got, Mapping) else None
    if isinstance(expected, (list, tuple)) and isinstance(got, (list, tuple)):
        aligned = _aligned(place, expected, got) if place.by == "unordered" else got
        both = zip_longest(expected, aligned, fillvalue=ABSENT)
        return [(str(index), one, other) for index, (one, other) in enumerate(both)]
    return None


def _by_name(expected: Mapping[Any, Any], got: Mapping[Any, Any]) -> list[tuple[str, Any, Any]]:
    names = [*expected, *(name for name in got if name not in expected)]
    return [(str(name), expected.get(name, ABSENT), got.get(name, ABSENT)) for name in names]


def _fields(model: BaseModel) -> dict[str, Any]:
    """Return a model's fields; one that was made without validation may lack some."""
    values = {name: model.__dict__.get(name, ABSENT) for name in type(model).model_fields}
    return {**values, **(model.model_extra or {})}


def _aligned(place: _Place, expected: Sequence[Any], got: Sequence[Any]) -> list[Any]:
    """Return what was got in the order of the expected elements that it goes best with, the surplus last."""
    if len(expected) > _UNORDERED:
        raise ConfigError(
            f'compare[{place.path!r}]: "unordered" takes lists of at most {_UNORDERED} expected elements; this one '
            f"has {len(expected):,}. Compare it in its order, or by a function."
        )
    # How long this takes is up to who wrote the test, not to the prediction: of more than twice as many elements as
    # are expected, the credit is below a half in any case.
    looked_at = got[: 2 * len(expected) + 10]
    place.pairs.take(len(expected) * len(looked_at))
    inner = [place.inner(str(index)) for index in range(len(expected))]
    credits_ = [
        [_value(tuple(_compared(at, one, other))) for other in looked_at]
        for at, one in zip(inner, expected, strict=True)
    ]
    pairs = best_pairs(credits_)
    taken = set(pairs.values())
    surplus = [other for index, other in enumerate(got) if index not in taken]
    return [got[pairs[index]] if index in pairs else ABSENT for index in range(len(expected))] + surplus


def _credit(place: _Place, expected: Any, got: Any) -> float:
    """Return the credit of two values that are compared as wholes."""
    if expected is ABSENT or got is ABSENT:
        return float(expected is got)
    if callable(place.by):
        return _own_credit(place, expected, got)
    if isinstance(expected, AbstractSet) and isinstance(got, AbstractSet):
        return _common(_all_folded(expected, place.by), _all_folded(got, place.by))
    return float(call_own(f"compare[{place.path!r}]", _agree, place.by, expected, got))


def _own_credit(place: _Place, expected: Any, got: Any) -> float:
    if expected is None or got is None:
        return float(expected is got)
    credit = plain(call_own(f"compare[{place.path!r}]", place.by, expected, got))
    if not isinstance(credit, (bool, int, float)) or not 0 <= credit <= 1:
        raise ConfigError(
            f"compare[{place.path!r}]= gave {shown_value(credit)}; a credit is True, False or a number in [0, 1]."
        )
    return float(credit)


def _all_folded(values: AbstractSet[Any], by: Any) -> AbstractSet[Any]:
    return {folded(one) if isinstance(one, str) else one for one in values} if by == "text" else values


def _common(expected: AbstractSet[Any], got: AbstractSet[Any]) -> float:
    most = max(len(expected), len(got))
    return len(expected & got) / most if most else 1.0


def _agree(by: Any, expected: Any, got: Any) -> bool:
    if isinstance(by, Within):
        return by.agree(expected, got)
    if by == "text" and isinstance(expected, str) and isinstance(got, str):
        return folded(expected) == folded(got)
    try:
        return equal(expected, got)
    except RecursionError:  # as deep as that, nobody has written them alike
        return False
