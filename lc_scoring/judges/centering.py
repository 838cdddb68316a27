"""Centering: how far each member of a jury rates above the others, told from many rows, and taken off."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lc_scoring.errors import ConfigError, ScoringError
from lc_scoring.judges.panel import Panel
from lc_scoring.records import Score


def member_offsets(scores: Sequence[Score], members: Sequence[str]) -> dict[str, float]:
    """Return how far each member's ratings lie above the mean of all, in scale units, over the rows where all sat.

    Args:
        scores: a jury's scores of many rows.
        members: the names of its members.

    Raises:
        ConfigError: there is no row on which all sat, or the parts are no ratings.
    """
    rows = [dict(_members(score)) for score in scores]
    full = [row for row in rows if row.keys() >= set(members)]
    if not full:
        raise ConfigError(
            f"There is no row on which {', '.join(members)} all gave a rating, so their levels cannot be compared."
        )
    means = {member: math.fsum(row[member].rating or 0.0 for row in full) / len(full) for member in members}
    level = math.fsum(means.values()) / len(means)
    return {member: round(mean - level, 6) for member, mean in means.items()}


def member_outcomes(score: Score, panel: Panel) -> list[Score | ScoringError]:
    """Return what came of each seat of a jury, in their order, from the score that was made of it."""
    parts = {name: part.named(score.name) for name, part in _members(score)}
    errors = {failure.name: failure.error for failure in score.failures}
    strangers = [seat.name for seat in panel.seats if seat.name not in parts and seat.name not in errors]
    if strangers:
        raise ConfigError(f"A score of another jury: it says nothing of {', '.join(strangers)}.")
    return [parts[seat.name] if seat.name in parts else errors[seat.name] for seat in panel.seats]


def _members(score: Score) -> list[tuple[str, Score]]:
    """Return a jury's members with their scores."""
    if any(part.rating is None for part in score.parts):
        raise ConfigError("Verdicts have no level to center.")
    return [(part.name.removeprefix(f"{score.name}, "), part) for part in score.parts]
