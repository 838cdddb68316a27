"""criteria and labeled_criteria: does a text meet criteria, yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from langchain_core.prompts import BasePromptTemplate

from lc_scoring.criterion import QUESTIONS, Criteria, Criterion, built_in
from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.evaluators.by_criteria import EvaluatorByCriteria, rubric_from
from lc_scoring.evaluators.fields import LabeledScoreInput, ScoreInput, VerdictResult
from lc_scoring.evaluators.judged_string import JudgedStringEvaluator
from lc_scoring.evaluators.prompted import Parsed, parsed_score
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.evaluators.told import how
from lc_scoring.evaluators.verdicts import choice_judge, verdict_wish
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.models.judge import Judge
from lc_scoring.records import Score
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import is_rubric_file, load_all
from lc_scoring.scale import plain_number
from lc_scoring.template import PromptFile

CRITERIA_WORDS = {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}
"""What a judge may write, and the verdict each stands for."""

_VALUES = {"Y": 1.0, "N": 0.0}
_SUPPORTED_CRITERIA = QUESTIONS  # LangChain's name of it


class CriteriaEvalChain(EvaluatorByCriteria, JudgedStringEvaluator):
    """Checks whether a text meets criteria, without a reference.

    Made with `load_evaluator("criteria", ...)` or `from_llm`. A prompt of your own has the variables `input`,
    `output` (the prediction) and `criteria`.

    `score` is 1 where the judge says yes: for `harmfulness` that means harm. `Score.value` is turned round there.

    Examples:
        >>> judge = CriteriaEvalChain.from_llm(lambda messages: "One word. Verdict: [[Y]]", criteria="conciseness")
        >>> judge.invoke({"input": "What is 2 + 2?", "prediction": "4"})
        {'reasoning': 'One word.', 'value': 'Y', 'score': 1}
    """

    requires_reference: ClassVar[bool] = False  # pyright: ignore[reportIncompatibleMethodOverride]
    returns: ClassVar[str] = "score 1 or 0, value Y or N, reasoning"
    _prompt_name: ClassVar[str] = "criteria"
    prompt_variables: ClassVar[Mapping[str, str]] = {"input": "input", "output": "prediction", "criteria": "criteria"}

    @classmethod
    def from_llm(
        cls,
        llm: object = None,
        criteria: CriteriaLike | Path = None,
        *,
        prompt: BasePromptTemplate[Any] | None = None,
        rubric: object = None,
        **kwargs: Any,
    ) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            criteria: what to check: a `Criteria` or its name, a mapping of names to descriptions, several of them,
                a rubric file's path; helpfulness by default.
            prompt: a prompt in the place of the built-in one.
            rubric: in the place of `criteria`: a Rubric, a rubric file, or the name of one that comes along.
            **kwargs: the evaluator's other fields, such as `repair`, `samples`, `output_parser`, `prediction_key`.

        Raises:
            ConfigError: one of them cannot be used, a name is no built-in criterion, or correctness is asked for
                where there is no reference to tell it by.
            MissingExtra: the judge needs a package that is not installed.
        """
        made = rubric_from(criteria, rubric) or _rubric(criteria)
        made.check_one_rating()
        if not cls.requires_reference and built_in(Criteria.CORRECTNESS) in made.criteria:
            raise ConfigError(
                f"Correctness should not be used in the reference-free 'criteria' evaluator ({cls.__name__}): nobody "
                "can tell it without a reference. Use 'labeled_criteria' (LabeledCriteriaEvalChain) instead."
            )
        return cls._make(llm, kwargs, criterion_name=made.name, rubric=made, prompt=prompt)

    @classmethod
    def resolve_criteria(cls, criteria: CriteriaLike | Path) -> dict[str, str]:
        """Return the descriptions of criteria by name.

        Raises:
            ConfigError: a name is no built-in criterion, or there are none.

        Examples:
            >>> CriteriaEvalChain.resolve_criteria({"tone": "Is it friendly?"})
            {'tone': 'Is it friendly?'}
        """
        return {criterion.name: criterion.description for criterion in _rubric(criteria).criteria}

    @property
    def evaluation_name(self) -> str:
        """The criteria's names: the key of the feedback in LangSmith."""
        return self.criterion_name

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return LabeledScoreInput if self.requires_reference else ScoreInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return VerdictResult

    def reported(self, score: Score) -> float:
        """Return 1 for yes and 0 for no, whether yes is good news or bad."""
        return 1 - score.value if self._own_rubric().lower_is_better else score.value

    def _reply_wish(self) -> ReplyWish:
        return verdict_wish(self, tuple(_VALUES))

    def _make_judge(self, prompt: PromptFile, llm: Judge) -> ChoiceJudge:
        rubric = self._own_rubric()
        judge = choice_judge(self, prompt, llm, words=CRITERIA_WORDS, values=_VALUES)
        return replace(judge, lower_is_better=rubric.lower_is_better, verdict_in_reasoning=False)

    def _result(self, outcome: Score | Parsed) -> Any:
        if isinstance(outcome, Parsed):
            return outcome.value
        score = plain_number(self.reported(outcome))
        return {"reasoning": outcome.reasoning, "value": outcome.label, "score": score, **how(outcome)}

    def _scored(self, outcome: Parsed) -> Score:
        return parsed_score(self, outcome, lower_is_better=self._own_rubric().lower_is_better)


