"""The rubrics that come along, and what a rubric and its file say of weights and examples."""

from __future__ import annotations

import itertools
import math
import warnings
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.criterion import Criterion
from lc_scoring.errors import ConfigError
from lc_scoring.example import Example
from lc_scoring.rubric import Rubric
from lc_scoring.rubric_file import find_rubric, library_rubrics, load_all, load_rubric
from lc_scoring.scale import Scale

LIBRARY = [
    "coherence",
    "completeness",
    "conciseness",
    "correctness",
    "cultural_sensitivity",
    "fluency",
    "groundedness",
    "harmlessness",
    "helpfulness",
    "instruction_following",
    "relevance",
    "safety",
    "similarity",
    "tone",
    "toxicity",
]
A = '[[criteria]]\nname = "a"\n'
B = '[[criteria]]\nname = "b"\n'
RATED = '[[examples]]\nprediction = "b"\nscore = 1\n'
EXAMPLE = Example(prediction="Then pay.", score=2, input="It broke.", reference="We are sorry.", reasoning="Curt.")
ENDLESS = pytest.mark.xfail(strict=True, reason="an int of over 4,300 digits cannot be written into the message")
WRONG_LINE = pytest.mark.xfail(strict=True, reason="the last line with that word is told, whatever stands there")
REFUSED: list[tuple[str, str]] = [
    (A + "weight = -1\n", ", line 2: Criterion 'a' has the weight -1; weights run from 0 to 1,000,000,000."),
    (A + "weight = true\n", ", line 2: Criterion 'a' has the weight True; weights run from 0 to 1,000,000,000."),
    (A + 'weight = "2"\n', ", line 2: Criterion 'a' has the weight '2'; weights run from 0 to 1,000,000,000."),
    (A + "weight = nan\n", ", line 2: Criterion 'a' has the weight nan; weights run from 0 to 1,000,000,000."),
    (A + "weight = inf\n", ", line 2: Criterion 'a' has the weight inf; weights run from 0 to 1,000,000,000."),
    (A + "weigth = 2\n", ", line 3: A criterion has no 'weigth'; it has name, description, levels,"),
    (A + "weight = 0\n", ", line 1: All weights of ['a'] are 0: give one criterion at least a weight above 0."),
    ("examples = 1\n" + A, ", line 1: examples must be a list of tables with a prediction and a score."),
    ('examples = "b"\n' + A, ", line 1: examples must be a list of tables with a prediction and a score."),
    ("examples = {score = 1}\n" + A, ", line 1: examples must be a list of tables with a prediction and a score."),
    ("examples = [1]\n" + A, ", line 1: An example is an Example or a mapping, got int."),
    (A + "[[examples]]\nscore = 1\n", ", line 3: An example needs prediction; got score."),
    (A + '[[examples]]\nprediction = "b"\nscore = "1"\n', ", line 3: An example's score is a number in scale units,"),
    (
        'name = "r"\nscale = "1-5"\n' + A + '[[examples]]\nprediction = "b"\nscore = 9\n',
        ", line 5: Example 1 of 'r' has the score 9, off the scale 1..5: change one of them.",
    ),
    (A + RATED + "[[examples]]\nscore = 1\n" + RATED, ", line 6: An example needs prediction; got score."),
    (A + "[[examples]]  # [[x]]\nscore = 1\n" + RATED, ", line 3: An example needs prediction; got score."),
    ("examples = [\n{score = 1}]\n" + A, ", line 1: An example needs prediction; got score."),
    (
        'scale = "1-5"\n' + A + 'levels = {9 = "b"}\n' + B,
        ", line 3: Criterion 'a' describes level 9, off the scale 1..5",
    ),
    (A + "weight = -1\n" + B, ", line 2: Criterion 'a' has the weight -1; weights run from 0 to 1,000,000,000."),
    (A + "levels = {true = 'x'}\n" + B, ", line 2: Criterion 'a' has a level 'true'; levels are ratings, numbers."),
]
WRONG_LINES = {
    "an apostrophe": (3, 'scale = "1-5"\n[[criteria]]\nname = "don\'t"\nlevels = {9 = "x"}\n' + B),
    "a name elsewhere": (2, A + "weight = -1\n" + B + 'description = "a"\n'),
    "the key of another table": (3, A + "lower_is_better = 1\n" + B + "lower_is_better = true\n"),
    "a key of examples": (3, A + "score = 1\n" + RATED),
    "a spaced head": (3, A + "[[ examples ]]\nscore = 1\n" + RATED.replace("[[examples]]", "[[ examples ]]")),
}


