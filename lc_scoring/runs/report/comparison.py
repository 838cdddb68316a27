"""The comparison of two runs: what changed, how sure that is, and how many rows won and lost."""

from __future__ import annotations

from collections.abc import Sequence

from lc_scoring.errors import ConfigError
from lc_scoring.runs.compare import BETTER, WORSE, Comparison, compare
from lc_scoring.runs.report.charts import differences
from lc_scoring.runs.report.drawings import Drawings, section
from lc_scoring.runs.report.facts import Facts
from lc_scoring.runs.report.markup import Html, element, folded, table, together
from lc_scoring.runs.report.safe_text import clipped, shortened
from lc_scoring.runs.report.wording import NONE, number, plural, share
from lc_scoring.runs.run import Run

_NAME, _SENTENCE = 120, 1_000  # characters
_LEAST_P = 0.001


def comparison(facts: Sequence[Facts], *, cluster: str | None, drawings: Drawings) -> Html:
    """Return the section that compares the second run with the first; what cannot be compared says why."""
    first, second = facts
    found, refused = _compared(first.run, second.run, cluster)
    warnings = [element("p", clipped(message, _SENTENCE), class_="warning") for message in refused]
    told = compared(found, first.label, second.label, drawings) if found else Html()
    return section("comparison", "Comparison", *warnings, told)


def compared(found: Sequence[Comparison], first: str, second: str, drawings: Drawings) -> Html:
    """Return what came of a comparison.

    Args:
        found: one comparison for each evaluator, one or more.
        first: the label of the run that is compared with.
        second: the label of the other.
        drawings: takes in the chart.
    """
    sure = [
        (one.name, one.difference.value, one.difference.low, one.difference.high)
        for one in found
        if one.difference is not None
    ]
    caption = f"Difference of the means, {second} less {first}, with its 95 % interval."
    label = "Chart of the differences with their 95 % intervals. Their numbers stand in the table below."
    figure = [drawings.figure(differences(sure, axis="difference"), label=label, caption=caption)] if sure else []
    verdicts = element("div", *(_verdict(one, first, second) for one in found), class_="pair")
    return together([verdicts, *figure, _table(found, first, second), _details(found)])


def _compared(first: Run, second: Run, cluster: str | None) -> tuple[tuple[Comparison, ...], list[str]]:
    """Return what can be compared, all together since their p-values allow for how many there are, and what cannot."""
    try:
        return compare(first, second, cluster=cluster), []
    except ConfigError as error:
        whole = str(error)
    names = {one.name for one in second.evaluators}
    able: list[str] = []
    refused: list[str] = []
    for name in [one.name for one in first.evaluators if one.name in names]:
        try:
            compare(first, second, evaluators=[name], cluster=cluster)
        except ConfigError as error:
            refused.append(str(error))
        else:
            able.append(name)
    return compare(first, second, evaluators=able, cluster=cluster) if able else (), refused or [whole]


def _verdict(one: Comparison, first: str, second: str) -> Html:
    told = (
        f" {second} {number(one.other_mean)}, {first} {number(one.base_mean)}, over {plural(one.pairs, 'row')} in both."
    )
    tone = {BETTER: "better", WORSE: "worse"}.get(one.verdict, "")
    return element(
        "div",
        element("h3", shortened(one.name, _NAME)),
        element("p", element("b", clipped(one.verdict, _NAME), class_=f"pill {tone}".strip()), told, class_="verdict"),
        _bar(one),
    )


def _bar(one: Comparison) -> Html:
    """Return wins, ties and losses as one stacked bar."""
    parts = [("wins", one.wins, "better"), ("ties", one.ties, "same"), ("losses", one.losses, "worse")]
    whole = sum(count for _, count, _ in parts)
    pieces = [element("span", class_=name, style=f"flex-grow:{count}") for name, count, _ in parts if count]
    told = ", ".join(f"{word} in {count:,} ({share(count, whole)})" for _, count, word in parts)
    key = [
        element("span", element("i", class_=name), f" {word} {count:,} ({share(count, whole)})")
        for name, count, word in parts
    ]
    return together(
        [
            element("div", *pieces, class_="stacked", role="img", aria_label=f"Of {plural(whole, 'row')}: {told}"),
            element("p", *key, class_="key"),
        ]
    )


def _table(found: Sequence[Comparison], first: str, second: str) -> Html:
    rows = [
        [
            shortened(one.name, _NAME),
            f"{one.pairs:,}",
            number(one.base_mean),
            number(one.other_mean),
            NONE if one.difference is None else f"{one.difference.value:+.3f}",
            NONE if one.difference is None else f"{one.difference.low:+.3f} to {one.difference.high:+.3f}",
            _p(one.p),
            _p(one.adjusted_p),
        ]
        for one in found
    ]
    head = ["evaluator", "rows in both", first, second, "difference", "95 % interval", "p", "adjusted p"]
    return table(head, rows, label=f"{second} compared with {first}")


def _details(found: Sequence[Comparison]) -> Html:
    rows = [
        [
            shortened(one.name, _NAME),
            shortened(one.test, _NAME) or NONE,
            NONE if one.effect is None else f"{one.effect:+.2f} {shortened(one.effect_name, _NAME)}",
            number(one.detectable, 3),
            together([element("p", clipped(note, _SENTENCE)) for note in one.notes]),
        ]
        for one in found
    ]
    head = ["evaluator", "test", "size of the effect", "least difference that would show", "notes"]
    return folded("How it was tested", table(head, rows, label="Tests", words=[1, 4]))


def _p(value: float | None) -> str:
    if value is None:
        return NONE
    return f"< {_LEAST_P}" if value < _LEAST_P else f"{value:.3f}"
