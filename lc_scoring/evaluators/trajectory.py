"""trajectory: how well an agent went about its task, from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from langsmith.schemas import Example, Run
from pydantic import Field, SkipValidation

from lc_scoring.data.row import is_missing
from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.agent_steps import answer_of, describe_tools, describe_trajectory, has_messages
from lc_scoring.evaluators.experiment import Key, example_fields, follow, pick, row_fields
from lc_scoring.evaluators.fields import TrajectoryInput, TrajectoryResult, as_texts
from lc_scoring.evaluators.judged import Texts
from lc_scoring.evaluators.prompted import Parsed, PromptedEvaluator, parsed_score
from lc_scoring.evaluators.ratings import rating_wish, score_judge
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.evaluators.schema import AgentTrajectoryEvaluator
from lc_scoring.evaluators.told import how
from lc_scoring.flow import Flow
from lc_scoring.judges.score import ScoreJudge, scale_words
from lc_scoring.models.judge import Judge
from lc_scoring.rating import read_labeled_rating, without_rating_line
from lc_scoring.records import Score
from lc_scoring.scale import Scale
from lc_scoring.template import PromptFile, load_prompt

TRAJECTORY_SCALE = Scale(1, 5)
"""The ratings of an agent's steps."""

_TRAJECTORY_KEYS = ("intermediate_steps", "messages")


