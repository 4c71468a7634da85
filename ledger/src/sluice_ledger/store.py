"""The ledger in one SQLite file, for any number of readers and writers on one machine."""

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sluice_ledger.errors import StoreError
from sluice_ledger.insert import insert_labels, insert_predictions
from sluice_ledger.query import (
    FIRST_ANSWERS,
    FIRST_PAIRS,
    LAST_ARRIVAL,
    NEW_ANSWERS,
    NEW_PAIRS,
    WAITING_PAIRS,
)
from sluice_ledger.records import ArmOutcomes, Conflicts, Label, PairedOutcomes, Prediction
from sluice_ledger.schema import TABLES, VERSION

BUSY_SECONDS = 10.0


class SqliteLedger:
    """A `Ledger` in one file; one object may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: The file cannot be opened, is no ledger, or is of a newer version.
        """
        self._path = path
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
            return insert_predictions(connection, predictions)

    def append_labels(self, labels: Iterable[Label]) -> int:
        """See `Ledger.append_labels`."""
        with self._transaction("write", "IMMEDIATE") as connection:
            return insert_labels(connection, labels)

    def paired_outcomes(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedOutcomes:
        """See `Ledger.paired_outcomes`."""
        asked = {
            "deployment": deployment,
            "stable": stable,
            "candidate": candidate,
            "cursor": cursor,
        }
        with self._transaction("read", "DEFERRED") as connection:
            (last,) = connection.execute(LAST_ARRIVAL).fetchone()
            counts = connection.execute(NEW_PAIRS if cursor else FIRST_PAIRS, asked).fetchone()
            waiting = connection.execute(WAITING_PAIRS, asked).fetchone() or (0,)
        worse, same, better = counts
        return PairedOutcomes(
            worse=worse, same=same, better=better, unlabelled=waiting[0], cursor=last
        )

    def arm_outcomes(self, deployment: str, revision: str, cursor: int) -> ArmOutcomes:
        """See `Ledger.arm_outcomes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        with self._transaction("read", "DEFERRED") as connection:
            (last,) = connection.execute(LAST_ARRIVAL).fetchone()
            counts = connection.execute(NEW_ANSWERS if cursor else FIRST_ANSWERS, asked).fetchone()
        total, wrong = counts
        return ArmOutcomes(total=total, wrong=wrong, cursor=last)

    def last_arrival(self) -> int:
        """See `Ledger.last_arrival`."""
        with self._transaction("read", "DEFERRED") as connection:
            (last,) = connection.execute(LAST_ARRIVAL).fetchone()
        return int(last)

    def conflicts(self) -> Conflicts:
        """How many arrivals contradicted what was there.

        Raises:
            StoreError: The rows cannot be read.
        """
        query = "SELECT COALESCE(SUM(kind = 'prediction'), 0), COUNT(*) FROM conflict"
        with self._transaction("read", "DEFERRED") as connection:
            predictions, total = connection.execute(query).fetchone()
        return Conflicts(predictions=predictions, labels=total - predictions)

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
        if version or tables:
            raise StoreError(
                f"{self._path}: holds version {version} of the ledger, this program writes version"
                f" {VERSION}; pass another file, or use the program that wrote it"
            )
        for statement in _statements(TABLES):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")

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


def _statements(script: str) -> Generator[str]:
    """One by one, because `executescript` would commit the transaction that it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _free_bytes(path: Path) -> int | str:
    existing = next((p for p in path.parents if p.exists()), Path("/"))
    try:
        return shutil.disk_usage(existing).free
    except OSError:
        return "unknown"
