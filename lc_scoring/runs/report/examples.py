"""Rows worth a look: the lowest, those over which the parts of a judge disagree, and those that changed most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lc_scoring.data.columns import Columns
from lc_scoring.data.text import texts_of
from lc_scoring.errors import ConfigError, NotApplicable
from lc_scoring.records import Failure, Score
from lc_scoring.runs.outcomes import as_json
from lc_scoring.runs.pieces import lowest_parts, part_number, summed_up, verdict
from lc_scoring.runs.report.drawings import section
from lc_scoring.runs.report.facts import Facts, evaluator_names
from lc_scoring.runs.report.findings import Found
from lc_scoring.runs.report.markup import Html, element, folded, together
from lc_scoring.runs.report.safe_text import clipped, shortened
from lc_scoring.runs.report.wording import number
from lc_scoring.runs.target import with_output

_FIELDS = (
    "input",
    "prediction",
    "prediction_b",
    "reference",
    "contexts",
    "agent_trajectory",
    "retrieved_ids",
    "relevant_ids",
)
_OWN = 8  # of a row's own columns, where it has none of these fields
_TEXT, _REASONING, _PART, _CONTEXT = 1_500, 2_000, 300, 300  # characters
_CONTEXTS = 4_000  # characters of all of them
_NAME, _GLIMPSE = 120, 110
_PARTS, _SOURCES = 12, 20
_OF_TWO = 5  # rows of each run, where there are two


def examples(facts: Sequence[Facts]) -> Html:
    """Return the section of the rows worth a look."""
    most = None if len(facts) == 1 else _OF_TWO
    parts: list[Html] = []
    for name in evaluator_names(facts):
        for one in facts:
            if name not in one.findings:
                continue
            found = one.findings[name]
            where = "" if len(facts) == 1 else f", {one.label}"
            heading = f"{shortened(name, _NAME)}{where}"
            parts += _listed(f"{heading}: changed most", found.changed[:most], one.columns, _change)
            parts += _listed(f"{heading}: lowest", found.worst[:most], one.columns, _score)
            parts += _listed(f"{heading}: most contested, by spread", found.contested[:most], one.columns, _spread)
    nothing = element("p", "No row was rated below the best, and none was contested.", class_="note")
    return section("examples", "Rows worth a look", *(parts or [nothing]))


def row_texts(found: Found, columns: Columns) -> list[tuple[str, str]]:
    """Return what a row was scored by, as names and texts; its own columns where it has none of the known fields."""
    values = found.result.values
    if found.result.prediction is not None:
        values = with_output(values, found.result.prediction, columns)
    texts = list(_fields(values, columns))
    return texts or [(name, _text(value)) for name, value in list(values.items())[:_OWN] if value is not None]


def _fields(values: Mapping[str, Any], columns: Columns) -> Iterator[tuple[str, str]]:
    for name in _FIELDS:
        try:
            value = columns.take(values, name)
        except ConfigError:
            continue
        if value is not None:
            yield name.replace("_", " "), _numbered(value) if name == "contexts" else _text(value)


def _numbered(contexts: object) -> str:
    """Return contexts under the numbers by which a judgement names them, each a line, so that none poses as two."""
    try:
        texts = texts_of("contexts", contexts)
    except ConfigError:  # one of them is missing: nothing was judged by them
        return _text(contexts)
    if len(texts) < 2:  # noqa: PLR2004 - one needs no number
        return "".join(texts) or _text(contexts)
    return "\n".join(f"{number}: {shortened(one, _CONTEXT)}" for number, one in enumerate(texts, start=1))


def _text(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)


def _score(found: Found) -> str:
    return number(found.result.score)


def _change(found: Found) -> str:
    return f"{number(found.before)} → {number(found.result.score)}"


def _spread(found: Found) -> str:
    outcome = found.result.outcome
    return f"± {number(outcome.spread)}" if isinstance(outcome, Score) else ""


def _listed(title: str, found: Sequence[Found], columns: Columns, first: Callable[[Found], str]) -> list[Html]:
    if not found:
        return []
    rows = [_row(one, columns, first(one)) for one in found]
    return [element("h3", title), element("div", *rows, class_="rows changes" if first is _change else "rows")]


def _row(found: Found, columns: Columns, first: str) -> Html:
    result = found.result
    texts = row_texts(found, columns)
    glimpse = dict(texts).get("prediction") or next((text for _, text in texts), "")
    summary = together(
        [
            element("span", first, class_="score"),
            element("span", shortened(result.id, _NAME), class_="id"),
            element("span", shortened(glimpse, _GLIMPSE), class_="glimpse"),
        ]
    )
    told = [
        together([element("dt", name), element("dd", clipped(text, _CONTEXTS if name == "contexts" else _TEXT))])
        for name, text in texts
    ]
    if isinstance(result.outcome, Score):
        told += [together([element("dt", "score"), element("dd", number(result.score))])]
        told += _judged(result.outcome)
    return folded(summary, element("dl", *told, class_="texts"), class_="row")


def _judged(score: Score) -> Iterator[Html]:
    if score.label is not None:
        yield together([element("dt", "verdict"), element("dd", clipped(score.label, _PART))])
    if why := summed_up(score):
        yield together([element("dt", "reasoning"), element("dd", clipped(why, _REASONING))])
    if score.spread:
        yield together([element("dt", "spread"), element("dd", number(score.spread))])
    if score.parts or score.failures:
        yield together([element("dt", "parts"), element("dd", _parts(score))])


def _parts(score: Score) -> Html:
    """Return what a score was made of as a list; of many parts the lowest, for they say why it is low."""
    lines = [_part(part) for part in lowest_parts(score.parts, _PARTS)]
    if len(score.parts) > _PARTS:
        lines.append(element("li", f"and {len(score.parts) - _PARTS} more"))
    lines += [_missing(failure) for failure in score.failures[:_PARTS]]
    if len(score.failures) > _PARTS:
        lines.append(element("li", f"and {len(score.failures) - _PARTS} more without a score"))
    return element("ul", *lines)


def _part(part: Score) -> Html:
    name = element("b", f"{shortened(part.name, _NAME)}: {number(part_number(part))}")
    found = verdict(shortened(part.label or "", _NAME), "", part.sources[:_SOURCES])
    told: list[str] = [name, f" {found}" if found else ""]
    if part.text:
        told.append(element("div", clipped(part.text, _PART), class_="piece"))
    if why := summed_up(part):
        said = clipped(why, _PART)
        told.append(element("div", said, class_="why") if part.text or found or part.parts else f" {said}")
    if part.parts or part.failures:
        told.append(_parts(part))
    return element("li", *told)


def _missing(failure: Failure) -> Html:
    error = failure.error
    if isinstance(error, NotApplicable) and error.state:
        said = f"{error.state}: {error.reasoning}"
    else:
        said = f"{type(error).__name__}: {error}"
    return element("li", element("b", f"{shortened(failure.name, _NAME)}: no score"), f" {clipped(said, _PART)}")
