"""The operator's process against a real API server and a real Prometheus."""

import json
import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest
from control_plane import ControlPlane
from eventually import eventually
from operator_stage import BAD, BETTER, BROKEN, GOOD, NAMESPACE, Stage, stage_on
from serving_process import free_ports
from sluice_operator.api.status import ModelDeploymentStatus
from sluice_operator.cluster.kind import (
    LEASE,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    name_of,
)

GRACEFUL_SECONDS = 2.0


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    try:
        with stage_on(plane, tmp_path_factory.mktemp("stage")) as stage:
            stage.start_operator()
            yield stage
    finally:
        plane.stop()


def stands(phase: str, uri: str):
    return lambda status: status.get("phase") == phase and status["stable"]["uri"] == uri


def test_a_good_candidate_is_promoted(stage):
    stage.serving("good")
    stage.apply("good", BETTER)
    status = stage.until("good", stands("Healthy", BETTER))
    assert stage.weights("good") == {status["stable"]["name"]: 100}
    assert stage.run_of("good", 2)["outcome"] == "Promoted"


def test_a_bad_candidate_is_taken_back_with_the_reason(stage):
    stage.serving("bad")
    stage.apply("bad", BAD)
    status = stage.until("bad", stands("RolledBack", GOOD))
    assert status["history"][-1]["outcome"] == "RolledBack"
    assert "harm proven" in status["history"][-1]["cause"]
    told = stage.plane.kubectl("describe", "modeldeployment", "bad", "-n", NAMESPACE).stdout
    assert "RollingBack" in told
    run = eventually(lambda: run_that_ended(stage, "bad", 2))
    retreat = next(entry for entry in run["decisions"] if entry["reason"] == "RollingBack")
    gate = next(gate for gate in retreat["gates"] if gate["verdict"] == "Harm")
    assert gate["source"].startswith("sum by (model_internal, code) (seldon_model_infer_total{")
    assert gate["eHarm"] >= 1 / 0.05
    assert gate["lower"] > 1
    assert 0 < gate["candidate"]["bad"] < gate["candidate"]["total"]
    assert (gate["stable"]["bad"], "omitted" in run) == (0, False)


def run_that_ended(stage, name: str, attempt: int):
    run = stage.run_of(name, attempt)
    return run if run.get("outcome") else None


def test_a_model_that_never_loads_gets_no_traffic(stage):
    stage.serving("unloadable")
    stage.apply("unloadable", BROKEN)
    status = stage.until("unloadable", stands("RolledBack", GOOD))
    assert "digest differs" in status["history"][-1]["cause"]
    assert status["history"][-1]["peakWeight"] == 0


@pytest.mark.parametrize(
    ("name", "uri", "reason"),
    [
        ("absent", "s3://models/nowhere", "ModelFailed: directory not found"),
        ("unregistered", "models:/churn/99", "the operator knows no MLflow"),
    ],
)
def test_a_uri_that_leads_nowhere_is_named_and_gets_no_traffic(stage, name, uri, reason):
    stage.serving(name)
    stage.apply(name, uri)
    status = stage.until(name, stands("RolledBack", GOOD))
    assert reason in status["history"][-1]["cause"]
    assert status["history"][-1]["peakWeight"] == 0
    assert reason in condition(status, "RolledBack")["message"]
    assert stage.weights(name) == {status["stable"]["name"]: 100}


def test_a_first_model_that_leads_nowhere_stalls_with_the_reason(stage):
    stage.apply("unfounded", "models:/churn/99")
    status = stage.until("unfounded", lambda status: status.get("phase") == "Failed")
    stalled = condition(status, "Stalled")
    assert stalled["status"] == "True"
    assert "the operator knows no MLflow" in stalled["message"]
    stage.apply("unfounded", GOOD)
    stage.until("unfounded", stands("Healthy", GOOD))


def test_a_secret_that_is_missing_is_named_and_another_name_mends_it(stage):
    stage.serving("secretive")
    swift = {"strategy": {"type": "Immediate"}, "gates": []}
    stage.apply("secretive", BETTER, model={"uri": BETTER, "secretName": "absent"}, **swift)
    status = stage.until("secretive", stands("RolledBack", GOOD))
    past = status["history"][-1]
    assert 'secrets "absent" not found' in past["cause"]
    stable = stage.get(SELDON_MODEL, status["stable"]["name"])
    assert "secretName" not in stable["spec"]
    stage.plane.kubectl(
        "create", "secret", "generic", "present", "-n", NAMESPACE, "--from-literal=s3={}"
    )
    stage.apply("secretive", BETTER, model={"uri": BETTER, "secretName": "present"}, **swift)
    gone = lambda: not stage.get(SELDON_MODEL, past["revision"]["name"])  # noqa: E731
    eventually(gone, within=60)
    stage.ask("secretive", "Retry", past["revision"]["name"])
    status = stage.until("secretive", stands("Healthy", BETTER))
    assert stage.get(SELDON_MODEL, status["stable"]["name"])["spec"]["secretName"] == "present"


