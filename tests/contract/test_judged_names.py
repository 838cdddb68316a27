"""Every name that needs a judge is the same kind of Runnable; what ratings have beside that: test_runnable.py."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import uuid
import warnings
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.outputs import RunInfo
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from loopback.judged_names import CASES, STEPS, TOLD, WRONG, Case, every_judged_name

from lc_scoring import ConfigError, EvaluatorType, ModelError, ReplyError, Sample

Call: TypeAlias = Callable[..., Awaitable[Any]]


async def _invoked(evaluator: Any, fields: Any, config: Any = None, **kwargs: Any) -> Any:
    return evaluator.invoke(fields, config, **kwargs)


async def _awaited(evaluator: Any, fields: Any, config: Any = None, **kwargs: Any) -> Any:
    return await evaluator.ainvoke(fields, config, **kwargs)


async def _evaluated(evaluator: Any, fields: Any, config: Any = None, **kwargs: Any) -> Any:
    return getattr(evaluator, called(evaluator))(**fields, config=config, **kwargs)


async def _aevaluated(evaluator: Any, fields: Any, config: Any = None, **kwargs: Any) -> Any:
    return await getattr(evaluator, f"a{called(evaluator)}")(**fields, config=config, **kwargs)


def called(evaluator: Any) -> str:
    """LangChain's method of an evaluator that judges."""
    names = ("evaluate_strings", "evaluate_string_pairs", "evaluate_agent_trajectory")
    return next(name for name in names if hasattr(evaluator, name))


CALLS = {"invoke": _invoked, "ainvoke": _awaited, "evaluate": _evaluated, "aevaluate": _aevaluated}
as_a_runnable = pytest.mark.parametrize("call", [_invoked, _awaited], ids=["invoke", "ainvoke"])
as_langchain = pytest.mark.parametrize("call", [_evaluated, _aevaluated], ids=["evaluate", "aevaluate"])
every_way = pytest.mark.parametrize("call", list(CALLS.values()), ids=list(CALLS))


@pytest.fixture
def classic(monkeypatch: pytest.MonkeyPatch) -> Any:
    """LangChain's own package of evaluators, where it is installed."""
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    return pytest.importorskip("langchain_classic.evaluation")


def heard(collector: RunCollectorCallbackHandler) -> tuple[Any, list[Any]]:
    (root,) = collector.traced_runs
    return root, root.child_runs


def shown(case: Case) -> dict[str, Any]:
    """The fields as a trace shows them."""
    return {**case.fields, **({"agent_trajectory": TOLD} if "agent_trajectory" in case.fields else {})}


def test_every_name_is_here() -> None:
    langchains = list(EvaluatorType)[:20]
    judged = {member for member in langchains if not any(word in member for word in ("distance", "match", "json"))}
    assert set(CASES) == judged


# What they say of themselves.


@every_judged_name
def test_names_and_needs(case: Case) -> None:
    evaluator = case.made()
    assert type(evaluator).__name__ == case.kind
    assert called(evaluator) == case.called
    assert evaluator.evaluation_name == case.evaluation_name
    assert evaluator.requires_input is True
    assert evaluator.requires_reference == ("reference" in case.fields)
    assert set(evaluator.input_keys) == case.fields.keys() - ({"prediction"} if case.name == "trajectory" else set())
    assert evaluator.output_keys == ["results"]
    assert evaluator.feedback_keys == [case.evaluation_name]


@every_judged_name
def test_names_and_needs_are_langchains(case: Case, classic: Any) -> None:
    theirs = classic.load_evaluator(case.name, llm=FakeListChatModel(responses=["x"]), **case.options)
    ours = case.made()
    assert type(theirs).__name__ == type(ours).__name__
    assert (theirs.requires_input, theirs.requires_reference) == (ours.requires_input, ours.requires_reference)
    if hasattr(theirs, "evaluation_name"):
        assert theirs.evaluation_name == ours.evaluation_name


# Calling.


