"""The pytest plugin, in sessions of its own: what tests see, the table, the run file, workers, and what breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from loopback import command_line
from loopback.langsmith_api import LangSmithServer

from lc_scoring import ConfigError, Failure, ReplyError, Run, Score, load_evaluator, score_dataset
from lc_scoring.integrations import pytest_notes
from lc_scoring.integrations.pytest_plugin import assert_mean, assert_score

pytest_plugins = ["pytester"]

MODULE = "lc_scoring.integrations.pytest_plugin"
STRICT = ("-W", "error", "--strict-markers", "--strict-config")
ALL_KINDS = r"""
import pytest
from lc_scoring import NotApplicable, ReplyError
from lc_scoring.integrations.pytest_plugin import assert_mean, assert_score

NILE = {"input": "Which river flows through Cairo?", "reference": "the Nile"}
HOSTILE = "[bold]no[/bold] \x1b[2J \ud800 \x00 \u202e\n:x: [[3]]"
pytestmark = pytest.mark.lc_scoring("labeled_score_string", llm="offline", criteria="correctness")
def hostile(messages):
    return HOSTILE

def test_fixture(score):
    first = score("The Nile.", **NILE)
    second = score("The Rhine.", **NILE)
    assert (first.rating, second.rating) == (10, 2)
    assert first.signature.count("OfflineJudge")

@pytest.mark.lc_scoring("exact_match", ignore_case=True)
class TestMarked:
    def test_closest_marker(self, score):
        assert score("PARIS", reference="paris").value == 1

    def test_named_one_has_nothing_of_the_marker(self, score):
        assert score("PARIS", "exact_match", reference="paris").value == 0

@pytest.mark.parametrize("city", ["Rome", "R[red]o\x1bme"])
def test_low(city):
    assert_score("exact_match", prediction=city, reference="Paris", at_least=1)

def test_hostile():
    assert_score("score_string", llm=hostile, criteria="helpfulness", prediction=HOSTILE.replace("\ud800 \x00", ""),
                 input="?", at_least=7)

def test_unread(score):
    score("Hm.", "score_string", llm=lambda messages: "\x1b[31mno \ud800 rating", criteria="depth", repair=0, input="?")

def test_unread_and_caught(score):
    with pytest.raises(ReplyError, match="no rating"):
        score("Hm.", "score_string", llm=lambda messages: "none", criteria="depth", repair=0, input="?")

def test_not_applicable(score):
    options = {"llm": lambda messages: "N/A. Rating: [[N/A]]", "criteria": "depth", "not_applicable": True}
    with pytest.raises(NotApplicable):
        score("Hm.", "score_string", input="?", **options)

def test_mean():
    rows = [{"id": f"r{n}", "prediction": "a", "reference": "a"} for n in range(20)]
    assert_mean(rows, "exact_match", at_least=0.8)

def test_pair(score):
    pair = score("Paris", "pairwise_string_distance", prediction_b="Paris")
    assert pair.value is not None

def test_lacks_a_reference(score):
    score("Paris")

async def test_async(score):
    import asyncio
    both = await asyncio.gather(*(score.ascore(text, **NILE) for text in ("The Nile.", "The Rhine.")))
    assert [one.rating for one in both] == [10, 2]
