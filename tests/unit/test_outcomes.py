"""Outcomes: what is stored is what comes back."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lc_scoring import errors
from lc_scoring.errors import ConfigError, MissingExtra, ModelError, NotApplicable, ReplyError, ScopeError, ScoringError
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs.outcomes import Stored, as_json, error_of, finite, restored, storable, stored

ERRORS: list[ScoringError] = [
    ScoringError("a"),
    ConfigError("b"),
    MissingExtra("c"),
    ModelError("d"),
    ModelError("e", retryable=True),
    ModelError("f", retryable=False),
    ScopeError("g"),
    ReplyError("h", reply="The whole\x00 text \ud800" * 100),
    ReplyError("i", reply=""),
    errors.RunFileError("j"),
    NotApplicable("k"),
]


def there_and_back(outcome: Score | Failure, signature: str = "s") -> Score | Failure:
    """Store an outcome in a real table, and read it."""
    held = stored(outcome, score=None, signature=signature)
    database = sqlite3.connect(":memory:")
    try:
        names = ", ".join(f'"{name}"' for name in Stored._fields)
        database.execute(f"CREATE TABLE held ({names})")
        database.execute(f"INSERT INTO held VALUES ({','.join('?' * len(held))})", held)  # noqa: S608
        (row,) = database.execute("SELECT * FROM held").fetchall()
    finally:
        database.close()
    return restored(outcome.name, signature, Stored(*row), "row 1")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {error}"[:20])
@pytest.mark.parametrize("usage", [None, Usage(calls=2, input_tokens=3, output_tokens=4, cost=0.5), Usage(calls=1)])
def test_every_error_comes_back_as_it_was(error: ScoringError, usage: Usage | None) -> None:
    error.usage = usage
    back = there_and_back(Failure(name="a", error=error, sample_id="row 1"))
    assert isinstance(back, Failure)
    assert (type(back.error), str(back.error), back.sample_id) == (type(error), str(error), "row 1")
    assert back.error.usage == usage
    for name in ("retryable", "reply", "reason", "reasoning"):
        assert getattr(back.error, name, "none") == getattr(error, name, "none")


def test_every_error_there_is_is_tried() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ScoringError)}
    assert kinds == {type(error) for error in ERRORS}


def test_an_error_of_another_package_comes_back_as_a_scoring_error() -> None:
    class OwnError(ScoringError):
        pass

    for kind in (OwnError, type("difflib", (ScoringError,), {}), type("Any", (ScoringError,), {})):
        back = there_and_back(Failure(name="a", error=kind("what it said")))
        assert isinstance(back, Failure)
        assert (type(back.error), str(back.error)) == (ScoringError, "what it said")


def test_what_does_not_apply_is_no_failure() -> None:
    held = stored(Failure(name="a", error=NotApplicable("Not so.")), score=None, signature="s")
    assert (held.state, held.kind, held.reasoning) == ("not_applicable", "NotApplicable", "Not so.")
    assert (held.score, held.value, held.rating, held.label, held.spread) == (None,) * 5


def test_a_plain_score_takes_no_details() -> None:
    held = stored(Score(name="a", value=0.5, rating=5.0, label="Y", signature="s"), score=5.0, signature="s")
    assert held == Stored("score", None, 5.0, 0.5, 5.0, "Y", None, 0, 0, 0, None, "", None)


def test_a_signature_of_its_own_is_kept() -> None:
    back = there_and_back(Score(name="a", value=0.5, signature="other"))
    assert isinstance(back, Score)
    assert back.signature == "other"


def test_texts_that_no_file_can_hold_are_mended() -> None:
    score = Score(
        name="a", value=0.5, label="half \ud83d", reasoning="half \ud83d, whole \U0001f600, NUL \x00", signature="s"
    )
    back = there_and_back(score)
    assert isinstance(back, Score)
    assert (back.label, back.reasoning) == ("half ?", "half ?, whole \U0001f600, NUL \x00")


def test_long_reasons_are_kept_whole() -> None:
    text = "좋은 " * 400_000
    back = there_and_back(Score(name="a", value=0.5, reasoning=text, signature="s"))
    assert isinstance(back, Score)
    assert back.reasoning == text


class Verdict(BaseModel):
    """What a user's own schema holds."""

    why: str
    tags: set[str]
    at: dt.date


