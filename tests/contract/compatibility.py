"""Both sides of the move: the same call to langchain_classic's evaluators and to this package's, and what came of it.

`docs/differences.toml` holds what is different on purpose; `rows()` is the table of it in docs/migrating.md.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langchain_core.agents import AgentAction
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import PromptTemplate

HERE, THERE = "lc_scoring", "langchain_classic.evaluation"
ROOT = Path(__file__).parents[2]
DIFFERENCES = ROOT / "docs" / "differences.toml"
PAGE = ROOT / "docs" / "migrating.md"

ASKED = {"prediction": "It is Paris.", "input": "What is the capital of France?"}
ASKED_LABELED = {**ASKED, "reference": "Paris"}
PAIR = {**ASKED, "prediction_b": "It is Lyon."}
STEPS = [(AgentAction(tool="atlas", tool_input="France", log=""), "Paris")]


class Judge(BaseChatModel):
    """Answers with its replies in their order, and with the last one for good."""

    replies: list[str]
    asked: list[str] = []

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
        return json.loads(text)
