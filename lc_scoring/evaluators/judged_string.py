"""The judged string evaluator: LangChain's `evaluate_strings` over a judged, prompted evaluator."""

from __future__ import annotations

from typing import Any, ClassVar

from lc_scoring.evaluators.prompted import PromptedEvaluator
from lc_scoring.evaluators.schema import StringEvaluator


class JudgedStringEvaluator(PromptedEvaluator, StringEvaluator):
    """A judge of one text."""

    # LangChain has properties here, and so may people's subclasses; a class that knows the answer need not be asked.
    requires_input: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]

    def _evaluate_strings(self, **given: Any) -> Any:
        return self._judge_fields(**given)

    async def _aevaluate_strings(self, **given: Any) -> Any:
        return await self._ajudge_fields(**given)
