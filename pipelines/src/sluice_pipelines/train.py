"""The training pipeline of one project: from its sources to a registered package.

The sections of the project are constants of the compiled pipeline, so that a YAML file in Kubeflow
says by itself what it will do. Only where things lie is a parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kfp import dsl
from sluice_components.deploy.component import deploy
from sluice_components.evaluate.component import evaluate
from sluice_components.ingest.component import fingerprint, ingest
from sluice_components.notify.component import notify
from sluice_components.package.component import package
from sluice_components.project.model import Project, as_parameter
from sluice_components.register.component import champion, register
from sluice_components.split.component import split
from sluice_components.train.component import train
from sluice_components.validate.component import validate

from sluice_pipelines.outfit import fit_out
from sluice_pipelines.setting import ClusterSettings, Notification

PATIENT_THREADS: Final = ("OMP_WAIT_POLICY", "passive")
"""OpenMP threads that wait give their core away. Those that spin, the default of libgomp, stall one
another as soon as anything else runs: on two busy cores a fit took 121 s in place of 1.3 s.

Source: OpenMP 5.2, 21.7 OMP_WAIT_POLICY
"""


class Outputs(NamedTuple):
    """What the pipeline hands to its caller."""

    registered: dsl.Artifact
    metrics: dsl.Metrics
    report: dsl.HTML
    verdict: dsl.Markdown
    quarantine: dsl.Dataset
    train: dsl.Dataset
    holdout: dsl.Dataset


class Constants(NamedTuple):
    """The sections of a project as Kubeflow parameters, by the task that takes them."""

    ingest: dict[str, Any]
    validate: dict[str, Any]
    plan: dict[str, Any]
    train: dict[str, Any]
    demands: dict[str, Any]
    project: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that a pipeline is compiled for."""

    settings: ClusterSettings = field(default_factory=ClusterSettings)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """The ModelDeployment to apply; empty deploys nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The parameters of the pipeline: where things lie, and which commit it is."""

    base: Any
    tracking_uri: Any
    artifacts: Any
    commit: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """The tasks whose outputs others want."""

    checked: Any
    parts: Any
    measured: Any
    entered: Any


def training_pipeline(
    project: Project, content_key: str = "", cluster: Cluster | None = None
) -> Any:
    """The Kubeflow pipeline of a project; its parameters say where data and registry are.

    A pipeline that tells of its end has no outputs: Kubeflow lets none out of an exit handler.

    Args:
        project: What to train; its sections become constants.
        content_key: What the sources hold, if that is known beforehand. In a cluster a step of its
            own finds it out; where nobody does, data is always read anew.
        cluster: What to fit the steps out with; none for a laptop.
    """
    graph = _Graph(project, content_key, cluster)
    if cluster is not None and cluster.settings.notify is not None:
        return _announced(graph, cluster.settings, cluster.settings.notify)
    defaults = ClusterSettings() if cluster is None else cluster.settings

    @dsl.pipeline(name=graph.name, description=graph.description)  # type: ignore[untyped-decorator]
    def pipeline(
        base: str = defaults.base,
        tracking_uri: str = defaults.tracking_uri,
        artifacts: str = defaults.artifacts,
        commit: str = "",
    ) -> Outputs:
        return _outputs(
            graph.grow(
                Places(base=base, tracking_uri=tracking_uri, artifacts=artifacts, commit=commit)
            )
        )

    return pipeline


def _announced(graph: "_Graph", settings: ClusterSettings, to: Notification) -> Any:
    @dsl.pipeline(name=graph.name, description=graph.description)  # type: ignore[untyped-decorator]
    def pipeline(
        base: str = settings.base,
        tracking_uri: str = settings.tracking_uri,
        artifacts: str = settings.artifacts,
        commit: str = "",
    ) -> None:
        told = notify(pipeline=graph.name, event=to.event)
        told.set_caching_options(enable_caching=False)
        fit_out(told, "notify", settings)
        with dsl.ExitHandler(told, name="training"):
            graph.grow(
                Places(base=base, tracking_uri=tracking_uri, artifacts=artifacts, commit=commit)
            )

    return pipeline


