"""Text: what a loose value of a row reads as, and how a path leads to one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from langchain_core.messages import BaseMessage

from lc_scoring.data.plain import plain
from lc_scoring.data.row import is_missing
from lc_scoring.errors import ConfigError

_LONGEST_LIST = 10_000_000  # characters of a printed list

# A text as Python prints it: with no other escapes, so that evaluating one neither fails nor warns.
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_PRINTED = rf"""(?:'(?:[^'\\\r\n]|{_ESCAPE})*+'|"(?:[^"\\\r\n]|{_ESCAPE})*+")"""
_TEXT = re.compile(_PRINTED)
# Python prints a list with commas, NumPy an array without; Python itself would run the latter's texts together.
_LIST = re.compile(rf"\[\s*+(?:{_PRINTED}(?:(?:\s*+,\s*+{_PRINTED})*+|(?:\s++{_PRINTED})*+))?\s*+\]")


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

    A text that is a printed list of texts is that list, for a CSV file has no other way to hold one.

    Raises:
        ConfigError: as `text_of` does, or one of several is missing.

    Examples:
        >>> texts_of("contexts", ["Paris is in France.", {"page_content": "So is Lyon.", "metadata": {}}])
        ['Paris is in France.', 'So is Lyon.']
        >>> texts_of("contexts", "Paris is in France."), texts_of("contexts", "['Paris is.', 'So is Lyon.']")
        (['Paris is in France.'], ['Paris is.', 'So is Lyon.'])
    """
    value = plain(value)
    if isinstance(value, Mapping) and len(value) == 1:
        value = plain(next(iter(value.values())))
    if isinstance(value, str):
        printed = printed_texts(value)
        value = value if printed is None else printed
    items = value if _is_list(value) else list(value) if isinstance(value, Iterator) else [value]
    return [item if type(item) is str else _said(f"{name}[{at}]", item) for at, item in enumerate(items)]


def printed_texts(text: str) -> list[Any] | None:
    """Return the list of texts, or of documents, that a text is the JSON of; of texts also as Python or NumPy print it.

    Returns:
        The list; None where the text is anything else, or longer than ten million characters.

    Examples:
        >>> printed_texts('["a", "b"]'), printed_texts("['a', 'b']"), printed_texts("['a' 'b']"), printed_texts("[1]")
        (['a', 'b'], ['a', 'b'], ['a', 'b'], None)
    """
    if len(text) > _LONGEST_LIST or not (text := text.strip()).startswith("[") or not text.endswith("]"):
        return None
    try:
        read = json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        return _python_texts(text)
    return read if all(isinstance(item, str) or _page(item) is not None for item in read) else None


def _python_texts(text: str) -> list[Any] | None:
    if not _LIST.fullmatch(text):
        return None
    try:
        return [ast.literal_eval(one) for one in _TEXT.findall(text)]
    except (ValueError, SyntaxError):  # a null byte, half of a surrogate pair, a code point that there is not
        return None


def _said(name: str, item: Any) -> str:
    if is_missing(plain(item)):
        raise ConfigError(f"{name!r} is missing, {item!r}.")
    page = _page(item)
    return text_of(name, only_value(item)) if page is None else page


def _page(item: Any) -> str | None:
    """Return what a document says, also one that LangChain's `dumpd` or `model_dump` wrote; None for others."""
    if not isinstance(item, Mapping):
        content = getattr(item, "page_content", None)
    else:
        held = item.get("kwargs") if item.get("lc") == 1 and item.get("type") == "constructor" else item
        content = held.get("page_content") if isinstance(held, Mapping) else None
    return content if isinstance(content, str) else None


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
