"""The contract of a packaged model, from the project and the fitted classes."""

from typing import Any

import pandas as pd
from sluice_package.contract import Contract
from sluice_package.schema import Schema

from sluice_components.example import class_text
from sluice_components.project.model import Project


def contract_of(project: Project, model: Any) -> Contract:
    """Inputs in the order in which the model was fitted, and its classes as texts."""
    columns = {column.name: column for column in project.columns}
    return Contract(
        input=Schema(columns=tuple(columns[name] for name in project.features.names)),
        target=project.target.name,
        classes=tuple(class_text(value) for value in model.classes_),
    )


def profiled_frame(train: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The training rows as the profile wants them: raw inputs, and the target as class texts."""
    inputs = train[[column.name for column in contract.input.columns]]
    texts = {value: class_text(value) for value in train[contract.target].unique()}
    return inputs.assign(**{contract.target: train[contract.target].map(texts).astype("str")})
