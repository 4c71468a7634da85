"""One gate over looks that are still to come: where its verdict changes, and its wealth before.

The tests of the judge are sums along the looks, so those of the three plain families are computed
for hundreds of looks at once, with the same bits; for every other gate the core counts window by
window.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import GREATEST_E, FloatArray, log_e, proven
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.rate import RateFamily
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.model import Verdict, Window
from sluice_operator.rollout.status import GateState
from sluice_operator.simulation.flow import Counts

Family = RatioFamily | RateFamily | PairedFamily
WindowOf = Callable[[int, int], Window]
"""What a gate is told at a look if it was told last at another; 0 is now."""

_PLAIN: dict[str, Family] = {
    "Relative": RatioFamily(),
    "Absolute": RateFamily(),
    "Paired": PairedFamily(),
}
_PLAIN_METRICS = frozenset({"ErrorRate", "Counters"})
_PAIR_COLUMNS = 3


class Tape(Protocol):
    """What one gate will know after each of the coming looks, from 1 on; 0 is now."""

    @property
    def news(self) -> int:
        """The first look that changes the verdict, or whether there are counts at all."""
        ...

    def window(self, look: int) -> Window:
        """What it is told at a look, after all looks before."""
        ...

    def whole(self, look: int) -> Window | None:
        """All that it is told until a look as one window; None where windows cannot be joined."""
        ...

    def state(self, look: int, counted: GateState) -> GateState:
        """The gate after a look before the news, from the core's own count of the whole."""
        ...


def plain_family(test: Test) -> Family | None:
    """The plain family that judges a gate, if one does."""
    metric = test.metric.partition(" ")[0]
    if test.comparison == "Paired":
        return _PLAIN["Paired"] if metric == "Accuracy" else None
    one_edge = metric == "LatencyExceedance" and " " in test.metric  # without threshold: several
    return _PLAIN[test.comparison] if one_edge or metric in _PLAIN_METRICS else None


@dataclass(slots=True)
class Slow:
    """Window by window, as the core counts them."""

    _states: list[GateState]
    _windows: list[Window]

    def __init__(self, now: GateState, coming: Iterator[tuple[Window, GateState]]) -> None:
        self._states, self._windows = [now], []
        for window, state in coming:
            self._windows.append(window)
            if _standing(state) != _standing(now):
                break
            self._states.append(state)

    @property
    def news(self) -> int:
        """See `Tape`."""
        return len(self._states)

    def window(self, look: int) -> Window:
        """See `Tape`."""
        return self._windows[look - 1]

    def whole(self, look: int) -> Window | None:
        """See `Tape`."""
        return None

    def state(self, look: int, counted: GateState) -> GateState:
        """See `Tape`."""
        return self._states[look]


def _standing(state: GateState) -> tuple[Verdict, bool]:
    return state.evidence.verdict, bool(state.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fast:
    """All windows at once."""

    before: Evidence
    window_of: WindowOf
    harm: FloatArray
    safe: FloatArray
    """Log wealth after each look. Shape: (looks, points)."""
    e_harm: FloatArray
    e_safe: FloatArray
    """Shape: (looks,)."""
    news: int

    @classmethod
    def of(cls, family: Family, now: GateState, rows: Counts, window_of: WindowOf) -> "Fast":
        """The tape of a gate for the counts of each look."""
        test, evidence = now.test, now.evidence
        counts = rows.astype(np.float64)
        harm = _summed(evidence.harm, family.harm(test, counts))
        safe = _summed(evidence.safe, family.safe(test, counts))
        log_harm, log_safe = log_e(harm), log_e(safe)
        samples = np.cumsum(rows.sum(axis=1) if rows.shape[1] == _PAIR_COLUMNS else rows[:, -2])
        enough = samples + evidence.safe_samples >= test.min_samples
        harmful = proven(log_harm, test.alpha_harm)
        changes = {
            Verdict.HARM: np.zeros_like(harmful),
            Verdict.SAFE: harmful,
            Verdict.INCONCLUSIVE: harmful | (enough & proven(log_safe, test.alpha_safe)),
        }[evidence.verdict]
        return cls(
            before=evidence,
            window_of=window_of,
            harm=harm,
            safe=safe,
            e_harm=_e_values(log_harm),
            e_safe=_e_values(log_safe),
            news=int(changes.argmax()) + 1 if changes.any() else len(rows) + 1,
        )

    def window(self, look: int) -> Window:
        """See `Tape`."""
        return self.window_of(look - 1, look)

    def whole(self, look: int) -> Window | None:
        """See `Tape`."""
        return self.window_of(0, look)

    def state(self, look: int, counted: GateState) -> GateState:
        """See `Tape`; only an interval may differ from the core's in its last digits."""
        before, row = self.before, look - 1
        evidence = replace(
            counted.evidence,
            verdict=before.verdict,
            harm=tuple(self.harm[row].tolist()),
            safe=tuple(self.safe[row].tolist()),
            e_harm=float(self.e_harm[row]),
            e_safe=float(self.e_safe[row]),
            e_harm_max=max(before.e_harm_max, float(self.e_harm[:look].max())),
            e_safe_max=max(before.e_safe_max, float(self.e_safe[:look].max())),
            windows=before.windows + look,
        )
        return replace(counted, evidence=evidence)


def _summed(start: tuple[float, ...], steps: FloatArray) -> FloatArray:
    """Running sums in the order in which the judge adds: the same bits."""
    return np.cumsum(np.vstack([np.array([start]), steps]), axis=0)[1:]


def _e_values(log_e_values: FloatArray) -> FloatArray:
    return np.exp(np.minimum(log_e_values, np.log(GREATEST_E)))
