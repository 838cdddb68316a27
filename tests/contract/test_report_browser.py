"""The report in a browser: its charts are drawn, its table works, and nothing goes wrong or is asked of a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from unit.test_report import data_of, failure, make_run, page_of, score
from unit.test_report_page import HOSTILE, hostile_run

from lc_scoring import Run, Score, Usage
from lc_scoring.runs.report.page import asset

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync"),
    *("--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=8000"),
)
_DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")


@pytest.fixture(scope="session")
def browser() -> str:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        assert "CI" not in os.environ, f"none of {_BROWSERS} is installed"
        pytest.skip(f"none of {', '.join(_BROWSERS)} is installed")
    return found


@dataclass(frozen=True)
class Visit:
    """What came of opening a page."""

    page: str
    console: list[str]
    asked: list[str]
    corner: tuple[int, ...]  # the color at the top left

    @property
    def drawings(self) -> list[str]:
        return re.findall(r"<svg .*?</svg>", self.page.partition("</main>")[0], re.DOTALL)


def visit(browser: str, page: Path, *options: str) -> Visit:
    folder = page.parent
    log, picture = folder / "net.json", folder / "page.png"
    files = (f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", f"--screenshot={picture}")
    command = [browser, *_OPTIONS, *options, *files, "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8", timeout=60)  # noqa: S603
    events = [event.get("params", {}) for event in json.loads(log.read_text("utf-8"))["events"]]
    # What the browser wants for itself has no page as its origin.
    asked = [
        str(one["url"])
        for one in events
        if str(one.get("url", "")).startswith(("http", "ws"))
        and one.get("initiator", "not an origin") != "not an origin"
    ]
    console = [line for line in done.stderr.splitlines() if ":CONSOLE:" in line]
    return Visit(done.stdout, console, asked, _first_pixel(picture.read_bytes()))


def _first_pixel(png: bytes) -> tuple[int, ...]:
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    return tuple(zlib.decompress(data)[1:4])  # of the first pixel no filter changes anything


def check(seen: Visit) -> None:
    assert seen.console == []
    assert seen.asked == []
    assert 'data-charts="drawn"' in seen.page
    assert 'class="plot broken' not in seen.page
    assert len(seen.drawings) == len(data_of(seen.page, "chart-data")["charts"])
    assert all(re.search(r"<(path|text)", drawing) for drawing in seen.drawings)
    # Colors are the page's variables, so that a drawing turns dark with it.
    assert not any(re.search(r'(fill|stroke)="(#(?!000")|rgb|[a-z]+blue)', drawing) for drawing in seen.drawings)


def test_that_what_goes_wrong_is_seen(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text("<!DOCTYPE html><img src='http://example.test/a.png'><script>nothing()</script>")
    seen = visit(browser, page)
    assert set(seen.asked) == {"http://example.test/a.png"}
    assert "nothing is not defined" in seen.console[0]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_hostile_rows_in_two_runs(browser: str, tmp_path: Path, mode: str) -> None:
    text = "".join(HOSTILE)
    runs = [hostile_run(tmp_path / f"{name}.run.db", text) for name in "ab"]
    page_of(runs, tmp_path / "a.html", by="by", title=text)
    seen = visit(browser, tmp_path / "a.html", *(_DARK if mode == "dark" else ()))
    check(seen)
    assert len(seen.drawings) >= 9
    light = _color("--page", asset("report.css").partition("@media")[0])
    dark = _color("--page", asset("report.css").partition("@media")[2])
    assert light != dark
    assert seen.corner == (dark if mode == "dark" else light)


def _color(name: str, style: str) -> tuple[int, ...]:
    (found, *_) = re.findall(rf"{name}: #([0-9a-f]{{6}})", style)
    return tuple(bytes.fromhex(found))


def _one_row(path: Path) -> Run:
    return make_run(path, {"one": [score(0.5, rating=5)]}, about={"scale": {"low": 1, "high": 10}})


def _constant(path: Path) -> Run:
    return make_run(path, {"on [0, 1]": [score(1.0)] * 9, "elsewhere": [score(0.5, rating=-70)] * 9}, seconds=0.0)


def _only_failures(path: Path) -> Run:
    return make_run(path, {"one": [failure()] * 9}, usage={"openai:small": Usage(calls=9)})


@pytest.mark.parametrize("make", [_one_row, _constant, _only_failures])
def test_runs_that_have_little_to_show(browser: str, tmp_path: Path, make: Any) -> None:
    page_of([make(tmp_path / "a.run.db")], tmp_path / "a.html")
    check(visit(browser, tmp_path / "a.html", "--window-size=390,844"))


_ACTIONS = """
addEventListener("load", () => setTimeout(() => {
  const told = [];
  const box = document.getElementById("table");
  const tell = () => told.push([...box.querySelectorAll("tbody th")].slice(0, 2).map((one) => one.innerText)
    .concat(box.querySelector(".pager p").textContent));
  const head = (name) => [...box.querySelectorAll("thead button")].find((one) => one.textContent === name);
  tell();
  head("Score").click(); tell();
  head("Score").click(); tell();
  box.querySelectorAll(".pager button")[1].click(); tell();
  const find = box.querySelector("input");
  find.value = "ANSWER 7"; find.dispatchEvent(new Event("input")); tell();
  find.value = "nowhere"; find.dispatchEvent(new Event("input")); tell();
  find.value = ""; find.dispatchEvent(new Event("input"));
  const [evaluator, state] = box.querySelectorAll("select");
  state.value = "1"; state.dispatchEvent(new Event("change")); tell();
  evaluator.value = "0"; evaluator.dispatchEvent(new Event("change")); tell();
  const open = box.querySelector("tbody button");
  if (open) open.click();
  document.documentElement.dataset.told = JSON.stringify(told);
}, 500));
"""


def test_the_table_is_sorted_filtered_and_turned(browser: str, tmp_path: Path) -> None:
    values = [n % 60 / 60 for n in range(120)]
    outcomes = {
        "one": [score(value) for value in values],
        "two": [*(Score(name="two", value=1.0) for _ in range(119)), failure()],
    }
    page = page_of([make_run(tmp_path / "a.run.db", outcomes)], tmp_path / "a.html")
    digest = base64.b64encode(hashlib.sha256(_ACTIONS.encode()).digest()).decode()
    source = html.escape(f"'sha256-{digest}'")
    page = page.replace("script-src ", f"script-src {source} ", 1).replace(
        "</head>", f"<script>{_ACTIONS}</script></head>", 1
    )
    (tmp_path / "a.html").write_text(page, "utf-8")
    seen = visit(browser, tmp_path / "a.html")
    check(seen)
    told = re.search(r'data-told="([^"]*)"', seen.page)
    assert told is not None
    assert json.loads(html.unescape(told[1])) == [
        ["r0", "r0", "1 to 50 of 240"],
        ["r0", "r60", "1 to 50 of 240"],
        ["r0", "r1", "1 to 50 of 240"],  # all of "two" but one are 1
        ["r50", "r51", "51 to 100 of 240"],
        ["r7", "r70", "1 to 22 of 22"],
        ["Nothing is found."],
        ["r119", "1 to 1 of 1"],
        ["Nothing is found."],
    ]
