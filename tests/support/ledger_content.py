"""What a ledger file holds, read past the ledger itself."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any


def recorded(ledger: Path) -> Counter[tuple[str, int]]:
    """How often each row of each request stands in the ledger; empty if there is no ledger yet."""
    return Counter((request, row) for request, row, *_ in rows(ledger))


def rows(ledger: Path) -> list[tuple[str, int, str, str, float, bool]]:
    """Request, row, revision, prediction, confidence and whether it was mirrored."""
    query = "SELECT request_id, row, revision, prediction, confidence, mirrored FROM prediction"
    return [(*values, bool(mirrored)) for *values, mirrored in _selected(ledger, query)]


def answers_to(ledger: Path, request_id: str) -> list[tuple[str, str, bool]]:
    """Deployment and revision of each row of a request, and whether it was mirrored."""
    query = "SELECT deployment, revision, mirrored FROM prediction WHERE request_id = ?"
    found = _selected(ledger, query, request_id)
    return [(deployment, revision, bool(mirrored)) for deployment, revision, mirrored in found]


def _selected(ledger: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    """What is found; nothing if there is no ledger yet."""
    if not ledger.exists():
        return []
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
