"""What LangChain's `score_string` and `labeled_score_string` promised, and what stands in its place today.

A test that takes `library` holds for this package and for langchain_classic alike, word for word; the others
hold what this package does on purpose differently. `rowNN` is the row of the checklist of observed behavior.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import math
import pickle
import sys
import uuid
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from langchain_core.language_models import FakeListChatModel, FakeListLLM, GenericFakeChatModel
from langchain_core.load import dumps
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import RunInfo
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langchain_openai import ChatOpenAI
from pydantic import ValidationError

from lc_scoring import (
    ConfigError,
    LabeledScoreStringEvalChain,
    ModelError,
    ReplyError,
    ScoreStringEvalChain,
    load_evaluator,
    load_evaluators,
)

GOOD = "Good. Rating: [[7]]"
GOOD_RESULT = {"reasoning": GOOD, "score": 7}
ASKED = {"prediction": "It is Paris.", "input": "What is the capital of France?"}
ASKED_LABELED = {**ASKED, "reference": "Paris"}
FIELDS = {"score_string": ASKED, "labeled_score_string": ASKED_LABELED}
CLASSES = {"score_string": "ScoreStringEvalChain", "labeled_score_string": "LabeledScoreStringEvalChain"}
PROMPTS = {
    "score_string": "{criteria} | {input} | {prediction}",
    "labeled_score_string": "{criteria} | {input} | {prediction} | {reference}",
}

both_names = pytest.mark.parametrize("name", list(FIELDS))


@pytest.fixture(params=["lc_scoring", "langchain_classic.evaluation"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param != "lc_scoring":
        pytest.importorskip("langchain_classic.evaluation")
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    return importlib.import_module(request.param)


def model(*replies: str) -> FakeListChatModel:
    return FakeListChatModel(responses=list(replies or [GOOD]))


def judged(evaluator: Any, fields: dict[str, Any], **options: Any) -> tuple[Any, Any]:
    """The result of `evaluate_strings` and the root of its trace."""
    collector = RunCollectorCallbackHandler()
    result = evaluator.evaluate_strings(**fields, callbacks=[collector], **options)
    (root,) = collector.traced_runs
    return result, root


def asked(root: Any) -> str:
    """The question that the judge was sent, of the trace of one judgement."""
    (question,) = root.child_runs[0].inputs["prompts"]
    return str(question)


# Loading.


@both_names
def test_row01_load_by_string_or_member(library: Any, name: str) -> None:
    member = library.EvaluatorType(name)
    assert isinstance(member, str)
    kinds = {type(library.load_evaluator(each, llm=model())) for each in (name, member)}
    assert [kind.__name__ for kind in kinds] == [CLASSES[name]]
    (kind,) = kinds
    assert "ScoreStringEvalChain" in [base.__name__ for base in kind.__mro__]


@pytest.mark.parametrize("name", ["nope", "LABELED_SCORE_STRING", "labeled-score-string", ""])
def test_row02_unknown_name(library: Any, name: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^Unknown evaluator type: {name}\nValid types are: \[.*labeled_score_string"
    ):
        library.load_evaluator(name, llm=model())


def test_row03_llm_is_keyword_only(library: Any) -> None:
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        library.load_evaluator("score_string", model())


@pytest.mark.parametrize(
    ("setting", "made"), [(None, "gpt-5-mini"), ("openai:gpt-4.1-mini", "gpt-4.1-mini"), ("", "gpt-5-mini")]
)
def test_row04_default_judge_is_a_setting(monkeypatch: pytest.MonkeyPatch, setting: str | None, made: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.delenv("LC_SCORING_LLM", raising=False)
    if setting is not None:
        monkeypatch.setenv("LC_SCORING_LLM", setting)
    llm = load_evaluator("labeled_score_string").llm
    assert isinstance(llm, ChatOpenAI)
    assert llm.model_name == made


def test_row05_no_judge_and_no_key(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("LC_SCORING_LLM", raising=False)
    with pytest.raises(ValueError, match=r"(?s)(gpt-4.*|OPENAI_API_KEY.*offline)"):
        library.load_evaluator("labeled_score_string")


def test_row06_given_judge_needs_no_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert load_evaluator("labeled_score_string", llm=model()).evaluate_strings(**ASKED_LABELED) == GOOD_RESULT


@pytest.mark.parametrize("key", [lambda member: member.value, lambda member: member], ids=["string", "member"])
def test_row07_load_several(library: Any, key: Callable[[Any], Any]) -> None:
    kinds = library.EvaluatorType
    names = [kinds.SCORE_STRING, kinds.LABELED_SCORE_STRING, "score_string"]
    made = library.load_evaluators(
        names, llm=model(), criteria="depth", config={key(kinds("labeled_score_string")): {"criteria": "detail"}}
    )
    assert [(type(each).__name__, each.criterion_name) for each in made] == [
        ("ScoreStringEvalChain", "depth"),
        ("LabeledScoreStringEvalChain", "detail"),
        ("ScoreStringEvalChain", "depth"),
    ]
    assert library.load_evaluators([], llm=model()) == []


def test_row07_config_of_an_evaluator_not_asked_for() -> None:
    with pytest.raises(ConfigError, match="config names labeled_score_string"):
        load_evaluators(["score_string"], llm=model(), config={"labeled_score_string": {"criteria": "detail"}})


# What an evaluator says of itself.


@pytest.mark.parametrize(("name", "needs"), [("score_string", (True, False)), ("labeled_score_string", (True, True))])
def test_row08_requirements(library: Any, name: str, needs: tuple[bool, bool]) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    assert (evaluator.requires_input, evaluator.requires_reference) == needs


@both_names
@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        (None, "helpfulness-relevance-correctness-depth"),
        ("depth", "depth"),
        ("zany", "zany"),
        ("", ""),
        ({"a": "A?", "b": ""}, "a-b"),
        (["depth", "detail"], "depth-detail"),
        (("depth", {"kindness": "Is it kind?"}), "depth-kindness"),
        ([["depth"], ["detail", "depth"]], "depth-detail"),
        ([None], "helpfulness-relevance-correctness-depth"),
        ([], ""),
    ],
)
def test_row09_row10_names(library: Any, name: str, criteria: Any, names: str) -> None:
    evaluator = library.load_evaluator(name, llm=model(), criteria=criteria)
    assert evaluator.criterion_name == names
    assert evaluator.evaluation_name == f"score_string:{names}"


def test_row10_names_of_members(library: Any) -> None:
    members = library.Criteria
    assert len(members) == 14
    for member in members:
        evaluator = library.load_evaluator("score_string", llm=model(), criteria=member)
        assert evaluator.criterion_name == member.value


@both_names
@pytest.mark.parametrize("criteria", [{}, 0, False])
def test_row10_empty_criteria(library: Any, name: str, criteria: Any) -> None:
    with pytest.raises(ValueError, match=r"(?i)criteria"):
        library.load_evaluator(name, llm=model(), criteria=criteria)


# evaluate_strings.


@both_names
@pytest.mark.parametrize("reply", [GOOD, "Rating: [[10]]", "[[1]]", "Long.\n\nIts parts hold.\nRating: [[8]]"])
async def test_row11_row12_result(library: Any, name: str, reply: str) -> None:
    evaluator = library.load_evaluator(name, llm=model(reply))
    result = evaluator.evaluate_strings(**FIELDS[name])
    assert list(result) == ["reasoning", "score"]
    assert result["reasoning"] == reply
    assert type(result["score"]) is int
    assert f"[[{result['score']}]]" in reply
    assert await evaluator.aevaluate_strings(**FIELDS[name]) == result


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("score_string", {"prediction": "a"}, "ScoreStringEvalChain requires an input string."),
        ("labeled_score_string", {"prediction": "a"}, "LabeledScoreStringEvalChain requires an input string."),
        (
            "labeled_score_string",
            {"prediction": "a", "reference": "b"},
            "LabeledScoreStringEvalChain requires an input string.",
        ),
        (
            "labeled_score_string",
            {"prediction": "a", "input": "b"},
            "LabeledScoreStringEvalChain requires a reference string.",
        ),
    ],
)
async def test_row13_row14_missing_field(library: Any, name: str, fields: dict[str, str], message: str) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    with pytest.raises(ValueError, match=f"^{message}$"):
        evaluator.evaluate_strings(**fields)
    with pytest.raises(ValueError, match=f"^{message}$"):
        await evaluator.aevaluate_strings(**fields)


@both_names
def test_row15_empty_texts(library: Any, name: str) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    assert evaluator.evaluate_strings(**dict.fromkeys(FIELDS[name], "")) == GOOD_RESULT


async def test_row16_reference_ignored(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    message = "^Ignoring reference in ScoreStringEvalChain, as it is not expected"
    with pytest.warns(UserWarning, match=message) as seen:
        assert evaluator.evaluate_strings(**ASKED_LABELED) == GOOD_RESULT
    with pytest.warns(UserWarning, match=message) as seen_async:
        assert await evaluator.aevaluate_strings(**ASKED_LABELED) == GOOD_RESULT
    assert [warning.filename for warning in (*seen, *seen_async)] == [__file__, __file__]


def test_row16_ignored_reference_is_not_shown_to_the_judge(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    with pytest.warns(UserWarning, match="^Ignoring reference"):
        _, root = judged(evaluator, {**ASKED, "reference": "Timbuktu"})
    assert "Timbuktu" not in asked(root)
    assert root.inputs == ASKED


def test_row17_input_ignored_where_none_is_required() -> None:
    class Bare(ScoreStringEvalChain):
        requires_input: ClassVar[bool] = False

    with pytest.warns(UserWarning, match="^Ignoring input in Bare, as it is not expected.") as seen:
        assert Bare.from_llm(model()).evaluate_strings(**ASKED) == GOOD_RESULT
    assert [warning.filename for warning in seen] == [__file__]
    assert Bare.from_llm(model()).evaluate_strings(prediction="a") == GOOD_RESULT


def test_row18_keyword_only(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    with pytest.raises(TypeError, match="positional argument"):
        evaluator.evaluate_strings("a", "b", "c")


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_row19_run_name_and_config(asynchronous: bool) -> None:
    collector = RunCollectorCallbackHandler()
    evaluator = load_evaluator("score_string", llm=model())
    options: dict[str, Any] = {
        "run_name": "mine",
        "tags": ["own"],
        "config": {"callbacks": [collector], "tags": ["from config"], "metadata": {"row": 1}},
    }
    if asynchronous:
        await evaluator.aevaluate_strings(**ASKED, **options)
    else:
        evaluator.evaluate_strings(**ASKED, **options)
    (root,) = collector.traced_runs
    assert root.name == "mine"
    assert root.child_runs[0].name == "FakeListChatModel"
    assert set(root.tags) == {"own", "from config"}
    assert root.metadata["row"] == 1


async def test_row19_unknown_argument_warns() -> None:
    evaluator = load_evaluator("score_string", llm=model())
    with pytest.warns(UserWarning, match="'foo'"):
        assert evaluator.evaluate_strings(**ASKED, foo=1) == GOOD_RESULT
    with pytest.warns(UserWarning, match="'foo'"):
        assert await evaluator.aevaluate_strings(**ASKED, foo=1) == GOOD_RESULT


def test_row19_warning_points_at_the_caller() -> None:
    evaluator = load_evaluator("score_string", llm=model())

    def caller() -> int:
        evaluator.evaluate_strings(**ASKED, foo=1)
        return inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]

    with pytest.warns(UserWarning, match="'foo'") as seen:
        line = caller()
    assert [(warning.filename, warning.lineno) for warning in seen] == [(__file__, line)]


@both_names
@pytest.mark.parametrize("value", [4, 4.5, None, True, ["a", "b"], {"k": "v"}, uuid.UUID(int=1)], ids=repr)
def test_row20_other_values_are_printed(library: Any, name: str, value: Any) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    fields = dict.fromkeys(FIELDS[name], value)
    if value is None:
        fields = {**FIELDS[name], "input": 0}
    result, root = judged(evaluator, fields)
    assert result == GOOD_RESULT
    for printed in map(str, fields.values()):
        assert printed in asked(root)


def test_row20_a_message_counts_as_its_text() -> None:
    said = AIMessage([{"type": "reasoning", "reasoning": "hidden"}, {"type": "text", "text": "It is Paris."}])
    _, root = judged(load_evaluator("score_string", llm=model()), {"prediction": said, "input": "Where?"})
    assert root.inputs == {"prediction": "It is Paris.", "input": "Where?"}
    assert "hidden" not in asked(root)


@pytest.mark.parametrize("field", ["prediction", "input", "reference"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"bytes", "must be text, got bytes"),
        (bytearray(b"bytes"), "must be text, got bytearray"),
        (memoryview(b"bytes"), "must be text, got memoryview"),
        ("a\x00b", "NUL character at 1"),
        ("a\ud800b", "surrogate pair at 1"),
        ("a" * 500_001, "500,001 characters"),
        ("é" * 500_001, "500,001 characters"),
    ],
    ids=["bytes", "bytearray", "memoryview", "nul", "surrogate", "long", "long not ascii"],
)
async def test_row20_unusable_texts(field: str, value: Any, message: str) -> None:
    judge = model()
    evaluator = load_evaluator("labeled_score_string", llm=judge)
    fields = {**ASKED_LABELED, field: value}
    with pytest.raises(ConfigError, match=f"{field}.*{message}"):
        evaluator.evaluate_strings(**fields)
    with pytest.raises(ConfigError, match=f"{field}.*{message}"):
        await evaluator.ainvoke(fields)


def test_row20_longest_text_fits() -> None:
    evaluator = load_evaluator("labeled_score_string", llm=model())
    assert evaluator.evaluate_strings(**{**ASKED_LABELED, "prediction": "a" * 500_000}) == GOOD_RESULT


# normalize_by.


@both_names
@pytest.mark.parametrize("divisor", [10, 10.0, "10"])
async def test_row21_normalize_by(library: Any, name: str, divisor: Any) -> None:
    evaluator = library.load_evaluator(name, llm=model(), normalize_by=divisor)
    result = evaluator.evaluate_strings(**FIELDS[name])
    assert result == {"reasoning": GOOD, "score": 0.7}
    assert type(result["score"]) is float
    assert await evaluator.aevaluate_strings(**FIELDS[name]) == result


@pytest.mark.parametrize("divisor", [0, -1, math.nan, math.inf, "ten", []])
def test_row21_unusable_normalize_by(divisor: Any) -> None:
    with pytest.raises(ConfigError, match="normalize_by"):
        load_evaluator("score_string", llm=model(), normalize_by=divisor)


@both_names
async def test_row22_normalized_in_every_way_of_calling(name: str) -> None:
    evaluator = load_evaluator(name, llm=model(), normalize_by=10)
    fields, normalized = FIELDS[name], {"reasoning": GOOD, "score": 0.7}
    assert evaluator.invoke(fields) == normalized
    assert await evaluator.ainvoke(fields) == normalized
    assert evaluator.batch([fields, fields]) == [normalized] * 2
    assert list(evaluator.stream(fields)) == [normalized]
    _, root = judged(evaluator, fields)
    assert root.outputs == {"results": normalized}


# Runs.


@both_names
async def test_row23_include_run_info(library: Any, name: str) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    result, root = judged(evaluator, FIELDS[name], include_run_info=True)
    assert list(result) == ["reasoning", "score", "__run"]
    assert result["__run"] == RunInfo(run_id=root.id)
    unheard = await evaluator.aevaluate_strings(**FIELDS[name], include_run_info=True)
    assert isinstance(unheard["__run"].run_id, uuid.UUID)


def test_row24_callbacks_tags_metadata(library: Any) -> None:
    of_constructor, of_call = RunCollectorCallbackHandler(), RunCollectorCallbackHandler()
    evaluator = library.load_evaluator(
        "score_string", llm=model(), callbacks=[of_constructor], tags=["ctor"], metadata={"c": 1}
    )
    evaluator.evaluate_strings(**ASKED, callbacks=[of_call], tags=["rt"], metadata={"r": 2})
    (root,), (seen_by_constructor,) = of_call.traced_runs, of_constructor.traced_runs
    (child,) = root.child_runs
    assert set(root.tags) == {"rt", "ctor"}
    assert root.metadata.items() >= {"c": 1, "r": 2}.items()
    assert child.tags == ["rt"]
    assert child.metadata["r"] == 2
    assert "c" not in child.metadata
    assert seen_by_constructor.id == root.id
    assert seen_by_constructor.child_runs == []


def test_row24_callbacks_of_a_parent_run(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    collector = RunCollectorCallbackHandler()

    def parent(fields: dict[str, str], config: RunnableConfig) -> Any:
        return evaluator.evaluate_strings(**fields, callbacks=config["callbacks"])

    assert RunnableLambda(parent).invoke(ASKED, {"callbacks": [collector]}) == GOOD_RESULT
    (root,) = collector.traced_runs
    assert [(child.name, len(child.child_runs)) for child in root.child_runs] == [("ScoreStringEvalChain", 1)]


@both_names
def test_row25_row26_trace(library: Any, name: str) -> None:
    result, root = judged(library.load_evaluator(name, llm=model()), FIELDS[name])
    (child,) = root.child_runs
    assert (root.name, root.run_type, child.name, child.run_type) == (
        CLASSES[name],
        "chain",
        "FakeListChatModel",
        "llm",
    )
    assert child.child_runs == []
    assert (root.parent_run_id, child.parent_run_id) == (None, root.id)
    assert root.inputs == FIELDS[name]
    assert root.outputs == {"results": result}
    assert (root.error, child.error) == (None, None)


UNREADABLE = ["", "It is good.", "Rating: 8", "[[excellent]]", "Rating: [[14]]"]


@both_names
@pytest.mark.parametrize("reply", UNREADABLE)
async def test_row27_unreadable_reply(library: Any, name: str, reply: str) -> None:
    evaluator = library.load_evaluator(name, llm=model(reply))
    collector = RunCollectorCallbackHandler()
    with pytest.raises(ValueError, match=r"(?s).") as raised:
        evaluator.evaluate_strings(**FIELDS[name], callbacks=[collector])
    assert reply in str(raised.value)
    with pytest.raises(ValueError, match=r"(?s)."):
        await evaluator.aevaluate_strings(**FIELDS[name], callbacks=[collector])
    assert len(collector.traced_runs) == 2
    for root in collector.traced_runs:
        assert root.error
        assert root.outputs in (None, {})
        assert {child.error for child in root.child_runs} == {None}


@pytest.mark.parametrize("repair", [0, 1, 3])
def test_row27_unreadable_reply_is_kept(repair: int) -> None:
    evaluator = load_evaluator("score_string", llm=model("It is good."), repair=repair)
    collector = RunCollectorCallbackHandler()
    with pytest.raises(ReplyError) as raised:
        evaluator.invoke(ASKED, {"callbacks": [collector]})
    assert raised.value.reply == "It is good."
    assert len(collector.traced_runs[0].child_runs) == 1 + repair


# invoke and the rest of the Runnable.


@both_names
async def test_row28_invoke_gives_the_flat_mapping(name: str) -> None:
    evaluator = load_evaluator(name, llm=model())
    assert evaluator.invoke(FIELDS[name]) == GOOD_RESULT
    assert await evaluator.ainvoke(FIELDS[name]) == GOOD_RESULT


@both_names
def test_row28_other_keys_are_left_alone(name: str) -> None:
    fields = {**ASKED_LABELED, "row": 17, "contexts": ["a"]}
    before = copy.deepcopy(fields)
    assert load_evaluator(name, llm=model()).invoke(fields) == GOOD_RESULT
    assert fields == before


@pytest.mark.parametrize(
    ("name", "fields", "missing"),
    [
        ("score_string", {}, "input, prediction"),
        ("score_string", {"prediction": "a"}, "input"),
        ("score_string", {"prediction": "a", "input": None}, "input"),
        ("score_string", {"input": "a"}, "prediction"),
        ("labeled_score_string", ASKED, "reference"),
        ("labeled_score_string", {**ASKED, "reference": None}, "reference"),
    ],
)
async def test_row28_invoke_names_what_is_missing(name: str, fields: dict[str, Any], missing: str) -> None:
    evaluator = load_evaluator(name, llm=model())
    with pytest.raises(ConfigError, match=f"requires {missing};"):
        evaluator.invoke(fields)
    with pytest.raises(ConfigError, match=f"requires {missing};"):
        await evaluator.ainvoke(fields)


@pytest.mark.parametrize("fields", ["It is Paris.", None, 4, ["a", "b"], AIMessage("a")], ids=repr)
def test_row28_invoke_takes_a_mapping(fields: Any) -> None:
    with pytest.raises(ConfigError, match="invoked with a mapping of input, prediction; got"):
        load_evaluator("score_string", llm=model()).invoke(fields)


def test_row29_invoke_with_run_info() -> None:
    collector = RunCollectorCallbackHandler()
    evaluator = load_evaluator("score_string", llm=model())
    result = evaluator.invoke(ASKED, {"callbacks": [collector]}, include_run_info=True)
    assert result == {**GOOD_RESULT, "__run": RunInfo(run_id=collector.traced_runs[0].id)}
    assert collector.traced_runs[0].outputs == {"results": GOOD_RESULT}


@both_names
async def test_row32_batch(library: Any, name: str) -> None:
    def scores(results: list[Any]) -> list[int]:
        return [result.get("results", result)["score"] for result in results]

    evaluator = library.load_evaluator(name, llm=model())
    assert scores(evaluator.batch([FIELDS[name]] * 3)) == [7] * 3
    assert scores(await evaluator.abatch([FIELDS[name]] * 3)) == [7] * 3
    assert evaluator.batch([]) == []
    failing = library.load_evaluator(name, llm=model("nothing"))
    for failed in (
        failing.batch([FIELDS[name]] * 2, return_exceptions=True),
        await failing.abatch([FIELDS[name]] * 2, return_exceptions=True),
    ):
        assert [isinstance(error, ValueError) for error in failed] == [True, True]
    with pytest.raises(ValueError, match="nothing"):
        failing.batch([FIELDS[name]])


@both_names
async def test_row33_stream_is_one_chunk(library: Any, name: str) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    whole = evaluator.invoke(FIELDS[name])
    assert list(evaluator.stream(FIELDS[name])) == [whole]
    assert [chunk async for chunk in evaluator.astream(FIELDS[name])] == [whole]


@both_names
async def test_row33_events(library: Any, name: str) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    events = [(event["event"], event["name"]) async for event in evaluator.astream_events(FIELDS[name])]
    assert (events[0], events[-1]) == (("on_chain_start", CLASSES[name]), ("on_chain_end", CLASSES[name]))
    assert {event for event in events[1:-1] if event[0] != "on_chat_model_stream"} >= {
        ("on_chat_model_start", "FakeListChatModel"),
        ("on_chat_model_end", "FakeListChatModel"),
    }


def test_row34_sequence(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    collector = RunCollectorCallbackHandler()
    chain = evaluator | RunnableLambda(lambda result: result.get("results", result)["score"] + 1)
    assert chain.invoke(ASKED, {"callbacks": [collector]}) == 8
    judgement, after = collector.traced_runs[0].child_runs
    assert (judgement.name, judgement.tags, after.tags) == ("ScoreStringEvalChain", ["seq:step:1"], ["seq:step:2"])
    assert evaluator.with_retry(stop_after_attempt=2).invoke(ASKED) == evaluator.invoke(ASKED)


def test_row34_pick() -> None:
    evaluator = load_evaluator("score_string", llm=model())
    assert evaluator.pick("score").invoke(ASKED) == 7
    assert evaluator.assign(half=lambda result: result["score"] / 2).invoke(ASKED) == {**GOOD_RESULT, "half": 3.5}


def test_row35_nests_under_a_parent(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model())
    collector = RunCollectorCallbackHandler()
    parent = RunnableLambda(lambda fields: evaluator.evaluate_strings(**fields)["score"]).with_config(run_name="parent")
    assert parent.invoke(ASKED, {"callbacks": [collector], "tags": ["inherited"]}) == 7
    (root,) = collector.traced_runs
    (judgement,) = root.child_runs
    assert (root.name, judgement.name) == ("parent", "ScoreStringEvalChain")
    assert judgement.tags == ["inherited"]
    assert judgement.child_runs[0].tags == ["inherited"]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("score_string", ["input", "prediction"]),
        ("labeled_score_string", ["input", "prediction", "reference"]),
    ],
)
def test_row36_keys(library: Any, name: str, keys: list[str]) -> None:
    evaluator = library.load_evaluator(name, llm=model())
    assert evaluator.input_keys == keys
    assert evaluator.output_keys == ["results"]


def test_row36_output_key(library: Any) -> None:
    evaluator = library.load_evaluator("score_string", llm=model(), output_key="res")
    assert evaluator.output_keys == ["res"]
    result, root = judged(evaluator, ASKED)
    assert root.outputs == {"res": result}


@both_names
def test_row37_typed_schemas(name: str) -> None:
    evaluator = load_evaluator(name, llm=model())
    (given,) = evaluator.get_input_jsonschema()["$defs"].values()
    (returned,) = evaluator.get_output_jsonschema()["$defs"].values()
    assert set(given["required"]) == set(given["properties"]) == set(FIELDS[name])
    assert {field["type"] for field in given["properties"].values()} == {"string"}
    assert {key: field["type"] for key, field in returned["properties"].items()} == {
        "reasoning": "string",
        "score": "number",
    }


JUDGES: dict[str, Callable[[], Any]] = {
    "chat model": model,
    "text model": lambda: FakeListLLM(responses=[GOOD]),
    "bind": lambda: model().bind(stop=["x"]),
    "with_retry": lambda: model().with_retry(),
    "with_fallbacks": lambda: model().with_fallbacks([model()]),
    "with_config": lambda: model().with_config(tags=["judge"]),
}
ANY_JUDGES: dict[str, Callable[[], Any]] = {
    "lambda of text": lambda: RunnableLambda(lambda _messages: GOOD),
    "lambda of a message": lambda: RunnableLambda(lambda _messages: AIMessage(GOOD)),
    "function": lambda: lambda _messages: GOOD,
    "sequence": lambda: model() | StrOutputParser(),
}


@pytest.mark.parametrize("made", list(JUDGES.values()), ids=list(JUDGES))
async def test_row38_judges(library: Any, made: Callable[[], Any]) -> None:
    evaluator = library.load_evaluator("score_string", llm=made())
    assert evaluator.evaluate_strings(**ASKED) == GOOD_RESULT
    assert await evaluator.aevaluate_strings(**ASKED) == GOOD_RESULT


@pytest.mark.parametrize("made", list(ANY_JUDGES.values()), ids=list(ANY_JUDGES))
async def test_row38_any_runnable_may_judge(made: Callable[[], Any]) -> None:
    evaluator = load_evaluator("score_string", llm=made())
    assert evaluator.evaluate_strings(**ASKED) == GOOD_RESULT
    assert await evaluator.aevaluate_strings(**ASKED) == GOOD_RESULT


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "text", "text": "Good. "}, {"type": "text", "text": "Rating: [[7]]"}],
        [{"type": "reasoning", "reasoning": "maybe [[3]]"}, {"type": "text", "text": GOOD}],
        [{"type": "thinking", "thinking": "maybe [[3]]", "signature": "s"}, {"type": "text", "text": GOOD}],
    ],
    ids=["text blocks", "reasoning", "thinking"],
)
def test_row39_content_blocks(library: Any, blocks: list[Any]) -> None:
    evaluator = library.load_evaluator("score_string", llm=GenericFakeChatModel(messages=iter([AIMessage(blocks)])))
    assert evaluator.evaluate_strings(**ASKED) == GOOD_RESULT


@pytest.mark.parametrize("residue", ["<think>maybe [[2]]</think>", "maybe [[2]]</think>"])
def test_row39_reasoning_in_plain_text_is_no_rating(residue: str) -> None:
    evaluator = load_evaluator("score_string", llm=model(f"{residue}\nGood. Rating: [[8]]"))
    assert evaluator.evaluate_strings(**ASKED) == {"reasoning": "Good. Rating: [[8]]", "score": 8}


@both_names
def test_row40_pickle_and_deepcopy(library: Any, name: str) -> None:
    evaluator = library.load_evaluator(name, llm=model(), criteria="depth", normalize_by=10)
    for twin in (pickle.loads(pickle.dumps(evaluator)), copy.deepcopy(evaluator)):  # noqa: S301 - our own bytes
        assert twin.evaluation_name == "score_string:depth"
        assert twin.evaluate_strings(**FIELDS[name]) == {"reasoning": GOOD, "score": 0.7}


def test_row40_dumps_holds_no_key() -> None:
    judge = ChatOpenAI(model="judge", api_key="test-key-0123456789")
    written = dumps(load_evaluator("score_string", llm=judge))
    assert "0123456789" not in written
    assert json.loads(written)["id"][-1] == "ScoreStringEvalChain"


@pytest.mark.parametrize("kind", ["ScoreStringEvalChain", "LabeledScoreStringEvalChain"])
def test_row41_constructor_needs_a_criterion_name(library: Any, kind: str) -> None:
    made_by = type(library.load_evaluator({v: k for k, v in CLASSES.items()}[kind], llm=model()))
    prompt = PromptTemplate.from_template(PROMPTS["score_string"])
    with pytest.raises(ValidationError, match="criterion_name\n  Field required"):
        made_by(llm=model(), prompt=prompt)


def test_row41_constructor() -> None:
    evaluator = LabeledScoreStringEvalChain(llm=model(), criterion_name="depth")
    assert evaluator.invoke(ASKED_LABELED) == GOOD_RESULT
    assert evaluator.evaluation_name == "score_string:depth"


# Prompts and parsers of the user's own.


@both_names
@pytest.mark.parametrize("chat", [False, True])
def test_own_prompt(library: Any, name: str, chat: bool) -> None:
    kind = ChatPromptTemplate if chat else PromptTemplate
    prompt = kind.from_template("Mine: " + PROMPTS[name])
    evaluator = library.load_evaluator(name, llm=model(), prompt=prompt, criteria={"wit": "Is it {witty}?"})
    fields = {key: f"{{{key}}} [x]" for key in FIELDS[name]}
    result, root = judged(evaluator, fields)
    assert result == GOOD_RESULT
    assert asked(root).startswith("Human: Mine: ")
    assert "wit: Is it {witty}?" in asked(root)
    for text in fields.values():
        assert text in asked(root)


@both_names
def test_own_prompt_with_other_variables(library: Any, name: str) -> None:
    too_many = PromptTemplate.from_template(PROMPTS[name] + " {tone}")
    with pytest.raises(ValueError, match="Input variables should be"):
        library.load_evaluator(name, llm=model(), prompt=too_many)
    with pytest.raises(ValueError, match="Input variables should be"):
        library.load_evaluator(name, llm=model(), prompt=PromptTemplate.from_template("{input} {prediction}"))
    _, root = judged(library.load_evaluator(name, llm=model(), prompt=too_many.partial(tone="dry")), FIELDS[name])
    assert asked(root).endswith(" dry")


def test_own_prompt_must_be_a_template() -> None:
    with pytest.raises(ConfigError, match="prompt takes a prompt template"):
        load_evaluator("score_string", llm=model(), prompt="{criteria} {input} {prediction}")


class Halves(StrOutputParser):
    """Reads `7.5` of `Rating 7.5`."""

    def parse(self, text: str) -> Any:
        return {"score": float(text.rsplit(maxsplit=1)[-1]), "why": "read"}


def test_own_output_parser(library: Any) -> None:
    options = {"llm": model("Rating 7.5"), "output_parser": Halves()}
    assert library.load_evaluator("score_string", **options, normalize_by=10).evaluate_strings(**ASKED) == {
        "score": 0.75,
        "why": "read",
    }
    plain = library.load_evaluator("score_string", llm=model("as it is"), output_parser=StrOutputParser())
    assert plain.evaluate_strings(**ASKED) == "as it is"


# What is different on purpose and has no row.


@pytest.mark.parametrize("name", ["return_final_only", "llm_kwargs", "temperature", "criterion_name", "criterion"])
def test_unknown_constructor_argument(name: str) -> None:
    with pytest.raises(ConfigError, match=f"takes no '{name}'"):
        load_evaluator("score_string", llm=model(), **{name: 1})
    assert issubclass(ConfigError, ValueError)


async def test_model_exceptions_come_wrapped() -> None:
    def fail(_messages: Any) -> str:
        raise TimeoutError("too slow")

    evaluator = load_evaluator("score_string", llm=fail)
    for call in (lambda: evaluator.evaluate_strings(**ASKED), lambda: evaluator.invoke(ASKED)):
        with pytest.raises(ModelError, match="TimeoutError: too slow") as raised:
            call()
        assert isinstance(raised.value.__cause__, TimeoutError)
    with pytest.raises(ModelError, match="TimeoutError: too slow") as raised:
        await evaluator.aevaluate_strings(**ASKED)
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert not isinstance(raised.value, ValueError)


def test_no_warnings_in_ordinary_use() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind, fields in FIELDS.items():
            assert load_evaluator(kind, llm=model()).evaluate_strings(**fields) == GOOD_RESULT
