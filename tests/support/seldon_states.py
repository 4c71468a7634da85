"""What Seldon's control plane would say about its objects; pure, for 2.6.0, 2.10.2 and 1.17.1.

Follows what was read in Seldon's sources and seen in its runs: conditions, messages, refusals of
its scheduler and the quirks of each version. No data plane: routes are values.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_operator.cluster.kind import Object, name_of, namespace_of
from sluice_operator.model import Routes
from sluice_operator.seldon.v1_names import service_of, workloads_of

Plain = dict[str, Any]
EPOCH_OF_TIME = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How one Seldon behaves."""

    version: str = "2.6.0"
    """2.6.0 or 2.10.2; they differ in what a refused Experiment looks like and in noise."""
    load_seconds: float = 0.0
    """From a new Model (or predictor) to one that answers."""
    route_seconds: float = 0.0
    """From an accepted Experiment (or VirtualService) to routes that follow it."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Part of a storage URI to the reason for which such models never load."""

    def failure(self, uri: str) -> str:
        """Why a model cannot be loaded; empty if it can."""
        known = self.failing.items()
        return next((reason for part, reason in known if part in uri), "")


def condition(kind: str, happy: bool | None, message: str = "", reason: str = "") -> Plain:
    """One condition in Knative's shape; `message` and `reason` are as Seldon swaps them."""
    status = "Unknown" if happy is None else str(happy)
    body = {"type": kind, "status": status, "lastTransitionTime": EPOCH_OF_TIME}
    return body | {k: v for k, v in (("message", message), ("reason", reason)) if v}


def model_status(
    body: Object, age: float, manner: Manner, servers: Collection[str], unfit: str = ""
) -> Plain:
    """Status of a Model whose generation Seldon has known for `age` seconds.

    `unfit` says why its Secret is of no use.
    """
    spec, generation = body["spec"], body["metadata"].get("generation", 1)
    wanted = spec.get("server")
    failure = unfit or manner.failure(spec["storageUri"])
    if wanted and wanted not in servers:
        happy, state, why = False, "ScheduleFailed", f"no server named {wanted} with capacity"
    elif age < manner.load_seconds:
        happy, state, why = False, "ModelProgressing", ""
    elif failure:
        happy, state, why = False, "ModelFailed", failure
    else:
        happy, state, why = True, "ModelAvailable", ""
    status = {
        "replicas": spec.get("replicas", 1) if happy else 0,
        "conditions": [
            condition("ModelReady", happy, state, why),
            condition("Ready", happy, state, why),
        ],
    }
    if manner.version == "2.10.2":
        status["modelgwReady"] = (
            f"ModelCreate(generation {generation}: No model gateway available) "
        )
    return status


def unavailable_status() -> Plain:
    """Status of a Model whose servers have died."""
    state = "ModelProgressing"
    conditions = [condition(kind, happy=False, message=state) for kind in ("ModelReady", "Ready")]
    return {"replicas": 0, "conditions": conditions}


def is_able(body: Object) -> bool:
    """Whether a painted Model can receive traffic."""
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "ModelReady" and one["status"] == "True" for one in conditions)


def refusal(spec: Mapping[str, Any], others: Collection[Mapping[str, Any]]) -> str:
    """Why Seldon's scheduler refuses an Experiment; empty if it takes it."""
    names = [one["name"] for one in spec.get("candidates") or ()]
    mirror, default = spec.get("mirror"), spec.get("default")
    if default and any(other.get("default") == default for other in others):
        return f"resource {default} is the default of another experiment"
    if default and default not in names:
        return f"default {default} is not among the candidates"
    if not names and not mirror:
        return "neither candidates nor mirror"
    every = [*names, *([mirror["name"]] if mirror else [])]
    doubled = next((name for name in every if every.count(name) > 1), "")
    return f"{doubled} is there twice" if doubled else ""


def experiment_status(spec: Mapping[str, Any], able: Collection[str]) -> Plain:
    """Status of an Experiment that the scheduler has taken."""
    candidates = all(one["name"] in able for one in spec.get("candidates") or ())
    mirror = not spec.get("mirror") or spec["mirror"]["name"] in able
    return {
        "conditions": [
            condition("CandidatesReady", candidates, reason=_ready("Candidates", candidates)),
            condition("ExperimentReady", candidates and mirror),
            condition("MirrorReady", mirror, reason=_ready("Mirror", mirror)),
            condition("Ready", candidates and mirror),
        ]
    }


