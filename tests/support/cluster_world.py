"""The clusters that must keep the contract: in memory, and a real API server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from cluster_ownership import Plain
from control_plane import ControlPlane
from control_plane_namespace import make
from eventually import eventually
from memory_cluster import MemoryCluster
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.kind import CRD, Kind, Object
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ClusterError

THING = Kind(group="contract.sluice.dev", version="v1", kind="Thing", plural="things")
OTHER = Kind(group="contract.sluice.dev", version="v1", kind="Other", plural="others")
ABSENT = Kind(group="contract.sluice.dev", version="v1", kind="Ghost", plural="ghosts")
MERGE = {"content-type": "application/merge-patch+json"}
ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
NUMBER, TEXT = {"type": "integer"}, {"type": "string"}
SPEC = {
    "weight": NUMBER,
    "writer": NUMBER,
    "note": TEXT,
    "mirror": {"type": "object", "properties": {"name": TEXT, "percent": NUMBER}},
    "candidates": {"type": "array", "items": ANYTHING},
}
VERBS = ("get", "list", "create", "patch", "update", "delete")
Told = tuple[str, int]
"""What a watch says of a change, and the version of its copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterWorld:
    """One cluster with an empty namespace, and the others who write there."""

    cluster: Cluster
    stranger: Cluster
    """The same API server, for somebody who has no rights."""
    namespace: str
    patch: Callable[[str, Plain], None]
    """Somebody else merges this into the Thing of that name."""
    told: Callable[[int], tuple[Told, ...]]
    """What watches of Things in the namespace were told since a version."""

    def body(self, name: str = "churn", /, **fields: Any) -> Plain:
        """A Thing with these fields in its spec."""
        return {"metadata": {"namespace": self.namespace, "name": name}, "spec": fields}

    def copy_of(self, live: Object, /, **fields: Any) -> Plain:
        """A Thing to be written if the object is still that copy."""
        wanted = self.body(live["metadata"]["name"], **fields)
        for field in ("uid", "resourceVersion"):
            wanted["metadata"][field] = live["metadata"][field]
        return wanted


def memory_world() -> ClusterWorld:
    """The double, with nothing in it."""
    cluster, stranger = MemoryCluster(), MemoryCluster()
    cluster.uninstall(ABSENT)
    for verb in VERBS:
        stranger.forbid(verb, THING)

    def patch(name: str, change: Plain) -> None:
        cluster.edit(THING, "shop", name, lambda body: merge(body, change))

    def told(after: int) -> tuple[Told, ...]:
        return tuple((c.what, c.version) for c in cluster.changes(THING, after))

    return ClusterWorld(
        cluster=cluster, stranger=stranger, namespace="shop", patch=patch, told=told
    )


def real_world(plane: ControlPlane) -> ClusterWorld:
    """A fresh namespace of a real API server."""
    namespace, http = f"contract-{uuid4().hex[:8]}", plane.client()
    make(http, namespace)
    cluster = KubernetesCluster(login(plane.kubeconfig))
    for kind in (THING, OTHER):
        _install(cluster, kind)
    path = f"/apis/{THING.api_version}/namespaces/{namespace}/{THING.plural}"

    def patch(name: str, change: Plain) -> None:
        url = f"{path}/{name}?fieldManager=hand"
        http.patch(url, json=change, headers=MERGE).raise_for_status()

    def told(after: int) -> tuple[Told, ...]:
        watched = f"{path}?watch=1&timeoutSeconds=1&resourceVersion={after}"
        return tuple(_told(line) for line in http.get(watched).text.splitlines())

    return ClusterWorld(
        cluster=cluster,
        stranger=KubernetesCluster(login(plane.kubeconfig_for("stranger"))),
        namespace=namespace,
        patch=patch,
        told=told,
    )


def definition(kind: Kind) -> Plain:
    """A CRD for a kind with the fields that the suite writes, and any status.

    The spec is typed to its leaves, as Seldon's are: where a schema keeps unknown fields, apply
    owns mappings whole, and takes away what others have put into them.
    """
    spec = {"type": "object", "properties": SPEC}
    status = {"type": "object", **ANYTHING}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()}
    served = {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": f"{kind.plural}.{kind.group}"}, "spec": served}


def merge(body: Plain, change: Mapping[str, Any]) -> None:
    """A JSON merge patch, in place. Source: RFC 7386."""
    for key, value in change.items():
        if value is None:
            body.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(body.get(key), dict):
                body[key] = {}
            merge(body[key], value)
        else:
            body[key] = value


def _install(cluster: KubernetesCluster, kind: Kind) -> None:
    cluster.apply(CRD, definition(kind))

    def served() -> bool:
        try:
            cluster.list(kind)
        except ClusterError:
            return False
        return True

    eventually(served, within=20)


def _told(line: str) -> Told:
    event = httpx.Response(200, text=line).json()
    return event["type"], int(event["object"]["metadata"]["resourceVersion"])
