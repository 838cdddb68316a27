"""The table at the end of a pytest session: for each evaluator what it scored, the mean, and the lowest score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

from lc_scoring.integrations.pytest_notes import Scored
from lc_scoring.integrations.shown_text import one_line
from lc_scoring.records import Usage
from lc_scoring.runs.outcomes import FAILURE, NOT_APPLICABLE, Stored
from lc_scoring.runs.score_interval import score_interval, span_of

_NAME = 60  # characters
_LEFT = ("evaluator", "in")  # the columns of text


def names_apart(scored: Sequence[Scored]) -> dict[tuple[str, str], str]:
    """Return what each evaluator is called, by its name and signature.

    Scores of unlike making do not stand under one name: where several evaluators have one, each is told by those
    parts of its signature that not all of them have.

    Examples:
        >>> both = [
        ...     Scored(id="t", test="t", name="qa", signature=f"qa|judge={judge}|repair=1", about={}, values="{}",
        ...            outcome=(), seconds=None)
        ...     for judge in ("one", "other")
        ... ]
        >>> sorted(names_apart(both).values())
        ['qa (judge=one)', 'qa (judge=other)']
    """
    signatures: dict[str, dict[str, list[str]]] = {}
    for one in scored:
        signatures.setdefault(one.name, {})[one.signature] = one.signature.split("|")
    names: dict[tuple[str, str], str] = {}
    for name, several in signatures.items():
        shared = set[str].intersection(*map(set, several.values()))
        for signature, parts in several.items():
            own = ", ".join(part for part in parts if part not in shared)
            names[name, signature] = f"{name} ({own})" if own else name
    return names


def table_lines(outcomes: Sequence[Scored], earlier: Sequence[Scored] = ()) -> Iterator[str]:
    """Yield the lines of the table.

    Args:
        outcomes: what a session scored; one or more.
        earlier: what was scored by tests that were run once more; it counts for the cost alone.
    """
    names = names_apart(outcomes)
    by_evaluator: dict[str, list[Scored]] = {name: [] for name in sorted(names.values())}
    for one in outcomes:
        by_evaluator[names[one.name, one.signature]].append(one)
    cells = [_cells(name, scored) for name, scored in by_evaluator.items()]
    shown = [column for column in cells[0] if column != "n/a" or any(row[column] != "0" for row in cells)]
    widths = {column: max(len(column), *(len(row[column]) for row in cells)) for column in shown}
    for row in ({column: column for column in shown}, *cells):
        padded = (
            row[column].ljust(widths[column]) if column in _LEFT else row[column].rjust(widths[column])
            for column in shown
        )
        yield "  ".join(padded).rstrip()
    usage = reduce(Usage.__add__, (_usage(one) for one in (*outcomes, *earlier)))
    if usage.input_tokens + usage.output_tokens:
        cost = "" if usage.cost is None else f"about ${usage.cost:,.4f}, by the price table: "
        yield f"{cost}{usage.calls:,} calls, {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"


def _cells(name: str, scored: Sequence[Scored]) -> Mapping[str, str]:
    held = [(one, Stored(*one.outcome)) for one in scored]
    scores = [(stored.score, one.test) for one, stored in held if stored.score is not None]
    numbers = [number for number, _ in scores]
    interval = score_interval(numbers, span=span_of(scored[0].about))
    mean = f"{math.fsum(numbers) / len(numbers):.2f}" if numbers else "none"
    lowest, test = min(scores, default=(None, ""))
    return {
        "evaluator": one_line(name, _NAME),
        "tests": str(len({one.test for one in scored})),
        "scores": str(len(numbers)),
        "failed": str(sum(stored.state == FAILURE for _, stored in held)),
        "n/a": str(sum(stored.state == NOT_APPLICABLE for _, stored in held)),
        "mean [95 % interval]": mean if interval is None else str(interval),
        "lowest": "" if lowest is None else f"{lowest:.2f}",
        "in": one_line(test),
    }


def _usage(one: Scored) -> Usage:
    held = Stored(*one.outcome)
    return Usage(calls=held.calls, input_tokens=held.input_tokens, output_tokens=held.output_tokens, cost=held.cost)
