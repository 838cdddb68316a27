"""Calls: the schedule of a run's model calls: their turns, what is asked again, and what they cost by model."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from langchain_core.language_models import BaseChatModel

from lc_scoring.flow import Ask, Embed, Reply
from lc_scoring.models.judge import base_model
from lc_scoring.models.resolve import judge_name
from lc_scoring.models.scheduler import Send
from lc_scoring.models.setbacks import Setback, setback_of
from lc_scoring.models.transport import Transport
from lc_scoring.records import Usage
from lc_scoring.runs.clock import Clock
from lc_scoring.runs.lane import LONGEST_PAUSE, Lane, Limits
from lc_scoring.runs.question import tokens_of

Answer = TypeVar("Answer")

_MORE = 4  # times as many retries where too much was asked: that passes
_DOUBLINGS = 30  # of a wait; more would leave the range of numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long what fails in passing is asked again.

    Attributes:
        retries: how often, of setbacks that do not say how long to wait; four times as often where it was too much.
        first: seconds before the first retry, at most; each later one may wait twice as long.
        longest: seconds before any retry, at most.
    """

    retries: int = 5
    first: float = 1.0
    longest: float = 30.0

    def wait(self, attempt: int) -> float:
        """Return the seconds to wait before attempt 1, 2, ...: anything up to twice the last one's most."""
        return random.uniform(0, min(self.longest, self.first * 2.0 ** min(attempt - 1, _DOUBLINGS)))  # noqa: S311 - spreads load


class Route:
    """The way to one model: its turns, and what it was asked and cost. Models of one name share it.

    Attributes:
        lane: its turns.
        usage: what its answers cost.
        refused: how many calls it refused or left without an answer.
    """

    __slots__ = ("lane", "refused", "usage")

    def __init__(self, limits: Limits) -> None:
        self.lane = Lane(limits)
        self.usage = Usage()
        self.refused = 0


class _Known(NamedTuple):
    """A model that was met."""

    model: Any  # held, so that its id stays its own
    copy: Any
    route: Route
    over_the_wire: bool


class Calls:
    """The calls of one run.

    Args:
        limits: how much may be asked of each model.
        patience: how often what fails in passing is asked again.
    """

    def __init__(self, limits: Limits, patience: Patience) -> None:
        self._limits = limits
        self._patience = patience
        self._transport = Transport()
        self._known: dict[int, _Known] = {}
        self._models: dict[str, Route] = {}
        self.target = Route(limits)
        """The way to the application whose predictions are judged."""

    @property
    def in_flight(self) -> int:
        """How many calls are on their way."""
        return sum(route.lane.in_flight for route in (self.target, *self._models.values()))

    def spent(self) -> Mapping[str, tuple[Usage, int]]:
        """Return what each model cost so far, and how many calls it refused."""
        return {name: (route.usage, route.refused) for name, route in self._models.items()}

    def usage(self) -> Usage:
        """Return what all models cost so far."""
        return sum((route.usage for route in self._models.values()), Usage())

    async def close(self) -> None:
        """Close the connections that were opened for the run."""
        await self._transport.close()

    async def call(self, clock: Clock, model: Any, ask: Ask | Embed, send: Send[Answer]) -> Answer:
        """Send a question when its turn has come, and again where that helps."""
        known = self._known.get(id(model)) or self._meet(model)
        route = known.route
        tokens = 0.0 if self._limits.tokens_per_minute is None else _expected(ask, route.usage)
        answer = await self.attempt(
            clock, route, partial(send, known.copy), tokens=tokens, over_the_wire=known.over_the_wire
        )
        if isinstance(answer, Reply):
            route.usage += answer.usage
            clock.usage += answer.usage
            if tokens:
                route.lane.tokens.correct(answer.usage.input_tokens + answer.usage.output_tokens - tokens)
        return answer

    async def attempt(
        self,
        clock: Clock,
        route: Route,
        send: Callable[[], Awaitable[Answer]],
        *,
        tokens: float = 0.0,
        over_the_wire: bool = False,
    ) -> Answer:
        """Send when the turn has come; where what fails may pass, again; raise what was raised last."""
        lane, attempt = route.lane, 0
        while True:
            sent = lane.enter(tokens)
            if sent is None:
                sent = await self._turn(clock, lane, tokens, again=attempt > 0)
            clock.begin_call()
            try:
                answer = await send()
            except Exception as error:
                attempt += 1
                setback = self._setback(error, clock, route, attempt, over_the_wire=over_the_wire)
                if setback is None:
                    raise
                lane.refused(setback, sent=sent)
            else:
                lane.window.answered()
                return answer
            finally:
                clock.end_call()
                lane.leave()
            wait = self._patience.wait(attempt) if setback.wait is None else min(setback.wait, LONGEST_PAUSE)
            await asyncio.sleep(wait)

    async def _turn(self, clock: Clock, lane: Lane, tokens: float, *, again: bool) -> float:
        clock.wait()
        try:
            return await lane.turn(tokens, again=again)
        finally:
            clock.go_on()

    def _setback(
        self, error: Exception, clock: Clock, route: Route, attempt: int, *, over_the_wire: bool
    ) -> Setback | None:
        """Take note of an error; return why to ask again, None where that would not help or was done enough."""
        clock.last_error = error
        route.refused += 1
        setback = setback_of(error, over_the_wire=over_the_wire)
        if setback is None:
            return None
        # Who says that it was too much, and when to come back, is waited for; the row's clock says when to give up.
        is_rate = setback.kind == "rate"
        if (is_rate and setback.wait is not None) or attempt <= self._patience.retries * (_MORE if is_rate else 1):
            return setback
        if attempt > 1:
            error.add_note(f"(Asked {attempt} times.)")
        return None

    def _meet(self, model: Any) -> _Known:
        name = judge_name(model)
        route = self._models.get(name)
        if route is None:
            route = self._models[name] = Route(self._limits)
        over_the_wire = isinstance(base_model(model), BaseChatModel)
        known = self._known[id(model)] = _Known(model, self._transport.of(model), route, over_the_wire)
        return known


class RowCalls:
    """The calls of one row: those of the run, on the row's own clock."""

    __slots__ = ("_calls", "_clock")

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    def call(self, model: Any, ask: Ask | Embed, send: Send[Answer]) -> Awaitable[Answer]:
        """Send a question when its turn has come; see `Calls.call`."""
        return self._calls.call(self._clock, model, ask, send)


def _expected(ask: Ask | Embed, so_far: Usage) -> float:
    """Return the tokens that a call will take: as many as others did, else by the characters of its question."""
    if so_far.calls:
        return (so_far.input_tokens + so_far.output_tokens) / so_far.calls
    return tokens_of(ask)
