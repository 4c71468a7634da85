"""Runs the training pipeline on this machine, through Kubeflow's own local runner.

Everything lies below one workspace: `mlflow.db` and `artifacts/` (tracking and registry),
`outputs/` (what each step wrote), `cache/` and `logs/`.
"""

import contextlib
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, cast

from kfp import local
from sluice_components.project.model import Project

from sluice_pipelines.cache import content_key, give_metrics_a_file
from sluice_pipelines.commit import commit_of
from sluice_pipelines.failure import PipelineFailedError, reason_in
from sluice_pipelines.process import none_left_behind
from sluice_pipelines.step import OnProgress
from sluice_pipelines.train import training_pipeline
from sluice_pipelines.watch import StepWatch, upstream_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a laptop keeps what training makes."""

    root: Path

    @property
    def database(self) -> Path:
        """The file of the MLflow store."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """The MLflow store for tracking and registry."""
        return f"sqlite:///{self.database}"

    @property
    def artifacts(self) -> Path:
        """Where MLflow keeps registered packages and reports."""
        return self.root / "artifacts"

    @property
    def outputs(self) -> Path:
        """Where the steps write."""
        return self.root / "outputs"

    @property
    def cache(self) -> Path:
        """What was made from which content."""
        return self.root / "cache"

    @property
    def logs(self) -> Path:
        """One file per run."""
        return self.root / "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """A registered model and how it came about."""

    model_name: str
    version: str
    run_id: str
    """MLflow run."""
    digest: str
    source: str
    """Where the registered package lies: a folder, or a URI that MLflow can download."""
    metrics: Mapping[str, float]
    artifacts: Mapping[str, Path]
    """`report` (HTML), `verdict` (Markdown), `quarantine`, `train` and `holdout` (Parquet)."""
    seconds: Mapping[str, float]
    """Wall time per step; 0 for a step that was reused."""
    log: Path

    @property
    def package_path(self) -> Path:
        """The registered package, where it lies in a folder."""
        return Path(self.source)


def run_local(
    project: Project, *, base: Path, workspace: Path, on_progress: OnProgress = lambda _: None
) -> TrainingResult:
    """Train, evaluate, package and register; steps whose content is unchanged are reused.

    Args:
        project: What to train.
        base: Folder of the project file; its sources are relative to it.
        workspace: Folder for everything that is made; created if absent.
        on_progress: Told of every change of a step.

    Raises:
        PipelineFailedError: A step failed; nothing was registered.
    """
    place = Workspace(root=workspace.absolute())
    pipeline = training_pipeline(project, content_key=content_key(project, base))
    with (
        watched(pipeline, place.logs, on_progress) as watch,
        none_left_behind(),
        _registry(place),
        _kubeflow_at(place),
    ):
        finished = pipeline(
            base=str(base.absolute()),
            tracking_uri=place.tracking_uri,
            artifacts=str(place.artifacts),
            commit=commit_of(base),
        )
    return result_of(finished.outputs, watch)


@contextlib.contextmanager
def watched(pipeline: Any, logs: Path, on_progress: OnProgress) -> Iterator[StepWatch]:
    """Whatever Kubeflow prints inside goes to a new log, and the steps that it tells of are shown.

    Raises:
        PipelineFailedError: A step failed inside.
    """
    log = logs / f"train-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.log"
    logs.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        watch = StepWatch(upstream_of(_dependencies(pipeline)), file, on_progress)
        on_progress(watch.steps)
        try:
            with contextlib.redirect_stdout(cast("TextIO", watch)):
                yield watch
        except RuntimeError as failed:
            if not watch.failed:
                raise
            raise PipelineFailedError(watch.failed, reason_in(watch.tail), str(log)) from failed
        except BaseException:
            watch.interrupt()
            raise
        watch.finish()


@contextlib.contextmanager
def _registry(place: Workspace) -> Iterator[None]:
    """A new registry takes seconds to make; they pass beside the first steps."""
    if place.database.exists():
        yield
        return
    command = [sys.executable, "-m", "sluice_components.registry", place.tracking_uri]
    # what goes wrong here goes wrong again in `register`, which says so
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet):
        yield


@contextlib.contextmanager
def _kubeflow_at(place: Workspace) -> Iterator[None]:
    local.init(
        local.SubprocessRunner(use_venv=False),
        pipeline_root=str(place.outputs),
        enable_caching=True,
        cache_root=str(place.cache),
    )
    try:
        with warnings.catch_warnings():
            # it takes an image for one without Python unless its name says so
            warnings.filterwarnings("ignore", message=".*custom or non-Python base image")
            yield
    finally:
        give_metrics_a_file(place.cache)


def _dependencies(pipeline: Any) -> dict[str, frozenset[str]]:
    tasks = pipeline.pipeline_spec.root.dag.tasks
    return {name: frozenset(task.dependent_tasks) for name, task in tasks.items()}


def result_of(outputs: Mapping[str, Any], watch: StepWatch) -> TrainingResult:
    """What came of a pipeline that has ended well."""
    facts = outputs["registered"].metadata
    files = ("report", "verdict", "quarantine", "train", "holdout")
    return TrainingResult(
        model_name=facts["name"],
        version=facts["version"],
        run_id=facts["run"],
        digest=facts["digest"],
        source=facts["source"],
        metrics=dict(outputs["metrics"].metadata),
        artifacts={name: Path(outputs[name].path) for name in files},
        seconds={step.name: step.seconds for step in watch.steps},
        log=watch.log,
    )
