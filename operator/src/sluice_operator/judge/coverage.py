"""Label coverage: does the candidate change which answers get a label?

More unlabelled answers than stable's are harm, and so are fewer: either way accuracy is counted on
other requests. Both sides have one half of the bets.
"""

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from sluice_operator.judge.arm import unlabelled
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import DOWN, HALF, FloatArray, log_e
from sluice_operator.judge.ratio import RatioFamily, ratio_factors
from sluice_operator.model import Arm, Window


@dataclass(frozen=True, slots=True)
class CoverageFamily(RatioFamily):
    """Counts: as those of ratios, of matured answers and of those without a label."""

    @override
    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        if window.coverage is None:
            return "no counts of matured answers"
        for who, cohort in zip(("stable", "candidate"), window.coverage, strict=True):
            if not 0 <= cohort.labelled <= cohort.matured:
                counts = f"{cohort.labelled} labelled of {cohort.matured}"
                return f"impossible counts of {who}: {counts}"
        return ""

    @override
    def arms(self, window: Window) -> tuple[Arm, Arm]:
        """What is compared: of stable, of the candidate."""
        assert window.coverage
        stable, candidate = window.coverage
        return unlabelled(stable), unlabelled(candidate)

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Ratios below the margin against it, beside ratios above its inverse against that."""
        under = ratio_factors(counts, test.margin, DOWN)
        over = ratio_factors(counts, 1.0 / test.margin, 1.0 / DOWN)
        return np.concatenate((under, over), axis=1)

    @override
    def log_harm(self, harm: FloatArray, below: FloatArray | None) -> FloatArray:
        """The mean over ratios above 1 and below."""
        assert below is not None
        return log_e(np.concatenate((harm, below), axis=1))

    @override
    def log_safe(self, safe: FloatArray) -> FloatArray:
        """Both sides must be proven."""
        return weaker_half(safe)


def weaker_half(wealth: FloatArray) -> FloatArray:
    """Logarithm of the lesser of two e-values, each on one half of the grid.

    Source: intersection-union test: a hypothesis that one of two things is wrong is rejected when
    both are rejected, and each keeps its whole alpha (Berger 1982).
    """
    one, other = log_e(wealth[:, :HALF]), log_e(wealth[:, HALF:])
    weaker: FloatArray = np.minimum(one, other)
    return weaker
