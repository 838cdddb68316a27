"""The same call to langchain_classic's evaluators and to this package's, and what came of it."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.agents import AgentAction
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel, FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

HERE, THERE = "lc_scoring", "langchain_classic.evaluation"
DIFFERENCES = Path(__file__).parents[2] / "docs" / "differences.toml"

ASKED = {"prediction": "It is Paris.", "input": "What is the capital of France?"}
ASKED_LABELED = {**ASKED, "reference": "Paris"}
PAIR = {**ASKED, "prediction_b": "It is Lyon."}
STEPS = [(AgentAction(tool="atlas", tool_input="France", log=""), "Paris")]
JUDGED: dict[str, dict[str, Any]] = {
    "qa": ASKED_LABELED,
    "cot_qa": ASKED_LABELED,
    "context_qa": ASKED_LABELED,
    "score_string": ASKED,
    "labeled_score_string": ASKED_LABELED,
    "criteria": ASKED,
    "labeled_criteria": ASKED_LABELED,
    "pairwise_string": PAIR,
    "labeled_pairwise_string": {**PAIR, "reference": "Paris"},
    "trajectory": {**ASKED, "agent_trajectory": STEPS},
}
"""The evaluators that ask a judge, and what each is given where a case says nothing else."""

_CALL = {"id": "call_1", "name": "atlas", "args": {"country": "France"}}
OBJECTS: dict[str, Any] = {
    "a message": AIMessage("It is Paris."),
    "a compiled pattern": re.compile("It"),
    "a function": lambda parsed, label: 1,
    "a function that gives text": lambda parsed, label: "yes",
    "a function that gives -1": lambda parsed, label: -1,
    "a parser": StrOutputParser(),
    "a set": {"depth"},
    "a tuple": (1, 2),
    "bytes": b"It is Paris.",
    "messages": [
        HumanMessage("What is the capital of France?"),
        AIMessage("", tool_calls=[_CALL]),
        ToolMessage("Paris", tool_call_id="call_1"),
        AIMessage("It is Paris."),
    ],
    "mappings of messages": [{"role": "user", "content": "Which?"}, {"role": "assistant", "content": "It is Paris."}],
}
"""What the cases in differences.toml cannot write down, by the name they have there."""


class Judge(BaseChatModel):
    """Answers with its replies in their order, and with the last one from then on."""

    replies: list[str]
    asked: list[str] = Field(default_factory=list)

    def _generate(self, messages: list[Any], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        reply = self.replies[min(len(self.asked), len(self.replies) - 1)]
        self.asked.append("\n".join(str(message.text) for message in messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(reply))])

    @property
    def _llm_type(self) -> str:
        return "replies"


class Written(Embeddings):
    """Takes a text for the vector it writes, such as `[1, 0]`."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [json.loads(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return list(json.loads(text))


@dataclass(frozen=True)
class Case:
    """One evaluator, how it is made, what its judge answers, and what it is called with.

    Attributes:
        name: the evaluator's name.
        made: constructor arguments beside the judge and the embeddings.
        replies: what the judge answers, in order.
        fields: what is given; of judged evaluators beside the usual fields.
        call: `evaluate` for `evaluate_strings` and its like, or `invoke`.
        judge: what stands as `llm`: a `chat` model, a `text` model or a `function`.
    """

    name: str
    made: Mapping[str, Any] = field(default_factory=dict)
    replies: tuple[str, ...] = ("",)
    fields: Mapping[str, Any] = field(default_factory=dict)
    call: str = "evaluate"
    judge: str = "chat"

    def __str__(self) -> str:
        told = {"made": self.made, "replies": self.replies, "fields": self.fields}
        said = {key: value for key, value in told.items() if value and value != ("",)}
        return re.sub(r"<function .*? at \w+>", "function", f"{self.name} {said}")[:150]

    def evaluator(self, library: str, judge: Judge | None = None) -> Any:
        """Make the evaluator of one library."""
        made = dict(self.made)
        if self.name in JUDGED and "llm" not in made:
            answers = judge or Judge(replies=list(self.replies))
            made["llm"] = {
                "chat": lambda: answers,
                "text": lambda: FakeListLLM(responses=list(self.replies)),
                "function": lambda: lambda messages: answers.invoke(messages).text,
            }[self.judge]()
        if "embedding" in self.name:
            made.setdefault("embeddings", Written())
        return importlib.import_module(library).load_evaluator(self.name, **made)

    def method(self) -> str:
        """Return the name of the method that is called."""
        if self.call != "evaluate":
            return self.call
        if self.name == "trajectory":
            return "evaluate_agent_trajectory"
        return "evaluate_string_pairs" if "pairwise" in self.name else "evaluate_strings"

    def given(self) -> dict[str, Any]:
        """Return what it is called with; both orders of a pair are asked one after the other."""
        given = {**JUDGED.get(self.name, {}), **self.fields}
        if self.call == "evaluate" and self.name in ("pairwise_string", "labeled_pairwise_string"):
            given["config"] = {"max_concurrency": 1}
        return given


@dataclass(frozen=True)
class Outcome:
    """What came of a case: a result or an error, the warnings, and how many times the judge was asked."""

    result: Any
    error: Exception | None
    warned: tuple[str, ...]
    asks: int


def outcome(library: str, case: Case) -> Outcome:
    """Make the evaluator and call it."""
    judge = Judge(replies=list(case.replies))
    result, error = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            method, given = getattr(case.evaluator(library, judge), case.method()), case.given()
            result = method(given) if case.call == "invoke" else method(**given)
        except Exception as raised:  # noqa: BLE001 - which exception it is, is what is compared
            error = raised
    return Outcome(result, error, tuple(str(one.message) for one in caught), len(judge.asked))


async def async_outcome(library: str, case: Case) -> Outcome:
    """Make the evaluator and call it, asynchronously."""
    judge = Judge(replies=list(case.replies))
    result, error = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            method, given = getattr(case.evaluator(library, judge), f"a{case.method()}"), case.given()
            result = await (method(given) if case.call == "invoke" else method(**given))
        except Exception as raised:  # noqa: BLE001 - which exception it is, is what is compared
            error = raised
    return Outcome(result, error, tuple(str(one.message) for one in caught), len(judge.asked))


def written(value: Any) -> Any:
    """Turn what differences.toml writes into what it stands for: `"None"` and `{object = "a message"}`."""
    if isinstance(value, Mapping):
        if set(value) == {"object"}:
            return OBJECTS[value["object"]]
        return {key: written(one) for key, one in value.items()}
    if isinstance(value, list):
        return [written(one) for one in value]
    return None if value == "None" else value


def differences() -> list[dict[str, Any]]:
    """Return the rows of differences.toml."""
    return tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]


def case_of(told: Mapping[str, Any]) -> Case:
    """Make the case that a row of differences.toml tells."""
    known = {key: written(told[key]) for key in ("name", "made", "fields", "call", "judge") if key in told}
    return Case(**known, replies=tuple(told.get("replies", [""])))