class _Graph:
    """Makes the tasks of one project inside a pipeline."""

    def __init__(self, project: Project, content_key: str, cluster: Cluster | None) -> None:
        self._project = project
        self._content_key = content_key
        self._cluster = cluster
        self._constants = constants_of(project)
        self.name = f"train-{project.name}"
        self.description = f"Trains {project.registered_name}"

    def grow(self, places: Places) -> Tasks:
        """All tasks from the sources to the registered package, or to its deployment."""
        read, checked, parts = self._data(places.base)
        fitted = self._task(
            "train", train(train=parts.outputs["train"], plan=self._constants.train)
        )
        measured = self._evaluated(fitted, parts, places.tracking_uri)
        packed = self._task(
            "package",
            package(
                model=fitted.outputs["model"],
                raw=read.outputs["raw"],
                train=parts.outputs["train"],
                evaluation=measured.outputs["evaluation"],
                project=self._constants.project,
                commit=places.commit,
            ),
        )
        entered = self._registered(packed, measured, places)
        self._deployed(entered)
        for task in (fitted, measured):
            task.set_env_variable(*PATIENT_THREADS)
        return Tasks(checked=checked, parts=parts, measured=measured, entered=entered)

    def _task(self, step: str, task: Any, *, cached: bool = True) -> Any:
        if not cached:
            task.set_caching_options(enable_caching=False)
        return task if self._cluster is None else fit_out(task, step, self._cluster.settings)

    def _data(self, base: Any) -> tuple[Any, Any, Any]:
        content = self._content(base)
        known = bool(self._content_key) or self._cluster is not None
        read = self._task(
            "ingest", ingest(base=base, content=content, **self._constants.ingest), cached=known
        )
        checked = self._task(
            "validate", validate(raw=read.outputs["raw"], **self._constants.validate)
        )
        parts = self._task(
            "split", split(clean=checked.outputs["clean"], plan=self._constants.plan)
        )
        return read, checked, parts

    def _content(self, base: Any) -> Any:
        """What the sources hold: known already, or found out by a step that always runs."""
        if self._cluster is None or self._content_key:
            return self._content_key
        sources = [source.path for source in self._project.sources]
        return self._task(
            "fingerprint", fingerprint(base=base, sources=sources), cached=False
        ).output

    def _evaluated(self, fitted: Any, parts: Any, tracking_uri: Any) -> Any:
        return self._task(
            "evaluate",
            evaluate(
                model=fitted.outputs["model"],
                train=parts.outputs["train"],
                holdout=parts.outputs["holdout"],
                demands=self._constants.demands,
                champion=self._champion(tracking_uri),
                title=f"{self._project.name}: evaluation",
            ),
        )

    def _champion(self, tracking_uri: Any) -> Any:
        if self._project.champion is None:
            return ""
        # never cached: who is in charge changes outside
        looked_up = champion(tracking_uri=tracking_uri, name=self._project.registered_name)
        return self._task("champion", looked_up, cached=False).output

    def _registered(self, packed: Any, measured: Any, places: Places) -> Any:
        entered = register(
            package=packed.outputs["package"],
            report=measured.outputs["report"],
            tracking_uri=places.tracking_uri,
            artifacts=places.artifacts,
            name=self._project.registered_name,
            alias=self._project.registration.alias,
        )
        return self._task("register", entered, cached=False)

    def _deployed(self, entered: Any) -> None:
        if self._cluster is None or not self._cluster.manifest:
            return
        wanted = self._cluster.settings.deploy
        asked = deploy(
            registered=entered.outputs["registered"],
            manifest=dict(self._cluster.manifest),
            wait_seconds=int(wanted.wait.total_seconds()) if wanted else 0,
        )
        self._task("deploy", asked, cached=False)


def _outputs(tasks: Tasks) -> Outputs:
    return Outputs(
        registered=tasks.entered.outputs["registered"],
        metrics=tasks.measured.outputs["metrics"],
        report=tasks.measured.outputs["report"],
        verdict=tasks.measured.outputs["verdict"],
        quarantine=tasks.checked.outputs["quarantine"],
        train=tasks.parts.outputs["train"],
        holdout=tasks.parts.outputs["holdout"],
    )


def constants_of(project: Project) -> Constants:
    """What each task is told of the project."""
    whole = as_parameter(project)
    target = project.target.name
    return Constants(
        ingest={key: whole.get(key, []) for key in ("source", "joins", "schema")},
        validate={"schema": whole["schema"]},
        plan=_present(whole, "split", "target", "time", "window", "seed"),
        train=_present(whole, "features", "estimator", "seed") | {"target": target},
        demands=_present(whole, "acceptance", "champion", "slices", "protected", "seed")
        | {"target": target, "features": list(project.features.names)},
        project=whole,
    )


def _present(whole: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: whole[key] for key in keys if key in whole}
