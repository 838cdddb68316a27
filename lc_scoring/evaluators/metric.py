"""make_metric: an evaluator of your own out of a definition, a grading prompt and rated examples, in one call.

MLflow had `make_genai_metric`, and deprecated it in 3.4; this takes the same parts, and refuses what it let through: a
rating off the scale, a decimal cut to a whole number, a reply in a Markdown fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from string import ascii_lowercase
from typing import Any, ClassVar, Self

from langsmith.schemas import Example as LangSmithExample
from langsmith.schemas import Run
from pydantic import field_validator

from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.evaluators.arguments import refuse_unknown
from lc_scoring.evaluators.fields import as_texts
from lc_scoring.evaluators.judged import Texts
from lc_scoring.evaluators.score_string import ScoreStringEvalChain
from lc_scoring.example import Example, ExampleLike
from lc_scoring.judges.panel import JudgeOfTexts
from lc_scoring.records import Score
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale
from lc_scoring.stats.aggregations import AGGREGATIONS
from lc_scoring.template import PromptFile, Template, load_form

_COLUMN = re.compile(r"\w[\w .-]{0,60}")
_MADE = frozenset({"criteria", "rubric", "weights"})  # what make_metric makes itself
_TAKEN = ("prediction", "prediction_b", "agent_trajectory", "input")
_TAKEN_BY_RUNS = ("config", "include_run_info", "callbacks", "tags", "metadata", "run_name")


class MetricEvaluator(ScoreStringEvalChain):
    """Rates a text by a metric of the user's own; made by `make_metric`."""

    grading_columns: tuple[str, ...] = ()
    """Columns of the row that the judge sees beside input and prediction."""
    aggregations: tuple[str, ...] = ("mean", "variance", "p90")
    """What a dataset's scores are summed up by."""
    version: str = ""
    """Goes up when the metric's words change; part of the signature."""

    _prompt_name: ClassVar[str] = "metric"

    @property
    def requires_reference(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the reference is one of its columns."""
        return "reference" in self.grading_columns

    @property
    def evaluation_name(self) -> str:
        """The metric's name: the key of the feedback in LangSmith."""
        return self.criterion_name

    @property
    def input_keys(self) -> list[str]:
        """The fields that `invoke` needs, sorted."""
        return sorted({*super().input_keys, *self.grading_columns})

    def aggregated(self, scores: Iterable[Score]) -> dict[str, float]:
        """Sum up a dataset's scores.

        Args:
            scores: those of the rows that have one; a failure has none.

        Returns:
            Each of `aggregations`, over the numbers that results have under `score`; nothing where there are none.
        """
        numbers = [float(self.reported(score)) for score in scores]
        return {name: AGGREGATIONS[name](numbers) for name in self.aggregations} if numbers else {}

    @property
    def _field_names(self) -> tuple[str, ...]:
        return (*super()._field_names, *self.grading_columns)

    def _slots(self) -> dict[str, str]:
        """Return the columns' slots in the prompt by their names, which may hold what a slot may not."""
        return {name: f"column_{ascii_lowercase[number]}" for number, name in enumerate(self.grading_columns)}

    def _texts(self, fields: Mapping[str, Any]) -> Texts:
        columns = as_texts(type(self).__name__, fields, self.grading_columns)
        return {**super()._texts(fields), **{slot: columns[name] for name, slot in self._slots().items()}}

    def _row(self, run: Run, example: LangSmithExample | None) -> Mapping[str, Any]:
        fields = super()._row(run, example)
        places = [run.outputs or {}, *([example.inputs or {}, example.outputs or {}] if example else [])]
        return {**{name: _found(name, places) for name in self.grading_columns}, **fields}

    def _judge_by(self, prompt: PromptFile) -> JudgeOfTexts:
        one = Template.of(load_form("columns")[1]["one"])
        blocks = [one.fill(name=name, slot=slot, text=f"{{{slot}}}") for name, slot in self._slots().items()]
        columns = "".join(f"\n{block}\n" for block in blocks)
        return super()._judge_by(replace(prompt, material=prompt.material.replace("{columns}", columns)))

    def _signature_parts(self) -> dict[str, object]:
        columns = {"columns": ",".join(self.grading_columns)} if self.grading_columns else {}
        return {"version": self.version or "none", **super()._signature_parts(), **columns}

    @field_validator("grading_columns", "aggregations", mode="before")
    @classmethod
    def _check_several(cls, value: object) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError("give a list of names.")  # noqa: TRY004 - pydantic makes its errors of ValueErrors
        return tuple(value)

    @field_validator("grading_columns")
    @classmethod
    def _check_columns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [
            name
            for name in value
            if not isinstance(name, str) or not _COLUMN.fullmatch(name) or name in (*_TAKEN, *_TAKEN_BY_RUNS)
        ]
        if wrong or len(set(value)) < len(value) or len(value) > len(ascii_lowercase):
            raise ValueError(
                f"grading_columns takes up to {len(ascii_lowercase)} different names of letters, digits, spaces, dots "
                f"and dashes, other than {', '.join((*_TAKEN, *_TAKEN_BY_RUNS))}."
            )
        return value

    @field_validator("aggregations")
    @classmethod
    def _check_aggregations(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in AGGREGATIONS:
                known = ", ".join(AGGREGATIONS)
                raise ValueError(
                    f"{name!r} is no aggregation; there are {known}.{did_you_mean(str(name), AGGREGATIONS)}"
                )
        return value

    @classmethod
    def of_parts(cls, llm: object, given: Mapping[str, Any], **made: Any) -> Self:
        """Make the evaluator of the parts that `make_metric` made, and of fields that were given; see there."""
        refuse_unknown("make_metric", given, cls.arguments() - _MADE)
        return cls._make(llm, {key: value for key, value in given.items() if key != "schema"}, **made)


def make_metric(
    name: str,
    definition: str,
    grading_prompt: str = "",
    examples: Iterable[ExampleLike] | None = (),
    *,
    grading_columns: Iterable[str] = (),
    aggregations: Iterable[str] = ("mean", "variance", "p90"),
    greater_is_better: bool = True,
    version: str = "",
    llm: object = None,
    scale: object = (1, 5),
    **kwargs: Any,
) -> MetricEvaluator:
    r"""Make an evaluator of a metric of your own.

    Args:
        name: what it is called: the key of its feedback.
        definition: what the metric is about.
        grading_prompt: how to rate; lines such as `Score 1: ...` become described levels.
        examples: rated texts that the judge is shown: `Example`, or mappings of its fields.
        grading_columns: columns of the row that the judge sees beside `input` and `prediction`.
        aggregations: what a dataset's scores are summed up by: mean, median, variance (over all, n in the
            denominator), min, max, p90 (interpolated).
        greater_is_better: whether a high rating is good news.
        version: goes up when the words change; part of the signature.
        llm: the judge; see `load_evaluator`.
        scale: the ratings the judge may give.
        **kwargs: the evaluator's other fields, such as `samples`, `jury`, `output`, `repair`.

    Raises:
        ConfigError: one of them cannot be used; an example's score or a level is off the scale.
        MissingExtra: the judge needs a package that is not installed.

    Examples:
        >>> clarity = make_metric(
        ...     "clarity",
        ...     "How easy the answer is to follow.",
        ...     "Score 1: One must guess what is meant.\nScore 5: Clear at the first reading.",
        ...     [Example(input="Where is it?", prediction="By the thing, you know.", score=1)],
        ...     llm=lambda messages: "Two clear steps. Rating: [[4.5]]",
        ... )
        >>> clarity.invoke({"input": "How do I reset it?", "prediction": "Hold the button. Wait for the light."})
        {'reasoning': 'Two clear steps. Rating: [[4.5]]', 'score': 4.5}
    """
    return MetricEvaluator.of_parts(
        llm,
        kwargs,
        criterion_name=name,
        rubric=_rubric(name, definition, grading_prompt, greater_is_better=greater_is_better),
        scale=Scale.parse(scale),
        examples=_parsed_examples(examples),
        grading_columns=grading_columns,
        aggregations=aggregations,
        version=version,
        details=kwargs.get("schema"),
    )


def _rubric(name: str, definition: str, grading_prompt: str, *, greater_is_better: bool) -> Rubric:
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"A metric needs a name, got {name!r}.")
    if (
        not isinstance(definition, str)
        or not isinstance(grading_prompt, str)
        or not (definition + grading_prompt).strip()
    ):
        raise ConfigError("A metric needs a definition in text: what should the judge look at?")
    (criterion,) = Rubric.parse({name: f"{definition.strip()}\n{grading_prompt.strip()}".strip()}).criteria
    return Rubric(criteria=(replace(criterion, lower_is_better=not greater_is_better),))


def _parsed_examples(examples: object) -> tuple[Example, ...]:
    if examples is None:
        return ()
    if isinstance(examples, (Example, Mapping, str)) or not isinstance(examples, Iterable):
        raise ConfigError(f"examples takes a list of Example or mappings, got {type(examples).__name__}.")
    return tuple(map(Example.parse, examples))


def _found(name: str, places: Iterable[Mapping[str, Any]]) -> Any:
    """Return the first value of a column that is none of those that stand for a missing one."""
    return next((place[name] for place in places if not is_missing(place.get(name))), None)
