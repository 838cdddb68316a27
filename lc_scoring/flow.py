"""Flow: a judgement written once, as a generator that does no I/O.

A flow yields what it wants asked, is sent the answers, and returns its result. `models.chat_model` drives it
against a model, sync or async; a test drives it by hand:

    >>> def yes_or_no() -> Flow[bool]:
    ...     reply = yield from ask((Message("user", "Is water wet?"),), purpose="rate")
    ...     return reply.text == "yes"
    >>> flow = yes_or_no()
    >>> next(flow)[0].messages[0].text
    'Is water wet?'
    >>> try:
    ...     flow.send((Reply(text="yes"),))
    ... except StopIteration as done:
    ...     done.value
    True
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from lc_scoring.errors import ModelError, ScoringError
from lc_scoring.records import Usage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation with a judge.

    Attributes:
        role: who speaks.
        text: what is said.
    """

    role: Literal["system", "user", "assistant"]
    text: str


Messages: TypeAlias = "tuple[Message | BaseMessage, ...]"
"""A conversation. A prompt of the user's own comes as LangChain messages and is passed on as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to a model.

    Attributes:
        messages: the conversation so far.
        purpose: why it is asked: "rate" for the judgement, "repair" for asking again; of a judgement in several steps,
            the step.
        options: keyword arguments of the model's call, such as a response format; a model that refuses them is asked
            without.
        juror: which of several models is asked, counted from 0.
    """

    messages: Messages
    purpose: str
    options: Mapping[str, Any] = field(default_factory=dict)
    juror: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """A request for the vectors of texts.

    Attributes:
        texts: what to embed.
        model: the embedding model.
    """

    texts: tuple[str, ...]
    model: Any


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer.

    Attributes:
        text: its characters.
        alternatives: probability of each token that could have stood there, itself among them; the likeliest ones.
    """

    text: str
    alternatives: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's answer.

    Attributes:
        text: what it said, without the reasoning blocks of its message.
        refusal: what it said in declining to answer, or None.
        cut_off: it ran into the token limit.
        filtered: the provider's content filter held it back.
        usage: what it cost.
        tokens: its tokens with their probabilities, where those were asked for and given.
        distribution: probability of each rating (scale units), from a model that answers with these alone.
    """

    text: str
    refusal: str | None = None
    cut_off: bool = False
    filtered: bool = False
    usage: Usage = Usage()
    tokens: tuple[Token, ...] = ()
    distribution: Mapping[float, float] = field(default_factory=dict)


Vectors: TypeAlias = "list[list[float]]"
"""One vector for each text."""

Asked: TypeAlias = "tuple[Ask | Embed, ...]"
Answers: TypeAlias = "tuple[Reply | Vectors | ModelError, ...]"
Flow: TypeAlias = Generator[Asked, Answers, T]
"""A judgement in progress: yields questions, is sent one answer or error for each, returns a T."""


def ask(messages: Messages, *, purpose: str, options: Mapping[str, Any] | None = None) -> Flow[Reply]:
    """Ask one question from within a flow.

    Raises:
        ModelError: the model gave no answer.
    """
    (answer,) = yield (Ask(messages=messages, purpose=purpose, options=options or {}),)
    if isinstance(answer, Reply):
        return answer
    raise answer if isinstance(answer, ModelError) else TypeError(f"a question was answered by {type(answer)}")


def embed(texts: Iterable[str], model: object) -> Flow[Vectors]:
    """Ask for the vectors of texts from within a flow.

    Raises:
        ModelError: the model gave none.
    """
    (answer,) = yield (Embed(texts=tuple(texts), model=model),)
    if isinstance(answer, list):
        return answer
    raise answer if isinstance(answer, ModelError) else TypeError(f"texts were embedded as {type(answer)}")


def seated(flow: Flow[T], juror: int) -> Flow[T]:
    """Put a flow's questions to one of several models.

    Examples:
        >>> next(seated(ask((Message("user", "Is water wet?"),), purpose="rate"), 2))[0].juror
        2
    """
    answers: Answers | None = None
    while True:
        try:
            asked = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            value: T = done.value
            return value
        answers = yield tuple(replace(one, juror=juror) if isinstance(one, Ask) else one for one in asked)


def asked_once(flow: Flow[T]) -> Flow[T]:
    """Ask no question twice within a flow: who asks it again is given the same answer, which then costs nothing.

    Examples:
        >>> def greet() -> Flow[int]:
        ...     reply = yield from ask((Message("user", "Hello"),), purpose="rate")
        ...     return reply.usage.calls
        >>> flow = asked_once(together([greet(), greet()]))
        >>> len(next(flow))
        1
        >>> try:
        ...     flow.send((Reply(text="Hi", usage=Usage(calls=1)),))
        ... except StopIteration as done:
        ...     done.value
        [1, 0]
    """
    known: dict[object, Reply | Vectors | ModelError] = {}
    answers: Answers | None = None
    while True:
        try:
            asked = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            value: T = done.value
            return value
        keys = [_question(one) for one in asked]
        new = {key: one for key, one in zip(keys, asked, strict=True) if key not in known}
        if new:
            known |= zip(new, (yield tuple(new.values())), strict=True)
        unpaid = set(new)
        given: list[Reply | Vectors | ModelError] = []
        for key in keys:
            given.append(known[key] if key in unpaid else _unpaid(known[key]))
            unpaid.discard(key)
        answers = tuple(given)


def _question(one: Ask | Embed) -> object:
    """Return what two questions have in common where they are the same."""
    if isinstance(one, Embed):
        return one.texts, id(one.model)
    return repr((one.messages, one.options, one.juror))


def _unpaid(answer: Reply | Vectors | ModelError) -> Reply | Vectors | ModelError:
    if isinstance(answer, Reply):
        return replace(answer, usage=Usage())
    if isinstance(answer, ModelError):
        other = copy(answer)  # each flow notes on its error what it paid for until then
        other.__cause__, other.usage = answer.__cause__, None
        return other
    return answer


def together(flows: Iterable[Flow[T]]) -> Flow[list[T | ScoringError]]:
    """Run several flows side by side: what they ask in one round is asked together.

    Returns:
        What each returned, in their order, or the error it ended in.

    Examples:
        >>> def greet(word: str) -> Flow[str]:
        ...     reply = yield from ask((Message("user", word),), purpose="rate")
        ...     return reply.text
        >>> both = together([greet("Hello"), greet("Bye")])
        >>> [question.messages[0].text for question in next(both)]
        ['Hello', 'Bye']
        >>> try:
        ...     both.send((Reply(text="Hi"), ModelError("no answer")))
        ... except StopIteration as done:
        ...     done.value
        ['Hi', ModelError('no answer')]
    """
    outcomes: dict[int, T | ScoringError] = {}
    asked: dict[int, tuple[Flow[T], Asked]] = {}

    def go_on(place: int, flow: Flow[T], replies: Answers | None) -> None:
        try:
            asked[place] = (flow, next(flow) if replies is None else flow.send(replies))
        except StopIteration as done:
            outcomes[place] = done.value
        except ScoringError as error:
            outcomes[place] = error

    for place, flow in enumerate(flows):
        go_on(place, flow, None)
    while asked:
        round_, asked = asked, {}
        answers = iter((yield tuple(ask for _, asks in round_.values() for ask in asks)))
        for place, (flow, asks) in round_.items():
            go_on(place, flow, tuple(next(answers) for _ in asks))
    return [outcomes[place] for place in sorted(outcomes)]
