"""Mean worth of an answer where it has bounds: the test of ratios, on sums of worth.

A worth between 0 and 1 is no more surprising than a bad request with that chance, so sums of worth
may stand where the test has counts of bad requests. Roles are swapped, for less worth is harm: the
ratio is stable's mean over the candidate's.

Source: exp is convex, so E[exp(t y)] <= 1 + E[y] (exp(t) - 1) for y in [0, 1] (Hoeffding 1963).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import SAFE_TILTS, FloatArray
from sluice_operator.judge.ratio import RatioFamily, ratio_effect, ratio_factors, strata_sum
from sluice_operator.judge.worth import moments_sum, worth_problem, worth_words
from sluice_operator.model import Moments, Window

_ROUNDING = 1e-9
"""Of a sum of floats, as a share of what it can be at most."""


@dataclass(frozen=True, slots=True)
class BoundedFamily(RatioFamily):
    """Counts: candidate's answers, their worth as parts of the range, and the same of stable."""

    @override
    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        if problem := worth_problem(window):
            return problem
        assert window.worth
        for who, moments in zip(("stable", "candidate"), window.worth, strict=True):
            part = _parts(test, moments)
            if not -_ROUNDING <= part / max(moments.count, 1) <= 1 + _ROUNDING:
                return f"impossible worth of {who}: {moments.total:g} in {moments.count:,} answers"
        return ""

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Mixture`."""
        assert window.worth
        stable, candidate = window.worth
        return (
            *(candidate.count, max(_parts(test, candidate), 0.0)),
            *(stable.count, max(_parts(test, stable), 0.0)),
        )

    @override
    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.worth
        return window.worth[1].count

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Ratios below the margin against it, less what negative worth may hide."""
        factors = ratio_factors(counts, test.margin, SAFE_TILTS)
        floor, size = _range(test)
        if floor == 0:
            return factors
        one_of_stable = counts * (1.0, 0.0, 1.0, 0.0) + (0.0, 0.0, 0.0, 1.0)
        win = np.exp(ratio_factors(one_of_stable, test.margin, SAFE_TILTS))
        hidden: FloatArray = counts[:, 2:3] * (1.0 - win) * ((test.margin - 1.0) * floor / size)
        return factors + hidden

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`."""
        assert window.worth
        return {
            "worth": moments_sum(evidence.worth, window.worth),
            "strata": strata_sum(evidence.strata, self.counts(test, window)),
        }

    @override
    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Candidate's mean over stable's, both less the lowest worth if that is negative."""
        swapped = ratio_effect(test, evidence)
        return Effect(est=_inverse(swapped.est), lo=_inverse(swapped.hi), hi=_inverse(swapped.lo))

    @override
    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        return worth_words(test, evidence, self.effect(test, evidence))


def _range(test: Test) -> tuple[float, float]:
    """The least worth, which is 0 unless it can be negative, and how far it is to the greatest."""
    assert test.lowest is not None
    assert test.highest is not None
    floor = min(test.lowest, 0.0)
    return floor, test.highest - floor


def _parts(test: Test, moments: Moments) -> float:
    floor, size = _range(test)
    return (moments.total - moments.count * floor) / size


def _inverse(value: float | None) -> float | None:
    return 1.0 / value if value else None
