"""The RAG metrics beside those of ragas 0.4, both families of them, by the same verdicts.

Hundreds of tables of verdicts are drawn. Our flows are given them as written replies, ragas' metrics as the structured
outputs of a model that answers from a tape. Where the definitions agree, the scores agree to 1e-9; what ragas adds to
its denominators, 1e-10 or 1e-8, is taken off first. Where they do not, a test says what each gives.

Nobody needs ragas for lc_scoring, and it does not get on with the newest langchain-community. It is tried in an
environment of its own, and the tests are skipped everywhere else:

    pip install -e . pytest pytest-asyncio pytest-socket "ragas==0.4.3" "langchain-community<0.4.2"
    python -m pytest tests/contract/test_rag_against_ragas.py
"""

from __future__ import annotations

import inspect
import json
import math
import os
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.outputs import Generation, LLMResult

from lc_scoring import load_evaluator
from lc_scoring.errors import NotApplicable, ReplyError
from lc_scoring.flow import Answers, Ask, Embed, Reply
from lc_scoring.rag.lines import numbered
from lc_scoring.records import Sample, Score

os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")  # before it is imported
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("ragas", reason="ragas has an environment of its own", exc_type=ImportError)
    FAMILIES = {"evaluate": import_module("ragas.metrics"), "collections": import_module("ragas.metrics.collections")}
    llms, embeddings = import_module("ragas.llms.base"), import_module("ragas.embeddings.base")
    SingleTurnSample = import_module("ragas.dataset_schema").SingleTurnSample

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ragas", "ignore:Importing .* from 'ragas.metrics'"),
    pytest.mark.parametrize("family", list(FAMILIES)),
]

TABLES, SEED, CLOSE = 300, 17, 1e-9

CLAIMS, SUPPORT = "claims of the prediction", "support of the claims by the contexts"
CHECK, ATTRIBUTION = "claims beside the reference", "claims of the reference in the contexts"
ENTITIES, USEFULNESS = "entities of the reference in the contexts", "usefulness of the contexts"
QUESTIONS = "questions that the prediction answers"

INPUT, PREDICTION, REFERENCE = "When did the mill open?", "The mill opened in 1903.", "It opened in 1904."
NAMES = {  # ours, and theirs in either family
    "faithfulness": ("Faithfulness", "Faithfulness"),
    "answer_relevancy": ("ResponseRelevancy", "AnswerRelevancy"),
    "answer_similarity": ("SemanticSimilarity", "SemanticSimilarity"),
    "answer_correctness": ("AnswerCorrectness", "AnswerCorrectness"),
    "context_precision": ("LLMContextPrecisionWithReference", "ContextPrecisionWithReference"),
    "context_utilization": ("LLMContextPrecisionWithoutReference", "ContextPrecisionWithoutReference"),
    "context_recall": ("LLMContextRecall", "ContextRecall"),
    "context_entity_recall": ("ContextEntityRecall", "ContextEntityRecall"),
    "noise_sensitivity": ("NoiseSensitivity", "NoiseSensitivity"),
}
EMBEDDED = frozenset({"answer_relevancy", "answer_similarity", "answer_correctness"})


class Case(NamedTuple):
    """The same verdicts in both languages."""

    replies: Mapping[str, str]  # what our judge writes, by what it is asked for
    said: Sequence[Mapping[str, Any]]  # what theirs answers, in the order it is asked
    contexts: Sequence[str] = ("The mill opened in 1903.",)
    made: Mapping[str, Any] = {}  # what ours is made with
    theirs: Mapping[str, Any] = {}  # what theirs is made with
    allowed: float = 1.0  # what theirs is multiplied by: its denominator over the one of its definition
    prediction: str = PREDICTION


@pytest.fixture(autouse=True)
def untracked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep ragas from leaving a user's id in the home folder, for the events that it would send."""
    monkeypatch.setattr("ragas._analytics.user_data_dir", lambda appname: str(tmp_path / appname))


# The judges and the embeddings.


