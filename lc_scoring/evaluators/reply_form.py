"""The form of a reply: text, JSON or a typed question, as a judge can give it, and how it is told to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from lc_scoring.errors import ConfigError
from lc_scoring.judges.constraint import Constraint
from lc_scoring.models.decisions import choices_question, levels_question
from lc_scoring.models.judge import Judge, is_decisions
from lc_scoring.models.options import Backend, backend_options, json_options
from lc_scoring.notices import notice
from lc_scoring.template import PromptFile, Template, load_form

Output: TypeAlias = Literal["text", "json", "auto"]
"""What a judge is asked to write: text, JSON, or JSON where the model can be held to it."""


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """How one judge is asked.

    Attributes:
        prompt: the prompt, closing with how to write the outcome.
        options: keyword arguments of the model's call.
        structured: whether JSON is asked for.
        name: what it is called in signatures; empty for plain text.
        words: what the closing's own slots are filled with.
    """

    prompt: PromptFile
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    structured: bool = False
    name: str = ""
    words: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWish:
    """What is wanted of a reply, whatever the judge.

    Attributes:
        output: text, JSON, or JSON where the model can be held to it.
        kind: the form in `prompts/forms.toml`: "rating", "verdict" or "each".
        constraint: what a legal reply looks like.
        words: what is the same for every sample, by its slot in the prompt.
        backend: the server that holds replies to their form, or None.
        not_applicable: whether the judge may say that its question does not apply.
        details: the JSON schema of what else is asked for, or None.
        levels: the ratings to choose from, for OpenAI's Decisions endpoint.
        choices: the verdicts to choose from, for the same.
        names: the criteria that are rated in one reply.
    """

    output: Output
    kind: Literal["rating", "verdict", "each"]
    constraint: Constraint
    words: Mapping[str, str]
    backend: Backend | None = None
    not_applicable: bool = False
    details: Mapping[str, Any] | None = None
    levels: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def form_for(self, judge: Judge, prompt: PromptFile) -> ReplyForm:
        """Return how a judge is asked, by what it can do."""
        if is_decisions(judge):
            return self._typed(prompt)
        as_json, held = self.output == "json" or self.details is not None, self.constraint
        if self.backend is not None:
            schema = held.schema if as_json else None
            options = backend_options(judge, self.backend, regex=held.regex, grammar=held.grammar, schema=schema)
            return self._json(prompt, options) if as_json else self._text(prompt, options)
        held_to = json_options(judge, held.schema) if as_json or self.output == "auto" else None
        if held_to is not None:
            return self._json(prompt, held_to)
        if self.details is not None:  # asked for in words alone: as text they could not be told apart
            return self._json(prompt, {})
        if as_json:
            notice(f"{type(judge).__name__} can be held to no JSON schema, so it is asked for text.")
        return self._text(prompt, {})

    def _text(self, prompt: PromptFile, options: Mapping[str, Any]) -> ReplyForm:
        name = ""
        if self.kind == "each":
            version, words = load_form("each_text")
            prompt, name = _closed(prompt, words, self._slots(prompt)), f"each@{version}"
        with_exit = self._with_exit(prompt, "each" if self.kind == "each" else "text")
        return ReplyForm(with_exit, options, name=name, words=self._slots(prompt))

    def _json(self, prompt: PromptFile, options: Mapping[str, Any]) -> ReplyForm:
        name = f"{self.kind}_json"
        version, words = load_form(name)
        slots = self._slots(prompt, as_json=True)
        prompt = self._with_exit(_closed(prompt, words, slots), "json")
        return ReplyForm(prompt, options, structured=True, name=f"{name}@{version}", words=slots)

    def _typed(self, prompt: PromptFile) -> ReplyForm:
        if self.details is not None or self.not_applicable or self.kind == "each":
            raise ConfigError(
                "OpenAIDecisions answers one question with probabilities and no more: leave out schema=, "
                "not_applicable=True and calls='one'."
            )
        told = f" {prompt.verdicts}." if prompt.verdicts else ""
        instructions = Template.of(prompt.question).fill(**self.words) + told
        question = (
            levels_question(instructions, self.levels) if self.levels else choices_question(instructions, self.choices)
        )
        return ReplyForm(replace(prompt, question="", reasons="", closing=""), question, name="decision")

    def _slots(self, prompt: PromptFile, *, as_json: bool = False) -> dict[str, str]:
        details = ""
        if self.details is not None:
            _, words = load_form("details")
            details = Template.of(words["text"]).fill(schema=json.dumps(self.details, separators=(",", ":")))
        names = "\n".join(f"{name}: [[n]]" for name in self.names)
        if as_json:
            names = f"{{{', '.join(f'{json.dumps(name, ensure_ascii=False)}: n' for name in self.names)}}}"
        return {"details": details, "names": names, "verdicts": prompt.verdicts}

    def _with_exit(self, prompt: PromptFile, way: str) -> PromptFile:
        if not self.not_applicable:
            return prompt
        _, words = load_form("not_applicable")
        return replace(prompt, closing=f"{prompt.closing}\n{words[way]}")


def _closed(prompt: PromptFile, words: Mapping[str, str], slots: Mapping[str, str]) -> PromptFile:
    """Return a prompt that closes in another form; the slots of its closing are filled with those of the material."""
    return replace(prompt, closing=words["closing"], repair=Template.of(words["repair"]).partial(**slots))
