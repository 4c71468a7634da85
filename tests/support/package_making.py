"""Builders of model packages made by the stage itself, from a small project."""

from pathlib import Path
from typing import Any

from sluice_components.dataset import write_frame
from sluice_components.evaluate.stage import Demands, evaluate
from sluice_components.example import Examples
from sluice_components.package.lineage import Origin
from sluice_components.package.stage import Made, package
from sluice_components.project.model import Project
from sluice_components.train.stage import train
from training_rows import TARGET, trips

RAW = "sha256:" + "a" * 64


def trip_project(**changes: Any) -> Project:
    """A project on trips, with sections replaced by `changes`."""
    sections = {
        "name": "late-trips",
        "source": {"path": "trips.csv"},
        "schema": [
            {"name": "distance", "type": "float", "nullable": True, "minimum": 0},
            {"name": "hour", "type": "integer", "minimum": 0, "maximum": 23},
            {"name": "carrier", "type": "string", "categories": ["AA", "BB", "CC"]},
            {"name": TARGET, "type": "integer"},
        ],
        "target": {"column": TARGET},
        "features": {"numeric": ["distance", "hour"], "categorical": ["carrier"]},
        "split": {"method": "stratified", "holdout": 0.4},
        "estimator": {"class": "sklearn.linear_model.LogisticRegression"},
        "acceptance": [{"metric": "roc_auc", "minimum": 0.6}],
        "seed": 7,
    }
    return Project.model_validate(sections | changes)


def made(folder: Path, project: Project) -> Made:
    """A model of the project, trained on some trips and measured on others."""
    rows, held = trips(600), trips(400, seed=9)
    digests = [write_frame(part, folder / "scratch").digest for part in (rows, held)]
    target, features = project.target.name, project.features
    trained = train(
        rows, features=features, target=target, estimator=project.estimator, seed=project.seed
    )
    demands = Demands(
        target=target, features=features.names, acceptance=project.acceptance, seed=project.seed
    )
    tables = (Examples(frame=f, digest=d) for f, d in zip((rows, held), digests, strict=True))
    return Made(
        model=trained.model,
        train=rows,
        found=evaluate(trained.model, *tables, demands),
        origin=Origin(raw_digest=RAW, training_rows=len(rows), commit="c0ffee"),
        warnings=trained.warnings,
    )


def trip_package(folder: Path, project: Project | None = None) -> str:
    """A sealed package of the project in `folder / "package"`; its digest."""
    wanted = project or trip_project()
    return package(made(folder, wanted), wanted, folder / "package")
