"""Seldon Core 1: one SeldonDeployment, one predictor per revision. Pure.

Seldon writes the VirtualService that divides the traffic only while every predictor is available.
A candidate that cannot answer would therefore keep its traffic for ever; when it has to give it
back, its predictor goes, and stays away until the candidate is wanted with traffic again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sluice_operator.api.v1alpha1 import Ingress
from sluice_operator.cluster.kind import SELDON_DEPLOYMENT, VIRTUAL_SERVICE, Object, name_of
from sluice_operator.cluster.port import Plain
from sluice_operator.errors import UnsupportedRoutingError
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.seldon.credential import secret_of
from sluice_operator.seldon.manifest import Manifest, annotation, is_leaving
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.seen import Objects, Readiness, Seen
from sluice_operator.seldon.traffic import Fallback, permitted, refuse_unsupported
from sluice_operator.seldon.v1_names import CONTAINER, workloads_of

KINDS = (SELDON_DEPLOYMENT,)
TRAFFIC = SELDON_DEPLOYMENT
READS = (VIRTUAL_SERVICE,)
IMPLEMENTATION = "SLUICE_SERVER"
"""The prepackaged server that Seldon's ConfigMap must know; see docs/seldon.md."""
URIS = "sluice.dev/storage-uri."
"""Before a revision's name: where its model lay when it was first asked for."""
SENT_HOME_ANNOTATION = "sluice.dev/sent-home"
"""The candidate whose predictor was taken away because it could not answer."""
GIVEN_UP = "no longer progressing"
"""What Seldon says in `status.description` once Kubernetes has given up on a predictor."""


def render(place: Place, routing: Routing, seen: Seen, objects: Objects) -> tuple[Manifest, ...]:
    """The SeldonDeployment that should exist; none until it is known where stable's model lies.

    Raises:
        UnsupportedRoutingError: Seldon, or its ingress, cannot carry the picture.
    """
    refuse_unsupported(place.deployment, routing)
    stable = routing.stable
    if stable is None or stable.name not in seen.uris:
        return ()
    present = _present(place, objects)
    wanted = permitted(routing, seen, Fallback(name=stable.name))
    gone = _sent_home(routing, seen, wanted, present)
    predictors = [
        *(
            _predictor(_equipped(place, routing, one, seen, present), one, seen, wanted)
            | _as_placed(routing, one, present)
            for one in _served(routing, seen, gone)
        ),
        *_strangers(routing, wanted, present),
    ]
    _refuse_ambassador(place, predictors)
    return (
        Manifest(
            kind=SELDON_DEPLOYMENT,
            name=place.deployment,
            spec={"protocol": "v2", "predictors": predictors},
            annotations=_annotations(routing, seen, gone),
            epoch=routing.epoch,
            fenced=True,
        ),
    )


def readiness(place: Place, objects: Objects) -> Readiness:
    """What Seldon says about the workload of each predictor."""
    body = _present(place, objects)
    if body is None:
        return Readiness()
    status = body.get("status") or {}
    gave_up = status.get("state") == "Failed" and GIVEN_UP in str(status.get("description"))
    ready, failed, waiting = [], {}, {}
    for name, predictor in _predictors(body).items():
        workload = _workload(place, name, status)
        if not _is_rendered(body, name, predictor):
            waiting[name] = "not the predictor that Sluice wrote"
        elif int(workload.get("availableReplicas") or 0) > 0:
            ready.append(name)
        elif gave_up and workload:
            failed[name] = str(status["description"])
        else:
            waiting[name] = str(status.get("description") or "no replica is available yet")
    return Readiness(ready=frozenset(ready), failed=failed, waiting=waiting)


def listed(place: Place, objects: Objects) -> Routes | None:
    """The traffic that the SeldonDeployment asks for; a predictor with none is not in it."""
    body = _present(place, objects)
    if body is None:
        return None
    predictors = _predictors(body)
    shares = {name: int(one.get("traffic") or 0) for name, one in predictors.items()}
    shadows = {name for name, one in predictors.items() if one.get("shadow")}
    return Routes(
        weights={name: share for name, share in shares.items() if share and name not in shadows},
        mirror={name: shares[name] for name in shadows},
    )


def uris(place: Place, objects: Objects) -> dict[str, str]:
    """Where the model of each revision lay when its predictor was made."""
    body = _present(place, objects)
    if body is None:
        return {}
    annotations = body["metadata"].get("annotations") or {}
    return {key.removeprefix(URIS): uri for key, uri in annotations.items() if key.startswith(URIS)}


def _annotations(routing: Routing, seen: Seen, gone: str) -> dict[str, str]:
    known = {
        URIS + revision.name: seen.uris[revision.name]
        for revision in routing.revisions
        if revision.name in seen.uris
    }
    return known | ({SENT_HOME_ANNOTATION: gone} if gone else {})


def _served(routing: Routing, seen: Seen, gone: str) -> list[Revision]:
    """Stable first: Ambassador gives the first predictor what the others leave."""
    return [one for one in routing.revisions if one.name in seen.uris and one.name != gone]


