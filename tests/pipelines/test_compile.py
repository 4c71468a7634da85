"""The training pipeline as Kubeflow gets it: IR YAML, and the objects of its Kubernetes mode."""

from pathlib import Path

import pytest
import yaml
from sluice_components.image import IMAGE
from sluice_components.project.load import load_project
from sluice_pipelines.manifest import compile_to, compiled, manifest_objects, version_of
from sluice_pipelines.setting import ClusterSettings
from sluice_pipelines.train import Cluster
from training_projects import tumour_project

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights" / "sluice.yaml"
STEPS = ["evaluate", "fingerprint", "ingest", "package", "register", "split", "train", "validate"]
QUIET = {"notify": None}
DEPLOYMENT = {"metadata": {"name": "tumours"}, "spec": {"strategy": {"type": "Immediate"}}}


def documents(project, cluster=None):
    """The two documents: what runs, and what Kubernetes has to know of it."""
    return list(yaml.safe_load_all(compiled(project, cluster)))


def cluster_with(manifest=None, **settings):
    return Cluster(settings=ClusterSettings.model_validate(settings), manifest=manifest or {})


@pytest.fixture
def project(tmp_path):
    return tumour_project(tmp_path)


@pytest.fixture
def ir(project):
    """The pipeline of a cluster that is told nothing at the end."""
    return documents(project, cluster_with(**QUIET))[0]


