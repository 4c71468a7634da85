"""Rules that walk the steps: give traffic, see it verified, wait for verdicts and people."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from sluice_operator.api.v1alpha1 import OnInconclusive, OnNoData, OnTimeout, Spec, Step
from sluice_operator.judge.update import restart_safe
from sluice_operator.model import Observation
from sluice_operator.rollout.gate import objectives, unproven
from sluice_operator.rollout.status import Outcome, PauseReason, Phase, Status
from sluice_operator.rollout.turn import Turn, entered, paused, retreated, stay, told

DRIFT_LIMIT = timedelta(seconds=90)
"""How long the router may report other traffic than wanted, while it is told again at each look,
before the rollout rests (three tries of 30 s)."""


def advanced(spec: Spec, status: Status, now: datetime, to: int, *, by_hand: bool = False) -> Turn:
    """The next step entered, or the promotion when there is none left."""
    steps = spec.strategy.plan
    weight = 100 if to >= len(steps) else steps[to].set_weight or status.weight
    missing = unproven(status, objectives(spec))
    if missing and weight > spec.strategy.max_weight_before_objectives and not by_hand:
        return paused(
            status,
            now,
            PauseReason.UNPROVEN,
            f"Weight {weight} needs proof that {', '.join(missing)} is safe",
        )
    if to >= len(steps):
        return promoting(status, now)
    return _entered_step(spec, status, now, to)


def _entered_step(spec: Spec, status: Status, now: datetime, to: int) -> Turn:
    step = spec.strategy.plan[to]
    weight = step.set_weight or status.weight
    mirror = status.mirror if step.mirror is None else step.mirror.percent
    if step.set_weight is not None:  # no router can ask one revision twice for the same request
        mirror = 0
    going = replace(
        entered(status, Phase.SHADOWING if mirror and not weight else Phase.PROGRESSING, now),
        step=to,
        step_since=None,
        weight=weight,
        mirror=mirror,
        peak_weight=max(status.peak_weight, weight),
        pause=None,
        drift_since=None,
        blind_since=None,
    )
    title = f"Step {to + 1} of {len(spec.strategy.plan)}: {step.title}"
    return told(_fresh_safety(going, step), now, "StepStarted", title)


def _fresh_safety(status: Status, step: Step) -> Status:
    """Safety is proven anew under the traffic of each analysis; harm adds up over the attempt."""
    if step.analysis is None:
        return status
    restarted = {
        name: replace(status.gates[name], evidence=restart_safe(status.gates[name].evidence))
        for name in step.analysis.gates
        if name in status.gates
    }
    return replace(status, gates={**status.gates, **restarted})


def promoting(status: Status, now: datetime) -> Turn:
    """All traffic to the candidate; stable stays warm."""
    assert status.candidate is not None
    going = replace(
        entered(status, Phase.PROMOTING, now),
        weight=100,
        mirror=0,
        peak_weight=100,
        pause=None,
        drift_since=None,
    )
    return told(going, now, "Promoting", f"{status.candidate.name} gets all traffic")


def await_traffic(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """No step counts before the router itself reports the wanted traffic."""
    if not status.on_trial:
        return None
    if status.drift_since is None:
        return None
    if seen.now - status.drift_since > DRIFT_LIMIT:
        message = f"The router does not carry the wanted traffic: {seen.serving.error or 'drift'}"
        return paused(status, seen.now, PauseReason.TRAFFIC_DRIFT, message)
    return stay(status, f"Waiting for the router to report weight {status.weight}")


def hold_while_blind(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """Missing counts are neither pass nor fail: the step waits, as the gate's `onNoData` says."""
    if not status.on_trial or status.blind_since is None:
        return None
    blind = [
        (spec.gate(name), state)
        for name, state in status.gates.items()
        if state.blind_since and any(gate.name == name for gate in spec.gates)
    ]
    if seen.now - status.blind_since <= spec.no_data_limit:
        return stay(status, f"No counts: {'; '.join(state.error for _, state in blind)}")
    for gate, state in blind:
        if gate.on_no_data is OnNoData.ROLLBACK:
            cause = f"{gate.name} has had no counts for {spec.no_data_limit}: {state.error}"
            return retreated(status, seen.now, Outcome.ROLLED_BACK, cause)
    if any(gate.on_no_data is OnNoData.PAUSE for gate, _ in blind):
        return paused(status, seen.now, PauseReason.NO_METRICS, "No counts; see the gates")
    return stay(status, f"No counts: {'; '.join(state.error for _, state in blind)}")


def run_step(spec: Spec, status: Status, seen: Observation) -> Turn | None:
    """The step of the plan that is due."""
    if status.phase not in {Phase.SHADOWING, Phase.PROGRESSING}:
        return None
    if status.step >= len(spec.strategy.plan):
        return advanced(spec, status, seen.now, to=status.step)
    if status.step_since is None:
        status = replace(status, step_since=seen.now)
    step = spec.strategy.plan[status.step]
    return _RUN[step.kinds[0]](spec, status, step, seen.now)


def _go_on(spec: Spec, status: Status, step: Step, now: datetime) -> Turn:
    return advanced(spec, status, now, to=status.step + 1)


def _rest(spec: Spec, status: Status, step: Step, now: datetime) -> Turn:
    assert step.pause is not None
    if step.pause.duration is None:
        return paused(status, now, PauseReason.STEP, "Waiting for Resume, as the step says")
    left = step.pause.duration - status.in_step(now)
    if left <= timedelta(0):
        return _go_on(spec, status, step, now)
    return stay(status, f"Pausing for another {_seconds(left)}")


def _analyse(spec: Spec, status: Status, step: Step, now: datetime) -> Turn:
    analysis = step.analysis
    assert analysis is not None
    missing = unproven(status, analysis.gates)
    spent = status.in_step(now)
    if not missing and spent >= analysis.min_duration:
        return _go_on(spec, status, step, now)
    if not missing:
        left = analysis.min_duration - spent
        return stay(status, f"All gates are safe; staying for another {_seconds(left)}")
    if spent < analysis.max_duration:
        left = analysis.max_duration - spent
        return stay(status, f"Waiting for {', '.join(missing)}; {_seconds(left)} left")
    message = f"{', '.join(missing)} undecided after {analysis.max_duration}"
    match analysis.on_inconclusive:
        case OnInconclusive.PAUSE:
            return paused(status, now, PauseReason.INCONCLUSIVE, message)
        case OnInconclusive.ROLLBACK:
            return retreated(status, now, Outcome.ROLLED_BACK, message)
        case OnInconclusive.PROCEED:
            return _go_on(spec, status, step, now)


def _await_approval(spec: Spec, status: Status, step: Step, now: datetime) -> Turn:
    approval = step.approval
    assert approval is not None
    if approval.timeout is None or status.in_step(now) < approval.timeout:
        return stay(status, "Waiting for approval (Promote)")
    message = f"Nobody approved within {approval.timeout}"
    if approval.on_timeout is OnTimeout.ROLLBACK:
        return retreated(status, now, Outcome.ROLLED_BACK, message)
    return paused(status, now, PauseReason.UNAPPROVED, message)


_RUN: Mapping[str, Callable[[Spec, Status, Step, datetime], Turn]] = MappingProxyType(
    {
        "set_weight": _go_on,
        "mirror": _go_on,
        "pause": _rest,
        "analysis": _analyse,
        "approval": _await_approval,
    }
)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
