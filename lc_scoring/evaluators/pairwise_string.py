"""pairwise_string and labeled_pairwise_string: which of two texts is better, asked in both orders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from langchain_core.prompts import BasePromptTemplate

from lc_scoring.evaluators.by_criteria import EvaluatorByCriteria, rubric_from
from lc_scoring.evaluators.fields import LabeledPairInput, PairInput, PairResult
from lc_scoring.evaluators.prompted import Parsed, parsed_score
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.evaluators.schema import PairwiseStringEvaluator
from lc_scoring.evaluators.told import how
from lc_scoring.evaluators.verdicts import choice_judge, verdict_wish
from lc_scoring.judges.pairwise import BOTH_ORDERS, PAIR_VALUES, PAIR_WORDS, SPLIT, PairJudge, swayed_by_position
from lc_scoring.models.judge import Judge
from lc_scoring.records import Score
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import load_all
from lc_scoring.scale import plain_number
from lc_scoring.template import PromptFile


class PairwiseStringEvalChain(EvaluatorByCriteria, PairwiseStringEvaluator):
    """Compares two texts by criteria, without a reference.

    Made with `load_evaluator("pairwise_string", ...)` or `from_llm`. Both orders are asked, since judges prefer a
    place: only a preference that survives the change of places counts, else it is a tie. It goes as it is into
    `langsmith.evaluate((first, second), evaluators=[...])`. A prompt of your own has the variables `prediction`,
    `prediction_b`, `input` and `criteria`; with an `output_parser` of your own one order is asked.

    Examples:
        >>> judge = PairwiseStringEvalChain.from_llm(lambda messages: "Both will do. Verdict: [[C]]")
        >>> result = judge.evaluate_string_pairs(input="What is 2 + 2?", prediction="4", prediction_b="four")
        >>> result["value"], result["score"], result["swayed_by_position"]
        (None, 0.5, False)
    """

    both_orders: bool = True
    """Whether the judge is asked a second time with the texts changed round."""

    requires_input: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    returns: ClassVar[str] = "score 1, 0.5 or 0, value A, B or None, reasoning, swayed_by_position"
    _prompt_name: ClassVar[str] = "pairwise_string"
    prompt_variables: ClassVar[Mapping[str, str]] = {
        "prediction": "prediction",
        "prediction_b": "prediction_b",
        "input": "input",
        "criteria": "criteria",
    }

    @classmethod
    def from_llm(
        cls,
        llm: object = None,
        *,
        prompt: BasePromptTemplate[Any] | None = None,
        criteria: CriteriaLike | Path = None,
        rubric: object = None,
        **kwargs: Any,
    ) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            prompt: a prompt in the place of the built-in one.
            criteria: what to look at, in every form LangChain took; see `Rubric.parse`. Also a rubric file's path.
            rubric: in the place of `criteria`: a Rubric, a rubric file, or the name of one that comes along.
            **kwargs: the evaluator's other fields, such as `both_orders`, `repair`, `output_parser`, `tags`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge needs a package that is not installed.
        """
        made = rubric_from(criteria, rubric) or Rubric.parse(load_all(criteria))
        made.check_one_rating()
        return cls._make(llm, kwargs, criterion_name=made.name, rubric=made, prompt=prompt)

    @property
    def evaluation_name(self) -> str:
        """`pairwise_string:` and the criteria's names: the key of the feedback in LangSmith."""
        return f"pairwise_string:{self.criterion_name}"

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return LabeledPairInput if self.requires_reference else PairInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return PairResult

    def _evaluate_string_pairs(self, **given: Any) -> Any:
        return self._judge_fields(**given)

    async def _aevaluate_string_pairs(self, **given: Any) -> Any:
        return await self._ajudge_fields(**given)

    def _signature_parts(self) -> dict[str, object]:
        return {**super()._signature_parts(), "orders": 2 if self.both_orders and self.output_parser is None else 1}

    def _reply_wish(self) -> ReplyWish:
        return verdict_wish(self, tuple(PAIR_VALUES))

    def _make_judge(self, prompt: PromptFile, llm: Judge) -> PairJudge:
        choice = choice_judge(self, prompt, llm, words=PAIR_WORDS, values=PAIR_VALUES)
        return PairJudge(choice=choice, both_orders=self.both_orders)

    def _result(self, outcome: Score | Parsed) -> Any:
        if isinstance(outcome, Parsed):
            return outcome.value
        preferred = None if outcome.label == SPLIT else outcome.label
        score = plain_number(outcome.value)
        result: dict[str, Any] = {"reasoning": outcome.reasoning, "value": preferred, "score": score}
        if (swayed := swayed_by_position(outcome)) is not None:
            result["swayed_by_position"] = swayed
        return {**result, **how(outcome)} if outcome.basis != BOTH_ORDERS else result

    def _scored(self, outcome: Parsed) -> Score:
        return parsed_score(self, outcome)


class LabeledPairwiseStringEvalChain(PairwiseStringEvalChain):
    """Compares two texts by criteria, beside a reference known to be right.

    Made with `load_evaluator("labeled_pairwise_string", ...)` or `from_llm`. A prompt of your own has the variable
    `reference` too.

    Examples:
        >>> judge = LabeledPairwiseStringEvalChain.from_llm(
        ...     lambda messages: "Only A agrees. Verdict: [[A]]", both_orders=False
        ... )
        >>> judge.evaluate_string_pairs(input="What is 2 + 2?", prediction="4", prediction_b="5", reference="four")
        {'reasoning': 'Only A agrees. Verdict: [[A]]', 'value': 'A', 'score': 1}
    """

    requires_reference: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    _prompt_name: ClassVar[str] = "labeled_pairwise_string"
    prompt_variables: ClassVar[Mapping[str, str]] = {
        **PairwiseStringEvalChain.prompt_variables,
        "reference": "reference",
    }


def resolve_pairwise_criteria(criteria: CriteriaLike | Path) -> dict[str, str]:
    """Return the descriptions of criteria by name, the four default ones for None.

    Examples:
        >>> list(resolve_pairwise_criteria(None))
        ['helpfulness', 'relevance', 'correctness', 'depth']
    """
    return {criterion.name: criterion.description for criterion in Rubric.parse(load_all(criteria)).criteria}
