"""The stars: similarity, fluency, groundedness, relevancy and coherence, rated 1 to 5 by five worked examples each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from langsmith.schemas import Example as LangSmithExample
from langsmith.schemas import Run

from lc_scoring.contexts import render_contexts
from lc_scoring.data.text import texts_of
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.by_criteria import rubric_from
from lc_scoring.evaluators.context_rows import answer_among, find_contexts, without_contexts
from lc_scoring.evaluators.experiment import example_fields, pick, row_fields
from lc_scoring.evaluators.fields import RowInput, as_texts
from lc_scoring.evaluators.judged import Texts
from lc_scoring.evaluators.reply_form import ReplyForm
from lc_scoring.evaluators.score_string import ScoreStringEvalChain
from lc_scoring.example import Example
from lc_scoring.example_file import find_examples
from lc_scoring.flow import Flow, Messages
from lc_scoring.judges.asking import Render
from lc_scoring.records import check_text
from lc_scoring.rubric import CriteriaLike, Rubric
from lc_scoring.rubric_file import find_rubric, load_all
from lc_scoring.scale import Scale
from lc_scoring.template import PromptFile, Template

_SCALE = Scale(1, 5, 1)
_CONTEXT = "context_"  # and a number: each context is a text of its own, so that its marks are seen for what they are
_SECTIONS = frozenset({"input", "reference", "contexts"})  # those of the prompt that a star may do without


class StarEvaluator(ScoreStringEvalChain):
    """Rates a text by one quality, from 1 to 5, with worked examples; each star is a subclass."""

    returns: ClassVar[str] = "score 1 to 5, reasoning"
    star: ClassVar[str]
    """Its name: the key of its feedback, and of its examples."""
    rubric_name: ClassVar[str]
    """The rubric of the library that it rates by where no other is given."""
    _prompt_name: ClassVar[str] = "stars"

    @classmethod
    def from_llm(
        cls,
        llm: object = None,
        *,
        criteria: CriteriaLike | Path = None,
        rubric: object = None,
        scale: object = None,
        examples: object = None,
        **kwargs: Any,
    ) -> Self:
        """Make the evaluator.

        Args:
            llm: the judge; see `load_evaluator`.
            criteria: what to look at, in the place of the star's own rubric; see `ScoreStringEvalChain.from_llm`.
            rubric: the same as a Rubric, a rubric file, or the name of one that comes along.
            scale: the ratings the judge may give; the rubric's own, or 1 to 5, by default.
            examples: rated texts in the place of the star's own five, `Example` or mappings; `[]` for none. The
                star's own are left out too where `rubric` brings some, and beside a `prompt` or `output_parser`
                of your own.
            **kwargs: what else `score_string` takes, such as `samples`, `jury`, `output`, `repair`, `normalize_by`.

        Raises:
            ConfigError: one of them cannot be used, or the star's own examples do not hold on this scale.
            MissingExtra: the judge needs a package that is not installed.
        """
        made = rubric_from(criteria, rubric)
        if made is None:
            made = find_rubric(cls.rubric_name) if criteria is None else Rubric.parse(load_all(criteria))
        ratings = Scale.parse(scale) if scale is not None else made.scale or _SCALE
        if examples is None:
            own_form = kwargs.get("prompt") is not None or kwargs.get("output_parser") is not None
            examples = () if own_form or made.examples else cls._own_examples(ratings)
        return super().from_llm(llm, rubric=made, scale=ratings, examples=examples, **kwargs)

    @classmethod
    def _own_examples(cls, scale: Scale) -> tuple[Example, ...]:
        examples = find_examples(cls.star)
        if (scale.low, scale.high) == (_SCALE.low, _SCALE.high) and all(scale.contains(one.score) for one in examples):
            return examples
        raise ConfigError(
            f"The examples that come with {cls.star} are rated from 1 to 5, and the scale is {scale}: give your own as "
            "examples=, or [] for none, and a rubric= whose levels are those of the scale."
        )

    @property
    def evaluation_name(self) -> str:
        """The star's name: the key of the feedback in LangSmith."""
        return self.star

    @property
    def InputType(self) -> type[Any]:  # noqa: N802 - Runnable's name
        """The mapping it is invoked with."""
        return RowInput

    def renderer(self, form: ReplyForm, **more: str) -> Render:
        """Return what words the question, in a form of reply; see `PromptedEvaluator.renderer`."""
        needed = frozenset(self.input_keys)
        bare, full = (
            super(StarEvaluator, self).renderer(replace(form, prompt=_showing(form.prompt, shown)), **more)
            for shown in (needed, needed | {*self.optional_keys})
        )
        return _StarRenderer(bare, full)

    def _part_name(self, criterion: str) -> str:
        return f"{self.star}:{criterion}"

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        needed = [name for name in self.input_keys if name != "contexts"]
        given = [name for name in self.optional_keys if fields.get(name) is not None]
        return as_texts(type(self).__name__, fields, (*needed, *given))

    def _row(self, run: Run, example: LangSmithExample | None) -> Mapping[str, Any]:
        if self.prepare_data is not None:
            return row_fields(self, run, example)
        outputs = run.outputs if self.prediction_key is not None else answer_among(run.outputs)
        prediction = pick(outputs, self.prediction_key, "prediction", "the run's outputs")
        fields = {"prediction": prediction, **example_fields(self, run, example)}
        inputs = (example.inputs if example is not None else run.inputs) or {}
        if "input" in self.optional_keys and (shown := inputs if self.input_key else without_contexts(inputs)):
            fields["input"] = pick(shown, self.input_key, "input", "the example's inputs")
        return fields


