"""Citation support: whether each passage that a prediction cites bears out the sentence that cites it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lc_scoring.errors import ConfigError
from lc_scoring.flow import Flow
from lc_scoring.rag.lines import NO, Finding, numbers_in
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_CITATIONS, part, share, told, undefined
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.records import Sample, Score

_NUMBERS = r"\d{1,3}(?:[\s,;、，；–-]+\d{1,3})*"
_CITED = re.compile(rf"\[\[({_NUMBERS})\]\]|[\[［]\^?({_NUMBERS})[\]］](?!\()|【({_NUMBERS})】")
_SOURCE = re.compile(r"^\s*(?:[-*]\s+)?[\[［【]\^?\d{1,3}[\]］】]:?")  # a line of the list of sources
_EMPTIED = re.compile(r"\s*[(（]\s*(?:see|cf\.?)?\s*[)）]", re.IGNORECASE)
_GAP = re.compile(r"\s+(?=[.,;:!?…)。，；：！？）])")
_WIDEST = 20  # contexts that one span cites; a wider one is none
_MOST = 2_000  # citations of one prediction


@dataclass(frozen=True, slots=True)
class Citation:
    """One passage that one sentence cites.

    Attributes:
        sentence: the sentence, without its marks.
        place: the context's number, from 1.
    """

    sentence: str
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationSupport:
    """Tells which share of a prediction's citations bears out the sentence that it stands in.

    With C the pairs of a sentence and a context that it cites, as `[2]`, `[1, 3]` or `[2-4]`, and B those of them in
    which the context bears the sentence out:

        citation support = |B| / |C|, in [0, 1]

    Source: the citation precision of Gao et al., "Enabling Large Language Models to Generate Text with Citations",
    2023 (arXiv 2305.14627), section 4, in its plain form: each pair is judged by itself.

    A citation of a context that does not exist bears nothing out. A prediction that cites nothing is not applicable:
    "no citations".

    Attributes:
        name: what is judged.
        borne_out: tells for all pairs at once whether the context bears the sentence out.
        signature: what made the score.
    """

    name: str
    borne_out: ListQuestion
    signature: str = ""

    def judge(self, sample: Sample) -> Flow[Score]:
        """Judge a sample.

        Returns:
            The score; its parts are the citations, each with the context it names.

        Raises:
            ConfigError: the prediction holds more than two thousand citations.
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the prediction cites nothing.
        """
        citations, uncited = citations_in(sample.prediction)
        if not citations:
            raise undefined(NO_CITATIONS, "The prediction cites no context, such as [1].")
        there = [one for one in citations if one.place <= len(sample.contexts)]
        pairs = [f"Context {one.place} is cited for: {one.sentence}" for one in there]
        findings: tuple[Finding, ...] = ()
        if pairs:
            findings = yield from self.borne_out.ask(sample, count=len(pairs), lists={"citations": pairs})
        each = iter(findings)
        parts = tuple(_part(number, one, len(sample.contexts), each) for number, one in enumerate(citations, 1))
        value = share(parts)
        basis = f"{round(value * len(parts))} of {len(parts)} citations bear out their sentence"
        rest = f" {uncited} sentence{'s cite' if uncited != 1 else ' cites'} nothing." if uncited else ""
        return Score(
            name=self.name,
            value=value,
            reasoning=told(parts, f"{basis}.{rest}"),
            parts=parts,
            basis=basis,
            signature=self.signature,
        )


def citations_in(text: str) -> tuple[list[Citation], int]:
    """Return the citations in a text, in their order, and how many of its sentences cite nothing.

    A list of sources behind the text, whose lines begin with the marks, cites nothing.

    Raises:
        ConfigError: there are more than two thousand.

    Examples:
        >>> citations_in("It opened in 1903 [1, 3]. Entry is free.")[0][1]
        Citation(sentence='It opened in 1903.', place=3)
    """
    citations: list[Citation] = []
    uncited = 0
    for sentence in sentences_of(_without_sources(text)):
        places = list(dict.fromkeys(place for found in _CITED.finditer(sentence) for place in _places(found)))
        bare = _GAP.sub("", _EMPTIED.sub("", " ".join(_CITED.sub(_removed, sentence).split())))
        if bare.strip(" .,;:"):
            citations += [Citation(bare, place) for place in places]
            uncited += not places
        if len(citations) > _MOST:
            raise ConfigError(f"The prediction holds more than {_MOST:,} citations: judge it in pieces.")
    return citations, uncited


def _without_sources(text: str) -> str:
    """Return a text without the lines of a list of sources, where marks stand in its sentences too."""
    lines = text.splitlines()
    sources = {place for place, line in enumerate(lines) if _SOURCE.match(line)}
    rest = [line for place, line in enumerate(lines) if place not in sources]
    return "\n".join(rest) if sources and any(_CITED.search(line) for line in rest) else text


def _places(found: re.Match[str]) -> list[int]:
    """Return the contexts that a mark names; none where it is an index or a span too wide."""
    inside = next(inside for inside in found.groups() if inside)
    places = numbers_in(inside) or []
    return places if 0 not in places and len(places) <= _WIDEST else []


def _removed(found: re.Match[str]) -> str:
    """Return what stands for a mark: a space where it cites, itself where it does not."""
    return " " if _places(found) else found[0]


def _part(number: int, citation: Citation, contexts: int, findings: Iterator[Finding]) -> Score:
    name, exists = f"citation {number}", citation.place <= contexts
    finding = next(findings) if exists else Finding(verdict=NO, reason=f"There is no context {citation.place}.")
    judged = part(
        name, citation.sentence, finding, yes="borne out", no="not borne out" if exists else "no such context"
    )
    return replace(judged, sources=(citation.place,))
