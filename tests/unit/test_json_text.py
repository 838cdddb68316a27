"""How JSON is read out of text, and written so that equal values are equal texts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lc_scoring.evaluators.json_match import JsonValidityEvaluator
from lc_scoring.evaluators.json_text import compact_json, equal_json, nesting, read_json

IN_WORDS = [
    ('{"a": 1}', {"a": 1}),
    ('  \n{"a": 1}\t', {"a": 1}),
    ('`{"a": 1}`', {"a": 1}),
    ('```json\n{"a": 1}\n```', {"a": 1}),
    ('```\n{"a": 1}\n```', {"a": 1}),
    ('Here:\n```json\n{"a": 1}\n```', {"a": 1}),
    ('Here:\n```json\n{"a": 1}\n```\nAnything else?', {"a": 1}),
    ('Here:\n```json\n{"a": 1}', {"a": 1}),
    ('```json {"a": "```py\\nx\\n```"} ```', {"a": "```py\nx\n```"}),
    ('{"a": "```"}', {"a": "```"}),
    ("null", None),
    ("1e400", math.inf),
    (r'"\ud83d\ude00"', "😀"),
    ('{"a": 1, "a": 2}', {"a": 2}),
]


@pytest.mark.parametrize(("text", "value"), IN_WORDS)
def test_json_is_read_alone_or_in_a_fence(text: str, value: Any) -> None:
    assert read_json(text) == value
    assert JsonValidityEvaluator().evaluate_strings(prediction=text) == {"score": 1}


def test_text_and_depth_of_values() -> None:
    depths = {"1": 0, "[]": 1, "{}": 1, "[1]": 1, "[[]]": 2, '{"a": [{}]}': 3}
    assert {text: nesting(read_json(text)) for text in depths} == depths
    assert nesting(one_in_another(3000)) == 3000
    assert compact_json({"b": 1.0, "a": [True, None]}) == '{"a":[true,null],"b":1.0}'
    assert equal_json([1e22, 0.05, "1.0", 1.0]) == '[10000000000000000000000,0.05,"1.0",1]'


def one_in_another(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
