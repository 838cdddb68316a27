"""The command line in a process of its own, as its users run it, and the files it reads and writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COV")}  # coverage's own


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "lc_scoring.cli", *map(str, arguments)]
    fixed = {"PATH": "", "PYTHONUTF8": "1", "LANGSMITH_TRACING": "false", "COLUMNS": "200"}
    environment = {**fixed, **MEASURED, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603


def score(file: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("score", file, "--criteria", "correctness", "--llm", "offline", *arguments, **environment)


def write(path: Path, rows: Iterable[Any]) -> Path:
    path.write_bytes(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
