"""Options: what a model can be told beside the question, as keyword arguments of its call.

What a provider calls structured output, constrained generation and log probabilities differs; what can be told of a
model without calling it is told here, and a model that refuses all the same is asked without (see `chat_model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableWithFallbacks

from lc_scoring.models.judge import Judge, base_model, setting_of

Backend: TypeAlias = Literal["vllm", "vllm<0.12", "sglang", "llama.cpp"]
"""A server for local models that holds replies to a form while they are written."""

BACKENDS: tuple[Backend, ...] = ("vllm", "vllm<0.12", "sglang", "llama.cpp")

_ALTERNATIVES = 20  # the most that providers give for a token
_NAME = "judgement"


def json_options(judge: Judge, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the options that hold a model to a JSON schema; None where it cannot be held to one.

    OpenAI's models, and servers that speak as they do, get a response format; others a tool to call.
    """
    if isinstance(judge, RunnableWithFallbacks):
        each = [json_options(one, schema) for one in judge.runnables]
        return each[0] if each[0] is not None and all(one == each[0] for one in each) else None
    model = base_model(judge)
    profile = getattr(model, "profile", None) or {}
    if _speaks_openai(model) and profile.get("structured_output", True):
        return _held_to(judge, schema)
    if type(model).bind_tools is BaseChatModel.bind_tools if isinstance(model, BaseChatModel) else True:
        return None
    if not profile.get("tool_calling", True):
        return None
    function = {"name": _NAME, "description": "Hands in the judgement.", "parameters": dict(schema)}
    bound: Any = model.bind_tools([{"type": "function", "function": function}], tool_choice=_NAME)
    return dict(getattr(bound, "kwargs", {})) or None


def backend_options(
    judge: Judge, backend: Backend, *, regex: str | None, grammar: str | None, schema: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Return the options by which a server for local models holds a reply to its form.

    Args:
        judge: the model; fields it sends already (`extra_body`) are kept.
        backend: the server: "vllm" from 0.11 on takes `structured_outputs`, "vllm<0.12" `guided_regex` and
            `guided_json`, "sglang" `regex`, "llama.cpp" a `grammar`. All take JSON schemas as a response format.
        regex: a regular expression of the reply, where text is asked for.
        grammar: the same as a GBNF grammar.
        schema: the JSON schema of the reply, where JSON is asked for.
    """
    if schema is not None and backend in {"sglang", "llama.cpp"}:
        return _held_to(judge, schema)
    body: dict[str, Any]
    match backend:
        case "vllm":
            body = {"structured_outputs": {"regex": regex} if schema is None else {"json": schema}}
        case "vllm<0.12":
            body = {"guided_regex": regex} if schema is None else {"guided_json": schema}
        case "sglang":
            body = {"regex": regex}
        case "llama.cpp":
            body = {"grammar": grammar}
    return {"extra_body": {**(setting_of(judge, "extra_body") or {}), **body}}


def logprobs_options(judge: Judge) -> Mapping[str, Any]:
    """Return the options that ask for the probabilities of a reply's tokens; none for a model known to give none.

    Reasoning models and OpenAI's Responses API give none. What the model was made or bound with is kept.
    """
    model = base_model(judge)
    if setting_of(judge, "top_logprobs"):
        return {}
    profile = getattr(model, "profile", None) or {}
    if getattr(model, "use_responses_api", None) or profile.get("reasoning_output"):
        return {}
    if not hasattr(model, "top_logprobs"):
        return {}
    return {"logprobs": True, "top_logprobs": _ALTERNATIVES}


def _held_to(judge: Judge, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the option of a response format.

    As a field of the request's body it is the server's business alone; as an argument OpenAI's client reads the reply
    by it, and raises where the reply was cut off or filtered, instead of handing it over.
    """
    response_format = _response_format(schema)
    if getattr(base_model(judge), "use_responses_api", None):
        return {"response_format": response_format}
    return {"extra_body": {**(setting_of(judge, "extra_body") or {}), "response_format": response_format}}


def _response_format(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": _NAME, "schema": schema, "strict": True}}


def _speaks_openai(model: Runnable[Any, Any]) -> bool:
    return any(kind.__name__ == "BaseChatOpenAI" for kind in type(model).__mro__)
