"""LangSmith: examples of a dataset, and the runs of an experiment with what they were run on, page by page."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lc_scoring.data.iterables import example_values
from lc_scoring.data.row import Row
from lc_scoring.errors import ConfigError, ScoringError

DATASET_COLUMNS = {"input": "inputs", "reference": "outputs"}
"""Where the rows of a dataset keep the usual fields; its outputs are what an app should say."""

EXPERIMENT_COLUMNS = {"input": "inputs", "prediction": "outputs", "reference": "reference_outputs"}
"""Where the rows of an experiment keep the usual fields."""

_PAGE = 50  # runs whose examples are asked for at once: their ids stand in the address, which must not grow too long


@dataclass(frozen=True, slots=True)
class Found:
    """What there is under a name.

    Attributes:
        rows: reads them from the start.
        count: how many there are, where LangSmith says.
    """

    rows: Callable[[], Iterator[Row]]
    count: int | None


def find_dataset(name: str) -> Found:
    """Find a dataset by its name.

    Raises:
        ConfigError: the name is blank, there is none, or LangSmith takes no such key.
        ScoringError: LangSmith gives no answer.
    """
    if not name.strip():
        raise ConfigError("'langsmith:' names no dataset: write 'langsmith:<dataset>'.")
    with _told(f"LangSmith has no dataset {name!r}."):
        client = _client()
        dataset = client.read_dataset(dataset_name=name)
    return Found(lambda: _examples(client, dataset.id), dataset.example_count)


def find_experiment(name: str) -> Found:
    """Find an experiment by the name of its project.

    Raises:
        ConfigError: the name is blank, there is none, or LangSmith takes no such key.
        ScoringError: LangSmith gives no answer.
    """
    if not name.strip():
        raise ConfigError("'langsmith-experiment:' names no project: write 'langsmith-experiment:<project>'.")
    with _told(f"LangSmith has no project {name!r}."):
        client = _client()
        project = client.read_project(project_name=name)
    return Found(lambda: _runs(client, project.id), None)


def _client() -> Any:
    from langsmith import Client  # noqa: PLC0415 - takes a while to import, and few runs read from it

    return Client(auto_batch_tracing=False)  # it only reads: no thread that sends need be started


def _examples(client: Any, dataset: Any) -> Iterator[Row]:
    with _told("The LangSmith dataset is gone."):
        for number, example in enumerate(client.list_examples(dataset_id=dataset), 1):
            yield Row(line=number, values=example_values(example))


def _runs(client: Any, project: Any) -> Iterator[Row]:
    with _told("The LangSmith project is gone."):
        with warnings.catch_warnings():
            # What is to replace it is in neither the oldest langsmith we work with nor most servers.
            warnings.simplefilter("ignore", DeprecationWarning)
            runs = client.list_runs(project_id=project, is_root=True)
        number = 0
        while page := list(islice(runs, _PAGE)):
            examples = _examples_of(client, page)
            for run in page:
                number += 1
                yield _run_row(number, run, examples.get(run.reference_example_id))


def _examples_of(client: Any, runs: Iterable[Any]) -> dict[Any, Any]:
    ids = list(dict.fromkeys(run.reference_example_id for run in runs if run.reference_example_id))
    if not ids:
        return {}
    return {example.id: example for example in client.list_examples(example_ids=ids)}


def _run_row(number: int, run: Any, example: Any) -> Row:
    values = {
        "inputs": run.inputs if example is None else example.inputs,
        "outputs": run.outputs,
        "reference_outputs": None if example is None else example.outputs,
        "id": str(run.id),
        "example_id": None if run.reference_example_id is None else str(run.reference_example_id),
        "metadata": run.metadata,
        "error": run.error,
    }
    if not run.error:
        return Row(line=number, values=values)
    first_line = next(iter(str(run.error).strip().splitlines()), "no message")
    return Row(line=number, values=values, error=ConfigError(f"row {number}: the target failed: {first_line}"))


@contextmanager
def _told(missing: str) -> Generator[None]:
    from langsmith.utils import LangSmithAuthError, LangSmithError, LangSmithNotFoundError  # noqa: PLC0415 - as above

    try:
        yield
    except LangSmithNotFoundError as error:
        raise ConfigError(f"{missing} Look at its name, LANGSMITH_API_KEY and LANGSMITH_ENDPOINT.") from error
    except LangSmithAuthError as error:
        raise ConfigError(f"LangSmith takes no such key: set LANGSMITH_API_KEY ({error}).") from error
    except LangSmithError as error:
        raise ScoringError(f"LangSmith gives no rows: {error}") from error
