"""The choice: one text, one verdict out of a few with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from lc_scoring.records import Score
from lc_scoring.template import Template
from lc_scoring.verdict import Verdict, read_verdict


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

    def judge(self, texts: Mapping[str, str | None]) -> Flow[Score]:
        """Decide about a sample, asking again where no verdict can be read.

        Args:
            texts: the sample's texts by the names they have in the prompt.

        Raises:
            ModelError: the model gave no answer.
            ReplyError: it answered, and no verdict could be read in the end.
        """
        safe, marked = harmless(texts)
        verdict, replies = yield from ask_until_read(
            self.render(**safe),
            lambda reply: read_choice(reply, self.words, marked=marked, judged=safe.values()),
            lambda error: self.repair_question.fill(reason=neutralize(error.reason)),
            repairs=self.repairs,
        )
        value = self.values[verdict.word]
        return Score(
            name=self.name,
            value=1 - value if self.lower_is_better else value,
            label=verdict.word,
            reasoning=joined_reasoning(replies) if self.verdict_in_reasoning else _reasons(replies, verdict),
            usage=total_usage(replies),
            signature=self.signature,
        )


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
    text = without_echoes(reply.text, marked) if marked else reply.text
    try:
        verdict = read_verdict(text, words, cut_off=reply.cut_off)
    except ReplyError as error:
        raise ReplyError(error.reason, reply=reply.text) from None
    # `GRADE: CORRECT` can be broken by no mark without being changed, so the judged text may hold it, and a judge
    # that wrote more than these words may be quoting it. Words in brackets cannot come from there.
    if verdict.labeled and verdict.reasoning and any(verdict.labeled in each for each in judged):
        raise ReplyError(QUOTATION.format(what="verdict"), reply=reply.text)
    return verdict


def _reasons(replies: list[Reply], verdict: Verdict) -> str:
    return joined_reasoning(replies[:-1]) if len(replies) > 1 else verdict.reasoning.strip()
