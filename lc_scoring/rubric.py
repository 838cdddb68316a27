"""Rubric: what a judge is asked to look at, in every form that LangChain's `criteria=` took, and its wording."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, TypeAlias, runtime_checkable

from lc_scoring.criterion import LOWER_IS_BETTER, Criteria, Criterion, built_in
from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.example import Example
from lc_scoring.notices import notice
from lc_scoring.scale import Scale, number_text

_LEVEL_LINE = re.compile(
    r"^[^\S\n]*(?:[-*•][^\S\n]*)?(?:score|level)[^\S\n]+([+-]?\d+(?:\.\d+)?)[^\S\n]*:[^\S\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_DEFAULT = (Criteria.HELPFULNESS, Criteria.RELEVANCE, Criteria.CORRECTNESS, Criteria.DEPTH)
_NO_CRITERIA = "overall quality: how helpful, relevant, correct, thorough and original is it, taken together?"


@runtime_checkable
class Principle(Protocol):
    """What of LangChain's `ConstitutionalPrinciple` a criterion is made from."""

    name: str
    critique_request: str


CriteriaLike: TypeAlias = "Rubric | Criterion | Principle | str | Mapping[Any, Any] | Iterable[Any] | None"
"""What a rubric is made of: names, mappings of names to descriptions or levels, a Rubric, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """Criteria that are judged together, in one rating.

    Attributes:
        criteria: in the order the judge reads them; their names differ.
        name: what the set is called; by default its criteria's names, joined by "-".
        version: goes up whenever its words change; 0 where nobody counts.
        scale: the scale its levels are written for, or None for whatever the evaluator uses.
        examples: rated texts that a judge is shown.

    Raises:
        ConfigError: two criteria share a name, or a level or an example's score is off `scale`.

    Examples:
        >>> rubric = Rubric.parse({"accuracy": {1: "Nothing is right.", 10: "Nothing is wrong."}})
        >>> rubric.name
        'accuracy'
    """

    criteria: tuple[Criterion, ...]
    name: str = ""
    version: int = 0
    scale: Scale | None = None
    examples: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        names = [criterion.name for criterion in self.criteria]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"The rubric has two criteria named {', '.join(map(repr, twice))}: keep one of them.")
        if self.criteria and not any(criterion.weight for criterion in self.criteria):
            raise ConfigError(f"All weights of {names} are 0: give one criterion at least a weight above 0.")
        if not self.name:
            object.__setattr__(self, "name", "-".join(names))
        if self.scale is not None:
            self.check_levels(self.scale)

    @property
    def lower_is_better(self) -> bool:
        """Whether a high rating is bad news: so it is when every criterion says so."""
        return bool(self.criteria) and all(criterion.lower_is_better for criterion in self.criteria)

    def check_one_rating(self) -> None:
        """Warn where one rating for all criteria cannot say what the rubric asks for."""
        if len({criterion.weight for criterion in self.criteria}) > 1:
            notice(
                f"The criteria of {self.name!r} have different weights, and one rating for all knows no weights. "
                "Give each its own with per_criterion=True."
            )
        if len({criterion.lower_is_better for criterion in self.criteria}) > 1:
            notice(
                f"In {self.name!r} a high rating is good for one criterion and bad for another: one rating cannot "
                "say both. Give each its own with per_criterion=True, or score them with separate evaluators."
            )

    def apart(self) -> tuple[Rubric, ...]:
        """Return a rubric for each criterion, to be judged by itself.

        Examples:
            >>> [one.name for one in Rubric.parse(["depth", "detail"]).apart()]
            ['depth', 'detail']
        """
        return tuple(Rubric(criteria=(replace(one, weight=1),), version=self.version) for one in self.criteria)

    def weighted(self, weights: Mapping[str, float]) -> Rubric:
        """Return the same rubric with weights by its criteria's names; those not named keep theirs.

        Raises:
            ConfigError: a name is none of its criteria's, a weight is no number or below 0, or all are 0.
        """
        names = [criterion.name for criterion in self.criteria]
        if not isinstance(weights, Mapping):
            raise ConfigError(f"weights takes a number for each criterion by its name; got {weights!r}.")
        if strangers := [str(name) for name in weights if name not in names]:
            hint = did_you_mean(strangers[0], names)
            raise ConfigError(f"weights names {', '.join(strangers)}; the criteria are {', '.join(names)}.{hint}")
        criteria = tuple(replace(one, weight=weights.get(one.name, one.weight)) for one in self.criteria)
        return replace(self, criteria=criteria)

    def check_levels(self, scale: Scale) -> None:
        """Make sure that every described level, and every example's score, can be given as a rating.

        Raises:
            ConfigError: one is off the scale.
        """
        for criterion in self.criteria:
            off = [number_text(rating) for rating in criterion.levels if not scale.contains(rating)]
            if off:
                raise ConfigError(
                    f"Criterion {criterion.name!r} describes level {', '.join(off)}, off the scale {scale}: "
                    "change the level or the scale."
                )
        for number, example in enumerate(self.examples, 1):
            example.check_score(scale, f"Example {number} of {self.name!r}")

    def render(self) -> str:
        """Write the rubric for a judge."""
        return "\n".join(criterion.render() for criterion in self.criteria) or _NO_CRITERIA

    def digest(self) -> str:
        """Return eight hexadecimal digits that change with the rendered words, the version and the direction."""
        whole = f"{self.render()}\n{self.version}\n{self.lower_is_better}"
        if any(criterion.weight != 1 for criterion in self.criteria):
            whole += f"\n{[criterion.weight for criterion in self.criteria]}"
        if self.examples:
            whole += f"\n{self.examples}"
        return digest(whole)

    @classmethod
    def parse(cls, criteria: CriteriaLike = None) -> Rubric:
        r"""Make a rubric of anything that LangChain's `criteria=` took, and of described levels.

        Args:
            criteria: None for helpfulness, relevance, correctness and depth; a built-in name or `Criteria` member;
                a name of your own; a mapping of names to descriptions, to levels (`{1: "...", 10: "..."}`) or to
                a text with lines such as `Score 1: ...`; a list of any of these, later ones winning; a
                constitutional principle; a Criterion; or a Rubric, which comes back as it is.

        Raises:
            ConfigError: it is none of these, or an empty mapping.

        Examples:
            >>> Rubric.parse().name
            'helpfulness-relevance-correctness-depth'
            >>> Rubric.parse(["depth", {"kindness": "Is it kind?"}]).render()
            'depth: Does it go below the surface: causes, conditions, consequences?\nkindness: Is it kind?'
        """
        if isinstance(criteria, Rubric):
            return criteria
        return cls(
            criteria=tuple({criterion.name: criterion for criterion in _criteria(criteria)}.values()),
            scale=_common_scale(criteria),
            examples=tuple(_examples(criteria)),
        )


def _criteria(criteria: object) -> Iterator[Criterion]:
    match criteria:
        case None:
            yield from map(_named, _DEFAULT)
        case Criterion():
            yield criteria
        case Rubric():
            yield from criteria.criteria
        case str():
            yield _named(criteria)
        case Mapping():
            if not criteria:
                raise ConfigError("criteria is empty: give a name, or a mapping of names to descriptions.")
            yield from (_described(name, what) for name, what in criteria.items())
        case list() | tuple():
            yield from chain.from_iterable(map(_criteria, criteria))
        case Principle():
            yield Criterion(name=criteria.name, description=criteria.critique_request)
        case _:
            raise ConfigError(
                "criteria takes a name, a mapping of names to descriptions, a list of these, a Rubric or None; "
                f"got {type(criteria).__name__}: {criteria!r}."
            )


def _examples(criteria: object) -> Iterator[Example]:
    """Yield the examples of all rubrics among `criteria`."""
    if isinstance(criteria, Rubric):
        yield from criteria.examples
    elif isinstance(criteria, (list, tuple)):
        yield from chain.from_iterable(map(_examples, criteria))


def _common_scale(criteria: object) -> Scale | None:
    """Return the scale that all rubrics among `criteria` are written for, or None where none says."""
    if isinstance(criteria, Rubric):
        return criteria.scale
    scales = {_common_scale(one) for one in criteria} - {None} if isinstance(criteria, (list, tuple)) else set()
    if len(scales) > 1:
        raise ConfigError(
            f"The rubrics have different scales, {', '.join(sorted(map(str, scales)))}: score them apart."
        )
    return scales.pop() if scales else None


def _named(name: str) -> Criterion:
    if known := built_in(name):
        return known
    near = next((known.value for known in Criteria if _one_letter_off(str(name), known.value)), None)
    if near:
        notice(f"{name!r} is no built-in criterion, so the judge sees the bare name. Did you mean {near!r}?")
    return Criterion(name=str(getattr(name, "value", name)))


def _described(name: object, what: object) -> Criterion:
    name = getattr(name, "value", name)
    match name, what:
        case str(), None:
            return _own(name)
        case str(), str():
            return _from_text(name, what)
        case str(), Mapping():
            return _own(name, levels=what)
        case _, Criterion():
            return what
        case _:
            raise ConfigError(
                f"A criterion is a name with a description or levels, got {name!r}: {type(what).__name__}."
            )


def _own(name: str, **words: Any) -> Criterion:
    """Make a criterion in the caller's words; a harmful one's name decides its direction."""
    return Criterion(name=name, lower_is_better=name in LOWER_IS_BETTER, **words)


def _from_text(name: str, text: str) -> Criterion:
    """Take lines such as `Score 1: ...` for levels; a text without two of them is a description."""
    head, *rest = _LEVEL_LINE.split(text)
    if len(rest) < 4:  # noqa: PLR2004 - two levels, each a number and a text
        return _own(name, description=text)
    return _own(
        name,
        description=head.strip(),
        levels=_each_once(
            name, [(float(rating), text.strip()) for rating, text in zip(rest[::2], rest[1::2], strict=True)]
        ),
    )


def _each_once(name: str, levels: list[tuple[float, str]]) -> dict[float, str]:
    if len(dict(levels)) < len(levels):
        raise ConfigError(f"Criterion {name!r} describes a level twice: keep one.")
    return dict(levels)


def _one_letter_off(word: str, known: str) -> bool:
    """Whether one insertion, deletion, exchange of a letter, or swap of neighbors leads from one to the other."""
    word = word.lower()
    if word == known:
        return True
    if abs(len(word) - len(known)) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), min(len(word), len(known)))
    rest, goal = word[same:], known[same:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] == goal[1:] or rest[1:] == goal or rest == goal[1:] or swapped == goal
