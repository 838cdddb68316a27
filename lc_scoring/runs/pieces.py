"""Pieces: what a score was made of, as people are told it: its verdicts, its contexts, and which parts cost it most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nsmallest

from lc_scoring.records import Score


def part_number(part: Score) -> float:
    """Return the number that says most to people: the judge's rating, or the value where there is none."""
    return part.value if part.rating is None else part.rating


def told_sources(sources: Sequence[int]) -> str:
    """Name the contexts that a judgement rests on.

    Returns:
        The names; an empty text where it rests on none.

    Examples:
        >>> told_sources((2,)), told_sources((1, 3, 4)), told_sources(())
        ('context 2', 'contexts 1, 3 and 4', '')
    """
    numbers = [str(number) for number in sources]
    if len(numbers) < 2:  # noqa: PLR2004 - one needs no "and"
        return f"context {numbers[0]}" if numbers else ""
    return f"contexts {', '.join(numbers[:-1])} and {numbers[-1]}"


def verdict(label: str, number: str, sources: Sequence[int]) -> str:
    """Return what was found of a part, in a line; what is empty is left out.

    Args:
        label: the verdict in words.
        number: the number, as the place writes numbers.
        sources: the numbers of the contexts it rests on.

    Examples:
        >>> verdict("refuted", "0", (2,)), verdict("", "7", ())
        ('refuted, 0, context 2', '7')
    """
    return ", ".join(told for told in (label, number, told_sources(sources)) if told)


def lowest_parts(parts: Sequence[Score], most: int) -> list[Score]:
    """Return the parts of the least value, as many as there is room for, in the order they have.

    Of hundreds of claims it is the refuted ones that say why a score is low, wherever they stand.

    Examples:
        >>> parts = [Score(name=f"claim {n}", value=value) for n, value in enumerate((1.0, 0.0, 1.0, 0.5), 1)]
        >>> [part.name for part in lowest_parts(parts, 2)]
        ['claim 2', 'claim 4']
    """
    if len(parts) <= most:
        return list(parts)
    return [parts[place] for place in sorted(nsmallest(most, range(len(parts)), key=lambda place: parts[place].value))]


def pieces(score: Score, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Score]]:
    """Yield the pieces of the sample that a score is made of, those of its parts too, each with the names above it.

    Examples:
        >>> claim = Score(name="claim 1", text="It is tall.", value=1.0)
        >>> whole = Score(name="rag", value=1.0, parts=(Score(name="faithfulness", value=1.0, parts=(claim,)),))
        >>> [(path, piece.text) for path, piece in pieces(whole)]
        [(('faithfulness',), 'It is tall.')]
    """
    for part in score.parts:
        if part.text:
            yield path, part
        yield from pieces(part, (*path, part.name))


def summed_up(score: Score) -> str:
    """Return why a score is what it is, where its pieces are told beside it: then its reasoning would tell them again.

    Examples:
        >>> claim = Score(name="claim 1", text="It is tall.", value=0.0)
        >>> summed_up(Score(name="f", value=0.0, parts=(claim,), basis="0 of 1 claims", reasoning="- It is tall: no."))
        '0 of 1 claims'
        >>> summed_up(Score(name="f", value=0.0, basis="mean of 2 samples", reasoning="It is short."))
        'It is short.'
    """
    return score.basis if score.basis and any(pieces(score)) else score.reasoning