class SimilarityEvaluator(StarEvaluator):
    """Rates from 1 to 5 how far a text says what the reference says; the input is shown where it is given.

    Examples:
        >>> judge = SimilarityEvaluator.from_llm(lambda messages: "The same in other words. Rating: [[5]]")
        >>> judge.invoke({"prediction": "It shuts at six.", "reference": "It closes at 6 p.m."})
        {'reasoning': 'The same in other words. Rating: [[5]]', 'score': 5}
    """

    requires_input: ClassVar[bool] = False
    requires_reference: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleMethodOverride]
    star: ClassVar[str] = "similarity"
    rubric_name: ClassVar[str] = "similarity"
    _optional: ClassVar[tuple[str, ...]] = ("input",)
    prompt_variables: ClassVar[Mapping[str, str]] = {
        **ScoreStringEvalChain.prompt_variables,
        "reference": "reference",
    }


class FluencyEvaluator(StarEvaluator):
    """Rates from 1 to 5 how free a text is of errors in its language; it is shown the text alone.

    Examples:
        >>> judge = FluencyEvaluator.from_llm(lambda messages: "One slip, 'it close'. Rating: [[4]]")
        >>> judge.invoke({"prediction": "The door is shut, and it close at six."})
        {'reasoning': "One slip, 'it close'. Rating: [[4]]", 'score': 4}
    """

    requires_input: ClassVar[bool] = False
    star: ClassVar[str] = "fluency"
    rubric_name: ClassVar[str] = "fluency"
    prompt_variables: ClassVar[Mapping[str, str]] = {"prediction": "prediction", "criteria": "criteria"}


