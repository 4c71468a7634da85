"""Why one look was decided as it was, and what it would have taken to decide otherwise.

Nothing here knows what rules mean: the core is asked again, with other counts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Arm, Pairs, Window
from sluice_operator.rollout.attend import attend
from sluice_operator.rollout.decide import RULES, Decision, decide
from sluice_operator.rollout.replay import Replayed
from sluice_operator.rollout.status import Status

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
    for window in turn.seen.windows:
        if window.gate not in turn.decision.status.gates or window.error:
            continue
        for change, words in ((_fewer, "fewer"), (_more, "more")):
            count = _least(turn, window, change)
            if count is None:
                continue
            other = _decided(turn, change(window, count))
            if other is not None:
                yield (
                    f"{count:,} {words} {_what(window, count)} at this look, and"
                    f" {_outcome(turn, other)}"
                )


def _what(window: Window, count: int) -> str:
    pair = "pair that the candidate loses" if count == 1 else "pairs that the candidate loses"
    bad = "bad answer" if count == 1 else "bad answers"
    return f"{pair if window.pairs else bad} in {window.gate}"


Change = Callable[[Window, int], Window | None]


def _fewer(window: Window, count: int) -> Window | None:
    """Bad answers that were good."""
    if window.pairs is not None:
        pairs = window.pairs
        if count > pairs.worse:
            return None
        return replace(
            window, pairs=replace(pairs, worse=pairs.worse - count, same=pairs.same + count)
        )
    arm = window.candidate
    if arm is None or count > arm.bad or window.table is not None:
        return None
    return replace(window, candidate=Arm(total=arm.total, bad=arm.bad - count))


def _more(window: Window, count: int) -> Window | None:
    """Good answers that were bad."""
    if window.pairs is not None:
        pairs = window.pairs
        if count > pairs.same:
            return None
        return replace(
            window, pairs=replace(pairs, worse=pairs.worse + count, same=pairs.same - count)
        )
    arm = window.candidate
    if arm is None or arm.bad + count > arm.total or window.table is not None:
        return None
    return replace(window, candidate=Arm(total=arm.total, bad=arm.bad + count))


def _least(turn: Replayed, window: Window, change: Change) -> int | None:
    """The smallest change that matters; more of it matters, too."""
    low, high = 0, 1
    while not _matters(turn, change(window, high)):
        low, high = high, 2 * high
        if high > MOST or change(window, high) is None:
            high = _largest(window, change, low, high)
            if high == low or not _matters(turn, change(window, high)):
                return None
            break
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _matters(turn, change(window, middle)) else (middle, high)
    return high


def _largest(window: Window, change: Change, low: int, high: int) -> int:
    """The greatest change that the counts allow."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if change(window, middle) is None else (middle, high)
    return low


def _matters(turn: Replayed, window: Window | None) -> bool:
    return window is not None and _decided(turn, window) is not None


def _decided(turn: Replayed, window: Window | None) -> Decision | None:
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
