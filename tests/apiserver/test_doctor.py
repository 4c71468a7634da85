"""`sluice doctor` on a real API server: one thing is wrong at a time, and is named with a command.

The release is installed by helm from our own charts. No controller runs, so that statuses are
painted: what Kubernetes would report of a release that is well, and then of one that is not.
"""

import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import getmembers, isfunction, signature
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from control_plane import ControlPlane
from control_plane_namespace import MERGE
from doctor_ward import Ward, painted
from eventually import eventually
from house import ROOT
from real_commands import fault_of
from sluice_cli.doctor.definition import SELDON_2
from sluice_cli.doctor.diagnosis import diagnosed
from sluice_cli.doctor.finding import Finding, Group, Verdict
from sluice_cli.doctor.reader import Reader
from sluice_cli.doctor.remedy import Remedy
from sluice_operator.cluster.client import login
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT
from sluice_operator.cluster.permission import PERMISSIONS

KINDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
FOREIGN = (ROOT / "tests" / "support" / "crds", ROOT / "tests" / "support" / "crds_of_charts")
NOWHERE = "255.255.255.255"
"""No connection is made to it: the kernel refuses at once."""
IMAGE = "sluice-ledger:0.1.0"


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    """One of its own: kinds belong to a release here, and are taken away."""
    with tempfile.TemporaryDirectory(prefix="sluice-doctor-") as folder:
        plane = ControlPlane.start(Path(folder))
        yield plane
        plane.stop()


@pytest.fixture(scope="module")
def bare(control_plane: ControlPlane, tmp_path_factory) -> Iterator[Ward]:
    """A cluster in which nothing is installed."""
    name, home = f"doctor-{uuid4().hex[:8]}", tmp_path_factory.mktemp("helm")
    with control_plane.client() as client:
        yield Ward(plane=control_plane, client=client, namespace=name, home=home)


@pytest.fixture(scope="module")
def empty(bare: Ward) -> dict[str, Finding]:
    """What is wrong there."""
    return bare.ill()


@pytest.fixture(scope="module")
def ward(bare: Ward, empty: dict[str, Finding]) -> Ward:
    """Operator, ledger and their database, all of them well; the rest is left out."""
    for place in FOREIGN:
        applied = bare.plane.kubectl("apply", "--server-side", "-f", str(place))
        assert applied.returncode == 0, applied.stderr
    off = ("object-store", "mlflow", "prometheus", "seldon", "kfp")
    sets = [option for part in off for option in ("--set", f"{part}.enabled=false")]
    named = ("mlflowUrl=", "prometheusUrl=http://prometheus.monitoring.svc:9090")
    sets += [option for one in named for option in ("--set", f"operator.settings.{one}")]
    bare.carry_out(empty["release sluice"].next, *sets)
    eventually(lambda: served(bare.client), within=20)
    return bare


def definitions(client: httpx.Client) -> list[str]:
    listed = client.get(KINDS).json()["items"]
    names = [one["metadata"]["name"] for one in listed]
    return [name for name in names if name.endswith(".sluice.dev")]


def served(client: httpx.Client) -> bool:
    path = f"/apis/{MODEL_DEPLOYMENT.api_version}/{MODEL_DEPLOYMENT.plural}"
    return client.get(path).status_code == 200


def test_a_release_that_is_well_has_no_failure_in_what_kubernetes_knows_of_it(ward: Ward) -> None:
    groups = (Group.CLUSTER, Group.KINDS, Group.RELEASE, Group.VERSIONS, Group.RIGHTS)
    assert ward.ill(*groups) == {}
    said = {one.object: one.verdict for one in ward.findings(*groups)}
    assert said["deployment sluice-operator"] is Verdict.OK
    assert said["serviceaccount sluice-operator"] is Verdict.OK


def test_the_command_for_an_empty_cluster_installs_what_was_missing(
    ward: Ward, empty: dict[str, Finding]
) -> None:
    """The fixture has carried it out."""
    missing = {f"customresourcedefinition {name}" for name in definitions(ward.client)}
    assert len(missing) == 5
    expected = {f"namespace {ward.namespace}", "release sluice", *missing}
    assert set(empty) == expected | {f"customresourcedefinition {SELDON_2[0]}"}
    assert {empty[what].next for what in expected} == {ward.remedy.install()}


