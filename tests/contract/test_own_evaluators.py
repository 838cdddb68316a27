"""Evaluators that people wrote for LangChain: the same class, word for word, on LangChain's base and on ours.

A test that takes `library` holds for both; where langchain_classic is not installed, for ours alone.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import pickle
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.context import collect_runs
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langsmith import Client
from loopback.experiments import ANSWERS, QUESTIONS, Experiment, app, both_ways, dataset, evaluator_runs, feedback_of
from loopback.langsmith_api import LangSmithServer

from lc_scoring import ConfigError, Sample, registry
from lc_scoring.evaluators.schema import StringEvaluator

LIBRARIES = ["lc_scoring", "langchain_classic.evaluation"]
LANGCHAINS = {  # where langchain_classic exports its base classes
    "StringEvaluator": "langchain_classic.evaluation.schema",
    "PairwiseStringEvaluator": "langchain_classic.evaluation.schema",
    "AgentTrajectoryEvaluator": "langchain_classic.evaluation.schema",
}
STEPS = [("atlas", "Paris"), ("atlas", "Paris")]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    if request.param != "lc_scoring":
        pytest.importorskip("langchain_classic.evaluation")
    return str(request.param)


def base(library: str, name: str) -> Any:
    home = library if library == "lc_scoring" else LANGCHAINS[name]
    return getattr(importlib.import_module(home), name)


# As people wrote them.


def contains(library: str) -> Any:
    """A constructor of its own that calls no other, `requires_reference` as a property, no async half, no kwargs."""

    class Contains(base(library, "StringEvaluator")):  # type: ignore[misc]
        def __init__(self, weight: float = 1.0) -> None:
            self.weight = weight
            self.threads: list[int] = []

        @property
        def requires_reference(self) -> bool:
            return True

        def _evaluate_strings(self, *, prediction: Any, reference: Any, input: Any) -> Any:  # noqa: A002 - LangChain's word
            self.threads.append(threading.get_ident())
            return {"score": self.weight * (reference in prediction), "reasoning": f"{reference} in {prediction}"}

    return Contains()


def repeats(library: str) -> Any:
    """Needs the input, has a name of its own, both halves and kwargs."""

    class Repeats(base(library, "StringEvaluator")):  # type: ignore[misc]
        seen: list[Any]

        def __init__(self) -> None:
            self.seen = []

        @property
        def evaluation_name(self) -> str:
            return "repetition"

        @property
        def requires_input(self) -> bool:
            return True

        def _evaluate_strings(self, *, prediction: Any, reference: Any = None, input: Any = None, **kwargs: Any) -> Any:  # noqa: A002 - LangChain's word
            self.seen.append(("sync", kwargs))
            return {"score": int(input in prediction), "value": "yes" if input in prediction else "no"}

        async def _aevaluate_strings(self, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            self.seen.append(
                ("async", {key: kwargs[key] for key in kwargs.keys() - {"input", "prediction", "reference"}})
            )
            return {"score": 0.5, "value": "async"}

    return Repeats()


def shorter(library: str) -> Any:
    class Shorter(base(library, "PairwiseStringEvaluator")):  # type: ignore[misc]
        def __init__(self) -> None:
            self.threads: list[int] = []

        def _evaluate_string_pairs(self, *, prediction: Any, prediction_b: Any, **kwargs: Any) -> Any:
            self.threads.append(threading.get_ident())
            return {"score": int(len(prediction) < len(prediction_b)), "kwargs": sorted(kwargs)}

    return Shorter()


def thrifty(library: str) -> Any:
    class Thrifty(base(library, "AgentTrajectoryEvaluator")):  # type: ignore[misc]
        def __init__(self) -> None:
            self.threads: list[int] = []

        def _evaluate_agent_trajectory(
            self,
            *,
            prediction: Any,
            agent_trajectory: Any,
            input: Any,  # noqa: A002 - LangChain's word
            reference: Any,
            **kwargs: Any,
        ) -> Any:
            self.threads.append(threading.get_ident())
            return {
                "score": 1 / len(agent_trajectory),
                "reasoning": f"{input} {prediction} {reference} {sorted(kwargs)}",
            }

    return Thrifty()


ASKED: dict[str, tuple[Callable[[str], Any], str, dict[str, Any]]] = {
    "string": (contains, "evaluate_strings", {"prediction": "It is Paris.", "reference": "Paris"}),
    "pair": (shorter, "evaluate_string_pairs", {"prediction": "Paris", "prediction_b": "It is Paris."}),
    "trajectory": (
        thrifty,
        "evaluate_agent_trajectory",
        {"prediction": "Paris", "agent_trajectory": STEPS, "input": "Where?"},
    ),
}
RESULTS: dict[str, Any] = {
    "string": {"score": 1.0, "reasoning": "Paris in It is Paris."},
    "pair": {"score": 1, "kwargs": ["input", "reference"]},
    "trajectory": {"score": 0.5, "reasoning": "Where? Paris None []"},
}
every_kind = pytest.mark.parametrize("kind", list(ASKED))


@every_kind
def test_results(library: str, kind: str) -> None:
    made, method, fields = ASKED[kind]
    assert getattr(made(library), method)(**fields) == RESULTS[kind]


@every_kind
async def test_awaited_it_runs_in_a_thread(library: str, kind: str) -> None:
    made, method, fields = ASKED[kind]
    evaluator = made(library)
    assert await getattr(evaluator, f"a{method}")(**fields) == RESULTS[kind]
    assert getattr(evaluator, method)(**fields) == RESULTS[kind]
    awaited, called = evaluator.threads
    assert called == threading.get_ident()
    assert awaited != called


async def test_the_async_half_is_used_where_there_is_one(library: str) -> None:
    evaluator = repeats(library)
    assert await evaluator.aevaluate_strings(prediction="a", input="a") == {"score": 0.5, "value": "async"}
    assert evaluator.evaluate_strings(prediction="a", input="a") == {"score": 1, "value": "yes"}
    assert [half for half, _ in evaluator.seen] == ["async", "sync"]


async def test_other_arguments_are_passed_on(library: str) -> None:
    evaluator, handler = repeats(library), BaseCallbackHandler()
    given = {"callbacks": [handler], "tags": ["t"], "metadata": {"row": 1}, "include_run_info": True, "foo": 1}
    evaluator.evaluate_strings(prediction="a", input="a", **given)
    await evaluator.aevaluate_strings(prediction="a", input="a", **given)
    assert evaluator.seen == [("sync", given), ("async", given)]
    pair = shorter(library)
    assert pair.evaluate_string_pairs(prediction="a", prediction_b="b", **given)["kwargs"] == sorted(
        [*given, "input", "reference"]
    )


def test_other_arguments_of_what_takes_none(library: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'callbacks'"):
        contains(library).evaluate_strings(prediction="a", reference="a", callbacks=[])


def test_names_and_needs(library: str) -> None:
    assert [made(library).evaluation_name for made in (contains, repeats)] == ["Contains", "repetition"]
    assert [(each.requires_input, each.requires_reference) for each in map_of(library)] == [
        (False, True),
        (True, False),
        (False, False),
        (True, False),
    ]


def map_of(library: str) -> list[Any]:
    return [made(library) for made in (contains, repeats, shorter, thrifty)]


MISSING = {
    "a reference": (contains, "evaluate_strings", {"prediction": "a"}, "Contains requires a reference string."),
    "a reference that is None": (
        contains,
        "evaluate_strings",
        {"prediction": "a", "reference": None},
        "Contains requires a reference string.",
    ),
    "an input": (repeats, "evaluate_strings", {"prediction": "a"}, "Repeats requires an input string."),
    "a trajectory's input": (
        thrifty,
        "evaluate_agent_trajectory",
        {"prediction": "a", "agent_trajectory": [], "input": None},
        "Thrifty requires an input string.",
    ),
}


@pytest.mark.parametrize(("made", "method", "fields", "said"), list(MISSING.values()), ids=list(MISSING))
async def test_missing_fields(library: str, made: Any, method: str, fields: Any, said: str) -> None:
    with pytest.raises(ValueError, match="requires") as raised:
        getattr(made(library), method)(**fields)
    with pytest.raises(ValueError, match="requires") as awaited:
        await getattr(made(library), f"a{method}")(**fields)
    assert str(raised.value) == str(awaited.value) == said


@pytest.mark.parametrize("method", ["evaluate_strings", "aevaluate_strings"])
def test_a_prediction_must_be_named(library: str, method: str) -> None:
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'prediction'"):
        asyncio.run(as_coroutine(getattr(contains(library), method), reference="a"))
    with pytest.raises(TypeError, match="positional argument"):
        asyncio.run(as_coroutine(getattr(contains(library), method), "a"))


async def as_coroutine(function: Any, *args: Any, **kwargs: Any) -> Any:
    result = function(*args, **kwargs)
    return await result if asyncio.iscoroutine(result) else result


PAIR = {"prediction": "a", "prediction_b": "b"}
IGNORED = {
    "an input": (contains, "evaluate_strings", {"prediction": "a", "reference": "a"}, "input", "Contains"),
    "a reference": (repeats, "evaluate_strings", {"prediction": "a", "input": "a"}, "reference", "Repeats"),
    "a pair's input": (shorter, "evaluate_string_pairs", PAIR, "input", "Shorter"),
    "a pair's reference": (shorter, "evaluate_string_pairs", PAIR, "reference", "Shorter"),
}


@pytest.mark.parametrize(("made", "method", "fields", "more", "kind"), list(IGNORED.values()), ids=list(IGNORED))
async def test_fields_that_are_not_expected(
    library: str, made: Any, method: str, fields: Any, more: str, kind: str
) -> None:
    said = rf"^Ignoring {more} in {kind}, as it is not expected\.$"
    fields = {**fields, more: "c"}
    with pytest.warns(UserWarning, match=said) as seen:
        getattr(made(library), method)(**fields)
    with pytest.warns(UserWarning, match=said) as awaited:
        await getattr(made(library), f"a{method}")(**fields)
    assert {each.filename for each in (*seen, *awaited)} == {__file__}
    assert (len(seen), len(awaited)) == (1, 1)


def test_a_fields_own_warning_is_said_in_its_own_words(library: str) -> None:
    class Particular(base(library, "StringEvaluator")):  # type: ignore[misc]
        _skip_reference_warning = "No references here."

        def _evaluate_strings(self, *, prediction: Any, **kwargs: Any) -> Any:
            return {"score": 1}

    with pytest.warns(UserWarning, match="^No references here.$"):
        Particular().evaluate_strings(prediction="a", reference="b")


@pytest.mark.parametrize("needed", [1, "yes", True])
def test_needs_in_other_words_than_true(library: str, needed: Any) -> None:
    class Loose(base(library, "StringEvaluator")):  # type: ignore[misc]
        requires_reference = needed
        requires_input = None

        def _evaluate_strings(self, *, prediction: Any, **kwargs: Any) -> Any:
            return {"score": 1}

    with pytest.raises(ValueError, match=r"^Loose requires a reference string\.$"):
        Loose().evaluate_strings(prediction="a")
    with pytest.warns(UserWarning, match="^Ignoring input in Loose"):
        Loose().evaluate_strings(prediction="a", reference="b", input="c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Loose().evaluate_strings(prediction="a", reference="b") == {"score": 1}


def test_an_abstract_one_cannot_be_made(library: str) -> None:
    class Empty(base(library, "StringEvaluator")):  # type: ignore[misc]
        pass

    with pytest.raises(TypeError, match="abstract"):
        Empty()


@every_kind
async def test_exceptions_come_as_they_are(library: str, kind: str) -> None:
    _, method, fields = ASKED[kind]
    name = {"string": "StringEvaluator", "pair": "PairwiseStringEvaluator", "trajectory": "AgentTrajectoryEvaluator"}[
        kind
    ]

    def fail(self: Any, **kwargs: Any) -> Any:
        raise LookupError("no idea")

    body = {f"_{method}": fail, "requires_reference": kind == "string"}
    evaluator = type("Failing", (base(library, name),), body)()
    with pytest.raises(LookupError, match="no idea"):
        getattr(evaluator, method)(**fields)
    with pytest.raises(LookupError, match="no idea"):
        await getattr(evaluator, f"a{method}")(**fields)


# Runnables inside.


def nested(library: str) -> Any:
    """Asks a Runnable of its own, as evaluators did that had an LLMChain inside."""

    class Nested(base(library, "StringEvaluator")):  # type: ignore[misc]
        def __init__(self) -> None:
            self.chain = RunnableLambda(len).with_config(run_name="inner")

        def _evaluate_strings(self, *, prediction: Any, callbacks: Any = None, **kwargs: Any) -> Any:
            config = {"callbacks": callbacks} if callbacks else None
            return {"score": self.chain.invoke(prediction, config) / 10}

    return Nested()


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_callbacks_reach_what_is_inside(library: str, asynchronous: bool) -> None:
    collector, evaluator = RunCollectorCallbackHandler(), nested(library)
    given = {"prediction": "Paris", "callbacks": [collector]}
    result = await evaluator.aevaluate_strings(**given) if asynchronous else evaluator.evaluate_strings(**given)
    assert result == {"score": 0.5}
    assert [run.name for run in collector.traced_runs] == ["inner"]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_is_inside_nests_under_a_parent(library: str, asynchronous: bool) -> None:
    evaluator, collector = nested(library), RunCollectorCallbackHandler()

    async def outer(text: str) -> Any:
        if asynchronous:
            return await evaluator.aevaluate_strings(prediction=text)
        return evaluator.evaluate_strings(prediction=text)

    assert await RunnableLambda(outer).ainvoke("Paris", {"callbacks": [collector], "tags": ["t"]}) == {"score": 0.5}
    (root,) = collector.traced_runs
    (inner,) = root.child_runs
    assert (root.name, inner.name, inner.tags) == ("outer", "inner", ["t"])


# What they are on top of that, here.


@every_kind
async def test_a_runnable(kind: str) -> None:
    made, _, fields = ASKED[kind]
    evaluator, expected = made("lc_scoring"), RESULTS[kind]
    assert evaluator.invoke(fields) == expected
    assert await evaluator.ainvoke(fields) == expected
    assert evaluator.batch([fields, fields]) == [expected, expected]
    assert await evaluator.abatch([fields, fields]) == [expected, expected]
    assert list(evaluator.stream(fields)) == [expected]
    assert [chunk async for chunk in evaluator.astream(fields)] == [expected]
    assert (evaluator | RunnableLambda(lambda result: result["score"])).invoke(fields) == expected["score"]
    assert evaluator.with_retry(stop_after_attempt=2).invoke(fields) == expected
    assert evaluator.pick("score").invoke(fields) == expected["score"]
    assert evaluator.get_input_schema().model_validate(fields)
    main = threading.get_ident()
    assert main in evaluator.threads
    assert set(evaluator.threads) != {main}


@every_kind
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_run_of_its_own(kind: str, asynchronous: bool) -> None:
    made, _, fields = ASKED[kind]
    evaluator, collector = made("lc_scoring"), RunCollectorCallbackHandler()
    config = {"callbacks": [collector], "run_name": "mine", "tags": ["t"]}
    result = await evaluator.ainvoke(fields, config) if asynchronous else evaluator.invoke(fields, config)
    (root,) = collector.traced_runs
    assert (root.name, root.tags, root.inputs, root.outputs) == ("mine", ["t"], fields, result)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_is_inside_nests_under_that_run(asynchronous: bool) -> None:
    evaluator = nested("lc_scoring")
    with collect_runs() as collector:
        fields = {"prediction": "Paris"}
        assert (await evaluator.ainvoke(fields) if asynchronous else evaluator.invoke(fields)) == {"score": 0.5}
    (root,) = collector.traced_runs
    assert (root.name, [run.name for run in root.child_runs]) == ("Nested", ["inner"])


def test_rows_of_a_batch_that_fail() -> None:
    rows = [{"prediction": "a", "reference": "a"}, {"prediction": "a"}, {"prediction": 4, "reference": "a"}]
    first, second, third = contains("lc_scoring").batch(rows, return_exceptions=True)
    assert first["score"] == 1
    assert isinstance(second, ConfigError)
    assert isinstance(third, TypeError)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_score(asynchronous: bool) -> None:
    evaluator = repeats("lc_scoring")
    sample = Sample(prediction="ab", input="a")
    score = await evaluator.ascore(sample) if asynchronous else evaluator.score(sample)
    assert (score.name, score.value, score.label) == (
        ("repetition", 0.5, "async") if asynchronous else ("repetition", 1, "yes")
    )
    assert evaluator.reported(score) == score.value
    assert score.signature == evaluator.signature
    assert "Repeats" in score.signature
    reasoned = contains("lc_scoring").score({"prediction": "ab", "reference": "a"})
    assert (reasoned.value, reasoned.reasoning) == (1, "a in ab")
    assert shorter("lc_scoring").score({"prediction": "a", "prediction_b": "ab"}).value == 1
    assert thrifty("lc_scoring").score({"prediction": "a", "agent_trajectory": STEPS, "input": "b"}).value == 0.5


@pytest.mark.parametrize("score", [1.5, -0.1, 7, float("nan"), float("inf"), None, "1", "high", [1]])
async def test_what_is_no_score(score: Any) -> None:
    class Fixed(StringEvaluator):
        def _evaluate_strings(self, **kwargs: Any) -> Any:
            return {"score": score}

    assert list(Fixed().evaluate_strings(prediction="a")) == ["score"]
    for fail in (lambda: Fixed().score({"prediction": "a"}), lambda: asyncio.run(Fixed().ascore({"prediction": "a"}))):
        with pytest.raises(ConfigError, match=r"Fixed gave .* as its score; a Score's value is a number in \[0, 1\]"):
            await asyncio.to_thread(fail)


@pytest.mark.parametrize("score", [0, 1, 0.25, True, False])
def test_what_is_a_score(score: Any) -> None:
    class Fixed(StringEvaluator):
        def _evaluate_strings(self, **kwargs: Any) -> Any:
            return score

    value = Fixed().score({"prediction": "a"}).value
    assert value == score
    assert type(value) is float


class Picklable(StringEvaluator):
    """Stands in a module, as classes do that are sent to other processes."""

    def __init__(self, word: str) -> None:
        self.word = word

    def _evaluate_strings(self, *, prediction: Any, **kwargs: Any) -> Any:
        return {"score": int(self.word in prediction)}


def test_pickle_and_deepcopy() -> None:
    evaluator = Picklable("a")
    for twin in (pickle.loads(pickle.dumps(evaluator)), copy.deepcopy(evaluator)):  # noqa: S301 - our own bytes
        assert twin.evaluate_strings(prediction="ab") == {"score": 1}
        assert twin.signature == evaluator.signature


@both_ways
def test_in_an_experiment(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    evaluator = contains("lc_scoring")
    experiment(client, app, evaluator, data=dataset(client), max_concurrency=2)
    assert {question: each["score"] for question, each in feedback_of(server).items()} == {
        question: int(answer in ANSWERS[question]) for question, answer in QUESTIONS.items()
    }
    assert {each["key"] for each in server.store["feedback"]} == {"Contains"}
    assert {run["name"] for run in evaluator_runs(server)} == {"Contains"}


def test_load_evaluator_knows_them_once_they_are_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    registry.register_evaluator("has_word", Picklable)
    assert registry.load_evaluator("has_word", word="b").invoke({"prediction": "ab"}) == {"score": 1}
