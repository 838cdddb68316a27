"""Setbacks: whether the same question may be answered later, by what a model raised.

Decided by LangChain's provider-neutral errors (langchain-core 1.7 and later), by the error's own code, and else by its
HTTP status; no provider is imported.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeAlias

from lc_scoring.errors import ScoringError

Kind: TypeAlias = Literal["rate", "overload", "passing"]
_KINDS: tuple[Kind, ...] = ("rate", "overload", "passing")
_FINAL_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "context_length_exceeded",
        "invalid_api_key",
        "model_not_found",
        "content_filter",
    }
)
"""What no waiting mends, though some of it comes with the status of a rate limit."""

_REFUSING_CODES = _FINAL_CODES - {"context_length_exceeded", "content_filter"}
"""What is wrong with the account or the model, and so with every question."""

_TOO_MANY = 429
_OVERLOADED = frozenset({503, 529})
_PASSING = frozenset({408, 409, 425})
_SERVER_ERROR = 500
_BROKEN = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
    }
)
_REFUSING = frozenset({401, 403, 404})
_PASSING_NAMES = ("APIConnectionError", "TransportError", "TimeoutError", "Timeout", "APITimeoutError")


@dataclass(frozen=True, slots=True)
class Setback:
    """Why a question was not answered now, and may be later.

    Attributes:
        kind: "rate" where more was asked than is allowed, "overload" where the service is too busy or too slow,
            "passing" for broken connections and garbled answers.
        wait: seconds that the service asks to wait, or None where it does not say.
    """

    kind: Kind
    wait: float | None = None


def setback_of(error: BaseException, *, over_the_wire: bool = False) -> Setback | None:
    """Return why asking again may help; None where it does not.

    Args:
        error: what was raised.
        over_the_wire: whether a chat model raised it, for which an answer that makes no sense is a broken one: a page
            of a gateway's, half a body, no choices. A function of the user's own that raises the same is at fault.

    Examples:
        >>> setback_of(ConnectionResetError())
        Setback(kind='passing', wait=None)
        >>> setback_of(ValueError("an answer nobody can read")) is None
        True
    """
    causes = list(_causes(error))
    if any(_code(one) in _FINAL_CODES or getattr(one, "is_retryable", None) is False for one in causes):
        return None
    kinds = {_kind(one, over_the_wire=over_the_wire) for one in causes}  # what wraps an error says less than it does
    for kind in _KINDS:
        if kind in kinds:
            return Setback(kind, _wait(error))
    return None


def refuses_everything(error: BaseException) -> bool:
    """Whether every other question will be refused for the same reason: a wrong key, no such model, no money."""
    return any(_status(one) in _REFUSING or _code(one) in _REFUSING_CODES for one in _causes(error))


def _kind(error: BaseException, *, over_the_wire: bool) -> Kind | None:
    status, names = _status(error), [kind.__name__ for kind in type(error).__mro__]
    retryable = getattr(error, "is_retryable", getattr(error, "retryable", None))
    if status == _TOO_MANY or (retryable and "ModelRateLimitError" in names):
        return "rate"
    if broken_connection(error) is not None:  # whatever a client calls it
        return "passing"
    if status in _OVERLOADED or isinstance(error, TimeoutError) or (retryable and "ModelTimeoutError" in names):
        return "overload"
    broken = isinstance(error, (ConnectionError, json.JSONDecodeError))
    # langchain-core before 1.7 lets the provider's own errors through.
    named = retryable is None and any(name.endswith(_PASSING_NAMES) for name in names)
    if status in _PASSING or (status or 0) >= _SERVER_ERROR or broken or retryable or named:
        return "passing"
    senseless = isinstance(error, (ValueError, IndexError)) and not isinstance(error, (ScoringError, UnicodeError))
    senseless = senseless or (isinstance(error, TypeError) and "choices" in str(error))  # langchain-openai's, for null
    return "passing" if over_the_wire and senseless and retryable is None else None


def broken_connection(error: BaseException) -> str | None:
    """Return what the system said of a connection that broke or was refused; None where it was something else.

    Clients wrap it, and with aiohttp a refused connection is called a timeout.
    """
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, OSError) and one.errno in _BROKEN:
            return os.strerror(one.errno)
        one = one.__cause__ or one.__context__
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made of: ours hold the provider's as their cause."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__


def _status(error: BaseException) -> int | None:
    for name in ("status_code", "code", "http_status"):
        status = getattr(error, name, None)
        if isinstance(status, int) and not isinstance(status, bool) and 100 <= status < 600:  # noqa: PLR2004 - HTTP's
            return int(status)
    return None


def _code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else ""


def _wait(error: BaseException) -> float | None:
    """Return the seconds after which a service says to come back: in milliseconds, in seconds or as a date."""
    for one in _causes(error):
        headers: Any = getattr(getattr(one, "response", None), "headers", None)
        if not isinstance(headers, Mapping):
            continue
        if (seconds := _number(headers.get("retry-after-ms"))) is not None:
            return seconds / 1000
        given = headers.get("retry-after")
        if (seconds := _number(given)) is not None:
            return seconds
        if given:
            return _until(str(given))
    return None


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < float("inf") else None


def _until(date: str) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
