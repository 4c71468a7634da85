"""Paired predictions: how often do both revisions say something different of the same request?

No label is needed. The share of pairs that differ is held against the margin.
"""

from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from sluice_operator.judge.evidence import Effect, Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.paired import pairs_problem, pairs_sum
from sluice_operator.judge.rate import RateFamily, rate_effect, rate_words
from sluice_operator.model import Arm, Pairs, Window


@dataclass(frozen=True, slots=True)
class DisagreementFamily(RateFamily):
    """Counts: pairs, and those of them that differ."""

    @override
    def problem(self, test: Test, window: Window) -> str:
        """See `Family`."""
        return pairs_problem(window)

    @override
    def counts(self, test: Test, window: Window) -> tuple[float, ...]:
        """See `Mixture`."""
        assert window.pairs
        pairs = _differing(window.pairs)
        return (pairs.total, pairs.bad)

    @override
    def samples(self, window: Window) -> int:
        """See `Family`."""
        assert window.pairs
        return window.pairs.total

    @override
    def sums(self, test: Test, evidence: Evidence, window: Window) -> dict[str, Any]:
        """See `Mixture`."""
        assert window.pairs
        return {"pairs": pairs_sum(evidence.pairs, window.pairs)}

    @override
    def effect(self, test: Test, evidence: Evidence) -> Effect:
        """Share of pairs that differ."""
        return rate_effect(test, _differing(evidence.pairs))

    @override
    def summary(self, test: Test, evidence: Evidence) -> str:
        """See `Family`."""
        pairs = _differing(evidence.pairs)
        share = rate_words(self.effect(test, evidence))
        differ = f"{pairs.bad:,} of {pairs.total:,} pairs differ"
        return f"predictions: {differ}; share {share}, limit {test.margin:.3g}"


def _differing(pairs: Pairs) -> Arm:
    return Arm(total=pairs.total, bad=pairs.worse + pairs.better)
