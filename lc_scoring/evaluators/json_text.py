"""JSON text: reads JSON strictly, alone or in a Markdown fence, and writes equal values as equal texts."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_AROUND = " \n\r\t`"  # what LangChain took off both ends
_SPACE = " \n\r\t"
_FENCE = "```"
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_TOO_DEEP = "it is nested deeper than Python can follow"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _whole_as_int(number: str) -> float:
    value = float(number)
    return int(value) if value.is_integer() else value


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_WHOLE_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_whole_as_int)
_WRITER = json.JSONEncoder(allow_nan=False)
_SORTED_WRITER = json.JSONEncoder(allow_nan=False, sort_keys=True, separators=(",", ":"))
_UNICODE_WRITER = json.JSONEncoder(ensure_ascii=False)


class NotJsonError(ValueError):
    """What was to be read is no JSON; the message says why."""


def read_json(given: object) -> Any:
    """Read JSON out of text, or make plain JSON values of Python's.

    Text is JSON as a whole, or has it in a Markdown fence with words around it. Nothing is repaired.

    Args:
        given: a text, or what `json.dumps` takes.

    Returns:
        Dicts with text as keys, lists, text, numbers, booleans, None.

    Raises:
        NotJsonError: it is cut off or malformed, holds NaN or Infinity, half of a surrogate pair, a number with more
            digits than Python reads, or deeper nesting than Python follows.

    Examples:
        >>> read_json('Here you are: ```json {"a": 1} ``` Anything else?')
        {'a': 1}
        >>> read_json((1, None))
        [1, None]
        >>> read_json('{"a": 1')
        Traceback (most recent call last):
        lc_scoring.evaluators.json_text.NotJsonError: Expecting ',' delimiter: line 1 column 8 (char 7)
    """
    text = given if isinstance(given, str) else json_source(given)
    try:
        value = _read(text)
        if not text.isascii():
            text.encode()
        if _HALF_PAIR.search(text):
            _UNICODE_WRITER.encode(value).encode()
    except RecursionError:
        raise NotJsonError(_TOO_DEEP) from None
    except UnicodeEncodeError as error:
        raise NotJsonError(f"it holds half of a surrogate pair, {error.object[error.start]!r}") from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    return value


def json_source(given: object) -> str:
    """Return the text that JSON is read of: text as it is, Python's values written.

    Raises:
        NotJsonError: they hold what JSON has not, such as NaN or a set, or are nested deeper than Python follows.
    """
    return given if isinstance(given, str) else _written(_WRITER, given)


def compact_json(value: object) -> str:
    """Return JSON values as text with sorted keys and no spaces.

    Raises:
        NotJsonError: they are nested deeper than Python follows, or hold a number too large for a float.
    """
    return _written(_SORTED_WRITER, value)


def equal_json(value: object) -> str:
    """Return JSON values as text that is the same for all that are equal: 1 is 1.0, and true is not 1.

    Raises:
        NotJsonError: as `compact_json` does.

    Examples:
        >>> equal_json({"b": 1.0, "a": True})
        '{"a":true,"b":1}'
    """
    text = compact_json(value)
    # Python writes every whole float with one of these, so most texts need no second reading.
    return compact_json(_WHOLE_DECODER.decode(text)) if ".0" in text or "e+" in text else text


def nesting(value: object) -> int:
    """Return how many lists and dicts stand in each other, at the deepest place; 0 for a plain value."""
    levels, level = 0, [value]
    while level := [inner for one in level for inner in _inside(one)]:
        levels += 1
    return levels


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values()) or [None]
    return (list(value) or [None]) if isinstance(value, list) else []


def _written(writer: json.JSONEncoder, value: object) -> str:
    try:
        return writer.encode(value)
    except RecursionError:
        raise NotJsonError(_TOO_DEEP) from None
    except (ValueError, TypeError) as error:
        raise NotJsonError(str(error)) from error


def _read(text: str) -> Any:
    try:
        return _DECODER.decode(text.strip(_AROUND))
    except json.JSONDecodeError:
        _, fence, inside = text.partition(_FENCE)
        if not fence:
            raise
    inside = inside.removeprefix("json").strip(_AROUND)
    # Read from the fence on, not up to the next one: JSON's own strings may hold fences.
    value, end = _DECODER.raw_decode(inside)
    rest = inside[end:].lstrip(_SPACE)
    if rest and not rest.startswith(_FENCE):
        raise json.JSONDecodeError("Extra data", inside, end)
    return value
