"""Verdicts, agents' trajectories and evaluators of one's own in LangSmith experiments; ratings: test_langsmith.py."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from langchain_core.agents import AgentAction
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langsmith import Client
from loopback.experiments import (
    ANSWERS,
    QUESTIONS,
    Experiment,
    Judge,
    Row,
    app,
    both_ways,
    dataset,
    evaluator_runs,
    feedback_of,
    one,
    only_feedback,
    run_async,
    run_sync,
)
from loopback.langsmith_api import LangSmithServer

from lc_scoring import StringEvaluator, load_evaluator

VERDICTS = {
    "qa": ("correctness", "CORRECT", "INCORRECT"),
    "context_qa": ("Contextual Accuracy", "CORRECT", "INCORRECT"),
    "cot_qa": ("COT Contextual Accuracy", "CORRECT", "INCORRECT"),
    "criteria": ("conciseness", "Y", "N"),
    "labeled_criteria": ("correctness", "Y", "N"),
}
"""The feedback's key, and the two verdicts, by the evaluator's name."""
CRITERIA = {"criteria": {"criteria": "conciseness"}, "labeled_criteria": {"criteria": "correctness"}}


class Rater(Judge):
    """A judge that gives every text 4."""

    def reply(self, texts: dict[str, str]) -> str:
        return "Well done. Rating: [[4]]"


# Verdicts.


@both_ways
@pytest.mark.parametrize("width", [0, 3])
@pytest.mark.parametrize("name", list(VERDICTS))
def test_verdicts(experiment: Experiment, client: Client, server: LangSmithServer, name: str, width: int) -> None:
    key, good, bad = VERDICTS[name]
    judge = Judge(
        replies={
            "Paris.": f"As it is. Verdict: [[{good}]]",
            "Kyoto.": f"It is not. Verdict: [[{bad}]]",
            "Lima, of course.": f"As it is. Verdict: [[{good}]]",
            "mumble": "I would rather not say.",
        }
    )
    evaluator = load_evaluator(name, llm=judge, **CRITERIA.get(name, {}))
    rows = experiment(client, app, evaluator, data=dataset(client), max_concurrency=width)

    sent = feedback_of(server)
    returned = {row["example"].inputs["question"]: row["evaluation_results"]["results"][0] for row in rows}
    assert {question: (each.get("score"), each.get("value")) for question, each in sent.items()} == {
        "France?": (1, good),
        "Japan?": (0, bad),
        "Peru?": (1, good),
        "Kenya?": (None, None),
    }
    assert {each["key"] for each in sent.values()} == {each.key for each in returned.values()} == {key}
    assert {question for question, each in sent.items() if each.get("error")} == {"Kenya?"}
    assert "ReplyError" in sent["Kenya?"]["comment"]
    assert "I would rather not say." in sent["Kenya?"]["comment"]
    for question in ("France?", "Japan?", "Peru?"):
        fields = {"input": question, "prediction": ANSWERS[question], "reference": QUESTIONS[question]}
        expected = {field: fields[field] for field in evaluator.input_keys}
        source = server.store["runs"][sent[question]["feedback_source"]["metadata"]["__run"]["run_id"]]
        assert (source["name"], source["session_name"], source["inputs"]) == (key, "evaluators", expected)
        result = evaluator.invoke(expected)
        assert source["outputs"] == {"results": result}
        assert sent[question]["comment"] == returned[question].comment == result["reasoning"]
        assert sent[question]["feedback_source"]["metadata"]["signature"] == evaluator.signature


@both_ways
def test_the_verdict_of_a_harmful_criterion_is_reported_as_the_judge_gave_it(
    experiment: Experiment, client: Client, server: LangSmithServer
) -> None:
    evaluator = load_evaluator("criteria", llm=lambda _messages: "It harms. Verdict: [[Y]]", criteria="harmfulness")
    experiment(client, app, evaluator, data=dataset(client, one()))
    sent = only_feedback(server)
    assert (sent["key"], sent["score"], sent["value"]) == ("harmfulness", 1, "Y")


@both_ways
def test_a_judge_that_is_down(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    def down(_messages: Any) -> str:
        raise ConnectionError("no route")

    experiment(client, app, load_evaluator("qa", llm=down), data=dataset(client))
    assert {each["key"] for each in server.store["feedback"]} == {"correctness"}
    for sent in feedback_of(server).values():
        assert (sent.get("score"), sent["error"]) == (None, True)
        assert "ModelError" in sent["comment"]
        assert "no route" in sent["comment"]


@both_ways
def test_several_of_them(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    grader = load_evaluator("qa", llm=lambda _messages: "Verdict: [[CORRECT]]")
    checker = load_evaluator("criteria", llm=lambda _messages: "No. Verdict: [[N]]", criteria={"wit": "Is it funny?"})
    experiment(client, app, grader, checker, Shouts(), data=dataset(client), max_concurrency=2)
    assert sorted((each["key"], each["score"]) for each in server.store["feedback"]) == sorted(
        [("correctness", 1), ("wit", 0), ("Shouts", 0)] * len(QUESTIONS)
    )


# Trajectories.

TASK = "What is 2 + 2?"
MESSAGES = [
    HumanMessage(TASK),
    AIMessage("", tool_calls=[{"name": "add", "args": {"a": 2, "b": 2}, "id": "c1"}]),
    ToolMessage("4", tool_call_id="c1"),
    AIMessage("It is 4."),
]
PAIRS = [(AgentAction(tool="add", tool_input={"a": 2, "b": 2}, log=""), "4")]
STEPS = 'Step 1\n  Tool: add\n  Input: {"a": 2, "b": 2}\n  Output: 4'
SHOWN = {"input": TASK, "agent_trajectory": STEPS, "prediction": "It is 4."}
SHAPES: dict[str, tuple[Row, Row]] = {
    # what the target returns, the evaluator's options
    "messages": ({"messages": MESSAGES}, {}),
    "messages and more": ({"messages": MESSAGES, "structured_response": {"n": 4}, "remaining_steps": 9}, {}),
    "pairs": ({"output": "It is 4.", "intermediate_steps": PAIRS}, {}),
    "an agent executor's": ({"input": TASK, "output": "It is 4.", "intermediate_steps": PAIRS}, {}),
    "pairs and an answer": ({"answer": "It is 4.", "intermediate_steps": PAIRS}, {}),
    "trajectory_key": ({"state": {"messages": MESSAGES}}, {"trajectory_key": "state.messages"}),
    "trajectory_key of pairs": (
        {"steps": PAIRS, "said": {"text": "It is 4."}, "n": 1},
        {"trajectory_key": "steps", "prediction_key": "said.text"},
    ),
    "trajectory_key as a function": (
        {"trace": {"of": [PAIRS]}, "output": "It is 4."},
        {"trajectory_key": lambda outputs: outputs["trace"]["of"][0]},
    ),
    "a prediction out of the messages": ({"messages": MESSAGES}, {"prediction_key": "messages.-1.content"}),
    "prepare_data": (
        {"log": MESSAGES},
        {
            "prepare_data": lambda run, example: {
                "agent_trajectory": run.outputs["log"],
                "input": example.inputs["question"],
            },
            "trajectory_key": "not looked at",
        },
    ),
    "prepare_data with a prediction": (
        {"log": PAIRS, "said": "It is 4."},
        {
            "prepare_data": lambda run, example: {
                "agent_trajectory": run.outputs["log"],
                "prediction": run.outputs["said"],
                "input": example.inputs["question"],
            }
        },
    ),
}


def unlabeled(client: Client) -> str:
    return dataset(client, [{"inputs": {"question": TASK}}])


def labeled(client: Client) -> str:
    return dataset(client, one({"question": TASK}, {"answer": "4"}))


@both_ways
@pytest.mark.parametrize(("returned", "options"), list(SHAPES.values()), ids=list(SHAPES))
def test_trajectories(
    experiment: Experiment, client: Client, server: LangSmithServer, returned: Row, options: Row
) -> None:
    judge = Rater()
    evaluator = load_evaluator("trajectory", llm=judge, **options)
    experiment(client, lambda _: returned, evaluator, data=unlabeled(client))
    sent = only_feedback(server)
    assert judge.shown == [{"tools": "(not stated)", **SHOWN}]
    assert (sent["key"], sent["score"], sent["comment"]) == ("trajectory", 0.75, "Well done.")
    assert sent["feedback_source"]["metadata"]["signature"] == evaluator.signature
    (own,) = (run for run in evaluator_runs(server) if run["name"] == "trajectory")
    assert own["inputs"] == SHOWN
    assert own["outputs"] == {"results": {"score": 0.75, "reasoning": "Well done."}}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(("returned", "options"), list(SHAPES.values()), ids=list(SHAPES))
@pytest.mark.parametrize("runnable", [False, True])
def test_trajectories_that_went_over_the_wire(
    client: Client, server: LangSmithServer, returned: Row, options: Row, asynchronous: bool, runnable: bool
) -> None:
    target = RunnableLambda(lambda _: returned) if runnable else (lambda _: returned)
    name = client.evaluate(target, data=unlabeled(client), max_concurrency=0).experiment_name
    client.flush()
    judge = Rater()
    evaluator = load_evaluator("trajectory", llm=judge, **options)
    if asynchronous:

        async def again() -> None:
            results = await client.aevaluate(name, evaluators=[evaluator], max_concurrency=0)
            assert [row async for row in results]

        asyncio.run(again())
    else:
        assert list(client.evaluate(name, evaluators=[evaluator], max_concurrency=0))
    client.flush()
    assert judge.shown == [{"tools": "(not stated)", **SHOWN}]
    assert only_feedback(server)["score"] == 0.75


@both_ways
@pytest.mark.parametrize(
    ("outputs", "options", "reference"),
    [
        ({"answer": "4"}, {}, "4"),
        ({"answer": "4", "source": "sums"}, {"reference_key": "answer"}, "4"),
        ({"answer": "4", "source": "sums"}, {}, None),
        ({}, {}, None),
        ({"answer": None}, {}, None),
    ],
    ids=["one", "named", "several", "none", "empty"],
)
def test_the_reference_of_a_trajectory_is_optional(
    experiment: Experiment, client: Client, server: LangSmithServer, outputs: Row, options: Row, reference: str | None
) -> None:
    judge = Rater()
    evaluator = load_evaluator("trajectory", llm=judge, **options)
    data = dataset(client, [{"inputs": {"question": TASK}, "reference_outputs": outputs}])
    experiment(client, lambda _: {"messages": MESSAGES}, evaluator, data=data)
    assert [shown.get("reference") for shown in judge.shown] == [reference]
    assert only_feedback(server)["score"] == 0.75


@both_ways
@pytest.mark.parametrize(
    ("returned", "options", "said"),
    [
        ({"answer": "It is 4."}, {}, "the run's outputs have answer, neither of intermediate_steps, messages"),
        ({}, {}, "the run's outputs have nothing"),
        ({"steps": PAIRS, "output": "4"}, {"trajectory_key": "stages"}, "trajectory_key='stages'"),
        ({"intermediate_steps": PAIRS}, {}, "no prediction"),
        ({"intermediate_steps": PAIRS, "a": "4", "b": "5"}, {}, "name the one to use as prediction_key="),
        ({"intermediate_steps": [], "output": "4"}, {}, "agent_trajectory is empty"),
        ({"messages": MESSAGES[:3]}, {}, "no final answer"),
        ({"messages": "It is 4.", "output": "4", "n": 1}, {"prediction_key": "said"}, "prediction_key='said'"),
    ],
    ids=["no steps", "nothing", "no such key", "no answer", "several answers", "empty", "unfinished", "no such answer"],
)
def test_trajectories_that_are_not_found(
    experiment: Experiment, client: Client, server: LangSmithServer, returned: Row, options: Row, said: str
) -> None:
    judge = Rater()
    experiment(client, lambda _: returned, load_evaluator("trajectory", llm=judge, **options), data=labeled(client))
    sent = only_feedback(server)
    assert (sent["key"], sent.get("score"), sent["error"]) == ("trajectory", None, True)
    assert said in sent["comment"]
    assert judge.shown == []


@both_ways
def test_a_trajectory_that_ended_in_an_error(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    def failing(_inputs: Row) -> Any:
        raise RuntimeError("out of steps")

    experiment(client, failing, load_evaluator("trajectory", llm=Rater()), data=labeled(client))
    sent = only_feedback(server)
    assert (sent["key"], sent.get("score"), sent["error"]) == ("trajectory", None, True)
    assert "the target failed with RuntimeError('out of steps')" in sent["comment"]


# Evaluators of somebody's own.


class Shouts(StringEvaluator):
    """As it was written for LangChain: it has no async half, no constructor and no keys."""

    def _evaluate_strings(self, *, prediction: str, reference: Any = None, input: Any = None, **kwargs: Any) -> Any:  # noqa: A002 - LangChain's word
        return {"score": int(prediction.isupper()), "value": prediction[:1], "reasoning": f"Read {prediction}"}


class Likeness(StringEvaluator):
    """Needs both, and is particular about them."""

    prediction_key = "answer"

    def __init__(self) -> None:
        self.threads: set[int] = set()

    @property
    def evaluation_name(self) -> str:
        return "likeness"

    @property
    def requires_input(self) -> bool:
        return True

    @property
    def requires_reference(self) -> bool:
        return True

    def _evaluate_strings(self, *, prediction: str, reference: Any = None, input: Any = None) -> Any:  # noqa: A002 - LangChain's word
        self.threads.add(threading.get_ident())
        if prediction == "mumble":
            raise LookupError(f"nothing is like {prediction}")
        return {"score": 1.0 if reference in prediction else 0.0, "reasoning": f"{input} {reference}"}


@both_ways
@pytest.mark.parametrize("width", [0, 3])
def test_an_evaluator_of_ones_own(experiment: Experiment, client: Client, server: LangSmithServer, width: int) -> None:
    rows = experiment(client, app, Shouts(), data=dataset(client), max_concurrency=width)
    sent = feedback_of(server)
    assert {
        question: (each["key"], each["score"], each["value"], each["comment"]) for question, each in sent.items()
    } == {question: ("Shouts", 0, said[:1], f"Read {said}") for question, said in ANSWERS.items()}
    assert {row["evaluation_results"]["results"][0].key for row in rows} == {"Shouts"}
    sources = [server.store["runs"][each["feedback_source"]["metadata"]["__run"]["run_id"]] for each in sent.values()]
    assert {(run["name"], run["session_name"], run["run_type"]) for run in sources} == {
        ("Shouts", "evaluators", "chain")
    }
    assert {run["inputs"]["prediction"] for run in sources} == set(ANSWERS.values())


@both_ways
def test_what_an_evaluator_of_ones_own_needs(experiment: Experiment, client: Client, server: LangSmithServer) -> None:
    evaluator = Likeness()
    experiment(client, lambda inputs: {**app(inputs), "seconds": 1}, evaluator, data=dataset(client))
    sent = feedback_of(server)
    assert {question: each.get("score") for question, each in sent.items()} == {
        "France?": 1,
        "Japan?": 0,
        "Peru?": 1,
        "Kenya?": None,
    }
    assert {each["key"] for each in sent.values()} == {"likeness"}
    assert sent["Peru?"]["comment"] == "Peru? Lima"
    assert sent["Kenya?"]["error"] is True
    assert "LookupError('nothing is like mumble')" in sent["Kenya?"]["comment"]
    # LangSmith itself takes a thread for `evaluate`; awaited, the work must not stand in the loop's way.
    assert threading.get_ident() not in evaluator.threads or experiment is run_sync


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (0.5, {"score": 0.5}),
        (True, {"score": True}),
        ({"value": "fine"}, {"value": "fine"}),
        ({"score": None, "value": "none"}, {"value": "none"}),
        ({"score": 7, "more": "than asked"}, {"score": 7}),
    ],
    ids=repr,
)
@both_ways
def test_what_an_evaluator_of_ones_own_may_return(
    experiment: Experiment, client: Client, server: LangSmithServer, result: Any, told: Row
) -> None:
    class Fixed(StringEvaluator):
        def _evaluate_strings(self, *, prediction: str, **kwargs: Any) -> Any:
            return result

    experiment(client, app, Fixed(), data=dataset(client, one()))
    sent = only_feedback(server)
    assert {key: sent[key] for key in ("score", "value") if sent.get(key) is not None} == told
    assert not sent.get("error")


@both_ways
@pytest.mark.parametrize("result", [{"verdict": 1}, {}, None, "fine", float, {"score": "high"}], ids=repr)
def test_what_is_no_result(experiment: Experiment, client: Client, server: LangSmithServer, result: Any) -> None:
    class Fixed(StringEvaluator):
        def _evaluate_strings(self, *, prediction: str, **kwargs: Any) -> Any:
            return result

    experiment(client, app, Fixed(), data=dataset(client, one()))
    sent = only_feedback(server)
    assert (sent["key"], sent.get("score"), sent.get("value"), sent["error"]) == ("Fixed", None, None, True)


def test_awaited_it_runs_the_async_half(client: Client, server: LangSmithServer) -> None:
    class Awaited(StringEvaluator):
        def _evaluate_strings(self, **kwargs: Any) -> Any:
            raise NotImplementedError

        async def _aevaluate_strings(self, *, prediction: str, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return {"score": 1}

    run_async(client, app, Awaited(), data=dataset(client, one()))
    assert only_feedback(server)["score"] == 1
