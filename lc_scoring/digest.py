"""Digest: what tells one long text from another in a signature."""

from __future__ import annotations

import hashlib


def digest(text: str) -> str:
    """Return eight hexadecimal digits that change with a text.

    Examples:
        >>> digest("Is it kind?")
        '2a418e11'
    """
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
