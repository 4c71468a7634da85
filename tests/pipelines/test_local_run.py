"""The training pipeline for real: Kubeflow's local runner, scikit-learn, MLflow on SQLite."""

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from eventually import eventually
from kfp import local
from sluice_components.evaluation import Evaluation
from sluice_components.notify.stage import WEBHOOK
from sluice_components.registry import connect, set_champion, version_by_alias
from sluice_package.package import ModelPackage
from sluice_pipelines.failure import PipelineFailedError
from sluice_pipelines.runner import TrainingResult, Workspace, run_local
from sluice_pipelines.setting import STEPS, ClusterSettings
from sluice_pipelines.step import Step, StepState
from sluice_pipelines.train import Cluster, training_pipeline
from training_projects import tumour_project, tumour_rows
from webhook import listener

NAME = "tumours"


@dataclass(frozen=True)
class Laptop:
    """A project that was trained once, and where."""

    base: Path
    workspace: Path
    first: TrainingResult
    seen: list[tuple[Step, ...]]

    def train(self, **changes) -> tuple[TrainingResult, dict[str, StepState]]:
        """Train the project with sections changed; the result, and how each step ended."""
        seen: list[tuple[Step, ...]] = []
        project = tumour_project(self.base, **changes)
        result = run_local(
            project, base=self.base, workspace=self.workspace, on_progress=seen.append
        )
        return result, {step.name: step.state for step in seen[-1]}

    @property
    def registry(self):
        return connect(Workspace(root=self.workspace).tracking_uri)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory) -> Laptop:
    base, workspace = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("workspace")
    seen: list[tuple[Step, ...]] = []
    first = run_local(tumour_project(base), base=base, workspace=workspace, on_progress=seen.append)
    return Laptop(base=base, workspace=workspace, first=first, seen=seen)


def test_a_version_is_registered_under_its_alias(laptop):
    found = version_by_alias(laptop.registry, NAME, "challenger")
    assert (found.version, found.digest) == ("1", laptop.first.digest)
    assert Path(found.source) == laptop.first.package_path


def test_the_registered_package_is_complete_and_as_it_was_sealed(laptop):
    package = ModelPackage.open(laptop.first.package_path, expect_digest=laptop.first.digest)
    assert package.contract.classes == ("0", "1")
    assert package.profile.rows == package.lineage["data"]["training_rows"]
    assert package.metrics["accepted"] is True


def test_every_row_is_in_training_or_held_out(laptop):
    parts = [pd.read_parquet(laptop.first.artifacts[name]) for name in ("train", "holdout")]
    quarantined = pd.read_parquet(laptop.first.artifacts["quarantine"])
    assert sum(map(len, parts)) + len(quarantined) == len(tumour_rows())


def test_the_report_and_the_verdict_are_written(laptop):
    assert "<svg" in laptop.first.artifacts["report"].read_text()
    assert "Accepted" in laptop.first.artifacts["verdict"].read_text()


def test_every_step_was_seen_to_run_and_to_end(laptop):
    assert [step.state for step in laptop.seen[0]] == [StepState.WAITING] * 7
    assert [step.state for step in laptop.seen[-1]] == [StepState.DONE] * 7
    assert all(step.seconds > 0 for step in laptop.seen[-1])
    assert set(laptop.first.seconds) == {step.name for step in laptop.seen[-1]}


def test_the_run_in_mlflow_has_code_data_parameters_and_metrics(laptop):
    run = laptop.registry.get_run(laptop.first.run_id)
    found = Evaluation.model_validate(
        {
            name: value
            for name, value in json.loads(
                (laptop.first.package_path / "sluice" / "metrics.json").read_text()
            ).items()
            if name != "accepted"
        }
    )
    assert run.info.status == "FINISHED"
    assert run.data.metrics["roc_auc"] == pytest.approx(found.metrics["roc_auc"], abs=1e-6)
    assert run.data.params["split.method"] == "stratified"
    assert run.data.tags["sluice.data.holdout"] == found.holdout_digest
    assert run.data.tags["sluice.code"].startswith("sha256:")


