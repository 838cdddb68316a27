"""The message of assert_score: which pieces of a text cost its score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lc_scoring import Score, StringEvaluator
from lc_scoring.integrations.pytest_plugin import assert_score

NASTY = "[red]x[/red] \x1b[2J\nE   forged\u202e"
SHOWN = "[red]x[/red]  [2J E   forged "


class Given(StringEvaluator):
    """Gives the score it was made with."""

    def __init__(self, score: Score) -> None:
        self._score = score

    async def ascore(self, fields: Any, config: Any = None) -> Score:
        return self._score

    def score(self, fields: Any, config: Any = None) -> Score:
        return self._score

    def _evaluate_strings(self, **_: Any) -> Any:
        raise NotImplementedError


def claim(number: int, value: float, text: str = "It is tall.", **more: Any) -> Score:
    return Score(name=f"claim {number}", text=text, value=value, **more)


def message(*parts: Score, **bounds: Any) -> Sequence[str]:
    with pytest.raises(AssertionError) as caught:
        assert_score(Given(Score(name="faithfulness", value=0.5, parts=parts)), prediction="x", **bounds)
    return str(caught.value).splitlines()


def test_the_pieces_that_cost_it_are_named() -> None:
    tall = claim(2, 0.0, label="refuted", sources=(1, 2), reasoning="Context 1 says 330 m.")
    lines = message(claim(1, 1.0), claim(3, 0.5, "It is near."), tall, at_least=0.8)
    assert lines[0] == "faithfulness: 0.5, wanted at least 0.8."
    assert lines[2:-1] == [
        "  what cost it, 2 of 3 pieces:",
        "    claim 2: It is tall.",
        "      refuted, 0, contexts 1 and 2: Context 1 says 330 m.",
        "    claim 3: It is near.",
        "      0.5",
    ]


def test_the_pieces_are_told_once() -> None:
    reasoning = "0 of 1 claims.\n- claim 1, refuted: It is tall."
    for parts, shown in (((claim(1, 0.0),), "0 of 1 claims"), ((), "0 of 1 claims.\n    - claim 1")):
        score = Score(name="f", value=0.0, parts=parts, basis="0 of 1 claims", reasoning=reasoning)
        with pytest.raises(AssertionError) as caught:
            assert_score(Given(score), prediction="x", at_least=1)
        assert f"{shown}" in str(caught.value)
        assert str(caught.value).count("It is tall.") == 1


def test_a_few_of_many_within_their_metrics() -> None:
    metric = Score(name="recall", value=0.0, parts=tuple(claim(n, 0.0) for n in range(1, 9)))
    lines = message(metric, at_least=0.8)
    assert [line for line in lines if "recall" in line] == [f"    recall, claim {n}: It is tall." for n in range(1, 6)]
    assert "    and 3 more" in lines


def test_nothing_is_told_where_no_piece_cost_anything() -> None:
    for parts in ((), (claim(1, 1.0),), (Score(name="juror 1", value=0.0),)):
        assert not any("cost" in line for line in message(*parts, at_least=0.8)), parts


def test_a_piece_cannot_act_on_a_terminal_or_pose_as_a_line() -> None:
    nasty = Score(name=NASTY, text=NASTY, value=0.0, label=NASTY, reasoning=NASTY)
    lines = message(nasty, at_least=0.8)
    assert lines[-3:-1] == [f"    {SHOWN}: {SHOWN}", f"      {SHOWN}, 0: {SHOWN}"]
    assert all(letter.isprintable() for line in lines for letter in line)
    assert max(map(len, message(claim(1, 0.0, "y" * 9_000, reasoning="z" * 9_000), at_least=1))) < 300
