"""Arrivals on their way into the SQLite ledger, inside a write transaction of the caller.

An arrival that is there already does nothing. One that contradicts what is there is put into the
table of conflicts and never used: which of the two is true is for a person to say.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from sluice_ledger.records import KpiEvent, Label, Prediction

_PREDICTION = """
INSERT INTO prediction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (request_id, row, revision) DO NOTHING
"""
_LABEL = "INSERT INTO label VALUES (?, ?, ?, ?, ?) ON CONFLICT (request_id, row) DO NOTHING"
_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING"
_KEPT_PREDICTION = (
    "SELECT prediction FROM prediction WHERE request_id = ? AND row = ? AND revision = ?"
)
_KEPT_LABEL = "SELECT label FROM label WHERE request_id = ? AND row = ?"
_KEPT_EVENT = "SELECT request_id, row, name, value FROM event WHERE event_id = ?"
_CONFLICT = "INSERT INTO conflict VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_MOMENT = "INSERT INTO moment VALUES (?, ?) ON CONFLICT DO NOTHING"
Arriving = TypeVar("Arriving", Prediction, Label, KpiEvent)
Insert = Callable[[sqlite3.Connection, Arriving, int], bool]
"""Whether it was new; one that was not is compared with what is there."""


def insert_predictions(
    connection: sqlite3.Connection, predictions: Iterable[Prediction], tick: int
) -> int:
    """How many were new."""
    return _inserted(connection, predictions, tick, _insert_prediction)


def insert_labels(connection: sqlite3.Connection, labels: Iterable[Label], tick: int) -> int:
    """How many were new."""
    return _inserted(connection, labels, tick, _insert_label)


def insert_events(connection: sqlite3.Connection, events: Iterable[KpiEvent], tick: int) -> int:
    """How many were new."""
    return _inserted(connection, events, tick, _insert_event)


def _inserted(
    connection: sqlite3.Connection,
    records: Iterable[Arriving],
    tick: int,
    insert: Callable[[sqlite3.Connection, Arriving, int], bool],
) -> int:
    before, present = connection.execute("SELECT last, tick FROM present").fetchone()
    last, now = before, max(present, tick)  # a clock that goes back does not reopen a tick
    for one in records:
        last += insert(connection, one, last + 1)
    if last > before:
        connection.execute(_MOMENT, (now, before + 1))
        connection.execute("UPDATE present SET last = ?, tick = ?", (last, now))
    return int(last - before)


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
    if connection.execute(_PREDICTION, fields).rowcount:
        return True
    key = (one.request_id, one.row, one.revision)
    (kept,) = connection.execute(_KEPT_PREDICTION, key).fetchone()
    if kept != one.prediction:
        connection.execute(_CONFLICT, ("prediction", *key, kept, one.prediction, one.at))
    return False


def _insert_label(connection: sqlite3.Connection, one: Label, sequence: int) -> bool:
    key = (one.request_id, one.row)
    if connection.execute(_LABEL, (sequence, *key, one.label, one.at)).rowcount:
        return True
    (kept,) = connection.execute(_KEPT_LABEL, key).fetchone()
    if kept != one.label:
        connection.execute(_CONFLICT, ("label", *key, "", kept, one.label, one.at))
    return False


def _insert_event(connection: sqlite3.Connection, one: KpiEvent, sequence: int) -> bool:
    said = (one.request_id, one.row, one.name, one.value)
    if connection.execute(_EVENT, (sequence, one.event_id, *said, one.at)).rowcount:
        return True
    kept = connection.execute(_KEPT_EVENT, (one.event_id,)).fetchone()
    if kept != said:
        words = (_text(*kept), _text(*said))
        connection.execute(
            _CONFLICT, ("event", one.request_id, one.row, one.event_id, *words, one.at)
        )
    return False


def _text(request_id: str, row: int, name: str, value: float) -> str:
    return f"{request_id}[{row}] {name}={float(value)!r}"
