"""The steps that ask the cluster, on a real API server, with the rights of their account alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from control_plane import ControlPlane
from eventually import eventually
from sluice_components.api_server import ApiServer, Target
from sluice_components.deploy.stage import GROUP, PLURAL, Version, deploy, wanted_object
from sluice_components.errors import ClusterRefusedError, ClusterTakenError, DeployError
from sluice_components.notify.stage import Ending, record
from sluice_components.permission import (
    PERMISSIONS,
    SERVICE_ACCOUNT,
    pipeline_runner_objects,
)
from sluice_kinds import install_kinds

SECOND = Version(name="tumours", number="2", digest=f"sha256:{'2' * 64}")
MANIFEST = {
    "metadata": {"name": "tumours", "labels": {"team": "health"}},
    "spec": {
        "strategy": {"type": "Immediate"},
        "gates": [
            {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.05"}
        ],
        "rollback": {"bake": "0s"},
    },
}


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    return control_plane


@pytest.fixture
def runner(plane: ControlPlane, namespace: str) -> ApiServer:
    """Somebody with the generated Role, and nothing else."""
    texts = yaml.safe_dump_all(pipeline_runner_objects(namespace))
    applied = plane.kubectl("apply", "-f", "-", stdin=texts)
    assert applied.returncode == 0, applied.stderr
    return ApiServer(plane.kubeconfig_for_service_account(namespace, SERVICE_ACCOUNT))


@pytest.fixture
def admin(plane: ControlPlane) -> Iterator[ApiServer]:
    return ApiServer(plane.kubeconfig)


def deployments(namespace: str) -> Target:
    return Target(group=GROUP, plural=PLURAL, namespace=namespace)


def settle(plane: ControlPlane, namespace: str, phase: str, uri: str) -> None:
    """What the operator would write when the rollout has ended."""
    path = deployments(namespace).path("tumours")
    with plane.client() as client:
        seen = eventually(lambda: found if (found := client.get(path)).is_success else None).json()
        seen["status"] = {
            "observedGeneration": seen["metadata"]["generation"],
            "phase": phase,
            "message": "slo: harm at 4.1 %",
            "stable": {"name": "tumours-1", "uri": uri},
        }
        client.put(f"{path}/status", json=seen).raise_for_status()


def waited(
    plane: ControlPlane, runner: ApiServer, namespace: str, phase: str, uri: str
) -> dict[str, object]:
    """The outcome of a deploy that waits while the rollout ends so."""
    wanted = wanted_object(MANIFEST, SECOND, namespace)
    with ThreadPoolExecutor(max_workers=1) as pool:
        asked = pool.submit(deploy, runner, wanted, wait_seconds=60)
        settle(plane, namespace, phase, uri)
        return asked.result(timeout=60)


def test_a_model_is_asked_for_by_version_and_digest(runner, admin, namespace) -> None:
    deploy(runner, wanted_object(MANIFEST, SECOND, namespace), wait_seconds=0)
    seen = admin.get(deployments(namespace), "tumours")
    assert seen["spec"]["model"]["uri"] == "models:/tumours/2"
    assert seen["spec"]["model"]["digest"] == SECOND.digest
    assert seen["metadata"]["labels"] == {"team": "health"}


def test_deploying_again_takes_away_what_the_manifest_no_longer_says(
    runner, admin, namespace
) -> None:
    first = {**MANIFEST, "metadata": {"name": "tumours", "labels": {"team": "a", "old": "yes"}}}
    deploy(runner, wanted_object(first, SECOND, namespace), wait_seconds=0)
    third = Version(name="tumours", number="3", digest=f"sha256:{'3' * 64}")
    deploy(runner, wanted_object(MANIFEST, third, namespace), wait_seconds=0)
    seen = admin.get(deployments(namespace), "tumours")
    assert seen["metadata"]["labels"] == {"team": "health"}
    assert seen["spec"]["model"]["uri"] == "models:/tumours/3"


def test_waiting_ends_when_the_model_is_in_charge(plane, runner, namespace) -> None:
    seen = waited(plane, runner, namespace, "Healthy", SECOND.uri)
    assert seen["status"]["phase"] == "Healthy"


def test_a_rollout_that_is_taken_back_fails_the_step_with_its_reason(
    plane, runner, namespace
) -> None:
    with pytest.raises(DeployError, match=r"models:/tumours/2 is not in charge.*slo: harm at 4.1"):
        waited(plane, runner, namespace, "RolledBack", "models:/tumours/1")


def test_an_operator_that_does_not_run_is_suspected_when_time_is_up(runner, namespace) -> None:
    wanted = wanted_object(MANIFEST, SECOND, namespace)
    with pytest.raises(DeployError, match="does the operator run"):
        deploy(runner, wanted, wait_seconds=0.1)


def test_a_manifest_that_breaks_a_rule_of_admission_is_told_in_its_words(runner, namespace) -> None:
    broken = {**MANIFEST, "spec": {**MANIFEST["spec"], "strategy": {"type": "Sideways"}}}
    with pytest.raises(ClusterRefusedError, match=r"strategy.*Sideways"):
        deploy(runner, wanted_object(broken, SECOND, namespace), wait_seconds=0)


def test_an_account_without_the_role_is_told_which_one_to_bind(plane, namespace) -> None:
    nobody = ApiServer(plane.kubeconfig_for_service_account(namespace, "nobody"))
    with pytest.raises(ClusterRefusedError, match=r"bind the Role in manifests/rbac"):
        deploy(nobody, wanted_object(MANIFEST, SECOND, namespace), wait_seconds=0)


def test_the_end_of_a_run_is_an_event_of_the_namespace(runner, admin, namespace) -> None:
    ending = Ending(pipeline="train-tumours", run="run-1", state="FAILED", message="x" * 3000)
    assert record(runner, namespace, ending).startswith("Event train-tumours.")
    (event,) = admin.found(Target(group="v1", plural="events", namespace=namespace))
    assert (event["reason"], event["type"]) == ("TrainingFailed", "Warning")
    assert event["message"].startswith("train-tumours: failed: xxx")


def test_an_event_that_may_not_be_recorded_fails_nothing(plane, namespace) -> None:
    nobody = ApiServer(plane.kubeconfig_for_service_account(namespace, "nobody"))
    said = record(nobody, namespace, Ending(pipeline="p", run="r", state="SUCCEEDED"))
    assert "cannot create resource" in said


def test_a_name_that_is_taken_is_told_apart(admin, namespace) -> None:
    maps = Target(group="v1", plural="configmaps", namespace=namespace)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
    admin.create(maps, body)
    with pytest.raises(ClusterTakenError, match='"one" already exists'):
        admin.create(maps, body)


def test_the_role_holds_what_is_used_and_nothing_else(plane, runner, namespace) -> None:
    waited(plane, runner, namespace, "Healthy", SECOND.uri)
    record(runner, namespace, Ending(pipeline="p", run="r", state="SUCCEEDED"))
    account = f"system:serviceaccount:{namespace}:{SERVICE_ACCOUNT}"
    granted = {(plural, verb) for _, plural, verbs in PERMISSIONS for verb in verbs}

    def used() -> bool:
        seen = {(request.resource, request.verb) for request in plane.requests(account)}
        # the audit knows no create beside the patch that created the object
        return seen == granted - {("modeldeployments", "create")}

    assert eventually(used)


def test_the_committed_role_is_for_the_namespace_of_kubeflow() -> None:
    path = Path(__file__).parents[2] / "manifests" / "rbac" / "pipeline-runner.yaml"
    assert tuple(yaml.safe_load_all(path.read_text())) == pipeline_runner_objects("kubeflow")
