"""Questions: how long they are, before anybody has answered them."""

from __future__ import annotations

from langchain_core.messages import BaseMessage

from lc_scoring.flow import Ask, Embed, Message

_CHARACTERS_A_TOKEN = 4  # in English, near enough until answers tell how many tokens a call takes


def tokens_of(ask: Ask | Embed) -> float:
    """Return about how many tokens a question has."""
    texts = ask.texts if isinstance(ask, Embed) else map(message_text, ask.messages)
    return sum(map(len, texts)) / _CHARACTERS_A_TOKEN


def message_text(message: Message | BaseMessage) -> str:
    """Return the text of a message, ours or LangChain's."""
    return message.text if isinstance(message, Message) else str(message.text)
