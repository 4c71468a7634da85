"""Specs, statuses and sights for tests of single rules; nothing here is run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Arm, Observation, Revision, Routes, Serving, Window
from sluice_operator.rollout.gate import fresh_gates
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import Phase, Status

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STABLE = Revision(name="churn-one", uri="models:/churn/1")
CANDIDATE_URI = "models:/churn/2"
GATES: tuple[dict[str, Any], ...] = (
    {"name": "errors", "metric": "ErrorRate", "margin": "2"},
    {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.1"},
    {"name": "hints", "metric": "ErrorRate", "margin": "3", "role": "Observe"},
    {
        "name": "better",
        "metric": "Accuracy",
        "comparison": "Paired",
        "margin": "0.01",
        "role": "Objective",
    },
)
STEPS: tuple[dict[str, Any], ...] = (
    {"mirror": {"percent": 100}},
    {"analysis": {"gates": ["better"]}},
    {"setWeight": 10},
    {"analysis": {"gates": ["errors", "slo"]}},
    {"setWeight": 100},
)


def spec(**changes: Any) -> Spec:
    """A spec with all kinds of gates."""
    plan = {"gates": list(GATES), "strategy": {"type": "Canary", "steps": list(STEPS)}} | changes
    document = {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "churn"},
        "spec": {"model": {"uri": CANDIDATE_URI}, **plan},
    }
    return parse(document).spec


CANDIDATE = wanted_revision("churn", spec())


def status(**changes: Any) -> Status:
    """A candidate with a tenth of the traffic, in the second analysis."""
    trying = Status(
        deployment="churn",
        phase=Phase.PROGRESSING,
        since=NOW - timedelta(minutes=1),
        attempt=2,
        stable=STABLE,
        candidate=CANDIDATE,
        step=3,
        step_since=NOW - timedelta(seconds=50),
        weight=10,
        peak_weight=10,
        gates=fresh_gates(spec()),
    )
    return replace(trying, **changes)


def serving(**changes: Any) -> Serving:
    """Both answer, and the router does what the status above wants."""
    both = Serving(
        ready=frozenset({STABLE.name, CANDIDATE.name}),
        routes=Routes(weights={STABLE.name: 90, CANDIDATE.name: 10}),
    )
    return replace(both, **changes)


def sight(*windows: Window, **changes: Any) -> Observation:
    """What is seen now."""
    return Observation(now=NOW, serving=serving(**changes), windows=windows)


def window(gate: str = "errors", *, stable: int = 0, candidate: int = 0) -> Window:
    """A hundred requests of each, and how many of them were bad."""
    return Window(
        gate=gate,
        cursor="next",
        stable=Arm(total=100, bad=stable),
        candidate=Arm(total=100, bad=candidate),
    )
