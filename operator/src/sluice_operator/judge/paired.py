"""Paired tests: on the same requests, is the candidate right less often than stable?

Each labelled pair is a result of -1 (worse), 0 (same) or 1 (better). Delay and loss of labels hit
both revisions alike, because a pair has one label.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from sluice_operator.judge.arm import metric_words
from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.family import Mixture
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import BoolArray, FloatArray, betted, log_e, proven
from sluice_operator.judge.search import last_rejected
from sluice_operator.model import Pairs, Window


@dataclass(frozen=True, slots=True)
class PairedFamily(Mixture):
    """Counts: worse, same, better."""

    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return pairs_problem(window)

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Family`."""
        assert window.pairs
        return (window.pairs.worse, window.pairs.same, window.pairs.better)

    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.pairs
        return window.pairs.total

    @override
    def harm(self, test: Test, counts: FloatArray) -> FloatArray:
        """Bets that results are below 0 in the mean: the mirrored results are above it."""
        worse, same, better = counts.T
        return betted(better, same, worse, np.zeros(1))

    @override
    def safe(self, test: Test, counts: FloatArray) -> FloatArray:
        """Bets that results are above minus the margin in the mean."""
        worse, same, better = counts.T
        return betted(worse, same, better, np.array([-test.margin]))

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`; what is still unlabelled replaces what was."""
        assert window.pairs
        return {"pairs": pairs_sum(evidence.pairs, window.pairs)}

    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Mean result; the bounds are exactly where the two tests would stop to reject."""
        pairs = evidence.pairs
        if not pairs.total:
            return Effect()
        mean = (pairs.better - pairs.worse) / pairs.total
        mirrored = Pairs(worse=pairs.better, same=pairs.same, better=pairs.worse)
        hi = _lower(mirrored, test.alpha_harm, -mean)
        return Effect(
            est=mean,
            lo=_lower(pairs, test.alpha_safe, mean),
            hi=None if hi is None else -hi,
        )

    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        what = metric_words(test.metric)
        pairs = evidence.pairs
        alone = f"{pairs.worse:,} by candidate alone, {pairs.better:,} by stable alone"
        return (
            f"{what}: {alone}, of {pairs.total:,} pairs; gain {_words(self.effect(test, evidence))}"
        )


def pairs_problem(window: Window) -> str:
    """Why the counts of pairs cannot be used; empty when they can."""
    pairs = window.pairs
    if pairs is None:
        return "no counts of pairs"
    if min(pairs.worse, pairs.same, pairs.better) < 0:
        return f"impossible counts of pairs: {pairs.worse}, {pairs.same}, {pairs.better}"
    return ""


def pairs_sum(one: Pairs, more: Pairs) -> Pairs:
    """Both windows as one; those without a label are as of the last."""
    return Pairs(
        worse=one.worse + more.worse,
        same=one.same + more.same,
        better=one.better + more.better,
        unlabelled=more.unlabelled,
    )


def _lower(pairs: Pairs, alpha: float, mean: float) -> float | None:
    """The greatest mean that is rejected as too low."""

    def rejected(means: FloatArray) -> BoolArray:
        def column(count: int) -> FloatArray:
            return np.full_like(means, count)

        losses, draws, gains = map(column, (pairs.worse, pairs.same, pairs.better))
        return proven(log_e(betted(losses, draws, gains, means)), alpha)

    return last_rejected(rejected, -1.0, mean)


def _words(effect: Effect) -> str:
    if effect.est is None:
        return "unknown"
    lo = -1.0 if effect.lo is None else effect.lo
    hi = 1.0 if effect.hi is None else effect.hi
    return f"{effect.est:+.2%} [{lo:+.2%}, {hi:+.2%}]"
