"""Run: a run file as it is read: its outcomes, its summary, and the tables it can be made into."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lc_scoring.errors import ConfigError, RunFileError, did_you_mean
from lc_scoring.records import Failure, Score, Usage
from lc_scoring.runs import export
from lc_scoring.runs.outcomes import FAILURE, NOT_APPLICABLE, SCORE, Stored, restored
from lc_scoring.runs.run_file import check_run_file, is_held, lock_path, opened_to_read
from lc_scoring.runs.store import EvaluatorEntry
from lc_scoring.runs.summary import Summary, summarize

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


_WIDEST = 2**63 - 1  # a number beyond is text in a table, whose columns have 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an evaluator made of a row.

    Attributes:
        id: the row's: as given, or a digest of its content.
        line: where it stood in the source, from 1.
        name: the evaluator's.
        score: the number that the evaluator reports; None where there is no Score.
        outcome: the Score, or the Failure; `NotApplicable` is the error of one that does not apply.
        seconds: from the first call's turn to the end.
        values: the row's columns.
        prediction: what the target made of it; None without a target.
    """

    id: str
    line: int
    name: str
    score: float | None
    outcome: Score | Failure
    seconds: float | None
    values: Mapping[str, Any]
    prediction: Any = None


class Reported(NamedTuple):
    """What an evaluator made of a row, in numbers alone.

    Attributes:
        id: the row's.
        state: `score`, `not_applicable` or `failure`; the rest is None unless it is a score.
        score: the number that the evaluator reports.
        value: in [0, 1], higher is better.
        rating: the judge's own number, in scale units.
        label: the verdict.
    """

    id: str
    state: str
    score: float | None
    value: float | None
    rating: float | None
    label: str | None


