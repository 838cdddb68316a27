"""Templates: prompt files, filled in one pass, so that nothing in a filled-in text is ever expanded."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from lc_scoring.errors import ConfigError

_SLOT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with named slots such as `{prediction}`.

    Attributes:
        pieces: literal text at even places, slot names at odd ones.

    Examples:
        >>> greeting = Template.of("Dear {name}, about {topic}")
        >>> greeting.fill(name="{topic}", topic="braces")
        'Dear {topic}, about braces'
    """

    pieces: tuple[str, ...]
    _form: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Python's own % fills in one pass, several times faster than joining the pieces.
        parts = [f"%({piece})s" if at % 2 else piece.replace("%", "%%") for at, piece in enumerate(self.pieces)]
        object.__setattr__(self, "_form", "".join(parts))

    @classmethod
    def of(cls, text: str) -> Template:
        """Cut `text` at its slots. Braces that enclose anything but a lower-case name are plain text."""
        return cls(tuple(_SLOT.split(text)))

    @property
    def slots(self) -> frozenset[str]:
        """The names of the slots."""
        return frozenset(self.pieces[1::2])

    def fill(self, **texts: str) -> str:
        """Put the texts into their slots.

        Raises:
            ConfigError: a slot has no text.
        """
        try:
            return self._form % texts
        except KeyError as missing:
            raise ConfigError(f"The template needs a text for {{{missing.args[0]}}}; got {sorted(texts)}.") from None

    def partial(self, **texts: str) -> Template:
        """Fill some slots now and keep the others: what is the same for every sample is filled once."""
        pieces = [self.pieces[0]]
        for slot, literal in zip(self.pieces[1::2], self.pieces[2::2], strict=True):
            if slot in texts:
                pieces[-1] += texts[slot] + literal
            else:
                pieces += [slot, literal]
        return Template(tuple(pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """A prompt as it stands in its file.

    Attributes:
        name: the file's name without its ending; a variant's has its number behind it.
        version: goes up whenever a word changes, since scores of different wordings do not compare.
        system: the standing instruction, the same for every sample.
        material: what is judged, and by what.
        question: what the judge is asked about it.
        reasons: how it is asked for its reasons, which come before the outcome.
        closing: how it is told to write the outcome.
        repair: the question asked when its answer could not be read.
        verdicts: what it may decide between, in words; empty where it gives a number.
        variants: the same in other words.
    """

    name: str
    version: int
    system: str
    material: str
    question: str
    reasons: str
    closing: str
    repair: Template
    verdicts: str = ""
    variants: tuple[PromptFile, ...] = ()

    @property
    def user(self) -> Template:
        """What the judge is asked, from the material to the closing lines."""
        asked = " ".join(filter(None, (self.question, self.reasons, self.closing)))
        return Template.of(f"{self.material}\n\n{asked}" if asked else self.material)

    def worded(self, number: int) -> PromptFile:
        """Return one of its wordings: 1 is the first, its variants are the others.

        Raises:
            ConfigError: there is no such wording.
        """
        if not 1 <= number <= len(self.variants) + 1:
            raise ConfigError(f"The prompt {self.name} has {len(self.variants) + 1} wordings; asked for {number}.")
        return (self, *self.variants)[number - 1]


@cache
def load_prompt(name: str) -> PromptFile:
    """Read one of the package's prompt files.

    Examples:
        >>> sorted(load_prompt("score_string").user.slots)
        ['examples', 'high', 'input', 'low', 'prediction', 'rubric', 'steps']
    """
    data = _prompt_data(name)
    repair = Template.of(data.pop("repair"))
    variants = data.pop("variants", ())
    prompt = PromptFile(name=name, material=data.pop("user"), repair=repair, **data)
    others = tuple(
        replace(prompt, name=f"{name}.{number}", **{key: text.strip() for key, text in variant.items()})
        for number, variant in enumerate(variants, 2)
    )
    return replace(prompt, variants=others)


@cache
def load_form(name: str) -> tuple[int, Mapping[str, str]]:
    """Return the version and the words of a form of answer in `prompts/forms.toml`."""
    data = _prompt_data("forms")
    return data["version"], {key: text.strip("\n") for key, text in data[name].items()}


def _prompt_data(name: str) -> dict[str, Any]:
    text = files("lc_scoring").joinpath("prompts", f"{name}.toml").read_text(encoding="utf-8")
    return {key: value.strip() if isinstance(value, str) else value for key, value in tomllib.loads(text).items()}
