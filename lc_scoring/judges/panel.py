"""The panel: several judgements of one text made one, be they samples of one judge or the members of a jury.

Averaging n ratings raises their agreement with people as Spearman and Brown's formula says (see
`lc_scoring.stats.reliability`). On recorded judges the mean of 20 ratings agreed better with people than their median
(Pearson .54 and .49), so graded ratings are averaged and never put to a vote; verdicts are.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from lc_scoring.errors import ModelError, NotApplicable, ReplyError, ScoringError
from lc_scoring.flow import Flow, seated, together
from lc_scoring.judges.asking import total_usage_of
from lc_scoring.records import Failure, Score
from lc_scoring.scale import Scale, number_text, plain_number

Aggregate: TypeAlias = Literal["mean", "median", "majority"]
"""How several judgements are made one."""

Outcomes: TypeAlias = "tuple[Score | ScoringError, ...]"
"""What came of judging a text: one outcome, or one for each criterion."""


class JudgeOfTexts(Protocol):
    """What makes the flow of a judgement."""

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Judge texts by the names they have in the prompt."""
        ...


@runtime_checkable
class JudgeOfEach(Protocol):
    """What makes the flow of a judgement with an outcome for each criterion."""

    def judge_each(self, texts: Mapping[str, str | None]) -> Flow[Outcomes]:
        """Judge texts by the names they have in the prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Seat:
    """One place on a panel.

    Attributes:
        name: whose it is, for example a model's name or `sample 2`.
        judge: what sits there.
        juror: which of several models answers it, counted from 0; None where the judge says so itself.
        offset: how far its ratings lie above the others' (scale units); taken off them.
    """

    name: str
    judge: JudgeOfTexts | JudgeOfEach
    juror: int | None = None
    offset: float = 0.0
    _each: Callable[[Mapping[str, str | None]], Flow[Outcomes]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        judge = self.judge
        object.__setattr__(self, "_each", judge.judge_each if isinstance(judge, JudgeOfEach) else partial(_one, judge))

    def judge_each(self, texts: Mapping[str, str | None]) -> Flow[Outcomes]:
        """Judge texts, with an outcome for each thing that is judged."""
        flow = self._each(texts)
        return flow if self.juror is None else seated(flow, self.juror)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Several judgements of one text made one.

    Attributes:
        seats: who judges.
        what: what the seats are called together, `samples` or `members`.
        aggregate: how their judgements are made one.
        quorum: how many must have judged, at least.
        scale: the ratings that count; None where the seats give verdicts.
        lower_is_better: turns `Score.value` round, for each thing that is judged.
        split: the label of a vote that nobody won; None where such a vote is an error.
        signature: what made the score.
    """

    seats: tuple[Seat, ...]
    what: str
    aggregate: Aggregate
    quorum: int
    scale: Scale | None = None
    lower_is_better: tuple[bool, ...] = (False,)
    split: str | None = None
    signature: str = ""
    _asks_the_same: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Samples of one wording: the question is worded once for all of them.
        first = self.seats[0].judge
        same = hasattr(first, "question") and all(seat.judge is first and seat.juror is None for seat in self.seats)
        object.__setattr__(self, "_asks_the_same", first if same else None)

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Judge a sample.

        Raises:
            ModelError: too few could be asked.
            ReplyError: too few could be read, or the votes are split.
            NotApplicable: most say that the question does not apply.
        """
        (outcome,) = yield from self.judge_each(texts)
        if isinstance(outcome, ScoringError):
            raise outcome
        return outcome

    def judge_each(self, texts: Mapping[str, str | None]) -> Flow[Outcomes]:
        """Judge a sample, with an outcome for each thing that the seats judge."""
        if self._asks_the_same is None:
            flows = [seat.judge_each(texts) for seat in self.seats]
        else:
            question = self._asks_the_same.question(texts)
            flows = [_one(self._asks_the_same, texts, question) for _ in self.seats]
        rows = yield from together(flows)
        width = max((len(row) for row in rows if not isinstance(row, ScoringError)), default=1)
        rows = [_whole(row, width) for row in rows]
        columns = [
            [_uncounted(row, at) if isinstance(row, ScoringError) else row[at] for row in rows] for at in range(width)
        ]
        return tuple(self._outcome(column, place) for place, column in enumerate(columns))

    def _outcome(self, outcomes: Sequence[Score | ScoringError], place: int) -> Score | ScoringError:
        try:
            return self.combine(outcomes, place)
        except ScoringError as error:
            error.usage = total_usage_of(outcomes)
            return error

    def combine(self, outcomes: Sequence[Score | ScoringError], place: int = 0) -> Score:
        """Make one score of the outcomes of all seats, in their order.

        Args:
            outcomes: what came of each seat.
            place: which of the things that are judged it is.

        Raises:
            ModelError: too few could be asked.
            ReplyError: too few could be read, or the votes are split.
            NotApplicable: most of those who answered say that the question does not apply.
        """
        seated_ = list(zip(self.seats, outcomes, strict=True))
        sat = [(seat, one) for seat, one in seated_ if isinstance(one, Score)]
        failures = tuple(Failure(name=seat.name, error=one) for seat, one in seated_ if isinstance(one, ScoringError))
        passed = [failure.error for failure in failures if isinstance(failure.error, NotApplicable)]
        if len(passed) > len(sat) and len(passed) + len(sat) >= self.quorum:
            raise NotApplicable("\n\n".join(one.reasoning for one in passed))
        if len(sat) < self.quorum:
            raise self._too_few(len(sat), failures)
        parts = tuple(part.named(f"{part.name}, {seat.name}") for seat, part in sat)
        rating, label, value = self._verdict(parts) if self.scale is None else self._rating(sat, self.scale, place)
        basis = f"{self.aggregate} of {len(parts)}{f' of {len(self.seats)}' if failures else ''} {self.what}"
        spread = _spread(parts)
        return Score(
            name=sat[0][1].name,
            value=value,
            rating=rating,
            label=label,
            reasoning=_summary(basis, None if rating is None else spread, sat, failures),
            parts=parts,
            basis=basis,
            spread=spread,
            failures=failures,
            distribution=_mean_distribution(parts),
            parsed=[part.parsed for part in parts] if any(part.parsed is not None for part in parts) else None,
            usage=total_usage_of(outcomes),
            signature=self.signature,
        )

    def _rating(self, sat: Sequence[tuple[Seat, Score]], scale: Scale, place: int) -> tuple[float, None, float]:
        ratings = [float(part.rating or 0) - seat.offset for seat, part in sat]
        middle = statistics.median(ratings) if self.aggregate == "median" else math.fsum(ratings) / len(ratings)
        # Members are on the scale, but what is left of them without their offsets need not be.
        rating = plain_number(round(min(max(middle, scale.low), scale.high), 6))
        value = (rating - scale.low) / (scale.high - scale.low)
        return rating, None, 1 - value if self.lower_is_better[place] else value

    def _verdict(self, parts: Sequence[Score]) -> tuple[None, str | None, float]:
        votes = Counter(part.label for part in parts if part.label is not None)
        label, most = votes.most_common(1)[0] if votes else (None, 0)
        won = most * 2 > len(parts)
        if self.aggregate == "mean":
            return None, label if won else self.split, math.fsum(part.value for part in parts) / len(parts)
        if won:
            return None, label, next(part.value for part in parts if part.label == label)
        counted = ", ".join(f"{label}: {count}" for label, count in votes.most_common())
        if self.split is None:
            raise ReplyError(
                f"The {self.what} are split ({counted}): take an odd number of them, or aggregate='mean'.",
                reply="\n\n".join(part.reasoning for part in parts),
            )
        return None, self.split, 0.5

    def _too_few(self, sat: int, failures: Sequence[Failure]) -> ScoringError:
        reasons = "; ".join(f"{failure.name}: {failure.error}" for failure in failures)
        said = f"Only {sat} of {len(self.seats)} {self.what} gave a score, and {self.quorum} must."
        errors = [failure.error for failure in failures]
        asked = [error for error in errors if isinstance(error, ModelError)]
        if asked and len(asked) == len(errors):
            return ModelError(f"{said} {reasons}", retryable=_all_retryable(asked))
        replies = [error.reply for error in errors if isinstance(error, ReplyError)]
        replies += [error.reasoning for error in errors if isinstance(error, NotApplicable)]
        return ReplyError(f"{said} {reasons}", reply=next(iter(replies), ""))


def _one(judge: Any, texts: Mapping[str, str | None], *question: Any) -> Flow[Outcomes]:
    score = yield from judge.judge(texts, *question)
    return (score,)


def _whole(row: Outcomes | ScoringError, width: int) -> Outcomes | ScoringError:
    """Return the one error of a panel of which nobody judged anything as the error of all that was to be judged."""
    if isinstance(row, tuple) and len(row) < width and isinstance(row[0], ScoringError):
        return row[0]
    return row


def _uncounted(error: ScoringError, place: int) -> ScoringError:
    """Return the error of a seat that judged several things: what it cost is told once, with the first of them."""
    if place == 0 or error.usage is None:
        return error
    other = copy(error)
    other.usage, other.__cause__ = None, error.__cause__
    return other


def _all_retryable(errors: Sequence[ModelError]) -> bool | None:
    said = {error.retryable for error in errors}
    return said.pop() if len(said) == 1 else None


def _spread(parts: Sequence[Score]) -> float | None:
    """Return the standard deviation of the parts' numbers (n - 1 in the denominator)."""
    numbers = [part.value if part.rating is None else part.rating for part in parts]
    if len(numbers) < 2:  # noqa: PLR2004 - one number is not spread
        return None
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))


def _mean_distribution(parts: Sequence[Score]) -> Mapping[float, float]:
    """Return the mean of the parts' distributions, where each has one."""
    if not all(part.distribution for part in parts):
        return {}
    ratings = sorted({rating for part in parts for rating in part.distribution})
    return {rating: math.fsum(part.distribution.get(rating, 0.0) for part in parts) / len(parts) for rating in ratings}


def _summary(basis: str, spread: float | None, sat: Sequence[tuple[Seat, Score]], failures: Sequence[Failure]) -> str:
    """Write what all have said, under their names, behind a line that says how the score was made of it."""
    said = [number_text(part.rating) if part.rating is not None else str(part.label) for _, part in sat]
    apart = f"; standard deviation {spread:.2f}" if spread is not None else ""
    blocks = [f"{seat.name}:\n{part.reasoning}" for seat, part in sat]
    blocks += [f"{failure.name}:\nNo score: {failure.error}" for failure in failures]
    return "\n\n".join([f"{basis[:1].upper()}{basis[1:]}: {', '.join(said)}{apart}.", *blocks])
