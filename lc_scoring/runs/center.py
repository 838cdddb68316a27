"""Centering a run: scores of a jury without the offsets of its members, beside those they were made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lc_scoring.errors import ConfigError
from lc_scoring.records import Score
from lc_scoring.runs.outcomes import stored
from lc_scoring.runs.run import Result, Run
from lc_scoring.runs.scoring import reported
from lc_scoring.runs.store import Done, Store

_BATCH = 50  # outcomes in one commit


def center_run(path: Path, evaluator: Any) -> str:
    """Take each jury member's offset, over all rows of a run, off its ratings, and store the scores made anew.

    Args:
        path: the run file.
        evaluator: the jury that made the scores.

    Returns:
        The name under which they stand; those they were made of keep theirs.

    Raises:
        ConfigError: it is no jury, or there is no row on which all members sat.
    """
    name = f"{evaluator.evaluation_name}, centered"
    results = [result for result in Run(path).results(evaluator.evaluation_name) if isinstance(result.outcome, Score)]
    if not results:
        raise ConfigError(f"{path} has no scores of {evaluator.evaluation_name} to center.")
    scores: list[Score] = evaluator.centered([result.outcome for result in results])
    stopped = Run(path).stopped
    with Store.open(path, goes_on=True) as store:
        store.begin({"centered": evaluator.evaluation_name})
        try:
            entry = store.enter(name, scores[0].signature, {"centered": True}, anew=True)
            numbers = store.numbers(result.id for result in results)
            done = [
                _done(entry.number, numbers[result.id], result, score, reported(evaluator, score))
                for result, score in zip(results, scores, strict=True)
            ]
            for first in range(0, len(done), _BATCH):
                store.write([], done[first : first + _BATCH], {})
        finally:
            store.end(stopped)  # the run stopped there still
    return name


def _done(evaluator: int, row: int, result: Result, score: Score, number: float) -> Done:
    outcome = stored(score, score=number, signature=score.signature)
    return Done(evaluator, row, outcome.unpaid(), result.seconds)  # what they are made of is paid for already
