"""Makes a model package: saves the model in MLflow's layout, adds what Sluice knows, seals it.

Law: the content decides the digest. No clock, no random id and no path goes into a package, so the
same data, code, parameters and environment give the same digest again.
"""

import logging
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic import TypeAdapter
from sluice_package.contract import Contract
from sluice_package.profile import profile_frame
from sluice_package.seal import seal

from sluice_components.dataset import read_frame
from sluice_components.environment import pinned_requirements
from sluice_components.errors import ModelError
from sluice_components.evaluation import Evaluation
from sluice_components.package.card import card_of
from sluice_components.package.contract import contract_of, profiled_frame
from sluice_components.package.lineage import Origin, lineage_of
from sluice_components.project.model import Project

Plain = dict[str, Any]

TIMELESS: Final = "1970-01-01 00:00:00"
"""Stands where MLflow keeps the time of saving; the registry knows when a version was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A model and everything that is known about it."""

    model: Any
    train: pd.DataFrame
    found: Evaluation
    origin: Origin
    warnings: tuple[str, ...] = ()


def package(made: Made, project: Project, to: Path) -> str:
    """Write the package; its digest. The folder must be absent or empty.

    Raises:
        ModelError: The folder holds something already.
    """
    _refuse_occupied(to)
    contract = contract_of(project, made.model)
    save_model(made.model, contract, to)
    lineage = lineage_of(project, made.found, made.origin)
    profile = profile_frame(profiled_frame(made.train, contract), contract.profiled)
    found = made.found.model_dump(mode="json", exclude={"answers"})
    return seal(
        to,
        contract=contract,
        profile=profile.model_copy(update={"answers": made.found.answers}),
        lineage=lineage,
        metrics={**found, "accepted": made.found.accepted},
        card=card_of(project, made.found, lineage, made.warnings),
    )


def save_model(model: Any, contract: Contract, to: Path) -> None:
    """Save in MLflow's layout, with everything stated that MLflow would otherwise guess.

    The pickle format is chosen on purpose: skops, the default, refuses scikit-learn's trees, and
    the manifest guards a package before a byte of it is unpickled.
    """
    # must be set before the import; sends nothing anywhere
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.sklearn  # noqa: PLC0415
    from mlflow.models import Model  # noqa: PLC0415

    from sluice_components.package.signature import signature_of  # noqa: PLC0415

    logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)  # it advises against pickle
    logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)  # it misses pip
    mlflow.sklearn.save_model(
        model,
        str(to),
        mlflow_model=Model(utc_time_created=TIMELESS, model_uuid=None),
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_PICKLE,
        signature=signature_of(contract, model.classes_),
        pip_requirements=list(pinned_requirements()),
    )


def package_plain(
    paths: Mapping[str, str], project: Plain, origin: Plain, warnings: list[str]
) -> Plain:
    """`package` with its arguments as a pipeline hands them over.

    Args:
        paths: Of `model`, `train` and `evaluation`, and of the `package` folder to write.
        project: The whole project file.
        origin: Fields of `Origin` but for the number of training rows.
        warnings: What scikit-learn said while fitting.

    Returns:
        The package's digest, its name and whether it was accepted.
    """
    wanted = Project.model_validate(project)
    train = read_frame(paths["train"])
    made = Made(
        model=pickle.loads(Path(paths["model"]).read_bytes()),  # noqa: S301 - made by `train`
        train=train,
        found=Evaluation.model_validate_json(Path(paths["evaluation"]).read_bytes()),
        origin=TypeAdapter(Origin).validate_python({**origin, "training_rows": len(train)}),
        warnings=tuple(warnings),
    )
    digest = package(made, wanted, Path(paths["package"]))
    return {"digest": digest, "name": wanted.registered_name, "accepted": made.found.accepted}


def _refuse_occupied(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise ModelError(f"{folder}: holds files already; give an empty folder for the package")
