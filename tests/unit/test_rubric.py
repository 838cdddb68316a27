"""Rubric: every form that `criteria=` takes, its wording for a judge, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest

from lc_scoring.criterion import Criteria, Criterion
from lc_scoring.errors import ConfigError
from lc_scoring.rubric import Principle, Rubric
from lc_scoring.scale import Scale

BUILT_IN = [
    "conciseness",
    "relevance",
    "correctness",
    "coherence",
    "harmfulness",
    "maliciousness",
    "helpfulness",
    "controversiality",
    "misogyny",
    "criminality",
    "insensitivity",
    "depth",
    "creativity",
    "detail",
]
LOW_IS_GOOD = {"harmfulness", "maliciousness", "controversiality", "misogyny", "criminality", "insensitivity"}


@dataclass
class Constitution:
    """What LangChain's `ConstitutionalPrinciple` has."""

    name: str
    critique_request: str
    revision_request: str = "Write it anew."


class Theirs(str, Enum):  # noqa: UP042 - as LangChain has it
    """Members of another package's enum, some named like ours."""

    DEPTH = "depth"
    SPARKLE = "sparkle"


FORMS: list[tuple[Any, list[tuple[str, str]]]] = [
    ("sparkle", [("sparkle", "")]),
    (Theirs.SPARKLE, [("sparkle", "")]),
    ({"sparkle": "Does it shine?"}, [("sparkle", "Does it shine?")]),
    ({"sparkle": None}, [("sparkle", "")]),
    ({"sparkle": {}}, [("sparkle", "")]),
    (MappingProxyType({"a": "A?", "b": "B?"}), [("a", "A?"), ("b", "B?")]),
    ({Theirs.SPARKLE: "Does it shine?"}, [("sparkle", "Does it shine?")]),
    ({Criteria.DEPTH: "How deep?"}, [("depth", "How deep?")]),
    ({"any": Criterion(name="own", description="Own?")}, [("own", "Own?")]),
    (Criterion(name="own", description="Own?"), [("own", "Own?")]),
    (Constitution("calm", "Is it calm?"), [("calm", "Is it calm?")]),
    (
        ["sparkle", {"a": "A?"}, ("b", [Constitution("c", "C?")])],
        [("sparkle", ""), ("a", "A?"), ("b", ""), ("c", "C?")],
    ),
    ([Rubric(criteria=(Criterion(name="a"), Criterion(name="b"))), "c"], [("a", ""), ("b", ""), ("c", "")]),
    ([{"a": "Old?"}, "b", {"a": "New?"}], [("a", "New?"), ("b", "")]),
    ([], []),
]
REFUSED: list[tuple[Any, str]] = [
    ({}, "criteria is empty"),
    (7, "got int: 7"),
    ({"a", "b"}, "got set"),
    (["a", 7], "got int: 7"),
    ({7: "Seven?"}, "got 7: str"),
    ({"a": 7}, "got 'a': int"),
    ({"a": ["A?"]}, "got 'a': list"),
    ({"a": {"high": "Good."}}, "'a' has a level 'high'; levels are ratings"),
    ({"a": {None: "Good."}}, "'a' has a level None; levels are ratings"),
    ({"a": {1: ""}}, "'a' has a level without a description, ''"),
    ({"a": {1: " \n"}}, "'a' has a level without a description"),
    ({"a": {1: None}}, "'a' has a level without a description, None"),
    ({"a": "Score 1:\nScore 5: Good."}, "'a' has a level without a description, ''"),
]
LEVEL_TEXTS = [
    ("Is it true?\nScore 1: No.\nScore 5: Yes.", "Is it true?", {1: "No.", 5: "Yes."}),
    ("score 5: Yes.\n  SCORE 1 : No.", "", {1: "No.", 5: "Yes."}),
    ("Level 0: None\nof it.\n\nLevel 0.5: Half.\nLevel 1: All.", "", {0: "None of it.", 0.5: "Half.", 1: "All."}),
    ("Score -1: Bad.\nScore +1: Good.", "", {-1: "Bad.", 1: "Good."}),
    ("Score 1: only one level", "Score 1: only one level", {}),
    ("A score 1: in a line\nand score 5: in another", "A score 1: in a line\nand score 5: in another", {}),
    ("Score one: No.\nScore two: Yes.", "Score one: No.\nScore two: Yes.", {}),
]
NEAR = [
    ("dept", "depth"),
    ("depthh", "depth"),
    ("depht", "depth"),
    ("dapth", "depth"),
    ("epth", "depth"),
    ("xdepth", "depth"),
    ("Depth", "depth"),
    ("CORRECTNES", "correctness"),
    ("ceativity", "creativity"),
    ("helpfullness", "helpfulness"),
]
FAR = ["sparkle", "depths of it", "de", "", "detph x", "dpeht", "harm", "helpful", "hdept"]


