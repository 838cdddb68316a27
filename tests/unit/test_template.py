"""Templates: one pass, nothing expanded; and the prompt files that come with the package."""

from __future__ import annotations

from importlib.resources import files

import pytest

from lc_scoring.errors import ConfigError
from lc_scoring.template import Template, load_prompt

PROMPTS = sorted(
    entry.name.removesuffix(".toml")
    for entry in files("lc_scoring").joinpath("prompts").iterdir()
    if entry.name.endswith(".toml") and entry.name != "forms.toml"
)
RATED = [name for name in PROMPTS if not name.startswith("rag_")]
SCALE_SLOTS = {"low", "high", "steps"}


def test_each_slot_gets_its_text_wherever_it_stands() -> None:
    assert Template.of("{a}{b_c} and {a}").fill(a="1", b_c="2") == "12 and 1"


@pytest.mark.parametrize(
    "text",
    ["", "no slots", "{}", "{A}", "{a b}", "{0}", "{a:>4}", "{a!r}", "{", "}{", "100 %", "%s %(a)s %%", '{"a": 1}'],
)
def test_what_encloses_no_lower_case_name_is_plain_text(text: str) -> None:
    assert Template.of(text).slots == frozenset()
    assert Template.of(text).fill() == text


def test_doubled_braces_are_no_escape() -> None:
    assert Template.of("{{a}}").fill(a="x") == "{x}"


@pytest.mark.parametrize("text", ["{b}", "{{b}}", "%(b)s", "%s", "%%", "\\1", "\\g<0>", "$b", "{b!r:>{b}}"])
def test_nothing_in_a_text_that_was_filled_in_is_expanded(text: str) -> None:
    assert Template.of("{a}|{b}").fill(a=text, b="!") == f"{text}|!"
    assert Template.of("{a}|{b}").partial(a=text).fill(b="!") == f"{text}|!"


def test_a_slot_without_a_text_is_named_beside_what_was_given() -> None:
    with pytest.raises(ConfigError) as caught:
        Template.of("{a} {b}").fill(c="", a="")
    assert str(caught.value) == "The template needs a text for {b}; got ['a', 'c']."


def test_a_text_without_a_slot_is_left_out() -> None:
    assert Template.of("{a}").fill(a="x", b="y") == "x"


def test_slots_filled_early_are_gone_and_the_others_stay() -> None:
    whole = Template.of("{a}-{b}-{a}-{c}")
    part = whole.partial(a="1", c="3")
    assert part.slots == {"b"}
    assert part.fill(b="2") == whole.fill(a="1", b="2", c="3") == "1-2-1-3"


def test_filling_nothing_early_changes_nothing() -> None:
    template = Template.of("x{a}y")
    assert template.partial() == template.partial(z="?") == template


def test_templates_are_equal_by_their_words() -> None:
    assert Template.of("{a}b") == Template.of("{a}b")
    assert Template.of("{a}b") != Template.of("{a}c")
    assert repr(Template.of("{a}b")) == "Template(pieces=('', 'a', 'b'))"


def test_there_are_prompts() -> None:
    assert len(PROMPTS) == 22
    assert len(RATED) == 13


RAG_SLOTS = {
    "rag_attribution": {"input", "reference", "contexts"},
    "rag_citations": {"contexts", "citations"},
    "rag_claims": {"input", "prediction"},
    "rag_correctness": {"input", "reference", "claims"},
    "rag_entities": {"reference", "contexts"},
    "rag_questions": {"prediction", "count"},
    "rag_sentences": {"input", "sentences"},
    "rag_support": {"contexts", "claims"},
    "rag_usefulness": {"input", "answer", "contexts"},
}


@pytest.mark.parametrize("name", RAG_SLOTS)
def test_a_rag_prompt_has_the_slots_that_will_be_filled(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.user.slots == RAG_SLOTS[name]
    assert prompt.repair.slots == {"reason"} | (RAG_SLOTS[name] & {"count"})
    assert Template.of(prompt.system).slots == frozenset()


def test_every_rag_prompt_is_among_these() -> None:
    assert {name for name in PROMPTS if name.startswith("rag_")} == set(RAG_SLOTS)


@pytest.mark.parametrize("name", RATED)
def test_a_prompt_has_the_slots_that_will_be_filled(name: str) -> None:
    prompt = load_prompt(name)
    rated, labeled = name.endswith(("score_string", "trajectory", "metric", "stars")), "labeled" in name or "qa" in name
    texts = {"input", "prediction"} | ({"reference"} if labeled else set())
    texts |= {"reference", "contexts"} if name == "stars" else set()
    if "pairwise" in name:
        texts |= {"prediction_b"}
    examples = {"examples"} if name.endswith(("score_string", "metric", "stars")) else set()
    examples |= {"columns"} if name == "metric" else set()
    static = {"tools"} if "trajectory" in name else set() if "qa" in name else {"rubric"}
    if "trajectory" in name:
        texts |= {"agent_trajectory"}
    assert prompt.user.slots == texts | static | examples | (SCALE_SLOTS if rated else set())
    assert prompt.repair.slots == {"reason"} | (SCALE_SLOTS if rated else set())
    assert Template.of(prompt.system).slots == frozenset()


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_is_counted_and_has_no_blank_ends(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.name == name
    assert type(prompt.version) is int
    assert prompt.version >= 1
    for text in (prompt.system, "".join(prompt.user.pieces), "".join(prompt.repair.pieces)):
        assert text
        assert text == text.strip()


@pytest.mark.parametrize("name", RATED)
def test_what_is_the_same_for_every_sample_stands_before_the_first_sample_text(name: str) -> None:
    slots = load_prompt(name).user.pieces[1::2]
    first_of_sample = min(slots.index(slot) for slot in ("input", "prediction"))
    assert set(slots[:first_of_sample]) == set(slots) & (SCALE_SLOTS | {"rubric", "tools", "examples"})


@pytest.mark.parametrize("name", PROMPTS)
def test_each_judged_text_stands_alone_between_its_own_tags(name: str) -> None:
    user = load_prompt(name).user
    for slot in user.slots & {"input", "prediction", "prediction_b", "reference", "agent_trajectory", "tools"}:
        text = user.fill(**dict.fromkeys(user.slots, "") | {slot: "HERE"})
        assert f"\n<sample_{slot}>\nHERE\n</sample_{slot}>\n" in text


def test_a_prompt_is_read_once() -> None:
    assert load_prompt("score_string") is load_prompt("score_string")
