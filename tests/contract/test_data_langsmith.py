"""LangSmith as a source: the real client reads datasets and experiments from a server on 127.0.0.1."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from langsmith import Client
from langsmith.utils import get_env_var
from loopback.experiments import ANSWERS, QUESTIONS, app, dataset
from loopback.langsmith_api import LangSmithServer

from lc_scoring.data.columns import Columns
from lc_scoring.data.row import Row
from lc_scoring.data.source import Source, open_source
from lc_scoring.errors import ConfigError, ScoringError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangSmithServer]:
    """A workspace that a client finds by the environment alone."""
    for name in list(os.environ):
        if name.startswith(("LANGSMITH_", "LANGCHAIN_")):
            monkeypatch.delenv(name)
    with LangSmithServer() as running:
        for name, value in running.env().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("LANGSMITH_TRACING")
        get_env_var.cache_clear()
        yield running
        assert running.unhandled == []
    get_env_var.cache_clear()


@pytest.fixture
def client(server: LangSmithServer) -> Client:
    return server.client()


def rows(source: Source) -> list[Row]:
    found = source.open()
    assert isinstance(found, Iterator)
    return list(found)


def refused(name: str) -> str:
    with pytest.raises(ConfigError) as caught:
        open_source(name)
    return str(caught.value)


def asked(server: LangSmithServer, path: str) -> list[int]:
    """How many ids each request for a path named."""
    return [len(each.query.get("id", [])) for each in server.requests if each.path == path]


# Datasets.


def test_the_examples_of_a_dataset_are_rows(client: Client) -> None:
    dataset(client)
    source = open_source("langsmith:capitals")
    assert (source.name, source.place, source.once, source.fingerprint) == ("langsmith:capitals", "row", False, None)
    assert source.count() == len(QUESTIONS)
    found = rows(source)
    assert [row.line for row in found] == [1, 2, 3, 4]
    columns = Columns.parse({"prediction": "inputs.question"}, source.columns)
    fields = [columns.fields(row.values, ["input", "reference", "prediction"]) for row in found]
    assert fields == [
        {"input": question, "reference": answer, "prediction": question} for question, answer in QUESTIONS.items()
    ]
    assert all(uuid.UUID(row.values["id"]) for row in found)
    assert found[0].values["metadata"] == {"dataset_split": ["base"]}
    assert rows(source) == found


def test_a_large_dataset_is_read_page_by_page(server: LangSmithServer, client: Client) -> None:
    dataset(client, [{"inputs": {"n": n}, "reference_outputs": {"n": -n}} for n in range(250)])
    source = open_source("langsmith:capitals")
    assert source.count() == 250
    server.requests.clear()
    found = source.open()
    assert isinstance(found, Iterator)
    assert server.requests == []
    assert next(found).values["inputs"] == {"n": 0}
    assert len(asked(server, "/examples")) == 1
    assert [row.values["inputs"]["n"] for row in found] == list(range(1, 250))
    assert len(asked(server, "/examples")) == 3


def test_an_example_without_outputs_has_no_reference(client: Client) -> None:
    dataset(client, [{"inputs": {"question": "France?"}}])
    source = open_source("langsmith:capitals")
    (row,) = rows(source)
    assert Columns.parse(None, source.columns).fields(row.values, ["input"], ["reference"]) == {"input": "France?"}


# Experiments.


def test_the_runs_of_an_experiment_are_rows_with_their_references(server: LangSmithServer, client: Client) -> None:
    def failing_once(inputs: dict[str, Any]) -> Any:
        if inputs["question"] == "Japan?":
            raise RuntimeError("out of paper")
        return app(inputs)

    name = client.evaluate(failing_once, data=dataset(client), max_concurrency=0).experiment_name
    client.flush()
    source = open_source(f"langsmith-experiment:{name}")
    assert (source.name, source.place, source.count()) == (f"langsmith-experiment:{name}", "row", None)
    found = rows(source)
    columns = Columns.parse(None, source.columns)
    scored = [row for row in found if row.error is None]
    fields = [columns.fields(row.values, ["input", "prediction", "reference"]) for row in scored]
    assert {one["input"]: (one["prediction"], one["reference"]) for one in fields} == {
        question: (ANSWERS[question], QUESTIONS[question]) for question in QUESTIONS if question != "Japan?"
    }
    for row in found:
        assert server.store["runs"][row.values["id"]]["reference_example_id"] == row.values["example_id"]
    (failed,) = (row for row in found if row.error is not None)
    assert str(failed.error).startswith(f"row {failed.line}: the target failed: RuntimeError('out of paper')")
    assert "\n" not in str(failed.error)
    assert failed.values["inputs"] == {"question": "Japan?"}
    assert [row.values for row in rows(source)] == [row.values for row in found]


def test_references_are_read_many_at_a_time(server: LangSmithServer, client: Client) -> None:
    dataset(client, [{"inputs": {"n": n}, "reference_outputs": {"n": -n}} for n in range(120)])
    project = client.create_project("large")
    for example in list(server.store["examples"].values()):
        for _ in range(2):  # repetitions: several runs of one example
            ident = str(uuid.uuid4())
            server.store["runs"][ident] = {
                "id": ident,
                "name": "app",
                "session_id": str(project.id),
                "start_time": "2026-01-02T00:00:00+00:00",
                "inputs": example["inputs"],
                "outputs": {"answer": example["inputs"]["n"]},
                "reference_example_id": example["id"],
            }
    source = open_source("langsmith-experiment:large")
    server.requests.clear()
    found = source.open()
    assert isinstance(found, Iterator)
    first = next(found)
    assert asked(server, "/examples") == [25]
    for row in (first, *found):
        n = row.values["outputs"]["answer"]
        assert (row.values["inputs"], row.values["reference_outputs"]) == ({"n": n}, {"n": -n})
    assert row.line == 240
    assert asked(server, "/examples") == [25, 25, 25, 25, 20]


def test_a_run_without_an_example_has_its_own_inputs_and_no_reference(server: LangSmithServer, client: Client) -> None:
    project = client.create_project("traces")
    for ident, parent in ((uuid.UUID(int=7), None), (uuid.UUID(int=8), str(uuid.UUID(int=7)))):
        server.store["runs"][str(ident)] = {
            "id": str(ident),
            "name": "app",
            "session_id": str(project.id),
            "start_time": "2026-01-02T00:00:00+00:00",
            "inputs": {"question": "France?"},
            "outputs": {"answer": "Paris"},
            "parent_run_id": parent,
            "extra": {"metadata": {"k": 1}},
        }
    server.requests.clear()
    (row,) = rows(open_source("langsmith-experiment:traces"))
    assert row.values == {
        "inputs": {"question": "France?"},
        "outputs": {"answer": "Paris"},
        "reference_outputs": None,
        "id": str(uuid.UUID(int=7)),
        "example_id": None,
        "metadata": {"k": 1},
        "error": None,
    }
    assert asked(server, "/examples") == []


# What is not there.


@pytest.mark.usefixtures("server")
def test_a_name_that_langsmith_does_not_know_is_told() -> None:
    assert refused("langsmith:nowhere").startswith("LangSmith has no dataset 'nowhere'.")
    assert refused("langsmith-experiment:nowhere").startswith("LangSmith has no project 'nowhere'.")
    assert refused("langsmith:").startswith("'langsmith:' names no dataset")
    assert refused("langsmith-experiment: ").startswith("'langsmith-experiment:' names no project")


def test_a_key_that_langsmith_refuses_is_told(server: LangSmithServer) -> None:
    server.fail["GET", "/datasets"] = [401]
    assert refused("langsmith:capitals").startswith("LangSmith takes no such key: set LANGSMITH_API_KEY")


def test_an_answer_that_does_not_come_is_no_end_of_the_rows(server: LangSmithServer, client: Client) -> None:
    dataset(client, [{"inputs": {"n": n}} for n in range(150)])
    found = open_source("langsmith:capitals").open()
    assert isinstance(found, Iterator)
    assert next(found).line == 1
    server.fail["GET", "/examples"] = [400]
    with pytest.raises(ScoringError, match="LangSmith gives no rows") as caught:
        list(found)
    assert not isinstance(caught.value, ConfigError)
