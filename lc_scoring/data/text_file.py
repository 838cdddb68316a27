"""Text files: opened as bytes, compressed or not, with what goes wrong told as the caller's."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lc_scoring.errors import ConfigError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some programs put before UTF-8; it is no part of the text."""

START = 4
"""How many bytes at the start tell text from what is none."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # those of UTF-32 begin with the same bytes or with zeros


@contextmanager
def open_bytes(path: Path) -> Generator[BinaryIO]:
    """Open a file for reading; one whose name ends in .gz is decompressed on the way.

    Raises:
        ConfigError: it cannot be opened or, later on, be read to its end.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    with file:
        try:
            yield cast("BinaryIO", gzip.GzipFile(fileobj=file)) if path.suffix.lower() == ".gz" else file
        except (OSError, EOFError, zlib.error) as error:
            # Rows after this place are lost, nobody knows how many: no failure of one row can stand for them.
            raise ConfigError(f"{path} cannot be read to its end: {error}.") from error


def check_utf8(path: Path) -> None:
    """Make sure that a file can be opened and does not begin as UTF-16 or as no text at all.

    Raises:
        ConfigError: it cannot be opened, or it is not UTF-8.
    """
    with open_bytes(path) as file:
        check_start(path, file.read(START))


def check_start(path: Path, start: bytes) -> None:
    """Make sure that the first bytes of a file are not those of UTF-16 or of no text at all.

    Raises:
        ConfigError: they are.
    """
    if start.startswith(_UTF_16):
        raise ConfigError(f"{path} is UTF-16: convert it to UTF-8, for example with iconv -f utf-16 -t utf-8.")
    if b"\x00" in start[:START]:
        raise ConfigError(f"{path} is no UTF-8 text: it begins with NUL characters. Convert it to UTF-8.")
