"""A Mann-Whitney judge as Kayenta documents it; modelled, not run.

Each minute of each revision gives one error rate. The difference is High when the lower end of the
98 % confidence interval of the shift between the two series lies above a quarter of the shift
that is estimated. A High critical metric fails the canary. Judged every five minutes on all
minutes so far, from the tenth on; Kayenta's guide asks for 50 points, which half an hour has not.

Source: Kayenta's NetflixACAJudge and MannWhitneyClassifier (tolerance 0.25, confidence 0.98);
interval by Hodges and Lehmann, with the normal approximation of the rank sum.
"""

import numpy as np
from detection import Detection
from numpy.typing import NDArray
from traffic import LOOK_SECONDS

FloatArray = NDArray[np.float64]

MINUTE = 60
FIRST, EVERY = 10, 5
"""Minutes."""
NORMAL_QUANTILE = 2.3263
"""99 % of a standard normal lie below: 1 % on either side."""
TOLERANCE = 0.25
BLOCK = 250
"""Runs at once: each needs all differences between two series."""


def mann_whitney_like(looks: list[FloatArray]) -> Detection:
    """When the canary fails.

    Shapes: looks: each (runs, 4), columns as those of `Traffic`.
    """
    per_minute = MINUTE // LOOK_SECONDS
    counts = np.stack(looks, axis=1)
    runs, all_looks, columns = counts.shape
    minutes = counts.reshape(runs, all_looks // per_minute, per_minute, columns).sum(axis=2)
    stable = minutes[..., 1] / np.maximum(minutes[..., 0], 1)
    candidate = minutes[..., 3] / np.maximum(minutes[..., 2], 1)
    blocks = range(0, runs, BLOCK)
    return Detection(
        np.concatenate([_failed(stable[b : b + BLOCK], candidate[b : b + BLOCK]) for b in blocks])
    )


def _failed(stable: FloatArray, candidate: FloatArray) -> FloatArray:
    at = np.full(len(stable), np.inf)
    for minute in range(FIRST, stable.shape[1] + 1, EVERY):
        high = _is_high(stable[:, :minute], candidate[:, :minute]) & np.isinf(at)
        at[high] = minute * MINUTE
    return at


def _is_high(stable: FloatArray, candidate: FloatArray) -> NDArray[np.bool_]:
    points = stable.shape[1]
    shifts = np.sort((candidate[:, :, None] - stable[:, None, :]).reshape(len(stable), -1), axis=1)
    spread = (points**2 * (2 * points + 1) / 12) ** 0.5
    rank = int(points**2 / 2 - NORMAL_QUANTILE * spread)
    estimate = np.median(shifts, axis=1)
    high: NDArray[np.bool_] = shifts[:, rank] > TOLERANCE * np.abs(estimate)
    return high
