"""The whole pipeline as Pods on a real API server: sources on S3, registration in a real MLflow.

The node is a small one of our own, which runs the commands of Pods as processes; `make e2e` has the
real one.
"""

from _thread import interrupt_main
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from control_plane import ControlPlane
from control_plane_namespace import empty, make
from mlflow_server import mlflow_server
from object_store import ObjectStore, object_store
from pod_node import MERGE, Node, image_missing, killed_for_memory, pod_node
from sluice_components.api_server import ApiServer, Target
from sluice_components.errors import ProjectError
from sluice_components.registry import connect, folder_of, version_by_alias
from sluice_package.package import ModelPackage
from sluice_pipelines.failure import PipelineFailedError
from sluice_pipelines.pod.run import PodRun, run_pods
from sluice_pipelines.pod.spec import Ground, Work, pod_of
from sluice_pipelines.pod.yard import Patience
from sluice_pipelines.runner import TrainingResult
from sluice_pipelines.setting import ClusterSettings
from sluice_pipelines.step import Step, StepState
from sluice_pipelines.train import Cluster
from training_projects import tumour_project

ORDER = [
    "fingerprint",
    "ingest",
    "validate",
    "split",
    "train",
    "evaluate",
    "package",
    "register",
]
HASTY = Patience(stuck=0.3, look=0.1)


@dataclass(frozen=True)
class World:
    """A cluster with a store and a registry, and a project in it."""

    plane: ControlPlane
    namespace: str
    node: Node
    store: ObjectStore
    registry: str
    folder: Path

    def pods(self) -> list[str]:
        """Names of the Pods that there are now."""
        api = ApiServer(self.plane.kubeconfig)
        found = api.found(Target(group="v1", plural="pods", namespace=self.namespace))
        return [pod["metadata"]["name"] for pod in found]

    def train(self, **changes: object) -> tuple[TrainingResult, dict[str, StepState]]:
        """Train with sections of the project changed; the result, and how each step ended."""
        settings = ClusterSettings.model_validate(
            {
                "namespace": self.namespace,
                "base": "s3://raw/tumours",
                "tracking_uri": self.registry,
                "steps": {step: {"retries": 0} for step in ORDER},
            }
        )
        seen: list[tuple[Step, ...]] = []
        run = PodRun(
            cluster=Cluster(settings=settings),
            api=ApiServer(self.plane.kubeconfig),
            workspace=self.folder / "workspace",
            patience=HASTY,
        )
        project = tumour_project(self.folder / "project", **changes)
        result = run_pods(project, run, folder=self.folder / "project", on_progress=seen.append)
        return result, {step.name: step.state for step in seen[-1]}


def keep_settings(plane: ControlPlane, namespace: str, store: ObjectStore) -> None:
    """The Secret and the ConfigMap that steps read."""
    secrets = {k: v for k, v in store.environment.items() if "KEY" in k}
    addresses = {k: v for k, v in store.environment.items() if "KEY" not in k}
    metadata = {"name": "sluice-pipeline"}
    with plane.client() as client:
        core = f"/api/v1/namespaces/{namespace}"
        client.post(
            f"{core}/secrets", json={"metadata": metadata, "stringData": secrets}
        ).raise_for_status()
        client.post(
            f"{core}/configmaps", json={"metadata": metadata, "data": addresses}
        ).raise_for_status()


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, namespace = tmp_path_factory.mktemp("world"), f"test-{uuid4().hex[:8]}"
    with (
        control_plane.client() as client,
        object_store(folder / "store") as store,
        mlflow_server(folder / "mlflow") as registry,
    ):
        make(client, namespace)
        keep_settings(control_plane, namespace, store)
        tumour_project(folder / "project")
        content = (folder / "project" / "tumours.csv").read_bytes()
        store.put("raw", "tumours/tumours.csv", content)
        with pod_node(control_plane, namespace) as node:
            yield World(control_plane, namespace, node, store, registry, folder)
        empty(client, namespace)


@pytest.fixture(scope="module")
def first(world: World) -> tuple[TrainingResult, dict[str, StepState]]:
    return world.train()


@pytest.fixture
def fates(world: World, first: object) -> Iterator[dict[str, object]]:
    """What becomes of Pods, until the test ends; after a first run that went well."""
    yield world.node.fates
    world.node.fates.clear()


def test_every_step_is_a_pod_and_the_model_is_registered(world, first) -> None:
    result, states = first
    assert world.node.steps()[: len(ORDER)] == ORDER
    assert set(states.values()) == {StepState.DONE}
    found = version_by_alias(connect(world.registry), "tumours", "challenger")
    assert (found.version, found.digest) == (result.version, result.digest)
    assert found.source.startswith("mlflow-artifacts:/")


