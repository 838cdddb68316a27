"""Sentences: where one ends, in any language, and how long it may take to find out."""

from __future__ import annotations

import time

import pytest

from lc_scoring.rag.citations import citations_in
from lc_scoring.rag.sentences import sentences_of


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n\t\u3000", []),
        ("...", ["..."]),
        ("A", ["A"]),
        ("It opened. It closed!", ["It opened.", "It closed!"]),
        ("Who knew?! Nobody… Really.", ["Who knew?!", "Nobody…", "Really."]),
        ("It opened.\r\nIt closed.\r\n", ["It opened.", "It closed."]),
        ("A heading\n\n\nA text", ["A heading", "A text"]),
        (
            "It is 9.30 a.m. now. Prof. A. Moor, e.g. Ada, left.",
            ["It is 9.30 a.m. now.", "Prof. A. Moor, e.g. Ada, left."],
        ),
        ("1. First\n2. Second.", ["1. First", "2. Second."]),
        ("١. أول\n٢. ثان", ["١. أول", "٢. ثان"]),
        ('She said "It opened." Then she left.', ['She said "It opened."', "Then she left."]),
        ("It opened (in 1903.) It closed.", ["It opened (in 1903.)", "It closed."]),
        (
            "It opened [1]. It closed. [2][3] It burned.【4】",
            ["It opened [1].", "It closed. [2][3]", "It burned.【4】"],
        ),
        ("It opened.[1] It closed.[2]. Done.", ["It opened.[1]", "It closed.[2].", "Done."]),
        ("It opened.[1]and closed.", ["It opened.[1]and closed."]),
        ("塔は完成した。誰か？「はい。」そうだ！", ["塔は完成した。", "誰か？", "「はい。」そうだ！"]),
        ("It opened.  [1\n2] in 1903", ["It opened.", "[1", "2] in 1903"]),
        ("a. b", ["a. b"]),
        ("The end. next word", ["The end. next word"]),
    ],
)
def test_a_text_is_cut_where_sentences_end(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


LONG = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "." * LONG,
        "." * LONG + "x",
        "." + '"' * LONG + "x",
        "! " * (LONG // 2),
        " " * LONG,
        "x" + " " * LONG + "x",
        "\t \u3000" * (LONG // 3),
        " \n" * (LONG // 2),
        "a. " * (LONG // 3),
        "。" * LONG,
        "。" + " " * LONG,
        "[1" * (LONG // 2),
        "[" + "1 " * (LONG // 2),
        ".[1]" * (LONG // 4),
        ". [1 " * (LONG // 5),
        "1" * LONG,
        "1. " * (LONG // 3),
        "[" + "1-99999," * (LONG // 8) + "1]",
        "[1-99999]" * (LONG // 9),
    ],
    ids=lambda text: repr(text[:6] + text[-3:]),
)
def test_a_long_text_is_cut_at_once(text: str) -> None:
    begun = time.perf_counter()
    sentences_of(text)
    citations_in(text)
    assert time.perf_counter() - begun < 15.0


def test_a_context_of_200000_characters_is_cut_at_once() -> None:
    begun = time.perf_counter()
    assert len(sentences_of("The mill opened in 1903. " * 8_000)) == 8_000
    assert time.perf_counter() - begun < 15.0
