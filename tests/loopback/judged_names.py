"""The ten names that need a judge: of each, what it is given, what its judge says, and what comes of that."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from lc_scoring import load_evaluator

TASK, RIGHT, WRONG = "What is the capital of France?", "It is Paris.", "It is Lyon."
STEPS = [({"tool": "atlas", "tool_input": "France"}, "Paris")]
GIVEN: dict[str, Any] = {
    "input": TASK,
    "prediction": RIGHT,
    "prediction_b": WRONG,
    "reference": "Paris",
    "agent_trajectory": STEPS,
}
TOLD = "Step 1\n  Tool: atlas\n  Input: France\n  Output: Paris"
"""The steps as the judge reads them."""


class Case(NamedTuple):
    """One name."""

    name: str
    kind: str  # the class
    called: str  # the method of LangChain's that judges
    fields: dict[str, Any]
    reply: str  # what the judge says; {} is the place, A or B, of the text that is right
    result: dict[str, Any]
    score: float  # of the Score, in [0, 1]
    options: dict[str, Any]
    evaluation_name: str
    questions: int = 1  # to the judge, for one judgement

    def judge(self, reply: str | None = None) -> Knowing:
        """The judge that says what this name's judge should."""
        return Knowing(says=self.reply if reply is None else reply)

    def made(self, llm: Any = None, **options: Any) -> Any:
        """The evaluator."""
        return load_evaluator(self.name, llm=self.judge() if llm is None else llm, **{**self.options, **options})


class Knowing(BaseChatModel):
    """A judge that says the same of everything but the place, A or B, at which the right text stands."""

    says: str
    asked: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "knowing"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        question = "\n".join(str(message.text) for message in messages)
        self.asked.append(question)
        place = "A" if question.find(RIGHT) < question.find(WRONG) else "B"
        reply = AIMessage(self.says.replace("{}", place))
        return ChatResult(generations=[ChatGeneration(message=reply)])


def _case(name: str, kind: str, called: str, fields: str, **rest: Any) -> Case:
    given = {field: GIVEN[field] for field in fields.split()}
    return Case(name=name, kind=kind, called=called, fields=given, **{"options": {}, **rest})


def _graded(name: str, kind: str, evaluation_name: str) -> Case:
    said = "The texts agree. Verdict: [[CORRECT]]"
    return _case(
        name, kind, "evaluate_strings", "input prediction reference", reply=said,
        result={"reasoning": said, "value": "CORRECT", "score": 1}, score=1, evaluation_name=evaluation_name,
    )  # fmt: skip


def _rated(name: str, kind: str, fields: str) -> Case:
    said = "Good. Rating: [[7]]"
    return _case(
        name, kind, "evaluate_strings", fields, reply=said, result={"reasoning": said, "score": 7}, score=6 / 9,
        options={"criteria": "depth"}, evaluation_name="score_string:depth",
    )  # fmt: skip


def _checked(name: str, kind: str, fields: str) -> Case:
    return _case(
        name, kind, "evaluate_strings", fields, reply="It is short.\nVerdict: [[Y]]",
        result={"reasoning": "It is short.", "value": "Y", "score": 1}, score=1,
        options={"criteria": "conciseness"}, evaluation_name="conciseness",
    )  # fmt: skip


def _compared(name: str, kind: str, fields: str) -> Case:
    reasoning = (
        "In both orders the same verdict.\n\nWith prediction as A, prediction_b as B:\nIt agrees. Verdict: [[A]]"
        "\n\nWith prediction_b as A, prediction as B:\nIt agrees. Verdict: [[B]]"
    )
    return _case(
        name, kind, "evaluate_string_pairs", fields, reply="It agrees. Verdict: [[{}]]", questions=2, score=1,
        result={"reasoning": reasoning, "value": "A", "score": 1, "swayed_by_position": False},
        options={"criteria": "depth"}, evaluation_name="pairwise_string:depth",
    )  # fmt: skip


CASES = {
    case.name: case
    for case in (
        _graded("qa", "QAEvalChain", "correctness"),
        _graded("context_qa", "ContextQAEvalChain", "Contextual Accuracy"),
        _graded("cot_qa", "CotQAEvalChain", "COT Contextual Accuracy"),
        _rated("score_string", "ScoreStringEvalChain", "input prediction"),
        _rated("labeled_score_string", "LabeledScoreStringEvalChain", "input prediction reference"),
        _checked("criteria", "CriteriaEvalChain", "input prediction"),
        _checked("labeled_criteria", "LabeledCriteriaEvalChain", "input prediction reference"),
        _compared("pairwise_string", "PairwiseStringEvalChain", "input prediction prediction_b"),
        _compared(
            "labeled_pairwise_string", "LabeledPairwiseStringEvalChain", "input prediction prediction_b reference"
        ),
        _case(
            "trajectory", "TrajectoryEvalChain", "evaluate_agent_trajectory", "input prediction agent_trajectory",
            reply="One call, well used. Rating: [[4]]", result={"score": 0.75, "reasoning": "One call, well used."},
            score=0.75, evaluation_name="trajectory",
        ),
    )
}  # fmt: skip

every_judged_name = pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
