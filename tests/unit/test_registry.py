"""Evaluators by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from loopback.judged_names import Case, every_judged_name

from lc_scoring import registry
from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.score_string import LabeledScoreStringEvalChain, ScoreStringEvalChain
from lc_scoring.registry import EvaluatorType, load_evaluator, load_evaluators, register_evaluator


class Shouting:
    """Tells whether a text shouts."""

    def __init__(self, *, loudness: int = 1) -> None:
        self.loudness = loudness


@pytest.fixture
def fresh_names() -> Iterator[None]:
    before = dict(registry._registered)
    yield
    registry._registered.clear()
    registry._registered.update(before)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("score_string", ScoreStringEvalChain),
        ("labeled_score_string", LabeledScoreStringEvalChain),
        (EvaluatorType.SCORE_STRING, ScoreStringEvalChain),
        (EvaluatorType.LABELED_SCORE_STRING, LabeledScoreStringEvalChain),
    ],
)
def test_names_and_members_are_interchangeable(name: str, kind: type) -> None:
    assert type(load_evaluator(name, llm="offline")) is kind


def test_the_names_are_langchains() -> None:
    schema = pytest.importorskip("langchain_classic.evaluation.schema")
    langchains = {member.name: member.value for member in schema.EvaluatorType}
    assert len(langchains) == 20
    assert langchains.items() <= {member.name: member.value for member in EvaluatorType}.items()


@pytest.mark.parametrize("name", list(EvaluatorType)[:20])
def test_every_name_of_langchains_has_its_class(name: EvaluatorType) -> None:
    loading = pytest.importorskip("langchain_classic.evaluation.loading")
    schema = pytest.importorskip("langchain_classic.evaluation.schema")
    theirs = loading._EVALUATOR_MAP[schema.EvaluatorType(name.value)]
    assert registry._find(name).__name__ == theirs.__name__


@pytest.mark.parametrize("name", list(EvaluatorType))
def test_every_name_leads_to_a_class_that_tells_what_it_is_for(name: EvaluatorType) -> None:
    description = next(one for one in registry.describe_evaluators() if one.name == name)
    assert isinstance(registry._find(name), type)
    assert description.purpose.endswith(".")
    assert description.needs
    assert "score" in description.returns


@every_judged_name
def test_every_judged_name_says_what_it_is(case: Case) -> None:
    (row,) = (row for row in registry.describe_evaluators() if row.name == case.name)
    *fields, judge = row.needs.split(", ")
    assert (set(fields), judge) == (set(case.fields), "a judge")
    for key in case.result:
        assert key in row.returns
    assert row.purpose == (type(case.made()).__doc__ or "").splitlines()[0]
    assert row.purpose.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("labeled_score", "labeled_score_string"), ("LABELED_SCORE_STRING", "labeled_score_string"), ("xyz", None)],
)
def test_a_wrong_name_lists_the_right_ones_and_the_nearest(wrong: str, near: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        load_evaluator(wrong, llm="offline")
    message = str(caught.value)
    assert message.startswith(f"Unknown evaluator type: {wrong}\nValid types are: [")
    assert "score_string" in message
    assert message.endswith(f"Did you mean {near!r}?") == (near is not None)


def test_several_keep_their_order_and_their_own_arguments() -> None:
    first, second, third = load_evaluators(
        ["labeled_score_string", EvaluatorType.SCORE_STRING, "labeled_score_string"],
        llm="offline",
        criteria="depth",
        config={EvaluatorType.SCORE_STRING: {"criteria": "detail", "normalize_by": 10}},
    )
    assert [first.criterion_name, second.criterion_name, third.criterion_name] == ["depth", "detail", "depth"]
    assert (first.normalize_by, second.normalize_by) == (None, 10)


def test_an_argument_of_all_is_given_to_those_that_take_it() -> None:
    embeddings = DeterministicFakeEmbedding(size=3)
    made = load_evaluators(
        ["qa", "criteria", EvaluatorType.EMBEDDING_DISTANCE, "exact_match", "pairwise_string", "trajectory"],
        llm="offline",
        criteria="conciseness",
        embeddings=embeddings,
        ignore_case=True,
        repair=0,
        config={"pairwise_string": {"criteria": "depth", "repair": 3}},
    )
    grader, checker, distance, match, pair, trajectory = made
    assert [type(each).__name__ for each in made] == [
        "QAEvalChain",
        "CriteriaEvalChain",
        "EmbeddingDistanceEvalChain",
        "ExactMatchStringEvaluator",
        "PairwiseStringEvalChain",
        "TrajectoryEvalChain",
    ]
    assert (checker.criterion_name, pair.criterion_name) == ("conciseness", "depth")
    assert distance.embeddings is embeddings
    assert match.ignore_case is True
    assert [each.repair for each in (grader, checker, pair, trajectory)] == [0, 0, 3, 0]


@pytest.mark.parametrize(
    ("names", "argument", "near"),
    [
        (["qa", "criteria"], "critera", "criteria"),
        (["exact_match"], "embedings", "embeddings"),
        (["trajectory"], "agent_tool", "agent_tools"),
        (["pairwise_string", "qa"], "both_order", "both_orders"),
        (["qa"], "xyzzy", None),
    ],
)
def test_an_argument_of_all_that_none_takes_is_refused(names: list[str], argument: str, near: str | None) -> None:
    with pytest.raises(ConfigError, match=f"No evaluator takes '{argument}'") as caught:
        load_evaluators(names, llm="offline", **{argument: "x"})
    assert str(caught.value).endswith(f"Did you mean {near!r}?") == (near is not None)


def test_an_argument_of_one_that_it_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="QAEvalChain takes no 'criteria'"):
        load_evaluators(["qa"], llm="offline", config={"qa": {"criteria": "depth"}})


def test_one_may_have_a_judge_of_its_own() -> None:
    def other(_messages: object) -> str:
        return "Verdict: [[Y]]"

    first, second = load_evaluators(["qa", "criteria"], llm="offline", config={"criteria": {"llm": other}})
    assert "judge=OfflineJudge" in first.signature
    assert "judge=OfflineJudge" not in second.signature


@pytest.mark.usefixtures("fresh_names")
def test_an_evaluator_of_ones_own_is_given_every_argument_of_all() -> None:
    register_evaluator("shouting", Shouting)
    loud, grader = load_evaluators(["shouting", "qa"], llm="offline", config={"shouting": {"loudness": 2}})
    assert (loud.loudness, type(grader).__name__) == (2, "QAEvalChain")
    with pytest.raises(TypeError, match="criteria"):
        load_evaluators(["shouting"], criteria="depth")


def test_none_asked_for_is_none_made() -> None:
    assert load_evaluators([]) == []


def test_config_for_an_evaluator_not_asked_for_is_refused() -> None:
    with pytest.raises(ConfigError, match="labeled_score_string, which is not among"):
        load_evaluators(["score_string"], llm="offline", config={"labeled_score_string": {}})


@pytest.mark.usefixtures("fresh_names")
def test_an_evaluator_of_ones_own_needs_no_judge() -> None:
    register_evaluator("shouting", Shouting)
    assert load_evaluator("shouting", loudness=3).loudness == 3
    described = {row.name: row for row in registry.describe_evaluators()}
    assert described["shouting"] == ("shouting", "prediction", "score", "Tells whether a text shouts.")


@pytest.mark.usefixtures("fresh_names")
def test_an_evaluator_with_from_llm_gets_the_judge() -> None:
    register_evaluator("own_score", ScoreStringEvalChain)
    assert type(load_evaluator("own_score", llm="offline").llm).__name__ == "OfflineJudge"


@pytest.mark.parametrize(
    ("name", "made_by", "said"),
    [("score_string", Shouting, "taken"), ("", Shouting, "empty"), ("new", "Shouting", "got str")],
)
def test_what_cannot_be_registered_is_refused(name: str, made_by: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        register_evaluator(name, made_by)


def test_an_installed_package_adds_evaluators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "politeness_for_tests.py").write_text(
        "class Politeness:\n    def __init__(self, *, word='thanks'):\n        self.word = word\n"
    )
    info = tmp_path / "politeness_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: politeness-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lc_scoring.evaluators]\npoliteness = politeness_for_tests:Politeness\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_evaluator("politeness", word="please").word == "please"
    assert "politeness" in registry.evaluator_names()
    with pytest.raises(ConfigError, match="'politeness'"):
        load_evaluator("polite", llm="offline")


def test_a_package_that_is_broken_is_named_and_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "broken_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lc_scoring.evaluators]\nbroken = not_there_for_tests:Nothing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="'broken' of broken-for-tests cannot be loaded"):
        load_evaluator("broken")
    described = {row.name: row.purpose for row in registry.describe_evaluators()}
    assert "cannot be loaded" in described["broken"]
    assert described["score_string"].startswith("Rates")
