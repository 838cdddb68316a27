"""The pytest plugin: the fixture `score`, the marker `lc_scoring`, a table at the end, a run file of the session.

pytest loads it wherever the package is installed, so it imports next to nothing, and its hooks do nothing in a session
that scores nothing. What a test file needs of it is `assert_score`, `assert_mean` and `assert_matches`; the fixture
needs no import.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from lc_scoring.errors import ScoringError
from lc_scoring.integrations.pytest_notes import Notes, Scores, put_away, take_out

if TYPE_CHECKING:
    from lc_scoring.integrations.pytest_assertions import assert_score
    from lc_scoring.integrations.pytest_matches import assert_matches
    from lc_scoring.integrations.pytest_mean import assert_mean
    from lc_scoring.integrations.pytest_run_file import SessionFile
    from lc_scoring.integrations.pytest_scorer import Scorer

__all__ = ["assert_matches", "assert_mean", "assert_score"]

_HOMES = {  # they load LangChain
    "assert_matches": "pytest_matches",
    "assert_mean": "pytest_mean",
    "assert_score": "pytest_assertions",
}
_NOTES = pytest.StashKey[Notes]()
_SCORES = pytest.StashKey[Scores]()
_FILE: pytest.StashKey[SessionFile] = pytest.StashKey()
_TROUBLE = pytest.StashKey[str]()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lc_scoring.integrations.{_HOMES[name]}"), name)


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Scorer:
    """Score a text: `score(prediction, evaluator, input=..., reference=...)`; `await score.ascore(...)` does too."""
    from lc_scoring.integrations.pytest_scorer import Scorer, defaults_of  # noqa: PLC0415 - loads LangChain

    defaults = defaults_of(request.node.get_closest_marker("lc_scoring"))
    return Scorer(request.config.stash[_NOTES], request.node.nodeid, defaults)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--lc-scoring-run`."""
    parser.getgroup("lc_scoring").addoption(
        "--lc-scoring-run",
        metavar="FILE",
        help="Store the scores and failures of this session in a run file. One that holds scores is left alone.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and lay out what scores are noted on."""
    config.addinivalue_line(
        "markers",
        "lc_scoring(evaluator=None, **options): which evaluator the fixture `score` uses where a call names none, and "
        "what it is made with. Its `llm` is also the judge of evaluators that a call names.",
    )
    notes = config.stash[_NOTES] = Notes()
    take_out(notes)
    config.add_cleanup(lambda: put_away(notes))
    if not _is_worker(config):
        scores = config.stash[_SCORES] = Scores()
        config.pluginmanager.register(scores, "lc_scoring scores")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Open the run file, before anything is paid for and before workers start.

    Raises:
        UsageError: it holds scores, another session has it, or it cannot be made.
    """
    config = session.config
    path = config.getoption("lc_scoring_run")
    if path is None or _is_worker(config) or config.getoption("collectonly"):
        return
    from lc_scoring.integrations.pytest_run_file import SessionFile  # noqa: PLC0415 - loads SQLite and more

    try:
        file = config.stash[_FILE] = SessionFile(config.invocation_params.dir / path)
    except ScoringError as error:
        raise pytest.UsageError(f"--lc-scoring-run: {error}") from error
    config.add_cleanup(file.close)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have a test's report carry what it scored, to the process that shows and stores it."""
    report = yield
    notes = item.config.stash[_NOTES]
    if notes.used:
        notes.hand_over(report)
        if call.when == "teardown":
            notes.forget(item.nodeid)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the run file; a session whose file cannot be written has failed."""
    config = session.config
    if _is_worker(config):
        return
    scores = config.stash[_SCORES]
    scores.add(config.stash[_NOTES].left())  # of a test that Ctrl-C broke off
    file = config.stash.get(_FILE, None)
    if file is None:
        return
    try:
        file.write(scores, stopped=_why_stopped(session))
    except ScoringError as error:
        config.stash[_TROUBLE] = str(error)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if not config.pluginmanager.has_plugin("terminalreporter"):
            sys.stderr.write(f"lc_scoring: {error}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was scored."""
    outcomes = config.stash[_SCORES].outcomes()
    if outcomes:
        from lc_scoring.integrations.pytest_table import table_lines  # noqa: PLC0415 - loads statistics

        if terminalreporter.verbosity >= 0:
            terminalreporter.write_sep("=", "lc_scoring")
        for line in table_lines(outcomes, config.stash[_SCORES].earlier):
            terminalreporter.write_line(line)
    if _TROUBLE in config.stash:
        terminalreporter.write_line(f"lc_scoring: {config.stash[_TROUBLE]}", red=True)
    elif outcomes and _FILE in config.stash:
        terminalreporter.write_line(f"run file: {config.getoption('lc_scoring_run')}")


def _why_stopped(session: pytest.Session) -> str | None:
    """Return why a session ended before all of its tests were run, or None."""
    if why := session.shouldfail or session.shouldstop:
        return str(why)
    if session.exitstatus == pytest.ExitCode.INTERRUPTED:
        return "interrupted"
    over = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    return None if session.exitstatus in over else f"pytest ended with exit status {int(session.exitstatus)}"


def _is_worker(config: pytest.Config) -> bool:
    """Whether this is one of pytest-xdist's workers, which neither show nor store."""
    return hasattr(config, "workerinput")
