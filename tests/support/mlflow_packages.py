"""Model packages whose model was saved by MLflow itself."""

import logging
from pathlib import Path
from typing import Any

import mlflow.sklearn
import sklearn
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from packages import LOAN_COLUMNS, loan_package
from sluice_package.schema import ColumnType

_TYPES = {
    ColumnType.FLOAT: DataType.double,
    ColumnType.INTEGER: DataType.long,
    ColumnType.STRING: DataType.string,
    ColumnType.BOOLEAN: DataType.boolean,
}


def save_with_mlflow(folder: Path, model: Any) -> None:
    """Save with explicit signature and requirements, which MLflow would else take seconds to guess.

    cloudpickle takes models with functions of their own along.
    """
    inputs = [ColSpec(_TYPES[c.type], c.name) for c in LOAN_COLUMNS.columns]
    for name in ("mlflow.sklearn", "mlflow.utils.environment"):
        logging.getLogger(name).setLevel(logging.ERROR)  # it warns of pickles, which is our choice
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="cloudpickle",
        signature=ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("long")])),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )


def mlflow_package(folder: Path, model: object = None) -> str:
    """A sealed package that MLflow saved; its digest."""
    return loan_package(folder, model, save=save_with_mlflow)
