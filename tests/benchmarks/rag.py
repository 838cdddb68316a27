"""Prints what RAG metrics ask beside what their definitions need, how near they come to their critical path, and what
they cost by themselves.

One row with five contexts. Calls and tokens (of four characters) are those of the real flows, answered by a script;
beside them the same prompts asked for each metric apart, as the definitions have it, and what ragas sends where it can
be imported (the environment: tests/contract/test_rag_against_ragas.py). Times are taken against a loopback server that
speaks OpenAI's protocol in a process of its own and waits as long for every call: the critical path is the rounds of
calls that depend on each other, times a bare ChatOpenAI call in the same run; the client's own work for calls at the
same time shows beside the same calls made bare. CPU is this process's, with a chat model that answers at once.

    python tests/benchmarks/rag.py [--latency 0.2] [--repeats 7] [--rows 300]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import statistics
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

os.environ["LANGSMITH_TRACING"] = "false"
os.environ["RAGAS_DO_NOT_TRACK"] = "true"
sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_openai import ChatOpenAI
from loopback.latency_server import latency_of
from loopback.openai_api import OpenAIServer

from lc_scoring import load_evaluator
from lc_scoring.evaluators.rag_metrics import METRICS
from lc_scoring.flow import Answers, Ask, Embed, Reply
from lc_scoring.rag.lines import numbered
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.records import Sample
from lc_scoring.runs.question import message_text, tokens_of
from lc_scoring.template import load_prompt

BARS = {"judge calls of the five": 6, "beside the critical path": 1.05}
FIVE = ("faithfulness", "answer_relevancy", "context_precision", "context_recall", "answer_correctness")
VARYING = {"median": 0.3, "sigma": 0.4}  # seconds, and of the latency's logarithm
DRAWS = 500
BARE = "a bare call"

CONTEXTS = (
    (
        "The mill on the river Ard opened in 1903, after two years of building. It was planned by Ada Moor, who had "
        "built three mills before, and paid for by the town. In its first year it ground the grain of forty farms."
    ),
    (
        "Entry to the mill museum is two pounds for adults. Children under twelve pay nothing. The museum is open from "
        "nine to five on every day but Monday, and the last tour of the day begins at four."
    ),
    (
        "In 1954 a flood broke the weir and stopped the wheel for good. From then on the building was a store for "
        "wool, until a society bought it in 1988 and began to repair it with money from the county."
    ),
    (
        "The river Ard rises in the hills and is forty miles long. Trout and grayling live in its upper part. There "
        "are eleven bridges across it, of which the one at Stone is the oldest; it was built in 1620."
    ),
    (
        "Ada Moor was born in 1861 and learned her trade from her father. She planned seven mills, of which four are "
        "still standing, and wrote a book on water wheels that was in use until the 1930s."
    ),
)
SAMPLE = Sample(
    input="Who built the mill on the Ard, when did it open, and what does a visit cost?",
    prediction="The mill was planned by Ada Moor [1]. It opened in 1903 [1]. It was the first mill that she built [5]. "
    "A visit costs three pounds for adults [2]. Children pay nothing [2].",
    reference="The mill was planned by Ada Moor. It opened in 1903. Entry is two pounds for adults. Children under "
    "twelve pay nothing.",
    contexts=CONTEXTS,
)
CLAIMS, KNOWN = sentences_of(SAMPLE.prediction), sentences_of(SAMPLE.reference or "")
REPLIES: Mapping[str, list[str]] = {  # what the script writes, by the prompt's file: the lines of its list
    "rag_claims": CLAIMS,
    "rag_support": [f"context {place} says so [[YES: {place}]]" for place in (1, 1)] + ["nothing says so [[NO]]"] * 3,
    "rag_attribution": [f"{one} || it is said there [[YES: {1 + number // 2}]]" for number, one in enumerate(KNOWN)],
    "rag_entities": [f"{one} || it is named there [[YES: 1]]" for one in ("Ada Moor", "1903", "two pounds")],
    "rag_usefulness": [f"the reason [[{verdict}]]" for verdict in ("YES", "YES", "NO", "NO", "NO")],
    "rag_sentences": ["the year", "the name"],
    "rag_questions": ["Who built the mill?", "When did the mill open?", "What does a visit to the mill cost?"],
    "rag_correctness": [f"the reason [[{verdict}]]" for verdict in ("YES", "YES", "NO", "NO", "YES")]
    + ["Entry is two pounds for adults. [[MISSING]]"],
    "rag_citations": [f"the reason [[{verdict}]]" for verdict in ("YES", "YES", "NO", "NO", "YES")],
}
BY_SYSTEM = {load_prompt(name).system: lines for name, lines in REPLIES.items()}


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that the server waits")
    parser.add_argument("--repeats", type=int, default=7, help="how often each time is taken")
    parser.add_argument("--rows", type=int, default=300, help="rows of a round of CPU time")
    given = parser.parse_args()
    calls_and_tokens()
    times(given.latency, given.repeats)
    varying_times()
    own_cpu(given.rows)


# What is asked.


class Asked(NamedTuple):
    """What a row is asked: the questions to the judge, round after round."""

    rounds: list[list[Ask]]

    @property
    def calls(self) -> int:
        return sum(map(len, self.rounds))

    @property
    def tokens(self) -> float:
        return sum(tokens_of(ask) for each in self.rounds for ask in each)


def unasked(messages: Any) -> str:
    """Stand in for a judge where flows are driven by hand."""
    raise NotImplementedError


def loaded(name: str, llm: object = unasked, **options: Any) -> Any:
    """Load a metric, or the five of them together."""
    made = {"metrics": FIVE} if name == "rag" else {}
    return load_evaluator(name, **({} if name == "answer_similarity" else {"llm": llm}), **made, **options)


def asked(evaluator: Any, sample: Sample = SAMPLE, most: int | None = None) -> Asked:
    """Drive a flow by hand; lists are cut to their first lines where `most` says so."""
    flow = evaluator.metric().judge(sample)
    answers: Answers | None = None
    rounds: list[list[Ask]] = []
    while True:
        try:
            asks = next(flow) if answers is None else flow.send(answers)
        except StopIteration:
            return Asked(rounds)
        if questions := [one for one in asks if isinstance(one, Ask)]:
            rounds.append(questions)
        answers = tuple(
            one.model.embed_documents(list(one.texts)) if isinstance(one, Embed) else Reply(text=_written(one, most))
            for one in asks
        )


def _written(ask: Ask, most: int | None = None) -> str:
    return numbered(BY_SYSTEM[message_text(ask.messages[0])][:most])


def apart() -> dict[str, list[Asked]]:
    """Return what the definitions need where nothing is put together, with our own prompts."""
    one_question = asked(loaded("answer_relevancy", questions=1), most=1)
    precision = loaded("context_precision")
    reference_claims = asked(loaded("faithfulness"), replace(SAMPLE, prediction=SAMPLE.reference or ""))
    one_by_one = [asked(precision, replace(SAMPLE, contexts=(context,)), most=1) for context in CONTEXTS]
    return {
        "faithfulness": [asked(loaded("faithfulness"))],
        "answer_relevancy": [one_question] * 3,
        "context_precision": one_by_one,
        "context_recall": [asked(loaded("context_recall"))],
        "answer_correctness": [asked(loaded("answer_correctness")), Asked(reference_claims.rounds[:1])],
    }


def calls_and_tokens() -> None:
    """Print the calls and the prompts' tokens of each metric, and of the five together."""
    naive, ragas = apart(), of_ragas()
    print(f"{'one row, five contexts':24} {'here':>13} {'apart':>14} {'ragas':>14}   calls and prompt tokens")
    for name in METRICS:
        here, there = asked(loaded(name)), naive.get(name, [])
        pieces = [_pair(here.calls, here.tokens)]
        pieces.append(_pair(sum(one.calls for one in there), sum(one.tokens for one in there)) if there else "")
        pieces.append(_pair(*ragas[name]) if name in ragas else "")
        print(f"{name:24} {pieces[0]:>13} {pieces[1]:>14} {pieces[2]:>14}")
    together = asked(loaded("rag"))
    all_apart = [one for each in naive.values() for one in each]
    pieces = [
        _pair(together.calls, together.tokens),
        _pair(sum(one.calls for one in all_apart), sum(one.tokens for one in all_apart)),
        _pair(*map(sum, zip(*(ragas[name] for name in FIVE), strict=True))) if ragas else "not here",
    ]
    print(f"{'the first five, rag':24} {pieces[0]:>13} {pieces[1]:>14} {pieces[2]:>14}")
    bar = BARS["judge calls of the five"]
    print(f"judge calls a row of the five together: {together.calls} (bar: at most {bar})")


