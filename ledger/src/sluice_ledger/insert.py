"""Arrivals on their way into the SQLite ledger, inside a write transaction of the caller.

An arrival that is there already does nothing. One that contradicts what is there is put into the
table of conflicts and never used: which of the two is true is for a person to say.
"""

import sqlite3
from collections.abc import Iterable

from sluice_ledger.records import Label, Prediction

_PREDICTION = """
INSERT INTO prediction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (request_id, row, revision) DO NOTHING
"""
_LABEL = "INSERT INTO label VALUES (?, ?, ?, ?, ?) ON CONFLICT (request_id, row) DO NOTHING"
_KEPT_PREDICTION = (
    "SELECT prediction FROM prediction WHERE request_id = ? AND row = ? AND revision = ?"
)
_KEPT_LABEL = "SELECT label FROM label WHERE request_id = ? AND row = ?"
_CONFLICT = "INSERT INTO conflict VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"


def insert_predictions(connection: sqlite3.Connection, predictions: Iterable[Prediction]) -> int:
    """How many were new."""
    before = last = _last_arrival(connection)
    for one in predictions:
        if _insert_prediction(connection, one, last + 1):
            last += 1
        else:
            _compare_prediction(connection, one)
    connection.execute("UPDATE arrival SET last = ?", (last,))
    return last - before


def insert_labels(connection: sqlite3.Connection, labels: Iterable[Label]) -> int:
    """How many were new."""
    before = last = _last_arrival(connection)
    for one in labels:
        fields = (last + 1, one.request_id, one.row, one.label, one.at)
        if connection.execute(_LABEL, fields).rowcount:
            last += 1
        else:
            _compare_label(connection, one)
    connection.execute("UPDATE arrival SET last = ?", (last,))
    return last - before


def _last_arrival(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT last FROM arrival").fetchone()
    return int(last)


def _insert_prediction(connection: sqlite3.Connection, one: Prediction, sequence: int) -> bool:
    fields = (
        sequence,
        one.request_id,
        one.row,
        one.deployment,
        one.revision,
        one.prediction,
        one.confidence,
        one.mirrored,
        one.at,
    )
    return connection.execute(_PREDICTION, fields).rowcount > 0


def _compare_prediction(connection: sqlite3.Connection, one: Prediction) -> None:
    key = (one.request_id, one.row, one.revision)
    (kept,) = connection.execute(_KEPT_PREDICTION, key).fetchone()
    if kept != one.prediction:
        connection.execute(_CONFLICT, ("prediction", *key, kept, one.prediction, one.at))


def _compare_label(connection: sqlite3.Connection, one: Label) -> None:
    key = (one.request_id, one.row)
    (kept,) = connection.execute(_KEPT_LABEL, key).fetchone()
    if kept != one.label:
        connection.execute(_CONFLICT, ("label", *key, "", kept, one.label, one.at))