def test_an_unchanged_project_is_not_trained_again(laptop):
    again, states = laptop.train()
    assert (again.version, again.digest) == ("1", laptop.first.digest)
    assert states.pop("register") is StepState.DONE
    assert set(states.values()) == {StepState.REUSED}


def test_a_failed_rule_blocks_registration_and_is_named(laptop):
    with pytest.raises(PipelineFailedError, match=r"log_loss <= 0\.001: 0\.\d+ is above") as failed:
        laptop.train(acceptance=[{"metric": "log_loss", "maximum": 0.001}])
    assert failed.value.step == "register"
    assert "\n" not in str(failed.value)
    assert "AcceptanceError" in Path(failed.value.log).read_text()
    assert len(laptop.registry.search_model_versions(f"name='{NAME}'")) == 1


def test_a_new_model_is_compared_with_the_champion(laptop):
    rule = {"metric": "log_loss", "margin": 0.05}
    unopposed, _ = laptop.train(champion=rule, register={"alias": "rival"})
    assert _standing(unopposed) == "no champion yet"
    set_champion(Workspace(root=laptop.workspace).tracking_uri, NAME, "1")
    opposed, states = laptop.train(champion=rule, register={"alias": "rival"})
    assert states["train"] is StepState.REUSED
    assert states["evaluate"] is StepState.DONE
    assert _standing(opposed) == "not worse"


def test_a_mistake_in_the_data_is_one_clear_line(laptop, tmp_path):
    project = tumour_project(tmp_path)
    (tmp_path / "tumours.csv").write_text("radius,side\n")
    with pytest.raises(PipelineFailedError) as failed:
        run_local(project, base=tmp_path, workspace=laptop.workspace)
    assert failed.value.step == "ingest"
    assert "tumours.csv" in failed.value.reason
    assert "Traceback" in Path(failed.value.log).read_text()


def test_the_pipeline_of_a_cluster_runs_here_too_and_tells_of_its_end(tmp_path, monkeypatch):
    # without settings that only a cluster heeds; the source is absent, so that it ends soon
    settings = ClusterSettings(steps={step: {"retries": 0} for step in STEPS})
    pipeline = training_pipeline(tumour_project(tmp_path), cluster=Cluster(settings=settings))
    (tmp_path / "tumours.csv").unlink()
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "outputs"))
    with listener(204) as (address, heard):
        monkeypatch.setenv(WEBHOOK, address)
        with pytest.raises(RuntimeError, match="ingest"):
            pipeline(base=str(tmp_path))
    assert [(one["pipeline"], one["state"]) for one in heard] == [("train-tumours", "FAILED")]


def test_an_interrupted_run_leaves_no_process_and_no_half_made_registry(tmp_path):
    tumour_project(tmp_path / "project")
    code = (
        "import sys; from pathlib import Path\n"
        "from sluice_components.project.load import load_project\n"
        "from sluice_pipelines.runner import run_local\n"
        "base, workspace = map(Path, sys.argv[1:])\n"
        "run_local(load_project(base / 'sluice.yaml'), base=base, workspace=workspace)\n"
    )
    workspace = tmp_path / "workspace"
    command = [sys.executable, "-c", code, str(tmp_path / "project"), str(workspace)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        eventually(lambda: _running(workspace) - {run.pid} and _log_says(workspace, "'validate'"))
        run.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in run.communicate(timeout=30)[1]
    assert _running(workspace) == set()
    assert not list(workspace.glob(".making-*"))


def _running(workspace: Path) -> set[int]:
    """Processes whose command names the workspace."""
    found = set()
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and str(workspace) in (folder / "cmdline").read_text():
                found.add(int(folder.name))
    return found


def _log_says(workspace: Path, text: str) -> bool:
    return any(text in log.read_text() for log in (workspace / "logs").glob("*.log"))


def _standing(result: TrainingResult) -> str:
    findings = json.loads((result.package_path / "sluice" / "metrics.json").read_text())
    return findings["champion"]["standing"]
