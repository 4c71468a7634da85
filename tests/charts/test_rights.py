"""The chart gives the operator and the pipelines what their code uses, and nothing else."""

import json
from collections.abc import Iterable

import pytest
from control_plane import ControlPlane
from eventually import eventually
from helm_charts import Object, alone, named, rendered
from sluice_components.permission import pipeline_runner_objects
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.permission import (
    PERMISSIONS,
    cluster_role,
    lease_role,
    missing_permissions,
)

PLACES = ("shop", "bank")
Right = tuple[str, str, str]


def rights(roles: Iterable[Object]) -> set[Right]:
    """Group, resource and verb of each."""
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def roles(objects: Iterable[Object], kind: str, *, namespace: str = "") -> list[Object]:
    return [
        one
        for one in objects
        if one["kind"] == kind
        and one["metadata"].get("namespace", "") == namespace
        and one["metadata"].get("labels", {}).get("app.kubernetes.io/name") == "operator"
    ]


def test_everywhere_the_operator_has_exactly_the_rights_of_its_table() -> None:
    objects = rendered(alone("operator"))
    assert rights(roles(objects, "ClusterRole")) == rights([cluster_role()])
    assert rights(roles(objects, "Role", namespace="sluice")) == rights([lease_role()])


def test_in_namespaces_it_has_the_same_there_and_only_sees_kinds_elsewhere() -> None:
    objects = rendered(alone("operator", f"settings.namespaces={list(PLACES)}".replace("'", '"')))
    elsewhere = rights(roles(objects, "ClusterRole"))
    without_namespace = {p.resource for p in PERMISSIONS if not p.kind.namespaced}
    assert {resource for _, resource, _ in elsewhere} == without_namespace
    for place in PLACES:
        there = rights(roles(objects, "Role", namespace=place))
        assert there | elsewhere == rights([cluster_role()])


@pytest.mark.parametrize("places", [(), PLACES], ids=["everywhere", "in-namespaces"])
def test_a_real_api_server_lets_the_operator_do_all_that_its_code_does(
    control_plane: ControlPlane, places: tuple[str, ...]
) -> None:
    home = f"operator-{len(places)}"
    for name in (home, *places):
        control_plane.kubectl("create", "namespace", name)
    wish = alone("operator", f"settings.namespaces={list(places)}".replace("'", '"'))
    for one in rendered(wish, home):
        if one["kind"] in {"ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"}:
            apply(control_plane, one)
    account = control_plane.kubeconfig_for_service_account(home, "sluice-operator")
    cluster = KubernetesCluster(login(account))
    eventually(lambda: missing_permissions(cluster, places, home) == ())


def apply(plane: ControlPlane, one: Object) -> None:
    done = plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(one))
    assert done.returncode == 0, done.stderr


def test_a_pipeline_may_deploy_and_notify_and_nothing_else_of_ours() -> None:
    role = named(rendered(alone("kfp")), "Role", "sluice-pipeline-runner")
    assert rights([role]) == rights([pipeline_runner_objects()[0]])


def test_a_pipeline_that_may_not_deploy_has_no_rights_on_our_kinds() -> None:
    objects = rendered(alone("kfp", "runner.mayDeploy=false"))
    given = rights(one for one in objects if one["kind"] in {"Role", "ClusterRole"})
    assert not [right for right in given if right[0] == "sluice.dev"]
