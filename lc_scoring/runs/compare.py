"""Compare: whether a run scores better or worse than another on the same rows, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from lc_scoring.errors import ConfigError, did_you_mean
from lc_scoring.runs.pairing import Pairing, clusters_of, paired
from lc_scoring.runs.ratings import listed
from lc_scoring.runs.run import Run
from lc_scoring.runs.score_interval import Span, span_of
from lc_scoring.runs.store import EvaluatorEntry
from lc_scoring.stats.intervals import Interval
from lc_scoring.stats.mean_interval import mean_interval
from lc_scoring.stats.paired import (
    detectable_difference,
    paired_share_interval,
    scatter,
    standardized_difference,
)

BETTER, WORSE, NOT_FOUND, TOO_FEW = "better", "worse", "no difference found", "too few pairs"
"""What a comparison can say of the other run."""

SIGNIFICANCE = 0.05
"""An adjusted p-value below this is taken for a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one evaluator says of another run beside the base run, over the rows that both scored.

    Attributes:
        name: the evaluator's.
        base: the file of the run that is compared with.
        other: the file of the run that is compared.
        pairs: how many rows both scored.
        base_mean: the base run's mean over the pairs, in units of the reported scores.
        other_mean: the other run's.
        difference: other less base and its 95 % interval: Bonett and Price's for scores of 0 and 1, else BCa; None with
            fewer than two pairs.
        p: how probable so large a difference would be if there were none: McNemar's test for scores of 0 and 1, else
            the paired permutation test; None with fewer than two pairs.
        adjusted_p: the same when all comparisons that were made together are allowed for (Holm 1979).
        test: which test that was.
        effect: the size of the difference whatever the units, with its sign, over rows whatever their sources; None
            where nothing scatters.
        effect_name: what `effect` is.
        wins: pairs in which the other run is better.
        ties: pairs that are equal.
        losses: pairs in which it is worse.
        detectable: how large a difference would have been found four times out of five; None where nothing scatters.
        verdict: `better`, `worse`, `no difference found` or `too few pairs`, at 5 % after adjustment.
        notes: what else has to be known.
    """

    name: str
    base: str
    other: str
    pairs: int
    base_mean: float
    other_mean: float
    difference: Interval | None
    p: float | None
    adjusted_p: float | None
    test: str
    effect: float | None
    effect_name: str
    wins: int
    ties: int
    losses: int
    detectable: float | None
    verdict: str
    notes: tuple[str, ...]


def compare(
    base: Run | str | Path,
    *others: Run | str | Path,
    evaluators: Sequence[str] | None = None,
    cluster: str | None = None,
    any_signature: bool = False,
) -> tuple[Comparison, ...]:
    """Compare runs over the rows they share, which are paired by their ids.

    Args:
        base: the run to compare with.
        others: the runs that are compared with it, one or more.
        evaluators: the names to compare; all that the runs share by default.
        cluster: a column that rows of one source share; tests and intervals then allow for their likeness.
        any_signature: compare scores that were made differently too, such as two judges' on the same texts. Where
            scales differ, the values in [0, 1] are compared.

    Returns:
        For each other run and each evaluator a comparison; p-values are adjusted for all of them.

    Raises:
        ConfigError: there is nothing to compare: no evaluator or no scored row in common, scores of unlike making, or
            no row has the column.
        MissingExtra: NumPy is not installed.

    Examples:
        >>> from tempfile import mkdtemp
        >>> from lc_scoring import score_dataset
        >>> folder, texts = Path(mkdtemp()), ["Lima", "Oslo", "Rome", "Bern", "Kyiv", "Riga", "Baku", "Doha"]
        >>> def rows(right):
        ...     return [{"id": one, "prediction": one if one in right else "?", "reference": one} for one in texts]
        >>> old = score_dataset(rows(texts[:1]), "exact_match", run=folder / "old.run.db", progress=False)
        >>> new = score_dataset(rows(texts), "exact_match", run=folder / "new.run.db", progress=False)
        >>> (found,) = compare(old, new)
        >>> found.verdict, found.wins, found.losses, round(found.p, 3)
        ('better', 7, 0, 0.016)
    """
    first, rest = _run(base), [_run(other) for other in others]
    if not rest:
        raise ConfigError("Compare a run with another one: name two at least.")
    wanted = None if evaluators is None else listed(evaluators)
    found = [
        _compared(first, other, *_entries(first, other, name, any_signature=any_signature), cluster=cluster)
        for other in rest
        for name in _names(first, other, wanted)
    ]
    return _adjusted(found)


class _Found(NamedTuple):
    """A comparison, by how much the other run is better on average, and how many clusters of rows tell so."""

    comparison: Comparison
    gain: float
    witnesses: int


class _Tested(NamedTuple):
    """What a test says of differences."""

    difference: Interval | None
    p: float
    test: str
    effect: float | None
    effect_name: str


def _run(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else Run(run)


def _names(base: Run, other: Run, wanted: list[str] | None) -> list[str]:
    ours, theirs = ([entry.name for entry in run.evaluators] for run in (base, other))
    shared = [name for name in ours if name in theirs]
    for name in wanted or ():
        if name not in shared:
            hint = did_you_mean(name, shared)
            raise ConfigError(f"{base.path} and {other.path} do not both have scores of {name!r}.{hint}")
    if not shared:
        has = " and ".join(
            f"{run.path} has scores of {', '.join(names) or 'nothing'}"
            for run, names in ((base, ours), (other, theirs))
        )
        raise ConfigError(f"{has}: there is nothing to compare.")
    return shared if wanted is None else wanted


def _entries(base: Run, other: Run, name: str, *, any_signature: bool) -> tuple[EvaluatorEntry, EvaluatorEntry]:
    """Return an evaluator as both runs know it.

    Raises:
        ConfigError: its scores were made differently, and that was not allowed.
    """
    ours, theirs = (next(one for one in run.evaluators if one.name == name) for run in (base, other))
    if ours.signature != theirs.signature and not any_signature:
        raise ConfigError(
            f"Scores of {name!r} were made differently: {ours.signature} in {base.path}, {theirs.signature} in "
            f"{other.path}. Compare them all the same with any_signature=True (--any-signature)."
        )
    return ours, theirs


def _compared(base: Run, other: Run, ours: EvaluatorEntry, theirs: EvaluatorEntry, *, cluster: str | None) -> _Found:
    """Compare two runs by one evaluator; the p-value stands for itself alone."""
    notes: list[str] = []
    if ours.signature != theirs.signature:
        notes.append(f"Made differently: {ours.signature} in the base run, {theirs.signature} in the other.")
    by_value = _scale(ours) != _scale(theirs)
    if by_value:
        notes.append("The scales, or which end is the better, differ: compared are the values in [0, 1].")
    pairs = paired(base, other, ours.name, by_value=by_value)
    clusters = None if cluster is None else clusters_of(base, cluster, pairs.ids)
    differences = pairs.differences
    witnesses = len(differences if clusters is None else set(clusters))
    tested = _tested(pairs, clusters, span=None if by_value else span_of(ours.about))
    if witnesses < 2:  # noqa: PLR2004 - one tells nothing of the scatter
        tested = tested._replace(difference=None, effect=None)
    elif differences[0] and not scatter(differences):
        notes.append("All differences are equal, so nothing tells how they scatter.")
    wins, losses = (sum(one * sign > 0 for one in pairs.gains) for sign in (1, -1))
    comparison = Comparison(
        name=ours.name,
        base=str(base.path),
        other=str(other.path),
        pairs=len(differences),
        base_mean=math.fsum(pairs.base) / len(differences),
        other_mean=math.fsum(pairs.other) / len(differences),
        p=None if witnesses < 2 else tested.p,  # noqa: PLR2004 - as above
        adjusted_p=None,
        wins=wins,
        ties=len(differences) - wins - losses,
        losses=losses,
        detectable=detectable_difference(differences, clusters),
        verdict=TOO_FEW,
        notes=(*notes, *pairs.notes()),
        difference=tested.difference,
        test=tested.test,
        effect=tested.effect,
        effect_name=tested.effect_name,
    )
    return _Found(comparison, math.fsum(differences) * (-1 if pairs.falls else 1), witnesses)


def _scale(entry: EvaluatorEntry) -> tuple[Any, ...]:
    scale = entry.about.get("scale") or {}
    return scale.get("low"), scale.get("high"), entry.about.get("normalize_by"), entry.about.get("lower_is_better")


def _tested(pairs: Pairing, clusters: Sequence[Hashable] | None, *, span: Span | None) -> _Tested:
    """Test the differences; scores are shares where they are 0 and 1 and may be nothing else."""
    from lc_scoring.stats.significance import mcnemar_test, sign_flip_test  # noqa: PLC0415 - loads NumPy

    differences = pairs.differences
    if clusters is None and span in (None, (0.0, 1.0)) and {*pairs.base, *pairs.other} <= {0.0, 1.0}:
        ups, downs = (sum(one * sign > 0 for one in differences) for sign in (1, -1))
        uneven = ups / (ups + downs) - 0.5 if ups + downs else None
        interval = paired_share_interval(ups, downs, len(differences))
        return _Tested(interval, mcnemar_test(ups, downs), "McNemar", uneven, "Cohen's g")
    p = sign_flip_test(differences, clusters)
    assert p is not None  # noqa: S101 - there are differences
    interval = mean_interval(differences, clusters)
    return _Tested(interval, p, "paired permutation", standardized_difference(differences), "Cohen's d_z")


def _adjusted(found: Sequence[_Found]) -> tuple[Comparison, ...]:
    """Return comparisons with their verdicts, allowing for how many there are."""
    from lc_scoring.stats.significance import holm  # noqa: PLC0415 - loads NumPy

    tested = [one for one in found if one.comparison.p is not None]
    adjusted = iter(holm([one.comparison.p or 0.0 for one in tested]))
    # However they fall, so few pairs have no smaller p-value: all differences with one sign out of 2^n ways.
    fewest = math.ceil(math.log2(2 * len(tested) / SIGNIFICANCE)) if tested else 0
    told: list[Comparison] = []
    for comparison, gain, witnesses in found:
        if comparison.p is None:
            told.append(
                replace(comparison, notes=(*comparison.notes, "One pair, or rows of one source, prove nothing."))
            )
            continue
        p = next(adjusted)
        verdict = NOT_FOUND if p >= SIGNIFICANCE or gain == 0 else BETTER if gain > 0 else WORSE
        notes = comparison.notes
        if witnesses < fewest and p >= SIGNIFICANCE:
            verdict = TOO_FEW
            notes = (*notes, f"However {witnesses} pairs or sources fall, they prove nothing at 5 %: {fewest} can.")
        told.append(replace(comparison, adjusted_p=p, verdict=verdict, notes=notes))
    return tuple(told)
