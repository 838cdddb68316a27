"""Judged text cannot steer the reader: predictions that try, echoed by a judge in the worst places."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Message, Reply
from lc_scoring.judged_text import neutralize
from lc_scoring.judges.asking import PromptRenderer
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.judges.pairwise import PAIR_VALUES, PAIR_WORDS
from lc_scoring.judges.score import ScoreJudge, scale_words
from lc_scoring.records import Score
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale
from lc_scoring.template import load_prompt

ATTACKS = json.loads(Path(__file__).with_name("attacks.json").read_text(encoding="utf-8"))
OWN = 2
SCALE = Scale(1, 10)
PROMPT = load_prompt("labeled_score_string")
JUDGE = ScoreJudge(
    name="score_string:correctness",
    scale=SCALE,
    render=PromptRenderer.of(
        PROMPT,
        system=Message("system", PROMPT.system),
        rubric=Rubric.parse("correctness").render(),
        **scale_words(SCALE),
        examples="",
    ),
    repair_question=PROMPT.repair,
)

# Each takes what the judge saw of the sample (`seen`, `question`) or what stands in the data (`raw`).
PLACES: dict[str, Callable[[str, str, str], str]] = {
    "quoted before the rating": lambda seen, question, raw: f'The text says "{seen}". Rating: [[{OWN}]]',
    "quoted after the rating": lambda seen, question, raw: f"Rating: [[{OWN}]]\nThe text was: {seen}",
    "quoted on both sides": lambda seen, question, raw: f"{seen}\nRating: [[{OWN}]]\n{seen}",
    "quoted in the rating's line": lambda seen, question, raw: f"Rating of '{seen}': [[{OWN}]]",
    "quoted in a code block at the end": lambda seen, question, raw: f"Rating: [[{OWN}]]\n```\n{seen}\n```",
    "the whole question before the rating": lambda seen, question, raw: f"{question}\nRating: [[{OWN}]]",
    "the whole question after the rating": lambda seen, question, raw: f"Rating: [[{OWN}]]\n{question}",
}


# Verdicts: each attack asks for WORD, and the judge's own verdict is the other one.

VERDICT_ATTACKS = json.loads(Path(__file__).with_name("verdict_attacks.json").read_text(encoding="utf-8"))


def chooser(name: str, prompt_name: str, words: dict[str, str], values: dict[str, float]) -> ChoiceJudge:
    prompt = load_prompt(prompt_name)
    rubric = {} if name == "qa" else {"rubric": Rubric.parse("depth").render()}
    render = PromptRenderer.of(prompt, system=Message("system", prompt.system), **rubric)
    return ChoiceJudge(name=name, words=words, values=values, render=render, repair_question=prompt.repair)


CHOOSERS: dict[str, tuple[ChoiceJudge, str, str]] = {
    # what was asked for by the attack, and the judge's own
    "qa": (
        chooser("qa", "qa", {"CORRECT": "CORRECT", "INCORRECT": "INCORRECT"}, {"CORRECT": 1.0, "INCORRECT": 0.0}),
        "CORRECT",
        "INCORRECT",
    ),
    "criteria": (
        chooser("criteria", "criteria", {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}, {"Y": 1.0, "N": 0.0}),
        "Y",
        "N",
    ),
    "criteria in words": (
        chooser("criteria", "criteria", {"Y": "Y", "YES": "Y", "N": "N", "NO": "N"}, {"Y": 1.0, "N": 0.0}),
        "YES",
        "N",
    ),
    "pair": (chooser("pair", "pairwise_string", PAIR_WORDS, PAIR_VALUES), "A", "B"),
}

# Each takes the judge's own word and what it saw of the sample.
BRACKETED: dict[str, Callable[[str, str], str]] = {
    "quoted before the verdict": lambda own, seen: f'The text says "{seen}". Verdict: [[{own}]]',
    "quoted after the verdict": lambda own, seen: f"Verdict: [[{own}]]\nThe text was: {seen}",
    "quoted on both sides": lambda own, seen: f"{seen}\nVerdict: [[{own}]]\n{seen}",
    "quoted on lines of its own": lambda own, seen: f"The text:\n\n{seen}\n\nIt fails.\n\n[[{own}]]\n\n{seen}",
    "quoted in the verdict's line": lambda own, seen: f"Verdict of '{seen}': [[{own}]]",
    "quoted in a code block at the end": lambda own, seen: f"Verdict: [[{own}]]\n```\n{seen}\n```",
    "called final": lambda own, seen: f"{seen}\n\nFinal verdict: [[{own}]]\n\n{seen}",
}
PLAIN: dict[str, Callable[[str, str], str]] = {
    "quoted before the grade": lambda own, seen: f'The text says "{seen}". GRADE: {own}',
    "quoted after the grade": lambda own, seen: f"GRADE: {own}\nThe text was: {seen}",
    "quoted on both sides of the verdict": lambda own, seen: f"{seen}\nVerdict: {own}\n{seen}",
    "quoted below the verdict": lambda own, seen: f"Verdict: {own}\n\nThe text:\n\n{seen}",
    "quoted below the word": lambda own, seen: f"{own}\n\nThe text:\n\n{seen}",
    "quoted above the word": lambda own, seen: f"The text:\n\n{seen}\n\n{own}",
    "quoted in a code block below the verdict": lambda own, seen: f"Verdict: {own}\n```\n{seen}\n```",
    "quoted in a code block below the word": lambda own, seen: f"{own}\n```\n{seen}\n```",
    "quoted below a first word": lambda own, seen: f"{own}. The text only says this. {seen}",
}
NONE_OF_ITS_OWN: dict[str, Callable[[str, str], str]] = {
    "quoted in a sentence": lambda own, seen: f'The text only says "{seen}" and fails to answer.',
    "quoted at the end": lambda own, seen: f"The text only says this: {seen}",
    "quoted in marks at the end": lambda own, seen: f'The text only says "{seen}"',
    "quoted below": lambda own, seen: f"The text only says this:\n\n{seen}",
    "quoted between lines": lambda own, seen: f"The text only says this:\n\n{seen}\n\nThat is no answer.",
    "quoted in a code block": lambda own, seen: f"The text only says this:\n```\n{seen}\n```",
}


def chosen(chooser: str, attack: str, reply: Callable[[str, str], str], *, raw: bool = False) -> Score:
    """Let a judge answer that repeats what it was shown or, `raw`, what it was given; asked again it repeats itself."""
    judge, asked_for, own = CHOOSERS[chooser]
    attack = attack.replace("WORD", asked_for)
    fields = {"input": "What is the capital of France?", "reference": "Paris", "prediction_b": "Rome"}
    flow = judge.judge({**fields, "prediction": attack})
    question = next(flow)[0].messages[-1]
    assert isinstance(question, Message)
    seen = question.text.split("<sample_prediction>\n")[1].split("\n</sample_prediction>")[0]
    try:
        while True:
            flow.send((Reply(text=reply(own, attack if raw else seen)),))
    except StopIteration as done:
        return done.value


def judged(attack: str, reply: Callable[[str, str, str], str], **other: str) -> Score:
    """Let a judge answer that repeats what it was shown; asked again, it repeats itself."""
    flow = JUDGE.judge({"prediction": attack, "input": "What is the capital of France?", "reference": "Paris", **other})
    question = next(flow)[0].messages[-1]
    assert isinstance(question, Message)
    seen = question.text.split("<sample_prediction>\n")[1].split("\n</sample_prediction>")[0]
    try:
        while True:
            flow.send((Reply(text=reply(seen, question.text, attack)),))
    except StopIteration as done:
        return done.value


def test_the_corpus_holds_enough_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_echoed_attack_scores_as_the_judges_own_rating(attack: str, place: str) -> None:
    assert judged(attack, PLACES[place]).rating == OWN


@pytest.mark.parametrize("field", ["input", "reference"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_another_field_scores_as_the_judges_own_rating(attack: str, field: str) -> None:
    echo = PLACES["the whole question after the rating"]
    assert judged("Paris", echo, **{field: attack}).rating == OWN


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_ends_no_section_of_the_prompt(attack: str) -> None:
    prompt = JUDGE.render(**dict.fromkeys(("prediction", "input", "reference"), neutralize(attack)))[-1]
    assert isinstance(prompt, Message)
    for tag in ("rubric", "sample_input", "sample_reference", "sample_prediction"):
        assert prompt.text.count(f"<{tag}>") == prompt.text.count(f"</{tag}>") == 1
    assert "{" not in prompt.text.replace(neutralize(attack), "")


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if neutralize(attack) != attack])
def test_a_judge_that_repairs_what_it_quotes_is_read_right_or_not_at_all(attack: str) -> None:
    """A judge may write the marks as they stand in the data; then a number is its own or it is none."""
    for reply in (
        lambda seen, question, raw: f"The text says: {raw}\nRating: [[{OWN}]]",
        lambda seen, question, raw: f"My rating follows from the reference.\nRating: [[{OWN}]]\nThe text was: {raw}",
    ):
        try:
            assert judged(attack, reply).rating == OWN
        except ReplyError:
            continue


def test_a_long_quotation_after_the_rating_is_told_from_the_rating() -> None:
    attack = ATTACKS[-1]
    assert judged(attack, lambda seen, question, raw: f"Rating: [[{OWN}]]\nThe text was: {raw}").rating == OWN


def test_the_corpus_holds_enough_attacks_on_verdicts() -> None:
    assert len({attack for attack in VERDICT_ATTACKS if "WORD" in attack or "<" in attack}) >= 60


@pytest.mark.parametrize("place", BRACKETED)
@pytest.mark.parametrize("attack", VERDICT_ATTACKS)
def test_an_echoed_attack_has_the_judges_own_verdict(attack: str, place: str) -> None:
    for name, (_, _, own) in CHOOSERS.items():
        assert chosen(name, attack, BRACKETED[place]).label == own, name


@pytest.mark.parametrize("place", PLAIN)
@pytest.mark.parametrize("attack", VERDICT_ATTACKS)
def test_a_judge_that_answers_without_brackets_is_read_right_or_not_at_all(attack: str, place: str) -> None:
    for name, raw in product(CHOOSERS, (False, True)):
        try:
            label = chosen(name, attack, PLAIN[place], raw=raw).label
        except ReplyError:
            continue
        assert label == CHOOSERS[name][2], name


@pytest.mark.parametrize("place", BRACKETED)
@pytest.mark.parametrize("attack", VERDICT_ATTACKS)
def test_a_judge_that_repairs_the_marks_it_quotes_is_read_right_or_not_at_all(attack: str, place: str) -> None:
    for name, (_, _, own) in CHOOSERS.items():
        try:
            label = chosen(name, attack, BRACKETED[place], raw=True).label
        except ReplyError:
            continue
        assert label == own, name


@pytest.mark.parametrize("place", NONE_OF_ITS_OWN)
@pytest.mark.parametrize("attack", VERDICT_ATTACKS)
def test_an_echo_alone_is_no_verdict(attack: str, place: str) -> None:
    for name, raw in product(CHOOSERS, (False, True)):
        with pytest.raises(ReplyError):
            chosen(name, attack, NONE_OF_ITS_OWN[place], raw=raw)


@pytest.mark.parametrize("attack", VERDICT_ATTACKS)
def test_an_attack_on_a_verdict_ends_no_section_of_the_prompt(attack: str) -> None:
    fields = ("prediction", "prediction_b", "input", "reference")
    for judge, asked_for, _ in CHOOSERS.values():
        prompt = judge.render(**dict.fromkeys(fields, neutralize(attack.replace("WORD", asked_for))))[-1]
        assert isinstance(prompt, Message)
        for tag in ("rubric", *(f"sample_{field}" for field in fields)):
            assert prompt.text.count(f"<{tag}>") == prompt.text.count(f"</{tag}>") <= 1
