"""Prices: what an answer cost, by the tokens its model reports and a table of prices."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lc_scoring.errors import ConfigError

SETTING = "LC_SCORING_PRICES"
"""The environment variable that names a price table of your own; its models stand above the built-in ones."""

_MILLION = 1_000_000
_DATED = re.compile(r"[-@](?:20\d\d-?[01]\d-?[0-3]\d|[01]\d-?20\d\d|latest)$")
_KEYS = ("input", "cached_input", "output")


def cost_of(model: str, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float | None:
    """Return what an answer cost, in US dollars.

    Args:
        model: its name as the provider reports it; a date at its end and a path before it do not matter.
        input_tokens: tokens read, those from the provider's cache included.
        output_tokens: tokens written, reasoning included.
        cached_tokens: tokens read from the provider's cache.

    Returns:
        US dollars, by the price table; None where it does not know the model.

    Raises:
        ConfigError: your own price table cannot be read.

    Examples:
        >>> cost_of("gpt-4o-mini-2024-07-18", input_tokens=1_000_000, output_tokens=0)
        0.15
        >>> cost_of("my-own-model", input_tokens=1, output_tokens=1) is None
        True
    """
    price = _price(model, os.environ.get(SETTING))
    if price is None:
        return None
    cached = min(cached_tokens, input_tokens)
    read = (input_tokens - cached) * price["input"] + cached * price.get("cached_input", price["input"])
    return (read + output_tokens * price["output"]) / _MILLION


def check_own_table() -> None:
    """Make sure that your own price table can be read, before anything is paid for.

    Raises:
        ConfigError: it cannot.
    """
    if own := os.environ.get(SETTING):
        _own_table(own)


@cache
def _price(model: str, own: str | None) -> Mapping[str, float] | None:
    name = model.lower().rpartition("/")[2]
    for prices in ([_own_table(own)] if own else []) + [_built_in_table()]:
        for known in (model, name, _DATED.sub("", name)):
            if known in prices:
                return prices[known]
    return None


@cache
def _built_in_table() -> Mapping[str, Mapping[str, float]]:
    text = files("lc_scoring").joinpath("models", "prices.toml").read_text(encoding="utf-8")
    models: Mapping[str, Mapping[str, float]] = tomllib.loads(text)["models"]
    return models


@cache
def _own_table(path: str) -> Mapping[str, Mapping[str, float]]:
    try:
        data: Mapping[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The price table {path} that {SETTING} names cannot be read: {error}.") from error
    models = data.get("models")
    if not isinstance(models, Mapping):
        raise ConfigError(
            f"The price table {path} has no [models]: give each model input and output per million tokens."
        )
    for model, price in models.items():
        if not isinstance(price, Mapping) or not all(_is_price(price.get(key)) for key in ("input", "output")):
            raise ConfigError(
                f"In the price table {path}, {model!r} needs input and output, US dollars per million tokens."
            )
        if wrong := [key for key in price if key not in _KEYS or not _is_price(price[key])]:
            raise ConfigError(
                f"In the price table {path}, {model!r} has {', '.join(wrong)}; prices are {', '.join(_KEYS)}."
            )
    return models


def _is_price(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _MILLION