@pytest.mark.parametrize(
    ("parsed", "back"),
    [
        (Verdict(why="so", tags={"a"}, at=dt.date(2026, 1, 2)), {"why": "so", "tags": ["a"], "at": "2026-01-02"}),
        ({"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}, {"at": "2026-01-02 00:00:00+00:00"}),
        ({"n": Fraction(1, 2)}, {"n": "1/2"}),
        ({"set": frozenset({2, 1})}, {"set": [1, 2]}),
        ((1, "a"), [1, "a"]),
        ({"raw": b"a"}, {"raw": None}),
        (0, 0),
        (False, False),
        ("", ""),
        ({}, {}),
    ],
    ids=repr,
)
def test_what_a_schema_held_comes_back_as_json_knows_it(parsed: Any, back: Any) -> None:
    score = there_and_back(Score(name="a", value=0.5, parsed=parsed, signature="s"))
    assert isinstance(score, Score)
    assert score.parsed == back


def test_values_of_numpy_and_mappings_of_any_kind() -> None:
    numpy = pytest.importorskip("numpy")
    from types import MappingProxyType  # noqa: PLC0415

    value = {"a": numpy.arange(3), "b": numpy.float32(0.5), "c": MappingProxyType({"d": 1})}
    assert json.loads(as_json(value)) == {"a": [0, 1, 2], "b": 0.5, "c": {"d": 1}}


def test_json_is_short_and_can_always_be_written() -> None:
    assert as_json({"a": [1, "좋"]}) == '{"a":[1,"좋"]}'
    assert as_json({"a": "좋\ud800"}).isascii()
    assert json.loads(as_json({"a": "좋\ud800"})) == {"a": "좋\ud800"}


@pytest.mark.parametrize(("text", "kept"), [("a", "a"), ("좋\x00", "좋\x00"), ("\ud83d\ude00", "??"), ("é", "é")])
def test_storable(text: str, kept: str) -> None:
    assert storable(text) == kept


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_score_is_a_finite_number(number: float) -> None:
    assert finite(0.5) == 0.5
    with pytest.raises(ScoringError, match="a score is a finite number"):
        finite(number)


def test_an_error_of_a_file_that_knows_no_more() -> None:
    assert str(error_of({"kind": None, "message": "x"})) == "x"
    assert isinstance(error_of({"kind": "ReplyError", "message": "x"}), ReplyError)


def test_parts_and_failures_of_parts_come_back(tmp_path: Path) -> None:
    usage = Usage(calls=1, input_tokens=9, output_tokens=3, cost=0.25)
    inner = Score(name="x", value=0.0, rating=1.0, usage=usage, signature="p", distribution={1.0: 0.75, 2.5: 0.25})
    missing = Failure(name="y", error=ReplyError("No rating.", reply="Hm. \ud800"))
    outer = Score(
        name="z", value=1.0, parts=(inner,), failures=(missing,), basis="mean of 2 samples", spread=0.5, signature="s"
    )
    whole = Score(name="a", value=0.25, label="", reasoning="", parts=(outer, inner), usage=usage, signature="s")
    back = there_and_back(whole)
    assert isinstance(back, Score)
    assert [part.parts for part in back.parts] == [(inner,), ()]
    ((failure,), (part, _)) = (back.parts[0].failures, back.parts)
    assert isinstance(failure.error, ReplyError)
    assert (failure.name, failure.error.reason, failure.error.reply) == ("y", "No rating.", "Hm. \ud800")
    assert (part.basis, part.spread, back.label) == ("mean of 2 samples", 0.5, "")
    assert back.parts[1] == inner


def test_a_part_without_a_name_can_be_read() -> None:
    back = there_and_back(Score(name="a", value=0.5, parts=(Score(name="", value=0.5),), signature="s"))
    assert isinstance(back, Score)
    assert back.parts[0].name == ""


@pytest.mark.parametrize("field", ["label", "parsed"])
def test_an_empty_text_of_a_part_comes_back(field: str) -> None:
    back = there_and_back(Score(name="a", value=0.5, parts=(Score(name="b", value=0.5, **{field: ""}),), signature="s"))
    assert isinstance(back, Score)
    assert getattr(back.parts[0], field) == ""
