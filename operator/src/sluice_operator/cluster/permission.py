"""Every right that the operator uses, and what it does not have of them.

PERMISSIONS is the whole table: the roles in `manifests/` are made from it, and the operator asks
for each of them when it starts. A creation is a server-side apply, hence `create` and `patch`.
`tests/apiserver/test_operator_rights.py` compares it with what an operator asks for in its life.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sluice_operator.cluster.kind import (
    CLUSTER_GATE_TEMPLATE,
    CRD,
    EVENT,
    GATE_TEMPLATE,
    LEASE,
    MANAGED_BY,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    ROLLOUT_RUN,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    VIRTUAL_SERVICE,
    Kind,
)
from sluice_operator.cluster.port import Cluster, Plain

NAMESPACE = Kind(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
ROLE_NAME = "sluice-operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Verbs that are used on one kind, or on a subresource of it."""

    kind: Kind
    verbs: tuple[str, ...]
    subresource: str = ""
    lease_only: bool = False
    """Needed in the operator's own namespace alone."""

    @property
    def resource(self) -> str:
        """As a rule of a role names it."""
        return "/".join(filter(None, (self.kind.plural, self.subresource)))


WATCH = ("list", "watch")
SEE = ("get", *WATCH)
OWN = (*SEE, "create", "patch", "update", "delete")
PERMISSIONS: tuple[Permission, ...] = (
    Permission(kind=MODEL_DEPLOYMENT, verbs=(*SEE, "patch")),
    Permission(kind=MODEL_DEPLOYMENT, subresource="status", verbs=("update",)),
    # owners that block deletion: asked for where OwnerReferencesPermissionEnforcement is on
    Permission(kind=MODEL_DEPLOYMENT, subresource="finalizers", verbs=("update",)),
    Permission(kind=ROLLOUT_RUN, verbs=("get", "create", "patch", "delete")),
    Permission(kind=ROLLOUT_RUN, subresource="status", verbs=("update",)),
    Permission(kind=ROLLOUT_ACTION, verbs=SEE),
    Permission(kind=ROLLOUT_ACTION, subresource="status", verbs=("update",)),
    Permission(kind=GATE_TEMPLATE, verbs=WATCH),
    Permission(kind=SELDON_MODEL, verbs=OWN),
    Permission(kind=SELDON_EXPERIMENT, verbs=OWN),
    Permission(kind=SELDON_SERVER, verbs=OWN),
    Permission(kind=SELDON_DEPLOYMENT, verbs=OWN),
    Permission(kind=VIRTUAL_SERVICE, verbs=WATCH),
    Permission(kind=EVENT, verbs=("create", "patch")),
    Permission(kind=LEASE, verbs=("get", "create", "patch", "update"), lease_only=True),
    Permission(kind=CLUSTER_GATE_TEMPLATE, verbs=WATCH),
    # kopf watches both to learn which kinds and namespaces there are
    Permission(kind=CRD, verbs=WATCH),
    Permission(kind=NAMESPACE, verbs=WATCH),
)


def missing_permissions(
    cluster: Cluster, namespaces: Iterable[str] = (), lease_namespace: str = "sluice"
) -> tuple[str, ...]:
    """What the operator may not do, in words; asks one question for each right.

    Raises:
        ClusterError: The API server did not answer.
    """
    watched = tuple(namespaces)
    return tuple(
        _sentence(permission, verb, namespace)
        for permission in PERMISSIONS
        for namespace in _places(permission, watched, lease_namespace)
        for verb in permission.verbs
        if not cluster.allowed(verb, permission.kind, namespace, permission.subresource)
    )


def cluster_role() -> Plain:
    """What the operator may do in all namespaces, or by RoleBindings in those that it watches."""
    return _role("ClusterRole", (p for p in PERMISSIONS if not p.lease_only))


def lease_role(namespace: str = "sluice") -> Plain:
    """What it may do in its own namespace."""
    role = _role("Role", (p for p in PERMISSIONS if p.lease_only))
    role["metadata"]["namespace"] = namespace
    return role


def _places(permission: Permission, watched: tuple[str, ...], own: str) -> tuple[str, ...]:
    """Where the right is needed; an empty name stands for everywhere."""
    if permission.lease_only:
        return (own,)
    return watched if watched and permission.kind.namespaced else ("",)


def _sentence(permission: Permission, verb: str, namespace: str) -> str:
    kind = permission.kind
    resource = "/".join(
        filter(None, (".".join(filter(None, (kind.plural, kind.group))), permission.subresource))
    )
    where = f" in namespace {namespace}" if namespace else ""
    role = "Role" if permission.lease_only else "ClusterRole"
    return f"cannot {verb} {resource}{where}; add it to the {role} {ROLE_NAME}"


def _role(kind: str, permissions: Iterable[Permission]) -> Plain:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": ROLE_NAME, "labels": dict(MANAGED_BY)},
        "rules": list(_rules(permissions)),
    }


def _rules(permissions: Iterable[Permission]) -> Iterator[Plain]:
    """One rule for neighbours of one group with the same verbs."""
    for (group, verbs), same in groupby(permissions, key=lambda p: (p.kind.group, p.verbs)):
        yield {
            "apiGroups": [group],
            "resources": [permission.resource for permission in same],
            "verbs": sorted(verbs),
        }
