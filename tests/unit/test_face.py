"""The package's face: its names, loaded on first use."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import lc_scoring

HEAVY = ("langchain", "langchain_core", "langchain_openai", "openai", "langsmith", "numpy", "pydantic")


def loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*(name for name in sys.modules if '.' not in name))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)  # noqa: S603
    return set(run.stdout.split())


@pytest.mark.parametrize("name", lc_scoring.__all__)
def test_every_name_can_be_had(name: str) -> None:
    assert getattr(lc_scoring, name).__name__ == name


def test_the_face_is_small_and_listed() -> None:
    assert len(lc_scoring.__all__) <= 25
    assert set(dir(lc_scoring)) == {*lc_scoring.__all__, "__version__"}


def test_what_langchain_had_can_be_imported_from_here() -> None:
    theirs = pytest.importorskip("langchain_classic.evaluation")
    names = set(theirs.__all__) - {"load_dataset"}  # reads public data sets from the Hugging Face hub
    assert {"StringEvaluator", "load_evaluator", "QAEvalChain"} <= names
    for name in names:
        assert getattr(lc_scoring, name).__name__ == name
        assert isinstance(getattr(lc_scoring, name), type) == isinstance(getattr(theirs, name), type)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="load_evalator"):
        lc_scoring.load_evalator  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_after("import lc_scoring") & set(HEAVY)


def test_the_ground_floor_loads_no_vendor() -> None:
    assert not loaded_after("from lc_scoring import Rubric, Sample, Scale, Score, ReplyError") & set(HEAVY)


def test_the_offline_judge_loads_neither_numpy_nor_openai() -> None:
    loaded = loaded_after("from lc_scoring import load_evaluator\nload_evaluator('score_string', llm='offline')")
    assert not loaded & {"numpy", "openai", "langchain_openai"}


def test_the_version_is_the_installed_one() -> None:
    assert lc_scoring.__version__ == version("lc-scoring")
