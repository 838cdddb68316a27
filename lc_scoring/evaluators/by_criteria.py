"""The evaluator by criteria: what those that judge by a rubric share."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SkipValidation

from lc_scoring.evaluators.prompted import PromptedEvaluator
from lc_scoring.rubric import Rubric


class EvaluatorByCriteria(PromptedEvaluator):
    """A prompted evaluator whose question holds a rubric."""

    criterion_name: str
    """The criteria's names, joined by "-"."""
    rubric: SkipValidation[Rubric | None] = None
    """What the judge looks at; None for the bare `criterion_name`."""

    _made_from: ClassVar[frozenset[str]] = frozenset({"criterion_name", "rubric"})
    _made_of: ClassVar[frozenset[str]] = frozenset({"criteria"})

    def _own_rubric(self) -> Rubric:
        return self.rubric or Rubric.parse(self.criterion_name)

    def _words(self) -> dict[str, str]:
        return {"rubric": self._own_rubric().render()}
