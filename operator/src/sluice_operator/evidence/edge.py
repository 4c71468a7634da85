"""Which edges of buckets tell most of a revision's slow answers, when a gate names none. Pure."""

import math
from collections.abc import Mapping

from sluice_operator.errors import WorldError

SLOW_SHARE = 0.01
"""The main edge is the one that about so many of stable's answers exceed: its 99th percentile."""
MOST_EDGES = 5
_HALF = 0.5
"""An edge that no answer exceeds counts as exceeded by half an answer."""


def edges_near_p99(fast: Mapping[float, float]) -> tuple[float, ...]:
    """The edge nearest to the 99th percentile, then up to four neighbours, nearest first.

    Near is meant as a ratio of shares: an edge that 2 % exceed is as near as one that 0.5 % do.

    Args:
        fast: How many answers were not slower than each edge; that of infinity is all of them.

    Raises:
        WorldError: There are no answers, or no edges.
    """
    total = fast.get(math.inf, 0.0)
    edges = sorted(edge for edge in fast if math.isfinite(edge))
    if total <= 0 or not edges:
        raise WorldError(
            "there are no answers of stable by whose times an edge could be chosen; wait for some,"
            " or give the gate a threshold"
        )
    main = min(range(len(edges)), key=lambda place: (_distance(fast[edges[place]], total), place))
    order = sorted(range(len(edges)), key=lambda place: (abs(place - main), place))
    return tuple(edges[place] for place in order[:MOST_EDGES])


def edge_of(text: str) -> float:
    """An edge as a label writes it.

    Raises:
        WorldError: It is none.
    """
    try:
        return float(text)
    except ValueError:
        raise WorldError(f"a bucket ends at {text!r}, which is no number") from None


def _distance(fast: float, total: float) -> float:
    return abs(math.log(max(total - fast, _HALF) / total / SLOW_SHARE))
