"""What a family of tests must know; one per comparison."""

from typing import Protocol

from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.model import Window


class Family(Protocol):
    """Counts to log likelihoods, and to words.

    Shapes: counts: (batch, columns), columns as `counts` gives them; results: (batch, POINTS).
    """

    def problem(self, window: Window) -> str:
        """Why the window cannot be counted; empty when it can."""
        ...

    def counts(self, window: Window) -> tuple[int, ...]:
        """One row of counts."""
        ...

    def samples(self, window: Window) -> int:
        """What the window adds to the samples."""
        ...

    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Log factors of the harm mixture."""
        ...

    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Log factors of the safe mixture."""
        ...

    def added(self, evidence: Evidence, window: Window) -> Evidence:
        """The evidence with the window's counts on top; wealth and verdict as they were."""
        ...

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Estimate and always-valid bounds from all counts so far."""
        ...

    def summary(self, test: Test, evidence: Evidence) -> str:
        """Counts and effect in words."""
        ...
