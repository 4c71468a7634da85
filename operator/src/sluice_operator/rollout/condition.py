"""Conditions: what a person or `kubectl wait` may ask about a deployment."""

from dataclasses import dataclass
from datetime import datetime

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.judge.verdict import explain
from sluice_operator.model import Routes, Serving
from sluice_operator.rollout.gate import harmed, objectives, unproven
from sluice_operator.rollout.status import RESTING, Phase, Status
from sluice_operator.rollout.step import DRIFT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One statement about the deployment.

    Source: metav1.Condition; Ready, Reconciling and Stalled mean what kstatus says.
    """

    type: str
    status: bool
    reason: str
    message: str = ""


def conditions_of(
    spec: Spec, status: Status, serving: Serving, now: datetime, unmet: str = ""
) -> tuple[Condition, ...]:
    """Every condition, in a fixed order.

    Args:
        spec: What is carried out.
        status: Where it stands.
        serving: What the engine reports.
        now: The present.
        unmet: Why something else is carried out than is asked for; empty when it is not.
    """
    return (
        _ready(status, serving),
        Condition(
            type="Reconciling",
            status=status.phase not in RESTING,
            reason=status.phase.value,
            message=status.message,
        ),
        _stalled(status, serving, now, unmet),
        _candidate_ready(status, serving),
        _traffic_verified(status, serving),
        _metrics_available(status),
        _gates_passing(spec, status),
        _paused(status),
        _rolled_back(status),
    )


def _ready(status: Status, serving: Serving) -> Condition:
    stable = status.stable
    answers = stable is not None and stable.name in serving.ready
    return Condition(
        type="Ready",
        status=answers,
        reason="StableServes" if answers else "NoStable",
        message=_answers(stable.name, serving) if stable else "no model has been adopted yet",
    )


def _stalled(status: Status, serving: Serving, now: datetime, unmet: str) -> Condition:
    deaf = status.drift_since is not None and now - status.drift_since > DRIFT_LIMIT
    failed = status.phase is Phase.FAILED
    return Condition(
        type="Stalled",
        status=failed or deaf or bool(unmet),
        reason="TemplateUnmet" if unmet else "Stalled" if failed or deaf else "Moving",
        message=unmet or (status.message if failed else _drift(status, serving) if deaf else ""),
    )


def _candidate_ready(status: Status, serving: Serving) -> Condition:
    judged = status.judged
    ready = judged is not None and judged.name in serving.ready
    return Condition(
        type="CandidateReady",
        status=ready,
        reason="Ready" if ready else "NotReady" if judged else "NoCandidate",
        message=_answers(judged.name, serving) if judged else "nothing is on trial",
    )


def _traffic_verified(status: Status, serving: Serving) -> Condition:
    drifts = status.drift_since is not None
    return Condition(
        type="TrafficVerified",
        status=not drifts,
        reason="Drift" if drifts else "Verified",
        message=_drift(status, serving) if drifts else _in_words(status.routing.routes),
    )


def _metrics_available(status: Status) -> Condition:
    blind = {name: state.error for name, state in status.gates.items() if state.blind_since}
    return Condition(
        type="MetricsAvailable",
        status=not blind,
        reason="NoCounts" if blind else "Counting",
        message="; ".join(": ".join(filter(None, said)) for said in blind.items()),
    )


def _gates_passing(spec: Spec, status: Status) -> Condition:
    harm, open_ones = harmed(spec, status), unproven(status, objectives(spec))
    if harm is not None:
        state = status.gates[harm.name]
        message = f"{harm.name}: {explain(state.test, state.evidence)}"
    else:
        message = f"not proven safe yet: {', '.join(open_ones)}" if open_ones else ""
    return Condition(
        type="GatesPassing",
        status=harm is None and not open_ones,
        reason="Harm" if harm else "NotProven" if open_ones else "Safe",
        message=message,
    )


def _paused(status: Status) -> Condition:
    waits = status.pause.reason.value if status.pause else ""
    return Condition(
        type="Paused",
        status=bool(waits),
        reason=waits or "NotPaused",
        message=status.pause.message if status.pause else "",
    )


def _rolled_back(status: Status) -> Condition:
    taken_back = status.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK}
    past = status.history[-1].cause if taken_back and status.history else ""
    return Condition(
        type="RolledBack",
        status=taken_back,
        reason=status.phase.value,
        message=status.retreat.cause if status.retreat else past,
    )


def _answers(name: str, serving: Serving) -> str:
    """Whether a revision answers, and if not, why."""
    if name in serving.ready:
        return f"{name} answers"
    why = serving.failed.get(name) or serving.waiting.get(name) or serving.error
    return f"{name} does not answer" + (f": {why}" if why else "")


def _drift(status: Status, serving: Serving) -> str:
    """What the router does instead of what is wanted."""
    if serving.routes is None:
        return serving.error or "the router cannot be asked"
    wanted = _in_words(status.routing.routes)
    return f"wanted are {wanted}; the router reports {_in_words(serving.routes)}"


def _in_words(routes: Routes) -> str:
    """Who gets how much."""
    shares = [f"{name} {weight} %" for name, weight in sorted(routes.weights.items())]
    copies = [f"{name} copies of {part} %" for name, part in sorted(routes.mirror.items())]
    return ", ".join(shares + copies) or "no routes"
