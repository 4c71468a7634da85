"""Simulated canary traffic: counts of both revisions, look by look, for many rollouts at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

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
MEMORY = 0.9
UNREST = 1.0
"""Autocorrelated errors: their level is lognormal with this deviation, and remembers so much of
the look before."""
STUBBORN = 0.8
RETRIES = 2
"""A failed request is tried again so often, and fails again with this chance on any revision."""

FLAT, DAILY, INCIDENT, UNEVEN, UNRESTFUL, RETRIED = WEATHERS = (
    "flat",
    "daily cycle",
    "global incident",
    "daily cycle and incident",
    "autocorrelated errors",
    "retries",
)
"""What both revisions go through alike; a retry is dealt to a revision like any request."""
OWN_BURSTS, PINNED_RETRIES = STORMS = ("bursts of one revision", "retries on the same revision")
"""What the test is not made for: its requests depend on each other within a revision."""
BURST = 10
"""Requests that fail together in a burst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One kind of rollout."""

    candidate_per_second: float
    ratio: float = 1.0
    """Error rate of the candidate over that of stable, from `onset` on; before it is 1."""
    onset: int = 0
    """Looks in which the candidate is still healthy."""
    weather: str = FLAT
    base: float = BASE_RATE
    """Error rate of stable in fine weather."""

    def looks(self, runs: int, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Counts of each look: stable total, stable bad, candidate total, candidate bad.

        Shapes: each item: (runs, 4).
        """
        sky = Sky(weather=self.weather, runs=runs, rng=rng)
        for look in range(LOOKS):
            load, level = sky.level(look)
            rate = np.minimum(self.base * level, 1.0)
            expected = self.candidate_per_second * LOOK_SECONDS * load
            ratio = self.ratio if look >= self.onset else 1.0
            totals = (
                rng.poisson(expected * STABLE_PER_CANDIDATE, runs),
                rng.poisson(expected, runs),
            )
            rates = (rate, np.minimum(rate * ratio, 1.0))
            counted = [self._arm(total, one, rng) for total, one in zip(totals, rates, strict=True)]
            if self.weather == RETRIED:
                counted = dealt_again(counted, rng)
            yield np.stack([column for arm in counted for column in arm], axis=1).astype(np.float64)

    def _arm(
        self, total: IntArray, rate: FloatArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray]:
        """Requests and bad ones of one revision."""
        if self.weather == OWN_BURSTS:
            bad = BURST * rng.poisson(total * rate / BURST)
            return np.maximum(total, bad), bad
        bad = rng.binomial(total, rate)
        if self.weather != PINNED_RETRIES:
            return total, bad
        again = bad
        for _ in range(RETRIES):
            failed = rng.binomial(again, STUBBORN)
            total, bad, again = total + again, bad + failed, failed
        return total, bad


def dealt_again(
    arms: list[tuple[IntArray, IntArray]], rng: np.random.Generator
) -> list[tuple[IntArray, IntArray]]:
    """Requests with the retries of the failed ones, each dealt like a new request."""
    (stable, stable_bad), (candidate, bad) = arms
    again = stable_bad + bad
    for _ in range(RETRIES):
        mine = rng.binomial(again, 1 / (1 + STABLE_PER_CANDIDATE))
        failed = (rng.binomial(again - mine, STUBBORN), rng.binomial(mine, STUBBORN))
        stable, candidate = stable + again - mine, candidate + mine
        stable_bad, bad = stable_bad + failed[0], bad + failed[1]
        again = failed[0] + failed[1]
    return [(stable, stable_bad), (candidate, bad)]


def ratio_of_requests(of_attempts: float) -> float:
    """How much more often a candidate fails *requests*, if its attempts fail so much more often.

    A failed request of either is `more` failed attempts, which are dealt to both: per request of
    its own, each revision fails as many of them. So r + m is `of_attempts` times 1 + m, where
    m = more (1 - share + share r).
    """
    more = sum(STUBBORN**again for again in range(1, RETRIES + 1))
    share = 1 / (1 + STABLE_PER_CANDIDATE)
    shared = (of_attempts - 1) * more
    return (of_attempts + shared * (1 - share)) / (1 - shared * share)


@dataclass(slots=True, kw_only=True)
class Sky:
    """Load and level of errors that both revisions share, from look to look."""

    weather: str
    runs: int
    rng: np.random.Generator
    _incident: IntArray = field(init=False)
    _unrest: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """When the incident begins, and how restless the beginning is."""
        self._incident = self.rng.integers(0, LOOKS - INCIDENT_LOOKS, self.runs)
        self._unrest = self.rng.normal(0.0, 1.0, self.runs)

    def level(self, look: int) -> tuple[float, FloatArray]:
        """Load of the moment, and the error rate of each run over its base.

        Shapes: level: (runs,).
        """
        load, level = 1.0, np.ones(self.runs)
        if self.weather in {DAILY, UNEVEN}:
            load = 1.0 + SWING * float(np.sin(2 * np.pi * look / LOOKS))
            level *= load
        if self.weather in {INCIDENT, UNEVEN}:
            hit = (self._incident <= look) & (look < self._incident + INCIDENT_LOOKS)
            level *= np.where(hit, INCIDENT_FACTOR, 1)
        if self.weather == UNRESTFUL:
            fresh = self.rng.normal(0.0, (1 - MEMORY**2) ** 0.5, self.runs)
            self._unrest = MEMORY * self._unrest + fresh
            level *= np.exp(UNREST * self._unrest - UNREST**2 / 2)
        return load, level