def _pair(calls: int, tokens: float) -> str:
    return f"{calls} {round(tokens):6}"


# What ragas asks.


def of_ragas() -> dict[str, tuple[int, float]]:
    """Return calls and prompt tokens of ragas' metrics by our names; nothing where it cannot be imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            metrics = import_module("ragas.metrics.collections")
            llms, embeddings = import_module("ragas.llms.base"), import_module("ragas.embeddings.base")
        except ImportError:
            return {}
    vectors = type("Vectors", (embeddings.BaseRagasEmbedding,), {"embed_text": _vector, "aembed_text": _avector})
    row = {"user_input": SAMPLE.input, "response": SAMPLE.prediction, "reference": SAMPLE.reference}
    row["retrieved_contexts"] = list(CONTEXTS)
    found: dict[str, tuple[int, float]] = {}
    for name, (kind, columns, embedded) in _RAGAS.items():
        sent: list[str] = []
        counting = type("Counting", (llms.InstructorBaseRagasLLM,), {"generate": None, "agenerate": _taped(sent)})
        metric = getattr(metrics, kind)(llm=counting(), **({"embeddings": vectors()} if embedded else {}))
        metric.score(**{column: row[column] for column in columns.split()})
        found[name] = (len(sent), sum(map(len, sent)) / 4)
    return found


_RAGAS = {  # theirs, the columns it takes, whether it takes embeddings
    "faithfulness": ("Faithfulness", "user_input response retrieved_contexts", False),
    "answer_relevancy": ("AnswerRelevancy", "user_input response", True),
    "context_precision": ("ContextPrecision", "user_input reference retrieved_contexts", False),
    "context_recall": ("ContextRecall", "user_input reference retrieved_contexts", False),
    "answer_correctness": ("AnswerCorrectness", "user_input response reference", True),
    "context_entity_recall": ("ContextEntityRecall", "reference retrieved_contexts", False),
    "noise_sensitivity": ("NoiseSensitivity", "user_input response reference retrieved_contexts", False),
}


def _taped(sent: list[str]) -> Callable[..., Awaitable[Any]]:
    judged = {"statements": [{"statement": one, "reason": "r", "verdict": 1} for one in CLAIMS]}
    answers: Mapping[str, Mapping[str, Any]] = {
        "StatementGeneratorOutput": {"statements": CLAIMS},
        "NLIStatementOutput": judged,
        "StatementFaithfulnessOutput": judged,
        "AnswerRelevanceOutput": {"question": "Who built the mill?", "noncommittal": 0},
        "ContextPrecisionOutput": {"reason": "r", "verdict": 1},
        "ContextRecallOutput": {"classifications": [{"statement": "s", "reason": "r", "attributed": 1}]},
        "EntitiesList": {"entities": ["Ada Moor", "1903"]},
        "ClassificationWithReason": {"TP": [{"statement": "s", "reason": "r"}], "FP": [], "FN": []},
    }

    async def agenerate(self: Any, prompt: str, response_model: Any) -> Any:
        sent.append(prompt)
        return response_model.model_validate(answers[response_model.__name__])

    return agenerate


def _vector(self: Any, text: str, **kwargs: Any) -> list[float]:
    return [1.0, float(len(text))]


async def _avector(self: Any, text: str, **kwargs: Any) -> list[float]:
    return _vector(self, text)


# How long it takes.


def times(latency: float, repeats: int) -> None:
    """Print each metric's median time, beside its critical path and beside the same calls made bare."""
    with judge_process(latency) as url:
        judge = ChatOpenAI(model="judge", base_url=url, api_key="test-key")
        names = [name for name in METRICS if name != "answer_similarity"] + ["rag"]
        evaluators = {name: loaded(name, judge) for name in names}
        rounds = {name: questions_of(each) for name, each in evaluators.items()}
        taken = (
            sync_times(judge, evaluators, rounds, repeats),
            asyncio.run(async_times(judge, evaluators, rounds, repeats)),
        )
    print(f"\nmedian of {repeats}, {latency * 1000:.0f} ms a call; a bare call: ", end="")
    print(" ms sync, ".join(f"{each[BARE] * 1000:.1f}" for each in taken), "ms async")
    print(f"{'':24} {'rounds':>6} {'sync':>9} {'of path':>8} {'of same':>8} {'async':>9} {'of path':>8} {'of same':>8}")
    for name in names:
        print(f"{name:24} {len(rounds[name]):6}", end="")
        for each in taken:
            path, same = len(rounds[name]) * each[BARE], each[_same(name)]
            print(f" {each[name] * 1000:6.1f} ms {each[name] / path:8.3f} {each[name] / same:8.3f}", end="")
        print()
    print(f"of path: beside its rounds times a bare call (bar {BARS['beside the critical path']}); ", end="")
    print("of same: beside the same calls made bare, in the same rounds")


