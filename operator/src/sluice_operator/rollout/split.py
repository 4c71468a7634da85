"""The share that the candidate should get, and whether it was in force during a whole window."""

from dataclasses import replace
from datetime import datetime, timedelta

from sluice_operator.api.v1alpha1 import Metric
from sluice_operator.model import Observation, Window
from sluice_operator.rollout.status import GateState, Status

SETTLING = timedelta(seconds=30)
"""From the router's first report of a weight until counts are of that weight alone: longer than
connections take to see new routes (seconds) and Prometheus between two samples (15 s)."""
WHOLE = 100


def steady_since(status: Status, seen: Observation) -> datetime | None:
    """Since when the router reports what is wanted; rules that want something else begin anew."""
    if seen.serving.routes != status.routing.routes:
        return None
    return status.steady_since or seen.now


def share_of(status: Status, state: GateState, seen: Observation) -> int | None:
    """Percent that the candidate was to answer during all of the window that ends now, if known."""
    if status.steady_since is None or state.seen_at is None:
        return None
    if seen.serving.routes != status.routing.routes or not 0 < status.weight < WHOLE:
        return None
    settled = status.steady_since + SETTLING
    return status.weight if settled <= state.seen_at else None


def with_share(status: Status, state: GateState, window: Window, seen: Observation) -> Window:
    """The window with what the candidate should have got in it; other metrics do not ask."""
    if state.test.metric != Metric.SAMPLE_RATIO:
        return window
    return replace(window, share=share_of(status, state, seen))


def wanted_in(window: Window) -> float:
    """Requests of the window that should have been the candidate's."""
    if window.share is None or window.stable is None or window.candidate is None:
        return 0.0
    return window.share / WHOLE * (window.stable.total + window.candidate.total)


def split_of(state: GateState) -> tuple[float, float] | None:
    """Share that the candidate got, and share that it should have got; None for other gates."""
    total = state.evidence.candidate.total + state.evidence.stable.total
    if state.test.metric != Metric.SAMPLE_RATIO or not total:
        return None
    return state.evidence.candidate.total / total, state.wanted / total


def split_words(state: GateState) -> str:
    """The same in words; empty for other gates, and before the first count."""
    split = split_of(state)
    return "" if split is None else f"the candidate got {split[0]:.2%}, wanted were {split[1]:.2%}"
