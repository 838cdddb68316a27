"""Each criterion: a rating for each criterion of a rubric, and an overall made of them by their weights.

Asked one by one, in a call each, or all in one reply. One call each is the default: in one reply a strong impression
of one criterion colors the others, which saves calls and costs independence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lc_scoring.errors import NotApplicable, ReplyError, ScoringError
from lc_scoring.flow import Flow, Reply, together
from lc_scoring.judged_text import neutralize, without_echoes
from lc_scoring.judges.asking import (
    QUOTATION,
    ask_until_read,
    check_finished,
    harmless,
    joined_reasoning,
    total_usage,
    total_usage_of,
)
from lc_scoring.judges.panel import JudgeOfEach, JudgeOfTexts, Outcomes
from lc_scoring.judges.score import ScoreJudge, says_not_applicable, scale_words
from lc_scoring.judges.structured import RATINGS, REASONING, find_object, is_not_applicable, rating_of, stands_twice
from lc_scoring.rating import bracketed_numbers, plain, read_rating, without_residue
from lc_scoring.records import Failure, Score
from lc_scoring.scale import Scale, number_text, plain_number

_LINE_START = r"^(?:[\s>#*_`\-\"']|\d+[.)])*"
_LINE_MIDDLE = r"[\s*_`\"']*(?:[:=\uff1a]|\s-\s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EachCriterionJudge:
    """How one evaluator rates each criterion by itself.

    Attributes:
        name: what is judged, for example `score_string:accuracy-tone`.
        judges: what judges each criterion, in their order; or one that judges all.
        names: what the criteria are called, in their order.
        weights: how much each counts.
        scale: the ratings that count.
        lower_is_better: whether a high rating is bad news, for each criterion.
        signature: what made the overall score.
    """

    name: str
    judges: tuple[JudgeOfTexts, ...] | JudgeOfEach
    names: Sequence[str]
    weights: Sequence[float]
    scale: Scale
    lower_is_better: Sequence[bool]
    signature: str = ""

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Judge a sample by each criterion.

        Returns:
            The overall score; its `parts` are the criteria's. Criteria that do not apply are left out of it, and
            stand among its `failures`.

        Raises:
            ModelError: the model gave no answer about one of the criteria.
            ReplyError: an answer about one of them holds no rating: an overall without it would look like one of all.
            NotApplicable: no criterion that counts applies.
        """
        if isinstance(self.judges, tuple):
            outcomes: Sequence[Score | ScoringError] = yield from together(one.judge(texts) for one in self.judges)
        else:
            outcomes = yield from self.judges.judge_each(texts)
            if isinstance(outcomes[0], ScoringError) and len(outcomes) < len(self.weights):
                raise outcomes[0]  # nobody on a panel gave a rating of anything
        try:
            return self.overall(outcomes)
        except ScoringError as error:
            error.usage = total_usage_of(outcomes)
            raise

    def overall(self, outcomes: Sequence[Score | ScoringError]) -> Score:
        """Make the overall score of the criteria's: their mean, by their weights.

        Raises:
            ScoringError: one of them has neither a score nor a reason not to apply; or none that counts applies.
        """
        for outcome in outcomes:
            if isinstance(outcome, ScoringError) and not isinstance(outcome, NotApplicable):
                raise outcome
        rated = [(place, one) for place, one in enumerate(outcomes) if isinstance(one, Score)]
        weights = [self.weights[place] for place, _ in rated]
        if not any(weights):
            raise NotApplicable("\n\n".join(str(getattr(one, "reasoning", "")) for one in outcomes))
        parts = tuple(one for _, one in rated)
        value = _mean([part.value for part in parts], weights)
        one_way = len(set(self.lower_is_better)) == 1
        turned = 1 - value if one_way and self.lower_is_better[0] else value
        rating = round(self.scale.low + turned * (self.scale.high - self.scale.low), 6)
        basis = f"{'weighted ' * (len(set(weights)) > 1)}mean of {len(parts)}"
        return Score(
            name=self.name,
            value=min(max(value, 0.0), 1.0),
            rating=plain_number(min(max(rating, self.scale.low), self.scale.high)),
            reasoning=_summary(parts, weights),
            parts=parts,
            basis=f"{basis}{f' of {len(outcomes)}' * (len(parts) < len(outcomes))} criteria"
            + ("" if one_way else ", each turned so that higher is better"),
            failures=tuple(
                Failure(name=name, error=one)
                for name, one in zip(self.names, outcomes, strict=True)
                if isinstance(one, ScoringError)
            ),
            usage=total_usage_of(outcomes),
            signature=self.signature,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneReplyJudge:
    """How all criteria are rated in one reply.

    Attributes:
        ask: how the question is worded and asked; its own name, reader and direction are not used.
        scores: what makes a score of each criterion's rating, by the criterion's name, in order.
        structured: whether JSON was asked for.
    """

    ask: ScoreJudge
    scores: Mapping[str, ScoreJudge]
    structured: bool = False

    @property
    def signature(self) -> str:
        """What made the scores."""
        return self.ask.signature

    def judge_each(self, texts: Mapping[str, str | None]) -> Flow[Outcomes]:
        """Judge a sample by each criterion, in one reply; its usage is the first criterion's.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: one of the ratings is missing or cannot be read.
        """
        safe, marked = harmless(texts)
        (ratings, reasoning), replies = yield from ask_until_read(
            self.ask.render(**safe),
            lambda reply: self._read(reply, marked),
            lambda error: self.ask.repair_question.fill(reason=neutralize(error.reason), **scale_words(self.ask.scale)),
            repairs=self.ask.repairs,
            options=self.ask.options,
        )
        said = joined_reasoning(replies) if reasoning is None else reasoning
        outcomes = [
            NotApplicable(said) if rating is None else judge.scored(rating, said)
            for rating, judge in zip(ratings, self.scores.values(), strict=True)
        ]
        # What the one reply cost is told once.
        usage = total_usage(replies)
        first = outcomes[0]
        if isinstance(first, Score):
            outcomes[0] = replace(first, usage=usage)
        else:
            first.usage = usage
        return tuple(outcomes)

    def _read(self, reply: Reply, marked: Sequence[str]) -> tuple[list[float | None], str | None]:
        check_finished(reply)
        found = find_object(reply, RATINGS) if self.structured else None
        if found is None:
            text = without_echoes(reply.text, marked) if marked else reply.text
            lines = self._lines(without_residue(text))
            quoted = [self._lines(raw) for raw in marked]
            return [self._rating_in(lines, name, quoted, reply) for name in self.scores], None
        ratings = found[RATINGS]
        if not isinstance(ratings, Mapping):
            raise ReplyError(f"{RATINGS!r} must be an object with a rating for each criterion.", reply=reply.text)
        reasoning = found.get(REASONING)
        return [self._rating_of(ratings, name, reply) for name in self.scores], str(reasoning) if reasoning else None

    def _lines(self, text: str) -> Mapping[str, list[str]]:
        """Return what stands behind each criterion's name on the lines that begin with it.

        A line is that of the longest name it begins with, one in the same case before others.
        """
        lines: dict[str, list[str]] = {name: [] for name in self.scores}
        for line in plain(text).splitlines():
            fitting = [
                (len(name), _behind(name, line, re.NOFLAG) is not None, name)
                for name in lines
                if _behind(name, line) is not None
            ]
            if fitting:
                name = max(fitting)[2]
                lines[name].append(_behind(name, line) or "")
        return lines

    def _rating_in(
        self, lines: Mapping[str, list[str]], name: str, quoted: Sequence[Mapping[str, list[str]]], reply: Reply
    ) -> float | None:
        """Return the rating on a criterion's last line; None where it does not apply."""
        said = lines[name]
        if not said:
            raise ReplyError(f"There is no line with a rating for {name!r}.", reply=reply.text)
        numbers = _numbers(said[-1])
        if len(set(said)) > 1 and any(numbers & _numbers(line) for each in quoted for line in each[name]):
            raise ReplyError(QUOTATION.format(what="rating"), reply=reply.text)
        if self.ask.not_applicable and not numbers and says_not_applicable(Reply(text=said[-1])):
            return None
        if len(numbers) > 1 or (numbers and self.ask.not_applicable and "N/A" in said[-1].upper()):
            raise ReplyError(f"The line for {name!r} holds several ratings: which one is meant?", reply=reply.text)
        try:
            return read_rating(said[-1], self.ask.scale)
        except ReplyError as error:
            raise ReplyError(f"For {name!r}: {error.reason}", reply=reply.text) from None

    def _rating_of(self, ratings: Mapping[str, object], name: str, reply: Reply) -> float | None:
        if name not in ratings:
            raise ReplyError(f"There is no rating for {name!r}.", reply=reply.text)
        if stands_twice(ratings, name):
            raise ReplyError(f"There are two ratings for {name!r}: which one is meant?", reply=reply.text)
        value = ratings[name]
        if self.ask.not_applicable and is_not_applicable(value):
            return None
        try:
            return rating_of(value, self.ask.scale, reply)
        except ReplyError as error:
            raise ReplyError(f"For {name!r}: {error.reason}", reply=reply.text) from None


def _behind(name: str, line: str, case: re.RegexFlag = re.IGNORECASE) -> str | None:
    """Return what stands behind a name that a line begins with, or None."""
    found = re.match(rf"{_LINE_START}{re.escape(name)}{_LINE_MIDDLE}(.*)$", line, case)
    return found[1] if found else None


def _numbers(line: str) -> set[float]:
    return {number for _, number in bracketed_numbers(line)}


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / math.fsum(weights)


def _summary(parts: Sequence[Score], weights: Sequence[float]) -> str:
    """Write the criteria's ratings and reasons; reasons that several share, as in one reply, once."""
    lines = [
        f"{part.name}: {number_text(part.rating or 0)}{f' (weight {number_text(weight)})' if weight != 1 else ''}"
        for part, weight in zip(parts, weights, strict=True)
    ]
    reasons = {part.reasoning for part in parts}
    if len(reasons) == 1:
        return "\n".join([*lines, "", *reasons])
    return "\n\n".join(f"{line}\n{part.reasoning}" for line, part in zip(lines, parts, strict=True))
