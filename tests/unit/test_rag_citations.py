"""Citation support by hand: citations that bear out their sentence / citations."""

from __future__ import annotations

from typing import Any

import pytest
from loopback.rag_replies import Judge, by_hand, listed, metric_of, paid

from lc_scoring import ConfigError, NotApplicable, ReplyError, Sample, load_evaluator
from lc_scoring.rag.citations import citations_in

FIVE = tuple(f"Context number {n}." for n in range(1, 6))
Y, N = "It says so. [[YES]]", "It does not. [[NO]]"
TWO = "It opened in 1903 [1]. Entry is free [2]."
THIRTY = " ".join(f"It has door {n} [{n % 5 + 1}]." for n in range(30))

# The prediction, with five contexts to cite; what the judge writes; borne out / citations.
CASES = [
    pytest.param(TWO, [Y, Y], 2 / 2, id="all borne out"),
    pytest.param(TWO, [N, N], 0 / 2, id="none borne out"),
    pytest.param(TWO, [Y, N], 1 / 2, id="the first of two"),
    pytest.param(TWO, [N, Y], 1 / 2, id="the second of two"),
    pytest.param("It opened in 1903 [1].", [Y], 1 / 1, id="one citation, borne out"),
    pytest.param("It opened in 1903 [1].", [N], 0 / 1, id="one citation, not borne out"),
    pytest.param("It opened in 1903 [1, 3].", [Y, N], 1 / 2, id="two in one bracket"),
    pytest.param("It opened in 1903 [2-4].", [Y, Y, N], 2 / 3, id="a span"),
    pytest.param("It opened in 1903 [2\N{EN DASH}4].", [Y, N, N], 1 / 3, id="a span with a longer dash"),
    pytest.param("It opened in 1903 [1, 3-5].", [Y, Y, Y, N], 3 / 4, id="a number and a span"),
    pytest.param("It opened in 1903 [1][2].", [Y, N], 1 / 2, id="two brackets"),
    pytest.param("It opened in 1903 [1; 2].", [Y, N], 1 / 2, id="a semicolon"),
    pytest.param("It opened in 1903 [^1]. Entry is free [^2].", [N, Y], 1 / 2, id="footnotes"),
    pytest.param("It opened in 1903 【1】. Entry is free 【2, 3】.", [Y, N, N], 1 / 3, id="fullwidth brackets"),
    pytest.param("It opened in 1903 [[1]]. Entry is free [[2]].", [Y, N], 1 / 2, id="double brackets"),
    pytest.param("It opened in 1903. [1] Entry is free. [2]", [Y, N], 1 / 2, id="behind the full stop"),
    pytest.param("開館は1903年です【1】。入場は無料です【2】。", [Y, N], 1 / 2, id="no spaces between sentences"),
    # A sentence that cites nothing counts neither way: 1 of 1.
    pytest.param("It is old. It opened in 1903 [1]. Who knew?", [Y], 1 / 1, id="sentences that cite nothing"),
    # A sentence that cites one context twice cites it once: 1 of 2.
    pytest.param("It opened [1] in 1903 [1, 2].", [Y, N], 1 / 2, id="one context twice in a sentence"),
    pytest.param("It opened in 1903 [1]. It is old [1].", [Y, N], 1 / 2, id="one context in two sentences"),
    pytest.param(THIRTY, [Y] * 30, 30 / 30, id="thirty, all borne out"),
    pytest.param(THIRTY, [N] * 29 + [Y], 1 / 30, id="thirty, the last"),
    pytest.param(THIRTY, [Y, N, N] * 10, 10 / 30, id="thirty, every third"),
    pytest.param(THIRTY, [N] * 30, 0 / 30, id="thirty, none"),
    # Citations of contexts that do not exist count, and nobody is asked about them: 1 of 2, 1 of 3, 2 of 4.
    pytest.param("It opened in 1903 [1]. Entry is free [6].", [Y], 1 / 2, id="one that does not exist"),
    pytest.param("It opened in 1903 [1, 98, 99].", [Y], 1 / 3, id="numbers beyond the end"),
    pytest.param("It opened in 1903 [4-7].", [Y, Y], 2 / 4, id="a span over the end"),
]


def made(judge: Judge, **options: Any) -> Any:
    return load_evaluator("citation_support", llm=judge.answer, **options)


