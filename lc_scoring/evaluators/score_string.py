"""score_string and labeled_score_string: one rating for one text, with the judge's reasons."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from langchain_core.messages import SystemMessage
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import RunnableConfig
from pydantic import BeforeValidator, Field, PrivateAttr, SkipValidation, ValidationError, field_validator

from lc_scoring import __version__
from lc_scoring.errors import ConfigError, ReplyError
from lc_scoring.evaluators.judged import JudgedEvaluator
from lc_scoring.evaluators.schema import LabeledScoreInput, ScoreInput, ScoreResult
from lc_scoring.flow import Flow, Messages, ask
from lc_scoring.judged_text import neutralize
from lc_scoring.judges.score import PromptRenderer, Render, ScoreJudge, check_finished
from lc_scoring.models.resolve import judge_name, resolve_llm
from lc_scoring.rating import without_residue
from lc_scoring.records import Sample, Score
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import load_all
from lc_scoring.scale import Scale, plain_number
from lc_scoring.template import PromptFile, load_prompt


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a user's own `output_parser` made of a reply."""

    value: Any


class ScoreStringEvalChain(JudgedEvaluator):
    """Rates a text by criteria, without a reference.

    Made with `load_evaluator("score_string", ...)` or `from_llm`. It is a Runnable from a mapping of
    `prediction` and `input` to a mapping of `reasoning` and `score`, and goes as it is into
    `langsmith.evaluate(..., evaluators=[...])`.

    Examples:
        >>> judge = ScoreStringEvalChain.from_llm(lambda messages: "Short and right. Rating: [[8]]")
        >>> judge.invoke({"input": "What is 2 + 2?", "prediction": "4"})
        {'reasoning': 'Short and right. Rating: [[8]]', 'score': 8}
    """

    criterion_name: str
    """The criteria's names, joined by "-"."""
    rubric: SkipValidation[Rubric | None] = None
    """What the judge looks at; None for the bare `criterion_name`."""
    scale: Annotated[SkipValidation[Scale], BeforeValidator(Scale.parse)] = Scale()
    """The ratings the judge may give."""
    normalize_by: float | None = None
    """What the rating is divided by to make `score`; None to leave it in scale units."""
    prompt: SkipValidation[BasePromptTemplate[Any] | None] = None
    """A prompt in the place of the built-in one; its variables are `prediction`, `input`, `criteria` (and
    `reference` where the evaluator is labeled)."""
    output_parser: SkipValidation[BaseOutputParser[Any] | None] = None
    """A reader in the place of the built-in one; what it returns is the result."""
    repair: int = Field(default=1, ge=0)
    """How many times the judge is asked again when its answer holds no readable rating."""

    _judge: ScoreJudge = PrivateAttr()
    _prompt_name: ClassVar[str] = "score_string"

    @classmethod
    def from_llm(
        cls,
        llm: object = None,
        *,
        prompt: BasePromptTemplate[Any] | None = None,
        criteria: CriteriaLike | Path = None,
        scale: object = None,
        normalize_by: float | None = None,
        **kwargs: Any,
    ) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            prompt: a prompt in the place of the built-in one.
            criteria: what to look at, in every form LangChain took; see `Rubric.parse`. Also a rubric file's path.
            scale: the ratings the judge may give, for example `(1, 5)`; 1 to 10, or the rubric's own, by default.
            normalize_by: what the rating is divided by to make `score`.
            **kwargs: the evaluator's other fields, such as `repair`, `output_parser`, `tags`, `prediction_key`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge needs a package that is not installed.
        """
        known = sorted(cls.model_fields.keys() - {"criterion_name", "rubric"} | {"criteria"})
        for name in kwargs.keys() - set(known):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{cls.__name__} takes no {name!r}; it takes {', '.join(known)}.{hint}")
        rubric = Rubric.parse(load_all(criteria))
        try:
            return cls(
                llm=resolve_llm(llm),
                criterion_name=rubric.name,
                rubric=rubric,
                scale=Scale.parse(scale) if scale is not None else rubric.scale or Scale(),
                normalize_by=normalize_by,
                prompt=prompt,
                **kwargs,
            )
        except ValidationError as error:
            raise ConfigError(_readable(error)) from error

    @field_validator("normalize_by")
    @classmethod
    def _check_normalize_by(cls, value: float | None) -> float | None:
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError("normalize_by divides the rating, so it must be a finite number above 0.")
        return value

    @field_validator("prompt")
    @classmethod
    def _check_prompt(cls, value: BasePromptTemplate[Any] | None) -> BasePromptTemplate[Any] | None:
        if value is None:
            return None
        if not isinstance(value, BasePromptTemplate):
            raise ValueError(  # noqa: TRY004 - pydantic makes its errors of ValueErrors
                f"prompt takes a prompt template; got {type(value).__name__}. Try PromptTemplate.from_template(...)."
            )
        expected = cls._prompt_variables()
        if set(value.input_variables) != expected:
            raise ValueError(
                f"Input variables should be {expected}, but got {value.input_variables}: "
                "rename them, and fill others with prompt.partial()."
            )
        return value

    def model_post_init(self, context: Any, /) -> None:
        """Prepare all that is the same for every sample."""
        super().model_post_init(context)
        rubric = self.rubric or Rubric.parse(self.criterion_name)
        rubric.check_levels(self.scale)
        prompt = load_prompt(self._prompt_name)
        self._judge = ScoreJudge(
            name=self.evaluation_name,
            scale=self.scale,
            render=self._renderer(prompt, rubric),
            repair_question=prompt.repair,
            repairs=self.repair,
            lower_is_better=rubric.lower_is_better,
            signature=self._signature(f"{prompt.name}@{prompt.version}", rubric),
        )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the evaluator; with `update` it is made anew, since its fields hang together."""
        if not update:
            return super().model_copy(deep=deep)
        return type(self)(**{**self.__dict__, **update})

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
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        return self._judge.signature

    def score(self, sample: Sample, config: RunnableConfig | None = None) -> Score:
        """Judge a Sample; where `evaluate_strings` returns LangChain's mapping, this returns the whole Score.

        Raises:
            ConfigError: the sample lacks what the evaluator needs.
            ModelError: the model gave no answer.
            ReplyError: its answer holds no rating.
        """
        return self._as_score(self._outcome(self._sample(sample), config)[0])

    async def ascore(self, sample: Sample, config: RunnableConfig | None = None) -> Score:
        """Judge a Sample, asynchronously; see `score`."""
        return self._as_score((await self._aoutcome(self._sample(sample), config))[0])

    @classmethod
    def _prompt_variables(cls) -> set[str]:
        return {"prediction", "input", "criteria"}

    def _renderer(self, prompt: PromptFile, rubric: Rubric) -> Render:
        if self.prompt is None:
            return PromptRenderer.of(prompt, rubric, self.scale, system=SystemMessage(prompt.system))
        return _OwnPrompt(self.prompt.partial(criteria=rubric.render()), self.requires_reference)

    def _flow(self, sample: Sample) -> Flow[Score | Parsed]:
        return self._judge.judge(sample) if self.output_parser is None else self._parsed(sample, self.output_parser)

    def _parsed(self, sample: Sample, parser: BaseOutputParser[Any]) -> Flow[Parsed]:
        texts = (sample.prediction, sample.input, sample.reference)
        harmless = [None if text is None else neutralize(text) for text in texts]
        reply = yield from ask(self._judge.render(harmless[0] or "", *harmless[1:]), purpose="rate")
        check_finished(reply)
        try:
            return Parsed(parser.parse(without_residue(reply.text)))
        except Exception as error:  # a parser of the user's own may raise anything
            said = f"{type(error).__name__}: {error}"
            raise ReplyError(f"{type(parser).__name__} cannot read the answer: {said}.", reply=reply.text) from error

    def _result(self, outcome: Score | Parsed) -> Any:
        if isinstance(outcome, Score):
            return {"reasoning": outcome.reasoning, "score": self._normalized(outcome.rating)}
        value = outcome.value
        if isinstance(value, Mapping):
            return {**value, **({"score": self._normalized(value["score"])} if "score" in value else {})}
        return value

    def _normalized(self, rating: Any) -> Any:
        if self.normalize_by is None:
            return rating
        if isinstance(rating, bool) or not isinstance(rating, (int, float)):
            raise ReplyError("The output_parser gave a score that is no number to normalize.", reply=repr(rating))
        return rating / self.normalize_by

    def _as_score(self, outcome: Score | Parsed) -> Score:
        if isinstance(outcome, Score):
            return outcome
        value = outcome.value
        rating = value.get("score") if isinstance(value, Mapping) else None
        if isinstance(rating, bool) or not isinstance(rating, (int, float)) or not self.scale.contains(rating):
            raise ReplyError(f"The output_parser gave no score on the scale {self.scale}.", reply=repr(value))
        reasoning = str(value.get("reasoning", ""))
        return self._judge.scored(plain_number(rating), reasoning)

    def _feedback(self, result: Any) -> dict[str, Any]:
        made_by = {"evaluator_info": {"signature": self.signature}}
        if not isinstance(result, Mapping):
            return {"value": str(result), **made_by}
        if "score" not in result:
            raise ReplyError("The output_parser's mapping has no score to report.", reply=repr(result))
        bounds = {"min": self._normalized(self.scale.low), "max": self._normalized(self.scale.high)}
        return {**super()._feedback(result), "feedback_config": {"type": "continuous", **bounds}, **made_by}

    def _signature(self, prompt: str, rubric: Rubric) -> str:
        if self.prompt is not None:
            prompt = f"own:{hashlib.sha256(repr(self.prompt).encode('utf-8', 'replace')).hexdigest()[:8]}"
        parts = {
            "prompt": prompt,
            "rubric": rubric.digest(),
            "scale": self.scale,
            "judge": judge_name(self.llm),
            "repair": self.repair,
            "parser": "own" if self.output_parser else "rating",
            "lc_scoring": __version__,
        }
        return "|".join([self.evaluation_name, *(f"{key}={value}" for key, value in parts.items())])


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

    requires_reference: ClassVar[bool] = True
    _prompt_name: ClassVar[str] = "labeled_score_string"

    @classmethod
    def _prompt_variables(cls) -> set[str]:
        return {"prediction", "input", "criteria", "reference"}


@dataclass(frozen=True, slots=True)
class _OwnPrompt:
    """Words the question with a prompt of the user's own."""

    prompt: BasePromptTemplate[Any]
    labeled: bool

    def __call__(self, prediction: str, question: str | None, reference: str | None) -> Messages:
        values = {"prediction": prediction, "input": question or ""}
        if self.labeled:
            values["reference"] = reference or ""
        return tuple(self.prompt.format_prompt(**values).to_messages())


def _readable(error: ValidationError) -> str:
    """Say a validation error as the rest of the package does, without pydantic's preamble."""
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    return f"{first['loc'][0]}: {said} Got {first['input']!r}." if first["loc"] else said
