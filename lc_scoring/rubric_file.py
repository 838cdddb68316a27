"""Rubric files: a rubric as TOML or YAML, checked with line numbers; and the library of those that come along.

name = "support"
version = 1
scale = { low = 1, high = 5 }

[[criteria]]
name = "accuracy"
description = "Is what it says about the product true?"
levels = { 1 = "Wrong or made up.", 3 = "Right in the main.", 5 = "Right in every detail." }
weight = 2

[[criteria]]
name = "blame"
description = "Does it put the blame on the customer?"
lower_is_better = true

[[examples]]
input = "My order came broken."
prediction = "Then you opened it the wrong way."
score = 1
reasoning = "Nothing is known of how it was opened."
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from lc_scoring.criterion import Criterion, built_in
from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.example import Example
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale

_RUBRIC_KEYS = ("name", "version", "scale", "criteria", "examples")
_CRITERION_KEYS = ("name", "description", "levels", "lower_is_better", "weight")
_SUFFIXES = (".toml", ".yaml", ".yml")
_ABOUT = re.compile(r"Example (\d+)|Criterion '([^']+)'")
_LIBRARY = files("lc_scoring").joinpath("rubrics")


def library_rubrics() -> list[str]:
    """Return the names of the rubrics that come with the package, sorted."""
    return sorted(entry.name.removesuffix(".toml") for entry in _LIBRARY.iterdir() if entry.name.endswith(".toml"))


def find_rubric(rubric: object) -> Rubric:
    """Return a rubric by the name it has in the library, by its file's path, or as it is.

    Raises:
        ConfigError: no rubric of the library has that name, or the file cannot be read as one.

    Examples:
        >>> find_rubric("tone").scale
        Scale(low=1, high=5, step=1)
    """
    if isinstance(rubric, Rubric):
        return rubric
    if is_rubric_file(rubric):
        return load_rubric(cast("str | Path", rubric))
    names = library_rubrics()
    if rubric in names:
        text = _LIBRARY.joinpath(f"{rubric}.toml").read_text(encoding="utf-8")
        return _rubric(_parse_toml(text))
    hint = did_you_mean(rubric, names) if isinstance(rubric, str) else ""
    raise ConfigError(
        f"rubric takes a Rubric, a .toml or .yaml file or one of {', '.join(names)}; got {rubric!r}.{hint}"
    )


def is_rubric_file(criteria: object) -> bool:
    """Tell whether `criteria` names a rubric file: a Path, or a text that ends like one."""
    return isinstance(criteria, Path) or (isinstance(criteria, str) and criteria.lower().endswith(_SUFFIXES))


def load_rubric(path: str | Path) -> Rubric:
    """Read a rubric file.

    Args:
        path: a `.toml`, `.yaml` or `.yml` file.

    Raises:
        ConfigError: there is no such file, it is no TOML or YAML, or it does not describe a rubric; the message
            names the file and, where it can be told, the line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # a name with a NUL character is a ValueError
        raise ConfigError(f"The rubric file {path} cannot be read: {error}.") from error
    try:
        return _rubric(_parse_toml(text) if path.suffix.lower() == ".toml" else _parse_yaml(text))
    except _PlacedError as error:
        raise ConfigError(f"{path}{_line_of(text, error.word, error.number)}: {error}") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # Parsers raise more than they promise.
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error


class _PlacedError(ConfigError):
    """An error whose place in the file is the line that holds `word`; or the head of the table of that number."""

    def __init__(self, message: str, word: str, number: int | None = None) -> None:
        super().__init__(message)
        self.word, self.number = word, number


def _parse_toml(text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"no valid TOML: {error}.") from error


def _parse_yaml(text: str) -> object:
    import yaml  # noqa: PLC0415 - most people never load one

    try:
        _refuse_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader), set())
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"no valid YAML: {error}.") from error


def _refuse_repeated_keys(node: Any, visited: set[int]) -> None:
    """YAML lets a later key replace an earlier one without a word; a rubric must not lose a level that way."""
    if id(node) in visited:
        return  # an alias: walked once, however often it is named
    visited.add(id(node))
    import yaml  # noqa: PLC0415 - most people never load one

    seen = set[object]()
    children = getattr(node, "value", None)
    for child in children if isinstance(children, list) else ():
        key, value = child if isinstance(child, tuple) else (None, child)
        if key is not None:
            name = yaml.safe_load(key.value) if key.tag.endswith((":int", ":float")) else str(key.value)
            if name in seen:
                raise ConfigError(f"line {key.start_mark.line + 1}: {key.value!r} stands twice; keep one.")
            seen.add(name)
        _refuse_repeated_keys(value, visited)