def weighted(*weights: float, **options: Any) -> Rubric:
    criteria = tuple(Criterion(name="abc"[at], weight=weight) for at, weight in enumerate(weights))
    return Rubric(criteria=criteria, **options)


def write(folder: Path, text: str, name: str = "r.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def notices(rubric: Rubric) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rubric.check_one_rating()
    return [str(one.message) for one in caught]


# The library.


def test_fifteen_rubrics_come_along() -> None:
    assert library_rubrics() == LIBRARY


@pytest.mark.parametrize("name", LIBRARY)
def test_each_describes_five_levels_of_one_criterion(name: str) -> None:
    rubric = find_rubric(name)
    (criterion,) = rubric.criteria
    assert (rubric.name, criterion.name, rubric.scale) == (name, name, Scale(1, 5, 1))
    assert list(criterion.levels) == [1, 2, 3, 4, 5]
    assert "?" in criterion.description
    assert (rubric.version >= 1, criterion.weight, rubric.examples) == (True, 1, ())
    assert rubric.lower_is_better is (name == "toxicity")
    assert not notices(rubric)


def test_no_two_levels_and_no_two_questions_are_the_same() -> None:
    criteria = [find_rubric(name).criteria[0] for name in LIBRARY]
    texts = [text.casefold() for text in itertools.chain.from_iterable(one.levels.values() for one in criteria)]
    assert len(set(texts)) == len(texts) == 5 * len(LIBRARY)
    assert len({one.description for one in criteria}) == len(LIBRARY)
    assert len({find_rubric(name).digest() for name in LIBRARY}) == len(LIBRARY)


def test_rubrics_of_the_library_go_together() -> None:
    rubric = Rubric.parse([find_rubric("tone"), find_rubric("safety")])
    assert (rubric.name, rubric.scale) == ("tone-safety", Scale(1, 5, 1))
    with pytest.raises(ConfigError, match=r"different scales, 1\.\.10, 1\.\.5/1: score them apart"):
        Rubric.parse([find_rubric("tone"), weighted(1, scale=Scale(1, 10))])


def test_rubrics_in_a_list_bring_their_examples() -> None:
    own, other = weighted(1, 2, examples=(EXAMPLE,)), Example(prediction="Sorry.", score=4)
    assert Rubric.parse([own]).examples == (EXAMPLE,)
    both = Rubric.parse(["tone", [own], (Rubric.parse("depth"), weighted(3, scale=Scale(1, 5), examples=(other,)))])
    assert (both.name, both.scale, both.examples) == ("tone-a-b-depth", Scale(1, 5), (EXAMPLE, other))
    assert [one.weight for one in both.criteria] == [1, 3, 2, 1], "the later one wins, in the place of the first"
    with pytest.raises(ConfigError, match=r"Example 1 of 'a-b' has the score 2, off the scale 3\.\.5"):
        Rubric.parse([own, weighted(1, scale=Scale(3, 5))])


def test_a_rubric_is_found_by_itself_its_name_and_its_file(tmp_path: Path) -> None:
    rubric, path = weighted(1), write(tmp_path, A)
    assert find_rubric(rubric) is rubric
    assert find_rubric("tone").name == "tone"
    assert find_rubric(path) == find_rubric(str(path)) == Rubric(criteria=(Criterion(name="a"),))


@pytest.mark.parametrize(
    ("rubric", "hint"),
    [("toon", " Did you mean 'tone'?"), ("Tone", " Did you mean 'tone'?"), ("x", ""), ("", ""), (7, ""), ([], "")],
)
def test_what_is_no_rubric_is_refused_with_those_there_are(rubric: object, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_rubric(rubric)
    told = f"rubric takes a Rubric, a .toml or .yaml file or one of {', '.join(LIBRARY)}; got {rubric!r}.{hint}"
    assert str(caught.value) == told


def test_files_among_criteria_are_read_and_the_rest_is_left(tmp_path: Path) -> None:
    path, rubric = write(tmp_path, A), Rubric(criteria=(Criterion(name="a"),))
    assert load_all(path) == rubric
    assert load_all(["depth", [str(path)], ("tone", path)]) == ["depth", [rubric], ["tone", rubric]]
    assert load_all({"a.toml": "A?"}) == {"a.toml": "A?"}


# Weights.


@pytest.mark.parametrize("weight", [0, 0.5, 1, 3, 1e9])
def test_a_weight_is_any_number_from_0_to_a_billion(weight: float) -> None:
    assert Criterion(name="a", weight=weight).weight == weight


@pytest.mark.parametrize(
    "weight",
    [
        *(-1, -0.1, math.nan, math.inf, "1", None, True, 1_000_000_001, 1e10),
        pytest.param(10**400, id="huge"),
        pytest.param(10**5000, marks=ENDLESS, id="endless"),
    ],
)
def test_anything_else_is_no_weight(weight: Any) -> None:
    with pytest.raises(ConfigError, match=r"Criterion 'a' has the weight .*; weights run from 0 to 1,000,000,000\."):
        Criterion(name="a", weight=weight)


def test_not_all_weights_are_0() -> None:
    assert weighted(0, 1).criteria[0].weight == 0
    with pytest.raises(ConfigError, match=r"All weights of \['a', 'b'\] are 0: give one criterion"):
        weighted(0, 0)


def test_weights_can_be_given_by_name_and_those_not_named_stay() -> None:
    rubric = weighted(1, 2, 3, name="mine", version=4, scale=Scale(1, 5), examples=(EXAMPLE,))
    other = rubric.weighted({"c": 0, "a": 0.5})
    assert [one.weight for one in other.criteria] == [0.5, 2, 0]
    assert (other.name, other.version, other.scale, other.examples) == ("mine", 4, Scale(1, 5), (EXAMPLE,))
    assert rubric.weighted({}) == rubric


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ({"tune": 2}, "weights names tune; the criteria are tone, truth. Did you mean 'tone'?"),
        ({"tone": 2, "x": 1, 7: 1}, "weights names x, 7; the criteria are tone, truth."),
        ({"tone": -1}, "Criterion 'tone' has the weight -1; weights run from 0 to 1,000,000,000."),
        ({"tone": "2"}, "Criterion 'tone' has the weight '2'; weights run from 0 to 1,000,000,000."),
        ([1, 2], "weights takes a number for each criterion by its name; got [1, 2]."),
        ({"tone": 0, "truth": 0}, "All weights of ['tone', 'truth'] are 0: give one criterion at least"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights: Any, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Rubric.parse(["tone", "truth"]).weighted(weights)
    assert str(caught.value).startswith(why)


def test_criteria_judged_apart_have_no_weight_and_no_examples_of_the_whole() -> None:
    harm = Criterion(name="b", levels={1: "None."}, lower_is_better=True, weight=3)
    rubric = Rubric(criteria=(Criterion(name="a", weight=0), harm), version=2, scale=Scale(1, 5), examples=(EXAMPLE,))
    one, other = rubric.apart()
    assert one == Rubric(criteria=(Criterion(name="a"),), name="a", version=2)
    assert (other.name, other.criteria[0].levels, other.criteria[0].weight) == ("b", {1: "None."}, 1)
    assert (one.lower_is_better, other.lower_is_better) == (False, True)


def test_one_rating_for_all_knows_neither_weights_nor_directions() -> None:
    mixed = Rubric(criteria=(Criterion(name="a", weight=2, lower_is_better=True), Criterion(name="b")))
    assert notices(weighted(2, 2)) == notices(weighted(3)) == []
    (told,) = notices(weighted(1, 2))
    assert told.startswith("The criteria of 'a-b' have different weights, and one rating for all knows no weights.")
    told, other = notices(mixed)
    assert "different weights" in told
    assert other.startswith("In 'a-b' a high rating is good for one criterion and bad for another")


def test_the_digest_follows_weights_and_examples_where_there_are_any() -> None:
    rubrics = [weighted(1, 1), weighted(2, 1), weighted(1, 2), weighted(1, 1, examples=(EXAMPLE,))]
    assert len({rubric.digest() for rubric in rubrics}) == 4
    assert weighted(1, 1.0).digest() == Rubric.parse(["a", "b"]).digest()


def test_a_files_weights_and_examples_are_the_rubrics(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'scale = "1-5"\n[criteria]\na.weight = 2\nb.weight = 0.5\nc = "C?"\n[[examples]]\ninput = "It broke."\n'
        'reference = "We are sorry."\nprediction = "Then pay."\nscore = 2\nreasoning = "Curt."\n',
    )
    rubric = load_rubric(path)
    assert [(one.name, one.weight) for one in rubric.criteria] == [("a", 2), ("b", 0.5), ("c", 1)]
    assert rubric.examples == (EXAMPLE,)
    yaml = write(tmp_path, "criteria: {a: Good}\nexamples:\n- {prediction: Then pay., score: 2}\n", "r.yaml")
    assert load_rubric(yaml).examples == (Example(prediction="Then pay.", score=2),)


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_mistake_in_weights_or_examples_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_rubric(path)
    assert str(caught.value).startswith(f"{path}{why}")


@pytest.mark.parametrize("name", ['["a", "b"]', "{a = 1}", "7", "true", "0", "false", "[]"])
def test_the_name_of_a_rubric_is_text(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"r\.toml, line \d+: name must be text, got "):
        load_rubric(write(tmp_path, f"name = {name}\n{A}"))


def test_a_name_left_blank_is_that_of_the_criteria(tmp_path: Path) -> None:
    assert load_rubric(write(tmp_path, f'name = ""\n{A}')).name == "a"
    assert load_rubric(write(tmp_path, "name:\ncriteria: {a: Good}\n", "r.yaml")).name == "a"


@WRONG_LINE
def test_the_line_of_a_rubrics_name_is_not_that_of_a_criterions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 1: name must be text"):
        load_rubric(write(tmp_path, f"name = 7\n{A}"))


@WRONG_LINE
@pytest.mark.parametrize("case", WRONG_LINES)
def test_no_line_is_told_that_is_not_the_mistakes(tmp_path: Path, case: str) -> None:
    line, text = WRONG_LINES[case]
    with pytest.raises(ConfigError, match=rf"r\.toml, line {line}: "):
        load_rubric(write(tmp_path, text))


@pytest.mark.parametrize("key", ["yes", "no", "true", "Off"])
def test_what_yaml_takes_for_a_boolean_is_no_level(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, f"criteria:\n- name: zeal\n  levels: {{{key}: Good, 5: Best}}\n", "r.yaml")
    with pytest.raises(ConfigError, match=r"line 2: Criterion 'zeal' has a level (True|False); levels are ratings"):
        load_rubric(path)


def test_no_level_is_lost_to_its_octal_spelling(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_rubric(write(tmp_path, "criteria:\n- name: a\n  levels: {010: Fair, 8: Good}\n", "r.yaml"))


@pytest.mark.parametrize(
    ("table", "words", "lower"),
    [
        ("[criteria.harmfulness]", "Could it hurt", True),
        ("[criteria.depth]", "Does it go", False),
        ("[criteria.harmfulness]\nlower_is_better = false", "Could it hurt", False),
        ('[criteria.harmfulness]\ndescription = "Any harm?"', "Any harm?", True),
        ('[criteria.harmfulness]\nlevels = {1 = "None."}', "", True),
    ],
)
def test_a_built_in_name_brings_what_the_file_leaves_out(tmp_path: Path, table: str, words: str, lower: bool) -> None:
    (criterion,) = load_rubric(write(tmp_path, table)).criteria
    assert criterion.description[: len(words) or None] == words
    assert criterion.lower_is_better is lower
