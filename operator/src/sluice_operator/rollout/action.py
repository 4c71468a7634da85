"""Rules about what people ask: each verb has its place, and does nothing elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Action, Event, Observation, Revision, Verb
from sluice_operator.rollout.attempt import started
from sluice_operator.rollout.gate import awaited, objectives, unproven
from sluice_operator.rollout.status import (
    RESTING,
    Outcome,
    PauseReason,
    Phase,
    Status,
)
from sluice_operator.rollout.step import advanced, promoting
from sluice_operator.rollout.turn import Turn, entered, paused, retreated, stay, told, undone

_CLOCK_RESTARTS = frozenset({PauseReason.INCONCLUSIVE, PauseReason.UNAPPROVED})
"""After these pauses Resume gives the step its whole time again."""


def obey_people(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """The oldest request that was not carried out yet; one that does not fit is told so.

    A request that takes a revision back waits for none before it, which would have to be remembered
    first: a disk that is full does not keep it. Those before it are told that it came.
    """
    waiting = tuple(action for action in seen.actions if action.id > status.last_action)
    if not waiting:
        return None
    action = next((action for action in waiting if _takes_back(status, action)), waiting[0])
    late = waiting[: waiting.index(action)]
    status = replace(status, last_action=action.id)
    unfit = Turn(status=status, events=(_ignored(action, seen, _standing(status)),))
    turn = _OBEY[action.verb](spec, status, action, seen) or unfit
    overtaken = tuple(_ignored(one, seen, overtaken_by(action)) for one in late)
    return replace(turn, events=(*overtaken, *turn.events))


def _takes_back(status: Status, action: Action) -> bool:
    match action.verb:
        case Verb.ABORT:
            return _on_trial(status, action)
        case Verb.UNDO:
            return status.phase is Phase.BAKING and _is_stable(status, action)
        case _:
            return False


def _ignored(action: Action, seen: Observation, why: str) -> Event:
    message = f"{action.verb} of {action.revision} {why}"
    return Event(at=seen.now, reason="ActionIgnored", message=message, warning=True)


def overtaken_by(action: Action) -> str:
    """What is said of requests that came before it and were not carried out yet."""
    return f"was overtaken by {action.verb} of {action.revision}"


def _standing(status: Status) -> str:
    judged = status.judged.name if status.judged else "no candidate"
    return f"does not fit: {status.shown_phase}, {judged}"


def _on_trial(status: Status, action: Action) -> bool:
    """An action names the revision it means, so that it never fires on a newer one."""
    candidate = status.candidate
    return status.on_trial and candidate is not None and candidate.name == action.revision


def _is_stable(status: Status, action: Action) -> bool:
    return status.stable is not None and status.stable.name == action.revision


def _because(action: Action) -> str:
    who = f" by {action.by}" if action.by else ""
    return f"{action.verb}{who}{f': {action.reason}' if action.reason else ''}"


def _pause(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action) or status.pause:
        return None
    return paused(status, seen.now, PauseReason.MANUAL, _because(action))


def _resume(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action) or status.pause is None:
        return None
    if status.pause.reason is PauseReason.STEP:
        return advanced(spec, status, seen.now, to=status.step + 1)
    return resumed(status, seen, _because(action))


def resumed(status: Status, seen: Observation, message: str) -> Turn:
    """The step goes on; the rest does not count against its time."""
    assert status.pause is not None
    counts_from = status.step_since
    if status.pause.reason in _CLOCK_RESTARTS:
        counts_from = None
    elif counts_from is not None and status.pause.reason is not PauseReason.NO_METRICS:
        counts_from += seen.now - status.pause.since  # time without counts is told off by itself
    going = replace(status, pause=None, step_since=counts_from, drift_since=None)
    return told(going, seen.now, "Resumed", message)


def _promote(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action) or not _waits_for_people(spec, status):
        return None
    return _skip(spec, status, action, seen)


def _waits_for_people(spec: Spec, status: Status) -> bool:
    steps = spec.strategy.plan
    approval = status.step < len(steps) and steps[status.step].approval is not None
    return status.pause is not None or approval


def _skip(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action) or status.phase in {Phase.PREPARING, Phase.PROMOTING}:
        return None
    turn = advanced(spec, status, seen.now, to=status.step + 1, by_hand=True)
    told_who = told(status, seen.now, "SteppedByHand", _because(action) + _skipped(spec, status))
    return replace(turn, events=(*told_who.events, *turn.events))


def _promote_full(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action) or status.phase in {Phase.PREPARING, Phase.PROMOTING}:
        return None
    turn = promoting(status, seen.now)
    told_who = told(status, seen.now, "SteppedByHand", _because(action) + _skipped(spec, status))
    return replace(turn, events=(*told_who.events, *turn.events))


def _skipped(spec: Spec, status: Status) -> str:
    """The gates that had proven nothing when somebody went on without them."""
    left = unproven(status, (gate.name for gate in spec.gates))
    return f" (without proof of {', '.join(left)})" if left else ""


def _abort(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _on_trial(status, action):
        return None
    return retreated(status, seen.now, Outcome.ROLLED_BACK, _because(action))


def _retry(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if status.phase is Phase.FAILED and status.candidate is not None:
        again = replace(entered(status, Phase.INITIALIZING, seen.now), since=seen.now)
        return told(again, seen.now, "Retried", _because(action))
    if status.phase not in RESTING or action.revision not in status.rejected:
        return None
    forgiven = tuple(name for name in status.rejected if name != action.revision)
    return told(replace(status, rejected=forgiven), seen.now, "Retried", _because(action))


def _undo(spec: Spec, status: Status, action: Action, seen: Observation) -> Turn | None:
    if not _is_stable(status, action):
        return None
    if status.phase is Phase.BAKING:
        return undone(status, seen.now, _because(action))
    before = _last_good(status)
    if status.phase not in RESTING or before is None:
        return None
    leaving = replace(status, rejected=(*status.rejected, action.revision))
    turn = started(spec, leaving, before, seen)
    return replace(turn, status=replace(turn.status, going_back=True))


def _last_good(status: Status) -> Revision | None:
    """The revision that was stable before the present one."""
    return next(
        (
            attempt.revision
            for attempt in reversed(status.history)
            if attempt.outcome is Outcome.PROMOTED and attempt.revision != status.stable
        ),
        None,
    )


_OBEY: Mapping[Verb, Callable[[Spec, Status, Action, Observation], Turn | None]] = MappingProxyType(
    {
        Verb.PAUSE: _pause,
        Verb.RESUME: _resume,
        Verb.PROMOTE: _promote,
        Verb.PROMOTE_FULL: _promote_full,
        Verb.SKIP_STEP: _skip,
        Verb.ABORT: _abort,
        Verb.RETRY: _retry,
        Verb.UNDO: _undo,
    }
)


def hold_while_paused(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """A rollout that rests keeps the traffic it has, until its reason is gone."""
    if not status.on_trial:
        return None
    if status.pause is None:
        return stay(status, "Suspended by spec.suspend") if spec.suspend else None
    if _reason_gone(spec, status):
        return resumed(status, seen, f"No longer paused: {status.pause.reason} is over")
    return stay(status, status.pause.message)


def _reason_gone(spec: Spec, status: Status) -> bool:
    """Pauses that the world caused end with their cause; those of people wait for people."""
    assert status.pause is not None
    match status.pause.reason:
        case PauseReason.NO_METRICS:
            return status.blind_since is None
        case PauseReason.TRAFFIC_DRIFT:
            return status.drift_since is None
        case PauseReason.INCONCLUSIVE:
            return not unproven(status, awaited(spec, status))
        case PauseReason.UNPROVEN:
            return not unproven(status, objectives(spec))
        case _:
            return False
