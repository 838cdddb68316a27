"""Two LangSmith experiments side by side: `client.evaluate((first, second), evaluators=[...])`, the real client's."""

from __future__ import annotations

import pickle
import random
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langsmith import Client, tracing_context
from langsmith.evaluation import evaluate_comparative
from langsmith.evaluation.evaluator import comparison_evaluator
from langsmith.schemas import Example, Run
from loopback.experiments import QUESTIONS, Judge, Row, dataset, evaluator_runs, flush_all, one
from loopback.langsmith_api import LangSmithServer

from lc_scoring import ConfigError, PairwiseStringEvaluator, load_evaluator
from lc_scoring.evaluators.pairwise_string import PairwiseStringEvalChain

KEY = "pairwise_string:correctness"
FIRST = {"France?": "Paris.", "Japan?": "Kyoto.", "Peru?": "Lima.", "Kenya?": "Mombasa."}
SECOND = {"France?": "Lyon.", "Japan?": "Tokyo.", "Peru?": "It is Lima.", "Kenya?": "Kisumu."}
LIKED = {"Paris.", "Tokyo.", "Lima.", "It is Lima."}
SHARES = {"France?": (1, 0), "Japan?": (0, 1), "Peru?": (0.5, 0.5), "Kenya?": (0.5, 0.5)}
"""What the first and the second experiment get, by the question of the row."""


class Taste(Judge):
    """A judge that prefers what it likes, whatever the order."""

    def reply(self, texts: dict[str, str]) -> str:
        a, b = texts["prediction"], texts["prediction_b"]
        if (a in LIKED) == (b in LIKED):
            return f"{a} and {b} are alike. Verdict: [[C]]"
        return f"{a if a in LIKED else b} is right. Verdict: [[{'A' if a in LIKED else 'B'}]]"


class Silent(Judge):
    """A judge that says nothing of Tokyo that can be read."""

    def reply(self, texts: dict[str, str]) -> str:
        return "I would rather not say." if "Tokyo." in texts.values() else "Alike. Verdict: [[C]]"


class Shorter(PairwiseStringEvaluator):
    """Prefers the shorter text; of somebody's own making."""

    def _evaluate_string_pairs(self, *, prediction: str, prediction_b: str, **kwargs: Any) -> Any:
        return {"score": int(len(prediction) < len(prediction_b)), "reasoning": f"{prediction} or {prediction_b}"}


@pytest.fixture
def judge() -> Taste:
    return Taste()


def made(judge: Any, name: str = "pairwise_string", **options: Any) -> PairwiseStringEvalChain:
    evaluator = load_evaluator(name, llm=judge, criteria="correctness", **options)
    assert isinstance(evaluator, PairwiseStringEvalChain)
    return evaluator


def answering(answers: dict[str, str]) -> Any:
    def target(inputs: Row) -> Row:
        return {"answer": answers[inputs["question"]]}

    return target


def experiment(client: Client, target: Any, name: str, data: str = "capitals", **options: Any) -> str:
    """Run one experiment, and return its name."""
    results = client.evaluate(target, data=data, experiment_prefix=name, **{"max_concurrency": 0, **options})
    client.flush()
    return results.experiment_name


@pytest.fixture
def experiments(client: Client) -> tuple[str, str]:
    dataset(client)
    return experiment(client, answering(FIRST), "first"), experiment(client, answering(SECOND), "second")


def compare(client: Client, experiments: tuple[str, ...], evaluator: Any, **options: Any) -> dict[str, Row]:
    """Compare experiments; the results by the question of their row."""
    results = client.evaluate(experiments, evaluators=[evaluator], **options)  # type: ignore[call-overload]
    flush_all(client)
    return {row["example"].inputs["question"]: row["evaluation_results"] for row in results}


def feedback_of(server: LangSmithServer) -> dict[str, tuple[Row, Row]]:
    """The feedback that was sent, of the first and of the second experiment, by the question of their row."""
    store = server.store
    sent: dict[tuple[str, str], Row] = {}
    for each in store["feedback"]:
        run = store["runs"][each["run_id"]]
        question = store["examples"][run["reference_example_id"]]["inputs"]["question"]
        place = (question, run["session_name"].split("-")[0])
        assert place not in sent
        sent[place] = each
    questions = {question for question, _ in sent}
    return {question: (sent[question, "first"], sent[question, "second"]) for question in questions}


def shares(server: LangSmithServer) -> dict[str, tuple[Any, Any]]:
    return {question: (a.get("score"), b.get("score")) for question, (a, b) in feedback_of(server).items()}


