"""Verdicts: what the evaluators that decide between a few words share."""

from __future__ import annotations

from collections.abc import Mapping

from lc_scoring.evaluators.prompted import PromptedEvaluator
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.judges.constraint import verdict_constraint
from lc_scoring.models.judge import Judge
from lc_scoring.models.resolve import judge_name
from lc_scoring.template import PromptFile


def verdict_wish(evaluator: PromptedEvaluator, verdicts: tuple[str, ...]) -> ReplyWish:
    """Return what is wanted of a reply that holds one of a few verdicts."""
    return ReplyWish(
        output=evaluator.output,
        kind="verdict",
        constraint=verdict_constraint(verdicts),
        words=evaluator.words(),
        backend=evaluator.backend,
        choices=verdicts,
    )


def choice_judge(
    evaluator: PromptedEvaluator,
    prompt: PromptFile,
    llm: Judge,
    *,
    words: Mapping[str, str],
    values: Mapping[str, float],
) -> ChoiceJudge:
    """Make a judge that decides between a few verdicts.

    Args:
        evaluator: whose it is.
        prompt: how it is asked.
        llm: who is asked.
        words: what may be written, in capitals, and the verdict each stands for.
        values: what each verdict is worth, in [0, 1].
    """
    form = evaluator.form_for(llm, prompt)
    return ChoiceJudge(
        name=evaluator.evaluation_name,
        words=words,
        values=values,
        render=evaluator.renderer(form),
        repair_question=form.prompt.repair,
        repairs=evaluator.repair,
        signature=evaluator.signature_of(prompt, judge_name(llm), form=form.name, backend=evaluator.backend),
        structured=form.structured,
        options=form.options,
    )
