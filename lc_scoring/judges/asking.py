"""Asking: what all judges share, from a sample's texts to a reply that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lc_scoring.errors import ModelError, NotApplicable, ReplyError, ScoringError
from lc_scoring.flow import Flow, Message, Messages, Reply, ask
from lc_scoring.judged_text import neutralize
from lc_scoring.rating import without_residue
from lc_scoring.records import Score, Usage
from lc_scoring.template import PromptFile, Template

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

T = TypeVar("T")

_QUOTED_BACK = 4_000  # characters of an unreadable reply that the judge is shown again

EXAMPLES = "examples"
"""The name under which the texts of a sample hold the examples to show with it, where these hang on the sample."""

QUOTATION = "The {what} in the answer may be a quotation of the judged text."
"""Why a reply is not believed whose verdict stands in the judged text too."""


class Render(Protocol):
    """Words the question about the texts of one sample, by their names; they were neutralized before."""

    def __call__(self, **texts: str) -> Messages:
        """Word the question."""
        ...


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
    def of(cls, prompt: PromptFile, *, system: Message | BaseMessage, **words: str) -> PromptRenderer:
        """Fill in what is the same for every sample."""
        return cls(system, prompt.user.partial(**words))

    def __call__(self, **texts: str) -> Messages:
        """Word the question about one sample."""
        return (self.system, Message("user", self.user.fill(**texts)))


def harmless(texts: Mapping[str, str | None]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Neutralize a sample's texts; None becomes empty. Rated examples were neutralized when they were worded.

    Returns:
        The texts for the judge, and those that held marks such as `[[10]]`, as they were: a judge may quote them.
    """
    safe = {name: neutralize(text) if text and name != EXAMPLES else text or "" for name, text in texts.items()}
    return safe, tuple(text for name, text in texts.items() if text and safe[name] != text)


def ask_until_read(
    messages: Messages,
    read: Callable[[Reply], T],
    question_after: Callable[[ReplyError], str],
    *,
    repairs: int,
    options: Mapping[str, Any] | None = None,
    purpose: str = "rate",
) -> Flow[tuple[T, list[Reply]]]:
    """Ask, and ask again where the reply cannot be read.

    Args:
        messages: the question.
        read: reads a reply; raises ReplyError where it cannot.
        question_after: words the repair question.
        repairs: how many times to ask again.
        options: keyword arguments of the model's call.
        purpose: why it is asked.

    Returns:
        What was read, and all replies up to it.

    Raises:
        ModelError: the model gave no answer.
        ReplyError: the last reply could not be read either, or the judge declined.
        NotApplicable: the judge says that its question does not apply.
    """
    reply = yield from ask(messages, purpose=purpose, options=options)
    replies = [reply]
    while True:
        try:
            return read(reply), replies
        except NotApplicable as state:
            state.usage = total_usage(replies)
            raise
        except ReplyError as error:
            if reply.refusal or len(replies) > repairs:
                error.usage = total_usage(replies)
                raise
            messages = (*messages, *_asked_again(reply, question_after(error)))
        try:
            reply = yield from ask(messages, purpose="repair", options=options)
        except ModelError as error:
            error.usage = total_usage(replies)
            raise
        replies.append(reply)


def check_finished(reply: Reply) -> None:
    """Make sure that a reply was given and is whole.

    Raises:
        ReplyError: the judge declined, was held back or cut off.
    """
    check_given(reply)
    if reply.cut_off:
        raise ReplyError("The reply was cut off at the token limit.", reply=reply.text)


def check_given(reply: Reply) -> None:
    """Make sure that a reply was given, whole or not.

    Raises:
        ReplyError: the judge declined or was held back.
    """
    if reply.refusal:
        raise ReplyError("The judge declined to answer.", reply=reply.refusal)
    if reply.filtered:
        raise ReplyError("The provider's content filter held the answer back.", reply=reply.text)


def joined_reasoning(replies: list[Reply]) -> str:
    """Return what the judge wrote, without what it thought aloud; several replies are joined by an empty line."""
    if len(replies) > 1:
        return "\n\n".join(filter(None, (without_residue(reply.text).strip() for reply in replies)))
    text = replies[0].text
    reasoning = without_residue(text)
    return reasoning if reasoning is text else reasoning.strip()


def total_usage(replies: list[Reply]) -> Usage:
    """Return what the replies cost together."""
    return replies[0].usage if len(replies) == 1 else sum((reply.usage for reply in replies), Usage())


def total_usage_of(outcomes: Iterable[Score | ScoringError]) -> Usage:
    """Return what outcomes cost together, those without a score included."""
    usages = (one.usage for one in outcomes)
    return sum((usage for usage in usages if isinstance(usage, Usage)), Usage())


def _asked_again(reply: Reply, question: str) -> Messages:
    text = reply.text.strip()
    if len(text) > _QUOTED_BACK:
        text = f"[...] {text[-_QUOTED_BACK:]}"
    said = (Message("assistant", text),) if text else ()
    return (*said, Message("user", question))
