"""Transport: copies of models for one run, without retries of their own and with connections that the run closes.

A client that retries by itself sleeps a Retry-After of up to two minutes inside of a worker's slot, and keeps from
the run that it was told to wait. And its connections belong to the event loop that opened them: those of a loop that
is gone cannot be used again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase


class Transport:
    """The connections of one run.

    OpenAI's client, and all that is built on it, gets a client of the run's own: aiohttp's where it is installed,
    which takes two thirds of the time. A model that was given an HTTP client keeps it, for it may hold a proxy or a
    certificate; a model of another provider is left as it is, but for its retries.
    """

    def __init__(self) -> None:
        self._copies: dict[int, tuple[Any, Any]] = {}
        self._clients: list[Any] = []

    def of(self, model: Any) -> Any:
        """Return the run's copy of a model; the model itself where nothing is to be changed."""
        known = self._copies.get(id(model))
        if known is None:
            known = self._copies[id(model)] = (model, self._copy(model))  # holds the model, so its id stays its own
        return known[1]

    async def close(self) -> None:
        """Close the connections."""
        while self._clients:
            with suppress(Exception):  # a connection that does not close is no reason to leave the others open
                await self._clients.pop().aclose()

    def _copy(self, model: Any) -> Any:
        if isinstance(model, RunnableBindingBase):
            inner = self._copy(model.bound)
            return model if inner is model.bound else model.model_copy(update={"bound": inner})
        if isinstance(model, RunnableSequence):
            steps = [self.of(step) for step in model.steps]
            changed = any(new is not old for new, old in zip(steps, model.steps, strict=True))
            return RunnableSequence(*steps, name=model.name) if changed else model
        if isinstance(model, RunnableWithFallbacks):
            first, others = self.of(model.runnable), [self.of(one) for one in model.fallbacks]
            return model.model_copy(update={"runnable": first, "fallbacks": others})
        if not isinstance(model, BaseChatModel):
            return model
        root = getattr(model, "root_async_client", None)
        if hasattr(root, "with_options") and hasattr(getattr(root, "chat", None), "completions"):
            return self._openai(model, root)
        return model

    def _openai(self, model: BaseChatModel, root: Any) -> BaseChatModel:
        options: dict[str, Any] = {"max_retries": 0}
        if getattr(model, "http_async_client", None) is None:
            options["http_client"] = self._http_client()
        client = root.with_options(**options)
        return model.model_copy(
            update={"max_retries": 0, "root_async_client": client, "async_client": _AsItIs(client.chat.completions)}
        )

    def _http_client(self) -> Any:
        import openai  # noqa: PLC0415 - the model at hand has loaded it

        try:
            client: Any = openai.DefaultAioHttpClient()
        except (AttributeError, RuntimeError):  # not in this release of openai, or aiohttp is not installed
            client = openai.DefaultAsyncHttpxClient()
        self._clients.append(client)
        return client


class _AsItIs:
    """OpenAI's chat completions, with conversations handed to the wire as they are.

    The client walks through each conversation with Python's typing at hand, for keys that need another name; LangChain
    has written them as they go over the wire, and the walk is a fifth of a call's time. What stands in `extra_body` is
    not walked through.
    """

    def __init__(self, completions: Any) -> None:
        self._completions = completions

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._completions, name)
        return _AsItIs(found) if name == "with_raw_response" else found

    def create(self, **payload: Any) -> Any:
        """Ask for a completion."""
        messages = payload.pop("messages")
        body = {**(payload.pop("extra_body", None) or {}), "messages": messages}
        return self._completions.create(messages=[], extra_body=body, **payload)
