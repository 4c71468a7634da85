"""Folding what was seen into the status, before any rule decides."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sluice_operator.api.v1alpha1 import Comparison, Spec
from sluice_operator.judge.update import problem_of, update
from sluice_operator.judge.verdict import explain
from sluice_operator.model import Event, Observation, Verdict, Window
from sluice_operator.rollout.gate import awaited, state_of
from sluice_operator.rollout.status import GateState, Phase, Status
from sluice_operator.rollout.turn import Turn


def attend(spec: Spec, status: Status, seen: Observation) -> Turn:
    """The status with the evidence counted and the clocks of trouble started or stopped."""
    before = status = not_after(status, seen.now)
    for window in seen.windows:
        status = _counted(spec, status, window, seen)
    status = replace(
        status,
        stable_away=_stable_away(status, seen),
        unready_since=_unready_since(status, seen),
        drift_since=_drift_since(status, seen),
    )
    return Turn(
        status=_seeing(spec, status, seen.now),
        events=tuple(_new_verdicts(spec, before, status, seen.now)),
    )


def not_after(status: Status, now: datetime) -> Status:
    """The status without moments that are still to come: a clock was set back meanwhile.

    What is timed begins anew then. It takes longer than it should, and never shorter; without this
    it would take as much longer as the clock was wrong.
    """
    pause = status.pause and replace(status.pause, since=min(status.pause.since, now))
    gates = {
        name: replace(state, blind_since=_earlier(state.blind_since, now))
        for name, state in status.gates.items()
    }
    return replace(
        status,
        pause=pause,
        gates=gates,
        since=_earlier(status.since, now),
        step_since=_earlier(status.step_since, now),
        blind_since=_earlier(status.blind_since, now),
        unready_since=_earlier(status.unready_since, now),
        drift_since=_earlier(status.drift_since, now),
    )


def _earlier(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _counted(spec: Spec, status: Status, window: Window, seen: Observation) -> Status:
    """One window in its gate; a window of a gate that is gone is dropped."""
    gate = next((gate for gate in spec.gates if gate.name == window.gate), None)
    if gate is None:
        return status
    state = state_of(gate, status)
    if problem := problem_of(state.test, window):
        state = replace(state, error=problem, blind_since=state.blind_since or seen.now)
    elif gate.comparison is Comparison.RELATIVE and _is_unfair(status, seen):
        error = "stable does not answer, so there is nothing to compare with"
        state = replace(state, cursor=window.cursor, error=error, blind_since=None)
    else:
        evidence = update(state.test, state.evidence, window)
        state = GateState(test=state.test, evidence=evidence, cursor=window.cursor)
    return replace(status, gates={**status.gates, gate.name: state})


def _is_unfair(status: Status, seen: Observation) -> bool:
    """Whether stable was away when the window began or ended.

    The errors of a process that is being started again are none of its model: counted, they would
    prove a candidate safe that fails ten times as often. The next window begins after them.
    """
    return status.stable_away or _stable_away(status, seen)


def _stable_away(status: Status, seen: Observation) -> bool:
    return status.stable is not None and status.stable.name not in seen.serving.ready


def _unready_since(status: Status, seen: Observation) -> datetime | None:
    """A revision that cannot be looked at is neither ready nor unready: its clock stands."""
    busy = status.weight or status.mirror or status.phase is Phase.BAKING
    if status.judged is None or not busy or status.judged.name in seen.serving.ready:
        return None
    if seen.serving.error:
        return status.unready_since
    return status.unready_since or seen.now


def _drift_since(status: Status, seen: Observation) -> datetime | None:
    if seen.serving.routes == status.routing.routes:
        return None
    return status.drift_since or seen.now


def _seeing(spec: Spec, status: Status, now: datetime) -> Status:
    """Time without counts does not count for the step: an outage must not end an analysis."""
    blind = any(
        state.blind_since for name, state in status.gates.items() if name in awaited(spec, status)
    )
    if blind:
        return replace(status, blind_since=status.blind_since or now)
    if status.blind_since is None:
        return status
    lost = now - status.blind_since
    counts_from = status.step_since + lost if status.step_since else None
    return replace(status, blind_since=None, step_since=counts_from)


def _new_verdicts(spec: Spec, before: Status, after: Status, now: datetime) -> Iterator[Event]:
    for gate in spec.gates:
        state = after.gates.get(gate.name)
        if state is None:
            continue
        old = before.gates.get(gate.name)
        verdict = state.evidence.verdict
        if verdict is Verdict.INCONCLUSIVE or (old and old.evidence.verdict is verdict):
            continue
        yield Event(
            at=now,
            reason=f"Gate{verdict.value}",
            message=f"Gate {gate.name}: {explain(state.test, state.evidence)}",
            warning=verdict is Verdict.HARM,
        )
