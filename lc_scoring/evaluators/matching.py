"""exact_match and regex_match: whether a text is another, or matches a pattern."""

from __future__ import annotations

import math
import re
import string
from functools import lru_cache
from typing import Any, ClassVar

import regex
from langchain_core.runnables.config import run_in_executor

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.computed import ComputedStringEvaluator, plain_text

_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WITHOUT_NUMBERS = str.maketrans("", "", string.digits)

# `re` and `regex` number their flags differently: 256 is ASCII in one and VERSION1 in the other. DEBUG prints, LOCALE
# is for bytes.
_FLAGS = {
    re.ASCII: regex.ASCII,
    re.IGNORECASE: regex.IGNORECASE,
    re.MULTILINE: regex.MULTILINE,
    re.DOTALL: regex.DOTALL,
    re.VERBOSE: regex.VERBOSE,
    re.UNICODE: regex.UNICODE,
}
_PATTERNS = 256  # compiled patterns kept: more than most datasets have
_LONGEST = 100_000  # characters of a pattern; compiling these takes up to a second
_STEPS = 1e7  # steps of a match that nobody times: measured under 0.1 s
_HARD_TO_SAY = ("{", r"\X", "\\g")
_HARD_TO_SAY_OF_GROUPS = re.compile(r"\)[*+?]|\((?:\?(?!:)|\*)|\\\d")  # repeated or special groups, references
_FEW_ALTERNATIVES = 16
_TOKENS = re.compile(r"\\[pPN]\{[^}]*\}|\\.|\{(?:\d+(?:,\d*)?|,\d*)\}|\[\^|.", re.DOTALL)
_SHOWN = 80  # characters of a pattern in a message


class ExactMatchStringEvaluator(ComputedStringEvaluator):
    """Tells whether a text is the reference: score 1 or 0.

    Examples:
        >>> ExactMatchStringEvaluator().evaluate_strings(prediction="Paris", reference="paris")
        {'score': 0}
        >>> loose = ExactMatchStringEvaluator(ignore_case=True, ignore_punctuation=True)
        >>> loose.evaluate_strings(prediction="Paris!", reference="paris")
        {'score': 1}
    """

    returns = "score 1 or 0"

    ignore_case: bool = False
    """Whether upper and lower case are the same."""
    ignore_punctuation: bool = False
    """Whether ASCII punctuation is left out of both texts."""
    ignore_numbers: bool = False
    """Whether the digits 0 to 9 are left out of both texts."""

    _settings: ClassVar[tuple[str, ...]] = ("ignore_case", "ignore_punctuation", "ignore_numbers")

    @property
    def evaluation_name(self) -> str:
        """`exact_match`: the key of the feedback in LangSmith."""
        return "exact_match"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        if type(prediction) is not str or type(other) is not str:
            prediction, other = plain_text("prediction", prediction), plain_text("reference", other)
        if self.ignore_case:
            prediction, other = prediction.lower(), other.lower()
        if self.ignore_punctuation:
            prediction, other = prediction.translate(_WITHOUT_PUNCTUATION), other.translate(_WITHOUT_PUNCTUATION)
        if self.ignore_numbers:
            prediction, other = prediction.translate(_WITHOUT_NUMBERS), other.translate(_WITHOUT_NUMBERS)
        return {"score": 1 if prediction == other else 0}


