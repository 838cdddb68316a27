"""The choice: one text, one verdict out of a few with its reasons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Flow, Reply
from lc_scoring.judged_text import neutralize, without_echoes
from lc_scoring.judges.asking import (
    QUOTATION,
    Render,
    ask_until_read,
    check_given,
    harmless,
    joined_reasoning,
    total_usage,
)
from lc_scoring.judges.structured import VERDICT, find_object, verdict_of
from lc_scoring.records import Score
from lc_scoring.template import Template
from lc_scoring.verdict import Verdict, read_verdict

_NO_LETTERS = re.compile(r"[\W_]+")
_ALIKE = 12  # letters beside a word that are the same in the reply and a judged text, where it is quoted
_NEAR = 100  # characters beside a word in which these letters stand
_LOOKED_AT = 1_000  # places in a judged text; one that repeats its word more often steers nothing by it
_WORD_END = 3  # letters at the end of a verdict
_NO_BRACKETS = re.compile(r"[^\w\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceJudge:
    """How one evaluator decides between a few verdicts; everything but the sample.

    Attributes:
        name: what is judged, for example `correctness`.
        words: what the judge may write, in capitals, and the verdict each stands for.
        values: what each verdict is worth, in [0, 1].
        render: makes the question of a sample's texts.
        repair_question: asked when the answer cannot be read; its only slot is `reason`.
        repairs: how many times to ask again.
        signature: what made the score.
        lower_is_better: turns `Score.value` round.
        verdict_in_reasoning: whether `Score.reasoning` keeps the verdict where it stands at the answer's end.
        structured: whether JSON was asked for.
        options: keyword arguments of the model's call.
    """

    name: str
    words: Mapping[str, str]
    values: Mapping[str, float]
    render: Render
    repair_question: Template
    repairs: int = 1
    signature: str = ""
    lower_is_better: bool = False
    verdict_in_reasoning: bool = True
    structured: bool = False
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Decide about a sample, asking again where no verdict can be read.

        Args:
            texts: the sample's texts by the names they have in the prompt.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: it answered, and no verdict could be read in the end.
        """
        safe, marked = harmless(texts)
        (verdict, apart), replies = yield from ask_until_read(
            self.render(**safe),
            lambda reply: self._read(reply, marked, safe.values()),
            lambda error: self.repair_question.fill(reason=neutralize(error.reason)),
            repairs=self.repairs,
            options=self.options,
        )
        return Score(
            name=self.name,
            value=self.value_of(verdict.word),
            label=verdict.word,
            reasoning=verdict.reasoning if apart else self._reasoning(replies, verdict),
            usage=total_usage(replies),
            signature=self.signature,
        )

    def _read(self, reply: Reply, marked: Sequence[str], judged: Iterable[str]) -> tuple[Verdict, bool]:
        """Read a reply's verdict; True beside it where its reasons stand apart from it, in JSON."""
        if self.structured:
            check_given(reply)
            if found := find_object(reply, VERDICT):
                verdict = verdict_of(found, self.words, reply)
                return verdict, bool(verdict.reasoning)
        return read_choice(reply, self.words, marked=marked, judged=judged), False

    def _reasoning(self, replies: list[Reply], verdict: Verdict) -> str:
        return joined_reasoning(replies) if self.verdict_in_reasoning else _reasons(replies, verdict)

    def value_of(self, verdict: str) -> float:
        """Return what a verdict is worth, in [0, 1], 1 for the best."""
        value = self.values[verdict]
        return 1 - value if self.lower_is_better else value


def read_choice(
    reply: Reply, words: Mapping[str, str], *, marked: Sequence[str] = (), judged: Iterable[str] = ()
) -> Verdict:
    """Read the verdict in a judge's reply.

    Args:
        reply: the reply.
        words: what the judge may write, in capitals, and the verdict each stands for.
        marked: the judged texts that held marks such as `[[Y]]`; a judge may quote them.
        judged: all judged texts, as the judge was shown them.

    Raises:
        ReplyError: the judge declined, was held back or cut off, or wrote no verdict that is certainly its own.
    """
    if reply.refusal or reply.filtered:
        check_given(reply)
    text, shown = without_echoes(reply.text, marked) if marked else reply.text, tuple(judged)
    try:
        verdict = read_verdict(text, words, cut_off=reply.cut_off, quoted=shown)
    except ReplyError as error:
        raise ReplyError(error.reason, reply=reply.text) from None
    if verdict.reasoning and _may_be_quoted(verdict, words, marked, shown):
        raise ReplyError(QUOTATION.format(what="verdict"), reply=reply.text)
    return verdict


def _may_be_quoted(verdict: Verdict, words: Mapping[str, str], marked: Iterable[str], judged: Iterable[str]) -> bool:
    """Whether the verdict read may be one that stands in the judged texts, written again by the judge.

    `GRADE: CORRECT` can be broken by no mark without being changed, so any judged text may hold it. Words in brackets
    come from a text that held some, where the judge repaired what it quotes. A reply that is a verdict and nothing
    else is the judge's own.
    """
    if verdict.bracketed:
        return any(_bare_brackets(verdict.said) in _bare_brackets(each) for each in marked)
    said = _bare(verdict.said)
    if said.upper() not in words:
        end = _in_one_case(verdict.said)[-_WORD_END:]  # looking for this first spares most texts the rest
        return any(end in _in_one_case(each) and said in _bare(each) for each in judged)
    return any(said in _in_one_case(each) and _stands_in(each, said, verdict.reasoning) for each in judged)


def _stands_in(judged: str, word: str, reasoning: str) -> bool:
    """Whether a bare word stands in a judged text beside the same letters as in the reply."""
    judged = _in_one_case(judged)
    beside = [
        (
            _bare(judged[max(0, one.start() - _NEAR) : one.start()])[-_ALIKE:],
            _bare(judged[one.end() : one.end() + _NEAR])[:_ALIKE],
        )
        for one in islice(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", judged), _LOOKED_AT)
    ]
    letters = _bare(reasoning) if beside else ""
    return any(
        (before and letters.endswith((before, before + word))) or (after and letters.startswith(after))
        for before, after in beside
    )


def _in_one_case(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _bare_brackets(text: str) -> str:
    """Return the letters, digits and brackets of a text, in one case and width."""
    return _NO_BRACKETS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _bare(text: str) -> str:
    """Return the letters and digits of a text, in one case and width."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _reasons(replies: list[Reply], verdict: Verdict) -> str:
    """Return what was written before the verdict."""
    before = [joined_reasoning(replies[:-1])] if len(replies) > 1 else []
    return "\n\n".join(filter(None, [*before, verdict.reasoning.strip()]))
