"""The Pod of a step, and the sentences on what is wrong with one."""

import pytest
from sluice_components.errors import ClusterRefusedError
from sluice_pipelines.failure import reason_in
from sluice_pipelines.manifest import compiled
from sluice_pipelines.pod.explain import trouble_of
from sluice_pipelines.pod.handler import Compiled, pod_name, step_of
from sluice_pipelines.pod.spec import Ground, Work, pod_of
from sluice_pipelines.setting import ClusterSettings
from sluice_pipelines.train import Cluster
from training_projects import tumour_project

GROUND = Ground(
    pipeline="train-tumours",
    namespace="ml",
    account="pipeline-runner",
    workspace="0123456789ab",
    outputs="/mnt/outputs",
)


def work(**changes):
    facts = {"step": "train", "name": "train-1", "image": "ours:1", "command": ["sh", "-c", "true"]}
    return Work(**facts | changes)


def failed(**status):
    return {
        "status": {"phase": "Failed", **status},
        "spec": {"containers": [{"resources": {"limits": {"memory": "4Gi"}}}]},
    }


def ended(code, reason):
    return [{"state": {"terminated": {"exitCode": code, "reason": reason}}}]


@pytest.fixture
def known(tmp_path):
    settings = {"claims": {"/data": "raw-data"}, "pull_secrets": ["registry"], "deploy": None}
    cluster = Cluster(settings=ClusterSettings.model_validate(settings))
    return Compiled.read(compiled(tumour_project(tmp_path), cluster))


def test_a_pod_is_as_restricted_as_pod_security_demands():
    spec = pod_of(work(), GROUND)["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_only_steps_that_ask_the_cluster_get_a_token():
    given = {
        step: pod_of(work(step=step), GROUND)["spec"]["automountServiceAccountToken"]
        for step in ("train", "register", "deploy")
    }
    assert given == {"train": False, "register": False, "deploy": True}


def test_what_the_compiler_says_of_a_step_is_in_its_pod(known):
    compiled_train = work(resources=known.resources["train"], platform=known.platform["train"])
    spec = pod_of(compiled_train, GROUND)["spec"]
    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "2Gi"}
    assert spec["activeDeadlineSeconds"] == 6 * 3600
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    mounts = {mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts == {"/mnt/outputs", "/tmp", "/data"}
    claims = [one for one in spec["volumes"] if "persistentVolumeClaim" in one]
    assert [one["persistentVolumeClaim"]["claimName"] for one in claims] == ["raw-data"]


def test_outputs_may_lie_on_a_claim():
    ground = Ground(**{name: getattr(GROUND, name) for name in Ground.__slots__} | {"claim": "out"})
    volume = pod_of(work(), ground)["spec"]["volumes"][0]
    assert volume == {"name": "outputs", "persistentVolumeClaim": {"claimName": "out"}}


def test_what_is_not_translated_is_refused_and_not_left_out():
    with pytest.raises(ClusterRefusedError, match=r"train: .*'nodeSelector'.*run it in Kubeflow"):
        pod_of(work(platform={"nodeSelector": {"labels": {"gpu": "yes"}}}), GROUND)


def test_the_step_is_known_by_the_folder_that_it_has_to_write_to():
    given = '{"outputs": {"outputFile": "/w/train-x-2026/ingest/executor_output.json"}}'
    assert step_of(["sh", "-c", "…", "--executor_input", given, "--function", "ingest"]) == "ingest"


def test_names_of_pods_fit_and_differ():
    names = {pod_name("train-" + "x" * 60, "fingerprint") for _ in range(50)}
    assert len(names) == 50
    assert all(len(name) <= 63 and "-fingerprint-" in name for name in names)


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        (failed(reason="DeadlineExceeded", message="too long"), "raise `timeout`"),
        (failed(reason="Evicted", message="low on memory"), "raise `memory`"),
        (failed(containerStatuses=ended(137, "OOMKilled")), "memory limit of 4Gi"),
        (failed(containerStatuses=ended(126, "Error")), "ended with status 126"),
    ],
)
def test_the_end_of_a_pod_is_told_with_what_to_do(pod, said):
    trouble = trouble_of(pod)
    assert said in trouble.text
    assert not trouble.may_pass


def test_of_an_error_that_the_step_has_printed_itself_nothing_more_is_said():
    assert trouble_of(failed(containerStatuses=ended(1, "Error"))) is None


def test_a_pod_without_a_node_says_why():
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "message": "0/1 nodes: Insufficient cpu",
    }
    trouble = trouble_of({"status": {"phase": "Pending", "conditions": [condition]}})
    assert "Insufficient cpu" in trouble.text
    assert trouble.may_pass


@pytest.mark.parametrize("status", [{}, {"phase": "Pending"}, {"phase": "Running"}])
def test_a_pod_on_its_way_is_no_trouble(status):
    assert trouble_of({"status": status}) is None


def test_what_is_wrong_with_a_pod_is_the_reason_of_its_step():
    lines = ["Pod ml/train-1", "    Pod failed: OOMKilled; raise it", "    a last line"]
    assert reason_in(lines) == "OOMKilled; raise it"
