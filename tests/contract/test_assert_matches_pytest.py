"""assert_matches in a pytest session of its own: what passes, and what a failure shows."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = r"""
import pytest
from pydantic import BaseModel
from lc_scoring import ConfigError
from lc_scoring.integrations.pytest_matches import Within, assert_matches

class City(BaseModel):
    name: str
    people: int

PARIS = City(name="Paris", people=2_100_000)

def test_right():
    match = assert_matches(PARIS, '```json\n{"name": "Paris", "people": 2110000}\n```', compare={"people": Within(1e5)})
    assert match.got.people == 2_110_000

def test_wrong():
    assert_matches(PARIS, {"name": "P\n[red]aris\x1b[2J", "people": 2_100_000})

def test_no_form():
    assert_matches(City, '{"name": "Paris"}')

def test_mistake():
    with pytest.raises(ConfigError):
        assert_matches(PARIS, "{}", compare={"size": "ignore"}, at_least=2)
"""


def test_a_session_tells_the_facts_that_are_wrong(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "160")
    pytester.makepyfile(test_cities=TESTS)
    done = pytester.runpytest_subprocess("-p", "lc_scoring.integrations.pytest_plugin", "-W", "error")
    done.assert_outcomes(passed=2, failed=2)
    output = done.stdout.str()
    assert (
        "E       AssertionError: City: 0.5, wanted at least 1. 1 of 2 fields differs:\nE         name: wanted "
        in output
    )
    assert r"E         name: wanted 'Paris', got 'P\n[red]aris\x1b[2J' (credit 0)" in output
    assert "E       AssertionError: City: the prediction is not of this form.\nE         people: is missing\n" in output
    assert "\x1b" not in output
    assert "raise AssertionError" not in output  # the failure is shown where the test calls it
    assert "= lc_scoring =" not in output  # nothing was scored, so there is no table