def condition(status, kind: str):
    return next((one for one in status.get("conditions", ()) if one["type"] == kind), {})


def on_trial(status) -> bool:
    return status.get("traffic", {}).get("observedWeight") == 10


def test_a_third_revision_waits_until_the_second_has_no_traffic(stage):
    stage.serving("third")
    stage.apply("third", BAD, gates=[], strategy=UNGATED)
    stage.until("third", on_trial)
    stage.apply("third", BETTER)
    status = stage.until("third", stands("Healthy", BETTER))
    assert [past["outcome"] for past in status["history"]] == [
        "Promoted",
        "Superseded",
        "Promoted",
    ]


def test_a_git_revert_in_the_middle_gives_stable_everything(stage):
    stage.serving("revert")
    stage.apply("revert", BETTER, strategy=UNGATED, gates=[])
    stage.until("revert", on_trial)
    stage.apply("revert", GOOD, strategy=UNGATED, gates=[])
    status = stage.until("revert", stands("Healthy", GOOD))
    assert status["history"][-1]["outcome"] == "Reverted"


def test_a_deletion_in_the_middle_leaves_nothing(stage):
    stage.serving("gone")
    stage.apply("gone", BETTER, strategy=UNGATED, gates=[])
    stage.until("gone", on_trial)
    stage.plane.kubectl(
        "delete", "modeldeployment", "gone", "-n", NAMESPACE, "--timeout=60s", "--wait"
    )
    left = [
        name_of(body)
        for kind in (SELDON_EXPERIMENT, SELDON_MODEL)
        for body in stage.cluster.list(kind, NAMESPACE)
        if name_of(body).startswith("gone")
    ]
    assert left == []


def test_undo_in_the_bake_brings_the_old_revision_back(stage):
    stage.serving("undo")
    stage.apply("undo", BETTER, rollback={"bake": "5m"})
    status = stage.until("undo", stands("Baking", BETTER))
    action = stage.ask("undo", "Undo", status["stable"]["name"])
    status = stage.until("undo", stands("RolledBack", GOOD))
    assert status["history"][-1]["outcome"] == "Undone"
    result = eventually(lambda: stage.get(ROLLOUT_ACTION, action).get("status"))
    assert result["state"] == "Done"


def test_an_experiment_edited_by_hand_is_put_back(stage):
    stage.serving("meddled")
    stage.apply("meddled", BETTER, strategy=UNGATED, gates=[])
    status = stage.until("meddled", on_trial)
    stable = status["stable"]["name"]
    candidates = [{"name": "meddled", "weight": 0}, {"name": stable, "weight": 100}]
    patch = {"spec": {"candidates": candidates}}
    stage.plane.kubectl(
        "patch", "experiment", "meddled", "-n", NAMESPACE, "--type=merge", "-p", json.dumps(patch)
    )
    eventually(lambda: stage.weights("meddled").get(status["candidate"]["name"]) == 10, within=30)


def test_the_spec_is_never_written(stage):
    stage.serving("untouched")
    stage.apply("untouched", BAD)
    stage.until("untouched", stands("RolledBack", GOOD))
    body = stage.get(MODEL_DEPLOYMENT, "untouched")
    assert body["metadata"]["generation"] == 2
    diff = stage.plane.kubectl("diff", "-f", str(stage.folder / "untouched.yaml"))
    assert (diff.returncode, diff.stdout) == (0, "")


def test_the_status_on_the_object_is_the_one_that_the_api_describes(stage):
    stage.serving("described")
    status = stage.get(MODEL_DEPLOYMENT, "described")["status"]
    assert ModelDeploymentStatus.model_validate(status).phase == "Healthy"
    columns = stage.plane.kubectl("get", "modeldeployment", "described", "-n", NAMESPACE).stdout
    assert "Healthy" in columns


def test_a_replica_that_is_asked_to_end_does_so_in_two_seconds_and_lets_the_lease_go(stage):
    health, metrics = free_ports(2)
    ports = {"HEALTH_PORT": str(health), "METRICS_PORT": str(metrics)}
    own = {"LEASE_NAME": "of-its-own", "NAMESPACES": "sluice", "LOG_FORMAT": "json"}
    replica = stage.start_operator(**ports, **own)
    scraped = f"http://127.0.0.1:{metrics}/metrics"
    eventually(lambda: "sluice_leading 1.0" in httpx.get(scraped, trust_env=False).text)
    assert httpx.get(f"http://127.0.0.1:{health}/healthz", trust_env=False).json() == {"ok": True}
    began = time.monotonic()
    os.kill(replica.pid, signal.SIGTERM)
    eventually(replica.ended, within=10, every=0.01)
    assert time.monotonic() - began <= GRACEFUL_SECONDS
    lease = stage.cluster.get(LEASE, "sluice", "of-its-own")
    assert not lease["spec"].get("holderIdentity")
    lines = [json.loads(line) for line in stage.log_of(len(stage.operators) - 1).splitlines()]
    assert lines[-1]["message"].startswith("Stopped ")


UNGATED = {
    "type": "Canary",
    "ungated": True,
    "steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 100}],
}
