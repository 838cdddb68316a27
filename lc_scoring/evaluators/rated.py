"""The rated evaluator: what those share that rate a text by criteria on a scale, in whatever way they ask."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, Field, SkipValidation

from lc_scoring.digest import digest
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.evaluators.by_criteria import EvaluatorByCriteria
from lc_scoring.evaluators.details import strict_schema, validated
from lc_scoring.evaluators.judged import Texts
from lc_scoring.evaluators.ratings import rating_wish, score_judge
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.example import Example, render_examples
from lc_scoring.flow import Flow
from lc_scoring.judges.asking import EXAMPLES
from lc_scoring.judges.constraint import each_constraint
from lc_scoring.judges.each_criterion import EachCriterionJudge, OneReplyJudge
from lc_scoring.judges.nearest import NearestExamples
from lc_scoring.judges.panel import JudgeOfTexts
from lc_scoring.judges.score import ScoreJudge, scale_words
from lc_scoring.models.embeddings import embeddings_name, resolve_embeddings
from lc_scoring.models.judge import Judge
from lc_scoring.records import Score
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale
from lc_scoring.template import PromptFile


def _examples(given: object) -> tuple[Example, ...]:
    if not isinstance(given, (list, tuple)):
        raise ConfigError(f"examples takes a list of Example or mappings, got {type(given).__name__}.")
    return tuple(map(Example.parse, given))


class RatedEvaluator(EvaluatorByCriteria):
    """An evaluator that rates a text by criteria, on a scale."""

    scale: Annotated[SkipValidation[Scale], BeforeValidator(Scale.parse)] = Scale()
    """The ratings the judge may give."""
    expected: bool = False
    """Whether the rating is the expected one, by the probabilities that the model gives its tokens."""
    per_criterion: bool = False
    """Whether each criterion gets a rating of its own."""
    calls: Literal["each", "one"] = "each"
    """Whether each criterion is asked about in a call of its own, or all in one reply."""
    examples: Annotated[SkipValidation[tuple[Example, ...]], BeforeValidator(_examples)] = ()
    """Rated texts that the judge is shown, beside those of the rubric."""
    nearest: int | None = Field(default=None, ge=1)
    """How many of the examples are shown, those nearest to the row; None for all of them, in their order."""
    embeddings: SkipValidation[Any] = None
    """What finds the nearest examples: a LangChain `Embeddings`, a model string, or None for the default."""
    not_applicable: bool = False
    """Whether the judge may say that its criteria do not apply: `score` is then None, and enters no mean."""
    details: SkipValidation[type[BaseModel] | None] = None
    """A model of the user's own (`schema=`), given back filled in beside the score."""

    _made_from: ClassVar[frozenset[str]] = frozenset({"criterion_name", "rubric", "details"})
    _made_of: ClassVar[frozenset[str]] = frozenset({"criteria", "rubric", "schema", "weights"})
    ways_of_asking: ClassVar[tuple[str, ...]] = (
        *EvaluatorByCriteria.ways_of_asking,
        "expected",
        "per_criterion",
        "examples",
        "nearest",
        "not_applicable",
        "details",
    )

    def words(self) -> dict[str, str]:
        """Return what is the same for every sample, by its slot in the prompt file."""
        shown = {} if self.nearest else {EXAMPLES: render_examples(self._all_examples())}
        return {**super().words(), **scale_words(self.scale), **shown}

    def _all_examples(self) -> tuple[Example, ...]:
        return (*self._own_rubric().examples, *self.examples)

    def _part_name(self, criterion: str) -> str:
        return f"score_string:{criterion}"

    def _signature_parts(self) -> dict[str, object]:
        return {**super()._signature_parts(), "scale": self.scale}

    def _reply_wish(self) -> ReplyWish:
        details = None if self.details is None else strict_schema(self.details)
        if not (self.per_criterion and self.calls == "one"):
            return rating_wish(self, self.scale, not_applicable=self.not_applicable, details=details)
        names = tuple(one.name for one in self._own_rubric().criteria)
        wish = rating_wish(self, self.scale, not_applicable=self.not_applicable)
        constraint = each_constraint(self.scale, names, not_applicable=self.not_applicable)
        return replace(wish, kind="each", names=names, constraint=constraint)

    def _judge_by(self, prompt: PromptFile) -> JudgeOfTexts:
        rubric, examples = self._own_rubric(), self._all_examples()
        rubric.check_levels(self.scale)
        for number, example in enumerate(examples, 1):
            example.check_score(self.scale, f"Example {number}")
        self._check_ways()
        judge = self._each_criterion(prompt, rubric) if self.per_criterion else super()._judge_by(prompt)
        if self.nearest is None:
            return judge
        return NearestExamples(inner=judge, examples=examples, count=self.nearest, model=self._embeddings)

    @cached_property
    def _embeddings(self) -> Any:
        return resolve_embeddings(self.embeddings)

    def _check_ways(self) -> None:
        """Refuse ways of asking that do not go together.

        Raises:
            ConfigError: they do not; the message says which.
        """
        if self.prompt is not None and (self._all_examples() or (self.per_criterion and self.calls == "one")):
            raise ConfigError("A prompt of your own has no place for examples, nor for several ratings in one reply.")
        if self.calls == "one" and not self.per_criterion:
            raise ConfigError("calls='one' asks for all criteria's ratings in one reply: set per_criterion=True too.")
        if self.calls == "one" and (self.expected or self.details is not None):
            raise ConfigError("expected=True and schema= are for one rating a reply: set calls='each'.")
        if self.nearest is not None and not self._all_examples():
            raise ConfigError(f"nearest={self.nearest} shows the nearest of the examples, and there are none.")
        if self.embeddings is not None and self.nearest is None:
            raise ConfigError("embeddings= finds the nearest examples: say how many to show, for example nearest=4.")

    def _make_judge(self, prompt: PromptFile, llm: Judge) -> ScoreJudge:
        return self._rating_judge(prompt, llm, self._own_rubric(), self.evaluation_name)

    def _rating_judge(self, prompt: PromptFile, llm: Judge, rubric: Rubric, name: str) -> ScoreJudge:
        judge = score_judge(
            self,
            prompt,
            llm,
            scale=self.scale,
            expected=self.expected,
            validate=None if self.details is None else partial(validated, self.details),
            not_applicable=self.not_applicable,
            words={"rubric": rubric.render()},
            **self._own_ways(),
            rubric=rubric.digest(),
        )
        return replace(
            judge,
            name=name,
            lower_is_better=rubric.lower_is_better,
            signature=name + judge.signature.removeprefix(self.evaluation_name),
        )

    def _own_ways(self) -> dict[str, Any]:
        """Return the ways of asking of this evaluator's own, for the signature; what is not asked for is empty."""
        return {
            "examples": digest(repr(self._all_examples())) if self._all_examples() else "",
            "nearest": f"{self.nearest}:{embeddings_name(self._embeddings)}" if self.nearest else "",
            "schema": "" if self.details is None else digest(json.dumps(strict_schema(self.details), sort_keys=True)),
        }

    def _each_criterion(self, prompt: PromptFile, rubric: Rubric) -> EachCriterionJudge:
        """Make the judge of each criterion by itself, in a call each or all in one reply."""
        if not rubric.criteria:
            raise ConfigError("per_criterion=True rates each criterion, and there are none.")
        apart = rubric.apart()

        def in_one_reply(prompt: PromptFile, llm: Judge) -> OneReplyJudge:
            ask = self._rating_judge(prompt, llm, rubric, self.evaluation_name)
            scores = {
                one.name: replace(ask, name=self._part_name(one.name), lower_is_better=one.lower_is_better)
                for one in apart
            }
            return OneReplyJudge(ask=ask, scores=scores, structured=ask.form is not None)

        def by_itself(one: Rubric) -> Any:
            def make(prompt: PromptFile, llm: Judge) -> ScoreJudge:
                return self._rating_judge(prompt, llm, one, self._part_name(one.name))

            return self._seated(prompt, make)

        if self.calls == "one":
            judges = self._seated(prompt, in_one_reply)
            signature = judges.signature
        else:
            judges = tuple(map(by_itself, apart))
            signature = judges[0].signature.replace(f"|rubric={apart[0].digest()}|", f"|rubric={rubric.digest()}|", 1)
            signature = self.evaluation_name + signature.removeprefix(self._part_name(apart[0].name))
        return EachCriterionJudge(
            name=self.evaluation_name,
            judges=judges,
            names=tuple(one.name for one in apart),
            weights=tuple(one.weight for one in rubric.criteria),
            scale=self.scale,
            lower_is_better=tuple(one.lower_is_better for one in apart),
            signature=f"{signature}|calls={self.calls}",
        )

    def _flow(self, texts: Texts) -> Flow[Any]:
        return _or_not_applicable(super()._flow(texts)) if self.not_applicable else super()._flow(texts)


def _or_not_applicable(flow: Flow[Score]) -> Flow[Score | NotApplicable]:
    """Take the judge's saying that its criteria do not apply for an outcome, not for an error."""
    try:
        return (yield from flow)
    except NotApplicable as state:
        return state
