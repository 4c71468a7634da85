"""Takes away everything about one subject, and remembers which requests must not come back.

What commits have summed up stays: a count names nobody.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, text

from sluice_ledger.arrival import Erased, digest_of
from sluice_ledger.postgres.intake import Answer, Key, Pair, pair_of, pairs_in

_REQUESTS = "SELECT DISTINCT request_id FROM subject WHERE subject = :subject"
_PREDICTIONS = """
DELETE FROM prediction WHERE request_id = ANY(CAST(:requests AS text[]))
RETURNING request_id, row_index, revision, deployment, prediction, mirrored, day, tick
"""
_LABELS = """
DELETE FROM label WHERE request_id = ANY(CAST(:requests AS text[])) RETURNING request_id, row_index
"""
_EVENTS = "DELETE FROM event WHERE request_id = ANY(CAST(:requests AS text[]))"
_CONFLICTS = "DELETE FROM conflict WHERE request_id = ANY(CAST(:requests AS text[]))"
_SUBJECTS = "DELETE FROM subject WHERE request_id = ANY(CAST(:requests AS text[]))"
_TOMBSTONES = """
INSERT INTO erased SELECT request, :day FROM unnest(CAST(:digests AS bytea[])) AS asked (request)
ON CONFLICT DO NOTHING
"""
_WAITING = """
UPDATE waiting SET pairs = pairs - :pairs
WHERE deployment = :deployment AND first = :first AND second = :second AND day = :day
"""


def erase(connection: Connection, subject: bytes, day: date) -> Erased:
    """Erase what is known about a subject; the caller holds the lock of the writer."""
    requests = list(connection.execute(text(_REQUESTS), {"subject": subject}).scalars())
    asked = {"requests": requests}
    answers, labelled = _taken(connection, requests)
    events = connection.execute(text(_EVENTS), asked).rowcount
    for statement in (_CONFLICTS, _SUBJECTS):
        connection.execute(text(statement), asked)
    digests = [digest_of(request) for request in requests]
    connection.execute(text(_TOMBSTONES), {"day": day, "digests": digests})
    _wait_no_more(connection, answers, labelled)
    return Erased(
        requests=len(requests),
        predictions=sum(len(by) for by in answers.values()),
        labels=len(labelled),
        events=events,
    )


def _taken(
    connection: Connection, requests: Sequence[str]
) -> tuple[dict[Key, dict[str, Answer]], set[Key]]:
    asked = {"requests": list(requests)}
    answers: dict[Key, dict[str, Answer]] = {}
    for request, row, revision, *rest in connection.execute(text(_PREDICTIONS), asked):
        answers.setdefault(Key(request, row), {})[revision] = Answer(*rest)
    labelled = {Key(request, row) for request, row in connection.execute(text(_LABELS), asked)}
    return answers, labelled


def _wait_no_more(
    connection: Connection, answers: dict[Key, dict[str, Answer]], labelled: set[Key]
) -> None:
    gone: Counter[tuple[Pair, date]] = Counter(
        pair_of(two) for key, by in answers.items() if key not in labelled for two in pairs_in(by)
    )
    for (pair, day), pairs in gone.items():
        values = {"day": day, **pair._asdict(), "pairs": pairs}
        connection.execute(text(_WAITING), values)