class TrajectoryEvalChain(PromptedEvaluator, AgentTrajectoryEvaluator):
    """Rates how an agent went about its task: its tools, their order, its answer.

    Made with `load_evaluator("trajectory", ...)` or `from_llm`. It takes LangChain messages, as `create_agent`
    returns them, or pairs of an action and what came of it, as the old agents did. The judge rates from 1 to 5; the
    score is that in [0, 1].

    Examples:
        >>> judge = TrajectoryEvalChain.from_llm(lambda messages: "One call, well used. Rating: [[5]]")
        >>> judge.evaluate_agent_trajectory(
        ...     input="What is 2 + 2?",
        ...     agent_trajectory=[({"tool": "add", "tool_input": "2, 2"}, "4")],
        ...     prediction="It is 4.",
        ... )
        {'score': 1.0, 'reasoning': 'One call, well used.'}
    """

    agent_tools: SkipValidation[Sequence[Any] | None] = Field(default=None, exclude=True)
    """The tools the agent had: LangChain tools, or mappings of `name` and `description`."""
    return_reasoning: bool = True
    """Has no effect: the reasoning is always returned."""
    trajectory_key: Key = Field(default=None, exclude=True)
    """In LangSmith experiments: where the run's outputs hold the steps; None for `messages` or
    `intermediate_steps`."""

    requires_input: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    returns: ClassVar[str] = "score 0 to 1, reasoning"
    _prompt_name: ClassVar[str] = "trajectory"
    prompt_variables: ClassVar[Mapping[str, str]] = {
        "question": "input",
        "agent_trajectory": "agent_trajectory",
        "answer": "prediction",
        "reference": "reference",
    }
    _reads: ClassVar[str] = "rating"

    @classmethod
    def from_llm(cls, llm: object = None, agent_tools: Sequence[Any] | None = None, **kwargs: Any) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            agent_tools: the tools the agent had.
            **kwargs: the evaluator's other fields, such as `prompt`, `output_parser`, `repair`, `tags`. A prompt
                of your own has the variables `question`, `agent_trajectory`, `answer` and `reference`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge needs a package that is not installed.
        """
        return cls._make(llm, kwargs, agent_tools=agent_tools)

    @property
    def evaluation_name(self) -> str:
        """The key of the feedback in LangSmith."""
        return "trajectory"

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return TrajectoryInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return TrajectoryResult

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs."""
        return ["agent_trajectory", "input"]

    @property
    def optional_keys(self) -> list[str]:
        """The fields that `invoke` uses where they are given; messages hold the prediction."""
        return ["prediction", "reference"]

    def reported(self, score: Score) -> float:
        """Return the score in [0, 1]."""
        return score.value

    @staticmethod
    def get_agent_trajectory(steps: object) -> str:
        """Write an agent's steps as the judge reads them; see `describe_trajectory`."""
        return describe_trajectory(steps)

    @cached_property
    def _labeled_judge(self) -> Any:
        return self._judge_by(load_prompt(f"labeled_{self._prompt_name}"))

    def _evaluate_agent_trajectory(self, **given: Any) -> Any:
        return self._judge_fields(**given)

    async def _aevaluate_agent_trajectory(self, **given: Any) -> Any:
        return await self._ajudge_fields(**given)

    def _given(self, fields: object) -> dict[str, Any]:
        """Take the final message for the prediction where none is given."""
        if isinstance(fields, Mapping) and fields.get("prediction") is None:
            steps = fields.get("agent_trajectory")
            fields = {**fields, "prediction": answer_of(steps)} if has_messages(steps) else fields
        return super()._given(fields)

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        steps = fields.get("agent_trajectory")
        written = fields if steps is None else {**fields, "agent_trajectory": describe_trajectory(steps)}
        name, reference = type(self).__name__, fields.get("reference")
        known_right = {"reference": None} if reference is None else as_texts(name, fields, ["reference"])
        return {**super()._texts(written), **known_right}

    def _row(self, run: Run, example: Example | None) -> Mapping[str, Any]:
        if self.prepare_data is not None:
            return row_fields(self, run, example)
        outputs = run.outputs or {}
        key = self.trajectory_key or next((name for name in _TRAJECTORY_KEYS if name in outputs), None)
        if key is None:
            raise ConfigError(
                f"There are no steps to judge: the run's outputs have {', '.join(outputs) or 'nothing'}, neither of "
                f"{', '.join(_TRAJECTORY_KEYS)}. Name the place as trajectory_key=, or pass prepare_data=."
            )
        steps = key(outputs) if callable(key) else follow(outputs, key, "trajectory", "the run's outputs")
        fields: dict[str, Any] = {"agent_trajectory": steps, **example_fields(self, run, example)}
        place = "the run's outputs"
        if self.prediction_key is not None:
            fields["prediction"] = pick(outputs, self.prediction_key, "prediction", place)
        elif not has_messages(steps):
            rest = {name: value for name, value in outputs.items() if name != key}
            fields["prediction"] = pick(rest, "output" if "output" in rest else None, "prediction", place)
        answers = (example.outputs if example is not None else None) or {}
        if self.reference_key is not None or [is_missing(answer) for answer in answers.values()] == [False]:
            place = "the example's reference outputs"
            fields["reference"] = pick(answers, self.reference_key, "reference", place)
        return fields

    def words(self) -> dict[str, str]:
        """Return what is the same for every sample, by its slot in the prompt file."""
        return {"tools": describe_tools(self.agent_tools), **scale_words(TRAJECTORY_SCALE)}

    def _signature_parts(self) -> dict[str, object]:
        return {"scale": TRAJECTORY_SCALE, "tools": digest(self.words()["tools"])}

    def _reply_wish(self) -> ReplyWish:
        return rating_wish(self, TRAJECTORY_SCALE)

    def _make_judge(self, prompt: PromptFile, llm: Judge) -> ScoreJudge:
        return score_judge(self, prompt, llm, scale=TRAJECTORY_SCALE, read=read_labeled_rating)

    def _flow(self, texts: Texts) -> Flow[Any]:
        if self.output_parser is None and texts.get("reference"):
            flow: Flow[Any] = self._labeled_judge.judge(texts)
            return flow
        return super()._flow(texts)

    def _result(self, outcome: Score | Parsed) -> Any:
        if isinstance(outcome, Parsed):
            return outcome.value
        return {"score": outcome.value, "reasoning": without_rating_line(outcome.reasoning), **how(outcome)}

    def _scored(self, outcome: Parsed) -> Score:
        return parsed_score(self, outcome)
