"""When each simulated run was first decided."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sluice_operator.judge.mixture import FloatArray, log_e, proven


@dataclass(frozen=True, slots=True)
class Detection:
    """First moment of the decision in each run; infinite where it never came."""

    at: FloatArray

    @property
    def found(self) -> float:
        """Share of the runs that were decided."""
        return float(np.isfinite(self.at).mean())

    def quantile(self, share: float) -> float | None:
        """Moment by which that share of *all* runs was decided; None if fewer ever were."""
        value = float(np.quantile(self.at, share, method="inverted_cdf"))
        return value if np.isfinite(value) else None

    def record(self) -> dict[str, float | None]:
        """As JSON."""
        return {"found": self.found, "median": self.quantile(0.5), "p95": self.quantile(0.95)}


def first_proof(
    looks: Iterator[FloatArray], factors: Callable[[FloatArray], FloatArray], alpha: float
) -> Detection:
    """The number of the look, from 1, at which one side of a test was first proven in each run.

    Shapes: each look: (runs, columns); factors: to (runs, points).
    """
    wealth = factors(next(looks))
    first = np.where(proven(log_e(wealth), alpha), 1.0, np.inf)
    for number, counts in enumerate(looks, start=2):
        wealth += factors(counts)
        hit = proven(log_e(wealth), alpha) & np.isinf(first)
        first[hit] = number
    return Detection(first)
