"""Text: what a loose value of a row reads as, and how a path leads to one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from langchain_core.messages import BaseMessage

from lc_scoring.data.plain import plain
from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError


def follow(values: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a dotted path into mappings, lists and messages; whole names come first.

    Raises:
        KeyError: nothing does; its arguments are the step that leads nowhere, and what has no such step.

    Examples:
        >>> follow({"choices": [{"text": "Rome"}, {"text": "Paris"}]}, "choices.-1.text")
        'Paris'
    """
    if path in values:
        return values[path]
    found: Any = values
    for step in path.split("."):
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, BaseMessage) and step in {"content", "text"}:
            found = str(found.text)
        elif _is_list(found) and _is_index(step) and -len(found) <= int(step) < len(found):
            found = found[int(step)]
        else:
            raise KeyError(step, found)
    return found


def text_of(name: str, value: Any) -> str:
    """Return a value as text.

    Args:
        name: what it is called in messages.
        value: text stays as it is; a message, and a list of one message, stand for their text; lists, mappings and
            numbers become JSON, and a date and its like what `str()` prints.

    Raises:
        ConfigError: it holds bytes, or itself.

    Examples:
        >>> text_of("input", "France?"), text_of("prediction", {"city": "Paris", "sure": True})
        ('France?', '{"city": "Paris", "sure": true}')
    """
    value = plain(value)
    if isinstance(value, str):
        return value
    message = _message(value)
    return _json(name, value) if message is None else message


def only_value(value: Any) -> Any:
    """Return what a mapping holds where that is one text, one message or one missing value; else the value itself.

    Examples:
        >>> only_value({"question": "France?"}), only_value({"rows": 3})
        ('France?', {'rows': 3})
    """
    value = plain(value)
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    only = plain(next(iter(value.values())))
    return only if isinstance(only, str) or is_missing(only) or _message(only) is not None else value


def texts_of(name: str, value: Any) -> list[str]:
    """Return a value as a list of texts: one text alone is a list of one, and a document is what it says.

    Raises:
        ConfigError: as `text_of` does, or one of several is missing.

    Examples:
        >>> texts_of("contexts", ["Paris is in France.", {"page_content": "So is Lyon.", "metadata": {}}])
        ['Paris is in France.', 'So is Lyon.']
    """
    value = plain(value)
    if isinstance(value, Mapping) and len(value) == 1:
        value = plain(next(iter(value.values())))
    items = value if _is_list(value) else [value]
    return [text_of(f"{name}[{at}]", _page(f"{name}[{at}]", item)) for at, item in enumerate(items)]


def _page(name: str, item: Any) -> Any:
    if is_missing(plain(item)):
        raise ConfigError(f"{name!r} is missing, {item!r}.")
    content = item.get("page_content") if isinstance(item, Mapping) else getattr(item, "page_content", None)
    return content if isinstance(content, str) else only_value(item)


def _message(value: Any) -> str | None:
    """Return what a message says, also one that went over the wire or stands alone in a list; None for others."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, BaseMessage):
        return str(value.text)
    if not is_message(value):
        return None
    content = value["content"]
    if isinstance(content, list):
        return "".join(str(block.get("text", "")) if isinstance(block, Mapping) else str(block) for block in content)
    return content if isinstance(content, str) else None


def _json(name: str, value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise ConfigError(f"{name!r} is {type(value).__name__}: decode it to text first.")
    if not isinstance(value, (Mapping, list, tuple, int, float)):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=_jsonable)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{name!r} cannot be made text: {error}.") from error


def _jsonable(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"it holds {type(value).__name__}, which must be decoded first")
    if isinstance(value, BaseMessage):
        return {"type": value.type, "content": value.content}
    if isinstance(value, Mapping):
        return dict(value)
    made = plain(value)
    return str(value) if made is value else made


def is_message(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether a mapping is a message that went over the wire."""
    return isinstance(value, Mapping) and "content" in value and ("type" in value or "role" in value)


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def _is_index(step: str) -> bool:
    digits = step.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 10  # noqa: PLR2004 - no list is longer
