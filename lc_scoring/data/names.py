"""Names of columns: each there, and each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lc_scoring.errors import ConfigError

_SHOWN = 30  # names in a message; tables of thousands of columns exist


def check_names(place: str, names: Iterable[object]) -> None:
    """Make sure that every column has a name of its own: rows are mappings, and one would hide the other.

    Args:
        place: what has the columns, in messages.
        names: their names, in order.

    Raises:
        ConfigError: one is empty, or two are equal.
    """
    texts = [str(name) for name in names]
    if "" in texts:
        raise ConfigError(
            f"{place}: column {texts.index('') + 1} has no name: give it one or leave the column out "
            "(an index that pandas wrote is left out by to_csv(index=False))."
        )
    twice = [name for name, times in Counter(texts).items() if times > 1]
    if twice:
        raise ConfigError(f"{place}: several columns are called {', '.join(map(repr, twice))}: rename all but one.")


def listed(names: Iterable[object]) -> str:
    """Return names for a message: a few, and how many more.

    Examples:
        >>> listed(["question", "answer"]), listed([])
        ('question, answer', 'none')
    """
    texts = [str(name) for name in names]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return (", ".join(texts[:_SHOWN]) or "none") + more
