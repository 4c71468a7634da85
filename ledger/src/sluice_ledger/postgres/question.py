"""The questions that gates ask, as sums over what commits have counted after the cursor.

Each is answered from the last number and the sums after the cursor, in one snapshot. No question
touches a prediction or a label, and each walks one index.
"""

PRESENT = "SELECT last, tick FROM arrival"

NOTE_TIME = "UPDATE arrival SET tick = GREATEST(tick, :tick)"

PAIRS = """
SELECT COALESCE(SUM(worse), 0), COALESCE(SUM(same), 0), COALESCE(SUM(better), 0)
FROM paired
WHERE deployment = :deployment AND first = :first AND second = :second AND sequence > :cursor
"""

WAITING_PAIRS = """
SELECT COALESCE(SUM(pairs), 0) FROM waiting
WHERE deployment = :deployment AND first = :first AND second = :second
"""

ANSWERS = """
SELECT COALESCE(SUM(total), 0), COALESCE(SUM(wrong), 0) FROM arm
WHERE deployment = :deployment AND revision = :revision AND sequence > :cursor
"""

KPI = """
SELECT COALESCE(SUM(count), 0), COALESCE(SUM(total), 0), COALESCE(SUM(squares), 0) FROM kpi
WHERE deployment = :deployment AND revision = :revision AND name = :name AND sequence > :cursor
"""

COHORT = """
SELECT (
    SELECT COALESCE(SUM(answers), 0) FROM cohort
    WHERE deployment = :deployment AND revision = :revision
      AND tick > :cursor AND tick <= :horizon
), COALESCE(SUM(answers), 0), COALESCE(SUM(wrong), 0)
FROM labelled
WHERE deployment = :deployment AND revision = :revision
  AND tick > :cursor AND tick <= :horizon AND known <= tick + :age
"""

WORTH = """
WITH cut AS (
    SELECT LEAST(GREATEST(before, :lowest), :highest) AS before,
           LEAST(GREATEST(after, :lowest), :highest) AS after
    FROM worth
    WHERE deployment = :deployment AND revision = :revision AND name = :name
      AND tick > :cursor AND tick <= :horizon AND known <= tick + :age
)
SELECT (
    SELECT COALESCE(SUM(answers), 0) FROM cohort
    WHERE deployment = :deployment AND revision = :revision
      AND tick > :cursor AND tick <= :horizon
), COALESCE(SUM(after - before), 0), COALESCE(SUM(after * after - before * before), 0)
FROM cut
"""
"""Each answer's sum goes from nothing to what it was at last, so the ticks add up to that."""

CLASSES = """
SELECT prediction, SUM(answers) AS often FROM said
WHERE deployment = :deployment AND revision = :revision AND sequence > :cursor
GROUP BY prediction ORDER BY prediction IS NULL, often DESC, prediction
"""

AGREEMENT = """
SELECT COALESCE(SUM(same), 0), COALESCE(SUM(different), 0)
FROM agreed
WHERE deployment = :deployment AND first = :first AND second = :second AND sequence > :cursor
"""

CONFLICTS = """
SELECT COUNT(*) FILTER (WHERE kind = 'prediction'), COUNT(*) FILTER (WHERE kind = 'label'),
       COUNT(*) FILTER (WHERE kind = 'event')
FROM conflict
"""
