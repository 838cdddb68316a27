"""Prints what importing the package costs and loads, in a fresh process.

python tests/benchmarks/imports.py
"""

from __future__ import annotations

import json
import subprocess
import sys

ROUNDS = 15
BAR_MS = 30
HEAVY = ("langchain", "langchain_core", "langchain_openai", "openai", "langsmith", "numpy", "pydantic", "typer", "rich")
PROBE = """
import json, sys, time
start = time.perf_counter()
{statement}
print(json.dumps([(time.perf_counter() - start) * 1e3, [name for name in sys.modules if "." not in name]]))
"""


def main() -> None:
    """Measure and print."""
    bare, _ = _least("pass")
    package, loaded = _least("import lc_scoring")
    heavy = [name for name in HEAVY if name in loaded]
    loads = ", ".join(heavy) or "nothing heavy"
    print(f"import lc_scoring    {package - bare:.1f} ms above bare Python  (bar {BAR_MS}), loads {loads}")
    for statement in ("from lc_scoring import Scale", "from lc_scoring import load_evaluator"):
        print(f"{statement:40} {_least(statement)[0]:.0f} ms")


def _least(statement: str) -> tuple[float, list[str]]:
    command = [sys.executable, "-c", PROBE.format(statement=statement)]
    runs = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(ROUNDS)]
    return min(runs, key=lambda run: run[0])


if __name__ == "__main__":
    main()
