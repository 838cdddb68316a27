"""The RAG evaluator: what the metrics of retrieval-augmented generation share, from a row to a Score with its parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableConfig
from langsmith.schemas import Example, Run
from pydantic import Field

from lc_scoring import __version__
from lc_scoring.data.shapes import fields_of_shape
from lc_scoring.data.text import texts_of
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.arguments import made_of, refuse_unknown
from lc_scoring.evaluators.context_rows import answer_among, find_contexts, without_contexts
from lc_scoring.evaluators.experiment import Key, example_fields, follow, pick, row_fields
from lc_scoring.evaluators.fields import PiecesResult, RowInput, as_texts
from lc_scoring.evaluators.judged import JudgedEvaluator, Texts
from lc_scoring.evaluators.list_questions import ListQuestions, versions
from lc_scoring.evaluators.reply_form import Output
from lc_scoring.evaluators.schema import StringEvaluator
from lc_scoring.evaluators.told import how
from lc_scoring.flow import Answers, Ask, Asked, Embed, Flow, Reply
from lc_scoring.models.embeddings import LEXICAL, embeddings_name, resolve_embeddings
from lc_scoring.models.lexical import LexicalEmbeddings
from lc_scoring.models.resolve import judge_name
from lc_scoring.rag.metric import Metric, billed
from lc_scoring.records import Sample, Score

_MATERIAL = ("prediction", "input", "reference", "contexts", "id")


class RAGEvaluator(JudgedEvaluator, StringEvaluator):
    """Judges an answer, or the contexts retrieved for it, and shows the pieces that the number is made of.

    Subclasses say what they need, and make the metric.
    """

    repair: int = Field(default=1, ge=0)
    """How many times the judge is asked again when its list cannot be read."""
    output: Output = "text"
    """What the judge is asked to write: text, JSON, or "auto": JSON where the model can be held to a schema."""
    contexts_key: Key = Field(default=None, exclude=True)
    """In LangSmith experiments: where the run's outputs hold the contexts; None for their usual names."""

    requires_input: ClassVar[bool] = False  # pyright: ignore[reportIncompatibleMethodOverride]
    requires_reference: ClassVar[bool] = False  # pyright: ignore[reportIncompatibleMethodOverride]
    returns: ClassVar[str] = "score 0 to 1, reasoning, parts"
    metric_name: ClassVar[str]
    """The metric's name: the key of its feedback."""
    prompt_names: ClassVar[tuple[str, ...]] = ()
    """The prompt files that it asks with."""

    @classmethod
    def arguments(cls) -> set[str]:
        """Return the names of what the evaluator can be made with."""
        return set(cls.model_fields)

    @classmethod
    def from_llm(cls, llm: object = None, **kwargs: Any) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            **kwargs: the evaluator's fields, such as `output`, `repair`, `tags`, `prediction_key`.

        Raises:
            ConfigError: one of them cannot be used; the message says why.
            MissingExtra: the judge or the embeddings need a package that is not installed.
        """
        refuse_unknown(cls.__name__, kwargs, cls.arguments())
        return made_of(cls, {"llm": llm, **kwargs})

    @abstractmethod
    def _metric(self, questions: ListQuestions) -> Metric:
        """Make the metric of the questions that it asks."""

    @cached_property
    def _judge(self) -> Metric:
        return self._metric(self._questions(rehearsed=False))

    def _questions(self, *, rehearsed: bool) -> ListQuestions:
        return ListQuestions(judge=self.llm, output=self.output, repairs=self.repair, rehearsed=rehearsed)

    def metric(self, *, rehearsed: bool = False) -> Metric:
        """Return the metric that judges samples; a rehearsed one makes answers up, and tells what would be asked."""
        return self._metric(self._questions(rehearsed=True)) if rehearsed else self._judge

    def model_post_init(self, context: Any, /) -> None:
        """Prepare what is the same for every sample, and find out now what cannot be judged."""
        super().model_post_init(context)
        _ = self._judge

    @property
    def evaluation_name(self) -> str:
        """The metric's name: the key of the feedback in LangSmith."""
        return self.metric_name

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return RowInput

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it returns."""
        return PiecesResult

    @property
    def signature(self) -> str:
        """What makes this evaluator's scores: scores of equal signatures are comparable."""
        parts = {
            **({"prompt": versions(*self.prompt_names, structured=self._is_structured)} if self.prompt_names else {}),
            **self._signature_parts(),
            **({"judge": judge_name(self.llm), "repair": self.repair} if self.prompt_names else {}),
            "lc_scoring": __version__,
        }
        return "|".join([self.evaluation_name, *(f"{name}={value}" for name, value in parts.items())])

    @property
    def _is_structured(self) -> bool:
        return bool(self._questions(rehearsed=False).of(self.prompt_names[0], **self._words()).options)

    def _words(self) -> dict[str, str]:
        """Return what is the same for every sample, by its slot in the prompt files."""
        return {}

    def _signature_parts(self) -> dict[str, object]:
        """Return what makes this metric's scores beside its prompts and its judge."""
        return {}

    @property
    def plan(self) -> tuple[str, ...]:
        """What is asked about each row, a question each; the judge's last answer may be asked for once more."""
        stand_in = Sample(prediction="A [1].", input="Q?", reference="A.", contexts=("A.",))
        return tuple(_purpose(one) for one in self._all_asks(stand_in))

    def first_asks(self, fields: Mapping[str, Any]) -> Asked:
        """Return all that would be asked about fields, without asking it; claims are taken to be sentences.

        Raises:
            ConfigError: a field is missing or unusable.
        """
        return self._all_asks(_sample(self._texts(self._given(fields))))

    def _all_asks(self, sample: Sample) -> Asked:
        asks: list[Ask | Embed] = []
        flow = self.metric(rehearsed=True).judge(sample)
        answers: Answers | None = None
        while True:
            try:
                asked = next(flow) if answers is None else flow.send(answers)
            except (StopIteration, NotApplicable):
                return tuple(asks)
            asks += asked
            answers = tuple([[1.0]] * len(one.texts) if isinstance(one, Embed) else Reply(text="") for one in asked)

    # From a row to a sample, and from a score to a result.

    @property
    def _field_names(self) -> tuple[str, ...]:
        return (*super()._field_names, "contexts")

    def _given(self, fields: object) -> dict[str, Any]:
        """Take what is needed out of what it is invoked with; rows of known shapes, as a chain's output, are known."""
        if isinstance(fields, Mapping) and any(fields.get(key) is None for key in self.input_keys):
            own = {key: value for key, value in fields.items() if value is not None}
            fields = {**fields_of_shape(fields), **own}
        given = super()._given(fields)
        return {**given, "id": fields.id} if isinstance(fields, Sample) and fields.id is not None else given

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        names = [name for name in self.input_keys if name != "contexts"]
        also = [name for name in self.optional_keys if name != "contexts" and fields.get(name) is not None]
        texts: dict[str, Any] = as_texts(type(self).__name__, fields, (*names, *also))
        if "contexts" in self.input_keys:
            if fields.get("contexts") is None:
                raise ConfigError(f"{type(self).__name__} requires contexts, a list of texts.")
            texts["contexts"] = tuple(texts_of("contexts", fields["contexts"]))
        if fields.get("id") is not None:
            texts["id"] = fields["id"]
        _sample(texts)  # refuses what no judge can be shown
        return texts

    def _flow(self, texts: Texts) -> Flow[Score | NotApplicable]:
        return _or_not_applicable(billed(self._judge.judge(_sample(texts))))

    def _evaluate_strings(self, **given: Any) -> Any:
        return self._judge_fields(**given)

    async def _aevaluate_strings(self, **given: Any) -> Any:
        return await self._ajudge_fields(**given)

    def score(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping; where `invoke` returns a mapping, this returns the whole Score.

        Raises:
            ConfigError: it lacks what the metric needs.
            ModelError: a model gave no answer.
            ReplyError: an answer of the judge could not be read in the end.
            NotApplicable: the metric is not defined for it; `state` says why, such as "no claims".
        """
        return _or_raise(self._outcome(self._texts(self._given(sample)), config)[0])

    async def ascore(self, sample: Sample | Mapping[str, Any], config: RunnableConfig | None = None) -> Score:
        """Judge a Sample or a mapping, asynchronously; see `score`."""
        return _or_raise((await self._aoutcome(self._texts(self._given(sample)), config))[0])

    def _result(self, outcome: Score | NotApplicable) -> dict[str, Any]:
        if isinstance(outcome, NotApplicable):
            return {"reasoning": outcome.reasoning, "score": None, "value": outcome.state}
        label = {} if outcome.label is None else {"value": outcome.label}
        return {"reasoning": outcome.reasoning, "score": self.reported(outcome), **label, **how(outcome)}

    def _feedback(self, result: Any) -> dict[str, Any]:
        return {**super()._feedback(result), "evaluator_info": {"signature": self.signature}}

    def _row(self, run: Run, example: Example | None) -> Mapping[str, Any]:
        """Take the fields out of a LangSmith row: the run's outputs beside the example's inputs and outputs."""
        if self.prepare_data is not None:
            return row_fields(self, run, example)
        outputs, inputs = run.outputs or {}, (example.inputs if example is not None else run.inputs) or {}
        fields: dict[str, Any] = example_fields(self, run, example)
        if "input" in self.optional_keys and (self.input_key or len(without_contexts(inputs)) == 1):
            fields["input"] = pick(without_contexts(inputs), self.input_key, "input", "the example's inputs")
        if "prediction" in self.input_keys:
            answer = outputs if self.prediction_key is not None else answer_among(outputs)
            fields["prediction"] = pick(answer, self.prediction_key, "prediction", "the run's outputs")
        if "contexts" in self.input_keys:
            fields["contexts"] = self._contexts_of(outputs, inputs)
        return fields

    def _contexts_of(self, outputs: dict[str, Any], inputs: dict[str, Any]) -> Any:
        key = self.contexts_key
        if key is None:
            return find_contexts((outputs, inputs))
        return key(outputs) if callable(key) else follow(outputs, key, "contexts", "the run's outputs")


class EmbeddingRAGEvaluator(RAGEvaluator):
    """A RAG evaluator that compares texts by their embeddings."""

    embeddings: Any = None
    """The embedding model: a LangChain `Embeddings`, a model string, or "lexical", which compares letters and words and
    downloads nothing; None takes the environment's `LC_SCORING_EMBEDDINGS`, else "lexical"."""

    needs: ClassVar[tuple[str, ...]] = ("embeddings (lexical by default)",)

    @cached_property
    def _embeddings(self) -> Embeddings:
        return resolve_embeddings(self.embeddings, LEXICAL)

    @property
    def _measure(self) -> str:
        """What the similarity is called: one of letters must not be taken for one of meaning."""
        return "lexical similarity" if isinstance(self._embeddings, LexicalEmbeddings) else "similarity"

    def _signature_parts(self) -> dict[str, object]:
        return {"embeddings": embeddings_name(self._embeddings)}


def _sample(texts: Mapping[str, Any]) -> Sample:
    given: dict[str, Any] = {name: texts[name] for name in _MATERIAL if texts.get(name) is not None}
    given.setdefault("prediction", "")
    return Sample(**given)


def _purpose(one: Ask | Embed) -> str:
    return one.purpose if isinstance(one, Ask) else f"embeddings of {len(one.texts)} texts"


def _or_not_applicable(flow: Flow[Score]) -> Flow[Score | NotApplicable]:
    """Take a state in which the metric is not defined for an outcome, not for an error."""
    try:
        return (yield from flow)
    except NotApplicable as state:
        return state


def _or_raise(outcome: Score | NotApplicable) -> Score:
    if isinstance(outcome, NotApplicable):
        raise outcome
    return outcome