def test_the_registered_package_comes_whole_out_of_the_registry(world, first, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", world.registry)
    found = version_by_alias(connect(""), "tumours", "challenger")
    package = ModelPackage.open(folder_of(found), expect_digest=first[0].digest)
    assert package.metrics["accepted"] is True


def test_no_pod_is_left_behind(world, first) -> None:
    assert world.pods() == []


def test_a_pod_has_the_limits_identity_and_secrets_of_its_step(world, first) -> None:
    bodies = {body["metadata"]["labels"]["sluice.dev/step"]: body for body in world.node.bodies}
    train, ingest = bodies["train"]["spec"], bodies["ingest"]["spec"]
    container = train["containers"][0]
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "4Gi"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert train["securityContext"]["runAsUser"] == 65532
    assert train["serviceAccountName"] == "pipeline-runner"
    assert train["automountServiceAccountToken"] is False
    assert train["activeDeadlineSeconds"] == 3600
    secrets = {
        one["name"]: one["valueFrom"]["secretKeyRef"]
        for one in ingest["containers"][0]["env"]
        if "secretKeyRef" in one.get("valueFrom", {})
    }
    assert secrets["AWS_SECRET_ACCESS_KEY"] == {
        "name": "sluice-pipeline",
        "key": "AWS_SECRET_ACCESS_KEY",
        "optional": True,
    }


def test_what_steps_print_is_in_the_log_of_the_run(first) -> None:
    text = first[0].log.read_text()
    assert "Looking for component `train`" in text
    assert "Pod test-" in text


def test_an_unchanged_project_runs_only_what_must_look_outside(world, first) -> None:
    again, states = world.train()
    assert again.digest == first[0].digest
    done = {name for name, state in states.items() if state is StepState.DONE}
    assert done == {"fingerprint", "register"}


def test_a_changed_object_is_read_anew(world, first) -> None:
    path = world.store.root / "raw" / "tumours" / "tumours.csv"
    content = path.read_text()
    path.write_text("radius,side\n")
    try:
        with pytest.raises(PipelineFailedError, match=r"s3://raw/tumours/tumours\.csv") as failed:
            world.train()
    finally:
        path.write_text(content)
    assert failed.value.step == "ingest"


def test_an_error_of_a_step_is_told_in_its_own_words(world, fates) -> None:
    with pytest.raises(PipelineFailedError, match=r"log_loss <= 0\.001") as failed:
        world.train(acceptance=[{"metric": "log_loss", "maximum": 0.001}])
    assert failed.value.step == "register"
    assert world.pods() == []


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (image_missing, r"ImagePullBackOff: .*nowhere/none.* correct `image`"),
        (killed_for_memory, r"killed at its memory limit of 4Gi; raise `memory_limit`"),
    ],
)
def test_a_pod_that_fails_is_explained_and_taken_away(world, fates, fate, said) -> None:
    fates["train"] = fate
    with pytest.raises(PipelineFailedError, match=said) as failed:
        world.train(seed=int(uuid4()) % 2**31)
    assert failed.value.step == "train"
    assert world.pods() == []


def test_an_interrupted_run_takes_its_pod_away_and_the_next_goes_on_from_there(
    world, fates
) -> None:
    seed = 4242

    def interrupt(pod: dict[str, Any]) -> dict[str, Any]:
        fates["train"] = image_missing  # once: a second Ctrl-C ends the taking away as well
        interrupt_main()
        return image_missing(pod)

    fates["train"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.train(seed=seed)
    assert world.pods() == []
    fates.clear()
    _, states = world.train(seed=seed)
    assert (states["split"], states["train"]) == (StepState.REUSED, StepState.DONE)


def test_pods_of_a_run_that_was_killed_are_taken_away_by_the_next(world, first) -> None:
    left = world.node.bodies[0]
    body = {
        "metadata": {"name": "left-behind", "labels": left["metadata"]["labels"]},
        "spec": {"containers": [{"name": "main", "image": "none:1"}], "nodeName": "elsewhere"},
    }
    api = ApiServer(world.plane.kubeconfig)
    world.node.fates[left["metadata"]["labels"]["sluice.dev/step"]] = lambda pod: (
        image_missing(pod) if pod["metadata"]["name"] == "left-behind" else None
    )
    api.create(Target(group="v1", plural="pods", namespace=world.namespace), body)
    world.train()
    world.node.fates.clear()
    assert world.pods() == []


def test_pod_security_restricted_admits_a_step_whose_outputs_are_on_a_claim(
    control_plane, namespace
) -> None:
    strict = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    ground = Ground(
        pipeline="train-tumours",
        namespace=namespace,
        account="pipeline-runner",
        workspace="0123456789ab",
        outputs="/mnt/outputs",
        claim="outputs",
    )
    work = Work(step="train", name="train-1", image="sluice-components:0.1.0", command=["true"])
    body = pod_of(work, ground)
    core = f"/api/v1/namespaces/{namespace}"
    with control_plane.client() as client:
        client.patch(core, json=strict, headers=MERGE).raise_for_status()
        admitted = client.post(f"{core}/pods", params={"dryRun": "All"}, json=body)
        body["spec"]["containers"][0].pop("securityContext")
        refused = client.post(f"{core}/pods", params={"dryRun": "All"}, json=body)
    assert admitted.status_code == 201, admitted.text
    assert "restricted" in refused.json()["message"]


def test_a_source_on_this_machine_is_refused_before_any_pod_is_made(world, tmp_path) -> None:
    run = PodRun(
        cluster=Cluster(settings=ClusterSettings(namespace=world.namespace)),
        api=ApiServer(world.plane.kubeconfig),
        workspace=tmp_path / "workspace",
    )
    with pytest.raises(ProjectError, match=r"tumours\.csv: the source lies on this machine"):
        run_pods(tumour_project(tmp_path / "project"), run, folder=tmp_path)
