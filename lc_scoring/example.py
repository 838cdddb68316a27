"""Example: a rated text that a judge is shown, so that it uses the scale as people do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from lc_scoring.contexts import render_contexts
from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.judged_text import neutralize
from lc_scoring.records import check_text
from lc_scoring.scale import Scale, number_text
from lc_scoring.template import Template, load_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text that people rated.

    Attributes:
        prediction: the text that was rated.
        score: the rating it got, in scale units.
        input: what the text responds to, or None.
        reference: a known good answer, or None.
        reasoning: why it got that rating; may be empty.
        contexts: texts the prediction should rest on; a list becomes a tuple.

    Raises:
        ConfigError: a text is no text that a judge can be shown, or the score is no number.

    Examples:
        >>> Example(input="What is 2 + 2?", prediction="5", score=1, reasoning="Two and two are four.").score
        1
    """

    prediction: str
    score: float
    input: str | None = None
    reference: str | None = None
    reasoning: str = ""
    contexts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("prediction", "input", "reference", "reasoning"):
            text = getattr(self, name)
            if text is not None or name in {"prediction", "reasoning"}:
                check_text(f"The example's {name}", text)
        if not isinstance(self.contexts, (list, tuple)):
            raise ConfigError(f"An example's contexts are a list of texts, got {type(self.contexts).__name__}.")
        for number, context in enumerate(self.contexts):
            check_text(f"The example's contexts[{number}]", context)
        object.__setattr__(self, "contexts", tuple(self.contexts))
        if isinstance(self.score, bool) or not isinstance(self.score, (int, float)):
            raise ConfigError(f"An example's score is a number in scale units, got {self.score!r}.")

    def check_score(self, scale: Scale, what: str = "An example") -> None:
        """Make sure that the score can be given as a rating.

        Raises:
            ConfigError: it is off the scale.
        """
        if not scale.contains(self.score):
            raise ConfigError(f"{what} has the score {self.score!r}, off the scale {scale}: change one of them.")

    def retrieval_text(self) -> str:
        """Return the text by which an example near to a row is found."""
        return retrieval_text(self.input, self.prediction)

    @classmethod
    def parse(cls, example: ExampleLike) -> Example:
        """Make an example of a mapping; an Example comes back as it is.

        Raises:
            ConfigError: it is neither, or a key is missing or unknown.
        """
        if isinstance(example, cls):
            return example
        if not isinstance(example, Mapping):
            raise ConfigError(f"An example is an Example or a mapping, got {type(example).__name__}.")
        known = [field.name for field in fields(cls)]
        for key in example:
            if key not in known:
                hint = did_you_mean(str(key), known)
                raise ConfigError(f"An example has no {key!r}; it has {', '.join(known)}.{hint}")
        missing = [key for key in ("prediction", "score") if key not in example]
        if missing:
            got = ", ".join(map(str, example)) or "nothing"
            raise ConfigError(f"An example needs {' and '.join(missing)}; got {got}.")
        return cls(**example)


ExampleLike: TypeAlias = "Example | Mapping[str, Any]"


def retrieval_text(input_: str | None, prediction: str) -> str:
    """Return the text by which a row and the examples near to it are compared."""
    return f"{input_}\n\n{prediction}" if input_ else prediction


def render_examples(examples: Iterable[Example]) -> str:
    """Write examples for a judge, as they stand behind the scale in a prompt; nothing where there are none."""
    _, words = load_form("examples")
    one = Template.of(words["one"])
    blocks = [
        one.fill(
            number=str(number),
            texts="\n".join(_sections(example)),
            reasons=f"Reasons: {neutralize(example.reasoning.strip())}\n" if example.reasoning.strip() else "",
            rating=number_text(example.score),
        )
        for number, example in enumerate(examples, 1)
    ]
    return "\n\n" + "\n\n".join([words["head"], *blocks]) if blocks else ""


def _sections(example: Example) -> Iterable[str]:
    if example.input is not None:
        yield _section("input", example.input)
    if example.reference is not None:
        yield _section("reference", example.reference)
    if example.contexts:
        yield render_contexts(example.contexts)
    yield _section("prediction", example.prediction)


def _section(name: str, text: str) -> str:
    return f"<sample_{name}>\n{neutralize(text)}\n</sample_{name}>"