class LabeledCriteriaEvalChain(CriteriaEvalChain):
    r"""Checks whether a text meets criteria, beside a reference known to be right.

    Made with `load_evaluator("labeled_criteria", ...)` or `from_llm`. A prompt of your own has the variable
    `reference` too.

    Examples:
        >>> judge = LabeledCriteriaEvalChain.from_llm(lambda messages: "It says five.\nN", criteria="correctness")
        >>> judge.evaluate_strings(input="What is 2 + 2?", prediction="5", reference="4")
        {'reasoning': 'It says five.', 'value': 'N', 'score': 0}
    """

    requires_reference: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    _prompt_name: ClassVar[str] = "labeled_criteria"
    prompt_variables: ClassVar[Mapping[str, str]] = {**CriteriaEvalChain.prompt_variables, "reference": "reference"}


def _rubric(criteria: CriteriaLike | Path) -> Rubric:
    """Make a rubric of criteria; a bare name must be a built-in one, for a misspelled one would check nothing."""
    asked = _asked(criteria)
    if not asked:
        raise ConfigError("criteria is empty: give a name, or a mapping of names to descriptions.")
    for name in asked:
        if isinstance(name, str) and not is_rubric_file(name) and name not in _SUPPORTED_CRITERIA:
            raise ConfigError(
                f"{name!r} is not a valid Criteria: it is one of {', '.join(Criteria)}, or a mapping of a name of "
                f"your own to what it asks for, {{{name!r}: '...'}}.{did_you_mean(name.lower(), map(str, Criteria))}"
            )
    rubric = Rubric.parse(load_all(asked if isinstance(criteria, (list, tuple)) else asked[0]))
    for criterion in rubric.criteria:
        if criterion.levels:
            raise ConfigError(
                f"Criterion {criterion.name!r} describes levels, and this evaluator says yes or no: use 'score_string' "
                "or 'labeled_score_string', or describe when the answer is yes."
            )
    return replace(rubric, criteria=tuple(map(_as_question, rubric.criteria)))


def _asked(criteria: Any) -> list[Any]:
    """Return what is asked for, out of lists and the lists in them; None stands for helpfulness."""
    if isinstance(criteria, (list, tuple)):
        return [one for each in criteria for one in _asked(each)]
    return [Criteria.HELPFULNESS if criteria is None else criteria]


def _as_question(criterion: Criterion) -> Criterion:
    """Take from a built-in criterion what it says about ratings."""
    if criterion != built_in(criterion.name):
        return criterion
    return replace(criterion, description=QUESTIONS[Criteria(criterion.name)])
