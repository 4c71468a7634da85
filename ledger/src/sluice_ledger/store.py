"""The ledger in one SQLite file, for any number of readers and writers on one machine."""

import contextlib
import math
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sluice_ledger.errors import StoreError
from sluice_ledger.insert import insert_events, insert_labels, insert_predictions
from sluice_ledger.migration import make, migrate
from sluice_ledger.query import (
    AGREEMENT,
    CLASSES,
    COHORT,
    FIRST_ANSWERS,
    FIRST_PAIRS,
    KPI,
    LATEST_SCORES,
    NEW_ANSWERS,
    NEW_PAIRS,
    NEW_SCORES,
    PRESENT,
    WAITING_PAIRS,
    WORTH,
)
from sluice_ledger.records import (
    ArmOutcomes,
    BinnedScores,
    Bins,
    CohortOutcomes,
    Conflicts,
    Due,
    KeyFigure,
    KpiEvent,
    KpiOutcomes,
    Label,
    PairedOutcomes,
    PairedPredictions,
    PredictedClasses,
    Prediction,
    Score,
    ScoreDeciles,
    WorthOutcomes,
)
from sluice_ledger.schema import VERSION
from sluice_ledger.score import MOST_SCORES, binned, deciles_of, score_in
from sluice_ledger.tick import SHOWN_CLASSES, horizon, tick_of, ticks_in

BUSY_SECONDS = 10.0


