"""What the store holds about the rows that arrivals are about; every question goes along a key."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, text

from sluice_ledger.arrival import Arrivals, digest_of
from sluice_ledger.postgres.intake import Answer, Happened, Key, Known, Present
from sluice_ledger.tick import TICK_SECONDS

_ANSWERS = """
SELECT request_id, row_index, revision, deployment, prediction, mirrored, prediction.day,
       CASE WHEN prediction.tick > 0 THEN prediction.tick
            ELSE floor(LEAST(GREATEST(at / :seconds, 0), begun))::bigint END
FROM unnest(CAST(:requests AS text[]), CAST(:rows AS integer[])) AS asked (request_id, row_index)
JOIN prediction USING (request_id, row_index) CROSS JOIN arrival
"""
_LABELS = """
SELECT request_id, row_index, label
FROM unnest(CAST(:requests AS text[]), CAST(:rows AS integer[])) AS asked (request_id, row_index)
JOIN label USING (request_id, row_index)
"""
_EVENTS_ABOUT = """
SELECT event_id, request_id, row_index, name, value
FROM unnest(CAST(:requests AS text[]), CAST(:rows AS integer[])) AS asked (request_id, row_index)
JOIN event USING (request_id, row_index)
"""
_EVENTS = """
SELECT event_id, request_id, row_index, name, value
FROM unnest(CAST(:events AS text[])) AS asked (event_id) JOIN event USING (event_id)
"""
_ANY_EVENT = "SELECT EXISTS (SELECT FROM event)"
_ANY_ERASED = "SELECT EXISTS (SELECT FROM erased)"
_ERASED = """
SELECT request FROM unnest(CAST(:digests AS bytea[])) AS asked (request) JOIN erased USING (request)
"""
_CLASSES = "SELECT deployment, prediction FROM class WHERE deployment = ANY(:deployments)"
_PRESENT = "SELECT last, day, tick FROM arrival FOR UPDATE"


def lock(connection: Connection) -> Present:
    """Where the ledger stands; nobody else writes until the end of the transaction."""
    return Present(*connection.execute(text(_PRESENT)).one())


def known(connection: Connection, pieces: Sequence[Arrivals]) -> Known:
    """Everything that decides what to do with these arrivals."""
    predicted = {Key(one.request_id, one.row) for piece in pieces for one in piece.predictions}
    labelled = {Key(one.request_id, one.row) for piece in pieces for one in piece.labels}
    followed = {Key(one.request_id, one.row) for piece in pieces for one in piece.events}
    keys = predicted | labelled | followed
    found = Known(
        answers=answers(connection, keys),
        labels=labels(connection, predicted | labelled),
        classes=_classes(connection, pieces),
        erased=_erased(connection, {key.request_id for key in keys}),
    )
    _find_events(connection, found, pieces, predicted | followed)
    return found


def answers(connection: Connection, keys: Iterable[Key]) -> dict[Key, dict[str, Answer]]:
    """Who said what about these rows."""
    found: dict[Key, dict[str, Answer]] = {}
    for request_id, row, revision, *rest in _asked(connection, _ANSWERS, keys):
        found.setdefault(Key(request_id, row), {})[revision] = Answer(*rest)
    return found


def labels(connection: Connection, keys: Iterable[Key]) -> dict[Key, str]:
    """The truth about these rows, where it is known."""
    return {Key(request, row): label for request, row, label in _asked(connection, _LABELS, keys)}


def _find_events(
    connection: Connection, found: Known, pieces: Sequence[Arrivals], about: set[Key]
) -> None:
    """Those that arrive again, and those that followed the same answers as what arrives."""
    ids = [one.event_id for piece in pieces for one in piece.events]
    if not ids and not connection.execute(text(_ANY_EVENT)).scalar_one():
        return
    again = connection.execute(text(_EVENTS), {"events": ids}) if ids else ()
    for row in chain(again, _asked(connection, _EVENTS_ABOUT, about)):
        event_id, request, index, name, value = row
        happened = Happened(Key(request, index), name, value)
        if event_id not in found.events:
            found.events[event_id] = happened
            found.events_about.setdefault(happened.key, []).append(happened)


def _classes(connection: Connection, pieces: Sequence[Arrivals]) -> dict[str, set[str]]:
    """Which predictions of these deployments are counted by name."""
    deployments = {one.deployment for piece in pieces for one in piece.predictions}
    found: dict[str, set[str]] = {deployment: set() for deployment in deployments}
    if deployments:
        rows = connection.execute(text(_CLASSES), {"deployments": list(deployments)})
        for deployment, prediction in rows:
            found[deployment].add(prediction)
    return found


def _erased(connection: Connection, requests: set[str]) -> frozenset[bytes]:
    if not requests or not connection.execute(text(_ANY_ERASED)).scalar_one():
        return frozenset()
    digests = [digest_of(request) for request in requests]
    rows = connection.execute(text(_ERASED), {"digests": digests})
    return frozenset(bytes(request) for (request,) in rows)


def _asked(connection: Connection, query: str, keys: Iterable[Key]) -> Iterable[Sequence[Any]]:
    wanted = list(keys)
    if not wanted:
        return ()
    requests, rows = [key.request_id for key in wanted], [key.row for key in wanted]
    values = {"requests": requests, "rows": rows, "seconds": TICK_SECONDS}
    return connection.execute(text(query), values)
