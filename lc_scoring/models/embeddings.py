"""Embeddings: turns what people pass as `embeddings=` into a model, and asks it for vectors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from lc_scoring.errors import ConfigError, MissingExtra, ModelError, ScoringError
from lc_scoring.models.lexical import LexicalEmbeddings
from lc_scoring.models.provider_errors import no_answer

SETTING = "LC_SCORING_EMBEDDINGS"
"""The environment variable that names the embedding model used where no `embeddings` is given."""

LEXICAL = "lexical"
"""The name of the embeddings that come along: of wording, not of meaning."""

DEFAULT_EMBEDDINGS = "openai:text-embedding-3-small"
"""The embedding model used where neither `embeddings` nor the setting names one."""


def resolve_embeddings(embeddings: object = None, default: str = DEFAULT_EMBEDDINGS) -> Embeddings:
    """Turn `embeddings` into an embedding model.

    Args:
        embeddings: a LangChain `Embeddings`; a model string such as `"openai:text-embedding-3-small"`; `"lexical"` for
            those that come along, see `LexicalEmbeddings`; or None for the setting `LC_SCORING_EMBEDDINGS`, else
            `default`.
        default: the model string where neither names one.

    Raises:
        ConfigError: it is none of these, the model is unknown, or its key is missing.
        MissingExtra: the model's provider package is not installed.
    """
    if isinstance(embeddings, Embeddings):
        return embeddings
    if embeddings is None:
        embeddings = os.environ.get(SETTING) or default
    if embeddings == LEXICAL:
        return LexicalEmbeddings()
    if isinstance(embeddings, str) and embeddings.strip():
        return _from_name(embeddings.strip())
    got = f"the class {embeddings.__name__}: make one of it" if isinstance(embeddings, type) else repr(embeddings)
    raise ConfigError(
        f"embeddings takes a LangChain Embeddings or a model string such as {DEFAULT_EMBEDDINGS!r}; got {got}."
    )


def embeddings_name(embeddings: Embeddings) -> str:
    """Return what tells one embedding model from another in signatures; it holds no key and no address.

    Examples:
        >>> from langchain_core.embeddings import DeterministicFakeEmbedding
        >>> embeddings_name(DeterministicFakeEmbedding(size=8))
        'DeterministicFakeEmbedding'
    """
    name = getattr(embeddings, "model_name", None) or getattr(embeddings, "model", None)
    dimensions = getattr(embeddings, "dimensions", None)
    label = f"{type(embeddings).__name__}:{name}" if isinstance(name, str) and name else type(embeddings).__name__
    return f"{label}@{dimensions}" if isinstance(dimensions, int) else label


def embed(embeddings: Embeddings, texts: list[str]) -> list[list[float]]:
    """Return one vector for each text.

    Raises:
        ModelError: the model raised, or gave another number of vectors; its exception is the cause.
    """
    try:
        vectors = embeddings.embed_documents(texts)
    except Exception as error:  # the outside world: a provider may raise anything
        raise _no_vectors(error, embeddings) from error
    return _one_each(vectors, texts)


async def aembed(embeddings: Embeddings, texts: list[str]) -> list[list[float]]:
    """Return one vector for each text, asynchronously; see `embed`."""
    try:
        vectors = await embeddings.aembed_documents(texts)
    except Exception as error:  # the outside world: a provider may raise anything
        raise _no_vectors(error, embeddings) from error
    return _one_each(vectors, texts)


def _from_name(name: str) -> Embeddings:
    try:
        from langchain.embeddings import init_embeddings  # noqa: PLC0415 - half a second, only for model strings

        return init_embeddings(name)
    except ImportError as error:
        raise MissingExtra(f"The embeddings {name!r} need a package that is not installed: {error}.") from error
    except ValueError as error:
        raise ConfigError(f"Unknown embeddings {name!r}: {_first_line(error)} Write it as 'provider:model'.") from error
    except Exception as error:
        # Each provider has its own exception for a missing key; what they share is that the model was not made.
        raise ConfigError(f"The embeddings {name!r} cannot be made: {_first_line(error)}") from error


def _no_vectors(error: Exception, embeddings: Embeddings) -> ScoringError:
    if isinstance(error, ScoringError):
        return error
    return no_answer(error, embeddings, "The embedding model gave no vectors")


def _one_each(vectors: Any, texts: list[str]) -> list[list[float]]:
    if not isinstance(vectors, Sequence) and not hasattr(vectors, "shape"):
        raise ModelError(f"The embedding model gave no list of vectors but {type(vectors).__name__}.", retryable=False)
    if len(vectors) != len(texts):
        raise ModelError(f"The embedding model gave {len(vectors)} vectors for {len(texts)} texts.", retryable=False)
    try:
        return [vector if isinstance(vector, list) else list(vector) for vector in vectors]
    except TypeError as error:
        raise ModelError(f"The embedding model gave no vector of numbers: {error}.", retryable=False) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
