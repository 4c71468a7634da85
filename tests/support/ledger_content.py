"""What a ledger file holds, read past the ledger itself."""

import sqlite3
from collections import Counter
from pathlib import Path


def recorded(ledger: Path) -> Counter[tuple[str, int]]:
    """How often each row of each request stands in the ledger; empty if there is no ledger yet."""
    return Counter((request, row) for request, row, *_ in rows(ledger))


def rows(ledger: Path) -> list[tuple[str, int, str, str, float, bool]]:
    """Request, row, revision, prediction, confidence and whether it was mirrored."""
    if not ledger.exists():
        return []
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)
    try:
        found = connection.execute(
            "SELECT request_id, row, revision, prediction, confidence, mirrored FROM prediction"
        ).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()
    return [(*values, bool(mirrored)) for *values, mirrored in found]
