"""The prompted evaluator: a judged one whose question is a prompt file's or the user's own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from langchain_core.messages import SystemMessage
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import RunnableConfig
from pydantic import Field, SkipValidation, field_validator

from lc_scoring import __version__
from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError, NotApplicable, ReplyError
from lc_scoring.evaluators.arguments import made_of, refuse_unknown
from lc_scoring.evaluators.judged import Texts
from lc_scoring.evaluators.panels import PanelEvaluator, jury_of
from lc_scoring.evaluators.reply_form import Output, ReplyForm, ReplyWish
from lc_scoring.flow import Flow, Messages, ask
from lc_scoring.judges.asking import PromptRenderer, Render, check_finished, harmless
from lc_scoring.judges.panel import JudgeOfTexts
from lc_scoring.models.judge import Judge, is_decisions
from lc_scoring.models.options import Backend
from lc_scoring.models.prices import check_own_table
from lc_scoring.rating import without_residue
from lc_scoring.records import Sample, Score
from lc_scoring.template import PromptFile, load_prompt


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a user's own `output_parser` made of a reply."""

    value: Any


class PromptedEvaluator(PanelEvaluator):
    """A judged evaluator that asks one question, worded by one of the package's prompts or by the user's own."""

    prompt: SkipValidation[BasePromptTemplate[Any] | None] = None
    """A prompt in the place of the built-in one, with the variables LangChain's evaluator of this name had."""
    output_parser: SkipValidation[BaseOutputParser[Any] | None] = None
    """A reader in the place of the built-in one; what it returns is the result."""
    repair: int = Field(default=1, ge=0)
    """How many times the judge is asked again when its answer cannot be read."""
    wording: int = Field(default=1, ge=1)
    """Which of the built-in prompt's wordings asks, where it has several."""
    output: Output = "text"
    """What the judge is asked to write: text, JSON, or "auto": JSON where the model can be held to a schema."""
    backend: Backend | None = None
    """The server for local models that holds replies to their form: "vllm", "vllm<0.12", "sglang", "llama.cpp"."""

    _prompt_name: ClassVar[str]
    prompt_variables: ClassVar[Mapping[str, str]]
    """The variables of a user's own prompt, and the text each stands for; `criteria` is filled in once."""
    _reads: ClassVar[str] = "verdict"
    _made_from: ClassVar[frozenset[str]] = frozenset()
    """Fields that `from_llm` makes of other arguments."""
    _made_of: ClassVar[frozenset[str]] = frozenset()
    """Those arguments."""
    ways_of_asking: ClassVar[tuple[str, ...]] = ("samples", "jury", "output", "backend")
    """Arguments that ask in another way than once, for text; none goes with an `output_parser`."""

    @classmethod
    def arguments(cls) -> set[str]:
        """Return the names of what the evaluator can be made with."""
        return set(cls.model_fields) - cls._made_from | cls._made_of

    @classmethod
    def _make(cls, llm: object, given: Mapping[str, Any], **made: Any) -> Self:
        refuse_unknown(cls.__name__, given, cls.arguments())
        given = {name: value for name, value in given.items() if name != "jury" or value is not None}
        seated = jury_of(llm, given.get("jury"), samples=given.get("samples", 1))
        return made_of(cls, {**made, **given, **seated})

    @field_validator("prompt")
    @classmethod
    def _check_prompt(cls, value: BasePromptTemplate[Any] | None) -> BasePromptTemplate[Any] | None:
        if value is None:
            return None
        if not isinstance(value, BasePromptTemplate):
            raise ValueError(  # noqa: TRY004 - pydantic makes its errors of ValueErrors
                f"prompt takes a prompt template; got {type(value).__name__}. Try PromptTemplate.from_template(...)."
            )
        expected = set(cls.prompt_variables)
        if set(value.input_variables) != expected:
            raise ValueError(
                f"Input variables should be {expected}, but got {value.input_variables}: "
                "rename them, and fill others with prompt.partial()."
            )
        return value

    @field_validator("output_parser")
    @classmethod
    def _check_output_parser(cls, value: BaseOutputParser[Any] | None) -> BaseOutputParser[Any] | None:
        if value is not None and not callable(getattr(value, "parse", None)):
            raise ValueError(f"output_parser takes an output parser; got {type(value).__name__}.")
        return value

    def model_post_init(self, context: Any, /) -> None:
        """Prepare all that is the same for every sample, and find out now what cannot be judged."""
        super().model_post_init(context)
        check_own_table()
        self._check_panel()
        if self.output_parser is not None and (ways := self._ways_given()):
            raise ConfigError(f"An output_parser of your own reads one plain reply: leave out {', '.join(ways)}.")
        _ = self._judge

    def _ways_given(self) -> list[str]:
        """Return the names of the arguments given that ask in another way than once, for text."""
        fields = type(self).model_fields
        return [name for name in self.ways_of_asking if getattr(self, name) != fields[name].default]

    def _make_all_judges(self) -> JudgeOfTexts:
        return self._judge_by(load_prompt(self._prompt_name).worded(self.wording))

    def _judge_by(self, prompt: PromptFile) -> JudgeOfTexts:
        """Make what judges by a prompt: the judge, or all that sit on a panel."""
        judge: JudgeOfTexts = self._seated(prompt, self._make_judge)
        return judge

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the evaluator; with `update` it is made anew, since its fields hang together."""
        if not update:
            return super().model_copy(deep=deep)
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return made_of(type(self), {**fields, **update})

    @abstractmethod
    def _make_judge(self, prompt: PromptFile, llm: Judge) -> JudgeOfTexts:
        """Make one judge of those that are asked."""

    @abstractmethod
    def _reply_wish(self) -> ReplyWish:
        """Say what is wanted of a reply."""

    @property
    def reply_regex(self) -> str:
        """A regular expression of a legal reply, without look-around, for engines that constrain generation."""
        return self._reply_wish().constraint.regex

    @property
    def reply_schema(self) -> Mapping[str, Any]:
        """The JSON schema of a legal reply where JSON is asked for, for engines that constrain generation."""
        return self._reply_wish().constraint.schema

    @abstractmethod
    def _scored(self, outcome: Parsed) -> Score:
        """Make a Score of what a user's own parser returned."""

    @property
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        return str(self._judge.signature)

    def score(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping; where `invoke` returns LangChain's mapping, this returns the whole Score.

        Raises:
            ConfigError: it lacks what the evaluator needs.
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
            NotApplicable: the judge says that its criteria do not apply, where it may.
        """
        return self._whole(self._outcome(self._texts(self._given(sample)), config)[0])

    async def ascore(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping, asynchronously; see `score`."""
        return self._whole((await self._aoutcome(self._texts(self._given(sample)), config))[0])

    @property
    def _skip_reference_warning(self) -> str:
        return f"{super()._skip_reference_warning} To compare with a reference, use the evaluator that is labeled."

    def _whole(self, outcome: Score | Parsed | NotApplicable) -> Score:
        if isinstance(outcome, NotApplicable):
            raise outcome
        return outcome if isinstance(outcome, Score) else self._scored(outcome)

    def _feedback(self, result: Any) -> dict[str, Any]:
        made_by = {"evaluator_info": {"signature": self.signature, **self._how(result)}}
        if not isinstance(result, Mapping):
            return {"value": str(result), **made_by}
        if "score" not in result:
            raise ReplyError("The output_parser's mapping has no score to report.", reply=repr(result))
        return {**super()._feedback(result), **made_by}

    @staticmethod
    def _how(result: Any) -> dict[str, Any]:
        """Return what a result says of how its score was made."""
        told = result if isinstance(result, Mapping) else {}
        return {key: told[key] for key in ("basis", "spread", "failed") if told.get(key)}

    def _flow(self, texts: Texts) -> Flow[Any]:
        return self._judge.judge(texts) if self.output_parser is None else self._parsed(texts, self.output_parser)

    def _parsed(self, texts: Texts, parser: BaseOutputParser[Any]) -> Flow[Parsed]:
        safe, _ = harmless(texts)
        reply = yield from ask(self.renderer(ReplyForm(load_prompt(self._prompt_name)))(**safe), purpose="rate")
        check_finished(reply)
        try:
            return Parsed(parser.parse(without_residue(reply.text)))
        except Exception as error:  # a parser of the user's own may raise anything
            said = f"{type(error).__name__}: {error}"
            raise ReplyError(f"{type(parser).__name__} cannot read the answer: {said}.", reply=reply.text) from error

    def form_for(self, llm: Judge, prompt: PromptFile) -> ReplyForm:
        """Return how a judge is asked, by what it can do.

        Raises:
            ConfigError: it cannot be asked so.
        """
        if is_decisions(llm) and (self.prompt is not None or self.output_parser is not None):
            raise ConfigError("OpenAIDecisions judges with the built-in prompts: leave out prompt= and output_parser=.")
        return self._reply_wish().form_for(llm, prompt)

    def renderer(self, form: ReplyForm, **more: str) -> Render:
        """Return what words the question, in a form of reply.

        Args:
            form: how the judge is asked.
            **more: words that are the same for every sample, in the place of the evaluator's own.
        """
        words = {**self.words(), **form.words, **more}
        if self.prompt is None:
            prompt = form.prompt
            return PromptRenderer.of(prompt, system=SystemMessage(prompt.system), **words)
        filled = self.prompt.partial(criteria=words["rubric"]) if "criteria" in self.prompt_variables else self.prompt
        return _OwnPrompt(filled, self.prompt_variables)

    def words(self) -> dict[str, str]:
        """Return what is the same for every sample, by its slot in the prompt file."""
        return {}

    def _signature_parts(self) -> dict[str, object]:
        """Return what makes this evaluator's scores beside its prompt and its judge."""
        return {}

    def signature_of(self, prompt: PromptFile, judge: str, **ways: object) -> str:
        """Return the signature of a judge's scores.

        Args:
            prompt: how it is asked.
            judge: its name.
            **ways: in what other ways it is asked; what is empty is left out, so that plain ones stay plain.
        """
        worded = f"{prompt.name}@{prompt.version}"
        if self.prompt is not None:
            worded = f"own:{digest(repr(self.prompt))}"
        all_parts = {
            "prompt": worded,
            **self._signature_parts(),
            "judge": judge,
            "repair": self.repair,
            "parser": "own" if self.output_parser else self._reads,
            **{name: way for name, way in ways.items() if way},
            "lc_scoring": __version__,
        }
        return "|".join([self.evaluation_name, *(f"{key}={value}" for key, value in all_parts.items())])


def parsed_number(outcome: Parsed, wanted: str) -> float:
    """Return the number under `score` in what a user's own parser returned.

    Raises:
        ReplyError: there is none.
    """
    number = outcome.value.get("score") if isinstance(outcome.value, Mapping) else None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ReplyError(f"The output_parser gave no score, {wanted}.", reply=repr(outcome.value))
    return number


def parsed_score(evaluator: PromptedEvaluator, outcome: Parsed, *, lower_is_better: bool = False) -> Score:
    """Make a Score of what a user's own parser returned, where its `score` is in [0, 1].

    Raises:
        ReplyError: it is not.
    """
    number = parsed_number(outcome, "a number in [0, 1]")
    if not 0 <= number <= 1:
        raise ReplyError("The output_parser gave no score in [0, 1].", reply=repr(outcome.value))
    told = outcome.value
    return Score(
        name=evaluator.evaluation_name,
        value=1 - number if lower_is_better else float(number),
        label=None if told.get("value") is None else str(told["value"]),
        reasoning=str(told.get("reasoning") or ""),
        signature=evaluator.signature,
    )


@dataclass(frozen=True, slots=True)
class _OwnPrompt:
    """Words the question with a prompt of the user's own."""

    prompt: BasePromptTemplate[Any]
    variables: Mapping[str, str]

    def __call__(self, **texts: str) -> Messages:
        values = {variable: texts[text] for variable, text in self.variables.items() if text in texts}
        return tuple(self.prompt.format_prompt(**values).to_messages())