def as_pairs(rubric: Rubric) -> list[tuple[str, str]]:
    return [(criterion.name, criterion.description) for criterion in rubric.criteria]


def test_there_are_the_fourteen_built_in_criteria() -> None:
    assert [member.value for member in Criteria] == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_name_brings_its_question_and_its_direction(name: str) -> None:
    by_name, by_member = Rubric.parse(name), Rubric.parse(Criteria(name))
    assert by_name == by_member
    (criterion,) = by_name.criteria
    assert (type(criterion.name), criterion.name) == (str, name)
    assert "?" in criterion.description
    assert criterion.lower_is_better is (name in LOW_IS_GOOD)
    assert ("higher the rating" in criterion.description) is (name in LOW_IS_GOOD)


def test_the_built_in_questions_differ() -> None:
    assert len({Rubric.parse(name).digest() for name in BUILT_IN}) == len(BUILT_IN)


def test_another_enum_with_the_same_name_means_the_same() -> None:
    assert Rubric.parse(Theirs.DEPTH) == Rubric.parse("depth")


def test_nothing_given_means_four_criteria() -> None:
    assert [criterion.name for criterion in Rubric.parse().criteria] == [
        "helpfulness",
        "relevance",
        "correctness",
        "depth",
    ]
    assert Rubric.parse(None) == Rubric.parse()


@pytest.mark.parametrize(("criteria", "pairs"), FORMS)
def test_every_form_becomes_a_rubric(criteria: Any, pairs: list[tuple[str, str]]) -> None:
    rubric = Rubric.parse(criteria)
    assert as_pairs(rubric) == pairs
    assert rubric.name == "-".join(name for name, _ in pairs)


def test_a_rubric_comes_back_as_it_is() -> None:
    rubric = Rubric(criteria=(Criterion(name="a"),), name="mine", version=3, scale=Scale(1, 5))
    assert Rubric.parse(rubric) is rubric


def test_a_constitution_is_known_by_what_it_has() -> None:
    assert isinstance(Constitution("calm", "Is it calm?"), Principle)
    assert not isinstance(Scale(), Principle)


@pytest.mark.parametrize(("criteria", "why"), REFUSED)
def test_what_is_no_criterion_is_refused_with_what_was_got(criteria: Any, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Rubric.parse(criteria)
    assert why in str(caught.value)


@pytest.mark.parametrize(("text", "description", "levels"), LEVEL_TEXTS)
def test_levels_are_found_in_a_text(text: str, description: str, levels: dict[float, str]) -> None:
    (criterion,) = Rubric.parse({"a": text}).criteria
    assert criterion.description == description
    assert list(criterion.levels.items()) == list(levels.items())


def test_levels_stand_in_order_with_plain_numbers_and_on_one_line() -> None:
    criterion = Criterion(name="a", levels={"10": " all\n  of it ", 1.0: "none", 5.5: "half"})  # type: ignore[dict-item]
    assert list(criterion.levels.items()) == [(1, "none"), (5.5, "half"), (10, "all of it")]
    assert type(next(iter(criterion.levels))) is int


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Criterion(name="a", levels={1: "None.", "1": "All."}), id="a number and a text"),
        pytest.param(lambda: Rubric.parse({"a": "Score 1: No.\nScore 1: Never.\nScore 5: Yes."}), id="two lines"),
    ],
)
def test_a_level_described_twice_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


@pytest.mark.parametrize("rating", ["nan", float("inf"), pytest.param(10**400, id="huge")])
def test_a_level_is_a_finite_number(rating: Any) -> None:
    with pytest.raises(ConfigError):
        Criterion(name="a", levels={rating: "Good."})


