"""LangSmith experiments in tests: datasets of capitals, a judge of their answers, and what the server was sent.

The fixtures `server` and `client` stand in tests/contract/conftest.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from unittest.mock import patch

import langchain_core.tracers.langchain as langchain_tracer
import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langsmith import Client
from pydantic import Field

from loopback.langsmith_api import LangSmithServer

Row: TypeAlias = dict[str, Any]
Experiment: TypeAlias = Callable[..., list[Any]]

QUESTIONS = {"France?": "Paris", "Japan?": "Tokyo", "Peru?": "Lima", "Kenya?": "Nairobi"}
ANSWERS = {"France?": "Paris.", "Japan?": "Kyoto.", "Peru?": "Lima, of course.", "Kenya?": "mumble"}
REPLIES = {
    "Paris.": "Right. Rating: [[10]]",
    "Kyoto.": "Wrong. Rating: [[2]]",
    "Lima, of course.": "Right. Rating: [[9]]",
    "mumble": "Unclear. Rating: [[1]]",
}


class Judge(BaseChatModel):
    """A chat model that replies by the prediction it is shown, and keeps the texts of every question."""

    replies: dict[str, str] = REPLIES
    shown: list[dict[str, str]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "judge"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.shown.append(sections(str(messages[1].text)))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.reply(self.shown[-1])))])

    def reply(self, texts: dict[str, str]) -> str:
        """What the judge says of the texts it is shown."""
        return self.replies.get(texts["prediction"], "As it should be. Rating: [[8]]")


def sections(question: str) -> dict[str, str]:
    """The judged texts of a question worded by one of the package's own prompts."""
    return dict(re.findall(r"<sample_(\w+)>\n(.*?)\n</sample_\1>", question, re.DOTALL))


def dataset(client: Client, examples: list[Row] | None = None) -> str:
    """Make a dataset, of capitals where nothing else is asked for, and return its name."""
    capitals = [
        {"inputs": {"question": question}, "reference_outputs": {"answer": answer}}
        for question, answer in QUESTIONS.items()
    ]
    name = "capitals"
    client.create_examples(dataset_id=client.create_dataset(name).id, examples=examples or capitals)
    return name


def one(
    inputs: Mapping[str, Any] | None = None, outputs: Mapping[str, Any] | None = None
) -> list[dict[str, Mapping[str, Any]]]:
    """A dataset of one example."""
    return [{"inputs": inputs or {"question": "France?"}, "reference_outputs": outputs or {"answer": "Paris"}}]


def app(inputs: Row) -> Any:
    """The target that is judged."""
    return {"answer": ANSWERS[inputs["question"]]}


def run_sync(client: Client, target: Any, *evaluators: Any, data: str, **options: Any) -> list[Any]:
    """Run an experiment with `evaluate`; its rows."""
    rows = list(client.evaluate(target, data=data, evaluators=list(evaluators), **{"max_concurrency": 0, **options}))
    client.flush()
    return rows


def run_async(client: Client, target: Any, *evaluators: Any, data: str, **options: Any) -> list[Any]:
    """Run an experiment with `aevaluate`; its rows."""

    async def awaited(inputs: Row) -> Any:
        return target(inputs)

    async def run() -> list[Any]:
        options_of_all = {"max_concurrency": 0, **options}
        results = await client.aevaluate(awaited, data=data, evaluators=list(evaluators), **options_of_all)
        return [row async for row in results]

    with patch.object(Client, "_log_evaluation_feedback", _sent_at_once(Client._log_evaluation_feedback)):
        rows = asyncio.run(run())
    client.flush()
    return rows


def _sent_at_once(log: Callable[..., Any]) -> Callable[..., Any]:
    """Keep `aevaluate` from leaving feedback to a pool of threads that nobody waits for."""

    def send(client: Client, *args: Any, _executor: object = None, **options: Any) -> Any:
        return log(client, *args, **options)

    return send


both_ways = pytest.mark.parametrize("experiment", [run_sync, run_async], ids=["sync", "async"])


def feedback_of(server: LangSmithServer) -> dict[str, Row]:
    """The feedback that was sent, by the question of its row."""
    examples, runs = server.store["examples"], server.store["runs"]
    return {
        examples[runs[sent["run_id"]]["reference_example_id"]]["inputs"]["question"]: sent
        for sent in server.store["feedback"]
    }


def only_feedback(server: LangSmithServer) -> Row:
    """The one feedback that was sent."""
    (sent,) = server.store["feedback"]
    return sent


def evaluator_runs(server: LangSmithServer) -> list[Row]:
    """The runs that evaluators left."""
    return [run for run in server.store["runs"].values() if run["session_name"] == "evaluators"]


def uploads(server: LangSmithServer) -> list[str]:
    """What left the machine: runs by name, anything else as it was sent.

    `aevaluate` of langsmith 0.14 uploads the runs of its target whatever it is told; those are not counted.
    """
    runs = [run["name"] for run in server.store["runs"].values() if run["name"] != "AsyncTarget"]
    others = [each for each in server.requests if each.method != "GET" and each.path != "/runs/multipart"]
    return [*runs, *map(str, others)]


def flush_all(client: Client) -> None:
    """Wait until all that is to be sent is sent."""
    langchain_tracer.wait_for_all_tracers()
    client.flush()
