"""Score text with an LLM judge on LangChain 1.x.

The names below are loaded on first use: importing the package loads neither LangChain nor any other library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lc_scoring.errors import ConfigError as ConfigError
    from lc_scoring.errors import MissingExtra as MissingExtra
    from lc_scoring.errors import ModelError as ModelError
    from lc_scoring.errors import ReplyError as ReplyError
    from lc_scoring.errors import ScopeError as ScopeError
    from lc_scoring.errors import ScoringError as ScoringError
    from lc_scoring.evaluators.score_string import LabeledScoreStringEvalChain as LabeledScoreStringEvalChain
    from lc_scoring.evaluators.score_string import ScoreStringEvalChain as ScoreStringEvalChain
    from lc_scoring.records import Failure as Failure
    from lc_scoring.records import Sample as Sample
    from lc_scoring.records import Score as Score
    from lc_scoring.records import Usage as Usage
    from lc_scoring.registry import EvaluatorType as EvaluatorType
    from lc_scoring.registry import load_evaluator as load_evaluator
    from lc_scoring.registry import load_evaluators as load_evaluators
    from lc_scoring.registry import register_evaluator as register_evaluator
    from lc_scoring.rubric import Criteria as Criteria
    from lc_scoring.rubric import Criterion as Criterion
    from lc_scoring.rubric import Rubric as Rubric
    from lc_scoring.scale import Scale as Scale

__version__ = "0.1.0"

_HOMES = {
    "errors": ("ConfigError", "MissingExtra", "ModelError", "ReplyError", "ScopeError", "ScoringError"),
    "evaluators.score_string": ("LabeledScoreStringEvalChain", "ScoreStringEvalChain"),
    "records": ("Failure", "Sample", "Score", "Usage"),
    "registry": ("EvaluatorType", "load_evaluator", "load_evaluators", "register_evaluator"),
    "rubric": ("Criteria", "Criterion", "Rubric"),
    "scale": ("Scale",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