@pytest.mark.parametrize("fields", [{"name": None}, {"name": 7}, {"name": "a", "description": None}])
def test_a_criterion_has_its_name_and_description_in_text(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="A criterion has a name and a description in text"):
        Criterion(**fields)


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Criterion(name="a"), "a"),
        (Criterion(name="a", description=" A? "), "a: A?"),
        (Criterion(name="a", description="One.\nTwo."), "a: One.\n  Two."),
        (Criterion(name="a", levels={10: "All.", 1: "None."}), "a:\n  Score 1: None.\n  Score 10: All."),
        (Criterion(name="a", description="A?", levels={0.5: "Half."}), "a: A?\n  Score 0.5: Half."),
        (Criterion(name="a", description="A?", lower_is_better=True), "a: A?"),
    ],
)
def test_a_criterion_is_worded_for_a_judge(criterion: Criterion, words: str) -> None:
    assert criterion.render() == words


def test_a_rubric_is_its_criteria_line_by_line() -> None:
    assert Rubric.parse({"a": "A?", "b": None}).render() == "a: A?\nb"


def test_a_rubric_without_criteria_asks_for_overall_quality() -> None:
    rubric = Rubric.parse([])
    assert rubric.render().startswith("overall quality:")
    assert not rubric.lower_is_better


def test_the_digest_follows_the_words_the_version_and_the_direction() -> None:
    words = Criterion(name="a", description="A?")
    digest = Rubric(criteria=(words,)).digest()
    assert len(digest) == 8
    assert int(digest, 16) >= 0
    assert Rubric(criteria=(words,), name="other").digest() == digest
    assert Rubric(criteria=(words,), version=9).digest() != digest
    assert Rubric(criteria=(Criterion(name="a", description="A?", lower_is_better=True),)).digest() != digest
    assert Rubric(criteria=(Criterion(name="a", description="A!"),)).digest() != digest


def test_words_that_cannot_be_encoded_have_a_digest_too() -> None:
    assert len(Rubric.parse({"a": "\ud800"}).digest()) == 8


@pytest.mark.filterwarnings("ignore:In .* a high rating is good for one criterion")
@pytest.mark.parametrize(
    ("directions", "whole"), [([True], True), ([True, True], True), ([False], False), ([True, False], False)]
)
def test_low_is_good_for_the_whole_where_it_is_for_every_part(directions: list[bool], whole: bool) -> None:
    criteria = tuple(Criterion(name=str(at), lower_is_better=low) for at, low in enumerate(directions))
    assert Rubric(criteria=criteria).lower_is_better is whole


def test_two_criteria_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two criteria named 'a', 'b': keep one"):
        Rubric(criteria=tuple(Criterion(name=name) for name in "abcba"))


def test_a_name_of_its_own_is_kept() -> None:
    assert Rubric(criteria=(Criterion(name="a"),), name="mine").name == "mine"


def test_levels_are_held_against_the_rubrics_scale() -> None:
    criteria = (Criterion(name="a", levels={0: "None.", 1: "Some.", 2.5: "More.", 5: "All."}),)
    Rubric(criteria=criteria, scale=Scale(0, 5))
    with pytest.raises(ConfigError) as caught:
        Rubric(criteria=criteria, scale=Scale(1, 5, step=1))
    assert str(caught.value).startswith("Criterion 'a' describes level 0, 2.5, off the scale 1..5/1:")


def test_levels_can_be_held_against_any_scale() -> None:
    rubric = Rubric.parse({"a": None, "b": {1: "None.", 10: "All."}})
    rubric.check_levels(Scale(1, 10))
    with pytest.raises(ConfigError, match=r"Criterion 'b' describes level 10, off the scale 1\.\.5"):
        rubric.check_levels(Scale(1, 5))


@pytest.mark.parametrize(("word", "known"), NEAR)
def test_a_slip_of_one_letter_is_pointed_out_and_kept(word: str, known: str) -> None:
    with pytest.warns(UserWarning, match=f"{word!r} is no built-in criterion.* Did you mean {known!r}"):
        rubric = Rubric.parse(word)
    assert as_pairs(rubric) == [(word, "")]


@pytest.mark.parametrize("word", FAR)
def test_a_name_of_your_own_is_taken_without_a_word(word: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Rubric.parse(word)
    assert not caught


def test_criteria_that_pull_in_opposite_directions_are_pointed_out() -> None:
    with pytest.warns(
        UserWarning, match="'depth-misogyny' a high rating is good for one criterion and bad for another"
    ):
        (rubric := Rubric.parse(["depth", "misogyny"])).check_one_rating()
    assert not rubric.lower_is_better
