"""Sample ratio: does the candidate get the share of requests that it was given?

A share that differs says that requests are lost, repeated or routed by something that depends on
the answer; whatever is compared then is compared on different requests.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from sluice_operator.judge.arm import arm_sum, both_problem, metric_words
from sluice_operator.judge.coverage import weaker_half
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Mixture
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import DOWN, HALF, SPLIT_TILTS, FloatArray, tilted
from sluice_operator.judge.ratio import lower_bound, ratio_words
from sluice_operator.model import Arm, Window

_WHOLE = 100
_GRID: FloatArray = np.concatenate((SPLIT_TILTS[:HALF], [1.0], SPLIT_TILTS[HALF:]))


@dataclass(frozen=True, slots=True)
class SplitFamily(Mixture):
    """Counts: requests of stable, of the candidate, and the share that the candidate was given.

    A window whose share changed, or that has one revision alone, counts as seen and says nothing.
    """

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return both_problem(window)

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Mixture`."""
        stable, candidate = _arms(window)
        return (stable.total, candidate.total, (window.share or 0) / _WHOLE)

    def samples(self, window: Window) -> int:
        """See `Family`."""
        return _arms(window)[1].total

    @override
    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Odds above and below those of the share, against these."""
        return _against(counts, 1.0, SPLIT_TILTS)

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Odds below the margin against it, beside odds above its inverse against that."""
        under = _against(counts, test.margin, DOWN)
        over = _against(counts, 1.0 / test.margin, 1.0 / DOWN)
        return np.concatenate((under, over), axis=1)

    @override
    def log_safe(self, safe: FloatArray) -> FloatArray:
        """Both sides must be proven."""
        return weaker_half(safe)

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`."""
        stable, candidate = _arms(window)
        share = (window.share or 0) / _WHOLE
        more = (candidate.total * (1.0 - share), stable.total * share)
        return {
            "stable": arm_sum(evidence.stable, stable),
            "candidate": arm_sum(evidence.candidate, candidate),
            "strata": (evidence.strata[0] + more[0], evidence.strata[1] + more[1]),
        }

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """The candidate's odds over those of its share; the bounds are points of the grid."""
        above, under = evidence.strata
        curve = np.array((*evidence.harm[:HALF], 0.0, *evidence.harm[HALF:]))
        low = lower_bound(curve, _GRID, test.alpha_harm)
        high = lower_bound(curve[::-1], 1.0 / _GRID[::-1], test.alpha_safe)
        return Effect(
            est=above / under if under else None, lo=low, hi=None if high is None else 1.0 / high
        )

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        candidate, both = evidence.candidate.total, evidence.candidate.total + evidence.stable.total
        got = f"{candidate:,} of {both:,} to the candidate"
        odds = ratio_words(self.effect(test, evidence))
        return f"{metric_words(test.metric)}: {got}; odds over those wanted {odds}"


def _arms(window: Window) -> tuple[Arm, Arm]:
    """Requests of both; none where the share is not known or leaves out one of them."""
    assert window.stable
    assert window.candidate
    if window.share is None or not 0 < window.share < _WHOLE:
        return Arm(total=0, bad=0), Arm(total=0, bad=0)
    return window.stable, window.candidate


def _against(counts: FloatArray, odds: float, tilts: FloatArray) -> FloatArray:
    """Log factors of `odds * tilts` times the odds of the share, against `odds` times these."""
    stable, candidate, share = counts.T
    return tilted(candidate, candidate + stable, share * odds / (share * odds + 1 - share), tilts)
