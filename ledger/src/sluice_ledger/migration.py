"""Brings a SQLite file of an older version to the one that this program writes.

Everything happens in the transaction in which the file is opened: a crash leaves the old version
as it was. A program of the old version that has the file open finds its table of numbers gone at
its next write and keeps its records in its spool, so that none is written past the new tables.

Version 1 kept no time of arrival. Its rows are put into ticks by the time that they bear
themselves, as far as that is not ahead of the clock, nor back behind the row before.
"""

import sqlite3
from collections.abc import Iterator

from sluice_ledger.schema import TABLES, TO_VERSION_2, VERSION
from sluice_ledger.tick import TICK_SECONDS

_TO = {2: TO_VERSION_2}


def make(connection: sqlite3.Connection) -> None:
    """The tables of an empty file."""
    for statement in statements(TABLES):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def migrate(connection: sqlite3.Connection, version: int, now: float) -> None:
    """From an older version, one after the other, to the present one."""
    values = {"now": now, "seconds": TICK_SECONDS}
    for later in range(version + 1, VERSION + 1):
        for statement in statements(_TO[later]):
            connection.execute(statement, values if ":now" in statement else {})
    connection.execute(f"PRAGMA user_version = {VERSION}")


def statements(script: str) -> Iterator[str]:
    """One by one, because `executescript` would commit the transaction that it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
