"""Scores of answers: numbers that can be put in order, and the bins in which they are counted.

A bin holds its upper edge and not its lower one: `below < score <= edge`. All forms of the ledger
take edges from here, so that equal answers give equal bins.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite

MOST_SCORES = 10_000
"""Latest answers of which deciles are taken; PostgreSQL takes all of the commit with the first."""
MOST_EDGES = 32
"""Of one question."""


def score_in(value: str | float | None) -> float | None:
    """The number that it is; None for a class, for nothing, and for what is not finite."""
    try:
        score = None if value is None else float(value)
    except ValueError:
        return None
    return score if score is not None and isfinite(score) else None


def deciles_of(scores: Sequence[float]) -> tuple[float, ...]:
    """At most nine edges, rising: the least scores with a tenth, two tenths, … up to them.

    Equal ones are one. The greatest score is no edge, for nothing would be over it; the next lower
    one takes its place. So scores that are all equal have no edge.
    """
    ordered = sorted(scores)
    lower = ordered[: bisect_left(ordered, ordered[-1])] if ordered else []
    if not lower:
        return ()
    tenths = (ordered[-(-tenth * len(ordered) // 10) - 1] for tenth in range(1, 10))
    return tuple(sorted({min(edge, lower[-1]) for edge in tenths}))


def binned(scores: Iterable[float | None], edges: Sequence[float]) -> tuple[tuple[int, ...], int]:
    """How many are in each bin, from below, and how many are no scores."""
    places = Counter(None if one is None else bisect_left(edges, one) for one in scores)
    return tuple(places[place] for place in range(len(edges) + 1)), places[None]
