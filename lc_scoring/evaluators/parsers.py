"""Parsers: the readers of judges' replies as LangChain output parsers, for chains of your own.

chain = prompt | llm | ScoreStringResultOutputParser()
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any

from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import BaseOutputParser
from pydantic import BeforeValidator, ConfigDict, SkipValidation

from lc_scoring.errors import ReplyError
from lc_scoring.evaluators.criteria import CRITERIA_WORDS
from lc_scoring.evaluators.trajectory import TRAJECTORY_SCALE
from lc_scoring.judges.pairwise import PAIR_VALUES, PAIR_WORDS
from lc_scoring.rating import read_labeled_rating, read_rating, without_rating_line
from lc_scoring.scale import Scale
from lc_scoring.verdict import read_verdict


class ReplyParser(BaseOutputParser[dict[str, Any]]):
    """What the parsers share: a reply that cannot be read is an OutputParserException that keeps it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def parse(self, text: str) -> dict[str, Any]:
        """Read a reply.

        Raises:
            OutputParserException: it cannot be read; `llm_output` is the reply.
        """
        try:
            return self._read(text)
        except ReplyError as error:
            raise OutputParserException(f"{error.reason} {self._wanted()}", llm_output=text) from error

    @abstractmethod
    def _read(self, text: str) -> dict[str, Any]: ...

    @abstractmethod
    def _wanted(self) -> str: ...


class ScoreStringResultOutputParser(ReplyParser):
    """Reads the rating `[[n]]` of a reply.

    Examples:
        >>> ScoreStringResultOutputParser().parse("Thin. Rating: [[4]]")
        {'reasoning': 'Thin. Rating: [[4]]', 'score': 4}
    """

    scale: Annotated[SkipValidation[Scale], BeforeValidator(Scale.parse)] = Scale()
    """The ratings that count."""

    def _read(self, text: str) -> dict[str, Any]:
        return {"reasoning": text, "score": read_rating(text, self.scale)}

    def _wanted(self) -> str:
        low, high = self.scale.low, self.scale.high
        return f"Output must contain a double bracketed string with the verdict between {low} and {high}."


class PairwiseStringResultOutputParser(ReplyParser):
    """Reads the verdict `[[A]]`, `[[B]]` or `[[C]]` of a reply.

    Examples:
        >>> PairwiseStringResultOutputParser().parse("Both will do. [[C]]")
        {'reasoning': 'Both will do. [[C]]', 'value': None, 'score': 0.5}
    """

    def _read(self, text: str) -> dict[str, Any]:
        word = read_verdict(text, PAIR_WORDS).word
        score = PAIR_VALUES[word]
        return {
            "reasoning": text,
            "value": None if word == "C" else word,
            "score": score if word == "C" else int(score),
        }

    def _wanted(self) -> str:
        return "Output must contain a double bracketed string with the verdict 'A', 'B', or 'C'."


class CriteriaResultOutputParser(ReplyParser):
    """Reads the verdict Y or N of a reply.

    Examples:
        >>> CriteriaResultOutputParser().parse("It is short. Y")
        {'reasoning': 'It is short.', 'value': 'Y', 'score': 1}
    """

    def _read(self, text: str) -> dict[str, Any]:
        verdict = read_verdict(text, CRITERIA_WORDS)
        return {"reasoning": verdict.reasoning.strip(), "value": verdict.word, "score": int(verdict.word == "Y")}

    def _wanted(self) -> str:
        return "Output must end in the verdict Y or N."


class TrajectoryOutputParser(ReplyParser):
    """Reads the rating of a trajectory, `Score: n` or `[[n]]`, from 1 to 5, into [0, 1].

    Examples:
        >>> TrajectoryOutputParser().parse("It took a detour. Score: [[4]]")
        {'score': 0.75, 'reasoning': 'It took a detour.'}
    """

    def _read(self, text: str) -> dict[str, Any]:
        rating = read_labeled_rating(text, TRAJECTORY_SCALE)
        return {"score": TRAJECTORY_SCALE.normalize(rating), "reasoning": without_rating_line(text)}

    def _wanted(self) -> str:
        return "Output must contain a line 'Score: n' with n from 1 to 5."
