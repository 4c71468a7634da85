"""The status of the object: what people see, and all that a restart must know but the evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sluice_operator.api.v1alpha1 import Gate, Spec
from sluice_operator.cluster.kind import Object
from sluice_operator.cluster.port import Plain
from sluice_operator.controller.memory import Ailment
from sluice_operator.controller.moment import moment_text
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Observation, Revision, Verdict
from sluice_operator.rollout.condition import Condition, conditions_of
from sluice_operator.rollout.decide import Decision
from sluice_operator.rollout.gate import enforced, words_of
from sluice_operator.rollout.status import Attempt, GateState, Phase, Status

LONGEST_MESSAGE = 1024
SIGNIFICANT_DIGITS = 6


def headline_of(
    spec: Spec, status: Status, seen: Observation, trouble: Ailment
) -> tuple[object, ...]:
    """What is worth a write as soon as it changes: conditions, observed traffic, and trouble."""
    conditions = _conditions(spec, status, seen, trouble)
    facts = tuple((c.type, c.status, c.reason) for c in conditions)
    return (*facts, observed_weight(status, seen), seen.serving.error, trouble.message)


def observed_weight(status: Status, seen: Observation) -> int | None:
    """Percent that the router gives to whoever is on trial; None when it cannot be read."""
    routes = seen.serving.routes
    if routes is None:
        return None
    judged = status.candidate
    return routes.weights.get(judged.name, 0) if judged else 0


def status_shown(
    spec: Spec, decision: Decision, seen: Observation, body: Object, trouble: Ailment
) -> Plain:
    """The status subresource as plain JSON; fields without a value are left out."""
    status = decision.status
    shown = {
        "observedGeneration": body["metadata"].get("generation", 0),
        "phase": status.shown_phase,
        "message": _message(status, trouble),
        "since": _optional(status.since),
        "stable": _revision(status.stable),
        "candidate": _revision(status.candidate),
        "previous": _revision(status.previous),
        "attempt": status.attempt,
        "step": _step(spec, status),
        "traffic": _traffic(status, seen),
        "pause": _pause(status),
        "retreat": _retreat(status),
        "goingBack": status.going_back or None,
        "stableAway": status.stable_away or None,
        "blindSince": _optional(status.blind_since),
        "unreadySince": _optional(status.unready_since),
        "driftSince": _optional(status.drift_since),
        "steadySince": _optional(status.steady_since),
        "rejected": list(status.rejected) or None,
        "lastAction": status.last_action or None,
        "verdict": _verdict(spec, status),
        "gates": _gates(spec, status),
        "history": [_attempt(past) for past in status.history] or None,
        "conditions": _dated(_conditions(spec, status, seen, trouble), seen.now, body),
    }
    return _filled(shown)


def _filled(shown: Mapping[str, Any]) -> Plain:
    return {name: value for name, value in shown.items() if value is not None}


def _optional(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


def _message(status: Status, trouble: Ailment) -> str:
    text = f"{status.message}; {trouble.message}" if trouble.message else status.message
    return text[:LONGEST_MESSAGE]


def _revision(revision: Revision | None) -> Plain | None:
    if revision is None:
        return None
    plain: Plain = {"name": revision.name, "uri": revision.uri}
    if revision.digest:
        plain["digest"] = revision.digest
    if revision.requirements:
        plain["requirements"] = list(revision.requirements)
    return plain


def _step(spec: Spec, status: Status) -> Plain | None:
    if not status.on_trial and not status.step:
        return None
    plan = spec.strategy.plan
    title = plan[status.step].title if status.step < len(plan) else ""
    return _filled(
        {
            "index": status.step,
            "total": len(plan),
            "title": title,
            "display": f"{min(status.step + 1, len(plan))}/{len(plan)} {title}".strip(),
            "since": _optional(status.step_since),
        }
    )


def _traffic(status: Status, seen: Observation) -> Plain:
    return _filled(
        {
            "desiredWeight": status.weight,
            "observedWeight": observed_weight(status, seen),
            "mirrorPercent": status.mirror,
            "peakWeight": status.peak_weight,
            "epoch": status.epoch,
        }
    )


def _pause(status: Status) -> Plain | None:
    if status.pause is None:
        return None
    return {
        "reason": status.pause.reason.value,
        "since": moment_text(status.pause.since),
        "message": status.pause.message[:LONGEST_MESSAGE],
        "phase": status.phase.value,
    }


def _retreat(status: Status) -> Plain | None:
    if status.retreat is None:
        return None
    cause = status.retreat.cause[:LONGEST_MESSAGE]
    return {"outcome": status.retreat.outcome.value, "cause": cause}


def _attempt(past: Attempt) -> Plain:
    return {
        "number": past.number,
        "revision": _revision(past.revision),
        "outcome": past.outcome.value,
        "cause": past.cause[:LONGEST_MESSAGE],
        "peakWeight": past.peak_weight,
        "endedAt": moment_text(past.ended_at),
    }


def _is_judging(status: Status) -> bool:
    return status.on_trial or status.phase in {Phase.BAKING, Phase.ROLLING_BACK}


def _verdict(spec: Spec, status: Status) -> str | None:
    """One word for the column: harm at once, else how many promises are proven."""
    gates = enforced(spec)
    if not gates or not _is_judging(status):
        return None
    states = (status.gates.get(gate.name) for gate in gates)
    verdicts = [state.evidence.verdict for state in states if state]
    if Verdict.HARM in verdicts:
        return Verdict.HARM.value
    safe = verdicts.count(Verdict.SAFE)
    return f"{safe} safe, {len(gates) - safe} open"


def _gates(spec: Spec, status: Status) -> list[Plain] | None:
    if not _is_judging(status):
        return None
    return [gate_shown(gate, status.gates.get(gate.name)) for gate in spec.gates] or None


def gate_shown(gate: Gate, state: GateState | None) -> Plain:
    """What is known about one gate, for people."""
    shown: Plain = {"name": gate.name, "role": gate.role.value}
    if state is None:
        return shown | {"verdict": Verdict.INCONCLUSIVE.value, "samples": 0}
    evidence = state.evidence
    effect = effect_of(state.test, evidence)
    return _filled(
        shown
        | {
            "verdict": evidence.verdict.value,
            "samples": evidence.samples,
            "estimate": rounded(effect.est),
            "lower": rounded(effect.lo),
            "upper": rounded(effect.hi),
            "eHarm": rounded(evidence.e_harm),
            "eSafe": rounded(evidence.e_safe),
            "message": words_of(state)[:LONGEST_MESSAGE],
            "blindSince": _optional(state.blind_since),
            "error": state.error[:LONGEST_MESSAGE] or None,
        }
    )


def rounded(value: float | None) -> float | None:
    """As many digits as people read."""
    return None if value is None else float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _conditions(
    spec: Spec, status: Status, seen: Observation, trouble: Ailment
) -> tuple[Condition, ...]:
    conditions = conditions_of(spec, status, seen.serving, seen.now)
    if not trouble.reason:
        return conditions
    stalled = Condition(type="Stalled", status=True, reason=trouble.reason, message=trouble.message)
    return tuple(stalled if c.type == "Stalled" else c for c in conditions)


def _dated(conditions: tuple[Condition, ...], now: datetime, body: Object) -> list[Plain]:
    """Each condition since when it says so.

    Source: metav1.Condition, lastTransitionTime changes with the status only.
    """
    before = {c["type"]: c for c in (body.get("status") or {}).get("conditions", ())}
    generation = body["metadata"].get("generation", 0)
    return [_condition(c, before.get(c.type), now, generation) for c in conditions]


def _condition(
    condition: Condition, before: Mapping[str, Any] | None, now: datetime, generation: int
) -> Plain:
    status = "True" if condition.status else "False"
    same = before is not None and before["status"] == status
    return {
        "type": condition.type,
        "status": status,
        "reason": condition.reason,
        "message": condition.message[:LONGEST_MESSAGE],
        "observedGeneration": generation,
        "lastTransitionTime": before["lastTransitionTime"]
        if same and before
        else now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
