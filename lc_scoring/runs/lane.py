"""Lane: when the next call to one model goes out.

Three things hold it back. The window: how many calls are in flight; it halves where the service is too busy and grows
by one with each window of answers (additive increase, multiplicative decrease: Chiu and Jain 1989). The pace: how many
calls go out a second; it is what the user allows, and where the service says that it was too many, what it took. And a
pause, where the service says when to come back: it holds for all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from lc_scoring.models.setbacks import Setback

LONGEST_PAUSE = 300.0
"""Seconds after which a service that asks to wait longer is asked again."""

_QUIET = 30.0  # seconds without a refusal, after which a learned pace is raised
_RAISE = 1.05  # by what, each second
_LOWER, _LEAST = 0.95, 0.8  # what a pace that was too fast is lowered by, at least and at most
_MARGIN = 0.97  # of what a service took, since calls do not arrive as evenly as they leave
_LATE = 0.05  # seconds that a busy loop may be behind the pace and make up for
_TELLING = 10  # calls that must have been taken before a refusal says what the pace is


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be asked of one model.

    Attributes:
        max_concurrency: calls in flight at once, 1 or more.
        requests_per_minute: calls begun in a minute, or None.
        tokens_per_minute: tokens read and written in a minute, or None.
    """

    max_concurrency: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class Window:
    """How many calls may be in flight: less where the service is too busy, one more with each window of answers."""

    def __init__(self, most: int) -> None:
        self.size = float(most)
        self._most = most
        self._cut_at = -1.0

    def answered(self) -> None:
        """Count an answer."""
        if self.size < self._most:
            self.size = min(self.size + 1 / self.size, float(self._most))

    def overloaded(self, *, sent: float, now: float) -> None:
        """Halve the window, once for all that was sent before it was last halved."""
        if sent > self._cut_at:
            self.size = max(1.0, self.size / 2)
            self._cut_at = now


class Pace:
    """How much may go out a second: calls, or tokens.

    Args:
        per_second: the most; None for as much as the service takes.
    """

    def __init__(self, per_second: float | None) -> None:
        self._most = per_second
        self.rate = per_second
        self.opens = 0.0
        self._began: float | None = None
        self._taken = 0
        self._changed = 0.0

    def take(self, now: float, amount: float = 1.0) -> None:
        """Count what goes out now."""
        if self._began is None:
            self._began = now
        self._taken += 1
        if self.rate is None:
            return
        self._raise(now)
        self.opens = max(self.opens, now - _LATE) + amount / self.rate

    def give_back(self) -> None:
        """Count a call that was refused as none."""
        self._taken -= 1

    def correct(self, amount: float) -> None:
        """Count `amount` more than was thought, or less where it is negative."""
        if self.rate is not None:
            self.opens += amount / self.rate

    def learn(self, *, until: float, now: float) -> None:
        """Take for the pace what the service took until it refused."""
        if self._began is not None and self._taken >= _TELLING:
            took = _MARGIN * self._taken / max(1.0, until - self._began)
            # Bounded, since a refusal right after a pause says little of the pace.
            self.rate = took if self.rate is None else max(self.rate * _LEAST, min(self.rate * _LOWER, took))
            self._changed = now
        self.opens = now
        self._began, self._taken = now, 0

    def _raise(self, now: float) -> None:
        """Raise a learned pace, slowly: each refusal costs a pause."""
        if self.rate is not None and self.rate != self._most and now - self._changed > _QUIET:
            self.rate = min(self.rate * _RAISE, self._most or self.rate * _RAISE)
            self._changed = now - _QUIET + 1


class Lane:
    """The turns of the calls to one model, first come first served."""

    def __init__(self, limits: Limits) -> None:
        self.window = Window(limits.max_concurrency)
        self.pace = Pace(limits.requests_per_minute and limits.requests_per_minute / 60)
        self.tokens = Pace(limits.tokens_per_minute and limits.tokens_per_minute / 60)
        self.in_flight = 0
        self._paused_until = 0.0
        self._refused_at: float | None = None
        self._waiting: deque[tuple[asyncio.Future[float], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, tokens: float = 0.0) -> float | None:
        """Take a turn at once, where nobody waits and nothing holds it back.

        Args:
            tokens: how many tokens the call will take, as far as can be told.

        Returns:
            The time on the loop's clock; None where it must be waited for.
        """
        now = asyncio.get_running_loop().time()
        if self._waiting or self.in_flight >= int(self.window.size) or self._opens(now) > now:
            return None
        self._admit(now, tokens)
        return now

    async def turn(self, tokens: float = 0.0, *, again: bool = False) -> float:
        """Wait for a turn.

        Args:
            tokens: how many tokens the call will take, as far as can be told.
            again: whether it was refused before, and so stands first.

        Returns:
            When it came, on the loop's clock.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[float] = loop.create_future()
        (self._waiting.appendleft if again else self._waiting.append)((future, tokens))
        self._pump()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a turn back: the call is over."""
        self.in_flight -= 1
        self._pump()

    def refused(self, setback: Setback, *, sent: float) -> None:
        """Take note of a refusal, before `leave`."""
        now = asyncio.get_running_loop().time()
        if setback.kind == "rate" and setback.wait is not None:
            self.pace.give_back()
            # When it was sent, not when it is looked at: where hundreds of connections open, that is a second later.
            self._refused_at = sent if self._refused_at is None else min(self._refused_at, sent)
            if sent >= self._paused_until:  # those sent before it began tell nothing new
                self._paused_until = now + min(setback.wait, LONGEST_PAUSE)
            return
        if setback.kind != "passing":
            self.window.overloaded(sent=sent, now=now)
        if setback.wait is not None:
            self._paused_until = max(self._paused_until, now + min(setback.wait, LONGEST_PAUSE))

    def _opens(self, now: float) -> float:
        """Return when the next call may go out, as far as time holds it back."""
        if now >= self._paused_until and self._refused_at is not None:
            self.pace.learn(until=self._refused_at, now=now)
            self._refused_at = None
        return max(self._paused_until, self.pace.opens, self.tokens.opens)

    def _admit(self, now: float, tokens: float) -> None:
        self.in_flight += 1
        self.pace.take(now)
        self.tokens.take(now, tokens)

    def _pump(self) -> None:
        """Let those in whose turn it is; where time holds them back, come again when it is over."""
        loop = asyncio.get_running_loop()
        while self._waiting and self.in_flight < int(self.window.size):
            now = loop.time()
            opens = self._opens(now)
            if opens > now:
                if self._timer is None:
                    self._timer = loop.call_at(opens, self._wake)
                return
            future, tokens = self._waiting.popleft()
            if not future.done():
                self._admit(now, tokens)
                future.set_result(now)

    def _wake(self) -> None:
        self._timer = None
        self._pump()
