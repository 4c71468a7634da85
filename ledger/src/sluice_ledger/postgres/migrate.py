"""Brings the tables of a database to the version that this program writes.

A version is a file of numbered SQL in `migrations`; there is only a way forward. Each runs in the
transaction that also notes it, so a crash leaves a version done or not begun.
"""

import re
from importlib.resources import files

from sqlalchemy import Connection, text

from sluice_ledger.errors import StoreError

_LOCK = 0x534C5549  # one program at a time migrates, however many replicas start
_TABLE = "CREATE TABLE IF NOT EXISTS ledger_version (version integer PRIMARY KEY)"
_FILE = re.compile(r"(\d{4})\.sql")


def migrations() -> dict[int, str]:
    """Every version and its SQL, in order."""
    folder = files("sluice_ledger.postgres") / "migrations"
    found = {entry.name: entry for entry in folder.iterdir() if _FILE.fullmatch(entry.name)}
    return {int(name[:4]): found[name].read_text(encoding="utf-8") for name in sorted(found)}


def migrate(connection: Connection) -> int:
    """Run what the database lacks, and return the version it had; harmless when repeated.

    Raises:
        StoreError: A newer program wrote this database.
    """
    known = migrations()
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(_TABLE))
    done = set(connection.execute(text("SELECT version FROM ledger_version")).scalars())
    if done - set(known):
        raise StoreError(
            f"the database holds version {max(done)} of the ledger, this program writes version"
            f" {max(known)}; use another database, or a program at least as new as its writer"
        )
    for version in sorted(set(known) - done):
        connection.exec_driver_sql(known[version])
        connection.execute(
            text("INSERT INTO ledger_version VALUES (:version)"), {"version": version}
        )
    return max(done, default=0)
