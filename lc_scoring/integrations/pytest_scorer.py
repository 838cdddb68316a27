"""The scorer: one text in, a Score out, noted for the table and the run file of a pytest session."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.integrations.pytest_notes import Notes, Scored
from lc_scoring.models.provider_errors import masked
from lc_scoring.records import Failure, Score
from lc_scoring.registry import load_evaluator
from lc_scoring.runs.outcomes import as_json, finite, storable, stored
from lc_scoring.runs.request import check_evaluator
from lc_scoring.runs.scoring import about, reported

_DEFAULT = "labeled_score_string"
# No evaluator is made with these.
_FURTHER_FIELDS = frozenset({"prediction_b", "agent_trajectory", "contexts", "retrieved_ids", "relevant_ids"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a marker says.

    Attributes:
        evaluator: the evaluator or its name; None where the marker leaves it open, or there is none.
        options: what it is made with.
    """

    evaluator: Any = None
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is scored, by what.

    Attributes:
        evaluator: the evaluator.
        fields: what it judges, by name; None where there is none.
    """

    evaluator: Any
    fields: Mapping[str, Any]

    @property
    def given(self) -> dict[str, Any]:
        """The fields that there are."""
        return {name: value for name, value in self.fields.items() if value is not None}


class Scorer:
    """What the fixture `score` gives a test: a callable that scores one text.

    Args:
        notes: where scores are noted.
        test: the test's id.
        defaults: what the test's marker says.
    """

    def __init__(self, notes: Notes, test: str, defaults: Defaults) -> None:
        self._notes = notes
        self._test = test
        self._defaults = defaults

    def __call__(
        self,
        prediction: Any,
        evaluator: Any = None,
        *,
        input: Any = None,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **options: Any,
    ) -> Score:
        """Score a text.

        Args:
            prediction: the text.
            evaluator: an evaluator, or the name of one; None for the marker's, else `"labeled_score_string"`.
            input: what the text responds to.
            reference: a known good answer.
            **options: what an evaluator that is named is made with, such as `llm` and `criteria`, above what the
                marker says; it is made once in a session for equal arguments. Also further fields, such as
                `prediction_b`.

        Returns:
            The Score. `value` is in [0, 1], `rating` on the judge's scale.

        Raises:
            ConfigError: the evaluator lacks something, or cannot be made.
            ModelError: the model gave no answer.
            ReplyError: its answer cannot be read.
            NotApplicable: the judge says that its question does not apply.
        """
        __tracebackhide__ = True
        question = self._question(prediction, evaluator, input, reference, options)
        return judged(question, self._notes, self._test)

    async def ascore(
        self,
        prediction: Any,
        evaluator: Any = None,
        *,
        input: Any = None,  # noqa: A002 - LangChain's word
        reference: Any = None,
        **options: Any,
    ) -> Score:
        """Score a text, asynchronously; takes and raises what a call does."""
        __tracebackhide__ = True
        question = self._question(prediction, evaluator, input, reference, options)
        try:
            with _noted(question, self._notes, self._test) as found:
                found.append(await question.evaluator.ascore(question.given))
        except ScoringError as error:
            raise error.with_traceback(None)  # noqa: B904 - as in `judged`
        return found[0]

    def _question(
        self, prediction: Any, evaluator: Any, input_: Any, reference: Any, options: Mapping[str, Any]
    ) -> Question:
        if evaluator is None:
            evaluator = _DEFAULT if self._defaults.evaluator is None else self._defaults.evaluator
            options = {**self._defaults.options, **options}
        elif isinstance(evaluator, str) and "llm" in self._defaults.options:
            options = {"llm": self._defaults.options["llm"], **options}
        fields = {"prediction": prediction, "input": input_, "reference": reference}
        return question_of(evaluator, fields, options, self._notes)


def defaults_of(marker: pytest.Mark | None) -> Defaults:
    """Return what `@pytest.mark.lc_scoring(...)` says.

    Raises:
        ConfigError: it has more than one argument without a name, or its evaluator twice.
    """
    if marker is None:
        return Defaults(options={})
    options = dict(marker.kwargs)
    named = options.pop("evaluator", None)
    if len(marker.args) > 1 or (marker.args and named is not None):
        raise ConfigError("@pytest.mark.lc_scoring takes one evaluator; what it is made with has names, such as llm=.")
    return Defaults(evaluator=marker.args[0] if marker.args else named, options=options)


def question_of(evaluator: Any, fields: Mapping[str, Any], options: Mapping[str, Any], notes: Notes | None) -> Question:
    """Return what is to be scored, with the evaluator loaded where it was named.

    Args:
        evaluator: an evaluator, or the name of one.
        fields: what is judged.
        options: what a named evaluator is made with, and further fields.
        notes: keep what was loaded; None outside of a session.

    Raises:
        ConfigError: no evaluator has that name, it cannot be made of the options, or it cannot score.
    """
    if isinstance(evaluator, str):
        further = {name: value for name, value in options.items() if name in _FURTHER_FIELDS}
        made_with = {name: value for name, value in options.items() if name not in _FURTHER_FIELDS}
        evaluator = _loaded(evaluator, made_with, notes)
        check_evaluator(evaluator)
    else:
        check_evaluator(evaluator)
        further = dict(options)
        known = {*evaluator.input_keys, *getattr(evaluator, "optional_keys", ())}
        if stray := sorted(further.keys() - known):
            raise ConfigError(
                f"{', '.join(stray)}: an evaluator that is made already takes no more arguments. Name it instead, or "
                "make it with them."
            )
    return Question(evaluator=evaluator, fields={**fields, **further})


def judged(question: Question, notes: Notes | None, test: str) -> Score:
    """Score a text, and note what came of it.

    Raises:
        ScoringError: as the evaluator does.
    """
    __tracebackhide__ = True
    try:
        with _noted(question, notes, test) as found:
            found.append(question.evaluator.score(question.given))
    except ScoringError as error:
        raise error.with_traceback(None)  # noqa: B904 - it says all; ten frames of ours would bury it
    return found[0]


def _loaded(name: str, options: Mapping[str, Any], notes: Notes | None) -> Any:
    for known, known_options, evaluator in () if notes is None else notes.loaded:
        if known == name and known_options == options:
            return evaluator
    evaluator = load_evaluator(name, **options)
    if notes is not None:
        notes.loaded.append((name, dict(options), evaluator))
    return evaluator


@contextmanager
def _noted(question: Question, notes: Notes | None, test: str) -> Generator[list[Score]]:
    """Note the score that is put into the list, or the failure."""
    __tracebackhide__ = True
    place = None if notes is None else notes.place(test)  # at once, so that calls that overlap keep their order
    found, began = list[Score](), time.perf_counter()
    name = str(question.evaluator.evaluation_name)

    def note(outcome: Score | Failure, number: float | None) -> None:
        if notes is not None and place is not None:
            notes.add(_scored(question, outcome, number, place=(place, test), seconds=time.perf_counter() - began))

    try:
        yield found
        number = finite(reported(question.evaluator, found[0]))
    except ScoringError as error:
        note(Failure(name=name, error=error), None)
        raise
    except Exception as error:
        told = masked(f"The evaluator failed: {type(error).__name__}: {error}")
        note(Failure(name=name, error=ScoringError(told)), None)
        raise
    note(found[0], number)
    _tell_langsmith(name, found[0], number)


def _scored(
    question: Question, outcome: Score | Failure, number: float | None, *, place: tuple[str, str], seconds: float
) -> Scored:
    row, test = map(storable, place)
    evaluator = question.evaluator
    signature = str(evaluator.signature)
    return Scored(
        id=row,
        test=test,
        name=str(evaluator.evaluation_name),
        signature=signature,
        about=about(evaluator),
        values=_as_row({**question.fields, "test": test}),
        outcome=stored(outcome, score=number, signature=signature),
        seconds=seconds,
    )


def _as_row(values: Mapping[str, Any]) -> str:
    try:
        return as_json(values)
    except (TypeError, ValueError, RecursionError):  # a test may score anything; what it looks like is kept then
        return as_json({name: value if isinstance(value, str) else repr(value) for name, value in values.items()})


def _tell_langsmith(name: str, score: Score, number: float) -> None:
    """Log feedback where a test is tracked by LangSmith's own pytest plugin."""
    testing = sys.modules.get("langsmith.testing")
    if testing is not None:
        with suppress(ValueError):  # no such test runs
            testing.log_feedback(key=name, score=number, value=score.label)
