"""The evaluator by criteria: what those that judge by a rubric share."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import SkipValidation

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.prompted import PromptedEvaluator
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import find_rubric


class EvaluatorByCriteria(PromptedEvaluator):
    """A prompted evaluator whose question holds a rubric."""

    criterion_name: str
    """The criteria's names, joined by "-"."""
    rubric: SkipValidation[Rubric | None] = None
    """What the judge looks at; None for the bare `criterion_name`."""

    _made_from: ClassVar[frozenset[str]] = frozenset({"criterion_name", "rubric"})
    _made_of: ClassVar[frozenset[str]] = frozenset({"criteria", "rubric"})

    def _own_rubric(self) -> Rubric:
        return self.rubric or Rubric.parse(self.criterion_name)

    def _signature_parts(self) -> dict[str, object]:
        return {"rubric": self._own_rubric().digest()}

    def words(self) -> dict[str, str]:
        """Return what is the same for every sample, by its slot in the prompt file."""
        return {"rubric": self._own_rubric().render()}


def rubric_from(criteria: CriteriaLike | Path, rubric: object) -> Rubric | None:
    """Return the rubric that `rubric=` names, or None where `criteria=` says what to look at.

    Raises:
        ConfigError: both are given, or there is no such rubric.
    """
    if rubric is None:
        return None
    if criteria is not None:
        raise ConfigError("Both criteria= and rubric= are given: a rubric holds its criteria, so leave one out.")
    return find_rubric(rubric)
