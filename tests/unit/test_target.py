"""The target: whatever the application is, it is handed the row without the answer, and blocks nobody."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from functools import partial
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableLambda

from lc_scoring.errors import ConfigError
from lc_scoring.runs.target import Target, target_name

ROW = {"id": 1, "question": "Why?", "reference": "So."}
HERE = contextvars.ContextVar("HERE", default="nowhere")


def target(app: Any, **options: Any) -> Target:
    return Target(app, **{"hidden": frozenset({"reference"}), **options})


class Asked:
    """An application that is an object."""

    async def __call__(self, row: dict[str, Any]) -> str:
        return f"{sorted(row)}"


class OwnInvoke(Runnable[Any, Any]):
    """A Runnable that has no way of its own to be awaited."""

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:  # noqa: A002
        return threading.current_thread().name


async def async_keys(row: dict[str, Any]) -> str:
    return f"{sorted(row)}"


@pytest.mark.parametrize(
    ("app", "name"),
    [
        (lambda row: f"{sorted(row)}", "<lambda>"),
        (async_keys, "async_keys"),
        (Asked(), "Asked"),
        (partial(async_keys), "partial"),
        (RunnableLambda(async_keys), "async_keys"),
        (RunnableLambda(lambda row: f"{sorted(row)}", name="mine"), "mine"),
        (lambda row: async_keys({**row}), "<lambda>"),
        (lambda row: AIMessage(f"{sorted(row)}"), "<lambda>"),
    ],
)
async def test_it_is_handed_all_but_the_answer(app: Any, name: str) -> None:
    made = target(app)
    assert target_name(app) == name
    assert await made(ROW) == "['id', 'question']"


async def test_langsmith_s_inputs_are_handed_alone() -> None:
    made = target(lambda inputs: inputs, hidden=frozenset())
    assert await made({"inputs": {"q": 1}, "outputs": {"a": 1}}) == {"q": 1}


@pytest.mark.parametrize("app", ["my app", None, 3])
def test_what_is_no_application(app: Any) -> None:
    with pytest.raises(ConfigError, match="target takes a Runnable or a function of a row, got"):
        target(app)


@pytest.mark.parametrize("app", [OwnInvoke(), RunnableLambda(lambda _: threading.current_thread().name)])
async def test_what_blocks_runs_in_a_thread_that_nobody_waits_for(app: Any) -> None:
    assert await target(app)(ROW) == "lc_scoring target"


async def test_as_many_threads_as_there_are_rows() -> None:
    together = threading.Barrier(60, timeout=10)  # more than the loop's own pool has
    made = target(lambda _: together.wait())
    assert sorted(await asyncio.gather(*(made(ROW) for _ in range(60)))) == list(range(60))


async def test_a_thread_knows_the_caller_s_context() -> None:
    token = HERE.set("here")
    assert await target(lambda _: HERE.get())(ROW) == "here"
    HERE.reset(token)


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("y")])
async def test_what_it_raises_is_raised(error: Exception) -> None:
    def fail(_row: object) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        await target(fail)(ROW)
    assert raised.value is error


async def test_what_comes_too_late_is_dropped() -> None:
    let_go, done = threading.Event(), threading.Event()

    def slow(_row: object) -> str:
        let_go.wait(10)
        done.set()
        return "late"

    task = asyncio.create_task(target(slow)(ROW))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    let_go.set()
    assert await asyncio.to_thread(done.wait, 10)
    await asyncio.sleep(0.05)  # its result has come to the loop


def test_what_comes_when_the_loop_is_gone_is_dropped() -> None:
    let_go, threads = threading.Event(), []

    def slow(_row: object) -> str:
        threads.append(threading.current_thread())
        let_go.wait(10)
        return "late"

    async def main() -> None:
        task = asyncio.create_task(target(slow)(ROW))
        while not threads:  # noqa: ASYNC110 - a thread's own list
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(main())
    let_go.set()
    threads[0].join(10)
    assert not threads[0].is_alive()


@pytest.mark.filterwarnings("ignore")
async def test_a_stop_iteration_arrives() -> None:
    with pytest.raises(Exception, match="StopIteration") as raised:
        await asyncio.wait_for(target(lambda _: next(iter(())))(ROW), 0.3)
    assert not isinstance(raised.value, TimeoutError)
