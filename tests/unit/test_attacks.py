"""Judged text cannot steer the reader: predictions that try, echoed by a judge in the worst places."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.flow import Message, Reply
from lc_scoring.judged_text import neutralize
from lc_scoring.judges.asking import PromptRenderer
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
