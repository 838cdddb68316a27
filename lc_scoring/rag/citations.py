"""Citation support: whether each passage that a prediction cites bears out the sentence that cites it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lc_scoring.flow import Flow
from lc_scoring.rag.lines import NO, Finding, numbers_in
from lc_scoring.rag.list_question import ListQuestion
from lc_scoring.rag.metric import NO_CITATIONS, part, share, told, undefined
from lc_scoring.rag.sentences import sentences_of
from lc_scoring.records import Sample, Score

_CITED = re.compile(r"\[\^?(\d[\d\s,;–-]*)\](?!\()|【(\d[\d\s,;–-]*)】|\[\[(\d[\d\s,;–-]*)\]\]")
_MOST = 1_000  # citations of one sentence; a span of more is none


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
            ModelError: the model gave no answer.
            ReplyError: an answer could not be read in the end.
            NotApplicable: the prediction cites nothing.
        """
        citations, uncited = citations_in(sample.prediction)
        if not citations:
            raise undefined(NO_CITATIONS, "The prediction cites no context, such as [1].")
        there = [one for one in citations if 1 <= one.place <= len(sample.contexts)]
        pairs = [f"Context {one.place} is cited for: {one.sentence}" for one in there]
        findings = iter(
            (yield from self.borne_out.ask(sample, count=len(pairs), lists={"citations": pairs})) if pairs else ()
        )
        parts = tuple(_part(number, one, len(sample.contexts), findings) for number, one in enumerate(citations, 1))
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

    Examples:
        >>> citations_in("It opened in 1903 [1, 3]. Entry is free.")[0][1]
        Citation(sentence='It opened in 1903.', place=3)
    """
    citations: list[Citation] = []
    uncited = 0
    for sentence in sentences_of(text):
        bare = re.sub(r"\s+([.!?…。！？])", r"\1", " ".join(_CITED.sub(" ", sentence).split()))
        places = [place for found in _CITED.finditer(sentence) for place in _places(found)]
        citations += [Citation(bare, place) for place in dict.fromkeys(places)] if bare.strip(" .") else []
        uncited += not places
    return citations, uncited


def _places(found: re.Match[str]) -> list[int]:
    places = numbers_in(next(inside for inside in found.groups() if inside)) or []
    return places if len(places) <= _MOST else []


def _part(number: int, citation: Citation, contexts: int, findings: Iterator[Finding]) -> Score:
    name, exists = f"citation {number}", 1 <= citation.place <= contexts
    finding = next(findings) if exists else Finding(verdict=NO, reason=f"There is no context {citation.place}.")
    judged = part(
        name, citation.sentence, finding, yes="borne out", no="not borne out" if exists else "no such context"
    )
    return replace(judged, sources=(citation.place,))
