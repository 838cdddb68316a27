"""Decisions: OpenAI's endpoint for typed questions, as a judge. It answers with probabilities and gives no reasons.

`langchain_openai.OpenAIDecisions` is no chat model: it takes an input and questions, and returns the probability of
each level of a scale or of each choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lc_scoring.errors import ConfigError
from lc_scoring.flow import Ask, Message, Reply
from lc_scoring.models.prices import cost_of
from lc_scoring.records import Usage
from lc_scoring.scale import number_text, plain_number

QUESTION = "decision"
"""The option of an Ask that holds the question's words, and its levels or choices."""


def levels_question(instructions: str, levels: Sequence[float]) -> Mapping[str, Any]:
    """Return the options of an Ask for a rating, its levels in scale units, lowest first."""
    return {QUESTION: {"instructions": instructions, "levels": [number_text(level) for level in levels]}}


def choices_question(instructions: str, choices: Sequence[str]) -> Mapping[str, Any]:
    """Return the options of an Ask for a verdict."""
    return {QUESTION: {"instructions": instructions, "choices": list(choices)}}


def request_of(ask: Ask) -> Any:
    """Return what `OpenAIDecisions` is invoked with.

    Raises:
        ConfigError: the question was not worded for it.
    """
    from langchain_openai.decisions import Choice, Score  # noqa: PLC0415 - a vendor's, and only for who uses it

    question = ask.options.get(QUESTION)
    if question is None:
        raise ConfigError(
            "OpenAIDecisions judges with the built-in prompts only: leave out prompt= and output_parser=."
        )
    text = "\n\n".join(message.text if isinstance(message, Message) else str(message.text) for message in ask.messages)
    instructions = question["instructions"]
    if "levels" in question:
        asked: Any = Score(instructions=instructions, levels=question["levels"])
    else:
        asked = Choice(instructions=instructions, choices=dict.fromkeys(question["choices"]))
    return {"input": text, "questions": {QUESTION: asked}}


def reply_of(response: Any, ask: Ask) -> Reply:
    """Return a response as a reply: a rating's distribution, or a verdict in brackets.

    Raises:
        ValueError: it does not answer the question.
    """
    answer, used = response.answers.get(QUESTION), response.usage
    tokens = {"input_tokens": used.input_tokens or 0, "output_tokens": used.output_tokens or 0}
    usage = Usage(calls=1, **tokens, cost=cost_of(response.model, **tokens))
    kind = getattr(answer, "type", None)
    if kind == "refusal":
        return Reply(text="", refusal="The Decisions endpoint declined to answer.", usage=usage)
    if kind == "score":
        levels = [plain_number(float(level)) for level in ask.options[QUESTION]["levels"]]
        distribution = {levels[place]: share for place, share in answer.probabilities.items() if share > 0}
        return Reply(text=_shares(distribution), distribution=distribution, usage=usage)
    if kind == "choice":
        return Reply(text=f"{_shares(answer.probabilities)}\nVerdict: [[{answer.choice}]]", usage=usage)
    raise ValueError(f"the response answers {', '.join(response.answers) or 'nothing'}")


def _shares(probabilities: Mapping[Any, float]) -> str:
    ordered = sorted(probabilities.items(), key=lambda pair: -pair[1])
    return f"Probabilities: {', '.join(f'{_text(value)} {share:.1%}' for value, share in ordered)}."


def _text(value: object) -> str:
    return number_text(value) if isinstance(value, (int, float)) else str(value)