def _same(name: str) -> str:
    return f"{name}, bare"


@contextmanager
def judge_process(latency: float) -> Iterator[str]:
    """Run the server in a process of its own, until the block ends."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, latency))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join()


def _serve(pipe: Any, latency: float) -> None:
    def reply(body: Mapping[str, Any]) -> str:
        time.sleep(latency)
        return numbered(BY_SYSTEM[body["messages"][0]["content"]])

    with OpenAIServer(reply=reply) as server:
        pipe.send(server.url)
        pipe.recv()


Medians = dict[str, float]
Questions = list[list[list[Any]]]  # by round: the messages of each call


def questions_of(evaluator: Any) -> Questions:
    """Return what a metric asks, round after round, in LangChain's messages."""
    return [
        [[SystemMessage(message_text(one.messages[0])), HumanMessage(message_text(one.messages[1]))] for one in each]
        for each in asked(evaluator).rounds
    ]


def sync_times(judge: Any, evaluators: Mapping[str, Any], rounds: Mapping[str, Questions], repeats: int) -> Medians:
    """Return median seconds of each evaluator, of the same calls made bare, and of one; the first round warms up."""
    row = fields()
    with ThreadPoolExecutor(max(len(each) for one in rounds.values() for each in one)) as pool:

        def same(questions: Questions) -> object:
            return [
                list(pool.map(judge.invoke, each)) if len(each) > 1 else judge.invoke(each[0]) for each in questions
            ]

        ways: dict[str, Callable[[], object]] = {BARE: partial(judge.invoke, rounds["context_precision"][0][0])}
        for name, evaluator in evaluators.items():
            ways |= {name: partial(evaluator.invoke, row), _same(name): partial(same, rounds[name])}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(repeats + 1):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


