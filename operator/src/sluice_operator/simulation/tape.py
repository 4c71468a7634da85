"""One gate over looks that are still to come: where its verdict changes, and all before it.

The tests of the judge are sums along the looks, so the three plain families are computed for
hundreds of looks at once, with the same bits; every other gate is updated window by window.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from sluice_operator.judge.family import Family
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import GREATEST_E, FloatArray, log_e, proven
from sluice_operator.judge.paired import PairedFamily
from sluice_operator.judge.rate import RateFamily
from sluice_operator.judge.ratio import RatioFamily
from sluice_operator.judge.update import problem_of, update
from sluice_operator.model import Verdict, Window
from sluice_operator.rollout.status import GateState
from sluice_operator.simulation.flow import Counts

_PLAIN: dict[str, Family] = {
    "Relative": RatioFamily(),
    "Absolute": RateFamily(),
    "Paired": PairedFamily(),
}
_PLAIN_METRICS = frozenset({"ErrorRate", "Counters"})
_PAIR_COLUMNS = 3
WindowOf = Callable[[int, int], Window]
"""What a gate is told at a look if it was told last at another; 0 is now."""


class Tape(Protocol):
    """What one gate will know after each of the coming looks, from 1 on."""

    @property
    def news(self) -> int:
        """The first look that changes the verdict, or whether there are counts at all."""
        ...

    def state(self, look: int) -> GateState:
        """The gate after a look that comes before the news; 0 is now."""
        ...

    def window(self, look: int) -> Window:
        """What it is told at a look."""
        ...


def plain_family(test: Test) -> Family | None:
    """The plain family that judges a gate, if one does."""
    metric = test.metric.partition(" ")[0]
    if test.comparison == "Paired":
        return _PLAIN["Paired"] if metric == "Accuracy" else None
    slow = metric == "LatencyExceedance" and " " in test.metric  # without threshold: many edges
    return _PLAIN[test.comparison] if slow or metric in _PLAIN_METRICS else None


@dataclass(slots=True)
class Slow:
    """Window by window, as the core counts them."""

    _states: list[GateState]
    _windows: list[Window]

    def __init__(self, state: GateState, windows: Iterator[Window], ends: list[datetime]) -> None:
        self._states, self._windows = [state], []
        for window, end in zip(windows, ends, strict=False):
            self._windows.append(window)
            after = counted(state, window, end)
            if _standing(after) != _standing(state):
                break
            self._states.append(after)
            state = after

    @property
    def news(self) -> int:
        """See `Tape`."""
        return len(self._states)

    def state(self, look: int) -> GateState:
        """See `Tape`."""
        return self._states[look]

    def window(self, look: int) -> Window:
        """See `Tape`."""
        return self._windows[look - 1]


def counted(state: GateState, window: Window, now: datetime) -> GateState:
    """The gate after one more window, while stable answers."""
    if problem := problem_of(state.test, window):
        return replace(state, error=problem, blind_since=state.blind_since or now)
    evidence = update(state.test, state.evidence, window)
    return GateState(test=state.test, evidence=evidence, cursor=window.cursor)


def _standing(state: GateState) -> tuple[Verdict, bool]:
    return state.evidence.verdict, bool(state.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fast:
    """All windows at once."""

    family: Family
    start: GateState
    window_of: WindowOf
    harm: FloatArray
    safe: FloatArray
    """Log wealth after each look. Shape: (looks, points)."""
    e_harm: FloatArray
    e_safe: FloatArray
    """Shape: (looks,)."""
    samples: list[int]
    """In all, after each look."""
    news: int

    @classmethod
    def of(cls, family: Family, start: GateState, rows: Counts, window_of: WindowOf) -> "Fast":
        """The tape of a gate for the counts of each look."""
        test, evidence = start.test, start.evidence
        counts = rows.astype(np.float64)
        harm = _summed(evidence.harm, family.harm(test, counts))
        safe = _summed(evidence.safe, family.safe(test, counts))
        log_harm, log_safe = log_e(harm), log_e(safe)
        samples = np.cumsum(rows.sum(axis=1) if rows.shape[1] == _PAIR_COLUMNS else rows[:, -2])
        enough = samples + evidence.safe_samples >= test.min_samples
        harmful = proven(log_harm, test.alpha_harm)
        proof = {
            Verdict.HARM: np.zeros_like(harmful),
            Verdict.SAFE: harmful,
            Verdict.INCONCLUSIVE: harmful | (enough & proven(log_safe, test.alpha_safe)),
        }[evidence.verdict]
        return cls(
            family=family,
            start=start,
            window_of=window_of,
            harm=harm,
            safe=safe,
            e_harm=_e_values(log_harm),
            e_safe=_e_values(log_safe),
            samples=samples.tolist(),
            news=int(proof.argmax()) + 1 if proof.any() else len(rows) + 1,
        )

    def state(self, look: int) -> GateState:
        """See `Tape`; only the interval may differ from the core's in its last digits."""
        if look == 0:
            return self.start
        before, row = self.start.evidence, look - 1
        more = self.samples[row]
        evidence = replace(
            self.family.added(before, self.window_of(0, look)),
            harm=tuple(self.harm[row].tolist()),
            safe=tuple(self.safe[row].tolist()),
            e_harm=float(self.e_harm[row]),
            e_safe=float(self.e_safe[row]),
            e_harm_max=max(before.e_harm_max, float(self.e_harm[:look].max())),
            e_safe_max=max(before.e_safe_max, float(self.e_safe[:look].max())),
            windows=before.windows + look,
            samples=before.samples + more,
            safe_samples=before.safe_samples + more,
        )
        cursor = self.window(look).cursor
        return GateState(test=self.start.test, evidence=evidence, cursor=cursor)

    def window(self, look: int) -> Window:
        """See `Tape`."""
        return self.window_of(look - 1, look)


def _summed(start: tuple[float, ...], steps: FloatArray) -> FloatArray:
    """Running sums in the order in which the judge adds: the same bits."""
    return np.cumsum(np.vstack([np.array([start]), steps]), axis=0)[1:]


def _e_values(log_e_values: FloatArray) -> FloatArray:
    return np.exp(np.minimum(log_e_values, np.log(GREATEST_E)))