class Taped(llms.BaseRagasLLM):
    """Answers the metrics of `ragas.evaluate`."""

    def __init__(self, said: Iterable[Mapping[str, Any]]) -> None:
        super().__init__()
        self.said = deque(said)

    def generate_text(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def agenerate_text(self, prompt: Any, n: int = 1, **kwargs: Any) -> LLMResult:
        return LLMResult(generations=[[Generation(text=json.dumps(self.said.popleft())) for _ in range(n)]])

    def is_finished(self, response: Any) -> bool:
        return True


class TapedInstructor(llms.InstructorBaseRagasLLM):
    """Answers the metrics of `ragas.metrics.collections`."""

    def __init__(self, said: Iterable[Mapping[str, Any]]) -> None:
        self.said = deque(said)

    def generate(self, prompt: str, response_model: Any) -> Any:
        return response_model.model_validate(self.said.popleft())

    async def agenerate(self, prompt: str, response_model: Any) -> Any:
        return self.generate(prompt, response_model)


class Vectors(Embeddings):
    """Twelve numbers that hang on the text alone."""

    def __init__(self, low: float) -> None:
        self.low = low

    def embed_query(self, text: str) -> list[float]:
        drawn = random.Random(text)  # noqa: S311 - no secret
        return [drawn.uniform(self.low, 1.0) for _ in range(12)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class TheirVectors(embeddings.BaseRagasEmbedding):
    """The same, by all names under which ragas asks for them."""

    def __init__(self, low: float) -> None:
        super().__init__()
        self.vectors = Vectors(low)
        self.embed_query, self.embed_documents = self.vectors.embed_query, self.vectors.embed_documents

    def embed_text(self, text: str, **kwargs: Any) -> list[float]:
        return self.vectors.embed_query(text)

    async def aembed_text(self, text: str, **kwargs: Any) -> list[float]:
        return self.vectors.embed_query(text)


# Scores, ours and theirs.


def unasked(messages: Any) -> str:
    raise NotImplementedError  # flows are driven by hand


@cache
def loaded(name: str, made: tuple[tuple[str, Any], ...], low: float) -> Any:
    if name == "context_utilization":
        return load_evaluator("context_precision", llm=unasked, against="prediction")
    options = {"embeddings": Vectors(low)} if name in EMBEDDED else {}
    judge = {} if name == "answer_similarity" else {"llm": unasked}
    return load_evaluator(name, **judge, **options, **dict(made))


def ours(name: str, case: Case, *, low: float = 0.0) -> Score:
    """Drive the flow by hand; a question without a written reply, such as a repair, is a KeyError."""
    evaluator = loaded(name, tuple(case.made.items()), low)
    sample = Sample(prediction=case.prediction, input=INPUT, reference=REFERENCE, contexts=tuple(case.contexts))
    flow = evaluator.metric().judge(sample)
    answers: Answers | None = None
    while True:
        try:
            asked = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            return done.value
        answers = tuple(_answer(one, case.replies) for one in asked)


def _answer(one: Ask | Embed, replies: Mapping[str, str]) -> Any:
    return one.model.embed_documents(list(one.texts)) if isinstance(one, Embed) else Reply(text=replies[one.purpose])


async def theirs(family: str, name: str, case: Case, *, low: float = 0.0) -> float:
    kind = getattr(FAMILIES[family], NAMES[name][family == "collections"])
    judge = (TapedInstructor if family == "collections" else Taped)(case.said)
    made = {**case.theirs, **({"embeddings": TheirVectors(low)} if name in EMBEDDED else {})}
    metric = kind(**made, **({} if name == "answer_similarity" else {"llm": judge}))
    row = {"user_input": INPUT, "response": case.prediction, "reference": REFERENCE}
    row["retrieved_contexts"] = list(case.contexts)
    if family == "collections":
        taken = inspect.signature(metric.ascore).parameters
        score = (await metric.ascore(**{column: row[column] for column in taken})).value
    else:
        if name == "answer_correctness":
            metric.init(import_module("ragas.run_config").RunConfig())
        score = await metric.single_turn_ascore(SingleTurnSample(**row))
    assert not judge.said, "not all that was taped was asked for"
    return float(score)


# Tables of verdicts.


def draw_matrix(drawn: random.Random, rows: int, columns: int) -> list[list[bool]]:
    share = drawn.random()
    return [[drawn.random() < share for _ in range(columns)] for _ in range(rows)]


def named(what: str, count: int) -> list[str]:
    return [f"{what} {number} holds." for number in range(1, count + 1)]


def verdict(held: Sequence[bool]) -> str:
    """Write a verdict with the contexts that it rests on."""
    places = ", ".join(str(place) for place, is_so in enumerate(held, 1) if is_so)
    return f"[[YES: {places}]]" if places else "[[NO]]"


def yes_or_no(verdicts: Iterable[bool]) -> list[str]:
    return [f"the reason [[{'YES' if one else 'NO'}]]" for one in verdicts]


def judged(statements: Sequence[str], verdicts: Iterable[bool]) -> dict[str, Any]:
    pairs = zip(statements, verdicts, strict=True)
    return {"statements": [{"statement": one, "reason": "r", "verdict": int(held)} for one, held in pairs]}


def draw_faithfulness(drawn: random.Random) -> Case:
    claims, contexts = named("Claim", drawn.randint(1, 8)), named("Context", drawn.randint(1, 5))
    held = draw_matrix(drawn, len(claims), len(contexts))
    replies = {CLAIMS: numbered(claims), SUPPORT: numbered(f"the reason {verdict(row)}" for row in held)}
    return Case(replies, [{"statements": claims}, judged(claims, map(any, held))], contexts)


def draw_context_recall(drawn: random.Random) -> Case:
    claims, contexts = named("Claim", drawn.randint(1, 8)), named("Context", drawn.randint(1, 5))
    held = draw_matrix(drawn, len(claims), len(contexts))
    pairs = list(zip(claims, held, strict=True))
    reply = numbered(f"{claim} || the reason {verdict(row)}" for claim, row in pairs)
    found = [{"statement": claim, "reason": "r", "attributed": int(any(row))} for claim, row in pairs]
    return Case({ATTRIBUTION: reply}, [{"classifications": found}], contexts)


def draw_context_precision(drawn: random.Random) -> Case:
    contexts = named("Context", drawn.randint(1, 10))
    (useful,) = draw_matrix(drawn, 1, len(contexts))
    said = [{"reason": "r", "verdict": int(one)} for one in useful]
    count = sum(useful)
    allowed = (count + 1e-10) / count if count else 1.0
    return Case({USEFULNESS: numbered(yes_or_no(useful))}, said, contexts, allowed=allowed)


def draw_context_entity_recall(drawn: random.Random) -> Case:
    pool = [f"Entity{number}" for number in range(12)]
    wanted, there = drawn.sample(pool, drawn.randint(1, 8)), drawn.sample(pool, drawn.randint(0, 12))
    reply = numbered(f"{one} || the reason {'[[YES: 1]]' if one in there else '[[NO]]'}" for one in wanted)
    said = [{"entities": wanted}, {"entities": there}]
    return Case({ENTITIES: reply}, said, allowed=(len(wanted) + 1e-8) / len(wanted))


def draw_answer_relevancy(drawn: random.Random) -> Case:
    count, evades = drawn.randint(1, 5), drawn.random() < 0.2
    questions = [f"Question {drawn.random()}?" for _ in range(count)]
    said = [{"question": one, "noncommittal": int(evades)} for one in questions]
    reply = "[[NONCOMMITTAL]]" if evades else numbered(questions)
    return Case({QUESTIONS: reply}, said, made={"questions": count}, theirs={"strictness": count})


def draw_answer_similarity(drawn: random.Random) -> Case:
    return Case({}, [], prediction=f"It opened in {drawn.random()}.")


def draw_answer_correctness(drawn: random.Random) -> Case:
    right, wrong, missing = (drawn.randint(0, 5) for _ in range(3))
    wrong += not right + wrong
    weights = drawn.choice([(0.75, 0.25), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (3.0, 1.0)])
    beta = drawn.choice([0.5, 1.0, 2.0])
    claims, left_out = named("Claim", right + wrong), named("Missing", missing)
    verdicts = drawn.sample([True] * right + [False] * wrong, right + wrong)
    lines = [*yes_or_no(verdicts), *(f"{one} [[MISSING]]" for one in left_out)]
    found = {"TP": right, "FP": wrong, "FN": missing}
    tables = {key: [{"statement": "s", "reason": "r"}] * count for key, count in found.items()}
    said = [{"statements": claims}, {"statements": ["Reference."]}, tables]
    made = {"weights": weights, "beta": beta}
    replies = {CLAIMS: numbered(claims), CHECK: numbered(lines)}
    prediction = f"It opened in {drawn.random()}."
    return Case(replies, said, made=made, theirs={**made, "weights": list(weights)}, prediction=prediction)


def draw_noise_sensitivity(drawn: random.Random) -> Case:
    claims, known = named("Claim", drawn.randint(1, 8)), named("Known", drawn.randint(1, 5))
    contexts = named("Context", drawn.randint(1, 5))
    held, attributed = (draw_matrix(drawn, len(rows), len(contexts)) for rows in (claims, known))
    (right,) = draw_matrix(drawn, 1, len(claims))
    noise = drawn.choice(["relevant", "irrelevant"])
    found = [f"{one} || the reason {verdict(row)}" for one, row in zip(known, attributed, strict=True)]
    replies = {
        CLAIMS: numbered(claims),
        SUPPORT: numbered(f"the reason {verdict(row)}" for row in held),
        CHECK: numbered(yes_or_no(right)),
        ATTRIBUTION: numbered(found),
    }
    said: list[dict[str, Any]] = [{"statements": known}, {"statements": claims}]
    for place in range(len(contexts)):
        said.append(judged(known, [row[place] for row in attributed]))
        said.append(judged(claims, [row[place] for row in held]))
    said.append(judged(claims, right))
    return Case(replies, said, contexts, made={"noise": noise}, theirs={"mode": noise})


DRAWN: Mapping[str, Callable[[random.Random], Case]] = {
    "faithfulness": draw_faithfulness,
    "answer_relevancy": draw_answer_relevancy,
    "answer_similarity": draw_answer_similarity,
    "answer_correctness": draw_answer_correctness,
    "context_precision": draw_context_precision,
    "context_utilization": draw_context_precision,
    "context_recall": draw_context_recall,
    "context_entity_recall": draw_context_entity_recall,
    "noise_sensitivity": draw_noise_sensitivity,
}


# Where the definitions agree.


@pytest.mark.parametrize("name", list(DRAWN))
async def test_the_same_verdicts_make_the_same_score(family: str, name: str) -> None:
    drawn = random.Random(f"{SEED} {name}")  # noqa: S311 - no secret
    apart: list[float] = []
    values: set[float] = set()
    for _ in range(TABLES):
        case = DRAWN[name](drawn)
        score = ours(name, case)
        own = score.value if name != "noise_sensitivity" else score.rating
        assert own is not None
        apart.append(abs(own - await theirs(family, name, case) * case.allowed))
        values.add(own)
    assert max(apart) <= CLOSE
    assert len(values) > 10, "tables that all score alike compare nothing"


# Where they do not.


@pytest.mark.parametrize("name", ["answer_relevancy", "answer_similarity"])
async def test_a_similarity_below_zero_is_zero_here_and_stays_below_there(family: str, name: str) -> None:
    drawn = random.Random(SEED)  # noqa: S311 - no secret
    below = 0
    for _ in range(TABLES):
        case = DRAWN[name](drawn)
        there = await theirs(family, name, case, low=-1.0)
        assert ours(name, case, low=-1.0).value == pytest.approx(max(0.0, there), abs=CLOSE)
        below += there < 0
    assert below > TABLES / 10


async def test_a_similarity_below_zero_takes_nothing_from_correctness_here(family: str) -> None:
    drawn = random.Random(SEED)  # noqa: S311 - no secret
    for _ in range(TABLES):
        case = draw_answer_correctness(drawn)
        alike = await theirs(family, "answer_similarity", Case({}, [], prediction=case.prediction), low=-1.0)
        weights = case.made["weights"]
        taken = min(0.0, alike) * weights[1] / sum(weights)
        there = await theirs(family, "answer_correctness", case, low=-1.0)
        assert ours("answer_correctness", case, low=-1.0).value == pytest.approx(there - taken, abs=CLOSE)


NOTHING: Mapping[str, tuple[str, Case, str]] = {
    # the metric, what is said, our state; theirs is NaN
    "no claims": ("faithfulness", Case({CLAIMS: "[[NONE]]"}, [{"statements": []}]), "no claims"),
    "an empty reference": ("context_recall", Case({ATTRIBUTION: "[[NONE]]"}, [{"classifications": []}]), "no claims"),
}


@pytest.mark.parametrize("what", list(NOTHING))
async def test_what_is_undefined_is_nan_there_and_a_state_here(family: str, what: str) -> None:
    name, case, state = NOTHING[what]
    assert math.isnan(await theirs(family, name, case))
    with pytest.raises(NotApplicable) as raised:
        ours(name, case)
    assert raised.value.state == state


async def test_without_entities_it_is_zero_there_and_a_state_here(family: str) -> None:
    case = Case({ENTITIES: "[[NONE]]"}, [{"entities": []}, {"entities": ["1903"]}])
    assert await theirs(family, "context_entity_recall", case) == 0
    with pytest.raises(NotApplicable, match="names no entity"):
        ours("context_entity_recall", case)


async def test_an_entity_that_is_listed_twice_counts_once_here(family: str) -> None:
    reply = "1. 1903 || there [[YES: 1]]\n2. 1903 || there [[YES: 1]]\n3. Ada || nowhere [[NO]]"
    case = Case({ENTITIES: reply}, [{"entities": ["1903", "1903", "Ada"]}, {"entities": ["1903"]}])
    assert ours("context_entity_recall", case).value == 0.5
    there = {"collections": 1 / 2, "evaluate": 1 / 3}[family]
    assert await theirs(family, "context_entity_recall", case) == pytest.approx(there, abs=1e-7)


async def test_correctness_of_two_texts_without_claims_is_one_there_and_a_state_here(family: str) -> None:
    weights = {"weights": (1.0, 0.0)}
    case = Case({CLAIMS: "[[NONE]]", CHECK: "[[NONE]]"}, [{"statements": []}] * 2, made=weights, theirs=weights)
    assert await theirs(family, "answer_correctness", case) == 1
    with pytest.raises(NotApplicable) as raised:
        ours("answer_correctness", case)
    assert raised.value.state == "no claims"


async def test_a_refusal_is_wrong_here_and_right_in_their_collections(family: str) -> None:
    missing = {"TP": [], "FP": [], "FN": [{"statement": "It opened in 1904.", "reason": "r"}]}
    said = [{"statements": []}, {"statements": ["It opened in 1904."]}, missing]
    case = Case(
        {CLAIMS: "[[NONE]]", CHECK: "1. It opened in 1904. [[MISSING]]"},
        said[:2] if family == "collections" else said,
        made={"weights": (1.0, 0.0)},
        theirs={"weights": [1.0, 0.0]},
    )
    assert ours("answer_correctness", case).value == 0
    assert await theirs(family, "answer_correctness", case) == {"collections": 1, "evaluate": 0}[family]


async def test_a_list_that_lacks_verdicts_is_scored_there_and_asked_for_again_here(family: str) -> None:
    claims = named("Claim", 3)
    case = Case(
        {CLAIMS: numbered(claims), SUPPORT: "1. the reason [[YES: 1]]", "repair": "1. the reason [[YES: 1]]"},
        [{"statements": claims}, judged(claims[:1], [True])],
    )
    assert await theirs(family, "faithfulness", case) == 1
    with pytest.raises(ReplyError, match="it lacks lines 2, 3"):
        ours("faithfulness", case)


UNKNOWN = Case(
    {
        CLAIMS: "1. Claim 1 holds.",
        SUPPORT: "1. the reason [[YES: 1]]",
        CHECK: "1. the reason [[NO]]",
        ATTRIBUTION: "[[NONE]]",
    },
    [{"statements": []}, {"statements": ["Claim 1 holds."]}, {"statements": []}, *[judged(["C"], [True])] * 2],
)


async def test_a_reference_without_claims_is_an_error_there(family: str) -> None:
    with pytest.raises(ValueError, match="zero-size array"):
        await theirs(family, "noise_sensitivity", UNKNOWN)


def test_a_reference_without_claims_is_a_state_here(family: str) -> None:
    with pytest.raises(NotApplicable) as raised:
        ours("noise_sensitivity", UNKNOWN)
    assert raised.value.state == "no claims"
