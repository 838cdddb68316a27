"""Prints what the report of a run takes: seconds to write, megabytes, and how soon a browser shows it.

A run of 10,000 rows with about 1 kB of text each and two evaluators is made in a temporary directory. Its report is
opened in headless Chromium from the disk, a few times, with a script in it that tells when something was first painted.

    python tests/benchmarks/report.py [--rows 10000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"

from lc_scoring import Run, Score, StringEvaluator, Usage, score_dataset
from lc_scoring.runs.report.write_report import write_report

BARS = {"MB": 5, "first paint, ms": 500}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
TELL = """
new PerformanceObserver((list) => { for (const one of list.getEntries()) console.info(one.name, one.startTime); })
  .observe({ type: "paint", buffered: true });
addEventListener("load", () => console.info("load", performance.now()));
new MutationObserver(() => console.info("charts", performance.now()))
  .observe(document.documentElement, { attributeFilter: ["data-charts"] });
"""
WORDS = ("the", "answer", "names", "a", "city", "and", "its", "year,", "with", "more", "than", "reason", "asked.")


class Judge(StringEvaluator):
    """Rates as a judge might, without one."""

    async def ascore(self, fields: Any, config: Any = None) -> Score:
        chance = random.Random(fields["prediction"])
        rating = min(10, max(1, round(chance.gauss(7, 1.8))))
        return Score(
            name="judge",
            value=(rating - 1) / 9,
            rating=rating,
            reasoning=f"{words(chance, 250)} Rating: [[{rating}]]",
            usage=Usage(calls=1, input_tokens=640, output_tokens=80, cost=0.0002),
            signature=self.signature,
        )

    def _evaluate_strings(self, **_: Any) -> Any:
        raise NotImplementedError


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="how often the page is opened")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = folder / "a.run.db"
        score_dataset(rows(options.rows), ["exact_match", Judge()], run=run, progress=False)
        written(run, folder / "report.html")
        browser = next((found for one in BROWSERS if (found := shutil.which(one))), None)
        if browser is None:
            print(f"none of {', '.join(BROWSERS)} is installed: nothing was opened")
            return
        opened(browser, folder, options.rounds)


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield rows of about 1 kB."""
    chance = random.Random(7)
    for number in range(count):
        texts = {"input": words(chance, 200), "prediction": words(chance, 600), "reference": words(chance, 150)}
        yield {"id": f"row-{number:06}", **texts, "topic": chance.choice(["law", "art", "sport", "travel"])}


def words(chance: random.Random, length: int) -> str:
    """Return about so many characters."""
    return " ".join(chance.choices(WORDS, k=length // 5))[:length]


def written(run: Path, report: Path) -> None:
    """Print what it takes to write the report."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    write_report([Run(run)], report, by="topic")
    seconds = time.perf_counter() - start
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{'write':28} {seconds:8.2f} s    peak memory grew by {more:.0f} MB")
    print(f"{'size':28} {report.stat().st_size / 1e6:8.2f} MB   bar {BARS['MB']}")


def opened(browser: str, folder: Path, rounds: int) -> None:
    """Print how soon the page is seen, and what it complains of or asks for."""
    page = (folder / "report.html").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(TELL.encode()).digest()).decode()
    may_run = html.escape(f"'sha256-{digest}'")
    page = page.replace("script-src ", f"script-src {may_run} ", 1)
    (folder / "told.html").write_text(page.replace("</head>", f"<script>{TELL}</script></head>", 1), "utf-8")
    found: dict[str, list[float]] = {}
    complaints: list[str] = []
    requests: list[str] = []
    for number in range(rounds):
        told, asked = visit(browser, folder, number)
        requests += asked
        for line in told:
            if moment := re.search(r'"(first-paint|first-contentful-paint|load|charts) ([\d.]+)"', line):
                found.setdefault(moment[1], []).append(float(moment[2]))
            else:
                complaints.append(line)
    for name, moments in found.items():
        bar = f"   bar {BARS['first paint, ms']}" if name == "first-paint" else ""
        print(f"{name:28} {statistics.median(moments):8.0f} ms   {min(moments):.0f} to {max(moments):.0f}{bar}")
    print(f"{'console errors':28} {len(complaints):8}      {'; '.join(complaints[:3])}")
    print(f"{'requests to a network':28} {len(requests):8}      {'; '.join(requests[:3])}")


def visit(browser: str, folder: Path, number: int) -> tuple[list[str], list[str]]:
    """Open the page once; return what it said on the console and what it asked a network for."""
    log = folder / f"net-{number}.json"
    command = [browser, *OPTIONS, f"--user-data-dir={folder / f'profile-{number}'}", f"--log-net-log={log}"]
    told = subprocess.run(
        [*command, f"--screenshot={folder / 'page.png'}", (folder / "told.html").as_uri()],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        check=True,
        text=True,
        timeout=120,
    ).stderr
    events = [event.get("params", {}) for event in json.loads(log.read_text("utf-8"))["events"]]
    # What the browser wants for itself has no page as its origin.
    asked = {
        str(one["url"])
        for one in events
        if str(one.get("url", "")).startswith(("http", "ws"))
        and one.get("initiator", "not an origin") != "not an origin"
    }
    return [line for line in told.splitlines() if ":CONSOLE:" in line], sorted(asked)


if __name__ == "__main__":
    sys.exit(main())
