"""Agent steps: what an agent did, told step by step for a judge."""

from __future__ import annotations

import inspect
import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    convert_to_messages,
)

from lc_scoring.errors import ConfigError
from lc_scoring.judged_text import neutralize

_NO_TOOLS = "(not stated)"
_NO_STEPS = "The agent used no tool."


class _Step(NamedTuple):
    """One thing the agent did, as pairs of a heading and a text."""

    parts: tuple[tuple[str, str], ...]


def describe_trajectory(steps: object) -> str:
    """Write an agent's steps as the judge reads them.

    What tools and agents said is indented, so that none of it can pass for the next step.

    Args:
        steps: LangChain messages, or their mappings, as `create_agent` returns them; pairs of an action (with
            `tool` and `tool_input`) and what came of it; or a text of your own, taken as it is.

    Raises:
        ConfigError: there are none, or one is neither.

    Examples:
        >>> print(describe_trajectory([({"tool": "add", "tool_input": {"a": 2, "b": 2}}, "4")]))
        Step 1
          Tool: add
          Input: {"a": 2, "b": 2}
          Output: 4
    """
    if isinstance(steps, str) and steps.strip():
        return steps
    if isinstance(steps, (str, bytes, Mapping)) or not isinstance(steps, Iterable):
        raise ConfigError(f"agent_trajectory takes messages or (action, observation) pairs; got {_kind(steps)}.")
    steps = list(steps)
    if not steps:
        raise ConfigError("agent_trajectory is empty: there is no step to judge. Give the agent's messages or steps.")
    told = list(_of_messages(_messages(steps)) if has_messages(steps) else _of_pairs(steps))
    written = [_written(number, step) for number, step in enumerate(told, 1)]
    return "\n".join(written) or _NO_STEPS


def has_messages(steps: object) -> bool:
    """Tell whether steps are LangChain messages, or mappings of them."""
    return isinstance(steps, Sequence) and not isinstance(steps, (str, bytes)) and bool(steps) and _is_message(steps[0])


def answer_of(messages: Any) -> str:
    """Return the text of the last message an agent wrote, its final answer.

    Raises:
        ConfigError: the agent wrote none.
    """
    for message in reversed(_messages(messages)):
        if isinstance(message, AIMessage) and not message.tool_calls:
            return str(message.text)
    raise ConfigError("The messages hold no final answer of the agent: give it as prediction.")


def describe_tools(tools: Sequence[Any] | None) -> str:
    """Write the tools an agent had as the judge reads them.

    Raises:
        ConfigError: one has no name, or they are no list.
    """
    if not tools:
        return _NO_TOOLS
    if not isinstance(tools, Iterable):
        raise ConfigError(f"agent_tools takes several tools, in a list; got {_kind(tools)}.")
    return neutralize("\n".join(map(_tool, tools)))


def _tool(tool: Any) -> str:
    if isinstance(tool, Mapping):
        told: Mapping[str, Any] = tool["function"] if isinstance(tool.get("function"), Mapping) else tool
        name, description = told.get("name"), told.get("description")
    else:
        name = getattr(tool, "name", None) or getattr(tool, "__name__", None)
        description = getattr(tool, "description", getattr(tool, "__doc__", None))
    if not name:
        raise ConfigError(f"agent_tools takes tools with a name and a description; got {_kind(tool)}.")
    return f"{name}: {_indented(inspect.cleandoc(str(description or '')))}".rstrip(" :")


def _of_pairs(steps: Sequence[Any]) -> Iterator[_Step]:
    for number, step in enumerate(steps, 1):
        if not isinstance(step, Sequence) or isinstance(step, str) or len(step) != 2:  # noqa: PLR2004 - a pair
            raise ConfigError(f"Step {number} of agent_trajectory is no (action, observation) pair: {_kind(step)}.")
        action, observation = step
        if isinstance(action, Mapping):
            tool, given = (action.get(old, action.get(new)) for old, new in (("tool", "name"), ("tool_input", "args")))
            if tool is None:
                raise ConfigError(f"Step {number} of agent_trajectory names no tool; it has {', '.join(action)}.")
        else:
            tool, given = getattr(action, "tool", action), getattr(action, "tool_input", None)
        parts = (("Tool", _text(tool)), ("Input", _text(given)), ("Output", _text(observation)))
        yield _Step(tuple(part for part in parts if part[1]))


def _of_messages(messages: Sequence[BaseMessage]) -> Iterator[_Step]:
    """Tell tool calls with what came of them; of the rest what was said between, without task and final answer."""
    outputs: dict[str, deque[ToolMessage]] = defaultdict(deque)  # some models use an id again in each turn
    for message in messages:
        if isinstance(message, ToolMessage):
            outputs[message.tool_call_id].append(message)
    asked = False
    for place, message in enumerate(messages):
        if isinstance(message, HumanMessage):
            if asked:
                yield _Step((("The user said", _text(message)),))
            asked = True
        elif isinstance(message, AIMessage):
            yield from _of_agent(message, outputs, last=place == len(messages) - 1)
        elif isinstance(message, ToolMessage):
            waiting = outputs[message.tool_call_id]
            if waiting and waiting[0] is message:  # what no call of these messages asked for
                yield _Step((("Tool", message.name or "(unknown)"), *_outcome(waiting.popleft())))
        elif not isinstance(message, SystemMessage):
            yield _Step(((message.type, _text(message)),))


def _of_agent(message: AIMessage, outputs: Mapping[str, deque[ToolMessage]], *, last: bool) -> Iterator[_Step]:
    if str(message.text).strip() and (message.tool_calls or not last):
        yield _Step((("The agent said", _text(message)),))
    for call in message.tool_calls:
        came = outputs[call["id"] or ""]
        said = _outcome(came.popleft()) if came else (("Output", "(none)"),)
        yield _Step((("Tool", call["name"]), ("Input", _text(call["args"])), *said))


def _outcome(output: ToolMessage) -> tuple[tuple[str, str], ...]:
    failed = (("Failed", "yes"),) if output.status == "error" else ()
    return (("Output", _text(output)), *failed)


def _messages(steps: Sequence[Any]) -> list[BaseMessage]:
    """Make messages of messages and mappings, those that went over the wire too."""
    plain = [_unwrapped(step) for step in steps]
    try:
        return convert_to_messages(plain)
    except Exception as error:  # LangChain has several exceptions for what is no message
        raise ConfigError(f"agent_trajectory holds what is no message: {error}") from error


def _unwrapped(step: Any) -> Any:
    """Take a message out of the mapping `{"type": "ai", "data": {...}}` or `{"id": [...], "kwargs": {...}}`."""
    if isinstance(step, Mapping) and "content" not in step:
        for inside in ("data", "kwargs"):
            if isinstance(step.get(inside), Mapping):
                return {"type": step.get("type"), **step[inside]}
    return step


def _is_message(step: Any) -> bool:
    if isinstance(step, Mapping):
        return ("type" in step or "role" in step) and bool({"content", "data", "kwargs"} & step.keys())
    return isinstance(step, BaseMessage)


def _written(number: int, step: _Step) -> str:
    return "\n".join([f"Step {number}", *(f"  {heading}: {_indented(text)}" for heading, text in step.parts)])


def _indented(text: str) -> str:
    return "\n    ".join(text.splitlines())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, BaseMessage):
        return str(value.text)
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _kind(value: object) -> str:
    return "an empty text" if value == "" else type(value).__name__
