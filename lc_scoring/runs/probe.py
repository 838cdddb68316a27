"""The probe: does a judge agree with itself, asked again, in another order, in other words, or about padded texts?

A judge of the text alone does not change its rating with what should not matter. Each measure comes with an interval,
and the change between plain repeats stands first: what is no larger than that is noise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.judges.pairwise import BOTH_ORDERS
from lc_scoring.records import Failure, Score
from lc_scoring.runs.schedule import in_flight
from lc_scoring.stats.intervals import Interval, bootstrap_interval, share_interval
from lc_scoring.template import load_form

AGAIN, REORDERED, PARAPHRASED, PADDED = "again", "reordered", "paraphrased", "padded"
"""The ways a row is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing a probe found.

    Attributes:
        name: what was measured.
        meaning: what the number says.
        interval: the number and its 95 % interval; None where too few rows tell.
    """

    name: str
    meaning: str
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """What a probe found.

    Attributes:
        rows: how many rows were asked about.
        failures: what went wrong, by the way of asking.
        measures: what was measured, the noise of plain repeats first. Changes are in scale units, of verdicts in
            [0, 1].
    """

    rows: int
    failures: Mapping[str, tuple[Failure, ...]]
    measures: tuple[Measure, ...]


Way: TypeAlias = "tuple[str, Any, Callable[[Mapping[str, Any]], Mapping[str, Any]]]"
Answers: TypeAlias = "Mapping[str, Sequence[Score]]"
"""The scores of one row, by the way it was asked about."""


async def probe(
    evaluator: Any, rows: Iterable[Mapping[str, Any]], *, repeats: int = 3, max_concurrency: int = 16
) -> ProbeReport:
    """Ask a judge about the same rows in ways that should make no difference.

    Args:
        evaluator: a judged evaluator.
        rows: the fields it needs; 30 rows or more tell something.
        repeats: how many times each row is asked about as it is, 2 at least.
        max_concurrency: how many rows are in flight at once.

    Raises:
        ConfigError: the evaluator asks no judge, there are no rows, or too few repeats.
    """
    if repeats < 2:  # noqa: PLR2004 - one answer cannot differ from itself
        raise ConfigError(f"A probe repeats each question, so repeats must be 2 or more; got {repeats}.")
    ways = _ways(evaluator, repeats)
    failures: dict[str, list[Failure]] = {way: [] for way, _, _ in ways}
    answered: dict[int, Answers] = {}

    async def work(row: Mapping[str, Any]) -> list[Score | ScoringError]:
        return [await _outcome(asked, change(row)) for _, asked, change in ways]

    async for place, outcomes in in_flight(rows, work, max_concurrency=max_concurrency):
        answer: dict[str, list[Score]] = {way: [] for way in failures}
        for (way, _, _), outcome in zip(ways, outcomes, strict=True):
            if isinstance(outcome, Score):
                answer[way].append(outcome)
            else:
                failures[way].append(Failure(name=way, error=outcome, sample_id=f"row {place + 1}"))
        answered[place] = answer
    if not answered:
        raise ConfigError("There are no rows to probe a judge with.")
    answers = [answered[place] for place in sorted(answered)]
    return ProbeReport(
        rows=len(answers),
        failures={way: tuple(each) for way, each in failures.items() if each},
        measures=tuple(_measures(answers)),
    )


def _ways(evaluator: Any, repeats: int) -> list[Way]:
    """Return the ways of asking that an evaluator knows, each with who is asked and what becomes of a row.

    Raises:
        ConfigError: the evaluator asks no judge.
    """
    if not hasattr(evaluator, "prompt_variables"):
        raise ConfigError(f"{type(evaluator).__name__} asks no judge, so there is nothing to probe.")
    ways: list[Way] = [(AGAIN, evaluator, dict)] * repeats
    rubric = getattr(evaluator, "rubric", None)
    if rubric is not None and len(rubric.criteria) > 1:
        turned = replace(rubric, criteria=rubric.criteria[::-1])
        ways.append((REORDERED, evaluator.model_copy(update={"rubric": turned}), dict))
    if evaluator.prompt is None:
        with suppress(ConfigError):  # its prompt has no other wording
            ways.append((PARAPHRASED, evaluator.model_copy(update={"wording": evaluator.wording + 1}), dict))
    ways.append((PADDED, evaluator, _padded))
    return ways


def _padded(row: Mapping[str, Any]) -> Mapping[str, Any]:
    _, words = load_form("probe")
    return {**row, "prediction": f"{row.get('prediction', '')}\n\n{words['padding']}"}


async def _outcome(evaluator: Any, row: Mapping[str, Any]) -> Score | ScoringError:
    try:
        score: Score = await evaluator.ascore(row)
    except ScoringError as error:
        return error
    return score


def _measures(answers: Sequence[Answers]) -> list[Measure]:
    repeated = [answer[AGAIN] for answer in answers if len(answer[AGAIN]) > 1]
    return [
        Measure(
            name="flip rate",
            meaning="rows whose repeats do not all agree",
            interval=_share([len(set(map(_outcome_of, scores))) > 1 for scores in repeated]),
        ),
        Measure(
            name="spread",
            meaning="standard deviation of a row's repeats, on average",
            interval=_mean([statistics.stdev(map(_number, scores)) for scores in repeated]),
        ),
        Measure(
            name="change between repeats",
            meaning="mean size of the change from one repeat to the next: the noise the others stand beside",
            interval=_mean([abs(_number(scores[1]) - _number(scores[0])) for scores in repeated]),
        ),
        *_position([answer[AGAIN][0] for answer in answers if answer[AGAIN]]),
        *_against_repeats(answers, REORDERED, "criteria reordered"),
        *_against_repeats(answers, PARAPHRASED, "other wording"),
        *_against_repeats(answers, PADDED, "padded text"),
        Measure(
            name="length bias",
            meaning="mean change where words are added that say nothing; above 0, length pays",
            interval=_mean(_changes(answers, PADDED)),
        ),
    ]


def _position(scores: Sequence[Score]) -> list[Measure]:
    """Measure what the order of two texts does, where both orders were asked."""
    pairs = [score.parts for score in scores if score.basis == BOTH_ORDERS]
    if not pairs:
        return []
    return [
        Measure(
            name="position flips",
            meaning="pairs whose verdict changes with the order",
            interval=_share([first.label != second.label for first, second in pairs]),
        ),
        Measure(
            name="position bias",
            meaning="verdicts for the text shown first, less those for the second, in [-1, 1]",
            # The labels of the second order are as of the first: there, B was shown first.
            interval=_mean([(_side(first) - _side(second)) / 2 for first, second in pairs]),
        ),
    ]


def _side(score: Score) -> int:
    return (score.label == "A") - (score.label == "B")


def _against_repeats(answers: Sequence[Answers], way: str, name: str) -> list[Measure]:
    changes = _changes(answers, way)
    if not changes:
        return []
    return [Measure(name=name, meaning="mean size of the change", interval=_mean([abs(change) for change in changes]))]


def _changes(answers: Sequence[Answers], way: str) -> list[float]:
    return [_number(row[way][0]) - _number(row[AGAIN][0]) for row in answers if row.get(way) and row[AGAIN]]


def _number(score: Score) -> float:
    return score.value if score.rating is None else score.rating


def _outcome_of(score: Score) -> object:
    return score.label if score.rating is None else score.rating


def _share(hits: Sequence[bool]) -> Interval | None:
    return share_interval(sum(hits), len(hits))


def _mean(numbers: Sequence[float]) -> Interval | None:
    return bootstrap_interval(numbers, lambda drawn: math.fsum(drawn) / len(drawn)) if numbers else None
