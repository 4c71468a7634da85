"""The operator's process when its world is broken: killed, cut off, short of rights, lied to."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BETTER, GOOD, NAMESPACE, Stage, stage_on
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, Kind
from sluice_operator.cluster.permission import cluster_role, lease_role

RBAC = "rbac.authorization.k8s.io"
CLUSTER_ROLE = Kind(
    group=RBAC, version="v1", kind="ClusterRole", plural="clusterroles", namespaced=False
)
CLUSTER_BINDING = Kind(
    group=RBAC,
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
)
PAUSING = {
    "type": "Canary",
    "ungated": True,
    "steps": [{"setWeight": 10}, {"pause": {"duration": "4s"}}, {"setWeight": 100}],
}


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    try:
        with stage_on(plane, tmp_path_factory.mktemp("stage")) as stage:
            yield stage
    finally:
        plane.stop()


def on_trial(status) -> bool:
    return status.get("traffic", {}).get("observedWeight") == 10


def promoted(status) -> bool:
    return status.get("phase") == "Healthy" and status["stable"]["uri"] == BETTER


def test_a_standby_finishes_what_a_killed_leader_began(stage):
    leader = stage.start_operator()
    stage.serving("handed-over")
    stage.start_operator()
    stage.apply("handed-over", BETTER, strategy=PAUSING, gates=[])
    stage.until("handed-over", on_trial)
    leader.kill()
    stage.until("handed-over", promoted)
    assert "Leading as replica-1" in stage.log_of(1)
    assert stage.run_of("handed-over", 2)["outcome"] == "Promoted"


def test_a_rollout_survives_the_death_of_the_api_server(stage):
    stage.start_operator()
    stage.serving("cut-off")
    stage.apply("cut-off", BETTER, strategy=PAUSING, gates=[])
    stage.until("cut-off", on_trial)
    stage.plane.kill_api_server()
    stage.plane.start_api_server()
    stage.until("cut-off", promoted)


def test_where_prometheus_is_something_else_no_candidate_gets_a_request(stage):
    stage.start_operator(PROMETHEUS_URL=stage.envoy_url)
    stage.serving("blind")
    stage.apply("blind", BETTER)
    status = stage.until("blind", is_unseen)
    assert status["traffic"]["desiredWeight"] == 0
    assert condition(status, "CandidateReady")["status"] == "True"
    assert condition(status, "MetricsAvailable")["status"] == "False"
    assert all("Prometheus" in gate["error"] for gate in status["gates"])


def is_unseen(status) -> bool:
    said = condition(status, "Reconciling").get("message", "")
    return said.startswith("No counts yet, so no request: ")


def condition(status, kind: str):
    return next((one for one in status.get("conditions", ()) if one["type"] == kind), {})


def test_an_engine_that_is_not_installed_is_named(stage):
    stage.plane.kubectl("delete", "crd", "experiments.mlops.seldon.io")
    stage.start_operator()
    stage.apply("engineless", GOOD)
    status = stage.until("engineless", is_stalled)
    assert "Seldon Core 2 is not installed" in condition(status, "Stalled")["message"]
    assert "install its CRDs" in condition(status, "Stalled")["message"]


def is_stalled(status) -> bool:
    return condition(status, "Stalled").get("status") == "True"


def test_a_right_that_is_missing_is_named_with_verb_and_resource(stage):
    user = restricted(stage, "experiments", {"create", "patch"})
    stage.start_operator(KUBECONFIG=str(user))
    for verb in ("create", "patch"):
        words = f"RBAC is too small: cannot {verb} experiments.mlops.seldon.io; add it to the"
        eventually(lambda words=words: words in stage.log_of(0), within=60)
    stage.apply("rightless", GOOD)
    status = stage.until("rightless", is_stalled)
    message = condition(status, "Stalled")["message"]
    assert re.search(r"cannot (create|patch) resource \"experiments\"", message)
    assert "Experiment stage/rightless" in message
    assert "grant it to that user" in message


def test_an_operator_that_cannot_read_a_kind_does_not_lead_and_says_which(stage):
    """Whoever sees half of a picture would act on it."""
    user = restricted(stage, "models", {"list", "watch"})
    health = stage.launch_operator(KUBECONFIG=str(user))
    words = 'cannot lead before: .*cannot list resource "models" in API group "mlops.seldon.io"'
    eventually(lambda: re.search(words, stage.log_of(0)), within=60)
    answer = httpx.get(f"{health}/readyz", trust_env=False)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "could not be read" in answer.text
    stage.apply("unseen", GOOD)
    stage.plane.kubectl("apply", "-f", str(whole_role(stage)))
    status = stage.until("unseen", lambda status: status.get("phase") == "Healthy")
    assert status["stable"]["uri"] == GOOD


def restricted(stage: Stage, plural: str, verbs: set[str]) -> Path:
    """Somebody with the operator's roles but for some rights on one kind of Seldon's."""
    role = role_of(stage)
    for rule in role["rules"]:
        if plural in rule["resources"]:
            rule["resources"] = [one for one in rule["resources"] if one != plural]
            left = sorted(set(rule["verbs"]) - verbs)
            role["rules"].append({**rule, "resources": [plural], "verbs": left})
            break
    stage.cluster.create(CLUSTER_ROLE, role)
    binding = {
        "metadata": {"name": "restricted"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "restricted"},
        "subjects": [{"kind": "User", "apiGroup": RBAC, "name": "restricted"}],
    }
    stage.cluster.create(CLUSTER_BINDING, binding)
    return stage.plane.kubeconfig_for("restricted")


def role_of(stage: Stage) -> dict[str, Any]:
    """The operator's roles as one."""
    role = cluster_role()
    role["rules"] += lease_role()["rules"]
    role["metadata"]["name"] = "restricted"
    return role


def whole_role(stage: Stage) -> Path:
    """A file with all that the operator needs."""
    file = stage.folder / "role.yaml"
    file.write_text(yaml.safe_dump(role_of(stage)))
    return file


def test_a_setting_that_does_not_exist_ends_the_process_with_its_name(stage):
    with pytest.raises(AssertionError):
        stage.start_operator(POLL_SECOND="1")
    assert "SLUICE_POLL_SECOND: no such setting; did you mean SLUICE_POLL_SECONDS?" in (
        stage.log_of(0)
    )


def test_nothing_is_written_into_the_namespaces_of_others(stage):
    stage.plane.kubectl("create", "namespace", "elsewhere")
    stage.start_operator(NAMESPACES="elsewhere")
    stage.apply("not-ours", GOOD)
    stage.plane.kubectl("create", "namespace", "later")
    body = stage.get(MODEL_DEPLOYMENT, "not-ours")
    assert ("status" in body, NAMESPACE) == (False, "stage")
