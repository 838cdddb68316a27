"""qa, context_qa and cot_qa: is an answer correct, beside the right answer or the text it should rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from langchain_core.prompts import BasePromptTemplate

from lc_scoring.evaluators.fields import LabeledScoreInput, VerdictResult
from lc_scoring.evaluators.judged_string import JudgedStringEvaluator
from lc_scoring.evaluators.prompted import Parsed, parsed_score
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.evaluators.told import how
from lc_scoring.evaluators.verdicts import choice_judge, verdict_wish
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.models.judge import Judge
from lc_scoring.records import Score
from lc_scoring.scale import plain_number
from lc_scoring.template import PromptFile

_GRADES = {"CORRECT": "CORRECT", "INCORRECT": "INCORRECT"}
_VALUES = {"CORRECT": 1.0, "INCORRECT": 0.0}


class QAEvalChain(JudgedStringEvaluator):
    """Grades an answer as CORRECT or INCORRECT beside the right answer.

    Made with `load_evaluator("qa", ...)` or `from_llm`. A prompt of your own has the variables `query`, `answer`
    (the reference) and `result` (the prediction).

    Examples:
        >>> judge = QAEvalChain.from_llm(lambda messages: "Both say four. Verdict: [[CORRECT]]")
        >>> judge.evaluate_strings(input="What is 2 + 2?", prediction="4", reference="four")
        {'reasoning': 'Both say four. Verdict: [[CORRECT]]', 'value': 'CORRECT', 'score': 1}
    """

    requires_reference: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]

    returns: ClassVar[str] = "score 1 or 0, value CORRECT or INCORRECT, reasoning"
    _prompt_name: ClassVar[str] = "qa"
    prompt_variables: ClassVar[Mapping[str, str]] = {"query": "input", "answer": "reference", "result": "prediction"}

    @classmethod
    def from_llm(cls, llm: object = None, prompt: BasePromptTemplate[Any] | None = None, **kwargs: Any) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            prompt: a prompt in the place of the built-in one.
            **kwargs: the evaluator's other fields, such as `repair`, `tags`, `prediction_key`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge needs a package that is not installed.
        """
        return cls._make(llm, kwargs, prompt=prompt)

    @property
    def evaluation_name(self) -> str:
        """The key of the feedback in LangSmith."""
        return "correctness"

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return LabeledScoreInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return VerdictResult

    def _reply_wish(self) -> ReplyWish:
        return verdict_wish(self, tuple(_GRADES))

    def _make_judge(self, prompt: PromptFile, llm: Judge) -> ChoiceJudge:
        return choice_judge(self, prompt, llm, words=_GRADES, values=_VALUES)

    def _result(self, outcome: Score | Parsed) -> Any:
        if isinstance(outcome, Parsed):
            return outcome.value
        score = plain_number(outcome.value)
        return {"reasoning": outcome.reasoning.strip(), "value": outcome.label, "score": score, **how(outcome)}

    def _scored(self, outcome: Parsed) -> Score:
        return parsed_score(self, outcome)


class ContextQAEvalChain(QAEvalChain):
    """Grades an answer as CORRECT or INCORRECT by a context, given as `reference`.

    Made with `load_evaluator("context_qa", ...)` or `from_llm`. A prompt of your own has the variables `query`,
    `context` and `result`.

    Examples:
        >>> judge = ContextQAEvalChain.from_llm(lambda messages: "The context says 1903. Verdict: [[INCORRECT]]")
        >>> judge.evaluate_strings(input="Since when?", prediction="1905", reference="Founded in 1903.")["score"]
        0
    """

    _prompt_name: ClassVar[str] = "context_qa"
    prompt_variables: ClassVar[Mapping[str, str]] = {"query": "input", "context": "reference", "result": "prediction"}

    @property
    def evaluation_name(self) -> str:
        """The key of the feedback in LangSmith."""
        return "Contextual Accuracy"


class CotQAEvalChain(ContextQAEvalChain):
    """Grades an answer as CORRECT or INCORRECT by a context, given as `reference`, step by step.

    Made with `load_evaluator("cot_qa", ...)` or `from_llm`.

    Examples:
        >>> judge = CotQAEvalChain.from_llm(lambda messages: "1. It asks for a year. 2. ... Verdict: [[CORRECT]]")
        >>> judge.evaluate_strings(input="Since when?", prediction="1903", reference="Founded in 1903.")["value"]
        'CORRECT'
    """

    _prompt_name: ClassVar[str] = "cot_qa"

    @property
    def evaluation_name(self) -> str:
        """The key of the feedback in LangSmith."""
        return "COT Contextual Accuracy"
