"""The words of the built-in prompts and examples are on record: none changes without a new version.

`prompts.json` holds each prompt's version, the hash of its words and one question in full, and the version and hash
of each file of examples. To refresh it after raising a version: `python tests/golden/test_prompts.py`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lc_scoring.contexts import render_contexts
from lc_scoring.flow import Message
from lc_scoring.judges.asking import PromptRenderer
from lc_scoring.judges.score import scale_words
from lc_scoring.rag.lines import numbered
from lc_scoring.rubric import Rubric
from lc_scoring.scale import Scale
from lc_scoring.template import load_prompt

GOLDEN = Path(__file__).with_name("prompts.json")
PROMPTS = {
    entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
    for entry in sorted(files("lc_scoring").joinpath("prompts").iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".toml") and entry.name != "forms.toml"
}
FORMS = files("lc_scoring").joinpath("prompts", "forms.toml").read_text(encoding="utf-8")
WORDS = {"forms": FORMS} | {
    f"examples.{entry.name.removesuffix('.toml')}": entry.read_text(encoding="utf-8")
    for entry in sorted(files("lc_scoring").joinpath("examples").iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".toml")
}
"""Files whose words are no question of their own."""
RUBRIC = Rubric.parse({"accuracy": "Is it true?\nScore 1: Nothing is right.\nScore 5: Nothing is wrong."})
SCALE = Scale(1, 5, step=0.5)
TOOLS = "lookup: finds a physical constant"
TEXTS = {
    "prediction": "At 100 °C {input}, or %s less on a mountain.",
    "prediction_b": "At 80 °C.",
    "input": "At what temperature does water boil?",
    "reference": "100 °C at sea level; lower where the air is thinner.",
    "contexts": render_contexts(["Water boils at 100 °C at sea level.", "Air is thinner on a mountain."]),
    "answer": "100 °C at sea level.",
    "claims": numbered(["Water boils at 100 °C.", "Air is thinner on a mountain."]),
    "sentences": numbered(["Water boils at 100 °C at sea level.", "Air is thinner on a mountain."]),
    "citations": numbered(["Context 1 is cited for: Water boils at 100 °C."]),
    "agent_trajectory": "Step 1\n  Tool: lookup\n  Input: boiling point\n  Output: 100 °C",
}
REASON = "The rating 7 is off the scale 1..5/0.5."


def words_of(text: str) -> dict[str, Any]:
    """Return all of a prompt file that a judge may read: its tables without the version and the comments."""
    return {name: words for name, words in tomllib.loads(text).items() if name != "version"}


def record(name: str) -> dict[str, Any]:
    """Return what `prompts.json` should hold of a prompt."""
    prompt = load_prompt(name)
    words = json.dumps(words_of(PROMPTS[name]), sort_keys=True)
    words_of_all = {
        "rubric": RUBRIC.render(),
        "tools": TOOLS,
        "examples": "",
        "columns": "",
        "count": "3",
        **scale_words(SCALE),
    }
    render = PromptRenderer.of(prompt, system=Message("system", prompt.system), **words_of_all)
    question = [{"role": turn.role, "lines": turn.text.split("\n")} for turn in render(**TEXTS)]
    repair = prompt.repair.fill(reason=REASON, count="3", **scale_words(SCALE)).split("\n")
    return {
        "version": prompt.version,
        "sha256": hashlib.sha256(words.encode()).hexdigest(),
        "question": question,
        "repair": repair,
    }


def record_of_words(name: str) -> dict[str, Any]:
    """Return what `prompts.json` should hold of the forms of answers, or of a file of examples."""
    words = json.dumps(words_of(WORDS[name]), sort_keys=True)
    return {"version": tomllib.loads(WORDS[name])["version"], "sha256": hashlib.sha256(words.encode()).hexdigest()}


def complaint(name: str, golden: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Return what is to be done about a prompt, or None where its words are those on record."""
    if name not in golden:
        return f"Prompt {name!r} is new: refresh the golden (python tests/golden/test_prompts.py)."
    same_words, same_version = (golden[name][part] == now[part] for part in ("sha256", "version"))
    if same_words and same_version:
        return None
    if same_version or now["version"] < golden[name]["version"]:
        return f"The words of prompt {name!r} changed: raise the version and refresh the golden."
    return f"Prompt {name!r} has a new version: refresh the golden (python tests/golden/test_prompts.py)."


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_prompt_on_record_is_still_there(golden: dict[str, Any]) -> None:
    assert sorted(golden) == sorted([*PROMPTS, *WORDS])


@pytest.mark.parametrize("name", PROMPTS)
def test_no_word_changes_without_a_new_version(name: str, golden: dict[str, Any]) -> None:
    if what_to_do := complaint(name, golden, record(name)):
        pytest.fail(what_to_do)


@pytest.mark.parametrize("name", WORDS)
def test_no_word_of_a_form_or_an_example_changes_without_a_new_version(name: str, golden: dict[str, Any]) -> None:
    if what_to_do := complaint(name, golden, record_of_words(name)):
        pytest.fail(what_to_do)


@pytest.mark.parametrize("name", PROMPTS)
def test_the_question_in_full_is_the_one_on_record(name: str, golden: dict[str, Any]) -> None:
    now = record(name)
    assert now["question"] == golden[name]["question"]
    assert now["repair"] == golden[name]["repair"]


ON_RECORD = {"p": {"version": 2, "sha256": "old"}}


@pytest.mark.parametrize(
    ("version", "sha256", "what_to_do"),
    [
        (2, "old", None),
        (2, "new", "raise the version and refresh the golden."),
        (1, "new", "raise the version and refresh the golden."),
        (3, "new", "has a new version: refresh the golden"),
        (3, "old", "has a new version: refresh the golden"),
    ],
)
def test_new_words_are_told_from_a_new_version(version: int, sha256: str, what_to_do: str | None) -> None:
    said = complaint("p", ON_RECORD, {"version": version, "sha256": sha256})
    assert said == what_to_do or (said and what_to_do and what_to_do in said)


def test_a_new_prompt_asks_for_the_golden_alone() -> None:
    assert "is new: refresh" in str(complaint("q", ON_RECORD, {"version": 1, "sha256": "new"}))


def refresh() -> None:
    """Write `prompts.json`, unless words changed and their version did not."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    records = {name: record(name) for name in PROMPTS} | {name: record_of_words(name) for name in WORDS}
    for name, now in records.items():
        what_to_do = complaint(name, golden, now) or ""
        if "raise the version" in what_to_do:
            raise SystemExit(what_to_do)
    GOLDEN.write_text(json.dumps(records, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    refresh()
