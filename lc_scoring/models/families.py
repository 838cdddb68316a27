"""Families: which models are kin, since judges favor texts of their own kind.

Panickssery et al. 2024, "LLM evaluators recognize and favor their own generations".
"""

from __future__ import annotations

import re

from lc_scoring.models.judge import Judge, base_model

# By the first that a name holds, so what is made of another comes before it (nemotron models are llamas).
_FAMILIES = {
    "GPT": r"gpt|chatgpt|davinci|\bo[134](?:-|\b)|codex",
    "Claude": r"claude",
    "Gemini": r"gemini|gemma|(?<![a-z])palm|bison",
    "Llama": r"llama|vicuna|alpaca|nemotron",
    "Mistral": r"mistral|mixtral|magistral|ministral|codestral|pixtral|devstral",
    "Qwen": r"qwen|qwq",
    "DeepSeek": r"deepseek",
    "Grok": r"grok",
    "Command": r"command|(?<![a-z])aya|\bc4ai",
    "Phi": r"\bphi-?\d",
    "Nova": r"(?<![a-z])nova|titan",
    "GLM": r"glm",
    "Kimi": r"kimi|moonshot",
    "Granite": r"granite",
    "EXAONE": r"exaone",
    "Jamba": r"jamba|jurassic",
}


def family_of(model: str) -> str | None:
    """Return the family of a model by its name, or None where it is none of those known.

    Examples:
        >>> family_of("openai:gpt-5-mini"), family_of("meta-llama/Llama-3.1-8B"), family_of("judge-1")
        ('GPT', 'Llama', None)
    """
    return next(
        (family for family, words in _FAMILIES.items() if re.search(words, model, re.IGNORECASE)),
        None,
    )


def kin(judge: Judge, system_model: str) -> str | None:
    """Return the family that a judge shares with the model that wrote the texts it judges, or None."""
    model = base_model(judge)
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    family = family_of(name) if isinstance(name, str) else None
    return family if family is not None and family == family_of(system_model) else None
