"""Texts that somebody else wrote, made safe to show: clipped, every hidden character visible, in HTML or in JSON."""

from __future__ import annotations

import html
import json
import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e007f]"
)
"""Controls, marks that turn the direction of writing, halves of surrogate pairs, and what no font shows."""

_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def visible(text: str) -> str:
    r"""Return a text whose hidden characters can be seen, and that any file can hold.

    Line breaks and tabs stay; whatever else is a control or turns the direction of writing is named by its number, so
    that a text cannot look like another one.

    Examples:
        >>> visible("a\u202eb\x00\r\nc")
        'a[U+202E]b[U+0000]\nc'
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n"))


def clipped(text: str, most: int) -> str:
    """Return a text in visible characters, and where it is longer than `most`, its beginning and how much is left out.

    Args:
        text: any text.
        most: characters, 1 or more.

    Examples:
        >>> clipped("A long answer.", 6)
        'A long … (8 more characters)'
    """
    if len(text) <= most:
        return visible(text)
    return f"{visible(text[:most])} … ({len(text) - most:,} more characters)"


def shortened(text: str, most: int) -> str:
    r"""Return a text on one line, cut after `most` characters with an ellipsis.

    Examples:
        >>> shortened("one\ntwo three", 7)
        'one two…'
    """
    line = " ".join(visible(text[: most + 1]).split())
    return line if len(text) <= most else f"{' '.join(visible(text[:most]).split())}…"


def escaped(text: str) -> str:
    """Return a text as HTML shows it, in an element or in a quoted attribute.

    Examples:
        >>> escaped('</script> & "more"')
        '&lt;/script&gt; &amp; &quot;more&quot;'
    """
    return html.escape(visible(text), quote=True)


def embedded(value: object) -> str:
    r"""Return JSON that may stand in a script element: nothing in it can end the element or begin a comment.

    Args:
        value: what JSON knows; its texts must be visible already, its numbers finite.

    Raises:
        ValueError: a number is not finite.

    Examples:
        >>> embedded({"text": "</script>"})
        '{"text":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter, escape in _IN_SCRIPT.items():  # several times as fast over megabytes as one pass of a pattern
        text = text.replace(letter, escape)
    return text
