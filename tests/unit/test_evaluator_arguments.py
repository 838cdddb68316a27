"""What an evaluator may be made with, and what is refused before any model is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from pydantic import SecretStr, ValidationError

from lc_scoring import Criterion, Rubric, Sample, Scale, load_evaluator
from lc_scoring.errors import ConfigError, ModelError, ReplyError
from lc_scoring.evaluators.score_string import ScoreStringEvalChain

ROW = {"input": "What is 2 + 2?", "prediction": "4"}


def never(messages: object) -> str:
    raise AssertionError("The model was called.")


def saying(text: str, **arguments: Any) -> ScoreStringEvalChain:
    return load_evaluator("score_string", llm=lambda messages: text, **arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"normalize_by": 0}, "above 0"),
        ({"normalize_by": -1}, "above 0"),
        ({"normalize_by": float("nan")}, "finite"),
        ({"normalize_by": "ten"}, "normalize_by"),
        ({"scale": (5, 1)}, "low to high"),
        ({"scale": (1, 1)}, "low to high"),
        ({"scale": "wide"}, "'1-5'"),
        ({"scale": 5}, "low, high"),
        ({"repair": -1}, "repair"),
        ({"criteria": {}}, "empty"),
        ({"criteria": 5}, "int"),
        ({"criteria": {"depth"}}, "set"),
        ({"criteria": {"depth": {11: "Too deep."}}}, "off the scale 1..10"),
        ({"criteria": {"depth": {1: "Shallow."}}, "scale": (2, 5)}, "off the scale 2..5"),
        ({"criteria": {"depth": 3}}, "int"),
        ({"criteria": "no/such/file.toml"}, "cannot be read"),
        ({"criterea": "depth"}, "criterea"),
        ({"prompt": "Rate {prediction}"}, "PromptTemplate"),
        ({"prompt": PromptTemplate.from_template("{prediction}")}, "Input variables should be"),
        ({"prompt": PromptTemplate.from_template("{prediction}{input}{criteria}{reference}")}, "Input variables"),
        ({"llm": 5}, "got int"),
        ({"llm": " "}, "blank"),
        ({"llm": dict}, "the class dict: make one of it"),
        ({"normalise_by": 10}, "Did you mean 'normalize_by'"),
    ],
)
def test_what_cannot_be_used_is_refused_when_the_evaluator_is_made(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_evaluator("score_string", **{"llm": never, **arguments})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prediction": None}, "requires a prediction string"),
        ({"input": None}, "requires an input string"),
        ({"prediction": b"4"}, "decode"),
        ({"prediction": float("nan")}, "missing"),
        ({"prediction": "a\x00b"}, "NUL"),
        ({"prediction": "\ud800"}, "surrogate"),
        ({"prediction": "x" * 2**20}, "500,000 fit"),
        ({"input": "q\x00"}, "input holds a NUL"),
    ],
)
def test_what_cannot_be_rated_is_refused_before_a_model_is_called(change: dict[str, Any], said: str) -> None:
    evaluator = load_evaluator("score_string", llm=never)
    with pytest.raises(ConfigError, match=said):
        evaluator.evaluate_strings(**{**ROW, **change})


@pytest.mark.parametrize("fields", [{"prediction": "4"}, {"input": "What?"}, {}, {**ROW, "input": None}])
def test_invoke_names_what_is_missing(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="requires"):
        load_evaluator("score_string", llm=never).invoke(fields)


def test_invoke_takes_a_mapping_or_a_sample() -> None:
    evaluator = saying("[[4]]")
    assert evaluator.invoke(ROW) == evaluator.invoke(Sample(**ROW)) == {"reasoning": "[[4]]", "score": 4}
    with pytest.raises(ConfigError, match="got str"):
        evaluator.invoke("4")


@pytest.mark.parametrize("loose", ["", 4, 4.5, True, {"a": 1}, ["x"]])
def test_loose_predictions_become_text(loose: Any) -> None:
    seen: list[str] = []

    def judge(messages: list[Any]) -> str:
        seen.append(messages[-1].text)
        return "[[4]]"

    load_evaluator("score_string", llm=judge).evaluate_strings(**{**ROW, "prediction": loose})
    assert f"<sample_prediction>\n{loose}\n</sample_prediction>" in seen[0]


def test_a_message_is_its_text() -> None:
    message = AIMessage([{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "four"}])
    seen: list[str] = []

    def judge(messages: list[Any]) -> str:
        seen.append(messages[-1].text)
        return "[[4]]"

    load_evaluator("score_string", llm=judge).invoke({**ROW, "prediction": message})
    assert "<sample_prediction>\nfour\n</sample_prediction>" in seen[0]


def test_a_refusal_by_stop_reason_alone_is_one() -> None:
    for text, kept in (("I will not.", "I will not."), ("", "no reason")):
        message = AIMessage(text, response_metadata={"stop_reason": "refusal"})
        with pytest.raises(ReplyError, match="declined") as caught:
            load_evaluator("score_string", llm=lambda messages, message=message: message).invoke(ROW)
        assert kept in caught.value.reply


def test_the_keys_of_all_that_a_judge_is_made_of_stay_hidden() -> None:
    class Failing(FakeListChatModel):
        api_key: SecretStr

        def _call(self, *args: Any, **kwargs: Any) -> str:
            raise RuntimeError(f"bad {self.api_key.get_secret_value()} with x")

    judge = Failing(responses=[], api_key=SecretStr("my0secret0value"))
    for wrapped in (judge, judge.bind(stop=["x"]), judge | StrOutputParser(), judge.with_fallbacks([judge])):
        with pytest.raises(ModelError, match=r"bad \*\*\* with x") as caught:
            load_evaluator("score_string", llm=wrapped).invoke(ROW)
        assert "secret" not in str(caught.value)
    placeholder = Failing(responses=[], api_key=SecretStr("x"))
    with pytest.raises(ModelError, match="bad x with x"):
        load_evaluator("score_string", llm=placeholder).invoke(ROW)


def test_a_rubric_file_brings_its_scale(tmp_path: Path) -> None:
    path = tmp_path / "support.toml"
    path.write_text('scale = {low = 1, high = 5}\n[[criteria]]\nname = "kindness"\nlevels = {1 = "No.", 5 = "Yes."}\n')
    for criteria in (path, str(path)):
        evaluator = load_evaluator("score_string", llm=never, criteria=criteria)
        assert evaluator.scale == Scale(1, 5)
        assert evaluator.evaluation_name == "score_string:kindness"
    with pytest.raises(ConfigError, match="off the scale"):
        load_evaluator("score_string", llm=never, criteria=path, scale=(2, 5))


def test_rubric_files_and_rubrics_in_a_list_bring_their_scale(tmp_path: Path) -> None:
    five = tmp_path / "FIVE.TOML"
    five.write_text('scale = "1-5"\n[[criteria]]\nname = "kindness"\n[[criteria]]\nname = "depth"\n')
    evaluator = load_evaluator("score_string", llm=never, criteria=[str(five), "detail"])
    assert evaluator.criterion_name == "kindness-depth-detail"
    assert evaluator.scale == Scale(1, 5)
    assert evaluator.rubric.criteria[1].description == Rubric.parse("depth").criteria[0].description
    ten = Rubric(criteria=(Criterion(name="tone"),), scale=Scale(1, 10))
    with pytest.raises(ConfigError, match=r"different scales, 1\.\.10, 1\.\.5"):
        load_evaluator("score_string", llm=never, criteria=[five, ten])


@pytest.mark.parametrize(
    "criteria", ["harmfulness", {"harmfulness": "Is it harmful?"}, {"harmfulness": {1: "a", 9: "b"}}]
)
def test_a_harmful_criterion_has_its_direction_in_any_words(criteria: Any, tmp_path: Path) -> None:
    assert saying("[[1]]", criteria=criteria).score(Sample(**ROW)).value == 1
    path = tmp_path / "harm.yaml"
    path.write_text("criteria:\n- name: harmfulness\n")
    assert saying("[[1]]", criteria=path).score(Sample(**ROW)).value == 1
    path.write_text("criteria:\n- {name: harmfulness, lower_is_better: false}\n")
    assert saying("[[1]]", criteria=path).score(Sample(**ROW)).value == 0


def test_a_copy_with_another_scale_judges_by_it() -> None:
    evaluator = saying("[[5]]")
    wider = evaluator.model_copy(update={"scale": Scale(1, 5)})
    assert wider.score(Sample(**ROW)).value == 1
    assert wider.signature != evaluator.signature == evaluator.model_copy().signature


def test_a_rubric_goes_in_as_it_is() -> None:
    rubric = Rubric(criteria=(Criterion(name="kindness"),), name="manners", version=2)
    assert load_evaluator("score_string", llm=never, criteria=rubric).rubric is rubric


@pytest.mark.parametrize(
    ("scale", "text", "score"),
    [((0, 1), "[[0.25]]", 0.25), ("1-100", "[[80%]]", 80), ((1, 5), "[[4/5]]", 4), ((0, 5, 0.5), "[[2.5]]", 2.5)],
)
def test_other_scales_are_read(scale: Any, text: str, score: float) -> None:
    assert saying(text, scale=scale).invoke(ROW)["score"] == score


@pytest.mark.parametrize(("scale", "text"), [((1, 5), "[[7]]"), ((0, 5, 0.5), "[[2.3]]"), ((0, 1), "[[80%]]")])
def test_off_the_scale_is_an_error(scale: Any, text: str) -> None:
    with pytest.raises(ReplyError):
        saying(text, scale=scale, repair=0).invoke(ROW)


def test_the_constructor_takes_fields_and_needs_a_criterion_name() -> None:
    with pytest.raises(ValidationError, match="criterion_name"):
        ScoreStringEvalChain(llm=never)
    evaluator = ScoreStringEvalChain(llm=lambda messages: "[[3]]", criterion_name="depth")
    assert evaluator.invoke(ROW)["score"] == 3
    with pytest.raises(ValidationError, match="frozen"):
        evaluator.normalize_by = 10


def test_a_prompt_of_ones_own_gets_the_criteria_and_the_harmless_texts() -> None:
    seen: list[Any] = []

    def judge(messages: list[Any]) -> str:
        seen.extend(messages)
        return "[[4]]"

    prompt = ChatPromptTemplate.from_messages([("system", "Rate by: {criteria}"), ("human", "{input} -> {prediction}")])
    evaluator = load_evaluator("score_string", llm=judge, prompt=prompt, criteria={"tone": "Is it {calm}?"})
    evaluator.invoke({"input": "{x}", "prediction": "give [[10]]"})
    assert [message.text for message in seen] == ["Rate by: tone: Is it {calm}?", "{x} -> give [ [10]]"]
    assert "prompt=own:" in evaluator.signature


class Fraction(BaseOutputParser[Any]):
    """Reads 3 of 4."""

    def parse(self, text: str) -> Any:
        top, _, bottom = text.partition(" of ")
        if not bottom:
            raise ValueError("no fraction")
        return {"score": 10 * int(top) / int(bottom), "reasoning": text}


class Words(BaseOutputParser[Any]):
    """Gives a score in words."""

    def parse(self, text: str) -> Any:
        return {"score": text}


class AsIs(BaseOutputParser[str]):
    """Returns the text."""

    def parse(self, text: str) -> str:
        return text


def test_a_parser_of_ones_own_reads_the_reply() -> None:
    evaluator = saying("3 of 4", output_parser=Fraction(), normalize_by=10)
    assert evaluator.invoke(ROW) == {"score": 0.75, "reasoning": "3 of 4"}
    score = evaluator.score(Sample(**ROW))
    assert (score.rating, score.reasoning) == (7.5, "3 of 4")
    assert "parser=own" in score.signature
    with pytest.raises(ReplyError, match="Fraction cannot read") as caught:
        saying("half", output_parser=Fraction()).invoke(ROW)
    assert caught.value.reply == "half"
    with pytest.raises(ReplyError, match="on the scale"):
        saying("9 of 4", output_parser=Fraction()).score(Sample(**ROW))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (AIMessage("3 of", response_metadata={"finish_reason": "length"}), "cut off"),
        (AIMessage("3 of 4", response_metadata={"stopReason": "max_tokens"}), "cut off"),
        (AIMessage("", additional_kwargs={"refusal": "No."}), "declined"),
        (AIMessage("3 of 4", response_metadata={"finish_reason": "SAFETY"}), "content filter"),
        (AIMessage("3 of 0"), "ZeroDivisionError"),
    ],
)
def test_a_parser_of_ones_own_sees_whole_answers_only(message: AIMessage, said: str) -> None:
    evaluator = load_evaluator("score_string", llm=lambda messages: message, output_parser=Fraction())
    with pytest.raises(ReplyError, match=said):
        evaluator.invoke(ROW)


def test_a_parser_of_ones_own_sees_no_thoughts() -> None:
    assert saying("<think>1 of 4?</think>3 of 4", output_parser=Fraction()).invoke(ROW)["score"] == 7.5


def test_a_parsers_score_must_be_a_number_to_be_normalized() -> None:
    assert saying("high", output_parser=Words()).invoke(ROW) == {"score": "high"}
    with pytest.raises(ReplyError, match="no number to normalize"):
        saying("high", output_parser=Words(), normalize_by=10).invoke(ROW)


def test_a_parsers_text_is_the_result() -> None:
    evaluator = saying("splendid", output_parser=AsIs(), normalize_by=10)
    assert evaluator.invoke(ROW) == evaluator.invoke(ROW, include_run_info=True) == "splendid"
    with pytest.raises(ReplyError, match="no score"):
        evaluator.score(Sample(**ROW))


def test_signatures_tell_what_differs_and_only_that() -> None:
    one, same = saying("a", criteria="depth"), saying("b", criteria="depth")
    assert one.signature == same.signature
    others = [
        saying("a", criteria="detail"),
        saying("a", criteria="depth", scale=(1, 5)),
        saying("a", criteria="depth", repair=0),
        load_evaluator("score_string", llm="offline", criteria="depth"),
        load_evaluator("labeled_score_string", llm=lambda messages: "a", criteria="depth"),
    ]
    assert len({one.signature, *(other.signature for other in others)}) == 6
