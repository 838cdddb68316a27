"""exact_match and regex_match, and what all computed evaluators share."""

from __future__ import annotations

import asyncio
import math
import re
import subprocess
import sys
import threading
import time
import uuid
import warnings
from typing import Any

import pytest
import regex
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langsmith.schemas import Example, Run

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators import matching
from lc_scoring.evaluators.matching import ExactMatchStringEvaluator, RegexMatchStringEvaluator
from lc_scoring.records import Sample

HOSTILE, VICTIM = "(a|a|aa)+$", "a" * 40 + "b"


class Seen(BaseCallbackHandler):
    """Collects what a run tells its listeners."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: uuid.UUID, **kwargs: Any) -> None:
        self.told.append(("start", inputs))
        self.run_id, self.tags, self.metadata = run_id, kwargs.get("tags"), kwargs.get("metadata")

    def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
        self.told.append(("end", outputs))

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self.told.append(("error", type(error)))


@pytest.mark.parametrize("case", [False, True])
@pytest.mark.parametrize("punctuation", [False, True])
@pytest.mark.parametrize("numbers", [False, True])
def test_exact_match_gives_langchains_score(case: bool, punctuation: bool, numbers: bool) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation")
    flags = {"ignore_case": case, "ignore_punctuation": punctuation, "ignore_numbers": numbers}
    ours, theirs = ExactMatchStringEvaluator(**flags), classic.ExactMatchStringEvaluator(**flags)
    texts = ["Paris", "paris", "Paris!", "Paris 1", "paris, 12", "", "!", "1", "PARİS", "straße", "STRASSE", "¡Paris!"]
    for prediction in texts:
        for reference in texts:
            fields = {"prediction": prediction, "reference": reference}
            assert ours.evaluate_strings(**fields) == theirs.evaluate_strings(**fields), fields
    assert ours.evaluation_name == theirs.evaluation_name
    assert sorted(ours.input_keys) == sorted(theirs.input_keys)
    assert (ours.requires_input, ours.requires_reference) == (theirs.requires_input, theirs.requires_reference)


@pytest.mark.parametrize(
    "pattern", ["^mindy.*cto$", "mindy", "CTO", "", "^", "a|M", r"\w+\s\w+", "(M)(?P<n>i)", "[^M]"]
)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.MULTILINE | re.DOTALL, re.ASCII, re.VERBOSE, re.UNICODE])
@pytest.mark.parametrize("text", ["Mindy is the CTO", "mindy\nis the cto", "", "ünder a roof"])
def test_regex_match_gives_langchains_score(pattern: str, flags: int, text: str) -> None:
    classic = pytest.importorskip("langchain_classic.evaluation")
    fields = {"prediction": text, "reference": pattern}
    expected = classic.RegexMatchStringEvaluator(flags=flags).evaluate_strings(**fields)
    assert RegexMatchStringEvaluator(flags=flags).evaluate_strings(**fields) == expected


def test_a_flag_of_re_means_what_it_means_there() -> None:
    assert int(re.ASCII) != int(regex.ASCII)
    ascii_only = RegexMatchStringEvaluator(flags=re.ASCII)
    assert ascii_only.evaluate_strings(prediction="é", reference=r"\w") == {"score": 0}
    assert RegexMatchStringEvaluator().evaluate_strings(prediction="é", reference=r"\w") == {"score": 1}
    ascii_only.flags = 0
    assert ascii_only.evaluate_strings(prediction="é", reference=r"\w") == {"score": 1}


@pytest.mark.parametrize(
    "flags", [re.DEBUG, re.LOCALE, re.IGNORECASE | re.DEBUG, 1, 2**20, -1, True, "i", None, regex.IGNORECASE, 2.0]
)
def test_flags_that_make_no_sense_are_refused(flags: Any) -> None:
    with pytest.raises(ConfigError, match="flags takes"):
        RegexMatchStringEvaluator(flags=flags)


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf, "1", True, None])
def test_a_time_limit_is_a_finite_number_above_0(timeout: Any) -> None:
    with pytest.raises(ConfigError, match="finite number above 0"):
        RegexMatchStringEvaluator(timeout=timeout)


def test_a_hostile_pattern_is_given_up() -> None:
    evaluator = RegexMatchStringEvaluator(timeout=0.05)
    start = time.perf_counter()
    with pytest.raises(ConfigError, match=r"'\(a\|a\|aa\)\+\$' found no answer within 0.05 seconds .* 41 characters"):
        evaluator.evaluate_strings(prediction=VICTIM, reference=HOSTILE)
    assert time.perf_counter() - start < 2


async def test_a_hostile_pattern_leaves_the_event_loop_alone() -> None:
    evaluator, ticks = RegexMatchStringEvaluator(timeout=0.3), 0
    matching_task = asyncio.ensure_future(evaluator.aevaluate_strings(prediction=VICTIM, reference=HOSTILE))
    while not matching_task.done():
        ticks += 1
        await asyncio.sleep(0.001)
    with pytest.raises(ConfigError, match="no answer"):
        await matching_task
    assert ticks > 20


async def test_a_match_that_cannot_run_away_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: (threads.append(self.name), start(self))[1])
    fields = {"prediction": "Paris", "reference": ".*is$"}
    assert await RegexMatchStringEvaluator().aevaluate_strings(**fields) == {"score": 1}
    assert await ExactMatchStringEvaluator().ainvoke(fields) == {"score": 0}
    assert threads == []
    assert await RegexMatchStringEvaluator().aevaluate_strings(prediction="Paris", reference="(P)+") == {"score": 1}
    assert threads != []


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", r"'\(' is no regular expression: missing \) at position 1"),
        ("a**", "multiple repeat at position 2"),
        ("[z-a]", "bad character range"),
        ("(" * 90, r"'\({80}\.\.\.'"),
        ("(" * 5000 + ")" * 5000, "recursion"),
        ("(?a)(?u)x", "incompatible"),
        ("a" * 100_001, "100,001 characters; 100,000 fit"),
    ],
)
def test_what_is_no_pattern_is_told(pattern: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RegexMatchStringEvaluator().evaluate_strings(prediction="a", reference=pattern)


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        ("(a)+", -1),
        ("(?=a)b", -1),
        (r"(a)\1", -1),
        ("(*SKIP)a", -1),
        (r"(a)b*\g<1>", -1),
        ("a{2}", -1),
        (r"\X+", -1),
        ("|".join("abcdefghijklmnopqr"), -1),
        ("(a)", math.inf),
        ("abc", math.inf),
        ("", math.inf),
        ("(?:a|b)c", math.inf),
    ],
)
def test_what_needs_a_time_limit_is_seen_in_the_pattern(pattern: str, length: float) -> None:
    assert matching._harmless_length(pattern) == length


def test_a_repetition_may_stand_apart_from_its_group_where_space_does_not_count() -> None:
    assert matching._harmless_length("(a) +", re.VERBOSE) == -1
    assert matching._harmless_length("(a) +") > 0


def test_longer_patterns_alternatives_and_repetitions_need_a_limit_sooner() -> None:
    lengths = [matching._harmless_length(pattern) for pattern in ("a*", "a*bb", "a*b|c", "a*b*", "a*b*c+")]
    assert lengths == sorted(lengths, reverse=True)
    assert matching._harmless_length(".*" * 100) < 1


@pytest.mark.parametrize("repetition", ["*", "+", "?", "*?", "+?", "*+"])
@pytest.mark.parametrize("times", [1, 2, 3, 5, 8])
@pytest.mark.parametrize(
    "end",
    [r"\d", "a" * 50 + "[bc]", "[ab]" * 40 + r"\d", r"\B\d|a*\d", r"$\d", r"(a|aa)(a|ab)(a*|b)\d", r"(?:(a*)(a*)|a)\d"],
)
def test_the_longest_harmless_text_is_matched_in_no_time(repetition: str, times: int, end: str) -> None:
    pattern = f"[ab]{repetition}" * times + end
    text = "a" * int(min(matching._harmless_length(pattern), 1e6))
    # Measured: 0.05 seconds at most. What runs away takes hours, and a TimeoutError here.
    assert matching._compiled(pattern, 0)[0].match(text, timeout=60) is None


@pytest.mark.parametrize("evaluator", [ExactMatchStringEvaluator(), RegexMatchStringEvaluator()])
@pytest.mark.parametrize("wrong", [4, 4.5, True, math.nan, b"4", ["4"], {"a": 1}])
def test_only_text_is_compared(evaluator: Any, wrong: Any) -> None:
    with pytest.raises(ConfigError, match="reference must be text, got"):
        evaluator.evaluate_strings(prediction="4", reference=wrong)
    with pytest.raises(ConfigError, match="prediction must be text, got"):
        evaluator.invoke({"prediction": wrong, "reference": "4"})


def test_a_long_wrong_value_is_shown_in_short() -> None:
    with pytest.raises(ConfigError) as caught:
        ExactMatchStringEvaluator().evaluate_strings(prediction="4", reference=["x"] * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("evaluator", [ExactMatchStringEvaluator(), RegexMatchStringEvaluator()])
def test_a_message_is_its_text(evaluator: Any) -> None:
    message = AIMessage([{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "four"}])
    assert evaluator.evaluate_strings(prediction=message, reference="four") == {"score": 1}
    assert evaluator.evaluate_strings(prediction="four", reference=message) == {"score": 1}


async def test_what_is_missing_is_told() -> None:
    evaluator = ExactMatchStringEvaluator()
    with pytest.raises(ConfigError, match="requires a reference"):
        evaluator.evaluate_strings(prediction="4")
    with pytest.raises(ConfigError, match="prediction must be text, got None"):
        evaluator.evaluate_strings(prediction=None, reference="4")
    with pytest.raises(ConfigError, match="requires reference"):
        await evaluator.ainvoke({"prediction": "4"})
    with pytest.warns(UserWarning, match="Ignoring input"):
        evaluator.evaluate_strings(prediction="4", reference="4", input="2 + 2?")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ignore_cases": True}, r"takes no 'ignore_cases'; it takes ignore_case, .* Did you mean 'ignore_case'\?"),
        ({"llm": "offline"}, r"takes no 'llm'; it takes .*prepare_data, reference_key\.$"),
        ({"ignore_case": "no"}, "ignore_case takes True or False; got 'no'"),
        ({"_settings": ()}, "takes no '_settings'"),
        ({"requires_reference": False}, "takes no 'requires_reference'"),
    ],
)
def test_it_is_made_of_what_it_declares(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ExactMatchStringEvaluator(**arguments)


def test_its_arguments_are_keywords_and_attributes() -> None:
    keys = {"input_key", "prediction_key", "reference_key", "prepare_data"}
    assert RegexMatchStringEvaluator.arguments() == keys | {"flags", "timeout"}
    evaluator = ExactMatchStringEvaluator(ignore_case=True)
    assert (evaluator.ignore_case, evaluator.ignore_numbers) == (True, False)
    evaluator.ignore_case = False
    assert evaluator.evaluate_strings(prediction="A", reference="a") == {"score": 0}
    assert not ExactMatchStringEvaluator().ignore_case
    with pytest.raises(TypeError):
        ExactMatchStringEvaluator(True)  # type: ignore[misc]  # pyright: ignore[reportCallIssue]


def test_a_subclass_adds_arguments_of_its_own() -> None:
    class Prefixed(ExactMatchStringEvaluator):
        prefix: str = ""

        def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
            return super()._compute(f"{self.prefix}{prediction}", other)

    evaluator = Prefixed(prefix="The ", ignore_case=True)
    assert evaluator.evaluate_strings(prediction="end", reference="the end") == {"score": 1}


async def test_callbacks_see_a_run() -> None:
    fields = {"prediction": "a", "reference": "a"}
    for evaluate in (ExactMatchStringEvaluator().evaluate_strings, ExactMatchStringEvaluator().aevaluate_strings):
        seen = Seen()
        given = {"callbacks": [seen], "tags": ["t"], "metadata": {"m": 1}, "include_run_info": True}
        result = evaluate(**fields, **given)
        result = await result if asyncio.iscoroutine(result) else result
        assert result["score"] == 1
        assert result["__run"].run_id == seen.run_id
        assert seen.told == [("start", fields), ("end", {"score": 1})]
        assert seen.tags == ["t"]
        assert seen.metadata is not None
        assert seen.metadata["m"] == 1
    seen = Seen()
    assert await ExactMatchStringEvaluator().ainvoke(fields, {"callbacks": [seen]}) == {"score": 1}
    assert ExactMatchStringEvaluator().invoke(fields, {"callbacks": [seen]}) == {"score": 1}
    assert [step for step, _ in seen.told] == ["start", "end"] * 2
    with pytest.raises(ConfigError):
        RegexMatchStringEvaluator().invoke({"prediction": "a", "reference": "("}, {"callbacks": [seen]})
    assert seen.told[-1] == ("error", ConfigError)


async def test_run_info_is_given_where_nobody_listens_and_not_where_it_is_not_asked_for() -> None:
    fields, evaluator = {"prediction": "a", "reference": "a"}, ExactMatchStringEvaluator()
    assert isinstance(evaluator.invoke(fields, include_run_info=True)["__run"].run_id, uuid.UUID)
    assert "__run" in await evaluator.ainvoke(fields, include_run_info=True)
    assert evaluator.evaluate_strings(**fields, include_run_info=False) == {"score": 1}
    assert await evaluator.aevaluate_strings(**fields, config={"tags": ["t"]}) == {"score": 1}
    with pytest.warns(UserWarning, match="Ignoring unknown argument 'mood'"):
        evaluator.evaluate_strings(**fields, mood="good")


async def test_it_is_a_runnable() -> None:
    evaluator = ExactMatchStringEvaluator()
    rows = [{"prediction": "a", "reference": "a"}, Sample(prediction="b", reference="a")]
    assert evaluator.batch(rows) == await evaluator.abatch(rows) == [{"score": 1}, {"score": 0}]
    assert (evaluator | (lambda result: result["score"])).invoke(rows[0]) == 1


async def test_a_score_is_1_or_0_with_a_signature() -> None:
    score = RegexMatchStringEvaluator(flags=re.IGNORECASE).score({"prediction": "Paris", "reference": "p"})
    assert (score.name, score.value, score.rating) == ("regex_match", 1.0, None)
    assert score.signature.startswith("regex_match|flags=2|lc_scoring=")
    assert (await ExactMatchStringEvaluator().ascore(Sample(prediction="a", reference="b"))).value == 0.0
    assert ExactMatchStringEvaluator().signature != ExactMatchStringEvaluator(ignore_case=True).signature


async def test_it_scores_the_rows_of_an_experiment() -> None:
    run = Run(
        id=uuid.uuid4(), name="t", start_time="2026-01-01T00:00:00Z", run_type="chain", trace_id=uuid.uuid4(),
        inputs={"q": "?"}, outputs={"answer": "Paris", "mood": "good"},
    )  # fmt: skip
    example = Example(id=uuid.uuid4(), inputs={"q": "?"}, outputs={"right": "paris"}, dataset_id=uuid.uuid4())
    evaluator = ExactMatchStringEvaluator(ignore_case=True, prediction_key="answer")
    for result in (evaluator.evaluate_run(run, example), await evaluator.aevaluate_run(run, example)):
        assert (result.key, result.score, result.source_run_id) == ("exact_match", 1, None)
        assert result.evaluator_info == {"signature": evaluator.signature}
    prepared = ExactMatchStringEvaluator(prepare_data=lambda run, example: {"prediction": "a", "reference": "a"})
    assert prepared.evaluate_run(run, example).score == 1


def test_it_loads_no_model_package_and_no_numpy() -> None:
    code = (
        "import sys; from lc_scoring.evaluators.matching import ExactMatchStringEvaluator as E;"
        "E().evaluate_strings(prediction='a', reference='a');"
        "print([m for m in ('numpy', 'lc_scoring.models', 'langchain', 'langchain_openai', 'rapidfuzz', 'jsonschema')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "pattern",
    [
        "Dear {d}",
        "a{e}",
        "a{s<=1}",
        "[[:alpha:]]",
        "[a[:digit:]",
        "{e}",
        "{}",
        "a{,2}b",
        "[]]",
        "[^]{e}]",
        r"\{e}",
        "[[]",
    ],
)
@pytest.mark.parametrize("prediction", ["Dear Bob", "Dear {d}", "b", "xb", "a", ":]", "]", "{e}", "", "{}", "aab", "["])
def test_a_pattern_means_what_it_means_to_re(pattern: str, prediction: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of sets that may be nested one day
        expected = re.match(pattern, prediction) is not None
    found = RegexMatchStringEvaluator().evaluate_strings(prediction=prediction, reference=pattern)
    assert found == {"score": int(expected)}


def test_what_re_refuses_may_mean_something_to_regex() -> None:
    found = RegexMatchStringEvaluator().evaluate_strings(prediction="Ünal 7", reference=r"\p{Lu}\p{L}+\s\d$")
    assert found == {"score": 1}
