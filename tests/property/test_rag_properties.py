"""The readers of lists, sentences and numbers, and questions asked once, for any text at all."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Answers, Ask, Flow, Message, Reply, ask, asked_once, together
from lc_scoring.rag.citations import citations_in
from lc_scoring.rag.lines import numbers_in
from lc_scoring.rag.listing import ListForm
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.rag.subset import SubsetForm

CLAIMS = ListForm(states=True, empty="NONE")
SUPPORT = ListForm(verdicts=True, sourced=True)
CORRECT = ListForm(verdicts=True, more="MISSING", empty="NONE")
CONTEXTS = 4

# What lists are made of, and what trips readers of them.
MARKS = ["1. ", "2) ", "(3)", "[[YES]]", "[[NO]]", "[[YES: 1]]", "[[NONE]]", "[[MISSING]]", "[[", "]]", "||", "**"]
OTHERS = ["\n", "\r\n", "\u2028", " ", "- ", "### ", "```", "{", "}"]
MORE = ['{"findings": [', '"number": 1', "<think>", "x", "。"]
REPLIES = st.text(max_size=60) | st.lists(st.sampled_from(MARKS + OTHERS + MORE), max_size=25).map("".join)
WORDS = st.text("abc dé塔🙂.,:;|{}%1290'\"", min_size=1, max_size=40).map(lambda text: f"x{text.strip()}x")
CLAIM_LISTS = st.lists(WORDS, min_size=1, max_size=12)
VERDICTS = st.one_of(
    st.just(("NO", ())),
    st.sets(st.integers(1, CONTEXTS), min_size=1).map(lambda sources: ("YES", tuple(sorted(sources)))),
)
LINES = st.sampled_from(
    ["{n}. {x}", "{n}) {x}", "({n}) {x}", "**{n}.** {x}", "- {n}. {x}", "**{n}. {x}**", "### {n}. {x}", "  {n}:  {x} "]
)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", " \n", "\u2028"])
AROUND = st.sampled_from(["{}", "Here is the list:\n{}", "```\n{}\n```", "<think>1. y</think>{}", "## List\n\n{}\n"])


def said(verdict: tuple[str, tuple[int, ...]]) -> str:
    word, sources = verdict
    return f"[[{word}{': ' if sources else ''}{', '.join(map(str, sources))}]]"


def written(line: str, end: str, around: str, texts: list[str]) -> str:
    return around.replace("{}", end.join(line.replace("{n}", str(n)).replace("{x}", x) for n, x in enumerate(texts, 1)))


def claims(text: str) -> list[str] | None:
    try:
        return [one.text for one in CLAIMS.read(Reply(text=text))]
    except ReplyError:
        return None


@given(CLAIM_LISTS, LINES, ENDS, AROUND)
def test_claims_in_the_form_asked_for_are_read_back(texts: list[str], line: str, end: str, around: str) -> None:
    assert claims(written(line, end, around, texts)) == texts


@given(st.lists(st.tuples(WORDS, VERDICTS), min_size=1, max_size=12), LINES, ENDS, AROUND)
def test_verdicts_in_the_form_asked_for_are_read_back(
    given: list[tuple[str, tuple[str, tuple[int, ...]]]], line: str, end: str, around: str
) -> None:
    text = written(line, end, around, [f"{reason} {said(verdict)}" for reason, verdict in given])
    found = SUPPORT.read(Reply(text=text), count=len(given), contexts=CONTEXTS)
    assert [(one.reason, (one.verdict, one.sources)) for one in found] == given


@given(st.data(), CLAIM_LISTS.filter(lambda texts: len(texts) > 1), LINES)
def test_a_list_that_lost_doubled_or_renumbered_a_line_is_refused(data: Any, texts: list[str], line: str) -> None:
    lines = written(line, "\n", "{}", texts).split("\n")
    place = data.draw(st.integers(0, len(lines) - 2), "a line before the last")
    other = data.draw(st.integers(0, 30).filter(lambda number: number != place + 1), "another number")
    doubled = [*lines[: place + 1], *lines[place:]]
    renumbered = [*lines[:place], line.replace("{n}", str(other)).replace("{x}", texts[place]), *lines[place + 1 :]]
    assert claims("\n".join(lines[:place] + lines[place + 1 :])) is None
    assert claims("\n".join(doubled)) is None
    assert claims("\n".join(renumbered)) is None


@given(REPLIES, st.integers(0, 5))
def test_any_reply_is_the_list_asked_for_or_a_reply_error(text: str, count: int) -> None:
    for structured in (False, True):
        for form in (ListForm(verdicts=True, sourced=True, structured=structured), SubsetForm(structured=structured)):
            try:
                found = form.read(Reply(text=text), count=count, contexts=CONTEXTS)
            except ReplyError as error:
                assert error.reason  # noqa: PT017 - most texts are no list
            else:
                assert len(found) == count
                assert all(one.verdict in {"YES", "NO"} and set(one.sources) <= {1, 2, 3, 4} for one in found)


@given(REPLIES)
def test_claims_that_are_read_stand_in_the_reply_in_their_order(text: str) -> None:
    text, place = text.replace("\u2028", "\n"), 0
    unmarked = re.sub(r"\*\*|__", "", text)
    for claim in (re.sub(r"\*\*|__", "", each) for each in claims(text) or []):
        place = unmarked.find(claim, place)
        assert place >= 0
        place += len(claim)


@given(st.lists(VERDICTS, max_size=4), st.lists(WORDS, max_size=4))
def test_missing_statements_follow_the_claims(given: list[tuple[str, tuple[int, ...]]], missing: list[str]) -> None:
    lines = [f"r [[{word}]]" for word, _ in given] + [f"{words} [[MISSING]]" for words in missing]
    text = written("{n}. {x}", "\n", "{}", lines) or "[[NONE]]"
    found = CORRECT.read(Reply(text=text), count=len(given))
    assert [one.verdict for one in found] == [word for word, _ in given] + ["MISSING"] * len(missing)
    assert [one.text for one in found[len(given) :]] == missing


PROSE = st.text(max_size=80) | st.lists(
    st.sampled_from([*"aB1.!?…。！]", " ", "\n", "\u3000", " [1]", "[2-3]", "【4】", "Dr.", "e.g.", '."', "[", "\x1c"]),
    max_size=25,
).map("".join)


@given(PROSE)
def test_sentences_hold_all_of_a_text_but_the_space_between_them(text: str) -> None:
    sentences = sentences_of(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(one and one == one.strip() for one in sentences)


@given(PROSE)
def test_citations_are_numbers_that_stand_in_the_text(text: str) -> None:
    citations, uncited = citations_in(text)
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    for one in citations:
        assert min(numbers) <= one.place <= max(numbers)
        assert one.sentence.strip(" .")
    assert 0 <= uncited <= len(sentences_of(text))


@given(st.lists(st.integers(0, 900), max_size=12), st.sampled_from([", ", " ", "; ", " and ", ",", " & ", "、"]))
def test_numbers_are_read_back(numbers: list[int], between: str) -> None:
    assert numbers_in(between.join(map(str, numbers))) == numbers


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(["-", " - ", "–", " to ", "—", "~"]))
def test_a_span_is_written_out(first: int, last: int, between: str) -> None:
    found = numbers_in(f"{first}{between}{last}")
    assert found == (list(range(first, last + 1)) if first <= last else None)


@given(st.text("0123456789 ,;.:-–and to()#cx\n", max_size=30))
def test_numbers_that_are_read_use_every_digit_of_the_text(text: str) -> None:
    found = numbers_in(text)
    if found is not None:
        assert {int(one) for one in re.findall(r"\d+", text)} <= set(found)


# Questions asked once.

PLANS = st.lists(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=3), max_size=4)


def planned(rounds: list[list[str]]) -> Flow[list[str]]:
    heard: list[str] = []
    for words in rounds:
        outcomes = yield from together(ask((Message("user", word),), purpose="rate") for word in words)
        heard += [str(one.text) if isinstance(one, Reply) else str(one) for one in outcomes]
    return heard


def drive(flow: Flow[Any]) -> tuple[Any, list[str]]:
    asked: list[str] = []
    answers: Answers | None = None
    while True:
        try:
            round_ = next(flow) if answers is None else flow.send(answers)
        except StopIteration as done:
            return done.value, asked
        words = [str(one.messages[0].text) for one in round_ if isinstance(one, Ask)]
        asked += words
        answers = tuple(Reply(text=f"of {word}") for word in words)


@given(PLANS)
def test_asking_once_changes_no_answer_and_asks_no_more(plans: list[list[list[str]]]) -> None:
    plain, often = drive(together(map(planned, plans)))
    once, asked = drive(asked_once(together(map(planned, plans))))
    assert once == plain
    assert sorted(asked) == sorted(set(often))


@given(PLANS)
def test_asking_once_twice_over_is_asking_once(plans: list[list[list[str]]]) -> None:
    assume(plans)
    once = drive(asked_once(together(map(planned, plans))))
    assert drive(asked_once(asked_once(together(map(planned, plans))))) == once
