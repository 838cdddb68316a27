"""The report's page: whatever the rows hold, it is made of the same few elements and runs our scripts alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit.test_report import make_run, page_of, score

from lc_scoring import ConfigError, Failure, Run, Score, Usage
from lc_scoring.errors import ReplyError
from lc_scoring.runs.report.markup import element, table
from lc_scoring.runs.report.page import LIBRARIES, asset
from lc_scoring.runs.report.safe_text import clipped, embedded, escaped, shortened, visible

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "-->]]></style><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)",
    "\u202egnp.exe\u2066\u200f\u061c",
    "\x00\x07\x1b[31m\x85\u2028\u2029\ufeff\ufffe",
    "a.b[0]['c']\\",
    "{{constructor.constructor('alert(1)')()}}",
    "datum.x === (alert(1), 1)",
    "좋\N{GRINNING FACE}\U000e0041",
    "x" * 5_000,
]
ELEMENTS = """
html head meta title style body a nav ul li main header h1 h2 h3 h4 p b i section article div dl dt dd span strong
figure figcaption table thead tbody tr th td details summary code pre footer noscript script
"""
ATTRIBUTES = """
lang charset http-equiv content name href class id aria-label aria-labelledby role style scope tabindex type
"""
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


class Page(HTMLParser):
    """What a parser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self._type: str | None = None
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [str(value) for name, value in attrs if name in {"href", "src"}]
        self.words += [value or "" for _, value in attrs]
        self._type = dict(attrs).get("type")
        if tag != "meta":
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((self._type, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def hostile_run(path: Path, text: str, **more: Any) -> Run:
    """Make a run that holds a text wherever a row, a model or a caller can put one."""
    whole = text.encode("utf-8", "replace").decode()  # what SQLite holds; rows and replies may have halves of pairs
    part = Score(name=text, value=0.5, reasoning=text, label=text)
    judged = score(0.25, label=whole, reasoning=text, parts=(part, part), spread=0.5)
    failed = Failure(name="x", error=ReplyError(text, reply=text))
    return make_run(
        path,
        {f"{whole} ": [judged, failed, score(0.5)], "other": [failed, judged, judged]},
        rows=[{"prediction": text, "input": text, text or "empty": text, "by": text, "contexts": [text, {text: text}]}]
        * 3,
        ids=[f"{whole}{n}" for n in range(3)],
        usage={whole: Usage(calls=1, input_tokens=1)},
        source={"name": text},
        columns={"input": f"a{text}"},
        target=text,
        stopped=whole,
        **more,
    )


def check(text: str) -> Page:
    """Make sure that a page is made of what it should be made of alone."""
    page = Page(text)
    assert page.elements <= set(ELEMENTS.split())
    assert page.attributes <= set(ATTRIBUTES.split())
    assert all(link.startswith("#") for link in page.links)
    assert not [found for word in page.words if (found := HIDDEN.search(word))]
    kinds = [kind for kind, _ in page.scripts]
    assert kinds == ["application/json"] * 2 + [None] * 4
    for kind, script in page.scripts:
        if kind:
            json.loads(script)
    assert [script for kind, script in page.scripts if not kind] == [
        asset(f"{name}.js") for name in (*(f"{one}.min" for one in LIBRARIES), "report")
    ]
    return page


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=30) | st.sampled_from(HOSTILE), st.booleans())
@example("</script><!--\u202e\ud800\x00", True)
def test_any_text_in_any_place_is_a_text_on_the_page(text: str, two: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = [hostile_run(Path(folder) / f"{name}.run.db", text) for name in ("a", "b")[: 1 + two]]
        check(page_of(runs, Path(folder) / "a.html", by="by", title=text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_as_they_are(tmp_path: Path, text: str) -> None:
    page = check(page_of([hostile_run(tmp_path / "a.run.db", text)], tmp_path / "a.html", by="by", title=text))
    assert any(clipped(text, 1_500) in word for word in page.words)


def test_a_policy_that_lets_only_our_scripts_run(tmp_path: Path) -> None:
    text = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})], tmp_path / "a.html")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#x27;", "'")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["style-src"], rules["img-src"]) == ("'none'", "'unsafe-inline'", "data:")
    assert (rules["base-uri"], rules["form-action"]) == ("'none'", "'none'")
    ours = [script for kind, script in Page(text).scripts if not kind]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in ours]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert "http-equiv" in text[:400]  # before anything it is to hold for


def test_what_can_be_read_stands_before_what_is_large(tmp_path: Path) -> None:
    text = page_of([make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})], tmp_path / "a.html")
    assert text.index("</main>") < text.index("<script")
    assert text.index("</main>") < 60_000


def test_vendored_files_are_what_is_said_of_them() -> None:
    told = dict(re.findall(r"\| (\S+\.js) \| .* \| (\w{64}) \|", asset("VENDORED.md")))
    assert set(told) == {f"{name}.min.js" for name in LIBRARIES}
    for name, digest in told.items():
        assert hashlib.sha256(asset(name).encode()).hexdigest() == digest
        assert "\r" not in asset(name)  # a browser would read it as a line feed, and the policy's digest would not fit
        assert not re.search(r"</script|<!--", asset(name), re.IGNORECASE)
    for name in LIBRARIES:
        assert "Redistribution and use" in asset(f"{name}.LICENSE")


@given(st.text(st.characters()), st.integers(1, 40))
def test_texts_are_visible_and_no_longer_than_said(text: str, most: int) -> None:
    for made in (visible(text), clipped(text, most), shortened(text, most), escaped(text)):
        assert not HIDDEN.search(made)
        made.encode()
    assert visible(visible(text)) == visible(text)
    assert (len(text) > most) == clipped(text, most).endswith(" more characters)") or text.endswith(" more characters)")
    assert "\n" not in shortened(text, most)
    assert not set("<>\"'") & set(escaped(text))


@given(st.recursive(st.none() | st.text(st.characters(exclude_categories=["Cs"])), st.lists))
def test_embedded_json_is_the_same_value(value: Any) -> None:
    made = embedded(value)
    assert json.loads(made) == value
    assert not set("<>&\u2028\u2029") & set(made)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        embedded(float("nan"))


def test_elements_escape_all_that_is_no_html() -> None:
    made = element("p", "<b>", element("br"), title='"', aria_label="<", hidden=None)
    assert made == '<p title="&quot;" aria-label="&lt;">&lt;b&gt;<br></p>'
    assert "&lt;i&gt;" in table(["<i>"], [["<i>"]], label="x")


def test_an_error_leaves_no_half_of_a_page(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.run.db", {"one": [score(0.5)]})
    (tmp_path / "a.html").write_text("as it was")
    with pytest.raises(ConfigError):
        page_of([run], tmp_path / "a.html", by="nothing")
    assert (tmp_path / "a.html").read_text() == "as it was"
