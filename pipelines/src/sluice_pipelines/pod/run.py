"""Runs the training pipeline in a cluster without Kubeflow's back end: a Pod for each step.

What a step writes lies in `outputs` of the workspace, which every Pod finds at the same path: a
folder of the node, or a claim that is mounted here as well. Data and registry are reached over the
network.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kfp import local
from sluice_components.api_server import ApiServer
from sluice_components.errors import ProjectError
from sluice_components.project.model import Project

from sluice_pipelines.cache import give_metrics_a_file
from sluice_pipelines.commit import commit_of
from sluice_pipelines.manifest import compiled
from sluice_pipelines.pod.handler import Compiled, steps_as_pods
from sluice_pipelines.pod.spec import Ground
from sluice_pipelines.pod.yard import Patience, PodYard
from sluice_pipelines.runner import TrainingResult, Workspace, result_of, watched
from sluice_pipelines.step import OnProgress
from sluice_pipelines.train import Cluster, training_pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRun:
    """Where a run goes."""

    cluster: Cluster
    api: ApiServer
    workspace: Path
    claim: str = ""
    """PersistentVolumeClaim that is mounted at the workspace; empty for a folder of the node."""
    patience: Patience = field(default_factory=Patience)


def run_pods(
    project: Project, run: PodRun, *, folder: Path, on_progress: OnProgress = lambda _: None
) -> TrainingResult:
    """Train, evaluate, package and register; steps whose content is unchanged are reused.

    An interrupted run takes its Pods away, and one that was killed has them taken away by the next;
    that goes on after the last step that ended.

    Args:
        project: What to train.
        run: Where.
        folder: Folder of the project file, for the commit that it is at.
        on_progress: Told of every change of a step.

    Raises:
        PipelineFailedError: A step failed; nothing was registered.
        ProjectError: A source lies where Pods cannot see it, or another run is under way.
        ClusterError: The cluster refuses Pods, or does not answer.
    """
    refuse_sources_of_this_machine(project, run.cluster.settings.base)
    # whoever waits here sees the end; and pipelines that tell of it have no outputs
    quiet = run.cluster.settings.model_copy(update={"notify": None})
    cluster = Cluster(settings=quiet, manifest=run.cluster.manifest)
    pipeline = training_pipeline(project, cluster=cluster)
    place, known = (
        Workspace(root=run.workspace.absolute()),
        Compiled.read(compiled(project, cluster)),
    )
    with _only_one(place), watched(pipeline, place.logs, on_progress) as watch, _kubeflow_at(place):
        yard = PodYard(run.api, _ground(known.pipeline, place, run), run.patience)
        yard.clear()
        with steps_as_pods(yard, known):
            finished = pipeline(commit=commit_of(folder))
    return result_of(finished.outputs, watch)


def refuse_sources_of_this_machine(project: Project, base: str) -> None:
    """Say so at once if Pods would not find a source.

    Raises:
        ProjectError: A source is relative, and the settings do not say to what.
    """
    here = [source.path for source in project.sources if "://" not in source.path]
    if here and not base:
        raise ProjectError(
            f"{here[0]}: the source lies on this machine, where no Pod sees it; copy it to an "
            "object store and state `base: s3://bucket/folder` in cluster.yaml"
        )


def _ground(pipeline: str, place: Workspace, run: PodRun) -> Ground:
    settings = run.cluster.settings
    where = f"{os.uname().nodename}:{place.root}"
    return Ground(
        pipeline=pipeline,
        namespace=settings.namespace,
        account=settings.service_account,
        workspace=hashlib.sha256(where.encode()).hexdigest()[:12],
        outputs=str(place.outputs),
        claim=run.claim,
    )


@contextlib.contextmanager
def _only_one(place: Workspace) -> Iterator[None]:
    """Two runs in one workspace would take each other's Pods away."""
    place.root.mkdir(parents=True, exist_ok=True)
    with (place.root / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProjectError(
                f"{place.root}: another run is under way there; wait for it, or give --workspace"
            ) from None
        yield


@contextlib.contextmanager
def _kubeflow_at(place: Workspace) -> Iterator[None]:
    before = os.umask(0)  # the user of the image is another one, and has to write here
    place.outputs.mkdir(mode=0o777, parents=True, exist_ok=True)
    local.init(
        local.DockerRunner(),
        pipeline_root=str(place.outputs),
        enable_caching=True,
        cache_root=str(place.cache),
    )
    try:
        yield
    finally:
        os.umask(before)
        give_metrics_a_file(place.cache)
