"""Context recall and context entity recall by hand: what of the reference the contexts hold / what it holds."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, listed, metric_of, paid

from lc_scoring import NotApplicable, ReplyError, Sample, load_evaluator

FIVE = tuple(f"Context number {n}." for n in range(1, 6))
ROW: dict[str, Any] = {"reference": "The mill opened in 1903; Ada Moor built it.", "contexts": FIVE}
YEAR, NO_YEAR = "The mill opened in 1903. || said there [[YES: 1]]", "The mill opened in 1903. || nowhere [[NO]]"
FREE, NOT_FREE = "Entry is free. || said there [[YES: 2]]", "Entry is free. || nowhere [[NO]]"
BUILT, NOT_BUILT = "Ada Moor built it. || said there [[YES: 1, 3]]", "Ada Moor built it. || nowhere [[NO]]"


def doors(*verdicts: str) -> list[str]:
    return [f"The mill has door {n}. || why [[{verdict}]]" for n, verdict in enumerate(verdicts, 1)]


# What the judge writes; claims of the reference that the contexts hold / its claims.
CLAIMS = [
    pytest.param([YEAR, FREE], 2 / 2, id="all held"),
    pytest.param([NO_YEAR, NOT_FREE], 0 / 2, id="none held"),
    pytest.param([YEAR, NOT_FREE], 1 / 2, id="the first of two"),
    pytest.param([NO_YEAR, FREE], 1 / 2, id="the second of two"),
    pytest.param([YEAR, NOT_FREE, BUILT], 2 / 3, id="two of three"),
    pytest.param([NO_YEAR, NOT_FREE, BUILT], 1 / 3, id="one of three"),
    pytest.param([YEAR], 1 / 1, id="one claim, held"),
    pytest.param([NO_YEAR], 0 / 1, id="one claim, missing"),
    pytest.param([YEAR, YEAR, NOT_FREE], 2 / 3, id="a claim twice counts twice"),
    pytest.param(doors(*["YES: 1-5"] * 30), 30 / 30, id="thirty, all held"),
    pytest.param(doors(*["YES: 5"] * 29, "NO"), 29 / 30, id="thirty, all but the last"),
    pytest.param(doors(*["NO", "YES: 1", "NO"] * 10), 10 / 30, id="thirty, every third"),
    pytest.param(doors(*["NO"] * 30), 0 / 30, id="thirty, none"),
    # A claim may hold a bar of its own, and no reason at all: 2 of 2.
    pytest.param(["P(A|B) is 0.5. || said [[YES: 4]]", "It is old. [[YES: 2]]"], 2 / 2, id="bars, and no reason"),
]


@pytest.mark.parametrize(("lines", "value"), CLAIMS)
def test_context_recall_is_the_share_of_the_references_claims_that_the_contexts_hold(
    lines: list[str], value: float
) -> None:
    judge = Judge(attribution=listed(lines))
    score = load_evaluator("context_recall", llm=judge.answer).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("context_recall", None, None)
    assert [part.name for part in score.parts] == [f"claim {n}" for n in range(1, len(lines) + 1)]
    assert [part.value for part in score.parts] == [float("[[YES" in line) for line in lines]
    assert (judge.asked, score.usage) == (["attribution"], paid("attribution"))


# An entity that stands there twice is one: E is a set. Entities that the contexts name / entities.
ENTITIES = [
    pytest.param(["1903 || [[YES: 1]]", "Ada Moor || [[YES: 3]]"], 2 / 2, id="all named"),
    pytest.param(["1903 || [[NO]]", "Ada Moor || [[NO]]"], 0 / 2, id="none named"),
    pytest.param(["1903 || [[YES: 1]]", "Ada Moor || [[NO]]"], 1 / 2, id="the first of two"),
    pytest.param(["1903 || [[NO]]", "Ada Moor || [[YES: 1]]"], 1 / 2, id="the second of two"),
    pytest.param(["1903 || [[YES: 1]]", "Rye || [[NO]]", "Ada Moor || [[NO]]"], 1 / 3, id="one of three"),
    pytest.param(["1903 || [[YES: 1]]", "Rye || [[YES: 1]]", "Ada Moor || [[NO]]"], 2 / 3, id="two of three"),
    pytest.param(["1903 || [[YES: 1]]"], 1 / 1, id="one entity, named"),
    pytest.param(["1903 || [[NO]]"], 0 / 1, id="one entity, missing"),
    pytest.param([f"Door {n} || [[YES: 2]]" for n in range(30)], 30 / 30, id="thirty, all named"),
    pytest.param([f"Door {n} || [[{'YES: 2' if n < 7 else 'NO'}]]" for n in range(30)], 7 / 30, id="thirty, seven"),
    pytest.param([f"Door {n} || [[NO]]" for n in range(30)], 0 / 30, id="thirty, none"),
    pytest.param(["Rye || [[YES: 1]]", "Rye || [[YES: 1]]", "1903 || [[NO]]"], 1 / 2, id="one that stands there twice"),
    pytest.param(["Rye || [[NO]]", "RYE || [[NO]]", "1903 || [[YES: 2]]"], 1 / 2, id="twice in other letters"),
    pytest.param(
        ["Ada  Moor || [[YES: 1]]", "ada moor || [[YES: 1]]", "Ada Moor || [[YES: 1]]", "Rye || [[NO]]"],
        1 / 2,
        id="three times in other letters and spaces",
    ),
    pytest.param(["Straße || [[YES: 1]]", "STRASSE || [[YES: 1]]", "Rye || [[NO]]"], 1 / 2, id="one sharp s"),
    pytest.param(
        [f"Door {n % 3} || [[{'NO' if n % 3 else 'YES: 1'}]]" for n in range(30)], 1 / 3, id="thirty of three"
    ),
]


@pytest.mark.parametrize(("lines", "value"), ENTITIES)
def test_context_entity_recall_is_the_share_of_the_references_entities_that_the_contexts_name(
    lines: list[str], value: float
) -> None:
    judge = Judge(entities=listed(lines))
    score = load_evaluator("context_entity_recall", llm=judge.answer).score(ROW)
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("context_entity_recall", None, None)
    names = {" ".join(line.partition("||")[0].casefold().split()) for line in lines}
    assert [part.name for part in score.parts] == [f"entity {n}" for n in range(1, len(names) + 1)]
    assert (judge.asked, score.usage) == (["entities"], paid("entities"))


def test_a_claim_has_its_text_its_contexts_and_the_reason() -> None:
    lines = listed([YEAR, NOT_FREE, "Ada Moor built it. || told twice [[YES: 5, 2-3, 5]]"])
    score = load_evaluator("context_recall", llm=Judge(attribution=lines).answer).score(ROW)
    assert [(part.text, part.value, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("The mill opened in 1903.", 1.0, "attributed", (1,), "said there"),
        ("Entry is free.", 0.0, "not in the contexts", (), "nowhere"),
        ("Ada Moor built it.", 1.0, "attributed", (2, 3, 5), "told twice"),
    ]
    assert score.basis == "2 of 3 claims of the reference in the contexts"
    assert score.reasoning == (
        "2 of 3 claims of the reference in the contexts.\n- claim 2, not in the contexts: Entry is free. (nowhere)"
    )


def test_an_entity_has_its_text_its_contexts_and_the_reason() -> None:
    lines = "1. 1903 || as a year [[YES: 1, 4]]\n2. Ada Moor || nowhere [[NO]]\n3. ada moor || nowhere else [[NO]]"
    score = load_evaluator("context_entity_recall", llm=Judge(entities=lines).answer).score(ROW)
    assert [(part.text, part.value, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("1903", 1.0, "named", (1, 4), "as a year"),
        ("Ada Moor", 0.0, "not in the contexts", (), "nowhere"),
    ]
    assert score.basis == "1 of 2 entities of the reference in the contexts"
    assert score.reasoning == (
        "1 of 2 entities of the reference in the contexts.\n- entity 2, not in the contexts: Ada Moor (nowhere)"
    )


def test_an_entity_that_stands_there_twice_has_the_contexts_of_both_lines() -> None:
    lines = listed(["Rye || [[YES: 1]]", "rye || [[YES: 2]]"])
    score = load_evaluator("context_entity_recall", llm=Judge(entities=lines).answer).score(ROW)
    assert [part.sources for part in score.parts] == [(1, 2)]


def test_one_entity_judged_in_two_ways_cannot_be_read() -> None:
    judge = Judge(entities=listed(["Rye || [[YES: 1]]", "1903 || [[NO]]", "RYE || [[NO]]"]))
    with pytest.raises(ReplyError, match="'RYE' is judged in two ways") as caught:
        load_evaluator("context_entity_recall", llm=judge.answer).score(ROW)
    assert caught.value.usage == paid("entities", "entities")  # it was asked once more


def test_the_error_of_an_entity_judged_in_two_ways_holds_what_the_judge_wrote() -> None:
    lines = listed(["Rye || [[YES: 1]]", "RYE || [[NO]]"])
    with pytest.raises(ReplyError) as caught:
        load_evaluator("context_entity_recall", llm=Judge(entities=lines).answer).score(ROW)
    assert caught.value.reply == lines


BOTH = pytest.mark.parametrize(
    ("name", "question", "nothing"),
    [("context_recall", "attribution", "no claims"), ("context_entity_recall", "entities", "no entities")],
)


@BOTH
def test_without_contexts_it_is_0_and_nobody_is_asked(name: str, question: str, nothing: str) -> None:
    judge = Judge()
    evaluator = load_evaluator(name, llm=judge.answer)
    score = evaluator.score({**ROW, "contexts": []})
    assert (score.value, score.label, score.basis, score.parts) == (0.0, "no contexts", "no contexts", ())
    assert "no contexts" in score.reasoning
    assert (judge.asked, score.usage, score.signature) == ([], paid(), evaluator.signature)
    assert evaluator.invoke({**ROW, "contexts": []})["value"] == "no contexts"


@BOTH
@pytest.mark.parametrize("contexts", [FIVE, ()], ids=["contexts", "no contexts"])
@pytest.mark.parametrize("reference", ["", "  \n"], ids=["empty", "white space"])
def test_a_blank_reference_is_not_applicable(
    name: str, question: str, nothing: str, contexts: tuple[str, ...], reference: str
) -> None:
    judge = Judge()
    evaluator = load_evaluator(name, llm=judge.answer)
    with pytest.raises(NotApplicable, match="reference is blank") as caught:
        evaluator.score({"reference": reference, "contexts": contexts})
    assert (caught.value.state, caught.value.usage, judge.asked) == ("no reference", None, [])
    result = evaluator.invoke({"reference": reference, "contexts": contexts})
    assert (result["score"], result["value"]) == (None, "no reference")


@BOTH
def test_a_reference_that_holds_nothing_is_not_applicable(name: str, question: str, nothing: str) -> None:
    judge = Judge(**{question: "[[NONE]]"})
    with pytest.raises(NotApplicable) as caught:
        load_evaluator(name, llm=judge.answer).score({**ROW, "reference": "Who knows?"})
    assert (caught.value.state, caught.value.usage) == (nothing, paid(question))


@BOTH
@pytest.mark.parametrize(
    "first",
    [
        pytest.param("It holds one.", id="no list"),
        pytest.param("1. Rye || said [[YES]]", id="no context named"),
        pytest.param("1. Rye || said [[YES: 6]]", id="a context that does not exist"),
        pytest.param("1. || said [[YES: 1]]", id="nothing stated"),
        pytest.param("[[NONE]]\n1. Rye || said [[YES: 1]]", id="none and a list"),
        pytest.param("1. Rye || said [[YES: 1]]\n3. 1903 || nowhere [[NO]]", id="a number left out"),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(
    name: str, question: str, nothing: str, first: str
) -> None:
    judge = Judge(**{question: [first, listed(["Rye || [[YES: 1]]", "1903 || [[NO]]"])]})
    score = load_evaluator(name, llm=judge.answer).score(ROW)
    assert score.value == 1 / 2
    assert score.usage == paid(question, question)


@BOTH
def test_two_lists_that_cannot_be_read_raise(name: str, question: str, nothing: str) -> None:
    judge = Judge(**{question: "1. Rye || said [[MAYBE]]"})
    with pytest.raises(ReplyError, match="must be YES or NO, got 'MAYBE'") as caught:
        load_evaluator(name, llm=judge.answer).score(ROW)
    assert caught.value.usage == paid(question, question)


@BOTH
def test_driven_by_hand_it_asks_once(name: str, question: str, nothing: str) -> None:
    metric = metric_of(name)
    lines = listed(["Rye || [[YES: 1]]", "1903 || [[NO]]", "Ada Moor || [[NO]]"])
    score, asked = by_hand(metric.judge(Sample(prediction="", **ROW)), [lines])
    what = "claims" if name == "context_recall" else "entities"
    assert asked == [[f"{what} of the reference in the contexts"]]
    assert (score.value, score.signature) == (pytest.approx(1 / 3, abs=1e-9), metric.signature)
