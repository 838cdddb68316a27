"""List question: how a judge is asked for a list, and how it is asked again where the list cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lc_scoring.contexts import render_contexts
from lc_scoring.flow import Ask, Flow, Reply
from lc_scoring.judged_text import neutralize
from lc_scoring.judges.asking import Render, ask_until_read
from lc_scoring.rag.lines import NO, Finding, numbered
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.records import Sample
from lc_scoring.template import Template

NOT_GIVEN = "(not given)"
"""What a judge is shown where a sample has no input."""


class Form(Protocol):
    """Reads a list."""

    def read(
        self, reply: Reply, *, count: int | None = None, contexts: int = 0, marked: Sequence[str] = ()
    ) -> tuple[Finding, ...]:
        """Read the list in a reply; see `ListForm.read`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestion:
    """How a judge is asked for a list; everything but the sample.

    Attributes:
        purpose: what for, such as "claims of the prediction".
        render: words the question.
        form: reads the answer.
        repair_question: asked when it cannot be read; its only slot is `reason`.
        repairs: how many times to ask again.
        options: keyword arguments of the model's call.
        rehearsed: whether the answer is made up instead of read: tells what a sample would be asked.
    """

    purpose: str
    render: Render
    form: Form
    repair_question: Template
    repairs: int = 1
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rehearsed: bool = False

    def ask(
        self,
        sample: Sample,
        *,
        count: int | None = None,
        lists: Mapping[str, Sequence[str]] | None = None,
        **texts: str,
    ) -> Flow[tuple[Finding, ...]]:
        """Ask about a sample, and return a finding for each line of the answer.

        Args:
            sample: what is judged. Its texts have their names in the prompt.
            count: how many lines are asked for; None where the judge decides.
            lists: texts that the judge is shown as numbered lists, by their names in the prompt.
            **texts: other texts, by their names in the prompt.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: its last answer could not be read either.
        """
        plain: dict[str, str] = {
            "input": NOT_GIVEN if sample.input is None else sample.input,
            "prediction": sample.prediction,
            "reference": sample.reference or "",
            **{name: numbered(each) for name, each in (lists or {}).items()},
            **texts,
        }
        safe = {name: neutralize(text) for name, text in plain.items()}
        messages = self.render(**safe, contexts=render_contexts(sample.contexts))
        if self.rehearsed:
            yield (Ask(messages=messages, purpose=self.purpose, options=self.options),)
            return _made_up(count, sample)
        marked = [text for name, text in plain.items() if safe[name] != text]
        marked += [text for text in sample.contexts if neutralize(text) != text]
        findings, _ = yield from ask_until_read(
            messages,
            lambda reply: self.form.read(reply, count=count, contexts=len(sample.contexts), marked=marked),
            lambda error: self.repair_question.fill(reason=neutralize(error.reason)),
            repairs=self.repairs,
            options=self.options,
            purpose=self.purpose,
        )
        return findings


def _made_up(count: int | None, sample: Sample) -> tuple[Finding, ...]:
    """Return findings as a judge might give them: a claim for each sentence, and NO to all."""
    stated = sentences_of(sample.prediction or sample.reference or "")
    texts = stated if count is None else [""] * count
    return tuple(Finding(text=text, verdict=NO) for text in texts)
