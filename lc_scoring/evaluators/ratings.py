"""Ratings: what the evaluators that ask for a number on a scale share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lc_scoring.evaluators.prompted import PromptedEvaluator
from lc_scoring.evaluators.reply_form import ReplyWish
from lc_scoring.judges.constraint import rating_constraint
from lc_scoring.judges.score import ScoreJudge, read_reply
from lc_scoring.judges.structured import RatingForm, listed_ratings
from lc_scoring.models.judge import Judge, is_decisions
from lc_scoring.models.options import logprobs_options
from lc_scoring.models.resolve import judge_name
from lc_scoring.rating import read_rating
from lc_scoring.scale import Scale
from lc_scoring.template import PromptFile


def rating_wish(
    evaluator: PromptedEvaluator,
    scale: Scale,
    *,
    not_applicable: bool = False,
    details: Mapping[str, Any] | None = None,
) -> ReplyWish:
    """Return what is wanted of a reply that holds a rating on a scale."""
    return ReplyWish(
        output=evaluator.output,
        kind="rating",
        constraint=rating_constraint(scale, not_applicable=not_applicable, details=details),
        words=evaluator.words(),
        backend=evaluator.backend,
        not_applicable=not_applicable,
        details=details,
        levels=tuple(listed_ratings(scale)) or (scale.low, scale.high),
    )


def score_judge(
    evaluator: PromptedEvaluator,
    prompt: PromptFile,
    llm: Judge,
    *,
    scale: Scale,
    read: Callable[..., float] = read_rating,
    expected: bool = False,
    validate: Callable[[Any], Any] | None = None,
    not_applicable: bool = False,
    words: Mapping[str, str] | None = None,
    **ways: Any,
) -> ScoreJudge:
    """Make a judge that rates on a scale.

    Args:
        evaluator: whose it is.
        prompt: how it is asked.
        llm: who is asked.
        scale: the ratings that count.
        read: the reader of texts.
        expected: whether the rating is the expected one, by the probabilities of tokens.
        validate: makes what the user asked for beside the rating.
        not_applicable: whether the judge may say that its question does not apply.
        words: what is the same for every sample, in the place of the evaluator's own.
        **ways: in what other ways it is asked, for the signature.
    """
    form = evaluator.form_for(llm, prompt)
    typed = is_decisions(llm)
    ways = {
        "form": form.name,
        "backend": evaluator.backend,
        "expected": expected,
        "not_applicable": not_applicable,
    } | ways
    return ScoreJudge(
        name=evaluator.evaluation_name,
        scale=scale,
        render=evaluator.renderer(form, **(words or {})),
        repair_question=form.prompt.repair,
        repairs=evaluator.repair,
        not_applicable=not_applicable,
        signature=evaluator.signature_of(prompt, judge_name(llm), **ways),
        read=read_reply if read is read_rating else partial(read_reply, read=read),
        form=RatingForm(validate, not_applicable) if form.structured or typed else None,
        options={**form.options, **logprobs_options(llm)} if expected and not typed else form.options,
        expected=expected or typed,
    )
