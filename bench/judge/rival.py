"""Threshold checks as two rollout controllers document them; modelled, not run.

F-like: Flagger's success-rate metric: every minute, least 99 % over the last minute, 5 failed
checks in all; the limit is looked at before the metric, so the rollback comes one tick after the
fifth. A-like: Argo Rollouts' analysis: every minute, less than 95 % over the last minute fails,
more than `failureLimit` 3 failures abort at once.
"""

import numpy as np
from detection import Detection
from numpy.typing import NDArray
from traffic import LOOK_SECONDS

CHECK_SECONDS = 60
FLAGGER_RATE, FLAGGER_FAILURES = 0.01, 5
ARGO_RATE, ARGO_FAILURES = 0.05, 4
STRICT_ARGO_RATE, STRICT_ARGO_FAILURES = 0.01, 1


def flagger_like(totals: NDArray[np.float64], bad: NDArray[np.float64]) -> Detection:
    """Shapes: totals, bad: (runs, looks), of the candidate."""
    at = _failed_often(totals, bad, FLAGGER_RATE, FLAGGER_FAILURES) + CHECK_SECONDS
    return Detection(np.where(at <= totals.shape[1] * LOOK_SECONDS, at, np.inf))


def argo_like(totals: NDArray[np.float64], bad: NDArray[np.float64]) -> Detection:
    """Shapes: totals, bad: (runs, looks), of the candidate."""
    return Detection(_failed_often(totals, bad, ARGO_RATE, ARGO_FAILURES))


def strict_argo_like(totals: NDArray[np.float64], bad: NDArray[np.float64]) -> Detection:
    """The same at 99 % without a failure to spare.

    Shapes: totals, bad: (runs, looks), of the candidate.
    """
    return Detection(_failed_often(totals, bad, STRICT_ARGO_RATE, STRICT_ARGO_FAILURES))


def _failed_often(
    totals: NDArray[np.float64], bad: NDArray[np.float64], rate: float, failures: int
) -> NDArray[np.float64]:
    """Moment of the check that fails for the n-th time; infinite if there is none."""
    looks = CHECK_SECONDS // LOOK_SECONDS
    by_minute = (len(totals), -1, looks)
    failed = bad.reshape(by_minute).sum(-1) > rate * totals.reshape(by_minute).sum(-1)
    often = failed.cumsum(axis=1) >= failures
    moment = CHECK_SECONDS * (1.0 + often.argmax(axis=1))
    return np.where(often.any(axis=1), moment, np.inf)
