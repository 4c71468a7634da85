"""Folding what was seen into the status, before any rule decides."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sluice_operator.api.v1alpha1 import Comparison, Gate, Metric, Spec
from sluice_operator.judge.update import problem_of, update
from sluice_operator.model import Cohort, Event, Observation, Verdict, Window
from sluice_operator.rollout.gate import awaited, state_of, words_of
from sluice_operator.rollout.split import steady_since, wanted_in, with_share
from sluice_operator.rollout.status import GateState, Phase, Status
from sluice_operator.rollout.turn import Turn

FEW_ANSWERS = 20
"""Matured answers of a revision below which nobody can say how many of them get labels: at nine in
ten, 16 of 20 or more have one in 96 % of all cases."""
_OF_THE_MOMENT = frozenset({Metric.ERROR_RATE, Metric.LATENCY_EXCEEDANCE, Metric.COUNTERS})
"""Metrics of which a process that is being started again has counts like no other."""


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
        steady_since=steady_since(status, seen),
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
        name: replace(
            state,
            blind_since=_earlier(state.blind_since, now),
            seen_at=_earlier(state.seen_at, now),
        )
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
        steady_since=_earlier(status.steady_since, now),
    )


def _earlier(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _counted(spec: Spec, status: Status, window: Window, seen: Observation) -> Status:
    """One window in its gate; a window of a gate that is gone is dropped."""
    gate = next((gate for gate in spec.gates if gate.name == window.gate), None)
    if gate is None:
        return status
    state = state_of(gate, status)
    window = with_share(status, state, window, seen)
    if problem := problem_of(state.test, window):
        state = _uncounted(state, window, problem, seen)
    elif _is_unfair(gate, status, seen):
        error = "stable does not answer, so there is nothing to compare with"
        state = replace(
            state, cursor=window.cursor, error=error, blind_since=None, seen_at=seen.now
        )
    else:
        state = _with(state, window, seen)
    return replace(status, gates={**status.gates, gate.name: state})


def _with(state: GateState, window: Window, seen: Observation) -> GateState:
    """The gate with one window more."""
    return GateState(
        test=state.test,
        evidence=update(state.test, state.evidence, window),
        cursor=window.cursor,
        seen_at=seen.now,
        coverage=_covered(state.coverage, window.coverage),
        wanted=state.wanted + wanted_in(window),
    )


def _covered(
    sums: tuple[Cohort, Cohort] | None, more: tuple[Cohort, Cohort] | None
) -> tuple[Cohort, Cohort] | None:
    if sums is None or more is None:
        return more or sums
    return _cohort(sums[0], more[0]), _cohort(sums[1], more[1])


def _cohort(one: Cohort, other: Cohort) -> Cohort:
    return Cohort(
        matured=one.matured + other.matured,
        labelled=one.labelled + other.labelled,
        wrong=one.wrong + other.wrong,
    )


def _uncounted(state: GateState, window: Window, problem: str, seen: Observation) -> GateState:
    """The window will be asked for again, with what has come by then: the cursor stays.

    So no label is lost where coverage is too low for now, and a handful of matured answers is not
    yet called an outage.
    """
    few = window.coverage and min(cohort.matured for cohort in window.coverage) < FEW_ANSWERS
    if few and not window.error:
        return replace(state, error="", blind_since=None)
    return replace(state, error=problem, blind_since=state.blind_since or seen.now)


def _is_unfair(gate: Gate, status: Status, seen: Observation) -> bool:
    """Whether a ratio is asked for while stable was away when the window began or ended.

    The errors of a process that is being started again are none of its model: counted, they would
    prove a candidate safe that fails ten times as often. The next window begins after them. Answers
    that have matured, and what was predicted, are of earlier, and stay.
    """
    if gate.comparison is not Comparison.RELATIVE or gate.metric not in _OF_THE_MOMENT:
        return False
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
            message=f"Gate {gate.name}: {words_of(state)}",
            warning=verdict is Verdict.HARM,
        )
