"""The absolute score: one text, one rubric, one rating with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Flow, Message, Messages, Reply, ask
from lc_scoring.judged_text import neutralize, without_echoes
from lc_scoring.rating import bracketed_numbers, read_rating, without_residue
from lc_scoring.records import Sample, Score, Usage
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale, number_text
from lc_scoring.template import PromptFile, Template

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_QUOTED_BACK = 4_000  # characters of an unreadable reply that the judge is shown again
_QUOTING = 32  # characters of a reply from which on it may quote; a shorter one is a rating and nothing else
_CONTEXT = 20  # characters before a rating that tell whether it is quoted
_QUOTATION = "The rating in the answer may be a quotation of the rated text."

Render: TypeAlias = Callable[[str, str | None, str | None], Messages]
"""Words the question of a prediction, an input and a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJudge:
    """How one evaluator judges; everything but the sample.

    Attributes:
        name: what is judged, for example `score_string:correctness`.
        scale: the ratings that count.
        render: makes the question of a sample's texts, which were neutralized before.
        repair_question: asked when the answer cannot be read; its slots are those of the prompt file's `repair`.
        repairs: how many times to ask again.
        lower_is_better: turns `Score.value` round.
        signature: what made the score.
    """

    name: str
    scale: Scale
    render: Render
    repair_question: Template
    repairs: int = 1
    lower_is_better: bool = False
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Rate a sample, asking again where no rating can be read.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: it answered, and no rating could be read in the end.
        """
        prediction, question, reference = texts = (sample.prediction, sample.input, sample.reference)
        safe = (
            neutralize(prediction),
            question if question is None else neutralize(question),
            reference if reference is None else neutralize(reference),
        )
        marked = () if safe == texts else tuple(raw for raw in texts if raw and raw not in safe)
        messages = self.render(*safe)
        reply = yield from ask(messages, purpose="rate")
        replies = [reply]
        while True:
            try:
                rating = read_reply(reply, self.scale, marked)
                break
            except ReplyError as error:
                if reply.refusal or len(replies) > self.repairs:
                    raise
                messages = (*messages, *_asked_again(reply, self._question_after(error)))
            reply = yield from ask(messages, purpose="repair")
            replies.append(reply)
        return self._score(rating, replies)

    def _question_after(self, error: ReplyError) -> str:
        return self.repair_question.fill(reason=neutralize(error.reason), **scale_words(self.scale))

    def _score(self, rating: float, replies: list[Reply]) -> Score:
        text, usage = replies[0].text, replies[0].usage
        reasoning = without_residue(text)
        if reasoning is not text:
            reasoning = reasoning.strip()
        if len(replies) > 1:
            reasoning = "\n\n".join(filter(None, (without_residue(reply.text).strip() for reply in replies)))
            usage = sum((reply.usage for reply in replies), Usage())
        return self.scored(rating, reasoning, usage)

    def scored(self, rating: float, reasoning: str, usage: Usage = Usage()) -> Score:
        """Return the Score that a rating on the scale (scale units) stands for."""
        value = (rating - self.scale.low) / (self.scale.high - self.scale.low)
        return Score(
            name=self.name,
            value=1 - value if self.lower_is_better else value,
            rating=rating,
            reasoning=reasoning,
            usage=usage,
            signature=self.signature,
        )


def read_reply(reply: Reply, scale: Scale, marked: Sequence[str] = ()) -> float:
    """Read the rating in a judge's reply.

    Args:
        reply: the reply.
        scale: the ratings that count.
        marked: the judged texts that held marks such as `[[10]]`; a judge may quote them.

    Returns:
        The rating in scale units.

    Raises:
        ReplyError: the judge declined, was held back or cut off, or wrote no rating that is certainly its own.
    """
    if reply.refusal or reply.filtered:
        _check_given(reply)
    text = without_echoes(reply.text, marked) if marked else reply.text
    try:
        rating = read_rating(text, scale, cut_off=reply.cut_off)
    except ReplyError as error:
        if text != reply.text and bracketed_numbers(reply.text):
            raise ReplyError(_QUOTATION, reply=reply.text) from None
        raise ReplyError(error.reason, reply=reply.text) from None
    if marked and _may_be_quoted(text, rating, marked):
        raise ReplyError(_QUOTATION, reply=reply.text)
    return rating


def check_finished(reply: Reply) -> None:
    """Make sure that a reply was given and is whole.

    Raises:
        ReplyError: the judge declined, was held back or cut off.
    """
    _check_given(reply)
    if reply.cut_off:
        raise ReplyError("The reply was cut off at the token limit.", reply=reply.text)


def _check_given(reply: Reply) -> None:
    if reply.refusal:
        raise ReplyError("The judge declined to answer.", reply=reply.refusal)
    if reply.filtered:
        raise ReplyError("The provider's content filter held the answer back.", reply=reply.text)


def _may_be_quoted(text: str, rating: float, marked: Sequence[str]) -> bool:
    """Whether the rating read may be one that stands in the judged texts, written again by the judge.

    It may where the judged texts hold that number and the reply holds others too, or where the words before it
    stand before it there as well. A reply that is a rating and little else is the judge's own.
    """
    if len(text) < _QUOTING or rating not in {number for raw in marked for _, number in bracketed_numbers(raw)}:
        return False
    places = bracketed_numbers(text)
    last = max((place for place, number in places if number == rating), default=0)
    before = text[max(0, last - _CONTEXT) : last]
    return len({number for _, number in places}) > 1 or (
        len(before) == _CONTEXT and any(f"{before}[[" in raw for raw in marked)
    )


@dataclass(frozen=True, slots=True)
class PromptRenderer:
    """Words the question with one of the package's prompts.

    Attributes:
        system: the standing instruction.
        user: the question; what is the same for every sample is filled in already.
    """

    system: Message | BaseMessage
    user: Template

    @classmethod
    def of(cls, prompt: PromptFile, rubric: Rubric, scale: Scale, *, system: Message | BaseMessage) -> PromptRenderer:
        """Fill in what is the same for every sample."""
        return cls(system, prompt.user.partial(rubric=rubric.render(), **scale_words(scale)))

    def __call__(self, prediction: str, question: str | None, reference: str | None) -> Messages:
        """Word the question about one sample."""
        text = self.user.fill(prediction=prediction, input=question or "", reference=reference or "")
        return (self.system, Message("user", text))


def scale_words(scale: Scale) -> dict[str, str]:
    """Return the words for a scale's slots in a prompt file: `low`, `high`, `steps`."""
    steps = "" if scale.step is None else f", in steps of {number_text(scale.step)}"
    return {"low": number_text(scale.low), "high": number_text(scale.high), "steps": steps}


def _asked_again(reply: Reply, question: str) -> Messages:
    text = reply.text.strip()
    if len(text) > _QUOTED_BACK:
        text = f"[...] {text[-_QUOTED_BACK:]}"
    said = (Message("assistant", text),) if text else ()
    return (*said, Message("user", question))
