"""Example files: the rated examples that come along with an evaluator, one file for each, with a version."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from lc_scoring.errors import ConfigError
from lc_scoring.example import Example

_LIBRARY = files("lc_scoring").joinpath("examples")
_KEYS = {"version", "examples"}


def library_examples() -> list[str]:
    """Return the names of the example files that come with the package, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".toml"))


def find_examples(name: str) -> tuple[Example, ...]:
    """Return the examples of one of the package's files.

    Raises:
        ConfigError: there is no such file, or it does not hold examples.

    Examples:
        >>> [example.score for example in find_examples("similarity")]
        [1, 2, 3, 4, 5]
    """
    names = library_examples()
    if name not in names:
        raise ConfigError(f"There are no examples called {name!r}; there are those of {', '.join(names)}.")
    return parse_examples(_LIBRARY.joinpath(f"{name}.toml").read_text(encoding="utf-8"), f"examples/{name}.toml")


def parse_examples(text: str, place: str) -> tuple[Example, ...]:
    """Read the text of an example file: a `version`, and `examples` with their fields.

    Args:
        text: the file's text, in TOML.
        place: what the file is called, in messages.

    Raises:
        ConfigError: it is no TOML, or does not hold examples.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place} is no valid TOML: {error}.") from error
    rows, version = data.get("examples"), data.get("version")
    if data.keys() != _KEYS or not isinstance(rows, list) or isinstance(version, bool) or not isinstance(version, int):
        raise ConfigError(f"{place} needs a version, which is a whole number, and a list of examples; got {data!r}.")
    try:
        return tuple(map(Example.parse, rows))
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
