"""Training in a cluster: as Pods without Kubeflow, or as a run that Kubeflow carries out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from sluice_components.api_server import ApiServer
from sluice_components.project.load import load_project
from sluice_components.project.model import Project
from sluice_pipelines.commit import commit_of
from sluice_pipelines.kubeflow.client import Kubeflow, Uploaded
from sluice_pipelines.kubeflow.cron import kubeflow_cron
from sluice_pipelines.kubeflow.follow import follow
from sluice_pipelines.kubeflow.view import RunView
from sluice_pipelines.manifest import compiled, manifest_objects
from sluice_pipelines.pod.run import PodRun, refuse_sources_of_this_machine, run_pods
from sluice_pipelines.progress import shown
from sluice_pipelines.setting import (
    FILE,
    ClusterSettings,
    load_settings,
    read_manifest,
    settings_of,
)
from sluice_pipelines.train import Cluster

from sluice_cli.training import told

Plain = dict[str, Any]

NOTES = Console(stderr=True, highlight=False)
"""What is told on the way; standard output is for results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks a cluster for."""

    file: Path
    """The project."""
    settings: Path | None
    """Its cluster.yaml; the one beside the project if there is one and none is named."""
    host: str = ""
    image: str = ""

    def cluster(self) -> Cluster:
        """The settings with what the command line changes of them.

        Raises:
            ProjectError: A file is wrong.
        """
        beside = self.file.parent / FILE
        path = self.settings or (beside if beside.exists() else None)
        settings = load_settings(path) if path else ClusterSettings()
        changes = {"host": self.host, "image": self.image}
        given = {key: value for key, value in changes.items() if value}
        # validated anew, for an image from the command line must have a fixed tag, too
        whole = settings_of(settings.model_dump() | given, "the command line")
        return Cluster(
            settings=whole, manifest=read_manifest(whole, path.parent if path else Path())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which of the ways through a cluster is taken."""

    pods: bool
    """Without Kubeflow."""
    run: str
    """A run of Kubeflow to go on with; empty starts one."""
    wait: bool
    workspace: Path
    kubeconfig: Path | None


def train_there(asked: Asked, way: Way) -> Plain:
    """Train in a cluster in one of the ways; what came of it, as plain values."""
    if way.pods:
        return train_as_pods(asked, way.workspace, way.kubeconfig)
    if way.run:
        return go_on(asked, way.run, wait=way.wait)
    return train_in_kubeflow(asked, wait=way.wait)


def train_as_pods(asked: Asked, workspace: Path, kubeconfig: Path | None) -> Plain:
    """Train with one Pod for each step; what came of it, as plain values."""
    project, cluster = load_project(asked.file), asked.cluster()
    run = PodRun(
        cluster=cluster,
        api=ApiServer(kubeconfig),
        workspace=workspace,
        claim=cluster.settings.outputs_claim,
    )
    with shown(NOTES) as on_progress:
        result = run_pods(project, run, folder=asked.file.parent, on_progress=on_progress)
    return told(result, NOTES)


def train_in_kubeflow(asked: Asked, *, wait: bool) -> Plain:
    """Upload, start a run, and wait for it if told to; where it is and how it stands."""
    project, cluster = load_project(asked.file), asked.cluster()
    refuse_sources_of_this_machine(project, cluster.settings.base)
    kubeflow = _reached(cluster.settings)
    uploaded = _uploaded(kubeflow, project, cluster)
    commit = commit_of(asked.file.parent)
    run = kubeflow.start(
        uploaded,
        {"commit": commit} if commit else {},
        experiment=_name(project),
        account=cluster.settings.service_account,
    )
    _note(f"{uploaded.name}: run {run}")
    _note(kubeflow.address(run))
    return _followed(kubeflow, run) if wait else _seen(kubeflow, kubeflow.look(run))


def go_on(asked: Asked, run: str, *, wait: bool) -> Plain:
    """Look at a run that was started before, and wait for it if told to."""
    kubeflow = _reached(asked.cluster().settings)
    _note(kubeflow.address(run))
    return _followed(kubeflow, run) if wait else _seen(kubeflow, kubeflow.look(run))


def compile_for_cluster(asked: Asked, *, objects: bool) -> str:
    """The pipeline of a project: IR YAML, or the objects of Kubeflow's Kubernetes mode."""
    project, cluster = load_project(asked.file), asked.cluster()
    if objects:
        return str(yaml.safe_dump_all(manifest_objects(project, cluster), sort_keys=False))
    return compiled(project, cluster)


def schedule(asked: Asked, cron: str) -> Plain:
    """Train whenever the time comes, in place of the schedule before."""
    times = kubeflow_cron(cron)
    project, cluster = load_project(asked.file), asked.cluster()
    refuse_sources_of_this_machine(project, cluster.settings.base)
    kubeflow = _reached(cluster.settings)
    uploaded = _uploaded(kubeflow, project, cluster)
    account = cluster.settings.service_account
    made = kubeflow.schedule(uploaded, times, experiment=_name(project), account=account)
    return asdict(made) | {"version": uploaded.name}


def schedules(asked: Asked) -> list[Plain]:
    """What is scheduled for the project."""
    kubeflow = _reached(asked.cluster().settings)
    return [asdict(one) for one in kubeflow.schedules(_name(load_project(asked.file)))]


def unschedule(asked: Asked) -> tuple[int, int]:
    """Take every schedule of the project away; how many went, and how many are disabled yet."""
    kubeflow = _reached(asked.cluster().settings)
    found = kubeflow.schedules(_name(load_project(asked.file)))
    gone = [kubeflow.unschedule(one.id) for one in found]
    return gone.count(True), gone.count(False)


def _reached(settings: ClusterSettings) -> Kubeflow:
    return Kubeflow(settings.host, namespace=settings.namespace, pages=settings.pages)


def _uploaded(kubeflow: Kubeflow, project: Project, cluster: Cluster) -> Uploaded:
    return kubeflow.upload(_name(project), compiled(project, cluster))


def _name(project: Project) -> str:
    return f"train-{project.name}"


def _followed(kubeflow: Kubeflow, run: str) -> Plain:
    with _left_to_itself(run), shown(NOTES) as on_progress:
        return _seen(kubeflow, follow(kubeflow, run, on_progress))


@contextmanager
def _left_to_itself(run: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        _note(f"the run goes on; `sluice train --cluster --run {run}` waits for it again")
        raise


def _note(text: str) -> None:
    NOTES.print(text, soft_wrap=True)


def _seen(kubeflow: Kubeflow, seen: RunView) -> Plain:
    return {
        "run": seen.id,
        "address": kubeflow.address(seen.id),
        "name": seen.name,
        "state": seen.state,
        "steps": {step.name: str(step.state) for step in seen.steps},
        "seconds": {step.name: step.seconds for step in seen.steps},
        "errors": list(seen.errors),
    }