class RegexMatchStringEvaluator(ComputedStringEvaluator):
    """Tells whether a text matches the reference, a regular expression, from its start on: score 1 or 0.

    The pattern is read by the `regex` package, which knows all that `re` knows.

    Examples:
        >>> import re
        >>> evaluator = RegexMatchStringEvaluator(flags=re.IGNORECASE)
        >>> evaluator.evaluate_strings(prediction="Mindy is the CTO", reference="^mindy.*cto$")
        {'score': 1}
        >>> evaluator.evaluate_strings(prediction="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", reference="(a|a|aa)+$")
        Traceback (most recent call last):
        lc_scoring.errors.ConfigError: The pattern '(a|a|aa)+$' found no answer within 1 seconds on a prediction of ...
    """

    returns = "score 1 or 0"

    flags: int = 0
    """Flags of `re`, such as `re.IGNORECASE | re.DOTALL`."""
    timeout: float = 1.0
    """Seconds after which a match is given up; above 0."""

    _settings: ClassVar[tuple[str, ...]] = ("flags",)

    def _check_arguments(self) -> None:
        _regex_flags(self.flags)
        self.flags = int(self.flags)  # RegexFlag's hash is Python code, and each match looks its pattern up
        limit: Any = self.timeout
        if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 < limit < math.inf:
            raise ConfigError(f"timeout is in seconds, a finite number above 0; got {limit!r}.")

    @property
    def evaluation_name(self) -> str:
        """`regex_match`: the key of the feedback in LangSmith."""
        return "regex_match"

    def _compute(self, prediction: Any, other: Any) -> dict[str, Any]:
        if type(prediction) is not str or type(other) is not str:
            prediction, other = plain_text("prediction", prediction), plain_text("reference", other)
        pattern, harmless = _compiled(other, self.flags)
        if len(prediction) <= harmless:
            return {"score": 1 if pattern.match(prediction) else 0}
        try:
            return {"score": 1 if pattern.match(prediction, timeout=self.timeout) else 0}
        except TimeoutError as error:
            raise ConfigError(
                f"The pattern {_shown(other)} found no answer within {self.timeout:g} seconds on a prediction of "
                f"{len(prediction):,} characters: let its repetitions overlap less, or raise timeout=."
            ) from error

    async def _acompute(self, prediction: Any, other: Any) -> dict[str, Any]:
        if type(prediction) is str and type(other) is str and len(prediction) <= _compiled(other, self.flags)[1]:
            return self._compute(prediction, other)
        return await run_in_executor(None, self._compute, prediction, other)


@lru_cache(_PATTERNS)
def _compiled(pattern: str, flags: int) -> tuple[regex.Pattern[str], float]:
    """Return a pattern, and the longest text on which it needs no time limit."""
    if len(pattern) > _LONGEST:
        raise ConfigError(f"The pattern holds {len(pattern):,} characters; {_LONGEST:,} fit.")
    try:
        made = regex.compile(_as_re_reads(pattern), _regex_flags(flags), cache_pattern=False)
    except regex.error as error:
        raise ConfigError(f"The pattern {_shown(pattern)} is no regular expression: {error}.") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(f"The pattern {_shown(pattern)} cannot be used: {error}.") from error
    return made, _harmless_length(pattern, flags)


def _as_re_reads(pattern: str) -> str:
    """Escape what means itself in `re` and something else in `regex`: a brace that counts nothing, a bracket in a set.

    `Dear {d}` would allow for a deleted letter, `[[:alpha:]]` would be a set of letters.
    """
    written: list[str] = []
    set_from = -1  # where the set that is being read may first end; below 0 outside of sets
    for token in _TOKENS.finditer(pattern):
        text, place = token[0], token.start()
        if set_from >= 0:
            if text == "]" and place >= set_from:
                set_from = -1
            written.append(f"\\{text}" if text == "[" else text)
        else:
            if text in {"[", "[^"}:
                set_from = place + len(text) + 1
            written.append(f"\\{text}" if text == "{" else text)
    return "".join(written)


def _harmless_length(pattern: str, flags: int = 0) -> float:
    r"""Return the longest text on which a pattern cannot run away; -1 where that is hard to say.

    A limit costs more than most matches. Where no group is repeated, a repetition repeats one character, so it gives
    back at most one at a time: n repetitions stop at most (length + 1) ** n times, and each time one reading of the
    pattern follows, in each of its alternatives: inside of groups every choice is followed by every other.
    """
    grouped = "(" in pattern
    if any(mark in pattern for mark in _HARD_TO_SAY) or (grouped and _HARD_TO_SAY_OF_GROUPS.search(pattern)):
        return -1
    if grouped and flags & re.VERBOSE:  # a repetition may stand behind a group with space between
        return -1
    repetitions = sum(map(pattern.count, "*+?")) - pattern.count("(?:")
    if not repetitions:
        return math.inf if pattern.count("|") < _FEW_ALTERNATIVES else -1
    choices = 2.0 ** pattern.count("|") if grouped else 1 + pattern.count("|")
    return float((_STEPS / len(pattern) / choices) ** (1 / repetitions)) - 1


def _regex_flags(flags: Any) -> int:
    if isinstance(flags, bool) or not isinstance(flags, int) or isinstance(flags, regex.RegexFlag):
        raise ConfigError(f"flags takes flags of re, such as re.IGNORECASE; got {flags!r}.")
    known = re.RegexFlag(sum(_FLAGS))
    if flags & ~int(known):
        raise ConfigError(f"flags takes {known!r}; got {re.RegexFlag(flags)!r}.")
    return sum(theirs for ours, theirs in _FLAGS.items() if flags & ours)


def _shown(pattern: str) -> str:
    return repr(pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}...")
