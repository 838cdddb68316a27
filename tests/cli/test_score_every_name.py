"""`lc-scoring score` with every name that needs a judge; the judge answers from 127.0.0.1."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from loopback.command_line import read, run, run_each, write
from loopback.experiments import sections
from loopback.judged_names import CASES, GIVEN, RIGHT, WRONG, Case, every_judged_name
from loopback.openai_api import OpenAIServer

from lc_scoring import ConfigError
from lc_scoring.cli.rows import settings_of

ODD = "mumble"
VERDICTS = {
    "qa": ("CORRECT", "INCORRECT"),
    "context_qa": ("CORRECT", "INCORRECT"),
    "cot_qa": ("CORRECT", "INCORRECT"),
    "criteria": ("Y", "N"),
    "labeled_criteria": ("Y", "N"),
    "pairwise_string": ("A", "B"),
    "labeled_pairwise_string": ("A", "B"),
}
RATINGS = {"score_string": (9, 2), "labeled_score_string": (9, 2), "trajectory": (5, 1)}
MESSAGES = [
    {"role": "user", "content": "Where?"},
    {"role": "assistant", "content": "", "tool_calls": [{"name": "atlas", "args": {}, "id": "c1"}]},
    {"role": "tool", "content": "Paris", "tool_call_id": "c1"},
    {"role": "assistant", "content": RIGHT},
]


class Judging(OpenAIServer):
    """A judge for one name, and the command line that asks it."""

    def __init__(self, name: str) -> None:
        super().__init__(reply=self._judge)
        self.name = name

    def _judge(self, body: Any) -> str:
        texts = sections(body["messages"][1]["content"])
        if ODD in texts.values():
            return "I would rather not say."
        good, bad = VERDICTS[self.name] if self.name in VERDICTS else RATINGS[self.name]
        kind = "Verdict" if self.name in VERDICTS else "Rating"
        if "undecided" in texts.values():
            return f"The first. {kind}: [[{good}]]"
        return f"So it is. {kind}: [[{good if texts['prediction'] == RIGHT else bad}]]"

    def score(self, file: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        judge = ("--llm", "openai:gpt-4.1-mini")
        where = {"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": self.url}
        return run("score", file, "-e", self.name, *judge, *arguments, **where)


def criteria_of(case: Case) -> tuple[str, ...]:
    return ("-c", case.options["criteria"]) if case.options else ()


def row(case: Case, **fields: Any) -> dict[str, Any]:
    return {**case.fields, **fields}


@every_judged_name
def test_scores_failures_and_the_summary(case: Case, tmp_path: Path) -> None:
    rows = [
        row(case, id="good"),
        row(case, id="bad", prediction=WRONG, **({"prediction_b": RIGHT} if case.questions == 2 else {})),
        row(case, id="odd", prediction=ODD),
    ]
    file = write(tmp_path / "rows.jsonl", rows)
    with Judging(case.name) as judge:
        done = judge.score(file, *criteria_of(case), "-o", tmp_path / "s.jsonl")
    good, bad, odd = read(tmp_path / "s.jsonl")
    assert done.returncode == 1, done.stderr

    labels = VERDICTS.get(case.name, (None, None))
    top, low = RATINGS.get(case.name, (1, 0)) if case.name != "trajectory" else (1, 0)
    assert [(each["score"], each.get("label")) for each in (good, bad)] == [(top, labels[0]), (low, labels[1])]
    assert [each["value"] for each in (good, bad)] == pytest.approx(
        [(top - 1) / 9, (low - 1) / 9] if top > 1 else [1, 0]
    )
    for each in (good, bad):
        assert ("label" in each) == (case.name in VERDICTS)
        assert ("parts" in each) == (case.questions == 2)
        assert "So it is." in each["reasoning"]
        assert each["signature"].startswith(f"{case.evaluation_name}|prompt={case.name}@")
        assert (each["usage"]["calls"], each["usage"]["input_tokens"] > 0) == (case.questions, True)
    if case.questions == 2:
        assert [[part["label"] for part in each["parts"]] for each in (good, bad)] == [["A", "A"], ["B", "B"]]
        assert [set(part) for part in good["parts"]] == [{"name", "score", "value", "label", "reasoning"}] * 2
    assert odd.keys() == {"id", "line", "error", "usage"}
    assert odd["error"]["kind"] == "ReplyError"
    assert "I would rather not say." in odd["error"]["message"]

    told = " ".join(done.stdout.split())
    assert f"evaluation │ {case.evaluation_name} " in told
    assert "3, 2 scored, 1 failed" in told
    assert "ReplyError: 1" in told
    assert good["signature"] in told
    assert "(n = 2, 95 % interval)" in told
    assert ("verdicts" in told) == (case.name in VERDICTS)
    if case.name in VERDICTS:
        assert f"verdicts │ {', '.join(f'{label} 1' for label in sorted(labels))} " in told
    assert "position" not in told


@pytest.mark.parametrize("name", ["pairwise_string", "labeled_pairwise_string"])
def test_a_judge_that_goes_by_the_order_is_told_in_the_summary(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    rows = [row(case), row(case, prediction="undecided"), row(case, prediction=WRONG, prediction_b="undecided")]
    with Judging(name) as judge:
        done = judge.score(write(tmp_path / "rows.jsonl", rows), *criteria_of(case), "-o", tmp_path / "s.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    scores = read(tmp_path / "s.jsonl")
    assert [(each["label"], each["score"], each["value"]) for each in scores] == [
        ("A", 1, 1),
        ("C", 0.5, 0.5),
        ("C", 0.5, 0.5),
    ]
    assert [part["label"] for part in scores[1]["parts"]] == ["A", "B"]
    told = " ".join(done.stdout.split())
    assert "verdicts │ A 1, C 2 " in told
    assert "position │ 2 of 3 changed with the order " in told


# --set.


def test_settings_reach_the_evaluator(tmp_path: Path) -> None:
    case = CASES["pairwise_string"]
    file = write(tmp_path / "rows.jsonl", [row(case), row(case, prediction=ODD)])
    with Judging(case.name) as judge:
        settings = ("--set", "both_orders=false", "--set", "repair=0", "--set", 'criteria={"wit": "Is it funny?"}')
        done = judge.score(file, *settings, "-o", tmp_path / "s.jsonl")
        asked = len(judge.requests)
    good, odd = read(tmp_path / "s.jsonl")
    assert done.returncode == 1, done.stderr
    assert asked == 2  # one order each, and nothing asked again
    assert (good["label"], good["usage"]["calls"], "parts" in good) == ("A", 1, False)
    assert good["signature"].startswith("pairwise_string:wit|")
    assert "orders=1" in good["signature"]
    assert odd["error"]["kind"] == "ReplyError"


@pytest.mark.parametrize(
    ("texts", "settings"),
    [
        ([], {}),
        (["a=1", "b=0.5", "c=true", "d=null", "e=[1, 2]", 'f={"x": "y"}', 'g="7"'], {
            "a": 1, "b": 0.5, "c": True, "d": None, "e": [1, 2], "f": {"x": "y"}, "g": "7",
        }),
        (["metric=levenshtein", "scale=1-5", "flag=True"], {"metric": "levenshtein", "scale": "1-5", "flag": "True"}),
        (["pattern=a=b", " spaced =x", "empty="], {"pattern": "a=b", "spaced": "x", "empty": ""}),
        (["a=1", "a=2"], {"a": 2}),
    ],
)  # fmt: skip
def test_settings(texts: list[str], settings: dict[str, Any]) -> None:
    assert settings_of(texts) == settings


@pytest.mark.parametrize("text", ["", "=", "=1", "repair", "repair:1", " =1"])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(ConfigError, match=f"--set takes name=value, got {text!r}"):
        settings_of([text])


# Where the fields are.


def test_the_second_text_is_found_by_its_key(tmp_path: Path) -> None:
    case = CASES["pairwise_string"]
    rows = [
        {"input": "?", "a": {"text": RIGHT}, "run": {"b": WRONG}},
        {"input": "?", "a": {"text": RIGHT}, "runs": []},
    ]
    keys = ("--column", "prediction=a.text", "--column", "prediction_b=run.b")
    with Judging(case.name) as judge:
        done = judge.score(write(tmp_path / "rows.jsonl", rows), *keys, "-o", tmp_path / "s.jsonl")
    good, bad = read(tmp_path / "s.jsonl")
    assert (done.returncode, good["label"]) == (1, "A")
    assert "line 2: no column 'run.b'" in bad["error"]["message"]


@pytest.mark.parametrize("reference", [True, False])
def test_messages_are_found_by_their_key(tmp_path: Path, reference: bool) -> None:
    rows = [{"input": "Where?", "run": {"messages": MESSAGES}, **({"gold": "Paris"} if reference else {})}]
    keys = ("--column", "agent_trajectory=run.messages", "--column", "reference=gold")
    with Judging("trajectory") as judge:
        done = judge.score(write(tmp_path / "rows.jsonl", rows), *keys, "-o", tmp_path / "s.jsonl")
        (asked,) = judge.requests
    texts = sections(asked.body["messages"][1]["content"])
    assert (done.returncode, read(tmp_path / "s.jsonl")[0]["score"]) == (0, 1)
    assert texts["agent_trajectory"] == "Step 1\n  Tool: atlas\n  Input: {}\n  Output: Paris"
    assert (texts["prediction"], texts.get("reference")) == (RIGHT, "Paris" if reference else None)


def test_trajectories_that_cannot_be_judged(tmp_path: Path) -> None:
    case = CASES["trajectory"]
    without = {"input": "?", "agent_trajectory": GIVEN["agent_trajectory"]}
    rows = [
        row(case),
        without,
        row(case, agent_trajectory=[]),
        row(case, agent_trajectory=5),
        {**without, "agent_trajectory": MESSAGES[:3]},
    ]
    with Judging("trajectory") as judge:
        done = judge.score(write(tmp_path / "rows.jsonl", rows), "-o", tmp_path / "s.jsonl")
        assert len(judge.requests) == 1
    errors = [each.get("error", {}).get("message", "") for each in read(tmp_path / "s.jsonl")]
    assert done.returncode == 1
    for message, said in zip(errors, ["", "prediction", "is empty", "got int", "no final answer"], strict=True):
        assert said in message
        assert bool(said) == bool(message)


def judged_fields() -> list[Any]:
    return [
        pytest.param(name, field, id=f"{name}-{field}")
        for name, case in CASES.items()
        for field in case.fields
        if (name, field) != ("trajectory", "prediction")  # messages hold it
    ]


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], subprocess.CompletedProcess[str]]:
    """What becomes of each name where one of its fields is missing."""
    folder, calls = tmp_path_factory.mktemp("without"), {}
    for name, field in (one.values for one in judged_fields()):
        fields = {key: value for key, value in CASES[name].fields.items() if key != field}
        file = write(folder / f"{name}-{field}.jsonl", [fields])
        calls[name, field] = ("score", file, "-e", name, *criteria_of(CASES[name]), "--llm", "offline")
    return dict(zip(calls, run_each(calls.values(), cwd=folder), strict=True))


@pytest.mark.parametrize(("name", "field"), judged_fields())
def test_a_missing_column(
    name: str, field: str, without: dict[tuple[str, str], subprocess.CompletedProcess[str]]
) -> None:
    done = without[name, field]
    assert (done.returncode, done.stdout) == (2, "")
    assert f"no column {field!r}. Present: " in " ".join(done.stderr.split())


# Calls that are wrong.


WRONG_CALLS: list[tuple[str, tuple[str, ...], str]] = [
    ("criteria", ("-c", "concisness"), "Did you mean 'conciseness'?"),
    ("labeled_criteria", ("-c", "correctnes"), "Did you mean 'correctness'?"),
    ("criteria", ("-c", "correctness"), "Use 'labeled_criteria'"),
    ("criteria", ("-c", "conciseness", "-c", "wittiness"), "'wittiness' is not a valid Criteria"),
    ("qa", ("-c", "correctness"), "QAEvalChain takes no 'criteria'"),
    ("qa", ("--scale", "1-5"), "QAEvalChain takes no 'scale'"),
    ("trajectory", ("--normalize-by", "5"), "TrajectoryEvalChain takes no 'normalize_by'"),
    ("pairwise_string", ("--set", "both_order=false"), "Did you mean 'both_orders'?"),
    ("pairwise_string", ("--set", "both_orders=perhaps"), "both_orders: Input should be a valid boolean"),
    ("pairwise_string", ("--set", "both_orders"), "--set takes name=value, got 'both_orders'"),
    ("qa", ("--set", "prompt=Grade it"), "prompt takes a prompt template; got str"),
    ("qa", ("--set", "output_parser=mine"), "output_parser takes an output parser; got str"),
    ("qa", ("--set", "tags=5"), "tags: "),
    ("qa", ("--set", "llm=offline"), "cannot be made from the command line"),
    ("qa", ("--set", "evaluator=criteria"), "cannot be made from the command line"),
    ("pairwise_sting", (), "Did you mean 'pairwise_string'?"),
    ("trajectroy", (), "Did you mean 'trajectory'?"),
]


@pytest.fixture(scope="module")
def wrong_calls(tmp_path_factory: pytest.TempPathFactory) -> list[subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("wrong")
    file = write(folder / "rows.jsonl", [GIVEN])
    calls = [("score", file, "-e", name, "--llm", "offline", *arguments) for name, arguments, _ in WRONG_CALLS]
    return run_each(calls, cwd=folder)


@pytest.mark.parametrize("at", range(len(WRONG_CALLS)), ids=["-".join((one[0], *one[1])) for one in WRONG_CALLS])
def test_a_wrong_call_is_one_message(at: int, wrong_calls: list[subprocess.CompletedProcess[str]]) -> None:
    done = wrong_calls[at]
    assert (done.returncode, done.stdout) == (2, "")
    assert WRONG_CALLS[at][2] in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


# The offline judge.


@pytest.mark.parametrize(
    ("name", "labels"),
    [("qa", ["CORRECT", "INCORRECT"]), ("labeled_criteria", ["Y", "N"]), ("labeled_score_string", None)],
)
def test_offline(name: str, labels: list[str] | None, tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [GIVEN, {**GIVEN, "prediction": "It is Lyon."}])
    criteria = () if name == "qa" else ("-c", "correctness")
    done = run("score", file, "-e", name, "--llm", "offline", *criteria, "-o", tmp_path / "s.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    good, bad = read(tmp_path / "s.jsonl")
    assert good["value"] > 0.5 > bad["value"]
    assert [each.get("label") for each in (good, bad)] == (labels or [None, None])
    assert "judge=OfflineJudge" in good["signature"]


@pytest.mark.parametrize("name", ["context_qa", "cot_qa", "criteria", "pairwise_string", "trajectory", "score_string"])
def test_offline_out_of_scope(name: str, tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [GIVEN])
    done = run("score", file, "-e", name, "--llm", "offline", "-o", tmp_path / "s.jsonl")
    (failed,) = read(tmp_path / "s.jsonl")
    assert done.returncode == 1
    assert failed["error"]["kind"] == "ScopeError"
    assert "openai:gpt-5-mini" in failed["error"]["message"]
    assert "none: no row was scored" in done.stdout
