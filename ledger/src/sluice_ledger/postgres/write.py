"""The rows of one commit on their way into the tables."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from sluice_ledger.arrival import About
from sluice_ledger.postgres.intake import Pair, Present, Written
from sluice_ledger.records import KpiEvent, Label, Prediction

_PRESENT = "UPDATE arrival SET last = :last, day = :day, tick = :tick"
_CLASS = "INSERT INTO class VALUES (:day, :deployment, :prediction)"
_WAITING = """
INSERT INTO waiting VALUES (:day, :deployment, :first, :second, :pairs)
ON CONFLICT (deployment, first, second, day) DO UPDATE SET pairs = waiting.pairs + excluded.pairs
"""
_CONFLICT = """
INSERT INTO conflict VALUES (:day, :kind, :request, :row, :witness, :kept, :refused, :at)
ON CONFLICT DO NOTHING
"""
_SUBJECT = """
INSERT INTO subject (day, subject, request_id)
SELECT :day, asked.subject, asked.request_id
FROM unnest(CAST(:subjects AS bytea[]), CAST(:requests AS text[])) AS asked (subject, request_id)
WHERE NOT EXISTS (
    SELECT FROM subject AS known
    WHERE known.subject = asked.subject AND known.request_id = asked.request_id
)
"""


def write(connection: Connection, written: Written, now: Present) -> None:
    """Everything that one commit says, but for subjects.

    Args:
        connection: In a transaction that holds the lock of the writer.
        written: What was decided.
        now: Where the ledger stands after this commit.
    """
    _rows(connection, written, now)
    _sums(connection, written, now)
    for table, rows in aged_sums(written, now).items():
        _copy(connection, table, rows)
    changed = [
        {"day": since, **pair._asdict(), "pairs": pairs}
        for (pair, since), pairs in written.waiting.items()
        if pairs
    ]
    _each(connection, _WAITING, changed)
    _each(connection, _CONFLICT, _conflicts(written, now.day))
    classes = [{"day": now.day, "deployment": d, "prediction": p} for d, p in written.classes]
    _each(connection, _CLASS, classes)
    connection.execute(text(_PRESENT), now._asdict())


def write_subjects(connection: Connection, subjects: Iterable[About], day: date) -> None:
    """Whom requests were about; what is there already is left as it is."""
    pairs = {(one.subject, one.request_id) for one in subjects}
    if pairs:
        digests, requests = zip(*pairs, strict=True)
        connection.execute(
            text(_SUBJECT), {"day": day, "subjects": list(digests), "requests": list(requests)}
        )


def _rows(connection: Connection, written: Written, now: Present) -> None:
    predictions = [(now.day, *_prediction(*one), now.tick) for one in written.predictions]
    _copy(connection, "prediction", predictions)
    _copy(connection, "label", [(now.day, *_label(*one)) for one in written.labels])
    _copy(connection, "event", [(now.day, *_event(*one)) for one in written.events])


def _prediction(number: int, one: Prediction) -> tuple[object, ...]:
    return (
        number,
        one.request_id,
        one.row,
        one.deployment,
        one.revision,
        one.prediction,
        one.confidence,
        one.mirrored,
        one.at,
    )


def _label(number: int, one: Label) -> tuple[object, ...]:
    return number, one.request_id, one.row, one.label, one.at


def _event(number: int, one: KpiEvent) -> tuple[object, ...]:
    return number, one.event_id, one.request_id, one.row, one.name, one.value, one.at


def _sums(connection: Connection, written: Written, now: Present) -> None:
    """All under the last number of the commit: a cursor never stands within one."""
    last, day = now.last, now.day
    pairs: dict[Pair, list[int]] = {}
    for (pair, outcome), count in written.paired.items():
        # worse, same, better: the outcomes 1, 0, -1
        pairs.setdefault(pair, [0, 0, 0])[1 - outcome] += count
    _copy(connection, "paired", [(day, last, *pair, *counts) for pair, counts in pairs.items()])
    arms: dict[tuple[str, str], list[int]] = {}
    for (deployment, revision, wrong), count in written.arms.items():
        both = arms.setdefault((deployment, revision), [0, 0])
        both[0] += count
        both[1] += count * wrong
    _copy(connection, "arm", [(day, last, *arm, *counts) for arm, counts in arms.items()])
    _copy(
        connection,
        "kpi",
        [
            (day, last, *figure, one.count, one.total, one.squares)
            for figure, one in written.kpis.items()
        ],
    )


def aged_sums(written: Written, now: Present) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the tables that questions about age, classes and agreement add up."""
    head = (now.day, now.last)
    labelled: dict[tuple[int, str, str], list[int]] = {}
    for (deployment, revision, tick, is_wrong), count in written.labelled.items():
        both = labelled.setdefault((tick, deployment, revision), [0, 0])
        both[0] += count
        both[1] += count * is_wrong
    return {
        "cohort": [(*head, now.tick, *arm, n) for arm, n in written.cohorts.items() if n],
        "labelled": [
            (*head, tick, now.tick, *arm, *counts) for (tick, *arm), counts in labelled.items()
        ],
        "worth": [
            (*head, number, one.answer.tick, now.tick, one.answer.deployment, *which, *one[1:])
            for number, ((_, *which), one) in enumerate(written.rises.items())
        ],
        "said": [
            (*head, *which, one.answers, one.numbers, one.confidences)
            for which, one in written.said.items()
        ],
        "agreed": _agreed(written, now),
    }


def _agreed(written: Written, now: Present) -> list[tuple[Any, ...]]:
    pairs = dict.fromkeys(pair for pair, _ in written.agreed)
    return [
        (now.day, now.last, *pair, written.agreed[pair, True], written.agreed[pair, False])
        for pair in pairs
    ]


def _conflicts(written: Written, day: date) -> list[dict[str, Any]]:
    return [
        {
            "day": day,
            "kind": one.kind,
            "request": one.key.request_id,
            "row": one.key.row,
            "witness": one.witness,
            "kept": one.kept,
            "refused": one.refused,
            "at": one.at,
        }
        for one in written.conflicts
    ]


def _each(connection: Connection, statement: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(text(statement), rows)


def _copy(connection: Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """COPY, which takes a batch several times faster than INSERT."""
    if not rows:
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
