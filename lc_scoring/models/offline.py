"""The offline judge: a chat model that needs no key and no network, for correctness against a short reference.

It reads the sections of this package's own prompt, hands them to the small trained model in `lc_scoring.trained`
and answers like any judge: reasons, a confidence, a rating in double brackets. For anything but that one job it
raises `ScopeError`. What it agrees with and where it is blind: docs/offline-judge.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from lc_scoring.errors import ConfigError, ScopeError
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale, number_text
from lc_scoring.trained.correctness import assess

_CURE = 'name a real judge, for example llm="openai:gpt-5-mini".'
_JUDGED = frozenset({"correctness", "accuracy"})
_SCALE = re.compile(
    r"^The scale runs from (\S+) \(lowest\) to (\S+) \(highest\)(?:, in steps of (\S+))?\.$", re.MULTILINE
)
_VERDICTS = (("CORRECT", "INCORRECT"), ("Y", "N"))
_REFERENCE_ANSWER = "\nThe reference answer, known to be right:\n"
_OTHER_MATTERS = {"sample_prediction_b": "beside another", "sample_agent_trajectory": "the steps that led to it"}
_EVEN = 0.5
_UNREAD_LEVELS = ("The described levels were not read.",)
_DECIMALS = 100  # a scale without steps gets ratings of its hundredth part


class OfflineJudge(BaseChatModel):
    """A judge of correctness against a short reference, in this process and without a model download.

    It is a logistic regression over lexical evidence, no language model: good for demos, continuous integration
    and a cheap first filter; no substitute for a judge. See docs/offline-judge.md for what it agrees with.

    Raises:
        ScopeError: another criterion than correctness or accuracy, no reference, a reference over 40 words, or
            a script it was not fitted on.
        ConfigError: the prompt is not this package's own, so its sections cannot be found.
    """

    @property
    def _llm_type(self) -> str:
        return "lc-scoring-offline"

    @property
    def model(self) -> str:
        """The name shown in signatures."""
        return "correctness-1"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - BaseChatModel's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - BaseChatModel's signature
        **kwargs: Any,  # noqa: ARG002 - BaseChatModel's signature
    ) -> ChatResult:
        return _answer(messages)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - BaseChatModel's signature
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - BaseChatModel's signature
        **kwargs: Any,  # noqa: ARG002 - BaseChatModel's signature
    ) -> ChatResult:
        return _answer(messages)  # under a millisecond: a thread would cost more than it frees


def _answer(messages: list[BaseMessage]) -> ChatResult:
    answer = AIMessage(content=_judge(str(messages[-1].text)))
    return ChatResult(generations=[ChatGeneration(message=answer)])


def _judge(prompt: str) -> str:
    for tag, what in _OTHER_MATTERS.items():
        if _section(prompt, tag) is not None:
            raise ScopeError(f"The offline judge rates one answer by itself, and not {what}: {_CURE}")
    if prompt.count("\n<sample_prediction>\n") > 1:
        raise ScopeError(f"The offline judge reads no rated examples: leave them out, or {_CURE}")
    answer = _form_of_answer(prompt)
    reference = _section(prompt, "sample_reference")
    if reference is None:
        raise ScopeError(f"The offline judge compares with a reference, and none was given: {_CURE}")
    prediction, question = _section(prompt, "sample_prediction"), _section(prompt, "sample_input")
    assessment = assess(prediction=prediction or "", reference=reference, input=question)
    reasons = " ".join((*assessment.reasons, *_UNREAD_LEVELS[: "\n  Score " in (_section(prompt, "rubric") or "")]))
    return f"{reasons}\nConfidence: {assessment.confidence:.2f}\n{answer(assessment.probability)}"


def _form_of_answer(prompt: str) -> Callable[[float], str]:
    """Return how the answer to a prompt is written, of the probability that the prediction is correct.

    Raises:
        ConfigError: the prompt is not this package's own.
        ScopeError: it asks for something else than correctness beside a reference.
    """
    question = prompt.rpartition("\n</sample_")[2]
    rubric = _section(prompt, "rubric")
    if found := _SCALE.search(prompt):
        low, high, step = found.groups()
        scale = Scale(float(low), float(high), float(step) if step else None)
        _check_criteria(rubric)
        return lambda probability: f"Rating: [[{number_text(_rating(scale, probability))}]]"
    for verdicts in _VERDICTS:
        if all(f"\nVerdict: [[{verdict}]]" in question for verdict in verdicts):
            good, bad = verdicts
            if rubric is not None:
                _check_criteria(rubric)
            elif _REFERENCE_ANSWER not in prompt:
                raise ScopeError(f"The offline judge compares with a short reference and reads no context: {_CURE}")
            return lambda probability: f"Verdict: [[{good if probability >= _EVEN else bad}]]"
    raise ConfigError(
        "The offline judge reads lc_scoring's own prompts for correctness and cannot find their sections in this one: "
        f"leave out prompt=, or {_CURE}"
    )


def _check_criteria(rubric: str | None) -> None:
    heads = [line.partition(":") for line in (rubric or "").splitlines() if not line.startswith(" ")]
    names = [name.strip() for name, _, _ in heads]
    known = {"", Rubric.parse("correctness").criteria[0].description}
    foreign = [name for name, _, words in heads if name.strip().lower() not in _JUDGED or words.strip() not in known]
    if foreign or not names:
        raise ScopeError(
            "The offline judge knows one criterion, correctness (or accuracy), and reads no description of it; "
            f"asked for {', '.join(foreign) or 'none'}: {_CURE}"
        )


def _section(prompt: str, tag: str) -> str | None:
    """Return what stands between a tag's lines; judged text cannot hold the tag, it was neutralized."""
    _, opened, rest = prompt.partition(f"\n<{tag}>\n")
    inside, closed, _ = rest.partition(f"\n</{tag}>\n")
    return inside if opened and closed else None


def _rating(scale: Scale, probability: float) -> float:
    if scale.step is None:
        whole = float(scale.low).is_integer() and float(scale.high).is_integer() and scale.high - scale.low > 1
        step = 1 if whole else (scale.high - scale.low) / _DECIMALS
        scale = Scale(scale.low, scale.high, step)
    return round(scale.denormalize(probability), 6)
