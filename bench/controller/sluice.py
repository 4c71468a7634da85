"""Sluice as the subject: ModelDeployments on a painted Seldon Core 2."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from child import python, world
from sluice_operator.api.load import parse
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, SELDON_EXPERIMENT, Kind
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.serving.process import Process
from subject import BAD_SHARE, BURST, HELD_PERCENT, NAMESPACE, Body, Ground

ROOT = Path(__file__).resolve().parents[2]
DAY = "24h"
GATES: tuple[Body, ...] = (
    {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "2"},
    {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"},
    {
        "name": "slower",
        "metric": "LatencyExceedance",
        "threshold": "250ms",
        "comparison": "Relative",
        "margin": "2",
    },
    {
        "name": "latency",
        "metric": "LatencyExceedance",
        "threshold": "250ms",
        "comparison": "Absolute",
        "margin": "0.05",
    },
    {
        "name": "seen",
        "role": "Observe",
        "metric": "ErrorRate",
        "comparison": "Absolute",
        "margin": "0.05",
    },
)
HOLD: tuple[Body, ...] = (
    {"setWeight": HELD_PERCENT},
    {"analysis": {"gates": ["slo"], "minDuration": DAY, "maxDuration": "48h"}},
)
REQUESTS_PER_SECOND = {"stable": 90.0, "candidate": 10.0}
HEALTHY_SHARE = 0.002


@dataclass(frozen=True, kw_only=True)
class Sluice:
    """The operator of this repository."""

    name: str = "sluice"
    namespace: str = NAMESPACE
    own: Kind = MODEL_DEPLOYMENT
    traffic: Kind = SELDON_EXPERIMENT
    poll_seconds: float = 5.0
    load_seconds: float = 0.5
    """From a new Model to one that answers."""
    steps: Sequence[Body] = HOLD
    gates: Sequence[Body] = GATES
    bake: str = "5s"
    failing: str = ""
    """Word in a URI for which models never load."""
    version: str = "2.6.0"
    """Of the painted Seldon: 2.6.0 or 2.10.2."""
    variables: dict[str, str] = field(default_factory=dict)
    """More settings of the operator's process."""
    log: str = "sluice-"
    """How names of log files begin."""

    def definitions(self) -> Sequence[Path]:
        """See `Subject`."""
        return (ROOT / "manifests" / "crd", ROOT / "tests" / "support" / "crds")

    def surroundings(self, ground: Ground) -> Sequence[tuple[Kind, Body]]:
        """See `Subject`."""
        return ()

    def worlds(self, ground: Ground) -> Sequence[Process]:
        """See `Subject`."""
        arguments = (str(ground.world_kubeconfig), str(ground.world_port), str(self.load_seconds))
        log = ground.folder / "seldon.log"
        return (world("seldon_world", log, *arguments, self.failing, self.version),)

    def controller(self, ground: Ground, number: int) -> Process:
        """See `Subject`."""
        settings = {
            "KUBECONFIG": str(ground.kubeconfigs[number]),
            "SLUICE_KUBECONFIG": str(ground.kubeconfigs[number]),
            "SLUICE_LEASE_NAMESPACE": self.namespace,
            "SLUICE_NAMESPACES": self.namespace,
            "SLUICE_IDENTITY": f"replica-{number}",
            "SLUICE_PROMETHEUS_URL": ground.metrics_url,
            "SLUICE_ENVOY_ADMIN_URLS": f"http://127.0.0.1:{ground.world_port}",
            "SLUICE_POLL_SECONDS": str(self.poll_seconds),
            "SLUICE_BIND": "127.0.0.1",
            "SLUICE_HEALTH_PORT": "0",
            "SLUICE_METRICS_PORT": "0",
            "SLUICE_LOG_FORMAT": "text",
            **self.variables,
        }
        log = ground.folder / f"{self.log}{settings['SLUICE_IDENTITY']}.log"
        return python("sluice_operator.controller", log, settings)

    def with_variables(self, variables: dict[str, str]) -> "Sluice":
        """The same with other settings."""
        return replace(self, variables=variables)

    def objects(self, name: str) -> Sequence[tuple[Kind, Body]]:
        """See `Subject`."""
        return ((MODEL_DEPLOYMENT, self.document(name, 1)),)

    def document(self, name: str, version: int | str) -> Body:
        """The ModelDeployment that a user applies."""
        spec: Body = {
            "model": {"uri": uri_of(name, version)},
            "strategy": {"type": "Canary", "steps": list(self.steps)},
            "gates": list(self.gates),
            "rollback": {"bake": self.bake},
        }
        metadata = {"name": name, "namespace": self.namespace}
        kind = {"apiVersion": MODEL_DEPLOYMENT.api_version, "kind": MODEL_DEPLOYMENT.kind}
        return {**kind, "metadata": metadata, "spec": spec}

    def revision(self, name: str, version: int) -> Body:
        """See `Subject`."""
        return model_patch(name, version)

    def edit(self, number: int) -> Body:
        """See `Subject`."""
        return {"spec": {"revisionHistoryLimit": 11 + number % 39}}

    def revision_name(self, name: str, version: int | str) -> str:
        """What Sluice calls a version."""
        document = self.document(name, version)
        document["metadata"] = {"name": name}
        return wanted_revision(name, parse(document).spec).name

    def counters(self, name: str, version: int) -> Sequence[Body]:
        """See `Subject`."""
        return (self.counter(name, version, HEALTHY_SHARE),)

    def counter(self, name: str, version: int | str, bad_share: float) -> Body:
        """The order that has requests of one version counted."""
        rate = REQUESTS_PER_SECOND["stable" if version == 1 else "candidate"]
        known = {"name": self.revision_name(name, version), "owner": name}
        revision = {**known, "rate": rate, "bad_share": bad_share}
        return {"do": "add", "namespace": self.namespace, "revision": revision}

    def breach(self, name: str, version: int) -> Body:
        """See `Subject`."""
        revision = self.revision_name(name, version)
        return {"do": "breach", "revision": revision, "share": BAD_SHARE, "burst": BURST}

    def is_at_rest(self, body: Body) -> bool:
        """See `Subject`."""
        status = body.get("status") or {}
        fresh = status.get("observedGeneration") == body["metadata"].get("generation")
        return fresh and status.get("phase") in {"Healthy", "RolledBack", "Failed"}

    def is_holding(self, body: Body) -> bool:
        """See `Subject`."""
        status: dict[str, Any] = body.get("status") or {}
        weight = status.get("traffic", {}).get("observedWeight")
        step = status.get("step") or {}
        return weight == HELD_PERCENT and step.get("index") == 1

    def weight(self, body: Body) -> int | None:
        """See `Subject`."""
        name, stable = body["metadata"]["name"], self.revision_name(body["metadata"]["name"], 1)
        shares = {c["name"]: int(c.get("weight") or 0) for c in body["spec"].get("candidates", ())}
        return sum(share for model, share in shares.items() if model not in {name, stable})


def uri_of(name: str, version: int | str) -> str:
    """Where the package of a version lies."""
    return f"s3://models/{name}/{version}"


def model_patch(name: str, version: int | str) -> Body:
    """Another version is wanted."""
    return {"spec": {"model": {"uri": uri_of(name, version)}}}
