"""What a report and an export tell of the parts of scores: pieces of rows such as claims, metrics, judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unit.test_report import make_run, page_of, score

from lc_scoring import Failure, Score
from lc_scoring.errors import ModelError
from lc_scoring.runs.pieces import lowest_parts
from lc_scoring.runs.report.findings import gather
from lc_scoring.runs.summary import PIECES

NASTY = "</script><b>x</b>\x1b[2J[bold]\n2: forged\u202e"
SHOWN = "&lt;/script&gt;&lt;b&gt;x&lt;/b&gt;[U+001B][2J[bold]"


def claim(number: int, value: float, text: str = "It is tall.", **more: Any) -> Score:
    return Score(name=f"claim {number}", text=text, value=value, **more)


def faith(value: float, *claims: Score, **more: Any) -> Score:
    return Score(name="faithfulness", value=value, parts=claims, **more)


def test_pieces_of_rows_have_no_mean_and_metrics_have(tmp_path: Path) -> None:
    pieces = [score(0.5, parts=(claim(1, 1.0), claim(2, 0.0))), score(0.0, parts=(claim(1, 0.0),))]
    metrics = [score(0.5, parts=(faith(0.5, claim(1, 0.5)), Score(name="recall", value=1.0)))] * 2
    run = make_run(tmp_path / "a.run.db", {"claims": pieces, "rag": metrics})
    found = gather(run, rows=2).findings
    assert found["claims"].parts == {}
    assert {name: part.mean for name, part in found["rag"].parts.items()} == {"faithfulness": 0.5, "recall": 1.0}
    page = page_of([run], tmp_path / "a.html")
    assert page.count("Bar chart of the mean of each part") == 1


def test_pieces_without_a_score_count_together(tmp_path: Path) -> None:
    lost = tuple(Failure(name=f"claim {n}", error=ModelError("busy")) for n in (2, 3))
    juror = Failure(name="juror 2", error=ModelError("busy"))
    outcomes = [
        score(0.5, parts=(claim(1, 0.5),), failures=lost),
        score(0.5, parts=(Score(name="juror 1", value=0.5),), failures=(juror,)),
    ]
    (summary,) = make_run(tmp_path / "a.run.db", {"one": outcomes}).summary()
    assert summary.missing_parts == {PIECES: 2, "juror 2": 1}


def test_a_row_shows_its_claims_within_their_metric(tmp_path: Path) -> None:
    claims = (
        claim(1, 1.0, "Finished in 1889.", label="supported", sources=(2,), reasoning="Context 2 says so."),
        claim(2, 0.0, label="refuted", sources=(1, 3)),
    )
    lost = Failure(name="recall", error=ModelError("busy"))
    whole = score(0.5, parts=(faith(0.5, *claims, reasoning="Half."),), failures=(lost,))
    page = page_of([make_run(tmp_path / "a.run.db", {"rag": [whole]})], tmp_path / "a.html")
    assert (
        '<ul><li><b>faithfulness: 0.50</b><div class="why">Half.</div><ul>'
        '<li><b>claim 1: 1.00</b> supported, context 2<div class="piece">Finished in 1889.</div>'
        '<div class="why">Context 2 says so.</div></li>'
        '<li><b>claim 2: 0.00</b> refuted, contexts 1 and 3<div class="piece">It is tall.</div></li></ul></li>'
        "<li><b>recall: no score</b> ModelError: busy</li></ul>"
    ) in page


def test_parts_of_other_evaluators_look_as_they_did(tmp_path: Path) -> None:
    parts = (Score(name="depth", value=0.5, rating=5.0, reasoning="Deep."), Score(name="juror 2", value=0.25))
    page = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5, parts=parts)]})], tmp_path / "a.html")
    assert "<ul><li><b>depth: 5.00</b> Deep.</li><li><b>juror 2: 0.25</b></li></ul>" in page


def test_of_many_claims_the_lowest_are_shown(tmp_path: Path) -> None:
    claims = [claim(n, float(n not in (150, 277))) for n in range(1, 301)]
    lost = tuple(Failure(name=f"lost {n}", error=ModelError("busy")) for n in range(14))
    whole = score(0.99, parts=tuple(claims), failures=lost)
    page = page_of([make_run(tmp_path / "a.run.db", {"one": [whole]})], tmp_path / "a.html")
    assert "<b>claim 10: 1.00</b>" in page
    assert "<b>claim 11: 1.00</b>" not in page
    assert page.index("claim 150: 0.00") < page.index("claim 277: 0.00") < page.index("<li>and 288 more</li>")
    assert "<li>and 2 more without a score</li>" in page
    assert lowest_parts(claims[:3], 3) == claims[:3]


def test_what_is_judged_stays_text(tmp_path: Path) -> None:
    part = Score(name=NASTY, text=NASTY, value=0.0, label=NASTY, sources=(1,), reasoning=NASTY)
    lost = Failure(name=NASTY, error=ModelError(NASTY))
    rows = [{"prediction": "x", "contexts": [NASTY, "Second."]}]
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5, parts=(part,), failures=(lost,))]}, rows=rows)
    page = page_of([run], tmp_path / "a.html")
    assert "<b>x</b>" not in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert f'<div class="piece">{SHOWN}\n2: forged[U+202E]</div>' in page, "a piece's lines run into one where shown"
    assert f"<dd>1: {SHOWN} 2: forged[U+202E]\n2: Second.</dd>" in page, "no context poses as the next one"


def test_several_contexts_are_numbered_however_they_are_kept(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prediction": "x", "contexts": ["Only this."]},
        {"prediction": "x", "contexts": "A text."},
        {"prediction": "x", "contexts": []},
        {"prediction": "x", "contexts": ["This.", None]},
        {"prediction": "x", "contexts": '["This.", {"page_content": "That."}]'},
    ]
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)] * 5}, rows=rows)
    page = page_of([run], tmp_path / "a.html")
    for told in ("Only this.", "A text.", "[]", "[&quot;This.&quot;,null]", "1: This.\n2: That."):
        assert f"<dt>contexts</dt><dd>{told}</dd>" in page


def test_an_export_tells_pieces_within_metrics_as_it_tells_metrics(tmp_path: Path) -> None:
    claims = (claim(1, 0.5, label="partly", sources=(2,), reasoning="So."), Score(name="no piece", value=1.0))
    run = make_run(tmp_path / "a.run.db", {"rag": [score(0.5, parts=(faith(0.5, *claims, label="low"),))]})
    run.to_jsonl(tmp_path / "a.jsonl")
    (part,) = json.loads((tmp_path / "a.jsonl").read_text("utf-8"))["parts"]
    piece = {"name": "claim 1", "text": "It is tall.", "score": 0.5, "value": 0.5, "label": "partly", "sources": [2]}
    assert part == {
        "name": "faithfulness",
        "score": 0.5,
        "value": 0.5,
        "label": "low",
        "reasoning": "",
        "parts": [{**piece, "reasoning": "So."}],
    }
