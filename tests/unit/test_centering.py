"""A jury's levels told from many rows and taken off, and verdicts that change with the order of the texts."""

from __future__ import annotations

from typing import Any

import pytest

from lc_scoring.errors import ConfigError, ModelError, NotApplicable, ScoringError
from lc_scoring.judges.centering import member_offsets, member_outcomes
from lc_scoring.judges.pairwise import BOTH_ORDERS, swayed_by_position
from lc_scoring.judges.panel import Panel, Seat
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale

NAME = "score_string:depth"
GONE = ModelError("Gone.")


def jury(*members: str, **offsets: float) -> Panel:
    judge: Any = object()
    seats = tuple(Seat(name, judge, at, offsets.get(name, 0.0)) for at, name in enumerate(members))
    return Panel(seats=seats, what="members", aggregate="mean", quorum=1, scale=Scale(1, 10))


def rated(rating: float, name: str = NAME) -> Score:
    return Score(name=name, value=(rating - 1) / 9, rating=rating, reasoning=f"[[{rating}]]", usage=Usage(calls=1))


def row(*said: float | ScoringError, panel: Panel | None = None) -> Score:
    panel = panel or jury(*"abc"[: len(said)])
    return panel.combine([one if isinstance(one, ScoringError) else rated(one) for one in said])


# How far members lie above the others.


@pytest.mark.parametrize(
    ("rows", "offsets"),
    [
        ([(2, 4, 9)], {"a": -3, "b": -1, "c": 4}),
        ([(2, 4, 9), (4, 4, 1)], {"a": -1, "b": 0, "c": 1}),
        ([(5, 5, 5), (1, 1, 1)], {"a": 0, "b": 0, "c": 0}),
        ([(1, 1, 2)], {"a": -0.333333, "b": -0.333333, "c": 0.666667}),
        ([(7,), (2,)], {"a": 0}),
    ],
)
def test_an_offset_is_a_members_mean_less_the_mean_of_all(rows: list[Any], offsets: dict[str, float]) -> None:
    members = list(offsets)
    assert member_offsets([row(*ratings) for ratings in rows], members) == offsets
    assert list(member_offsets([row(*ratings) for ratings in rows], members[::-1])) == members[::-1]


def test_rows_on_which_one_is_missing_tell_nothing() -> None:
    rows = [row(2, 4, 6), row(10, GONE, 1), row(NotApplicable("None."), 1, 10)]
    assert member_offsets(rows, ["a", "b", "c"]) == {"a": -2, "b": 0, "c": 2}
    assert member_offsets(rows, ["a", "c"]) == {"a": 1.25, "c": -1.25}, "of those who are asked for"


@pytest.mark.parametrize("rows", [[], [row(2, GONE)], [rated(5)], [row(2, GONE), row(GONE, 2)]])
def test_without_a_row_on_which_all_sat_nothing_can_be_told(rows: list[Score]) -> None:
    with pytest.raises(ConfigError, match="There is no row on which a, b all gave a rating"):
        member_offsets(rows, ["a", "b"])


def test_verdicts_have_no_level() -> None:
    voted = Score(name=NAME, value=1, label="Y", parts=(Score(name=f"{NAME}, a", value=1, label="Y"),))
    with pytest.raises(ConfigError, match="Verdicts have no level to center"):
        member_offsets([voted], ["a"])
    with pytest.raises(ConfigError, match="Verdicts have no level to center"):
        member_outcomes(voted, jury("a"))


def test_a_members_name_may_hold_what_parts_names() -> None:
    names = ["a, b", f"{NAME}, a", "a (2)"]
    assert member_offsets([row(1, 2, 6, panel=jury(*names))], names) == dict(zip(names, [-2, -1, 3], strict=True))


# The score made anew.


def test_outcomes_come_back_in_their_order_and_make_the_same_score() -> None:
    panel, none = jury("a", "b", "c", "d"), NotApplicable("None.")
    score = row(2, GONE, 6, none, panel=panel)
    outcomes = member_outcomes(score, panel)
    assert outcomes == [rated(2), GONE, rated(6), none]
    assert panel.combine(outcomes) == score


def test_with_offsets_a_row_with_a_member_missing_is_on_the_level_of_the_others() -> None:
    panel = jury("a", "b", "c")
    rows = [row(3, 5, 7), row(3, GONE, 7), row(3, 5, GONE)]
    offsets = member_offsets(rows, ["a", "b", "c"])
    centered = jury("a", "b", "c", **offsets)
    made = [centered.combine(member_outcomes(score, panel)) for score in rows]
    assert [score.rating for score in rows] == [5, 5, 4]
    assert [score.rating for score in made] == [5, 5, 5]
    assert [[part.rating for part in score.parts] for score in made] == [[3, 5, 7], [3, 7], [3, 5]]
    assert [score.usage for score in made] == [score.usage for score in rows]
    assert member_offsets(made, ["a", "b", "c"]) == offsets, "parts keep their own ratings"


@pytest.mark.parametrize("score", [rated(5), row(5, 6, panel=jury("a", "x"))], ids=["one judge", "another jury"])
def test_the_score_of_another_jury_is_refused(score: Score) -> None:
    with pytest.raises(ConfigError, match=r"^A score of another jury: it says nothing of "):
        member_outcomes(score, jury("a", "b"))


# Verdicts that change with the order.


def compared(*labels: str) -> Score:
    """Make the score of one comparison: in both orders, or in one."""
    parts = tuple(Score(name="pair", value=0.5, label=label) for label in labels if len(labels) > 1)
    return Score(name="pair", value=0.5, label=labels[0], parts=parts, basis=BOTH_ORDERS if parts else "")


def several(*parts: Score) -> Score:
    return Score(name="pair", value=0.5, label="C", parts=parts, basis=f"majority of {len(parts)} samples")


STEADY, SWAYED, ONE_ORDER = compared("A", "A"), compared("A", "B"), compared("A")


@pytest.mark.parametrize(
    ("score", "swayed"),
    [
        (STEADY, False),
        (compared("C", "C"), False),
        (SWAYED, True),
        (compared("C", "B"), True),
        (ONE_ORDER, None),
        (several(SWAYED, SWAYED, STEADY), True),
        (several(SWAYED, STEADY, STEADY), False),
        (several(SWAYED, STEADY), False),
        (several(ONE_ORDER, ONE_ORDER), None),
        (several(ONE_ORDER, SWAYED, ONE_ORDER), True),
        (several(several(SWAYED, SWAYED, STEADY), several(SWAYED, STEADY, SWAYED), STEADY), True),
        (several(several(SWAYED, STEADY, STEADY), several(SWAYED), several(ONE_ORDER)), False),
    ],
)
def test_a_judgement_is_swayed_where_most_of_its_verdicts_changed(score: Score, swayed: bool | None) -> None:
    assert swayed_by_position(score) is swayed
