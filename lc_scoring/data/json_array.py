"""JSON arrays: the rows of a .json file, read a piece at a time, so that a large one fits."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from lc_scoring.data.row import Row
from lc_scoring.data.text_file import check_utf8, open_bytes
from lc_scoring.errors import ConfigError

_PIECE = 1 << 20  # bytes read at a time
_LONGEST_WORD = 16  # characters; no less than \\ud83d\\ude00, the longest thing that breaks where a piece ends
_BLANK = " \t\n\r"


def check_array(path: Path) -> None:
    """Make sure that a file begins as a JSON array.

    Raises:
        ConfigError: it cannot be opened, or begins with anything else.
    """
    check_utf8(path)
    with open_bytes(path) as file:
        _Text(path, file).expect("[")


def read_array(path: Path) -> Iterator[Row]:
    """Yield the items of a JSON array of objects; one that is no object is an error row.

    Raises:
        ConfigError: the file cannot be opened, is no array, or is broken somewhere: what follows cannot be told.
    """
    with open_bytes(path) as file:
        text = _Text(path, file)
        text.expect("[")
        number = 0
        while not text.passes("]"):
            if number:
                text.expect(",")
            number += 1
            item = text.item(number)
            if isinstance(item, dict):
                yield Row(line=number, values=item)
            else:
                yield Row.unread(number, f"{path}, row {number}: a row is an object, got {type(item).__name__}.")
        text.expect_end()


class _Text:
    """The part of the file that is not read yet, as far as it is needed."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False

    def passes(self, mark: str) -> bool:
        """Pass over blanks, and over a mark where it is next; tell whether it was."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text) or self._ended:
                break
            self._more()
        found = self._text.startswith(mark, self._at)
        self._at += len(mark) * found
        return found

    def expect(self, mark: str) -> None:
        if not self.passes(mark):
            got = repr(self._text[self._at : self._at + 20]) if self._at < len(self._text) else "the end of the file"
            raise ConfigError(
                f"{self._path} is no array of JSON objects: {mark!r} was wanted, got {got}. "
                "One object a line is read from .jsonl."
            )

    def expect_end(self) -> None:
        self.passes("")
        if self._at < len(self._text):
            raise ConfigError(f"{self._path} goes on after its array: {self._text[self._at : self._at + 20]!r}.")

    def item(self, number: int) -> Any:
        """Read the next item; nothing but its own text, and at most as much again, is held."""
        self.passes("")  # the scanner takes no blanks before an item
        while True:
            try:
                found, end = self._scan(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if self._ended or not self._may_go_on(error):
                    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                    raise ConfigError(
                        f"{self._path}, row {number}: no valid JSON ({reason}); the rows after it cannot be told."
                    ) from error
            else:
                if end < len(self._text) or self._ended:  # a number at the end might go on
                    self._at = end
                    return found
            self._more()

    def _may_go_on(self, error: Exception) -> bool:
        """Tell whether an item may be broken only because its end is not read yet."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - _LONGEST_WORD

    def _more(self) -> None:
        # Twice as much each time, or an item of many pieces would be scanned as many times.
        held = self._text[self._at :]
        data = self._file.read(max(_PIECE, len(held)))
        try:
            self._text = held + self._decode(data, not data)
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self._path} is no valid UTF-8 ({error}): convert it to UTF-8.") from error
        self._at = 0
        self._ended = not data