class SqliteLedger:
    """A `Ledger` in one file; one object may be used from several threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the file, make it, or bring it to this program's version.

        Args:
            path: Where it is.
            clock: Seconds since the epoch, by which arrivals are put into ticks.

        Raises:
            StoreError: The file cannot be opened, is no ledger, or is of a newer version.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connected(path)
        except (sqlite3.Error, OSError) as broken:
            raise self._failed("open", broken) from broken
        try:
            with self._transaction("open", "IMMEDIATE") as connection:
                self._prepare(connection)
        except StoreError:
            self._connection.close()
            raise

    def append_predictions(self, predictions: Iterable[Prediction]) -> int:
        """See `Ledger.append_predictions`."""
        with self._transaction("write", "IMMEDIATE") as connection:
            return insert_predictions(connection, predictions, tick_of(self._clock()))

    def append_labels(self, labels: Iterable[Label]) -> int:
        """See `Ledger.append_labels`."""
        with self._transaction("write", "IMMEDIATE") as connection:
            return insert_labels(connection, labels, tick_of(self._clock()))

    def append_events(self, events: Iterable[KpiEvent]) -> int:
        """See `Ledger.append_events`."""
        with self._transaction("write", "IMMEDIATE") as connection:
            return insert_events(connection, events, tick_of(self._clock()))

    def paired_outcomes(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedOutcomes:
        """See `Ledger.paired_outcomes`."""
        pair = {"deployment": deployment, "stable": stable, "candidate": candidate}
        asked = {**pair, "cursor": cursor}
        with self._reading() as (connection, last, _):
            counts = connection.execute(NEW_PAIRS if cursor else FIRST_PAIRS, asked).fetchone()
            waiting = connection.execute(WAITING_PAIRS, asked).fetchone() or (0,)
        worse, same, better = counts
        return PairedOutcomes(
            worse=worse, same=same, better=better, unlabelled=waiting[0], cursor=last
        )

    def arm_outcomes(self, deployment: str, revision: str, cursor: int) -> ArmOutcomes:
        """See `Ledger.arm_outcomes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._reading() as (connection, last, _):
            counts = connection.execute(NEW_ANSWERS if cursor else FIRST_ANSWERS, asked).fetchone()
        total, wrong = counts
        return ArmOutcomes(total=total, wrong=wrong, cursor=last)

    def kpi_outcomes(self, deployment: str, revision: str, name: str, cursor: int) -> KpiOutcomes:
        """See `Ledger.kpi_outcomes`."""
        asked = {"deployment": deployment, "revision": revision, "name": name, "cursor": cursor}
        with self._reading() as (connection, last, _):
            count, total, squares = connection.execute(KPI, asked).fetchone()
        return KpiOutcomes(count=count, total=float(total), squares=float(squares), cursor=last)

    def cohort_outcomes(self, due: Due) -> CohortOutcomes:
        """See `Ledger.cohort_outcomes`."""
        with self._aged() as (connection, last, tick):
            asked = _due(due, last, tick)
            matured, labelled, wrong = connection.execute(COHORT, asked).fetchone()
        return CohortOutcomes(
            matured=matured,
            labelled=labelled,
            wrong=wrong,
            cursor=max(due.cursor, asked["horizon"]),
        )

    def worth_outcomes(self, due: Due, figure: KeyFigure) -> WorthOutcomes:
        """See `Ledger.worth_outcomes`."""
        with self._aged() as (connection, last, tick):
            asked = {**_due(due, last, tick), "name": figure.name}
            sums = connection.execute(WORTH, asked).fetchall()
        worth = [figure.cut(total or 0.0) for (total,) in sums]
        return WorthOutcomes(
            count=len(worth),
            total=math.fsum(worth),
            squares=math.fsum(value * value for value in worth),
            cursor=max(due.cursor, asked["horizon"]),
        )

    def predicted_classes(self, deployment: str, revision: str, cursor: int) -> PredictedClasses:
        """See `Ledger.predicted_classes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._reading() as (connection, last, _):
            found = connection.execute(CLASSES, asked).fetchall()
        shown, others = found[:SHOWN_CLASSES], found[SHOWN_CLASSES:]
        return PredictedClasses(
            counts=tuple(shown), rest=sum(often for _, often in others), cursor=last
        )

    def score_deciles(self, deployment: str, revision: str, score: Score) -> ScoreDeciles:
        """See `Ledger.score_deciles`."""
        asked = {"deployment": deployment, "revision": revision, "most": MOST_SCORES}
        with self._reading() as (connection, _, _):
            found = connection.execute(LATEST_SCORES[score], asked).fetchall()
        scores = [one for (value,) in found if (one := score_in(value)) is not None]
        return ScoreDeciles(
            edges=deciles_of(scores), scores=len(scores), rest=len(found) - len(scores)
        )

    def binned_scores(
        self, deployment: str, revision: str, bins: Bins, cursor: int
    ) -> BinnedScores:
        """See `Ledger.binned_scores`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._reading() as (connection, last, _):
            found = connection.execute(NEW_SCORES[bins.score], asked)
            counts, rest = binned((score_in(value) for (value,) in found), bins.edges)
        return BinnedScores(counts=counts, rest=rest, cursor=last)

    def paired_predictions(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedPredictions:
        """See `Ledger.paired_predictions`."""
        pair = {"deployment": deployment, "stable": stable, "candidate": candidate}
        with self._reading() as (connection, last, _):
            same, total = connection.execute(AGREEMENT, {**pair, "cursor": cursor}).fetchone()
        return PairedPredictions(same=same, different=total - same, cursor=last)

    def present_tick(self) -> int:
        """See `Ledger.present_tick`."""
        with self._aged() as (_, _, tick):
            return tick

    def last_arrival(self) -> int:
        """See `Ledger.last_arrival`."""
        with self._reading() as (_, last, _):
            return last

    def conflicts(self) -> Conflicts:
        """How many arrivals contradicted what was there.

        Raises:
            StoreError: The rows cannot be read.
        """
        query = "SELECT kind, COUNT(*) FROM conflict GROUP BY kind"
        with self._reading() as (connection, _, _):
            found = dict(connection.execute(query).fetchall())
        return Conflicts(
            predictions=found.get("prediction", 0),
            labels=found.get("label", 0),
            events=found.get("event", 0),
        )

    def close(self) -> None:
        """Let go of the file; further calls raise `StoreError`."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables in an empty file; whoever comes second finds them made."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if not version and not tables:
            make(connection)
        elif 0 < version < VERSION:
            migrate(connection, version, self._clock())
        else:
            raise StoreError(
                f"{self._path}: holds version {version} of the ledger, this program writes version"
                f" {VERSION}; pass another file, or use the program that wrote it"
            )

    @contextlib.contextmanager
    def _reading(self) -> Generator[tuple[sqlite3.Connection, int, int]]:
        """The connection, the last number and the present tick, all of one snapshot."""
        with self._transaction("read", "DEFERRED") as connection:
            last, tick = connection.execute(PRESENT).fetchone()
            yield connection, int(last), int(tick)

    @contextlib.contextmanager
    def _aged(self) -> Generator[tuple[sqlite3.Connection, int, int]]:
        """The same; a ledger to which nobody writes grows older, so time is noted before."""
        now = tick_of(self._clock())
        with self._reading() as (_, _, tick):
            is_behind = tick < now
        if is_behind:
            with self._transaction("note the time", "IMMEDIATE") as connection:
                connection.execute("UPDATE present SET tick = MAX(tick, ?)", (now,))
        with self._reading() as seen:
            yield seen

    @contextlib.contextmanager
    def _transaction(self, verb: str, kind: str) -> Generator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute(f"BEGIN {kind}")
                with self._undone_on_error():
                    yield self._connection
                    self._connection.execute("COMMIT")
            except sqlite3.Error as broken:
                raise self._failed(verb, broken) from broken

    @contextlib.contextmanager
    def _undone_on_error(self) -> Generator[None]:
        try:
            yield
        except BaseException:
            # A full disk makes SQLite roll back by itself; a second time is an error.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _failed(self, verb: str, broken: Exception) -> StoreError:
        return StoreError(
            f"{self._path}: cannot {verb}: {broken} ({_free_bytes(self._path)} bytes free);"
            " what the ledger held before is intact, and a spool keeps what it could not take"
        )


def _connected(path: Path) -> sqlite3.Connection:
    """Write-ahead log, so that readers never wait; a commit is on disk when it returns."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _due(due: Due, last: int, tick: int) -> dict[str, Any]:
    return {
        "deployment": due.deployment,
        "revision": due.revision,
        "cursor": due.cursor,
        "age": ticks_in(due.maturity_seconds),
        "horizon": horizon(tick, due.maturity_seconds),
        "last": last,
    }


def _free_bytes(path: Path) -> int | str:
    existing = next((p for p in path.parents if p.exists()), Path("/"))
    try:
        return shutil.disk_usage(existing).free
    except OSError:
        return "unknown"
