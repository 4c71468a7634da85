"""The arithmetic of the tests, on arrays with a leading batch axis; one gate is a batch of one.

Wealth is kept as its logarithm, one number for each alternative; the e-value is its plain mean.
No sum here runs across the batch, and none through BLAS, so that a row has the same bits alone
and among thousands.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

POINTS = 64
"""Alternatives in each mixture."""
GREATEST_E = 1e300
"""E-values are shown up to here, so that they stay plain JSON numbers."""

_STEPS = np.arange(POINTS, dtype=np.float64) / POINTS
HARM_TILTS: FloatArray = 50.0 ** (_STEPS + 1 / POINTS)
"""Odds of harm over those of its hypothesis: (1, 50], even on a log scale."""
SAFE_TILTS: FloatArray = 0.2 ** (1.0 - _STEPS)
"""Odds of safety over those of its hypothesis: [0.2, 1), even on a log scale."""
BETS: FloatArray = np.linspace(0.01**0.5, 0.8**0.5, POINTS) ** 2
"""Stakes on the next pair, 0.01 to 0.8; even in the square root, which is close to the best grid
for both rare (5 %) and common (20 %) disagreement; see `docs/statistics.md`."""
COARSE = 16
"""Alternatives of each layer of a gate that keeps many: classes, bins, edges."""
HALF = POINTS // 2
"""Alternatives on each side of a two-sided mixture."""


def _from_one(farthest: float, points: int) -> FloatArray:
    """From next to 1 up or down to `farthest`, even in the root of the logarithm.

    Close to 1 the steps are small, for there a small difference must not fall between two points.
    """
    grid: FloatArray = farthest ** ((np.arange(points, dtype=np.float64) + 1.0) / points) ** 2
    return grid


COARSE_UP: FloatArray = _from_one(20.0, COARSE)
COARSE_DOWN: FloatArray = _from_one(0.2, COARSE)
DOWN: FloatArray = _from_one(0.2, HALF)
"""One side of a two-sided proof of safety; the other has their inverses."""
SPLIT_TILTS: FloatArray = np.concatenate((1 / _from_one(2.5, HALF)[::-1], _from_one(2.5, HALF)))
"""Odds of the candidate's share over those that were wanted: 12 % for 10 % is 1.23."""


def tilted(
    successes: FloatArray, trials: FloatArray, share: FloatArray, tilts: FloatArray
) -> FloatArray:
    """Log likelihood ratio of success odds `tilts` times those of `share`, against `share`.

    Shapes: successes, trials: (batch,); share: (batch,) or (1,); tilts: (points,); result:
    (batch, points).
    """
    per_trial = np.log1p(share[:, None] * (tilts - 1.0))
    return successes[:, None] * np.log(tilts) - trials[:, None] * per_trial


def betted(
    losses: FloatArray, draws: FloatArray, gains: FloatArray, mean: FloatArray
) -> FloatArray:
    """Log wealth of betting that results of -1, 0 and 1 have more than this mean.

    A stake shrinks with a positive mean, so that no single result can cost all.

    Shapes: losses, draws, gains: (batch,); mean: (batch,) or (1,); result: (batch, points).
    Source: Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting, 2023.
    """
    stakes = BETS / (1.0 + np.maximum(mean, 0.0))[:, None]
    return (
        losses[:, None] * np.log1p(stakes * (-1.0 - mean[:, None]))
        + draws[:, None] * np.log1p(stakes * -mean[:, None])
        + gains[:, None] * np.log1p(stakes * (1.0 - mean[:, None]))
    )


def log_e(log_wealth: FloatArray) -> FloatArray:
    """Logarithm of the mean wealth; does not overflow.

    Shapes: log_wealth: (batch, points); result: (batch,).
    """
    top = log_wealth.max(axis=-1, keepdims=True)
    relative: FloatArray = np.add.reduce(np.exp(log_wealth - top), axis=-1)
    total: FloatArray = top[:, 0] + np.log(relative / log_wealth.shape[-1])
    return total


def log_mean(logs: FloatArray, places: int) -> float:
    """Logarithm of the mean of e-values in a fixed number of places; empty ones hold 1.

    The number must not depend on what was seen, else the mean of e-values is none.

    Shapes: logs: any.
    """
    padded = np.zeros((1, places))
    padded[0, : logs.size] = logs.ravel()
    return float(log_e(padded)[0])


def proven(log_e_values: FloatArray, alpha: float) -> BoolArray:
    """Whether an e-value has reached 1/alpha.

    Source: Ville's inequality: under the hypothesis this ever happens with chance alpha at most.
    """
    reached: BoolArray = log_e_values >= -np.log(alpha)
    return reached
