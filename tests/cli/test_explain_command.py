"""`--explain`, as its users call and read it: which rows, which pieces, and no word of theirs that acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loopback.command_line import run_each, write

from lc_scoring import ConfigError, Failure, NotApplicable, Score, StringEvaluator, score_dataset
from lc_scoring.errors import ModelError

NASTY = "[bold]x[/bold] [/nothing] :smile: \x1b[2J\x1b[31m\nr9 (line 9): 1\r\u202e</script>"
SHOWN = "[bold]x[/bold] [/nothing] :smile: [2J [31m r9 (line 9): 1 </script>"
PLAIN = {"COLUMNS": "80", "TERM": "dumb"}
CONTEXTS = ["The tower is 330 metres tall.", "It was built for the fair of 1889."]


class Given(StringEvaluator):
    """Gives the outcomes it was made with, by the prediction."""

    def __init__(self, outcomes: Mapping[str, Score | Exception], name: str = "faithfulness") -> None:
        self._outcomes, self._name = outcomes, name

    @property
    def evaluation_name(self) -> str:
        return self._name

    async def ascore(self, fields: Any, config: Any = None) -> Score:
        outcome = self._outcomes[fields["prediction"]]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _evaluate_strings(self, **_: Any) -> Any:
        raise NotImplementedError


def claim(number: int, value: float, text: str = "It is tall.", **more: Any) -> Score:
    return Score(name=f"claim {number}", text=text, value=value, **more)


def whole(value: float, *parts: Score, **more: Any) -> Score:
    return Score(name="faithfulness", value=value, parts=parts, **more)


def scored(folder: Path, outcomes: Sequence[Score | Exception], name: str = "faithfulness", **columns: Any) -> None:
    """Make a run with these outcomes, `a.run.db`."""
    rows = [{"id": f"r{n}", "prediction": str(n), "contexts": CONTEXTS} for n in range(len(outcomes))]
    evaluator = Given({str(n): outcome for n, outcome in enumerate(outcomes)}, name)
    score_dataset(rows, evaluator, run=folder / "a.run.db", progress=False, **columns)


def explained(folder: Path, **environment: str) -> list[str]:
    """What `summary --explain` prints below the summary."""
    (done,) = run_each([("summary", "a.run.db", "--explain")], cwd=folder, **{**PLAIN, **environment})
    assert (done.returncode, done.stderr) == (0, "")
    lines: list[str] = done.stdout.splitlines()
    return lines[lines.index("") + 1 :]


def test_the_claims_of_a_row_with_their_verdicts_and_contexts(tmp_path: Path) -> None:
    year = claim(1, 1.0, "Finished in 1889.", label="supported", sources=(2,), reasoning="Context 2 gives it.")
    tall = claim(2, 0.0, label="refuted", sources=(1, 2, 9), reasoning="Context 1 says 330 metres. " * 3)
    scored(tmp_path, [whole(0.5, year, tall, claim(3, 0.5), reasoning="Half of it is supported.")])
    assert explained(tmp_path) == [
        "faithfulness: 1 scored row",
        "",
        "r0 (line 1): 0.5",
        "  Half of it is supported.",
        "  ✓ claim 1: Finished in 1889.",
        "    supported, 1, context 2: Context 2 gives it.",
        "  ✗ claim 2: It is tall.",
        "    refuted, 0, contexts 1, 2 and 9: Context 1 says 330 metres. Context 1 says",
        "    330 metres. Context 1 says 330 metres.",
        "  ~ claim 3: It is tall.",
        "    0.5",
        "  · context 1: The tower is 330 metres tall.",
        "  · context 2: It was built for the fair of 1889.",
    ]


def test_metrics_in_metrics_and_parts_without_a_score(tmp_path: Path) -> None:
    late = Failure(name="recall", error=ModelError("The service is busy."))
    skipped = Failure(name="precision", error=NotApplicable("There are no contexts.", "no contexts"))
    claims = (claim(1, 1.0, label="supported"), claim(2, 0.0, label="refuted"))
    faith = whole(0.5, *claims, basis="1 of 2 claims supported", reasoning="1 of 2.\n- claim 2, refuted: It is tall.")
    near = Score(name="similarity", value=0.55, rating=5.5, reasoning="Near.")
    scored(tmp_path, [Score(name="rag", value=0.525, parts=(faith, near), failures=(late, skipped))], "rag")
    assert explained(tmp_path)[2:] == [
        "r0 (line 1): 0.53",
        "  faithfulness: 0.5",
        "    1 of 2 claims supported",
        "    ✓ claim 1: It is tall.",
        "      supported, 1",
        "    ✗ claim 2: It is tall.",
        "      refuted, 0",
        "  ~ similarity: 5.5",
        "    Near.",
        "  ! recall: no score",
        "    ModelError: The service is busy.",
        "  ! precision: not applicable",
        "    no contexts: There are no contexts.",
    ]


def test_the_lowest_rows_come_first_and_then_those_without_a_score(tmp_path: Path) -> None:
    scores: list[Score | Exception] = [whole(n % 14 / 20, claim(1, 0.0)) for n in range(28)]
    failures = [ConfigError(f"row {n}") for n in range(7)]
    skipped = [NotApplicable("Nothing is claimed."), NotApplicable("It is empty.", "no claims")]
    scored(tmp_path, [*scores, *failures, *skipped])
    lines = explained(tmp_path)
    assert lines[0] == "faithfulness: the 10 lowest of 28 scored rows"
    heads = [line for line in lines if line.startswith("r")]
    lowest = [f"r{n} (line {n + 1}): {text}" for n, text in ((0, "0"), (14, "0"), (1, "0.05"), (15, "0.05"))]
    assert heads[:4] == lowest
    assert heads[10:] == [
        *(f"r{n} (line {n + 1}): failed" for n in range(28, 33)),
        *(f"r{n} (line {n + 1}): not applicable" for n in (35, 36)),
    ]
    assert lines[lines.index(heads[10]) + 1] == "  ConfigError: row 0"
    assert "and 2 more: failed" in lines
    assert [line for line in lines if "claim" in line][-2:] == ["  Nothing is claimed.", "  no claims: It is empty."]


def test_of_hundreds_of_claims_the_refuted_ones_are_shown(tmp_path: Path) -> None:
    claims = [claim(n, float(n != 277)) for n in range(1, 301)]
    lost = tuple(Failure(name=f"claim {n}", error=ModelError("Busy.")) for n in range(301, 321))
    scored(tmp_path, [whole(0.99, *claims, failures=lost)])
    lines = explained(tmp_path)
    marked = [line for line in lines if ": It is tall." in line]
    assert (len(marked), marked[-1]) == (12, "  ✗ claim 277: It is tall.")
    assert "  and 288 more, none of them lower" in lines
    assert "  and 8 more without a score" in lines
    (done,) = run_each([("summary", "a.run.db")], cwd=tmp_path, **PLAIN)
    assert "without a score │ (pieces): 20" in done.stdout, "claim 301 of another row is another claim"
    assert "claim" not in done.stdout


def test_judged_text_cannot_act_on_a_terminal_or_pose_as_a_line(tmp_path: Path) -> None:
    gap = f"{'far ' * 3}{' ' * 200}r8 (line 8): 1"
    part = Score(name=NASTY, text=NASTY, value=0.0, label=NASTY, sources=(1,), reasoning=NASTY)
    lost = Failure(name=NASTY, error=ModelError(NASTY))
    outcomes: list[Score | Exception] = [
        whole(0.5, part, claim(2, 0.0, gap), failures=(lost,), reasoning=NASTY),
        ModelError(NASTY),
        NotApplicable(NASTY),
    ]
    scored(tmp_path, outcomes)
    for width in ("80", "20", "200"):
        lines = explained(tmp_path, COLUMNS=width)
        assert {line.split(" ")[0] for line in lines} <= {"", "faithfulness:", "first", "lowest", "r0", "r1", "r2"}
        assert all(letter.isprintable() for line in lines for letter in line)
        assert not any(line.endswith(" ") for line in lines)
    assert sum(line.count(SHOWN) for line in lines) == 9
    assert f"    {SHOWN}, 0, context 1: {SHOWN}" in lines
    assert "  ✗ claim 2: far far far r8 (line 8): 1" in lines


def test_a_long_label_does_not_hide_the_number(tmp_path: Path) -> None:
    scored(tmp_path, [whole(0.0, claim(1, 0.0, "y" * 900, label="x" * 900, sources=tuple(range(1, 99))))])
    lines = explained(tmp_path, COLUMNS="1000")
    assert f"    {'x' * 120}…, 0, contexts {', '.join(map(str, range(1, 20)))} and 20" in lines
    assert f"  ✗ claim 1: {'y' * 300}…" in lines


def test_contexts_that_a_row_keeps_elsewhere_or_not_at_all(tmp_path: Path) -> None:
    rows = [
        {"id": "0", "prediction": "0", "found": [{"page_content": "It is near."}]},
        {"id": "1", "prediction": "0", "found": None},
        {"id": "2", "prediction": "0", "found": ["It is near.", None]},
    ]
    evaluator = Given({"0": whole(0.0, claim(1, 0.0, sources=(1,)))})
    score_dataset(rows, evaluator, run=tmp_path / "a.run.db", columns={"contexts": "found"}, progress=False)
    lines = explained(tmp_path)
    assert [line for line in lines if "· context" in line] == ["  · context 1: It is near."]


def test_score_explains_its_evaluators_and_no_others(tmp_path: Path) -> None:
    rows = [{"id": name, "prediction": name, "reference": "yes"} for name in ("yes", "no")]
    file = write(tmp_path / "rows.jsonl", rows)
    both, one, none = run_each(
        [
            ("score", file, "-e", "exact_match", "-e", "string_distance", "--explain", "-q"),
            ("score", file, "-e", "exact_match", "--resume", "--explain", "-q"),
            ("score", file, "-e", "exact_match", "--resume", "-q"),
        ],
        cwd=tmp_path,
        **PLAIN,
    )
    assert [done.returncode for done in (both, one, none)] == [0, 0, 0]
    assert both.stdout.count("2 scored rows, the lowest first") == 2
    assert one.stdout.splitlines()[-6:] == [
        "",
        "exact_match: 2 scored rows, the lowest first",
        "",
        "no (line 2): 0",
        "",
        "yes (line 1): 1",
    ]
    assert "lowest" not in none.stdout


def test_a_run_without_a_score(tmp_path: Path) -> None:
    scored(tmp_path, [ModelError("Busy.")])
    assert explained(tmp_path) == [
        "faithfulness: no scored row",
        "",
        "r0 (line 1): failed",
        "  ModelError: Busy.",
    ]
