"""Many rollouts of one gate at once: the arithmetic of the judge on a batch.

Gates that keep many layers are laid flat here, which `tests/unit/bench` holds against the very
function that a rollout calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from detection import Detection
from sluice_operator.judge.family import Mixture
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import (
    COARSE,
    COARSE_DOWN,
    COARSE_UP,
    POINTS,
    FloatArray,
    log_e,
)
from sluice_operator.judge.ratio import RatioFamily, ratio_factors
from sluice_operator.judge.slot import PLACES

RATIO = RatioFamily()


@dataclass(slots=True)
class MixtureFleet:
    """Gates of a family with one grid."""

    family: Mixture
    test: Test
    runs: int
    _harm: FloatArray = field(init=False)
    _below: FloatArray = field(init=False)
    _safe: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is known."""
        self._harm, self._below, self._safe = (np.zeros((self.runs, POINTS)) for _ in range(3))

    def add(self, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Logarithms of both e-values after one more window.

        Shapes: counts: (runs, columns); results: (runs,).
        """
        self._harm += self.family.harm(self.test, counts)
        self._safe += self.family.safe(self.test, counts)
        below = self.family.mirror(self.test, counts)
        if below is not None:
            self._below += below
            below = self._below
        return self.family.log_harm(self._harm, below), self.family.log_safe(self._safe)


@dataclass(slots=True)
class EdgeFleet:
    """Gates of latency at several edges, the main one first."""

    test: Test
    runs: int
    edges: int
    _main: MixtureFleet = field(init=False)
    _others: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is known."""
        self._main = MixtureFleet(RATIO, self.test, self.runs)
        self._others = np.zeros((self.runs * (self.edges - 1), COARSE))

    def add(self, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Logarithms of both e-values after one more window.

        Shapes: counts: (runs, edges, 4); results: (runs,).
        """
        harm, safe = self._main.add(counts[:, 0])
        self._others += ratio_factors(counts[:, 1:].reshape(-1, 4), 1.0, COARSE_UP)
        others = log_e(self._others).reshape(self.runs, -1)
        return log_e(np.concatenate((harm[:, None], others), axis=1)), safe


@dataclass(slots=True)
class ShiftFleet:
    """Gates of predictions in classes that are all frequent, and known from the beginning."""

    test: Test
    runs: int
    classes: int
    _harm: FloatArray = field(init=False)
    _safe: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is known."""
        self._harm, self._safe = (np.zeros((2, self.runs * self.classes, COARSE)) for _ in "ab")

    def add(self, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Logarithms of both e-values after one more window.

        Shapes: counts: (runs, classes, 4); results: (runs,).
        """
        flat = counts.reshape(-1, 4)
        for direction, columns in enumerate(((0, 1, 2, 3), (2, 3, 0, 1))):
            mine = flat[:, columns]
            self._harm[direction] += ratio_factors(mine, self.test.margin, COARSE_UP)
            self._safe[direction] += ratio_factors(mine, self.test.margin, COARSE_DOWN)
        harm = np.zeros((self.runs, 2 * PLACES))
        harm[:, : 2 * self.classes] = self._logs(self._harm)
        return log_e(harm), self._logs(self._safe).min(axis=1)

    def _logs(self, wealth: FloatArray) -> FloatArray:
        """Shapes: (runs, directions * classes)."""
        each = [log_e(one).reshape(self.runs, self.classes) for one in wealth]
        return np.concatenate(each, axis=1)


Fleet = MixtureFleet | EdgeFleet | ShiftFleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """When each run of a gate was first decided, in looks from 1."""

    harm: Detection
    safe: Detection


def first_verdicts(fleet: Fleet, looks: Iterator[FloatArray]) -> Judged:
    """Both verdicts of each run, each as if the other were not asked."""
    harm, safe = np.full(fleet.runs, np.inf), np.full(fleet.runs, np.inf)
    limits = (-np.log(fleet.test.alpha_harm), -np.log(fleet.test.alpha_safe))
    for number, counts in enumerate(looks, start=1):
        for first, log, limit in zip((harm, safe), fleet.add(counts), limits, strict=True):
            first[(log >= limit) & np.isinf(first)] = number
    return Judged(harm=Detection(harm), safe=Detection(safe))
