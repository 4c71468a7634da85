"""ModelDeployments of the stack: what a user applies, and how their rollouts go."""

from dataclasses import dataclass
from typing import Any

from eventually import eventually
from stack import Stack

SHADOW_THEN_CANARY = (
    {"mirror": {"percent": 100}},
    {"analysis": {"gates": ["better"], "maxDuration": "10m"}},
    {"mirror": {"percent": 0}},
    {"setWeight": 20},
    {"analysis": {"gates": ["slo"], "maxDuration": "10m"}},
    {"setWeight": 50},
    {"analysis": {"gates": ["slo"], "maxDuration": "10m"}},
)
CANARY = (
    {"setWeight": 50},
    {"analysis": {"gates": ["slo"], "minDuration": "20s", "maxDuration": "10m"}},
)
ERRORS = {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "2"}
SLO = {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute"}
BETTER = {
    "name": "better",
    "metric": "Accuracy",
    "comparison": "Paired",
    "role": "Objective",
    "margin": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One ModelDeployment."""

    stack: Stack
    name: str
    slo: str = "0.05"
    """Share of requests that may fail; no more than a bad candidate fails, or it is safe."""

    def apply(self, uri: str, *, shadow: bool = False, bake: str = "0s") -> None:
        """Serve a model from now on, if it earns it."""
        gates = (ERRORS, SLO | {"margin": self.slo})
        steps, gates = (SHADOW_THEN_CANARY, (*gates, BETTER)) if shadow else (CANARY, gates)
        spec = {
            "model": {"uri": uri, "requirements": ["sluice"]},
            "strategy": {"type": "Canary", "steps": list(steps)},
            "gates": list(gates),
            "rollback": {"bake": bake},
        }
        head = {"apiVersion": "sluice.dev/v1alpha1", "kind": "ModelDeployment"}
        self.stack.apply(head | {"metadata": {"name": self.name}, "spec": spec})

    def status(self) -> dict[str, Any]:
        """What the operator says of it."""
        found: dict[str, Any] = self.stack.get("modeldeployment", self.name).get("status", {})
        return found

    def await_phase(self, phase: str, uri: str, within: float = 300.0) -> dict[str, Any]:
        """Its status, once the attempt with a model is in a phase."""

        def reached() -> dict[str, Any]:
            status = self.status()
            tried = {(status.get(who) or {}).get("uri") for who in ("stable", "candidate")}
            last = (status.get("history") or [{}])[-1].get("revision", {}).get("uri")
            assert status.get("phase") == phase, _told(status)
            assert uri in {*tried, last}, _told(status)
            return status

        return eventually(reached, within=within, every=0.5)


def _told(status: dict[str, Any]) -> str:
    conditions = status.get("conditions", ())
    words = [f"{c['type']}={c['status']}: {c.get('message', '')}" for c in conditions]
    last = (status.get("history") or [{}])[-1]
    where = f"{status.get('phase')} at {status.get('step')}"
    return "; ".join((where, f"last {last.get('outcome')}: {last.get('cause')}", *words))
