"""The budget: when a run has cost or taken what it may."""

from __future__ import annotations

import time

from lc_scoring.records import Usage
from lc_scoring.runs.calls import Calls
from lc_scoring.runs.request import Request


class Budget:
    """What a run may still cost.

    Args:
        request: holds `max_cost`, `max_tokens` and `max_time`.
        before: what earlier sessions of the run cost.
        began: when this session began, on `time.monotonic`'s clock.
    """

    def __init__(self, request: Request, *, before: Usage, began: float) -> None:
        self._request = request
        self._before = before
        self._began = began
        self._limits_usage = request.max_cost is not None or request.max_tokens is not None

    def over(self, calls: Calls) -> str | None:
        """Return why no further row may be begun, or None.

        Calls in flight count as what a call costs on average, so that the limit is passed by little.
        """
        limit = self._request.max_time
        if limit is not None and time.monotonic() - self._began >= limit:
            return f"max_time of {limit:g} seconds is over"
        spent = self._before + calls.usage() if self._limits_usage else None
        if spent is None or not spent.calls:
            return None
        share = 1 + calls.in_flight / spent.calls
        return self._tokens_over(spent, share) or self._cost_over(spent, share)

    def _tokens_over(self, spent: Usage, share: float) -> str | None:
        limit, tokens = self._request.max_tokens, spent.input_tokens + spent.output_tokens
        if limit is None or tokens * share < limit:
            return None
        return f"max_tokens of {limit:,} is reached: {tokens:,} and what is in flight"

    def _cost_over(self, spent: Usage, share: float) -> str | None:
        limit = self._request.max_cost
        if limit is None:
            return None
        if spent.cost is None:
            return (
                "max_cost cannot be kept: the price of a model is not known. Name it in a table of your own "
                "(LC_SCORING_PRICES)"
            )
        if spent.cost * share < limit:
            return None
        return f"max_cost of ${limit:g} is reached: ${spent.cost:.4f} and what is in flight"