@pytest.fixture
def platform(project):
    """What Kubernetes has to know of each step."""
    found = documents(project)[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {name.removeprefix("exec-"): one for name, one in found.items()}


def executors_of(document):
    return {
        name.removeprefix("exec-"): one["container"]
        for name, one in document["deploymentSpec"]["executors"].items()
    }


def test_the_pipeline_has_a_task_for_every_stage(ir):
    assert sorted(ir["root"]["dag"]["tasks"]) == STEPS


def test_a_project_with_a_champion_looks_it_up_before_the_evaluation(tmp_path):
    project = tumour_project(tmp_path, champion={"metric": "accuracy", "margin": 0.02})
    tasks = documents(project, cluster_with(**QUIET))[0]["root"]["dag"]["tasks"]
    assert sorted(tasks) == ["champion", *STEPS]
    assert "champion" in tasks["evaluate"]["dependentTasks"]
    assert tasks["champion"]["cachingOptions"] == {}


def test_registration_waits_for_package_and_evaluation(ir):
    tasks = ir["root"]["dag"]["tasks"]
    assert tasks["register"]["dependentTasks"] == ["evaluate", "package"]
    assert tasks["package"]["dependentTasks"] == ["evaluate", "ingest", "split", "train"]


def test_every_task_runs_in_our_image_at_a_fixed_tag(project):
    assert {one["image"] for one in executors_of(documents(project)[0]).values()} == {IMAGE}
    assert IMAGE == "sluice-components:0.1.0"


def test_the_image_is_chosen_when_the_pipeline_is_compiled(project):
    ours = "registry.example:5000/ml/sluice-components:0.1.0"
    executors = executors_of(documents(project, cluster_with(image=ours))[0])
    assert {one["image"] for one in executors.values()} == {ours}


def test_threads_that_wait_give_their_core_away(ir):
    for stage in ("train", "evaluate"):
        assert {"name": "OMP_WAIT_POLICY", "value": "passive"} in executors_of(ir)[stage]["env"]


def test_no_task_installs_anything(ir):
    for one in executors_of(ir).values():
        assert "pip install" not in " ".join(one["command"])


def test_only_places_are_parameters_and_the_settings_give_their_defaults(project):
    cluster = cluster_with(base="s3://raw/tumours", tracking_uri="http://mlflow:5000")
    parameters = documents(project, cluster)[0]["root"]["inputDefinitions"]["parameters"]
    assert {name: one["defaultValue"] for name, one in parameters.items()} == {
        "artifacts": "",
        "base": "s3://raw/tumours",
        "commit": "",
        "tracking_uri": "http://mlflow:5000",
    }


def test_the_sections_of_the_project_are_constants(ir):
    inputs = ir["root"]["dag"]["tasks"]["train"]["inputs"]["parameters"]
    plan = inputs["plan"]["runtimeValue"]["constant"]
    assert plan["estimator"]["class"] == "sklearn.linear_model.LogisticRegression"
    assert plan["target"] == "benign"
    assert plan["seed"] == 7


def test_artifacts_are_typed_so_that_kubeflow_can_draw_them(ir):
    outputs = ir["components"]["comp-evaluate"]["outputDefinitions"]["artifacts"]
    types = {name: one["artifactType"]["schemaTitle"] for name, one in outputs.items()}
    assert types == {
        "evaluation": "system.Artifact",
        "metrics": "system.Metrics",
        "classification": "system.ClassificationMetrics",
        "report": "system.HTML",
        "verdict": "system.Markdown",
    }


def test_the_cache_goes_by_the_digest_of_the_sources_which_is_always_taken_anew(ir):
    tasks = ir["root"]["dag"]["tasks"]
    assert tasks["fingerprint"]["cachingOptions"] == {}
    content = tasks["ingest"]["inputs"]["parameters"]["content"]["taskOutputParameter"]
    assert content["producerTask"] == "fingerprint"
    cached = {name for name in tasks if tasks[name]["cachingOptions"] == {"enableCache": True}}
    assert cached == {"ingest", "validate", "split", "train", "evaluate", "package"}


def test_the_fingerprint_covers_the_source_and_every_join(tmp_path):
    tumours = tumour_project(tmp_path)
    sides = {"source": {"path": "sides.csv"}, "on": ["side"], "columns": ["weight"]}
    columns = tumours.model_dump(mode="json", by_alias=True, exclude_none=True)["schema"]
    joined = tumour_project(
        tmp_path, joins=[sides], schema=[*columns, {"name": "weight", "type": "float"}]
    )
    tasks = documents(joined, cluster_with(**QUIET))[0]["root"]["dag"]["tasks"]
    sources = tasks["fingerprint"]["inputs"]["parameters"]["sources"]
    assert sources["runtimeValue"]["constant"] == ["tumours.csv", "sides.csv"]


def test_every_step_asks_for_what_it_needs_and_is_held_to_a_limit(project):
    for name, one in executors_of(documents(project)[0]).items():
        asked = one["resources"]
        assert asked["resourceMemoryRequest"], name
        assert asked["resourceMemoryLimit"], name
        assert asked["resourceCpuRequest"], name
        assert asked["resourceCpuLimit"], name


def test_resources_and_patience_of_one_step_can_be_set(project):
    steps = {"train": {"memory": "3Gi", "memory_limit": "3Gi", "retries": 4, "timeout": "2h"}}
    running, platform = documents(project, cluster_with(steps=steps))
    train = executors_of(running)["train"]
    inner = running["components"]["comp-exit-handler-1"]["dag"]["tasks"]["train"]
    assert train["resources"]["resourceMemoryRequest"] == "3Gi"
    assert inner["retryPolicy"]["maxRetryCount"] == 4
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors["exec-train"]["activeDeadlineSeconds"] == "7200"


def test_a_step_that_failed_is_tried_again_after_pauses_that_grow(ir):
    for name, task in ir["root"]["dag"]["tasks"].items():
        policy = task["retryPolicy"]
        assert policy["maxRetryCount"] >= 1, name
        assert (policy["backoffDuration"], policy["backoffFactor"]) == ("30s", 2.0), name
        assert policy["backoffMaxDuration"] == "600s", name


def test_no_step_runs_for_ever_or_as_root_or_without_room_to_write(platform):
    for name, one in platform.items():
        assert int(one["activeDeadlineSeconds"]) > 0, name
        assert one["securityContext"]["runAsNonRoot"] is True, name
        assert one["securityContext"]["runAsUser"] == "65532", name
        assert one["emptyDirMounts"] == [{"mountPath": "/tmp", "volumeName": "tmp"}], name


def test_a_step_is_shown_only_the_secrets_that_it_needs(platform):
    shown = {
        name: {
            pair["envVar"] for secret in one.get("secretAsEnv", ()) for pair in secret["keyToEnv"]
        }
        for name, one in platform.items()
    }
    assert shown["notify"] == {"SLUICE_WEBHOOK_URL"}
    assert shown["ingest"] == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert "MLFLOW_TRACKING_PASSWORD" in shown["register"]
    for step in ("validate", "split", "train", "package"):
        assert shown[step] == set(), step


def test_a_claim_is_mounted_in_every_step(project):
    platform = documents(project, cluster_with(claims={"/data": "raw-data"}))[1]
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    for name, one in executors.items():
        (mount,) = one["pvcMount"]
        assert (mount["constant"], mount["mountPath"]) == ("raw-data", "/data"), name


def test_whatever_the_end_somebody_is_told(project):
    root = documents(project)[0]["root"]["dag"]["tasks"]
    assert sorted(root) == ["exit-handler-1", "notify"]
    assert root["notify"]["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"
    status = root["notify"]["inputs"]["parameters"]["status"]
    assert status == {"taskFinalStatus": {"producerTask": "exit-handler-1"}}


def test_deployment_comes_after_registration_and_only_if_it_is_asked_for(project, ir):
    cluster = cluster_with(DEPLOYMENT, deploy={"manifest": "x.yaml", "wait": "10m"}, **QUIET)
    tasks = documents(project, cluster)[0]["root"]["dag"]["tasks"]
    assert tasks["deploy"]["dependentTasks"] == ["register"]
    inputs = tasks["deploy"]["inputs"]["parameters"]
    assert inputs["manifest"]["runtimeValue"]["constant"] == DEPLOYMENT
    assert inputs["wait_seconds"]["runtimeValue"]["constant"] == 600
    assert "deploy" not in ir["root"]["dag"]["tasks"]


def test_compiling_twice_gives_the_same_text_and_another_project_another_version(tmp_path):
    project = tumour_project(tmp_path)
    compile_to(project, tmp_path / "first.yaml")
    text = (tmp_path / "first.yaml").read_text()
    assert text == compiled(project)
    other = compiled(tumour_project(tmp_path, seed=8))
    assert version_of(text) != version_of(other)


def test_the_objects_of_the_kubernetes_mode_hold_the_same_pipeline(project):
    running, platform = documents(project)
    pipeline, version = manifest_objects(project)
    assert (pipeline["kind"], version["kind"]) == ("Pipeline", "PipelineVersion")
    assert version["apiVersion"] == "pipelines.kubeflow.org/v2beta1"
    assert version["spec"]["pipelineName"] == pipeline["metadata"]["name"] == "train-tumours"
    assert version["metadata"]["name"] == f"train-tumours-{version_of(compiled(project))}"
    assert version["spec"]["pipelineSpec"] == running
    assert version["spec"]["platformSpec"] == platform


def test_the_example_of_the_flights_compiles():
    tasks = documents(load_project(FLIGHTS), cluster_with(**QUIET))[0]["root"]["dag"]["tasks"]
    assert sorted(tasks) == STEPS