def test_the_command_for_an_outdated_kind_brings_it_up_to_date(ward: Ward) -> None:
    name = "modeldeployments.sluice.dev"
    body = ward.client.get(f"{KINDS}/{name}").json()
    spec = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"]["suspend"]
    ward.client.put(f"{KINDS}/{name}", json=body).raise_for_status()
    found = ward.ill(Group.KINDS)
    assert set(found) == {f"customresourcedefinition {name}"}
    told = found[f"customresourcedefinition {name}"]
    assert told.said.endswith("properties.spec.properties.suspend: missing in the cluster")
    ward.carry_out(told.next)
    assert ward.ill(Group.KINDS) == {}


def test_a_right_that_was_taken_away_is_named(ward: Ward) -> None:
    role = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{ward.namespace}-sluice-operator"
    before = ward.client.get(role).json()
    rules = [rule for rule in before["rules"] if "experiments" not in rule["resources"]]
    assert rules != before["rules"]
    ward.client.patch(role, json={"rules": rules}, headers=MERGE).raise_for_status()
    found = eventually(lambda: ward.ill(Group.RIGHTS), within=10)
    told = found["serviceaccount sluice-operator"]
    assert "experiments.mlops.seldon.io" in told.said
    ward.carry_out(told.next)
    eventually(lambda: ward.ill(Group.RIGHTS) == {}, within=10)


def test_every_right_of_the_table_is_asked_of_the_api_server(ward: Ward) -> None:
    somebody = replace(ward.remedy, kubeconfig=administrator(ward, "asker"))
    diagnosed(somebody, [Group.RIGHTS])
    asked = [r for r in ward.plane.requests("asker") if r.resource == "subjectaccessreviews"]
    assert len(asked) >= sum(len(one.verbs) for one in PERMISSIONS)


def administrator(ward: Ward, name: str) -> Path:
    """A kubeconfig of somebody who may do all, by whose name requests are found again."""
    return ward.plane.kubeconfig_for(name, ("system:masters",))


