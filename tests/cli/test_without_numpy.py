"""Without NumPy: what needs it says what to install, and the rest works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lc_scoring import score_dataset

PROGRAM = """
import sys
import lc_scoring, lc_scoring.cli.app
from lc_scoring import MissingExtra, agree, agree_rows, compare

def command(*arguments):
    sys.argv = ["lc-scoring", *arguments]
    try:
        lc_scoring.cli.app.main()
    except SystemExit as end:
        print("exit code", end.code)

old, new = sys.argv[1:]
command("summary", old)
print("NumPy is loaded:", "numpy" in sys.modules)
sys.modules["numpy"] = None
for call in (
    lambda: compare(old, new),
    lambda: agree(old, human=["n"]),
    lambda: agree_rows([("a", {"x": [1, 2]})], human=["x"]),
):
    try:
        call()
    except MissingExtra as error:
        print(error)
for arguments in (("compare", old, new), ("agree", old, "--human", "n"), ("summary", old)):
    command(*arguments)
"""


def test_without_numpy_one_line_says_what_to_install_and_the_rest_works(tmp_path: Path) -> None:
    rows = [{"id": f"{n}", "prediction": f"{n}", "reference": "1", "n": 1} for n in range(2)]
    paths = [str(score_dataset(rows, "exact_match", run=tmp_path / f"{name}.run.db").path) for name in ("a", "b")]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", PROGRAM, *paths], capture_output=True, text=True, check=False
    )
    wanted = 'NumPy is needed for this: pip install "lc-scoring[stats]".'
    assert (done.returncode, done.stderr.splitlines()) == (0, [f"Error: {wanted}"] * 2)
    told = [line for line in done.stdout.splitlines() if not line.startswith(("┌", "│", "├", "└", "┏", "┡"))]
    assert [line for line in told if line.startswith(("exit", "NumPy"))] == [
        *("exit code 0", "NumPy is loaded: False", wanted, wanted, wanted),
        *("exit code 2", "exit code 2", "exit code 0"),
    ]
    assert done.stdout.count("2 scored, 0 failed") == 2
