"""The training pipeline as Kubeflow gets it: IR YAML."""

from pathlib import Path

import pytest
import yaml
from sluice_components.image import IMAGE
from sluice_components.project.load import load_project
from sluice_pipelines.train import compile_to
from training_projects import tumour_project

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights" / "sluice.yaml"
STEPS = ["evaluate", "ingest", "package", "register", "split", "train", "validate"]


def compiled(project, folder):
    compile_to(project, folder / "pipeline.yaml")
    return yaml.safe_load((folder / "pipeline.yaml").read_text())


@pytest.fixture
def ir(tmp_path):
    return compiled(tumour_project(tmp_path), tmp_path)


def test_the_pipeline_has_a_task_for_every_stage(ir):
    assert sorted(ir["root"]["dag"]["tasks"]) == STEPS


def test_a_project_with_a_champion_looks_it_up_before_the_evaluation(tmp_path):
    project = tumour_project(tmp_path, champion={"metric": "accuracy", "margin": 0.02})
    tasks = compiled(project, tmp_path)["root"]["dag"]["tasks"]
    assert sorted(tasks) == ["champion", *STEPS]
    assert "champion" in tasks["evaluate"]["dependentTasks"]
    assert tasks["champion"]["cachingOptions"] == {}


def test_registration_waits_for_package_and_evaluation(ir):
    tasks = ir["root"]["dag"]["tasks"]
    assert tasks["register"]["dependentTasks"] == ["evaluate", "package"]
    assert tasks["package"]["dependentTasks"] == ["evaluate", "ingest", "split", "train"]


def test_every_task_runs_in_our_image_at_a_fixed_tag(ir):
    executors = ir["deploymentSpec"]["executors"].values()
    assert {one["container"]["image"] for one in executors} == {IMAGE}
    assert ":" in IMAGE
    assert not IMAGE.endswith(":latest")


def test_threads_that_wait_give_their_core_away(ir):
    executors = ir["deploymentSpec"]["executors"]
    for stage in ("train", "evaluate"):
        variables = executors[f"exec-{stage}"]["container"]["env"]
        assert {"name": "OMP_WAIT_POLICY", "value": "passive"} in variables


def test_no_task_installs_anything(ir):
    for one in ir["deploymentSpec"]["executors"].values():
        assert "pip install" not in " ".join(one["container"]["command"])


def test_only_places_are_parameters(ir):
    assert set(ir["root"]["inputDefinitions"]["parameters"]) == {
        "artifacts",
        "base",
        "commit",
        "tracking_uri",
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


def test_what_changes_outside_of_the_pipeline_is_never_taken_from_a_cache(ir):
    tasks = ir["root"]["dag"]["tasks"]
    assert tasks["ingest"]["cachingOptions"] == {}
    assert tasks["register"]["cachingOptions"] == {}
    assert tasks["train"]["cachingOptions"] == {"enableCache": True}


def test_compiling_twice_gives_the_same_text(tmp_path):
    project = tumour_project(tmp_path)
    compile_to(project, tmp_path / "first.yaml")
    compile_to(project, tmp_path / "second.yaml")
    assert (tmp_path / "first.yaml").read_text() == (tmp_path / "second.yaml").read_text()


def test_the_example_of_the_flights_compiles(tmp_path):
    assert sorted(compiled(load_project(FLIGHTS), tmp_path)["root"]["dag"]["tasks"]) == STEPS
