"""The questions that gates ask, as sums over what commits have counted after the cursor.

Each is answered from the last number and the sums after the cursor, in one snapshot. No question
touches a prediction or a label, and each walks one index.
"""

LAST_ARRIVAL = "SELECT last FROM arrival"

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

CONFLICTS = """
SELECT COUNT(*) FILTER (WHERE kind = 'prediction'), COUNT(*) FILTER (WHERE kind = 'label'),
       COUNT(*) FILTER (WHERE kind = 'event')
FROM conflict
"""
