"""Setbacks: what real clients raise, and whether the same question may be answered later."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from typing import Any

import httpx
import openai
import pytest
from langchain_core.exceptions import ModelError as NeutralError
from loopback.openai_api import OpenAIServer, Reply
from loopback.ways import chat

from lc_scoring.errors import ConfigError, ModelError, NotApplicable, ReplyError, ScopeError
from lc_scoring.models.provider_errors import no_answer
from lc_scoring.models.setbacks import Setback, refuses_everything, setback_of

PASSING = Setback("passing")


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(retry_after=None) as running:
        yield running


def raised(server: OpenAIServer, outcome: int | Reply, **options: Any) -> Exception:
    """Return what a real client raises."""
    server.script([outcome])
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the classes are the providers' own
        chat(server, **options).invoke("Rate this.")
    return caught.value


def status(number: int, code: str | None = None, **headers: str) -> Mapping[str, Any]:
    told = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
    return {"status": number, **({"code": code} if code else {}), **told}


# What is asked again.

CASES = {
    "429": (status(429), Setback("rate")),
    "429, whole seconds": (status(429, retry_after="7"), Setback("rate", 7.0)),
    "429, part of a second": (status(429, Retry_After="0.25"), Setback("rate", 0.25)),
    "429, at once": (status(429, retry_after="0"), Setback("rate", 0.0)),
    "429, milliseconds": (status(429, retry_after_ms="1500", retry_after="2"), Setback("rate", 1.5)),
    "429, no milliseconds": (status(429, retry_after_ms="soon", retry_after="2"), Setback("rate", 2.0)),
    "429, a date long past": (
        status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        Setback("rate", 0.0),
    ),
    "429, a word": (status(429, retry_after="soon"), Setback("rate")),
    "429, less than nothing": (status(429, retry_after="-1"), Setback("rate")),
    "429, endless": (status(429, retry_after="inf"), Setback("rate")),
    "429, no number": (status(429, retry_after="nan"), Setback("rate")),
    "429, rate limit": (status(429, "rate_limit_exceeded"), Setback("rate")),
    "503": (status(503), Setback("overload")),
    "503, seconds": (status(503, retry_after="3"), Setback("overload", 3.0)),
    "500": (status(500), PASSING),
    "500, seconds": (status(500, retry_after="3"), Setback("passing", 3.0)),
    "502": (status(502), PASSING),
    "504": (status(504), PASSING),
    "408": (status(408), PASSING),
    "409": (status(409), PASSING),
    "425": (status(425), PASSING),
    "half a body": ("truncated", PASSING),
    "an empty body": ({"raw_body": ""}, PASSING),
    "a page of a gateway's": ("html", PASSING),
    "no choices": ("no_choices", PASSING),
    "an error that is no error": ({"raw_body": '{"error": {"message": "overloaded", "code": 500}}'}, PASSING),
    "a cut connection": ("cut", PASSING),
    "a cut body": ("cut_body", PASSING),
    "429, no money": (status(429, "insufficient_quota"), None),
    "429, no money for hours": (status(429, "insufficient_quota", retry_after="7"), None),
    "400": (status(400), None),
    "400, too long": (status(400, "context_length_exceeded"), None),
    "400, filtered": (status(400, "content_filter"), None),
    "401": (status(401), None),
    "403": (status(403), None),
    "404": (status(404), None),
    "404, no such model": (status(404, "model_not_found"), None),
    "422": (status(422), None),
}


@pytest.mark.parametrize(("outcome", "expected"), CASES.values(), ids=CASES)
def test_what_a_service_answers(server: OpenAIServer, outcome: Any, expected: Setback | None) -> None:
    assert setback_of(raised(server, outcome), over_the_wire=True) == expected


@pytest.mark.parametrize("outcome", ["null_choices", {"raw_body": "{}"}], ids=str)
def test_an_answer_without_choices_is_asked_again(server: OpenAIServer, outcome: Any) -> None:
    assert setback_of(raised(server, outcome), over_the_wire=True) == PASSING


def test_a_date_to_come_back_at(server: OpenAIServer) -> None:
    at = time.time() + 90
    setback = setback_of(raised(server, status(429, retry_after=formatdate(at, usegmt=True))))
    assert setback is not None
    assert setback.wait == pytest.approx(90, abs=5)


def test_a_date_that_is_none(server: OpenAIServer) -> None:
    assert setback_of(raised(server, status(429, retry_after="Fri, 99 Foo 99999 07:28:00"))) == Setback("rate")


def test_nobody_listens() -> None:
    with OpenAIServer() as gone:
        model = chat(gone)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        model.invoke("Rate this.")
    assert setback_of(caught.value, over_the_wire=True) == PASSING


def test_an_answer_that_does_not_come(server: OpenAIServer) -> None:
    def slow(_body: object) -> str:
        time.sleep(0.3)
        return "Too late."

    server.reply = slow
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            chat(server, timeout=0.05).invoke("Rate this.")
    finally:
        server.reply = "Good. [[8]]"
    assert setback_of(caught.value, over_the_wire=True) == Setback("overload")


REFUSING = ["401", "403", "404", "404, no such model", "429, no money", "429, no money for hours"]


@pytest.mark.parametrize("name", CASES)
def test_what_every_question_is_refused_for(server: OpenAIServer, name: str) -> None:
    error = raised(server, CASES[name][0])
    assert refuses_everything(error) is (name in REFUSING)
    assert refuses_everything(no_answer(error, None)) is (name in REFUSING)


# Errors of ours, and of others.


@pytest.mark.parametrize("name", ["400", "401", "429, no money", "500", "cut", "half a body", "408"])
def test_an_error_of_ours_is_judged_by_its_cause(server: OpenAIServer, name: str) -> None:
    outcome, expected = CASES.get(name, (name, PASSING))
    assert setback_of(no_answer(raised(server, outcome), None), over_the_wire=True) == expected


@pytest.mark.parametrize("name", ["429, whole seconds", "503, seconds"])
def test_a_busy_service_behind_an_error_of_ours_is_known_as_one(server: OpenAIServer, name: str) -> None:
    outcome, expected = CASES[name]
    assert setback_of(no_answer(raised(server, outcome), None)) == expected


@pytest.mark.parametrize(
    ("error", "at_home", "over_the_wire"),
    [
        (ConnectionResetError(), PASSING, PASSING),
        (ConnectionRefusedError(), PASSING, PASSING),
        (TimeoutError(), Setback("overload"), Setback("overload")),
        (json.JSONDecodeError("x", "", 0), PASSING, PASSING),
        (ValueError("x"), None, PASSING),
        (IndexError("x"), None, PASSING),
        (KeyError("x"), None, None),
        (TypeError("x"), None, None),
        (OSError("x"), None, None),
        (ConfigError("x"), None, None),
        (ReplyError("x", reply=""), None, None),
        (NotApplicable("x"), None, None),
        (ScopeError("x"), None, None),
        (ModelError("x"), None, None),
        (ModelError("x", retryable=True), PASSING, PASSING),
        (ModelError("x", retryable=False), None, None),
    ],
    ids=repr,
)
def test_errors_without_a_status(error: Exception, at_home: Setback | None, over_the_wire: Setback | None) -> None:
    assert setback_of(error) == at_home
    assert setback_of(error, over_the_wire=True) == over_the_wire


def neutral(name: str, *, retryable: bool, **attributes: Any) -> Exception:
    """Make an error as a provider's package makes it: of LangChain's neutral class."""
    import langchain_core.exceptions as neutral_errors  # noqa: PLC0415

    kind = getattr(neutral_errors, name)
    error: Exception = type(f"Some{name}", (kind, Exception), {"is_retryable": retryable, **attributes})("x")
    return error


@pytest.mark.parametrize(
    ("name", "retryable", "expected"),
    [
        ("ModelRateLimitError", True, Setback("rate")),
        ("ModelRateLimitError", False, None),
        ("ModelTimeoutError", True, Setback("overload")),
        ("ModelError", True, PASSING),
        ("ModelError", False, None),
    ],
)
def test_neutral_errors_of_any_provider(name: str, retryable: bool, expected: Setback | None) -> None:
    error = neutral(name, retryable=retryable)
    assert isinstance(error, NeutralError)
    assert setback_of(error, over_the_wire=True) == expected


def response(number: int, **headers: str) -> httpx.Response:
    return httpx.Response(number, headers=headers, request=httpx.Request("POST", "http://127.0.0.1"))


class OtherError(Exception):
    """An error of a provider that knows nothing of LangChain's classes."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__("x")
        vars(self).update(attributes)


