"""Score text with an LLM judge on LangChain 1.x.

The names below are loaded on first use: importing the package loads neither LangChain nor any other library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lc_scoring.criterion import Criteria as Criteria
    from lc_scoring.criterion import Criterion as Criterion
    from lc_scoring.errors import ConfigError as ConfigError
    from lc_scoring.errors import MissingExtra as MissingExtra
    from lc_scoring.errors import ModelError as ModelError
    from lc_scoring.errors import NotApplicable as NotApplicable
    from lc_scoring.errors import ReplyError as ReplyError
    from lc_scoring.errors import RunFileError as RunFileError
    from lc_scoring.errors import ScopeError as ScopeError
    from lc_scoring.errors import ScoringError as ScoringError
    from lc_scoring.evaluator_types import EvaluatorType as EvaluatorType
    from lc_scoring.evaluators.criteria import CriteriaEvalChain as CriteriaEvalChain
    from lc_scoring.evaluators.criteria import LabeledCriteriaEvalChain as LabeledCriteriaEvalChain
    from lc_scoring.evaluators.embedding_distance import EmbeddingDistance as EmbeddingDistance
    from lc_scoring.evaluators.embedding_distance import EmbeddingDistanceEvalChain as EmbeddingDistanceEvalChain
    from lc_scoring.evaluators.embedding_distance import (
        PairwiseEmbeddingDistanceEvalChain as PairwiseEmbeddingDistanceEvalChain,
    )
    from lc_scoring.evaluators.json_match import JsonEditDistanceEvaluator as JsonEditDistanceEvaluator
    from lc_scoring.evaluators.json_match import JsonEqualityEvaluator as JsonEqualityEvaluator
    from lc_scoring.evaluators.json_match import JsonSchemaEvaluator as JsonSchemaEvaluator
    from lc_scoring.evaluators.json_match import JsonValidityEvaluator as JsonValidityEvaluator
    from lc_scoring.evaluators.matching import ExactMatchStringEvaluator as ExactMatchStringEvaluator
    from lc_scoring.evaluators.matching import RegexMatchStringEvaluator as RegexMatchStringEvaluator
    from lc_scoring.evaluators.metric import make_metric as make_metric
    from lc_scoring.evaluators.pairwise_string import LabeledPairwiseStringEvalChain as LabeledPairwiseStringEvalChain
    from lc_scoring.evaluators.pairwise_string import PairwiseStringEvalChain as PairwiseStringEvalChain
    from lc_scoring.evaluators.parsers import CriteriaResultOutputParser as CriteriaResultOutputParser
    from lc_scoring.evaluators.parsers import PairwiseStringResultOutputParser as PairwiseStringResultOutputParser
    from lc_scoring.evaluators.parsers import ScoreStringResultOutputParser as ScoreStringResultOutputParser
    from lc_scoring.evaluators.parsers import TrajectoryOutputParser as TrajectoryOutputParser
    from lc_scoring.evaluators.qa import ContextQAEvalChain as ContextQAEvalChain
    from lc_scoring.evaluators.qa import CotQAEvalChain as CotQAEvalChain
    from lc_scoring.evaluators.qa import QAEvalChain as QAEvalChain
    from lc_scoring.evaluators.schema import AgentTrajectoryEvaluator as AgentTrajectoryEvaluator
    from lc_scoring.evaluators.schema import PairwiseStringEvaluator as PairwiseStringEvaluator
    from lc_scoring.evaluators.schema import StringEvaluator as StringEvaluator
    from lc_scoring.evaluators.score_string import LabeledScoreStringEvalChain as LabeledScoreStringEvalChain
    from lc_scoring.evaluators.score_string import ScoreStringEvalChain as ScoreStringEvalChain
    from lc_scoring.evaluators.string_distance import PairwiseStringDistanceEvalChain as PairwiseStringDistanceEvalChain
    from lc_scoring.evaluators.string_distance import StringDistance as StringDistance
    from lc_scoring.evaluators.string_distance import StringDistanceEvalChain as StringDistanceEvalChain
    from lc_scoring.evaluators.trajectory import TrajectoryEvalChain as TrajectoryEvalChain
    from lc_scoring.example import Example as Example
    from lc_scoring.records import Failure as Failure
    from lc_scoring.records import Sample as Sample
    from lc_scoring.records import Score as Score
    from lc_scoring.records import Usage as Usage
    from lc_scoring.registry import load_evaluator as load_evaluator
    from lc_scoring.registry import load_evaluators as load_evaluators
    from lc_scoring.registry import register_evaluator as register_evaluator
    from lc_scoring.rubric import Rubric as Rubric
    from lc_scoring.runs.agree import Agreement as Agreement
    from lc_scoring.runs.agree import agree as agree
    from lc_scoring.runs.agree import agree_rows as agree_rows
    from lc_scoring.runs.compare import Comparison as Comparison
    from lc_scoring.runs.compare import compare as compare
    from lc_scoring.runs.report.write_report import write_report as write_report
    from lc_scoring.runs.run import Run as Run
    from lc_scoring.runs.score_dataset import ascore_dataset as ascore_dataset
    from lc_scoring.runs.score_dataset import score_dataset as score_dataset
    from lc_scoring.scale import Scale as Scale

__version__ = "0.1.0"

_HOMES = {
    "errors": ("ConfigError", "MissingExtra", "ModelError", "NotApplicable", "ReplyError", "ScoringError"),
    "evaluators.metric": ("make_metric",),
    "evaluators.schema": ("StringEvaluator",),
    "evaluators.score_string": ("LabeledScoreStringEvalChain", "ScoreStringEvalChain"),
    "records": ("Failure", "Sample", "Score", "Usage"),
    "evaluator_types": ("EvaluatorType",),
    "registry": ("load_evaluator", "load_evaluators", "register_evaluator"),
    "criterion": ("Criteria", "Criterion"),
    "rubric": ("Rubric",),
    "runs.run": ("Run",),
    "runs.score_dataset": ("ascore_dataset", "score_dataset"),
    "scale": ("Scale",),
}
# What else can be imported from here, though it is listed where it lives, so that the face stays small: above all
# the rest of langchain.evaluation, so that moving is a change of import.
_UNLISTED_HOMES = {
    "errors": ("RunFileError", "ScopeError"),
    "evaluators.criteria": ("CriteriaEvalChain", "LabeledCriteriaEvalChain"),
    "evaluators.embedding_distance": (
        "EmbeddingDistance",
        "EmbeddingDistanceEvalChain",
        "PairwiseEmbeddingDistanceEvalChain",
    ),
    "evaluators.json_match": (
        "JsonEditDistanceEvaluator",
        "JsonEqualityEvaluator",
        "JsonSchemaEvaluator",
        "JsonValidityEvaluator",
    ),
    "evaluators.matching": ("ExactMatchStringEvaluator", "RegexMatchStringEvaluator"),
    "evaluators.pairwise_string": ("LabeledPairwiseStringEvalChain", "PairwiseStringEvalChain"),
    "evaluators.parsers": (
        "CriteriaResultOutputParser",
        "PairwiseStringResultOutputParser",
        "ScoreStringResultOutputParser",
        "TrajectoryOutputParser",
    ),
    "evaluators.qa": ("ContextQAEvalChain", "CotQAEvalChain", "QAEvalChain"),
    "evaluators.schema": ("AgentTrajectoryEvaluator", "PairwiseStringEvaluator"),
    "evaluators.string_distance": ("PairwiseStringDistanceEvalChain", "StringDistance", "StringDistanceEvalChain"),
    "evaluators.trajectory": ("TrajectoryEvalChain",),
    "example": ("Example",),
    "runs.agree": ("Agreement", "agree", "agree_rows"),
    "runs.compare": ("Comparison", "compare"),
    "runs.report.write_report": ("write_report",),
}
_HOME_OF = {name: home for homes in (_HOMES, _UNLISTED_HOMES) for home, names in homes.items() for name in names}

__all__ = sorted(name for names in _HOMES.values() for name in names)  # pyright: ignore[reportUnsupportedDunderAll]  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