def source_of(feedback: Row) -> str:
    return str(feedback["feedback_source"]["metadata"]["__run"]["run_id"])


# A whole comparison.


@pytest.mark.parametrize("width", [0, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_every_run_gets_its_share(
    client: Client,
    server: LangSmithServer,
    experiments: tuple[str, str],
    judge: Taste,
    width: int,
    shuffled: bool,
) -> None:
    random.seed(3)
    results = compare(client, experiments, made(judge), max_concurrency=width, randomize_order=shuffled)

    sent = feedback_of(server)
    assert shares(server) == SHARES
    (comparison,) = server.store["comparative"].values()
    assert comparison["experiment_ids"] == [
        session["id"]
        for name in experiments
        for session in server.store["sessions"].values()
        if session["name"] == name
    ]
    for question, pair in sent.items():
        told = results[question][f"feedback.{KEY}"]
        assert {str(run): score for run, score in told.scores.items()} == {
            each["run_id"]: each["score"] for each in pair
        }
        for each in pair:
            assert each["key"] == told.key == KEY
            assert each["comment"] == told.comment[each["run_id"]]
            assert each["comparative_experiment_id"] == comparison["id"]
            assert source_of(each) == str(told.source_run_id)
        assert pair[0]["feedback_group_id"] == pair[1]["feedback_group_id"]
    assert len({pair[0]["feedback_group_id"] for pair in sent.values()}) == len(QUESTIONS)
    assert len({source_of(pair[0]) for pair in sent.values()}) == len(QUESTIONS)
    assert len(judge.shown) == 2 * len(QUESTIONS)  # both orders


def test_the_comment_is_the_reasoning(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste
) -> None:
    evaluator = made(judge)
    compare(client, experiments, evaluator)
    for question, (first, second) in feedback_of(server).items():
        fields = {"input": question, "prediction": FIRST[question], "prediction_b": SECOND[question]}
        reasoning = evaluator.invoke(fields)["reasoning"]
        assert {first["comment"], second["comment"]} == {f"This run is {letter}.\n\n{reasoning}" for letter in "AB"}
    assert "Paris. is right." in feedback_of(server)["France?"][0]["comment"]


@pytest.mark.parametrize("width", [0, 3])
def test_the_order_that_is_drawn_is_the_order_that_is_shown(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste, width: int
) -> None:
    random.seed(3)
    compare(client, experiments, made(judge, both_orders=False), max_concurrency=width, randomize_order=True)
    drawn = {shown["prediction"] in FIRST.values() for shown in judge.shown}
    assert drawn == {True, False}  # else nothing was shuffled, and the next line says little
    assert shares(server) == SHARES


def test_a_judge_that_prefers_a_place_moves_nothing(
    client: Client, server: LangSmithServer, experiments: tuple[str, str]
) -> None:
    compare(client, experiments, made(lambda _messages: "The first. Verdict: [[A]]"))
    assert set(shares(server).values()) == {(0.5, 0.5)}
    assert "The two orders disagree: a tie." in feedback_of(server)["France?"][0]["comment"]


def test_labeled_judges_see_the_reference(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste
) -> None:
    compare(client, experiments, made(judge, "labeled_pairwise_string"), max_concurrency=2)
    assert shares(server) == SHARES
    assert {(shown["input"], shown["reference"]) for shown in judge.shown} == set(QUESTIONS.items())


@pytest.mark.parametrize(
    "options",
    [
        {"prediction_key": "a.text", "input_key": lambda inputs: inputs["q"]["text"], "reference_key": "gold"},
        {
            "prepare_data": lambda run, example: {
                "prediction": run.outputs["a"]["text"],
                "input": example.inputs["q"]["text"],
                "reference": example.outputs["gold"],
            }
        },
    ],
    ids=["keys", "prepare_data"],
)
def test_fields_are_found(client: Client, server: LangSmithServer, judge: Taste, options: Row) -> None:
    dataset(client, one({"q": {"text": "France?"}, "k": 4}, {"gold": "Paris", "source": "atlas"}))
    names = [
        experiment(client, lambda _, said=said: {"a": {"text": said}, "n": 1}, said) for said in ("Paris.", "Lyon.")
    ]
    client.evaluate(tuple(names), evaluators=[made(judge, "labeled_pairwise_string", both_orders=False, **options)])
    client.flush()
    assert judge.shown == [{"input": "France?", "reference": "Paris", "prediction": "Paris.", "prediction_b": "Lyon."}]
    assert sorted(each["score"] for each in server.store["feedback"]) == [0, 1]


# An evaluator of somebody's own.


@pytest.mark.parametrize("width", [0, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_an_evaluator_of_ones_own(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], width: int, shuffled: bool
) -> None:
    compare(client, experiments, Shorter(), max_concurrency=width, randomize_order=shuffled)
    told = shares(server)
    assert told["Peru?"] == (1, 0)
    assert set(told) == set(QUESTIONS)
    for first, second in feedback_of(server).values():
        assert (first["key"], second["key"]) == ("Shorter", "Shorter")
    _, _, comment = feedback_of(server)["Peru?"][0]["comment"].partition("\n\n")
    assert {"Lima.", "It is Lima."} == set(comment.split(" or "))


class Given(PairwiseStringEvaluator):
    """Gives what it was made with, or raises it."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def _evaluate_string_pairs(self, *, prediction: str, prediction_b: str, **kwargs: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (ValueError("no idea"), "ValueError: no idea"),
        (KeyError("x"), "KeyError: 'x'"),
        ({"score": None, "value": None}, "gave None as its score"),
        ({"score": "1"}, "gave '1' as its score"),
        ({"score": float("nan")}, "gave nan as its score"),
        ({"score": 7}, "gave 7.0 as its score; a preference is in"),
        ({"verdict": "A"}, "there is no score to report"),
        ({"value": "A"}, "gave None as its score"),
        ("A", "gave 'A': there is no score to report"),
        (None, "gave None: there is no score to report"),
        ({"score": 1, "reasoning": ["not", "a", "text"]}, "as its reasoning"),
    ],
    ids=repr,
)
def test_what_is_no_preference_ends_no_experiment(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], result: Any, said: str
) -> None:
    compare(client, experiments, Given(result))
    assert set(shares(server).values()) == {(None, None)}
    assert set(shares(server)) == set(QUESTIONS)
    assert said in feedback_of(server)["France?"][1]["comment"]


@pytest.mark.parametrize("result", [{"score": True}, {"score": 1}, 1.0])
def test_what_is_a_preference(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], result: Any
) -> None:
    compare(client, experiments, Given(result))
    assert set(shares(server).values()) == {(1, 0)}


# Pairs that cannot be compared.


@pytest.mark.parametrize("width", [0, 3])
def test_a_failed_target(client: Client, server: LangSmithServer, judge: Taste, width: int) -> None:
    def failing(inputs: Row) -> Row:
        if inputs["question"] == "Japan?":
            raise RuntimeError("out of paper")
        return {"answer": SECOND[inputs["question"]]}

    dataset(client)
    names = (experiment(client, answering(FIRST), "first"), experiment(client, failing, "second"))
    results = compare(client, names, made(judge), max_concurrency=width)
    assert shares(server) == {**SHARES, "Japan?": (None, None)}
    for each in feedback_of(server)["Japan?"]:
        assert each["key"] == KEY
        assert "score" not in each
        assert each["comment"] == "Not compared: target 2 failed with RuntimeError('out of paper')"
        assert each["feedback_group_id"]
    assert set(results["Japan?"][f"feedback.{KEY}"].scores.values()) == {None}
    assert len(judge.shown) == 2 * (len(QUESTIONS) - 1)


@pytest.mark.parametrize("width", [0, 3])
def test_a_judge_that_cannot_be_read(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], width: int
) -> None:
    compare(client, experiments, made(Silent()), max_concurrency=width)
    assert shares(server) == {**dict.fromkeys(QUESTIONS, (0.5, 0.5)), "Japan?": (None, None)}
    for each in feedback_of(server)["Japan?"]:
        assert each["comment"].startswith("Not compared: ")
        assert "I would rather not say." in each["comment"]


def test_a_judge_that_is_down(client: Client, server: LangSmithServer, experiments: tuple[str, str]) -> None:
    def down(_messages: Any) -> str:
        raise ConnectionError("no route")

    compare(client, experiments, made(down))
    assert set(shares(server).values()) == {(None, None)}
    assert "ConnectionError: no route" in feedback_of(server)["France?"][0]["comment"]


def test_a_field_that_is_not_found(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste
) -> None:
    compare(client, experiments, made(judge, prediction_key=lambda outputs: outputs["said"]))
    assert feedback_of(server)["France?"][0]["comment"] == "Not compared: KeyError: 'said'"
    assert judge.shown == []


def test_a_parser_whose_result_has_no_score(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste
) -> None:
    compare(client, experiments, made(judge, output_parser=StrOutputParser()))
    assert "gave None as its score" in feedback_of(server)["France?"][0]["comment"]


def test_three_experiments(client: Client, experiments: tuple[str, str], judge: Taste) -> None:
    third = experiment(client, answering(FIRST), "third")
    with pytest.raises(ConfigError, match=r"PairwiseStringEvalChain compares two experiments .* got 3 runs"):
        evaluate_comparative([*experiments, third], evaluators=[made(judge)], client=client)
    assert judge.shown == []


def test_repetitions(client: Client, judge: Taste) -> None:
    dataset(client)
    names = tuple(experiment(client, answering(FIRST), name, num_repetitions=2) for name in ("first", "second"))
    with pytest.raises(ConfigError, match="with one run of each example; got 4 runs"):
        compare(client, names, made(judge))


# What LangSmith does with an evaluator.


def test_the_trace(tracing: LangSmithServer, client: Client, experiments: tuple[str, str], judge: Taste) -> None:
    compare(client, experiments, made(judge))
    runs = tracing.store["runs"]
    for question, pair in feedback_of(tracing).items():
        source = runs[source_of(pair[0])]
        assert (source["name"], source["session_name"]) == ("PairwiseStringEvalChain", "evaluators")
        (own,) = (run for run in runs.values() if run.get("parent_run_id") == source["id"])
        assert (own["name"], own["run_type"], own["session_name"]) == (KEY, "chain", "evaluators")
        assert own["inputs"] == {"input": question, "prediction": FIRST[question], "prediction_b": SECOND[question]}
        assert pair[0]["comment"].endswith(f".\n\n{own['outputs']['results']['reasoning']}")
        models = [run for run in runs.values() if run.get("parent_run_id") == own["id"]]
        assert [(run["name"], run["run_type"]) for run in models] == [("Taste", "llm")] * 2
    assert len(evaluator_runs(tracing)) == 4 * len(QUESTIONS)


def test_the_trace_of_a_pair_that_failed(
    tracing: LangSmithServer, client: Client, experiments: tuple[str, str]
) -> None:
    compare(client, experiments, made(Silent()))
    failed = [run for run in evaluator_runs(tracing) if run["name"] == KEY and run.get("error")]
    assert [run["inputs"]["input"] for run in failed] == ["Japan?"]
    assert "ReplyError" in failed[0]["error"]


def test_the_evaluator_stays_as_it_was(judge: Taste) -> None:
    # LangSmith wraps it as if it were a function, and copies its attributes to do so.
    evaluator = made(judge, tags=["t"])
    before, signature = dict(vars(evaluator)), evaluator.signature
    comparison_evaluator(evaluator)
    assert vars(evaluator) == before
    assert evaluator.signature == signature
    assert pickle.loads(pickle.dumps(evaluator)).signature == signature  # noqa: S301 - our own bytes


def test_one_evaluator_for_several_comparisons(
    client: Client, server: LangSmithServer, experiments: tuple[str, str], judge: Taste
) -> None:
    evaluator = made(judge)
    compare(client, experiments, evaluator)
    server.store["feedback"].clear()
    compare(client, (experiments[1], experiments[0]), evaluator)
    assert shares(server) == SHARES
    assert len(server.store["comparative"]) == 2


# An experiment that must stay on this machine.


def pair_of_runs() -> tuple[list[Run], Example]:
    example = Example(id=uuid.uuid4(), inputs={"question": "France?"}, created_at=datetime.now(UTC))
    runs = [
        Run(
            id=(ident := uuid.uuid4()),
            trace_id=ident,
            name="app",
            run_type="chain",
            start_time=datetime.now(UTC),
            outputs={"answer": answers["France?"]},
        )
        for answers in (FIRST, SECOND)
    ]
    return runs, example


@pytest.mark.parametrize("local", [True, False])
def test_local_stays_local(tracing: LangSmithServer, client: Client, judge: Taste, local: bool) -> None:
    runs, example = pair_of_runs()
    with tracing_context(enabled="local" if local else True, client=client):
        result = made(judge)(runs, example)
    flush_all(client)
    assert list(result.scores.values()) == [1, 0]
    # Were nothing ever seen, the first of the two would prove nothing.
    assert len(tracing.store["runs"]) == (0 if local else 3)


@pytest.mark.parametrize("width", [0, 3])
def test_a_local_comparison_uploads_no_run(
    tracing: LangSmithServer, client: Client, experiments: tuple[str, str], judge: Taste, width: int
) -> None:
    with tracing_context(enabled="local"):
        compare(client, experiments, made(judge), max_concurrency=width)
    assert evaluator_runs(tracing) == []
    assert shares(tracing) == SHARES