@every_judged_name
@every_way
@pytest.mark.parametrize("traced", [False, True])
async def test_one_result_however_it_is_called(case: Case, call: Call, traced: bool) -> None:
    config = {"callbacks": [RunCollectorCallbackHandler()]} if traced else None
    result = await call(case.made(), case.fields, config)
    assert result == case.result
    assert list(result) == list(case.result)
    assert {key: type(value) for key, value in result.items()} == {
        key: type(value) for key, value in case.result.items()
    }


@every_judged_name
async def test_batch_and_stream(case: Case) -> None:
    evaluator = case.made()
    assert evaluator.batch([case.fields] * 3) == [case.result] * 3
    assert await evaluator.abatch([case.fields] * 3) == [case.result] * 3
    assert list(evaluator.stream(case.fields)) == [case.result]
    assert [chunk async for chunk in evaluator.astream(case.fields)] == [case.result]
    assert dict(evaluator.batch_as_completed([case.fields] * 2)) == {0: case.result, 1: case.result}


@every_judged_name
async def test_a_failed_row_of_a_batch_is_an_exception_in_its_place(case: Case) -> None:
    evaluator = case.made()
    rows = [case.fields, {"prediction": "alone"}, case.fields]
    for results in (
        evaluator.batch(rows, return_exceptions=True),
        await evaluator.abatch(rows, return_exceptions=True),
    ):
        assert [results[0], results[2]] == [case.result, case.result]
        assert isinstance(results[1], ConfigError)
    with pytest.raises(ConfigError):
        evaluator.batch(rows)
    with pytest.raises(ConfigError):
        await evaluator.abatch(rows)


@every_judged_name
@as_a_runnable
async def test_composing(case: Case, call: Call) -> None:
    evaluator = case.made()
    assert await call(evaluator | RunnableLambda(lambda result: result["score"] + 1), case.fields) == (
        case.result["score"] + 1
    )
    assert await call(evaluator.pick("score"), case.fields) == case.result["score"]
    assert await call(RunnableLambda(lambda _: case.fields) | evaluator, None) == case.result
    assert await call(evaluator.assign(passed=lambda result: result["score"] > 0), case.fields) == {
        **case.result,
        "passed": True,
    }


@every_judged_name
@as_a_runnable
async def test_with_retry(case: Case, call: Call) -> None:
    failures = [ConnectionError("gone")] * case.questions  # a whole judgement's

    def flaky(messages: Any) -> Any:
        if failures:
            raise failures.pop()
        return case.judge().invoke(messages)

    evaluator = case.made(flaky).with_retry(
        retry_if_exception_type=(ModelError,), stop_after_attempt=2, wait_exponential_jitter=False
    )
    assert await call(evaluator, case.fields) == case.result
    assert failures == []


@every_judged_name
@as_a_runnable
async def test_with_config(case: Case, call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    evaluator = case.made().with_config(run_name="mine", tags=["t"], metadata={"row": 1}, callbacks=[collector])
    assert await call(evaluator, case.fields) == case.result
    root, judges = heard(collector)
    assert (root.name, root.tags, root.metadata["row"]) == ("mine", ["t"], 1)
    assert {(judge.name, *judge.tags) for judge in judges} == {("Knowing", "t")}


@every_judged_name
def test_schemas(case: Case) -> None:
    evaluator = case.made()
    given, returned = evaluator.get_input_schema(), evaluator.get_output_schema()
    assert given.model_validate(case.fields).model_dump(exclude_unset=True) == case.fields
    assert returned.model_validate(case.result).model_dump(exclude_unset=True) == case.result
    with pytest.raises(ValueError, match="input"):
        given.model_validate({"prediction": "alone"})
    (properties,) = evaluator.get_input_jsonschema()["$defs"].values()
    assert set(properties["required"]) == set(evaluator.input_keys)
    assert set(properties["properties"]) == {*evaluator.input_keys, *evaluator.optional_keys}


@every_judged_name
@as_a_runnable
async def test_a_score(case: Case, call: Call) -> None:
    evaluator = case.made()
    score = await evaluator.ascore(case.fields) if call is _awaited else evaluator.score(case.fields)
    assert (score.name, score.value) == (case.evaluation_name, pytest.approx(case.score))
    assert evaluator.reported(score) == case.result["score"]
    assert (score.label, score.usage.calls) == (case.result.get("value"), case.questions)
    assert score.signature == evaluator.signature
    assert [part.label for part in score.parts] == (["A", "A"] if case.questions == 2 else [])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.called == "evaluate_strings"])
