"""Absolute tests: is the candidate's bad rate above or below a constant?

Nothing is compared, so an incident that hits everything counts against the candidate, too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from sluice_operator.judge.arm import (
    arm_problem,
    arm_sum,
    arm_words,
    coverage_problem,
    metric_words,
)
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Mixture
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import (
    HARM_TILTS,
    SAFE_TILTS,
    BoolArray,
    FloatArray,
    log_e,
    proven,
    tilted,
)
from sluice_operator.judge.search import last_rejected
from sluice_operator.model import Arm, Window

_FARTHEST_LOGIT = 16.0
"""Rates are searched between one in nine million and its complement."""


@dataclass(frozen=True, slots=True)
class RateFamily(Mixture):
    """Counts: candidate total, candidate bad."""

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        problem = arm_problem("candidate", window.candidate)
        return problem or coverage_problem(test.min_coverage, window)

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Family`."""
        assert window.candidate
        return (window.candidate.total, window.candidate.bad)

    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.candidate
        return window.candidate.total

    @override
    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Rates above the margin against the margin."""
        total, bad = counts.T
        return tilted(bad, total, np.array([test.margin]), HARM_TILTS)

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Rates below the margin against the margin."""
        total, bad = counts.T
        return tilted(bad, total, np.array([test.margin]), SAFE_TILTS)

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`."""
        return {"candidate": arm_sum(evidence.candidate, window.candidate)}

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Rate of bad requests; the bounds are exactly where the two tests would stop to reject."""
        return rate_effect(test, evidence.candidate)

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        what = metric_words(test.metric)
        arm = arm_words(evidence.candidate)
        rate = rate_words(self.effect(test, evidence))
        return f"{what}: {arm}; rate {rate}, limit {test.margin:.3g}"


def rate_effect(test: Test, arm: Arm) -> Effect:
    """Rate with the bounds at which the tests of its side stop to reject."""
    if not arm.total:
        return Effect()
    return Effect(
        est=arm.bad / arm.total,
        lo=_bound(arm, HARM_TILTS, test.alpha_harm, -_FARTHEST_LOGIT),
        hi=_bound(arm, SAFE_TILTS, test.alpha_safe, _FARTHEST_LOGIT),
    )


def _bound(arm: Arm, tilts: FloatArray, alpha: float, outer: float) -> float | None:
    """The rate nearest to the observed one that the tilts reject, searched from `outer`."""

    def rejected(logits: FloatArray) -> BoolArray:
        rates = 1.0 / (1.0 + np.exp(-logits))
        bad, total = np.full_like(rates, arm.bad), np.full_like(rates, arm.total)
        return proven(log_e(tilted(bad, total, rates, tilts)), alpha)

    found = last_rejected(rejected, outer, _logit(arm.bad / arm.total))
    return None if found is None else float(1.0 / (1.0 + np.exp(-found)))


def _logit(rate: float) -> float:
    if rate in {0.0, 1.0}:
        return _FARTHEST_LOGIT if rate else -_FARTHEST_LOGIT
    return float(np.log(rate / (1.0 - rate)))


def rate_words(effect: Effect) -> str:
    """A rate with its bounds, as people write it."""
    if effect.est is None:
        return "unknown"
    lo = "0" if effect.lo is None else f"{effect.lo:.3g}"
    hi = "1" if effect.hi is None else f"{effect.hi:.3g}"
    return f"{effect.est:.3g} [{lo}, {hi}]"
