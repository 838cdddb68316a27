"""Records: which texts a Sample takes, and how Usage adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from lc_scoring.errors import ConfigError, ReplyError
from lc_scoring.records import MAX_CHARACTERS, Failure, Sample, Score, Usage


class Text(str):
    """A kind of str, such as those that template engines and HTML libraries hand out."""

    __slots__ = ()


PLACES: list[tuple[str, Callable[[Any], Sample]]] = [
    ("prediction", lambda text: Sample(prediction=text)),
    ("input", lambda text: Sample(prediction="p", input=text)),
    ("reference", lambda text: Sample(prediction="p", reference=text)),
    ("contexts[1]", lambda text: Sample(prediction="p", contexts=("fine", text))),
]
ACCEPTED = [
    pytest.param("", id="an empty text"),
    pytest.param("plain", id="plain letters"),
    pytest.param("Grüße, 안녕, 🎲", id="letters of other scripts"),
    pytest.param(Text("a kind of str"), id="a subclass of str"),
    pytest.param("x" * MAX_CHARACTERS, id="as long as may be"),
    pytest.param("é" * MAX_CHARACTERS, id="as long as may be, not ASCII"),
]
REFUSED = [
    pytest.param(7, "must be text (str), got int", id="a number"),
    pytest.param(b"bytes", "must be text (str), got bytes", id="bytes"),
    pytest.param(["a list"], "must be text (str), got list", id="a list"),
    pytest.param("x" * (MAX_CHARACTERS + 1), "holds 500,001 characters; 500,000 fit", id="too long"),
    pytest.param("é" * (MAX_CHARACTERS + 1), "holds 500,001 characters; 500,000 fit", id="too long, not ASCII"),
    pytest.param("ab\x00c", "holds a NUL character at 2", id="NUL"),
    pytest.param("é\x00", "holds a NUL character at 1", id="NUL, not ASCII"),
    pytest.param("ab\ud83d", "holds half of a surrogate pair at 2", id="half an emoji"),
    pytest.param(Text("\udc00"), "holds half of a surrogate pair at 0", id="the other half"),
]


@pytest.mark.parametrize(("name", "make"), PLACES)
@pytest.mark.parametrize("text", ACCEPTED)
def test_a_sample_takes_any_text_that_can_travel(name: str, make: Callable[[Any], Sample], text: str) -> None:
    sample = make(text)
    assert text in (sample.prediction, sample.input, sample.reference, *sample.contexts), name


@pytest.mark.parametrize(("name", "make"), PLACES)
@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_sample_refuses_what_cannot_and_names_the_field(
    name: str, make: Callable[[Any], Sample], text: object, why: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make(text)
    assert str(caught.value).startswith(f"{name} {why}")


def test_a_prediction_is_no_optional_text() -> None:
    with pytest.raises(ConfigError, match=r"^prediction must be text \(str\), got NoneType"):
        Sample(prediction=None)  # type: ignore[arg-type]


def test_what_was_not_given_is_none_or_empty() -> None:
    sample = Sample(prediction="p")
    assert (sample.input, sample.reference, sample.contexts, sample.id) == (None, None, (), None)
    assert sample.metadata == {}


def test_samples_do_not_share_their_metadata() -> None:
    assert Sample(prediction="a").metadata is not Sample(prediction="b").metadata


@pytest.mark.parametrize(
    "record",
    [
        Sample(prediction="p"),
        Usage(),
        Score(name="n", value=0.5),
        Failure(name="n", error=ReplyError("Why.", reply="")),
    ],
)
def test_a_record_cannot_be_changed(record: object) -> None:
    field = next(iter(type(record).__dataclass_fields__))  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        setattr(record, field, "other")


def test_usage_adds_each_count_to_its_own() -> None:
    total = Usage(calls=1, input_tokens=20, output_tokens=300) + Usage(calls=4, input_tokens=50, output_tokens=600)
    assert total == Usage(calls=5, input_tokens=70, output_tokens=900)


def test_usage_of_nothing_adds_nothing() -> None:
    some = Usage(calls=2, input_tokens=3, output_tokens=5)
    assert some + Usage() == Usage() + some == some


def test_a_failure_has_no_value_that_could_enter_a_mean() -> None:
    failure = Failure(name="score_string:depth", error=ReplyError("Why.", reply=""))
    assert not hasattr(failure, "value")
    assert not hasattr(failure, "rating")


def test_one_text_is_not_several_contexts() -> None:
    with pytest.raises(ConfigError, match="put it in a tuple"):
        Sample(prediction="x", contexts="abc")  # type: ignore[arg-type]
