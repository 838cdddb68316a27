"""An OpenAI-compatible server on 127.0.0.1: chat completions, responses and decisions, with every fault a judge meets.

    with OpenAIServer(reply="Clear and right. Rating: [[8]]") as server:
        model = ChatOpenAI(model="judge", base_url=server.url, api_key="test-key")
        server.script([429, "length", "ok"])        # one outcome per request, then `reply` again
        server.requests[0].body["messages"], server.max_in_flight

It does not stream.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Self, TypedDict

from loopback import Request, Response, json_response, serving

_TOKEN = re.compile(r"\[\[|\]\]|\w+|\s+|[^\w\s]")  # near enough to a tokenizer to count and to find a digit


class Outcome(TypedDict, total=False):
    """What becomes of one request; whatever is left out is as in an ordinary answer."""

    content: str
    finish_reason: str  # "stop", "length", "content_filter"
    refusal: str
    reasoning_content: str
    choices: list[Any] | None  # in place of the choices, the output items or the answers
    usage: Mapping[str, Any] | None  # in place of the counted usage
    status: int  # 400 and above: an error
    code: str  # the error's code, such as "context_length_exceeded"
    headers: Mapping[str, str]
    raw_body: str | bytes  # in place of the body, whatever the status
    cut: float  # the share of the bytes after which the connection ends


Reply = str | Outcome
Body = Mapping[str, Any]

FAULTS: Mapping[str, Outcome] = {
    "ok": {},
    "length": {"content": "The answer is mostly", "finish_reason": "length"},
    "content_filter": {"content": "", "finish_reason": "content_filter"},
    "refusal": {"refusal": "I can't help with rating this."},
    "truncated": {"raw_body": '{"id": "chatcmpl-1", "choices": [{"index": 0, "mess'},
    "html": {"raw_body": "<html><body>Bad gateway</body></html>", "headers": {"Content-Type": "text/html"}},
    "no_choices": {"choices": []},
    "null_choices": {"choices": None},
    "cut": {"cut": 0.0},
    "cut_body": {"cut": 0.7},
}


class Call(NamedTuple):
    """One request as the server saw it; header names are lower case."""

    path: str
    body: Body
    headers: Mapping[str, str]


class OpenAIServer:
    """An OpenAI-compatible endpoint for a `with` block.

    Args:
        reply: The text of every answer, an `Outcome`, or a function of the request body that gives either.
            The function runs in the connection's own thread, many at a time.
        structured: What is answered, as JSON or as the arguments of a tool call, when the request asks for
            JSON or offers tools; None answers `reply` there too (as the content).
        alternatives: Probabilities of single tokens. With `logprobs`, a token of the answer that is one of
            them gets all of them as its top_logprobs; every other token is near certain.
        retry_after: Seconds sent as Retry-After with a scripted 429 or 503; None sends none. Real servers
            send whole seconds; the SDK reads fractions, which keeps tests quick.

    Attributes:
        url: The base URL, ending in /v1, while inside the `with` block.
        requests: Every call in order of arrival.
        max_in_flight: The most calls that were being answered at one time.
    """

    def __init__(
        self,
        reply: Reply | Callable[[Body], Reply] = "Clear and right. Rating: [[8]]",
        *,
        structured: Mapping[str, Any] | None = None,
        alternatives: Mapping[str, float] | None = None,
        retry_after: float | None = 0.01,
    ) -> None:
        self.url = ""
        self.reply = reply
        self.requests: list[Call] = []
        self.max_in_flight = 0
        self._structured = structured
        self._alternatives = alternatives or {}
        self._retry_after = retry_after
        self._script: deque[Outcome] = deque()
        self._in_flight = 0
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.url = self._stack.enter_context(serving(self._answer)) + "/v1"
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def script(self, outcomes: Iterable[int | Reply]) -> None:
        """Queue what becomes of the next requests, one each, in order of arrival.

        An int is a status; a name of `FAULTS` is that fault ("ok" is `reply`); any other text is the
        content of an answer; a dictionary is an `Outcome`.

        Raises:
            ValueError: A lone word that names no fault: more likely a slip than a judge's answer.
        """
        self._script.extend(self._scripted(outcome) for outcome in outcomes)

    def _scripted(self, outcome: int | Reply) -> Outcome:
        if isinstance(outcome, int):
            waits = outcome in {429, 503} and self._retry_after is not None
            return {"status": outcome, "headers": {"Retry-After": str(self._retry_after)} if waits else {}}
        if not isinstance(outcome, str):
            return outcome
        if outcome in FAULTS:
            return FAULTS[outcome]
        if outcome.isidentifier():
            raise ValueError(f"no fault is named {outcome!r}: want one of {', '.join(FAULTS)}, or a sentence")
        return {"content": outcome}

    def _answer(self, request: Request) -> Response:
        shape = _SHAPES.get(request.path)
        if request.method != "POST" or shape is None:
            return json_response(_error(404, "not_found"), status=404)
        body = json.loads(request.body)
        with self._lock:
            self.requests.append(Call(request.path, body, request.headers))
            self._in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self._in_flight)
            scripted: Outcome = self._script.popleft() if self._script else {}
        try:
            return self._respond(body, scripted, shape)
        finally:
            with self._lock:
                self._in_flight -= 1

    def _respond(self, body: Body, scripted: Outcome, shape: Callable[[Body, _Message], Any]) -> Response:
        if body.get("stream"):
            raise NotImplementedError(f"asked to stream, which this server does not: {body}")
        outcome = scripted if _is_whole(scripted) else {**self._ordinary(body), **scripted}
        status = outcome.get("status", 200)
        if status >= 400:
            value: Any = _error(status, outcome.get("code"))
        else:
            value = shape(body, self._message(body, outcome))
        raw = outcome.get("raw_body", json.dumps(value))
        return Response(
            status=status,
            body=raw.encode() if isinstance(raw, str) else raw,
            headers={"x-request-id": "req_1", **outcome.get("headers", {})},
            cut=outcome.get("cut", 1.0),
        )

    def _ordinary(self, body: Body) -> Outcome:
        reply = self.reply(body) if callable(self.reply) else self.reply
        return {"content": reply} if isinstance(reply, str) else reply

    def _message(self, body: Body, outcome: Outcome) -> _Message:
        text = None if "refusal" in outcome else outcome.get("content", "")
        tool = None
        if self._structured is not None and text is not None:
            tool = _tool_name(body)
            text = json.dumps(self._structured) if tool or _wants_json(body) else text
        tokens = [_logprob(token, self._alternatives) for token in _TOKEN.findall(text or "")]
        return _Message(text=text, tool=tool, tokens=tokens, outcome=outcome)


class _Message(NamedTuple):
    text: str | None
    tool: str | None  # the text is the arguments of a call of this tool
    tokens: list[dict[str, Any]]
    outcome: Outcome


def _is_whole(scripted: Outcome) -> bool:
    """Whether an outcome leaves nothing for `reply` to say."""
    return not scripted.keys().isdisjoint({"content", "refusal", "status", "raw_body"})


def _error(status: int, code: str | None) -> dict[str, Any]:
    message = f"the test asked for {status}" + (f" ({code})" if code else "")
    return {"error": {"message": message, "type": "loopback", "param": None, "code": code}}


def _tool_name(body: Body) -> str | None:
    tools = body.get("tools") or []
    return next((tool.get("function", tool)["name"] for tool in tools if tool["type"] == "function"), None)


def _wants_json(body: Body) -> bool:
    wanted = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    return wanted.get("type") in {"json_schema", "json_object"}


def _logprob(token: str, alternatives: Mapping[str, float]) -> dict[str, Any]:
    near = alternatives if token in alternatives else {token: 0.99}
    top = [
        {"token": each, "logprob": math.log(probability), "bytes": list(each.encode())}
        for each, probability in sorted(near.items(), key=lambda item: -item[1])
    ]
    own = next(entry for entry in top if entry["token"] == token)
    return {**own, "top_logprobs": top}


def _chat(body: Body, message: _Message) -> dict[str, Any]:
    outcome = message.outcome
    said: dict[str, Any] = {"role": "assistant", "content": message.text, "refusal": outcome.get("refusal")}
    if message.tool:
        function = {"name": message.tool, "arguments": message.text}
        said |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    if "reasoning_content" in outcome:
        said["reasoning_content"] = outcome["reasoning_content"]
    logprobs = None
    if body.get("logprobs"):
        most = body.get("top_logprobs") or 0
        tokens = [{**token, "top_logprobs": token["top_logprobs"][:most]} for token in message.tokens]
        logprobs = {"content": [] if message.tool else tokens, "refusal": None}
    choice = {
        "message": said,
        "finish_reason": outcome.get("finish_reason", "tool_calls" if message.tool else "stop"),
        "logprobs": logprobs,
    }
    prompt, completion = _count(json.dumps(body["messages"])), len(message.tokens)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": _count(outcome.get("reasoning_content", ""))},
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": outcome.get("choices", [{"index": n, **choice} for n in range(body.get("n") or 1)]),
        "usage": outcome.get("usage", usage),
    }


def _responses(body: Body, message: _Message) -> dict[str, Any]:
    outcome = message.outcome
    stopped = {"length": "max_output_tokens", "content_filter": "content_filter"}
    reason = stopped.get(outcome.get("finish_reason", "stop"))
    prompt, completion = _count(json.dumps(body["input"])), len(message.tokens)
    usage = {
        "input_tokens": prompt,
        "output_tokens": completion,
        "total_tokens": prompt + completion,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": _count(outcome.get("reasoning_content", ""))},
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "model": body["model"],
        "error": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1,
        "text": body.get("text") or {"format": {"type": "text"}},
        "output": outcome.get("choices", _output_items(message)),
        "usage": outcome.get("usage", usage),
    }


def _output_items(message: _Message) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if thought := message.outcome.get("reasoning_content"):
        summary = [{"type": "summary_text", "text": thought}]
        items.append({"id": "rs_1", "type": "reasoning", "summary": summary})
    if message.tool:
        call = {"id": "fc_1", "call_id": "call_1", "type": "function_call", "status": "completed"}
        return [*items, {**call, "name": message.tool, "arguments": message.text}]
    if message.text is None:
        content: dict[str, Any] = {"type": "refusal", "refusal": message.outcome.get("refusal")}
    else:
        content = {
            "type": "output_text",
            "text": message.text,
            "annotations": [],
            "logprobs": message.tokens,
        }
    said = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return [*items, {**said, "content": [content]}]


def _decisions(body: Body, message: _Message) -> dict[str, Any]:
    outcome = message.outcome
    usage = {"input_tokens": _count(json.dumps(body["input"])), "output_tokens": 1}
    asked = [] if "choices" in outcome else body["questions"]
    answers = [{"name": question["name"], **_decided(question, message)} for question in asked]
    return {"model": body["model"], "answers": outcome.get("choices", answers), "usage": outcome.get("usage", usage)}


def _decided(question: Body, message: _Message) -> dict[str, Any]:
    """Answer a typed question: the probabilities of the last of its values that the text names, even ones for none."""
    if message.text is None:
        return {"type": "refusal"}
    values = [level["label"] for level in question.get("levels", ())] or [one["value"] for one in question["choices"]]
    (*_, last) = [[], *(token["top_logprobs"] for token in message.tokens if token["token"] in values)]
    near = {each["token"]: math.exp(each["logprob"]) for each in last} or dict.fromkeys(values, 1.0)
    shares = [near.get(value, 0.0) / sum(near.values()) for value in values]
    sure = {"type": question["type"], "confidence": max(shares)}
    if question["type"] == "choice":
        each = [{"value": value, "probability": share} for value, share in zip(values, shares, strict=True)]
        return {**sure, "choice": values[shares.index(max(shares))], "probabilities": each}
    levels = enumerate(zip(values, shares, strict=True))
    score = sum(place * share for place, share in enumerate(shares))
    each = [{"value": place, "label": label, "probability": share} for place, (label, share) in levels]
    return {**sure, "score": score, "probabilities": each}


def _count(text: str) -> int:
    return len(_TOKEN.findall(text))


_SHAPES: Mapping[str, Callable[[Body, _Message], Any]] = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _responses,
    "/v1/decisions": _decisions,
}