"""
TABLE = """\
evaluator                                           tests  scores  failed  n/a  mean [95 % interval]  lowest  in
exact_match (ignore_case=False)                         4      23       0    0     0.87 [0.68, 0.95]    0.00  \
test_kinds.py::TestMarked::test_named_one_has_nothing_of_the_marker
exact_match (ignore_case=True)                          1       1       0    0                  1.00    1.00  \
test_kinds.py::TestMarked::test_closest_marker
pairwise_jaro_winkler_distance                          1       1       0    0                  0.00    0.00  \
test_kinds.py::test_pair
score_string:correctness                                3       4       1    0    6.00 [2.00, 10.00]    2.00  \
test_kinds.py::test_async
score_string:depth (repair=0)                           2       0       2    0                  none
score_string:depth (repair=1, not_applicable=True)      1       0       0    1                  none
score_string:helpfulness                                1       1       0    0                  3.00    3.00  \
test_kinds.py::test_hostile
"""
PLAIN = "from lc_scoring.integrations.pytest_plugin import assert_score\n"
ASYNC = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for sessions that have the plugins that a test names, and no others."""
    for name in list(os.environ):
        if name.startswith(("LANGSMITH_", "LANGCHAIN_", "LC_SCORING_", "OPENAI_", "PYTEST_ADDOPTS", "PYTEST_XDIST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    monkeypatch.setenv("COLUMNS", "160")
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return session.runpytest_subprocess("-p", MODULE, *STRICT, *arguments)


def ids(path: Path) -> list[tuple[str, str, float | None, str]]:
    return sorted((one.id, one.name, one.score, type(one.outcome).__name__) for one in Run(path).results())


def test_all_kinds_of_scores_in_one_process_and_by_two_workers(session: pytest.Pytester) -> None:
    session.makepyfile(test_kinds=ALL_KINDS)
    alone = run(session, *ASYNC, "--lc-scoring-run=alone.run.db")
    alone.assert_outcomes(passed=8, failed=5)
    output = alone.stdout.str()
    assert TABLE + "run file: alone.run.db\n" in output
    assert "\x1b" not in output
    assert "\u202e" not in output
    # What a failed assertion says, and that an evaluator's error is told without its insides.
    assert "E       AssertionError: score_string:helpfulness: 3, wanted at least 7." in output
    assert "E         reasoning:\nE           [bold]no[/bold]  [2J" in output
    assert "|judge=RunnableLambda:hostile|" in output
    assert "E       lc_scoring.errors.ReplyError: The reply holds no rating in double brackets" in output
    assert "lc_scoring/evaluators" not in output

    results = {(one.id, one.name): one for one in Run("alone.run.db").results()}
    assert len(results) == 34
    second = results["test_kinds.py::test_fixture#2", "score_string:correctness"]
    expected = {"prediction": "The Rhine.", "input": "Which river flows through Cairo?", "reference": "the Nile"}
    assert second.values == {**expected, "test": "test_kinds.py::test_fixture"}
    assert (second.score, second.outcome.rating) == (2.0, 2.0) if isinstance(second.outcome, Score) else False
    assert results["test_kinds.py::test_mean#r7", "exact_match (ignore_case=False)"].score == 1
    hostile = results["test_kinds.py::test_hostile", "score_string:helpfulness"].outcome
    assert isinstance(hostile, Score)
    assert hostile.reasoning.startswith("[bold]no[/bold] \x1b[2J ? \x00 \u202e\n:x:")
    unread = results["test_kinds.py::test_unread_and_caught", "score_string:depth (repair=0)"].outcome
    assert isinstance(unread, Failure)
    assert isinstance(unread.error, ReplyError)
    assert Run("alone.run.db").stopped is None

    both = run(session, *ASYNC, "-p", "xdist", "-n2", "--lc-scoring-run=both.run.db")
    both.assert_outcomes(passed=8, failed=5)
    assert TABLE in both.stdout.str()
    assert ids(Path("both.run.db")) == ids(Path("alone.run.db"))

    told = command_line.run("summary", Path("both.run.db").resolve())
    assert told.returncode == 0, told.stderr
    assert "score_string:depth (repair=0)" in told.stdout


def test_a_run_file_that_cannot_be_used_ends_the_session_before_any_test(session: pytest.Pytester) -> None:
    session.makepyfile(
        test_a=f"{PLAIN}def test_a():\n    assert_score('exact_match', prediction='a', reference='a', "
        "at_least=1)\n    with open('ran', 'a') as file:\n        file.write('x')\n"
    )
    assert run(session, "--collect-only", "--lc-scoring-run=a.run.db").ret == 0
    assert not Path("a.run.db").exists()
    assert run(session, "-k", "none", "--lc-scoring-run=a.run.db").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert Run("a.run.db").rows == 0  # and nothing is lost where the next session takes it over
    assert run(session, "--lc-scoring-run=a.run.db").ret == 0
    before = Path("a.run.db").read_bytes()
    Path("notes.txt").write_text("mine", encoding="utf-8")
    for name, why in (
        ("a.run.db", "holds the scores of an earlier session"),
        ("notes.txt", "is no run file"),
        ("nowhere/a.run.db", "there is no folder"),
    ):
        refused = run(session, f"--lc-scoring-run={name}")
        assert refused.ret == pytest.ExitCode.USAGE_ERROR, name
        assert why in refused.stderr.str()
        assert refused.stderr.str().startswith("ERROR: --lc-scoring-run: ")
    assert Path("ran").read_text(encoding="utf-8") == "x"
    assert Path("a.run.db").read_bytes() == before
    assert Path("notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_test_that_is_run_once_more_counts_as_it_came_out_last(session: pytest.Pytester) -> None:
    session.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for attempt in (1, 2):
                item.session.attempt = attempt
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
    """)
    session.makepyfile(
        test_a="""
        def test_again(score, request):
            attempt = request.session.attempt
            for place in range(3 if attempt == 1 else 2):
                score(f"try {attempt}.{place}", "exact_match", reference="try 2.1")
    """
    )
    done = run(session, "--lc-scoring-run=a.run.db")
    assert (
        "exact_match      1       2       0     0.50 [0.09, 0.91]    0.00  test_a.py::test_again" in done.stdout.str()
    )
    results = [(one.id, one.values["prediction"], one.score) for one in Run("a.run.db").results()]
    assert results == [
        ("test_a.py::test_again", "try 2.0", 0.0),
        ("test_a.py::test_again#2", "try 2.1", 1.0),
    ]


@pytest.mark.parametrize(
    ("breaks", "arguments", "code", "stopped"),
    [
        ("raise KeyboardInterrupt", (), 2, "interrupted"),
        ("os._exit(7)", ("-p", "xdist", "-n1", "--max-worker-restart=0"), 1, None),
        ("pytest.exit('enough', returncode=9)", ("-p", "no:terminal"), 9, "exit status 9"),
    ],
)
def test_what_was_scored_before_a_session_broke_off_is_in_the_file(
    session: pytest.Pytester, breaks: str, arguments: tuple[str, ...], code: int, stopped: str | None
) -> None:
    session.makepyfile(
        test_a=f"""
        import os
        import pytest
        from lc_scoring.integrations.pytest_plugin import assert_score

        def test_first():
            assert_score("exact_match", prediction="a", reference="a", at_least=1)

        def test_second():
            assert_score("exact_match", prediction="b", reference="b", at_least=1)
            {breaks}
    """
    )
    done = run(session, *arguments, "--lc-scoring-run=a.run.db")
    assert done.ret == code, done.stdout.str() + done.stderr.str()
    of_the_broken = [] if "-n1" in arguments else ["test_a.py::test_second"]
    assert [one.id for one in Run("a.run.db").results()] == ["test_a.py::test_first", *of_the_broken]
    assert stopped is None or stopped in str(Run("a.run.db").stopped)
    assert sorted(path.name for path in Path().glob("a.run.db*")) == ["a.run.db"]


def test_a_full_disk_fails_a_session_that_passed_and_the_table_is_shown(session: pytest.Pytester) -> None:
    session.makeconftest("""
        import os, resource, signal
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_teardown():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
    """)
    session.makepyfile(test_a="def test_a(score):\n    score('a' * 300_000, 'exact_match', reference='b')\n")
    done = run(session, "-p", "no:cacheprovider", "--lc-scoring-run=a.run.db")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    output = done.stdout.str()
    assert "exact_match      1       1       0                  0.00" in output
    assert "lc_scoring: The run file" in output
    assert "run file: a.run.db" not in output


def test_sessions_that_score_nothing_show_nothing_and_load_nothing(session: pytest.Pytester) -> None:
    session.makeconftest("""
        import sys

        def pytest_unconfigure():
            heavy = {"langchain_core", "langsmith", "lc_scoring.runs", "numpy", "pydantic"} & set(sys.modules)
            assert not heavy, heavy
    """)
    session.makepyfile(test_a="def test_a():\n    pass\n")
    done = run(session)
    done.assert_outcomes(passed=1)
    assert done.ret == 0
    assert "lc_scoring" not in done.stdout.str().partition("collected")[2]
    assert "lc_scoring(evaluator=None, **options)" in run(session, "--markers").stdout.str()


def test_importing_the_plugin_loads_the_standard_library_and_pytest_alone() -> None:
    shown = "print(json.dumps([*{*sys.modules} - old]))"
    told = subprocess.run(  # noqa: S603 - our own program
        [
            sys.executable,
            "-c",
            f"import json, pytest, sys; old = {{*sys.modules}}; import {MODULE}; {shown}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(told.stdout))
    own = {name for name in loaded if name.split(".")[0] == "lc_scoring"}
    assert own == {
        "lc_scoring",
        "lc_scoring.errors",
        "lc_scoring.integrations",
        MODULE,
        "lc_scoring.integrations.pytest_notes",
    }
    assert {name.split(".")[0] for name in loaded - own} <= sys.stdlib_module_names


def test_installed_it_needs_no_argument_and_q_shows_the_table_without_a_title(
    session: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    session.makepyfile(test_a="def test_a(score):\n    score('a', 'exact_match', reference='a')\n")
    named = () if entry_points(group="pytest11", name="lc_scoring") else ("-p", MODULE)
    done = session.runpytest_subprocess(*named, "-q", "--strict-markers")
    done.assert_outcomes(passed=1)
    assert "exact_match      1       1       0                  1.00    1.00  test_a.py::test_a" in done.stdout.str()
    assert "= lc_scoring =" not in done.stdout.str()


LANGSMITH = """
    import pytest

    @pytest.mark.langsmith(test_suite_name="rivers")
    def test_tracked(score):
        assert score("The Nile.", llm="offline", input="Which?", reference="the Nile", criteria="correctness").rating
        score("a", "exact_match", reference="b")

    def test_not_tracked(score):
        score("a", "exact_match", reference="a")
"""


def test_beside_langsmiths_own_plugin_scores_become_feedback(
    session: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.makepyfile(test_a=LANGSMITH)
    arguments = ("-p", "langsmith.pytest_plugin", "-W", "default", "--lc-scoring-run")
    with LangSmithServer() as server:
        for name, value in server.env().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("LANGSMITH_TEST_TRACKING", "false")
        monkeypatch.setenv("LANGSMITH_TRACING", "false")
        run(session, *arguments, "a.run.db").assert_outcomes(passed=2)
        assert server.requests == []
        monkeypatch.setenv("LANGSMITH_TEST_TRACKING", "true")
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        run(session, *arguments, "b.run.db").assert_outcomes(passed=2)
        told = sorted((one["key"], one["score"]) for one in server.store["feedback"])
        assert told == [("exact_match", 0), ("pass", 1), ("score_string:correctness", 10)]
    assert ids(Path("a.run.db")) == ids(Path("b.run.db"))


# The assertions by themselves, where no session notes what they score.


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest_notes, "_open", [])


def judge(*ratings: float) -> object:
    """A judge that gives one rating after the other."""
    left = iter(ratings)
    return load_evaluator("score_string", llm=lambda messages: f"So. Rating: [[{next(left)}]]", criteria="depth")


def rows(count: int, **more: object) -> list[dict[str, object]]:
    return [{"id": f"r{n}", "input": "?", "prediction": f"text {n}", **more} for n in range(count)]


@pytest.mark.usefixtures("no_session")
def test_bounds_are_in_the_units_of_the_number_that_is_reported() -> None:
    normalized = load_evaluator(
        "score_string", llm=lambda messages: "So. Rating: [[7]]", criteria="depth", normalize_by=10
    )
    told = {"prediction": "a", "input": "?"}
    assert assert_score(normalized, **told, at_least=0.7, at_most=0.7).rating == 7
    assert assert_score(judge(7), **told, at_least=7, at_most=7).rating == 7
    with pytest.raises(AssertionError, match=r"^score_string:depth: 7, wanted at most 6\.9\.\n  prediction: a\n"):
        assert_score(judge(7), **told, at_most=6.9)
    with pytest.raises(AssertionError, match=r"0\.7, wanted at least 0\.71\."):
        assert_score(normalized, **told, at_least=0.71)
    with pytest.raises(
        ConfigError, match=r"at_least=7 is off the scale of score_string:depth, which reports 0\.1 to 1"
    ):
        assert_score(normalized, **told, at_least=7)
    verdict = {"llm": lambda messages: "Same.\nGRADE: INCORRECT", "reference": "b"}
    assert assert_score("qa", **told, **verdict, label="INCORRECT").value == 0
    with pytest.raises(AssertionError, match=r"0 \(INCORRECT\), wanted the label CORRECT"):
        assert_score("qa", **told, **verdict, label="CORRECT")


@pytest.mark.usefixtures("no_session")
def test_a_long_text_is_clipped_in_a_message() -> None:
    long = load_evaluator("score_string", llm=lambda messages: "why " * 1000 + "[[2]]", criteria="depth")
    with pytest.raises(AssertionError) as caught:
        assert_score(long, prediction="p" * 5000, input="?", at_least=3)
    message = str(caught.value)
    assert "[... 4,700 more characters]" in message
    assert "[... 3,005 more characters]" in message
    assert len(message) < 2000


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "nothing can fail"),
        ({"at_least": 5, "at_most": 4}, "nothing lies between"),
        ({"at_least": float("nan")}, "takes a number"),
        ({"at_most": "7"}, "takes a number"),
        ({"at_least": True}, "takes a number"),
        ({"at_least": 11}, "off the scale"),
        ({"at_least": 5, "llm": "offline"}, "takes no more arguments"),
    ],
)
@pytest.mark.usefixtures("no_session")
def test_senseless_bounds_are_refused_before_anything_is_asked(given: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        assert_score(judge(), prediction="a", input="?", **given)  # type: ignore[arg-type]
    if "llm" not in given:
        with pytest.raises(ConfigError, match=why):
            assert_mean(rows(2), judge(), **given)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_session")
def test_a_mean_is_shown_or_too_low_or_rests_on_too_few() -> None:
    good = [8, 9, 7, 8, 9, 10, 8, 7, 9, 8] * 3
    found = assert_mean(rows(30), judge(*good), at_least=7.9)
    assert found.value == pytest.approx(8.3)
    assert 7.9 <= found.low < 8.3 < found.high
    assert assert_mean(rows(30), judge(*good), at_most=8.7, confidence=0.9).high <= 8.7
    with pytest.raises(AssertionError, match=r"the mean is 8\.3, wanted at least 9 \(n = 30; 95 % sure"):
        assert_mean(rows(30), judge(*good), at_least=9)
    with pytest.raises(AssertionError, match=r"8\.3, but 30 rows are too few to be 95 % sure .* low as 8\.0.* About"):
        assert_mean(rows(30), judge(*good), at_least=8.2)
    with pytest.raises(AssertionError, match=r"at most 8\.4: it may be as high as 8\.5"):
        assert_mean(rows(30), judge(*good), at_most=8.4)
    with pytest.raises(AssertionError, match="No number of rows shows it"):
        assert_mean(rows(10), judge(*good[:10]), at_least=8.3)
    # Ratings that are all alike do not show that there is no scatter: Wilson's bound at 3 of 3 is 0.53.
    with pytest.raises(AssertionError, match=r"10, but 3 rows are too few .* as low as 5\.73"):
        assert_mean(rows(3), judge(10, 10, 10), at_least=9)
    with pytest.raises(AssertionError, match="1 row was scored: fewer than two tell nothing"):
        assert_mean(rows(1), judge(10), at_least=1)


@pytest.mark.usefixtures("no_session")
def test_rows_that_failed_or_are_alike_or_were_never_done(tmp_path: Path) -> None:
    def unread(messages: object) -> str:
        return "So. Rating: [[8]]" if "text 3" not in str(messages) else "Hm. \x1b[2J"

    evaluator = load_evaluator("score_string", llm=unread, criteria="depth", repair=0)
    with pytest.raises(AssertionError) as caught:
        assert_mean(rows(20), evaluator, at_least=5)
    assert "1 of 20 rows (5%) failed; max_failed=0 allows for fewer." in str(caught.value)
    assert "r3: ReplyError: The reply holds no rating" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert assert_mean(rows(20), evaluator, at_least=5, max_failed=0.05).count == 19

    documents = [{**row, "document": str(number // 10)} for number, row in enumerate(rows(20))]
    run = score_dataset(documents, judge(*[9] * 10, *[5] * 10), run=tmp_path / "a.run.db")
    assert assert_mean(run, at_least=6).value == 7
    with pytest.raises(AssertionError, match="it may be as low as 5"):
        assert_mean(run, at_least=6, cluster="document")
    with pytest.raises(ConfigError, match="No row has the column 'page'"):
        assert_mean(run, at_least=6, cluster="page")
    with pytest.raises(ConfigError, match="not of exact_match"):
        assert_mean(run, "exact_match", at_least=6)
    with pytest.raises(ConfigError, match="a finished run is not scored"):
        assert_mean(run, at_least=6, max_cost=1.0)
    with pytest.raises(ConfigError, match="takes rows and one evaluator"):
        assert_mean(rows(2), at_least=6)

    kept = tmp_path / "kept.run.db"
    assert assert_mean(rows(20), judge(*[9] * 10, *[8] * 10), at_least=8, run=kept).count == Run(kept).rows == 20


def test_lasting_scores_of_one_row_each_have_an_id_of_their_own() -> None:
    notes = pytest_notes.Notes()
    assert [notes.place("t"), notes.place("t", "2"), notes.place("t"), notes.place("t", "2")] == [
        "t", "t#2", "t#3", "t#2#2",
    ]  # fmt: skip
    notes.forget("t")
    assert notes.place("t") == "t"
