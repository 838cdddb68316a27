"""What the documentation shows is run: docstrings, the pages' Python blocks with their output, the cookbook."""

from __future__ import annotations

import doctest
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from loopback.langsmith_api import LangSmithServer
from loopback.openai_api import OpenAIServer

import lc_scoring

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COOKBOOK = sorted((ROOT / "cookbook").glob("*.py"))
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(lc_scoring.__path__, "lc_scoring.")
    if not module.name.endswith("__main__")
)
_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    results = doctest.testmod(import_module(name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert results.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.filterwarnings("ignore:'.*' points both ways")
def test_the_python_on_a_page_runs_and_prints_what_it_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert doctest.testfile(str(page), module_relative=False).failed == 0
    names: dict[str, object] = {}
    for code, printed in _BLOCK.findall(text):
        if code.lstrip().startswith(">>>"):
            continue
        output = StringIO()
        with redirect_stdout(output):
            exec(compile(code, str(page), "exec"), names)  # noqa: S102 - our own pages
        if printed:
            assert output.getvalue() == printed


@pytest.fixture
def services() -> Iterator[dict[str, str]]:
    """The environment of a script whose judge and whose LangSmith are on loopback."""
    with OpenAIServer(reply="Kind and to the point. Rating: [[8]]") as judge, LangSmithServer() as langsmith:
        yield {
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
            "PYTHONUTF8": "1",
            "OPENAI_API_KEY": "test-key",
            "OPENAI_BASE_URL": judge.url,
            **langsmith.env(),
        }


@pytest.mark.parametrize("script", COOKBOOK, ids=lambda script: script.stem)
def test_a_cookbook_script_runs(script: Path, services: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, str(script)], capture_output=True, text=True, env=services, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Error" not in done.stderr, done.stderr


def test_the_readme_is_short_and_its_commands_are_those_of_continuous_integration() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) < 150
    commands = re.findall(r"^```bash\n(.*?)\n```$", readme, re.MULTILINE)
    assert len(commands) == 2
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in commands:
        assert command in script


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
