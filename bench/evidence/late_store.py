"""Ledgers that can be closed, put back to the tables of version 1, and opened anew."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from sluice_ledger.port import Ledger
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.store import SqliteLedger

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "tests" / "support")]

from ledger_version_1 import VERSION_1  # type: ignore[import-not-found]  # noqa: E402


@dataclass(kw_only=True)
class Store:
    """A ledger that can be closed, put back to version 1, and opened anew."""

    open: Callable[[Callable[[], float], Callable[[], date]], Ledger]
    downgrade: Callable[[], None]


def sqlite_store(folder: Path) -> Store:
    """One file."""
    path = folder / "ledger.db"
    return Store(
        open=lambda clock, _: SqliteLedger(path, clock), downgrade=lambda: _downgrade_sqlite(path)
    )


def postgres_store(url: str) -> Store:
    """One database."""
    return Store(
        open=lambda clock, today: PostgresLedger(url, today, clock),
        downgrade=lambda: _downgrade_postgres(url),
    )


def _downgrade_sqlite(path: Path) -> None:
    """The same rows as the program of version 1 has them."""
    old = path.with_suffix(".v1")
    with closing(sqlite3.connect(old, isolation_level=None)) as raw:
        raw.executescript(VERSION_1)
        raw.execute("ATTACH ? AS new", (str(path),))
        raw.execute("INSERT INTO prediction SELECT * FROM new.prediction ORDER BY sequence")
        raw.execute("INSERT INTO label SELECT * FROM new.label ORDER BY sequence")
        raw.execute("UPDATE arrival SET last = (SELECT last FROM new.present)")
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
    old.rename(path)


def _downgrade_postgres(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as raw:
        raw.execute("DROP TABLE cohort, labelled, worth, class, said, agreed")
        raw.execute("ALTER TABLE arrival DROP COLUMN tick, DROP COLUMN begun")
        raw.execute("ALTER TABLE prediction DROP COLUMN tick")
        raw.execute("DELETE FROM ledger_version WHERE version > 1")
