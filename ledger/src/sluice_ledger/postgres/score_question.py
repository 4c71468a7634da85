"""The questions about scores: cut from those that commits have kept beside the counts of classes.

The edges go down and the scores are turned round with them, because the bins of `width_bucket`
hold their lower edge, and ours the upper one.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from sluice_ledger.records import Bins, Score, ScoreDeciles
from sluice_ledger.score import MOST_SCORES, deciles_of

SINCE = """
SELECT COALESCE(MAX(sequence) FILTER (WHERE reached >= :most), 0) FROM (
    SELECT sequence, SUM(answers) OVER (ORDER BY sequence DESC) AS reached FROM (
        SELECT sequence, answers FROM said
        WHERE deployment = :deployment AND revision = :revision
        ORDER BY sequence DESC LIMIT :most
    ) AS latest
) AS so_far
"""
"""The commit from which on there are enough answers: all of it, for it has no order."""
_LATEST = """
SELECT answers, {column} FROM said
WHERE deployment = :deployment AND revision = :revision AND sequence >= :since
"""
_BINNED = """
SELECT NULL, COALESCE(SUM(answers - cardinality({column})), 0) FROM said
WHERE deployment = :deployment AND revision = :revision AND sequence > :cursor
UNION ALL
SELECT width_bucket(-score, CAST(:falling AS double precision[])), COUNT(*)
FROM said CROSS JOIN LATERAL unnest({column}) AS given (score)
WHERE deployment = :deployment AND revision = :revision AND sequence > :cursor
GROUP BY 1
"""
"""How many edges are not below a score, or nothing for answers without one; and how often."""
_COLUMNS = {Score.NUMBER: "numbers", Score.CONFIDENCE: "confidences"}
LATEST = {score: _LATEST.format(column=column) for score, column in _COLUMNS.items()}
BINNED = {score: _BINNED.format(column=column) for score, column in _COLUMNS.items()}


def deciles(connection: Connection, deployment: str, revision: str, score: Score) -> ScoreDeciles:
    """See `Ledger.score_deciles`; the connection is in a transaction that sees one state."""
    asked: dict[str, Any] = {"deployment": deployment, "revision": revision}
    since = connection.execute(text(SINCE), {**asked, "most": MOST_SCORES}).scalar_one()
    rows = connection.execute(text(LATEST[score]), {**asked, "since": since}).all()
    scores = [one for _, some in rows for one in some]
    rest = sum(answers for answers, _ in rows) - len(scores)
    return ScoreDeciles(edges=deciles_of(scores), scores=len(scores), rest=rest)


def counted(
    connection: Connection, asked: Mapping[str, Any], bins: Bins
) -> tuple[tuple[int, ...], int]:
    """How many answers are in each bin, from below, and how many have no score."""
    falling = [-edge for edge in reversed(bins.edges)]
    rows = connection.execute(text(BINNED[bins.score]), {**asked, "falling": falling}).all()
    found = {place: int(often) for place, often in rows}
    places = range(len(bins.edges), -1, -1)
    return tuple(found.get(place, 0) for place in places), found[None]
