"""Details: a pydantic model of the user's own that a judge fills in beside its rating."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from lc_scoring.errors import ConfigError


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema as providers want it: nothing added, nothing left out, references resolved.

    Raises:
        ConfigError: it is no pydantic model, or refers to itself.

    Examples:
        >>> class Finding(BaseModel):
        ...     severity: int
        >>> strict_schema(Finding)["required"]
        ['severity']
    """
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        raise ConfigError(f"schema takes a pydantic model, a class; got {model!r}.")
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    try:
        strict: dict[str, Any] = _strict(schema, definitions)
    except RecursionError:
        raise ConfigError(f"The model {model.__name__} refers to itself, which no provider takes.") from None
    return strict


def validated(model: type[BaseModel], value: object) -> BaseModel:
    """Return a model filled in with what a judge wrote.

    Raises:
        ValueError: it does not fit; the message says where.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ValueError(f"{place}: {first['msg']}") from error


def _strict(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_strict(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _strict(definitions[part["$ref"].rpartition("/")[2]], definitions)
    made = {key: _strict(value, definitions) for key, value in part.items() if key not in {"title", "default"}}
    if "properties" in part:
        # A field that is itself called "title" is no annotation.
        made["properties"] = {name: _strict(field, definitions) for name, field in part["properties"].items()}
        made |= {"additionalProperties": False, "required": list(part["properties"])}
    return made