def test_a_sample_will_do(name: str) -> None:
    case = CASES[name]
    assert case.made().invoke(Sample(**case.fields)) == case.result


OPTIONS = {
    "both_orders": {"both_orders": False},
    "repair": {"repair": 0},
    "criteria": {"criteria": {"depth": "Is it deep?", "conciseness": "Is it short?"}},
    "a criterion's words": {"criteria": {"depth": "How deep is it?", "conciseness": "Is it short?"}},
}


@every_judged_name
def test_signatures_tell_what_differs_and_only_that(case: Case) -> None:
    made = [case.made()]
    for options in OPTIONS.values():
        if options.keys() <= type(made[0]).arguments():
            made.append(case.made(**options))
    assert len({evaluator.signature for evaluator in made}) == len(made)
    for evaluator in made:
        assert evaluator.model_copy().signature == evaluator.score(case.fields).signature == evaluator.signature
    assert case.made(tags=["t"], prediction_key="a").signature == made[0].signature


# Copies.


@every_judged_name
def test_pickle_and_deepcopy(case: Case) -> None:
    evaluator = case.made(tags=["t"], prediction_key="answer")
    for twin in (pickle.loads(pickle.dumps(evaluator)), copy.deepcopy(evaluator), copy.copy(evaluator)):  # noqa: S301 - our own bytes
        assert twin is not evaluator
        assert twin.invoke(case.fields) == case.result
        assert (twin.signature, twin.tags, twin.prediction_key) == (evaluator.signature, ["t"], "answer")


@every_judged_name
async def test_a_copy_with_other_fields(case: Case) -> None:
    evaluator = case.made(repair=0)
    other = evaluator.model_copy(update={"repair": 2, "llm": case.judge("none"), "tags": ["t"]})
    assert (other.repair, other.tags, type(other)) == (2, ["t"], type(evaluator))
    with pytest.raises(ReplyError):
        other.invoke(case.fields)
    assert len(other.llm.asked) == 3 * case.questions
    assert evaluator.invoke(case.fields) == case.result
    assert (other.signature, other.evaluation_name) != (evaluator.signature, evaluator.evaluation_name)
    assert evaluator.model_copy().signature == evaluator.signature
    with pytest.raises(ValueError, match="repair"):
        evaluator.model_copy(update={"repair": -1})


@every_judged_name
def test_a_copy_after_use_is_made_anew(case: Case) -> None:
    evaluator = case.made()
    evaluator.invoke({**case.fields, "reference": "Paris"})
    seen = PromptTemplate.from_template(" ".join(f"{{{name}}}" for name in type(evaluator).prompt_variables) + " mine")
    other = evaluator.model_copy(update={"prompt": seen})
    assert other.invoke(case.fields) == case.result
    assert other.llm.asked[-1].endswith(" mine")


@every_judged_name
@as_a_runnable
async def test_configurable_model(case: Case, call: Call) -> None:
    judge = case.judge().configurable_alternatives(ConfigurableField(id="judge"), silent=case.judge("none"))
    evaluator = case.made(judge)
    assert [spec.id for spec in evaluator.config_specs] == ["judge"]
    assert await call(evaluator, case.fields) == case.result
    with pytest.raises(ReplyError):
        await call(evaluator, case.fields, {"configurable": {"judge": "silent"}})


@every_judged_name
@as_a_runnable
async def test_configurable_fields(case: Case, call: Call) -> None:
    silent = case.judge("none")
    evaluator = case.made(silent).configurable_fields(
        repair=ConfigurableField(id="patience"), llm=ConfigurableField(id="judge")
    )
    with pytest.raises(ReplyError):
        await call(evaluator, case.fields, {"configurable": {"patience": 3}})
    assert len(silent.asked) == 4 * case.questions
    assert await call(evaluator, case.fields, {"configurable": {"judge": case.judge()}}) == case.result


# Tracing.


