"""Counts what a database of version 1 holds as if this program had taken it in.

Runs once, in the transaction that migrates: each row is read once, so a service with ten million
rows is away for about a minute, while its clients keep their records. Version 1 kept no tick of
arrival; rows bear their own word for the time, but never one later than the migration.
"""

from datetime import date

from sqlalchemy import Connection, text

from sluice_ledger.tick import TICK_SECONDS

_FREELY = """
SET LOCAL statement_timeout = 0;
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on
"""
_BEGUN = "UPDATE arrival SET begun = :begun, tick = GREATEST(tick, :begun)"
_TICK = "floor(LEAST(GREATEST({at} / :seconds, 0), :begun))::bigint"
_ANSWERED = _TICK.format(at="answer.at")
_LABEL_KNOWN = _TICK.format(at="GREATEST(answer.at, label.at)")
_EVENT_KNOWN = _TICK.format(at="GREATEST(answer.at, MAX(event.at) OVER sofar)")
_COHORTS = """
INSERT INTO cohort
SELECT :day, last, {answered}, deployment, revision, COUNT(*)
FROM prediction AS answer CROSS JOIN arrival WHERE NOT mirrored GROUP BY 2, 3, 4, 5
"""
_LABELLED = """
INSERT INTO labelled
SELECT :day, last, {answered}, {known},
       deployment, revision, COUNT(*), COUNT(*) FILTER (WHERE prediction <> label)
FROM prediction AS answer JOIN label USING (request_id, row_index) CROSS JOIN arrival
WHERE NOT mirrored GROUP BY 2, 3, 4, 5, 6
"""
_WORTH = """
INSERT INTO worth
SELECT :day, last, event.sequence, {answered}, {known},
       deployment, revision, name, SUM(value) OVER sofar - value, SUM(value) OVER sofar
FROM prediction AS answer JOIN event USING (request_id, row_index) CROSS JOIN arrival
WHERE NOT mirrored
WINDOW sofar AS (
    PARTITION BY answer.request_id, answer.row_index, revision, name ORDER BY event.sequence
)
"""
_STATEMENTS = (
    _BEGUN,
    _COHORTS.format(answered=_ANSWERED),
    _LABELLED.format(answered=_ANSWERED, known=_LABEL_KNOWN),
    _WORTH.format(answered=_ANSWERED, known=_EVENT_KNOWN),
)


def count_what_is_there(connection: Connection, day: date, begun: int) -> None:
    """Write the sums of version 2; those of classes and agreement begin with what comes next.

    Args:
        connection: In the transaction that migrates.
        day: The day under which the sums are kept.
        begun: The tick of now.
    """
    connection.exec_driver_sql(_FREELY)
    values = {"day": day, "begun": begun, "seconds": TICK_SECONDS}
    for statement in _STATEMENTS:
        connection.execute(text(statement), values)