async def async_times(
    judge: Any, evaluators: Mapping[str, Any], rounds: Mapping[str, Questions], repeats: int
) -> Medians:
    """Return the same of `ainvoke`."""
    row = fields()

    async def same(questions: Questions) -> None:
        for each in questions:
            await asyncio.gather(*map(judge.ainvoke, each))

    ways: dict[str, Callable[[], Awaitable[object]]] = {BARE: partial(judge.ainvoke, rounds["context_precision"][0][0])}
    for name, evaluator in evaluators.items():
        ways |= {name: partial(evaluator.ainvoke, row), _same(name): partial(same, rounds[name])}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            await way()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


def fields() -> dict[str, Any]:
    """Return the row as evaluators take it."""
    row = {name: getattr(SAMPLE, name) for name in ("input", "prediction", "reference")}
    return {**row, "contexts": list(CONTEXTS)}


def varying_times() -> None:
    """Print, by calculation, what it costs that a round waits for its slowest call before the next begins."""
    drawn = random.Random(7)
    together, each = asked(loaded("rag")), [asked(loaded(name)) for name in FIVE]
    shares: list[float] = []
    for _ in range(DRAWS):
        seed = drawn.randrange(2**32)

        def path(one: Asked, seed: int = seed) -> float:
            waits = [
                [latency_of(message_text(ask.messages[-1]), **VARYING, seed=seed) for ask in r] for r in one.rounds
            ]
            return sum(map(max, waits))

        shares.append(path(together) / max(map(path, each)))
    print(f"\nrag where latencies vary (lognormal, median 0.3 s, sigma 0.4; calculated, {DRAWS} draws):")
    print(f"rounds that wait for each other: {statistics.mean(shares):.3f} x the slowest metric alone", end="")
    print(f" on average, {sorted(shares)[int(0.95 * DRAWS)]:.3f} x at the 95th percentile")


# What it costs.


class Instant(BaseChatModel):
    """Answers at once."""

    @property
    def _llm_type(self) -> str:
        return "instant"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        message = AIMessage(content=_LISTS[messages[0].content])
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return self._generate(messages)


_LISTS = {system: numbered(lines) for system, lines in BY_SYSTEM.items()}


def own_cpu(rows: int) -> None:
    """Print CPU a row, beside as many bare calls."""
    judge, row = Instant(), fields()
    messages = questions_of(loaded("context_precision"))[0][0]
    bare = _least(lambda: judge.invoke(messages), rows)
    print(f"\nCPU us a row, a model that answers at once; a bare call {bare:.0f} us")
    print(f"{'':24} {'calls':>6} {'sync':>8} {'own':>8} {'own a call':>11} {'async':>8}")
    for name in (*METRICS, "rag"):
        evaluator = loaded(name, judge)
        calls = asked(evaluator).calls
        cost = _least(lambda evaluator=evaluator: evaluator.invoke(row), rows)
        gathered = asyncio.run(_aleast(evaluator, row, rows))
        own = cost - calls * bare
        print(f"{name:24} {calls:6} {cost:8.0f} {own:8.0f} {own / max(calls, 1):11.0f} {gathered:8.0f}")


def _least(call: Callable[[], object], rows: int, rounds: int = 5) -> float:
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(rows):
            call()
        least = min(least, (time.process_time() - start) / rows * 1e6)
    return least


async def _aleast(evaluator: Any, row: Mapping[str, Any], rows: int, rounds: int = 5) -> float:
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(rows):
            await evaluator.ainvoke(row)
        least = min(least, (time.process_time() - start) / rows * 1e6)
    return least


if __name__ == "__main__":
    main()
