"""Field pairs: which of two lists' elements go together, where their order does not count."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_pairs(credits_: Sequence[Sequence[float]]) -> dict[int, int]:
    """Return for each row its column in the one-to-one assignment of the greatest total credit.

    It is the Hungarian method with potentials (Kuhn 1955; Jonker and Volgenant 1987), in steps that grow with
    rows * rows * columns of the shorter side.

    Args:
        credits_: a row for each element of one list, in it a number for each element of the other; all rows are
            equally long.

    Returns:
        Row numbers to column numbers, from 0; as many as the shorter side has.

    Examples:
        >>> best_pairs([[0.9, 1.0], [0.0, 0.8]])
        {0: 0, 1: 1}
        >>> best_pairs([])
        {}
    """
    if not credits_ or not credits_[0]:
        return {}
    if len(credits_) > len(credits_[0]):
        return {row: column for column, row in sorted(best_pairs(list(zip(*credits_, strict=True))).items())}
    columns = len(credits_[0])
    of_row, of_column = [0.0] * (len(credits_) + 1), [0.0] * (columns + 1)  # the potentials
    taken_by = [0] * (columns + 1)  # the row that has a column, from 1; 0 for none
    for row in range(1, len(credits_) + 1):
        taken_by[0] = row
        _take_in(credits_, of_row, of_column, taken_by)
    return dict(sorted((row - 1, column - 1) for column, row in enumerate(taken_by) if column and row))


def _take_in(
    credits_: Sequence[Sequence[float]], of_row: list[float], of_column: list[float], taken_by: list[int]
) -> None:
    """Give the row at `taken_by[0]` a column, along the cheapest path of rows that change theirs."""
    count = len(of_column)
    least, came_from, seen = [math.inf] * count, [0] * count, [False] * count
    column = 0
    while True:
        seen[column] = True
        row, step, nearest = taken_by[column], math.inf, 0
        for other in range(1, count):
            if seen[other]:
                continue
            cost = -credits_[row - 1][other - 1] - of_row[row] - of_column[other]
            if cost < least[other]:
                least[other], came_from[other] = cost, column
            if least[other] < step:
                step, nearest = least[other], other
        for other in range(count):
            if seen[other]:
                of_row[taken_by[other]] += step
                of_column[other] -= step
            else:
                least[other] -= step
        column = nearest
        if not taken_by[column]:
            break
    while column:
        taken_by[column], column = taken_by[came_from[column]], came_from[column]
