"""The absolute score: one text, one rubric, one rating with its reasons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.flow import Flow, Messages, Reply
from lc_scoring.judged_text import neutralize, without_echoes
from lc_scoring.judges.asking import (
    QUOTATION,
    Render,
    ask_until_read,
    check_given,
    harmless,
    joined_reasoning,
    total_usage,
)
from lc_scoring.judges.expectation import expectation
from lc_scoring.judges.structured import RatingForm, Reading
from lc_scoring.rating import bracketed_numbers, plain, read_rating, without_residue
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale, number_text
from lc_scoring.template import Template

_QUOTING = 32  # characters of a reply from which on it may quote; a shorter one is a rating and nothing else
_CONTEXT = 20  # characters before a rating that tell whether it is quoted
_QUOTATION = QUOTATION.format(what="rating")
_NOT_APPLICABLE = re.compile(r"\[\[\s*(?:rating\s*:\s*)?(?:n\s*/\s*a|not applicable)\s*\]\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJudge:
    """How one evaluator judges; everything but the sample.

    Attributes:
        name: what is judged, for example `score_string:correctness`.
        scale: the ratings that count.
        render: makes the question of a sample's texts.
        repair_question: asked when the answer cannot be read; its slots are those of the prompt file's `repair`.
        repairs: how many times to ask again.
        lower_is_better: turns `Score.value` round.
        signature: what made the score.
        read: reads a reply on the scale, beside the judged texts that held marks.
        form: reads a reply that was asked for as JSON; None where text was asked for.
        options: keyword arguments of the model's call.
        expected: whether the rating is the expected one, by the probabilities of the reply's tokens.
        not_applicable: whether the judge may say that its question does not apply.
    """

    name: str
    scale: Scale
    render: Render
    repair_question: Template
    repairs: int = 1
    lower_is_better: bool = False
    signature: str = ""
    read: Callable[[Reply, Scale, Sequence[str]], float] = field(default_factory=lambda: read_reply)
    form: RatingForm | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expected: bool = False
    not_applicable: bool = False

    def question(self, texts: Mapping[str, str | None]) -> tuple[Messages, tuple[str, ...]]:
        """Word the question about a sample; beside it the texts that held marks, as they were."""
        safe, marked = harmless(texts)
        return self.render(**safe), marked

    def judge(
        self, texts: Mapping[str, str | None], question: tuple[Messages, tuple[str, ...]] | None = None
    ) -> Flow[Score]:
        """Rate a sample, asking again where no rating can be read.

        Args:
            texts: the sample's texts by the names they have in the prompt.
            question: what `question` returned for these texts, where it was worded before.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: it answered, and no rating could be read in the end.
            NotApplicable: it says that its question does not apply, where it may.
        """
        messages, marked = question or self.question(texts)
        read, replies = yield from ask_until_read(
            messages,
            lambda reply: self._read(reply, marked),
            self._question_after,
            repairs=self.repairs,
            options=self.options,
        )
        reasoning = joined_reasoning(replies) if read.reasoning is None else read.reasoning
        score = self.scored(read.rating, reasoning, total_usage(replies))
        if self.expected:
            score = self._expected(score, replies[-1], marked)
        return score if read.parsed is None else replace(score, parsed=read.parsed)

    def _read(self, reply: Reply, marked: Sequence[str]) -> Reading:
        if self.form is not None and (reading := self.form.read(reply, self.scale)) is not None:
            return reading
        if self.not_applicable and says_not_applicable(reply, marked):
            raise NotApplicable(joined_reasoning([reply]))
        return Reading(self.read(reply, self.scale, marked))

    def _expected(self, score: Score, reply: Reply, marked: Sequence[str]) -> Score:
        written = score.rating if score.rating is not None else self.scale.low
        found = expectation(reply, written, self.scale, structured=self.form is not None, marked=marked)
        if isinstance(found, str):
            return replace(score, basis=f"the rating as it was written: {found}")
        return replace(
            self.scored(found.rating, score.reasoning, score.usage),
            basis=f"expected rating, over {found.coverage:.0%} of the probability",
            distribution=found.distribution,
        )

    def _question_after(self, error: ReplyError) -> str:
        return self.repair_question.fill(reason=neutralize(error.reason), **scale_words(self.scale))

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


def says_not_applicable(reply: Reply, marked: Sequence[str] = ()) -> bool:
    """Whether the last thing in double brackets in a reply is N/A; one that was not finished says nothing yet.

    Examples:
        >>> says_not_applicable(Reply(text="It holds no claims. Rating: [[N/A]]"))
        True
        >>> says_not_applicable(Reply(text="[[N/A]]? No: Rating: [[3]]"))
        False
    """
    if reply.cut_off or reply.refusal or reply.filtered:
        return False
    text = without_echoes(reply.text, marked) if marked else reply.text
    answer = unicodedata.normalize("NFKC", plain(without_residue(text)))
    places = [found.start() for found in _NOT_APPLICABLE.finditer(answer)]
    return bool(places) and places[-1] == answer.rfind("[[")


def read_reply(
    reply: Reply, scale: Scale, marked: Sequence[str] = (), *, read: Callable[..., float] = read_rating
) -> float:
    """Read the rating in a judge's reply.

    Args:
        reply: the reply.
        scale: the ratings that count.
        marked: the judged texts that held marks such as `[[10]]`; a judge may quote them.
        read: the reader of texts, `read_rating` or `read_labeled_rating`.

    Returns:
        The rating in scale units.

    Raises:
        ReplyError: the judge declined, was held back or cut off, or wrote no rating that is certainly its own.
    """
    if reply.refusal or reply.filtered:
        check_given(reply)
    text = without_echoes(reply.text, marked) if marked else reply.text
    try:
        rating = read(text, scale, cut_off=reply.cut_off)
    except ReplyError as error:
        if text != reply.text and bracketed_numbers(reply.text):
            raise ReplyError(_QUOTATION, reply=reply.text) from None
        raise ReplyError(error.reason, reply=reply.text) from None
    if marked and _may_be_quoted(text, rating, marked):
        raise ReplyError(_QUOTATION, reply=reply.text)
    return rating


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


def scale_words(scale: Scale) -> dict[str, str]:
    """Return the words for a scale's slots in a prompt file: `low`, `high`, `steps`."""
    steps = "" if scale.step is None else f", in steps of {number_text(scale.step)}"
    return {"low": number_text(scale.low), "high": number_text(scale.high), "steps": steps}