def refused_status(status: Mapping[str, Any], reason: str, manner: Manner) -> Plain | None:
    """What becomes of the status when the scheduler refuses an update; None: nothing."""
    if manner.version == "2.10.2":
        return None
    kept = [one for one in status.get("conditions") or () if one["type"] != "ModelReady"]
    text = f"rpc error: code = FailedPrecondition desc = {reason}"
    return {**status, "conditions": [*kept, condition("ModelReady", happy=False, reason=text)]}


def model_routes(default: str, spec: Mapping[str, Any] | None, able: Collection[str]) -> Routes:
    """Routes of a Model that is the default of an accepted Experiment, or of none.

    One that cannot answer sends the whole traffic to the default. A listed model has a sticky
    route whatever its weight; the default itself is not told while it has no weight.
    """
    if default not in able:
        return Routes()
    everybody = [*(spec or {}).get("candidates", ()), *_mirrors(spec)]
    if spec is None or any(one["name"] not in able for one in everybody):
        return Routes(weights={default: 100})
    total = sum(one["weight"] for one in spec["candidates"])
    weights = {one["name"]: one["weight"] * 100 // total for one in spec["candidates"]}
    if not weights[default]:
        del weights[default]
    return Routes(weights=weights, mirror={one["name"]: one["percent"] for one in _mirrors(spec)})


def deployment_status(
    body: Object, ages: Mapping[str, float], manner: Manner, lacking: Collection[str] = ()
) -> Plain:
    """Status of a SeldonDeployment; `ages` says how long each predictor is known.

    The containers of those that are `lacking` a Secret are never created.
    """
    predictors = body["spec"]["predictors"]
    available = {
        one["name"]: one["name"] not in lacking and _available(one, ages, manner)
        for one in predictors
    }
    stuck = [one["name"] for one in predictors if _is_stuck(one, manner) or one["name"] in lacking]
    workloads = {
        workloads_of(name_of(body), name)[0]: {"replicas": 1, "availableReplicas": int(ok)}
        for name, ok in available.items()
    }
    if all(available.values()):
        return {"state": "Available", "deploymentStatus": workloads}
    if stuck:
        said = "Deployment is no longer progressing and not available."
        return {"state": "Failed", "description": said, "deploymentStatus": workloads}
    return {"state": "Creating", "deploymentStatus": workloads}


def virtual_service(body: Object) -> Plain:
    """The VirtualService that Seldon Core 1 writes once every predictor is available."""
    name, namespace = name_of(body), namespace_of(body)
    predictors = body["spec"]["predictors"]
    rules = []
    for port, match in ((8000, "uri"), (5001, "headers")):
        routed = [one for one in predictors if not one.get("shadow")]
        rule: Plain = {
            "match": [{match: {"prefix": f"/seldon/{namespace}/{name}/"}}],
            "route": [
                {
                    "destination": _destination(body, one, port),
                    **({"weight": one["traffic"]} if one.get("traffic") else {}),
                }
                for one in routed
            ],
        }
        for shadow in (one for one in predictors if one.get("shadow")):
            rule["mirror"] = _destination(body, shadow, port)
            if shadow.get("traffic"):
                rule["mirrorPercentage"] = {"value": float(shadow["traffic"])}
        rules.append(rule)
    return {"hosts": ["*"], "gateways": ["istio-system/seldon-gateway"], "http": rules}


def _destination(body: Object, predictor: Mapping[str, Any], port: int) -> Plain:
    host = f"{service_of(name_of(body), predictor['name'])}.{namespace_of(body)}.svc.cluster.local"
    return {"host": host, "subset": predictor["name"], "port": {"number": port}}


def _available(predictor: Mapping[str, Any], ages: Mapping[str, float], manner: Manner) -> bool:
    loaded = ages.get(predictor["name"], 0.0) >= manner.load_seconds
    return loaded and not manner.failure(predictor["graph"]["modelUri"])


def _is_stuck(predictor: Mapping[str, Any], manner: Manner) -> bool:
    return bool(manner.failure(predictor["graph"]["modelUri"]))


def _mirrors(spec: Mapping[str, Any] | None) -> list[Plain]:
    return [dict(spec["mirror"])] if spec and spec.get("mirror") else []


def _ready(what: str, happy: bool) -> str:
    return f"{what} ready" if happy else f"{what} not ready"
