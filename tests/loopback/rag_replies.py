"""A judge of RAG metrics that says what a test wrote down: fixed replies, told apart by the question that is asked.

    judge = Judge(claims="1. The mill opened in 1903.", support="1. Context 1 says so. [[YES: 1]]")
    load_evaluator("faithfulness", llm=judge.answer).score({...})
    judge.asked  # ["claims", "support"]

Each question costs a number of input tokens of its own, a power of ten: in 12 of them stand two claims and one support.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, BaseMessage

from lc_scoring import Usage, load_evaluator
from lc_scoring.flow import Embed, Flow, Reply

QUESTIONS: Mapping[str, str] = {
    "claims": "Which claims does the text make?",
    "support": "Which of the claims do the contexts support?",
    "check": "Which of the claims does the reference bear out",
    "attribution": "Which claims does the reference make, and which contexts hold them?",
    "entities": "Which entities does the reference name",
    "usefulness": "Which of the contexts were useful",
    "sentences": "Which of the sentences are needed",
    "questions": "Which questions would this text be",
    "citations": "Which of the citations bear out",
}
"""What each question's prompt holds and no other."""

TOKENS: Mapping[str, int] = {name: 10**power for power, name in enumerate(QUESTIONS)}
"""Input tokens of one call, by its question; every reply is one output token."""


class Judge:
    """A judge that says what is written down for each question; several replies in turn, the last for good.

    Attributes:
        asked: the questions' names, in the order in which they came.
        conversations: the texts of all messages of each.
    """

    def __init__(self, **replies: str | Sequence[str]) -> None:
        self._replies = {name: [said] if isinstance(said, str) else list(said) for name, said in replies.items()}
        self._lock = threading.Lock()
        self.asked: list[str] = []
        self.conversations: list[list[str]] = []

    def answer(self, messages: list[BaseMessage]) -> AIMessage:
        """Answer as a function that stands for a model."""
        texts = [str(message.text) for message in messages]
        name = question_of("\n".join(texts))
        with self._lock:
            turn = self.asked.count(name)
            self.asked.append(name)
            self.conversations.append(texts)
        if name not in self._replies:
            raise AssertionError(f"Nobody wrote down an answer to the question for {name}.")
        replies = self._replies[name]
        tokens = TOKENS[name]
        usage: Any = {"input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1}
        return AIMessage(replies[min(turn, len(replies) - 1)], usage_metadata=usage)


class Vectors(Embeddings):
    """Embeddings that are written down."""

    def __init__(self, **vectors: list[float]) -> None:
        self.vectors: dict[str, list[float]] = dict(vectors)
        self.asked: list[list[str]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors that stand for the texts."""
        self.asked.append(texts)
        return [self.vectors[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector that stands for a text."""
        return self.embed_documents([text])[0]


def question_of(text: str) -> str:
    """Return the name of the question that a conversation asks."""
    (name,) = (name for name, words in QUESTIONS.items() if words in text)
    return name


def paid(*names: str) -> Usage:
    """Return what calls cost together, each named by its question."""
    return Usage(calls=len(names), input_tokens=sum(TOKENS[name] for name in names), output_tokens=len(names))


def listed(lines: Iterable[str]) -> str:
    """Write lines as a numbered list.

    Examples:
        >>> listed(["It is. [[YES]]", "It is not. [[NO]]"])
        '1. It is. [[YES]]\\n2. It is not. [[NO]]'
    """
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def metric_of(name: str, **options: Any) -> Any:
    """Make a metric that is driven by hand: whom it would ask is nobody."""
    return load_evaluator(name, llm=Judge().answer, **options).metric()


def by_hand(flow: Flow[Any], *rounds: Sequence[str | list[list[float]]]) -> tuple[Any, list[list[str]]]:
    """Answer a flow round by round with texts and vectors.

    Returns:
        What it returned, and the purposes of what it asked in each round; the texts of what it wanted embedded.
    """
    purposes: list[list[str]] = []
    try:
        asked = next(flow)
        for answers in rounds:
            purposes.append([" | ".join(one.texts) if isinstance(one, Embed) else one.purpose for one in asked])
            asked = flow.send(tuple(Reply(text=one) if isinstance(one, str) else one for one in answers))
    except StopIteration as done:
        assert len(purposes) == len(rounds)
        return done.value, purposes
    raise AssertionError(f"The flow asks on behind {len(rounds)} rounds.")