def _rubric(data: object) -> Rubric:
    table = _table(data, "A rubric file", _RUBRIC_KEYS)
    rows = table.get("criteria")
    if isinstance(rows, Mapping):
        rows = [{"name": name, **_criterion_table(what)} for name, what in rows.items()]
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise ConfigError("A rubric file needs criteria: a list of tables with a name, a description, levels.")
    names = [row["name"] for row in rows if isinstance(row, Mapping) and "name" in row]
    for name in names:
        if names.count(name) > 1:
            raise _PlacedError(f"Criterion {name!r} stands {names.count(name)} times; keep one.", str(name))
    if not isinstance(table.get("name"), (str, type(None))):
        raise _PlacedError(f"name must be text, got {table['name']!r}.", "name")
    version = table.get("version", 0)
    if isinstance(version, bool) or not isinstance(version, int):
        raise _PlacedError(f"version must be a whole number, got {version!r}.", "version")
    scale = Scale.parse(table["scale"]) if "scale" in table else None
    criteria, examples = tuple(map(_criterion, rows)), _examples(table.get("examples", ()))
    try:
        return Rubric(
            criteria=criteria, name=str(table.get("name") or ""), version=version, scale=scale, examples=examples
        )
    except ConfigError as error:  # what hangs together: levels, scores and the scale, the weights
        about = _ABOUT.match(str(error))
        if about is None:
            raise _PlacedError(str(error), "criteria") from error
        number, name = about.groups()
        raise _PlacedError(str(error), name or "examples", int(number) if number else None) from error


def _examples(rows: object) -> tuple[Example, ...]:
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise _PlacedError("examples must be a list of tables with a prediction and a score.", "examples")
    examples: list[Example] = []
    for number, row in enumerate(rows, 1):
        try:
            examples.append(Example.parse(row))
        except ConfigError as error:
            raise _PlacedError(str(error), "examples", number) from error
    return tuple(examples)


def _criterion_table(what: object) -> Mapping[str, Any]:
    return what if isinstance(what, Mapping) else {"description": what}


def _criterion(row: object) -> Criterion:
    table = _table(row, "A criterion", _CRITERION_KEYS)
    if not isinstance(table.get("name"), str) or not table["name"]:
        raise ConfigError(f"A criterion needs a name, got {dict(table)!r}.")
    if not isinstance(table.get("levels", {}), Mapping):
        raise _PlacedError(f"levels of {table['name']!r} must be a table of ratings to descriptions.", table["name"])
    if not isinstance(table.get("lower_is_better", False), bool):
        raise _PlacedError(f"lower_is_better of {table['name']!r} must be true or false.", "lower_is_better")
    known = built_in(table["name"])
    if known is not None:  # its words where the file has none, its direction where the file does not say
        words = {} if table.get("description") or table.get("levels") else {"description": known.description}
        table = cast("Mapping[str, Any]", {"lower_is_better": known.lower_is_better, **table, **words})
    try:
        return Criterion(**table)
    except ConfigError as error:
        raise _PlacedError(str(error), table["name"]) from error


def _table(data: object, what: str, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ConfigError(f"{what} is a table of {', '.join(keys)}; got {type(data).__name__}.")
    for key in data:
        if key not in keys:
            raise _PlacedError(f"{what} has no {key!r}; it has {', '.join(keys)}.", str(key))
    return data


def _line_of(text: str, word: str, number: int | None = None) -> str:
    """Return `, line N` of the last line with `word` as a key or a value, else of the last that holds it.

    The last: where a name is repeated, the repetition is the place to look. With a number it is the head of the table
    of that number, where tables have heads.
    """
    if number is not None:
        heads = [n for n, line in enumerate(text.splitlines(), 1) if line.split("#")[0].strip() == f"[[{word}]]"]
        if heads:
            return f", line {heads[number - 1]}" if len(heads) >= number else ""
    whole = re.compile(
        rf"""(?:^|[\s\[{{,"']){re.escape(word)}["']?\s*[:=\]]|[:=]\s*["']?{re.escape(word)}["']?\s*(?:[,}}#]|$)"""
    )
    lines = list(enumerate(text.splitlines(), 1))
    places = [n for n, line in lines if whole.search(line)] or [n for n, line in lines if word in line]
    return f", line {places[-1]}" if places else ""


def load_all(criteria: Any) -> Any:
    """Put rubrics in the place of the rubric files that `criteria` names, by itself or in a list."""
    if is_rubric_file(criteria):
        return load_rubric(criteria)
    if isinstance(criteria, (list, tuple)):
        return [load_all(one) for one in criteria]
    return criteria
