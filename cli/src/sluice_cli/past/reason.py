"""Why one look was decided as it was, and what it would have taken to decide otherwise.

Nothing here knows what rules mean: the core is asked again, with other counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Pairs, Window
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.decide import RULES, Decision, decide
from sluice_operator.rollout.replay import Replayed
from sluice_operator.rollout.status import Status

from sluice_cli.past.change import Change, changes_of

MOST = 1_000_000
"""Counts are changed by as much as this; what takes more is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What decided."""

    name: str
    sentence: str


def rule_of(turn: Replayed) -> Rule:
    """The first rule that had an answer."""
    attended = attend(turn.spec, turn.before, turn.seen)
    rule = next(one for one in RULES if one(turn.spec, attended.status, turn.seen) is not None)
    return Rule(name=rule.__name__, sentence=(rule.__doc__ or "").partition("\n")[0])


def moved(turn: Replayed) -> bool:
    """Whether the look did more than to count."""
    return bool(turn.decision.events) or _place(turn.before) != _place(turn.decision.status)


def _place(status: Status) -> tuple[object, ...]:
    return (status.phase, status.step, status.pause, status.weight, status.mirror)


def otherwise(turn: Replayed) -> Iterator[str]:
    """Changes of one count of one gate with which the look would have been decided otherwise."""
    gates = {gate.name: gate for gate in turn.spec.gates}
    for window in turn.seen.windows:
        state = turn.decision.status.gates.get(window.gate)
        if state is None or window.error or window.gate not in gates:
            continue
        for tried in changes_of(gates[window.gate], window, state.evidence.table):
            least = _least_of(turn, tried)
            if least is not None:
                yield _sentence(turn, window, *least)


def _sentence(turn: Replayed, window: Window, change: Change, count: int) -> str:
    other = decided(turn, change.of(count))
    assert other is not None
    return f"{change.what(count)} in {window.gate} at this look, and {_outcome(turn, other)}"


def _least_of(turn: Replayed, tried: Sequence[Change]) -> tuple[Change, int] | None:
    """The change that needs fewest, and how many."""
    found = ((change, least(turn, change)) for change in tried)
    enough = [(change, count) for change, count in found if count is not None]
    return min(enough, key=lambda one: one[1], default=None)


def least(turn: Replayed, change: Change) -> int | None:
    """The smallest number that matters, with which one less does not; None if none does."""
    low, high = 0, 1
    while not _matters(turn, change.of(high)):
        low, high = high, 2 * high
        if high > MOST or change.of(high) is None:
            high = _largest(change, low, high)
            if high == low or not _matters(turn, change.of(high)):
                return None
            break
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _matters(turn, change.of(middle)) else (middle, high)
    return high


def _largest(change: Change, low: int, high: int) -> int:
    """The greatest number that the counts allow."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if change.of(middle) is None else (middle, high)
    return low


def _matters(turn: Replayed, window: Window | None) -> bool:
    return window is not None and decided(turn, window) is not None


def decided(turn: Replayed, window: Window | None) -> Decision | None:
    """What would have been decided with another window; None for the same."""
    if window is None:
        return None
    windows = tuple(window if one.gate == window.gate else one for one in turn.seen.windows)
    other = decide(turn.spec, turn.before, replace(turn.seen, windows=windows))
    same = _place(other.status) == _place(turn.decision.status)
    return None if same else other


def _outcome(turn: Replayed, other: Decision) -> str:
    """Where that would have led."""
    status = other.status
    if _place(status) == _place(turn.before):
        return "nothing would have moved"
    event = other.events[-1] if other.events else None
    return f"it would have been {event.reason if event else status.phase.value}"


def proof_words(evidence: Evidence, alpha: float, alpha_safe: float) -> str:
    """How far both bets are, whatever was proven before."""
    harm, safe = evidence.e_harm, evidence.e_safe
    return f"harm e={harm:.3g} of {1 / alpha:.3g}, safety e={safe:.3g} of {1 / alpha_safe:.3g}"


def counts_words(window: Window) -> str:
    """What the window held."""
    if window.error:
        return f"no counts: {window.error}"
    if (pairs := window.pairs) is not None:
        return _pairs_words(pairs)
    arms = (("candidate", window.candidate), ("stable", window.stable))
    known = [f"{who} {arm.bad:,} of {arm.total:,}" for who, arm in arms if arm is not None]
    return ", ".join(known) or "counts of its own kind"


def _pairs_words(pairs: Pairs) -> str:
    return f"{pairs.worse:,} lost, {pairs.better:,} won, {pairs.same:,} alike"