class RemoteTransportError(Exception):
    """An error that only its name tells."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OtherError(status_code=529), Setback("overload")),
        (OtherError(code=429), Setback("rate")),
        (OtherError(http_status=503), Setback("overload")),
        (OtherError(status_code=True), None),
        (OtherError(status_code=12), None),
        (OtherError(status_code="500"), None),
        (OtherError(code="insufficient_quota", status_code=429), None),
        (OtherError(status_code=429, response=httpx.Response(429, headers={"Retry-After": "4"})), Setback("rate", 4.0)),
        (OtherError(status_code=429, response=OtherError(headers=None)), Setback("rate")),
        (OtherError(status_code=429, response=OtherError(headers=["Retry-After"])), Setback("rate")),
        (RemoteTransportError(), PASSING),
        (OtherError(), None),
    ],
    ids=["529", "429", "503", "bool", "12", "text", "quota", "header", "none", "list", "name", "nothing"],
)
def test_errors_of_other_providers(error: Exception, expected: Setback | None) -> None:
    assert setback_of(error, over_the_wire=True) == expected


def test_the_bare_client_s_errors_are_known_too() -> None:
    request = httpx.Request("POST", "http://127.0.0.1")
    assert setback_of(openai.APIConnectionError(request=request)) == PASSING  # type: ignore[arg-type]
    assert setback_of(openai.APITimeoutError(request=request)) == PASSING  # type: ignore[arg-type]


def test_causes_that_go_in_a_circle_end() -> None:
    one, other = OtherError(), OtherError()
    one.__cause__, other.__cause__ = other, one
    assert setback_of(one) is None
    assert refuses_everything(one) is False