def _sent_home(routing: Routing, seen: Seen, wanted: Routes, present: Object | None) -> str:
    """The candidate that must lose its predictor to lose its traffic; empty if there is none."""
    candidate = routing.candidate
    if candidate is None or routing.weight or routing.mirror or present is None:
        return ""
    if candidate.name in {**wanted.weights, **wanted.mirror}:  # nobody can take it over yet
        return ""
    if annotation(present, SENT_HOME_ANNOTATION) == candidate.name:
        return candidate.name
    tables = [routes for routes in (seen.listed, seen.routes) if routes is not None]
    busy = any(candidate.name in {**routes.weights, **routes.mirror} for routes in tables)
    return candidate.name if busy and candidate.name not in seen.ready else ""


def _predictor(place: Place, revision: Revision, seen: Seen, wanted: Routes) -> Plain:
    name = revision.name
    shadow = wanted.mirror.get(name, 0)
    return {
        "name": name,
        "traffic": shadow or wanted.weights.get(name, 0) or None,
        "shadow": bool(shadow) or None,
        "replicas": place.replicas,
        "labels": {"version": name},
        "graph": {
            "name": CONTAINER,
            "type": "MODEL",
            "implementation": IMPLEMENTATION,
            "modelUri": seen.uris[name],
            "envSecretRefName": place.secret_name or None,
            "parameters": _parameters(place, revision),
        },
        **_containers(place),
    }


def _equipped(
    place: Place, routing: Routing, revision: Revision, seen: Seen, present: Object | None
) -> Place:
    """The place with the Secret of one revision."""
    known = _predictors(present).get(revision.name) if present is not None else None
    held = None if known is None else str((known.get("graph") or {}).get("envSecretRefName") or "")
    return replace(place, secret_name=secret_of(place, routing, revision, seen, held))


def _as_placed(routing: Routing, revision: Revision, present: Object | None) -> Plain:
    """While something is under way, a predictor keeps the memory and the replicas that it has.

    A changed one is started anew, and Seldon moves no traffic until it is available.
    """
    known = _predictors(present).get(revision.name) if present is not None else None
    if known is None or (routing.candidate is None and routing.previous is None):
        return {}
    return {key: known[key] for key in ("replicas", "componentSpecs") if key in known}


def _parameters(place: Place, revision: Revision) -> list[Plain]:
    known = {"deployment": place.deployment, "revision": revision.name, "digest": revision.digest}
    known["ledger"] = place.ledger
    return [
        {"name": key, "value": value, "type": "STRING"} for key, value in known.items() if value
    ]


def _containers(place: Place) -> Plain:
    """Left to Seldon, which fills them in, unless there is something to say."""
    if not place.memory:
        return {}
    memory = {"memory": place.memory}
    container = {"name": CONTAINER, "resources": {"requests": memory, "limits": memory}}
    return {"componentSpecs": [{"spec": {"containers": [container]}}]}


def _strangers(routing: Routing, wanted: Routes, present: Object | None) -> list[Plain]:
    """Predictors that nobody wants, but that must keep their traffic until stable can take it."""
    ours = {revision.name for revision in routing.revisions}
    known = _predictors(present) if present is not None else {}
    return [
        {**one, "traffic": wanted.weights[name], "shadow": None}
        for name, one in known.items()
        if name in wanted.weights and name not in ours
    ]


def _refuse_ambassador(place: Place, predictors: list[Plain]) -> None:
    """Ambassador drops a weight of 0 and then divides evenly.

    Raises:
        UnsupportedRoutingError: There is such a weight.
    """
    idle = [one["name"] for one in predictors if not one.get("traffic")]
    if place.backend.ingress is Ingress.AMBASSADOR and idle:
        raise UnsupportedRoutingError(
            f"backend.ingress: Ambassador cannot keep {', '.join(idle)} without traffic: Seldon"
            " drops a weight of 0, and Ambassador then divides evenly; set it to Istio"
        )


def _present(place: Place, objects: Objects) -> Object | None:
    bodies = objects.get(SELDON_DEPLOYMENT, ())
    held = next((one for one in bodies if name_of(one) == place.deployment), None)
    return None if held is None or is_leaving(held) else held


def _predictors(body: Object) -> dict[str, Mapping[str, Any]]:
    return {one["name"]: one for one in (body.get("spec") or {}).get("predictors") or ()}


def _workload(place: Place, predictor: str, status: Mapping[str, Any]) -> Mapping[str, Any]:
    workloads: Mapping[str, Mapping[str, Any]] = status.get("deploymentStatus") or {}
    names = workloads_of(place.deployment, predictor)
    return next((workloads[name] for name in names if name in workloads), {})


def _is_rendered(body: Object, name: str, predictor: Mapping[str, Any]) -> bool:
    carried = (predictor.get("graph") or {}).get("modelUri")
    return bool(carried == annotation(body, URIS + name))
