"""The questions that gates ask of the SQLite ledger, as SQL.

Every question is answered by arrivals after the cursor: what completed a pair is its last arrival,
be it the stable answer, the candidate's or the label. So the answer is the sum of one branch per
kind of last arrival, and each branch walks an index from the cursor on. The first look walks the
candidate's answers alone: before them there were no pairs.
"""

from sluice_ledger.records import Score

_OUTCOME = """
SELECT COALESCE(SUM(wrong > fault), 0), COALESCE(SUM(wrong = fault), 0),
       COALESCE(SUM(wrong < fault), 0)
FROM (
    SELECT candidate.prediction <> label.label AS wrong, stable.prediction <> label.label AS fault
"""

_BY_CANDIDATE = """
    FROM prediction AS candidate
    CROSS JOIN prediction AS stable USING (request_id, row)
    CROSS JOIN label USING (request_id, row)
    WHERE candidate.deployment = :deployment AND candidate.revision = :candidate
      AND candidate.sequence > :cursor
      AND stable.deployment = :deployment AND stable.revision = :stable
"""

_BY_STABLE = """
    FROM prediction AS stable
    CROSS JOIN prediction AS candidate USING (request_id, row)
    CROSS JOIN label USING (request_id, row)
    WHERE stable.deployment = :deployment AND stable.revision = :stable
      AND stable.sequence > :cursor
      AND candidate.deployment = :deployment AND candidate.revision = :candidate
      AND candidate.sequence <= :cursor
"""

_BY_LABEL = """
    FROM label
    CROSS JOIN prediction AS candidate USING (request_id, row)
    CROSS JOIN prediction AS stable USING (request_id, row)
    WHERE label.sequence > :cursor
      AND candidate.deployment = :deployment AND candidate.revision = :candidate
      AND candidate.sequence <= :cursor
      AND stable.deployment = :deployment AND stable.revision = :stable
      AND stable.sequence <= :cursor
"""

_AGAIN = """
    UNION ALL
    SELECT candidate.prediction <> label.label, stable.prediction <> label.label
"""

FIRST_PAIRS = f"{_OUTCOME}{_BY_CANDIDATE})"
NEW_PAIRS = f"{_OUTCOME}{_BY_CANDIDATE}{_AGAIN}{_BY_STABLE}{_AGAIN}{_BY_LABEL})"

WAITING_PAIRS = """
SELECT answered - labelled FROM pair
WHERE deployment = :deployment AND first = MIN(:stable, :candidate)
  AND second = MAX(:stable, :candidate)
"""

_ARM_BY_ANSWER = """
SELECT COUNT(*), COALESCE(SUM(wrong), 0) FROM (
    SELECT answer.prediction <> label.label AS wrong
    FROM prediction AS answer CROSS JOIN label USING (request_id, row)
    WHERE answer.deployment = :deployment AND answer.revision = :revision
      AND answer.sequence > :cursor
"""

_ARM_BY_LABEL = """
    UNION ALL
    SELECT answer.prediction <> label.label
    FROM label CROSS JOIN prediction AS answer USING (request_id, row)
    WHERE label.sequence > :cursor
      AND answer.deployment = :deployment AND answer.revision = :revision
      AND answer.sequence <= :cursor
"""

FIRST_ANSWERS = f"{_ARM_BY_ANSWER})"
NEW_ANSWERS = f"{_ARM_BY_ANSWER}{_ARM_BY_LABEL})"

KPI = """
SELECT COUNT(*), COALESCE(SUM(value), 0), COALESCE(SUM(value * value), 0) FROM (
    SELECT event.value
    FROM event CROSS JOIN prediction AS answer USING (request_id, row)
    WHERE event.sequence > :cursor AND event.name = :name
      AND answer.deployment = :deployment AND answer.revision = :revision
      AND NOT answer.mirrored
    UNION ALL
    SELECT event.value
    FROM prediction AS answer CROSS JOIN event USING (request_id, row)
    WHERE answer.deployment = :deployment AND answer.revision = :revision
      AND answer.sequence > :cursor AND NOT answer.mirrored
      AND event.name = :name AND event.sequence <= :cursor
)
"""

_DUE = """
WITH due AS (
    SELECT first,
           COALESCE((SELECT later.first FROM moment AS later WHERE later.tick > moment.tick
                     ORDER BY later.tick LIMIT 1), :last + 1) AS after,
           COALESCE((SELECT later.first FROM moment AS later
                     WHERE later.tick > moment.tick + :age
                     ORDER BY later.tick LIMIT 1), :last + 1) AS late
    FROM moment WHERE tick > :cursor AND tick <= :horizon
)
"""
"""Ticks whose answers are of age: their numbers from `first` to before `after`; what has a number
from `late` on came too late for them."""

_DUE_ANSWERS = """
FROM due CROSS JOIN prediction AS answer
  ON answer.deployment = :deployment AND answer.revision = :revision
 AND answer.sequence >= due.first AND answer.sequence < due.after AND NOT answer.mirrored
"""

COHORT = f"""{_DUE}
SELECT COUNT(*), COUNT(label.sequence), COALESCE(SUM(answer.prediction <> label.label), 0)
{_DUE_ANSWERS}
LEFT JOIN label ON label.request_id = answer.request_id AND label.row = answer.row
 AND label.sequence < due.late
"""

_SUM_OF_EVENTS = """
SELECT (
    SELECT SUM(event.value) FROM event
    WHERE event.request_id = answer.request_id AND event.row = answer.row
      AND event.name = :name AND event.sequence < due.late
)
"""

WORTH = f"{_DUE}{_SUM_OF_EVENTS}{_DUE_ANSWERS}"
"""One row for each answer: nothing, or the sum of its events."""

CLASSES = """
SELECT prediction, COUNT(*) AS often FROM prediction
WHERE deployment = :deployment AND revision = :revision AND sequence > :cursor
GROUP BY prediction ORDER BY often DESC, prediction
"""

_SCORES = """
SELECT {column} FROM prediction
WHERE deployment = :deployment AND revision = :revision
"""
_COLUMNS = {Score.NUMBER: "prediction", Score.CONFIDENCE: "confidence"}
_ALL_SCORES = {score: _SCORES.format(column=column) for score, column in _COLUMNS.items()}
NEW_SCORES = {score: f"{query} AND sequence > :cursor" for score, query in _ALL_SCORES.items()}
LATEST_SCORES = {
    score: f"{query} ORDER BY sequence DESC LIMIT :most" for score, query in _ALL_SCORES.items()
}
"""One row for each answer; `score_in` says what is a score."""

AGREEMENT = """
SELECT COALESCE(SUM(same), 0), COUNT(*) FROM (
    SELECT candidate.prediction = stable.prediction AS same
    FROM prediction AS candidate CROSS JOIN prediction AS stable USING (request_id, row)
    WHERE candidate.deployment = :deployment AND candidate.revision = :candidate
      AND candidate.sequence > :cursor
      AND stable.deployment = :deployment AND stable.revision = :stable
    UNION ALL
    SELECT candidate.prediction = stable.prediction
    FROM prediction AS stable CROSS JOIN prediction AS candidate USING (request_id, row)
    WHERE stable.deployment = :deployment AND stable.revision = :stable
      AND stable.sequence > :cursor
      AND candidate.deployment = :deployment AND candidate.revision = :candidate
      AND candidate.sequence <= :cursor
)
"""

PRESENT = "SELECT last, tick FROM present"
