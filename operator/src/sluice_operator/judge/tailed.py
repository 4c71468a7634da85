"""Mean worth of an answer without bounds: a normal mixture with estimated variances.

The only test here whose error rates hold in the limit, not for every number of answers: it leans
on the central limit theorem, at all looks at once. So it says nothing until either mean rests on
enough answers of weight, and takes the greater variance of the two.

Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central limit theory and
asymptotic confidence sequences, 2024; Robbins 1970 (normal mixtures).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, log, sqrt

import numpy as np

from sluice_operator.judge.evidence import Effect, Evidence, Spread
from sluice_operator.judge.family import Change
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import BoolArray, FloatArray
from sluice_operator.judge.search import last_rejected
from sluice_operator.judge.worth import Worths, moments_sum, worth_problem, worth_words
from sluice_operator.model import Moments, Window

TUNED = 1_000.0
"""Answers of both, as their harmonic size, at which the mixture bets half of its stakes; proofs
come soonest at about ten times as many."""
WEIGHTY = 100.0
"""Answers of equal worth that would be as unsure as each revision's; before that nothing is said.
Source: Kish's effective sample size, `(sum y)^2 / sum y^2`."""
_FARTHEST = 50.0
_DEEPEST = -37.0
"""Below that a tail of the normal distribution is no number any more."""


@dataclass(frozen=True, slots=True)
class TailedFamily:
    """Sums over windows: of stable's and the candidate's mean, and of what their variance weighs.

    A window with `n0` and `n1` answers weighs `h = n0 n1 / (n0 + n1)`: what both share cancels.
    """

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return worth_problem(window)

    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.worth
        return window.worth[1].count

    def changes(
        self, test: Test, evidence: Sequence[Evidence], windows: Sequence[Window]
    ) -> list[Change]:
        """See `Family`."""
        return [_change(test, one, window) for one, window in zip(evidence, windows, strict=True)]

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Candidate's mean over stable's; the bounds are where the two tests stop to reject."""
        stable, candidate, _, _ = evidence.spread
        if evidence.worth is None or stable <= 0 or candidate <= 0:
            return Effect()
        est = candidate / stable
        low, high = _bounds(test, evidence, est)
        return Effect(est=est, lo=low, hi=high)

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        return worth_words(test, evidence, self.effect(test, evidence))


def log_mixture(gain: FloatArray, variance: FloatArray, size: FloatArray | float) -> FloatArray:
    """Logarithm of the one-sided normal mixture against "the gain is expected to be 0 or less".

    Shapes: all alike; result: the same.
    Source: the mean of exp(t gain - t^2 variance / 2) over t > 0, half normal with precision
    `variance * TUNED / size`.
    """
    shrunk = size / (size + TUNED)
    score = np.clip(gain / np.sqrt(np.where(variance > 0, variance, np.inf)), _DEEPEST, None)
    tail = np.array([log(erfc(-one / sqrt(2.0))) for one in np.ravel(score * np.sqrt(shrunk))])
    value: FloatArray = (
        0.5 * np.log1p(-shrunk) + 0.5 * score**2 * shrunk + tail.reshape(score.shape)
    )
    return np.where(variance > 0, value, 0.0)


def variance_of(worth: Worths) -> float:
    """The greater of the two variances; 0 while either mean leans on too few answers."""
    return 0.0 if min(map(_weight, worth)) < WEIGHTY else max(map(_variance, worth))


def _weight(moments: Moments) -> float:
    return moments.total**2 / moments.squares if moments.squares else 0.0


def _variance(moments: Moments) -> float:
    mean = moments.total / moments.count
    return max(moments.squares / moments.count - mean**2, 0.0)


def _change(test: Test, evidence: Evidence, window: Window) -> Change:
    assert window.worth
    worth = moments_sum(evidence.worth, window.worth)
    more = _weighed(window.worth)
    spread, safe_spread = _sum(evidence.spread, more), _sum(evidence.safe_spread, more)
    variance = variance_of(worth)
    return Change(
        fields={"worth": worth, "spread": spread, "safe_spread": safe_spread},
        log_harm=float(_log_less(spread, variance, np.ones(1))[0]),
        log_safe=float(_log_more(safe_spread, variance, np.array([1.0 / test.margin]))[0]),
    )


def _weighed(worth: Worths) -> Spread:
    stable, candidate = worth
    if not stable.count or not candidate.count:
        return (0.0, 0.0, 0.0, 0.0)
    size = stable.count * candidate.count / (stable.count + candidate.count)
    return (
        size * stable.total / stable.count,
        size * candidate.total / candidate.count,
        size**2 / stable.count,
        size**2 / candidate.count,
    )


def _sum(one: Spread, other: Spread) -> Spread:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def _log_less(spread: Spread, variance: float, ratios: FloatArray) -> FloatArray:
    """Against "the candidate's mean is at least `ratio` times stable's"."""
    stable, candidate, weigh_stable, weigh_candidate = spread
    noise = variance * (ratios**2 * weigh_stable + weigh_candidate)
    return log_mixture(ratios * stable - candidate, noise, weigh_stable + weigh_candidate)


def _log_more(spread: Spread, variance: float, ratios: FloatArray) -> FloatArray:
    """Against "the candidate's mean is at most `ratio` times stable's"."""
    stable, candidate, weigh_stable, weigh_candidate = spread
    noise = variance * (ratios**2 * weigh_stable + weigh_candidate)
    return log_mixture(candidate - ratios * stable, noise, weigh_stable + weigh_candidate)


def _bounds(test: Test, evidence: Evidence, est: float) -> tuple[float | None, float | None]:
    assert evidence.worth
    variance = variance_of(evidence.worth)

    def too_low(logs: FloatArray) -> BoolArray:
        found: BoolArray = _log_more(evidence.spread, variance, np.exp(logs)) >= -log(
            test.alpha_safe
        )
        return found

    def too_high(logs: FloatArray) -> BoolArray:
        found: BoolArray = _log_less(evidence.spread, variance, np.exp(logs)) >= -log(
            test.alpha_harm
        )
        return found

    low = last_rejected(too_low, -log(_FARTHEST), log(est))
    high = last_rejected(too_high, log(_FARTHEST), log(est))
    return (
        None if low is None else float(np.exp(low)),
        None if high is None else float(np.exp(high)),
    )
