"""What a family of tests must know, and what the families on one grid of alternatives share."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray, log_e
from sluice_operator.model import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one window changes in the evidence of one gate, and where the two tests stand then."""

    fields: Mapping[str, Any]
    """Fields of `Evidence` that get another value."""
    log_harm: float
    log_safe: float
    """Logarithms of the e-values now."""


class Family(Protocol):
    """Windows to evidence, and evidence to words; one per kind of metric and comparison."""

    def problem(self, test: Test, window: Window) -> str:
        """Why the window cannot be counted; empty when it can."""
        ...

    def samples(self, window: Window) -> int:
        """What the window adds to the samples."""
        ...

    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """One more window for each gate; all have the same test, and none has a problem."""
        ...

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Estimate and always-valid bounds from all counts so far."""
        ...

    def summary(self, test: Test, evidence: Evidence) -> str:
        """Counts and effect in words."""
        ...


class Mixture(ABC):
    """Families whose wealth stands on one grid: counts to log likelihoods.

    Shapes: counts: (batch, columns), columns as `counts` gives them; results: (batch, POINTS).
    """

    __slots__ = ()

    @abstractmethod
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """One row of counts."""

    @abstractmethod
    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Log factors of the harm mixture."""

    @abstractmethod
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Log factors of the safe mixture."""

    def mirror(self, test: Test, counts: FloatArray) -> FloatArray | None:
        """Log factors of the alternatives on the other side of harm's hypothesis, if kept."""
        return None

    @abstractmethod
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """The fields that count, with the window's counts on top."""

    def log_harm(self, harm: FloatArray, below: FloatArray | None) -> FloatArray:
        """Logarithm of the e-value of harm.

        Shapes: harm, below: (batch, POINTS); result: (batch,).
        """
        return log_e(harm)

    def log_safe(self, safe: FloatArray) -> FloatArray:
        """Logarithm of the e-value of safety.

        Shapes: safe: (batch, POINTS); result: (batch,).
        """
        return log_e(safe)

    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """See `Family`; a row has the same bits alone and among thousands."""
        counts = np.array([self.counts(test, window) for window in windows], dtype=np.float64)
        harm = np.array([one.harm for one in evidence]) + self.harm(test, counts)
        safe = np.array([one.safe for one in evidence]) + self.safe(test, counts)
        wealth = {"harm": rows(harm), "safe": rows(safe)}
        if (below := self.mirror(test, counts)) is not None:
            below = np.array([one.below for one in evidence]) + below
            wealth["below"] = rows(below)
        logs = (self.log_harm(harm, below).tolist(), self.log_safe(safe).tolist())
        moved = (dict(zip(wealth, row, strict=True)) for row in zip(*wealth.values(), strict=True))
        return [
            Change(
                fields=fields | self.sums(test, one, window), log_harm=log_harm, log_safe=log_safe
            )
            for fields, one, window, log_harm, log_safe in zip(
                moved, evidence, windows, *logs, strict=True
            )
        ]


def rows(batch: FloatArray) -> Iterable[tuple[float, ...]]:
    """Each row as evidence keeps it."""
    return map(tuple, batch.tolist())
