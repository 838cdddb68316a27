"""Arguments: what evaluators are made with, and how they are called beside the fields they judge."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from langchain_core.outputs import RunInfo
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from pydantic import ValidationError

from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.evaluators.fields import RUN_KEY
from lc_scoring.notices import notice

Made = TypeVar("Made")

_RUN_ARGUMENTS = ("callbacks", "tags", "metadata", "run_name")


def refuse_unknown(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Make sure that an evaluator is made of arguments it has.

    Raises:
        ConfigError: one is unknown; the message names those there are, and the nearest.

    Examples:
        >>> refuse_unknown("RegexMatchStringEvaluator", {"flag": 2}, {"flags", "timeout"})
        Traceback (most recent call last):
        lc_scoring.errors.ConfigError: RegexMatchStringEvaluator takes no 'flag'; it takes flags, timeout. Did you mean 'flags'?
    """  # noqa: E501 - the message is one line
    known = sorted(known)
    for name in given:
        if name not in known:
            raise ConfigError(f"{owner} takes no {name!r}; it takes {', '.join(known)}.{did_you_mean(name, known)}")


def made_of(kind: type[Made], fields: Mapping[str, Any]) -> Made:
    """Make an evaluator of its fields.

    Raises:
        ConfigError: one cannot be used; the message says it without pydantic's preamble.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        said = said if said.endswith((".", "!", "?")) else f"{said}."
        readable = f"{first['loc'][0]}: {said} Got {first['input']!r}." if first["loc"] else said
        raise ConfigError(readable) from error


def run_config(config: RunnableConfig | None, given: Mapping[str, Any]) -> RunnableConfig | None:
    """Return the configuration of a run, with the arguments LangChain took beside it; warn of unknown ones.

    Args:
        config: LangChain's run configuration, or None.
        given: `callbacks`, `tags`, `metadata`, `run_name`; None stands for none.
    """
    if not given:
        return config
    known = cast("RunnableConfig", {key: given[key] for key in _RUN_ARGUMENTS if given.get(key) is not None})
    for name in given.keys() - set(_RUN_ARGUMENTS):
        notice(f"Ignoring unknown argument {name!r}.")
    return merge_configs(config, known)


def with_run_id(result: Any, run_id: uuid.UUID | None) -> Any:
    """Return a result with its run's id under `__run`; one that is no mapping, or had no run, as it is."""
    return {**result, RUN_KEY: RunInfo(run_id=run_id)} if run_id and isinstance(result, Mapping) else result
