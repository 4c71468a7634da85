"""The training pipeline of one project: from its sources to a registered package.

The sections of the project are constants of the compiled pipeline, so that a YAML file in Kubeflow
says by itself what it will do. Only where things lie is a parameter.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

from kfp import compiler, dsl
from sluice_components.evaluate.component import evaluate
from sluice_components.ingest.component import ingest
from sluice_components.package.component import package
from sluice_components.project.model import Project, as_parameter
from sluice_components.register.component import champion, register
from sluice_components.split.component import split
from sluice_components.train.component import train
from sluice_components.validate.component import validate

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


def training_pipeline(project: Project, content_key: str = "") -> Any:
    """The Kubeflow pipeline of a project; its parameters say where data and registry are.

    Args:
        project: What to train; its sections become constants.
        content_key: What the sources hold, for the cache of a local run; empty where they may
            change behind the pipeline's back, which is then always run from the start.
    """
    constants = constants_of(project)

    @dsl.pipeline(name=f"train-{project.name}", description=f"Trains {project.registered_name}")  # type: ignore[untyped-decorator]
    def pipeline(base: str, tracking_uri: str, artifacts: str = "", commit: str = "") -> Outputs:
        read, checked, parts = _data_tasks(constants, base, content_key)
        fitted = train(train=parts.outputs["train"], plan=constants.train)
        measured = evaluate(
            model=fitted.outputs["model"],
            train=parts.outputs["train"],
            holdout=parts.outputs["holdout"],
            demands=constants.demands,
            champion=_champion_source(project, tracking_uri),
            title=f"{project.name}: evaluation",
        )
        packed = package(
            model=fitted.outputs["model"],
            raw=read.outputs["raw"],
            train=parts.outputs["train"],
            evaluation=measured.outputs["evaluation"],
            project=constants.project,
            commit=commit,
        )
        entered = register(
            package=packed.outputs["package"],
            report=measured.outputs["report"],
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            name=project.registered_name,
            alias=project.registration.alias,
        )
        entered.set_caching_options(enable_caching=False)
        for task in (fitted, measured):
            task.set_env_variable(*PATIENT_THREADS)
        return _outputs(checked, parts, measured, entered)

    return pipeline


def _data_tasks(constants: Constants, base: Any, content_key: str) -> tuple[Any, Any, Any]:
    read = ingest(base=base, **constants.ingest)
    read.set_caching_options(enable_caching=bool(content_key), cache_key=content_key or None)
    checked = validate(raw=read.outputs["raw"], **constants.validate)
    parts = split(clean=checked.outputs["clean"], plan=constants.plan)
    return read, checked, parts


def _champion_source(project: Project, tracking_uri: Any) -> Any:
    if project.champion is None:
        return ""
    looked_up = champion(tracking_uri=tracking_uri, name=project.registered_name)
    looked_up.set_caching_options(enable_caching=False)  # who is in charge changes outside
    return looked_up.output


def _outputs(checked: Any, parts: Any, measured: Any, entered: Any) -> Outputs:
    return Outputs(
        registered=entered.outputs["registered"],
        metrics=measured.outputs["metrics"],
        report=measured.outputs["report"],
        verdict=measured.outputs["verdict"],
        quarantine=checked.outputs["quarantine"],
        train=parts.outputs["train"],
        holdout=parts.outputs["holdout"],
    )


def compile_to(project: Project, path: Path) -> None:
    """Write the pipeline as IR YAML, for upload in the Kubeflow UI or by its client."""
    path.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(training_pipeline(project), str(path))


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
