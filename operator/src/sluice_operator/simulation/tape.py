"""One gate over looks that are still to come: where its verdict changes, and all before it.

The tests of the judge are sums along the looks, so the three plain families are computed for
hundreds of looks at once, with the same bits; every other gate is updated window by window.
"""

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
from sluice_operator.model import Arm, Pairs, Verdict, Window
from sluice_operator.rollout.status import GateState

_PLAIN: dict[str, Family] = {
    "Relative": RatioFamily(),
    "Absolute": RateFamily(),
    "Paired": PairedFamily(),
}
_PLAIN_METRICS = frozenset({"ErrorRate", "LatencyExceedance", "Counters"})


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


def tape_of(state: GateState, windows: list[Window], ends: list[datetime]) -> Tape:
    """The tape of a gate for windows that follow each other, and when they will be seen."""
    family = _PLAIN.get(state.test.comparison) if _is_plain(state.test, windows[0]) else None
    if family is None or state.error or any(problem_of(state.test, w) for w in windows):
        return Slow(state, windows, ends)
    return Fast.of(family, state, windows)


def _is_plain(test: Test, window: Window) -> bool:
    """Whether one of the plain families judges the gate."""
    metric = test.metric.partition(" ")[0]
    paired = test.comparison == "Paired" and metric == "Accuracy"
    return window.table is None and (paired or metric in _PLAIN_METRICS)


@dataclass(slots=True)
class Slow:
    """Window by window, as the core counts them."""

    _states: list[GateState]
    _windows: list[Window]
    _news: int

    def __init__(self, state: GateState, windows: list[Window], ends: list[datetime]) -> None:
        self._states, self._windows = [state], windows
        for window, end in zip(windows, ends, strict=True):
            after = counted(state, window, end)
            if _standing(after) != _standing(state):
                break
            self._states.append(after)
            state = after
        self._news = len(self._states)

    @property
    def news(self) -> int:
        """See `Tape`."""
        return self._news

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
    windows: list[Window]
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
    def of(cls, family: Family, start: GateState, windows: list[Window]) -> "Fast":
        """The tape of a gate whose windows all have counts."""
        test, evidence = start.test, start.evidence
        counts = np.array([family.counts(window) for window in windows], dtype=np.float64)
        harm = _summed(evidence.harm, family.harm(test, counts))
        safe = _summed(evidence.safe, family.safe(test, counts))
        log_harm, log_safe = log_e(harm), log_e(safe)
        samples = np.cumsum([family.samples(window) for window in windows])
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
            windows=windows,
            harm=harm,
            safe=safe,
            e_harm=_e_values(log_harm),
            e_safe=_e_values(log_safe),
            samples=samples.tolist(),
            news=int(proof.argmax()) + 1 if proof.any() else len(windows) + 1,
        )

    def state(self, look: int) -> GateState:
        """See `Tape`; only the interval may differ from the core's in its last digits."""
        if look == 0:
            return self.start
        before, row = self.start.evidence, look - 1
        more = self.samples[row]
        evidence = replace(
            self.family.added(before, _joined(self.windows[:look])),
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
        cursor = self.windows[row].cursor
        return GateState(test=self.start.test, evidence=evidence, cursor=cursor)

    def window(self, look: int) -> Window:
        """See `Tape`."""
        return self.windows[look - 1]


def _summed(start: tuple[float, ...], steps: FloatArray) -> FloatArray:
    """Running sums in the order in which the judge adds: the same bits."""
    return np.cumsum(np.vstack([np.array([start]), steps]), axis=0)[1:]


def _e_values(log_e_values: FloatArray) -> FloatArray:
    return np.exp(np.minimum(log_e_values, np.log(GREATEST_E)))


def _joined(windows: list[Window]) -> Window:
    """All windows as one, for sums."""
    last = windows[-1]
    pairs = [window.pairs for window in windows if window.pairs]
    return replace(
        last,
        stable=_arm([window.stable for window in windows]),
        candidate=_arm([window.candidate for window in windows]),
        pairs=last.pairs
        and Pairs(
            worse=sum(p.worse for p in pairs),
            same=sum(p.same for p in pairs),
            better=sum(p.better for p in pairs),
            unlabelled=last.pairs.unlabelled,
        ),
    )


def _arm(arms: list[Arm | None]) -> Arm | None:
    known = [arm for arm in arms if arm is not None]
    return Arm(total=sum(a.total for a in known), bad=sum(a.bad for a in known)) if known else None
