"""assert_score: a test fails where the score of one text is out of bounds, and says why the judge gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lc_scoring.errors import ConfigError
from lc_scoring.integrations.bounds import Bounds, shown
from lc_scoring.integrations.pytest_notes import open_notes
from lc_scoring.integrations.pytest_scorer import Question, judged, question_of
from lc_scoring.integrations.shown_text import indented, one_line
from lc_scoring.records import Score
from lc_scoring.runs.pieces import part_number, pieces, summed_up, verdict
from lc_scoring.runs.score_interval import span_of
from lc_scoring.runs.scoring import about, reported

_REASONING = 1_000  # characters of it in a message
_FIELD = 300
_PIECES, _PIECE, _LABEL, _SOURCES = 5, 200, 60, 10


def assert_score(
    evaluator: Any,
    *,
    prediction: Any,
    input: Any = None,  # noqa: A002 - LangChain's word
    reference: Any = None,
    at_least: float | None = None,
    at_most: float | None = None,
    label: str | None = None,
    **options: Any,
) -> Score:
    """Score one text, and fail where the score is out of bounds.

    It works in any test, with and without the fixture `score`, and outside of tests too; in a pytest session the score
    is noted for the table and the run file.

    The evaluator comes first, for it says what the bounds mean: they are in the units of the number that it reports
    (its result's `score`): on a scale of 1 to 10 that is `at_least=7`, and with `normalize_by=10` it is
    `at_least=0.7`. Everything else is named: of three texts in a row two are soon swapped, and a bare number does not
    say which bound it is. A bound off the evaluator's scale is refused, since it would hold for every score or for
    none.

    Args:
        evaluator: an evaluator, or the name of one.
        prediction: the text.
        input: what it responds to.
        reference: a known good answer.
        at_least: the least score that will do.
        at_most: the greatest score that will do.
        label: the verdict that it must be, such as `"CORRECT"`.
        **options: what an evaluator that is named is made with, such as `llm` and `criteria`; further fields, such as
            `prediction_b`.

    Returns:
        The Score, to look at further.

    Raises:
        AssertionError: a bound is missed, or the label is another one.
        ConfigError: there is no bound, or one has no sense; the evaluator lacks something, or cannot be made.
        ModelError: the model gave no answer.
        ReplyError: its answer cannot be read.
        NotApplicable: the judge says that its question does not apply.

    Examples:
        >>> assert_score("exact_match", prediction="Paris", reference="Paris", at_least=1).value
        1.0
        >>> assert_score("exact_match", prediction="paris", reference="Paris", at_least=1)
        Traceback (most recent call last):
        AssertionError: exact_match: 0, wanted at least 1.
    """
    __tracebackhide__ = True
    bounds = Bounds(at_least=at_least, at_most=at_most)
    if bounds.are_open and label is None:
        raise ConfigError("assert_score needs at_least=, at_most= or label=: without one nothing can fail.")
    opened = open_notes()
    notes, test = (None, "") if opened is None else opened
    fields = {"prediction": prediction, "input": input, "reference": reference}
    question = question_of(evaluator, fields, options, notes)
    bounds.check(str(question.evaluator.evaluation_name), span_of(about(question.evaluator)))
    score = judged(question, notes, test)
    wanted = bounds.missed(reported(question.evaluator, score))
    if wanted is None and label is not None and score.label != label:
        wanted = f"the label {label}"
    if wanted is not None:
        raise AssertionError(_message(question, score, wanted))
    return score


def _message(question: Question, score: Score, wanted: str) -> str:
    found = shown(reported(question.evaluator, score))
    if score.label is not None:
        found += f" ({one_line(score.label)})"
    lines = [f"{one_line(score.name)}: {found}, wanted {wanted}."]
    costly = _costly(score)
    lines += _texts({**question.given, "reasoning": summed_up(score) if costly else score.reasoning})
    lines += costly
    lines.append(f"  signature: {one_line(score.signature, _REASONING)}")
    return "\n".join(lines)


def _texts(texts: Mapping[str, Any]) -> list[str]:
    """Return texts under their names, where there are any: on the same line if they are one."""
    lines: list[str] = []
    for name, value in texts.items():
        most = _REASONING if name == "reasoning" else _FIELD
        text = value if isinstance(value, str) else repr(value)
        if len(text.splitlines()) > 1:
            lines.append(f"  {name}:\n{indented(text, most)}")
        elif text:
            lines.append(f"  {name}: {one_line(text, most)}")
    return lines


def _costly(score: Score) -> list[str]:
    """Return the pieces of the text that cost the score something, the most costly first, each with its verdict."""
    found = list(pieces(score))
    costly = sorted((one for one in found if one[1].value < 1), key=lambda one: one[1].value)
    if not costly:
        return []
    lines = [f"  what cost it, {len(costly)} of {len(found)} pieces:"]
    lines += [f"    {line}" for path, piece in costly[:_PIECES] for line in _piece(path, piece)]
    if len(costly) > _PIECES:
        lines.append(f"    and {len(costly) - _PIECES} more")
    return lines


def _piece(path: tuple[str, ...], piece: Score) -> list[str]:
    name = ", ".join(one_line(part, _LABEL) for part in (*path, piece.name))
    found = verdict(one_line(piece.label or "", _LABEL), shown(part_number(piece)), piece.sources[:_SOURCES])
    reason = f": {one_line(piece.reasoning, _PIECE)}" if piece.reasoning else ""
    return [f"{name}: {one_line(piece.text, _PIECE)}", f"  {found}{reason}"]
