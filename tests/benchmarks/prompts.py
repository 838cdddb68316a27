"""Prints, for each built-in prompt, its tokens per row and how much of it is the same for every row.

Providers' prompt caches hit on what stands first and stays the same, so the static words come before the row's. Tokens
are counted as LangChain counts them without a tokenizer, about four characters each; the row's texts are of 100, 20
and 200 tokens (input, reference, prediction).

    python tests/benchmarks/prompts.py
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import takewhile
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from lc_scoring import load_evaluator, make_metric

TEXTS = {"input": "word " * 80, "reference": "word " * 16, "prediction": "word " * 160, "prediction_b": "word " * 160}
OTHER = {name: f"X{text}" for name, text in TEXTS.items()}
STEPS = [({"tool": "search", "tool_input": "word " * 8}, "word " * 80)]
NAMES = (
    "score_string",
    "labeled_score_string",
    "qa",
    "context_qa",
    "cot_qa",
    "criteria",
    "labeled_criteria",
    "pairwise_string",
    "labeled_pairwise_string",
    "trajectory",
)


def main() -> None:
    """Word the question about two rows with each prompt, and print what they share."""
    print(f"{'':36}{'tokens a row':>13}{'the same':>10}{'first':>8}{'share first':>13}")
    for name, made in evaluators():
        asked: list[list[BaseMessage]] = []
        evaluator = made(lambda messages, asked=asked: asked.append(messages) or "Rating: [[3]] Verdict: [[A]]")
        for texts in (TEXTS, OTHER):
            fields = {**texts, "agent_trajectory": STEPS}
            with suppress(ValueError):  # the reply suits only some; what was asked is what counts
                evaluator.invoke({key: fields[key] for key in (*evaluator.input_keys, *evaluator.optional_keys)})
        first, second = asked[0], asked[-1]
        total = count_tokens_approximately(first)
        shared = count_tokens_approximately([prefix(*pair) for pair in zip(first, second, strict=True)])
        row = sum(len(text) for key, text in fields_of(evaluator).items()) / 4
        print(f"{name:36}{total:13.0f}{total - row:10.0f}{shared:8.0f}{shared / total:13.0%}")


def evaluators() -> Iterable[tuple[str, Any]]:
    """Yield the names of prompts and what makes their evaluators of a judge."""
    for name in NAMES:
        more = {"both_orders": False} if "pairwise" in name else {}
        yield name, lambda judge, name=name, more=more: load_evaluator(name, llm=judge, repair=0, **more)
    yield "score_string, rubric of levels", lambda judge: load_evaluator("score_string", llm=judge, rubric="tone")
    yield (
        "score_string, 4 criteria at once",
        lambda judge: load_evaluator("score_string", llm=judge, per_criterion=True, calls="one", repair=0),
    )
    yield "metric", lambda judge: make_metric("clarity", "Is it easy to follow?", llm=judge)


def fields_of(evaluator: Any) -> dict[str, str]:
    """Return the row's texts that an evaluator shows its judge."""
    return {key: TEXTS[key] for key in (*evaluator.input_keys, *evaluator.optional_keys) if key in TEXTS}


def prefix(first: BaseMessage, second: BaseMessage) -> BaseMessage:
    """Return a message with what both have in common at their beginning."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(str(first.text), str(second.text), strict=False))
    return first.model_copy(update={"content": "".join(one for one, _ in pairs)})


if __name__ == "__main__":
    main()
