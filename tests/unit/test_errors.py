"""The tree of errors: what each one is besides, what it keeps, and what it says."""

from __future__ import annotations

import pickle

import pytest

from lc_scoring.errors import ConfigError, MissingExtra, ModelError, NotApplicable, ReplyError, ScopeError, ScoringError

BESIDES = [
    (ConfigError, ValueError),
    (MissingExtra, ConfigError),
    (MissingExtra, ImportError),
    (ScopeError, ModelError),
    (ReplyError, ValueError),
]


@pytest.mark.parametrize("error", [ConfigError, MissingExtra, ModelError, ScopeError, ReplyError])
def test_every_error_can_be_caught_as_a_scoring_error(error: type[Exception]) -> None:
    assert issubclass(error, ScoringError)


@pytest.mark.parametrize(("error", "other"), BESIDES)
def test_an_error_is_caught_where_people_caught_its_forerunner(error: type[Exception], other: type[Exception]) -> None:
    assert issubclass(error, other)


def test_a_model_that_does_not_answer_made_no_wrong_value() -> None:
    assert not issubclass(ModelError, ValueError)


@pytest.mark.parametrize("retryable", [True, False, None])
def test_a_model_error_keeps_whether_asking_again_may_help(retryable: bool | None) -> None:
    error = ModelError("No answer came.", retryable=retryable)
    assert error.retryable is retryable
    assert str(error) == "No answer came."


def test_asking_the_offline_judge_again_never_helps() -> None:
    assert ScopeError("It rates correctness alone.").retryable is False


def test_a_reply_error_says_why_and_shows_what_was_written() -> None:
    error = ReplyError("There is no rating.", reply="I'd say it is fine.")
    assert str(error) == """There is no rating. The judge wrote: "I'd say it is fine.\""""
    assert error.reason == "There is no rating."
    assert error.reply == "I'd say it is fine."


def test_a_reply_error_about_nothing_says_so() -> None:
    assert str(ReplyError("Empty.", reply="")) == "Empty. The judge wrote: (nothing)"


def test_three_hundred_characters_of_a_reply_are_shown_whole() -> None:
    assert "x" * 300 in str(ReplyError("Why.", reply="x" * 300))


@pytest.mark.parametrize("length", [301, 302, 100_000])
def test_of_a_longer_reply_both_ends_are_shown_and_the_rest_is_counted(length: int) -> None:
    reply = "a" * 150 + "-" * (length - 300) + "z" * 150
    error = ReplyError("Why.", reply=reply)
    assert str(error) == f"Why. The judge wrote: '{'a' * 150}' [... {length - 300} characters ...] '{'z' * 150}'"
    assert error.reply == reply


@pytest.mark.parametrize(
    "error",
    [
        ReplyError("There is no rating.", reply="Hm. " * 200),
        ModelError("No answer came.", retryable=True),
        ScopeError("It rates correctness alone."),
        MissingExtra("pip install something"),
    ],
)
def test_an_error_survives_the_way_to_another_process(error: ScoringError) -> None:
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_what_does_not_apply_survives_a_process_with_the_judges_words() -> None:
    state = pickle.loads(pickle.dumps(NotApplicable("It holds no claims.")))  # noqa: S301 - our own error
    assert (type(state), state.reasoning) == (NotApplicable, "It holds no claims.")
    assert "It wrote: 'It holds no claims.'" in str(state)
