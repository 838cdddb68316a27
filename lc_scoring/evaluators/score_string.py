"""score_string and labeled_score_string: one rating for one text, with the judge's reasons."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from langchain_core.prompts import BasePromptTemplate
from langsmith.evaluation.evaluator import EvaluationResult, EvaluationResults
from pydantic import BaseModel, field_validator

from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.evaluators.by_criteria import rubric_from
from lc_scoring.evaluators.fields import LabeledScoreInput, ScoreInput, ScoreResult
from lc_scoring.evaluators.judged_string import JudgedStringEvaluator
from lc_scoring.evaluators.prompted import Parsed, parsed_number
from lc_scoring.evaluators.rated import RatedEvaluator
from lc_scoring.evaluators.told import how
from lc_scoring.judges.score import ScoreJudge
from lc_scoring.records import Score
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import load_all
from lc_scoring.scale import Scale, plain_number
from lc_scoring.template import load_prompt

NOT_APPLICABLE = "not applicable"
"""The `value` of a result without a score, where the judge says that the criteria do not apply."""


class ScoreStringEvalChain(RatedEvaluator, JudgedStringEvaluator):
    """Rates a text by criteria, without a reference.

    Made with `load_evaluator("score_string", ...)` or `from_llm`. It is a Runnable from a mapping of
    `prediction` and `input` to a mapping of `reasoning` and `score`, and goes as it is into
    `langsmith.evaluate(..., evaluators=[...])`.

    Examples:
        >>> judge = ScoreStringEvalChain.from_llm(lambda messages: "Short and right. Rating: [[8]]")
        >>> judge.invoke({"input": "What is 2 + 2?", "prediction": "4"})
        {'reasoning': 'Short and right. Rating: [[8]]', 'score': 8}
    """

    normalize_by: float | None = None
    """What the rating is divided by to make `score`; None to leave it in scale units."""
    returns: ClassVar[str] = "score 1 to 10, reasoning"
    _prompt_name: ClassVar[str] = "score_string"
    prompt_variables: ClassVar[Mapping[str, str]] = {
        "prediction": "prediction",
        "input": "input",
        "criteria": "criteria",
    }
    _reads: ClassVar[str] = "rating"

    @classmethod
    def from_llm(
        cls,
        llm: object = None,
        *,
        prompt: BasePromptTemplate[Any] | None = None,
        criteria: CriteriaLike | Path = None,
        rubric: object = None,
        scale: object = None,
        normalize_by: float | None = None,
        weights: Mapping[str, float] | None = None,
        schema: type[BaseModel] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            prompt: a prompt in the place of the built-in one.
            criteria: what to look at, in every form LangChain took; see `Rubric.parse`. Also a rubric file's path.
            rubric: in the place of `criteria`: a Rubric, a rubric file, or the name of one that comes along.
            scale: the ratings the judge may give, for example `(1, 5)`; 1 to 10, or the rubric's own, by default.
            normalize_by: what the rating is divided by to make `score`.
            weights: how much each criterion counts, by name, with `per_criterion=True`; 1 by default.
            schema: a pydantic model whose fields the judge fills in beside its rating.
            **kwargs: the evaluator's other fields, such as `samples`, `jury`, `repair`, `tags`, `prediction_key`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge needs a package that is not installed.
        """
        made = rubric_from(criteria, rubric) or Rubric.parse(load_all(criteria))
        made = made.weighted(weights) if weights is not None else made
        if not kwargs.get("per_criterion"):
            made.check_one_rating()
        return cls._make(
            llm,
            kwargs,
            criterion_name=made.name,
            rubric=made,
            scale=Scale.parse(scale) if scale is not None else made.scale or Scale(),
            normalize_by=normalize_by,
            prompt=prompt,
            details=schema,
        )

    @field_validator("normalize_by")
    @classmethod
    def _check_normalize_by(cls, value: float | None) -> float | None:
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError("normalize_by divides the rating, so it must be a finite number above 0.")
        return value

    @property
    def evaluation_name(self) -> str:
        """`score_string:` and the criteria's names: the key of the feedback in LangSmith."""
        return f"score_string:{self.criterion_name}"

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return LabeledScoreInput if self.requires_reference else ScoreInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return ScoreResult

    @property
    def feedback_keys(self) -> list[str]:
        """The keys under which LangSmith records this evaluator's scores and failures."""
        each = [self._part_name(one.name) for one in self._own_rubric().criteria] if self.per_criterion else []
        return [self.evaluation_name, *each]

    def reported(self, score: Score) -> float:
        """Return the rating, divided by `normalize_by` where that is given."""
        return cast("float", self._normalized(score.rating))

    def _result(self, outcome: Score | Parsed | NotApplicable) -> Any:
        if isinstance(outcome, NotApplicable):
            return {"reasoning": outcome.reasoning, "score": None, "value": outcome.state or NOT_APPLICABLE}
        if isinstance(outcome, Score):
            return {"reasoning": outcome.reasoning, "score": self._normalized(outcome.rating), **self._told(outcome)}
        value = outcome.value
        if isinstance(value, Mapping):
            return {**value, **({"score": self._normalized(value["score"])} if "score" in value else {})}
        return value

    def _told(self, score: Score) -> dict[str, Any]:
        """Return how a score was made, in the units of the result's own `score`."""
        told = how(score)
        if self.normalize_by is None or not told:
            return told
        parts = [{**part, "score": self._normalized(part["score"])} for part in told.get("parts", ())]
        spread = {"spread": self._normalized(told["spread"])} if "spread" in told else {}
        return {**told, **({"parts": parts} if parts else {}), **spread}

    def _normalized(self, rating: Any) -> Any:
        if self.normalize_by is None:
            return rating
        if isinstance(rating, bool) or not isinstance(rating, (int, float)):
            raise ReplyError("The output_parser gave a score that is no number to normalize.", reply=repr(rating))
        return rating / self.normalize_by

    def _scored(self, outcome: Parsed) -> Score:
        rating = parsed_number(outcome, f"a number on the scale {self.scale}")
        if not self.scale.contains(rating):
            raise ReplyError(f"The output_parser gave no score on the scale {self.scale}.", reply=repr(outcome.value))
        judge: ScoreJudge = self._make_judge(load_prompt(self._prompt_name), self.llm)
        return judge.scored(plain_number(rating), str(outcome.value.get("reasoning", "")))

    def _feedback(self, result: Any) -> dict[str, Any]:
        told = super()._feedback(result)
        if not isinstance(result, Mapping):
            return told
        bounds = {"min": self._normalized(self.scale.low), "max": self._normalized(self.scale.high)}
        return {**told, "feedback_config": {"type": "continuous", **bounds}}

    def _report(self, result: Any, run_id: uuid.UUID | None) -> EvaluationResult | EvaluationResults:
        overall = super()._report(result, run_id)
        if not self.per_criterion or not isinstance(result, Mapping):
            return overall
        each = [
            EvaluationResult(
                key=part["name"],
                source_run_id=run_id,
                **self._feedback(part),
            )
            for part in result.get("parts", ())
        ]
        apart = [
            EvaluationResult(key=self._part_name(name), source_run_id=run_id, value=NOT_APPLICABLE, comment=why)
            for name, why in result.get("failed", {}).items()
        ]
        return EvaluationResults(results=[cast("EvaluationResult", overall), *each, *apart])


class LabeledScoreStringEvalChain(ScoreStringEvalChain):
    """Rates a text by criteria, beside a reference known to be right.

    Made with `load_evaluator("labeled_score_string", ...)` or `from_llm`.

    Examples:
        >>> judge = LabeledScoreStringEvalChain.from_llm(
        ...     lambda messages: "Agrees with the reference. Rating: [[10]]", criteria="correctness", normalize_by=10
        ... )
        >>> judge.evaluate_strings(input="What is 2 + 2?", prediction="4", reference="four")
        {'reasoning': 'Agrees with the reference. Rating: [[10]]', 'score': 1.0}
    """

    requires_reference: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    _prompt_name: ClassVar[str] = "labeled_score_string"

    prompt_variables: ClassVar[Mapping[str, str]] = {**ScoreStringEvalChain.prompt_variables, "reference": "reference"}
