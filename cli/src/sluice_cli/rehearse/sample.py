"""Endings of many rehearsed rollouts as probabilities, times and people hurt."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from sluice_operator.simulation.rehearsal import End, Ending

from sluice_cli.rehearse.candidate import Candidate

_Z = 1.959964
"""Of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A probability with its 95 % interval."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, runs: int) -> "Chance":
        """What `hits` of `runs` say.

        Source: Wilson 1927; https://doi.org/10.2307/2276774
        """
        if not runs:
            return cls(share=0.0, low=0.0, high=1.0)
        share, square = hits / runs, _Z**2
        middle = (share + square / (2 * runs)) / (1 + square / runs)
        spread = _Z * sqrt(share * (1 - share) / runs + square / (4 * runs**2))
        spread /= 1 + square / runs
        return cls(share=share, low=max(middle - spread, 0.0), high=min(middle + spread, 1.0))


@dataclass(slots=True, kw_only=True)
class Sample:
    """All rollouts of one candidate so far."""

    candidate: Candidate
    endings: list[Ending] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How many there are."""
        return len(self.endings)

    def chance(self, end: End) -> Chance:
        """How likely it is that a rollout ends so."""
        return Chance.of(sum(one.end is end for one in self.endings), self.runs)

    @property
    def usual(self) -> End:
        """How most of them end."""
        return Counter(one.end for one in self.endings).most_common(1)[0][0]

    @property
    def causes(self) -> list[tuple[str, int]]:
        """What ended those that were not promoted, most frequent first."""
        causes = [one.cause for one in self.endings if one.end is not End.PROMOTED]
        return Counter(causes).most_common()

    def seconds(self, end: End, share: float) -> float | None:
        """Quantile of the time until that end."""
        return quantile([one.seconds for one in self.endings if one.end is end], share)

    def hurt(self, share: float) -> float:
        """Quantile of the answers that users lost."""
        return quantile([one.hurt for one in self.endings], share) or 0.0

    def plain(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "candidate": self.candidate.name,
            "runs": self.runs,
            "ends": {end.value: self._end(end) for end in End},
            "causes": dict(self.causes),
            "requests": self._spread("requests"),
            "answeredByCandidate": self._spread("exposed"),
            "hurt": self._spread("hurt"),
            "peakWeight": self._spread("peak_weight"),
        }

    def _end(self, end: End) -> dict[str, Any]:
        chance = self.chance(end)
        return {
            "probability": chance.share,
            "low": chance.low,
            "high": chance.high,
            "seconds": {"median": self.seconds(end, 0.5), "p95": self.seconds(end, 0.95)},
        }

    def _spread(self, name: str) -> dict[str, float | None]:
        values = [float(getattr(one, name)) for one in self.endings]
        mean = sum(values) / len(values) if values else None
        return {"mean": mean, "median": quantile(values, 0.5), "p95": quantile(values, 0.95)}


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that is not below that share of all; None of nothing."""
    if not values:
        return None
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]
