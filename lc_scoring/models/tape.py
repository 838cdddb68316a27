"""The tape: a judge's replies on record, replayed in its place, for tests and comparisons that cost nothing.

A tape is a file of JSON lines, one for each reply: the digest of the question, the reply's text and what it cost. The
question itself is not on it, nor any key.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr, SkipValidation

from lc_scoring.errors import ConfigError, ModelError
from lc_scoring.models.judge import Judge
from lc_scoring.models.resolve import resolve_llm

_TOLD = ("model_name", "model", "finish_reason", "stop_reason", "stopReason", "done_reason", "incomplete_details")
"""What of a message's metadata is put on the tape: who answered, and why it stopped."""


class Tape(BaseChatModel):
    """A judge that replays recorded replies, and records those it does not have where it is given a model.

    A question that was asked several times, as samples are, gets its replies in turn, and the first again after the
    last. The model is called without the options that a question may carry, such as a response format.

    Args:
        path: the tape's file; it need not exist where there is a model.
        model: who answers what is not on the tape, in all forms that `llm=` takes; None to refuse it.

    Raises:
        ConfigError: the file cannot be read, or a line of it is no reply.
        ModelError: a question is not on the tape, and there is no model.
    """

    path: Path
    model: SkipValidation[Judge | None] = None

    _replies: dict[str, list[Mapping[str, Any]]] = PrivateAttr(default_factory=dict)
    _turns: dict[str, int] = PrivateAttr(default_factory=dict)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, path: str | Path, model: object = None) -> None:
        judge = None if model is None else resolve_llm(model)
        super().__init__(path=Path(path), model=judge)  # type: ignore[call-arg]
        if self.path.exists() or model is None:
            self._load()

    @property
    def _llm_type(self) -> str:
        return "lc-scoring-tape"

    @property
    def model_name(self) -> str:
        """The name shown in signatures: what the tape was recorded from is not known, so the file's name."""
        return self.path.stem

    def _load(self) -> None:
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The tape {self.path} cannot be read: {error}.") from error
        for number, line in enumerate(lines, 1):
            if number == len(lines) and not line.endswith("\n"):
                self._cut_stump(line)
                continue
            try:
                entry = _checked(json.loads(line))
                self._replies.setdefault(entry["question"], []).append(entry)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ConfigError(f"{self.path}, line {number}: no recorded reply, {error!r}.") from error

    def _cut_stump(self, line: str) -> None:
        """Drop a last line that was cut off while it was written, where more is to be recorded behind it."""
        if self.model is not None:
            with self.path.open("r+b") as file:
                file.truncate(self.path.stat().st_size - len(line.encode()))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - BaseChatModel's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - BaseChatModel's signature
        **kwargs: Any,  # noqa: ARG002 - BaseChatModel's signature
    ) -> ChatResult:
        question = question_key(messages)
        entry = self._next(question)
        if entry is None:
            entry = self._recorded(question, self._recorder().invoke(messages))
        return _result(entry)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - BaseChatModel's signature
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - BaseChatModel's signature
        **kwargs: Any,  # noqa: ARG002 - BaseChatModel's signature
    ) -> ChatResult:
        question = question_key(messages)
        entry = self._next(question)
        if entry is None:
            entry = self._recorded(question, await self._recorder().ainvoke(messages))
        return _result(entry)

    def _next(self, question: str) -> Mapping[str, Any] | None:
        """Return a question's next reply; with a model, None behind the last, so that more samples are recorded."""
        with self._lock:
            replies = self._replies.get(question, [])
            turn = self._turns.get(question, 0)
            if turn >= len(replies) and self.model is not None:
                return None
            if not replies:
                raise ModelError(
                    f"The tape {self.path} has no reply to this question: record it with Tape(path, model=...). A "
                    "prompt, a rubric or a row that changed is another question.",
                    retryable=False,
                )
            self._turns[question] = turn + 1
            return replies[turn % len(replies)]

    def _recorder(self) -> Judge:
        if self.model is None:
            raise ModelError(f"The tape {self.path} has no model to record.", retryable=False)
        return self.model

    def _recorded(self, question: str, answer: object) -> Mapping[str, Any]:
        message = answer if isinstance(answer, BaseMessage) else AIMessage(content=str(answer))
        told = {key: message.response_metadata[key] for key in _TOLD if message.response_metadata.get(key)}
        entry = {
            "question": question,
            "reply": str(message.text),
            "usage": getattr(message, "usage_metadata", None),
            "refusal": message.additional_kwargs.get("refusal"),
            "told": told or None,
        }
        line = json.dumps({key: value for key, value in entry.items() if value is not None})
        with self._lock:
            self._turns[question] = self._turns.get(question, 0) + 1
            self._replies.setdefault(question, []).append(entry)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        return entry


def question_key(messages: list[BaseMessage]) -> str:
    """Return the digest of a conversation: who says what, in which order."""
    said = [[message.type, str(message.text)] for message in messages]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _checked(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = {"question": str, "reply": str, "usage": dict, "told": dict}
    for key, kind in kinds.items():
        if (key in entry or kind is str) and not isinstance(entry[key], kind):
            raise TypeError(f"{key} is no {kind.__name__}")
    return entry


def _result(entry: Mapping[str, Any]) -> ChatResult:
    message = AIMessage(
        content=entry["reply"],
        usage_metadata=entry.get("usage"),
        response_metadata=dict(entry.get("told") or {}),
        additional_kwargs={"refusal": entry["refusal"]} if entry.get("refusal") else {},
    )
    return ChatResult(generations=[ChatGeneration(message=message)])
