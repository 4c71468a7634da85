"""Argo Rollouts as the subject: Rollouts behind Istio VirtualServices, ReplicaSets painted.

Only its public API is used; its controller and CRDs are given on the command line.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from child import SUPPORT, program, world
from sluice_operator.cluster.kind import CRD, VIRTUAL_SERVICE, Kind
from sluice_operator.serving.process import Process
from subject import BAD_SHARE, HELD_PERCENT, NAMESPACE, Body, Ground

GROUP, VERSION = "argoproj.io", "v1alpha1"
ROLLOUT = Kind(group=GROUP, version=VERSION, kind="Rollout", plural="rollouts")
TEMPLATE = Kind(group=GROUP, version=VERSION, kind="AnalysisTemplate", plural="analysistemplates")
SERVICE = Kind(group="", version="v1", kind="Service", plural="services")
TEMPLATE_NAME = "failures"
FREE_PORT = "0"
LIMIT = 0.1


@dataclass(frozen=True, kw_only=True)
class Argo:
    """One background analysis with one metric for each Rollout."""

    binary: Path
    crds: Path
    poll_seconds: float = 10.0
    name: str = "argo"
    own: Kind = ROLLOUT
    traffic: Kind = VIRTUAL_SERVICE

    def definitions(self) -> Sequence[Path]:
        """See `Subject`."""
        istio = SUPPORT / "crds" / "virtualservices.networking.istio.io.yaml"
        return (self.crds, istio)

    def surroundings(self, ground: Ground) -> Sequence[tuple[Kind, Body]]:
        """See `Subject`: Istio's other kind, and the analysis that all Rollouts use."""
        template = _template(ground.metrics_url, self.poll_seconds)
        return ((CRD, _destination_rules()), (TEMPLATE, template))

    def worlds(self, ground: Ground) -> Sequence[Process]:
        """See `Subject`."""
        log = ground.folder / "replica-sets.log"
        return (world("replica_world", log, str(ground.world_kubeconfig)),)

    def controller(self, ground: Ground, number: int) -> Process:
        """See `Subject`; shipped defaults, apart from where things are."""
        options = {
            "kubeconfig": str(ground.kubeconfigs[number]),
            "istio-api-version": VIRTUAL_SERVICE.version,
            "metricsPort": FREE_PORT,
            "healthzPort": FREE_PORT,
            "loglevel": "error",
        }
        command = [str(self.binary), *(f"--{name}={value}" for name, value in options.items())]
        log = ground.folder / f"argo-{number}.log"
        return program(command, log, {"POD_NAMESPACE": NAMESPACE})

    def objects(self, name: str) -> Sequence[tuple[Kind, Body]]:
        """See `Subject`."""
        services = [(SERVICE, _service(name, role)) for role in ("stable", "canary")]
        return (*services, (VIRTUAL_SERVICE, _virtual_service(name)), (ROLLOUT, _rollout(name)))

    def revision(self, name: str, version: int) -> Body:
        """See `Subject`."""
        return {"spec": {"template": _template_of_pods(name, version)}}

    def edit(self, number: int) -> Body:
        """See `Subject`."""
        return {"spec": {"revisionHistoryLimit": 11 + number % 39}}

    def counters(self, name: str, version: int) -> Sequence[Body]:
        """See `Subject`."""
        return ({"do": "share", "object": name, "share": 0.002},)

    def breach(self, name: str, version: int) -> Body:
        """See `Subject`."""
        return {"do": "breach object", "object": name, "share": BAD_SHARE}

    def is_at_rest(self, body: Body) -> bool:
        """See `Subject`."""
        if not _is_seen(body):
            return False
        status = body["status"]
        return status.get("phase") == "Healthy" or bool(status.get("abort"))

    def is_holding(self, body: Body) -> bool:
        """See `Subject`."""
        if not _is_seen(body):
            return False
        status: dict[str, Any] = body["status"]
        canary = status.get("canary") or {}
        run = canary.get("currentBackgroundAnalysisRunStatus") or {}
        weight = (canary.get("weights") or {}).get("canary", {}).get("weight")
        return run.get("status") == "Running" and weight == HELD_PERCENT

    def weight(self, body: Body) -> int | None:
        """See `Subject`."""
        canary = f"{body['metadata']['name']}-canary"
        routes = [route for rule in body["spec"]["http"] for route in rule["route"]]
        return sum(int(r.get("weight") or 0) for r in routes if r["destination"]["host"] == canary)


def _destination_rules() -> Body:
    """The CRD of DestinationRules, which the rival watches; there will be none."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True}
    spec = {
        "group": VIRTUAL_SERVICE.group,
        "scope": "Namespaced",
        "names": {"kind": "DestinationRule", "plural": "destinationrules"},
        "versions": [{**version, "schema": {"openAPIV3Schema": anything}}],
    }
    metadata = {"name": f"destinationrules.{VIRTUAL_SERVICE.group}"}
    return {"apiVersion": CRD.api_version, "kind": CRD.kind, "metadata": metadata, "spec": spec}


def _is_seen(body: Body) -> bool:
    generation = str(body["metadata"].get("generation"))
    return (body.get("status") or {}).get("observedGeneration") == generation


def _named(kind: Kind, name: str, spec: Body) -> Body:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def _service(name: str, role: str) -> Body:
    return _named(SERVICE, f"{name}-{role}", {"selector": {"app": name}, "ports": [{"port": 80}]})


def _virtual_service(name: str) -> Body:
    routes = [
        {"destination": {"host": f"{name}-{role}"}, "weight": weight}
        for role, weight in (("stable", 100), ("canary", 0))
    ]
    return _named(VIRTUAL_SERVICE, name, {"hosts": [name], "http": [{"route": routes}]})


def _rollout(name: str) -> Body:
    canary = {
        "stableService": f"{name}-stable",
        "canaryService": f"{name}-canary",
        "trafficRouting": {"istio": {"virtualService": {"name": name}}},
        "steps": [{"setWeight": HELD_PERCENT}, {"pause": {}}],
        "analysis": {
            "templates": [{"templateName": TEMPLATE_NAME}],
            "args": [{"name": "object", "value": name}],
        },
    }
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": _template_of_pods(name, 1),
        "strategy": {"canary": canary},
    }
    return _named(ROLLOUT, name, spec)


def _template_of_pods(name: str, version: int) -> Body:
    containers = [{"name": "model", "image": f"models.example/{name}:{version}"}]
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}


def _template(address: str, poll_seconds: float) -> Body:
    query = f"bench_failure_share{{object={json.dumps('{{args.object}}')}}}"
    metric = {
        "name": "failures",
        "interval": f"{poll_seconds:g}s",
        "successCondition": f"result[0] < {LIMIT}",
        "failureLimit": 0,
        "provider": {"prometheus": {"address": address, "query": query}},
    }
    return _named(TEMPLATE, TEMPLATE_NAME, {"args": [{"name": "object"}], "metrics": [metric]})
