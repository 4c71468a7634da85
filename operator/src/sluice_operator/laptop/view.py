"""What `sluice rollout get|watch` shows: one turn of the loop in plain JSON."""

import json
from dataclasses import asdict
from typing import Any

from sluice_operator.api.v1alpha1 import Gate, Spec
from sluice_operator.judge.verdict import effect_of
from sluice_operator.model import Revision
from sluice_operator.rollout.condition import conditions_of
from sluice_operator.rollout.gate import words_of
from sluice_operator.rollout.reconcile import Reconciled
from sluice_operator.rollout.status import Attempt, GateState, Status


def view_of(spec: Spec, turn: Reconciled, unmet: str = "") -> str:
    """JSON text; wanted traffic stands beside what the router reports.

    Args:
        spec: What the turn went by.
        turn: What was seen and decided.
        unmet: Why that is not what the file asks for now.
    """
    status, serving = turn.decision.status, turn.seen.serving
    routes = serving.routes
    conditions = conditions_of(spec, status, serving, turn.seen.now, unmet)
    return json.dumps(
        {
            "name": status.deployment,
            "at": turn.seen.now.isoformat(),
            "phase": status.shown_phase,
            "message": status.message,
            "attempt": status.attempt,
            "stable": _name(status.stable),
            "candidate": _name(status.candidate),
            "previous": _name(status.previous),
            "models": {revision.name: revision.uri for revision in status.routing.revisions},
            "step": _step(spec, status),
            "weight": status.weight,
            "mirror": status.mirror,
            "peakWeight": status.peak_weight,
            "observed": None
            if routes is None
            else {"weights": dict(routes.weights), "mirror": dict(routes.mirror)},
            "ready": sorted(serving.ready),
            "failed": dict(serving.failed),
            "gates": [_gate(gate, status.gates.get(gate.name)) for gate in spec.gates],
            "conditions": [asdict(condition) for condition in conditions],
            "history": [_attempt(past) for past in status.history],
            "rejected": list(status.rejected),
            "error": unmet or turn.error or serving.error,
        }
    )


def _attempt(past: Attempt) -> dict[str, Any]:
    return {
        "attempt": past.number,
        "revision": past.revision.name,
        "uri": past.revision.uri,
        "outcome": past.outcome,
        "cause": past.cause,
        "peakWeight": past.peak_weight,
        "endedAt": past.ended_at.isoformat(),
    }


def _name(revision: Revision | None) -> str | None:
    return revision.name if revision else None


def _step(spec: Spec, status: Status) -> dict[str, Any] | None:
    steps = spec.strategy.plan
    if not status.on_trial or status.step >= len(steps):
        return None
    return {"index": status.step, "total": len(steps), "title": steps[status.step].title}


def _gate(gate: Gate, state: GateState | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": gate.name, "role": gate.role, "metric": gate.metric}
    if state is None:
        return shown | {"verdict": "Inconclusive", "explanation": "not asked yet"}
    evidence = state.evidence
    effect = effect_of(state.test, evidence)
    return shown | {
        "verdict": evidence.verdict,
        "explanation": words_of(state),
        "samples": evidence.samples,
        "eHarm": evidence.e_harm,
        "eSafe": evidence.e_safe,
        "effect": {
            "estimate": effect.est,
            "low": effect.lo,
            "high": effect.hi,
        },
        "error": state.error,
    }
