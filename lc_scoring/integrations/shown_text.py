"""Shown text: what others wrote, as a terminal may be given it."""

from __future__ import annotations


def one_line(text: str, most: int = 200) -> str:
    r"""Return a text on one line, clipped, with a space for what does not print: a terminal may obey it.

    Args:
        text: what a judge, a model or a user wrote.
        most: how many characters are kept.

    Examples:
        >>> one_line("fine\x1b[2J\nso")
        'fine [2J so'
        >>> one_line("a long answer", most=6)
        'a long [... 7 more characters]'
    """
    return "".join(letter if letter.isprintable() else " " for letter in _clipped(text, most))


def indented(text: str, most: int = 1_000, by: str = "    ") -> str:
    r"""Return a text with its lines, indented; otherwise as `one_line`.

    Examples:
        >>> print(indented("first\nsecond\x07"))
            first
            second
    """
    lines = _clipped(text, most).splitlines()
    return "\n".join((by + one_line(line, most + 40)).rstrip() for line in lines)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} [... {len(text) - most:,} more characters]"
