"""Provider errors: what a model raised, as our own error, without the keys that providers put into messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from langchain_core.runnables import Runnable
from pydantic import SecretStr

from lc_scoring.errors import ModelError
from lc_scoring.models.setbacks import broken_connection

_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|lsv2|gsk|xai|key|hf|r8|nvapi)[-_](?=[\w\-*.]*\d)[\w\-*.]{6,}|\bAKIA\w{8,}|\bBearer\s+\S+"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"  # user:password in an address
    r"|(?<=key=)[^\s&]+|(?<=token=)[^\s&]+"
)
_SECRET_LENGTH = 8  # characters; a shorter "key" is a placeholder such as "none", and words hold it
_SHOWN = 600  # characters of a provider's message in ours; the whole is on the cause


def no_answer(error: Exception, model: object, said: str = "The judge gave no answer") -> ModelError:
    """Return the error for a model that raised: what it said, without keys, and its exception as the cause."""
    notes = " ".join(getattr(error, "__notes__", ()))  # how often it was asked
    told = broken_connection(error) or " ".join(str(error).split())
    message = masked(f"{told} {notes}".strip(), model)
    message = message if len(message) <= _SHOWN else f"{message[:_SHOWN]} [... {len(message) - _SHOWN} characters]"
    failure = ModelError(
        f"{said}: {type(error).__name__}: {message or 'no message'}",
        retryable=getattr(error, "is_retryable", None),
    )
    failure.__cause__ = error
    return failure


def masked(text: str, model: object = None) -> str:
    """Mask the judge's own keys in a provider's message, and what looks like one."""
    for secret in _secrets(model):
        if len(secret) >= _SECRET_LENGTH:
            text = text.replace(secret, "***")
    return _KEY_LIKE.sub("***", text)


def _secrets(model: Any) -> Iterator[str]:
    """Yield the keys of a model, and of all that a binding, a chain or fallbacks hold."""
    inside = (*getattr(model, "steps", ()), *getattr(model, "runnables", ()), getattr(model, "bound", None))
    for one in inside:
        if isinstance(one, Runnable):
            yield from _secrets(one)
    for value in getattr(model, "__dict__", {}).values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