@every_judged_name
@every_way
async def test_the_trace(case: Case, call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    await call(case.made(), case.fields, {"callbacks": [collector]})
    root, judges = heard(collector)
    assert (root.name, root.run_type, root.inputs) == (case.kind, "chain", shown(case))
    assert root.outputs == {"results": case.result}
    assert [(judge.name, judge.run_type) for judge in judges] == [("Knowing", "llm")] * case.questions
    assert {judge.parent_run_id for judge in judges} == {root.id}
    assert [grandchild for judge in judges for grandchild in judge.child_runs] == []


@every_judged_name
@as_langchain
async def test_langchains_arguments_of_a_run(case: Case, call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    result = await call(
        case.made(tags=["own"]),
        case.fields,
        callbacks=[collector],
        tags=["call"],
        metadata={"row": 1},
        run_name="mine",
        include_run_info=True,
    )
    root, judges = heard(collector)
    assert result == {**case.result, "__run": RunInfo(run_id=root.id)}
    assert (root.name, set(root.tags), root.metadata["row"]) == ("mine", {"own", "call"}, 1)
    assert root.outputs == {"results": case.result}
    for judge in judges:
        assert (judge.name, judge.tags, judge.metadata["row"]) == ("Knowing", ["call"], 1)


@every_judged_name
@every_way
async def test_run_info_without_listeners(case: Case, call: Call) -> None:
    result = await call(case.made(), case.fields, include_run_info=True)
    assert isinstance(result.pop("__run").run_id, uuid.UUID)
    assert result == case.result


@every_judged_name
@every_way
async def test_it_nests_under_a_parent_without_config(case: Case, call: Call) -> None:
    evaluator, collector = case.made(), RunCollectorCallbackHandler()

    async def inside(fields: Any) -> Any:
        return await call(evaluator, fields)

    config = {"callbacks": [collector], "tags": ["t"], "metadata": {"row": 1}}
    assert await RunnableLambda(inside).ainvoke(case.fields, config) == case.result
    root, (judgement,) = heard(collector)
    assert (judgement.name, judgement.parent_run_id, judgement.tags) == (case.kind, root.id, ["t"])
    assert len(judgement.child_runs) == case.questions
    for judge in judgement.child_runs:
        assert (judge.tags, judge.metadata["row"]) == (["t"], 1)


@every_judged_name
@every_way
async def test_the_trace_of_what_cannot_be_read(case: Case, call: Call) -> None:
    collector = RunCollectorCallbackHandler()
    with pytest.raises(ReplyError):
        await call(case.made(case.judge("none")), case.fields, {"callbacks": [collector]})
    root, judges = heard(collector)
    assert "ReplyError" in root.error
    assert len(judges) == 2 * case.questions
    assert {judge.error for judge in judges} == {None}


# Answers that cannot be had, or read.


@every_judged_name
@every_way
@pytest.mark.parametrize("repair", [0, 1, 2])
async def test_repairs(case: Case, call: Call, repair: int) -> None:
    judge = case.judge("I would rather not say.")
    with pytest.raises(ReplyError) as raised:
        await call(case.made(judge, repair=repair), case.fields)
    assert raised.value.reply == "I would rather not say."
    assert isinstance(raised.value, ValueError)
    assert len(judge.asked) == (1 + repair) * case.questions
    assert len(set(judge.asked)) == len(judge.asked)  # else a cache would give the same answer again


@every_judged_name
@every_way
async def test_a_repair_that_helps(case: Case, call: Call) -> None:
    silent: list[int] = []

    def judge(messages: Any) -> Any:
        if len(messages) == 2:
            silent.append(1)
            return "I would rather not say."
        return case.judge().invoke(messages)

    result = await call(case.made(judge), case.fields)
    assert result["score"] == case.result["score"]
    assert result.get("value") == case.result.get("value")
    assert "I would rather not say." in result["reasoning"]
    assert len(silent) == case.questions


@every_judged_name
@every_way
async def test_a_model_that_gives_no_answer(case: Case, call: Call) -> None:
    def down(_messages: Any) -> str:
        raise TimeoutError("too slow")

    with pytest.raises(ModelError, match="TimeoutError: too slow") as raised:
        await call(case.made(down), case.fields)
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert not isinstance(raised.value, ValueError)


# Fields that are missing, or not expected.


def missing() -> list[Any]:
    return [
        pytest.param(case, field, id=f"{name}-{field}")
        for name, case in CASES.items()
        for field in ("input", "reference")
        if field in case.fields
    ]


@pytest.mark.parametrize(("case", "field"), missing())
@as_langchain
async def test_a_missing_field_is_told_in_langchains_words(case: Case, field: str, call: Call, classic: Any) -> None:
    theirs = classic.load_evaluator(case.name, llm=FakeListChatModel(responses=["x"]), **case.options)
    fields = {**case.fields, field: None}
    with pytest.raises(ValueError, match=f"^{case.kind} requires an? {field} string.$") as said_by_them:
        getattr(theirs, case.called)(**fields)
    judge = case.judge()
    with pytest.raises(ConfigError) as said_by_us:
        await call(case.made(judge), fields)
    assert str(said_by_us.value) == str(said_by_them.value)
    assert judge.asked == []


@every_judged_name
@as_a_runnable
async def test_invoke_names_all_that_is_missing(case: Case, call: Call) -> None:
    evaluator = case.made()
    for field in evaluator.input_keys:
        without = {name: value for name, value in case.fields.items() if name != field}
        for fields in (without, {**without, field: None}):
            with pytest.raises(ConfigError, match=f"^{case.kind} requires {field}; got "):
                await call(evaluator, fields)
    with pytest.raises(ConfigError, match=f"^{case.kind} requires {', '.join(evaluator.input_keys)}; got nothing"):
        await call(evaluator, {})


@every_judged_name
@as_langchain
async def test_unusable_fields(case: Case, call: Call) -> None:
    judge = case.judge()
    for value, said in ((b"bytes", "must be text"), (float("nan"), "missing"), ("a\x00", "NUL")):
        with pytest.raises(ConfigError, match=f"prediction.*{said}"):
            await call(case.made(judge), {**case.fields, "prediction": value})
    assert judge.asked == []


@every_judged_name
@as_langchain
async def test_an_unknown_argument_warns_at_the_callers_line(case: Case, call: Call) -> None:
    with pytest.warns(UserWarning, match="Ignoring unknown argument 'foo'") as seen:
        assert await call(case.made(), case.fields, foo=1) == case.result
    assert [(each.filename, each.lineno) for each in seen] == [(__file__, line_of(call))]


@pytest.mark.parametrize("name", ["score_string", "criteria", "pairwise_string"])
@as_langchain
async def test_a_reference_that_is_not_expected_warns_at_the_callers_line(name: str, call: Call, classic: Any) -> None:
    case = CASES[name]
    theirs = classic.load_evaluator(name, llm=FakeListChatModel(responses=[case.reply.format("A")]), **case.options)
    with pytest.warns(UserWarning, match="^Ignoring reference") as said_by_them:
        getattr(theirs, case.called)(**case.fields, reference="Timbuktu")
    judge = case.judge()
    with pytest.warns(UserWarning, match="^Ignoring reference") as seen:
        assert await call(case.made(judge), {**case.fields, "reference": "Timbuktu"}) == case.result
    assert [(each.filename, each.lineno) for each in seen] == [(__file__, line_of(call))]
    (first, *_) = str(said_by_them[0].message).splitlines()
    assert str(seen[0].message).startswith(first.rstrip("."))
    assert not any("Timbuktu" in question for question in judge.asked)


def line_of(call: Call) -> int:
    """The line of this file at which `call` calls the evaluator."""
    lines, first = inspect.getsourcelines(call)
    return first + next(at for at, line in enumerate(lines) if "return" in line)


@every_judged_name
@every_way
async def test_no_warnings_in_ordinary_use(case: Case, call: Call) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await call(case.made(), case.fields) == case.result


def test_other_fields_of_a_row_are_left_alone() -> None:
    for case in CASES.values():
        fields = {**case.fields, "reference": "Paris", "row": 17, "prediction_b": WRONG, "agent_trajectory": STEPS}
        before = copy.deepcopy(fields)
        assert case.made().invoke(fields) == case.result
        assert fields == before


# What they are made with.


@every_judged_name
@pytest.mark.parametrize(
    ("argument", "near"),
    [("promt", "prompt"), ("repairs", "repair"), ("output_parse", "output_parser"), ("tag", "tags")],
)
def test_a_misspelled_argument(case: Case, argument: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"{case.kind} takes no '{argument}'.*Did you mean '{near}'"):
        case.made(**{argument: None})


@every_judged_name
def test_an_argument_like_no_other(case: Case) -> None:
    with pytest.raises(ConfigError, match=f"{case.kind} takes no 'xyzzy'; it takes .*repair") as raised:
        case.made(xyzzy=1)
    assert "Did you mean" not in str(raised.value)


@every_judged_name
@pytest.mark.parametrize("chat", [False, True])
async def test_a_prompt_of_ones_own(case: Case, chat: bool) -> None:
    variables = type(case.made()).prompt_variables
    template = "Mine: " + " ".join(f"{name}=<{{{name}}}>" for name in variables)
    prompt = (ChatPromptTemplate if chat else PromptTemplate).from_template(template)
    judge = case.judge()
    evaluator = case.made(judge, prompt=prompt)
    assert evaluator.invoke(case.fields) == await evaluator.ainvoke(case.fields) == case.result
    words = {**shown(case), "criteria": case.options and evaluator.words().get("rubric")}
    expected = " ".join(f"{name}=<{words.get(text, '')}>" for name, text in variables.items())
    assert f"Mine: {expected}" in judge.asked
    assert len(judge.asked) == 2 * case.questions
    assert "prompt=own:" in evaluator.signature
    assert evaluator.signature != case.made().signature


@every_judged_name
def test_a_prompt_with_other_variables(case: Case) -> None:
    right = " ".join(f"{{{name}}}" for name in type(case.made()).prompt_variables)
    for template in ("{prediction}", f"{right} {{tone}}", right.partition(" ")[2]):
        with pytest.raises(ConfigError, match="Input variables should be"):
            case.made(prompt=PromptTemplate.from_template(template))
    judge = case.judge()
    dry = PromptTemplate.from_template(f"{right} {{tone}}").partial(tone="dry")
    assert case.made(judge, prompt=dry).invoke(case.fields) == case.result
    assert all(question.endswith(" dry") for question in judge.asked)
    with pytest.raises(ConfigError, match="prompt takes a prompt template; got str"):
        case.made(prompt=right)


@pytest.mark.parametrize("name", [name for name in CASES if name != "trajectory"])  # LangChain's takes no prompt
def test_langchain_takes_the_same_prompts(name: str, classic: Any) -> None:
    case = CASES[name]
    template = " ".join(f"{{{variable}}}" for variable in type(case.made()).prompt_variables)
    prompt = PromptTemplate.from_template(template)
    judge = case.judge()
    theirs = classic.load_evaluator(name, llm=judge, prompt=prompt, **case.options)
    getattr(theirs, case.called)(**case.fields)
    for text in case.fields.values():
        assert text in judge.asked[0]


class Halves(BaseOutputParser[Any]):
    """Reads `0.5` of `Say 0.5`; anything else is nonsense."""

    def parse(self, text: str) -> Any:
        return {"score": float(text.removeprefix("Say ")), "why": "read", "reasoning": text}


RATED = {"score_string": 1.0, "labeled_score_string": 1.0}  # there a parser's score is a rating


@every_judged_name
@every_way
async def test_a_parser_of_ones_own(case: Case, call: Call) -> None:
    judge = case.judge("Say 0.5" if case.name not in RATED else "Say 5.5")
    evaluator = case.made(judge, output_parser=Halves())
    said = judge.says
    expected = {"score": float(said.removeprefix("Say ")), "why": "read", "reasoning": said}
    collector = RunCollectorCallbackHandler()
    assert await call(evaluator, case.fields, {"callbacks": [collector]}) == expected
    root, judges = heard(collector)
    assert root.outputs == {"results": expected}
    assert len(judges) == 1  # one order: what a parser of one's own makes of the other cannot be turned round
    score = evaluator.score(case.fields)
    assert (score.value, score.reasoning, score.name) == (0.5, said, case.evaluation_name)
    assert await evaluator.ascore(case.fields) == score
    assert "parser=own" in score.signature


@every_judged_name
@every_way
async def test_a_parser_that_returns_text(case: Case, call: Call) -> None:
    evaluator = case.made(case.judge("splendid"), output_parser=StrOutputParser())
    assert await call(evaluator, case.fields) == "splendid"
    assert await call(evaluator, case.fields, include_run_info=True) == "splendid"
    with pytest.raises(ReplyError, match="no score"):
        evaluator.score(case.fields)


class Given(BaseOutputParser[Any]):
    """Returns what it was made with."""

    value: Any

    def parse(self, text: str) -> Any:
        return self.value


@every_judged_name
@pytest.mark.parametrize("value", [None, 5, [], {}, {"verdict": 1}, {"score": None}, {"score": "high"}, {"score": 99}])
async def test_a_parser_that_returns_nonsense(case: Case, value: Any) -> None:
    evaluator = case.made(output_parser=Given(value=value))
    assert evaluator.invoke(case.fields) == value
    with pytest.raises(ReplyError, match="output_parser gave no score"):
        evaluator.score(case.fields)
    with pytest.raises(ReplyError, match="output_parser gave no score"):
        await evaluator.ascore(case.fields)


@every_judged_name
@every_way
async def test_a_parser_that_raises(case: Case, call: Call) -> None:
    judge = case.judge("nothing of the sort")
    with pytest.raises(ReplyError, match="Halves cannot read the answer: ValueError") as raised:
        await call(case.made(judge, output_parser=Halves()), case.fields)
    assert raised.value.reply == "nothing of the sort"
    assert isinstance(raised.value.__cause__, ValueError)
    assert len(judge.asked) == 1  # only its owner knows how to ask again


# What is particular to one family.


def test_pairs_in_one_order_cost_one_question() -> None:
    for name in ("pairwise_string", "labeled_pairwise_string"):
        case = CASES[name]
        judge = case.judge()
        result = case.made(judge, both_orders=False).invoke(case.fields)
        assert result == {"reasoning": "It agrees. Verdict: [[A]]", "value": "A", "score": 1}
        assert len(judge.asked) == 1


@every_way
async def test_a_judge_that_prefers_a_place_is_told(call: Call) -> None:
    case = CASES["pairwise_string"]
    result = await call(case.made(case.judge("Verdict: [[B]]")), case.fields)
    assert (result["value"], result["score"], result["swayed_by_position"]) == (None, 0.5, True)
    assert "The two orders disagree: a tie." in result["reasoning"]


@every_way
async def test_the_reference_of_a_trajectory_is_shown_where_it_is_given(call: Call) -> None:
    case = CASES["trajectory"]
    judge = case.judge()
    collector = RunCollectorCallbackHandler()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = await call(case.made(judge), {**case.fields, "reference": "Timbuktu"}, {"callbacks": [collector]})
    assert result == case.result
    assert "<sample_reference>\nTimbuktu\n" in judge.asked[0]
    root, _ = heard(collector)
    assert root.inputs == {**shown(case), "reference": "Timbuktu"}


@pytest.mark.parametrize("messages", [True, False])
def test_the_prediction_of_messages_is_the_last(messages: bool) -> None:
    case = CASES["trajectory"]
    steps = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "It is Paris."}] if messages else STEPS
    fields = {"input": "?", "agent_trajectory": steps}
    if messages:
        judge = case.judge()
        assert case.made(judge).invoke(fields) == case.result
        assert "<sample_prediction>\nIt is Paris.\n" in judge.asked[0]
    else:
        with pytest.raises(ConfigError, match="requires a prediction string"):
            case.made().invoke(fields)


def test_many_at_once() -> None:
    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(case.made().ainvoke(case.fields) for case in CASES.values() for _ in range(5)))

    assert asyncio.run(all_of_them()) == [case.result for case in CASES.values() for _ in range(5)]
