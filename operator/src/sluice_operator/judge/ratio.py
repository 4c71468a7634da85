"""Relative tests: is the candidate's bad rate a multiple of stable's, at the same time?

Given how many requests each revision answered in a window, a bad one is the candidate's with odds
`ratio * candidate total / stable total`, whatever the level that both share: daily load and
incidents that hit both cancel. A window without bad requests therefore says nothing about the
ratio, and neither does one in which a revision had no requests; both are counted as seen.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from sluice_operator.judge.arm import (
    arm_sum,
    arm_words,
    both_problem,
    coverage_problem,
    metric_words,
)
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Mixture
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import HARM_TILTS, POINTS, SAFE_TILTS, FloatArray, tilted
from sluice_operator.model import Arm, Window

_RATIOS: FloatArray = np.concatenate((1.0 / HARM_TILTS[::-1], [1.0], HARM_TILTS))
"""1/50 to 50: ratios whose likelihood is kept, for the interval."""
_REACH = int(POINTS * np.log(5.0) / np.log(50.0))
"""Ratios of the grid within a fifth below another: as far down as the safe mixture reaches."""

_UNDER = np.arange(len(_RATIOS))[:, None] + np.arange(_REACH)
"""Row r: where the ratios within a fifth below ratio r stand, after `_REACH` fillers."""
_LOG_CAP = 700.0
"""More than any threshold, and still the logarithm of a number."""


def ratio_factors(counts: FloatArray, ratio: float, tilts: FloatArray) -> FloatArray:
    """Log factors of `ratio * tilts` against `ratio`; 0 where a revision had no requests.

    Shapes: counts: (batch, 4), columns as those of `RatioFamily`; result: (batch, points).
    """
    stable_total, stable_bad, total, bad = counts.T
    informative = (stable_total > 0) & (total > 0)
    odds = total * ratio
    share = odds / np.where(informative, odds + stable_total, 1.0)
    return tilted(
        np.where(informative, bad, 0.0),
        np.where(informative, bad + stable_bad, 0.0),
        np.where(informative, share, 0.0),
        tilts,
    )


@dataclass(frozen=True, slots=True)
class RatioFamily(Mixture):
    """Counts: stable total, stable bad, candidate total, candidate bad."""

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return both_problem(window) or coverage_problem(test.min_coverage, window)

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Mixture`."""
        stable, candidate = self.arms(window)
        return (stable.total, stable.bad, candidate.total, candidate.bad)

    def arms(self, window: Window) -> tuple[Arm, Arm]:
        """What is compared: of stable, of the candidate."""
        assert window.stable
        assert window.candidate
        return window.stable, window.candidate

    def samples(self, window: Window) -> int:
        """See `Family`."""
        return self.arms(window)[1].total

    @override
    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Ratios above 1 against 1."""
        return ratio_factors(counts, 1.0, HARM_TILTS)

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Ratios below the margin against the margin."""
        return ratio_factors(counts, test.margin, SAFE_TILTS)

    @override
    def mirror(self, test: Test, counts: FloatArray) -> FloatArray:
        """Ratios below 1 against 1."""
        return ratio_factors(counts, 1.0, 1.0 / HARM_TILTS)

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`."""
        stable, candidate = self.arms(window)
        return {
            "stable": arm_sum(evidence.stable, stable),
            "candidate": arm_sum(evidence.candidate, candidate),
            "strata": strata_sum(evidence.strata, self.counts(test, window)),
        }

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Ratio of bad rates; the bounds are points of a grid with steps of 6 %."""
        return ratio_effect(test, evidence)

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        what = metric_words(test.metric)
        arms = f"{arm_words(evidence.candidate)} vs {arm_words(evidence.stable)}"
        return f"{what}: {arms}; ratio {ratio_words(self.effect(test, evidence))}"


def ratio_effect(test: Test, evidence: Evidence) -> Effect:
    """Ratio over windows, with bounds from the likelihood of each ratio of the grid."""
    above, under = evidence.strata
    return Effect(
        est=above / under if under else None,
        lo=lower_bound(_curve(evidence), _RATIOS, test.alpha_harm),
        hi=_upper(_curve(evidence), test.alpha_safe),
    )


def strata_sum(sums: tuple[float, float], counts: tuple[float, ...]) -> tuple[float, float]:
    """Mantel-Haenszel's sums with one more stratum.

    Source: Mantel, Haenszel 1959; for ratios of rates: Greenland, Robins 1985.
    """
    stable_total, stable_bad, total, bad = counts
    both = stable_total + total
    if not both:
        return sums
    return (sums[0] + bad * stable_total / both, sums[1] + stable_bad * total / both)


def _curve(evidence: Evidence) -> FloatArray:
    """Log likelihood of each of `_RATIOS`, that of ratio 1 being 0."""
    return np.array((*reversed(evidence.below), 0.0, *evidence.harm))


def lower_bound(curve: FloatArray, ratios: FloatArray, alpha: float) -> float | None:
    """Greatest ratio for which "no more than this" is rejected; at 1 it is the harm test.

    Shapes: curve: log likelihood of each of the ratios, which grow.
    """
    above = np.logaddexp.accumulate(curve[::-1])[::-1][1:]
    points = np.arange(len(above), 0, -1)
    rejected = above - np.log(points) - curve[:-1] >= -np.log(alpha)
    first = int(rejected.argmin()) if not rejected.all() else len(rejected)
    return float(ratios[first - 1]) if first else None


def _upper(curve: FloatArray, alpha: float) -> float | None:
    """Least ratio for which "no less than this" is rejected, by the ratios down to its fifth."""
    padded = np.concatenate((np.full(_REACH, -np.inf), curve))
    wealth = np.exp(np.minimum(padded[_UNDER] - curve[:, None], _LOG_CAP))
    kept = np.flatnonzero(np.add.reduce(wealth, axis=-1) < _REACH / alpha)
    first = int(kept[-1]) + 1
    return float(_RATIOS[first]) if first < len(_RATIOS) else None


def ratio_words(effect: Effect) -> str:
    """A ratio with its bounds, as people write it."""
    est = "unknown" if effect.est is None else f"{effect.est:.3g}"
    lo = "0" if effect.lo is None else f"{effect.lo:.3g}"
    hi = "inf" if effect.hi is None else f"{effect.hi:.3g}"
    return f"{est} [{lo}, {hi}]"
