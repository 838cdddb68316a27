"""Prints what an evaluation costs beside the bare model call and beside langchain_classic, in one run.

CPU time of this process, a fake chat model without latency, rounds interleaved; the least round of each way counts.

    python tests/benchmarks/overhead.py
"""

from __future__ import annotations

import asyncio
import os
import re
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"
warnings.simplefilter("ignore")

from langchain_classic.evaluation import load_evaluator as load_classic
from langchain_core.agents import AgentAction
from langchain_core.embeddings import Embeddings
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from lc_scoring import load_evaluator

ROUNDS, CALLS = 25, 200
REPLY = "The answer names the right city and says no more than was asked for. " * 5 + "\nRating: [[8]]"
FIELDS = {
    "prediction": "The capital of France is Paris, on the Seine. " * 8,
    "input": "What is the capital of France?",
    "reference": "Paris",
}
BARS = {"evaluate_strings": 0.65, "aevaluate_strings": 0.85}


EMBEDDED = {"prediction": [0.1 * n for n in range(1536)], "reference": [0.2 * n + 1 for n in range(1536)]}
SHORT = {"prediction": "The capital is Paris", "reference": "The capital is Lyon"}
PAIR = {"prediction": "The capital is Paris", "prediction_b": "The capital is Lyon"}
RECORD = {"prediction": '{"city": "Paris", "people": 2100000}', "reference": '{"people": 2100000, "city": "Paris"}'}
SCHEMA = {**RECORD, "reference": '{"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}'}
LABELED = FIELDS
UNLABELED = {name: text for name, text in FIELDS.items() if name != "reference"}
COMPARED = {**UNLABELED, "prediction_b": "It is Lyon."}
STEPS = {**UNLABELED, "agent_trajectory": [(AgentAction(tool="search", tool_input="France", log=""), "Paris")]}
GRADE, YES, BETTER, STEPPED = (
    "The answer names the right city and says no more than was asked for. " * 5 + f"\n{end}"
    for end in ("GRADE: CORRECT", "Y", "[[A]]", "Score: 4")
)

# Name, what it is made with here and there, the reply of its judge, the method, what is judged.
EVALUATORS: list[tuple[str, dict[str, Any], dict[str, Any], str | None, str, dict[str, Any]]] = [
    ("qa", {}, {}, GRADE, "evaluate_strings", LABELED),
    ("cot_qa", {}, {}, GRADE, "evaluate_strings", LABELED),
    ("context_qa", {}, {}, GRADE, "evaluate_strings", LABELED),
    ("score_string", {}, {}, REPLY, "evaluate_strings", UNLABELED),
    ("labeled_score_string", {}, {}, REPLY, "evaluate_strings", LABELED),
    ("criteria", {}, {}, YES, "evaluate_strings", UNLABELED),
    ("labeled_criteria", {}, {}, YES, "evaluate_strings", LABELED),
    ("pairwise_string", {"both_orders": False}, {}, BETTER, "evaluate_string_pairs", COMPARED),
    ("labeled_pairwise_string", {"both_orders": False}, {}, BETTER, "evaluate_string_pairs", COMPARED | LABELED),
    ("trajectory", {}, {}, STEPPED, "evaluate_agent_trajectory", STEPS),
    ("string_distance", {}, {}, None, "evaluate_strings", SHORT),
    ("pairwise_string_distance", {}, {}, None, "evaluate_string_pairs", PAIR),
    ("embedding_distance", {}, {}, None, "evaluate_strings", SHORT),
    ("pairwise_embedding_distance", {}, {}, None, "evaluate_string_pairs", PAIR),
    ("exact_match", {}, {}, None, "evaluate_strings", SHORT),
    ("regex_match", {}, {}, None, "evaluate_strings", {**SHORT, "reference": "^The capital.*Paris$"}),
    ("json_validity", {}, {}, None, "evaluate_strings", {"prediction": RECORD["prediction"]}),
    ("json_equality", {}, {}, None, "evaluate_strings", RECORD),
    ("json_edit_distance", {}, {}, None, "evaluate_strings", RECORD),
    ("json_schema_validation", {}, {}, None, "evaluate_strings", SCHEMA),
]


