"""List questions: the questions of RAG metrics, made of a prompt file for one judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.reply_form import Output
from lc_scoring.flow import Message
from lc_scoring.judges.asking import PromptRenderer
from lc_scoring.models.judge import Judge, base_model, is_decisions
from lc_scoring.models.offline import OfflineJudge
from lc_scoring.models.options import json_options
from lc_scoring.notices import notice
from lc_scoring.rag.answer_correctness import MISSING
from lc_scoring.rag.answer_relevancy import NONCOMMITTAL
from lc_scoring.rag.lines import NONE
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.listing import ListForm
from lc_scoring.rag.subset import SubsetForm
from lc_scoring.template import PromptFile, Template, load_form, load_prompt

_EMPTY = NONCOMMITTAL.upper()
_FORMS: Mapping[str, tuple[str, ListForm | SubsetForm]] = {
    "rag_claims": ("claims of the prediction", ListForm(states=True, empty=NONE)),
    "rag_support": ("support of the claims by the contexts", ListForm(verdicts=True, sourced=True)),
    "rag_attribution": (
        "claims of the reference in the contexts",
        ListForm(states=True, verdicts=True, sourced=True, empty=NONE),
    ),
    "rag_entities": (
        "entities of the reference in the contexts",
        ListForm(states=True, verdicts=True, sourced=True, empty=NONE, once=True),
    ),
    "rag_usefulness": ("usefulness of the contexts", ListForm(verdicts=True)),
    "rag_sentences": ("sentences that are needed", SubsetForm()),
    "rag_questions": ("questions that the prediction answers", ListForm(states=True, empty=_EMPTY)),
    "rag_correctness": (
        "claims beside the reference",
        ListForm(verdicts=True, more=MISSING, empty=NONE),
    ),
    "rag_citations": ("support of sentences by what they cite", ListForm(verdicts=True)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestions:
    """Makes the questions that one judge is asked.

    Attributes:
        judge: who is asked.
        output: "text", "json", or "auto": JSON where the model can be held to a schema.
        repairs: how many times it is asked again.
        rehearsed: whether answers are made up; see `ListQuestion`.
    """

    judge: Judge
    output: Output = "text"
    repairs: int = 1
    rehearsed: bool = False

    def of(self, name: str, **words: str) -> ListQuestion:
        """Make the question of a prompt file.

        Args:
            name: the file's.
            **words: what is the same for every sample, by its slot in the file.

        Raises:
            ConfigError: the judge can answer no such question.
        """
        if is_decisions(self.judge) or isinstance(base_model(self.judge), OfflineJudge):
            raise ConfigError(
                f"{type(base_model(self.judge)).__name__} answers no question with a list, and RAG metrics ask for "
                'lists: name a chat model, for example llm="openai:gpt-5-mini".'
            )
        purpose, form = _FORMS[name]
        prompt, options = self._asked_as(load_prompt(name), form)
        return ListQuestion(
            purpose=purpose,
            render=PromptRenderer.of(prompt, system=Message("system", prompt.system), **words),
            form=replace(form, structured=options is not None),
            repair_question=prompt.repair.partial(**words),
            repairs=self.repairs,
            options=options or {},
            rehearsed=self.rehearsed,
        )

    def _asked_as(self, prompt: PromptFile, form: ListForm | SubsetForm) -> tuple[PromptFile, Mapping[str, Any] | None]:
        """Return the prompt in the form that the judge can give, and the options that hold it to JSON, or None."""
        options = None if self.output == "text" else json_options(self.judge, form.schema)
        if options is None:
            if self.output == "json":
                notice(f"{type(self.judge).__name__} can be held to no JSON schema, so it is asked for text.")
            return prompt, None
        _, words = load_form("list_json")
        empty = f", which here means {_MEANINGS[prompt.name]}" if prompt.name in _MEANINGS else ""
        closing = Template.of(words["closing"]).partial(shape=form.shape, empty=empty)
        repair = Template.of(words["repair"]).partial(shape=form.shape)
        return replace(prompt, closing=closing.fill(), repair=repair), options


_MEANINGS = {
    "rag_claims": "that the text makes no claim",
    "rag_attribution": "that the reference makes no claim",
    "rag_entities": "that the reference names no entity",
    "rag_sentences": "that no sentence is needed",
    "rag_questions": "that the answer is noncommittal",
}


def versions(*names: str, structured: bool) -> str:
    """Return the names and versions of prompt files, for a signature."""
    form = f"+list_json@{load_form('list_json')[0]}" if structured else ""
    return "+".join(f"{name}@{load_prompt(name).version}" for name in names) + form
