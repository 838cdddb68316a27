"""Prices: what an answer cost by its model's name and its tokens; and which models are kin."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from loopback.openai_api import OpenAIServer

from lc_scoring import ConfigError, load_evaluator
from lc_scoring.models.families import family_of, kin
from lc_scoring.models.prices import SETTING, cost_of

MILLION = 1_000_000
TABLE: dict[str, dict[str, float]] = tomllib.loads(
    files("lc_scoring").joinpath("models", "prices.toml").read_text(encoding="utf-8")
)["models"]


@pytest.fixture(autouse=True)
def _no_table_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)


def read(model: str) -> float | None:
    return cost_of(model, input_tokens=MILLION, output_tokens=0)


def own(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path.write_text(text)
    monkeypatch.setenv(SETTING, str(path))
    return path


@pytest.mark.parametrize(("model", "price"), TABLE.items(), ids=list(TABLE))
def test_every_price_of_the_table_is_sane(model: str, price: dict[str, float]) -> None:
    assert model == model.lower().strip()
    assert "/" not in model
    assert set(price) in ({"input", "output"}, {"input", "cached_input", "output"})
    assert 0 < price.get("cached_input", price["input"]) <= price["input"] <= price["output"] < 1_000
    assert read(model) == pytest.approx(price["input"])
    assert cost_of(model, input_tokens=0, output_tokens=MILLION) == pytest.approx(price["output"])
    cached = cost_of(model, input_tokens=MILLION, output_tokens=0, cached_tokens=MILLION)
    assert cached == pytest.approx(price.get("cached_input", price["input"]))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("o3-2025-04-16", "o3"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("openai/gpt-5-mini", "gpt-5-mini"),
        ("openrouter/anthropic/claude-opus-4-1-20250805", "claude-opus-4-1"),
        ("GPT-5-Mini", "gpt-5-mini"),
        ("command-r-08-2024", "command-r-08-2024"),
        ("mistral-large-latest", "mistral-large-latest"),
    ],
)
def test_neither_a_date_behind_nor_a_path_before_the_name_matters(name: str, known: str) -> None:
    assert read(name) == pytest.approx(TABLE[known]["input"])


@pytest.mark.parametrize(
    "name", ["", "my-own-model", "gpt-4o-audio", "gpt", "gpt-4", "-latest", "gpt-4o/", "mistral-large-2411", "latest"]
)
def test_a_model_that_the_table_does_not_know_has_no_cost(name: str) -> None:
    assert read(name) is None


def test_tokens_from_the_providers_cache_cost_less_and_are_part_of_those_read() -> None:
    whole = cost_of("gpt-4o", input_tokens=1_000, output_tokens=100)
    part = cost_of("gpt-4o", input_tokens=1_000, output_tokens=100, cached_tokens=400)
    assert whole == pytest.approx((1_000 * 2.5 + 100 * 10) / MILLION)
    assert part == pytest.approx((600 * 2.5 + 400 * 1.25 + 100 * 10) / MILLION)


def test_more_tokens_from_the_cache_than_were_read_are_those_that_were_read() -> None:
    assert cost_of("gpt-4o", input_tokens=10, output_tokens=0, cached_tokens=99) == pytest.approx(12.5 / MILLION)


def test_a_model_without_a_price_for_its_cache_costs_the_same_out_of_it() -> None:
    assert cost_of("gpt-4-turbo", input_tokens=MILLION, output_tokens=0, cached_tokens=MILLION) == pytest.approx(10)


def test_nothing_costs_nothing() -> None:
    assert cost_of("gpt-4o", input_tokens=0, output_tokens=0) == 0


def test_a_table_of_ones_own_stands_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[models]\n"gpt-4o" = {input = 1, output = 2}\n"mine" = {input = 0.5, cached_input = 0, output = 0}\n'
    own(tmp_path / "prices.toml", text, monkeypatch)
    assert read("gpt-4o-2024-08-06") == 1
    assert cost_of("org/mine", input_tokens=MILLION, output_tokens=MILLION, cached_tokens=MILLION // 2) == 0.25
    assert read("gpt-4o-mini") == pytest.approx(0.15)
    assert read("nobodys") is None


def test_a_table_of_ones_own_may_name_a_model_with_its_date_and_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[models]\n"gpt-4o-2024-08-06" = {input = 9, output = 9}\n"Qwen/Qwen3-8B" = {input = 8, output = 8}\n'
    own(tmp_path / "prices.toml", text, monkeypatch)
    assert [read("gpt-4o-2024-08-06"), read("gpt-4o-2024-05-13"), read("Qwen/Qwen3-8B")] == [9, 2.5, 8]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("models = [", "cannot be read"),
        ("", r"has no \[models\]"),
        ("models = 3", r"has no \[models\]"),
        ("[models]\nmine = 3", "'mine' needs input and output"),
        ("[models]\nmine = {input = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = -1, output = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = '1', output = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = true, output = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = nan, output = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = inf, output = 1}", "'mine' needs input and output"),
        ("[models]\nmine = {input = 1, output = 1, cache = 1}", "has cache; prices are input, cached_input, output"),
        ("[models]\nmine = {input = 1, output = 1, cached_input = '0'}", "has cached_input"),
        ("[models]\ngpt-4.1 = {input = 1, output = 1}", "'gpt-4' needs input and output"),
    ],
)
def test_a_broken_table_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    file = own(tmp_path / "prices.toml", text, monkeypatch)
    with pytest.raises(ConfigError, match=why) as caught:
        read("gpt-4o")
    assert str(file) in str(caught.value)


def test_a_table_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# \xff\n")
    for path in (tmp_path / "none.toml", tmp_path, latin):
        monkeypatch.setenv(SETTING, str(path))
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            read("gpt-4o")
        assert str(path) in str(caught.value)


def test_a_table_nested_too_deep_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(tmp_path / "prices.toml", f"models = {'[' * 100_000}", monkeypatch)
    with pytest.raises(ConfigError, match=r"prices\.toml"):
        read("gpt-4o")


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "")
    assert read("gpt-4o") == 2.5


def test_a_broken_table_is_found_before_any_model_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(tmp_path / "prices.toml", "[models]\nmine = 3", monkeypatch)
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4.1-mini", base_url=server.url, api_key="none", max_retries=0)
        with pytest.raises(ConfigError):
            load_evaluator("score_string", llm=model).invoke({"input": "?", "prediction": "x"})
        assert server.requests == []


def test_an_answers_cost_is_on_its_score() -> None:
    usage: dict[str, Any] = {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010}
    usage["prompt_tokens_details"] = {"cached_tokens": 800}
    with OpenAIServer() as server:
        server.script([{"content": "[[8]]", "usage": usage}])
        model = ChatOpenAI(model="gpt-4.1-mini", base_url=server.url, api_key="none", max_retries=0)
        score = load_evaluator("score_string", llm=model).score({"input": "?", "prediction": "x"})
    assert score.usage.cost == pytest.approx((200 * 0.4 + 800 * 0.1 + 10 * 1.6) / MILLION)


# Families.


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai:gpt-5-mini", "GPT"),
        ("gpt-4o-2024-08-06", "GPT"),
        ("o1", "GPT"),
        ("azure/o3-mini", "GPT"),
        ("openai/gpt-oss-120b", "GPT"),
        ("anthropic:claude-sonnet-4-5", "Claude"),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "Claude"),
        ("google_genai:gemini-2.5-pro", "Gemini"),
        ("gemma-3-27b-it", "Gemini"),
        ("meta-llama/Llama-3.1-8B-Instruct", "Llama"),
        ("nvidia/Llama-3.1-Nemotron-70B", "Llama"),
        ("codellama:7b", "Llama"),
        ("mistral-large-latest", "Mistral"),
        ("open-mixtral-8x7b", "Mistral"),
        ("Qwen/Qwen3-8B", "Qwen"),
        ("QwQ-32B", "Qwen"),
        ("deepseek-chat", "DeepSeek"),
        ("deepseek-r1-distill-llama-70b", "Llama"),
        ("DeepSeek-R1-Distill-Qwen-32B", "Qwen"),
        ("xai:grok-4.5", "Grok"),
        ("command-r-plus-08-2024", "Command"),
        ("CohereForAI/aya-expanse-8b", "Command"),
        ("microsoft/Phi-4", "Phi"),
        ("phi3:mini", "Phi"),
        ("amazon.nova-pro-v1:0", "Nova"),
        ("zai-org/GLM-4.6", "GLM"),
        ("moonshotai/Kimi-K2", "Kimi"),
        ("ibm/granite-3.3-8b", "Granite"),
        ("LGAI-EXAONE/EXAONE-4.0-32B", "EXAONE"),
        ("jamba-1.5-large", "Jamba"),
        ("judge-1", None),
        ("", None),
        ("offline", None),
        ("pro1-7b", None),
        ("graphite-2", None),
    ],
)
def test_a_name_tells_the_family(model: str, family: str | None) -> None:
    assert family_of(model) == family


@pytest.mark.parametrize("model", ["malaya-7b", "innovation-1", "napalm-2", "himalaya-chat"])
def test_a_familys_name_inside_of_another_word_is_none(model: str) -> None:
    assert family_of(model) is None


def test_kin_are_of_one_family_whatever_is_wrapped_around_the_judge() -> None:
    model = ChatOpenAI(model="gpt-4.1-mini", api_key="none")
    assert kin(model, "gpt-5") == kin(model.bind(temperature=1).with_retry(), "azure/o3") == "GPT"
    assert kin(model, "claude-opus-5") is None
    assert kin(model, "my-own-model") is None
    assert kin(RunnableLambda(str), "gpt-5") is None


def test_a_judge_of_its_own_kind_is_warned_of() -> None:
    model = ChatOpenAI(model="gpt-4.1-mini", api_key="none")
    with pytest.warns(UserWarning, match="both GPT models"):
        load_evaluator("score_string", llm=model, system_model="openai/gpt-5")
    load_evaluator("score_string", llm=model, system_model="claude-opus-5")
