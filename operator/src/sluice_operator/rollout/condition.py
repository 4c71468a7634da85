"""Conditions: what a person or `kubectl wait` may ask about a deployment."""

from dataclasses import dataclass
from datetime import datetime

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Serving
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
    stable = status.stable is not None and status.stable.name in serving.ready
    judged = status.judged is not None and status.judged.name in serving.ready
    drifting = status.drift_since is not None
    waits = status.pause.reason.value if status.pause else ""
    blind = [name for name, state in status.gates.items() if state.blind_since]
    safe = not harmed(spec, status) and not unproven(status, objectives(spec))
    return (
        Condition(type="Ready", status=stable, reason="StableServes" if stable else "NoStable"),
        Condition(
            type="Reconciling", status=status.phase not in RESTING, reason=status.phase.value
        ),
        _stalled(status, now, unmet),
        Condition(type="CandidateReady", status=judged, reason="Ready" if judged else "NotReady"),
        Condition(
            type="TrafficVerified", status=not drifting, reason="Drift" if drifting else "Verified"
        ),
        Condition(
            type="MetricsAvailable",
            status=not blind,
            reason="NoCounts" if blind else "Counting",
            message=", ".join(blind),
        ),
        Condition(type="GatesPassing", status=safe, reason="Safe" if safe else "NotProven"),
        Condition(type="Paused", status=bool(waits), reason=waits or "NotPaused"),
        Condition(
            type="RolledBack",
            status=status.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK},
            reason=status.phase.value,
            message=status.retreat.cause if status.retreat else "",
        ),
    )


def _stalled(status: Status, now: datetime, unmet: str) -> Condition:
    adrift = status.drift_since is not None and now - status.drift_since > DRIFT_LIMIT
    stalled = status.phase is Phase.FAILED or adrift
    return Condition(
        type="Stalled",
        status=stalled or bool(unmet),
        reason="TemplateUnmet" if unmet else "Stalled" if stalled else "Moving",
        message=unmet,
    )
