"""JSON Schema: checks JSON values against a schema, without fetching anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any

from lc_scoring.errors import ConfigError, MissingExtra
from lc_scoring.evaluators.json_text import nesting, read_json

_SCHEMAS = 64  # prepared schemas kept: more than most datasets have
_LOOKED_AT = 50  # errors; a long list may hold one in each item
_TOLD = 3  # errors
_SHOWN = 200  # characters of an error
_DEEP = 40  # levels of a prediction at which a validator that ran out of stack is not the schema's fault


def require_jsonschema() -> None:
    """Make sure that jsonschema is installed.

    Raises:
        MissingExtra: it is not.
    """
    try:
        import_module("jsonschema")
    except ImportError as error:
        raise MissingExtra(
            'Checking a JSON schema needs the package jsonschema: pip install "lc-scoring[json]".'
        ) from error


def schema_errors(schema: str, value: Any) -> str:
    """Return what in a JSON value is not as a schema wants it, the most telling first; nothing where all is.

    Args:
        schema: the schema's JSON text.
        value: what `read_json` made.

    Raises:
        ConfigError: the schema is none, refers to one that is not in it, or refers to itself without end.

    Examples:
        >>> schema_errors('{"properties": {"age": {"type": "integer"}}}', {"age": "30"})
        "$.age: '30' is not of type 'integer'"
    """
    return _checker(schema)(value)


@lru_cache(_SCHEMAS)
def _checker(text: str) -> Callable[[Any], str]:
    from jsonschema.exceptions import SchemaError, ValidationError, best_match, relevance  # noqa: PLC0415 - an extra
    from jsonschema.validators import Draft202012Validator, validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    try:
        schema = read_json(text)
        kind = validator_for(schema, default=Draft202012Validator)
        kind.check_schema(schema)
        validator = kind(schema, registry=Registry())  # the default one fetches what a schema refers to
    except SchemaError as error:
        raise ConfigError(f"The reference is no JSON schema: {_told(error)}.") from error
    except RecursionError as error:
        raise ConfigError("The reference is nested too deep for a JSON schema.") from error
    except Exception as error:  # jsonschema's own faults at schemas nobody should write, such as a list
        raise ConfigError(f"The reference is no JSON schema: {type(error).__name__}: {error}") from error

    def check(value: Any) -> str:
        try:
            errors: list[ValidationError] = list(islice(validator.iter_errors(value), _LOOKED_AT))
            first = best_match(iter(errors))
            others = [error for error in sorted(errors, key=relevance, reverse=True) if error is not first]
        except Unresolvable as error:
            raise ConfigError(
                f"The schema refers to {error.ref!r}, which is not in it: nothing is fetched, so put it under $defs."
            ) from error
        except RecursionError as error:
            if nesting(value) < _DEEP:
                raise ConfigError("The schema refers to itself without end.") from error
            return "The prediction is nested too deep to be checked."
        except ArithmeticError as error:
            return f"The prediction holds a number that cannot be checked: {error}."
        if first is None:
            return ""
        return "\n".join(map(_told, [first, *others][:_TOLD]))

    return check


def _told(error: Any) -> str:
    message = error.message if len(error.message) <= _SHOWN else f"{error.message[:_SHOWN]}..."
    return f"{error.json_path[:_SHOWN]}: {message}"