class Vectors(Embeddings):
    """Embeddings that cost nothing."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [EMBEDDED["prediction"], EMBEDDED["reference"]]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError


def main() -> None:
    """Measure and print the tables."""
    os.environ.setdefault("OPENAI_API_KEY", "test-key")  # classic builds its default model even when given one
    _beside_the_bare_call()
    _samples_beside_one()
    _every_evaluator()


def _beside_the_bare_call() -> None:
    model = FakeListChatModel(responses=[REPLY])
    ours = load_evaluator("labeled_score_string", llm=model, criteria="correctness")
    classic = load_classic("labeled_score_string", llm=model, criteria="correctness")
    number = re.compile(r"\[\[(\d+)\]\]")

    def bare() -> None:
        messages = [SystemMessage(content="s"), HumanMessage(content=FIELDS["prediction"])]
        number.search(str(model.invoke(messages).text))

    async def abare() -> None:
        messages = [SystemMessage(content="s"), HumanMessage(content=FIELDS["prediction"])]
        number.search(str((await model.ainvoke(messages)).text))

    sync = _least(
        {
            "bare model call and a regex": lambda: _times(bare),
            "langchain_classic": lambda: _times(lambda: classic.evaluate_strings(**FIELDS)),
            "lc_scoring": lambda: _times(lambda: ours.evaluate_strings(**FIELDS)),
        }
    )
    gathered = _least(
        {
            "bare model call and a regex": lambda: _gathered(abare),
            "langchain_classic": lambda: _gathered(lambda: classic.aevaluate_strings(**FIELDS)),
            "lc_scoring": lambda: _gathered(lambda: ours.aevaluate_strings(**FIELDS)),
        }
    )
    for title, costs in (("evaluate_strings", sync), ("aevaluate_strings", gathered)):
        ratio = costs["lc_scoring"] / costs["langchain_classic"]
        print(f"\n{title}: {ratio:.2f} x langchain_classic (bar {BARS[title]})")
        for way, cost in costs.items():
            print(f"  {way:30} {cost:7.1f} us  {cost / costs['bare model call and a regex']:.2f} x the bare call")


def _samples_beside_one() -> None:
    """Print what five samples cost beside one: all of it, and what is left when the bare model calls are taken off."""
    model = FakeListChatModel(responses=[REPLY])
    messages = [SystemMessage(content="s"), HumanMessage(content=FIELDS["prediction"])]
    one, five = (
        load_evaluator("labeled_score_string", llm=model, criteria="correctness", samples=samples) for samples in (1, 5)
    )
    ways = {"bare": model.invoke, "one": one.evaluate_strings, "five": five.evaluate_strings}
    aways = {"bare": model.ainvoke, "one": one.aevaluate_strings, "five": five.aevaluate_strings}
    given: dict[str, dict[str, Any]] = {"bare": {"input": messages}, "one": FIELDS, "five": FIELDS}
    sync = _least({way: partial(_times, partial(call, **given[way])) for way, call in ways.items()})
    # A fifth as many at once, so that as many model calls are in flight.
    counts = {"bare": CALLS, "one": CALLS, "five": CALLS // 5}
    gathered = _least(
        {way: partial(_gathered, partial(call, **given[way]), counts[way]) for way, call in aways.items()}
    )
    for title, costs in (("sync", sync), ("async", gathered)):
        own, own_of_five = costs["one"] - costs["bare"], costs["five"] - 5 * costs["bare"]
        print(f"\nsamples=5, {title}: {costs['five'] / costs['one']:.2f} x one sample (bar 5)", end="")
        print(f"; one {costs['one']:.1f} us, five {costs['five']:.1f} us; ", end="")
        print(f"without the bare calls {own:.1f} and {own_of_five:.1f} us")


def _every_evaluator() -> None:
    print(f"\n{'us a call (bar: no ratio above 1)':32} {'here':>8} {'classic':>8} {'ratio':>6}", end="")
    print(f" {'async':>8} {'classic':>8} {'ratio':>6}")
    for name, own, classics, reply, method, fields in EVALUATORS:
        made = {"llm": FakeListChatModel(responses=[reply])} if reply else {}
        if "embedding" in name:
            made = {"embeddings": Vectors()}
        ways = {
            "here": load_evaluator(name, **made, **own),  # pyright: ignore[reportArgumentType]
            "classic": load_classic(name, **made, **classics),
        }
        _print_row(name, ways, method, fields)
        if own:
            both = load_evaluator(name, **made)  # pyright: ignore[reportArgumentType]
            _print_row(f"{name}, both orders", {**ways, "here": both}, method, fields)


def _print_row(name: str, ways: dict[str, Any], method: str, fields: dict[str, Any]) -> None:
    def call(way: str, prefix: str = "") -> Callable[[], Any]:
        return partial(getattr(ways[way], prefix + method), **fields)

    sync = _least({way: partial(_times, call(way)) for way in ways})
    gathered = _least({way: partial(_gathered, call(way, "a")) for way in ways})
    print(f"{name:32}", end="")
    for costs in (sync, gathered):
        print(f" {costs['here']:8.1f} {costs['classic']:8.1f} {costs['here'] / costs['classic']:6.2f}", end="")
    print()


def _least(ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for way, run in ways.items():
            least[way] = min(least[way], run())
    return least


def _times(call: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - start) / CALLS * 1e6


def _gathered(call: Callable[[], object], count: int = CALLS) -> float:
    async def together() -> float:
        start = time.process_time()
        await asyncio.gather(*(call() for _ in range(count)))
        return (time.process_time() - start) / count * 1e6

    return asyncio.run(together())


if __name__ == "__main__":
    main()
