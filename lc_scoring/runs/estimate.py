"""Estimate: what a run would ask and cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.flow import Ask, Embed, Message
from lc_scoring.models.judge import base_model
from lc_scoring.models.prices import cost_of
from lc_scoring.records import Usage
from lc_scoring.runs.outcomes import FAILURE
from lc_scoring.runs.question import message_text, tokens_of
from lc_scoring.runs.request import Request, columns_of
from lc_scoring.runs.run import Run
from lc_scoring.runs.run_file import check_place
from lc_scoring.runs.target import CONTEXTS, MADE, PREDICTION

SAMPLE = 100
"""Rows of which the questions are looked at."""

REPLY_TOKENS = 250
"""Tokens that a reasoned reply is taken to have; of a model that thinks it has several times as many."""

_STAND_INS: Mapping[str, Any] = {PREDICTION: "...", CONTEXTS: ["..."]}  # for what a target will make


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an evaluator would ask about a dataset. Questions asked again, and follow-up questions, are not in it.

    Attributes:
        name: the evaluator's.
        rows: how many rows would be asked about, or None where that cannot be told without reading all.
        sampled: how many of the first rows were looked at.
        calls: how many questions each row takes.
        usage: what all rows would take, in tokens and US dollars; those of the sample where `rows` is None. `cost` is
            None where a price is not known.
        prompt: the first question about the first row, as the judge would read it; empty where no judge is asked.
    """

    name: str
    rows: int | None
    sampled: int
    calls: float
    usage: Usage
    prompt: str


def estimate(request: Request) -> tuple[Estimate, ...]:
    """Tell what a run would ask and cost, from the questions about its first rows. No model is called.

    Raises:
        ConfigError: the request is wrong, or no row can be read.
    """
    path = None if request.run is None else Path(request.run)
    if path is not None:
        check_place(path, goes_on=request.goes_on)
    source = open_source(request.data)
    columns = columns_of(request, source.columns, made=request.target is not None)
    count = source.count()
    rows = count if request.limit is None or count is None else min(count, request.limit)
    sample = list(islice(_opened(source), min(SAMPLE, request.limit or SAMPLE)))
    return tuple(
        _estimate(
            evaluator, columns, sample, _left(rows, path, request, evaluator), has_target=request.target is not None
        )
        for evaluator in request.loaded()
    )


def _left(rows: int | None, path: Path | None, request: Request, evaluator: Any) -> int | None:
    """Return how many rows would be asked about: without those that a run has an outcome of."""
    if path is None or not path.exists():
        return rows
    run = Run(path)
    name = str(evaluator.evaluation_name)
    if all(entry.name != name for entry in run.evaluators):
        return rows
    counts = run.counts(name)
    if request.retry_failures and not request.resume:
        return counts[FAILURE]
    settled = sum(counts.values()) - (counts[FAILURE] if request.retry_failures else 0)
    return None if rows is None else max(0, rows - settled)


def _opened(source: Source) -> Iterator[Row]:
    opened = source.open()
    if not isinstance(opened, Iterator):
        raise ConfigError("What an async source would cost cannot be told without using it up: pass a list.")
    return opened


def _estimate(
    evaluator: Any, columns: Columns, sample: Sequence[Row], rows: int | None, *, has_target: bool
) -> Estimate:
    prompt, asked, usage, why = "", 0, Usage(), ""
    for row in sample:
        try:
            asks = _asks(evaluator, columns, row, has_target=has_target)
        except ScoringError as error:
            why = why or f" The first: {error}"
            continue
        asked += 1
        for ask in asks:
            usage += _usage(evaluator, ask)
        prompt = prompt or next((_shown(ask) for ask in asks if isinstance(ask, Ask)), "")
    if not asked:
        raise ConfigError(f"None of the first {len(sample)} rows can be asked about: see --column (columns=).{why}")
    share = 1.0 if rows is None else rows / len(sample)
    return Estimate(
        name=str(evaluator.evaluation_name),
        rows=rows,
        sampled=asked,
        calls=usage.calls / asked,
        usage=Usage(
            calls=round(usage.calls * share),
            input_tokens=round(usage.input_tokens * share),
            output_tokens=round(usage.output_tokens * share),
            cost=None if usage.cost is None else usage.cost * share,
        ),
        prompt=prompt,
    )


def _asks(evaluator: Any, columns: Columns, row: Row, *, has_target: bool) -> tuple[Ask | Embed, ...]:
    """Return what would be asked about a row.

    Raises:
        ScoringError: it cannot be asked about.
    """
    if row.error is not None:
        raise row.error
    needed, optional = evaluator.input_keys, getattr(evaluator, "optional_keys", ())
    values = {**_STAND_INS, **row.values} if has_target else row.values
    unmade = [field for field in needed if has_target and _is_unmade(field, columns, values)]
    fields = columns.fields(values, [field for field in needed if field not in unmade], optional)
    fields |= {field: _STAND_INS.get(field, "...") for field in unmade}
    first_asks = getattr(evaluator, "first_asks", None)
    return () if first_asks is None else tuple(first_asks(fields))


def _is_unmade(field: str, columns: Columns, values: Mapping[str, Any]) -> bool:
    """Tell whether a field stands inside of what a target makes, where no stand-in has such a place."""
    return bool(columns.names(field) & MADE) and bool(columns.check(values, [field]))


def _usage(evaluator: Any, ask: Ask | Embed) -> Usage:
    read = round(tokens_of(ask))
    if isinstance(ask, Embed):
        return Usage(calls=1, input_tokens=read)
    judges = getattr(evaluator, "jury", None) or (evaluator.llm,)
    model: Any = base_model(judges[ask.juror])
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    cost = cost_of(name, input_tokens=read, output_tokens=REPLY_TOKENS) if isinstance(name, str) else None
    return Usage(calls=1, input_tokens=read, output_tokens=REPLY_TOKENS, cost=cost)


def _shown(ask: Ask) -> str:
    return "\n\n".join(f"[{_role(message)}]\n{message_text(message)}" for message in ask.messages)


def _role(message: Message | BaseMessage) -> str:
    return message.role if isinstance(message, Message) else str(message.type)
