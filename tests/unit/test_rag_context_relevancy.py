"""Context relevancy by hand: sentences needed / sentences of all contexts."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, metric_of, paid

from lc_scoring import NotApplicable, ReplyError, Sample, load_evaluator

FOUR = ["The mill opened in 1903. Entry is free.", "Ada Moor built it. It stands in Rye."]
SIX = ["It opened in 1903.", "Entry is free! Is it old? Yes.", "Ada Moor built it.\nIt stands in Rye."]
THIRTY = [" ".join(f"The mill has door {n}." for n in range(10 * k, 10 * k + 10)) for k in range(3)]
ASKED = "When did the mill open?"


def picked(*numbers: int) -> str:
    return "\n".join(f"{number}. it gives the year" for number in numbers) or "[[NONE]]"


# The contexts, the numbers that the judge picks; how many they are / sentences in the contexts.
CASES = [
    pytest.param(FOUR, picked(1, 2, 3, 4), 4 / 4, id="all needed"),
    pytest.param(FOUR, picked(), 0 / 4, id="none needed"),
    pytest.param(FOUR, picked(1), 1 / 4, id="the first of four"),
    pytest.param(FOUR, picked(4), 1 / 4, id="the last of four"),
    pytest.param(FOUR, picked(2, 3), 2 / 4, id="two of four"),
    pytest.param(FOUR, picked(3, 1, 4), 3 / 4, id="three of four, in another order"),
    pytest.param(["It opened in 1903."], picked(1), 1 / 1, id="one sentence, needed"),
    pytest.param(["It opened in 1903."], picked(), 0 / 1, id="one sentence, not needed"),
    pytest.param(SIX, picked(1, 6), 2 / 6, id="two of six in three contexts"),
    pytest.param(SIX, picked(1, 2, 3, 4, 6), 5 / 6, id="five of six in three contexts"),
    pytest.param(THIRTY, picked(*range(1, 31)), 30 / 30, id="thirty, all needed"),
    pytest.param(THIRTY, picked(30), 1 / 30, id="thirty, the last"),
    pytest.param(THIRTY, picked(*range(1, 31, 3)), 10 / 30, id="thirty, every third"),
    # Blank contexts have no sentences: 1 of 2.
    pytest.param(["", "It opened in 1903.", " \n", "Entry is free."], picked(1), 1 / 2, id="blank contexts"),
    # A sentence that stands in two contexts counts in each: 2 of 3.
    pytest.param(["It is old. It is free.", "It is old."], picked(1, 3), 2 / 3, id="a sentence in two contexts"),
    # Without a full stop, a context is one sentence; shortened words end none: 1 of 2.
    pytest.param(["Dr. Moor built it in 1903", "e.g. with oak."], picked(1), 1 / 2, id="full stops that end nothing"),
    pytest.param(["塔は1889年に完成した。設計者は誰か？"], picked(1), 1 / 2, id="no spaces between sentences"),
]


@pytest.mark.parametrize(("contexts", "reply", "value"), CASES)
def test_it_is_the_share_of_sentences_that_are_needed(contexts: list[str], reply: str, value: float) -> None:
    judge = Judge(sentences=reply)
    score = load_evaluator("context_relevancy", llm=judge.answer).score({"input": ASKED, "contexts": contexts})
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("context_relevancy", None, None)
    assert [part.name for part in score.parts] == [f"sentence {n}" for n in range(1, len(score.parts) + 1)]
    assert (judge.asked, score.usage) == (["sentences"], paid("sentences"))


def test_a_part_holds_the_sentence_its_context_and_the_reason() -> None:
    judge = Judge(sentences="3. **it gives the year**\n6. it says where")
    score = load_evaluator("context_relevancy", llm=judge.answer).score(
        {"input": ASKED, "contexts": ["", "Is it old? It is. It opened in 1903.", "Ada Moor built it. Who?\nIn Rye."]}
    )
    assert [(part.text, part.value, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("Is it old?", 0.0, "not needed", (2,), ""),
        ("It is.", 0.0, "not needed", (2,), ""),
        ("It opened in 1903.", 1.0, "needed", (2,), "it gives the year"),
        ("Ada Moor built it.", 0.0, "not needed", (3,), ""),
        ("Who?", 0.0, "not needed", (3,), ""),
        ("In Rye.", 1.0, "needed", (3,), "it says where"),
    ]
    assert score.basis == "2 of 6 sentences needed"
    assert score.reasoning == (
        "2 of 6 sentences needed.\n"
        "- sentence 3, needed: It opened in 1903. (it gives the year)\n"
        "- sentence 6, needed: In Rye. (it says where)"
    )
    assert "\n3. It opened in 1903.\n" in judge.conversations[0][-1]


@pytest.mark.parametrize("contexts", [[], [""], ["", " \n\t"]], ids=["none", "an empty one", "blank ones"])
def test_contexts_without_a_sentence_are_not_applicable_and_nobody_is_asked(contexts: list[str]) -> None:
    judge = Judge()
    evaluator = load_evaluator("context_relevancy", llm=judge.answer)
    with pytest.raises(NotApplicable, match="no contexts to judge, or nothing stands in them") as caught:
        evaluator.score({"input": ASKED, "contexts": contexts})
    assert (caught.value.state, caught.value.usage, judge.asked) == ("no contexts", None, [])
    result = evaluator.invoke({"input": ASKED, "contexts": contexts})
    assert (result["score"], result["value"]) == (None, "no contexts")


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("The first one.", id="no list"),
        pytest.param(picked(5), id="a sentence that does not exist"),
        pytest.param(picked(0), id="number 0"),
        pytest.param(picked(1, 1), id="a sentence twice"),
        pytest.param(f"[[NONE]]\n{picked(1)}", id="none and a list"),
        pytest.param(f"{picked(1)}\nNo others are needed.", id="words behind the list"),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(first: str) -> None:
    judge = Judge(sentences=[first, picked(2, 4)])
    score = load_evaluator("context_relevancy", llm=judge.answer).score({"input": ASKED, "contexts": FOUR})
    assert score.value == 2 / 4
    assert score.usage == paid("sentences", "sentences")


def test_two_lists_that_cannot_be_read_raise() -> None:
    judge = Judge(sentences=picked(9))
    with pytest.raises(ReplyError, match="Line 9 does not exist: there are 4") as caught:
        load_evaluator("context_relevancy", llm=judge.answer).score({"input": ASKED, "contexts": FOUR})
    assert caught.value.usage == paid("sentences", "sentences")


def test_driven_by_hand_it_asks_once_about_all_sentences() -> None:
    metric = metric_of("context_relevancy")
    fields: dict[str, Any] = {"prediction": "", "input": ASKED, "contexts": tuple(FOUR)}
    score, asked = by_hand(metric.judge(Sample(**fields)), [picked(1, 2, 3)])
    assert asked == [["sentences that are needed"]]
    assert (score.value, score.signature) == (3 / 4, metric.signature)