class GroundednessEvaluator(StarEvaluator):
    """Rates from 1 to 5 how far a text rests on its contexts; the input is shown where it is given.

    Where the contexts are none, or all blank, nothing is asked: `score` is None, as where a judge says that its
    criteria do not apply, and `evaluator.score(...)` raises NotApplicable.

    Examples:
        >>> judge = GroundednessEvaluator.from_llm(lambda messages: "Context 1 says so. Rating: [[5]]")
        >>> judge.invoke({"prediction": "It shuts at six.", "contexts": ["The shop closes at 6 p.m."]})
        {'reasoning': 'Context 1 says so. Rating: [[5]]', 'score': 5}
    """

    requires_input: ClassVar[bool] = False
    star: ClassVar[str] = "groundedness"
    rubric_name: ClassVar[str] = "groundedness"
    _judged: ClassVar[tuple[str, ...]] = ("prediction", "contexts")
    _optional: ClassVar[tuple[str, ...]] = ("input",)
    prompt_variables: ClassVar[Mapping[str, str]] = {**ScoreStringEvalChain.prompt_variables, "contexts": "contexts"}

    @property
    def _field_names(self) -> tuple[str, ...]:
        return (*super()._field_names, "contexts")

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        if fields.get("contexts") is None:
            raise ConfigError(f"{type(self).__name__} requires contexts, a list of texts.")
        contexts = texts_of("contexts", fields["contexts"])
        for number, context in enumerate(contexts, 1):
            check_text(f"contexts[{number - 1}]", context)
        numbered = {f"{_CONTEXT}{number}": context for number, context in enumerate(contexts, 1)}
        return {**super()._texts(fields), **numbered}

    def _flow(self, texts: Texts) -> Flow[Any]:
        if any(text and text.strip() for name, text in texts.items() if name.startswith(_CONTEXT)):
            return super()._flow(texts)
        return _told(NotApplicable("There are no contexts that the text could rest on.", "no contexts"))

    def _row(self, run: Run, example: LangSmithExample | None) -> Mapping[str, Any]:
        fields = super()._row(run, example)
        if self.prepare_data is not None:
            return fields
        places = (run.outputs, *((example.inputs, example.outputs) if example is not None else (run.inputs,)))
        return {**fields, "contexts": find_contexts(places)}


class RelevancyEvaluator(StarEvaluator):
    """Rates from 1 to 5 how much of a text bears on what the input asks.

    Examples:
        >>> judge = RelevancyEvaluator.from_llm(lambda messages: "It is on another subject. Rating: [[1]]")
        >>> judge.invoke({"prediction": "Cats sleep a lot.", "input": "When does the shop close?"})
        {'reasoning': 'It is on another subject. Rating: [[1]]', 'score': 1}
    """

    star: ClassVar[str] = "relevancy"
    rubric_name: ClassVar[str] = "relevance"


class CoherenceEvaluator(StarEvaluator):
    """Rates from 1 to 5 how well the parts of a text hang together; the input is shown where it is given.

    Examples:
        >>> judge = CoherenceEvaluator.from_llm(lambda messages: "It says yes, then no. Rating: [[2]]")
        >>> judge.invoke({"prediction": "It is open. So come in. It is closed."})
        {'reasoning': 'It says yes, then no. Rating: [[2]]', 'score': 2}
    """

    requires_input: ClassVar[bool] = False
    star: ClassVar[str] = "coherence"
    rubric_name: ClassVar[str] = "coherence"
    _optional: ClassVar[tuple[str, ...]] = ("input",)


@dataclass(frozen=True, slots=True)
class _StarRenderer:
    """Words the question with the sections that a sample has, and with its contexts, which come one by one."""

    bare: Render
    full: Render

    def __call__(self, **texts: str) -> Messages:
        contexts = [text for name, text in texts.items() if name.startswith(_CONTEXT)]
        render = self.full if "input" in texts else self.bare
        return render(**{"input": "", **texts}, contexts=render_contexts(contexts))


def _showing(prompt: PromptFile, shown: frozenset[str]) -> PromptFile:
    """Return a prompt with those of its sections whose texts are shown."""
    hidden = _SECTIONS - shown
    sections = [part for part in prompt.material.split("\n\n") if not Template.of(part).slots & hidden]
    return replace(prompt, material="\n\n".join(sections))


def _told(state: NotApplicable) -> Flow[NotApplicable]:
    """Tell a state without asking anything."""
    return state
    yield  # pragma: no cover - what makes it a flow
