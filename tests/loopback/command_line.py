"""The command line in a process of its own, as its users run it, the judge it asks, and the files it works on."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loopback.openai_api import OpenAIServer

MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COV")}  # coverage's own
JUDGE = "openai:gpt-4o-mini"
_PROGRAM = (sys.executable, "-W", "error")
_PREDICTION = re.compile(r"<sample_prediction>\n(.*?)\n</sample_prediction>", re.DOTALL)

_EACH = """
import io, json, sys, traceback
from contextlib import redirect_stderr, redirect_stdout
from lc_scoring.cli.app import main

told = []
for arguments in json.load(sys.stdin):
    sys.argv, output, errors, code = ["lc-scoring", *arguments], io.StringIO(), io.StringIO(), 0
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            code = 1
            traceback.print_exc()
    told.append([code, output.getvalue(), errors.getvalue()])
json.dump(told, sys.stdout)
"""

_LIMITED = """
import resource, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
from lc_scoring.cli.app import main

main()
"""


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder: by default in one of its own that is gone afterwards, run files and all."""
    command = [*_PROGRAM, "-m", "lc_scoring.cli", *map(str, arguments)]
    with TemporaryDirectory() as folder:
        return subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, env=_environment(environment), check=False, cwd=cwd or folder
        )


def run_each(
    calls: Iterable[Sequence[object]], *, cwd: Path | None = None, **environment: str
) -> list[subprocess.CompletedProcess[str]]:
    """Make several calls, one after the other, in one process: what takes time is the start."""
    texts = [[*map(str, call)] for call in calls]
    with TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603
            [*_PROGRAM, "-c", _EACH],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            env=_environment(environment),
            check=False,
            cwd=cwd or folder,
        )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    told = zip(texts, json.loads(done.stdout), strict=True)
    return [subprocess.CompletedProcess(call, *one) for call, one in told]


def run_limited(most: int, *arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it where no file may grow over so many bytes; coverage, which has files of its own, is left out."""
    command = [*_PROGRAM, "-B", "-c", _LIMITED, str(most), *map(str, arguments)]
    allowed = {name: value for name, value in _environment(environment).items() if name not in MEASURED}
    return subprocess.run(command, capture_output=True, text=True, env=allowed, check=False, cwd=cwd)  # noqa: S603


@contextmanager
def started(
    *arguments: object, cwd: Path, errors: int = subprocess.PIPE, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Start it, and see to it that it is over in the end."""
    command = [*_PROGRAM, "-m", "lc_scoring.cli", *map(str, arguments)]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment(environment), cwd=cwd
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def score(file: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("score", file, "--criteria", "correctness", "--llm", "offline", *arguments, **environment)


def wait_until(condition: Callable[[], Any], *, seconds: float = 60) -> None:
    """Wait for a condition, and fail where it does not come about."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)


class Judge(OpenAIServer):
    """A judge on 127.0.0.1, and the command line that asks it."""

    @property
    def where(self) -> dict[str, str]:
        """What tells the command line where it is."""
        return {"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": self.url}

    def asked(self, *, after: int = 0) -> Counter[str]:
        """The predictions that it was asked about, and how often, from a request on."""
        return Counter(judged(call.body) for call in self.requests[after:])

    def call(self, file: Path, *arguments: object) -> tuple[object, ...]:
        """The arguments that have a file scored by it."""
        return ("score", file.name, "-e", "score_string", "--llm", JUDGE, *arguments)

    def score(self, file: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Score a file, in the file's folder."""
        return run(*self.call(file, *arguments), cwd=file.parent, **self.where, **environment)


def judged(body: Mapping[str, Any]) -> str:
    """The prediction that a question is about."""
    found = _PREDICTION.search(body["messages"][1]["content"])
    return found[1] if found else ""


@contextmanager
def held_judge(*, after: int) -> Iterator[tuple[Judge, threading.Event]]:
    """A judge that answers so many questions, and all others when the event is set."""
    go_on, place = threading.Event(), count()

    def reply(_: Mapping[str, Any]) -> str:
        if next(place) >= after:
            go_on.wait(60)
        return "So it is. Rating: [[7]]"

    with Judge(reply) as judge:
        try:
            yield judge, go_on
        finally:
            go_on.set()


def rows_file(folder: Path, rows: int) -> Path:
    """Write a file of rows whose predictions are "row 0", "row 1", ..."""
    each = [{"id": f"r{n}", "input": "?", "prediction": f"row {n}", "topic": "ab"[n % 2]} for n in range(rows)]
    return write(folder / "rows.jsonl", each)


def outcomes(run_file: Path) -> dict[str, str]:
    """What a run file holds, killed or not: for each prediction the state of its outcome; and that it is sound.

    A copy is read: opening the file itself would put a log in order that its owner left behind.
    """
    with TemporaryDirectory() as folder:
        for suffix in ("", "-wal", "-journal"):
            beside = run_file.with_name(run_file.name + suffix)
            if beside.exists():
                shutil.copy(beside, folder)
        with closing(sqlite3.connect(Path(folder, run_file.name))) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'outcome'").fetchone():
                return {}
            found = database.execute(
                'SELECT t."values", o.state FROM outcome o JOIN row_text t USING (row) JOIN outcome_text x USING (row)'
            ).fetchall()
    told = [(str(json.loads(values)["prediction"]), state) for values, state in found]
    assert len(dict(told)) == len(told), "a row has several outcomes"
    return dict(told)


def write(path: Path, rows: Iterable[Any]) -> Path:
    path.write_bytes(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    fixed = {"PATH": "", "PYTHONUTF8": "1", "LANGSMITH_TRACING": "false", "COLUMNS": "200"}
    return {**fixed, **MEASURED, **given}
