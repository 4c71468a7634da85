"""Metrics of an order: rows sorted once, then measured as often as a bootstrap asks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Rows by falling score.

    Shapes:
        order, positive: (rows,)
        ends: (distinct scores,) position of the last row of each score
        scores: (distinct scores,)
    """

    order: NDArray[np.int64]
    positive: NDArray[np.bool_]
    ends: NDArray[np.int64]
    scores: Numbers


def ranked(score: Numbers, positive: NDArray[np.bool_]) -> Ranked:
    """The rows in order; rows of equal score stand together."""
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    ends = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    return Ranked(order=order, positive=positive[order], ends=ends, scores=falling[ends])


def counts_above(rows: Ranked, weights: Numbers | None) -> tuple[Numbers, Numbers]:
    """Positives and negatives at or above each distinct score, beginning with none above all."""
    each = np.ones(len(rows.order)) if weights is None else weights[rows.order]
    hits = np.cumsum(each * rows.positive)[rows.ends]
    alarms = np.cumsum(each * ~rows.positive)[rows.ends]
    return np.append(0.0, hits), np.append(0.0, alarms)


def area_under_roc(rows: Ranked, weights: Numbers | None) -> float:
    """Probability that a positive row stands above a negative one, ties counted half."""
    hits, alarms = counts_above(rows, weights)
    return float(np.trapezoid(hits, alarms) / max(hits[-1] * alarms[-1], 1e-300))


def average_precision(rows: Ranked, weights: Numbers | None) -> float:
    """Precision at each score, weighted by the recall that it adds.

    Source: the definition of scikit-learn's `average_precision_score`.
    """
    hits, alarms = counts_above(rows, weights)
    precision = hits[1:] / np.maximum(hits[1:] + alarms[1:], 1e-300)
    return float((np.diff(hits) * precision).sum() / max(hits[-1], 1e-300))