def test_a_claim_that_waits_for_a_class_is_named_with_the_class(ward: Ward) -> None:
    claim = {
        "metadata": {
            "name": "waiting",
            "labels": {
                "app.kubernetes.io/part-of": "sluice",
                "app.kubernetes.io/instance": "sluice",
            },
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    ward.post("v1", "persistentvolumeclaims", claim)
    told = ward.ill(Group.STORAGE)["persistentvolumeclaim waiting"]
    assert told.said == "Pending: there is no StorageClass fast"
    assert told.next.startswith("kubectl describe persistentvolumeclaim waiting --namespace")
    ward.client.delete(f"{ward.path('v1', 'persistentvolumeclaims')}/waiting")


def test_a_secret_that_pods_read_and_nobody_made_is_named(ward: Ward) -> None:
    path = f"{ward.path('v1', 'secrets')}/sluice-postgresql-ledger"
    body = ward.client.get(path).json()
    ward.client.delete(path).raise_for_status()
    told = ward.ill(Group.STORAGE)["secret sluice-postgresql-ledger"]
    key = next(iter(body["data"]))
    assert told.next.startswith(
        f"kubectl create secret generic sluice-postgresql-ledger --from-file={key} --namespace"
    )
    del body["metadata"]["resourceVersion"], body["metadata"]["uid"]
    ward.post("v1", "secrets", body)
    assert "secret sluice-postgresql-ledger" not in ward.ill(Group.STORAGE)


def test_a_secret_is_looked_at_without_what_it_holds(ward: Ward) -> None:
    reader = Reader(login(ward.plane.kubeconfig))
    found = reader.one(f"{ward.path('v1', 'secrets')}/sluice-postgresql-ledger", metadata=True)
    assert isinstance(found, dict)
    assert set(found) == {"kind", "apiVersion", "metadata"}


@pytest.fixture
def unready_ledger(ward: Ward) -> Iterator[str]:
    """A Pod of the ledger's Deployment, which waits for it; its name."""
    deployment = ward.client.get(f"{ward.path('apps/v1', 'deployments')}/sluice-ledger").json()
    template = deployment["spec"]["template"]
    pod = {
        "metadata": {"name": "sluice-ledger-1", **template["metadata"]},
        "spec": template["spec"],
    }
    ward.post("v1", "pods", pod)
    generation = deployment["metadata"]["generation"]
    none = {"readyReplicas": 0, "replicas": 1, "observedGeneration": generation}
    ward.paint("apps/v1", "deployments", "sluice-ledger", none)
    yield "sluice-ledger-1"
    ward.client.request(
        "DELETE", f"{ward.path('v1', 'pods')}/sluice-ledger-1", json={"gracePeriodSeconds": 0}
    )
    painted(ward)


def state(**waiting: str) -> dict[str, Any]:
    return {
        "name": "ledger",
        "image": IMAGE,
        "imageID": "",
        "ready": False,
        "restartCount": 5,
        "state": {"waiting": waiting},
    }


def test_a_pod_whose_image_cannot_be_had_is_named_with_the_image(
    ward: Ward, unready_ledger: str
) -> None:
    words = f'Back-off pulling image "{IMAGE}"'
    status = {"containerStatuses": [state(reason="ImagePullBackOff", message=words)]}
    ward.paint("v1", "pods", unready_ledger, status)
    found = ward.ill(Group.RELEASE)
    assert set(found) == {f"pod {unready_ledger}"}
    told = found[f"pod {unready_ledger}"]
    assert f"image {IMAGE} cannot be had: {words}" in told.said
    assert "deployment sluice-ledger: 0 of 1 ready" in told.said
    assert told.next.startswith(f"kubectl describe pod {unready_ledger} --namespace")


def test_a_pod_that_crashes_is_sent_to_the_log_of_its_last_attempt(
    ward: Ward, unready_ledger: str
) -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    crashed = state(reason="CrashLoopBackOff", message="back-off 5m0s") | {"lastState": ended}
    ward.paint("v1", "pods", unready_ledger, {"containerStatuses": [crashed]})
    told = ward.ill(Group.RELEASE)[f"pod {unready_ledger}"]
    assert "ended with OOMKilled (exit code 137)" in told.said
    assert told.next.startswith(f"kubectl logs {unready_ledger} --container ledger --previous")


def test_a_pod_that_no_node_takes_is_told_in_the_scheduler_s_words(
    ward: Ward, unready_ledger: str
) -> None:
    words = "0/1 nodes are available: 1 Insufficient memory."
    unplaced = {"type": "PodScheduled", "status": "False", "message": words}
    ward.paint("v1", "pods", unready_ledger, {"conditions": [unplaced]})
    assert words in ward.ill(Group.RELEASE)[f"pod {unready_ledger}"].said


def test_a_service_without_a_ready_pod_is_sent_to_its_pods(ward: Ward) -> None:
    told = ward.ill(Group.LEDGER)["service sluice-ledger"]
    assert told.said == "no Pod behind it is ready"
    assert told.next.startswith("kubectl get pods --selector")
    assert "app.kubernetes.io/name=ledger" in told.next


def test_a_service_that_the_proxy_does_not_reach_is_sent_another_way(
    ward: Ward, unready_ledger: str
) -> None:
    status = {"podIP": NOWHERE, "podIPs": [{"ip": NOWHERE}]}
    ward.paint("v1", "pods", unready_ledger, status)
    target = {"kind": "Pod", "name": unready_ledger, "namespace": ward.namespace}
    addresses = [{"ip": NOWHERE, "targetRef": target}]
    ready = [{"addresses": addresses, "ports": [{"name": "http", "port": 8080}]}]
    ward.post("v1", "endpoints", {"metadata": {"name": "sluice-ledger"}, "subsets": ready})
    (found,) = ward.findings(Group.LEDGER)
    ward.client.delete(f"{ward.path('v1', 'endpoints')}/sluice-ledger").raise_for_status()
    assert found.verdict is Verdict.NOT_ASKED
    assert "error trying to reach service" in found.said
    assert found.next.startswith("kubectl port-forward service/sluice-ledger 8080 --namespace")


def test_an_operator_that_never_led_is_sent_to_its_log(ward: Ward) -> None:
    told = ward.ill(Group.OPERATOR)["lease sluice-operator"]
    assert told.said == "no operator has ever led"
    assert told.next.startswith("kubectl logs deployment/sluice-operator")


@pytest.mark.parametrize(("seconds", "ill"), [(5, False), (600, True)])
def test_a_lease_counts_by_the_api_server_s_clock(ward: Ward, seconds: int, ill: bool) -> None:
    renewed = datetime.now(UTC) - timedelta(seconds=seconds)
    stamp = renewed.isoformat(timespec="microseconds").replace("+00:00", "Z")
    lease = {
        "metadata": {"name": "sluice-operator"},
        "spec": {"holderIdentity": "operator-1", "renewTime": stamp, "leaseDurationSeconds": 15},
    }
    ward.post("coordination.k8s.io/v1", "leases", lease)
    found = ward.ill(Group.OPERATOR)
    ward.client.delete(f"{ward.path('coordination.k8s.io/v1', 'leases')}/sluice-operator")
    assert ("lease sluice-operator" in found) is ill


def test_a_modeldeployment_that_is_stalled_is_named(ward: Ward) -> None:
    group, plural = MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.plural
    body = yaml.safe_load((ROOT / "manifests" / "samples" / "canary.yaml").read_text())
    name = body["metadata"]["name"]
    body["metadata"] = {"name": name}
    ward.post(group, plural, body)
    stalled = {
        "type": "Stalled",
        "status": "True",
        "reason": "EngineRefused",
        "message": "name is taken: model churn",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    ward.paint(group, plural, name, {"conditions": [stalled]})
    told = ward.ill(Group.OPERATOR)[f"modeldeployment {name}"]
    assert "Stalled is True: EngineRefused name is taken: model churn" in told.said
    assert told.next.startswith(f"kubectl describe modeldeployments.sluice.dev {name} --namespace")
    ward.client.delete(f"{ward.path(group, plural)}/{name}")


def test_who_may_do_nothing_fails_and_learns_nothing(ward: Ward) -> None:
    stranger = replace(ward.remedy, kubeconfig=ward.plane.kubeconfig_for("stranger"))
    found = diagnosed(stranger)
    mine = next(one for one in found if one.object == "your rights")
    assert mine.verdict is Verdict.FAILURE
    assert "list pods" in mine.said
    assert [one.object for one in found if one.verdict is Verdict.FAILURE] == ["your rights"]
    assert ward.obeys(mine.next) == ""


def test_a_release_under_another_name_is_pointed_out(ward: Ward) -> None:
    other = replace(ward.remedy, release="production")
    told = next(one for one in diagnosed(other, [Group.RELEASE]))
    assert "but sluice is: give --release" in told.said
    assert ward.helm(*shlex.split(told.next.partition(" --namespace ")[0])[1:])


def test_an_api_server_that_is_away_is_the_only_failure(ward: Ward) -> None:
    ward.plane.kill_api_server()
    try:
        found = diagnosed(ward.remedy)
    finally:
        ward.plane.start_api_server()
    failed = [one for one in found if one.verdict is Verdict.FAILURE]
    assert [one.group for one in failed] == [Group.CLUSTER]
    assert "cannot be reached" in failed[0].said
    assert {one.group for one in found} == set(Group)


def test_the_doctor_changes_nothing(ward: Ward) -> None:
    diagnosed(replace(ward.remedy, kubeconfig=administrator(ward, "reader")))
    made = list(ward.plane.requests("reader"))
    reviews = {"selfsubjectaccessreviews", "subjectaccessreviews"}
    assert len(made) > len(reviews)
    assert [r for r in made if r.verb not in {"get", "list"} and r.resource not in reviews] == []


SAMPLES = {
    "kind": "pods",
    "name": "x",
    "verb": "get",
    "resource": "pods",
    "of": "deployment/x",
    "service": "x",
    "port": 80,
    "key": "password",
    "chart": "sluice",
}
COMMANDS = [name for name, _ in getmembers(Remedy, isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("context", ["", "production"])
def test_every_command_that_the_doctor_knows_can_be_typed(name: str, context: str) -> None:
    remedy = Remedy(namespace="ml", release="sluice", kubeconfig=Path("my config"), context=context)
    method = getattr(remedy, name)
    wanted = [key for key, one in signature(method).parameters.items() if one.default is one.empty]
    given = {key: SAMPLES[key] for key in wanted if key != "options"}
    line = method(**given)
    assert fault_of(line) == "", line
