"""Metric: what all RAG metrics share: a flow from a Sample to a Score, and how its pieces are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lc_scoring.errors import NotApplicable, ScoringError
from lc_scoring.flow import Answers, Flow, Reply, together
from lc_scoring.rag.lines import YES, Finding
from lc_scoring.records import Sample, Score, Usage

NO_CLAIMS, NO_CONTEXTS, NO_ENTITIES = "no claims", "no contexts", "no entities"
NO_REFERENCE, NO_ANSWER, NO_CITATIONS = "no reference", "no answer", "no citations"
"""States of a sample: the `state` of a NotApplicable where a metric is undefined for it, or the `label` of a score
that the definition gives without asking."""


class Metric(Protocol):
    """Judges a sample."""

    @property
    def name(self) -> str:
        """What is judged."""
        ...

    @property
    def signature(self) -> str:
        """What made the score."""
        ...

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample."""
        ...


def billed(flow: Flow[Score]) -> Flow[Score]:
    """Note on a flow's score, or on the error it ends in, what all answers in it cost."""
    usage = Usage()
    answers: Answers | None = None
    while True:
        try:
            asked = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            score: Score = done.value
            return replace(score, usage=usage)
        except ScoringError as error:
            error.usage = usage if usage.calls else None
            raise
        answers = yield asked
        usage = sum((one.usage for one in answers if isinstance(one, Reply)), usage)


def side_by_side(*flows: Flow[Any]) -> Flow[list[Any]]:
    """Run several flows side by side, and return what each returned.

    Raises:
        ScoringError: the first that one of them ended in, once all have ended.
    """
    outcomes = yield from together(flows)
    for outcome in outcomes:
        if isinstance(outcome, ScoringError):
            raise outcome
    return outcomes


def blank(text: str | None) -> bool:
    """Whether there is no text, or nothing to be seen in it."""
    return text is None or not text.strip()


def no_contexts(sample: Sample) -> bool:
    """Whether a sample has no contexts, or nothing is to be seen in them."""
    return all(map(blank, sample.contexts))


def undefined(state: str, why: str) -> NotApplicable:
    """Return the error of a sample for which a metric is not defined."""
    return NotApplicable(why, state)


def part(name: str, text: str, finding: Finding, *, yes: str, no: str) -> Score:
    """Return the score of one piece: 1 for YES, 0 for anything else.

    Args:
        name: what it is, numbered, such as "claim 1".
        text: what was judged.
        finding: the judge's.
        yes: the label of YES.
        no: the label of everything else.
    """
    is_so = finding.verdict == YES
    return Score(
        name=name,
        value=float(is_so),
        label=yes if is_so else no,
        text=text,
        sources=finding.sources,
        reasoning=finding.reason,
    )


def share(parts: Sequence[Score]) -> float:
    """Return the mean value of parts, in [0, 1]; there must be some."""
    return sum(one.value for one in parts) / len(parts)


def told(parts: Iterable[Score], summary: str) -> str:
    """Say how a metric came about: a line for the whole, and one for each piece that took from it."""
    against = [
        f"- {one.name}, {one.label}: {one.text}{f' ({one.reasoning})' if one.reasoning else ''}"
        for one in parts
        if one.value < 1
    ]
    return "\n".join([summary, *against])