@pytest.mark.parametrize(("prediction", "lines", "value"), CASES)
def test_it_is_the_share_of_citations_that_bear_out_their_sentence(
    prediction: str, lines: list[str], value: float
) -> None:
    judge = Judge(citations=listed(lines))
    score = made(judge).score({"prediction": prediction, "contexts": FIVE})
    assert score.value == pytest.approx(value, abs=1e-9)
    assert (score.name, score.label, score.rating) == ("citation_support", None, None)
    assert [part.name for part in score.parts] == [f"citation {n}" for n in range(1, len(score.parts) + 1)]
    assert [part.value for part in score.parts if part.label != "no such context"] == [float(one == Y) for one in lines]
    assert (judge.asked, score.usage) == (["citations"], paid("citations"))


def test_a_part_holds_the_sentence_without_its_marks_and_the_context() -> None:
    judge = Judge(citations=listed(["gives the year [[YES]]", "[[NO]]", "says free [[YES]]"]))
    prediction = "It is old. It opened [3] in 1903 [1, 7]. Entry is free! [^2] Ask."
    score = made(judge).score({"prediction": prediction, "contexts": FIVE})
    assert [(part.text, part.value, part.label, part.sources, part.reasoning) for part in score.parts] == [
        ("It opened in 1903.", 1.0, "borne out", (3,), "gives the year"),
        ("It opened in 1903.", 0.0, "not borne out", (1,), ""),
        ("It opened in 1903.", 0.0, "no such context", (7,), "There is no context 7."),
        ("Entry is free!", 1.0, "borne out", (2,), "says free"),
    ]
    assert score.basis == "2 of 4 citations bear out their sentence"
    assert score.reasoning == (
        "2 of 4 citations bear out their sentence. 2 sentences cite nothing.\n"
        "- citation 2, not borne out: It opened in 1903.\n"
        "- citation 3, no such context: It opened in 1903. (There is no context 7.)"
    )
    assert (
        "1. Context 3 is cited for: It opened in 1903.\n"
        "2. Context 1 is cited for: It opened in 1903.\n"
        "3. Context 2 is cited for: Entry is free!\n"
    ) in judge.conversations[0][-1]


def test_one_sentence_that_cites_nothing_is_told_as_one() -> None:
    score = made(Judge(citations=listed([Y]))).score({"prediction": "It is old. It is free [1].", "contexts": FIVE})
    assert score.reasoning == "1 of 1 citations bear out their sentence. 1 sentence cites nothing."


@pytest.mark.parametrize("contexts", [(), FIVE[:1]], ids=["no contexts", "one context"])
def test_where_no_cited_context_exists_it_is_0_and_nobody_is_asked(contexts: tuple[str, ...]) -> None:
    judge = Judge()
    score = made(judge).score({"prediction": "It opened in 1903 [2]. Entry is free [3, 9].", "contexts": contexts})
    assert (score.value, score.basis) == (0.0, "0 of 3 citations bear out their sentence")
    assert [(part.label, part.sources) for part in score.parts] == [
        ("no such context", (2,)),
        ("no such context", (3,)),
        ("no such context", (9,)),
    ]
    assert (judge.asked, score.usage) == ([], paid())


UNCITED = [
    pytest.param("It opened in 1903. Entry is free.", id="no brackets"),
    pytest.param("", id="nothing"),
    pytest.param(" \n", id="white space"),
    pytest.param("It opened [when?] in [b].", id="words in brackets"),
    pytest.param("It opened in 1903 [1](https://mill.example).", id="a link"),
    pytest.param("It opened in 1903 [].", id="empty brackets"),
    pytest.param("It opened in 1903 [3-1].", id="a span backwards"),
    pytest.param("It opened in 1903 [1-1001].", id="a span of more than a thousand"),
    pytest.param("[1]", id="a mark without a sentence"),
    pytest.param("It opened in (1) 1903.", id="other brackets"),
]


@pytest.mark.parametrize("prediction", UNCITED)
@pytest.mark.parametrize("contexts", [(), FIVE], ids=["no contexts", "contexts"])
def test_a_prediction_that_cites_nothing_is_not_applicable_and_nobody_is_asked(
    prediction: str, contexts: tuple[str, ...]
) -> None:
    judge = Judge()
    evaluator = made(judge)
    with pytest.raises(NotApplicable, match="cites no context") as caught:
        evaluator.score({"prediction": prediction, "contexts": contexts})
    assert (caught.value.state, caught.value.usage, judge.asked) == ("no citations", None, [])
    result = evaluator.invoke({"prediction": prediction, "contexts": contexts})
    assert (result["score"], result["value"]) == (None, "no citations")


