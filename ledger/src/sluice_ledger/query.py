"""The questions that gates ask of the SQLite ledger, as SQL.

Every question is answered by arrivals after the cursor: what completed a pair is its last arrival,
be it the stable answer, the candidate's or the label. So the answer is the sum of one branch per
kind of last arrival, and each branch walks an index from the cursor on. The first look walks the
candidate's answers alone: before them there were no pairs.
"""

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

LAST_ARRIVAL = "SELECT last FROM arrival"