class Run:
    """A run file. It may be read while another process writes to it.

    Args:
        path: the file.

    Attributes:
        path: the file.

    Raises:
        ConfigError: it is not there, is no run, or a newer version of the package made it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        check_run_file(self.path)

    def __repr__(self) -> str:
        """Show where it is and how far it came."""
        return f"Run({str(self.path)!r}: {self.rows} rows, {', '.join(one.name for one in self.evaluators)})"

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        with self._reading() as database:
            return int(database.execute("SELECT count(*) FROM row").fetchone()[0])

    @property
    def evaluators(self) -> tuple[EvaluatorEntry, ...]:
        """Its evaluators."""
        with self._reading() as database:
            found = database.execute("SELECT number, name, signature, about FROM evaluator ORDER BY number").fetchall()
        return tuple(
            EvaluatorEntry(number=number, name=name, signature=signature, about=json.loads(about))
            for number, name, signature, about in found
        )

    @property
    def id_column(self) -> str:
        """The column of the rows' ids."""
        return str(self.about("id_column") or "id")

    @property
    def stopped(self) -> str | None:
        """Why its last session ended before all was done; None where it did not, or is still at it."""
        with self._reading() as database:
            found = database.execute(
                "SELECT number, ended, stopped FROM session ORDER BY number DESC LIMIT 1"
            ).fetchone()
        if found is None:
            return None
        number, ended, stopped = found
        if ended is None and not is_held(lock_path(self.path, number)):
            return "its process was killed, or the disk failed"
        return None if stopped is None else str(stopped)

    @property
    def times(self) -> tuple[float | None, float | None]:
        """When its first session began and its last one ended, seconds since 1970; None where that is not known."""
        with self._reading() as database:
            (began,) = database.execute("SELECT min(started) FROM session").fetchone()
            last = database.execute("SELECT ended FROM session ORDER BY number DESC LIMIT 1").fetchone()
        return began, None if last is None else last[0]

    def about(self, name: str) -> Any:
        """Return a fact that is kept about the run, such as its `source` or `target`, or None."""
        with self._reading() as database:
            found = database.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def counts(self, evaluator: str | None = None) -> Mapping[str, int]:
        """Return how many outcomes of an evaluator are in each state: `score`, `not_applicable`, `failure`."""
        number = self._entry(evaluator).number
        with self._reading() as database:
            found = database.execute(
                "SELECT state, count(*) FROM outcome WHERE evaluator = ? GROUP BY state", (number,)
            ).fetchall()
        return {**dict.fromkeys((SCORE, NOT_APPLICABLE, FAILURE), 0), **dict(found)}

    def results(self, evaluator: str | None = None, *, failed: bool | None = None) -> Iterator[Result]:
        """Yield what came of the rows, in their order, one at a time.

        Args:
            evaluator: the name of one, where there are several; None for all.
            failed: True for failures alone, False for scores and what does not apply; None for all.
        """
        numbers = [self._entry(evaluator).number] if evaluator else [one.number for one in self.evaluators]
        entries = {one.number: one for one in self.evaluators}
        state = {True: "AND o.state = 'failure'", False: "AND o.state <> 'failure'", None: ""}[failed]
        query = (
            'SELECT r.id, r.line, t."values", p.output, o.evaluator, o.seconds, o.state, o.kind, o.score, o.value, '  # noqa: S608
            "o.rating, o.label, o.spread, o.calls, o.input_tokens, o.output_tokens, o.cost, x.reasoning, x.details "
            "FROM row r JOIN row_text t ON t.row = r.number CROSS JOIN evaluator e "
            "JOIN outcome o ON o.evaluator = e.number AND o.row = r.number "
            "JOIN outcome_text x ON x.evaluator = o.evaluator AND x.row = o.row "
            "LEFT JOIN prediction p ON p.row = r.number "
            f"WHERE e.number IN ({','.join('?' for _ in numbers)}) {state} ORDER BY r.number, e.number"
        )
        with self._reading() as database:
            for row_id, line, values, output, number, seconds, *held in database.execute(query, numbers):
                entry, stored = entries[number], Stored(*held)
                yield Result(
                    id=row_id,
                    line=line,
                    name=entry.name,
                    score=stored.score,
                    outcome=restored(entry.name, entry.signature, stored, row_id),
                    seconds=seconds,
                    values=json.loads(values),
                    prediction=None if output is None else json.loads(output),
                )

    def reported(self, evaluator: str | None = None) -> Iterator[Reported]:
        """Yield what an evaluator made of the rows, in their order, without texts; a million in a few seconds."""
        number = self._entry(evaluator).number
        with self._reading() as database:
            yield from map(
                Reported._make,
                database.execute(
                    "SELECT r.id, o.state, o.score, o.value, o.rating, o.label FROM outcome o "
                    "JOIN row r ON r.number = o.row WHERE o.evaluator = ? ORDER BY o.row",
                    (number,),
                ),
            )

    def row_values(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each row's id and its columns, in the rows' order, one at a time."""
        with self._reading() as database:
            query = 'SELECT r.id, t."values" FROM row r JOIN row_text t ON t.row = r.number ORDER BY r.number'
            for row_id, values in database.execute(query):
                yield row_id, json.loads(values)

    def human_ratings(self, name: str) -> Iterator[tuple[str, str, float | str]]:
        """Yield what people said of the rows: the row's id, the rater, the rating or else the label.

        Args:
            name: what was rated: an evaluator's name, or a criterion's. Of several ratings by one person the last
                counts; one that was taken back is left out.
        """
        with self._reading() as database:
            query = (
                "SELECT r.id, h.rater, coalesce(h.rating, h.label) FROM human_rating h JOIN row r ON r.number = h.row "
                "WHERE h.number IN (SELECT max(number) FROM human_rating WHERE name = ? GROUP BY row, rater) "
                "AND coalesce(h.rating, h.label) IS NOT NULL ORDER BY h.row, h.rater"
            )
            yield from database.execute(query, (name,))

    def scores(self, evaluator: str | None = None) -> list[float]:
        """Return the numbers that an evaluator reported, in the rows' order; those without a score have none.

        A million are read in about a second.
        """
        number = self._entry(evaluator).number
        with self._reading() as database:
            found = database.execute("SELECT score FROM outcome WHERE evaluator = ? AND state = 'score'", (number,))
            return [score for (score,) in found]

    def summary(self, *, by: str | None = None, cluster: str | None = None) -> tuple[Summary, ...]:
        """Sum up what each evaluator made of the rows.

        Args:
            by: a column, or a dotted path, by which rows are told apart: each slice is summed up too.
            cluster: a column that rows of one source share, such as the document several questions are about;
                intervals then allow for their likeness.

        Raises:
            ConfigError: no row has such a column.
        """
        with self._reading() as database:
            return tuple(summarize(database, entry, by=by, cluster=cluster) for entry in self.evaluators)

    def columns(self) -> dict[str, set[type]]:
        """Return the columns of the rows, in the order they were met, with the types of their values; None is none."""
        found: dict[str, set[type]] = {}
        with self._reading() as database:
            for (values,) in database.execute('SELECT "values" FROM row_text ORDER BY row'):
                for name, value in json.loads(values).items():
                    kinds = found.setdefault(name, set())
                    if value is not None:
                        kinds.add(str if isinstance(value, int) and abs(value) > _WIDEST else type(value))
        return found

    def usage(self) -> dict[str, Usage]:
        """Return what each model cost, over all sessions."""
        with self._reading() as database:
            found = database.execute(
                "SELECT model, sum(calls), sum(input_tokens), sum(output_tokens), "
                "CASE WHEN count(*) FILTER (WHERE calls > 0 AND cost IS NULL) THEN NULL ELSE sum(cost) END "
                "FROM model_usage GROUP BY model ORDER BY model"
            ).fetchall()
        return {
            model: Usage(calls=calls, input_tokens=read, output_tokens=written, cost=cost)
            for model, calls, read, written, cost in found
        }

    def to_jsonl(self, path: str | Path, evaluator: str | None = None) -> None:
        """Write what came of the rows as JSON lines.

        Raises:
            ConfigError: the file cannot be written, or is the run's own; for the other forms too.
        """
        self._spare_itself(path)
        export.to_jsonl(self, Path(path), evaluator)

    def to_csv(self, path: str | Path, evaluator: str | None = None) -> None:
        """Write it as CSV. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
        self._spare_itself(path)
        export.to_csv(self, Path(path), evaluator)

    def to_parquet(self, path: str | Path, evaluator: str | None = None) -> None:
        """Write it as Parquet.

        Raises:
            MissingExtra: pyarrow is not installed.
        """
        self._spare_itself(path)
        export.to_parquet(self, Path(path), evaluator)

    def to_pandas(self, evaluator: str | None = None) -> pd.DataFrame:
        """Return it as a DataFrame of pandas, a row for each row and evaluator.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return export.to_pandas(self, evaluator)

    def to_polars(self, evaluator: str | None = None) -> pl.DataFrame:
        """Return it as a DataFrame of polars, a row for each row and evaluator.

        Raises:
            MissingExtra: polars is not installed.
        """
        return export.to_polars(self, evaluator)

    def _spare_itself(self, path: str | Path) -> None:
        if Path(path).exists() and self.path.samefile(path):
            raise ConfigError(f"The export would overwrite the run {self.path}: give it another name.")

    def _entry(self, name: str | None) -> EvaluatorEntry:
        names = [one.name for one in self.evaluators]
        if name is None and len(names) == 1:
            return self.evaluators[0]
        for one in self.evaluators:
            if one.name == name:
                return one
        hint = did_you_mean(name, names) if name else " Say which."
        raise ConfigError(f"{self.path} has scores of {', '.join(names) or 'no evaluator'}, not of {name}.{hint}")

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        """Open the file to read it.

        Raises:
            RunFileError: it cannot be read.
        """
        try:
            database = opened_to_read(self.path)
        except sqlite3.Error as error:
            raise RunFileError(f"The run file {self.path} cannot be read: {error}.") from error
        try:
            yield database
        except sqlite3.Error as error:
            raise RunFileError(f"The run file {self.path} cannot be read: {error}.") from error
        finally:
            database.close()
