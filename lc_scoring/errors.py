"""Every error of the package, one tree.

    ScoringError
     ├─ ConfigError   (ValueError)   the call is wrong: a criterion, a scale, a missing field, a bad file
     │   └─ MissingExtra (ImportError)  an optional package is not installed
     ├─ ModelError                   the model gave no answer
     │   └─ ScopeError               the offline judge was asked for something it must not judge
     ├─ ReplyError    (ValueError)   the model answered and nobody can read a rating in it
     ├─ RunFileError                 a run file cannot be written or read: the disk, not the call
     └─ NotApplicable                there is nothing to judge, or the judge says so: a state, counted apart

LangChain raised `ValueError` for what `ConfigError` and `ReplyError` stand for, so both are one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_SHOWN = 300  # characters of a judge's text in a message; the whole text stays on the error


class ScoringError(Exception):
    """Base of all errors raised by lc_scoring.

    Attributes:
        usage: the `Usage` of the answers that led to it, where there were any, else None.
    """

    usage: Any = None


class ConfigError(ScoringError, ValueError):
    """The caller's mistake, found before any model was called."""


class MissingExtra(ConfigError, ImportError):  # noqa: N818 - the field says "missing extra"
    """An optional package is needed; the message holds the pip line."""


class ModelError(ScoringError):
    """The model gave no answer; the provider's own exception is `__cause__`.

    Attributes:
        retryable: True or False where the provider says whether the same request may succeed later,
            None where it does not say.
    """

    def __init__(self, message: str, *, retryable: bool | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable


class ScopeError(ModelError):
    """The offline judge was asked outside the one job it was fitted for."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class ReplyError(ScoringError, ValueError):
    """The judge answered, but its answer holds no rating that can be read.

    Attributes:
        reply: the judge's whole text, as it came.
        reason: why it could not be read, without the text.
    """

    def __init__(self, reason: str, *, reply: str) -> None:
        super().__init__(f"{reason} The judge wrote: {_shorten(reply)}")
        self.reason = reason
        self.reply = reply

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the two parts: the default would pass the joined message as the reason."""
        return (_reply_error, (self.reason, self.reply))


class NotApplicable(ScoringError):  # noqa: N818 - a state of its own, and no mistake of anybody's
    """There is nothing to judge, such as no claim to check; or the judge says so, where it may (`not_applicable=True`).

    It enters no mean and is counted apart from failures.

    Attributes:
        reasoning: why; the judge's words where it is the judge who says so.
        state: what is missing, such as "no claims"; empty where it is the judge who says so.
    """

    def __init__(self, reasoning: str, state: str = "") -> None:
        said = f"The judge says that the criteria do not apply. It wrote: {_shorten(reasoning)}"
        super().__init__(f"Not applicable, {state}: {reasoning}" if state else said)
        self.reasoning = reasoning
        self.state = state

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by its parts: the default would pass the whole message for them."""
        return (NotApplicable, (self.reasoning, self.state))


class RunFileError(ScoringError):
    """A run file cannot be written or read; SQLite's or the system's exception is `__cause__`."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: the known one nearest to it, or nothing.

    Examples:
        >>> did_you_mean("criterea", ["criteria", "scale"])
        " Did you mean 'criteria'?"
    """
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _reply_error(reason: str, reply: str) -> ReplyError:
    return ReplyError(reason, reply=reply)


def _shorten(text: str) -> str:
    if not text:
        return "(nothing)"
    if len(text) <= _SHOWN:
        return repr(text)
    half = _SHOWN // 2
    return f"{text[:half]!r} [... {len(text) - 2 * half} characters ...] {text[-half:]!r}"
