"""Simulated canary traffic: counts of both revisions, look by look, for many rollouts at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LOOK_SECONDS = 5
LOOKS = 360
"""30 minutes."""
STABLE_PER_CANDIDATE = 9
"""10 % canary."""
BASE_RATE = 0.005
SWING = 0.5
"""A day's load and errors go up and down by a half, squeezed into the half hour."""
INCIDENT_FACTOR = 10
INCIDENT_LOOKS = 24
"""Two minutes in which both revisions fail ten times as often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One kind of rollout."""

    candidate_per_second: float
    ratio: float = 1.0
    """Error rate of the candidate over that of stable, from `onset` on; before it is 1."""
    onset: int = 0
    """Looks in which the candidate is still healthy."""
    uneven: bool = False
    """Daily load and one incident at a random moment, both shared by the two revisions."""

    def looks(self, runs: int, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Counts of each look: stable total, stable bad, candidate total, candidate bad.

        Shapes: each item: (runs, 4).
        """
        incident = rng.integers(0, LOOKS - INCIDENT_LOOKS, runs)
        for look in range(LOOKS):
            load, rate = self._level(look, incident)
            expected = self.candidate_per_second * LOOK_SECONDS * load
            stable = rng.poisson(expected * STABLE_PER_CANDIDATE, runs)
            candidate = rng.poisson(expected, runs)
            stable_bad = rng.binomial(stable, rate)
            ratio = self.ratio if look >= self.onset else 1.0
            bad = rng.binomial(candidate, np.minimum(rate * ratio, 1.0))
            yield np.stack((stable, stable_bad, candidate, bad), axis=1).astype(np.float64)

    def _level(self, look: int, incident: NDArray[np.int64]) -> tuple[float, FloatArray]:
        """Load of the moment, and the error rate that stable has in each run."""
        if not self.uneven:
            return 1.0, np.full(len(incident), BASE_RATE)
        load = 1.0 + SWING * float(np.sin(2 * np.pi * look / LOOKS))
        hit = (incident <= look) & (look < incident + INCIDENT_LOOKS)
        return load, BASE_RATE * load * np.where(hit, INCIDENT_FACTOR, 1)