@pytest.mark.parametrize(
    ("text", "citations", "uncited"),
    [
        pytest.param("It is [1].", [("It is.", 1)], 0, id="one"),
        pytest.param("It is [1] or was [2].", [("It is or was.", 1), ("It is or was.", 2)], 0, id="within"),
        pytest.param("It is [1]. So. Yes?", [("It is.", 1)], 2, id="others"),
        pytest.param("It is.\n[2]", [], 1, id="a mark alone on a line"),
        pytest.param("The array a[0] is [1].", [("The array a[0] is.", 1)], 0, id="an index"),
        pytest.param("In the year [2019] it was [1].", [("In the year [2019] it was.", 1)], 0, id="a year"),
        pytest.param("- It is [2]\n- So", [("- It is", 2)], 1, id="items of a list"),
        pytest.param("It is [1-20].", [("It is.", n) for n in range(1, 21)], 0, id="twenty"),
        pytest.param("It is [1-21].", [], 1, id="a span of more than twenty"),
        pytest.param("", [], 0, id="nothing"),
    ],
)
def test_citations_are_found_with_their_sentences(text: str, citations: list[tuple[str, int]], uncited: int) -> None:
    found, rest = citations_in(text)
    assert ([(one.sentence, one.place) for one in found], rest) == (citations, uncited)


@pytest.mark.parametrize(
    ("text", "citations"),
    [
        pytest.param("It is old [1], or new.", [("It is old, or new.", 1)], id="a comma behind the mark"),
        pytest.param("It is old [1]; it is free.", [("It is old; it is free.", 1)], id="a semicolon behind the mark"),
        pytest.param("It is old (see [1]).", [("It is old.", 1)], id="a mark in round brackets"),
        pytest.param("開館は1903年です［1］。", [("開館は1903年です。", 1)], id="fullwidth square brackets"),
        pytest.param(
            "開館は1903年です【1、2】。", [("開館は1903年です。", 1), ("開館は1903年です。", 2)], id="a wide comma"
        ),
        pytest.param("It is old [^1].\n\n[^1]: The guide, page 3.", [("It is old.", 1)], id="a footnote's own text"),
        pytest.param("It is old. [2]\n\n[1] The guide", [("It is old.", 2)], id="a list of sources"),
    ],
)
def test_marks_leave_no_space_and_sources_cite_nothing(text: str, citations: list[tuple[str, int]]) -> None:
    assert [(one.sentence, one.place) for one in citations_in(text)[0]] == citations


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("Both do.", id="no list"),
        pytest.param(listed([Y]), id="a citation is left out"),
        pytest.param(listed([Y, Y, Y]), id="one too many"),
        pytest.param("1. It does. [[YES]] [[NO]]\n2. It does. [[YES]]", id="two verdicts"),
        pytest.param("1. It does. [[YES: 1]]\n2. It does. [[YES]]", id="a context is named"),
    ],
)
def test_a_list_that_cannot_be_read_is_asked_for_again_and_paid_for(first: str) -> None:
    judge = Judge(citations=[first, listed([N, Y])])
    score = made(judge).score({"prediction": TWO, "contexts": FIVE})
    assert score.value == 1 / 2
    assert score.usage == paid("citations", "citations")


def test_two_lists_that_cannot_be_read_raise() -> None:
    judge = Judge(citations=listed([Y]))
    with pytest.raises(ReplyError, match="lacks line 2") as caught:
        made(judge).score({"prediction": TWO, "contexts": FIVE})
    assert caught.value.usage == paid("citations", "citations")


def test_driven_by_hand_it_asks_once_about_all_citations() -> None:
    metric = metric_of("citation_support")
    score, asked = by_hand(metric.judge(Sample(prediction=TWO, contexts=FIVE)), [listed([Y, N])])
    assert asked == [["support of sentences by what they cite"]]
    assert (score.value, score.signature) == (1 / 2, metric.signature)


def test_a_prediction_of_thousands_of_citations_is_refused() -> None:
    with pytest.raises(ConfigError, match="more than 2,000 citations"):
        citations_in("It opened [1-20]. " * 200)
