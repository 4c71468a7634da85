"""What one rule answers, and the few ways to say it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sluice_operator.model import Event
from sluice_operator.rollout.status import (
    Attempt,
    Outcome,
    Pause,
    PauseReason,
    Phase,
    Retreat,
    Status,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The status that a rule wants, and what it has to tell."""

    status: Status
    events: tuple[Event, ...] = ()


def stay(status: Status, message: str) -> Turn:
    """Nothing changes but the sentence that says what is waited for."""
    return Turn(status=replace(status, message=message))


def told(
    status: Status, now: datetime, reason: str, message: str, *, warning: bool = False
) -> Turn:
    """The status, with one event that explains it."""
    event = Event(at=now, reason=reason, message=message, warning=warning)
    return Turn(status=replace(status, message=message), events=(event,))


def entered(status: Status, phase: Phase, now: datetime) -> Status:
    """The status in another phase, whose clock starts now."""
    return status if status.phase is phase else replace(status, phase=phase, since=now)


def paused(status: Status, now: datetime, reason: PauseReason, message: str) -> Turn:
    """The rollout rests with the traffic it has."""
    resting = replace(status, pause=Pause(reason=reason, since=now, message=message))
    return told(resting, now, "Paused", message, warning=reason is not PauseReason.STEP)


def retreated(status: Status, now: datetime, outcome: Outcome, cause: str) -> Turn:
    """The candidate loses all traffic now; depends on nothing but the wish to do so."""
    leaving = replace(
        entered(status, Phase.ROLLING_BACK, now),
        weight=0,
        mirror=0,
        pause=None,
        retreat=Retreat(outcome=outcome, cause=cause),
        unready_since=None,
        drift_since=None,
    )
    return told(leaving, now, "RollingBack", cause, warning=True)


def undone(status: Status, now: datetime, cause: str, outcome: Outcome = Outcome.UNDONE) -> Turn:
    """The pointer goes back to the revision that was kept warm."""
    swapped = replace(
        status,
        stable=status.previous,
        candidate=status.stable,
        previous=None,
        history=status.history[:-1],
    )
    return retreated(swapped, now, outcome, cause)


def remembered(
    status: Status, now: datetime, outcome: Outcome, cause: str, limit: int
) -> tuple[Attempt, ...]:
    """The history with the present attempt of the candidate at its end."""
    assert status.candidate is not None
    attempt = Attempt(
        number=status.attempt,
        revision=status.candidate,
        outcome=outcome,
        cause=cause,
        peak_weight=status.peak_weight,
        ended_at=now,
    )
    return (*status.history, attempt)[-limit:]
