"""The table of rights, and the question what is missing of it."""

from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import LEASE, SELDON_EXPERIMENT, SELDON_MODEL
from sluice_operator.cluster.permission import (
    PERMISSIONS,
    cluster_role,
    lease_role,
    missing_permissions,
)


def test_nothing_is_missing_where_everything_is_granted() -> None:
    assert missing_permissions(MemoryCluster()) == ()


def test_what_is_missing_is_said_with_the_way_out() -> None:
    cluster = MemoryCluster()
    cluster.forbid("patch", SELDON_EXPERIMENT)
    assert missing_permissions(cluster) == (
        "cannot patch experiments.mlops.seldon.io; add it to the ClusterRole sluice-operator",
    )


def test_each_watched_namespace_is_asked_about() -> None:
    cluster = MemoryCluster()
    cluster.forbid("list", SELDON_MODEL)
    assert missing_permissions(cluster, ("bank", "shop")) == tuple(
        f"cannot list models.mlops.seldon.io in namespace {name}; add it to the ClusterRole "
        "sluice-operator"
        for name in ("bank", "shop")
    )


def test_the_lease_is_asked_about_where_it_lies() -> None:
    cluster = MemoryCluster()
    cluster.forbid("update", LEASE)
    (said,) = missing_permissions(cluster, ("bank",), "ops")
    assert said.startswith("cannot update leases.coordination.k8s.io in namespace ops; add it to")
    assert said.endswith("the Role sluice-operator")


def test_a_status_is_asked_about_as_such() -> None:
    cluster = MemoryCluster()
    for permission in PERMISSIONS:
        if permission.subresource == "status":
            cluster.forbid("update", permission.kind, "status")
    assert [said.split(";")[0] for said in missing_permissions(cluster)] == [
        "cannot update modeldeployments.sluice.dev/status",
        "cannot update rolloutruns.sluice.dev/status",
        "cannot update rolloutactions.sluice.dev/status",
    ]


def test_the_roles_grant_the_table_and_nothing_else() -> None:
    granted = {
        (group, resource, verb)
        for role in (cluster_role(), lease_role())
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    wanted = {(p.kind.group, p.resource, verb) for p in PERMISSIONS for verb in p.verbs}
    assert granted == wanted


def test_the_operator_may_read_no_secret_and_make_or_replace_no_modeldeployment() -> None:
    resources = {(p.kind.group, p.resource) for p in PERMISSIONS}
    assert ("", "secrets") not in resources
    verbs = next(p.verbs for p in PERMISSIONS if p.resource == "modeldeployments")
    assert {"create", "update", "delete"}.isdisjoint(verbs)
