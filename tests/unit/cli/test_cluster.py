"""`sluice train --cluster` and `sluice pipeline`, on a double of Kubeflow."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kubeflow_double import KubeflowDouble, kubeflow_double
from sluice_cli.main import app
from sluice_components.errors import NoClusterError, ProjectError
from sluice_pipelines.failure import RunFailedError
from training_projects import write_tumour_project
from typer.testing import CliRunner, Result


@pytest.fixture
def double() -> Iterator[KubeflowDouble]:
    with kubeflow_double() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, double: KubeflowDouble) -> Path:
    """A project with a cluster.yaml beside it."""
    settings = {"host": double.url, "base": "s3://raw", "namespace": "ml"}
    (tmp_path / "cluster.yaml").write_text(yaml.safe_dump(settings))
    return write_tumour_project(tmp_path)


def run(*words: str) -> Result:
    """A command that must end well."""
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_a_run_is_started_and_named_with_its_page(double, project) -> None:
    done = run("train", "--cluster", "-f", str(project), "--no-wait", "-o", "json")
    told = json.loads(done.stdout)
    assert told["state"] == "PENDING"
    assert told["address"] == f"{double.url}/#/runs/details/{told['run']}"
    (started,) = double.runs.values()
    assert started["service_account"] == "pipeline-runner"


def test_a_run_that_has_ended_well_is_told_as_json(double, project) -> None:
    first = json.loads(
        run("train", "--cluster", "-f", str(project), "--no-wait", "-o", "json").stdout
    )
    double.paint(first["run"], "SUCCEEDED", {"train": "SUCCEEDED", "ingest": "SKIPPED"})
    again = run("train", "--cluster", "-f", str(project), "--run", first["run"], "-o", "json")
    assert json.loads(again.stdout)["steps"] == {"ingest": "reused", "train": "done"}
    assert len(double.runs) == 1


def test_a_run_that_has_failed_fails_the_command(double, project) -> None:
    first = json.loads(
        run("train", "--cluster", "-f", str(project), "--no-wait", "-o", "json").stdout
    )
    double.paint(first["run"], "FAILED", {"train": ("FAILED", "OOMKilled")})
    with pytest.raises(RunFailedError, match="train: OOMKilled"):
        run("train", "--cluster", "-f", str(project), "--run", first["run"])


def test_what_is_uploaded_is_what_compile_prints(double, project) -> None:
    run("train", "--cluster", "-f", str(project), "--no-wait")
    text = run("pipeline", "compile", "-f", str(project)).stdout
    (uploaded,) = [v for v in double.versions.values() if v["display_name"] != "train-tumours"]
    whole = list(yaml.safe_load_all(text))
    assert uploaded["pipeline_spec"] == {"pipeline_spec": whole[0], "platform_spec": whole[1]}


def test_compile_writes_objects_for_kubectl(project, tmp_path) -> None:
    to = tmp_path / "objects.yaml"
    run("pipeline", "compile", "-f", str(project), "--objects", "--to", str(to))
    kinds = [one["kind"] for one in yaml.safe_load_all(to.read_text())]
    assert kinds == ["Pipeline", "PipelineVersion"]


def test_a_schedule_is_made_shown_and_taken_away(double, project) -> None:
    run("pipeline", "schedule", "30 4 * * 1", "-f", str(project))
    shown = json.loads(run("pipeline", "schedules", "-f", str(project), "-o", "json").stdout)
    assert [one["cron"] for one in shown] == ["0 30 4 * * 1"]
    assert "1 taken away" in run("pipeline", "unschedule", "-f", str(project)).stdout
    assert "nothing" in run("pipeline", "schedules", "-f", str(project)).stdout


def test_a_schedule_goes_only_after_its_run(double, project) -> None:
    run("pipeline", "schedule", "30 4 * * 1", "-f", str(project))
    (schedule,) = double.recurring
    begun = double.fire(schedule)
    said = run("pipeline", "unschedule", "-f", str(project)).stdout
    assert "1 disabled, for a run of it is under way" in said
    assert ", disabled" in run("pipeline", "schedules", "-f", str(project)).stdout
    double.paint(begun, "SUCCEEDED")
    assert "1 taken away" in run("pipeline", "unschedule", "-f", str(project)).stdout


def test_an_image_without_a_fixed_tag_is_refused_before_anything_is_asked(double, project) -> None:
    with pytest.raises(ProjectError, match="the command line: image: "):
        run("train", "--cluster", "-f", str(project), "--image", "sluice:latest")
    assert double.pipelines == {}


def test_a_source_on_this_machine_is_refused_before_anything_is_asked(double, project) -> None:
    (project.parent / "cluster.yaml").write_text(yaml.safe_dump({"host": double.url}))
    with pytest.raises(ProjectError, match=r"tumours\.csv: the source lies on this machine"):
        run("train", "--cluster", "-f", str(project))
    assert double.pipelines == {}


def test_pods_need_a_login_to_a_cluster_and_say_so(project, tmp_path) -> None:
    with pytest.raises(NoClusterError, match=r"absent: .*give --kubeconfig"):
        run("train", "--pods", "-f", str(project), "--kubeconfig", str(tmp_path / "absent"))


@pytest.mark.parametrize(
    "words", [("--cluster", "--pods"), ("--run", "7"), ("--pods", "--run", "7")]
)
def test_two_ways_at_once_are_refused(project, words) -> None:
    done = CliRunner().invoke(app, ["train", "-f", str(project), *words])
    assert done.exit_code == 2
